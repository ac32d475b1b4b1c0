package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Activated is what has just gone live, or was live already.
type Activated struct {
	ServiceSID     twilio.ServiceSID
	EnvironmentSID twilio.EnvironmentSID
	Domain         string
	BuildSID       twilio.BuildSID
	// DeploymentSID is empty when the Build was live already, and variables alone
	// have changed.
	DeploymentSID twilio.DeploymentSID
	// Began is when this run began to activate it, by the platform's clock.
	Began time.Time
	// WasLive says that it was live before this run, which has changed nothing.
	WasLive bool
}

// CheckError says that what went live does not work. It matches no other error: what
// a check meets, such as a time that is over, is not why the run ended.
type CheckError struct {
	// Err is what was found.
	Err error
	// Environment is its name.
	Environment string
	// RolledBack says that what was live before is live again; if not, Kept says why.
	RolledBack bool
	Kept       string
}

// Error tells what was found.
func (e *CheckError) Error() string { return "the check failed: " + oneLine(e.Err) }

// RollbackError says that what went live does not work, and that what was live
// before could not be brought back whole.
type RollbackError struct {
	// Check is what was found, and Err why it is not all as before.
	Check, Err error
	// Environment is its name, and Before the Build that was live in it before; empty
	// for nothing.
	Environment string
	Before      twilio.BuildSID
	// IsBack says that Before is live, and only variables are not as they were.
	IsBack bool
}

// Error tells both.
func (e *RollbackError) Error() string {
	return fmt.Sprintf("the check failed: %s; and the roll-back failed, too: %s", oneLine(e.Check), oneLine(e.Err))
}

// Hint tells what a person must do.
func (e *RollbackError) Hint() string {
	switch {
	case e.IsBack:
		return "Set the variables that are named, or deploy what works."
	case e.Before == "":
		return fmt.Sprintf("Nothing was live before. Deploy what works, or take it away with slipway teardown --environment %s.", e.Environment)
	default:
		return fmt.Sprintf("Make the Build of before live again with slipway rollback --environment %s --to %s, or deploy what works.", e.Environment, e.Before)
	}
}

// verify finds out whether what went live works, as a step of its own. What does not
// is taken back at once, by the run that made it live.
func (d *Deployer) verify(ctx context.Context, at target, outcome *Outcome, journal *variableJournal, began time.Time) error {
	if d.Verify == nil {
		return nil
	}
	outcome.Phase, outcome.IsUnverified = job.PhaseCheck, true
	d.tell(job.Event{Kind: job.Started, Phase: job.PhaseCheck})
	var found error
	_, err := do(ctx, d.Steps, "check", func(ctx context.Context) (struct{}, error) {
		if journal == nil {
			if err := d.isStillLive(ctx, at, outcome); err != nil {
				return struct{}{}, err
			}
		}
		found = d.Verify(ctx, Activated{
			ServiceSID: at.service, EnvironmentSID: at.environment, Domain: outcome.Domain,
			BuildSID: outcome.BuildSID, DeploymentSID: outcome.DeploymentSID, Began: began,
		})
		return struct{}{}, found
	})
	switch {
	case err == nil:
		outcome.IsUnverified = false
		d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseCheck})
		return d.checkedThis(ctx, at, outcome)
	case found == nil || ctx.Err() != nil: // nothing was found, or the run was ended
		return err
	}
	outcome.IsUnverified = false
	return d.takeBack(ctx, at, outcome, journal, found)
}

// verifyUnchanged finds out whether what was live already works: the run that made it
// live may have been killed before it knew. There is nothing to bring back then.
func (d *Deployer) verifyUnchanged(ctx context.Context, plan Plan, outcome *Outcome) error {
	if d.Verify == nil {
		return nil
	}
	outcome.Phase, outcome.IsUnverified = job.PhaseCheck, true
	d.tell(job.Event{Kind: job.Started, Phase: job.PhaseCheck})
	found := d.Verify(ctx, Activated{
		ServiceSID: plan.ServiceSID, EnvironmentSID: plan.EnvironmentSID, Domain: plan.Domain, BuildSID: plan.LiveBuildSID, WasLive: true,
	})
	if found != nil && ctx.Err() != nil { // the run was ended
		return found
	}
	outcome.IsUnverified = false
	if found != nil {
		looking, cancel := outlive(ctx, d.grace()/2)
		defer cancel()
		if now, err := d.liveNow(looking, target{plan.ServiceSID, plan.EnvironmentSID}); err == nil && now != plan.LiveBuildSID && now != "" {
			d.leave(outcome, now, found)
			return nil
		}
		return &CheckError{Err: found, Environment: outcome.Plan.Environment.Name, Kept: "it was live before this run"}
	}
	d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseCheck})
	return nil
}

// checkedThis looks whether it is this run's Build that was checked: a check takes its
// time, and whatever is live answers.
func (d *Deployer) checkedThis(ctx context.Context, at target, outcome *Outcome) error {
	looking, cancel := outlive(ctx, d.grace()/2)
	defer cancel()
	switch now, err := d.liveNow(looking, at); {
	case err != nil:
		d.warn(job.PhaseCheck, notSeen(err))
	case now != outcome.BuildSID:
		d.supersede(outcome, now)
	}
	return nil
}

// isStillLive holds what an earlier run of this Job made live to what is live now: that
// run may have taken it back before it ended, and what is there would be found to work.
func (d *Deployer) isStillLive(ctx context.Context, at target, outcome *Outcome) error {
	now, err := d.Client.FetchEnvironment(ctx, at.service, at.environment)
	if err != nil {
		return err
	}
	if now.BuildSID != outcome.BuildSID {
		outcome.LiveBefore, outcome.Live = now.BuildSID, LiveAsBefore
		return newStaleError(fmt.Sprintf("Build %s, which an earlier run of this Job made live, is not live any more", outcome.BuildSID))
	}
	return nil
}

// takeBack brings back what was live before, unless it is to be kept: the variables first, so that at no
// moment the Build of before runs with others, then the Build. What somebody else has
// made live since stays. When ctx ends, it goes on for a moment: half of it for what is
// under way, half for a last look.
func (d *Deployer) takeBack(ctx context.Context, at target, outcome *Outcome, journal *variableJournal, found error) error {
	settling, cancel := outlive(ctx, d.grace()/2)
	defer cancel()
	failed := &RollbackError{Check: found, Environment: outcome.Plan.Environment.Name, Before: outcome.LiveBefore}
	now, err := d.Client.FetchEnvironment(settling, at.service, at.environment)
	switch {
	case twilio.IsNotFound(err):
		outcome.Live = LiveGone
		return &CheckError{Err: found, Environment: outcome.Plan.Environment.Name, Kept: wentMeanwhile(outcome.Plan.Environment.Name)}
	case err == nil && now.BuildSID != outcome.BuildSID && now.BuildSID != "":
		d.leave(outcome, now.BuildSID, found)
		return nil
	case d.KeepFailed && (err != nil || now.BuildSID == outcome.BuildSID):
		return &CheckError{Err: found, Environment: outcome.Plan.Environment.Name, Kept: "rollback-on-failure is false"}
	case err != nil:
		failed.Err = err
		return failed
	case now.BuildSID != outcome.BuildSID:
		outcome.LiveBefore, outcome.Live, outcome.VariablesLeft = now.BuildSID, LiveAsBefore, outcome.changedVariables(journal)
		return &CheckError{Err: found, Environment: outcome.Plan.Environment.Name, Kept: "it was taken away meanwhile"}
	}
	d.tell(job.Event{Kind: job.Noted, Phase: job.PhaseCheck, Message: "the check failed: what was live before is brought back"})
	left := d.putBack(settling, outcome, journal)
	outcome.IsPutBack = left == nil && len(outcome.changedVariables(journal)) > 0
	if outcome.LiveBefore != outcome.BuildSID {
		if err := d.switchBack(ctx, settling, at, outcome); err != nil {
			failed.Err = errors.Join(err, left)
			return failed
		}
	}
	if left != nil {
		failed.Err, failed.IsBack = left, true
		return failed
	}
	outcome.RolledBack = true
	return &CheckError{Err: found, Environment: outcome.Plan.Environment.Name, RolledBack: true}
}

// leave lets what another deploy has made live stay, whatever a check of it found.
func (d *Deployer) leave(outcome *Outcome, live twilio.BuildSID, found error) {
	d.warn(job.PhaseCheck, "nothing is brought back, since this Build is not live any more; what the check found: "+oneLine(found))
	d.supersede(outcome, live)
}

// switchBack makes the Build of before live again within settling, and finds out what
// became of a call that failed: it may have taken effect all the same.
func (d *Deployer) switchBack(ctx, settling context.Context, at target, outcome *Outcome) error {
	_, err := d.Client.CreateDeployment(settling, at.service, at.environment, outcome.LiveBefore)
	if err == nil {
		outcome.Live = LiveAsBefore
		return nil
	}
	looking, cancel := outlive(ctx, d.grace())
	defer cancel()
	now, lookErr := d.Client.FetchEnvironment(looking, at.service, at.environment)
	switch {
	case twilio.IsNotFound(lookErr):
		outcome.Live = LiveGone
	case lookErr != nil:
		outcome.Live = LiveUnknown
	case now.BuildSID == outcome.LiveBefore:
		outcome.Live = LiveAsBefore
		d.warn(job.PhaseCheck, "the roll-back took effect although the call that asked for it ended with an error: "+oneLine(err))
		return nil
	}
	return fmt.Errorf("make %s live again: %w", cmp.Or(string(outcome.LiveBefore), "nothing"), err)
}

var errOtherRun = errors.New("an earlier run of this Job changed them, and nobody keeps what they were")

// putBack puts the variables back as they were.
func (d *Deployer) putBack(ctx context.Context, outcome *Outcome, journal *variableJournal) error {
	left := &VariablesLeftError{Keys: outcome.changedVariables(journal), Err: errOtherRun}
	if journal != nil {
		if err := problem.Guard(func() error {
			left = journal.undo(ctx, d.Client)
			return nil
		}); err != nil {
			left.Err = err
		}
	}
	if left == nil || len(left.Keys) == 0 {
		return nil
	}
	outcome.VariablesLeft = left.Keys
	return left
}

// changedVariables are the keys that were written for this Build, as far as is known.
func (o *Outcome) changedVariables(journal *variableJournal) []string {
	if journal == nil {
		return slices.Sorted(slices.Values(slices.Concat(o.Plan.Variables.Created, o.Plan.Variables.Updated)))
	}
	return slices.Sorted(slices.Values(journal.tried))
}

// oneLine is an error's text without line breaks.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
