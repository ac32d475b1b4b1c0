package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/overview"
	"github.com/slipway-dev/slipway/internal/queue"
)

// Admin answers at the address for people and monitoring: the overview, what it shows
// as JSON, and what monitoring asks for.
func (s *Server) Admin() http.Handler {
	routes := http.NewServeMux()
	view := view{s}
	pages := overview.New(overview.Config{Reader: view, Manager: view, GitHubURL: s.clients.ServerURL(), Logger: s.logger})
	routes.Handle("/", overview.Guard(s.publicURL, pages))
	s.monitor(routes)
	return routes
}

// view shows the overview what the queue has.
type view struct{ server *Server }

// Jobs implements overview.Reader.
func (v view) Jobs(ctx context.Context, query overview.Query) ([]overview.Job, error) {
	var found []queue.Job
	var err error
	if query.IsOpen {
		found, err = v.open(ctx, query)
	} else {
		found, err = v.server.queue.Followed(ctx, query.Before, query.Most)
	}
	return shownAll(found), err
}

// open returns the Jobs that have not ended.
func (v view) open(ctx context.Context, query overview.Query) (found []queue.Job, err error) {
	for _, state := range []queue.State{queue.Running, queue.Ready, queue.Waiting} {
		some, err := v.server.queue.Pending(ctx, kindRun, state, query.Before, query.Most)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	slices.SortFunc(found, func(a, b queue.Job) int { return int(b.Number - a.Number) })
	return found[:min(len(found), query.Most)], nil
}

// Job implements overview.Reader.
func (v view) Job(ctx context.Context, number int64) (overview.Job, error) {
	found, err := v.server.queue.Job(ctx, number)
	if err != nil {
		return overview.Job{}, known(err)
	}
	one := shown(found)
	steps, err := v.server.queue.Steps(ctx, number)
	for _, step := range steps {
		one.Steps = append(one.Steps, overview.Step(step))
	}
	return one, err
}

// Log implements overview.Reader.
func (v view) Log(ctx context.Context, number, behind int64) (notes []overview.Note, hasEnded bool, err error) {
	found, hasEnded, err := v.server.queue.Notes(ctx, number, behind)
	return shownNotes(found), hasEnded, known(err)
}

// LogSoFar implements overview.Reader.
func (v view) LogSoFar(ctx context.Context, number int64) ([]overview.Note, error) {
	found, err := v.server.queue.NotesSoFar(ctx, number, 0)
	return shownNotes(found), err
}

// shownNotes leaves out what another version has written and cannot be read.
func shownNotes(found []queue.Note) (notes []overview.Note) {
	for _, one := range found {
		note := overview.Note{Number: one.Number, At: one.At}
		if json.Unmarshal(one.Body, &note.Event) == nil {
			notes = append(notes, note)
		}
	}
	return notes
}

// Targets implements overview.Reader.
func (v view) Targets(ctx context.Context, behind string, most int) (targets []overview.Target, next string, err error) {
	lane, err := base64.RawURLEncoding.DecodeString(behind)
	if err != nil {
		return nil, "", overview.ErrNone
	}
	standing, err := v.server.queue.Standing(ctx, string(lane), most+1)
	if err != nil {
		return nil, "", err
	}
	if len(standing) > most {
		standing = standing[:most]
		next = base64.RawURLEncoding.EncodeToString([]byte(standing[most-1].Lane))
	}
	for _, one := range standing {
		newest, err := v.server.queue.JobsIn(ctx, one.Lane, 1)
		if err != nil {
			return nil, "", err
		}
		target := overview.Target{Live: shown(one)}
		target.Newest = target.Live
		if len(newest) > 0 && newest[0].Number != one.Number {
			target.Newest = shown(newest[0])
		}
		targets = append(targets, target)
	}
	return targets, next, nil
}

// Deliveries implements overview.Reader.
func (v view) Deliveries(ctx context.Context, before int64, most int) ([]overview.Delivery, error) {
	found, err := v.server.queue.Deliveries(ctx, before, most)
	deliveries := make([]overview.Delivery, 0, len(found))
	for _, one := range found {
		jobs, err := v.server.queue.JobsOf(ctx, one.Number)
		if err != nil {
			return nil, err
		}
		delivery := overview.Delivery{
			Number: one.Number, ID: one.ID, Event: one.Event, Repository: one.Repository, ReceivedAt: one.ReceivedAt, Verdict: one.Verdict, Reason: one.Reason,
		}
		for _, made := range jobs {
			if made.Kind == kindRun {
				delivery.Jobs = append(delivery.Jobs, made.Number)
			}
		}
		deliveries = append(deliveries, delivery)
	}
	return deliveries, err
}

// Cancel implements overview.Manager.
func (v view) Cancel(ctx context.Context, number int64) (bool, error) {
	isStopped, err := v.server.queue.Cancel(ctx, number, "Cancelled by hand")
	return isStopped, known(err)
}

// Retry implements overview.Manager.
func (v view) Retry(ctx context.Context, number int64) (int64, error) {
	made, err := v.server.queue.Retry(ctx, number)
	return made, known(err)
}

// known is an error in the words of the overview.
func known(err error) error {
	if errors.Is(err, queue.ErrNone) {
		return overview.ErrNone
	}
	return err
}

func shownAll(jobs []queue.Job) []overview.Job {
	shownJobs := make([]overview.Job, 0, len(jobs))
	for _, one := range jobs {
		shownJobs = append(shownJobs, shown(one))
	}
	return shownJobs
}

// shown is a Job as people see it. What cannot be read of it, another version's, is left
// out.
func shown(one queue.Job) overview.Job {
	seen := overview.Job{
		Number: one.Number, Kind: one.Kind, State: string(one.State), Outcome: string(one.Outcome), Reason: one.Reason,
		Delivery: one.Delivery, SupersededBy: one.SupersededBy, Attempts: one.Attempts,
		CreatedAt: one.CreatedAt, DueAt: one.DueAt, StartedAt: one.StartedAt, EndedAt: one.EndedAt,
	}
	if task, err := readErrand(one.Payload); err == nil {
		seen.Verb, seen.Service, seen.Target = string(task.Request.Verb), task.Request.Service, &task.Target
		seen.Repository, seen.Event, seen.Commit, seen.Branch, seen.Tag = task.Repository.String(), task.Event, task.SHA, task.Branch, task.Tag
		seen.PullRequest, seen.Actor = task.Request.PullRequest, task.Actor
	}
	var kept struct {
		Result job.Result `json:"result"`
	}
	if one.State == queue.Ended && json.Unmarshal(one.Result, &kept) == nil && kept.Result.Version > 0 {
		seen.Result = &kept.Result
	}
	return seen
}
