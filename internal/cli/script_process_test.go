package cli_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slipway-dev/slipway/internal/config"
)

// patience bounds every wait of a script for something that must come. It is
// far above what a slow machine needs; a script that reaches it has failed.
const patience = 20 * time.Second

// process runs beside its script.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{} // closed when it has
	err            error         // of Wait, then
}

// output is what a process has written so far.
type output struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
	return o.text.Write(p)
}

// read returns the text and what is closed when there is more.
func (o *output) read() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.text.String(), o.changed
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// start runs a program beside the script: start deploy slipway deploy hello.
func start(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: start name program [args...]")
	}
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	started := &process{cmd: exec.Command(program, args[2:]...), ended: make(chan struct{})}
	started.cmd.Dir = ts.MkAbs(".")
	started.cmd.Env = on.environ
	for _, setting := range config.Settings() {
		if value := ts.Getenv(setting.Env); value != "" {
			started.cmd.Env = append(started.cmd.Env, setting.Env+"="+value)
		}
	}
	for _, name := range stepVariables() {
		if value := ts.Getenv(name); value != "" {
			started.cmd.Env = append(started.cmd.Env, name+"="+value)
		}
	}
	if on.sandbox != nil {
		on.seen, _ = on.sandbox.count(regexp.MustCompile(``), 0)
	}
	started.cmd.Stdout, started.cmd.Stderr = &started.stdout, &started.stderr
	ts.Check(started.cmd.Start())
	go func() {
		started.err = started.cmd.Wait()
		close(started.ended)
	}()
	on.processes[args[0]] = started
}

// await waits until the sandbox has seen a call since the last start, that of GitHub
// has at all, or a process has written something: await call 'POST .*/Builds';
// await call -github 'GET .*/contents/.*'; await deploy stderr 'building ZB'.
func await(ts *testscript.TestScript, on *stage, args []string) {
	var look func() (bool, <-chan struct{})
	var ended <-chan struct{}
	var server *spoiled
	if on.sandbox != nil {
		server = &on.sandbox.spoiled
	}
	seen := on.seen
	if len(args) > 1 && args[1] == "-github" {
		server, seen, args = &on.github.spoiled, 0, slices.Delete(slices.Clone(args), 1, 2)
	}
	switch {
	case (len(args) == 2 || len(args) == 3) && args[0] == "call":
		asked, err := regexp.Compile(`^(?:` + args[1] + `)$`)
		ts.Check(err)
		least := 1
		if len(args) == 3 {
			least, err = strconv.Atoi(args[2])
			ts.Check(err)
		}
		look = func() (bool, <-chan struct{}) {
			found, changed := server.count(asked, seen)
			return found >= least, changed
		}
	case len(args) == 3 && (args[1] == "stdout" || args[1] == "stderr"):
		wanted, err := regexp.Compile(args[2])
		ts.Check(err)
		running := on.process(ts, args[0])
		ended = running.ended
		stream := &running.stdout
		if args[1] == "stderr" {
			stream = &running.stderr
		}
		look = func() (bool, <-chan struct{}) {
			text, changed := stream.read()
			return wanted.MatchString(text), changed
		}
	default:
		ts.Fatalf("usage: await call [-github] 'METHOD path' [times] | await process stdout|stderr pattern")
	}
	timeout := time.After(patience)
	for {
		found, changed := look()
		if found {
			return
		}
		select {
		case <-changed:
		case <-ended:
			if found, _ := look(); !found {
				ts.Fatalf("%s ended before that", args[0])
			}
			return
		case <-timeout:
			ts.Fatalf("it has not come within %s", patience)
		}
	}
}

// printOutput writes what a process has written to stdout so far to a file:
// print sandbox environment.sh.
func printOutput(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: print process file")
	}
	text, _ := on.process(ts, args[0]).stdout.read()
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666))
}

// signalProcess sends a signal: signal deploy INT.
func signalProcess(ts *testscript.TestScript, on *stage, args []string) {
	signals := map[string]syscall.Signal{"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}
	if len(args) != 2 || signals[args[1]] == 0 {
		ts.Fatalf("usage: signal process HUP|INT|TERM|KILL")
	}
	ts.Check(on.process(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

// ended waits for a process, which must exit with a code, and in time when one
// is given; its output becomes stdout and stderr: ended deploy 130 2s.
func ended(ts *testscript.TestScript, on *stage, args []string) {
	if len(args) != 2 && len(args) != 3 {
		ts.Fatalf("usage: ended process code [within]")
	}
	running := on.process(ts, args[0])
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	within := patience
	if len(args) == 3 {
		within, err = time.ParseDuration(args[2])
		ts.Check(err)
	}
	late := false
	select {
	case <-running.ended:
	case <-time.After(within):
		late = true
		running.kill()
	}
	delete(on.processes, args[0])
	for _, stream := range []struct {
		from *output
		to   interface{ Write([]byte) (int, error) }
	}{{&running.stdout, ts.Stdout()}, {&running.stderr, ts.Stderr()}} {
		text, _ := stream.from.read()
		_, _ = stream.to.Write([]byte(text))
	}
	got, err := exitCode(running.err)
	switch {
	case late:
		ts.Fatalf("%s has not ended within %s", args[0], within)
	case err != nil:
		ts.Fatalf("%s: %v", args[0], err)
	case got != want:
		ts.Fatalf("%s exited with %d, want %d", args[0], got, want)
	}
}

func (on *stage) process(ts *testscript.TestScript, name string) *process {
	running, ok := on.processes[name]
	if !ok {
		ts.Fatalf("no process is called %s", name)
	}
	return running
}
