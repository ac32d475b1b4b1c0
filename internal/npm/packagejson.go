package npm

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/slipway-dev/slipway/internal/problem"
)

// project is what package managers know a package by. Both may be empty.
type project struct{ name, version string }

// wants is what a package.json asks for.
type wants struct {
	project
	nodeRange     string
	nodeRangeLine int
	// dependencies is sorted by name.
	dependencies []request
	// devHandlerLine is the line of the runtime handler when it is among the
	// devDependencies alone; else 0.
	devHandlerLine int
	warnings       problem.List
}

// request is an entry of "dependencies".
type request struct {
	name string
	// spec is as written, or what the catalog has for it.
	spec string
	// catalog is what is written when the spec comes from a catalog; else empty.
	catalog string
	// otherGroup is the part of package.json that has it too, with another range,
	// which is otherSpec; empty when there is none.
	otherGroup, otherSpec string
	line                  int
}

// written is what package.json has.
func (r request) written() string { return cmp.Or(r.catalog, r.spec) }

// String shows the spec in a message, without secrets.
func (r request) String() string {
	if r.catalog != "" && r.catalog != r.spec {
		return fmt.Sprintf("%q (%q)", r.catalog, shown(r.spec))
	}
	return fmt.Sprintf("%q", shown(r.spec))
}

// readPackage reads a package.json. It returns nil when there is none; the
// error is a problem.List or a *problem.Problem.
func readPackage(fsys fs.FS, file string) (*wants, error) {
	whole, err := readJSON(fsys, file, maxPackageBytes)
	if whole == nil || err != nil {
		return nil, err
	}
	reading := packageReader{file: file}
	found := reading.read(pick(*whole, "name", "version", "engines", "dependencies", "optionalDependencies", "devDependencies"))
	if err := reading.problems.Err(); err != nil {
		return nil, err
	}
	return found, nil
}

// packageReader collects what is wrong with the types in a package.json.
type packageReader struct {
	file     string
	problems problem.List
}

func (r *packageReader) read(top map[string]member) *wants {
	found := &wants{}
	if name, ok := top["name"]; ok {
		found.name = r.text(name, "the name")
	}
	found.version, _ = top["version"].value.text()
	if engines, ok := top["engines"]; ok {
		found.readEngines(r.file, engines)
	}
	byName := map[string]request{}
	if dependencies, ok := top["dependencies"]; ok && r.isObject(dependencies) {
		last := map[string]member{} // of a name that comes twice the last one counts
		for m := range dependencies.value.members() {
			last[m.name] = m
		}
		for _, entry := range last {
			spec := r.text(entry, fmt.Sprintf("the version of dependency %q", entry.name))
			byName[entry.name] = request{name: entry.name, spec: spec, line: entry.line}
		}
	}
	for _, group := range []string{"optionalDependencies", "devDependencies"} {
		for name, spec := range texts(top[group].value) {
			if one, ok := byName[name]; ok && one.otherGroup == "" && spec != one.spec {
				one.otherGroup, one.otherSpec = group, spec
				byName[name] = one
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		found.dependencies = append(found.dependencies, byName[name])
	}
	if dev, ok := top["devDependencies"]; ok && byName[Handler].line == 0 {
		found.devHandlerLine = pick(dev.value, Handler)[Handler].line
	}
	return found
}

// readEngines reads engines.node. Of another type it is worth a warning only: it
// has no part in a deploy but to choose the runtime.
func (w *wants) readEngines(file string, engines member) {
	if kind := engines.value.kind(); kind != "an object" && kind != "null" {
		w.warnings.AddAt(file, engines.line, fmt.Sprintf("%q is %s, not an object, and is not read", engines.name, kind),
			`Write it as "engines": {"node": ">=22"}.`)
		return
	}
	node, ok := pick(engines.value, "node")["node"]
	if !ok || node.value.kind() == "null" {
		return
	}
	text, ok := node.value.text()
	if !ok {
		w.warnings.AddAt(file, node.line, fmt.Sprintf("engines.node is %s, not a string, and is not read", node.value.kind()),
			"Put it in double quotes.")
		return
	}
	w.nodeRange, w.nodeRangeLine = text, node.line
}

// text returns the text of a member that must be a string; null counts as
// empty, as it does for npm.
func (r *packageReader) text(m member, what string) string {
	text, ok := m.value.text()
	if !ok && m.value.kind() != "null" {
		r.problems.AddAt(r.file, m.line, fmt.Sprintf("%s is %s, not a string", what, m.value.kind()),
			"Put it in double quotes.")
	}
	return text
}

// isObject reports whether a member is an object, and whether it is worth a
// Problem that it is not.
func (r *packageReader) isObject(m member) bool {
	switch kind := m.value.kind(); kind {
	case "an object":
		return true
	case "null":
		return false
	default:
		r.problems.AddAt(r.file, m.line, fmt.Sprintf("%q is %s, not an object", m.name, kind),
			fmt.Sprintf(`Write it as %q: {"name": "range"}.`, m.name))
		return false
	}
}
