package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
)

func newPlan(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan [DIR]",
		Short: "Say what a deploy would change",
		Long: `Say what a deploy of the project in DIR (default the current folder) would
change, and change nothing: files that become more or less open first, then
Functions and Assets, variables by key, runtime and dependencies, and whether a
Build is needed for it.

It needs the same credentials and takes the same settings as deploy. With
--detailed-exitcode the exit code is 0 when there is nothing to do, 2 when there
is, and 1 instead of 2 when the input is at fault.

With --diff it also shows how the sources of Functions would change, which it reads
from what is live. With --out the plan is written to a file as well, without the
values of variables and without credentials. slipway deploy --plan FILE carries out
exactly that plan.`,
		Example: `  slipway plan
  slipway plan --diff
  slipway plan --out release.plan     # and then: slipway deploy --plan release.plan
  slipway plan services/voice --environment production --detailed-exitcode
  slipway plan --output json`,
		Args: oneFolder,
	}
	f := addDeployFlags(cmd)
	cmd.Flags().StringVar(&f.out, "out", "", "write the plan to this file, for slipway deploy --plan")
	namePlaceholder(cmd.Flags(), "out", "FILE")
	f.diff = addBoolean(cmd, "diff", "show how the sources of Functions that are live would change, too")
	f.detailed = addBoolean(cmd, detailedExitCode, "exit with 2 when there is something to do, and with 1 when the input is at fault")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return f.run(cmd, env, args, planned)
	}
	return cmd
}

// planned has every deploy end with its Plan.
func planned(given func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if name == config.DryRun {
			return "true", true
		}
		return given(name)
	}
}

const (
	detailedExitCode = "detailed-exitcode"
	// changesExitCode says with that flag that there is something to do.
	changesExitCode = 2
)

// changesError ends a command that found something to do. It is no failure.
type changesError struct{}

func (changesError) Error() string { return "there is something to do" }

// wantsDetail reports whether a command was asked for detailed exit codes. It reads
// the arguments, since flags behind one that is at fault are not parsed.
func wantsDetail(cmd *cobra.Command, args []string) bool {
	return cmd.Flags().Lookup(detailedExitCode) != nil && slices.ContainsFunc(args, func(arg string) bool {
		name, value, _ := strings.Cut(arg, "=")
		isOn, isBoolean := config.ParseBoolean(value)
		return name == "--"+detailedExitCode && (isOn || !isBoolean)
	})
}
