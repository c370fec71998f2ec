package storage

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"guichet/domain"
)

// The queues that tasks go to. Whoever runs jobs must work all of them.
const (
	QueueSale    = "sale"    // sales.*
	QueueRefresh = "refresh" // catalog.*, availability.*
	QueueExport  = "export"  // tickets.*
	QueueDeliver = "deliver" // everything else
)

// task is a job's arguments: ids only, always {"id":"…"}.
type task struct {
	kind string
	ID   string `json:"id"`
}

// Kind implements river.JobArgs.
func (t task) Kind() string { return t.kind }

// queueOf says where a task goes, so that a sale's job never waits behind a refresh.
func queueOf(kind domain.TaskKind) string {
	prefix, _, _ := strings.Cut(string(kind), ".")
	switch prefix {
	case "sales":
		return QueueSale
	case "catalog", "availability":
		return QueueRefresh
	case "tickets":
		return QueueExport
	}
	return QueueDeliver
}

// insertTasks asks for jobs in the transaction: they exist if and when it commits.
func (db *DB) insertTasks(ctx context.Context, tx *gorm.DB, tasks []domain.Task) error {
	if len(tasks) == 0 {
		return nil
	}
	sqlTx, err := sqlTxOf(tx)
	if err != nil {
		return err
	}
	params := make([]river.InsertManyParams, 0, len(tasks))
	for _, t := range tasks {
		opts := &river.InsertOpts{Queue: queueOf(t.Kind)}
		if t.NotBefore != 0 {
			opts.ScheduledAt = time.UnixMilli(t.NotBefore).UTC()
		}
		params = append(params, river.InsertManyParams{Args: task{kind: string(t.Kind), ID: t.Key}, InsertOpts: opts})
	}
	if _, err := db.insert.InsertManyFastTx(ctx, sqlTx, params); err != nil {
		return fmt.Errorf("insert %d tasks: %w", len(tasks), err)
	}
	return nil
}

// sqlTxOf finds the transaction under gorm's prepared statements.
func sqlTxOf(tx *gorm.DB) (*sql.Tx, error) {
	pool := tx.Statement.ConnPool
	if prepared, ok := pool.(*gorm.PreparedStmtTX); ok {
		pool = prepared.Tx
	}
	sqlTx, ok := pool.(*sql.Tx)
	if !ok {
		return nil, fmt.Errorf("no transaction under %T", pool)
	}
	return sqlTx, nil
}
