package queue_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

// open opens a Queue in a folder until the test ends.
func open(tb testing.TB, dir string) *queue.Queue {
	tb.Helper()
	q, err := queue.Open(tb.Context(), queue.Config{Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = q.Close() })
	return q
}

// add stores Jobs of the kind "run".
func add(tb testing.TB, q *queue.Queue, lanes ...string) []int64 {
	tb.Helper()
	var wanted []queue.Wanted
	for i, lane := range lanes {
		wanted = append(wanted, queue.Wanted{Kind: "run", Lane: lane, Payload: fmt.Appendf(nil, "%d", i)})
	}
	numbers, err := q.Add(tb.Context(), wanted...)
	if err != nil {
		tb.Fatal(err)
	}
	return numbers
}

// find returns a Job as it is stored.
func find(tb testing.TB, q *queue.Queue, number int64) queue.Job {
	tb.Helper()
	one, err := q.Job(tb.Context(), number)
	if err != nil {
		tb.Fatal(err)
	}
	return one
}

// how says how a Job stands, in words.
func how(one queue.Job) string {
	words := []string{string(one.State), string(one.Outcome)}
	if one.SupersededBy > 0 {
		words = append(words, fmt.Sprintf("by %d", one.SupersededBy))
	}
	return strings.Join(strings.Fields(strings.Join(append(words, one.Reason), " ")), " ")
}

func wantHow(tb testing.TB, q *queue.Queue, number int64, want string) {
	tb.Helper()
	if got := how(find(tb, q, number)); got != want {
		tb.Errorf("Job %d is %s, want %s", number, got, want)
	}
}

// serve runs Jobs of a kind until the function that it returns is called, or the test
// ends.
func serve(tb testing.TB, q *queue.Queue, kind string, workers int, run func(context.Context, *queue.Held) queue.End) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	served := make(chan struct{})
	go func() {
		defer close(served)
		q.Serve(ctx, kind, workers, run)
	}()
	stop = sync.OnceFunc(func() { cancel(); <-served })
	tb.Cleanup(stop)
	return stop
}

// settle serves until no Job of the kind is left that has not ended.
func settle(tb testing.TB, q *queue.Queue, kind string, workers int, run func(context.Context, *queue.Held) queue.End) {
	tb.Helper()
	ended := make(chan struct{}, 1<<16)
	stop := serve(tb, q, kind, workers, func(ctx context.Context, held *queue.Held) queue.End {
		defer func() { ended <- struct{}{} }()
		return run(ctx, held)
	})
	defer stop()
	for {
		counts, err := q.Counts(tb.Context()) // at one moment
		if err != nil {
			tb.Fatal(err)
		}
		if !slices.ContainsFunc(counts, func(one queue.Count) bool { return one.Kind == kind }) {
			return
		}
		select {
		case <-ended:
		case <-time.After(10 * time.Millisecond): // the end of the last one is stored behind it
		}
	}
}

// queued returns the Jobs of a kind that have not ended.
func queued(tb testing.TB, q *queue.Queue, kind string) []queue.Job {
	tb.Helper()
	var all []queue.Job
	for _, state := range []queue.State{queue.Running, queue.Ready, queue.Waiting} {
		some, err := q.Open(tb.Context(), kind, state, 1<<20)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, some...)
	}
	return all
}

func done(context.Context, *queue.Held) queue.End { return queue.End{} }

func TestDeliveryIsStoredOnce(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	store := func(id, body string) bool {
		t.Helper()
		isNew, err := q.Store(t.Context(), queue.Delivery{ID: id, Event: "push", Repository: "acme/voice", Body: []byte(body), ReceivedAt: at},
			queue.Wanted{Kind: "decide", Lane: "decide acme/voice"})
		if err != nil {
			t.Fatal(err)
		}
		return isNew
	}
	got := []bool{store("a", "one"), store("a", "one"), store("a", "two"), store("b", "one"), store("b", "two")}
	if want := []bool{true, false, false, false, true}; !slices.Equal(got, want) {
		t.Errorf("new were %v, want %v", got, want)
	}
	settle(t, q, "decide", 1, func(ctx context.Context, held *queue.Held) queue.End {
		delivery, err := q.Delivery(ctx, held.Delivery)
		if err != nil {
			t.Error(err)
		}
		if delivery.Event != "push" || !delivery.ReceivedAt.Equal(at) || !delivery.DecidedAt.IsZero() {
			t.Errorf("the Delivery is %+v", delivery)
		}
		return queue.End{Verdict: "deploy", Reason: string(delivery.Body), Then: []queue.Wanted{{Kind: "run", Lane: "x", Payload: delivery.Body}}}
	})
	listed, err := q.Deliveries(t.Context(), 0, 10)
	if err != nil || len(listed) != 2 {
		t.Fatalf("%d Deliveries, %v", len(listed), err)
	}
	if newest := listed[0]; newest.ID != "b" || newest.Verdict != "deploy" || newest.Reason != "two" || newest.Body != nil || newest.DecidedAt.IsZero() {
		t.Errorf("the newest is %+v", newest)
	}
	jobs, err := q.JobsOf(t.Context(), listed[0].Number)
	if err != nil || len(jobs) != 2 || jobs[1].Kind != "run" || string(jobs[1].Payload) != "two" {
		t.Errorf("its Jobs are %+v, %v", jobs, err)
	}
	if older, err := q.Deliveries(t.Context(), listed[0].Number, 10); err != nil || len(older) != 1 || older[0].ID != "a" {
		t.Errorf("before it came %+v, %v", older, err)
	}
}

// TestLanes has many Jobs run, and sees that those of one lane keep their order and
// never meet, while others run side by side.
func TestLanes(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	const lanes, each = 12, 25
	var names []string
	for i := range lanes * each {
		names = append(names, fmt.Sprintf("lane %d", i%lanes))
	}
	add(t, q, names...)
	var mu sync.Mutex
	running, last, side := map[string]bool{}, map[string]int64{}, 0
	meet := make(chan struct{})
	settle(t, q, "run", 6, func(_ context.Context, held *queue.Held) queue.End {
		mu.Lock()
		if running[held.Lane] || last[held.Lane] >= held.Number {
			t.Errorf("Job %d ran beside another of its lane, or behind %d", held.Number, last[held.Lane])
		}
		running[held.Lane], last[held.Lane] = true, held.Number
		if side = max(side, len(running)); side == 6 {
			select {
			case <-meet:
			default:
				close(meet)
			}
		}
		mu.Unlock()
		<-meet
		mu.Lock()
		delete(running, held.Lane)
		mu.Unlock()
		return queue.End{}
	})
	if side != 6 {
		t.Errorf("%d ran side by side, want 6", side)
	}
	ended, err := q.EndedJobs(t.Context(), "run", queue.Job{}, 1000)
	if err != nil || len(ended) != lanes*each {
		t.Fatalf("%d ended, %v", len(ended), err)
	}
	page, err := q.EndedJobs(t.Context(), "run", ended[99], 50)
	if err != nil || len(page) != 50 || page[0].Number != ended[100].Number {
		t.Errorf("a page of %d begins with %d, want %d (%v)", len(page), page[0].Number, ended[100].Number, err)
	}
}

func TestSuperseding(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	newer := func() int64 {
		t.Helper()
		numbers, err := q.Add(t.Context(), queue.Wanted{Kind: "run", Lane: "x", Supersedes: true, Follow: "tell"})
		if err != nil {
			t.Fatal(err)
		}
		return numbers[0]
	}
	other := add(t, q, "y")[0]
	first, second := newer(), newer()
	wantHow(t, q, first, fmt.Sprintf("ended superseded by %d", second))
	wantHow(t, q, second, "ready")
	wantHow(t, q, other, "ready")

	began := make(chan *queue.Held)
	goOn := make(chan func(context.Context, *queue.Held) queue.End)
	stop := serve(t, q, "run", 2, func(ctx context.Context, held *queue.Held) queue.End {
		if held.Lane == "y" {
			return queue.End{}
		}
		began <- held
		return (<-goOn)(ctx, held)
	})
	// One that runs is stopped, and ends as superseded whatever it says.
	if held := <-began; held.Number != second {
		t.Fatalf("Job %d runs, want %d", held.Number, second)
	}
	third := newer()
	goOn <- func(ctx context.Context, held *queue.Held) queue.End {
		<-ctx.Done()
		if by, ok := errors.AsType[*queue.SupersededError](context.Cause(ctx)); !ok || by.By != third {
			t.Errorf("the cause is %v", context.Cause(ctx))
		}
		if by, ok := errors.AsType[*queue.SupersededError](held.GoLive(context.WithoutCancel(ctx))); !ok || by.By != third {
			t.Errorf("it could go live: %v", by)
		}
		return queue.End{Outcome: queue.Failed, Reason: "something", Then: []queue.Wanted{{Kind: "never", Lane: "n"}}}
	}
	// One that has gone live is carried through.
	held := <-began
	wantHow(t, q, second, fmt.Sprintf("ended superseded by %d something", third))
	if err := held.GoLive(t.Context()); err != nil {
		t.Errorf("Job %d may not go live: %v", held.Number, err)
	}
	fourth, fifth := newer(), newer()
	goOn <- func(ctx context.Context, held *queue.Held) queue.End {
		if ctx.Err() != nil {
			t.Errorf("what has gone live was stopped: %v", context.Cause(ctx))
		}
		return queue.End{Result: []byte("r")}
	}
	<-began
	goOn <- done
	stop()
	wantHow(t, q, third, "ended done")
	wantHow(t, q, fourth, fmt.Sprintf("ended superseded by %d", fifth))
	wantHow(t, q, fifth, "ended done")
	if !find(t, q, third).IsLive || string(find(t, q, third).Result) != "r" {
		t.Errorf("the one that went live is %+v", find(t, q, third))
	}
	// Each end is followed, in order.
	var followed []int64
	settle(t, q, "tell", 3, func(_ context.Context, held *queue.Held) queue.End {
		followed = append(followed, held.Parent)
		return queue.End{}
	})
	if want := []int64{first, second, fourth, third, fifth}; !slices.Equal(followed, want) {
		t.Errorf("followed were %v, want %v", followed, want)
	}
	if len(queued(t, q, "never")) > 0 {
		t.Error("what a stopped Job asked for was stored")
	}
}

// TestStepsRunOnce tries a Job again that has failed behind a step.
func TestStepsRunOnce(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	number := add(t, q, "x")[0]
	ran := map[string]int{}
	settle(t, q, "run", 1, func(ctx context.Context, held *queue.Held) queue.End {
		for _, name := range []string{"plan", "empty", "upload"} {
			got, err := held.Do(ctx, name, func(context.Context) ([]byte, error) {
				ran[name]++
				if name == "upload" && held.Attempts == 1 {
					return nil, errors.New("no network")
				}
				if name == "empty" {
					return nil, nil
				}
				return []byte(name), nil
			})
			if err != nil {
				return queue.End{Again: time.Millisecond, Reason: err.Error()}
			}
			if name != "empty" && string(got) != name {
				t.Errorf("step %s returned %q", name, got)
			}
		}
		return queue.End{}
	})
	if ran["plan"] != 1 || ran["empty"] != 1 || ran["upload"] != 2 {
		t.Errorf("steps ran %v times", ran)
	}
	if one := find(t, q, number); one.Attempts != 2 || one.Outcome != queue.Done || one.Reason != "" {
		t.Errorf("the Job is %+v", one)
	}
}

// TestLostJob has a lease end: what the old runner does from then on is not stored, and
// the next one goes on.
func TestLostJob(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	number := add(t, q, "x")[0]
	first, second, lost := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var runs atomic.Int32
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		settle(t, q, "run", 2, func(ctx context.Context, held *queue.Held) queue.End {
			if runs.Add(1) == 2 {
				close(second)
				return queue.End{Reason: "the second"}
			}
			close(first)
			<-lost
			if _, err := held.Do(ctx, "late", func(context.Context) ([]byte, error) { return []byte("x"), nil }); !errors.Is(err, queue.ErrLost) {
				t.Errorf("a late step: %v", err)
			}
			if err := held.GoLive(ctx); !errors.Is(err, queue.ErrLost) {
				t.Errorf("a late activation: %v", err)
			}
			return queue.End{Outcome: queue.Failed}
		})
	}()
	<-first
	if err := q.Lapse(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-second
	close(lost)
	<-settled
	wantHow(t, q, number, "ended done the second")
}

// TestDrain leaves a Job at the border of a step, and goes on from there.
func TestDrain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q, err := queue.Open(t.Context(), queue.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	numbers := add(t, q, "x", "x")
	inStep, goOn := make(chan struct{}), make(chan struct{})
	work := func(ctx context.Context, held *queue.Held, step func()) queue.End {
		for _, name := range []string{"one", "two"} {
			if _, err := held.Do(ctx, name, func(ctx context.Context) ([]byte, error) { step(); return nil, ctx.Err() }); err != nil {
				return queue.End{Outcome: queue.Failed, Reason: err.Error()}
			}
		}
		return queue.End{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan struct{})
	go func() {
		defer close(served)
		q.Serve(ctx, "run", 1, func(ctx context.Context, held *queue.Held) queue.End {
			return work(ctx, held, func() { close(inStep); <-goOn })
		})
	}()
	<-inStep
	cancel()
	close(goOn)
	<-served
	wantHow(t, q, numbers[0], "running")
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	q = open(t, dir)
	wantHow(t, q, numbers[0], "ready")
	steps := 0
	settle(t, q, "run", 1, func(ctx context.Context, held *queue.Held) queue.End { return work(ctx, held, func() { steps++ }) })
	if steps != 3 {
		t.Errorf("%d steps ran, want 3: one of the first Job was done", steps)
	}
	if one := find(t, q, numbers[0]); one.Attempts != 1 || one.Outcome != queue.Done {
		t.Errorf("the Job is %+v", one)
	}
}

func TestPanicFails(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	numbers := add(t, q, "x", "x")
	settle(t, q, "run", 1, func(ctx context.Context, held *queue.Held) queue.End {
		if held.Number == numbers[0] {
			_, _ = held.Do(ctx, "one", func(context.Context) ([]byte, error) { panic("boom") })
		}
		return queue.End{}
	})
	if one := find(t, q, numbers[0]); one.Outcome != queue.Failed || !strings.Contains(one.Reason, "boom") {
		t.Errorf("the Job is %+v", one)
	}
	wantHow(t, q, numbers[1], "ended done")
}

func TestFolderIsForOne(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a ? b#c%20")
	q := open(t, dir)
	if _, err := queue.Open(t.Context(), queue.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "Another server uses it") {
		t.Errorf("a second one: %v", err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Add(t.Context(), queue.Wanted{Kind: "run", Lane: "x"}); !errors.Is(err, queue.ErrClosed) {
		t.Errorf("a write behind the end: %v", err)
	}
	open(t, dir)
}
