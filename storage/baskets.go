package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"guichet/domain"
	"guichet/domain/sales"
)

// basketCloseRow is the intent to sell a basket.
type basketCloseRow struct {
	Basket           string `gorm:"primaryKey"`
	PaymentReference string
	Phase            string
	BegunAt          instant
	NextAt           instant
	Looks            int
}

// TableName implements gorm's Tabler.
func (basketCloseRow) TableName() string { return "basket_closes" }

func (r *basketCloseRow) toClose() sales.BasketClose {
	return sales.BasketClose{
		Basket: sales.BasketID(r.Basket), PaymentReference: r.PaymentReference, Phase: sales.BasketPhase(r.Phase),
		BegunAt: time.Time(r.BegunAt), NextAt: time.Time(r.NextAt), Looks: r.Looks,
	}
}

func fromBasketClose(c sales.BasketClose) basketCloseRow {
	return basketCloseRow{
		Basket: plain(string(c.Basket)), PaymentReference: plain(c.PaymentReference), Phase: string(c.Phase),
		BegunAt: instant(millis(c.BegunAt)), NextAt: instant(millis(c.NextAt)), Looks: c.Looks,
	}
}

// BeginBasketClose implements sales.BasketStore.
func (s *Sales) BeginBasketClose(ctx context.Context, c sales.BasketClose) (sales.BasketClose, error) {
	row := fromBasketClose(c)
	err := s.db.change(ctx, "begin a basket's close", func(tx *gorm.DB) error {
		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if res.Error != nil || res.RowsAffected == 1 {
			return res.Error
		}
		return tx.Take(&row, "basket = ?", row.Basket).Error
	})
	return row.toClose(), err
}

// UpdateBasketClose implements sales.BasketStore.
func (s *Sales) UpdateBasketClose(ctx context.Context, id sales.BasketID, change func(*sales.BasketClose) error) (sales.BasketClose, error) {
	var changed sales.BasketClose
	err := s.db.change(ctx, "update a basket's close", func(tx *gorm.DB) error {
		var row basketCloseRow
		if err := forUpdate(tx).Take(&row, "basket = ?", plain(string(id))).Error; err != nil {
			return notFound(err, domain.Errorf(domain.NotFound, sales.CodeBasketUnknown, "no close of a basket %s was begun", id))
		}
		changed = row.toClose()
		if err := change(&changed); err != nil {
			return err
		}
		row = fromBasketClose(changed)
		return tx.Model(&basketCloseRow{}).Where("basket = ?", row.Basket).Select("*").UpdateColumns(&row).Error
	})
	if err != nil {
		return sales.BasketClose{}, err
	}
	return changed, nil
}

// DueBasketCloses implements sales.BasketStore.
func (s *Sales) DueBasketCloses(ctx context.Context, before time.Time, limit int) ([]sales.BasketID, error) {
	var ids []sales.BasketID
	err := s.db.read.WithContext(ctx).Model(&basketCloseRow{}).
		Where("phase IN ('selling', 'undoing') AND next_at <= ?", instant(before)).
		Order("next_at, basket").Limit(limit).Pluck("basket", &ids).Error
	return ids, translate("list baskets that are being sold", err)
}
