package cli

import (
	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/action"
)

func newAction(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "action",
		Short: "What the GitHub Action runs: read inputs and the event, then deploy",
		Long: `What the container of the GitHub Action runs. It reads the inputs (INPUT_…), the
event and the rest of what a runner tells a step in its environment, deploys, and
reports as outputs, annotations, a step summary and a commit status.

It is not for terminals: use deploy there.`,
		Example: `  - uses: slipway-dev/slipway@v1          # in a job's steps; it runs this command
    with:
      api-key: ${{ secrets.TWILIO_API_KEY }}
      api-secret: ${{ secrets.TWILIO_API_SECRET }}`,
		Args: noArguments,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var environ []string
		if env.Environ != nil {
			environ = env.Environ()
		}
		outliveReaders()
		result := action.Run(cmd.Context(), action.Env{
			Getenv: env.Getenv, Environ: environ, Stdout: env.Stdout, Version: thisBuild().String(), UserAgent: userAgent(),
		})
		if result.Error == nil {
			return nil
		}
		return &explainedError{failure: *result.Error, isTold: true}
	}
	return cmd
}
