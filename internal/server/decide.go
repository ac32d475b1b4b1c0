package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/grants"
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
	kindSweep  = "sweep"
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
	// refused are why something, or all, is not done: for the people of the repository.
	refused []error
}

// Decide finds out what a Delivery asks for, by slipway.yml as it is at the commit, or
// at the base of a pull request, and by server.yml.
func (s *Server) Decide(ctx context.Context, held *queue.Held) queue.End {
	deciding := &deciding{server: s}
	made, err := deciding.decide(ctx, held)
	if again, isLeft := s.patient(err).next(held.Attempts); err != nil && isLeft && ctx.Err() == nil {
		return queue.End{Again: again, Reason: err.Error()}
	}
	end := queue.End{Verdict: made.verdict, Reason: made.reason, Then: made.jobs}
	if err != nil {
		end = queue.End{Outcome: queue.Failed, Verdict: verdictFailed, Reason: err.Error()}
	}
	told, isTold := deciding.notice(ctx, held, made, err)
	if !isTold || ctx.Err() != nil {
		return end
	}
	wanted, err := told.wanted()
	if err != nil {
		s.logger.ErrorContext(ctx, "a refusal cannot be told", "job", held.Number, "error", err)
		return end
	}
	end.Then = append(end.Then, wanted)
	return end
}

// notice is what the commit is told of the decision, if anything is. What was refused
// and is not any more, since it was decided anew, is told as well.
func (d *deciding) notice(ctx context.Context, held *queue.Held, made decision, err error) (told notice, isTold bool) {
	told = notice{Repository: d.event.Repository, SHA: d.sha}
	switch {
	case d.sha == "":
		return notice{}, false
	case err != nil: // which may name what is the server's alone
		told.State, told.Description = gh.StateError, "What is to be done could not be found out; the server's log has why"
		return told, true
	case len(made.refused) > 0:
		told.State, told.Description = gh.StateFailure, whyRefused(made.refused)
		return told, true
	}
	before, err := d.server.queue.JobsOf(ctx, held.Delivery)
	isDoubted := err == nil && slices.ContainsFunc(before, func(one queue.Job) bool { return one.Kind == kindTell && one.Parent == 0 })
	told.State, told.Description = gh.StateSuccess, oneLine(made.verdict+": "+made.reason)
	return told, isDoubted
}

// decide decides. The error is one that may pass.
func (d *deciding) decide(ctx context.Context, held *queue.Held) (decision, error) {
	delivery, err := d.server.queue.Delivery(ctx, held.Delivery)
	if err != nil {
		return decision{}, err
	}
	d.at = delivery.ReceivedAt
	d.event, err = gh.ParseEvent(delivery.Event, delivery.Body)
	if err != nil {
		return decision{verdict: verdictRefused, reason: err.Error()}, nil //nolint:nilerr // it is about the payload, and told.
	}
	asked := trigger.Asked{Command: "auto", HasCredentials: true}
	whatever, err := trigger.Decide(d.event, nil, asked)
	if err == nil && whatever.Skip != "" { // which no rules change
		return skipped(whatever.Skip), nil
	}
	if d.client, err = d.server.clients.Client(ctx, d.event.Repository); err != nil {
		return decision{}, err
	}
	if err := d.findCommit(ctx); err != nil {
		return decision{}, err
	}
	file, err := rulesAt(ctx, d.client, d.event.Repository, d.rulesSHA())
	switch {
	case isRefused(err):
		return refused(err), nil
	case err != nil:
		return decision{}, err
	case file == nil:
		return skipped(fmt.Sprintf("there is no %s at %s, by which the server knows what to do", rules.Path, short(d.rulesSHA()))), nil
	}
	decided, err := trigger.Decide(d.event, file, asked)
	switch {
	case err != nil: // it is about the file
		return refused(err), nil
	case decided.Skip != "":
		return skipped(decided.Skip), nil
	}
	requests, skip, err := d.touched(ctx, file, decided.Requests)
	if err != nil || skip != "" {
		return skipped(skip), err
	}
	return d.jobs(ctx, requests, file)
}

func skipped(why string) decision { return decision{verdict: verdictSkipped, reason: why} }

func refused(err error) decision {
	return decision{verdict: verdictRefused, reason: err.Error(), refused: []error{err}}
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
	if err != nil && !gh.IsRefusal(err) {
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
func (d *deciding) jobs(ctx context.Context, requests []trigger.Request, file *rules.File) (decision, error) {
	made := decision{verdict: verdictRefused}
	var reasons []string
	for _, request := range requests {
		task := errand{
			Repository: d.event.Repository, Event: d.event.Name, SHA: d.sha, Branch: d.event.Branch, Tag: d.event.Tag, Release: d.event.Release.ID,
			Actor: d.event.Sender, DeliveredAt: d.at, Request: request, IsOneOfSeveral: len(file.Services) > 1,
		}
		grant, err := d.server.grants.File().Grant(task.question())
		if err != nil {
			made.refused, reasons = append(made.refused, err), append(reasons, err.Error())
			continue
		}
		wanted, told, err := d.wanted(ctx, task, grant)
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
func (d *deciding) wanted(ctx context.Context, task errand, grant *grants.Grant) (wanted queue.Wanted, told string, err error) {
	task.Target = grant.Target
	payload, err := task.encode()
	if err != nil {
		return queue.Wanted{}, "", err
	}
	wanted = queue.Wanted{
		Kind: kindRun, Lane: grant.Lane(), Payload: payload, Follow: kindTell,
		Supersedes: task.Request.Verb != trigger.Sweep,
	}
	by, err := task.passedBy(ctx, d.client)
	if err != nil {
		return queue.Wanted{}, "", err
	}
	if isSame, err := d.isSame(ctx, wanted.Lane, task); err != nil {
		return queue.Wanted{}, "", err
	} else if isSame {
		wanted.Supersedes = false
	}
	told = fmt.Sprintf("%s %s to %s", task.Request.Verb, task.Request.Service, grant.Target.Environment)
	if by != "" {
		wanted.Outcome, wanted.Reason = queue.Superseded, "by "+by
		told += ", superseded by " + by
	}
	return wanted, told, nil
}

// isSame reports whether the newest Job of a lane is for the same commit, and is not
// over: a tag and its GitHub Release are several events, of which each but the first
// finds all done. To begin anew would only take longer.
func (d *deciding) isSame(ctx context.Context, lane string, task errand) (bool, error) {
	newest, err := d.server.queue.JobsIn(ctx, lane, 1)
	if err != nil || len(newest) == 0 || newest[0].State == queue.Ended {
		return false, err
	}
	other, err := readErrand(newest[0].Payload)
	return err == nil && other.SHA == task.SHA && other.Request.Verb == task.Request.Verb, nil
}

// question is what server.yml is asked about an errand.
func (e errand) question() grants.Question {
	nothing := func(string) string { return "" }
	notGiven := func(string) (string, bool) { return "", false }
	isPreview := e.Request.PullRequest > 0 || e.Request.Verb == trigger.Sweep
	return grants.Question{
		Repository: e.Repository.String(), Service: e.Request.Service, IsPreview: isPreview, PullRequest: e.Request.PullRequest, PromoteFrom: e.Request.PromoteFrom,
		Values: e.Request.Settings(config.Resolve(append(config.Inputs(), config.GitHubSettings()...), notGiven, nothing)),
	}
}
