//go:build unix

package benchmark_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// comparison is what Slipway may take at most of what twilio-run takes.
type comparison struct {
	name    string
	flags   []string // of slipway deploy
	prepare func(b *testing.B, dir string)
	// own says that the Build's time, which is the platform's, is taken off both.
	own     bool
	ceiling float64
}

// comparisons are the deploys of one world, one after the other.
func comparisons() []comparison {
	return []comparison{
		{"first deploy", []string{"--concurrency", "50"}, func(*testing.B, string) {}, true, firstDeployRatio},
		{"one file changed", nil, changeOneFile, true, oneFileRatio},
		{"nothing changed", nil, func(*testing.B, string) {}, false, nothingChangedRatio},
	}
}

// taken is what one deploy took.
type taken struct {
	wall, own time.Duration
	peak      int64
}

func (t taken) inAll() time.Duration     { return t.wall }
func (t taken) lessBuild() time.Duration { return t.own }
func (t taken) memory() int64            { return t.peak }

// BenchmarkAgainstTheToolkit deploys the same project with `twilio-run deploy --force`
// and with Slipway, on sandboxes of the same settings that each tool has to itself, and
// in turns, so that whatever else the machine does meets both. What is compared is
// whole processes.
func BenchmarkAgainstTheToolkit(b *testing.B) {
	const runs = 5
	official := theToolkit(b)
	binary(b)
	for b.Loop() {
		ours, theirs := map[string][]taken{}, map[string][]taken{}
		for seed := range runs {
			inTurns(b, theirs, seed+1, func(served *sandbox, dir string, _ []string) finished {
				return official.deploy(b, served, dir)
			})
			inTurns(b, ours, seed+1, func(served *sandbox, dir string, flags []string) finished {
				return run(b, served.env, append([]string{"deploy", dir}, flags...)...)
			})
		}
		for _, one := range comparisons() {
			one.hold(b, ours[one.name], theirs[one.name])
		}
	}
	b.ReportMetric(0, "ns/op")
}

// inTurns makes the deploys of all comparisons in a world of their own.
func inTurns(b *testing.B, all map[string][]taken, seed int, deploy func(served *sandbox, dir string, flags []string) finished) {
	b.Helper()
	served := startSandbox(b, "--latency", "80ms", "--max-concurrent", "50",
		"--build-time", "4s", "--build-time-max", "4.5s", "--seed", strconv.Itoa(seed))
	dir := writeProject(b, 100, 50, 8<<10)
	var done []finished
	for _, one := range comparisons() {
		one.prepare(b, dir)
		done = append(done, deploy(served, dir, one.flags))
	}
	var builds []time.Duration
	activations := 0
	for _, one := range served.calls() {
		if one.buildTime > 0 {
			builds = append(builds, one.buildTime)
		}
		if one.operation == "CreateDeployment" && one.status == 201 {
			activations++
		}
	}
	if len(builds) < 2 || activations != len(builds) {
		b.Fatalf("%d Builds were made and %d went live, want at least 2, and all of them", len(builds), activations)
	}
	for i, one := range comparisons() {
		own := done[i].wall
		if i < len(builds) { // Slipway makes none where nothing changed
			own -= builds[i]
		}
		all[one.name] = append(all[one.name], taken{done[i].wall, own, done[i].peakRSS})
	}
}

func changeOneFile(b *testing.B, dir string) {
	b.Helper()
	file := filepath.Join(dir, "functions", "f0000.js")
	content, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	write(b, file, append(content, "\n// changed\n"...))
}

// hold compares medians.
func (c comparison) hold(b *testing.B, ours, theirs []taken) {
	b.Helper()
	what, took := ", in all", taken.inAll
	if c.own {
		what, took = ", less the Build", taken.lessBuild
	}
	our, their := median(each(ours, took)), median(each(theirs, took))
	ourPeak, theirPeak := median(each(ours, taken.memory)), median(each(theirs, taken.memory))
	ratio, share := our.Seconds()/their.Seconds(), float64(ourPeak)/float64(theirPeak)
	b.Logf("%s%s: Slipway %d ms, twilio-run %d ms: %.3f, ceiling %.3f; in all %d and %d ms; peaks %.1f and %.1f MB: %.2f, ceiling %.2f",
		c.name, what, our.Milliseconds(), their.Milliseconds(), ratio, c.ceiling,
		median(each(ours, taken.inAll)).Milliseconds(), median(each(theirs, taken.inAll)).Milliseconds(),
		megabytes(ourPeak), megabytes(theirPeak), share, memoryRatio)
	unit := strings.ReplaceAll(c.name, " ", "-")
	b.ReportMetric(ratio, unit)
	b.ReportMetric(share, unit+"-memory")
	if ratio > c.ceiling {
		b.Errorf("%s: got %.3f of what twilio-run takes, want at most %.3f; each run took %s and %s",
			c.name, ratio, c.ceiling, fmt.Sprint(each(ours, took)), fmt.Sprint(each(theirs, took)))
	}
	if share > memoryRatio {
		b.Errorf("%s: got %.2f of twilio-run's memory, want at most %.2f", c.name, share, memoryRatio)
	}
}

func each[T, U any](items []T, get func(T) U) []U {
	all := make([]U, len(items))
	for i, item := range items {
		all[i] = get(item)
	}
	return all
}
