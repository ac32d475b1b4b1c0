package toolkit

import (
	"errors"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxValues bounds what references may multiply to.
const maxValues = 1 << 16

// parseYAML reads a YAML text of one document. The error is a *syntaxError.
func parseYAML(source string) (value, error) {
	loader, err := yaml.NewLoader(strings.NewReader(source))
	if err != nil {
		return value{}, yamlError(source, err)
	}
	var document, another yaml.Node
	if err := loader.Load(&document); errors.Is(err, io.EOF) {
		return value{}, nil
	} else if err != nil {
		return value{}, yamlError(source, err)
	}
	switch err := loader.Load(&another); {
	case err == nil:
		return value{}, &syntaxError{line: another.Line, message: "a second document begins, and settings are one"}
	case !errors.Is(err, io.EOF):
		return value{}, yamlError(source, err)
	}
	if len(document.Content) == 0 {
		return value{}, nil
	}
	return (&yamlReader{}).value(document.Content[0], 0)
}

// yamlError says where a text stops being YAML; that may be behind its last line.
func yamlError(source string, err error) error {
	if found, ok := errors.AsType[*yaml.LoadError](err); ok {
		last := 1 + strings.Count(strings.TrimRight(source, "\n"), "\n")
		return &syntaxError{line: min(max(1, found.Mark.Line), last), message: found.Message}
	}
	return &syntaxError{line: 1, message: err.Error()}
}

// yamlReader turns nodes into values, and follows references.
type yamlReader struct{ count int }

func (r *yamlReader) value(node *yaml.Node, depth int) (value, error) {
	if r.count++; r.count > maxValues || depth > maxDepth {
		return value{}, &syntaxError{line: node.Line, message: "there are too many values, or they lie too deep in each other"}
	}
	read := value{line: node.Line, text: node.Value}
	switch node.Kind {
	case yaml.AliasNode:
		if node.Alias == nil {
			return value{}, &syntaxError{line: node.Line, message: "a reference leads to nothing"}
		}
		return r.value(node.Alias, depth+1)
	case yaml.ScalarNode:
		read.kind = scalarKind(node)
	case yaml.SequenceNode:
		read.kind = list
		for _, element := range node.Content {
			if _, err := r.value(element, depth+1); err != nil {
				return value{}, err
			}
		}
	case yaml.MappingNode:
		read.kind = mapping
		var err error
		read.members, err = r.members(node, depth)
		return read, err
	case yaml.DocumentNode, yaml.StreamNode:
		return value{}, &syntaxError{line: node.Line, message: "a document lies in another"}
	}
	return read, nil
}

// members reads a mapping; what "<<" merges into it comes first, so that the
// mapping's own members count.
func (r *yamlReader) members(node *yaml.Node, depth int) ([]member, error) {
	var merged, own []member
	for pair := range slices.Chunk(node.Content, 2) {
		name, err := r.value(pair[0], depth+1)
		if err != nil {
			return nil, err
		}
		if name.kind == list || name.kind == mapping {
			return nil, &syntaxError{line: pair[0].Line, message: "a name is " + name.kind.String()}
		}
		if pair[0].ShortTag() == "!!merge" {
			found, err := r.merge(pair[1], depth)
			if err != nil {
				return nil, err
			}
			merged = append(merged, found...)
			continue
		}
		content, err := r.value(pair[1], depth+1)
		if err != nil {
			return nil, err
		}
		own = append(own, member{name: name.text, line: pair[0].Line, value: content})
	}
	return append(merged, own...), nil
}

// merge reads one mapping or several, of which the first counts.
func (r *yamlReader) merge(node *yaml.Node, depth int) ([]member, error) {
	if node.Kind != yaml.SequenceNode {
		read, err := r.value(node, depth+1)
		return read.members, err
	}
	var merged []member
	for _, element := range slices.Backward(node.Content) {
		read, err := r.value(element, depth+1)
		if err != nil {
			return nil, err
		}
		merged = append(merged, read.members...)
	}
	return merged, nil
}

func scalarKind(node *yaml.Node) kind {
	switch node.ShortTag() {
	case "!!null":
		return nothing
	case "!!bool":
		return boolean
	case "!!int", "!!float":
		return number
	default:
		return text
	}
}
