package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/trigger"
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
// service that fails does not keep the others from going live. When ctx ends, those
// that have not begun are cancelled.
func (s *setting) carryOut(ctx context.Context, made decision) job.Result {
	requests := made.requests
	if len(s.problems) > 0 {
		requests = requests[:1] // which fails by them
	}
	var outcomes []pipeline.Outcome
	for _, request := range requests {
		if len(requests) > 1 {
			s.console.Print(fmt.Sprintf("Service %s, environment %s", request.Service, cmp.Or(request.Environment, "of the settings")))
		}
		outcomes = append(outcomes, pipeline.Outcome{})
		s.carryOutOne(ctx, request, made, outcomes)
	}
	at := slices.IndexFunc(outcomes, func(one pipeline.Outcome) bool { return one.Result.Error != nil })
	if at < 0 {
		at = len(outcomes) - 1
	}
	return outcomes[at].Result
}

// carryOutOne carries a Request out and reports it; outcomes ends with its place. The
// commit hears of it behind everything else but the last lines, since GitHub may take
// its time; the cause of a failure comes last, where people look first.
func (s *setting) carryOutOne(ctx context.Context, request trigger.Request, made decision, outcomes []pipeline.Outcome) {
	values := request.Settings(s.values)
	inputs, err := config.ReadAction(values, s.env.Getenv)
	problems := slices.Clone(s.problems)
	rest := problems.Take(err)
	told := s.newAnnouncer(inputs, made)
	task := &task{setting: s, request: request, values: values, inputs: inputs, problems: problems, told: told, environment: told.settings.EnvironmentOf}
	outcome := &outcomes[len(outcomes)-1]
	if rest != nil {
		*outcome, err = failed(rest)
	} else {
		*outcome, err = task.perform(ctx)
	}
	if panicked := problem.Guard(func() error {
		if outcome.Job.Verb == job.Deploy || outcome.Job.Verb == job.Preview {
			s.warnOfOtherCommit(outcome.Result)
		}
		s.report(outcomes, len(made.requests) > 1)
		return nil
	}); panicked != nil {
		s.console.Annotate(levelWarning, place{}, "Slipway: report", panicked.Error())
	}
	told.End(ctx, *outcome)
	if len(made.requests) == 1 {
		s.writeDeploymentID(told.DeploymentID())
	}
	s.tell(*outcome, err)
}

// task is one Request with all that it needs.
type task struct {
	*setting

	request  trigger.Request
	values   config.Values // as they hold for the Request
	inputs   config.Action
	problems problem.List
	told     *announcer
	// environment names the GitHub environment of a Job's Target.
	environment func(job.Target) string
}

// perform does the Job and shows its progress. A panic becomes an error, so that the
// commit is not left pending for ever.
func (t *task) perform(ctx context.Context) (outcome pipeline.Outcome, err error) {
	defer func() {
		if met := recover(); met != nil {
			outcome, err = failed(&problem.PanicError{Value: met, Stack: debug.Stack()})
		}
		if panicked, ok := errors.AsType[*problem.PanicError](err); ok {
			t.console.Print(string(panicked.Stack))
		}
	}()
	shown := newProgress(t.console)
	defer shown.Close()
	defer shown.TellStop(ctx)()

	verb, needsTree := t.verb()
	if verb == job.Teardown && t.request.PullRequest > 0 && t.values[config.Service].Text == "" {
		if err := t.findPreviewService(ctx); err != nil {
			_ = t.problems.Take(err) // it is a Problem
		}
	}
	if needsTree || t.values[config.Service].Text == "" { // otherwise nothing of the repository is read
		folder := t.values[config.WorkingDirectory].Text
		t.inputs.WorkingDirectory = inWorkspace(t.env.Getenv("GITHUB_WORKSPACE"), folder, &t.problems)
	}
	wanted := pipeline.FolderDeploy{
		Settings: t.inputs.Deploy, Values: t.values, Problems: t.problems,
		Top: t.env.Getenv("GITHUB_WORKSPACE"), Commit: t.what.sha, Getenv: t.env.Getenv,
		UserAgent: t.env.UserAgent, Logger: t.logger, Progress: shown.Show,
		Targeted: func(asked job.Job) { t.told.Begin(ctx, asked) },
		Previews: t.previews(), IsOpen: t.hub.isOpen(t.what.repository),
	}
	if needsTree {
		wanted.Newer = t.newer()
		return pipeline.DeployFolder(ctx, wanted)
	}
	if verb == job.Sweep {
		return pipeline.SweepPreviews(ctx, pipeline.PreviewSweep{FolderDeploy: wanted, Previews: t.inputs.Previews, IsOpen: wanted.IsOpen})
	}
	release := pipeline.ReleaseOf(t.inputs.Release)
	release.From = cmp.Or(release.From, t.request.PromoteFrom)
	return pipeline.ChangeRelease(ctx, pipeline.ReleaseChange{FolderDeploy: wanted, Verb: verb, Release: release})
}

// verb is what the Request does; needsTree says whether it needs what is checked out.
func (t *task) verb() (verb job.Verb, needsTree bool) {
	switch t.request.Verb {
	case trigger.Promote:
		return job.Promote, false
	case trigger.Rollback:
		return job.Rollback, false
	case trigger.Teardown, trigger.RemovePreview:
		return job.Teardown, false
	case trigger.Sweep:
		return job.Sweep, false
	case trigger.Preview:
		return job.Preview, true
	case trigger.Deploy, trigger.Release:
		return job.Deploy, true
	default:
		return job.Deploy, true
	}
}

// previews are the rules by which previews go, with the number of the one to make.
func (t *task) previews() job.Previews {
	rules := job.Previews{Most: t.inputs.Previews.Max, TTL: t.inputs.Previews.TTL}
	if t.request.Verb == trigger.Preview {
		rules.Number = t.request.PullRequest
		if t.inputs.Previews.Service != "" { // the variables are those of the service itself
			rules.LikeService = cmp.Or(t.request.Layer[config.Service].Text, t.run.values[config.Service].Text)
		}
	}
	return rules
}

// newer tells whether a newer commit goes where this one is going. Whether it does is
// known by GitHub Deployments alone.
func (t *task) newer() func(context.Context) (string, error) {
	if !t.inputs.GitHubDeployment || t.inputs.DryRun {
		return nil
	}
	environment := t.environment(job.Target{Service: t.values[config.Service].Text, Environment: t.values[config.Environment].Text})
	return t.hub.newer(t.what, environment)
}

// warnOfOtherCommit tells when what is deployed is not what the event is about.
func (s *setting) warnOfOtherCommit(result job.Result) {
	if result.APICalls == 0 || result.Commit == "" || s.what.sha == "" || result.Commit == s.what.sha {
		return
	}
	done := "deployed"
	if result.Status == job.Planned {
		done = "planned"
	}
	if s.what.isPull() && result.Commit == s.what.checkedOut {
		s.console.Annotate(levelNotice, place{}, "Slipway: commit", fmt.Sprintf(
			"What is checked out, and %s, is the merge of pull request %d into %s. For its head alone, give actions/checkout the ref ${{ github.event.pull_request.head.sha }}.",
			done, s.what.pull(), s.what.event.PullRequest.BaseRef))
		return
	}
	s.console.Annotate(levelWarning, place{}, "Slipway: commit", fmt.Sprintf(
		"The commit that is checked out is %s, and this %s is about %s. The former is what is %s.",
		short(result.Commit), s.what.event.Name, short(s.what.sha), done))
}
