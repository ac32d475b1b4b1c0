package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// RemovalError says that variables were not removed. The Build is live by then,
// with all other variables as they shall be, and stays so.
type RemovalError struct {
	// Keys are the variables that may still be there, sorted.
	Keys []string
	// Err is why.
	Err error
}

// Error names the variables, with the cause.
func (e *RemovalError) Error() string {
	what := "the variables " + words.Names(e.Keys) + " were"
	if len(e.Keys) == 1 {
		what = "the variable " + words.Names(e.Keys) + " was"
	}
	return what + " not removed: " + oneLine(e.Err)
}

// Unwrap returns the cause.
func (e *RemovalError) Unwrap() error { return e.Err }

// removeUnwanted removes the variables that the Plan says: a step of its own, so
// that a repeated run does not activate again what is live.
func (d *Deployer) removeUnwanted(ctx context.Context, at target, outcome *Outcome) error {
	removed := outcome.Plan.Variables.Removed
	if len(removed) == 0 {
		return nil
	}
	found, err := do(ctx, d.Steps, "remove-variables", func(ctx context.Context) (confirmed, error) {
		return d.removeVariables(ctx, at, outcome.BuildSID, removed)
	})
	if found.IsSuperseded {
		d.supersede(outcome, found.By)
	}
	if failed, ok := errors.AsType[*RemovalError](err); ok {
		outcome.VariablesKept = failed.Keys
	} else if err != nil {
		outcome.VariablesKept = removed
	}
	return err
}

var errNotTried = errors.New("it was not tried")

// removeVariables removes what the Plan says from an Environment whose Build
// needs it no more, as far as it is there. After a failure, or when ctx ends, no
// removal begins; those under way are not cut off. The error is a *RemovalError,
// also after a panic. Where another Build is live than the one named, nothing is
// removed; and what was removed while another one went live is put back.
func (d *Deployer) removeVariables(ctx context.Context, at target, build twilio.BuildSID, keys []string) (found confirmed, err error) {
	left := keys
	err = problem.Guard(func() error {
		now, err := d.lookAt(ctx, at)
		if err != nil {
			return err
		}
		if found = supersededBy(now.build, build); found.IsSuperseded {
			return nil
		}
		left, err = d.tryToRemove(ctx, at, now.variables, keys)
		if err == nil {
			found = d.stillNeeded(ctx, at, build, now.variables, keys)
		}
		return err
	})
	if err != nil {
		return found, &RemovalError{Keys: left, Err: err}
	}
	return found, nil
}

// supersededBy compares what is live with what a run has made live.
func supersededBy(now, own twilio.BuildSID) confirmed {
	if now == own {
		return confirmed{}
	}
	return confirmed{IsSuperseded: true, By: now}
}

// stillNeeded puts back what was removed when another Build went live meanwhile: its
// deploy may have counted on what it saw.
func (d *Deployer) stillNeeded(
	ctx context.Context, at target, build twilio.BuildSID, removed map[string]twilio.Variable, keys []string,
) confirmed {
	looking, cancel := outlive(ctx, d.grace()/2)
	defer cancel()
	live, err := d.liveNow(looking, at)
	if err != nil {
		d.warn(job.PhaseActivate, notSeen(err))
		return confirmed{}
	}
	if live == build || live == "" {
		return supersededBy(live, build)
	}
	now, err := readVariables(looking, d.Client, at.service, at.environment)
	if err == nil {
		err = joined(each(keys, func(key string) error {
			variable, was := removed[key]
			if _, isThere := now[key]; !was || isThere {
				return nil
			}
			_, err := d.Client.CreateVariable(looking, at.service, at.environment, key, variable.Value)
			return err
		}))
	}
	if err != nil {
		d.warn(job.PhaseActivate, fmt.Sprintf("Build %s went live while the variables %s were removed, and may need them; they could not be put back: %s",
			live, words.Names(keys), oneLine(err)))
	}
	return supersededBy(live, build)
}

// tryToRemove returns the keys that may still be there.
func (d *Deployer) tryToRemove(ctx context.Context, at target, there map[string]twilio.Variable, keys []string) (left []string, err error) {
	sending := d.Client.WithGrace(d.grace() / 2)
	var stop atomic.Bool
	failed := each(keys, func(key string) error {
		variable, isThere := there[key]
		if !isThere {
			return nil
		}
		if isOver := ctx.Err() != nil; isOver || stop.Load() {
			return errNotTried
		}
		err := sending.DeleteVariable(ctx, at.service, at.environment, variable.SID)
		if err != nil {
			stop.Store(true)
		}
		return err
	})
	if len(failed) == 0 {
		return nil, nil
	}
	left = slices.Sorted(maps.Keys(failed))
	if ctx.Err() != nil {
		return left, fmt.Errorf("remove the variables: %w", context.Cause(ctx))
	}
	maps.DeleteFunc(failed, func(_ string, err error) bool { return errors.Is(err, errNotTried) })
	return left, joined(failed)
}
