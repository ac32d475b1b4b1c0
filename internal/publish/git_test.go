package publish_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/publish"
)

// clone is a repository of git with one commit, which was pushed to the main of a bare
// one.
type clone struct {
	publish.Repository
}

func newClone(t *testing.T) clone {
	t.Helper()
	home := t.TempDir()
	made := clone{publish.Repository{Folder: t.TempDir(), Environ: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1", "TZ=Asia/Kolkata",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}}}
	bare := t.TempDir()
	made.git(t, "init", "--quiet", "--bare", "--initial-branch=main", bare)
	made.git(t, "init", "--quiet", "--initial-branch=main")
	made.git(t, "remote", "add", "origin", bare)
	made.commit(t, "action.yml", "runs:\n  using: docker\n  image: Dockerfile\n")
	return made
}

func (c clone) commit(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.Folder, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c.git(t, "add", "--all")
	c.git(t, "commit", "--quiet", "--message=Change "+name)
	c.git(t, "push", "--quiet", "origin", "HEAD:main")
	return c.git(t, "rev-parse", "HEAD")
}

func (c clone) git(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", args...)
	command.Dir, command.Env = c.Folder, c.Environ
	printed, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, printed)
	}
	return strings.TrimSpace(string(printed))
}

func TestCommit(t *testing.T) {
	t.Parallel()
	c := newClone(t)
	parent := c.commit(t, "README.md", "Hello\n")
	sha, err := c.Commit(t.Context(), parsed(t, "v1.2.3"), image)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.git(t, "rev-parse", sha+"^"); got != parent {
		t.Errorf("its parent is %s, want %s", got, parent)
	}
	changed := "1\t1\taction.yml"
	if got := c.git(t, "diff", "--numstat", parent, sha); got != changed {
		t.Errorf("it changes %q, want %q", got, changed)
	}
	action := "runs:\n  using: docker\n  image: docker://" + image
	if got := c.git(t, "show", sha+":action.yml"); got != action {
		t.Errorf("its action.yml is %q, want %q", got, action)
	}
	if got := c.git(t, "ls-tree", sha, "action.yml"); !strings.HasPrefix(got, "100644 blob ") {
		t.Errorf("its action.yml is %s, want a plain file", got)
	}
	if got := c.git(t, "status", "--porcelain"); got != "" {
		t.Errorf("the work tree or the index was touched:\n%s", got)
	}
	if got := c.git(t, "show", "--no-patch", "--format=%s", sha); got != "Release v1.2.3" {
		t.Errorf("its subject is %q", got)
	}

	// Another job, in another clone, at another time.
	other := newClone(t)
	other.Environ = append(other.Environ, "GIT_AUTHOR_DATE=2001-02-03T04:05:06Z", "GIT_COMMITTER_DATE=2001-02-03T04:05:06Z", "TZ=UTC")
	other.git(t, "fetch", "--quiet", c.git(t, "remote", "get-url", "origin"), "main")
	other.git(t, "checkout", "--quiet", "--detach", "FETCH_HEAD")
	again, err := other.Commit(t.Context(), parsed(t, "v1.2.3"), image)
	if err != nil || again != sha {
		t.Errorf("made again it is %s (%v), want %s", again, err, sha)
	}

	if got, err := c.Commit(t.Context(), parsed(t, "v1.2.3"), "ghcr.io/slipway-dev/slipway:v1"); err == nil {
		t.Errorf("an image by its tag was taken: %s", got)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	c := newClone(t)
	release := func(text string) string {
		t.Helper()
		version := parsed(t, text)
		sha, err := c.Commit(t.Context(), version, image)
		if err != nil {
			t.Fatal(err)
		}
		// Twice, as by a run whose end was repeated.
		for range 2 {
			if err := c.Tag(t.Context(), version, sha); err != nil {
				t.Fatal(err)
			}
			if _, err := c.MoveTag(t.Context(), version, sha); err != nil {
				t.Fatal(err)
			}
		}
		return sha
	}
	want := map[string]string{"v0.9.0": release("v0.9.0"), "v1.0.0-rc.1": release("v1.0.0-rc.1"), "v1.0.0": release("v1.0.0")}
	want["v1"] = want["v1.0.0"]
	check := func() {
		t.Helper()
		got, err := c.Tags(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Fatalf("the tags: got (-), want (+):\n%s", diff)
		}
	}
	check()

	main := c.commit(t, "README.md", "More\n")
	want["v1.1.0"] = release("v1.1.0")
	want["v1"] = want["v1.1.0"]
	want["v1.0.1"] = release("v1.0.1") // a mend of an older one
	check()
	if err := c.Tag(t.Context(), parsed(t, "v1.1.0"), main); err == nil || !strings.Contains(err.Error(), want["v1.1.0"]) {
		t.Errorf("a tag that names another commit: got the error %v, want one that names that", err)
	}
	check()
	if got := c.git(t, "ls-remote", "--heads", "origin"); got != main+"\trefs/heads/main" {
		t.Errorf("the branches are %q, want main as it was pushed", got)
	}

	// Somebody has made an annotated tag by hand.
	c.git(t, "tag", "--annotate", "--message=By hand", "v2.0.0", main)
	c.git(t, "push", "--quiet", "origin", "v2.0.0")
	want["v2.0.0"] = main
	check()
}

func TestTagTellsWhatGitSays(t *testing.T) {
	t.Parallel()
	c := newClone(t)
	c.Remote = filepath.Join(t.TempDir(), "nowhere")
	if err := c.Tag(t.Context(), parsed(t, "v1.0.0"), "HEAD"); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("got the error %v, want one that names the remote", err)
	}
}
