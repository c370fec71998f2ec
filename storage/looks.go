package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
	"guichet/domain/sales"
)

// lookDayRow counts the looks at sold orders of an institution's day.
type lookDayRow struct {
	Institution string `gorm:"primaryKey"`
	Day         string `gorm:"primaryKey"`
	Looks       int64
}

// TableName implements gorm's Tabler.
func (lookDayRow) TableName() string { return "look_days" }

// DueLooks implements sales.LookStore.
func (s *Sales) DueLooks(ctx context.Context, code domain.InstitutionCode, before time.Time, limit int) ([]sales.DueLook, error) {
	var rows []orderRow
	err := s.db.read.WithContext(ctx).Select("id, status, look_for").
		Where("institution = ? AND look_at > 0 AND look_at <= ? AND status IN ?", string(code), before.UnixMilli(), []sales.Status{sales.Issuing, sales.Issued}).
		Order("CASE WHEN look_for = 0 THEN 1 ELSE 0 END, look_for, look_at, id").Limit(limit).Find(&rows).Error
	return mapEach(rows, func(r orderRow) sales.DueLook {
		d := sales.DueLook{Order: sales.OrderID(r.ID), Status: sales.Status(r.Status)}
		if r.LookFor != 0 {
			d.For = time.UnixMilli(r.LookFor).UTC()
		}
		return d
	}), translate("list orders to look at", err)
}

// TakeLook implements sales.LookStore.
func (s *Sales) TakeLook(ctx context.Context, code domain.InstitutionCode, day domain.Day, most int) (took bool, err error) {
	if most <= 0 {
		return false, nil
	}
	one := clause.OnConflict{
		Columns:   []clause.Column{{Name: "institution"}, {Name: "day"}},
		DoUpdates: clause.Assignments(map[string]any{"looks": gorm.Expr("look_days.looks + 1")}),
		Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "look_days.looks < ?", Vars: []any{most}}}},
	}
	err = s.db.change(ctx, "count a look", func(tx *gorm.DB) error {
		res := tx.Clauses(one).Create(&lookDayRow{Institution: string(code), Day: string(day), Looks: 1})
		took = res.RowsAffected == 1
		return res.Error
	})
	return took && err == nil, err
}
