package twilio

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// rush sends requests through the limiter until each was answered well, with
// an account that answers after 80 ms and refuses above its limit. It returns
// the time taken, the most in flight at once, and the refusals.
func rush(t *testing.T, limiter *Limiter, requests, accountLimit, others int) (took time.Duration, peak, refused int) {
	t.Helper()
	var mu sync.Mutex
	inFlight := 0
	started := time.Now()
	var all sync.WaitGroup
	for range requests {
		all.Go(func() {
			for {
				at, err := limiter.acquire(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				inFlight++
				peak = max(peak, inFlight)
				seen := inFlight + others
				tooMany := seen > accountLimit
				if tooMany {
					refused++
				}
				mu.Unlock()
				time.Sleep(80 * time.Millisecond)
				mu.Lock()
				inFlight--
				mu.Unlock()
				limiter.release(at, tooMany, seen)
				if !tooMany {
					return
				}
				time.Sleep(200 * time.Millisecond)
			}
		})
	}
	all.Wait()
	return time.Since(started), peak, refused
}

func TestLimiterStartsSlowlyAndKeepsItsCap(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		maximum, wantPeak int
		within            time.Duration // of 300 requests
	}{
		"default":   {0, 20, 1400 * time.Millisecond},
		"fifty":     {50, 50, 840 * time.Millisecond},
		"three":     {3, 3, 8100 * time.Millisecond},
		"just one":  {1, 1, 24100 * time.Millisecond},
		"a hundred": {100, 100, 680 * time.Millisecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				took, peak, refused := rush(t, NewLimiter(test.maximum), 300, 1000, 0)
				if peak != test.wantPeak || refused != 0 || took > test.within {
					t.Errorf("took %s with a peak of %d and %d refused, want at most %s, %d and 0",
						took, peak, refused, test.within, test.wantPeak)
				}
			})
		})
	}
}

func TestLimiterFindsTheAccountsLimit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limit int
		worst float64 // times the best; a cut weighs more where there is little
	}{"3": {3, 1.4}, "5": {5, 1.2}, "10": {10, 1.2}, "15": {15, 1.2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				// One run is a matter of luck: which of the requests of one moment
				// are answered first.
				const runs, requests = 5, 2000
				var took time.Duration
				var refused int
				for range runs {
					tookNow, _, refusedNow := rush(t, NewLimiter(20), requests, test.limit, 0)
					took, refused = took+tookNow/runs, refused+refusedNow
				}
				if share := float64(refused) / runs / requests; share > 0.05 {
					t.Errorf("%.1f %% of the requests were refused, want at most 5 %%", 100*share)
				}
				best := time.Duration(requests/test.limit) * 80 * time.Millisecond
				if took.Seconds() > test.worst*best.Seconds() {
					t.Errorf("took %s, want at most %g times the %s of a known limit", took, test.worst, best)
				}
			})
		})
	}
}

// TestLimiterCountsTheCrowd has 16 requests meet an account that takes 10. Whichever of
// them are refused, and whichever is answered first, there is room for 10.
func TestLimiterCountsTheCrowd(t *testing.T) {
	t.Parallel()
	const most, limit = 16, 10
	for name, test := range map[string]struct {
		firstRefused int // by the order in which they were sent
		answered     func(int) int
	}{
		"in order":                        {limit, func(i int) int { return i }},
		"the last one first":              {limit, func(i int) int { return most - 1 - i }},
		"the refused ones first":          {limit, func(i int) int { return (limit + i) % most }},
		"in turns":                        {limit, func(i int) int { return i * 5 % most }},
		"refused are some from the midst": {4, func(i int) int { return (4 + i) % most }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				limiter := NewLimiter(20)
				limiter.allowed = most
				var sent [most]slot
				for i := range sent {
					time.Sleep(time.Millisecond)
					var err error
					if sent[i], err = limiter.acquire(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				for i := range sent {
					time.Sleep(time.Millisecond)
					one := test.answered(i)
					limiter.release(sent[one], one >= test.firstRefused && one < test.firstRefused+most-limit, 0)
				}
				if limiter.ceiling != limit {
					t.Errorf("it takes the account for one with room for %g, want %d", limiter.ceiling, limit)
				}
			})
		})
	}
}

func TestLimiterRecoversOnceTheAccountIsFree(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]int{"1": 1, "2": 2, "5": 5, "10": 10, "15": 15, "19": 19} {
		t.Run("from a limit of "+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				limiter := NewLimiter(20)
				rush(t, limiter, 200, limit, 0)
				rush(t, limiter, 400, 1000, 0) // the account is free again
				took, peak, _ := rush(t, limiter, 400, 1000, 0)
				if peak != 20 || took > 1700*time.Millisecond {
					t.Errorf("after 400 requests, 400 more took %s with a peak of %d, want at most 1.7s and 20", took, peak)
				}
			})
		})
	}
	t.Run("from one refusal of a request alone", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			limiter := NewLimiter(20)
			alone, err := limiter.acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			limiter.release(alone, true, 0)
			if _, peak, _ := rush(t, limiter, 200, 1000, 0); peak != 20 {
				t.Errorf("within 200 requests there were at most %d in flight, want 20", peak)
			}
		})
	})
}

func TestLimiterMakesRoomForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := NewLimiter(20)
		rush(t, limiter, 400, 1000, 12)
		// With 8 of 20 left, 400 requests of 80 ms take 4 s; alone they take 1.6 s.
		if took, _, _ := rush(t, limiter, 400, 1000, 12); took < 2500*time.Millisecond {
			t.Errorf("took %s beside 12 requests of others, want at least 2.5s", took)
		}
		rush(t, limiter, 400, 1000, 0)
		if took, _, _ := rush(t, limiter, 400, 1000, 0); took > 1700*time.Millisecond {
			t.Errorf("took %s once others are gone, want at most 1.7s", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		limiter := NewLimiter(20)
		rush(t, limiter, 200, 1000, 500)
		if _, peak, _ := rush(t, limiter, 50, 1000, 500); peak > leastRoom {
			t.Errorf("up to %d in flight on a crowded account, want %d", peak, leastRoom)
		}
	})
}

func TestLimiterCancelledWaitersLoseNoSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := NewLimiter(1)
		at, err := limiter.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if _, err := limiter.acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v, want the deadline's", err)
				}
			})
		}
		all.Wait()
		limiter.release(at, false, 0)
		if _, err := limiter.acquire(t.Context()); err != nil || limiter.inFlight != 1 {
			t.Errorf("after the cancelled waiters: error %v, %d in flight", err, limiter.inFlight)
		}
	})
}
