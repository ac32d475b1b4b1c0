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
	// Version is what the log says is running, such as "v1.2.3 (0123456)".
	Version string
	// UserAgent is what calls of both platforms are made as.
	UserAgent string
}

// Run does what the workflow's event and the Action's inputs ask for, reports
// it in every way that GitHub has, and returns what came of it. A failure is in
// the Result's Error, and has been told to the log.
//
// When ctx ends, the commit is told within 5 s, and everything within 7 s: in
// time for the runner's second signal 7.5 s behind the first.
func Run(ctx context.Context, env Env) job.Result {
	log := newConsole(env.Stdout, env.Getenv)
	defer func() { _ = log.Close() }() // a log that cannot be written cannot be told of
	r := &run{env: env, console: log, values: resolveInputs(log, env.Getenv)}
	hideSecrets(log, env.Getenv)
	if env.Getenv("GITHUB_EVENT_NAME") == "" && env.Getenv("GITHUB_ACTIONS") == "" {
		outcome, err := failed(&problem.Problem{
			Message: "slipway action runs as a step of a workflow, and this is none", Fix: "Use slipway deploy here.",
		})
		r.tell(outcome, err)
		return outcome.Result
	}
	return r.do(ctx)
}

// run is one run of the Action.
type run struct {
	env     Env
	values  config.Values
	console *console
}

// do deploys, unless the occasion asks for nothing, and reports. The commit
// hears of it behind everything else but the last lines, since GitHub may take
// its time; the cause of a failure comes last, where people look first.
func (r *run) do(ctx context.Context) job.Result {
	var problems problem.List
	inputs, err := r.readInputs()
	if rest := problems.Take(err); rest != nil {
		outcome, err := failed(rest)
		r.report(outcome)
		r.tell(outcome, err)
		return outcome.Result
	}
	what := readOccasion(r.env.Getenv, &problems)
	if why := what.whyNot(inputs.Command); why != "" {
		outcome := skipped(inputs, why)
		r.report(outcome)
		r.tell(outcome, nil)
		return outcome.Result
	}
	r.console.Print(fmt.Sprintf("Slipway %s: %s", r.env.Version, what))
	logger := slog.New(slog.NewTextHandler(r.console, &slog.HandlerOptions{Level: inputs.LogLevel, ReplaceAttr: withoutTime}))
	told := r.newAnnouncer(inputs, what, logger)
	outcome, err := r.perform(ctx, inputs, problems, what, told, logger)
	if panicked := problem.Guard(func() error {
		if verbOf(inputs.Command) == job.Deploy {
			r.warnOfOtherCommit(what, outcome.Result)
		}
		r.report(outcome)
		return nil
	}); panicked != nil {
		r.console.Annotate(levelWarning, place{}, "Slipway: report", panicked.Error())
	}
	told.End(ctx, outcome)
	r.tell(outcome, err)
	return outcome.Result
}

// perform does the Job and shows its progress. A panic becomes an error, so that the
// commit is not left pending for ever.
func (r *run) perform(
	ctx context.Context, inputs config.Action, problems problem.List, what occasion, told *announcer, logger *slog.Logger,
) (outcome pipeline.Outcome, err error) {
	defer func() {
		if met := recover(); met != nil {
			outcome, err = failed(&problem.PanicError{Value: met, Stack: debug.Stack()})
		}
		if panicked, ok := errors.AsType[*problem.PanicError](err); ok {
			r.console.Print(string(panicked.Stack))
		}
	}()
	shown := newProgress(r.console)
	defer shown.Close()
	defer shown.TellStop(ctx)()
	wanted := pipeline.FolderDeploy{
		Settings: inputs.Deploy, Values: r.values, Problems: problems,
		Top: r.env.Getenv("GITHUB_WORKSPACE"), Commit: what.sha, Getenv: r.env.Getenv,
		UserAgent: r.env.UserAgent, Logger: logger, Progress: shown.Show,
		Targeted: func(asked job.Job) { told.Begin(ctx, asked) },
	}
	if verb := verbOf(inputs.Command); verb != job.Deploy {
		return pipeline.ChangeRelease(ctx, pipeline.ReleaseChange{FolderDeploy: wanted, Verb: verb, Release: pipeline.ReleaseOf(inputs.Release)})
	}
	return pipeline.DeployFolder(ctx, wanted)
}

// warnOfOtherCommit tells when what is deployed is not what the event is about.
func (r *run) warnOfOtherCommit(what occasion, result job.Result) {
	if result.APICalls > 0 && result.Commit != "" && what.sha != "" && result.Commit != what.sha {
		done := "deployed"
		if result.Status == job.Planned {
			done = "planned"
		}
		r.console.Annotate(levelWarning, place{}, "Slipway: commit", fmt.Sprintf(
			"The commit that is checked out is %s, and this %s is about %s. The former is what is %s.",
			short(result.Commit), what.event.Name, short(what.sha), done))
	}
}

// short is a commit's SHA as people write it.
func short(sha string) string { return sha[:min(len(sha), 7)] }

// report sets the outputs and writes the summary.
func (r *run) report(outcome pipeline.Outcome) {
	r.writeOutputs(outcome.Result)
	r.writeSummary(outcome)
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
		r.console.Print(report.Done(result, outcome.Plan, ""))
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
	r.console.Print(failure.State)
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}

// titleOf puts a reason in front of what it is the reason of.
func titleOf(reason job.Reason) string {
	return "Slipway: " + strings.ReplaceAll(string(reason), "-", " ")
}

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
