package report_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/report"
)

// noted is what came of a tag in a Target.
func noted(service, environment, build string) job.Result {
	result := job.NewResult()
	result.Status, result.Service, result.Environment = job.Promoted, service, environment
	result.BuildSID, result.Digest = build, "47a2"
	return result
}

func TestReleaseNotes(t *testing.T) {
	t.Parallel()
	const (
		begin = "- Deployed<!-- slipway:voice/production -->"
		end   = "<!-- /slipway -->"
		one   = begin + " `voice` to `production`: Build `ZB1`, digest `47a2`" + end
		two   = "- Deployed<!-- slipway:mail/production --> `mail` to `production`: Build `ZB2`, digest `47a2`" + end
	)
	for name, test := range map[string]struct{ text, want string }{
		"none":                    {"", one + "\n"},
		"line breaks alone":       {"\n\n", "\n\n" + one + "\n"},
		"a text":                  {"## New\nmuch", "## New\nmuch\n\n" + one + "\n"},
		"a text with its end":     {"much\n", "much\n\n" + one + "\n"},
		"a text with room":        {"much\n\n\n", "much\n\n\n" + one + "\n"},
		"a text of Windows":       {"## New\r\nmuch", "## New\r\nmuch\r\n\r\n" + one + "\r\n"},
		"the same":                {"much\n\n" + one + "\nmore", "much\n\n" + one + "\nmore"},
		"the line of another":     {"much\n\n" + two + "\n", "much\n\n" + two + "\n" + one + "\n"},
		"another without its end": {"much\n\n" + two, "much\n\n" + two + "\n" + one + "\n"},
		"an older one":            {"a\r\n" + begin + " was ZB0" + end + " since June\r\n\r\nb", "a\r\n" + one + " since June\r\n\r\nb"},
		"one whose end is gone":   {"a\n" + begin + " was ZB0\nb", "a\n" + begin + " was ZB0\nb\n\n" + one + "\n"},
		"a title with the marks":  {"* Fix" + begin[10:] + "x" + end + " by @eve\n", "* Fix" + begin[10:] + "x" + end + " by @eve\n\n" + one + "\n"},
		"a title with one mark":   {"* Fix" + begin[10:] + " by @eve\n\n" + begin + "ZB0" + end + "\n", "* Fix" + begin[10:] + " by @eve\n\n" + one + "\n"},
		"a title and the line":    {begin + "x" + end + " by @eve\n\n" + begin + "ZB0" + end + "\n", begin + "x" + end + " by @eve\n\n" + one + "\n"},
		"a quotation of the end":  {"see " + end, "see " + end + "\n" + one + "\n"},
	} {
		if got := report.ReleaseNotes(test.text, noted("voice", "production", "ZB1")); got != test.want {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, test.want)
		}
	}
	unknown := noted("voice", "production", "ZB1")
	unknown.Digest = "" // a promoted Build without a Manifest
	if got, want := report.ReleaseNotes("", unknown), begin+" `voice` to `production`: Build `ZB1`"+end+"\n"; got != want {
		t.Errorf("without a digest: got %q, want %q", got, want)
	}
	for name, want := range map[string]string{"a--b -->": "slipway:a-%2Db%20-%2D%3E/x -->", "`@all`": "`` `@all` `` to `x`"} {
		if got := report.ReleaseNotes("", noted(name, "x", "ZB1")); !strings.Contains(got, want) || strings.Count(got, "-->") != 2+strings.Count(name, "-->") {
			t.Errorf("%s: got %q, want %q in it", name, got, want)
		}
	}
}

// FuzzReleaseNotes leaves all text that is not its own, and writes the same again.
func FuzzReleaseNotes(f *testing.F) {
	for _, text := range []string{"", "a", "a\r\n", "- Deployed<!-- slipway:v/p --> x<!-- /slipway -->", "<!-- slipway:v/p -->\r\n", "<!-- slipway:v/p -->\r"} {
		f.Add(text, "p")
	}
	f.Fuzz(func(t *testing.T, text, environment string) {
		result := noted("v", environment, "ZB1")
		first := report.ReleaseNotes(text, result)
		if again := report.ReleaseNotes(first, result); again != first {
			t.Fatalf("%q became %q and then %q", text, first, again)
		}
		isNew := !strings.Contains(text, "<!-- /slipway -->") // so that nothing of it is a line of ours
		if isNew && !strings.HasPrefix(first, text) {
			t.Errorf("%q became %q", text, first)
		}
		result.BuildSID = "ZB2"
		second := report.ReleaseNotes(first, result)
		if before, behind, _ := strings.Cut(first, "ZB1"); isNew && !strings.Contains(text, "ZB1") && !strings.Contains(environment, "ZB1") && second != before+"ZB2"+behind {
			t.Errorf("%q became %q", first, second)
		}
		if other := report.ReleaseNotes(second, noted("other", "x", "ZB3")); !strings.HasPrefix(other, second) && isNew {
			t.Errorf("%q became %q", second, other)
		}
	})
}
