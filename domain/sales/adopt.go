package sales

import (
	"context"
	"log/slog"
	"time"

	"guichet/domain"
)

// Notes of what was taken over from the platform because a person decided so.
const (
	noteAdopted = "adopted" // the platform sold what we saw end otherwise
	noteRenewed = "renewed" // the platform's good tickets took the place of ours
)

// Adopt takes over an order that the platform sold and that we saw end otherwise: its tickets, and the posting. It reads the
// platform first and never asks it to change anything. An order that is sold is left as it is. Errors: order.status where the
// platform has not sold it, or its answer to the hold never came; order.review where only its money could be taken over;
// platform.*.
func (s *Service) Adopt(ctx context.Context, id OrderID) (Order, error) {
	o, err := s.Store.Order(ctx, id)
	if err != nil || o.Status.Sold() {
		return o, err
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	read, err := s.Platform.Read(ctx, o)
	if err != nil {
		return o, err
	}
	if o.Platform.OrderID == 0 || read.State != PlatformClosed {
		return o, domain.Errorf(domain.Conflict, CodeStatus, "the platform has not sold this order")
	}
	now := s.Clock()
	ids, starts := s.ids("tkt", o.Places()+len(read.Tickets)), s.starts(&o)
	o, err = s.keep(ctx, id, func(o *Order) error {
		if o.Status.Sold() {
			return nil
		}
		if err := o.beginAdoption(now); err != nil {
			return err
		}
		if err := o.finishClose(read, now, starts, ids, noteAdopted); err != nil {
			return err
		}
		s.confirm(o)
		return nil
	})
	if domain.HasCode(err, CodeDuplicate) {
		if o, err = s.soldAsAnothers(ctx, id, now); err == nil {
			err = o.misuse(domain.Conflict, CodeReview, "another order has one of its barcodes: the money is booked, the tickets are a person's to look at")
		}
		return o, err
	}
	if err == nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "order adopted", s.attrs(o)...)
	}
	return o, err
}

// beginAdoption brings an order to where a sale can be taken over.
func (o *Order) beginAdoption(at time.Time) error {
	switch o.Status {
	case Closing, Review:
		return nil
	case Held:
		return o.step(Closing, at, noteAdopted)
	default:
		return o.step(Review, at, noteAdopted)
	}
}

// Renew takes over the platform's good tickets where they differ from ours: a ticket that was printed anew has another
// barcode, and the old one admits nobody. It reads the platform first. Errors: order.status for an order that is not issued;
// platform.*.
func (s *Service) Renew(ctx context.Context, id OrderID) (Order, error) {
	o, err := s.Store.Order(ctx, id)
	if err != nil {
		return o, err
	}
	ctx, cancel := s.detach(ctx)
	defer cancel()
	read, err := s.Platform.Read(ctx, o)
	if err != nil {
		return o, err
	}
	now := s.Clock()
	return s.keep(ctx, id, func(o *Order) error {
		if o.Status != Issued {
			return domain.Errorf(domain.Conflict, CodeStatus, "the order is %s; only an issued one has tickets to renew", o.Status)
		}
		if o.renewTickets(read.Tickets, now) {
			o.UpdatedAt = now
			o.History = append(o.History, Step{Status: o.Status, At: now, Note: noteRenewed})
		}
		return nil
	})
}

// renewTickets replaces tickets whose movement has a good ticket with another barcode, and none with ours.
func (o *Order) renewTickets(issued []IssuedTicket, at time.Time) (changed bool) {
	for i := range o.Tickets {
		t := &o.Tickets[i]
		if !t.CancelledAt.IsZero() {
			continue
		}
		var good *IssuedTicket
		same := false
		for j := range issued {
			p := &issued[j]
			if p.Movement != t.Movement || p.Barcode == "" || dead(p.State) {
				continue
			}
			same = same || p.Barcode == t.Barcode
			if good == nil {
				good = p
			}
		}
		if good == nil || same {
			continue
		}
		t.Barcode, t.PlatformTicket, t.State, t.IssuedAt = good.Barcode, good.PlatformTicket, good.State, at
		changed = true
	}
	return changed
}
