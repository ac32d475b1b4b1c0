package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/slipway-dev/slipway/internal/announce"
	"github.com/slipway-dev/slipway/internal/config"
	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/queue"
)

// begin says at GitHub that the Job is under way. What is said of its end comes by end,
// also when the context has ended by then.
func (r *running) begin(ctx context.Context, asked job.Job, inputs config.Action) {
	r.announcer = r.server.announcer(r.client, r.held.Number, r.todo, inputs.GitHubEnvironment)
	r.announcer.Begin(context.WithoutCancel(ctx), asked)
}

// announcer makes the one for a Job, whose number tells its GitHub Deployment from those
// of others, however often it is begun.
func (s *Server) announcer(client *gh.Client, number int64, todo errand, environment string) *announce.Announcer {
	about := announce.Subject{
		Repository: todo.Repository, SHA: todo.SHA, PullRequest: todo.Request.PullRequest, Run: number, Attempt: 1, Actor: todo.Actor,
	}
	if s.publicURL != "" {
		about.RunURL = s.publicURL + "/jobs/" + strconv.FormatInt(number, 10)
	}
	return announce.New(client, about, announce.Settings{
		CommitStatus: true, Deployment: true, Comment: announce.CommentOnChange, Environment: environment, IsOneOfSeveral: todo.IsOneOfSeveral,
	}, announce.Hooks{Redact: func(text string) string { return text }, Waiting: func(string) {}, Logger: s.logger})
}

// Tell sees to it that GitHub knows how a Job ended: one that ended before it began, or
// whose end GitHub did not take at the time.
func (s *Server) Tell(ctx context.Context, held *queue.Held) queue.End {
	err := s.tell(ctx, held)
	if err == nil {
		return queue.End{}
	}
	end := queue.End{Outcome: queue.Failed, Reason: err.Error()}
	if again, isLeft := decidePatience.next(held.Attempts); isLeft {
		end.Again = again
	}
	return end
}

func (s *Server) tell(ctx context.Context, held *queue.Held) error {
	ended, err := s.queue.Job(ctx, held.Parent)
	if errors.Is(err, queue.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	var kept record
	if ended.Result != nil {
		if err := json.Unmarshal(ended.Result, &kept); err != nil {
			return fmt.Errorf("read the result of Job %d: %w", ended.Number, err)
		}
	}
	if kept.IsTold {
		return nil
	}
	todo, err := readErrand(ended.Payload)
	if err != nil {
		return err
	}
	if kept.Result.Version == 0 { // it never began
		kept = s.unbegun(ctx, ended, todo)
	}
	if kept.Job.Target.Service == "" {
		return nil // it never had a Target, so that nothing was said of it
	}
	client, err := s.clients.Client(ctx, todo.Repository)
	if err != nil {
		return err
	}
	var untold []string
	for _, one := range s.announcer(client, ended.Number, todo, "").Settle(ctx, kept.Job, kept.Result, kept.Plan) {
		untold = append(untold, one.Text)
	}
	if len(untold) > 0 {
		return errors.New(strings.Join(untold, "; "))
	}
	return nil
}

// unbegun is what there is to say of a Job that ended before it began.
func (s *Server) unbegun(ctx context.Context, ended queue.Job, todo errand) record {
	verb, _ := todo.Request.Job()
	result := job.NewResult()
	result.Service, result.Environment, result.Commit = todo.Target.Service, todo.Target.Environment, todo.SHA
	switch ended.Outcome {
	case queue.Superseded:
		result.Status = job.Superseded
		result.SupersededReason = cmp.Or(strings.TrimPrefix(ended.Reason, "by "), s.describe(ctx, ended.SupersededBy, todo))
	case queue.Cancelled:
		result.Status, result.Error = job.Failed, &job.Failure{Reason: job.Cancelled, Message: "it was cancelled before it began", State: "Nothing was changed."}
	case queue.Done, queue.Failed:
		failure := deploy.Explain(errors.New(ended.Reason))
		result.Status, result.Error = job.Failed, &failure
	}
	asked := job.Job{Verb: verb, Target: todo.Target, Folder: todo.Request.Folder, Commit: todo.SHA}
	if verb == job.Preview {
		asked.Previews.Number = todo.Request.PullRequest
	}
	return record{Job: asked, Result: result}
}

// describe says what took the place of an errand.
func (s *Server) describe(ctx context.Context, by int64, todo errand) string {
	if newer, err := s.queue.Job(ctx, by); err == nil {
		if other, err := readErrand(newer.Payload); err == nil && other.SHA != todo.SHA {
			return "commit " + short(other.SHA)
		}
	}
	return "Job " + strconv.FormatInt(by, 10)
}
