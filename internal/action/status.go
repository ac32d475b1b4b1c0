package action

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/retry"
)

const (
	// stopGrace is how long after a signal the commit is still told: a runner's
	// second signal comes 7.5 s behind the first, and its last 2.5 s later.
	stopGrace = 5 * time.Second
	// statusBudget is how long the end of a deploy waits for GitHub to take its
	// commit status. A secondary rate limit lasts about a minute.
	statusBudget = 90 * time.Second
)

// commitStatus keeps the status of the commit that the run is about. It does
// its work beside the deploy, which it never holds up; what it could not do is a
// warning at the end.
type commitStatus struct {
	console *console
	logger  *slog.Logger
	client  *gh.Client // nil when no status is to be written, or none can be
	why     error      // why none can be
	about   occasion

	line    *gh.StatusLine // nil before Begin
	begun   chan error     // gets what came of Begin's write
	unwatch func() (wasCancelled bool, err error)
}

// newCommitStatus makes ready to write, which nothing does before Begin.
func (r *run) newCommitStatus(inputs config.Action, about occasion, logger *slog.Logger) *commitStatus {
	s := &commitStatus{console: r.console, logger: logger, about: about}
	if !inputs.CommitStatus {
		return s
	}
	if inputs.GitHubToken.IsZero() {
		s.why = errors.New("there is no github-token")
		return s
	}
	policy := retry.Default()
	policy.MaxElapsed, policy.MaxAttempts = statusBudget, 6 // patient with limits, less so with faults
	s.client, s.why = gh.New(gh.Config{
		Token: inputs.GitHubToken, APIURL: r.env.Getenv("GITHUB_API_URL"), ServerURL: r.env.Getenv("GITHUB_SERVER_URL"),
		UserAgent: r.env.UserAgent, Retry: policy, Logger: logger,
	})
	return s
}

// Begin says that the deploy to target is under way, and from then on, should
// ctx end, that it was cancelled. It returns at once.
func (s *commitStatus) Begin(ctx context.Context, target job.Target) {
	if s.client == nil {
		return
	}
	s.open(target.Service, target.Environment)
	outliving := context.WithoutCancel(ctx) // the next write ends this one
	s.begun = make(chan error, 1)
	go func() { s.begun <- s.write(outliving, gh.StatePending, "Deploying to "+target.Environment, "") }()

	told := make(chan error, 1)
	unwatch := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(outliving, stopGrace)
		defer cancel()
		told <- s.write(grace, gh.StateError, report.Cancelled, "")
	})
	s.unwatch = func() (bool, error) {
		if unwatch() {
			return false, nil
		}
		return true, <-told
	}
}

// End writes how it ended, or warns why that cannot be told.
func (s *commitStatus) End(ctx context.Context, result job.Result) {
	err := s.why
	if s.client != nil {
		err = s.end(ctx, result)
	}
	if err != nil {
		s.console.Annotate(levelWarning, place{}, "", "the commit status is not written: "+withHint(err))
	}
}

func (s *commitStatus) end(ctx context.Context, result job.Result) error {
	budget := statusBudget
	if s.line == nil {
		s.open(result.Service, result.Environment)
	} else {
		wasCancelled, err := s.unwatch()
		if wasCancelled && isCancelled(result) {
			return err // it has been told
		}
		if wasCancelled {
			budget = stopGrace / 2 // what else there was to do has taken its time
		}
		if denied := s.denied(); denied != nil {
			return denied // again, were it tried
		}
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(stopGrace, cancel) })()
	state, target := stateOf(result), ""
	if state == gh.StateSuccess {
		target = result.URL
	}
	return s.write(limited, state, report.OneLine(result), target)
}

// denied is what Begin's write came to, if that was that the token may not.
func (s *commitStatus) denied() error {
	select {
	case err := <-s.begun:
		if _, ok := errors.AsType[*gh.PermissionError](err); ok {
			return err
		}
	default: // it is under way, and ends when the next one begins
	}
	return nil
}

// open chooses the line among the commit's checks. The Service has no name only
// where the project gives none, which ends the run.
func (s *commitStatus) open(service, environment string) {
	name := "slipway/" + cmp.Or(service, s.about.repository.Name) + "/" + environment
	s.line = s.client.StatusLine(s.about.repository, s.about.sha, name)
}

// write sets a state. Without a target its link leads to the workflow's run,
// which says more.
func (s *commitStatus) write(ctx context.Context, state gh.State, description, target string) error {
	if target == "" && s.about.runID != "" {
		target = s.client.RunURL(s.about.repository, s.about.runID)
	}
	description = s.console.Redact(description) // a platform may repeat what it was sent
	written, err := s.line.Set(ctx, gh.CommitStatus{State: state, Description: description, TargetURL: target})
	s.logger.DebugContext(ctx, "commit status", "state", string(state), "description", description, "written", written)
	return err
}

// stateOf is the state that stands for a Result.
func stateOf(result job.Result) gh.State {
	switch {
	case result.Error == nil:
		return gh.StateSuccess
	case result.Error.Reason.IsUsers():
		return gh.StateFailure
	default:
		return gh.StateError
	}
}

func isCancelled(result job.Result) bool {
	return result.Error != nil && result.Error.Reason == job.Cancelled
}

// withHint is an error with what to do about it, where it says so.
func withHint(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		return err.Error() + ". " + hinted.Hint()
	}
	return err.Error()
}
