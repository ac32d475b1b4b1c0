package npm

import "bytes"

// plainJSON blanks out what JSONC has beyond JSON, which is comments and commas
// behind a last element, so that every byte stays at its place. What is neither
// is left for the JSON reader to find.
func plainJSON(data []byte) []byte {
	plain := bytes.Clone(data)
	comma := -1       // the last comma, while only space and comments follow
	last := byte('[') // the last byte that is neither
	for at := 0; at < len(plain); at++ {
		b := plain[at]
		switch b {
		case ' ', '\t', '\r', '\n':
			continue
		case '/':
			if end := commentEnd(plain, at); end > at {
				blank(plain[at:end])
				at = end - 1
				continue
			}
		case '"':
			for at++; at < len(plain) && plain[at] != '"'; at++ {
				if plain[at] == '\\' {
					at++
				}
			}
		case '}', ']':
			if comma >= 0 {
				plain[comma] = ' '
			}
		}
		comma = -1
		if b == ',' && last != ',' && last != '[' && last != '{' {
			comma = at
		}
		last = b
	}
	return plain
}

// commentEnd returns where the comment that begins at a slash ends; the slash
// itself when none begins there.
func commentEnd(text []byte, at int) int {
	ending := ""
	switch rest := text[at:]; {
	case bytes.HasPrefix(rest, []byte("//")):
		ending = "\n"
	case bytes.HasPrefix(rest, []byte("/*")):
		ending = "*/"
	default:
		return at
	}
	length := bytes.Index(text[at+2:], []byte(ending))
	if length < 0 {
		return len(text)
	}
	return at + 2 + length + len(ending)
}

// blank overwrites everything but the ends of lines.
func blank(text []byte) {
	for i, b := range text {
		if b != '\n' && b != '\r' {
			text[i] = ' '
		}
	}
}
