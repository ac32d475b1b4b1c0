package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// CommentMarker begins each comment that is Slipway's. GitHub does not show it.
const CommentMarker = "<!-- slipway:comment -->"

// MostComment is how long a comment may be, in bytes: GitHub takes 65,536
// characters.
const MostComment = 60_000

// mostCommentDetails is how long the folded part of one row may be, in bytes.
const mostCommentDetails = 12_000

// UnderWayRow is the Status of a CommentRow whose Job is not over yet.
const UnderWayRow job.Status = "under-way"

// CommentRow is what a pull request's comment says of one Target.
type CommentRow struct {
	Service     string `json:"service"`
	Environment string `json:"environment"`
	// Status is how the Job ended, or UnderWayRow.
	Status job.Status `json:"status"`
	// Note says why, in one line, where the Status does not say it all.
	Note string `json:"note,omitempty"`
	// URL is where it is live; empty where nothing is.
	URL    string `json:"url,omitempty"`
	Commit string `json:"commit,omitempty"`
	// LogURL is the page of the run.
	LogURL string `json:"log_url,omitempty"`
	// Updated is when the row was written.
	Updated time.Time `json:"updated"`
	// Run and Attempt order rows of one Target: the id of the workflow's run, which
	// grows, and which attempt at it.
	Run     int64 `json:"run,omitempty"`
	Attempt int   `json:"attempt,omitempty"`
	// Details are the Markdown that is folded under the table; empty for none. It is
	// Summary's, which is safe.
	Details string `json:"-"`
}

// NewCommentRow puts a Result and its Plan into a row. Updated, LogURL, Run and
// Attempt are the caller's to set.
func NewCommentRow(result job.Result, plan deploy.Plan) CommentRow {
	row := CommentRow{
		Service: result.Service, Environment: result.Environment, Status: result.Status, Commit: result.Commit,
		Details: withoutHeading(Summary(result, plan, mostCommentDetails)),
	}
	switch result.Status {
	case job.TornDown, job.Skipped, job.Planned:
	case job.Failed:
		if result.PreviousBuildSID != "" {
			row.URL = result.URL
		}
	default:
		row.URL = result.URL
	}
	switch {
	case result.Status == job.Skipped:
		row.Note = result.SkipReason
	case result.Status == job.Failed && result.Error != nil:
		row.Note = strings.TrimPrefix(OneLine(result), "Failed: ") // as the State says already
	case result.Status == job.Superseded && result.SupersededReason != "":
		row.Note = supersededBy + result.SupersededReason
	case result.Status == job.Superseded && result.SupersededBy != "":
		row.Note = "another Build is live" // its SID would take half of the table
	case result.Status == job.Superseded:
		row.Note = "nothing is live any more"
	}
	return row
}

// supersededBy begins the Note that goes on with the State, and says by what.
const supersededBy = "by "

// withoutHeading is a Summary for a place that has a heading already.
func withoutHeading(summary string) string {
	if heading, rest, found := strings.Cut(summary, "\n\n"); found && strings.HasPrefix(heading, "## ") {
		return rest
	}
	return ""
}

// normalised is the row as it comes back from a comment.
func (row CommentRow) normalised() CommentRow {
	cleanEach(&row.Service, &row.Environment, &row.Note, &row.URL, &row.Commit, &row.LogURL)
	cleanEach(&row.Status)
	row.Updated = row.Updated.UTC().Truncate(time.Second)
	return row
}

// compareRuns orders rows of one Target.
func compareRuns(a, b CommentRow) int {
	return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Attempt, b.Attempt))
}

// Comment is what a pull request's comment says: a row for each Target, in the
// order of their names. The zero Comment has none.
type Comment struct{ rows []CommentRow }

// Rows returns the rows in their order.
func (c Comment) Rows() []CommentRow { return slices.Clone(c.rows) }

// Row returns the row for a Target; its zero value, which is older than any, when
// there is none.
func (c Comment) Row(service, environment string) CommentRow {
	at, isThere := slices.BinarySearchFunc(c.rows, CommentRow{Service: clean(service), Environment: clean(environment)}, compareTargets)
	if !isThere {
		return CommentRow{}
	}
	return c.rows[at]
}

// With returns the Comment with a row in place of the one for the same Target. A row
// of a later run stays.
func (c Comment) With(row CommentRow) Comment {
	row = row.normalised()
	rows := slices.Clone(c.rows)
	at, isThere := slices.BinarySearchFunc(rows, row, compareTargets)
	switch {
	case !isThere:
		rows = slices.Insert(rows, at, row)
	case compareRuns(rows[at], row) <= 0:
		rows[at] = row
	}
	return Comment{rows}
}

// Without returns the Comment without the row for a Target.
func (c Comment) Without(service, environment string) Comment {
	return Comment{slices.DeleteFunc(slices.Clone(c.rows), func(row CommentRow) bool {
		return row.Service == clean(service) && row.Environment == clean(environment)
	})}
}

// Has reports whether the Comment says of the row's Target what the row says, or
// what a later run says.
func (c Comment) Has(row CommentRow) bool {
	row = row.normalised()
	at, isThere := slices.BinarySearchFunc(c.rows, row, compareTargets)
	if !isThere {
		return false
	}
	there := c.rows[at]
	there.Details, row.Details = "", "" // which may be left out for want of room
	return compareRuns(there, row) > 0 || there == row
}

// Merge returns a Comment with the rows of both; of two for one Target the one of
// the later run, or that was written later.
func (c Comment) Merge(other Comment) Comment {
	for _, row := range other.rows {
		at, isThere := slices.BinarySearchFunc(c.rows, row, compareTargets)
		isOlder := isThere && cmp.Or(compareRuns(row, c.rows[at]), row.Updated.Compare(c.rows[at].Updated)) < 0
		if !isOlder {
			c = c.With(row)
		}
	}
	return c
}

func compareTargets(a, b CommentRow) int {
	return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Environment, b.Environment))
}

// storedRow is a CommentRow with where its Details stand in the comment.
type storedRow struct {
	CommentRow

	Start int `json:"start,omitempty"`
	Bytes int `json:"bytes,omitempty"`
	// Sum tells whether they are still what was written.
	Sum string `json:"sum,omitempty"`
}

const storePrefix, storeSuffix = "<!-- slipway:rows ", " -->"

// ParseComment reads what Markdown wrote; isOurs is false for any other text. What
// somebody has changed since is read as far as it can be.
func ParseComment(body string) (comment Comment, isOurs bool) {
	body = strings.ReplaceAll(body, "\r\n", "\n") // as GitHub's editor leaves it
	if !strings.HasPrefix(body, CommentMarker+"\n") {
		return Comment{}, false
	}
	at := strings.LastIndex(body, "\n"+storePrefix)
	if at < 0 {
		return Comment{}, true
	}
	stored, _, _ := strings.Cut(body[at+len("\n"+storePrefix):], storeSuffix)
	raw, err := base64.StdEncoding.DecodeString(stored)
	var rows []storedRow
	if err != nil || json.Unmarshal(raw, &rows) != nil {
		return Comment{}, true
	}
	for _, one := range rows {
		if end := one.Start + one.Bytes; one.Bytes > 0 && one.Start >= 0 && end > one.Start && end <= at && sumOf(body[one.Start:end]) == one.Sum {
			one.Details = body[one.Start:end]
		}
		comment = comment.With(one.CommentRow)
	}
	return comment, true
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawStdEncoding.EncodeToString(sum[:9])
}

// Markdown renders the Comment in at most most bytes. What does not fit is left out:
// Details first, the longest of them, then rows, those first that tell the least. The
// same Comment gives the same text.
func (c Comment) Markdown(most int) string {
	// The order in which things go: places of rows, first for their Details.
	var order []int
	for at, row := range c.rows {
		if row.Details != "" {
			order = append(order, at)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(c.rows[b].Details), len(c.rows[a].Details)) })
	folded := len(order)
	for at := range c.rows {
		order = append(order, at)
	}
	slices.SortFunc(order[folded:], func(a, b int) int { return compareInterest(c.rows[a], c.rows[b]) })

	without := func(gone int) string {
		rows, left := slices.Clone(c.rows), make([]bool, len(c.rows))
		for step, at := range order[:gone] {
			rows[at].Details = ""
			left[at] = step >= folded
		}
		at := -1
		rows = slices.DeleteFunc(rows, func(CommentRow) bool { at++; return left[at] })
		return render(rows, len(c.rows)-len(rows))
	}
	fewest := sort.Search(len(order), func(gone int) bool { return len(without(gone)) <= most })
	return without(fewest)
}

// compareInterest puts first what tells the least.
func compareInterest(a, b CommentRow) int {
	rank := func(row CommentRow) int {
		return slices.Index([]job.Status{job.TornDown, job.Skipped, job.Unchanged, job.Superseded}, row.Status) + 1
	}
	rankA, rankB := rank(a), rank(b)
	if (rankA == 0) != (rankB == 0) {
		return rankB - rankA
	}
	return cmp.Or(rankA-rankB, a.Updated.Compare(b.Updated), compareTargets(a, b))
}

// indent and outdent stand around Details, so that what is folded within them does not
// look like the next row's.
const indent, outdent = "<dl><dd>\n\n", "\n</dd></dl>\n"

func render(rows []CommentRow, left int) string {
	var text strings.Builder
	text.WriteString(CommentMarker + "\n### Slipway\n\n")
	text.WriteString(tableHead("Service", "Environment", "State", "URL", "Commit", "Updated"))
	for _, row := range rows {
		text.WriteString(row.cells())
	}
	if left > 0 {
		fmt.Fprintf(&text, "\n_… and %s more, for which there is no room._\n", words.Count(left, "row"))
	}
	stored := make([]storedRow, len(rows))
	for i, row := range rows {
		stored[i].CommentRow = row
		if row.Details == "" {
			continue
		}
		fmt.Fprintf(&text, "\n<details>\n<summary><b>%s</b></summary>\n\n%s", row.foldedTitle(), indent)
		stored[i].Start, stored[i].Bytes, stored[i].Sum = text.Len(), len(row.Details), sumOf(row.Details)
		text.WriteString(row.Details + outdent + "\n</details>\n")
	}
	encoded, err := json.Marshal(stored)
	if err != nil { // no such value can be in them
		encoded = []byte("[]")
	}
	text.WriteString("\n" + storePrefix + base64.StdEncoding.EncodeToString(encoded) + storeSuffix + "\n")
	return text.String()
}

// rowTime is how a row shows when it was written. Its halves stand on a line each
// where there is little room, and are not broken themselves.
const rowTime = "2\u00a0Jan\u00a02006 15:04\u00a0UTC"

// mostNote is how much of a row's Note is shown, in bytes.
const mostNote = 300

// cells is the row in the table.
func (row CommentRow) cells() string {
	sign, ended := row.state()
	if row.Note != "" && row.Note != ended {
		if row.Status != job.Superseded || !strings.HasPrefix(row.Note, supersededBy) {
			ended += ":"
		}
		kept, rest := clip(row.Note, mostNote)
		ended += " " + prose(kept) + rest
	}
	if plainURL.MatchString(row.LogURL) {
		ended += "\u00a0([log](" + row.LogURL + "))"
	}
	url, commit, updated := "", "", ""
	if row.URL != "" {
		url = linkAs(strings.TrimPrefix(row.URL, "https://"), row.URL) // which is room for the State
	}
	if row.Commit != "" {
		commit = code(words.Commit(row.Commit))
	}
	if !row.Updated.IsZero() {
		updated = row.Updated.UTC().Format(rowTime)
	}
	return tableRow(code(row.Service), code(row.Environment), sign+" "+ended, url, commit, updated)
}

// state is the row's Status in words.
func (row CommentRow) state() (sign, ended string) {
	switch {
	case row.Status == job.Failed && row.Note == Cancelled:
		return signCancelled, Cancelled
	case row.Status == UnderWayRow:
		return "🕐", "Under way"
	default:
		return stateOf(row.Status, prose)
	}
}

// foldedTitle names the Target in the line to unfold its Details with, which is
// HTML.
func (row CommentRow) foldedTitle() string {
	return "<code>" + html.EscapeString(clean(row.Service)) + "</code> in <code>" + html.EscapeString(clean(row.Environment)) + "</code>"
}
