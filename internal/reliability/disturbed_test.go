package reliability_test

import (
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// fault is one way in which a call fails.
type fault struct {
	name    string
	sandbox sandbox.Fault // none when the connection is refused
	// cause is how a message tells of it.
	cause  string
	reason job.Reason
	// isAfter says that the platform has done what was asked.
	isAfter bool
	// isOutage says that every call fails from then on, whichever it is.
	isOutage bool
}

func faults() []fault {
	return []fault{
		{"429", sandbox.FaultTooMany, "answered 429", job.LimitReached, false, false},
		{"429 with Retry-After", sandbox.FaultTooManyRetryAfter, "answered 429", job.LimitReached, false, false},
		{"500", sandbox.FaultServerError, "answered 500", job.TimedOut, false, false},
		{"500 after", sandbox.FaultServerErrorAfter, "answered 500", job.TimedOut, true, false},
		{"502 with HTML", sandbox.FaultBadGateway, "answered 502", job.TimedOut, false, false},
		{"503", sandbox.FaultUnavailable, "answered 503", job.TimedOut, false, false},
		{"refused", sandbox.FaultNone, "connection refused", job.TimedOut, false, false},
		{"cut before", sandbox.FaultCutBefore, "EOF", job.TimedOut, false, false},
		{"cut after", sandbox.FaultCutAfter, "EOF", job.TimedOut, true, false},
		{"truncated", sandbox.FaultTruncated, "EOF", job.TimedOut, true, false},
		{"slow", sandbox.FaultSlow, "nothing moved for 1m0", job.TimedOut, true, false},
		{"wrong shape", sandbox.FaultWrongShape, "cannot be read", job.TimedOut, true, false},
		{"redirect", sandbox.FaultRedirect, "redirect", job.TimedOut, false, false},
		{"outage", sandbox.FaultNone, "connection refused", job.TimedOut, false, true},
	}
}

// call is a request that a command makes.
type call struct {
	operation    string // for people
	method, path string // every SID in the path is its prefix alone
	nth          int    // of its method and path, from 1
	status       int    // that it is answered with when nothing is wrong
	isBehind     bool   // it comes when the Build is live already
	isLastLook   bool   // it only looks, and so does all that comes behind it
}

func (c call) String() string { return c.operation + " " + strconv.Itoa(c.nth) }

var anySID = regexp.MustCompile(`\b([A-Z]{2})[0-9a-f]{32}\b`)

func withoutSIDs(path string) string { return anySID.ReplaceAllString(path, "$1") }

// disturbed carries requests to the Sandbox. One call meets a fault: once, or for
// ever, which means every request of the same method and path from then on, and in
// an outage every request.
type disturbed struct {
	call      call
	fault     fault // without a name there is none
	isEndless bool

	through, refused http.RoundTripper
	host             string // of the Sandbox

	mu     sync.Mutex
	seen   int    // requests like the call
	struck string // method and path, once the call was met
	hits   int
	strays []string // hosts that nobody may be led to
}

func (d *disturbed) String() string {
	how := "once"
	if d.isEndless {
		how = "for ever"
	}
	return d.call.String() + "/" + d.fault.name + "/" + how
}

// RoundTrip has the Sandbox spoil what the fault strikes.
func (d *disturbed) RoundTrip(request *http.Request) (*http.Response, error) {
	if !d.strikes(request) {
		return d.through.RoundTrip(request)
	}
	if d.fault.sandbox == sandbox.FaultNone {
		return d.refused.RoundTrip(request)
	}
	request = request.Clone(request.Context())
	request.Header.Set(faultHeader, strconv.Itoa(int(d.fault.sandbox)))
	response, err := d.through.RoundTrip(request)
	if err == nil && d.fault.sandbox == sandbox.FaultTooManyRetryAfter {
		response.Header.Set("Retry-After", strconv.Itoa(int(askedWait.Seconds())))
	}
	return response, err
}

// askedWait is what Retry-After asks for, which is more than the first wait is without.
const askedWait = 5 * time.Second

// strikes reports whether a request meets the fault.
func (d *disturbed) strikes(request *http.Request) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if request.URL.Host != d.host {
		d.strays = append(d.strays, request.URL.Host)
	}
	if d.fault.name == "" {
		return false
	}
	isStruck := false
	if d.struck != "" {
		isStruck = d.isEndless && (d.fault.isOutage || d.struck == request.Method+request.URL.Path)
	} else if request.Method == d.call.method && withoutSIDs(request.URL.Path) == d.call.path {
		d.seen++
		isStruck = d.seen == d.call.nth
	}
	if isStruck {
		d.hits++
	}
	if isStruck && d.struck == "" {
		d.struck = request.Method + request.URL.Path
	}
	return isStruck
}

// faultHeader has the Sandbox spoil a request.
const faultHeader = "Reliability-Fault"

// askedFault is the Sandbox's side of it.
func askedFault(request *http.Request) sandbox.Fault {
	number, _ := strconv.Atoi(request.Header.Get(faultHeader))
	return sandbox.Fault(number)
}
