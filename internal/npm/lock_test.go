package npm_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/npm"
)

// lockV3 is a lock of version 3 with these members of "packages", each on a line
// of its own from line 2 on.
func lockV3(packages ...string) string {
	return `{"lockfileVersion": 3, "packages": {` + "\n" + strings.Join(append([]string{`"": {}`}, packages...), ",\n") + "\n}}"
}

// lockV1 is a lock of version 1 with these members of "dependencies".
func lockV1(dependencies ...string) string {
	return `{"lockfileVersion": 1, "requires": true, "dependencies": {` + "\n" + strings.Join(dependencies, ",\n") + "\n}}"
}

func TestReadLocked(t *testing.T) {
	t.Parallel()
	one := packageJSON(`"lodash": "^4.17.0"`)
	lodash := func(version string) []npm.Dependency { return []npm.Dependency{{Name: "lodash", Version: version}} }
	tests := map[string]struct {
		files  map[string]string
		folder string
		want   []npm.Dependency
		lock   string
	}{
		"version 1": {
			map[string]string{"package-lock.json": lockV1(
				`"lodash": {"version": "4.17.20", "dependencies": {"lodash": {"version": "1.0.0"}}}`, `"other": 5`,
			)},
			".", lodash("4.17.20"), "package-lock.json",
		},
		"before lockfileVersion": {
			map[string]string{"npm-shrinkwrap.json": `{"dependencies": {"lodash": {"version": "4.17.20", "resolved": false}}}`},
			".", lodash("4.17.20"), "npm-shrinkwrap.json",
		},
		"version 2 has both, packages count": {
			map[string]string{"package-lock.json": `{"dependencies": {"lodash": {"version": "4.17.1"}}, "lockfileVersion": 2,
				"packages": {"": {}, "node_modules/a/node_modules/lodash": {"version": "3.0.0"}, "node_modules/lodash": {"version": "4.17.20"}}}`},
			".", lodash("4.17.20"), "package-lock.json",
		},
		"version 3": {
			map[string]string{"package-lock.json": "\ufeff" + lockV3(
				`"node_modules/lodash": {"version": "4.17.21", "resolved": "https://registry.npmjs.org/lodash/-/lodash-4.17.21.tgz"}`,
			)},
			".", lodash("4.17.21"), "package-lock.json",
		},
		"shrinkwrap wins": {
			map[string]string{
				"npm-shrinkwrap.json": lockV3(`"node_modules/lodash": {"version": "4.17.5"}`),
				"package-lock.json":   lockV3(`"node_modules/lodash": {"version": "4.17.21"}`),
			},
			".", lodash("4.17.5"), "npm-shrinkwrap.json",
		},
		"no lock": {nil, ".", lodash("^4.17.0"), ""},
		"workspace, hoisted": {
			map[string]string{"package-lock.json": lockV3(`"services/voice": {}`, `"node_modules/lodash": {"version": "4.17.7"}`)},
			"services/voice", lodash("4.17.7"), "package-lock.json",
		},
		"workspace, nested wins in any order": {
			map[string]string{"package-lock.json": lockV3(
				`"services/voice/node_modules/lodash": {"version": "4.17.9"}`, `"services/voice": {}`,
				`"services/node_modules/lodash": {"version": "4.17.8"}`, `"node_modules/lodash": {"version": "4.17.7"}`,
			)},
			"services/voice", lodash("4.17.9"), "package-lock.json",
		},
		"workspace, folder between": {
			map[string]string{"package-lock.json": lockV3(
				`"services/voice": {}`, `"node_modules/lodash": {"version": "4.17.7"}`,
				`"services/node_modules/lodash": {"version": "4.17.8"}`, `"services/chat/node_modules/lodash": {"version": "4.17.9"}`,
			)},
			"services/voice", lodash("4.17.8"), "package-lock.json",
		},
		"workspace in a folder of the repository": {
			map[string]string{
				"js/package.json": `{"workspaces": {"packages": ["./services/**"]}}`,
				"js/package-lock.json": lockV3(
					`"services/voice": {}`, `"services/voice/node_modules/lodash": {"version": "4.17.7"}`,
				),
			},
			"js/services/voice", lodash("4.17.7"), "js/package-lock.json",
		},
		"its own lock before that of a workspace it is not in": {
			map[string]string{
				"package.json":                     `{"workspaces": ["packages/*"], "dependencies": {"voice": "file:services/voice"}}`,
				"package-lock.json":                lockV3(`"services/voice": {}`, `"node_modules/lodash": {"version": "4.17.7"}`),
				"services/voice/package-lock.json": lockV3(`"node_modules/lodash": {"version": "4.17.6"}`),
			},
			"services/voice", lodash("4.17.6"), "services/voice/package-lock.json",
		},
		"its own lock before that of a workspace that takes it out": {
			map[string]string{
				"package.json":                     `{"workspaces": ["services/*", "!services/voice"]}`,
				"package-lock.json":                lockV3(`"services/voice": {}`, `"node_modules/lodash": {"version": "4.17.7"}`),
				"services/voice/package-lock.json": lockV3(`"node_modules/lodash": {"version": "4.17.6"}`),
			},
			"services/voice", lodash("4.17.6"), "services/voice/package-lock.json",
		},
		"its own lock before one that does not list it": {
			map[string]string{
				"package-lock.json":                lockV3(`"node_modules/lodash": {"version": "4.17.7"}`),
				"services/voice/package-lock.json": lockV3(`"node_modules/lodash": {"version": "4.17.6"}`),
			},
			"services/voice", lodash("4.17.6"), "services/voice/package-lock.json",
		},
		"a broken lock above that governs something else": {
			map[string]string{
				"package.json":               `{"workspaces": ["packages/*"]}`,
				"package-lock.json":          `{"lockfileVersion": 9}`,
				"services/package-lock.json": "<<<<<<<",
			},
			"services/voice", lodash("^4.17.0"), "",
		},
		"a broken package.json above": {
			map[string]string{"package.json": "{", "package-lock.json": "<<<<<<<"},
			"services/voice", lodash("^4.17.0"), "",
		},
		"the lock of something else above": {
			map[string]string{
				"package.json":      `{"workspaces": ["packages/*"]}`,
				"package-lock.json": lockV3(`"node_modules/lodash": {"version": "4.17.7"}`),
			},
			"services/voice", lodash("^4.17.0"), "",
		},
		"past the lock of something else": {
			map[string]string{
				"package-lock.json":          lockV3(`"services/voice": {}`, `"node_modules/lodash": {"version": "4.17.7"}`),
				"services/package-lock.json": lockV3(`"node_modules/lodash": {"version": "4.17.6"}`),
			},
			"services/voice", lodash("4.17.7"), "package-lock.json",
		},
		"a lock of version 1 above": {
			map[string]string{"package.json": `{}`, "package-lock.json": lockV1(`"lodash": {"version": "4.17.7"}`)},
			"services/voice", lodash("^4.17.0"), "",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := map[string]string{"package.json": `{"name": "root", "workspaces": ["services/*"]}`}
			maps.Copy(all, test.files)
			dir := strings.TrimPrefix(test.folder+"/", "./")
			all[dir+"package.json"] = one
			fsys := files(all)
			got, warnings, err := npm.Read(fsys, test.folder, npm.Locked)
			if err != nil || len(warnings) > 0 {
				t.Fatalf("warnings %v, error %v", warnings, err)
			}
			if diff := cmp.Diff(got.Dependencies, test.want); diff != "" {
				t.Errorf("got (-) differs from want (+):\n%s", diff)
			}
			if got.LockFile != test.lock {
				t.Errorf("got the lock file %q, want %q", got.LockFile, test.lock)
			}
			ranges, _, err := npm.Read(fsys, test.folder, npm.Ranges)
			if err != nil {
				t.Fatal(err)
			}
			if ranges.LockFile != "" || ranges.Dependencies[0].Version != "^4.17.0" {
				t.Errorf("mode ranges used a lock: %+v", ranges)
			}
		})
	}
}

// TestTheLockOfTheWorkspaceWins: npm 11 itself writes and reads the lock of the
// workspace's root, also when it runs in a member that has a lock of its own.
func TestTheLockOfTheWorkspaceWins(t *testing.T) {
	t.Parallel()
	for name, workspaces := range map[string]string{
		"by a pattern":           `["services/*"]`,
		"by its name":            `["./services/voice/"]`,
		"at any depth":           `["**"]`,
		"in braces":              `["{services,packages}/*"]`,
		"as yarn writes them":    `{"packages": ["services/v*"]}`,
		"taken out and in again": `["services/*", "!services/v*", "services/voice"]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys := files(map[string]string{
				"package.json":                     `{"workspaces": ` + workspaces + `}`,
				"package-lock.json":                lockV3(`"services/voice": {}`, `"node_modules/lodash": {"version": "4.17.7"}`),
				"services/voice/package.json":      packageJSON(`"lodash": "^4.17.0"`),
				"services/voice/package-lock.json": lockV3(`"node_modules/lodash": {"version": "4.17.6"}`),
			})
			got, warnings, err := npm.Read(fsys, "services/voice", npm.Locked)
			if err != nil {
				t.Fatal(err)
			}
			if want := []npm.Dependency{{Name: "lodash", Version: "4.17.7"}}; !cmp.Equal(got.Dependencies, want) {
				t.Errorf("got %v, want %v", got.Dependencies, want)
			}
			want := "services/voice/package-lock.json: is not used: the folder belongs to a workspace, whose package-lock.json governs it, as it does for npm. Delete it."
			if diff := cmp.Diff(warnings.Error(), want); diff != "" {
				t.Errorf("got (-) differs from want (+):\n%s", diff)
			}
		})
	}
}

func TestABrokenLockOfTheWorkspaceIsAProblem(t *testing.T) {
	t.Parallel()
	_, _, err := npm.Read(files(map[string]string{
		"package.json":                     `{"workspaces": ["services/*"]}`,
		"package-lock.json":                "<<<<<<<",
		"services/voice/package.json":      packageJSON(`"lodash": "^4.17.0"`),
		"services/voice/package-lock.json": lockV3(`"node_modules/lodash": {"version": "4.17.6"}`),
	}), "services/voice", npm.Locked)
	wantProblems(t, err, []string{
		"package-lock.json:1: not valid JSON: invalid character '<' looking for beginning of value. Remove what a merge has left in it, or delete it and run `npm install`.",
	})
}

func TestReadLockedSpecs(t *testing.T) {
	t.Parallel()
	lock := lockV3(
		`"node_modules/any": {"version": "2.0.0-rc.1"}`,
		`"node_modules/tag": {"version": "9.0.0-next.3"}`,
		`"node_modules/own": {"version": "1.2.3", "name": "own"}`,
		`"node_modules/@acme/scoped": {"version": "1.0.0"}`,
		`"node_modules/@twilio/runtime-handler": {"version": "2.0.3"}`,
		`"node_modules/pre": {"version": "1.2.3-beta.2"}`,
	)
	fsys := files(map[string]string{
		"package.json": packageJSON(`"any": ""`, `"tag": "next"`, `"own": "npm:own@^1"`, `"@acme/scoped": "x"`,
			`"@twilio/runtime-handler": "^2.0.0"`, `"pre": "^1.2.3-beta.1"`),
		"package-lock.json": lock,
	})
	got, _, err := npm.Read(fsys, ".", npm.Locked)
	if err != nil {
		t.Fatal(err)
	}
	want := []npm.Dependency{
		{Name: "@acme/scoped", Version: "1.0.0"},
		{Name: "@twilio/runtime-handler", Version: "2.0.3"},
		{Name: "any", Version: "2.0.0-rc.1"},
		{Name: "own", Version: "1.2.3"},
		{Name: "pre", Version: "1.2.3-beta.2"},
		{Name: "tag", Version: "9.0.0-next.3"},
	}
	if diff := cmp.Diff(got.Dependencies, want); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
}

func TestExactHandlerNeedsNoLock(t *testing.T) {
	t.Parallel()
	// Version 2.1.2 is known to the platform, but is not on npm.
	got, _, err := npm.Read(files(map[string]string{
		"package.json":      packageJSON(`"@twilio/runtime-handler": "2.1.2"`),
		"package-lock.json": lockV3(`"node_modules/@twilio/runtime-handler": {"version": "2.1.0"}`),
	}), ".", npm.Locked)
	if err != nil {
		t.Fatal(err)
	}
	if want := []npm.Dependency{{Name: npm.Handler, Version: "2.1.2"}}; !cmp.Equal(got.Dependencies, want) {
		t.Errorf("got %v, want %v", got.Dependencies, want)
	}
}

// TestTheHandlerThatTwilioRefusesIsWarnedOf: 2.1.0 is the newest on npm, and
// refused by the platform.
func TestTheHandlerThatTwilioRefusesIsWarnedOf(t *testing.T) {
	t.Parallel()
	const want = `package.json:3: Twilio refuses @twilio/runtime-handler 2.1.0, though npm has it. Write "2.0.1", or "2.1.2" for node24, which only Twilio has.`
	lock := lockV3(`"node_modules/@twilio/runtime-handler": {"version": "2.1.0"}`)
	for _, spec := range []string{"2.1.0", "^2.0.0"} {
		_, warnings, err := npm.Read(files(map[string]string{
			"package.json": packageJSON(`"@twilio/runtime-handler": "` + spec + `"`), "package-lock.json": lock,
		}), ".", npm.Locked)
		if err != nil || warnings.Error() != want {
			t.Errorf("%s: got the warnings %v and the error %v, want the warning %s", spec, warnings, err, want)
		}
	}
}

func TestReadLockProblems(t *testing.T) {
	t.Parallel()
	const refresh = ". Run `npm install` and commit the lock file, or choose dependencies: ranges."
	const publish = "; Twilio installs public npm packages only. Publish it, or bundle it."
	const repair = ". Remove what a merge has left in it, or delete it and run `npm install`."
	tests := map[string]struct {
		lock string
		want string
	}{
		"after blank lines": {"\n\n{\"lockfileVersion\": 4}", `package-lock.json:3: lockfileVersion is 4; known are 1, 2 and 3. Write it with a current npm, or choose dependencies: ranges.`},
		"missing":           {lockV3(), `package.json:3: dependency "a" is not in package-lock.json` + refresh},
		"missing in v1":     {lockV1(), `package.json:3: dependency "a" is not in package-lock.json` + refresh},
		"does not satisfy": {
			lockV3(`"node_modules/a": {"version": "2.0.0"}`),
			`package.json:3: dependency "a" is "^1.0.0", but package-lock.json has 2.0.0` + refresh,
		},
		"pre-release of a range without": {
			lockV1(`"a": {"version": "1.5.0-rc.1"}`),
			`package.json:3: dependency "a" is "^1.0.0", but package-lock.json has 1.5.0-rc.1` + refresh,
		},
		"not exact": {
			lockV3(`"node_modules/a": {"version": "^1.0.0"}`),
			`package.json:3: dependency "a" has the version "^1.0.0" in package-lock.json, which is not an exact version` + refresh,
		},
		"workspace package": {
			lockV3(`"packages/a": {"version": "1.0.0"}`, `"node_modules/a": {"resolved": "packages/a", "link": true}`),
			`package.json:3: dependency "a" is the workspace package "packages/a" in package-lock.json; Twilio installs public npm packages only. ` +
				`If it is published, choose dependencies: ranges; if not, publish it, or bundle it.`,
		},
		"alias": {
			lockV3(`"node_modules/a": {"version": "1.0.0", "name": "b"}`),
			`package.json:3: dependency "a" is an alias in package-lock.json; Twilio installs packages under their own names. ` +
				`Depend on the package's own name, and require it by that name.`,
		},
		"alias in v1": {
			lockV1(`"a": {"version": "npm:b@1.0.0"}`),
			`package.json:3: dependency "a" is an alias in package-lock.json; Twilio installs packages under their own names. ` +
				`Depend on the package's own name, and require it by that name.`,
		},
		"git": {
			lockV3(`"node_modules/a": {"version": "1.0.0", "resolved": "git+ssh://git@github.com/user/a.git#0123"}`),
			`package.json:3: dependency "a" is installed from "git+ssh://github.com/user/a.git#0123" according to package-lock.json` + publish,
		},
		"git in v1": {
			lockV1(`"a": {"version": "git+https://token@github.com/user/a.git#0123"}`),
			`package.json:3: dependency "a" is "git+https://github.com/user/a.git#0123" in package-lock.json` + publish,
		},
		"file": {
			lockV3(`"node_modules/a": {"version": "1.0.0", "resolved": "file:a-1.0.0.tgz"}`),
			`package.json:3: dependency "a" is installed from "file:a-1.0.0.tgz" according to package-lock.json` + publish,
		},
		"no version": {
			lockV3(`"node_modules/b": {}`, `"node_modules/a": {"version": 1}`),
			`package-lock.json:4: the entry "node_modules/a" has no version` + refresh,
		},
		"no object":       {lockV1(`"a": "1.0.0"`), `package-lock.json:2: the entry "a" is a string, not an object` + refresh},
		"later version":   {`{"lockfileVersion": 4}`, `package-lock.json:1: lockfileVersion is 4; known are 1, 2 and 3. Write it with a current npm, or choose dependencies: ranges.`},
		"strange version": {`{"lockfileVersion": "3"}`, `package-lock.json:1: lockfileVersion is "3"; known are 1, 2 and 3. Write it with a current npm, or choose dependencies: ranges.`},
		"merge conflict": {
			"{\n\"lockfileVersion\": 3,\n<<<<<<< HEAD\n",
			"package-lock.json:3: not valid JSON: invalid character '<' looking for beginning of object key string" + repair,
		},
		"no object at all": {"[]", "package-lock.json:1: holds an array, not an object" + repair},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := npm.Read(files(map[string]string{
				"package.json": packageJSON(`"a": "^1.0.0"`), "package-lock.json": test.lock,
			}), ".", npm.Locked)
			wantProblems(t, err, []string{test.want})
		})
	}
}

func TestExactVersionsNeedNoEntryInTheLock(t *testing.T) {
	t.Parallel()
	got, _, err := npm.Read(files(map[string]string{
		"package.json": packageJSON(`"a": "=v1.2.3"`), "package-lock.json": lockV3(),
	}), ".", npm.Locked)
	if err != nil {
		t.Fatal(err)
	}
	if want := []npm.Dependency{{Name: "a", Version: "1.2.3"}}; !cmp.Equal(got.Dependencies, want) {
		t.Errorf("got %v, want %v", got.Dependencies, want)
	}
}

func TestPrivateRegistriesAreWarnedOf(t *testing.T) {
	t.Parallel()
	_, warnings, err := npm.Read(files(map[string]string{
		"package.json": packageJSON(`"a": "1"`, `"b": "1"`, `"c": "1"`, `"d": "1"`, `"e": "1"`),
		"package-lock.json": lockV3(
			`"node_modules/a": {"version": "1.0.0", "resolved": "https://Registry.npmjs.org/a/-/a-1.0.0.tgz"}`,
			`"node_modules/b": {"version": "1.0.0", "resolved": "https://npm.acme.example/b/-/b-1.0.0.tgz?token=s3cret"}`,
			`"node_modules/c": {"version": "1.0.0", "resolved": "https://me:s3cret@npm.acme.example/c/-/c-1.0.0.tgz"}`,
			`"node_modules/d": {"version": "1.0.0", "resolved": "http://localhost:4873/d/-/d-1.0.0.tgz"}`,
			`"node_modules/e": {"version": "1.0.0", "resolved": "https://registry.yarnpkg.com/e/-/e-1.0.0.tgz"}`,
		),
	}), ".", npm.Locked)
	if err != nil {
		t.Fatal(err)
	}
	want := `package-lock.json:6: installed from "localhost", while Twilio installs from the public npm registry: d. Make sure that these versions are public.
package-lock.json:4: installed from "npm.acme.example", while Twilio installs from the public npm registry: b, c. Make sure that these versions are public.`
	if diff := cmp.Diff(warnings.Error(), want); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
}
