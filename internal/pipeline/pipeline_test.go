package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// quick is the default policy and pace, scaled 1:100.
func quick(cfg *twilio.Config) {
	cfg.Retry = retry.Default().Scaled(0.01)
	cfg.Polling = retry.Polling{Every: 2 * time.Millisecond, Steady: time.Second, Max: 2 * time.Millisecond, Budget: 20 * time.Second}
}

// newWorld serves a sandbox and returns it with a client of its account.
func newWorld(t *testing.T, options sandbox.Options, change ...func(*twilio.Config)) (*twilio.Client, *sandbox.Sandbox) {
	t.Helper()
	world, err := sandbox.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, world, change...), world
}

func newClient(t *testing.T, handler http.Handler, change ...func(*twilio.Config)) *twilio.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	account := sandbox.DefaultAccount()
	cfg := twilio.Config{APIURL: server.URL, Credentials: twilio.Credentials{User: account.KeySID, Password: secret.New(account.KeySecret)}}
	for _, apply := range append([]func(*twilio.Config){quick}, change...) {
		apply(&cfg)
	}
	client, err := twilio.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// tree is a small project of every kind of file.
func tree(more ...string) fstest.MapFS {
	files := fstest.MapFS{
		"package.json":                  text(`{"name":"@acme/site","dependencies":{"lodash":"4.17.21"},"engines":{"node":"22.x"}}`),
		"functions/hello.js":            text("exports.handler = (context, event, callback) => callback(null, 'hello');"),
		"functions/calls/in.private.js": text("exports.x = 1;"),
		"assets/index.html":             text("<h1>hello</h1>"),
		"assets/menu.protected.json":    text("{}"),
		".env":                          text("GREETING=hello\nACCOUNT_SID=AC1\nEMPTY=\n"),
	}
	for i := 0; i+1 < len(more); i += 2 {
		files[more[i]] = text(more[i+1])
	}
	return files
}

func text(content string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(content), Mode: 0o644}
}

func deployment() job.Job {
	return job.Job{Verb: job.Deploy, Target: job.Target{Environment: "dev"}, Folder: ".", Commit: "c0ffee"}
}

// live is what answers in a world's Environments.
func live(world *sandbox.Sandbox) (builds, variables []string) {
	snapshot := world.Snapshot()
	for _, environment := range snapshot.Environments {
		builds = append(builds, environment.UniqueName+"="+environment.BuildSID)
	}
	for _, variable := range snapshot.Variables {
		variables = append(variables, variable.Key+"="+variable.Value)
	}
	slices.Sort(builds)
	slices.Sort(variables)
	return builds, variables
}

func TestRunDeploys(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{BuildTime: 10 * time.Millisecond})
	var mu sync.Mutex
	var events []string
	outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{
		Client: client, Source: tree(), Variables: map[string]secret.String{"GIVEN": secret.New("g")}, LiveURL: "http://127.0.0.1:1/_live/{domain}",
		Progress: func(event job.Event) {
			mu.Lock()
			defer mu.Unlock()
			if event.Kind != job.Moved {
				events = append(events, string(event.Phase)+" "+string(event.Kind))
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	snapshot := world.Snapshot()
	got, environment := outcome.Result, snapshot.Environments[0]
	want := job.NewResult()
	want.Status, want.Changed = job.Deployed, true
	want.Service, want.ServiceSID = "site", snapshot.Services[0].SID
	want.Environment, want.EnvironmentSID = "dev", environment.SID
	want.Domain, want.URL = environment.DomainName, "http://127.0.0.1:1/_live/"+environment.DomainName
	want.BuildSID, want.DeploymentSID = environment.BuildSID, snapshot.Deployments[0].SID
	want.Commit, want.Digest = "c0ffee", got.Digest
	want.Functions.Created = []string{"/calls/in", "/hello"}
	want.Assets.Created = []string{"/index.html", "/menu.json"}
	want.Variables.Created = []string{"GIVEN", "GREETING"}
	want.UploadedBytes = 14 + 2 + 14 + 72
	want.APICalls, want.DurationMS, want.Warnings = got.APICalls, got.DurationMS, got.Warnings
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the Result differs (-want +got):\n%s", diff)
	}
	if len(got.Digest) != 64 || got.APICalls < 15 || len(got.Warnings) != 2 {
		t.Errorf("digest %q, %d calls, warnings %q", got.Digest, got.APICalls, got.Warnings)
	}
	if _, variables := live(world); !slices.Equal(variables, []string{"GIVEN=g", "GREETING=hello"}) {
		t.Errorf("variables are %v", variables)
	}
	service := snapshot.Services[0]
	if service.UniqueName != "site" || service.FriendlyName != "site" || !service.IncludeCredentials || service.UIEditable {
		t.Errorf("the Service is not as the Toolkit creates it: %+v", service)
	}
	if environment.UniqueName != "dev-environment" || environment.DomainSuffix != "dev" {
		t.Errorf("the Environment is not as the Toolkit creates it: %+v", environment)
	}
	build := snapshot.Builds[0]
	if build.Runtime != "node22" || build.Dependencies["lodash"] != "4.17.21" || len(build.VersionSIDs) != 5 {
		t.Errorf("the Build is %+v", build)
	}
	for _, event := range []string{"read started", "read warned", "plan started", "upload started", "upload finished", "build finished", "activate finished"} {
		if !slices.Contains(events, event) {
			t.Errorf("no event %q in %q", event, events)
		}
	}
}

func TestRunAgainUpdates(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{PageSize: 1})
	first, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: tree()})
	if err != nil {
		t.Fatal(err)
	}
	changed := tree("functions/new.js", "exports.handler = 1", ".env", "GREETING=goodbye\nOTHER=x")
	delete(changed, "assets/index.html")
	second, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: changed})
	if err != nil {
		t.Fatal(err)
	}
	got := second.Result
	want := job.NewResult()
	want.Functions.Created, want.Functions.Unchanged = []string{"/new"}, []string{"/calls/in", "/hello"}
	want.Assets.Unchanged, want.Assets.Removed = []string{"/menu.json"}, []string{"/index.html"}
	want.Variables.Created, want.Variables.Updated = []string{"OTHER"}, []string{"GREETING"}
	if diff := cmp.Diff([]job.Changes{want.Functions, want.Assets, want.Variables}, []job.Changes{got.Functions, got.Assets, got.Variables}); diff != "" {
		t.Errorf("the changes differ (-want +got):\n%s", diff)
	}
	if got.PreviousBuildSID != first.Result.BuildSID || got.BuildSID == first.Result.BuildSID || got.Digest == first.Result.Digest {
		t.Errorf("the Builds are %s before and %s after", got.PreviousBuildSID, got.BuildSID)
	}
	snapshot := world.Snapshot()
	if len(snapshot.Services) != 1 || len(snapshot.Environments) != 1 || len(snapshot.Functions) != 4 || len(snapshot.Assets) != 2 {
		t.Errorf("the second deploy did not find what the first one made: %+v", snapshot)
	}
}

// TestRunSurvivesFaults deploys against a platform that fails a fifth of its
// calls, with 50 seeds.
func TestRunSurvivesFaults(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			options := sandbox.Options{FaultRate: 0.2, Seed: seed, PageSize: 3, SlowAnswer: 5 * time.Millisecond}
			if isOdd := seed%2 == 1; isOdd { // what a lost answer leaves is found in both positions of the switches
				for _, one := range sandbox.SwitchTable() {
					options.Switches = one.TurnOn(options.Switches)
				}
				// Builds are counted, and the second deploy's must be another than the first's.
				options.Switches.UndeployedBuildsVanish, options.Switches.UploadsDeduplicated = false, false
			}
			client, world := newWorld(t, options, noHints)
			for _, source := range []string{"exports.handler = 1;", "exports.handler = 2;"} {
				if _, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: tree("functions/hello.js", source)}); err != nil {
					t.Fatal(err)
				}
			}
			snapshot := world.Snapshot()
			names := func(files []sandbox.File) (names []string) {
				for _, file := range files {
					names = append(names, file.FriendlyName)
				}
				slices.Sort(names)
				return names
			}
			if len(snapshot.Services) != 1 || len(snapshot.Environments) != 1 || len(snapshot.Variables) != 1 ||
				!slices.Equal(names(snapshot.Functions), []string{"/calls/in", "/hello", "_slipway"}) ||
				!slices.Equal(names(snapshot.Assets), []string{"/index.html", "/menu.json"}) ||
				len(snapshot.Builds) != 2 || len(snapshot.Deployments) != 2 {
				t.Errorf("something was made twice: %+v", snapshot)
			}
		})
	}
}

// noHints takes the Retry-After off the sandbox's 429s, whose whole seconds no
// scaled policy shortens.
func noHints(cfg *twilio.Config) {
	cfg.Transport = withoutHints{http.DefaultTransport}
}

type withoutHints struct{ http.RoundTripper }

func (w withoutHints) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Header.Del("Retry-After")
	}
	return response, err
}

func TestRunReportsAFailedBuild(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{FailBuilds: true})
	outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: tree()})
	if err == nil {
		t.Fatal("the deploy succeeded")
	}
	failure := outcome.Result.Error
	if failure.Reason != job.BuildFailed || !strings.Contains(failure.Message, "2 Functions and 2 Assets") ||
		!strings.Contains(failure.Message, "lodash 4.17.21") || !strings.Contains(failure.Hint, "Usual causes") {
		t.Errorf("got %+v", failure)
	}
	if outcome.Result.BuildSID == "" || outcome.Result.ServiceSID == "" || outcome.Result.Domain == "" {
		t.Errorf("what is known is not in the Result: %+v", outcome.Result)
	}
}

func TestRunEndsWithABuildThatNeverDoes(t *testing.T) {
	t.Parallel()
	client, _ := newWorld(t, sandbox.Options{BuildTime: time.Hour})
	asked := deployment()
	asked.Options.BuildTimeout = 50 * time.Millisecond
	outcome, err := pipeline.Run(t.Context(), asked, pipeline.Config{Client: client, Source: tree()})
	if !errors.Is(err, retry.ErrBudget) || outcome.Result.Error.Reason != job.TimedOut || !strings.Contains(outcome.Result.Error.Hint, "build-timeout") {
		t.Errorf("error %v, failure %+v", err, outcome.Result.Error)
	}
}

// TestRunCancelled stops a redeploy at each of its calls.
func TestRunCancelled(t *testing.T) {
	t.Parallel()
	for name, matches := range map[string]func(*http.Request) bool{
		"while reading":   on(http.MethodGet, "/Functions"),
		"while uploading": func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/Versions") },
		"while building":  on(http.MethodGet, "/Status"),
		"while setting": func(r *http.Request) bool {
			return r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/Variables/")
		},
		"while it goes live":  on(http.MethodPost, "/Deployments"),
		"while adding a file": on(http.MethodPost, "/Functions"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, world := newWorld(t, sandbox.Options{})
			if _, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: tree()}); err != nil {
				t.Fatal(err)
			}
			buildsBefore, variablesBefore := live(world)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stopped := newClient(t, &failing{Handler: world, matches: matches, answer: func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // a server notices that its client left only behind the body
				cancel()
				<-r.Context().Done()
			}})
			changed := tree("functions/new.js", "1", ".env", "GREETING=goodbye\nOTHER=x")
			outcome, err := pipeline.Run(ctx, deployment(), pipeline.Config{Client: stopped, Source: changed})
			if !errors.Is(err, context.Canceled) || outcome.Result.Error.Reason != job.Cancelled {
				t.Errorf("error %v, failure %+v", err, outcome.Result.Error)
			}
			builds, variables := live(world)
			if !slices.Equal(builds, buildsBefore) || !slices.Equal(variables, variablesBefore) {
				t.Errorf("live were %v with %v, and are %v with %v", buildsBefore, variablesBefore, builds, variables)
			}
			want := "Build " + buildsBefore[0][len("dev-environment="):] + " is live in dev, as before."
			if name == "while reading" {
				want = "Nothing was changed."
			}
			if state := outcome.Result.Error.State; !strings.HasPrefix(state, want) {
				t.Errorf("%q does not begin with %q", state, want)
			}
		})
	}
}

// TestRunGoesLiveAlthoughCancelled stops a deploy after its last call took
// effect: what is live is reported, not what was feared.
func TestRunGoesLiveAlthoughCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	world, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t, &failing{Handler: world, matches: on(http.MethodPost, "/Deployments"), answer: func(_ http.ResponseWriter, r *http.Request) {
		world.ServeHTTP(httptest.NewRecorder(), r)
		cancel()
		<-r.Context().Done()
	}})
	outcome, err := pipeline.Run(ctx, deployment(), pipeline.Config{Client: client, Source: tree()})
	if err != nil || outcome.Result.Status != job.Deployed || outcome.Result.DeploymentSID == "" {
		t.Errorf("error %v, Result %+v", err, outcome.Result)
	}
	if builds, _ := live(world); builds[0] != "dev-environment="+outcome.Result.BuildSID {
		t.Errorf("live is %v, the Result says %s", builds, outcome.Result.BuildSID)
	}
}

func TestRunNamesEveryProblemBeforeTheFirstRequest(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	client := newClient(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	var given problem.List
	given.Add("the front door's own", "")
	asked := deployment()
	asked.Target.Environment = "much-too-long-a-suffix"
	outcome, err := pipeline.Run(t.Context(), asked, pipeline.Config{
		Client: client, Problems: given,
		Source:    tree("package.json", `{"name":"`+strings.Repeat("n", 51)+`","engines":{"node":"16"},"dependencies":{"lib":"file:../lib"}}`, "functions/a#b.js", "1", ".env", "KEY="+strings.Repeat("x", 451)),
		Variables: map[string]secret.String{"BIG": secret.New(strings.Repeat("y", 451))},
	})
	for _, want := range []string{
		"the front door's own", "much-too-long-a-suffix", `dependency "lib"`, "a#b.js", ".env:1", "BIG",
		"has 51 characters", "engines.node",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no problem names %q:\n%v", want, err)
		}
	}
	if outcome.Result.Error.Reason != job.BadInput || calls.Load() != 0 {
		t.Errorf("failure %+v after %d calls", outcome.Result.Error, calls.Load())
	}
}

func TestRunChecksTheServicesName(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ given, packageJSON, want string }{
		"none":     {"", "{}", "the Service has no name"},
		"too long": {strings.Repeat("x", 51), "{}", "has 51 characters"},
		"a path":   {"a/b", "{}", "holds a character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := deployment()
			asked.Target.Service = test.given
			_, err := pipeline.Run(t.Context(), asked, pipeline.Config{Source: tree("package.json", test.packageJSON)})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}
