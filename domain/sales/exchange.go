package sales

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Target is what tickets are exchanged for.
type Target struct {
	Performance  catalog.PerformanceID
	SeatCategory catalog.SeatCategoryID // 0: each ticket's own
	Tariff       catalog.TariffID       // 0: each ticket's own
}

// ExchangeRequest asks for other places in place of sold ones.
type ExchangeRequest struct {
	Key     string
	Tickets []string // Ticket.ID, at least one
	Target  Target
	Reason  string
	// Expected refuses with order.price_changed another difference: what the new places cost, less what comes back. It may be
	// negative.
	Expected *domain.Money
}

func (r ExchangeRequest) digest(id OrderID) string {
	var c content
	c.add("call", "exchange")
	c.add("order", string(id))
	for _, t := range r.Tickets {
		c.add("ticket", t)
	}
	c.number("performance", int64(r.Target.Performance))
	c.number("seat_category", int64(r.Target.SeatCategory))
	c.number("tariff", int64(r.Target.Tariff))
	c.add("reason", r.Reason)
	if r.Expected != nil {
		c.add("expected", r.Expected.String())
	}
	return c.digest()
}

// Exchange is what an exchange does, or would do.
type Exchange struct {
	Cancellation              // of the tickets that are given up
	Price        domain.Money // of the new places: the catalog's until they are held
	New          *Order       // the order of the new places; nil in a quote, and where it is done by hand
}

// Difference is what is owed more for the new places than comes back for the old ones; below zero: less.
func (e *Exchange) Difference() domain.Money {
	return domain.Money{Amount: e.Price.Amount - e.Back.Amount, Currency: e.Back.Currency}
}

// QuoteExchange says what an exchange would do, after a look at the platform and at the catalog's prices, and changes nothing.
// Errors: those of Exchange.
func (s *Service) QuoteExchange(ctx context.Context, v Viewer, id OrderID, r ExchangeRequest) (Exchange, Order, error) {
	o, err := s.Order(ctx, v, id)
	if err != nil {
		return Exchange{}, Order{}, err
	}
	e, _, err := s.planExchange(ctx, &o, r)
	return e, o, err
}

// planExchange finds out what is given up and what comes in its place.
func (s *Service) planExchange(ctx context.Context, o *Order, r ExchangeRequest) (Exchange, HoldRequest, error) {
	if o.Status != Issued {
		return Exchange{}, HoldRequest{}, o.wrongStatus("only tickets of an issued one can be exchanged")
	}
	if len(r.Tickets) == 0 {
		return Exchange{}, HoldRequest{}, domain.Errorf(domain.Invalid, domain.CodeRequest, "the order cannot be changed as asked").
			WithField("/tickets", CodeTicketUnknown, "name the tickets to exchange")
	}
	plan, _, err := s.planCancel(ctx, o, CancelRequest{Tickets: r.Tickets, Reason: r.Reason})
	if err != nil {
		return Exchange{}, HoldRequest{}, err
	}
	h := HoldRequest{
		Institution: o.Institution, Reference: o.Reference, Buyer: o.Buyer, PurchaserContact: o.PurchaserContact, Wants: o.wantsFor(r.Tickets, r.Target),
	}
	quote, err := s.Catalog.Quote(ctx, h.Institution, h.Wants)
	if err != nil {
		return Exchange{}, HoldRequest{}, exchangeError(err)
	}
	e := Exchange{Cancellation: plan, Price: quote.Total}
	e.ByHand = s.Platform.ExchangesByHand(o.Institution)
	return e, h, o.differs(&e, r.Expected)
}

// differs refuses another difference than the expected one.
func (o *Order) differs(e *Exchange, expected *domain.Money) error {
	if d := e.Difference(); expected != nil && *expected != d {
		refused := o.misuse(domain.Conflict, CodePriceChanged, "the difference is %s, not the expected %s", d, *expected)
		refused.Expected, refused.Actual = expected, &d
		return refused
	}
	return nil
}

// wantsFor are the places that take the tickets' place.
func (o *Order) wantsFor(tickets []string, to Target) []catalog.Want {
	var wants []catalog.Want
	for _, id := range tickets {
		l, _ := o.Place(o.Ticket(id).Place)
		if l == nil {
			continue
		}
		w := catalog.Want{Performance: to.Performance, SeatCategory: to.SeatCategory, Tariff: to.Tariff, Quantity: 1}
		if w.SeatCategory == 0 {
			w.SeatCategory = l.SeatCategory
		}
		if w.Tariff == 0 {
			w.Tariff = l.Tariff
		}
		at := slices.IndexFunc(wants, func(x catalog.Want) bool { return x.SeatCategory == w.SeatCategory && x.Tariff == w.Tariff })
		if at < 0 {
			wants = append(wants, w)
		} else {
			wants[at].Quantity++
		}
	}
	return wants
}

// exchangeError names the members of the exchange instead of those of the hold that it makes.
func exchangeError(err error) error {
	e := *domain.AsError(err)
	fields := e.Fields
	e.Fields = nil
	for _, f := range fields {
		at := "/performance"
		for _, member := range []string{"/seat_category", "/tariff"} {
			if strings.HasSuffix(f.Pointer, member) {
				at = member
			}
		}
		if !slices.ContainsFunc(e.Fields, func(x domain.FieldError) bool { return x.Pointer == at && x.Code == f.Code }) {
			e.WithField(at, f.Code, f.Detail)
		}
	}
	return &e
}

// Exchange gives sold places up for others: the new ones are held and sold first, as an order of their own in the same file, and
// only then are the old ones taken back, so that the buyer always has good tickets. Where the institution exchanges by hand the
// order waits in review with what is to be done, and nothing is sold here. An order that comes back cancelling is settled in
// the background. Errors: those of Cancel, of Hold and of Close.
func (s *Service) Exchange(ctx context.Context, v Viewer, id OrderID, r ExchangeRequest) (Exchange, Order, error) {
	o, err := s.Order(ctx, v, id)
	if err != nil {
		return Exchange{}, Order{}, err
	}
	if _, err := s.bindKey(ctx, o, r.Key, "exchange", r.digest(id)); err != nil {
		return Exchange{}, Order{}, err
	}
	if made := o.refundOf(r.Key); made != nil {
		return s.madeExchange(ctx, o, made)
	}
	e, left, err := s.exchange(ctx, o, r)
	if err == nil {
		return e, left, nil
	}
	// Another request with the key may have begun meanwhile: then this one is answered as one that comes again.
	if now, lerr := s.Store.Order(ctx, id); lerr == nil {
		if made := now.refundOf(r.Key); made != nil {
			return s.madeExchange(ctx, now, made)
		}
	}
	return e, left, err
}

// exchange carries an exchange out that no request with its key has begun.
func (s *Service) exchange(ctx context.Context, o Order, r ExchangeRequest) (Exchange, Order, error) {
	id := o.ID
	e, want, err := s.planExchange(ctx, &o, r)
	if err != nil {
		return Exchange{}, Order{}, err
	}
	if len(e.Along) > 0 {
		return e, Order{}, o.goAlong(e.Along)
	}
	now := s.Clock()
	refund := Refund{
		ID: s.IDs("rfd"), Tickets: e.Tickets, Reason: r.Reason, Quoted: e.Back, ByHand: e.ByHand, State: RefundAsked, AskedAt: now, Key: r.Key, Target: &r.Target,
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*s.CallTimeout) // hold, close and refund: see Hold
	defer cancel()
	if e.ByHand {
		o, err = s.Store.UpdateOrder(ctx, id, func(o *Order) error {
			return o.beginExchange(refund, now, now.Add(manualWatch), now)
		})
		return e, o, err
	}
	next, err := s.holdInstead(ctx, &o, want, refund.ID)
	if err != nil {
		return Exchange{}, Order{}, err
	}
	e.Price, e.New = next.Total, &next
	if err := o.differs(&e, r.Expected); err != nil {
		s.dropInstead(ctx, next)
		return Exchange{}, Order{}, err
	}
	refund.Replacement = next.ID
	now = s.Clock()
	begun, err := s.Store.UpdateOrder(ctx, id, func(o *Order) error {
		return o.beginExchange(refund, now, now.Add(s.CallTimeout), now.Add(s.CallTimeout))
	})
	if err != nil {
		s.dropInstead(ctx, next)
		return Exchange{}, Order{}, err
	}
	return s.sellInstead(ctx, begun, e)
}

// beginExchange stores the intent to exchange, once for a key.
func (o *Order) beginExchange(r Refund, at, readAt, deadline time.Time) error {
	if o.refundOf(r.Key) != nil {
		return errAsItIs
	}
	if err := o.stillGood(r.Tickets); err != nil {
		return err
	}
	return o.beginRefund(r, at, readAt, deadline)
}

// madeExchange answers a replay with what the exchange has come to.
func (s *Service) madeExchange(ctx context.Context, o Order, made *Refund) (Exchange, Order, error) {
	e := Exchange{Cancellation: made.plan(), Price: domain.Money{Currency: made.Quoted.Currency}}
	if made.Replacement != "" {
		next, err := s.Store.Order(ctx, made.Replacement)
		if err != nil {
			return e, o, err
		}
		e.Price, e.New = next.Total, &next
	}
	return e, o, o.refundError(made)
}

// holdInstead holds the new places in the old order's file. Whatever comes of it, the old order is as it was.
func (s *Service) holdInstead(ctx context.Context, o *Order, r HoldRequest, refund string) (Order, error) {
	quote, err := s.quote(ctx, r)
	if err != nil {
		return Order{}, exchangeError(err)
	}
	next := s.newOrder(o.Storefront, r, quote)
	next.Instead, next.Platform.FileID = o.ID, o.Platform.FileID
	next, _, _, err = s.Store.CreateOrder(ctx, next, Key{Storefront: o.Storefront, Key: "exchange/" + refund, Call: "hold", Digest: r.digest(), Order: next.ID, At: next.CreatedAt})
	if err != nil {
		return Order{}, err
	}
	if next, err = s.hold(ctx, next); err != nil {
		e := domain.AsError(exchangeError(err))
		e.State = string(o.Status)
		return Order{}, e
	}
	if next.Status != Held {
		return Order{}, o.misuse(domain.Unavailable, domain.CodePlatformUnreachable, "the platform did not answer; nothing is exchanged")
	}
	return next, nil
}

// dropInstead gives new places back that are not sold; what cannot be given back now runs out.
func (s *Service) dropInstead(ctx context.Context, next Order) {
	if _, err := s.Release(ctx, Viewer{Everything: true}, next.ID, Change{}); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "places of an exchange could not be given back; they run out", s.attrs(next, slog.String("code", domain.AsError(err).Code))...)
	}
}

// sellInstead closes the new order; sold, the old tickets are taken back; refused, they stay.
func (s *Service) sellInstead(ctx context.Context, o Order, e Exchange) (Exchange, Order, error) {
	var holders []Holder
	names := o.namesOf(e.Tickets)
	for _, l := range e.New.Lines {
		for _, p := range l.Places {
			if len(names) > 0 && names[0] != "" {
				holders = append(holders, Holder{Place: p.ID, Name: names[0]})
			}
			names = names[min(1, len(names)):]
		}
	}
	next, err := s.Close(ctx, Viewer{Everything: true}, e.New.ID, Change{PaymentReference: o.PaymentReference, Holders: holders})
	if err != nil {
		why := domain.AsError(err)
		if next, err = s.Store.Order(ctx, e.New.ID); err != nil {
			return e, o, err // it is settled
		}
		if e.New = &next; next.Status != Held && next.Status != Expired && next.Status != Released {
			o, err = s.laterExchange(ctx, o)
			return e, o, err
		}
		s.dropInstead(ctx, next)
		o, err = s.refundRefused(ctx, o, Refusal{Kind: why.Kind, Code: why.Code, Detail: why.Detail})
		return e, o, err
	}
	e.New = &next
	if next.Status != Issued {
		o, err = s.laterExchange(ctx, o)
		return e, o, err
	}
	o, err = s.giveUpOld(ctx, o)
	return e, o, err
}

// namesOf are the holders' names of tickets, in their order.
func (o *Order) namesOf(tickets []string) []string {
	var names []string
	for _, id := range tickets {
		if t := o.Ticket(id); t != nil {
			if _, p := o.Place(t.Place); p != nil {
				names = append(names, p.Holder)
			}
		}
	}
	return names
}

// laterExchange says when an exchange is looked at again.
func (s *Service) laterExchange(ctx context.Context, o Order) (Order, error) {
	now := s.Clock()
	return s.keep(ctx, o.ID, func(o *Order) error {
		if o.openRefund() != nil {
			o.due(now.Add(settleDelay(o.Checks)))
		}
		return nil
	})
}

// giveUpOld takes the old tickets back, now that the new ones are issued: by a refund order, or by a person.
func (s *Service) giveUpOld(ctx context.Context, o Order) (Order, error) {
	now, byHand := s.Clock(), s.Platform.RefundsByHand(o.Institution)
	replaced, err := s.keepAs(ctx, o, func(o *Order) error { return o.replaced(byHand, now, now.Add(s.CallTimeout)) })
	switch {
	case err != nil:
		return s.asLeft(ctx, o.ID, err)
	case byHand:
		return replaced, nil
	}
	return s.refund(ctx, replaced)
}

// settleExchange finds out what became of the new places of an exchange, and goes on with the old ones: sold, they are taken
// back; not sold, they stay good.
func (s *Service) settleExchange(ctx context.Context, o Order) (Order, error) {
	now := s.Clock()
	if now.Before(o.AskedUntil) {
		return s.keep(ctx, o.ID, func(o *Order) error {
			o.due(o.AskedUntil)
			return nil
		})
	}
	next, err := s.Store.Order(ctx, o.openRefund().Replacement)
	if err != nil {
		return Order{}, err
	}
	switch next.Status {
	case Issued, Cancelled: // sold; that its tickets were taken back since does not bring the old ones back
		return s.giveUpOld(ctx, o)
	case Held: // never closed: whoever was to do it is gone
		s.dropInstead(ctx, next)
		return s.laterExchange(ctx, o)
	case Refused, Orphaned, Released, Expired:
		o, err = s.refundRefused(ctx, o, Refusal{Kind: domain.Unavailable, Code: domain.CodePlatformUnreachable, Detail: "the new places were not sold; exchange again"})
		if o.ID != "" {
			err = nil // stored as such: settled
		}
		return o, err
	default:
	}
	if o.Checks > maxChecks {
		return s.toReview(ctx, o, now, noteTooManyReads)
	}
	return s.laterExchange(ctx, o)
}

// replaced keeps that the new tickets of an exchange are issued, so that the old ones are taken back whatever happens: by hand,
// the order waits in review for a person.
func (o *Order) replaced(byHand bool, at, deadline time.Time) error {
	r := o.openRefund()
	if r == nil || r.Replacement == "" {
		return errNotDue
	}
	r.Replaced = true
	o.AskedUntil = deadline
	if !byHand {
		o.due(deadline)
		return nil
	}
	return o.refundByHand(at)
}

// refundByHand leaves the refund under way to a person.
func (o *Order) refundByHand(at time.Time) error {
	r := o.openRefund()
	if r == nil {
		return errNotDue
	}
	if o.Status != Review {
		if err := o.step(Review, at, noteRefund); err != nil {
			return err
		}
	}
	r.ByHand = true
	o.Checks = 0
	o.await(at.Add(manualWatch))
	return nil
}
