package twilio

import "regexp"

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
