package gh_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/gh"
)

func TestRepositoryOf(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]gh.Repository{
		"git@github.com:acme/voice.git":                  voice,
		"github.com:acme/voice":                          voice,
		"https://github.com/acme/voice.git":              voice,
		"https://GitHub.com/acme/voice/":                 voice,
		"https://ada:sesame@github.com/acme/voice":       voice,
		"ssh://git@ssh.github.com:443/acme/voice.git":    voice,
		"git://github.com/acme/voice.git":                voice,
		"https://github.example/acme/voice.git":          {},
		"git@gitlab.com:acme/voice.git":                  {},
		"https://github.com.evil.example/acme/voice":     {},
		"https://evil.example/github.com/acme/voice.git": {},
		"https://ada:ses%ame@github.com/acme/voice":      {},
		"https://github.com/acme":                        {},
		"https://github.com/acme/voice/more":             {},
		"../voice.git":                                   {},
		"/srv/git/voice.git":                             {},
		"":                                               {},
	} {
		got, err := gh.RepositoryOf(remote, "")
		if got != want || (err == nil) != (want != gh.Repository{}) {
			t.Errorf("%q: got %+v with error %v", remote, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "ses") {
			t.Errorf("%q: the error tells what is secret: %v", remote, err)
		}
	}
	if got, err := gh.RepositoryOf("git@github.example:acme/voice.git", "https://github.example"); got != voice || err != nil {
		t.Errorf("on a server of one's own: %v, %v", got, err)
	}
}

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
