package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const image = "ghcr.io/slipway-dev/slipway@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// TestRelease goes the way of the workflow, command by command, in a clone of a
// repository that has been prepared for v1.2.0.
func TestRelease(t *testing.T) { //nolint:paralleltest // its commands work in the current folder.
	bare := t.TempDir()
	t.Chdir(t.TempDir())
	for _, file := range []struct{ name, text string }{
		{"CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-31\n\n- Faster.\n"},
		{"action.yml", "runs:\n  using: docker\n  image: Dockerfile\n"},
	} {
		if err := os.WriteFile(file.name, []byte(file.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"HOME": t.TempDir(), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
		"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
	} {
		t.Setenv(name, value)
	}
	git := func(args ...string) string {
		t.Helper()
		printed, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, printed)
		}
		return strings.TrimSpace(string(printed))
	}
	git("init", "--quiet", "--bare", bare)
	git("init", "--quiet", "--initial-branch=main")
	git("remote", "add", "origin", bare)
	git("add", "--all")
	git("commit", "--quiet", "--message=Prepare v1.2.0")
	git("push", "--quiet", "origin", "main")
	publish := func(args ...string) (string, error) {
		var stdout bytes.Buffer
		err := run(t.Context(), args, environment{stdout: &stdout, environ: os.Environ()})
		return stdout.String(), err
	}
	check := func(want string, args ...string) {
		t.Helper()
		if got, err := publish(args...); err != nil || got != want {
			t.Errorf("publish %s: got %q and %v, want %q", strings.Join(args, " "), got, err, want)
		}
	}

	check("version=v1.2.0\nbare=1.2.0\nprerelease=false\nlatest=true\n", "check", "v1.2.0")
	for _, wrong := range []string{"1.2.0", "v1.3.0", "v1.2.0 --help"} {
		if got, err := publish("check", wrong); err == nil {
			t.Errorf("check %s: got %q, want an error", wrong, got)
		}
	}
	check("- Faster.\n", "notes", "v1.2.0")
	check("runs:\n  using: docker\n  image: docker://"+image+"\n", "action", image)
	sha, err := publish("commit", "v1.2.0", image)
	if err != nil {
		t.Fatal(err)
	}
	sha = strings.TrimSpace(sha)
	check("", "tag", "v1.2.0", sha)
	check("v1.2.0 moves v1.\n", "move-tag", "v1.2.0", sha)
	if got, want := git("ls-remote", "--tags", "origin"), sha+"\trefs/tags/v1\n"+sha+"\trefs/tags/v1.2.0"; got != want {
		t.Errorf("the tags are\n%s\nwant\n%s", got, want)
	}
	if got, err := publish("check", "v1.2.0"); err == nil || !strings.Contains(err.Error(), sha) {
		t.Errorf("check of what is released: got %q and %v, want an error that names %s", got, err, sha)
	}
	check("v1.1.0 moves no tag.\n", "move-tag", "v1.1.0", sha)
}

func TestManual(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "made")
	if err := os.MkdirAll(filepath.Join(folder, "man"), 0o755); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(folder, "man", "slipway-gone.1")
	if err := os.WriteFile(stale, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"manual", "--version", "v1.2.0", "--date", "2026-01-31T23:30:00-05:00", folder}
	if err := run(t.Context(), args, environment{stdout: &bytes.Buffer{}}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("what a run before has left is still there")
	}
	for name, want := range map[string]string{
		"man/slipway-deploy.1":     `"2026\-02\-01" "slipway v1.2.0"`,
		"completions/slipway.bash": "__start_slipway",
		"completions/slipway.fish": "complete -c slipway",
		"completions/slipway.ps1":  "Register-ArgumentCompleter",
		"completions/slipway.zsh":  "#compdef slipway",
	} {
		text, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(text), want) {
			t.Errorf("%s does not have %q", name, want)
		}
	}
}
