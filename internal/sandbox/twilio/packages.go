package twilio

import (
	"regexp"
	"strconv"
	"strings"
)

// packageName follows npm, upper case included: old packages have it.
var packageName = regexp.MustCompile(`^(@[A-Za-z0-9~-][A-Za-z0-9._~-]*/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*$`)

func isPackageName(name string) bool {
	return len(name) <= 214 && packageName.MatchString(name)
}

// Parts of a range of versions.
const (
	numberPart     = `(?:0|[1-9][0-9]*)`
	wildcardPart   = `[xX*]` // only wildcards follow one
	suffixPart     = `(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?`
	patchPart      = `(?:` + numberPart + suffixPart + `|` + wildcardPart + `)`
	minorPart      = `(?:` + numberPart + `(?:\.` + patchPart + `)?|` + wildcardPart + `(?:\.` + wildcardPart + `)?)`
	versionPart    = `[v=]?\s*(?:` + numberPart + `(?:\.` + minorPart + `)?|` + wildcardPart + `(?:\.` + wildcardPart + `){0,2})`
	comparatorPart = `(?:>=|<=|>|<|=|~>|~|\^)?\s*` + versionPart
	// None at all is any version.
	comparatorsPart = `(?:` + versionPart + `\s+-\s+` + versionPart + `|` + comparatorPart + `(?:\s+` + comparatorPart + `)*)?`
)

var (
	versionRange = regexp.MustCompile(`^\s*` + comparatorsPart + `(?:\s*\|\|\s*` + comparatorsPart + `)*\s*$`)
	tag          = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z._-]*$`)
	// No registry has tags like these: they are misspelt versions.
	versionLike = regexp.MustCompile(`^[vVxX](?:\.|[0-9]+(?:\.|$))`)
)

// isVersion accepts what npm takes after the @ for a registry package: exact
// versions, ranges, and tags such as latest.
func isVersion(text string) bool {
	return versionRange.MatchString(text) || tag.MatchString(text) && !versionLike.MatchString(text)
}

var (
	exactVersion = regexp.MustCompile(`^[v=]?\s*(` + numberPart + `\.` + numberPart + `\.` + numberPart + suffixPart + `)$`)
	comparator   = regexp.MustCompile(`(~?[<>]=?)?[\s^~v=]*([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?` + suffixPart)
)

// versionWithin is an exact version that a range may stand for: the highest of
// its lower bounds. Of alternatives the first counts; a tag may be any version.
func versionWithin(text string) string {
	text = strings.TrimSpace(text)
	if exact := exactVersion.FindStringSubmatch(text); exact != nil {
		return exact[1]
	}
	first, _, _ := strings.Cut(text, "||")
	comparators := comparator.FindAllStringSubmatch(first, -1)
	if len(comparators) == 0 || !versionRange.MatchString(text) {
		return "1.0.0"
	}
	var highest semver
	for _, found := range comparators {
		if bound := lowerBound(found[1], found[2:]); highest.below(bound) {
			highest = bound
		}
	}
	return highest.String()
}

// lowerBound is the lowest version that a comparator takes, of an operator and
// up to three numbers.
func lowerBound(operator string, numbers []string) semver {
	var bound semver
	if strings.HasPrefix(operator, "<") {
		return bound
	}
	last := 0
	for i, number := range numbers {
		if number != "" {
			bound[i], _ = strconv.Atoi(number) // digits, by the pattern
			last = i
		}
	}
	if operator == ">" { // than all that it names: >4 is 5 and more
		bound[last]++
	}
	return bound
}
