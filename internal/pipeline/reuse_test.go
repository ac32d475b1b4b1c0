package pipeline_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// site is a Service that is deployed to again and again.
type site struct {
	t      *testing.T
	world  *sandbox.Sandbox
	client *twilio.Client
	before func(*http.Request) // each request; may be nil
	plan   deploy.Plan         // of the last deploy

	mu    sync.Mutex
	calls []string // of the last deploy, without looks at Builds
}

func newSite(t *testing.T, options sandbox.Options) *site {
	t.Helper()
	s := &site{t: t}
	options.Observe = func(call sandbox.Call) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if call.Operation != "FetchBuildStatus" {
			s.calls = append(s.calls, call.Operation)
		}
	}
	var err error
	if s.world, err = sandbox.New(options); err != nil {
		t.Fatal(err)
	}
	s.client = newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.before != nil {
			s.before(r)
		}
		s.world.ServeHTTP(w, r)
	}))
	return s
}

func (s *site) deploy(tree fstest.MapFS, change ...func(*job.Job)) job.Result {
	s.t.Helper()
	s.calls = nil
	asked := deployment()
	for _, apply := range change {
		apply(&asked)
	}
	outcome, err := pipeline.Run(s.t.Context(), asked, pipeline.Config{Client: s.client, Source: tree, Tool: "slipway/test"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.plan = outcome.Plan
	s.isRight(tree, outcome.Result)
	return outcome.Result
}

// isRight holds what is live to the project: its paths, and the files behind them.
func (s *site) isRight(tree fstest.MapFS, result job.Result) {
	s.t.Helper()
	world := s.world.Snapshot()
	at := slices.IndexFunc(world.Builds, func(b sandbox.Build) bool { return b.SID == result.BuildSID })
	if at < 0 || !slices.ContainsFunc(world.Environments, func(e sandbox.Environment) bool {
		return e.BuildSID == result.BuildSID && e.SID == result.EnvironmentSID
	}) {
		s.t.Fatalf("Build %s is not live", result.BuildSID)
	}
	got := map[string]string{}
	for _, one := range world.Versions {
		if slices.Contains(world.Builds[at].VersionSIDs, one.SID) && !strings.HasPrefix(one.Path, "/_slipway/") {
			got[one.Path] = one.Visibility + " " + one.SHA256[:8]
		}
	}
	want := map[string]string{}
	for name, file := range tree {
		folder, path, _ := strings.Cut(name, "/")
		if folder != "functions" && folder != "assets" {
			continue
		}
		visibility := "public"
		for _, marker := range []string{"private", "protected"} {
			if strings.Contains(path, "."+marker) {
				path, visibility = strings.Replace(path, "."+marker, "", 1), marker
			}
		}
		if folder == "functions" {
			path = strings.TrimSuffix(path, ".js")
		}
		want["/"+path] = visibility + " " + fmt.Sprintf("%x", sha256.Sum256(file.Data))[:8]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("what is live is not the project (-want +got):\n%s", diff)
	}
}

func (s *site) count(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(s.calls), func(call string) bool { return !strings.HasPrefix(call, operation) }))
}

// wantCalls holds the last deploy to how many calls it may make, looks at Builds
// aside, and to how many of them are uploads.
func (s *site) wantCalls(most, functions, assets, builds int) {
	s.t.Helper()
	got := []int{s.count("CreateFunctionVersion"), s.count("CreateAssetVersion"), s.count("CreateBuild")}
	if len(s.calls) > most || !slices.Equal(got, []int{functions, assets, builds}) {
		s.t.Errorf("%d calls, want at most %d, with %d, %d and %d uploads and Builds: %v", len(s.calls), most, functions, assets, builds, s.calls)
	}
}

// large is a project of many files.
func large(more ...string) fstest.MapFS {
	files := tree(more...)
	for i := range 120 {
		files[fmt.Sprintf("functions/f%03d.js", i)] = text("exports.x = 1;")
		files[fmt.Sprintf("assets/a%03d.txt", i)] = text("a")
	}
	return files
}

// TestDeployCostsWhatChanged counts the calls of deploys behind a first one.
func TestDeployCostsWhatChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{PageSize: 50})
	first := s.deploy(large())

	again := s.deploy(large())
	s.wantCalls(5, 0, 0, 0)
	if again.Status != job.Unchanged || again.Changed || again.BuildSID != first.BuildSID || again.URL != first.URL || again.Digest != first.Digest {
		t.Errorf("nothing changed: %+v", again)
	}
	if len(again.Functions.Unchanged) != 122 || len(again.Assets.Unchanged) != 122 || again.UploadedBytes != 0 || again.PreviousBuildSID != "" {
		t.Errorf("nothing changed: %+v", again)
	}

	second := s.deploy(large("functions/hello.js", "exports.handler = 2;"))
	s.wantCalls(12, 2, 0, 1) // the Manifest is the other one
	if second.Status != job.Deployed || second.PreviousBuildSID != first.BuildSID || !slices.Equal(second.Functions.Updated, []string{"/hello"}) || second.UploadedBytes != 20 {
		t.Errorf("one file changed: %+v", second)
	}

	s.deploy(large("functions/hello.js", "exports.handler = 2;", ".env", "GREETING=good morning"))
	s.wantCalls(10, 0, 0, 0) // two of them look whether another deploy came between
	if s.count("CreateDeployment") != 0 || s.count("UpdateVariable") != 1 {
		t.Errorf("a variable changed: %v", s.calls)
	}

	s.deploy(large("functions/hello.js", "exports.handler = 2;", "package.json", `{"name":"site","dependencies":{"lodash":"4.17.20"}}`, ".env", "GREETING=good morning"))
	s.wantCalls(12, 1, 0, 1)

	back := s.deploy(large(".env", "GREETING=good morning"))
	s.wantCalls(10, 0, 0, 0)
	if back.BuildSID != first.BuildSID || back.Status != job.Deployed || back.PreviousBuildSID == "" {
		t.Errorf("back to the first: %+v", back)
	}

	there := s.deploy(large(), func(asked *job.Job) { asked.Target.Environment = "stage" })
	s.wantCalls(12, 0, 0, 0)
	if there.BuildSID != first.BuildSID {
		t.Errorf("another Environment got Build %s, not %s", there.BuildSID, first.BuildSID)
	}

	moved := large(".env", "GREETING=good morning")
	delete(moved, "functions/f000.js")
	moved["functions/f001.private.js"] = moved["functions/f001.js"]
	delete(moved, "functions/f001.js")
	changed := s.deploy(moved)
	s.wantCalls(12, 2, 0, 1)
	if !slices.Equal(changed.Functions.Removed, []string{"/f000"}) || !slices.Equal(changed.Functions.Updated, []string{"/f001"}) {
		t.Errorf("one removed, one made private: %+v", changed.Functions)
	}
}

// TestBehindTheToolkit deploys in turns with a tool that knows no Manifest.
func TestBehindTheToolkit(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	likeTheToolkit := func(asked *job.Job) { asked.Options.NoManifest = true }
	s.deploy(tree(), likeTheToolkit)
	ours := s.deploy(tree("functions/hello.js", "exports.handler = 1;"))
	s.wantCalls(20, 2, 2, 1) // hello and the Manifest; Assets cannot be told
	if !slices.Equal(ours.Functions.Unchanged, []string{"/calls/in"}) || !slices.Equal(ours.Functions.Updated, []string{"/hello"}) || len(ours.Assets.Updated) != 2 {
		t.Errorf("got %+v and %+v", ours.Functions, ours.Assets)
	}
	s.deploy(tree("functions/hello.js", "exports.handler = 2;"), likeTheToolkit)
	s.deploy(tree("functions/hello.js", "exports.handler = 2;", "assets/index.html", "<h2>"))
	s.wantCalls(20, 1, 2, 1)
	s.deploy(tree("functions/hello.js", "exports.handler = 2;", "assets/index.html", "<h2>"))
	s.wantCalls(5, 0, 0, 0)
}

// TestWhatTwilioRemovedIsMadeAgain has Builds and Versions go while they are
// counted on.
func TestWhatTwilioRemovedIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, switches := range map[string]sandbox.Switches{"404": {}, "400": {StaleBuildIs400: true}} {
		t.Run("the Build to activate, "+name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandbox.Options{Switches: switches})
			first := s.deploy(tree())
			s.deploy(tree("functions/hello.js", "exports.handler = 2;"))
			s.once(on(http.MethodPost, "/Deployments"), func() {
				if err := s.client.DeleteBuild(t.Context(), twilio.ServiceSID(first.ServiceSID), twilio.BuildSID(first.BuildSID)); err != nil {
					t.Error(err)
				}
			})
			back := s.deploy(tree())
			if back.BuildSID == first.BuildSID || len(back.Warnings) != 3 || !strings.Contains(back.Warnings[2], "is gone by now: a new one is made") {
				t.Errorf("Build %s, with the warnings %q", back.BuildSID, back.Warnings)
			}
			s.wantCalls(30, 2, 0, 1)
			if s.plan.Build != deploy.BuildNew {
				t.Errorf("the report is told that the Build is %s", s.plan.Build)
			}
		})
	}
	t.Run("the Versions to use again", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, sandbox.Options{})
		first := s.deploy(tree())
		s.once(on(http.MethodPost, "/Builds"), func() {
			_, err := s.client.CreateDeployment(t.Context(), twilio.ServiceSID(first.ServiceSID), twilio.EnvironmentSID(first.EnvironmentSID), "")
			if _, swept := s.world.ExpireUnused(); err != nil || swept != nil {
				t.Error(err, swept)
			}
		})
		again := s.deploy(tree("functions/hello.js", "exports.handler = 2;"))
		if last := again.Warnings[len(again.Warnings)-1]; !strings.Contains(last, "all files are uploaded again") {
			t.Errorf("the warnings are %q", again.Warnings)
		}
	})
}

// TestAnotherBuildGoesLiveMeanwhile has somebody else deploy while a Build is made.
func TestAnotherBuildGoesLiveMeanwhile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		build   func(first, second string) string // goes live in between
		warning string
	}{
		"another":     {func(first, _ string) string { return first }, "Build FIRST went live in dev while this ran; this deploy replaces it"},
		"none":        {func(string, string) string { return "" }, ""},
		"what was it": {func(_, second string) string { return second }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandbox.Options{})
			first, second := s.deploy(tree()), s.deploy(tree("functions/hello.js", "2"))
			between := test.build(first.BuildSID, second.BuildSID)
			s.once(on(http.MethodPost, "/Builds"), func() {
				_, err := s.client.CreateDeployment(t.Context(), twilio.ServiceSID(first.ServiceSID), twilio.EnvironmentSID(first.EnvironmentSID), twilio.BuildSID(between))
				if err != nil {
					t.Error(err)
				}
			})
			third := s.deploy(tree("functions/hello.js", "3"))
			warning := strings.Replace(test.warning, "FIRST", first.BuildSID, 1)
			if said := slices.Contains(third.Warnings, warning); said != (warning != "") || len(third.Warnings) != len(second.Warnings)+strings.Count(warning, "this ran") {
				t.Errorf("the warnings are %q, want %q", third.Warnings, warning)
			}
			if third.PreviousBuildSID != between {
				t.Errorf("before it Build %q is said to have been live, not %q", third.PreviousBuildSID, between)
			}
		})
	}
}

// TestStateOfWhatWasReused asks what a failure says of a Build that the run did
// not make.
func TestStateOfWhatWasReused(t *testing.T) {
	t.Parallel()
	refuse := func(method, part string) func(http.Handler) http.Handler {
		return func(world http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == method && strings.Contains(r.URL.Path, part) {
					status(400, `{"code":20001,"message":"no"}`)(w, r)
					return
				}
				world.ServeHTTP(w, r)
			})
		}
	}
	for name, test := range map[string]struct {
		tree   fstest.MapFS
		refuse func(http.Handler) http.Handler
		want   string
	}{
		"variables alone": {
			tree("functions/hello.js", "2", ".env", "GREETING=hello\nMORE=1"), refuse(http.MethodPost, "/Variables"),
			"Build LIVE is live in dev, as before. Only variables were to change.",
		},
		"a Build of before": {
			tree(), refuse(http.MethodPost, "/Deployments"),
			"Build LIVE is live in dev, as before. Build FIRST, which was made of the same before, did not go live.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandbox.Options{})
			first, second := s.deploy(tree()), s.deploy(tree("functions/hello.js", "2"))
			outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: newClient(t, test.refuse(s.world)), Source: test.tree})
			if err == nil {
				t.Fatal("it went live")
			}
			want := strings.NewReplacer("LIVE", second.BuildSID, "FIRST", first.BuildSID).Replace(test.want)
			if got := outcome.Result.Error.State; got != want {
				t.Errorf("the state is %q, want %q", got, want)
			}
		})
	}
}

// once does something in the midst of a deploy, at the first request that matches.
func (s *site) once(matches func(*http.Request) bool, do func()) {
	var only sync.Once
	s.before = func(r *http.Request) {
		if matches(r) {
			only.Do(do)
		}
	}
}

// TestBuildOfTheConsole has a Build that somebody else made, with the Manifest of
// an earlier one among its Versions.
func TestBuildOfTheConsole(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	s.deploy(tree())
	second := s.deploy(tree("functions/hello.js", "exports.handler = 2;"))
	service, environment := twilio.ServiceSID(second.ServiceSID), twilio.EnvironmentSID(second.EnvironmentSID)
	live, err := s.client.FetchBuild(t.Context(), service, twilio.BuildSID(second.BuildSID))
	if err != nil {
		t.Fatal(err)
	}
	world := s.world.Snapshot()
	old := slices.IndexFunc(world.Versions, func(v sandbox.Version) bool { return v.Path == "/hello" }) // the oldest
	made := twilio.NewBuild{Runtime: "node22", Dependencies: []twilio.Dependency{{Name: "lodash", Version: "4.17.21"}}}
	for _, version := range live.FunctionVersions {
		if version.Path == "/hello" {
			version.SID = twilio.VersionSID(world.Versions[old].SID)
		}
		made.FunctionVersions = append(made.FunctionVersions, version.SID)
	}
	for _, version := range live.AssetVersions {
		made.AssetVersions = append(made.AssetVersions, version.SID)
	}
	build, err := s.client.CreateBuild(t.Context(), service, made)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.CreateDeployment(t.Context(), service, environment, build.SID); err != nil {
		t.Fatal(err)
	}

	// It is the only Build left at whose Manifest's path the digest stands.
	if err := s.client.DeleteBuild(t.Context(), service, live.SID); err != nil {
		t.Fatal(err)
	}
	there := s.deploy(tree("functions/hello.js", "exports.handler = 2;"), func(asked *job.Job) { asked.Target.Environment = "stage" })
	if s.count("CreateBuild") != 1 || there.BuildSID == string(build.SID) {
		t.Errorf("what the Console made was reused: %+v", there)
	}
	again := s.deploy(tree("functions/hello.js", "exports.handler = 2;"))
	if again.Status != job.Deployed || again.BuildSID != there.BuildSID {
		t.Errorf("what the Console made was taken for ours: %+v", again)
	}
}

// TestFullOfFunctions has no room for the Manifest.
func TestFullOfFunctions(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{Switches: sandbox.Switches{FunctionLimit: true}})
	files := tree()
	for i := range 48 { // and the two that are there
		files[fmt.Sprintf("functions/f%02d.js", i)] = text("exports.x = 1;")
	}
	result := s.deploy(files)
	if last := result.Warnings[len(result.Warnings)-1]; !strings.Contains(last, "only without its Manifest") {
		t.Errorf("the warnings are %q", result.Warnings)
	}
	files["functions/one-more.js"] = text("exports.x = 1;")
	outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: s.client, Source: files})
	if err == nil || outcome.Result.Error.Reason != job.LimitReached {
		t.Errorf("ended with %v, want the limit", err)
	}
}

// TestManifestThatIsRefused is left out: the project goes live without it.
func TestManifestThatIsRefused(t *testing.T) {
	t.Parallel()
	isKeeper := func(r *http.Request) bool {
		return on(http.MethodPost, "/Functions")(r) && mentions(t, r, "="+deploy.ManifestFunction)
	}
	isVersion := func(r *http.Request) bool { return on(http.MethodPost, "/Versions")(r) && mentions(t, r, "/_slipway/") }
	for name, test := range map[string]struct {
		matches func(*http.Request) bool
		answer  http.HandlerFunc
	}{
		"its Function":           {isKeeper, status(400, `{"code":20001,"message":"FriendlyName is reserved"}`)},
		"its Version":            {isVersion, status(400, `{"code":20001,"message":"Path is reserved"}`)},
		"its Version, too large": {isVersion, status(413, "<html>Request Entity Too Large")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandbox.Options{})
			calm := s.client
			s.client = newClient(t, &failing{Handler: s.world, matches: test.matches, answer: test.answer})
			result := s.deploy(tree())
			if last := result.Warnings[len(result.Warnings)-1]; !strings.Contains(last, "does not take the Manifest") {
				t.Errorf("the warnings are %q", result.Warnings)
			}
			s.client = calm
			if s.deploy(tree()); len(s.plan.Uploads()) != 2 {
				t.Errorf("behind it are uploaded %+v, want the Assets", s.plan.Uploads())
			}
		})
	}
}

// mentions looks for a text in the body of a request, and leaves it as it was.
func mentions(t *testing.T, r *http.Request, text string) bool {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return bytes.Contains(body, []byte(text))
}

// TestAssetsAloneHaveNoManifest since a Function would make it another kind of
// Build.
func TestAssetsAloneHaveNoManifest(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	files := tree()
	for name := range files {
		if strings.HasPrefix(name, "functions/") {
			delete(files, name)
		}
	}
	s.deploy(files)
	again := s.deploy(files)
	if len(s.world.Snapshot().Functions) != 0 || len(again.Assets.Updated) != 2 {
		t.Errorf("got %+v", again)
	}
	s.wantCalls(11, 0, 2, 1)
}
