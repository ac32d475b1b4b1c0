package toolkit

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// syntaxError says where a text stops being JSON5.
type syntaxError struct {
	line    int
	message string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.message) }

// parseJSON5 reads a JSON5 text (spec.json5.org, version 1.0.0), of which JSON is
// a part. The error is a *syntaxError.
func parseJSON5(source string) (value, error) {
	p := &json5{source: source, line: 1}
	if !utf8.ValidString(source) {
		return value{}, p.wrong("it is not UTF-8 text")
	}
	read, err := p.value(0)
	if err != nil {
		return value{}, err
	}
	if err := p.skip(); err != nil {
		return value{}, err
	}
	if p.at < len(source) {
		return value{}, p.wrong("there is %s behind the end", p.met())
	}
	return read, nil
}

// json5 reads on at a place in a text.
type json5 struct {
	source string
	at     int
	// line is that of counted, from where lineHere counts on.
	line, counted int
}

// lineHere is the line that is being read.
func (p *json5) lineHere() int {
	p.line += strings.Count(p.source[p.counted:p.at], "\n")
	p.counted = p.at
	return p.line
}

func (p *json5) wrong(format string, arguments ...any) error {
	return &syntaxError{line: p.lineHere(), message: fmt.Sprintf(format, arguments...)}
}

// met names what comes next.
func (p *json5) met() string {
	if p.at >= len(p.source) {
		return "the end of the file"
	}
	next, _ := utf8.DecodeRuneInString(p.source[p.at:])
	return strconv.QuoteRune(next)
}

// skip passes over white space and comments.
func (p *json5) skip() error {
	for p.at < len(p.source) {
		rest := p.source[p.at:]
		next, size := utf8.DecodeRuneInString(rest)
		switch {
		case next == byteOrderMark || unicode.IsSpace(next) && next != '\u0085' || isLineEnd(next):
			p.at += size
		case strings.HasPrefix(rest, "//"):
			end := strings.IndexFunc(rest, isLineEnd)
			if end < 0 {
				end = len(rest)
			}
			p.at += end
		case strings.HasPrefix(rest, "/*"):
			length := strings.Index(rest[2:], "*/")
			if length < 0 {
				return p.wrong("a comment begins with /* and never ends")
			}
			p.at += length + len("/**/")
		default:
			return nil
		}
	}
	return nil
}

// isLineEnd reports whether a line ends with it, as JavaScript has it.
func isLineEnd(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }

// value reads the value that comes next.
func (p *json5) value(depth int) (value, error) {
	if err := p.skip(); err != nil {
		return value{}, err
	}
	if depth > maxDepth {
		return value{}, p.wrong("values lie more than %d deep in each other", maxDepth)
	}
	if p.at >= len(p.source) {
		return value{}, p.wrong("the file ends where a value should be")
	}
	read := value{line: p.lineHere()}
	var err error
	switch p.source[p.at] {
	case '{':
		read.kind = mapping
		read.members, err = p.members(depth)
	case '[':
		read.kind = list
		err = p.elements(depth)
	case '"', '\'':
		read.kind = text
		read.text, err = p.quoted()
	default:
		err = p.word(&read)
	}
	return read, err
}

// members reads a mapping, from its brace on.
func (p *json5) members(depth int) ([]member, error) {
	var found []member
	err := p.between('}', func() error {
		m := member{line: p.lineHere()}
		var err error
		if next := p.source[p.at]; next == '"' || next == '\'' {
			m.name, err = p.quoted()
		} else {
			m.name, err = p.identifier()
		}
		if err != nil {
			return err
		}
		if err := p.skip(); err != nil {
			return err
		}
		if p.at >= len(p.source) || p.source[p.at] != ':' {
			return p.wrong("there is %s where %q should have a colon", p.met(), m.name)
		}
		p.at++
		if m.value, err = p.value(depth + 1); err != nil {
			return err
		}
		found = append(found, m)
		return nil
	})
	return found, err
}

// elements passes over a list, from its bracket on.
func (p *json5) elements(depth int) error {
	return p.between(']', func() error {
		_, err := p.value(depth + 1)
		return err
	})
}

// between reads elements with commas between them, and perhaps behind the last,
// from the opening bracket to the closing one.
func (p *json5) between(closing byte, element func() error) error {
	p.at++
	opened := p.lineHere()
	for isFirst := true; ; isFirst = false {
		if err := p.skip(); err != nil {
			return err
		}
		if !isFirst && p.at < len(p.source) && p.source[p.at] != closing {
			if p.source[p.at] != ',' {
				return p.wrong("there is %s where a comma should be", p.met())
			}
			p.at++
			if err := p.skip(); err != nil {
				return err
			}
		}
		switch {
		case p.at >= len(p.source):
			return p.wrong("the file ends, and what line %d opens is not closed with %q", opened, closing)
		case p.source[p.at] == closing:
			p.at++
			return nil
		}
		if err := element(); err != nil {
			return err
		}
	}
}

// numeral is a number of JSON5.
var numeral = regexp.MustCompile(`^[+-]?(Infinity|NaN|0[xX][0-9a-fA-F]+|((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?)$`)

// word reads a value without quotes: true, false, null or a number.
func (p *json5) word(into *value) error {
	rest := p.source[p.at:]
	length := strings.IndexFunc(rest, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_$+-.", r)
	})
	if length < 0 {
		length = len(rest)
	}
	switch word := rest[:length]; {
	case word == "":
		return p.wrong("there is %s where a value should be", p.met())
	case word == "null":
		into.kind = nothing
	case word == "true", word == "false":
		into.kind = boolean
	case numeral.MatchString(word):
		into.kind = number
	default:
		return p.wrong("%q is no value; text needs quotes", shortened(word))
	}
	into.text = rest[:length]
	p.at += length
	return nil
}

// shortened is so much of a text as an error shows.
func shortened(word string) string {
	const most = 40
	if utf8.RuneCountInString(word) <= most {
		return word
	}
	return string([]rune(word)[:most]) + "…"
}

// identifier reads a name without quotes.
func (p *json5) identifier() (string, error) {
	var name strings.Builder
	for p.at < len(p.source) {
		next, size := utf8.DecodeRuneInString(p.source[p.at:])
		isEscape := strings.HasPrefix(p.source[p.at:], `\u`)
		if isEscape {
			code, ok := hexadecimal(p.source[p.at+2:], 4)
			if !ok {
				return "", p.wrong(`\u needs four hexadecimal digits behind it`)
			}
			next, size = code, 6
		}
		if !isIdentifierRune(next, name.Len() == 0) {
			if isEscape {
				return "", p.wrong("%q cannot be part of a name without quotes", next)
			}
			break
		}
		name.WriteRune(next)
		p.at += size
	}
	if name.Len() == 0 {
		return "", p.wrong("there is %s where a name should be", p.met())
	}
	return name.String(), nil
}

// isIdentifierRune reports whether a name of JavaScript may have it (ECMAScript
// 5.1, 7.6).
func isIdentifierRune(r rune, isFirst bool) bool {
	if r == '$' || r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.Nl, r) {
		return true
	}
	return !isFirst && (r == '\u200c' || r == '\u200d' || unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc))
}

// quoted reads a text, from its quote on.
func (p *json5) quoted() (string, error) {
	quote := p.source[p.at]
	p.at++
	var content strings.Builder
	for p.at < len(p.source) {
		next := p.source[p.at]
		switch next {
		case quote:
			p.at++
			return content.String(), nil
		case '\n', '\r':
			return "", p.wrong("a text ends with the line, and not with %q", quote)
		case '\\':
			p.at++
			if err := p.escape(&content); err != nil {
				return "", err
			}
		default:
			content.WriteByte(next)
			p.at++
		}
	}
	return "", p.wrong("the file ends inside of a text")
}

// escape reads what stands behind a backslash in a text.
func (p *json5) escape(into *strings.Builder) error {
	next, size := utf8.DecodeRuneInString(p.source[p.at:])
	if size == 0 {
		return p.wrong("the file ends inside of a text")
	}
	p.at += size
	switch next {
	case '\r':
		if strings.HasPrefix(p.source[p.at:], "\n") {
			p.at++
		}
	case '\n', '\u2028', '\u2029': // the text goes on in the next line
	case 'x', 'u':
		return p.code(into, map[rune]int{'x': 2, 'u': 4}[next])
	case '0':
		if p.at < len(p.source) && '0' <= p.source[p.at] && p.source[p.at] <= '9' {
			return p.wrong(`\0 cannot have a digit behind it`)
		}
		into.WriteByte(0)
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.wrong(`\%c means nothing`, next)
	default:
		if i := strings.IndexRune("bfnrtv", next); i >= 0 {
			next = rune("\b\f\n\r\t\v"[i])
		}
		into.WriteRune(next)
	}
	return nil
}

// code reads the digits of a character. A pair of surrogates is one character.
func (p *json5) code(into *strings.Builder, digits int) error {
	found, ok := hexadecimal(p.source[p.at:], digits)
	if !ok {
		return p.wrong("an escape needs %d hexadecimal digits", digits)
	}
	p.at += digits
	if utf16.IsSurrogate(found) && strings.HasPrefix(p.source[p.at:], `\u`) {
		if second, ok := hexadecimal(p.source[p.at+2:], 4); ok {
			if pair := utf16.DecodeRune(found, second); pair != unicode.ReplacementChar {
				found = pair
				p.at += 6
			}
		}
	}
	into.WriteRune(found)
	return nil
}

// hexadecimal reads a number of so many digits.
func hexadecimal(digits string, length int) (rune, bool) {
	if len(digits) < length {
		return 0, false
	}
	found, err := strconv.ParseUint(digits[:length], 16, 16)
	return rune(found), err == nil
}
