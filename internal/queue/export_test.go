package queue

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
)

// Version is that of the databases that this binary writes.
var Version = len(migrations)

// Lapse ends the leases of all Jobs, as if another process ran them.
func (q *Queue) Lapse(ctx context.Context) error {
	q.mu.Lock()
	clear(q.held)
	q.mu.Unlock()
	return q.reclaim(ctx, everything)
}

// At has a Config use another clock.
func (c Config) At(now func() time.Time) Config {
	c.now = now
	return c
}

// Explain returns how SQLite carries a statement out, line by line. Arguments are NULL.
func (q *Queue) Explain(ctx context.Context, statement string) ([]string, error) {
	rows, err := q.reader.QueryContext(ctx, "EXPLAIN QUERY PLAN "+statement, make([]any, strings.Count(statement, "?"))...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		lines = append(lines, detail)
	}
	return lines, rows.Err()
}

// Listener is a driver that keeps which statements are carried out.
type Listener struct {
	driver.Driver

	mu         sync.Mutex
	Statements map[string]bool
}

// NewListener registers a driver under a name, once.
func NewListener(name string) *Listener {
	listener := &Listener{Driver: &sqlite.Driver{}, Statements: map[string]bool{}}
	sql.Register(name, listener)
	return listener
}

// Heard has a Config use the driver.
func (c Config) Heard(name string) Config {
	c.driver = name
	return c
}

// Open opens a connection.
func (l *Listener) Open(name string) (driver.Conn, error) {
	conn, err := l.Driver.Open(name)
	return &heard{Conn: conn, by: l}, err
}

// heard is a connection that is listened to. It has database/sql prepare everything.
type heard struct {
	driver.Conn

	by *Listener
}

func (h *heard) Prepare(query string) (driver.Stmt, error) {
	h.by.mu.Lock()
	h.by.Statements[query] = true
	h.by.mu.Unlock()
	return h.Conn.Prepare(query)
}

func (h *heard) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	begins, ok := h.Conn.(driver.ConnBeginTx)
	if !ok {
		return nil, driver.ErrSkip
	}
	return begins.BeginTx(ctx, options)
}

// MakeReadOnly has SQLite refuse to write.
func (q *Queue) MakeReadOnly(ctx context.Context) error {
	return q.write(ctx, func(ctx context.Context, tx *session) error { return tx.exec(ctx, "PRAGMA query_only = 1") })
}

// Exec has the writer carry a statement out, behind the Queue's back.
func (q *Queue) Exec(ctx context.Context, statement string, args ...any) error {
	return q.write(ctx, func(ctx context.Context, tx *session) error { return tx.exec(ctx, statement, args...) })
}

// Pragma returns a setting of the connection that writes, or of one that reads.
func (q *Queue) Pragma(ctx context.Context, ofWriter bool, name string) (value string, err error) {
	if !ofWriter {
		return value, q.reader.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value)
	}
	err = q.write(ctx, func(ctx context.Context, tx *session) error { return tx.row(ctx, "PRAGMA "+name).Scan(&value) })
	return value, err
}

// Together commits writes as one batch: each adds a Job, and then returns its error, or
// panics if that is ErrPanic.
func (q *Queue) Together(failures ...error) []error {
	var batch []*write
	for _, failure := range failures {
		batch = append(batch, &write{do: func(ctx context.Context, tx *session) error {
			if err := (&adding{tx: tx, now: q.now()}).add(ctx, Wanted{Kind: "run", Lane: "x"}); err != nil {
				return err
			}
			if errors.Is(failure, ErrPanic) {
				panic(failure)
			}
			return failure
		}})
	}
	return q.commit(batch)
}

// ErrPanic has a write of Together panic.
var ErrPanic = errors.New("panic")

// Watched is how many Jobs somebody waits for the notes of.
func (q *Queue) Watched() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.watched)
}

// Migrate brings a database to the version that is behind the last of migrations.
func Migrate(ctx context.Context, file string, migrations ...string) error {
	db, err := connect(sqliteDriver, file, 1)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return migrate(ctx, db, file, migrations)
}
