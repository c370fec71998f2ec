package storage

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"

	"guichet/domain"
	"guichet/domain/quota"
)

// Answers keeps what orders' calls asked and were answered. Keep only remembers; Flush writes. It is safe for concurrent use.
type Answers struct {
	db  *DB
	ids domain.IDs

	mu      sync.Mutex
	waiting []taped
	bytes   int
	lost    int
}

// Bounds of what waits to be written, beyond which the oldest is forgotten, and of what one order is shown.
const (
	maxWaiting      = 5_000
	maxWaitingBytes = 32 << 20
	maxAnswers      = 500
	maxUnpacked     = 2 << 20
)

// Answers returns the keeper of exchanges. A process needs only one.
func (db *DB) Answers(ids domain.IDs) *Answers { return &Answers{db: db, ids: ids} }

// taped is an exchange that is made when it is written, of so many bytes.
type taped struct {
	size     int
	exchange func() quota.Exchange
}

type answerRow struct {
	ID      string `gorm:"primaryKey"`
	OrderID string
	At      instant
	Call    string
	Outcome string
	Content []byte
}

// TableName implements gorm's Tabler.
func (answerRow) TableName() string { return "order_answers" }

// answerContent is what is packed. Its names are fixed.
type answerContent struct {
	Institution string          `json:"institution"`
	Request     json.RawMessage `json:"request"`
	Answer      json.RawMessage `json:"answer"`
}

// Keep remembers an exchange until the next Flush.
func (a *Answers) Keep(size int, exchange func() quota.Exchange) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = append(a.waiting, taped{size, exchange})
	a.bytes += size
	for len(a.waiting) > maxWaiting || a.bytes > maxWaitingBytes {
		a.bytes -= a.waiting[0].size
		a.waiting = a.waiting[1:]
		a.lost++
	}
}

// Flush writes what was remembered. What cannot be written is remembered until the next one.
func (a *Answers) Flush(ctx context.Context) error {
	a.mu.Lock()
	batchOf, lost := a.waiting, a.lost
	a.waiting, a.bytes, a.lost = nil, 0, 0
	a.mu.Unlock()
	if lost > 0 {
		a.db.log.WarnContext(ctx, "answers of the platform were not kept: the database is too slow or away", slog.Int("lost", lost))
	}
	if len(batchOf) == 0 {
		return nil
	}
	rows := make([]answerRow, 0, len(batchOf))
	for _, t := range batchOf {
		row, err := a.toRow(t.exchange())
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	err := a.db.change(ctx, "keep answers", func(tx *gorm.DB) error { return tx.CreateInBatches(rows, batch).Error })
	if err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.waiting = append(batchOf, a.waiting...)
		for _, t := range batchOf {
			a.bytes += t.size
		}
	}
	return err
}

func (a *Answers) toRow(e quota.Exchange) (answerRow, error) {
	raw, err := json.Marshal(answerContent{Institution: string(e.Institution), Request: e.Request, Answer: e.Answer})
	if err != nil {
		return answerRow{}, fmt.Errorf("keep an answer: %w", err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err = z.Write(raw); err == nil {
		err = z.Close()
	}
	if err != nil {
		return answerRow{}, fmt.Errorf("pack an answer: %w", err)
	}
	return answerRow{ID: a.ids("ans"), OrderID: plain(e.Order), At: instant(millis(e.At)), Call: e.Call, Outcome: e.Outcome, Content: packed.Bytes()}, nil
}

// Exchanges lists what was kept of an order's calls, oldest first; the last 500 where there are more.
func (a *Answers) Exchanges(ctx context.Context, order string) ([]quota.Exchange, error) {
	var rows []answerRow
	err := a.db.read.WithContext(ctx).Where("order_id = ?", plain(order)).Order("id DESC").Limit(maxAnswers).Find(&rows).Error
	if err != nil {
		return nil, translate("list answers", err)
	}
	out := make([]quota.Exchange, len(rows))
	for i := range rows {
		e, err := rows[i].toExchange()
		if err != nil {
			return nil, err
		}
		out[len(rows)-1-i] = e
	}
	return out, nil
}

func (r *answerRow) toExchange() (quota.Exchange, error) {
	z, err := gzip.NewReader(bytes.NewReader(r.Content))
	if err != nil {
		return quota.Exchange{}, fmt.Errorf("answer %s cannot be unpacked: %w", r.ID, err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxUnpacked))
	if err != nil {
		return quota.Exchange{}, fmt.Errorf("answer %s cannot be unpacked: %w", r.ID, err)
	}
	var c answerContent
	if err := json.Unmarshal(raw, &c); err != nil {
		return quota.Exchange{}, fmt.Errorf("answer %s cannot be read: %w", r.ID, err)
	}
	return quota.Exchange{
		Institution: domain.InstitutionCode(c.Institution), Order: r.OrderID, At: time.Time(r.At), Call: r.Call, Outcome: r.Outcome,
		Request: c.Request, Answer: c.Answer,
	}, nil
}

// Prune deletes what is from before a time.
func (a *Answers) Prune(ctx context.Context, before time.Time) (deleted int64, err error) {
	err = a.db.change(ctx, "prune answers", func(tx *gorm.DB) error {
		res := tx.Delete(&answerRow{}, "at < ?", instant(before))
		deleted = res.RowsAffected
		return res.Error
	})
	return deleted, err
}
