package sales

import (
	"context"
	"errors"

	"guichet/domain"
)

// Hint says that the platform pushed news of one of its orders. Where it is an order of ours that is being closed, or is
// sold and lacks barcodes, it is settled soon instead of at its own time, and true comes back; any other is left alone. A
// release is settled at its own time: its sender may still be at it.
func (s *Service) Hint(ctx context.Context, code domain.InstitutionCode, platformID int64) (bool, error) {
	orders, _, err := s.Store.Orders(ctx, Query{
		Institutions: []domain.InstitutionCode{code}, PlatformID: platformID, Page: domain.Page{Limit: domain.DefaultLimit},
	})
	if err != nil {
		return false, err
	}
	asked := false
	for i := range orders {
		if orders[i].Platform.OrderID != platformID {
			continue // a file of that number
		}
		_, err := s.Store.UpdateOrder(ctx, orders[i].ID, func(o *Order) error {
			at := o.UpdatedAt.Add(readAfter) // whoever changed it last may still be at it
			if now := s.Clock(); at.Before(now) {
				at = now
			}
			if (o.Status != Closing && o.Status != Issuing) || !o.NextCheckAt.After(at) {
				return errNotDue
			}
			o.due(at, TaskSettle)
			return nil
		})
		if err != nil && !errors.Is(err, errNotDue) {
			return asked, err
		}
		asked = asked || err == nil
	}
	return asked, nil
}
