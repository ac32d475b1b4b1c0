package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/queue"
)

// begin says at GitHub that the Job is under way. What is said of its end comes by end,
// also when the context has ended by then.
func (r *running) begin(ctx context.Context, asked job.Job) {
	r.announcer = r.server.announcer(r.client, r.held.Job, r.task, true, false)
	r.announcer.Begin(context.WithoutCancel(ctx), asked)
}

// tellEnd says at GitHub how the Job ended, and what became of previews that it took
// away. It reports whether there is nothing more to tell.
func (r *running) tellEnd(ctx context.Context, kept record) bool {
	var ended, retired []announce.Warning
	var group sync.WaitGroup
	group.Go(func() { ended = r.announcer.End(ctx, kept.Result, kept.Plan) })
	group.Go(func() { retired = r.announcer.Retire(ctx, kept.Job.Target, kept.Result) })
	group.Wait()
	isTold := true
	for _, one := range slices.Concat(ended, retired) {
		r.server.logger.WarnContext(ctx, "GitHub was not told of a Job's end", "warning", one.Text, "place", one.Place, "job", r.held.Number)
		isTold = isTold && one.IsRefused
	}
	return isTold
}

// announcer makes the one for a Job, whose number tells its GitHub Deployment from those
// of others, however often it is begun. One that was never begun tells the commit alone;
// isPast says that another has gone live since.
func (s *Server) announcer(client *gh.Client, one queue.Job, task errand, isBegun, isPast bool) *announce.Announcer {
	about := announce.Subject{
		Repository: task.Repository, SHA: task.SHA, PullRequest: task.Request.PullRequest, Tag: task.Tag, Release: task.Release,
		Run: one.Number, Attempt: 1, Actor: task.Actor, EndedAt: one.EndedAt, IsPast: isPast,
	}
	if s.publicURL != "" {
		about.RunURL = s.publicURL + "/jobs/" + strconv.FormatInt(one.Number, 10)
	}
	comment := announce.CommentNever
	if isBegun {
		comment = announce.CommentOnChange
	}
	values := task.question().Values
	return announce.New(client, about, announce.Settings{
		CommitStatus: true, Deployment: isBegun, Comment: comment, ReleaseNotes: values[config.ReleaseNotes].Text == "true",
		Environment: values[config.GitHubEnvironment].Text, IsOneOfSeveral: task.IsOneOfSeveral,
	}, announce.Hooks{Redact: func(text string) string { return text }, Waiting: func(string) {}, Logger: s.logger})
}

// Tell sees to it that GitHub knows how a Job ended: one that ended before it began, or
// whose end GitHub did not take at the time. Without such a Job it gives a Notice.
func (s *Server) Tell(ctx context.Context, held *queue.Held) queue.End {
	tell := s.tell
	if held.Parent == 0 {
		tell = s.giveNotice
	}
	isFinal, err := tell(ctx, held)
	if err == nil {
		return queue.End{}
	}
	end := queue.End{Outcome: queue.Failed, Reason: err.Error()}
	if again, isLeft := s.patient(err).next(held.Attempts); isLeft && !isFinal {
		end.Again = again
	}
	return end
}

// tell tells of the Job that has ended. isFinal says that trying again would not help.
func (s *Server) tell(ctx context.Context, held *queue.Held) (isFinal bool, err error) {
	ended, err := s.queue.Job(ctx, held.Parent)
	if errors.Is(err, queue.ErrNone) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	var kept record
	if ended.Result != nil {
		if err := json.Unmarshal(ended.Result, &kept); err != nil {
			return true, fmt.Errorf("read the result of Job %d: %w", ended.Number, err)
		}
	}
	if kept.IsTold && !s.isOvertaken(ctx, ended) {
		return true, nil
	}
	task, err := readErrand(ended.Payload)
	if err != nil {
		return true, err
	}
	isBegun := true
	if kept.Result.Version == 0 { // it came to no end of its own
		kept = s.unbegun(ctx, ended, task)
		// What has come in its place is told of where there is one place for all.
		isBegun = !ended.StartedAt.IsZero() || ended.Outcome != queue.Superseded
	}
	client, err := s.clients.Client(ctx, task.Repository)
	if err != nil {
		return false, err
	}
	announcer := s.announcer(client, ended, task, isBegun, s.isPast(ctx, ended))
	isFinal = true
	var untold []string
	for _, one := range slices.Concat(announcer.Settle(ctx, kept.Job, kept.Result, kept.Plan), announcer.Retire(ctx, kept.Job.Target, kept.Result)) {
		untold, isFinal = append(untold, one.Text), isFinal && one.IsRefused
	}
	if len(untold) > 0 {
		return isFinal, errors.New(strings.Join(untold, "; "))
	}
	return true, nil
}

// isOvertaken reports whether an earlier Job for the same commit was told of behind this
// one's end, as one that never began is: what the commit says then is not of this Job.
func (s *Server) isOvertaken(ctx context.Context, ended queue.Job) bool {
	task, err := readErrand(ended.Payload)
	if _, isOfTree := task.Request.Job(); err != nil || !isOfTree { // others say nothing of the commit
		return false
	}
	jobs, err := s.queue.JobsIn(ctx, ended.Lane, mostLookedAt)
	return err == nil && slices.ContainsFunc(jobs, func(one queue.Job) bool {
		other, err := readErrand(one.Payload)
		return err == nil && one.Number < ended.Number && one.Result == nil && other.SHA == task.SHA && other.Request.Verb == task.Request.Verb
	})
}

// mostLookedAt is how many Jobs of a lane are looked at, the newest.
const mostLookedAt = 20

// isPast reports whether another Job has gone live since in the same Target.
func (s *Server) isPast(ctx context.Context, ended queue.Job) bool {
	jobs, err := s.queue.JobsIn(ctx, ended.Lane, mostLookedAt)
	return err == nil && slices.ContainsFunc(jobs, func(one queue.Job) bool {
		return one.Number > ended.Number && (one.IsLive || one.Outcome == queue.Done)
	})
}

// unbegun is what there is to say of a Job that ended before it began.
func (s *Server) unbegun(ctx context.Context, ended queue.Job, task errand) record {
	result := job.NewResult()
	result.Service, result.Environment, result.Commit = task.Target.Service, task.Target.Environment, task.SHA
	switch ended.Outcome {
	case queue.Superseded:
		result.Status = job.Superseded
		result.SupersededReason = cmp.Or(strings.TrimPrefix(ended.Reason, "by "), s.describe(ctx, ended.SupersededBy, task))
	case queue.Cancelled:
		result.Status, result.Error = job.Failed, &job.Failure{Reason: job.Cancelled, Message: "it was cancelled before it began", State: "Nothing was changed."}
	case queue.Done, queue.Failed:
		failure := deploy.Explain(errors.New(ended.Reason))
		result.Status, result.Error = job.Failed, &failure
	}
	return record{Job: task.asked(), Result: result}
}

// describe says what took the place of an errand.
func (s *Server) describe(ctx context.Context, by int64, task errand) string {
	if newer, err := s.queue.Job(ctx, by); err == nil {
		if other, err := readErrand(newer.Payload); err == nil && other.SHA != task.SHA {
			return "commit " + short(other.SHA)
		}
	}
	return "Job " + strconv.FormatInt(by, 10)
}
