package report

import (
	"strconv"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// details are the facts of the run, in a small table.
func (s *summary) details() {
	var rows [][]string
	row := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	sid := func(text string) string {
		if text == "" {
			return ""
		}
		return s.code(text)
	}
	build, before := "Build", "Before it"
	previous := sid(s.result.PreviousBuildSID)
	switch {
	case s.result.Status == job.Failed:
		build, before = "Build of this run", "Live before"
		if s.result.RolledBack {
			before = "Live again"
		}
	case s.result.Status == job.Superseded:
		build, before = "Build of this run", "Live before"
	case s.result.Status == job.Planned:
		before = "Live now"
	case s.result.Status == job.TornDown:
		before = "Was live"
	case s.plan.Build == deploy.BuildLive || s.result.Status == job.Unchanged: // this one, before and now
		previous = ""
	case s.result.Status.IsLive() && previous == "":
		previous = "nothing was live"
	}
	if s.result.Status == job.Failed && s.result.PreviousBuildSID != "" {
		row("URL", s.url())
	}
	made := sid(s.result.BuildSID)
	if s.plan.Build == deploy.BuildReused && s.plan.Release == nil && made != "" {
		made += ", " + s.prose(madeOfTheSame(s.plan))
	}
	row(build, made)
	row(before, previous)
	row("Live now", sid(s.result.SupersededBy))
	if was := s.plan.LiveRuntime; s.result.Status == job.Planned && was != "" && was != s.plan.Runtime {
		row("Runtime now", sid(was))
	}
	row("Runtime", sid(s.plan.Runtime))
	row("Commit", sid(words.Commit(s.result.Commit)))
	if s.result.APICalls > 0 {
		row("API calls", strconv.Itoa(s.result.APICalls))
	}
	if s.result.UploadedBytes > 0 || s.result.Status == job.Deployed {
		row("Uploaded", words.Size(s.result.UploadedBytes))
	}
	if s.result.APICalls > 0 {
		row("Time", words.Elapsed(time.Duration(s.result.DurationMS)*time.Millisecond))
	}
	switch len(rows) {
	case 0:
		return
	case 1:
		s.add(rankDetails, "details", "**"+rows[0][0]+":** "+rows[0][1])
		return
	}
	// The first row is the head: an empty one would show as an empty line.
	lines := []string{tableHead(rows[0]...)}
	for _, one := range rows[1:] {
		lines = append(lines, tableRow(one...))
	}
	s.add(rankDetails, "details", strings.TrimSuffix(strings.Join(lines, ""), "\n"))
}

// tableHead begins a table; cells are Markdown. GitHub centres the head of a column
// that is not said to be on the left, as all below it is.
func tableHead(cells ...string) string {
	return tableRow(cells...) + strings.Repeat("|:---", len(cells)) + "|\n"
}

func tableRow(cells ...string) string {
	var row strings.Builder
	for _, content := range cells {
		row.WriteString("| " + cell(content) + " ")
	}
	row.WriteString("|\n")
	return row.String()
}
