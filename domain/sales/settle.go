package sales

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"guichet/domain"
)

// sweepLimit is how many due orders a sweep asks for at a time.
const sweepLimit = 100

// errNotDue leaves a claim that is not due.
var errNotDue = errors.New("not due")

// asLeft answers a step of ours that was not due any more with the order as somebody else has left it meanwhile.
func (s *Service) asLeft(ctx context.Context, id OrderID, err error) (Order, error) {
	if errors.Is(err, errNotDue) {
		return s.Store.Order(ctx, id)
	}
	return Order{}, err
}

// Settle finds out what became of an order in an unknown status, by reading the platform, and moves it on. One that is
// issued is looked at again where something hinted at it, or with force. It does one bounded step; an order that is not due
// is left alone. Force looks now, due or not: for an operator, and at start-up where nobody else can be working on it. What a
// look does not find is not taken as not done while the call that asked for it may be on the wire, forced or not: only a close
// is sent again at once, because the platform closes an order at most once.
func (s *Service) Settle(ctx context.Context, id OrderID, force bool) (domain.Outcome, error) {
	now := s.Clock()
	o, err := s.Store.UpdateOrder(ctx, id, func(o *Order) error {
		waits := (o.Status == Issued || o.Status == Review && o.openRefund() != nil) && (force || !o.NextCheckAt.IsZero())
		looked := o.Status == Issuing && o.NextCheckAt.IsZero() // its barcodes are looked for by LookDue
		if (!o.Status.Unknown() && !waits) || (!force && (looked || now.Before(o.NextCheckAt))) {
			return errNotDue
		}
		o.Checks++
		o.NextCheckAt = now.Add(s.CallTimeout) // our claim: nobody else looks while we do
		return nil
	})
	if errors.Is(err, errNotDue) {
		return domain.Outcome{}, nil
	}
	if err != nil {
		return domain.Outcome{}, err
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	before, asked := o.Status, o
	switch before {
	case Issued:
		if o, err = s.settleIssued(ctx, o); err == nil {
			s.logNews(ctx, &asked, &o)
			return domain.Outcome{Done: 1, Detail: "looked at again"}, nil
		}
	case Holding:
		o, err = s.settleHold(ctx, o, now)
	case Changing:
		o, err = s.settleChange(ctx, o)
	case Cancelling, Review:
		o, err = s.settleRefund(ctx, o)
	default:
		o, err = s.settleByReading(ctx, o, force)
	}
	if err != nil {
		return domain.Outcome{Left: 1}, fmt.Errorf("settle %s: %w", id, err)
	}
	if o.Status == before {
		return domain.Outcome{Left: 1, Detail: string(o.Status)}, nil
	}
	s.Log.LogAttrs(ctx, slog.LevelInfo, "settled", s.attrs(o, slog.String("from", string(before)))...)
	return domain.Outcome{Done: 1, Detail: string(before) + " to " + string(o.Status)}, nil
}

// settleHold ends a hold whose answer never came: nothing can be looked up, so it waits until the platform has certainly
// let it lapse.
func (s *Service) settleHold(ctx context.Context, o Order, now time.Time) (Order, error) {
	lapses := o.askedToHold().Add(s.OrphanAfter)
	return s.Store.UpdateOrder(ctx, o.ID, func(o *Order) error {
		if o.Status != Holding {
			return nil
		}
		if now.Before(lapses) {
			o.await(lapses)
			return nil
		}
		o.NextCheckAt = time.Time{}
		return o.step(Orphaned, now, noteNoAnswer)
	})
}

// settleByReading asks the platform what it has, and acts on the answer.
func (s *Service) settleByReading(ctx context.Context, o Order, force bool) (Order, error) {
	read, err := s.Platform.Read(ctx, o)
	now := s.Clock()
	tooMany := o.Checks > maxChecks // a person looks, unless this read ends it
	if err != nil {
		if tooMany {
			return s.toReview(ctx, o, now, noteTooManyReads)
		}
		s.Log.LogAttrs(ctx, slog.LevelWarn, "settle: cannot read", s.attrs(o, slog.String("code", domain.AsError(err).Code))...)
		return s.later(ctx, o, false)
	}
	switch {
	case read.State == PlatformClosed && o.Status == Releasing:
		return s.toReview(ctx, o, now, noteSoldReleasing)
	case read.State == PlatformClosed:
		before := o.Status
		if o, err = s.sold(ctx, o, read, noteRead); err == nil && tooMany && before == Issuing && o.Status == Issuing {
			return s.toReview(ctx, o, now, noteTooManyReads)
		}
		return o, err
	case o.Status == Issuing:
		return s.toReview(ctx, o, now, noteNotClosed)
	case read.State == PlatformDead && o.Status == Releasing:
		return s.keep(ctx, o.ID, func(o *Order) error { return o.finishRelease(now, noteRead) })
	case read.State == PlatformDead:
		return s.keep(ctx, o.ID, func(o *Order) error { return o.lapse(now) })
	case tooMany:
		return s.toReview(ctx, o, now, noteTooManyReads)
	case o.Status == Releasing:
		return s.release(ctx, o)
	}
	return s.closeAgain(ctx, o, force)
}

// closeAgain sends a close that a read has shown not to be done. The platform closes an order number at most once, so the
// same close is safe to send after a read; it waits all the same while the first one may be on the wire, unless forced.
func (s *Service) closeAgain(ctx context.Context, o Order, force bool) (Order, error) {
	id, now := o.ID, s.Clock()
	if !force && now.Before(o.AskedUntil) {
		return s.keep(ctx, id, func(o *Order) error {
			if o.Status == Closing && now.Before(o.AskedUntil) {
				o.due(o.AskedUntil)
			}
			return nil
		})
	}
	o, err := s.keep(ctx, id, func(o *Order) error {
		if o.Status != Closing {
			return errNotDue
		}
		o.AskedUntil = now.Add(s.CallTimeout)
		return nil
	})
	if err != nil {
		return s.asLeft(ctx, id, err)
	}
	if o, err = s.close(ctx, o); err == nil {
		return o, nil
	}
	if o, lerr := s.Store.Order(ctx, id); lerr == nil && o.Status != Closing {
		return o, nil // refused for good, and stored as such: settled
	}
	return Order{}, err
}

// Expire gives a hold back that has run out; any other order is left alone.
func (s *Service) Expire(ctx context.Context, id OrderID) (domain.Outcome, error) {
	now := s.Clock()
	o, err := s.Store.UpdateOrder(ctx, id, func(o *Order) error {
		if o.Status != Held || now.Before(o.HoldExpiresAt) {
			return errNotDue
		}
		return o.beginRelease(now, now.Add(s.CallTimeout), noteExpired)
	})
	if errors.Is(err, errNotDue) {
		return domain.Outcome{}, nil
	}
	if err != nil {
		return domain.Outcome{}, err
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	if o, err = s.release(ctx, o); err != nil {
		return domain.Outcome{Left: 1}, fmt.Errorf("expire %s: %w", id, err)
	}
	return domain.Outcome{Done: 1, Detail: string(o.Status)}, nil
}

// SettleDue looks at every order whose time has come: one that waited for an answer which did not come, or whose own job was
// lost or late.
func (s *Service) SettleDue(ctx context.Context) (domain.Outcome, error) {
	return s.sweep(ctx, []Status{Holding, Changing, Releasing, Closing, Issuing, Cancelling, Issued, Review}, s.Clock(), func(ctx context.Context, id OrderID) (domain.Outcome, error) {
		return s.Settle(ctx, id, false)
	})
}

// ExpireDue gives back every hold that has run out.
func (s *Service) ExpireDue(ctx context.Context) (domain.Outcome, error) {
	return s.sweep(ctx, []Status{Held}, s.Clock(), s.Expire)
}

// Recover settles, at start-up, what the last process left behind, without waiting for its claims to run out. It may only
// be called where no other process works on the same database. What may still be on the wire is waited for all the same.
func (s *Service) Recover(ctx context.Context) (domain.Outcome, error) {
	far := s.Clock().Add(365 * 24 * time.Hour)
	out, err := s.sweep(ctx, []Status{Changing, Closing, Issuing, Releasing, Cancelling}, far, func(ctx context.Context, id OrderID) (domain.Outcome, error) {
		return s.Settle(ctx, id, true)
	})
	baskets, also := s.continueBaskets(ctx, far)
	out.Done, out.Left = out.Done+baskets.Done, out.Left+baskets.Left
	return out, errors.Join(err, also)
}

// sweep looks at every due order once, batch by batch, until none is new or its time is over.
func (s *Service) sweep(ctx context.Context, statuses []Status, before time.Time, one func(context.Context, OrderID) (domain.Outcome, error)) (domain.Outcome, error) {
	var sum domain.Outcome
	var errs []error
	seen := map[OrderID]bool{}
	for more := true; more && ctx.Err() == nil; {
		ids, err := s.Store.DueOrders(ctx, statuses, before, sweepLimit)
		if err != nil {
			return sum, errors.Join(append(errs, err)...)
		}
		more = false
		for _, id := range ids {
			if seen[id] || ctx.Err() != nil {
				continue
			}
			seen[id], more = true, len(ids) == sweepLimit
			out, err := one(ctx, id)
			sum.Done, sum.Left = sum.Done+out.Done, sum.Left+out.Left
			if err != nil && len(errs) < sweepLimit {
				errs = append(errs, err)
			}
		}
	}
	sum.Detail = fmt.Sprintf("%d looked at", len(seen))
	return sum, errors.Join(errs...)
}
