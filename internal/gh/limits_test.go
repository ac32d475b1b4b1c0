package gh_test

import (
	"context"
	"errors"
	"fmt"
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

// secondaryBody is what GitHub says at a secondary rate limit.
const secondaryBody = `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`

// primaryBody is what GitHub says at the primary one.
const primaryBody = `{"message":"API rate limit exceeded for installation ID 1.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"}`

// limited refuses everything until a time, in one way, and then holds an equal
// status, so that a call ends with its first read.
type limited struct {
	until   time.Time
	status  int
	body    string
	headers map[string]string
	asked   atomic.Int64
}

func (l *limited) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	l.asked.Add(1)
	if time.Now().Before(l.until) {
		for name, value := range l.headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(l.status)
		fmt.Fprint(w, l.body)
		return
	}
	fmt.Fprint(w, `[{"id":1,"state":"pending","context":"slipway/voice/dev","description":"Deploying","target_url":"https://ci.example/1"}]`)
}

func epoch(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// TestWaits gives every way in which GitHub tells how long a limit lasts, and
// looks at how long the client waits.
func TestWaits(t *testing.T) {
	t.Parallel()
	in := func(wait time.Duration) string { return epoch(time.Now().Add(wait)) }
	for name, test := range map[string]struct {
		lasts   time.Duration
		body    string
		headers func() map[string]string
		waits   time.Duration
		asked   int64
	}{
		"Retry-After": {30 * time.Second, secondaryBody, func() map[string]string {
			return map[string]string{"Retry-After": "30", "X-RateLimit-Remaining": "900", "X-RateLimit-Reset": in(time.Hour)}
		}, 30 * time.Second, 2},
		"Retry-After as a date, by a clock that goes wrong": {30 * time.Second, secondaryBody, func() map[string]string {
			server := time.Now().Add(-time.Hour).UTC()
			return map[string]string{"Date": server.Format(http.TimeFormat), "Retry-After": server.Add(30 * time.Second).Format(http.TimeFormat)}
		}, 30 * time.Second, 2},
		"Retry-After without a body": {time.Second, "", func() map[string]string {
			return map[string]string{"Retry-After": "1"}
		}, time.Second, 2},
		"nothing at all": {time.Minute, secondaryBody, func() map[string]string { return nil }, time.Minute, 2},
		// Every answer has this header, and it does not belong to this limit.
		"the reset of the other limit": {time.Minute, secondaryBody, func() map[string]string {
			return map[string]string{"X-RateLimit-Remaining": "900", "X-RateLimit-Reset": in(50 * time.Minute)}
		}, time.Minute, 2},
		"nothing, for two minutes": {2 * time.Minute, secondaryBody, func() map[string]string { return nil }, 3 * time.Minute, 3},
		"an older message":         {time.Minute, `{"message":"You have triggered an abuse detection mechanism. Please wait a few minutes before you try again."}`, func() map[string]string { return nil }, time.Minute, 2},
		"an older page":            {time.Minute, `{"message":"You have triggered an abuse detection mechanism.","documentation_url":"https://docs.github.com/rest#abuse-rate-limits"}`, func() map[string]string { return nil }, time.Minute, 2},
		"the message alone":        {time.Minute, `{"message":"You have exceeded a secondary rate limit."}`, func() map[string]string { return nil }, time.Minute, 2},
		"the reset": {40 * time.Second, primaryBody, func() map[string]string {
			return map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": in(40 * time.Second)}
		}, 41 * time.Second, 2},
		"the reset by a clock that goes wrong": {40 * time.Second, primaryBody, func() map[string]string {
			server := time.Now().Add(time.Hour).UTC()
			return map[string]string{"Date": server.Format(http.TimeFormat), "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": epoch(server.Add(40 * time.Second))}
		}, 41 * time.Second, 2},
		"a reset that has passed": {time.Second, primaryBody, func() map[string]string {
			return map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": in(-time.Hour)}
		}, time.Second, 2},
	} {
		for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests} {
			t.Run(name+"/"+strconv.Itoa(status), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					started := time.Now()
					server := &limited{until: started.Add(test.lasts), status: status, body: test.body, headers: test.headers()}
					_, err := inMemory(t, server).SetCommitStatus(t.Context(), voice, sha, pending())
					if waited := time.Since(started); err != nil || waited != test.waits || server.asked.Load() != test.asked {
						t.Errorf("waited %s and asked %d times, error %v; want %s and %d", waited, server.asked.Load(), err, test.waits, test.asked)
					}
				})
			})
		}
	}
}

// TestLimitsOfTheSandboxAreWaitedOut creates more than is allowed in a minute.
func TestLimitsOfTheSandboxAreWaitedOut(t *testing.T) {
	t.Parallel()
	for name, switches := range map[string]sandbox.Switches{
		"as documented": {}, "as 429": {LimitsAre429: true}, "untold": {NoRetryAfter: true}, "untold as 429": {LimitsAre429: true, NoRetryAfter: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := newSandbox(t, sandbox.Options{SecondaryAfter: 1, Switches: switches})
				client := inMemory(t, world)
				started := time.Now()
				for i, state := range []gh.State{gh.StatePending, gh.StateSuccess, gh.StateFailure} {
					status := pending()
					status.State = state
					if isWritten, err := client.SetCommitStatus(t.Context(), voice, sha, status); err != nil || !isWritten {
						t.Fatalf("written %t, error %v", isWritten, err)
					}
					if waited, want := time.Since(started), time.Duration(i)*time.Minute; waited != want {
						t.Errorf("status %d after %s, want %s", i+1, waited, want)
					}
				}
			})
		})
	}
}

// TestLimitsBeyondTheBudgetEndAtOnce, naming the time; and until then, nothing
// else is sent, although the SDK would not know of a 429.
func TestLimitsBeyondTheBudgetEndAtOnce(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				reset := started.Add(50 * time.Minute).UTC()
				server := &limited{until: reset, status: status, body: primaryBody, headers: map[string]string{
					"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": epoch(reset), "X-GitHub-Request-Id": "A:1",
				}}
				client := inMemory(t, server)
				for range 3 {
					_, err := client.SetCommitStatus(t.Context(), voice, sha, pending())
					limit, ok := errors.AsType[*gh.RateLimitError](err)
					if !ok || !limit.Primary || !limit.Until.Equal(reset) || limit.RequestID != "A:1" ||
						!strings.Contains(err.Error(), "until "+reset.Format("2006-01-02 15:04:05 UTC")) {
						t.Errorf("error %v", err)
					}
				}
				if waited := time.Since(started); waited != 0 || server.asked.Load() != 1 {
					t.Errorf("waited %s and asked %d times, want neither", waited, server.asked.Load())
				}
				time.Sleep(51 * time.Minute)
				if _, err := client.SetCommitStatus(t.Context(), voice, sha, pending()); err != nil {
					t.Errorf("after the reset: %v", err)
				}
			})
		})
	}
}

func TestLimitsAreNotWaitedOutIntoADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		server := &limited{until: started.Add(time.Minute), status: 403, body: secondaryBody, headers: map[string]string{"Retry-After": "60"}}
		ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
		defer cancel()
		_, err := inMemory(t, server).SetCommitStatus(ctx, voice, sha, pending())
		if _, ok := errors.AsType[*gh.RateLimitError](err); !ok || time.Since(started) != 0 {
			t.Errorf("ended after %s with %v", time.Since(started), err)
		}
	})
}

// TestLimitsHoldAllCallsOfAClient lets one call meet a limit while others come.
func TestLimitsHoldAllCallsOfAClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		server := &limited{until: started.Add(time.Minute), status: 403, body: secondaryBody, headers: map[string]string{"Retry-After": "60"}}
		client := inMemory(t, server)
		var all sync.WaitGroup
		for i := range 5 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Second) // the first one meets it
				if _, err := client.SetCommitStatus(t.Context(), voice, sha, pending()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		// Whoever comes later waits as long as the first one, and not longer.
		if waited := time.Since(started); waited < time.Minute || waited > time.Minute+10*time.Second || server.asked.Load() != 6 {
			t.Errorf("waited %s and asked %d times, want a minute and 6", waited, server.asked.Load())
		}
	})
}

// TestLimitsMetAtOnceAreOne has calls that were all on their way when the limit
// began, and that is not said to last longer for their number.
func TestLimitsMetAtOnceAreOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		server := &limited{until: started.Add(time.Minute), status: 403, body: secondaryBody}
		client := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			server.ServeHTTP(w, r)
		}))
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := client.SetCommitStatus(t.Context(), voice, sha, pending()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if waited := time.Since(started); waited < time.Minute || waited > time.Minute+10*time.Second || server.asked.Load() != 16 {
			t.Errorf("waited %s and asked %d times, want a minute and 16", waited, server.asked.Load())
		}
	})
}

// TestWaitsGrowAndEnd has a secondary limit that never says how long.
func TestWaitsGrowAndEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		server := &limited{until: started.Add(time.Hour), status: 403, body: secondaryBody}
		_, err := inMemory(t, server).SetCommitStatus(t.Context(), voice, sha, pending())
		gaveUp, ok := errors.AsType[*retry.GaveUpError](err)
		if !ok || gaveUp.Asked != 4*time.Minute || time.Since(started) != 3*time.Minute || server.asked.Load() != 3 {
			t.Errorf("asked %d times and ended after %s with %v", server.asked.Load(), time.Since(started), err)
		}
	})
}

// TestNonsenseInHeaders must neither hang nor panic.
func TestNonsenseInHeaders(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string]map[string]string{
		"a huge Retry-After":  {"Retry-After": "99999999999999999999"},
		"a large Retry-After": {"Retry-After": "9999999999"},
		"a huge reset":        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9999999999999"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				server := &limited{until: started.Add(time.Hour), status: 429, headers: headers}
				_, err := inMemory(t, server).SetCommitStatus(t.Context(), voice, sha, pending())
				if _, ok := errors.AsType[*gh.RateLimitError](err); !ok || time.Since(started) != 0 {
					t.Errorf("ended after %s with %v", time.Since(started), err)
				}
			})
		})
	}
	for name, headers := range map[string]map[string]string{
		"a negative Retry-After":   {"Retry-After": "-5"},
		"words in Retry-After":     {"Retry-After": "soon"},
		"a negative reset":         {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "-1"},
		"words for the reset":      {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"},
		"words for what remains":   {"X-RateLimit-Remaining": "none", "X-RateLimit-Reset": "9999999999999"},
		"nothing of what is usual": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				server := &limited{until: started.Add(10 * time.Millisecond), status: 429, headers: headers}
				_, err := inMemory(t, server).SetCommitStatus(t.Context(), voice, sha, pending())
				if err != nil || time.Since(started) > time.Minute {
					t.Errorf("ended after %s with %v", time.Since(started), err)
				}
			})
		})
	}
}

// TestMissingPermissionInTheLastRequestOfAWindow is what the SDK takes for a
// rate limit, as it goes by what remains.
func TestMissingPermissionInTheLastRequestOfAWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		world := newSandbox(t, sandbox.Options{
			RateLimit: 1, Tokens: []sandbox.Token{{Value: token, Permissions: map[string]string{"contents": "read"}}},
		})
		_, err := inMemory(t, world).SetCommitStatus(t.Context(), voice, sha, pending())
		if _, ok := errors.AsType[*gh.PermissionError](err); !ok || time.Since(started) != 0 {
			t.Errorf("ended after %s with %v", time.Since(started), err)
		}
	})
}

// TestOtherRefusalsAreNotRepeated has what is neither a limit nor a permission,
// even where it answers the last request of a window.
func TestOtherRefusalsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
	}{
		"archived":    {403, `{"message":"Repository was archived so is read-only.","documentation_url":"https://docs.github.com/rest"}`},
		"by SAML":     {403, `{"message":"Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization."}`},
		"by the edge": {403, "Request forbidden by administrative rules."},
		"for lawyers": {451, `{"message":"Repository access blocked"}`},
		"a conflict":  {409, `{"message":"Git Repository is empty."}`},
		"gone":        {410, ``},
	} {
		for _, remaining := range []string{"10", "0"} {
			t.Run(name+" with "+remaining, func(t *testing.T) {
				t.Parallel()
				var asked atomic.Int64
				client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					answer(test.status, test.body, "X-RateLimit-Remaining", remaining, "X-RateLimit-Reset", "9999999999").ServeHTTP(w, r)
				}))
				_, err := client.SetCommitStatus(t.Context(), voice, sha, pending())
				refusal, ok := errors.AsType[*gh.Error](err)
				if !ok || refusal.Status != test.status || asked.Load() != 1 {
					t.Errorf("asked %d times, error %v", asked.Load(), err)
				}
			})
		}
	}
}
