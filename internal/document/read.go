package document

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Read returns the value of the whole text; what cannot be is among the Problems. Its
// Kind is Unusable when a Problem says why there is none.
func (r *Reader) Read(source string) Value {
	if line := lineOfBadText(source); line > 0 {
		r.Wrong(line, "holds a byte that no text has", "Save the file as UTF-8.")
		return Value{}
	}
	if line, met := lineOfHiding(source); line > 0 {
		r.Wrong(line, fmt.Sprintf("holds the character %U, by which something else can be seen than holds", met), "Remove it.")
		return Value{}
	}
	loader, err := yaml.NewLoader(strings.NewReader(source))
	if err != nil {
		return r.broken(source, err)
	}
	var document, another yaml.Node
	switch err := loader.Load(&document); {
	case errors.Is(err, io.EOF):
		return Value{Kind: Nothing, Line: 1}
	case err != nil:
		return r.broken(source, err)
	case len(document.Content) == 0:
		return Value{Kind: Nothing, Line: 1}
	}
	switch err := loader.Load(&another); {
	case err == nil:
		r.Wrong(another.Line, "a second document begins, and the file is one", "Remove the line with ---. "+r.Whole)
		return Value{}
	case !errors.Is(err, io.EOF):
		return r.broken(source, err)
	}
	return r.value(document.Content[0], 0)
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

// lineOfHiding returns the line of the first character that makes a text look like
// another one: those that end a line for YAML and not for who reads it, so that what
// seems to be a comment holds, and those that turn its direction round (CVE-2021-42574).
// The line is 0 when there is none.
func lineOfHiding(source string) (line int, met rune) {
	at := strings.IndexFunc(source, func(r rune) bool {
		return r == '\u0085' || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
	})
	if at < 0 {
		return 0, 0
	}
	met, _ = utf8.DecodeRuneInString(source[at:])
	return 1 + strings.Count(source[:at], "\n"), met
}

// broken tells where the text stops being YAML; that may be behind its last line.
func (r *Reader) broken(source string, err error) Value {
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
	r.Wrong(line, "is not valid YAML: "+message, fix)
	return Value{}
}

// value reads a node. References are refused, so that what holds at a line is what
// stands there; and Nothing can multiply.
func (r *Reader) value(node *yaml.Node, depth int) Value {
	read := Value{Line: node.Line, Text: node.Value}
	switch {
	case depth > maxDepth:
		r.Wrong(node.Line, "values lie too deep in each other", "No setting lies as deep.")
		return Value{Line: node.Line}
	case node.Kind == yaml.AliasNode:
		r.Wrong(node.Line, fmt.Sprintf("%q is a reference, and the file takes none", Shortened("*"+node.Value)),
			"Write the value out. "+r.Shared+" Text that begins with * needs quotes.")
		return Value{Line: node.Line}
	case node.Anchor != "":
		r.Wrong(node.Line, fmt.Sprintf("%q is there to be referred to, and the file takes no references", Shortened("&"+node.Anchor)),
			"Remove it. "+r.Shared)
	}
	if read.Kind = r.kind(node); isTagged(node) {
		r.tagged(node)
		return Value{Line: node.Line}
	}
	switch read.Kind {
	case List:
		for _, item := range node.Content {
			read.Items = append(read.Items, r.value(item, depth+1))
		}
	case Mapping:
		read.Members = r.members(node, depth)
	case Unusable, Nothing, Boolean, Number, Text:
	}
	return read
}

// kind is what a node's tag stands for.
func (r *Reader) kind(node *yaml.Node) Kind {
	switch tag := node.ShortTag(); tag {
	case "!!map":
		return Mapping
	case "!!seq":
		return List
	case "!!null":
		return Nothing
	case "!!bool":
		return Boolean
	case "!!int", "!!float":
		return Number
	case "!!str", "!!timestamp", "!!merge":
		return Text
	default:
		return Unusable // it is tagged
	}
}

// isTagged reports whether a node says of itself what it is, which may not be what stands
// there.
func isTagged(node *yaml.Node) bool { return node.Style&yaml.TaggedStyle != 0 }

func (r *Reader) tagged(node *yaml.Node) {
	r.Wrong(node.Line, fmt.Sprintf("the tag %q has no meaning here", Shortened(node.ShortTag())), "Remove it.")
}

// members reads a Mapping. Of names that come again the first counts.
func (r *Reader) members(node *yaml.Node, depth int) []Member {
	var members []Member
	lines := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, content := node.Content[i], node.Content[i+1]
		read := r.value(content, depth+1)
		switch tag := name.ShortTag(); {
		case name.Kind == yaml.AliasNode || name.Anchor != "":
			r.value(name, depth+1) // which says so
			continue
		case isTagged(name):
			r.tagged(name)
			continue
		case tag == "!!merge":
			r.Wrong(name.Line, `"<<" merges mappings, which the file does not take`, "Write it out. "+r.Shared)
			continue
		case name.Kind != yaml.ScalarNode || tag != "!!str" && tag != "!!timestamp":
			r.Wrong(name.Line, fmt.Sprintf("a name is %s, and names are text", r.kind(name)), "Put it in quotes.")
			continue
		}
		if before, isAgain := lines[name.Value]; isAgain {
			r.Wrong(name.Line, fmt.Sprintf("%q comes again, after line %d", Shortened(name.Value), before), "Keep one of them.")
			continue
		}
		lines[name.Value] = name.Line
		members = append(members, Member{Name: name.Value, Line: name.Line, Value: read})
	}
	return members
}
