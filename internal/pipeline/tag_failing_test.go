package pipeline_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestTagWhoseBuildGoes has the Build go away between the Plan and the activation.
func TestTagWhoseBuildGoes(t *testing.T) {
	t.Parallel()
	for name, switches := range map[string]sandbox.Switches{"404": {}, "400": {StaleBuildIs400: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandbox.Options{Switches: switches})
			first := s.deploy(tree(), of("c0ffee0", "stage"))
			s.deploy(version(2), of("c0ffee0", "stage"))
			s.once(on(http.MethodPost, "/Deployments"), func() {
				if err := s.client.DeleteBuild(t.Context(), twilio.ServiceSID(first.ServiceSID), twilio.BuildSID(first.BuildSID)); err != nil {
					t.Error(err)
				}
			})
			got := s.deploy(tree(), tagged("stage", "production"))
			if want := "Build " + first.BuildSID + ", which was made of the same, is gone"; got.Status != job.Deployed || got.NotPromoted != want || got.PromotedFrom != "" {
				t.Errorf("got %s, %q, want %q", got.Status, got.NotPromoted, want)
			}
			if s.plan.Build != deploy.BuildNew || s.count("CreateBuild") != 1 {
				t.Errorf("the Build is %s: %v", s.plan.Build, s.calls)
			}
		})
	}
}

// TestTagBelievesNoForgedManifest has stage run other files under the Manifest of the
// tag's: the Console can make such a Build. The Build that the Manifest is of is found
// behind it, as long as it is there.
func TestTagBelievesNoForgedManifest(t *testing.T) {
	t.Parallel()
	s, stage := staged(t)
	made := s.forge(stage)
	got := s.deploy(tree(), tagged("stage", "production"))
	if got.Status != job.Promoted || got.BuildSID != stage.BuildSID || got.PromotedFrom != "" {
		t.Errorf("got %s of %s, want a promotion of %s", got.Status, got.BuildSID, stage.BuildSID)
	}
	// Another Build of the kind is not all that is looked at, either.
	s.forge(stage)
	if got := s.deploy(tree(), tagged("", "qa")); got.Status != job.Promoted || got.BuildSID != stage.BuildSID || got.PromotedFrom != "production" {
		t.Errorf("got %s of %s from %q, want a promotion of %s", got.Status, got.BuildSID, got.PromotedFrom, stage.BuildSID)
	}
	service := twilio.ServiceSID(stage.ServiceSID)
	for _, environment := range s.world.Snapshot().Environments {
		if environment.BuildSID == stage.BuildSID {
			if err := s.client.DeleteEnvironment(t.Context(), service, twilio.EnvironmentSID(environment.SID)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.client.DeleteBuild(t.Context(), service, twilio.BuildSID(stage.BuildSID)); err != nil {
		t.Fatal(err)
	}
	got = s.deploy(tree(), tagged("stage", "production"))
	if got.Status != job.Deployed || got.BuildSID == made || !strings.Contains(got.NotPromoted, "cannot be told: its files are not those of its Manifest") {
		t.Errorf("got %s of %s: %q", got.Status, got.BuildSID, got.NotPromoted)
	}
}

// forge has stage run the files of another version under the Manifest of a Build, and
// returns the Build that it makes.
func (s *site) forge(stage job.Result) string {
	t := s.t
	t.Helper()
	service := twilio.ServiceSID(stage.ServiceSID)
	genuine, err := s.client.FetchBuild(t.Context(), service, twilio.BuildSID(stage.BuildSID))
	if err != nil {
		t.Fatal(err)
	}
	other := s.deploy(version(2), of("c0ffee0", "stage"))
	changed, err := s.client.FetchBuild(t.Context(), service, twilio.BuildSID(other.BuildSID))
	if err != nil {
		t.Fatal(err)
	}
	forged := twilio.NewBuild{Dependencies: []twilio.Dependency{{Name: "lodash", Version: "4.17.21"}}, Runtime: "node22"}
	for _, one := range genuine.FunctionVersions {
		if strings.HasPrefix(one.Path, "/_slipway/") {
			forged.FunctionVersions = append(forged.FunctionVersions, one.SID)
		}
	}
	for _, one := range changed.FunctionVersions {
		if !strings.HasPrefix(one.Path, "/_slipway/") {
			forged.FunctionVersions = append(forged.FunctionVersions, one.SID)
		}
	}
	for _, one := range changed.AssetVersions {
		forged.AssetVersions = append(forged.AssetVersions, one.SID)
	}
	made, err := s.client.CreateBuild(t.Context(), service, forged)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.WaitForBuild(t.Context(), service, made.SID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.CreateDeployment(t.Context(), service, twilio.EnvironmentSID(stage.EnvironmentSID), made.SID); err != nil {
		t.Fatal(err)
	}
	return string(made.SID)
}

// TestTagUnderFaults has each call of a promotion meet each fault once: it promotes the
// Build all the same, whether promote-from names it or it has to be found, and makes none.
func TestTagUnderFaults(t *testing.T) {
	t.Parallel()
	promote := func(t *testing.T, from string, nth int, fault sandbox.Fault) (calls int) {
		t.Helper()
		var isTag atomic.Bool
		var seen atomic.Int64
		s := newSite(t, sandbox.Options{SlowAnswer: time.Millisecond, Fault: func(*http.Request) sandbox.Fault {
			if isTag.Load() && seen.Add(1) == int64(nth) {
				return fault
			}
			return sandbox.FaultNone
		}})
		s.deploy(version(2), of("c0ffee0", "dev")) // which stands behind it in the listing, where that breaks off
		stage := s.deploy(tree(), of("c0ffee0", "stage"))
		isTag.Store(true)
		got := s.deploy(tree(".env", "GREETING=released"), tagged(from, "production"))
		if got.Status != job.Promoted || got.BuildSID != stage.BuildSID || got.PromotedFrom != "stage" || len(s.world.Snapshot().Builds) != 2 {
			t.Errorf("got %+v of %d Builds", got, len(s.world.Snapshot().Builds))
		}
		if _, variables := live(s.world); !slices.Equal(variables, []string{"GREETING=hello", "GREETING=hello", "GREETING=released"}) {
			t.Errorf("the variables are %v", variables)
		}
		return len(s.calls)
	}
	for _, from := range []string{"stage", ""} {
		calls := promote(t, from, 0, sandbox.FaultNone)
		for _, fault := range []sandbox.Fault{
			sandbox.FaultTooMany, sandbox.FaultServerError, sandbox.FaultServerErrorAfter, sandbox.FaultCutBefore, sandbox.FaultCutAfter, sandbox.FaultTruncated,
		} {
			for nth := 1; nth <= calls; nth++ {
				t.Run(fmt.Sprintf("from %q, %v at call %d", from, fault, nth), func(t *testing.T) {
					t.Parallel()
					promote(t, from, nth, fault)
				})
			}
		}
	}
}

// TestTagThatDoesNotWork is rolled back as a deploy is, although its Build was tested.
func TestTagThatDoesNotWork(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	ofProduction := func(asked *job.Job) { asked.Target.Environment = "production" }
	first := c.must(asked(ofProduction), healthy())
	staged, err := c.run(t.Context(), asked(of("c0ffee0", "stage"), func(j *job.Job) { j.Options.HealthCheck.Path = "" }), sick())
	if err != nil {
		t.Fatal(err)
	}
	builds, variables := live(c.world)
	result, err := c.run(t.Context(), asked(tagged("stage", "production")), sick())
	c.wantFailure(result, err, job.CheckFailed, true, "Build "+first.BuildSID+" is live again, with the variables as they were")
	if result.BuildSID != staged.BuildSID || result.PromotedFrom != "stage" {
		t.Errorf("got %+v", result)
	}
	if gotBuilds, gotVariables := live(c.world); !slices.Equal(gotBuilds, builds) || !slices.Equal(gotVariables, variables) {
		t.Errorf("live is %v with %v, want %v with %v", gotBuilds, gotVariables, builds, variables)
	}
}

// TestTagOfAStageWhoseBuildIsLost says so.
func TestTagOfAStageWhoseBuildIsLost(t *testing.T) {
	t.Parallel()
	s, stage := staged(t)
	s.client = newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/"+stage.BuildSID) {
			status(http.StatusNotFound, `{"code":20404,"message":"gone","status":404}`)(w, r)
			return
		}
		s.world.ServeHTTP(w, r)
	}))
	if got := s.deploy(version(2), tagged("stage", "production")); got.Status != job.Deployed || !strings.HasPrefix(got.NotPromoted, "stage runs Build "+stage.BuildSID+", which is gone; ") {
		t.Errorf("got %+v", got)
	}
}
