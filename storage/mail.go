package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

// Mails is the delivery.MailStore. It is safe for concurrent use, also by several processes.
type Mails struct{ db *DB }

var _ delivery.MailStore = (*Mails)(nil)

// Mails returns the outbox of e-mails.
func (db *DB) Mails() *Mails { return &Mails{db: db} }

type mailRow struct {
	ID          string `gorm:"primaryKey"`
	OrderID     string
	Institution string
	Storefront  string
	Reason      string
	Recipient   string
	Language    string
	Digest      string
	Status      string
	Version     int64
	Attempts    int64
	QueuedAt    instant
	NextAt      instant
	SentAt      instant
	EndedAt     instant
	Code        string
	Detail      string
}

// TableName implements gorm's Tabler.
func (mailRow) TableName() string { return "mails" }

func fromMail(m *delivery.Mail) mailRow {
	return mailRow{
		ID: string(m.ID), OrderID: string(m.Order), Institution: string(m.Institution), Storefront: plain(m.Storefront), Reason: string(m.Reason),
		Recipient: plain(m.To), Language: plain(m.Language), Digest: m.Digest, Status: string(m.Status), Version: m.Version, Attempts: int64(m.Attempts),
		QueuedAt: instant(millis(m.QueuedAt)), NextAt: instant(millis(m.NextAt)), SentAt: instant(millis(m.SentAt)), EndedAt: instant(millis(m.EndedAt)),
		Code: m.Code, Detail: plain(m.Detail),
	}
}

func (r *mailRow) toMail() delivery.Mail {
	return delivery.Mail{
		ID: delivery.MailID(r.ID), Order: sales.OrderID(r.OrderID), Institution: domain.InstitutionCode(r.Institution), Storefront: r.Storefront,
		Reason: delivery.MailReason(r.Reason), To: r.Recipient, Language: r.Language, Digest: r.Digest, Status: delivery.MailStatus(r.Status),
		Version: r.Version, Attempts: int(r.Attempts), QueuedAt: time.Time(r.QueuedAt), NextAt: time.Time(r.NextAt), SentAt: time.Time(r.SentAt),
		EndedAt: time.Time(r.EndedAt), Code: r.Code, Detail: r.Detail,
	}
}

// insertMail stores a mail and asks for its job, unless one of its id is there.
func (db *DB) insertMail(ctx context.Context, tx *gorm.DB, m delivery.Mail) (created bool, err error) {
	m.Version = 1
	row := fromMail(&m)
	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if created = res.RowsAffected == 1; res.Error != nil || !created {
		return false, res.Error
	}
	return true, db.insertTasks(ctx, tx, []domain.Task{{Kind: delivery.TaskMail, Key: string(m.ID)}})
}

func errMailUnknown() *domain.Error {
	return domain.Errorf(domain.NotFound, delivery.CodeMailUnknown, "there is no such mail")
}

func loadMail(tx *gorm.DB, id delivery.MailID) (mailRow, error) {
	var row mailRow
	err := tx.Take(&row, "id = ?", plain(string(id))).Error
	return row, notFound(err, errMailUnknown())
}

// QueueMail implements delivery.MailStore. A mail of an order that does not exist is order.unknown.
func (s *Mails) QueueMail(ctx context.Context, m delivery.Mail, key *sales.Key) (stored delivery.Mail, created bool, err error) {
	err = s.db.change(ctx, "queue mail", func(tx *gorm.DB) error {
		if key != nil {
			if err := bindOrder(tx, &sales.Order{Bind: key}); err != nil {
				return err
			}
		}
		if created, err = s.db.insertMail(ctx, tx, m); err != nil {
			return err
		}
		row, err := loadMail(tx, m.ID)
		stored = row.toMail()
		return err
	})
	switch {
	case foreign(err):
		return delivery.Mail{}, false, errOrderUnknown().Because(err)
	case err != nil:
		return delivery.Mail{}, false, err
	}
	return stored, created, nil
}

// Mail implements delivery.MailStore.
func (s *Mails) Mail(ctx context.Context, id delivery.MailID) (delivery.Mail, error) {
	row, err := loadMail(s.db.read.WithContext(ctx), id)
	return row.toMail(), translate("load mail", err)
}

// UpdateMail implements delivery.MailStore.
func (s *Mails) UpdateMail(ctx context.Context, id delivery.MailID, change func(*delivery.Mail) error) (delivery.Mail, error) {
	var m delivery.Mail
	err := s.db.change(ctx, "update mail", func(tx *gorm.DB) error {
		row, err := loadMail(forUpdate(tx), id)
		if err != nil {
			return err
		}
		m = row.toMail()
		if err := change(&m); err != nil {
			return err
		}
		m.Version = row.Version + 1
		now := fromMail(&m)
		res := tx.Model(&mailRow{}).Where("id = ? AND version = ?", row.ID, row.Version).Select("*").UpdateColumns(&now)
		if res.Error == nil && res.RowsAffected != 1 {
			return errStale
		}
		return res.Error
	})
	return m, err
}

// DueMails implements delivery.MailStore.
func (s *Mails) DueMails(ctx context.Context, now time.Time, limit int) ([]delivery.MailID, error) {
	var ids []delivery.MailID
	err := s.db.read.WithContext(ctx).Model(&mailRow{}).Where("status IN ('queued', 'sending') AND next_at <= ?", instant(millis(now))).
		Order("next_at, id").Limit(limit).Pluck("id", &ids).Error
	return ids, translate("list due mails", err)
}

// CountMails implements delivery.MailStore, ordered by institution and status.
func (s *Mails) CountMails(ctx context.Context, ended time.Time) ([]delivery.MailCount, error) {
	var rows []struct {
		Institution, Status string
		N                   int64
		Oldest              summed
	}
	err := s.db.read.WithContext(ctx).Model(&mailRow{}).Select("institution, status, COUNT(*) AS n, MIN(queued_at) AS oldest").
		Where("status IN ('queued', 'sending') OR (status IN ('failed', 'bounced') AND ended_at >= ?)", instant(millis(ended))).
		Group("institution, status").Order("institution, status").Scan(&rows).Error
	if err != nil {
		return nil, translate("count mails", err)
	}
	counts := make([]delivery.MailCount, len(rows))
	for i, r := range rows {
		counts[i] = delivery.MailCount{Institution: domain.InstitutionCode(r.Institution), Status: delivery.MailStatus(r.Status), N: r.N, Oldest: time.Time(r.Oldest)}
	}
	return counts, nil
}

// Mails implements delivery.MailStore.
func (s *Mails) Mails(ctx context.Context, q delivery.MailQuery) (mails []delivery.Mail, next string, err error) {
	limit := q.Page.Limit
	if limit <= 0 {
		limit = domain.DefaultLimit
	}
	limit = min(limit, domain.MaxLimit)
	tx := s.db.read.WithContext(ctx)
	if q.Order != "" {
		tx = tx.Where("order_id = ?", plain(string(q.Order)))
	}
	if q.Institutions != nil {
		tx = tx.Where("institution IN ?", q.Institutions) // an empty list selects nothing
	}
	if len(q.Statuses) > 0 {
		tx = tx.Where("status IN ?", q.Statuses)
	}
	if q.Page.Cursor != "" {
		at, id, err := fromCursor(q.Page.Cursor)
		if err != nil {
			return nil, "", err
		}
		tx = tx.Where("(queued_at, id) < (?, ?)", instant(at), id)
	}
	var rows []mailRow
	if err := tx.Order("queued_at DESC, id DESC").Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, "", translate("list mails", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = cursorOf(time.Time(rows[limit-1].QueuedAt), rows[limit-1].ID)
	}
	mails = make([]delivery.Mail, len(rows))
	for i := range rows {
		mails[i] = rows[i].toMail()
	}
	return mails, next, nil
}

type mailMarkRow struct {
	Institution string `gorm:"primaryKey"`
	Seq         int64
	Line        int64
	OrderID     string
}

// TableName implements gorm's Tabler.
func (mailMarkRow) TableName() string { return "mail_marks" }

// MailMark implements delivery.ChangedStore.
func (s *Mails) MailMark(ctx context.Context, code domain.InstitutionCode) (mark delivery.MailMark, known bool, err error) {
	var rows []mailMarkRow
	if err := s.db.read.WithContext(ctx).Where("institution = ?", string(code)).Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return mark, false, translate("load mail mark", err)
	}
	return delivery.MailMark{Seq: rows[0].Seq, Line: rows[0].Line, Order: sales.OrderID(rows[0].OrderID)}, true, nil
}

// SaveMailMark implements delivery.ChangedStore.
func (s *Mails) SaveMailMark(ctx context.Context, code domain.InstitutionCode, mark delivery.MailMark) error {
	row := mailMarkRow{Institution: string(code), Seq: mark.Seq, Line: mark.Line, OrderID: string(mark.Order)}
	return s.db.change(ctx, "save mail mark", func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "institution"}}, DoUpdates: clause.AssignmentColumns([]string{"seq", "line", "order_id"}),
		}).Create(&row).Error
	})
}

// NextMoved implements delivery.ChangedStore.
func (s *Mails) NextMoved(ctx context.Context, code domain.InstitutionCode, after delivery.MailMark, upTo int64) (line delivery.MovedLine, found bool, err error) {
	var rows []changeRow
	err = s.db.read.WithContext(ctx).Select("seq", "line", "performance").
		Where("institution = ? AND (seq, line) > (?, ?) AND seq <= ? AND performance > 0", string(code), after.Seq, after.Line, upTo).
		Where("what IN ?", []catalog.ChangeSort{catalog.ChangeMoved, catalog.ChangeState}).Order("seq, line").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return line, false, translate("find moved performance", err)
	}
	return delivery.MovedLine{Seq: rows[0].Seq, Line: rows[0].Line, Performance: catalog.PerformanceID(rows[0].Performance)}, true, nil
}

// TicketOrders implements delivery.ChangedStore.
func (s *Mails) TicketOrders(
	ctx context.Context, code domain.InstitutionCode, id catalog.PerformanceID, after sales.OrderID, limit int,
) ([]sales.OrderID, error) {
	var ids []sales.OrderID
	err := s.db.read.WithContext(ctx).Model(&ticketRow{}).Distinct("order_id").
		Where("institution = ? AND performance = ? AND performance > 0 AND order_id > ?", string(code), int64(id), string(after)).
		Order("order_id").Limit(limit).Pluck("order_id", &ids).Error
	return ids, translate("list orders of performance", err)
}
