package job

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Production is the name of the Environment on a Service's bare domain.
const Production = "production"

const (
	// maxSuffix is the API's limit on a domain suffix, maxService that on a Service's
	// unique name (Twilio's OpenAPI file).
	maxSuffix  = 16
	maxService = 50
)

var (
	environmentSID = regexp.MustCompile(`^ZE[0-9a-fA-F]{32}$`)
	previewName    = regexp.MustCompile(`^pr-([1-9][0-9]{0,12})$`)
	domainLabel    = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`)
)

// PreviewName is the name of the Environment of a pull request.
func PreviewName(number int) string { return "pr-" + strconv.Itoa(number) }

// PreviewNumber returns which pull request an Environment of that name is for. A name
// that PreviewName would not give is none's.
func PreviewNumber(name string) (number int, ok bool) {
	digits := previewName.FindStringSubmatch(name)
	if digits == nil {
		return 0, false
	}
	number, err := strconv.Atoi(digits[1])
	return number, err == nil
}

// CheckEnvironment says why no Environment can be named so, and what to do about it.
// Both are empty when one can: by a domain suffix, as production, or by a SID.
func CheckEnvironment(name string) (fault, fix string) {
	switch {
	case environmentSID.MatchString(name):
		return "", ""
	case name == "":
		return "the environment has no name", "Give a domain suffix such as dev, production for the bare domain, or a SID (ZE…)."
	case len(name) > maxSuffix:
		return fmt.Sprintf("environment %q has %d characters; a domain suffix has at most %d", name, len(name), maxSuffix), "Choose a shorter one."
	case !domainLabel.MatchString(name):
		return fmt.Sprintf("environment %q cannot be part of a domain", name), "Use letters, digits and dashes, with a letter or digit at both ends."
	}
	return "", ""
}

// CheckService says why no Service can be called so, and what to do about it. Both
// are empty when one can. An empty name is none.
func CheckService(name string) (fault, fix string) {
	switch length := utf8.RuneCountInString(name); {
	case name == "":
		return "the Service has no name", "Give service."
	case length > maxService:
		return fmt.Sprintf("the Service's name %q has %d characters; Twilio takes at most %d", name, length, maxService), "Give a shorter one with service."
	case name == "." || name == "..": // which would lead elsewhere in a path
		return fmt.Sprintf("the Service's name %q has dots alone, as no name of a Service has", name), "Use letters, digits and dashes; give it with service."
	case strings.ContainsAny(name, "/?#\\ ") || strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Sprintf("the Service's name %q holds a character that no name of a Service has", name), "Use letters, digits and dashes; give it with service."
	}
	return "", ""
}
