package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	reply := func(op string, status, code int, message string) error {
		return fmt.Errorf("functions/a.js: %w", &twilio.Error{Op: op, Method: "POST", Path: "/v1/x", Status: status, Code: code, Message: message})
	}
	var list problem.List
	list.Add("one", "")
	list.Add("two", "")
	tests := map[string]struct {
		err    error
		reason job.Reason
		hint   string
	}{
		"problems":             {list.Err(), job.BadInput, ""},
		"one problem":          {&problem.Problem{Message: "one", Fix: "Do it."}, job.BadInput, ""},
		"401":                  {reply("x", 401, 20003, "no"), job.BadCredentials, "belong together"},
		"403":                  {reply("x", 403, 0, "no"), job.BadCredentials, "Restricted key"},
		"403 as credentials":   {reply("x", 403, 20003, "Permission Denied"), job.BadCredentials, "Restricted key"},
		"404":                  {reply("x", 404, 20404, "no"), job.BadInput, "another account"},
		"409 environment":      {reply("create environment", 409, 20409, "no"), job.BadInput, "domain suffix"},
		"409":                  {reply("x", 409, 20409, "no"), job.Internal, "Run it again"},
		"413":                  {reply("x", 413, 0, "no"), job.LimitReached, "proxy"},
		"429":                  {&retry.GaveUpError{Attempts: 12, Err: reply("x", 429, 20429, "no")}, job.LimitReached, "requests in flight"},
		"a quota":              {reply("create service", 400, 20001, "Services are limited to less than or equal to 50"), job.LimitReached, "support"},
		"dependencies":         {reply("create build", 400, 20001, "No matching version found for x@1"), job.BadInput, "package.json"},
		"a path":               {reply("upload asset version", 400, 20001, "no"), job.BadInput, "Rename it"},
		"another 20001":        {reply("x", 400, 20001, "no"), job.Internal, "a fault of Slipway"},
		"another 400":          {reply("x", 400, 0, "no"), job.Internal, "does not know this reply"},
		"500":                  {&retry.GaveUpError{Attempts: 12, Err: reply("x", 500, 0, "no")}, job.TimedOut, "status.twilio.com"},
		"a redirect":           {reply("x", 302, 0, "no"), job.TimedOut, "api-url"},
		"a broken connection":  {&twilio.BrokenError{Op: "x", Err: errors.New("connection refused")}, job.TimedOut, "network"},
		"no such host":         {&twilio.BrokenError{Op: "x", Err: &net.DNSError{Err: "no such host", Name: "x.example", IsNotFound: true}}, job.BadInput, "api-url"},
		"an unreadable answer": {&twilio.UnreadableError{Op: "x", Err: errors.New("EOF")}, job.TimedOut, "proxy"},
		"a foreign page":       {&twilio.ForeignPageError{Op: "x", Base: "https://a.example", Page: "https://b.example"}, job.Internal, "https://a.example"},
		"a changed file":       {&twilio.BrokenError{Op: "x", Err: &twilio.FileError{Err: errors.New("the file has grown")}}, job.BadInput, "while it is deployed"},
		"a failed Build":       {&deploy.BuildError{Build: "ZB1", Runtime: "node22"}, job.BuildFailed, "Usual causes"},
		"one of many Assets":   {&deploy.BuildError{Build: "ZB1", Assets: 51}, job.BuildFailed, "more Assets than Twilio takes"},
		"one with a Manifest":  {&deploy.BuildError{Build: "ZB1", HasManifest: true}, job.BuildFailed, "set manifest to false"},
		"an endless Build":     {&deploy.UnfinishedBuildError{Build: "ZB1", Err: fmt.Errorf("wait: %w", retry.ErrBudget)}, job.TimedOut, "build-timeout"},
		"cancelled":            {&twilio.BrokenError{Op: "x", Err: context.Canceled}, job.Cancelled, "Run it again"},
		"out of time":          {&twilio.BrokenError{Op: "x", Err: context.DeadlineExceeded}, job.TimedOut, "timeout"},
		"out of time at 429":   {fmt.Errorf("%w; the last attempt met: %w", context.DeadlineExceeded, reply("x", 429, 20429, "no")), job.TimedOut, "requests in flight"},
		"anything else":        {errors.New("odd"), job.Internal, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := deploy.Explain(test.err)
			if got.Reason != test.reason || !strings.Contains(got.Hint, test.hint) || (test.hint == "") != (got.Hint == "") {
				t.Errorf("got %+v, want reason %s and a hint with %q", got, test.reason, test.hint)
			}
			if got.Message == "" || !strings.Contains(got.Message, test.err.Error()) {
				t.Errorf("the message is %q, want all of %q", got.Message, test.err)
			}
		})
	}
}

func TestUnfinishedBuildErrorTellsWhatWasSeen(t *testing.T) {
	t.Parallel()
	unfinished := &deploy.UnfinishedBuildError{Build: "ZB1", After: 5 * time.Minute, Err: fmt.Errorf("wait: %w", retry.ErrBudget)}
	if got, want := unfinished.Error(), "Build ZB1 is still building after 5m00s"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	unfinished.Err = fmt.Errorf("wait: %w", &retry.UnseenError{Cause: retry.ErrBudget, Last: errors.New("nothing moved for 1m0s")})
	if got, want := unfinished.Error(), "whether Build ZB1 is complete could not be seen within 5m00s; the last look met: nothing moved for 1m0s"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestBuildErrorNamesWhatWasInTheBuild(t *testing.T) {
	t.Parallel()
	failed := &deploy.BuildError{
		Build: "ZB1", Functions: 1, Assets: 2, Bytes: 2048, Runtime: "node24",
		Dependencies: []twilio.Dependency{{Name: "a", Version: "1.0.0"}, {Name: "b", Version: "^2"}},
	}
	want := "Twilio could not make Build ZB1, and its API gives no reason; in it were 1 Function and 2 Assets (2.0 KB in all) for node24 with the dependencies a 1.0.0, b ^2"
	if got := failed.Error(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
