package cli

import (
	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
)

func newTeardown(env Env) *cobra.Command {
	return addRelease(&cobra.Command{
		Use:   "teardown --environment ENV [DIR]",
		Short: "Take an Environment away",
		Long: `Take an Environment away: what is live in it first, then the Environment with its
variables and its domain. Builds, Functions and Assets stay until Twilio removes them,
or slipway prune does. Production, the Environment on the bare domain, goes only with
--allow-production. One that is not there is no failure, and a run that failed is
finished by another. The Service is the one that the project in DIR (default the current
folder) deploys to, unless --service names another; nothing else of the project is read.

It needs the same credentials as deploy.`,
		Example: `  slipway teardown --environment pr-7 --dry-run
  slipway teardown --environment pr-7
  slipway teardown --environment production --allow-production --service voice`,
	}, env, job.Teardown, config.AllowProduction)
}
