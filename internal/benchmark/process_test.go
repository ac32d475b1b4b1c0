//go:build unix

package benchmark_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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
	return toItsEnd(b, command)
}

// toItsEnd runs a command that has to end well.
func toItsEnd(b *testing.B, command *exec.Cmd) finished {
	b.Helper()
	done, err := measure(command)
	if err != nil {
		b.Fatal(err)
	}
	return done
}

// measure runs a command to its end. It may be called from any goroutine.
func measure(command *exec.Cmd) (finished, error) {
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	started := time.Now()
	err := command.Run()
	wall := time.Since(started)
	if err != nil {
		return finished{}, fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, stderr.Bytes())
	}
	return finished{wall: wall, peakRSS: peakRSS(command.ProcessState), stdout: stdout.Bytes()}, nil
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

func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
