package report_test

import (
	"testing"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// plans are those that the reports are tried with.
func plans() map[string]func(*job.Result, *deploy.Plan) {
	const live = "ZB00000000000000000000000000000001"
	return map[string]func(*job.Result, *deploy.Plan){
		"everything": func(_ *job.Result, plan *deploy.Plan) {
			plan.Build, plan.LiveBuildSID = deploy.BuildNew, live
			plan.LiveRuntime, plan.LiveDependencies = "node20", []twilio.Dependency{
				{Name: "got", Version: "11.0.0"},
				{Name: "lodash", Version: "^4.17.0"},
				{Name: "twilio", Version: "5.3.0"},
				{Name: twilio.HandlerPackage, Version: "2.0.1"},
			}
			plan.Dependencies = append(plan.Dependencies, twilio.Dependency{Name: "zod", Version: "4.0.0"})
			plan.Functions[0].WasVisibility, plan.Functions[0].Size = project.Private, 1500
			plan.Assets[0].Change, plan.Assets[0].VersionSID = deploy.Unchanged, "ZN1"
		},
		"foreign text": func(result *job.Result, plan *deploy.Plan) {
			const foreign = "\x1b[31m@all\r\n::error::<b>\u202e"
			plan.Build, plan.LiveBuildSID, plan.LiveRuntime = deploy.BuildReused, live, foreign
			plan.ReusedBuildSID = foreign
			plan.LiveDependencies = []twilio.Dependency{{Name: foreign, Version: foreign}}
			plan.Functions = []deploy.FilePlan{{File: project.File{Path: "/" + foreign, Visibility: foreign}, Change: deploy.Removed}}
			plan.Assets[0].WasVisibility = foreign
			plan.Notes = []string{"the Service " + foreign + " can be edited"}
			result.Variables.Removed = []string{foreign}
		},
		"variables of another Environment": func(result *job.Result, plan *deploy.Plan) {
			plan.Build, plan.Functions, plan.Assets = deploy.BuildReused, plan.Functions[1:2], nil
			plan.ReusedBuildSID = "ZB00000000000000000000000000000003"
			plan.Copied = &deploy.CopiedVariables{From: "stage", FromSID: "ZE1", Keys: []string{"SENTRY_DSN", "TOKEN"}}
			plan.Notes = []string{"2 variables are those of stage: SENTRY_DSN, TOKEN"}
			result.Variables = job.NoChanges()
			result.Variables.Created = []string{"GREETING", "SENTRY_DSN", "TOKEN"}
			result.Variables.Removed = []string{"OLD"}
		},
		"removals alone": func(result *job.Result, plan *deploy.Plan) {
			plan.Build, plan.LiveBuildSID, plan.LiveDependencies = deploy.BuildLive, live, plan.Dependencies
			plan.Functions, plan.Assets = nil, nil
			result.Variables = job.NoChanges()
			result.Variables.Removed = []string{"OLD", "OLDER"}
			plan.Variables = result.Variables
		},
		"a first deploy": func(result *job.Result, plan *deploy.Plan) {
			plan.Build, plan.Functions = deploy.BuildNew, plan.Functions[1:2]
			plan.Assets[0].Change = deploy.Created
			result.URL, result.PreviousBuildSID = "", ""
		},
		"nothing": func(result *job.Result, plan *deploy.Plan) {
			plan.Build, plan.LiveBuildSID, plan.LiveDependencies = deploy.BuildLive, live, plan.Dependencies
			plan.Functions, plan.Assets = plan.Functions[:1], nil
			plan.Functions[0].Change = deploy.Unchanged
			result.Variables = job.NoChanges()
			plan.Variables = result.Variables
		},
		"variables alone": func(result *job.Result, plan *deploy.Plan) {
			plan.Build, plan.LiveBuildSID, plan.LiveDependencies = deploy.BuildLive, live, plan.Dependencies
			plan.Functions, plan.Assets, plan.Variables = nil, nil, result.Variables
		},
		"a Build of before": func(_ *job.Result, plan *deploy.Plan) {
			plan.Build, plan.ReusedBuildSID, plan.LiveBuildSID = deploy.BuildReused, "ZB00000000000000000000000000000003", live
			plan.LiveDependencies = plan.Dependencies
		},
		"other dependencies alone": func(_ *job.Result, plan *deploy.Plan) {
			plan.Build, plan.LiveBuildSID, plan.LiveDependencies = deploy.BuildNew, live, plan.Dependencies[:1]
			plan.Functions, plan.Assets = plan.Functions[:1], nil
			plan.Functions[0].Change, plan.Functions[0].VersionSID = deploy.Unchanged, "ZN1"
		},
	}
}

func examplePlan(change func(*job.Result, *deploy.Plan)) (job.Result, deploy.Plan) {
	result, plan := example()
	result.Status, result.Changed, result.BuildSID, result.UploadedBytes = job.Planned, false, "", 0
	change(&result, &plan)
	return result, plan
}

func TestPlanned(t *testing.T) {
	t.Parallel()
	for name, change := range plans() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, report.Planned(examplePlan(change)))
		})
	}
}

func TestSummaryOfPlans(t *testing.T) {
	t.Parallel()
	for name, change := range plans() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, plan := examplePlan(change)
			golden(t, report.Summary(result, plan, 60_000))
		})
	}
}
