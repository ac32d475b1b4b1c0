package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// mostDays is what fits into a time.Duration.
const mostDays = 100_000

// ParseDuration reads a length of time as Go writes it, with days of 24 hours in
// front: 90s, 12h, 7d, 1d12h.
func ParseDuration(text string) (time.Duration, error) {
	before, behind, hasDays := strings.Cut(text, "d")
	if !hasDays {
		return time.ParseDuration(text) //nolint:wrapcheck // it says what it is about.
	}
	days, err := strconv.ParseUint(before, 10, 64)
	if err != nil || days > mostDays {
		return 0, fmt.Errorf("%q is not a length of time", text)
	}
	var rest time.Duration
	if behind != "" {
		rest, err = time.ParseDuration(behind)
	}
	if err != nil || rest > 24*time.Hour*mostDays || strings.HasPrefix(behind, "-") || strings.HasPrefix(behind, "+") {
		return 0, fmt.Errorf("%q is not a length of time", text)
	}
	return time.Duration(days)*24*time.Hour + rest, nil
}
