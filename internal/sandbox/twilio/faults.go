package twilio

import (
	"net/http"
	"strconv"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

// Fault is something done to an API request on purpose. "Before" means that
// the request changes nothing, "after" that it is carried out and its answer
// spoilt. Only requests with good credentials to a known operation meet one.
//
// A connection is cut by a panic with http.ErrAbortHandler, which net/http's
// server understands; who calls ServeHTTP without a server has to recover it.
type Fault int

// The faults. Those marked "drawn" are the ones that Options.FaultRate deals
// out; the others are for tests that ask for them.
const (
	// FaultNone lets the request through.
	FaultNone Fault = iota
	// FaultTooMany answers 429 before (drawn).
	FaultTooMany
	// FaultTooManyRetryAfter answers 429 with a Retry-After of 0 or 1 s before
	// (drawn).
	FaultTooManyRetryAfter
	// FaultServerError answers 500 without a code before (drawn).
	FaultServerError
	// FaultBadGateway answers 502 in HTML before (drawn).
	FaultBadGateway
	// FaultUnavailable answers 503 before (drawn).
	FaultUnavailable
	// FaultCutBefore closes the connection before.
	FaultCutBefore
	// FaultCutAfter closes the connection after (drawn).
	FaultCutAfter
	// FaultServerErrorAfter answers 500 after (drawn).
	FaultServerErrorAfter
	// FaultTruncated sends half of the answer after.
	FaultTruncated
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
		"none", "429", "429-retry-after", "500", "502-html", "503", "cut-before", "cut-after",
		"500-after", "truncated", "wrong-shape", "redirect", "slow",
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
		FaultTooMany, FaultTooManyRetryAfter, FaultServerError, FaultBadGateway,
		FaultUnavailable, FaultCutAfter, FaultServerErrorAfter, FaultSlow)
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
	answer, err := c.run()
	x.call.BuildTime = c.buildTime
	if err != nil {
		answer = x.refusal(replyTo(err))
	}
	switch x.call.Fault {
	case FaultCutAfter:
		x.Cut()
	case FaultServerErrorAfter:
		answer = serverErrorReply()
	case FaultTruncated:
		if answer.status == http.StatusNoContent {
			x.Cut() // nothing to send half of
		}
		x.sendHalf(answer)
	case FaultWrongShape:
		if answer.status != http.StatusNoContent {
			answer.body = map[string]any{"unexpected": []string{"shape"}}
		}
	case FaultSlow:
		x.Delay(x.sandbox.options.SlowAnswer)
	default:
	}
	x.send(answer)
}

// insteadOf returns the answer of the faults that come before the effect.
func (x *exchange) insteadOf(c *call) (reply, bool) {
	switch x.call.Fault {
	case FaultTooMany:
		return x.sandbox.tooManyReply(), true
	case FaultTooManyRetryAfter:
		answer := x.sandbox.tooManyReply()
		answer.header = map[string]string{"Retry-After": strconv.Itoa(x.sandbox.chance.Next().IntN(2))}
		return answer, true
	case FaultServerError:
		return serverErrorReply(), true
	case FaultBadGateway:
		return reply{
			status: http.StatusBadGateway, isHTML: true,
			text: "<html>\n<head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center></body>\n</html>\n",
		}, true
	case FaultUnavailable:
		return errorReply(http.StatusServiceUnavailable, codeUnavailable, "Service is unavailable. Please try again"), true
	case FaultRedirect:
		return reply{
			status: http.StatusTemporaryRedirect, text: "Temporary Redirect\n",
			header: map[string]string{"Location": "https://" + RedirectTarget + c.request.URL.RequestURI()},
		}, true
	default:
		return reply{}, false
	}
}

// serverErrorReply is a generic failure: JSON without a code, as in a fixture
// of RJPearson94/twilio-sdk-go.
func serverErrorReply() reply {
	return reply{
		status: http.StatusInternalServerError,
		body:   errorBody{Message: "An error occurred", Status: http.StatusInternalServerError},
	}
}

// buildTime draws how long a Build takes.
func (s *Sandbox) buildTime() time.Duration {
	shortest, longest := s.options.BuildTime, s.options.BuildTimeMax
	if longest <= shortest {
		return shortest
	}
	return shortest + time.Duration(s.chance.Next().Int64N(int64(longest-shortest)+1))
}
