package publish

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Version is a version of Slipway, such as v1.2.3 or v1.3.0-rc.1. The zero value is
// v0.0.0.
type Version struct {
	Major, Minor, Patch int
	// Pre is what follows the hyphen of a prerelease; empty for a release.
	Pre string
}

// versionForm is that of Semantic Versioning (semver.org) behind a v, without build
// metadata: a tag of an image cannot hold its plus sign.
var versionForm = regexp.MustCompile(`^v(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})` +
	`(?:-((?:0|[1-9][0-9]*|[0-9]*[a-z][0-9a-z]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[a-z][0-9a-z]*))*))?$`)

// ParseVersion reads a version as a tag writes it. The error is a Problem.
func ParseVersion(text string) (Version, error) {
	parts := versionForm.FindStringSubmatch(text)
	if parts == nil {
		return Version{}, &problem.Problem{
			Message: fmt.Sprintf("%q is no version", text),
			Fix:     "Give one such as v1.2.3, or v1.3.0-rc.1 for a prerelease.",
		}
	}
	var numbers [3]int
	for i := range numbers {
		number, err := strconv.Atoi(parts[i+1])
		if err != nil { // cannot be: at most six digits
			return Version{}, fmt.Errorf("read version %q: %w", text, err)
		}
		numbers[i] = number
	}
	return Version{Major: numbers[0], Minor: numbers[1], Patch: numbers[2], Pre: parts[4]}, nil
}

// String is the version as its tag: with a v.
func (v Version) String() string { return "v" + v.Bare() }

// Bare is the version as CHANGELOG.md and the names of archives have it: without a v.
func (v Version) Bare() string {
	text := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.Pre != "" {
		text += "-" + v.Pre
	}
	return text
}

// IsPrerelease tells whether nobody should get the version who did not ask for it.
func (v Version) IsPrerelease() bool { return v.Pre != "" }

// compare orders releases; of prereleases nobody asks for the order.
func (v Version) compare(other Version) int {
	return cmp.Or(cmp.Compare(v.Major, other.Major), cmp.Compare(v.Minor, other.Minor), cmp.Compare(v.Patch, other.Patch))
}

// IsLatest tells whether GitHub should show the version as the latest: a release
// above all others. Tags that are no versions do not count.
func (v Version) IsLatest(tags []string) bool {
	return v.isNewest(tags, func(Version) bool { return true })
}

// MovingTag is the tag that workflows follow, such as v1, when the version moves it,
// and otherwise "". A prerelease moves none, nor does v0, whose versions promise
// nothing to each other, nor a mend of an older version of the same major.
func (v Version) MovingTag(tags []string) string {
	if v.Major == 0 || !v.isNewest(tags, func(other Version) bool { return other.Major == v.Major }) {
		return ""
	}
	return "v" + strconv.Itoa(v.Major)
}

// isNewest tells whether the version is a release and none of those that count is
// above it.
func (v Version) isNewest(tags []string, counts func(Version) bool) bool {
	return !v.IsPrerelease() && !slices.ContainsFunc(tags, func(tag string) bool {
		other, err := ParseVersion(tag)
		return err == nil && !other.IsPrerelease() && counts(other) && other.compare(v) > 0
	})
}
