package queue

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/slipway-dev/slipway/internal/problem"
)

const (
	sqliteDriver = "sqlite"
	databaseFile = "slipway.db"
	lockFile     = "lock.db"
	// defaultLease is how long a runner may be silent.
	defaultLease = 20 * time.Second
	// pollEvery is how often a runner looks for Jobs that nobody has told it of.
	pollEvery = 5 * time.Second
	// patience is how long SQLite waits for another process's lock, in milliseconds: for
	// a back-up's, at most.
	patience = "busy_timeout(5000)"
	// tempInMemory keeps SQLite from needing a folder for temporary files beside the data:
	// a container may have none, and then no write that can be taken back works.
	tempInMemory = "temp_store(MEMORY)"
	// leastLog is what the write-ahead log is cut back to, in bytes, when all of it is in
	// the database: a back-up or one great Delivery lets it grow.
	leastLog = "journal_size_limit(16777216)"
	// readers is how many look at once.
	readers = 4
)

// ErrClosed says that the Queue is closed.
var ErrClosed = errors.New("the queue is closed")

// Config says where a Queue is kept and how patient it is.
type Config struct {
	// Dir is the folder of the database; it is made, for this user alone, when it is
	// not there. One Queue at a time has it.
	Dir string
	// Lease is how long a running Job stays its runner's without a sign of life; 0
	// means 20 s. The process that runs it gives a sign three times as often.
	Lease time.Duration
	// Logger is told what is odd. Nil means nobody.
	Logger *slog.Logger
	// Hooks are told of what is done.
	Hooks Hooks

	// now is another clock than the system's; tests have one that jumps.
	now func() time.Time
	// driver is another one than SQLite's own; tests have one that listens.
	driver string
}

func (c Config) databaseFile() string { return filepath.Join(c.Dir, databaseFile) }

// Queue is an open database. Make one with Open. It is safe for concurrent use.
type Queue struct {
	file   string
	lease  time.Duration
	logger *slog.Logger
	hooks  Hooks
	now    func() time.Time
	lock   *sql.DB
	writer *sql.DB // one connection, which session has
	reader *sql.DB // several, none of which can write

	session *session
	writes  chan *write
	closing chan struct{}
	closed  sync.Once
	written sync.WaitGroup
	never   chan struct{} // never closed: see Held.Do

	mu      sync.Mutex
	wakes   map[string]chan struct{} // by kind
	held    map[int64]*Held          // what this process runs
	watched map[int64]*watch         // by Job
}

// Open opens the database in a folder, or makes it, and brings it to this binary's
// version. Jobs that were running when the last process ended are ready again. The
// error is a *problem.Problem when another process has the folder, or the database is
// a newer Slipway's.
func Open(ctx context.Context, cfg Config) (*Queue, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, &problem.Problem{Message: fmt.Sprintf("the folder %s cannot be made: %s", cfg.Dir, problem.Reason(err)), Fix: "Name one that can be written to."}
	}
	if info, err := os.Stat(cfg.Dir); err == nil && isPermissive(info, 0o002) {
		return nil, &problem.Problem{Message: fmt.Sprintf("the folder %s can be written to by everybody on this machine, who could have anything deployed", cfg.Dir), Fix: "Name one of the server's own, or take their permission with chmod o-w."}
	}
	q := &Queue{
		file: cfg.databaseFile(), lease: cmp.Or(cfg.Lease, defaultLease), logger: cfg.Logger, hooks: cfg.Hooks.orNothing(), now: cfg.now,
		writes: make(chan *write), closing: make(chan struct{}), never: make(chan struct{}),
		wakes: map[string]chan struct{}{}, held: map[int64]*Held{}, watched: map[int64]*watch{},
	}
	if q.now == nil {
		q.now = time.Now
	}
	if q.logger == nil {
		q.logger = slog.New(slog.DiscardHandler)
	}
	if err := q.open(ctx, cfg.Dir, cmp.Or(cfg.driver, sqliteDriver)); err != nil {
		return nil, errors.Join(err, q.closeAll())
	}
	q.written.Go(q.writeAll)
	if err := q.reclaim(ctx, everything); err != nil {
		return nil, errors.Join(err, q.Close())
	}
	return q, nil
}

func (q *Queue) open(ctx context.Context, dir, driver string) (err error) {
	if q.lock, err = lockFolder(ctx, dir); err != nil {
		return err
	}
	if err := makePrivate(q.file); err != nil {
		return err
	}
	if q.writer, err = connect(driver, q.file, 1, patience, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", tempInMemory, leastLog); err != nil {
		return err
	}
	if err := migrate(ctx, q.writer, q.file, migrations); err != nil {
		return err
	}
	if q.session, err = newSession(ctx, q.writer); err != nil {
		return err
	}
	q.reader, err = connect(driver, q.file, readers, patience, "query_only(1)", tempInMemory)
	return err
}

// connect opens a database with so many connections at most.
func connect(driver, file string, most int, pragmas ...string) (*sql.DB, error) {
	options := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}
	db, err := sql.Open(driver, "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+options.Encode())
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", file, err)
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db, nil
}

// makePrivate makes the file before SQLite does, which would let others read it; those
// that SQLite makes beside it have the same permissions. One that is there is not opened:
// to close a file lets go of all locks that this process has on it.
func makePrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // the operator names it.
	if err == nil {
		return file.Close() //nolint:wrapcheck // which does not happen to a file that nothing was written to.
	}
	if !errors.Is(err, fs.ErrExist) {
		return &problem.Problem{Message: fmt.Sprintf("the file %s cannot be made: %s", path, problem.Reason(err)), Fix: "Name a folder that can be written to with --data."}
	}
	if info, err := os.Stat(path); err == nil && isPermissive(info, 0o077) { // one that was copied here
		if err := os.Chmod(path, 0o600); err != nil {
			return &problem.Problem{Message: fmt.Sprintf("the file %s can be read by others, and that cannot be changed: %s", path, problem.Reason(err)), Fix: "Have it owned by the user that the server runs as."}
		}
	}
	return nil
}

// isPermissive reports whether a file or folder gives others one of the permissions,
// where they mean something.
func isPermissive(info fs.FileInfo, others fs.FileMode) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&others != 0
}

// lockFolder takes the folder for this process, for as long as it lives. The lock is a
// database of its own, since SQLite locks files on every system, and a system lets go
// of the locks of a process that ends, however it does.
func lockFolder(ctx context.Context, dir string) (*sql.DB, error) {
	file := filepath.Join(dir, lockFile)
	if err := makePrivate(file); err != nil {
		return nil, err
	}
	db, err := connect(sqliteDriver, file, 1, "busy_timeout(0)", "locking_mode(EXCLUSIVE)")
	if err != nil {
		return nil, err
	}
	if _, err = db.ExecContext(ctx, "BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (by INTEGER); COMMIT"); err != nil {
		err = &problem.Problem{
			Message: fmt.Sprintf("the folder %s is not free: %s", dir, problem.Reason(err)),
			Fix:     "Another server uses it; stop that one, or give this one a folder of its own.",
		}
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close waits for what is being written, and lets the folder go. What runs is not
// waited for: that is Serve's. To close it again does nothing.
func (q *Queue) Close() (err error) {
	q.closed.Do(func() {
		close(q.closing)
		q.written.Wait()
		err = q.closeAll()
	})
	return err
}

func (q *Queue) closeAll() error {
	var errs []error
	if q.session != nil {
		errs = append(errs, q.session.close())
	}
	for _, db := range []*sql.DB{q.reader, q.writer, q.lock} { // the lock last
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// millis and fromMillis are how times are stored.
func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(at sql.NullInt64) time.Time {
	if !at.Valid {
		return time.Time{}
	}
	return time.UnixMilli(at.Int64).UTC()
}
