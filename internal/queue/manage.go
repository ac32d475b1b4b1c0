package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-dev/slipway/internal/problem"
)

// Cancel ends a Job that has not begun, and has one stop that runs: its context ends
// with ErrCancelled. It reports whether there was anything to cancel. The error matches
// ErrNone when there is no such Job.
func (q *Queue) Cancel(ctx context.Context, number int64, reason string) (bool, error) {
	if _, err := q.Job(ctx, number); err != nil {
		return false, err
	}
	made := &adding{}
	var runs, ended bool
	err := q.write(ctx, func(ctx context.Context, tx *session) error {
		*made = adding{tx: tx, now: q.now()}
		stopped, err := tx.numbers(ctx, "UPDATE jobs SET stop = 'cancelled', reason = ? WHERE seq = ? AND state = 'running' AND stop = '' RETURNING seq", reason, number)
		if runs = len(stopped) > 0; err != nil || runs {
			return err
		}
		done, err := tx.numbers(ctx, `UPDATE jobs SET state = 'ended', outcome = 'cancelled', reason = ?, ended_at = ?
			WHERE seq = ? AND state IN ('waiting', 'ready') RETURNING seq`, reason, millis(made.now), number)
		if ended = len(done) > 0; err != nil || !ended {
			return err
		}
		return made.leave(ctx, number)
	})
	if err != nil {
		return false, fmt.Errorf("cancel Job %d: %w", number, err)
	}
	q.follow(made)
	if runs {
		q.stop(number, ErrCancelled)
	}
	return runs || ended, nil
}

// Retry stores a Job anew that has ended, without the results of its steps, and returns
// the new one's number. It comes last in its lane and takes nobody's place: what came
// since is newer. What followed the end of another Job follows that one again. The error
// matches ErrNone when there is no such Job, and is a *problem.Problem when it has not
// ended.
func (q *Queue) Retry(ctx context.Context, number int64) (int64, error) {
	made := &adding{}
	err := q.write(ctx, func(ctx context.Context, tx *session) error {
		*made = adding{tx: tx, now: q.now()}
		var wanted Wanted
		var state State
		row := tx.row(ctx, "SELECT kind, lane, payload, follow, delivery, parent, state FROM jobs WHERE seq = ?", number)
		err := row.Scan(&wanted.Kind, &wanted.Lane, &wanted.Payload, &wanted.Follow, &made.delivery, &made.parent, &state)
		switch {
		case isNone(err):
			return ErrNone
		case err != nil:
			return fmt.Errorf("read Job %d: %w", number, err)
		case state != Ended:
			return &problem.Problem{Message: fmt.Sprintf("Job %d has not ended", number), Fix: "Cancel it first, or wait."}
		}
		return made.add(ctx, wanted)
	})
	if err != nil {
		return 0, err
	}
	q.follow(made)
	return made.numbers[0], nil
}

// Keep says what Trim leaves. A zero value leaves nothing that may go.
type Keep struct {
	// Bodies is how long the body of a Delivery stays that was decided.
	Bodies time.Duration
	// For is how long Jobs stay that have ended, and Deliveries all of whose Jobs have,
	// with what they are known again by.
	For time.Duration
	// Most is how many Jobs stay that have ended, of each kind; the newest do.
	Most int
}

// trimAtOnce is how many rows one write takes away: others wait meanwhile.
const trimAtOnce = 50

// Trim takes away what is old, a little at a time, and returns how many Jobs and
// Deliveries are gone. What has not ended stays, and so does what stands in its lane.
func (q *Queue) Trim(ctx context.Context, keep Keep) (jobs, deliveries int, err error) {
	now := q.now()
	if _, err = q.trim(ctx, `UPDATE deliveries SET body = NULL WHERE seq IN (SELECT seq FROM deliveries
		WHERE body IS NOT NULL AND decided_at IS NOT NULL AND decided_at < ? LIMIT ?)`, millis(now.Add(-keep.Bodies))); err != nil {
		return 0, 0, err
	}
	kinds, err := many(ctx, q, func(scan func(...any) error) (kind string, err error) { return kind, scan(&kind) },
		"SELECT DISTINCT kind FROM jobs WHERE state = 'ended'")
	if err != nil {
		return 0, 0, err
	}
	for _, kind := range kinds {
		// Everything up to the place of this one goes.
		at, number := millis(now.Add(-keep.For))-1, int64(math.MaxInt64)
		var nth, nthNumber int64
		row := q.reader.QueryRowContext(ctx, "SELECT ended_at, seq FROM jobs WHERE kind = ? AND state = 'ended' ORDER BY ended_at DESC, seq DESC LIMIT 1 OFFSET ?", kind, keep.Most)
		if err := row.Scan(&nth, &nthNumber); err == nil && nth > at {
			at, number = nth, nthNumber
		} else if err != nil && !isNone(err) {
			return jobs, 0, fmt.Errorf("read the database: %w", err)
		}
		gone, err := q.trim(ctx, `DELETE FROM jobs WHERE seq IN (SELECT seq FROM jobs AS old WHERE kind = ? AND state = 'ended' AND (ended_at, seq) <= (?, ?)
			AND standing = 0 AND NOT EXISTS (SELECT 1 FROM jobs AS follower WHERE follower.parent = old.seq AND follower.state <> 'ended') LIMIT ?)`, kind, at, number)
		jobs += gone
		if err != nil {
			return jobs, 0, err
		}
	}
	deliveries, err = q.trim(ctx, `DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries AS old WHERE received_at < ?
		AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.delivery = old.seq AND jobs.state <> 'ended') LIMIT ?)`, millis(now.Add(-keep.For)))
	return jobs, deliveries, err
}

// trim runs a statement, whose last argument is how many rows it may touch, until it
// touches none.
func (q *Queue) trim(ctx context.Context, statement string, args ...any) (all int, err error) {
	for {
		var rows int
		err := q.write(ctx, func(ctx context.Context, tx *session) error {
			done, err := tx.change(ctx, statement, append(args, trimAtOnce)...)
			if err != nil {
				return fmt.Errorf("take away what is old: %w", err)
			}
			rows = done.rows
			return nil
		})
		all += rows
		if err != nil || rows < trimAtOnce {
			return all, err
		}
	}
}

// BackUp writes a copy of the database of a folder, as it is at one moment, into a file
// that must not exist. It may be done while a server has the folder. The copy is a
// database that Open takes, by the name that it has there.
func BackUp(ctx context.Context, dir, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return &problem.Problem{Message: "the file " + file + " is there already", Fix: "Name one that is not."}
	}
	source := Config{Dir: dir}.databaseFile()
	if _, err := os.Stat(source); errors.Is(err, fs.ErrPermission) {
		return &problem.Problem{Message: fmt.Sprintf("the database in %s cannot be read: %s", dir, problem.Reason(err)), Fix: "Do this as the user that the server runs as, or as root."}
	} else if err != nil {
		return &problem.Problem{Message: fmt.Sprintf("there is no database in %s: %s", dir, problem.Reason(err)), Fix: "Name the folder that the server was given with --data."}
	}
	db, err := connect(sqliteDriver, source, 1, patience, tempInMemory)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	// Half a copy must not look like a whole one.
	part, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".part-*")
	if err != nil {
		return &problem.Problem{Message: fmt.Sprintf("no file can be made beside %s: %s", file, problem.Reason(err)), Fix: "Name a folder that is there and can be written to."}
	}
	_ = part.Close()                                           // nothing was written to it
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", part.Name()) // which takes an empty file for none
	if err == nil {
		err = os.Rename(part.Name(), file)
	}
	if err != nil {
		_ = os.Remove(part.Name())
		return fmt.Errorf("back the database up into %s: %w", file, err)
	}
	return nil
}
