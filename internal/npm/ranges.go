package npm

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
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
		trimmed := strings.TrimSpace(alternative)
		if trimmed == "" || isEvery(trimmed) {
			return Range{text: text}, nil
		}
		plain, ok := plainRange(trimmed)
		if !ok {
			return Range{}, fmt.Errorf("%q is not a range of versions", text)
		}
		alternatives[i] = plain
	}
	constraints, err := semver.NewConstraint(strings.Join(alternatives, " || "))
	if err != nil {
		return Range{}, fmt.Errorf("%q is not a range of versions: %w", text, err)
	}
	return Range{text: text, constraints: constraints}, nil
}

// isEvery reports whether a range is written as one of npm's words for "any".
func isEvery(text string) bool {
	return text == "*" || text == "x" || text == "X"
}

// Has reports whether an exact version is in the range; false when version is
// none.
func (r Range) Has(version string) bool {
	exact, err := semver.StrictNewVersion(version)
	return err == nil && r.has(exact)
}

// HasMajor reports whether any release of that major version is in the range.
func (r Range) HasMajor(major uint64) bool {
	only, err := ParseRange(strconv.FormatUint(major, 10))
	return err == nil && r.meets(only)
}

// meets reports whether any release is in both ranges.
//
// Releases are well ordered, so if the ranges meet at all there is a least release
// in both, and that one is the first of all or follows from a number in one of
// them: the number itself ("^22.5"), the next patch (">22.5.1"), the next minor
// (">22.5") or the next major (">22").
func (r Range) meets(other Range) bool {
	has := func(major, minor, patch uint64) bool {
		version := semver.New(major, minor, patch, "", "")
		return r.has(version) && other.has(version)
	}
	if has(0, 0, 0) {
		return true
	}
	for _, number := range numbers.FindAllString(r.text+" "+other.text, -1) {
		least, err := semver.NewVersion(number)
		if err != nil {
			continue
		}
		major, minor, patch := least.Major(), least.Minor(), least.Patch()
		if has(major, minor, patch) || has(major, minor, patch+1) || has(major, minor+1, 0) || has(major+1, 0, 0) {
			return true
		}
	}
	return false
}

// rangesMeet does the same for what may be no range, and then meets every one.
func rangesMeet(one, other string) bool {
	first, firstErr := ParseRange(one)
	second, secondErr := ParseRange(other)
	return firstErr != nil || secondErr != nil || first.meets(second)
}

func (r Range) has(version *semver.Version) bool {
	return r.constraints == nil || r.constraints.Check(version)
}

// The notation of npm (its README of semver), which knows neither "!=" nor ","
// nor a number behind a wildcard.
const (
	partial  = `[v=\s]*(0|[1-9]\d*|[xX*])(?:\.(0|[1-9]\d*|[xX*])(?:\.(0|[1-9]\d*|[xX*])(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)?)?`
	operator = `(~>|>=|<=|[~^<>=])?`
)

var (
	comparator  = regexp.MustCompile(`^` + operator + partial + `(?:\s+|$)`)
	hyphenRange = regexp.MustCompile(`^(` + partial + `)\s+-\s+(` + partial + `)$`)
	// numbers is what may be a version in a range. A match too many does no harm:
	// every candidate is held against the range.
	numbers = regexp.MustCompile(`\d+(\.\d+){0,2}`)
)

// plainRange writes a range without "||" in the part of npm's notation that the
// semver package reads as npm does; false when npm would not take it.
func plainRange(text string) (string, bool) {
	if ends := hyphenRange.FindStringSubmatch(text); ends != nil {
		text = ">=" + ends[1] + " <=" + ends[6]
	}
	var written []string
	for text != "" {
		found := comparator.FindStringSubmatch(text)
		if found == nil {
			return "", false
		}
		plain, ok := plainComparator(found[1], found[2:5], found[5])
		if !ok {
			return "", false
		}
		written = append(written, plain)
		text = text[len(found[0]):]
	}
	return strings.Join(written, " "), true
}

// plainComparator does the same for one comparator. Parts that are not written
// are empty.
func plainComparator(op string, parts []string, pre string) (string, bool) {
	isWild := func(part string) bool { return part == "" || isEvery(part) }
	count := slices.IndexFunc(parts, isWild)
	switch {
	case count < 0:
		count = len(parts)
	case slices.ContainsFunc(parts[count:], func(part string) bool { return !isWild(part) }):
		return "", false // such as "1.x.3"
	default:
		pre = ""
	}
	version := strings.Join(parts[:count], ".") + pre
	switch {
	case count > 0 && strings.HasPrefix(op, "~") && strings.HasPrefix(version, "0.0.0"):
		return ">=" + version + " <0.1.0", true // every version to the semver package
	case count > 0:
		return op + version, true
	case op == "<" || op == ">":
		return "<0.0.0", true // nothing
	default:
		return ">=0.0.0", true
	}
}

// exactVersion returns a version that is written out in full, freed of the "v"
// and "=" npm allows in front.
func exactVersion(spec string) (string, bool) {
	bare := strings.TrimLeft(strings.TrimSpace(spec), "=v ")
	_, err := semver.StrictNewVersion(bare)
	return bare, err == nil
}
