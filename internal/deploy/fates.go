package deploy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/words"
)

// fate is what happens to a variable. The empty one is that of a key of which a
// Plan says nothing.
type fate string

const (
	fateCreated   fate = "created"
	fateCopied    fate = "copied" // created, with the value of another Environment
	fateUpdated   fate = "updated"
	fateUnchanged fate = "unchanged"
	fateRemoved   fate = "removed"
)

// isGiven reports whether it is that of a variable which the project sets.
func (f fate) isGiven() bool { return f == fateCreated || f == fateUpdated || f == fateUnchanged }

// fates are what happens to the variables, by key.
func (p *Plan) fates() map[string]fate {
	byKey := make(map[string]fate)
	var copied []string
	if p.Copied != nil {
		copied = p.Copied.Keys
	}
	for _, group := range []struct {
		fate fate
		keys []string
	}{
		{fateCreated, p.Variables.Created},
		{fateUpdated, p.Variables.Updated},
		{fateUnchanged, p.Variables.Unchanged},
		{fateRemoved, p.Variables.Removed},
		{fateCopied, copied},
	} {
		for _, key := range group.keys {
			byKey[key] = group.fate
		}
	}
	return byKey
}

// checkVariables compares what happens to the variables, which are those of the
// same Environment, with what does so in a Plan that was made now. The error is a
// *StaleError when those of the Environment that they are like have moved, and a
// problem.Problem when others were given.
func (p *Plan) checkVariables(now Plan) error {
	before, after := p.fates(), now.fates()
	all := maps.Clone(before)
	maps.Copy(all, after)
	var given, moved []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		was, is := before[key], after[key]
		switch {
		case was == is:
		case was.isGiven() || is.isGiven():
			given = append(given, key)
		default:
			moved = append(moved, key)
		}
	}
	switch {
	case len(given) > 0:
		return &problem.Problem{
			Message: fmt.Sprintf("what happens to these variables is not what was planned, although none of them was changed in %s: %s",
				now.Environment.Name, words.Names(given)),
			Fix: "Give the variables that the plan was made with, or plan again.",
		}
	case len(moved) > 0:
		return newStaleError("these variables of the Environment that variables-like names have come or gone since it was made: " + words.Names(moved))
	}
	return nil
}
