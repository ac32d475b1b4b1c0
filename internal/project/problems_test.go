package project_test

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/project"
)

func TestLoadProblems(t *testing.T) {
	t.Parallel()
	const addOne = ". Add a Function such as functions/hello.js, or choose another working-directory, functions-folder or assets-folder."
	ok := map[string]string{"functions/a.js": ""}
	tests := map[string]struct {
		files map[string]string
		opts  project.Options
		want  []string
	}{
		"nothing at all": {
			map[string]string{"x": ""},
			project.Options{},
			[]string{"nothing to deploy: no Functions in functions or src, and no Assets in assets or static" + addOne},
		},
		"nothing in a folder": {
			map[string]string{"a/functions/.keep": ""},
			project.Options{Folder: "a"},
			[]string{"nothing to deploy: no Functions in a/functions, and no Assets in a/assets or a/static" + addOne},
		},
		"nothing but TypeScript": {
			map[string]string{"src/a.ts": ""},
			project.Options{},
			[]string{
				"nothing to deploy: no Functions in src, and no Assets in assets or static. " +
					"Compile them to .js first, and name the folder with the output as functions-folder.",
			},
		},
		"nothing but modules": {
			map[string]string{"src/a.mjs": ""},
			project.Options{},
			[]string{
				"nothing to deploy: no Functions in src, and no Assets in assets or static. " +
					"Rename them to .js; Functions are CommonJS modules.",
			},
		},
		"no such folder": {
			ok,
			project.Options{Folder: "b"},
			[]string{`the folder "b" does not exist. Check working-directory, or path in slipway.yml.`},
		},
		"folder is a file": {
			ok,
			project.Options{Folder: "functions/a.js"},
			[]string{`"functions/a.js" is a file, not a folder. Name the folder that holds package.json, functions and assets.`},
		},
		"folder outside": {
			ok,
			project.Options{Folder: "../b"},
			[]string{`the project's folder is "../b", which lies outside of the repository. Name it relative to the project's folder.`},
		},
		"named folders are missing": {
			ok,
			project.Options{FunctionsFolder: "lib", AssetsFolder: "functions/a.js"},
			[]string{
				`functions-folder is "lib", but there is no folder lib. ` +
					`Name a folder relative to the project's folder; build it first if a compiler makes it.`,
				`functions/a.js: is a file, but assets-folder must be a folder. Name the folder that holds it.`,
			},
		},
		"named folders outside": {
			ok,
			project.Options{FunctionsFolder: "../x", AssetsFolder: "/etc"},
			[]string{
				`functions-folder is "../x", which lies outside of the repository. Name it relative to the project's folder.`,
				`assets-folder is "/etc", which lies outside of the repository. Name it relative to the project's folder.`,
			},
		},
		"one folder for both": {
			map[string]string{"dist/a.js": ""},
			project.Options{FunctionsFolder: "dist", AssetsFolder: "./dist"},
			[]string{`the Functions in "dist" and the Assets in "dist" overlap, so that files would be both. Keep them in folders of their own.`},
		},
		"collisions": {
			map[string]string{
				"functions/x.js": "", "functions/x.private.js": "", "functions/b c.js": "", "functions/b-c.js": "",
				"assets/x": "", "assets/y.css": "", "assets/y.protected.css": "",
			},
			project.Options{},
			[]string{
				`assets/x: takes the path "/x", which functions/x.js has already. Rename one of the two.`,
				`assets/y.protected.css: takes the path "/y.css", which assets/y.css has already. Rename one of the two.`,
				`functions/b-c.js: takes the path "/b-c", which functions/b c.js has already. Rename one of the two.`,
				`functions/x.private.js: takes the path "/x", which functions/x.js has already. Rename one of the two.`,
			},
		},
		"everything at once": {
			map[string]string{
				"functions/a#b.js": "", "assets/secret.private": "", "functions/_slipway.js": "",
				"package.json": "{\n\"engines\": {\"node\": \"^18\"},\n\"dependencies\": {\"a\": \"file:a\"}}",
				".env":         strings.Repeat("K", 129) + "=b\n",
			},
			project.Options{Dependencies: "frozen"},
			[]string{
				`dependencies is "frozen", which is not a way to choose versions. Use "locked" or "ranges".`,
				`.env:1: the key "` + strings.Repeat("K", 32) + `…" has 129 characters, and Twilio takes 128. Shorten it.`,
				`assets/secret.private: the name "secret.private" ends in the marker ".private", and Twilio's tools would serve the file in public. ` +
					`Give it an extension after the marker, such as "secret.private.txt".`,
				`functions/_slipway.js: the path "/_slipway" is reserved: Slipway keeps its Manifest below /_slipway. Rename the file or its folder.`,
				`functions/a#b.js: the path "/a#b" contains "#", which paths on Twilio cannot. Rename the file.`,
				`package.json:2: engines.node is "^18", which neither node22 nor node24 satisfies. Widen the range, or set runtime to node22 (--runtime node22).`,
				`package.json:3: dependency "a" is "file:a"; Twilio installs public npm packages only. Publish it, or bundle it.`,
			},
		},
		"runtime with a broken package.json": {
			map[string]string{"functions/a.js": "", "package.json": "{"},
			project.Options{Runtime: "deno"},
			[]string{
				`runtime is "deno", which is not a runtime of Twilio. Use one such as "node22".`,
				"package.json:1: not valid JSON: unexpected end of JSON input. Correct it; JSON has no comments and no trailing commas.",
			},
		},
		"runtime that nothing satisfies": {
			map[string]string{"functions/a.js": "", "package.json": "{\n\"engines\": {\"node\": \"^18\"}}"},
			project.Options{},
			[]string{`package.json:2: engines.node is "^18", which neither node22 nor node24 satisfies. Widen the range, or set runtime to node22 (--runtime node22).`},
		},
		"named environment file is missing": {
			ok,
			project.Options{EnvFile: "prod.env"},
			[]string{`env-file is "prod.env", which does not exist. Name it relative to the project's folder, or leave env-file out.`},
		},
		"environment file outside": {
			ok,
			project.Options{EnvFile: "../.env"},
			[]string{`env-file is "../.env", which lies outside of the repository. Name it relative to the project's folder.`},
		},
		"environment file is a folder": {
			map[string]string{"functions/a.js": "", ".env/x": ""},
			project.Options{},
			[]string{".env: cannot be read: it is not a regular file. Check the file and its permissions."},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := project.Load(t.Context(), files(test.files), test.opts)
			wantProblems(t, err, test.want...)
			if found != nil {
				t.Errorf("a Project in spite of problems: %+v", found)
			}
		})
	}
}

func TestAssetSizes(t *testing.T) {
	t.Parallel()
	const tail = " Make it smaller, or serve it from elsewhere."
	sized := func(bytes int) *fstest.MapFile { return &fstest.MapFile{Data: make([]byte, bytes)} }
	fits := fstest.MapFS{
		"assets/a.bin": sized(25 << 20), "assets/b.private.bin": sized(10 << 20), "functions/large.js": sized(16 << 20),
	}
	if _, err := project.Load(t.Context(), fits, project.Options{}); err != nil {
		t.Errorf("files that fit: %v", err)
	}
	tooLarge := fstest.MapFS{
		"functions/x.js": sized(16<<20 + 1),
		"assets/a.bin":   sized(25<<20 + 1), "assets/b.private.bin": sized(10<<20 + 1), "assets/c.protected.bin": sized(26 << 20),
	}
	_, err := project.Load(t.Context(), tooLarge, project.Options{})
	wantProblems(t, err,
		"assets/a.bin: has 26214401 bytes; Twilio takes public Assets of up to 25 MB."+tail,
		"assets/b.private.bin: has 10485761 bytes; Twilio takes private Assets of up to 10 MB."+tail,
		"assets/c.protected.bin: has 27262976 bytes; Twilio takes protected Assets of up to 25 MB."+tail,
		"functions/x.js: has 16777217 bytes; Twilio names no limit for a Function, and Slipway sends up to 16 MB. "+
			"Leave dependencies to package.json, and keep data in private Assets.",
	)
}

func TestLargeFunctionsAreWarnedOf(t *testing.T) {
	t.Parallel()
	found, err := project.Load(t.Context(), fstest.MapFS{
		"functions/a.js": {Data: make([]byte, 1<<20)}, "functions/b.js": {Data: make([]byte, 1<<20+1)},
	}, project.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"functions/b.js: has 1048577 bytes, which is much for a Function: it makes cold starts slow. " +
		"Leave dependencies to package.json, and keep data in private Assets."}
	if diff := cmp.Diff(texts(found.Warnings), want); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
}

// deniedFS refuses to open some names.
type deniedFS struct {
	fstest.MapFS

	names []string
}

func (f deniedFS) Open(name string) (fs.File, error) {
	if slices.Contains(f.names, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.Open(name)
}

func (f deniedFS) Stat(name string) (fs.FileInfo, error) { return f.MapFS.Stat(name) }

func (f deniedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	opened, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	_ = opened.Close()
	return f.MapFS.ReadDir(name)
}

func TestLoadUnreadable(t *testing.T) {
	t.Parallel()
	contents := map[string]string{"functions/a.js": "", "functions/b.js": "", "assets/img/x.png": "", ".env": "A=1"}
	named := deniedFS{files(maps.Clone(contents)), []string{"lib"}}
	named.MapFS["lib/a.js"] = &fstest.MapFile{}
	_, err := project.Load(t.Context(), named, project.Options{FunctionsFolder: "lib"})
	wantProblems(t, err, "lib: the folder cannot be read: permission denied. Check its permissions.")
	denied := deniedFS{files(maps.Clone(contents)), []string{"functions/b.js", "assets/img", ".env"}}
	_, err = project.Load(t.Context(), denied, project.Options{})
	wantProblems(t, err,
		".env: cannot be read: permission denied. Check the file and its permissions.",
		"assets/img: the folder cannot be read: permission denied. Check its permissions.",
		"functions/b.js: cannot be read: permission denied. Check the file and its permissions.",
	)
}

func TestLoadBoundsTrees(t *testing.T) {
	t.Parallel()
	deep := "assets" + strings.Repeat("/d", 70)
	_, err := project.Load(t.Context(), files(map[string]string{deep + "/x": ""}), project.Options{})
	wantProblems(t, err, "assets"+strings.Repeat("/d", 64)+": folders are nested more than 64 deep. Check for links that repeat.")
}
