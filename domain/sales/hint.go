package sales

import (
	"context"
	"errors"

	"guichet/domain"
)

// Hint says that the platform pushed news of one of its orders. Where it is an order of ours that is being closed or undone,
// is sold and lacks barcodes, or was sold a while ago, it is looked at soon instead of at its own time, and true comes back;
// any other is left alone. A release is settled at its own time: its sender may still be at it.
func (s *Service) Hint(ctx context.Context, code domain.InstitutionCode, platformID int64) (bool, error) {
	return s.hint(ctx, code, platformID, func(o *Order) bool { return o.Platform.OrderID == platformID })
}

func (s *Service) hint(ctx context.Context, code domain.InstitutionCode, number int64, meant func(*Order) bool) (bool, error) {
	orders, _, err := s.Store.Orders(ctx, Query{
		Institutions: []domain.InstitutionCode{code}, PlatformID: number, Page: domain.Page{Limit: domain.DefaultLimit},
	})
	if err != nil {
		return false, err
	}
	asked := false
	for i := range orders {
		if !meant(&orders[i]) {
			continue // the platform's orders and files have numbers of their own
		}
		_, err := s.Store.UpdateOrder(ctx, orders[i].ID, func(o *Order) error {
			at, must := s.newsAt(o, s.Clock(), o.Platform.OrderID != number)
			if !must {
				return errNotDue
			}
			o.due(at)
			return nil
		})
		if err != nil && !errors.Is(err, errNotDue) {
			return asked, err
		}
		asked = asked || err == nil
	}
	return asked, nil
}
