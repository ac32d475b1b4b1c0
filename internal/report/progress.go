package report

import (
	"fmt"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// IsLong reports whether people wait for a phase, so that its beginning and end
// deserve a line each; the others are over at once.
func IsLong(phase job.Phase) bool {
	switch phase {
	case job.PhaseUpload, job.PhaseBuild, job.PhaseActivate, job.PhaseCheck, job.PhaseTeardown, job.PhasePrune:
		return true
	default:
		return false
	}
}

// Progress puts an Event into a few words, without a time or a final stop: what
// is going on, or, when it has Finished, what was done. What a Warned one tells
// is its Message; Progress gives the words of the phase for it. A phase without
// words of its own is named.
func Progress(event job.Event) string {
	done := event.Kind == job.Finished
	pick := func(finished, going string) string {
		if done {
			return finished
		}
		return going
	}
	switch event.Phase {
	case job.PhaseRead:
		return pick("read "+event.Message, "reading the project")
	case job.PhasePlan:
		return pick("compared with what is live", "comparing with what is live")
	case job.PhaseUpload:
		if event.Kind == job.Moved {
			return fmt.Sprintf("uploading, %d of %s", event.Done, words.Count(event.Total, "file"))
		}
		return pick("uploaded ", "uploading ") + words.Count(event.Total, "file")
	case job.PhaseBuild:
		return pick("built ", "building ") + event.Message
	case job.PhaseActivate:
		return pick("activated", "activating")
	case job.PhaseCheck:
		return pick("checked", "checking what is live")
	case job.PhaseTeardown:
		return pick("tore ", "tearing ") + event.Message + " down"
	case job.PhasePrune:
		if event.Kind == job.Moved {
			return fmt.Sprintf("checking what nothing uses, %d of %d", event.Done, event.Total)
		}
		return pick("checked ", "checking ") + words.Count(event.Total, "candidate")
	default:
		return string(event.Phase)
	}
}

// Finished puts an Event that has Finished into the line that ends its phase: what was done,
// how long it took, and what was found, without a final stop.
func Finished(event job.Event, took time.Duration) string {
	line := Progress(event) + " in " + words.Elapsed(took)
	if event.Phase == job.PhasePlan {
		line += ": " + event.Message // which is what was found, and took no time of its own
	}
	return line
}
