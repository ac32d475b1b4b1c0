package report_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

// strangers is a skip whose texts all want to be more than text.
func strangers() job.Result {
	file := func(path, visibility string) job.ProposedFile {
		return job.ProposedFile{Path: path, Visibility: visibility}
	}
	npm := func(name, version string) job.ProposedPackage {
		return job.ProposedPackage{Name: name, Version: version}
	}
	result := job.NewResult()
	result.Status, result.SkipReason = job.Skipped, "pull request 8 comes from a fork"
	result.Service, result.Environment, result.Commit = "voice](https://evil.example)", "pr-8", "c0ffee|@"
	result.Proposal = &job.Proposal{
		Functions: []job.ProposedFile{file("/`x` ``y|z", "<i>open</i>"), file("/@octocat/<img src=x>", "public")},
		Assets:    []job.ProposedFile{file("/\\\\|\n| x | y |", "private"), file("/::error::a##[error]b", "public")},
		Runtime:   "node22|`\n## x", Variables: []string{"A|B", "<details>", "``"},
		Dependencies: []job.ProposedPackage{npm("@acme/lib", "1.0.0 || 2"), npm("![x](https://evil.example)", "`")},
		Problems:     []string{"package.json:4: dependency \"</details>@octocat\"\n# heading, closes #1", "\x1b[31mred\x1b[0m \u202egnp.exe a\x00b \xff"},
		LeftOut:      7,
	}
	return result
}

// TestProposalsAreDefused: what a stranger's tree is called means nothing to GitHub, nor to
// a terminal.
func TestProposalsAreDefused(t *testing.T) {
	t.Parallel()
	for _, most := range []int{60_000, 2000, 300} {
		text := report.Summary(strangers(), deploy.Plan{}, most)
		checkMarkdown(t, text, most)
		if most == 60_000 {
			golden(t, text+"\n"+report.Proposed(strangers()))
		}
	}
	result := strangers()
	fill(reflect.ValueOf(result.Proposal).Elem())
	for line := range strings.Lines(report.Proposed(result)) {
		if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return unicode.IsControl(r) || r == '\u202e' }) {
			t.Errorf("%q", line)
		}
	}
	var all report.Comment
	row := report.NewCommentRow(strangers(), deploy.Plan{})
	checkComment(t, all.With(row).Markdown(report.MostComment))
	if report.Proposed(job.NewResult()) != "" {
		t.Error("there is a proposal where none is known")
	}
}

// TestLargeProposalFits: a Result with as much as Propose lets into it fits into a step's
// output (1 MB, docs.github.com/actions/reference/limits, read 2026-11), its summary into
// what is left of a step's, and its row into a comment.
func TestLargeProposalFits(t *testing.T) {
	t.Parallel()
	const most = 100
	result := strangers()
	long, longer := strings.Repeat("\x01", 150), strings.Repeat("\x01", 300)
	asked := result.Proposal
	for i := range most {
		asked.Functions = append(asked.Functions[:i:i], job.ProposedFile{Path: long, Visibility: "private"})
		asked.Dependencies = append(asked.Dependencies[:i:i], job.ProposedPackage{Name: long, Version: long})
		asked.Variables = append(asked.Variables[:i:i], fmt.Sprint(i, long))
		asked.Problems = append(asked.Problems[:i:i], longer)
		result.Warnings = append(result.Warnings, longer)
	}
	asked.Assets = asked.Functions
	text, err := json.Marshal(result)
	if err != nil || len(text) >= 1<<20 {
		t.Errorf("%d bytes of JSON, %v", len(text), err)
	}
	for _, room := range []int{1 << 19, 12_000} {
		checkMarkdown(t, report.Summary(result, deploy.Plan{}, room), room)
	}
	checkComment(t, report.Comment{}.With(report.NewCommentRow(result, deploy.Plan{})).Markdown(report.MostComment))
}
