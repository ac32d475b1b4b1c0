package queue

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// State is how far a Job is.
type State string

// The states.
const (
	// Waiting says that another Job of its lane comes first.
	Waiting State = "waiting"
	// Ready says that it is next in its lane, once it is due.
	Ready   State = "ready"
	Running State = "running"
	Ended   State = "ended"
)

// Outcome is how a Job ended; empty until then.
type Outcome string

// The outcomes.
const (
	Done       Outcome = "done"
	Failed     Outcome = "failed"
	Superseded Outcome = "superseded"
	Cancelled  Outcome = "cancelled"
)

// Wanted is a Job to store.
type Wanted struct {
	// Kind says who runs it, Lane what it must not run beside.
	Kind, Lane string
	// Payload is the server's; it must hold no secret.
	Payload []byte
	// Supersedes has it take the place of the Jobs of its lane that have not gone live.
	Supersedes bool
	// Follow is the kind of a Job that is stored when this one has ended, in whatever
	// way: its Payload is this one's, its Parent this one, and its lane is of its own
	// kind. Empty means none.
	Follow string
	// Outcome is set for a Job that is only stored because people look for it: it has
	// ended so before it began, for the Reason, and supersedes nothing.
	Outcome Outcome
	Reason  string
}

// Job is one that is stored.
type Job struct {
	// Number counts Jobs; none is used again.
	Number     int64
	Kind, Lane string
	Payload    []byte
	// Delivery is the number of the one that it came of, Parent that of the Job whose
	// end it follows, and SupersededBy that of the Job that took its place; 0 means
	// none.
	Delivery, Parent, SupersededBy int64
	State                          State
	Outcome                        Outcome
	// Reason says why it ended so, or why it is to be tried again.
	Reason string
	// IsLive says that it has passed the point up to which another takes its place.
	IsLive bool
	// Attempts is how often it was begun and came to an end of its own.
	Attempts int
	// Result is what came of it; nil until it has ended, and where nothing did.
	Result []byte
	// CreatedAt is when it was stored, DueAt when it may begin. StartedAt is when it
	// first began, EndedAt when it ended; zero until then.
	CreatedAt, DueAt, StartedAt, EndedAt time.Time
}

// inLane is the condition of the index that knows which Job of a lane is next or runs.
// SQLite uses it only where it stands word for word.
const inLane = "state IN ('ready', 'running')"

// adding adds Jobs within a transaction, and collects what is to be done behind it.
type adding struct {
	tx       *session
	now      time.Time
	delivery sql.NullInt64
	parent   sql.NullInt64
	numbers  []int64 // of what was added
	wakes    []string
	stops    []stop
	ended    []ending
	again    string // the kind of the Job that is to be tried again
	verdict  string // on the Delivery
}

// ending is how a Job of a kind has ended.
type ending struct {
	kind    string
	outcome Outcome
}

// stop is a running Job that something took the place of.
type stop struct{ number, by int64 }

// Add stores Jobs, all or none, and returns their numbers.
func (q *Queue) Add(ctx context.Context, wanted ...Wanted) ([]int64, error) {
	var made *adding
	err := q.write(ctx, func(ctx context.Context, tx *session) error {
		made = &adding{tx: tx, now: q.now()}
		return made.add(ctx, wanted...)
	})
	if err != nil {
		return nil, err
	}
	q.follow(made)
	return made.numbers, nil
}

// follow does what has to be done once Jobs are stored.
func (q *Queue) follow(made *adding) {
	for _, one := range made.stops {
		q.stop(one.number, &SupersededError{By: one.by})
	}
	for _, kind := range made.wakes {
		q.wake(kind)
	}
	for _, one := range made.ended {
		q.hooks.Ended(one.kind, one.outcome)
	}
	if made.again != "" {
		q.hooks.Again(made.again)
	}
	if made.verdict != "" {
		q.hooks.Decided(made.verdict)
	}
}

func (a *adding) add(ctx context.Context, wanted ...Wanted) error {
	for _, one := range wanted {
		if err := a.addOne(ctx, one); err != nil {
			return fmt.Errorf("store a Job of %s: %w", one.Lane, err)
		}
	}
	return nil
}

func (a *adding) addOne(ctx context.Context, one Wanted) error {
	state, ended := Waiting, sql.NullInt64{}
	if one.Outcome != "" {
		state, ended = Ended, sql.NullInt64{Int64: millis(a.now), Valid: true}
	}
	done, err := a.tx.change(ctx, `INSERT INTO jobs (kind, lane, payload, delivery, parent, follow, state, outcome, reason, created_at, ended_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, one.Kind, one.Lane, nonNil(one.Payload), a.delivery, a.parent, one.Follow,
		state, one.Outcome, one.Reason, millis(a.now), ended)
	if err != nil {
		return err
	}
	a.numbers = append(a.numbers, done.number)
	if state == Ended {
		return a.addFollowing(ctx, done.number)
	}
	if one.Supersedes {
		if err := a.supersede(ctx, one.Lane, done.number); err != nil {
			return err
		}
	}
	return a.advance(ctx, one.Lane)
}

// supersede ends the Jobs of a lane that have not begun, and has the running one stop
// unless it has gone live.
func (a *adding) supersede(ctx context.Context, lane string, by int64) error {
	const end = `UPDATE jobs SET state = 'ended', outcome = 'superseded', reason = '', superseded_by = ?1, ended_at = ?2 WHERE lane = ?3 AND seq <> ?1 AND `
	for _, queued := range []string{"state = 'waiting'", inLane + " AND state = 'ready' AND is_live = 0"} {
		ended, err := a.tx.numbers(ctx, end+queued+" RETURNING seq", by, millis(a.now), lane)
		if err != nil {
			return err
		}
		for _, number := range ended {
			if err := a.addFollowing(ctx, number); err != nil {
				return err
			}
		}
	}
	stopped, err := a.tx.numbers(ctx, `UPDATE jobs SET stop = 'superseded', reason = '', superseded_by = ?
		WHERE lane = ? AND `+inLane+` AND state = 'running' AND is_live = 0 AND stop = '' RETURNING seq`, by, lane)
	if err != nil {
		return err
	}
	for _, number := range stopped {
		a.stops = append(a.stops, stop{number, by})
	}
	return a.hurry(ctx, lane)
}

// hurry has the Job of a lane that has gone live, and is to be tried again, not wait for
// that: another one waits for it.
func (a *adding) hurry(ctx context.Context, lane string) error {
	var kind string
	err := a.tx.row(ctx, "UPDATE jobs SET due_at = 0 WHERE lane = ? AND "+inLane+" AND state = 'ready' RETURNING kind", lane).Scan(&kind)
	if isNone(err) {
		return nil
	}
	a.wakes = append(a.wakes, kind)
	return err
}

// addFollowing stores the Job that follows the end of another, if it has one. Each Job
// that ends comes by here.
func (a *adding) addFollowing(ctx context.Context, ended int64) error {
	var one Job
	var follow string
	var delivery sql.NullInt64
	row := a.tx.row(ctx, "SELECT kind, outcome, lane, payload, follow, delivery FROM jobs WHERE seq = ?", ended)
	if err := row.Scan(&one.Kind, &one.Outcome, &one.Lane, &one.Payload, &follow, &delivery); err != nil {
		return err
	}
	a.ended = append(a.ended, ending{one.Kind, one.Outcome})
	if follow == "" {
		return nil
	}
	next := &adding{tx: a.tx, now: a.now, delivery: delivery, parent: sql.NullInt64{Int64: ended, Valid: true}}
	err := next.addOne(ctx, Wanted{Kind: follow, Lane: follow + " " + one.Lane, Payload: one.Payload})
	a.wakes = append(a.wakes, next.wakes...)
	return err
}

// advance makes the oldest Job of a lane that waits the next one, if none is.
func (a *adding) advance(ctx context.Context, lane string) error {
	var kind string
	err := a.tx.row(ctx, `UPDATE jobs SET state = 'ready' WHERE seq = (SELECT min(seq) FROM jobs WHERE lane = ?1 AND state = 'waiting')
		AND NOT EXISTS (SELECT 1 FROM jobs WHERE lane = ?1 AND `+inLane+`) RETURNING kind`, lane).Scan(&kind)
	if isNone(err) {
		return nil
	}
	a.wakes = append(a.wakes, kind)
	return err
}
