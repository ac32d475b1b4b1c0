package report_test

import (
	"testing"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

// TestTornDown puts teardowns into text, into one line and into Markdown.
func TestTornDown(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*job.Result, *deploy.Plan){
		"live":  func(*job.Result, *deploy.Plan) {},
		"empty": func(result *job.Result, plan *deploy.Plan) { plan.LiveBuildSID, result.PreviousBuildSID = "", "" },
		"no variables": func(result *job.Result, plan *deploy.Plan) {
			plan.Variables, result.Variables = job.NoChanges(), job.NoChanges()
		},
		"not there": func(result *job.Result, plan *deploy.Plan) { gone(result, plan) },
		"planned":   func(result *job.Result, _ *deploy.Plan) { result.Status, result.Changed = job.Planned, false },
		"planned in vain": func(result *job.Result, plan *deploy.Plan) {
			gone(result, plan)
			result.Status = job.Planned
		},
		"failed": func(result *job.Result, _ *deploy.Plan) {
			result.Status = job.Failed
			result.Error = &job.Failure{Reason: job.Internal, Message: "delete environment: no", State: "Nothing is live in pr-7 any more."}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := job.NewResult()
			result.Status, result.Changed, result.Service, result.Environment = job.TornDown, true, "voice", "pr-7"
			result.Domain, result.PreviousBuildSID = "voice-1234-pr-7.twil.io", "ZB00000000000000000000000000000001"
			result.APICalls, result.DurationMS = 5, 420
			result.Variables.Removed = []string{"GREETING", "SENTRY_DSN"}
			plan := deploy.Plan{
				Build: deploy.BuildNone, Service: "voice", EnvironmentSID: "ZE00000000000000000000000000000001",
				Domain: result.Domain, LiveBuildSID: "ZB00000000000000000000000000000001", Variables: result.Variables,
			}
			change(&result, &plan)
			text := ""
			if result.Status != job.Failed {
				text = report.Done(result, plan, "")
			}
			golden(t, text+"\n"+report.OneLine(result)+"\n\n"+report.Summary(result, plan, 60_000))
		})
	}
}

func gone(result *job.Result, plan *deploy.Plan) {
	result.Changed, result.Domain, result.PreviousBuildSID, result.Variables = false, "", "", job.NoChanges()
	*plan = deploy.Plan{Build: deploy.BuildNone, Service: "voice", Variables: job.NoChanges(), Notes: []string{"the Service voice has no Environment pr-7"}}
}
