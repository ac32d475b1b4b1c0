package npm

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/slipway-dev/slipway/internal/problem"
)

// pnpmGroups are the parts of an importer that a dependency may be in. One that
// package.json has twice is in one of them only.
func pnpmGroups() []string {
	return []string{"dependencies", "optionalDependencies", "devDependencies"}
}

// readPNPMLock reads pnpm-lock.yaml in its versions 5.x (pnpm 3 to 7), 6.x
// (pnpm 8) and 9.x (since pnpm 9). Since pnpm 11 the file may begin with a
// document of its own for what pnpm itself needs.
func readPNPMLock(q query) (*lock, error) {
	whole, err := readYAML(q.fsys, q.file)
	if whole == nil || err != nil {
		return nil, q.readable(err)
	}
	top := pick(*whole, "lockfileVersion", "importers", "overrides", "patchedDependencies", "catalogs", "packages")
	reading := pnpmReader{query: q, found: q.lock(), isOverride: map[[2]string]bool{}}
	if reading.format, err = pnpmFormat(q, top["lockfileVersion"]); err != nil {
		return nil, err
	}
	importer := *whole // before version 9, and where there is no workspace
	if importers, ok := top["importers"]; ok {
		importer = get(importers.value, q.folder)
	} else if q.folder != "." {
		return nil, nil //nolint:nilnil // the lock of one project, and another one
	}
	if importer.node == nil {
		return nil, nil //nolint:nilnil // the lock of something else
	}
	reading.readCatalogs(top["catalogs"].value)
	reading.readOverrides(top["overrides"].value)
	reading.readImporter(importer)
	reading.readPatches(top["patchedDependencies"].value)
	reading.readAddresses(top["packages"].value)
	return reading.found, reading.problems.Err()
}

var pnpmVersion = regexp.MustCompile(`^([569])(?:\.\d+)?(?:-inlineSpecifiers)?$`)

// pnpmFormat returns the first number of the lock file's version.
func pnpmFormat(q query, m yamlMember) (string, error) {
	written, _ := m.value.text()
	parts := pnpmVersion.FindStringSubmatch(written)
	if parts == nil {
		return "", q.unknownVersion(m.line, "lockfileVersion", written, "5.x, 6.x and 9.x")
	}
	return parts[1], nil
}

// pnpmReader reads one importer of a lock.
type pnpmReader struct {
	query
	format string // "5", "6" or "9"
	// isOverride holds the names and the ranges that the lock's overrides put in
	// the place of those in package.json.
	isOverride map[[2]string]bool
	found      *lock
	problems   problem.List
}

// pnpmParent splits "parent@range>name@range", where ">" may be part of a range.
var pnpmParent = regexp.MustCompile(`^(.*[^ |@])>(.+)$`)

// readOverrides takes over those for all packages, and for the project's own
// dependencies.
func (r *pnpmReader) readOverrides(rules yamlValue) {
	for selector, specifier := range texts(rules) {
		if parts := pnpmParent.FindStringSubmatch(selector); parts != nil {
			if parent, _ := cutVersion(parts[1]); parent != r.project.name {
				continue
			}
			selector = parts[2]
		}
		name, _ := cutVersion(selector) // with or without a range
		r.isOverride[[2]string{name, specifier}] = true
	}
}

// readCatalogs takes over the catalogs' ranges, not the versions beside them.
func (r *pnpmReader) readCatalogs(named yamlValue) {
	r.found.catalogs = catalogs{}
	for catalog := range named.members() {
		r.found.catalogs.add(catalog.name, func(yield func(string, string) bool) {
			for m := range catalog.value.members() {
				if spec, ok := get(m.value, "specifier").text(); ok && !yield(m.name, spec) {
					return
				}
			}
		})
	}
}

func (r *pnpmReader) readImporter(importer yamlValue) {
	wanted := r.names()
	parts := pick(importer, append(pnpmGroups(), "specifiers")...)
	// Version 5 keeps the ranges apart from the versions.
	specifiers := maps.Collect(texts(parts["specifiers"].value))
	isRead := map[string]bool{}
	for _, group := range pnpmGroups() {
		for m := range parts[group].value.members() {
			if !wanted[m.name] || isRead[m.name] {
				continue
			}
			isRead[m.name] = true
			version, specifier := m.value, specifiers[m.name]
			if m.value.kind() == "a mapping" {
				version = get(m.value, "version")
				specifier, _ = get(m.value, "specifier").text()
			}
			written, ok := version.text()
			if !ok {
				r.problems.AddAt(r.file, m.line, fmt.Sprintf("the entry %q has no version", m.name), r.by.refresh())
			}
			entry := r.entry(written)
			entry.line = m.line
			if r.isOverride[[2]string{m.name, specifier}] {
				entry.forced = specifier
			}
			r.found.entries[m.name] = entry
		}
	}
}

// entry reads what a dependency resolves to: a version with the peers it was
// resolved for, "1.2.3(react@18.0.0)" or "1.2.3_react@18.0.0"; an alias,
// "other@1.2.3", "/other@1.2.3" or "/other/1.2.3"; or the address of something
// else.
func (r *pnpmReader) entry(written string) lockEntry {
	if folder, isLink := strings.CutPrefix(written, "link:"); isLink {
		return lockEntry{isLink: true, resolved: path.Join(r.folder, folder)}
	}
	bare, suffix, _ := strings.Cut(written, "(")
	entry := lockEntry{version: bare, isPatched: strings.Contains(suffix, "patch_hash=")}
	if r.format == "5" {
		if i := strings.LastIndex(bare, "/"); i > 0 && strings.HasPrefix(bare, "/") {
			entry.name, bare = bare[1:i], bare[i+1:]
		}
		if numeric := strings.TrimLeft(bare, "0123456789"); numeric != bare {
			entry.version, _, _ = strings.Cut(bare, "_")
		}
		return entry
	}
	own, version := cutVersion(strings.TrimPrefix(bare, "/"))
	if _, err := semver.StrictNewVersion(version); err == nil && checkName(own) == "" {
		entry.name, entry.version = own, version
	}
	return entry
}

// readPatches marks the packages that pnpm patches, given by name or by name and
// version.
func (r *pnpmReader) readPatches(patches yamlValue) {
	for m := range patches.members() {
		name, version := cutVersion(m.name)
		if entry, ok := r.found.entries[name]; ok && (version == "" || version == entry.version) {
			entry.isPatched = true
			r.found.entries[name] = entry
		}
	}
}

// readAddresses looks up where the packages were downloaded from. The lock says
// so only where the registry cannot tell, or when it is told to say it.
func (r *pnpmReader) readAddresses(packages yamlValue) {
	separator := "@"
	if r.format == "5" {
		separator = "/"
	}
	wanted := map[string]string{}
	for name, entry := range r.found.entries {
		wanted[name+separator+entry.version] = name
	}
	for m := range packages.members() {
		key, _, _ := strings.Cut(strings.TrimPrefix(m.name, "/"), "(")
		if r.format == "5" {
			// Names may have the "_" that begins the peers, versions never.
			at := strings.LastIndex(key, "/") + 1
			version, _, _ := strings.Cut(key[at:], "_")
			key = key[:at] + version
		}
		name, ok := wanted[key]
		if !ok {
			continue
		}
		if address, ok := get(get(m.value, "resolution"), "tarball").text(); ok {
			entry := r.found.entries[name]
			entry.resolved = address
			r.found.entries[name] = entry
		}
	}
}
