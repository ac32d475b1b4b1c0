package pipeline

import (
	"context"
	"maps"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/preview"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/source"
	"github.com/slipway-dev/slipway/internal/toolkit"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// SweepPreviews opens the account, makes a Job of the settings that takes away the
// previews that nobody needs, and runs it within the setting timeout. The folder is
// opened only to learn the name of the Service that has them, when none is given.
func SweepPreviews(ctx context.Context, wanted FolderDeploy) (Outcome, error) {
	settings := wanted.Settings
	wanted.Settings.Environment = "" // there is none
	asked := job.Job{
		Verb: job.Sweep, Target: job.Target{Service: settings.Service}, Commit: wanted.Commit,
		Options: job.Options{DryRun: settings.DryRun}, Previews: job.Previews{TTL: wanted.Previews.TTL},
	}
	return wanted.runWithoutProject(ctx, asked, Config{IsOpen: wanted.IsOpen})
}

// serviceNamed is the Service that the files of the folder name, for a preview that
// goes to another one and starts from that one's variables. What is wrong with the
// files shows where they are read for themselves.
func (w FolderDeploy) serviceNamed(tree *source.Source) string {
	values := maps.Clone(w.Values)
	values[config.Service] = config.Value{Setting: values[config.Service].Setting, Origin: config.FromDefault}
	if layer, _, _ := toolkit.Read(tree.FS, toolkit.Question{Folder: tree.Folder, Values: values, NewAccount: w.NewAccount}); layer[config.Service].Text != "" {
		return layer[config.Service].Text
	}
	if found, _, _ := npm.Read(tree.FS, tree.Folder, npm.Ranges); found != nil {
		return found.ServiceName()
	}
	return ""
}

// keeper looks after the previews of the Target's Service.
func (r *run) keeper() *preview.Keeper {
	return &preview.Keeper{
		Client: r.client, Service: r.job.Target.Service, ServiceSID: twilio.ServiceSID(r.result.ServiceSID),
		Most: r.job.Previews.Most, TTL: r.job.Previews.TTL, IsOpen: r.cfg.IsOpen, Progress: r.tell,
	}
}

// makeRoom takes away what a preview that is to be created needs the place of, and
// what nobody has updated for too long. A Service that is yet to be created has
// nothing to take away.
func (r *run) makeRoom(ctx context.Context) error {
	if r.job.Verb != job.Preview || r.plan.ServiceSID == "" || r.plan.EnvironmentSID != "" && r.job.Previews.TTL == 0 {
		return nil
	}
	removed, err := r.keeper().MakeRoom(ctx, r.job.Previews.Number)
	r.gone(removed)
	return err
}

// giveWay looks again once a new preview is there: another run may have taken the
// same room for another one. The preview is live by then, so that what goes wrong is
// a warning.
func (r *run) giveWay(ctx context.Context) {
	removed, err := r.keeper().MakeRoom(ctx, r.job.Previews.Number)
	r.gone(removed)
	if err != nil {
		r.tell(job.Event{Kind: job.Warned, Phase: job.PhaseTeardown, Message: err.Error()})
	}
}

// takeBack takes away what a preview that gave way has made, when its pull request is
// closed: the run that removes previews then may have come before. What goes wrong is a
// warning, since a sweep does the same.
func (r *run) takeBack(ctx context.Context) {
	if r.job.Verb != job.Preview || r.outcome.EnvironmentSID == "" || r.cfg.IsOpen == nil {
		return
	}
	if isOpen, err := r.cfg.IsOpen(ctx, r.job.Previews.Number); isOpen || err != nil {
		return // then the newer one needs it
	}
	deployer := &deploy.Deployer{Client: r.client, Steps: deploy.InMemory{}, Progress: r.tell} // it may be done twice
	made := preview.Preview{Environment: r.job.Target.Environment, EnvironmentSID: r.outcome.EnvironmentSID}
	if err := preview.TakeAway(ctx, deployer, r.outcome.ServiceSID, made); err != nil {
		r.tell(job.Event{Kind: job.Warned, Phase: job.PhaseTeardown, Message: err.Error()})
		return
	}
	r.result.EnvironmentSID, r.result.Domain, r.result.URL = "", "", ""
}

func (r *run) gone(removed []preview.Removal) {
	for _, one := range removed {
		r.result.RemovedPreviews = append(r.result.RemovedPreviews, job.RemovedPreview{
			Number: one.Number, Environment: one.Environment, EnvironmentSID: string(one.EnvironmentSID), Reason: one.Reason, RemovedAt: one.At,
		})
	}
}

// sweep takes away the previews that nobody needs, or says which those are.
func (r *run) sweep(ctx context.Context) error {
	problems := r.cfg.Problems
	isNamed := r.nameService(&problems)
	r.warn(r.cfg.Warnings)
	if r.cfg.IsOpen == nil && r.job.Previews.TTL == 0 {
		_ = problems.Take(nothingKnown()) // it is a Problem
	}
	if err := problems.Err(); err != nil || !isNamed {
		return err
	}
	if r.job.Options.DryRun {
		orphans, err := r.keeper().Orphans(ctx)
		r.gone(orphans)
		r.result.Status = job.Planned
		return err
	}
	removed, err := r.keeper().Sweep(ctx)
	r.gone(removed)
	r.result.Status, r.result.Changed = job.Unchanged, len(removed) > 0
	if r.result.Changed {
		r.result.Status = job.Pruned
	}
	return err
}

// nothingKnown says that there is nothing to tell orphans by.
func nothingKnown() error {
	return &problem.Problem{
		Message: "nothing tells which previews nobody needs: GitHub cannot be asked which pull requests are closed, and preview-ttl is not given",
		Fix:     "Give github-token (GITHUB_TOKEN) and the repository (GITHUB_REPOSITORY), or preview-ttl, such as 7d.",
	}
}
