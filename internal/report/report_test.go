package report_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/twilio"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with the file of the test's name.
func golden(t *testing.T, got string) {
	t.Helper()
	file := filepath.Join("testdata", filepath.FromSlash(t.Name())+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run with -update to write it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}

func planned(kind project.Kind, path string, visibility project.Visibility, change deploy.Change) deploy.FilePlan {
	return deploy.FilePlan{File: project.File{Kind: kind, Path: path, Visibility: visibility}, Change: change}
}

func example() (job.Result, deploy.Plan) {
	result := job.NewResult()
	result.Status, result.Changed = job.Deployed, true
	result.Service, result.Environment = "voice", "dev"
	result.URL = "https://voice-1234-dev.twil.io"
	result.BuildSID, result.PreviousBuildSID = "ZB00000000000000000000000000000002", "ZB00000000000000000000000000000001"
	result.Variables.Created, result.Variables.Unchanged = []string{"A", "B"}, []string{"C"}
	result.APICalls, result.UploadedBytes, result.DurationMS = 31, 4321, 1940
	plan := deploy.Plan{
		Runtime: "node22", Dependencies: []twilio.Dependency{{Name: "lodash", Version: "4.17.21"}, {Name: "twilio", Version: "5.3.0"}},
		Functions: []deploy.FilePlan{
			planned(project.KindFunction, "/calls/incoming", project.Protected, deploy.Updated),
			planned(project.KindFunction, "/hello", project.Public, deploy.Created),
			planned(project.KindFunction, "/old", project.Public, deploy.Removed),
		},
		Assets: []deploy.FilePlan{planned(project.KindAsset, "/index.html", project.Public, deploy.Updated)},
	}
	return result, plan
}

func TestDeployed(t *testing.T) {
	t.Parallel()
	t.Run("everything", func(t *testing.T) {
		t.Parallel()
		result, plan := example()
		golden(t, report.Deployed(result, plan, ""))
	})
	t.Run("first in a sandbox", func(t *testing.T) {
		t.Parallel()
		result, plan := example()
		result.PreviousBuildSID, result.Variables, plan.Dependencies, plan.Assets = "", job.NoChanges(), nil, nil
		golden(t, report.Deployed(result, plan, "sandbox; gone when this command ends"))
	})
	t.Run("some unchanged, one no longer private", func(t *testing.T) {
		t.Parallel()
		result, plan := example()
		plan.Functions[0].Change, plan.Functions[1].Change = deploy.Unchanged, deploy.Updated
		plan.Functions[1].WasVisibility = project.Private
		plan.Assets[0].Change = deploy.Unchanged
		golden(t, report.Deployed(result, plan, ""))
	})
	for name, build := range map[string]deploy.BuildChoice{"all unchanged": deploy.BuildLive, "variables alone": deploy.BuildLive, "a Build of before": deploy.BuildReused} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, plan := example()
			plan.Build, plan.Functions = build, plan.Functions[:2]
			plan.Functions[0].Change, plan.Functions[1].Change, plan.Assets[0].Change = deploy.Unchanged, deploy.Unchanged, deploy.Unchanged
			if build == deploy.BuildLive {
				result.PreviousBuildSID = ""
			}
			if name == "all unchanged" {
				result.Status, result.Variables = job.Unchanged, job.Changes{Unchanged: []string{"A"}}
			}
			golden(t, report.Deployed(result, plan, ""))
		})
	}
	t.Run("superseded", func(t *testing.T) {
		t.Parallel()
		result, plan := example()
		result.Status, result.SupersededBy = job.Superseded, "ZB00000000000000000000000000000003"
		golden(t, report.Deployed(result, plan, ""))
	})
	t.Run("many files", func(t *testing.T) {
		t.Parallel()
		result, plan := example()
		plan.Functions = nil
		for i := range 150 {
			plan.Assets = append(plan.Assets, planned(project.KindAsset, fmt.Sprintf("/img/%03d.png", i), project.Private, deploy.Created))
		}
		golden(t, report.Deployed(result, plan, ""))
	})
}

func TestFailed(t *testing.T) {
	t.Parallel()
	golden(t, report.Failed(job.Failure{
		Reason: job.BadInput, Message: "package.json:3: one thing is wrong. Mend it.\nanother thing is wrong", State: "Nothing was changed.",
	})+"\n"+report.Failed(job.Failure{
		Reason: job.BuildFailed, Message: "Twilio could not make Build ZB1", Hint: "Usual causes: many.", State: "Build ZB0 is live in dev, as before.",
	})+"\n"+report.Failed(job.Failure{Message: "odd"}))
}

func TestStatus(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ago := func(hours int) *time.Time { return new(now.Add(-time.Duration(hours) * time.Hour)) }
	sid := func(kind, digit string) string { return kind + strings.Repeat(digit, 32) }
	build := func(digit string) twilio.BuildSID { return twilio.BuildSID(sid("ZB", digit)) }
	const commit = "8be12e862100532d3729633c800b9aa76bdacc46"
	got := report.Status(deploy.Status{Service: "voice", ServiceSID: twilio.ServiceSID(sid("ZS", "1")), Environments: []deploy.EnvironmentStatus{
		{
			Environment: "production", Domain: "voice-1234.twil.io", BuildSID: build("3"), Exists: true, Runtime: "node22", Since: ago(49),
			Commit: commit, Functions: make([]string, 2500), Assets: []string{"/b", "/c"},
			History: []deploy.HistoryEntry{
				{BuildSID: build("3"), Created: ago(49), Commit: commit, Exists: true, Live: true},
				{Created: ago(50)},
				{BuildSID: build("2"), Created: ago(73), Exists: true},
				{BuildSID: build("3"), Created: ago(97), Commit: commit, Exists: true},
				{BuildSID: build("1")},
			},
			HasOlder: true,
		},
		{
			Environment: "by-toolkit", Domain: "voice-1234-by-toolkit.twil.io", BuildSID: build("4"), Exists: true, Runtime: "node24",
			History: []deploy.HistoryEntry{{BuildSID: build("4"), Created: ago(1), Exists: true, Live: true}},
		},
		{Environment: "dev", Domain: "voice-1234-dev.twil.io"},
		{Environment: "emptied", Domain: "voice-1234-emptied.twil.io", History: []deploy.HistoryEntry{{Created: ago(2)}}},
		{Environment: "odd", Domain: "voice-1234-odd.twil.io", BuildSID: build("9"), Since: ago(2)},
		{
			Environment: "strange", Domain: "voice-1234-strange.twil.io", BuildSID: build("5"), Exists: true, Runtime: "node\x1b[31m22",
			Commit: strings.Repeat("what\n", 20), HasOlder: true,
		},
	}}, now)
	for line := range strings.Lines(got) {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("this does not fit a terminal: %s", line)
		}
	}
	golden(t, got+"\n"+report.Status(deploy.Status{Service: "new", ServiceSID: "ZS2"}, now))
}

func TestJSON(t *testing.T) {
	t.Parallel()
	got, err := report.JSON(map[string]string{"url": "https://a.example/?x=1&y=<2>"})
	if want := "{\n  \"url\": \"https://a.example/?x=1&y=<2>\"\n}\n"; err != nil || got != want {
		t.Errorf("got %q with error %v, want %q", got, err, want)
	}
	if _, err := report.JSON(func() {}); err == nil {
		t.Error("a function encodes")
	}
}
