package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"guichet/domain"
	"guichet/domain/catalog"
)

// How much of the history of an institution's catalog is kept, beside Options.ChangesKept.
const (
	changesKept        = 90 * 24 * time.Hour
	defaultChangesKept = 100_000
)

type changeRow struct {
	Institution string `gorm:"primaryKey"`
	Seq         int64  `gorm:"primaryKey;autoIncrement:false"`
	Line        int64  `gorm:"primaryKey;autoIncrement:false"`
	Version     int64
	Product     int64
	Performance int64
	Item        int64
	What        string
	Code        string
	Members     string
	Was         string
	Became      string
	More        int64
	At          instant
}

// TableName implements gorm's Tabler.
func (changeRow) TableName() string { return "catalog_changes" }

func fromChange(state *catalogStateRow, line int, c *catalog.Change, at time.Time) changeRow {
	return changeRow{
		Institution: state.Institution, Seq: state.AvailabilitySeq, Line: int64(line), Version: state.Version,
		Product: int64(c.Product), Performance: int64(c.Performance), Item: int64(c.Item), What: string(c.Sort), Code: plain(c.Code),
		Members: strings.Join(c.Members, ","), Was: plain(c.Before), Became: plain(c.After), More: int64(c.More), At: instant(at),
	}
}

func (r *changeRow) toLine() catalog.ChangeLine {
	l := catalog.ChangeLine{
		Change: catalog.Change{
			Sort: catalog.ChangeSort(r.What), Product: catalog.ProductID(r.Product), Performance: catalog.PerformanceID(r.Performance),
			Item: catalog.ItemID(r.Item), Code: r.Code, Before: r.Was, After: r.Became, More: int(r.More),
		},
		Seq: r.Seq, Line: r.Line, Version: r.Version, At: time.Time(r.At),
	}
	if r.Members != "" {
		l.Members = strings.Split(r.Members, ",")
	}
	return l
}

// keepChanges stores what the version that the row now names changed, and forgets what is too old or too much. At is the
// moment of the change.
func (db *DB) keepChanges(tx *gorm.DB, row *catalogStateRow, changes []catalog.Change, at time.Time) error {
	rows := make([]changeRow, len(changes))
	for i := range changes {
		rows[i] = fromChange(row, i, &changes[i], at)
	}
	if len(rows) > 0 {
		if err := tx.CreateInBatches(rows, batch).Error; err != nil {
			return err
		}
	}
	forgotten := row.Forgotten
	for _, oldest := range []*gorm.DB{
		tx.Where("institution = ? AND at < ?", row.Institution, millis(at.Add(-changesKept))).Order("seq DESC, line DESC"),
		tx.Where("institution = ?", row.Institution).Order("seq DESC, line DESC").Offset(db.changesKept),
	} {
		var seqs []int64
		if err := oldest.Model(&changeRow{}).Limit(1).Pluck("seq", &seqs).Error; err != nil {
			return err
		}
		for _, seq := range seqs {
			forgotten = max(forgotten, seq)
		}
	}
	if forgotten == row.Forgotten {
		return nil
	}
	row.Forgotten = forgotten
	return tx.Delete(&changeRow{}, "institution = ? AND seq <= ?", row.Institution, forgotten).Error
}

// summed is a moment that a function of SQL gave: SQLite hands it over as the text it is stored as.
type summed time.Time

// Scan implements sql.Scanner.
func (s *summed) Scan(v any) error {
	if text, ok := v.(string); ok {
		t, err := time.Parse("2006-01-02 15:04:05.000", text) // as every connection is told to write them
		if err != nil {
			return fmt.Errorf("a time reads %q", text)
		}
		v = t
	}
	t, err := scanTime(v)
	*s = summed(t)
	return err
}

// GormDataType implements schema.GormDataTypeInterface.
func (summed) GormDataType() string { return "timestamp" }

// stepRow is a line of one of the two lists that the feed is merged from.
type stepRow struct {
	Seq         int64
	Product     int64
	Performance int64
	What        string // empty is availability
	At          summed
}

func (r *stepRow) compare(o *stepRow) int {
	return slices.Compare([]int64{r.Seq, r.Product, r.Performance}, []int64{o.Seq, o.Product, o.Performance})
}

// sortsOfChange is more than a product or performance can have lines of in one refresh, by sort.
const sortsOfChange = 8

// ChangesAfter implements catalog.Store.
func (c *Catalog) ChangesAfter(
	ctx context.Context, code domain.InstitutionCode, after catalog.Mark, upTo int64, limit int,
) ([]catalog.Step, error) {
	list := func(table, what, at string, most int) ([]stepRow, error) {
		tx := c.db.read.WithContext(ctx).Table(table).
			Select("seq, product, performance, "+what+" AS what, MAX("+at+") AS at").
			Where("institution = ? AND seq <= ?", string(code), upTo)
		if after.Whole {
			tx = tx.Where("seq > ?", after.Seq)
		} else {
			tx = tx.Where("(seq, product, performance) > (?, ?, ?)", after.Seq, int64(after.Product), int64(after.Performance))
		}
		var rows []stepRow
		err := tx.Group("seq, product, performance, 4").Order("seq, product, performance, 4").Limit(most).Scan(&rows).Error
		return rows, translate("list changes", err)
	}
	moved, err := list("availabilities", "''", "as_of", limit)
	if err != nil {
		return nil, err
	}
	changed, err := list("catalog_changes", "what", "at", limit*sortsOfChange)
	if err != nil {
		return nil, err
	}
	return mergeSteps(moved, changed, limit), nil
}

// mergeSteps makes lines of two lists in the same order. Either is whole up to its limit-th line of the feed.
func mergeSteps(moved, changed []stepRow, limit int) []catalog.Step {
	rows := slices.Concat(moved, changed)
	slices.SortStableFunc(rows, func(a, b stepRow) int { return a.compare(&b) })
	var steps []catalog.Step
	for i := range rows {
		r := &rows[i]
		if i == 0 || r.compare(&rows[i-1]) != 0 {
			if len(steps) == limit {
				break
			}
			steps = append(steps, catalog.Step{Seq: r.Seq, Product: catalog.ProductID(r.Product), Performance: catalog.PerformanceID(r.Performance)})
		}
		s := &steps[len(steps)-1]
		if at := time.Time(r.At); at.After(s.At) {
			s.At = at
		}
		if r.What == "" {
			s.Available = true
		} else {
			s.What = append(s.What, catalog.ChangeSort(r.What))
		}
	}
	return steps
}

// ChangeHistory implements catalog.Store.
func (c *Catalog) ChangeHistory(ctx context.Context, q catalog.ChangeQuery) ([]catalog.ChangeLine, error) {
	tx := c.db.read.WithContext(ctx).Where("institution = ? AND (seq, -line) < (?, ?)", string(q.Institution), q.After.Seq, -q.After.Line)
	if len(q.Sorts) > 0 {
		tx = tx.Where("what IN ?", q.Sorts)
	}
	if q.Product != 0 {
		tx = tx.Where("product = ?", int64(q.Product))
	}
	if !q.From.IsZero() {
		tx = tx.Where("at >= ?", millis(q.From))
	}
	if !q.To.IsZero() {
		tx = tx.Where("at < ?", millis(q.To))
	}
	var rows []changeRow
	if err := tx.Order("seq DESC, line").Limit(q.Limit).Find(&rows).Error; err != nil {
		return nil, translate("list changes of catalog", err)
	}
	lines := make([]catalog.ChangeLine, len(rows))
	for i := range rows {
		lines[i] = rows[i].toLine()
	}
	return lines, nil
}

// HintCatalog implements catalog.Store. The look is asked for in the transaction that notes when it is.
func (c *Catalog) HintCatalog(ctx context.Context, code domain.InstitutionCode, now time.Time, spacing time.Duration) error {
	_, err := c.changeState(ctx, "note hint", code, func(tx *gorm.DB, row *catalogStateRow) error {
		at, last := millis(now), time.Time(row.HintedAt)
		if last.After(at) {
			return nil // one is still to come, and will see this too
		}
		look := domain.Task{Kind: catalog.TaskHint, Key: string(code)}
		if !last.IsZero() && at.Sub(last) < spacing {
			at = millis(last.Add(spacing))
			look.NotBefore = at.UnixMilli()
		}
		row.HintedAt = moment(at)
		return c.db.insertTasks(ctx, tx, []domain.Task{look})
	})
	return err
}
