package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/queue"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// What is decided about a Delivery, in a word.
const (
	verdictQueued  = "queued"  // there are Jobs for it
	verdictSkipped = "skipped" // there is nothing to do on it
	verdictRefused = "refused" // slipway.yml, or what it asks for, will not do
	verdictFailed  = "failed"  // it could not be decided
)

// The kinds of Jobs.
const (
	kindDecide = "decide"
	kindRun    = "run"
	kindTell   = "tell"
)

// decideWanted is the Job that decides a Delivery. Those of one repository are decided
// in order.
func decideWanted(repository string) queue.Wanted {
	return queue.Wanted{Kind: kindDecide, Lane: kindDecide + " " + strings.ToLower(repository)}
}

// decision is what comes of a Delivery.
type decision struct {
	verdict, reason string
	jobs            []queue.Wanted
}

// Decide finds out what a Delivery asks for, by slipway.yml as it is at the commit, or
// at the base of a pull request, and by server.yml.
func (s *Server) Decide(ctx context.Context, held *queue.Held) queue.End {
	made, err := s.decide(ctx, held)
	if err != nil {
		if again, isLeft := decidePatience.next(held.Attempts); isLeft && ctx.Err() == nil {
			return queue.End{Again: again, Reason: err.Error()}
		}
		return queue.End{Outcome: queue.Failed, Verdict: verdictFailed, Reason: err.Error()}
	}
	return queue.End{Verdict: made.verdict, Reason: made.reason, Then: made.jobs}
}

// decide decides. The error is one that may pass.
func (s *Server) decide(ctx context.Context, held *queue.Held) (decision, error) {
	delivery, err := s.queue.Delivery(ctx, held.Delivery)
	if err != nil {
		return decision{}, err
	}
	event, err := gh.ParseEvent(delivery.Event, delivery.Body)
	if err != nil {
		return decision{verdict: verdictRefused, reason: err.Error()}, nil //nolint:nilerr // it is about the payload, and told.
	}
	asked := trigger.Asked{Command: "auto", HasCredentials: true}
	whatever, err := trigger.Decide(event, nil, asked)
	if err == nil && whatever.Skip != "" { // which no rules change
		return decision{verdict: verdictSkipped, reason: whatever.Skip}, nil
	}
	client, err := s.clients.Client(ctx, event.Repository)
	if err != nil {
		return decision{}, err
	}
	deciding := deciding{server: s, client: client, event: event, at: delivery.ReceivedAt}
	if err := deciding.findCommit(ctx); err != nil {
		return decision{}, err
	}
	file, err := rulesAt(ctx, client, event.Repository, deciding.rulesSHA())
	if broken, isBroken := errors.AsType[problem.List](err); isBroken {
		return decision{verdict: verdictRefused, reason: broken.Error()}, nil
	}
	if err != nil {
		return decision{}, err
	}
	if file == nil {
		return decision{verdict: verdictSkipped, reason: fmt.Sprintf("there is no %s at %s, by which the server knows what to do", rules.Path, short(deciding.rulesSHA()))}, nil
	}
	decided, err := trigger.Decide(event, file, asked)
	if err != nil {
		return decision{verdict: verdictRefused, reason: err.Error()}, nil //nolint:nilerr // it is about the file, and told.
	}
	if decided.Skip != "" {
		return decision{verdict: verdictSkipped, reason: decided.Skip}, nil
	}
	requests, skip, err := deciding.touched(ctx, file, decided.Requests)
	if err != nil || skip != "" {
		return decision{verdict: verdictSkipped, reason: skip}, err
	}
	return deciding.jobs(ctx, requests, len(file.Services) > 1)
}

// deciding is a Delivery that is looked at.
type deciding struct {
	server *Server
	client *gh.Client
	event  gh.Event
	at     time.Time
	// sha is the commit that it is about.
	sha string
}

// findCommit finds the commit that the event is about: the payload of a GitHub Release
// names its tag alone.
func (d *deciding) findCommit(ctx context.Context) (err error) {
	d.sha = d.event.SHA
	switch {
	case d.event.PullRequest.Number > 0:
		d.sha = d.event.PullRequest.HeadSHA
	case d.sha == "" && d.event.Tag != "":
		d.sha, err = d.client.TagCommit(ctx, d.event.Repository, d.event.Tag)
	}
	return err
}

// rulesSHA is the commit whose slipway.yml holds: what a pull request proposes must not
// choose where it goes.
func (d *deciding) rulesSHA() string {
	if d.event.PullRequest.Number > 0 {
		return d.event.PullRequest.BaseSHA
	}
	return d.sha
}

// touched leaves out the services that the change does not concern; skip says that it
// concerns none.
func (d *deciding) touched(ctx context.Context, file *rules.File, requests []trigger.Request) (left []trigger.Request, skip string, err error) {
	base, isPull := "", d.event.PullRequest.Number > 0
	switch {
	case isPull && d.event.Action != "closed":
		base = d.event.PullRequest.BaseSHA
	case d.event.Name == gh.EventPush && d.event.Branch != "" && !d.event.Forced:
		base = d.event.Before
	}
	if len(file.Services) < 2 || base == "" {
		return requests, "", nil
	}
	changed, err := d.client.ChangedFiles(ctx, d.event.Repository, base, d.sha)
	if err != nil {
		return nil, "", err
	}
	// What its base has gained since is not the pull request's.
	isComplete := changed.IsComplete() || isPull && !changed.IsCut && changed.Relation != gh.RelationUnknown
	left = slices.DeleteFunc(slices.Clone(requests), func(one trigger.Request) bool {
		at := slices.IndexFunc(file.Services, func(service rules.Service) bool { return service.Name == one.Service })
		return at >= 0 && !trigger.Touched(file, file.Services[at], changed.Files, isComplete)
	})
	if len(left) == 0 {
		skip = fmt.Sprintf("no service of %s is touched by what changed from %s to %s", file.Path, short(base), short(d.sha))
	}
	return left, skip, nil
}

// jobs makes Jobs of what server.yml allows of the Requests.
func (d *deciding) jobs(ctx context.Context, requests []trigger.Request, isOneOfSeveral bool) (decision, error) {
	made := decision{verdict: verdictRefused}
	var reasons []string
	for _, request := range requests {
		todo := errand{
			Repository: d.event.Repository, Event: d.event.Name, SHA: d.sha, Branch: d.event.Branch, Tag: d.event.Tag,
			Actor: d.event.Sender, DeliveredAt: d.at, Request: request, IsOneOfSeveral: isOneOfSeveral,
		}
		grant, err := d.server.grants.File().Grant(todo.question())
		if err != nil {
			reasons = append(reasons, err.Error())
			continue
		}
		wanted, told, err := d.wanted(ctx, todo, grant)
		if err != nil {
			return decision{}, err
		}
		made.verdict, made.jobs, reasons = verdictQueued, append(made.jobs, wanted), append(reasons, told)
	}
	made.reason = strings.Join(reasons, "; ")
	return made, nil
}

// wanted is the Job for an errand. One that was passed by already takes nobody's place,
// and is kept for who looks for it.
func (d *deciding) wanted(ctx context.Context, todo errand, grant *grants.Grant) (wanted queue.Wanted, told string, err error) {
	todo.Target = grant.Target
	payload, err := todo.encode()
	if err != nil {
		return queue.Wanted{}, "", err
	}
	wanted = queue.Wanted{
		Kind: kindRun, Lane: grant.Lane(), Payload: payload, Follow: kindTell,
		Supersedes: todo.Request.Verb != trigger.Sweep,
	}
	by, err := todo.passedBy(ctx, d.client)
	if err != nil {
		return queue.Wanted{}, "", err
	}
	told = fmt.Sprintf("%s %s to %s", todo.Request.Verb, todo.Request.Service, grant.Target.Environment)
	if by != "" {
		wanted.Outcome, wanted.Reason = queue.Superseded, "by "+by
		told += ", superseded by " + by
	}
	return wanted, told, nil
}

// question is what server.yml is asked about an errand.
func (e errand) question() grants.Question {
	nothing := func(string) string { return "" }
	notGiven := func(string) (string, bool) { return "", false }
	isPreview := e.Request.PullRequest > 0 || e.Request.Verb == trigger.Sweep
	return grants.Question{
		Repository: e.Repository.String(), Service: e.Request.Service, IsPreview: isPreview, PullRequest: e.Request.PullRequest,
		Values: e.Request.Settings(config.Resolve(append(config.Inputs(), config.GitHubSettings()...), notGiven, nothing)),
	}
}
