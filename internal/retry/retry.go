// Package retry holds every rule by which Slipway tries again or waits: when an
// operation is repeated (Do), and how something unfinished is watched (Poll).
// Policies are values that callers inject, so that tests can scale time.
//
// What may be repeated is the caller's knowledge: an operation marks an error
// with Transient, and everything unmarked ends the attempts at once. Only this
// package knows the backoff library. Level 0: it imports nothing of the project.
package retry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Policy says how often and how patiently an operation is repeated. Use Default
// and change fields; the zero value makes a single attempt.
type Policy struct {
	// Initial is the wait after the first attempt, before jitter.
	Initial time.Duration
	// Max bounds each wait before jitter; jitter moves it by at most half.
	Max time.Duration
	// MaxAttempts counts the first attempt too; below 1 means 1.
	MaxAttempts int
	// MaxElapsed bounds the time spent waiting between attempts, all waits
	// together; the next wait that would pass it ends the attempts. What the
	// attempts themselves take does not count, so that slow failures get as many
	// attempts as quick ones; the context's deadline bounds the whole. 0 means no
	// bound.
	MaxElapsed time.Duration
	// Notify, when set, is told of each wait before it begins.
	Notify func(Wait)
}

// Wait is one pause between two attempts.
type Wait struct {
	// Attempt is the 1-based attempt that did not succeed; in front of the first, which
	// is held, it is 0.
	Attempt int
	// For is how long the pause lasts.
	For time.Duration
	// Cause is why the attempt did not succeed.
	Cause error
}

// Default is the policy for calls to a platform: up to 12 attempts that wait
// from a quarter of a second to 15 s, about a minute and a half of waiting.
func Default() Policy {
	return Policy{Initial: 250 * time.Millisecond, Max: 15 * time.Second, MaxAttempts: 12, MaxElapsed: 3 * time.Minute}
}

// Scaled returns the policy with every duration multiplied by factor, for tests
// that run a long policy in a short time.
func (p Policy) Scaled(factor float64) Policy {
	for _, d := range []*time.Duration{&p.Initial, &p.Max, &p.MaxElapsed} {
		*d = time.Duration(float64(*d) * factor)
	}
	return p
}

// transientError marks an error after which the operation may be repeated.
type transientError struct {
	err    error
	after  time.Duration
	isHeld bool // nothing was tried
}

func (e *transientError) Error() string { return e.err.Error() }
func (e *transientError) Unwrap() error { return e.err }

// Transient marks err as worth another attempt, not before after has passed
// (the server's hint; 0 when it gave none). It returns nil for nil.
func Transient(err error, after time.Duration) error {
	if err == nil {
		return nil
	}
	return &transientError{err: err, after: after}
}

// Held marks err as what kept an operation from being tried, and is over after that
// time. It is then tried without any other wait, and it counts for no attempt: where
// many operations share a limit, each meets it because of the others. The wait counts
// towards MaxElapsed, and a policy of a single attempt has none. It returns nil for nil.
func Held(err error, after time.Duration) error {
	if err == nil {
		return nil
	}
	return &transientError{err: err, after: after, isHeld: true}
}

// GaveUpError says that an operation was repeated as often as the policy allows.
type GaveUpError struct {
	// Attempts is how often the operation was tried.
	Attempts int
	// Elapsed is the time from the first attempt to the last answer.
	Elapsed time.Duration
	// Asked is the wait that the server asked for, when it was longer than may
	// be waited; 0 when it was not the reason to give up.
	Asked time.Duration
	// Err is what the last attempt met.
	Err error
}

// Error tells the attempts and the last cause.
func (e *GaveUpError) Error() string {
	after := "the first attempt"
	if e.Attempts > 1 {
		after = fmt.Sprintf("%d attempts in %s", e.Attempts, e.Elapsed.Round(100*time.Millisecond))
	}
	if e.Asked > 0 {
		after += fmt.Sprintf(", as the server asks to wait %s", e.Asked)
	}
	return fmt.Sprintf("%v (gave up after %s)", e.Err, after)
}

// Unwrap returns the last cause.
func (e *GaveUpError) Unwrap() error { return e.Err }

// Do runs operation until it returns nil or an error that is not Transient, the
// policy is used up, or ctx ends. A server's hint that reaches past MaxElapsed
// or ctx's deadline ends the attempts at once. When ctx ends, the returned error matches
// both the context's error and the last cause. Do is safe for concurrent use;
// operation runs on the caller's goroutine.
func Do(ctx context.Context, policy Policy, operation func(context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	started := time.Now()
	attempts := 0
	var last, transient error // transient is the newest of its kind
	isWaiting := false
	waits := policy.backOff(ctx)
	err := backoff.RetryNotify(func() error {
		attempts++
		last = operation(ctx)
		if again, ok := errors.AsType[*transientError](last); ok {
			last = unmark(last, again)
			transient, isWaiting = last, true
			waits.hint, waits.isHeld = again.after, again.isHeld
			if again.isHeld {
				attempts--
			}
			return last
		}
		isWaiting = false
		if last == nil {
			return nil
		}
		return backoff.Permanent(last)
	}, backoff.WithContext(waits, ctx), func(cause error, wait time.Duration) {
		if policy.Notify != nil {
			policy.Notify(Wait{Attempt: attempts, For: wait, Cause: cause})
		}
	})
	switch {
	case err == nil:
		return nil
	case waits.stopped:
		return &GaveUpError{Attempts: attempts, Elapsed: time.Since(started), Asked: waits.asked, Err: last}
	case ctx.Err() != nil && transient != nil && (isWaiting || errors.Is(last, ctx.Err())):
		// What was repeated says more than that its last attempt was cut off.
		return fmt.Errorf("%w; the last attempt met: %w", context.Cause(ctx), transient)
	default:
		return last
	}
}

// unmark takes the mark off when it is the outermost layer, so that messages
// and types are those of the operation.
func unmark(err error, mark *transientError) error {
	if err == error(mark) { //nolint:errorlint // identity is the question: only the outermost layer comes off.
		return mark.err
	}
	return err
}

func (p Policy) backOff(ctx context.Context) *boundedBackOff {
	deadline, _ := ctx.Deadline()
	return &boundedBackOff{
		BackOff: backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(p.Initial),
			backoff.WithMaxInterval(p.Max),
			backoff.WithMultiplier(2),
			backoff.WithRandomizationFactor(0.5),
			backoff.WithMaxElapsedTime(0), // it would count the attempts' own time
		),
		left: max(p.MaxAttempts, 1) - 1, isSingle: p.MaxAttempts <= 1, maxWaiting: p.MaxElapsed, deadline: deadline,
	}
}

// boundedBackOff waits at least as long as the server asked for. It stops after
// a number of waits (the library's own WithMaxRetries treats 0 as "for ever"),
// when the waits would be too long together, and instead of waiting towards a
// hint that lies behind the deadline.
type boundedBackOff struct {
	backoff.BackOff
	left       int
	isSingle   bool          // nothing is waited for
	maxWaiting time.Duration // 0 when there is no bound
	deadline   time.Time     // zero when there is none
	hint       time.Duration
	isHeld     bool // the hint is the whole wait

	waited  time.Duration
	stopped bool
	asked   time.Duration // the hint that was the reason to stop
}

// shortestWait is the least for what was held, lest it spins.
const shortestWait = time.Millisecond

func (b *boundedBackOff) NextBackOff() time.Duration {
	hint, isHeld := b.hint, b.isHeld
	b.hint, b.isHeld, b.stopped = 0, false, true
	if b.left <= 0 && (!isHeld || b.isSingle) {
		return backoff.Stop
	}
	wait := max(hint, shortestWait)
	if !isHeld {
		wait = max(b.BackOff.NextBackOff(), hint)
	}
	isTooLong := b.maxWaiting > 0 && b.waited+wait > b.maxWaiting
	isPastDeadline := hint > 0 && !b.deadline.IsZero() && time.Until(b.deadline) < wait
	if isTooLong || isPastDeadline {
		if wait == hint {
			b.asked = hint
		}
		return backoff.Stop
	}
	b.waited, b.stopped = b.waited+wait, false
	if !isHeld {
		b.left--
	}
	return wait
}
