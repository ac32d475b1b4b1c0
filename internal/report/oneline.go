package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// Cancelled is OneLine of every Job that was cancelled, also while it is not
// over yet.
const Cancelled = "Cancelled"

// UnderWay tells in one line what a Job does while it is not over yet.
func UnderWay(asked job.Job) string {
	switch asked.Verb {
	case job.Promote:
		return "Promoting to " + asked.Target.Environment
	case job.Rollback:
		return "Rolling " + asked.Target.Environment + " back"
	case job.Teardown:
		return "Taking " + asked.Target.Environment + " away"
	case job.Sweep:
		return "Removing previews that nobody needs"
	case job.Deploy, job.Tag, job.Preview:
	}
	return "Deploying to " + asked.Target.Environment
}

// OneLine tells how a Job ended in one line, for places that have no more room,
// such as a commit status.
func OneLine(result job.Result) string {
	if isSweep(result) {
		return sweepTitle(result)
	}
	took := words.Elapsed(time.Duration(result.DurationMS) * time.Millisecond)
	switch result.Status {
	case job.Deployed:
		return fmt.Sprintf("Deployed %s to %s in %s", result.Service, result.Environment, took)
	case job.Promoted:
		return fmt.Sprintf("Promoted %s to %s in %s", result.Service, result.Environment, took)
	case job.RolledBack:
		return fmt.Sprintf("Rolled %s back in %s in %s", result.Service, result.Environment, took)
	case job.TornDown:
		if !result.Changed {
			return fmt.Sprintf("There was no %s to take away", result.Environment)
		}
		return fmt.Sprintf("Took %s of %s away in %s", result.Environment, result.Service, took)
	case job.Superseded:
		return superseded(result)
	case job.Unchanged:
		return fmt.Sprintf("Unchanged: %s is what is live already", result.Environment)
	case job.Planned:
		return "Planned only; nothing was changed"
	case job.Skipped:
		return "Skipped: " + result.SkipReason
	case job.Failed:
		return failedLine(result)
	default:
		return string(result.Status)
	}
}

// superseded says what has taken the place of a Job's Build.
func superseded(result job.Result) string {
	if result.SupersededReason != "" {
		return "Superseded by " + clean(result.SupersededReason)
	}
	if result.SupersededBy == "" {
		return fmt.Sprintf("Superseded: nothing is live in %s any more", clean(result.Environment))
	}
	return fmt.Sprintf("Superseded by Build %s in %s", clean(result.SupersededBy), clean(result.Environment))
}

// replaced is superseded where there is more room.
func replaced(result job.Result) string {
	if result.SupersededReason != "" {
		return superseded(result) + "; what is live in " + clean(result.Environment) + " is as it was"
	}
	if result.SupersededBy == "" {
		return superseded(result)
	}
	return superseded(result) + ", which went live meanwhile and is left alone"
}

// failedLine is what says most in the fewest characters: what is cut off stands
// last.
func failedLine(result job.Result) string {
	failure := result.Error
	if failure == nil {
		return "Failed"
	}
	if failure.Reason == job.Cancelled {
		return Cancelled
	}
	message, rest, _ := strings.Cut(failure.Message, "\n")
	more := strings.Count(rest, "\n") + 1
	switch {
	case failure.Reason == job.BuildFailed:
		return "Twilio could not make the Build; nothing new is live"
	case failure.Reason == job.CheckFailed && result.RolledBack && result.PreviousBuildSID == "":
		return "The check failed; rolled back, so nothing is live"
	case failure.Reason == job.CheckFailed && result.RolledBack:
		return "The check failed; rolled back to what was live before"
	case failure.Reason == job.CheckFailed:
		return "The check failed; it was not rolled back"
	case failure.Reason == job.RollbackFailed:
		return "The check failed, and so did the roll-back"
	case failure.Reason == job.BadCredentials && failure.Hint != "":
		sentence, _, _ := strings.Cut(failure.Hint, ". ")
		return strings.TrimSuffix(sentence, ".")
	case failure.Reason == job.BadInput && rest != "":
		return fmt.Sprintf("%d problems in the input, first: %s", more+1, message)
	case failure.Reason == job.BadInput:
		return "Problem in the input: " + message
	default:
		return "Failed: " + message
	}
}
