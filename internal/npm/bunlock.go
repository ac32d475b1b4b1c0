package npm

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// readBunLock reads bun.lock in its versions 0 to 3, which is JSON with commas
// behind last elements.
func readBunLock(q query) (*lock, error) {
	whole, err := readJSONC(q.fsys, q.file, maxLockBytes)
	if whole == nil || err != nil {
		return nil, q.readable(err)
	}
	top := pick(*whole, "lockfileVersion", "workspaces", "overrides", "patchedDependencies", "catalog", "catalogs", "packages")
	var version int
	if m := top["lockfileVersion"]; json.Unmarshal(m.value.raw, &version) != nil || version < 0 || version > 3 {
		return nil, q.unknownVersion(m.line, "lockfileVersion", string(m.value.raw), "0 to 3")
	}
	folder := strings.TrimPrefix(q.folder, ".") // the root's is ""
	workspace, isListed := pick(top["workspaces"].value, folder)[folder]
	if !isListed {
		return nil, nil //nolint:nilnil // the lock of something else
	}
	reading := bunReader{query: q, found: q.lock()}
	reading.found.catalogs = catalogs{}
	collect(reading.found.catalogs, top["catalog"].value, top["catalogs"].value)
	prefix := ""
	if name, ok := get(workspace.value, "name").text(); ok && folder != "" {
		prefix = name + "/"
	}
	reading.readPackages(top["packages"].value, prefix)
	reading.found.force(q.requests, readOverrides(top["overrides"].value, q.project, reading.resolved))
	reading.readPatches(top["patchedDependencies"].value)
	return reading.found, reading.problems.Err()
}

// bunReader reads what a lock has for one workspace.
type bunReader struct {
	query
	found    *lock
	problems problem.List
}

// readPackages reads the entries that the workspace sees: its own, whose names
// begin with its name, before those that are shared.
func (r *bunReader) readPackages(packages value, prefix string) {
	wanted := r.names()
	isOwn := map[string]bool{}
	for m := range packages.members() {
		if own, ok := strings.CutPrefix(m.name, prefix); ok && prefix != "" && wanted[own] {
			isOwn[own] = true
			r.found.entries[own] = r.entry(m)
		} else if wanted[m.name] && !isOwn[m.name] {
			r.found.entries[m.name] = r.entry(m)
		}
	}
}

// entry reads an array such as ["lodash@4.17.21", "", {}, "sha512-..."]. The
// second element of a package from a registry is its address there; it is empty
// for the public registry.
func (r *bunReader) entry(m member) lockEntry {
	entry := lockEntry{line: m.line}
	var parts []json.RawMessage
	var full string
	if json.Unmarshal(m.value.raw, &parts) != nil || len(parts) == 0 || json.Unmarshal(parts[0], &full) != nil {
		r.problems.AddAt(r.file, m.line, fmt.Sprintf("the entry %q is not an array that begins with a name and a version", m.name),
			r.by.refresh())
		return entry
	}
	entry.name, entry.version = locatorOf(full)
	if folder, isWorkspace := strings.CutPrefix(entry.version, "workspace:"); isWorkspace {
		entry.isLink, entry.resolved = true, folder
	} else if len(parts) > 1 && !isForeign(entry.version) {
		_ = json.Unmarshal(parts[1], &entry.resolved) // anything but a string is no address
	}
	return entry
}

// locatorOf splits "name@reference" at the first "@" behind the scope's; what
// follows may be an address, which has more of them.
func locatorOf(full string) (name, reference string) {
	from := min(1, len(full))
	if at := strings.Index(full[from:], "@"); at >= 0 {
		return full[:from+at], full[from+at+1:]
	}
	return full, ""
}

// resolved returns what an override forces, which may refer to a catalog or, as
// "$name", to something that the lock does not tell.
func (r *bunReader) resolved(name, forced string) string {
	if catalog, refers := catalogName(forced); refers {
		forced = r.found.catalogs[catalog][name]
	}
	if strings.HasPrefix(forced, "$") {
		return "*"
	}
	return forced
}

// readPatches marks the packages that bun patches, given by name and version.
func (r *bunReader) readPatches(patches value) {
	isPatched := map[string]bool{}
	for m := range patches.members() {
		isPatched[m.name] = true
	}
	for name, entry := range r.found.entries {
		entry.isPatched = isPatched[entry.name+"@"+entry.version]
		r.found.entries[name] = entry
	}
}
