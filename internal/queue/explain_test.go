package queue_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

// TestIndexes does everything that a Queue does, listens to the statements, and sees
// that each finds its rows by an index and sorts nothing.
func TestIndexes(t *testing.T) {
	t.Parallel()
	name := "heard in " + t.TempDir() // a driver's name is taken for as long as the process lives
	heard := queue.NewListener(name)
	q, err := queue.Open(t.Context(), queue.Config{Dir: t.TempDir()}.Heard(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })

	ctx := t.Context()
	if _, err := q.Store(ctx, queue.Delivery{ID: "a", Body: []byte("b"), ReceivedAt: time.Now()}, queue.Wanted{Kind: "decide", Lane: "d"}); err != nil {
		t.Fatal(err)
	}
	settle(t, q, "decide", 1, func(context.Context, *queue.Held) queue.End {
		return queue.End{Verdict: "v", Then: []queue.Wanted{{Kind: "run", Lane: "x", Supersedes: true, Follow: "tell"}, {Kind: "run", Lane: "y"}}}
	})
	settle(t, q, "run", 2, func(ctx context.Context, held *queue.Held) queue.End {
		held.Note([]byte("n"))
		_, _ = held.Do(ctx, "step", func(context.Context) ([]byte, error) { return nil, nil })
		_ = held.GoLive(ctx)
		if held.Attempts == 1 {
			return queue.End{Again: time.Millisecond}
		}
		return queue.End{Stands: queue.StandsNow, Cleared: []string{"z"}}
	})
	_ = q.Lapse(ctx)
	_, _ = q.Retry(ctx, 2)
	_, _ = q.Cancel(ctx, 5, "")
	_, _, _ = q.Notes(ctx, 2, 0)
	_, _ = q.Deliveries(ctx, 0, 1)
	_, _ = q.Delivery(ctx, 1)
	_, _ = q.JobsOf(ctx, 1)
	_, _ = q.JobsIn(ctx, "x", 1)
	_, _ = q.Pending(ctx, "run", queue.Ready, 0, 1)
	_, _ = q.Followed(ctx, 0, 1)
	_, _ = q.Standing(ctx, "", 1)
	_, _ = q.Steps(ctx, 1)
	_, _ = q.EndedJobs(ctx, "run", queue.Job{}, 1)
	_, _ = q.Counts(ctx)
	if _, _, err := q.Trim(ctx, queue.Keep{Most: 1}); err != nil {
		t.Error(err)
	}

	checked := 0
	for statement := range heard.Statements {
		verb, _, _ := strings.Cut(strings.TrimSpace(statement), " ")
		if !slices.Contains([]string{"SELECT", "UPDATE", "DELETE", "INSERT"}, verb) {
			continue
		}
		checked++
		plan, err := q.Explain(ctx, statement)
		if err != nil {
			t.Errorf("%s: %v", statement, err)
		}
		for _, line := range plan {
			if isRead := strings.HasPrefix(line, "SCAN ") && !strings.Contains(line, "USING COVERING INDEX") && line != "SCAN CONSTANT ROW"; isRead || strings.Contains(line, "TEMP B-TREE") {
				t.Errorf("%s\nis carried out so: %s", statement, strings.Join(plan, "; "))
			}
		}
	}
	if checked < 40 {
		t.Errorf("%d statements were heard, want all", checked)
	}
}
