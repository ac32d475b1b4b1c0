// Package cli is the command line: commands and flags, the display of progress,
// and exit codes. Each command reads its settings in one function and hands
// them to another that does the work; errors are printed once, by Main.
//
// It is the top of the house: it may import every other room, and nothing
// imports it but main.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
)

// Env is what a command has of the process around it.
type Env struct {
	// Args are the arguments without the program's name.
	Args []string
	// Getenv looks an environment variable up; "" means that it is not set.
	Getenv func(string) string
	// Environ lists the environment as "NAME=value". Nil means that it is empty.
	Environ func() []string
	// Stdout is for results, Stderr for progress, warnings and errors.
	Stdout, Stderr io.Writer
}

// Main runs the command that env.Args ask for and returns the exit code.
func Main(ctx context.Context, env Env) int {
	root := newRoot(env) //nolint:contextcheck // cobra hands the context to each command.
	root.SetArgs(env.Args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if _, ok := errors.AsType[changesError](err); ok {
		return changesExitCode
	}
	failure := explain(err)
	if panicked, ok := errors.AsType[*problem.PanicError](err); ok {
		fmt.Fprintf(env.Stderr, "%s\n", panicked.Stack)
	}
	if !isTold(err) {
		fmt.Fprint(env.Stderr, report.Failed(failure))
	}
	if interrupted, ok := errors.AsType[InterruptedError](context.Cause(ctx)); ok && failure.Reason == job.Cancelled {
		return interrupted.exitCode()
	}
	code := failure.Reason.ExitCode()
	if code == changesExitCode && wantsDetail(cmd, env.Args) {
		return job.Internal.ExitCode()
	}
	return code
}

// explainedError is a failure that was put into words already, by the pipeline.
type explainedError struct {
	failure job.Failure
	isTold  bool // and printed, too
	err     error
}

func (e *explainedError) Error() string { return e.failure.Message }
func (e *explainedError) Unwrap() error { return e.err }

func isTold(err error) bool {
	explained, ok := errors.AsType[*explainedError](err)
	return ok && explained.isTold
}

func explain(err error) job.Failure {
	if explained, ok := errors.AsType[*explainedError](err); ok {
		return explained.failure
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		return job.Failure{Reason: job.BadInput, Message: usage.Error(), Hint: usage.Hint()}
	}
	return deploy.Explain(err)
}

func newRoot(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "slipway",
		Short: "Take Twilio Functions and Assets live",
		Long: `Slipway takes a project of Twilio Functions and Assets live: it uploads the
files, makes a Build of them, and activates it in an Environment.

Try it without an account, on a sandbox that lives as long as the command:

  slipway deploy --sandbox`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          unknownCommand,
		RunE:          showHelp,
	}
	// Before the command for completions is made, which keeps where it writes to.
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		newDeploy(env), newPlan(env), newPromote(env), newRollback(env), newStatus(env), newList(env), newLogs(env), newPrune(env), newTeardown(env), newPreviews(env),
		newDoctor(env), newSandbox(env), newServe(env), newJobs(env), newDemo(env), newAction(env), newVersion(env),
	)
	// Now, so that their arguments are checked as ours are.
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, command := range root.Commands() {
		switch command.Name() {
		case "help":
			command.Args = knownCommand
		case "completion":
			command.Args, command.RunE = unknownCommand, showHelp
			for _, shell := range command.Commands() {
				shell.Args = noArguments
			}
		}
	}
	return root
}

func showHelp(cmd *cobra.Command, _ []string) error {
	return cmd.Help() //nolint:wrapcheck // nothing to add.
}

// oneProblem makes an error of one finding about the input.
func oneProblem(message, fix string) error { return &problem.Problem{Message: message, Fix: fix} }

// Commands returns the tree of commands, for those who describe it; it runs nothing.
func Commands() *cobra.Command { return newRoot(Env{}) }
