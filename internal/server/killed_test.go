package server_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/queue"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/server"
)

// kill ends the server's work; letGo has the calls go on in which it is.
func (w *world) kill(letGo func()) {
	w.t.Helper()
	if err := w.queue.Close(); err != nil { // which is as good as a kill: nothing is stored behind it
		w.t.Fatal(err)
	}
	letGo()
	w.stop()
}

// nextLife has another server do what the one that was killed has left.
func (w *world) nextLife(cfg server.Config) {
	w.t.Helper()
	var err error
	if w.queue, err = queue.Open(w.t.Context(), queue.Config{Dir: cfg.Data}); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = w.queue.Close() })
	cfg.Queue = w.queue
	next, err := server.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(w.t.Context())
	worked := make(chan struct{})
	go func() { defer close(worked); next.Work(ctx) }()
	w.settle()
	stop()
	<-worked
}

// TestKilledBehindItsActivation has a server end when a Job has gone live, and GitHub has
// not been told; meanwhile there is a newer commit. The next server carries the Job
// through: nothing takes its place any more.
func TestKilledBehindItsActivation(t *testing.T) {
	t.Parallel()
	var isLive atomic.Bool
	told, killed := make(chan struct{}, 9), make(chan struct{})
	var cfg server.Config
	w := newWorldOf(t, setup{
		change: func(given *server.Config) { cfg = *given },
		watch: func(sandbox http.Handler) http.Handler {
			return http.HandlerFunc(func(writer http.ResponseWriter, r *http.Request) {
				if isLive.Load() && r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/statuses") {
					told <- struct{}{}
					<-killed
				}
				sandbox.ServeHTTP(writer, r)
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Deployments") {
					isLive.Store(true)
				}
			})
		},
	})
	first := w.push("main", project())
	<-told
	isLive.Store(false)
	if _, err := w.github.Push("acme/voice", github.Push{Files: project("functions/hello.js", "exports.handler = 2")}); err != nil {
		t.Fatal(err)
	}
	w.kill(func() { close(killed) })
	w.nextLife(cfg)
	w.wantStatus(first, "slipway/voice/stage", "success Deployed voice to stage")
	if jobs, err := w.queue.EndedJobs(t.Context(), "run", queue.Job{}, 9); err != nil || len(jobs) != 1 || jobs[0].Outcome != queue.Done {
		t.Errorf("the Jobs are %+v, %v", jobs, err)
	}
}

// TestKilledBehindWhatItTookBack has a server end when a preview, whose pull request was
// closed right before it was to go live, has been taken back, and that is not stored. The
// Job has not gone live, and the next server ends it: there is no Environment any more in
// which its Steps could go on.
func TestKilledBehindWhatItTookBack(t *testing.T) {
	t.Parallel()
	var cfg server.Config
	var w *world
	var opened atomic.Pointer[github.PullRequest]
	takenBack, killed := make(chan struct{}, 9), make(chan struct{})
	w = newWorldOf(t, setup{
		change: func(given *server.Config) { cfg = *given },
		watch: func(sandbox http.Handler) http.Handler {
			return http.HandlerFunc(func(writer http.ResponseWriter, r *http.Request) {
				if of := opened.Load(); of != nil && r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Environments") {
					w.change(*of, "closed") // the Delivery that tells of it is on its way
				}
				sandbox.ServeHTTP(writer, r)
				if r.Method == http.MethodDelete && strings.Contains(r.URL.Path, "/Environments/") {
					takenBack <- struct{}{}
					<-killed
				}
			})
		},
	})
	base := w.push("main", project("slipway.yml", strings.Replace(project()["slipway.yml"], "    variables: [DSN]\n", "", 1)))
	w.settle()
	head := w.push("feature", project("functions/new.js", "exports.handler = 3"))
	w.settle()
	of := github.PullRequest{Number: 7, HeadSHA: head, HeadRef: "feature", BaseSHA: base}
	payload := w.change(of, "opened")
	opened.Store(&of)
	w.deliver("pull_request", payload)
	<-takenBack
	w.kill(func() { close(killed) })
	w.nextLife(cfg)
	w.wantStatus(head, "slipway/voice/preview", "success Superseded by the end of pull request 7")
	if got := w.live(); !slices.Equal(got, []string{"stage-environment"}) {
		t.Errorf("live are %v", got)
	}
	jobs, err := w.queue.EndedJobs(t.Context(), "run", queue.Job{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if one := jobs[0]; one.Outcome != queue.Superseded || one.IsLive || one.Attempts != 1 {
		t.Errorf("the Job has %s after %d attempts, live %t: %s", one.Outcome, one.Attempts, one.IsLive, one.Reason)
	}
}
