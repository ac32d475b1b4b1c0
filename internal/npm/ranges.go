package npm

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Range is a set of versions in npm's notation, such as "^1.2.0 || >=3". The
// zero value holds every version.
type Range struct {
	text string
	// constraints is nil when every version is in the range.
	constraints *semver.Constraints
}

// ParseRange reads a range. The empty text and "*" hold every version, pre-
// releases included.
func ParseRange(text string) (Range, error) {
	alternatives := strings.Split(text, "||")
	for i, alternative := range alternatives {
		switch trimmed := strings.TrimSpace(alternative); {
		case trimmed == "", isEvery(trimmed):
			return Range{text: text}, nil
		default:
			alternatives[i] = trimmed
		}
	}
	joined := openEnded().ReplaceAllString(strings.Join(alternatives, " || "), "$1*")
	constraints, err := semver.NewConstraint(joined)
	if err != nil {
		return Range{}, fmt.Errorf("%q is not a range of versions: %w", text, err)
	}
	return Range{text: text, constraints: constraints}, nil
}

// isEvery reports whether a range is written as one of npm's words for "any".
func isEvery(text string) bool {
	return text == "*" || text == "x" || text == "X"
}

// String returns the range as written.
func (r Range) String() string { return r.text }

// Has reports whether an exact version is in the range; false when version is
// none.
func (r Range) Has(version string) bool {
	exact, err := semver.StrictNewVersion(version)
	return err == nil && r.has(exact)
}

// HasMajor reports whether any release of that major version is in the range.
//
// Releases are well ordered, so if the range meets the major at all it has a
// least release in it, and that one is the major's first or follows from a
// number in the range: the number itself ("^22.5"), the next patch (">22.5.1")
// or the next minor (">22.5").
func (r Range) HasMajor(major uint64) bool {
	if r.has(semver.New(major, 0, 0, "", "")) {
		return true
	}
	for _, number := range numbers().FindAllString(r.text, -1) {
		least, err := semver.NewVersion(number)
		if err != nil || least.Major() != major {
			continue
		}
		minor, patch := least.Minor(), least.Patch()
		if r.has(least) ||
			r.has(semver.New(major, minor, patch+1, "", "")) ||
			r.has(semver.New(major, minor+1, 0, "", "")) {
			return true
		}
	}
	return false
}

func (r Range) has(version *semver.Version) bool {
	return r.constraints == nil || r.constraints.Check(version)
}

// openEnded matches "^*", ">=x" and the like: any version to npm, but not to
// the semver package.
func openEnded() *regexp.Regexp {
	return regexp.MustCompile(`(^|\s)(?:\^|~>?|>=|<=|=)\s*[xX*](?:\.[xX*]){0,2}`)
}

// numbers matches what may be a version in a range. A match too many does no
// harm: every candidate is held against the range.
func numbers() *regexp.Regexp {
	return regexp.MustCompile(`\d+(\.\d+){0,2}`)
}

// exactVersion returns a version that is written out in full, freed of the "v"
// and "=" npm allows in front.
func exactVersion(spec string) (string, bool) {
	bare := strings.TrimLeft(strings.TrimSpace(spec), "=v ")
	_, err := semver.StrictNewVersion(bare)
	return bare, err == nil
}
