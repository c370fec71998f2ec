package sim

import (
	"fmt"
	"slices"
	"time"

	"guichet/secutix/s360"
)

// The states of an order. Only CLOSED is known from the platform's pages.
const (
	stateRunning   = "RUNNING"
	stateClosed    = "CLOSED"
	stateAbandoned = "ABANDONED"
)

// order is one purchase. Its JSON form is the journal's.
type order struct {
	ID         int64        `json:"id"`
	Secret     string       `json:"secret"`
	File       int64        `json:"file"`
	Type       string       `json:"type,omitempty"` // empty is a sale
	State      string       `json:"state"`
	External   string       `json:"external,omitempty"`
	Contact    string       `json:"contact,omitempty"`
	Created    time.Time    `json:"created"`
	Expires    time.Time    `json:"expires"`
	Operations []*operation `json:"operations"`

	Lapsed     bool      `json:"lapsed,omitempty"` // ran out of time
	Closed     time.Time `json:"closed,omitzero"`
	Amount     int64     `json:"amount,omitempty"` // posted to the account
	Method     int64     `json:"method,omitempty"`
	Generated  bool      `json:"generated,omitempty"`  // barcodes were asked for
	BarcodesAt time.Time `json:"barcodes_at,omitzero"` // readable from then on
	Closes     int       `json:"closes,omitempty"`     // how often it was closed; more than once is a broken promise

	aside
}

type operation struct {
	ID          int64       `json:"id"`
	Number      int         `json:"n"`
	Product     int64       `json:"product,omitempty"`
	Performance int64       `json:"performance,omitempty"`
	Item        int64       `json:"item,omitempty"`
	Slot        int64       `json:"slot,omitempty"`
	Day         string      `json:"day,omitempty"`
	Category    int64       `json:"category,omitempty"`
	Tariff      int64       `json:"tariff,omitempty"`
	Charge      int64       `json:"charge,omitempty"` // a fee of the order; has no movements
	Waived      bool        `json:"waived,omitempty"` // a fee that was dropped
	Price       int64       `json:"price"`            // of one; negative when it takes back
	Movements   []*movement `json:"movements,omitempty"`
	Of          int64       `json:"of,omitempty"`   // the sold operation this one takes back
	Back        []int64     `json:"back,omitempty"` // and its movements
}

type movement struct {
	ID         int64  `json:"id"`
	Block      int    `json:"block"`
	Seat       int    `json:"seat"`                 // -1 without number
	Contingent int    `json:"contingent,omitempty"` // by index
	Dropped    bool   `json:"dropped,omitempty"`
	Ticket     int64  `json:"ticket,omitempty"`
	Barcode    string `json:"barcode,omitempty"`

	admitted string // the barcode that was let in at a gate

	Cancelled int64                     `json:"cancelled,omitempty"` // the refund order that took it back
	Old       []issued                  `json:"old,omitempty"`       // tickets that were replaced, oldest first
	Owner     *s360.MovementContactData `json:"owner,omitempty"`     // whom the ticket is for
}

func (o *operation) quantity() int {
	switch {
	case o.Waived:
		return 0
	case o.Charge != 0:
		return 1
	case o.Of != 0:
		return len(o.Back)
	}
	n := 0
	for _, m := range o.Movements {
		if !m.Dropped {
			n++
		}
	}
	return n
}

func (o *operation) total() int64 { return int64(o.quantity()) * o.Price }

func (o *order) total() int64 {
	var sum int64
	for _, op := range o.Operations {
		sum += op.total()
	}
	return sum
}

// places counts the movements that are still there.
func (o *order) places() int {
	n := 0
	for _, op := range o.Operations {
		if op.Charge == 0 {
			n += op.quantity()
		}
	}
	return n
}

// posting is one line of the pending account.
type posting struct {
	Order  int64     `json:"order"`
	At     time.Time `json:"at"`
	Amount int64     `json:"amount"`
	Method int64     `json:"method"`
}

// ledger is what happened at an institution.
type ledger struct {
	orders   map[int64]*order
	sequence []int64 // order numbers, oldest first
	open     map[int64]*order
	barcodes map[string]int64 // to movement
	postings []posting
	balance  int64
	files    map[int64]*file
	moves    map[int64]moveAt
	given    map[string]int64 // every barcode there ever was, to movement
	contacts addressBook
	access   accessBook

	lastOrder, lastOperation, lastMovement, lastTicket, lastPayment, lastTransaction, lastAttachment int64
}

func (l *ledger) reset() {
	*l = ledger{orders: map[int64]*order{}, open: map[int64]*order{}, barcodes: map[string]int64{}, files: map[int64]*file{}, moves: map[int64]moveAt{}, given: map[string]int64{}}
}

// The things that can happen. Each is one line of the journal.
const (
	doBegin   = "begin"   // the worlds' base day and seed
	doClock   = "clock"   // the clock was moved
	doHold    = "hold"    // an order was made or got operations
	doDrop    = "drop"    // movements were given back
	doExpire  = "expire"  // an open order ran out of time
	doClose   = "close"   // an order was paid
	doPrice   = "price"   // prices of a performance or item moved
	doAway    = "away"    // others hold the rest for a while
	doSoldOut = "soldout" // others bought the rest
	doCancel  = "cancel"  // a performance was called off
)

// change is one thing that happened, complete enough to happen again at the next start.
type change struct {
	At          time.Time     `json:"at"`
	Do          string        `json:"do"`
	Institution string        `json:"in,omitempty"`
	Seed        uint64        `json:"seed,omitempty"`
	Offset      time.Duration `json:"offset,omitempty"`
	Order       *order        `json:"order,omitempty"` // doHold: head and the new operations
	ID          int64         `json:"id,omitempty"`    // of an order, a performance or an item
	Movements   []int64       `json:"movements,omitempty"`
	Amount      int64         `json:"amount,omitempty"`
	Method      int64         `json:"method,omitempty"`
	Contact     string        `json:"contact,omitempty"`
	Generated   bool          `json:"generated,omitempty"`
	Tickets     []issued      `json:"tickets,omitempty"`
	Until       time.Time     `json:"until,omitzero"`
	Category    int64         `json:"category,omitempty"`
	Slot        int64         `json:"slot,omitempty"`
	Day         string        `json:"day,omitempty"`
	Contingent  int64         `json:"contingent,omitempty"` // doSell, doSoldOut: where from; 0 is the partner's, and all
	Life        *lifeChange   `json:"life,omitempty"`       // what concerns an order's life beside hold, drop and close
	Hook        *hook         `json:"hook,omitempty"`
	Notice      *notice       `json:"notice,omitempty"`
	Push        *pushed       `json:"push,omitempty"`
	Contacts    []*contact    `json:"contacts,omitempty"`
	Controls    []gateCheck   `json:"controls,omitempty"`
	Client      string        `json:"client,omitempty"` // doClaim
	Products    []string      `json:"products,omitempty"`

	Wallet *walletChange `json:"wallet,omitempty"`
	Month  *monthWindow  `json:"month,omitempty"` // doMonth
}

// issued is the ticket of one movement.
type issued struct {
	Movement int64  `json:"m"`
	Ticket   int64  `json:"t"`
	Barcode  string `json:"b"`
}

// apply makes a change happen. It is the only code that alters orders and stock, live and at replay,
// so both end in the same state. An error means that the change does not fit the state.
func (in *institution) apply(c change) error {
	switch c.Do {
	case doHold:
		return in.applyHold(c)
	case doDrop, doExpire:
		return in.applyDrop(c)
	case doClose:
		return in.applyClose(c)
	case doPrice:
		return in.applyPrice(c)
	case doAway, doSoldOut:
		return in.applyGone(c)
	case doHook, doUnhook, doNotify, doPush:
		return in.applyHook(c)
	case doSell:
		return in.applySell(c)
	case doContacts:
		return in.contacts.apply(c.Contacts)
	case doList, doClaim, doControl:
		return in.applyAccess(c)
	case doWallet:
		return in.applyWallet(c)
	case doCancel:
		p := in.perfOf[c.ID]
		if p == nil {
			return fmt.Errorf("cancel: unknown performance %d", c.ID)
		}
		p.canceled = true
		p.changed++
		p.product.stockAt = c.At
		in.setupChanged(c.At)
		return nil
	}
	return in.applyLife(c)
}

func (in *institution) applyHold(c change) error {
	o := in.orders[c.Order.ID]
	if o == nil {
		head := *c.Order
		head.Operations = nil
		o = &head
		in.orders[o.ID] = o
		in.open[o.ID] = o
		in.sequence = append(in.sequence, o.ID)
		in.lastOrder = max(in.lastOrder, o.ID)
	}
	in.fileHolds(o, c)
	o.Expires, o.Contact, o.External = c.Order.Expires, c.Order.Contact, c.Order.External
	for _, op := range c.Order.Operations {
		o.Operations = append(o.Operations, op)
		in.lastOperation = max(in.lastOperation, op.ID)
		for _, m := range op.Movements {
			in.lastMovement = max(in.lastMovement, m.ID)
			in.moves[m.ID] = moveAt{order: o, op: op, m: m}
			p, err := in.stockOf(op, m)
			if err != nil {
				return fmt.Errorf("hold %d: %w", o.ID, err)
			}
			if m.Seat >= 0 {
				if !p.seatFree(m.Seat) {
					return fmt.Errorf("hold %d: seat %d of block %d is taken", o.ID, m.Seat, m.Block)
				}
				p.taken[int32(m.Seat)] = m.ID
			}
			m.Contingent = p.contingent.index
			p.held++
		}
		in.stockMoved(op, c.At)
	}
	return nil
}

func (in *institution) applyDrop(c change) error {
	o := in.orders[c.ID]
	if o == nil {
		return fmt.Errorf("%s: unknown order %d", c.Do, c.ID)
	}
	for _, op := range o.Operations {
		for _, m := range op.Movements {
			if m.Dropped || (c.Do == doDrop && !slices.Contains(c.Movements, m.ID)) {
				continue
			}
			if err := in.giveBack(op, m); err != nil {
				return fmt.Errorf("%s %d: %w", c.Do, c.ID, err)
			}
			in.stockMoved(op, c.At)
		}
	}
	in.applyWaive(o, c)
	if c.Do == doExpire || o.places() == 0 {
		o.State, o.Lapsed = stateAbandoned, c.Do == doExpire
		delete(in.open, o.ID)
	}
	return nil
}

func (in *institution) giveBack(op *operation, m *movement) error {
	p, err := in.stockOf(op, m)
	if err != nil {
		return err
	}
	m.Dropped = true
	p.held--
	if m.Seat >= 0 {
		delete(p.taken, int32(m.Seat))
	}
	return nil
}

func (in *institution) applyClose(c change) error {
	o := in.orders[c.ID]
	if o == nil {
		return fmt.Errorf("close: unknown order %d", c.ID)
	}
	tickets := map[int64]issued{}
	for _, t := range c.Tickets {
		tickets[t.Movement] = t
		in.lastTicket = max(in.lastTicket, t.Ticket)
	}
	for _, op := range o.Operations {
		for _, m := range op.Movements {
			if m.Dropped {
				continue
			}
			t, ok := tickets[m.ID]
			if !ok {
				return fmt.Errorf("close %d: movement %d has no ticket", o.ID, m.ID)
			}
			p, err := in.stockOf(op, m)
			if err != nil {
				return fmt.Errorf("close %d: %w", o.ID, err)
			}
			m.Ticket, m.Barcode = t.Ticket, t.Barcode
			in.barcodes[t.Barcode], in.given[t.Barcode] = m.ID, m.ID
			p.held--
			p.sold++
		}
		in.stockMoved(op, c.At)
	}
	if err := in.takeBack(o, c.At); err != nil {
		return fmt.Errorf("close %d: %w", o.ID, err)
	}
	in.settlePayments(o, c)
	o.State, o.Closed, o.Amount, o.Method = stateClosed, c.At, c.Amount, c.Method
	o.Generated, o.BarcodesAt, o.Contact = c.Generated, c.Until, c.Contact
	o.Closes++
	delete(in.open, o.ID)
	in.post(o, c.At)
	return nil
}

func (in *institution) applyPrice(c change) error {
	switch {
	case in.perfOf[c.ID] != nil:
		in.perfOf[c.ID].moved += c.Amount
		in.perfOf[c.ID].changed++
	case in.itemOf[c.ID] != nil:
		in.itemOf[c.ID].moved += c.Amount
	default:
		return fmt.Errorf("price: unknown performance or item %d", c.ID)
	}
	in.setupChanged(c.At)
	return nil
}

// applyGone takes what is left of a performance (one category and contingent, or all) or of an item's slot.
func (in *institution) applyGone(c change) error {
	var pools []*pool
	var p *product
	switch {
	case in.perfOf[c.ID] != nil:
		perf := in.perfOf[c.ID]
		p = perf.product
		for _, pl := range in.poolsOf(perf) {
			if (c.Category == 0 || pl.block.area.category.id == c.Category) && (c.Contingent == 0 || pl.contingent.id == c.Contingent) {
				pools = append(pools, pl)
			}
		}
	case in.itemOf[c.ID] != nil:
		it := in.itemOf[c.ID]
		p = it.product
		pools = in.poolsAt(it, slotKey{slot: c.Slot, day: c.Day}, in.contingents)
	default:
		return fmt.Errorf("%s: unknown performance or item %d", c.Do, c.ID)
	}
	for _, pl := range pools {
		if c.Do == doAway {
			pl.awayUntil = c.Until
			continue
		}
		pl.blockRest()
	}
	if slices.ContainsFunc(pools, func(pl *pool) bool { return pl.contingent.ours() }) {
		p.stockAt = c.At
	}
	return nil
}

// stockOf finds the pool a movement takes from.
func (in *institution) stockOf(op *operation, m *movement) (*pool, error) {
	if op.Performance != 0 {
		perf := in.perfOf[op.Performance]
		if perf == nil {
			return nil, fmt.Errorf("unknown performance %d", op.Performance)
		}
		pl := in.poolAt(perf, m.Block, m.Contingent)
		if m.Seat >= 0 {
			pl = in.poolOfSeat(perf, m.Block, m.Seat)
		}
		if pl == nil {
			return nil, fmt.Errorf("performance %d has no block %d with a contingent %d", op.Performance, m.Block, m.Contingent)
		}
		return pl, nil
	}
	it := in.itemOf[op.Item]
	if it == nil {
		return nil, fmt.Errorf("unknown item %d", op.Item)
	}
	if m.Contingent < 0 || m.Contingent >= len(in.contingents) {
		return nil, fmt.Errorf("unknown contingent %d of item %d", m.Contingent, op.Item)
	}
	return in.poolOf(it, slotKey{slot: op.Slot, day: op.Day, part: m.Contingent}), nil
}

func (in *institution) stockMoved(op *operation, at time.Time) {
	if p := in.productOf[op.Product]; p != nil && at.After(p.stockAt) {
		p.stockAt = at
	}
}

// overdue lists the open orders that have run out of time, the first to do so first.
func (in *institution) overdue(now time.Time) []*order {
	var out []*order
	for _, o := range in.open {
		if !now.Before(o.Expires) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b *order) int {
		if c := a.Expires.Compare(b.Expires); c != 0 {
			return c
		}
		return int(a.ID - b.ID)
	})
	return out
}

// barcode makes the barcode of a ticket: 24 digits with leading zeros, marked as simulated by 0042.
// The ticket's number in it makes it unique.
func (in *institution) barcode(ticket int64) string {
	return fmt.Sprintf("0042%02d%09d%09d", in.index, ticket%1_000_000_000, mix(in.seed, uint64(ticket))%1_000_000_000)
}
