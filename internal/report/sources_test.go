package report_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/report"
)

// numbered is a source of so many lines, each with a text in front.
func numbered(text string, lines int) string {
	var source strings.Builder
	for i := range lines {
		fmt.Fprintf(&source, "%s %d;\n", text, i+1)
	}
	return source.String()
}

func TestSources(t *testing.T) {
	t.Parallel()
	hello := deploy.SourceChange{
		Path: "/hello", Name: "functions/hello.js",
		Live:   numbered("line", 12) + "the end",
		Wanted: strings.Replace(numbered("line", 12), "line 2;", "line two;\nand a half;", 1) + "the end\n",
	}
	for name, test := range map[string]struct {
		changes    []deploy.SourceChange
		hasAssets  bool
		isColoured bool
	}{
		"nothing":     {},
		"Assets":      {nil, true, false},
		"two changes": {[]deploy.SourceChange{hello}, false, false},
		"colours":     {[]deploy.SourceChange{hello}, true, true},
		"from nothing, to nothing": {[]deploy.SourceChange{
			{Path: "/new", Name: "functions/new.js", Wanted: "1\n2\n"}, {Path: "/old", Name: "functions/old.js", Live: "1\n"},
		}, false, false},
		"none to compare": {[]deploy.SourceChange{
			{Path: "/gone", Lack: "its live source is gone"}, {Path: "/same", Live: "1\n", Wanted: "1\n"},
		}, false, false},
		"line ends": {[]deploy.SourceChange{{Path: "/ends", Name: "ends.js", Live: "1\r\n2\r\n3", Wanted: "1\n2\r\n3"}}, false, false},
		"foreign text": {[]deploy.SourceChange{{
			Path: "/\x1b[31m", Name: "\u202e.js",
			Live:   " ::error::boo\n\t::warning::x\nold\x1b]0;title\a\n##[group]x\n\n",
			Wanted: " ::error::boo\n\t::warning::x\nnew\u202etxt\u2028\n##[add-mask]\n\n",
		}}, false, false},
		"very long": {[]deploy.SourceChange{{Path: "/long", Name: "long.js", Live: strings.Repeat("é", 1000), Wanted: numbered("line", 1000)}}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := report.Sources(test.changes, test.hasAssets, test.isColoured)
			isOdd := func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }
			if !test.isColoured && strings.ContainsFunc(got, isOdd) || strings.Contains(got, "##[") {
				t.Errorf("it would drive a terminal or a runner: %q", got)
			}
			for line := range strings.Lines(got) {
				if strings.HasPrefix(strings.TrimSpace(line), "::") {
					t.Errorf("a command to the runner: %q", line)
				}
			}
			golden(t, got)
		})
	}
}
