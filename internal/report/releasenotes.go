package report

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/slipway-dev/slipway/internal/job"
)

// noteEnd ends what is Slipway's in the line of a GitHub Release. What is the Target's
// begins with noteBegin. GitHub shows neither. Neither may begin the line: all of it would
// be HTML then (CommonMark 0.31, HTML blocks).
const noteEnd = "<!-- /slipway -->"

func noteBegin(service, environment string) string {
	name := url.PathEscape(service) + "/" + url.PathEscape(environment)
	return "<!-- slipway:" + strings.ReplaceAll(name, "--", "-%2D") + " -->"
}

// ReleaseNotes returns the text of a GitHub Release with a line that says which Build a
// Result's Target runs, and of which digest. The line of the same Target is replaced;
// all other text stays as it is, byte for byte. Of equal Results the text is equal, also
// where one made a Build live that the other found there.
func ReleaseNotes(text string, result job.Result) string {
	begin := noteBegin(result.Service, result.Environment)
	note := fmt.Sprintf(" %s to %s: Build %s, digest %s", code(result.Service), code(result.Environment), code(result.BuildSID), code(result.Digest))
	if before, behind, isThere := strings.Cut(text, begin); isThere {
		line, _, _ := strings.Cut(behind, "\n")
		rest := behind[len(strings.TrimSuffix(line, "\r")):] // where somebody has taken the end away
		if _, ended, isWhole := strings.Cut(line, noteEnd); isWhole {
			rest = ended + behind[len(line):]
		}
		return before + begin + note + noteEnd + rest
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
	return text + "- Deployed" + begin + note + noteEnd + newline
}
