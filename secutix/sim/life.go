package sim

import (
	"fmt"
	"slices"
	"time"

	"guichet/secutix/s360"
)

// What may happen in an order's life beside being held, dropped and closed.
const (
	doReprint = "reprint" // tickets were replaced
	doSeat    = "seat"    // movements got other seats
	doOwner   = "owner"   // it was said whom places are for
	doAside   = "aside"   // payments, references or the shipment of an order changed
	doFile    = "file"    // a file got a status or an attachment, or lost one
)

// lifeChange is the part of a change that concerns these.
type lifeChange struct {
	Payments []payment                  `json:"payments,omitempty"` // doClose
	Contacts []s360.FileContactData     `json:"contacts,omitempty"` // doHold
	Fees     []int64                    `json:"fees,omitempty"`     // doDrop: operations
	Seats    []seatMove                 `json:"seats,omitempty"`
	Owners   []s360.MovementContactData `json:"owners,omitempty"`
	Aside    *aside                     `json:"aside,omitempty"`
	Status   *string                    `json:"status,omitempty"`
	Attach   *attachment                `json:"attach,omitempty"`
	Detach   int64                      `json:"detach,omitempty"`
}

// aside is what an order knows beside its lines.
type aside struct {
	Payments []payment                `json:"payments,omitempty"`
	Keys     []s360.ExternalReference `json:"keys,omitempty"`
	Mode     int64                    `json:"mode,omitempty"` // of shipment, 0 is the first
	Sent     bool                     `json:"sent,omitempty"`
	Attempt  []int64                  `json:"attempt,omitempty"` // payments an open order waits for
	Buyer    string                   `json:"buyer,omitempty"`   // contact it will be closed with
	Lost     []int64                  `json:"lost,omitempty"`    // movements an order lost when its payment failed
}

type payment struct {
	ID      int64     `json:"id"`
	Amount  int64     `json:"amount"`
	Method  int64     `json:"method"`
	Contact string    `json:"contact,omitempty"`
	Name    string    `json:"name,omitempty"` // the payer's own
	State   string    `json:"state"`
	At      time.Time `json:"at"`

	Transaction int64 `json:"tx,omitempty"` // of the payment centre
}

type seatMove struct {
	Movement int64 `json:"m"`
	Block    int   `json:"b"`
	Seat     int   `json:"s"`
}

// moveAt is a movement with where it is.
type moveAt struct {
	order *order
	op    *operation
	m     *movement
}

// file is a dossier: a sale and what followed it.
type file struct {
	ID          int64                  `json:"id"`
	Orders      []int64                `json:"orders"`
	Status      string                 `json:"status,omitempty"`
	Modified    time.Time              `json:"modified"`
	Contacts    []s360.FileContactData `json:"contacts,omitempty"`
	Attachments []*attachment          `json:"attachments,omitempty"`
}

type attachment struct {
	ID       int64     `json:"id"`
	Name     string    `json:"name"`
	Kind     string    `json:"kind,omitempty"`
	Data     string    `json:"data"` // base64
	Uploaded time.Time `json:"uploaded"`
}

// kind is the order's type as answers show it.
func (o *order) kind() string { return cmpOr(o.Type, s360.OrderTypeSale) }

func isRefund(kind string) bool {
	return kind == s360.OrderTypeRefundClient || kind == s360.OrderTypeRefundOrganization
}

// movementsOf lists the movements of a line that are there; those of a refund's line are the sale's.
func (in *institution) movementsOf(op *operation) []*movement {
	var out []*movement
	for _, m := range op.Movements {
		if !m.Dropped {
			out = append(out, m)
		}
	}
	for _, id := range op.Back {
		if at, ok := in.moves[id]; ok {
			out = append(out, at.m)
		}
	}
	return out
}

// applyLife makes happen what apply leaves to it.
func (in *institution) applyLife(c change) error {
	if c.Life == nil && c.Do != doReprint {
		return fmt.Errorf("unknown change %q", c.Do)
	}
	if c.Do == doFile {
		return in.applyFile(c)
	}
	o := in.orders[c.ID]
	if o == nil {
		return fmt.Errorf("%s: unknown order %d", c.Do, c.ID)
	}
	if f := in.files[o.File]; f != nil {
		f.Modified = c.At
	}
	switch c.Do {
	case doFail:
		return in.applyFail(o, c)
	case doReopen:
		return in.applyReopen(o, c)
	case doReprint:
		return in.applyReprint(c)
	case doSeat:
		return in.applySeats(c)
	case doOwner:
		for _, w := range c.Life.Owners {
			at, ok := in.moves[int64(w.MovementID)]
			if !ok {
				return fmt.Errorf("owner: unknown movement %d", w.MovementID)
			}
			at.m.Owner = &w
		}
		return nil
	case doAside:
		if c.Life.Aside == nil {
			return fmt.Errorf("aside %d: nothing to set", c.ID)
		}
		o.aside = *c.Life.Aside
		in.countPayments(o.Payments)
		return nil
	}
	return fmt.Errorf("unknown change %q", c.Do)
}

func (in *institution) applyReprint(c change) error {
	for _, t := range c.Tickets {
		at, ok := in.moves[t.Movement]
		if !ok || at.m.Ticket == 0 || at.m.Cancelled != 0 {
			return fmt.Errorf("reprint: movement %d has no ticket that is good", t.Movement)
		}
		m := at.m
		m.Old = append(m.Old, issued{Movement: m.ID, Ticket: m.Ticket, Barcode: m.Barcode})
		delete(in.barcodes, m.Barcode)
		m.Ticket, m.Barcode = t.Ticket, t.Barcode
		in.barcodes[t.Barcode], in.given[t.Barcode] = m.ID, m.ID
		in.lastTicket = max(in.lastTicket, t.Ticket)
	}
	return nil
}

// applySeats frees all the old seats before it takes the new ones, so that two may swap.
func (in *institution) applySeats(c change) error {
	for _, s := range c.Life.Seats {
		at, ok := in.moves[s.Movement]
		if !ok {
			return fmt.Errorf("seat: unknown movement %d", s.Movement)
		}
		p, err := in.stockOf(at.op, at.m)
		if err != nil {
			return fmt.Errorf("seat: %w", err)
		}
		delete(p.taken, int32(at.m.Seat))
		p.held--
	}
	for _, s := range c.Life.Seats {
		at := in.moves[s.Movement]
		at.m.Block, at.m.Seat = s.Block, s.Seat
		p, err := in.stockOf(at.op, at.m)
		if err != nil {
			return fmt.Errorf("seat: %w", err)
		}
		if !p.seatFree(s.Seat) {
			return fmt.Errorf("seat: seat %d of block %d is taken", s.Seat, s.Block)
		}
		p.taken[int32(s.Seat)] = s.Movement
		at.m.Contingent = p.contingent.index
		p.held++
		in.stockMoved(at.op, c.At)
	}
	return nil
}

func (in *institution) applyFile(c change) error {
	f := in.files[c.ID]
	if f == nil {
		return fmt.Errorf("file: unknown file %d", c.ID)
	}
	f.Modified = c.At
	if c.Life.Status != nil {
		f.Status = *c.Life.Status
	}
	if a := c.Life.Attach; a != nil {
		f.Attachments = append(f.Attachments, a)
		in.lastAttachment = max(in.lastAttachment, a.ID)
	}
	f.Attachments = slices.DeleteFunc(f.Attachments, func(a *attachment) bool { return a.ID == c.Life.Detach })
	return nil
}

// fileHolds notes in the file that one of its orders was made or changed.
func (in *institution) fileHolds(o *order, c change) {
	f := in.files[o.File]
	if f == nil {
		f = &file{ID: o.File}
		in.files[o.File] = f
	}
	if !slices.Contains(f.Orders, o.ID) {
		f.Orders = append(f.Orders, o.ID)
	}
	f.Modified = c.At
	if c.Life != nil && len(c.Life.Contacts) > 0 {
		f.Contacts = c.Life.Contacts
	}
}

// applyWaive drops the fees and the lines of a refund that a drop names.
func (in *institution) applyWaive(o *order, c change) {
	if f := in.files[o.File]; f != nil {
		f.Modified = c.At
	}
	for _, op := range o.Operations {
		if c.Do == doExpire {
			continue
		}
		op.Back = slices.DeleteFunc(op.Back, func(id int64) bool { return slices.Contains(c.Movements, id) })
		if c.Life != nil && slices.Contains(c.Life.Fees, op.ID) {
			op.Waived = true
		}
	}
}

// takeBack cancels what a refund order names: the tickets are no longer good and the stock comes back.
func (in *institution) takeBack(o *order, now time.Time) error {
	for _, op := range o.Operations {
		for _, id := range op.Back {
			at, ok := in.moves[id]
			if !ok || at.m.Cancelled != 0 || at.m.Ticket == 0 {
				return fmt.Errorf("movement %d is not sold", id)
			}
			p, err := in.stockOf(at.op, at.m)
			if err != nil {
				return err
			}
			p.sold--
			if at.m.Seat >= 0 {
				delete(p.taken, int32(at.m.Seat))
			}
			at.m.Cancelled = o.ID
			delete(in.barcodes, at.m.Barcode)
			in.stockMoved(at.op, now)
		}
	}
	return nil
}

// settlePayments writes down how a closed order was paid; what was only announced is given up.
func (in *institution) settlePayments(o *order, c change) {
	if f := in.files[o.File]; f != nil {
		f.Modified = c.At
	}
	made := []payment{{ID: in.nextPayment(), Amount: c.Amount, Method: c.Method, State: s360.PaymentPaid, At: c.At}}
	if c.Life != nil && len(c.Life.Payments) > 0 {
		made = slices.Clone(c.Life.Payments)
	}
	o.Payments = slices.DeleteFunc(slices.Clone(o.Payments), func(pay payment) bool {
		return slices.ContainsFunc(made, func(m payment) bool { return m.ID == pay.ID })
	})
	o.Payments = append(given(o.Payments, nil, s360.PaymentAbandoned), made...)
	o.Attempt, o.Buyer = nil, ""
	in.countPayments(made)
}

func (in *institution) nextPayment() int64 { return max(in.lastPayment+1, in.number(kindPayment, 1)) }

func (in *institution) countPayments(list []payment) {
	for _, pay := range list {
		in.lastPayment = max(in.lastPayment, pay.ID)
		in.lastTransaction = max(in.lastTransaction, pay.Transaction)
	}
}

// seatID is the number of a physical seat.
func (in *institution) seatID(b *block, seat int) int64 {
	return in.number(kindSeat, b.id%1_000_000*10_000+int64(seat))
}

// pendingRefunds says whether the pending account takes reimbursements.
func (w World) pendingRefunds() bool {
	return slices.ContainsFunc(w.PaymentMethods, func(m PaymentMethod) bool { return m.ID == w.pendingMethod() && m.ForReimbursement })
}

func wireIDs(ids []int64) s360.List[s360.ID] {
	out := make(s360.List[s360.ID], len(ids))
	for i, id := range ids {
		out[i] = s360.ID(id)
	}
	return out
}

func contactsOf(q createRequest) *lifeChange {
	if len(q.FileContacts) == 0 {
		return nil
	}
	return &lifeChange{Contacts: q.FileContacts}
}
