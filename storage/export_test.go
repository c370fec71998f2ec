package storage

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"

	"gorm.io/gorm"

	"guichet/domain/sales"
)

// Pool is the pool that writes, for tests that look under the stores.
func (db *DB) Pool() *sql.DB { return db.wpool }

// UseMigrations makes the database believe in other migrations than the embedded ones.
func (db *DB) UseMigrations(folder fs.FS) { db.migrations = folder }

// SnapshotFormat is the format of snapshots that this program reads.
const SnapshotFormat = snapshotFormat

// ExplainOrders is the database's plan for a list of orders, as if the table were large.
func (db *DB) ExplainOrders(ctx context.Context, q sales.Query) (string, error) {
	tx, err := selectOrders(db.read.WithContext(ctx).Session(&gorm.Session{DryRun: true}), q)
	if err != nil {
		return "", err
	}
	var rows []orderRow
	other := "off"
	if q.PlatformID != 0 { // an index on each of two columns, and then sorting the few rows found
		other = "on"
	}
	return db.explain(ctx, tx.Limit(51).Find(&rows), other)
}

// ExplainDueOrders is the database's plan for due orders.
func (db *DB) ExplainDueOrders(ctx context.Context, statuses []sales.Status) (string, error) {
	tx := db.read.WithContext(ctx).Session(&gorm.Session{DryRun: true}).Model(&orderRow{})
	var ids []string
	return db.explain(ctx, selectDue(tx, statuses, db.clock()).Limit(100).Pluck("id", &ids), "on")
}

func (db *DB) explain(ctx context.Context, built *gorm.DB, other string) (string, error) {
	conn, err := db.rpool.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	explain := "EXPLAIN QUERY PLAN "
	if db.kind == KindPostgres {
		explain = "EXPLAIN (COSTS OFF) "
		for _, set := range []string{
			"SET enable_seqscan = off", "SET enable_sort = " + other, "SET enable_bitmapscan = " + other,
		} {
			if _, err = conn.ExecContext(ctx, set); err != nil {
				return "", err
			}
		}
	}
	rows, err := conn.QueryContext(ctx, explain+built.Statement.SQL.String(), built.Statement.Vars...)
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var plan strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			return "", err
		}
		fmt.Fprintln(&plan, *values[len(values)-1].(*any))
	}
	return plan.String(), rows.Err()
}
