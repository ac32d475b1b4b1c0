package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// surveyed finds out how the platform behaves, and prints it. What was found
// before an interruption or a failure is printed, too.
func surveyed(ctx context.Context, l *look, problems problem.List) error {
	if l.values[config.WorkingDirectory].Origin == config.Explicit {
		problems.Add("a folder means nothing to --live: it makes a project of its own", "Leave it out.")
	}
	if err := l.read(problems, ""); err != nil {
		return l.failed(err, "")
	}
	outliveReaders() // whoever goes leaves a Service behind otherwise
	ctx, stopHearing := untilHangUp(ctx)
	defer stopHearing()
	ctx, cancel := pipeline.WithTimeout(ctx, l.remote.Timeout)
	defer cancel()
	cfg := l.account(l.logger())
	announce(l.env.Stderr, cfg)
	cfg.Progress = func(step doctor.Step) {
		fmt.Fprintf(l.env.Stderr, "[%2d/%d] %s\n", step.Number, step.Of, step.Title)
	}
	cfg.Made = func(name, sid string) {
		fmt.Fprintf(l.env.Stderr, "        %s (%s)\n", name, sid)
	}
	stopTelling := context.AfterFunc(ctx, func() {
		fmt.Fprintln(l.env.Stderr, "Stopping. The throwaway Service is being deleted; another interrupt leaves it there.")
	})
	defer stopTelling()
	return survey(ctx, l, cfg)
}

// untilHangUp returns a context that ends when the terminal goes away, too, which
// would end the process otherwise and leave the Service behind.
func untilHangUp(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	if signal.Ignored(syscall.SIGHUP) { // as nohup wants it
		return ctx, func() { cancel(nil) }
	}
	hangUps := make(chan os.Signal, 1)
	signal.Notify(hangUps, syscall.SIGHUP)
	go func() {
		select {
		case received := <-hangUps:
			cancel(InterruptedError{Signal: received})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(hangUps)
		cancel(nil)
	}
}

func survey(ctx context.Context, l *look, cfg doctor.Config) error {
	found, err := doctor.Survey(ctx, cfg)
	found.Findings = withMeanings(found.Findings)
	found.Sandbox = report.SandboxCommand(found)
	var failure *explainedError
	if err != nil {
		failure = explainSurvey(err)
		found.Error = &failure.failure
	}
	var printErr error
	switch {
	case l.form == formatJSON:
		printErr = l.print(found)
	case found.ServiceSID != "":
		_, printErr = fmt.Fprint(l.env.Stdout, report.Survey(found))
	}
	if failure == nil {
		return printErr //nolint:wrapcheck // nothing to add.
	}
	return errors.Join(failure, printErr)
}

// announce says beforehand what is going to happen.
func announce(to io.Writer, cfg doctor.Config) {
	whose := "the account of " + cfg.Credentials.User
	if cfg.AccountSID != "" {
		whose = "the account " + string(cfg.AccountSID)
	}
	fmt.Fprintf(to, `Finding out how the API behaves, in %s.
This makes a throwaway Service named slipway-Doctor-…, tries things out on it, and
deletes it in the end. It takes some 250 calls, at most 3 at once, and a dozen Builds,
in a few minutes, and costs a few calls of a Function. Nothing else in the account is
touched. Interrupt it to stop early; the Service is deleted then, too.

`, whose)
}

// withMeanings puts the findings in the order of the sandbox's switches, and
// says in words what their positions mean.
func withMeanings(findings []doctor.Finding) []doctor.Finding {
	var ordered []doctor.Finding
	for _, row := range sandbox.SwitchTable() {
		at := slices.IndexFunc(findings, func(one doctor.Finding) bool { return one.Switch == row.Name })
		if at < 0 {
			continue
		}
		one := findings[at]
		switch one.Position {
		case doctor.Off:
			one.Meaning = row.Off
		case doctor.On:
			one.Meaning = row.On
		case doctor.Neither:
			one.Meaning = "neither that " + row.Off + ", nor that " + row.On
		case doctor.Open:
		}
		ordered = append(ordered, one)
	}
	if ordered == nil {
		ordered = []doctor.Finding{}
	}
	return ordered
}

// explainSurvey puts into words why a survey ended early. That something is left
// in the account comes last, where it is read.
func explainSurvey(err error) *explainedError {
	failure := explain(err)
	if failure.Reason == job.Cancelled {
		failure.Hint = "" // it speaks of deploys
	}
	if left, ok := errors.AsType[*doctor.LeftError](err); ok {
		if failure.Reason != job.Cancelled {
			failure.Reason = job.Internal
		}
		failure.Hint = left.Hint()
	}
	return &explainedError{failure: failure, err: err}
}
