package server

import (
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
)

// patience says how often and when something is tried again that failed for a reason
// that may pass. Calls have been repeated for seconds by then; this is about minutes.
type patience struct {
	first, longest time.Duration
	tries          int
}

// patient is for what is asked of GitHub, and changes nothing at Twilio: it lasts some
// four hours, as long as GitHub's longer failures. What GitHub refuses is tried for a
// minute: a new commit is not known to all of it at once.
func (s *Server) patient(err error) patience {
	if gh.IsRefusal(err) {
		return patience{first: s.retryAfter, longest: 3 * s.retryAfter, tries: 4}
	}
	return patience{first: s.retryAfter, longest: 90 * s.retryAfter, tries: 22}
}

// persevering is for a Job that failed while it was carried out, which took its time.
func (s *Server) persevering() patience {
	return patience{first: 3 * s.retryAfter, longest: 30 * s.retryAfter, tries: 5}
}

// next returns how long to wait behind a try, of which the first is 1; ok is false when
// there is to be no other.
func (p patience) next(tries int) (wait time.Duration, ok bool) {
	wait = p.longest
	if doubled := tries - 1; doubled < 16 {
		wait = min(p.longest, p.first<<doubled)
	}
	return wait, tries < p.tries
}
