package project_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
)

var update = flag.Bool("update", false, "write the golden files anew")

// files makes a file system of names and contents.
func files(contents map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range contents {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return fsys
}

// paths lists kind, path, visibility and name of every file of a Project.
func paths(found *project.Project) []string {
	lines := []string{}
	for _, list := range [][]project.File{found.Functions, found.Assets} {
		for _, file := range list {
			lines = append(lines, strings.Join([]string{string(file.Kind), file.Path, string(file.Visibility), file.Name}, " "))
		}
	}
	return lines
}

// texts renders warnings, one a line.
func texts(warnings []problem.Problem) []string {
	lines := []string{}
	for _, warning := range warnings {
		lines = append(lines, warning.Error())
	}
	return lines
}

// wantProblems compares an error, which must be a problem.List, with its lines.
func wantProblems(t *testing.T, err error, want ...string) {
	t.Helper()
	list, ok := errors.AsType[problem.List](err)
	if !ok {
		t.Fatalf("got the error %v, which is no problem.List; want\n%s", err, strings.Join(want, "\n"))
	}
	if diff := cmp.Diff(strings.Split(list.Error(), "\n"), want); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
}

func TestLoadSampleProjects(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]project.Options{
		"hello":              {Folder: "hello"},
		"voice-ivr":          {Folder: "voice-ivr"},
		"monorepo-voice":     {Folder: "services/voice"},
		"monorepo-messaging": {Folder: "services/messaging"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("..", "..", "testdata", "projects")
			if strings.HasPrefix(name, "monorepo") {
				dir = filepath.Join(dir, "monorepo")
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			found, err := project.Load(t.Context(), root.FS(), opts)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(found, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), string(want)); diff != "" {
				t.Errorf("got (-) differs from want (+); -update accepts it:\n%s", diff)
			}
			var again project.Project
			if err := json.Unmarshal(got, &again); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&again, found); diff != "" {
				t.Errorf("a Project does not survive JSON:\n%s", diff)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files    map[string]string
		opts     project.Options
		want     []string
		warnings []string
	}{
		"first folders win": {
			map[string]string{"functions/a.js": "", "src/b.js": "", "assets/a.css": "", "static/b.css": ""},
			project.Options{},
			[]string{"function /a public functions/a.js", "asset /a.css public assets/a.css"},
			nil,
		},
		"second folders": {
			map[string]string{"functions": "a file", "src/a/b.js": "", "static/b/c.css": ""},
			project.Options{},
			[]string{"function /a/b public src/a/b.js", "asset /b/c.css public static/b/c.css"},
			nil,
		},
		"functions alone": {map[string]string{"functions/a.js": ""}, project.Options{}, []string{"function /a public functions/a.js"}, nil},
		"assets alone":    {map[string]string{"assets/a": ""}, project.Options{}, []string{"asset /a public assets/a"}, nil},
		"folder of the project": {
			map[string]string{"functions/no.js": "", "services/voice/functions/a.js": ""},
			project.Options{Folder: "services/voice/"},
			[]string{"function /a public services/voice/functions/a.js"},
			nil,
		},
		"named folders": {
			map[string]string{"functions/no.js": "", "svc/dist/f/a.js": "", "shared/web/b.css": ""},
			project.Options{Folder: "./svc", FunctionsFolder: "dist/f/", AssetsFolder: "../shared/web"},
			[]string{"function /a public svc/dist/f/a.js", "asset /b.css public shared/web/b.css"},
			nil,
		},
		"the folder itself": {
			map[string]string{"a.js": "", "lib/b.private.js": "", "package.json": "{}"},
			project.Options{FunctionsFolder: "."},
			[]string{"function /a public a.js", "function /lib/b private lib/b.private.js"},
			nil,
		},
		"sorted by path": {
			map[string]string{"functions/a/b.js": "", "functions/a.js": "", "functions/a-b.js": "", "functions/B.js": ""},
			project.Options{},
			[]string{
				"function /B public functions/B.js", "function /a public functions/a.js",
				"function /a-b public functions/a-b.js", "function /a/b public functions/a/b.js",
			},
			nil,
		},
		"left out of assets": {
			map[string]string{
				"assets/.env": "", "assets/img/.gitkeep": "", "assets/.DS_Store": "", "assets/.git/config": "",
				"assets/node_modules/x/a.js": "", "assets/.well-known/a.txt": "", "assets/.well-known/.hidden": "",
			},
			project.Options{},
			[]string{"asset /.well-known/a.txt public assets/.well-known/a.txt"},
			[]string{
				"assets: left out, because names that begin with a dot are not served: .env, .well-known/.hidden, img/.gitkeep. Rename what shall be.",
				"assets/node_modules: left out: Twilio installs the dependencies of package.json itself",
			},
		},
		"left out of functions": {
			map[string]string{
				"functions/a.js": "", "functions/b.mjs": "", "functions/c.cjs": "", "functions/d.ts": "", "functions/e.d.ts": "",
				"functions/f/g.ts": "", "functions/built.js": "", "functions/built.ts": "", "functions/README.md": "", "functions/h.JS": "",
				"functions/.eslintrc.js": "", "functions/.keep": "", "functions/node_modules/x/index.js": "",
			},
			project.Options{},
			[]string{"function /a public functions/a.js", "function /built public functions/built.js"},
			[]string{
				"functions: left out, because names that begin with a dot are not served: .eslintrc.js. Rename what shall be.",
				"functions: left out, because only .js files become Functions: d.ts, f/g.ts. " +
					"Compile them to .js first, and name the folder with the output as functions-folder.",
				"functions: left out, because only .js files become Functions: b.mjs, c.cjs, h.JS. " +
					"Rename them to .js; Functions are CommonJS modules.",
				"functions/node_modules: left out: Twilio installs the dependencies of package.json itself",
			},
		},
		"many modules": {
			map[string]string{"functions/a.js": "", "functions/1.ts": "", "functions/2.ts": "", "functions/3.ts": "", "functions/4.ts": "", "functions/5.ts": "", "functions/6.ts": "", "functions/7.ts": ""},
			project.Options{},
			[]string{"function /a public functions/a.js"},
			[]string{
				"functions: left out, because only .js files become Functions: 1.ts, 2.ts, 3.ts, 4.ts, 5.ts and 2 more. " +
					"Compile them to .js first, and name the folder with the output as functions-folder.",
			},
		},
		"another path than the Toolkit's": {
			map[string]string{"assets/our.publications.pdf": ""},
			project.Options{},
			[]string{"asset /our.publications.pdf public assets/our.publications.pdf"},
			[]string{
				`assets/our.publications.pdf: is served at "/our.publications.pdf"; the Toolkit would put it at "/ourations.pdf". ` +
					"Rename it if its address has to stay.",
			},
		},
		"a marker in the middle that the Toolkit takes out": {
			map[string]string{"assets/app.public.min.js": ""},
			project.Options{},
			[]string{"asset /app.min.js public assets/app.public.min.js"},
			[]string{`assets/app.public.min.js: is served at "/app.min.js": ".public" in a name is taken out, as the Toolkit has it. Rename it to show its address.`},
		},
		"a backslash before a dot": {
			map[string]string{`assets/x\.env`: "", "assets/a": ""},
			project.Options{},
			[]string{"asset /a public assets/a"},
			[]string{`assets: left out, because names that begin with a dot are not served: x\.env. Rename what shall be.`},
		},
		"warnings of every part": {
			map[string]string{
				"functions/a.js": "",
				"package.json":   "{\n\"engines\": {\"node\": \">=24\"}, \"dependencies\": {\"a\": \"1\"}}",
				"package-lock.json": `{"lockfileVersion": 3, "packages": {"": {},` +
					"\n" + `"node_modules/a": {"version": "1.0.0", "resolved": "https://npm.acme.example/a.tgz"}}}`,
				".env": "PATH=/bin\n",
			},
			project.Options{Runtime: "node22"},
			[]string{"function /a public functions/a.js"},
			[]string{
				".env:1: PATH overrides the value that Twilio gives every Function. Use another name, unless that is what you want.",
				`package-lock.json:2: installed from "npm.acme.example", while Twilio installs from the public npm registry: a. ` +
					"Make sure that these versions are public.",
				`package.json:2: runtime is "node22", but engines.node is ">=24". Let one follow the other.`,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := project.Load(t.Context(), files(test.files), test.opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(paths(found), test.want); diff != "" {
				t.Errorf("files: got (-) differs from want (+):\n%s", diff)
			}
			if diff := cmp.Diff(texts(found.Warnings), append([]string{}, test.warnings...)); diff != "" {
				t.Errorf("warnings: got (-) differs from want (+):\n%s", diff)
			}
		})
	}
}

func TestLoadReadsContents(t *testing.T) {
	t.Parallel()
	found, err := project.Load(t.Context(), files(map[string]string{
		"functions/a.private.js": "hello",
		"package.json":           `{"name": "@acme/voice", "dependencies": {"a": "^1"}, "engines": {"node": ">=24"}}`,
		".env":                   "B=2\nA=1\nAUTH_TOKEN=\n",
	}), project.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := &project.Project{
		Folder: ".",
		Name:   "voice",
		Functions: []project.File{{
			Kind: project.KindFunction, Path: "/a", Visibility: project.Private, Name: "functions/a.private.js",
			ContentType: "application/javascript", Size: 5,
			SHA256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
		}},
		Assets:       []project.File{},
		Dependencies: []npm.Dependency{{Name: "a", Version: "^1"}},
		Runtime:      "node24",
		Variables:    []string{"A", "B"},
		Warnings: []problem.Problem{{
			File: ".env", Line: 3, Message: "left out: AUTH_TOKEN; Twilio sets the account's own in every Function",
		}},
	}
	if diff := cmp.Diff(found, want); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
	encoded, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(encoded, []byte("null")) {
		t.Errorf("an empty list is null: %s", encoded)
	}
}
