package action

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// mask stands in the log where a secret stood; the runner uses the same.
	mask = "***"
	// leastDerived is the length in bytes from which lines and encodings of a
	// value are hidden too. Anything shorter, such as the "}" of a key in JSON,
	// would blank half of the log without protecting much; the runner draws the
	// same line where it hides parts of a value.
	leastDerived = 6
)

// masks knows the texts to hide. The zero value knows none. It is not safe for
// concurrent use.
type masks struct {
	forms   []string
	known   map[string]bool
	longest int // of forms, in bytes
}

// learn adds the forms of value and returns those that are new, longest first.
func (m *masks) learn(value string, users []string) []string {
	var fresh []string
	for _, form := range formsOf(value, users) {
		// A secret of asterisks reads like its own mask.
		if m.known[form] || strings.Contains(mask, form) {
			continue
		}
		if m.known == nil {
			m.known = make(map[string]bool)
		}
		m.known[form] = true
		m.longest = max(m.longest, len(form))
		fresh = append(fresh, form)
	}
	// A runner that hides one after another must not hide a part of a longer one.
	slices.SortStableFunc(fresh, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	m.forms = append(m.forms, fresh...)
	return fresh
}

// hide replaces every form in text.
func (m *masks) hide(text string) string {
	shown, _ := m.hideUpTo(text, len(text))
	return shown
}

// hideUpTo replaces every form in text and cuts the rest off after limit bytes,
// between characters and not within a form. It returns the bytes cut off.
func (m *masks) hideUpTo(text string, limit int) (shown string, left int) {
	var out strings.Builder
	at := 0
	for _, found := range m.find(text) {
		if found.from >= limit {
			break
		}
		out.WriteString(text[at:found.from])
		out.WriteString(mask)
		at = found.to
	}
	if at < limit {
		end := min(limit, len(text))
		for at < end && end < len(text) && !utf8.RuneStart(text[end]) && limit-end < utf8.UTFMax {
			end--
		}
		out.WriteString(text[at:end])
		at = end
	}
	return out.String(), len(text) - at
}

// span is a part of a text in bytes: from its first to the one after its last.
type span struct{ from, to int }

// find returns where forms stand in text, in order. Forms that overlap or touch
// make one span, so that no end of either is left.
func (m *masks) find(text string) []span {
	var found []span
	for _, form := range m.forms {
		for from := 0; ; {
			next := strings.Index(text[from:], form)
			if next < 0 {
				break
			}
			found = append(found, span{from + next, from + next + len(form)})
			from += next + 1
		}
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	merged := found[:0]
	for _, one := range found {
		if last := len(merged) - 1; last >= 0 && one.from <= merged[last].to {
			merged[last].to = max(merged[last].to, one.to)
			continue
		}
		merged = append(merged, one)
	}
	return merged
}

// speakable reports whether a form can be named in a command. One with line
// breaks cannot, as the runner would hide each of its lines, however short; and
// bytes that are no UTF-8 reach the runner as something else.
func speakable(form string) bool {
	return !strings.ContainsAny(form, "\r\n") && utf8.ValidString(form)
}

// formsOf lists the texts in which value may turn up. Blank values have none.
func formsOf(value string, users []string) []string {
	var own []string
	for _, line := range splitLines(value) {
		if line = strings.TrimSpace(line); line != "" {
			own = append(own, line)
		}
	}
	var forms []string
	switch len(own) {
	case 0:
		return nil
	case 1: // the value itself, without the white space around it
		forms, own = own, nil
	default:
		forms = append(forms, strings.TrimSpace(value))
	}
	derived := own
	for _, exact := range []string{value, strings.TrimSpace(value)} {
		derived = append(derived, encoded(exact)...)
		for _, user := range users {
			derived = append(derived, base64Of(user+":"+exact)...)
		}
	}
	for _, form := range derived {
		if len(form) >= leastDerived {
			forms = append(forms, form)
		}
	}
	return forms
}

// encoded lists what common encodings make of value.
func encoded(value string) []string {
	forms := slices.Concat(base64Of(value), base64Within(value))
	forms = append(forms, url.QueryEscape(value), url.PathEscape(value))
	quoted := strconv.Quote(value)
	forms = append(forms, quoted[1:len(quoted)-1])
	for _, escapeHTML := range []bool{true, false} {
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(escapeHTML)
		if err := encoder.Encode(value); err == nil { // as always with a string
			inner := strings.TrimSuffix(text.String(), "\n")
			forms = append(forms, inner[1:len(inner)-1])
		}
	}
	return forms
}

// base64Of lists the Base64 forms of text on its own.
func base64Of(text string) []string {
	var forms []string
	for _, encoding := range []*base64.Encoding{
		base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
	} {
		forms = append(forms, encoding.EncodeToString([]byte(text)))
	}
	return forms
}

// base64Within lists what stays the same of value in the Base64 of any longer
// text: three bytes become four characters, so that there are three ways to
// fall into them, and characters that value shares with its neighbours go.
func base64Within(value string) []string {
	var forms []string
	for before := range 3 {
		padded := append(make([]byte, before), value...)
		from, to := (before*8+5)/6, len(padded)*8/6
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			forms = append(forms, encoding.EncodeToString(padded)[from:to])
		}
	}
	return forms
}
