package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Logs are entries that an Environment's Functions wrote, oldest first.
type Logs struct {
	Version int `json:"version"`
	Place
	// Since is where the entries were asked for from.
	Since time.Time `json:"since"`
	// Entries are never nil, so that programs find a list.
	Entries []LogEntry `json:"entries"`
}

// LogEntry is what a Function wrote to its console at once.
type LogEntry struct {
	SID string `json:"sid"`
	// Time has whole seconds, as the API gives it. Nil when it gives none.
	Time *time.Time `json:"time"`
	// Level is "info", "warning", "error" and maybe others.
	Level string `json:"level"`
	// Function is its path, or its friendly name when it is not live; empty when
	// it is there no more.
	Function      string `json:"function"`
	FunctionSID   string `json:"function_sid"`
	BuildSID      string `json:"build_sid"`
	DeploymentSID string `json:"deployment_sid"`
	// RequestSID is the same for all that one call of a Function wrote.
	RequestSID string `json:"request_sid"`
	Message    string `json:"message"`
}

// LogLine is a LogEntry that stands by itself, as one line of JSON.
type LogLine struct {
	Version int `json:"version"`
	LogEntry
}

// widestFunction bounds the room that shorter names are given.
const widestFunction = 32

// LogWidth is the room that the names of Functions need, for LogText.
func LogWidth(functions []string) int {
	widest := 0
	for _, function := range functions {
		if width := utf8.RuneCountInString(clean(function)); width <= widestFunction {
			widest = max(widest, width)
		}
	}
	return widest
}

// LogText shows an entry to a person. The first line begins with the time,
// which --since takes back; further lines of the message are indented, so that
// none of them passes for an entry. GitHub's runner finds no command in it ("::"
// at the start of a line, "##[" anywhere): whoever calls a Function may choose
// what it writes, and a step of a workflow may show that. width is LogWidth's.
func LogText(entry LogEntry, width int) string {
	when, level, function := noValue, strings.TrimSpace(clean(entry.Level)), strings.TrimSpace(clean(entry.Function))
	if entry.Time != nil {
		when = entry.Time.UTC().Format(time.RFC3339)
	}
	function = cmp.Or(function, clean(entry.FunctionSID), noValue)
	level = cmp.Or(level, noValue)
	const widestLevel = len("warning")
	first, rest, _ := strings.Cut(printable(entry.Message), "\n")
	var text strings.Builder
	text.WriteString(strings.TrimRight(fmt.Sprintf("%-20s  %-*s  %-*s  %s", when, widestLevel, level, width, function, first), " "))
	for line := range strings.Lines(rest) {
		text.WriteString("\n" + strings.TrimRight("    "+broken(line), " \n"))
	}
	text.WriteByte('\n')
	return strings.ReplaceAll(text.String(), "##[", "## [")
}

// broken breaks "::" at the start of a line.
func broken(line string) string {
	text := strings.TrimLeft(line, " \t")
	if !strings.HasPrefix(text, "::") {
		return line
	}
	return line[:len(line)-len(text)] + ": " + text[1:]
}

// Following says that what comes will be shown. function is the one that was
// asked for; empty for all.
func Following(place Place, function string) string {
	if function != "" {
		return fmt.Sprintf("following the logs of %s in %s ...", clean(function), place)
	}
	return fmt.Sprintf("following the logs of %s ...", place)
}

// NoLogs says that there are none, and why if that is known. function is the one
// that was asked for; empty for all.
func NoLogs(place Place, function string, since time.Time) string {
	of, why := "", ""
	if function != "" {
		of = " of " + clean(function)
	}
	if place.BuildSID == "" {
		why = "; nothing is live there"
	}
	return fmt.Sprintf("%s has no logs%s since %s%s\n", place, of, since.UTC().Format(time.RFC3339), why)
}

// printable cleans every line of a text, keeps their indentation, and takes
// blank lines off both ends.
func printable(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "    ").Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(clean(line), " ")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
