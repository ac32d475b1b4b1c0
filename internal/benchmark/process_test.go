//go:build unix

package benchmark_test

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// folder holds the binary; TestMain makes and removes it.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "slipway-benchmark-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// build makes the binary once for all benchmarks, as it is released.
var build = sync.OnceValues(func() (string, error) {
	file := filepath.Join(folder, "slipway")
	command := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "github.com/slipway-dev/slipway")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, output)
	}
	return file, nil
})

func binary(b *testing.B) string {
	b.Helper()
	file, err := build()
	if err != nil {
		b.Fatalf("build slipway: %v", err)
	}
	return file
}

// finished is a process that has ended well.
type finished struct {
	wall time.Duration // from before the start to after the end
	// peakRSS is the most memory that was resident, in bytes. It can only be too
	// high: Linux counts into it what the process held that started this one.
	peakRSS int64
	stdout  []byte
}

// run runs slipway to its end, with nothing in its environment but env.
func run(b *testing.B, env []string, arguments ...string) finished {
	b.Helper()
	command := exec.Command(binary(b), arguments...)
	command.Env = append([]string{"HOME=" + folder}, env...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	started := time.Now()
	err := command.Run()
	wall := time.Since(started)
	if err != nil {
		b.Fatalf("slipway %s: %v\n%s", strings.Join(arguments, " "), err, stderr.Bytes())
	}
	return finished{wall: wall, peakRSS: peakRSS(command.ProcessState), stdout: stdout.Bytes()}
}

func peakRSS(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	peak := int64(usage.Maxrss) //nolint:unconvert // it is an int32 on 32-bit machines.
	if runtime.GOOS == "darwin" {
		return peak // getrusage(2): bytes there, KiB elsewhere
	}
	return peak << 10
}

// sandbox is a `slipway sandbox` that runs until the benchmark ends.
type sandbox struct {
	env  []string // points a deploy at it
	stop func()

	mu     sync.Mutex
	builds []time.Duration // how long each Build took
}

// startSandbox starts a sandbox with an empty world.
func startSandbox(b *testing.B, arguments ...string) *sandbox {
	b.Helper()
	command := exec.Command(binary(b), append([]string{"sandbox", "--log-level", "debug"}, arguments...)...)
	command.Env = []string{"HOME=" + folder}
	stdout, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	stderr, err := command.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	s := &sandbox{}
	var reading sync.WaitGroup
	reading.Go(func() { s.readLog(stderr) })
	s.stop = sync.OnceFunc(func() {
		_ = command.Process.Signal(os.Interrupt)
		reading.Wait()
		_ = command.Wait()
	})
	b.Cleanup(s.stop)
	for lines := bufio.NewScanner(stdout); len(s.env) < 7 && lines.Scan(); {
		if pair, ok := strings.CutPrefix(lines.Text(), "export "); ok {
			s.env = append(s.env, strings.ReplaceAll(pair, "'", ""))
		}
	}
	if len(s.env) < 7 {
		b.Fatal("the sandbox ended before it told how to reach it")
	}
	return s
}

// readLog picks out of the sandbox's log how long it let each Build take. The
// API itself tells times in whole seconds only.
func (s *sandbox) readLog(log io.Reader) {
	buildTime := regexp.MustCompile(`\bbuild_ms=(\d+)`)
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if match := buildTime.FindStringSubmatch(lines.Text()); match != nil {
			milliseconds, _ := strconv.Atoi(match[1])
			s.mu.Lock()
			s.builds = append(s.builds, time.Duration(milliseconds)*time.Millisecond)
			s.mu.Unlock()
		}
	}
}

// buildTime stops the sandbox and returns how long its only Build took.
func (s *sandbox) buildTime(b *testing.B) time.Duration {
	b.Helper()
	s.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.builds) != 1 {
		b.Fatalf("got %d Builds, want 1", len(s.builds))
	}
	return s.builds[0]
}

func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
