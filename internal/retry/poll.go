package retry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// ErrBudget says that what was polled was not done within its budget.
var ErrBudget = errors.New("not done within the time allowed")

// Polling says how something unfinished is watched. Use DefaultPolling and
// change fields.
type Polling struct {
	// Every is the pace at the start, from the start of one look to the next.
	Every time.Duration
	// Steady is how long that pace is kept; after it, the pace is a sixteenth
	// of the time already waited.
	Steady time.Duration
	// Max bounds the pace.
	Max time.Duration
	// Budget is how long to watch in all, looks that are under way included; 0
	// means until the context ends.
	Budget time.Duration
}

// DefaultPolling looks twice a second for half a minute, then ever less often
// up to every 2 s, for at most 5 minutes. Twilio asks for about one look a
// second at a Build (its Build Status page); two calls a second are the most.
func DefaultPolling() Polling {
	return Polling{Every: 500 * time.Millisecond, Steady: 30 * time.Second, Max: 2 * time.Second, Budget: 5 * time.Minute}
}

// maxFailedLooks is how many looks in a row may fail.
const maxFailedLooks = 10

// Poll calls check, at once and then at the policy's pace, until it reports
// that it is done or returns an error. No two looks begin closer together than
// Every. check should make a single attempt: the next look is its repetition.
//
// An error that is marked with Transient does not end the watching. After it
// the pace doubles with each further failure up to 8 times Max, and is at least
// what the server asked for; the tenth failure in a row ends it with a
// GaveUpError, and so does a server that asks to wait past the end.
//
// The context of check ends with the budget, its cause being ErrBudget, which
// the error matches when the budget is used up first. When ctx ends, the error
// matches its cause. It is an *UnseenError when the looks were failing by then.
func Poll(ctx context.Context, polling Polling, check func(context.Context) (done bool, err error)) error {
	started := time.Now()
	if polling.Budget > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, started.Add(polling.Budget), ErrBudget)
		defer cancel()
	}
	watching := &watch{pollBackOff: pollBackOff{polling: polling, started: started}}
	watching.end, _ = ctx.Deadline()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return watching.cutOff(context.Cause(ctx))
		case <-timer.C:
		}
		looked := time.Now()
		done, err := check(ctx)
		switch {
		case err != nil && watching.failures > 0 && ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
			err = watching.cutOff(context.Cause(ctx))
		case err != nil:
			err = watching.fail(looked, err)
		default:
			watching.failures, watching.hint = 0, 0
		}
		if done || err != nil {
			return err
		}
		timer.Reset(time.Until(watching.next(looked)))
	}
}

// watch is what Poll remembers from look to look.
type watch struct {
	pollBackOff
	end time.Time // zero when there is none

	// Of the looks that failed in a row:
	failures int
	since    time.Time
	hint     time.Duration
	last     error
}

// fail returns nil when err may pass and there may be another look.
func (w *watch) fail(looked time.Time, err error) error {
	mark, ok := errors.AsType[*transientError](err)
	if !ok {
		return err
	}
	if w.failures == 0 {
		w.since = looked
	}
	w.failures++
	w.hint, w.last = mark.after, unmark(err, mark)
	gaveUp := &GaveUpError{Attempts: w.failures, Elapsed: time.Since(w.since), Err: w.last}
	if w.hint > 0 && !w.end.IsZero() && time.Until(w.end) < w.hint {
		gaveUp.Asked = w.hint
		return gaveUp
	}
	if w.failures == maxFailedLooks {
		return gaveUp
	}
	return nil
}

// next returns when to look again.
func (w *watch) next(looked time.Time) time.Time {
	pace := w.NextBackOff()
	if w.failures > 0 {
		pace = max(pace, min(w.polling.Every<<(w.failures-1), 8*w.polling.Max))
	}
	next := looked.Add(pace)
	if hinted := time.Now().Add(w.hint); w.hint > 0 && hinted.After(next) {
		return hinted
	}
	if w.end.IsZero() {
		return next
	}
	// The last look comes early enough for its answer.
	soonest, last := looked.Add(w.polling.Every), w.end.Add(-w.polling.Every)
	switch {
	case soonest.After(last):
		return w.end.Add(w.polling.Every) // not before the end
	case next.After(last):
		return last
	default:
		return next
	}
}

// cutOff says what the last look met, if it failed, beside the cause of the end.
func (w *watch) cutOff(cause error) error {
	if w.failures == 0 {
		return cause
	}
	return &UnseenError{Cause: cause, Last: w.last}
}

// UnseenError says that the watching ended while looks failed.
type UnseenError struct {
	// Cause is why it ended, such as ErrBudget.
	Cause error
	// Last is what the last look met that was not cut off by the end.
	Last error
}

// Error tells both.
func (e *UnseenError) Error() string {
	return fmt.Sprintf("%v; the last look met: %v", e.Cause, e.Last)
}

// Unwrap returns both.
func (e *UnseenError) Unwrap() []error { return []error{e.Cause, e.Last} }

// pollBackOff slows down with the time already waited: what has taken a minute
// is seldom done a second later.
type pollBackOff struct {
	polling Polling
	started time.Time
}

func (b *pollBackOff) Reset() { b.started = time.Now() }

func (b *pollBackOff) NextBackOff() time.Duration {
	waited := time.Since(b.started)
	if waited < b.polling.Steady {
		return b.polling.Every
	}
	return min(max(waited/16, b.polling.Every), b.polling.Max)
}

var _ backoff.BackOff = (*pollBackOff)(nil)
