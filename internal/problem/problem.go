// Package problem describes what is wrong with an input: what, where, why and
// what to do. Rooms that read input (npm, project, config, the front doors)
// collect every Problem they find in a List, so that a person learns of all of
// them at once; the front doors turn the same Problems into lines on a
// terminal, annotations on a file, or a table in a comment.
//
// It holds no words for failures of the platform; those are errors of the
// rooms that met them. A PanicError is what is wrong with Slipway itself. Level 0: it imports nothing of the project.
package problem

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with an input.
type Problem struct { //nolint:errname // a Problem is first of all a finding; people call it that.
	// File is the path of the file at fault, with slashes, relative to the root
	// of the Source. Empty when the problem is in no file.
	File string `json:"file,omitempty"`
	// Line is the 1-based line in File; 0 when no line is at fault.
	Line int `json:"line,omitempty"`
	// Message says what is wrong and why, without a final full stop.
	Message string `json:"message"`
	// Fix says what to do about it, as one sentence or more. May be empty.
	Fix string `json:"fix,omitempty"`
}

// Error renders the Problem in one line: "file:line: message. Fix".
func (p *Problem) Error() string {
	var text strings.Builder
	if p.File != "" {
		text.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&text, ":%d", p.Line)
		}
		text.WriteString(": ")
	}
	text.WriteString(p.Message)
	if p.Fix != "" {
		text.WriteString(". ")
		text.WriteString(p.Fix)
	}
	return text.String()
}

// List is the Problems of one input: 250 at most, and a last one that says that
// there are more. The zero value is an empty list, ready to use. It is not safe
// for concurrent use.
type List []*Problem //nolint:errname,recvcheck // see Problem; adding needs a pointer, an error a value.

// Add appends a Problem without a place in a file.
func (l *List) Add(message, fix string) { l.AddAt("", 0, message, fix) }

// AddAt appends a Problem at a line of a file; line 0 means the whole file. What is
// longer than anybody reads is cut off.
func (l *List) AddAt(file string, line int, message, fix string) {
	l.add(&Problem{File: file, Line: line, Message: cut(message), Fix: cut(fix)})
}

const (
	// most bounds a List: nobody reads on, and a hostile input has one a byte.
	most = 250
	// longest bounds a message and a fix, in bytes: they repeat what is in the input.
	longest = 1000
	// tooMany is the message of the last one of a List that is full.
	tooMany = "there are more problems than these"
)

func (l *List) add(p *Problem) {
	switch {
	case len(*l) < most:
		*l = append(*l, p)
	case len(*l) == most:
		*l = append(*l, &Problem{Message: tooMany, Fix: "Mend these first."})
	}
}

// cut shortens a text to what is shown of it.
func cut(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// Take appends what err holds when it is a List or a Problem and returns nil;
// any other error is returned as it is, for the caller to pass on.
func (l *List) Take(err error) error {
	if err == nil {
		return nil
	}
	if list, ok := errors.AsType[List](err); ok {
		for _, p := range list {
			l.add(p)
		}
		return nil
	}
	if one, ok := errors.AsType[*Problem](err); ok {
		l.AddAt(one.File, one.Line, one.Message, one.Fix)
		return nil
	}
	return err
}

// Err returns nil for an empty list and otherwise the list itself, sorted by
// file and line and freed of repetitions.
func (l *List) Err() error {
	if len(*l) == 0 {
		return nil
	}
	seen := make(map[Problem]bool, len(*l))
	var sorted List
	for _, p := range *l {
		if !seen[*p] {
			seen[*p] = true
			sorted = append(sorted, p)
		}
	}
	slices.SortStableFunc(sorted, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(isMore(a), isMore(b)), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return sorted
}

// isMore is 1 for the Problem that comes last.
func isMore(p *Problem) int {
	if p.Message == tooMany {
		return 1
	}
	return 0
}

// Error renders every Problem, one a line.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find a single Problem.
func (l List) Unwrap() []error {
	wrapped := make([]error, len(l))
	for i, p := range l {
		wrapped[i] = p
	}
	return wrapped
}

// Reason is what went wrong in err without the operation and the path, for a
// Problem whose File names the path already.
func Reason(err error) string {
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return wrapped.Err.Error()
	}
	return err.Error()
}
