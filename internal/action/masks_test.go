package action

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-dev/slipway/internal/secret"
)

func TestHideForms(t *testing.T) {
	t.Parallel()
	const value = "p+/ä?s \"w<o>r&d\x01\\1"
	jsonForm, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	inJSON := string(jsonForm[1 : len(jsonForm)-1])
	std, web := base64.StdEncoding.EncodeToString, base64.URLEncoding.EncodeToString
	forms := map[string]string{
		"itself":            value,
		"standard Base64":   std([]byte(value)),
		"URL Base64":        web([]byte(value)),
		"basic":             std([]byte("SK0123:" + value)),
		"other user":        web([]byte("x-access-token:" + value)),
		"query":             url.QueryEscape(value),
		"path":              url.PathEscape(value),
		"JSON":              inJSON,
		"JSON without HTML": strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(inJSON),
		"quoted by slog":    strings.Trim(fmt.Sprintf("%q", value), `"`),
	}
	for _, name := range []string{"standard Base64", "URL Base64", "basic", "other user"} {
		forms[name+" without padding"] = strings.TrimRight(forms[name], "=")
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, out := recordedConsole(t)
			c.Hide(secret.New(value), "SK0123", "x-access-token")
			io.WriteString(c, "before"+form+"after\n")
			got := out.close(c)
			if !slices.Contains(got.masks, form) {
				t.Errorf("the runner does not mask %q, only %q", form, got.masks)
			}
			if !slices.Equal(got.log, []string{"before***after"}) {
				t.Errorf("%q shows as %q", form, got.log)
			}
		})
	}
}

// TestHideWithinBase64 looks at each Base64 character of a longer text: those
// that say nothing but the secret must go.
func TestHideWithinBase64(t *testing.T) {
	t.Parallel()
	c, _ := recordedConsole(t)
	const value = "swordfish??>>~~"
	c.Hide(secret.New(value))
	for before := range 7 {
		for after := range 4 {
			for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
				prefix := strings.Repeat("b", before)
				text := encoding.EncodeToString([]byte(prefix + value + strings.Repeat("a", after)))
				from, to := (before*8+5)/6, (before+len(value))*8/6
				want := text[:from] + mask + text[to:]
				if after == 0 && before == 0 {
					want = mask // padding and all
				}
				if got := c.masks.hide(text); got != want {
					t.Errorf("%q with %d before and %d after shows as %q, want %q", text, before, after, got, want)
				}
			}
		}
	}
}

func TestHideCommands(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		values []string
		users  []string
		act    bool
		want   []string // masks that must be there
		never  []string // and that must not
	}{
		"none":                  {values: []string{"", " ", "\t\r\n"}, never: []string{"", " "}},
		"asterisks":             {values: []string{"*", "***"}, never: []string{"*", "***"}},
		"short":                 {values: []string{"ab"}, want: []string{"ab"}, never: []string{"YWI", "YWI=", "YW", "Yg"}},
		"a line end":            {values: []string{"swordfish\r\n"}, want: []string{"swordfish"}, never: []string{"swordfish\r\n"}},
		"white space":           {values: []string{" swordfish\n"}, want: []string{"swordfish", "IHN3b3JkZmlzaAo=", "c3dvcmRmaXNo"}},
		"percent":               {values: []string{"50%0Aoff%25"}, want: []string{"50%0Aoff%25", "50%250Aoff%2525"}},
		"several lines":         {values: []string{"{\n  \"password\": \"b\"\n}\n"}, want: []string{`"password": "b"`}, never: []string{"{", "}"}},
		"not UTF-8":             {values: []string{"sword\xfffish"}, want: []string{"c3dvcmT/ZmlzaA=="}, never: []string{"sword\xfffish", "sword\ufffdfish"}},
		"colons":                {values: []string{"sword::fish"}, want: []string{"sword::fish"}},
		"colons under act":      {values: []string{"sword::fish"}, act: true, want: []string{"c3dvcmQ6OmZpc2g="}, never: []string{"sword::fish", "fish"}},
		"a command":             {values: []string{"::error::swordfish"}, want: []string{"::error::swordfish"}},
		"the same in two users": {values: []string{"swordfish", "swordfish"}, users: []string{"a", "a"}, want: []string{"YTpzd29yZGZpc2g="}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := &recorder{t: t}
			c := newConsole(out, func(name string) string {
				if name == "ACT" && test.act {
					return "true"
				}
				return ""
			})
			for _, value := range test.values {
				c.Hide(secret.New(value), test.users...)
			}
			got := out.close(c)
			for _, want := range test.want {
				if !slices.Contains(got.masks, want) {
					t.Errorf("%q is not masked, only %q", want, got.masks)
				}
			}
			for i, found := range got.masks {
				if strings.TrimSpace(found) == "" || strings.ContainsAny(found, "\r\n") || slices.Contains(test.never, found) {
					t.Errorf("%q is masked", found)
				}
				if slices.Contains(got.masks[:i], found) {
					t.Errorf("%q is masked twice", found)
				}
			}
			if len(got.commands) != len(got.masks) {
				t.Errorf("there are other commands: %v", got.commands)
			}
			if act := actCommands(out.bytes.Bytes()); test.act && slices.ContainsFunc(act, func(line string) bool {
				return strings.Contains(strings.TrimPrefix(line, "::add-mask::"), "::")
			}) {
				t.Errorf("act would show %q", act)
			}
			for _, value := range test.values {
				if shown := c.masks.hide("a" + value + "b"); len(test.want) > 0 && strings.Contains(shown, strings.TrimSpace(value)) {
					t.Errorf("%q shows in %q", value, shown)
				}
			}
		})
	}
}

func TestHiddenText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		secrets []string
		text    string
		want    []string
	}{
		"overlap":          {[]string{"abcdef", "defghi"}, "<abcdefghi>", []string{"<***>"}},
		"itself again":     {[]string{"abcabc"}, "<abcabcabc>", []string{"<***>"}},
		"one in another":   {[]string{"abcdef", "cd"}, "<abcdef cd>", []string{"<*** ***>"}},
		"side by side":     {[]string{"abcdef"}, "<abcdefabcdef>", []string{"<***>"}},
		"over lines":       {[]string{"{\n\"password\": \"b\"\n}"}, "<{\n\"password\": \"b\"\n}>", []string{"<***>"}},
		"lines apart":      {[]string{"first line\nsecond line"}, "a second line\nfirst lines", []string{"a ***", "***s"}},
		"makes no command": {[]string{"abc", "x"}, "abc::error::b\n#abc#[error]b\nx::error::b", []string{"***::error::b", "#***#[error]b", "***::error::b"}},
		"breaks first":     {[]string{"::errors"}, "::errors::b", []string{"***::b"}},
		"control":          {[]string{"a\x1b[bc"}, "<a\x1b[bc>", []string{"<***>"}},
		"made visible":     {[]string{`<\x1b[31m`}, "<\x1b[31m>", []string{"***>"}},
		"a broken mark":    {[]string{"## ["}, "a ##[b", []string{"a ***b"}},
		"our own words":    {[]string{"bytes more"}, strings.Repeat("a", longestLine+2), []string{strings.Repeat("a", longestLine) + " … (2 ***)"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, out := recordedConsole(t)
			for _, value := range test.secrets {
				c.Hide(secret.New(value))
			}
			c.Print(test.text)
			if diff := cmp.Diff(test.want, out.close(c).log); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzHide puts a secret, in its forms, into every place that takes foreign
// text, over two Writes, and looks for it in what the runner shows.
func FuzzHide(f *testing.F) {
	f.Add("swordfish", "a", "b", 3)
	f.Add("p+/?s \"w<o>r&d\\1%0A", "::error::", "##[", 1)
	f.Add("first line\nsecond: line\r\n}", "x\r", "\n", 12)
	f.Add("\xff\xfe\x00bytes", "\xff", "\x80", 2)
	f.Add("::add-mask::a", ":", ":", 2)
	f.Fuzz(func(t *testing.T, value, before, after string, split int) {
		value = strings.TrimSpace(value)
		if value == "" || len(value) > 1<<10 || strings.ContainsAny(value, "*") || len(before) > longestLine/2 {
			t.Skip("nothing to hide, too much of it, or what reads like a mask")
		}
		const user = "SK0123"
		c, out := recordedConsole(t)
		c.Hide(secret.New(value), user)
		forms := []string{
			base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
			base64.StdEncoding.EncodeToString([]byte(user + ":" + value)),
			url.QueryEscape(value), url.PathEscape(value),
		}
		forms = slices.DeleteFunc(forms, func(form string) bool { return len(form) < leastDerived })
		if oneLine := !strings.ContainsAny(value, "\r\n"); oneLine {
			forms = append(forms, value)
		} else {
			for line := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == '\r' || r == '\n' }) {
				if line = strings.TrimSpace(line); len(line) >= leastDerived {
					forms = append(forms, line)
				}
			}
		}
		for _, form := range append([]string{value}, forms...) {
			text := before + form + after
			split = min(max(split, 0), len(text))
			io.WriteString(c, text[:split])
			c.Annotate(levelWarning, place{text, 1}, text, text)
			c.Group(text)
			io.WriteString(c, text[split:]+"\n")
		}
		got := out.close(c)
		if len(got.masks) == 0 && utf8.ValidString(value) {
			t.Errorf("the runner masks nothing of %q", value)
		}
		var shown []string
		shown = append(shown, got.log...)
		for _, one := range got.annotations {
			shown = append(shown, one.file, one.title, one.message)
		}
		for _, command := range got.commands {
			if !slices.Contains([]string{"add-mask", "group", "endgroup", "warning"}, command.name) {
				t.Errorf("there is a command %v", command)
			}
		}
		for _, line := range shown {
			line = strings.NewReplacer("##[group]", "", "##[endgroup]", "", "##[warning]", "").Replace(line)
			for _, form := range forms {
				if strings.Contains(line, form) {
					t.Errorf("%q shows in %q", form, line)
				}
			}
		}
	})
}
