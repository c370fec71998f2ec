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
	KeyID       string
	Outcome     string
	BytesOut    int64
	BytesIn     int64
	Millis      int64
}

// TableName implements gorm's Tabler.
func (quotaCallRow) TableName() string { return "quota_calls" }

// callBits are the bits of a call's id below its time in milliseconds.
const callBits = 20

// fromSingles numbers the calls by their time, then in their order; a chance beginning keeps processes apart.
func fromSingles(calls []quota.Single) []quotaCallRow {
	start := rand.Int64N(1 << (callBits - 1))
	rows := make([]quotaCallRow, len(calls))
	for i, c := range calls {
		rows[i] = quotaCallRow{
			ID:          c.At.UnixMilli()<<callBits | (start+int64(i))&(1<<callBits-1),
			Institution: string(c.Institution), At: instant(c.At), Operator: c.Operator, Service: c.Service, Method: c.Method, Class: string(c.Class),
			OrderID: c.Purpose.Order, Job: c.Purpose.Job, KeyID: c.Purpose.Key, Outcome: c.Outcome, BytesOut: c.BytesOut, BytesIn: c.BytesIn, Millis: c.Took.Milliseconds(),
		}
	}
	return rows
}

func (r *quotaCallRow) toSingle() quota.Single {
	return quota.Single{
		Institution: domain.InstitutionCode(r.Institution), At: time.Time(r.At), Operator: r.Operator, Service: r.Service, Method: r.Method,
		Class: quota.Class(r.Class), Purpose: quota.Purpose{Order: r.OrderID, Job: r.Job, Key: r.KeyID}, Outcome: r.Outcome,
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

type quotaCallerRow struct {
	Name     string
	Calls    int64
	BytesOut int64
	BytesIn  int64
	Millis   int64
	Errors   int64
	Last     int64 // id
}

// Callers implements quota.Store.
func (s *Quota) Callers(ctx context.Context, code domain.InstitutionCode, by quota.By, from, to time.Time, most int) ([]quota.Caller, error) {
	column, ok := map[quota.By]string{quota.ByKey: "key_id", quota.ByJob: "job", quota.ByOrder: "order_id"}[by]
	if !ok {
		return nil, domain.Errorf(domain.Internal, domain.CodeInternal, "calls are not told apart by %q", by)
	}
	var rows []quotaCallerRow
	err := s.db.read.WithContext(ctx).Model(&quotaCallRow{}).Select(column+` AS name, COUNT(*) AS calls, SUM(bytes_out) AS bytes_out, SUM(bytes_in) AS bytes_in,
		SUM(millis) AS millis, SUM(CASE WHEN outcome IN ('ok', 'in_progress') THEN 0 ELSE 1 END) AS errors, MAX(id) AS last`).
		Where("institution = ? AND at >= ? AND at < ?", string(code), instant(from), instant(to)).
		Group(column).Order("calls DESC, name").Limit(most).Scan(&rows).Error
	if err != nil {
		return nil, translate("sum calls by who made them", err)
	}
	callers := make([]quota.Caller, len(rows))
	for i, r := range rows {
		callers[i] = quota.Caller{
			Name: r.Name, Sum: quota.Sum{Calls: r.Calls, BytesOut: r.BytesOut, BytesIn: r.BytesIn, Millis: r.Millis}, Errors: r.Errors, Last: time.UnixMilli(r.Last >> callBits).UTC(),
		}
	}
	return callers, nil
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
