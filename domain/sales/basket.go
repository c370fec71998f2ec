package sales

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"slices"
	"strconv"

	"guichet/domain"
)

// BasketID is ours: "bsk_" and a sortable suffix.
type BasketID string

// MaxBasket is how many orders one basket may have.
const MaxBasket = 10

// Basket is orders of several institutions that are sold together. It has no state of its own: its orders say it all.
type Basket struct {
	ID     BasketID
	Orders []Order // in the order of the request
}

// BasketState is what the orders of a basket come to.
type BasketState string

// The states of a basket.
const (
	BasketHolding  BasketState = "holding"  // a hold, or a change of one, has no answer yet
	BasketHeld     BasketState = "held"     // everything is held
	BasketReleased BasketState = "released" // nothing is held or sold
	BasketClosing  BasketState = "closing"  // something is on its way: being sold, undone or given back
	BasketIssued   BasketState = "issued"   // everything is sold and has its barcodes
	BasketPartial  BasketState = "partial"  // some of it is sold and some is not
	BasketReview   BasketState = "review"   // a person must look at one of its orders
)

// State is what its orders come to.
func (b *Basket) State() BasketState {
	n := map[Status]int{}
	for i := range b.Orders {
		n[b.Orders[i].Status]++
	}
	all := len(b.Orders)
	switch {
	case n[Review] > 0:
		return BasketReview
	case n[Holding]+n[Changing] > 0:
		return BasketHolding
	case n[Closing]+n[Issuing]+n[Cancelling]+n[Releasing] > 0:
		return BasketClosing
	case n[Held] == all:
		return BasketHeld
	case n[Issued] == all:
		return BasketIssued
	case n[Issued]+n[Held] == 0:
		return BasketReleased
	}
	return BasketPartial
}

// BasketRequest asks for orders at several institutions, all of them or none.
type BasketRequest struct {
	Key    string // Idempotency-Key, mandatory
	Orders []HoldRequest
}

// orderKey is the idempotency key of one order of a basket.
func (r BasketRequest) orderKey(n int) string {
	sum := sha256.Sum256([]byte(r.Key + "\n" + strconv.Itoa(n)))
	return "basket/" + hex.EncodeToString(sum[:])
}

// HoldBasket holds every order, or none: what was held is given back when one is refused or has no answer. The same key with
// the same content gives the same basket, and goes on where a crash cut it. Errors: basket.orders, basket.not_held with what
// each order was refused with, and those of Hold for what can never be sold.
func (s *Service) HoldBasket(ctx context.Context, v Viewer, r BasketRequest) (Basket, error) {
	if err := checkKey(r.Key, true); err != nil {
		return Basket{}, err
	}
	if err := r.check(); err != nil {
		return Basket{}, err
	}
	id := BasketID(s.IDs("bsk"))
	first, _, err := s.Store.OrderByKey(ctx, v.Storefront, r.orderKey(0))
	switch {
	case err == nil:
		id = first.Basket
	case !domain.HasCode(err, CodeUnknown):
		return Basket{}, err
	default:
		if err := s.quoteAll(ctx, r); err != nil {
			return Basket{}, err
		}
	}
	b := Basket{ID: id}
	failed := false
	for n, h := range r.Orders {
		h.Key, h.basket, h.basketSize = r.orderKey(n), id, len(r.Orders)
		if failed { // only what an earlier attempt made belongs to the answer
			o, _, err := s.Store.OrderByKey(ctx, v.Storefront, h.Key)
			if err == nil {
				b.Orders = append(b.Orders, o)
			}
			continue
		}
		o, err := s.Hold(ctx, v, h)
		switch {
		case o.ID != "":
		case domain.HasCode(err, CodeKeyInProgress): // the same request is under way, and what is held is its
			return Basket{}, at(err, n)
		default: // nothing was stored: the key was used otherwise, or the database is away
			s.giveBackBasket(ctx, v, &b)
			return Basket{}, at(err, n)
		}
		b.Orders = append(b.Orders, o)
		id, b.ID = o.Basket, o.Basket // the first order decides, whoever of two that came at once stored it
		failed = o.Status != Held && !o.wasSold() && o.Status != Closing
	}
	if failed && !b.wasHeld(len(r.Orders)) {
		s.giveBackBasket(ctx, v, &b)
		return b, b.notHeld()
	}
	if !failed {
		return s.stillWhole(ctx, v, b)
	}
	return b, nil
}

// stillWhole reads a basket again whose orders were held one after another: while the last one was held for so long that it
// passed for unanswered, the same request may have come again and given the first ones back.
func (s *Service) stillWhole(ctx context.Context, v Viewer, b Basket) (Basket, error) {
	lost := false
	for n := range len(b.Orders) - 1 {
		o, err := s.Order(ctx, v, b.Orders[n].ID)
		if err != nil {
			return Basket{}, err
		}
		b.Orders[n] = o
		lost = lost || o.Status == Releasing || o.Status == Released
	}
	if last := b.Orders[len(b.Orders)-1]; !lost || last.Status != Held {
		return b, nil
	}
	s.giveBackBasket(ctx, v, &b)
	return b, b.notHeld()
}

// wasHeld reports whether the whole basket was held once: then whatever it is now is the answer to a replay.
func (b *Basket) wasHeld(size int) bool {
	return len(b.Orders) == size && !slices.ContainsFunc(b.Orders, func(o Order) bool { return !o.wasHeld() })
}

// check refuses what is no basket.
func (r BasketRequest) check() error {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the basket cannot be sold as asked")
	if n := len(r.Orders); n < 1 || n > MaxBasket {
		bad.WithField("/orders", CodeBasketOrders, "1 to "+strconv.Itoa(MaxBasket)+" orders")
	}
	for n, h := range r.Orders {
		if slices.ContainsFunc(r.Orders[:n], func(o HoldRequest) bool { return o.Institution == h.Institution }) {
			bad.WithField("/orders/"+strconv.Itoa(n)+"/institution", CodeBasketOrders, "one order an institution: put its items together")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// quoteAll finds out before anything is held what can never be sold.
func (s *Service) quoteAll(ctx context.Context, r BasketRequest) error {
	for n, h := range r.Orders {
		if err := h.check(); err != nil {
			return at(err, n)
		}
		if _, err := s.quote(ctx, h); err != nil {
			return at(err, n)
		}
	}
	return nil
}

// at says which order of the basket an error is about.
func at(err error, n int) error {
	e := *domain.AsError(err)
	e.Fields = slices.Clone(e.Fields)
	for i := range e.Fields {
		e.Fields[i].Pointer = "/orders/" + strconv.Itoa(n) + e.Fields[i].Pointer
	}
	if len(e.Fields) == 0 {
		e.Fields = []domain.FieldError{{Pointer: "/orders/" + strconv.Itoa(n), Code: e.Code, Detail: e.Detail}}
	}
	return &e
}

// notHeld says of each order why the basket is not held.
func (b *Basket) notHeld() error {
	e := domain.Errorf(domain.Conflict, CodeBasketNotHeld, "not everything could be held, so nothing is")
	e.State = string(b.State())
	for n := range b.Orders {
		switch o := &b.Orders[n]; {
		case o.Refusal != nil:
			e.WithField("/orders/"+strconv.Itoa(n), o.Refusal.Code, o.Refusal.Detail)
		case o.Status == Holding, o.Status == Orphaned:
			e.WithField("/orders/"+strconv.Itoa(n), domain.CodePlatformUnreachable, "the platform did not answer; whatever it holds lapses by itself")
		}
	}
	return e
}

// giveBackBasket releases what is held of a basket. What cannot be released now is settled in the background.
func (s *Service) giveBackBasket(ctx context.Context, v Viewer, b *Basket) {
	for n := range b.Orders {
		if b.Orders[n].Status != Held {
			continue
		}
		o, err := s.Release(ctx, v, b.Orders[n].ID, Change{})
		if err != nil { // it runs out by itself
			s.Log.LogAttrs(ctx, slog.LevelWarn, "an order of a basket could not be given back", s.attrs(b.Orders[n], slog.String("code", domain.AsError(err).Code))...)
			continue
		}
		b.Orders[n] = o
	}
}

// Basket reads a basket. Errors: basket.unknown.
func (s *Service) Basket(ctx context.Context, v Viewer, id BasketID) (Basket, error) {
	b := Basket{ID: id}
	if id != "" {
		q := Query{Basket: id, Page: domain.Page{Limit: MaxBasket}}
		orders, _, err := s.Orders(ctx, v, q)
		if err != nil {
			return Basket{}, err
		}
		slices.Reverse(orders) // the list is newest first
		b.Orders = orders
	}
	if len(b.Orders) == 0 {
		return Basket{}, domain.Errorf(domain.NotFound, CodeBasketUnknown, "no basket %s", id)
	}
	return b, nil
}

// ReleaseBasket gives back what is held of a basket of which nothing is sold. Errors: basket.unknown, order.status.
func (s *Service) ReleaseBasket(ctx context.Context, v Viewer, id BasketID) (Basket, error) {
	b, err := s.Basket(ctx, v, id)
	if err != nil {
		return Basket{}, err
	}
	for i := range b.Orders {
		if o := &b.Orders[i]; o.wasSold() || o.Status == Closing {
			return Basket{}, o.wrongStatus("a basket of which something is sold is cancelled order by order")
		}
	}
	s.giveBackBasket(ctx, v, &b)
	return b, nil
}

// notClosed says what each order of a basket came to.
func (b *Basket) notClosed(why string) error {
	e := domain.Errorf(domain.Conflict, CodeBasketNotClosed, "the basket is not sold: %s", why)
	e.State = string(b.State())
	for n := range b.Orders {
		o := &b.Orders[n]
		code, detail := CodeStatus, "it is "+string(o.Status)
		if o.Refusal != nil {
			code, detail = o.Refusal.Code, o.Refusal.Detail+"; it is "+string(o.Status)
		}
		e.WithField("/orders/"+strconv.Itoa(n), code, detail)
	}
	return e
}
