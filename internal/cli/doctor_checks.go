package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/doctor"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/source"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// examination is one run of slipway doctor.
type examination struct {
	*look

	ruled    ruled
	settings config.Deploy
	logger   *slog.Logger
	// client reaches the account; nil until the settings lead to one.
	client *twilio.Client
	// services are the account's; nil when they could not be listed.
	services []twilio.Service
	// target is where a deploy would go, and isRead whether the project says so.
	target job.Target
	isRead bool
}

// all makes the checks, in the order in which they are told.
func (e *examination) all(ctx context.Context, settingsErr error) []doctor.Check {
	e.target = job.Target{Service: e.values[config.Service].Text, Environment: e.values[config.Environment].Text}
	checks := []doctor.Check{e.checkSettings(settingsErr), e.checkProject(ctx)}
	examined := doctor.Examine(ctx, e.account(e.logger))
	e.services = examined.Services
	checks = append(checks, examined.Checks...)
	return append(checks, e.checkTarget(ctx), e.checkToken(ctx))
}

// checkSettings tells everything that is wrong with the settings, and opens the
// account when nothing is.
func (e *examination) checkSettings(err error) doctor.Check {
	var problems problem.List
	if rest := problems.Take(err); rest != nil {
		return failedCheck("settings", rest)
	}
	if rest := problems.Take(pipeline.CheckAccount(e.values)); rest != nil {
		return failedCheck("settings", rest)
	}
	if err := problems.Err(); err != nil {
		return failedCheck("settings", err)
	}
	if e.client, err = e.open(e.logger); err != nil {
		return failedCheck("settings", err)
	}
	return doctor.Check{Name: "settings", Status: doctor.OK, Message: "nothing is wrong with them"}
}

func failedCheck(name string, err error) doctor.Check {
	return doctor.Check{Name: name, Status: doctor.Failed, Err: err}
}

func skippedCheck(name, why string) doctor.Check {
	return doctor.Check{Name: name, Status: doctor.Skipped, Message: why}
}

// checkProject reads the project as a deploy does, and takes from its files what
// they say about the settings.
func (e *examination) checkProject(ctx context.Context) doctor.Check {
	folder := e.values[config.WorkingDirectory]
	if folder.Text == "" {
		return skippedCheck("project", "which folder it is in is not known")
	}
	tree, err := source.FolderIn(e.ruled.top, folder.Text)
	if err != nil {
		return failedCheck("project", err)
	}
	defer func() { _ = tree.Close() }()
	if folder.Origin == config.FromDefault && !looksLikeProject(tree, e.values) {
		return skippedCheck("project", "there is none in this folder")
	}
	read, err := pipeline.ReadFolder(ctx, pipeline.FolderDeploy{
		Settings: e.settings, Values: e.values, Warnings: e.ruled.warnings, Getenv: e.env.Getenv, Logger: slog.New(slog.DiscardHandler),
	}, tree)
	e.isRead, e.target = true, read.Target
	if err != nil {
		return failedCheck("project", err)
	}
	return projectCheck(read)
}

// looksLikeProject tells whether a folder that nobody named holds anything to
// deploy.
func looksLikeProject(tree *source.Source, values config.Values) bool {
	names := []string{"package.json", "functions", "src", "assets", "static", values[config.FunctionsFolder].Text, values[config.AssetsFolder].Text}
	return slices.ContainsFunc(names, func(name string) bool {
		if name == "" {
			return false
		}
		_, err := fs.Stat(tree.FS, path.Join(tree.Folder, name))
		return err == nil
	})
}

func projectCheck(read pipeline.Reading) doctor.Check {
	found := read.Project
	parts := []string{
		words.Count(len(found.Functions), "Function"), words.Count(len(found.Assets), "Asset"),
		fmt.Sprintf("%d dependencies", len(found.Dependencies)), words.Count(len(found.Variables), "variable"), found.Runtime,
	}
	if len(found.Dependencies) == 1 {
		parts[2] = "1 dependency"
	}
	check := doctor.Check{Name: "project", Status: doctor.OK, Message: strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ", ")}
	if len(read.Warnings) > 0 {
		check.Status = doctor.Warning
		check.Message += "\n" + strings.Join(read.Warnings, "\n")
	}
	return check
}

// checkTarget looks for the Service and the Environment that a deploy would go
// to. Neither has to be there before the first one.
func (e *examination) checkTarget(ctx context.Context) doctor.Check {
	const name = "target"
	wanted, err := deploy.ParseEnvironment(e.target.Environment)
	named := e.target.Service
	switch {
	case err != nil && e.isRead:
		return skippedCheck(name, "it is not known where a deploy would go")
	case err != nil:
		return failedCheck(name, err)
	case named == "" && e.isRead:
		return skippedCheck(name, "the Service has no name")
	case named == "":
		return skippedCheck(name, "neither package.json nor service names a Service")
	}
	if e.services == nil || e.client == nil {
		return skippedCheck(name, "the Services could not be listed")
	}
	at := slices.IndexFunc(e.services, func(one twilio.Service) bool { return one.UniqueName == named || string(one.SID) == named })
	switch {
	case at < 0 && twilio.IsSID("ZS", named):
		return failedCheck(name, oneProblem(fmt.Sprintf("there is no Service %s in the account of these credentials", named), "Check the SID and the account."))
	case at < 0 && len(e.services) >= twilio.MaxServices:
		return doctor.Check{
			Name: name, Status: doctor.Failed, Reason: job.LimitReached,
			Message: fmt.Sprintf("the Service %s does not exist, and the account has no room for another", named),
			Fix:     "Delete a Service that nobody uses, or ask Twilio's support for more.",
		}
	case at < 0:
		return doctor.Check{Name: name, Status: doctor.OK, Message: fmt.Sprintf("the Service %s does not exist yet; the first deploy creates it", named)}
	}
	return e.checkEnvironment(ctx, e.services[at], wanted)
}

func (e *examination) checkEnvironment(ctx context.Context, service twilio.Service, wanted deploy.Environment) doctor.Check {
	var names []string
	mayBeWanted := wanted.SID != ""
	for one, err := range e.client.Environments(ctx, service.SID) {
		if err != nil {
			return failedCheck("target", err)
		}
		names = append(names, deploy.NameOf(one))
		// A suffix "production" may stand in the way of the bare domain.
		mayBeWanted = mayBeWanted || strings.EqualFold(one.DomainSuffix, wanted.DomainSuffix) || wanted.UniqueName == one.DomainSuffix
	}
	slices.SortFunc(names, deploy.CompareNames)
	has := "it has none yet"
	if len(names) > 0 {
		has = "it has " + strings.Join(names, ", ")
	}
	if !mayBeWanted {
		return doctor.Check{Name: "target", Status: doctor.OK, Message: fmt.Sprintf("%s: the first deploy creates the Environment %s; %s", service.UniqueName, wanted.Name, has)}
	}
	found, err := deploy.FindEnvironment(ctx, e.client, service, wanted)
	if err != nil {
		return failedCheck("target", err)
	}
	live := "nothing is live in it"
	if found.BuildSID != "" {
		live = fmt.Sprintf("Build %s is live", found.BuildSID)
	}
	return doctor.Check{Name: "target", Status: doctor.OK, Message: fmt.Sprintf("%s, %s at %s: %s", service.UniqueName, deploy.NameOf(found), found.DomainName, live)}
}

// checkToken asks GitHub about the token, if there is one.
func (e *examination) checkToken(ctx context.Context) doctor.Check {
	const name = "github-token"
	text := e.values[config.GitHubToken].Text
	if text == "" {
		return skippedCheck(name, "none is given")
	}
	client, err := openGitHub(e.env, text, e.logger)
	if err != nil {
		return failedCheck(name, err)
	}
	info, err := client.Token(ctx)
	if refused, ok := errors.AsType[*gh.Error](err); ok {
		return doctor.Check{Name: name, Status: doctor.Failed, Reason: job.Internal, Message: err.Error(), Fix: refused.Hint()}
	}
	if err != nil {
		return failedCheck(name, err)
	}
	return tokenCheck(name, info)
}

func tokenCheck(name string, info gh.TokenInfo) doctor.Check {
	whose := "of a workflow or an installation, whose permissions GitHub does not tell"
	switch {
	case info.Remaining == 0 && info.Login == "":
		whose = "accepted; it has too few requests left to tell whose it is"
	case info.Login != "" && len(info.Scopes) > 0:
		whose = fmt.Sprintf("of %s, with the scopes %s", info.Login, strings.Join(info.Scopes, ", "))
	case info.Login != "":
		whose = fmt.Sprintf("of %s; its permissions GitHub does not tell", info.Login)
	}
	if !info.Expires.IsZero() {
		whose += ", until " + info.Expires.UTC().Format("2006-01-02 15:04 UTC")
	}
	check := doctor.Check{Name: name, Status: doctor.OK, Message: fmt.Sprintf("%s; %d of %d requests left in this hour", whose, info.Remaining, info.Limit)}
	if info.Remaining == 0 {
		check.Status, check.Fix = doctor.Warning, "There are more again at "+info.Reset.UTC().Format("15:04 UTC")+"."
	}
	return check
}
