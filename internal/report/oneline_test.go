package report_test

import (
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

func TestOneLine(t *testing.T) {
	t.Parallel()
	result := func(status job.Status, change ...func(*job.Result)) job.Result {
		made := job.NewResult()
		made.Status, made.Service, made.Environment, made.DurationMS = status, "voice", "stage", 12_340
		for _, one := range change {
			one(&made)
		}
		return made
	}
	failed := func(reason job.Reason, message string) job.Result {
		return result(job.Failed, func(r *job.Result) { r.Error = &job.Failure{Reason: reason, Message: message} })
	}
	rolledBack := func(before string) job.Result {
		made := failed(job.CheckFailed, "the check failed: it answered 500")
		made.RolledBack, made.PreviousBuildSID = true, before
		return made
	}
	for _, test := range []struct {
		result job.Result
		want   string
	}{
		{result(job.Deployed), "Deployed voice to stage in 12.3s"},
		{result(job.Unchanged), "Unchanged: stage is what is live already"},
		{result(job.Superseded, func(r *job.Result) { r.SupersededBy = "ZB3" }), "Superseded by Build ZB3 in stage"},
		{result(job.Superseded), "Superseded: nothing is live in stage any more"},
		{result(job.Planned), "Planned only; nothing was changed"},
		{result(job.Skipped, func(r *job.Result) { r.SkipReason = "the push deleted a branch" }), "Skipped: the push deleted a branch"},
		{failed(job.BuildFailed, "Twilio could not make Build ZB1, and so on"), "Twilio could not make the Build; nothing new is live"},
		{rolledBack("ZB1"), "The check failed; rolled back to what was live before"},
		{rolledBack(""), "The check failed; rolled back, so nothing is live"},
		{failed(job.CheckFailed, "the check failed: it answered 500"), "The check failed; it was not rolled back"},
		{failed(job.RollbackFailed, "the check failed: it answered 500; and"), "The check failed, and so did the roll-back"},
		{failed(job.BadInput, "one\ntwo\nthree"), "3 problems in the input, first: one"},
		{failed(job.BadInput, "one"), "Problem in the input: one"},
		{failed(job.LimitReached, "Services are limited to 50"), "Failed: Services are limited to 50"},
		{result(job.Failed, func(r *job.Result) {
			r.Error = &job.Failure{Reason: job.BadCredentials, Message: "GET /v1 answered 401", Hint: "The credentials were not accepted. Check them."}
		}), "The credentials were not accepted"},
		{failed(job.BadCredentials, "answered 401"), "Failed: answered 401"},
		{failed(job.Cancelled, "upload function /a: stopped by signal: interrupt"), "Cancelled"},
		{result(job.Failed), "Failed"},
		{result("new"), "new"},
	} {
		if got := report.OneLine(test.result); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}
