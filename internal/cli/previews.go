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
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/preview"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/source"
)

func newPreviews(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "previews [DIR]",
		Short: "List the previews of pull requests, or remove those that nobody needs",
		Long: `List the previews of a Service: the Environments pr-7 and the like, with when each was
deployed to and whether its pull request is open. With --sweep those of closed pull
requests are removed, with their variables and domains, and with --preview-ttl those to
which nothing was deployed for so long as well. No other Environment is ever touched.
See with --dry-run first.

The Service is the one that previews of the project in DIR (default the current folder)
go to: previews.service in slipway.yml, else the one that it deploys to, unless
--service names another. It needs the same credentials as deploy, and to know which pull
requests are open a GitHub token (GITHUB_TOKEN) with the permission pull-requests: read.`,
		Example: `  slipway previews
  slipway previews --sweep --repository acme/voice --dry-run
  slipway previews --sweep --preview-ttl 7d --service voice-previews
  slipway previews --output json | jq -r '.previews[] | select(.state == "closed").environment'`,
		Args: oneFolder,
	}
	addSettings(cmd, append(lookSettings(), config.PreviewTTL)...)
	token, repository := tokenSetting("tells which pull requests are open; needs pull-requests: read"), repositorySetting()
	addSetting(cmd, token)
	addSetting(cmd, repository)
	output := addOutput(cmd)
	isSweep := addBoolean(cmd, "sweep", "remove the previews of closed pull requests, and those untouched for --preview-ttl")
	isDryRun := addBoolean(cmd, "dry-run", "with --sweep, say which would go, and remove nothing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var problems problem.List
		given := explicit(cmd.Flags())
		if len(args) == 1 {
			given = inFolder(given, args[0])
		}
		p := &previewsAsked{look: &look{env: env, form: output.read(&problems)}, isSweep: isSweep.read(&problems), isDryRun: isDryRun.read(&problems)}
		p.values = config.Resolve(append(slices.Concat(config.Settings(), config.GitHubSettings()), token, repository), given, env.Getenv)
		err := p.read(problems)
		if err == nil && p.isSweep {
			return p.sweep(cmd.Context())
		}
		if err == nil {
			err = p.list(cmd.Context())
		}
		return p.failed(err, "")
	}
	return cmd
}

// previewsAsked is what the command line asks of previews.
type previewsAsked struct {
	*look

	isSweep, isDryRun bool
	previews          config.Previews
	// repository is whose pull requests the previews are for; its zero value says that
	// nobody can be asked, and the doubts say why.
	repository gh.Repository
	doubts     []string
}

// read checks the settings, and finds the Service. problems are what was found wrong
// already.
func (p *previewsAsked) read(problems problem.List) error {
	if !p.isSweep && p.isDryRun {
		problems.Add("--dry-run is for --sweep: without it nothing is removed", "Add --sweep, or leave it out.")
	}
	if !p.isSweep && p.values[config.PreviewTTL].Origin == config.Explicit {
		problems.Add("--preview-ttl is for --sweep", "Add --sweep, or leave it out.")
	}
	folder := p.values[config.WorkingDirectory].Text
	byRules, err := rulesOfPreviews(p.values)
	if rest := problems.Take(err); rest != nil {
		return rest
	}
	p.warn(byRules.warnings)
	p.values = byRules.values
	p.previews, err = config.ReadPreviews(p.values)
	if rest := problems.Take(err); rest != nil {
		return rest
	}
	p.readRepository(folder, &problems)
	isBroken := p.values[config.WorkingDirectory].Text == ""
	if p.service = p.values[config.Service].Text; p.service != "" || isBroken {
		folder = ""
	}
	return p.look.read(problems, folder)
}

// rulesOfPreviews reads what slipway.yml says of previews. The error is a problem.List.
func rulesOfPreviews(values config.Values) (ruled, error) {
	return rulesOf(values, false, func(_ *source.Source, service *rules.Service) config.Values {
		layer := service.Layer
		if service.Previews != nil {
			layer = service.Previews
		}
		named := values[config.Service].Text
		isOfProject := slices.Contains([]string{"", service.Name, layer[config.Service].Text}, named)
		values := rules.Settings(values, service.Name, layer.Without(config.Variables, config.Watch, config.WatchErrors))
		if elsewhere, isElsewhere := layer[config.PreviewService]; isElsewhere && isOfProject {
			return values.With(config.Service, elsewhere)
		}
		return values
	})
}

// readRepository finds out whose pull requests can be asked for. What a clone calls its
// origin may be a fork, whose pull requests are others, so nothing is removed for it.
func (p *previewsAsked) readRepository(folder string, problems *problem.List) {
	const unknown = "whether the pull requests are open is not known: "
	if p.values[config.GitHubToken].Text == "" {
		p.doubts = append(p.doubts, unknown+"there is no GitHub token. Give github-token (GITHUB_TOKEN).")
		return
	}
	_, err := openGitHub(p.env, p.values[config.GitHubToken].Text, nil)
	_ = problems.Take(err) // it is a Problem
	named := p.values[repositorySetting().Name].Text
	if named == "" && !p.isSweep {
		if named = originOf(p.env, folder); named != "" {
			p.doubts = append(p.doubts, "the pull requests are those of "+named+", the git remote origin; repository (GITHUB_REPOSITORY) names another.")
		}
	}
	if named == "" {
		p.doubts = append(p.doubts, unknown+"their repository is not. Give repository (GITHUB_REPOSITORY), as owner/name.")
		return
	}
	if p.repository, err = gh.ParseRepository(named); err != nil {
		problems.Add(err.Error(), "")
	}
}

// isOpen tells whether a pull request is open; nil when nobody can be asked.
func (p *previewsAsked) isOpen(logger *slog.Logger) (func(context.Context, int) (bool, error), error) {
	if p.repository == (gh.Repository{}) {
		return nil, nil //nolint:nilnil // the doubts say why.
	}
	client, err := openGitHub(p.env, p.values[config.GitHubToken].Text, logger)
	if err != nil {
		return nil, err
	}
	return openPullRequests(client, p.repository), nil
}

// list prints the previews.
func (p *previewsAsked) list(ctx context.Context) error {
	ctx, cancel := pipeline.WithTimeout(ctx, p.remote.Timeout)
	defer cancel()
	logger := p.logger()
	client, err := p.open(logger)
	if err != nil {
		return err
	}
	keeper := &preview.Keeper{Client: client, Service: p.service}
	if keeper.IsOpen, err = p.isOpen(logger); err != nil {
		return err
	}
	found, err := keeper.List(ctx)
	doubts := p.doubts
	if unknown, ok := errors.AsType[*preview.StateError](err); ok && ctx.Err() == nil {
		doubts, err = append(doubts, unknown.Error()), nil
	}
	if err != nil {
		return err
	}
	listed := report.ListedPreviews{Version: report.ListingVersion, Service: p.service, Previews: []report.ListedPreview{}, Warnings: []string{}}
	for _, one := range found {
		row := report.ListedPreview{
			Number: one.Number, Environment: one.Environment, EnvironmentSID: string(one.EnvironmentSID), Domain: one.Domain,
			BuildSID: string(one.BuildSID), State: string(one.State),
		}
		if !one.Updated.IsZero() {
			row.Updated = &one.Updated
		}
		listed.Previews = append(listed.Previews, row)
	}
	if len(found) > 0 { // of none there is nothing to know
		listed.Warnings = append(listed.Warnings, doubts...)
	}
	if p.form == formatJSON {
		return p.print(listed)
	}
	for _, doubt := range listed.Warnings {
		fmt.Fprintf(p.env.Stderr, "note: %s\n", doubt)
	}
	_, err = fmt.Fprint(p.env.Stdout, report.Previews(listed, time.Now()))
	return err //nolint:wrapcheck // nothing to add.
}

// sweep removes the previews that nobody needs.
func (p *previewsAsked) sweep(ctx context.Context) error {
	outcome, err := watched(ctx, p.env, p.remote.LogLevel, func(show func(job.Event), logger *slog.Logger) (pipeline.Outcome, error) {
		wanted := pipeline.FolderDeploy{
			Settings: config.Deploy{Remote: p.remote, Project: config.Project{Service: p.service}, DryRun: p.isDryRun},
			Values:   p.values, UserAgent: userAgent(), Logger: logger, Progress: show,
			Previews: job.Previews{TTL: p.previews.TTL},
		}
		if p.previews.TTL > 0 { // without it, that is what ends it
			for _, doubt := range p.doubts {
				wanted.Warnings.Add(doubt, "")
			}
		}
		var err error
		if wanted.IsOpen, err = p.isOpen(logger); err != nil {
			return pipeline.Outcome{}, err
		}
		return pipeline.SweepPreviews(ctx, wanted)
	})
	return tellOutcome(p.env, p.form, outcome, err, "", "")
}
