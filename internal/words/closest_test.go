package words_test

import (
	"testing"

	"github.com/slipway-dev/slipway/internal/words"
)

func TestClosest(t *testing.T) {
	t.Parallel()
	known := []string{"environment", "env-file", "edge", "service"}
	for word, want := range map[string]string{
		"evironment":  "environment",
		"environment": "environment",
		"envfile":     "env-file",
		"servcie":     "service",
		"egde":        "", // two slips in four letters
		"edg":         "edge",
		"account":     "",
		"":            "",
		"x":           "",
	} {
		if got := words.Closest(word, known); got != want {
			t.Errorf("closest to %q is %q, want %q", word, got, want)
		}
	}
}
