package github_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/github"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := map[github.Fault]struct {
		status     int // 0: no answer
		body       string
		happens    bool
		isHTML     bool
		retryAfter bool
		remaining  string
	}{
		github.FaultNone:             {status: 201, body: `"state":"success"`, happens: true, remaining: "999"},
		github.FaultUnauthorised:     {status: 401, body: `"message":"Bad credentials"`, remaining: "999"},
		github.FaultRateLimit:        {status: 403, body: `API rate limit exceeded`, remaining: "0"},
		github.FaultSecondary:        {status: 403, body: `secondary rate limit`, retryAfter: true, remaining: "999"},
		github.FaultSecondaryUntold:  {status: 403, body: `secondary rate limit`, remaining: "999"},
		github.FaultTooMany:          {status: 429, body: `secondary rate limit`, retryAfter: true, remaining: "999"},
		github.FaultServerError:      {status: 500, body: `"message":"Server Error"`},
		github.FaultBadGateway:       {status: 502, body: `<h1>502 Bad Gateway</h1>`, isHTML: true},
		github.FaultUnavailable:      {status: 503, body: `<html>`, isHTML: true},
		github.FaultCutBefore:        {},
		github.FaultCutAfter:         {happens: true},
		github.FaultServerErrorAfter: {status: 500, body: `{"message":"Server Error"}`, happens: true},
		github.FaultTruncated:        {status: 201, body: `{"url":"http`, happens: true, remaining: "999"},
		github.FaultEmpty:            {status: 201, body: ``, happens: true, remaining: "999"},
		github.FaultWrongShape:       {status: 201, body: `{"unexpected":`, happens: true, remaining: "999"},
		github.FaultRedirect:         {status: 307, body: `"url":"https://elsewhere.invalid`, remaining: "999"},
		github.FaultSlow:             {status: 201, body: `"state":"success"`, happens: true, remaining: "999"},
	}
	for fault, test := range tests {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			var seen observed
			b := newBox(t, github.Options{
				SlowAnswer: time.Millisecond,
				Fault:      func(*http.Request) github.Fault { return fault },
				Observe:    seen.add,
			})
			got := b.post(statuses, `{"state":"success"}`)
			if isCut := got.err != nil; isCut != (test.status == 0 || fault == github.FaultTruncated) {
				t.Errorf("the connection's error is %v", got.err)
			}
			if got.status != test.status || !strings.Contains(got.raw, test.body) || fault == github.FaultEmpty && got.raw != "" {
				t.Errorf("got %d %q, want %d %q", got.status, got.raw, test.status, test.body)
			}
			if isHTML := strings.HasPrefix(got.header.Get("Content-Type"), "text/html"); isHTML != test.isHTML {
				t.Errorf("Content-Type is %q", got.header.Get("Content-Type"))
			}
			if has := got.header.Get("Retry-After") != ""; has != test.retryAfter {
				t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
			}
			if got.header.Get("X-RateLimit-Remaining") != test.remaining {
				t.Errorf("X-RateLimit-Remaining is %q, want %q", got.header.Get("X-RateLimit-Remaining"), test.remaining)
			}
			// What is at the edge knows nothing of the API.
			if isOfAPI := got.header.Get("X-GitHub-Media-Type") != ""; isOfAPI != (test.remaining != "") {
				t.Errorf("X-GitHub-Media-Type is %q", got.header.Get("X-GitHub-Media-Type"))
			}
			if location := got.header.Get("Location"); fault == github.FaultRedirect && location != "https://"+github.RedirectTarget+statuses {
				t.Errorf("Location is %q", location)
			}
			if happened := len(b.Snapshot().Repositories[0].Statuses) == 1; happened != test.happens {
				t.Errorf("the status was made: %t, want %t", happened, test.happens)
			}
			calls := seen.all()
			if len(calls) != 1 || calls[0].Fault != fault || calls[0].Status != test.status || calls[0].Operation != "repos/create-commit-status" {
				t.Errorf("observed %+v", calls)
			}
		})
	}
	if text := github.Fault(99).String(); text != "fault-99" {
		t.Errorf("an unknown fault is called %q", text)
	}
}

func TestRateLimitFaultLastsAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, github.Options{Fault: func(*http.Request) github.Fault { return github.FaultRateLimit }})
		got := d.do("GET", voice, "")
		if want := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10); got.header.Get("X-RateLimit-Reset") != want {
			t.Errorf("reset is %s, want %s", got.header.Get("X-RateLimit-Reset"), want)
		}
	})
}

// TestFaultsComeByRateAndSeed counts what a seed deals out.
func TestFaultsComeByRateAndSeed(t *testing.T) {
	t.Parallel()
	deal := func(seed uint64) (kinds map[github.Fault]int, sequence []github.Fault) {
		kinds = map[github.Fault]int{}
		d := newDirect(t, github.Options{
			FaultRate: 0.25, Seed: seed, SlowAnswer: time.Nanosecond, RateLimit: 1000,
			Observe: func(call github.Call) { kinds[call.Fault]++; sequence = append(sequence, call.Fault) },
		})
		for range 800 {
			d.do("GET", voice, "")
		}
		return kinds, sequence
	}
	kinds, sequence := deal(7)
	if none := kinds[github.FaultNone]; none < 560 || none > 640 {
		t.Errorf("%d of 800 requests met no fault, want about 600", none)
	}
	if len(kinds) != 9 {
		t.Errorf("kinds are %v, want the 8 that are drawn, and none", kinds)
	}
	_, again := deal(7)
	_, another := deal(8)
	var differsFromItself, differs bool
	for i := range sequence {
		differsFromItself = differsFromItself || sequence[i] != again[i]
		differs = differs || sequence[i] != another[i]
	}
	if differsFromItself || !differs {
		t.Errorf("equal seeds differ: %t; different seeds differ: %t", differsFromItself, differs)
	}
}

func TestSlowAnswersTakeTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, github.Options{Fault: func(*http.Request) github.Fault { return github.FaultSlow }})
		started := time.Now()
		wantStatus(t, d.do("GET", voice, ""), http.StatusOK)
		if took := time.Since(started); took != 2*time.Second {
			t.Errorf("took %s, want 2s", took)
		}
	})
}

func TestLatencyIsOnEveryAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDirect(t, github.Options{Latency: 80 * time.Millisecond})
		for _, path := range []string{voice, "/nothing"} {
			started := time.Now()
			d.do("GET", path, "")
			if took := time.Since(started); took != 80*time.Millisecond {
				t.Errorf("%s took %s, want 80ms", path, took)
			}
		}
	})
}

func TestPanicsAreReported(t *testing.T) {
	t.Parallel()
	d := newDirect(t, github.Options{Fault: func(*http.Request) github.Fault { panic("boom") }})
	got := d.do("GET", voice, "")
	if got.status != 500 || !strings.Contains(got.text("message"), "boom") {
		t.Errorf("got %d %s", got.status, got.raw)
	}
	if err := d.sandbox.Close(); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("Close: %v", err)
	}
}
