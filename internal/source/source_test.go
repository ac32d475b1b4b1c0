package source_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/source"
)

// write makes files, with their folders, below a folder. A name that ends in a
// slash is a folder; a content that begins with "-> " makes a link.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		parent := filepath.Dir(full)
		if strings.HasSuffix(name, "/") {
			parent = full
		}
		if err := os.MkdirAll(parent, 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		var err error
		if target, isLink := strings.CutPrefix(content, "-> "); isLink {
			err = os.Symlink(target, full)
		} else {
			err = os.WriteFile(full, []byte(content), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// open opens a Source and closes it when the test ends.
func open(t *testing.T, dir string) *source.Source {
	t.Helper()
	opened, err := source.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

func TestFolderFindsTheRoot(t *testing.T) {
	t.Parallel()
	const workspaces = `{"workspaces": ["services/*"]}`
	tests := map[string]struct {
		files  map[string]string
		dir    string
		folder string
		// marker is a file that must be readable at the root.
		marker string
	}{
		"repository": {
			map[string]string{".git/HEAD": "", "top": "", "services/voice/package.json": workspaces},
			"services/voice", "services/voice", "top",
		},
		"root of the repository": {map[string]string{".git/HEAD": "", "top": ""}, ".", ".", "top"},
		"worktree":               {map[string]string{".git": "gitdir: elsewhere", "top": "", "a/b/": ""}, "a/b", "a/b", "top"},
		"nearest repository wins": {
			map[string]string{".git/HEAD": "", "a/.git": "gitdir: x", "a/top": "", "a/b/": ""},
			"a/b", "b", "top",
		},
		"an empty .git is no repository": {
			map[string]string{".git/HEAD": "", "top": "", "a/.git/": "", "a/b/": ""},
			"a/b", "a/b", "top",
		},
		"a file .git that names none": {
			map[string]string{".git/HEAD": "", "top": "", "a/.git": "notes", "a/b/": ""},
			"a/b", "a/b", "top",
		},
		"repository before workspace": {
			map[string]string{".git/HEAD": "", "top": "", "a/package.json": workspaces, "a/b/": ""},
			"a/b", "a/b", "top",
		},
		"workspace": {
			map[string]string{"package.json": "\ufeff" + workspaces, "top": "", "services/voice/package.json": `{"workspaces": null}`},
			"services/voice", "services/voice", "top",
		},
		"neither": {
			map[string]string{"package.json": `{"name": "x"}`, "a/package.json": "not JSON", "a/b/top": ""},
			"a/b", ".", "top",
		},
		"folder by a link": {
			map[string]string{"repo/.git/HEAD": "", "repo/top": "", "repo/voice/": "", "link": "-> repo/voice"},
			"link", "voice", "top",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, test.files)
			opened := open(t, filepath.Join(dir, test.dir))
			if opened.Folder != test.folder {
				t.Errorf("Folder = %q, want %q", opened.Folder, test.folder)
			}
			if _, err := fs.Stat(opened.FS, test.marker); err != nil {
				t.Errorf("the root is not where it should be: %v", err)
			}
			if _, err := os.Stat(filepath.Join(opened.Root, test.marker)); err != nil {
				t.Errorf("Root = %q: %v", opened.Root, err)
			}
			if info, err := fs.Stat(opened.FS, opened.Folder); err != nil || !info.IsDir() {
				t.Errorf("the folder is not in the file system: %v", err)
			}
		})
	}
}

func TestFolderCannotBeLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"secret":         "s",
		"repo/.git/HEAD": "",
		"repo/inside":    "i",
		"repo/a/ok":      "-> ../inside",
		"repo/a/out":     "-> ../../secret",
		"repo/a/abs":     "-> " + filepath.Join(dir, "secret"),
	})
	opened := open(t, filepath.Join(dir, "repo", "a"))
	if got, err := fs.ReadFile(opened.FS, "a/ok"); err != nil || string(got) != "i" {
		t.Errorf("a link inside the root: got %q, %v", got, err)
	}
	for _, name := range []string{"a/out", "a/abs", "../secret"} {
		if got, err := fs.ReadFile(opened.FS, name); err == nil {
			t.Errorf("%s gives %q, want an error", name, got)
		}
	}
}

func TestFolderProblems(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{"file": "", "circle": "-> circle"})
	tests := map[string]struct{ dir, want string }{
		"missing":       {"missing", "does not exist. Check the name, and that the repository was checked out."},
		"file":          {"file", "is a file, not a folder. Name the folder that holds package.json, functions and assets."},
		"below a file":  {"file/below", "cannot be opened: not a directory. Check that it is a folder that can be read."},
		"endless links": {"circle", "cannot be opened: too many levels of symbolic links. Check that it is a folder that can be read."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := source.Folder(filepath.Join(dir, test.dir))
			if _, ok := errors.AsType[*problem.Problem](err); !ok {
				t.Fatalf("got the error %v, which is no Problem", err)
			}
			if got := err.Error(); !strings.HasSuffix(got, test.want) || !strings.Contains(got, test.dir) {
				t.Errorf("got  %s\nwant %s … %s", got, test.dir, test.want)
			}
		})
	}
}

func TestCloseEndsReading(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{"file": ""})
	opened, err := source.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.ReadFile(opened.FS, "file"); err == nil {
		t.Error("a closed Source can be read")
	}
	if err := (&source.Source{}).Close(); err != nil {
		t.Errorf("closing the zero Source: %v", err)
	}
}

func TestFolderInLooksNoHigherThanTop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		".git/HEAD":                      "ref: refs/heads/main",
		"package.json":                   `{"workspaces": ["work/*"]}`,
		"work/voice/package.json":        `{}`,
		"work/checkout/.git/HEAD":        strings.Repeat("a", 40),
		"work/checkout/sub/package.json": `{}`,
		"link":                           "-> work",
	})
	for _, test := range []struct{ top, folder, wantFolder, wantCommit string }{
		{"work", "work/voice", "voice", ""},
		{"link", "work/voice", "voice", ""},
		{"work", "link/voice", "voice", ""},
		{"work", "work", ".", ""},
		{"work", "work/checkout/sub", "sub", strings.Repeat("a", 40)},
		{"", "work/voice", "work/voice", ""},
	} {
		top := test.top
		if top != "" {
			top = filepath.Join(dir, top)
		}
		got, err := source.FolderIn(top, filepath.Join(dir, filepath.FromSlash(test.folder)))
		if err != nil {
			t.Fatal(err)
		}
		if got.Folder != test.wantFolder || got.Commit != test.wantCommit {
			t.Errorf("%s in %q is the folder %q at %q, want %q at %q", test.folder, test.top, got.Folder, got.Commit, test.wantFolder, test.wantCommit)
		}
		if err := got.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := source.FolderIn(filepath.Join(dir, "nowhere"), dir); err == nil {
		t.Error("a top that is not there is no error")
	}
}
