package sales

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"guichet/domain"
)

// maxRereads is how many reads of an issued order may fail before it is left as it is, until something hints at it again.
const maxRereads = 10

// FormerBarcode is a barcode that was replaced: it admits nobody any more.
type FormerBarcode struct {
	Barcode        Barcode
	PlatformTicket int64
	EndedAt        time.Time // when we noticed
}

// settleIssued looks at a sold order again, and takes over what the institution did to it meanwhile: tickets printed anew
// get their new barcode, tickets that it took back are cancelled.
func (s *Service) settleIssued(ctx context.Context, o Order) (Order, error) {
	read, err := s.Platform.Read(ctx, o)
	if err != nil {
		return s.rereadLater(ctx, o)
	}
	return s.takeRead(ctx, o, read, func(*Order) {}, func() (Order, error) { return s.rereadLater(ctx, o) })
}

// takeRead takes over what a read of an issued order shows, and plans what comes next. Where the platform cannot tell enough of
// what it took back, it is asked again later.
func (s *Service) takeRead(ctx context.Context, o Order, read Outcome, plan func(*Order), later func() (Order, error)) (Order, error) {
	if read.State == PlatformDead {
		return s.toReview(ctx, o, s.Clock(), noteNotClosed)
	}
	var undone *Refund
	if gone := o.goneAt(read); len(gone) > 0 {
		var err error
		if undone, err = s.undoneByOrganiser(ctx, o, gone); err != nil {
			return later()
		}
	}
	now, was := s.Clock(), o
	o, err := s.keep(ctx, was.ID, func(o *Order) error {
		if o.Status != Issued {
			return nil // something else happened meanwhile
		}
		o.NextCheckAt, o.Checks = time.Time{}, 0
		plan(o)
		return o.takeNews(read, undone, now)
	})
	if domain.HasCode(err, CodeDuplicate) {
		return s.toReview(ctx, was, now, noteDuplicate)
	}
	return o, err
}

// rereadLater tries again after a while, a few times.
func (s *Service) rereadLater(ctx context.Context, o Order) (Order, error) {
	now := s.Clock()
	return s.keep(ctx, o.ID, func(o *Order) error {
		switch {
		case o.Status != Issued:
		case o.Checks > maxRereads:
			o.NextCheckAt, o.Checks = time.Time{}, 0
		default:
			o.due(now.Add(settleDelay(o.Checks)))
		}
		return nil
	})
}

// undoneByOrganiser makes the refund of what the institution took back by itself. The platform says how much of it came
// back to the pending account; where it shows no refund order, nothing did.
func (s *Service) undoneByOrganiser(ctx context.Context, o Order, gone []string) (*Refund, error) {
	quoted, err := o.paid(gone)
	if err != nil {
		return nil, err
	}
	now := s.Clock()
	r := Refund{ID: s.IDs("rfd"), Tickets: gone, Quoted: quoted, ByHand: true, ByOrganiser: true, State: RefundDone, AskedAt: now, EndedAt: now}
	seen, err := s.Platform.ReadRefund(ctx, o, r, o.movements(&r))
	if err != nil {
		return nil, err
	}
	r.Platform, r.Back = seen.Platform, domain.Money{Currency: quoted.Currency}
	if seen.Platform.OrderID != 0 {
		r.Back = seen.Back
	}
	return &r, nil
}

// goneAt lists the good tickets that the platform calls cancelled, and has no other for.
func (o *Order) goneAt(read Outcome) []string {
	var gone []string
	for _, t := range o.Good() {
		if _, ok := successor(read, &t); !ok && strings.Contains(strings.ToUpper(stateOf(read, t.Movement, t.Barcode)), stateCancelled) {
			gone = append(gone, t.ID)
		}
	}
	return gone
}

// successor is the ticket that stands for the place now: ours where it is good, or the last good one with a barcode.
func successor(read Outcome, t *Ticket) (IssuedTicket, bool) {
	var found IssuedTicket
	for _, i := range read.Tickets {
		if i.Movement != t.Movement || i.Barcode == "" || dead(i.State) {
			continue
		}
		if i.Barcode == t.Barcode {
			return i, true
		}
		found = i
	}
	return found, found.Barcode != ""
}

// takeNews takes over what a read of a sold order shows: states, new barcodes, and what the institution took back.
func (o *Order) takeNews(read Outcome, undone *Refund, at time.Time) error {
	reprinted := false
	for i := range o.Tickets {
		t := &o.Tickets[i]
		now, ok := successor(read, t)
		switch {
		case !t.CancelledAt.IsZero() || !ok:
		case now.Barcode == t.Barcode:
			t.State = now.State
		default:
			t.Former = append(t.Former, FormerBarcode{Barcode: t.Barcode, PlatformTicket: t.PlatformTicket, EndedAt: at})
			t.Barcode, t.PlatformTicket, t.State, t.IssuedAt = now.Barcode, now.PlatformTicket, now.State, at
			reprinted = true
		}
	}
	if reprinted {
		o.UpdatedAt = at
		o.History = append(o.History, Step{Status: Issued, At: at, Note: noteReprinted})
	}
	if undone == nil || !slices.ContainsFunc(o.Good(), func(t Ticket) bool { return slices.Contains(undone.Tickets, t.ID) }) {
		return nil
	}
	o.markCancelled(undone.Tickets, at)
	o.Refunds = append(o.Refunds, *undone)
	o.postRefund(undone, at)
	if len(o.Good()) == 0 {
		return o.step(Cancelled, at, noteByOrganiser)
	}
	o.UpdatedAt = at
	o.History = append(o.History, Step{Status: Issued, At: at, Note: noteByOrganiser})
	return nil
}

// markCancelled ends tickets.
func (o *Order) markCancelled(tickets []string, at time.Time) {
	for i := range o.Tickets {
		if t := &o.Tickets[i]; slices.Contains(tickets, t.ID) && t.CancelledAt.IsZero() {
			t.CancelledAt, t.State = at, stateCancelled
		}
	}
}

// HintFile says that the platform pushed news of a file: a refund order, or another order that followed a sale. Where a
// sale of ours is in it, it is looked at soon, and true comes back.
func (s *Service) HintFile(ctx context.Context, code domain.InstitutionCode, file int64) (bool, error) {
	return s.hint(ctx, code, file, func(o *Order) bool { return o.Platform.FileID == file })
}

// quietFor is how long after its last change a push of an issued order's own number says nothing new: the platform announces
// every sale, up to a quarter of an hour later and again when it got no answer.
const quietFor = time.Hour

// newsAt says when an order must be looked at because of a push, and whether it must at all.
func (s *Service) newsAt(o *Order, now time.Time, file bool) (time.Time, bool) {
	at := o.UpdatedAt.Add(readAfter) // whoever changed it last may still be at it
	if at.Before(now) {
		at = now
	}
	switch {
	case o.Status == Issuing:
		return at, o.NextCheckAt.IsZero() || o.NextCheckAt.After(at)
	case o.Status == Closing, o.Status == Cancelling, o.Status == Review && o.openRefund() != nil:
		return at, o.NextCheckAt.After(at)
	case o.Status == Issued:
		return at, (file || !now.Before(o.UpdatedAt.Add(quietFor))) && (o.NextCheckAt.IsZero() || o.NextCheckAt.After(at))
	}
	return at, false
}

// logNews says what a look at an issued order brought.
func (s *Service) logNews(ctx context.Context, before, after *Order) {
	if len(after.History) > len(before.History) {
		s.Log.LogAttrs(ctx, slog.LevelInfo, "the institution changed a sold order", s.attrs(*after, slog.String("what", after.History[len(after.History)-1].Note))...)
	}
}
