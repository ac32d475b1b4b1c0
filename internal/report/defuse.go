package report

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Foreign text (paths, names, messages, whatever a repository or a platform may
// have chosen) becomes Markdown here and nowhere else. What could mean anything
// to GitHub stands in a code span, in which neither Markdown nor GitHub's own
// filters look for mentions, references, links or tags. Nothing is put into the
// text to break them up, so that what people copy is what was there.

// ansi are the escape sequences with which tools colour their messages.
var ansi = regexp.MustCompile(`\x1b\[[0-9;:?]*[ -/]*[@-~]`)

// Letters of some scripts and emoji need these, although they have no shape.
const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'

// clean returns one line of valid UTF-8 without control characters, and without
// the invisible ones that reorder or hide text.
func clean(text string) string {
	text = ansi.ReplaceAllString(text, "")
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsGraphic(r), r == zeroWidthNonJoiner, r == zeroWidthJoiner:
			return r
		default:
			return utf8.RuneError
		}
	}, text)
}

// cleanEach cleans texts where they are.
func cleanEach[T ~string](texts ...*T) {
	for _, text := range texts {
		*text = T(clean(string(*text)))
	}
}

// clip cuts text to at most most bytes, between two runes, and says what it
// left out, which is empty when nothing was.
func clip(text string, most int) (kept, rest string) {
	if len(text) <= most {
		return text, ""
	}
	end := max(most, 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end], fmt.Sprintf(" … (%d bytes more)", len(text)-end)
}

// code returns text as one code span.
func code(text string) string {
	text = clean(text)
	if text == "" {
		return "(empty)"
	}
	// CommonMark 0.31, code spans: the fence is longer than any run of backticks
	// within, and one space on both sides goes when the text begins and ends with
	// one.
	fence := strings.Repeat("`", longestRun(text)+1)
	isPadded := strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") && strings.Trim(text, " ") != ""
	if isPadded || strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}

// longestRun is the length of the longest run of backticks.
func longestRun(text string) int {
	longest, run := 0, 0
	for _, r := range text {
		run++
		if r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// What stands before and behind a word, and is none of it.
const opening, closing = `("'“‘«`, `.,;:!?)"'”’»…`

// prose returns text as one line of running text. Words that hold nothing but
// letters and numbers stay as they are; all others become code spans, without
// the brackets, quotes and stops around them. So places, paths, versions and
// SIDs look as a person would have written them, and so do commands of slipway.
func prose(text string) string {
	written := withCommands(strings.Fields(clean(text)))
	for i, word := range written {
		core := strings.TrimLeft(word, opening)
		before := word[:len(word)-len(core)]
		core = strings.TrimRight(core, closing)
		after := word[len(before)+len(core):]
		if closes(core, after) {
			core, after = core+after[:1], after[1:]
		}
		beginsList := i == 0 && before == "" && isNumber(core) && (after == "." || after == ")")
		switch {
		case word == ">" && i > 0, word == "&":
			written[i] = html.EscapeString(word) // as in the names of menus
		case core != "" && (beginsList || !isPlain(core)):
			written[i] = before + code(core) + after
		}
	}
	return strings.Join(written, " ")
}

// withCommands makes each command of slipway one word: the subcommand, the kind that
// list lists, and flags, of which some have a value.
func withCommands(words []string) []string {
	var joined []string
	for i := 0; i < len(words); {
		end := i + 1
		isLast := func() bool { // that of a sentence, or of the text
			return end == len(words) || strings.TrimRight(words[end-1], closing) != words[end-1]
		}
		if strings.TrimLeft(words[i], opening) == "slipway" && !isLast() && isSubcommand(words[end]) {
			end++
			if words[end-1] == "list" && !isLast() {
				end++
			}
			for !isLast() && strings.HasPrefix(words[end], "--") {
				end++
				if hasValue := words[end-1] == "--environment" || words[end-1] == "--from" || words[end-1] == "--to"; hasValue && !isLast() {
					end++
				}
			}
		}
		joined = append(joined, strings.Join(words[i:end], " "))
		i = end
	}
	return joined
}

func isSubcommand(word string) bool {
	return strings.Trim(strings.TrimRight(word, closing), "abcdefghijklmnopqrstuvwxyz") == ""
}

// closes reports whether after begins with what core lacks, as with "exit(" and
// ")".
func closes(core, after string) bool {
	switch {
	case strings.HasPrefix(after, ")"):
		return strings.Count(core, "(") > strings.Count(core, ")")
	case strings.HasPrefix(after, `"`), strings.HasPrefix(after, "'"):
		return strings.Count(core, after[:1])%2 == 1
	default:
		return false
	}
}

// isPlain reports whether a word means nothing but itself to GitHub, and is
// none that reads better as code.
func isPlain(word string) bool {
	runes := []rune(word)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return 0
		}
		return runes[i]
	}
	for i, r := range runes {
		before, after := at(i-1), at(i+1)
		var ok bool
		switch {
		case r == '-' || r == '\'':
			ok = unicode.IsLetter(before) && unicode.IsLetter(after) // not "GH-1"
		case r == '.' || r == ',':
			ok = unicode.IsDigit(before) && unicode.IsDigit(after)
		case r == '%':
			ok = unicode.IsDigit(before)
		case r < utf8.RuneSelf:
			ok = unicode.IsLetter(r) || unicode.IsDigit(r)
		default:
			ok = true // no rune beyond ASCII is markup; clean has taken the invisible ones
		}
		if !ok {
			return false
		}
	}
	return !isIdentifier(word) && !strings.EqualFold(word, "www")
}

// isIdentifier recognises SIDs, and the commits to which GitHub would link.
func isIdentifier(word string) bool {
	const shortest = 7 // the shortest commit that GitHub links
	if len(word) < shortest {
		return false
	}
	isMixed := strings.ContainsFunc(word, unicode.IsDigit) && strings.ContainsFunc(word, unicode.IsLetter)
	return isMixed || strings.Trim(word, "0123456789abcdefABCDEF") == ""
}

func isNumber(word string) bool {
	return word != "" && strings.Trim(word, "0123456789") == ""
}

// cell makes Markdown fit for a table's cell. A table takes the backslash away
// before it looks for code spans (GFM, tables), so it is right within them too.
func cell(markdown string) string {
	return strings.ReplaceAll(markdown, "|", `\|`)
}

// plainURL are the addresses that need no escaping as a link's target.
var plainURL = regexp.MustCompile(`^https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._~/%-]*)?$`)

// link returns the address of a deployed domain as a link, and any other text
// as a code span.
func link(address string) string { return linkAs(address, address) }

// linkAs is link with a part of the address to show for it.
func linkAs(shown, address string) string {
	const longest = 2000 // what browsers and proxies agree on
	if len(address) > longest || !plainURL.MatchString(address) {
		return code(address)
	}
	shown = strings.NewReplacer("_", `\_`, "~", `\~`).Replace(shown)
	return "[" + shown + "](" + address + ")"
}
