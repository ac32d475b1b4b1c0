package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

// newest stores a Job that supersedes, in the lane x.
func newest(tb testing.TB, q *queue.Queue) int64 {
	tb.Helper()
	numbers, err := q.Add(tb.Context(), queue.Wanted{Kind: "run", Lane: "x", Supersedes: true, Follow: "tell"})
	if err != nil {
		tb.Fatal(err)
	}
	return numbers[0]
}

// began serves Jobs of the kind "run", and hands each out together with where its end
// goes.
func began(tb testing.TB, q *queue.Queue, workers int) (<-chan *queue.Held, func(queue.End)) {
	tb.Helper()
	beginnings, ends := make(chan *queue.Held), make(chan queue.End)
	ctx := tb.Context()
	serve(tb, q, "run", workers, func(_ context.Context, held *queue.Held) queue.End {
		select {
		case beginnings <- held:
		case <-ctx.Done():
			return queue.End{}
		}
		select {
		case end := <-ends:
			return end
		case <-ctx.Done():
			return queue.End{}
		}
	})
	return beginnings, func(end queue.End) { ends <- end }
}

func wantNext(tb testing.TB, beginnings <-chan *queue.Held, want int64) *queue.Held {
	tb.Helper()
	select {
	case held := <-beginnings:
		if held.Number != want {
			tb.Fatalf("Job %d began, want %d", held.Number, want)
		}
		return held
	case <-time.After(20 * time.Second):
		tb.Fatalf("Job %d did not begin", want)
		return nil
	}
}

// stopsRunning waits until the end that a Job was given is stored.
func stopsRunning(tb testing.TB, q *queue.Queue, number int64) {
	tb.Helper()
	for find(tb, q, number).State == queue.Running {
		<-time.After(time.Millisecond)
	}
}

// TestRetryTakesNobodysPlace retries a Job while a newer one of its lane runs, which is
// the one that people want.
func TestRetryTakesNobodysPlace(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	beginnings, end := began(t, q, 2)
	first := newest(t, q)
	wantNext(t, beginnings, first)
	end(queue.End{Outcome: queue.Failed})
	second := newest(t, q)
	held := wantNext(t, beginnings, second)
	again, err := q.Retry(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	if err := held.GoLive(t.Context()); err != nil {
		t.Errorf("the newer one may not go live: %v", err)
	}
	wantHow(t, q, again, "waiting")
	end(queue.End{})
	wantNext(t, beginnings, again)
	wantHow(t, q, second, "ended done")
	end(queue.End{})
	if _, err := q.Retry(t.Context(), 99); !errors.Is(err, queue.ErrNone) {
		t.Errorf("what is not there: %v", err)
	}
}

// TestRetriedKeepsItsPlace has the first Job of a lane wait before it is tried again:
// what came later waits as well, and what supersedes it does not.
func TestRetriedKeepsItsPlace(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	beginnings, end := began(t, q, 2)
	numbers := add(t, q, "x", "x", "y")
	<-beginnings
	<-beginnings
	end(queue.End{Again: time.Millisecond, Reason: "no network"})
	end(queue.End{Again: time.Millisecond, Reason: "no network"})
	tried := []int64{(<-beginnings).Number, (<-beginnings).Number}
	if slices.Sort(tried); !slices.Equal(tried, []int64{numbers[0], numbers[2]}) {
		t.Fatalf("%v were tried again, want %d and %d", tried, numbers[0], numbers[2])
	}
	end(queue.End{Again: time.Hour, Reason: "no network"})
	end(queue.End{Again: time.Hour, Reason: "no network"})
	stopsRunning(t, q, numbers[0])
	wantHow(t, q, numbers[0], "ready no network")
	wantHow(t, q, numbers[1], "waiting")
	last := newest(t, q)
	wantNext(t, beginnings, last)
	wantHow(t, q, numbers[0], fmt.Sprintf("ended superseded by %d", last))
	wantHow(t, q, numbers[1], fmt.Sprintf("ended superseded by %d", last))
	end(queue.End{})
}

// TestLiveIsCarriedThrough kills a Job that has gone live, and has one fail for a while:
// a newer one waits for its end.
func TestLiveIsCarriedThrough(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	beginnings, end := began(t, q, 1)
	live := newest(t, q)
	held := wantNext(t, beginnings, live)
	if err := held.GoLive(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := q.Lapse(t.Context()); err != nil {
		t.Fatal(err)
	}
	newer := newest(t, q)
	wantHow(t, q, live, "ready")
	end(queue.End{Outcome: queue.Failed}) // of who has lost it
	wantNext(t, beginnings, live)
	end(queue.End{Again: time.Hour, Reason: "no network"})
	stopsRunning(t, q, live)
	newer2 := newest(t, q)
	wantHow(t, q, newer, fmt.Sprintf("ended superseded by %d", newer2))
	wantNext(t, beginnings, live)
	end(queue.End{})
	wantNext(t, beginnings, newer2)
	wantHow(t, q, live, "ended done")
	end(queue.End{})
}

// TestCancelledStaysCancelled has a newer Job come behind a cancel, and a cancelled Job
// that has gone live fail for a reason that may pass.
func TestCancelledStaysCancelled(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	beginnings, end := began(t, q, 1)
	first := newest(t, q)
	wantNext(t, beginnings, first)
	if _, err := q.Cancel(t.Context(), first, "by ada"); err != nil {
		t.Fatal(err)
	}
	second := newest(t, q)
	end(queue.End{Outcome: queue.Failed})
	held := wantNext(t, beginnings, second)
	wantHow(t, q, first, "ended cancelled by ada")
	if err := held.GoLive(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Cancel(t.Context(), second, "by ada"); err != nil {
		t.Fatal(err)
	}
	end(queue.End{Outcome: queue.Failed, Again: time.Hour, Reason: "half-way"})
	stopsRunning(t, q, second)
	third := newest(t, q)
	wantNext(t, beginnings, third)
	wantHow(t, q, second, "ended failed half-way")
	end(queue.End{})
}

// TestFollowerIsOfItsOwnDelivery has one Delivery's Job supersede another's.
func TestFollowerIsOfItsOwnDelivery(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	for _, id := range []string{"a", "b"} {
		if _, err := q.Store(t.Context(), queue.Delivery{ID: id, Body: []byte(id), ReceivedAt: time.Now()},
			queue.Wanted{Kind: "run", Lane: "x", Supersedes: true, Follow: "tell"}); err != nil {
			t.Fatal(err)
		}
	}
	if told := queued(t, q, "tell"); len(told) != 1 || told[0].Parent != 1 || told[0].Delivery != 1 {
		t.Errorf("what follows is %+v, want one of Job 1 and Delivery 1", told)
	}
}

// TestClockJumps has the clock go on by a day, and back by one: what runs goes on
// running and nothing runs beside it, and what is stored then begins at once.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			t.Parallel()
			var jumped atomic.Int64
			q, err := queue.Open(t.Context(), queue.Config{Dir: t.TempDir()}.At(func() time.Time {
				return time.Now().Add(time.Duration(jumped.Load()))
			}))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = q.Close() })
			beginnings, end := began(t, q, 3)
			numbers := add(t, q, "x", "x")
			running := wantNext(t, beginnings, numbers[0])
			jumped.Store(int64(jump))
			add(t, q, "y", "z")
			for range 2 {
				if other := <-beginnings; other.Lane == "x" {
					t.Fatalf("Job %d began beside Job %d", other.Number, running.Number)
				}
			}
			if _, err := running.Do(t.Context(), "one", func(context.Context) ([]byte, error) { return nil, nil }); err != nil {
				t.Errorf("the Job is not run here any more: %v", err)
			}
			end(queue.End{})
			end(queue.End{})
			end(queue.End{})
			wantNext(t, beginnings, numbers[1]) // stored before
			end(queue.End{})
			wantHow(t, q, numbers[0], "ended done")
		})
	}
}

// TestPickedUpAtOnce stores a Job while all workers wait.
func TestPickedUpAtOnce(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	beginnings, end := began(t, q, 2)
	for range 5 {
		<-time.After(20 * time.Millisecond)
		at := time.Now()
		wantNext(t, beginnings, add(t, q, "x")[0])
		if took := time.Since(at); took > 2*time.Second { // they look every 5 s by themselves
			t.Errorf("it took %s", took)
		}
		end(queue.End{})
	}
}
