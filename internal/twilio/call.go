package twilio

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
)

// request is one operation, ready to be sent any number of times.
type request struct {
	op     string // the operation's name, for people
	method string
	base   *url.URL
	path   string // escaped, from /v1 on
	query  string // encoded
	form   url.Values
	body   *uploadBody // instead of form
	// confidential says that replies may hold values of variables, what a
	// Function wrote, or its source, so that no error may quote them.
	confidential bool
}

// resource is what a reply decodes into. Its check tells a JSON document of
// another shape from the resource that was asked for.
type resource interface{ check() error }

// get sends a read. It is repeated after anything that may pass.
func get[T resource](ctx context.Context, c *Client, op string, path ...string) (T, error) {
	return repeat[T](ctx, c, c.request(op, http.MethodGet, nil, path...))
}

// update sends a write that may be repeated: doing it twice is doing it once.
func update[T resource](ctx context.Context, c *Client, op string, form url.Values, path ...string) (T, error) {
	return repeat[T](ctx, c, c.request(op, http.MethodPost, form, path...))
}

// lookUp finds what a create made, or would make again.
type lookUp[T resource] struct {
	find func(context.Context) (found T, ok bool, err error)
	// byName says that the API allows one resource of that name, so that a 400
	// may mean that it is taken. Which status the API gives is not documented.
	byName bool
}

// create sends a write that must not be done twice. When it is not known
// whether an attempt took effect, look finds the result before the next one.
// It is also asked when the platform says that the state is taken or holds
// already, so that a create raced by someone else ends well.
func create[T resource](
	ctx context.Context, c *Client, op string, form url.Values, look lookUp[T], path ...string,
) (T, error) {
	r := c.request(op, http.MethodPost, form, path...)
	var result T
	unknown := false
	err := retry.Do(ctx, c.policy(ctx, op), func(ctx context.Context) error {
		if unknown {
			// A failing look-up has been repeated already; it ends the call.
			found, ok, err := look.find(ctx)
			if err != nil {
				return fmt.Errorf("%s: its answer was lost, and looking for its effect met: %w", op, err)
			}
			if ok {
				result = found
				return nil
			}
		}
		created, err := attempt[T](ctx, c, r)
		result = created
		switch verdict := judge(err); {
		case err == nil:
			return nil
		case verdict.untouched:
			return retry.Transient(err, verdict.after)
		case verdict.passing:
			unknown = true
			return retry.Transient(err, verdict.after)
		case verdict.taken, verdict.invalid && look.byName:
			if found, ok, findErr := look.find(ctx); findErr == nil && ok {
				result = found
				return nil
			}
		}
		return err
	})
	return result, err
}

func repeat[T resource](ctx context.Context, c *Client, r request) (T, error) {
	var result T
	err := retry.Do(ctx, c.policy(ctx, r.op), func(ctx context.Context) error {
		answered, err := try[T](ctx, c, r)
		result = answered
		return err
	})
	return result, err
}

// try is a single attempt of a call that may be repeated; the error says
// whether it is worth it.
func try[T resource](ctx context.Context, c *Client, r request) (T, error) {
	answered, err := attempt[T](ctx, c, r)
	if verdict := judge(err); verdict.untouched || verdict.passing {
		return answered, retry.Transient(err, verdict.after)
	}
	return answered, err
}

// policy is the retry policy with a log: each wait at debug, long ones at info.
func (c *Client) policy(ctx context.Context, op string) retry.Policy {
	policy := c.retry
	notify := policy.Notify
	told := false
	policy.Notify = func(wait retry.Wait) {
		if notify != nil {
			notify(wait)
		}
		level := slog.LevelDebug
		if wait.For >= 5*time.Second && !told {
			level, told = slog.LevelInfo, true
		}
		c.logger.Log(ctx, level, "call will be repeated", "operation", op,
			"attempt", wait.Attempt, "wait_ms", wait.For.Milliseconds(), "cause", wait.Cause.Error())
	}
	return policy
}

func (c *Client) request(op, method string, form url.Values, path ...string) request {
	return request{
		op: op, method: method, base: c.apiURL, path: joinPath(path), form: form,
		confidential: slices.ContainsFunc(path, isConfidential),
	}
}

// isConfidential knows the collections of resources that hold such things.
func isConfidential(segment string) bool {
	return segment == "Variables" || segment == "Logs" || segment == "Content"
}

// joinPath escapes each segment, so that a Service named by a person cannot
// lead elsewhere.
func joinPath(segments []string) string {
	escaped := make([]string, 0, len(segments)+1)
	escaped = append(escaped, "/v1")
	for _, segment := range segments {
		escaped = append(escaped, url.PathEscape(segment))
	}
	return strings.Join(escaped, "/")
}

// remove deletes a resource. What is gone is gone, whoever removed it: after an
// answer that was lost, nobody can tell.
func (c *Client) remove(ctx context.Context, op string, path ...string) error {
	r := c.request(op, http.MethodDelete, nil, path...)
	return retry.Do(ctx, c.policy(ctx, op), func(ctx context.Context) error {
		err := c.send(ctx, r, maxReply, func(body io.Reader) error {
			_, err := io.Copy(io.Discard, body)
			return err //nolint:wrapcheck // wrapped by send, with the operation.
		})
		verdict := judge(err)
		switch {
		case IsNotFound(err):
			return nil
		case verdict.untouched || verdict.passing:
			return retry.Transient(err, verdict.after)
		default:
			return err
		}
	})
}
