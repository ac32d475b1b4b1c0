package server_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	github "github.com/slipway-dev/slipway/internal/sandbox/github"
	"github.com/slipway-dev/slipway/internal/server"
)

// untold lists no GitHub Deployments of the commits that are held back; empty stands for
// those of all.
func untold(sandbox http.Handler, isHeld func(sha string) bool) http.Handler {
	return http.HandlerFunc(func(writer http.ResponseWriter, r *http.Request) {
		isListing := strings.HasSuffix(r.URL.Path, "/deployments") && r.Method == http.MethodGet
		if isListing && isHeld(r.URL.Query().Get("sha")) {
			http.Error(writer, `{"message": "Bad credentials"}`, http.StatusUnauthorized) // which may pass, and is not asked again at once
			return
		}
		sandbox.ServeHTTP(writer, r)
	})
}

// TestTeardownToldLate has a pull request opened again before GitHub takes the end of
// its teardown: the GitHub Deployment of the new preview stays as it is.
func TestTeardownToldLate(t *testing.T) {
	t.Parallel()
	var isDown atomic.Bool
	w := newWorldOf(t, setup{
		change: func(cfg *server.Config) { cfg.RetryAfter = 100 * time.Millisecond },
		watch: func(sandbox http.Handler) http.Handler { // a teardown looks for those of all commits
			return untold(sandbox, func(sha string) bool { return sha == "" && isDown.Load() })
		},
	})
	base := w.push("main", project("slipway.yml", strings.Replace(project()["slipway.yml"], "    variables: [DSN]\n", "", 1)))
	head := w.push("feature", project("functions/new.js", "exports.handler = 3"))
	w.settle()
	w.pull("opened", head, base)
	w.settle()
	isDown.Store(true)
	w.pull("closed", head, base)
	for w.carriedOut() < 3 {
		w.pause()
	}
	w.pull("reopened", head, base)
	for w.carriedOut() < 4 {
		w.pause()
	}
	w.nextSecond() // for GitHub tells no fractions
	isDown.Store(false)
	w.settle()
	var states []string
	for _, one := range w.github.Snapshot().Repositories[0].Deployments {
		if one.Environment == "pr-7" {
			states = append(states, one.Statuses[len(one.Statuses)-1].State)
		}
	}
	if want := []string{"inactive", "success"}; !slices.Equal(states, want) {
		t.Errorf("the GitHub Deployments of the previews are %v, want %v\n%s", states, want, w.log.String())
	}
}

// TestDeployToldLate has a newer commit go live before GitHub takes the end of a deploy:
// no GitHub Deployment of the older one takes its place.
func TestDeployToldLate(t *testing.T) {
	t.Parallel()
	var older atomic.Value
	older.Store("none yet")
	w := newWorldOf(t, setup{
		change: func(cfg *server.Config) { cfg.RetryAfter = 100 * time.Millisecond },
		watch: func(sandbox http.Handler) http.Handler {
			return untold(sandbox, func(sha string) bool { return sha == older.Load() })
		},
	})
	pushed, err := w.github.Push("acme/voice", github.Push{Branch: "main", Files: project(), Message: "older"})
	if err != nil {
		t.Fatal(err)
	}
	older.Store(pushed.SHA)
	w.deliver("push", pushed.Payload)
	for w.carriedOut() < 1 {
		w.pause()
	}
	newer := w.push("main", project("functions/hello.js", "exports.handler = 2"))
	for w.carriedOut() < 2 {
		w.pause()
	}
	older.Store("none any more")
	w.settle()
	made := w.github.Snapshot().Repositories[0].Deployments
	if len(made) != 1 || made[0].SHA != newer || made[0].Statuses[len(made[0].Statuses)-1].State != "success" {
		t.Errorf("the GitHub Deployments are %+v", made)
	}
	w.wantStatus(pushed.SHA, "slipway/voice/stage", "success Deployed voice to stage")
}
