package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

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

func explainCause(err error) (job.Reason, string) {
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
		hint := "slipway logs tells what its Functions wrote meanwhile."
		if failed.Kept != "" {
			hint += " It was not rolled back: " + failed.Kept + "."
		}
		return job.CheckFailed, hint
	}
	if stale, ok := errors.AsType[*StaleError](err); ok {
		return job.StalePlan, cmp.Or(stale.Fix, "Plan again, and deploy that plan.")
	}
	if _, ok := errors.AsType[*EnvironmentGoneError](err); ok {
		return job.Internal, "If it is to be there, run it again."
	}
	if failed, ok := errors.AsType[*BuildError](err); ok {
		if failed.HasManifest {
			return job.BuildFailed, buildHint + manifestHint
		}
		return job.BuildFailed, buildHint
	}
	if unfinished, ok := errors.AsType[*UnfinishedBuildError](err); ok {
		return job.TimedOut, fmt.Sprintf("Give it more time with build-timeout, or look at Build %s in the Twilio Console.", unfinished.Build)
	}
	if reply, ok := errors.AsType[*twilio.Error](err); ok {
		reason, hint := explainReply(reply)
		if reply.MoreInfo != "" {
			hint = strings.TrimSpace(hint + " More: " + reply.MoreInfo)
		}
		return reason, hint
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

// buildHint names the causes that users of the platform have met; the API
// itself tells none.
const buildHint = "Usual causes: a dependency that cannot be installed without a compiler or an install script, " +
	"a package that has grown too large, a version of @twilio/runtime-handler that the runtime does not take, " +
	"or a Function that throws when it is loaded. Take the newest change back to see whether it is the cause."

// manifestHint is for those who have none of these: the Manifest is the one thing
// in a Build that is not theirs.
const manifestHint = " To build without Slipway's Manifest, set manifest to false."

// explainReply knows what the platform's replies mean for a deploy (Twilio's
// error dictionary, and reports of the official Toolkit's users).
func explainReply(reply *twilio.Error) (job.Reason, string) {
	switch {
	case reply.Status == http.StatusForbidden: // before the code, which is that of bad credentials
		return job.BadCredentials, "The credentials are valid but may not do this. Use a Standard or Main API key, or give a Restricted key the permissions for Serverless."
	case reply.Status == http.StatusUnauthorized || reply.Code == twilio.CodeCredentials:
		return job.BadCredentials, "The credentials were not accepted. Check that key and secret belong together, that the key was not deleted, " +
			"and that it was made in the region in use."
	case reply.Status == http.StatusTooManyRequests:
		return job.LimitReached, "The account has too many requests in flight, live calls and messages included. Lower concurrency, or run it again when there is less traffic."
	case reply.Status == http.StatusRequestEntityTooLarge:
		return job.LimitReached, "Twilio takes public and protected Assets up to 25 MB and private ones up to 10 MB. Host larger files elsewhere."
	case reply.Status == http.StatusNotFound:
		return job.BadInput, "It does not exist, or belongs to another account than the credentials do. Check SIDs, credentials and region."
	case reply.Status == http.StatusConflict && reply.Op == twilio.OpCreateEnvironment:
		return job.BadInput, "Another Environment of the Service has this unique name or domain suffix. Name that one, by its SID if need be, or choose another name."
	case reply.Status == http.StatusConflict:
		return job.Internal, "Something else is changing the same thing. Run it again when that has ended."
	case isLimit(reply):
		return job.LimitReached, "Remove what is no longer needed, or ask Twilio's support to raise the limit."
	case reply.Status == http.StatusBadRequest && reply.Op == twilio.OpCreateBuild:
		return job.BadInput, "Twilio checks dependencies and runtime when a Build is created. Correct package.json (and the lock file), or choose another runtime."
	case reply.Status == http.StatusBadRequest && (reply.Op == twilio.OpUploadFunction || reply.Op == twilio.OpUploadAsset):
		return job.BadInput, "Twilio does not take this file as it is named, or of its type. Rename it, or leave it out."
	case reply.Status >= 500:
		return job.TimedOut, "Twilio has a fault of its own; see https://status.twilio.com. Run it again later."
	case reply.Status >= 300 && reply.Status < 400:
		return job.TimedOut, "Check api-url, and whether a proxy answers in Twilio's place."
	}
	return job.Internal, ""
}

// isLimit recognises a quota. Twilio has no code for it, only the text of a
// 20001, such as "Services are limited to less than or equal to 50".
func isLimit(reply *twilio.Error) bool {
	return reply.Code == twilio.CodeInvalid && strings.Contains(reply.Message, "limited to")
}
