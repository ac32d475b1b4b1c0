package retry

import (
	"context"
	"errors"
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
	// Budget is how long to watch in all; 0 means until the context ends.
	Budget time.Duration
}

// DefaultPolling looks twice a second for half a minute, then ever less often
// up to every 2 s, for at most 5 minutes. Twilio asks for about one look a
// second at a Build (its Build Status page); two calls a second are the most.
func DefaultPolling() Polling {
	return Polling{Every: 500 * time.Millisecond, Steady: 30 * time.Second, Max: 2 * time.Second, Budget: 5 * time.Minute}
}

// Poll calls check, at once and then at the policy's pace, until it reports
// that it is done or returns an error. It returns ErrBudget when the budget is
// used up first, and the context's cause when that ends.
func Poll(ctx context.Context, polling Polling, check func(context.Context) (done bool, err error)) error {
	started := time.Now()
	pace := &pollBackOff{polling: polling, started: started}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
		}
		looked := time.Now()
		done, err := check(ctx)
		if done || err != nil {
			return err
		}
		next := looked.Add(pace.NextBackOff())
		if end := started.Add(polling.Budget); polling.Budget > 0 && next.After(end) {
			if !time.Now().Before(end) {
				return ErrBudget
			}
			next = end // one last look when the budget ends
		}
		timer.Reset(time.Until(next))
	}
}

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
