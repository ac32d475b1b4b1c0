package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
)

// Env is what the Action has of the process around it.
type Env struct {
	// Getenv looks an environment variable up; "" means that it is not set.
	Getenv func(string) string
	// Environ are all of the environment's "NAME=value" entries, in which unknown
	// inputs are looked for.
	Environ []string
	// Stdout is the step's log. Nothing else may write to it.
	Stdout io.Writer
	// UserAgent is what calls of both platforms are made as.
	UserAgent string
}

// Run does what the workflow's event and the Action's inputs ask for, reports
// it in every way that GitHub has, and returns what came of it. A failure is in
// the Result's Error, and has been told to the log.
//
// When ctx ends, the run is put in order and reported within 5 s, in time for
// the runner's second signal 7.5 s behind the first.
func Run(ctx context.Context, env Env) job.Result {
	log := newConsole(env.Stdout, env.Getenv)
	r := &run{env: env, console: log, values: resolveInputs(log, env.Getenv)}
	hideSecrets(log, env.Getenv)
	outcome, err := r.do(ctx)
	r.finish(outcome, err)
	return outcome.Result
}

// run is one run of the Action.
type run struct {
	env     Env
	values  config.Values
	console *console
}

// do deploys, unless the occasion asks for nothing, and reports to GitHub. A
// panic becomes an error, so that the commit is not left pending for ever.
func (r *run) do(ctx context.Context) (outcome pipeline.Outcome, err error) {
	var problems problem.List
	inputs, err := readInputs(r.values, r.env)
	if rest := problems.Take(err); rest != nil {
		return failed(rest)
	}
	what := readOccasion(r.env.Getenv, &problems)
	if why := what.whyNot(inputs.Command); why != "" {
		return skipped(inputs, why), nil
	}
	logger := slog.New(slog.NewTextHandler(r.console, &slog.HandlerOptions{Level: inputs.LogLevel, ReplaceAttr: withoutTime}))
	status := r.newCommitStatus(inputs, what, logger)
	defer func() {
		if met := recover(); met != nil {
			r.console.Print(string(debug.Stack()))
			outcome, err = failed(fmt.Errorf("a fault of Slipway's own: %v", met))
		}
		status.End(ctx, outcome.Result)
	}()

	shown := newProgress(r.console)
	defer shown.Close()
	defer shown.TellStop(ctx)()
	outcome, err = pipeline.DeployFolder(ctx, pipeline.FolderDeploy{
		Settings: inputs.Deploy, Values: r.values, Problems: problems,
		Top: r.env.Getenv("GITHUB_WORKSPACE"), Commit: what.sha,
		UserAgent: r.env.UserAgent, Logger: logger, Progress: shown.Show,
		Targeted: func(target job.Target) { status.Begin(ctx, target) },
	})
	r.warnOfOtherCommit(what, outcome.Result)
	return outcome, err
}

// warnOfOtherCommit tells when what is checked out is not what the event is
// about, and the status goes to.
func (r *run) warnOfOtherCommit(what occasion, result job.Result) {
	if result.Commit != "" && what.sha != "" && result.Commit != what.sha {
		r.console.Annotate(levelWarning, place{}, "", fmt.Sprintf(
			"the commit that is checked out, %s, is not the one that this %s is about, %s; the commit status goes to the latter",
			result.Commit, what.event.Name, what.sha))
	}
}

// finish tells everybody but the commit how it ended. The cause of a failure
// comes last, where people look first.
func (r *run) finish(outcome pipeline.Outcome, err error) {
	r.writeOutputs(outcome.Result)
	r.writeSummary(outcome)
	r.tell(outcome, err)
	_ = r.console.Close() // a log that cannot be written cannot be told of
}

// tell prints how it ended.
func (r *run) tell(outcome pipeline.Outcome, err error) {
	result := outcome.Result
	switch {
	case result.Error != nil:
		r.tellFailure(*result.Error, err)
	case result.Status == job.Skipped:
		r.console.Annotate(levelNotice, place{}, "Slipway: skipped", result.SkipReason)
	default:
		r.console.Print(report.Deployed(result, outcome.Plan, ""))
	}
}

// tellFailure annotates the place of each Problem, and anything else as one
// whole.
func (r *run) tellFailure(failure job.Failure, err error) {
	problems, ok := errors.AsType[problem.List](err)
	if !ok {
		if one, isOne := errors.AsType[*problem.Problem](err); isOne {
			problems = problem.List{one}
		}
	}
	if len(problems) == 0 {
		text := strings.Join(nonEmpty(failure.Message, failure.Hint, failure.State), "\n")
		r.console.Annotate(levelError, place{}, titleOf(failure.Reason), text)
		return
	}
	for _, one := range problems {
		r.console.Annotate(levelError, place{File: one.File, Line: one.Line}, titleOf(failure.Reason), one.Error())
	}
	r.console.Print(failure.State + "\n")
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}

// titleOf puts a reason in front of what it is the reason of.
func titleOf(reason job.Reason) string { return "Slipway: " + string(reason) }

// failed is the Outcome of a run that did not get as far as a Job.
func failed(err error) (pipeline.Outcome, error) {
	result := job.NewResult()
	failure := deploy.Explain(err)
	result.Status, result.Error = job.Failed, &failure
	return pipeline.Outcome{Result: result}, err
}

// skipped is the Outcome of an occasion that asks for nothing.
func skipped(inputs config.Action, why string) pipeline.Outcome {
	result := job.NewResult()
	result.Service, result.Environment = inputs.Service, inputs.Environment
	result.Status, result.SkipReason = job.Skipped, why
	return pipeline.Outcome{Result: result}
}

// withoutTime leaves out what the runner puts in front of each line itself.
func withoutTime(groups []string, attribute slog.Attr) slog.Attr {
	if len(groups) == 0 && attribute.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return attribute
}
