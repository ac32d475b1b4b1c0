package npm_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/problem"
)

// files makes a file system of names and contents.
func files(contents map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range contents {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return fsys
}

// packageJSON is a package.json whose dependencies begin in line 3.
func packageJSON(dependencies ...string) string {
	return "{\n  \"dependencies\": {\n    " + strings.Join(dependencies, ",\n    ") + "\n  }\n}\n"
}

// TestMessagesAreShort: what a file holds may be long without end.
func TestMessagesAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 5_000)
	_, _, err := npm.Read(files(map[string]string{"package.json": packageJSON(`"a": "file:`+long+`"`, `"`+long+`": "1"`)}), ".", npm.Ranges)
	wantProblems(t, err, []string{
		`package.json:3: dependency "a" is "file:` + long[:2*245] + `…"` + publicOnly,
		`package.json:4: dependency "` + long[:2*250] + `…" cannot be a package's name: it has 5000 characters, and npm allows 214. Use the name the package has on npm.`,
	})
}

func TestReadPackage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		content string
		want    npm.Package
	}{
		"everything": {
			"{\n\"name\": \"@acme/voice\",\n\"engines\": {\"node\":\n\">=22\"},\n" +
				`"dependencies": {"twilio": "^5.0.0", "lodash": "4.17.21"}, "devDependencies": {"eslint": "file:x"}}`,
			npm.Package{
				File: "package.json", Name: "@acme/voice", NodeRange: ">=22", NodeRangeLine: 3,
				Dependencies: []npm.Dependency{{Name: "lodash", Version: "4.17.21"}, {Name: "twilio", Version: "^5.0.0"}},
			},
		},
		"empty object":         {`{}`, npm.Package{File: "package.json"}},
		"byte order mark":      {"\ufeff{\"name\":\"a\"}", npm.Package{File: "package.json", Name: "a"}},
		"null for all":         {`{"name":null,"engines":null,"dependencies":null}`, npm.Package{File: "package.json"}},
		"the last key counts":  {`{"name":"a","name":"b"}`, npm.Package{File: "package.json", Name: "b"}},
		"other engines":        {`{"engines":{"npm":">=9"}}`, npm.Package{File: "package.json"}},
		"unknown shapes aside": {`{"scripts":[1],"peerDependencies":5,"optionalDependencies":{"a":"file:b"}}`, npm.Package{File: "package.json"}},
		"last dependency": {
			`{"dependencies":{"a":"^1"},"dependencies":{"a":"file:x","b":"2","a":"^3"}}`,
			npm.Package{File: "package.json", Dependencies: []npm.Dependency{{Name: "a", Version: "^3"}, {Name: "b", Version: "2"}}},
		},
		"kinds of versions": {
			packageJSON(`"a": ""`, `"b": " * "`, `"c": "latest"`, `"d": "1.x || >=2.5.0 || 5.0.0 - 7.2.3"`,
				`"e": ">=1.2.3-beta.1 <2"`, `"f": "npm:f@~1.2"`, `"g": "next-11"`, `"@scope/h": "npm:@scope/h"`, `"i": "v1.2.3"`, `"j": "npm:^4.17.0"`),
			npm.Package{File: "package.json", Dependencies: []npm.Dependency{
				{Name: "@scope/h", Version: "*"},
				{Name: "a", Version: "*"},
				{Name: "b", Version: "*"},
				{Name: "c", Version: "latest"},
				{Name: "d", Version: "1.x || >=2.5.0 || 5.0.0 - 7.2.3"},
				{Name: "e", Version: ">=1.2.3-beta.1 <2"},
				{Name: "f", Version: "~1.2"},
				{Name: "g", Version: "next-11"},
				{Name: "i", Version: "v1.2.3"},
				{Name: "j", Version: "^4.17.0"},
			}},
		},
		"exact handler": {
			packageJSON(`"@twilio/runtime-handler": " =v2.0.1"`),
			npm.Package{File: "package.json", Dependencies: []npm.Dependency{{Name: npm.Handler, Version: "2.0.1"}}},
		},
		"handler in both": {
			`{"dependencies":{"@twilio/runtime-handler":"2.0.1"},"devDependencies":{"@twilio/runtime-handler":"2.0.1"}}`,
			npm.Package{File: "package.json", Dependencies: []npm.Dependency{{Name: npm.Handler, Version: "2.0.1"}}},
		},
		"old names": {
			packageJSON(`"JSONStream": "1"`, `"fs": "0.0.1-security"`),
			npm.Package{File: "package.json", Dependencies: []npm.Dependency{
				{Name: "JSONStream", Version: "1"}, {Name: "fs", Version: "0.0.1-security"},
			}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, mode := range []npm.Mode{"", npm.Locked, npm.Ranges} {
				got, warnings, err := npm.Read(files(map[string]string{"package.json": test.content}), ".", mode)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(*got, test.want); diff != "" {
					t.Errorf("mode %q: got (-) differs from want (+):\n%s", mode, diff)
				}
				if len(warnings) > 0 {
					t.Errorf("mode %q: unexpected warnings: %v", mode, warnings)
				}
			}
		})
	}
}

func TestReadWithoutPackage(t *testing.T) {
	t.Parallel()
	fsys := files(map[string]string{"package.json": "not read", "package-lock.json": "not read"})
	got, warnings, err := npm.Read(fsys, "services/voice", npm.Locked)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("warnings %v, error %v", warnings, err)
	}
	if diff := cmp.Diff(*got, npm.Package{}); diff != "" {
		t.Errorf("got (-) is not the empty Package (+):\n%s", diff)
	}
}

func TestReadPackageProblems(t *testing.T) {
	t.Parallel()
	const publicOnly = "; Twilio installs public npm packages only. Publish it, or bundle it."
	tests := map[string]struct {
		content string
		want    []string
	}{
		"folder":    {packageJSON(`"a": "file:../a"`), []string{`package.json:3: dependency "a" is "file:../a"` + publicOnly}},
		"link":      {packageJSON(`"a": "link:../a"`), []string{`package.json:3: dependency "a" is "link:../a"` + publicOnly}},
		"workspace": {packageJSON(`"a": "workspace:*"`), []string{`package.json:3: dependency "a" is "workspace:*"` + publicOnly}},
		"catalog": {packageJSON(`"a": "catalog:"`), []string{
			`package.json:3: dependency "a" is "catalog:", and no catalog of that name has it. ` +
				`Add it to the catalog of the workspace, or write the range here.`,
		}},
		"path":      {packageJSON(`"a": "../a"`), []string{`package.json:3: dependency "a" is "../a"` + publicOnly}},
		"tarball":   {packageJSON(`"a": "a.tgz"`), []string{`package.json:3: dependency "a" is "a.tgz"` + publicOnly}},
		"shorthand": {packageJSON(`"a": "user/repo#v1"`), []string{`package.json:3: dependency "a" is "user/repo#v1"` + publicOnly}},
		"github":    {packageJSON(`"a": "github:user/repo"`), []string{`package.json:3: dependency "a" is "github:user/repo"` + publicOnly}},
		"secure shell": {
			packageJSON(`"a": "git@github.com:user/repo.git"`),
			[]string{`package.json:3: dependency "a" is "git@github.com:user/repo.git"` + publicOnly},
		},
		"password in an address": {
			packageJSON(`"a": "git+https://me:s3cret@github.com/user/repo.git"`),
			[]string{`package.json:3: dependency "a" is "git+https://github.com/user/repo.git"` + publicOnly},
		},
		"token in an address": {
			packageJSON(`"a": "https://me:s3cret@npm.acme.example/a.tgz?token=s3cret#x"`),
			[]string{`package.json:3: dependency "a" is "https://npm.acme.example/a.tgz"` + publicOnly},
		},
		"alias": {packageJSON(`"a": "npm:@acme/b@^1"`), []string{
			`package.json:3: dependency "a" is an alias of "@acme/b"; Twilio installs packages under their own names. ` +
				`Depend on "@acme/b", and require it by that name.`,
		}},
		"alias in an alias": {packageJSON(`"a": "npm:a@npm:b@1"`), []string{
			`package.json:3: dependency "a" is an alias of "a@npm:b"; Twilio installs packages under their own names. ` +
				`Depend on "a@npm:b", and require it by that name.`,
		}},
		"neither": {packageJSON(`"a": "^^1 or so"`), []string{
			`package.json:3: dependency "a" is "^^1 or so", which is neither a range of versions nor a tag. Write a range such as "^1.2.0".`,
		}},
		"numbers that are no range": {packageJSON(`"a": "1.*.3"`, `"b": "x.1"`, `"c": "!=1"`), []string{
			`package.json:3: dependency "a" is "1.*.3", which is neither a range of versions nor a tag. Write a range such as "^1.2.0".`,
			`package.json:4: dependency "b" is "x.1", which is neither a range of versions nor a tag. Write a range such as "^1.2.0".`,
			`package.json:5: dependency "c" is "!=1", which is neither a range of versions nor a tag. Write a range such as "^1.2.0".`,
		}},
		"handler range": {packageJSON(`"@twilio/runtime-handler": "^2.0.0"`), []string{
			`package.json:3: dependency "@twilio/runtime-handler" is "^2.0.0"; Twilio needs an exact version of it. ` +
				`Write one out, such as "2.0.1", or commit a lock file and choose dependencies: locked.`,
		}},
		"handler for development only": {"{\"devDependencies\": {\n\"@twilio/runtime-handler\": \"2.0.1\"}}", []string{
			`package.json:2: "@twilio/runtime-handler" is in "devDependencies" only, which Twilio does not install. Move it to "dependencies".`,
		}},
		"all at once": {packageJSON(`"c": "file:c"`, `"b": "1"`, `"a": "a/a"`), []string{
			`package.json:3: dependency "c" is "file:c"` + publicOnly,
			`package.json:5: dependency "a" is "a/a"` + publicOnly,
		}},
		"types": {"{\"name\": 5,\n\"engines\": [\"node\"],\n\"dependencies\": []}", []string{
			`package.json:1: the name is a number, not a string. Put it in double quotes.`,
			`package.json:3: "dependencies" is an array, not an object. Write it as "dependencies": {"name": "range"}.`,
		}},
		"type of a version": {packageJSON(`"a": 1`, `"b": true`), []string{
			`package.json:3: the version of dependency "a" is a number, not a string. Put it in double quotes.`,
			`package.json:4: the version of dependency "b" is a boolean, not a string. Put it in double quotes.`,
		}},
		"syntax": {"{\n\"a\": 1,\n}", []string{
			"package.json:3: not valid JSON: invalid character '}' looking for beginning of object key string. " +
				"Correct it; JSON has no comments and no trailing commas.",
		}},
		"cut off": {"{\n\"a\":\n", []string{
			"package.json:2: not valid JSON: unexpected end of JSON input. Correct it; JSON has no comments and no trailing commas.",
		}},
		"empty": {"", []string{
			"package.json:1: not valid JSON: unexpected end of JSON input. Correct it; JSON has no comments and no trailing commas.",
		}},
		"after blank lines": {"\n \r\n\n{\"name\": 5}", []string{"package.json:4: the name is a number, not a string. Put it in double quotes."}},
		"array":             {"[]", []string{`package.json:1: holds an array, not an object. Start from "{}", or let npm write the file.`}},
		"too large":         {strings.Repeat(" ", 1<<20) + "{}", []string{"package.json: cannot be read: it is larger than 1 MiB. Check that it is the file it should be."}},
		"too deep": {strings.Repeat(`{"a":`, 20_000), []string{
			"package.json:1: not valid JSON: invalid character '{' exceeded max depth. Correct it; JSON has no comments and no trailing commas.",
		}},
		"name with a space": {packageJSON(`"a b": "1"`), []string{
			`package.json:3: dependency "a b" cannot be a package's name: it has characters that are not safe in an address. Use the name the package has on npm.`,
		}},
		"empty name": {packageJSON(`"": "1"`), []string{
			`package.json:3: dependency "" cannot be a package's name: it is empty. Use the name the package has on npm.`,
		}},
		"scope alone": {packageJSON(`"@acme": "1"`), []string{
			`package.json:3: dependency "@acme" cannot be a package's name: a scope is written @scope/name, ` +
				`in letters, digits, dashes, dots and underscores. Use the name the package has on npm.`,
		}},
		"hidden name": {packageJSON(`"@acme/.b": "1"`), []string{
			`package.json:3: dependency "@acme/.b" cannot be a package's name: it begins with a dot or an underscore. Use the name the package has on npm.`,
		}},
		"climbing name": {packageJSON(`"../b": "1"`), []string{
			`package.json:3: dependency "../b" cannot be a package's name: it begins with a dot or an underscore. Use the name the package has on npm.`,
		}},
		"reserved name": {packageJSON(`"node_modules": "1"`), []string{
			`package.json:3: dependency "node_modules" cannot be a package's name: npm keeps that name for itself. Use the name the package has on npm.`,
		}},
		"long name": {packageJSON(`"` + strings.Repeat("a", 215) + `": "1"`), []string{
			`package.json:3: dependency "` + strings.Repeat("a", 215) + `" cannot be a package's name: ` +
				`it has 215 characters, and npm allows 214. Use the name the package has on npm.`,
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, mode := range []npm.Mode{npm.Locked, npm.Ranges} {
				_, _, err := npm.Read(files(map[string]string{"package.json": test.content}), ".", mode)
				wantProblems(t, err, test.want)
			}
		})
	}
}

// TestOddEnginesAreWarnedOf: npm itself reads only what it understands of them,
// and the Toolkit nothing.
func TestOddEnginesAreWarnedOf(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		`{"engines": ["node >= 0.8"]}`:   `package.json:1: "engines" is an array, not an object, and is not read. Write it as "engines": {"node": ">=22"}.`,
		"{\"engines\":\n{\"node\": 22}}": `package.json:2: engines.node is a number, not a string, and is not read. Put it in double quotes.`,
	} {
		for _, dependencies := range []string{"", `"dependencies": {"a": "file:a"}, `} {
			got, warnings, _ := npm.Read(files(map[string]string{"package.json": "{" + dependencies + content[1:]}), ".", npm.Locked)
			if got == nil || got.NodeRange != "" || got.NodeRangeLine != 0 {
				t.Errorf("%s: got %+v", content, got)
			}
			if diff := cmp.Diff(warnings.Error(), want); diff != "" {
				t.Errorf("%s: got (-) differs from want (+):\n%s", content, diff)
			}
		}
	}
}

// wantProblems compares an error, which must be a problem.List, with its lines.
func wantProblems(t *testing.T, err error, want []string) {
	t.Helper()
	list, ok := errors.AsType[problem.List](err)
	if !ok {
		t.Fatalf("got the error %v, which is no problem.List; want\n%s", err, strings.Join(want, "\n"))
	}
	var got []string
	for _, p := range list {
		got = append(got, p.Error())
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
}

func TestReadUnknownMode(t *testing.T) {
	t.Parallel()
	_, _, err := npm.Read(files(map[string]string{"package.json": packageJSON(`"a": "file:a"`)}), ".", "frozen")
	wantProblems(t, err, []string{
		`dependencies is "frozen", which is not a way to choose versions. Use "locked" or "ranges".`,
		`package.json:3: dependency "a" is "file:a"; Twilio installs public npm packages only. Publish it, or bundle it.`,
	})
}

func TestReadReturnsTheRestBesideBadDependencies(t *testing.T) {
	t.Parallel()
	const content = `{"name": "voice", "engines": {"node": "22"}, "dependencies": {"a": "file:a", "b": "^1.0.0"}}`
	for name, lock := range map[string]string{"dependency": `{"lockfileVersion": 3, "packages": {"": {}}}`, "lock": "<<<<<<<"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := npm.Read(files(map[string]string{"package.json": content, "package-lock.json": lock}), ".", npm.Locked)
			if err == nil {
				t.Error("no problem is reported")
			}
			want := &npm.Package{File: "package.json", Name: "voice", NodeRange: "22", NodeRangeLine: 1}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("got (-) differs from want (+):\n%s", diff)
			}
		})
	}
}

// deniedFS refuses to open one file.
type deniedFS struct {
	fstest.MapFS

	name string
}

func (f deniedFS) Open(name string) (fs.File, error) {
	if name == f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.Open(name)
}

func TestReadUnreadable(t *testing.T) {
	t.Parallel()
	content := map[string]string{"package.json": packageJSON(`"a": "1"`), "package-lock.json": "{}"}
	for _, name := range []string{"package.json", "package-lock.json"} {
		_, _, err := npm.Read(deniedFS{files(content), name}, ".", npm.Locked)
		wantProblems(t, err, []string{name + ": cannot be read: permission denied. Check the file and its permissions."})
	}
	folder := files(map[string]string{"package.json/x": ""})
	_, _, err := npm.Read(folder, ".", npm.Locked)
	wantProblems(t, err, []string{"package.json: cannot be read: it is not a regular file. Replace it with a file."})
}

func TestServiceName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "", "voice": "voice", "@acme/voice": "voice", "@acme": "@acme", "a/b": "a/b",
	} {
		if got := (&npm.Package{Name: name}).ServiceName(); got != want {
			t.Errorf("ServiceName of %q = %q, want %q", name, got, want)
		}
	}
}
