package report_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/report"
)

func TestLogText(t *testing.T) {
	t.Parallel()
	at := func(second int) *time.Time {
		return new(time.Date(2026, 11, 22, 10, 0, second, 0, time.FixedZone("", 3600)))
	}
	entries := []report.LogEntry{
		{Time: at(1), Level: "info", Function: "/hello", Message: "one line"},
		{Time: at(1), Level: "warning", Function: "/calls/incoming", Message: "a newline at its end\n"},
		{Time: at(2), Level: "error", Function: "/hello", Message: "TypeError: x is not a function\r\n\tat handler (/var/task/hello.js:3:9)\n\n{\n  \"deep\": true\n}\n\n"},
		{Time: at(2), Level: "info", FunctionSID: sid("ZH", "9"), Message: "of a Function that is gone"},
		{Time: at(3), Level: "critical-failure", Function: "/hello", Message: "a level of the future"},
		{Time: at(3), Level: "info", Function: "/hello", Message: "\n\nbegins late"},
		{Time: at(3), Level: "info", Function: "/hello", Message: "\x1b[31mred\x1b[0m \x1b]0;title\a \u202egnp.exe \xff"},
		{Time: at(4), Level: "info", Function: "/hello", Message: "##[error]x ##[group]\n::add-mask::a\n \u00a0::set-output name=x::y\nstd::vector"},
		{Level: "\n", Function: "\t", Message: "2026-11-22T09:00:00Z\n2026-11-22T09:00:00Z  info     /hello           forged"},
		{},
	}
	width := report.LogWidth([]string{"/hello", "/calls/incoming", "/" + strings.Repeat("long/", 10)})
	var text strings.Builder
	for _, entry := range entries {
		text.WriteString(report.LogText(entry, width))
	}
	golden(t, text.String())
}

func TestFollowing(t *testing.T) {
	t.Parallel()
	golden(t, report.Following(environment(), "")+"\n"+report.Following(environment(), "/hello\x07")+"\n")
}

func TestNoLogs(t *testing.T) {
	t.Parallel()
	emptied := environment()
	emptied.BuildSID = ""
	golden(t, report.NoLogs(environment(), "", now())+report.NoLogs(emptied, "", now())+report.NoLogs(environment(), "/hello\x07", now()))
}

// TestJSONIsLegible has text that would drive a terminal, or GitHub's runner,
// and programs get it back as it was.
func TestJSONIsLegible(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"plain, Größe 👍 <b>":         `"plain, Größe 👍 <b>"`,
		"\x1b[2J \x7f":               `"\u001b[2J \u007f"`,
		"\u009b2J":                   `"\u009b2J"`,
		"\u202egnp.exe\u2069\ufeff":  `"\u202egnp.exe\u2069\ufeff"`,
		"\u2028":                     `"\u2028"`,
		"\U000e0041":                 `"\udb40\udc41"`,
		"##[error]x ##[y ###[z #[ #": `"#\u0023[error]x #\u0023[y ##\u0023[z #[ #"`,
	} {
		line, err := report.JSONLine(report.LogLine{LogEntry: report.LogEntry{Message: message}})
		if err != nil || !strings.Contains(line, `"message":`+want) {
			t.Errorf("%q became %s with error %v, want the message %s", message, line, err, want)
		}
		var back report.LogLine
		if err := json.Unmarshal([]byte(line), &back); err != nil || back.Message != message {
			t.Errorf("%q came back as %q with error %v", message, back.Message, err)
		}
	}
}

// FuzzLogText holds that no message can look like another entry, or do
// anything to a terminal or to GitHub's runner.
func FuzzLogText(f *testing.F) {
	for _, message := range []string{"", "a\nb", "\r", "\x1b[2J", "\u2028x", "a\n\n\n", " \n x", "\x85", "\v\f", "a\n\u3000::error::", "#\u200d#[x", "##\x1b[1m[x"} {
		f.Add(message, "error", "/hello")
	}
	first := regexp.MustCompile(`^- {19}  \S+`)
	f.Fuzz(func(t *testing.T, message, level, function string) {
		text := report.LogText(report.LogEntry{Level: level, Function: function, Message: message}, 20)
		if !utf8.ValidString(text) || !strings.HasSuffix(text, "\n") {
			t.Errorf("%q is not whole", text)
		}
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if !first.MatchString(lines[0]) {
			t.Errorf("the first line is %q", lines[0])
		}
		for _, line := range lines[1:] {
			if line != "" && !strings.HasPrefix(line, "    ") {
				t.Errorf("a further line is %q", line)
			}
		}
		if at := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) && r != '\u200c' && r != '\u200d' }); at >= 0 {
			t.Errorf("%q holds a control character", text)
		}
		if strings.Contains(text, "##[") || slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "::") }) {
			t.Errorf("%q holds a command to GitHub's runner", text)
		}
	})
}
