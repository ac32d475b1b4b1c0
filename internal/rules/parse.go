package rules

import (
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// MaxBytes is how large the file may be: far above what rules need.
const MaxBytes = 256 << 10

// Parse reads the text of slipway.yml, which stands at path. The error is a
// problem.List of everything that is wrong with it.
func Parse(path string, source []byte) (File, error) {
	p := &parser{tree: tree{file: path}, known: map[scope][]key{}}
	if len(source) > MaxBytes {
		p.problems.AddAt(path, 0, "is larger than "+words.Size(MaxBytes), "Check that it is the file it should be.")
		return File{}, p.problems.Err()
	}
	read := File{Path: path, Services: p.services(p.read(string(source)))}
	if err := p.problems.Err(); err != nil {
		return File{}, err
	}
	return read, nil
}

// parser makes Services of values, and collects what is wrong with them.
type parser struct {
	tree

	// known are the keys of each scope that was met.
	known map[scope][]key
	// odds counts names that are not known.
	odds int
}

// Bounds for files that are not what their names say.
const (
	maxServices     = 100
	maxEnvironments = 100 // of each service
	maxEntries      = 200 // of a list
	maxOdd          = 50  // names that are not known, and are told with what is meant
)

// isTooMany tells that a value has more parts than anybody needs.
func (p *parser) isTooMany(m member, count, most int) bool {
	if count > most {
		p.wrong(m.line, fmt.Sprintf("%s has %d entries, and can have %d", m.name, count, most), "")
	}
	return count > most
}

func (p *parser) wrong(line int, message, fix string) { p.problems.AddAt(p.file, line, message, fix) }

// services reads the whole file.
func (p *parser) services(top value) []Service {
	const begin = "Begin with version: 1, and put the services below services."
	switch top.kind {
	case unusable:
		return nil
	case mapping:
	case nothing:
		p.wrong(0, "is empty", begin)
		return nil
	case boolean, number, text, list:
		p.wrong(top.line, fmt.Sprintf("is %s, and must be a mapping", top.kind), begin)
		return nil
	}
	found := p.section(ofFile, top)
	if isKnown := p.version(found[keyVersion]); !isKnown {
		return nil
	}
	all, isThere := found[keyServices]
	if !isThere || all.value.kind == nothing || all.value.kind == mapping && len(all.value.members) == 0 {
		p.wrong(all.line, "there are no services", "Name one or more below services, each with its path and environments.")
		return nil
	}
	if !p.isMapping(all) || p.isTooMany(all, len(all.value.members), maxServices) {
		return nil
	}
	var services []Service
	for _, one := range all.value.members {
		services = append(services, p.service(one))
	}
	p.checkClashes(services)
	return services
}

// version reports whether the file is of a form that can be read.
func (p *parser) version(m member) bool {
	switch {
	case m.line == 0:
		p.wrong(0, "has no version", "Begin with version: 1.")
	case m.value.kind == number && m.value.text == "1":
		return true
	case m.value.kind == number:
		p.wrong(m.line, fmt.Sprintf("version %s is not known to this Slipway", shortened(m.value.text)), "Write version: 1, or use a newer Slipway.")
		return false
	case m.value.kind != unusable:
		p.wrong(m.line, fmt.Sprintf("version is %s, and must be a number", m.value.kind), "Write version: 1.")
	}
	return true
}

// isMapping reports whether a value is one, and tells if it is not.
func (p *parser) isMapping(m member) bool {
	if m.value.kind != mapping && m.value.kind != unusable {
		p.wrong(m.line, fmt.Sprintf("%s is %s, and must be a mapping", shown(m.name), m.value.kind), "Write what it has as name: value, one a line, below it.")
	}
	return m.value.kind == mapping
}

// shown is a name of somebody's own as a Problem repeats it.
func shown(name string) string { return words.Names([]string{shortened(name)}) }

// service reads one of the services. One that is nothing has only a name.
func (p *parser) service(m member) Service {
	read := Service{Name: m.name, Line: m.line, Path: "."}
	if fault, fix := job.CheckService(m.name); fault != "" {
		p.wrong(m.line, fault, fix)
	}
	named := config.Layer{config.Service: {Text: m.name, File: p.file, Line: m.line}}
	if read.Layer = named; m.value.kind != nothing && !p.isMapping(m) {
		return read
	}
	found := p.section(ofService, m.value)
	if at, isThere := found[keyPath]; isThere {
		read.Path = p.path(at)
	}
	read.Watch = p.watch(found[config.Watch])
	read.Layer = p.layer(ofService, found).Over(named)
	read.Environments = p.environments(found[keyEnvironments], read.Layer)
	read.Previews = p.previews(found[keyPreviews], read.Layer)
	p.checkPromotions(read)
	p.checkLayers(read)
	return read
}

// environments reads those of a service, over what holds in all of them.
func (p *parser) environments(all member, service config.Layer) []Environment {
	if all.line == 0 || all.value.kind == nothing || !p.isMapping(all) || p.isTooMany(all, len(all.value.members), maxEnvironments) {
		return nil
	}
	var environments []Environment
	lines := map[string]int{}
	for _, m := range all.value.members {
		folded := strings.ToLower(m.name)
		fault, fix := job.CheckEnvironment(m.name)
		switch before, isAgain := lines[folded]; {
		case fault != "":
			p.wrong(m.line, fault, fix)
		case isPreviewName(m.name):
			p.wrong(m.line, fmt.Sprintf("environment %q is called like the preview of a pull request, which may be taken away", m.name), "Choose another name.")
		case isAgain:
			p.wrong(m.line, fmt.Sprintf("environment %q has the domain of the one in line %d", m.name, before), "Keep one of them.")
		}
		lines[folded] = m.line
		environments = append(environments, p.environment(m, service))
	}
	return environments
}

func (p *parser) environment(m member, service config.Layer) Environment {
	read := Environment{Name: m.name, Line: m.line}
	named := config.Layer{config.Environment: {Text: m.name, File: p.file, Line: m.line}}
	if like, isThere := service[config.VariablesLike]; isThere && like.Text == m.name { // that is the one itself
		service = service.Over(nil)
		delete(service, config.VariablesLike)
	}
	if m.value.kind != nothing && !p.isMapping(m) {
		return read
	}
	found := p.section(ofEnvironment, m.value)
	if at, isThere := found[config.PromoteFrom]; isThere {
		read.PromoteFrom = p.text(at)
	}
	read.On = p.on(found[keyOn])
	layer := p.layer(ofEnvironment, found)
	if like, isThere := layer[config.VariablesLike]; isThere && like.Text == m.name {
		p.wrong(like.Line, fmt.Sprintf("variables-like names %q, the environment itself", m.name), "Name another one.")
	}
	read.Layer = named.Over(layer.Over(service))
	return read
}

// on reads the events of an environment.
func (p *parser) on(m member) On {
	const example = "Write on: {branch: main}, or tag or release instead of branch."
	switch {
	case m.line == 0 || m.value.kind == unusable:
		return On{}
	case m.value.kind != mapping:
		p.wrong(m.line, fmt.Sprintf("on is %s, and must be a mapping", m.value.kind), example)
		return On{}
	case len(m.value.members) == 0:
		p.wrong(m.line, "on names no event", example)
		return On{}
	}
	found := p.section(ofEvents, m.value)
	read := On{Branches: p.names(found[keyBranch]), Tags: p.names(found[keyTag])}
	switch release := found[keyRelease]; {
	case release.line == 0 || release.value.kind == unusable:
	case release.value.kind == boolean:
		if isTrue, _ := config.ParseBoolean(release.value.text); isTrue {
			read.Releases = FullReleases
		}
	case release.value.kind == text && Releases(release.value.text) == Prereleases, release.value.kind == text && Releases(release.value.text) == AnyRelease:
		read.Releases = Releases(release.value.text)
	default:
		p.wrong(release.line, "release is none of true, prerelease and any", "Write true for full GitHub Releases, prerelease for the others, or any for both.")
	}
	return read
}

// previews reads whether pull requests have any, and what holds in them.
func (p *parser) previews(m member, service config.Layer) config.Layer {
	switch m.value.kind {
	case unusable:
		return nil
	case boolean:
		if isTrue, _ := config.ParseBoolean(m.value.text); isTrue {
			return service.Over(nil)
		}
		return nil
	case mapping:
		return p.layer(ofPreviews, p.section(ofPreviews, m.value)).Over(service)
	case nothing, number, text, list:
		p.wrong(m.line, fmt.Sprintf("previews is %s, and must be true, false or a mapping", m.value.kind), "Write previews: true, unless they need settings of their own.")
	}
	return nil
}
