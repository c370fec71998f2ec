package storagetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet/storage"
)

// Place is a kind of database that tests run on.
type Place struct {
	Kind string // storage.KindSQLite or storage.KindPostgres
	url  string // PostgreSQL: the server's
}

// Places lists where tests run: SQLite, and PostgreSQL where the environment names one.
func Places(tb testing.TB) []Place {
	tb.Helper()
	places := []Place{{Kind: storage.KindSQLite}}
	server := os.Getenv("GUICHET_TEST_POSTGRES")
	switch {
	case server != "":
		places = append(places, Place{Kind: storage.KindPostgres, url: server})
	case os.Getenv("CI_REQUIRE_POSTGRES") == "1":
		tb.Fatal("CI_REQUIRE_POSTGRES is set, but GUICHET_TEST_POSTGRES names no server")
	}
	return places
}

// URL makes an empty database of the place's kind, which is gone when the test ends, and returns its URL.
func (p Place) URL(tb testing.TB) string {
	tb.Helper()
	if p.Kind == storage.KindSQLite {
		return "sqlite:" + filepath.Join(tb.TempDir(), "guichet.db")
	}
	schema := "t_" + strings.ToLower(rand.Text())
	p.exec(tb, "CREATE SCHEMA "+schema)
	tb.Cleanup(func() { p.exec(tb, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(p.url)
	if err != nil {
		tb.Fatal("GUICHET_TEST_POSTGRES cannot be read")
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// exec runs a statement on the server; the driver is registered by package storage.
func (p Place) exec(tb testing.TB, statement string) {
	tb.Helper()
	pool, err := sql.Open("pgx", p.url)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	if _, err := pool.ExecContext(context.WithoutCancel(tb.Context()), statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

// Open opens a migrated, empty database, which is closed and gone when the test ends. On SQLite it is an in-memory one.
func (p Place) Open(tb testing.TB) *storage.DB {
	tb.Helper()
	if p.Kind == storage.KindSQLite {
		return OpenURL(tb, "sqlite::memory:")
	}
	return OpenURL(tb, p.URL(tb))
}

// SQLite opens a migrated, empty in-memory database, which is gone when the test ends.
func SQLite(tb testing.TB) *storage.DB {
	tb.Helper()
	return OpenURL(tb, "sqlite::memory:")
}

// OpenURL opens and migrates the database of a URL; it is closed when the test ends.
func OpenURL(tb testing.TB, url string) *storage.DB {
	tb.Helper()
	db := Connect(tb, storage.Options{URL: url, ChangesKept: changesKept})
	if _, err := db.Migrate(tb.Context()); err != nil {
		tb.Fatalf("migrate: %v", err)
	}
	return db
}

// Connect opens a database as it is, with few connections; it is closed when the test ends.
func Connect(tb testing.TB, o storage.Options) *storage.DB {
	tb.Helper()
	if o.MaxConns == 0 {
		o.MaxConns = 8
	}
	db, err := storage.Open(tb.Context(), o)
	if err != nil {
		tb.Fatalf("open database: %v", err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("close database: %v", err)
		}
	})
	return db
}
