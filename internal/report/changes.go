package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/words"
)

// isDone reports whether the Plan was carried out.
func (s *summary) isDone() bool {
	return s.result.Status != job.Failed && s.result.Status != job.Planned
}

// files folds a table of paths with who may reach them and what happened to
// them.
func (s *summary) files(noun string, planned []deploy.FilePlan) {
	rows := make([]changed, len(planned))
	for i, file := range planned {
		visibility := string(file.Visibility)
		switch file.Visibility {
		case project.Public, project.Protected, project.Private:
		default: // of a Build that something else made
			visibility = s.code(visibility)
		}
		rows[i] = changed{cells: []string{s.code(file.Path), visibility}, change: file.Change}
	}
	s.changes(noun, []string{"Path", "Visibility"}, rows)
}

func (s *summary) variables() {
	var rows []changed
	for _, group := range []struct {
		change deploy.Change
		keys   []string
	}{
		{deploy.Created, s.result.Variables.Created},
		{deploy.Updated, s.result.Variables.Updated},
		{deploy.Removed, s.result.Variables.Removed},
		{deploy.Unchanged, s.result.Variables.Unchanged},
	} {
		for _, key := range group.keys {
			rows = append(rows, changed{cells: []string{s.code(key)}, change: group.change})
		}
	}
	s.changes("variable", []string{"Key"}, rows)
}

// changed is a thing that a deploy deals with.
type changed struct {
	cells  []string
	change deploy.Change
}

// changes folds a table, with a count of each change to unfold it with.
func (s *summary) changes(noun string, columns []string, rows []changed) {
	if len(rows) == 0 {
		return
	}
	last, folded := "Change", "<b>"+words.Count(len(rows), noun)+"</b>"
	if !s.isDone() {
		last, folded = "Planned", "<b>Planned: "+words.Count(len(rows), noun)+"</b>"
	}
	table := part{rank: rankFolded, noun: noun, before: tableHead(append(columns, last)...)}
	counts := make(map[deploy.Change]int)
	for _, row := range rows {
		counts[row.change]++
		table.items = append(table.items, tableRow(append(row.cells, s.change(row.change))...))
	}
	var tally []string
	for _, change := range []deploy.Change{deploy.Created, deploy.Updated, deploy.Removed, deploy.Unchanged} {
		if counts[change] > 0 {
			tally = append(tally, strconv.Itoa(counts[change])+" "+s.change(change))
		}
	}
	table.folded = folded
	if len(tally) > 0 {
		table.folded += ": " + strings.Join(tally, ", ")
	}
	s.parts = append(s.parts, table)
}

// change puts a Change into words: what happened, or what would have.
func (s *summary) change(change deploy.Change) string {
	done := s.isDone()
	switch {
	case change == deploy.Unchanged || done && (change == deploy.Created || change == deploy.Updated || change == deploy.Removed):
		return string(change)
	case change == deploy.Created:
		return "to create"
	case change == deploy.Updated:
		return "to update"
	case change == deploy.Removed:
		return "to remove"
	default:
		return s.code(string(change))
	}
}

// visibilities calls out who will reach what: that is what nobody may overlook.
func (s *summary) visibilities() {
	changed := s.plan.VisibilityChanges()
	if len(changed) == 0 {
		return
	}
	list := part{rank: rankProblems, noun: "visibility", before: "👁️ **" + words.Count(len(changed), "file") + " will be more or less open**\n\n"}
	for _, file := range changed {
		list.items = append(list.items, fmt.Sprintf("- %s becomes **%s**; it is %s now\n", s.code(file.Path), file.Visibility, s.code(string(file.WasVisibility))))
	}
	s.parts = append(s.parts, list)
}

// changedPackages are those whose version differs from what is live.
func (s *summary) changedPackages() {
	changes := s.plan.DependencyChanges()
	if len(changes) == 0 {
		return
	}
	table := part{
		rank: rankFolded, noun: "npm package", folded: "<b>Planned: " + words.Count(len(changes), "npm package") + "</b>: other versions",
		before: tableHead("Name", "Now", "Planned"),
	}
	version := func(text string) string {
		if text == "" {
			return "none"
		}
		return s.code(text)
	}
	for _, one := range changes {
		table.items = append(table.items, tableRow(s.code(one.Name), version(one.From), version(one.To)))
	}
	s.parts = append(s.parts, table)
}

func (s *summary) packages() {
	if s.result.Status == job.Planned && s.plan.LiveBuildSID != "" {
		s.changedPackages()
		return
	}
	rows := make([][]string, len(s.plan.Dependencies))
	for i, one := range s.plan.Dependencies {
		rows[i] = []string{s.code(one.Name), s.code(one.Version)}
	}
	s.folded("npm package", []string{"Name", "Version"}, rows)
}
