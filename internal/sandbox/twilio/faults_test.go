package twilio_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := map[twilio.Fault]struct {
		status     int // 0: no answer
		body       string
		happens    bool
		isHTML     bool
		retryAfter bool
	}{
		twilio.FaultNone:              {status: 201, body: `"sid":"ZS`, happens: true},
		twilio.FaultTooMany:           {status: 429, body: `"moreInfo":"https://www.twilio.com/docs/errors/20429"`},
		twilio.FaultTooManyRetryAfter: {status: 429, body: `"detail":`, retryAfter: true},
		twilio.FaultServerError:       {status: 500, body: `{"message":"An error occurred","status":500}`},
		twilio.FaultBadGateway:        {status: 502, body: "<html>", isHTML: true},
		twilio.FaultUnavailable:       {status: 503, body: `"code":20503`},
		twilio.FaultCutBefore:         {},
		twilio.FaultCutAfter:          {happens: true},
		twilio.FaultServerErrorAfter:  {status: 500, body: `"status":500`, happens: true},
		twilio.FaultTruncated:         {status: 201, body: `{"sid":"ZS`, happens: true},
		twilio.FaultWrongShape:        {status: 201, body: `{"unexpected":`, happens: true},
		twilio.FaultRedirect:          {status: 307},
		twilio.FaultSlow:              {status: 201, body: `"sid":"ZS`, happens: true},
	}
	for fault, test := range tests {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var calls []twilio.Call
			b := newBox(t, twilio.Options{
				SlowAnswer: time.Millisecond,
				Fault:      func(*http.Request) twilio.Fault { return fault },
				Observe: func(call twilio.Call) {
					mu.Lock()
					defer mu.Unlock()
					calls = append(calls, call)
				},
			})
			b.noAlive = true
			got := b.post("/v1/Services", "UniqueName", "voice", "FriendlyName", "Voice")
			if isCut := got.err != nil; isCut != (test.status == 0 || fault == twilio.FaultTruncated) {
				t.Errorf("the connection's error is %v", got.err)
			}
			if got.status != test.status || !strings.Contains(got.raw, test.body) {
				t.Errorf("got %d %q, want %d %q", got.status, got.raw, test.status, test.body)
			}
			if isHTML := got.header.Get("Content-Type") == "text/html"; isHTML != test.isHTML {
				t.Errorf("Content-Type is %q", got.header.Get("Content-Type"))
			}
			if has := got.header.Get("Retry-After") != ""; has != test.retryAfter {
				t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
			}
			if location := got.header.Get("Location"); (fault == twilio.FaultRedirect) != (location == "https://elsewhere.invalid/v1/Services") {
				t.Errorf("Location is %q", location)
			}
			if happened := len(b.Snapshot().Services) == 1; happened != test.happens {
				t.Errorf("the Service was made: %t, want %t", happened, test.happens)
			}
			mu.Lock()
			defer mu.Unlock()
			want := twilio.Call{
				Method: "POST", Path: "/v1/Services", Operation: "CreateService", Status: test.status, Fault: fault,
				AccountSID: twilio.DefaultAccount().SID,
			}
			if len(calls) != 1 {
				t.Fatalf("observed %v, want one call", calls)
			}
			if calls[0].Duration <= 0 {
				t.Error("the call took no time")
			}
			calls[0].Duration = 0
			if calls[0] != want {
				t.Errorf("observed %+v\nwant     %+v", calls[0], want)
			}
		})
	}
}

func TestFaultsOfAnswersWithoutBody(t *testing.T) {
	t.Parallel()
	for fault, want := range map[twilio.Fault]int{twilio.FaultWrongShape: 204, twilio.FaultTruncated: 0} {
		b := newBox(t, twilio.Options{Fault: func(r *http.Request) twilio.Fault {
			if r.Method == http.MethodDelete {
				return fault
			}
			return twilio.FaultNone
		}})
		if got := b.del(service(b.service("voice"))); got.status != want {
			t.Errorf("%v: got %d %v, want %d", fault, got.status, got.err, want)
		}
		if left := b.Snapshot().Services; len(left) != 0 {
			t.Errorf("%v: %v is left", fault, left)
		}
	}
}

// TestFaultsComeByRateAndSeed counts what a seed deals out.
func TestFaultsComeByRateAndSeed(t *testing.T) {
	t.Parallel()
	deal := func(seed uint64) (kinds map[twilio.Fault]int, sequence []twilio.Fault) {
		kinds = map[twilio.Fault]int{}
		b := newBox(t, twilio.Options{
			FaultRate: 0.25, Seed: seed, SlowAnswer: time.Nanosecond,
			Observe: func(call twilio.Call) { kinds[call.Fault]++; sequence = append(sequence, call.Fault) },
		})
		d := direct{t, b.Sandbox}
		for range 2000 {
			func() {
				defer func() {
					if met := recover(); met != nil && met != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
						panic(met)
					}
				}()
				d.do(http.MethodGet, "/v1/Services", "", "")
			}()
		}
		return kinds, sequence
	}
	kinds, sequence := deal(7)
	if none := kinds[twilio.FaultNone]; none < 1400 || none > 1600 {
		t.Errorf("%d of 2000 requests met no fault, want about 1500", none)
	}
	if len(kinds) != 9 {
		t.Errorf("kinds are %v, want the 8 that are drawn, and none", kinds)
	}
	_, again := deal(7)
	_, other := deal(8)
	var same, differ bool
	for i := range sequence {
		same = same || sequence[i] != again[i]
		differ = differ || sequence[i] != other[i]
	}
	if same || !differ {
		t.Errorf("equal seeds differ: %t; different seeds differ: %t", same, differ)
	}
}

func TestLatencyAndSlowAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sandbox, err := twilio.New(twilio.Options{
			Latency: 80 * time.Millisecond,
			Fault:   func(*http.Request) twilio.Fault { return twilio.FaultSlow },
		})
		if err != nil {
			t.Fatal(err)
		}
		d := direct{t, sandbox}
		start := time.Now()
		got := d.do(http.MethodGet, "/v1/Services", "", "")
		if took := time.Since(start); took != 2080*time.Millisecond || got.header.Get("Twilio-Request-Duration") != "2.080" {
			t.Errorf("took %v, says %s", took, got.header.Get("Twilio-Request-Duration"))
		}
		start = time.Now()
		wantStatus(t, d.do(http.MethodGet, "/_live/nobody.twil.io/", "", ""), http.StatusNotFound)
		if took := time.Since(start); took != 0 {
			t.Errorf("live traffic took %v", took)
		}
	})
}

// TestConcurrencyByDefault: no limit given means 50.
func TestConcurrencyByDefault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := direct{t, open(t, twilio.Options{Latency: time.Second})}
		var tooMany, served atomic.Int32
		var wait sync.WaitGroup
		for range 53 {
			wait.Go(func() {
				if d.get("/v1/Services").status == http.StatusTooManyRequests {
					tooMany.Add(1)
				} else {
					served.Add(1)
				}
			})
		}
		wait.Wait()
		if served.Load() != 50 || tooMany.Load() != 3 {
			t.Errorf("%d requests were served and %d refused, want 50 and 3", served.Load(), tooMany.Load())
		}
	})
}

// TestConcurrencyGate holds two requests inside the Sandbox and sends a third.
func TestConcurrencyGate(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	b := newBox(t, twilio.Options{MaxConcurrent: 2, Fault: func(*http.Request) twilio.Fault {
		entered <- struct{}{}
		<-release
		return twilio.FaultNone
	}})
	answers := make(chan answer, 2)
	for range 2 {
		go func() { answers <- b.get("/v1/Services") }()
		<-entered
	}
	got := b.post("/v1/Services", "UniqueName", "a", "FriendlyName", "a")
	if got.status != http.StatusTooManyRequests || got.code() != 20429 || got.text("moreInfo") == "" || got.text("detail") == "" || got.text("more_info") != "" {
		t.Errorf("third: %d %s", got.status, got.raw)
	}
	close(release)
	seen := map[string]bool{}
	for range 2 {
		one := <-answers
		wantStatus(t, one, http.StatusOK)
		seen[one.header.Get("Twilio-Concurrent-Requests")] = true
	}
	if !seen["1"] || !seen["2"] {
		t.Errorf("Twilio-Concurrent-Requests said %v, want 1 and 2", seen)
	}
	go func() { <-entered }()
	wantStatus(t, b.get("/v1/Services"), http.StatusOK)
}
