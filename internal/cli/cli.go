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
	// Stdout is for results, Stderr for progress, warnings and errors.
	Stdout, Stderr io.Writer
}

// Main runs the command that env.Args ask for and returns the exit code.
func Main(ctx context.Context, env Env) int {
	root := newRoot(env) //nolint:contextcheck // cobra hands the context to each command.
	root.SetArgs(env.Args)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	failure := explain(err)
	if shown, ok := errors.AsType[*shownError](err); !ok || !shown.shown {
		fmt.Fprint(env.Stderr, report.Failed(failure))
	}
	if interrupted, ok := errors.AsType[InterruptedError](context.Cause(ctx)); ok && failure.Reason == job.Cancelled {
		return interrupted.exitCode()
	}
	return failure.Reason.ExitCode()
}

// usageError is a command line that cannot be understood.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// shownError is a failure that was put into words already: by the pipeline, and
// when shown is set, in the JSON document on stdout.
type shownError struct {
	failure job.Failure
	shown   bool
	err     error
}

func (e *shownError) Error() string { return e.failure.Message }
func (e *shownError) Unwrap() error { return e.err }

func explain(err error) job.Failure {
	if told, ok := errors.AsType[*shownError](err); ok {
		return told.failure
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return job.Failure{Reason: job.BadInput, Message: err.Error(), Hint: "See slipway --help."}
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
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(newDeploy(env), newStatus(env), newSandbox(env), newVersion(env))
	root.CompletionOptions.HiddenDefaultCmd = false
	for _, command := range root.Commands() {
		command.Args = usageArgs(command.Args)
	}
	root.Args = usageArgs(unknownCommand)
	return root
}

// usageArgs marks what a check of arguments finds as a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{err}
		}
		return nil
	}
}

// unknownCommand names what was meant, if something like it exists.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("; did you mean %s?", near[0])
	}
	return fmt.Errorf("there is no command %q%s", args[0], hint)
}

// oneProblem makes an error of one finding about the input.
func oneProblem(message, fix string) error { return &problem.Problem{Message: message, Fix: fix} }
