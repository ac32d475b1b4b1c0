package deploy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// defaultGrace keeps an interrupted activation well below the 7.5 s after which
// a GitHub runner becomes impatient and sends SIGTERM (its ProcessInvoker).
const defaultGrace = 5 * time.Second

// Liveness says what is live in the Target's Environment after a deploy.
type Liveness string

// What may be live.
const (
	// LiveAsBefore means that the deploy did not change it.
	LiveAsBefore Liveness = "as-before"
	// LiveIsThis means that the deploy's own Build is live.
	LiveIsThis Liveness = "this-build"
	// LiveUnknown means that the answer to the activation was lost and could
	// not be looked up.
	LiveUnknown Liveness = "unknown"
	// LiveNothing means that a teardown has emptied the Environment.
	LiveNothing Liveness = "nothing"
	// LiveGone means that the Environment is not there any more: a teardown has
	// deleted it.
	LiveGone Liveness = "gone"
	// LiveOther means that the deploy's Build went live, and that something else has
	// taken its place since.
	LiveOther Liveness = "other"
)

// ActivationError says that a Build did not go live, or may not have.
type ActivationError struct {
	// Err is why the activation failed.
	Err error
	// Live says what is live now: LiveAsBefore, LiveUnknown, or LiveGone when the
	// Environment was taken away.
	Live Liveness
	// Left is set when variables could not be put back.
	Left *VariablesLeftError
}

// Error tells the cause, and which variables were left.
func (e *ActivationError) Error() string {
	if e.Left != nil {
		return e.Err.Error() + "; " + e.Left.Error()
	}
	return e.Err.Error()
}

// Unwrap returns the cause of the failed activation alone: what went wrong
// while putting back must not decide what kind of failure it is.
func (e *ActivationError) Unwrap() error { return e.Err }

// activate makes the Build live together with the variables: new keys before
// it, changed values right before it. When any of it fails, what was changed
// is put back. When ctx ends, a write that was sent still gets its answer for a
// moment, no other begins, and putting back goes on for a moment.
//
// The Build that the Plan says is live already needs no Deployment, unless somebody
// has made another one live since; its variables are set alone. Where the Plan says
// that variables are as they shall be, they are read behind the activation only.
func (d *Deployer) activate(ctx context.Context, at target, build twilio.BuildSID, plan Plan) (made activation, err error) {
	d.tell(job.Event{Kind: job.Started, Phase: job.PhaseActivate})
	if d.Variables == nil && plan.Copied == nil {
		made.Over, made.isRead, made.journal = plan.LiveBuildSID, true, &variableJournal{at: at}
		made.Deployment, err = d.switchBuild(ctx, at, build, plan)
		return made, err
	}
	var wanted map[string]secret.String
	if d.Variables != nil {
		if wanted, err = d.Variables(); err != nil {
			return made, err
		}
	}
	leavesVariables := d.leavesVariables(plan, wanted)
	now, err := d.readPresent(ctx, at, plan, !leavesVariables)
	if err != nil {
		return made, err
	}
	made.Over, made.isRead = now.build, true
	if err := d.checkLive(plan, build, now); err != nil {
		return made, err
	}
	if wanted, err = plan.Copied.with(wanted, now); err != nil {
		return made, err
	}
	isLive := plan.LiveBuildSID == build && now.build == build
	// The grace is shared: half for the write that is under way, half for
	// looking and putting back.
	sending := d.Client.WithGrace(d.grace() / 2)
	journal := &variableJournal{at: at, before: now.variables, wanted: wanted}
	made.journal = journal
	if !leavesVariables {
		err = journal.write(ctx, sending)
	}
	if err == nil && isLive {
		made.WasLive = true
		d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseActivate})
		return made, nil
	}
	if err == nil {
		deployment, err := sending.CreateDeployment(ctx, at.service, at.environment, build)
		if err == nil {
			d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseActivate})
			made.Deployment = deployment.SID
			return made, nil
		}
		made.Deployment, err = d.settle(ctx, journal, plan, build, err)
		return made, err
	}
	settling, cancel := outlive(ctx, d.grace()/2)
	defer cancel()
	if twilio.IsNotFound(err) {
		if _, lookErr := d.Client.FetchEnvironment(settling, at.service, at.environment); twilio.IsNotFound(lookErr) {
			return made, d.gone(plan, err)
		}
	}
	return made, &ActivationError{Err: err, Live: LiveAsBefore, Left: journal.undo(settling, d.Client)}
}

// activation is what one did: the Deployment that it made, if any, and
// the Build over which it went.
type activation struct {
	Deployment twilio.DeploymentSID `json:"deployment"`
	Over       twilio.BuildSID      `json:"over"`
	// WasLive says that the Build was live before, and needed no Deployment.
	WasLive bool `json:"was_live,omitempty"`
	// isRead is false for a failure before Over was known.
	isRead bool
	// journal puts the variables back; nil when the activation was another run's.
	journal *variableJournal
}

// present is what is there right before an activation.
type present struct {
	build     twilio.BuildSID            // what is live
	variables map[string]twilio.Variable // the Environment's, by key
	copied    map[string]twilio.Variable // those of the one that it gets some of
}

// leavesVariables reports whether a Plan leaves the variables as they are, and nothing
// depends on what they are right before the activation. To read them behind it costs
// no more, and tells more: what another deploy has set meanwhile as well.
func (d *Deployer) leavesVariables(plan Plan, wanted map[string]secret.String) bool {
	for key := range wanted {
		if !slices.Contains(plan.Variables.Unchanged, key) {
			return false
		}
	}
	return !d.Exactly && d.Verify == nil && plan.Copied == nil && len(plan.Variables.Removed) == 0
}

// readPresent reads it all at once.
func (d *Deployer) readPresent(ctx context.Context, at target, plan Plan, withVariables bool) (now present, err error) {
	orGone := func(err error) error {
		if twilio.IsNotFound(err) {
			return d.gone(plan, err)
		}
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(guarded(func() error {
		environment, err := d.Client.FetchEnvironment(ctx, at.service, at.environment)
		now.build = environment.BuildSID
		return orGone(err)
	}))
	if withVariables {
		group.Go(guarded(func() (err error) {
			now.variables, err = readVariables(ctx, d.Client, at.service, at.environment)
			return orGone(err)
		}))
	}
	if plan.Copied != nil && len(plan.Copied.Keys) > 0 {
		group.Go(guarded(func() (err error) {
			now.copied, err = readVariables(ctx, d.Client, cmp.Or(plan.Copied.FromServiceSID, at.service), plan.Copied.FromSID)
			return err
		}))
	}
	err = group.Wait()
	return now, err //nolint:wrapcheck // the client's own error.
}

// settle finds out whether an activation that ended with err took effect, and
// puts the variables back when it did not.
func (d *Deployer) settle(
	ctx context.Context, journal *variableJournal, plan Plan, build twilio.BuildSID, err error,
) (twilio.DeploymentSID, error) {
	at := journal.at
	settling, cancel := outlive(ctx, d.grace()/2)
	defer cancel()
	now, lookErr := d.Client.FetchEnvironment(settling, at.service, at.environment)
	switch {
	case twilio.IsNotFound(lookErr):
		return "", d.gone(plan, lookErr)
	case lookErr != nil:
		// Old variables under a new Build could break it: leave them.
		return "", &ActivationError{Err: err, Live: LiveUnknown}
	case now.BuildSID == build:
		d.tell(job.Event{
			Kind: job.Warned, Phase: job.PhaseActivate,
			Message: "the Build went live although the call that asked for it ended with an error: " + err.Error(),
		})
		d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseActivate})
		return d.deploymentOf(settling, at, build), nil
	default:
		return "", &ActivationError{Err: err, Live: LiveAsBefore, Left: journal.undo(settling, d.Client)}
	}
}

// deploymentOf finds the Deployment that made a Build live; empty when that
// cannot be told in time.
func (d *Deployer) deploymentOf(ctx context.Context, at target, build twilio.BuildSID) twilio.DeploymentSID {
	for deployment, err := range d.Client.Deployments(ctx, at.service, at.environment) {
		if err != nil {
			break
		}
		if deployment.BuildSID == build {
			return deployment.SID
		}
	}
	return ""
}

func (d *Deployer) grace() time.Duration {
	if d.Grace > 0 {
		return d.Grace
	}
	return defaultGrace
}

// outlive returns a context that ends that long after ctx does.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, func() { cancel(context.Cause(ctx)) })
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() {
		unwatch()
		cancel(nil)
	}
}

// VariablesLeftError says that variables could not be put back after a failed
// activation: the Build that is live runs with their new values.
type VariablesLeftError struct {
	// Keys are the variables that may still have the new value, sorted.
	Keys []string
	// Err is why, one line for each.
	Err error
}

// Error names the variables, with the cause.
func (e *VariablesLeftError) Error() string {
	return fmt.Sprintf("the variables %s could not be put back: %s", words.Names(e.Keys), oneLine(e.Err))
}

// Unwrap returns the cause.
func (e *VariablesLeftError) Unwrap() error { return e.Err }
