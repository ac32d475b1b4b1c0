package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/source"
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
	addSettings(cmd, slices.Concat(accountSettings(), commonSettings(), []string{config.Service, config.WorkingDirectory})...)
	output := addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		values := config.Resolve(config.Settings(), explicit(cmd.Flags()), env.Getenv)
		var problems problem.List
		form := output.read(&problems)
		folder := values[config.WorkingDirectory].Text
		if len(args) == 1 {
			folder = args[0]
		}
		service, err := readStatus(cmd.Context(), env, values, problems, folder, form)
		if err == nil || form != formatJSON {
			return err
		}
		return errors.Join(err, printJSON(env, failedStatus{
			Version: job.ResultVersion, Status: job.Failed, Service: service, Error: explain(err),
		}))
	}
	return cmd
}

// failedStatus is what stands in place of a Status that could not be read.
type failedStatus struct {
	Version int         `json:"version"`
	Status  job.Status  `json:"status"`
	Service string      `json:"service"`
	Error   job.Failure `json:"error"`
}

// readStatus checks the settings, adding to the problems already found, and
// prints the Status of the Service that it names.
func readStatus(
	ctx context.Context, env Env, values config.Values, problems problem.List, folder string, form format,
) (service string, err error) {
	remote, err := config.ReadRemote(values)
	if rest := problems.Take(err); rest != nil {
		return "", rest
	}
	if rest := problems.Take(pipeline.CheckAccount(values)); rest != nil {
		return "", rest
	}
	service, err = serviceOf(values[config.Service].Text, folder)
	if rest := problems.Take(err); rest != nil {
		return service, rest
	}
	if err := problems.Err(); err != nil {
		return service, err
	}
	return service, runStatus(ctx, env, values, remote, service, form)
}

// serviceOf names the Service that a folder deploys to.
func serviceOf(given, folder string) (string, error) {
	if given != "" {
		return given, nil
	}
	tree, err := source.Folder(folder)
	if err != nil {
		return "", err
	}
	defer func() { _ = tree.Close() }()
	found, _, err := npm.Read(tree.FS, tree.Folder, npm.Ranges)
	if found != nil && found.ServiceName() != "" {
		return found.ServiceName(), nil // what else is wrong with package.json is not asked here
	}
	if err == nil {
		err = oneProblem("the Service has no name: neither package.json nor service gives one", "Give it with --service.")
	}
	return "", err
}

func runStatus(ctx context.Context, env Env, values config.Values, remote config.Remote, service string, output format) error {
	ctx, cancel := pipeline.WithTimeout(ctx, remote.Timeout)
	defer cancel()
	logger := slog.New(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: remote.LogLevel}))
	values.Log(logger)
	client, err := pipeline.OpenAccount(pipeline.Opening{Values: values, Account: remote.Account, UserAgent: userAgent(), Logger: logger})
	if err != nil {
		return err
	}
	status, err := deploy.ReadStatus(ctx, client, service)
	if err != nil {
		return err
	}
	if output == formatJSON {
		return printJSON(env, status)
	}
	_, err = fmt.Fprint(env.Stdout, report.Status(status, time.Now()))
	return err //nolint:wrapcheck // nothing to add.
}
