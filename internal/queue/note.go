package queue

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	// notesEvery is the least time between two writes of a Job's notes.
	notesEvery = 100 * time.Millisecond
	// mostNotes bounds the notes of one Job.
	mostNotes = 2000
)

// Note is something that a Job told while it ran.
type Note struct {
	// Number counts those of a Job, from 1 on.
	Number int64
	At     time.Time
	// Body is the server's.
	Body []byte
}

// Note keeps something for those who watch the Job. It is stored soon, and with the
// Job's end at the latest; of more than 2000 the rest is dropped.
func (h *Held) Note(body []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lastNote >= mostNotes {
		return
	}
	h.lastNote++
	h.notes = append(h.notes, Note{Number: h.lastNote, At: time.Now(), Body: body})
	select {
	case h.noted <- struct{}{}:
	default:
	}
}

// storeNotes stores the notes there are. Where that fails they are kept for the next
// time.
func (h *Held) storeNotes(ctx context.Context) error {
	notes := h.untold()
	err := h.queue.write(context.WithoutCancel(ctx), func(ctx context.Context, tx *session) error { return h.writeNotes(ctx, tx, notes) })
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.notes = h.notes[len(notes):]
	h.mu.Unlock()
	h.queue.tellNoted(h.Number)
	return nil
}

// untold returns the notes that are not stored yet.
func (h *Held) untold() []Note {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.notes
}

func (h *Held) writeNotes(ctx context.Context, tx *session, notes []Note) error {
	for _, one := range notes {
		if err := tx.exec(ctx, `INSERT INTO notes (job, n, at, body) SELECT seq, ?, ?, ? FROM jobs
			WHERE seq = ? AND fence = ? AND state = 'running' ON CONFLICT DO NOTHING`, one.Number, millis(one.At), one.Body, h.Number, h.fence); err != nil {
			return fmt.Errorf("store a note: %w", err)
		}
	}
	return nil
}

// Notes returns what a Job has told behind a note, oldest first, and whether it has
// ended. Where there is nothing yet, it waits for it until ctx ends, whose cause the
// error then is.
func (q *Queue) Notes(ctx context.Context, job, behind int64) (notes []Note, hasEnded bool, err error) {
	watch := q.watch(job)
	defer q.unwatch(job, watch)
	for {
		more := q.toldOf(watch)
		one, err := q.Job(ctx, job) // before the notes, for its end is stored with the last of them
		if err != nil {
			return nil, false, err
		}
		notes, err := q.NotesSoFar(ctx, job, behind)
		if err != nil || len(notes) > 0 || one.State == Ended {
			return notes, one.State == Ended, err
		}
		select {
		case <-ctx.Done():
			return nil, false, context.Cause(ctx)
		case <-q.closing:
			return nil, false, ErrClosed
		case <-more:
		case <-time.After(pollEvery):
		}
	}
}

// NotesSoFar returns what a Job has told behind a note, oldest first, without waiting for
// any.
func (q *Queue) NotesSoFar(ctx context.Context, job, behind int64) ([]Note, error) {
	return many(ctx, q, func(scan func(...any) error) (Note, error) {
		var note Note
		var at sql.NullInt64
		err := scan(&note.Number, &at, &note.Body)
		note.At = fromMillis(at)
		return note, err
	}, "SELECT n, at, body FROM notes WHERE job = ? AND n > ? ORDER BY n", job, behind)
}

// watch is what those share who wait for the notes of a Job.
type watch struct {
	watchers int
	told     chan struct{} // closed when the Job has told something
}

func (q *Queue) watch(job int64) *watch {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.watched[job] == nil {
		q.watched[job] = &watch{told: make(chan struct{})}
	}
	q.watched[job].watchers++
	return q.watched[job]
}

func (q *Queue) unwatch(job int64, one *watch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if one.watchers--; one.watchers == 0 {
		delete(q.watched, job)
	}
}

func (q *Queue) toldOf(one *watch) <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return one.told
}

// tellNoted wakes those who wait for the notes of a Job.
func (q *Queue) tellNoted(job int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if one := q.watched[job]; one != nil {
		close(one.told)
		one.told = make(chan struct{})
	}
}
