package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// task is one Request with all that it needs.
type task struct {
	*setting

	request  trigger.Request
	values   config.Values // as they hold for the Request
	inputs   config.Action
	unread   error // why inputs cannot be read, where that is no Problem
	problems problem.List
	told     *announcer
	// target is where the Job goes, once that is known.
	target job.Target
}

func (s *setting) newTask(request trigger.Request, made decision) *task {
	t := &task{setting: s, request: request, values: request.Settings(s.values), problems: slices.Clone(s.problems)}
	inputs, err := config.ReadAction(t.values, s.env.Getenv)
	t.inputs, t.unread = inputs, t.problems.Take(err)
	t.told = s.newAnnouncer(inputs, made)
	return t
}

// title says what comes next, of several.
func (t *task) title(isCancelled bool) string {
	title := fmt.Sprintf("Service %s, environment %s", t.request.Service, cmp.Or(t.request.Environment, "of the settings"))
	if isCancelled {
		title += ": not begun, because the run was cancelled"
	}
	return title
}

// cancelled is the Outcome of a Job that was cancelled before it began.
func (t *task) cancelled(ctx context.Context) (pipeline.Outcome, error) {
	outcome, err := failed(context.Cause(ctx))
	verb, _ := t.request.Job()
	outcome.Job = job.Job{
		Verb: verb, Commit: t.what.sha, Previews: t.previews(),
		Target: job.Target{Service: t.values[config.Service].Text, Environment: t.values[config.Environment].Text},
	}
	outcome.Result.Service, outcome.Result.Environment = outcome.Job.Target.Service, outcome.Job.Target.Environment
	outcome.Result.Error.State = "It was not begun; nothing was changed."
	return outcome, err
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
	if t.unread != nil {
		return failed(t.unread)
	}
	shown := newProgress(t.console)
	defer shown.Close()
	defer shown.TellStop(ctx)()

	verb, needsTree := t.request.Job()
	if t.request.Verb == trigger.RemovePreview {
		if rest := t.problems.Take(t.findPreviewService(ctx)); rest != nil {
			return failed(rest)
		}
	}
	if len(t.problems) == 0 {
		check := t.checkNoFork
		if t.request.IsFork {
			check = t.checkFork
		}
		t.problems = check(ctx)
		if ctx.Err() != nil {
			return failed(context.Cause(ctx))
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
		Targeted: func(asked job.Job) {
			t.target = asked.Target
			t.told.Begin(ctx, asked)
		},
		Previews: t.previews(), IsTag: verb == job.Tag,
	}
	if needsTree {
		wanted.PromoteFrom = t.request.PromoteFrom
		wanted.Newer, wanted.IsOpen = t.newer(), t.hub.isOpen(t.what.repository, lookPatience)
		if t.request.IsFork {
			wanted.Newer, wanted.Only, wanted.Warnings = t.newerOfFork, t.inputs.ForkSHA, t.passedOver()
		}
		return pipeline.DeployFolder(ctx, wanted)
	}
	if verb == job.Sweep {
		wanted.IsOpen = t.hub.isOpen(t.what.repository, hubPatience)
		return pipeline.SweepPreviews(ctx, wanted)
	}
	release := pipeline.ReleaseOf(t.inputs.Release)
	release.From = cmp.Or(release.From, t.request.PromoteFrom)
	return pipeline.ChangeRelease(ctx, pipeline.ReleaseChange{FolderDeploy: wanted, Verb: verb, Release: release})
}

// previews are the rules by which previews go, with the number of the one to make.
func (t *task) previews() job.Previews {
	rules := job.Previews{Most: t.inputs.Previews.Max, TTL: t.inputs.Previews.TTL}
	if t.request.Verb == trigger.Preview {
		rules.Number, rules.IsFork = t.request.PullRequest, t.request.IsFork
		if t.inputs.Previews.Service != "" { // the variables are those of the service itself
			rules.LikeService = cmp.Or(t.request.Layer[config.Service].Text, t.run.values[config.Service].Text)
		}
	}
	return rules
}

// newer tells what is to be live in place of this one. A rehearsal takes nobody's place.
func (t *task) newer() func(context.Context) (string, error) {
	if t.inputs.DryRun {
		return nil
	}
	var target func() deployTarget
	if t.inputs.GitHubDeployment {
		target = func() deployTarget { return deployTarget{t.target, t.told.settings.EnvironmentOf(t.target)} }
	}
	return t.hub.newer(t.what, target)
}
