package report_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// roomy is what GitHub takes as the summary of one step.
const roomy = 1 << 20

// failed is a Result that failed before there was a Plan.
func failed(failure job.Failure) job.Result {
	result := job.NewResult()
	result.Status, result.Error = job.Failed, &failure
	result.Service, result.Environment, result.Commit = "voice", "dev", "c0ffee0123456789c0ffee0123456789c0ffee01"
	return result
}

func TestSummary(t *testing.T) {
	t.Parallel()
	const commit = "c0ffee0123456789c0ffee0123456789c0ffee01"
	tests := map[string]func() (job.Result, deploy.Plan){
		"first": func() (job.Result, deploy.Plan) {
			result, plan := example()
			result.Commit, result.PreviousBuildSID = commit, ""
			result.Variables = job.NoChanges()
			result.Variables.Created = []string{"GREETING"}
			plan.Dependencies = nil
			plan.Functions = plan.Functions[1:2]
			plan.Assets[0].Change = deploy.Created
			return result, plan
		},
		"over a Build": func() (job.Result, deploy.Plan) {
			result, plan := example()
			result.Commit = commit
			result.Warnings = []string{
				`package.json:7: dependency "left-pad" has the range "^1.3.0" and no lock file decides. Commit package-lock.json.`,
				"functions/old.js is gone, and with it /old",
			}
			return result, plan
		},
		"unchanged": func() (job.Result, deploy.Plan) {
			result, plan := example()
			result.Status, result.Changed = job.Unchanged, false
			result.PreviousBuildSID, result.UploadedBytes, result.Variables = result.BuildSID, 0, job.NoChanges()
			return result, deploy.Plan{Runtime: plan.Runtime}
		},
		"variables alone": func() (job.Result, deploy.Plan) {
			result, plan := example()
			plan.Build, result.PreviousBuildSID, result.UploadedBytes = deploy.BuildLive, "", 0
			for i := range plan.Functions {
				plan.Functions[i].Change = deploy.Unchanged
			}
			plan.Functions, plan.Assets[0].Change = plan.Functions[:2], deploy.Unchanged
			return result, plan
		},
		"a Build of before": func() (job.Result, deploy.Plan) {
			result, plan := example()
			plan.Build, result.UploadedBytes = deploy.BuildReused, 0
			return result, plan
		},
		"planned": func() (job.Result, deploy.Plan) {
			result, plan := example()
			result.Status, result.BuildSID, result.UploadedBytes = job.Planned, "", 0
			return result, plan
		},
		"bad input": func() (job.Result, deploy.Plan) {
			result := failed(job.Failure{
				Reason: job.BadInput, State: "Nothing was changed.",
				Message: `there are no Twilio credentials. Give api-key and api-secret with account-sid.
functions/pay#now.js: path "/pay#now" contains "#", which Twilio paths cannot; rename the file
package.json:14: dependency "acme-lib" is "file:../lib"; Twilio installs public npm packages only. Publish it, or bundle it.`,
			})
			result.DurationMS = 40
			return result, deploy.Plan{}
		},
		"one problem without a Target": func() (job.Result, deploy.Plan) {
			result := failed(job.Failure{Reason: job.BadInput, Message: `there is no input "enviro". Did you mean environment?`, State: "Nothing was changed."})
			result.Service, result.Environment, result.Commit = "", "", ""
			return result, deploy.Plan{}
		},
		"build failed": func() (job.Result, deploy.Plan) {
			_, plan := example()
			result := failed(job.Failure{
				Reason: job.BuildFailed,
				Message: "Twilio could not make Build ZB00000000000000000000000000000002, and its API gives no reason; in it were 2 Functions and " +
					"1 Asset (4.2 KB in all) for node22 with the dependencies lodash 4.17.21, twilio 5.3.0",
				Hint: "Usual causes: a dependency that cannot be installed without a compiler or an install script, " +
					"a version of @twilio/runtime-handler that the runtime does not take, or a Function that throws when it is loaded.",
				State: "Build ZB00000000000000000000000000000001 is live in dev, as before. Build ZB00000000000000000000000000000002 of this run did not go live.",
			})
			result.URL = "https://voice-1234-dev.twil.io"
			result.BuildSID, result.PreviousBuildSID = "ZB00000000000000000000000000000002", "ZB00000000000000000000000000000001"
			result.Variables.Created, result.Variables.Unchanged = []string{"A", "B"}, []string{"C"}
			result.APICalls, result.UploadedBytes, result.DurationMS = 31, 4321, 125_000
			return result, plan
		},
		"cancelled": func() (job.Result, deploy.Plan) {
			_, plan := example()
			result := failed(job.Failure{
				Reason: job.Cancelled, Message: "upload function /hello: the run was interrupted", Hint: "Run it again to deploy.",
				State: "Nothing is live in dev, as before. 1 of 3 files uploaded.",
			})
			result.APICalls, result.UploadedBytes, result.DurationMS = 12, 1234, 2500
			return result, plan
		},
		"many lines": func() (job.Result, deploy.Plan) {
			return failed(job.Failure{Reason: job.Internal, Message: "the reply is not understood:\n\n\tline ```1```\r\n\tline 2\n"}), deploy.Plan{}
		},
		"failed without a word": func() (job.Result, deploy.Plan) {
			result := job.NewResult()
			result.Status = job.Failed
			return result, deploy.Plan{}
		},
		"skipped": func() (job.Result, deploy.Plan) {
			result := job.NewResult()
			result.Status, result.Service, result.Environment = job.Skipped, "voice", "dev"
			result.SkipReason, result.DurationMS = "the push to refs/heads/feature/x deleted the branch.", 3
			return result, deploy.Plan{}
		},
		"skipped without a word": func() (job.Result, deploy.Plan) {
			result := job.NewResult()
			result.Status = job.Skipped
			return result, deploy.Plan{}
		},
		"another status": func() (job.Result, deploy.Plan) {
			result := job.NewResult()
			result.Status, result.Service, result.Environment, result.URL = "unheard-of", "voice", "pr-7", "https://voice-1234-pr-7.twil.io"
			return result, deploy.Plan{}
		},
		"superseded": func() (job.Result, deploy.Plan) {
			result := job.NewResult()
			result.Status, result.Service, result.Environment, result.URL = job.Superseded, "voice", "dev", "https://voice-1234-dev.twil.io"
			result.BuildSID, result.PreviousBuildSID, result.SupersededBy, result.APICalls = "ZB2", "ZB1", "ZB3", 14
			return result, deploy.Plan{Build: deploy.BuildNew, Runtime: "node22"}
		},
		"superseded by a teardown": func() (job.Result, deploy.Plan) {
			result := job.NewResult()
			result.Status, result.Service, result.Environment, result.BuildSID = job.Superseded, "voice", "pr-7", "ZB2"
			return result, deploy.Plan{}
		},
		"hostile": hostile,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, plan := test()
			text := report.Summary(result, plan, roomy)
			checkMarkdown(t, text, roomy)
			golden(t, text)
		})
	}
}

// hostile is a Result whose foreign texts all want to be more than text.
func hostile() (job.Result, deploy.Plan) {
	result := job.NewResult()
	result.Status = job.Deployed
	result.Service, result.Environment = "voice](https://evil.example)", "`dev` | @octocat\n## x"
	result.URL = "https://voice.twil.io/)[x](javascript:alert"
	result.BuildSID, result.PreviousBuildSID, result.Commit = "ZB|x", "<b>ZB</b>", "c0ffee|@"
	result.Variables.Created = []string{"A|B", "<details>", "``"}
	result.Warnings = []string{
		"</details></summary><script>alert(1)</script> <!-- by @octocat, closes #1 and GH-2",
		"![x](https://evil.example/x.png) [y](https://evil.example) <https://evil.example> www.evil.example",
		"# heading\n\n- item\n\n```\n::error::x\n```",
		"\x1b[31mred\x1b[0m \u202egnp.exe\u202c a\x00b \xff\xfe &lt;b&gt; &#64;octocat \\",
		"1. one",
		"a commit c0ffee0123456789c0ffee0123456789c0ffee01, acme/voice@c0ffee0 and acme/voice#7",
	}
	plan := deploy.Plan{
		Runtime: "node22|", Dependencies: []twilio.Dependency{{Name: "@acme/lib", Version: "1.0.0 || 2"}, {Name: "a\\|b", Version: "`"}},
		Functions: []deploy.FilePlan{
			planned(project.KindFunction, "/a|b", project.Public, deploy.Created),
			planned(project.KindFunction, "/`x` ``y", "<i>open</i>", deploy.Removed),
			planned(project.KindFunction, "/@octocat/<img src=x>", project.Private, "@mended"),
		},
		Assets: []deploy.FilePlan{planned(project.KindAsset, "/\\\\|\n| x | y |", project.Public, deploy.Updated)},
	}
	return result, plan
}

// cutShort is all that is left when not even the heading has room.
const cutShort = "_Cut to fit._\n"

// large is a Result with many files, some of each change.
func large() (job.Result, deploy.Plan) {
	result, plan := example()
	result.Commit = "c0ffee0"
	for i := range 30 {
		plan.Functions = append(plan.Functions, planned(project.KindFunction, fmt.Sprintf("/calls/%03d", i), project.Protected, deploy.Created))
		plan.Assets = append(plan.Assets, planned(project.KindAsset, fmt.Sprintf("/img/%03d.png", i), project.Private, deploy.Created))
		result.Warnings = append(result.Warnings, fmt.Sprintf("assets/img/%03d.png: is larger than browsers like", i))
	}
	return result, plan
}

func TestSummaryCut(t *testing.T) {
	t.Parallel()
	for _, most := range []int{3600, 2000, 600, 130} {
		t.Run(strconv.Itoa(most), func(t *testing.T) {
			t.Parallel()
			result, plan := large()
			text := report.Summary(result, plan, most)
			checkMarkdown(t, text, most)
			golden(t, text)
		})
	}
	t.Run("problems", func(t *testing.T) {
		t.Parallel()
		problems := []string{"a value that is very long: " + strings.Repeat("x", 500)}
		for i := range 40 {
			problems = append(problems, fmt.Sprintf("functions/f%d.js: the name is taken", i))
		}
		text := report.Summary(failed(job.Failure{Reason: job.BadInput, Message: strings.Join(problems, "\n"), State: "Nothing was changed."}), deploy.Plan{}, 800)
		checkMarkdown(t, text, 800)
		golden(t, text)
	})
	t.Run("every limit", func(t *testing.T) {
		t.Parallel()
		for _, test := range []func() (job.Result, deploy.Plan){large, hostile} {
			result, plan := test()
			whole := report.Summary(result, plan, roomy)
			limits := []int{-1, 0, 1, len(cutShort), len(whole) - 1, len(whole), len(whole) + 1}
			for most := 20; most < len(whole); most += 29 {
				limits = append(limits, most)
			}
			for _, most := range limits {
				text := report.Summary(result, plan, most)
				checkMarkdown(t, text, max(most, 0))
				if isWhole := text == whole; isWhole != (most >= len(whole)) {
					t.Errorf("with %d of %d bytes it is whole: %t", most, len(whole), isWhole)
				}
				// A cut text says so, or has no room for that.
				if most >= len(cutShort) && most < len(whole) && !strings.Contains(text, "_Cut to fit.") && !strings.Contains(text, "bytes more)") {
					t.Error("it does not say that it was cut")
				}
				if t.Failed() {
					t.Fatalf("with %d bytes:\n%s", most, text)
				}
			}
		}
	})
}

// TestSummaryStaysUnderTheLimitOfAComment has more files than a Build takes.
func TestSummaryStaysUnderTheLimitOfAComment(t *testing.T) {
	t.Parallel()
	result, plan := example()
	for i := range 3000 {
		plan.Assets = append(plan.Assets, planned(project.KindAsset, fmt.Sprintf("/img/%05d.png", i), project.Public, deploy.Created))
	}
	const most = 60_000
	text := report.Summary(result, plan, most)
	checkMarkdown(t, text, most)
	if len(text) < most-200 {
		t.Errorf("only %d of %d bytes are used", len(text), most)
	}
	for _, want := range []string{"<b>3 Functions</b>", "<b>3001 Assets</b>", "<b>3 variables</b>", "<b>2 npm packages</b>", " of 3001 Assets._\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}
