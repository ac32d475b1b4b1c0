package rules_test

import (
	"strings"
	"testing"
	"testing/quick"

	"github.com/slipway-dev/slipway/internal/rules"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern      string
		fits, others []string
	}{
		{"main", []string{"main"}, []string{"Main", "main2", "x/main", "", "main\n"}},
		{"*", []string{"main", "näme", "🚀", "a b", ""}, []string{"a/b"}},
		{"**", []string{"main", "a/b", "", "a\nb"}, nil},
		{"releases/*", []string{"releases/1", "releases/"}, []string{"releases/1/2", "releases"}},
		{"releases/**", []string{"releases/1", "releases/1/2"}, []string{"releases"}},
		{"**/docs/**", []string{"docs/a", "x/docs/a", "x/y/docs/a/b"}, []string{"docs", "xdocs/a"}},
		{"**/a", []string{"a", "x/a", "x/y/a"}, []string{"xa", "a/x"}},
		{"x/**/a", []string{"x/a", "x/y/a", "x/y/z/a"}, []string{"a", "xa"}},
		{"x**/a", []string{"x/a", "xy/a", "xy/z/a"}, []string{"a", "xa"}},
		{"**.js", []string{"a.js", "x/a.js"}, []string{"a.jsx"}},
		{"v*", []string{"v1", "v1.0", "v"}, []string{"1", "v1/2"}},
		{"v1.*", []string{"v1.0"}, []string{"v10"}},
		{"*-rc", []string{"v1-rc", "-rc"}, []string{"v1-rc2"}},
		{"a*b*c", []string{"abc", "axbyc"}, []string{"ab", "a/bc"}},
		{"***", []string{"a/b"}, nil},
		{"(a|b)+[c]{2}.$^", []string{"(a|b)+[c]{2}.$^"}, []string{"acc"}},
		{"a\xffb", []string{"a\ufffdb"}, []string{"ab"}},
		{"../*", []string{"../a"}, []string{"a"}},
		{strings.Repeat("*a", 500), []string{strings.Repeat("a", 600)}, []string{strings.Repeat("a", 400)}},
	}
	for _, test := range tests {
		for _, name := range test.fits {
			if !rules.Match([]string{"other", test.pattern}, name) {
				t.Errorf("%q does not fit %q", name, test.pattern)
			}
		}
		for _, name := range test.others {
			if rules.Match([]string{test.pattern}, name) {
				t.Errorf("%q fits %q", name, test.pattern)
			}
		}
	}
	if rules.Match(nil, "main") {
		t.Error("no pattern matches")
	}
}

// TestMatchAsWritten holds the patterns to a second reading of what they mean.
func TestMatchAsWritten(t *testing.T) {
	t.Parallel()
	letters := []string{"a", "b", "/", "*", "**", "**/", "é"}
	text := func(seed []byte, without string) string {
		var built strings.Builder
		for _, one := range seed[:min(len(seed), 8)] {
			if part := letters[int(one)%len(letters)]; !strings.Contains(part, without) {
				built.WriteString(part)
			}
		}
		return built.String()
	}
	check := func(patternSeed, nameSeed []byte) bool {
		pattern, name := text(patternSeed, "none"), text(nameSeed, "*")
		got, want := rules.Match([]string{pattern}, name), matches(oneWild(pattern), name, true)
		if got != want {
			t.Errorf("%q fits %q: %v, want %v", name, pattern, got, want)
		}
		return got == want
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}

// oneWild is a pattern in which more than two stars are two.
func oneWild(pattern string) string {
	for strings.Contains(pattern, "***") {
		pattern = strings.ReplaceAll(pattern, "***", "**")
	}
	return pattern
}

// matches tries every way in which a name may fit. isStart says that a name of a
// folder or a file begins.
func matches(pattern, name string, isStart bool) bool {
	switch {
	case pattern == "":
		return name == ""
	case strings.HasPrefix(pattern, "**/") && isStart:
		if matches(pattern[3:], name, true) {
			return true
		}
		for i := range name {
			if name[i] == '/' && matches(pattern[3:], name[i+1:], true) {
				return true
			}
		}
		return false
	case strings.HasPrefix(pattern, "**"):
		for i := range len(name) + 1 {
			if matches(pattern[2:], name[i:], false) {
				return true
			}
		}
		return false
	case pattern[0] == '*':
		for i := range len(name) + 1 {
			if matches(pattern[1:], name[i:], false) {
				return true
			}
			if i < len(name) && name[i] == '/' {
				break
			}
		}
		return false
	}
	return name != "" && pattern[0] == name[0] && matches(pattern[1:], name[1:], pattern[0] == '/')
}
