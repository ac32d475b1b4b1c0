package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/npm"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/project"
	"github.com/slipway-dev/slipway/internal/secret"
)

// read turns the Source into a Project, with what is asked beside it, and finds
// everything that is wrong with the input before the first request.
func (r *run) read(ctx context.Context) (asking deploy.Question, err error) {
	problems := slices.Clone(r.cfg.Problems)
	var environmentErr, likeErr error
	asking.Environment, environmentErr = deploy.ParseEnvironment(r.job.Target.Environment)
	if rest := problems.Take(r.located(environmentErr, config.Environment)); rest != nil {
		return asking, rest
	}
	notLike := asking.Environment
	if asking.LikeService = r.job.Previews.LikeService; asking.LikeService != "" {
		notLike = deploy.Environment{}
	}
	asking.Like, likeErr = deploy.ParseLike(r.job.Options.VariablesLike, notLike)
	asking.IsPreview, asking.IsForeign = r.job.Verb == job.Preview, r.job.Previews.IsFork
	if likeErr == nil {
		likeErr = asking.CheckLike()
	}
	if rest := problems.Take(r.located(likeErr, config.VariablesLike)); rest != nil {
		return asking, rest
	}
	if asking.IsTag = r.job.Verb == job.Tag; asking.IsTag && r.job.Release.From != "" {
		var err error
		asking.From, err = deploy.ParseFrom(r.job.Release.From, asking.Environment)
		_ = problems.Take(r.located(err, config.PromoteFrom)) // it is a Problem
	}
	if isNamed := r.nameService(&problems); isNamed && environmentErr == nil && r.cfg.Targeted != nil {
		r.cfg.Targeted(r.job)
	}
	r.readChecks(&problems)
	asking.Wanted, err = project.Load(ctx, r.cfg.Source, r.projectOptions())
	if rest := problems.Take(err); rest != nil {
		return asking, rest
	}
	// The file's own problems were found by Load; only the rest is new.
	values, warnings, err := r.variables()
	if rest := problems.Take(err); rest != nil {
		return asking, rest
	}
	if asking.Wanted != nil {
		warnings = append(warnings, pointers(asking.Wanted.Warnings)...)
		// A Build of Assets alone is not packaged; a Function would change that.
		asking.Manifest = !r.job.Options.NoManifest && len(asking.Wanted.Functions) > 0
	}
	asking.Account, asking.Service = r.cfg.Account, r.job.Target.Service
	asking.PruneVariables = r.job.Options.PruneVariables
	if asking.Wanted != nil && r.cfg.Saved != nil {
		_ = problems.Take(r.cfg.Saved.CheckInput(asking, slices.Sorted(maps.Keys(values)))) // it is a list
	}
	r.warn(slices.Concat(r.cfg.Warnings, warnings))
	return asking, problems.Err()
}

// nameService makes sure that the Target has a Service, by the name in
// package.json if need be, and tells whether it has one that can be. What else
// is wrong with package.json is a Problem of the Project.
func (r *run) nameService(problems *problem.List) (isNamed bool) {
	if r.job.Target.Service == "" {
		found, _, err := npm.Read(r.cfg.Source, r.job.Folder, npm.Ranges)
		if found == nil && err != nil {
			return false
		}
		if found != nil {
			r.job.Target.Service = found.ServiceName()
		}
	}
	r.result.Service = r.job.Target.Service
	err := checkService(r.job.Target.Service)
	_ = problems.Take(r.located(err, config.Service)) // it is a Problem
	return err == nil
}

// ServiceNamed is the name that a package.json gives to the Service; empty when it
// gives none.
func ServiceNamed(packageJSON []byte) string {
	var read struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(packageJSON, &read) != nil {
		return ""
	}
	return (&npm.Package{Name: read.Name}).ServiceName()
}

// checkService returns a *problem.Problem about the name of a Service.
func checkService(name string) error {
	if name == "" {
		return &problem.Problem{
			Message: "the Service has no name: neither package.json nor service gives one",
			Fix:     `Add "name" to package.json, or give service.`,
		}
	}
	if fault, fix := job.CheckService(name); fault != "" {
		return &problem.Problem{Message: fault, Fix: fix}
	}
	return nil
}

// located puts the place of a setting into a Problem that has none.
func (r *run) located(err error, setting string) error {
	found, ok := errors.AsType[*problem.Problem](err)
	file, line := r.cfg.Where(setting)
	if !ok || found.File != "" || file == "" {
		return err
	}
	placed := *found
	placed.File, placed.Line = file, line
	return &placed
}

// withOrigin adds to a Problem with the Target which file it comes from.
func (r *run) withOrigin(err error) error {
	_, isList := errors.AsType[problem.List](err)
	found, ok := errors.AsType[*problem.Problem](err)
	if !ok || isList {
		return err
	}
	explained := *found
	for _, named := range []struct{ setting, what string }{{config.Service, "Service"}, {config.Environment, "environment"}} {
		file, line := r.cfg.Where(named.setting)
		if file == "" {
			continue
		}
		if line > 0 {
			file += ":" + strconv.Itoa(line)
		}
		explained.Fix += fmt.Sprintf(" The %s is named in %s.", named.what, file)
	}
	return &explained
}

func (r *run) projectOptions() project.Options {
	options := r.job.Options
	return project.Options{
		Folder: r.job.Folder, FunctionsFolder: options.FunctionsFolder, AssetsFolder: options.AssetsFolder,
		Runtime: options.Runtime, EnvFile: options.EnvFile, Dependencies: npm.Mode(options.Dependencies),
		Where: r.cfg.Where,
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

func (r *run) warn(warnings problem.List) {
	shown := make(map[string]bool)
	sorted, _ := errors.AsType[problem.List](warnings.Err())
	for _, warning := range sorted {
		text := warning.Error()
		if !shown[text] {
			shown[text] = true
			r.tell(job.Event{Kind: job.Warned, Phase: job.PhaseRead, Message: text, File: warning.File, Line: warning.Line})
		}
	}
}

func pointers(problems []problem.Problem) problem.List {
	list := make(problem.List, len(problems))
	for i := range problems {
		list[i] = &problems[i]
	}
	return list
}
