package toolkit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/toolkit"
)

func TestReadFindsTheFile(t *testing.T) {
	t.Parallel()
	const json = `{"runtime": "node22"}`
	want := func(file string) []string { return []string{"runtime=node22 " + file + ":1"} }
	tests := map[string]reading{
		"none":                    {files: map[string]string{"package.json": `{"name": "a"}`}},
		"JSON5":                   {files: map[string]string{rc: "{runtime: 'node22',}"}, want: want(rc)},
		"YAML without an ending":  {files: map[string]string{rc: "runtime: node22"}, want: want(rc)},
		"a comment of YAML first": {files: map[string]string{rc: "# settings\nruntime: node22"}, want: []string{"runtime=node22 .twilioserverlessrc:2"}},
		".json is JSON5":          {files: map[string]string{rc + ".json": "// settings\n{runtime: 'node22'}"}, want: []string{"runtime=node22 .twilioserverlessrc.json:2"}},
		".yaml":                   {files: map[string]string{rc + ".yaml": "runtime: node22"}, want: want(rc + ".yaml")},
		".yml":                    {files: map[string]string{rc + ".yml": json}, want: want(rc + ".yml")},
		".config":                 {files: map[string]string{".config/twilioserverlessrc.yml": json}, want: want(".config/twilioserverlessrc.yml")},
		"package.json": {
			files: map[string]string{"package.json": "{\n\"twilioserverless\": {\n\"runtime\": \"node22\"}}"},
			want:  []string{"runtime=node22 package.json:3"},
		},
		"the first in the Toolkit's order": {
			files: map[string]string{rc + ".yml": "runtime: other", rc + ".json": json, rc + ".js": "module.exports = {}"},
			want:  want(rc + ".json"),
		},
		"package.json comes first": {
			files: map[string]string{"package.json": `{"twilioserverless": {"runtime": "node22"}}`, rc: `{"runtime": "other"}`},
			want:  want("package.json"),
		},
		"a package.json that is broken is passed over": {files: map[string]string{"package.json": "{", rc: json}, want: want(rc)},
		"an empty one is passed over":                  {files: map[string]string{rc: " \n", rc + ".json": "null", rc + ".yaml": "# nothing", rc + ".yml": json}, want: want(rc + ".yml")},
		"one that is a folder is passed over":          {files: map[string]string{rc + "/a": "", rc + ".json": json}, want: want(rc + ".json")},
		"the nearest folder above":                     {folder: "a/b", files: map[string]string{rc: `{"runtime": "other"}`, "a/" + rc + ".yml": json}, want: want("a/" + rc + ".yml")},
		"the root":                                     {folder: "a/b", files: map[string]string{rc: json}, want: want(rc)},
		"a folder beside it":                           {folder: "a", files: map[string]string{"b/" + rc: json}},
		"JavaScript": {
			folder: "a", files: map[string]string{"a/" + rc + ".js": "module.exports = {}", rc: json},
			want: []string{"problem a/.twilioserverlessrc.js: holds settings as a program, and Slipway runs no code of a repository. " +
				"Write them as JSON into a/.twilioserverlessrc, which the Toolkit reads first, too."},
		},
		"CommonJS": {
			files: map[string]string{"twilioserverless.config.cjs": "module.exports = {}"},
			want: []string{"problem twilioserverless.config.cjs: holds settings as a program, and Slipway runs no code of a repository. " +
				"Write them as JSON into .twilioserverlessrc, which the Toolkit reads first, too."},
		},
		"broken JSON5": {
			files: map[string]string{rc: "{\n\"runtime\": \"node22\"\n\"env\": \".env\"}", rc + ".json": json},
			want:  []string{`problem .twilioserverlessrc:3: is not valid JSON5: there is '"' where a comma should be. Correct it.`},
		},
		"broken YAML": {
			files: map[string]string{rc + ".yml": "environments:\n  *:\n    env: .env\n"},
			want:  []string{`problem .twilioserverlessrc.yml:2: is not valid YAML: did not find expected alphabetic or numeric character. Correct it; the name "*" needs quotes.`},
		},
		"a list": {
			files: map[string]string{rc: "\n- runtime"},
			want:  []string{`problem .twilioserverlessrc:2: holds a list, and settings are a mapping. Start from "{}".`},
		},
		"too large": {
			files: map[string]string{rc: "{}" + strings.Repeat(" ", 1<<20)},
			want:  []string{"problem .twilioserverlessrc: cannot be read: it is larger than 1 MiB. Check the file and its permissions."},
		},
		"package.json with what is no mapping": {
			files: map[string]string{"package.json": "{\"name\": \"a\",\n\"twilioserverless\": \"node22\"}", rc: json},
			want:  []string{`problem package.json:2: twilioserverless is text, and must be a mapping. Start from "{}".`},
		},
		"package.json with null":              {files: map[string]string{"package.json": `{"twilioserverless": null}`, rc: json}, want: want(rc)},
		"a broken package.json without a key": {folder: "a", files: map[string]string{"package.json": "{", "a/b": "", rc: json}, want: want(rc)},
		"a broken package.json above": {
			folder: "a", files: map[string]string{"package.json": "{\n\"twilioserverless\" {}}", "a/b": "", rc: json},
			want: []string{`problem package.json:2: is not valid JSON: there is '{' where "twilioserverless" should have a colon. Correct it.`},
		},
		"a byte order mark is nothing": {files: map[string]string{rc + ".json": "\ufeff\n", rc + ".yaml": "\ufeffruntime: node22"}, want: want(rc + ".yaml")},
		"before version 3": {
			files: map[string]string{".twilio-functions": "{}"},
			want: []string{"warning .twilio-functions: is of a Toolkit before version 3, and neither Slipway nor today's Toolkit reads it. " +
				"Move what still holds into .twilioserverlessrc, and remove it."},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { t.Parallel(); test.check(t) })
	}
}

// TestReadOnDisk reads what a map of files cannot hold.
func TestReadOnDisk(t *testing.T) {
	t.Parallel()
	const json = `{"runtime": "node22"}`
	broken := func(file, reason string) []string {
		return []string{"problem " + file + ": is a link that cannot be followed: " + reason + ". Replace it with the file itself, or remove it."}
	}
	tests := map[string]struct {
		files, links map[string]string
		want         []string
	}{
		".config is a file":            {files: map[string]string{".config": "x", "README": ""}},
		".config leads out":            {links: map[string]string{".config": "../outside"}},
		".config leads to nothing":     {links: map[string]string{".config": "nowhere"}},
		".config leads to a folder":    {files: map[string]string{"conf/twilioserverlessrc": json}, links: map[string]string{".config": "conf"}, want: []string{"runtime=node22 .config/twilioserverlessrc:1"}},
		"a link to a file":             {files: map[string]string{"conf": json}, links: map[string]string{rc: "conf"}, want: []string{"runtime=node22 .twilioserverlessrc:1"}},
		"a link to nothing":            {files: map[string]string{rc + ".json": json}, links: map[string]string{rc: "nowhere"}, want: []string{"runtime=node22 .twilioserverlessrc.json:1"}},
		"a link out of the repository": {files: map[string]string{rc + ".json": json}, links: map[string]string{rc: "../outside/twilioserverlessrc"}, want: broken(rc, "path escapes from parent")},
		"an absolute link":             {links: map[string]string{rc: "/dev/null"}, want: broken(rc, "path escapes from parent")},
		"a link to itself":             {links: map[string]string{rc: rc}, want: broken(rc, "too many levels of symbolic links")},
		"a link of package.json":       {files: map[string]string{rc: json}, links: map[string]string{"package.json": "../outside/package.json"}, want: []string{"runtime=node22 .twilioserverlessrc:1"}},
		".twiliodeployinfo leads out":  {links: map[string]string{info: "../outside/info"}, want: []string{"warning .twiliodeployinfo: is passed over: path escapes from parent. Check that it is what the Toolkit writes, or remove it."}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			files := map[string]string{
				"outside/twilioserverlessrc": `{"runtime": "outside"}`, "outside/info": "{}",
				"outside/package.json": `{"twilioserverless": {"runtime": "outside"}}`, "repository/README": "",
			}
			for name, text := range test.files {
				files["repository/"+name] = text
			}
			for name, text := range files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(top, name)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for name, target := range test.links {
				if err := os.Symlink(target, filepath.Join(top, "repository", name)); err != nil {
					t.Fatal(err)
				}
			}
			root, err := os.OpenRoot(filepath.Join(top, "repository"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = root.Close() })
			if diff := cmp.Diff(shown(toolkit.Read(root.FS(), toolkit.Question{Folder: ".", Values: values(nil)})), test.want); diff != "" {
				t.Errorf("got (-) differs from want (+):\n%s", diff)
			}
		})
	}
}
