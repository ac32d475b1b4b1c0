package twilio

import (
	"fmt"
	"regexp"
	"strconv"
)

const (
	// defaultRuntime is what a Build gets that names none: Twilio's upgrade
	// guide, since 2025-11-10.
	defaultRuntime = "node22"

	handlerName = "@twilio/runtime-handler"
	helperName  = "twilio"

	// Twilio's page on the runtime handler, and for node24 the changelog of
	// 2026-07-08.
	defaultHandler = "2.0.1"
	node24Handler  = "2.1.2"
	// What the platform adds is not published; this is what new projects pin
	// (create-twilio-function, versions.js).
	defaultHelper = "5.0.3"
)

// runtimeVerdict is what becomes of a Build that asks for a runtime.
type runtimeVerdict struct {
	runtime string // as the Build reports it
	refusal error  // when it cannot be had
	isLate  bool   // the refusal may come as a failed Build; see Switches
}

// judgeRuntime follows the changelog: node8 to node16 are refused when the
// Build is created (twilio-cli issue 252), builds on node18 fail since
// 2025-11-10, node24 came on 2026-07-08. "latest" is what flex-plugin-builder
// sends.
func judgeRuntime(asked string, switches *Switches) runtimeVerdict {
	refusal := badRequest("unsupported runtime: %s", asked)
	switch asked {
	case "", "latest":
		return runtimeVerdict{runtime: defaultRuntime}
	case "node18":
		return runtimeVerdict{runtime: asked, isLate: true, refusal: refusal}
	case "node20":
		if switches.Node20Retired {
			return runtimeVerdict{runtime: asked, isLate: true, refusal: refusal}
		}
		return runtimeVerdict{runtime: asked}
	case "node22", "node24":
		return runtimeVerdict{runtime: asked}
	default:
		return runtimeVerdict{refusal: refusal}
	}
}

// semver is an exact version without pre-release. Handlers have no others.
type semver [3]int

var exactSemver = regexp.MustCompile(`^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$`)

func parseExact(text string) (semver, bool) {
	found := exactSemver.FindStringSubmatch(text)
	if found == nil {
		return semver{}, false
	}
	var parsed semver
	for i := range parsed {
		parsed[i], _ = strconv.Atoi(found[i+1]) // digits, by the pattern
	}
	return parsed, true
}

func (v semver) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

func (v semver) below(other semver) bool {
	for i := range v {
		if v[i] != other[i] {
			return v[i] < other[i]
		}
	}
	return false
}

// isHandler says whether the platform has a version of the runtime handler. It
// is not what npm has: 2.1.0, npm's latest, is refused (toolkit issues 557 and
// 564), and 2.1.2 is not on npm at all. Up to 1.2.0 the list just says "older".
func isHandler(text string) bool {
	exact, isExact := parseExact(text)
	if !isExact || exact.below(semver{1, 0, 0}) {
		return false
	}
	if exact.below(semver{1, 2, 1}) {
		return true
	}
	switch text {
	case "1.2.1", "1.2.2", "1.2.3", "1.2.4", "1.2.5", "1.3.0", "1.3.1", "2.0.0", "2.0.1", "2.0.3", "2.1.2":
		return true
	default:
		return false
	}
}

// handlerFor raises a handler to what the runtime needs. isTooOld says that it
// cannot: "below 1.2.0 the build fails" (changelog of 2026-07-08).
func handlerFor(runtime, asked string) (version string, isTooOld bool) {
	exact, _ := parseExact(asked)
	switch {
	case runtime != "node24":
		return asked, false
	case exact.below(semver{1, 2, 0}):
		return asked, true
	default:
		return node24Handler, false
	}
}

// unknownHandler is the refusal, which points to the page with the list.
func unknownHandler(asked string) string {
	return noMatch(handlerName, asked) +
		" See https://www.twilio.com/docs/serverless/functions-assets/handler for available versions."
}
