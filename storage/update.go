package storage

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// attempts bounds how often one change is run.
const attempts = 8

// change runs fn in one transaction that writes and commits it. On SQLite the transaction holds the write lock from its
// beginning; on PostgreSQL fn must lock the row it changes (forUpdate) or guard with its version. fn runs again, from the
// beginning, when the row was stale or the database broke the transaction off in favour of another; nothing of the
// failed run is kept. The error of the commit itself is returned: after it, nothing is stored, except that a connection
// lost in the middle of a commit leaves it open, which is store.unavailable.
func (db *DB) change(ctx context.Context, doing string, fn func(tx *gorm.DB) error) error {
	var err error
	for attempt := range attempts {
		err = db.write.WithContext(ctx).Transaction(fn)
		if !repeatable(err) {
			break
		}
		db.log.DebugContext(ctx, "database change runs again", slog.String("change", doing), slog.Int("attempt", attempt+1))
		if wait := pause(ctx, attempt); wait != nil {
			return translate(doing, wait)
		}
	}
	return translate(doing, err)
}

// single runs fn, which makes one statement that writes, without a transaction around it. On SQLite it has one all the same:
// gorm keeps its lock on prepared statements while one outside of a transaction waits for the only connection, and the
// transaction that has the connection may be waiting for that lock.
func (db *DB) single(ctx context.Context, fn func(tx *gorm.DB) error) error {
	if db.kind == KindSQLite {
		return db.write.WithContext(ctx).Transaction(fn)
	}
	return fn(db.write.WithContext(ctx))
}

// forUpdate locks the rows that the query reads until the transaction ends. SQLite's dialect drops it without a word,
// which is right only because its transactions begin with the write lock.
func forUpdate(tx *gorm.DB) *gorm.DB { return tx.Clauses(clause.Locking{Strength: "UPDATE"}) }

// pause waits before another attempt: a few milliseconds, growing, with chance in it so that two do not meet again.
func pause(ctx context.Context, attempt int) error {
	limit := time.Millisecond << min(attempt+1, 6)
	timer := time.NewTimer(limit/2 + rand.N(limit/2+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
