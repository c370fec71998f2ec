package storage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/sales"
)

// Account is the account.Store. It is safe for concurrent use, also by several processes.
type Account struct{ db *DB }

var _ account.Store = (*Account)(nil)

// Account returns the store of ledgers.
func (db *DB) Account() *Account { return &Account{db: db} }

type (
	headRow struct {
		Institution string `gorm:"primaryKey"`
		Currency    string `gorm:"primaryKey"`
		Number      int64
		Owed        int64
		BookedAt    instant
		Alarmed     int64
	}
	postingRow struct {
		Institution string `gorm:"primaryKey"`
		Currency    string `gorm:"primaryKey"`
		Number      int64  `gorm:"primaryKey"`
		Kind        string
		Cause       string
		Debit       string
		Credit      string
		Thousandths int64
		Owed        int64
		OrderID     *string
		Storefront  string
		OfNumber    int64
		BookedBy    string
		Reason      string
		At          instant
		BookedAt    instant
	}
)

// TableName implements gorm's Tabler.
func (headRow) TableName() string { return "account_heads" }

// TableName implements gorm's Tabler.
func (postingRow) TableName() string { return "account_postings" }

func fromPosting(p account.Posting) postingRow {
	var order *string
	if p.Order != "" {
		id := plain(p.Order)
		order = &id
	}
	return postingRow{
		Institution: string(p.Institution), Currency: string(p.Currency), Number: p.Number, Kind: string(p.Kind), Cause: plain(p.Cause),
		Debit: plain(string(p.Debit)), Credit: plain(string(p.Credit)), Thousandths: p.Thousandths, Owed: p.Owed, OrderID: order,
		Storefront: plain(p.Storefront), OfNumber: p.Of, BookedBy: plain(p.By), Reason: plain(p.Reason), At: instant(p.At),
		BookedAt: instant(p.BookedAt),
	}
}

func (r postingRow) toPosting() account.Posting {
	order := ""
	if r.OrderID != nil {
		order = *r.OrderID
	}
	return account.Posting{
		Institution: domain.InstitutionCode(r.Institution), Currency: domain.Currency(r.Currency), Number: r.Number,
		Kind: account.Kind(r.Kind), Cause: r.Cause, Debit: account.Account(r.Debit), Credit: account.Account(r.Credit),
		Thousandths: r.Thousandths, Owed: r.Owed, Order: order, Storefront: r.Storefront, Of: r.OfNumber, By: r.BookedBy,
		Reason: r.Reason, At: time.Time(r.At), BookedAt: time.Time(r.BookedAt),
	}
}

// next takes the ledger's next number. The row stays locked until the transaction ends, so that postings of one ledger are
// written one after the other, in the order of their numbers and of their times.
const next = `INSERT INTO account_heads (institution, currency, number, owed, booked_at, alarmed) VALUES (?, ?, 1, ?, ?, 0)
ON CONFLICT (institution, currency) DO UPDATE SET number = account_heads.number + 1, owed = account_heads.owed + excluded.owed,
booked_at = CASE WHEN account_heads.booked_at < excluded.booked_at THEN excluded.booked_at ELSE account_heads.booked_at END
RETURNING number, owed, booked_at`

// book writes a posting as the last of its ledger.
func book(tx *gorm.DB, p account.Posting) (account.Posting, error) {
	if err := p.Check(); err != nil {
		return account.Posting{}, err
	}
	var head headRow
	err := tx.Raw(next, string(p.Institution), string(p.Currency), p.Change(), instant(p.At)).Scan(&head).Error
	if err != nil {
		return account.Posting{}, err
	}
	p.Number, p.Owed, p.BookedAt = head.Number, head.Owed, time.Time(head.BookedAt)
	row := fromPosting(p)
	if err := tx.Create(&row).Error; err != nil {
		return account.Posting{}, err
	}
	return row.toPosting(), nil
}

// bookOrder writes what a change of an order posts.
func bookOrder(tx *gorm.DB, o *sales.Order) error {
	for _, p := range o.Postings {
		entry, ok, err := account.Booked(account.Kind(p.Kind), p.Institution, o.Storefront, string(p.Order), p.Cause, p.Amount, p.At)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if _, err := book(tx, entry); err != nil {
			return err
		}
	}
	return nil
}

// withinLimit refuses a stored order whose claim goes beyond what may be owed. Every other close of the institution with a
// limit waits for this one, and its claim is seen.
func withinLimit(tx *gorm.DB, o *sales.Order) error {
	if o.Limit == nil {
		return nil
	}
	most, err := o.Limit.Thousandths()
	if err != nil {
		return err
	}
	head, err := lockHead(tx, o.Institution, o.Limit.Currency)
	if err != nil {
		return err
	}
	claimed, err := claims(tx, o.Institution)
	if err != nil {
		return err
	}
	if head.Owed+claimed > most {
		return domain.Errorf(domain.Conflict, sales.CodeAccountLimit, "with this order we would owe the institution more than it allows (%s)", *o.Limit)
	}
	return nil
}

// lockHead locks a ledger, which is begun where there is none, until the transaction ends.
func lockHead(tx *gorm.DB, code domain.InstitutionCode, currency domain.Currency) (headRow, error) {
	head := headRow{Institution: string(code), Currency: string(currency)}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&head).Error; err != nil {
		return headRow{}, err
	}
	err := forUpdate(tx).Take(&head, "institution = ? AND currency = ?", head.Institution, head.Currency).Error
	return head, err
}

// claims is what orders whose close is under way may yet add: thousandths.
func claims(tx *gorm.DB, code domain.InstitutionCode) (int64, error) {
	var sum int64
	err := tx.Model(&orderRow{}).Select("CAST(COALESCE(SUM(claim), 0) AS BIGINT)").Where("institution = ? AND claim <> 0", string(code)).Scan(&sum).Error
	return sum, err
}

// Book implements account.Store.
func (a *Account) Book(ctx context.Context, p account.Posting) (booked account.Posting, created bool, err error) {
	if err := p.Check(); err != nil {
		return account.Posting{}, false, err
	}
	err = a.db.change(ctx, "book posting", func(tx *gorm.DB) error {
		created = false
		var row postingRow
		// The ledger's row is locked before looking, so that two of one cause see each other.
		if _, err := lockHead(tx, p.Institution, p.Currency); err != nil {
			return err
		}
		err := tx.Take(&row, "institution = ? AND kind = ? AND cause = ?", string(p.Institution), string(p.Kind), plain(p.Cause)).Error
		switch {
		case err == nil:
			booked = row.toPosting()
		case errors.Is(err, gorm.ErrRecordNotFound):
			booked, err = book(tx, p)
			created = err == nil
		}
		return err
	})
	switch {
	case foreign(err):
		return account.Posting{}, false, errOrderUnknown().Because(err)
	case err != nil:
		return account.Posting{}, false, err
	}
	return booked, created, nil
}

func errPostingUnknown() *domain.Error {
	return domain.Errorf(domain.NotFound, account.CodeUnknown, "there is no such posting")
}

// Posting implements account.Store.
func (a *Account) Posting(ctx context.Context, code domain.InstitutionCode, currency domain.Currency, number int64) (account.Posting, error) {
	var row postingRow
	err := a.db.read.WithContext(ctx).Take(&row, "institution = ? AND currency = ? AND number = ?", string(code), string(currency), number).Error
	if err != nil {
		return account.Posting{}, translate("load posting", notFound(err, errPostingUnknown()))
	}
	return row.toPosting(), nil
}

// Heads implements account.Store.
func (a *Account) Heads(ctx context.Context, code domain.InstitutionCode) ([]account.Head, error) {
	read := a.db.read.WithContext(ctx)
	var rows []headRow
	if err := read.Order("currency").Find(&rows, "institution = ?", string(code)).Error; err != nil {
		return nil, translate("read ledger", err)
	}
	claimed, err := claims(read, code)
	if err != nil {
		return nil, translate("sum claims", err)
	}
	out := make([]account.Head, 0, len(rows))
	for _, r := range rows {
		out = append(out, account.Head{
			Currency: domain.Currency(r.Currency), Postings: r.Number, Owed: r.Owed, Claimed: claimed, BookedAt: time.Time(r.BookedAt),
		})
	}
	return out, nil
}

// OwedBefore implements account.Store.
func (a *Account) OwedBefore(ctx context.Context, code domain.InstitutionCode, currency domain.Currency, at time.Time) (int64, error) {
	var owed []int64
	err := a.db.read.WithContext(ctx).Model(&postingRow{}).
		Where("institution = ? AND currency = ? AND booked_at < ?", string(code), string(currency), instant(at)).
		Order("booked_at DESC, number DESC").Limit(1).Pluck("owed", &owed).Error
	if err != nil || len(owed) == 0 {
		return 0, translate("read ledger", err)
	}
	return owed[0], nil
}

// Postings implements account.Store.
func (a *Account) Postings(
	ctx context.Context, code domain.InstitutionCode, currency domain.Currency, from, to time.Time, after int64, limit int,
) ([]account.Posting, error) {
	var rows []postingRow
	err := a.db.read.WithContext(ctx).
		Where("institution = ? AND currency = ? AND booked_at >= ? AND booked_at < ? AND number > ?", string(code), string(currency),
			instant(from), instant(to), after).
		Order("number").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, translate("list postings", err)
	}
	return mapEach(rows, postingRow.toPosting), nil
}

// PostingsOf implements account.Store.
func (a *Account) PostingsOf(ctx context.Context, order string) ([]account.Posting, error) {
	var rows []postingRow
	if err := a.db.read.WithContext(ctx).Order("currency, number").Find(&rows, "order_id = ?", plain(order)).Error; err != nil {
		return nil, translate("list postings", err)
	}
	return mapEach(rows, postingRow.toPosting), nil
}

// Sums implements account.Store.
func (a *Account) Sums(ctx context.Context, code domain.InstitutionCode, currency domain.Currency) ([]account.Sum, error) {
	sums := map[account.Account]*account.Sum{}
	for _, side := range []string{"debit", "credit"} {
		var rows []struct {
			Account string
			Amount  int64
		}
		err := a.db.read.WithContext(ctx).Model(&postingRow{}).
			Select(side+" AS account, CAST(SUM(thousandths) AS BIGINT) AS amount").
			Where("institution = ? AND currency = ?", string(code), string(currency)).Group(side).Scan(&rows).Error
		if err != nil {
			return nil, translate("sum accounts", err)
		}
		for _, r := range rows {
			s := sums[account.Account(r.Account)]
			if s == nil {
				s = &account.Sum{Account: account.Account(r.Account)}
				sums[s.Account] = s
			}
			if side == "debit" {
				s.Debit = r.Amount
			} else {
				s.Credit = r.Amount
			}
		}
	}
	out := make([]account.Sum, 0, len(sums))
	for _, s := range sums {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(x, y account.Sum) int { return strings.Compare(string(x.Account), string(y.Account)) })
	return out, nil
}

// RaiseAlarm implements account.Store.
func (a *Account) RaiseAlarm(ctx context.Context, code domain.InstitutionCode, currency domain.Currency, line int) (fresh bool, err error) {
	err = a.db.change(ctx, "raise alarm", func(tx *gorm.DB) error {
		res := tx.Model(&headRow{}).
			Where("institution = ? AND currency = ? AND (alarmed < ? OR (alarmed > 0 AND ? = 0))", string(code), string(currency), line, line).
			UpdateColumn("alarmed", line)
		fresh = res.RowsAffected == 1 && line > 0
		return res.Error
	})
	return fresh, err
}
