package cli

import (
	"testing"
	"time"

	"github.com/slipway-dev/slipway/internal/problem"
)

func TestReadSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{ // before now; negative: refused
		"":                          24 * time.Hour,
		"90s":                       90 * time.Second,
		"1h30m":                     90 * time.Minute,
		"0s":                        0,
		"7d":                        7 * 24 * time.Hour,
		"30d":                       30 * 24 * time.Hour,
		"1d12h":                     36 * time.Hour,
		"0d":                        0,
		"2026-11-22T09:00:00Z":      time.Hour,
		"2026-11-22T10:00:00+01:00": time.Hour,
		"2026-11-22T10:00:00Z":      0,
		"2026-11-22T10:00:02Z":      -2 * time.Second, // clocks differ
		"2026-11-22":                10 * time.Hour,
		"0001-01-01T00:00:00Z":      now.Sub(time.Unix(0, 0)),
	} {
		var problems problem.List
		at, err := readSince(&problems, text, false).from(now)
		if got := now.Sub(at); got != want || err != nil || problems != nil {
			t.Errorf("since %q is %s ago with %v and %v, want %s", text, got, problems.Err(), err, want)
		}
	}
	for _, text := range []string{
		"-1h", "-7d", "7.5d", "d", "1d-3h", "1d1d", "99999999999999999999d", "65535d2562047h", "90", "yesterday", "2026-11-31", "10:00",
	} {
		var problems problem.List
		if readSince(&problems, text, false); len(problems) != 1 {
			t.Errorf("since %q: %v, want one problem", text, problems.Err())
		}
	}
	if _, err := readSince(new(problem.List), "2026-11-22T10:01:00Z", false).from(now); err == nil {
		t.Error("a time that has not come yet passes")
	}
	at, err := readSince(new(problem.List), "", true).from(now)
	if got := now.Sub(at); got != 10*time.Minute || err != nil {
		t.Errorf("--tail alone reaches back %s with %v", got, err)
	}
}
