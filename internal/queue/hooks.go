package queue

import (
	"context"
	"fmt"
	"time"
)

// Hooks are told of what a Queue has done. Each may be nil. They are
// called from many goroutines, and hold up whatever they are told of.
type Hooks struct {
	// Stored is told of each Delivery that was to be stored: how long it took, from when
	// it was asked for.
	Stored func(took time.Duration)
	// Ended is told of each Job that has ended, in whatever way.
	Ended func(kind string, outcome Outcome)
	// Again is told of each Job that is to be tried again.
	Again func(kind string)
	// Decided is told of each verdict on a Delivery.
	Decided func(verdict string)
	// Stepped is told of each step that was run: how long it took, and why it failed
	// if it did.
	Stepped func(step string, took time.Duration, err error)
}

// orNothing has nothing done where a hook is missing.
func (h Hooks) orNothing() Hooks {
	if h.Stored == nil {
		h.Stored = func(time.Duration) {}
	}
	if h.Ended == nil {
		h.Ended = func(string, Outcome) {}
	}
	if h.Again == nil {
		h.Again = func(string) {}
	}
	if h.Decided == nil {
		h.Decided = func(string) {}
	}
	if h.Stepped == nil {
		h.Stepped = func(string, time.Duration, error) {}
	}
	return h
}

// Check writes to the database, and returns why that is not possible. It changes
// nothing.
func (q *Queue) Check(ctx context.Context) error {
	return q.write(ctx, func(ctx context.Context, tx *session) error {
		if err := tx.exec(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(migrations))); err != nil {
			return fmt.Errorf("write to the database: %w", err)
		}
		return nil
	})
}
