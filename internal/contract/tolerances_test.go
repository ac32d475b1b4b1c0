package contract_test

import (
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/twilio"
)

// tolerance is a departure from the official file that is right, and why. One
// that no exchange needs fails the test.
type tolerance struct {
	name, reason string
	covers       func(departure) bool
}

// tolerances is the whole list of them.
func tolerances() []tolerance {
	inBuild := regexp.MustCompile(`^(/builds/\d+)?/(function|asset)_versions/\d+/`)
	inNewBuild := regexp.MustCompile(`^/(function|asset)_versions/\d+$`)
	return []tolerance{
		{
			"node24",
			"Twilio's changelog of 2026-07-08 adds it; the file of 2026-02-05 cannot have it.",
			func(d departure) bool {
				return d.rule == "enum" && strings.HasSuffix(d.at, "/runtime") && d.value == "node24"
			},
		},
		{
			"upper-case visibility in a Build",
			"The file's examples of Builds have PUBLIC where its Versions have public.",
			func(d departure) bool {
				return d.rule == "enum" && inBuild.MatchString(d.at) && strings.HasSuffix(d.at, "/visibility") &&
					slices.Contains([]any{"PUBLIC", "PROTECTED", "PRIVATE"}, d.value)
			},
		},
		{
			"shorter Versions in a Build",
			"The file's examples of Builds have Versions without url and links; it has no schema for them.",
			func(d departure) bool {
				return d.rule == "required" && inBuild.MatchString(d.at) &&
					(strings.HasSuffix(d.at, "/url") || strings.HasSuffix(d.at, "/links"))
			},
		},
		{
			"bare Versions in a new Build",
			"Twilio's reference page shows the SIDs alone in the reply to a new Build; the Sandbox has a switch for it.",
			func(d departure) bool {
				return d.rule == "type" && d.operation == "CreateBuild" && inNewBuild.MatchString(d.at) && isVersionSID(d.value)
			},
		},
		{
			"upload refusals in plain text",
			"No source shows what the upload host refuses with; the Sandbox has a switch for it.",
			func(d departure) bool {
				return d.rule == "json" && (d.operation == "CreateFunctionVersion" || d.operation == "CreateAssetVersion")
			},
		},
		{
			"refusals",
			"The file has replies to what succeeds alone; bodies of others are held to the supplement.",
			func(d departure) bool { return d.rule == "status" },
		},
	}
}

func isVersionSID(value any) bool {
	sid, isText := value.(string)
	return isText && twilio.IsSID("ZN", sid)
}

// ledger sorts departures into those that are tolerated and those that are not.
type ledger struct{ used map[string]int }

func (l *ledger) tolerated(found departure) bool {
	for _, one := range tolerances() {
		if one.covers(found) {
			l.used[one.name]++
			return true
		}
	}
	return false
}
