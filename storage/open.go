package storage

import (
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
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/gormlite"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"guichet/domain"
	"guichet/migrations"
)

// The kinds of database, as DB.Kind tells them.
const (
	KindSQLite   = "sqlite"
	KindPostgres = "postgres"
)

const (
	memoryURL = "sqlite::memory:"
	// busyTimeout is how long a SQLite connection waits for another process's write.
	busyTimeout = 10 * time.Second
	// statements bounds the prepared statements kept per pool; lists of different lengths are different statements.
	statements = 500

	defaultMaxConns         = 20
	defaultStatementTimeout = 30 * time.Second
	defaultPictureBytes     = 256 << 20
	riverConns              = 10
)

// Options says which database to open and how. Only URL is needed.
type Options struct {
	// URL is "sqlite:/path/file.db", "sqlite::memory:" (private, gone when closed; for tests and demonstrations) or
	// "postgres://…". It may hold a password: never log it.
	URL string
	// Clock is what leases and the defaults of rows read; nil is the system clock.
	Clock domain.Clock
	// MaxConns bounds the connections to PostgreSQL (0: 20); the job engine has up to 10 more of its own. SQLite has one
	// connection that writes, whatever this says.
	MaxConns int
	// ReadConns bounds the connections that read on SQLite (0: twice the processors, at least 4); PostgreSQL ignores it.
	ReadConns int
	// StatementTimeout ends a statement on PostgreSQL (0: 30 s). SQLite ends statements when their context does.
	StatementTimeout time.Duration
	// PictureBytes bounds what Pictures keeps in all (0: 256 MiB).
	PictureBytes int64
	// ChangesKept bounds the lines of history that are kept of each institution's catalog (0: 100,000).
	ChangesKept int
	// Logger hears of retries, migrations and unreadable rows; nil is silent. No row's content is ever logged.
	Logger *slog.Logger
}

// DB is an open database and all its stores. It is safe for concurrent use. Close it when nothing uses it any more.
type DB struct {
	kind   string
	write  *gorm.DB
	read   *gorm.DB
	wpool  *sql.DB // writes; on PostgreSQL also reads
	rpool  *sql.DB // reads; the same as wpool on PostgreSQL
	jobs   *sql.DB // the job engine's own
	insert *river.Client[*sql.Tx]
	clock  domain.Clock
	log    *slog.Logger
	file   string // SQLite: the database file
	temp   string // SQLite in memory: the folder to remove at Close
	owned  ownership
	flight flight

	pictureBytes int64
	changesKept  int
	migrations   fs.FS
	schemaPool   func() (*sql.DB, error) // PostgreSQL: a pool for one migration, without a statement timeout
}

// Open connects to the database that the URL names, creating a SQLite file (readable by its owner only) that does not
// exist. It changes no schema: call Migrate or CheckSchema next. A database that does not answer is store.unavailable.
func Open(ctx context.Context, o Options) (*DB, error) {
	o = o.withDefaults()
	db := &DB{clock: o.Clock, log: o.Logger, pictureBytes: o.PictureBytes, changesKept: o.ChangesKept, migrations: migrations.Files(), flight: newFlight()}
	if err := db.open(ctx, o); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = domain.SystemClock
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxConns <= 0 {
		o.MaxConns = defaultMaxConns
	}
	if o.ReadConns <= 0 {
		o.ReadConns = max(4, 2*runtime.GOMAXPROCS(0))
	}
	if o.StatementTimeout <= 0 {
		o.StatementTimeout = defaultStatementTimeout
	}
	if o.PictureBytes <= 0 {
		o.PictureBytes = defaultPictureBytes
	}
	if o.ChangesKept <= 0 {
		o.ChangesKept = defaultChangesKept
	}
	return o
}

func (db *DB) open(ctx context.Context, o Options) error {
	var err error
	switch {
	case strings.HasPrefix(o.URL, "sqlite:"):
		err = db.openSQLite(ctx, o)
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		err = db.openPostgres(ctx, o)
	default:
		scheme, _, _ := strings.Cut(o.URL, ":")
		return fmt.Errorf("database URL begins with %q; it must be sqlite:/path/file.db, sqlite::memory: or postgres://…", scheme+":")
	}
	if err != nil {
		return translate("open database", err)
	}
	db.insert, err = river.NewClient(db.River(), &river.Config{Logger: o.Logger})
	if err != nil {
		return fmt.Errorf("open job queue: %w", err)
	}
	return nil
}

// openSQLite opens three pools on one file: one connection that writes, several that read, one for the job engine.
// One writer in the process waits for its turn in Go, in order, instead of in SQLite's unfair busy loop.
func (db *DB) openSQLite(ctx context.Context, o Options) error {
	db.kind = KindSQLite
	sync := "full"
	path := strings.TrimPrefix(o.URL, "sqlite:")
	if o.URL == memoryURL {
		// A file in a private folder behaves exactly like the real thing, with several pools and WAL; nothing of it needs
		// to survive, so it is never flushed.
		sync = "off"
		folder, err := os.MkdirTemp("", "guichet-memory-")
		if err != nil {
			return err
		}
		db.temp, path = folder, filepath.Join(folder, "guichet.db")
	}
	if path == "" {
		return errors.New("the SQLite URL names no file")
	}
	var err error
	if db.file, err = filepath.Abs(path); err != nil {
		return err
	}
	if err = createPrivate(db.file); err != nil {
		return err
	}
	for _, p := range []struct {
		pool  **sql.DB
		conns int
		more  string
	}{
		{&db.wpool, 1, ""},
		{&db.rpool, o.ReadConns, "query_only(1)"},
		{&db.jobs, 1, ""},
	} {
		if *p.pool, err = driver.Open(sqliteDSN(db.file, sync, p.more)); err != nil {
			return err
		}
		(*p.pool).SetMaxOpenConns(p.conns)
		(*p.pool).SetMaxIdleConns(p.conns)
		if err = pingSQLite(ctx, *p.pool); err != nil {
			return err
		}
	}
	if db.write, err = openGorm(gormlite.OpenDB(db.wpool), o.Clock, true); err != nil {
		return err
	}
	db.read, err = openGorm(gormlite.OpenDB(db.rpool), o.Clock, true)
	return err
}

// pingSQLite opens the first connection. Turning a new file to WAL does not wait for another process that is doing the
// same, whatever the busy timeout, so it is tried again for a while.
func pingSQLite(ctx context.Context, pool *sql.DB) error {
	for attempt := range 100 {
		err := pool.PingContext(ctx)
		if err == nil || !errors.Is(err, sqlite3.BUSY) {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
	return pool.PingContext(ctx)
}

// createPrivate makes the file with rights for its owner only, because it will hold personal data. An existing file is left as it is.
func createPrivate(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return f.Close()
}

// sqliteDSN writes the connection string. The time format is fixed-width UTC, so that comparing the text compares the
// time; every pool must use it, the job engine's too.
func sqliteDSN(file, sync, more string) string {
	q := url.Values{
		"modeof":   {file}, // the write-ahead log gets the rights of the file
		"_txlock":  {"immediate"},
		"_timefmt": {string(sqlite3.TimeFormat4)},
		"_pragma": {
			"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")",
			"journal_mode(wal)", "synchronous(" + sync + ")", "foreign_keys(1)",
		},
	}
	if more != "" {
		q.Add("_pragma", more)
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: file, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")} // SQLite takes a plus as itself
	return u.String()
}

func (db *DB) openPostgres(ctx context.Context, o Options) error {
	db.kind = KindPostgres
	u, err := url.Parse(o.URL)
	if err != nil {
		return errors.New("the PostgreSQL URL cannot be read") // url.Error would repeat the password
	}
	q := u.Query()
	q.Set("timezone", "UTC")
	q.Set("statement_timeout", strconv.FormatInt(o.StatementTimeout.Milliseconds(), 10))
	if !q.Has("connect_timeout") {
		q.Set("connect_timeout", "10")
	}
	u.RawQuery = q.Encode()
	dsn := u.String()
	q.Set("statement_timeout", "0")
	u.RawQuery = q.Encode()
	patient := u.String()
	db.schemaPool = func() (*sql.DB, error) { return sql.Open("pgx", patient) }
	for _, p := range []struct {
		pool  **sql.DB
		conns int
	}{
		{&db.wpool, o.MaxConns},
		{&db.jobs, min(riverConns, o.MaxConns)},
	} {
		if *p.pool, err = sql.Open("pgx", dsn); err != nil {
			return errors.New("the PostgreSQL URL cannot be read")
		}
		(*p.pool).SetMaxOpenConns(p.conns)
		(*p.pool).SetMaxIdleConns(p.conns)
		(*p.pool).SetConnMaxIdleTime(5 * time.Minute)
	}
	if err = db.wpool.PingContext(ctx); err != nil {
		return err
	}
	if db.write, err = openGorm(postgres.New(postgres.Config{Conn: db.wpool}), o.Clock, false); err != nil {
		return err
	}
	db.rpool, db.read = db.wpool, db.write
	return nil
}

// openGorm opens gorm on a pool. PostgreSQL's driver keeps statements prepared by itself; a second keeper above it would only
// cost.
func openGorm(dialector gorm.Dialector, clock domain.Clock, prepare bool) (*gorm.DB, error) {
	return gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            prepare,
		PrepareStmtMaxSize:     statements,
		TranslateError:         true,
		Logger:                 logger.Discard,
		NowFunc:                func() time.Time { return millis(clock()) },
	})
}

// Kind is "sqlite" or "postgres".
func (db *DB) Kind() string { return db.kind }

// Ping asks the database whether it answers, once for writing and once for reading.
func (db *DB) Ping(ctx context.Context) error {
	for _, pool := range []*sql.DB{db.wpool, db.rpool} {
		if err := pool.PingContext(ctx); err != nil {
			return translate("ping database", err)
		}
		if _, err := pool.ExecContext(ctx, "SELECT 1"); err != nil {
			return translate("ping database", err)
		}
	}
	return nil
}

// Close gives up ownership and every connection; an in-memory database is gone after it.
func (db *DB) Close() error {
	var errs []error
	for _, pool := range []*sql.DB{db.jobs, db.rpool, db.wpool} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	errs = append(errs, db.owned.release())
	if db.temp != "" {
		errs = append(errs, os.RemoveAll(db.temp))
	}
	return errors.Join(errs...)
}

// River is the job engine's driver, on connections of its own: exactly one on SQLite. Never insert a job through it
// outside a transaction while holding the connection that writes.
func (db *DB) River() riverdriver.Driver[*sql.Tx] {
	if db.kind == KindSQLite {
		return riversqlite.New(db.jobs)
	}
	return riverdatabasesql.New(db.jobs)
}

// millis is the time as both databases keep it: UTC, whole milliseconds.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
