package reliability_test

import (
	"fmt"
	"strconv"
	"strings"
)

// nasty is a text that nobody means well with, of about a size in bytes.
type nasty struct {
	name string
	make func(size int) string
}

// nastyTexts are whole files. What is valid in one language is noise in another,
// which each reader has to stand as well.
func nastyTexts() []nasty {
	return []nasty{
		{"nothing", func(int) string { return "" }},
		{"a byte order mark", func(int) string { return "\ufeff" }},
		{"UTF-16", func(size int) string { return "\xff\xfe" + fill("", "{\x00}\x00", "", size) }},
		{"zeros", func(size int) string { return fill("", "\x00", "", size) }},
		{"bytes that are no text", func(size int) string { return fill("", "\xff\x80:", "", size) }},
		{"one long line", func(size int) string { return fill("", "a", "", size) }},
		{"one long name", func(size int) string { return fill(`{"`, "a", `": 1}`, size) }},
		{"empty lines", func(size int) string { return fill("", "\n", "", size) }},
		{"returns", func(size int) string { return fill("", "\r", "", size) }},
		{"lines of one letter", func(size int) string { return fill("", "x\n", "", size) }},
		{"indented lines", func(size int) string { return fill("", "  x\n", "", size) }},
		{"lines of a name", func(size int) string { return fill("", "A=1\r\n", "", size) }},
		{"numbered names", func(size int) string { return counted("", "A%d=x\n", "", size) }},
		{"quotes", func(size int) string { return fill("", `"`, "", size) }},
		{"backslashes", func(size int) string { return fill(`{"`, `\`, "", size) }},
		{"commas", func(size int) string { return fill("", `"a",`, ":", size) }},
		{"colons", func(size int) string { return fill("", "a:", "", size) }},
		{"comments", func(size int) string { return fill("", "/*", "", size) }},
		{"line comments", func(size int) string { return fill("{", "//\n#\n", "}", size) }},
		{"lists in lists", func(size int) string { return fill("", "[", "", size) }},
		{"closed lists in lists", func(size int) string {
			return strings.Repeat("[", size/2) + strings.Repeat("]", size/2)
		}},
		{"mappings in mappings", func(size int) string {
			return strings.Repeat(`{"a":`, size/6) + "1" + strings.Repeat("}", size/6)
		}},
		{"indentation", func(size int) string {
			var text strings.Builder
			for depth := 0; text.Len() < size; depth++ {
				text.WriteString(strings.Repeat(" ", depth) + "a:\n")
			}
			return text.String()
		}},
		{"dashes", func(size int) string { return fill("", "- ", "a", size) }},
		{"question marks", func(size int) string { return fill("", "? ", "a", size) }},
		{"documents", func(size int) string { return fill("", "---\na: 1\n", "", size) }},
		{"directives", func(size int) string { return fill("", "%YAML 1.1\n", "---\na: 1\n", size) }},
		{"block texts", func(size int) string { return fill("", "a: |\n  b\n", "", size) }},
		{"tags", func(size int) string { return fill("a: ", "!!x ", "b", size) }},
		{"an anchor within itself", func(int) string { return "a: &a\n  b: *a\n  <<: *a\n" }},
		{"billions of laughs", func(int) string { return laughs("a%d: &a%d [%s]\n", "*a%d") }},
		{"billions of merges", func(int) string { return laughs("a%d: &a%d {<<: [%s]}\n", "*a%d") }},
		{"references", func(size int) string { return fill("a: &a {b: 1}\nc: [", "*a,", "]\n", size) }},
		{"names of prototypes", func(size int) string {
			return fill("{", `"__proto__":{"constructor":{"prototype":1}},"constructor":1,"toString":null,`, `"hasOwnProperty":0}`, size)
		}},
		{"JSON behind JSON", func(size int) string { return fill("", "{}\n", "", size) }},
		{"marks of a merge", func(size int) string { return fill("", "<<<<<<< HEAD\n=======\n>>>>>>> x\n", "", size) }},
	}
}

// nastyValues are JSON values, which are put where a file has a value that counts.
func nastyValues() []nasty {
	return []nasty{
		{"null", func(int) string { return "null" }},
		{"a list", func(int) string { return "[]" }},
		{"numbers", func(size int) string { return fill(`{"a":`, "9", "e999}", size) }},
		{"a number beyond all", func(int) string { return "-1e999999" }},
		{"one name again and again", func(size int) string { return fill("{", `"a":"1",`, `"a":"1"}`, size) }},
		{"many names", func(size int) string { return counted("{", `"a%d":"1",`, `"a":"1"}`, size) }},
		{"many mappings", func(size int) string { return counted("{", `"a%d":{"a%[1]d":{}},`, `"a":{}}`, size) }},
		{"many lists", func(size int) string { return counted("{", `"a@%d":["a@%[1]d",[],{}],`, `"a":[]}`, size) }},
		{"a list of texts", func(size int) string { return counted("[", `"**/a%d/**",`, `"a"]`, size) }},
		{"a long text", func(size int) string { return fill(`{"a":"`, "a", `"}`, size) }},
		{"a range of many", func(size int) string { return fill(`{"a":"`, ">=1.2.3 <2 || ", `^1"}`, size) }},
		{"a range of figures", func(size int) string { return fill(`{"a":"^1.`, "9", `.0"}`, size) }},
		{"an address", func(size int) string { return fill(`{"a":"npm:`, "@b/", `@1"}`, size) }},
		{"a pattern", func(size int) string { return fill(`{"a":"`, "*{a,", `"}`, size) }},
		{"a pattern of stars", func(size int) string { return fill(`["`, "**/", `x", "services/*"]`, size) }},
		{"escapes", func(size int) string { return fill(`{"`, `\u0000\ud800`, `":"\u001b[31m\n::error::"}`, size) }},
		{"bytes that are no text", func(size int) string { return fill(`{"a":"`, "\xff", `"}`, size) }},
		{"names of prototypes", func(int) string {
			return `{"__proto__":{"a":"1"},"constructor":{"prototype":{}},"":"","toString":"1"}`
		}},
		{"depth", func(size int) string {
			return strings.Repeat(`{"a":`, size/6) + `"1"` + strings.Repeat("}", size/6)
		}},
		{"depth that can be", func(int) string { return strings.Repeat(`{"a":[`, 4000) + strings.Repeat("]}", 4000) }},
	}
}

func fill(before, part, after string, size int) string {
	return before + strings.Repeat(part, max(1, (size-len(before)-len(after))/len(part))) + after
}

// counted is fill with a number in each part.
func counted(before, part, after string, size int) string {
	var text strings.Builder
	text.WriteString(before)
	for i := 0; text.Len() < size; i++ {
		fmt.Fprintf(&text, part, i)
	}
	return text.String() + after
}

// laughs is a dozen anchors, each of ten references to the one before.
func laughs(line, reference string) string {
	var text strings.Builder
	inner := "1,1"
	if strings.Contains(line, "<<") {
		text.WriteString("z: &z {b: 1}\n")
		inner = "*z"
	}
	for i := range 12 {
		fmt.Fprintf(&text, line, i, i, inner)
		one := strings.ReplaceAll(reference, "%d", strconv.Itoa(i))
		inner = strings.TrimSuffix(strings.Repeat(one+", ", 10), ", ")
	}
	return text.String()
}
