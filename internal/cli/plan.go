package cli

import (
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
is, and 1 instead of 2 when the input is at fault.`,
		Example: `  slipway plan
  slipway plan services/voice --environment production --detailed-exitcode
  slipway plan --output json`,
		Args: oneFolder,
	}
	f := addDeployFlags(cmd)
	f.detailed = addBoolean(cmd, "detailed-exitcode", "exit with 2 when there is something to do, and with 1 when the input is at fault")
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
