package sales

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"guichet/domain"
)

// BasketClose is the intent to sell a basket. It is stored before its first order is closed, so that whoever finds it can go
// on: the storefront that asks again, or the sweep after a lost answer or a restart.
type BasketClose struct {
	Basket           BasketID
	PaymentReference string // of every order's close
	Phase            BasketPhase
	BegunAt          time.Time
	NextAt           time.Time // when the sweep looks at it; nothing once it has ended
	Looks            int       // how often the sweep has
}

// BasketPhase is how far the selling of a basket is.
type BasketPhase string

// The phases. Once it is undoing, nothing more of the basket is sold.
const (
	BasketSelling BasketPhase = "selling" // its orders are closed one by one
	BasketUndoing BasketPhase = "undoing" // one was refused: what is held is given back, what is sold is undone
	BasketSold    BasketPhase = "sold"    // everything is sold
	BasketUndone  BasketPhase = "undone"  // nothing is held, and what was sold is undone or lies before a person
)

func (c *BasketClose) ended() bool { return c.Phase == BasketSold || c.Phase == BasketUndone }

// BasketStore keeps the intents to sell baskets.
type BasketStore interface {
	// BeginBasketClose stores the intent unless the basket has one; it returns the stored one.
	BeginBasketClose(ctx context.Context, c BasketClose) (BasketClose, error)
	// UpdateBasketClose changes the intent through a closure under its lock, as UpdateOrder does; domain.NotFound
	// (basket.unknown) where there is none.
	UpdateBasketClose(ctx context.Context, id BasketID, change func(*BasketClose) error) (BasketClose, error)
	// DueBasketCloses lists up to limit baskets whose close has not ended and whose NextAt is not after the time, oldest first.
	DueBasketCloses(ctx context.Context, before time.Time, limit int) ([]BasketID, error)
}

// basketWatch is when a basket's close that was begun is looked at by the sweep: its driver may have died.
const basketWatch = 30 * time.Second

// CloseBasket sells the orders of a basket one by one. Where one is refused, the rest is given back and what was sold before
// is undone: by a refund order where the institution lets us, else by a person (review). Where an answer does not come, it
// stops there and the basket stays closing: it goes on in the background, and closing it again goes on at once. Errors:
// basket.unknown, basket.not_closed with what each order came to, order.hold_expired before anything is sold.
func (s *Service) CloseBasket(ctx context.Context, v Viewer, id BasketID, paymentReference string) (Basket, error) {
	b, err := s.Basket(ctx, v, id)
	if err != nil {
		return Basket{}, err
	}
	switch b.State() {
	case BasketReleased, BasketHolding:
		return b, b.notClosed("nothing of it is held")
	case BasketReview:
		return b, b.notClosed("a person is looking at one of its orders")
	default:
	}
	now := s.Clock()
	if err := b.stillHeld(now); err != nil {
		return b, err
	}
	ctx = context.WithoutCancel(ctx) // each step has its own deadline: a storefront that hangs up must not delay the rest
	c, err := s.Store.BeginBasketClose(ctx, BasketClose{
		Basket: id, PaymentReference: paymentReference, Phase: BasketSelling, BegunAt: now, NextAt: now.Add(basketWatch),
	})
	if err != nil {
		return b, err
	}
	if c, err = s.driveBasket(ctx, &b, c); c.Phase == BasketUndoing || c.Phase == BasketUndone {
		return b, b.notClosed("one order was refused")
	}
	return b, err
}

// driveBasket does what the intent says, as far as it can be done now, and stores how far it came.
func (s *Service) driveBasket(ctx context.Context, b *Basket, c BasketClose) (BasketClose, error) {
	var stopped error
	if c.Phase == BasketSelling {
		var refused bool
		refused, stopped = s.sellBasket(ctx, b, c.PaymentReference)
		next := c.Phase
		switch {
		case refused:
			next = BasketUndoing
		case b.sold():
			next = BasketSold
		}
		var err error
		if c, err = s.moveBasket(ctx, b, c, next); err != nil {
			return c, err
		}
	}
	if c.Phase != BasketUndoing { // another one may have found a refusal
		return c, stopped
	}
	s.undoBasket(ctx, b)
	next := BasketUndoing
	if b.undone() {
		next = BasketUndone
	}
	return s.moveBasket(ctx, b, c, next)
}

// moveBasket stores the phase reached and when to look again. What another one has stored meanwhile stands: an undoing basket
// is never sold, and an ended one has ended.
func (s *Service) moveBasket(ctx context.Context, b *Basket, c BasketClose, to BasketPhase) (BasketClose, error) {
	next := s.Clock().Add(b.lookAgain(c.Looks))
	return s.Store.UpdateBasketClose(ctx, b.ID, func(c *BasketClose) error {
		if !c.ended() && (c.Phase == BasketSelling || to != BasketSold && to != BasketSelling) {
			c.Phase = to
		}
		if c.NextAt = next; c.ended() {
			c.NextAt = time.Time{}
		}
		return nil
	})
}

// lookAgain is the wait before the sweep looks at a basket again: as after a lost answer, then ever longer, up to an hour; where
// a person must decide first, an hour.
func (b *Basket) lookAgain(looks int) time.Duration {
	if b.State() == BasketReview {
		return manualWatch
	}
	return min(max(settleDelay(looks), time.Duration(looks-10)*time.Minute), manualWatch)
}

// sold reports whether every order was sold; a late barcode comes by itself.
func (b *Basket) sold() bool {
	for i := range b.Orders {
		if !b.Orders[i].closed() {
			return false
		}
	}
	return true
}

// closed reports whether the order is sold, or was and is taken back: for its basket that is no refusal.
func (o *Order) closed() bool {
	return o.Status.Sold() || o.Status == Cancelling || o.Status == Cancelled
}

// undone reports whether nothing of the basket is held, sold or on its way, but for what lies before a person.
func (b *Basket) undone() bool {
	for i := range b.Orders {
		if s := b.Orders[i].Status; s == Held || s.Sold() || s.Unknown() {
			return false
		}
	}
	return true
}

// sellBasket closes the orders in turn. It stops at the first whose outcome is not known, with an error where it was not even
// asked, and at one that was refused.
func (s *Service) sellBasket(ctx context.Context, b *Basket, paymentReference string) (refused bool, err error) {
	for n := range b.Orders {
		o := &b.Orders[n]
		if o.closed() {
			continue
		}
		closed, err := s.Close(ctx, Viewer{Everything: true}, o.ID, Change{PaymentReference: paymentReference})
		if err != nil && closed.ID == "" {
			var rerr error
			if closed, rerr = s.Store.Order(ctx, o.ID); rerr != nil {
				return false, err // the database is away: nothing is known
			}
		}
		*o = closed
		switch {
		case closed.closed():
			continue
		case closed.Status.Unknown(), closed.Status == Review:
			return false, nil
		case err != nil && (&Refusal{Kind: domain.AsError(err).Kind}).Passing():
			return false, err
		}
		return true, nil
	}
	return false, nil
}

// stillHeld refuses to begin with a basket of which a hold has run out, before anything is sold.
func (b *Basket) stillHeld(now time.Time) error {
	for i := range b.Orders {
		if b.Orders[i].wasSold() || b.Orders[i].Status == Closing {
			return nil // it was begun
		}
	}
	for i := range b.Orders {
		if o := &b.Orders[i]; o.Status != Held || !now.Before(o.HoldExpiresAt) {
			return at(o.misuse(domain.Gone, CodeHoldExpired, "its hold has ended; hold the basket anew"), i)
		}
	}
	return nil
}

// undoBasket gives back what is held and undoes what is sold. What is on its way is undone when it has arrived.
func (s *Service) undoBasket(ctx context.Context, b *Basket) {
	s.giveBackBasket(ctx, Viewer{Everything: true}, b)
	for n := range b.Orders {
		o := &b.Orders[n]
		if o.Status != Issued {
			continue
		}
		_, undone, err := s.Cancel(ctx, Viewer{Everything: true}, o.ID, CancelRequest{Key: "undo/" + string(o.ID), Reason: "basket"})
		if undone.ID != "" {
			*o = undone
		}
		switch {
		case err == nil:
		case (&Refusal{Kind: domain.AsError(err).Kind}).Passing():
			s.Log.LogAttrs(ctx, slog.LevelWarn, "a sold order of a basket that failed is undone later", s.attrs(*o, slog.String("code", domain.AsError(err).Code))...)
		default:
			s.Log.LogAttrs(ctx, slog.LevelError, "a sold order of a basket that failed could not be undone", s.attrs(*o, slog.String("code", domain.AsError(err).Code))...)
			if r, rerr := s.reviewUndo(ctx, o.ID); rerr == nil {
				*o = r
			}
		}
	}
}

// reviewUndo lays a sold order that cannot be undone before a person, unless somebody else is undoing it.
func (s *Service) reviewUndo(ctx context.Context, id OrderID) (Order, error) {
	now := s.Clock()
	o, err := s.keep(ctx, id, func(o *Order) error {
		if o.Status != Issued {
			return errAsItIs
		}
		return o.review(now, noteBasket)
	})
	if errors.Is(err, errAsItIs) {
		return s.Store.Order(ctx, id)
	}
	return o, err
}

// ContinueBaskets goes on with every basket whose close was begun and has not ended, and whose time has come: after a lost
// answer, a limit or a restart it is sold to its end, or undone.
func (s *Service) ContinueBaskets(ctx context.Context) (domain.Outcome, error) {
	return s.continueBaskets(ctx, s.Clock())
}

func (s *Service) continueBaskets(ctx context.Context, before time.Time) (domain.Outcome, error) {
	var out domain.Outcome
	ids, err := s.Store.DueBasketCloses(ctx, before, sweepLimit)
	if err != nil {
		return out, err
	}
	var errs []error
	for _, id := range ids {
		if ctx.Err() != nil {
			break
		}
		ended, err := s.continueBasket(ctx, id, before)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("basket %s: %w", id, err))
			out.Left++
		case ended:
			out.Done++
		default:
			out.Left++
		}
	}
	out.Detail = fmt.Sprintf("%d looked at", len(ids))
	return out, errors.Join(errs...)
}

// continueBasket claims one basket and goes on with it.
func (s *Service) continueBasket(ctx context.Context, id BasketID, before time.Time) (ended bool, err error) {
	now := s.Clock()
	c, err := s.Store.UpdateBasketClose(ctx, id, func(c *BasketClose) error {
		if c.ended() || c.NextAt.After(before) {
			return errNotDue
		}
		c.Looks++
		c.NextAt = now.Add(s.CallTimeout)
		return nil
	})
	if errors.Is(err, errNotDue) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	b, err := s.Basket(ctx, Viewer{Everything: true}, id)
	if err != nil {
		return false, err
	}
	c, err = s.driveBasket(ctx, &b, c)
	if c.ended() {
		s.Log.LogAttrs(ctx, slog.LevelInfo, "a basket's close has ended", slog.String("basket", string(id)), slog.String("phase", string(c.Phase)))
	}
	return c.ended(), err
}
