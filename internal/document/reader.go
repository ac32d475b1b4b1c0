package document

import (
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Reader reads one file, and collects what is wrong with it. It is not safe for
// concurrent use.
type Reader struct {
	// File is what Problems call the file.
	File string
	// Whole says what the one document of the file holds, and Shared where that goes
	// which holds in several places, for who used what YAML has for it. Both are
	// sentences.
	Whole, Shared string
	// Problems are what is wrong so far.
	Problems problem.List

	// odd counts names that are not known.
	odd int
}

// maxOdd is how many names that are not known are told with what is meant.
const maxOdd = 50

// Wrong adds a Problem at a line; 0 means the whole file.
func (r *Reader) Wrong(line int, message, fix string) {
	r.Problems.AddAt(r.File, line, message, strings.TrimSpace(fix))
}

// Top reports whether the value of the whole file is a Mapping, and tells if it is not;
// begin says how a file begins.
func (r *Reader) Top(whole Value, begin string) bool {
	switch whole.Kind {
	case Mapping:
		return true
	case Nothing:
		r.Wrong(0, "is empty", begin)
	case Boolean, Number, Text, List:
		r.Wrong(whole.Line, fmt.Sprintf("is %s, and must be a mapping", whole.Kind), begin)
	case Unusable:
	}
	return false
}

// Version reports whether the file is of a form that can be read, so far as its version
// tells: 1.
func (r *Reader) Version(m Member) bool {
	switch {
	case m.Line == 0:
		r.Wrong(0, "has no version", "Begin with version: 1.")
	case m.Value.Kind == Number && m.Value.Text == "1":
	case m.Value.Kind == Number:
		r.Wrong(m.Line, fmt.Sprintf("version %s is not known to this Slipway", Shortened(m.Value.Text)), "Write version: 1, or use a newer Slipway.")
		return false
	case m.Value.Kind != Unusable:
		r.Wrong(m.Line, fmt.Sprintf("version is %s, and must be a number", m.Value.Kind), "Write version: 1.")
	}
	return true
}

// Section returns the members of a Mapping that isKnown takes, by their names, and tells
// of the others by what unknown says of a name.
func (r *Reader) Section(of Value, isKnown func(name string) bool, unknown func(name string) (message, fix string)) map[string]Member {
	found := map[string]Member{}
	for _, one := range of.Members {
		if isKnown(one.Name) {
			found[one.Name] = one
			continue
		}
		if r.odd++; r.odd <= maxOdd {
			message, fix := unknown(one.Name)
			r.Wrong(one.Line, message, fix)
		}
	}
	return found
}

// IsTooMany tells that a value has more parts than anybody needs.
func (r *Reader) IsTooMany(m Member, count, most int) bool {
	if count > most {
		r.Wrong(m.Line, fmt.Sprintf("%s has %d entries, and can have %d", m.Name, count, most), "")
	}
	return count > most
}

// IsMapping reports whether a value is one, and tells if it is not.
func (r *Reader) IsMapping(m Member) bool {
	if m.Value.Kind != Mapping && m.Value.Kind != Unusable {
		r.Wrong(m.Line, fmt.Sprintf("%s is %s, and must be a mapping", Shown(m.Name), m.Value.Kind), "Write what it has as name: value, one a line, below it.")
	}
	return m.Value.Kind == Mapping
}

// Text returns the text of a member; empty when it is a Problem.
func (r *Reader) Text(m Member) string {
	trimmed := strings.TrimSpace(m.Value.Text)
	switch {
	case m.Value.Kind == Unusable:
		return ""
	case m.Value.Kind == Number:
		r.Wrong(m.Line, m.Name+" is a number, and must be text", "Put it in quotes.")
		return ""
	case m.Value.Kind == Nothing, m.Value.Kind == Text && trimmed == "":
		r.Wrong(m.Line, m.Name+" says nothing", "Give a value, or remove the line.")
		return ""
	case m.Value.Kind != Text:
		r.Wrong(m.Line, fmt.Sprintf("%s is %s, and must be text", m.Name, m.Value.Kind), "")
		return ""
	case len(trimmed) > MaxText:
		r.Wrong(m.Line, fmt.Sprintf("%s has %d bytes, and can have %d", m.Name, len(trimmed), MaxText), "")
		return ""
	}
	return trimmed
}

// Texts returns the texts of a member that is one text or a List of at most as many,
// each as a member of its own. What is no text is a Problem.
func (r *Reader) Texts(m Member, most int) []Member {
	if m.Line == 0 || m.Value.Kind == Unusable {
		return nil
	}
	items := []Value{m.Value}
	if m.Value.Kind == List {
		if items = m.Value.Items; len(items) == 0 {
			r.Wrong(m.Line, m.Name+" is an empty list", "Name one or more, or remove the line.")
		}
		if r.IsTooMany(m, len(items), most) {
			return nil
		}
	}
	var read []Member
	for _, item := range items {
		one := Member{Name: m.Name, Line: item.Line, Value: item}
		if text := r.Text(one); text != "" {
			one.Value.Text = text
			read = append(read, one)
		}
	}
	return read
}
