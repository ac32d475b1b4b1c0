package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/follow"
	"github.com/slipway-dev/slipway/internal/health"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// WatchError says that Functions wrote errors once their Build was live.
type WatchError struct {
	// Count is how many entries of the level error there were, within After.
	Count int
	After time.Duration
	// First is the first one's message, as it was written.
	First string
}

// Error quotes the first one.
func (e *WatchError) Error() string {
	const most = 200
	first := []rune(e.First)
	return fmt.Sprintf("its Functions wrote %s within %s, the first one: %q", words.Count(e.Count, "error"), words.Elapsed(e.After), string(first[:min(len(first), most)]))
}

// setChecks copies what a front door asks for into a Job.
func setChecks(options *job.Options, settings config.Deploy) {
	options.HealthCheck = job.HealthCheck(settings.HealthCheck)
	options.Watch, options.WatchErrors = settings.Watch, settings.WatchErrors
	options.KeepFailed = !settings.RollbackOnFailure
}

// readChecks finds what is wrong with the health check before the first request.
func (r *run) readChecks(problems *problem.List) {
	if r.job.Options.HealthCheck.Path == "" {
		return
	}
	getenv := r.cfg.Getenv
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	check, err := health.Parse(r.job.Options.HealthCheck, getenv)
	_ = problems.Take(err) // it is a list
	check.Scale = r.cfg.CheckScale
	r.check = &check
}

// verify has a Deployer find out whether what it makes live works.
func (r *run) verify(deployer *deploy.Deployer) {
	if r.check == nil && r.job.Options.Watch == 0 {
		return
	}
	deployer.KeepFailed = r.job.Options.KeepFailed
	deployer.Verify = func(ctx context.Context, live deploy.Activated) error {
		since := live.Began
		if live.DeploymentSID == "" { // what was written before cannot be told from what came since
			since = r.client.Now()
		}
		if r.check != nil {
			if err := r.check.Await(ctx, r.liveURL(), live.Domain); err != nil {
				return err
			}
		}
		if r.job.Options.Watch > 0 && !live.WasLive { // when it began to write is long ago
			return r.watch(ctx, live, since)
		}
		return nil
	}
}

// isOf reports whether what has gone live wrote a Log. The same Build may have been
// live before.
func isOf(live deploy.Activated, log twilio.Log) bool {
	if live.DeploymentSID != "" && log.DeploymentSID != "" {
		return log.DeploymentSID == live.DeploymentSID
	}
	return log.BuildSID == live.BuildSID
}

var errEnough = errors.New("that is enough")

// watch follows the Logs of what has gone live. That they cannot be read is a
// warning: it says nothing of the Build.
func (r *run) watch(ctx context.Context, live deploy.Activated, since time.Time) error {
	watching, cancel := context.WithTimeout(ctx, r.job.Options.Watch)
	defer cancel()
	began, found := time.Now(), WatchError{}
	window := &follow.Window{Since: since, Now: r.client.Now, Read: func(ctx context.Context, after time.Time) iter.Seq2[twilio.Log, error] {
		return r.client.Logs(ctx, live.ServiceSID, live.EnvironmentSID, twilio.LogQuery{After: after, PageSize: 500})
	}}
	count := func(logs []twilio.Log) error {
		for _, log := range logs {
			if log.Level != "error" || !isOf(live, log) {
				continue
			}
			if found.Count++; found.Count == 1 {
				found.First = log.Message
			}
		}
		if found.Count >= max(r.job.Options.WatchErrors, 1) {
			return errEnough
		}
		return nil
	}
	follower := &follow.Follower{
		Look: window.Look, Show: count, Scale: r.cfg.CheckScale, Failing: func(error) {}, Recovered: func() {},
	}
	err := follower.Run(watching)
	if err == nil && ctx.Err() == nil { // the time is up; once more, for what came behind the last look
		var logs []twilio.Log
		if logs, err = window.Look(ctx); err == nil {
			err = count(logs)
		}
	}
	switch {
	case errors.Is(err, errEnough):
		found.After = time.Since(began)
		return &found
	case ctx.Err() != nil:
		return err
	case err != nil:
		r.tell(job.Event{
			Kind: job.Warned, Phase: job.PhaseCheck,
			Message: "the logs could not be watched to the end, so whether errors were written is not known: " + err.Error(),
		})
	}
	return nil
}
