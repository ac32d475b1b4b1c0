package cli_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/cli"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestDeploysOnEverySwitch deploys in both positions of each of the Sandbox's
// switches, and in the other position of all of them: first, changed, again, to a
// second Environment, and twice in vain. Each time what is live is what the
// project says, and what is looked at tells so; a prune takes nothing of it. A few requests meet faults, and
// what may be taken is taken by another who asks for the same a moment earlier.
func TestDeploysOnEverySwitch(t *testing.T) {
	t.Parallel()
	worlds := map[string]sandbox.Switches{"none": {}}
	var all sandbox.Switches
	for _, one := range sandbox.SwitchTable() {
		worlds[one.Name] = one.TurnOn(sandbox.Switches{})
		all = one.TurnOn(all)
	}
	worlds["all"] = all
	for name, switches := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSwitched(t, sandbox.Options{
				Switches: switches, PageSize: 2, BuildTime: 10 * time.Millisecond,
				FaultRate: 0.02, Seed: 1, SlowAnswer: 10 * time.Millisecond,
			})
			w.write("package.json", `{"name": "Switched", "dependencies": {"lodash": "^4.17.0"}}`)
			w.write("functions/hello.js", "exports.handler = (context, event, callback) => callback(null, 'hello');")
			w.write("functions/calls/answer.protected.js", "exports.handler = () => {};")
			w.write("functions/helper.private.js", "exports.helper = 1;")
			w.write("assets/index.html", "<h1>hello</h1>")
			w.write("assets/data/menu.private.json", "{}")
			w.write(".env", "GREETING=hello\nOTHER=one\n")
			want := liveSite{
				Runtime: "node22", Variables: map[string]string{"GREETING": "hello", "OTHER": "one"},
				Files: map[string]string{
					"/hello": "public Function", "/calls/answer": "protected Function", "/helper": "private Function",
					"/index.html": "public Asset", "/data/menu.json": "private Asset",
				},
			}

			first := w.deploy(0, "deploy")
			w.wantLive("dev", want)
			w.write("functions/hello.js", "exports.handler = (context, event, callback) => callback(null, 'good morning');")
			w.write("assets/new.txt", "new")
			w.write(".env", "GREETING=good morning\nOTHER=one\nMORE=two\n")
			w.remove("functions/helper.private.js")
			delete(want.Files, "/helper")
			want.Files["/new.txt"] = "public Asset"
			want.Variables = map[string]string{"GREETING": "good morning", "OTHER": "one", "MORE": "two"}
			second := w.deploy(0, "deploy", "--runtime", "node24")
			want.Runtime = "node24"
			w.wantLive("dev", want)
			if second.PreviousBuildSID != first.BuildSID || second.Functions.Removed[0] != "/helper" {
				t.Errorf("behind %s came %+v", first.BuildSID, second)
			}
			deployments := 2
			if switches.ReservedPathsRefused { // then no Build has a Manifest, and none is known again
				deployments = 3
			}
			again := w.deploy(0, "deploy", "--runtime", "node24")
			if (again.Status == job.Unchanged) != (deployments == 2) || (again.BuildSID == second.BuildSID) != (deployments == 2) {
				t.Errorf("deployed again: %+v", again)
			}
			there := w.deploy(0, "deploy", "--runtime", "node24", "--environment", "production")
			if (there.BuildSID == second.BuildSID) != (deployments == 2) {
				t.Errorf("behind Build %s came %s", second.BuildSID, there.BuildSID)
			}
			w.wantLive("dev", want)
			w.wantLive("", want)

			w.write("assets/never-live.txt", "never")
			w.write("package.json", `{"name": "Switched", "dependencies": {"`+sandbox.FailsBuild+`": "1.0.0"}}`)
			if failed := w.deploy(4, "deploy", "--runtime", "node24"); failed.Error == nil || failed.Error.Reason != job.BuildFailed {
				t.Errorf("a Build that fails: %+v", failed.Error)
			}
			w.wantLive("dev", want)
			w.write("package.json", `{"name": "Switched", "dependencies": {"`+sandbox.NotOnNpm+`": "1.0.0"}}`)
			refused := w.deploy(2, "deploy", "--runtime", "node24")
			if refused.Error == nil || !regexp.MustCompile(`\[request RQ[0-9a-f]{32}\]$`).MatchString(refused.Error.Message) {
				t.Errorf("a Build that is refused: %+v", refused.Error)
			}
			w.wantLive("dev", want)
			w.look(deployments)
			w.lookAtLogs(switches.LateLogs)
			w.prune()
			w.wantLive("dev", want)
			w.wantLive("", want)
			w.tearDown("dev")
			w.wantLive("", want)
		})
	}
}

// TestLimitsOfSwitches meets each limit that only a switch sets: the run ends
// for that reason, and what is live stays.
func TestLimitsOfSwitches(t *testing.T) {
	t.Parallel()
	many := func(pattern string, number int) func(*switched) {
		return func(w *switched) {
			for i := range number {
				w.write(fmt.Sprintf(pattern, i), "exports.x = 1;")
			}
		}
	}
	tests := map[string]struct {
		switches sandbox.Switches
		exceed   func(*switched)
		exit     int
		reason   job.Reason
		want     string // of the message
	}{
		"Functions": {sandbox.Switches{FunctionLimit: true}, many("functions/f%d.js", 50), 8, job.LimitReached, "limited to less than or equal to 50"},
		"Assets":    {sandbox.Switches{AssetLimits: true}, many("assets/a%d.private.txt", 51), 8, job.LimitReached, "limited to less than or equal to 50"},
		"Builds": {sandbox.Switches{BuildRateLimit: true}, func(w *switched) {
			for range 99 {
				w.build()
			}
			w.write("functions/more.js", "exports.x = 1;")
		}, 8, job.LimitReached, "limited to less than or equal to 100 an hour"},
		"Variables": {sandbox.Switches{VariablesLimit: true}, func(w *switched) {
			var lines strings.Builder
			for i := range 8 {
				fmt.Fprintf(&lines, "KEY%d=%s\n", i, strings.Repeat("x", 400))
			}
			w.write(".env", lines.String())
		}, 8, job.LimitReached, "limited to 3000 bytes"},
		"the source of a Function": {sandbox.Switches{LargeFunctionsRefused: true}, func(w *switched) {
			w.write("functions/large.js", "// "+strings.Repeat("x", 1<<20))
		}, 8, job.LimitReached, "413"},
		"an upload that is refused in plain text": {sandbox.Switches{PlainUploadErrors: true, ReservedPathsRefused: true}, func(w *switched) {
			w.write("assets/_next/app.css", "x")
		}, 2, job.BadInput, "begins with /_"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSwitched(t, sandbox.Options{Switches: test.switches, BuildTime: 10 * time.Millisecond})
			w.write("package.json", `{"name": "switched"}`)
			w.write("functions/hello.js", "exports.handler = () => {};")
			w.write(".env", "GREETING=hello\n")
			w.deploy(0, "deploy")
			test.exceed(w)
			failed := w.deploy(test.exit, "deploy")
			if failed.Error == nil || failed.Error.Reason != test.reason || !strings.Contains(failed.Error.Message, test.want) {
				t.Errorf("got %+v, want %s with %q", failed.Error, test.reason, test.want)
			}
			w.wantLive("dev", liveSite{
				Runtime: "node22", Files: map[string]string{"/hello": "public Function"}, Variables: map[string]string{"GREETING": "hello"},
			})
		})
	}
}

// switched is a project and a Sandbox to deploy it to.
type switched struct {
	t      *testing.T
	served *sandbox.Sandbox
	url    string
	folder string
}

func newSwitched(t *testing.T, options sandbox.Options) *switched {
	t.Helper()
	served, err := sandbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(overtaken{served})
	t.Cleanup(func() {
		server.Close()
		if err := served.Close(); err != nil {
			t.Error(err)
		}
	})
	return &switched{t, served, server.URL, t.TempDir()}
}

// overtaken lets another client be quicker: whatever the API may have one of is
// asked for twice, and what is answered is the second time.
type overtaken struct{ http.Handler }

var hasOneOf = regexp.MustCompile(`/(Services|Environments|Variables|Deployments)$`)

func (o overtaken) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && hasOneOf.MatchString(r.URL.Path) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client is gone
		}
		other := r.Clone(r.Context())
		other.Body, r.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
		o.quietly(other)
	}
	o.Handler.ServeHTTP(rw, r)
}

// quietly drops the answer, which a fault may have cut.
func (o overtaken) quietly(r *http.Request) {
	defer func() {
		met := recover()
		if err, _ := met.(error); met != nil && !errors.Is(err, http.ErrAbortHandler) {
			panic(met)
		}
	}()
	o.Handler.ServeHTTP(httptest.NewRecorder(), r)
}

func (w *switched) write(name, content string) {
	w.t.Helper()
	path := filepath.Join(w.folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		w.t.Fatal(err)
	}
}

func (w *switched) remove(name string) {
	w.t.Helper()
	if err := os.Remove(filepath.Join(w.folder, filepath.FromSlash(name))); err != nil {
		w.t.Fatal(err)
	}
}

// run runs a command, and returns what it prints.
func (w *switched) run(exit int, args ...string) []byte {
	w.t.Helper()
	account := sandbox.DefaultAccount()
	environment := map[string]string{
		"TWILIO_API_KEY": account.KeySID, "TWILIO_API_SECRET": account.KeySecret,
		"SLIPWAY_API_URL": w.url, "SLIPWAY_LIVE_URL": w.url + "/_live/{domain}",
	}
	var stdout, stderr bytes.Buffer
	code := cli.Main(w.t.Context(), cli.Env{
		Args: args, Stdout: &stdout, Stderr: &stderr,
		Getenv: func(name string) string { return environment[name] },
	})
	if code != exit {
		w.t.Fatalf("slipway %q: exit %d, want %d\n%s%s", args, code, exit, &stdout, &stderr)
	}
	return stdout.Bytes()
}

func (w *switched) deploy(exit int, args ...string) job.Result {
	w.t.Helper()
	var result job.Result
	if err := json.Unmarshal(w.run(exit, append(args, "--output", "json", w.folder)...), &result); err != nil {
		w.t.Fatal(err)
	}
	isThere := slices.ContainsFunc(w.served.Snapshot().Environments, func(one sandbox.Environment) bool {
		return one.SID == result.EnvironmentSID && one.DomainName == result.Domain && strings.Contains(result.URL, one.DomainName)
	})
	if exit == 0 && !isThere && result.Status != job.TornDown {
		w.t.Errorf("the domain of %s is said to be %q, at %q", result.EnvironmentSID, result.Domain, result.URL)
	}
	return result
}

// liveSite is what an Environment has: per path what serves it, the runtime,
// and Variables. The contents of files are compared with the folder's.
type liveSite struct {
	Runtime   string
	Files     map[string]string
	Variables map[string]string
}

// wantLive compares what is live in the Environment with a suffix.
func (w *switched) wantLive(suffix string, want liveSite) {
	w.t.Helper()
	world := w.served.Snapshot()
	at := slices.IndexFunc(world.Environments, func(one sandbox.Environment) bool { return one.DomainSuffix == suffix })
	if at < 0 {
		w.t.Fatalf("there is no Environment %q", suffix)
	}
	environment := world.Environments[at]
	got := liveSite{Files: map[string]string{}, Variables: map[string]string{}}
	for _, one := range world.Variables {
		if one.EnvironmentSID == environment.SID {
			got.Variables[one.Key] = one.Value
		}
	}
	for _, build := range world.Builds {
		if build.SID != environment.BuildSID {
			continue
		}
		got.Runtime = build.Runtime
		for _, one := range world.Versions {
			if slices.Contains(build.VersionSIDs, one.SID) && !strings.HasPrefix(one.Path, "/_slipway/") {
				kind := map[bool]string{true: "Function", false: "Asset"}[one.IsFunction]
				got.Files[one.Path] = one.Visibility + " " + kind
				if !w.has(one.SHA256) {
					w.t.Errorf("%s is not one of the folder's files", one.Path)
				}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("live in %q (-want +got):\n%s", suffix, diff)
	}
	w.wantServed(environment.DomainName, got)
}

// wantServed asks the domain for each path.
func (w *switched) wantServed(domain string, site liveSite) {
	w.t.Helper()
	for path, kind := range site.Files {
		response, err := http.Get(w.url + sandbox.LivePrefix + domain + path)
		if err != nil {
			w.t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if isOpen := strings.HasPrefix(kind, "public"); isOpen != (response.StatusCode == http.StatusOK) {
			w.t.Errorf("%s, a %s, answers %d", path, kind, response.StatusCode)
		}
	}
}

// has tells whether a file of the folder has the content of that SHA-256.
func (w *switched) has(hash string) bool {
	w.t.Helper()
	found := false
	err := filepath.WalkDir(w.folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		sum := sha256.Sum256(content)
		found = found || hex.EncodeToString(sum[:]) == hash
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// look runs the commands that only read.
func (w *switched) look(deployments int) {
	w.t.Helper()
	for kind, want := range map[string]int{
		"services": 1, "environments": 2, "functions": 3, "assets": 4, "variables": 3, "deployments": deployments,
	} {
		var listed struct {
			Items []any `json:"items"`
		}
		args := []string{"list", kind, "--output", "json"}
		if kind != "services" {
			args = append(args, w.folder)
		}
		if err := json.Unmarshal(w.run(0, args...), &listed); err != nil {
			w.t.Fatal(err)
		}
		if len(listed.Items) != want {
			w.t.Errorf("list %s: got %d of them, want %d", kind, len(listed.Items), want)
		}
	}
	var told deploy.Status
	if err := json.Unmarshal(w.run(0, "status", "--output", "json", w.folder), &told); err != nil {
		w.t.Fatal(err)
	}
	for _, want := range w.served.Snapshot().Environments {
		at := slices.IndexFunc(told.Environments, func(one deploy.EnvironmentStatus) bool { return string(one.EnvironmentSID) == want.SID })
		if at < 0 {
			w.t.Errorf("status does not tell of %s", want.SID)
			continue
		}
		got := told.Environments[at]
		if string(got.BuildSID) != want.BuildSID || got.Domain != want.DomainName || got.Runtime != "node24" || got.DeploymentSID == "" || len(got.Functions) != 2 || len(got.Assets) != 3 {
			w.t.Errorf("status tells %+v of %+v", got, want)
		}
	}
	if text := string(w.run(0, "list", "builds", w.folder)); !strings.Contains(text, "node24") {
		w.t.Errorf("list builds: %s", text)
	}
}

// lookAtLogs reads what the Functions have written when they were called.
func (w *switched) lookAtLogs(areLate bool) {
	w.t.Helper()
	args := []string{"logs", "--output", "json", w.folder}
	if areLate {
		args = append(args, "--tail", "--timeout", "5s")
	}
	entry := regexp.MustCompile(`"level": ?"info",\s*"function": ?"/hello",`)
	if printed := w.run(0, args...); len(entry.FindAll(printed, -1)) < 2 {
		w.t.Errorf("of several calls in each Environment, logs tells %s", printed)
	}
}

// build makes a Build of what is live, as another client would.
func (w *switched) build() {
	w.t.Helper()
	world, account := w.served.Snapshot(), sandbox.DefaultAccount()
	form := "FunctionVersions=" + world.Versions[0].SID
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/v1/Services/"+world.Services[0].SID+"/Builds", strings.NewReader(form))
	if err != nil {
		w.t.Fatal(err)
	}
	request.SetBasicAuth(account.KeySID, account.KeySecret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		w.t.Fatalf("create a Build: %d", response.StatusCode)
	}
}
