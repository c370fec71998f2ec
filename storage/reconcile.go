package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
	"guichet/domain/reconcile"
)

// Reconcile is the reconcile.Store. It is safe for concurrent use, also by several processes.
type Reconcile struct{ db *DB }

var _ reconcile.Store = (*Reconcile)(nil)

// Reconcile returns the store of payments, runs, cases and the audit log.
func (db *DB) Reconcile() *Reconcile { return &Reconcile{db: db} }

type (
	paymentRow struct {
		ID          string `gorm:"primaryKey"`
		Storefront  string
		PaymentID   string
		Reference   string
		Institution string
		Amount      int64
		Currency    string
		PaidAt      instant
		ImportedAt  instant
	}
	runRow struct {
		ID          string `gorm:"primaryKey"`
		Institution string
		State       string
		AskedBy     string
		StartedAt   instant
		Content     string
	}
	caseRow struct {
		ID          string `gorm:"primaryKey"`
		Institution string
		Storefront  string
		Kind        string
		State       string
		Fingerprint string
		OpenedAt    instant
		Content     string
	}
	foreignRow struct {
		Institution     string `gorm:"primaryKey"`
		PlatformOrderID int64  `gorm:"primaryKey;autoIncrement:false"`
	}
	nightsRow struct {
		Institution string `gorm:"primaryKey"`
		Since       instant
	}
	auditRow struct {
		ID      string `gorm:"primaryKey"`
		At      instant
		Actor   string
		Action  string
		Subject string
		Reason  string
		Outcome string
	}
)

// TableName implements gorm's Tabler.
func (paymentRow) TableName() string { return "payments" }

// TableName implements gorm's Tabler.
func (runRow) TableName() string { return "reconciliations" }

// TableName implements gorm's Tabler.
func (caseRow) TableName() string { return "reconciliation_cases" }

// TableName implements gorm's Tabler.
func (foreignRow) TableName() string { return "reconciliation_foreign" }

// TableName implements gorm's Tabler.
func (nightsRow) TableName() string { return "reconciliation_nights" }

// TableName implements gorm's Tabler.
func (auditRow) TableName() string { return "audit_log" }

func fromPayment(p reconcile.Payment) paymentRow {
	return paymentRow{
		ID: p.ID, Storefront: plain(p.Storefront), PaymentID: plain(p.PaymentID), Reference: plain(p.Reference), Institution: string(p.Institution),
		Amount: p.Amount.Amount, Currency: string(p.Amount.Currency), PaidAt: instant(p.PaidAt), ImportedAt: instant(p.ImportedAt),
	}
}

func (r paymentRow) toPayment() reconcile.Payment {
	return reconcile.Payment{
		ID: r.ID, Storefront: r.Storefront, PaymentID: r.PaymentID, Reference: r.Reference, Institution: domain.InstitutionCode(r.Institution),
		Amount: domain.Money{Amount: r.Amount, Currency: domain.Currency(r.Currency)}, PaidAt: time.Time(r.PaidAt), ImportedAt: time.Time(r.ImportedAt),
	}
}

func fromRun(r reconcile.Run) (runRow, error) {
	content, err := json.Marshal(runContent{
		From: toStamp(r.From), To: toStamp(r.To), EndedAt: toStamp(r.EndedAt), At: toStamp(r.At), Calls: r.Calls, Orders: r.Orders,
		Tickets: r.Tickets, Payments: r.Payments, Opened: r.Opened, Seen: r.Seen, Closed: r.Closed, NotLooked: r.NotLooked, Unnumbered: r.Unnumbered, Error: r.Error,
	})
	return runRow{ID: r.ID, Institution: string(r.Institution), State: string(r.State), AskedBy: plain(r.By), StartedAt: instant(r.StartedAt), Content: string(content)}, err
}

// runContent is the rest of a run as JSON.
type runContent struct {
	From       stamp  `json:"from"`
	To         stamp  `json:"to"`
	EndedAt    stamp  `json:"ended_at,omitempty"`
	At         stamp  `json:"at"`
	Calls      int    `json:"calls,omitempty"`
	Orders     int    `json:"orders,omitempty"`
	Tickets    int    `json:"tickets,omitempty"`
	Payments   int    `json:"payments,omitempty"`
	Opened     int    `json:"opened,omitempty"`
	Seen       int    `json:"seen,omitempty"`
	Closed     int    `json:"closed,omitempty"`
	NotLooked  int    `json:"not_looked,omitempty"`
	Unnumbered bool   `json:"unnumbered,omitempty"`
	Error      string `json:"error,omitempty"`
}

func (r runRow) toRun() (reconcile.Run, error) {
	var c runContent
	if err := json.Unmarshal([]byte(r.Content), &c); err != nil {
		return reconcile.Run{}, fmt.Errorf("reconciliation %s cannot be read: %w", r.ID, err)
	}
	return reconcile.Run{
		ID: r.ID, Institution: domain.InstitutionCode(r.Institution), State: reconcile.RunState(r.State), StartedAt: time.Time(r.StartedAt),
		From: c.From.time(), To: c.To.time(), By: r.AskedBy, EndedAt: c.EndedAt.time(), At: c.At.time(), Calls: c.Calls, Orders: c.Orders, Tickets: c.Tickets,
		Payments: c.Payments, Opened: c.Opened, Seen: c.Seen, Closed: c.Closed, NotLooked: c.NotLooked, Unnumbered: c.Unnumbered, Error: c.Error,
	}, nil
}

// caseContent is the rest of a case as JSON.
type caseContent struct {
	Order    string           `json:"order,omitempty"`
	Platform int64            `json:"platform,omitempty"`
	Payment  string           `json:"payment,omitempty"`
	Facts    []factContent    `json:"facts"`
	Context  []factContent    `json:"context,omitempty"`
	Proposed string           `json:"proposed"`
	SeenAt   stamp            `json:"seen_at"`
	ClosedAt stamp            `json:"closed_at,omitempty"`
	Run      string           `json:"run"`
	Decision *decisionContent `json:"decision,omitempty"`
}

type factContent struct {
	Side  string `json:"side"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

type decisionContent struct {
	Action  string `json:"action"`
	Reason  string `json:"reason"`
	By      string `json:"by"`
	At      stamp  `json:"at"`
	Outcome string `json:"outcome,omitempty"`
}

func fromCase(c *reconcile.Case) (caseRow, error) {
	content := caseContent{
		Order: c.Subject.Order, Platform: c.Subject.Platform, Payment: c.Subject.Payment, Proposed: string(c.Proposed), SeenAt: toStamp(c.SeenAt),
		ClosedAt: toStamp(c.ClosedAt), Run: c.Run,
		Facts:   mapEach(c.Facts, func(f reconcile.Fact) factContent { return factContent(f) }),
		Context: mapEach(c.Context, func(f reconcile.Fact) factContent { return factContent(f) }),
	}
	if d := c.Decision; d != nil {
		content.Decision = &decisionContent{Action: string(d.Action), Reason: d.Reason, By: d.By, At: toStamp(d.At), Outcome: d.Outcome}
	}
	raw, err := json.Marshal(content)
	return caseRow{
		ID: c.ID, Institution: string(c.Institution), Storefront: plain(c.Storefront), Kind: string(c.Kind), State: string(c.State),
		Fingerprint: c.Fingerprint(), OpenedAt: instant(c.OpenedAt), Content: string(raw),
	}, err
}

func (r caseRow) toCase() (reconcile.Case, error) {
	var c caseContent
	if err := json.Unmarshal([]byte(r.Content), &c); err != nil {
		return reconcile.Case{}, fmt.Errorf("case %s cannot be read: %w", r.ID, err)
	}
	out := reconcile.Case{
		ID: r.ID, Institution: domain.InstitutionCode(r.Institution), State: reconcile.State(r.State), Proposed: reconcile.Action(c.Proposed),
		OpenedAt: time.Time(r.OpenedAt), SeenAt: c.SeenAt.time(), ClosedAt: c.ClosedAt.time(), Run: c.Run,
		Difference: reconcile.Difference{
			Kind: reconcile.Kind(r.Kind), Storefront: r.Storefront, Subject: reconcile.Subject{Order: c.Order, Platform: c.Platform, Payment: c.Payment},
			Facts:   mapEach(c.Facts, func(f factContent) reconcile.Fact { return reconcile.Fact(f) }),
			Context: mapEach(c.Context, func(f factContent) reconcile.Fact { return reconcile.Fact(f) }),
		},
	}
	if d := c.Decision; d != nil {
		out.Decision = &reconcile.Decision{Action: reconcile.Action(d.Action), Reason: d.Reason, By: d.By, At: d.At.time(), Outcome: d.Outcome}
	}
	return out, nil
}

// KeepPayments implements reconcile.Store.
func (s *Reconcile) KeepPayments(ctx context.Context, payments []reconcile.Payment) ([]reconcile.Kept, error) {
	var out []reconcile.Kept
	err := s.db.change(ctx, "keep payments", func(tx *gorm.DB) error {
		out = make([]reconcile.Kept, 0, len(payments))
		for _, p := range payments {
			row := fromPayment(p)
			res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
			if res.Error != nil {
				return res.Error
			}
			if res.RowsAffected == 1 {
				out = append(out, reconcile.KeptNew)
				continue
			}
			var before paymentRow
			if err := tx.Take(&before, "storefront = ? AND payment_id = ?", row.Storefront, row.PaymentID).Error; err != nil {
				return err
			}
			if before.toPayment().Same(row.toPayment()) {
				out = append(out, reconcile.KeptBefore)
			} else {
				out = append(out, reconcile.KeptOther)
			}
		}
		return nil
	})
	return out, err
}

// Payment implements reconcile.Store.
func (s *Reconcile) Payment(ctx context.Context, id string) (reconcile.Payment, error) {
	var row paymentRow
	err := s.db.read.WithContext(ctx).Take(&row, "id = ?", plain(id)).Error
	return row.toPayment(), translate("load payment", notFound(err, domain.Errorf(domain.NotFound, reconcile.CodePaymentReference, "there is no such payment")))
}

// Payments implements reconcile.Store.
func (s *Reconcile) Payments(
	ctx context.Context, code domain.InstitutionCode, from, to time.Time, after string, limit int,
) ([]reconcile.Payment, error) {
	var rows []paymentRow
	err := s.db.read.WithContext(ctx).
		Where("institution = ? AND ((paid_at >= ? AND paid_at < ?) OR (imported_at >= ? AND imported_at < ?)) AND id > ?", string(code),
			instant(from), instant(to), instant(from), instant(to), plain(after)).
		Order("id").Limit(limit).Find(&rows).Error
	return mapEach(rows, paymentRow.toPayment), translate("list payments", err)
}

// PaymentsOf implements reconcile.Store.
func (s *Reconcile) PaymentsOf(ctx context.Context, storefront, reference string) ([]reconcile.Payment, error) {
	var rows []paymentRow
	err := s.db.read.WithContext(ctx).Order("paid_at, id").Limit(domain.MaxLimit).
		Find(&rows, "storefront = ? AND reference = ?", plain(storefront), plain(reference)).Error
	return mapEach(rows, paymentRow.toPayment), translate("list payments", err)
}

// Covered implements reconcile.Store.
func (s *Reconcile) Covered(ctx context.Context, code domain.InstitutionCode) (map[string]reconcile.Span, error) {
	out := map[string]reconcile.Span{}
	var fronts []string
	read := s.db.read.WithContext(ctx)
	if err := read.Model(&paymentRow{}).Where("institution = ?", string(code)).Distinct().Pluck("storefront", &fronts).Error; err != nil {
		return nil, translate("list payments", err)
	}
	for _, front := range fronts {
		var span reconcile.Span
		for order, at := range map[string]*time.Time{"paid_at": &span.From, "paid_at DESC": &span.To} {
			var row paymentRow
			if err := read.Order(order).Take(&row, "institution = ? AND storefront = ?", string(code), front).Error; err != nil {
				return nil, translate("list payments", err)
			}
			*at = time.Time(row.PaidAt)
		}
		out[front] = span
	}
	return out, nil
}

// CreateRun implements reconcile.Store.
func (s *Reconcile) CreateRun(ctx context.Context, r reconcile.Run) error {
	row, err := fromRun(r)
	if err != nil {
		return err
	}
	return s.db.change(ctx, "create reconciliation", func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.db.insertTasks(ctx, tx, []domain.Task{{Kind: reconcile.TaskRun, Key: r.ID}})
	})
}

// Run implements reconcile.Store.
func (s *Reconcile) Run(ctx context.Context, id string) (reconcile.Run, error) {
	var row runRow
	if err := s.db.read.WithContext(ctx).Take(&row, "id = ?", plain(id)).Error; err != nil {
		return reconcile.Run{}, translate("load reconciliation", notFound(err, domain.Errorf(domain.NotFound, reconcile.CodeRunUnknown, "there is no such reconciliation")))
	}
	return row.toRun()
}

// Runs implements reconcile.Store.
func (s *Reconcile) Runs(ctx context.Context, codes []domain.InstitutionCode, p domain.Page) (runs []reconcile.Run, next string, err error) {
	tx := s.db.read.WithContext(ctx)
	if codes != nil {
		tx = tx.Where("institution IN ?", codes)
	}
	rows, next, err := newestFirst(tx, p, "started_at", func(r *runRow) (time.Time, string) { return time.Time(r.StartedAt), r.ID })
	if err != nil {
		return nil, "", translate("list reconciliations", err)
	}
	for _, row := range rows {
		r, err := row.toRun()
		if err != nil {
			return nil, "", err
		}
		runs = append(runs, r)
	}
	return runs, next, nil
}

// newestFirst reads a page of rows by a time and their id, the newest first.
func newestFirst[R any](tx *gorm.DB, p domain.Page, column string, at func(*R) (time.Time, string)) (rows []R, next string, err error) {
	limit := p.Limit
	if limit <= 0 {
		limit = domain.DefaultLimit
	}
	limit = min(limit, domain.MaxLimit)
	if p.Cursor != "" {
		when, id, err := fromCursor(p.Cursor)
		if err != nil {
			return nil, "", err
		}
		tx = tx.Where("("+column+", id) < (?, ?)", instant(when), id)
	}
	if err := tx.Order(column + " DESC, id DESC").Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		when, id := at(&rows[limit-1])
		next = cursorOf(when, id)
	}
	return rows, next, nil
}

// LastRun implements reconcile.Store.
func (s *Reconcile) LastRun(ctx context.Context, code domain.InstitutionCode, done bool) (r reconcile.Run, ok bool, err error) {
	tx := s.db.read.WithContext(ctx).Where("institution = ?", string(code))
	if done {
		tx = tx.Where("state = ? AND asked_by = ''", string(reconcile.RunDone))
	} else {
		tx = tx.Where("state <> ?", string(reconcile.RunDone))
	}
	var row runRow
	err = tx.Order("started_at DESC, id DESC").Take(&row).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return reconcile.Run{}, false, nil
	case err != nil:
		return reconcile.Run{}, false, translate("load reconciliation", err)
	}
	r, err = row.toRun()
	return r, err == nil, err
}

// NightsSince implements reconcile.Store.
func (s *Reconcile) NightsSince(ctx context.Context, code domain.InstitutionCode, now time.Time) (time.Time, error) {
	row := nightsRow{Institution: string(code), Since: instant(millis(now))}
	err := s.db.change(ctx, "remember first night", func(tx *gorm.DB) error {
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return err
		}
		return tx.Take(&row, "institution = ?", string(code)).Error
	})
	return time.Time(row.Since), err
}

// SaveRun implements reconcile.Store.
func (s *Reconcile) SaveRun(ctx context.Context, r reconcile.Run) error {
	row, err := fromRun(r)
	if err != nil {
		return err
	}
	return s.db.change(ctx, "save reconciliation", func(tx *gorm.DB) error {
		return tx.Model(&runRow{}).Where("id = ?", row.ID).Select("state", "content").UpdateColumns(&row).Error
	})
}

// KeepCase implements reconcile.Store.
func (s *Reconcile) KeepCase(ctx context.Context, c reconcile.Case) (stored reconcile.Case, opened bool, err error) {
	row, err := fromCase(&c)
	if err != nil {
		return reconcile.Case{}, false, err
	}
	err = s.db.change(ctx, "keep case", func(tx *gorm.DB) error {
		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if opened = res.RowsAffected == 1; res.Error != nil || opened {
			stored = c
			return res.Error
		}
		var before caseRow
		err := forUpdate(tx).Take(&before, "institution = ? AND fingerprint = ? AND state <> ?", row.Institution, row.Fingerprint, string(reconcile.Closed)).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return errStale // it was closed meanwhile
		}
		if err != nil {
			return err
		}
		if stored, err = before.toCase(); err != nil {
			return err
		}
		stored.SeenAt, stored.Run, stored.Context = c.SeenAt, c.Run, c.Context
		return saveCase(tx, &stored)
	})
	return stored, opened, err
}

func saveCase(tx *gorm.DB, c *reconcile.Case) error {
	row, err := fromCase(c)
	if err != nil {
		return err
	}
	return tx.Model(&caseRow{}).Where("id = ?", row.ID).Select("state", "content").UpdateColumns(&row).Error
}

func errCaseUnknown() *domain.Error {
	return domain.Errorf(domain.NotFound, reconcile.CodeCaseUnknown, "there is no such case")
}

// Case implements reconcile.Store.
func (s *Reconcile) Case(ctx context.Context, id string) (reconcile.Case, error) {
	var row caseRow
	if err := s.db.read.WithContext(ctx).Take(&row, "id = ?", plain(id)).Error; err != nil {
		return reconcile.Case{}, translate("load case", notFound(err, errCaseUnknown()))
	}
	return row.toCase()
}

// Cases implements reconcile.Store.
func (s *Reconcile) Cases(ctx context.Context, q reconcile.CaseQuery) (cases []reconcile.Case, next string, err error) {
	tx := s.db.read.WithContext(ctx)
	if q.Institutions != nil {
		tx = tx.Where("institution IN ?", q.Institutions)
	}
	if len(q.States) > 0 {
		tx = tx.Where("state IN ?", q.States)
	}
	if len(q.Kinds) > 0 {
		tx = tx.Where("kind IN ?", q.Kinds)
	}
	if q.Storefront != "" {
		tx = tx.Where("storefront = ?", plain(q.Storefront))
	}
	rows, next, err := newestFirst(tx, q.Page, "opened_at", func(r *caseRow) (time.Time, string) { return time.Time(r.OpenedAt), r.ID })
	if err != nil {
		return nil, "", translate("list cases", err)
	}
	cases, err = toCases(rows)
	return cases, next, err
}

func toCases(rows []caseRow) ([]reconcile.Case, error) {
	out := make([]reconcile.Case, 0, len(rows))
	for _, row := range rows {
		c, err := row.toCase()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// CountCases implements reconcile.Store.
func (s *Reconcile) CountCases(ctx context.Context) ([]reconcile.Count, error) {
	var counts []reconcile.Count
	err := s.db.read.WithContext(ctx).Model(&caseRow{}).Select("institution, state, COUNT(*) AS n").Where("state <> ?", string(reconcile.Closed)).
		Group("institution, state").Order("institution, state").Scan(&counts).Error
	return counts, translate("count cases", err)
}

// CasesToLookAt implements reconcile.Store. The run that looked last is inside the content, so cases are read until enough
// are found; those that are not closed are few.
func (s *Reconcile) CasesToLookAt(ctx context.Context, code domain.InstitutionCode, run string, limit int) ([]reconcile.Case, error) {
	var out []reconcile.Case
	for after := ""; len(out) < limit; {
		var rows []caseRow
		err := s.db.read.WithContext(ctx).Where("institution = ? AND state <> ? AND id > ?", string(code), string(reconcile.Closed), after).
			Order("id").Limit(domain.MaxLimit).Find(&rows).Error
		if err != nil {
			return nil, translate("list cases", err)
		}
		cases, err := toCases(rows)
		if err != nil {
			return nil, err
		}
		for _, c := range cases {
			if after = c.ID; c.Run != run && len(out) < limit {
				out = append(out, c)
			}
		}
		if len(rows) < domain.MaxLimit {
			break
		}
	}
	return out, nil
}

// UpdateCase implements reconcile.Store.
func (s *Reconcile) UpdateCase(ctx context.Context, id string, change func(*reconcile.Case) (*reconcile.Entry, error)) (reconcile.Case, error) {
	var changed reconcile.Case
	err := s.db.change(ctx, "update case", func(tx *gorm.DB) error {
		var row caseRow
		if err := forUpdate(tx).Take(&row, "id = ?", plain(id)).Error; err != nil {
			return notFound(err, errCaseUnknown())
		}
		c, err := row.toCase()
		if err != nil {
			return err
		}
		entry, err := change(&c)
		if err != nil {
			return err
		}
		if err := saveCase(tx, &c); err != nil {
			return err
		}
		changed = c
		if entry == nil {
			return nil
		}
		line := fromEntry(entry)
		return tx.Create(&line).Error
	})
	return changed, err
}

func fromEntry(e *reconcile.Entry) auditRow {
	return auditRow{
		ID: e.ID, At: instant(e.At), Actor: plain(e.Actor), Action: e.Action, Subject: plain(e.Subject), Reason: plain(e.Reason), Outcome: plain(e.Outcome),
	}
}

// Record implements reconcile.Store.
func (s *Reconcile) Record(ctx context.Context, e reconcile.Entry) error {
	line := fromEntry(&e)
	return translate("write audit log", s.db.single(ctx, func(tx *gorm.DB) error { return tx.Create(&line).Error }))
}

// Foreign implements reconcile.Store.
func (s *Reconcile) Foreign(ctx context.Context, code domain.InstitutionCode, platformOrders []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	for len(platformOrders) > 0 {
		n := min(batch, len(platformOrders))
		var ids []int64
		err := s.db.read.WithContext(ctx).Model(&foreignRow{}).
			Where("institution = ? AND platform_order_id IN ?", string(code), platformOrders[:n]).Pluck("platform_order_id", &ids).Error
		if err != nil {
			return nil, translate("list foreign orders", err)
		}
		for _, id := range ids {
			out[id] = true
		}
		platformOrders = platformOrders[n:]
	}
	return out, nil
}

// KeepForeign implements reconcile.Store.
func (s *Reconcile) KeepForeign(ctx context.Context, code domain.InstitutionCode, platformOrder int64) error {
	return s.db.change(ctx, "keep foreign order", func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&foreignRow{Institution: string(code), PlatformOrderID: platformOrder}).Error
	})
}

// Log implements reconcile.Store.
func (s *Reconcile) Log(ctx context.Context, subject string, p domain.Page) (entries []reconcile.Entry, next string, err error) {
	tx := s.db.read.WithContext(ctx)
	if subject != "" {
		tx = tx.Where("subject = ?", plain(subject))
	}
	rows, next, err := newestFirst(tx, p, "at", func(r *auditRow) (time.Time, string) { return time.Time(r.At), r.ID })
	if err != nil {
		return nil, "", translate("read audit log", err)
	}
	return mapEach(rows, func(r auditRow) reconcile.Entry {
		return reconcile.Entry{ID: r.ID, At: time.Time(r.At), Actor: r.Actor, Action: r.Action, Subject: r.Subject, Reason: r.Reason, Outcome: r.Outcome}
	}), next, nil
}
