package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Catalog is the catalog.Store. It is safe for concurrent use, also by several processes.
type Catalog struct{ db *DB }

var _ catalog.Store = (*Catalog)(nil)

// Catalog returns the store of snapshots and availability.
func (db *DB) Catalog() *Catalog { return &Catalog{db: db} }

// snapshotsKept is how many versions stay: the one that serves and two to look back at.
const snapshotsKept = 3

type (
	catalogStateRow struct {
		Institution      string `gorm:"primaryKey"`
		Version          int64
		Format           int64
		SetupStamp       string
		LoadedAt         moment
		CheckedAt        moment
		AvailabilityAt   moment
		AvailabilityFrom moment
		AvailabilitySeq  int64
		RefusedStamp     string
		RefusedAt        moment
		RefusedReason    string
		FailedAt         moment
		FailedReason     string
		Summary          string
		Forgotten        int64
		HintedAt         moment
	}
	snapshotRow struct {
		Institution string `gorm:"primaryKey"`
		Version     int64  `gorm:"primaryKey"`
		Format      int64
		LoadedAt    moment
		Content     []byte
	}
	availabilityRow struct {
		Institution   string `gorm:"primaryKey"`
		Product       int64  `gorm:"primaryKey"`
		Performance   int64  `gorm:"primaryKey"`
		SeatCategory  int64  `gorm:"primaryKey"`
		Contingent    int64  `gorm:"primaryKey"`
		Item          int64  `gorm:"primaryKey"`
		Timeslot      int64  `gorm:"primaryKey"`
		Day           string `gorm:"primaryKey"`
		Seq           int64
		Saved         int64
		Level         string
		Places        int64
		Counted       bool
		PlatformLevel string
		AsOf          instant
	}
)

// TableName implements gorm's Tabler.
func (catalogStateRow) TableName() string { return "catalog_states" }

// TableName implements gorm's Tabler.
func (snapshotRow) TableName() string { return "catalog_snapshots" }

// TableName implements gorm's Tabler.
func (availabilityRow) TableName() string { return "availabilities" }

// toState reads a state. Where the serving snapshot is of a format that this program cannot read, the catalog counts as
// never loaded, so that the next refresh loads it.
func (r *catalogStateRow) toState() catalog.State {
	s := catalog.State{
		Institution: domain.InstitutionCode(r.Institution), Version: r.Version, SetupStamp: r.SetupStamp,
		LoadedAt: time.Time(r.LoadedAt), CheckedAt: time.Time(r.CheckedAt), AvailabilityAt: time.Time(r.AvailabilityAt),
		AvailabilityFrom: time.Time(r.AvailabilityFrom), AvailabilitySeq: r.AvailabilitySeq, RefusedStamp: r.RefusedStamp, RefusedAt: time.Time(r.RefusedAt),
		RefusedReason: r.RefusedReason, FailedAt: time.Time(r.FailedAt), FailedReason: r.FailedReason,
		Summary: r.Summary, ChangesForgotten: r.Forgotten,
	}
	if r.Version != 0 && r.Format != snapshotFormat {
		s.Version, s.SetupStamp, s.LoadedAt, s.CheckedAt = 0, "", time.Time{}, time.Time{}
	}
	return s
}

// set takes over what a state may change; its version, sequence, summary and what is forgotten are the store's own.
func (r *catalogStateRow) set(s *catalog.State) {
	r.SetupStamp, r.LoadedAt, r.CheckedAt = s.SetupStamp, moment(s.LoadedAt), moment(s.CheckedAt)
	r.AvailabilityAt, r.AvailabilityFrom = moment(s.AvailabilityAt), moment(s.AvailabilityFrom)
	r.RefusedStamp, r.RefusedAt, r.RefusedReason = s.RefusedStamp, moment(s.RefusedAt), s.RefusedReason
	r.FailedAt, r.FailedReason = moment(s.FailedAt), s.FailedReason
}

func (r *availabilityRow) toReading() catalog.Reading {
	return catalog.Reading{
		Key: catalog.Key{
			Product: catalog.ProductID(r.Product), Performance: catalog.PerformanceID(r.Performance),
			SeatCategory: catalog.SeatCategoryID(r.SeatCategory), Contingent: catalog.ContingentID(r.Contingent),
			Item: catalog.ItemID(r.Item), Timeslot: catalog.TimeslotID(r.Timeslot), Day: domain.Day(r.Day),
		},
		Availability: catalog.Availability{
			Level: catalog.Level(r.Level), Count: int(r.Places), Counted: r.Counted, PlatformLevel: r.PlatformLevel,
			AsOf: time.Time(r.AsOf),
		},
	}
}

func fromReading(code domain.InstitutionCode, seq int64, r *catalog.Reading) availabilityRow {
	return availabilityRow{
		Institution: string(code), Product: int64(r.Product), Performance: int64(r.Performance),
		SeatCategory: int64(r.SeatCategory), Contingent: int64(r.Contingent), Item: int64(r.Item), Timeslot: int64(r.Timeslot),
		Day: string(r.Day), Seq: seq, Saved: seq,
		Level: string(r.Level), Places: int64(r.Count), Counted: r.Counted, PlatformLevel: r.PlatformLevel, AsOf: instant(r.AsOf),
	}
}

// CatalogState implements catalog.Store. A catalog stored in a format of another program version counts as never loaded.
func (c *Catalog) CatalogState(ctx context.Context, code domain.InstitutionCode) (catalog.State, error) {
	row := catalogStateRow{Institution: string(code)}
	err := c.db.read.WithContext(ctx).Take(&row, "institution = ?", string(code)).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return catalog.State{}, translate("read catalog state", err)
	}
	return row.toState(), nil
}

// changeState loads the institution's state under its lock, making the row when there is none, and saves what change
// leaves in it.
func (c *Catalog) changeState(
	ctx context.Context, doing string, code domain.InstitutionCode, change func(tx *gorm.DB, row *catalogStateRow) error,
) (catalog.State, error) {
	var row catalogStateRow
	err := c.db.change(ctx, doing, func(tx *gorm.DB) error {
		first := catalogStateRow{Institution: string(code)}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&first).Error; err != nil {
			return err
		}
		row = catalogStateRow{}
		if err := forUpdate(tx).Take(&row, "institution = ?", string(code)).Error; err != nil {
			return err
		}
		if err := change(tx, &row); err != nil {
			return err
		}
		return tx.Model(&catalogStateRow{}).Where("institution = ?", string(code)).Select("*").UpdateColumns(&row).Error
	})
	if err != nil {
		return catalog.State{}, err
	}
	return row.toState(), nil
}

// UpdateCatalogState implements catalog.Store. Version and AvailabilitySeq are the store's own: a change of them is
// not kept.
func (c *Catalog) UpdateCatalogState(
	ctx context.Context, code domain.InstitutionCode, change func(*catalog.State) error,
) (catalog.State, error) {
	return c.changeState(ctx, "update catalog state", code, func(_ *gorm.DB, row *catalogStateRow) error {
		state := row.toState()
		if err := change(&state); err != nil {
			return err
		}
		row.set(&state)
		return nil
	})
}

// ReplaceCatalog implements catalog.Store; the changes are of the moment the snapshot was loaded. The state's availability members are not taken over: another process may have
// saved newer ones while the catalog was loading.
func (c *Catalog) ReplaceCatalog(ctx context.Context, snap *catalog.Snapshot, state catalog.State, d catalog.Delta) (catalog.State, error) {
	content, err := encodeSnapshot(snap)
	if err != nil {
		return catalog.State{}, fmt.Errorf("replace catalog of %s: %w", snap.Institution.Code, err)
	}
	code := snap.Institution.Code
	return c.changeState(ctx, "replace catalog", code, func(tx *gorm.DB, row *catalogStateRow) error {
		state.AvailabilityAt, state.AvailabilityFrom = time.Time(row.AvailabilityAt), time.Time(row.AvailabilityFrom)
		row.set(&state)
		changes := d.Changes
		if d.From != row.Version && row.Version != 0 {
			changes = []catalog.Change{{Sort: catalog.ChangeMore, More: len(snap.Products) + len(snap.Performances)}}
		}
		row.Version++
		row.AvailabilitySeq++
		row.Format, row.Summary = snapshotFormat, catalog.Summarize(changes)
		if err := c.db.keepChanges(tx, row, changes, snap.LoadedAt); err != nil {
			return err
		}
		if err := passesMoved(tx, string(code), changes); err != nil {
			return err
		}
		s := snapshotRow{
			Institution: string(code), Version: row.Version, Format: snapshotFormat, LoadedAt: moment(snap.LoadedAt), Content: content,
		}
		if err := tx.Create(&s).Error; err != nil {
			return err
		}
		return tx.Delete(&snapshotRow{}, "institution = ? AND version <= ?", string(code), row.Version-snapshotsKept).Error
	})
}

// Snapshot implements catalog.Store; the snapshot is indexed. One that cannot be read counts as never loaded: the state
// is marked so that the next refresh loads the catalog, and the error is catalog.unknown.
func (c *Catalog) Snapshot(ctx context.Context, code domain.InstitutionCode) (*catalog.Snapshot, error) {
	unknown := domain.Errorf(domain.NotFound, catalog.CodeCatalogUnknown, "the catalog of %s has not been loaded yet", code)
	var row snapshotRow
	err := c.db.read.WithContext(ctx).
		Joins("JOIN catalog_states s ON s.institution = catalog_snapshots.institution AND s.version = catalog_snapshots.version").
		Take(&row, "s.institution = ? AND s.format = ?", string(code), snapshotFormat).Error
	if err != nil {
		return nil, translate("load catalog", notFound(err, unknown))
	}
	if row.Format != snapshotFormat {
		return nil, unknown
	}
	snap, err := decodeSnapshot(row.Content, row.Version)
	if err == nil {
		return snap, nil
	}
	c.db.log.ErrorContext(ctx, "stored catalog cannot be read; it will be loaded anew",
		slog.String("institution", string(code)), slog.Int64("version", row.Version), slog.Any("error", err))
	marked := c.db.change(ctx, "mark unreadable catalog", func(tx *gorm.DB) error {
		return tx.Model(&catalogStateRow{}).Where("institution = ? AND version = ?", string(code), row.Version).
			UpdateColumn("format", 0).Error
	})
	if marked != nil {
		return nil, marked
	}
	return nil, unknown.Because(err)
}

// SaveAvailability implements catalog.Store. Of two readings of the same thing the later AsOf counts; of two equal ones,
// the later saved. The sequence number of one that says the same stays, for it did not move. A zero at leaves AvailabilityAt as it is.
func (c *Catalog) SaveAvailability(
	ctx context.Context, code domain.InstitutionCode, readings []catalog.Reading, at time.Time,
) (catalog.State, error) {
	readings = newestOfEach(readings)
	return c.changeState(ctx, "save availability", code, func(tx *gorm.DB, row *catalogStateRow) error {
		row.AvailabilitySeq++
		if !at.IsZero() {
			row.AvailabilityAt = moment(millis(at))
		}
		if len(readings) == 0 {
			return nil
		}
		rows := make([]availabilityRow, len(readings))
		for i := range readings {
			rows[i] = fromReading(code, row.AvailabilitySeq, &readings[i])
		}
		return tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{
				{Name: "institution"},
				{Name: "product"},
				{Name: "performance"},
				{Name: "seat_category"},
				{Name: "contingent"},
				{Name: "item"},
				{Name: "timeslot"},
				{Name: "day"},
			},
			DoUpdates: append(clause.Set{{Column: clause.Column{Name: "seq"}, Value: gorm.Expr(seqOfMoved)}},
				clause.AssignmentColumns([]string{"saved", "level", "places", "counted", "platform_level", "as_of"})...),
			Where: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "excluded.as_of >= availabilities.as_of"}}},
		}).CreateInBatches(rows, batch).Error
	})
}

// seqOfMoved keeps the sequence number of a reading that says what is known already.
const seqOfMoved = "CASE WHEN availabilities.level = excluded.level AND availabilities.places = excluded.places " +
	"AND availabilities.counted = excluded.counted AND availabilities.platform_level = excluded.platform_level " +
	"THEN availabilities.seq ELSE excluded.seq END"

// newestOfEach keeps one reading of each thing: one statement cannot write a row twice.
func newestOfEach(readings []catalog.Reading) []catalog.Reading {
	at := make(map[catalog.Key]int, len(readings))
	out := make([]catalog.Reading, 0, len(readings))
	for _, r := range readings {
		i, seen := at[r.Key]
		switch {
		case !seen:
			at[r.Key] = len(out)
			out = append(out, r)
		case !millis(r.AsOf).Before(millis(out[i].AsOf)):
			out[i] = r
		}
	}
	return slices.Clip(out)
}

// Availability implements catalog.Store, ordered by the things' ids.
func (c *Catalog) Availability(ctx context.Context, code domain.InstitutionCode, seq int64) ([]catalog.Reading, error) {
	var rows []availabilityRow
	err := c.db.read.WithContext(ctx).Where("institution = ? AND saved > ?", string(code), seq).
		Order("product, performance, seat_category, contingent, item, timeslot, day").Find(&rows).Error
	if err != nil {
		return nil, translate("list availability", err)
	}
	readings := make([]catalog.Reading, len(rows))
	for i := range rows {
		readings[i] = rows[i].toReading()
	}
	return readings, nil
}

type moveRow struct {
	Institution string `gorm:"primaryKey"`
	Product     int64  `gorm:"primaryKey"`
	MovedAt     instant
	Seq         int64
}

// TableName implements gorm's Tabler.
func (moveRow) TableName() string { return "availability_moves" }

// SavePoll implements catalog.Store.
func (c *Catalog) SavePoll(ctx context.Context, code domain.InstitutionCode, p catalog.Poll) (catalog.State, error) {
	return c.changeState(ctx, "save a poll", code, func(tx *gorm.DB, row *catalogStateRow) error {
		row.AvailabilitySeq++
		if last := time.Time(row.AvailabilityAt); last.IsZero() || p.Since.After(last) {
			row.AvailabilityFrom = moment(millis(p.Since))
		}
		if p.At.After(time.Time(row.AvailabilityAt)) {
			row.AvailabilityAt = moment(millis(p.At))
		}
		at := make(map[catalog.ProductID]time.Time, len(p.Moved))
		for _, m := range p.Moved {
			if m.At.After(at[m.Product]) {
				at[m.Product] = m.At
			}
		}
		rows := make([]moveRow, 0, len(at))
		for id, t := range at {
			rows = append(rows, moveRow{string(code), int64(id), instant(t), row.AvailabilitySeq})
		}
		if len(rows) == 0 {
			return nil
		}
		return tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "institution"}, {Name: "product"}}, DoUpdates: clause.AssignmentColumns([]string{"moved_at", "seq"}),
			Where: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "excluded.moved_at >= availability_moves.moved_at"}}},
		}).CreateInBatches(rows, batch).Error
	})
}

// Moves implements catalog.Store, ordered by product.
func (c *Catalog) Moves(ctx context.Context, code domain.InstitutionCode, seq int64) ([]catalog.Moved, error) {
	var rows []moveRow
	err := c.db.read.WithContext(ctx).Where("institution = ? AND seq > ?", string(code), seq).Order("product").Find(&rows).Error
	if err != nil {
		return nil, translate("list moves", err)
	}
	out := make([]catalog.Moved, len(rows))
	for i, r := range rows {
		out[i] = catalog.Moved{Product: catalog.ProductID(r.Product), At: time.Time(r.MovedAt)}
	}
	return out, nil
}
