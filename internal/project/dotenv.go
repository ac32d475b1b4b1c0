package project

import "strings"

// assignment is one line of an environment file that sets a variable.
type assignment struct {
	key   string
	value string
	line  int
	// trap says what about the value its author may not expect; else empty.
	trap string
}

// parseEnv reads an environment file the way the Toolkit does, which has
// dotenv 6: one variable a line, no expansion, no comment behind a value, \n in
// double quotes. It also returns the numbers of lines that say nothing to it
// and are neither empty nor a comment.
func parseEnv(text string) (assignments []assignment, odd []int) {
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		key, written, ok := parseEnvLine(line)
		switch trimmed := strings.TrimFunc(line, isSpace); {
		case ok:
			assignments = append(assignments, assignment{
				key: key, value: unquote(written), line: number, trap: trapIn(written),
			})
		case trimmed != "" && trimmed[0] != '#':
			odd = append(odd, number)
		}
	}
	return assignments, odd
}

// parseEnvLine reads KEY=VALUE with optional space around both, and returns the
// value as written.
func parseEnvLine(line string) (key, written string, ok bool) {
	left, right, found := strings.Cut(line, "=")
	key = strings.TrimFunc(left, isSpace)
	if !found || key == "" || strings.ContainsFunc(key, isNoKeyChar) {
		return "", "", false
	}
	written = strings.TrimLeftFunc(right, isSpace)
	// Past the first character that ends a line, only space may follow.
	if end := strings.IndexAny(written, "\r\u2028\u2029"); end >= 0 {
		if strings.TrimFunc(written[end:], isSpace) != "" {
			return "", "", false
		}
		written = written[:end]
	}
	return key, written, true
}

// unquote takes the quotes off a value. One goes at each end, whether or not
// they are a pair, and before the space around the value does.
func unquote(written string) string {
	value := written
	if strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
		value = strings.ReplaceAll(value, `\n`, "\n")
	}
	if value != "" && isQuote(value[0]) {
		value = value[1:]
	}
	if value != "" && isQuote(value[len(value)-1]) {
		value = value[:len(value)-1]
	}
	return strings.TrimFunc(value, isSpace)
}

// trapIn says what other readers of environment files, newer dotenvs among
// them, would take for something else in a value.
func trapIn(written string) string {
	trimmed := strings.TrimFunc(written, isSpace)
	last := len(trimmed) - 1
	isPair := last > 0 && isQuote(trimmed[0]) && trimmed[0] == trimmed[last]
	switch {
	case isPair && trimmed != written:
		return "keeps its closing quote, because space follows it"
	case !isPair && strings.Contains(trimmed, " #"):
		return `contains " #", which begins no comment here`
	default:
		return ""
	}
}

func isQuote(c byte) bool { return c == '"' || c == '\'' }

// isNoKeyChar reports whether r cannot be part of a key.
func isNoKeyChar(r rune) bool {
	isLetter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	isDigit := r >= '0' && r <= '9'
	return !isLetter && !isDigit && !strings.ContainsRune("_.-", r)
}
