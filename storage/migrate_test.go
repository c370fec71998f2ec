package storage_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain/account"
	"guichet/migrations"
	"guichet/storage"
	"guichet/storage/storagetest"
)

// folder copies the embedded migrations up to a number.
func folder(t *testing.T, upTo int) fstest.MapFS {
	t.Helper()
	list, err := migrations.List(migrations.Files())
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for _, m := range list[:min(upTo, len(list))] {
		content, err := fs.ReadFile(migrations.Files(), m.Name)
		if err != nil {
			t.Fatal(err)
		}
		out[m.Name] = &fstest.MapFile{Data: content}
	}
	return out
}

// future is the name of the migration that comes next.
func future(t *testing.T) string {
	t.Helper()
	list, err := migrations.List(migrations.Files())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%04d_future.sql", list[len(list)-1].Version+1)
}

func ours(applied []string) []string {
	var out []string
	for _, name := range applied {
		if strings.HasSuffix(name, ".sql") {
			out = append(out, name)
		}
	}
	return out
}

func all(t *testing.T) []string {
	t.Helper()
	list, err := migrations.List(migrations.Files())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range list {
		out = append(out, m.Name)
	}
	return out
}

func tables(t *testing.T, db *storage.DB, name string) int {
	t.Helper()
	query := "SELECT COUNT(*) FROM sqlite_master WHERE name = '" + name + "'"
	if db.Kind() == storage.KindPostgres {
		query = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = '" + name + "'"
	}
	var n int
	if err := db.Pool().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMigrate_EmptyToLatestThenNothing(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			db := storagetest.Connect(t, storage.Options{URL: p.URL(t)})
			if err := db.CheckSchema(t.Context()); !errors.Is(err, storage.ErrSchemaPending) {
				t.Errorf("check of an empty database = %v, want pending", err)
			}
			pending, err := db.Pending(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			applied, err := db.Migrate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(pending, applied); diff != "" {
				t.Errorf("applied is not what was pending (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(all(t), ours(applied)); diff != "" {
				t.Errorf("applied (-want +got):\n%s", diff)
			}
			if !slices.ContainsFunc(applied, func(s string) bool { return strings.HasPrefix(s, "river_") }) {
				t.Error("the job engine's tables were not made")
			}
			if err := db.CheckSchema(t.Context()); err != nil {
				t.Errorf("check after migrating: %v", err)
			}
			again, err := db.Migrate(t.Context())
			if err != nil || len(again) != 0 {
				t.Errorf("migrating again applied %v (%v)", again, err)
			}
		})
	}
}

func TestMigrate_OldToLatestKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			db := storagetest.Connect(t, storage.Options{URL: p.URL(t)})
			db.UseMigrations(folder(t, 2))
			if _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, old := range []string{"1 EUR 4200 shop", "2 EUR 800 kiosk", "3 JPY 500 shop"} {
				writeOldOrder(t, db, old)
			}
			_, err := db.Pool().ExecContext(t.Context(), `INSERT INTO availabilities
				(institution, product, performance, seat_category, item, timeslot, day, seq, level, places, counted, platform_level, as_of)
				VALUES ('opera', 1, 2, 3, 0, 0, '', 4, 'limited', 5, TRUE, 'LIMITED', '2026-11-21 12:00:00.000')`)
			if err != nil {
				t.Fatal(err)
			}
			db.UseMigrations(migrations.Files())
			if err := db.CheckSchema(t.Context()); !errors.Is(err, storage.ErrSchemaPending) {
				t.Errorf("check of an old database = %v, want pending", err)
			}
			applied, err := db.Migrate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(all(t)[2:], applied); diff != "" {
				t.Errorf("applied (-want +got):\n%s", diff)
			}
			if _, err := db.Sales().Order(t.Context(), "ord_1"); err != nil {
				t.Errorf("the order of before: %v", err)
			}
			wantOldBookings(t, db)
			readings, err := db.Catalog().Availability(t.Context(), "opera", 3)
			if err != nil || len(readings) != 1 || readings[0].Count != 5 || readings[0].SeatCategory != 3 || readings[0].Contingent != 0 {
				t.Errorf("the reading of before: %+v, %v", readings, err)
			}
		})
	}
}

// writeOldOrder writes an order and its booking as they were before there was a ledger: number, currency, amount, storefront.
func writeOldOrder(t *testing.T, db *storage.DB, old string) {
	t.Helper()
	f := strings.Fields(old)
	at := "2026-11-2" + f[0] + " 12:00:00.000"
	for _, statement := range []string{
		"INSERT INTO orders (id, institution, storefront, reference, status, version, platform_order_id, platform_file_id, created_at, updated_at, " +
			"next_check_at, search, format, content) VALUES ('ord_" + f[0] + "', 'opera', '" + f[3] + "', '', 'issued', 1, 0, 0, '" + at + "', '" + at + "', '" +
			at + "', '', 1, '{}')",
		"INSERT INTO postings (order_id, kind, institution, amount, currency, at) VALUES ('ord_" + f[0] + "', 'close', 'opera', " + f[2] + ", '" + f[1] + "', '" + at + "')",
	} {
		if _, err := db.Pool().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// wantOldBookings checks that what was booked before stands in the ledgers, in thousandths.
func wantOldBookings(t *testing.T, db *storage.DB) {
	t.Helper()
	heads, err := db.Account().Heads(t.Context(), "opera")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day int) time.Time { return time.Date(2026, 11, day, 12, 0, 0, 0, time.UTC) }
	want := []account.Head{{Currency: "EUR", Postings: 2, Owed: 50_000, BookedAt: at(22)}, {Currency: "JPY", Postings: 1, Owed: 500_000, BookedAt: at(23)}}
	if diff := cmp.Diff(want, heads); diff != "" {
		t.Errorf("ledgers (-want +got):\n%s", diff)
	}
	list, err := db.Account().Postings(t.Context(), "opera", "EUR", at(1), at(28), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	posting := func(n int64, storefront string, amount, owed int64) account.Posting {
		id := fmt.Sprint("ord_", n)
		return account.Posting{
			Institution: "opera", Currency: "EUR", Number: n, Kind: account.Close, Cause: id, Debit: account.Of(account.Storefront, storefront),
			Credit: account.Pending, Thousandths: amount, Owed: owed, Order: id, Storefront: storefront, At: at(20 + int(n)), BookedAt: at(20 + int(n)),
		}
	}
	if diff := cmp.Diff([]account.Posting{posting(1, "shop", 42_000, 42_000), posting(2, "kiosk", 8_000, 50_000)}, list); diff != "" {
		t.Errorf("postings (-want +got):\n%s", diff)
	}
	next, created, err := db.Account().Book(t.Context(), account.Posting{
		Institution: "opera", Currency: "EUR", Kind: account.Payment, Cause: "p", Debit: account.Pending, Credit: account.Bank, Thousandths: 1, At: at(24),
	})
	if err != nil || !created || next.Number != 3 || next.Owed != 49_999 {
		t.Errorf("the next posting = %+v, %v", next, err)
	}
}

func TestMigrate_UnknownOrEdited_IsRefusedUntouched(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			db := storagetest.Connect(t, storage.Options{URL: p.URL(t)})
			newer := folder(t, 99)
			newer[future(t)] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE future (id TEXT);\n")}
			edited := folder(t, 99)
			edited["0003_storefront.sql"] = &fstest.MapFile{Data: append([]byte("-- better\n"), edited["0003_storefront.sql"].Data...)}
			edited[future(t)] = newer[future(t)]

			if _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			db.UseMigrations(edited)
			wantRefused(t, db, storage.ErrSchemaEdited, "0003_storefront.sql")
			if tables(t, db, "future") != 0 {
				t.Error("a migration was applied although another was edited")
			}
			db.UseMigrations(newer)
			if _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			db.UseMigrations(migrations.Files())
			wantRefused(t, db, storage.ErrSchemaUnknown, future(t))
		})
	}
}

func wantRefused(t *testing.T, db *storage.DB, want error, name string) {
	t.Helper()
	check := db.CheckSchema(t.Context())
	_, migrate := db.Migrate(t.Context())
	for _, err := range []error{check, migrate} {
		if !errors.Is(err, want) || !strings.Contains(err.Error(), name) {
			t.Errorf("error = %v, want %v and %s", err, want, name)
		}
	}
}

func TestMigrate_RecordWithoutChecksum_IsRefused(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			db := storagetest.OpenURL(t, p.URL(t))
			if _, err := db.Pool().ExecContext(t.Context(), "DELETE FROM schema_checksums WHERE version = 2"); err != nil {
				t.Fatal(err)
			}
			wantRefused(t, db, storage.ErrSchemaEdited, "0002_sales.sql")
			if _, err := db.Pool().ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9, "+yes(db)+")"); err != nil {
				t.Fatal(err)
			}
			if err := db.CheckSchema(t.Context()); err == nil {
				t.Error("a version that nobody knows is not refused")
			}
		})
	}
}

func yes(db *storage.DB) string {
	if db.Kind() == storage.KindPostgres {
		return "TRUE"
	}
	return "1"
}

func TestMigrate_FailingMigration_LeavesNothingOfItself(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			db := storagetest.OpenURL(t, p.URL(t))
			broken := folder(t, 99)
			broken[future(t)] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE future (id TEXT);\nINSERT INTO nowhere VALUES (1);\n")}
			db.UseMigrations(broken)
			if _, err := db.Migrate(t.Context()); err == nil {
				t.Fatal("no error")
			}
			if tables(t, db, "future") != 0 {
				t.Error("half of the migration stayed")
			}
			db.UseMigrations(migrations.Files())
			if err := db.CheckSchema(t.Context()); err != nil {
				t.Errorf("the database is not as before: %v", err)
			}
			broken[future(t)].Data = []byte("-- +goose Up\nCREATE TABLE future (id TEXT);\n")
			db.UseMigrations(broken)
			if applied, err := db.Migrate(t.Context()); err != nil || !slices.Equal(applied, []string{future(t)}) {
				t.Errorf("the mended migration: %v (%v)", applied, err)
			}
		})
	}
}

func TestMigrate_FourAtOnce_OneWorksTheOthersWait(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			const starters = 4
			url := p.URL(t)
			var (
				wg      sync.WaitGroup
				mu      sync.Mutex
				applied []string
			)
			for range starters {
				wg.Go(func() {
					db, err := storage.Open(t.Context(), storage.Options{URL: url, MaxConns: 2})
					if err != nil {
						t.Error(err)
						return
					}
					defer func() { _ = db.Close() }()
					names, err := db.Migrate(t.Context())
					if err != nil {
						t.Error(err)
					}
					if err := db.CheckSchema(t.Context()); err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					applied = append(applied, names...)
				})
			}
			wg.Wait()
			if diff := cmp.Diff(all(t), ours(applied)); diff != "" {
				t.Errorf("together they applied (-want +got):\n%s", diff)
			}
		})
	}
}
