package gh

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/secret"
)

// operation names a call for people.
type operation struct {
	name       string // such as "set commit status"
	repository Repository
	permission string // what it needs, as a workflow spells it: "statuses: write"

	token secret.String // that an attempt is signed with
}

// sdkCall is one call of the SDK. It checks that what came back is what was
// asked for: the SDK takes an empty body, and JSON of another shape, for a
// resource without fields.
type sdkCall[T any] func(context.Context, *github.Client) (T, *github.Response, error)

// attempt makes a call once, unless a rate limit is known to hold.
func attempt[T any](ctx context.Context, c *Client, op operation, call sdkCall[T]) (T, outcome) {
	if limit, wait := c.gate.holds(op, time.Now()); limit != nil {
		var none T
		return none, outcome{err: limit, wait: wait, retryable: true, unhandled: true, held: true}
	}
	token, err := c.credential.token(ctx)
	if err != nil { // for which it was tried as often as may be
		var none T
		return none, outcome{err: fmt.Errorf("%s: %w", op.name, err), unhandled: true}
	}
	op.token = token
	// Not http.Client's own timeout: its timer ends with a body that is closed,
	// and the SDK leaves those of refusals open.
	limited, cancel := context.WithTimeoutCause(ctx, attemptTimeout, errTimeout)
	defer cancel()
	result, response, err := call(limited, c.sdk(token))
	if isAnswered := response != nil && response.StatusCode >= 300; err != nil && !isAnswered && limited.Err() != nil {
		err = context.Cause(limited)
	}
	came := c.judge(ctx, op, response, err)
	if lacks, is := tokenRefusal(came.err); is && c.credential.refused(token, lacks, response.Header) {
		came.retryable = true
	}
	return result, came
}

// errTimeout is the cause of the end of an attempt that takes too long.
var errTimeout = fmt.Errorf("nothing whole came within %s", attemptTimeout)

// repeat tries until it comes to an end: success, an error that will not pass,
// or the end of the retry policy.
func (c *Client) repeat(ctx context.Context, op operation, try func(context.Context) outcome) error {
	return retry.Do(ctx, c.policy(ctx, op), func(ctx context.Context) error {
		came := try(ctx)
		if came.held {
			return retry.Held(came.err, came.wait)
		}
		if came.retryable {
			return retry.Transient(came.err, came.wait)
		}
		return came.err
	})
}

// read makes a call that changes nothing until it has its answer.
func read[T any](ctx context.Context, c *Client, op operation, call sdkCall[T]) (T, error) {
	var result T
	err := c.repeat(ctx, op, func(ctx context.Context) (came outcome) {
		result, came = attempt(ctx, c, op, call)
		return came
	})
	return result, err
}

// creation is a call that must take effect once.
type creation struct {
	operation
	// looksFirst asks for the effect before the first attempt as well.
	looksFirst bool
	// settles is how long a call whose answer was lost may still take effect. Until
	// then its effect is looked for, and the call not made again. 0 is for what does
	// no harm when it is there twice.
	settles time.Duration
	// isThere looks for the effect.
	isThere func(context.Context) (bool, outcome)
	// send makes the call once.
	send func(context.Context) outcome
}

// create repeats a creation until its effect is there. When it is not known
// whether an attempt had it, the next one begins with a look. isMade tells
// whether it was this call that had it.
func (c *Client) create(ctx context.Context, one creation) (isMade bool, err error) {
	looks, mayBeMade := one.looksFirst, false
	var lost error
	var settled time.Time
	err = c.repeat(ctx, one.operation, func(ctx context.Context) outcome {
		if looks {
			isThere, came := one.isThere(ctx)
			if came.err != nil && mayBeMade {
				came.err = fmt.Errorf("%s: its answer was lost, and looking for its effect met: %w", one.name, came.err)
			}
			if came.err != nil || isThere {
				return came
			}
			if left := time.Until(settled); left > 0 {
				return outcome{err: lost, wait: left, retryable: true}
			}
		}
		came := one.send(ctx)
		if !came.unhandled {
			mayBeMade, lost, settled = true, came.err, time.Now().Add(one.settles)
		}
		looks = mayBeMade
		return came
	})
	return mayBeMade && err == nil, err
}

// policy is the retry policy with a log: each wait at debug, long ones at info.
func (c *Client) policy(ctx context.Context, op operation) retry.Policy {
	policy := c.retry
	notify := policy.Notify
	policy.Notify = func(wait retry.Wait) {
		if notify != nil {
			notify(wait)
		}
		level := slog.LevelDebug
		if wait.For >= 5*time.Second {
			level = slog.LevelInfo
		}
		c.logger.Log(ctx, level, "call will be repeated", "operation", op.name,
			"attempt", wait.Attempt, "wait_ms", wait.For.Milliseconds(), "cause", wait.Cause.Error())
	}
	return policy
}
