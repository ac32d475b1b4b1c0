package gh_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	sandbox "github.com/slipway-dev/slipway/internal/sandbox/github"
)

const lineContext = "slipway/voice/dev"

// say is a status of a state; it has no context, since the line has it.
func say(state gh.State) gh.CommitStatus {
	return gh.CommitStatus{State: state, Description: "It is " + string(state), TargetURL: "https://ci.example/1"}
}

// states lists what the sandbox holds of the line, oldest first.
func states(world *sandbox.Sandbox) string {
	var all []string
	for _, one := range world.Snapshot().Repositories[0].Statuses {
		if one.Context == lineContext {
			all = append(all, one.State)
		}
	}
	return strings.Join(all, " ")
}

// asked counts requests to a handler, and how many writes were there at once.
type asked struct {
	http.Handler

	reads, writes, atOnce, mostAtOnce atomic.Int64
}

func (a *asked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		a.reads.Add(1)
	} else {
		a.writes.Add(1)
		a.mostAtOnce.Store(max(a.mostAtOnce.Load(), a.atOnce.Add(1)))
		defer a.atOnce.Add(-1)
	}
	a.Handler.ServeHTTP(w, r)
}

// held keeps the first write from a handler until it is released, whatever
// becomes of its client.
type held struct {
	http.Handler

	arrived, release, landed chan struct{}
	isTaken                  atomic.Bool
}

func hold(handler http.Handler) *held {
	return &held{Handler: handler, arrived: make(chan struct{}), release: make(chan struct{}), landed: make(chan struct{})}
}

func (h *held) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && h.isTaken.CompareAndSwap(false, true) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		r = r.Clone(context.WithoutCancel(r.Context()))
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		close(h.arrived)
		<-h.release
		defer close(h.landed)
	}
	h.Handler.ServeHTTP(w, r)
}

// detached carries requests to a handler in memory, whose work goes on when the
// client no longer waits, as a server's does.
func detached(handler http.Handler) http.RoundTripper {
	return pipe(func(r *http.Request) (*http.Response, error) {
		answered := make(chan *http.Response, 1)
		incoming := r.Clone(context.WithoutCancel(r.Context()))
		if incoming.Body == nil {
			incoming.Body = http.NoBody
		}
		go func() {
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, incoming)
			answered <- recorder.Result()
		}()
		select {
		case response := <-answered:
			response.Request = r
			return response, nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	})
}

// inDetached is inMemory for a server whose work outlives its clients.
func inDetached(t *testing.T, handler http.Handler, change ...func(*gh.Config)) *gh.Client {
	t.Helper()
	return client(t, append([]func(*gh.Config){func(cfg *gh.Config) { cfg.Transport = detached(handler) }}, change...)...)
}

// setting is what a Set came to.
type setting struct {
	written bool
	err     error
	took    time.Duration
}

// set calls Set in the background; what came of it is received once.
func set(ctx context.Context, line *gh.StatusLine, state gh.State) <-chan setting {
	done := make(chan setting, 1)
	started := time.Now()
	go func() {
		written, err := line.Set(ctx, say(state))
		done <- setting{written, err, time.Since(started)}
	}()
	return done
}

func TestStatusLineWritesInOrder(t *testing.T) {
	t.Parallel()
	world := newSandbox(t, sandbox.Options{})
	server := &asked{Handler: world}
	line := newClient(t, server).StatusLine(voice, sha, lineContext)
	for _, step := range []struct {
		state         gh.State
		written       bool
		reads, writes int64 // so far
	}{
		{gh.StatePending, true, 1, 1},
		{gh.StatePending, false, 1, 1},
		{gh.StateError, true, 1, 2},
		{gh.StateError, false, 1, 2},
		{gh.StateSuccess, true, 1, 3},
	} {
		status := say(step.state)
		status.Context = "another"
		written, err := line.Set(t.Context(), status)
		if err != nil || written != step.written || server.reads.Load() != step.reads || server.writes.Load() != step.writes {
			t.Errorf("%s: written %t after %d reads and %d writes, error %v", step.state, written, server.reads.Load(), server.writes.Load(), err)
		}
	}
	if got, want := states(world), "pending error success"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// Another line, such as that of a re-run, finds what this one has left.
	written, err := newClient(t, server).StatusLine(voice, sha, lineContext).Set(t.Context(), say(gh.StateSuccess))
	if err != nil || written || server.writes.Load() != 3 {
		t.Errorf("a re-run: written %t, error %v", written, err)
	}
}

// TestPendingNeverFollowsAnotherState has a goroutine that comes late.
func TestPendingNeverFollowsAnotherState(t *testing.T) {
	t.Parallel()
	for _, state := range []gh.State{gh.StateSuccess, gh.StateFailure, gh.StateError} {
		world := newSandbox(t, sandbox.Options{})
		server := &asked{Handler: world}
		line := newClient(t, server).StatusLine(voice, sha, lineContext)
		if _, err := line.Set(t.Context(), say(state)); err != nil {
			t.Fatal(err)
		}
		written, err := line.Set(t.Context(), say(gh.StatePending))
		if !errors.Is(err, gh.ErrSuperseded) || written || server.writes.Load() != 1 || server.reads.Load() != 1 {
			t.Errorf("after %s: written %t, error %v", state, written, err)
		}
		if want := "set commit status of acme/voice: cut off: a newer state took its place"; err != nil && err.Error() != want {
			t.Errorf("got  %q\nwant %q", err, want)
		}
	}
}

// TestTheRequestOnItsWayIsWaitedFor rather than overtaken.
func TestTheRequestOnItsWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	world := newSandbox(t, sandbox.Options{})
	server := hold(world)
	counted := &asked{Handler: server}
	line := newClient(t, counted).StatusLine(voice, sha, lineContext)
	first := set(t.Context(), line, gh.StatePending)
	<-server.arrived
	last := set(t.Context(), line, gh.StateSuccess)
	select {
	case early := <-last:
		t.Errorf("it overtook: %+v", early)
	case early := <-first:
		t.Errorf("it was not waited for: %+v", early)
	case <-time.After(50 * time.Millisecond):
	}
	close(server.release)
	for _, done := range []<-chan setting{first, last} {
		if got := <-done; got.err != nil || !got.written {
			t.Errorf("%+v", got)
		}
	}
	if got := states(world); got != "pending success" || counted.mostAtOnce.Load() != 1 || counted.reads.Load() != 1 {
		t.Errorf("there are %q, with %d writes at once and %d reads", got, counted.mostAtOnce.Load(), counted.reads.Load())
	}
}

// TestNewerStatesSupersedeThoseThatWait lets several wait behind a request.
func TestNewerStatesSupersedeThoseThatWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newSandbox(t, sandbox.Options{})
		server := hold(world)
		line := inDetached(t, server).StatusLine(voice, sha, lineContext)
		first := set(t.Context(), line, gh.StatePending)
		<-server.arrived
		second := set(t.Context(), line, gh.StateFailure)
		synctest.Wait()
		last := set(t.Context(), line, gh.StateError)
		if got := <-second; !errors.Is(got.err, gh.ErrSuperseded) || got.took != 0 {
			t.Errorf("the second: %+v", got)
		}
		time.Sleep(3 * time.Second)
		close(server.release)
		if got := <-first; got.err != nil || !got.written {
			t.Errorf("the first: %+v", got)
		}
		if got := <-last; got.err != nil || !got.written || got.took != 3*time.Second {
			t.Errorf("the last: %+v", got)
		}
		if got := states(world); got != "pending error" {
			t.Errorf("there are %q", got)
		}
	})
}

// TestNewerStatesSupersedeThoseThatWaitForALimit needs no pending once the job
// is over, and waits for the same limit.
func TestNewerStatesSupersedeThoseThatWaitForALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newSandbox(t, sandbox.Options{SecondaryAfter: 1})
		c := inMemory(t, world)
		if _, err := c.SetCommitStatus(t.Context(), site, sha, pending()); err != nil {
			t.Fatal(err)
		}
		line := c.StatusLine(voice, sha, lineContext)
		first := set(t.Context(), line, gh.StatePending)
		time.Sleep(20 * time.Second)
		last := set(t.Context(), line, gh.StateSuccess)
		if got := <-first; !errors.Is(got.err, gh.ErrSuperseded) || got.took != 20*time.Second || !strings.Contains(got.err.Error(), "secondary rate limit") {
			t.Errorf("the first: %+v", got)
		}
		if got := <-last; got.err != nil || !got.written || got.took != 40*time.Second {
			t.Errorf("the last: %+v", got)
		}
		if got := states(world); got != "success" {
			t.Errorf("there are %q", got)
		}
	})
}

// TestListsThatLagAreNotBelieved has a re-run: the list still shows the success
// of the run before, and not the pending of this one.
func TestListsThatLagAreNotBelieved(t *testing.T) {
	t.Parallel()
	world := newSandbox(t, sandbox.Options{})
	if got := <-set(t.Context(), newClient(t, world).StatusLine(voice, sha, lineContext), gh.StateSuccess); got.err != nil {
		t.Fatal(got.err)
	}
	list := httptest.NewRecorder()
	line := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			world.ServeHTTP(w, r)
			return
		}
		if list.Body.Len() == 0 {
			world.ServeHTTP(list, r)
		}
		_, _ = w.Write(list.Body.Bytes())
	})).StatusLine(voice, sha, lineContext)
	for _, state := range []gh.State{gh.StatePending, gh.StateSuccess} {
		if got := <-set(t.Context(), line, state); got.err != nil || !got.written {
			t.Errorf("%s: %+v", state, got)
		}
	}
	if got, want := states(world), "success pending success"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestConcurrentSets of one line have one write under way at a time, whatever
// it meets, and write no pending after another state.
func TestConcurrentSets(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			world := newSandbox(t, sandbox.Options{FaultRate: 0.3, Seed: seed})
			server := &asked{Handler: world}
			line := inMemory(t, server).StatusLine(voice, sha, lineContext)
			all := []gh.State{gh.StatePending, gh.StateSuccess, gh.StateFailure, gh.StateError}
			var group sync.WaitGroup
			for i := range 24 {
				group.Go(func() {
					if _, err := line.Set(t.Context(), say(all[i%len(all)])); err != nil && !errors.Is(err, gh.ErrSuperseded) {
						t.Errorf("seed %d: %v", seed, err)
					}
				})
			}
			group.Wait()
			list := strings.Fields(states(world))
			if server.mostAtOnce.Load() > 1 || len(list) == 0 || slices.Contains(list[1:], "pending") {
				t.Errorf("seed %d: %d writes were under way at once, and there are %q", seed, server.mostAtOnce.Load(), list)
			}
		})
	}
}
