package gh_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/gh"
)

// TestPageHasThePermissions holds the table of docs/server.md, by which people make their
// App, to what its tokens are asked to have. "actions" is for forks, which the server
// leaves alone, and "contents: write" for the notes of GitHub Releases.
func TestPageHasThePermissions(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "server.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| Permission | Access | For |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	names := map[string]string{"Contents": "contents", "Commit statuses": "statuses", "Deployments": "deployments", "Pull requests": "pull_requests"}
	levels := map[string]string{"Read-only": "read", "Read and write": "write"}
	written := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^ *\| ([A-Z][^|]*) \| ([^|]*) \|`).FindAllStringSubmatch(table, -1) {
		written[names[row[1]]] = levels[row[2]]
	}
	wanted := gh.Wanted()
	delete(wanted, "actions")
	wanted["contents"] = "read"
	if diff := cmp.Diff(wanted, written); diff != "" {
		t.Errorf("the App is asked to have (-), docs/server.md says (+):\n%s", diff)
	}
}
