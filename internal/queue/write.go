package queue

import (
	"context"
	"fmt"

	"github.com/slipway-dev/slipway/internal/problem"
)

// mostTogether is how many writes share one commit.
const mostTogether = 64

// write is something to write, whole or not at all.
type write struct {
	do   func(context.Context, *session) error
	done chan error
}

// write has do written, and waits until the disk has it. Writes that come while
// another is under way share the next commit: what a commit costs is its way to the
// disk, whatever is in it. What has begun is carried through when ctx ends.
func (q *Queue) write(ctx context.Context, do func(context.Context, *session) error) error {
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
	ctx := context.Background() // what has begun is carried through
	errs := make([]error, len(batch))
	err := q.session.exec(ctx, "BEGIN IMMEDIATE")
	if err == nil {
		for i, one := range batch {
			if errs[i], err = apart(ctx, q.session, one.do); err != nil {
				break
			}
		}
		if err == nil {
			err = q.session.exec(ctx, "COMMIT")
		}
		if err != nil {
			_ = q.session.exec(ctx, "ROLLBACK") // there may be nothing left to take back
		}
	}
	if err != nil {
		for i := range errs {
			errs[i] = fmt.Errorf("write to the database: %w", err)
		}
	}
	return errs
}

// apart does one thing of a transaction, and takes it back when it fails. broken says
// that the transaction itself cannot go on.
func apart(ctx context.Context, tx *session, do func(context.Context, *session) error) (failed, broken error) {
	if err := tx.exec(ctx, "SAVEPOINT one"); err != nil {
		return nil, err
	}
	if failed = problem.Guard(func() error { return do(ctx, tx) }); failed != nil {
		if err := tx.exec(ctx, "ROLLBACK TO one"); err != nil {
			return failed, fmt.Errorf("%w; %w", failed, err)
		}
	}
	return failed, tx.exec(ctx, "RELEASE one")
}
