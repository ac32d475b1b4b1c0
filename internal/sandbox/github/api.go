package github

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Call tells Options.Observe of one request.
type Call struct {
	Method string
	Path   string // without the query and without /api/v3
	// Operation is GitHub's operation id of what was asked for, such as
	// "repos/create-commit-status". Empty when the path or method is unknown.
	Operation string
	// Repository is the one that was asked for, as "owner/name"; empty when it
	// was none.
	Repository string
	// Login is who asked; empty when it is nobody that is known.
	Login string
	// Status is the answer's, or 0 when the connection was cut instead.
	Status int
	// Fault is what was done to the request on purpose.
	Fault Fault
	// Duration is how long the answer took, up to its first byte.
	Duration time.Duration
	// CommitStatus is what the request wrote, also when its answer was spoilt;
	// nil when it wrote none. It is the receiver's own.
	CommitStatus *Status
}

// unknownHeader names, on answers to requests that the Sandbox has no operation
// for, what was asked.
const unknownHeader = "Slipway-Sandbox-Unknown"

// exchange is one request and the sending of its answer.
type exchange struct {
	sandbox *Sandbox
	writer  http.ResponseWriter
	request *http.Request
	started time.Time
	call    Call
	token   *Token // nil without one
	rate    rate   // as it stands after this request
	needs   permission
}

func (s *Sandbox) serve(w http.ResponseWriter, r *http.Request) {
	path, _ := apiPath(r)
	x := &exchange{sandbox: s, writer: w, request: r, started: time.Now()}
	x.call = Call{Method: r.Method, Path: path}
	defer func() {
		if met := recover(); met != nil {
			if met == http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
				panic(met)
			}
			x.send(replyTo(s.notePanic(r, met), ""))
		}
	}()
	x.serve(path)
}

// serve lets a request pass GitHub's checks one by one: who asks at all, with
// which token, how often, in which form, and for what.
func (x *exchange) serve(path string) {
	s, r := x.sandbox, x.request
	x.delay(s.options.Latency)
	if strings.TrimSpace(r.UserAgent()) == "" {
		x.send(noUserAgentReply())
		return
	}
	token, err := s.signedInAs(r)
	found, params := match(s.routes, r.Method, path)
	isFree := err != nil || found != nil && found.isFree
	x.token = token
	if token != nil {
		x.call.Login = token.Login
	}
	var inRate bool
	if x.rate, inRate = s.charge(token, isFree, x.started); err == nil && !inRate {
		err = s.primaryLimit(token)
	}
	if err == nil {
		err = checkHeaders(r)
	}
	if err != nil {
		x.send(replyTo(err, ""))
		return
	}
	if found == nil {
		x.send(x.unknown(path))
		return
	}
	x.call.Operation = found.name
	if params["repo"] != "" {
		x.call.Repository = params["owner"] + "/" + params["repo"]
	}
	x.needs = found.needs
	c := &call{
		sandbox: s, token: token, op: &found.operation, params: params, rate: x.rate,
		writer: x.writer, request: r, base: s.baseURL(r), path: path, now: x.started,
	}
	x.call.Fault = s.faultFor(r)
	x.withFault(c)
}

// unknown answers what the table of operations does not have. GitHub says "Not
// Found" to a method that a path does not take, too.
func (x *exchange) unknown(path string) reply {
	asked := x.request.Method + " " + path
	answer := replyTo(refusal(http.StatusNotFound, "Not Found (the sandbox knows no operation %s)", asked), "")
	answer.header = map[string]string{unknownHeader: asked}
	return answer
}

// checkHeaders looks at the media type and the version that are asked for, each
// of which may be left out.
func checkHeaders(r *http.Request) error {
	if accept := r.Header.Get("Accept"); accept != "" && !acceptsJSON(accept) {
		// As quoted in bi-aidetection and others.
		return &apiError{
			status: http.StatusUnsupportedMediaType, docs: "overview/media-types",
			message: fmt.Sprintf("Unsupported 'Accept' header: '%s'. Must accept 'application/json'.", accept),
		}
	}
	// docs.github.com/rest/about-the-rest-api/api-versions.
	version := r.Header.Get("X-GitHub-Api-Version")
	if version != "" && !slices.Contains([]string{"2022-11-28", "2026-03-10"}, version) {
		return &apiError{
			status: http.StatusBadRequest, docs: "about-the-rest-api/api-versions",
			message: fmt.Sprintf("%q is not a supported version of the REST API", version),
		}
	}
	return nil
}

func acceptsJSON(accept string) bool {
	json := regexp.MustCompile(`^(\*/\*|application/\*|application/json|application/vnd\.github(\.[a-z0-9.-]+)?(\+json)?)$`)
	for part := range strings.SplitSeq(accept, ",") {
		part, _, _ = strings.Cut(part, ";")
		if json.MatchString(strings.TrimSpace(part)) {
			return true
		}
	}
	return false
}

// delay waits; a client that goes meanwhile ends the exchange.
func (x *exchange) delay(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.request.Context().Done():
		x.cut()
	}
}

func (x *exchange) send(answer reply) { x.sendPart(answer, 1) }

// sendPart sends the whole answer's headers and 1/of of its body; a part cuts
// the connection.
func (x *exchange) sendPart(answer reply, of int) {
	body, contentType, err := answer.encode()
	if err != nil {
		answer = replyTo(err, "")
		body, contentType, _ = answer.encode()
	}
	header := x.writer.Header()
	header.Set("Server", "github.com")
	header.Set("X-GitHub-Request-Id", requestID())
	header.Set("X-GitHub-Media-Type", "github.v3; format=json")
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if x.token != nil && x.needs.name != "" {
		// On successes as well, so that it tells no client what went wrong.
		header.Set("X-Accepted-GitHub-Permissions", x.needs.name+"="+x.needs.level)
	}
	x.rate.write(header)
	for name, value := range answer.header {
		header.Set(name, value)
	}
	x.observe(answer.status)
	x.writer.WriteHeader(answer.status)
	// A client that has gone misses its answer; that is no concern of ours.
	_, _ = x.writer.Write(body[:len(body)/of])
	if of > 1 {
		_ = http.NewResponseController(x.writer).Flush()
		panic(http.ErrAbortHandler)
	}
}

// requestID has the looks of GitHub's, such as 8A3C:1B2D4F:5E6F70:8192A3:6B4C5D.
func requestID() string {
	var random [14]byte
	_, _ = rand.Read(random[:]) // never fails, as documented
	return fmt.Sprintf("%X:%X:%X:%X:%X", random[:2], random[2:5], random[5:8], random[8:11], random[11:])
}

// cut ends the connection without an answer.
func (x *exchange) cut() {
	x.observe(0)
	panic(http.ErrAbortHandler)
}

func (x *exchange) observe(status int) {
	if x.sandbox.options.Observe == nil {
		return
	}
	x.call.Status = status
	x.call.Duration = time.Since(x.started)
	x.sandbox.options.Observe(x.call)
}
