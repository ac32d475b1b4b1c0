package grants_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/grants"
)

var update = flag.Bool("update", false, "write the golden files")

// TestExamples holds what comes of each example to the golden file beside it.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, sort := range []string{"valid", "invalid"} {
		for name, source := range examples(t, sort) {
			t.Run(sort+"/"+name, func(t *testing.T) {
				t.Parallel()
				read, err := grants.Parse("server.yml", source)
				if (err == nil) != (sort == "valid") {
					t.Errorf("the error is %v", err)
				}
				got := ""
				if err != nil {
					got = err.Error() + "\n"
				} else {
					got = inWords(read)
				}
				golden(t, filepath.Join("testdata", sort, name+".golden"), got)
			})
		}
	}
}

func examples(tb testing.TB, sort string) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", sort, "*.yml"))
	if err != nil || len(files) == 0 {
		tb.Fatal("there are no examples", err)
	}
	found := map[string][]byte{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		found[strings.TrimSuffix(filepath.Base(file), ".yml")] = source
	}
	return found
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, string(want)); diff != "" {
		t.Errorf("%s: got (-), want (+); -update writes it anew:\n%s", file, diff)
	}
}

// inWords lists everything that a File says.
func inWords(file *grants.File) string {
	var told strings.Builder
	references := func(indent string, all map[string]grants.Reference) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			one := all[name]
			fmt.Fprintf(&told, "%s%s from %s", indent, name, one)
			if one.Value != "" {
				fmt.Fprintf(&told, " (%q)", one.Value)
			}
			fmt.Fprintf(&told, " at line %d\n", one.Line)
		}
	}
	for _, repository := range file.Repositories {
		fmt.Fprintf(&told, "repository %s at line %d\n", repository.Name, repository.Line)
		for _, account := range repository.Accounts {
			fmt.Fprintf(&told, "  account %s at line %d, known as %s\n", account.Name, account.Line, account.ID())
			references("    ", account.Settings)
		}
		for _, service := range repository.Services {
			fmt.Fprintf(&told, "  service %s at line %d, of itself %s\n", service.Name, service.Line, service.Own)
			for _, one := range service.Environments {
				fmt.Fprintf(&told, "    environment %s at line %d, account %s, Service %s\n", one.Name, one.Line, one.Account, one.Service)
				references("      ", one.Variables)
			}
			if previews := service.Previews; previews != nil {
				fmt.Fprintf(&told, "    previews at line %d, account %s, Service %s, at most %d, for %s\n", previews.Line, previews.Account, previews.Service, previews.Max, previews.TTL)
				references("      ", previews.Variables)
			}
		}
	}
	return told.String()
}

// TestDocumentation makes sure that the file in docs/server.md is one.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "server.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "```yaml\n")
	shown, _, isShown := strings.Cut(after, "```")
	if _, err := grants.Parse("server.yml", []byte(shown)); err != nil || !isShown {
		t.Error(err)
	}
}
