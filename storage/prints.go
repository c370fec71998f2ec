package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"guichet/domain/delivery"
)

// Prints is the delivery.Prints. It is safe for concurrent use, also by several processes.
type Prints struct{ db *DB }

var _ delivery.Prints = (*Prints)(nil)

// Prints returns the store of how often tickets were given out.
func (db *DB) Prints() *Prints { return &Prints{db: db} }

type printRow struct {
	TicketID   string `gorm:"primaryKey"`
	Copy       int    `gorm:"primaryKey;autoIncrement:false"`
	At         instant
	Storefront string
	KeyID      string
	Format     string
}

// TableName implements gorm's Tabler.
func (printRow) TableName() string { return "ticket_prints" }

// Count implements delivery.Prints. The tickets' own rows are locked meanwhile, so that two prints of one get two numbers.
func (p *Prints) Count(ctx context.Context, tickets []string, by delivery.Printed) (numbers []int, err error) {
	err = p.db.change(ctx, "count prints", func(tx *gorm.DB) error {
		var locked []string
		for at := 0; at < len(tickets); at += batch {
			err := forUpdate(tx).Model(&ticketRow{}).Where("id IN ?", tickets[at:min(at+batch, len(tickets))]).Order("id").Pluck("id", &locked).Error
			if err != nil {
				return err
			}
		}
		if numbers, err = lastPrints(tx, tickets); err != nil {
			return err
		}
		rows := make([]printRow, len(tickets))
		for i, id := range tickets {
			numbers[i]++
			rows[i] = printRow{TicketID: id, Copy: numbers[i], At: instant(by.At), Storefront: plain(by.Storefront), KeyID: by.Key, Format: string(by.Format)}
		}
		if err := tx.CreateInBatches(rows, batch).Error; err != nil {
			return err
		}
		for i, id := range tickets {
			if numbers[i] <= delivery.PrintsKept {
				continue
			}
			if err := tx.Delete(&printRow{}, "ticket_id = ? AND copy <= ?", id, numbers[i]-delivery.PrintsKept).Error; err != nil {
				return err
			}
		}
		return nil
	})
	return numbers, err
}

// Last implements delivery.Prints.
func (p *Prints) Last(ctx context.Context, tickets []string) ([]int, error) {
	numbers, err := lastPrints(p.db.read.WithContext(ctx), tickets)
	return numbers, translate("read prints", err)
}

func lastPrints(tx *gorm.DB, tickets []string) ([]int, error) {
	last := map[string]int{}
	for at := 0; at < len(tickets); at += batch {
		var rows []printRow
		err := tx.Model(&printRow{}).Select("ticket_id, MAX(copy) AS copy").Where("ticket_id IN ?", tickets[at:min(at+batch, len(tickets))]).
			Group("ticket_id").Find(&rows).Error
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			last[r.TicketID] = r.Copy
		}
	}
	out := make([]int, len(tickets))
	for i, id := range tickets {
		out[i] = last[id]
	}
	return out, nil
}

// History implements delivery.Prints.
func (p *Prints) History(ctx context.Context, ticket string, limit int) ([]delivery.Printed, error) {
	var rows []printRow
	err := p.db.read.WithContext(ctx).Where("ticket_id = ?", plain(ticket)).Order("copy DESC").Limit(limit).Find(&rows).Error
	return mapEach(rows, func(r printRow) delivery.Printed {
		return delivery.Printed{Copy: r.Copy, At: time.Time(r.At), Storefront: r.Storefront, Key: r.KeyID, Format: delivery.Format(r.Format)}
	}), translate("read prints", err)
}
