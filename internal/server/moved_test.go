package server_test

import (
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// TestWhatServerYMLMovesIsNotDeployed sends a service elsewhere while a Job waits that was
// decided before: beside others of its new Target it must not run, and its Steps may be
// about the old one.
func TestWhatServerYMLMovesIsNotDeployed(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	var w *world
	w = newWorldOf(t, setup{watch: func(sandbox http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/git/ref/heads/main") && asked.Add(1) == 2 { // by the Job, after it was decided
				moved := strings.Replace(w.text, "{voice: {environments", "{voice: {service: acme-voice, environments", 1)
				if err := os.WriteFile(w.config, []byte(moved), 0o600); err != nil {
					t.Error(err)
				}
				if _, _, err := w.grants.Reload(); err != nil {
					t.Error(err)
				}
			}
			sandbox.ServeHTTP(rw, r)
		})
	}})
	sha := w.push("main", project())
	w.settle()
	if live := w.live(); len(live) > 0 {
		t.Errorf("live are %v", live)
	}
	w.wantStatus(sha, "slipway/voice/stage", "failure Problem in the input: server.yml has moved the service voice since this was decided. Push another commit, by which it is decided anew.")

	next := w.push("main", project("functions/more.js", "exports.handler = 1"))
	w.settle()
	w.wantStatus(next, "slipway/acme-voice/stage", "success Deployed acme-voice to stage")
}
