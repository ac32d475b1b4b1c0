package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
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
