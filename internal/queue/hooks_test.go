package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/queue"
)

// heardHooks keeps what hooks are told.
type heardHooks struct {
	mu   sync.Mutex
	told []string
}

func (h *heardHooks) add(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, fmt.Sprintf(format, args...))
}

func (h *heardHooks) hooks() queue.Hooks {
	return queue.Hooks{
		Stored:  func(took time.Duration) { h.add("stored %t", took > 0) },
		Ended:   func(kind string, outcome queue.Outcome) { h.add("ended %s %s", kind, outcome) },
		Again:   func(kind string) { h.add("again %s", kind) },
		Decided: func(verdict string) { h.add("decided %s", verdict) },
		Stepped: func(step string, took time.Duration, err error) { h.add("stepped %s %t %v", step, took >= 0, err) },
	}
}

// TestHooks does what hooks are told of, and counts that each is told once, however a
// Job ends.
func TestHooks(t *testing.T) {
	t.Parallel()
	var heard heardHooks
	q, err := queue.Open(t.Context(), queue.Config{Dir: t.TempDir(), Hooks: heard.hooks()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	ctx := t.Context()
	for range 2 { // of which the second is a duplicate
		if _, err := q.Store(ctx, queue.Delivery{ID: "a", Body: []byte("b"), ReceivedAt: time.Now()}, queue.Wanted{Kind: "decide", Lane: "d"}); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, q, "decide", 1, func(context.Context, *queue.Held) queue.End {
		return queue.End{Verdict: "queued", Then: []queue.Wanted{
			{Kind: "run", Lane: "x"},
			{Kind: "run", Lane: "x", Supersedes: true},
			{Kind: "run", Lane: "y", Outcome: queue.Superseded, Follow: "tell"},
		}}
	})
	cancelled := add(t, q, "z")[0]
	if _, err := q.Cancel(ctx, cancelled, ""); err != nil {
		t.Fatal(err)
	}
	settle(t, q, "run", 1, func(ctx context.Context, held *queue.Held) queue.End {
		if held.Attempts == 1 {
			_, _ = held.Do(ctx, "upload", func(context.Context) ([]byte, error) { return nil, nil })
			_, _ = held.Do(ctx, "activate", func(context.Context) ([]byte, error) { return nil, errors.New("no") })
			return queue.End{Again: time.Millisecond}
		}
		_, _ = held.Do(ctx, "upload", func(context.Context) ([]byte, error) { panic("it was done") })
		return queue.End{Outcome: queue.Failed}
	})
	settle(t, q, "tell", 1, func(context.Context, *queue.Held) queue.End { return queue.End{} })

	want := []string{
		"again run", "decided queued",
		"ended decide done", "ended run cancelled", "ended run failed", "ended run superseded", "ended run superseded", "ended tell done",
		"stepped activate true no", "stepped upload true <nil>", "stored true", "stored true",
	}
	slices.Sort(heard.told)
	if diff := cmp.Diff(want, heard.told); diff != "" {
		t.Errorf("the hooks were told otherwise (-want +got):\n%s", diff)
	}
}

// TestCheck writes, and says when that is not possible.
func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, dir)
	if err := q.Check(t.Context()); err != nil {
		t.Errorf("the database can be written to, and Check says %v", err)
	}
	if err := q.MakeReadOnly(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := q.Check(t.Context()); err == nil {
		t.Error("the database cannot be written to, and Check says nothing")
	}
}
