package report_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/twilio"
)

// What a Summary may hold outside of code, beside words.
var (
	ownTag   = regexp.MustCompile(`^(<details>|</details>|<summary><b>(Planned: )?\d+ [A-Za-z ]+</b>[a-z0-9:, ]*</summary>)$`)
	ownLink  = regexp.MustCompile(`\[([^\]\[()<>|@#\x60 ]+)\]\((https?://[^\]\[()<>|@#\x60 ]+)\)`)
	ownTable = regexp.MustCompile(`^(\|:---)+\|$`)
	ownNote  = regexp.MustCompile(`^_Cut to fit\.( Left out: [A-Za-z0-9, ]+\.)?_$`)
	ownLabel = regexp.MustCompile(`^(⚠️ )?\*\*[A-Za-z0-9: ]+\*\*`)
	ownStart = regexp.MustCompile(`^(## |- )`)
	// active is what Markdown or GitHub would take for more than text. An escaped
	// mark is none, and of bare ones only those count that begin something.
	active = regexp.MustCompile("[@#<>\\[\\]`*_~|\\\\&$^{}]|://|www\\.|[A-Za-z]-[0-9]|^[-+=]|^[0-9]+[.)]( |$)|[0-9a-f]{7}")
)

// checkMarkdown fails unless text is whole, safe Markdown of at most most bytes.
// It reads it as GitHub would: fenced blocks, tables, then code spans.
func checkMarkdown(t *testing.T, text string, most int) {
	t.Helper()
	if len(text) > most {
		t.Errorf("%d bytes, at most %d are allowed", len(text), most)
	}
	if !utf8.ValidString(text) {
		t.Error("not valid UTF-8")
	}
	if text == "" {
		return
	}
	if !strings.HasSuffix(text, "\n") {
		t.Error("the last line has no end")
	}
	fence, open, columns, headings := "", 0, 0, 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if fence != "" {
			if line == fence {
				fence = ""
			} else if strings.HasPrefix(strings.TrimLeft(line, " "), fence) {
				t.Errorf("a line ends the fenced block early: %q", line)
			}
			continue
		}
		if marks, ok := strings.CutSuffix(line, "text"); ok && len(marks) >= 3 && strings.Trim(marks, "`") == "" {
			fence = marks
			continue
		}
		switch {
		case ownTag.MatchString(line):
			open += strings.Count(line, "<details>") - strings.Count(line, "</details>")
			if open < 0 || open > 1 {
				t.Errorf("%d details are open at %q", open, line)
			}
		case ownTable.MatchString(line):
			if got := strings.Count(line, "|:---"); got != columns {
				t.Errorf("a table's head has %d columns, its rule %d", columns, got)
			}
		case strings.HasPrefix(line, "|"):
			cells := splitRow(line)
			if columns != 0 && len(cells) != columns {
				t.Errorf("a row has %d cells, want %d: %q", len(cells), columns, line)
			}
			columns = len(cells)
			for _, content := range cells {
				checkInline(t, strings.ReplaceAll(content, `\|`, "|"))
			}
		case ownNote.MatchString(line):
		default:
			columns = 0
			if strings.HasPrefix(line, "## ") {
				headings++
			}
			line = ownStart.ReplaceAllString(line, "")
			checkInline(t, ownLabel.ReplaceAllString(line, ""))
		}
	}
	if fence != "" || open != 0 {
		t.Errorf("left open: fence %q, %d details", fence, open)
	}
	if headings > 1 {
		t.Errorf("%d headings", headings)
	}
}

// splitRow is a table's row at its unescaped pipes, without the outer ones.
func splitRow(line string) []string {
	var cells []string
	start := 1
	for i := 1; i < len(line); i++ {
		if line[i] == '|' && line[i-1] != '\\' {
			cells = append(cells, strings.TrimSpace(line[start:i]))
			start = i + 1
		}
	}
	if start != len(line) {
		cells = append(cells, "no pipe ends the row: @")
	}
	return cells
}

// checkInline takes code spans out of a line, as CommonMark defines them, and
// looks at what is left.
func checkInline(t *testing.T, line string) {
	t.Helper()
	var bare strings.Builder
	for rest := line; rest != ""; {
		start := strings.IndexByte(rest, '`')
		if start < 0 {
			bare.WriteString(rest)
			break
		}
		bare.WriteString(rest[:start])
		rest = rest[start:]
		length := len(rest) - len(strings.TrimLeft(rest, "`"))
		end := closing(rest[length:], length)
		if end < 0 {
			t.Errorf("a code span does not end: %q", line)
			return
		}
		bare.WriteString("code")
		rest = rest[length+end:]
	}
	left := bare.String()
	left = ownLink.ReplaceAllStringFunc(left, func(link string) string {
		parts := ownLink.FindStringSubmatch(link)
		if shown := strings.ReplaceAll(parts[1], `\`, ""); shown != parts[2] && "https://"+shown != parts[2] {
			return link // to where it does not say
		}
		return "link"
	})
	if found := active.FindString(left); found != "" {
		t.Errorf("%q stands bare in %q", found, line)
	}
}

// closing is the end of the next run of exactly length backticks, or -1.
func closing(text string, length int) int {
	for i := 0; i < len(text); {
		run := len(text[i:]) - len(strings.TrimLeft(text[i:], "`"))
		if run == length {
			return i + run
		}
		i += max(run, 1)
	}
	return -1
}

func FuzzSummary(f *testing.F) {
	for _, seed := range []string{
		"plain", "a|b", "`", "``a`", "@octocat", "#1", "<b>", "</details>", "[x](y)", "a\nb\n```\n", "\\|", "https://a.example/_b_", "\xff\u202e", "1. x", "- x",
	} {
		f.Add(seed, seed, "failed", roomy)
		f.Add(seed, "/"+seed, "deployed", 600)
		f.Add(seed, seed, "skipped", 100)
	}
	f.Fuzz(func(t *testing.T, text, name, status string, most int) {
		most = min(most, roomy)
		result := job.NewResult()
		result.Status = job.Status(status)
		result.Service, result.Environment, result.URL, result.Commit = name, text, text, name
		result.BuildSID, result.PreviousBuildSID = name, text
		result.Variables.Created, result.Variables.Unchanged = []string{name}, []string{text}
		result.Warnings = []string{text, name + "\n" + text, name + " " + text}
		result.SkipReason = text
		plan := deploy.Plan{
			Runtime: name, Dependencies: []twilio.Dependency{{Name: name, Version: text}},
			Functions: []deploy.FilePlan{
				planned(project.KindFunction, name, project.Visibility(text), deploy.Change(name)),
				planned(project.KindFunction, text, project.Public, deploy.Removed),
			},
			Assets: []deploy.FilePlan{planned(project.KindAsset, name+text, project.Private, deploy.Created)},
		}
		for _, reason := range []job.Reason{job.BadInput, job.Internal, job.Reason(name)} {
			result.Error = &job.Failure{Reason: reason, Message: text + "\n" + name, Hint: text, State: name}
			checkMarkdown(t, report.Summary(result, plan, most), max(most, 0))
			result.Error.Message = text
			checkMarkdown(t, report.Summary(result, plan, most), max(most, 0))
		}
	})
}
