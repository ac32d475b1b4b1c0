//go:build unix

package benchmark_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// BenchmarkAccountLimit takes a new project live on accounts that refuse more than 10
// and more than 100 requests in flight, of which Slipway knows nothing. It is held to
// the best that a fixed concurrency up to its cap of 20 takes: that of a client whose
// Limiter has come to that number before the clock starts, and has no need to leave it.
//
// Builds take no time, so that only the calls count.
func BenchmarkAccountLimit(b *testing.B) {
	const (
		runs         = 5
		functions    = 100
		assets       = 50
		bytesPerFile = 8 << 10
	)
	for _, bench := range []struct {
		limit int
		fixed []int // what is tried; more would be refused, or is above the cap
	}{
		{10, []int{8, 9, 10}},
		{100, []int{16, 18, 20}},
	} {
		b.Run(fmt.Sprintf("limit=%d", bench.limit), func(b *testing.B) {
			dir := writeProject(b, functions, assets, bytesPerFile)
			binary(b)
			for b.Loop() {
				var own []time.Duration
				fixed := map[int][]time.Duration{}
				calls, refused := 0, 0
				start := func() *sandbox {
					return startSandbox(b, "--latency", "80ms", "--build-time", "1ms", "--max-concurrent", strconv.Itoa(bench.limit))
				}
				for range runs {
					served := start()
					done := run(b, served.env, "deploy", dir, "--output", "json")
					checkResult(b, done.stdout, functions, assets)
					own = append(own, done.wall)
					for _, one := range served.calls() {
						calls++
						if one.status == http.StatusTooManyRequests {
							refused++
						}
					}
					for _, concurrency := range bench.fixed {
						fixed[concurrency] = append(fixed[concurrency], fixedDeploy(b, start(), dir, concurrency))
					}
				}
				best := slices.MinFunc(bench.fixed, func(one, other int) int { return int(median(fixed[one]) - median(fixed[other])) })
				ratio, share := median(own).Seconds()/median(fixed[best]).Seconds(), float64(refused)/float64(calls)
				b.Logf("%d ms; a fixed concurrency of %d, the best of %v, takes %d ms: %.2f, ceiling %.1f; %.1f %% of %d calls refused, ceiling %.0f %%",
					median(own).Milliseconds(), best, bench.fixed, median(fixed[best]).Milliseconds(), ratio, limitRatio,
					100*share, calls/runs, 100*mostRefused)
				b.ReportMetric(ratio, "of-the-best")
				b.ReportMetric(100*share, "%refused")
				if ratio > limitRatio {
					b.Errorf("got %.2f of what the best fixed concurrency takes, want at most %.1f: %v and %v", ratio, limitRatio, own, fixed)
				}
				if share > mostRefused {
					b.Errorf("got %.1f %% of the calls refused, want at most %.0f %%", 100*share, 100*mostRefused)
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// fixedDeploy takes the project live, in this process, with so many requests in
// flight from the first to the last.
func fixedDeploy(b *testing.B, served *sandbox, dir string, concurrency int) time.Duration {
	b.Helper()
	defer served.stop()
	client := clientOf(b, served, concurrency)
	// It doubles from 8 with each round.
	var round sync.WaitGroup
	for range 3 * concurrency {
		round.Go(func() {
			if _, err := client.FetchService(b.Context(), "benchmark"); !twilio.IsNotFound(err) {
				b.Errorf("the sandbox is not empty: %v", err)
			}
		})
	}
	round.Wait()
	started := time.Now()
	outcome, err := pipeline.Run(b.Context(), job.Job{
		Verb: job.Deploy, Target: job.Target{Service: "benchmark", Environment: "dev"},
	}, pipeline.Config{Client: client, Source: os.DirFS(dir)})
	took := time.Since(started)
	if err != nil || outcome.Result.Status != job.Deployed {
		b.Fatalf("%s: %v\n%s", outcome.Result.Status, err, strings.Join(outcome.Result.Warnings, "\n"))
	}
	for _, one := range served.calls() {
		if one.status == http.StatusTooManyRequests {
			b.Logf("a fixed concurrency of %d was refused once, and was none from there on", concurrency)
			break
		}
	}
	return took
}
