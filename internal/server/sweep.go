package server

import (
	"context"
	"slices"
	"time"

	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/queue"
	"github.com/slipway-dev/slipway/internal/rules"
	"github.com/slipway-dev/slipway/internal/trigger"
)

// firstSweep is how long a server works before its first sweep, and at most how long
// until it sees that there is something to sweep.
const firstSweep = 10 * time.Minute

// keepSwept has the previews that nobody needs looked for, until ctx ends: a Delivery
// that never came tells of no pull request's end.
func (s *Server) keepSwept(ctx context.Context) {
	wait := min(s.sweepEvery, firstSweep)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		left, err := s.addSweeps(ctx, time.Now())
		if err != nil && ctx.Err() == nil {
			s.logger.WarnContext(ctx, "previews that nobody needs could not be looked for", "error", err)
		}
		wait = min(left, s.sweepEvery, firstSweep)
	}
}

// addSweeps stores a Job for each service that may have previews, unless the last ones
// are not over, or not long ago; then it returns how long to wait.
func (s *Server) addSweeps(ctx context.Context, now time.Time) (wait time.Duration, err error) {
	for _, state := range []queue.State{queue.Running, queue.Ready, queue.Waiting} {
		open, err := s.queue.Open(ctx, kindSweep, state, 1)
		if err != nil || len(open) > 0 {
			return s.sweepEvery, err
		}
	}
	last, err := s.queue.EndedJobs(ctx, kindSweep, queue.Job{}, 1)
	if err != nil {
		return s.sweepEvery, err
	}
	if len(last) > 0 && now.Sub(last[0].EndedAt) < s.sweepEvery {
		return s.sweepEvery - now.Sub(last[0].EndedAt), nil
	}
	wanted, err := s.sweeps(now)
	if err == nil && len(wanted) > 0 {
		_, err = s.queue.Add(ctx, wanted...)
	}
	return s.sweepEvery, err
}

// sweeps are the Jobs, by server.yml alone: previews stay behind as well when slipway.yml
// has none any more.
func (s *Server) sweeps(now time.Time) (wanted []queue.Wanted, err error) {
	file := s.grants.File()
	for _, repository := range file.Repositories {
		name, err := gh.ParseRepository(repository.Name)
		if err != nil {
			return nil, err
		}
		for _, service := range repository.Services {
			if service.Previews == nil {
				continue
			}
			task := errand{Repository: name, Event: gh.EventSchedule, DeliveredAt: now, Request: trigger.Request{Verb: trigger.Sweep, Service: service.Name}}
			grant, err := file.Grant(task.question())
			if err != nil {
				return nil, err
			}
			task.Target, task.IsOneOfSeveral = grant.Target, len(repository.Services) > 1
			payload, err := task.encode()
			if err != nil {
				return nil, err
			}
			wanted = append(wanted, queue.Wanted{Kind: kindSweep, Lane: grant.Lane(), Payload: payload})
		}
	}
	return wanted, nil
}

// Sweep takes away the previews of a service that nobody needs.
func (s *Server) Sweep(ctx context.Context, held *queue.Held) queue.End {
	task, err := readErrand(held.Payload)
	if err != nil {
		return queue.End{Outcome: queue.Failed, Reason: err.Error()}
	}
	client, err := s.clients.Client(ctx, task.Repository)
	if err == nil {
		task, err = s.withRules(ctx, client, task)
	}
	if err != nil {
		return s.unable(ctx, held, task, err)
	}
	running := &running{server: s, held: held, task: task, client: client}
	outcome, err := running.perform(ctx)
	return running.end(ctx, outcome, err)
}

// withRules adds what slipway.yml says of the previews at the head of the default
// branch, as far as server.yml allows it. A file that is not there, or broken, says
// nothing: closed pull requests need no rules.
func (s *Server) withRules(ctx context.Context, client *gh.Client, task errand) (errand, error) {
	var file *rules.File
	head, err := client.DefaultHead(ctx, task.Repository)
	if err == nil {
		task.SHA = head
		file, err = rulesAt(ctx, client, task.Repository, head)
	}
	if err != nil && !isRefused(err) && !gh.IsRefusal(err) {
		return task, err
	}
	if err != nil || file == nil {
		return task, nil //nolint:nilerr // it says nothing.
	}
	at := slices.IndexFunc(file.Services, func(one rules.Service) bool { return one.Name == task.Request.Service })
	if at < 0 || file.Services[at].Previews == nil {
		return task, nil
	}
	ruled := task
	ruled.Request.Layer, ruled.IsOneOfSeveral = file.Services[at].Previews, len(file.Services) > 1
	if _, err := s.grants.File().Grant(ruled.question()); err != nil {
		return task, nil //nolint:nilerr // what is not allowed says nothing either.
	}
	return ruled, nil
}
