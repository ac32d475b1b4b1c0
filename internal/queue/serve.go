package queue

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/slipway-dev/slipway/internal/problem"
)

// End is how a runner leaves a Job. Its zero value is that of one that was done.
type End struct {
	// Outcome is how it ended; empty means Done.
	Outcome Outcome
	// Reason says why, in one line; may be empty.
	Reason string
	// Again, when it is above 0, has it not end: it is tried again after so long, and
	// keeps its place and the results of its steps.
	Again time.Duration
	// Result is what came of it.
	Result []byte
	// Verdict, when it is set, is what was decided about the Job's Delivery; Reason
	// says why.
	Verdict string
	// Stands says whether the Job is what people look for in its lane from now on, and
	// Cleared names lanes in which there is nothing to look for any more.
	Stands  Standing
	Cleared []string
	// Then are Jobs that are stored together with the end.
	Then []Wanted
}

// Standing says whether a Job that has ended is what people look for in its lane, such
// as the one whose commit is live there. There is one at most, and it is kept however
// old it is. The zero value leaves whatever stands there.
type Standing int

// The ways to stand.
const (
	// StandsNow has the Job take the place of what stands there.
	StandsNow Standing = iota + 1
	// StandsAlone has it stand where nothing does.
	StandsAlone
)

// Serve has Jobs of a kind run, so many at once, until ctx ends. It then begins no
// more, and returns when each that runs has ended or come to the border of a step, in
// front of which it is left: the next Open finds it ready to go on from there.
//
// The context that run gets does not end with ctx. It ends, with a cause, when the Job
// is superseded, cancelled or lost. Where a Job was stopped it ends as that, whatever
// run says, unless it had gone live. A run that panics has failed.
func (q *Queue) Serve(ctx context.Context, kind string, workers int, run func(context.Context, *Held) End) {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				held, own, err := q.take(ctx, kind)
				if err != nil {
					if ctx.Err() == nil && !errors.Is(err, ErrClosed) {
						q.logger.ErrorContext(ctx, "no Job could be taken", "kind", kind, "error", err)
						pause(ctx.Done(), pollEvery)
						continue
					}
					return
				}
				q.runHeld(own, held, run)
			}
		})
	}
	all.Wait()
}

// runHeld runs a Job until it has ended, or is left in front of a step.
func (q *Queue) runHeld(ctx context.Context, held *Held, run func(context.Context, *Held) End) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		stopKeeping := held.keep(ctx)
		var end End
		if err := problem.Guard(func() error { end = run(ctx, held); return nil }); err != nil {
			end = End{Outcome: Failed, Reason: err.Error()}
			if panicked, ok := errors.AsType[*problem.PanicError](err); ok {
				q.logger.ErrorContext(ctx, "a Job panicked", "job", held.Number, "stack", string(panicked.Stack))
			}
		}
		stopKeeping()
		if err := q.finish(context.WithoutCancel(ctx), held, end); err != nil {
			q.logger.ErrorContext(ctx, "the end of a Job could not be stored", "job", held.Number, "error", err)
		}
		q.release(held)
	}()
	select {
	case <-ended:
	case <-held.parked:
	}
}

func (q *Queue) hold(held *Held) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held[held.Number] = held
}

func (q *Queue) release(held *Held) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held[held.Number] == held {
		delete(q.held, held.Number)
	}
	held.cancel(nil)
}

func (q *Queue) isHeld(number int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held[number] != nil
}

// stop ends the context of a Job that this process runs.
func (q *Queue) stop(number int64, cause error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if held := q.held[number]; held != nil {
		held.cancel(cause)
	}
}

// take waits for a Job of a kind that is due, and makes it this process's. The context
// is the Job's own.
func (q *Queue) take(ctx context.Context, kind string) (*Held, context.Context, error) {
	for {
		if err := q.reclaim(ctx, q.now()); err != nil {
			return nil, nil, err
		}
		held, own := q.newHeld(ctx)
		var next sql.NullInt64
		err := q.write(ctx, func(ctx context.Context, tx *session) error {
			err := held.takeNow(ctx, tx, kind)
			if isNone(err) {
				return tx.row(ctx, "SELECT min(due_at) FROM jobs WHERE kind = ? AND state = 'ready'", kind).Scan(&next)
			}
			if err == nil {
				q.hold(held) // so that whoever supersedes it next finds it
			}
			return err
		})
		if err != nil {
			q.release(held)
			return nil, nil, fmt.Errorf("take a Job: %w", err)
		}
		if held.Number > 0 {
			q.wake(kind) // there may be another one for another worker
			return held, own, nil
		}
		held.cancel(nil)
		atMost := pollEvery
		if next.Valid {
			atMost = min(atMost, fromMillis(next).Sub(q.now()))
		}
		select {
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-q.closing:
			return nil, nil, ErrClosed
		case <-q.wakeOf(kind):
		case <-time.After(atMost):
		}
	}
}

// newHeld is where a Job is read into, with its context.
func (q *Queue) newHeld(ctx context.Context) (*Held, context.Context) {
	held := &Held{queue: q, draining: ctx.Done(), parked: make(chan struct{}), noted: make(chan struct{}, 1)}
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	held.cancel = cancel
	return held, own
}

// takeNow takes the oldest Job that is due: of those that are due at once, or of those
// that are to be tried again.
func (h *Held) takeNow(ctx context.Context, tx *session, kind string) error {
	now := h.queue.now()
	const ready = "SELECT seq FROM jobs WHERE kind = ?3 AND state = 'ready' AND "
	row := tx.row(ctx, `UPDATE jobs SET state = 'running', attempts = attempts + 1, fence = fence + 1, lease_until = ?1, started_at = coalesce(started_at, ?2)
		WHERE seq = coalesce(
			min((`+ready+`due_at = 0 ORDER BY seq LIMIT 1), (`+ready+`due_at BETWEEN 1 AND ?2 ORDER BY due_at, seq LIMIT 1)),
			(`+ready+`due_at <= ?2 ORDER BY due_at, seq LIMIT 1))
		RETURNING `+jobColumns+", fence, (SELECT coalesce(max(n), 0) FROM notes WHERE job = seq)", millis(now.Add(h.queue.lease)), millis(now), kind)
	var err error
	h.Job, err = scanJob(func(into ...any) error { return row.Scan(append(into, &h.fence, &h.lastNote)...) })
	return err
}

// everything is later than any lease.
var everything = time.UnixMilli(1 << 52) //nolint:gochecknoglobals // a constant in all but the word.

// reclaim makes the Jobs ready again whose lease has ended by a time, and that this
// process does not run: of those it knows better than any clock, which may jump. Those
// that were to stop, and have not gone live, end.
func (q *Queue) reclaim(ctx context.Context, by time.Time) error {
	lapsed, err := many(ctx, q, func(scan func(...any) error) (number int64, err error) { return number, scan(&number) },
		"SELECT seq FROM jobs WHERE state = 'running' AND lease_until <= ?", millis(by))
	lapsed = slices.DeleteFunc(lapsed, q.isHeld)
	if err != nil || len(lapsed) == 0 {
		return err
	}
	made := &adding{}
	err = q.write(ctx, func(ctx context.Context, tx *session) error {
		*made = adding{tx: tx, now: q.now()}
		for _, number := range lapsed {
			if err := made.reclaim(ctx, number, by); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take Jobs back from where they ran: %w", err)
	}
	q.follow(made)
	return nil
}

func (a *adding) reclaim(ctx context.Context, number int64, by time.Time) error {
	const lapsed = " WHERE seq = ? AND state = 'running' AND lease_until <= ? "
	var kind string
	err := a.tx.row(ctx, "UPDATE jobs SET state = 'ready', fence = fence + 1, due_at = 0, attempts = attempts - 1"+
		lapsed+"AND (stop = '' OR is_live = 1) RETURNING kind", number, millis(by)).Scan(&kind)
	if !isNone(err) {
		a.wakes = append(a.wakes, kind)
		return err
	}
	ended, err := a.tx.change(ctx, "UPDATE jobs SET state = 'ended', fence = fence + 1, outcome = stop, ended_at = ?"+lapsed, millis(a.now), number, millis(by))
	if err != nil || ended.rows == 0 {
		return err
	}
	return a.leave(ctx, number)
}

// leave has the lane of a Job that has ended go on.
func (a *adding) leave(ctx context.Context, ended int64) error {
	if err := a.addFollowing(ctx, ended); err != nil {
		return err
	}
	var lane string
	if err := a.tx.row(ctx, "SELECT lane FROM jobs WHERE seq = ?", ended).Scan(&lane); err != nil {
		return err
	}
	return a.advance(ctx, lane)
}

// finish stores the end of a Job.
func (q *Queue) finish(ctx context.Context, held *Held, end End) error {
	if end.Outcome == "" {
		end.Outcome = Done
	}
	made := &adding{now: q.now(), delivery: sql.NullInt64{Int64: held.Delivery, Valid: held.Delivery > 0}}
	err := q.write(ctx, func(ctx context.Context, tx *session) error {
		*made = adding{tx: tx, now: made.now, delivery: made.delivery}
		if err := held.writeNotes(ctx, tx, held.untold()); err != nil {
			return err
		}
		return made.finish(ctx, held, end)
	})
	if err != nil {
		return err
	}
	q.tellNoted(held.Number)
	q.follow(made)
	return nil
}

func (a *adding) finish(ctx context.Context, held *Held, end End) error {
	var stop Outcome
	var isLive bool
	var why string // it was cancelled
	row := a.tx.row(ctx, "SELECT stop, is_live, reason FROM jobs WHERE seq = ? AND fence = ? AND state = 'running'", held.Number, held.fence)
	if err := row.Scan(&stop, &isLive, &why); isNone(err) {
		return ErrLost
	} else if err != nil {
		return err
	}
	if end.Again > 0 && stop == "" {
		err := a.tx.exec(ctx, "UPDATE jobs SET state = 'ready', reason = ?, due_at = ?, result = ? WHERE seq = ?",
			end.Reason, millis(a.now.Add(end.Again)), end.Result, held.Number)
		a.wakes, a.again = append(a.wakes, held.Kind), held.Kind
		return err
	}
	if stop != "" && !isLive {
		end.Outcome, end.Verdict, end.Then, end.Stands = stop, "", nil, 0
		end.Reason = cmp.Or(end.Reason, why)
	}
	if err := a.tx.exec(ctx, "UPDATE jobs SET state = 'ended', outcome = ?, reason = ?, result = ?, ended_at = ? WHERE seq = ?",
		end.Outcome, end.Reason, end.Result, millis(a.now), held.Number); err != nil {
		return err
	}
	if end.Verdict != "" {
		if err := a.tx.exec(ctx, "UPDATE deliveries SET decided_at = ?, verdict = ?, reason = ? WHERE seq = ?",
			millis(a.now), end.Verdict, end.Reason, held.Delivery); err != nil {
			return err
		}
		a.verdict = end.Verdict
	}
	if err := a.stand(ctx, held, end); err != nil {
		return err
	}
	if err := a.add(ctx, end.Then...); err != nil {
		return err
	}
	return a.leave(ctx, held.Number)
}

// stand keeps what people look for in each lane.
func (a *adding) stand(ctx context.Context, held *Held, end End) error {
	cleared := end.Cleared
	if end.Stands == StandsNow {
		cleared = append(slices.Clone(cleared), held.Lane)
	}
	for _, lane := range cleared {
		if err := a.tx.exec(ctx, "UPDATE jobs SET standing = 0 WHERE lane = ? AND standing = 1", lane); err != nil {
			return err
		}
	}
	if end.Stands == 0 {
		return nil
	}
	return a.tx.exec(ctx, "UPDATE OR IGNORE jobs SET standing = 1 WHERE seq = ?", held.Number)
}

// wake has one worker of a kind look.
func (q *Queue) wake(kind string) {
	select {
	case q.wakeOf(kind) <- struct{}{}:
	default: // one is awake already, and wakes the next when it finds a Job
	}
}

func (q *Queue) wakeOf(kind string) chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.wakes[kind] == nil {
		q.wakes[kind] = make(chan struct{}, 1)
	}
	return q.wakes[kind]
}

// pause waits for a while, or until ending is closed.
func pause(ending <-chan struct{}, long time.Duration) {
	select {
	case <-ending:
	case <-time.After(long):
	}
}
