package action

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// adoptPull makes a run that was started by hand for a fork's head be about its pull
// request, as GitHub has it now: rules are those of its base, and the commit that is told
// of is its head. What is wrong with the inputs shows where they are read. The error is a
// *problem.Problem, or the cause of ctx's end.
func (s *setting) adoptPull(ctx context.Context, inputs config.Action) error {
	number, isPreview := job.PreviewNumber(inputs.Environment)
	if s.what.event.Name != gh.EventWorkflowDispatch || inputs.ForkSHA == "" || !isPreview {
		return nil
	}
	pull, err := s.hub.pull(ctx, s.what.repository, number)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return cannotAsk(fmt.Sprintf("whether pull request %d may be deployed", number), err)
	}
	s.what.event.PullRequest, s.what.sha = pull, inputs.ForkSHA
	return nil
}

// pull reads a pull request within the patience that there is for it.
func (h *hub) pull(ctx context.Context, repository gh.Repository, number int) (gh.PullRequest, error) {
	client, err := h.reader()
	if err != nil {
		return gh.PullRequest{}, err
	}
	limited, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	return client.PullRequest(limited, repository, number)
}

// cannotAsk says that GitHub does not tell what a fork's deploy depends on.
func cannotAsk(what string, err error) *problem.Problem {
	fix := "Run it again once GitHub answers."
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		fix = hinted.Hint()
	}
	if _, isDenied := errors.AsType[*gh.PermissionError](err); isDenied {
		fix = ""
	}
	return &problem.Problem{Message: what + " is not known: " + err.Error(), Fix: fix}
}

// checkFork finds what keeps a fork's head from being deployed, as far as GitHub and the
// inputs tell. All of it has to hold; that the Service gives its Functions no credentials
// is looked at when that is read, and the commit when the folder is opened.
func (t *task) checkFork(ctx context.Context) problem.List {
	var problems problem.List
	take := func(err error) { _ = problems.Take(err) } // which is a *problem.Problem
	take(t.forkStands(ctx))
	if t.values[config.Service].Text == "" {
		problems.Add("the Service that a fork's preview goes to is not named, and what package.json calls it is the fork's own",
			"Give preview-service or service, or name it in slipway.yml.")
	}
	name := t.run.values[config.GitHubEnvironment].Text // what a file says does not count
	if name == "" {
		problems.Add("fork-sha needs github-environment, whose reviewers have approved the run",
			"Give both the job's environment and github-environment the name of a GitHub environment with required reviewers.")
		return problems
	}
	take(t.guarded(ctx, name))
	take(t.approved(ctx, name))
	return problems
}

// checkNoFork finds out whether the preview that is deployed to is of a fork's pull request,
// whose head nothing has named: a run that was not started by the pull request has what is
// secret, and checks out whatever its workflow says. That is no condition but a reminder,
// so a GitHub that does not tell keeps nobody from deploying.
func (t *task) checkNoFork(ctx context.Context) problem.List {
	number, isPreview := job.PreviewNumber(t.values[config.Environment].Text)
	if isOther := t.request.Verb != trigger.Deploy && t.request.Verb != trigger.Release; isOther || !isPreview || t.inputs.DryRun {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, newerPatience)
	defer cancel()
	pull, err := t.hub.pull(limited, t.what.repository, number)
	if err != nil || !pull.IsFork {
		return nil
	}
	var problems problem.List
	problems.Add(fmt.Sprintf("pull request %d of %s comes from a fork, and fork-sha does not name its head", number, t.what.repository),
		"Give fork-sha the commit that was reviewed, in a workflow such as that of docs/forks.md.")
	return problems
}

// forkStands finds out whether the commit is the head of its pull request still.
func (t *task) forkStands(ctx context.Context) error {
	number, sha := t.request.PullRequest, t.inputs.ForkSHA
	pull, err := t.hub.pull(ctx, t.what.repository, number)
	if err != nil {
		return cannotAsk(fmt.Sprintf("the head of pull request %d", number), err)
	}
	if by := t.movedOn(pull); by != "" {
		return &problem.Problem{
			Message: fmt.Sprintf("fork-sha names %s, and pull request %d of %s has moved on: %s", short(sha), number, t.what.repository, by),
			Fix:     "Review what it proposes now, and run this again with its new SHA.",
		}
	}
	return nil
}

// movedOn says what has become of a pull request whose head was to be deployed; empty
// while it is open and that is its head.
func (t *task) movedOn(pull gh.PullRequest) string {
	switch {
	case !pull.IsOpen:
		return "the end of pull request " + strconv.Itoa(pull.Number) + ", which is closed"
	case pull.HeadSHA != t.inputs.ForkSHA:
		return "commit " + short(pull.HeadSHA)
	}
	return ""
}

// newerOfFork is newer for a fork: where it cannot be known, nothing goes live.
func (t *task) newerOfFork(ctx context.Context) (string, error) {
	limited, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	pull, err := t.hub.pull(limited, t.what.repository, t.request.PullRequest)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return "", cannotAsk(fmt.Sprintf("the head of pull request %d", t.request.PullRequest), err)
	}
	return t.movedOn(pull), nil
}

// guarded finds out whether somebody has to approve what goes to a GitHub environment.
func (t *task) guarded(ctx context.Context, name string) error {
	client, err := t.hub.reader()
	if err != nil {
		return cannotAsk("whether the GitHub environment has required reviewers", err)
	}
	limited, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	protection, err := client.EnvironmentProtection(limited, t.what.repository, name)
	isMissing := isMissing(err)
	switch {
	case err != nil && !isMissing:
		return cannotAsk("whether the GitHub environment has required reviewers", err)
	case isMissing:
		return &problem.Problem{
			Message: fmt.Sprintf("there is no GitHub environment %q in %s", name, t.what.repository),
			Fix:     "Make it under Settings > Environments, with required reviewers.",
		}
	case !protection.RequiresReview:
		return &problem.Problem{
			Message: fmt.Sprintf("the GitHub environment %q has no required reviewers", name),
			Fix:     "Add them under Settings > Environments.",
		}
	}
	return nil
}

// approved finds out whether somebody has approved this run: a GitHub environment that the
// job does not name keeps nothing from running.
func (t *task) approved(ctx context.Context, name string) error {
	client, err := t.hub.reader()
	if err != nil {
		return cannotAsk("whether this run was approved", err)
	}
	limited, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	said, err := client.RunApproval(limited, t.what.repository, t.what.run(), name)
	switch {
	case err != nil && !isMissing(err):
		return cannotAsk("whether this run was approved", err)
	case said == gh.Rejected:
		return &problem.Problem{
			Message: fmt.Sprintf("this run was rejected for the GitHub environment %q", name),
			Fix:     "Start a new one, once its reviewers agree.",
		}
	case said != gh.Approved:
		return &problem.Problem{
			Message: fmt.Sprintf("nobody has approved this run for the GitHub environment %q", name),
			Fix:     fmt.Sprintf("Give the job of this step the line %q, so that it waits for its reviewers.", "environment: "+name),
		}
	}
	return nil
}

// passedOver tells of settings that do not hold for a fork.
func (t *task) passedOver() problem.List {
	var warnings problem.List
	for _, name := range trigger.NotForStrangers() {
		at := t.request.Layer[name]
		if at.Text != "" || t.run.values[name].Text != "" {
			warnings.AddAt(at.File, at.Line, name+" is passed over: it would hand what is secret to a fork's code", "Of variables only those are set that are named one by one.")
		}
	}
	return warnings
}
