package server

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/slipway-dev/slipway/internal/queue"
)

// logged has the log tell of what comes of each Job that a function runs, in a line each.
func (s *Server) logged(kind string, run func(context.Context, *queue.Held) queue.End) func(context.Context, *queue.Held) queue.End {
	return func(ctx context.Context, held *queue.Held) queue.End {
		logger := s.logger.With(about(kind, held)...)
		if kind == kindRun {
			logger.InfoContext(ctx, "job begun", "attempt", held.Attempts)
		}
		began := time.Now()
		end := run(ctx, held)
		level := slog.LevelInfo
		if end.Again > 0 || end.Outcome == queue.Failed {
			level = slog.LevelWarn
		}
		logger = logger.With("reason", end.Reason, "duration_ms", time.Since(began).Milliseconds())
		switch {
		case end.Again > 0:
			logger.Log(ctx, level, "job is tried again", "kind", kind, "after_ms", end.Again.Milliseconds())
		case kind == kindDecide:
			logger.Log(ctx, level, "delivery decided", "verdict", end.Verdict)
		case kind == kindRun:
			outcome := end.Outcome
			if outcome == "" {
				outcome = queue.Done
			}
			logger.Log(ctx, level, "job ended", "outcome", string(outcome))
		case end.Outcome == queue.Failed:
			logger.Log(ctx, level, "GitHub was not told how a job ended")
		}
		return end
	}
}

// about is what tells a Job from others.
func about(kind string, held *queue.Held) []any {
	if kind == kindDecide {
		return []any{"delivery", held.Delivery, "repository", strings.TrimPrefix(held.Lane, kindDecide+" ")}
	}
	number := held.Number
	if kind == kindTell {
		number = held.Parent
	}
	told := []any{"job", number}
	if task, err := readErrand(held.Payload); err == nil {
		told = append(told, "repository", task.Repository.String(), "sha", short(task.SHA), "verb", string(task.Request.Verb),
			"service", task.Request.Service, "environment", task.Target.Environment)
	}
	return told
}
