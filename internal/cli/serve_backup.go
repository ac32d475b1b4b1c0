package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/queue"
)

func newBackUp(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "back-up FILE",
		Short: "Copy a server's data into a file, also while it runs",
		Long: `Copy the database of a webhook server, as it is at one moment, into a file that is
not there yet. The server may run meanwhile. To go back to it, stop the server, and put
the file into the folder as slipway.db, without those beside it whose names begin so.`,
		Example: `  slipway serve back-up --data /var/lib/slipway /backup/slipway-$(date +%F).db`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return newUsageError(cmd, "%s takes the file to write", cmd.CommandPath())
			}
			return nil
		},
	}
	setting := serverSetting(config.Data)
	addSetting(cmd, setting)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		values := config.Resolve([]config.Setting{setting}, explicit(cmd.Flags()), env.Getenv)
		if values[config.Data].Text == "" {
			return oneProblem("there is no folder to copy from", "Name that of the server with --data (SLIPWAY_DATA).")
		}
		return runBackUp(cmd.Context(), env, values[config.Data].Text, args[0])
	}
	return cmd
}

func runBackUp(ctx context.Context, env Env, dir, file string) error {
	if err := queue.BackUp(ctx, dir, file); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.Stdout, "%s is backed up in %s\n", dir, file)
	return err //nolint:wrapcheck // nothing to add.
}

// serverSetting is a row of the server's table.
func serverSetting(name string) config.Setting {
	table := config.ServerSettings()
	return table[slices.IndexFunc(table, func(one config.Setting) bool { return one.Name == name })]
}
