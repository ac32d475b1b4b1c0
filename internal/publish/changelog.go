package publish

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

const changelogFile = "CHANGELOG.md"

// The parts of CHANGELOG.md, in the form of Keep a Changelog (keepachangelog.com).
var (
	sectionHeading = regexp.MustCompile(`^## \[([^\]]+)\](?: - ([0-9]{4}-[0-9]{2}-[0-9]{2}))?\s*$`)
	linkDefinition = regexp.MustCompile(`^\[[^\]]+\]:\s`)
)

// Notes returns what CHANGELOG.md says of a version, as Markdown without the heading
// that names it: the text of its GitHub Release. There has to be one section for it,
// with a date and not empty. The error is a Problem.
func Notes(changelog string, version Version) (string, error) {
	var (
		notes  []string
		start  int // the line of the section's heading; 0 before it
		inside bool
	)
	wrong := func(line int, format string, arguments ...any) error {
		return &problem.Problem{
			File: changelogFile, Line: line, Message: fmt.Sprintf(format, arguments...),
			Fix: fmt.Sprintf("Put what is under [Unreleased] under one heading of its own: \"## [%s] - \" and the date as YYYY-MM-DD.", version.Bare()),
		}
	}
	number := 0
	for line := range strings.Lines(changelog) {
		number++
		line = strings.TrimRight(line, "\r\n")
		heading := sectionHeading.FindStringSubmatch(line)
		switch isOurs := heading != nil && heading[1] == version.Bare(); {
		case isOurs && start > 0:
			return "", wrong(number, "there is a second section for %s; the first is in line %d", version, start)
		case isOurs && heading[2] == "":
			return "", wrong(number, "the section for %s has no date", version)
		case isOurs:
			start, inside = number, true
		case strings.HasPrefix(line, "## "), linkDefinition.MatchString(line):
			inside = false
		case inside:
			notes = append(notes, line)
		}
	}
	text := strings.Trim(strings.Join(notes, "\n"), "\n")
	switch {
	case start == 0:
		return "", wrong(0, "there is no section for %s", version)
	case strings.TrimSpace(text) == "":
		return "", wrong(start, "the section for %s is empty", version)
	}
	return text + "\n", nil
}
