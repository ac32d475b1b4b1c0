package gh_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/retry"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// TestRequestsThatHangAreAbandoned in good time for the deadline.
func TestRequestsThatHangAreAbandoned(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		has, waits time.Duration
	}{
		// The last look waits half of the half that is left.
		"an interrupt": {5 * time.Second, 2500*time.Millisecond + 1250*time.Millisecond},
		"a long job":   {time.Hour, 20 * time.Second},
		"no deadline":  {0, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newSandbox(t, sandbox.Options{})
				server := hold(world)
				defer func() { close(server.release); <-server.landed }()
				line := inDetached(t, server).StatusLine(voice, sha, lineContext)
				first := set(t.Context(), line, gh.StatePending)
				<-server.arrived
				ctx := t.Context()
				if test.has > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.has)
					defer cancel()
				}
				if got := <-set(ctx, line, gh.StateError); got.err != nil || !got.written || got.took != test.waits {
					t.Errorf("the last: %+v, want %s", got, test.waits)
				}
				if got := <-first; !errors.Is(got.err, gh.ErrSuperseded) {
					t.Errorf("the first: %+v", got)
				}
				if got := states(world); got != "error" {
					t.Errorf("there are %q", got)
				}
			})
		})
	}
}

// TestCancelledRequestsThatComeLate take effect after the final state was
// written, over HTTP. What others write meanwhile is left alone.
func TestCancelledRequestsThatComeLate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		comes  bool
		others bool
		want   string
	}{
		"it never comes":             {false, false, "success"},
		"it comes":                   {true, false, "success pending success"},
		"another run comes after it": {true, true, "success pending failure"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := newSandbox(t, sandbox.Options{})
			server := hold(world)
			var isReleased atomic.Bool
			release := func() {
				if isReleased.CompareAndSwap(false, true) {
					close(server.release)
					<-server.landed
				}
			}
			c := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				server.ServeHTTP(w, r)
				if isFinal := r.Method == http.MethodPost && states(world) == "success"; isFinal && test.comes {
					release()
					if test.others {
						other := newClient(t, world)
						status := say(gh.StateFailure)
						status.Context = lineContext
						if _, err := other.SetCommitStatus(r.Context(), voice, sha, status); err != nil {
							t.Error(err)
						}
					}
				}
			}))
			t.Cleanup(release)
			line := c.StatusLine(voice, sha, lineContext)
			stopped, stop := context.WithCancel(t.Context())
			first := set(stopped, line, gh.StatePending)
			<-server.arrived
			stop()
			if got := <-first; !errors.Is(got.err, context.Canceled) {
				t.Errorf("the first: %+v", got)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			if got := <-set(ctx, line, gh.StateSuccess); got.err != nil || !got.written {
				t.Errorf("the last: %+v", got)
			}
			if got := states(world); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestLostAnswersGetALastLook over HTTP; the status that was lost is there, or
// is not.
func TestLostAnswersGetALastLook(t *testing.T) {
	t.Parallel()
	for fault, want := range map[sandbox.Fault]string{
		sandbox.FaultCutAfter: "pending success", sandbox.FaultServerErrorAfter: "pending success",
		sandbox.FaultTruncated: "pending success", sandbox.FaultWrongShape: "pending success",
		sandbox.FaultCutBefore: "success", sandbox.FaultServerError: "success",
	} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			var isMet atomic.Bool
			world := newSandbox(t, sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
				if r.Method == http.MethodPost && isMet.CompareAndSwap(false, true) {
					return fault
				}
				return sandbox.FaultNone
			}})
			server := &asked{Handler: world}
			line := newClient(t, server, once).StatusLine(voice, sha, lineContext)
			if got := <-set(t.Context(), line, gh.StatePending); got.err == nil {
				t.Errorf("the first: %+v", got)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			if got := <-set(ctx, line, gh.StateSuccess); got.err != nil || !got.written {
				t.Errorf("the last: %+v", got)
			}
			if got := states(world); got != want || server.reads.Load() != 2 || server.writes.Load() != 2 {
				t.Errorf("got %q, want %q; %d reads and %d writes", got, want, server.reads.Load(), server.writes.Load())
			}
		})
	}
}

// TestRefusedRequestsNeedNoLastLook because nothing can come of them.
func TestRefusedRequestsNeedNoLastLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, fault := range []sandbox.Fault{sandbox.FaultUnauthorised, sandbox.FaultSecondary, sandbox.FaultRedirect} {
			var isMet atomic.Bool
			world := newSandbox(t, sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
				if r.Method == http.MethodPost && isMet.CompareAndSwap(false, true) {
					return fault
				}
				return sandbox.FaultNone
			}})
			server := &asked{Handler: world}
			line := inMemory(t, server, once).StatusLine(voice, sha, lineContext)
			if got := <-set(t.Context(), line, gh.StatePending); got.err == nil {
				t.Errorf("%v: the first: %+v", fault, got)
			}
			got := <-set(t.Context(), line, gh.StateSuccess)
			if limit, ok := errors.AsType[*gh.RateLimitError](got.err); ok { // it holds for a second
				time.Sleep(time.Until(limit.Until))
				got = <-set(t.Context(), line, gh.StateSuccess)
			}
			if got.err != nil || !got.written || got.took != 0 || states(world) != "success" {
				t.Errorf("%v: the last: %+v, there are %q", fault, got, states(world))
			}
		}
	})
}

// TestLostAnswersOfSomeStates loses the answers of writes by their number, and
// looks at what follows: what the line writes, how long it takes, and how often
// it reads.
func TestLostAnswersOfSomeStates(t *testing.T) {
	t.Parallel()
	type step struct {
		after time.Duration
		state gh.State
		fails bool
		takes time.Duration
		reads int64 // so far
	}
	for name, test := range map[string]struct {
		lost  int64
		steps []step
		want  string
	}{
		"the same state again": {2, []step{
			{0, gh.StatePending, false, 0, 1}, {0, gh.StateError, true, 0, 1}, {0, gh.StateError, false, 0, 1},
		}, "pending error error"},
		"a state, and the one before it again": {2, []step{
			{0, gh.StateError, false, 0, 1}, {0, gh.StateFailure, true, 0, 1}, {time.Second, gh.StateError, false, 9 * time.Second, 2},
		}, "error failure error"},
		"long ago": {1, []step{
			{0, gh.StatePending, true, 0, 1}, {time.Minute, gh.StateSuccess, false, 0, 1},
		}, "pending success"},
		"not so long ago": {1, []step{
			{0, gh.StatePending, true, 0, 1}, {4 * time.Second, gh.StateSuccess, false, 6 * time.Second, 2},
		}, "pending success"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var posts atomic.Int64
				world := newSandbox(t, sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
					if r.Method == http.MethodPost && posts.Add(1) == test.lost {
						return sandbox.FaultCutAfter
					}
					return sandbox.FaultNone
				}})
				server := &asked{Handler: world}
				line := inMemory(t, server, once).StatusLine(voice, sha, lineContext)
				for i, step := range test.steps {
					time.Sleep(step.after)
					got := <-set(t.Context(), line, step.state)
					if (got.err != nil) != step.fails || got.took != step.takes || server.reads.Load() != step.reads {
						t.Errorf("step %d: %+v after %d reads", i+1, got, server.reads.Load())
					}
				}
				if got := states(world); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			})
		})
	}
}

// TestLastLooksThatFail leave a status that is written and not sure to stay.
func TestLastLooksThatFail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var posts atomic.Int64
		world := newSandbox(t, sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
			switch {
			case r.Method == http.MethodPost && posts.Add(1) == 1:
				return sandbox.FaultCutAfter
			case r.Method == http.MethodGet && posts.Load() > 1:
				return sandbox.FaultBadGateway
			default:
				return sandbox.FaultNone
			}
		}})
		line := inMemory(t, world, once).StatusLine(voice, sha, lineContext)
		<-set(t.Context(), line, gh.StatePending)
		got := <-set(t.Context(), line, gh.StateSuccess)
		want := "set commit status: whether it is the newest is not known: read commit statuses of acme/voice: GitHub answered 502"
		if !got.written || got.err == nil || !strings.HasPrefix(got.err.Error(), want) {
			t.Errorf("written %t\ngot  %v\nwant %s", got.written, got.err, want)
		}
	})
}

// TestTheLastStateStays has a server that loses answers, and handles requests
// up to as late as GitHub does, in every order that chance makes. Whatever
// happens, what stays is the state that was set last.
func TestTheLastStateStays(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				within := func(most time.Duration) time.Duration { return time.Duration(random.Int64N(int64(most))) }
				world := newSandbox(t, sandbox.Options{})
				line := client(t, func(cfg *gh.Config) {
					cfg.Retry = retry.Policy{MaxAttempts: 20, MaxElapsed: 10 * time.Minute}
					cfg.Transport = unreliable(world, rand.New(rand.NewPCG(seed, 2)))
				}).StatusLine(voice, sha, lineContext)

				stopped, stop := context.WithCancel(t.Context())
				first := set(stopped, line, gh.StatePending)
				time.Sleep(within(15 * time.Second))
				if isInterrupted := random.IntN(2) == 0; isInterrupted {
					stop()
					set(t.Context(), line, gh.StateError)
					time.Sleep(within(5 * time.Second))
				}
				last := <-set(t.Context(), line, gh.StateFailure)
				stop()
				<-first
				time.Sleep(time.Minute) // until nothing can come any more
				if got := states(world); last.err != nil || !strings.HasSuffix(got, "failure") {
					t.Errorf("there are %q, error %v", got, last.err)
				}
			})
		})
	}
}

// unreliable hands requests to a handler at once or late, and answers or loses
// the answer; half of the time, it is just slow.
func unreliable(handler http.Handler, random *rand.Rand) http.RoundTripper {
	var mu sync.Mutex
	draw := func(below int64) int64 {
		mu.Lock()
		defer mu.Unlock()
		return random.Int64N(below)
	}
	return pipe(func(r *http.Request) (*http.Response, error) {
		takes := time.Duration(draw(int64(9900 * time.Millisecond)))
		slow := detached(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(takes)
			handler.ServeHTTP(w, r)
		}))
		if isLost := draw(2) == 0; isLost {
			ctx, cancel := context.WithTimeout(r.Context(), time.Duration(draw(int64(takes)+1)))
			defer cancel()
			r = r.WithContext(ctx)
		}
		response, err := slow.RoundTrip(r)
		if err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		return response, nil
	})
}
