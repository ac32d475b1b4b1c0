package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/job"
)

// screen is what a display has written.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// next returns what was written since the last call.
func (s *screen) next() string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.text.Reset()
	return s.text.String()
}

func wantNext(t *testing.T, s *screen, want string) {
	t.Helper()
	if diff := cmp.Diff(s.next(), want); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
}

func event(kind job.EventKind, phase job.Phase, done, total int, message string) job.Event {
	return job.Event{Time: time.Now(), Kind: kind, Phase: phase, Done: done, Total: total, Message: message}
}

func TestDisplayPrintsPlainLinesWithAHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out screen
		d := startDisplay(&out, false)
		defer d.Close()

		// Short phases are told of only when they last.
		d.Show(event(job.Started, job.PhaseRead, 0, 0, ""))
		d.Show(event(job.Finished, job.PhaseRead, 0, 0, "1 Function"))
		wantNext(t, &out, "")
		d.Show(event(job.Started, job.PhasePlan, 0, 0, ""))
		time.Sleep(9500 * time.Millisecond)
		wantNext(t, &out, "")
		time.Sleep(time.Second)
		wantNext(t, &out, "still comparing with what is live, 10.0s\n")
		d.Show(event(job.Finished, job.PhasePlan, 0, 0, ""))

		d.Show(event(job.Started, job.PhaseUpload, 0, 3, ""))
		wantNext(t, &out, "uploading 3 files ...\n")
		d.Show(event(job.Moved, job.PhaseUpload, 2, 3, ""))
		d.Show(event(job.Moved, job.PhaseUpload, 1, 3, "")) // late
		wantNext(t, &out, "")
		time.Sleep(10500 * time.Millisecond)
		wantNext(t, &out, "still uploading, 2 of 3 files, 10.5s\n")
		time.Sleep(10 * time.Second)
		wantNext(t, &out, "still uploading, 2 of 3 files, 20.5s\n")

		// Any other line counts as a sign of life.
		time.Sleep(9 * time.Second)
		d.Show(event(job.Warned, job.PhaseUpload, 0, 0, "slow today"))
		fmt.Fprintln(d, "level=DEBUG msg=x")
		wantNext(t, &out, "warning: slow today\nlevel=DEBUG msg=x\n")
		time.Sleep(9 * time.Second)
		wantNext(t, &out, "")
		d.Show(event(job.Finished, job.PhaseUpload, 3, 3, ""))
		wantNext(t, &out, "uploaded 3 files in 38.5s\n")

		// Between phases, and after the end, nothing goes on.
		time.Sleep(time.Minute)
		wantNext(t, &out, "")
	})
}

func TestDisplayDrawsOneLiveLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out screen
		d := startDisplay(&out, true)
		time.Sleep(20 * time.Millisecond) // between two frames from here on
		wantNext(t, &out, "")

		d.Show(event(job.Started, job.PhaseBuild, 0, 0, "ZB1"))
		wantNext(t, &out, "") // the line says so, not a line of its own
		time.Sleep(frameEvery)
		wantNext(t, &out, "\r⠙ building ZB1  0.1s\x1b[K")
		time.Sleep(frameEvery)
		wantNext(t, &out, "\r⠹ building ZB1  0.2s\x1b[K")

		// A log line takes the live line's place; the next frame draws it anew.
		fmt.Fprintln(d, "level=INFO msg=x")
		wantNext(t, &out, "\r\x1b[Klevel=INFO msg=x\n")
		time.Sleep(frameEvery)
		wantNext(t, &out, "\r⠸ building ZB1  0.3s\x1b[K")
		d.Show(event(job.Finished, job.PhaseBuild, 0, 0, "ZB1"))
		wantNext(t, &out, "\r\x1b[Kbuilt ZB1 in 0.3s\n")
		time.Sleep(time.Second)
		wantNext(t, &out, "")

		// An end in the middle leaves nothing behind.
		d.Show(event(job.Started, job.PhaseActivate, 0, 0, ""))
		time.Sleep(frameEvery)
		if got := out.next(); !strings.Contains(got, "activating") {
			t.Errorf("got %q", got)
		}
		d.Close()
		wantNext(t, &out, "\r\x1b[K")
		time.Sleep(time.Minute)
		wantNext(t, &out, "")
	})
}

func TestDisplayIsPlainWhereNobodyWatches(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	getenv := func(string) string { return "" }
	for name, d := range map[string]*display{"a file": newDisplay(file, getenv), "a pipe": newDisplay(&bytes.Buffer{}, getenv)} {
		if d.isLive {
			t.Errorf("%s is taken for a terminal", name)
		}
		d.Close()
	}
}
