package cli

import (
	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
)

func newRollback(env Env) *cobra.Command {
	return addRelease(&cobra.Command{
		Use:   "rollback --environment ENV [DIR]",
		Short: "Make the Release before the live one live again",
		Long: `Make the Release before the live one live again in an Environment: the newest of
its Deployments, those of other tools too, whose Build is still there and is not the
live one. Twice in a row it goes there and back; --to goes further, to a Build that was
live there or to one that was made from a commit. Nothing is uploaded or built, and the
variables stay as they are. The Service is the one that the project in DIR (default the
current folder) deploys to, unless --service names another; nothing else of the project
is read.

It needs the same credentials as deploy. "slipway status" shows what was live.`,
		Example: `  slipway rollback --environment production
  slipway rollback --environment production --to 3f2a91c
  slipway rollback --environment production --dry-run`,
	}, env, job.Rollback, config.To)
}
