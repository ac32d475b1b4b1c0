package gh_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
)

func TestParseRepository(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]gh.Repository{
		"acme/voice":                    voice,
		"ann_corp/.github":              {Owner: "ann_corp", Name: ".github"},
		"A-1/a.b_c-D":                   {Owner: "A-1", Name: "a.b_c-D"},
		"":                              {},
		"voice":                         {},
		"/voice":                        {},
		"acme/":                         {},
		"acme/voice/":                   {},
		"acme/..":                       {},
		"acme/voice\n":                  {},
		"https://github.com/acme/v":     {},
		strings.Repeat("a", 101) + "/b": {},
	} {
		got, err := gh.ParseRepository(text)
		if got != want || (err == nil) != (want != gh.Repository{}) {
			t.Errorf("%q: got %+v with error %v", text, got, err)
		}
		if shown := strings.TrimSpace(text); err != nil && (!strings.Contains(err.Error(), "it is owner/name") || !strings.Contains(err.Error(), shown)) && len(text) < 100 {
			t.Errorf("%q: error %v", text, err)
		}
	}
}
