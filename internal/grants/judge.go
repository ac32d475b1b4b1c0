package grants

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/document"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/words"
)

// Grant judges what a repository asks for. It asks nobody, and reads no values. The
// error is a *RefusedError with all that is not allowed.
func (f *File) Grant(asked Question) (*Grant, error) {
	j := &judge{asked: asked, file: f}
	if j.find() {
		j.grant = &Grant{Repository: j.repository.Name, Service: j.service.Name, path: f.Path, withheld: f.withheld, values: asked.Values}
		j.place()
	}
	if refused, isRefused := errors.AsType[problem.List](j.problems.Err()); isRefused {
		return nil, &RefusedError{refused}
	}
	return j.grant, nil
}

// judge looks at one Question.
type judge struct {
	asked Question

	file       *File
	repository Repository
	service    Service
	grant      *Grant
	problems   problem.List
}

// refuse adds a Problem at the place where a setting stands.
func (j *judge) refuse(setting, message, fix string) {
	file, line := j.asked.Values.Where(setting)
	j.problems.AddAt(file, line, message, fix)
}

// says begins a sentence about what the file allows.
func (j *judge) says(verb string) string {
	return fmt.Sprintf("%s %s %s", j.file.name(), verb, j.repository.Name)
}

// find finds what the file says of the service, if it says anything.
func (j *judge) find() bool {
	var isThere bool
	if j.repository, isThere = j.file.Repository(j.asked.Repository); !isThere {
		j.problems.Add(fmt.Sprintf("%s does not name the repository %s", j.file.name(), document.Shown(j.asked.Repository)), "Who runs the server can add it below repositories.")
		return false
	}
	if j.service, isThere = j.repository.service(j.asked.Service); isThere {
		return true
	}
	var known []string
	for _, one := range j.repository.Services {
		known = append(known, one.Name)
	}
	if j.asked.Service == "" {
		j.problems.Add("there is no service of slipway.yml, by which "+j.file.name()+" says what is allowed", "Add a slipway.yml with "+words.Names(known)+" below services.")
		return false
	}
	j.refuse(config.Service, fmt.Sprintf("%s the services %s (line %d), and not %s", j.says("lets"), words.Names(known), j.repository.Line, document.Shown(j.asked.Service)),
		"Call it so in slipway.yml, or have it allowed there.")
	return false
}

// place finds where it goes, and what it may use there.
func (j *judge) place() {
	var place Place
	switch {
	case j.asked.IsPreview && j.service.Previews == nil:
		j.problems.Add(fmt.Sprintf("%s make previews of %s (line %d)", j.says("does not let"), document.Shown(j.service.Name), j.service.Line),
			"Set previews: true there, or remove previews from slipway.yml.")
		return
	case j.asked.IsPreview:
		place = j.service.Previews.Place
		j.preview(place)
	default:
		environment, isAllowed := j.environment()
		if !isAllowed {
			return
		}
		place = environment.Place
		j.checkService(config.Service, place.Service, j.service.Name) // which slipway.yml calls it where it says nothing
		j.grant.Target = job.Target{Service: place.Service, Environment: environment.Name}
	}
	j.grant.Account = j.repository.account(place.Account)
	j.like(place)
	j.from(place)
	j.variables(place)
	j.pin()
}

// environment finds the one that is asked for among those that are allowed. A SID is
// another name for one that may not be, so that it has to be named by it as well.
func (j *judge) environment() (Environment, bool) {
	named := j.asked.Values[config.Environment].Text
	if one, isAllowed := j.allowed(named); isAllowed {
		return one, true
	}
	j.refuse(config.Environment, fmt.Sprintf("%s deploy %s to %s; %s", j.says("does not let"), document.Shown(j.service.Name), document.Shown(named), j.listed()),
		"Name one that is allowed, exactly so, or have it allowed there.")
	return Environment{}, false
}

// allowed returns the Environment that is allowed by a name.
func (j *judge) allowed(name string) (Environment, bool) {
	at := slices.IndexFunc(j.service.Environments, func(one Environment) bool { return one.Name == name })
	if at < 0 {
		return Environment{}, false
	}
	return j.service.Environments[at], true
}

// listed says which Environments are allowed, and where.
func (j *judge) listed() string {
	if len(j.service.Environments) == 0 {
		return fmt.Sprintf("line %d allows previews alone", j.service.Line)
	}
	var told []string
	for i := 0; i < len(j.service.Environments); {
		line := j.service.Environments[i].Line
		var of []string
		for ; i < len(j.service.Environments) && j.service.Environments[i].Line == line; i++ {
			of = append(of, j.service.Environments[i].Name)
		}
		told = append(told, fmt.Sprintf("line %d allows %s", line, words.Names(of)))
	}
	if most := 5; len(told) > most {
		told = append(told[:most], fmt.Sprintf("and so on, up to line %d", j.service.Environments[len(j.service.Environments)-1].Line))
	}
	return strings.Join(told, ", ")
}

// checkService makes sure that a setting names a Service that is allowed, of which the
// first is where it goes.
func (j *judge) checkService(setting string, allowed ...string) {
	named := j.asked.Values[setting].Text
	if named == "" || slices.Contains(allowed, named) {
		return
	}
	j.refuse(setting, fmt.Sprintf("%s deploy %s to the Service %q, and not to %q (line %d)", j.says("lets"), document.Shown(j.service.Name), document.Shortened(allowed[0]), document.Shortened(named), j.service.Line),
		"Leave "+setting+" out, or have it allowed there.")
}

// preview checks what is asked of a preview, and finds how long it stays.
func (j *judge) preview(place Place) {
	j.grant.Target.Service = place.Service
	if j.asked.PullRequest > 0 {
		j.grant.Target.Environment = job.PreviewName(j.asked.PullRequest)
	}
	if asked := j.asked.Values[config.Environment].Text; j.asked.PullRequest > 0 && asked != j.grant.Target.Environment && j.asked.Values[config.Environment].Origin < config.FromDefault {
		j.refuse(config.Environment, fmt.Sprintf("the preview of pull request %d cannot be in the environment %s", j.asked.PullRequest, document.Shown(asked)), "It is in "+j.grant.Target.Environment+".")
	}
	if j.asked.Values[config.PreviewService].Text != "" {
		allowed := []string{place.Service}
		if place.Service == j.service.Own {
			allowed = append(allowed, j.service.Name)
		}
		j.checkService(config.PreviewService, allowed...)
		return
	}
	allowed := []string{place.Service, j.service.Own, j.service.Name} // for which the preview's stands
	for _, one := range j.service.Environments {
		allowed = append(allowed, one.Service)
	}
	j.checkService(config.Service, allowed...)
}
