package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxReply bounds a reply that is read into memory. The largest are pages of 20
	// Builds, some 18 MB when each has 2,500 files; pages of 1,000 smaller resources
	// stay below 1 MB.
	maxReply = 32 << 20
	// maxStream bounds a reply of which one resource at a time is in memory.
	maxStream = 256 << 20
	// maxRefusal bounds what is read of a reply that is an error.
	maxRefusal = 1 << 20
)

// errTooLarge says that a reply was not read to its end.
var errTooLarge = errors.New("more is not read")

// attempt sends r once, within a slot of the Limiter, and decodes the reply.
func attempt[T resource](ctx context.Context, c *Client, r request) (T, error) {
	var result T
	err := c.send(ctx, r, maxReply, func(body io.Reader) error {
		text, err := io.ReadAll(body)
		if err != nil {
			return err //nolint:wrapcheck // wrapped by send, with the operation.
		}
		if err := json.Unmarshal(text, &result); err != nil {
			return err //nolint:wrapcheck // as above.
		}
		return result.check()
	})
	return result, err
}

// send makes one HTTP exchange within a slot of the Limiter. decode reads a success
// of at most that many bytes to its end.
func (c *Client) send(ctx context.Context, r request, most int, decode func(io.Reader) error) error {
	held, err := c.limiter.acquire(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", r.op, err)
	}
	started := time.Now()
	response, err := c.exchange(ctx, r, most, decode)
	c.limiter.release(held, response.status == http.StatusTooManyRequests, response.accountInFlight)
	c.observe(Call{
		Operation: r.op, Method: r.method, Path: r.path,
		Status: response.status, Duration: time.Since(started), Err: err,
	})
	return err
}

// answer is what send needs of a reply beside its body.
type answer struct {
	status          int
	accountInFlight int
}

// exchange makes one HTTP exchange. Its context ends when no byte has moved
// for a while, in either direction.
func (c *Client) exchange(ctx context.Context, r request, most int, decode func(io.Reader) error) (answer, error) {
	ctx, cancel := c.lingering(ctx, r.method)
	defer cancel(nil)
	stall := newStallTimer(c.stallAfter, cancel)
	defer stall.stop()

	request, err := c.newRequest(ctx, r, stall)
	if err != nil {
		return answer{}, err
	}
	sent, _ := request.Body.(*uploadReader)
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, newBrokenError(ctx, r, err)
	}
	defer func() { _ = response.Body.Close() }()
	if sent != nil && sent.broken.Load() != nil {
		return answer{status: response.StatusCode}, newBrokenError(ctx, r, sent.broken.Load())
	}
	stall.moved()
	c.clock.read(response.Header)
	result := answer{status: response.StatusCode}
	result.accountInFlight, _ = strconv.Atoi(firstOf(response.Header, "Twilio-Concurrent-Requests"))
	body := &replyBody{from: &movingReader{response.Body, stall.moved}, most: most}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		text, _ := io.ReadAll(io.LimitReader(body, maxRefusal)) // what there is of it is shown
		if body.err != nil && isToldByBody(response.StatusCode) {
			return result, newBrokenError(ctx, r, body.err)
		}
		return result, newError(r, request, response, text)
	}
	err = decode(body)
	switch {
	case err == nil:
		return result, nil
	case body.err != nil && !errors.Is(body.err, errTooLarge):
		return result, newBrokenError(ctx, r, body.err)
	case body.err != nil:
		err = body.err
	}
	return result, newUnreadableError(r, request, response, body.head, err)
}

// isToldByBody reports whether a status means one thing or another by the code in
// the body, so that an answer that was cut short says nothing yet.
func isToldByBody(status int) bool {
	return status == http.StatusNotFound || status == http.StatusBadRequest
}

// replyBody is the body of a reply. It keeps its beginning, and what ended it early.
type replyBody struct {
	from io.Reader
	most int
	read int
	head []byte
	err  error // nil when all was well so far
}

// longestHead is how much of a body is kept for errors. A page of HTML begins with what
// nobody reads.
const longestHead = 4 << 10

func (b *replyBody) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.read += n
	b.head = append(b.head, p[:min(n, longestHead-len(b.head))]...)
	if b.read > b.most {
		err = fmt.Errorf("it is larger than %d MB, and %w", b.most>>20, errTooLarge)
	}
	if err != nil && err != io.EOF { //nolint:errorlint // a Reader's own.
		b.err = err
	}
	return n, err
}

// lingering returns the context of one exchange. It ends with ctx; for a write
// of a client WithGrace, it ends that much later.
func (c *Client) lingering(ctx context.Context, method string) (context.Context, context.CancelCauseFunc) {
	if c.grace == 0 || method == http.MethodGet {
		return context.WithCancelCause(ctx)
	}
	exchange, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(ctx, func() {
		// A timer that was started is not stopped: it finds the exchange over.
		time.AfterFunc(c.grace, func() { cancel(context.Cause(ctx)) })
	})
	return exchange, func(cause error) {
		unwatch()
		cancel(cause)
	}
}

func (c *Client) newRequest(ctx context.Context, r request, stall *stallTimer) (*http.Request, error) {
	target := r.base.Scheme + "://" + r.base.Host + r.path
	if r.query != "" {
		target += "?" + r.query
	}
	request, err := http.NewRequestWithContext(ctx, r.method, target, nil)
	if err != nil {
		return nil, newBrokenError(ctx, r, err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.userAgent)
	request.SetBasicAuth(c.credentials.User, c.credentials.Password.Reveal())
	switch {
	case r.body != nil:
		request.Header.Set("Content-Type", r.body.contentType)
		request.ContentLength = r.body.length()
		request.GetBody = func() (io.ReadCloser, error) { return r.body.open(stall) }
		if request.Body, err = request.GetBody(); err != nil {
			return nil, fmt.Errorf("%s: %w", r.op, err)
		}
	case r.form != nil:
		encoded := r.form.Encode()
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.ContentLength = int64(len(encoded))
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(encoded)), nil }
		request.Body, _ = request.GetBody()
	}
	return request, nil
}
