package npm_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/npm"
)

// TestCatalogs reads the project in svc, whose line 3 depends on "a".
func TestCatalogs(t *testing.T) {
	t.Parallel()
	const (
		workspace = "packages: [svc]\ncatalog:\n  a: ^1.0.0\n  b: 1\ncatalogs:\n  old:\n    a: ^0.9.0\n"
		pnpmHead  = "lockfileVersion: '9.0'\nimporters:\n  svc:\n    dependencies:\n      a:\n        specifier: "
	)
	none := func(spec string) string {
		return `svc/package.json:3: dependency "a" is "` + spec + `", and no catalog of that name has it. ` +
			`Add it to the catalog of the workspace, or write the range here.`
	}
	tests := map[string]struct {
		spec  string
		files map[string]string
		mode  npm.Mode
		// want is the version, or the only Problem.
		want, problem string
	}{
		"pnpm's range":                 {"catalog:", map[string]string{"pnpm-workspace.yaml": workspace}, npm.Ranges, "^1.0.0", ""},
		"pnpm's range, by name":        {"catalog:old", map[string]string{"pnpm-workspace.yaml": workspace}, npm.Ranges, "^0.9.0", ""},
		"pnpm's range, default":        {" catalog:default ", map[string]string{"pnpm-workspace.yaml": workspace}, npm.Ranges, "^1.0.0", ""},
		"pnpm's, in catalogs":          {"catalog:", map[string]string{"pnpm-workspace.yaml": "catalogs: {default: {a: ^2}}"}, npm.Ranges, "^2", ""},
		"without a lock":               {"catalog:", map[string]string{"pnpm-workspace.yaml": workspace}, npm.Locked, "^1.0.0", ""},
		"yarn's range":                 {"catalog:old", map[string]string{".yarnrc.yml": workspace}, npm.Ranges, "^0.9.0", ""},
		"bun's range":                  {"catalog:", map[string]string{"package.json": `{"workspaces": {"catalog": {"a": "^1.1.0"}}}`}, npm.Ranges, "^1.1.0", ""},
		"bun's range at the top":       {"catalog:old", map[string]string{"package.json": `{"catalogs": {"old": {"a": "^1.1.0"}}}`}, npm.Ranges, "^1.1.0", ""},
		"the nearest":                  {"catalog:", map[string]string{"pnpm-workspace.yaml": workspace, "svc/pnpm-workspace.yaml": "catalog: {a: 3.0.0}"}, npm.Ranges, "3.0.0", ""},
		"past one without":             {"catalog:", map[string]string{"pnpm-workspace.yaml": workspace, "svc/pnpm-workspace.yaml": ""}, npm.Ranges, "^1.0.0", ""},
		"no catalog":                   {"catalog:", nil, npm.Ranges, "", none("catalog:")},
		"no such catalog":              {"catalog:new", map[string]string{"pnpm-workspace.yaml": workspace}, npm.Locked, "", none("catalog:new")},
		"not in the catalog":           {"catalog:", map[string]string{"pnpm-workspace.yaml": "catalog: {b: 1}"}, npm.Locked, "", none("catalog:")},
		"locked":                       {"catalog:", map[string]string{"pnpm-workspace.yaml": workspace, "pnpm-lock.yaml": pnpmHead + "'catalog:'\n        version: 1.2.3\n"}, npm.Locked, "1.2.3", ""},
		"locked, the lock's own range": {"catalog:", map[string]string{"pnpm-lock.yaml": "catalogs: {default: {a: {specifier: ^1.0.0, version: 1.2.3}}}\n" + pnpmHead + "'catalog:'\n        version: 1.2.3\n"}, npm.Locked, "1.2.3", ""},
		"does not fit": {
			"catalog:old",
			map[string]string{"pnpm-workspace.yaml": workspace, "pnpm-lock.yaml": pnpmHead + "catalog:old\n        version: 1.2.3\n"},
			npm.Locked,
			"", `svc/package.json:3: dependency "a" is "catalog:old" ("^0.9.0"), but pnpm-lock.yaml has 1.2.3` + fix("pnpm"),
		},
		"a folder": {
			"catalog:",
			map[string]string{"pnpm-workspace.yaml": "catalog: {a: 'file:x'}"},
			npm.Ranges,
			"", `svc/package.json:3: dependency "a" is "catalog:" ("file:x")` + publicOnly,
		},
		"an alias": {
			"catalog:",
			map[string]string{"pnpm-workspace.yaml": "catalog: {a: 'npm:b@1'}"},
			npm.Ranges,
			"", `svc/package.json:3: dependency "a" is an alias of "b"; Twilio installs packages under their own names. Depend on "b", and require it by that name.`,
		},
		"a broken file": {"catalog:", map[string]string{"pnpm-workspace.yaml": "a\nb: c: d"}, npm.Ranges, "", `pnpm-workspace.yaml:2: not valid YAML: mapping values are not allowed in this context. Correct it.`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := map[string]string{"svc/package.json": packageJSON(`"a": "` + test.spec + `"`)}
			maps.Copy(all, test.files)
			got, _, err := npm.Read(files(all), "svc", test.mode)
			if test.problem != "" {
				wantProblems(t, err, []string{test.problem})
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.Dependencies, []npm.Dependency{{Name: "a", Version: test.want}}); diff != "" {
				t.Errorf("got (-) differs from want (+):\n%s", diff)
			}
		})
	}
}
