// Package pipeline is the one place where the stages of a Job meet:
//
//	Job → Source → Project → Plan → Result
//
// Every front door makes a Job and calls Run; what happens from there on is the
// same for all of them. It reads no settings, prints nothing, and knows neither
// flags nor workflows. Level 4.
package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/secret"
	"github.com/slipway-dev/slipway/internal/twilio"
	"github.com/slipway-dev/slipway/internal/words"
)

// maxServiceName is the API's limit on a Service's unique name (Twilio's
// OpenAPI file).
const maxServiceName = 50

// Config is what Run works with, beside the Job.
type Config struct {
	// Client reaches the account that the Job's Target is in. It may be nil when
	// there are Problems.
	Client *twilio.Client
	// Source is the tree of the Job's commit, from the repository's root.
	Source fs.FS
	// Variables are values that were given beside the Project's environment
	// file; they beat it. May be nil.
	Variables map[string]secret.String
	// Steps runs the parts. Nil means deploy.InMemory.
	Steps deploy.Steps
	// Progress is told what happens, from many goroutines. Nil means nobody.
	Progress func(job.Event)
	// Problems are what the front door found wrong with its input. Run fails with
	// them and with those of the Project together, before the first request.
	Problems problem.List
	// LiveURL is where deployed domains answer, with {domain} in place of the
	// domain. Empty means https://{domain}.
	LiveURL string
}

// Outcome is what came of a Job.
type Outcome struct {
	// Result is always whole: what is known is set on failure too, and its
	// Error says why it failed.
	Result job.Result
	// Plan is what was to be done; its zero value when the Job ended before it.
	Plan deploy.Plan
}

// Run does a Job. The error is the cause of a failure that Result.Error puts
// into words, nil when there was none.
func Run(ctx context.Context, todo job.Job, cfg Config) (Outcome, error) {
	started := time.Now()
	r := &run{job: todo, cfg: cfg, result: job.NewResult()}
	r.result.Commit = todo.Commit
	r.result.Service, r.result.Environment = todo.Target.Service, todo.Target.Environment

	var calls atomic.Int64
	if cfg.Client != nil {
		r.client = cfg.Client.Observed(func(twilio.Call) { calls.Add(1) }).WithBuildBudget(todo.Options.BuildTimeout)
	}
	err := r.deploy(ctx)
	r.result.APICalls = int(calls.Load())
	r.result.DurationMS = time.Since(started).Milliseconds()
	if err != nil {
		failure := deploy.Explain(err)
		failure.State = r.state()
		r.result.Status, r.result.Error = job.Failed, &failure
	}
	return Outcome{Result: r.result, Plan: r.plan}, err
}

// run is one Job under way.
type run struct {
	job     job.Job
	cfg     Config
	client  *twilio.Client
	plan    deploy.Plan
	outcome deploy.Outcome
	result  job.Result
}

func (r *run) deploy(ctx context.Context) error {
	r.tell(job.Event{Kind: job.Started, Phase: job.PhaseRead})
	wanted, environment, variables, err := r.read()
	if err != nil {
		return err
	}
	r.tell(job.Event{Kind: job.Finished, Phase: job.PhaseRead, Message: words.Count(len(wanted.Functions), "Function") + ", " + words.Count(len(wanted.Assets), "Asset")})

	r.tell(job.Event{Kind: job.Started, Phase: job.PhasePlan})
	live, err := deploy.ReadLive(ctx, r.client, r.job.Target.Service, environment)
	if err != nil {
		return err
	}
	r.plan = deploy.Diff(r.job.Target, environment, wanted, variables, live)
	r.report(r.plan)
	r.tell(job.Event{Kind: job.Finished, Phase: job.PhasePlan})

	deployer := &deploy.Deployer{
		Client: r.client, Source: r.cfg.Source, Steps: r.cfg.Steps, Progress: r.tell,
		Variables: func() (map[string]secret.String, error) {
			values, _, err := r.variables()
			return values, err
		},
	}
	if deployer.Steps == nil {
		deployer.Steps = deploy.InMemory{}
	}
	r.outcome, err = deployer.Apply(ctx, r.plan)
	r.result.ServiceSID = string(r.outcome.ServiceSID)
	r.result.EnvironmentSID = string(r.outcome.EnvironmentSID)
	r.result.Domain, r.result.URL = r.outcome.Domain, r.url(r.outcome.Domain)
	r.result.BuildSID = string(r.outcome.BuildSID)
	r.result.DeploymentSID = string(r.outcome.DeploymentSID)
	r.result.UploadedBytes = r.outcome.UploadedBytes
	if err != nil {
		return err
	}
	r.result.Status, r.result.Changed = job.Deployed, true
	return nil
}

// read turns the Source into a Project and finds everything that is wrong with
// the input before the first request.
func (r *run) read() (*project.Project, deploy.Environment, map[string]secret.String, error) {
	problems := slices.Clone(r.cfg.Problems)
	environment, err := deploy.ParseEnvironment(r.job.Target.Environment)
	if rest := problems.Take(err); rest != nil {
		return nil, environment, nil, rest
	}
	wanted, err := project.Load(r.cfg.Source, r.projectOptions())
	if rest := problems.Take(err); rest != nil {
		return nil, environment, nil, rest
	}
	// The file's own problems were found by Load; only the rest is new.
	variables, warnings, err := r.variables()
	if rest := problems.Take(err); rest != nil {
		return nil, environment, nil, rest
	}
	if name, known := r.serviceName(wanted); known {
		checkService(name, &problems)
	}
	if wanted != nil {
		r.job.Target.Service = cmp.Or(r.job.Target.Service, wanted.Name)
		r.result.Service = r.job.Target.Service
		warnings = append(warnings, pointers(wanted.Warnings)...)
	}
	r.warn(warnings)
	return wanted, environment, variables, problems.Err()
}

// serviceName returns the name of the Service, which may be empty. It is not
// known when package.json should give it and cannot be read.
func (r *run) serviceName(wanted *project.Project) (name string, known bool) {
	if name = r.job.Target.Service; name != "" {
		return name, true
	}
	if wanted != nil {
		return wanted.Name, true
	}
	// What else is wrong with package.json is a Problem of the Project already.
	if found, _, _ := npm.Read(r.cfg.Source, r.job.Folder, npm.Ranges); found != nil {
		return found.ServiceName(), true
	}
	return "", false
}

func checkService(name string, problems *problem.List) {
	switch length := utf8.RuneCountInString(name); {
	case name == "":
		problems.Add("the Service has no name: neither package.json nor service gives one",
			`Add "name" to package.json, or give service.`)
	case length > maxServiceName:
		problems.Add(fmt.Sprintf("the Service's name %q has %d characters; Twilio takes at most %d", name, length, maxServiceName),
			"Give a shorter one with service.")
	case strings.ContainsAny(name, "/?#\\ "):
		problems.Add(fmt.Sprintf("the Service's name %q holds a character that no name of a Service has", name),
			"Use letters, digits and dashes; give it with service.")
	}
}

func (r *run) projectOptions() project.Options {
	options := r.job.Options
	return project.Options{
		Folder: r.job.Folder, FunctionsFolder: options.FunctionsFolder, AssetsFolder: options.AssetsFolder,
		Runtime: options.Runtime, EnvFile: options.EnvFile, Dependencies: npm.Mode(options.Dependencies),
	}
}

// variables returns the values that the Environment shall have: the
// environment file's, and over them those that were given.
func (r *run) variables() (map[string]secret.String, problem.List, error) {
	var problems problem.List
	fromFile, warnings, err := project.Variables(r.cfg.Source, r.projectOptions())
	if rest := problems.Take(err); rest != nil {
		return nil, nil, rest
	}
	given, notes, err := project.CheckVariables(r.cfg.Variables, nil)
	if rest := problems.Take(err); rest != nil {
		return nil, nil, rest
	}
	merged := maps.Clone(fromFile)
	if merged == nil {
		merged = make(map[string]secret.String)
	}
	maps.Copy(merged, given)
	return merged, append(warnings, notes...), problems.Err()
}

// report copies the Plan into the Result.
func (r *run) report(plan deploy.Plan) {
	r.result.Service, r.result.ServiceSID = plan.Service, string(plan.ServiceSID)
	r.result.EnvironmentSID = string(plan.EnvironmentSID)
	r.result.Domain, r.result.URL = plan.Domain, r.url(plan.Domain)
	r.result.PreviousBuildSID = string(plan.LiveBuildSID)
	r.result.Digest = plan.Digest
	r.result.Functions, r.result.Assets = changes(plan.Functions), changes(plan.Assets)
	r.result.Variables = plan.Variables
}

func changes(files []deploy.FilePlan) job.Changes {
	sorted := job.NoChanges()
	for _, file := range files {
		switch file.Change {
		case deploy.Created:
			sorted.Created = append(sorted.Created, file.Path)
		case deploy.Updated:
			sorted.Updated = append(sorted.Updated, file.Path)
		case deploy.Removed:
			sorted.Removed = append(sorted.Removed, file.Path)
		}
	}
	return sorted
}

// state says what a failed run left behind.
func (r *run) state() string {
	if r.plan.Fingerprint == "" {
		return "Nothing was changed."
	}
	live := fmt.Sprintf("Nothing is live in %s, as before.", r.result.Environment)
	if r.plan.LiveBuildSID != "" {
		live = fmt.Sprintf("Build %s is live in %s, as before.", r.plan.LiveBuildSID, r.result.Environment)
	}
	switch build := r.outcome.BuildSID; r.outcome.Phase {
	case job.PhaseUpload:
		return fmt.Sprintf("%s %d of %s uploaded.", live, r.outcome.Uploaded, words.Count(r.outcome.ToUpload, "file"))
	case job.PhaseBuild:
		if build == "" {
			return live + " The files were uploaded; no Build was made of them."
		}
		return fmt.Sprintf("%s Build %s of this run did not go live.", live, build)
	case job.PhaseActivate:
		return fmt.Sprintf("%s Build %s of this run is complete, but not live.", live, build)
	case job.PhaseRead, job.PhasePlan:
	}
	return live
}

func (r *run) url(domain string) string {
	if domain == "" {
		return ""
	}
	return strings.ReplaceAll(cmp.Or(r.cfg.LiveURL, "https://{domain}"), "{domain}", domain)
}

func (r *run) warn(warnings problem.List) {
	shown := make(map[string]bool)
	sorted, _ := errors.AsType[problem.List](warnings.Err())
	for _, warning := range sorted {
		text := warning.Error()
		if !shown[text] {
			shown[text] = true
			r.result.Warnings = append(r.result.Warnings, text)
			r.tell(job.Event{Kind: job.Warned, Phase: job.PhaseRead, Message: text})
		}
	}
}

func (r *run) tell(event job.Event) {
	if r.cfg.Progress != nil {
		if event.Time.IsZero() {
			event.Time = time.Now()
		}
		r.cfg.Progress(event)
	}
}

func pointers(problems []problem.Problem) problem.List {
	list := make(problem.List, len(problems))
	for i := range problems {
		list[i] = &problems[i]
	}
	return list
}
