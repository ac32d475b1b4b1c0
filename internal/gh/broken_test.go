package gh_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

// TestHangingServersAreLeft gives the SDK's client its timeout.
func TestHangingServersAreLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		c := client(t, once, func(cfg *gh.Config) {
			cfg.Transport = pipe(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
		})
		_, err := c.SetCommitStatus(t.Context(), voice, sha, pending())
		if waited := time.Since(started); err == nil || waited != 30*time.Second || !strings.Contains(err.Error(), "no answer from api.github.com: nothing whole came within 30s") {
			t.Errorf("ended after %s with %v", waited, err)
		}
	})
}

// TestLostConnections has no response, which the SDK gives as nil.
func TestLostConnections(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for name, test := range map[string]struct {
		err   error
		asked int64
	}{
		"reset":         {errors.New("connection reset by peer"), 3},
		"no connection": {dial, 3},
		"no such name":  {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, 1},
		"a busy proxy":  {&net.OpError{Op: "proxyconnect", Err: errors.New("connection refused")}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			c := client(t, func(cfg *gh.Config) {
				cfg.Retry = quick()
				cfg.Transport = pipe(func(*http.Request) (*http.Response, error) {
					asked.Add(1)
					return nil, test.err
				})
			})
			_, err := c.SetCommitStatus(t.Context(), voice, sha, pending())
			broken, ok := errors.AsType[*gh.Error](err)
			if !ok || broken.Status != 0 || !errors.Is(err, test.err) || asked.Load() != test.asked || strings.Contains(err.Error(), "http") {
				t.Errorf("asked %d times, want %d; error %v", asked.Load(), test.asked, err)
			}
		})
	}
}

// TestWritesThatWereNotSentAreNotLookedFor counts reads: a connection that never
// was needs no look-up, and one that broke does.
func TestWritesThatWereNotSentAreNotLookedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		reads int64
	}{
		"never was": {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, 1},
		"broke":     {errors.New("connection reset by peer"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := newSandbox(t, sandbox.Options{})
			var reads, writes atomic.Int64
			c := newClient(t, world, func(cfg *gh.Config) {
				cfg.Transport = pipe(func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodGet {
						reads.Add(1)
					} else if writes.Add(1) == 1 {
						return nil, test.err
					}
					return http.DefaultTransport.RoundTrip(r)
				})
			})
			isWritten, err := c.SetCommitStatus(t.Context(), voice, sha, pending())
			if err != nil || !isWritten || reads.Load() != test.reads || writes.Load() != 2 {
				t.Errorf("written %t with %d reads and %d writes, error %v", isWritten, reads.Load(), writes.Load(), err)
			}
		})
	}
}

// TestSuccessOfSomethingElse has a proxy answer a write that never arrives. The
// SDK takes an empty body for a status without fields.
func TestSuccessOfSomethingElse(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"nothing": "", "null": "null", "another object": "{}", "a page": "<html>sign in"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := newSandbox(t, sandbox.Options{})
			var writes atomic.Int64
			c := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && writes.Add(1) == 1 {
					answer(http.StatusCreated, body).ServeHTTP(w, r)
					return
				}
				world.ServeHTTP(w, r)
			}))
			isWritten, err := c.SetCommitStatus(t.Context(), voice, sha, pending())
			if err != nil || !isWritten || len(statuses(world)) != 1 {
				t.Errorf("written %t, %d statuses are there, error %v", isWritten, len(statuses(world)), err)
			}
		})
	}
}

// TestLookUpThatFails ends the call, and says why.
func TestLookUpThatFails(t *testing.T) {
	t.Parallel()
	var isLost atomic.Bool
	c, world := newWorld(t, sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
		switch {
		case r.Method == http.MethodPost:
			isLost.Store(true)
			return sandbox.FaultCutAfter
		case isLost.Load():
			return sandbox.FaultBadGateway
		default:
			return sandbox.FaultNone
		}
	}})
	isWritten, err := c.SetCommitStatus(t.Context(), voice, sha, pending())
	want := "set commit status: its answer was lost, and looking for its effect met: read commit statuses of acme/voice: GitHub answered 502"
	if isWritten || err == nil || !strings.HasPrefix(err.Error(), want) || len(statuses(world)) != 1 {
		t.Errorf("written %t\ngot  %v\nwant %s", isWritten, err, want)
	}
}

// TestOneBudgetForLooksAndWrites has writes that fail, and look-ups between them
// that fail several times each.
func TestOneBudgetForLooksAndWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var reads atomic.Int64
		world := newSandbox(t, sandbox.Options{Fault: func(r *http.Request) sandbox.Fault {
			if r.Method == http.MethodPost || reads.Add(1)%5 != 0 {
				return sandbox.FaultBadGateway
			}
			return sandbox.FaultNone
		}})
		started := time.Now()
		_, err := inMemory(t, world, func(cfg *gh.Config) { cfg.Retry.MaxElapsed = 10 * time.Second }).SetCommitStatus(t.Context(), voice, sha, pending())
		if waited := time.Since(started); err == nil || waited > 10*time.Second {
			t.Errorf("ended after %s with %v", waited, err)
		}
	})
}

func TestCancelledCalls(t *testing.T) {
	t.Parallel()
	stop := errors.New("the workflow was cancelled")
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(stop)
		c := newClient(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }))
		if _, err := c.SetCommitStatus(ctx, voice, sha, pending()); !errors.Is(err, stop) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("meanwhile", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancelCause(t.Context())
		var asked atomic.Int64
		c := client(t, func(cfg *gh.Config) {
			cfg.Transport = pipe(func(r *http.Request) (*http.Response, error) {
				asked.Add(1)
				cancel(stop)
				return nil, r.Context().Err()
			})
		})
		_, err := c.SetCommitStatus(ctx, voice, sha, pending())
		if !errors.Is(err, stop) || asked.Load() != 1 || !strings.Contains(err.Error(), "cut off") {
			t.Errorf("asked %d times, error %v", asked.Load(), err)
		}
	})
	t.Run("inside the answer", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancelCause(t.Context())
		c := client(t, func(cfg *gh.Config) {
			cfg.Transport = pipe(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r, Body: io.NopCloser(readerFunc(func([]byte) (int, error) {
					cancel(stop)
					return 0, r.Context().Err()
				}))}, nil
			})
		})
		if _, err := c.SetCommitStatus(ctx, voice, sha, pending()); !errors.Is(err, stop) {
			t.Errorf("error %v", err)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestProxyThatRefusesIsNamed goes through a proxy that does not connect.
func TestProxyThatRefusesIsNamed(t *testing.T) {
	t.Parallel()
	for status, asked := range map[int]int64{http.StatusForbidden: 1, http.StatusProxyAuthRequired: 1, http.StatusBadGateway: 3} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			var count atomic.Int64
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				count.Add(1)
				w.WriteHeader(status)
			}))
			defer proxy.Close()
			address, err := url.Parse(proxy.URL)
			if err != nil {
				t.Fatal(err)
			}
			transport := gh.NewTransport()
			transport.Proxy = http.ProxyURL(address)
			c := client(t, func(cfg *gh.Config) { cfg.APIURL, cfg.Transport, cfg.Retry = "https://api.example", transport, quick() })
			_, err = c.SetCommitStatus(t.Context(), voice, sha, pending())
			want := "the proxy " + address.Host + " would not connect to api.example:443 and answered " + strconv.Itoa(status)
			if err == nil || !strings.Contains(err.Error(), want) || count.Load() != asked {
				t.Errorf("asked %d times\ngot  %v\nwant %s", count.Load(), err, want)
			}
		})
	}
}
