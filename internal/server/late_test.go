package server_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/server"
)

// TestTeardownToldLate has a pull request opened again before GitHub takes the end of
// its teardown: the GitHub Deployment of the new preview stays as it is.
func TestTeardownToldLate(t *testing.T) {
	t.Parallel()
	var isDown atomic.Bool
	w := newWorldOf(t, setup{
		change: func(cfg *server.Config) { cfg.RetryAfter = 100 * time.Millisecond },
		watch: func(sandbox http.Handler) http.Handler {
			return http.HandlerFunc(func(writer http.ResponseWriter, r *http.Request) {
				// A teardown alone looks for those of all commits.
				isTeardowns := strings.HasSuffix(r.URL.Path, "/deployments") && r.Method == http.MethodGet && r.URL.Query().Get("sha") == ""
				if isTeardowns && isDown.Load() {
					http.Error(writer, `{"message": "Bad credentials"}`, http.StatusUnauthorized) // which may pass, and is not asked again at once
					return
				}
				sandbox.ServeHTTP(writer, r)
			})
		},
	})
	base := w.push("main", project("slipway.yml", strings.Replace(project()["slipway.yml"], "    variables: [DSN]\n", "", 1)))
	head := w.push("feature", project("functions/new.js", "exports.handler = 3"))
	w.settle()
	w.pull("opened", head, base)
	w.settle()
	isDown.Store(true)
	w.pull("closed", head, base)
	for w.ended("run") < 3 {
		w.pause()
	}
	w.pull("reopened", head, base)
	for w.ended("run") < 4 {
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
