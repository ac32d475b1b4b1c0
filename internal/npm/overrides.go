package npm

import (
	"cmp"
	"path"
	"regexp"
	"strings"
)

// overrides are the ranges that are forced upon the dependencies of one project,
// by the name of the dependency. Of several, the first that is for the range
// wanted counts.
type overrides map[string][]override

// override forces one range.
type override struct {
	// wanted is the range it is for; empty for all.
	wanted string
	// forced is empty when the dependency stays as it is.
	forced string
}

// of returns the range that is forced upon a dependency. What an override is for
// is told by isFor.
func (o overrides) of(name, spec string, isFor func(wanted, spec string) bool) (string, bool) {
	for _, one := range o[name] {
		if one.wanted == "" || isFor(one.wanted, spec) {
			return one.forced, one.forced != ""
		}
	}
	return "", false
}

// readOverrides reads the "overrides" of npm and bun, as far as they are about the
// project: what stands under its own name, such as {"voice": {"ms": "1.0.0"}},
// before what is for all. What may be referred to is looked up by resolved.
func readOverrides(rules value, of project, resolved func(name, forced string) string) overrides {
	found := overrides{}
	add := func(rules value) {
		for m := range rules.members() {
			forced, ok := m.value.text()
			if !ok { // {"ms": {".": "1.0.0", "what ms depends on": "2.0.0"}}
				forced, _ = get(m.value, ".").text()
			}
			name, wanted := cutVersion(m.name)
			found[name] = append(found[name], override{wanted: wanted, forced: resolved(name, forced)})
		}
	}
	for m := range rules.members() {
		if name, versions := cutVersion(m.name); name == of.name && (versions == "" || fits(versions, of.version)) {
			add(m.value)
		}
	}
	add(rules)
	return found
}

// force notes in the lock what is forced upon its entries.
func (l *lock) force(requests []request, forced overrides) {
	for _, wanted := range requests {
		entry, ok := l.entries[wanted.name]
		if spec, isForced := forced.of(wanted.name, wanted.spec, rangesMeet); ok && isForced {
			entry.forced = spec
			l.entries[wanted.name] = entry
		}
	}
}

// readNPMOverrides reads those of the package.json beside npm's lock, where "$ms"
// stands for what that package.json itself has for "ms".
func readNPMOverrides(q query) (overrides, error) {
	whole, err := readJSON(q.fsys, path.Join(q.dir(), "package.json"), maxPackageBytes)
	if whole == nil || err != nil {
		return nil, err
	}
	groups := []string{"devDependencies", "optionalDependencies", "dependencies", "peerDependencies"} // in npm's order
	top := pick(*whole, append(groups, "overrides")...)
	own := map[string]string{}
	for _, group := range groups {
		for name, spec := range texts(top[group].value) {
			own[name] = cmp.Or(own[name], spec)
		}
	}
	return readOverrides(top["overrides"].value, q.project, func(_, forced string) string {
		if reference, refers := strings.CutPrefix(forced, "$"); refers {
			return own[reference]
		}
		return forced
	}), nil
}

// resolutionPattern splits "from@range/name@range"; all but the name may be
// missing, and "**/" may stand before it, and before the name.
var resolutionPattern = regexp.MustCompile(`^(\*\*/)?(?:(@[^/@]+/[^/@]+|[^/@*]+)(?:@[^/]+)?/(?:\*\*/)?)?(@[^/@]+/[^/@]+|[^/@]+)(?:@(.+))?$`)

// readResolutions reads the "resolutions" of the package.json beside a yarn.lock.
// One that is for the dependencies of one package counts when isFrom says so of
// the name, and of whether "**/" stands before it.
func readResolutions(q query, isFrom func(name string, isAnywhere bool) bool) (overrides, error) {
	whole, err := readJSON(q.fsys, path.Join(q.dir(), "package.json"), maxPackageBytes)
	if whole == nil || err != nil {
		return nil, err
	}
	found := overrides{}
	for pattern, forced := range texts(get(*whole, "resolutions")) {
		parts := resolutionPattern.FindStringSubmatch(pattern)
		if parts == nil || parts[2] != "" && !isFrom(parts[2], parts[1] != "") {
			continue
		}
		found[parts[3]] = append(found[parts[3]], override{wanted: bareRange(parts[4]), forced: forced})
	}
	return found, nil
}

// isSame is how yarn tells which range a resolution is for.
func isSame(wanted, spec string) bool { return wanted == spec }

// bareRange cuts the protocol of the registry, which is yarn's default.
func bareRange(spec string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(spec), "npm:"))
}
