package server

import "github.com/slipway-dev/slipway/internal/gh"

// Words are those by which it is counted what a Server does.
type Words struct {
	// Events are those that something is done on.
	Events []string
	// Verdicts are the intake's, Decisions those on what was stored.
	Verdicts, Decisions []string
	// Kinds are those of the Jobs.
	Kinds []string
}

// WordsCounted returns the words: all that there are, but that others than the Events
// are delivered as well.
func WordsCounted() Words {
	var kinds []string
	for _, one := range (&Server{}).trades() {
		kinds = append(kinds, one.kind)
	}
	return Words{
		Events:    []string{gh.EventPush, gh.EventPullRequest, gh.EventRelease},
		Verdicts:  []string{string(Stored), string(Duplicate), string(Ignored), string(Refused), string(Unstored)},
		Decisions: []string{verdictQueued, verdictSkipped, verdictRefused, verdictFailed},
		Kinds:     kinds,
	}
}
