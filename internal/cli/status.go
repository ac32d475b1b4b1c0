package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
)

func newStatus(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status [DIR]",
		Short: "Show what is live in each Environment of a Service",
		Long: `Show what is live in each Environment of a Service, or in one --environment: the
Build, the commit that it was made from where that is known, since when it is live,
and how much is in it. Below that stands what went live before, newest first,
whichever tool did it, with the Builds that are gone and cannot go live again.

The Service is the one that the project in DIR (default the current folder)
deploys to, unless --service names another. It needs the same credentials as
deploy.`,
		Example: `  slipway status
  slipway status --environment production --history 20
  slipway status --service voice --output json`,
		Args: oneFolder,
	}
	addSettings(cmd, append(lookSettings(), config.Environment)...)
	output := addOutput(cmd)
	history := cmd.Flags().Int("history", 5, "how many Releases to show of each Environment, the newest")
	namePlaceholder(cmd.Flags(), "history", "N")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var problems problem.List
		l := &look{env: env, values: config.Resolve(config.Settings(), explicit(cmd.Flags()), env.Getenv), form: output.read(&problems)}
		if *history < 0 {
			problems.Add(fmt.Sprintf("history %d is no number of Releases", *history), "Give how many to show, 0 for none.")
		}
		err := ofEither.read(l, problems, args)
		if err == nil {
			err = runStatus(cmd.Context(), l, *history)
		}
		return l.failed(err, "")
	}
	return cmd
}

func runStatus(ctx context.Context, l *look, history int) error {
	ctx, cancel := pipeline.WithTimeout(ctx, l.remote.Timeout)
	defer cancel()
	client, err := l.open(l.logger())
	if err != nil {
		return err
	}
	status, err := deploy.ReadStatus(ctx, client, deploy.StatusQuestion{Service: l.service, Environment: l.environment, History: history})
	if err != nil {
		return err
	}
	if l.form == formatJSON {
		return l.print(status)
	}
	_, err = fmt.Fprint(l.env.Stdout, report.Status(status, time.Now()))
	return err //nolint:wrapcheck // nothing to add.
}
