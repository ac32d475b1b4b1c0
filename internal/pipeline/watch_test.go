package pipeline_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// watched is a deploy whose logs are watched for so long.
func watched(within time.Duration) job.Job {
	asked := deployment()
	asked.Options.Watch = within
	return asked
}

// call calls what is live, once.
func (c *checked) call(t *testing.T) func() {
	t.Helper()
	var once sync.Once
	return func() {
		once.Do(func() {
			response, err := http.Get(strings.ReplaceAll(c.base, "{domain}", c.world.Snapshot().Environments[0].DomainName) + "/health")
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
		})
	}
}

// TestWatchSeesWhatIsWrittenLast has an error come behind the last look but one, which
// is also the first.
func TestWatchSeesWhatIsWrittenLast(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	c.scale = 1
	call := c.call(t)
	c.around = func(_ http.ResponseWriter, r *http.Request, serve func()) {
		serve()
		if on(http.MethodGet, "/Logs")(r) {
			call()
		}
	}
	result, err := c.run(t.Context(), watched(300*time.Millisecond), sick())
	c.wantFailure(result, err, job.CheckFailed, true, "its Functions wrote 1 error")
}

// TestWatchBeginsWithTheActivation has an error come when the Build is live, long before
// the answer that says so.
func TestWatchBeginsWithTheActivation(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	call := c.call(t)
	isLate := false
	c.around = func(w http.ResponseWriter, r *http.Request, serve func()) {
		isDeployment := on(http.MethodPost, "/Deployments")(r)
		if !strings.HasPrefix(r.URL.Path, sandbox.LivePrefix) {
			c.mu.Lock()
			isLate = isLate || isDeployment
			if isLate {
				w.Header().Set("Date", time.Now().Add(30*time.Second).UTC().Format(http.TimeFormat))
			}
			c.mu.Unlock()
		}
		serve()
		if isDeployment {
			call()
		}
	}
	result, err := c.run(t.Context(), watched(300*time.Millisecond), sick())
	c.wantFailure(result, err, job.CheckFailed, true, "its Functions wrote 1 error")
}

// TestWatchCountsErrorsAlone has an entry of another level come.
func TestWatchCountsErrorsAlone(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	call := c.call(t)
	c.around = func(_ http.ResponseWriter, r *http.Request, serve func()) {
		if on(http.MethodGet, "/Logs")(r) {
			call()
		}
		serve()
	}
	if result := c.must(watched(100*time.Millisecond), healthy()); result.Status != job.Deployed {
		t.Errorf("got %+v", result)
	}
}

// TestWatchPassesOverErrorsOfBefore that came under another Deployment of the same Build.
func TestWatchPassesOverErrorsOfBefore(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	c.must(deployment(), sick())
	c.call(t)()
	c.must(deployment(), healthy())
	if result := c.must(watched(100*time.Millisecond), sick()); result.Status != job.Deployed {
		t.Errorf("got %+v", result)
	}
}

// TestWatchOfLogsThatCannotBeRead is a warning, and no failure.
func TestWatchOfLogsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	c := newChecked(t)
	c.meet(func(r *http.Request) int {
		if on(http.MethodGet, "/Logs")(r) {
			return http.StatusForbidden
		}
		return 0
	})
	result := c.must(watched(time.Minute), healthy())
	if result.Status != job.Deployed || len(result.Warnings) != 1 || !strings.Contains(result.Warnings[0], "the logs could not be watched to the end") {
		t.Errorf("got %+v", result)
	}
}
