package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	// lastWord is for a deploy that a signal came too late for: all of that time
	// may be gone by then.
	lastWord = 1500 * time.Millisecond
	// statusBudget is how long the end of a deploy waits for GitHub to take its
	// commit status. A secondary rate limit lasts about a minute.
	statusBudget = 90 * time.Second
	// waitingSilently is how much of that goes by without a word.
	waitingSilently = 3 * time.Second
)

// commitStatus keeps the status of the commit that is deployed. It does its work
// beside the deploy, which it never holds up; what it could not do is a warning
// at the end.
type commitStatus struct {
	console *console
	logger  *slog.Logger
	client  *gh.Client // nil when no status is to be written, or none can be
	why     error      // why none can be
	about   occasion

	line    *gh.StatusLine // nil before Begin
	begun   chan error     // gets what came of Begin's write
	told    chan error     // gets what came of the write that a signal brought
	unwatch func() bool    // ends the watch for signals; false when one came
}

// newCommitStatus makes ready to write, which nothing does before Begin.
func (r *run) newCommitStatus(inputs config.Action, about occasion, logger *slog.Logger) *commitStatus {
	s := &commitStatus{console: r.console, logger: logger, about: about}
	if !inputs.CommitStatus || inputs.DryRun || inputs.Command == "teardown" { // which say nothing of the commit
		return s
	}
	if inputs.GitHubToken.IsZero() {
		s.why = errors.New("github-token is empty; remove the input to use the workflow's own token, or set commit-status: false")
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

// Begin says that a Job is under way, and from then on, should ctx end, that it
// was cancelled. It returns at once. The status goes to what is deployed, which
// is not what the event is about when the workflow has checked out another
// commit.
func (s *commitStatus) Begin(ctx context.Context, asked job.Job) {
	if s.client == nil {
		return
	}
	name := "slipway/" + asked.Target.Service + "/" + asked.Target.Environment
	s.line = s.client.StatusLine(s.about.repository, cmp.Or(asked.Commit, s.about.sha), name)
	outliving := context.WithoutCancel(ctx) // the next write ends this one
	s.begun = make(chan error, 1)
	go func() { s.begun <- s.write(outliving, gh.StatePending, report.UnderWay(asked), "") }()

	s.told = make(chan error, 1)
	s.unwatch = context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(outliving, stopGrace)
		defer cancel()
		s.told <- s.write(grace, gh.StateError, report.Cancelled, "")
	})
}

// End writes how it ended, or warns why that cannot be told. A Job that never
// had a Target has no status: the step is red, and nothing would ever turn a
// status of another name green again.
func (s *commitStatus) End(ctx context.Context, result job.Result) {
	err := s.why
	if s.line != nil {
		err = s.end(ctx, result)
	}
	if err != nil {
		s.console.Annotate(levelWarning, place{}, "Slipway: commit status", "No commit status: "+explain(err))
	}
}

func (s *commitStatus) end(ctx context.Context, result job.Result) error {
	final := func(budget time.Duration, until <-chan struct{}) error {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget)
		defer cancel()
		go func() {
			select {
			case <-until:
				cancel()
			case <-limited.Done():
			}
		}()
		state, target := stateOf(result), ""
		if state == gh.StateSuccess {
			target = result.URL
		}
		return s.write(limited, state, report.OneLine(result), target)
	}
	if !s.unwatch() {
		// What the signal brought comes first, lest it came behind this.
		if err := <-s.told; isCancelled(result) {
			return err
		}
		return final(lastWord, nil)
	}
	if denied := s.denied(); denied != nil {
		return denied // again, were it tried
	}
	waiting := time.AfterFunc(waitingSilently, func() {
		s.console.Print(fmt.Sprintf("Waiting for GitHub to take the commit status, %s at most ...", statusBudget))
	})
	defer waiting.Stop()
	err := final(statusBudget, ctx.Done())
	if err != nil && ctx.Err() != nil {
		// A signal ended the patience; once more, in what time there is.
		waiting.Stop()
		return final(stopGrace, nil)
	}
	return err
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

// write sets a state. Without a target its link leads to the workflow's run,
// which says more.
func (s *commitStatus) write(ctx context.Context, state gh.State, description, target string) error {
	if target == "" && s.about.runID != "" {
		target = s.client.RunURL(s.about.repository, s.about.runID)
	}
	description = s.console.Redact(description) // a platform may repeat what it was sent
	written, err := s.line.Set(ctx, gh.CommitStatus{State: state, Description: description, TargetURL: target})
	s.logger.DebugContext(ctx, "commit status", "repository", s.about.repository.String(), "state", string(state),
		"description", description, "written", written)
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

// explain is an error in words that help, with what to do about it.
func explain(err error) string {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return "GitHub did not take it in time: " + err.Error()
	}
	text := err.Error()
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		text += ". " + hinted.Hint()
	}
	return text
}
