package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/source"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func newDeploy(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deploy [DIR]",
		Short: "Take a project live",
		Long: `Take the project in DIR (default the current folder) live: upload its Functions
and Assets, make a Build of them with the dependencies in package.json, and
activate it in an Environment together with the variables in .env.

It needs Twilio credentials: an API key (TWILIO_API_KEY, TWILIO_API_SECRET) or
an account's auth token (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN). With --sandbox
it needs none.`,
		Example: `  slipway deploy --sandbox            # try it, without an account
  slipway deploy                      # to the Environment "dev"
  slipway deploy services/voice --environment production
  slipway deploy --variables GREETING=hello --output json`,
		Args: oneFolder,
	}
	addSettings(cmd, slices.Concat(accountSettings(), commonSettings(), []string{
		config.Service, config.Environment, config.WorkingDirectory, config.FunctionsFolder, config.AssetsFolder,
		config.Runtime, config.Variables, config.EnvFile, config.Dependencies, config.BuildTimeout, config.Concurrency,
	})...)
	output := addOutput(cmd)
	inSandbox := addBoolean(cmd, "sandbox", "deploy to a sandbox that lives as long as the command, without credentials")
	_ = cmd.RegisterFlagCompletionFunc(config.Dependencies, cobra.FixedCompletions([]string{"locked", "ranges"}, cobra.ShellCompDirectiveNoFileComp))

	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var problems problem.List
		given, getenv := explicit(cmd.Flags()), env.Getenv
		form, note := output.read(&problems), ""
		if inSandbox.read(&problems) {
			embedded, err := startEmbedded(cmd.Context())
			if err != nil {
				return err
			}
			defer embedded.Close()
			given, getenv = embedded.instead(given), embedded.hide(getenv)
			note = "sandbox; gone when this command ends"
		}
		values := config.Resolve(given, getenv)
		settings, err := config.ReadDeploy(values, env.Getenv)
		if rest := problems.Take(err); rest != nil {
			return rest
		}
		if len(args) == 1 {
			settings.WorkingDirectory = args[0]
		}
		return runDeploy(cmd.Context(), env, deployInput{
			values: values, settings: settings, problems: problems, output: form, note: note,
		})
	}
	return cmd
}

// deployInput is what the command line asks for.
type deployInput struct {
	values   config.Values
	settings config.Deploy
	problems problem.List // what is wrong with the settings
	output   format
	note     string // stands behind the URL
}

func runDeploy(ctx context.Context, env Env, input deployInput) error {
	settings := input.settings
	if settings.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = withTimeout(ctx, settings.Timeout)
		defer cancel()
	}
	progress := newDisplay(env.Stderr, env.Getenv)
	logger := slog.New(slog.NewTextHandler(progress, &slog.HandlerOptions{Level: settings.LogLevel}))
	logOrigins(logger, input.values)

	outcome, err := func() (pipeline.Outcome, error) {
		defer progress.Close()
		defer progress.TellStop(ctx)()
		return deployProject(ctx, input, logger, progress.Show)
	}()
	if input.output == formatJSON {
		if printErr := printJSON(env, outcome.Result); printErr != nil {
			return errors.Join(err, printErr)
		}
	}
	if err != nil {
		if outcome.Result.Error == nil {
			return err
		}
		return &toldError{failure: *outcome.Result.Error, err: err}
	}
	if input.output == formatText {
		_, err = fmt.Fprint(env.Stdout, report.Deployed(outcome.Result, outcome.Plan, input.note))
	}
	return err //nolint:wrapcheck // nothing to add.
}

// deployProject opens the folder and the account and runs the pipeline on
// them. What is wrong with either, and with the settings, is reported together
// with what is wrong with the project.
func deployProject(ctx context.Context, input deployInput, logger *slog.Logger, progress func(job.Event)) (pipeline.Outcome, error) {
	settings := input.settings
	problems := input.problems
	client, err := newClientUnless(len(problems) > 0, input.values, settings, logger)
	if rest := problems.Take(err); rest != nil {
		return failed(settings, rest)
	}
	tree, err := source.Folder(settings.WorkingDirectory)
	if rest := problems.Take(err); rest != nil {
		return failed(settings, rest)
	}
	if tree == nil {
		return failed(settings, problems.Err())
	}
	defer func() { _ = tree.Close() }()

	asked := job.Job{
		Verb:   job.Deploy,
		Target: job.Target{Service: settings.Service, Environment: settings.Environment},
		Folder: tree.Folder,
		Commit: tree.Commit,
		Options: job.Options{
			FunctionsFolder: settings.FunctionsFolder, AssetsFolder: settings.AssetsFolder,
			Runtime: settings.Runtime, EnvFile: settings.EnvFile, Dependencies: settings.Dependencies,
			BuildTimeout: settings.BuildTimeout,
		},
	}
	return pipeline.Run(ctx, asked, pipeline.Config{
		Client: client, Source: tree.FS, Variables: settings.Variables, Problems: problems,
		Progress: progress, LiveURL: settings.Account.LiveURL,
	})
}

// newClientUnless makes the client unless something is wrong already, in which
// case it only looks for more that is.
func newClientUnless(broken bool, values config.Values, settings config.Deploy, logger *slog.Logger) (*twilio.Client, error) {
	if broken {
		return nil, checkAccount(values)
	}
	return newClient(values, settings.Account, settings.Concurrency, logger)
}

// failed is the Outcome of a Job that could not begin.
func failed(settings config.Deploy, err error) (pipeline.Outcome, error) {
	result := job.NewResult()
	result.Service, result.Environment = settings.Service, settings.Environment
	failure := deploy.Explain(err)
	failure.State = "Nothing was changed."
	result.Status, result.Error = job.Failed, &failure
	return pipeline.Outcome{Result: result}, err
}
