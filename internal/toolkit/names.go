package toolkit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/words"
)

// Bounds for files that are not what their names say.
const (
	maxOdd       = 10 // names that are told one by one, of a sort
	maxNameBytes = 64 // of a name that may be a slip of another
)

// checkNames warns of names that the Toolkit does not know, in every section, and
// once of those that would lead to an account.
func (r *reader) checkNames(found *settings, commands, environments, projects value) {
	check := &nameCheck{reader: r, file: found.file, leading: leadingNames(), known: knownKeys()}
	check.repeated(found.top)
	for _, m := range found.top.members {
		if !slices.Contains(sectionKeys(), m.name) {
			check.setting(m)
		}
	}
	for _, sections := range []value{commands, environments, projects} {
		check.repeated(sections)
		for _, section := range sections.members {
			check.repeated(section.value)
			for _, m := range section.value.members {
				check.setting(m)
			}
		}
	}
	for _, m := range commands.members {
		if !slices.Contains(knownCommands(), m.name) {
			check.unknown(m, "command", knownCommands())
		}
	}
	for _, m := range projects.members {
		if sid, _, _ := strings.Cut(m.name, ":"); !isSID("AC", sid) && check.isTold() {
			check.odd(m, fmt.Sprintf("the section %q in projects is not called by an Account SID, and never counts", shortened(m.name)),
				"An Account SID has the form AC and 32 hexadecimal digits.")
		}
	}
	check.finish()
}

// nameCheck is a look at all names in a file.
type nameCheck struct {
	*reader

	file    string
	leading map[string]bool
	known   []string
	// taken are the names that lead to an account, from takenLine on.
	taken     []string
	takenLine int
	// odds counts names that change nothing.
	odds int
}

// setting checks the name of a setting. One that is there to be referred to has
// any name.
func (c *nameCheck) setting(m member) {
	switch {
	case c.leading[plain(m.name)]:
		if m.value.kind != nothing && !c.isUsedAnyway(m) {
			c.taken = append(c.taken, m.name)
			c.takenLine = earlier(c.takenLine, m.line)
		}
	case !m.value.isAnchor && !slices.Contains(c.known, m.name):
		c.unknown(m, "setting", c.known)
	}
}

// isUsedAnyway reports whether it is the region or the edge that is deployed to.
func (c *nameCheck) isUsedAnyway(m member) bool {
	switch m.name {
	case keyRegion:
		return m.value.text == c.region()
	case keyEdge:
		return m.value.text == c.Values[config.Edge].Text
	default:
		return false
	}
}

// repeated warns of names that come again, which JSON5 allows.
func (c *nameCheck) repeated(in value) {
	lines := make(map[string]int, len(in.members))
	for _, m := range in.members {
		if before, isAgain := lines[m.name]; isAgain && c.isTold() {
			c.odd(m, fmt.Sprintf("%q comes again, after line %d, and only the last one counts", shortened(m.name), before), "Remove the others.")
		}
		lines[m.name] = m.line
	}
}

// unknown warns of a name that is not among those known.
func (c *nameCheck) unknown(m member, what string, known []string) {
	if !c.isTold() {
		return
	}
	fix := "Remove it, or correct its name."
	if len(m.name) <= maxNameBytes {
		if similar := words.Closest(m.name, known); similar != "" {
			fix = "Did you mean " + similar + "?"
		}
	}
	c.odd(m, fmt.Sprintf("the Toolkit knows no %s %q, so that it changes nothing", what, shortened(m.name)), fix)
}

// isTold counts a name that changes nothing, and reports whether to warn of it.
func (c *nameCheck) isTold() bool {
	c.odds++
	return c.odds <= maxOdd
}

// odd warns of a name that changes nothing.
func (c *nameCheck) odd(m member, message, fix string) {
	c.warnings.AddAt(c.file, m.line, message, fix)
}

// finish tells what is told once.
func (c *nameCheck) finish() {
	if more := c.odds - maxOdd; more > 0 {
		c.warnings.AddAt(c.file, 0, fmt.Sprintf("holds %d more names that change nothing", more), "Check that it is the file it should be.")
	}
	if len(c.taken) == 0 {
		return
	}
	slices.Sort(c.taken)
	c.taken = slices.Compact(c.taken)
	shown := make([]string, 0, maxOdd)
	for _, name := range c.taken[:min(len(c.taken), maxOdd)] {
		shown = append(shown, shortened(name))
	}
	if len(c.taken) > maxOdd {
		shown = append(shown, "…")
	}
	c.warnings.AddAt(c.file, c.takenLine,
		"passed over, because accounts, credentials and addresses never come from a repository's files: "+strings.Join(shown, ", "),
		"Give them as flags, as inputs or in the environment.")
}
