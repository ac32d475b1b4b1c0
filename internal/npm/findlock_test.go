package npm_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/npm"
)

// Locks in which "a" is of a version that tells them apart.
const (
	npmLockOfA  = `{"lockfileVersion": 3, "packages": {"": {}, "svc": {}, "node_modules/a": {"version": "1.0.1"}}}`
	pnpmLockOfA = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.0.2\n" +
		"  svc:\n    dependencies:\n      a: {specifier: ^1.0.0, version: 1.0.2}\n"
	yarnLockOfA  = "# yarn lockfile v1\n\na@^1.0.0:\n  version \"1.0.3\"\n"
	berryLockOfA = "__metadata:\n  version: 8\n\"a@npm:^1.0.0\":\n  version: 1.0.4\n  resolution: \"a@npm:1.0.4\"\n" +
		"\"svc@workspace:svc\":\n  version: 0\n  resolution: \"svc@workspace:svc\"\n  dependencies:\n    a: \"npm:^1.0.0\"\n" +
		"\"svc@workspace:.\":\n  version: 0\n  resolution: \"svc@workspace:.\"\n  dependencies:\n    a: \"npm:^1.0.0\"\n"
	bunLockOfA = `{"lockfileVersion": 1, "workspaces": {"": {}, "svc": {"name": "svc"},}, "packages": {"a": ["a@1.0.5", "", {}, ""],}}`
)

// TestSearchingForMembersEnds: patterns and paths are as long as somebody likes,
// and every one of them is held against every other.
func TestSearchingForMembersEnds(t *testing.T) {
	t.Parallel()
	pattern := `"` + strings.Repeat("**/", 100) + `x"`
	root := `{"workspaces": [` + strings.Repeat(pattern+",", 2_000) + `"svc"], "dependencies": {"a": "1"}}`
	fsys := files(map[string]string{"package.json": root, "yarn.lock": yarnLockOfA, "svc/package.json": packageJSON(`"a": "^1.0.0"`)})
	for i := range 3_000 {
		fsys[fmt.Sprintf("%d/%s/file", i, strings.Repeat("long/", 20))] = &fstest.MapFile{}
	}
	// What is bounded takes a second; what is not takes hours, and go test ends it.
	for _, folder := range []string{".", "svc"} {
		_, _, _ = npm.Read(fsys, folder, npm.Locked)
	}
}

// TestWhichLockCounts reads the project in svc.
func TestWhichLockCounts(t *testing.T) {
	t.Parallel()
	const (
		older = `. Delete the one that is not kept up to date, name its owner as "packageManager" in package.json, or choose dependencies: ranges.`
		root  = `{"workspaces": ["svc"]}`
	)
	tests := map[string]struct {
		files map[string]string
		// fields are more of the project's package.json.
		fields  string
		version string
		lock    string
		want    []string // the warnings
	}{
		"npm's alone":            {map[string]string{"svc/package-lock.json": npmLockOfA}, "", "1.0.1", "svc/package-lock.json", nil},
		"pnpm's alone":           {map[string]string{"svc/pnpm-lock.yaml": pnpmLockOfA}, "", "1.0.2", "svc/pnpm-lock.yaml", nil},
		"yarn's alone":           {map[string]string{"svc/yarn.lock": yarnLockOfA}, "", "1.0.3", "svc/yarn.lock", nil},
		"berry's alone":          {map[string]string{"svc/yarn.lock": berryLockOfA}, "", "1.0.4", "svc/yarn.lock", nil},
		"bun's alone":            {map[string]string{"svc/bun.lock": bunLockOfA}, "", "1.0.5", "svc/bun.lock", nil},
		"bun's beside its older": {map[string]string{"svc/bun.lock": bunLockOfA, "svc/bun.lockb": "\x00"}, "", "1.0.5", "svc/bun.lock", nil},
		"npm's before all others": {
			map[string]string{"svc/yarn.lock": yarnLockOfA, "svc/pnpm-lock.yaml": pnpmLockOfA, "svc/bun.lock": "", "svc/package-lock.json": npmLockOfA, "svc/bun.lockb": ""},
			"", "1.0.1", "svc/package-lock.json",
			[]string{
				"svc/pnpm-lock.yaml: is not read: the versions come from svc/package-lock.json beside it, which may be older" + older,
				"svc/yarn.lock: is not read: the versions come from svc/package-lock.json beside it, which may be older" + older,
				"svc/bun.lock: is not read: the versions come from svc/package-lock.json beside it, which may be older" + older,
				"svc/bun.lockb: is not read: the versions come from svc/package-lock.json beside it, which may be older" + older,
			},
		},
		"pnpm's before yarn's": {
			map[string]string{"svc/yarn.lock": yarnLockOfA, "svc/pnpm-lock.yaml": pnpmLockOfA},
			"", "1.0.2", "svc/pnpm-lock.yaml",
			[]string{
				"svc/yarn.lock: is not read: the versions come from svc/pnpm-lock.yaml beside it, which may be older" + older,
			},
		},
		"packageManager decides": {
			map[string]string{"svc/yarn.lock": yarnLockOfA, "svc/package-lock.json": npmLockOfA},
			`"packageManager": "yarn@1.22.22+sha512.abc", `, "1.0.3", "svc/yarn.lock", nil,
		},
		"the one of the root decides": {
			map[string]string{"package.json": `{"packageManager": "bun@1.3.0"}`, "svc/bun.lock": bunLockOfA, "svc/package-lock.json": npmLockOfA},
			"", "1.0.5", "svc/bun.lock", nil,
		},
		"the nearest decides": {
			map[string]string{"package.json": `{"packageManager": "bun@1.3.0"}`, "svc/bun.lock": bunLockOfA, "svc/package-lock.json": npmLockOfA},
			`"packageManager": "npm@11.0.0", `, "1.0.1", "svc/package-lock.json", nil,
		},
		"devEngines decides": {
			map[string]string{"svc/pnpm-lock.yaml": pnpmLockOfA, "svc/package-lock.json": npmLockOfA},
			`"devEngines": {"packageManager": {"name": "pnpm", "version": "9"}}, `, "1.0.2", "svc/pnpm-lock.yaml", nil,
		},
		"the first of devEngines decides": {
			map[string]string{"svc/pnpm-lock.yaml": pnpmLockOfA, "svc/package-lock.json": npmLockOfA},
			`"devEngines": {"packageManager": [{"name": "pnpm"}, {"name": "npm"}]}, `, "1.0.2", "svc/pnpm-lock.yaml", nil,
		},
		"an unknown one decides nothing": {
			map[string]string{"svc/yarn.lock": yarnLockOfA}, `"packageManager": "deno@2", `, "1.0.3", "svc/yarn.lock", nil,
		},
		"the one that is named has no lock": {
			map[string]string{"svc/package-lock.json": npmLockOfA}, `"packageManager": "pnpm@9.1.0", `, "1.0.1", "svc/package-lock.json", []string{
				`svc/package.json:1: the package manager is "pnpm", but the versions come from svc/package-lock.json. ` +
					`Commit the lock file of pnpm and delete that one, or correct the package manager.`,
			},
		},
		"of yarn's workspace":   {map[string]string{"package.json": root, "yarn.lock": yarnLockOfA}, "", "1.0.3", "yarn.lock", nil},
		"of berry's workspace":  {map[string]string{"yarn.lock": berryLockOfA}, "", "1.0.4", "yarn.lock", nil},
		"of bun's workspace":    {map[string]string{"package.json": root, "bun.lock": bunLockOfA}, "", "1.0.5", "bun.lock", nil},
		"of pnpm's workspace":   {map[string]string{"pnpm-workspace.yaml": "packages: [s*]", "pnpm-lock.yaml": pnpmLockOfA}, "", "1.0.2", "pnpm-lock.yaml", nil},
		"pnpm's, listed only":   {map[string]string{"pnpm-lock.yaml": pnpmLockOfA}, "", "1.0.2", "pnpm-lock.yaml", nil},
		"of another workspace":  {map[string]string{"package.json": `{"workspaces": ["web"]}`, "yarn.lock": yarnLockOfA}, "", "^1.0.0", "", nil},
		"of no workspace":       {map[string]string{"package.json": `{}`, "yarn.lock": yarnLockOfA}, "", "^1.0.0", "", nil},
		"the second lists it":   {map[string]string{"package-lock.json": `{"packages": {}}`, "pnpm-lock.yaml": pnpmLockOfA}, "", "1.0.2", "pnpm-lock.yaml", []string{"package-lock.json: is not read: the versions come from pnpm-lock.yaml beside it, which may be older" + older}},
		"its own before pnpm's": {map[string]string{"svc/yarn.lock": yarnLockOfA, "pnpm-lock.yaml": pnpmLockOfA}, "", "1.0.3", "svc/yarn.lock", nil},
		"pnpm's workspace takes it out": {
			map[string]string{"svc/yarn.lock": yarnLockOfA, "pnpm-workspace.yaml": "packages: ['!svc', '**']", "pnpm-lock.yaml": pnpmLockOfA},
			"", "1.0.3", "svc/yarn.lock", nil,
		},
		"the workspace's before its own": {
			map[string]string{"pnpm-workspace.yaml": "packages: ['**']", "pnpm-lock.yaml": pnpmLockOfA, "svc/package-lock.json": npmLockOfA},
			"", "1.0.2", "pnpm-lock.yaml",
			[]string{
				"svc/package-lock.json: is not used: the folder belongs to a workspace, whose pnpm-lock.yaml governs it, as it does for pnpm. Delete it.",
			},
		},
		"its own, of the one that is named": {
			map[string]string{"pnpm-workspace.yaml": "packages: ['**']", "pnpm-lock.yaml": pnpmLockOfA, "svc/package-lock.json": npmLockOfA},
			`"packageManager": "npm@11.0.0", `, "1.0.1", "svc/package-lock.json", nil,
		},
		// yarn 2 and later take a folder with a yarn.lock for a project of its own.
		"berry's own before that of the workspace": {
			map[string]string{"package.json": root, "yarn.lock": yarnLockOfA, "svc/yarn.lock": berryLockOfA}, "", "1.0.4", "svc/yarn.lock", nil,
		},
		"one that does not list a member": {
			map[string]string{"package.json": root, "bun.lock": `{"lockfileVersion": 1, "workspaces": {"": {}}, "packages": {}}`},
			"", "^1.0.0", "",
			[]string{
				"bun.lock: does not list svc, a member of its workspace, so the ranges of package.json are used. " +
					"Run `bun install` and commit the lock file, or choose dependencies: ranges.",
			},
		},
		"its own, which does not list it": {
			map[string]string{"svc/bun.lock": `{"lockfileVersion": 1, "workspaces": {"web": {}}, "packages": {}}`}, "", "^1.0.0", "", []string{
				"svc/bun.lock: does not list the project beside it, so the ranges of package.json are used. " +
					"Run `bun install` and commit the lock file, or choose dependencies: ranges.",
			},
		},
		"its own of berry, which is empty": {
			map[string]string{"svc/yarn.lock": "__metadata:\n  version: 8\n"}, "", "^1.0.0", "", []string{
				"svc/yarn.lock: does not list the project beside it, so the ranges of package.json are used. " +
					"Run `yarn install` and commit the lock file, or choose dependencies: ranges.",
			},
		},
		"the second of its own lists it": {
			map[string]string{"svc/pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters: {}\n", "svc/yarn.lock": yarnLockOfA}, "", "1.0.3", "svc/yarn.lock", []string{
				"svc/pnpm-lock.yaml: is not read: the versions come from svc/yarn.lock beside it, which may be older" + older,
			},
		},
		"its own does not list it, that above does": {
			map[string]string{"svc/yarn.lock": "__metadata:\n  version: 8\n", "pnpm-lock.yaml": pnpmLockOfA}, "", "1.0.2", "pnpm-lock.yaml", nil,
		},
		"a binary one": {
			map[string]string{"svc/bun.lockb": "\x00"}, "", "^1.0.0", "", []string{
				"svc/bun.lockb: is binary and not read, so the ranges of package.json are used. " +
					"Run `bun install --save-text-lockfile --frozen-lockfile --lockfile-only`, commit bun.lock and delete this one, or choose dependencies: ranges.",
			},
		},
		"a binary one of the workspace": {
			map[string]string{"package.json": root, "bun.lockb": "\x00"}, "", "^1.0.0", "", []string{
				"bun.lockb: is binary and not read, so the ranges of package.json are used. " +
					"Run `bun install --save-text-lockfile --frozen-lockfile --lockfile-only`, commit bun.lock and delete this one, or choose dependencies: ranges.",
			},
		},
		"a binary one of something else": {map[string]string{"bun.lockb": "\x00"}, "", "^1.0.0", "", nil},
		"broken ones of something else": {
			map[string]string{"package.json": `{}`, "yarn.lock": "__metadata: 1", "pnpm-lock.yaml": "[", "bun.lock": "{", "pnpm-workspace.yaml": "["},
			"", "^1.0.0", "", nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := map[string]string{"svc/package.json": `{` + test.fields + `"name": "svc", "dependencies": {"a": "^1.0.0"}}`}
			maps.Copy(all, test.files)
			got, warnings, err := npm.Read(files(all), "svc", npm.Locked)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.Dependencies, []npm.Dependency{{Name: "a", Version: test.version}}); diff != "" {
				t.Errorf("got (-) differs from want (+):\n%s", diff)
			}
			if got.LockFile != test.lock {
				t.Errorf("got the lock file %q, want %q", got.LockFile, test.lock)
			}
			if diff := cmp.Diff(warnings.Error(), strings.Join(test.want, "\n")); diff != "" {
				t.Errorf("warnings: got (-) differs from want (+):\n%s", diff)
			}
			if _, warnings, err := npm.Read(files(all), "svc", npm.Ranges); err != nil || len(warnings) > 0 {
				t.Errorf("mode ranges: warnings %v, error %v", warnings, err)
			}
		})
	}
}
