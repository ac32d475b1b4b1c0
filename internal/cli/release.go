package cli

import (
	"context"
	"log/slog"
	"slices"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/source"
)

// addRelease makes cmd one that needs no project but the name of its Service. more
// are the settings that only this command has.
func addRelease(cmd *cobra.Command, env Env, verb job.Verb, more ...string) *cobra.Command {
	addSettings(cmd, slices.Concat(lookSettings(), []string{config.Environment, config.DryRun}, more)...)
	cmd.Flags().Lookup(config.Environment).DefValue = "" // it has to be given
	output := addOutput(cmd)
	cmd.Args = oneFolder
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var problems problem.List
		given := explicit(cmd.Flags())
		if len(args) == 1 {
			given = inFolder(given, args[0])
		}
		input := releaseInput{verb: verb, output: output.read(&problems)}
		values := config.Resolve(slices.Concat(config.Settings(), config.ReleaseSettings()), given, env.Getenv)
		var err error
		input.ruled, err = rulesOfRelease(values, verb)
		if rest := problems.Take(err); rest != nil {
			return rest
		}
		input.settings, err = config.ReadRelease(input.values, env.Getenv)
		if rest := problems.Take(err); rest != nil {
			return rest
		}
		input.problems = problems
		return runRelease(cmd.Context(), env, input)
	}
	return cmd
}

// rulesOfRelease reads what slipway.yml says of an Environment, which has to be given.
// The error is a problem.List.
func rulesOfRelease(values config.Values, verb job.Verb) (ruled, error) {
	return rulesOf(values, false, func(_ *source.Source, service *rules.Service) config.Values {
		name := ""
		if given := values[config.Environment]; given.Origin != config.FromDefault {
			name = given.Text
		}
		layer := service.In(name).Without(config.Variables) // which nothing but a deploy sets
		if verb != job.Promote {                            // nothing else is checked
			layer = layer.Without(config.Watch, config.WatchErrors)
		}
		environment, _ := service.Environment(name)
		if from := environment.PromoteFrom; verb == job.Promote && from != "" && values[config.PromoteFrom].Text == "" && values[config.BuildSID].Text == "" {
			values = values.With(config.PromoteFrom, config.Written{Text: from, File: layer[config.Environment].File, Line: environment.Line})
		}
		return rules.Settings(values, service.Name, layer)
	})
}

// releaseInput is what the command line asks for.
type releaseInput struct {
	ruled

	verb     job.Verb
	settings config.Release
	problems problem.List // what is wrong with the settings
	output   format
}

func runRelease(ctx context.Context, env Env, input releaseInput) error {
	outcome, err := watched(ctx, env, input.settings.LogLevel, func(show func(job.Event), logger *slog.Logger) (pipeline.Outcome, error) {
		return pipeline.ChangeRelease(ctx, pipeline.ReleaseChange{
			FolderDeploy: pipeline.FolderDeploy{
				Settings: input.settings.Deploy, Values: input.values, Problems: input.problems, Warnings: input.warnings, Top: input.top,
				UserAgent: userAgent(), Logger: logger, Progress: show, Getenv: env.Getenv,
			},
			Verb: input.verb, Release: pipeline.ReleaseOf(input.settings),
		})
	})
	return tellOutcome(env, input.output, outcome, err, "", "")
}
