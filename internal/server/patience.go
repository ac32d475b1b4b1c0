package server

import "time"

// patience says how often and when something is tried again that failed for a reason
// that may pass. Calls have been repeated for seconds by then; this is about minutes.
type patience struct {
	first, longest time.Duration
	tries          int
}

// decidePatience lasts some four hours, as long as GitHub's longer failures.
//
//nolint:gochecknoglobals // constants in all but the word.
var (
	decidePatience = patience{first: 10 * time.Second, longest: 15 * time.Minute, tries: 22}
	runPatience    = patience{first: 30 * time.Second, longest: 5 * time.Minute, tries: 5}
)

// next returns how long to wait behind a try, of which the first is 1; ok is false when
// there is to be no other.
func (p patience) next(tries int) (wait time.Duration, ok bool) {
	wait = p.longest
	if doubled := tries - 1; doubled < 16 {
		wait = min(p.longest, p.first<<doubled)
	}
	return wait, tries < p.tries
}
