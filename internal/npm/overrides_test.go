package npm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/npm"
)

// TestOverridesOfNPM reads the project @acme/svc, whose line 3 depends on "a", in
// a workspace with these overrides.
func TestOverridesOfNPM(t *testing.T) {
	t.Parallel()
	stale := `svc/package.json:3: dependency "a" is "^1.0.0", but package-lock.json has 2.0.0` + fix("npm")
	forced := func(spec, version string) string {
		return `svc/package.json:3: dependency "a" is "^1.0.0", which is overridden by "` + spec + `", but package-lock.json has ` + version + fix("npm")
	}
	tests := map[string]struct {
		// fields are those of the root's package.json.
		fields string
		locked string
		// want is the version, or the only Problem.
		want, problem string
	}{
		"for all":                      {`"overrides": {"b": "1", "a": "2.0.0"}`, "2.0.0", "2.0.0", ""},
		"with what it depends on":      {`"overrides": {"a": {"b": "1", ".": "2.0.0"}}`, "2.0.0", "2.0.0", ""},
		"what it depends on alone":     {`"overrides": {"a": {"b": "2.0.0"}}`, "2.0.0", "", stale},
		"for a range":                  {`"overrides": {"a@1.2": "2.0.0"}`, "2.0.0", "2.0.0", ""},
		"for another range":            {`"overrides": {"a@^0.9 || 2": "2.0.0"}`, "2.0.0", "", stale},
		"for two ranges":               {`"overrides": {"a@2": "3.0.0", "a@>1.9": "2.0.0"}`, "2.0.0", "2.0.0", ""},
		"in the project":               {`"overrides": {"a": "3.0.0", "@acme/svc": {"a": "2.0.0"}}`, "2.0.0", "2.0.0", ""},
		"in a version of it":           {`"overrides": {"@acme/svc@5": {"a": "2.0.0"}}`, "2.0.0", "2.0.0", ""},
		"in another version of it":     {`"overrides": {"@acme/svc@4": {"a": "2.0.0"}}`, "2.0.0", "", stale},
		"in another package":           {`"overrides": {"svc": {"a": "2.0.0"}}`, "2.0.0", "", stale},
		"as the root has it":           {`"overrides": {"a": "$a"}, "dependencies": {"a": "2.0.0"}`, "2.0.0", "2.0.0", ""},
		"as the root has another":      {`"overrides": {"a": "$b"}, "dependencies": {"a": "1"}, "devDependencies": {"b": "2"}`, "2.0.0", "2.0.0", ""},
		"as the root does not have it": {`"overrides": {"a": "$a"}`, "2.0.0", "", stale},
		"none":                         {`"overrides": []`, "2.0.0", "", stale},
		"newer than the lock":          {`"overrides": {"a": "^3.0.0"}`, "2.0.0", "", forced("^3.0.0", "2.0.0")},
		"newer than the lock, in it":   {`"overrides": {"a": "1.2.4"}`, "1.2.3", "", forced("1.2.4", "1.2.3")},
		"to an address": {
			`"overrides": {"a": "https://me:s3cret@acme.example/a.tgz"}`, "2.0.0",
			"", `svc/package.json:3: dependency "a" is overridden by "https://acme.example/a.tgz"` + publicOnly,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := npm.Read(files(map[string]string{
				"package.json":      `{"workspaces": ["svc"], ` + test.fields + `}`,
				"package-lock.json": lockV3(`"svc": {}`, `"node_modules/a": {"version": "`+test.locked+`"}`),
				"svc/package.json":  "{\"name\": \"@acme/svc\", \"version\": \"5.0.0\",\n\"dependencies\": {\n\"a\": \"^1.0.0\"}}",
			}), "svc", npm.Locked)
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

// TestNPMDoesNotOverrideTheRootsOwn: npm itself refuses to install then.
func TestNPMDoesNotOverrideTheRootsOwn(t *testing.T) {
	t.Parallel()
	_, _, err := npm.Read(files(map[string]string{
		"package.json":      "{\"overrides\": {\"a\": \"2.0.0\"},\n\"dependencies\": {\n\"a\": \"^1.0.0\"}}",
		"package-lock.json": lockV3(`"node_modules/a": {"version": "2.0.0"}`),
	}), ".", npm.Locked)
	wantProblems(t, err, []string{`package.json:3: dependency "a" is "^1.0.0", but package-lock.json has 2.0.0` + fix("npm")})
}

// TestADependencyInTwoGroups: the managers differ on which counts, and no install
// makes the lock fit.
func TestADependencyInTwoGroups(t *testing.T) {
	t.Parallel()
	content := func(group, spec string) string {
		return "{\"" + group + "\": {\"a\": \"" + spec + "\"},\n\"dependencies\": {\n\"a\": \"^1.0.0\"}}"
	}
	for name, test := range map[string]struct{ file, lock, group, want string }{
		"npm, optional": {
			"package-lock.json", lockV3(`"node_modules/a": {"version": "2.0.0"}`), "optionalDependencies",
			`package.json:3: dependency "a" is "^1.0.0", but package-lock.json has 2.0.0`,
		},
		"yarn, development": {
			"yarn.lock", "a@^2.0.0:\n  version \"2.0.0\"\n", "devDependencies",
			`package.json:3: dependency "a" is "^1.0.0", but yarn.lock has it for "^2.0.0"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := func(spec string) error {
				_, _, err := npm.Read(files(map[string]string{"package.json": content(test.group, spec), test.file: test.lock}), ".", npm.Locked)
				return err
			}
			wantProblems(t, read("^2.0.0"), []string{test.want + `. It is in "` + test.group + `" too, as "^2.0.0": keep one of the two.`})
			manager := map[string]string{"package-lock.json": "npm", "yarn.lock": "yarn"}[test.file]
			wantProblems(t, read("^1.0.0"), []string{test.want + fix(manager)})
		})
	}
}
