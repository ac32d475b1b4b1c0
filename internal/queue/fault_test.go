package queue_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

// TestOneOfManyFails commits writes together, of which some fail.
func TestOneOfManyFails(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	no := errors.New("no")
	errs := q.Together(nil, no, nil, queue.ErrPanic, nil)
	for i, want := range []bool{true, false, true, false, true} {
		if got := errs[i] == nil; got != want {
			t.Errorf("write %d: %v", i, errs[i])
		}
	}
	if !errors.Is(errs[1], no) {
		t.Errorf("the error is %v", errs[1])
	}
	if jobs := queued(t, q, "run"); len(jobs) != 3 {
		t.Errorf("%d Jobs are stored, want 3", len(jobs))
	}
}

// TestDiskFull fills the disk: what was not stored is said not to be, what was is kept,
// and all goes on when there is space again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir())
	held := make(chan error)
	number := add(t, q, "held")[0]
	goOn := make(chan struct{})
	stop := serve(t, q, "run", 1, func(ctx context.Context, one *queue.Held) queue.End {
		step := func(context.Context) ([]byte, error) { return make([]byte, 64<<10), nil }
		for _, name := range []string{"full", "free"} {
			<-goOn
			_, err := one.Do(ctx, name, step)
			held <- err
		}
		return queue.End{}
	})
	defer stop()
	fill(t.Context(), t, q)
	store := func(id string) error {
		_, err := q.Store(t.Context(), queue.Delivery{ID: id, Body: fmt.Appendf(make([]byte, 16<<10), "%s", id), ReceivedAt: time.Now()},
			queue.Wanted{Kind: "decide", Lane: "d"})
		return err
	}
	if err := store("a"); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("storing on a full disk: %v", err)
	}
	goOn <- struct{}{}
	if err := <-held; err == nil || errors.Is(err, queue.ErrLost) {
		t.Errorf("a step on a full disk: %v", err)
	}
	empty(t.Context(), t, q)
	if err := store("a"); err != nil {
		t.Errorf("storing when there is space again: %v", err)
	}
	goOn <- struct{}{}
	if err := <-held; err != nil {
		t.Errorf("a step when there is space again: %v", err)
	}
	stop()
	wantHow(t, q, number, "ended done")
	if steps, err := q.Steps(t.Context(), number); err != nil || len(steps) != 1 || steps[0].Name != "free" {
		t.Errorf("the steps are %+v, %v", steps, err)
	}
	if listed, err := q.Deliveries(t.Context(), 0, 10); err != nil || len(listed) != 1 {
		t.Errorf("%d Deliveries are stored, %v", len(listed), err)
	}
}

// TestEndThatCannotBeStored has a Job's end be refused: the Job is run again, and not
// before its lease has ended.
func TestEndThatCannotBeStored(t *testing.T) {
	t.Parallel()
	q, err := queue.Open(t.Context(), queue.Config{Dir: t.TempDir(), Lease: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	number := add(t, q, "x")[0]
	runs, steps := 0, 0
	settle(t, q, "run", 1, func(ctx context.Context, held *queue.Held) queue.End {
		_, _ = held.Do(ctx, "one", func(context.Context) ([]byte, error) { steps++; return nil, nil })
		if runs++; held.Attempts != 1 {
			t.Errorf("it is try %d", held.Attempts)
		}
		if runs == 1 {
			fill(ctx, t, q)
			time.AfterFunc(100*time.Millisecond, func() { empty(context.WithoutCancel(ctx), t, q) })
		}
		return queue.End{Result: make([]byte, 64<<10)}
	})
	wantHow(t, q, number, "ended done")
	if runs != 2 || steps != 1 {
		t.Errorf("it ran %d times, and its step %d times; want 2 and 1", runs, steps)
	}
}

// fill has the disk be full, and empty have it have space again.
func fill(ctx context.Context, tb testing.TB, q *queue.Queue) {
	tb.Helper()
	pages, err := q.Pragma(ctx, true, "page_count")
	if err == nil {
		err = q.Exec(ctx, "PRAGMA max_page_count = "+pages)
	}
	if err != nil {
		tb.Error(err)
	}
}

func empty(ctx context.Context, tb testing.TB, q *queue.Queue) {
	tb.Helper()
	if err := q.Exec(ctx, "PRAGMA max_page_count = 1000000"); err != nil {
		tb.Error(err)
	}
}

// TestConnections sees that one connection writes, safely, and that others cannot.
func TestConnections(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, dir)
	for name, want := range map[string][2]string{ // of the writer, and of a reader
		"journal_mode": {"wal", "wal"},
		"synchronous":  {"2", ""},
		"foreign_keys": {"1", ""},
		"busy_timeout": {"5000", "5000"},
		"query_only":   {"0", "1"},
	} {
		for i, want := range want {
			if got, err := q.Pragma(t.Context(), i == 0, name); err != nil || want != "" && got != want {
				t.Errorf("%s is %q, want %q (%v)", name, got, want, err)
			}
		}
	}
	// The database itself has one Job of a lane run.
	numbers := add(t, q, "x", "x")
	if err := q.Exec(t.Context(), "UPDATE jobs SET state = 'running' WHERE seq = ?", numbers[0]); err != nil {
		t.Error(err)
	}
	if err := q.Exec(t.Context(), "UPDATE jobs SET state = 'running' WHERE seq = ?", numbers[1]); err == nil || !strings.Contains(err.Error(), "UNIQUE") {
		t.Errorf("two of a lane run: %v", err)
	}
}

const openedIn = "SLIPWAY_TEST_OPENED_IN"

// TestFolderIsForOneProcess has another process try, also after this one did in vain.
func TestFolderIsForOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, dir)
	if _, err := queue.Open(t.Context(), queue.Config{Dir: dir}); err == nil {
		t.Error("it was opened twice")
	}
	other := func() string {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOtherProcess$", "-test.v")
		child.Env = append(os.Environ(), openedIn+"="+dir)
		said, _ := child.CombinedOutput() // which tells what went wrong, too
		return string(said)
	}
	if said := other(); !strings.Contains(said, "Another server uses it") {
		t.Errorf("another process has opened it as well:\n%s", said)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if said := other(); !strings.Contains(said, "it was opened") {
		t.Errorf("another process cannot open it:\n%s", said)
	}
}

// TestOtherProcess is the process that TestFolderIsForOneProcess starts.
func TestOtherProcess(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(openedIn)
	if dir == "" {
		return // there is nothing to test in it by itself
	}
	q, err := queue.Open(t.Context(), queue.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("it was opened")
	_ = q.Close()
}

// TestMigrations brings a database forward, is stopped half-way, and goes on.
func TestMigrations(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "slipway.db")
	const first, second = "CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y; CREATE INDEX b ON a (y)"
	steps := []struct {
		migrations []string
		want       string // of the error
	}{
		{[]string{first}, ""},
		{[]string{first}, ""},
		{[]string{first, second, "CREATE TABLE a (z)"}, "from version 2 to the next"},
		{[]string{first, "CREATE TABLE b (x)", "DROP TABLE b"}, ""}, // nothing of second is there
		{[]string{first, second}, "newer Slipway (its version is 3, and this Slipway knows 2)"},
	}
	for i, step := range steps {
		err := queue.Migrate(t.Context(), file, step.migrations...)
		if got := fmt.Sprint(err); step.want == "" && err != nil || !strings.Contains(got, step.want) {
			t.Errorf("%d: %v, want %q", i, err, step.want)
		}
	}
}
