package doctor

import (
	"context"
	"maps"
	"slices"
)

// probe settles some facts. What it does not settle stays open; its error says
// why.
type probe struct {
	title   string
	settles []string
	run     func(context.Context, *lab) error
}

// probes are in the order in which they run: each leaves to those behind it
// what they need. The first Builds are on their way together.
func probes() []probe {
	return []probe{
		{"names and headers", []string{"lower-case-domains", "no-concurrency-header", "doubled-request-ids"}, probeService},
		{"names of Services", []string{"service-conflicts-are-400", "service-names-checked"}, probeServiceNames},
		{"paths and pages", []string{"nested-service-names", "malformed-sids-are-400", "large-pages-refused"}, probePaths},
		{"Environments", []string{"bare-domains-shared", "suffixes-unchecked"}, probeEnvironments},
		{"Variables", []string{"variable-conflicts-are-400", "variables-limit"}, probeVariables},
		{"uploads", []string{"upload-answers-200", "uploads-deduplicated", "plain-upload-errors", "path-characters-checked", "reserved-paths-refused"}, probeUploads},
		{"large uploads", []string{"large-functions-refused", "large-private-assets"}, probeSizes},
		{"a Build that is not completed", []string{"bare-versions", "unfinished-build-is-409"}, probeMainBuild},
		{"Builds that may be refused", []string{"duplicate-paths-are-409", "late-runtime-errors", "node20-retired"}, probeRefusals},
		{"dependencies of Builds", []string{"older-default-dependencies", "ranges-resolved"}, probeDependencies},
		{"a Deployment", []string{"stale-build-is-400", "protected-functions-403", "paths-ignore-case", "types-by-extension"}, probeDomain},
		{"logs", []string{"late-logs", "upper-case-levels"}, probeLogs},
		{"a Build without a runtime", []string{"runtime-kept"}, probeRuntime},
		{"many Functions", []string{"shuffled-lists"}, probeManyFunctions},
		{"deletions of what is live", []string{"file-guard-is-400", "build-guard-is-400"}, probeGuards},
		{"a second Deployment", []string{"undeployed-builds-vanish", "root-serves-index"}, probeSecondDeployment},
		{"lists of Builds", []string{"shuffled-builds"}, probeBuildOrder},
		{"a Build of many Functions", []string{"function-limit"}, probeManyBuild},
		{"many Environments", []string{"environment-limit"}, probeManyEnvironments},
	}
}

// neverAsked are the facts that no Survey settles on purpose, and why.
func neverAsked() map[string]string {
	return map[string]string{
		"retry-after-told": "the account's limit on requests would have to be met, which its live traffic shares; no call of the survey happened to be refused for it",
		"asset-limits":     "it would take more than 1000 uploads",
		"build-rate-limit": "it would take more than 100 Builds within an hour, of an account that may need them",
	}
}

// Switches are the facts that a Survey has a Finding for: those that it can
// settle, and those that it leaves open on purpose.
func Switches() []string {
	var names []string
	for _, one := range probes() {
		names = append(names, one.settles...)
	}
	return append(names, slices.Sorted(maps.Keys(neverAsked()))...)
}

// allNotes are those that were made, and what stays open in any case.
func (l *lab) allNotes() []Note {
	return append(slices.Clone(l.noted),
		Note{About: "lifetime of Builds that are not live", Open: "a survey is too short to see when they go"},
		Note{About: "retention of Versions, Functions and Assets without use", Open: "it takes days"},
		Note{About: "credentials other than these (OAuth, restricted keys)", Open: "a survey has one kind of credentials"},
		Note{About: "other regions: upload hosts and domains", Open: "a survey sees one region; run it with --region"},
		Note{About: "limits on Assets above 25 MB and on what Functions may do at once", Open: "too large, or too much load"},
	)
}
