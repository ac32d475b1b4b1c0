package queue

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// ErrNone says that there is nothing of the number that was asked for.
var ErrNone = errors.New("there is none of this number")

const jobColumns = `seq, kind, lane, payload, delivery, parent, superseded_by, state, outcome, reason, is_live, attempts, result,
	created_at, due_at, started_at, ended_at`

// Job returns one by its number. The error matches ErrNone when there is none.
func (q *Queue) Job(ctx context.Context, number int64) (Job, error) {
	return one(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE seq = ?", number)
}

// JobsOf returns the Jobs that came of a Delivery, oldest first.
func (q *Queue) JobsOf(ctx context.Context, delivery int64) ([]Job, error) {
	return many(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE delivery = ? ORDER BY seq", delivery)
}

// Open returns the Jobs of a kind that are in a state other than Ended, in the order in
// which they were stored.
func (q *Queue) Open(ctx context.Context, kind string, state State, most int) ([]Job, error) {
	return many(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE state <> 'ended' AND kind = ? AND state = ? ORDER BY seq LIMIT ?", kind, state, most)
}

// Pending returns what Open does, newest first, from before a number on; 0 means from the
// newest on.
func (q *Queue) Pending(ctx context.Context, kind string, state State, before int64, most int) ([]Job, error) {
	return many(ctx, q, scanJob, "SELECT "+jobColumns+` FROM jobs WHERE state <> 'ended' AND kind = ? AND state = ? AND seq < ?
		ORDER BY seq DESC LIMIT ?`, kind, state, orAll(before), most)
}

// EndedJobs returns the Jobs of a kind that ended last, newest first, from before one
// on; the zero Job means from the newest on.
func (q *Queue) EndedJobs(ctx context.Context, kind string, before Job, most int) ([]Job, error) {
	at := int64(math.MaxInt64)
	if before.Number > 0 {
		at = millis(before.EndedAt)
	}
	return many(ctx, q, scanJob, "SELECT "+jobColumns+` FROM jobs WHERE kind = ? AND state = 'ended' AND (ended_at, seq) < (?, ?)
		ORDER BY ended_at DESC, seq DESC LIMIT ?`, kind, at, orAll(before.Number), most)
}

// Followed returns the Jobs whose end others follow (Wanted.Follow), newest first, from
// before a number on; 0 means from the newest on.
func (q *Queue) Followed(ctx context.Context, before int64, most int) ([]Job, error) {
	return many(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE follow <> '' AND seq < ? ORDER BY seq DESC LIMIT ?", orAll(before), most)
}

// Standing returns the Jobs that stand in their lanes, in the order of these, from
// behind one on; the empty lane means all.
func (q *Queue) Standing(ctx context.Context, behind string, most int) ([]Job, error) {
	return many(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE standing = 1 AND lane > ? ORDER BY lane LIMIT ?", behind, most)
}

// Step is one of a Job whose result is stored.
type Step struct {
	Name                  string
	StartedAt, FinishedAt time.Time
}

// Steps returns the steps of a Job that are done, in the order in which they were.
func (q *Queue) Steps(ctx context.Context, job int64) ([]Step, error) {
	steps, err := many(ctx, q, func(scan func(...any) error) (Step, error) {
		var step Step
		var started, finished sql.NullInt64
		err := scan(&step.Name, &started, &finished)
		step.StartedAt, step.FinishedAt = fromMillis(started), fromMillis(finished)
		return step, err
	}, "SELECT name, started_at, finished_at FROM steps WHERE job = ?", job)
	slices.SortStableFunc(steps, func(a, b Step) int {
		return cmp.Or(a.FinishedAt.Compare(b.FinishedAt), a.StartedAt.Compare(b.StartedAt))
	})
	return steps, err
}

// JobsIn returns the newest Jobs of a lane, newest first.
func (q *Queue) JobsIn(ctx context.Context, lane string, most int) ([]Job, error) {
	return many(ctx, q, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE lane = ? ORDER BY seq DESC LIMIT ?", lane, most)
}

// Count says how many Jobs of a kind are in a state.
type Count struct {
	Kind  string
	State State
	Jobs  int
}

// Counts counts the Jobs that have not ended, by kind and state.
func (q *Queue) Counts(ctx context.Context) ([]Count, error) {
	return many(ctx, q, func(scan func(...any) error) (Count, error) {
		var count Count
		return count, scan(&count.Kind, &count.State, &count.Jobs)
	}, "SELECT kind, state, count(*) FROM jobs WHERE state <> 'ended' GROUP BY kind, state")
}

func scanJob(scan func(...any) error) (Job, error) {
	var one Job
	var delivery, parent, by, created, due, started, ended sql.NullInt64
	err := scan(&one.Number, &one.Kind, &one.Lane, &one.Payload, &delivery, &parent, &by, &one.State, &one.Outcome, &one.Reason,
		&one.IsLive, &one.Attempts, &one.Result, &created, &due, &started, &ended)
	one.Delivery, one.Parent, one.SupersededBy = delivery.Int64, parent.Int64, by.Int64
	due.Int64 = max(due.Int64, created.Int64)
	one.CreatedAt, one.DueAt, one.StartedAt, one.EndedAt = fromMillis(created), fromMillis(due), fromMillis(started), fromMillis(ended)
	return one, err
}

// one reads a row.
func one[T any](ctx context.Context, q *Queue, scan func(func(...any) error) (T, error), query string, args ...any) (T, error) {
	got, err := scan(q.reader.QueryRowContext(ctx, query, args...).Scan)
	if isNone(err) {
		return got, ErrNone
	}
	if err != nil {
		return got, fmt.Errorf("read the database: %w", err)
	}
	return got, nil
}

// many reads rows.
func many[T any](ctx context.Context, q *Queue, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the database: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		got, err := scan(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read the database: %w", err)
		}
		all = append(all, got)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the database: %w", err)
	}
	return all, nil
}

func isNone(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// orAll is a number that rows are to come before; 0 means that all do.
func orAll(before int64) int64 {
	if before == 0 {
		return math.MaxInt64
	}
	return before
}
