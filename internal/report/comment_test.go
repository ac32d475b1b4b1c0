package report_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/report"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// rowOf is a row of a preview that has just been deployed.
func rowOf(service string, change ...func(*job.Result)) report.CommentRow {
	result := job.NewResult()
	result.Status, result.Service, result.Environment, result.Changed = job.Deployed, service, "pr-7", true
	result.URL, result.Commit = "https://"+service+"-1234-pr-7.twil.io", "0123456789abcdef0123456789abcdef01234567"
	result.BuildSID = "ZB00000000000000000000000000000001"
	for _, apply := range change {
		apply(&result)
	}
	plan := deploy.Plan{Runtime: "node22", Functions: []deploy.FilePlan{planned(project.KindFunction, "/hello", project.Public, deploy.Created)}}
	row := report.NewCommentRow(result, plan)
	row.Updated, row.Run, row.Attempt, row.LogURL = noon, 100, 1, "https://github.com/acme/voice/actions/runs/100"
	return row
}

func failing(result *job.Result) {
	result.Status, result.URL = job.Failed, ""
	result.Error = &job.Failure{Reason: job.BuildFailed, Message: "Build ZB1 failed: npm could not find acme-lib", Hint: "Look at the log.", State: "Nothing is live in pr-7, as before."}
}

// TestComment holds the words of each state.
func TestComment(t *testing.T) {
	t.Parallel()
	under := report.CommentRow{Service: "a-under-way", Environment: "pr-7", Status: report.UnderWayRow, Commit: strings.Repeat("a", 40), Updated: noon, LogURL: "https://github.com/acme/voice/actions/runs/9"}
	all := report.Comment{}.With(under)
	for name, change := range map[string]func(*job.Result){
		"ready":     func(*job.Result) {},
		"unchanged": func(result *job.Result) { result.Status = job.Unchanged },
		"superseded": func(result *job.Result) {
			result.Status, result.SupersededBy = job.Superseded, "ZB00000000000000000000000000000002"
		},
		"removed": func(result *job.Result) { result.Status = job.TornDown },
		"planned": func(result *job.Result) { result.Status = job.Planned },
		"skipped": func(result *job.Result) {
			result.Status, result.SkipReason = job.Skipped, "the pull request comes from a fork"
		},
		"failed": failing,
		"cancelled": func(result *job.Result) {
			failing(result)
			result.Error.Reason = job.Cancelled
		},
	} {
		all = all.With(rowOf(name, change))
	}
	golden(t, all.Markdown(report.MostComment))
}

// TestCommentTellsTheStateOnce has Notes that begin as what stands before them does,
// or go on with it.
func TestCommentTellsTheStateOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		change func(*job.Result)
		want   string
	}{
		{failing, "| ❌ Failed: Twilio could not make the Build; nothing new is live\u00a0([log]("},
		{func(result *job.Result) {
			failing(result)
			result.Error.Reason, result.Error.Message = job.Internal, "upload function hello: no"
		}, "| ❌ Failed: upload function hello: no\u00a0([log]("},
		{func(result *job.Result) {
			result.Status, result.SupersededReason = job.Superseded, "commit fed"
		}, "| ⏩ Superseded by commit fed\u00a0([log]("},
		{func(result *job.Result) {
			result.Status, result.SupersededBy = job.Superseded, "ZB00000000000000000000000000000002"
		}, "| ⏩ Superseded: another Build is live\u00a0([log]("},
		{func(result *job.Result) { result.Status = job.Superseded }, "| ⏩ Superseded: nothing is live any more\u00a0([log]("},
	} {
		if body := (report.Comment{}).With(rowOf("voice", test.change)).Markdown(report.MostComment); !strings.Contains(body, test.want) {
			t.Errorf("want %q in\n%.600s", test.want, body)
		}
	}
}

// TestCommentComesBack reads what was written, also with what GitHub's editor does
// to it.
func TestCommentComesBack(t *testing.T) {
	t.Parallel()
	comment := report.Comment{}.With(rowOf("voice")).With(rowOf("messaging", failing))
	body := comment.Markdown(report.MostComment)
	for name, text := range map[string]string{"as it is": body, "from the editor": strings.ReplaceAll(body, "\n", "\r\n")} {
		got, isOurs := report.ParseComment(text)
		if diff := cmp.Diff(comment.Rows(), got.Rows()); !isOurs || diff != "" {
			t.Errorf("%s: ours %t (-want +got):\n%s", name, isOurs, diff)
		}
		if got.Markdown(report.MostComment) != body {
			t.Errorf("%s: it is rendered otherwise", name)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "another": "Nice work!", "quoted": "> " + body, "behind words": "see\n" + body, "the marker alone": report.CommentMarker,
	} {
		if got, isOurs := report.ParseComment(text); isOurs || len(got.Rows()) > 0 {
			t.Errorf("%s: taken for ours: %+v", name, got)
		}
	}
	for name, text := range map[string]string{
		"without its store": strings.Split(body, "\n<!-- slipway:rows")[0],
		"with half of it":   body[:len(body)-40],
		"with another":      regexp.MustCompile(`rows [^ ]+`).ReplaceAllString(body, "rows bm9uZQ=="),
	} {
		if got, isOurs := report.ParseComment(text); !isOurs || len(got.Rows()) > 0 {
			t.Errorf("%s: ours %t, %+v", name, isOurs, got)
		}
	}
	edited := strings.Replace(body, "/hello", "/other", 1)
	got, _ := report.ParseComment(edited)
	if rows := got.Rows(); len(rows) != 2 || rows[0].Details != "" || rows[1].Details == "" {
		t.Errorf("edited details came back: %+v", rows)
	}
}

// TestCommentWith keeps the row of the latest run.
func TestCommentWith(t *testing.T) {
	t.Parallel()
	first := rowOf("voice")
	later, again, earlier := first, first, first
	later.Run, again.Attempt, earlier.Run = 101, 2, 99
	later.Note, again.Note, earlier.Note = "later", "again", "earlier"
	for _, test := range []struct {
		rows []report.CommentRow
		want string
	}{
		{[]report.CommentRow{first, later}, "later"},
		{[]report.CommentRow{later, first}, "later"},
		{[]report.CommentRow{first, again}, "again"},
		{[]report.CommentRow{again, first}, "again"},
		{[]report.CommentRow{earlier, first}, ""},
		{[]report.CommentRow{again, later, earlier}, "later"},
	} {
		comment, merged := report.Comment{}, report.Comment{}
		for _, row := range test.rows {
			comment = comment.With(row)
			merged = merged.Merge(report.Comment{}.With(row))
		}
		if rows := comment.Rows(); len(rows) != 1 || rows[0].Note != test.want {
			t.Errorf("got %+v, want the note %q", rows, test.want)
		}
		if diff := cmp.Diff(comment.Rows(), merged.Rows()); diff != "" {
			t.Errorf("merged it is another:\n%s", diff)
		}
		for _, row := range test.rows {
			if !comment.Has(row) {
				t.Errorf("%+v has not %+v, or a later one", comment.Rows(), row)
			}
		}
	}
	changed := first
	changed.Status = job.Failed
	if comment := (report.Comment{}).With(first); comment.Has(changed) || comment.Has(later) || comment.Has(rowOf("messaging")) {
		t.Error("it has what it has not")
	}
}

// TestCommentFits has more rows, with longer details, than there is room for.
func TestCommentFits(t *testing.T) {
	t.Parallel()
	comment := report.Comment{}
	for i := range 400 {
		row := rowOf(fmt.Sprintf("service-%03d", i))
		row.Details = strings.Repeat("- `a`\n", 10*i)
		if i%2 == 0 {
			row.Status = job.TornDown
		}
		comment = comment.With(row)
	}
	for _, most := range []int{report.MostComment, 20_000, 2_000} {
		body := comment.Markdown(most)
		if len(body) > most {
			t.Errorf("%d bytes of %d", len(body), most)
		}
		got, isOurs := report.ParseComment(body)
		if rows := got.Rows(); !isOurs || len(rows) == 0 || rows[len(rows)-1].Status != job.Deployed && most < report.MostComment {
			t.Errorf("in %d bytes: ours %t with %d rows", most, isOurs, len(rows))
		}
		if !strings.Contains(body, " rows more, for which there is no room._") {
			t.Errorf("in %d bytes it does not say what is missing", most)
		}
	}
	few := report.Comment{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		row := rowOf(name)
		row.Details = strings.Repeat("- `"+name+"`\n", 2000)
		few = few.With(row)
	}
	body := few.Markdown(report.MostComment)
	got, _ := report.ParseComment(body)
	kept := 0
	for _, row := range got.Rows() {
		if row.Details != "" {
			kept++
		}
	}
	if len(got.Rows()) != 7 || kept != 4 {
		t.Errorf("%d rows, %d with details, in %d bytes", len(got.Rows()), kept, len(body))
	}
}

// checkComment holds the parts of a comment to what they may be.
func checkComment(t *testing.T, body string) {
	t.Helper()
	visible, stored, found := strings.Cut(strings.TrimSuffix(body, "\n"), "\n<!-- slipway:rows ")
	if last := strings.LastIndex(body, "\n<!-- slipway:rows "); last != len(visible) {
		visible, stored = body[:last], strings.TrimSuffix(body[last+len("\n<!-- slipway:rows "):], "\n")
	}
	if !found || !regexp.MustCompile(`^[A-Za-z0-9+/=]+ -->$`).MatchString(stored) {
		t.Fatalf("the store is %q", stored)
	}
	head := report.CommentMarker + "\n### Slipway\n\n"
	rest, ok := strings.CutPrefix(visible, head)
	if !ok {
		t.Fatalf("it begins with %.80q", visible)
	}
	// What follows is a Summary's Markdown, but for the links to logs and the names
	// of what is folded.
	rest = regexp.MustCompile(`\x{a0}\(\[log\]\(https://github\.com/[a-z/0-9]+\)\) \|`).ReplaceAllString(rest, " |")
	rest = regexp.MustCompile(`<summary><b><code>[^<>]*</code> in <code>[^<>]*</code></b></summary>`).ReplaceAllString(rest, "<summary><b>1 row</b></summary>")
	for section := range strings.SplitSeq(rest, "\n<details>\n<summary><b>1 row</b></summary>\n\n<dl><dd>\n\n") {
		checkMarkdown(t, strings.TrimSuffix(section, "\n</dd></dl>\n\n</details>\n")+"\n", report.MostComment)
	}
}

func FuzzComment(f *testing.F) {
	for _, seed := range []string{
		"plain", "a|b", "`", "@octocat", "#1", "</details>", "-->", "<!-- slipway:rows W10= -->", "a\n<!-- slipway:rows W10= -->\nb", report.CommentMarker,
		"::error::x", "##[error]x", "\xff\u202e", "feature/ü🚢/../x", strings.Repeat("x", 300),
	} {
		f.Add(seed, seed, "failed")
		f.Add("voice", seed, "skipped")
		f.Add(seed, "text", "deployed")
	}
	f.Fuzz(func(t *testing.T, name, text, status string) {
		row := rowOf(name, func(result *job.Result) {
			result.Status, result.Environment, result.SkipReason, result.Commit = job.Status(status), text, text, text
			result.Error = &job.Failure{Reason: job.Internal, Message: text + "\n" + name, Hint: text, State: name}
			result.Warnings = []string{text}
		})
		row.URL = text
		comment := report.Comment{}.With(rowOf("other")).With(row)
		body := comment.Markdown(report.MostComment)
		checkComment(t, body)
		got, isOurs := report.ParseComment(body)
		if !isOurs || !got.Has(row) || !got.Has(rowOf("other")) && name != "other" {
			t.Errorf("it came back as %t %+v", isOurs, got.Rows())
		}
		if diff := cmp.Diff(comment.Rows(), got.Rows()); diff != "" {
			t.Errorf("it came back otherwise (-want +got):\n%s", diff)
		}
		if _, isOurs := report.ParseComment(text); isOurs && !strings.HasPrefix(text, report.CommentMarker) {
			t.Errorf("%q is taken for ours", text)
		}
	})
}
