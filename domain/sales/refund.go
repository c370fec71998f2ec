package sales

import (
	"slices"
	"time"

	"guichet/domain"
)

// Refund is one undoing of sold places: what was asked, and what became of it. An order may have several, one after
// another; only the last one may be under way.
type Refund struct {
	ID      string   // "rfd_…"; sent to S-360 as the refund order's external reference
	Key     string   // the idempotency key that asked for it; may be empty
	Tickets []string // Ticket.ID of what is taken back
	Reason  string   // the storefront's own words or code; may be empty
	// Quoted is what should come back, from what was paid; Back is what came back, zero until the refund is done.
	Quoted, Back domain.Money
	// ByHand says that a person undoes it in S-360, because the institution does not let us.
	ByHand bool
	// ByOrganiser says that the institution took the tickets back by itself; nobody asked for it here.
	ByOrganiser bool
	// Target, where set, is what the tickets are exchanged for; Replacement is the order that sells it, empty where a person does
	// it. The tickets are taken back only once that is issued: Replaced.
	Target      *Target
	Replacement OrderID
	Replaced    bool
	Platform    PlatformRef // the refund order; zero until it is known
	State       RefundState
	Refusal     *Refusal  // why it was not done
	AskedAt     time.Time // when the storefront asked
	EndedAt     time.Time // zero while it is under way
}

// RefundState is how far a refund is.
type RefundState string

// The states of a refund.
const (
	RefundAsked   RefundState = "asked"   // under way: at the platform, or with a person
	RefundDone    RefundState = "done"    // the tickets are cancelled and the money is posted
	RefundRefused RefundState = "refused" // not done; the tickets are good
)

// open is the refund under way; nil for none.
func (o *Order) openRefund() *Refund {
	if n := len(o.Refunds); n > 0 && o.Refunds[n-1].State == RefundAsked {
		return &o.Refunds[n-1]
	}
	return nil
}

// movements are the platform's numbers of the places that a refund takes back.
func (o *Order) movements(r *Refund) []int64 {
	var ids []int64
	for i := range o.Tickets {
		if slices.Contains(r.Tickets, o.Tickets[i].ID) {
			ids = append(ids, o.Tickets[i].Movement)
		}
	}
	return ids
}

// Good lists the tickets that admit somebody: those not cancelled.
func (o *Order) Good() []Ticket {
	var good []Ticket
	for _, t := range o.Tickets {
		if t.CancelledAt.IsZero() {
			good = append(good, t)
		}
	}
	return good
}

// beginRefund stores the intent to undo. With by hand the order waits in review for a person, who is told by the refund
// itself what to do; otherwise it is cancelling.
func (o *Order) beginRefund(r Refund, at, readAt, deadline time.Time) error {
	if o.Status != Issued {
		return o.wrongStatus("only an issued one can be cancelled")
	}
	to := Cancelling
	if r.ByHand {
		to = Review
	}
	if err := o.step(to, at, noteRefund); err != nil {
		return err
	}
	o.Refunds = append(o.Refunds, r)
	o.Checks, o.AskedUntil = 0, deadline
	o.await(readAt)
	return nil
}

// openedRefund keeps what the platform's refund order is.
func (o *Order) openedRefund(ref PlatformRef) error {
	r := o.openRefund()
	if r == nil {
		return errNotDue
	}
	r.Platform = ref
	return nil
}

// finishRefund ends the refund under way: its tickets are dead, and what came back is posted once.
func (o *Order) finishRefund(ref PlatformRef, back domain.Money, at time.Time, note string) error {
	r := o.openRefund()
	if r == nil {
		return errNotDue // ended meanwhile
	}
	o.markCancelled(r.Tickets, at)
	to := Issued
	if len(o.Good()) == 0 {
		to = Cancelled
	}
	if back != r.Quoted {
		note = joinNotes(note, noteTotalDiffers)
	}
	if err := o.step(to, at, note); err != nil {
		return err
	}
	r.State, r.Back, r.EndedAt = RefundDone, back, at
	if r.Platform.OrderID == 0 { // found by a read
		r.Platform = ref
	}
	o.NextCheckAt = time.Time{}
	o.postRefund(r, at)
	return nil
}

// dropRefund ends the refund under way without effect: its tickets are good as before.
func (o *Order) dropRefund(why Refusal, at time.Time) error {
	r := o.openRefund()
	if r == nil {
		return errNotDue
	}
	if err := o.step(Issued, at, why.Code); err != nil {
		return err
	}
	r.State, r.Refusal, r.EndedAt = RefundRefused, &why, at
	o.NextCheckAt = time.Time{}
	return nil
}

// paid is what was paid for some of the order's places. A line that is taken back whole counts with its total, so that
// nothing is lost by division.
func (o *Order) paid(tickets []string) (domain.Money, error) {
	sum := domain.Money{Currency: o.Total.Currency}
	for i := range o.Lines {
		l := &o.Lines[i]
		n := 0
		for _, p := range l.Places {
			if slices.ContainsFunc(o.Tickets, func(t Ticket) bool { return t.Place == p.ID && slices.Contains(tickets, t.ID) }) {
				n++
			}
		}
		part, err := l.UnitPrice.Times(n)
		if n == len(l.Places) {
			part, err = l.Total, nil
		}
		if err != nil {
			return domain.Money{}, err
		}
		if sum, err = sum.Add(part); err != nil {
			return domain.Money{}, err
		}
	}
	return sum, nil
}
