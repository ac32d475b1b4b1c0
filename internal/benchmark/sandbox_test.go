//go:build unix

package benchmark_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// sandbox is a `slipway sandbox` that runs until the benchmark ends.
type sandbox struct {
	env  []string // points a deploy at it
	stop func()

	mu  sync.Mutex
	log []call
}

// call is a line of the sandbox's log.
type call struct {
	at        time.Time // right before its answer left
	operation string    // empty when it was refused before it was looked at
	path      string
	status    int
	buildTime time.Duration // that a Build was given; the API tells whole seconds only
}

// startSandbox starts a sandbox. Its world is empty unless the arguments give it one.
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

// readLog keeps the calls that the sandbox tells of.
func (s *sandbox) readLog(log io.Reader) {
	pair := regexp.MustCompile(`\b(time|operation|path|status|build_ms)=(\S+)`)
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if !strings.Contains(lines.Text(), ` msg="api call" `) {
			continue
		}
		var one call
		for _, match := range pair.FindAllStringSubmatch(lines.Text(), -1) {
			switch value := match[2]; match[1] {
			case "time":
				one.at, _ = time.Parse(time.RFC3339Nano, value)
			case "operation":
				one.operation = strings.Trim(value, `"`)
			case "path":
				one.path = value
			case "status":
				one.status, _ = strconv.Atoi(value)
			case "build_ms":
				milliseconds, _ := strconv.Atoi(value)
				one.buildTime = time.Duration(milliseconds) * time.Millisecond
			}
		}
		s.mu.Lock()
		s.log = append(s.log, one)
		s.mu.Unlock()
	}
}

// calls stops the sandbox and returns what was asked of it, in order.
func (s *sandbox) calls() []call {
	s.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// buildTimes stops the sandbox and returns how long it let each Build take.
func (s *sandbox) buildTimes(b *testing.B, want int) []time.Duration {
	b.Helper()
	var times []time.Duration
	for _, one := range s.calls() {
		if one.buildTime > 0 {
			times = append(times, one.buildTime)
		}
	}
	if len(times) != want {
		b.Fatalf("got %d Builds, want %d", len(times), want)
	}
	return times
}

// setting is what the sandbox has for a variable of the environment.
func (s *sandbox) setting(name string) string {
	for _, variable := range s.env {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value
		}
	}
	return ""
}
