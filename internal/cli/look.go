package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/source"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// look is what the commands that change nothing have in common: the settings
// of an account, and the Service to look at.
type look struct {
	env    Env
	values config.Values
	remote config.Remote
	form   format
	// inLines has JSON documents of one line each, where several may come.
	inLines bool
	// service is a unique name or a SID; empty for the account as a whole.
	service string
	// environment is what was asked for; its zero value is none.
	environment deploy.Environment
}

// lookSettings are those of commands that look at a Service.
func lookSettings() []string {
	return slices.Concat(accountSettings(), commonSettings(), []string{config.Service, config.WorkingDirectory, config.ConfigFile})
}

// read checks the settings, adding to the problems already found: those of the
// account, and the Service that is given or that folder deploys to.
func (l *look) read(problems problem.List, folder string) (err error) {
	l.remote, err = config.ReadRemote(l.values)
	if rest := problems.Take(err); rest != nil {
		return rest
	}
	if rest := problems.Take(pipeline.CheckAccount(l.values)); rest != nil {
		return rest
	}
	if folder != "" {
		if rest := problems.Take(l.readFolder(folder)); rest != nil {
			return rest
		}
	}
	return problems.Err()
}

// readEnvironment reads which Environment is asked for.
func (l *look) readEnvironment(problems *problem.List) (err error) {
	l.environment, err = deploy.ParseEnvironment(l.values[config.Environment].Text)
	return problems.Take(err)
}

// readFolder names the Service that a folder deploys to, unless one was given,
// and where its files name the Environment, that.
func (l *look) readFolder(folder string) error {
	isEnvironmentOpen := l.environment != (deploy.Environment{}) && l.values[config.Environment].Origin == config.FromDefault
	isSettled := func() bool {
		l.service = l.values[config.Service].Text
		return l.service != "" && !isEnvironmentOpen
	}
	tree, err := source.Folder(folder)
	if err != nil {
		if isSettled() {
			return nil
		}
		return err
	}
	defer func() { _ = tree.Close() }()
	if err := l.readRules(tree); err != nil || isSettled() {
		return err
	}
	values, warnings, err := withFolder(l.values, tree)
	l.warn(warnings)
	l.values, l.service = values, values[config.Service].Text
	if err != nil || l.environment == (deploy.Environment{}) || values[config.Environment].Origin != config.FromFile {
		return err
	}
	l.environment, err = deploy.ParseEnvironment(values[config.Environment].Text)
	return err
}

// readRules adds what slipway.yml says.
func (l *look) readRules(tree *source.Source) error {
	service, warnings, err := chooseService(tree, l.values, false)
	l.warn(warnings)
	if err != nil || service == nil {
		return err
	}
	environment := ""
	if l.environment != (deploy.Environment{}) {
		environment = environmentIn(l.values, tree, false)
	}
	l.values = rules.Settings(l.values, service.Name, service.In(environment))
	return nil
}

func (l *look) warn(warnings problem.List) {
	for _, warning := range warnings {
		fmt.Fprintf(l.env.Stderr, "warning: %s\n", warning.Error())
	}
}

// folderOf is the folder that an argument or the setting names.
func (l *look) folderOf(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return l.values[config.WorkingDirectory].Text
}

// open makes the client for the account.
func (l *look) open(logger *slog.Logger) (*twilio.Client, error) {
	return pipeline.OpenAccount(pipeline.Opening{Values: l.values, Account: l.remote.Account, UserAgent: userAgent(), Logger: logger})
}

func (l *look) logger() *slog.Logger {
	logger := slog.New(slog.NewTextHandler(l.env.Stderr, &slog.HandlerOptions{Level: l.remote.LogLevel}))
	l.values.Log(logger)
	return logger
}

// find returns where to look: the Service, and the Environment if one was asked
// for.
func (l *look) find(ctx context.Context, client *twilio.Client) (service twilio.Service, environment twilio.Environment, err error) {
	if l.service == "" {
		return service, environment, nil
	}
	if service, err = deploy.FindService(ctx, client, l.service); err != nil || l.environment == (deploy.Environment{}) {
		return service, environment, err
	}
	environment, err = deploy.FindEnvironment(ctx, client, service, l.environment)
	return service, environment, err
}

func placeOf(service twilio.Service, environment twilio.Environment) report.Place {
	place := report.Place{Service: service.UniqueName, ServiceSID: string(service.SID)}
	if environment.SID != "" {
		place.Environment, place.EnvironmentSID = deploy.NameOf(environment), string(environment.SID)
		place.BuildSID = string(environment.BuildSID)
	}
	return place
}

// failedLook is what stands in place of a JSON document that could not be made.
type failedLook struct {
	Version     int         `json:"version"`
	Kind        report.Kind `json:"kind,omitempty"`
	Status      job.Status  `json:"status"`
	Service     string      `json:"service"`
	Environment string      `json:"environment,omitempty"`
	Error       job.Failure `json:"error"`
}

// print writes a JSON document.
func (l *look) print(document any) error {
	if !l.inLines {
		return printJSON(l.env, document)
	}
	line, err := report.JSONLine(document)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(l.env.Stdout, line)
	return err //nolint:wrapcheck // nothing to add.
}

// failed puts an error into words, and prints it as JSON where that was asked
// for. kind is what was to be listed, if anything was.
func (l *look) failed(err error, kind report.Kind) error {
	if err == nil || isTold(err) {
		return err
	}
	failure := explainLook(err)
	told := &explainedError{failure: failure, err: err}
	if l.form != formatJSON {
		return told
	}
	return errors.Join(told, l.print(failedLook{
		Version: job.ResultVersion, Kind: kind, Status: job.Failed, Service: l.service, Environment: l.environment.Name, Error: failure,
	}))
}

// explainLook puts an error into the words of commands that deploy nothing.
func explainLook(err error) job.Failure {
	failure := explain(err)
	if failure.Reason == job.Cancelled {
		failure.Hint = "" // it speaks of deploys
	}
	return failure
}

// withFolder returns the values with what a folder's files say, and the Service
// that it deploys to, unless one was given. The list holds warnings.
func withFolder(values config.Values, tree *source.Source) (config.Values, problem.List, error) {
	values, warnings, err := pipeline.WithFiles(values, tree, false)
	if err != nil || values[config.Service].Text != "" {
		return values, warnings, err
	}
	found, _, err := npm.Read(tree.FS, tree.Folder, npm.Ranges)
	if found != nil && found.ServiceName() != "" { // what else is wrong with package.json is not asked here
		return values.WithFiles(config.Layer{config.Service: {Text: found.ServiceName(), File: found.File}}), warnings, nil
	}
	if err == nil {
		err = oneProblem("the Service has no name: neither package.json nor service gives one", "Give it with --service.")
	}
	return values, warnings, err
}
