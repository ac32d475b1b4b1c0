package npm_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/npm"
)

func TestRangeHas(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, version string
		want          bool
	}{
		{"", "1.0.0", true},
		{"*", "1.0.0-rc.1", true},
		{"^1 || *", "7.0.0", true},
		{"^1 || ", "7.0.0", true},
		{"^*", "7.0.0", true},
		{">=x.x <2", "1.0.0", true},
		{"^1.2.3", "1.9.0", true},
		{"^1.2.3", "2.0.0", false},
		{"^0.2.3", "0.3.0", false},
		{"~1.2.3", "1.2.9", true},
		{"~1.2.3", "1.3.0", false},
		{"1.2", "1.2.7", true},
		{"1.x", "2.0.0", false},
		{">1.2", "1.2.9", false},
		{">1.2", "1.3.0", true},
		{"1.2.3 - 2.3", "2.3.9", true},
		{"1.2.3 - 2.3", "2.4.0", false},
		{">=1.2.3 <2.0.0", "2.0.0", false},
		{">= 1.2.3   < 2.0.0", "1.5.0", true},
		{"^1.2.3", "1.3.0-rc.1", false},
		{"^1.2.3-beta.1", "1.2.3-beta.2", true},
		{"=1.2.3", "1.2.3+build.5", true},
		{"1.2.3", "1.2", false},
		{"1.2.3", "latest", false},
	}
	for _, test := range tests {
		parsed, err := npm.ParseRange(test.text)
		if err != nil {
			t.Errorf("ParseRange(%q): %v", test.text, err)
			continue
		}
		if got := parsed.Has(test.version); got != test.want {
			t.Errorf("%q has %q: got %t, want %t", test.text, test.version, got, test.want)
		}
	}
	if !(npm.Range{}).Has("1.2.3") {
		t.Error("the zero Range does not have every version")
	}
}

// TestRangeAgreesWithNpm holds ranges against what npm's own semver 7 makes of
// them; the versions on the right were printed by it.
func TestRangeAgreesWithNpm(t *testing.T) {
	t.Parallel()
	versions := strings.Fields("0.0.0 0.0.5 0.1.0 0.1.5 0.2.0 1.0.0 1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1 4.0.0 1.2.3-rc.1 1.2.3-rc.2 0.0.0-rc.1 2.0.0-rc.1")
	tests := []struct{ text, want string }{
		{`~0.0.0`, "0.0.0 0.0.5"},
		{`~0.0`, "0.0.0 0.0.5"},
		{`~0`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0"},
		{`>x`, ""},
		{`<x`, ""},
		{`>*`, ""},
		{`<*`, ""},
		{`~0.0.0-rc.1`, "0.0.0 0.0.5 0.0.0-rc.1"},
		{`>1.x`, "2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`<0`, ""},
		{`>=x`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0 1.0.0 1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`~>1.2`, "1.2.3 1.2.9"},
		{`1.x.x-rc`, "1.0.0 1.2.3 1.2.9 1.3.0"},
		{`vv1`, "1.0.0 1.2.3 1.2.9 1.3.0"},
		{`~=1`, "1.0.0 1.2.3 1.2.9 1.3.0"},
		{`^=1`, "1.0.0 1.2.3 1.2.9 1.3.0"},
		{`^v1`, "1.0.0 1.2.3 1.2.9 1.3.0"},
		{`>=v1`, "1.0.0 1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`> 1 < 3`, "2.0.0 2.5.0"},
		{`* 1`, "1.0.0 1.2.3 1.2.9 1.3.0"},
		{`x - 2`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0 1.0.0 1.2.3 1.2.9 1.3.0 2.0.0 2.5.0"},
		{`1 - *`, "1.0.0 1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`>x || 1`, "1.0.0 1.2.3 1.2.9 1.3.0"},
		{`^0.0.0`, "0.0.0"},
		{`^0`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0"},
		{`^0.1`, "0.1.0 0.1.5"},
		{`~1`, "1.0.0 1.2.3 1.2.9 1.3.0"},
		{`1.2 - 3`, "1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1"},
		{`<=1`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0 1.0.0 1.2.3 1.2.9 1.3.0"},
		{`>1`, "2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`^1.2.3-rc.1 || 2`, "1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 1.2.3-rc.1 1.2.3-rc.2"},
		{`0`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0"},
		{`0.0`, "0.0.0 0.0.5"},
		{`=*`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0 1.0.0 1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`>=*`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0 1.0.0 1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`<=*`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0 1.0.0 1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`^*`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0 1.0.0 1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`~*`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0 1.0.0 1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`v1.2.3`, "1.2.3"},
		{`= 1.2`, "1.2.3 1.2.9"},
		{`>= 1.2`, "1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`x.x`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0 1.0.0 1.2.3 1.2.9 1.3.0 2.0.0 2.5.0 3.0.0 3.0.1 4.0.0"},
		{`1.*.*`, "1.0.0 1.2.3 1.2.9 1.3.0"},
		{`<1.x`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0"},
		{`<=1.2`, "0.0.0 0.0.5 0.1.0 0.1.5 0.2.0 1.0.0 1.2.3 1.2.9"},
	}
	for _, test := range tests {
		parsed, err := npm.ParseRange(test.text)
		if err != nil {
			t.Errorf("ParseRange(%q): %v", test.text, err)
			continue
		}
		var has []string
		for _, version := range versions {
			if parsed.Has(version) {
				has = append(has, version)
			}
		}
		if got := strings.Join(has, " "); got != test.want {
			t.Errorf("%q: got %s, want %s", test.text, got, test.want)
		}
	}
}

func TestRangeHasMajor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		major uint64
		want  bool
	}{
		{"", 22, true},
		{"*", 22, true},
		{">=22.10", 22, true},
		{"^22.5.0", 22, true},
		{"^22.5.0", 24, false},
		{"20 || 22", 22, true},
		{"20 || 22", 24, false},
		{">22", 22, false},
		{">22", 24, true},
		{">22.5", 22, true},
		{">22.5.1 <22.5.3", 22, true},
		{">22.5.1 <22.5.2", 22, false},
		{">22.5.1-rc.1 <22.5.1", 22, false},
		{"<22", 22, false},
		{"<=22", 22, true},
		{"<22.0.1", 22, true},
		{"18 - 22.4", 22, true},
		{"18 - 20", 22, false},
		{"22.11.0", 22, true},
		{"~22.3", 22, true},
		{">=20 <22 || >=24", 22, false},
		{">=20 <22 || >=24", 24, true},
		{">=22.1.0 <24", 22, true},
		{"22.x", 22, true},
		{"v22.2.1", 22, true},
		{">=99999999999999999999", 22, false},
	}
	for _, test := range tests {
		parsed, err := npm.ParseRange(test.text)
		if err != nil {
			if test.want {
				t.Errorf("ParseRange(%q): %v", test.text, err)
			}
			continue
		}
		if got := parsed.HasMajor(test.major); got != test.want {
			t.Errorf("%q has a release %d.x: got %t, want %t", test.text, test.major, got, test.want)
		}
	}
}

func TestParseRangeRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"!=1.2.3", "=>1", "=<1", ">=1, <2", "1,2", "x.1", "1.*.3", "~1.2.3 || !=2", "1 -2", "1.2.3 -2", "01.2", "1.2.beta", "1.2.3-", "*.1", "1.x.3", ">~1", ">>1",
		"latest", "lts/*", "node 22", ">=", "1.2.3.4", "^1 | ^2", strings.Repeat("1 || ", 40) + "2", strings.Repeat("1 ", 300),
	} {
		if _, err := npm.ParseRange(text); err == nil {
			t.Errorf("ParseRange(%q) gives no error", text)
		} else if !strings.Contains(err.Error(), "is not a range of versions") {
			t.Errorf("ParseRange(%q): the error does not say what is wrong: %v", text, err)
		}
	}
}
