package action

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/job"
)

func TestProgressOfALongPhase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, out := recordedConsole(t)
		p := newProgress(log)
		event := func(kind job.EventKind, phase job.Phase, change ...func(*job.Event)) {
			one := job.Event{Time: time.Now(), Kind: kind, Phase: phase, Total: 40}
			for _, c := range change {
				c(&one)
			}
			p.Show(one)
		}
		done := func(n int) func(*job.Event) { return func(e *job.Event) { e.Done = n } }

		event(job.Started, job.PhaseUpload)
		time.Sleep(5 * time.Second)
		event(job.Moved, job.PhaseUpload, done(12))
		event(job.Moved, job.PhaseUpload, done(11)) // overtaken
		event(job.Warned, job.PhaseUpload, func(e *job.Event) { e.Message, e.File, e.Line = "a.js:3: odd", "a.js", 3 })
		time.Sleep(16 * time.Second)
		event(job.Finished, job.PhaseUpload)
		event(job.Started, job.PhaseBuild, func(e *job.Event) { e.Message = "ZB1" })
		time.Sleep(11 * time.Second)
		event(job.Finished, job.PhaseUpload) // of no phase that goes on
		p.Close()
		time.Sleep(time.Minute) // nothing beats any more
		synctest.Wait()

		got := out.close(log)
		if diff := cmp.Diff(got.log, []string{
			"##[group]Uploading 40 files",
			"Still uploading, 12 of 40 files, 10.0s",
			"Still uploading, 12 of 40 files, 20.0s",
			"##[endgroup]",
			"##[warning]a.js:3: odd",
			"Uploaded 40 files in 21.0s",
			"##[group]Building ZB1",
			"Still building ZB1, 10.0s",
			"##[endgroup]",
		}); diff != "" {
			t.Errorf("log: got (-), want (+):\n%s", diff)
		}
		want := seenAnnotation{level: "warning", file: "a.js", line: "3", title: "Slipway: warning", message: "a.js:3: odd"}
		if len(got.annotations) != 1 || got.annotations[0] != want {
			t.Errorf("annotations: got %+v, want %+v outside of any group", got.annotations, want)
		}
	})
}

func TestProgressTellsWhyItStops(t *testing.T) {
	t.Parallel()
	log, out := recordedConsole(t)
	p := newProgress(log)
	ctx, cancel := context.WithCancelCause(t.Context())
	unwatch := p.TellStop(ctx)
	cancel(errors.New("stopped by signal: interrupt"))
	unwatch()
	p.TellStop(t.Context())()
	p.Close()
	if diff := cmp.Diff(out.close(log).log, []string{"Stopping, because the run was cancelled (stopped by signal: interrupt) ..."}); diff != "" {
		t.Errorf("log: got (-), want (+):\n%s", diff)
	}
}
