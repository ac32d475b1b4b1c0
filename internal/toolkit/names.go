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
	maxOdd       = 10 // names that are told one by one
	maxNameBytes = 64 // of a name that may be a slip of another
)

// checkNames warns of names that the Toolkit does not know, in every section, and
// once of those that would lead to an account.
func (r *reader) checkNames(found *settings, commands, environments, projects value) {
	check := &nameCheck{reader: r, file: found.file, leading: leadingNames()}
	for _, m := range found.top.members {
		if !slices.Contains([]string{commandsKey, environmentsKey, projectsKey}, m.name) {
			check.setting(m)
		}
	}
	for _, m := range slices.Concat(commands.members, environments.members, projects.members) {
		for _, inside := range m.value.members {
			check.setting(inside)
		}
	}
	for _, m := range commands.members {
		if !slices.Contains(knownCommands(), m.name) {
			check.unknown(m, "command", knownCommands())
		}
	}
	for _, m := range projects.members {
		if sid, _, _ := strings.Cut(m.name, ":"); !isSID("AC", sid) {
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
	// taken are the names that lead to an account, from takenLine on.
	taken     []string
	takenLine int
	// odds counts names that the Toolkit does not know.
	odds int
}

// setting checks the name of a setting.
func (c *nameCheck) setting(m member) {
	switch {
	case c.leading[plain(m.name)]:
		if m.value.kind != nothing && !c.isUsedAnyway(m) {
			c.taken = append(c.taken, m.name)
			c.takenLine = earlier(c.takenLine, m.line)
		}
	case !slices.Contains(knownKeys(), m.name):
		c.unknown(m, "setting", knownKeys())
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

// unknown warns of a name that is not among those known.
func (c *nameCheck) unknown(m member, what string, known []string) {
	fix := "Remove it, or correct its name."
	if len(m.name) <= maxNameBytes {
		if similar := words.Closest(m.name, known); similar != "" {
			fix = "Did you mean " + similar + "?"
		}
	}
	c.odd(m, fmt.Sprintf("the Toolkit knows no %s %q, so that it changes nothing", what, shortened(m.name)), fix)
}

// odd warns of a name that changes nothing.
func (c *nameCheck) odd(m member, message, fix string) {
	if c.odds++; c.odds <= maxOdd {
		c.warnings.AddAt(c.file, m.line, message, fix)
	}
}

// finish tells what is told once.
func (c *nameCheck) finish() {
	if more := c.odds - maxOdd; more > 0 {
		c.warnings.AddAt(c.file, 0, fmt.Sprintf("holds %d more names that the Toolkit does not know", more), "Check that it is the file it should be.")
	}
	if len(c.taken) == 0 {
		return
	}
	slices.Sort(c.taken)
	c.taken = slices.Compact(c.taken)
	c.warnings.AddAt(c.file, c.takenLine,
		"passed over, because accounts, credentials and addresses never come from a repository's files: "+strings.Join(c.taken, ", "),
		"Give them as flags, as inputs or in the environment.")
}
