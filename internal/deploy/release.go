package deploy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Release is what a Plan tells of a Build that goes live because it was asked
// for.
type Release struct {
	// IsRollback tells a roll-back from a promote.
	IsRollback bool `json:"is_rollback,omitempty"`
	// From is the Environment that the Build is live in, by the name that a deploy
	// calls it; empty when the Build was asked for by its SID, or was live here
	// before.
	From string `json:"from,omitempty"`
	// Since is when the Build went live here before; nil when it never did, or that
	// is not known.
	Since *time.Time `json:"since,omitempty"`
	// Commit is what the Build was made from; empty when it does not tell.
	Commit string `json:"commit,omitempty"`
	// Behind is the newest Deployment that the Environment had when the Plan was made;
	// empty when that is not known.
	Behind twilio.DeploymentSID `json:"behind,omitempty"`
	// IsCompared says that the Plan's files are compared with those of the Build
	// that is live; otherwise it has none.
	IsCompared bool `json:"is_compared,omitempty"`
	// Warnings are what a person should know before the Build goes live.
	Warnings []string `json:"warnings,omitempty"`
}

// Promotion asks for a Build to go live in an Environment that was made for
// another one of the same Service.
type Promotion struct {
	// Service is a unique name or a SID.
	Service     string
	Environment Environment
	// From is the Environment whose live Build is meant; it does not count when
	// Build names one.
	From  Environment
	Build twilio.BuildSID
	// CreateEnvironment lets the promote create the Environment.
	CreateEnvironment bool
	// Like is the Environment whose variables a new one starts from; its zero value
	// is none.
	Like Environment
}

// ParseFrom reads the name of the Environment whose live Build goes live in another
// one. The error is a *problem.Problem, also when both names mean the same.
func ParseFrom(name string, target Environment) (Environment, error) {
	from, err := ParseEnvironment(name)
	if err == nil && target.Name != "" && from.is(target) {
		err = toItself(name)
	}
	return from, err
}

// PlanPromotion reads what a promote has to know, and works out what it changes.
// It is a step. The error is a *problem.Problem when what is asked for cannot be.
func (d *Deployer) PlanPromotion(ctx context.Context, asked Promotion) (Plan, error) {
	return do(ctx, d.Steps, "plan", func(ctx context.Context) (Plan, error) { return d.planPromotion(ctx, asked) })
}

func (d *Deployer) planPromotion(ctx context.Context, asked Promotion) (Plan, error) {
	service, err := FindService(ctx, d.Client, asked.Service)
	if err != nil {
		return Plan{}, err
	}
	environments, err := collect(d.Client.Environments(ctx, service.SID))
	if err != nil {
		return Plan{}, err
	}
	into, isThere, err := asked.Environment.among(environments)
	if err == nil && !isThere && !asked.CreateEnvironment {
		err = missingTarget(service, asked.Environment, environments)
	}
	if err != nil {
		return Plan{}, err
	}
	release, build := Release{}, asked.Build
	if build == "" {
		from, ok, err := asked.From.among(environments)
		switch {
		case err != nil:
			return Plan{}, err
		case !ok:
			return Plan{}, missingEnvironment(service, asked.From, environments)
		case isThere && from.SID == into.SID:
			return Plan{}, toItself(asked.From.Name)
		case from.BuildSID == "":
			return Plan{}, &problem.Problem{
				Message: fmt.Sprintf("nothing is live in %s of the Service %s, so there is nothing to promote", asked.From.Name, service.UniqueName),
				Fix:     "Deploy there first, or name the Build that is meant by its SID.",
			}
		}
		release.From, build = NameOf(from), from.BuildSID
	}
	plan := planOf(service, asked.Environment, into)
	plan.ReusedBuildSID = build
	if err := d.startVariables(ctx, &plan, &release, asked, Live{Service: service, Environment: into}, environments); err != nil {
		return Plan{}, err
	}
	err = d.readPromotion(ctx, &plan, release)
	switch {
	case twilio.IsNotFound(err):
		return Plan{}, goneBuild(service.UniqueName, build)
	case err != nil:
		return Plan{}, err
	}
	return plan, nil
}

// startVariables plans the variables that a new Environment starts from. Those of any
// other stay as they are.
func (d *Deployer) startVariables(
	ctx context.Context, plan *Plan, release *Release, asked Promotion, live Live, environments []twilio.Environment,
) (err error) {
	question := Question{Service: asked.Service, Environment: asked.Environment, Like: asked.Like}
	if err := live.findLike(ctx, d.Client, question, environments); err != nil || !live.isNew() {
		return err
	}
	if live.Like.SID == "" {
		if live.Environment.SID == "" {
			release.Warnings = append(release.Warnings, asked.Environment.Name+" is new, and has no variables; variables-like starts it with those of another one")
		}
		return nil
	}
	if live.LikeVariables, err = readVariables(ctx, d.Client, live.LikeService, live.Like.SID); err != nil {
		return err
	}
	if live.Environment.SID != "" {
		if live.Variables, err = readVariables(ctx, d.Client, live.Service.SID, live.Environment.SID); err != nil {
			return err
		}
	}
	plan.planVariables(question, nil, live)
	return nil
}

// toItself says that an Environment cannot be promoted to itself.
func toItself(name string) error {
	return &problem.Problem{
		Message: name + " would be promoted to itself",
		Fix:     "Name the Environment whose Build is to go live, and another one for it to go live in.",
	}
}

func missingTarget(service twilio.Service, wanted Environment, environments []twilio.Environment) error {
	err := missingEnvironment(service, wanted, environments)
	if found, ok := err.(*problem.Problem); ok && wanted.SID == "" { //nolint:errorlint // made right above.
		found.Fix += " Give create-environment to have it created."
	}
	return err
}

// planOf is the Plan of a release before its Build is read.
func planOf(service twilio.Service, asked Environment, into twilio.Environment) Plan {
	live := Live{Service: service, Environment: into}
	return Plan{
		Service: service.UniqueName, ServiceSID: service.SID,
		Environment: asked, EnvironmentSID: into.SID, Domain: into.DomainName, LiveBuildSID: into.BuildSID,
		Fingerprint: live.fingerprint(), Build: BuildReused, Variables: job.NoChanges(),
	}
}

// readReleased reads a Build that is to go live, and what its Manifest tells. Where
// it is gone, the error is the client's, which twilio.IsNotFound knows.
func (d *Deployer) readReleased(ctx context.Context, service twilio.ServiceSID, sid twilio.BuildSID) (build twilio.Build, known Known, err error) {
	if build, err = d.Client.FetchBuild(ctx, service, sid); err == nil {
		known, err = know(ctx, d.Client, service, build)
	}
	return build, known, err
}

// readReplaced reads the Build that is live now. It is not there when nothing is
// live, or the platform has lost it.
func (d *Deployer) readReplaced(ctx context.Context, plan Plan) (live twilio.Build, isThere bool, err error) {
	if plan.LiveBuildSID == "" {
		return live, false, nil
	}
	live, err = d.Client.FetchBuild(ctx, plan.ServiceSID, plan.LiveBuildSID)
	if twilio.IsNotFound(err) {
		return twilio.Build{}, false, nil
	}
	return live, err == nil, err
}

// readPromotion reads at once the Build that goes live and the one that it replaces,
// and puts what they tell into the Plan.
func (d *Deployer) readPromotion(ctx context.Context, plan *Plan, release Release) error {
	var build, live twilio.Build
	var known Known
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(guarded(func() (err error) {
		build, known, err = d.readReleased(groupCtx, plan.ServiceSID, plan.ReusedBuildSID)
		return err
	}))
	if plan.LiveBuildSID != plan.ReusedBuildSID {
		group.Go(guarded(func() (err error) {
			live, release.IsCompared, err = d.readReplaced(groupCtx, *plan)
			return err
		}))
	}
	if err := group.Wait(); err != nil {
		return err //nolint:wrapcheck // the client's own error.
	}
	return plan.release(build, known, release, live)
}

func goneBuild(service string, build twilio.BuildSID) error {
	return &problem.Problem{
		Message: fmt.Sprintf("Build %s is not there, or is none of the Service %s", build, service),
		Fix:     "Twilio removes Builds that are live nowhere. Deploy the commit that it was made from.",
	}
}

// release puts into the Plan what the Build that goes live tells; live is the one
// that it replaces. The error is a *problem.Problem when the Build cannot go live.
func (p *Plan) release(build twilio.Build, known Known, release Release, live twilio.Build) error {
	if build.Status == twilio.BuildFailed {
		return &problem.Problem{
			Message: fmt.Sprintf("Twilio could not make Build %s, so it cannot go live", build.SID),
			Fix:     "Name one that is complete; slipway list builds shows them.",
		}
	}
	p.ReusedBuildSID, p.ReusedBuildStatus = build.SID, build.Status
	if p.LiveBuildSID == build.SID {
		p.Build, p.ReusedBuildSID, p.ReusedBuildStatus = BuildLive, "", ""
		live, release.IsCompared = build, true
	}
	release.Commit, p.Digest = known.Commit, known.Digest
	// As Twilio tells of them on both sides, so that they can be compared.
	p.Runtime, p.Dependencies = build.Runtime, build.Dependencies
	p.LiveRuntime, p.LiveDependencies = live.Runtime, live.Dependencies
	if known.Doubt != "" {
		release.Warnings = append(release.Warnings, fmt.Sprintf("what Build %s was made from cannot be told: %s", build.SID, known.Doubt))
	}
	if release.IsCompared || p.LiveBuildSID == "" {
		p.Functions = compareVersions(project.KindFunction, build.FunctionVersions, live.FunctionVersions)
		p.Assets = compareVersions(project.KindAsset, build.AssetVersions, live.AssetVersions)
		release.IsCompared = true
	}
	p.Release = &release
	return nil
}

// compareVersions says what becomes of each path when one Build replaces another,
// sorted by path, what is removed behind the others. A Version is a file's content:
// the same one is no change.
func compareVersions(kind project.Kind, versions, live []twilio.Version) []FilePlan {
	before := make(map[string]twilio.Version, len(live))
	for _, version := range live {
		before[version.Path] = version
	}
	var planned []FilePlan
	for _, version := range versions {
		if isManifest(version) {
			continue
		}
		file := FilePlan{
			File:       project.File{Kind: kind, Path: version.Path, Visibility: project.Visibility(version.Visibility)},
			Change:     Updated,
			VersionSID: version.SID,
		}
		switch was, isThere := before[version.Path]; {
		case !isThere:
			file.Change = Created
		case was.SID == version.SID:
			file.Change = Unchanged
		case was.Visibility != version.Visibility:
			file.WasVisibility = project.Visibility(was.Visibility)
		}
		planned = append(planned, file)
	}
	slices.SortFunc(planned, func(a, b FilePlan) int { return cmp.Compare(a.Path, b.Path) })
	return append(planned, removedFrom(live, planned, kind)...)
}

// MakeLive carries out the Plan of a promote or a roll-back: it creates the
// Environment when it is not there, and makes the Build live in it. The
// Environment's variables stay as they are. What is known is set in the Outcome on
// failure too; what is live is then as it was, unless the Outcome says otherwise.
func (d *Deployer) MakeLive(ctx context.Context, plan Plan) (Outcome, error) {
	return carryOut(plan, func(outcome *Outcome) error {
		if plan.Build == BuildLive {
			outcome.BuildSID, outcome.Live = plan.LiveBuildSID, LiveIsThis
			return d.verifyUnchanged(ctx, plan, outcome)
		}
		err := d.reuse(ctx, plan, outcome)
		if isRefused(err) && d.isGone(ctx, plan.ServiceSID, plan.ReusedBuildSID) {
			return goneBuild(plan.Service, plan.ReusedBuildSID)
		}
		return err
	})
}

// switchBuild makes a Build live and leaves the variables as they are.
func (d *Deployer) switchBuild(ctx context.Context, at target, build twilio.BuildSID, plan Plan) (twilio.DeploymentSID, error) {
	var options []twilio.DeploymentOption
	if plan.Release != nil {
		options = append(options, twilio.Behind(plan.Release.Behind))
	}
	deployment, err := d.Client.WithGrace(d.grace()/2).CreateDeployment(ctx, at.service, at.environment, build, options...)
	if err != nil {
		return d.settle(ctx, &variableJournal{at: at}, plan, build, err)
	}
	d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseActivate})
	return deployment.SID, nil
}
