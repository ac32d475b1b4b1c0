package follow

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// written is an entry, and when it can be found.
type written struct {
	log     twilio.Log
	visible time.Time
}

func entry(number int, at time.Time, delay time.Duration) written {
	// Dated in whole seconds, as the API dates.
	return written{twilio.Log{SID: twilio.LogSID(fmt.Sprintf("NO%032x", number)), DateCreated: new(at.Truncate(time.Second))}, at.Add(delay)}
}

// platform lists what was written as badly as the real one may.
type platform struct {
	written []written
	random  *rand.Rand
	// fails, when set, is what looks meet after some of what they would have read.
	fails func(at time.Time) error
	looks []time.Time
}

// read lists what is visible and dated after a time: about newest first, a page
// of three at a time, each of which begins with an entry of the one before it.
func (p *platform) read(ctx context.Context, after time.Time) iter.Seq2[twilio.Log, error] {
	return func(yield func(twilio.Log, error) bool) {
		now := time.Now()
		p.looks = append(p.looks, now)
		time.Sleep(50 * time.Millisecond)
		if ctx.Err() != nil {
			yield(twilio.Log{}, context.Cause(ctx))
			return
		}
		var found []twilio.Log
		for _, one := range p.written {
			if !one.visible.After(now) && one.log.DateCreated.After(after) {
				found = append(found, one.log)
			}
		}
		slices.Reverse(found)
		for i := 1; i < len(found); i++ {
			if p.random.IntN(3) == 0 {
				found[i-1], found[i] = found[i], found[i-1]
			}
		}
		failsAt, failure := p.random.IntN(len(found)+1), error(nil)
		if p.fails != nil {
			failure = p.fails(now)
		}
		for i, log := range found {
			if i == failsAt && failure != nil {
				break
			}
			if !yield(log, nil) || i%3 == 2 && !yield(log, nil) {
				return
			}
		}
		if failure != nil {
			yield(twilio.Log{}, failure)
		}
	}
}

func numbers(count int) []string {
	all := make([]string, count)
	for i := range all {
		all[i] = fmt.Sprintf("NO%032x", i)
	}
	return all
}

func gaveUp() error {
	return &retry.GaveUpError{Err: &twilio.Error{Op: "list logs", Status: http.StatusServiceUnavailable}}
}

// TestFollowerMissesAndRepeatsNothing has entries of equal times, late ones, one of
// the future, and failing looks.
func TestFollowerMissesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	const count, lasts = 600, 10 * time.Minute
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			began := time.Now()
			p := &platform{random: random}
			for i := range count {
				at := began.Add(time.Duration(random.Int64N(int64(lasts)))).Truncate(time.Second / 2)
				p.written = append(p.written, entry(i, at, time.Duration(random.Int64N(int64(logOverlap-2*time.Second)))))
			}
			p.written = append(p.written, entry(count, began.Add(time.Hour), -59*time.Minute)) // by a clock that is wrong
			slices.SortFunc(p.written, func(a, b written) int { return a.log.DateCreated.Compare(*b.log.DateCreated) })
			p.fails = func(at time.Time) error {
				lasted := at.Sub(began)
				if lasted/time.Minute == 3 || lasted < lasts && random.IntN(10) == 0 {
					return gaveUp()
				}
				return nil
			}
			ctx, cancel := context.WithTimeoutCause(t.Context(), lasts+2*logOverlap, context.Canceled)
			defer cancel()
			window := &Window{Now: time.Now, Read: p.read, Since: began}
			var shown []string
			largest, failures, recoveries := 0, 0, 0
			f := &Follower{
				Look: window.Look,
				Show: func(logs []twilio.Log) error {
					if !slices.IsSortedFunc(logs, func(a, b twilio.Log) int { return a.DateCreated.Compare(*b.DateCreated) }) {
						t.Error("a look is not in the order of time")
					}
					for _, log := range logs {
						shown = append(shown, string(log.SID))
					}
					largest = max(largest, len(window.seen))
					return nil
				},
				Failing:   func(error) { failures++ },
				Recovered: func() { recoveries++ },
			}
			if err := f.Run(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("seed %d: ended with %v", seed, err)
			}
			slices.Sort(shown)
			if diff := cmp.Diff(shown, numbers(count+1)); diff != "" {
				t.Errorf("seed %d: shown (-) differs from written (+):\n%s", seed, diff)
			}
			if failures == 0 || recoveries != failures {
				t.Errorf("seed %d: told of %d failures and %d recoveries", seed, failures, recoveries)
			}
			if largest > count/2 {
				t.Errorf("seed %d: %d of %d entries were remembered at once", seed, largest, count)
			}
		})
	}
}

// TestLogWindowReachesBackFartherWhereFewCome has an entry that comes four
// minutes late, with many or with few others around it.
func TestLogWindowReachesBackFartherWhereFewCome(t *testing.T) {
	t.Parallel()
	for _, others := range []int{0, 5, logOverlapEntries - 2, 10 * logOverlapEntries} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			p := &platform{random: rand.New(rand.NewPCG(1, 1)), written: []written{entry(0, began.Add(time.Minute), 4*time.Minute)}}
			for i := range others {
				p.written = append(p.written, entry(i+1, began.Add(time.Duration(i)*4*time.Minute/time.Duration(others)), 0))
			}
			window := &Window{Now: time.Now, Read: p.read, Since: began}
			shown, largest := 0, 0
			for time.Since(began) < 6*time.Minute {
				logs, err := window.Look(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				shown += len(logs)
				largest = max(largest, len(window.seen))
				time.Sleep(quickestLook)
			}
			want := others + 1
			if others > logOverlapEntries {
				want = others // that much is not read again and again
			}
			if shown != want {
				t.Errorf("%d entries shown with %d others, want %d", shown, others, want)
			}
			if most := max(logOverlapEntries, others/4) + 20; largest > most {
				t.Errorf("%d of %d entries were remembered at once, want at most %d", largest, others, most)
			}
		})
	}
}

func TestFollowerPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := &platform{random: rand.New(rand.NewPCG(1, 1)), written: []written{entry(0, began.Add(4*time.Minute), 0)}}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		var came time.Time
		window := &Window{Now: time.Now, Read: p.read, Since: began}
		f := &Follower{Look: window.Look, Show: func(logs []twilio.Log) error {
			if len(logs) > 0 {
				came = time.Now()
			}
			return nil
		}}
		if err := f.Run(ctx); err != nil {
			t.Errorf("ended with %v when its time was up, want nothing", err)
		}
		for i := 1; i < len(p.looks); i++ {
			wait := p.looks[i].Sub(p.looks[i-1])
			if wait < quickestLook || wait > slowestLook+time.Second {
				t.Errorf("look %d came after %s", i, wait)
			}
			if at := p.looks[i].Sub(began); at < 16*time.Second && wait > 2*quickestLook {
				t.Errorf("look %d, after %s, came after %s", i, at, wait)
			}
		}
		if late := came.Sub(began.Add(4 * time.Minute)); late < 0 || late > slowestLook+time.Second {
			t.Errorf("what was written was shown after %s", late)
		}
		if most := 110; len(p.looks) > most || len(p.looks) < 60 {
			t.Errorf("%d looks in 5 minutes, want 60 to %d", len(p.looks), most)
		}
	})
}

func TestFollowerEnds(t *testing.T) {
	t.Parallel()
	refused := &twilio.Error{Op: "list logs", Status: http.StatusUnauthorized}
	broken := &twilio.BrokenError{Op: "list logs", Err: errors.New("no route to host")}
	unwritable := errors.New("no space left on device")
	for name, test := range map[string]struct {
		fails  func(lasted time.Duration) error
		shows  error
		want   error // nil: none
		warned int
	}{
		"with its time":     {},
		"with a refusal":    {fails: func(lasted time.Duration) error { return after(20*time.Second, lasted, refused) }, want: refused},
		"with what is full": {shows: unwritable, want: unwritable},
		"in a short outage": {fails: func(lasted time.Duration) error { return after(50*time.Second, lasted, gaveUp()) }, warned: 1},
		"in an outage":      {fails: func(lasted time.Duration) error { return after(20*time.Second, lasted, broken) }, want: broken, warned: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				p := &platform{random: rand.New(rand.NewPCG(1, 1))}
				if test.fails != nil {
					p.fails = func(at time.Time) error { return test.fails(at.Sub(began)) }
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				warned := 0
				window := &Window{Now: time.Now, Read: p.read, Since: began}
				f := &Follower{
					Look: window.Look, Show: func([]twilio.Log) error { return test.shows },
					Failing: func(error) { warned++ }, Recovered: func() { t.Error("it recovered") },
				}
				if err := f.Run(ctx); !errors.Is(err, test.want) {
					t.Errorf("ended with %v, want %v", err, test.want)
				}
				if warned != test.warned {
					t.Errorf("warned %d times, want %d", warned, test.warned)
				}
			})
		})
	}
}

func after(start, lasted time.Duration, err error) error {
	if lasted < start {
		return nil
	}
	return err
}

// TestLogWindowKeepsToItsBound has an API that does not.
func TestLogWindowKeepsToItsBound(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	at := func(offset time.Duration) *time.Time { return new(since.Add(offset)) }
	logs := []twilio.Log{
		{SID: "NO4", DateCreated: at(time.Second)},
		{SID: "NO3", DateCreated: at(time.Second)},
		{SID: "NO2", DateCreated: at(0)},
		{SID: "NO1", DateCreated: at(-time.Second)},
		{SID: "NO0"},
	}
	var asked time.Time
	window := &Window{Now: time.Now, Since: since.Add(999 * time.Millisecond), Read: func(_ context.Context, after time.Time) iter.Seq2[twilio.Log, error] {
		asked = after
		return func(yield func(twilio.Log, error) bool) {
			for _, log := range logs {
				if !yield(log, nil) {
					return
				}
			}
		}
	}}
	for look, want := range [][]twilio.LogSID{{"NO0", "NO2", "NO3", "NO4"}, nil} {
		found, err := window.Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []twilio.LogSID
		for _, log := range found {
			got = append(got, log.SID)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("look %d (-got +want):\n%s", look, diff)
		}
		if bound := since.Add(-time.Second); !asked.Equal(bound) {
			t.Errorf("look %d asked for what is after %s, want %s", look, asked, bound)
		}
	}
}
