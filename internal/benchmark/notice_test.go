//go:build unix

package benchmark_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// BenchmarkNotice deploys many small projects at once, whose Builds take 2 to 20 s,
// and reads in the sandbox's log when each Build was complete, when that was first
// told, and how often it was asked for.
func BenchmarkNotice(b *testing.B) {
	const (
		worlds, services = 2, 50 // at most 50 in an account
	)
	dir := writeProject(b, 1, 0, 1<<10)
	slipway := binary(b)
	for b.Loop() {
		var late []time.Duration
		looks, watched := 0, time.Duration(0)
		for seed := range worlds {
			// It stands for many accounts, so it refuses none of the calls.
			served := startSandbox(b, "--latency", "80ms", "--build-time", "2s", "--build-time-max", "20s",
				"--max-concurrent", "1000", "--seed", strconv.Itoa(seed+1))
			var group errgroup.Group
			for i := range services {
				group.Go(func() error {
					command := exec.Command(slipway, "deploy", dir, "--service", fmt.Sprintf("notice-%d", i))
					command.Env = append([]string{"HOME=" + folder}, served.env...)
					_, err := measure(command)
					return err
				})
			}
			if err := group.Wait(); err != nil {
				b.Fatal(err)
			}
			for _, one := range watchedBuilds(served.calls()) {
				late = append(late, one.told.Sub(one.created.Add(one.takes)))
				looks += one.looks - 1 // the first opens the first second
				watched += one.told.Sub(one.first)
			}
		}
		if len(late) != worlds*services {
			b.Fatalf("got %d Builds in the log, want %d", len(late), worlds*services)
		}
		middle := median(late)
		pace := float64(looks) / watched.Seconds()
		b.Logf("%d Builds of 2 to 20 s: told %d ms after their end in the median, ceiling %d ms; %.2f looks a second, ceiling %d",
			len(late), middle.Milliseconds(), noticeCeiling.Milliseconds(), pace, mostLooks)
		b.ReportMetric(float64(middle.Milliseconds()), "ms-late")
		b.ReportMetric(pace, "looks/s")
		if middle > noticeCeiling {
			b.Errorf("got a median of %s, want at most %s", middle, noticeCeiling)
		}
		if pace > mostLooks+0.01 { // answers, whose times are in the log, jitter
			b.Errorf("got %.2f looks a second, want at most %d", pace, mostLooks)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// watched is a Build of the sandbox's log.
type watched struct {
	created, first, told time.Time // when it was made, and first and last looked at
	takes                time.Duration
	looks                int
}

// watchedBuilds finds the Builds in a log, in which each Service has one.
func watchedBuilds(log []call) map[string]*watched {
	builds := map[string]*watched{}
	for _, one := range log {
		service, rest, _ := strings.Cut(strings.TrimPrefix(one.path, "/v1/Services/"), "/")
		build := builds[service]
		switch {
		case one.buildTime > 0:
			builds[service] = &watched{created: one.at, takes: one.buildTime}
		case build != nil && one.status == 200 && filepath.Base(rest) == "Status":
			if build.looks == 0 {
				build.first = one.at
			}
			build.told = one.at // no look follows the one that finds it complete
			build.looks++
		}
	}
	return builds
}
