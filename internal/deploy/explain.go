package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/retry"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// Explain turns an error of a deploy into what a person needs: the reason,
// what happened, and what to do. The reason of an unknown error is Internal,
// and its message is all that is known.
func Explain(err error) job.Failure {
	failure := job.Failure{Message: err.Error()}
	failure.Reason, failure.Hint = explainCause(err)
	// The end of the run comes last: it shows as a broken call of any kind.
	switch {
	case errors.Is(err, context.Canceled):
		failure.Reason, failure.Hint = job.Cancelled, "Run it again to deploy."
	case errors.Is(err, context.DeadlineExceeded) && !isGaveUp(err):
		failure.Reason = job.TimedOut
		// What the last attempt met says more, unless the end of the run cut it.
		if broken, ok := errors.AsType[*twilio.BrokenError](err); failure.Hint == "" || ok && errors.Is(broken.Err, context.DeadlineExceeded) {
			failure.Hint = "Give the run more time with timeout, or run it again later."
		}
	}
	return failure
}

// selfExplained is an error of a room above this one: it says its reason and what
// to do itself.
type selfExplained interface {
	error
	Explain() (reason job.Reason, hint string)
}

func explainCause(err error) (job.Reason, string) {
	if known, ok := errors.AsType[selfExplained](err); ok {
		return known.Explain()
	}
	if _, ok := errors.AsType[problem.List](err); ok {
		return job.BadInput, "" // each Problem says what to do itself
	}
	if _, ok := errors.AsType[*problem.Problem](err); ok {
		return job.BadInput, ""
	}
	if failed, ok := errors.AsType[*RollbackError](err); ok {
		return job.RollbackFailed, failed.Hint()
	}
	if failed, ok := errors.AsType[*CheckError](err); ok {
		hint := fmt.Sprintf("slipway logs --environment %s tells what its Functions wrote meanwhile.", failed.Environment)
		if failed.Kept != "" {
			hint += " It was not rolled back: " + failed.Kept + "."
		}
		return job.CheckFailed, hint
	}
	if errors.Is(err, errKeepsChanging) {
		return job.Internal, "Something else changes them all the time. Run it again when that has ended."
	}
	if stale, ok := errors.AsType[*StaleError](err); ok {
		return job.StalePlan, cmp.Or(stale.Fix, "Plan again, and deploy that plan.")
	}
	if _, ok := errors.AsType[*EnvironmentGoneError](err); ok {
		return job.Internal, "If it is to be there, run it again."
	}
	if failed, ok := errors.AsType[*BuildError](err); ok {
		return job.BuildFailed, buildHint(failed)
	}
	if unfinished, ok := errors.AsType[*UnfinishedBuildError](err); ok {
		return job.TimedOut, fmt.Sprintf("Give it more time with build-timeout, or look at Build %s in the Twilio Console.", unfinished.Build)
	}
	if reply, ok := errors.AsType[*twilio.Error](err); ok {
		known := explainReply(reply)
		if reply.MoreInfo != "" {
			return known.reason, known.hint() + " More: " + reply.MoreInfo
		}
		return known.reason, known.hint()
	}
	if foreign, ok := errors.AsType[*twilio.ForeignPageError](err); ok {
		return job.Internal, fmt.Sprintf("Check what answers at %s: a proxy in front of Twilio must keep the addresses in its replies its own.", foreign.Base)
	}
	if _, ok := errors.AsType[*twilio.FileError](err); ok {
		return job.BadInput, "Nothing may change or remove the project's files while it is deployed."
	}
	if _, ok := errors.AsType[*twilio.UnreadableError](err); ok {
		return job.TimedOut, "Check api-url, and whether a proxy answers in Twilio's place; otherwise run it again later."
	}
	if broken, ok := errors.AsType[*twilio.BrokenError](err); ok && broken.IsPermanent() {
		return job.BadInput, "The API cannot be reached like this. Check region, edge and api-url, and the proxy settings of this machine."
	} else if ok {
		return job.TimedOut, "Check the network, the proxy settings, region and edge; then run it again."
	}
	return job.Internal, ""
}

func isGaveUp(err error) bool {
	_, ok := errors.AsType[*retry.GaveUpError](err)
	return ok
}
