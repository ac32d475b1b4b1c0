package toolkit_test

import (
	"strings"
	"testing"
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
