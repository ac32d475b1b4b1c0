package npm_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/Masterminds/semver/v3"

	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/problem"
)

// checkRead holds what is true of every answer of Read.
func checkRead(t *testing.T, found *npm.Package, warnings problem.List, err error) {
	t.Helper()
	if err != nil {
		list, ok := errors.AsType[problem.List](err)
		if !ok || len(list) == 0 {
			t.Fatalf("the error is no problem.List: %v", err)
		}
		for _, p := range list {
			if isMore := strings.HasPrefix(p.Message, "there are more"); p.Message == "" || p.Fix == "" || p.Line < 0 || p.File == "" && !isMore {
				t.Errorf("a Problem without a place, or empty: %+v", p)
			}
			checkPrintable(t, p)
		}
		return
	}
	for _, p := range warnings {
		if p.File == "" || p.Line < 0 || p.Message == "" {
			t.Errorf("a warning without a place: %+v", p)
		}
		checkPrintable(t, p)
	}
	if !slices.IsSortedFunc(found.Dependencies, func(a, b npm.Dependency) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("not sorted: %v", found.Dependencies)
	}
	for _, dependency := range found.Dependencies {
		if dependency.Name == "" || dependency.Version == "" {
			t.Errorf("an empty dependency: %+v", dependency)
		}
		if strings.ContainsAny(dependency.Version, `/\:`) {
			t.Errorf("%q cannot come from the registry", dependency)
		}
		if _, err := semver.StrictNewVersion(dependency.Version); err != nil && (found.LockFile != "" || dependency.Name == npm.Handler) {
			t.Errorf("%q is not exact", dependency)
		}
	}
}

// checkPrintable: a Problem is one line, and drives no terminal.
func checkPrintable(t *testing.T, p *problem.Problem) {
	t.Helper()
	if text := p.Error(); !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("it is not one printable line: %q", text)
	}
}

func FuzzReadPackage(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"name":"@a/b","engines":{"node":">=22"},"dependencies":{"a":"^1","b":"file:b"}}`,
		"\ufeff{\n\"dependencies\": {\"a\": 1}}", `{"dependencies":[]}`, `{"devDependencies":{"@twilio/runtime-handler":"1"}}`,
		`{"dependencies":{"@twilio/runtime-handler":"=v2.0.1"}}`, `{"dependencies":{"a":"npm:a@npm:b"}}`, `{"a":`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, warnings, err := npm.Read(files(map[string]string{"package.json": string(data)}), ".", npm.Ranges)
		checkRead(t, found, warnings, err)
	})
}

func FuzzReadLock(f *testing.F) {
	for _, seed := range []string{
		lockV1(`"a": {"version": "1.2.3"}`, `"b": {"version": "npm:c@1.0.0"}`, `"@twilio/runtime-handler": {"version": "2.0.1"}`),
		`{"lockfileVersion": 2, "packages": {"": {}, "node_modules/a": {"version": "1.2.3"}}, "dependencies": {"a": {"version": "1"}}}`,
		lockV3(`"services/voice": {}`, `"node_modules/a": {"version": "1.2.3", "resolved": "https://npm.acme.example/a.tgz"}`,
			`"node_modules/b": {"version": "2.0.0"}`, `"services/voice/node_modules/@twilio/runtime-handler": {"version": "2.0.1"}`),
		lockV3(`"node_modules/a": {"link": true}`, `"node_modules/b": {"version": "1.0.0", "name": "c"}`),
		`{"lockfileVersion": 9}`, `{`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	for _, one := range recordings(f) {
		if one.kind == "npm" {
			f.Add(one.fsys["package-lock.json"].Data)
		}
	}
	content := packageJSON(`"a": "^1.0.0"`, `"b": "latest"`, `"lodash": "^3.10.0"`, `"@twilio/runtime-handler": "^2.0.0"`)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, folder := range []string{".", "services/voice"} {
			fsys := files(map[string]string{
				"package.json": `{"overrides": {"lodash@3": "4.17.20", "a": {".": "$b"}}, "dependencies": {"b": "2"}}`, "package-lock.json": string(data),
			})
			fsys[strings.TrimPrefix(folder+"/package.json", "./")] = files(map[string]string{"x": content})["x"]
			found, warnings, err := npm.Read(fsys, folder, npm.Locked)
			checkRead(t, found, warnings, err)
		}
	})
}

// fuzzLock reads arbitrary texts as one kind of lock file, for the workspace's root
// and for a member. The seeds are real ones.
func fuzzLock(f *testing.F, file string, kinds ...string) {
	f.Helper()
	for _, one := range recordings(f) {
		if slices.Contains(kinds, one.kind) {
			f.Add(one.fsys[file].Data)
		}
	}
	content := packageJSON(`"lodash": "^4.17.0"`, `"ms": "latest"`, `"is-odd": ""`, `"@hapi/hoek": "catalog:"`, `"@twilio/runtime-handler": "^2.0.0"`)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, folder := range []string{".", "services/voice"} {
			fsys := files(map[string]string{
				"package.json": `{"workspaces": ["services/*"], "resolutions": {"**/ms": "2.1.3"}}`, file: string(data),
				"pnpm-workspace.yaml": "packages: ['**']\ncatalog: {'@hapi/hoek': ^9.0.0}",
			})
			fsys[strings.TrimPrefix(folder+"/package.json", "./")] = files(map[string]string{"x": content})["x"]
			found, warnings, err := npm.Read(fsys, folder, npm.Locked)
			checkRead(t, found, warnings, err)
		}
	})
}

func FuzzReadPNPMLock(f *testing.F) {
	fuzzLock(f, "pnpm-lock.yaml", "pnpm-v5", "pnpm-v6", "pnpm-v9")
}

func FuzzReadBerryLock(f *testing.F)   { fuzzLock(f, "yarn.lock", "yarn-berry") }
func FuzzReadClassicLock(f *testing.F) { fuzzLock(f, "yarn.lock", "yarn-classic") }
func FuzzReadBunLock(f *testing.F)     { fuzzLock(f, "bun.lock", "bun") }

// FuzzReadOverrides reads arbitrary texts as the package.json beside a lock that
// may force ranges upon a member.
func FuzzReadOverrides(f *testing.F) {
	for _, one := range recordings(f) {
		if one.folder != "." {
			f.Add(one.fsys["package.json"].Data)
		}
	}
	f.Add([]byte(`{"overrides": {"a@>0": {".": "$b"}, "voice@1": {"a": "2"}}, "peerDependencies": {"b": "1.x"}, "resolutions": {"**/voice@x/**/a@^1.0.0": "npm:a@2"}}`))
	locks := map[string]string{
		"package-lock.json": lockV3(`"services/voice": {}`, `"node_modules/a": {"version": "1.0.1"}`), "yarn.lock": yarnLockOfA,
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, content := range locks {
			found, warnings, err := npm.Read(files(map[string]string{
				"package.json": string(data), name: content, "services/voice/package.json": `{"name": "voice", "version": "1.0.0", "dependencies": {"a": "^1.0.0"}}`,
			}), "services/voice", npm.Locked)
			checkRead(t, found, warnings, err)
		}
	})
}

// FuzzReadWorkspace reads arbitrary texts as the files that tell members and
// catalogs.
func FuzzReadWorkspace(f *testing.F) {
	f.Add("packages:\n  - services/*\n  - '!services/chat'\ncatalog:\n  a: ^1.0.0\n", `{"workspaces": ["**", "!x"], "packageManager": "pnpm@9"}`)
	f.Add("catalogs: {old: {a: 1}}", `{"workspaces": {"packages": ["{a,services}/*"], "catalog": {"a": "2"}}, "devEngines": {"packageManager": [{"name": "yarn"}]}}`)
	content := packageJSON(`"a": "catalog:"`, `"b": "catalog:old"`)
	f.Fuzz(func(t *testing.T, workspace, manifest string) {
		found, warnings, err := npm.Read(files(map[string]string{
			"pnpm-workspace.yaml": workspace, ".yarnrc.yml": workspace, "package.json": manifest, "services/voice/package.json": content,
			"pnpm-lock.yaml": pnpmLockOfA, "yarn.lock": yarnLockOfA,
		}), "services/voice", npm.Locked)
		checkRead(t, found, warnings, err)
	})
}

func FuzzParseRange(f *testing.F) {
	for _, seed := range []string{"", "*", "^1.2.3", ">=22.10 <24 || 26.x", "1.2.3 - 2", "latest", ">22.5.1-rc.1"} {
		f.Add(seed, uint8(22))
	}
	f.Fuzz(func(t *testing.T, text string, major uint8) {
		parsed, err := npm.ParseRange(text)
		if err != nil {
			return
		}
		// HasMajor must agree with trying: no release of a major that it denies.
		for minor := range uint64(12) {
			for patch := range uint64(4) {
				version := semver.New(uint64(major), minor, patch, "", "").String()
				if parsed.Has(version) && !parsed.HasMajor(uint64(major)) {
					t.Fatalf("%q has %s, but no release of %d", text, version, major)
				}
			}
		}
	})
}
