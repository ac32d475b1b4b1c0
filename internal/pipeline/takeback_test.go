package pipeline_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// whenChecked calls do at the first request of the check, and answers what comes behind
// it as then says; 0 leaves it to the world.
func (c *checked) whenChecked(do func(), then func(*http.Request) int) {
	var once sync.Once
	var isLive atomic.Bool
	c.meet(func(r *http.Request) int {
		if strings.HasPrefix(r.URL.Path, sandbox.LivePrefix) {
			once.Do(func() {
				if do != nil {
					do()
				}
				isLive.Store(true)
			})
			return 0
		}
		if isLive.Load() && then != nil {
			return then(r)
		}
		return 0
	})
}

// takesEffect carries a request out, whatever is answered.
func (c *checked) takesEffect(r *http.Request) { c.world.ServeHTTP(httptest.NewRecorder(), r) }

// TestRollbackThatTookEffect although its call was refused on the way back.
func TestRollbackThatTookEffect(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	first := c.must(asked(), healthy())
	c.whenChecked(nil, func(r *http.Request) int {
		if on(http.MethodPost, "/Deployments")(r) {
			c.takesEffect(r)
			return http.StatusForbidden
		}
		return 0
	})
	result, err := c.run(t.Context(), asked(), sick())
	c.wantFailure(result, err, job.CheckFailed, true, "Build "+first.BuildSID+" is live again")
	if result.Changed || !slices.ContainsFunc(result.Warnings, func(text string) bool { return strings.Contains(text, "the roll-back took effect although") }) {
		t.Errorf("changed %t, warnings %q", result.Changed, result.Warnings)
	}
}

// TestRollbackThatIsNotAnswered says that it is not known what is live.
func TestRollbackThatIsNotAnswered(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	first := c.must(asked(), healthy())
	var isSent atomic.Bool
	c.whenChecked(nil, func(r *http.Request) int {
		if on(http.MethodPost, "/Deployments")(r) && isSent.CompareAndSwap(false, true) {
			c.takesEffect(r)
		}
		if isSent.Load() {
			return http.StatusInternalServerError
		}
		return 0
	})
	result, err := c.run(t.Context(), asked(), sick())
	c.wantFailure(result, err, job.RollbackFailed, false, "is live in dev is not known", "The variables are as they were.",
		"slipway rollback --environment dev --to "+first.BuildSID)
	if strings.Contains(result.Error.State, "new values") || !result.Changed {
		t.Errorf("changed %t, state: %s", result.Changed, result.Error.State)
	}
}

// TestRollbackThatIsInterrupted is brought to its end.
func TestRollbackThatIsInterrupted(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	c.must(asked(), healthy())
	builds, variables := live(c.world)
	ctx, cancel := context.WithCancel(t.Context())
	c.whenChecked(nil, func(r *http.Request) int {
		if r.Method != http.MethodGet { // the first write that takes something back
			cancel()
		}
		return 0
	})
	result, err := c.run(ctx, asked(), sick())
	c.wantFailure(result, err, job.CheckFailed, true)
	gotBuilds, gotVariables := live(c.world)
	if !slices.Equal(gotBuilds, builds) || !slices.Equal(gotVariables, variables) {
		t.Errorf("live is %v with %v, want %v with %v", gotBuilds, gotVariables, builds, variables)
	}
}

// TestRollbackWhoseBuildIsGone leaves what does not work, with the variables of before.
func TestRollbackWhoseBuildIsGone(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	first := c.must(asked(), healthy())
	c.whenChecked(func() {
		if err := c.client.DeleteBuild(t.Context(), twilio.ServiceSID(first.ServiceSID), twilio.BuildSID(first.BuildSID)); err != nil {
			t.Error(err)
		}
	}, nil)
	result, err := c.run(t.Context(), asked(), sick())
	c.wantFailure(result, err, job.RollbackFailed, false, "make "+first.BuildSID+" live again",
		"Build "+result.BuildSID+" is live in dev. The variables are as they were.")
	if !result.Changed {
		t.Error("what is live has changed, and the Result does not say so")
	}
}

func TestFailedCheckOfAnEnvironmentThatIsGone(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	first := c.must(asked(), healthy())
	service, environment := twilio.ServiceSID(first.ServiceSID), twilio.EnvironmentSID(first.EnvironmentSID)
	c.whenChecked(func() {
		if _, err := c.client.CreateDeployment(t.Context(), service, environment, ""); err != nil {
			t.Error(err)
		}
		if err := c.client.DeleteEnvironment(t.Context(), service, environment); err != nil {
			t.Error(err)
		}
	}, nil)
	result, err := c.run(t.Context(), asked(), sick())
	c.wantFailure(result, err, job.CheckFailed, false, "The Environment dev is not there any more.", "was taken away while this ran")
}

// TestRollbackOfAFirstReleaseThatFails has no Build to go back to.
func TestRollbackOfAFirstReleaseThatFails(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	c.whenChecked(nil, func(r *http.Request) int {
		if on(http.MethodPost, "/Deployments")(r) {
			return http.StatusForbidden
		}
		return 0
	})
	result, err := c.run(t.Context(), asked(), sick())
	c.wantFailure(result, err, job.RollbackFailed, false, "make nothing live again", "slipway teardown --environment dev")
}

// TestFailedCheckOfVariablesAlone says what it took back, and removes nothing.
func TestFailedCheckOfVariablesAlone(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	first := c.must(asked(), healthy())
	_, variables := live(c.world)
	never := asked(func(j *job.Job) { j.Options.HealthCheck.Text, j.Options.PruneVariables = "never", true })
	result, err := c.run(t.Context(), never, healthy(".env", "GREETING=other"))
	c.wantFailure(result, err, job.CheckFailed, true, "Rolled back: in dev the variables are as they were; Build "+first.BuildSID+" is live, as before.")
	if _, got := live(c.world); !slices.Equal(got, variables) {
		t.Errorf("variables are %v, want %v", got, variables)
	}
	if slices.ContainsFunc(c.writes, func(write string) bool { return strings.HasPrefix(write, http.MethodDelete) }) {
		t.Errorf("something was removed: %v", c.writes)
	}
	// What is live then is said to have changed when it is kept.
	never.Options.KeepFailed = true
	result, err = c.run(t.Context(), never, healthy(".env", "GREETING=other"))
	c.wantFailure(result, err, job.CheckFailed, false)
	if !result.Changed {
		t.Error("the Result does not say that something changed")
	}
}

// TestCheckOfWhatAnotherRunTookBack does not take what is live by then for what it made.
func TestCheckOfWhatAnotherRunTookBack(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	first := c.must(asked(), healthy())
	c.steps = stored{}
	result, err := c.run(t.Context(), asked(), sick())
	c.wantFailure(result, err, job.CheckFailed, true)
	// The process ended before anybody noted that, so the Job is run again.
	result, err = c.run(t.Context(), asked(), sick())
	c.wantFailure(result, err, job.StalePlan, false, "is not live any more", "Build "+first.BuildSID+" is live in dev")
	if _, variables := live(c.world); !slices.Equal(variables, []string{"GREETING=hello", "KEPT=1"}) {
		t.Errorf("variables are %v", variables)
	}
}

// TestFailedCheckSaysWhichVariablesStay when somebody else has made another Build live.
func TestFailedCheckSaysWhichVariablesStay(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	first := c.must(asked(), healthy())
	c.whenChecked(func() {
		_, err := c.client.CreateDeployment(t.Context(), twilio.ServiceSID(first.ServiceSID), twilio.EnvironmentSID(first.EnvironmentSID), "")
		if err != nil {
			t.Error(err)
		}
	}, nil)
	// Long enough for the check to be made once, which is when the other Build goes live.
	result, err := c.run(t.Context(), asked(func(j *job.Job) { j.Options.HealthCheck.Timeout = 2 * time.Second }), sick())
	c.wantFailure(result, err, job.CheckFailed, false, "These variables may still have this run's values: GREETING, NEW.")
}
