package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// Proposed tells a person what a tree asks for that was not deployed; empty where that is
// not known. Its Problems are not in it: they have places of their own.
func Proposed(result job.Result) string {
	asked := result.Proposal
	if asked == nil {
		return ""
	}
	var text strings.Builder
	fmt.Fprintf(&text, "What it asks for%s; what is live was not looked at\n", ofCommit(result))
	proposedFiles(&text, "Functions", asked.Functions)
	proposedFiles(&text, "Assets", asked.Assets)
	if len(asked.Variables) > 0 {
		fmt.Fprintf(&text, "\nVariables: %s\n", clean(strings.Join(asked.Variables, ", ")))
	}
	if asked.Runtime != "" {
		fmt.Fprintf(&text, "\nRuntime %s with %s\n", clean(asked.Runtime), packagesOf(asked))
	}
	if asked.LeftOut > 0 {
		fmt.Fprintf(&text, "\n… and %d more, for which there is no room\n", asked.LeftOut)
	}
	return text.String()
}

// ofCommit names the commit that was read.
func ofCommit(result job.Result) string {
	if result.Commit == "" {
		return ""
	}
	return ", by what is checked out (" + clean(words.Commit(result.Commit)) + ")"
}

func proposedFiles(text *strings.Builder, title string, files []job.ProposedFile) {
	if len(files) == 0 {
		return
	}
	fmt.Fprintf(text, "\n%s\n", title)
	shown := files[:min(len(files), mostListed)]
	widest := 0
	for _, file := range shown {
		widest = max(widest, utf8.RuneCountInString(clean(file.Path)))
	}
	for _, file := range shown {
		fmt.Fprintf(text, "  %-*s  %s\n", widest, clean(file.Path), clean(file.Visibility))
	}
	if rest := len(files) - len(shown); rest > 0 {
		fmt.Fprintf(text, "  … and %d more\n", rest)
	}
}

func packagesOf(asked *job.Proposal) string {
	if len(asked.Dependencies) == 0 {
		return "no dependencies of its own"
	}
	named := make([]string, len(asked.Dependencies))
	for i, one := range asked.Dependencies {
		named[i] = clean(one.Name + " " + one.Version)
	}
	return strings.Join(named, ", ")
}

// proposal adds what a tree asks for that was not deployed: first what it would be refused
// for, and the rest folded.
func (s *summary) proposal() {
	asked := s.result.Proposal
	if asked == nil {
		return
	}
	if count := len(asked.Problems); count > 0 {
		list := part{rank: rankProblems, noun: "problem", before: "**A deploy would be refused for " + words.Count(count, "problem") + "**\n\n"}
		for _, one := range asked.Problems {
			list.items = append(list.items, "- "+s.prose(one)+"\n")
		}
		s.parts = append(s.parts, list)
	}
	told := "What it asks for stands below; what is live was not looked at."
	if asked.Runtime != "" {
		told += " Its runtime is " + s.code(asked.Runtime) + "."
	}
	if s.result.Commit != "" {
		told += " The commit that is checked out is " + s.code(words.Commit(s.result.Commit)) + "."
	}
	s.add(rankDetails, "details", told)
	s.proposedFiles("Function", asked.Functions)
	s.proposedFiles("Asset", asked.Assets)
	var keys, packages [][]string
	for _, key := range asked.Variables {
		keys = append(keys, []string{s.code(key)})
	}
	for _, one := range asked.Dependencies {
		packages = append(packages, []string{s.code(one.Name), s.code(one.Version)})
	}
	s.folded("variable", []string{"Key"}, keys)
	s.folded("npm package", []string{"Name", "Version"}, packages)
	if asked.LeftOut > 0 {
		s.add(rankDetails, "count", fmt.Sprintf("There is no room for %d more entries.", asked.LeftOut))
	}
}

func (s *summary) proposedFiles(noun string, files []job.ProposedFile) {
	var rows [][]string
	for _, file := range files {
		rows = append(rows, []string{s.code(file.Path), s.prose(file.Visibility)})
	}
	s.folded(noun, []string{"Path", "Visibility"}, rows)
}

// folded folds a table, with a count to unfold it with.
func (s *summary) folded(noun string, columns []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	table := part{rank: rankFolded, noun: noun, folded: "<b>" + words.Count(len(rows), noun) + "</b>", before: tableHead(columns...)}
	for _, cells := range rows {
		table.items = append(table.items, tableRow(cells...))
	}
	s.parts = append(s.parts, table)
}
