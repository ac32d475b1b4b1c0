package npm

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// lock is what a lock file holds for the direct dependencies of one project.
// Every format is read into this shape.
type lock struct {
	file string
	// entries is by name of the dependency: what that name resolves to from the
	// project's folder.
	entries map[string]lockEntry
}

// lockEntry is one installed package.
type lockEntry struct {
	line int
	// name is the package's own name when it is installed under another.
	name string
	// version is exact; a lock of version 1 may hold an address instead.
	version string
	// resolved is where it was downloaded from, or the folder of a link; may be
	// empty.
	resolved string
	// isLink marks a package of the same workspace.
	isLink bool
}

// refresh is the way out of a lock file that does not fit.
const refresh = "Run `npm install` and commit the lock file, or choose dependencies: ranges."

// parseLock reads package-lock.json and npm-shrinkwrap.json, which share one
// format, in its versions 1 to 3. The project's folder is given as seen from
// the lock file's own. It returns nil when the lock does not govern that
// folder.
func parseLock(file string, whole value, folder string, names []string) (*lock, error) {
	top := whole.pick("lockfileVersion", "packages", "dependencies")
	version, err := lockVersion(file, top["lockfileVersion"])
	if err != nil {
		return nil, err
	}
	packages, hasPackages := top["packages"]
	if version == 1 || !hasPackages {
		if folder != "." {
			return nil, nil //nolint:nilnil // version 1 knows no workspaces
		}
		return parseLockV1(file, top["dependencies"].value, names)
	}
	return parseLockV3(file, packages.value, folder, names)
}

func lockVersion(file string, m member) (int, error) {
	if m.name == "" {
		return 1, nil // npm 4 and older did not write it
	}
	var version int
	if err := json.Unmarshal(m.value.raw, &version); err != nil || version < 1 || version > 3 {
		return 0, &problem.Problem{
			File: file, Line: m.line,
			Message: fmt.Sprintf("lockfileVersion is %.20s; known are 1, 2 and 3", m.value.raw),
			Fix:     "Write it with a current npm, or choose dependencies: ranges.",
		}
	}
	return version, nil
}

// parseLockV1 reads the "dependencies" tree; direct dependencies are at its top.
func parseLockV1(file string, dependencies value, names []string) (*lock, error) {
	wanted := make(map[string]bool, len(names))
	for _, name := range names {
		wanted[name] = true
	}
	found := &lock{file: file, entries: map[string]lockEntry{}}
	var problems problem.List
	for m := range dependencies.members() {
		if wanted[m.name] {
			found.entries[m.name] = parseEntry(&problems, file, m)
		}
	}
	return found, problems.Err()
}

// parseLockV3 reads the flat "packages" of versions 2 and 3, whose names are
// paths such as "node_modules/twilio" and, for members of a workspace,
// "services/voice" and "services/voice/node_modules/twilio".
func parseLockV3(file string, packages value, folder string, names []string) (*lock, error) {
	type place struct {
		name     string
		distance int
	}
	// Node.js takes the nearest node_modules, going up from the folder.
	wanted := map[string]place{}
	for _, name := range names {
		for dir, distance := folder, 0; ; dir, distance = path.Dir(dir), distance+1 {
			wanted[path.Join(dir, "node_modules", name)] = place{name: name, distance: distance}
			if dir == "." {
				break
			}
		}
	}
	found := &lock{file: file, entries: map[string]lockEntry{}}
	distances := map[string]int{}
	isMember := folder == "."
	var problems problem.List
	for m := range packages.members() {
		isMember = isMember || m.name == folder
		at, ok := wanted[m.name]
		if !ok {
			continue
		}
		if nearest, known := distances[at.name]; !known || at.distance <= nearest {
			distances[at.name] = at.distance
			found.entries[at.name] = parseEntry(&problems, file, m)
		}
	}
	if !isMember {
		return nil, nil //nolint:nilnil // the lock of something else
	}
	return found, problems.Err()
}

// parseEntry reads one package of a lock.
func parseEntry(problems *problem.List, file string, m member) lockEntry {
	if m.value.kind() != "an object" {
		problems.AddAt(file, m.line, fmt.Sprintf("the entry %q is %s, not an object", m.name, m.value.kind()), refresh)
		return lockEntry{line: m.line}
	}
	fields := m.value.pick("name", "version", "resolved", "link")
	entry := lockEntry{line: m.line}
	entry.name, _ = fields["name"].value.text()
	// Old versions of npm wrote `"resolved": false`, which says nothing.
	entry.resolved, _ = fields["resolved"].value.text()
	entry.isLink = strings.TrimSpace(string(fields["link"].value.raw)) == "true"
	version, ok := fields["version"].value.text()
	if !ok && !entry.isLink {
		problems.AddAt(file, m.line, fmt.Sprintf("the entry %q has no version", m.name), refresh)
	}
	entry.version = version
	return entry
}
