package reliability_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

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
	// limit is how many bytes are read at most; 0 where it is not the reader's to say.
	limit int
	read  func(text string) (warnings problem.List, err error)
}

const aSID = "00000000000000000000000000000001"

func readers() []reader {
	files := func(name, text string, others ...string) fstest.MapFS {
		made := fstest.MapFS{name: {Data: []byte(text), Mode: 0o644}}
		for i := 0; i < len(others); i += 2 {
			made[others[i]] = &fstest.MapFile{Data: []byte(others[i+1]), Mode: 0o644}
		}
		return made
	}
	lock := func(file string, limit int, others []string, frames ...string) reader {
		return reader{file, frames, limit, func(text string) (problem.List, error) {
			all := append([]string{"package.json", `{"name":"x","dependencies":{"a":"^1.0.0","@b/c":"latest"}}`}, others...)
			_, warnings, err := npm.Read(files(file, text, all...), ".", npm.Locked)
			return warnings, err
		}}
	}
	settings := func(file string, frames ...string) reader {
		account := map[string]string{config.AccountSID: "AC" + aSID}
		values := config.Resolve(config.Settings(), func(name string) (string, bool) { text, ok := account[name]; return text, ok },
			func(string) string { return "" })
		return reader{file, frames, 1 << 20, func(text string) (problem.List, error) {
			_, warnings, err := toolkit.Read(files(file, text), toolkit.Question{Folder: ".", Values: values})
			return warnings, err
		}}
	}
	berry := func(text string) string { return "__metadata:\n  version: 8\n" + text }
	return []reader{
		{"package.json", []string{
			`{"dependencies":%s}`, `{"name":%s}`, `{"engines":{"node":%s}}`, `{"engines":%s}`, `{"overrides":%s,"dependencies":{"a":"1"}}`,
			`{"resolutions":%s,"dependencies":{"a":"1"}}`, `{"workspaces":%s,"dependencies":{"a":"1"}}`, `{"devDependencies":%s}`, "%s",
		}, 1 << 20, func(text string) (problem.List, error) {
			_, warnings, err := npm.Read(files("package.json", text, "package-lock.json", `{"lockfileVersion":3,"packages":{"":{},"node_modules/a":{"version":"1.0.0"}}}`), ".", npm.Locked)
			if err == nil {
				_, more, rangesErr := npm.Read(files("package.json", text), ".", npm.Ranges)
				warnings, err = append(warnings, more...), rangesErr
			}
			return warnings, err
		}},
		lock("package-lock.json", 32<<20, nil, `{"lockfileVersion":3,"packages":%s}`, `{"lockfileVersion":1,"dependencies":%s}`,
			`{"lockfileVersion":3,"packages":{"":{},"node_modules/a":%s}}`, `{"lockfileVersion":%s}`),
		lock("pnpm-lock.yaml", 8<<20, nil, "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies: %s\n", "lockfileVersion: '9.0'\nimporters: %s\n",
			"lockfileVersion: '9.0'\npackages: %s\n", "lockfileVersion: 5.4\nspecifiers: %s\n", "lockfileVersion: %s\n"),
		lock("pnpm-workspace.yaml", 8<<20, []string{"pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  .: {}\n"}, "packages: %s\n", "catalog: %s\n", "catalogs: %s\n", "overrides: %s\n"),
		lock("yarn.lock", 32<<20, nil, "# yarn lockfile v1\n\n%s:\n  version \"1.0.0\"\n", "# yarn lockfile v1\na@^1.0.0:\n  version %s\n",
			berry("\"a@npm:^1.0.0\": %s\n"), berry("%s: {version: 1}\n"), "__metadata: %s\n"),
		lock("bun.lock", 32<<20, nil, `{"lockfileVersion":1,"workspaces":{"":{}},"packages":%s}`, `{"lockfileVersion":1,"workspaces":%s}`,
			`{"lockfileVersion":1,"workspaces":{"":{}},"packages":{"a":%s}}`, `{"lockfileVersion":1,"workspaces":{"":{}},"overrides":%s,"patchedDependencies":%[1]s}`),
		settings(".twilioserverlessrc", "%s", `{"environments":%s}`, `{"environments":{"dev":%s}}`, `{"projects":%s}`, `{"projects":{"AC`+aSID+`":%s}}`, `{"commands":{"deploy":%s}}`, `{env: %s}`),
		settings(".twilioserverlessrc.yml", "%s", "environments: %s\n", "projects: {AC"+aSID+": %s}\n", "a: &a %s\n<<: *a\n"),
		settings(".twiliodeployinfo", "%s", `{"AC`+aSID+`":%s}`, `{"AC`+aSID+`":{"serviceSid":%s}}`),
		{"slipway.yml", []string{
			"%s", "version: %s\nservices: {a: }\n", "version: 1\nservices: %s\n", "version: 1\nservices: {a: %s}\n", "version: 1\nservices: {a: {watch: %s}}\n",
			"version: 1\nservices: {a: {environments: %s}}\n", "version: 1\nservices: {a: {environments: {b: %s}}}\n",
			"version: 1\nservices: {a: {environments: {b: {on: {branch: %s}}}}}\n", "version: 1\nservices: {a: {environments: {b: {variables: %s}}}}\n",
			"version: 1\nservices: {a: {previews: %s}}\n", "version: 1\nservices: {a: {previews: {max: %s, ttl: %[1]s}}}\n",
		}, rules.MaxBytes, func(text string) (problem.List, error) {
			_, err := rules.Parse("slipway.yml", []byte(text))
			return nil, err
		}},
		{".env", []string{"A=%s\n", "A='%s", "export %s\n"}, 1 << 20, func(text string) (problem.List, error) {
			_, warnings, err := project.Variables(files(".env", text, "package.json", "{}"), project.Options{})
			return warnings, err
		}},
		{"Manifest", []string{
			"exports.manifest = %s;", `exports.manifest = {"version":1,"files":%s};`, `exports.manifest = {"version":1,"content_types":%s,"files":[["f+","/a",9999999,"",""]]};`,
			`exports.manifest = {"version":%s};`,
		}, 256 << 10, func(text string) (problem.List, error) {
			_, err := deploy.ParseManifest(text)
			return nil, err
		}},
		{"saved plan", []string{`{"slipway_plan":1,"job":%s}`, `{"slipway_plan":1,"plan":%s}`, `{"slipway_plan":%s}`, `{"slipway_plan":2,"tool":%s}`, `{"slipway_plan":1,"plan":{"functions":%s}}`}, deploy.MaxSaved, func(text string) (problem.List, error) {
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
	return reader{fmt.Sprintf("reply %d", status), frames, 0, func(text string) (problem.List, error) {
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

const (
	// costPerByte bounds what a reader may allocate in all, in bytes for each byte of
	// an input, and costAtMost what it may take beside that.
	costPerByte = 700
	costAtMost  = 32 << 20
	// longestRead is a time in which even a busy machine reads a megabyte, and in which
	// what takes the square of its size does not end.
	longestRead = 20 * time.Second
	// mostTold bounds what is told of one input, in bytes.
	mostTold = 64 << 10
)

// TestInputMatrix has each reader of what others write read each nasty text, as it is
// and in each place where a value counts. It may be refused, and nothing else: no
// panic, no memory or time that is out of proportion, no flood of words.
func TestInputMatrix(t *testing.T) { //nolint:paralleltest // it measures memory.
	size := 1 << 20
	switch {
	case isRaced:
		size = 16 << 10
	case testing.Short():
		size = 100 << 10
	}
	cells, refused, exceptions := 0, 0, 0
	var dearest float64
	dearestName := ""
	for _, reader := range readers() { //nolint:paralleltest // as above.
		texts := map[string]string{}
		size := size
		if reader.limit > 0 {
			size = min(size, reader.limit-100)
		}
		for _, one := range nastyTexts() {
			texts[one.name] = one.make(size)
		}
		for i, frame := range reader.frames {
			for _, one := range nastyValues() {
				value := one.make(size/4 - len(frame))
				texts[fmt.Sprintf("%s in frame %d", one.name, i)] = fmt.Sprintf(frame, value)
			}
		}
		if reader.limit > 0 {
			texts["more than is read"] = strings.Repeat(" ", reader.limit+1)
		}
		for name, text := range texts {
			cells++
			t.Run(reader.name+"/"+name, func(t *testing.T) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				started := time.Now()
				warnings, err := reader.read(text)
				took := time.Since(started)
				runtime.ReadMemStats(&after)
				if err != nil {
					refused++
				}
				cost := after.TotalAlloc - before.TotalAlloc
				if share := float64(cost) / float64(len(text)+1<<16); share > dearest {
					dearest, dearestName = share, t.Name()
				}
				if most := uint64(costAtMost + costPerByte*len(text)); cost > most && !isRaced {
					t.Errorf("it took %d bytes for %d, more than %d", cost, len(text), most)
				}
				if took > longestRead {
					t.Errorf("it took %s", took)
				}
				told := len(warnings.Error())
				if err != nil {
					told += len(err.Error())
				}
				if told > mostTold {
					t.Errorf("it is told in %d bytes, more than %d: %.300s", told, mostTold, fmt.Sprint(warnings, err))
				}
				if name == "more than is read" && err == nil && len(warnings) == 0 {
					t.Errorf("more than %d bytes were read", reader.limit)
				}
				if t.Failed() {
					exceptions++
				}
			})
		}
	}
	t.Logf("%d cells, %d refused, %d exceptions; at most %.0f bytes of memory for each byte (%s)", cells, refused, exceptions, dearest, dearestName)
}
