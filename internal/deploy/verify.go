package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Activated is what has just gone live.
type Activated struct {
	ServiceSID     twilio.ServiceSID
	EnvironmentSID twilio.EnvironmentSID
	Domain         string
	BuildSID       twilio.BuildSID
	// DeploymentSID is empty when the Build was live already, and variables alone
	// have changed.
	DeploymentSID twilio.DeploymentSID
}

// CheckError says that what went live does not work. It matches no other error: what
// a check meets, such as a time that is over, is not why the run ended.
type CheckError struct {
	// Err is what was found.
	Err error
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
}

// Error tells both.
func (e *RollbackError) Error() string {
	return fmt.Sprintf("the check failed: %s; and the roll-back failed, too: %s", oneLine(e.Check), oneLine(e.Err))
}

// verify finds out whether what went live works, as a step of its own. What does not
// is taken back at once, by the run that made it live.
func (d *Deployer) verify(ctx context.Context, at target, outcome *Outcome, journal *variableJournal) error {
	if d.Verify == nil {
		return nil
	}
	outcome.Phase, outcome.IsUnverified = job.PhaseCheck, true
	d.tell(job.Event{Kind: job.Started, Phase: job.PhaseCheck})
	var found error
	_, err := do(ctx, d.Steps, "check", func(ctx context.Context) (struct{}, error) {
		found = d.Verify(ctx, Activated{
			ServiceSID: at.service, EnvironmentSID: at.environment, Domain: outcome.Domain,
			BuildSID: outcome.BuildSID, DeploymentSID: outcome.DeploymentSID,
		})
		return struct{}{}, found
	})
	switch {
	case err == nil:
		outcome.IsUnverified = false
		d.tell(job.Event{Kind: job.Finished, Phase: job.PhaseCheck})
		return nil
	case found == nil || ctx.Err() != nil: // the step could not be kept, or the run was ended
		return err
	}
	outcome.IsUnverified = false
	if d.KeepFailed {
		return &CheckError{Err: found, Kept: "rollback-on-failure is false"}
	}
	return d.takeBack(ctx, at, outcome, journal, found)
}

// takeBack brings back what was live before: the variables first, so that at no
// moment the Build of before runs with others, then the Build. What somebody else has
// made live since stays. When ctx ends, it goes on for a moment.
func (d *Deployer) takeBack(ctx context.Context, at target, outcome *Outcome, journal *variableJournal, found error) error {
	d.tell(job.Event{Kind: job.Warned, Phase: job.PhaseCheck, Message: "the check failed: what was live before is brought back"})
	settling, cancel := outlive(ctx, d.grace())
	defer cancel()
	now, err := d.Client.FetchEnvironment(settling, at.service, at.environment)
	if err != nil {
		return &RollbackError{Check: found, Err: err}
	}
	if now.BuildSID != outcome.BuildSID {
		outcome.WasLive, outcome.Live = now.BuildSID, LiveAsBefore
		return &CheckError{Err: found, Kept: "something else has gone live meanwhile"}
	}
	left := d.putBack(settling, outcome, journal)
	if outcome.WasLive != outcome.BuildSID {
		if _, err := d.Client.CreateDeployment(settling, at.service, at.environment, outcome.WasLive); err != nil {
			return &RollbackError{Check: found, Err: errors.Join(err, left)}
		}
		outcome.Live = LiveAsBefore
	}
	if left != nil {
		return &RollbackError{Check: found, Err: left}
	}
	outcome.RolledBack = true
	return &CheckError{Err: found, RolledBack: true}
}

var errOtherRun = errors.New("an earlier run of this Job changed them, and nobody keeps what they were")

// putBack puts the variables back as they were.
func (d *Deployer) putBack(ctx context.Context, outcome *Outcome, journal *variableJournal) error {
	changed := outcome.Plan.Variables
	left := &VariablesLeftError{Keys: slices.Sorted(slices.Values(slices.Concat(changed.Created, changed.Updated))), Err: errOtherRun}
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

// oneLine is an error's text without line breaks.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
