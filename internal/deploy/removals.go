package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/slipway-dev/slipway/internal/problem"
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
	_, err := do(ctx, d.Steps, "remove-variables", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.removeVariables(ctx, at, removed)
	})
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
// also after a panic.
func (d *Deployer) removeVariables(ctx context.Context, at target, keys []string) error {
	left := keys
	err := problem.Guard(func() (err error) {
		left, err = d.tryToRemove(ctx, at, keys)
		return err
	})
	if err != nil {
		return &RemovalError{Keys: left, Err: err}
	}
	return nil
}

// tryToRemove returns the keys that may still be there.
func (d *Deployer) tryToRemove(ctx context.Context, at target, keys []string) (left []string, err error) {
	there, err := readVariables(ctx, d.Client, at.service, at.environment)
	if err != nil {
		return keys, err
	}
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
