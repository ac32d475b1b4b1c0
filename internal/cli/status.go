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
		Long: `Show what is live in each Environment of a Service: the Build, since when, and
how much is in it. The Service is the one that the project in DIR (default the
current folder) deploys to, unless --service names another.

It needs the same credentials as deploy.`,
		Example: `  slipway status
  slipway status --service voice --output json`,
		Args: oneFolder,
	}
	addSettings(cmd, lookSettings()...)
	output := addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var problems problem.List
		l := &look{env: env, values: config.Resolve(config.Settings(), explicit(cmd.Flags()), env.Getenv), form: output.read(&problems)}
		err := l.read(problems, l.folderOf(args))
		if err == nil {
			err = runStatus(cmd.Context(), l)
		}
		return l.failed(err, "")
	}
	return cmd
}

func runStatus(ctx context.Context, l *look) error {
	ctx, cancel := pipeline.WithTimeout(ctx, l.remote.Timeout)
	defer cancel()
	client, err := l.open(l.logger())
	if err != nil {
		return err
	}
	status, err := deploy.ReadStatus(ctx, client, l.service)
	if err != nil {
		return err
	}
	if l.form == formatJSON {
		return l.print(status)
	}
	_, err = fmt.Fprint(l.env.Stdout, report.Status(status, time.Now()))
	return err //nolint:wrapcheck // nothing to add.
}
