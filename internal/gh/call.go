package gh

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/slipway-dev/slipway/internal/retry"
)

// operation names a call for people.
type operation struct {
	name       string // such as "set commit status"
	repository Repository
	permission string // what it needs, as a workflow spells it: "statuses: write"
}

// sdkCall is one call of the SDK. It checks that what came back is what was
// asked for: the SDK takes an empty body, and JSON of another shape, for a
// resource without fields.
type sdkCall[T any] func(context.Context, *github.Client) (T, *github.Response, error)

// attempt makes a call once, unless a rate limit is known to hold.
func attempt[T any](ctx context.Context, c *Client, op operation, call sdkCall[T]) (T, outcome) {
	if limit, wait := c.gate.holds(op, time.Now()); limit != nil {
		var none T
		return none, outcome{err: limit, status: limit.Status, wait: wait, retryable: true, unhandled: true}
	}
	// Not http.Client's own timeout: its timer ends with a body that is closed,
	// and the SDK leaves those of refusals open.
	limited, cancel := context.WithTimeoutCause(ctx, attemptTimeout, errTimeout)
	defer cancel()
	result, response, err := call(limited, c.sdk())
	if isAnswered := response != nil && response.StatusCode >= 300; err != nil && !isAnswered && limited.Err() != nil {
		err = context.Cause(limited)
	}
	return result, c.judge(ctx, op, response, err)
}

// errTimeout is the cause of the end of an attempt that takes too long.
var errTimeout = fmt.Errorf("nothing whole came within %s", attemptTimeout)

// repeat makes a call that may be made again: a read.
func repeat[T any](ctx context.Context, c *Client, op operation, call sdkCall[T]) (T, error) {
	var result T
	err := retry.Do(ctx, c.policy(ctx, op), func(ctx context.Context) error {
		answered, came := attempt(ctx, c, op, call)
		result = answered
		if came.retryable {
			return retry.Transient(came.err, came.wait)
		}
		return came.err
	})
	return result, err
}

// create makes a call that must take effect once. When it is not known whether
// an attempt did, find looks for its effect before the next one.
func create[T any](
	ctx context.Context, c *Client, op operation,
	find func(context.Context) (found T, ok bool, err error), call sdkCall[T],
) (T, error) {
	var result T
	unknown := false
	err := retry.Do(ctx, c.policy(ctx, op), func(ctx context.Context) error {
		if unknown {
			// A failing look-up has been repeated already; it ends the call.
			found, ok, err := find(ctx)
			if err != nil {
				return fmt.Errorf("%s: its answer was lost, and looking for its effect met: %w", op.name, err)
			}
			if ok {
				result = found
				return nil
			}
		}
		made, came := attempt(ctx, c, op, call)
		result = made
		if !came.retryable {
			return came.err
		}
		unknown = unknown || !came.unhandled
		return retry.Transient(came.err, came.wait)
	})
	return result, err
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
