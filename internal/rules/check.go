package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/job"
)

// path reads the folder of a service.
func (p *parser) path(m document.Member) string {
	written := p.Text(m)
	if written == "" {
		return "."
	}
	if fault := faultOfPath(written); fault != "" {
		p.Wrong(m.Line, fmt.Sprintf("path %q %s", document.Shortened(written), fault), "Name a folder of the repository from its root, such as services/voice.")
		return "."
	}
	return path.Clean(written)
}

// faultOfPath says why a path is none inside of the repository; empty when it is one.
func faultOfPath(written string) string {
	switch {
	case strings.Contains(written, `\`):
		return "has a backslash, and folders are divided by slashes"
	case path.IsAbs(written), len(written) > 1 && written[1] == ':':
		return "does not begin at the root of the repository"
	case slices.Contains(strings.Split(written, "/"), ".."):
		return "leads out of the repository, or may"
	case strings.ContainsFunc(written, unicode.IsControl):
		return "has characters that cannot be seen"
	default:
		return ""
	}
}

// watch reads the patterns of paths that concern a service.
func (p *parser) watch(m document.Member) []string {
	var patterns []string
	for _, item := range p.Texts(m, maxEntries) {
		pattern := item.Value.Text
		_, err := config.ParseDuration(pattern)
		fault, fix := faultOfPattern(pattern, true)
		if fault == "" {
			fault, fix = faultOfPath(pattern), "Name paths from the root of the repository, such as shared/**."
		}
		switch {
		case err == nil:
			p.Wrong(item.Line, fmt.Sprintf("watch of a service is patterns of paths, and %q is a length of time", pattern), "How long to follow the logs belongs to an environment.")
		case fault != "":
			p.Wrong(item.Line, fmt.Sprintf("watch %q %s", document.Shortened(pattern), fault), fix)
		default:
			patterns = append(patterns, path.Clean(pattern))
		}
	}
	return patterns
}

// names reads patterns of branches or tags.
func (p *parser) names(m document.Member) []string {
	var patterns []string
	for _, item := range p.Texts(m, maxEntries) {
		if fault, fix := faultOfPattern(item.Value.Text, false); fault != "" {
			p.Wrong(item.Line, fmt.Sprintf("%s %q %s", m.Name, document.Shortened(item.Value.Text), fault), fix)
			continue
		}
		patterns = append(patterns, item.Value.Text)
	}
	return patterns
}

// checkPromotions makes sure that each Build comes from another environment, and
// none from where it goes.
func (p *parser) checkPromotions(service Service) {
	from := map[string]string{}
	for _, one := range service.Environments {
		from[one.Name] = one.PromoteFrom
	}
	for _, one := range service.Environments {
		if one.PromoteFrom == "" {
			continue
		}
		if _, isThere := from[one.PromoteFrom]; !isThere {
			p.Wrong(one.Line, fmt.Sprintf("environment %s has promote-from: %q, and the service has no such environment", one.Name, document.Shortened(one.PromoteFrom)),
				"Name one that stands below environments.")
			continue
		}
		next := one.PromoteFrom
		for range from { // a way that is longer comes back to somewhere else
			if next == "" || next == one.Name {
				break
			}
			next = from[next]
		}
		if next == one.Name {
			p.Wrong(one.Line, fmt.Sprintf("environment %s would be promoted from itself, by promote-from: %s", one.Name, one.PromoteFrom),
				"Let the first environment be deployed to, and the others be promoted from it.")
		}
	}
}

// checkLayers finds what is wrong with the settings as they hold together.
func (p *parser) checkLayers(service Service) {
	layers := []config.Layer{}
	for _, one := range service.Environments {
		layers = append(layers, one.Layer)
	}
	if service.Previews != nil {
		layers = append(layers, service.Previews)
	}
	if len(layers) == 0 {
		layers = append(layers, service.Layer)
	}
	type detail struct {
		name string
		at   config.Written
	}
	isUsed := map[detail]bool{}
	for _, layer := range layers {
		idle := layer.IdleDetails()
		for name, written := range layer {
			one := detail{name, written}
			isUsed[one] = isUsed[one] || !slices.Contains(idle, name)
		}
		p.checkService(layer[config.Service])
		p.checkService(layer[config.PreviewService])
	}
	for _, layer := range layers {
		for _, name := range layer.IdleDetails() {
			if one := (detail{name, layer[name]}); !isUsed[one] {
				isUsed[one] = true // told once is enough
				p.Wrong(one.at.Line, name+" says how a check is made, and there is none", "Give health-check, the path to ask for, or watch, how long to follow the logs.")
			}
		}
	}
	if like := service.Previews[config.VariablesLike]; like.Text == job.Production {
		p.Wrong(like.Line, "previews would start from the variables of production, which pull requests are not to have", "Name another environment for variables-like in previews.")
	}
}

// checkService finds what is wrong with the name of a Service that a setting gives.
func (p *parser) checkService(named config.Written) {
	if fault, fix := job.CheckService(named.Text); fault != "" && named.Text != "" {
		p.Wrong(named.Line, fault, fix)
	}
}

// checkClashes finds what two services would both deploy to, each undoing what the
// other did.
func (p *parser) checkClashes(services []Service) {
	taken, projects := map[string]string{}, map[string]string{}
	claim := func(by Service, line int, service, environment, place string) {
		place = service + "/" + place
		if other, isTaken := taken[place]; isTaken && other != by.Name {
			p.Wrong(line, fmt.Sprintf("services %s and %s both go to %s of the Service %q, each undoing the other", document.Shown(other), document.Shown(by.Name), environment, document.Shortened(service)),
				"Give one of them another name with service, or another environment.")
			return
		}
		taken[place] = by.Name
	}
	for _, one := range services {
		project := one.Path + ":" + one.Layer[config.Service].Text
		if other, isTaken := projects[project]; isTaken {
			p.Wrong(one.Line, fmt.Sprintf("services %s and %s have the same path and the same Service", document.Shown(other), document.Shown(one.Name)), "Make one of them.")
		}
		projects[project] = one.Name
		for _, environment := range one.Environments {
			claim(one, environment.Line, environment.Layer[config.Service].Text, environment.Name, strings.ToLower(environment.Name))
		}
		if one.Previews != nil {
			claim(one, one.Line, serviceOfPreviews(one.Previews), "the previews", job.PreviewName(0))
		}
	}
}

// serviceOfPreviews is the Service that previews go to.
func serviceOfPreviews(layer config.Layer) string {
	if named := layer[config.PreviewService].Text; named != "" {
		return named
	}
	return layer[config.Service].Text
}
