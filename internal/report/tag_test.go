package report_test

import (
	"testing"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

// tags are what can come of a tag.
func tags() map[string]func(*job.Result, *deploy.Plan) {
	const why = "stage runs Build ZB00000000000000000000000000000004 of commit 0123456, and differs: Function /hello updated, got 11.8.6 becomes 12.0.0; " +
		"none of the newest Builds was made of the same files, dependencies and runtime"
	promoted := func(result *job.Result, plan *deploy.Plan) {
		result.Status, result.PromotedFrom, result.UploadedBytes = job.Promoted, "stage", 0
		plan.Build, plan.ReusedBuildSID = deploy.BuildReused, "ZB00000000000000000000000000000002"
		plan.Tag = &deploy.Tag{From: "stage", Commit: "0123456789abcdef0123456789abcdef01234567"}
	}
	built := func(result *job.Result, plan *deploy.Plan) {
		result.NotPromoted = why
		plan.Build, plan.Tag = deploy.BuildNew, &deploy.Tag{WhyNot: why}
	}
	planned := func(result *job.Result) {
		result.Status, result.Changed, result.BuildSID, result.UploadedBytes = job.Planned, false, "", 0
	}
	return map[string]func(*job.Result, *deploy.Plan){
		"promoted": promoted,
		"promoted from nowhere": func(result *job.Result, plan *deploy.Plan) {
			promoted(result, plan)
			result.PromotedFrom, plan.Tag = "", &deploy.Tag{}
		},
		"built": built,
		"a promotion planned": func(result *job.Result, plan *deploy.Plan) {
			promoted(result, plan)
			planned(result)
		},
		"a Build planned": func(result *job.Result, plan *deploy.Plan) {
			built(result, plan)
			planned(result)
		},
		"foreign text": func(result *job.Result, plan *deploy.Plan) {
			const foreign = "\x1b[31m@all\r\n::error::<b>\u202e"
			promoted(result, plan)
			result.PromotedFrom, result.NotPromoted = foreign, foreign
			plan.Tag = &deploy.Tag{From: foreign, Commit: foreign, WhyNot: foreign}
		},
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	for name, change := range tags() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, plan := example()
			change(&result, &plan)
			golden(t, report.Done(result, plan, ""))
		})
	}
}

func TestSummaryOfTags(t *testing.T) {
	t.Parallel()
	for name, change := range tags() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, plan := example()
			change(&result, &plan)
			golden(t, report.Summary(result, plan, 60_000))
		})
	}
}
