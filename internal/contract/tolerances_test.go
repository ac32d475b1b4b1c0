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
	// world is the only one of worlds that may need it; empty: all of them may.
	world  string
	covers func(departure) bool
}

// tolerances is the whole list of them.
func tolerances() []tolerance {
	inBuild := regexp.MustCompile(`^(/builds/\d+)?/(function|asset)_versions/\d+/`)
	inNewBuild := regexp.MustCompile(`^/(function|asset)_versions/\d+$`)
	return []tolerance{
		{
			name:   "node24",
			reason: "Twilio's changelog of 2026-07-08 adds it; the file of 2026-02-05 cannot have it.",
			covers: func(d departure) bool {
				return d.rule == "enum" && strings.HasSuffix(d.at, "/runtime") && d.value == "node24"
			},
		},
		{
			name:   "upper-case visibility in a Build",
			reason: "The file's examples of Builds have PUBLIC where its Versions have public.",
			covers: func(d departure) bool {
				return d.rule == "enum" && inBuild.MatchString(d.at) && strings.HasSuffix(d.at, "/visibility") &&
					slices.Contains([]any{"PUBLIC", "PROTECTED", "PRIVATE"}, d.value)
			},
		},
		{
			name:   "shorter Versions in a Build",
			reason: "The file's examples of Builds have Versions without url and links; it has no schema for them.",
			covers: func(d departure) bool {
				return d.rule == "required" && inBuild.MatchString(d.at) &&
					(strings.HasSuffix(d.at, "/url") || strings.HasSuffix(d.at, "/links"))
			},
		},
		{
			name:   "bare Versions in a new Build",
			reason: "Twilio's reference page shows the SIDs alone in the reply to a new Build; the Sandbox has a switch for it.",
			world:  otherwise,
			covers: func(d departure) bool {
				return d.rule == "type" && d.operation == "CreateBuild" && inNewBuild.MatchString(d.at) && isVersionSID(d.value)
			},
		},
		{
			name:   "upload refusals in plain text",
			reason: "No source shows what the upload host refuses with; the Sandbox has a switch for it.",
			world:  otherwise,
			covers: func(d departure) bool {
				return d.rule == "json" && (d.operation == "CreateFunctionVersion" || d.operation == "CreateAssetVersion")
			},
		},
		{
			name:   "refusals",
			reason: "The file has replies to what succeeds alone; bodies of others are held to the supplement.",
			covers: func(d departure) bool { status, ok := d.value.(int); return d.rule == "status" && ok && status < 500 },
		},
	}
}

func isVersionSID(value any) bool {
	sid, isText := value.(string)
	return isText && twilio.IsSID("ZN", sid)
}

// ledger sorts departures into those that are tolerated and those that are not.
type ledger struct{ used map[string]int }

func (l *ledger) tolerated(world string, found departure) bool {
	for _, one := range tolerances() {
		if (one.world == "" || one.world == world) && one.covers(found) {
			l.used[one.name]++
			return true
		}
	}
	return false
}
