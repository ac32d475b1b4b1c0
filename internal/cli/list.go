package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
)

// scope is what the things of a kind belong to.
type scope int

const (
	ofAccount scope = iota
	ofService
	// ofEither is of a Service, or of one Environment when that is given.
	ofEither
	ofEnvironment
)

// listedKind is a row of the table of what can be listed.
type listedKind struct {
	kind  report.Kind
	scope scope
	// read makes the listing. What does not belong to the scope is not set.
	read func(context.Context, *lister) (listing, error)
}

func listedKinds() []listedKind {
	return []listedKind{
		{report.Services, ofAccount, listServices},
		{report.Environments, ofService, listEnvironments},
		{report.Functions, ofEither, listFunctions},
		{report.Assets, ofEither, listAssets},
		{report.Builds, ofService, listBuilds},
		{report.Deployments, ofEnvironment, listDeployments},
		{report.Variables, ofEnvironment, listVariables},
	}
}

func kindNames() []string {
	var names []string
	for _, row := range listedKinds() {
		names = append(names, string(row.kind))
	}
	return names
}

func newList(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list KIND [DIR]",
		Short: "List Services, or what is in one",
		Long: `List what is there. KIND is one of

  services      of the account
  environments  of a Service: domains, and the Build that is live in each
  functions     of a Service, and where each is live
  assets        the same
  builds        of a Service, newest first, and where each is live
  deployments   to an Environment, newest first
  variables     of an Environment, by key; values are never shown

The Service is the one that the project in DIR (default the current folder)
deploys to, unless --service names another. Functions and assets of one
--environment are those that are live there, with their paths and visibility.

It needs the same credentials as deploy. After 7 days Twilio removes Versions
that are in no Build, and Functions and Assets without Versions.`,
		Example: `  slipway list services
  slipway list functions --environment production
  slipway list deployments services/voice
  slipway list builds --service voice --output json | jq -r '.items[].sid'`,
		Args: kindAndFolder,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return kindNames(), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	addSettings(cmd, append(lookSettings(), config.Environment)...)
	output := addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var problems problem.List
		l := &look{env: env, values: config.Resolve(config.Settings(), explicit(cmd.Flags()), env.Getenv), form: output.read(&problems)}
		row := listedKinds()[slices.Index(kindNames(), args[0])]
		row.scope.refuse(&problems, row.kind, l.values, args[1:])
		err := row.scope.read(l, problems, args[1:])
		if err == nil {
			err = runList(cmd.Context(), l, row)
		}
		return l.failed(err, row.kind)
	}
	return cmd
}

// kindAndFolder is the check of list's arguments.
func kindAndFolder(cmd *cobra.Command, args []string) error {
	names := kindNames()
	last := len(names) - 1
	all := strings.Join(names[:last], ", ") + " or " + names[last]
	switch {
	case len(args) == 0:
		return newUsageError(cmd, "what is to be listed? Give %s", all)
	case !slices.Contains(names, args[0]):
		meant := didYouMean("", args[0], names)
		if meant == "" {
			meant = "; give " + all
		}
		return newUsageError(cmd, "there is no kind %q to list%s", args[0], meant)
	default:
		return oneFolder(cmd, args[1:])
	}
}

// refuse finds what was given and can mean nothing to a kind. Environment
// variables are passed over: they are for whatever runs there.
func (s scope) refuse(problems *problem.List, kind report.Kind, values config.Values, folder []string) {
	isGiven := func(setting string) bool { return values[setting].Origin == config.Explicit }
	if s == ofAccount && (isGiven(config.Service) || isGiven(config.WorkingDirectory) || isGiven(config.ConfigFile) || len(folder) > 0) {
		problems.Add(fmt.Sprintf("%s are the account's; a Service or a folder means nothing to them", kind), "Leave it out.")
	}
	if s < ofEither && isGiven(config.Environment) {
		problems.Add(fmt.Sprintf("%s belong to no Environment; --environment means nothing to them", kind), "Leave it out.")
	}
}

// read finds out where to look.
func (s scope) read(l *look, problems problem.List, args []string) error {
	isGiven := l.values[config.Environment].Origin != config.FromDefault
	if s == ofEnvironment || s == ofEither && isGiven {
		if err := l.readEnvironment(&problems); err != nil {
			return err
		}
	}
	folder := ""
	if s != ofAccount {
		folder = l.folderOf(args)
	}
	return l.read(problems, folder)
}

// listing is a report.Listing of whatever kind.
type listing interface {
	Text(now time.Time) string
}

func runList(ctx context.Context, l *look, row listedKind) error {
	ctx, cancel := pipeline.WithTimeout(ctx, l.remote.Timeout)
	defer cancel()
	client, err := l.open(l.logger())
	if err != nil {
		return err
	}
	from := &lister{client: client}
	if from.service, from.environment, err = l.find(ctx, client); err != nil {
		return err
	}
	found, err := row.read(ctx, from)
	if err != nil {
		return err
	}
	if l.form == formatJSON {
		return l.print(found)
	}
	_, err = fmt.Fprint(l.env.Stdout, found.Text(time.Now()))
	return err //nolint:wrapcheck // nothing to add.
}
