package trigger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/words"
)

// Decide returns what an event asks for. file is slipway.yml; nil means that there is
// none, and that the inputs alone say what is done. An event without a name, which
// is the caller's Problem, is taken for one that everything may be done on.
//
// The error is a problem.List: the inputs name what is not in the file.
func Decide(event gh.Event, file *rules.File, asked Asked) (Decision, error) {
	d := decider{event: event, file: file, asked: asked}
	d.setRef()
	why, isWithheld := d.whyNot()
	if why != "" && !isWithheld {
		return Decision{Skip: why}, nil
	}
	if why == "" {
		if err := d.checkForkSHA(); err != nil {
			return Decision{}, err
		}
	}
	services, err := d.services()
	if isWithheld {
		if err != nil { // which is for those who may ask
			services = nil
		}
		return Decision{Skip: why, Withheld: d.withheld(services)}, nil
	}
	if err != nil {
		return Decision{}, err
	}
	decided := d.decide(services)
	if len(decided) == 0 && d.skip == "" {
		d.skip = d.nothingFor()
	}
	return Decision{Requests: decided, Skip: d.skip}, nil
}

// decider looks at one event.
type decider struct {
	event gh.Event
	file  *rules.File
	asked Asked
	// branch or tag is what the event is about, or else what the workflow runs on.
	branch, tag string
	// skip is why nothing is asked for.
	skip string
	// fork is the number of a fork's pull request that is to be deployed.
	fork int
}

// setRef finds the branch or the tag. Where a workflow runs on says nothing of what
// was deleted, nor of a pull request, which is planned as what its base would deploy.
func (d *decider) setRef() {
	d.branch, d.tag = d.event.Branch, d.event.Tag
	if d.event.Name == gh.EventPullRequest && d.asked.Command == "plan" {
		d.branch = d.event.PullRequest.BaseRef
		return
	}
	if d.event.Ref != "" || d.branch != "" || d.tag != "" || d.event.Name == gh.EventDelete {
		return
	}
	if branch, isBranch := strings.CutPrefix(d.asked.Ref, "refs/heads/"); isBranch {
		d.branch = branch
	} else if tag, isTag := strings.CutPrefix(d.asked.Ref, "refs/tags/"); isTag {
		d.tag = tag
	}
}

// services returns those that the inputs choose; all when they choose none. Without
// a file there is one that is called nothing.
func (d *decider) services() ([]rules.Service, error) {
	if d.file == nil {
		return []rules.Service{{}}, nil
	}
	chosen, err := d.file.Choose(d.asked.WorkingDirectory, d.asked.Service)
	if err != nil {
		return nil, err
	}
	if len(chosen) > 1 && slices.Contains([]string{"promote", "rollback", "teardown"}, d.asked.Command) {
		var problems problem.List
		problems.AddAt(d.file.Path, 0, fmt.Sprintf("there are several services (%s), and command: %s is for one", words.Names(rules.Names(chosen)), d.asked.Command),
			"Name it with service.")
		return nil, problems.Err()
	}
	return chosen, nil
}

// decide returns the Requests for the services.
func (d *decider) decide(services []rules.Service) []Request {
	if d.fork > 0 {
		return d.previews(services, d.fork)
	}
	switch d.asked.Command {
	case "promote":
		return d.change(Promote, services[0])
	case "rollback":
		return d.change(Rollback, services[0])
	case "teardown":
		return d.change(Teardown, services[0])
	case "sweep":
		return d.sweep(services)
	case "auto":
		if d.event.Name == gh.EventPullRequest {
			return d.previews(services, d.event.PullRequest.Number)
		}
	}
	verb := Deploy
	isAsAuto := d.asked.Command == "auto" || d.asked.Command == "plan"
	if isAsAuto && (d.tag != "" || d.event.Name == gh.EventRelease) {
		verb = Release
	}
	var requests []Request
	for _, service := range services {
		requests = append(requests, d.deploys(verb, service)...)
	}
	return requests
}

// change returns the Request of a command that names the Environment itself.
func (d *decider) change(verb Verb, service rules.Service) []Request {
	made := d.inNamed(request(verb, service), service)
	if verb != Promote {
		made.PromoteFrom = ""
	}
	return []Request{made}
}

// inNamed makes it a Request for the Environment that the inputs name. The file may
// have no rules for it.
func (d *decider) inNamed(made Request, service rules.Service) Request {
	environment, _ := service.Environment(d.asked.Environment)
	made.Environment, made.PromoteFrom, made.Layer = d.asked.Environment, environment.PromoteFrom, service.In(d.asked.Environment)
	switch {
	case d.asked.PromoteFrom != "":
		made.PromoteFrom = d.asked.PromoteFrom
	case d.asked.BuildSID != "":
		made.PromoteFrom = ""
	}
	return made
}

// deploys returns the Requests of a service that goes to the Environment that the
// inputs name, or else to those whose rules the event fits.
func (d *decider) deploys(verb Verb, service rules.Service) []Request {
	made := request(verb, service)
	if d.file == nil || d.asked.Environment != "" {
		return []Request{d.inNamed(made, service)}
	}
	var requests []Request
	for _, environment := range service.Environments {
		if d.fits(environment.On) {
			one := made.in(environment)
			if d.asked.PromoteFrom != "" {
				one.PromoteFrom = d.asked.PromoteFrom
			}
			requests = append(requests, one)
		}
	}
	return requests
}

// fits reports whether it is one of an Environment's events. A GitHub Release has a
// tag, whose push was an event of its own; command: deploy takes it for that, too.
func (d *decider) fits(on rules.On) bool {
	if d.event.Name == gh.EventRelease {
		isRelease := on.Releases.Include(d.event.Release.IsPrerelease)
		return isRelease || d.asked.Command != "auto" && rules.Match(on.Tags, d.tag)
	}
	return d.branch != "" && rules.Match(on.Branches, d.branch) || d.tag != "" && rules.Match(on.Tags, d.tag)
}

// previews returns the Requests that a pull request makes.
func (d *decider) previews(services []rules.Service, number int) []Request {
	verb := Preview
	if d.event.Name == gh.EventPullRequest && d.event.Action == "closed" {
		verb = RemovePreview
	}
	var requests []Request
	for _, service := range services {
		if d.file != nil && service.Previews == nil {
			continue
		}
		made := request(verb, service)
		made.IsFork = d.fork > 0 || d.event.PullRequest.IsFork
		made.Environment, made.PullRequest, made.Layer = job.PreviewName(number), number, service.Previews
		requests = append(requests, made)
	}
	return requests
}

// sweep returns the Requests for the services that have previews.
func (d *decider) sweep(services []rules.Service) []Request {
	var requests []Request
	for _, service := range services {
		if d.file == nil || service.Previews != nil {
			made := request(Sweep, service)
			made.Layer = service.Previews
			requests = append(requests, made)
		}
	}
	return requests
}
