package pipeline_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

func teardown(environment string) job.Job {
	return job.Job{Verb: job.Teardown, Target: job.Target{Service: "site", Environment: environment}}
}

// TestTeardown takes Environments away, with what they cost and what is told.
func TestTeardown(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandbox.Options{})
	live := s.deploy(version(1), of("", "dev"))
	s.must(promotion("dev", "stage"))
	s.must(promotion("dev", "production"))
	before := s.world.Snapshot()

	rehearsal := teardown("dev")
	rehearsal.Options.DryRun = true
	if result := s.must(rehearsal); result.Status != job.Planned || result.Changed || !result.Plan.HasChanges || result.Plan.Build != "none" || result.URL == "" {
		t.Errorf("a rehearsal: %+v", result)
	}
	if after := s.world.Snapshot(); len(after.Deployments) != len(before.Deployments) || len(after.Environments) != len(before.Environments) {
		t.Errorf("a rehearsal has changed %+v", after)
	}
	result := s.must(teardown("dev"))
	if result.Status != job.TornDown || !result.Changed || result.PreviousBuildSID != live.BuildSID || result.BuildSID != "" || result.URL != "" ||
		result.Domain == "" || result.EnvironmentSID == "" || result.DeploymentSID == "" {
		t.Errorf("the result is %+v", result)
	}
	if len(s.calls) > 5 || result.APICalls != len(s.calls) {
		t.Errorf("%d calls, want at most 5: %v", len(s.calls), s.calls)
	}
	s.wantLive("stage", live.BuildSID)
	if result := s.must(teardown("dev")); result.Status != job.TornDown || result.Changed || len(s.calls) != 2 {
		t.Errorf("again: %+v with %v", result, s.calls)
	}

	_, err := s.try(teardown("production"))
	wantProblem(t, err, "give allow-production")
	if len(s.calls) != 0 {
		t.Errorf("calls before it was refused: %v", s.calls)
	}
	s.wantLive("", live.BuildSID)
	allowed := teardown("production")
	allowed.Release.AllowProduction = true
	if result := s.must(allowed); !result.Changed {
		t.Errorf("production: %+v", result)
	}
	if left := s.world.Snapshot().Environments; len(left) != 1 {
		t.Errorf("left are %+v", left)
	}
}

// TestTeardownsThatFailSayWhatIsLeft refuse each write, and stop one behind the
// first.
func TestTeardownsThatFailSayWhatIsLeft(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, ending string
		isStopped      bool
		reason         job.Reason
		state          string
	}{
		"emptying": {http.MethodPost, "/Deployments", false, job.BadCredentials, "is live in dev, as before."},
		"deleting": {http.MethodDelete, "", false, job.BadCredentials, "Nothing is live in dev any more, but it is still there with its variables; another run deletes it."},
		"stopped":  {http.MethodPost, "/Deployments", true, job.Cancelled, "Nothing is live in dev any more, but it is still there with its variables; another run deletes it."},
		"reading":  {http.MethodGet, "/Variables", false, job.BadCredentials, "Nothing was changed."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandbox.Options{})
			s.deploy(version(1))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				isIt := r.Method == test.method && strings.HasSuffix(r.URL.Path, test.ending)
				switch {
				case isIt && test.isStopped:
					cancel()
				case isIt:
					w.WriteHeader(http.StatusForbidden)
					return
				}
				s.world.ServeHTTP(w, r)
			}))
			outcome, err := pipeline.Run(ctx, teardown("dev"), pipeline.Config{Client: client})
			failure := outcome.Result.Error
			if err == nil || failure == nil || outcome.Result.Status != job.Failed || failure.Reason != test.reason || !strings.HasSuffix(failure.State, test.state) {
				t.Fatalf("got %+v, %v", failure, err)
			}
			if failure.Reason == job.Cancelled && failure.Hint != "Run it again to finish." {
				t.Errorf("the hint is %q", failure.Hint)
			}
			s.must(teardown("dev"))
			if left := s.world.Snapshot(); len(left.Environments)+len(left.Variables) != 0 {
				t.Errorf("left are %+v", left)
			}
		})
	}
}
