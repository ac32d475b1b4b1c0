package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// session is the one connection that writes. It keeps statements as SQLite has
// understood them, which takes longer than to carry them out. It is for one goroutine.
type session struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func newSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return &session{conn: conn, prepared: map[string]*sql.Stmt{}}, nil
}

// close frees the statements and the connection.
func (s *session) close() error {
	var errs []error
	for _, one := range s.prepared {
		errs = append(errs, one.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

// statement returns one that is ready to be carried out. Statements must not be made of
// values, or there is no end to them.
func (s *session) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if known := s.prepared[text]; known != nil {
		return known, nil
	}
	made, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what it was.
	}
	s.prepared[text] = made
	return made, nil
}

// exec carries a statement out that returns nothing.
func (s *session) exec(ctx context.Context, text string, args ...any) error {
	_, err := s.change(ctx, text, args...)
	return err
}

// change carries a statement out, and tells what it has changed.
func (s *session) change(ctx context.Context, text string, args ...any) (changed, error) {
	statement, err := s.statement(ctx, text) //nolint:sqlclosecheck // the session keeps it.
	if err != nil {
		return changed{}, err
	}
	done, err := statement.ExecContext(ctx, args...)
	if err != nil {
		return changed{}, err //nolint:wrapcheck // the caller says what it was.
	}
	rows, err := done.RowsAffected()
	if err != nil {
		return changed{}, err //nolint:wrapcheck // the caller says what it was.
	}
	number, err := done.LastInsertId()
	return changed{rows: int(rows), number: number}, err //nolint:wrapcheck // the caller says what it was.
}

// changed is how many rows a statement has touched, and the number of the last that it
// has inserted.
type changed struct {
	rows   int
	number int64
}

// row carries a statement out whose result has one row at the most.
func (s *session) row(ctx context.Context, text string, args ...any) row {
	statement, err := s.statement(ctx, text) //nolint:sqlclosecheck // the session keeps it.
	if err != nil {
		return row{err: err}
	}
	return row{Row: statement.QueryRowContext(ctx, args...)}
}

// row is the first of a result.
type row struct {
	*sql.Row

	err error
}

// Scan reads it. The error matches sql.ErrNoRows when there is none.
func (r row) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	return r.Row.Scan(into...) //nolint:wrapcheck // the caller says what it was.
}

// numbers reads the first column of a statement's result.
func (s *session) numbers(ctx context.Context, text string, args ...any) ([]int64, error) {
	statement, err := s.statement(ctx, text) //nolint:sqlclosecheck // the session keeps it.
	if err != nil {
		return nil, err
	}
	rows, err := statement.QueryContext(ctx, args...)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what it was.
	}
	defer func() { _ = rows.Close() }()
	var all []int64
	for rows.Next() {
		var number int64
		if err := rows.Scan(&number); err != nil {
			return nil, err //nolint:wrapcheck // the caller says what it was.
		}
		all = append(all, number)
	}
	return all, rows.Err() //nolint:wrapcheck // the caller says what it was.
}
