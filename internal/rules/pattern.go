package rules

import (
	"regexp"
	"slices"
	"strings"
)

// Match reports whether a name, of a branch, a tag or a file, fits one of the
// patterns. In a pattern "*" stands for any characters but "/", "**" for any
// characters, "**/" for any folders or none, and all else for itself, as in the
// filters of GitHub's workflows. A name is matched as a whole; case counts.
func Match(patterns []string, name string) bool { return Compile(patterns).Match(name) }

// Patterns are patterns made ready to match many names. The zero value matches none.
type Patterns struct{ compiled []*regexp.Regexp }

// Compile makes patterns ready to match; see Match.
func Compile(patterns []string) Patterns {
	var made Patterns
	for _, pattern := range patterns {
		made.compiled = append(made.compiled, regexp.MustCompile(expression(pattern)))
	}
	return made
}

// Match reports whether a name fits one of the patterns.
func (p Patterns) Match(name string) bool {
	return slices.ContainsFunc(p.compiled, func(one *regexp.Regexp) bool { return one.MatchString(name) })
}

// expression is a pattern as a regular expression.
func expression(pattern string) string {
	var built strings.Builder
	built.WriteString(`(?s)\A`)
	isStart := true // of the name of a folder or a file
	for rest := strings.ToValidUTF8(pattern, "\ufffd"); rest != ""; {
		before, after, isWild := strings.Cut(rest, "*")
		built.WriteString(regexp.QuoteMeta(before))
		if !isWild {
			break
		}
		if before != "" {
			isStart = strings.HasSuffix(before, "/")
		}
		behind := strings.TrimLeft(after, "*")
		switch {
		case behind == after:
			built.WriteString(`[^/]*`)
			rest, isStart = after, false
		case isStart && strings.HasPrefix(behind, "/"):
			built.WriteString(`(?:.*/)?`)
			rest = behind[1:]
		default:
			built.WriteString(`.*`)
			rest, isStart = behind, false
		}
	}
	built.WriteString(`\z`)
	return built.String()
}

// faultOfPattern says what is wrong with a pattern of paths, or else of branches and
// tags, and what to do about it.
func faultOfPattern(pattern string, isPath bool) (fault, fix string) {
	switch {
	case strings.HasPrefix(pattern, "!"):
		return "begins with \"!\", and patterns exclude nothing", "Name what is meant instead; * stands for a part of a name, ** for any number of folders."
	case !isPath && strings.ContainsAny(pattern, `?[]\^~: `):
		return "holds a character that no branch or tag has", "In patterns * stands for a part of a name, ** for names with slashes as well, and all else for itself."
	case !isPath && (strings.HasPrefix(pattern, "refs/") || strings.HasPrefix(pattern, "/")):
		return "is not the short name of a branch or a tag", "Write it as git branch shows it, such as main."
	}
	return "", ""
}
