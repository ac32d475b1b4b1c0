//go:build unix

package benchmark_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

// queued is how many Jobs wait, and on how many Targets.
type queued struct{ jobs, targets int }

func (q queued) String() string { return fmt.Sprintf("%d Jobs on %d Targets", q.jobs, q.targets) }

// BenchmarkQueued has few and many Jobs wait. Neither storing a Delivery, nor finding the
// Job that is next, may take longer for it.
func BenchmarkQueued(b *testing.B) {
	cases := []queued{{10, 10}, {1000, 1000}, {100_000, 10_000}}
	for b.Loop() {
		queues := make([]*queue.Queue, len(cases))
		for i, one := range cases {
			queues[i] = one.fill(b)
		}
		stored := storeInTurns(b, queues)
		for i, one := range cases {
			ratio, pickedUp := stored[i].Seconds()/stored[0].Seconds(), one.pickUp(b, queues[i])
			b.Logf("%s: a Delivery is stored within %.2f ms, %.2f of what it takes with %d, ceiling %.1f; the next Job begins %.2f ms behind the one before, ceiling %d ms",
				one, stored[i].Seconds()*1000, ratio, cases[0].jobs, queuedRatio, pickedUp.Seconds()*1000, pickUpCeiling.Milliseconds())
			unit := fmt.Sprintf("%d-queued", one.jobs)
			b.ReportMetric(ratio, unit+"-intake")
			b.ReportMetric(pickedUp.Seconds()*1000, unit+"-ms-pick-up")
			if ratio > queuedRatio {
				b.Errorf("%s: a Delivery is stored within %s, with %d queued within %s; want at most %.1f of that", one, stored[i], cases[0].jobs, stored[0], queuedRatio)
			}
			if pickedUp > pickUpCeiling {
				b.Errorf("%s: the next Job begins %s behind the one before, want at most %s", one, pickedUp, pickUpCeiling)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
}

// fill makes a queue with so many Jobs.
func (q queued) fill(b *testing.B) *queue.Queue {
	b.Helper()
	kept, err := queue.Open(b.Context(), queue.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = kept.Close() })
	payload := []byte(strings.Repeat("x", 600)) // as large as what a Job is to do
	wanted := make([]queue.Wanted, q.jobs)
	for i := range wanted {
		wanted[i] = queue.Wanted{Kind: "run", Lane: fmt.Sprintf("AC%032x/voice/%d", i%q.targets, i%q.targets), Payload: payload, Follow: "tell"}
	}
	for chunk := range slices.Chunk(wanted, 2000) {
		if _, err := kept.Add(b.Context(), chunk...); err != nil {
			b.Fatal(err)
		}
	}
	return kept
}

// storeInTurns stores Deliveries in each queue, so that whatever else the machine does
// meets all of them, and returns the medians of how long that took.
func storeInTurns(b *testing.B, queues []*queue.Queue) []time.Duration {
	b.Helper()
	push := &deliveries{event: "push", repository: "acme/voice"}
	took := make([][]time.Duration, len(queues))
	for i := range int64(200) {
		for at, kept := range queues {
			one := queue.Delivery{ID: strconv.FormatInt(i, 10), Event: "push", Repository: "acme/voice", Body: push.body(i), ReceivedAt: time.Now()}
			began := time.Now()
			if _, err := kept.Store(b.Context(), one, queue.Wanted{Kind: "decide", Lane: fmt.Sprintf("decide acme/%d", i)}); err != nil {
				b.Fatal(err)
			}
			took[at] = append(took[at], time.Since(began))
		}
	}
	return each(took, median[time.Duration])
}

// pickUp has one worker run Jobs, which do nothing.
func (q queued) pickUp(b *testing.B, kept *queue.Queue) time.Duration {
	b.Helper()
	var gaps []time.Duration
	var ended time.Time
	left := min(q.jobs, 200)
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	kept.Serve(ctx, "run", 1, func(context.Context, *queue.Held) queue.End {
		if !ended.IsZero() {
			gaps = append(gaps, time.Since(ended))
		}
		if left--; left == 0 {
			stop()
		}
		ended = time.Now()
		return queue.End{}
	})
	return median(gaps)
}
