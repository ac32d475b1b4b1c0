package report_test

import (
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		event job.Event
		want  string
	}{
		{job.Event{Kind: job.Started, Phase: job.PhaseRead}, "reading the project"},
		{job.Event{Kind: job.Finished, Phase: job.PhaseRead, Message: "1 Function, 2 Assets"}, "read 1 Function, 2 Assets"},
		{job.Event{Kind: job.Started, Phase: job.PhasePlan}, "comparing with what is live"},
		{job.Event{Kind: job.Finished, Phase: job.PhasePlan, Message: "1 to create"}, "compared with what is live"},
		{job.Event{Kind: job.Started, Phase: job.PhaseUpload, Total: 3}, "uploading 3 files"},
		{job.Event{Kind: job.Moved, Phase: job.PhaseUpload, Done: 2, Total: 3}, "uploading, 2 of 3 files"},
		{job.Event{Kind: job.Finished, Phase: job.PhaseUpload, Done: 1, Total: 1}, "uploaded 1 file"},
		{job.Event{Kind: job.Started, Phase: job.PhaseBuild, Message: "ZB1"}, "building ZB1"},
		{job.Event{Kind: job.Finished, Phase: job.PhaseBuild, Message: "ZB1"}, "built ZB1"},
		{job.Event{Kind: job.Started, Phase: job.PhaseActivate}, "activating"},
		{job.Event{Kind: job.Finished, Phase: job.PhaseActivate}, "activated"},
		{job.Event{Kind: job.Warned, Phase: job.PhasePlan, Message: "odd"}, "comparing with what is live"},
		{job.Event{Kind: job.Started, Phase: "polish"}, "polish"},
	} {
		if got := report.Progress(test.event); got != test.want {
			t.Errorf("%s %s: got %q, want %q", test.event.Phase, test.event.Kind, got, test.want)
		}
	}
}

func TestFinished(t *testing.T) {
	t.Parallel()
	for want, event := range map[string]job.Event{
		"read 1 Function in 1.5s":                         {Phase: job.PhaseRead, Message: "1 Function"},
		"compared with what is live in 1.5s: 1 to create": {Phase: job.PhasePlan, Message: "1 to create"},
		"built ZB1 in 1.5s":                               {Phase: job.PhaseBuild, Message: "ZB1"},
	} {
		event.Kind = job.Finished
		if got := report.Finished(event, 1500*time.Millisecond); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestIsLong(t *testing.T) {
	t.Parallel()
	for phase, want := range map[job.Phase]bool{
		job.PhaseRead: false, job.PhasePlan: false, job.PhaseUpload: true, job.PhaseBuild: true, job.PhaseActivate: true, "": false,
	} {
		if got := report.IsLong(phase); got != want {
			t.Errorf("IsLong(%q): got %t, want %t", phase, got, want)
		}
	}
}
