package acceptance_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files of what GitHub shows")

// checkGolden compares a text with a file of testdata.
func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, string(want)); diff != "" {
		t.Errorf("%s: got (-), want (+):\n%s", name, diff)
	}
}

// tidied replaces what differs from run to run.
func tidied(text string) string {
	for _, rule := range []struct{ pattern, instead string }{
		{`\b([A-Z]{2})[0-9a-f]{32}\b`, `${1}…`},
		{"`[0-9a-f]{7}`", "`COMMIT`"},
		{`digest [0-9a-f]{12}\b`, `digest …`},
		{`-[0-9]{4}((?:-[a-z0-9-]+)?\.twil\.io)`, `-NNNN${1}`},
		{`\b(?:[0-9]+m)?[0-9]+(?:\.[0-9]+)?m?s\b`, `N.Ns`},
		{`\| API calls \| [0-9]+ \|`, `| API calls | N |`},
		{`\b[0-9]{1,2}\x{a0}[A-Z][a-z]{2}\x{a0}[0-9]{4} [0-9]{2}:[0-9]{2}\x{a0}UTC`, `DATE`},
		{`<!-- slipway:rows [A-Za-z0-9+/=]* -->`, `<!-- slipway:rows … -->`},
	} {
		text = regexp.MustCompile(rule.pattern).ReplaceAllString(text, rule.instead)
	}
	return text
}

// told is all that GitHub shows of the repository, and of a run: its step summaries.
// Commits go by the names that they are given.
func (w *world) told(run finished, commits map[string]string) string {
	shown := w.github.Snapshot().Repositories[0]
	var text strings.Builder
	text.WriteString("# Commit statuses\n\n")
	for i, status := range shown.Statuses {
		if status.State == "pending" && i+1 < len(shown.Statuses) && shown.Statuses[i+1].State == "failure" {
			continue // what fails at once may be told before its beginning was, which is then left out
		}
		fmt.Fprintf(&text, "- %s %s %s %q %s\n", status.SHA, status.State, status.Context, status.Description, status.TargetURL)
	}
	text.WriteString("\n# GitHub Deployments\n\n")
	for _, made := range shown.Deployments {
		sort := ""
		if made.IsTransient {
			sort += " transient"
		}
		if made.IsProduction {
			sort += " production"
		}
		fmt.Fprintf(&text, "- %s %s%s %q %s\n", made.SHA, made.Environment, sort, made.Description, made.Payload)
		for _, status := range made.Statuses {
			fmt.Fprintf(&text, "  - %s %q %s log %s\n", status.State, status.Description, status.EnvironmentURL, status.LogURL)
		}
	}
	for _, comment := range shown.Comments {
		fmt.Fprintf(&text, "\n# Comment by %s on pull request %d\n\n%s", comment.Author, comment.Number, comment.Body)
	}
	fmt.Fprintf(&text, "\n# Step summary\n\n%s", run.summary())
	named := text.String()
	for sha, name := range commits {
		named = strings.ReplaceAll(strings.ReplaceAll(named, sha, name), sha[:7], name)
	}
	return tidied(named)
}
