package reliability_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/toolkit"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// reader reads a kind of input. Where a value counts are its frames: texts with one
// %s, which nasty values take.
type reader struct {
	name   string
	frames []string
	// plain is a text that is read and not refused, whatever spaces follow it;
	// limit is how many bytes are read at most, and 0 where another test holds it.
	plain string
	limit int
	// isFile says that it is a file of the project, which its Problems name.
	isFile bool
	read   func(text string) (warnings problem.List, err error)
}

// called is the reader under a name of its own, since two read files of one.
func (r reader) called(name string) reader {
	r.name = name
	return r
}

const aSID = "00000000000000000000000000000001"

func readers(t *testing.T) []reader {
	t.Helper()
	plan, err := os.ReadFile(filepath.Join("..", "deploy", "testdata", "saved", "version1.json"))
	if err != nil {
		t.Fatal(err)
	}
	files := func(name, text string, others ...string) fstest.MapFS {
		made := fstest.MapFS{name: {Data: []byte(text), Mode: 0o644}}
		for i := 0; i < len(others); i += 2 {
			made[others[i]] = &fstest.MapFile{Data: []byte(others[i+1]), Mode: 0o644}
		}
		return made
	}
	lock := func(file, plain string, limit int, frames ...string) reader {
		return reader{file, frames, plain, limit, true, func(text string) (problem.List, error) {
			fsys := files(file, text, "package.json", `{"name":"x","dependencies":{"a":"^1.0.0","@b/c":"latest"}}`)
			_, warnings, err := npm.Read(fsys, ".", npm.Locked)
			return warnings, err
		}}
	}
	// A workspace tells its members, and the ranges that a member leaves to it.
	workspace := func(file, lock, locked string) reader {
		frames := []string{"packages: %s\ncatalog: {a: ^1.0.0}\n", "catalog: %s\n", "catalogs: %s\n", "packages: ['**']\noverrides: %s\ncatalog: {a: ^1.0.0}\n"}
		return reader{file, frames, "packages: ['**']\ncatalog: {a: ^1.0.0}\n", 8 << 20, true, func(text string) (problem.List, error) {
			fsys := files(file, text, lock, locked, "package.json", `{"name":"root","workspaces":["**"]}`, "voice/package.json", `{"name":"voice","dependencies":{"a":"catalog:"}}`)
			_, warnings, err := npm.Read(fsys, "voice", npm.Locked)
			return warnings, err
		}}
	}
	settings := func(file, plain string, frames ...string) reader {
		account := map[string]string{config.AccountSID: "AC" + aSID}
		values := config.Resolve(config.Settings(), func(name string) (string, bool) { text, ok := account[name]; return text, ok },
			func(string) string { return "" })
		return reader{file, frames, plain, 1 << 20, true, func(text string) (problem.List, error) {
			_, warnings, err := toolkit.Read(files(file, text), toolkit.Question{Folder: ".", Values: values})
			return warnings, err
		}}
	}
	const (
		npmPlain  = `{"lockfileVersion":2,"packages":{"":{},"node_modules/a":{"version":"1.0.0"},"node_modules/@b/c":{"version":"1.0.0"}}}`
		pnpmPlain = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n" +
			"      a: {specifier: ^1.0.0, version: 1.0.0}\n      '@b/c': {specifier: latest, version: 1.0.0}\n"
	)
	berry := func(text string) string { return "__metadata:\n  version: 8\n" + text }
	return []reader{
		{"package.json", []string{
			`{"dependencies":%s}`, `{"name":%s}`, `{"engines":{"node":%s}}`, `{"engines":%s}`, `{"overrides":%s,"dependencies":{"a":"1"}}`,
			`{"resolutions":%s,"dependencies":{"a":"1"}}`, `{"workspaces":%s,"dependencies":{"a":"1"}}`, `{"devDependencies":%s}`, "%s",
		}, "{}", 1 << 20, true, func(text string) (problem.List, error) {
			_, warnings, err := npm.Read(files("package.json", text, "package-lock.json", `{"lockfileVersion":3,"packages":{"":{},"node_modules/a":{"version":"1.0.0"}}}`), ".", npm.Locked)
			if err == nil {
				_, more, rangesErr := npm.Read(files("package.json", text), ".", npm.Ranges)
				warnings, err = append(warnings, more...), rangesErr
			}
			if err == nil { // and as that of a workspace
				_, more, memberErr := npm.Read(files("package.json", text, "package-lock.json", `{"lockfileVersion":3,"packages":{"":{},"voice":{},"node_modules/a":{"version":"1.0.0"}}}`,
					"voice/package.json", `{"name":"voice","dependencies":{"a":"*"}}`), "voice", npm.Locked)
				warnings, err = append(warnings, more...), memberErr
			}
			return warnings, err
		}},
		lock("package-lock.json", npmPlain, 32<<20, `{"lockfileVersion":3,"packages":%s}`, `{"lockfileVersion":1,"dependencies":%s}`,
			`{"lockfileVersion":3,"packages":{"":{},"node_modules/a":%s}}`, `{"lockfileVersion":1,"dependencies":{"a":%s}}`, `{"lockfileVersion":%s}`),
		lock("npm-shrinkwrap.json", npmPlain, 32<<20, `{"lockfileVersion":2,"packages":%s,"dependencies":%[1]s}`),
		lock("pnpm-lock.yaml", pnpmPlain, 8<<20, "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies: %s\n", "lockfileVersion: '9.0'\nimporters: %s\n",
			"lockfileVersion: '9.0'\npackages: %s\n", "lockfileVersion: 5.4\nspecifiers: %s\ndependencies: %[1]s\n", "lockfileVersion: '6.0'\ndependencies: %s\n",
			"lockfileVersion: '9.0'\noverrides: %s\ncatalogs: %[1]s\npatchedDependencies: %[1]s\nimporters:\n  .: {}\n", "lockfileVersion: %s\n"),
		workspace("pnpm-workspace.yaml", "pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  voice:\n    dependencies:\n      a: {specifier: 'catalog:', version: 1.0.0}\n"),
		workspace(".yarnrc.yml", "yarn.lock", berry("\"voice@workspace:voice\":\n  version: 0.0.0-use.local\n  resolution: \"voice@workspace:voice\"\n  dependencies: {a: \"catalog:\"}\n"+
			"\"a@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n")),
		lock("yarn.lock", "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n\n\"@b/c@latest\":\n  version \"1.0.0\"\n", 32<<20,
			"# yarn lockfile v1\n\n%s:\n  version \"1.0.0\"\n", "# yarn lockfile v1\na@^1.0.0:\n  version %s\n"),
		lock("yarn.lock", berry("\"x@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"x@workspace:.\"\n  dependencies: {a: \"npm:^1.0.0\", \"@b/c\": \"npm:latest\"}\n"+
			"\"a@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n\"@b/c@npm:latest\":\n  version: 1.0.0\n  resolution: \"@b/c@npm:1.0.0\"\n"),
			8<<20, berry("\"a@npm:^1.0.0\": %s\n"), berry("%s: {version: 1}\n"), "__metadata: %s\n").called("yarn.lock of yarn 2 and later"),
		lock("bun.lock", `{"lockfileVersion":1,"workspaces":{"":{"dependencies":{"a":"^1.0.0","@b/c":"latest"}}},"packages":{"a":["a@1.0.0","",{},""],"@b/c":["@b/c@1.0.0","",{},""]}}`, 32<<20,
			`{"lockfileVersion":1,"workspaces":{"":{}},"packages":%s}`, `{"lockfileVersion":1,"workspaces":%s}`,
			`{"lockfileVersion":1,"workspaces":{"":{}},"packages":{"a":%s}}`, `{"lockfileVersion":1,"workspaces":{"":{}},"overrides":%s,"patchedDependencies":%[1]s}`, `{"lockfileVersion":%s}`),
		settings(".twilioserverlessrc", "{}", "%s", `{"environments":%s}`, `{"environments":{"dev":%s}}`, `{"projects":%s}`, `{"projects":{"AC`+aSID+`":%s}}`, `{"commands":{"deploy":%s}}`, `{env: %s}`),
		settings(".twilioserverlessrc.yml", "{}", "%s", "environments: %s\n", "projects: {AC"+aSID+": %s}\n", "a: &a %s\n<<: *a\n"),
		settings(".twiliodeployinfo", "{}", "%s", `{"AC`+aSID+`":%s}`, `{"AC`+aSID+`":{"serviceSid":%s}}`),
		{"slipway.yml", []string{
			"%s", "version: %s\nservices: {a: }\n", "version: 1\nservices: %s\n", "version: 1\nservices: {a: %s}\n", "version: 1\nservices: {a: {watch: %s}}\n",
			"version: 1\nservices: {a: {environments: %s}}\n", "version: 1\nservices: {a: {environments: {b: %s}}}\n",
			"version: 1\nservices: {a: {environments: {b: {on: {branch: %s}}}}}\n", "version: 1\nservices: {a: {environments: {b: {variables: %s}}}}\n",
			"version: 1\nservices: {a: {previews: %s}}\n", "version: 1\nservices: {a: {previews: {max: %s, ttl: %[1]s}}}\n",
		}, "version: 1\nservices:\n  a: {environments: {b: {on: {branch: main}}}}\n", rules.MaxBytes, true, func(text string) (problem.List, error) {
			_, err := rules.Parse("slipway.yml", []byte(text))
			return nil, err
		}},
		{".env", []string{"A=%s\n", "A='%s", "export %s\n"}, "A=1\n", 1 << 20, true, func(text string) (problem.List, error) {
			_, warnings, err := project.Variables(files(".env", text, "package.json", "{}"), project.Options{})
			return warnings, err
		}},
		{"Manifest", []string{
			"exports.manifest = %s;", `exports.manifest = {"version":1,"files":%s};`, `exports.manifest = {"version":1,"content_types":%s,"files":[["f+","/a",9999999,"",""]]};`,
			`exports.manifest = {"version":%s};`,
		}, `exports.manifest = {"version":1,"digest":"7e86717f8f92ff4aac1f998d0ef8d99716d9fee747af7c6772b7b3af95f00679","runtime":"node22","dependencies":[],"content_types":[],"files":[]};` + "\n", 256 << 10, false, func(text string) (problem.List, error) {
			_, err := deploy.ParseManifest(text)
			return nil, err
		}},
		{"saved plan", []string{`{"slipway_plan":1,"job":%s}`, `{"slipway_plan":1,"plan":%s}`, `{"slipway_plan":%s}`, `{"slipway_plan":2,"tool":%s}`, `{"slipway_plan":1,"plan":{"functions":%s}}`}, string(plan), deploy.MaxSaved, false, func(text string) (problem.List, error) {
			_, err := deploy.ParseSaved([]byte(text))
			return nil, err
		}},
		reply(http.StatusOK, "%s", `{"sid":"ZB`+aSID+`","function_versions":%s}`, `{"sid":"ZB`+aSID+`","dependencies":%s}`, `{"builds":%s,"meta":{"key":"builds"}}`,
			`{"builds":[],"variables":%s,"meta":{"key":"variables"}}`, `{"logs":[{"sid":"NO`+aSID+`","message":%s}],"meta":{"key":"logs"}}`, `{"builds":[],"meta":%s}`,
			`{"other":%s,"builds":[],"meta":{"key":"builds"}}`),
		reply(http.StatusBadRequest, "%s", `{"code":20001,"message":%s}`, `{"code":20001,"message":"no","details":%s}`, `{"code":%s,"message":"no"}`),
	}
}

// same answers every request alike, without a network.
type same struct {
	status int
	body   string
}

func (s same) RoundTrip(sent *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: s.status, ProtoMajor: 1, ProtoMinor: 1, Request: sent, ContentLength: -1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(s.body)),
	}, nil
}

// reply reads texts as what the platform answers to reads of each kind.
func reply(status int, frames ...string) reader {
	return reader{fmt.Sprintf("reply %d", status), frames, "", 0, false, func(text string) (problem.List, error) {
		client, err := twilio.New(twilio.Config{
			APIURL: "https://api.example", Credentials: twilio.Credentials{User: "AC" + aSID, Password: secret.New("password")},
			Retry: retry.Policy{MaxAttempts: 1}, Transport: same{status, text},
		})
		if err != nil {
			return nil, fmt.Errorf("the test's own: %w", err)
		}
		ctx, service := context.Background(), twilio.ServiceSID("ZS"+aSID)
		var errs []error
		_, err = client.FetchBuild(ctx, service, "ZB"+aSID)
		errs = append(errs, err, client.EachBuild(ctx, service, func(twilio.Build) {}))
		for _, err := range client.Variables(ctx, service, "ZE"+aSID) {
			errs = append(errs, err)
		}
		for _, err := range client.Logs(ctx, service, "ZE"+aSID, twilio.LogQuery{}) {
			errs = append(errs, err)
		}
		_, err = client.FetchFunctionVersionContent(ctx, service, "ZH"+aSID, "ZN"+aSID)
		return nil, errors.Join(append(errs, err)...)
	}}
}
