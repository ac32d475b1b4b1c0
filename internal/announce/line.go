package announce

import (
	"context"
	"errors"
	"time"

	"github.com/slipway-dev/slipway/internal/deploy"
	"github.com/slipway-dev/slipway/internal/gh"
	"github.com/slipway-dev/slipway/internal/job"
	"github.com/slipway-dev/slipway/internal/problem"
)

// line is what is told in one place while a Job goes on.
type line struct {
	place place

	begun   chan error         // gets what came of begin
	giveUp  context.CancelFunc // ends what begin still does
	told    chan error         // gets what came of what a signal brought
	unwatch func() bool        // ends the watch for signals; false when one came
}

// begun tells a place that a Job is under way.
func begun(ctx context.Context, one place, asked job.Job) *line {
	outliving, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	l := &line{place: one, begun: make(chan error, 1), giveUp: giveUp, told: make(chan error, 1)}
	go func() {
		l.begun <- problem.Guard(func() error { return one.begin(outliving, asked) })
	}()
	l.unwatch = context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		_ = l.settle()
		l.told <- problem.Guard(func() error { return one.cancelled(grace, asked) })
	})
	return l
}

// settle ends begin, so that nothing comes behind what is told next. A commit status
// keeps its own order, and goes on.
func (l *line) settle() error {
	if _, keepsOrder := l.place.(*commitStatus); keepsOrder {
		select {
		case err := <-l.begun:
			return err
		default: // it is under way, and ends when the next one begins
			return nil
		}
	}
	select {
	case err := <-l.begun:
		return err
	case <-time.After(beginGrace):
	}
	l.giveUp()
	return <-l.begun
}

// beginGrace is how long the end of a Job lets begin come to its own end.
const beginGrace = time.Second

// end tells how the Job ended.
func (l *line) end(ctx context.Context, result job.Result, plan deploy.Plan) error {
	defer l.giveUp()
	final := func(budget time.Duration, until <-chan struct{}) error {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), budget)
		defer cancel()
		go func() {
			select {
			case <-until:
				cancel()
			case <-limited.Done():
			}
		}()
		return problem.Guard(func() error { return l.place.end(limited, result, plan) })
	}
	if !l.unwatch() {
		// What the signal brought comes first, lest it came behind this.
		if err := <-l.told; isCancelled(result) {
			return err
		}
		return final(lastWord, nil)
	}
	if err := l.settle(); isDenied(err) {
		return err // again, were it tried
	}
	err := final(Budget, ctx.Done())
	if err != nil && ctx.Err() != nil {
		// A signal ended the patience; once more, in what time there is.
		return final(stopGrace, nil)
	}
	return err
}

func isDenied(err error) bool {
	_, ok := errors.AsType[*gh.PermissionError](err)
	return ok
}

func isCancelled(result job.Result) bool {
	return result.Error != nil && result.Error.Reason == job.Cancelled
}
