package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"

	"github.com/slipway-dev/slipway/internal/problem"
)

// migrations bring a database from each version, which is its place here, to the next.
// What is here once is never changed: a database that has it is somewhere.
//
//nolint:gochecknoglobals // a constant in all but the word.
var migrations = []string{`
CREATE TABLE deliveries (
	seq         INTEGER PRIMARY KEY,
	id          TEXT NOT NULL UNIQUE,
	body_sha256 BLOB NOT NULL UNIQUE, -- the ID is not covered by the signature
	event       TEXT NOT NULL,
	repository  TEXT NOT NULL,
	body        BLOB,                 -- NULL once it is not needed any more
	received_at INTEGER NOT NULL,     -- times are milliseconds since 1970
	decided_at  INTEGER,
	verdict     TEXT NOT NULL DEFAULT '',
	reason      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX deliveries_received ON deliveries (received_at);
CREATE INDEX deliveries_with_body ON deliveries (decided_at) WHERE body IS NOT NULL AND decided_at IS NOT NULL;

CREATE TABLE jobs (
	seq           INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: people have seen it
	kind          TEXT NOT NULL,
	lane          TEXT NOT NULL,
	payload       BLOB NOT NULL,
	delivery      INTEGER REFERENCES deliveries (seq) ON DELETE SET NULL,
	parent        INTEGER REFERENCES jobs (seq) ON DELETE CASCADE, -- the one whose end it follows
	follow        TEXT NOT NULL DEFAULT '',                        -- the kind of the Job that follows its end
	standing      INTEGER NOT NULL DEFAULT 0,                      -- what people look for in its lane
	state         TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'running', 'ended')),
	outcome       TEXT NOT NULL DEFAULT '',
	reason        TEXT NOT NULL DEFAULT '',
	superseded_by INTEGER,
	stop          TEXT NOT NULL DEFAULT '', -- the outcome that a running one is to end with
	is_live       INTEGER NOT NULL DEFAULT 0,
	attempts      INTEGER NOT NULL DEFAULT 0,
	fence         INTEGER NOT NULL DEFAULT 0,
	lease_until   INTEGER NOT NULL DEFAULT 0,
	created_at    INTEGER NOT NULL,
	due_at        INTEGER NOT NULL DEFAULT 0, -- 0 is at once, whatever the clock says
	started_at    INTEGER,
	ended_at      INTEGER,
	result        BLOB
) STRICT;
-- One Job of a lane is next or runs; the others wait behind it.
CREATE UNIQUE INDEX jobs_in_lane ON jobs (lane) WHERE state IN ('ready', 'running');
CREATE INDEX jobs_waiting ON jobs (lane, seq) WHERE state = 'waiting';
CREATE INDEX jobs_ready ON jobs (kind, due_at, seq) WHERE state = 'ready';
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_open ON jobs (kind, state, seq) WHERE state <> 'ended';
CREATE INDEX jobs_ended ON jobs (kind, ended_at, seq) WHERE state = 'ended';
CREATE INDEX jobs_by_lane ON jobs (lane, seq);
CREATE INDEX jobs_followed ON jobs (seq) WHERE follow <> '';
CREATE UNIQUE INDEX jobs_standing ON jobs (lane) WHERE standing = 1;
CREATE INDEX jobs_of_delivery ON jobs (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX jobs_of_parent ON jobs (parent) WHERE parent IS NOT NULL;

CREATE TABLE steps (
	job         INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
	name        TEXT NOT NULL,
	result      BLOB NOT NULL,
	started_at  INTEGER NOT NULL,
	finished_at INTEGER NOT NULL,
	PRIMARY KEY (job, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
	job  INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
	n    INTEGER NOT NULL,
	at   INTEGER NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;
`}

// What SQLite says about a file that it cannot read (SQLITE_CORRUPT, which has kinds, and
// SQLITE_NOTADB).
const (
	damagedDatabase = 11
	notADatabase    = 26
)

// migrate brings the database to the version that is behind the last migration: to that
// of this binary.
func migrate(ctx context.Context, db *sql.DB, file string, migrations []string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return unopened(file, err)
	}
	defer func() { _ = tx.Rollback() }()
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return unopened(file, err)
	}
	if version > len(migrations) {
		return &problem.Problem{
			Message: fmt.Sprintf("the database %s was written by a newer Slipway (its version is %d, and this Slipway knows %d)", file, version, len(migrations)),
			Fix:     "Run that Slipway, or one that is newer still; or go back to a copy from before.",
		}
	}
	for ; version < len(migrations); version++ {
		if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
			return fmt.Errorf("bring the database %s from version %d to the next: %w", file, version, err)
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1)); err != nil {
			return fmt.Errorf("bring the database %s from version %d to the next: %w", file, version, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("open the database %s: %w", file, err)
	}
	return nil
}

// unopened says what to do about a file that is damaged, or none of SQLite's.
func unopened(file string, err error) error {
	if one, ok := errors.AsType[*sqlite.Error](err); ok && (one.Code() == notADatabase || one.Code()&0xff == damagedDatabase) {
		return &problem.Problem{
			Message: fmt.Sprintf("the database %s is damaged: %s", file, one),
			Fix:     "Go back to a copy, or move the folder away: the server then begins anew, and knows no Job of before.",
		}
	}
	return fmt.Errorf("open the database %s: %w", file, err)
}
