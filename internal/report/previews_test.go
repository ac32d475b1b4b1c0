package report_test

import (
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

func removed() []job.RemovedPreview {
	return []job.RemovedPreview{
		{Number: 3, Environment: "pr-3", Reason: "closed"},
		{Number: 4, Environment: "pr-4", Reason: "untouched"},
		{Number: 5, Environment: "pr-5", Reason: "made-room"},
	}
}

// TestSwept puts sweeps, and a preview that needed room, into text, into one line
// and into Markdown.
func TestSwept(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*job.Result){
		"some": func(*job.Result) {},
		"none": func(result *job.Result) {
			result.Status, result.Changed, result.RemovedPreviews = job.Unchanged, false, nil
		},
		"planned":         func(result *job.Result) { result.Status, result.Changed = job.Planned, false },
		"planned in vain": func(result *job.Result) { result.Status, result.RemovedPreviews = job.Planned, nil },
		"failed": func(result *job.Result) {
			result.Status, result.Error = job.Failed, &job.Failure{Reason: job.Internal, Message: "remove preview pr-4: no"}
		},
		"made room": func(result *job.Result) {
			result.Status, result.Environment, result.URL = job.Deployed, "pr-7", "https://voice-1234-pr-7.twil.io"
			result.BuildSID = "ZB00000000000000000000000000000001"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := job.NewResult()
			result.Status, result.Changed, result.Service, result.APICalls, result.DurationMS = job.Pruned, true, "voice", 19, 2400
			result.RemovedPreviews = removed()
			change(&result)
			plan, text := deploy.Plan{Runtime: "node22"}, ""
			if result.Status != job.Failed {
				text = report.Done(result, plan, "")
			}
			golden(t, text+"\n"+report.OneLine(result)+"\n\n"+report.Summary(result, plan, 60_000))
		})
	}
}

func TestPreviews(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	recent, old := now.Add(-5*time.Minute), now.Add(-9*24*time.Hour)
	golden(t, report.Previews(report.ListedPreviews{Service: "voice"}, now)+"\n"+report.Previews(report.ListedPreviews{Service: "voice", Previews: []report.ListedPreview{
		{Number: 7, Environment: "pr-7", Domain: "voice-1234-pr-7.twil.io", Updated: &recent, State: "open"},
		{Number: 12, Environment: "pr-12", Domain: "voice-1234-pr-12.twil.io\x1b[2J", Updated: &old, State: "closed"},
		{Number: 90, Environment: "pr-90", State: "unknown"},
	}}, now))
}
