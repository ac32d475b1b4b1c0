package cli

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestPageShowsAFailedCheck has what the page shows happen in a Sandbox, which tells
// that faster. A check that passes has all the time there is, and one that fails enough for
// an answer to come on a busy machine: otherwise it tells of none.
func TestPageShowsAFailedCheck(t *testing.T) {
	t.Parallel()
	world, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	account, live := sandbox.DefaultAccount(), server.URL+sandbox.LivePrefix
	environment := map[string]string{
		"TWILIO_API_KEY": account.KeySID, "TWILIO_API_SECRET": account.KeySecret,
		"SLIPWAY_API_URL": server.URL, "SLIPWAY_LIVE_URL": live + "{domain}",
	}
	project := t.TempDir()
	if err := os.CopyFS(project, os.DirFS(filepath.Join("..", "..", "testdata", "projects", "hello"))); err != nil {
		t.Fatal(err)
	}
	const line = "slipway deploy --health-check /health"
	deploy := func(health string, want int, more ...string) string {
		if err := os.WriteFile(filepath.Join(project, "functions", "health.js"), []byte(health), 0o600); err != nil {
			t.Fatal(err)
		}
		var printed bytes.Buffer
		code := Main(t.Context(), Env{
			Args:   slices.Concat(strings.Fields(line)[1:], more, []string{project}),
			Getenv: func(name string) string { return environment[name] }, Stdout: &printed, Stderr: &printed,
		})
		if code != want {
			t.Fatalf("exit code %d, want %d:\n%s", code, want, printed.String())
		}
		return printed.String()
	}
	tidied := func(text string) string {
		text = regexp.MustCompile(`\d+ requests?`).ReplaceAllString(strings.ReplaceAll(text, live, "https://"), "N requests")
		return Tidied(text)
	}
	deploy("exports.handler = (context, event, callback) => callback();\n", 0)
	_, printed, _ := strings.Cut(deploy("// sandbox: throw Cannot find module 'got'\n", 6, "--health-check-timeout", "2s"), "activated in ")
	_, printed, _ = strings.Cut(printed, "\n")
	shown := fenced(t, deployingPage, "\n    "+line+"\n", "text")
	if diff := cmp.Diff(tidied(shown), tidied(printed)); diff != "" {
		t.Errorf("%s (-) differs from what is printed (+):\n%s", deployingPage, diff)
	}
}
