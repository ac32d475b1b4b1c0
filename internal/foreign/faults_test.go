package foreign_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/slipway-dev/slipway/internal/sandbox/twilio"
)

// TestServerlessAPIThroughRefusals has some of its requests refused with 429, which it
// is to repeat. It cannot repeat an upload, whose body it has used up by then; the page
// says so.
func TestServerlessAPIThroughRefusals(t *testing.T) {
	t.Parallel()
	var refused atomic.Int64
	var uploadsToo atomic.Bool
	refusing := twilio.Options{Fault: func(r *http.Request) twilio.Fault {
		isUpload := strings.HasSuffix(r.URL.Path, "/Versions") && r.Method == http.MethodPost
		if isUpload && uploadsToo.Load() {
			return twilio.FaultTooMany
		}
		// The first request of each kind that a deploy cannot do without.
		for i, path := range []string{"/v1/Services", "/Environments", "/Builds", "/Status"} {
			if !isUpload && strings.HasSuffix(r.URL.Path, path) && refused.CompareAndSwap(int64(i), int64(i+1)) {
				return twilio.FaultTooMany
			}
		}
		return twilio.FaultNone
	}}
	w, preload := onNode(t, refusing)
	files := helloProject()
	w.write(t, files)
	w.write(t, map[string]string{"deploy.cjs": block(t, "`deploy.cjs`", "js")})
	run := block(t, "and run it", "sh")
	w.shell(t, preload, run)
	w.holdState(t, "on-the-api", onTheAPI(files))
	if refused.Load() != 4 {
		t.Errorf("%d requests were refused, want 4", refused.Load())
	}

	uploadsToo.Store(true)
	printed := w.shell(t, preload, "! "+strings.TrimSpace(run)+" 2>&1")
	if !strings.Contains(printed, "Failed to upload Function") {
		t.Errorf("it printed:\n%s", printed)
	}
}
