package twilio

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// BrokenError is an exchange that ended without a whole reply: a connection
// that was refused or cut, a stall, a certificate, or the end of the run.
type BrokenError struct {
	// Op is the operation, such as "create build".
	Op string
	// Method, Host and Path are the request's, the path without query.
	Method, Host, Path string
	// Err is what broke it. When the caller's context ended, it is that cause.
	Err error

	ended bool // the caller's context ended
}

// Error says which call broke, and how.
func (e *BrokenError) Error() string {
	if e.ended {
		return fmt.Sprintf("%s: %s %s%s was cut off: %v", e.Op, e.Method, e.Host, e.Path, e.Err)
	}
	return fmt.Sprintf("%s: %s %s%s got no answer: %v", e.Op, e.Method, e.Host, e.Path, e.Err)
}

// Unwrap returns what broke the exchange.
func (e *BrokenError) Unwrap() error { return e.Err }

// IsPermanent reports whether another attempt would break in the same way: the
// host does not exist, its certificate is not trusted, it does not speak TLS,
// or a proxy forbids it. Such a call was not repeated. It is false when the
// caller's context ended.
func (e *BrokenError) IsPermanent() bool { return !e.ended && !mayPass(e.Err) }

func newBrokenError(ctx context.Context, r request, err error) *BrokenError {
	// net/http's own layer repeats the whole URL, query and all.
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	broken := &BrokenError{Op: r.op, Method: r.method, Host: r.base.Host, Path: r.path, Err: err}
	if cause := context.Cause(ctx); cause != nil {
		_, stalled := errors.AsType[*stalledError](cause)
		broken.Err, broken.ended = cause, !stalled
		if isOfACall(cause) {
			broken.Err = errSibling
		}
	}
	return broken
}

// errSibling stands for the failure of another call that ended this one: a
// group of calls ends its context with the first error, whose text would
// otherwise be told for each of them.
var errSibling = errors.New("another call that belongs to it failed")

func isOfACall(cause error) bool {
	_, isReply := errors.AsType[*Error](cause)
	_, isBroken := errors.AsType[*BrokenError](cause)
	_, isUnreadable := errors.AsType[*UnreadableError](cause)
	_, isFile := errors.AsType[*FileError](cause)
	return isReply || isBroken || isUnreadable || isFile
}

// UnreadableError is a success whose body is not the resource that was asked
// for: cut short, not JSON, or JSON of another shape.
type UnreadableError struct {
	// Op is the operation, such as "create build".
	Op string
	// Method and Path are the request's, the path without query.
	Method, Path string
	// Status is the HTTP status, 200 to 299.
	Status int
	// Body is the beginning of the body, in one printable line, of a page of HTML what
	// a reader sees of it; empty for replies that may hold values of variables.
	Body string
	// Err is why it could not be read.
	Err error
}

// Error says which answer could not be read, and shows its beginning.
func (e *UnreadableError) Error() string {
	text := fmt.Sprintf("%s: %s %s answered %d with a body that cannot be read (%s)",
		e.Op, e.Method, e.Path, e.Status, oneLine(e.Err.Error(), 200))
	if e.Body != "" {
		text += ": " + strconv.Quote(e.Body)
	}
	return text
}

// Unwrap returns why the body could not be read.
func (e *UnreadableError) Unwrap() error { return e.Err }

func newUnreadableError(r request, sent *http.Request, response *http.Response, head []byte, err error) *UnreadableError {
	unreadable := &UnreadableError{Op: r.op, Method: r.method, Path: sent.URL.Path, Status: response.StatusCode, Err: err}
	_, isSyntax := errors.AsType[*json.SyntaxError](err)
	page := string(head)
	switch {
	case isSyntax && isPage(page):
		unreadable.Err = errPage
		if !r.confidential {
			unreadable.Body = oneLine(pageText(page), 200)
		}
	case !r.confidential:
		unreadable.Body = oneLine(page, 200)
	case !isSyntax && !errors.Is(err, errTooLarge): // it may quote a value
		unreadable.Err = errors.New("it is not the resource that was asked for")
	}
	return unreadable
}

// errPage says that a body is meant for a browser.
var errPage = errors.New("it is a page of HTML")

// ProxyError says that a proxy would not connect to a host.
type ProxyError struct {
	// Proxy and Target are both a host and a port.
	Proxy, Target string
	// Status is what the proxy answered, such as "407 Proxy Authentication
	// Required".
	Status string

	passing bool
}

// Error names the proxy, the host and the answer.
func (e *ProxyError) Error() string {
	return fmt.Sprintf("the proxy %s would not connect to %s and answered %s", e.Proxy, e.Target, e.Status)
}

// checkProxy turns a proxy's refusal to connect into an error that names it;
// net/http's own is the status text alone.
func checkProxy(_ context.Context, proxy *url.URL, connect *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	return &ProxyError{
		Proxy: proxy.Host, Target: connect.Host, Status: oneLine(response.Status, 100),
		passing: response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests,
	}
}

// verdict is what an error means for repeating a call.
type verdict struct {
	untouched bool // the platform did not process the request
	passing   bool // it may pass, and the request may have taken effect
	taken     bool // refused because the state is taken or holds already
	invalid   bool // refused for its parameters
	after     time.Duration
}

func judge(err error) verdict {
	if reply, ok := errors.AsType[*Error](err); ok {
		return verdict{
			untouched: reply.Status == http.StatusTooManyRequests,
			// A redirect is a proxy's, not the API's; it is not followed.
			passing: reply.Status >= 500 || reply.Status == http.StatusRequestTimeout || reply.Status < 400,
			taken:   reply.Status == http.StatusConflict,
			invalid: reply.Status == http.StatusBadRequest,
			after:   reply.RetryAfter,
		}
	}
	if _, ok := errors.AsType[*UnreadableError](err); ok {
		return verdict{passing: !errors.Is(err, errTooLarge)}
	}
	if broken, ok := errors.AsType[*BrokenError](err); ok {
		return verdict{passing: !broken.ended && mayPass(broken.Err)}
	}
	return verdict{}
}

// mayPass tells broken connections from those that will break again: a name
// that does not exist, a certificate that is not trusted, a port that does not
// speak TLS, a proxy that forbids the host, a file that cannot be read.
func mayPass(err error) bool {
	if proxy, ok := errors.AsType[*ProxyError](err); ok {
		return proxy.passing
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return false
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return false
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return false
	}
	_, unreadable := errors.AsType[*FileError](err)
	return !unreadable
}
