package acceptance_test

import (
	"archive/tar"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

// push commits what the repository's folder holds to a branch, and returns the SHA,
// which GitHub knows from then on.
func (w *world) push(t *testing.T, branch string) string {
	t.Helper()
	w.git(t, "checkout", "--quiet", "-B", branch)
	w.git(t, "add", "--all")
	w.git(t, "commit", "--quiet", "--allow-empty", "--message=Say hello")
	sha, parent, _ := strings.Cut(w.git(t, "log", "-1", "--format=%H %P"), " ")
	made := github.Commit{SHA: sha, Branch: branch, Files: w.files(t)}
	if parent != "" {
		made.Parents = []string{parent}
	}
	if err := w.github.AddCommit(repositoryName, made); err != nil {
		t.Fatal(err)
	}
	return sha
}

// files reads what the repository's folder holds.
func (w *world) files(t *testing.T) map[string]string {
	t.Helper()
	files := make(map[string]string)
	root := os.DirFS(w.repository)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == ".git":
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		text, err := fs.ReadFile(root, path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// checkout writes what stands for actions/checkout where it is told a commit: act has
// the real one in its place only for what a workflow runs on. It needs no Node.js, and
// leaves behind the same, a clone in which the commit is checked out.
func (w *world) checkout(t *testing.T) string {
	t.Helper()
	const action = `name: Checkout
description: checks a commit out
inputs:
  ref:
    description: the commit
runs:
  using: composite
  steps:
    - shell: sh
      run: |
        wget -q -O /tmp/tree.tar "$TREES_URL/${{ inputs.ref }}"
        tar -xf /tmp/tree.tar
`
	folder := filepath.Join(w.home, "checkout")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "action.yml"), []byte(action), 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

// serveTree answers with a clone of the repository as a tar file. The path is the
// commit; the empty one is main.
func (w *world) serveTree(answer http.ResponseWriter, request *http.Request) {
	commit := strings.TrimPrefix(request.URL.Path, "/")
	if commit == "" {
		commit = "main"
	}
	w.mu.Lock()
	w.fetched++
	w.mu.Unlock()
	if err := w.writeTree(answer, commit); err != nil {
		http.Error(answer, err.Error(), http.StatusInternalServerError)
	}
}

// checkouts is how many trees were checked out so far, of those that need serveTree.
func (w *world) checkouts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fetched
}

func (w *world) writeTree(answer http.ResponseWriter, commit string) (err error) {
	folder, err := os.MkdirTemp("", "slipway-tree-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	for _, args := range [][]string{
		{"clone", "--quiet", "--no-checkout", w.repository, folder},
		{"-C", folder, "checkout", "--quiet", "--detach", commit},
	} {
		command := exec.Command("git", args...)
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "GIT_CONFIG_NOSYSTEM=1"}
		if _, err := output(command); err != nil {
			return err
		}
	}
	archive := tar.NewWriter(answer)
	return errors.Join(archive.AddFS(os.DirFS(folder)), archive.Close())
}
