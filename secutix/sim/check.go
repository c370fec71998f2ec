package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Check looks at everything the platform promises and returns an error that names every promise it
// finds broken, or nil. A test of anything that talks to the platform ends with it.
//
// The promises: no seat is held or sold twice; each stock is its capacity less what others bought,
// what is held and what is sold, and never below none; no movement or operation is in two orders; a hold that ran
// out holds nothing; an order is closed once; the account is the sum of the closed orders; every
// closed movement has exactly one barcode, unique and well formed; an operation's total is the sum
// of its prices; every place is in one contingent, what the partner has is of one of its own, and what a contingent sold, holds
// and has left is its size.
func (p *Platform) Check() error {
	if err := p.Start(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	var errs []error
	for _, in := range p.institutions {
		if err := p.settle(in, now); err != nil {
			errs = append(errs, err)
		}
		ck := &checker{in: in, now: now, seats: map[seatKey]int64{}, inOrder: map[int64]int64{}, lines: map[int64]int64{}, barcodes: map[string]int64{}, held: map[*pool]int{}, sold: map[*pool]int{}, transactions: map[int64]int64{}}
		ck.run()
		ck.webhooks()
		ck.broken = append(ck.broken, p.checkAccess(in, now)...)
		ck.broken = append(ck.broken, in.checkContacts()...)
		for _, b := range ck.broken {
			errs = append(errs, fmt.Errorf("%s: %w", in.w.Code, b))
		}
		errs = append(errs, p.checkWallets(in, now)...)
		errs = append(errs, p.checkMonth(in)...)
	}
	return errors.Join(errs...)
}

type seatKey struct {
	performance int64
	block, seat int
}

// checker walks one institution once.
type checker struct {
	in       *institution
	now      time.Time
	broken   []error
	seats    map[seatKey]int64 // to movement
	inOrder  map[int64]int64   // movement to order
	lines    map[int64]int64   // operation to order
	barcodes map[string]int64  // to movement
	held     map[*pool]int
	sold     map[*pool]int

	transactions map[int64]int64 // to payment
}

func (k *checker) bad(format string, args ...any) {
	k.broken = append(k.broken, fmt.Errorf(format, args...))
}

func (k *checker) run() {
	for _, id := range k.in.sequence {
		k.order(k.in.orders[id])
	}
	k.account()
	k.life()
	for _, p := range k.in.products {
		for _, perf := range p.perfs {
			for _, pl := range perf.pools {
				k.pool(pl, fmt.Sprintf("performance %d, block %s", perf.id, pl.block.code))
			}
			if perf.pools != nil {
				k.shares(perf)
			}
		}
		for _, it := range p.items {
			for key, pl := range it.pools {
				k.pool(pl, fmt.Sprintf("item %d, slot %d on %q", it.id, key.slot, key.day))
			}
			k.quotas(it)
		}
	}
	slices.SortStableFunc(k.broken, func(a, b error) int {
		if a.Error() < b.Error() {
			return -1
		}
		return 1
	})
}

func (k *checker) order(o *order) {
	if o.State == stateRunning && !k.now.Before(o.Expires) {
		k.bad("order %d is open after it ran out", o.ID)
	}
	if want := 1; o.State == stateClosed && o.Closes != want {
		k.bad("order %d was closed %d times", o.ID, o.Closes)
	}
	if o.State != stateClosed && o.Closes != 0 {
		k.bad("order %d is %s and was closed", o.ID, o.State)
	}
	var total int64
	for _, op := range o.Operations {
		total += k.operation(o, op)
	}
	if total != o.total() {
		k.bad("order %d costs %d, its prices make %d", o.ID, o.total(), total)
	}
	if o.State == stateClosed && o.Amount != total {
		k.bad("order %d was closed for %d, its prices make %d", o.ID, o.Amount, total)
	}
}

// operation checks the movements of a line and returns what their prices make.
func (k *checker) operation(o *order, op *operation) int64 {
	if other, ok := k.lines[op.ID]; ok {
		k.bad("operation %d is in order %d and in order %d", op.ID, other, o.ID)
	}
	k.lines[op.ID] = o.ID
	if op.Price != 0 && (op.Price < 0) != (op.Of != 0) {
		k.bad("operation %d has the price %d", op.ID, op.Price)
	}
	if op.Charge != 0 || op.Of != 0 {
		return op.total()
	}
	var sum int64
	for _, m := range op.Movements {
		if other, ok := k.inOrder[m.ID]; ok {
			k.bad("movement %d is in order %d and in order %d", m.ID, other, o.ID)
		}
		k.inOrder[m.ID] = o.ID
		if m.Dropped {
			if m.Barcode != "" {
				k.bad("movement %d was given back and has a barcode", m.ID)
			}
			continue
		}
		sum += op.Price
		if m.Cancelled == 0 {
			k.movement(o, op, m)
		}
	}
	if op.total() != sum {
		k.bad("operation %d costs %d, its prices make %d", op.ID, op.total(), sum)
	}
	return sum
}

func (k *checker) movement(o *order, op *operation, m *movement) {
	if o.State == stateAbandoned {
		k.bad("movement %d is held by order %d, which is abandoned", m.ID, o.ID)
	}
	pl, err := k.in.stockOf(op, m)
	if err != nil {
		k.bad("movement %d: %w", m.ID, err)
		return
	}
	if pl.contingent.index != m.Contingent || !pl.contingent.ours() {
		k.bad("movement %d is of contingent %d, its place is contingent %s's", m.ID, m.Contingent, pl.contingent.def.Code)
	}
	if m.Seat >= 0 {
		at := seatKey{op.Performance, m.Block, m.Seat}
		if other, ok := k.seats[at]; ok {
			k.bad("seat %d of block %s at performance %d belongs to movement %d and movement %d", m.Seat, pl.block.code, op.Performance, other, m.ID)
		}
		k.seats[at] = m.ID
		if pl.isGone(m.Seat) {
			k.bad("seat %d of block %s at performance %d was sold elsewhere and to movement %d", m.Seat, pl.block.code, op.Performance, m.ID)
		}
		if pl.taken[int32(m.Seat)] != m.ID {
			k.bad("seat %d of block %s at performance %d does not know movement %d", m.Seat, pl.block.code, op.Performance, m.ID)
		}
	}
	if o.State == stateRunning {
		k.held[pl]++
		if m.Barcode != "" {
			k.bad("movement %d has a barcode before order %d is closed", m.ID, o.ID)
		}
		return
	}
	k.sold[pl]++
	k.barcode(m)
}

func (k *checker) barcode(m *movement) {
	if m.Barcode == "" || m.Ticket == 0 {
		k.bad("movement %d is sold and has no barcode", m.ID)
		return
	}
	if !wellFormed(m.Barcode) {
		k.bad("movement %d has a malformed barcode", m.ID)
	}
	if other, ok := k.barcodes[m.Barcode]; ok {
		k.bad("movement %d and movement %d have the same barcode", other, m.ID)
	}
	k.barcodes[m.Barcode] = m.ID
	if k.in.barcodes[m.Barcode] != m.ID {
		k.bad("the barcode of movement %d is not registered for it", m.ID)
	}
}

// wellFormed says whether a barcode is 24 digits that begin with 00.
func wellFormed(code string) bool {
	if len(code) != 24 || code[:2] != "00" {
		return false
	}
	for i := range len(code) {
		if code[i] < '0' || code[i] > '9' {
			return false
		}
	}
	return true
}

func (k *checker) account() {
	if len(k.barcodes) != len(k.in.barcodes) {
		k.bad("%d barcodes are registered, %d movements are sold", len(k.in.barcodes), len(k.barcodes))
	}
	var closed, posted int64
	for _, o := range k.in.orders {
		if o.State == stateClosed {
			closed += k.in.onAccount(o)
		}
	}
	seen := map[int64]bool{}
	for _, post := range k.in.postings {
		posted += post.Amount
		if seen[post.Order] {
			k.bad("order %d is on the account twice", post.Order)
		}
		seen[post.Order] = true
	}
	if k.in.balance != closed || posted != closed {
		k.bad("the account stands at %d with postings of %d, the closed orders make %d", k.in.balance, posted, closed)
	}
}

func (k *checker) pool(pl *pool, name string) {
	if pl.held != k.held[pl] || pl.sold != k.sold[pl] {
		k.bad("%s: %d held and %d sold, the orders say %d and %d", name, pl.held, pl.sold, k.held[pl], k.sold[pl])
	}
	if pl.left() < 0 {
		k.bad("%s: %d places left", name, pl.left())
	}
	if pl.block == nil || !pl.block.numbered() {
		return
	}
	if pl.goneCount() != pl.elsewhere {
		k.bad("%s: %d seats sold elsewhere, %d marked", name, pl.elsewhere, pl.goneCount())
	}
	free := 0
	for s := range pl.block.capacity {
		if pl.seatFree(s) {
			free++
		}
	}
	if free != pl.left() {
		k.bad("%s: %d seats free, %d places left", name, free, pl.left())
	}
}
