//go:build unix

package project_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/project"
)

// load makes files and links ("-> target") in the folder "repo" of a temporary
// folder, and loads the project there.
func load(t *testing.T, contents map[string]string, opts project.Options) (*project.Project, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range contents {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
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
	root, err := os.OpenRoot(filepath.Join(dir, "repo"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	return project.Load(t.Context(), root.FS(), opts)
}

func TestLinksInsideAreFollowed(t *testing.T) {
	t.Parallel()
	found, err := load(t, map[string]string{
		"repo/svc/functions/a.js":          "-> ../../shared/a.js",
		"repo/svc/functions/lib":           "-> ../../shared/lib",
		"repo/svc/functions/again":         "-> lib",
		"repo/shared/a.js":                 "a",
		"repo/shared/lib/b.private.js":     "b",
		"repo/shared/lib/deep/c.js":        "-> ../../a.js",
		"repo/svc/assets":                  "-> ../web/out",
		"repo/web/out/index.html":          "",
		"repo/web/out/vendor":              "-> ../node_modules/lib/dist",
		"repo/web/node_modules/lib/dist/x": "",
		"repo/svc/.env":                    "-> ../env",
		"repo/env":                         "A=1",
		"repo/svc/assets.txt":              "not in the folder",
		"repo/web/out/.#lock":              "-> somebody@host.1234",
	}, project.Options{Folder: "svc"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"function /a public svc/functions/a.js",
		"function /again/b private svc/functions/again/b.private.js",
		"function /again/deep/c public svc/functions/again/deep/c.js",
		"function /lib/b private svc/functions/lib/b.private.js",
		"function /lib/deep/c public svc/functions/lib/deep/c.js",
		"asset /index.html public svc/assets/index.html",
		"asset /vendor/x public svc/assets/vendor/x",
	}
	if diff := cmp.Diff(paths(found), want); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
	if diff := cmp.Diff(found.Variables, []string{"A"}); diff != "" {
		t.Errorf("variables: got (-) differs from want (+):\n%s", diff)
	}
	wantWarnings := []string{"svc/assets: left out, because names that begin with a dot are not served: .#lock. Rename what shall be."}
	if diff := cmp.Diff(texts(found.Warnings), wantWarnings); diff != "" {
		t.Errorf("warnings: got (-) differs from want (+):\n%s", diff)
	}
}

func TestBadLinksAreProblems(t *testing.T) {
	t.Parallel()
	const fix = ". Replace it with the file or folder itself, or remove it."
	_, err := load(t, map[string]string{
		"secret":                     "s",
		"outside/x.js":               "",
		"repo/.git/config":           "",
		"repo/functions/ok.js":       "",
		"repo/functions/out.js":      "-> ../../secret",
		"repo/functions/dir":         "-> ../../outside",
		"repo/functions/twice.js":    "-> out.js",
		"repo/functions/abs.js":      "-> /etc/passwd",
		"repo/functions/gone.js":     "-> nowhere.js",
		"repo/functions/self.js":     "-> self.js",
		"repo/functions/a/up":        "-> ../../functions",
		"repo/functions/a/here":      "-> .",
		"repo/functions/git":         "-> ../.git",
		"repo/functions/file/via.js": "-> ../ok.js/x",
	}, project.Options{})
	wantProblems(t, err,
		"functions/a/here: the link leads in a circle"+fix,
		"functions/a/up: the link leads in a circle"+fix,
		"functions/abs.js: the link is absolute, and only relative links lead to the same place everywhere"+fix,
		"functions/dir: the link leads out of the repository"+fix,
		"functions/file/via.js: the link cannot be followed: not a directory"+fix,
		"functions/git: the link leads into .git"+fix,
		"functions/gone.js: the link leads to nothing"+fix,
		"functions/out.js: the link leads out of the repository"+fix,
		"functions/self.js: the link leads in a circle"+fix,
		"functions/twice.js: the link leads out of the repository"+fix,
	)
}

func TestFoldersThatAreBadLinks(t *testing.T) {
	t.Parallel()
	_, err := load(t, map[string]string{
		"outside/a.js":      "",
		"repo/functions":    "-> ../outside",
		"repo/assets":       "-> .git/hooks",
		"repo/.git/hooks/x": "",
	}, project.Options{})
	wantProblems(t, err,
		"assets: the link leads into .git. Replace it with the file or folder itself, or remove it.",
		"functions: the link leads out of the repository. Replace it with the file or folder itself, or remove it.",
	)
}

func TestLinksToNothingAreNotMissing(t *testing.T) {
	t.Parallel()
	const nothing = ": the link leads to nothing. Replace it with the file or folder itself, or remove it."
	_, err := load(t, map[string]string{
		"repo/functions": "-> gone", "repo/assets": "-> gone", "repo/src/a.js": "", "repo/package.json": "-> gone", "repo/.env": "-> gone",
	}, project.Options{})
	wantProblems(t, err, ".env"+nothing, "assets"+nothing, "functions"+nothing, "package.json"+nothing)
	_, err = load(t, map[string]string{
		"repo/lib": "-> gone", "repo/web": "-> ../out", "out/a": "", "repo/prod.env": "-> ../out/a",
		"repo/package.json": `{"dependencies": {"a": "1"}}`, "repo/package-lock.json": "-> gone",
	}, project.Options{FunctionsFolder: "lib", AssetsFolder: "web", EnvFile: "prod.env"})
	wantProblems(t, err,
		"lib"+nothing, "package-lock.json"+nothing,
		"prod.env: the link leads out of the repository. Replace it with the file or folder itself, or remove it.",
		"web: the link leads out of the repository. Replace it with the file or folder itself, or remove it.",
	)
}

func TestFunctionsAreNeverAssets(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files map[string]string
		opts  project.Options
		want  []string
	}{
		"the folder is a link to the other": {
			map[string]string{"repo/functions/a.js": "", "repo/assets": "-> functions"},
			project.Options{},
			[]string{`the Functions in "functions" and the Assets in "assets" overlap, so that files would be both. Keep them in folders of their own.`},
		},
		"the folder is a link into the other": {
			map[string]string{"repo/functions/lib/a.js": "", "repo/assets": "-> functions/lib"},
			project.Options{},
			[]string{`the Functions in "functions" and the Assets in "assets" overlap, so that files would be both. Keep them in folders of their own.`},
		},
		"links in the Assets": {
			map[string]string{
				"repo/functions/a.private.js": "", "repo/functions/lib/b.js": "", "repo/assets/x.js": "-> ../functions/a.private.js",
				"repo/assets/lib": "-> ../functions/lib", "repo/assets/all": "-> ../functions",
			},
			project.Options{},
			[]string{
				"assets/all: the link leads to the Functions, whose source would be served. Keep what both share in a folder of its own.",
				"assets/lib/b.js: is the Function functions/lib/b.js, whose source would be served. Keep what both share in a folder of its own.",
				"assets/x.js: is the Function functions/a.private.js, whose source would be served. Keep what both share in a folder of its own.",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, test.files, test.opts)
			wantProblems(t, err, test.want...)
		})
	}
}

func TestFoldersInOneAnother(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files map[string]string
		opts  project.Options
		want  []string
	}{
		"the Assets in the Functions": {
			map[string]string{"repo/dist/a.js": "", "repo/dist/lib/b.js": "", "repo/dist/assets/c.js": ""},
			project.Options{FunctionsFolder: "dist", AssetsFolder: "dist/assets"},
			[]string{"function /a public dist/a.js", "function /lib/b public dist/lib/b.js", "asset /c.js public dist/assets/c.js"},
		},
		"the Functions are the project": {
			map[string]string{"repo/svc/a.js": "", "repo/svc/assets/c.js": ""},
			project.Options{Folder: "svc", FunctionsFolder: "."},
			[]string{"function /a public svc/a.js", "asset /c.js public svc/assets/c.js"},
		},
		"the root has both": {
			map[string]string{"repo/a.js": "", "repo/assets/c.js": ""},
			project.Options{FunctionsFolder: "."},
			[]string{"function /a public a.js", "asset /c.js public assets/c.js"},
		},
		"the Functions in the Assets": {
			map[string]string{"repo/site/index.html": "", "repo/site/functions/a.js": ""},
			project.Options{FunctionsFolder: "site/functions", AssetsFolder: "site"},
			[]string{"function /a public site/functions/a.js", "asset /index.html public site/index.html"},
		},
		"what both share": {
			map[string]string{"repo/lib/c.js": "", "repo/functions/c.private.js": "-> ../lib/c.js", "repo/assets/c.js": "-> ../lib/c.js"},
			project.Options{},
			[]string{"function /c private functions/c.private.js", "asset /c.js public assets/c.js"},
		},
		"a Function as a private Asset, and Assets as a Function": {
			map[string]string{
				"repo/functions/a.js": "", "repo/assets/b.private.js": "-> ../functions/a.js", "repo/assets/js/c.js": "", "repo/functions/js": "-> ../assets/js",
			},
			project.Options{},
			[]string{
				"function /a public functions/a.js", "function /js/c public functions/js/c.js",
				"asset /b.js private assets/b.private.js", "asset /js/c.js public assets/js/c.js",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := load(t, test.files, test.opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(paths(found), test.want); diff != "" {
				t.Errorf("got (-) differs from want (+):\n%s", diff)
			}
		})
	}
}

// countingFS counts how often files are opened.
type countingFS struct {
	fs.ReadLinkFS

	opened map[string]int
}

func (f countingFS) Open(name string) (fs.File, error) {
	f.opened[filepath.Base(name)]++
	return f.ReadLinkFS.Open(name)
}

func (f countingFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(f.ReadLinkFS, name) }

func TestAFileIsReadOnceHoweverManyLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "assets"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "big.bin"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if err := os.Symlink("../big.bin", filepath.Join(dir, "assets", strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	links, ok := os.DirFS(dir).(fs.ReadLinkFS)
	if !ok {
		t.Fatal("os.DirFS has no links")
	}
	counting := countingFS{links, map[string]int{}}
	found, err := project.Load(t.Context(), counting, project.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opened := 0
	for i := range 5 {
		opened += counting.opened[strconv.Itoa(i)]
	}
	if opened != 1 {
		t.Errorf("opened %d times, want once: %v", opened, counting.opened)
	}
	for _, asset := range found.Assets {
		if asset.Size != 5 || asset.SHA256 != "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" {
			t.Errorf("got %+v", asset)
		}
	}
}

// TestLinksThatMultiply walks a tree that has no circle, yet far more paths than
// files: in each of four folders 11 links lead to the next.
func TestLinksThatMultiply(t *testing.T) {
	t.Parallel()
	contents := map[string]string{"repo/x/4/a.css": "", "repo/assets": "-> x/0"}
	for level := range 4 {
		for link := range 11 {
			contents[fmt.Sprintf("repo/x/%d/%d", level, link)] = fmt.Sprintf("-> ../%d", level+1)
		}
	}
	_, err := load(t, contents, project.Options{})
	wantProblems(t, err, "assets: holds more than 10000 files and folders. "+
		"Move out what Twilio shall not serve; check for links that repeat.")
}

func TestPipesAreNotOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"functions", "assets"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"functions/a.js", "assets/b", "package.json", ".env"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	done := make(chan error, 1)
	go func() {
		_, err := project.Load(t.Context(), root.FS(), project.Options{})
		done <- err
	}()
	select {
	case err := <-done:
		wantProblems(t, err,
			".env: cannot be read: it is not a regular file. Check the file and its permissions.",
			"assets/b: is not a regular file. Remove it, or replace it with a file.",
			"functions/a.js: is not a regular file. Remove it, or replace it with a file.",
			"package.json: cannot be read: it is not a regular file. Replace it with a file.",
		)
	case <-time.After(30 * time.Second):
		t.Fatal("Load waits for somebody to write into a pipe")
	}
}

func TestNamesThatAreNotText(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "assets"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "assets", "caf\xe9.txt"), nil, 0o600); err != nil {
		t.Skip("this file system has no such names")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	_, err = project.Load(t.Context(), root.FS(), project.Options{})
	wantProblems(t, err, `assets: the name "caf\xe9.txt" is not valid UTF-8. Rename the file.`)
}
