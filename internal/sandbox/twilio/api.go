package twilio

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

// Call tells Options.Observe of one API request.
type Call struct {
	Method string
	Path   string // without the query
	// Operation is the OpenAPI file's name of what was asked for, with
	// CreateFunctionVersion and CreateAssetVersion for the uploads. Empty when
	// the path or method is unknown.
	Operation string
	// AccountSID is whose request it is; empty when it is nobody's.
	AccountSID string
	// Status is the answer's, or 0 when the connection was cut instead.
	Status int
	// Fault is what was done to the request on purpose.
	Fault Fault
	// Duration is how long the answer took, up to its first byte.
	Duration time.Duration
	// BuildTime is how long the Build takes that the request created; 0 when it
	// created none.
	BuildTime time.Duration
}

// exchange is one API request and the sending of its answer.
type exchange struct {
	wire.Exchange

	sandbox *Sandbox
	started time.Time
	call    Call
	world   *world // nil until signed in
	side    side   // whose the operation is, or the host
	// concurrent is the account's requests in flight, this one included; 0 when
	// the request is not counted.
	concurrent int64
}

// serveAPI answers a request to the API, on whichever host.
func (s *Sandbox) serveAPI(w http.ResponseWriter, r *http.Request) {
	x := &exchange{sandbox: s, started: time.Now(), call: Call{Method: r.Method, Path: r.URL.Path}}
	x.Exchange = wire.Exchange{Writer: w, Request: r, Leaving: x.observe}
	defer x.leave()
	defer s.panics.Recover(r, func(err error) { x.send(replyTo(err)) })
	x.serve()
}

func (x *exchange) serve() {
	s, r := x.sandbox, x.Request
	x.world = s.signedInAs(r)
	if x.world != nil {
		x.call.AccountSID = x.world.account.SID
		if !x.enter() {
			x.Delay(s.options.Latency)
			x.send(x.sandbox.tooManyReply())
			return
		}
	}
	x.Delay(s.options.Latency)
	x.side = sideOf(hostName(r))
	found, params, methods := s.routers[x.side].Find(r.Method, r.URL.EscapedPath())
	if found != nil {
		x.side = found.side
	}
	if x.world == nil {
		answer := errorReply(http.StatusUnauthorized, codeUnauthorised, "Authenticate")
		answer.header = map[string]string{"WWW-Authenticate": `Basic realm="Twilio API"`}
		x.send(x.refusal(answer))
		return
	}
	if found == nil {
		x.send(x.refusal(x.unknown(methods)))
		return
	}
	x.call.Operation = found.name
	c := &call{
		sandbox: s, world: x.world, op: found, params: params,
		writer: x.Writer, request: r, base: s.baseURL(r),
	}
	x.call.Fault = s.faultFor(r)
	x.withFault(c)
}

// unknown answers what the table of operations does not have.
func (x *exchange) unknown(methods []string) reply {
	asked := x.Request.Method + " " + x.Request.URL.Path
	var answer reply
	if len(methods) > 0 {
		answer = errorReply(http.StatusMethodNotAllowed, codeMethodNotAllowed,
			fmt.Sprintf("Method not allowed (the sandbox knows no operation %s on this host)", asked))
		answer.header = map[string]string{"Allow": strings.Join(methods, ", ")}
	} else {
		answer = errorReply(http.StatusNotFound, codeNotFound,
			fmt.Sprintf("%v (the sandbox knows no operation %s on this host)", notFound(x.Request.URL.Path), asked))
		answer.header = map[string]string{}
	}
	answer.header[wire.UnknownHeader] = asked
	return answer
}

// refusal puts a refusal into the words of the host that it comes from.
func (x *exchange) refusal(answer reply) reply {
	body, isJSON := answer.body.(errorBody)
	if isJSON && x.side == uploadSide && x.sandbox.options.Switches.PlainUploadErrors {
		answer.body, answer.text = nil, body.Message+"\n"
	}
	return answer
}

// enter counts the request among the account's, unless there are too many.
func (x *exchange) enter() bool {
	inFlight := x.world.inFlight.Add(1)
	if inFlight > int64(x.sandbox.options.MaxConcurrent) {
		x.world.inFlight.Add(-1)
		return false
	}
	x.concurrent = inFlight
	return true
}

// leave ends the counting. It is called before the answer leaves, so that a
// client that stays below the limit is never refused.
func (x *exchange) leave() {
	if x.concurrent > 0 {
		x.world.inFlight.Add(-1)
		x.concurrent = 0
	}
}

func (x *exchange) send(answer reply)     { x.Send(x.head(answer)) }
func (x *exchange) sendHalf(answer reply) { x.SendHalf(x.head(answer)) }

// head writes the header of an answer, and returns what is to follow it. The
// CORS headers are those of the OpenAPI file, on everything but 204; the others
// as seen in twilio/twilio-cli issue 173.
func (x *exchange) head(answer reply) (status int, body []byte) {
	body, contentType, err := answer.encode()
	if err != nil {
		answer = replyTo(err)
		body, contentType, _ = answer.encode()
	}
	header := x.Writer.Header()
	switches := &x.sandbox.options.Switches
	if x.world != nil && !switches.NoConcurrencyHeader {
		inFlight := x.concurrent
		if inFlight == 0 {
			inFlight = x.world.inFlight.Load() + 1 // refused, and so not counted
		}
		header.Set("Twilio-Concurrent-Requests", strconv.FormatInt(inFlight, 10))
	}
	request := newSID("RQ")
	if switches.DoubledRequestIDs { // as on Sync: twilio-labs/dev-phone issue 220
		request += ", " + request
	}
	header.Set("Twilio-Request-Id", request)
	header.Set("Twilio-Request-Duration", strconv.FormatFloat(time.Since(x.started).Seconds(), 'f', 3, 64))
	if answer.status != http.StatusNoContent {
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since")
		header.Set("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS")
		header.Set("Access-Control-Allow-Credentials", "true")
		header.Set("Access-Control-Expose-Headers", "ETag")
		header.Set("Content-Type", contentType)
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	for name, value := range answer.header {
		header.Set(name, value)
	}
	return answer.status, body
}

func (x *exchange) observe(status int) {
	x.leave()
	if x.sandbox.options.Observe == nil {
		return
	}
	x.call.Status = status
	x.call.Duration = time.Since(x.started)
	x.sandbox.options.Observe(x.call)
}
