package toolkit

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseYAML(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ source, want string }{
		"settings":                           {"runtime: node22\nenvironments:\n  '*': {env: .env.prod}\n", `{runtime:"node22" environments:{*:{env:".env.prod"}}}`},
		"kinds":                              {"a: true\nb: 12\nc: ~\nd: 'true'\ne: [1]\nf:\ng: 1.5\nh: yes", `{a:true b:12 c:null d:"true" e:[] f:null g:1.5 h:"yes"}`},
		"references":                         {"a: &x {b: 1}\nc: *x", `{a:{b:1} c:{b:1}}`},
		"a merge":                            {"a: &x {b: 1, c: 2}\nd:\n  b: 3\n  <<: *x", `{a:{b:1 c:2} d:{c:2 b:3}}`},
		"several merged":                     {"a: &x {b: 1}\nc: &y {b: 2}\nd:\n  <<: [*x, *y]", `{a:{b:1} c:{b:2} d:{b:1}}`},
		"only a comment":                     {"# nothing\n", "null"},
		"nothing":                            {"", "null"},
		"json":                               {`{"a": "b"}`, `{a:"b"}`},
		"a document mark":                    {"---\na: b\n...\n", `{a:"b"}`},
		"a date is text":                     {"a: 2026-01-01", `{a:"2026-01-01"}`},
		"a number's name":                    {"1: a", `{1:"a"}`},
		"a merged name that is its own":      {"a: &x {b: 1}\nc:\n  b: 2\n  <<: *x", `{a:{b:1} c:{b:2}}`},
		"a merge of a list by reference":     {"a: &x [{b: 1}, {c: 2}]\nd: {<<: *x}", `{a:[] d:{c:2 b:1}}`},
		"a merge of nothing":                 {"a: &x [{b: 1}, {b: 2}]\nd: {<<: *x}\ne: {<<: []}", `{a:[] d:{b:1} e:{}}`},
		"a name like a merge":                {"\"<<\": {a: 1}", `{<<:{a:1}}`},
		"a tag":                              {"a: !!str 22\nb: !!map {c: !!null ''}\nd: !!int '1'", `{a:"22" b:{c:null} d:1}`},
		"a version":                          {"# settings\n%YAML 1.2\n---\na: b\n", `{a:"b"}`},
		"a version, behind a mark and blank": {"\ufeff\n%YAML 1.2\n---\na: b\n", `{a:"b"}`},
		"a text like a version":              {"a: |\n  %YAML 1.2\n", `{a:"%YAML 1.2\n"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseYAML(test.source)
			if err != nil {
				t.Fatal(err)
			}
			if shown(got) != test.want {
				t.Errorf("got %s, want %s", shown(got), test.want)
			}
		})
	}
}

func TestParseYAMLRefuses(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("a: &a [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 8 {
		fmt.Fprintf(&bomb, "%[1]c: &%[1]c [%[2]s]\n", 'b'+i, strings.Repeat("*"+string(rune('a'+i))+", ", 10))
	}
	tests := map[string]struct{ source, want string }{
		"not YAML":            {"a: b\n  c: d\n", "line 2:"},
		"two documents":       {"a: b\n---\nc: d\n", "line 2: a second document begins, and settings are one"},
		"a star":              {"environments:\n  *:\n    env: a\n", "line 2:"},
		"a name that is none": {"a: 1\n? [b]\n: 2\n", "line 2: a name is a list"},
		"a name twice":        {"a: 1\nb: {}\na: 2\n", `line 3: the name "a" comes a second time`},
		"a name twice inside": {"a:\n  '*': 1\n  \"*\": 2\n", `line 3: the name "*" comes a second time`},
		"a merge of text":     {"a: 1\n<<: b\n", "line 2: << takes mappings, and this is text"},
		"a merge of texts":    {"a: 1\n<<: [{}, b]\n", "line 2: << takes mappings, and this is text"},
		"a tag of its own":    {"a: 1\nb: !own c\n", `line 2: the tag "!own" is not known`},
		"a tagged mapping":    {"a: 1\nb: !own {c: d}\n", `line 2: the tag "!own" is not known`},
		"a tag for bytes":     {"a: !!binary bm9kZTIy\n", `line 1: the tag "!!binary" is not known`},
		"another version":     {"%YAML 2.0\n---\na: b\n", "line 1: found incompatible YAML document"},
		"too many":            {bomb.String(), "there are too many values, or they lie too deep in each other"},
		"too deep":            {strings.Repeat("[", 100) + strings.Repeat("]", 100), "line 1: there are too many values, or they lie too deep in each other"},
		"in a circle":         {"a: &a\n  b: *a\n", "line"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseYAML(test.source)
			if err == nil {
				t.Fatalf("got %s, want an error", shown(got))
			}
			if _, ok := errors.AsType[*syntaxError](err); !ok || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
		})
	}
}
