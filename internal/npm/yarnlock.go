package npm

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/problem"
)

// readYarnLock reads yarn.lock: the classic one of yarn 1, or that of yarn 2 and
// later ("berry"), which is YAML with a "__metadata".
func readYarnLock(q query) (*lock, error) {
	data, err := readFile(q.fsys, q.file, maxLockBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // a missing file is neither a lock nor an error
	}
	if err != nil {
		return nil, err
	}
	if err := findMerge(q.file, data); err != nil {
		return nil, q.readable(err)
	}
	if !isBerry.Match(data) {
		return readClassicLock(q, data)
	}
	if len(data) > maxYAMLBytes {
		return nil, tooLarge(q.file, maxYAMLBytes)
	}
	whole, err := parseYAML(q.file, data)
	if err != nil {
		return nil, q.readable(err)
	}
	return readBerryLock(q, *whole)
}

var isBerry = regexp.MustCompile(`(?m)^"?__metadata"?:`)

// readBerryLock reads the lock of yarn 2 to 4, whose versions are 4 to 10. Its
// names are lists of descriptors, such as "lodash@npm:^4.17.0, lodash@npm:4.17.21".
func readBerryLock(q query, whole yamlValue) (*lock, error) {
	metadata := pick(whole, "__metadata")["__metadata"]
	written, _ := get(metadata.value, "version").text()
	if version, err := strconv.Atoi(written); err != nil || version < 4 || version > 10 {
		return nil, q.unknownVersion(metadata.line, "the version in __metadata", written, "4 to 10")
	}
	reading := berryReader{query: q, found: q.lock(), entries: map[string]yamlMember{}}
	reading.found.standsAlone = true
	if !reading.index(whole) {
		return nil, nil //nolint:nilnil // the lock of something else
	}
	forced, err := readResolutions(q, func(name string, _ bool) bool { return name == reading.name })
	if err != nil {
		return nil, err
	}
	for _, request := range q.requests {
		reading.read(request, forced)
	}
	return reading.found, reading.problems.Err()
}

// berryReader reads what a lock has for one workspace.
type berryReader struct {
	query
	found *lock
	// entries is by descriptor, less what binds one to the package that asks.
	// They are without the protocol of the registry, as in "lodash@^4.17.0".
	entries map[string]yamlMember
	// name is the workspace's, and dependencies its ranges as locked.
	name         string
	dependencies map[string]string
	problems     problem.List
}

// index looks up the entries by descriptor, and that of the workspace; false when
// it has none for the project's folder.
func (r *berryReader) index(whole yamlValue) bool {
	wanted := r.names()
	for m := range whole.members() {
		resolution, _ := get(m.value, "resolution").text()
		if name, reference := locatorOf(resolution); reference == "workspace:"+r.folder {
			r.name, r.dependencies = name, maps.Collect(texts(get(m.value, "dependencies")))
		}
		for descriptor := range strings.SplitSeq(m.name, ",") {
			descriptor, _, _ = strings.Cut(strings.TrimSpace(descriptor), "::")
			if name, spec := locatorOf(descriptor); wanted[name] {
				r.entries[name+"@"+bareRange(spec)] = m
			}
		}
	}
	return r.dependencies != nil
}

// read looks up one dependency. The lock has its range with "npm:" in front or,
// before yarn 4, without it.
func (r *berryReader) read(wanted request, forced overrides) {
	locked, ok := r.dependencies[wanted.name]
	if !ok {
		return
	}
	if bareRange(locked) != bareRange(wanted.written()) {
		r.found.entries[wanted.name] = lockEntry{stale: bareRange(locked)}
		return
	}
	spec := bareRange(wanted.spec)
	force, isForced := forced.of(wanted.name, spec, isSame)
	if isForced {
		spec = bareRange(force)
	}
	m, ok := r.entries[wanted.name+"@"+spec]
	if !ok {
		return
	}
	entry := r.entry(wanted.name, m)
	if isForced {
		entry.forced = spec
	}
	r.found.entries[wanted.name] = entry
}

// entry reads a package, whose "resolution" says where its version is from, such
// as "lodash@npm:4.17.21" or "shared@workspace:packages/shared".
func (r *berryReader) entry(name string, m yamlMember) lockEntry {
	resolution, hasResolution := get(m.value, "resolution").text()
	version, hasVersion := get(m.value, "version").text()
	entry := lockEntry{line: m.line, version: version}
	if !hasResolution || !hasVersion {
		r.problems.AddAt(r.file, m.line, fmt.Sprintf("the entry of %q has no version or no resolution", name), r.by.refresh())
		return entry
	}
	own, reference := locatorOf(resolution)
	entry.name = own
	protocol, rest, _ := strings.Cut(reference, ":")
	switch protocol {
	case "npm":
		// Behind "::" yarn keeps what it needs to find the package again.
		_, bindings, _ := strings.Cut(rest, "::")
		if values, err := url.ParseQuery(bindings); err == nil {
			entry.resolved = values.Get("__archiveUrl")
		}
	case "workspace":
		entry.isLink, entry.resolved = true, rest
	case "patch":
		// What yarn patches by itself only serves its own way to install.
		entry.isPatched = !strings.Contains(rest, "builtin<")
	default:
		entry.version = reference
	}
	return entry
}
