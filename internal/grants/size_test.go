package grants_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/grants"
)

// large is a server.yml of many repositories.
func large(repositories int) []byte {
	var text strings.Builder
	text.WriteString("version: 1\nrepositories:\n")
	for i := range repositories {
		fmt.Fprintf(&text, "  acme/service-%d:\n    accounts: {main: {account-sid: AC%032x, api-key: {env: KEY}, api-secret: {env: SECRET}}}\n"+
			"    services: {voice: {environments: [stage, production], previews: true, variables: {DSN: {env: DSN}, STRIPE: {env: STRIPE}}}}\n", i, i)
	}
	return []byte(text.String())
}

// TestParseOfTheLargestFile makes sure that as many repositories as there may be fit into
// the bytes that there may be, and that one more is refused.
func TestParseOfTheLargestFile(t *testing.T) {
	t.Parallel()
	file, err := grants.Parse("server.yml", large(10_000))
	if err != nil || len(file.Repositories) != 10_000 {
		t.Error(err)
	}
	if _, err := grants.Parse("server.yml", large(10_001)); err == nil || err.Error() != "server.yml:2: repositories has 10001 entries, and can have 10000" {
		t.Error(err)
	}
}

// BenchmarkParse reads a file of 1,000 repositories.
func BenchmarkParse(b *testing.B) {
	source := large(1000)
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := grants.Parse("server.yml", source); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRepository looks one of 10,000 repositories up, as each delivery does.
func BenchmarkRepository(b *testing.B) {
	file, err := grants.Parse("server.yml", large(10_000))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, isThere := file.Repository("Acme/Service-7777"); !isThere {
			b.Fatal("it is not there")
		}
	}
}
