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

// TestArchiveThatTricklesIsGivenUp has a tarball that begins and does not go on, in front
// of one that does.
func TestArchiveThatTricklesIsGivenUp(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	w := newWorldOf(t, setup{
		change: func(cfg *server.Config) { cfg.UnpackWithin = 500 * time.Millisecond },
		watch: func(sandbox http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, github.ArchivePrefix) || asked.Add(1) > 1 {
					sandbox.ServeHTTP(rw, r)
					return
				}
				_, _ = rw.Write([]byte("\x1f\x8b\x08"))
				_ = http.NewResponseController(rw).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(10 * time.Second):
					t.Error("it was waited for")
				}
			})
		},
	})
	sha := w.push("main", project())
	w.settle()
	if live := w.live(); !slices.Equal(live, []string{"stage-environment"}) || asked.Load() < 2 {
		t.Errorf("live are %v after %d tarballs\n%s", live, asked.Load(), w.log.String())
	}
	w.wantStatus(sha, "slipway/voice/stage", "success Deployed voice to stage")
	if log := w.log.String(); !strings.Contains(log, "did not come within 500ms") {
		t.Errorf("the log does not say why: %s", log)
	}
}
