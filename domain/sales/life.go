package sales

import (
	"slices"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Notes that mark a step in an order's history; they are codes, not prose.
const (
	noteExpired       = "expired"                // given back because our own hold ran out
	noteNoAnswer      = "no_answer"              // the platform's answer never came
	noteRead          = "read"                   // found out by reading the platform
	noteLapsed        = "lapsed"                 // the platform let the hold lapse
	noteBarcodeLate   = "barcode_late"           // sold, a barcode is still missing
	noteBarcodeNear   = "barcode_near"           // people were told: it is missing and the performance is near
	noteTotalDiffers  = "total_differs"          // the platform's sale amount is not what we paid
	noteDuplicate     = "duplicate"              // a barcode or platform order that another order has
	noteSoldAfterEnd  = "sold_after_end"         // the platform closed an order that we had seen end
	noteSoldReleasing = "closed_while_releasing" // the platform closed an order that we were giving back
	noteNotClosed     = "not_closed_any_more"    // the platform does not call an order closed that was
	noteRefund        = "refund"                 // a refund was asked for
	noteReprinted     = "reprinted"              // the institution replaced tickets: they have new barcodes
	noteByOrganiser   = "by_organiser"           // the institution took tickets back by itself
	noteBasket        = "basket"                 // another order of its basket failed, and it could not be undone
	noteAmended       = "amended"                // reference, buyer or holders were changed
	noteChange        = "change"                 // a change of lines was asked for
	noteChanged       = "changed"                // the lines were changed
	noteSoldChanging  = "closed_while_changing"  // the platform closed an order that we were changing
	noteDecided       = "decided"                // a person ended a review; what, who and why follow
	noteTooManyReads  = "too_many_reads"         // settling gave up; a person must look
)

// The steps of an order's life. Each refuses a wrong status with order.status and is pure: times and ids come in.

// finishHold takes over what the platform reserved.
func (o *Order) finishHold(h Hold, at, expires time.Time, placeIDs []string) error {
	if o.Status != Holding {
		return o.wrongStatus("only one that is holding can become held by an answer")
	}
	if err := o.step(Held, at, ""); err != nil {
		return err
	}
	o.takeHold(h, placeIDs)
	o.HoldExpiresAt, o.PlatformExpiresAt = expires, h.ExpiresAt
	o.await(expires)
	return nil
}

// takeHold copies what the platform reserved into the order.
func (o *Order) takeHold(h Hold, placeIDs []string) {
	o.Platform = h.Platform
	o.takePlaces(h, placeIDs)
}

// takePlaces copies what is held of each line into the order.
func (o *Order) takePlaces(h Hold, placeIDs []string) {
	o.Total = h.Total
	for i := range o.Lines {
		if i >= len(h.Lines) {
			break
		}
		l, hl := &o.Lines[i], h.Lines[i]
		l.UnitPrice, l.Total, l.Together, l.Operations = hl.UnitPrice, hl.Total, hl.Together, hl.Operations
		l.Places = l.Places[:0]
		for _, p := range hl.Places {
			l.Places = append(l.Places, Place{ID: placeIDs[0], Movement: p.Movement, Seat: p.Seat})
			placeIDs = placeIDs[1:]
		}
	}
}

// refuse ends a hold that the platform did not grant.
func (o *Order) refuse(r Refusal, at time.Time) error {
	if err := o.step(Refused, at, r.Code); err != nil {
		return err
	}
	o.Refusal = &r
	o.NextCheckAt = time.Time{}
	if r.Code == CodeAvailability { // what we showed was stale
		o.Tasks = append(o.Tasks, domain.Task{Kind: catalog.TaskAvailability, Key: string(o.Institution)})
	}
	return nil
}

// beginHoldAgain stores the intent to ask once more for what was refused for a passing reason. Of refusals for the same
// reason in a row, the history keeps the first.
func (o *Order) beginHoldAgain(at, lapses, deadline time.Time) error {
	if n := len(o.History); n >= 4 && o.History[n-1].Status == Refused && o.History[n-3].Status == Refused &&
		o.History[n-1].Note == o.History[n-3].Note {
		o.History = o.History[:n-2]
	}
	if err := o.step(Holding, at, ""); err != nil {
		return err
	}
	o.Refusal, o.AskedUntil = nil, deadline
	o.await(lapses)
	return nil
}

// askedToHold is when the platform was last asked for the hold.
func (o *Order) askedToHold() time.Time {
	for i := len(o.History) - 1; i >= 0; i-- {
		if s := o.History[i]; s.Status == Holding && s.Note == "" {
			return s.At
		}
	}
	return o.CreatedAt
}

// WasHeld reports whether the order was ever held for the buyer.
func (o *Order) WasHeld() bool { return o.wasHeld() }

// wasHeld reports whether the order was ever held for the buyer.
func (o *Order) wasHeld() bool {
	return slices.ContainsFunc(o.History, func(s Step) bool { return s.Status == Held })
}

// wasSold reports whether the order was ever sold, so that its money is posted once.
func (o *Order) wasSold() bool {
	return slices.ContainsFunc(o.History, func(s Step) bool { return s.Status.Sold() })
}

// unanswered reports whether the platform's answer to the hold is known never to come.
func (o *Order) unanswered() bool {
	return slices.ContainsFunc(o.History, func(s Step) bool { return s.Status == Holding && s.Note == noteNoAnswer })
}

// standing is where an order is in its life, and who moves it on: its status, the change and the refund under way, and the claim of
// whoever asks the platform. Who takes a step over claims it anew, so that the one before, should it come back, does nothing more.
type standing struct {
	status         Status
	change, refund string
	changed        ChangeState
	claim          int64
}

func (o *Order) stands() standing {
	at := standing{status: o.Status, claim: o.AskedUntil.UnixMilli()}
	if c := o.openChange(); c != nil {
		at.change, at.changed = c.ID, c.State
	}
	if r := o.openRefund(); r != nil {
		at.refund = r.ID
	}
	return at
}

// beginRelease stores the intent to give back; the note says why.
func (o *Order) beginRelease(at, deadline time.Time, note string) error {
	if err := o.step(Releasing, at, note); err != nil {
		return err
	}
	o.Checks = 0
	o.await(deadline)
	return nil
}

// finishRelease ends a release: expired where our own hold had run out, released otherwise.
func (o *Order) finishRelease(at time.Time, note string) error {
	end := Released
	for i := len(o.History) - 1; i >= 0; i-- {
		if o.History[i].Status == Releasing {
			if o.History[i].Note == noteExpired {
				end = Expired
			}
			break
		}
	}
	o.NextCheckAt = time.Time{}
	return o.step(end, at, note)
}

// beginClose stores the intent to pay. The order may be read from readAt on, by whoever finds it; the close may be sent
// again, after a read, from the deadline on. An order past its hold is refused with order.hold_expired.
func (o *Order) beginClose(at, readAt, deadline time.Time, reference string, holders map[string]string) error {
	if o.Status == Held && !at.Before(o.HoldExpiresAt) {
		return o.misuse(domain.Gone, CodeHoldExpired, "the hold ended at %s; hold anew", o.HoldExpiresAt.Format(time.RFC3339))
	}
	if err := o.step(Closing, at, ""); err != nil {
		return err
	}
	o.PaymentReference = reference
	for i := range o.Lines {
		for j := range o.Lines[i].Places {
			p := &o.Lines[i].Places[j]
			if h, ok := holders[p.ID]; ok {
				p.Holder = h
			}
		}
	}
	o.Checks, o.AskedUntil = 0, deadline
	o.await(readAt)
	return nil
}

// finishClose takes over what the platform sold. The money is posted when the order becomes sold, once; it becomes issued
// when every place has a barcode, and stays issuing until then. Calling it again with more barcodes is how it gets there. Starts
// are when its performances begin.
func (o *Order) finishClose(out Outcome, at time.Time, starts []time.Time, ticketIDs []string, note string) error {
	wasSold := o.wasSold()
	o.takeTickets(out.Tickets, at, ticketIDs)
	complete := o.complete()
	if !complete {
		note = noteBarcodeLate
	}
	switch {
	case complete:
		if err := o.step(Issued, at, note); err != nil {
			return err
		}
		o.NextCheckAt = time.Time{}
	case o.Status == Issuing:
		o.awaitBarcodes(at, starts)
	default:
		if err := o.step(Issuing, at, note); err != nil {
			return err
		}
		o.Checks = 0
		o.awaitBarcodes(at, starts)
	}
	if out.Total != nil && *out.Total != o.Total && !wasSold {
		o.History[len(o.History)-1].Note = joinNotes(note, noteTotalDiffers)
	}
	if !wasSold {
		o.Refusal = nil
		o.postSale(at)
	}
	return nil
}

// soldAsAnothers hands an order to a person that the platform sold with what another order has: without its tickets, but with
// the posting, because the money is owed.
func (o *Order) soldAsAnothers(at time.Time) error {
	if !o.wasSold() {
		if err := o.beginAdoption(at); err != nil {
			return err
		}
		tasks := o.Tasks
		if err := o.finishClose(Outcome{State: PlatformClosed}, at, nil, nil, ""); err != nil {
			return err
		}
		o.Tasks = tasks // a person looks next
	}
	return o.review(at, noteDuplicate)
}

func joinNotes(a, b string) string { return strings.TrimSpace(a + " " + b) }

// takeTickets gives each place its good ticket, matched by movement and never by position.
func (o *Order) takeTickets(issued []IssuedTicket, at time.Time, ids []string) {
	for _, t := range issued {
		if t.Barcode == "" || dead(t.State) {
			continue
		}
		for i := range o.Lines {
			for j := range o.Lines[i].Places {
				if p := &o.Lines[i].Places[j]; p.Movement == t.Movement && t.Movement != 0 && !o.hasTicket(p.ID) && len(ids) > 0 {
					o.Tickets = append(o.Tickets, Ticket{
						ID: ids[0], Place: p.ID, Movement: t.Movement, PlatformTicket: t.PlatformTicket,
						Barcode: t.Barcode, State: t.State, IssuedAt: at,
					})
					ids = ids[1:]
				}
			}
		}
	}
}

func (o *Order) hasTicket(place string) bool {
	for _, t := range o.Tickets {
		if t.Place == place {
			return true
		}
	}
	return false
}

// complete reports whether every place has its ticket.
func (o *Order) complete() bool {
	n := 0
	for _, l := range o.Lines {
		n += len(l.Places)
	}
	return n > 0 && len(o.Tickets) == n
}

// stateCancelled is what a ticket's state becomes when we have undone it, in the platform's word.
const stateCancelled = "CANCELLED"

// dead reports whether a ticket of that state admits nobody any more; the list of states is open.
func dead(state string) bool {
	s := strings.ToUpper(state)
	return strings.Contains(s, "INVALID") || strings.Contains(s, "CANCEL")
}

// reopen takes a close back that the platform refused while the hold lives on.
func (o *Order) reopen(r Refusal, at time.Time) error {
	if err := o.step(Held, at, r.Code); err != nil {
		return err
	}
	o.Refusal = &r
	o.await(o.HoldExpiresAt)
	return nil
}

// lapse ends an order whose hold the platform let go.
func (o *Order) lapse(at time.Time) error {
	o.NextCheckAt = time.Time{}
	return o.step(Expired, at, noteLapsed)
}

// review hands the order to a person.
func (o *Order) review(at time.Time, note string) error {
	o.NextCheckAt = time.Time{}
	return o.step(Review, at, note)
}

// await says when the order must be looked at next, unless what it waits for comes before, as it nearly always does: the sweep
// finds it then, and no job is stored for nothing.
func (o *Order) await(at time.Time) { o.NextCheckAt = at }

// due says when the order must be looked at next, and asks for the job that does it: where nothing else will come.
func (o *Order) due(at time.Time) {
	o.NextCheckAt = at
	o.Tasks = append(o.Tasks, domain.Task{Kind: TaskSettle, Key: string(o.ID), NotBefore: at.UnixMilli()})
}

// extend moves our expiry to the time wanted, at most to the limit that the platform's own expiry allows.
func (o *Order) extend(at, want, limit time.Time) error {
	switch {
	case o.Status != Held:
		return o.wrongStatus("only a held one can be extended")
	case !at.Before(o.HoldExpiresAt):
		return o.misuse(domain.Gone, CodeHoldExpired, "the hold ended at %s; hold anew", o.HoldExpiresAt.Format(time.RFC3339))
	}
	if !limit.IsZero() && want.After(limit) {
		want = limit
	}
	if !want.After(o.HoldExpiresAt) {
		return o.misuse(domain.Conflict, CodeHoldLimit, "the hold already lasts as long as the platform allows (%s)",
			o.HoldExpiresAt.Format(time.RFC3339))
	}
	o.HoldExpiresAt, o.UpdatedAt = want, at
	o.History = append(o.History, Step{Status: Held, At: at, Note: "extended to " + want.UTC().Format(time.RFC3339)})
	o.await(want)
	return nil
}
