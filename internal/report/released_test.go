package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// releases are the promotes and roll-backs that the reports are tried with.
func releases() map[string]func(*job.Result, *deploy.Plan) {
	const live = "ZB00000000000000000000000000000001"
	const commit = "3f2a91c0000000000000000000000000000000aa"
	promoted := func(result *job.Result, plan *deploy.Plan) {
		result.Status, plan.Release = job.Promoted, &deploy.Release{From: "stage", Commit: commit, IsCompared: true}
		result.Commit, plan.LiveBuildSID, result.PromotedFrom = commit, live, plan.Release.From
	}
	rolledBack := func(result *job.Result, plan *deploy.Plan) {
		since := time.Date(2026, 11, 20, 16, 32, 0, 0, time.UTC)
		result.Status, plan.Release = job.RolledBack, &deploy.Release{IsRollback: true, Since: &since, Commit: commit}
		result.Commit, plan.LiveBuildSID = commit, live
		plan.Functions, plan.Assets, plan.Dependencies = nil, nil, nil
	}
	planned := func(result *job.Result, plan *deploy.Plan) {
		result.Status, result.Changed, result.BuildSID, result.UploadedBytes = job.Planned, false, "", 0
		plan.LiveDependencies = plan.Dependencies
		plan.Notes = []string{"Build ZB1 was live in production later than Build ZB2, but is gone"}
	}
	return map[string]func(*job.Result, *deploy.Plan){
		"promoted": promoted,
		"promoted into a new one": func(result *job.Result, plan *deploy.Plan) {
			promoted(result, plan)
			plan.Release.From, plan.EnvironmentSID, plan.LiveBuildSID, result.PreviousBuildSID, result.PromotedFrom = "", "", "", "", ""
		},
		"a promote planned": func(result *job.Result, plan *deploy.Plan) {
			promoted(result, plan)
			planned(result, plan)
			plan.Functions[0].WasVisibility = "private"
			plan.LiveRuntime, plan.LiveDependencies = "node20", []twilio.Dependency{{Name: "lodash", Version: "4.17.20"}}
		},
		"rolled back": rolledBack,
		"a roll-back planned": func(result *job.Result, plan *deploy.Plan) {
			rolledBack(result, plan)
			planned(result, plan)
		},
		"unchanged": func(result *job.Result, plan *deploy.Plan) {
			promoted(result, plan)
			result.Status, result.Changed, plan.Build, plan.ReusedBuildSID = job.Unchanged, false, deploy.BuildLive, ""
		},
		"foreign text": func(result *job.Result, plan *deploy.Plan) {
			const foreign = "\x1b[31m@all\r\n::error::<b>\u202e"
			rolledBack(result, plan)
			plan.Release.Commit, plan.Runtime, plan.ReusedBuildSID = foreign, foreign, foreign
		},
	}
}

func exampleRelease(change func(*job.Result, *deploy.Plan)) (job.Result, deploy.Plan) {
	result, plan := example()
	result.Variables, result.UploadedBytes = job.NoChanges(), 0
	plan.Variables, plan.EnvironmentSID = job.NoChanges(), "ZE00000000000000000000000000000001"
	plan.Build, plan.ReusedBuildSID = deploy.BuildReused, "ZB00000000000000000000000000000003"
	change(&result, &plan)
	return result, plan
}

func TestReleased(t *testing.T) {
	t.Parallel()
	for name, change := range releases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, plan := exampleRelease(change)
			golden(t, report.Done(result, plan, ""))
		})
	}
}

func TestSummaryOfReleases(t *testing.T) {
	t.Parallel()
	for name, change := range releases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, plan := exampleRelease(change)
			golden(t, report.Summary(result, plan, 60_000))
		})
	}
}

// TestDoneDefusesWhatThePlatformNames has escapes in each name that comes from the
// platform, whatever came of the Job.
func TestDoneDefusesWhatThePlatformNames(t *testing.T) {
	t.Parallel()
	const foreign = "\x1b]0;title\a\r\n::error::\u202e"
	promoted := &deploy.Release{From: foreign, IsCompared: true}
	for name, test := range map[string]struct {
		status  job.Status
		release *deploy.Release
	}{
		"deployed": {job.Deployed, nil}, "planned": {job.Planned, nil}, "unchanged": {job.Unchanged, promoted}, "promoted": {job.Promoted, promoted},
		"a promote planned": {job.Planned, promoted}, "rolled back": {job.RolledBack, &deploy.Release{IsRollback: true}},
	} {
		result, plan := example()
		result.Status, plan.Release, plan.Build = test.status, test.release, deploy.BuildReused
		result.Service, result.Environment, result.URL, result.BuildSID, result.PreviousBuildSID = foreign, foreign, foreign, foreign, foreign
		plan.LiveBuildSID, plan.Runtime, plan.LiveRuntime = foreign, foreign, "node20"
		for line := range strings.Lines(report.Done(result, plan, "")) {
			if rest := strings.TrimSuffix(line, "\n"); strings.ContainsAny(rest, "\x1b\a\r\u202e") {
				t.Errorf("%s: the text has the line %q", name, line)
			}
		}
	}
}

// TestReleasedOfWhatWasLiveAlready and has been replaced meanwhile.
func TestReleasedOfWhatWasLiveAlready(t *testing.T) {
	t.Parallel()
	result, plan := job.NewResult(), deploy.Plan{Service: "voice", Build: deploy.BuildLive, LiveBuildSID: "ZB2", Release: &deploy.Release{}, Variables: job.NoChanges()}
	result.Service, result.Environment, result.Status, result.BuildSID, result.SupersededBy = "voice", "stage", job.Superseded, "ZB2", "ZB3"
	told := report.Released(result, plan)
	for _, want := range []string{"Superseded by Build ZB3 in stage", "There was nothing to do: Build ZB2 was live in stage already."} {
		if !strings.Contains(told, want) {
			t.Errorf("it does not say %q:\n%s", want, told)
		}
	}
}
