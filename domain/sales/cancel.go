package sales

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// CancelRequest says what of a sold order is to be undone.
type CancelRequest struct {
	Key      string
	Tickets  []string // Ticket.ID; none is every good ticket of the order
	Reason   string
	Expected *domain.Money // refuse with order.price_changed unless this comes back
}

func (r CancelRequest) digest(id OrderID) string {
	var c content
	c.add("call", "cancel")
	c.add("order", string(id))
	for _, t := range r.Tickets {
		c.add("ticket", t)
	}
	c.add("reason", r.Reason)
	if r.Expected != nil {
		c.add("expected", r.Expected.String())
	}
	return c.digest()
}

// Cancellation is what undoing would do.
type Cancellation struct {
	Tickets []string // what is undone
	// Along lists good tickets whose tariff needs one of those that are undone: they must be undone with them.
	Along []string
	Back  domain.Money // what comes back
	// Kept is what of the undone tickets' order does not come back: its fees, once nothing else of it is left.
	Kept   domain.Money
	ByHand bool // the institution undoes it by hand; it takes a while
}

// manualWatch is how often an order that a person undoes by hand is looked at.
const manualWatch = time.Hour

// QuoteCancel says what undoing would do, after a look at the platform, and changes nothing. Errors: those of Cancel.
func (s *Service) QuoteCancel(ctx context.Context, v Viewer, id OrderID, r CancelRequest) (Cancellation, Order, error) {
	o, err := s.Order(ctx, v, id)
	if err != nil {
		return Cancellation{}, Order{}, err
	}
	if o.Status != Issued {
		return Cancellation{}, Order{}, o.wrongStatus("only an issued one can be cancelled")
	}
	c, _, err := s.planCancel(ctx, &o, r)
	return c, o, err
}

// Cancel undoes a sold order or some of its tickets: by a refund order in the same file where the institution lets us, else
// by a person (the order waits in review with what is to be done). An order that comes back cancelling or in review is
// settled in the background. The same key with the same content gives the order as it is. Errors: order.status,
// order.review, ticket.unknown, ticket.cancelled, ticket.used, order.tariff_requires, order.price_changed, platform.*.
func (s *Service) Cancel(ctx context.Context, v Viewer, id OrderID, r CancelRequest) (Cancellation, Order, error) {
	o, err := s.Order(ctx, v, id)
	if err != nil {
		return Cancellation{}, Order{}, err
	}
	if _, err := s.bindKey(ctx, o, r.Key, "cancel", r.digest(id)); err != nil {
		return Cancellation{}, Order{}, err
	}
	if made := o.refundOf(r.Key); made != nil {
		return made.plan(), o, o.refundError(made)
	}
	if o.Status != Issued {
		return Cancellation{}, Order{}, o.wrongStatus("only an issued one can be cancelled")
	}
	plan, quoted, err := s.planCancel(ctx, &o, r)
	if err != nil {
		return s.cancelledMeanwhile(ctx, id, r.Key, err)
	}
	if len(plan.Along) > 0 {
		return plan, Order{}, o.goAlong(plan.Along)
	}
	ctx, cancel := s.detach(ctx) // before the intent: see Hold
	defer cancel()
	now := s.Clock()
	refund := Refund{
		ID: s.IDs("rfd"), Tickets: plan.Tickets, Reason: r.Reason, Quoted: quoted, ByHand: plan.ByHand, State: RefundAsked, AskedAt: now, Key: r.Key,
	}
	o, err = s.Store.UpdateOrder(ctx, id, func(o *Order) error {
		if o.refundOf(r.Key) != nil {
			return errAsItIs
		}
		if err := o.stillGood(refund.Tickets); err != nil {
			return err
		}
		readAt := now.Add(min(readAfter, s.CallTimeout))
		if refund.ByHand {
			readAt = now.Add(manualWatch)
		}
		return o.beginRefund(refund, now, readAt, now.Add(s.CallTimeout))
	})
	if err != nil {
		return s.cancelledMeanwhile(ctx, id, r.Key, err)
	}
	if refund.ByHand {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "a refund must be made by hand", s.attrs(o, slog.String("refund", refund.ID))...)
		return plan, o, nil
	}
	o, err = s.refund(ctx, o)
	return plan, o, err
}

// cancelledMeanwhile answers a request that could not be carried out as one that comes again, where another one with its key
// has begun meanwhile; else with the reason.
func (s *Service) cancelledMeanwhile(ctx context.Context, id OrderID, key string, reason error) (Cancellation, Order, error) {
	o, err := s.Store.Order(ctx, id)
	if err != nil {
		return Cancellation{}, Order{}, errors.Join(reason, err)
	}
	if made := o.refundOf(key); made != nil {
		return made.plan(), o, o.refundError(made)
	}
	return Cancellation{}, Order{}, reason
}

// refundOf is the refund that a key made, unless it was refused for a reason that passes: then the key asks again.
func (o *Order) refundOf(key string) *Refund {
	for i := range o.Refunds {
		if r := &o.Refunds[i]; key != "" && r.Key == key && (r.Refusal == nil || !r.Refusal.Passing()) {
			return r
		}
	}
	return nil
}

// plan is what the refund undid, for a replay.
func (r *Refund) plan() Cancellation {
	return Cancellation{Tickets: r.Tickets, Back: r.Quoted, Kept: domain.Money{Currency: r.Quoted.Currency}, ByHand: r.ByHand}
}

// refundError is why a refund was not done, as its caller was told; nil where it was, or is under way.
func (o *Order) refundError(r *Refund) error {
	if r.Refusal == nil {
		return nil
	}
	e := o.misuse(r.Refusal.Kind, r.Refusal.Code, "%s", r.Refusal.Detail)
	if r.Refusal.Actual != nil {
		quoted := r.Quoted
		e.Expected, e.Actual = &quoted, r.Refusal.Actual
	}
	return e
}

// planCancel finds out what is undone and what it gives, after a look at the platform: what was scanned or is cancelled
// there already is refused.
func (s *Service) planCancel(ctx context.Context, o *Order, r CancelRequest) (Cancellation, domain.Money, error) {
	if err := o.checkCancel(r); err != nil {
		return Cancellation{}, domain.Money{}, err
	}
	read, err := s.Platform.Read(ctx, *o)
	if err != nil {
		return Cancellation{}, domain.Money{}, err
	}
	c := Cancellation{Tickets: r.Tickets, ByHand: s.Platform.RefundsByHand(o.Institution)}
	if len(c.Tickets) == 0 {
		for _, t := range o.Good() {
			c.Tickets = append(c.Tickets, t.ID)
		}
	}
	if err := o.undoable(c.Tickets, read); err != nil {
		return Cancellation{}, domain.Money{}, err
	}
	if c.Back, err = o.paid(c.Tickets); err != nil {
		return Cancellation{}, domain.Money{}, err
	}
	c.Along = s.goesAlong(o, c.Tickets)
	c.Kept = domain.Money{Currency: o.Total.Currency}
	if len(c.Tickets) == len(o.Good()) { // nothing is left: the order's fees stay with the institution
		var all []string
		for _, t := range o.Tickets {
			all = append(all, t.ID)
		}
		lines, err := o.paid(all)
		if err != nil {
			return Cancellation{}, domain.Money{}, err
		}
		c.Kept.Amount = o.Total.Amount - lines.Amount
	}
	if r.Expected != nil && *r.Expected != c.Back {
		e := o.misuse(domain.Conflict, CodePriceChanged, "%s would come back, not the expected %s", c.Back, *r.Expected)
		e.Expected, e.Actual = r.Expected, &c.Back
		return Cancellation{}, domain.Money{}, e
	}
	return c, c.Back, nil
}

// checkCancel refuses what can never be undone as asked, every wrong member named.
func (o *Order) checkCancel(r CancelRequest) error {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the order cannot be cancelled as asked")
	checkText(bad, "/reason", r.Reason)
	for i, id := range r.Tickets {
		at := "/tickets/" + strconv.Itoa(i)
		if o.Ticket(id) == nil {
			bad.WithField(at, CodeTicketUnknown, "the order has no such ticket")
		}
		if slices.Contains(r.Tickets[:i], id) {
			bad.WithField(at, CodeTicketUnknown, "the ticket stands twice")
		}
	}
	if r.Expected != nil && (r.Expected.Amount < 0 || r.Expected.Currency != o.Total.Currency) {
		bad.WithField("/expected_back", CodeCurrency, "an amount of 0 or more in "+string(o.Total.Currency))
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return o.stillGood(r.Tickets)
}

// stillGood refuses tickets that are cancelled already.
func (o *Order) stillGood(tickets []string) error {
	e := o.misuse(domain.Conflict, CodeTicketCancelled, "a ticket is cancelled already")
	for i, id := range tickets {
		if t := o.Ticket(id); t != nil && !t.CancelledAt.IsZero() {
			e.WithField("/tickets/"+strconv.Itoa(i), CodeTicketCancelled, "it is cancelled already")
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// undoable refuses tickets that the platform says were used or are dead.
func (o *Order) undoable(tickets []string, read Outcome) error {
	e := o.misuse(domain.Conflict, CodeTicketCancelled, "a ticket cannot be cancelled any more")
	for i, id := range tickets {
		t := o.Ticket(id)
		state := stateOf(read, t.Movement, t.Barcode)
		at, says := "/tickets/"+strconv.Itoa(i), "the platform says "+state+" of "+id
		switch {
		case used(state):
			e.Code = CodeTicketUsed
			e.WithField(at, CodeTicketUsed, says)
		case strings.Contains(strings.ToUpper(state), stateCancelled):
			e.WithField(at, CodeTicketCancelled, says)
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// stateOf is the platform's word on the ticket with that barcode, or else on the place's last one.
func stateOf(read Outcome, movement int64, barcode Barcode) string {
	state := ""
	for _, t := range read.Tickets {
		if t.Movement != movement {
			continue
		}
		if state = t.State; t.Barcode == barcode {
			return state
		}
	}
	return state
}

// used reports whether a ticket of that state was scanned at a gate; the list of states is open.
func used(state string) bool { return strings.Contains(strings.ToUpper(state), "CONTROL") }

// goesAlong lists the good tickets that could not have been sold without those undone: their tariff needs another one
// beside it, and none of those would be left.
func (s *Service) goesAlong(o *Order, undone []string) []string {
	gone := slices.Clone(undone)
	var along []string
	for { // what goes along may take others with it
		left := map[catalog.TariffID]bool{}
		for _, t := range o.Good() {
			if l, _ := o.Place(t.Place); l != nil && !slices.Contains(gone, t.ID) {
				left[l.Tariff] = true
			}
		}
		more := false
		for _, t := range o.Good() {
			l, _ := o.Place(t.Place)
			if l == nil || slices.Contains(gone, t.ID) {
				continue
			}
			needs := s.Catalog.TariffRequires(o.Institution, l.Tariff)
			if len(needs) > 0 && !slices.ContainsFunc(needs, func(id catalog.TariffID) bool { return left[id] }) {
				gone, along, more = append(gone, t.ID), append(along, t.ID), true
			}
		}
		if !more {
			return along
		}
	}
}

func (o *Order) goAlong(along []string) error {
	e := o.misuse(domain.Conflict, CodeTariffRequires, "other tickets must be cancelled with these: their tariff needs one beside it")
	for _, id := range along {
		e.WithField("/tickets", CodeTariffRequires, "add "+id)
	}
	return e
}

// refund opens the platform's refund order and closes it, for an order that is cancelling, and stores each answer.
func (s *Service) refund(ctx context.Context, o Order) (Order, error) {
	r := o.openRefund()
	if r == nil {
		return o, nil
	}
	opened, err := s.Platform.OpenRefund(ctx, o, *r, o.movements(r))
	if err != nil {
		return s.refundNotDone(ctx, o, err)
	}
	open, err := s.keepAs(ctx, o, func(o *Order) error { return o.openedRefund(opened.Platform) })
	if err != nil {
		return s.asLeft(ctx, o.ID, err)
	}
	return s.payRefund(ctx, open, opened.Back)
}

// payRefund closes the refund order if it gives back what was quoted; another amount is given up, and said.
func (s *Service) payRefund(ctx context.Context, o Order, back domain.Money) (Order, error) {
	r := o.openRefund()
	if back != r.Quoted {
		s.dropRefund(ctx, o)
		actual := back
		return s.refundRefused(ctx, o, Refusal{
			Kind: domain.Conflict, Code: CodePriceChanged, Actual: &actual, Detail: "the platform would give back " + back.String() + ", not " + r.Quoted.String(),
		})
	}
	if err := s.Platform.CloseRefund(ctx, o, *r); err != nil {
		return s.refundNotDone(ctx, o, err)
	}
	return s.refunded(ctx, o, RefundSeen{Platform: r.Platform, Back: back}, "")
}

// refundNotDone stores that a step of a refund failed: unknown, it is settled by reading; refused, it is over.
func (s *Service) refundNotDone(ctx context.Context, o Order, err error) (Order, error) {
	e := domain.AsError(err)
	s.Log.LogAttrs(ctx, slog.LevelWarn, "refund: not done", s.attrs(o, slog.String("code", e.Code), slog.Bool("uncertain", e.Uncertain))...)
	r, why := o.openRefund(), Refusal{Kind: e.Kind, Code: e.Code, Detail: e.Detail}
	switch {
	case e.Uncertain: // what was sent may arrive yet, though its sender has come back
		return s.later(ctx, o, false)
	case r.Platform.OrderID == 0 && r.Replaced && why.Passing():
		return s.later(ctx, o, true) // the new tickets are issued: it is asked again
	case r.Platform.OrderID == 0:
		return s.refundRefused(ctx, o, why) // nothing was opened
	case why.Passing():
		return s.later(ctx, o, true) // the refund order is open; it is read and closed later
	}
	// The platform refused to close. Only a read makes that certain: a first close whose answer was lost looks the same.
	seen, err := s.Platform.ReadRefund(ctx, o, *r, o.movements(r))
	switch {
	case err != nil:
		return s.later(ctx, o, true)
	case seen.State == PlatformClosed:
		return s.refunded(ctx, o, seen, noteRead)
	case seen.State == PlatformOpen:
		s.dropRefund(ctx, o)
	case why.Code == CodeHoldExpired && r.Replaced: // we were too late, and the new tickets are issued: it is asked for again
		return s.later(ctx, o, true)
	case why.Code == CodeHoldExpired: // the next one may be in time
		why = notUndone()
	}
	return s.refundRefused(ctx, o, why)
}

// notUndone is the refusal of a refund of which the platform has nothing, or only a refund order that lapsed: it may be asked
// for again.
func notUndone() Refusal {
	return Refusal{Kind: domain.Unavailable, Code: domain.CodePlatformUnreachable, Detail: "the platform did not undo it; cancel again"}
}

// dropRefund gives an open refund order up; best effort, it lapses by itself.
func (s *Service) dropRefund(ctx context.Context, o Order) {
	r := o.openRefund()
	if err := s.Platform.DropRefund(ctx, o, *r, o.movements(r)); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "an open refund order could not be given up; it lapses by itself", s.attrs(o, slog.String("code", domain.AsError(err).Code))...)
	}
}

// refundRefused ends the refund under way without effect. Of an exchange whose new tickets are issued that cannot be the end: a
// person must take the old ones back.
func (s *Service) refundRefused(ctx context.Context, o Order, why Refusal) (Order, error) {
	now := s.Clock()
	if r := o.openRefund(); r != nil && r.Replaced {
		s.Log.LogAttrs(ctx, slog.LevelError, "exchanged tickets must be taken back by hand", s.attrs(o, slog.String("refund", r.ID), slog.String("code", why.Code))...)
		left, err := s.keepAs(ctx, o, func(o *Order) error { return o.refundByHand(now) })
		if err != nil {
			return s.asLeft(ctx, o.ID, err)
		}
		return left, nil
	}
	refused, err := s.keepAs(ctx, o, func(o *Order) error { return o.dropRefund(why, now) })
	if err != nil {
		return s.asLeft(ctx, o.ID, err)
	}
	return refused, refused.refundError(&refused.Refunds[len(refused.Refunds)-1])
}

func (s *Service) refunded(ctx context.Context, o Order, seen RefundSeen, note string) (Order, error) {
	now := s.Clock()
	done, err := s.keepAs(ctx, o, func(o *Order) error { return o.finishRefund(seen.Platform, seen.Back, now, note) })
	if err != nil {
		return s.asLeft(ctx, o.ID, err)
	}
	return done, nil
}

// settleRefund finds out what became of a refund by reading the file, and moves it on.
func (s *Service) settleRefund(ctx context.Context, o Order) (Order, error) {
	r := o.openRefund()
	if r == nil {
		return s.toReview(ctx, o, s.Clock(), noteTooManyReads) // cancelling nothing cannot be
	}
	if r.Replacement != "" && !r.Replaced {
		return s.settleExchange(ctx, o)
	}
	now := s.Clock()
	seen, err := s.Platform.ReadRefund(ctx, o, *r, o.movements(r))
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "settle: cannot read", s.attrs(o, slog.String("code", domain.AsError(err).Code))...)
		return s.laterRefund(ctx, o)
	}
	switch {
	case seen.State == PlatformClosed:
		return s.refunded(ctx, o, seen, noteRead)
	case r.ByHand:
		return s.laterRefund(ctx, o)
	case now.Before(o.AskedUntil): // what was asked may still be on the wire: that nothing is seen proves nothing
		return s.keep(ctx, o.ID, func(o *Order) error {
			o.due(o.AskedUntil)
			return nil
		})
	case seen.State == PlatformOpen:
		return s.payOpenRefund(ctx, o, seen)
	}
	if r.Replaced && o.Checks <= maxChecks { // none, and the new tickets are issued: it must be done
		return s.giveUpOld(ctx, o)
	}
	// None, or a dead one: it was not done, and the call that would have is over.
	o, err = s.refundRefused(ctx, o, notUndone())
	if e := domain.AsError(err); e != nil && e.Code == domain.CodePlatformUnreachable && o.ID != "" {
		err = nil // stored as such: settled
	}
	return o, err
}

// payOpenRefund closes a refund order that a read found open. The platform closes one order number at most once.
func (s *Service) payOpenRefund(ctx context.Context, o Order, seen RefundSeen) (Order, error) {
	now := s.Clock()
	open, err := s.keepAs(ctx, o, func(o *Order) error {
		if err := o.openedRefund(seen.Platform); err != nil {
			return err
		}
		o.AskedUntil = now.Add(s.CallTimeout)
		return nil
	})
	if err != nil {
		return s.asLeft(ctx, o.ID, err)
	}
	o, err = s.payRefund(ctx, open, seen.Back)
	if err != nil && o.ID != "" && o.Status != Cancelling {
		return o, nil // refused for good, and stored as such
	}
	return o, err
}

// laterRefund says when an order with a refund under way is looked at again; one that waits for a person, every hour.
func (s *Service) laterRefund(ctx context.Context, o Order) (Order, error) {
	r := o.openRefund()
	if r == nil || !r.ByHand {
		if o.Checks > maxChecks {
			return s.toReview(ctx, o, s.Clock(), noteTooManyReads)
		}
		return s.later(ctx, o, false)
	}
	now := s.Clock()
	return s.keep(ctx, o.ID, func(o *Order) error {
		if o.openRefund() != nil {
			o.due(now.Add(manualWatch))
		}
		return nil
	})
}
