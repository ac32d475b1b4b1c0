//go:build unix

package project_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/project"
)

func TestEnvironmentFilesAreNeverServed(t *testing.T) {
	t.Parallel()
	const why = ": is the environment file, whose secrets would be served. Move it out of the folder, or remove the link."
	tests := map[string]struct {
		files map[string]string
		opts  project.Options
		want  []string
	}{
		"in the Assets": {
			map[string]string{"repo/static/prod.env": "A=1", "repo/static/a.css": ""},
			project.Options{EnvFile: "static/prod.env"},
			[]string{"static/prod.env" + why},
		},
		"the folder itself is the Assets": {
			map[string]string{"repo/prod.env": "A=1"},
			project.Options{EnvFile: "prod.env", AssetsFolder: "."},
			[]string{"prod.env" + why},
		},
		"a link to .env": {
			map[string]string{"repo/.env": "A=1", "repo/assets/config.txt": "-> ../.env"},
			project.Options{},
			[]string{"assets/config.txt" + why},
		},
		"a link to what .env links to": {
			map[string]string{"repo/.env": "-> secrets", "repo/secrets": "A=1", "repo/assets/config.private.txt": "-> ../secrets"},
			project.Options{},
			[]string{"assets/config.private.txt" + why},
		},
		".env beside the one that is named": {
			map[string]string{"repo/svc/.env": "A=1", "repo/svc/prod.env": "A=2", "repo/svc/assets/a": "-> ../.env", "repo/svc/assets/b": "-> ../prod.env"},
			project.Options{Folder: "svc", EnvFile: "prod.env"},
			[]string{"svc/assets/a" + why, "svc/assets/b" + why},
		},
		"a Function": {
			map[string]string{"repo/functions/env.js": "A=1"},
			project.Options{EnvFile: "functions/env.js"},
			[]string{"functions/env.js" + why},
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

func TestHardLinksToTheEnvironmentFileAreNotServed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "assets"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("A=1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, ".env"), filepath.Join(dir, "assets", "a.txt")); err != nil {
		t.Skip("this file system has no hard links")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	_, err = project.Load(t.Context(), root.FS(), project.Options{})
	wantProblems(t, err, "assets/a.txt: is the environment file, whose secrets would be served. Move it out of the folder, or remove the link.")
}

func TestLinksToDottedFilesAreLeftOut(t *testing.T) {
	t.Parallel()
	found, err := load(t, map[string]string{
		"repo/.npmrc": "token", "repo/.well-known/x.txt": "", "repo/assets/npm.txt": "-> ../.npmrc", "repo/assets/twice": "-> npm.txt",
		"repo/assets/known": "-> ../.well-known", "repo/assets/a.css": "",
	}, project.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"asset /a.css public assets/a.css", "asset /known/x.txt public assets/known/x.txt"}
	if diff := cmp.Diff(paths(found), want); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
	wantWarnings := []string{
		"assets: left out, because names that begin with a dot are not served: " +
			"npm.txt (a link to .npmrc), twice (a link to .npmrc). Rename what shall be.",
	}
	if diff := cmp.Diff(texts(found.Warnings), wantWarnings); diff != "" {
		t.Errorf("warnings: got (-) differs from want (+):\n%s", diff)
	}
}
