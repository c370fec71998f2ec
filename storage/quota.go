package storage

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
	"guichet/domain/quota"
)

// Quota is the quota.Store. It is safe for concurrent use, also by several processes.
type Quota struct{ db *DB }

var _ quota.Store = (*Quota)(nil)

// Quota returns the store of call counts.
func (db *DB) Quota() *Quota { return &Quota{db: db} }

type quotaCountRow struct {
	Institution string  `gorm:"primaryKey"`
	Hour        instant `gorm:"primaryKey"`
	Service     string  `gorm:"primaryKey"`
	Method      string  `gorm:"primaryKey"`
	Class       string  `gorm:"primaryKey"`
	Outcome     string  `gorm:"primaryKey"`
	Calls       int64
	BytesOut    int64
	BytesIn     int64
	Millis      int64
}

// TableName implements gorm's Tabler.
func (quotaCountRow) TableName() string { return "quota_counts" }

func (r *quotaCountRow) toCount() quota.Count {
	return quota.Count{
		Institution: domain.InstitutionCode(r.Institution), Hour: time.Time(r.Hour), Service: r.Service, Method: r.Method,
		Class: quota.Class(r.Class), Outcome: r.Outcome, Calls: r.Calls, BytesOut: r.BytesOut, BytesIn: r.BytesIn, Millis: r.Millis,
	}
}

func fromCount(c quota.Count) quotaCountRow {
	return quotaCountRow{
		Institution: string(c.Institution), Hour: instant(c.Hour.UTC().Truncate(time.Hour)), Service: c.Service, Method: c.Method,
		Class: string(c.Class), Outcome: c.Outcome, Calls: c.Calls, BytesOut: c.BytesOut, BytesIn: c.BytesIn, Millis: c.Millis,
	}
}

// compareCounts orders rows by their key: two processes that write the same rows lock them in the same order.
func compareCounts(a, b quotaCountRow) int {
	return cmp.Or(
		cmp.Compare(a.Institution, b.Institution), time.Time(a.Hour).Compare(time.Time(b.Hour)), cmp.Compare(a.Service, b.Service),
		cmp.Compare(a.Method, b.Method), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Outcome, b.Outcome),
	)
}

// AddCounts implements quota.Store. Hours are cut to their start.
func (s *Quota) AddCounts(ctx context.Context, counts []quota.Count) error {
	rows := mapEach(counts, fromCount)
	slices.SortFunc(rows, compareCounts)
	summed := rows[:0]
	for _, r := range rows {
		last := len(summed) - 1
		if last < 0 || compareCounts(summed[last], r) != 0 {
			summed = append(summed, r)
			continue
		}
		summed[last].Calls += r.Calls
		summed[last].BytesOut += r.BytesOut
		summed[last].BytesIn += r.BytesIn
		summed[last].Millis += r.Millis
	}
	if len(summed) == 0 {
		return nil
	}
	add := func(column string) clause.Assignment {
		return clause.Assignment{Column: clause.Column{Name: column}, Value: gorm.Expr("quota_counts." + column + " + excluded." + column)}
	}
	upsert := clause.OnConflict{
		Columns: []clause.Column{
			{Name: "institution"}, {Name: "hour"}, {Name: "service"}, {Name: "method"}, {Name: "class"}, {Name: "outcome"},
		},
		DoUpdates: clause.Set{add("calls"), add("bytes_out"), add("bytes_in"), add("millis")},
	}
	return s.db.change(ctx, "add call counts", func(tx *gorm.DB) error {
		return tx.Clauses(upsert).CreateInBatches(summed, batch).Error
	})
}

// Counts implements quota.Store.
func (s *Quota) Counts(ctx context.Context, code domain.InstitutionCode, from, to time.Time) ([]quota.Count, error) {
	tx := s.db.read.WithContext(ctx).Where("hour >= ? AND hour < ?", instant(from), instant(to))
	if code != "" {
		tx = tx.Where("institution = ?", string(code))
	}
	var rows []quotaCountRow
	if err := tx.Order("hour, institution, service, method, class, outcome").Find(&rows).Error; err != nil {
		return nil, translate("list call counts", err)
	}
	counts := make([]quota.Count, len(rows))
	for i := range rows {
		counts[i] = rows[i].toCount()
	}
	return counts, nil
}
