package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// variablesAtOnce bounds the writes of variables.
const variablesAtOnce = 8

// target is a Service and an Environment that exist.
type target struct {
	service     twilio.ServiceSID
	environment twilio.EnvironmentSID
}

// variableJournal writes the variables of an Environment and notes what it
// tried, so that it can be put back.
type variableJournal struct {
	at     target
	before map[string]twilio.Variable
	wanted map[string]secret.String

	mu    sync.Mutex
	tried []string
}

// write creates what is new, then changes what differs. After a failure, or
// when ctx ends, no write begins; those under way are not cut off.
func (j *variableJournal) write(ctx context.Context, client *twilio.Client) error {
	changes := diffVariables(values(j.before), j.wanted)
	err := j.writeEach(ctx, changes.Created, func(key string) error {
		_, err := client.CreateVariable(ctx, j.at.service, j.at.environment, key, j.wanted[key])
		return err
	})
	if err != nil {
		return err
	}
	return j.writeEach(ctx, changes.Updated, func(key string) error {
		_, err := client.UpdateVariable(ctx, j.at.service, j.at.environment, j.before[key].SID, key, j.wanted[key])
		if twilio.IsNotFound(err) { // another deploy may have removed it since
			if _, failed := client.CreateVariable(ctx, j.at.service, j.at.environment, key, j.wanted[key]); failed == nil {
				return nil
			}
		}
		return err
	})
}

func (j *variableJournal) writeEach(ctx context.Context, keys []string, write func(key string) error) error {
	var stop atomic.Bool
	failed := each(keys, func(key string) error {
		if isOver := ctx.Err() != nil; isOver || stop.Load() {
			return nil //nolint:nilerr // not tried, so neither done nor failed.
		}
		j.mu.Lock()
		j.tried = append(j.tried, key)
		j.mu.Unlock()
		err := write(key)
		if err != nil {
			stop.Store(true)
		}
		return err
	})
	if ctx.Err() != nil {
		return fmt.Errorf("set the variables: %w", context.Cause(ctx))
	}
	return joined(failed)
}

// undo puts back every variable that was tried, whatever its write was answered.
// It returns nil when all are as they were. What somebody else has changed
// since stays.
func (j *variableJournal) undo(ctx context.Context, client *twilio.Client) *VariablesLeftError {
	if len(j.tried) == 0 {
		return nil
	}
	now, listErr := readVariables(ctx, client, j.at.service, j.at.environment)
	left := each(j.tried, func(key string) error {
		before, was := j.before[key]
		current, is := now[key]
		isForeign := listErr == nil && (!is || current.Value != j.wanted[key] && (!was || current.Value != before.Value))
		switch {
		case isForeign:
			return nil
		case was:
			// Also when the listing has the old value: a write whose answer was
			// lost may yet arrive, and this one comes behind it.
			_, err := client.UpdateVariable(ctx, j.at.service, j.at.environment, before.SID, key, before.Value)
			if twilio.IsNotFound(err) { // somebody has removed it since
				return nil
			}
			return err
		case listErr != nil:
			return listErr
		default:
			return client.DeleteVariable(ctx, j.at.service, j.at.environment, current.SID)
		}
	})
	if len(left) == 0 {
		return nil
	}
	return &VariablesLeftError{Keys: slices.Sorted(maps.Keys(left)), Err: joined(left)}
}

// each calls do for every key, some at once, and returns the errors by key.
func each(keys []string, do func(key string) error) map[string]error {
	var mu sync.Mutex
	failed := make(map[string]error)
	var group errgroup.Group
	group.SetLimit(variablesAtOnce)
	for _, key := range keys {
		group.Go(func() error {
			if err := problem.Guard(func() error { return do(key) }); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[key] = err
			}
			return nil
		})
	}
	_ = group.Wait() // errors are in failed: one must not hide the others
	return failed
}

// joined makes one error of those by key, in the order of the keys.
func joined(failed map[string]error) error {
	errs := make([]error, 0, len(failed))
	for _, key := range slices.Sorted(maps.Keys(failed)) {
		errs = append(errs, fmt.Errorf("variable %s: %w", key, failed[key]))
	}
	return errors.Join(errs...)
}
