package toolkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// shown is a value in a form that tests can write down.
func shown(v value) string {
	switch v.kind {
	case nothing:
		return "null"
	case text:
		encoded, err := json.Marshal(v.text)
		if err != nil {
			return err.Error()
		}
		return string(encoded)
	case list:
		return "[]"
	case mapping:
		members := make([]string, len(v.members))
		for i, m := range v.members {
			members[i] = m.name + ":" + shown(m.value)
		}
		return "{" + strings.Join(members, " ") + "}"
	default:
		return v.text
	}
}

func TestParseJSON5(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ source, want string }{
		"json":                             {`{"a": "b", "c": {"d": [1, {"e": 2}]}, "f": true, "g": null}`, `{a:"b" c:{d:[]} f:true g:null}`},
		"comments":                         {"// one\n{/* two */ 'a' /**/ : 'b', // three\n}\n/* four */ // five", `{a:"b"}`},
		"names":                            {"{a: 1, $_: 2, 'ä ö': 3, ünï: 4, \\u0061b\\u0063: 5, a\u200c: 6}", "{a:1 $_:2 ä ö:3 ünï:4 abc:5 a\u200c:6}"},
		"names like words":                 {`{null: 1, true: 2, NaN: 3}`, `{null:1 true:2 NaN:3}`},
		"commas behind":                    {`{a: [1, 2,], b: {c: 1,},}`, `{a:[] b:{c:1}}`},
		"numbers":                          {`{a: .5, b: 5., c: +1, d: -0x1F, e: Infinity, f: -NaN, g: 1e+3, h: 0}`, `{a:.5 b:5. c:+1 d:-0x1F e:Infinity f:-NaN g:1e+3 h:0}`},
		"quotes":                           {`{a: "it's", b: '"', c: '\'', d: "\""}`, `{a:"it's" b:"\"" c:"'" d:"\""}`},
		"escapes":                          {`{a: '\b\f\n\r\t\v\0\x41\u00e9\q\/'}`, `{a:"\b\f\n\r\t\u000b\u0000Aéq/"}`},
		"surrogates":                       {`{a: '\ud83d\ude00', b: '\ud83d', c: '\ud83d\u0041'}`, "{a:\"😀\" b:\"\ufffd\" c:\"\ufffdA\"}"},
		"lines that go on":                 {"{a: 'b\\\nc\\\r\nd\\\u2028e'}", `{a:"bcde"}`},
		"separators in texts":              {"{a: 'b\u2028c'}", `{a:"b\u2028c"}`},
		"white space":                      {"\ufeff\u00a0\v\f\u2003{\u3000a\u2029:\r1}", `{a:1}`},
		"twice":                            {`{a: 1, a: 2}`, `{a:1 a:2}`},
		"nothing else":                     {`'a'`, `"a"`},
		"a comment at the end of the file": {`1//`, `1`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseJSON5(test.source)
			if err != nil {
				t.Fatal(err)
			}
			if shown(got) != test.want {
				t.Errorf("got %s, want %s", shown(got), test.want)
			}
		})
	}
}

func TestParseJSON5TellsLines(t *testing.T) {
	t.Parallel()
	got, err := parseJSON5("// a\r\n{\n  a: 'x\\\ny',\n  /*\n  */ b:\n    1,\n}")
	if err != nil {
		t.Fatal(err)
	}
	want := value{kind: mapping, line: 2, members: []member{
		{name: "a", line: 3, value: value{kind: text, text: "xy", line: 3}},
		{name: "b", line: 6, value: value{kind: number, text: "1", line: 7}},
	}}
	if diff := cmp.Diff(got, want, cmp.AllowUnexported(value{}, member{})); diff != "" {
		t.Errorf("got (-) differs from want (+):\n%s", diff)
	}
}

func TestParseJSON5Refuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ source, want string }{
		"nothing":                    {" \n", "line 2: the file ends where a value should be"},
		"something behind":           {"{}\n}", "line 2: there is '}' behind the end"},
		"no colon":                   {"{\na 1}", `line 2: there is '1' where "a" should have a colon`},
		"no comma":                   {"{a: 1\nb: 2}", "line 2: there is 'b' where a comma should be"},
		"two commas":                 {"{a: 1,, }", "line 1: there is ',' where a name should be"},
		"no value":                   {"{a: }", "line 1: there is '}' where a value should be"},
		"no name":                    {"{: 1}", "line 1: there is ':' where a name should be"},
		"not closed":                 {"\n{\na: [1", "line 3: the file ends, and what line 3 opens is not closed with ']'"},
		"a text over lines":          {"{a: 'b\n'}", `line 1: a text ends with the line, and not with '\''`},
		"a text without an end":      {`{a: "b`, "line 1: the file ends inside of a text"},
		"a backslash at the end":     {`{a: "b\`, "line 1: the file ends inside of a text"},
		"a comment without an end":   {"{\n/* a", "line 2: a comment begins with /* and never ends"},
		"a word":                     {"{a: dev}", `line 1: "dev" is no value; text needs quotes`},
		"a number that is none":      {"{a: 01}", `line 1: "01" is no value; text needs quotes`},
		"a long word":                {"{a: " + strings.Repeat("x", 50) + "}", `line 1: "` + strings.Repeat("x", 40) + `…" is no value; text needs quotes`},
		"an octal escape":            {`{a: "\1"}`, `line 1: \1 means nothing`},
		"a nought with digits":       {`{a: "\01"}`, `line 1: \0 cannot have a digit behind it`},
		"an escape too short":        {`{a: "\u12"}`, "line 1: an escape needs 4 hexadecimal digits"},
		"a name's escape too short":  {`{\u12: 1}`, `line 1: \u needs four hexadecimal digits behind it`},
		"a name's escape of a blank": {`{\u0020: 1}`, "line 1: ' ' cannot be part of a name without quotes"},
		"too deep":                   {strings.Repeat("[", 1000), "line 1: values lie more than 64 deep in each other"},
		"not text":                   {"{a: '\xff'}", "line 1: it is not UTF-8 text"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseJSON5(test.source)
			if err == nil {
				t.Fatalf("got %s, want an error", shown(got))
			}
			if err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
		})
	}
}

// FuzzJSON5 holds the parser to what every JSON text means.
func FuzzJSON5(f *testing.F) {
	for _, seed := range []string{
		`{"a": "b", "c": [1, 2.5e3, true, null]}`, `{a: 'b', /* c */ d: +.5,} // e`, "{'a': '\\\n'}", `"\ud83d\ude00"`, "[[[", "{a:", `{"\u0061": 0}`, " 1 ",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		got, err := parseJSON5(source)
		if broken, ok := errors.AsType[*syntaxError](err); err != nil && (!ok || broken.line < 1 || broken.line > 1+strings.Count(source, "\n")) {
			t.Fatalf("an error has no place: %v", err)
		}
		if !json.Valid([]byte(source)) || !utf8.ValidString(source) || err != nil && strings.Contains(err.Error(), "deep") {
			return
		}
		if err != nil {
			t.Fatalf("JSON is refused: %v", err)
		}
		if want := asJSON(t, source); shown(got) != want {
			t.Errorf("got %s, want %s", shown(got), want)
		}
	})
}

// asJSON shows a JSON text as shown does.
func asJSON(t *testing.T, source string) string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(source)))
	decoder.UseNumber()
	var read func() string
	read = func() string {
		token, err := decoder.Token()
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case json.Delim:
			var inside []string
			for decoder.More() {
				if token == '[' {
					read()
					continue
				}
				name, _ := decoder.Token()
				inside = append(inside, fmt.Sprint(name)+":"+read())
			}
			_, _ = decoder.Token()
			if token == '[' {
				return "[]"
			}
			return "{" + strings.Join(inside, " ") + "}"
		case string:
			return shown(value{kind: text, text: token})
		case nil:
			return "null"
		case bool:
			return map[bool]string{true: "true", false: "false"}[token]
		case json.Number:
			return token.String()
		default:
			t.Fatalf("a token %T", token)
			return ""
		}
	}
	return read()
}
