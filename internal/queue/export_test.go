package queue

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"sync"

	"modernc.org/sqlite"
)

// Version is that of the databases that this binary writes.
var Version = len(migrations)

// Lapse ends the leases of all Jobs.
func (q *Queue) Lapse(ctx context.Context) error { return q.reclaim(ctx, everything) }

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
