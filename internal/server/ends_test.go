package server_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

// running waits until a deploy runs, and returns its Job.
func (w *world) running() queue.Job {
	w.t.Helper()
	for {
		open, err := w.queue.Open(w.t.Context(), "run", queue.Running, 1)
		if err != nil {
			w.t.Fatal(err)
		}
		pending := strings.Contains(strings.Join(slices.Collect(maps.Values(w.statuses())), "\n"), "pending")
		if len(open) > 0 && pending {
			return open[0]
		}
		select {
		case <-w.t.Context().Done():
			w.t.Fatal("nothing runs\n", w.log.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// builds keeps Builds from being seen to end, until they are let go.
type builds struct{ gone chan struct{} }

func heldBuilds() builds { return builds{make(chan struct{})} }

func (b builds) letGo() { close(b.gone) }

func (b builds) watch(sandbox http.Handler) http.Handler {
	return http.HandlerFunc(func(writer http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/Builds/") {
			select {
			case <-b.gone:
			case <-r.Context().Done():
			}
		}
		sandbox.ServeHTTP(writer, r)
	})
}

// TestCancelledWhileRunning ends with a final status, and can be done once more, from the
// start.
func TestCancelledWhileRunning(t *testing.T) {
	t.Parallel()
	held := heldBuilds()
	w := newWorldOf(t, setup{watch: held.watch})
	sha := w.push("main", project())
	one := w.running()
	if isStopped, err := w.queue.Cancel(t.Context(), one.Number, "by hand"); !isStopped || err != nil {
		t.Fatal(isStopped, err)
	}
	w.settle()
	held.letGo()
	w.wantStatus(sha, "slipway/voice/stage", "error Cancelled")
	if got := w.live(); len(got) > 0 {
		t.Errorf("live are %v", got)
	}
	again, err := w.queue.Retry(t.Context(), one.Number)
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.wantStatus(sha, "slipway/voice/stage", "success Deployed voice to stage")
	if ended, err := w.queue.Job(t.Context(), again); err != nil || ended.Outcome != queue.Done {
		t.Errorf("Job %d is %s, %v", again, ended.Outcome, err)
	}
}

// TestSupersededWhileRunning ends as that, before it goes live.
func TestSupersededWhileRunning(t *testing.T) {
	t.Parallel()
	held := heldBuilds()
	w := newWorldOf(t, setup{watch: held.watch})
	older := w.push("main", project())
	one := w.running()
	newer := w.push("main", project("functions/hello.js", "exports.handler = 2"))
	for w.carriedOut() < 1 {
		w.pause()
	}
	held.letGo()
	w.settle()
	w.wantStatus(older, "slipway/voice/stage", "success Superseded by commit "+newer[:7])
	w.wantStatus(newer, "slipway/voice/stage", "success Deployed voice to stage")
	if ended, err := w.queue.Job(t.Context(), one.Number); err != nil || ended.Outcome != queue.Superseded {
		t.Errorf("Job %d is %s, %v", one.Number, ended.Outcome, err)
	}
	for _, made := range w.github.Snapshot().Repositories[0].Deployments {
		if state := made.Statuses[len(made.Statuses)-1].State; made.SHA == older && state != "inactive" {
			t.Errorf("the GitHub Deployment of the older one is %s", state)
		}
	}
}

// TestFailureThatPasses is tried again by the same Job, which goes on where it was.
func TestFailureThatPasses(t *testing.T) {
	t.Parallel()
	held := heldBuilds()
	w := newWorldOf(t, setup{watch: held.watch})
	sha := w.push("main", project("slipway.yml", "version: 1\nservices: {voice: {build-timeout: 1s, environments: {stage: {on: {branch: main}}}}}"))
	for w.running().Attempts < 2 {
		w.pause()
	}
	held.letGo()
	w.settle()
	w.wantStatus(sha, "slipway/voice/stage", "success Deployed voice to stage")
	ended, err := w.queue.EndedJobs(t.Context(), "run", queue.Job{}, 1)
	if err != nil || len(ended) != 1 || ended[0].Attempts < 2 {
		t.Errorf("%d have ended, the first after %d attempts, %v", len(ended), ended[0].Attempts, err)
	}
	if builds := len(w.twilio.Snapshot().Builds); builds != 1 {
		t.Errorf("%d Builds were made, want 1", builds)
	}
	for _, one := range w.github.Snapshot().Repositories[0].Statuses {
		if one.State != "pending" && one.State != "success" {
			t.Errorf("the commit was told %s: %s", one.State, one.Description)
		}
	}
}

// TestEnvironmentThatIsGone ends a Job at once: whoever has taken it away, what is stored
// of the Job's Steps is about that one, and no other try could go another way.
func TestEnvironmentThatIsGone(t *testing.T) {
	t.Parallel()
	var once sync.Once
	w := newWorldOf(t, setup{watch: func(sandbox http.Handler) http.Handler {
		return http.HandlerFunc(func(writer http.ResponseWriter, r *http.Request) {
			if environment, _, isVariable := strings.Cut(r.URL.Path, "/Variables"); isVariable {
				once.Do(func() {
					taken := httptest.NewRequest(http.MethodDelete, environment, nil)
					taken.Header.Set("Authorization", r.Header.Get("Authorization"))
					sandbox.ServeHTTP(httptest.NewRecorder(), taken)
				})
			}
			sandbox.ServeHTTP(writer, r)
		})
	}})
	sha := w.push("main", project())
	w.settle()
	w.wantStatus(sha, "slipway/voice/stage", "error ")
	ended, err := w.queue.EndedJobs(t.Context(), "run", queue.Job{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if one := ended[0]; one.Outcome != queue.Failed || one.Attempts != 1 || !strings.Contains(one.Reason, "the Environment stage was taken away while this ran") {
		t.Errorf("the Job has %s after %d attempts: %s", one.Outcome, one.Attempts, one.Reason)
	}
	again, err := w.queue.Retry(t.Context(), ended[0].Number)
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.wantStatus(sha, "slipway/voice/stage", "success Deployed voice to stage")
	if done, err := w.queue.Job(t.Context(), again); err != nil || done.Outcome != queue.Done {
		t.Errorf("Job %d is %s, %v", again, done.Outcome, err)
	}
}
