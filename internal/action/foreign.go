package action

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// splitLines splits text the way the runner reads it: \n, \r and \r\n end a line, and
// the last end starts no further one. Empty text has no lines.
func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// harmless makes one line of foreign text fit for the log: no runner takes it
// for a command, and what would not be seen is shown. Nothing is taken away.
//
// The runner of GitHub takes "::name" for a command at the start of a line,
// white space of Unicode before it included, and "##[name" anywhere; act knows
// both at the very start, and takes any name. A space breaks them.
func harmless(line string) string {
	line = visible(line)
	start := len(line) - len(strings.TrimLeftFunc(line, unicode.IsSpace))
	if strings.HasPrefix(line[start:], "::") {
		line = line[:start] + ": " + line[start+1:]
	}
	return strings.ReplaceAll(line, "##[", "## [")
}

// visible writes what has no shape of its own (control and format characters,
// line separators, bytes that are no UTF-8) the way Go and JSON do: \x1b, \u202e.
// Tabs stay.
func visible(line string) string {
	if !strings.ContainsFunc(line, func(r rune) bool { return r == utf8.RuneError || !hasShape(r) }) {
		return line
	}
	var text strings.Builder
	for rest := line; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&text, `\x%02x`, rest[0])
		case hasShape(r):
			text.WriteString(rest[:size])
		case r < utf8.RuneSelf:
			fmt.Fprintf(&text, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&text, `\u%04x`, r)
		default:
			fmt.Fprintf(&text, `\U%08x`, r)
		}
		rest = rest[size:]
	}
	return text.String()
}

func hasShape(r rune) bool { return r == '\t' || unicode.IsGraphic(r) }

// shorten cuts text to limit UTF-16 code units, the characters GitHub counts,
// with an ellipsis for what is gone. It reports whether anything is.
func shorten(text string, limit int) (string, bool) {
	units, fits := 0, 0 // fits is where the ellipsis would stand
	for i, r := range text {
		if units < limit {
			fits = i
		}
		units += utf16.RuneLen(r)
		if units > limit {
			return text[:fits] + "…", true
		}
	}
	return text, false
}
