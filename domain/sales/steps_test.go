package sales

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// walk is one order taken through random steps, as the store applies them: on a copy, kept only where the step is allowed.
type walk struct {
	rng      *rand.Rand
	o        Order
	now      time.Time
	next     int // of ids, barcodes and the platform's numbers
	postings []Posting
	done     map[string]int // steps that were made, by name
	fees     bool           // refunds of this order give its fees back
}

func (w *walk) number() int { w.next++; return w.next }

// begin makes a new order of some lines and places.
func (w *walk) begin() {
	w.o = Order{ID: OrderID(fmt.Sprint("ord_", w.number())), Institution: "play", Total: domain.Money{Currency: "EUR"}}
	for range 1 + w.rng.IntN(2) {
		l := Line{Tariff: catalog.TariffID(w.number()), Quantity: 1 + w.rng.IntN(3), UnitPrice: domain.Money{Amount: int64(w.rng.IntN(5000)), Currency: "EUR"}}
		w.o.Lines = append(w.o.Lines, l)
	}
	w.postings, w.fees = nil, w.rng.IntN(2) == 0
	_ = w.o.step(Holding, w.now, "")
}

// hold is what a platform reserves of the order.
func (w *walk) hold() (Hold, []string) {
	h := Hold{Platform: PlatformRef{OrderID: int64(w.number()), FileID: int64(w.number())}, Total: domain.Money{Currency: "EUR"}}
	var ids []string
	for _, l := range w.o.Lines {
		hl := HoldLine{UnitPrice: l.UnitPrice}
		hl.Total, _ = l.UnitPrice.Times(l.Quantity)
		h.Total, _ = h.Total.Add(hl.Total)
		for range l.Quantity {
			hl.Places = append(hl.Places, HoldPlace{Movement: int64(w.number())})
			ids = append(ids, fmt.Sprint("plc_", w.number()))
		}
		h.Lines = append(h.Lines, hl)
	}
	h.Total.Amount += int64(w.rng.IntN(3)) // fees
	return h, ids
}

// wanted are other lines for an order: each of its own in another quantity or not at all, and sometimes one that is new.
func (w *walk) wanted(o *Order) []Line {
	var lines []Line
	for _, l := range o.Lines {
		if n := w.rng.IntN(4); n > 0 {
			l.Quantity, l.Places, l.Operations = n, nil, nil
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 || w.rng.IntN(3) == 0 {
		lines = append(lines, Line{Tariff: catalog.TariffID(w.number()), Quantity: 1 + w.rng.IntN(3), UnitPrice: domain.Money{Amount: int64(w.rng.IntN(5000)), Currency: "EUR"}})
	}
	return lines
}

// look is what a platform holds of a change's lines: what is missing before it was added, all of it after that.
func (w *walk) look(c *LineChange) (Hold, []string) {
	h := Hold{Total: domain.Money{Currency: "EUR"}}
	var ids []string
	_, lines := c.missing()
	if c.State == ChangeAdded {
		lines = c.Lines
	}
	for _, l := range lines {
		hl := HoldLine{UnitPrice: l.UnitPrice}
		hl.Total, _ = l.UnitPrice.Times(l.Quantity)
		h.Total, _ = h.Total.Add(hl.Total)
		for _, p := range l.Places {
			hl.Places = append(hl.Places, HoldPlace{Movement: p.Movement})
		}
		for len(hl.Places) < l.Quantity {
			hl.Places = append(hl.Places, HoldPlace{Movement: int64(w.number())})
			ids = append(ids, fmt.Sprint("plc_", w.number()))
		}
		h.Lines = append(h.Lines, hl)
	}
	return h, ids
}

// outcome is what a platform tells of the order's tickets: each with or without its barcode, some replaced, some cancelled.
func (w *walk) outcome() (Outcome, []string) {
	out := Outcome{State: PlatformClosed}
	var ids []string
	for _, l := range w.o.Lines {
		for _, p := range l.Places {
			ids = append(ids, fmt.Sprint("tkt_", w.number()))
			t := IssuedTicket{Movement: p.Movement, State: "VALID"}
			if i := slices.IndexFunc(w.o.Tickets, func(t Ticket) bool { return t.Place == p.ID }); i >= 0 {
				t.Barcode = w.o.Tickets[i].Barcode
				if w.rng.IntN(4) == 0 { // printed anew
					old := t
					old.State = "INVALIDATED"
					out.Tickets = append(out.Tickets, old)
					t.Barcode = Barcode(fmt.Sprint("0042", w.number()))
				}
				if w.rng.IntN(6) == 0 {
					t.State = stateCancelled
				}
			} else if w.rng.IntN(3) > 0 {
				t.Barcode = Barcode(fmt.Sprint("0042", w.number()))
			}
			out.Tickets = append(out.Tickets, t)
		}
	}
	return out, ids
}

// some are random good tickets, at least one where there are any.
func (w *walk) some() []string {
	var ids []string
	good := w.o.Good()
	for i, t := range good {
		if i == 0 || w.rng.IntN(2) == 0 {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// steps are all the pure steps there are.
func (w *walk) steps() map[string]func(o *Order) error {
	refusal := func() Refusal {
		r := Refusal{Kind: domain.Conflict, Code: CodeAvailability}
		if w.rng.IntN(2) == 0 {
			r.Kind = domain.Limited
		}
		return r
	}
	return map[string]func(o *Order) error{
		"finish hold": func(o *Order) error { h, ids := w.hold(); return o.finishHold(h, w.now, w.now.Add(time.Minute), ids) },
		"refuse":      func(o *Order) error { return o.refuse(refusal(), w.now) },
		"hold again":  func(o *Order) error { return o.beginHoldAgain(w.now, w.now, w.now) },
		"orphan":      func(o *Order) error { return o.step(Orphaned, w.now, noteNoAnswer) },
		"give back": func(o *Order) error {
			if o.Status != Holding {
				return errNotDue
			}
			h, ids := w.hold()
			o.takeHold(h, ids)
			return o.beginRelease(w.now, w.now, "")
		},
		"change": func(o *Order) error {
			c := LineChange{ID: fmt.Sprint("chg_", w.number())}
			c.Lines, c.Drop = o.planLines(w.wanted(o))
			return o.beginChange(c, w.now, w.now.Add(time.Second), w.now)
		},
		"added": func(o *Order) error {
			if o.openChange() == nil {
				return errNotDue
			}
			h, ids := w.look(o.Change)
			return o.added(h, nil, ids)
		},
		"changed": func(o *Order) error {
			c := o.openChange()
			if c == nil || c.State != ChangeAdded {
				return errNotDue
			}
			h, _ := w.look(c)
			return o.finishChange(h, w.now, w.now.Add(time.Minute), "")
		},
		"change on": func(o *Order) error {
			if o.Status != Review || o.openChange() == nil {
				return errNotDue
			}
			o.NextCheckAt = w.now
			return o.step(Changing, w.now, noteDecided)
		},
		"not changed": func(o *Order) error {
			if c := o.openChange(); c == nil || c.State != ChangeAsked {
				return errNotDue
			}
			return o.dropChange(refusal(), nil, w.now)
		},
		"release":        func(o *Order) error { return o.beginRelease(w.now, w.now, noteExpired) },
		"finish release": func(o *Order) error { return o.finishRelease(w.now, "") },
		"close":          func(o *Order) error { return o.beginClose(w.now, w.now, w.now, "", nil) },
		"sold":           func(o *Order) error { out, ids := w.outcome(); return o.finishClose(out, w.now, nil, ids, "") },
		"sold as another's": func(o *Order) error {
			if o.Status == Held { // it goes through closing, which is a step more
				return errNotDue
			}
			return o.soldAsAnothers(w.now)
		},
		"reopen": func(o *Order) error { return o.reopen(refusal(), w.now) },
		"lapse":  func(o *Order) error { return o.lapse(w.now) },
		"review": func(o *Order) error { return o.review(w.now, noteTooManyReads) },
		"extend": func(o *Order) error { return o.extend(w.now, w.now.Add(time.Hour), time.Time{}) },
		"refund": func(o *Order) error {
			tickets := w.some()
			quoted, err := o.paid(tickets)
			if err != nil || len(tickets) == 0 {
				return errNotDue
			}
			return o.beginRefund(Refund{
				ID: fmt.Sprint("rfd_", w.number()), Tickets: tickets, Quoted: quoted, ByHand: w.rng.IntN(3) == 0, State: RefundAsked,
			}, w.now, w.now, w.now)
		},
		"replaced": func(o *Order) error {
			if r := o.openRefund(); r != nil && o.Status == Cancelling {
				r.Replacement = "ord_new"
			}
			return o.replaced(w.rng.IntN(2) == 0, w.now, w.now.Add(time.Second))
		},
		"refunded": func(o *Order) error {
			if r := o.openRefund(); r != nil {
				back := r.Quoted // and now and then what is left of the fees
				for _, p := range w.postings {
					if p.Kind == PostingFee && w.fees {
						back.Amount += p.Amount.Amount
					}
				}
				return o.finishRefund(PlatformRef{}, back, w.now, "")
			}
			return o.finishRefund(PlatformRef{}, domain.Money{}, w.now, "")
		},
		"not refunded": func(o *Order) error { return o.dropRefund(refusal(), w.now) },
		"news": func(o *Order) error {
			if o.Status != Issued {
				return errNotDue
			}
			out, _ := w.outcome()
			var undone *Refund
			if gone := o.goneAt(out); len(gone) > 0 {
				quoted, err := o.paid(gone)
				if err != nil {
					return err
				}
				undone = &Refund{ID: fmt.Sprint("rfd_", w.number()), Tickets: gone, Quoted: quoted, Back: quoted, State: RefundDone}
			}
			return o.takeNews(out, undone, w.now)
		},
	}
}

// copied is the order as the store would load it.
func (w *walk) copied() Order {
	o := w.o
	o.Lines, o.Tickets, o.Refunds, o.History = slices.Clone(o.Lines), slices.Clone(o.Tickets), slices.Clone(o.Refunds), slices.Clone(o.History)
	for i := range o.Lines {
		o.Lines[i].Places = slices.Clone(o.Lines[i].Places)
	}
	for i := range o.Tickets {
		o.Tickets[i].Former = slices.Clone(o.Tickets[i].Former)
	}
	if o.Change != nil {
		c := *o.Change
		c.Lines = slices.Clone(c.Lines)
		for i := range c.Lines {
			c.Lines[i].Places = slices.Clone(c.Lines[i].Places)
		}
		o.Change = &c
	}
	o.Postings, o.Tasks = nil, nil
	return o
}

// broken names what is wrong after a step; empty is nothing.
func (w *walk) broken(before *Order) string {
	o := &w.o
	switch {
	case o.Status != before.Status && !before.Status.may(o.Status):
		return fmt.Sprintf("went from %s to %s", before.Status, o.Status)
	case o.History[len(o.History)-1].Status != o.Status:
		return "the history ends elsewhere"
	case len(o.Tickets) < len(before.Tickets):
		return "a ticket was lost"
	}
	places := 0
	for _, l := range o.Lines {
		places += len(l.Places)
	}
	barcodes, seats := map[Barcode]bool{}, map[string]bool{}
	for _, t := range o.Tickets {
		if barcodes[t.Barcode] || seats[t.Place] || t.Barcode == "" {
			return "two tickets for one place, or one barcode"
		}
		barcodes[t.Barcode], seats[t.Place] = true, true
		for _, f := range t.Former {
			if f.Barcode == t.Barcode {
				return "a dead barcode counts"
			}
		}
	}
	sold := o.wasSold()
	var sum, asked, fees int64 // asked: when it was sold
	closes := 0
	for _, p := range w.postings {
		sum += p.Amount.Amount
		if p.Kind == PostingClose {
			closes++
		}
		if p.Kind == PostingFee {
			fees += p.Amount.Amount
		}
		if p.Cause == "" {
			asked += p.Amount.Amount
		}
	}
	good := len(o.Good())
	switch {
	case (o.Status == Issued || o.Status == Cancelling || o.Status == Cancelled) && len(o.Tickets) != places:
		return fmt.Sprintf("%d places in, %d tickets out", places, len(o.Tickets))
	case o.Status == Issued && good == 0:
		return "issued, and nobody is admitted"
	case o.Status == Cancelled && good != 0:
		return "cancelled, and somebody is admitted"
	case (closes == 1) != sold || closes > 1:
		return fmt.Sprintf("%d closes posted", closes)
	case sum < 0 || sum > o.Total.Amount, sold && asked != o.Total.Amount:
		return fmt.Sprintf("%d is owed of %d, %d were when it was sold", sum, o.Total.Amount, asked)
	case fees < 0 || fees > o.fees().Amount:
		return fmt.Sprintf("%d of %d fees are owed", fees, o.fees().Amount)
	case o.Status == Changing && o.openChange() == nil, o.openChange() != nil && o.Status != Changing && o.Status != Review:
		return "changing nothing, or at rest with a change under way"
	case before.Status == Changing && o.Status == Held && o.Change.State == ChangeDone && places != o.Places():
		return fmt.Sprintf("%d places held of %d", places, o.Places())
	case o.Status == Cancelling && o.openRefund() == nil:
		return "cancelling nothing"
	case o.Status.Unknown() && o.Status != Holding && o.NextCheckAt.IsZero():
		return "nobody will look at it"
	}
	return ""
}

// TestSteps_AMillionAtRandom: whatever is tried in whatever order, no order is ever in an illegal state, and as many places
// as go in come out as tickets.
func TestSteps_AMillionAtRandom_ReachNoIllegalState(t *testing.T) {
	t.Parallel()
	const seed, steps = 20261121, 1_000_000
	w := &walk{rng: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), done: map[string]int{}}
	w.begin()
	var names []string
	all := w.steps()
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	reached := map[Status]int{}
	for n := range steps {
		if len(w.o.Status.Steps()) == 0 || len(w.o.History) > 40 {
			w.begin()
		}
		w.now = w.now.Add(time.Duration(w.rng.IntN(10)) * time.Second)
		name := names[w.rng.IntN(len(names))]
		before, o := w.o, w.copied()
		if err := all[name](&o); err != nil {
			continue // refused: nothing is kept
		}
		w.postings = append(w.postings, o.Postings...)
		w.o = o
		w.o.Postings, w.o.Tasks = nil, nil
		w.done[name]++
		reached[w.o.Status]++
		if what := w.broken(&before); what != "" {
			t.Fatalf("seed %d, step %d, %s: %s\n%+v", uint64(seed), n, name, what, w.o)
		}
	}
	var missing []string
	for _, name := range names {
		if w.done[name] == 0 {
			missing = append(missing, name)
		}
	}
	for _, s := range Statuses() {
		if reached[s] == 0 {
			missing = append(missing, string(s))
		}
	}
	if len(missing) > 0 {
		t.Errorf("never made or reached: %s", strings.Join(missing, ", "))
	}
}
