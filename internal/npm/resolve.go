package npm

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/slipway-dev/slipway/internal/problem"
)

// The two ways out of a dependency that Twilio cannot install.
const (
	publicOnly = "Twilio installs public npm packages only"
	publish    = "Publish it, or bundle it."
)

// refusedHandler is the one version of the Handler on npm that Builds are known
// to fail with (Twilio's page on the runtime handler, issues of its Toolkit).
const refusedHandler = "2.1.0"

// resolver turns requests into dependencies, with or without a lock.
type resolver struct {
	file     string
	lock     *lock // nil: the ranges as written
	problems problem.List
	// foreign is the locked packages by the host of a registry that is not the
	// public one.
	foreign map[string][]request
	notes   problem.List
}

// resolve returns the dependencies in the order of the requests.
func (r *resolver) resolve(requests []request) []Dependency {
	var found []Dependency
	for _, wanted := range requests {
		if version, ok := r.version(wanted); ok {
			if wanted.name == Handler && version == refusedHandler {
				r.notes.AddAt(r.file, wanted.line, fmt.Sprintf("Twilio refuses %s %s, though npm has it", Handler, refusedHandler),
					`Write "2.0.1", or "2.1.2" for node24, which only Twilio has.`)
			}
			found = append(found, Dependency{Name: wanted.name, Version: version})
		}
	}
	return found
}

// version decides on one request; false when it adds a Problem instead.
func (r *resolver) version(wanted request) (string, bool) {
	if why := checkName(wanted.name); why != "" {
		return r.refuse(wanted, fmt.Sprintf("dependency %q cannot be a package's name: %s", short(wanted.name), why),
			"Use the name the package has on npm.")
	}
	if _, refers := catalogName(wanted.spec); refers {
		return r.refuse(wanted, fmt.Sprintf("dependency %q is %s, and no catalog of that name has it", wanted.name, wanted),
			"Add it to the catalog of the workspace, or write the range here.")
	}
	if classify(wanted.spec) == aliasSpec {
		own, versions := aliasOf(wanted.spec)
		if own != "" && own != wanted.name {
			return r.refuse(wanted,
				fmt.Sprintf("dependency %q is an alias of %q; Twilio installs packages under their own names", wanted.name, short(own)),
				fmt.Sprintf("Depend on %q, and require it by that name.", short(own)))
		}
		wanted.spec = versions
	}
	switch classify(wanted.spec) {
	case aliasSpec, foreignSpec:
		return r.refuse(wanted, fmt.Sprintf("dependency %q is %s; %s", wanted.name, wanted, publicOnly), publish)
	case invalidSpec:
		return r.refuse(wanted, fmt.Sprintf("dependency %q is %s, which is neither a range of versions nor a tag",
			wanted.name, wanted), `Write a range such as "^1.2.0".`)
	case rangeSpec, tagSpec:
	}
	if wanted.name == Handler {
		// The platform's handler is not the package on npm: some of its versions
		// are not there at all. An exact one is therefore taken as written.
		if exact, ok := exactVersion(wanted.spec); ok {
			return exact, true
		}
		if r.lock == nil {
			return r.refuse(wanted, fmt.Sprintf("dependency %q is %s; Twilio needs an exact version of it", wanted.name, wanted),
				`Write one out, such as "2.0.1", or commit a lock file and choose dependencies: locked.`)
		}
	}
	if r.lock != nil {
		return r.locked(wanted)
	}
	// As Twilio's own tools have it, no version means any.
	return cmp.Or(strings.TrimSpace(wanted.spec), "*"), true
}

// locked takes the version of a request from the lock.
func (r *resolver) locked(wanted request) (string, bool) {
	entry, ok := r.lock.entries[wanted.name]
	refresh := r.lock.by.refresh()
	if wanted.otherGroup != "" { // which of the two counts is told by the package manager
		refresh = fmt.Sprintf("It is in %q too, as %q: keep one of the two.", wanted.otherGroup, shown(wanted.otherSpec))
	}
	if exact, isExact := exactVersion(wanted.spec); isExact && (!ok || entry.stale != "") {
		return exact, true // the lock is out of date, but could say nothing else
	}
	if !ok {
		return r.refuse(wanted, fmt.Sprintf("dependency %q is not in %s", wanted.name, r.lock.file), refresh)
	}
	if entry.stale != "" {
		return r.refuse(wanted, fmt.Sprintf("dependency %q is %s, but %s has it for %q",
			wanted.name, wanted, r.lock.file, shown(entry.stale)), refresh)
	}
	isAlias := entry.name != "" && entry.name != wanted.name
	switch {
	case entry.isLink:
		return r.refuse(wanted, fmt.Sprintf("dependency %q is the workspace package %q in %s; %s",
			wanted.name, cmp.Or(entry.resolved, wanted.name), r.lock.file, publicOnly),
			"If it is published, choose dependencies: ranges; if not, publish it, or bundle it.")
	case isAlias, classify(entry.version) == aliasSpec:
		return r.refuse(wanted, fmt.Sprintf("dependency %q is an alias in %s; Twilio installs packages under their own names",
			wanted.name, r.lock.file), "Depend on the package's own name, and require it by that name.")
	case entry.isPatched:
		return r.refuse(wanted, fmt.Sprintf("dependency %q is patched in %s; Twilio installs packages as they are published",
			wanted.name, r.lock.file), "Publish the patched package under a name of its own, or bundle it.")
	case classify(entry.version) == foreignSpec:
		return r.refuse(wanted, fmt.Sprintf("dependency %q is %q in %s; %s",
			wanted.name, shown(entry.version), r.lock.file, publicOnly), publish)
	case !r.fromRegistry(wanted, entry):
		return r.refuse(wanted, fmt.Sprintf("dependency %q is installed from %q according to %s; %s",
			wanted.name, shown(entry.resolved), r.lock.file, publicOnly), publish)
	case classify(entry.forced) == foreignSpec:
		return r.refuse(wanted, fmt.Sprintf("dependency %q is overridden by %q; %s", wanted.name, shown(entry.forced), publicOnly), publish)
	}
	if _, err := semver.StrictNewVersion(entry.version); err != nil {
		return r.refuse(wanted, fmt.Sprintf("dependency %q has the version %q in %s, which is not an exact version",
			wanted.name, entry.version, r.lock.file), refresh)
	}
	if !fits(cmp.Or(entry.forced, wanted.spec), entry.version) {
		what := wanted.String()
		if entry.forced != "" {
			what += fmt.Sprintf(", which is overridden by %q", shown(entry.forced))
		}
		return r.refuse(wanted, fmt.Sprintf("dependency %q is %s, but %s has %s",
			wanted.name, what, r.lock.file, entry.version), refresh)
	}
	return entry.version, true
}

// fits reports whether a version may be what a spec stands for; a tag may stand
// for any.
func fits(spec, version string) bool {
	if classify(spec) != rangeSpec {
		return true
	}
	allowed, err := ParseRange(spec)
	return err == nil && allowed.Has(version)
}

// fromRegistry reports whether an entry was downloaded from a registry, and
// remembers those that are not public ones.
func (r *resolver) fromRegistry(wanted request, entry lockEntry) bool {
	if entry.resolved == "" {
		return true
	}
	address, err := url.Parse(entry.resolved)
	if err != nil || address.Scheme != "https" && address.Scheme != "http" {
		return false
	}
	switch host := strings.ToLower(address.Hostname()); host {
	case "registry.npmjs.org", "registry.yarnpkg.com":
	default:
		if r.foreign == nil {
			r.foreign = map[string][]request{}
		}
		r.foreign[host] = append(r.foreign[host], request{name: wanted.name, line: entry.line})
	}
	return true
}

// warnings returns what was noted, and one warning for each registry that is not
// a public one.
func (r *resolver) warnings() problem.List {
	list := r.notes
	for _, host := range slices.Sorted(maps.Keys(r.foreign)) {
		var names []string
		for _, entry := range r.foreign[host] {
			names = append(names, entry.name)
		}
		list.AddAt(r.lock.file, r.foreign[host][0].line,
			fmt.Sprintf("installed from %q, while Twilio installs from the public npm registry: %s",
				host, strings.Join(names, ", ")),
			"Make sure that these versions are public.")
	}
	return list
}

// refuse adds a Problem at the line of a request.
func (r *resolver) refuse(wanted request, message, fix string) (string, bool) {
	r.problems.AddAt(r.file, wanted.line, message, fix)
	return "", false
}
