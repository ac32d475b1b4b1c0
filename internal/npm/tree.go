package npm

import (
	"errors"
	"io/fs"
	"iter"
	"slices"
)

// tree is what a value in JSON and one in YAML have in common. An "object" is a
// mapping in YAML.
type tree[V any] interface {
	// text returns what a plain value says; false for other values.
	text() (string, bool)
	// members walks over an object in the order of the file; a name may come more
	// than once. It yields nothing for other values.
	members() iter.Seq[memberOf[V]]
}

// memberOf is a name in an object, the line it stands at, and its value.
type memberOf[V any] struct {
	name  string
	line  int
	value V
}

// pick returns the members of an object that have one of these names. Of a name
// that comes twice the last one counts, as it does for npm.
func pick[V tree[V]](object V, names ...string) map[string]memberOf[V] {
	found := map[string]memberOf[V]{}
	for m := range object.members() {
		if slices.Contains(names, m.name) {
			found[m.name] = m
		}
	}
	return found
}

// get returns one value of an object; the zero value when it has none of this
// name.
func get[V tree[V]](object V, name string) V { return pick(object, name)[name].value }

// texts walks over the names and the plain values of an object.
func texts[V tree[V]](object V) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for m := range object.members() {
			if text, ok := m.value.text(); ok && !yield(m.name, text) {
				return
			}
		}
	}
}

// readParsed reads a file of at most limit bytes. It returns nil when there is no
// such file; the error is a *problem.Problem if those of parse are.
func readParsed[V any](fsys fs.FS, file string, limit int64, parse func(file string, data []byte) (*V, error)) (*V, error) {
	data, err := readFile(fsys, file, limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // a missing file is neither a value nor an error
	}
	if err != nil {
		return nil, err
	}
	return parse(file, data)
}
