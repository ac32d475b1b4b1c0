package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/problem"
)

const (
	// How far logs reach back when --since does not say; the first is Twilio's
	// own choice (OpenAPI file).
	sinceByDefault     = 24 * time.Hour
	sinceByDefaultTail = 10 * time.Minute
	// sinceSlack is how far a time may lie ahead: what an entry bore is not of the
	// future because Twilio's clock is known to the second alone.
	sinceSlack = 5 * time.Second
)

// since is how far to reach back: to a time, or without one by a length of time.
type since struct {
	at   time.Time
	back time.Duration
}

// from returns where that is, by the clock by which Logs are dated. The error is
// a *problem.Problem.
func (s since) from(now time.Time) (time.Time, error) {
	switch {
	case s.at.IsZero():
		return now.Add(-s.back), nil
	case s.at.After(now.Add(sinceSlack)):
		return now, oneProblem(fmt.Sprintf("since %s has not come yet", s.at.Format(time.RFC3339)),
			fmt.Sprintf("At Twilio it is %s.", now.UTC().Format(time.RFC3339)))
	default:
		return s.at, nil
	}
}

func readSince(problems *problem.List, text string, tail bool) since {
	switch {
	case text != "":
	case tail:
		return since{back: sinceByDefaultTail}
	default:
		return since{back: sinceByDefault}
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return since{at: time.Unix(max(at.Unix(), 0), 0)} // what is older cannot be told from no time
		}
	}
	back, ok := readBack(text)
	if !ok {
		problems.Add(fmt.Sprintf("since %q is neither a length of time nor a time", text), "Give one such as 90s, 2h, 7d, 2026-11-22 or 2026-11-22T10:00:00Z.")
	}
	return since{back: back}
}

// readBack reads a length of time, in which days may stand first: 7d, 1d12h.
func readBack(text string) (back time.Duration, ok bool) {
	if days, rest, has := strings.Cut(text, "d"); has {
		number, err := strconv.ParseUint(days, 10, 16) // 180 years
		back = time.Duration(number) * 24 * time.Hour
		if err != nil || rest == "" {
			return back, err == nil
		}
		text = rest
	}
	rest, err := time.ParseDuration(text)
	return back + rest, err == nil && rest >= 0 && back+rest >= 0
}
