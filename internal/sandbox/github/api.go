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

	"github.com/slipway-dev/slipway/internal/sandbox/wire"
)

// Call tells Options.Observe of one request.
type Call struct {
	Method string
	Path   string // without the query and without /api/v3
	// Operation is GitHub's operation id of what was asked for, such as
	// "repos/create-commit-status". Empty when the path or method is unknown.
	Operation string
	// Repository is the one that was asked for, as "owner/name"; empty when it
	// was none, or asked for by its number, as links to other pages have it.
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
	// Deployment is what the request made, or gave a status, in the same way.
	Deployment *Deployment
	// Comment is what the request wrote or changed, in the same way, and Release the
	// GitHub Release.
	Comment *Comment
	Release *Release
}

// exchange is one request and the sending of its answer.
type exchange struct {
	wire.Exchange

	sandbox *Sandbox
	started time.Time // by the real clock
	now     time.Time // by the Sandbox's
	call    Call
	token   *Token // nil without one
	rate    rate   // as it stands after this request
	needs   permission
}

func (s *Sandbox) serve(w http.ResponseWriter, r *http.Request) {
	path, _ := apiPath(r)
	x := &exchange{sandbox: s, started: time.Now(), now: s.options.Now(), call: Call{Method: r.Method, Path: path}}
	x.Exchange = wire.Exchange{Writer: w, Request: r, Leaving: x.observe}
	defer s.panics.Recover(r, func(err error) { x.send(replyTo(err, "")) })
	if strings.HasPrefix(path, ArchivePrefix+"/") {
		x.serveArchive()
		return
	}
	x.serve(path)
}

// serve lets a request pass GitHub's checks one by one: who asks at all, with
// which token, how often, in which form, and for what.
func (x *exchange) serve(path string) {
	s, r := x.sandbox, x.Request
	x.Delay(s.options.Latency)
	if strings.TrimSpace(r.UserAgent()) == "" {
		x.send(noUserAgentReply())
		return
	}
	token, err := s.signedInAs(r, x.now)
	found, params, _ := s.router.Find(r.Method, path)
	isFree := err != nil || found != nil && found.isFree
	x.token = token
	if token != nil {
		x.call.Login = token.Login
	}
	var inRate bool
	if x.rate, inRate = s.charge(token, isFree, x.now); err == nil && !inRate {
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
		sandbox: s, token: token, op: found, params: params, rate: x.rate,
		writer: x.Writer, request: r, base: s.baseURL(r), path: path, now: x.now,
	}
	x.call.Fault = s.faultFor(r)
	x.withFault(c)
}

// unknown answers what the table of operations does not have. GitHub says "Not
// Found" to a method that a path does not take, too.
func (x *exchange) unknown(path string) reply {
	asked := x.Request.Method + " " + path
	answer := replyTo(refusal(http.StatusNotFound, "Not Found (the sandbox knows no operation %s)", asked), "")
	answer.header = map[string]string{wire.UnknownHeader: asked}
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

var jsonTypes = regexp.MustCompile(`^(\*/\*|application/\*|application/json|application/vnd\.github(\.[a-z0-9.-]+)?(\+json)?)$`)

func acceptsJSON(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		part, _, _ = strings.Cut(part, ";")
		if jsonTypes.MatchString(strings.TrimSpace(part)) {
			return true
		}
	}
	return false
}

func (x *exchange) send(answer reply)     { x.Send(x.head(answer)) }
func (x *exchange) sendHalf(answer reply) { x.SendHalf(x.head(answer)) }

// head writes the header of an answer, and returns what is to follow it.
func (x *exchange) head(answer reply) (status int, body []byte) {
	body, contentType, err := answer.encode()
	if err != nil {
		answer = replyTo(err, "")
		body, contentType, _ = answer.encode()
	}
	header := x.Writer.Header()
	header.Set("Server", "github.com")
	header.Set("Date", x.now.UTC().Format(http.TimeFormat))
	header.Set("X-GitHub-Request-Id", requestID())
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if !answer.isEdge {
		header.Set("X-GitHub-Media-Type", "github.v3; format=json")
		x.rate.write(header)
		if x.token != nil && len(x.token.Scopes) > 0 {
			header.Set("X-OAuth-Scopes", strings.Join(x.token.Scopes, ", "))
		}
		if x.token != nil && x.needs.name != "" {
			// On successes as well, so that it tells no client what went wrong.
			header.Set("X-Accepted-GitHub-Permissions", x.needs.name+"="+x.needs.level)
		}
	}
	for name, value := range answer.header {
		header.Set(name, value)
	}
	return answer.status, body
}

// requestID has the looks of GitHub's, such as 8A3C:1B2D4F:5E6F70:8192A3:6B4C5D.
func requestID() string {
	var random [14]byte
	_, _ = rand.Read(random[:]) // never fails, as documented
	return fmt.Sprintf("%X:%X:%X:%X:%X", random[:2], random[2:5], random[5:8], random[8:11], random[11:])
}

func (x *exchange) observe(status int) {
	if x.sandbox.options.Observe == nil {
		return
	}
	x.call.Status = status
	x.call.Duration = time.Since(x.started)
	x.sandbox.options.Observe(x.call)
}
