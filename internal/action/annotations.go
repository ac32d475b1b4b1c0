package action

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sethvargo/go-githubactions"

	"github.com/slipway-dev/slipway/internal/words"
)

const (
	// mostAnnotations of each level are kept of a step; the runner shows no more.
	mostAnnotations = 10
	// longestMessage bounds an annotation, in UTF-16 code units, as the runner does.
	longestMessage = 4096
)

// level is how grave an annotation is, named as the runner's command for it.
type level string

const (
	levelNotice  level = "notice"
	levelWarning level = "warning"
	levelError   level = "error"
)

// place is where in the repository an annotation belongs. The zero value is
// nowhere; Line counts from 1, and 0 means the whole file.
type place struct {
	File string
	Line int
}

// annotation is a message that GitHub shows outside of the log as well.
type annotation struct {
	level          level
	at             place
	title, message string
}

// Annotate shows a message above the log and, when it has a place, beside the
// code. The message names the place as well, since the log shows nothing else. Past ten of a level they become plain lines, which Close counts. A text
// too long for an annotation is cut there and follows whole in the log.
//
// What is said in a group would be folded away with it: an error ends the open
// group, the rest waits for its end.
func (c *console) Annotate(how level, at place, title, message string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := annotation{how, at, title, message}
	if c.grouped && how != levelError {
		c.held = append(c.held, one)
		return
	}
	c.endGroup()
	c.annotate(one)
}

func (c *console) annotate(one annotation) {
	if strings.TrimSpace(one.message) == "" {
		one.title, one.message = "", one.title
	}
	if strings.TrimSpace(one.message) == "" {
		return
	}
	c.annotated[one.level]++
	if c.annotated[one.level] > mostAnnotations {
		c.print(one.plain())
		return
	}
	short, wasCut := shorten(c.text(one.message), longestMessage)
	properties := make(githubactions.CommandProperties)
	if file := c.oneLine(one.at.File); file != "" {
		properties["file"] = file
		if one.at.Line > 0 {
			properties["line"] = strconv.Itoa(one.at.Line)
		}
	}
	if title := c.title(one.title); title != "" {
		properties["title"] = title
	}
	c.actions.IssueCommand(&githubactions.Command{Name: string(one.level), Message: short, Properties: properties})
	if wasCut {
		c.print(one.plain())
	}
}

// plain is the annotation as lines of the log. The message has its place.
func (a annotation) plain() string { return string(a.level) + ": " + a.message }

// countUnshown tells, once, of annotations that became plain lines.
func (c *console) countUnshown() {
	var counts []string
	for _, how := range []level{levelError, levelWarning, levelNotice} {
		if more := c.annotated[how] - mostAnnotations; more > 0 {
			counts = append(counts, words.Count(more, "more "+string(how)))
			c.annotated[how] = mostAnnotations
		}
	}
	if len(counts) > 0 {
		c.print(fmt.Sprintf("And %s in the log above: GitHub shows the first %d of each kind as annotations.",
			strings.Join(counts, ", "), mostAnnotations))
	}
}
