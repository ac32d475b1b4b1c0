package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
)

func newPrune(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prune [DIR]",
		Short: "Remove what no Build holds",
		Long: `Remove the Functions and Assets of a Service that no Build holds, whether it is
live or not, and with --environments the Environments with such names in which
nothing is live, with their variables and domains. Production, the Environment on
the bare domain, is never removed.

What is younger than an hour, by Twilio's clock, and what had something uploaded
within an hour is kept, since a deploy may be under way; it goes another time. One
that cannot be removed does not stop the others. See with --dry-run first.

The Service is the one that the project in DIR (default the current folder)
deploys to, unless --service names another. It needs the same credentials as
deploy.`,
		Example: `  slipway prune --dry-run
  slipway prune
  slipway prune --environments 'pr-*' --service voice
  slipway prune --dry-run --output json | jq -r '.functions[] | select(.outcome == "to-remove").name'`,
		Args: oneFolder,
	}
	addSettings(cmd, lookSettings()...)
	output := addOutput(cmd)
	environments := cmd.Flags().String("environments", "", "also remove the empty Environments with such names, such as 'pr-*' (default none)")
	namePlaceholder(cmd.Flags(), "environments", "GLOB")
	isDryRun := addBoolean(cmd, "dry-run", "say what would be removed, and remove nothing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var problems problem.List
		l := &look{env: env, values: config.Resolve(config.Settings(), explicit(cmd.Flags()), env.Getenv), form: output.read(&problems)}
		asked := pruneAsked{environments: strings.TrimSpace(*environments), isDryRun: isDryRun.read(&problems)}
		_ = problems.Take(deploy.CheckPattern(asked.environments)) // it is a Problem
		if err := l.read(problems, l.folderOf(args)); err != nil {
			return l.failed(err, "")
		}
		return runPrune(cmd.Context(), l, asked)
	}
	return cmd
}

// pruneAsked is what to remove.
type pruneAsked struct {
	environments string // a pattern; empty for none
	isDryRun     bool
}

func runPrune(ctx context.Context, l *look, asked pruneAsked) error {
	ctx, cancel := pipeline.WithTimeout(ctx, l.remote.Timeout)
	defer cancel()
	pruned, err := watched(ctx, l.env, l.remote.LogLevel, func(show func(job.Event), logger *slog.Logger) (deploy.Pruned, error) {
		l.values.Log(logger)
		client, err := l.open(logger)
		if err != nil {
			return deploy.Pruned{}, err
		}
		pruner := &deploy.Pruner{Client: client, Service: l.service, Environments: asked.environments, Progress: show}
		if asked.isDryRun {
			return pruner.Plan(ctx)
		}
		return pruner.Remove(ctx)
	})
	isBegun := err == nil || len(pruned.Functions)+len(pruned.Assets)+len(pruned.Environments) > 0
	if !isBegun {
		return l.failed(err, "")
	}
	if err != nil {
		failure := explainLook(err)
		pruned.Status, pruned.Error = job.Failed, &failure
		err = &explainedError{failure: failure, err: err}
	}
	var printErr error
	if l.form == formatJSON {
		printErr = l.print(pruned)
	} else {
		_, printErr = fmt.Fprint(l.env.Stdout, report.Pruned(pruned))
	}
	if errors.Is(printErr, syscall.EPIPE) {
		printErr = nil // it is done, whether or not anybody reads it
	}
	return errors.Join(err, printErr)
}
