package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Deployer carries out Plans. Progress and Grace may be left out.
type Deployer struct {
	Client *twilio.Client
	// Source is the tree that the Plan's Project was read from.
	Source fs.FS
	// Steps runs the parts, and may store their results.
	Steps Steps
	// Variables returns the values that the Environment shall have. It is
	// called by the step that writes them, so that no value is ever stored. Nil
	// leaves them as they are.
	Variables func() (map[string]secret.String, error)
	// Progress is told what happens, from many goroutines. Nil means nobody.
	Progress func(job.Event)
	// Commit is the Source's, and Tool what Slipway calls itself: both are for the
	// Manifest, and may be empty.
	Commit, Tool string
	// Exactly has a Plan carried out as it is or not at all: when what is live has
	// moved since it was made, the error is a *StaleError. Otherwise a deploy makes
	// up for files and Builds that are gone, and warns of a Build that it replaces
	// unseen.
	Exactly bool
	// Verify finds out whether what has gone live works. Nil means that nobody asks.
	// Its error brings back what was live before, unless KeepFailed is set.
	Verify     func(context.Context, Activated) error
	KeepFailed bool
	// Newer finds out, right before the activation, whether something newer is to be
	// live instead, and says what, such as "commit 0123456"; empty means nothing. Then
	// the error is a *NewerError. Nil means that nobody asks.
	Newer func(context.Context) (string, error)
	// Grace is how long an activation goes on after its context ended, to learn
	// what took effect and to put variables back; 0 means 5 s.
	Grace time.Duration
}

// Outcome is what Apply did. What is known is set when it fails, too.
type Outcome struct {
	ServiceSID     twilio.ServiceSID
	EnvironmentSID twilio.EnvironmentSID
	Domain         string
	BuildSID       twilio.BuildSID
	DeploymentSID  twilio.DeploymentSID
	// Uploaded and ToUpload count files, UploadedBytes their content.
	Uploaded, ToUpload int
	UploadedBytes      int64
	// Phase is the one that Apply reached.
	Phase job.Phase
	// Plan is the one that was carried out: another than Apply was given when
	// Twilio had removed what that one counts on.
	Plan Plan
	// Live says what is live in the Environment now.
	Live Liveness
	// LiveBefore is the Build that was live when the activation began, and until then
	// the Plan's.
	LiveBefore twilio.BuildSID
	// RolledBack says that what was live before is live again, because this Build did
	// not work; IsUnverified that it is live, and nobody found out whether it works.
	RolledBack, IsUnverified bool
	// IsPutBack says that variables were changed for this Build and are as they were
	// again, whatever became of the Build.
	IsPutBack bool
	// VariablesLeft are the keys that could not be put back after a failed
	// activation or a roll-back.
	VariablesLeft []string
	// VariablesKept are the keys that may not have been removed after an activation
	// that succeeded.
	VariablesKept []string
	// VariablesMixed are the keys that may have another deploy's values although this
	// one's Build is live.
	VariablesMixed []string
	// IsSuperseded says that the Build went live, and that SupersededBy has taken its
	// place since: nothing more was touched. An empty SupersededBy means that nothing
	// is live any more.
	IsSuperseded bool
	SupersededBy twilio.BuildSID
}

// Plan reads what is live and works out what takes the project live that is asked
// for. It is a step: a run that is repeated goes on with the Plan that it began
// with.
func (d *Deployer) Plan(ctx context.Context, asked Question) (Plan, error) {
	return do(ctx, d.Steps, "plan", func(ctx context.Context) (Plan, error) {
		variables, err := d.Variables()
		if err != nil {
			return Plan{}, err
		}
		live, err := ReadLive(ctx, d.Client, asked)
		if err != nil {
			return Plan{}, err
		}
		plan := Diff(asked, variables, live)
		if err := plan.checkPruned(variables); err != nil {
			return Plan{}, err
		}
		return plan, nil
	})
}

// Apply carries plan out: it finds or creates the Service, uploads the files that
// changed, makes a Build, finds or creates the Environment, and makes the Build
// live there together with the variables. What the Plan says is there already is
// left out; what Twilio has removed meanwhile is made again. Nothing that is live
// changes before the activation, and when that fails what it changed is put back.
// Behind it another deploy may have come between: the variables are made whole, or the
// Outcome says that this one is superseded. Variables are removed last, and what of
// that fails is told. When ctx ends, no new work begins.
//
// A panic is an error, a *problem.PanicError; when the activation had begun,
// what is live is not known.
func (d *Deployer) Apply(ctx context.Context, plan Plan) (Outcome, error) {
	return carryOut(plan, func(outcome *Outcome) error { return d.apply(ctx, plan, outcome) })
}

// carryOut gathers what a Plan comes to.
func carryOut(plan Plan, do func(*Outcome) error) (Outcome, error) {
	outcome := Outcome{
		ServiceSID: plan.ServiceSID, EnvironmentSID: plan.EnvironmentSID, Domain: plan.Domain,
		Phase: job.PhaseUpload, ToUpload: len(plan.Uploads()), Plan: plan, Live: LiveAsBefore, LiveBefore: plan.LiveBuildSID,
	}
	err := problem.Guard(func() error { return do(&outcome) })
	if _, ok := errors.AsType[*problem.PanicError](err); ok && outcome.Phase == job.PhaseActivate && outcome.VariablesKept == nil {
		outcome.Live = LiveUnknown
	}
	return outcome, err
}

func (d *Deployer) apply(ctx context.Context, plan Plan, outcome *Outcome) error {
	switch plan.Build {
	case BuildLive:
		outcome.BuildSID, outcome.Live = plan.LiveBuildSID, LiveIsThis
		if plan.IsNothing() {
			return d.verifyUnchanged(ctx, plan, outcome)
		}
		return d.goLive(ctx, stepActivate, target{plan.ServiceSID, plan.EnvironmentSID}, outcome)
	case BuildReused:
		err := d.reuse(ctx, plan, outcome)
		if !isRefused(err) || !d.isGone(ctx, plan.ServiceSID, plan.ReusedBuildSID) {
			return err
		}
		if d.Exactly {
			return newStaleError(fmt.Sprintf("Build %s, which was to go live again, is gone", plan.ReusedBuildSID))
		}
		d.warn(job.PhaseActivate, fmt.Sprintf("Build %s, which was made of the same before, is gone by now: a new one is made", plan.ReusedBuildSID))
		outcome.BuildSID = ""
		gone := plan.ReusedBuildSID
		if plan, err = do(ctx, d.Steps, "plan-anew", func(ctx context.Context) (Plan, error) {
			return d.planAgain(ctx, plan.ServiceSID, plan, true)
		}); err != nil {
			return err
		}
		plan.Tag = plan.Tag.withoutBuild(gone)
		outcome.Plan = plan
	case BuildNone:
		return errors.New("the Plan of a teardown takes nothing live")
	case BuildNew:
	}
	return d.make(ctx, plan, outcome)
}

// reuse makes a Build live that was made before.
func (d *Deployer) reuse(ctx context.Context, plan Plan, outcome *Outcome) error {
	if plan.Release == nil {
		d.tell(job.Event{
			Kind: job.Noted, Phase: job.PhaseBuild,
			Message: fmt.Sprintf("Build %s was made of the same before: nothing is uploaded or built", plan.ReusedBuildSID),
		})
	}
	outcome.Phase, outcome.BuildSID = job.PhaseBuild, plan.ReusedBuildSID
	environment, err := do(ctx, d.Steps, "environment", func(ctx context.Context) (place, error) {
		return d.environment(ctx, plan.ServiceSID, plan)
	})
	outcome.EnvironmentSID, outcome.Domain = environment.SID, environment.Domain
	if err != nil {
		return err
	}
	if _, err := do(ctx, d.Steps, "await-reused-build", func(ctx context.Context) (twilio.BuildStatus, error) {
		return d.awaitReusedBuild(ctx, plan)
	}); err != nil {
		return err
	}
	// A name of its own: should this Build be gone, the one that takes its place is
	// activated by another step.
	return d.goLive(ctx, stepActivateReused, target{plan.ServiceSID, environment.SID}, outcome)
}

// isGone reports whether a Build is not there any more.
func (d *Deployer) isGone(ctx context.Context, service twilio.ServiceSID, build twilio.BuildSID) bool {
	_, err := d.Client.FetchBuild(ctx, service, build)
	return twilio.IsNotFound(err)
}

// make takes the files to a new Build, and that live.
func (d *Deployer) make(ctx context.Context, plan Plan, outcome *Outcome) error {
	service, err := do(ctx, d.Steps, "service", func(ctx context.Context) (twilio.ServiceSID, error) {
		return d.service(ctx, plan)
	})
	outcome.ServiceSID = service
	if err != nil {
		return err
	}

	build, err := d.uploadAndBuild(ctx, service, plan, outcome)
	outcome.BuildSID = build
	if err != nil {
		return err
	}
	// While Twilio builds, creating the Environment takes no time; and a Build
	// that is refused leaves no empty Environment behind.
	environment, err := do(ctx, d.Steps, "environment", func(ctx context.Context) (place, error) {
		return d.environment(ctx, service, plan)
	})
	outcome.EnvironmentSID, outcome.Domain = environment.SID, environment.Domain
	if err != nil {
		return err
	}
	if _, err = do(ctx, d.Steps, "await-build", func(ctx context.Context) (twilio.BuildStatus, error) {
		return d.awaitBuild(ctx, service, build, plan)
	}); err != nil {
		return err
	}

	return d.goLive(ctx, stepActivate, target{service, environment.SID}, outcome)
}

// uploadAndBuild uploads what changed and makes a Build. When Twilio has removed
// what the Plan uses again, everything is uploaded anew.
func (d *Deployer) uploadAndBuild(ctx context.Context, service twilio.ServiceSID, plan Plan, outcome *Outcome) (twilio.BuildSID, error) {
	build, err := d.uploadAndBuildOnce(ctx, service, plan, outcome, "")
	if !isRefused(err) || !d.lostVersions(ctx, service, plan) {
		return build, err
	}
	if d.Exactly {
		return "", newStaleError(fmt.Sprintf("Build %s is gone, and the files that were to be used again with it", plan.LiveBuildSID))
	}
	d.warn(job.PhaseUpload, fmt.Sprintf("Build %s is gone, and what it held with it: all files are uploaded again", plan.LiveBuildSID))
	anew, err := do(ctx, d.Steps, "plan-again", func(ctx context.Context) (Plan, error) { return d.planAgain(ctx, service, plan, false) })
	if err != nil {
		return "", err
	}
	outcome.Plan = anew
	return d.uploadAndBuildOnce(ctx, service, anew, outcome, "-again")
}

func (d *Deployer) uploadAndBuildOnce(
	ctx context.Context, service twilio.ServiceSID, plan Plan, outcome *Outcome, suffix string,
) (twilio.BuildSID, error) {
	outcome.Phase, outcome.ToUpload = job.PhaseUpload, len(plan.Uploads())
	files, err := do(ctx, d.Steps, "upload"+suffix, func(ctx context.Context) (uploaded, error) {
		return d.upload(ctx, service, plan)
	})
	outcome.Uploaded = len(files.Versions)
	outcome.UploadedBytes += files.Bytes
	if err != nil {
		return "", err
	}
	outcome.Phase = job.PhaseBuild
	return do(ctx, d.Steps, "create-build"+suffix, func(ctx context.Context) (twilio.BuildSID, error) {
		return d.createBuild(ctx, service, plan, files)
	})
}

// lostVersions reports whether what the Plan uses again is gone: it stays as long
// as a Build holds it, and the one that was live does no more.
func (d *Deployer) lostVersions(ctx context.Context, service twilio.ServiceSID, plan Plan) bool {
	return plan.LiveBuildSID != "" && d.isGone(ctx, service, plan.LiveBuildSID)
}

// planAgain is the Plan for a new Build, with the Functions and Assets that are
// there now. Unless what is live can be used again, every file is uploaded.
func (d *Deployer) planAgain(ctx context.Context, service twilio.ServiceSID, plan Plan, reuses bool) (Plan, error) {
	functions, err := functionsByName(ctx, d.Client, service)
	if err != nil {
		return plan, err
	}
	assets, err := assetsByName(ctx, d.Client, service)
	if err != nil {
		return plan, err
	}
	plan.Build, plan.ReusedBuildSID, plan.ManifestParentSID = BuildNew, "", functions[ManifestFunction]
	plan.Functions, plan.Assets = slices.Clone(plan.Functions), slices.Clone(plan.Assets)
	again := func(file *FilePlan, listed string) {
		if !reuses {
			file.VersionSID = ""
		}
		if !reuses || file.ParentSID == "" {
			file.ParentSID = listed
		}
	}
	for i := range plan.Functions {
		again(&plan.Functions[i], string(functions[plan.Functions[i].Path]))
	}
	for i := range plan.Assets {
		again(&plan.Assets[i], string(assets[plan.Assets[i].Path]))
	}
	return plan, nil
}

// goLive makes the Build of outcome live, with the variables, looks whether another
// deploy came between, finds out whether it works, and removes the variables that it
// has no use for.
func (d *Deployer) goLive(ctx context.Context, step string, at target, outcome *Outcome) error {
	outcome.Phase = job.PhaseActivate
	began := d.Client.Now()
	var journal *variableJournal
	if err := d.giveWay(ctx); err != nil { // not within the Step, in front of which a Job counts as gone live
		return err
	}
	made, err := do(ctx, d.Steps, step, func(ctx context.Context) (activation, error) {
		made, err := d.activate(ctx, at, outcome.BuildSID, outcome.Plan)
		journal = made.journal // which no Step keeps, for it has values
		return made, err
	})
	outcome.DeploymentSID = made.Deployment
	if err == nil || made.isRead {
		outcome.LiveBefore = made.Over
	}
	if _, ok := errors.AsType[*StaleError](err); ok {
		outcome.Live = LiveAsBefore
	}
	if failed, ok := errors.AsType[*ActivationError](err); ok {
		outcome.Live = failed.Live
		if failed.Left != nil {
			outcome.VariablesLeft = failed.Left.Keys
		}
	}
	if err != nil {
		return err
	}
	outcome.Live = LiveIsThis
	for _, next := range []func() error{
		func() error { return d.confirm(ctx, at, outcome, made.WasLive, journal) },
		func() error { return d.verify(ctx, at, outcome, journal, began) },
		func() error { return d.removeUnwanted(ctx, at, outcome) },
	} {
		if err := next(); err != nil || outcome.IsSuperseded {
			return err
		}
	}
	return nil
}

// place is where an Environment answers.
type place struct {
	SID    twilio.EnvironmentSID `json:"sid"`
	Domain string                `json:"domain"`
}

// service creates the Service as the Toolkit does when there is none.
func (d *Deployer) service(ctx context.Context, plan Plan) (twilio.ServiceSID, error) {
	if plan.ServiceSID != "" {
		return plan.ServiceSID, nil
	}
	created, err := d.Client.CreateService(ctx, twilio.NewService{
		UniqueName: plan.Service, FriendlyName: plan.Service, IncludeCredentials: true,
	})
	return created.SID, err
}

func (d *Deployer) environment(ctx context.Context, service twilio.ServiceSID, plan Plan) (place, error) {
	if plan.EnvironmentSID != "" {
		return place{plan.EnvironmentSID, plan.Domain}, nil
	}
	created, err := d.Client.CreateEnvironment(ctx, service, plan.Environment.UniqueName, plan.Environment.DomainSuffix)
	return place{created.SID, created.DomainName}, err
}

func (d *Deployer) warn(phase job.Phase, message string) {
	d.tell(job.Event{Kind: job.Warned, Phase: phase, Message: message})
}

func (d *Deployer) tell(event job.Event) {
	if d.Progress != nil {
		event.Time = time.Now()
		d.Progress(event)
	}
}
