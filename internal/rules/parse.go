package rules

import (
	"fmt"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/words"
)

// MaxBytes is how large the file may be: far above what rules need.
const MaxBytes = 256 << 10

// Parse reads the text of slipway.yml, which stands at path. The error is a
// problem.List of everything that is wrong with it.
func Parse(path string, source []byte) (File, error) {
	p := &parser{known: map[scope][]key{}}
	p.File, p.Whole, p.Shared = path, "Put all services under services.", "What holds in every environment goes into the service."
	if len(source) > MaxBytes {
		p.Problems.AddAt(path, 0, "is larger than "+words.Size(MaxBytes), "Check that it is the file it should be.")
		return File{}, p.Problems.Err()
	}
	read := File{Path: path, Services: p.services(p.Read(string(source)))}
	if err := p.Problems.Err(); err != nil {
		return File{}, err
	}
	return read, nil
}

// parser makes Services of values, and collects what is wrong with them.
type parser struct {
	document.Reader

	// known are the keys of each scope that was met.
	known map[scope][]key
}

// Bounds for files that are not what their names say.
const (
	maxServices     = 100
	maxEnvironments = 100 // of each service
	maxEntries      = 200 // of a list
)

// services reads the whole file.
func (p *parser) services(top document.Value) []Service {
	if !p.Top(top, "Begin with version: 1, and put the services below services.") {
		return nil
	}
	found := p.section(ofFile, top)
	if isKnown := p.Version(found[keyVersion]); !isKnown {
		return nil
	}
	all, isThere := found[keyServices]
	if !isThere || all.Value.Kind == document.Nothing || all.Value.Kind == document.Mapping && len(all.Value.Members) == 0 {
		p.Wrong(all.Line, "there are no services", "Name one or more below services, each with its path and environments.")
		return nil
	}
	if !p.IsMapping(all) || p.IsTooMany(all, len(all.Value.Members), maxServices) {
		return nil
	}
	var services []Service
	for _, one := range all.Value.Members {
		services = append(services, p.service(one))
	}
	p.checkClashes(services)
	return services
}

// service reads one of the services. One that is nothing has only a name.
func (p *parser) service(m document.Member) Service {
	read := Service{Name: m.Name, Line: m.Line, Path: "."}
	if fault, fix := job.CheckService(m.Name); fault != "" {
		p.Wrong(m.Line, fault, fix)
	}
	named := config.Layer{config.Service: {Text: m.Name, File: p.File, Line: m.Line}}
	if read.Layer = named; m.Value.Kind != document.Nothing && !p.IsMapping(m) {
		return read
	}
	found := p.section(ofService, m.Value)
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
func (p *parser) environments(all document.Member, service config.Layer) []Environment {
	if all.Line == 0 || all.Value.Kind == document.Nothing || !p.IsMapping(all) || p.IsTooMany(all, len(all.Value.Members), maxEnvironments) {
		return nil
	}
	var environments []Environment
	lines := map[string]int{}
	for _, m := range all.Value.Members {
		folded := strings.ToLower(m.Name)
		fault, fix := job.CheckEnvironment(m.Name)
		switch before, isAgain := lines[folded]; {
		case fault != "":
			p.Wrong(m.Line, fault, fix)
		case IsPreviewName(m.Name):
			p.Wrong(m.Line, fmt.Sprintf("environment %q is called like the preview of a pull request, which may be taken away", m.Name), "Choose another name.")
		case isAgain:
			p.Wrong(m.Line, fmt.Sprintf("environment %q has the domain of the one in line %d", m.Name, before), "Keep one of them.")
		}
		lines[folded] = m.Line
		environments = append(environments, p.environment(m, service))
	}
	return environments
}

func (p *parser) environment(m document.Member, service config.Layer) Environment {
	read := Environment{Name: m.Name, Line: m.Line}
	named := config.Layer{config.Environment: {Text: m.Name, File: p.File, Line: m.Line}}
	if like, isThere := service[config.VariablesLike]; isThere && like.Text == m.Name { // that is the one itself
		service = service.Over(nil)
		delete(service, config.VariablesLike)
	}
	if m.Value.Kind != document.Nothing && !p.IsMapping(m) {
		return read
	}
	found := p.section(ofEnvironment, m.Value)
	if at, isThere := found[config.PromoteFrom]; isThere {
		read.PromoteFrom = p.Text(at)
	}
	read.On = p.on(found[keyOn])
	layer := p.layer(ofEnvironment, found)
	if like, isThere := layer[config.VariablesLike]; isThere && like.Text == m.Name {
		p.Wrong(like.Line, fmt.Sprintf("variables-like names %q, the environment itself", m.Name), "Name another one.")
	}
	read.Layer = named.Over(layer.Over(service))
	return read
}

// on reads the events of an environment.
func (p *parser) on(m document.Member) On {
	const example = "Write on: {branch: main}, or tag or release instead of branch."
	switch {
	case m.Line == 0 || m.Value.Kind == document.Unusable:
		return On{}
	case m.Value.Kind != document.Mapping:
		p.Wrong(m.Line, fmt.Sprintf("on is %s, and must be a mapping", m.Value.Kind), example)
		return On{}
	case len(m.Value.Members) == 0:
		p.Wrong(m.Line, "on names no event", example)
		return On{}
	}
	found := p.section(ofEvents, m.Value)
	read := On{Branches: p.names(found[keyBranch]), Tags: p.names(found[keyTag])}
	switch release := found[keyRelease]; {
	case release.Line == 0 || release.Value.Kind == document.Unusable:
	case release.Value.Kind == document.Boolean:
		if isTrue, _ := config.ParseBoolean(release.Value.Text); isTrue {
			read.Releases = FullReleases
		}
	case release.Value.Kind == document.Text && Releases(release.Value.Text) == Prereleases, release.Value.Kind == document.Text && Releases(release.Value.Text) == AnyRelease:
		read.Releases = Releases(release.Value.Text)
	default:
		p.Wrong(release.Line, "release is none of true, prerelease and any", "Write true for full GitHub Releases, prerelease for the others, or any for both.")
	}
	return read
}

// previews reads whether pull requests have any, and what holds in them.
func (p *parser) previews(m document.Member, service config.Layer) config.Layer {
	switch m.Value.Kind {
	case document.Unusable:
		return nil
	case document.Boolean:
		if isTrue, _ := config.ParseBoolean(m.Value.Text); isTrue {
			return service.Over(nil)
		}
		return nil
	case document.Mapping:
		return p.layer(ofPreviews, p.section(ofPreviews, m.Value)).Over(service)
	case document.Nothing, document.Number, document.Text, document.List:
		p.Wrong(m.Line, fmt.Sprintf("previews is %s, and must be true, false or a mapping", m.Value.Kind), "Write previews: true, unless they need settings of their own.")
	}
	return nil
}
