package queue_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/queue"
)

func TestCancel(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	numbers := add(t, q, "x", "x", "x")
	cancel := func(number int64, want bool) {
		t.Helper()
		if got, err := q.Cancel(t.Context(), number, "by ada"); err != nil || got != want {
			t.Errorf("cancelling %d: %v, %v", number, got, err)
		}
	}
	cancel(numbers[0], true)
	cancel(numbers[0], false)
	wantHow(t, q, numbers[0], "ended cancelled by ada")
	wantHow(t, q, numbers[1], "ready")
	began := make(chan struct{})
	stop := serve(t, q, "run", 1, func(ctx context.Context, held *queue.Held) queue.End {
		if held.Number == numbers[1] {
			began <- struct{}{}
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), queue.ErrCancelled) || !errors.Is(held.GoLive(context.WithoutCancel(ctx)), queue.ErrCancelled) {
				t.Errorf("the cause is %v", context.Cause(ctx))
			}
			return queue.End{Again: time.Hour}
		}
		began <- struct{}{}
		return queue.End{}
	})
	<-began
	cancel(numbers[1], true)
	<-began
	stop()
	wantHow(t, q, numbers[1], "ended cancelled by ada")
	wantHow(t, q, numbers[2], "ended done")
	if _, err := q.Cancel(t.Context(), 99, ""); !errors.Is(err, queue.ErrNone) {
		t.Errorf("what is not there: %v", err)
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	numbers, err := q.Add(t.Context(), queue.Wanted{Kind: "run", Lane: "x", Payload: []byte("p"), Follow: "tell"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Retry(t.Context(), numbers[0]); err == nil || !strings.Contains(err.Error(), "has not ended") {
		t.Errorf("before its end: %v", err)
	}
	steps := 0
	run := func(ctx context.Context, held *queue.Held) queue.End {
		_, _ = held.Do(ctx, "one", func(context.Context) ([]byte, error) { steps++; return nil, nil })
		return queue.End{Outcome: queue.Failed, Reason: "as ever"}
	}
	settle(t, q, "run", 1, run)
	again, err := q.Retry(t.Context(), numbers[0])
	if err != nil {
		t.Fatal(err)
	}
	settle(t, q, "run", 1, run)
	if one := find(t, q, again); steps != 2 || string(one.Payload) != "p" || one.Outcome != queue.Failed {
		t.Errorf("%d steps ran, the Job is %+v", steps, one)
	}
	follow := queued(t, q, "tell")
	if len(follow) != 2 {
		t.Fatalf("%d follow, want 2", len(follow))
	}
	settle(t, q, "tell", 2, func(context.Context, *queue.Held) queue.End { return queue.End{} })
	told, err := q.Retry(t.Context(), follow[0].Number)
	if err != nil {
		t.Fatal(err)
	}
	if one := find(t, q, told); one.Parent == 0 || one.Parent != follow[0].Parent {
		t.Errorf("what followed Job %d follows Job %d when it is retried", follow[0].Parent, one.Parent)
	}
}

func TestEndedBeforeItBegan(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	numbers, err := q.Add(t.Context(), queue.Wanted{Kind: "run", Lane: "x"},
		queue.Wanted{Kind: "run", Lane: "x", Supersedes: true, Outcome: queue.Superseded, Reason: "by commit 0123456", Follow: "tell"})
	if err != nil {
		t.Fatal(err)
	}
	wantHow(t, q, numbers[0], "ready")
	wantHow(t, q, numbers[1], "ended superseded by commit 0123456")
	if follow := queued(t, q, "tell"); len(follow) != 1 || follow[0].Parent != numbers[1] {
		t.Errorf("what follows is %+v", follow)
	}
}

// TestTrim takes away what is old, and nothing that is needed.
func TestTrim(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	isNew, err := q.Store(t.Context(), queue.Delivery{ID: "a", Body: []byte("body"), ReceivedAt: time.Now()}, queue.Wanted{Kind: "decide", Lane: "d"})
	if err != nil || !isNew {
		t.Fatal(isNew, err)
	}
	settle(t, q, "decide", 1, func(context.Context, *queue.Held) queue.End {
		return queue.End{Verdict: "v", Then: []queue.Wanted{{Kind: "run", Lane: "keep"}}}
	})
	var lanes []string
	for range 250 {
		lanes = append(lanes, "x")
	}
	add(t, q, lanes...)
	if jobs, deliveries, err := q.Trim(t.Context(), queue.Keep{}); err != nil || jobs != 1 || deliveries != 0 {
		t.Errorf("%d Jobs and %d Deliveries went, %v; one had ended, and the Delivery's other Job had not", jobs, deliveries, err)
	}
	if delivery, err := q.Delivery(t.Context(), 1); err != nil || delivery.Body != nil {
		t.Errorf("the Delivery is %+v, %v", delivery, err)
	}
	settle(t, q, "run", 4, func(_ context.Context, held *queue.Held) queue.End {
		if held.Lane == "keep" {
			return queue.End{Stands: queue.StandsNow}
		}
		return queue.End{}
	})
	if jobs, _, err := q.Trim(t.Context(), queue.Keep{For: time.Hour, Most: 20}); err != nil || jobs != 230 && jobs != 231 {
		t.Errorf("%d Jobs went, %v, want all but the newest 20", jobs, err)
	}
	if jobs, deliveries, err := q.Trim(t.Context(), queue.Keep{For: time.Hour, Most: 1000}); err != nil || jobs+deliveries > 0 {
		t.Errorf("%d Jobs and %d Deliveries went, %v", jobs, deliveries, err)
	}
	if _, deliveries, err := q.Trim(t.Context(), queue.Keep{For: -time.Hour}); err != nil || deliveries != 1 {
		t.Errorf("%d Deliveries went, %v", deliveries, err)
	}
	left, err := q.EndedJobs(t.Context(), "run", queue.Job{}, 1000)
	if err != nil || len(left) != 1 || left[0].Lane != "keep" {
		t.Errorf("%d are left, %v", len(left), err)
	}
}

// TestStanding keeps what people look for in each lane.
func TestStanding(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	tests := []struct {
		lane string
		end  queue.End
		want string
	}{
		{"a", queue.End{Stands: queue.StandsAlone, Outcome: queue.Failed}, "a 1"},
		{"a", queue.End{}, "a 1"},
		{"a", queue.End{Stands: queue.StandsNow}, "a 3"},
		{"a", queue.End{Stands: queue.StandsAlone, Outcome: queue.Failed}, "a 3"},
		{"b", queue.End{Stands: queue.StandsNow}, "a 3; b 5"},
		{"c", queue.End{Stands: queue.StandsNow}, "a 3; b 5; c 6"},
		{"b", queue.End{Cleared: []string{"b", "c", "d"}}, "a 3"},
		{"a", queue.End{Stands: queue.StandsNow, Cleared: []string{"a"}}, "a 8"},
	}
	for i, test := range tests {
		add(t, q, test.lane)
		settle(t, q, "run", 1, func(context.Context, *queue.Held) queue.End { return test.end })
		standing, err := q.Standing(t.Context(), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, one := range standing {
			got = append(got, fmt.Sprint(one.Lane, " ", one.Number))
		}
		if got := strings.Join(got, "; "); got != test.want {
			t.Errorf("%d: %q stand, want %q", i, got, test.want)
		}
	}
	if standing, err := q.Standing(t.Context(), "a", 10); err != nil || len(standing) > 0 {
		t.Errorf("behind a stand %+v, %v", standing, err)
	}
}

// TestBackUp copies a database while it is written to.
func TestBackUp(t *testing.T) {
	t.Parallel()
	dir, into := t.TempDir(), t.TempDir()
	q := open(t, dir)
	writing, stop := context.WithCancel(t.Context())
	written := make(chan int)
	go func() {
		count := 0
		for writing.Err() == nil {
			if _, err := q.Add(writing, queue.Wanted{Kind: "run", Lane: strconv.Itoa(count)}); err == nil {
				count++
			}
		}
		written <- count
	}()
	add(t, q, "first")
	file := filepath.Join(into, "slipway.db")
	if err := queue.BackUp(t.Context(), dir, file); err != nil {
		t.Fatal(err)
	}
	stop()
	count := <-written
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy is %v, %v", info.Mode(), err)
	}
	copied := open(t, into)
	if jobs := queued(t, copied, "run"); len(jobs) < 1 || len(jobs) > count+1 {
		t.Errorf("%d of %d Jobs are in the copy", len(jobs), count+1)
	}
	if err := queue.BackUp(t.Context(), dir, file); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("over another file: %v", err)
	}
	if err := queue.BackUp(t.Context(), t.TempDir(), filepath.Join(into, "none")); err == nil || !strings.Contains(err.Error(), "there is no database") {
		t.Errorf("of nothing: %v", err)
	}
}

// TestVersions opens a database of an older Slipway, and refuses a newer one's.
func TestVersions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	set := func(version int) {
		t.Helper()
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "slipway.db"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
			t.Fatal(err)
		}
		_ = db.Close()
	}
	set(0)
	q := open(t, dir)
	number := add(t, q, "x")[0]
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	set(99)
	if _, err := queue.Open(t.Context(), queue.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "newer Slipway") {
		t.Errorf("a newer one's: %v", err)
	}
	set(queue.Version)
	q = open(t, dir)
	wantHow(t, q, number, "ready")
}

func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "slipway.db"), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := queue.Open(t.Context(), queue.Config{Dir: dir})
	if said, ok := errors.AsType[*problem.Problem](err); !ok || !strings.Contains(said.Message, "slipway.db is damaged: ") {
		t.Errorf("%T %v", err, err)
	}
}

// TestNotes has somebody watch a Job, and another one come later.
func TestNotes(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	number := add(t, q, "x")[0]
	seen := make(chan string)
	go func() {
		defer close(seen)
		for behind := int64(0); ; {
			notes, hasEnded, err := q.Notes(t.Context(), number, behind)
			if err != nil {
				t.Error(err)
				return
			}
			for _, one := range notes {
				behind = one.Number
				seen <- string(one.Body)
			}
			if hasEnded && len(notes) == 0 {
				return
			}
		}
	}()
	settle(t, q, "run", 1, func(_ context.Context, held *queue.Held) queue.End {
		held.Note([]byte("one"))
		if got := <-seen; got != "one" {
			t.Errorf("seen was %q", got)
		}
		for i := range 3000 {
			held.Note(fmt.Appendf(nil, "%d", i))
		}
		go func() {
			for range 1999 { // the rest is dropped
				<-seen
			}
		}()
		return queue.End{}
	})
	if _, more := <-seen; more {
		for range seen {
		}
	}
	notes, hasEnded, err := q.Notes(t.Context(), number, 1990)
	if err != nil || !hasEnded || len(notes) != 10 {
		t.Errorf("%d notes, %v, %v", len(notes), hasEnded, err)
	}
}

// TestTrimKeepsTheNewest has many Jobs end at one moment, and a Delivery whose deciding
// Job failed.
func TestTrimKeepsTheNewest(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	wanted := slices.Repeat([]queue.Wanted{{Kind: "run", Lane: "x", Outcome: queue.Superseded}}, 120)
	numbers, err := q.Add(t.Context(), wanted...)
	if err != nil {
		t.Fatal(err)
	}
	if jobs, _, err := q.Trim(t.Context(), queue.Keep{For: time.Hour, Most: 50}); err != nil || jobs != 70 {
		t.Errorf("%d Jobs went, %v, want 70", jobs, err)
	}
	if left, err := q.EndedJobs(t.Context(), "run", queue.Job{}, 200); err != nil || len(left) != 50 || left[49].Number != numbers[70] {
		t.Errorf("%d are left, %v", len(left), err)
	}
	if _, err := q.Store(t.Context(), queue.Delivery{ID: "a", ReceivedAt: time.Now().Add(-2 * time.Hour)}, queue.Wanted{Kind: "decide", Lane: "d"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{0, 1} {
		if _, deliveries, err := q.Trim(t.Context(), queue.Keep{For: time.Hour, Most: 50}); err != nil || deliveries != want {
			t.Errorf("%d Deliveries went, %v, want %d", deliveries, err, want)
		}
		settle(t, q, "decide", 1, func(context.Context, *queue.Held) queue.End { panic("boom") })
	}
}

// TestNotesOfNothing leaves nothing behind.
func TestNotesOfNothing(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	if _, _, err := q.Notes(t.Context(), 99, 0); !errors.Is(err, queue.ErrNone) {
		t.Errorf("of what is not there: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, _, err := q.Notes(ctx, add(t, q, "x")[0], 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("of one that does not begin: %v", err)
	}
	if q.Watched() > 0 {
		t.Errorf("%d are still watched", q.Watched())
	}
}
