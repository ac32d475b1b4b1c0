package report

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/slipway-dev/slipway/internal/job"
)

// noteStart begins a line of Slipway's in the text of a GitHub Release. What of it is
// replaced stands between noteMark and noteEnd, which GitHub does not show. Neither may
// begin the line: all of it would be HTML then (CommonMark 0.31, HTML blocks).
const (
	noteStart = "- Deployed"
	noteEnd   = "<!-- /slipway -->"
)

func noteMark(service, environment string) string {
	name := url.PathEscape(service) + "/" + url.PathEscape(environment)
	return "<!-- slipway:" + strings.ReplaceAll(name, "--", "-%2D") + " -->"
}

// ReleaseNotes returns the text of a GitHub Release with a line that says which Build a
// Result's Target runs, and of which digest where that is known. The line of the same
// Target is replaced; all other text stays as it is, byte for byte. Of equal Results the
// text is equal, also where one made a Build live that the other found there.
func ReleaseNotes(text string, result job.Result) string {
	start := noteStart + noteMark(result.Service, result.Environment)
	note := fmt.Sprintf(" %s to %s: Build %s", code(result.Service), code(result.Environment), code(result.BuildSID))
	if result.Digest != "" {
		note += ", digest " + code(result.Digest)
	}
	if from, to, isThere := findNote(text, start); isThere {
		return text[:from] + note + text[to:]
	}
	newline := "\n"
	if strings.Contains(text, "\r\n") {
		newline = "\r\n"
	}
	lines := strings.TrimRight(text, "\r\n")
	wanted := 2 // line breaks, which begin a list
	if strings.HasSuffix(lines, noteEnd) {
		wanted = 1
	}
	if lines == "" {
		wanted = 0
	}
	for range wanted - strings.Count(text[len(lines):], "\n") {
		text += newline
	}
	return text + start + note + noteEnd + newline
}

// findNote returns where a Target's note is: in the last line that begins with start and
// has an end. Marks elsewhere are others' text: in the notes that GitHub writes, each title
// of a pull request is a stranger's.
func findNote(text, start string) (from, to int, isThere bool) {
	for at := strings.LastIndex(text, start); at >= 0; at = strings.LastIndex(text[:at], start) {
		line, _, _ := strings.Cut(text[at:], "\n")
		end := strings.Index(line, noteEnd)
		if isOwnLine := at == 0 || text[at-1] == '\n'; isOwnLine && end >= 0 {
			return at + len(start), at + end, true
		}
	}
	return 0, 0, false
}
