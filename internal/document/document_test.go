package document_test

import (
	"strings"
	"testing"

	"github.com/slipway-dev/slipway/internal/document"
)

// TestRead holds each line of what is wrong with a text.
func TestRead(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"a: 1\nb: [x, true, ~, 1.5]\n":    "",
		"# nothing\n":                     "",
		"a: \xff\n":                       "x.yml:1: holds a byte that no text has. Save the file as UTF-8.",
		"a: 1\na: 2\n":                    `x.yml:2: "a" comes again, after line 1. Keep one of them.`,
		"a: 1\n---\nb: 2\n":               "x.yml:2: a second document begins, and the file is one. Remove the line with ---. Whole.",
		"a: &b 1\nc: *b\n":                `x.yml:1: "&b" is there to be referred to, and the file takes no references. Remove it. Shared.` + "\n" + `x.yml:2: "*b" is a reference, and the file takes none. Write the value out. Shared. Text that begins with * needs quotes.`,
		"a: !x 1\n":                       `x.yml:1: the tag "!x" has no meaning here. Remove it.`,
		"a: !!map x\n":                    `x.yml:1: the tag "!!map" has no meaning here. Remove it.`,
		"a: 1\nb: !!bool {c: &d 1}\n":     `x.yml:2: the tag "!!bool" has no meaning here. Remove it.`,
		"!!str a: 1\n":                    `x.yml:1: the tag "!!str" has no meaning here. Remove it.`,
		"a: 1\n# all is well\u2028b: 2\n": "x.yml:2: holds the character U+2028, by which something else can be seen than holds. Remove it.",
		"# all is well\u0085b: 2\n":       "x.yml:1: holds the character U+0085, by which something else can be seen than holds. Remove it.",
		"a: 1 # \u202e b\n":               "x.yml:1: holds the character U+202E, by which something else can be seen than holds. Remove it.",
		"a: \u200fשלום\n":                 "", // which is how it is written
		"1: a\n":                          "x.yml:1: a name is a number, and names are text. Put it in quotes.",
		"a:\n\tb: 1\n":                    "x.yml:2: is not valid YAML: found character that cannot start any token. Indent with spaces.",
		strings.Repeat("[", 14) + "\n":    "x.yml:1: is not valid YAML: did not find expected node content. Correct it.",
		strings.Repeat("{a: ", 14) + "b" + strings.Repeat("}", 14): "x.yml:1: values lie too deep in each other. No setting lies as deep.",
	} {
		reader := document.Reader{File: "x.yml", Whole: "Whole.", Shared: "Shared."}
		reader.Read(source)
		got := ""
		if err := reader.Problems.Err(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q\ngot  %s\nwant %s", source, got, want)
		}
	}
}

func TestValuesHaveTheirLines(t *testing.T) {
	t.Parallel()
	reader := document.Reader{File: "x.yml"}
	read := reader.Read("a: 1\nb:\n  - x\n  - c: true\n")
	b := read.Members[1]
	c := b.Value.Items[1].Members[0]
	if read.Kind != document.Mapping || b.Name != "b" || b.Line != 2 || b.Value.Line != 3 || c.Line != 4 || c.Value.Kind != document.Boolean || c.Value.Text != "true" {
		t.Errorf("read %+v", read)
	}
}

func TestMeant(t *testing.T) {
	t.Parallel()
	known := []string{"api-key", "region"}
	for name, want := range map[string]string{
		"apiKey": "Did you mean api-key?", "regoin": "Did you mean region?", "x": "It knows api-key, region.",
		strings.Repeat("x", 1000): "It knows api-key, region.",
	} {
		if got := document.Meant(name, known); got != want {
			t.Errorf("%.20q: got %q, want %q", name, got, want)
		}
	}
}
