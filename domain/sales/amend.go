package sales

import (
	"context"
	"strings"
	"time"

	"guichet/domain"
)

// Amendment changes what of a held order concerns only us: nothing is asked of the platform. Nil members stay as they are.
type Amendment struct {
	Key       string
	Reference *string
	Buyer     *Buyer
	Holders   []Holder // of the places named; an empty name takes one back
}

func (a Amendment) digest(id OrderID) string {
	var c content
	c.add("call", "amend")
	c.add("order", string(id))
	if a.Reference != nil {
		c.add("reference", "="+*a.Reference)
	}
	if a.Buyer != nil {
		c.add("buyer", strings.Join([]string{a.Buyer.Email, a.Buyer.FirstName, a.Buyer.LastName, a.Buyer.Language}, "\n"))
	}
	for _, h := range a.Holders {
		c.add("place", h.Place)
		c.add("name", "="+h.Name)
	}
	return c.digest()
}

// check refuses what is no amendment of the order, every wrong member named.
func (a Amendment) check(o *Order) error {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the order cannot be changed as asked")
	if a.Reference == nil && a.Buyer == nil && len(a.Holders) == 0 {
		bad.WithField("", domain.CodeRequest, "nothing to change: reference, buyer or holders")
	}
	if a.Reference != nil {
		checkText(bad, "/reference", *a.Reference)
	}
	if a.Buyer != nil {
		checkBuyer(bad, *a.Buyer)
	}
	checkHolders(bad, o, a.Holders)
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// Amend changes the reference, the buyer or the holders of a held order, all or nothing. Errors: order.status,
// order.hold_expired, order.holders and order.contact as fields.
func (s *Service) Amend(ctx context.Context, v Viewer, id OrderID, a Amendment) (Order, error) {
	o, err := s.Order(ctx, v, id)
	if err != nil {
		return Order{}, err
	}
	if err := a.check(&o); err != nil {
		return Order{}, err
	}
	if replay, err := s.bindKey(ctx, o, a.Key, "amend", a.digest(id)); err != nil || replay {
		return o, err
	}
	now := s.Clock()
	return s.Store.UpdateOrder(ctx, id, func(o *Order) error { return o.amend(a, now) })
}

// amend takes the changes over.
func (o *Order) amend(a Amendment, at time.Time) error {
	switch {
	case o.Status != Held:
		return o.wrongStatus("only a held one can be changed")
	case !at.Before(o.HoldExpiresAt):
		return o.misuse(domain.Gone, CodeHoldExpired, "the hold ended at %s; hold anew", o.HoldExpiresAt.Format(time.RFC3339))
	}
	if a.Reference != nil {
		o.Reference = *a.Reference
	}
	if a.Buyer != nil {
		o.Buyer = *a.Buyer
	}
	for _, h := range a.Holders {
		if _, p := o.Place(h.Place); p != nil {
			p.Holder = h.Name
		}
	}
	o.UpdatedAt = at
	if n := len(o.History); o.History[n-1].Note == noteAmended { // of changes in a row, the last one's time
		o.History = o.History[:n-1]
	}
	o.History = append(o.History, Step{Status: Held, At: at, Note: noteAmended})
	return nil
}
