package config

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// mostDays is what fits into a time.Duration.
const mostDays = 100_000

// ParseDuration reads a length of time as Go writes it, with days of 24 hours in
// front: 90s, 12h, 7d, 1d12h.
func ParseDuration(text string) (time.Duration, error) {
	parts := regexp.MustCompile(`^([0-9]{1,6})d(.*)$`).FindStringSubmatch(text)
	if parts == nil {
		return time.ParseDuration(text) //nolint:wrapcheck // it says what it is about.
	}
	days, err := strconv.Atoi(parts[1])
	if err != nil || days > mostDays {
		return 0, fmt.Errorf("%q is too long", text)
	}
	var rest time.Duration
	if parts[2] != "" {
		rest, err = time.ParseDuration(parts[2])
	}
	if err != nil || rest < 0 || rest > 24*time.Hour*mostDays || parts[2] != "" && (parts[2][0] < '0' || parts[2][0] > '9') {
		return 0, fmt.Errorf("%q is not a length of time", text)
	}
	return time.Duration(days)*24*time.Hour + rest, nil
}
