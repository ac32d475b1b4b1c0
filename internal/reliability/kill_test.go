package reliability_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/job"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/twilio"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestKillMatrix kills the process of every command at every call that it makes, and
// runs the same command again.
func TestKillMatrix(t *testing.T) {
	t.Parallel()
	var held, unfinished, exceptions atomic.Int64
	made := 0
	for _, s := range killScenes() {
		clean, calls := unkilled(t, s)
		made += len(calls)
		t.Run(s.name, func(t *testing.T) {
			for i, c := range calls {
				for _, isAfter := range []bool{false, true} {
					if testing.Short() && i%10 != 0 || s.isToggle && isAfter && c.operation == "create deployment" {
						continue
					}
					when := map[bool]string{false: "before it is sent", true: "after its effect"}[isAfter]
					t.Run(c.String()+"/"+when, func(t *testing.T) {
						t.Parallel()
						defer func() {
							if t.Failed() {
								exceptions.Add(1)
								return
							}
							held.Add(1)
						}()
						left, after := kill(t, s, &deadly{call: c, isAfter: isAfter})
						if slices.ContainsFunc(left.Builds, func(b sandbox.Build) bool { return b.Status == "building" }) {
							unfinished.Add(1)
						}
						if wrong := judgeRepeated(clean, after); len(wrong) > 0 {
							t.Error(strings.Join(wrong, "\n"))
						}
					})
				}
			}
		})
	}
	t.Logf("kill matrix: %d cells of %d calls, %d held, %d of them with a Build that was still building; %d exceptions",
		held.Load()+exceptions.Load(), made, held.Load(), unfinished.Load(), exceptions.Load())
	if unfinished.Load() == 0 && !testing.Short() {
		t.Error("no Build was met unfinished")
	}
}

// killScenes are those of the matrices, and a teardown.
func killScenes() []scene {
	first := deployOf(1, "GREETING=hello\n")
	production := first
	production.job.Target.Environment = "production"
	teardown := step{job: job.Job{Verb: job.Teardown, Target: job.Target{Service: "site", Environment: "dev"}}}
	return append(scenes(), scene{"teardown", []step{production, first}, teardown, job.TornDown, false})
}

// newKillWorld is a Sandbox whose Builds take long enough to be met unfinished.
func newKillWorld(t *testing.T, s scene) *sandbox.Sandbox {
	t.Helper()
	world, err := sandbox.New(sandbox.Options{PageSize: 3, BuildTime: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(world)
	defer server.Close()
	for _, step := range s.before {
		if _, err := step.hurry(t.Context(), server.URL, nil); err != nil {
			t.Fatal(err)
		}
	}
	return world
}

// unkilled is what a scene comes to when nobody kills anything, and the calls that it
// takes.
func unkilled(t *testing.T, s scene) (sandbox.Snapshot, []call) {
	t.Helper()
	world := newKillWorld(t, s)
	server := httptest.NewServer(world)
	defer server.Close()
	var mu sync.Mutex
	var calls []call
	seen := make(map[call]int)
	if _, err := s.last.hurry(t.Context(), server.URL, func(one twilio.Call) {
		mu.Lock()
		defer mu.Unlock()
		made := call{operation: one.Operation, method: one.Method, path: withoutSIDs(one.Path)}
		seen[made]++
		made.nth = seen[made]
		if made.operation != "fetch build status" || made.nth == 1 { // how many there are is a matter of time
			calls = append(calls, made)
		}
	}); err != nil {
		t.Fatal(err)
	}
	return world.Snapshot(), callsOf(played{calls: calls})
}

// deadly is a Sandbox that kills the process which makes a call.
type deadly struct {
	http.Handler

	call    call
	isAfter bool // the call takes effect

	mu   sync.Mutex
	seen int
	kill func()
}

func (d *deadly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !d.strikes(r) {
		d.Handler.ServeHTTP(w, r)
		return
	}
	if d.isAfter {
		d.Handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	d.kill()
	panic(http.ErrAbortHandler)
}

func (d *deadly) strikes(r *http.Request) bool {
	if r.Method != d.call.method || withoutSIDs(r.URL.Path) != d.call.path {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen++
	return d.seen == d.call.nth
}

// kill runs a scene, kills its last command, and runs that again. It returns what the
// death left, and the end.
func kill(t *testing.T, s scene, met *deadly) (left, after sandbox.Snapshot) {
	t.Helper()
	world := newKillWorld(t, s)
	met.Handler = world
	server := httptest.NewServer(met)
	process, err := newProcess(s.name, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	dead := make(chan struct{})
	var said bytes.Buffer
	process.Stdout, process.Stderr = &said, &said
	met.kill = func() {
		_ = process.Process.Kill()
		<-dead
	}
	if err := startHeld(process, met); err != nil {
		t.Fatal(err)
	}
	err = process.Wait()
	close(dead)
	server.Close()                                                       // waits for what is under way
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != -1 { //nolint:errorlint // as os/exec returns it
		t.Fatalf("the process was not killed: %v\n%s", err, said.String())
	}

	left = world.Snapshot()
	again := httptest.NewServer(world)
	defer again.Close()
	if _, err := s.last.hurry(t.Context(), again.URL, nil); err != nil {
		t.Errorf("run again, it failed: %v", err)
	}
	return left, world.Snapshot()
}

// startHeld starts a process whose calls wait until it is known to be there.
func startHeld(process *exec.Cmd, met *deadly) error {
	met.mu.Lock()
	defer met.mu.Unlock()
	return process.Start()
}

// judgeRepeated finds what is not as if the command had never been killed.
func judgeRepeated(clean, after sandbox.Snapshot) (wrong []string) {
	for what, compared := range map[string][2][]string{
		"what is served":      {served(clean), served(after)},
		"what there is":       {names(clean), names(after)},
		"what was made twice": {nil, duplicates(after)},
	} {
		if diff := cmp.Diff(compared[0], compared[1]); diff != "" {
			wrong = append(wrong, fmt.Sprintf("%s differs (-want +got):\n%s", what, diff))
		}
	}
	// What a Build was made of stands in its Manifest, which one of Assets alone has not.
	more := 1
	if slices.ContainsFunc(clean.Versions, isManifest) {
		more = 0
	}
	for what, counted := range map[string][2]int{
		"Builds":      {len(clean.Builds), len(after.Builds)},
		"Deployments": {len(clean.Deployments), len(after.Deployments)},
	} {
		if least, got := counted[0], counted[1]; got < least || got > least+more {
			wrong = append(wrong, fmt.Sprintf("there are %d %s, want %d and at most %d more", got, what, least, more))
		}
	}
	slices.Sort(wrong)
	return wrong
}
