package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
)

func newDeploy(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deploy [DIR]",
		Short: "Take a project live",
		Long: `Take the project in DIR (default the current folder) live: upload its Functions
and Assets, make a Build of them with the dependencies in package.json, and
activate it in an Environment together with the variables in .env. Settings that
are not given are those of slipway.yml at the root of the repository, then those of
the Serverless Toolkit's .twilioserverlessrc, where there are such files. At that root
slipway.yml says which folder is meant, with --service where it has several.

With --plan the settings are those of the plan, and the deploy ends with exit code 9
when what is live has moved since, and with 2 when the project has. Values of
variables are not in a plan: give them as they were given to slipway plan.

It needs Twilio credentials: an API key (TWILIO_API_KEY, TWILIO_API_SECRET) or
an account's auth token (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN). With --sandbox
it needs none.`,
		Example: `  slipway deploy --sandbox            # try it, without an account
  slipway deploy                      # to the Environment "dev"
  slipway deploy --dry-run            # what it would change; slipway plan says the same
  slipway deploy --plan release.plan  # exactly what slipway plan --out wrote
  slipway deploy services/voice --environment production
  slipway deploy --service voice      # a service of slipway.yml, at the repository's root
  slipway deploy --variables GREETING=hello --output json`,
		Args: oneFolder,
	}
	f := addDeployFlags(cmd, config.DryRun)
	cmd.Flags().StringVar(&f.plan, "plan", "", "carry out the plan in this file, which slipway plan --out wrote, or nothing")
	namePlaceholder(cmd.Flags(), "plan", "FILE")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return f.run(cmd, env, args, func(given func(string) (string, bool)) func(string) (string, bool) { return given })
	}
	return cmd
}

// deployFlags are those of deploy and plan.
type deployFlags struct {
	output    *format
	inSandbox *boolean
	// detailed is nil where the command does not have it.
	detailed *boolean
	// diff is nil where the command does not have it.
	diff *boolean
	// plan is the file of the Plan to carry out, out the one to write; empty for
	// none.
	plan, out string
}

func addDeployFlags(cmd *cobra.Command, more ...string) *deployFlags {
	addSettings(cmd, slices.Concat(accountSettings(), commonSettings(), []string{
		config.Service, config.Environment, config.WorkingDirectory, config.FunctionsFolder, config.AssetsFolder,
		config.Runtime, config.Variables, config.EnvFile, config.VariablesLike, config.PruneVariables,
		config.Dependencies, config.BuildTimeout, config.Concurrency, config.Manifest, config.ConfigFile,
	}, checkSettings(), more)...)
	_ = cmd.RegisterFlagCompletionFunc(config.Dependencies, cobra.FixedCompletions([]string{"locked", "ranges"}, cobra.ShellCompDirectiveNoFileComp))
	return &deployFlags{
		output:    addOutput(cmd),
		inSandbox: addBoolean(cmd, "sandbox", "use a sandbox that lives as long as the command, without credentials"),
	}
}

// run reads the settings and deploys, or plans. change may change what was given.
func (f *deployFlags) run(
	cmd *cobra.Command, env Env, args []string, change func(func(string) (string, bool)) func(string) (string, bool),
) error {
	var problems problem.List
	given, getenv := change(explicit(cmd.Flags())), env.Getenv
	if len(args) == 1 {
		given = inFolder(given, args[0])
	}
	form, isSandbox := f.output.read(&problems), f.inSandbox.read(&problems)
	saved, err := f.planFiles(cmd, isSandbox, &problems)
	if err != nil {
		return err
	}
	if saved != nil {
		given = pipeline.FromSaved(*saved, given, getenv, &problems)
	}
	if isSandbox {
		embedded, err := startEmbedded(cmd.Context())
		if err != nil {
			return err
		}
		defer embedded.Close()
		given, getenv = embedded.instead(given), embedded.hide(getenv)
	}
	byRules, err := rulesOfDeploy(config.Resolve(config.Settings(), given, getenv), isSandbox)
	if rest := problems.Take(err); rest != nil {
		return rest
	}
	settings, err := config.ReadDeploy(byRules.values, env.Getenv)
	if rest := problems.Take(err); rest != nil {
		return rest
	}
	input := deployInput{
		ruled: byRules, settings: settings, problems: problems, output: form, inSandbox: isSandbox, saved: saved, out: f.out,
	}
	if f.diff != nil {
		input.hasDiff = f.diff.read(&input.problems)
	}
	if input.hasDiff && form == formatJSON {
		input.problems.Add("--diff has no place in --output json", "Leave one of them out.")
	}
	if f.detailed != nil {
		input.isDetailed = f.detailed.read(&input.problems)
	}
	return runDeploy(cmd.Context(), env, input)
}

// planFiles reads the Plan to carry out, nil for none, and looks at where one is to
// be written. What is wrong with either is added to the Problems.
func (f *deployFlags) planFiles(cmd *cobra.Command, isSandbox bool, problems *problem.List) (*deploy.Saved, error) {
	for _, flag := range []string{"plan", "out"} { // of an unset variable of a shell, say
		if found := cmd.Flags().Lookup(flag); found != nil && found.Changed && found.Value.String() == "" {
			problems.Add("--"+flag+" names no file", "Name one, or leave it out.")
		}
	}
	const gone = "Start slipway sandbox beside it, and paste the environment that it prints."
	if isSandbox && f.plan != "" {
		problems.Add("--plan and --sandbox exclude each other: that sandbox is empty, and no plan was made for it", gone)
	}
	if isSandbox && f.out != "" {
		problems.Add("--out and --sandbox exclude each other: that sandbox is gone when the plan could be deployed", gone)
	}
	if f.out != "" {
		if rest := problems.Take(checkPlanFile(f.out)); rest != nil {
			return nil, rest
		}
	}
	if f.plan == "" {
		return nil, nil //nolint:nilnil // none is asked for.
	}
	saved, err := readPlan(f.plan)
	if err != nil {
		return nil, problems.Take(err)
	}
	return &saved, nil
}

// inFolder gives a folder in place of whatever was given.
func inFolder(given func(string) (string, bool), folder string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if name == config.WorkingDirectory {
			return folder, true
		}
		return given(name)
	}
}

// deployInput is what the command line asks for.
type deployInput struct {
	ruled

	settings  config.Deploy
	problems  problem.List // what is wrong with the settings
	output    format
	inSandbox bool // of the command's own
	// isDetailed tells in the exit code whether there is something to do.
	isDetailed bool
	// hasDiff asks for the sources of Functions, too.
	hasDiff bool
	// saved is the Plan to carry out; nil for any. out is the file for the one that
	// is made; empty for none.
	saved *deploy.Saved
	out   string
}

func runDeploy(ctx context.Context, env Env, input deployInput) error {
	outcome, err := watched(ctx, env, input.settings.LogLevel, func(show func(job.Event), logger *slog.Logger) (pipeline.Outcome, error) {
		return pipeline.DeployFolder(ctx, pipeline.FolderDeploy{
			Settings: input.settings, Values: input.values, Problems: input.problems, Warnings: input.warnings, Top: input.top,
			UserAgent: userAgent(), Logger: logger, Progress: show, NewAccount: input.inSandbox, Getenv: env.Getenv,
			Saved: input.saved, Sources: input.hasDiff,
		})
	})
	if err == nil && input.out != "" {
		if err = writePlan(input.out, deploy.Save(userAgent(), outcome.Job, outcome.Plan)); err != nil {
			failure := deploy.Explain(err)
			failure.State = "Nothing was changed."
			outcome.Result.Status, outcome.Result.Error = job.Failed, &failure
		}
	}
	after := ""
	if input.hasDiff {
		after = report.Sources(outcome.Sources, outcome.Plan.HasAssetsToUpdate(), isColoured(env))
	}
	if input.out != "" {
		after += fmt.Sprintf("\nWritten to %s; slipway deploy --plan carries it out.\n", input.out)
	}
	err = tellOutcome(env, input.output, outcome, err, input.note(), after)
	if err == nil && input.isDetailed && outcome.Result.Plan != nil && outcome.Result.Plan.HasChanges {
		return changesError{}
	}
	return err
}

// note is what stands behind the URL.
func (i deployInput) note() string {
	if i.inSandbox {
		return "sandbox; gone when this command ends"
	}
	return ""
}

// tellOutcome prints what came of a Job, and returns its failure in words. In text,
// note stands behind the URL, and after behind all of it.
func tellOutcome(env Env, output format, outcome pipeline.Outcome, err error, note, after string) error {
	if output == formatJSON {
		if printErr := printJSON(env, outcome.Result); printErr != nil && !errors.Is(printErr, syscall.EPIPE) {
			return errors.Join(err, printErr)
		}
	}
	if err != nil {
		if outcome.Result.Error == nil {
			return err
		}
		return &explainedError{failure: *outcome.Result.Error, err: err}
	}
	if output == formatText {
		_, err = fmt.Fprint(env.Stdout, report.Done(outcome.Result, outcome.Plan, note)+after)
	}
	if errors.Is(err, syscall.EPIPE) {
		err = nil // it is done, whether or not anybody reads it
	}
	return err
}
