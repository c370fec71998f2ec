package sales

import (
	"context"
	"log/slog"

	"guichet/domain"
)

// Decision is what a person decides about an order in review.
type Decision string

// The decisions.
const (
	// DecideRead takes what the platform says now: sold is issued (or issuing), given up is released, open is held.
	DecideRead Decision = "read"
	// DecideRefunded says that the refund asked for was made by hand, although the platform does not show it.
	DecideRefunded Decision = "refunded"
	// DecideNotRefunded says that the refund asked for will not be made: the tickets stay good.
	DecideNotRefunded Decision = "not_refunded"
)

// Decide ends a review as a person says; who and why go into the history. Errors: order.status where the order is in no
// review, or where the decision does not fit what is open; order.review where the platform does not settle it; platform.*.
func (s *Service) Decide(ctx context.Context, v Viewer, id OrderID, d Decision, who, why string) (Order, error) {
	o, err := s.Order(ctx, v, id)
	if err != nil {
		return Order{}, err
	}
	if o.Status != Review {
		return Order{}, o.misuse(domain.Conflict, CodeStatus, "the order is %s; only one in review is decided", o.Status)
	}
	if (o.openRefund() == nil) != (d == DecideRead) {
		return Order{}, o.misuse(domain.Conflict, CodeStatus, "the decision does not fit: a refund is decided as refunded or not_refunded, anything else by read")
	}
	note := joinNotes(noteDecided+" "+string(d)+" by "+who+":", why)
	s.Log.LogAttrs(ctx, slog.LevelInfo, "a person decided", s.attrs(o, slog.String("decision", string(d)), slog.String("who", who))...)
	now := s.Clock()
	switch d {
	case DecideRefunded:
		return s.refunded(ctx, o, RefundSeen{Back: o.openRefund().Quoted}, note)
	case DecideNotRefunded:
		return s.keep(ctx, id, func(o *Order) error {
			if err := o.dropRefund(Refusal{Kind: domain.Conflict, Code: CodeRefundDenied, Detail: "the institution does not take it back"}, now); err != nil {
				return o.misuse(domain.Conflict, CodeStatus, "it was decided meanwhile")
			}
			o.History[len(o.History)-1].Note = note
			return nil
		})
	case DecideRead:
	}
	return s.decideByReading(ctx, o, note)
}

// decideByReading takes what the platform has of an order in review.
func (s *Service) decideByReading(ctx context.Context, o Order, note string) (Order, error) {
	now := s.Clock()
	end := func(to Status) (Order, error) {
		return s.keep(ctx, o.ID, func(o *Order) error {
			o.NextCheckAt, o.Checks = now, 0
			return o.step(to, now, note)
		})
	}
	if o.Platform.OrderID == 0 { // a number that is another order's: nothing of it is ours
		return end(Orphaned)
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	read, err := s.Platform.Read(ctx, o)
	if err != nil {
		return Order{}, err
	}
	switch {
	case read.State == PlatformClosed:
		if o, err = s.sold(ctx, o, read, note); err == nil && o.Status == Review {
			err = o.misuse(domain.Conflict, CodeReview, "the platform gave a number that another order has")
		}
		return o, err
	case o.wasSold():
		return Order{}, o.misuse(domain.Conflict, CodeReview, "it was sold and the platform does not call it closed any more: ask the institution")
	case read.State == PlatformDead:
		return end(Released)
	}
	if o.openChange() != nil {
		if o, err = end(Changing); err != nil {
			return o, err
		}
		return s.settleChange(ctx, o)
	}
	return s.keep(ctx, o.ID, func(o *Order) error {
		if err := o.step(Held, now, note); err != nil {
			return err
		}
		o.await(o.HoldExpiresAt)
		return nil
	})
}
