// Package follow reads the Logs of an Environment as they come: a Window looks
// again and again and returns each entry once, and a Follower keeps looking until
// it is told to stop, through failures that pass. Level 2: it imports retry and
// twilio.
package follow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

const (
	// Entries come to the listing late and out of order (streams/logs.ts of the
	// official Toolkit); how late is not documented. So a look reaches back behind
	// the newest entry seen, by a time and by a number, whichever is farther: where
	// few come, to wait longer for late ones costs nothing.
	logOverlap        = time.Minute
	logOverlapEntries = 50 // as many as the Toolkit looks at

	// The pace of looks: quickest while entries come, slowest once none have come
	// for a while. One call at a time takes next to nothing of the account's limit.
	quickestLook = time.Second
	slowestLook  = 5 * time.Second
	// staleAfter is how old the last good look may be when the time is up, in slowest
	// looks.
	staleAfter = 3
)

// Window reads an Environment's Logs look by look, and returns each once,
// whatever pages shift and whichever of them share a second.
type Window struct {
	// Read lists the Logs from about a time on, in any order; others may be
	// among them.
	Read func(ctx context.Context, after time.Time) iter.Seq2[twilio.Log, error]
	// Now tells the time on the clock by which Logs are dated.
	Now func() time.Time
	// Since is where the first look begins.
	Since time.Time

	from   time.Time // how far the last look reached back; it never goes back
	newest time.Time // the time of the newest entry seen, or of the look if that was earlier
	seen   map[twilio.LogSID]time.Time
}

// Look returns what was not there at earlier looks, oldest first. A look that
// fails returns nothing, and leaves what it has read to the next.
func (w *Window) Look(ctx context.Context) ([]twilio.Log, error) {
	began, from := w.Now(), latest(w.Since, w.from, w.overlap()).Truncate(time.Second) // as Logs are dated
	found, newest := make(map[twilio.LogSID]time.Time), w.newest
	var fresh []twilio.Log
	// A second earlier: whether what is dated like the bound counts is not documented.
	for log, err := range w.Read(ctx, from.Add(-time.Second)) {
		if err != nil {
			return nil, err
		}
		if log.DateCreated != nil && log.DateCreated.Before(from) {
			continue
		}
		_, isOld := w.seen[log.SID]
		_, isTwice := found[log.SID]
		if isOld || isTwice {
			continue
		}
		fresh = append(fresh, log)
		found[log.SID] = dated(log)
		newest = latest(newest, dated(log))
	}
	if w.seen == nil {
		w.seen = make(map[twilio.LogSID]time.Time)
	}
	maps.Copy(w.seen, found)
	maps.DeleteFunc(w.seen, func(_ twilio.LogSID, at time.Time) bool { return !at.IsZero() && at.Before(from) })
	w.from, w.newest = from, earliest(newest, began) // no wrong clock may lead past what is to come
	slices.Reverse(fresh)                            // the listing is about newest first
	slices.SortStableFunc(fresh, func(a, b twilio.Log) int { return dated(a).Compare(dated(b)) })
	return fresh, nil
}

// overlap is how far the next look must reach back at least; zero when that is
// as far as the first one.
func (w *Window) overlap() time.Time {
	if len(w.seen) < logOverlapEntries {
		return time.Time{}
	}
	newestFirst := slices.SortedFunc(maps.Values(w.seen), func(a, b time.Time) int { return b.Compare(a) })
	return earliest(newestFirst[logOverlapEntries-1], w.newest.Add(-logOverlap))
}

// dated is when a Log was written; zero when the API does not tell.
func dated(log twilio.Log) time.Time {
	if log.DateCreated == nil {
		return time.Time{}
	}
	return *log.DateCreated
}

func earliest(times ...time.Time) time.Time { return slices.MinFunc(times, time.Time.Compare) }

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// Follower shows entries as they come.
type Follower struct {
	// Look returns what is new, oldest first.
	Look func(context.Context) ([]twilio.Log, error)
	// Show is told what each look brought, nothing too. Its error ends it all.
	Show func([]twilio.Log) error
	// Failing is told when looks begin to fail, and Recovered when they no longer
	// do.
	Failing   func(error)
	Recovered func()
	// Scale stretches the pace, which is a look every 1 to 5 s; 0 means 1. Tests
	// shrink it.
	Scale float64
}

// Run looks until ctx ends, or a look meets what will not pass. The error
// matches the cause of ctx's end; it is nil when that was its deadline, and
// the last look is not long ago.
func (f *Follower) Run(ctx context.Context) error {
	var failure error
	good := time.Now() // when the last look that succeeded began
	news := good       // when something last came
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return f.ended(ctx, good, failure)
		case <-timer.C:
		}
		began := time.Now()
		logs, err := f.Look(ctx)
		switch {
		case err == nil:
			if failure != nil {
				f.Recovered()
			}
			failure, good = nil, began
			if len(logs) > 0 {
				news = began
			}
			if err := f.Show(logs); err != nil {
				return err
			}
			timer.Reset(f.pace(time.Since(news)))
		case ctx.Err() != nil:
			return f.ended(ctx, good, err)
		case !mayPass(err):
			return err
		default:
			if failure == nil {
				f.Failing(err)
			}
			failure = err
			timer.Reset(f.scaled(slowestLook))
		}
	}
}

// ended says why it is over. failure is what the last look met.
func (f *Follower) ended(ctx context.Context, good time.Time, failure error) error {
	cause := context.Cause(ctx)
	switch {
	case !errors.Is(cause, context.DeadlineExceeded):
		return cause
	case time.Since(good) < staleAfter*f.scaled(slowestLook):
		return nil
	case failure == nil:
		return cause
	case errors.Is(failure, context.DeadlineExceeded):
		return failure // it tells the cause
	default:
		return fmt.Errorf("%w; the last look met: %w", cause, failure)
	}
}

// pace is how long to wait for the next look, by how long nothing came.
func (f *Follower) pace(quiet time.Duration) time.Duration {
	return min(max(quiet/16, f.scaled(quickestLook)), f.scaled(slowestLook))
}

func (f *Follower) scaled(wait time.Duration) time.Duration {
	return time.Duration(float64(wait) * cmp.Or(f.Scale, 1))
}

// mayPass tells a network or a platform that fails from one that says no. The
// address answered before looks began, so it is right.
func mayPass(err error) bool {
	if _, ok := errors.AsType[*retry.GaveUpError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*twilio.UnreadableError](err); ok {
		return true
	}
	_, ok := errors.AsType[*twilio.BrokenError](err)
	return ok
}
