package queue

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"time"
)

// Delivery is one webhook as it was received.
type Delivery struct {
	// Number counts those that were stored.
	Number int64
	// ID is the sender's, Event the event's name, Repository the one that it is about.
	ID, Event, Repository string
	// Body is the payload as it came; nil once it is not needed any more.
	Body       []byte
	ReceivedAt time.Time
	// DecidedAt is when it was decided what it asks for; zero until then. Verdict is
	// that decision in a word, Reason why.
	DecidedAt       time.Time
	Verdict, Reason string
}

// Store stores a Delivery together with the Job that decides it, and reports whether
// it was new: one with the ID or the Body of another is left alone. When it returns,
// the disk has it. Number, DecidedAt, Verdict and Reason are not taken.
func (q *Queue) Store(ctx context.Context, one Delivery, decide Wanted) (isNew bool, err error) {
	sum, asked := sha256.Sum256(one.Body), time.Now()
	err = q.write(ctx, func(ctx context.Context, tx *session) error {
		done, err := tx.change(ctx, `INSERT INTO deliveries (id, body_sha256, event, repository, body, received_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`, one.ID, sum[:], one.Event, one.Repository, one.Body, millis(one.ReceivedAt))
		if err != nil {
			return fmt.Errorf("store the delivery %s: %w", one.ID, err)
		}
		if done.rows == 0 {
			return nil
		}
		isNew = true
		made := &adding{tx: tx, now: q.now(), delivery: sql.NullInt64{Int64: done.number, Valid: true}}
		return made.add(ctx, decide)
	})
	if err != nil {
		return false, err
	}
	q.hooks.Stored(time.Since(asked))
	if isNew {
		q.wake(decide.Kind)
	}
	return isNew, nil
}

const deliveryColumns = "seq, id, event, repository, body, received_at, decided_at, verdict, reason"

// Delivery returns one by its number. The error matches ErrNone when there is none.
func (q *Queue) Delivery(ctx context.Context, number int64) (Delivery, error) {
	return one(ctx, q, scanDelivery, "SELECT "+deliveryColumns+" FROM deliveries WHERE seq = ?", number)
}

// Deliveries returns the newest, newest first and without their bodies, from before a
// number on; 0 means from the newest on.
func (q *Queue) Deliveries(ctx context.Context, before int64, most int) ([]Delivery, error) {
	return many(ctx, q, scanDelivery, `SELECT seq, id, event, repository, NULL, received_at, decided_at, verdict, reason FROM deliveries
		WHERE seq < ? ORDER BY seq DESC LIMIT ?`, orAll(before), most)
}

func scanDelivery(scan func(...any) error) (Delivery, error) {
	var one Delivery
	var received, decided sql.NullInt64
	err := scan(&one.Number, &one.ID, &one.Event, &one.Repository, &one.Body, &received, &decided, &one.Verdict, &one.Reason)
	one.ReceivedAt, one.DecidedAt = fromMillis(received), fromMillis(decided)
	return one, err
}
