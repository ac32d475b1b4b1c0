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
		"2026-11-22T09:00:00Z":      time.Hour,
		"2026-11-22T10:00:00+01:00": time.Hour,
		"2026-11-22T10:00:00Z":      0,
		"2026-11-22T10:00:01Z":      -1,
		"2026-11-22":                -1,
		"-1h":                       -1,
		"-7d":                       -1,
		"7.5d":                      -1,
		"d":                         -1,
		"99999999999999999999d":     -1,
		"90":                        -1,
		"yesterday":                 -1,
	} {
		var problems problem.List
		got := now.Sub(readSince(&problems, text, false, now))
		if isRefused := len(problems) > 0; isRefused != (want < 0) || !isRefused && got != want {
			t.Errorf("since %q is %s ago with %v, want %s", text, got, problems.Err(), want)
		}
	}
	if got := now.Sub(readSince(new(problem.List), "", true, now)); got != 10*time.Minute {
		t.Errorf("--tail alone reaches back %s", got)
	}
}
