package action

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
)

// setting is what all Requests of a run share.
type setting struct {
	*run

	logger *slog.Logger
	hub    *hub
	what   occasion
	// problems are what is wrong with the occasion and the inputs whatever is asked for.
	problems problem.List
}

// carryOut carries out the Requests one after the other, each to its own end: a
// service that fails does not keep the others from going live. GitHub hears of the end
// of one while the next is under way, since it may take its time. When ctx ends, those
// that have not begun are cancelled.
func (s *setting) carryOut(ctx context.Context, made decision) job.Result {
	requests := made.requests
	if len(s.problems) > 0 {
		requests = requests[:1] // which fails by them
	}
	tasks := make([]*task, len(requests))
	for i, request := range requests {
		tasks[i] = s.newTask(request, made)
	}
	var outcomes []pipeline.Outcome
	var ending sync.WaitGroup
	var last func()
	signalled := sync.OnceValue(time.Now)
	defer context.AfterFunc(ctx, func() { signalled() })()
	for i, one := range tasks {
		if len(tasks) > 1 {
			s.console.Print(one.title(ctx.Err() != nil))
		}
		var outcome pipeline.Outcome
		var err error
		if i == 0 || ctx.Err() == nil {
			outcome, err = one.perform(ctx)
			ending.Go(func() { one.told.End(ctx, outcome) })
		} else {
			outcome, err = one.cancelled(ctx)
			ending.Go(func() { one.told.Cancelled(ctx, outcome.Job, signalled()) })
		}
		outcomes = append(outcomes, outcome)
		s.reportSafely(outcomes, len(made.requests) > 1)
		// The cause of a failure comes last, where people look first.
		if last = func() { s.tell(outcome, err) }; i < len(tasks)-1 {
			last()
		}
	}
	ending.Wait()
	for _, one := range tasks {
		one.told.Warn()
	}
	if len(made.requests) == 1 {
		s.writeDeploymentID(tasks[0].told.DeploymentID())
	}
	last()
	at := slices.IndexFunc(outcomes, func(one pipeline.Outcome) bool { return one.Result.Error != nil })
	if at < 0 {
		at = len(outcomes) - 1
	}
	return outcomes[at].Result
}

// reportSafely reports the last Outcome; a panic is a warning, so that GitHub hears of
// the end.
func (s *setting) reportSafely(outcomes []pipeline.Outcome, isOneOfSeveral bool) {
	if panicked := problem.Guard(func() error {
		last := outcomes[len(outcomes)-1]
		if slices.Contains([]job.Verb{job.Deploy, job.Tag, job.Preview}, last.Job.Verb) {
			s.warnOfOtherCommit(last)
		}
		s.report(outcomes, isOneOfSeveral)
		return nil
	}); panicked != nil {
		s.console.Annotate(levelWarning, place{}, "Slipway: report", panicked.Error())
	}
}

// warnOfOtherCommit tells when what is deployed is not what the event is about.
func (s *setting) warnOfOtherCommit(of pipeline.Outcome) {
	result := of.Result
	if result.APICalls == 0 || result.Commit == "" || s.what.sha == "" || result.Commit == s.what.sha {
		return
	}
	done := "deployed"
	if result.Status == job.Planned {
		done = "planned"
	}
	if s.what.isPull() && result.Commit == s.what.checkedOut {
		if of.Job.Verb == job.Deploy {
			return // the plan of what the merge would deploy
		}
		s.console.Annotate(levelNotice, place{}, "Slipway: commit", fmt.Sprintf(
			"What is checked out, and %s, is the merge of pull request %d into %s. For its head alone, give actions/checkout the ref ${{ github.event.pull_request.head.sha }}.",
			done, s.what.pull(), s.what.event.PullRequest.BaseRef))
		return
	}
	s.console.Annotate(levelWarning, place{}, "Slipway: commit", fmt.Sprintf(
		"The commit that is checked out is %s, and this %s is about %s. The former is what is %s.",
		short(result.Commit), s.what.event.Name, short(s.what.sha), done))
}
