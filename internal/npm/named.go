package npm

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// named is the package manager that a package.json names. The zero value is none.
type named struct {
	manager string
	file    string
	line    int
}

// findNamed returns what the nearest package.json names, going up from the
// folder, as corepack does: "packageManager": "pnpm@9.1.0", else
// "devEngines": {"packageManager": {"name": "pnpm"}}. Names that are not known
// count as none.
func findNamed(fsys fs.FS, folder string) named {
	for dir := range upFrom(folder) {
		file := path.Join(dir, "package.json")
		whole, err := readJSON(fsys, file, maxPackageBytes)
		if err != nil || whole == nil {
			continue
		}
		top := pick(*whole, "packageManager", "devEngines")
		field, ok := top["packageManager"]
		text, _ := field.value.text()
		name, _, _ := strings.Cut(strings.TrimSpace(text), "@")
		if !ok {
			field, ok = pick(top["devEngines"].value, "packageManager")["packageManager"]
			name = engineName(field.value)
		}
		if !ok {
			continue
		}
		isKnown := slices.ContainsFunc(managers(), func(one manager) bool { return one.name == name })
		if !isKnown {
			return named{}
		}
		return named{manager: name, file: file, line: field.line}
	}
	return named{}
}

// engineName returns the name in one of "devEngines", or in the first of a list.
func engineName(engine value) string {
	var list []json.RawMessage
	if engine.kind() == "an array" && json.Unmarshal(engine.raw, &list) == nil && len(list) > 0 {
		engine = value{raw: list[0]}
	}
	name, _ := get(engine, "name").text()
	return name
}
