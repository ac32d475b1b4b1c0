package npm

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// readNPMLock reads package-lock.json and npm-shrinkwrap.json, which share one
// format, in its versions 1 to 3.
func readNPMLock(q query) (*lock, error) {
	whole, err := readJSON(q.fsys, q.file, maxLockBytes)
	if whole == nil || err != nil {
		return nil, q.readable(err)
	}
	top := pick(*whole, "lockfileVersion", "packages", "dependencies")
	version, err := npmLockVersion(q, top["lockfileVersion"])
	if err != nil {
		return nil, err
	}
	packages, hasPackages := top["packages"]
	if version == 1 || !hasPackages {
		if q.folder != "." {
			return nil, nil //nolint:nilnil // version 1 knows no workspaces
		}
		return parseNPMLockV1(q, top["dependencies"].value)
	}
	found, err := parseNPMLockV3(q, packages.value)
	if found == nil || err != nil || q.folder == "." { // npm refuses to override a root's own
		return found, err
	}
	forced, err := readNPMOverrides(q)
	if err != nil {
		return nil, err
	}
	found.force(q.requests, forced)
	return found, nil
}

func npmLockVersion(q query, m member) (int, error) {
	if m.name == "" {
		return 1, nil // npm 4 and older did not write it
	}
	var version int
	if err := json.Unmarshal(m.value.raw, &version); err != nil || version < 1 || version > 3 {
		return 0, q.unknownVersion(m.line, m.name, string(m.value.raw), "1, 2 and 3")
	}
	return version, nil
}

// parseNPMLockV1 reads the "dependencies" tree; direct dependencies are at its
// top.
func parseNPMLockV1(q query, dependencies value) (*lock, error) {
	wanted := q.names()
	found := q.lock()
	var problems problem.List
	for m := range dependencies.members() {
		if wanted[m.name] {
			found.entries[m.name] = parseNPMEntry(&problems, q, m)
		}
	}
	return found, problems.Err()
}

// parseNPMLockV3 reads the flat "packages" of versions 2 and 3, whose names are
// paths such as "node_modules/twilio" and, for members of a workspace,
// "services/voice" and "services/voice/node_modules/twilio".
func parseNPMLockV3(q query, packages value) (*lock, error) {
	type place struct {
		name     string
		distance int
	}
	// Node.js takes the nearest node_modules, going up from the folder.
	wanted := map[string]place{}
	for _, request := range q.requests {
		for dir, distance := q.folder, 0; ; dir, distance = path.Dir(dir), distance+1 {
			wanted[path.Join(dir, "node_modules", request.name)] = place{name: request.name, distance: distance}
			if dir == "." {
				break
			}
		}
	}
	found := q.lock()
	distances := map[string]int{}
	isListed := q.folder == "."
	var problems problem.List
	for m := range packages.members() {
		isListed = isListed || m.name == q.folder
		at, ok := wanted[m.name]
		if !ok {
			continue
		}
		if nearest, known := distances[at.name]; !known || at.distance <= nearest {
			distances[at.name] = at.distance
			found.entries[at.name] = parseNPMEntry(&problems, q, m)
		}
	}
	if !isListed {
		return nil, nil //nolint:nilnil // the lock of something else
	}
	return found, problems.Err()
}

// parseNPMEntry reads one package of a lock.
func parseNPMEntry(problems *problem.List, q query, m member) lockEntry {
	if m.value.kind() != "an object" {
		problems.AddAt(q.file, m.line, fmt.Sprintf("the entry %q is %s, not an object", m.name, m.value.kind()), q.by.refresh())
		return lockEntry{line: m.line}
	}
	fields := pick(m.value, "name", "version", "resolved", "link")
	entry := lockEntry{line: m.line}
	entry.name, _ = fields["name"].value.text()
	// Old versions of npm wrote `"resolved": false`, which says nothing.
	entry.resolved, _ = fields["resolved"].value.text()
	entry.isLink = strings.TrimSpace(string(fields["link"].value.raw)) == "true"
	version, ok := fields["version"].value.text()
	if !ok && !entry.isLink {
		problems.AddAt(q.file, m.line, fmt.Sprintf("the entry %q has no version", m.name), q.by.refresh())
	}
	entry.version = version
	return entry
}
