package gh

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/slipway-dev/slipway/internal/secret"
)

// outcome is what one attempt came to.
type outcome struct {
	err       error         // nil when the answer is whole
	wait      time.Duration // at least, before the next attempt
	retryable bool          // it may pass
	unhandled bool          // it surely had no effect
	held      bool          // nothing was sent, since a limit of all calls holds
}

// errShape says that an answer is not the resource that was asked for.
var errShape = errors.New("it has not the fields of what was asked for")

// judge turns what the SDK returned into an outcome. The SDK's response is nil
// when there was no answer.
func (c *Client) judge(ctx context.Context, op operation, response *github.Response, err error) outcome {
	if err == nil {
		c.gate.passed()
		return outcome{}
	}
	if response == nil || response.Response == nil {
		return c.judgeBroken(ctx, op, err)
	}
	status := response.StatusCode
	said := op.readRefusal(response.Response)
	failure := &Error{
		Operation: op.name, Repository: op.repository, Status: status, Message: said.message,
		RequestID: oneLine(response.Header.Get("X-GitHub-Request-Id"), 64), DocumentationURL: said.page,
	}
	switch {
	case status == http.StatusAccepted:
		// The SDK has it as an error of its own: GitHub will do it later. None of
		// these operations is done later.
		failure.Message = "it was put off, which this operation does not expect"
		return outcome{err: failure}
	case status < 300:
		if ctx.Err() != nil {
			return c.judgeBroken(ctx, op, err) // the context ended inside the answer
		}
		failure.Message, failure.Err = "the answer cannot be read", err
		return outcome{err: failure, retryable: true}
	case status < 400:
		failure.Message = c.describeRedirect(op, response.Response)
		return outcome{err: failure, unhandled: true}
	case isPermission(status, said):
		return outcome{err: &PermissionError{Operation: op.name, Permission: op.permission, OfApp: c.ofApp, Message: said.message}, unhandled: true}
	case isLimit(status, response.Header, said):
		return c.judgeLimit(op, response.Response, said)
	}
	return outcome{
		err: failure, wait: retryAfter(response.Header, serverTime(response.Header)),
		retryable: status >= 500 || status == http.StatusRequestTimeout,
		unhandled: status < 500,
	}
}

// refusal is what the body of a refusal says.
type refusal struct{ message, page string }

// readRefusal reads the body, which the SDK has put back after it read it
// itself. The SDK's errors do not all hold what the body says.
func (op operation) readRefusal(response *http.Response) refusal {
	var body []byte
	if response.StatusCode >= 300 {
		body, _ = io.ReadAll(io.LimitReader(response.Body, maxRefusal)) // what there is of it is shown
	}
	var said struct {
		Message          string            `json:"message"`
		DocumentationURL string            `json:"documentation_url"`
		Errors           []json.RawMessage `json:"errors"`
	}
	if err := json.Unmarshal(body, &said); err != nil || said.Message == "" {
		message := orDefault(http.StatusText(response.StatusCode), "no known status")
		if shown := op.clean(string(body), 200); shown != "" {
			message += ", with the body " + strconv.Quote(shown)
		}
		return refusal{message: message}
	}
	message := said.Message
	fields := make([]string, len(said.Errors))
	for i, one := range said.Errors {
		fields[i] = describeFieldError(one)
	}
	if len(fields) > 0 {
		message += ": " + strings.Join(fields, "; ")
	}
	return refusal{message: op.clean(message, 1000), page: op.clean(said.DocumentationURL, 200)}
}

// describeFieldError reads one of the errors of "Validation Failed", which are
// objects, or at times just strings.
func describeFieldError(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var one github.Error
	if err := json.Unmarshal(raw, &one); err != nil {
		return string(raw)
	}
	return orDefault(one.Message, strings.TrimSpace(one.Field+" "+one.Code))
}

// describeRedirect says where a redirect leads that is not followed.
func (c *Client) describeRedirect(op operation, response *http.Response) string {
	target, err := response.Location()
	switch {
	case err != nil:
		return "a redirect that leads nowhere"
	case isSameOrigin(c.apiURL, target):
		return "a redirect to " + op.clean(target.Path, 200) + " that cannot be followed"
	default:
		return "a redirect to " + op.clean(target.Host, 200) + ", which is not followed because the token would go there"
	}
}

// isPermission tells a missing permission from a rate limit by GitHub's own
// words: docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api.
// No header tells them apart for sure, since a request that lacks a permission
// may also be the last of its window.
func isPermission(status int, said refusal) bool {
	return status == http.StatusForbidden && strings.HasPrefix(said.message, "Resource not accessible by ")
}

// isLimit tells rate limits of both kinds from other refusals. That nothing
// remains of the window says little alone, since any refusal may be the last
// answer of its window; the SDK goes by it all the same.
func isLimit(status int, header http.Header, said refusal) bool {
	switch status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		return header.Get("Retry-After") != "" || isSecondary(said) ||
			strings.Contains(strings.ToLower(said.message), "rate limit")
	default:
		return false
	}
}

// isSecondary goes by the message, which is the sign that GitHub documents,
// that of older servers, and the page that the answer points to.
func isSecondary(said refusal) bool {
	message := strings.ToLower(said.message)
	return strings.Contains(message, "secondary rate limit") || strings.Contains(message, "abuse detection") ||
		strings.Contains(said.page, "secondary-rate-limits") || strings.Contains(said.page, "#abuse-rate-limits")
}

// judgeBroken judges a call that got no answer.
func (c *Client) judgeBroken(ctx context.Context, op operation, err error) outcome {
	if ctx.Err() != nil {
		return outcome{err: cutOff(ctx, op)}
	}
	failure := &Error{Operation: op.name, Repository: op.repository, Message: "no answer from " + c.apiURL.Host, Err: err}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		failure.Err = outer.Err // net/http's own layer repeats the whole URL
	}
	return outcome{err: failure, retryable: mayPass(err), unhandled: wasNotSent(err)}
}

// cutOff is the error of an operation whose context has ended.
func cutOff(ctx context.Context, op operation) error {
	return &Error{Operation: op.name, Repository: op.repository, Message: "cut off", Err: context.Cause(ctx)}
}

// mayPass tells broken connections from those that will break again: a name
// that does not exist, a certificate that is not trusted, a proxy that forbids
// the host.
func mayPass(err error) bool {
	if proxy, ok := errors.AsType[*proxyError](err); ok {
		return proxy.passing
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return false
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return !untrusted
}

// wasNotSent tells whether there was no connection to send anything on.
func wasNotSent(err error) bool {
	if _, ok := errors.AsType[*proxyError](err); ok {
		return true
	}
	network, ok := errors.AsType[*net.OpError](err)
	return ok && (network.Op == "dial" || network.Op == "proxyconnect")
}

// clean makes foreign text safe to show: one line, printable, bounded, and
// without the token, should a server ever repeat it.
func (op operation) clean(text string, most int) string {
	return oneLine(strings.ReplaceAll(text, op.token.Reveal(), secret.Placeholder), most)
}
