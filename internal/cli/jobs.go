package cli

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/overview"
	"github.com/slipway-dev/slipway/internal/problem"
)

func newJobs(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "jobs",
		Short: "Show, cancel and retry the Jobs of a webhook server",
		Long: `Show the Jobs of a webhook server, newest first: what it deploys, has deployed, or
will. It asks the server's admin listener.`,
		Example: `  slipway jobs
  slipway jobs --open --admin https://deploys.example.com
  slipway jobs show 42
  slipway jobs cancel 42
  slipway jobs retry 42`,
		Args: unknownCommand,
	}
	asks := addAdmin(cmd, env)
	isOpen := addBoolean(cmd, "open", "leave out those that have ended")
	limit := cmd.Flags().Int("limit", 20, "how many to show, 1 to 200")
	namePlaceholder(cmd.Flags(), "limit", "N")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var problems problem.List
		query := fmt.Sprintf("/api/jobs?limit=%d", *limit)
		if isOpen.read(&problems) {
			query += "&state=open"
		}
		if *limit < 1 || *limit > 200 {
			problems.Add(fmt.Sprintf("limit %d is not a number from 1 to 200", *limit), "")
		}
		admin, form, err := asks.read(cmd, problems)
		if err != nil {
			return err
		}
		var found overview.Jobs
		if err := admin.ask(cmd.Context(), http.MethodGet, query, &found); err != nil {
			return err
		}
		if form == formatJSON {
			return printJSON(env, found)
		}
		return printJobs(env, found.Jobs)
	}
	cmd.AddCommand(
		newJob(env, http.MethodGet, "show", "Show a Job with its Steps", "", printJob),
		newJob(env, http.MethodPost, "cancel", "Cancel a Job that has not gone live", "/cancel", printCancelled),
		newJob(env, http.MethodPost, "retry", "Do once more what a Job did that has ended", "/retry", printRetried),
	)
	return cmd
}

// newJob makes a command about one Job, which the API has below its number.
func newJob(env Env, method, name, short, below string, show func(Env, overview.Job) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: name + " NUMBER", Short: short, Long: short + ", of a webhook server. It asks the server's admin listener.",
		Example: "  slipway jobs " + name + " 42",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if number, err := strconv.ParseInt(args[0], 10, 64); err == nil && number > 0 {
					return nil
				}
			}
			return newUsageError(cmd, "%s takes the number of a Job, as slipway jobs shows it", cmd.CommandPath())
		},
	}
	asks := addAdmin(cmd, env)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		admin, form, err := asks.read(cmd, nil)
		if err != nil {
			return err
		}
		var found overview.Job
		if err := admin.ask(cmd.Context(), method, "/api/jobs/"+args[0]+below, &found); err != nil {
			return err
		}
		if form == formatJSON {
			return printJSON(env, found)
		}
		return show(env, found)
	}
	return cmd
}

// adminFlags are the flags of what asks an admin listener.
type adminFlags struct {
	env    Env
	output *format
}

func adminSetting() config.Setting {
	listen := serverSetting(config.AdminListen)
	return config.Setting{
		Name: "admin", Env: listen.Env, Default: listen.Default, Placeholder: "ADDRESS|URL",
		Help: "where the server's admin listener answers: host:port, unix:/path, or a URL",
	}
}

func addAdmin(cmd *cobra.Command, env Env) *adminFlags {
	cmd.Flags().SortFlags = false
	addSetting(cmd, adminSetting())
	return &adminFlags{env, addOutput(cmd)}
}

// read makes the client. problems are what is wrong otherwise.
func (f *adminFlags) read(cmd *cobra.Command, problems problem.List) (*adminClient, format, error) {
	form := f.output.read(&problems)
	values := config.Resolve([]config.Setting{adminSetting()}, explicit(cmd.Flags()), f.env.Getenv)
	client, err := newAdminClient(values["admin"].Text)
	addError(&problems, err)
	return client, form, problems.Err()
}

// where is what a Job is about, as people say it.
func where(one overview.Job) (environment, ref string) {
	if one.Target != nil {
		environment = one.Target.Environment
	}
	ref = cmp.Or(one.Tag, one.Branch)
	if one.PullRequest > 0 {
		ref = fmt.Sprintf("#%d", one.PullRequest)
	}
	return environment, ref
}
