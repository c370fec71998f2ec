package storage

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"gorm.io/gorm"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

// Exports is the delivery.Exports. It is safe for concurrent use, also by several processes.
type Exports struct{ db *DB }

var _ delivery.Exports = (*Exports)(nil)

// Exports returns the store of files of many tickets.
func (db *DB) Exports() *Exports { return &Exports{db: db} }

type (
	exportRow struct {
		ID           string `gorm:"primaryKey"`
		Storefront   string
		State        string
		Request      string
		Orders       string // one id a line
		Total        int
		Done         int
		Next         int
		Size         int64
		Parts        int
		Digest       string
		Changes      int64
		Printed      int64
		Failure      string
		Claim        string
		ClaimedUntil int64
		CreatedAt    instant
		FinishedAt   *instant
	}
	exportPartRow struct {
		ExportID string `gorm:"primaryKey"`
		Number   int    `gorm:"primaryKey;autoIncrement:false"`
		Starts   int64
		Content  []byte
		Entries  string
	}
	exportOrderRow struct {
		OrderID  string `gorm:"primaryKey"`
		ExportID string `gorm:"primaryKey"`
	}
	exportRequest struct {
		Format       delivery.BulkFormat      `json:"format"`
		Layout       string                   `json:"layout,omitempty"`
		Lang         string                   `json:"lang,omitempty"`
		Performance  catalog.PerformanceID    `json:"performance,omitempty"`
		Institutions []domain.InstitutionCode `json:"institutions"`
	}
)

// TableName implements gorm's Tabler.
func (exportRow) TableName() string { return "exports" }

// TableName implements gorm's Tabler.
func (exportPartRow) TableName() string { return "export_parts" }

// TableName implements gorm's Tabler.
func (exportOrderRow) TableName() string { return "export_orders" }

func errExportUnknown() *domain.Error {
	return domain.Errorf(domain.NotFound, delivery.CodeExportUnknown, "there is no such export")
}

func errExportClaim() *domain.Error {
	return domain.Errorf(domain.Conflict, delivery.CodeExportClaim, "another process works on the export")
}

func (r *exportRow) toExport() (delivery.Export, error) {
	var q exportRequest
	if err := json.Unmarshal([]byte(r.Request), &q); err != nil {
		return delivery.Export{}, err
	}
	e := delivery.Export{
		ID: r.ID, Storefront: r.Storefront, State: delivery.ExportState(r.State), Institutions: q.Institutions,
		Bulk:  delivery.Bulk{Format: q.Format, Layout: q.Layout, Lang: q.Lang, Performance: q.Performance},
		Total: r.Total, Done: r.Done, Next: r.Next, Size: r.Size, Parts: r.Parts, Digest: r.Digest, Failure: r.Failure, Claim: r.Claim,
		Changes: r.Changes, Printed: r.Printed, CreatedAt: time.Time(r.CreatedAt),
	}
	if r.FinishedAt != nil {
		e.FinishedAt = time.Time(*r.FinishedAt)
	}
	if r.Orders != "" {
		for id := range strings.SplitSeq(r.Orders, "\n") {
			e.Orders = append(e.Orders, sales.OrderID(id))
		}
	}
	return e, nil
}

// CreateExport implements delivery.Exports.
func (x *Exports) CreateExport(ctx context.Context, e delivery.Export) error {
	request, err := json.Marshal(exportRequest{
		Format: e.Bulk.Format, Layout: e.Bulk.Layout, Lang: e.Bulk.Lang, Performance: e.Bulk.Performance, Institutions: e.Institutions,
	})
	if err != nil {
		return err
	}
	orders := make([]string, len(e.Orders))
	for i, id := range e.Orders {
		orders[i] = string(id)
	}
	row := exportRow{
		ID: e.ID, Storefront: plain(e.Storefront), State: string(e.State), Request: string(request), Orders: strings.Join(orders, "\n"),
		Total: e.Total, CreatedAt: instant(e.CreatedAt),
	}
	return x.db.change(ctx, "create export", func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if len(e.Orders) > 0 {
			within := mapEach(e.Orders, func(id sales.OrderID) exportOrderRow { return exportOrderRow{OrderID: string(id), ExportID: e.ID} })
			if err := tx.CreateInBatches(within, batch).Error; err != nil {
				return err
			}
		}
		return x.db.insertTasks(ctx, tx, []domain.Task{{Kind: delivery.TaskExport, Key: e.ID}})
	})
}

// Export implements delivery.Exports.
func (x *Exports) Export(ctx context.Context, id string) (delivery.Export, error) {
	var row exportRow
	if err := x.db.read.WithContext(ctx).Omit("orders").Take(&row, "id = ?", plain(id)).Error; err != nil {
		return delivery.Export{}, translate("load export", notFound(err, errExportUnknown()))
	}
	return row.toExport()
}

// ClaimExport implements delivery.Exports.
func (x *Exports) ClaimExport(ctx context.Context, id, claim string, now, until time.Time) (e delivery.Export, ok bool, err error) {
	var row exportRow
	err = x.db.change(ctx, "claim export", func(tx *gorm.DB) error {
		res := tx.Model(&exportRow{}).Where("id = ? AND finished_at IS NULL AND claimed_until <= ?", plain(id), now.UnixMilli()).
			Updates(map[string]any{"claim": claim, "claimed_until": until.UnixMilli()})
		if ok = res.RowsAffected == 1; res.Error != nil || !ok {
			return res.Error
		}
		return tx.Take(&row, "id = ?", plain(id)).Error
	})
	if err != nil || !ok {
		return delivery.Export{}, false, err
	}
	e, err = row.toExport()
	return e, err == nil, translate("claim export", err)
}

// SaveExport implements delivery.Exports.
func (x *Exports) SaveExport(ctx context.Context, e delivery.Export, part *delivery.ExportPart, until time.Time) error {
	values := map[string]any{
		"state": string(e.State), "done": e.Done, "next": e.Next, "size": e.Size, "parts": e.Parts, "digest": e.Digest, "failure": e.Failure,
		"printed":       e.Printed,
		"claimed_until": until.UnixMilli(),
	}
	if !e.FinishedAt.IsZero() {
		values["finished_at"] = instant(e.FinishedAt)
	}
	return x.db.change(ctx, "save export", func(tx *gorm.DB) error {
		res := tx.Model(&exportRow{}).Where("id = ? AND claim = ? AND finished_at IS NULL", e.ID, e.Claim).Updates(values)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected != 1 {
			return errExportClaim()
		}
		if e.State == delivery.ExportFailed {
			return tx.Delete(&exportPartRow{}, "export_id = ?", e.ID).Error
		}
		if part == nil {
			return nil
		}
		if err := tx.Delete(&exportPartRow{}, "export_id = ? AND number >= ?", e.ID, part.Number).Error; err != nil {
			return err
		}
		entries, err := json.Marshal(part.Entries)
		if err != nil {
			return err
		}
		return tx.Create(&exportPartRow{ExportID: e.ID, Number: part.Number, Starts: part.Start, Content: part.Content, Entries: string(entries)}).Error
	})
}

// ExportEntries implements delivery.Exports.
func (x *Exports) ExportEntries(ctx context.Context, id string) ([]delivery.ZipEntry, error) {
	var texts []string
	err := x.db.read.WithContext(ctx).Model(&exportPartRow{}).Where("export_id = ?", plain(id)).Order("number").Pluck("entries", &texts).Error
	if err != nil {
		return nil, translate("read export", err)
	}
	var all []delivery.ZipEntry
	for _, text := range texts {
		var some []delivery.ZipEntry
		if err := json.Unmarshal([]byte(text), &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// ExportPart implements delivery.Exports.
func (x *Exports) ExportPart(ctx context.Context, id string, at int64) (delivery.ExportPart, error) {
	var row exportPartRow
	err := x.db.read.WithContext(ctx).Where("export_id = ? AND starts <= ?", plain(id), at).Order("starts DESC").Take(&row).Error
	if err != nil {
		return delivery.ExportPart{}, translate("read export", notFound(err, errExportUnknown()))
	}
	if at >= row.Starts+int64(len(row.Content)) {
		return delivery.ExportPart{}, errExportUnknown()
	}
	return delivery.ExportPart{Number: row.Number, Start: row.Starts, Content: row.Content}, nil
}

// OpenExports implements delivery.Exports.
func (x *Exports) OpenExports(ctx context.Context, now time.Time, limit int) ([]string, error) {
	var ids []string
	err := x.db.read.WithContext(ctx).Model(&exportRow{}).Where("finished_at IS NULL AND claimed_until <= ?", now.UnixMilli()).
		Order("created_at, id").Limit(limit).Pluck("id", &ids).Error
	return ids, translate("list exports", err)
}

// DropExports implements delivery.Exports.
func (x *Exports) DropExports(ctx context.Context, before time.Time, limit int) (int, error) {
	var ids []string
	err := x.db.read.WithContext(ctx).Model(&exportRow{}).Where("created_at < ?", instant(before)).Order("created_at").Limit(limit).Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return 0, translate("list old exports", err)
	}
	err = x.db.change(ctx, "delete exports", func(tx *gorm.DB) error {
		for _, rows := range []any{&exportPartRow{}, &exportOrderRow{}} {
			if err := tx.Delete(rows, "export_id IN ?", ids).Error; err != nil {
				return err
			}
		}
		return tx.Delete(&exportRow{}, "id IN ?", ids).Error
	})
	return len(ids), err
}

// exportsChanged counts in the exports of an order that its tickets have changed, in the transaction that changes them.
func exportsChanged(tx *gorm.DB, o *sales.Order) error {
	return tx.Model(&exportRow{}).Where("id IN (SELECT export_id FROM export_orders WHERE order_id = ?)", string(o.ID)).
		UpdateColumn("changes", gorm.Expr("changes + 1")).Error
}
