package cli

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// terminal runs command lines in a world that lasts, as on a terminal where both
// streams meet.
func terminal(t *testing.T, world *sandbox.Sandbox) func(args ...string) string {
	t.Helper()
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	account := sandbox.DefaultAccount()
	environment := map[string]string{
		"TWILIO_API_KEY": account.KeySID, "TWILIO_API_SECRET": account.KeySecret, "SLIPWAY_API_URL": server.URL,
	}
	return func(args ...string) string {
		t.Helper()
		var printed bytes.Buffer
		code := Main(t.Context(), Env{
			Args: args, Getenv: func(name string) string { return environment[name] }, Stdout: &printed, Stderr: &printed,
		})
		if code != 0 {
			t.Fatalf("slipway %s: exit code %d:\n%s", strings.Join(args, " "), code, printed.String())
		}
		return printed.String()
	}
}

// TestPageShowsAPromoteAndARollback follows what the page tells from the first
// commit on.
func TestPageShowsAPromoteAndARollback(t *testing.T) {
	t.Parallel()
	world, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	slipway, project := terminal(t, world), t.TempDir()
	if err := os.CopyFS(project, os.DirFS(filepath.Join("..", "..", "testdata", "projects", "hello"))); err != nil {
		t.Fatal(err)
	}
	commit := func(sha, greeting string) {
		t.Helper()
		for name, content := range map[string]string{
			".git/HEAD":          sha + strings.Repeat("0", 40-len(sha)),
			"functions/hello.js": "exports.handler = (context, event, callback) => callback(null, '" + greeting + "');\n",
		} {
			file := filepath.Join(project, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	commit("7b1d4e0", "hello")
	slipway("deploy", project, "--environment", "stage")
	slipway("promote", project, "--from", "stage", "--environment", "production", "--create-environment")
	commit("3f2a91c", "good morning")
	slipway("deploy", project, "--environment", "stage")

	for _, line := range []string{
		"slipway promote --from stage --environment production",
		"slipway rollback --environment production",
	} {
		shown := Tidied(fenced(t, deployingPage, "\n    "+line+"\n", "text"))
		printed := Tidied(slipway(append(strings.Fields(line)[1:], project)...))
		if diff := cmp.Diff(shown, printed); diff != "" {
			t.Errorf("%s: %s (-) differs from what is printed (+):\n%s", line, deployingPage, diff)
		}
	}
}
