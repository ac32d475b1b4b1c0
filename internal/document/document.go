// Package document reads the YAML files that are Slipway's own, slipway.yml and
// server.yml, into Values, each with the line that it stands at. A Reader collects what
// is wrong, all of it at once, and reads what every such file has: texts, lists,
// mappings, a version, and names that are known.
//
// It is strict where YAML is not: references, merges, tags, second documents, names that
// come again and characters that hide others are Problems, so that what holds at a line is
// what stands there, and nothing can multiply. What a file means is for its own room to say. Files of other
// tools, which need all of YAML, are not read here. Level 0: of the project it imports
// problem and words.
package document

import (
	"strings"

	"github.com/slipway-dev/slipway/internal/words"
)

// Kind is the type of a Value.
type Kind int

// The kinds.
const (
	// Unusable is a Value that a Problem was told of already.
	Unusable Kind = iota
	Nothing
	Boolean
	Number
	Text
	List
	Mapping
)

// String is the Kind in words.
func (k Kind) String() string {
	switch k {
	case Nothing:
		return "nothing"
	case Boolean:
		return "true or false"
	case Number:
		return "a number"
	case Text:
		return "text"
	case List:
		return "a list"
	case Mapping:
		return "a mapping"
	case Unusable:
		return "unusable"
	default:
		return "unknown"
	}
}

// Value is a value in a file. The zero value is one that cannot be used.
type Value struct {
	Kind Kind
	// Text is that of a plain value, as it is written.
	Text string
	// Line is where it begins, from 1.
	Line int
	// Items are a List's.
	Items []Value
	// Members are a Mapping's, in the order of the file; their names differ.
	Members []Member
}

// Member is a name in a Mapping, the line that it stands at, and its Value. The zero
// value is one that is not there: its Line is 0.
type Member struct {
	Name  string
	Line  int
	Value Value
}

const (
	// maxDepth is how deep values may lie in each other; what files are made of lies
	// seven deep.
	maxDepth = 12
	// maxName is more than a name needs, in bytes.
	maxName = 64
	// MaxText is how long a text may be, in bytes: more than any setting needs.
	MaxText = 1024
)

// Shortened is a name as a Problem may repeat it.
func Shortened(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "") + "…"
}

// Shown is a name of somebody's own as a Problem repeats it: quoted unless all of it
// can be printed.
func Shown(name string) string { return words.Names([]string{Shortened(name)}) }

// Spelled is a name in the one spelling that apiKey, api-key and API_KEY share.
func Spelled(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(name, "-", ""), "_", ""))
}

// Meant says which of the known names a name that is not among them may stand for, or
// else which there are.
func Meant(name string, known []string) string {
	if len(name) <= maxName {
		spelled := make([]string, len(known))
		for i, one := range known {
			spelled[i] = Spelled(one)
		}
		if similar := words.Closest(Spelled(name), spelled); similar != "" {
			for i, one := range spelled {
				if one == similar {
					return "Did you mean " + known[i] + "?"
				}
			}
		}
	}
	return "It knows " + strings.Join(known, ", ") + "."
}
