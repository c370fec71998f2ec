package storage

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
	"guichet/domain/freshness"
)

// Freshness is the freshness.Store. It is safe for concurrent use, also by several processes.
type Freshness struct{ db *DB }

var _ freshness.Store = (*Freshness)(nil)

// Freshness returns the store of what the freshness planner knows.
func (db *DB) Freshness() *Freshness { return &Freshness{db: db} }

type (
	freshnessRow struct {
		Institution string `gorm:"primaryKey"`
		Version     int64
		SavedAt     instant
		Content     []byte
		Confidence  []byte
	}
	freshnessEventRow struct {
		ID          string `gorm:"primaryKey"`
		Institution string
		At          instant
		Content     []byte
	}
	freshnessPartRow struct {
		Institution string  `gorm:"primaryKey"`
		At          instant `gorm:"primaryKey"`
		Version     int64   `gorm:"primaryKey;autoIncrement:false"`
		Whole       bool
		Events      int
		Content     []byte
	}
)

// TableName implements gorm's Tabler.
func (freshnessRow) TableName() string { return "freshness_states" }

// TableName implements gorm's Tabler.
func (freshnessEventRow) TableName() string { return "freshness_events" }

// TableName implements gorm's Tabler.
func (freshnessPartRow) TableName() string { return "freshness_parts" }

// Freshness implements freshness.Store.
func (s *Freshness) Freshness(ctx context.Context, code domain.InstitutionCode, known int64) (freshness.State, error) {
	db := s.db.read.WithContext(ctx)
	var row freshnessRow
	err := db.Select("version", "saved_at").Take(&row, "institution = ?", string(code)).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return freshness.State{}, nil
	}
	if err == nil && row.Version != known {
		err = db.Take(&row, "institution = ?", string(code)).Error
	}
	if err != nil {
		return freshness.State{}, translate("read the freshness", err)
	}
	return freshness.State{Version: row.Version, SavedAt: time.Time(row.SavedAt), Content: row.Content, Shown: row.Confidence}, nil
}

// Shown implements freshness.Store.
func (s *Freshness) Shown(ctx context.Context, code domain.InstitutionCode) ([]byte, error) {
	var row freshnessRow
	err := s.db.read.WithContext(ctx).Select("confidence").Take(&row, "institution = ?", string(code)).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return row.Confidence, translate("read the confidence", err)
}

// SaveFreshness implements freshness.Store.
func (s *Freshness) SaveFreshness(ctx context.Context, code domain.InstitutionCode, st freshness.State, taken []string, part freshness.Part) error {
	row := freshnessRow{string(code), st.Version, instant(st.SavedAt), st.Content, st.Shown}
	return s.db.change(ctx, "save the freshness", func(tx *gorm.DB) error {
		var res *gorm.DB
		if st.Version == 1 {
			res = tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		} else {
			res = tx.Model(&freshnessRow{}).Where("institution = ? AND version = ?", string(code), st.Version-1).Select("*").UpdateColumns(&row)
		}
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected != 1 {
			return domain.Errorf(domain.Conflict, freshness.CodeStale, "another process has kept the freshness of %s meanwhile", code)
		}
		if part.Events > 0 {
			p := freshnessPartRow{string(code), instant(part.At), part.Version, part.Whole, part.Events, part.Content}
			if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&p).Error; err != nil {
				return err
			}
		}
		if len(taken) == 0 {
			return nil
		}
		return tx.Delete(&freshnessEventRow{}, "id IN ?", taken).Error
	})
}

// AddEvent implements freshness.Store.
func (s *Freshness) AddEvent(ctx context.Context, code domain.InstitutionCode, at time.Time, e freshness.Event) error {
	row := freshnessEventRow{e.ID, string(code), instant(at), e.Content}
	return s.db.change(ctx, "add a freshness event", func(tx *gorm.DB) error { return tx.Create(&row).Error })
}

// Events implements freshness.Store.
func (s *Freshness) Events(ctx context.Context, code domain.InstitutionCode, limit int) ([]freshness.Event, error) {
	var rows []freshnessEventRow
	err := s.db.read.WithContext(ctx).Where("institution = ?", string(code)).Order("at, id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, translate("list freshness events", err)
	}
	out := make([]freshness.Event, len(rows))
	for i, r := range rows {
		out[i] = freshness.Event{ID: r.ID, Content: r.Content}
	}
	return out, nil
}

// partsAtOnce is how many parts are read in one query.
const partsAtOnce = 100

// Parts implements freshness.Store.
func (s *Freshness) Parts(ctx context.Context, code domain.InstitutionCode, from, to time.Time, each func(freshness.Part) error) error {
	db := s.db.read.WithContext(ctx)
	var first freshnessPartRow
	err := db.Select("at", "version").Where("institution = ? AND whole AND at <= ?", string(code), instant(from)).Order("at DESC, version DESC").Take(&first).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		first, err = freshnessPartRow{At: instant(from)}, nil
	}
	if err != nil {
		return translate("find where a recording begins", err)
	}
	at, version := first.At, first.Version-1
	for {
		var rows []freshnessPartRow
		err := db.Where("institution = ? AND at < ? AND (at > ? OR at = ? AND version > ?)", string(code), instant(to), at, at, version).
			Order("at, version").Limit(partsAtOnce).Find(&rows).Error
		if err != nil {
			return translate("read a recording", err)
		}
		for _, r := range rows {
			at, version = r.At, r.Version
			if err := each(freshness.Part{At: time.Time(r.At), Version: r.Version, Whole: r.Whole, Events: r.Events, Content: r.Content}); err != nil {
				return err
			}
		}
		if len(rows) < partsAtOnce {
			return nil
		}
	}
}

// beyond finds the youngest part with which those after it are more than a number of events.
const beyond = `institution = ? AND at <= (SELECT MAX(at) FROM (
	SELECT at, SUM(events) OVER (ORDER BY at DESC, version DESC) AS sum FROM freshness_parts WHERE institution = ?) sums WHERE sum > ?)`

// PruneParts implements freshness.Store.
func (s *Freshness) PruneParts(ctx context.Context, code domain.InstitutionCode, before time.Time, most int64) (int64, error) {
	var deleted int64
	err := s.db.change(ctx, "prune a recording", func(tx *gorm.DB) error {
		old := tx.Delete(&freshnessPartRow{}, "institution = ? AND at < ?", string(code), instant(before))
		if old.Error != nil {
			return old.Error
		}
		many := tx.Delete(&freshnessPartRow{}, beyond, string(code), string(code), most)
		deleted = old.RowsAffected + many.RowsAffected
		return many.Error
	})
	return deleted, err
}
