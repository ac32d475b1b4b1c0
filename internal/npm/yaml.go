package npm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/slipway-dev/slipway/internal/problem"
)

// A YAML file is read into a tree at once, so that these are lower than what
// JSON may have: the largest lock files of workspaces have some megabytes. Of a lock
// file some 7 bytes in 100 are marks.
const (
	maxYAMLBytes = 8 << 20
	maxYAMLMarks = 5 << 17
)

// yamlValue is a value in a YAML file. The zero value is nothing.
type yamlValue struct{ node *yaml.Node }

type yamlMember = memberOf[yamlValue]

// readYAML reads a file that must hold a mapping, the last one if it holds
// several documents. It returns nil when there is no such file; the error is a
// *problem.Problem.
func readYAML(fsys fs.FS, file string) (*yamlValue, error) {
	return readParsed(fsys, file, maxYAMLBytes, parseYAML)
}

// parseYAML does the same for the text of a file. An empty one holds nothing.
func parseYAML(file string, data []byte) (*yamlValue, error) {
	if err := findMerge(file, data); err != nil {
		return nil, err
	}
	if marks(data) > maxYAMLMarks {
		return nil, unreadable(file, fmt.Sprintf("it has more than %d entries", maxYAMLMarks), "Check that it is the file it should be.")
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, yamlProblem(file, err)
	}
	last := &yamlValue{}
	for {
		var document yaml.Node
		err := loader.Load(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, yamlProblem(file, err)
		}
		if document.Kind == yaml.DocumentNode && len(document.Content) == 1 {
			last = &yamlValue{node: document.Content[0]}
		}
	}
	if last.node != nil {
		if err := findTwice(file, last.node); err != nil {
			return nil, err
		}
	}
	if kind := last.kind(); kind != "a mapping" && kind != "nothing" {
		return nil, &problem.Problem{
			File: file, Line: last.node.Line, Message: fmt.Sprintf("holds %s, not a mapping", kind),
			Fix: "Let the package manager write the file.",
		}
	}
	return last, nil
}

// marks counts what may begin an entry, a text in quotes, a reference, a tag, a
// comment or a document: all that the loader holds at once, many times its size,
// even where the text is no YAML at all.
func marks(data []byte) int {
	count, quotes := bytes.Count(data, []byte("\n...")), 0
	for _, b := range data {
		switch b {
		case ':', ',', '[', '{', '-', '?', '*', '&', '!', '#':
			count++
		case '"', '\'':
			quotes++
		}
	}
	return count + quotes/2
}

// yamlProblem says where a text stops being YAML.
func yamlProblem(file string, err error) error {
	found := &problem.Problem{File: file, Line: 1, Message: "not valid YAML: " + err.Error(), Fix: "Correct it."}
	if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		found.Line, found.Message = max(1, one.Mark.Line), "not valid YAML: "+one.Message
	}
	return found
}

// findMerge returns a Problem at the first mark that a merge has left in a text.
func findMerge(file string, data []byte) error {
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if bytes.HasPrefix(text, []byte("<<<<<<< ")) {
			return &problem.Problem{File: file, Line: line, Message: "a merge has left its marks in it", Fix: "Correct it."}
		}
	}
	return nil
}

// findTwice returns a Problem at the first name that a mapping has twice, which
// is what some merges leave. The package managers do not read such a file.
func findTwice(file string, node *yaml.Node) error {
	if node.Kind == yaml.MappingNode {
		lines := make(map[string]int, len(node.Content)/2)
		for m := range (yamlValue{node}).members() {
			if first, ok := lines[m.name]; ok {
				return &problem.Problem{
					File: file, Line: m.line, Message: fmt.Sprintf("%q is there twice, first in line %d", short(m.name), first),
					Fix: "Correct it.",
				}
			}
			lines[m.name] = m.line
		}
	}
	for _, child := range node.Content {
		if err := findTwice(file, child); err != nil {
			return err
		}
	}
	return nil
}

// kind names the type of the value in words, such as "a list".
func (v yamlValue) kind() string {
	switch {
	case v.node == nil, v.node.Kind == yaml.ScalarNode && v.node.ShortTag() == "!!null":
		return "nothing"
	case v.node.Kind == yaml.MappingNode:
		return "a mapping"
	case v.node.Kind == yaml.SequenceNode:
		return "a list"
	case v.node.Kind == yaml.ScalarNode:
		return "a text"
	default:
		return "a reference" // which no package manager writes, and nothing here follows
	}
}

// members leaves out what has something else than a text for its name.
func (v yamlValue) members() iter.Seq[yamlMember] {
	return func(yield func(yamlMember) bool) {
		if v.kind() != "a mapping" {
			return
		}
		for pair := range slices.Chunk(v.node.Content, 2) {
			name := pair[0]
			if name.Kind == yaml.ScalarNode && !yield(yamlMember{name.Value, name.Line, yamlValue{pair[1]}}) {
				return
			}
		}
	}
}

// text returns a plain value as it is written, numbers too; null is none.
func (v yamlValue) text() (string, bool) {
	if v.kind() != "a text" {
		return "", false
	}
	return v.node.Value, true
}

// list returns the plain values of a list.
func (v yamlValue) list() []string {
	if v.kind() != "a list" {
		return nil
	}
	var found []string
	for _, entry := range v.node.Content {
		if text, ok := (yamlValue{entry}).text(); ok {
			found = append(found, text)
		}
	}
	return found
}
