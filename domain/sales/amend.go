package sales

import (
	"context"
	"slices"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Amendment changes a held order. Nil members stay as they are.
type Amendment struct {
	Key       string
	Reference *string
	Buyer     *Buyer
	Holders   []Holder // of the places named; an empty name takes one back
	// Wants are all lines that the order is to have; nil leaves them. Only they are asked of the platform.
	Wants    []catalog.Want
	Wishes   []Wish        // where the places are to be, by item; may be shorter
	Expected *domain.Money // with Wants: refuse with order.price_changed unless all of it costs this
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
	c.wants(a.Wants)
	c.wishes(a.Wishes)
	if a.Expected != nil {
		c.add("expected_total", a.Expected.String())
	}
	return c.digest()
}

// check refuses what is no amendment of the order, every wrong member named.
func (a Amendment) check(o *Order) error {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the order cannot be changed as asked")
	if a.Reference == nil && a.Buyer == nil && len(a.Holders) == 0 && a.Wants == nil && a.Expected == nil {
		bad.WithField("", domain.CodeRequest, "nothing to change: items, reference, buyer or holders")
	}
	if a.Wants != nil {
		checkWants(bad, a.Wants)
		checkExpected(bad, a.Expected)
		if len(a.Holders) > 0 {
			bad.WithField("/holders", CodeHolders, "name holders in a call of their own, once the places are known")
		}
	} else if a.Expected != nil {
		bad.WithField("/expected_total", domain.CodeRequest, "only with items")
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

// Amend changes the lines, the reference, the buyer or the holders of a held order, all or nothing. Only a change of lines asks
// the platform: what is new is reserved before anything is given back, so that a refusal leaves the hold as it was. An order
// that comes back changing had no answer; it is settled in the background. Errors: order.status, order.hold_expired,
// order.holders and order.contact as fields; with lines also those of Hold.
func (s *Service) Amend(ctx context.Context, v Viewer, id OrderID, a Amendment) (Order, error) {
	o, err := s.Order(ctx, v, id)
	if err != nil {
		return Order{}, err
	}
	if err := a.check(&o); err != nil {
		return Order{}, err
	}
	if a.Wants != nil {
		if _, err := s.bindKey(ctx, o, a.Key, "amend", a.digest(id)); err != nil {
			return Order{}, err
		}
		return s.amendLines(ctx, o, a)
	}
	now := s.Clock()
	return s.once(ctx, o, a.Key, "amend", a.digest(id), func(o *Order) error { return o.amend(a, now) })
}

// amendLines changes the lines, once for a key. What the catalog refuses, and a wrong state, change nothing.
func (s *Service) amendLines(ctx context.Context, o Order, a Amendment) (Order, error) {
	if made, refused := o.amended(a.Key); made {
		return o, refused
	}
	changed, err := s.askLines(ctx, o, a)
	if err == nil {
		return changed, nil
	}
	// Another request with the key may have begun meanwhile: then this one is answered as one that comes again.
	if now, lerr := s.Store.Order(ctx, o.ID); lerr == nil {
		if made, refused := now.amended(a.Key); made {
			return now, refused
		}
	}
	return changed, err
}

// amended reports whether a key has changed the lines before, and why not as asked. One that was refused for a reason that passes
// may ask again.
func (o *Order) amended(key string) (made bool, refused error) {
	c := o.Change
	if c == nil || key == "" {
		return false, nil
	}
	if c.Key == key {
		return c.Refusal == nil || !c.Refusal.Passing(), o.changeError(c)
	}
	at := slices.IndexFunc(c.Earlier, func(e EarlierChange) bool { return e.Key == key })
	if at < 0 {
		return false, nil
	}
	e := c.Earlier[at]
	return true, o.changeError(&LineChange{Refusal: e.Refusal, Expected: e.Expected})
}

// askLines stores the intent to change the lines and asks the platform.
func (s *Service) askLines(ctx context.Context, o Order, a Amendment) (Order, error) {
	now := s.Clock()
	if err := o.changeable(now); err != nil {
		return Order{}, err
	}
	quote, err := s.quote(ctx, HoldRequest{Institution: o.Institution, Wants: a.Wants, Wishes: a.Wishes, Expected: a.Expected})
	if err != nil {
		return Order{}, err
	}
	c := LineChange{
		ID: s.IDs("chg"), Key: a.Key, Quoted: quote.Total, Expected: a.Expected, Reference: a.Reference, Buyer: a.Buyer, AskedAt: now,
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	o, err = s.Store.UpdateOrder(ctx, o.ID, func(o *Order) error {
		if made, _ := o.amended(a.Key); made {
			return errAsItIs
		}
		c := c
		c.Lines, c.Drop = o.planLines(newLines(a.Wants, a.Wishes, quote))
		return o.beginChange(c, now, now.Add(min(readAfter, s.CallTimeout)), now.Add(s.CallTimeout))
	})
	if err != nil {
		return Order{}, err
	}
	return s.changeLines(ctx, o)
}

// amend takes the changes over.
func (o *Order) amend(a Amendment, at time.Time) error {
	if err := o.changeable(at); err != nil {
		return err
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
