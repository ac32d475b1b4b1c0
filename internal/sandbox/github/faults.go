package github

import (
	"net/http"
	"strconv"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

// Fault is something done to a request on purpose. "Before" means that the
// request changes nothing, "after" that it is carried out and its answer
// spoilt. Only requests with a good token, or none, to a known operation meet
// one.
//
// A connection is cut by a panic with http.ErrAbortHandler, which net/http's
// server understands; who calls ServeHTTP without a server has to recover it.
type Fault int

// The faults. Those marked "drawn" are the ones that Options.FaultRate deals
// out; the others are for tests that ask for them.
const (
	// FaultNone lets the request through.
	FaultNone Fault = iota
	// FaultUnauthorised answers 401 before, as if the token were revoked.
	FaultUnauthorised
	// FaultRateLimit answers 403 before: the primary rate limit, for an hour.
	FaultRateLimit
	// FaultSecondary answers 403 before: a secondary rate limit, with a
	// Retry-After of 0 or 1 s (drawn).
	FaultSecondary
	// FaultSecondaryUntold is FaultSecondary without a Retry-After.
	FaultSecondaryUntold
	// FaultTooMany answers 429 before: a secondary rate limit, with a
	// Retry-After of 0 or 1 s (drawn).
	FaultTooMany
	// FaultServerError answers 500 before (drawn).
	FaultServerError
	// FaultBadGateway answers 502 in HTML before (drawn).
	FaultBadGateway
	// FaultUnavailable answers 503 in HTML before (drawn).
	FaultUnavailable
	// FaultCutBefore closes the connection before.
	FaultCutBefore
	// FaultCutAfter closes the connection after (drawn).
	FaultCutAfter
	// FaultServerErrorAfter answers 500 after (drawn).
	FaultServerErrorAfter
	// FaultTruncated sends half of the answer after.
	FaultTruncated
	// FaultEmpty sends the answer without its body after.
	FaultEmpty
	// FaultWrongShape answers JSON that has nothing the API promises after.
	FaultWrongShape
	// FaultRedirect answers 307 to another host before.
	FaultRedirect
	// FaultSlow holds the answer back for Options.SlowAnswer after (drawn).
	FaultSlow
)

// String names the fault, in a word or two for logs.
func (f Fault) String() string {
	names := []string{
		"none", "401", "rate-limit", "secondary", "secondary-untold", "429", "500", "502-html", "503-html",
		"cut-before", "cut-after", "500-after", "truncated", "empty", "wrong-shape", "redirect", "slow",
	}
	if f < 0 || int(f) >= len(names) {
		return "fault-" + strconv.Itoa(int(f))
	}
	return names[f]
}

// RedirectTarget is the host that FaultRedirect points to. It resolves nowhere.
const RedirectTarget = "elsewhere.invalid"

func (s *Sandbox) faultFor(r *http.Request) Fault {
	if s.options.Fault != nil {
		return s.options.Fault(r)
	}
	return wire.Deal(&s.chance, s.options.FaultRate,
		FaultSecondary, FaultTooMany, FaultServerError, FaultBadGateway, FaultUnavailable,
		FaultCutAfter, FaultServerErrorAfter, FaultSlow)
}

// withFault carries the call out as its fault has it.
func (x *exchange) withFault(c *call) {
	if answer, instead := x.insteadOf(c); instead {
		x.send(answer)
		return
	}
	if x.call.Fault == FaultCutBefore {
		x.Cut()
	}
	answer, err := c.run(&x.call)
	if err != nil {
		answer = replyTo(err, c.op.docs)
	}
	switch x.call.Fault {
	case FaultCutAfter:
		x.Cut()
	case FaultServerErrorAfter:
		answer = serverErrorReply()
	case FaultTruncated:
		x.sendHalf(answer)
	case FaultEmpty:
		answer.empty = true
	case FaultWrongShape:
		answer.raw, answer.body = nil, map[string]any{"unexpected": []string{"shape"}}
	case FaultSlow:
		x.Delay(x.sandbox.options.SlowAnswer)
	default:
	}
	x.send(answer)
}

// insteadOf returns the answer of the faults that come before the effect.
func (x *exchange) insteadOf(c *call) (reply, bool) {
	s := x.sandbox
	switch x.call.Fault {
	case FaultUnauthorised:
		return replyTo(refusal(http.StatusUnauthorized, "Bad credentials"), ""), true
	case FaultRateLimit:
		x.rate.remaining, x.rate.used = 0, x.rate.limit
		x.rate.reset = c.now.Add(rateWindow)
		refused := &apiError{status: http.StatusForbidden, message: "API rate limit exceeded for the sandbox's installation.", docs: limitsPage}
		return replyTo(refused, ""), true
	case FaultSecondary:
		return replyTo(s.secondaryLimit(http.StatusForbidden, s.shortWait(), true), ""), true
	case FaultSecondaryUntold:
		return replyTo(s.secondaryLimit(http.StatusForbidden, 0, false), ""), true
	case FaultTooMany:
		return replyTo(s.secondaryLimit(http.StatusTooManyRequests, s.shortWait(), true), ""), true
	case FaultServerError:
		return serverErrorReply(), true
	case FaultBadGateway:
		return htmlReply(http.StatusBadGateway, "502 Bad Gateway"), true
	case FaultUnavailable:
		return htmlReply(http.StatusServiceUnavailable, "No server is currently available to service your request."), true
	case FaultRedirect:
		location := "https://" + RedirectTarget + c.request.URL.RequestURI()
		return reply{
			status: http.StatusTemporaryRedirect, header: map[string]string{"Location": location},
			body: map[string]string{"message": "Moved Permanently", "url": location, "documentation_url": docsURL},
		}, true
	default:
		return reply{}, false
	}
}

// shortWait draws a Retry-After that a test can sit out.
func (s *Sandbox) shortWait() time.Duration {
	return time.Duration(s.chance.Next().IntN(2)) * time.Second
}

// serverErrorReply is what GitHub answers when it took too long, among others,
// as in octokit/request.js issue 589: without the fields and headers of its
// other refusals.
func serverErrorReply() reply {
	return reply{status: http.StatusInternalServerError, body: map[string]string{"message": "Server Error"}, isEdge: true}
}

func htmlReply(status int, title string) reply {
	return reply{status: status, isEdge: true, html: "<html>\n<head><title>" + title + "</title></head>\n<body><h1>" + title + "</h1></body>\n</html>\n"}
}
