package deploy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

const (
	// mostMends bounds how often variables are written again that another deploy has
	// set. Two that make the same Build live cannot be told apart by what is live:
	// each writes, and the one that comes last has its way.
	mostMends = 8
	// mendPause is how long the second one waits at most, each further one twice as
	// long: two that keep step must get out of it.
	mendPause = 250 * time.Millisecond
)

// MixedError says that a Build is live with variables of another deploy, which could
// not be set again.
type MixedError struct {
	// Keys are the variables that may have the other one's values, sorted.
	Keys []string
	// Err is why.
	Err error
}

// Error names the variables, with the cause.
func (e *MixedError) Error() string {
	return fmt.Sprintf("another deploy has changed the variables %s meanwhile, and they could not be set again: %s", words.Names(e.Keys), oneLine(e.Err))
}

// Unwrap returns the cause.
func (e *MixedError) Unwrap() error { return e.Err }

var errKeepsChanging = errors.New("they are changed again and again")

// confirmed is what was found behind an activation.
type confirmed struct {
	// Deployment is set when the Build had to be made live once more.
	Deployment   twilio.DeploymentSID `json:"deployment,omitempty"`
	Over         twilio.BuildSID      `json:"over,omitempty"`
	IsSuperseded bool                 `json:"is_superseded,omitempty"`
	By           twilio.BuildSID      `json:"by,omitempty"`
}

// confirm looks behind the activation whether another deploy came between. The
// Deployment that comes last wins: a run whose Build is live sets the variables
// again that the other one has written; one whose Build is not touches nothing more.
// It is a step. Where variables are left alone there is nothing to confirm.
func (d *Deployer) confirm(ctx context.Context, at target, outcome *Outcome, wasLive bool, journal *variableJournal) error {
	if d.Variables == nil && outcome.Plan.Copied == nil {
		return nil
	}
	found, err := do(ctx, d.Steps, "confirm", func(ctx context.Context) (confirmed, error) {
		holding, cancel := outlive(ctx, d.grace())
		defer cancel()
		c := &confirming{Deployer: d, at: at, plan: outcome.Plan, build: outcome.BuildSID, isDeployed: !wasLive, journal: journal}
		err := c.confirm(holding)
		return c.found, err
	})
	if found.Deployment != "" {
		outcome.DeploymentSID, outcome.LiveBefore = found.Deployment, found.Over
	}
	if found.IsSuperseded {
		d.supersede(outcome, found.By)
	}
	if mixed, ok := errors.AsType[*MixedError](err); ok {
		outcome.VariablesMixed = mixed.Keys
	}
	if left, ok := errors.AsType[*VariablesLeftError](err); ok {
		outcome.VariablesLeft = left.Keys
	}
	if failed, ok := errors.AsType[*ActivationError](err); ok {
		outcome.Live, outcome.LiveBefore = failed.Live, found.Over
		if failed.Left != nil {
			outcome.VariablesLeft = failed.Left.Keys
		}
	}
	return err
}

// supersede ends a run whose Build something else has replaced.
func (d *Deployer) supersede(outcome *Outcome, by twilio.BuildSID) {
	outcome.Live, outcome.IsSuperseded, outcome.SupersededBy = LiveOther, true, by
	what := "Build " + string(by) + " has taken its place"
	if by == "" {
		what = "it was taken away again"
	}
	d.tell(job.Event{
		Kind: job.Noted, Phase: outcome.Phase,
		Message: fmt.Sprintf("Build %s went live, and %s since: nothing more is touched", outcome.BuildSID, what),
	})
}

// confirming is a look behind an activation, and what follows from it.
type confirming struct {
	*Deployer
	at    target
	plan  Plan
	build twilio.BuildSID
	// isDeployed is false while variables alone were written, for a Build that was
	// live before.
	isDeployed bool
	journal    *variableJournal // nil when the activation was another run's
	mended     variableJournal
	found      confirmed
}

func (c *confirming) confirm(ctx context.Context) error {
	wanted, err := c.wanted(ctx)
	if err != nil {
		return c.unseen(err)
	}
	c.mended = variableJournal{at: c.at, before: make(map[string]twilio.Variable), wanted: wanted}
	var foreign []string // that were found last
	var failed error     // of setting them again
	for round := 0; ; round++ {
		now, err := c.look(ctx, round)
		switch {
		case err != nil && len(foreign) > 0:
			return &MixedError{Keys: foreign, Err: errors.Join(failed, err)}
		case err != nil:
			return c.unseen(err)
		case now.build != c.build && c.isDeployed:
			c.found.IsSuperseded, c.found.By = true, now.build
			if left := c.mended.undo(ctx, c.Client); left != nil {
				return left
			}
			return nil
		case now.build != c.build:
			if err := c.makeLive(ctx, now.build); err != nil {
				return err
			}
			continue
		}
		foreign = foreignTo(wanted, now)
		switch {
		case len(foreign) == 0:
			return nil
		case failed != nil:
			return &MixedError{Keys: foreign, Err: failed}
		case round > mostMends:
			return &MixedError{Keys: foreign, Err: errKeepsChanging}
		}
		// Where that fails, what is live by now decides what follows from it.
		failed = c.mend(ctx, now, foreign, round)
	}
}

// wanted are the variables that the Environment shall have.
func (c *confirming) wanted(ctx context.Context) (map[string]secret.String, error) {
	if c.journal != nil {
		return c.journal.wanted, nil
	}
	var wanted map[string]secret.String
	if c.Variables != nil {
		var err error
		if wanted, err = c.Variables(); err != nil || c.plan.Copied == nil {
			return wanted, err
		}
	}
	now, err := c.readPresent(ctx, c.at, c.plan, true)
	if err != nil {
		return nil, err
	}
	return c.plan.Copied.with(wanted, now)
}

// foreignTo are the keys whose variables are missing, or have other values than are
// wanted; sorted.
func foreignTo(wanted map[string]secret.String, now present) []string {
	changes := diffVariables(values(now.variables), wanted)
	return slices.Sorted(slices.Values(slices.Concat(changes.Created, changes.Updated)))
}

// look reads what is live and the variables, at once. Where this run has changed no
// variable and touches nothing more, the variables tell enough when they are its own,
// and what is live does when it has none.
func (c *confirming) look(ctx context.Context, round int) (now present, err error) {
	if round > 0 || !c.leavesVariables(c.plan, c.mended.wanted) {
		return c.lookAt(ctx, c.at)
	}
	if len(c.mended.wanted) == 0 {
		now.build, err = c.liveNow(ctx, c.at)
		return now, err
	}
	now.build = c.build // as far as anybody has to know
	now.variables, err = readVariables(ctx, c.Client, c.at.service, c.at.environment)
	if err == nil && len(foreignTo(c.mended.wanted, now)) == 0 || err != nil && !twilio.IsNotFound(err) {
		return now, err
	}
	return c.lookAt(ctx, c.at)
}

// lookAt reads what is live and the variables, at once. An Environment that is gone
// has neither.
func (d *Deployer) lookAt(ctx context.Context, at target) (now present, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(guarded(func() (err error) {
		now.build, err = d.liveNow(ctx, at)
		return err
	}))
	group.Go(guarded(func() (err error) {
		now.variables, err = readVariables(ctx, d.Client, at.service, at.environment)
		if twilio.IsNotFound(err) { // with the Environment
			err = nil
		}
		return err
	}))
	err = group.Wait()
	return now, err //nolint:wrapcheck // the client's own error.
}

// liveNow is the Build that is live; empty when none is, or the Environment is gone.
func (d *Deployer) liveNow(ctx context.Context, at target) (twilio.BuildSID, error) {
	environment, err := d.Client.FetchEnvironment(ctx, at.service, at.environment)
	if twilio.IsNotFound(err) {
		return "", nil
	}
	return environment.BuildSID, err
}

// unseen warns that nobody knows whether another deploy came between: the Build went
// live, with its variables.
func (c *confirming) unseen(err error) error {
	c.warn(job.PhaseActivate, notSeen(err))
	return nil
}

func notSeen(err error) string {
	return "whether another deploy came between could not be looked up: " + oneLine(err)
}

// makeLive makes a Build live that was live when its variables were written, and
// that another one has replaced since: the variables would be that one's, else.
func (c *confirming) makeLive(ctx context.Context, other twilio.BuildSID) error {
	c.found.Over = other
	if other != "" {
		c.warn(job.PhaseActivate, replaces(other, c.plan))
	}
	deployment, err := c.Client.CreateDeployment(ctx, c.at.service, c.at.environment, c.build)
	c.found.Deployment, c.isDeployed = deployment.SID, true
	if err != nil {
		journal := c.journal
		if journal == nil {
			journal = &variableJournal{at: c.at}
		}
		c.found.Deployment, err = c.settle(ctx, journal, c.plan, c.build, err)
	}
	return err
}

// mend writes variables again.
func (c *confirming) mend(ctx context.Context, now present, keys []string, round int) error {
	if round > 0 {
		if err := pause(ctx, rand.N(mendPause<<min(round-1, 4))); err != nil { //nolint:gosec // nothing secret.
			return err
		}
	} else {
		c.warn(job.PhaseActivate, fmt.Sprintf("another deploy has changed the variables %s meanwhile: they are set again", words.Names(keys)))
	}
	for _, key := range keys {
		delete(c.mended.before, key)
		if variable, isThere := now.variables[key]; isThere {
			c.mended.before[key] = variable
		}
	}
	again := &variableJournal{at: c.at, before: now.variables, wanted: make(map[string]secret.String, len(keys))}
	for _, key := range keys {
		again.wanted[key] = c.mended.wanted[key]
	}
	err := again.write(ctx, c.Client)
	c.mended.tried = slices.Compact(slices.Sorted(slices.Values(slices.Concat(c.mended.tried, again.tried))))
	return err
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
