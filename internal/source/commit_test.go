package source_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	sha1   = "0123456789abcdef0123456789abcdef01234567"
	sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

func TestCommit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files map[string]string
		dir   string
		want  string
	}{
		"detached":      {map[string]string{".git/HEAD": sha1 + "\n"}, ".", sha1},
		"longer hash":   {map[string]string{".git/HEAD": sha256}, ".", sha256},
		"upper case":    {map[string]string{".git/HEAD": strings.ToUpper(sha1)}, ".", sha1},
		"branch":        {map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": sha1 + "\n"}, ".", sha1},
		"name in parts": {map[string]string{".git/HEAD": "ref: refs/heads/a/b\n", ".git/refs/heads/a/b": sha1}, ".", sha1},
		"packed": {
			map[string]string{
				".git/HEAD":        "ref: refs/heads/main\n",
				".git/packed-refs": "# pack-refs with: peeled\n" + strings.Repeat("f", 40) + " refs/heads/main2\n" + sha1 + " refs/heads/main\n^" + sha1 + "\n",
			},
			".", sha1,
		},
		"a loose ref beats a packed one": {
			map[string]string{
				".git/HEAD":            "ref: refs/heads/main\n",
				".git/refs/heads/main": sha1,
				".git/packed-refs":     strings.Repeat("f", 40) + " refs/heads/main\n",
			},
			".", sha1,
		},
		"ref to a ref": {
			map[string]string{
				".git/HEAD":           "ref: refs/heads/one\n",
				".git/refs/heads/one": "ref: refs/heads/two\n",
				".git/refs/heads/two": sha1,
			},
			".", sha1,
		},
		"worktree": {
			map[string]string{
				"main/.git/HEAD":                      "ref: refs/heads/main\n",
				"main/.git/refs/heads/main":           strings.Repeat("f", 40),
				"main/.git/refs/heads/topic":          sha1,
				"main/.git/worktrees/topic/HEAD":      "ref: refs/heads/topic\n",
				"main/.git/worktrees/topic/commondir": "../..\n",
				"topic/.git":                          "gitdir: ../main/.git/worktrees/topic\n",
			},
			"topic", sha1,
		},
		"submodule": {
			map[string]string{".git/modules/sub/HEAD": sha1, ".git/HEAD": "", "sub/.git": "gitdir: ../.git/modules/sub"},
			"sub", sha1,
		},
		"no repository":    {map[string]string{"x": ""}, ".", ""},
		"empty branch":     {map[string]string{".git/HEAD": "ref: refs/heads/main\n"}, ".", ""},
		"circle":           {map[string]string{".git/HEAD": "ref: refs/a", ".git/refs/a": "ref: refs/a"}, ".", ""},
		"not a hash":       {map[string]string{".git/HEAD": strings.Repeat("z", 40)}, ".", ""},
		"short":            {map[string]string{".git/HEAD": sha1[:12]}, ".", ""},
		"ref climbs out":   {map[string]string{".git/HEAD": "ref: refs/../../stolen", "stolen": sha1}, ".", ""},
		"ref is elsewhere": {map[string]string{".git/HEAD": "ref: config", ".git/config": sha1}, ".", ""},
		"HEAD is a folder": {map[string]string{".git/HEAD/": ""}, ".", ""},
		"gitdir is gone":   {map[string]string{".git": "gitdir: nowhere"}, ".", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, test.files)
			if got := open(t, filepath.Join(dir, test.dir)).Commit; got != test.want {
				t.Errorf("Commit = %q, want %q", got, test.want)
			}
		})
	}
}

// TestCommitAgreesWithGit holds the reading of git's files against git itself.
func TestCommitAgreesWithGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	git := func(in string, args ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), "git", args...)
		command.Dir = filepath.Join(dir, in)
		command.Env = []string{
			"HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
			"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		}
		output, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, output)
		}
		return strings.TrimSpace(string(output))
	}
	agree := func(in string) {
		t.Helper()
		if got, want := open(t, filepath.Join(dir, in)).Commit, git(in, "rev-parse", "HEAD"); got != want {
			t.Errorf("in %q: Commit = %q, git says %q", in, got, want)
		}
		if got, want := open(t, filepath.Join(dir, in)).Origin, git(in, "config", "--default", "", "--get", "remote.origin.url"); got != want {
			t.Errorf("in %q: Origin = %q, git says %q", in, got, want)
		}
	}
	git(".", "init", "--quiet", "repo")
	git("repo", "commit", "--quiet", "--allow-empty", "--message", "one")
	agree("repo")
	git("repo", "remote", "add", "upstream", "https://github.com/acme/voice.git")
	git("repo", "remote", "add", "origin", "git@github.com:ada/voice.git")
	git("repo", "config", "branch.main.remote", "origin")
	git("repo", "pack-refs", "--all")
	agree("repo")
	git("repo", "worktree", "add", "--quiet", "-b", "topic", "../topic")
	git("topic", "commit", "--quiet", "--allow-empty", "--message", "two")
	agree("topic")
	agree("repo")
	git("repo", "checkout", "--quiet", "--detach", "topic")
	agree("repo")
}
