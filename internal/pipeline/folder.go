package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/retry"
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
	// Problems are what the front door found wrong with its input, Warnings what is odd
	// about it.
	Problems, Warnings problem.List
	// Top is the highest folder that the repository may be rooted at, and its
	// root where there is no .git; see source.FolderIn. Empty means no bound.
	Top string
	// Getenv gives the values of ${KEY} in headers of health checks, and of bare KEYs
	// among the variables; nil means that none has one.
	Getenv func(string) string
	// Commit is the commit's SHA, for folders that do not tell theirs.
	Commit string
	// Only is the one commit that the folder may have, and has to tell of itself; empty
	// means any.
	Only string
	// UserAgent is what calls of the API are made as.
	UserAgent string
	// Logger receives settings and calls, at debug level.
	Logger *slog.Logger
	// Progress is told what happens, from many goroutines.
	Progress func(job.Event)
	// Targeted is told where the deploy goes; see Config.
	Targeted func(job.Job)
	// Saved is the Plan that is to be carried out, and no other; nil for whatever
	// comes of the folder. Its settings are in Settings and Values; see FromSaved.
	Saved *deploy.Saved
	// Sources has a plan read the source of what it would update; see Config.
	Sources bool
	// NewAccount says that the account holds nothing yet; see toolkit.Question.
	NewAccount bool
	// IsTag says that the folder is that of a tag, and PromoteFrom is the Environment
	// whose Build comes first then; see job.Tag.
	IsTag       bool
	PromoteFrom string
	// Previews say that it is the preview of a pull request, when they have its number,
	// and how long previews stay.
	Previews job.Previews
	// Steps runs the parts of a deploy; nil means deploy.InMemory.
	Steps deploy.Steps
	// Limiter is the account's, where several Jobs share it; nil means one of its own.
	Limiter *twilio.Limiter
	// Observe is told of each call of the API, Repeated of each that will be repeated;
	// both may be nil.
	Observe  func(twilio.Call)
	Repeated func(retry.Wait)
	// IsOpen and Newer are those of Config; both may be nil.
	IsOpen func(ctx context.Context, number int) (bool, error)
	Newer  func(context.Context) (string, error)
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
	wanted.checkCommit(tree, &problems)
	wanted.Problems = problems
	asked, cfg, err := wanted.prepared(tree)
	if err != nil {
		return notBegun(settings, err)
	}
	cfg.Client = client
	return Run(ctx, asked, cfg)
}

// checkCommit makes sure that the folder is that of the one commit that may be.
func (w FolderDeploy) checkCommit(tree *source.Source, problems *problem.List) {
	if w.Only == "" || tree.Commit == w.Only {
		return
	}
	is := tree.Commit
	if is == "" {
		is = "not known, since there is no .git to tell it"
	}
	problems.Add(fmt.Sprintf("the commit that is checked out has to be %s, and it is %s", w.Only, is),
		"Check out exactly that one: give actions/checkout the ref "+w.Only+".")
}

// prepared reads what the files of the folder say about the settings, and makes
// of all of them what Run takes, but for the client. What is wrong is among the
// Problems; the error is another.
func (w FolderDeploy) prepared(tree *source.Source) (job.Job, Config, error) {
	settings, problems := w.Settings, slices.Clone(w.Problems)
	values, warnings, err := WithFiles(w.Values, tree, w.NewAccount)
	warnings = append(slices.Clone(w.Warnings), warnings...)
	values.Log(w.Logger)
	if err != nil {
		w.Targeted = nil // it may go somewhere else than where it seems to
	}
	if rest := problems.Take(err); rest != nil {
		return job.Job{}, Config{}, rest
	}
	if settings.Project, err = config.ReadProject(values, w.getenv); err != nil {
		_ = problems.Take(err) // it is a list
	}
	cfg := Config{
		Source: tree.FS, Variables: settings.Variables, Problems: problems, Warnings: warnings,
		Tool: w.UserAgent, Where: values.Where, Progress: w.Progress, Targeted: w.Targeted, LiveURL: settings.Account.LiveURL,
		Getenv: w.Getenv, IsOpen: w.IsOpen, Newer: w.Newer, Steps: w.Steps,
		Sources: w.Sources, Account: deploy.Account{SID: settings.Account.SID, Region: settings.Account.Region},
	}
	if w.Saved != nil {
		cfg.Saved = &w.Saved.Plan
	}
	asked := w.job(settings, tree)
	if isElsewhere := asked.Previews.Number > 0 && values[config.PreviewService].Text != ""; isElsewhere && asked.Previews.LikeService == "" {
		asked.Previews.LikeService = w.serviceNamed(tree)
	}
	return asked, cfg, nil
}

// Reading is what a deploy of a folder knows before its first request.
type Reading struct {
	// Target is where it would go; the Service may be the one that package.json
	// names.
	Target job.Target
	// Project is what it would deploy; nil when that could not be read.
	Project *project.Project
	// Variables are the keys of those that it would set, sorted.
	Variables []string
	// Warnings tell what is odd about it.
	Warnings []string
}

// ReadFolder reads an open folder as DeployFolder does, and asks nobody. The
// error has everything that would end the deploy before its first request;
// beside it stands what was understood.
func ReadFolder(ctx context.Context, wanted FolderDeploy, tree *source.Source) (Reading, error) {
	asked, cfg, err := wanted.prepared(tree)
	if err != nil {
		return Reading{}, err
	}
	r := &run{job: asked, cfg: cfg, result: job.NewResult()}
	asking, err := r.read(ctx)
	values, _, _ := r.variables() // what is wrong with them is in err
	return Reading{Target: r.job.Target, Project: asking.Wanted, Variables: slices.Sorted(maps.Keys(values)), Warnings: r.result.Warnings}, err
}

// WithFiles returns the values with what the files of a project say in place of
// defaults; those are the Toolkit's. The list returned holds warnings. The
// error is a problem.List, beside which the values hold what was understood.
func WithFiles(values config.Values, tree *source.Source, newAccount bool) (config.Values, problem.List, error) {
	layer, warnings, err := toolkit.Read(tree.FS, toolkit.Question{Folder: tree.Folder, Values: values, NewAccount: newAccount})
	return values.WithFiles(layer), warnings, err
}

// getenv looks a variable up in what Getenv says of the process environment.
func (w FolderDeploy) getenv(name string) string {
	if w.Getenv == nil {
		return ""
	}
	return w.Getenv(name)
}

// job makes the Job of the settings.
func (w FolderDeploy) job(settings config.Deploy, tree *source.Source) job.Job {
	asked := job.Job{
		Verb:   job.Deploy,
		Target: job.Target{Service: settings.Service, Environment: settings.Environment},
		Folder: tree.Folder,
		Commit: cmp.Or(tree.Commit, w.Commit),
		Options: job.Options{
			FunctionsFolder: settings.FunctionsFolder, AssetsFolder: settings.AssetsFolder,
			Runtime: settings.Runtime, EnvFile: settings.EnvFile, Dependencies: settings.Dependencies,
			VariablesLike: settings.VariablesLike, PruneVariables: settings.PruneVariables,
			BuildTimeout: settings.BuildTimeout, NoManifest: !settings.Manifest, DryRun: settings.DryRun,
		},
	}
	setChecks(&asked.Options, settings)
	if w.Previews.Number > 0 {
		asked.Verb, asked.Previews = job.Preview, w.Previews
	} else if w.IsTag {
		asked.Verb, asked.Release.From = job.Tag, w.PromoteFrom
	}
	return asked
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
		UserAgent: w.UserAgent, Logger: w.Logger, Limiter: w.Limiter, Observe: w.Observe, Repeated: w.Repeated,
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
