package server_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/server"
)

// TestPageHasTheAnswers holds the table of docs/server.md to what /webhook answers.
func TestPageHasTheAnswers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "server.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| Status | Answer | Means |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var written []string
	for _, row := range regexp.MustCompile("(?m)^\\| (\\d+) \\| `([a-z]+)` \\|").FindAllStringSubmatch(table, -1) {
		written = append(written, row[1]+" "+row[2])
	}
	var answered []string
	for _, one := range []struct {
		status  int
		verdict server.Verdict
	}{
		{http.StatusAccepted, server.Stored},
		{http.StatusAccepted, server.Duplicate},
		{http.StatusAccepted, server.Ignored},
		{http.StatusBadRequest, server.Refused},
		{http.StatusUnauthorized, server.Refused},
		{http.StatusMethodNotAllowed, server.Refused},
		{http.StatusRequestEntityTooLarge, server.Refused},
		{http.StatusUnsupportedMediaType, server.Refused},
		{http.StatusServiceUnavailable, server.Unstored},
	} {
		answered = append(answered, fmt.Sprint(one.status, " ", one.verdict))
	}
	slices.Sort(answered)
	slices.Sort(written)
	if diff := cmp.Diff(answered, written); diff != "" {
		t.Errorf("/webhook answers (-), docs/server.md says (+):\n%s", diff)
	}
}
