package reconcile

import (
	"context"
	"slices"

	"guichet/domain"
	"guichet/domain/sales"
)

// Outcomes of a decision that has reached the platform and is not over.
const (
	outcomeUnderWay = "under_way" // the platform was asked; its answer is settled by reading
	outcomeByHand   = "by_hand"   // a person must undo it in S-360
)

// underWay reports whether what a decision has us do was begun and is not over.
func (d *Decision) underWay() bool {
	return d != nil && d.Action.Ours() && (d.Outcome == "" || d.Outcome == outcomeUnderWay || d.Outcome == outcomeByHand)
}

// refund undoes the whole sale that a case is about, and says how far that is. The case's id is the idempotency key: however
// often it is decided, the sale is undone once. An order that the platform sold and that we
// saw end otherwise is taken over first, so that its tickets and its money are in the books. Errors: case.action where no sale
// fits, and those of sales.Adopt and sales.Cancel, for example ticket.used.
func (s *Service) refund(ctx context.Context, c *Case) (outcome string, err error) {
	o, err := s.refundable(ctx, c)
	if err != nil {
		return "", err
	}
	if soldAt(&o).IsZero() {
		if o, err = s.Seller.Adopt(ctx, o.ID); err != nil {
			return "", err
		}
	}
	_, o, err = s.Seller.Cancel(ctx, sales.Viewer{Everything: true}, o.ID, sales.CancelRequest{Key: c.ID, Reason: "case " + c.ID})
	if err != nil {
		return "", err
	}
	return refundOutcome(&o, c.ID), nil
}

// refundOutcome says how far the refund of a case is; empty where the order has none of it.
func refundOutcome(o *sales.Order, caseID string) string {
	i := slices.IndexFunc(o.Refunds, func(r sales.Refund) bool { return r.Key == caseID })
	if i < 0 {
		return ""
	}
	switch r := o.Refunds[i]; {
	case r.State == sales.RefundDone:
		return outcomeDone
	case r.Refusal != nil:
		return r.Refusal.Code
	case r.ByHand:
		return outcomeByHand
	}
	return outcomeUnderWay
}

// refundable is the order whose sale a refund of the case undoes. Of the orders of a payment's reference it is the one that
// this case has undone already; else, for a double payment, the newest of several that are sold: the only one is what the
// buyer wanted. For a payment without a ticket it is the newest that the platform knows and that we have not sold.
func (s *Service) refundable(ctx context.Context, c *Case) (sales.Order, error) {
	if c.Subject.Order != "" {
		return s.Orders.Order(ctx, sales.OrderID(c.Subject.Order))
	}
	none := domain.Errorf(domain.Invalid, CodeCaseAction, "nothing was sold for this payment: it is the storefront's to give back")
	if c.Subject.Payment == "" {
		return sales.Order{}, none
	}
	p, err := s.Store.Payment(ctx, c.Subject.Payment)
	if err != nil {
		return sales.Order{}, err
	}
	orders, err := s.ofReference(ctx, p.Storefront, p.Reference)
	if err != nil {
		return sales.Order{}, err
	}
	var sold, lost []sales.Order
	for _, o := range orders { // newest first
		switch {
		case o.Institution != p.Institution:
		case refundOutcome(&o, c.ID) != "":
			return o, nil
		case o.Status.Sold():
			sold = append(sold, o)
		case soldAt(&o).IsZero() && o.Platform.OrderID != 0:
			lost = append(lost, o)
		}
	}
	switch {
	case c.Kind == DoublePayment && len(sold) > 1:
		return sold[0], nil
	case c.Kind == DoublePayment:
		return sales.Order{}, domain.Errorf(domain.Invalid, CodeCaseAction, "one sale stands under this reference: what was paid beyond it is the storefront's to give back")
	case c.Kind == PaidNoTicket && len(lost) > 0:
		return lost[0], nil
	}
	return sales.Order{}, none
}

// tellRefund takes over how far the refund of a case is by now, where it was under way when it was last looked at.
func (s *Service) tellRefund(ctx context.Context, c *Case) error {
	if !c.Decision.underWay() || c.Decision.Action != Refund {
		return nil
	}
	o, err := s.refundable(ctx, c)
	if domain.HasCode(err, CodeCaseAction) {
		return nil // nothing was begun
	}
	if err != nil {
		return err
	}
	outcome := refundOutcome(&o, c.ID)
	if outcome == "" || outcome == c.Decision.Outcome {
		return nil
	}
	now, entry := s.Clock(), s.IDs("aud")
	_, err = s.Store.UpdateCase(ctx, c.ID, func(c *Case) (*Entry, error) {
		if !c.Decision.underWay() || c.Decision.Action != Refund {
			return nil, nil //nolint:nilnil // somebody was quicker
		}
		c.Decision.Outcome = outcome
		return &Entry{ID: entry, At: now, Actor: byReconciliation, Action: "case." + string(Refund) + ".outcome", Subject: c.ID, Outcome: outcome}, nil
	})
	return err
}
