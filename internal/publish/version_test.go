package publish_test

import (
	"testing"

	"github.com/slipway-dev/slipway/internal/publish"
)

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]publish.Version{
		"v0.1.0":         {Minor: 1},
		"v1.2.3":         {Major: 1, Minor: 2, Patch: 3},
		"v10.20.30":      {Major: 10, Minor: 20, Patch: 30},
		"v1.0.0-rc.1":    {Major: 1, Pre: "rc.1"},
		"v1.0.0-alpha":   {Major: 1, Pre: "alpha"},
		"v1.0.0-0a.beta": {Major: 1, Pre: "0a.beta"},
	} {
		got, err := publish.ParseVersion(text)
		if err != nil || got != want {
			t.Errorf("%s: got %+v and %v, want %+v", text, got, err, want)
		}
		if got.String() != text || "v"+got.Bare() != text {
			t.Errorf("%s is written as %s and %s", text, got, got.Bare())
		}
	}
	for _, text := range []string{
		"", "1.2.3", "v1", "v1.2", "v1.2.3.4", "v01.2.3", "v1.2.3-", "v1.2.3-01", "v1.2.3-rc..1", "v1.2.3+meta",
		"v1.2.3\n", " v1.2.3", "V1.2.3", "v1.2.3-RC", "v1.2.3; true", "v1.2.3-$(id)", "v1.2.9999999", "latest",
	} {
		if got, err := publish.ParseVersion(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}

func TestTagsThatAVersionMoves(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		version string
		tags    []string
		moving  string
		latest  bool
	}{
		{"v0.3.0", nil, "", true},
		{"v0.3.0", []string{"v0.4.0"}, "", false},
		{"v1.0.0", nil, "v1", true},
		{"v1.0.0", []string{"v0.9.0", "v1", "v1.0.0-rc.1", "nightly"}, "v1", true},
		{"v1.0.0-rc.1", nil, "", false},
		{"v1.2.4-rc.1", []string{"v1.2.3", "v1"}, "", false},
		{"v1.2.4", []string{"v1.2.3", "v1", "v1.2.4"}, "v1", true}, // a run that is repeated
		{"v1.2.4", []string{"v1.10.0", "v1"}, "", false},
		{"v1.2.4", []string{"v1.2.3", "v2.0.0", "v1", "v2"}, "v1", false},
		{"v1.2.4", []string{"v1.2.3", "v2.0.0-beta.1"}, "v1", true},
		{"v2.0.0", []string{"v1.9.9", "v1"}, "v2", true},
	} {
		version, err := publish.ParseVersion(test.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := version.MovingTag(test.tags); got != test.moving {
			t.Errorf("%s among %v moves %q, want %q", version, test.tags, got, test.moving)
		}
		if got := version.IsLatest(test.tags); got != test.latest {
			t.Errorf("%s among %v is the latest: %t, want %t", version, test.tags, got, test.latest)
		}
	}
}
