package grants

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/rules"
)

// service reads what one of a repository's services may do.
func (p *parser) service(m document.Member, accounts []Account) Service {
	read := Service{Name: m.Name, Line: m.Line}
	if fault, fix := job.CheckService(m.Name); fault != "" {
		p.Wrong(m.Line, fault, fix)
	}
	if m.Value.Kind != document.Nothing && !p.IsMapping(m) {
		return read
	}
	found := p.section(ofService, m.Value)
	of := Place{Service: m.Name}
	if len(accounts) == 1 {
		of.Account = accounts[0].Name
	}
	place := placeReader{p, accounts}
	of = place.read(found, of)
	read.Own = of.Service
	read.Environments = place.environments(found[keyEnvironments], of)
	read.Previews = place.previews(found[keyPreviews], Place{Account: of.Account, Service: of.Service})
	_, hasEnvironments := found[keyEnvironments]
	switch {
	case !hasEnvironments && read.Previews == nil && found[keyPreviews].Value.Kind != document.Mapping:
		p.Wrong(m.Line, fmt.Sprintf("service %s may go nowhere", document.Shown(m.Name)), "Name the environments that it may go to, as environments: [stage].")
	case len(accounts) > 1:
		place.checkAccounts(read, m.Line)
	}
	return read
}

// placeReader reads where things of one repository may go.
type placeReader struct {
	*parser

	accounts []Account
}

// read reads the account, the Service and the variables of a place, over what holds
// around it.
func (p placeReader) read(found map[string]document.Member, around Place) Place {
	read := Place{Account: around.Account, Service: around.Service, Variables: maps.Clone(around.Variables)}
	if at, isThere := found[keyAccount]; isThere {
		if named := p.Text(at); named != "" {
			read.Account = named
			p.checkAccount(named, at.Line)
		}
	}
	if at, isThere := found[keyService]; isThere {
		if named := p.Text(at); named != "" {
			read.Service = named
			if fault, fix := job.CheckService(named); fault != "" {
				p.Wrong(at.Line, fault, fix)
			}
		}
	}
	if at, isThere := found[keyVariables]; isThere {
		if read.Variables == nil {
			read.Variables = map[string]Reference{}
		}
		maps.Copy(read.Variables, p.variables(at))
	}
	return read
}

// checkAccount makes sure that the repository has an account of that name.
func (p placeReader) checkAccount(named string, line int) {
	known := make([]string, len(p.accounts))
	for i, one := range p.accounts {
		if known[i] = one.Name; one.Name == named {
			return
		}
	}
	if len(known) > 0 { // otherwise that was told
		p.Wrong(line, "the repository has no account "+document.Shown(named), strings.Replace(document.Meant(named, known), "It knows", "It has", 1))
	}
}

// checkAccounts makes sure that each place has one, of several.
func (p placeReader) checkAccounts(service Service, line int) {
	for _, one := range service.Environments {
		if one.Account == "" {
			p.Wrong(line, fmt.Sprintf("service %s does not say in which of the repository's accounts it is", document.Shown(service.Name)), "Name one with account.")
			return
		}
	}
	if service.Previews != nil && service.Previews.Account == "" {
		p.Wrong(service.Previews.Line, fmt.Sprintf("the previews of %s do not say in which of the repository's accounts they are", document.Shown(service.Name)), "Name one with account.")
	}
}

// environments reads those that a service may go to: names, or a mapping of them.
func (p placeReader) environments(m document.Member, of Place) []Environment {
	if m.Line == 0 || m.Value.Kind != document.Mapping {
		var read []Environment
		for _, one := range p.Texts(m, maxEnvironments) {
			one.Name = one.Value.Text
			read = p.environment(read, one, Place{of.Account, of.Service, maps.Clone(of.Variables)})
		}
		return read
	}
	if !p.isSome(m, m.Line, "environments names none", "Name those that it may go to, or remove the line.", maxEnvironments) {
		return nil
	}
	var read []Environment
	for _, one := range m.Value.Members {
		if one.Value.Kind != document.Nothing && !p.IsMapping(one) {
			continue
		}
		read = p.environment(read, one, p.read(p.section(ofEnvironment, one.Value), of))
	}
	return read
}

// environment appends one, if it may be called so.
func (p placeReader) environment(before []Environment, m document.Member, place Place) []Environment {
	if fault, fix := job.CheckEnvironment(m.Name); fault != "" {
		if strings.Contains(m.Name, "*") {
			fault, fix = fmt.Sprintf("environment %s is a pattern, and each is allowed by its name", document.Shown(m.Name)), "Name each; for those of pull requests write previews: true."
		}
		p.Wrong(m.Line, fault, fix)
		return before
	}
	if rules.IsPreviewName(m.Name) {
		p.Wrong(m.Line, fmt.Sprintf("environment %q is called like the preview of a pull request", m.Name), "Write previews: true, which allows all of them.")
		return before
	}
	for _, one := range before {
		if strings.EqualFold(one.Name, m.Name) {
			p.Wrong(m.Line, fmt.Sprintf("environment %q has the domain of the one in line %d", m.Name, one.Line), "Keep one of them.")
			return before
		}
	}
	return append(before, Environment{Place: place, Name: m.Name, Line: m.Line})
}

// previews reads whether pull requests may have any, and where these go.
func (p placeReader) previews(m document.Member, of Place) *Previews {
	read := &Previews{Place: of, Line: m.Line, Max: p.usual}
	switch m.Value.Kind {
	case document.Boolean:
		if isTrue, _ := config.ParseBoolean(m.Value.Text); !isTrue {
			return nil
		}
		return read
	case document.Mapping:
	case document.Unusable:
		return nil
	case document.Nothing, document.Number, document.Text, document.List:
		p.Wrong(m.Line, fmt.Sprintf("previews is %s, and must be true, false or a mapping", m.Value.Kind), "Write previews: true, unless they go to a place of their own.")
		return nil
	}
	found := p.section(ofPreviews, m.Value)
	read.Place = p.read(found, of)
	read.Max = p.most(found[keyMax])
	read.TTL = p.ttl(found[keyTTL])
	return read
}

// defaultMax is how many previews there may be where nothing is said.
func defaultMax() int {
	setting, _ := config.Lookup(config.PreviewMax)
	most, _ := strconv.Atoi(setting.Default)
	return most
}

// most reads how many previews there may be.
func (p *parser) most(m document.Member) int {
	if m.Line == 0 || m.Value.Kind == document.Unusable {
		return p.usual
	}
	setting, _ := config.Lookup(config.PreviewMax)
	least, most := setting.Range()
	read, err := strconv.Atoi(m.Value.Text)
	if m.Value.Kind != document.Number || err != nil || read < least || read > most {
		p.Wrong(m.Line, fmt.Sprintf("max is not a number from %d to %d", least, most), "")
		return p.usual
	}
	return read
}

// ttl reads how long previews may stay; 0 means for ever.
func (p *parser) ttl(m document.Member) time.Duration {
	if m.Line == 0 {
		return 0
	}
	text := p.Text(m)
	if text == "" {
		return 0
	}
	none := func(string) (string, bool) { return "", false }
	values := config.Resolve(config.GitHubSettings(), none, func(string) string { return "" })
	read, err := config.ReadPreviews(values.With(config.PreviewTTL, config.Written{Text: text, File: p.File, Line: m.Line}))
	_ = p.Problems.Take(err) // it is a list
	return read.TTL
}

// checkClashes finds what two services would both go to, each undoing what the other
// did; two repositories as well.
func (p *parser) checkClashes(repositories []Repository) {
	type claimed struct{ repository, service string }
	taken := map[string]claimed{}
	for _, repository := range repositories {
		for _, service := range repository.Services {
			claim := func(place Place, name, inWords string, line int) {
				at := lane(repository.account(place.Account), place.Service, name)
				by := claimed{repository.Name, service.Name}
				other, isTaken := taken[at]
				if !isTaken {
					taken[at] = by
					return
				}
				if other != by {
					p.Wrong(line, fmt.Sprintf("%s of %s and %s of %s may both go to %s of the Service %q in one account, each undoing the other",
						document.Shown(other.service), other.repository, document.Shown(by.service), by.repository, inWords, document.Shortened(place.Service)),
						"Give one of them another service, another environment or another account.")
				}
			}
			for _, one := range service.Environments {
				claim(one.Place, one.Name, one.Name, one.Line)
			}
			if service.Previews != nil {
				claim(service.Previews.Place, job.PreviewName(0), "the previews", service.Previews.Line)
			}
		}
	}
}

// lane names a Target: what goes to the same has the same.
func lane(account Account, service, environment string) string {
	return strings.Join([]string{account.ID(), service, strings.ToLower(environment)}, "/")
}
