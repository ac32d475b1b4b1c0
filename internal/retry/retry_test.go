package retry_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/retry"
)

var errDown = errors.New("down")

func TestDoRepeatsTransientErrorsOnly(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		errs     []error // one an attempt; nil afterwards
		policy   retry.Policy
		attempts int
		gaveUp   bool
		want     error
	}{
		"success":                  {nil, retry.Default(), 1, false, nil},
		"transient, then success":  {[]error{retry.Transient(errDown, 0), retry.Transient(errDown, 0)}, retry.Default(), 3, false, nil},
		"wrapped mark":             {[]error{fmt.Errorf("op: %w", retry.Transient(errDown, 0))}, retry.Default(), 2, false, nil},
		"permanent":                {[]error{errDown}, retry.Default(), 1, false, errDown},
		"transient, then for good": {[]error{retry.Transient(errDown, 0), context.DeadlineExceeded}, retry.Default(), 2, false, context.DeadlineExceeded},
		"zero policy":              {[]error{retry.Transient(errDown, 0)}, retry.Policy{}, 1, true, errDown},
		"used up": {
			[]error{retry.Transient(errDown, 0), retry.Transient(errDown, 0), retry.Transient(errDown, 0)},
			retry.Policy{Initial: time.Second, Max: time.Second, MaxAttempts: 2},
			2, true, errDown,
		},
		"out of time": {
			[]error{retry.Transient(errDown, 0), retry.Transient(errDown, 0)},
			retry.Policy{Initial: time.Minute, Max: time.Minute, MaxAttempts: 9, MaxElapsed: time.Second},
			1, true, errDown,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				attempts := 0
				err := retry.Do(t.Context(), test.policy, func(context.Context) error {
					attempts++
					if attempts > len(test.errs) {
						return nil
					}
					return test.errs[attempts-1]
				})
				if attempts != test.attempts {
					t.Errorf("%d attempts, want %d", attempts, test.attempts)
				}
				if !errors.Is(err, test.want) {
					t.Errorf("error %v, want %v", err, test.want)
				}
				gaveUp, ok := errors.AsType[*retry.GaveUpError](err)
				if ok != test.gaveUp {
					t.Errorf("gave up is %v, want %v (%v)", ok, test.gaveUp, err)
				}
				if ok && gaveUp.Attempts != test.attempts {
					t.Errorf("GaveUpError counts %d attempts, want %d", gaveUp.Attempts, test.attempts)
				}
			})
		})
	}
}

func TestDoDefaultPolicyLastsAMinuteOrTwo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started, attempts, waits := time.Now(), 0, 0
		policy := retry.Default()
		policy.Notify = func(wait retry.Wait) {
			waits++
			if wait.Attempt != waits || !errors.Is(wait.Cause, errDown) || wait.For <= 0 {
				t.Errorf("wait %d is %+v", waits, wait)
			}
		}
		err := retry.Do(t.Context(), policy, func(context.Context) error {
			attempts++
			return retry.Transient(errDown, 0)
		})
		elapsed := time.Since(started)
		if attempts != 12 || waits != 11 {
			t.Errorf("%d attempts and %d waits, want 12 and 11", attempts, waits)
		}
		if elapsed < 40*time.Second || elapsed > 150*time.Second {
			t.Errorf("the default policy lasted %s", elapsed)
		}
		if want := "down (gave up after 12 attempts in "; !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %q does not begin with %q", err, want)
		}
	})
}

func TestDoHonoursServerHints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started, attempts := time.Now(), 0
		err := retry.Do(t.Context(), retry.Default(), func(context.Context) error {
			if attempts++; attempts == 1 {
				return retry.Transient(errDown, 30*time.Second)
			}
			return nil
		})
		if elapsed := time.Since(started); err != nil || elapsed != 30*time.Second {
			t.Errorf("succeeded after %s with %v, want 30s and nil", elapsed, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		started := time.Now()
		err := retry.Do(ctx, retry.Default(), func(context.Context) error {
			return retry.Transient(errDown, time.Minute)
		})
		if elapsed := time.Since(started); elapsed != 0 || !errors.Is(err, errDown) {
			t.Errorf("waited %s towards a hint past the deadline, error %v", elapsed, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		err := retry.Do(t.Context(), retry.Default(), func(context.Context) error {
			return retry.Transient(errDown, time.Hour)
		})
		want := "down (gave up after the first attempt, as the server asks to wait 1h0m0s)"
		if elapsed := time.Since(started); elapsed != 0 || err.Error() != want {
			t.Errorf("waited %s towards a hint past MaxElapsed, got error %q, want %q", elapsed, err, want)
		}
	})
}

// TestDoWaitsWithoutCountingWhatIsHeld holds an operation back more often than it may be
// tried.
func TestDoWaitsWithoutCountingWhatIsHeld(t *testing.T) {
	t.Parallel()
	policy := retry.Policy{Initial: time.Minute, Max: time.Minute, MaxAttempts: 2, MaxElapsed: time.Hour}
	for name, test := range map[string]struct {
		errs     []error
		lasts    time.Duration
		attempts int // as told; 0 where it does not give up
	}{
		"held, then success":         {slices.Repeat([]error{retry.Held(errDown, time.Second)}, 50), 50 * time.Second, 0},
		"held, then tried too often": {append(slices.Repeat([]error{retry.Held(errDown, time.Second)}, 50), slices.Repeat([]error{retry.Transient(errDown, time.Minute)}, 2)...), 0, 2},
		"held for too long":          {slices.Repeat([]error{retry.Held(errDown, 7*time.Minute)}, 50), 56 * time.Minute, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began, left := time.Now(), test.errs
				err := retry.Do(t.Context(), policy, func(context.Context) error {
					if len(left) == 0 {
						return nil
					}
					next := left[0]
					left = left[1:]
					return next
				})
				gaveUp, isOver := errors.AsType[*retry.GaveUpError](err)
				if isOver != (test.attempts != 0) || isOver && gaveUp.Attempts != max(0, test.attempts) {
					t.Errorf("error %v, %+v", err, gaveUp)
				}
				if lasted := time.Since(began); test.lasts > 0 && lasted != test.lasts {
					t.Errorf("it lasted %s, want %s", lasted, test.lasts)
				}
			})
		})
	}
}

func TestDoCountsOnlyWaitsAsElapsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		err := retry.Do(t.Context(), retry.Default(), func(context.Context) error {
			attempts++
			time.Sleep(29 * time.Second) // a gateway's patience with what is behind it
			return retry.Transient(errDown, 0)
		})
		if gaveUp, ok := errors.AsType[*retry.GaveUpError](err); attempts != 12 || !ok || gaveUp.Attempts != 12 {
			t.Errorf("slow failures got %d attempts and %v, want 12", attempts, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		attempts, started := 0, time.Now()
		_ = retry.Do(t.Context(), retry.Default(), func(context.Context) error {
			attempts++
			return retry.Transient(errDown, 50*time.Second)
		})
		if elapsed := time.Since(started); attempts != 4 || elapsed != 150*time.Second {
			t.Errorf("hints of 50s got %d attempts in %s, want 4 in 150s", attempts, elapsed)
		}
	})
}

func TestDoEndsWithItsContext(t *testing.T) {
	t.Parallel()
	t.Run("during a wait", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			started := time.Now()
			policy := retry.Policy{Initial: time.Minute, Max: time.Minute, MaxAttempts: 3}
			err := retry.Do(ctx, policy, func(context.Context) error { return retry.Transient(errDown, 0) })
			if elapsed := time.Since(started); elapsed != time.Second {
				t.Errorf("ended after %s, want 1s", elapsed)
			}
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errDown) {
				t.Errorf("error %v does not hold both the context's and the last cause", err)
			}
		})
	})
	t.Run("during an attempt", func(t *testing.T) {
		t.Parallel()
		errStopped, errRefused := errors.New("stopped"), errors.New("refused")
		for name, test := range map[string]struct {
			last error
			want []error
		}{
			"cut off":  {context.Canceled, []error{errStopped, errDown}},
			"answered": {errRefused, []error{errRefused}},
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			attempts := 0
			err := retry.Do(ctx, retry.Policy{MaxAttempts: 3}, func(context.Context) error {
				if attempts++; attempts == 1 {
					return retry.Transient(errDown, 0)
				}
				cancel(errStopped)
				return test.last
			})
			for _, want := range test.want {
				if !errors.Is(err, want) {
					t.Errorf("%s: error %v, want it to match %v", name, err, want)
				}
			}
		}
	})
	t.Run("before the first attempt", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errDown)
		err := retry.Do(ctx, retry.Default(), func(context.Context) error {
			t.Error("ran although the context had ended")
			return nil
		})
		if !errors.Is(err, errDown) {
			t.Errorf("error %v, want the context's cause", err)
		}
	})
}

func TestPollPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		var looks []time.Duration
		err := retry.Poll(t.Context(), retry.DefaultPolling(), func(context.Context) (bool, error) {
			looks = append(looks, time.Since(started))
			time.Sleep(80 * time.Millisecond) // an answer takes its time, and must not slow the pace
			return false, nil
		})
		if !errors.Is(err, retry.ErrBudget) {
			t.Fatalf("error %v, want ErrBudget", err)
		}
		for i := 1; i < len(looks); i++ {
			gap := looks[i] - looks[i-1]
			want := 500 * time.Millisecond
			if waited := looks[i-1] + 80*time.Millisecond; waited >= 30*time.Second {
				want = min(waited/16, 2*time.Second)
			}
			if i < len(looks)-1 && gap != want {
				t.Fatalf("look %d came %s after the one before, want %s", i, gap, want)
			}
			if i >= 2 && looks[i]-looks[i-2] < time.Second {
				t.Fatalf("more than two looks within a second at %s", looks[i])
			}
		}
		if last := looks[len(looks)-1]; last != 299500*time.Millisecond {
			t.Errorf("the last look came at %s, want it just before the end of the budget", last)
		}
		if elapsed := time.Since(started); elapsed != 5*time.Minute {
			t.Errorf("ended after %s, want the budget of 5m", elapsed)
		}
	})
}

func TestPollEnds(t *testing.T) {
	t.Parallel()
	t.Run("when done", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			looks := 0
			err := retry.Poll(t.Context(), retry.DefaultPolling(), func(context.Context) (bool, error) {
				looks++
				return looks == 3, nil
			})
			if err != nil || looks != 3 {
				t.Errorf("ended after %d looks with %v", looks, err)
			}
		})
	})
	t.Run("with an error", func(t *testing.T) {
		t.Parallel()
		err := retry.Poll(t.Context(), retry.DefaultPolling(), func(context.Context) (bool, error) { return false, errDown })
		if !errors.Is(err, errDown) {
			t.Errorf("error %v, want %v", err, errDown)
		}
	})
	t.Run("with its context", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 750*time.Millisecond)
			defer cancel()
			started := time.Now()
			err := retry.Poll(ctx, retry.DefaultPolling(), func(context.Context) (bool, error) { return false, nil })
			if elapsed := time.Since(started); !errors.Is(err, context.DeadlineExceeded) || elapsed != 750*time.Millisecond {
				t.Errorf("ended after %s with %v", elapsed, err)
			}
		})
	})
}

func TestPollRepeatsFailedLooks(t *testing.T) {
	t.Parallel()
	var tenTimes [10]error
	for i := range tenTimes {
		tenTimes[i] = fmt.Errorf("look: %w", retry.Transient(errDown, 0))
	}
	tests := map[string]struct {
		errs    []error // one a look; nil afterwards
		doneAt  int
		looks   int
		elapsed time.Duration
		want    error
		text    string
	}{
		"until they pass": {
			[]error{retry.Transient(errDown, 0), retry.Transient(errDown, 0), retry.Transient(errDown, 0)},
			5, 5, 4 * time.Second, nil, "",
		},
		"not before the server's hint": {
			[]error{retry.Transient(errDown, 20*time.Second)},
			2, 2, 20 * time.Second, nil, "",
		},
		"no more after ten in a row": {
			tenTimes[:], 11, 10, 79500 * time.Millisecond, errDown,
			"look: down (gave up after 10 attempts in 1m19.5s)",
		},
		"no more when the hint lies behind the budget": {
			[]error{retry.Transient(errDown, time.Hour)},
			2, 1, 0, errDown,
			"down (gave up after the first attempt, as the server asks to wait 1h0m0s)",
		},
		"counted anew after a look that did not fail": {
			append(append(tenTimes[:9:9], nil), tenTimes[:9]...), 20, 20, 163500 * time.Millisecond, nil, "",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				started, looks := time.Now(), 0
				err := retry.Poll(t.Context(), retry.DefaultPolling(), func(context.Context) (bool, error) {
					looks++
					if looks <= len(test.errs) && test.errs[looks-1] != nil {
						return false, test.errs[looks-1]
					}
					return looks == test.doneAt, nil
				})
				if elapsed := time.Since(started); looks != test.looks || elapsed.Round(100*time.Millisecond) != test.elapsed {
					t.Errorf("ended after %d looks in %s, want %d in %s", looks, elapsed, test.looks, test.elapsed)
				}
				if !errors.Is(err, test.want) || test.text != "" && err.Error() != test.text {
					t.Errorf("got error %v, want %v %q", err, test.want, test.text)
				}
			})
		})
	}
}

func TestPollBudgetBoundsTheLookItself(t *testing.T) {
	t.Parallel()
	polling := retry.DefaultPolling()
	polling.Budget = 10 * time.Second
	for name, test := range map[string]struct {
		check func(context.Context) (bool, error)
		also  error
	}{
		"that hangs": {func(ctx context.Context) (bool, error) {
			<-ctx.Done()
			return false, fmt.Errorf("look: %w", context.Cause(ctx))
		}, nil},
		"that fails": {func(context.Context) (bool, error) { return false, retry.Transient(errDown, 0) }, errDown},
		"that hangs, and fails": {func(ctx context.Context) (bool, error) {
			select {
			case <-ctx.Done():
				return false, fmt.Errorf("look: %w", context.Cause(ctx))
			case <-time.After(6 * time.Second):
				return false, retry.Transient(errDown, 0)
			}
		}, errDown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				err := retry.Poll(t.Context(), polling, test.check)
				if elapsed := time.Since(started); elapsed != polling.Budget || !errors.Is(err, retry.ErrBudget) {
					t.Errorf("ended after %s with %v, want 10s and ErrBudget", elapsed, err)
				}
				unseen, isUnseen := errors.AsType[*retry.UnseenError](err)
				if isUnseen != (test.also != nil) || isUnseen && (!errors.Is(unseen.Last, test.also) || !strings.Contains(err.Error(), test.also.Error())) {
					t.Errorf("error %v does not tell %v", err, test.also)
				}
			})
		})
	}
}
