package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/grants"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/pipeline"
	"github.com/slipway-dev/slipway/internal/problem"
	"github.com/slipway-dev/slipway/internal/queue"
	"github.com/slipway-dev/slipway/internal/report"
	"github.com/slipway-dev/slipway/internal/source"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// record is what is kept of a Job that has come to an end.
type record struct {
	Job    job.Job     `json:"job"`
	Result job.Result  `json:"result"`
	Plan   deploy.Plan `json:"plan"`
	// IsTold says that GitHub has been told of the end.
	IsTold bool `json:"is_told"`
}

// Run carries an errand out.
func (s *Server) Run(ctx context.Context, held *queue.Held) queue.End {
	task, err := readErrand(held.Payload)
	if err != nil {
		return queue.End{Outcome: queue.Failed, Reason: err.Error()}
	}
	client, err := s.clients.Client(ctx, task.Repository)
	var by string
	running := &running{server: s, held: held, task: task, client: client, isLive: held.IsLive}
	if err == nil {
		by, err = running.newer(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return queue.End{Outcome: queue.Cancelled, Reason: context.Cause(ctx).Error()} // or superseded, as the queue knows
	case err != nil:
		return s.unable(ctx, held, task, err)
	case by != "":
		return queue.End{Outcome: queue.Superseded, Reason: "by " + by}
	}
	outcome, err := running.perform(ctx)
	return running.end(ctx, outcome, err)
}

// unable is the end of a Job for which GitHub could not be asked what it has to know:
// it is tried again, unless that was often enough.
func (s *Server) unable(ctx context.Context, held *queue.Held, task errand, err error) queue.End {
	if again, isLeft := s.patient(err).next(held.Attempts); isLeft {
		return queue.End{Again: again, Reason: err.Error()}
	}
	running := &running{server: s, held: held, task: task}
	outcome, err := running.refused(err)
	return running.end(ctx, outcome, err)
}

// running is an errand under way.
type running struct {
	server    *Server
	held      *queue.Held
	task      errand
	client    *gh.Client
	grant     *grants.Grant       // nil before server.yml was asked
	announcer *announce.Announcer // nil before the Job has a Target
	isLive    bool                // it has passed the point up to which another takes its place, in this try or an earlier one
}

// perform does what is to be done, and says so at GitHub once it is known where.
func (r *running) perform(ctx context.Context) (pipeline.Outcome, error) {
	grant, err := r.server.grants.File().Grant(r.task.question())
	if err != nil {
		return r.refused(err)
	}
	if grant.Lane() != r.held.Lane { // others may run where it would go, and its Steps may have begun elsewhere
		return r.refused(&problem.Problem{
			Message: fmt.Sprintf("server.yml has moved the service %s since this was decided", r.task.Request.Service),
			Fix:     "Push another commit, by which it is decided anew.",
		})
	}
	r.grant = grant
	values, getenv, err := grant.Use(r.server.getenv)
	if err != nil { // it is for who runs the server, and names what others need not know
		r.server.logger.ErrorContext(ctx, "server.yml cannot be used", "repository", r.task.Repository.String(), "job", r.held.Number, "error", err)
		return r.refused(&problem.Problem{Message: "the server cannot read the credentials or variables that it has for this", Fix: "Its log tells who runs it why."})
	}
	inputs, err := config.ReadAction(values, getenv)
	var problems problem.List
	if rest := problems.Take(err); rest != nil {
		return r.refused(rest)
	}
	verb, needsTree := r.task.Request.Job()
	wanted := pipeline.FolderDeploy{
		Settings: inputs.Deploy, Values: values, Problems: problems, Commit: r.task.SHA, Getenv: getenv,
		UserAgent: r.server.userAgent, Logger: r.server.logger.With("job", r.held.Number), Progress: r.note,
		Targeted: func(asked job.Job) { r.begin(ctx, asked) },
		Previews: r.previews(inputs, grant), IsTag: verb == job.Tag, PromoteFrom: r.task.Request.PromoteFrom,
		Steps: r, Limiter: r.server.limiter(grant.Account.ID()), Observe: r.server.called, Repeated: r.server.repeated, IsOpen: r.isOpen, Newer: r.newer,
	}
	switch {
	case needsTree:
		folder, remove, err := r.checkOut(ctx)
		defer remove()
		if err != nil {
			return r.refused(err)
		}
		wanted.Warnings = notes(grant)
		wanted.Top, wanted.Settings.WorkingDirectory = folder, filepath.Join(folder, filepath.FromSlash(r.task.Request.Folder))
		return pipeline.DeployFolder(ctx, wanted)
	case verb == job.Sweep:
		return pipeline.SweepPreviews(ctx, wanted)
	}
	release := pipeline.ReleaseOf(inputs.Release)
	release.From = cmp.Or(release.From, r.task.Request.PromoteFrom)
	return pipeline.ChangeRelease(ctx, pipeline.ReleaseChange{FolderDeploy: wanted, Verb: verb, Release: release})
}

// notes are what holds in place of what slipway.yml asks for.
func notes(grant *grants.Grant) (told problem.List) {
	for _, one := range grant.Notes {
		told.Add(one, "")
	}
	return told
}

// refused is the Outcome of an errand that did not get as far as a Job.
func (r *running) refused(err error) (pipeline.Outcome, error) {
	result := job.NewResult()
	failure := deploy.Explain(err)
	failure.State = "Nothing was changed."
	result.Service, result.Environment, result.Commit = r.task.Target.Service, r.task.Target.Environment, r.task.SHA
	result.Status, result.Error = job.Failed, &failure
	return pipeline.Outcome{Result: result}, err
}

// checkOut unpacks the tree of the commit into a folder of its own. remove takes it away
// again.
func (r *running) checkOut(ctx context.Context) (folder string, remove func(), err error) {
	folder, err = os.MkdirTemp(r.server.scratch, fmt.Sprintf("job-%d-", r.held.Number))
	if err != nil {
		return "", func() {}, fmt.Errorf("make a folder for the commit: %w", err)
	}
	remove = func() {
		if err := os.RemoveAll(folder); err != nil {
			r.server.logger.WarnContext(ctx, "a folder was left behind", "folder", folder, "error", err)
		}
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	packed, err := r.client.Tarball(ctx, r.task.Repository, r.task.SHA)
	if err != nil {
		return "", remove, err
	}
	defer func() { _ = packed.Close() }()
	slow := time.AfterFunc(r.server.unpackIn, func() { // lest one that trickles holds its worker for ever
		end(fmt.Errorf("the commit's tree did not come within %s", r.server.unpackIn))
	})
	defer slow.Stop()
	return folder, remove, source.Unpack(ctx, packed, folder, source.Limits{})
}

// previews are the rules by which previews go, with the number of the one to make.
func (r *running) previews(inputs config.Action, grant *grants.Grant) job.Previews {
	rules := job.Previews{Most: inputs.Previews.Max, TTL: inputs.Previews.TTL, LikeService: grant.LikeService}
	if r.task.Request.Verb == trigger.Preview {
		rules.Number = r.task.Request.PullRequest
	}
	return rules
}

// Do runs a Step of the Job, or returns the result that is stored of it. In front of the
// one that takes the Build live the Job passes the point up to which another takes its
// place.
func (r *running) Do(ctx context.Context, name string, step func(context.Context) ([]byte, error)) ([]byte, error) {
	if slices.Contains(deploy.GoingLive(), name) {
		if err := r.held.GoLive(ctx); err != nil {
			return nil, err // the queue's, by which the end is told
		}
		r.isLive = true
	}
	return r.held.Do(ctx, name, step)
}

// newer says what is to be live in place of this commit: nothing, once it has gone live,
// or may have.
func (r *running) newer(ctx context.Context) (string, error) {
	if r.isLive {
		return "", nil
	}
	return r.task.passedBy(ctx, r.client)
}

func (r *running) isOpen(ctx context.Context, number int) (bool, error) {
	pull, err := r.client.PullRequest(ctx, r.task.Repository, number)
	return pull.IsOpen, err
}

// note keeps what happens for those who watch.
func (r *running) note(event job.Event) {
	if event.Kind == job.Moved { // too often to be kept
		return
	}
	if text, err := json.Marshal(event); err == nil {
		r.held.Note(text)
	}
}

// end stores and tells how it ended.
func (r *running) end(ctx context.Context, outcome pipeline.Outcome, err error) queue.End {
	if superseded, ok := errors.AsType[*queue.SupersededError](cmp.Or(err, context.Cause(ctx))); ok && !outcome.Result.Status.IsLive() {
		outcome.Result = r.superseded(ctx, outcome.Result, superseded.By)
	}
	isCancelled := errors.Is(context.Cause(ctx), queue.ErrCancelled)
	if failure := outcome.Result.Error; isCancelled && failure != nil && errors.Is(err, queue.ErrCancelled) {
		failure.Reason, failure.Message, failure.Hint = job.Cancelled, "it was cancelled", ""
	}
	result := outcome.Result
	end := queue.End{Reason: report.OneLine(result)}
	switch {
	case result.Status == job.Superseded:
		end.Outcome = queue.Superseded
	case result.Error == nil:
		end.Outcome = queue.Done
	case isCancelled:
		end.Outcome = queue.Cancelled
	default:
		end.Outcome = queue.Failed
		if again, isLeft := r.server.persevering().next(r.held.Attempts); isLeft && mayPass(result.Error.Reason, err) {
			end.Again = again
			return end // it is not over, and the commit stays pending
		}
	}
	end.Stands, end.Cleared = r.stand(result)
	kept := record{Job: outcome.Job, Result: result, Plan: outcome.Plan}
	if kept.Job.Target.Service == "" { // it did not get as far as a Target, and is told of by another Job
		kept.Job = r.task.asked()
	}
	if r.announcer == nil && len(result.RemovedPreviews) > 0 { // by a sweep, of which nothing else is told
		r.announcer = r.server.announcer(r.client, r.held.Job, r.task, true, false)
	}
	if r.announcer != nil {
		kept.IsTold = r.tellEnd(context.WithoutCancel(ctx), kept)
	}
	end.Result, err = json.Marshal(kept)
	if err != nil {
		r.server.logger.ErrorContext(ctx, "the result of a Job cannot be kept", "job", r.held.Number, "error", err)
	}
	return end
}

// mayPass says that a failure may pass by itself. That of an Environment that was taken
// away does not: the Steps that are stored lead to no other.
func mayPass(reason job.Reason, err error) bool {
	_, isGone := errors.AsType[*deploy.EnvironmentGoneError](err)
	return !isGone && (reason == job.TimedOut || reason == job.Internal)
}

// superseded is the Result of a Job that another one took the place of.
func (r *running) superseded(ctx context.Context, so job.Result, by int64) job.Result {
	so.Status, so.Error, so.Changed = job.Superseded, nil, false
	so.SupersededReason = r.server.describe(context.WithoutCancel(ctx), by, r.task)
	return so
}
