package report_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/report"
)

func TestProse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		// What people write stays as it is.
		{"Nothing was changed.", "Nothing was changed."},
		{"It isn't yours, is it? Half-done (as before)!", "It isn't yours, is it? Half-done (as before)!"},
		{"1,024 of 2.5 files in 12.3s, 50% of “all” … done", "1,024 of 2.5 files in 12.3s, 50% of “all” … done"},
		{"Grüße aus Zürich, 日本語 🚢", "Grüße aus Zürich, 日本語 🚢"},
		{"  several\tblanks\r\nand lines ", "several blanks and lines"},
		// What a program reads becomes code, without what stands around it.
		{
			`package.json:14: dependency "acme-lib" is "file:../lib"; bundle it.`,
			"`package.json:14`: dependency \"acme-lib\" is \"`file:../lib`\"; bundle it.",
		},
		{"a version of @twilio/runtime-handler.", "a version of `@twilio/runtime-handler`."},
		{"see https://status.twilio.com.", "see `https://status.twilio.com`."},
		{"Build ZB00000000000000000000000000000002 (node22)", "Build `ZB00000000000000000000000000000002` (node22)"},
		{`/calls/in and a_key='x' (or "b_key") with process.exit().`, "`/calls/in` and `a_key='x'` (or \"`b_key`\") with `process.exit()`."},
		// Commands are one span, whatever they are made of.
		{"slipway logs --environment dev tells what they wrote.", "`slipway logs --environment dev` tells what they wrote."},
		{"Roll back (slipway rollback --environment stage --to ZB1), or not.", "Roll back (`slipway rollback --environment stage --to ZB1`), or not."},
		{"slipway list builds shows them; slipway status, too. See slipway plan --out.", "`slipway list builds` shows them; `slipway status`, too. See `slipway plan --out`."},
		{"slipway previews --sweep or slipway teardown.", "`slipway previews --sweep` or `slipway teardown`."},
		{"Slipway does; no slipway. And slipway", "Slipway does; no slipway. And slipway"},
		{"slipway list", "`slipway list`"},
		{"slipway logs --environment", "`slipway logs --environment`"},
		{"slipway @octocat", "slipway `@octocat`"},
		{"slipway list `x` @octocat", "`` slipway list `x` `` `@octocat`"},
		// What GitHub reads, too.
		{"ask @octocat, #12, GH-12, acme/voice#12, acme/voice@c0ffee0", "ask `@octocat`, `#12`, `GH-12`, `acme/voice#12`, `acme/voice@c0ffee0`"},
		{"c0ffee0 and deadbeef, not added", "`c0ffee0` and `deadbeef`, not added"},
		{"www.example.com a@example.com mailto:a@example.com", "`www.example.com` `a@example.com` `mailto:a@example.com`"},
		{"<script>x</script> &lt; <!-- -->", "`<script>x</script>` `&lt`; `<!--` `-->`"},
		{"![x](y) [x]: y [x] **b** _i_ ~~s~~ $m$ :tada:", "`![x](y)` `[x]`: y `[x]` `**b**` `_i_` `~~s~~` `$m$` `:tada`:"},
		{"# no heading", "`#` no heading"},
		{"1. no list", "`1`. no list"},
		{"2) no list", "`2`) no list"},
		{"- no list", "`-` no list"},
		{"no 1. list", "no 1. list"},
		{"> no quote", "`>` no quote"},
		{"a|b", "`a|b`"},
		{"`x` ``y", "`` `x` `` ``` ``y ```"},
		{"\\", "`\\`"},
		{"", ""},
	} {
		if got := report.Prose(test.text); got != test.want {
			t.Errorf("%q\ngot  %s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"/hello", "`/hello`"},
		{"a b", "`a b`"},
		{"a`b", "``a`b``"},
		{"``", "``` `` ```"},
		{"`a", "`` `a ``"},
		{"a``", "``` a`` ```"},
		{" a ", "`  a  `"},
		{" a", "` a`"},
		{" ", "` `"},
		{"", "(empty)"},
		{"a\nb", "`a b`"},
		{"\x1b[1;31mred\x1b[0m", "`red`"},
		{"a\x00b\x1bc\u202ed\u200be\ufefff", "`a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf`"},
		{"a\xffb", "`a\ufffdb`"},
		{"\u2028", "` `"},
		{"👩\u200d🚀", "`👩\u200d🚀`"},
	} {
		if got := report.Code(test.text); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"https://voice-1234-dev.twil.io", "http://127.0.0.1:8080/a/b", "https://voice-1234.twil.io/", "https://a.example/a%20b",
	} {
		if got, want := report.Link(address), "["+address+"]("+address+")"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got, want := report.Link("http://127.0.0.1:1/_live/a~b"), `[http://127.0.0.1:1/\_live/a\~b](http://127.0.0.1:1/_live/a~b)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, text := range []string{
		"javascript:alert(1)", "ftp://a.example", "//a.example", "a.example", "https://", "https:///a", "https://user@a.example",
		"https://a.example)](b", "https://a.example/ x", "https://a.example/\nx", "https://a.example/<b>", "https://a.example/?q=&lt;",
		"https://a.example/`", "https://a.example|b", "HTTPS://a.example", "https://a.example:x", "https://a.example/" + strings.Repeat("a", 2000),
	} {
		if got, want := report.Link(text), report.Code(text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	const text = "aé🚢"
	for most, want := range map[int]string{
		-1: "| … (7 bytes more)", 0: "| … (7 bytes more)", 1: "a| … (6 bytes more)", 2: "a| … (6 bytes more)",
		3: "aé| … (4 bytes more)", 6: "aé| … (4 bytes more)", 7: text + "|", 8: text + "|",
	} {
		kept, rest := report.Clip(text, most)
		if got := kept + "|" + rest; got != want || !utf8.ValidString(got) {
			t.Errorf("at most %d: got %q, want %q", most, got, want)
		}
	}
}
