package toolkit

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxValues bounds what references may multiply to.
const maxValues = 1 << 16

// parseYAML reads a YAML text of one document. The error is a *syntaxError.
func parseYAML(source string) (value, error) {
	loader, err := yaml.NewLoader(strings.NewReader(versionDirective.ReplaceAllString(source, "${1}1.1")))
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

// versionDirective is a directive that names a version 1.x. The loader reads 1.2,
// and takes the directive of 1.1 alone.
var versionDirective = regexp.MustCompile(`\A(\x{FEFF}?(?:#.*\n|\s)*%YAML )1\.[0-9]+`)

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
	read := value{line: node.Line, text: node.Value, isAnchor: node.Anchor != ""}
	var err error
	switch node.Kind {
	case yaml.AliasNode:
		if node.Alias == nil {
			return value{}, &syntaxError{line: node.Line, message: "a reference leads to nothing"}
		}
		read, err = r.value(node.Alias, depth+1)
		read.isAnchor = false
		return read, err
	case yaml.DocumentNode, yaml.StreamNode:
		return value{}, &syntaxError{line: node.Line, message: "a document lies in another"}
	case yaml.ScalarNode, yaml.SequenceNode, yaml.MappingNode:
	}
	if read.kind, err = kindOf(node); err != nil {
		return value{}, err
	}
	switch read.kind {
	case list:
		for _, element := range node.Content {
			if _, err := r.value(element, depth+1); err != nil {
				return value{}, err
			}
		}
	case mapping:
		read.members, err = r.members(node, depth)
	case nothing, boolean, number, text:
	}
	return read, err
}

// kindOf is the kind that a node's tag stands for. As in the Toolkit a tag that
// is not known is an error.
func kindOf(node *yaml.Node) (kind, error) {
	switch tag := node.ShortTag(); tag {
	case "!!map":
		return mapping, nil
	case "!!seq":
		return list, nil
	case "!!null":
		return nothing, nil
	case "!!bool":
		return boolean, nil
	case "!!int", "!!float":
		return number, nil
	case "!!str", "!!timestamp", "!!merge":
		return text, nil
	default:
		return nothing, &syntaxError{line: node.Line, message: fmt.Sprintf("the tag %q is not known", shortened(tag))}
	}
}

// members reads a mapping; what "<<" merges into it is weaker than its own.
func (r *yamlReader) members(node *yaml.Node, depth int) ([]member, error) {
	var merged, own []member
	seen := map[string]bool{}
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
			merged = overlaid(found, merged)
			continue
		}
		content, err := r.value(pair[1], depth+1)
		if err != nil {
			return nil, err
		}
		if seen[name.text] {
			return nil, &syntaxError{line: pair[0].Line, message: fmt.Sprintf("the name %q comes a second time", shortened(name.text))}
		}
		seen[name.text] = true
		own = append(own, member{name: name.text, line: pair[0].Line, value: content})
	}
	return overlaid(merged, own), nil
}

// merge reads one mapping or several, of which the first counts.
func (r *yamlReader) merge(node *yaml.Node, depth int) ([]member, error) {
	for node.Kind == yaml.AliasNode && node.Alias != nil {
		node = node.Alias
	}
	sources := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		sources = node.Content
	}
	var merged []member
	for _, source := range sources {
		read, err := r.value(source, depth+1)
		if err != nil {
			return nil, err
		}
		if read.kind != mapping {
			return nil, &syntaxError{line: source.Line, message: "<< takes mappings, and this is " + read.kind.String()}
		}
		merged = overlaid(read.members, merged)
	}
	return merged, nil
}

// overlaid returns the members of two mappings; of those with one name the
// stronger.
func overlaid(weaker, stronger []member) []member {
	names := make(map[string]bool, len(stronger))
	for _, m := range stronger {
		names[m.name] = true
	}
	kept := slices.DeleteFunc(slices.Clone(weaker), func(m member) bool { return names[m.name] })
	return append(kept, stronger...)
}
