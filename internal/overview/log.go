package overview

import (
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

// logLine is a Note in words.
type logLine struct {
	Number int64  `json:"-"`
	Clock  string `json:"clock"`
	ISO    string `json:"iso"`
	// Mark is "warning" where somebody should look, and empty elsewhere.
	Mark string `json:"mark,omitempty"`
	Text string `json:"text"`
}

// logLines puts Notes into words; they have to be all from the first on, since how long
// something took is told by when it began.
func logLines(notes []Note) []logLine {
	var lines []logLine
	began := map[job.Phase]time.Time{}
	for _, note := range notes {
		line := logLine{Number: note.Number, Clock: note.At.UTC().Format("15:04:05"), ISO: note.At.UTC().Format(time.RFC3339)}
		switch event := note.Event; event.Kind {
		case job.Started:
			began[event.Phase] = note.At
			line.Text = capitalised(report.Progress(event))
		case job.Finished:
			line.Text = capitalised(report.Progress(event))
			if at := began[event.Phase]; !at.IsZero() {
				line.Text = capitalised(report.Finished(event, note.At.Sub(at)))
			}
		case job.Warned:
			line.Mark, line.Text = "warning", event.Message
		case job.Noted:
			line.Text = event.Message
		case job.Moved:
			continue
		default:
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

// doing is the phase that goes on, by what a Job has told; empty where none does.
func doing(notes []Note) string {
	for _, note := range slices.Backward(notes) {
		switch event := note.Event; event.Kind {
		case job.Started:
			event.Message = "" // such as a Build's SID, which the log has
			return strings.TrimSpace(capitalised(report.Progress(event)))
		case job.Finished:
			return ""
		case job.Moved, job.Warned, job.Noted:
		}
	}
	return ""
}
