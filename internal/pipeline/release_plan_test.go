package pipeline_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func rehearsed(asked job.Job) job.Job {
	asked.Options.DryRun = true
	return asked
}

// TestReleaseOfWhatIsLive plans what changes nothing: no package of the Build and no
// file of it may seem to be new.
func TestReleaseOfWhatIsLive(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	build := s.deploy(version(1)).BuildSID
	s.must(promotion("dev", "stage"))
	for _, asked := range []job.Job{rehearsed(promotion("dev", "stage")), rehearsed(rollback("stage", build)), promotion("dev", "stage")} {
		result := s.must(asked)
		if got := s.plan.DependencyChanges(); len(got) > 0 || s.plan.LiveRuntime != s.plan.Runtime {
			t.Errorf("%s: dependencies %v, runtime %q becomes %q", asked.Verb, got, s.plan.LiveRuntime, s.plan.Runtime)
		}
		if got := result.Functions; len(got.Unchanged) != 2 || len(got.Created) > 0 || len(s.calls) > 6 {
			t.Errorf("%s: Functions are %+v, after %d calls", asked.Verb, got, len(s.calls))
		}
	}
}

// TestReleaseWarnsOfDoubts promotes a Build with the Manifest of another one: it goes
// live, and nothing is believed of it.
func TestReleaseWarnsOfDoubts(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	dev := s.deploy(version(1), of("1111111aaa", "dev"))
	service := twilio.ServiceSID(dev.ServiceSID)
	known, err := s.client.FetchBuild(t.Context(), service, twilio.BuildSID(dev.BuildSID))
	if err != nil {
		t.Fatal(err)
	}
	wanted := twilio.NewBuild{Runtime: "node22"}
	for _, one := range known.FunctionVersions {
		if one.Path != "/hello" {
			wanted.FunctionVersions = append(wanted.FunctionVersions, one.SID)
		}
	}
	odd, err := s.client.CreateBuild(t.Context(), service, wanted)
	if err != nil {
		t.Fatal(err)
	}
	asked := promotion("", "stage")
	asked.Release.BuildSID = string(odd.SID)
	result := s.must(asked)
	s.wantLive("stage", string(odd.SID))
	if result.Digest != "" || !slices.ContainsFunc(result.Warnings, func(warning string) bool {
		return strings.Contains(warning, string(odd.SID)) && strings.Contains(warning, "not those of its Manifest")
	}) {
		t.Errorf("digest %q, warnings %q", result.Digest, result.Warnings)
	}
}

// TestReleaseComparesFiles promotes a Build over one in which a file is more open.
func TestReleaseComparesFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	plain := func(asked *job.Job) { asked.Options.NoManifest = true }
	s.deploy(version(1))
	s.must(promotion("dev", "stage"))
	changed := tree()
	changed["functions/hello.protected.js"] = changed["functions/hello.js"]
	delete(changed, "functions/hello.js")
	dev := s.deploy(changed, plain)
	asked := rehearsed(promotion("", "stage"))
	asked.Release.BuildSID = dev.BuildSID
	want := []job.VisibilityChange{{Path: "/hello", From: "public", To: "protected"}}
	if result := s.must(asked); !slices.Equal(result.Plan.Visibilities, want) || len(result.Functions.Removed) > 0 {
		t.Errorf("visibilities are %+v, want %+v; Functions %+v", result.Plan.Visibilities, want, result.Functions)
	}
}

// TestReleaseWarnsOfNothingElse makes sure that what is as it was asked for is no
// warning.
func TestReleaseWarnsOfNothingElse(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	s.deploy(tree(".env", "GREETING=hello"))
	asked := promotion("dev", "stage")
	asked.Options.VariablesLike = "dev"
	if result := s.must(asked); len(result.Warnings) > 0 {
		t.Errorf("warnings are %q", result.Warnings)
	}
	if !slices.ContainsFunc(s.plan.Notes, func(note string) bool { return strings.Contains(note, "GREETING") }) {
		t.Errorf("notes are %q", s.plan.Notes)
	}
}

// TestReleaseTakesSIDsOfEitherCase names an Environment and a Build as the platform
// does not write them, but allows.
func TestReleaseTakesSIDsOfEitherCase(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	v1, v2 := s.deploy(version(1)), s.deploy(version(2))
	upper := func(sid string) string { return sid[:2] + strings.ToUpper(sid[2:]) }
	s.must(rollback(upper(v1.EnvironmentSID), upper(v1.BuildSID)))
	s.wantLive("dev", v1.BuildSID)
	s.must(rollback("dev", ""))
	s.wantLive("dev", v2.BuildSID)
	_, err := s.try(promotion(v1.EnvironmentSID, upper(v1.EnvironmentSID)))
	wantProblem(t, err, "promoted to itself")
}

// TestRollbackMeetsAnotherDeploy has a Build go live between two reads of a
// roll-back: it was not meant to go live again, nor to be taken away.
func TestRollbackMeetsAnotherDeploy(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	v1, v2, v3 := s.deploy(version(1)), s.deploy(version(2)), s.deploy(version(3))
	s.must(rollback("dev", ""))
	asked := rollback("dev", "")
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/Deployments") {
			_, err := s.client.CreateDeployment(r.Context(), twilio.ServiceSID(v1.ServiceSID), twilio.EnvironmentSID(v1.EnvironmentSID), twilio.BuildSID(v1.BuildSID))
			if err != nil {
				t.Error(err)
			}
		}
		s.world.ServeHTTP(w, r)
	}))
	outcome, err := pipeline.Run(t.Context(), asked, pipeline.Config{Client: client})
	if _, ok := errors.AsType[*deploy.StaleError](err); !ok || !strings.Contains(err.Error(), v1.BuildSID) || !strings.Contains(err.Error(), v2.BuildSID) {
		t.Errorf("the error is %v, want a StaleError with %s and %s (never %s)", err, v2.BuildSID, v1.BuildSID, v3.BuildSID)
	}
	if failure := outcome.Result.Error; failure == nil || failure.Reason != job.StalePlan || strings.Contains(failure.Hint, "Plan again") {
		t.Errorf("the failure is %+v", failure)
	}
	s.wantLive("dev", v1.BuildSID)
}

// TestRehearsedRollbackCostsLittle counts a call for each Build that is gone in a
// rehearsal, too.
func TestRehearsedRollbackCostsLittle(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	var builds []string
	service := twilio.ServiceSID("")
	for n := range 5 {
		result := s.deploy(version(n))
		builds, service = append(builds, result.BuildSID), twilio.ServiceSID(result.ServiceSID)
	}
	for _, gone := range builds[1:4] {
		if err := s.client.DeleteBuild(t.Context(), service, twilio.BuildSID(gone)); err != nil {
			t.Fatal(err)
		}
	}
	result := s.must(rehearsed(rollback("dev", "")))
	if len(s.calls) > 6+3 || !slices.Equal(result.Functions.Updated, []string{"/hello"}) || len(result.Plan.Notes) != 3 {
		t.Errorf("%d calls, Functions %+v, notes %q", len(s.calls), result.Functions, result.Plan.Notes)
	}
}

// TestFailedPromoteTellsWhatItLeft says what is there that was not, and what may have
// its new values.
func TestFailedPromoteTellsWhatItLeft(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		isUnknown bool
		want      []string
	}{
		"refused": {false, []string{"Nothing is live in stage, as before.", "did not go live.", "The Environment stage was created."}},
		"unknown": {true, []string{"is live in stage is not known", "The variables have their new values.", "The Environment stage was created."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandbox.Options{})
			s.deploy(tree(".env", "GREETING=hello"))
			asked := promotion("dev", "stage")
			asked.Options.VariablesLike = "dev"
			var isOver atomic.Bool
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				isOver.CompareAndSwap(false, r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Deployments"))
				switch {
				case !isOver.Load():
					s.world.ServeHTTP(w, r)
				case test.isUnknown, r.Method == http.MethodPost:
					status(http.StatusForbidden, `{"code":20003,"message":"no"}`)(w, r)
				default:
					s.world.ServeHTTP(w, r)
				}
			}))
			outcome, err := pipeline.Run(t.Context(), asked, pipeline.Config{Client: client})
			if err == nil {
				t.Fatal("it did not fail")
			}
			for _, want := range test.want {
				if got := outcome.Result.Error.State; !strings.Contains(got, want) {
					t.Errorf("the state is %q, want %q in it", got, want)
				}
			}
		})
	}
}
