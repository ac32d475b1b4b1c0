package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/trigger"
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

// Run does what the workflow's event, slipway.yml and the Action's inputs ask for,
// reports it in every way that GitHub has, and returns what came of it: of several
// services the first that failed, else the last. A failure is in the Result's Error,
// and has been told to the log.
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
	// isWithoutOutputs says that outputs cannot be set, which was told.
	isWithoutOutputs bool
}

// do decides what the occasion asks for, and carries it out.
func (r *run) do(ctx context.Context) job.Result {
	inputs, _ := config.ReadAction(r.values, r.env.Getenv) // what is wrong shows where they are read for a Request
	logger := slog.New(slog.NewTextHandler(r.console, &slog.HandlerOptions{Level: inputs.LogLevel, ReplaceAttr: withoutTime}))
	s := &setting{run: r, logger: logger, hub: r.newHub(inputs, logger)}
	r.checkUnknown(&s.problems)
	s.what = readOccasion(r.env.Getenv, &s.problems)

	made := decision{requests: []trigger.Request{{}}}
	if len(s.problems) == 0 { // otherwise there is nothing to decide by
		err := s.adoptPull(ctx, inputs)
		if err == nil {
			made, err = r.decide(ctx, inputs, s.what, s.hub)
		}
		if err != nil {
			return r.endUnbegun(failed(err))
		}
	}
	if made.skip != "" {
		return s.skip(ctx, inputs, made)
	}
	r.console.Print(fmt.Sprintf("Slipway %s: %s", r.env.Version, s.what))
	return s.carryOut(ctx, made)
}

// endUnbegun reports what failed before there was anything to do.
func (r *run) endUnbegun(outcome pipeline.Outcome, err error) job.Result {
	r.report([]pipeline.Outcome{outcome}, false)
	r.tell(outcome, err)
	return outcome.Result
}

// short is a commit's SHA as people write it.
func short(sha string) string { return sha[:min(len(sha), 7)] }

// report sets the outputs and writes the summary of the last Outcome.
func (r *run) report(outcomes []pipeline.Outcome, isOneOfSeveral bool) {
	r.writeOutputs(outcomes, isOneOfSeveral)
	r.writeSummary(outcomes[len(outcomes)-1])
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
