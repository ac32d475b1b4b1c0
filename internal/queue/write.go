package queue

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/slipway-dev/slipway/internal/problem"
)

// mostTogether is how many writes share one commit.
const mostTogether = 64

// write is something to write, whole or not at all.
type write struct {
	do   func(ctx context.Context, tx *sql.Tx) error
	done chan error
}

// write has do written, and waits until the disk has it. Writes that come while
// another is under way share the next commit: what a commit costs is its way to the
// disk, whatever is in it. What has begun is carried through when ctx ends.
func (q *Queue) write(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	one := &write{do: do, done: make(chan error, 1)}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-q.closing:
		return ErrClosed
	case q.writes <- one:
		return <-one.done
	}
}

// writeAll writes until the Queue is closed.
func (q *Queue) writeAll() {
	for {
		select {
		case <-q.closing:
			return
		case first := <-q.writes:
			batch := []*write{first}
			for more := true; more && len(batch) < mostTogether; {
				select {
				case next := <-q.writes:
					batch = append(batch, next)
				default:
					more = false
				}
			}
			for i, err := range q.commit(batch) {
				batch[i].done <- err
			}
		}
	}
}

// commit writes a batch. One of it that fails leaves nothing, and the others as they
// are.
func (q *Queue) commit(batch []*write) []error {
	errs := make([]error, len(batch))
	err := func() error {
		ctx := context.Background()
		tx, err := q.writer.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("write to the database: %w", err)
		}
		defer func() { _ = tx.Rollback() }()
		for i, one := range batch {
			if errs[i], err = apart(ctx, tx, one.do); err != nil {
				return fmt.Errorf("write to the database: %w", err)
			}
		}
		if err := tx.Commit(); err != nil {
			return fmt.Errorf("write to the database: %w", err)
		}
		return nil
	}()
	for i := range errs {
		if err != nil {
			errs[i] = err
		}
	}
	return errs
}

// apart does one thing of a transaction, and takes it back when it fails. broken says
// that the transaction itself cannot go on.
func apart(ctx context.Context, tx *sql.Tx, do func(context.Context, *sql.Tx) error) (failed, broken error) {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT one"); err != nil {
		return nil, err //nolint:wrapcheck // the caller says what it was.
	}
	failed = problem.Guard(func() error { return do(ctx, tx) })
	if failed != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO one"); err != nil {
			return failed, err //nolint:wrapcheck // the caller says what it was.
		}
	}
	_, broken = tx.ExecContext(ctx, "RELEASE one")
	return failed, broken //nolint:wrapcheck // the caller says what it was.
}
