package pipeline_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// version is a project whose deploys differ by n.
func version(n int) fstest.MapFS {
	return tree("functions/hello.js", fmt.Sprintf("exports.version = %d;", n))
}

// of gives a deploy another commit and another Environment.
func of(commit, environment string) func(*job.Job) {
	return func(asked *job.Job) { asked.Commit, asked.Target.Environment = commit, environment }
}

func promotion(from, to string) job.Job {
	return job.Job{Verb: job.Promote, Target: job.Target{Service: "site", Environment: to}, Release: job.Release{From: from, CreateEnvironment: true}}
}

func rollback(environment, to string) job.Job {
	return job.Job{Verb: job.Rollback, Target: job.Target{Service: "site", Environment: environment}, Release: job.Release{To: to}}
}

// try runs a Job that needs no Source.
func (s *site) try(asked job.Job) (job.Result, error) {
	s.calls = nil
	outcome, err := pipeline.Run(s.t.Context(), asked, pipeline.Config{Client: s.client})
	s.plan = outcome.Plan
	return outcome.Result, err
}

func (s *site) must(asked job.Job) job.Result {
	s.t.Helper()
	result, err := s.try(asked)
	if err != nil {
		s.t.Fatal(err)
	}
	return result
}

// wantLive holds an Environment to the Build that is to be live there.
func (s *site) wantLive(environment, build string) {
	s.t.Helper()
	for _, one := range s.world.Snapshot().Environments {
		if one.DomainSuffix == environment {
			if one.BuildSID != build {
				s.t.Errorf("Build %q is live in %s, want %q", one.BuildSID, environment, build)
			}
			return
		}
	}
	s.t.Errorf("there is no Environment %s", environment)
}

// TestReleasesCostLittle counts the calls of promotes and roll-backs of projects
// of any size.
func TestReleasesCostLittle(t *testing.T) {
	t.Parallel()
	for name, project := range map[string]func(...string) fstest.MapFS{"small": tree, "large": large} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandbox.Options{})
			var builds []string
			for n := range 4 {
				builds = append(builds, s.deploy(project("functions/hello.js", strconv.Itoa(n)), of("aaaaaaa1", "dev")).BuildSID)
			}
			ceiling := func(most int, result job.Result, status job.Status, build string) {
				t.Helper()
				if len(s.calls) > most || result.APICalls != len(s.calls) {
					t.Errorf("%s: %d calls, want at most %d: %v", status, len(s.calls), most, s.calls)
				}
				if result.Status != status || build != "" && result.BuildSID != build {
					t.Errorf("got %s of Build %s, want %s of %s", result.Status, result.BuildSID, status, build)
				}
			}
			ceiling(7, s.must(promotion("dev", "stage")), job.Promoted, builds[3])
			ceiling(6, s.must(promotion("dev", "stage")), job.Unchanged, builds[3])
			s.must(rollback("dev", ""))
			ceiling(6, s.must(promotion("dev", "stage")), job.Promoted, builds[2])
			ceiling(6, s.must(rollback("stage", "")), job.RolledBack, builds[3])
			ceiling(6, s.must(rollback("stage", builds[2])), job.RolledBack, builds[2])
			s.must(rollback("dev", builds[0]))
			ceiling(6, s.must(rollback("dev", "")), job.RolledBack, builds[2])
		})
	}
}

// TestRollbackPassesOverWhatIsGone counts a call for each Build that is gone, and
// says so.
func TestRollbackPassesOverWhatIsGone(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	var builds []string
	service := twilio.ServiceSID("")
	for n := range 4 {
		result := s.deploy(version(n))
		builds, service = append(builds, result.BuildSID), twilio.ServiceSID(result.ServiceSID)
	}
	for _, gone := range builds[1:3] {
		if err := s.client.DeleteBuild(t.Context(), service, twilio.BuildSID(gone)); err != nil {
			t.Fatal(err)
		}
	}
	result := s.must(rollback("dev", ""))
	if result.BuildSID != builds[0] || len(s.calls) > 8 {
		t.Errorf("Build %s is live after %d calls, want %s after at most 8: %v", result.BuildSID, len(s.calls), builds[0], s.calls)
	}
	for i, gone := range []string{builds[2], builds[1]} {
		if len(result.Warnings) != 2 || !strings.Contains(result.Warnings[i], gone) || !strings.Contains(result.Warnings[i], "deploy the commit") {
			t.Errorf("warnings %q do not tell of %s", result.Warnings, gone)
		}
	}
	_, err := s.try(rollback("dev", builds[1]))
	wantProblem(t, err, "Build "+builds[1]+" is gone", "Deploy the commit")
	s.wantLive("dev", builds[0])
}

// TestPromoteAndRollBack takes a release through two Environments.
func TestPromoteAndRollBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	v1 := s.deploy(version(1), of("1111111aaa", "dev"))
	s.must(promotion("dev", "stage"))
	s.wantLive("stage", v1.BuildSID)
	v2 := s.deploy(version(2), of("2222222bbb", "dev"))
	v3 := s.deploy(version(3), of("3333333ccc", "dev"))
	promoted := s.must(promotion("dev", "stage"))
	s.wantLive("stage", v3.BuildSID)
	if promoted.PreviousBuildSID != v1.BuildSID || promoted.Commit != "3333333ccc" || promoted.Digest != v3.Digest || !promoted.Changed || promoted.DeploymentSID == "" {
		t.Errorf("the Result is %+v", promoted)
	}
	if got := promoted.Functions; !slices.Equal(got.Updated, []string{"/hello"}) || !slices.Equal(got.Unchanged, []string{"/calls/in"}) || len(got.Created)+len(got.Removed) > 0 {
		t.Errorf("Functions are %+v", got)
	}
	back := s.must(rollback("stage", ""))
	s.wantLive("stage", v1.BuildSID)
	s.wantLive("dev", v3.BuildSID)
	if back.Status != job.RolledBack || back.Commit != "1111111aaa" || back.PreviousBuildSID != v3.BuildSID || back.RolledBack {
		t.Errorf("the Result is %+v", back)
	}
	s.must(rollback("stage", "")) // there and back
	s.wantLive("stage", v3.BuildSID)
	s.must(rollback("dev", "1111111"))
	s.wantLive("dev", v1.BuildSID)
	s.must(rollback("dev", "2222222BBB"))
	s.wantLive("dev", v2.BuildSID)
	if got := s.must(rollback("dev", v2.BuildSID)); got.Status != job.Unchanged || got.Changed {
		t.Errorf("a roll-back to what is live ended %s", got.Status)
	}
	_, err := s.try(rollback("dev", "4444444"))
	wantProblem(t, err, "commit 4444444", "check 4444444 out")
	_, err = s.try(rollback("stage", v2.BuildSID))
	wantProblem(t, err, "was never live in stage", "promote")
}

// TestReleasesLeaveVariables makes sure that no variable is read or written.
func TestReleasesLeaveVariables(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	s.deploy(version(1))
	s.deploy(tree(".env", "STAGE=1"), of("b", "stage"))
	_, before := live(s.world)
	for _, asked := range []job.Job{promotion("dev", "stage"), rollback("stage", "")} {
		s.must(asked)
		if s.count("ListVariable")+s.count("CreateVariable")+s.count("UpdateVariable") > 0 {
			t.Errorf("%s: calls are %v", asked.Verb, s.calls)
		}
	}
	if _, after := live(s.world); !slices.Equal(before, after) {
		t.Errorf("variables are %v, were %v", after, before)
	}
}

// TestPromoteStartsVariables creates an Environment with the variables of another
// one, and leaves those of one that is there alone.
func TestPromoteStartsVariables(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	s.deploy(tree(".env", "GREETING=hello\nKEY=secret"))
	asked := promotion("dev", "stage")
	asked.Options.VariablesLike = "dev"
	result := s.must(asked)
	want := []string{"GREETING=hello", "GREETING=hello", "KEY=secret", "KEY=secret"}
	if _, got := live(s.world); !slices.Equal(got, want) || !slices.Equal(result.Variables.Created, []string{"GREETING", "KEY"}) {
		t.Errorf("variables are %v, want %v; the Result has %+v", got, want, result.Variables)
	}
	s.deploy(tree(".env", "GREETING=goodbye", "functions/hello.js", "2"))
	if result := s.must(asked); len(s.calls) > 6 || len(result.Variables.Created) > 0 {
		t.Errorf("%d calls, variables %+v", len(s.calls), result.Variables)
	}
	if _, got := live(s.world); !slices.Equal(got, []string{"GREETING=goodbye", "GREETING=hello", "KEY=secret", "KEY=secret"}) {
		t.Errorf("variables are %v", got)
	}
	asked.Options.VariablesLike = "stage"
	_, err := s.try(asked)
	wantProblem(t, err, "variables-like: environment stage is the one that is deployed to")
	asked = promotion("dev", "other")
	asked.Options.VariablesLike = "nowhere"
	_, err = s.try(asked)
	wantProblem(t, err, "variables-like: there is no environment nowhere")
}

// TestRollbackOfForeignReleases goes back to what the Toolkit deployed, and past
// Deployments that took the Build away.
func TestRollbackOfForeignReleases(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	plain := func(asked *job.Job) { asked.Options.NoManifest = true }
	v1, v2 := s.deploy(version(1), plain), s.deploy(version(2), plain)
	service, environment := twilio.ServiceSID(v1.ServiceSID), twilio.EnvironmentSID(v1.EnvironmentSID)
	if _, err := s.client.CreateDeployment(t.Context(), service, environment, ""); err != nil {
		t.Fatal(err)
	}
	// Nothing is live, so the newest that was is the one to go back to.
	if back := s.must(rollback("dev", "")); back.BuildSID != v2.BuildSID || back.PreviousBuildSID != "" || back.Digest != "" {
		t.Errorf("the Result is %+v", back)
	}
	if back := s.must(rollback("dev", "")); back.BuildSID != v1.BuildSID || len(back.Warnings) > 0 {
		t.Errorf("Build %s is live; warnings are %q", back.BuildSID, back.Warnings)
	}
	_, err := s.try(rollback("dev", "c0ffee00"))
	wantProblem(t, err, "c0ffee00")
}

// TestReleaseRefuses tries what cannot be.
func TestReleaseRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	dev := s.deploy(version(1))
	service := twilio.ServiceSID(dev.ServiceSID)
	if _, err := s.client.CreateEnvironment(t.Context(), service, "empty-environment", "empty"); err != nil {
		t.Fatal(err)
	}
	build := func(build, to string) job.Job {
		return job.Job{Verb: job.Promote, Target: job.Target{Service: "site", Environment: to}, Release: job.Release{BuildSID: build}}
	}
	unknown := "ZB" + strings.Repeat("0", 32)
	both := promotion("dev", "empty")
	both.Release.BuildSID = dev.BuildSID
	closed := promotion("dev", "stage")
	closed.Release.CreateEnvironment = false
	other := promotion("dev", "stage")
	other.Target.Service = "other"
	for name, test := range map[string]struct {
		asked job.Job
		want  []string
		calls int // at most
	}{
		"empty source":          {promotion("empty", "stage"), []string{"nothing is live in empty", "Deploy there first"}, 2},
		"itself":                {promotion("dev", "dev"), []string{"promoted to itself"}, 0},
		"itself in capitals":    {promotion("DEV", "dev"), []string{"DEV would be promoted to itself"}, 0},
		"itself by SID":         {promotion(dev.EnvironmentSID, "dev"), []string{"promoted to itself"}, 2},
		"no such source":        {promotion("nowhere", "stage"), []string{"has no Environment nowhere", "It has dev, empty."}, 2},
		"no such target":        {closed, []string{"has no Environment stage", "create-environment"}, 2},
		"no such target by SID": {promotion("dev", "ZE"+strings.Repeat("0", 32)), []string{"is not one of this Service's"}, 2},
		"no such Service":       {other, []string{`no Service "other"`}, 1},
		"no such Build":         {build(unknown, "empty"), []string{"Build " + unknown, "is not there"}, 3},
		"a name for a Build":    {build("latest", "empty"), []string{`build-sid "latest"`, "ZB"}, 0},
		"both":                  {both, []string{"promote-from", "build-sid"}, 0},
		"neither":               {build("", "empty"), []string{"promote-from", "build-sid"}, 0},
		"bad source":            {promotion("a b", "stage"), []string{`environment "a b"`}, 0},
		"nothing to go back to": {rollback("dev", ""), []string{"has no Release to go back to"}, 3},
		"nothing at all":        {rollback("empty", ""), []string{"has no Release to go back to"}, 3},
		"no such Environment":   {rollback("stage", ""), []string{"has no Environment stage"}, 2},
		"a word to go back to":  {rollback("dev", "yesterday"), []string{`to "yesterday"`, "7 digits"}, 0},
		"too little of a SHA":   {rollback("dev", "abc123"), []string{`to "abc123"`}, 0},
	} {
		before := len(s.world.Snapshot().Deployments)
		result, err := s.try(test.asked)
		wantProblem(t, err, test.want...)
		if len(s.calls) > test.calls || result.Error == nil || result.Error.Reason != job.BadInput {
			t.Errorf("%s: %d calls, want at most %d; %+v", name, len(s.calls), test.calls, result.Error)
		}
		if len(s.world.Snapshot().Deployments) != before {
			t.Errorf("%s: something went live", name)
		}
	}
}

func wantProblem(t *testing.T, err error, parts ...string) {
	t.Helper()
	_, isList := errors.AsType[problem.List](err)
	if _, ok := errors.AsType[*problem.Problem](err); !ok && !isList {
		t.Errorf("got error %v, want a Problem with %q", err, parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the Problem %q does not say %q", err, part)
		}
	}
}

// TestPromoteAwaitsTheBuild promotes a Build that is not complete yet.
func TestPromoteAwaitsTheBuild(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{BuildTime: 50 * time.Millisecond})
	dev := s.deploy(version(1))
	service := twilio.ServiceSID(dev.ServiceSID)
	complete, err := s.client.FetchBuild(t.Context(), service, twilio.BuildSID(dev.BuildSID))
	if err != nil {
		t.Fatal(err)
	}
	building, err := s.client.CreateBuild(t.Context(), service, twilio.NewBuild{
		FunctionVersions: []twilio.VersionSID{complete.FunctionVersions[0].SID}, Runtime: "node22",
	})
	if err != nil {
		t.Fatal(err)
	}
	asked := promotion("", "stage")
	asked.Release.BuildSID = string(building.SID)
	if result := s.must(asked); result.BuildSID != string(building.SID) || result.Status != job.Promoted {
		t.Errorf("got %s of Build %s", result.Status, result.BuildSID)
	}
	s.wantLive("stage", string(building.SID))
}

// TestPromoteOfAFailedBuild names the Build, and makes nothing.
func TestPromoteOfAFailedBuild(t *testing.T) {
	t.Parallel()
	client, world := newWorld(t, sandbox.Options{FailBuilds: true})
	failed, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: version(1)})
	if err == nil {
		t.Fatal("the Build did not fail")
	}
	s := &site{t: t, world: world, client: client}
	asked := promotion("", "stage")
	asked.Release.BuildSID = failed.Result.BuildSID
	_, err = s.try(asked)
	wantProblem(t, err, "could not make Build "+failed.Result.BuildSID)
	if got := len(world.Snapshot().Environments); got != 1 {
		t.Errorf("there are %d Environments, want 1", got)
	}
}

// TestReleasesSurviveFaults promotes and rolls back on a platform that fails a
// fifth of its calls, in both positions of the switches.
func TestReleasesSurviveFaults(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			options := sandbox.Options{FaultRate: 0.2, Seed: seed, PageSize: 3, SlowAnswer: 5 * time.Millisecond}
			if seed%2 == 1 {
				for _, one := range sandbox.SwitchTable() {
					options.Switches = one.TurnOn(options.Switches)
				}
				options.Switches.UndeployedBuildsVanish, options.Switches.UploadsDeduplicated = false, false
			}
			client, world := newWorld(t, options, noHints)
			s := &site{t: t, world: world, client: client}
			var builds []string
			for n := range 2 {
				outcome, err := pipeline.Run(t.Context(), deployment(), pipeline.Config{Client: client, Source: version(n)})
				if err != nil {
					t.Fatal(err)
				}
				builds = append(builds, outcome.Result.BuildSID)
				s.must(promotion("dev", "stage"))
			}
			s.wantLive("stage", builds[1])
			s.must(rollback("stage", ""))
			s.wantLive("stage", builds[0])
			if snapshot := world.Snapshot(); len(snapshot.Environments) != 2 || len(snapshot.Deployments) != 5 {
				t.Errorf("%d Environments and %d Deployments, want 2 and 5", len(snapshot.Environments), len(snapshot.Deployments))
			}
		})
	}
}

// TestReleaseFailsWithoutTouchingWhatIsLive makes a roll-back fail at each of its
// calls.
func TestReleaseFailsWithoutTouchingWhatIsLive(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	for n := range 2 {
		s.deploy(version(n))
	}
	before, _ := live(s.world)
	s.must(rollback("dev", ""))
	after, _ := live(s.world)
	s.must(rollback("dev", ""))
	calls := 6
	for code, reason := range map[int]job.Reason{http.StatusForbidden: job.BadCredentials, http.StatusTeapot: job.Internal} {
		for at := range calls {
			var met atomic.Int64
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if int(met.Add(1)) == at+1 {
					status(code, `{"code":20000,"message":"no"}`)(w, r)
					return
				}
				s.world.ServeHTTP(w, r)
			}))
			outcome, err := pipeline.Run(t.Context(), rollback("dev", ""), pipeline.Config{Client: client})
			if err == nil || outcome.Result.Error.Reason != reason {
				t.Errorf("call %d answered %d: error %v, %+v", at+1, code, err, outcome.Result.Error)
			}
			if got, _ := live(s.world); !slices.Equal(got, before) {
				t.Fatalf("call %d answered %d: live is %v, was %v (after a roll-back %v)", at+1, code, got, before, after)
			}
		}
	}
}
