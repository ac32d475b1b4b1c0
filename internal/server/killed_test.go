package server_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/queue"
	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/server"
)

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
	if err := w.queue.Close(); err != nil { // which is as good as a kill: nothing is stored behind it
		t.Fatal(err)
	}
	close(killed)
	w.stop()

	var err error
	if w.queue, err = queue.Open(t.Context(), queue.Config{Dir: cfg.Data}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.queue.Close() }()
	cfg.Queue = w.queue
	next, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan struct{})
	go func() { defer close(worked); next.Work(ctx) }()
	w.settle()
	stop()
	<-worked
	w.wantStatus(first, "slipway/voice/stage", "success Deployed voice to stage")
	if jobs, err := w.queue.EndedJobs(t.Context(), "run", queue.Job{}, 9); err != nil || len(jobs) != 1 || jobs[0].Outcome != queue.Done {
		t.Errorf("the Jobs are %+v, %v", jobs, err)
	}
}
