package report_test

import (
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// TestPictured holds what the documents show as pictures: `make screenshots` takes
// them of its golden files.
func TestPictured(t *testing.T) {
	t.Parallel()
	voice, voicePlan := pictured("voice", "ZB4f1c0a7d92e6b83f5a0c1d7e94b2f638")
	voicePlan.Functions = []deploy.FilePlan{
		planned(project.KindFunction, "/calls/incoming", project.Protected, deploy.Updated),
		planned(project.KindFunction, "/calls/voicemail", project.Protected, deploy.Created),
		planned(project.KindFunction, "/health", project.Public, deploy.Unchanged),
	}
	voicePlan.Assets = []deploy.FilePlan{planned(project.KindAsset, "/greeting.mp3", project.Public, deploy.Unchanged)}
	voice.PreviousBuildSID = "ZB0d83b6f41ea2c95708d6e3fb1a47c290"
	voice.Variables.Created, voice.Variables.Unchanged = []string{"VOICEMAIL_BOX"}, []string{"GREETING", "SENTRY_DSN"}
	voice.APICalls, voice.UploadedBytes, voice.DurationMS = 24, 3174, 21_480

	messaging, messagingPlan := pictured("messaging", "ZB91e6d0b57c3fa2846d1b0e95f7a3c82d")
	messaging.Status, messaging.Changed = job.Failed, false
	messaging.PreviousBuildSID = "ZB62a9f0c8e1d73b540f96c2ad8e5b17f4"
	messaging.Error = &job.Failure{
		Reason:  job.BuildFailed,
		Message: "Twilio could not make Build " + messaging.BuildSID + ", and its API gives no reason; in it were 2 Functions (1.9 KB in all) for node22 with the dependencies sharp 0.34.4, twilio 5.10.3",
		Hint:    "Usual causes: a dependency that cannot be installed without a compiler or an install script (choose one that is JavaScript alone); a Function that throws when it is loaded (require each with Node.js on your machine). Take the newest change back to see whether it is the cause.",
		State:   "Build " + messaging.PreviousBuildSID + " is live in pr-42, as before. Build " + messaging.BuildSID + " did not go live.",
	}
	messaging.APICalls, messaging.UploadedBytes, messaging.DurationMS = 31, 1946, 48_120
	messagingPlan.Functions = []deploy.FilePlan{
		planned(project.KindFunction, "/media/resize", project.Protected, deploy.Created),
		planned(project.KindFunction, "/sms/reply", project.Protected, deploy.Unchanged),
	}
	messagingPlan.Dependencies = []twilio.Dependency{{Name: "sharp", Version: "0.34.4"}, {Name: "twilio", Version: "5.10.3"}}

	t.Run("comment", func(t *testing.T) {
		t.Parallel()
		comment := report.Comment{}
		for _, row := range []report.CommentRow{
			report.NewCommentRow(voice, voicePlan),
			report.NewCommentRow(messaging, messagingPlan),
			{Service: "flex-hooks", Environment: "pr-42", Status: job.TornDown, Note: report.WhyRemoved(job.RemovedPreview{Reason: "untouched"})},
		} {
			row.Updated, row.Run, row.Attempt = noon.Add(time.Minute), 100, 1
			row.LogURL = "https://github.com/acme/phone/actions/runs/100"
			comment = comment.With(row)
		}
		golden(t, comment.Markdown(report.MostComment))
	})
	t.Run("summary", func(t *testing.T) {
		t.Parallel()
		golden(t, report.Summary(voice, voicePlan, roomy))
	})
}

// pictured is the Result and the Plan of a Service's preview.
func pictured(service string, build twilio.BuildSID) (job.Result, deploy.Plan) {
	result := job.NewResult()
	result.Status, result.Changed = job.Deployed, true
	result.Service, result.Environment, result.Commit = service, "pr-42", "8d1f3ab5c0e947261fb8a3d05c6e912f7a40b3d8"
	result.URL, result.BuildSID = "https://"+service+"-4821-pr-42.twil.io", string(build)
	return result, deploy.Plan{Runtime: "node22", Dependencies: []twilio.Dependency{{Name: "twilio", Version: "5.10.3"}}}
}
