package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// decision is what the occasion asks for.
type decision struct {
	requests []trigger.Request
	// skip is why there are none.
	skip string
	// withheld are what there would be, were it not for where the event comes from;
	// unread is why that is not known.
	withheld []trigger.Request
	unread   string
	// isOneOfSeveral says that the repository has several services.
	isOneOfSeveral bool
}

// decide finds out what the occasion asks for, by slipway.yml where there is one. The
// error is a problem.List, or the cause of ctx's end.
func (r *run) decide(ctx context.Context, inputs config.Action, what occasion, hub *hub) (decision, error) {
	asked := trigger.AskedOf(r.values, what.ref)
	asked.IsDependabot = what.actor == dependabot
	whatever, err := trigger.Decide(what.event, nil, asked)
	isSkipped := err == nil && whatever.Skip != "" // which no rules change
	if isSkipped && len(whatever.Withheld) == 0 {
		return decision{skip: whatever.Skip}, nil
	}
	file, err := r.readRules(ctx, inputs, what, hub)
	if ctx.Err() != nil {
		return decision{}, context.Cause(ctx)
	}
	if isSkipped && err != nil {
		return decision{skip: whatever.Skip, unread: err.Error()}, nil //nolint:nilerr // the skip holds without it, and tells of it.
	}
	if unreadable, ok := errors.AsType[*unreadableError](err); ok {
		return decision{skip: unreadable.Error()}, nil
	}
	if err != nil {
		return decision{}, err
	}
	decided, err := trigger.Decide(what.event, file, asked)
	if err != nil {
		return decision{}, err
	}
	made := decision{
		requests: decided.Requests, skip: decided.Skip, withheld: decided.Withheld, isOneOfSeveral: file != nil && len(file.Services) > 1,
	}
	if made.isOneOfSeveral && len(made.requests) > 0 {
		made = r.onlyTouched(ctx, made, what, hub, file)
	}
	return made, context.Cause(ctx)
}

// unreadableError says that nobody knows which rules hold.
type unreadableError struct {
	of  string // the commit that they are at
	err error
}

func (e *unreadableError) Error() string {
	return "slipway.yml cannot be read at " + e.of + ", so it is not known what holds for it: " + e.err.Error()
}

// readRules reads slipway.yml: as it is checked out or, for a pull request, as it is where
// occasion.rules says, since what a pull request proposes must not choose where it goes. Nil
// means that there is none. The error is a problem.List or an *unreadableError.
func (r *run) readRules(ctx context.Context, inputs config.Action, what occasion, hub *hub) (*rules.File, error) {
	if what.isPull() {
		return r.readRulesOf(ctx, inputs, what, hub)
	}
	root, err := os.OpenRoot(r.env.Getenv("GITHUB_WORKSPACE"))
	if err != nil {
		return nil, nil //nolint:nilnil // what needs a checkout says that there is none
	}
	defer func() { _ = root.Close() }()
	file, warnings, err := rules.Find(rules.In(root.FS()), inputs.ConfigFile)
	r.warnEach(warnings)
	return file, err
}

func (r *run) readRulesOf(ctx context.Context, inputs config.Action, what occasion, hub *hub) (*rules.File, error) {
	at, of := what.rules()
	client, err := hub.reader()
	if err != nil {
		return nil, &unreadableError{of, err}
	}
	limited, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	file, warnings, err := rules.Find(func(path string) ([]byte, error) {
		text, err := client.ReadFile(limited, what.repository, at, path, rules.MaxBytes+1)
		if errors.Is(err, gh.ErrNoFile) {
			err = fs.ErrNotExist
		}
		return text, err
	}, inputs.ConfigFile)
	r.warnEach(warnings)
	if _, isBroken := errors.AsType[problem.List](err); err != nil && !isBroken {
		return nil, &unreadableError{of, err}
	}
	return file, err
}

func (r *run) warnEach(warnings problem.List) {
	for _, one := range warnings {
		r.console.Annotate(levelWarning, place{File: one.File, Line: one.Line}, "Slipway: slipway.yml", one.Error())
	}
}

// onlyTouched leaves out the services that the change does not concern.
func (r *run) onlyTouched(ctx context.Context, made decision, what occasion, hub *hub, file *rules.File) decision {
	files, isComplete, change := r.changedFiles(ctx, what, hub)
	if !isComplete {
		return made
	}
	made.requests = slices.DeleteFunc(made.requests, func(one trigger.Request) bool {
		at := slices.IndexFunc(file.Services, func(service rules.Service) bool { return service.Name == one.Service })
		return at >= 0 && !trigger.Touched(file, file.Services[at], files, true)
	})
	if len(made.requests) == 0 {
		made.skip = fmt.Sprintf("no service of %s is touched by what changed from %s", file.Path, change)
	}
	return made
}

// changedFiles lists what a push or a pull request changes. Of a new branch, a forced
// push, or more than GitHub lists, it is not complete.
func (r *run) changedFiles(ctx context.Context, what occasion, hub *hub) (files []string, isComplete bool, change string) {
	event, base := what.event, ""
	switch {
	case what.isPull() && event.Action != "closed":
		base = event.PullRequest.BaseSHA
	case event.Name == gh.EventPush && event.Branch != "" && !event.Forced:
		base = event.Before
	}
	if base == "" || what.sha == "" {
		return nil, false, ""
	}
	var changed gh.Changed
	client, err := hub.reader()
	if err == nil {
		limited, cancel := context.WithTimeout(ctx, lookPatience)
		defer cancel()
		changed, err = client.ChangedFiles(limited, what.repository, base, what.sha)
	}
	if err != nil {
		if ctx.Err() == nil {
			r.console.Annotate(levelWarning, place{}, "Slipway: services", "All services run: what has changed is not known: "+err.Error())
		}
		return nil, false, ""
	}
	// What its base has gained since is not the pull request's.
	isComplete = changed.IsComplete() || what.isPull() && !changed.IsCut && changed.Relation != gh.RelationUnknown
	return changed.Files, isComplete, short(base) + " to " + short(what.sha)
}
