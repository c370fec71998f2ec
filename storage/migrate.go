package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"guichet/domain"
	"guichet/migrations"
)

// Why a database's schema is not the one this program works with. Compare with errors.Is.
var (
	// ErrSchemaPending says that migrations are missing: run Migrate.
	ErrSchemaPending = errors.New("the database schema is older than this program; run the migrations")
	// ErrSchemaUnknown says that the database was migrated by a newer program: run that one.
	ErrSchemaUnknown = errors.New("the database schema is newer than this program")
	// ErrSchemaEdited says that a migration was changed after it had been applied: restore the file.
	ErrSchemaEdited = errors.New("an applied migration was edited")
)

const (
	versionTable  = "goose_db_version"
	checksumTable = "schema_checksums"
	// schemaLock is the first half of PostgreSQL's advisory lock for migrations; the schema's name is the second.
	schemaLock = 0x6775
)

// Migrate brings the schema up to date, ours and the job engine's, and returns the names of what it applied: none when
// nothing was pending. Several processes may call it at once; one works and the others wait. A database migrated by a
// newer program (ErrSchemaUnknown) or with an edited migration (ErrSchemaEdited) is refused untouched. Each migration
// is one transaction; after a failure the earlier ones stay.
func (db *DB) Migrate(ctx context.Context) (applied []string, err error) {
	pool, driver, unlock, err := db.lockSchema(ctx)
	if err != nil {
		return nil, translate("lock schema", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if _, err = db.pending(ctx, pool, driver); err != nil {
		return nil, err
	}
	list, err := migrations.List(db.migrations)
	if err != nil {
		return nil, err
	}
	store, err := newVersionStore(db.kind, list, db.clock)
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(goose.DialectCustom, pool, db.migrations,
		goose.WithStore(store), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	for _, r := range results {
		applied = append(applied, r.Source.Path)
	}
	if err != nil {
		return applied, translate("migrate", err)
	}
	jobs, err := db.migrateRiver(ctx, driver)
	applied = append(applied, jobs...)
	if len(applied) > 0 {
		db.log.InfoContext(ctx, "database migrated", slog.String("kind", db.kind), slog.Any("applied", applied))
	}
	return applied, err
}

func (db *DB) migrateRiver(ctx context.Context, driver riverdriver.Driver[*sql.Tx]) ([]string, error) {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("read job migrations: %w", err)
	}
	result, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err != nil {
		return nil, translate("migrate jobs", err)
	}
	var applied []string
	for _, v := range result.Versions {
		applied = append(applied, riverName(v.Version))
	}
	return applied, nil
}

// Pending lists the migrations that Migrate would apply. It changes nothing and refuses what Migrate refuses.
func (db *DB) Pending(ctx context.Context) ([]string, error) {
	return db.pending(ctx, db.wpool, db.River())
}

// CheckSchema returns nil when the schema is exactly this program's, else an error that is ErrSchemaPending,
// ErrSchemaUnknown or ErrSchemaEdited, or that of a database that does not answer. Serving must not start without it.
func (db *DB) CheckSchema(ctx context.Context) error {
	pending, err := db.Pending(ctx)
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		return fmt.Errorf("%w: %s", ErrSchemaPending, strings.Join(pending, ", "))
	}
	return nil
}

func (db *DB) pending(ctx context.Context, pool *sql.DB, driver riverdriver.Driver[*sql.Tx]) ([]string, error) {
	list, err := migrations.List(db.migrations)
	if err != nil {
		return nil, err
	}
	applied, err := db.history(ctx, pool)
	if err != nil {
		return nil, translate("read schema history", err)
	}
	var pending []string
	for _, m := range list {
		sum, ok := applied[m.Version]
		switch {
		case !ok:
			pending = append(pending, m.Name)
		case sum.checksum != m.Checksum:
			return nil, fmt.Errorf("%w: %s", ErrSchemaEdited, m.Name)
		}
		delete(applied, m.Version)
	}
	for version, sum := range applied {
		return nil, fmt.Errorf("%w: it has migration %d %s", ErrSchemaUnknown, version, sum.name)
	}
	jobs, err := pendingRiver(ctx, driver)
	return append(pending, jobs...), err
}

func pendingRiver(ctx context.Context, driver riverdriver.Driver[*sql.Tx]) ([]string, error) {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("read job migrations: %w", err)
	}
	existing, err := m.ExistingVersions(ctx)
	if err != nil {
		return nil, translate("read job schema", err)
	}
	all := m.AllVersions()
	same := func(version int) func(rivermigrate.Migration) bool {
		return func(o rivermigrate.Migration) bool { return o.Version == version }
	}
	for _, v := range existing {
		if !slices.ContainsFunc(all, same(v.Version)) {
			return nil, fmt.Errorf("%w: it has %s", ErrSchemaUnknown, riverName(v.Version))
		}
	}
	var pending []string
	for _, v := range all {
		if !slices.ContainsFunc(existing, same(v.Version)) {
			pending = append(pending, riverName(v.Version))
		}
	}
	return pending, nil
}

func riverName(version int) string { return fmt.Sprintf("river_%03d", version) }

// appliedMigration is what the database remembers of a migration.
type appliedMigration struct{ name, checksum string }

// history reads what was applied, by version; nothing on an empty database.
func (db *DB) history(ctx context.Context, pool *sql.DB) (map[int64]appliedMigration, error) {
	exists := "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '" + checksumTable + "'"
	if db.kind == KindPostgres {
		exists = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = '" + checksumTable + "'"
	}
	var n int
	if err := pool.QueryRowContext(ctx, exists).Scan(&n); err != nil {
		return nil, err
	}
	if n == 0 {
		return map[int64]appliedMigration{}, nil
	}
	rows, err := pool.QueryContext(ctx, "SELECT v.version_id, COALESCE(c.name, ''), COALESCE(c.checksum, '') FROM "+versionTable+
		" v LEFT JOIN "+checksumTable+" c ON c.version = v.version_id WHERE v.version_id > 0"+
		" UNION SELECT version, name, checksum FROM "+checksumTable)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	applied := map[int64]appliedMigration{}
	for rows.Next() {
		var version int64
		var m appliedMigration
		if err := rows.Scan(&version, &m.name, &m.checksum); err != nil {
			return nil, err
		}
		applied[version] = m
	}
	return applied, rows.Err()
}

// lockSchema keeps every other process from migrating until unlock, and returns the pool and the job driver to migrate
// with. PostgreSQL: an advisory lock on a session of its own; SQLite: a lock on a side file.
func (db *DB) lockSchema(ctx context.Context) (
	pool *sql.DB, driver riverdriver.Driver[*sql.Tx], unlock func() error, err error,
) {
	if db.kind == KindSQLite {
		l, lockErr := waitLock(ctx, db.file+".migrate")
		if lockErr != nil {
			return nil, nil, nil, lockErr
		}
		return db.wpool, db.River(), l.unlock, nil
	}
	pool, err = db.schemaPool()
	if err != nil {
		return nil, nil, nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, nil, nil, errors.Join(err, pool.Close())
	}
	unlock = func() error { return errors.Join(conn.Close(), pool.Close()) } // the lock ends with its session
	if err := waitAdvisory(ctx, conn); err != nil {
		return nil, nil, nil, errors.Join(err, unlock())
	}
	return pool, riverdatabasesql.New(pool), unlock, nil
}

func waitAdvisory(ctx context.Context, conn *sql.Conn) error {
	for {
		var got bool
		err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1::int, hashtext(current_schema()))", schemaLock).Scan(&got)
		if err != nil || got {
			return err
		}
		if err := pause(ctx, 5); err != nil {
			return err
		}
	}
}

// versionStore is goose's own bookkeeping, with each migration's checksum written in the migration's transaction.
type versionStore struct {
	database.Store
	kind  string
	list  []migrations.Migration
	clock domain.Clock
}

func newVersionStore(kind string, list []migrations.Migration, clock domain.Clock) (*versionStore, error) {
	dialect := database.DialectSQLite3
	if kind == KindPostgres {
		dialect = database.DialectPostgres
	}
	inner, err := database.NewStore(dialect, versionTable)
	if err != nil {
		return nil, fmt.Errorf("schema history: %w", err)
	}
	return &versionStore{Store: inner, kind: kind, list: list, clock: clock}, nil
}

// CreateVersionTable implements database.Store.
func (s *versionStore) CreateVersionTable(ctx context.Context, tx database.DBTxConn) error {
	if err := s.Store.CreateVersionTable(ctx, tx); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "CREATE TABLE "+checksumTable+
		" (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TIMESTAMP NOT NULL)")
	return err
}

// Insert implements database.Store.
func (s *versionStore) Insert(ctx context.Context, tx database.DBTxConn, req database.InsertRequest) error {
	if err := s.Store.Insert(ctx, tx, req); err != nil || req.Version == 0 {
		return err
	}
	at := slices.IndexFunc(s.list, func(m migrations.Migration) bool { return m.Version == req.Version })
	if at < 0 {
		return fmt.Errorf("migration %d has no file", req.Version)
	}
	m := s.list[at]
	query := "INSERT INTO " + checksumTable + " (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)"
	if s.kind == KindPostgres {
		query = "INSERT INTO " + checksumTable + " (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)"
	}
	_, err := tx.ExecContext(ctx, query, m.Version, m.Name, m.Checksum, millis(s.clock()))
	return err
}
