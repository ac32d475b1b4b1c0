package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// wire makes calls as they are asked for, wrong ones too, and returns answers as
// they come. The client of the API is made for the opposite: it makes the best
// of both.
type wire struct {
	api, upload *url.URL
	credentials twilio.Credentials
	userAgent   string
	http        *http.Client
	retry       retry.Policy
}

// request is one call. Its parts are made anew for each attempt, so that one
// whose answer was lost can be repeated under a fresh name.
type request struct {
	method string
	// path is below /v1.
	path  []string
	query url.Values
	form  func() url.Values
	// file makes it an upload, to the other host.
	file *file
	// lingers lets a request that was sent have its answer after the context
	// ended: for what has to be deleted.
	lingers bool
	// isAnonymous leaves the credentials out, onUpload asks the other host.
	isAnonymous, onUpload bool
}

// maxAnswer bounds how much of an answer is read.
const maxAnswer = 16 << 20

// call sends a request until it has an answer that says something: 429, 5xx,
// broken connections and bodies that cannot be read are repeated.
func (w *wire) call(ctx context.Context, r request) (reply, error) {
	policy := w.retry
	if r.file != nil && r.file.isLarge() {
		policy.MaxAttempts = min(policy.MaxAttempts, 6)
	}
	var answered reply
	err := retry.Do(ctx, policy, func(ctx context.Context) (err error) {
		answered, err = w.once(ctx, r)
		switch {
		case isPermanent(err):
			return err
		case err != nil:
			return retry.Transient(err, 0)
		case answered.passes(), answered.Status < 300 && answered.Status != http.StatusNoContent && answered.object == nil:
			return retry.Transient(fmt.Errorf("the answer was %s", answered.Sight), answered.comeBack())
		default:
			return nil
		}
	})
	return answered, err
}

// once sends a request a single time.
func (w *wire) once(ctx context.Context, r request) (reply, error) {
	limit := time.Minute
	if r.file != nil {
		limit = 5 * time.Minute
	}
	if r.lingers {
		var stop context.CancelFunc
		ctx, stop = outliving(ctx)
		defer stop()
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	made, err := w.newRequest(ctx, r)
	if err != nil {
		return reply{}, err
	}
	return exchange(w.http, made, Sight{Method: r.method, Path: shapeOf("/"+strings.Join(r.path, "/"), r.query)})
}

// grace is how long what was sent may go on after its context ended.
const grace = 5 * time.Second

// outliving ends that much later than ctx.
func outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(ctx, func() {
		time.AfterFunc(grace, func() { cancel(context.Cause(ctx)) })
	})
	return longer, func() {
		unwatch()
		cancel(nil)
	}
}

func (w *wire) newRequest(ctx context.Context, r request) (*http.Request, error) {
	base := w.api
	if r.file != nil || r.onUpload {
		base = w.upload
	}
	target := base.JoinPath(append([]string{"v1"}, escaped(r.path)...)...)
	target.RawQuery = r.query.Encode()
	var body io.Reader
	contentType := ""
	switch {
	case r.file != nil:
		contentType, body = r.file.contentType(), r.file.open()
	case r.form != nil:
		contentType, body = "application/x-www-form-urlencoded", strings.NewReader(r.form().Encode())
	}
	made, err := http.NewRequestWithContext(ctx, r.method, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	if r.file != nil {
		made.ContentLength = r.file.length()
		if r.file.isLarge() {
			// It may be refused from its length; to send on would break the connection,
			// and lose the answer.
			made.Header.Set("Expect", "100-continue")
		}
	}
	if contentType != "" {
		made.Header.Set("Content-Type", contentType)
	}
	made.Header.Set("Accept", "application/json")
	made.Header.Set("User-Agent", w.userAgent)
	if !r.isAnonymous {
		made.SetBasicAuth(w.credentials.User, w.credentials.Password.Reveal())
	}
	return made, nil
}

func escaped(segments []string) []string {
	result := make([]string, len(segments))
	for i, segment := range segments {
		result[i] = url.PathEscape(segment)
	}
	return result
}

// reply is an answer.
type reply struct {
	Sight
	header http.Header
	body   []byte
	object map[string]any // of a body that is a JSON object
	at     time.Time      // when it came
	took   time.Duration
}

// passes tells answers that say nothing about the request.
func (r reply) passes() bool {
	return r.Status == http.StatusTooManyRequests || r.Status >= 500 || r.Status == http.StatusRequestTimeout ||
		r.Status >= 300 && r.Status < 400
}

// comeBack is how long the platform asks to wait, if it does.
func (r reply) comeBack() time.Duration {
	seconds, _ := strconv.Atoi(r.header.Get("Retry-After")) // a date is not worth it
	return time.Duration(min(max(seconds, 0), 600)) * time.Second
}

func (r reply) isSuccess() bool { return r.Status >= 200 && r.Status < 300 }

// text is a field of the body.
func (r reply) text(field string) string {
	text, _ := r.object[field].(string)
	return text
}

// list is a field of the body that is a list.
func (r reply) list(field string) []any {
	list, _ := r.object[field].([]any)
	return list
}

// objects are the objects in a list.
func (r reply) objects(field string) []map[string]any {
	var found []map[string]any
	for _, item := range r.list(field) {
		if object, ok := item.(map[string]any); ok {
			found = append(found, object)
		}
	}
	return found
}

// seeing is the reply's Sight with what counts in it.
func (r reply) seeing(format string, arguments ...any) Sight {
	seen := r.Sight
	seen.What = oneLine(fmt.Sprintf(format, arguments...))
	return seen
}

// about is the reply with what it is about before what it says.
func (r reply) about(format string, arguments ...any) reply {
	said := r.What
	r.What = oneLine(fmt.Sprintf(format, arguments...))
	if said != "" {
		r.What += ": " + said
	}
	return r
}

// exchange sends a request and reads its answer.
func exchange(client *http.Client, made *http.Request, seen Sight) (reply, error) {
	started := time.Now()
	response, err := client.Do(made)
	if err != nil {
		return reply{}, broken(made, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return reply{}, broken(made, err)
	}
	answered := reply{Sight: seen, header: response.Header, body: body, at: time.Now(), took: time.Since(started)}
	answered.Status = response.StatusCode
	_ = json.Unmarshal(body, &answered.object) // what is none stays nil
	if code, ok := answered.object["code"].(float64); ok {
		answered.Code = int(code)
	}
	if response.StatusCode >= 400 {
		answered.What = oneLine(answered.text("message"))
		if answered.What == "" {
			mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
			answered.What = oneLine(fmt.Sprintf("%s: %s", mediaType, body[:min(len(body), 400)]))
		}
	}
	return answered, nil
}

// broken is the error of an exchange that broke off.
func broken(made *http.Request, err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // net/http's own layer repeats the whole URL
	}
	if cause := context.Cause(made.Context()); cause != nil {
		err = cause
	}
	return &twilio.BrokenError{Op: "reach Twilio", Method: made.Method, Host: made.URL.Host, Path: shapeOf(made.URL.Path, nil), Err: err}
}

func isPermanent(err error) bool {
	broken, ok := errors.AsType[*twilio.BrokenError](err)
	return ok && broken.IsPermanent()
}

// watcher logs and counts what passes, notes what refusals for too many requests
// say, and whether Services may have come to be.
type watcher struct {
	base   http.RoundTripper
	logger *slog.Logger

	mu       sync.Mutex
	calls    int
	tooMany  []bool // whether each told when to come back
	lastSeen Sight
	made     int // Services, as far as is known
	unsure   int // requests for one of which it is not known
}

// RoundTrip passes a request on.
func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	started := time.Now()
	var isSent atomic.Bool
	tracing := &httptrace.ClientTrace{WroteHeaders: func() { isSent.Store(true) }}
	response, err := w.base.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), tracing)))
	attributes := []any{"method", r.Method, "path", r.URL.Path, "duration_ms", time.Since(started).Milliseconds()}
	if err != nil {
		attributes = append(attributes, "error", err.Error())
	} else {
		attributes = append(attributes, "status", response.StatusCode)
	}
	w.logger.DebugContext(r.Context(), "api call", attributes...)

	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	if r.Method == http.MethodPost && r.URL.Path == "/v1/Services" {
		switch {
		case err != nil && isSent.Load(), err == nil && response.StatusCode >= 500:
			w.unsure++
		case err == nil && response.StatusCode < 300:
			w.made++
		}
	}
	if err == nil && response.StatusCode == http.StatusTooManyRequests {
		after := response.Header.Get("Retry-After")
		w.tooMany = append(w.tooMany, after != "")
		w.lastSeen = Sight{Method: r.Method, Path: shapeOf(strings.TrimPrefix(r.URL.Path, "/v1"), nil), Status: response.StatusCode, What: "Retry-After: " + after}
	}
	return response, err //nolint:wrapcheck // a RoundTripper's errors are the base's.
}

// mayHaveMade tells whether there may be a Service that has to be deleted.
func (w *watcher) mayHaveMade() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.made+w.unsure > 0
}

// isUnsure tells whether there was a request for a Service of which it is not
// known what became of it.
func (w *watcher) isUnsure() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unsure > 0
}

// CloseIdleConnections lets the client close those of the base.
func (w *watcher) CloseIdleConnections() {
	if closer, ok := w.base.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}
