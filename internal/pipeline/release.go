package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// ReleaseChange is a Job that needs no Project: a promote, a roll-back or a
// teardown, as the settings of a front door ask for it.
type ReleaseChange struct {
	// FolderDeploy says where, and for whom. Its folder is opened only to learn the
	// name of the Service, when none is given.
	FolderDeploy

	Verb job.Verb
	// Release says which Build goes live, and what is allowed.
	Release job.Release
}

// ReleaseOf is what the settings say of the Release.
func ReleaseOf(settings config.Release) job.Release {
	return job.Release{
		From: settings.PromoteFrom, BuildSID: settings.BuildSID, To: settings.To,
		CreateEnvironment: settings.CreateEnvironment, AllowProduction: settings.AllowProduction,
	}
}

// ChangeRelease opens the account, makes a Job of the settings, and runs it within
// the setting timeout. The Environment must have been given: neither the default
// nor a file of the repository says where something is taken away.
func ChangeRelease(ctx context.Context, wanted ReleaseChange) (Outcome, error) {
	settings := wanted.Settings
	if origin := wanted.Values[config.Environment].Origin; origin == config.FromFile || origin == config.FromDefault {
		wanted.Problems = slices.Clone(wanted.Problems)
		wanted.Problems.Add("no environment is given; only a deploy has a default for it", "Name it with environment (SLIPWAY_ENVIRONMENT).")
		settings.Environment = ""
		wanted.Settings, wanted.Targeted = settings, nil
	}
	asked := job.Job{
		Verb:    wanted.Verb,
		Target:  job.Target{Service: settings.Service, Environment: settings.Environment},
		Commit:  wanted.Commit,
		Options: job.Options{BuildTimeout: settings.BuildTimeout, DryRun: settings.DryRun, VariablesLike: settings.VariablesLike},
		Release: wanted.Release,
	}
	setChecks(&asked.Options, settings)
	return wanted.runWithoutProject(ctx, asked, Config{})
}

// runWithoutProject opens the account, and runs a Job within the setting timeout that
// needs no more of the folder than the name of its Service, when none is given.
func (w FolderDeploy) runWithoutProject(ctx context.Context, asked job.Job, cfg Config) (Outcome, error) {
	settings, problems := w.Settings, slices.Clone(w.Problems)
	ctx, cancel := WithTimeout(ctx, settings.Timeout)
	defer cancel()
	client, err := w.open()
	if rest := problems.Take(err); rest != nil {
		return notBegun(settings, rest)
	}
	cfg.Client, cfg.Progress, cfg.Targeted, cfg.LiveURL = client, w.Progress, w.Targeted, settings.Account.LiveURL
	cfg.Getenv, cfg.Warnings, cfg.Steps = w.Getenv, w.Warnings, w.Steps
	if asked.Target.Service == "" {
		tree, err := w.openFolder()
		if rest := problems.Take(err); rest != nil {
			return notBegun(settings, rest)
		}
		if tree == nil {
			return notBegun(settings, problems.Err())
		}
		defer func() { _ = tree.Close() }()
		values, warnings, err := WithFiles(w.Values, tree, false)
		if rest := problems.Take(err); rest != nil {
			return notBegun(settings, rest)
		}
		w.Values = values
		asked.Target.Service, asked.Folder = values[config.Service].Text, tree.Folder
		cfg.Source, cfg.Warnings = tree.FS, slices.Concat(w.Warnings, warnings)
	}
	w.Values.Log(w.Logger)
	cfg.Problems, cfg.Where = problems, w.Values.Where
	return Run(ctx, asked, cfg)
}

// promote makes a Build live that was made for another Environment.
func (r *run) promote(ctx context.Context) error {
	asked := deploy.Promotion{
		Build: twilio.BuildSID(r.job.Release.BuildSID), CreateEnvironment: r.job.Release.CreateEnvironment,
	}
	environment, err := r.readTarget(func(environment deploy.Environment, problems *problem.List) {
		switch from := r.job.Release.From; {
		case (from == "") == (asked.Build == ""):
			problems.Add("a promote takes the Build that is live in one Environment, or one that is named by its SID", "Give either from (in the Action promote-from) or build-sid.")
		case asked.Build != "" && !twilio.IsSID("ZB", string(asked.Build)):
			problems.Add(fmt.Sprintf("build-sid %q is not the SID of a Build", asked.Build), "It has the form ZB and 32 hexadecimal digits.")
		case from != "":
			var err error
			asked.From, err = deploy.ParseFrom(from, environment)
			_ = problems.Take(err) // it is a Problem
		}
		r.readChecks(problems)
		var err error
		asked.Like, err = deploy.ParseLike(r.job.Options.VariablesLike, environment)
		_ = problems.Take(err) // it is a Problem
	})
	if err != nil {
		return err
	}
	asked.Service, asked.Environment = r.job.Target.Service, environment
	return r.release(ctx, job.Promoted, func(deployer *deploy.Deployer) (deploy.Plan, error) {
		return deployer.PlanPromotion(ctx, asked)
	})
}

// rollBack makes a Build live that was live before.
func (r *run) rollBack(ctx context.Context) error {
	asked := deploy.Rollback{IsCompared: r.job.Options.DryRun}
	environment, err := r.readTarget(func(_ deploy.Environment, problems *problem.List) {
		var err error
		asked.To, err = deploy.ParseRollbackTo(r.job.Release.To)
		_ = problems.Take(err) // it is a Problem
	})
	if err != nil {
		return err
	}
	asked.Service, asked.Environment = r.job.Target.Service, environment
	return r.release(ctx, job.RolledBack, func(deployer *deploy.Deployer) (deploy.Plan, error) {
		return deployer.PlanRollback(ctx, asked)
	})
}

// readTarget finds everything that is wrong with the input of a verb that needs no
// Project, before the first request; check looks at what is the verb's own.
func (r *run) readTarget(check func(deploy.Environment, *problem.List)) (deploy.Environment, error) {
	problems := slices.Clone(r.cfg.Problems)
	environment, err := deploy.Environment{}, error(nil)
	if name := r.job.Target.Environment; name != "" { // else that is among the Problems
		environment, err = deploy.ParseEnvironment(name)
		_ = problems.Take(err) // it is a Problem
	}
	if isNamed := r.nameService(&problems); isNamed && err == nil && r.cfg.Targeted != nil {
		r.cfg.Targeted(r.job)
	}
	check(environment, &problems)
	r.warn(r.cfg.Warnings)
	return environment, problems.Err()
}

// release plans, and makes the Plan's Build live unless this is a rehearsal.
func (r *run) release(ctx context.Context, done job.Status, plan func(*deploy.Deployer) (deploy.Plan, error)) (err error) {
	r.tell(job.Event{Kind: job.Started, Phase: job.PhasePlan})
	deployer := r.deployer()
	if r.plan, err = plan(deployer); err != nil {
		return r.withOrigin(err)
	}
	r.report(r.plan)
	r.result.Commit = r.plan.Release.Commit
	if r.job.Options.DryRun {
		r.tell(job.Event{Kind: job.Finished, Phase: job.PhasePlan, Message: summarised(r.plan)})
		r.plan.Notes = append(r.plan.Notes, r.plan.Release.Warnings...)
		r.rehearse()
		return nil
	}
	for _, note := range r.plan.Notes {
		r.tell(job.Event{Kind: job.Noted, Phase: job.PhasePlan, Message: note})
	}
	for _, warning := range r.plan.Release.Warnings {
		r.tell(job.Event{Kind: job.Warned, Phase: job.PhasePlan, Message: warning})
	}
	r.tell(job.Event{Kind: job.Finished, Phase: job.PhasePlan, Message: summarised(r.plan)})
	if r.job.Verb == job.Promote { // a roll-back is what helps where a check fails
		r.verify(deployer)
	}
	outcome, err := deployer.MakeLive(ctx, r.plan)
	return r.end(outcome, err, done)
}
