package cli

import (
	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
)

func newPromote(env Env) *cobra.Command {
	return addRelease(&cobra.Command{
		Use:   "promote --environment ENV [DIR]",
		Short: "Make the Build that was tested live in another Environment",
		Long: `Make the Build that is live in one Environment live in another one of the same
Service: the very Build, so nothing is uploaded or built, and what was tested is
what goes live. The variables of the other Environment stay as they are; one that is
created has none, or starts with those that --variables-like names. The Service is
the one that the project in DIR (default the current folder) deploys to, unless
--service names another; nothing else of the project is read. Where slipway.yml has
promote-from for the Environment, --from may be left out.

It needs the same credentials as deploy.`,
		Example: `  slipway promote --from stage --environment production
  slipway promote --from dev --environment stage --create-environment --variables-like dev
  slipway promote --from stage --environment production --dry-run
  slipway promote --build-sid ZB0123456789abcdef0123456789abcdef --environment stage --service voice`,
	}, env, job.Promote, append(checkSettings(),
		config.PromoteFrom, config.BuildSID, config.CreateEnvironment, config.VariablesLike, config.BuildTimeout)...)
}
