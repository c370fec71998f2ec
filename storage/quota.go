package storage

import (
	"cmp"
	"context"
	"errors"
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

// Quota returns the store of the gate's shared state and of the ledger.
func (db *DB) Quota() *Quota { return &Quota{db: db} }

type quotaGateRow struct {
	Institution string `gorm:"primaryKey"`
	Version     int64
	Document    string
}

// TableName implements gorm's Tabler.
func (quotaGateRow) TableName() string { return "quota_gates" }

// Shared implements quota.Store.
func (s *Quota) Shared(ctx context.Context, code domain.InstitutionCode) ([]byte, int64, error) {
	var row quotaGateRow
	err := s.db.read.WithContext(ctx).Where("institution = ?", string(code)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, translate("read a gate", err)
	}
	return []byte(row.Document), row.Version, nil
}

// SwapShared implements quota.Store: one statement, committed by itself.
func (s *Quota) SwapShared(ctx context.Context, code domain.InstitutionCode, version int64, document []byte) (bool, error) {
	for attempt := range attempts {
		var rows int64
		err := s.db.single(ctx, func(tx *gorm.DB) error {
			res := s.swap(tx, code, version, document)
			rows = res.RowsAffected
			return res.Error
		})
		if !repeatable(err) {
			return rows == 1, translate("share a gate", err)
		}
		if err := pause(ctx, attempt); err != nil {
			return false, translate("share a gate", err)
		}
	}
	return false, domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "the database does not answer")
}

func (s *Quota) swap(tx *gorm.DB, code domain.InstitutionCode, version int64, document []byte) *gorm.DB {
	if version == 0 {
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&quotaGateRow{string(code), 1, string(document)})
	}
	return tx.Exec("UPDATE quota_gates SET version = ?, document = ? WHERE institution = ? AND version = ?",
		version+1, string(document), string(code), version)
}

type quotaUsageRow struct {
	Institution string  `gorm:"primaryKey"`
	Unit        string  `gorm:"primaryKey"`
	Start       instant `gorm:"primaryKey"`
	Operator    string  `gorm:"primaryKey"`
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
func (quotaUsageRow) TableName() string { return "quota_usage" }

func (r *quotaUsageRow) toCount() quota.Count {
	return quota.Count{
		Institution: domain.InstitutionCode(r.Institution), Unit: quota.Unit(r.Unit), Start: time.Time(r.Start), Operator: r.Operator,
		Service: r.Service, Method: r.Method, Class: quota.Class(r.Class), Outcome: r.Outcome,
		Calls: r.Calls, BytesOut: r.BytesOut, BytesIn: r.BytesIn, Millis: r.Millis,
	}
}

func fromCount(c quota.Count) quotaUsageRow {
	return quotaUsageRow{
		Institution: string(c.Institution), Unit: string(c.Unit), Start: instant(c.Start), Operator: c.Operator, Service: c.Service,
		Method: c.Method, Class: string(c.Class), Outcome: c.Outcome, Calls: c.Calls, BytesOut: c.BytesOut, BytesIn: c.BytesIn, Millis: c.Millis,
	}
}

// compareCounts orders rows by their key: two processes that write the same rows lock them in the same order.
func compareCounts(a, b quotaUsageRow) int {
	return cmp.Or(
		cmp.Compare(a.Institution, b.Institution), cmp.Compare(a.Unit, b.Unit), time.Time(a.Start).Compare(time.Time(b.Start)),
		cmp.Compare(a.Operator, b.Operator), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Class, b.Class),
		cmp.Compare(a.Outcome, b.Outcome),
	)
}

// AddCounts implements quota.Store.
func (s *Quota) AddCounts(ctx context.Context, counts []quota.Count, calls []quota.Single) error {
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
	singles := fromSingles(calls)
	if len(summed) == 0 && len(singles) == 0 {
		return nil
	}
	add := func(column string) clause.Assignment {
		return clause.Assignment{Column: clause.Column{Name: column}, Value: gorm.Expr("quota_usage." + column + " + excluded." + column)}
	}
	upsert := clause.OnConflict{
		Columns: columns("institution", "unit", "start", "operator", "service", "method", "class", "outcome"), DoUpdates: clause.Set{add("calls"), add("bytes_out"), add("bytes_in"), add("millis")},
	}
	return s.db.change(ctx, "add call counts", func(tx *gorm.DB) error {
		if len(summed) > 0 {
			if err := tx.Clauses(upsert).CreateInBatches(summed, batch).Error; err != nil {
				return err
			}
		}
		if len(singles) == 0 {
			return nil
		}
		return tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(singles, batch).Error
	})
}

func columns(names ...string) []clause.Column {
	return mapEach(names, func(name string) clause.Column { return clause.Column{Name: name} })
}

// Counts implements quota.Store.
func (s *Quota) Counts(ctx context.Context, code domain.InstitutionCode, unit quota.Unit, from, to time.Time) ([]quota.Count, error) {
	tx := s.db.read.WithContext(ctx).Where("unit = ? AND start >= ? AND start < ?", string(unit), instant(from), instant(to))
	if code != "" {
		tx = tx.Where("institution = ?", string(code))
	}
	var rows []quotaUsageRow
	if err := tx.Order("start, institution, operator, service, method, class, outcome").Find(&rows).Error; err != nil {
		return nil, translate("list call counts", err)
	}
	counts := make([]quota.Count, len(rows))
	for i := range rows {
		counts[i] = rows[i].toCount()
	}
	return counts, nil
}

// Prune implements quota.Store.
func (s *Quota) Prune(ctx context.Context, before map[quota.Unit]time.Time, calls time.Time, most int) (int64, error) {
	var deleted int64
	err := s.db.change(ctx, "prune call counts", func(tx *gorm.DB) error {
		deleted = 0
		for _, unit := range []quota.Unit{quota.Minute, quota.Hour, quota.Day, quota.Month} {
			at, ok := before[unit]
			if !ok {
				continue
			}
			res := tx.Delete(&quotaUsageRow{}, "unit = ? AND start < ?", string(unit), instant(at))
			if res.Error != nil {
				return res.Error
			}
			deleted += res.RowsAffected
		}
		n, err := pruneSingles(tx, calls, most)
		deleted += n
		return err
	})
	return deleted, err
}
