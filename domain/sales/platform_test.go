package sales_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// act is how the platform behaves in one call.
type act int

const (
	answers   act = iota // does it and says so
	refuses              // does nothing and says so
	cutBefore            // does nothing, the answer is lost
	cutAfter             // does it, the answer is lost
	limited              // does nothing: was never asked, and says when to come back
	late                 // close: sold, the barcodes come later
	silent               // close: accepted, but the answer does not say that it is closed
)

// platform is a scripted sales.Platform with a memory: orders lapse by the clock, close once, and have one barcode per place.
type platform struct {
	tb    failer
	clock func() time.Time
	// script says how the next call behaves; nil always answers.
	script func(call string) act
	// during is called while a call is under way, outside the lock.
	during func(call string)
	change func(h *sales.Hold) // what a hold is changed to before it is answered
	refuse *domain.Error       // what a refusal says; nil is the ordinary one
	state  sales.PlatformState // what a read says whatever is true; empty: what is true
	lives  time.Duration       // of a hold; 0 is 15 minutes, negative does not say
	code   func(order, place int64) sales.Barcode

	mu       sync.Mutex
	taken    []int64             // seats that others have
	seen     func(h *sales.Hold) // what a look is changed to before it is answered
	lastID   int64
	lastMove int64
	orders   map[int64]*sold
	refunds  map[int64]*undone
	byHand   bool

	exchangesByHand bool
	dearer          int64    // what a refund gives back less than was paid
	asked           []string // "close 1", "read 1 open"
	released        []int64  // movements given back
}

// undone is a refund order.
type undone struct {
	of        int64
	reference string
	movements []int64
	state     sales.PlatformState
	closes    int
}

type sold struct {
	cancelled map[int64]bool            // movements taken back
	states    map[int64]string          // of tickets, by movement; empty is VALID
	former    map[int64][]sales.Barcode // replaced barcodes
	fresh     map[int64]sales.Barcode   // what replaced them
	state     sales.PlatformState
	movements []int64
	lines     map[int64]sales.Line // what each movement is a place of
	seats     map[int64]int64      // where each movement was put
	total     domain.Money
	expires   time.Time
	ready     bool // its barcodes
	closes    int
}

func newPlatform(tb failer, clock func() time.Time) *platform {
	return &platform{tb: tb, clock: clock, orders: map[int64]*sold{}, refunds: map[int64]*undone{}}
}

func (p *platform) begin(ctx context.Context, call string) (act, error) {
	if p.during != nil {
		p.during(call)
	}
	if err := ctx.Err(); err != nil {
		return 0, uncertain(err)
	}
	if p.script == nil {
		return answers, nil
	}
	return p.script(call), nil
}

// beginStep begins a call that must not be made by whoever comes late: it carries the order's claim, and is not made once that has
// run out.
func (p *platform) beginStep(ctx context.Context, o sales.Order, call string) (act, error) {
	if o.AskedUntil.IsZero() {
		p.tb.Errorf("%s by nobody who has claimed the order", call)
	}
	if p.clock().After(o.AskedUntil) {
		return 0, domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "not asked in time")
	}
	return p.begin(ctx, call)
}

func uncertain(cause error) error {
	e := domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "the platform does not answer").Because(cause)
	e.Uncertain = true
	return e
}

// outcome is the answer of a changing call that did or did not do its work.
func (p *platform) outcome(a act, ordinary *domain.Error) error {
	switch a {
	case cutBefore, cutAfter:
		return uncertain(nil)
	case limited:
		return domain.Errorf(domain.Limited, domain.CodePlatformLimited, "too many")
	case refuses:
		if p.refuse != nil {
			return p.refuse
		}
		return ordinary
	default:
		return nil
	}
}

func does(a act) bool { return a == answers || a == cutAfter || a == late || a == silent }

func (p *platform) note(format string, args ...any) {
	p.asked = append(p.asked, fmt.Sprintf(format, args...))
}

func (p *platform) Hold(ctx context.Context, o sales.Order) (sales.Hold, error) {
	a, err := p.beginStep(ctx, o, "hold")
	if err != nil {
		return sales.Hold{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note("hold")
	var h sales.Hold
	if does(a) {
		h = p.reserve(o)
	}
	if err := p.outcome(a, domain.Errorf(domain.Conflict, sales.CodeAvailability, "nothing left")); err != nil {
		return sales.Hold{}, err
	}
	if p.change != nil {
		p.change(&h)
	}
	return h, nil
}

func (p *platform) reserve(o sales.Order) sales.Hold {
	p.lastID++
	s := &sold{state: sales.PlatformOpen, lines: map[int64]sales.Line{}, seats: map[int64]int64{}}
	p.orders[p.lastID] = s
	h := sales.Hold{Platform: sales.PlatformRef{OrderID: p.lastID, FileID: cmp.Or(o.Platform.FileID, 80_000+p.lastID)}, Total: domain.Money{Currency: "EUR"}}
	for i, l := range o.Lines {
		hl := sales.HoldLine{UnitPrice: l.UnitPrice, Operations: []int64{p.lastID*100 + int64(i)}}
		hl.Total, _ = l.UnitPrice.Times(l.Quantity)
		h.Total, _ = h.Total.Add(hl.Total)
		for range l.Quantity {
			id := p.lastID*1000 + int64(len(s.movements)+1)
			s.movements = append(s.movements, id)
			s.lines[id] = l
			hl.Places = append(hl.Places, sales.HoldPlace{Movement: id, Seat: sales.Seat{Row: "A", Number: fmt.Sprint(len(s.movements))}})
		}
		h.Lines = append(h.Lines, hl)
	}
	h.Movements = slices.Clone(s.movements)
	s.total = h.Total
	lives := p.lives
	if lives == 0 {
		lives = 15 * time.Minute
	}
	if lives > 0 {
		h.ExpiresAt = p.clock().Add(lives)
		s.expires = h.ExpiresAt
	}
	return h
}

// of finds an order and lets it lapse when it is time.
func (p *platform) of(o sales.Order) *sold {
	s := p.orders[o.Platform.OrderID]
	if s != nil && s.state == sales.PlatformOpen && !s.expires.IsZero() && !p.clock().Before(s.expires) {
		s.state = sales.PlatformDead
	}
	return s
}

func dead() *domain.Error {
	return domain.Errorf(domain.Gone, sales.CodeHoldExpired, "the platform does not hold this order any more")
}

func (p *platform) Close(ctx context.Context, o sales.Order) (sales.Outcome, error) {
	a, err := p.beginStep(ctx, o, "close")
	if err != nil {
		return sales.Outcome{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.of(o)
	if a == limited {
		return sales.Outcome{}, p.outcome(a, nil)
	}
	p.note("close %d", o.Platform.OrderID)
	if s == nil || s.state != sales.PlatformOpen {
		if a == cutBefore || a == cutAfter {
			return sales.Outcome{}, uncertain(nil)
		}
		return sales.Outcome{}, dead()
	}
	if does(a) {
		s.state, s.ready = sales.PlatformClosed, a != late
		s.closes++
	}
	if err := p.outcome(a, domain.Errorf(domain.Conflict, sales.CodePayment, "the account refused")); err != nil {
		return sales.Outcome{}, err
	}
	out := p.tell(o, s)
	if a == silent {
		out = sales.Outcome{State: sales.PlatformOpen}
	}
	return out, nil
}

func (p *platform) tell(o sales.Order, s *sold) sales.Outcome {
	out := sales.Outcome{State: s.state, ExpiresAt: s.expires}
	if s.state != sales.PlatformClosed {
		return out
	}
	total := s.total
	out.Total = &total
	for _, m := range s.movements {
		t := sales.IssuedTicket{Movement: m, PlatformTicket: m + 1, State: "VALID"}
		if said := s.states[m]; said != "" {
			t.State = said
		}
		if s.cancelled[m] {
			t.State = "CANCELLED"
		}
		for _, old := range s.former[m] {
			out.Tickets = append(out.Tickets, sales.IssuedTicket{Movement: m, Barcode: old, State: "INVALIDATED"})
		}
		if fresh := s.fresh[m]; fresh != "" {
			t.Barcode = fresh
		} else if s.ready {
			t.Barcode = sales.Barcode(fmt.Sprintf("0042%020d", m))
			if p.code != nil {
				t.Barcode = p.code(o.Platform.OrderID, m)
			}
		}
		out.Tickets = append(out.Tickets, t)
	}
	return out
}

func (p *platform) Read(ctx context.Context, o sales.Order) (sales.Outcome, error) {
	a, err := p.begin(ctx, "read")
	if err != nil {
		return sales.Outcome{}, domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "no answer")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.of(o)
	if a != answers || s == nil {
		p.note("read %d failed", o.Platform.OrderID)
		return sales.Outcome{}, domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "no answer")
	}
	out := p.tell(o, s)
	if p.state != "" {
		out = sales.Outcome{State: p.state}
	}
	p.note("read %d %s", o.Platform.OrderID, out.State)
	return out, nil
}

func (p *platform) Reread(ctx context.Context, o sales.Order) (sales.Outcome, error) {
	a, err := p.begin(ctx, "look")
	if err != nil {
		return sales.Outcome{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.of(o); a == answers && s != nil {
		p.note("look %d", o.Platform.OrderID)
		return p.tell(o, s), nil
	}
	if a == limited {
		return sales.Outcome{}, domain.Errorf(domain.Limited, "quota.month", "spent")
	}
	p.note("look %d failed", o.Platform.OrderID)
	return sales.Outcome{}, domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "no answer")
}

func (p *platform) Release(ctx context.Context, o sales.Order) error {
	a, err := p.begin(ctx, "release")
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note("release %d", o.Platform.OrderID)
	s := p.of(o)
	if s == nil || s.state != sales.PlatformOpen {
		if a == cutBefore || a == cutAfter {
			return uncertain(nil)
		}
		return dead()
	}
	if does(a) {
		for _, l := range o.Lines {
			for _, pl := range l.Places {
				p.released = append(p.released, pl.Movement)
			}
		}
		s.state = sales.PlatformDead
	}
	return p.outcome(a, domain.Errorf(domain.Upstream, domain.CodePlatformRefused, "no"))
}

// once behaves so in the first call of that name, and answers otherwise.
func once(call string, a act) func(string) act {
	done := false
	return func(c string) act {
		if c == call && !done {
			done = true
			return a
		}
		return answers
	}
}

// always behaves so in every call of that name.
func always(call string, a act) func(string) act {
	return func(c string) act {
		if c == call {
			return a
		}
		return answers
	}
}

func (p *platform) calls(call string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, c := range p.asked {
		if len(c) >= len(call) && c[:len(call)] == call {
			n++
		}
	}
	return n
}

// quoter prices from the sample catalog.
type quoter struct {
	view  *catalog.View
	clock func() time.Time
}

func (q quoter) Quote(_ context.Context, _ domain.InstitutionCode, wants []catalog.Want) (catalog.Quote, error) {
	return q.view.Quote(wants, q.clock())
}

// till is a service with its store, its platform and a clock that moves by hand.
type till struct {
	*sales.Service
	store    *store
	platform *platform

	mu  sync.Mutex
	now time.Time
}

func (h *till) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *till) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func newTill(tb failer, change ...func(*sales.Deps)) *till {
	h := &till{now: sample.Now(), store: newStore(tb)}
	h.platform = newPlatform(tb, h.clock)
	d := sales.Deps{
		Store: h.store, Platform: h.platform, Catalog: quoter{sample.View(), h.clock}, Clock: h.clock, IDs: sample.IDs(), Log: discard(),
	}
	for _, c := range change {
		c(&d)
	}
	h.Service = sales.New(d)
	return h
}

// hold holds two places, or fails the test.
func (h *till) hold(tb testing.TB, key string) sales.Order {
	tb.Helper()
	o, err := h.Hold(tb.Context(), sample.Viewer(), sample.HoldRequest(key))
	if err != nil || o.Status != sales.Held {
		tb.Fatalf("hold: %s, %v", o.Status, err)
	}
	return o
}

// settle settles, due or not.
func (h *till) settle(tb testing.TB, id sales.OrderID) sales.Order {
	tb.Helper()
	if _, err := h.Settle(tb.Context(), id, true); err != nil {
		tb.Fatal(err)
	}
	return h.store.must(tb, id)
}

func expect(tb testing.TB, o sales.Order, want sales.Status) {
	tb.Helper()
	if o.Status != want {
		tb.Errorf("status %s, want %s; history %v", o.Status, want, o.History)
	}
}

func code(tb testing.TB, err error, want string) {
	tb.Helper()
	if !domain.HasCode(err, want) {
		tb.Errorf("error %v, want code %s", err, want)
	}
}

// context is for steps outside a test's own calls.
func (h *till) context() context.Context { return context.Background() }

func (p *platform) RefundsByHand(domain.InstitutionCode) bool { return p.byHand }

func (p *platform) OpenRefund(ctx context.Context, o sales.Order, r sales.Refund, movements []int64) (sales.RefundSeen, error) {
	a, err := p.beginStep(ctx, o, "open refund")
	if err != nil {
		return sales.RefundSeen{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note("open refund %d", o.Platform.OrderID)
	var seen sales.RefundSeen
	if does(a) {
		p.lastID++
		p.refunds[p.lastID] = &undone{of: o.Platform.OrderID, reference: r.ID, movements: movements, state: sales.PlatformOpen}
		seen = sales.RefundSeen{State: sales.PlatformOpen, Platform: sales.PlatformRef{OrderID: p.lastID}, Back: p.back(r)}
	}
	return seen, p.outcome(a, domain.Errorf(domain.Upstream, domain.CodePlatformRefused, "no refunds"))
}

func (p *platform) back(r sales.Refund) domain.Money {
	return domain.Money{Amount: r.Quoted.Amount - p.dearer, Currency: r.Quoted.Currency}
}

func (p *platform) CloseRefund(ctx context.Context, o sales.Order, r sales.Refund) error {
	a, err := p.beginStep(ctx, o, "close refund")
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if a == limited {
		return p.outcome(a, nil)
	}
	u := p.refunds[r.Platform.OrderID]
	p.note("pay refund %d", r.Platform.OrderID)
	if u.state != sales.PlatformOpen {
		return dead()
	}
	if does(a) {
		u.state, u.closes = sales.PlatformClosed, u.closes+1
		p.takeBack(p.orders[u.of], u.movements)
	}
	return p.outcome(a, domain.Errorf(domain.Conflict, sales.CodePayment, "the account takes nothing back"))
}

func (p *platform) takeBack(s *sold, movements []int64) {
	if s.cancelled == nil {
		s.cancelled = map[int64]bool{}
	}
	for _, m := range movements {
		s.cancelled[m] = true
	}
}

func (p *platform) DropRefund(ctx context.Context, _ sales.Order, r sales.Refund, _ []int64) error {
	a, err := p.begin(ctx, "drop refund")
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note("drop refund %d", r.Platform.OrderID)
	if does(a) {
		p.refunds[r.Platform.OrderID].state = sales.PlatformDead
	}
	return p.outcome(a, dead())
}

func (p *platform) ReadRefund(ctx context.Context, o sales.Order, r sales.Refund, movements []int64) (sales.RefundSeen, error) {
	a, err := p.begin(ctx, "read")
	if err != nil || a != answers {
		return sales.RefundSeen{}, domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "no answer")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := sales.RefundSeen{State: sales.PlatformDead}
	for id, u := range p.refunds {
		if u.reference == r.ID && u.state != sales.PlatformDead {
			seen = sales.RefundSeen{State: u.state, Platform: sales.PlatformRef{OrderID: id}, Back: p.back(r)}
		}
	}
	all := true
	for _, m := range movements {
		all = all && p.orders[o.Platform.OrderID].cancelled[m]
	}
	if all {
		seen.State, seen.Back = sales.PlatformClosed, p.back(r)
		for id, u := range p.refunds {
			if u.of == o.Platform.OrderID && u.state == sales.PlatformClosed && slices.Equal(u.movements, movements) {
				seen.Platform.OrderID = id
			}
		}
	}
	p.note("look at refund %d %s", o.Platform.OrderID, seen.State)
	return seen, nil
}

func (q quoter) PerformanceStart(_ domain.InstitutionCode, id catalog.PerformanceID) (time.Time, bool) {
	p := q.view.Performance(id)
	if p == nil || p.Start.IsZero() {
		return time.Time{}, false
	}
	return p.Start, true
}

func (q quoter) TariffRequires(_ domain.InstitutionCode, id catalog.TariffID) []catalog.TariffID {
	return q.view.Tariff(id).Requires
}

func (p *platform) Add(ctx context.Context, o sales.Order, lines []sales.Line) (sales.Hold, error) {
	a, err := p.beginStep(ctx, o, "add")
	if err != nil {
		return sales.Hold{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note("add %d", o.Platform.OrderID)
	s := p.of(o)
	if s == nil || s.state != sales.PlatformOpen {
		if a == cutBefore || a == cutAfter {
			return sales.Hold{}, uncertain(nil)
		}
		return sales.Hold{}, dead()
	}
	h := sales.Hold{Platform: o.Platform, Total: domain.Money{Currency: "EUR"}}
	if does(a) {
		for _, l := range lines {
			hl := sales.HoldLine{UnitPrice: l.UnitPrice}
			hl.Total, _ = l.UnitPrice.Times(l.Quantity)
			h.Total, _ = h.Total.Add(hl.Total)
			for range l.Quantity {
				p.lastMove++
				id := 900_000 + p.lastMove
				s.movements, s.lines[id] = append(s.movements, id), l
				hl.Places = append(hl.Places, sales.HoldPlace{Movement: id})
				h.Movements = append(h.Movements, id)
			}
			h.Lines = append(h.Lines, hl)
		}
		s.total, _ = s.total.Add(h.Total)
	}
	if err := p.outcome(a, domain.Errorf(domain.Conflict, sales.CodeAvailability, "nothing left")); err != nil {
		return sales.Hold{}, err
	}
	if p.change != nil {
		p.change(&h)
	}
	return h, nil
}

func (p *platform) Drop(ctx context.Context, o sales.Order, movements []int64) error {
	a, err := p.begin(ctx, "drop")
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note("drop %d", o.Platform.OrderID)
	s := p.of(o)
	if s == nil || s.state != sales.PlatformOpen {
		if a == cutBefore || a == cutAfter {
			return uncertain(nil)
		}
		return dead()
	}
	if does(a) {
		for _, m := range movements {
			i := slices.Index(s.movements, m)
			if i < 0 {
				return domain.Errorf(domain.Conflict, domain.CodePlatformRefused, "no movement %d", m)
			}
			s.movements = slices.Delete(s.movements, i, i+1)
			s.total.Amount -= s.lines[m].UnitPrice.Amount
			p.released = append(p.released, m)
		}
		if len(s.movements) == 0 {
			s.state = sales.PlatformDead
		}
	}
	return p.outcome(a, domain.Errorf(domain.Upstream, domain.CodePlatformRefused, "no"))
}

func (p *platform) Look(ctx context.Context, o sales.Order) (sales.Hold, sales.PlatformState, error) {
	a, err := p.begin(ctx, "read")
	if err != nil || a != answers {
		return sales.Hold{}, "", domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "no answer")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.of(o)
	p.note("look %d %s", o.Platform.OrderID, s.state)
	h := sales.Hold{Platform: o.Platform, Total: s.total, Movements: slices.Clone(s.movements), ExpiresAt: s.expires, Lines: make([]sales.HoldLine, len(o.Lines))}
	n := 0
	for i, l := range o.Lines {
		hl := &h.Lines[i]
		hl.UnitPrice = l.UnitPrice
		for _, m := range s.movements {
			if of := s.lines[m]; of.Performance == l.Performance && of.SeatCategory == l.SeatCategory && of.Item == l.Item && of.Tariff == l.Tariff {
				hl.Places = append(hl.Places, sales.HoldPlace{Movement: m, Seat: sales.Seat{ID: s.seats[m]}})
			}
		}
		n += len(hl.Places)
		hl.Total, _ = l.UnitPrice.Times(len(hl.Places))
		if len(hl.Places) != l.Quantity {
			h.Defect = &sales.Refusal{Kind: domain.Conflict, Code: sales.CodeAvailability, Detail: "places missing"}
		}
	}
	if n != len(s.movements) {
		h.Defect = &sales.Refusal{Kind: domain.Upstream, Code: domain.CodePlatformAnswer, Detail: "places of no line"}
	}
	if p.seen != nil {
		p.seen(&h)
	}
	return h, s.state, nil
}

func (p *platform) Seat(ctx context.Context, o sales.Order, lines []sales.Line) ([]sales.HoldPlace, *sales.Refusal, error) {
	a, err := p.beginStep(ctx, o, "seat")
	if err != nil {
		return nil, nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note("seat %d", o.Platform.OrderID)
	s := p.of(o)
	taken := slices.Clone(p.taken)
	for m, id := range s.seats {
		if slices.Contains(s.movements, m) && !slices.ContainsFunc(lines, func(l sales.Line) bool {
			return slices.ContainsFunc(l.Places, func(pl sales.Place) bool { return pl.Movement == m })
		}) {
			taken = append(taken, id)
		}
	}
	var out []sales.HoldPlace
	for _, l := range lines {
		for i, pl := range l.Places {
			out = append(out, sales.HoldPlace{Movement: pl.Movement, Seat: sales.Seat{ID: l.Wish.Seats[i]}})
			if slices.Contains(taken, l.Wish.Seats[i]) {
				return nil, &sales.Refusal{Kind: domain.Conflict, Code: sales.CodeAvailability, Detail: "taken", Seats: []int64{l.Wish.Seats[i]}}, nil
			}
		}
	}
	if does(a) {
		for _, hp := range out {
			s.seats[hp.Movement] = hp.Seat.ID
		}
	}
	switch a {
	case cutBefore, cutAfter:
		return nil, nil, uncertain(nil)
	case refuses, limited:
		return nil, &sales.Refusal{Kind: domain.Conflict, Code: sales.CodeSeating, Detail: "no"}, nil
	default:
		return out, nil, nil
	}
}

func (p *platform) ExchangesByHand(domain.InstitutionCode) bool { return p.exchangesByHand }
