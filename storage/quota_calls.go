package storage

import (
	"context"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"

	"guichet/domain"
	"guichet/domain/quota"
)

type quotaCallRow struct {
	ID          int64 `gorm:"primaryKey;autoIncrement:false"`
	Institution string
	At          instant
	Operator    string
	Service     string
	Method      string
	Class       string
	OrderID     string
	Job         string
	Outcome     string
	BytesOut    int64
	BytesIn     int64
	Millis      int64
}

// TableName implements gorm's Tabler.
func (quotaCallRow) TableName() string { return "quota_calls" }

// fromSingles numbers the calls by their time, then in their order; a chance beginning keeps processes apart.
func fromSingles(calls []quota.Single) []quotaCallRow {
	const bits = 20
	start := rand.Int64N(1 << (bits - 1))
	rows := make([]quotaCallRow, len(calls))
	for i, c := range calls {
		rows[i] = quotaCallRow{
			ID:          c.At.UnixMilli()<<bits | (start+int64(i))&(1<<bits-1),
			Institution: string(c.Institution), At: instant(c.At), Operator: c.Operator, Service: c.Service, Method: c.Method, Class: string(c.Class),
			OrderID: c.Purpose.Order, Job: c.Purpose.Job, Outcome: c.Outcome, BytesOut: c.BytesOut, BytesIn: c.BytesIn, Millis: c.Took.Milliseconds(),
		}
	}
	return rows
}

func (r *quotaCallRow) toSingle() quota.Single {
	return quota.Single{
		Institution: domain.InstitutionCode(r.Institution), At: time.Time(r.At), Operator: r.Operator, Service: r.Service, Method: r.Method,
		Class: quota.Class(r.Class), Purpose: quota.Purpose{Order: r.OrderID, Job: r.Job}, Outcome: r.Outcome,
		BytesOut: r.BytesOut, BytesIn: r.BytesIn, Took: time.Duration(r.Millis) * time.Millisecond,
	}
}

// CallsFor implements quota.Store.
func (s *Quota) CallsFor(ctx context.Context, order string) ([]quota.Single, error) {
	var rows []quotaCallRow
	if err := s.db.read.WithContext(ctx).Where("order_id = ? AND order_id <> ''", order).Order("at, id").Find(&rows).Error; err != nil {
		return nil, translate("list an order's calls", err)
	}
	calls := make([]quota.Single, len(rows))
	for i := range rows {
		calls[i] = rows[i].toSingle()
	}
	return calls, nil
}

// pruneSingles deletes the calls from before a time, and the oldest beyond a number.
func pruneSingles(tx *gorm.DB, before time.Time, most int) (int64, error) {
	res := tx.Delete(&quotaCallRow{}, "at < ?", instant(before))
	if res.Error != nil {
		return 0, res.Error
	}
	deleted := res.RowsAffected
	var edge quotaCallRow
	found := tx.Select("id").Order("id DESC").Offset(most).Limit(1).Find(&edge)
	if found.Error != nil || found.RowsAffected == 0 {
		return deleted, found.Error
	}
	res = tx.Delete(&quotaCallRow{}, "id <= ?", edge.ID)
	return deleted + res.RowsAffected, res.Error
}
