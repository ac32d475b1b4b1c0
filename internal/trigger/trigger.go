// Package trigger decides what an event asks for: Decide takes what happened, the
// rules of slipway.yml where there are any, and what the inputs say, and returns the
// Requests to carry out, or why there are none. Touched tells whether a change
// concerns a service.
//
// It is pure: no clock, no calls, no files. What a stranger proposes is never asked
// for here; who asks for a Request still has to make sure that what is checked out is
// the commit that the event is about. Level 3: of the project it imports config, gh,
// job, problem, rules and words.
package trigger

import (
	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/rules"
)

// Verb is what a Request asks for.
type Verb string

// The verbs.
const (
	// Deploy takes the tree live; for command: plan it says what that would change.
	Deploy Verb = "deploy"
	// Release takes the tree of a tag live, by a Build that was made of the same where
	// there is one: the one that is live in PromoteFrom, else any. For command: plan it
	// says which.
	Release Verb = "release"
	// Preview takes the head of a pull request live in an Environment of its own.
	Preview Verb = "preview"
	// RemovePreview takes that Environment away. It needs nothing of the tree.
	RemovePreview Verb = "remove-preview"
	// Promote, Rollback and Teardown are the commands of the same names.
	Promote  Verb = "promote"
	Rollback Verb = "rollback"
	Teardown Verb = "teardown"
	// Sweep takes away the previews that nobody needs.
	Sweep Verb = "sweep"
)

// Asked is what the inputs say. A text is empty when nobody has given it: neither a
// default nor a file of the repository counts.
type Asked struct {
	// Command is that of the Action, such as "auto".
	Command string
	// Ref is the full name of the branch or tag that the workflow runs on
	// (GITHUB_REF), for events that name none.
	Ref string
	// Service is a name, WorkingDirectory a path from the root of the repository.
	Service, Environment, WorkingDirectory string
	// PromoteFrom and BuildSID say which Build is promoted.
	PromoteFrom, BuildSID string
	// ForkSHA is the commit of a fork that may be deployed, in full.
	ForkSHA string
	// HasCredentials says that there are Twilio credentials, IsDependabot that Dependabot
	// has started the run (GITHUB_ACTOR), which then gets no secrets.
	HasCredentials, IsDependabot bool
}

// AskedOf returns what values say that was given. ref is Asked.Ref.
func AskedOf(values config.Values, ref string) Asked {
	given := func(name string) string {
		if value := values[name]; value.Origin < config.FromFile {
			return value.Text
		}
		return ""
	}
	return Asked{
		Command: values[config.Command].Text, Ref: ref,
		Service: given(config.Service), Environment: given(config.Environment), WorkingDirectory: given(config.WorkingDirectory),
		PromoteFrom: given(config.PromoteFrom), BuildSID: given(config.BuildSID),
		ForkSHA: given(config.ForkSHA), HasCredentials: values.HasSecret(),
	}
}

// Decision is what comes of an event: Requests, or why there are none.
type Decision struct {
	// Requests are in the order of slipway.yml. Each may be carried out by itself.
	Requests []Request
	// Skip says in one printable line why there are none; empty when there are.
	Skip string
	// Withheld are what there would be, were it not for where the event comes from: a
	// fork, or a run without secrets. They are not to be carried out; each needs the
	// tree.
	Withheld []Request
}

// Request is one thing to do.
type Request struct {
	Verb Verb `json:"verb"`
	// Service is what slipway.yml calls it; empty without that file.
	Service string `json:"service,omitempty"`
	// Folder is the project's, from the root of the repository; empty without the
	// file, where working-directory says it.
	Folder string `json:"folder,omitempty"`
	// Environment is where it goes; empty where the settings say it.
	Environment string `json:"environment,omitempty"`
	// PullRequest is the number of the one that a Preview or RemovePreview is for.
	PullRequest int `json:"pull_request,omitempty"`
	// IsFork says that the tree is a stranger's, which may be deployed only where what
	// docs/forks.md asks for has been checked.
	IsFork bool `json:"is_fork,omitempty"`
	// PromoteFrom is the Environment whose Build a Release prefers and a Promote takes;
	// may be empty.
	PromoteFrom string `json:"promote_from,omitempty"`
	// Layer is what slipway.yml says about the settings.
	Layer config.Layer `json:"layer,omitempty"`
}

// Job is what the Request does, as a Job has it; needsTree says whether it needs the tree
// of the commit.
func (r Request) Job() (verb job.Verb, needsTree bool) {
	switch r.Verb {
	case Promote:
		return job.Promote, false
	case Rollback:
		return job.Rollback, false
	case Teardown, RemovePreview:
		return job.Teardown, false
	case Sweep:
		return job.Sweep, false
	case Preview:
		return job.Preview, true
	case Release:
		return job.Tag, true
	case Deploy:
		return job.Deploy, true
	default:
		return job.Deploy, true
	}
}

// Settings returns the values as they hold for the Request: with its Layer in place of
// defaults, and with the Environment, the folder and, for a preview, the Service that
// the Request is for.
func (r Request) Settings(values config.Values) config.Values {
	layer := r.Layer
	switch r.Verb {
	case Deploy, Release, Preview:
	case Promote:
		layer = layer.Without(config.Variables)
	case RemovePreview, Rollback, Teardown, Sweep: // which set no variables, and check nothing
		layer = layer.Without(config.Variables, config.Watch, config.WatchErrors)
	}
	values = rules.Settings(values, r.Service, layer)
	if r.Environment != "" {
		at := r.Layer[config.Environment]
		values = values.With(config.Environment, config.Written{Text: r.Environment, File: at.File, Line: at.Line})
	}
	if r.Folder != "" {
		values = values.With(config.WorkingDirectory, config.Written{Text: r.Folder})
	}
	if elsewhere := values[config.PreviewService]; elsewhere.Text != "" && (r.PullRequest > 0 || r.Verb == Sweep) {
		values = values.With(config.Service, config.Written{Text: elsewhere.Text, File: elsewhere.File, Line: elsewhere.Line})
	}
	if r.IsFork {
		for _, name := range NotForStrangers() {
			values = values.With(name, config.Written{}) // nor may the tree's own files give it
		}
	}
	return values
}

// NotForStrangers returns the settings that do not hold for a fork's tree: they would
// hand it what is secret.
func NotForStrangers() []string { return []string{config.VariablesLike, config.HealthCheckHeader} }

// request makes a Request for a service of slipway.yml, with what holds in all of its
// Environments.
func request(verb Verb, service rules.Service) Request {
	return Request{Verb: verb, Service: service.Name, Folder: service.Path, Layer: service.Layer}
}

// in makes it one for an Environment with rules.
func (r Request) in(environment rules.Environment) Request {
	r.Environment, r.PromoteFrom, r.Layer = environment.Name, environment.PromoteFrom, environment.Layer
	return r
}

// faultOfPreview says why a pull request cannot have a preview.
func faultOfPreview(number int) string {
	fault, _ := job.CheckEnvironment(job.PreviewName(number))
	return fault
}
