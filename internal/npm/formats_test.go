package npm_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/npm"
)

// formatTest is a lock file for a project whose line 3 depends on "a".
type formatTest struct {
	lock string
	// spec is what package.json has; empty means "^1.0.0".
	spec string
	// files are more of the project's.
	files map[string]string
	// want is the version, or all Problems.
	want []string
	// warning is the only one; empty for none.
	warning string
}

func run(t *testing.T, file string, tests map[string]formatTest) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.spec == "" {
				test.spec = "^1.0.0"
			}
			all := map[string]string{"package.json": packageJSON(`"a": "` + test.spec + `"`), file: test.lock}
			maps.Copy(all, test.files)
			got, warnings, err := npm.Read(files(all), ".", npm.Locked)
			if len(test.want) != 1 || strings.Contains(test.want[0], ":") {
				wantProblems(t, err, test.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.Dependencies, []npm.Dependency{{Name: "a", Version: test.want[0]}}); diff != "" {
				t.Errorf("got (-) differs from want (+):\n%s", diff)
			}
			if diff := cmp.Diff(warnings.Error(), test.warning); diff != "" {
				t.Errorf("warnings: got (-) differs from want (+):\n%s", diff)
			}
		})
	}
}

// fix is the end of most Problems of a lock.
func fix(manager string) string {
	return ". Run `" + manager + " install` and commit the lock file, or choose dependencies: ranges."
}

// mend is the end of the Problems of a text that cannot be read.
func mend(manager string) string {
	return ". Remove what a merge has left in it, or delete it and run `" + manager + " install`."
}

const (
	publicOnly = "; Twilio installs public npm packages only. Publish it, or bundle it."
	noAlias    = "; Twilio installs packages under their own names. Depend on the package's own name, and require it by that name."
	noLink     = "; Twilio installs public npm packages only. If it is published, choose dependencies: ranges; if not, publish it, or bundle it."
	noPatch    = "; Twilio installs packages as they are published. Publish the patched package under a name of its own, or bundle it."
	private    = `: installed from "npm.acme.example", while Twilio installs from the public npm registry: a. Make sure that these versions are public.`
)

func TestPNPMLocks(t *testing.T) {
	t.Parallel()
	v9 := func(version string, more ...string) string {
		return "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: " + version + "\n" + strings.Join(more, "")
	}
	v6 := func(version string, more ...string) string {
		return "lockfileVersion: '6.0'\ndependencies:\n  a:\n    specifier: ^1.0.0\n    version: " + version + "\n" + strings.Join(more, "")
	}
	v5 := func(version string, more ...string) string {
		return "lockfileVersion: 5.4\nspecifiers:\n  a: ^1.0.0\ndependencies:\n  a: " + version + "\n" + strings.Join(more, "")
	}
	run(t, "pnpm-lock.yaml", map[string]formatTest{
		"version 9":                      {lock: v9("1.2.3"), want: []string{"1.2.3"}},
		"version 9, peers":               {lock: v9("1.2.3(react@18.0.0(x@1.0.0))(b@2.0.0)"), want: []string{"1.2.3"}},
		"version 6, peers":               {lock: v6("1.2.3(@scope/b@2.0.0)"), want: []string{"1.2.3"}},
		"version 5, peers":               {lock: v5("1.2.3_react@18.0.0+b@1.0.0"), want: []string{"1.2.3"}},
		"version 5, pre-release":         {lock: v5("1.2.3-beta.1_react@18.0.0"), spec: "^1.2.3-beta.0", want: []string{"1.2.3-beta.1"}},
		"version 5, inline":              {lock: strings.Replace(v6("1.2.3"), "'6.0'", "5.4-inlineSpecifiers", 1), want: []string{"1.2.3"}},
		"for production before others":   {lock: v6("1.2.3", "devDependencies:\n  a: {specifier: ^1.0.0, version: 1.0.0}\n"), want: []string{"1.2.3"}},
		"optional":                       {lock: strings.Replace(v6("1.2.3"), "dependencies", "optionalDependencies", 1), want: []string{"1.2.3"}},
		"behind a document of pnpm's":    {lock: "---\n" + v9("9.9.9") + "---\n" + v9("1.2.3"), want: []string{"1.2.3"}},
		"windows":                        {lock: strings.ReplaceAll(v9("1.2.3"), "\n", "\r\n"), want: []string{"1.2.3"}},
		"the range is another, but fits": {lock: v9("1.2.3"), spec: "1.x", want: []string{"1.2.3"}},
		"a tag":                          {lock: v9("1.2.3"), spec: "next", want: []string{"1.2.3"}},
		"exact, not there":               {lock: "lockfileVersion: 5.4\n", spec: "1.2.4", want: []string{"1.2.4"}},
		"overridden": {
			lock: strings.Replace(v9("2.0.0", "overrides:\n  b>a: 3.0.0\n  a@1: 2.0.0\n"), "^1.0.0", "2.0.0", 1), want: []string{"2.0.0"},
		},
		"of another range, not overridden": {
			lock: strings.Replace(v9("2.0.0", "overrides:\n  b>a: 2.0.0\n"), "^1.0.0", "2.0.0", 1),
			want: []string{`package.json:3: dependency "a" is "^1.0.0", but pnpm-lock.yaml has 2.0.0` + fix("pnpm")},
		},
		"overridden by an alias": {
			lock: strings.Replace(v9("b@2.0.0", "overrides:\n  a: npm:b@2\n"), "^1.0.0", "npm:b@2", 1),
			want: []string{`package.json:3: dependency "a" is an alias in pnpm-lock.yaml` + noAlias},
		},
		"alias in version 6": {lock: v6("/@b/c@2.0.0(d@1.0.0)"), want: []string{`package.json:3: dependency "a" is an alias in pnpm-lock.yaml` + noAlias}},
		"alias in version 5": {lock: v5("/@b/c/2.0.0_d@1.0.0"), want: []string{`package.json:3: dependency "a" is an alias in pnpm-lock.yaml` + noAlias}},
		"missing":            {lock: v9("1.2.3"), files: map[string]string{"package.json": packageJSON(`"b": "1"`)}, want: []string{`package.json:3: dependency "b" is not in pnpm-lock.yaml` + fix("pnpm")}},
		"link":               {lock: v9("link:packages/x"), want: []string{`package.json:3: dependency "a" is the workspace package "packages/x" in pnpm-lock.yaml` + noLink}},
		"folder":             {lock: v9("file:x(react@18.0.0)"), want: []string{`package.json:3: dependency "a" is "file:x" in pnpm-lock.yaml` + publicOnly}},
		"git in version 5":   {lock: v5("github.com/user/my_repo/0123"), want: []string{`package.json:3: dependency "a" is "github.com/user/my_repo/0123" in pnpm-lock.yaml` + publicOnly}},
		"tarball": {
			lock: v9("https://me:s3cret@acme.example/a.tgz"),
			want: []string{`package.json:3: dependency "a" is "https://acme.example/a.tgz" in pnpm-lock.yaml` + publicOnly},
		},
		"patched, by hash":         {lock: v6("1.2.3(patch_hash=abc)(b@1.0.0)"), want: []string{`package.json:3: dependency "a" is patched in pnpm-lock.yaml` + noPatch}},
		"patched, by version":      {lock: v5("1.2.3_abc", "patchedDependencies:\n  a@1.2.3: {}\n"), want: []string{`package.json:3: dependency "a" is patched in pnpm-lock.yaml` + noPatch}},
		"patched, by name":         {lock: v5("1.2.3_abc", "patchedDependencies:\n  a: {}\n"), want: []string{`package.json:3: dependency "a" is patched in pnpm-lock.yaml` + noPatch}},
		"patched, another version": {lock: v5("1.2.3", "patchedDependencies:\n  a@1.2.4: {}\n"), want: []string{"1.2.3"}},
		"private registry": {
			lock: v9("1.2.3(b@1.0.0)", "packages:\n  a@1.2.3:\n    resolution: {integrity: x, tarball: 'https://npm.acme.example/a.tgz'}\n"),
			want: []string{"1.2.3"}, warning: "pnpm-lock.yaml:5" + private,
		},
		"private registry in version 6": {
			lock: v6("1.2.3(b@1.0.0)", "packages:\n  /a@1.2.3(b@1.0.0):\n    resolution: {tarball: 'https://npm.acme.example/a.tgz'}\n"),
			want: []string{"1.2.3"}, warning: "pnpm-lock.yaml:3" + private,
		},
		"private registry in version 5": {
			lock: v5("1.2.3_b@1.0.0", "packages:\n  /a/1.2.3_b@1.0.0:\n    resolution: {tarball: 'https://npm.acme.example/a.tgz'}\n"),
			want: []string{"1.2.3"}, warning: "pnpm-lock.yaml:5" + private,
		},
		"not exact":  {lock: v9("^1.2.3"), want: []string{`package.json:3: dependency "a" has the version "^1.2.3" in pnpm-lock.yaml, which is not an exact version` + fix("pnpm")}},
		"no version": {lock: v9("[]"), want: []string{`pnpm-lock.yaml:5: the entry "a" has no version` + fix("pnpm")}},
		"a reference": {
			lock: "lockfileVersion: '6.0'\nx: &x {version: 1.2.3}\ndependencies:\n  a: *x\n",
			want: []string{`pnpm-lock.yaml:4: the entry "a" has no version` + fix("pnpm")},
		},
		"later version": {lock: "lockfileVersion: '10.0'\n", want: []string{"pnpm-lock.yaml:1: lockfileVersion is 10.0; known are 5.x, 6.x and 9.x. Write it with a current pnpm, or choose dependencies: ranges."}},
		"empty":         {lock: "", want: []string{"pnpm-lock.yaml:1: lockfileVersion is missing; known are 5.x, 6.x and 9.x. Write it with a current pnpm, or choose dependencies: ranges."}},
		"a list":        {lock: "\n- a", want: []string{"pnpm-lock.yaml:2: holds a list, not a mapping" + mend("pnpm")}},
		"a key twice": { // as merges leave it; pnpm refuses it too
			lock: v9("1.2.3", "      a:\n        specifier: ^1.0.0\n        version: 1.2.4\n"),
			want: []string{`pnpm-lock.yaml:8: "a" is there twice, first in line 5` + mend("pnpm")},
		},
		"a key twice, in another package": {
			lock: v9("1.2.3", "packages:\n  b@1: {}\n  ? [b@1]\n  : {}\n  b@2: {}\n  b@1: {}\n"),
			want: []string{`pnpm-lock.yaml:13: "b@1" is there twice, first in line 9` + mend("pnpm")},
		},
		"merge":     {lock: "lockfileVersion: '9.0'\n<<<<<<< HEAD\n", want: []string{"pnpm-lock.yaml:2: a merge has left its marks in it" + mend("pnpm")}},
		"syntax":    {lock: "lockfileVersion: '9.0'\na: b: c\n", want: []string{"pnpm-lock.yaml:2: not valid YAML: mapping values are not allowed in this context" + mend("pnpm")}},
		"too deep":  {lock: "a: " + strings.Repeat("[", 20_000), want: []string{"pnpm-lock.yaml:1: not valid YAML: exceeded max depth of 10000" + mend("pnpm")}},
		"too many":  {lock: "a: [" + strings.Repeat("{},", 5<<17), want: []string{"pnpm-lock.yaml: cannot be read: it has more than 655360 entries. Check that it is the file it should be."}},
		"too large": {lock: strings.Repeat(" ", 8<<20+1), want: []string{"pnpm-lock.yaml: cannot be read: it is larger than 8 MiB. Check that it is the file it should be."}},
		"an alias bomb": {
			lock: "lockfileVersion: '9.0'\na: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n" +
				"d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\nimporters: {.: {dependencies: {a: {version: 1.0.0}}}}\n",
			want: []string{"1.0.0"},
		},
	})
}

func TestBerryLocks(t *testing.T) {
	t.Parallel()
	lock := func(spec, descriptor, resolution string, more ...string) string {
		return "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"root@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"root@workspace:.\"\n" +
			"  dependencies:\n    a: \"" + spec + "\"\n\n\"" + descriptor + "\":\n  version: 1.2.3\n  resolution: \"" + resolution + "\"\n" + strings.Join(more, "")
	}
	plain := lock("npm:^1.0.0", "a@npm:^1.0.0", "a@npm:1.2.3")
	forced := func(key, value string) map[string]string {
		return map[string]string{"package.json": "{\"resolutions\": {\"b\": \"1\", \"" + key + "\": \"" + value + "\"},\n\"dependencies\": {\n\"a\": \"^1.0.0\"}}"}
	}
	run(t, "yarn.lock", map[string]formatTest{
		"plain":                {lock: plain, want: []string{"1.2.3"}},
		"byte order mark":      {lock: "\ufeff" + plain, want: []string{"1.2.3"}},
		"a key twice":          {lock: plain + "__metadata: {}\n", want: []string{`yarn.lock:14: "__metadata" is there twice, first in line 1` + mend("yarn")}},
		"before yarn 4":        {lock: lock("^1.0.0", "a@npm:^1.0.0", "a@npm:1.2.3"), want: []string{"1.2.3"}},
		"several ranges":       {lock: lock("npm:^1.0.0", "a@npm:1.x, a@npm:^1.0.0, a@npm:^1.1.0", "a@npm:1.2.3"), want: []string{"1.2.3"}},
		"any":                  {lock: lock("npm:*", "a@npm:*", "a@npm:1.2.3"), spec: "*", want: []string{"1.2.3"}},
		"its own name":         {lock: lock("npm:a@^1.0.0", "a@npm:a@^1.0.0", "a@npm:1.2.3"), spec: "npm:a@^1.0.0", want: []string{"1.2.3"}},
		"exact, not there":     {lock: plain, spec: "1.2.4", want: []string{"1.2.4"}},
		"another range":        {lock: plain, spec: "^1.2.0", want: []string{`package.json:3: dependency "a" is "^1.2.0", but yarn.lock has it for "^1.0.0"` + fix("yarn")}},
		"no entry":             {lock: lock("npm:^1.0.0", "b@npm:^1.0.0", "b@npm:1.2.3"), want: []string{`package.json:3: dependency "a" is not in yarn.lock` + fix("yarn")}},
		"forced":               {lock: lock("npm:^1.0.0", "a@npm:2 || 1.2.3", "a@npm:1.2.3"), files: forced("a", "2 || 1.2.3"), want: []string{"1.2.3"}},
		"forced for a range":   {lock: lock("npm:^1.0.0", "a@npm:1.2.3", "a@npm:1.2.3"), files: forced("a@npm:^1.0.0", "npm:1.2.3"), want: []string{"1.2.3"}},
		"forced for another":   {lock: plain, files: forced("a@npm:^1.1.0", "2.0.0"), want: []string{"1.2.3"}},
		"forced in the root":   {lock: lock("npm:^1.0.0", "a@npm:1.2.3", "a@npm:1.2.3"), files: forced("root/a", "1.2.3"), want: []string{"1.2.3"}},
		"forced somewhere":     {lock: plain, files: forced("@b/c/a", "2.0.0"), want: []string{"1.2.3"}},
		"forced to an alias":   {lock: lock("npm:^1.0.0", "a@npm:b@^1", "b@npm:1.2.3"), files: forced("a", "npm:b@^1"), want: []string{`package.json:3: dependency "a" is an alias in yarn.lock` + noAlias}},
		"forced to a folder":   {lock: lock("npm:^1.0.0", "a@file:./x::locator=root%40workspace%3A.", "a@file:./x#./x::hash=1"), files: forced("a", "file:./x"), want: []string{`package.json:3: dependency "a" is "file:./x#./x::hash=1" in yarn.lock` + publicOnly}},
		"patched":              {lock: lock("npm:^1.0.0", "a@patch:a@npm%3A1.2.3#./a.patch::locator=root", "a@patch:a@npm%3A1.2.3#./a.patch::version=1.2.3&hash=1"), files: forced("a", "patch:a@npm%3A1.2.3#./a.patch"), want: []string{`package.json:3: dependency "a" is patched in yarn.lock` + noPatch}},
		"patched by yarn":      {lock: lock("npm:^1.0.0", "a@npm:^1.0.0", "a@patch:a@npm%3A1.2.3#optional!builtin<compat/a>"), want: []string{"1.2.3"}},
		"of the workspace":     {lock: lock("npm:^1.0.0", "a@^1.0.0, a@workspace:packages/a", "a@workspace:packages/a"), want: []string{`package.json:3: dependency "a" is the workspace package "packages/a" in yarn.lock` + noLink}},
		"from git":             {lock: lock("npm:^1.0.0", "a@npm:^1.0.0", "a@https://me:s3cret@github.com/u/a.git#commit=1"), want: []string{`package.json:3: dependency "a" is "https://github.com/u/a.git#commit=1" in yarn.lock` + publicOnly}},
		"private registry":     {lock: lock("npm:^1.0.0", "a@npm:^1.0.0", "a@npm:1.2.3::__archiveUrl=https%3A%2F%2Fnpm.acme.example%2Fa.tgz"), want: []string{"1.2.3"}, warning: "yarn.lock:11" + private},
		"does not fit":         {lock: strings.Replace(plain, "version: 1.2.3", "version: 2.0.0", 1), want: []string{`package.json:3: dependency "a" is "^1.0.0", but yarn.lock has 2.0.0` + fix("yarn")}},
		"no version":           {lock: strings.Replace(plain, "  version: 1.2.3\n", "", 1), want: []string{`yarn.lock:11: the entry of "a" has no version or no resolution` + fix("yarn")}},
		"later version":        {lock: "__metadata:\n  version: 11\n", want: []string{"yarn.lock:1: the version in __metadata is 11; known are 4 to 10. Write it with a current yarn, or choose dependencies: ranges."}},
		"no version of format": {lock: "__metadata: {}\n", want: []string{"yarn.lock:1: the version in __metadata is missing; known are 4 to 10. Write it with a current yarn, or choose dependencies: ranges."}},
		"merge":                {lock: plain + "<<<<<<< HEAD\n", want: []string{"yarn.lock:14: a merge has left its marks in it" + mend("yarn")}},
		"syntax":               {lock: plain + "a\n", want: []string{"yarn.lock:15: not valid YAML: could not find expected ':'" + mend("yarn")}},
		"too large":            {lock: plain + "#" + strings.Repeat("x", 8<<20), want: []string{"yarn.lock: cannot be read: it is larger than 8 MiB. Check that it is the file it should be."}},
	})
}

func TestClassicLocks(t *testing.T) {
	t.Parallel()
	const head = "# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.\n# yarn lockfile v1\n\n\n"
	lock := func(patterns, version, resolved string) string {
		return head + patterns + ":\n  version \"" + version + "\"\n  resolved \"" + resolved + "\"\n  integrity sha512-x==\n  dependencies:\n    a \"^9.0.0\"\n    \"@b/c\" \"*\"\n\n"
	}
	const public = "https://registry.yarnpkg.com/a/-/a-1.2.3.tgz#01"
	plain := lock("a@^1.0.0", "1.2.3", public)
	run(t, "yarn.lock", map[string]formatTest{
		"plain":            {lock: plain, want: []string{"1.2.3"}},
		"windows":          {lock: strings.ReplaceAll(plain, "\n", "\r\n"), want: []string{"1.2.3"}},
		"byte order mark":  {lock: "\ufeff" + plain, want: []string{"1.2.3"}},
		"unquoted version": {lock: strings.Replace(plain, `"1.2.3"`, "1.2.3", 1), want: []string{"1.2.3"}},
		"several":          {lock: lock(`"@b/c@1", a@1.x, "a@>=1 <2", a@^1.1.0`, "1.2.3", public), spec: ">=1 <2", want: []string{"1.2.3"}},
		"any":              {lock: lock(`a@`, "1.2.3", public), spec: " ", want: []string{"1.2.3"}},
		"the next entry":   {lock: lock("b@^1.0.0", "9.9.9", public) + plain, want: []string{"1.2.3"}},
		"its own name":     {lock: lock(`"a@npm:a@^1.0.0", b@^1.0.0`, "1.2.3", public), spec: "npm:a@^1.0.0", want: []string{"1.2.3"}},
		"exact, not there": {lock: plain, spec: "1.2.4", want: []string{"1.2.4"}},
		"another range":    {lock: plain, spec: "^1.2.0", want: []string{`package.json:3: dependency "a" is "^1.2.0", but yarn.lock has it for "^1.0.0"` + fix("yarn")}},
		"missing":          {lock: head, want: []string{`package.json:3: dependency "a" is not in yarn.lock` + fix("yarn")}},
		"does not fit":     {lock: lock("a@^1.0.0", "2.0.0", public), want: []string{`package.json:3: dependency "a" is "^1.0.0", but yarn.lock has 2.0.0` + fix("yarn")}},
		"forced on a workspace": {
			lock:  lock("a@2.0.0, a@^1.0.0", "2.0.0", public),
			files: map[string]string{"package.json": "{\"workspaces\": [\"x\"], \"resolutions\": {\"**/a\": \"2.0.0\"},\n\"dependencies\": {\n\"a\": \"^1.0.0\"}}"},
			want:  []string{"2.0.0"},
		},
		"forced to an address": {
			lock:  lock("a@b/a#2.0.0, a@^1.0.0", "2.0.0", "https://codeload.github.com/b/a/tar.gz/01"),
			files: map[string]string{"package.json": "{\"workspaces\": [\"x\"], \"resolutions\": {\"a\": \"b/a#2.0.0\"},\n\"dependencies\": {\n\"a\": \"^1.0.0\"}}"},
			want:  []string{`package.json:3: dependency "a" is overridden by "b/a#2.0.0"` + publicOnly},
		},
		// yarn 1 calls the lock wrong then.
		"forced on one project": {
			lock:  lock("a@2.0.0, a@^1.0.0", "2.0.0", public),
			files: map[string]string{"package.json": "{\"resolutions\": {\"**/a\": \"2.0.0\"},\n\"dependencies\": {\n\"a\": \"^1.0.0\"}}"},
			want:  []string{`package.json:3: dependency "a" is "^1.0.0", but yarn.lock has 2.0.0` + fix("yarn")},
		},
		"of the workspace": {
			lock: head,
			files: map[string]string{
				"package.json":              "{\"workspaces\": [\"packages/*\"],\n\"dependencies\": {\n\"a\": \"1.0.0\"}}",
				"packages/own/package.json": `{"name": "a"}`, "packages/bad/package.json": `{`, "node_modules/a/package.json": `{"name": "a"}`,
			},
			want: []string{`package.json:3: dependency "a" is the workspace package "packages/own" in yarn.lock` + noLink},
		},
		"alias":            {lock: lock(`"a@npm:b@^1.0.0"`, "1.2.3", public), spec: "npm:b@^1.0.0", want: []string{`package.json:3: dependency "a" is an alias of "b"; Twilio installs packages under their own names. Depend on "b", and require it by that name.`}},
		"from a mirror":    {lock: lock("a@^1.0.0", "1.2.3", "a-1.2.3.tgz#01"), want: []string{"1.2.3"}},
		"from a folder":    {lock: lock("a@^1.0.0", "1.2.3", "file:a-1.2.3.tgz#01"), want: []string{`package.json:3: dependency "a" is installed from "file:a-1.2.3.tgz" according to yarn.lock` + publicOnly}},
		"private registry": {lock: lock("a@^1.0.0", "1.2.3", "https://npm.acme.example/a.tgz#01"), want: []string{"1.2.3"}, warning: "yarn.lock:5" + private},
		"no version":       {lock: head + "a@^1.0.0:\n  resolved \"x\"\n", want: []string{`yarn.lock:5: the entry "a@^1.0.0" has no version` + fix("yarn")}},
		"merge":            {lock: plain + "<<<<<<< HEAD\n", want: []string{"yarn.lock:13: a merge has left its marks in it" + mend("yarn")}},
		"all at once": {
			lock: head + "  version \"1\"\nb@1\na@\"^1.0.0:\n\"a@^1.0.0:\n   version \"1.0.0\"\na@^1.0.0:\n  version \"1.0.0\n",
			want: []string{
				"yarn.lock:5: the line belongs to no entry" + mend("yarn"),
				"yarn.lock:6: the line is none that begins an entry" + mend("yarn"),
				`yarn.lock:7: the entry "a@\"^1.0.0" has no version` + fix("yarn"),
				"yarn.lock:8: the line is none that begins an entry" + mend("yarn"),
				"yarn.lock:9: the line belongs to no entry" + mend("yarn"),
				`yarn.lock:10: the entry "a@^1.0.0" has no version` + fix("yarn"),
				`yarn.lock:11: "version" is not followed by a text` + mend("yarn"),
			},
		},
		"too large": {lock: strings.Repeat("#\n", 16<<20+1), want: []string{"yarn.lock: cannot be read: it is larger than 32 MiB. Check that it is the file it should be."}},
	})
}

func TestBunLocks(t *testing.T) {
	t.Parallel()
	lock := func(entry string, more ...string) string {
		return "{\n  \"lockfileVersion\": 1, // as text\n  \"workspaces\": {\n    \"\": {\"name\": \"root\",},\n  },\n" + strings.Join(more, "") +
			"  \"packages\": {\n    \"a\": " + entry + ",\n  /* the end */ }\n}\n"
	}
	plain := lock(`["a@1.2.3", "", {"dependencies": {"b": "1",},}, "sha512-x=="]`)
	run(t, "bun.lock", map[string]formatTest{
		"plain":            {lock: plain, want: []string{"1.2.3"}},
		"its own name":     {lock: plain, spec: "npm:a@1", want: []string{"1.2.3"}},
		"exact, not there": {lock: strings.Replace(plain, `"a":`, `"b":`, 1), spec: "1.2.4", want: []string{"1.2.4"}},
		"missing":          {lock: strings.Replace(plain, `"a":`, `"b":`, 1), want: []string{`package.json:3: dependency "a" is not in bun.lock` + fix("bun")}},
		"does not fit":     {lock: plain, spec: "^2.0.0", want: []string{`package.json:3: dependency "a" is "^2.0.0", but bun.lock has 1.2.3` + fix("bun")}},
		"overridden":       {lock: lock(`["a@2.0.0", ""]`, `"overrides": {"b": "1", "a": "2.0.0"},`), want: []string{"2.0.0"}},
		"overridden, and what it needs": {
			lock: lock(`["a@2.0.0", ""]`, `"overrides": {"a": {".": "2.0.0", "b": "1"}},`), want: []string{"2.0.0"},
		},
		"what it needs overridden": {
			lock: lock(`["a@2.0.0", ""]`, `"overrides": {"a": {"b": "1"}},`), want: []string{`package.json:3: dependency "a" is "^1.0.0", but bun.lock has 2.0.0` + fix("bun")},
		},
		"overridden by the root's": {lock: lock(`["a@2.0.0", ""]`, `"overrides": {"a": "$b"},`), want: []string{"2.0.0"}},
		"overridden by a catalog":  {lock: lock(`["a@2.0.0", ""]`, `"catalogs": {"c": {"a": "^2.0.0"}}, "overrides": {"a": "catalog:c"},`), want: []string{"2.0.0"}},
		"alias":                    {lock: lock(`["b@1.2.3", ""]`), want: []string{`package.json:3: dependency "a" is an alias in bun.lock` + noAlias}},
		"of the workspace":         {lock: lock(`["a@workspace:packages/a"]`), want: []string{`package.json:3: dependency "a" is the workspace package "packages/a" in bun.lock` + noLink}},
		"from git":                 {lock: lock(`["a@git+ssh://git@github.com/u/a.git#01", {}, "01"]`), want: []string{`package.json:3: dependency "a" is "git+ssh://github.com/u/a.git#01" in bun.lock` + publicOnly}},
		"a link":                   {lock: lock(`["a@link:x", {}]`), want: []string{`package.json:3: dependency "a" is "link:x" in bun.lock` + publicOnly}},
		"patched":                  {lock: lock(`["a@1.2.3", ""]`, `"patchedDependencies": {"b@1.2.3": "", "a@1.2.3": "a.patch"},`), want: []string{`package.json:3: dependency "a" is patched in bun.lock` + noPatch}},
		"patched, another version": {lock: lock(`["a@1.2.3", ""]`, `"patchedDependencies": {"a@1.2.4": "a.patch"},`), want: []string{"1.2.3"}},
		"private registry":         {lock: lock(`["a@1.2.3", "https://npm.acme.example/a.tgz"]`), want: []string{"1.2.3"}, warning: "bun.lock:7" + private},
		"no array":                 {lock: lock(`"a@1.2.3"`), want: []string{`bun.lock:7: the entry "a" is not an array that begins with a name and a version` + fix("bun")}},
		"an empty array":           {lock: lock(`[]`), want: []string{`bun.lock:7: the entry "a" is not an array that begins with a name and a version` + fix("bun")}},
		"no version":               {lock: lock(`["a"]`), want: []string{`package.json:3: dependency "a" has the version "" in bun.lock, which is not an exact version` + fix("bun")}},
		"later version":            {lock: "{\n\"lockfileVersion\": 4}", want: []string{"bun.lock:2: lockfileVersion is 4; known are 0 to 3. Write it with a current bun, or choose dependencies: ranges."}},
		"no version of format":     {lock: "{}", want: []string{"bun.lock:1: lockfileVersion is missing; known are 0 to 3. Write it with a current bun, or choose dependencies: ranges."}},
		"merge":                    {lock: "{\n<<<<<<< HEAD\n", want: []string{"bun.lock:2: not valid JSON: invalid character '<' looking for beginning of object key string" + mend("bun")}},
		"an open comment":          {lock: "{\n/* ", want: []string{"bun.lock:2: not valid JSON: unexpected end of JSON input" + mend("bun")}},
	})
}

// TestBunSeesItsOwnPackagesFirst: a member's own come under its name, in any order.
func TestBunSeesItsOwnPackagesFirst(t *testing.T) {
	t.Parallel()
	for _, packages := range []string{
		`"a": ["a@1.0.0", ""], "@acme/svc/a": ["a@1.0.1", ""], "b/a": ["a@1.0.2", ""]`,
		`"@acme/svc/a": ["a@1.0.1", ""], "a": ["a@1.0.0", ""], "@acme/svc/b/a": ["a@1.0.2", ""]`,
	} {
		got, _, err := npm.Read(files(map[string]string{
			"svc/package.json": packageJSON(`"a": "1"`),
			"bun.lock":         `{"lockfileVersion": 1, "workspaces": {"": {}, "svc": {"name": "@acme/svc"}}, "packages": {` + packages + `}}`,
		}), "svc", npm.Locked)
		if err != nil {
			t.Fatal(err)
		}
		if want := []npm.Dependency{{Name: "a", Version: "1.0.1"}}; !cmp.Equal(got.Dependencies, want) {
			t.Errorf("%s: got %v, want %v", packages, got.Dependencies, want)
		}
	}
}
