//go:build unix

package benchmark_test

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
)

// BenchmarkFirstDeploy takes a new project of 150 files live on a platform
// that needs 80 ms for an answer. What is measured is the whole process less
// the time that the sandbox gave to that run's Build, which no deployer can
// change: so the time between the Build's end and the next look at it counts.
//
// The sandbox refuses the 51st request in flight, as Twilio was seen to.
//
// The floor, with 20 requests in flight after a start with 8 and 16: a round
// trip each to look for the Service, create it, create the Build, and make it
// live; 16 for two calls a file; and on average 250 ms until the look that finds
// the Build complete, since there are two looks a second. That makes 1,850 ms,
// and with 50 in flight, where the files take 8 round trips, 1,210 ms.
func BenchmarkFirstDeploy(b *testing.B) {
	for _, bench := range []struct {
		name    string
		flags   []string
		ceiling time.Duration
	}{
		{"default", nil, firstDeployCeiling},
		{"concurrency=50", []string{"--concurrency", "50"}, fiftyAtOnceCeiling},
	} {
		b.Run(bench.name, func(b *testing.B) {
			const runs = 5
			dir := writeProject(b, 100, 50, 8<<10)
			binary(b)
			for b.Loop() {
				var own []time.Duration
				for seed := range runs {
					own = append(own, firstDeploy(b, dir, seed+1, bench.flags))
				}
				middle := median(own)
				b.Logf("median %d ms, ceiling %d ms", middle.Milliseconds(), bench.ceiling.Milliseconds())
				b.ReportMetric(float64(middle.Milliseconds()), "ms-less-build")
				if middle > bench.ceiling {
					b.Errorf("got a median of %s less the Build, want at most %s", middle, bench.ceiling)
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func firstDeploy(b *testing.B, dir string, seed int, flags []string) time.Duration {
	b.Helper()
	served := startSandbox(b, "--latency", "80ms", "--max-concurrent", "50",
		"--build-time", "4s", "--build-time-max", "4.5s", "--seed", strconv.Itoa(seed))
	deployed := run(b, served.env, append([]string{"deploy", dir, "--output", "json"}, flags...)...)
	built := served.buildTimes(b, 1)[0]
	own := deployed.wall - built
	result := checkResult(b, deployed.stdout, 100, 50)
	b.Logf("seed %d: %d ms in all, Build %d ms, the rest %d ms; %d calls, peak %.1f MB",
		seed, deployed.wall.Milliseconds(), built.Milliseconds(), own.Milliseconds(), result.APICalls, megabytes(deployed.peakRSS))
	return own
}

// checkResult makes sure that everything was deployed.
func checkResult(b *testing.B, stdout []byte, functions, assets int) job.Result {
	b.Helper()
	var result job.Result
	if err := json.Unmarshal(stdout, &result); err != nil {
		b.Fatalf("read the result: %v\n%s", err, stdout)
	}
	if got := len(result.Functions.Created); result.Status != job.Deployed || got != functions || len(result.Assets.Created) != assets {
		b.Fatalf("got status %q with %d Functions and %d Assets created, want %d and %d",
			result.Status, got, len(result.Assets.Created), functions, assets)
	}
	return result
}

func megabytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
