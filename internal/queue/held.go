package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrLost says that a Job is not its runner's any more: its lease has ended.
var ErrLost = errors.New("the Job is not run here any more")

// ErrCancelled is the cause with which a Job's context ends that a person cancelled.
var ErrCancelled = errors.New("the Job was cancelled")

// SupersededError is the cause with which a Job's context ends that another one took
// the place of.
type SupersededError struct {
	// By is the number of that Job.
	By int64
}

func (e *SupersededError) Error() string {
	return fmt.Sprintf("Job %d takes the place of this one", e.By)
}

// Held is a Job that this process runs. It is safe for concurrent use.
type Held struct {
	Job

	queue  *Queue
	fence  int64
	cancel context.CancelCauseFunc
	// draining is closed when no further step is to begin.
	draining <-chan struct{}
	// parked is closed when the Job is left in front of a step.
	parked chan struct{}
	park   sync.Once

	mu       sync.Mutex
	notes    []Note // not stored yet
	lastNote int64
	noted    chan struct{} // full when there are some
}

// Do returns the result that is stored of a step, or runs the step and stores what it
// returns. It is never run again once that is stored, and stored once: by a runner that
// has lost the Job never.
//
// When Serve is to end, Do does not return: a Job can be left between two
// steps and nowhere else, and to end it there would have what it did be taken back.
func (h *Held) Do(ctx context.Context, name string, step func(context.Context) ([]byte, error)) ([]byte, error) {
	select {
	case <-h.draining:
		h.park.Do(func() { close(h.parked) })
		<-h.queue.never
	default:
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var stored []byte
	err := h.queue.reader.QueryRowContext(ctx, "SELECT result FROM steps WHERE job = ? AND name = ?", h.Number, name).Scan(&stored)
	if err == nil {
		return stored, nil
	}
	if !isNone(err) {
		return nil, fmt.Errorf("look for the step %s: %w", name, err)
	}
	started := time.Now()
	result, err := step(ctx)
	h.queue.hooks.Stepped(name, time.Since(started), err)
	if err != nil {
		return nil, err
	}
	err = h.queue.write(context.WithoutCancel(ctx), func(ctx context.Context, tx *session) error {
		done, err := tx.change(ctx, `INSERT INTO steps (job, name, result, started_at, finished_at)
			SELECT seq, ?, ?, ?, ? FROM jobs WHERE seq = ? AND fence = ? AND state = 'running'`,
			name, nonNil(result), millis(started), millis(time.Now()), h.Number, h.fence)
		if err != nil {
			return fmt.Errorf("store the step %s: %w", name, err)
		}
		if done.rows == 0 {
			return ErrLost
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// nonNil is a result that the database takes for one.
func nonNil(result []byte) []byte {
	if result == nil {
		return []byte{}
	}
	return result
}

// GoLive passes the point up to which another Job takes this one's place: from here on
// it is carried through. The error is the cause for which it may not be passed, a
// *SupersededError or ErrCancelled.
func (h *Held) GoLive(ctx context.Context) error {
	return h.queue.write(ctx, func(ctx context.Context, tx *session) error {
		var stopped Outcome
		var by sql.NullInt64
		row := tx.row(ctx, `UPDATE jobs SET is_live = (is_live OR stop = '') WHERE seq = ? AND fence = ? AND state = 'running'
			RETURNING CASE WHEN is_live THEN '' ELSE stop END, superseded_by`, h.Number, h.fence)
		err := row.Scan(&stopped, &by)
		switch {
		case isNone(err):
			return ErrLost
		case err != nil:
			return fmt.Errorf("take Job %d live: %w", h.Number, err)
		case stopped == Cancelled:
			return ErrCancelled
		case stopped != "":
			return &SupersededError{By: by.Int64}
		}
		return nil
	})
}

// keep renews the lease and stores notes until the function that it returns is called.
func (h *Held) keep(ctx context.Context) (stop func()) {
	ending := make(chan struct{})
	var kept sync.WaitGroup
	kept.Go(func() {
		renewal := time.NewTicker(h.queue.lease / 3)
		defer renewal.Stop()
		for {
			var err error
			select {
			case <-ending:
				return
			case <-h.noted:
				err = h.storeNotes(ctx)
				pause(ending, notesEvery)
			case <-renewal.C:
				err = h.renew(ctx)
			}
			switch {
			case errors.Is(err, ErrLost):
				h.cancel(ErrLost)
				return
			case errors.Is(err, ErrClosed):
				return // the Job was left in front of a step
			case err != nil:
				h.queue.logger.WarnContext(ctx, "a running Job could not be kept", "job", h.Number, "error", err)
			}
		}
	})
	return func() {
		close(ending)
		kept.Wait()
	}
}

func (h *Held) renew(ctx context.Context) error {
	return h.queue.write(context.WithoutCancel(ctx), func(ctx context.Context, tx *session) error {
		done, err := tx.change(ctx, "UPDATE jobs SET lease_until = ? WHERE seq = ? AND fence = ? AND state = 'running'",
			millis(h.queue.now().Add(h.queue.lease)), h.Number, h.fence)
		if err != nil {
			return fmt.Errorf("renew the lease: %w", err)
		}
		if done.rows == 0 {
			return ErrLost
		}
		return nil
	})
}
