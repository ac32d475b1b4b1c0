package pipeline

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/source"
	"github.com/slipway-dev/slipway/internal/toolkit"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// FolderDeploy is a deploy of a folder on this machine, as the settings of a
// front door ask for it.
type FolderDeploy struct {
	// Settings say what to deploy, and where. An empty WorkingDirectory is one
	// that the Problems are about; there is no other folder to fall back to.
	Settings config.Deploy
	// Values are the settings as they were resolved, for Problems to cite; what
	// the project's files say comes in place of defaults.
	Values config.Values
	// Problems are what the front door found wrong with its input.
	Problems problem.List
	// Top is the highest folder that the repository may be rooted at, and its
	// root where there is no .git; see source.FolderIn. Empty means no bound.
	Top string
	// Commit is the commit's SHA, for folders that do not tell theirs.
	Commit string
	// UserAgent is what calls of the API are made as.
	UserAgent string
	// Logger receives settings and calls, at debug level.
	Logger *slog.Logger
	// Progress is told what happens, from many goroutines.
	Progress func(job.Event)
	// Targeted is told where the deploy goes; see Config.
	Targeted func(job.Job)
	// NewAccount says that the account holds nothing yet; see toolkit.Question.
	NewAccount bool
}

// DeployFolder opens the account and the folder, adds what the project's files
// say about the settings, makes a Job of them, and runs it within the setting
// timeout. What is wrong with any of them is reported together with what is wrong
// with the project.
func DeployFolder(ctx context.Context, wanted FolderDeploy) (Outcome, error) {
	settings, problems := wanted.Settings, wanted.Problems
	ctx, cancel := WithTimeout(ctx, settings.Timeout)
	defer cancel()

	client, err := wanted.open()
	if rest := problems.Take(err); rest != nil {
		return notBegun(settings, rest)
	}
	tree, err := wanted.openFolder()
	if rest := problems.Take(err); rest != nil {
		return notBegun(settings, rest)
	}
	if tree == nil {
		wanted.Values.Log(wanted.Logger)
		return notBegun(settings, problems.Err())
	}
	defer func() { _ = tree.Close() }()
	values, warnings, err := WithFiles(wanted.Values, tree, wanted.NewAccount)
	values.Log(wanted.Logger)
	if err != nil {
		wanted.Targeted = nil // it may go somewhere else than where it seems to
	}
	if rest := problems.Take(err); rest != nil {
		return notBegun(settings, rest)
	}
	if settings.Project, err = config.ReadProject(values); err != nil {
		_ = problems.Take(err) // it is a list
	}
	return Run(ctx, wanted.job(settings, tree), Config{
		Client: client, Source: tree.FS, Variables: settings.Variables, Problems: problems, Warnings: warnings,
		Where: values.Where, Progress: wanted.Progress, Targeted: wanted.Targeted, LiveURL: settings.Account.LiveURL,
	})
}

// WithFiles returns the values with what the files of a project say in place of
// defaults; today those are the Toolkit's. The list returned holds warnings. The
// error is a problem.List, beside which the values hold what was understood.
func WithFiles(values config.Values, tree *source.Source, newAccount bool) (config.Values, problem.List, error) {
	layer, warnings, err := toolkit.Read(tree.FS, toolkit.Question{Folder: tree.Folder, Values: values, NewAccount: newAccount})
	return values.WithFiles(layer), warnings, err
}

// job makes the Job of the settings.
func (w FolderDeploy) job(settings config.Deploy, tree *source.Source) job.Job {
	return job.Job{
		Verb:   job.Deploy,
		Target: job.Target{Service: settings.Service, Environment: settings.Environment},
		Folder: tree.Folder,
		Commit: cmp.Or(tree.Commit, w.Commit),
		Options: job.Options{
			FunctionsFolder: settings.FunctionsFolder, AssetsFolder: settings.AssetsFolder,
			Runtime: settings.Runtime, EnvFile: settings.EnvFile, Dependencies: settings.Dependencies,
			BuildTimeout: settings.BuildTimeout,
		},
	}
}

// openFolder opens the folder to deploy. It returns nil when none is known.
func (w FolderDeploy) openFolder() (*source.Source, error) {
	if w.Settings.WorkingDirectory == "" {
		return nil, nil //nolint:nilnil // the Problems say why there is none
	}
	return source.FolderIn(w.Top, w.Settings.WorkingDirectory)
}

// open makes the client unless something is wrong already, in which case it
// only looks for more that is.
func (w FolderDeploy) open() (*twilio.Client, error) {
	if len(w.Problems) > 0 {
		return nil, CheckAccount(w.Values)
	}
	return OpenAccount(Opening{
		Values: w.Values, Account: w.Settings.Account, Concurrency: w.Settings.Concurrency,
		UserAgent: w.UserAgent, Logger: w.Logger,
	})
}

// notBegun is the Outcome of a Job that could not begin.
func notBegun(settings config.Deploy, err error) (Outcome, error) {
	result := job.NewResult()
	result.Service, result.Environment = settings.Service, settings.Environment
	failure := deploy.Explain(err)
	failure.State = "Nothing was changed."
	result.Status, result.Error = job.Failed, &failure
	return Outcome{Result: result}, err
}
