package rules

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/slipway-dev/slipway/internal/problem"
)

// kind is the type of a value.
type kind int

const (
	// unusable is one that a Problem was told of already.
	unusable kind = iota
	nothing
	boolean
	number
	text
	list
	mapping
)

// String is the kind in words.
func (k kind) String() string {
	switch k {
	case nothing:
		return "nothing"
	case boolean:
		return "true or false"
	case number:
		return "a number"
	case text:
		return "text"
	case list:
		return "a list"
	case mapping:
		return "a mapping"
	case unusable:
		return "unusable"
	default:
		return "unknown"
	}
}

// value is a value in the file.
type value struct {
	kind kind
	// text is that of a plain value, as it is written.
	text string
	// line is where it begins.
	line int
	// items are a list's.
	items []value
	// members are a mapping's, in the order of the file; their names differ.
	members []member
}

// member is a name in a mapping, the line that it stands at, and its value.
type member struct {
	name  string
	line  int
	value value
}

const (
	// maxDepth is how deep values may lie in each other; what the file is made of lies
	// six deep.
	maxDepth = 12
	// maxNameBytes and maxTextBytes are more than any name and any setting needs.
	maxNameBytes = 64
	maxTextBytes = 1024
)

// tree turns a text of one YAML document into values; what cannot be is among the
// problems.
type tree struct {
	file     string
	problems problem.List
}

// read returns the value of the whole text.
func (t *tree) read(source string) value {
	if line := lineOfBadText(source); line > 0 {
		t.problems.AddAt(t.file, line, "holds a byte that no text has", "Save the file as UTF-8.")
		return value{}
	}
	loader, err := yaml.NewLoader(strings.NewReader(source))
	if err != nil {
		return t.broken(source, err)
	}
	var document, another yaml.Node
	switch err := loader.Load(&document); {
	case errors.Is(err, io.EOF):
		return value{kind: nothing, line: 1}
	case err != nil:
		return t.broken(source, err)
	case len(document.Content) == 0:
		return value{kind: nothing, line: 1}
	}
	switch err := loader.Load(&another); {
	case err == nil:
		t.problems.AddAt(t.file, another.Line, "a second document begins, and the file is one", "Remove the line with ---, and put all services under services.")
		return value{}
	case !errors.Is(err, io.EOF):
		return t.broken(source, err)
	}
	return t.value(document.Content[0], 0)
}

// lineOfBadText returns the line of the first byte that is in no text; 0 when there
// is none.
func lineOfBadText(source string) int {
	line := 1
	for i, r := range source {
		switch r {
		case '\n':
			line++
		case utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(source[i:]); size == 1 {
				return line
			}
		case 0:
			return line
		}
	}
	return 0
}

// broken tells where the text stops being YAML; that may be behind its last line.
func (t *tree) broken(source string, err error) value {
	line, message := 1, err.Error()
	if found, ok := errors.AsType[*yaml.LoadError](err); ok {
		last := 1 + strings.Count(strings.TrimRight(source, "\n"), "\n")
		line, message = min(max(1, found.Mark.Line), last), found.Message
	}
	fix := "Correct it."
	switch lines := strings.Split(source, "\n"); {
	case strings.HasPrefix(strings.TrimLeft(lines[min(line, len(lines))-1], " "), "\t"):
		fix = "Indent with spaces."
	case strings.Contains(message, "alias") || strings.Contains(message, "unknown anchor"):
		fix = "Put text that begins with * into quotes."
	}
	t.problems.AddAt(t.file, line, "is not valid YAML: "+message, fix)
	return value{}
}

// value reads a node. References are refused, so that what holds at a line is what
// stands there; and nothing can multiply.
func (t *tree) value(node *yaml.Node, depth int) value {
	read := value{line: node.Line, text: node.Value}
	switch {
	case depth > maxDepth:
		t.problems.AddAt(t.file, node.Line, "values lie too deep in each other", "No setting lies as deep.")
		return value{line: node.Line}
	case node.Kind == yaml.AliasNode:
		t.problems.AddAt(t.file, node.Line, fmt.Sprintf("%q is a reference, and the file takes none", shortened("*"+node.Value)),
			"Write the value out; what holds in every environment goes into the service. A pattern that begins with * needs quotes.")
		return value{line: node.Line}
	case node.Anchor != "":
		t.problems.AddAt(t.file, node.Line, fmt.Sprintf("%q is there to be referred to, and the file takes no references", shortened("&"+node.Anchor)),
			"Remove it; what holds in every environment goes into the service.")
	}
	read.kind = t.kind(node)
	switch read.kind {
	case list:
		for _, item := range node.Content {
			read.items = append(read.items, t.value(item, depth+1))
		}
	case mapping:
		read.members = t.members(node, depth)
	case unusable, nothing, boolean, number, text:
	}
	return read
}

// kind is what a node's tag stands for.
func (t *tree) kind(node *yaml.Node) kind {
	switch tag := node.ShortTag(); tag {
	case "!!map":
		return mapping
	case "!!seq":
		return list
	case "!!null":
		return nothing
	case "!!bool":
		return boolean
	case "!!int", "!!float":
		return number
	case "!!str", "!!timestamp", "!!merge":
		return text
	default:
		t.problems.AddAt(t.file, node.Line, fmt.Sprintf("the tag %q has no meaning here", shortened(tag)), "Remove it.")
		return unusable
	}
}

// members reads a mapping. Of names that come again the first counts.
func (t *tree) members(node *yaml.Node, depth int) []member {
	var members []member
	lines := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, content := node.Content[i], node.Content[i+1]
		read := t.value(content, depth+1)
		switch tag := name.ShortTag(); {
		case name.Kind == yaml.AliasNode || name.Anchor != "":
			t.value(name, depth+1) // which says so
			continue
		case tag == "!!merge":
			t.problems.AddAt(t.file, name.Line, `"<<" merges mappings, which the file does not take`, "Write the settings out; what holds in every environment goes into the service.")
			continue
		case name.Kind != yaml.ScalarNode || tag != "!!str" && tag != "!!timestamp":
			t.problems.AddAt(t.file, name.Line, fmt.Sprintf("a name is %s, and names are text", t.kind(name)), "Put it in quotes.")
			continue
		}
		if before, isAgain := lines[name.Value]; isAgain {
			t.problems.AddAt(t.file, name.Line, fmt.Sprintf("%q comes again, after line %d", shortened(name.Value), before), "Keep one of them.")
			continue
		}
		lines[name.Value] = name.Line
		members = append(members, member{name: name.Value, line: name.Line, value: read})
	}
	return members
}

// shortened is a name as a Problem may repeat it.
func shortened(name string) string {
	if len(name) <= maxNameBytes {
		return name
	}
	return strings.ToValidUTF8(name[:maxNameBytes], "") + "…"
}
