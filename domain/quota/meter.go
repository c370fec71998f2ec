package quota

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"guichet/domain"
)

// Deps is what a Meter needs. Clock and Limits are mandatory.
type Deps struct {
	Clock domain.Clock
	// Elapsed is the machine's monotonic clock. Nil believes Clock, which then must not step.
	Elapsed func() time.Duration
	// Store is where replicas meet; nil keeps everything in this process and forgets it.
	Store  Store
	Limits map[domain.InstitutionCode]Limits
	// Replica names this process among those that share the store; it must be unique. Empty is a random one.
	Replica string
	// Jitter is a chance from 0 to 1, by which the pause after a refusal is stretched; nil is a random one.
	Jitter func() float64
	// Alarm hears of each alarm once in all replicas; nil is nobody.
	Alarm func(Alarm)
}

// Meter is the one gate that every call passes, and the ledger of them. Replicas share the day, the month, the minute, the
// platform's refusals and the methods' spacing through the database: each leases a few calls at a time and spends them
// without asking. It is safe for concurrent use.
type Meter struct {
	d       Deps
	limits  map[domain.InstitutionCode]Limits
	gates   map[domain.InstitutionCode]*gate
	book    book
	patient map[Class]time.Duration
}

// gate is one institution's state in this process.
type gate struct {
	code domain.InstitutionCode
	l    Limits

	turn     chan struct{} // holds the one exchange that is under way
	mu       sync.Mutex
	time     keeper
	shared   *shared // as last seen; never changed in place
	version  int64
	known    bool // shared has been read
	leases   []lease
	room     [2]int64 // bytes left as of the last lease: for others, for sales
	running  int
	trading  bool
	shift    time.Duration
	doubted  bool
	bytes    int64
	refusals []refusal
	calm     bool
	closed   time.Time    // of refusals that are not shared yet
	dry      [2]time.Time // nothing is free until then: for others, for sales
	spent    [2]spent
	wake     chan struct{} // closed and replaced whenever something changes
}

// lease is what this process holds of a grant.
type lease struct {
	grant
	left  int
	until time.Time // by the earliest time; it may be spent until then
	last  time.Time // when it was spent from, at the latest
}

// spent is a refusal that no waiting helps, kept for a moment so that the database is not asked for each.
type spent struct {
	err   *domain.Error
	until time.Time
}

// maxWait is how long a call of each class waits for its turn before it is refused with quota.rate.
func maxWait() map[Class]time.Duration {
	return map[Class]time.Duration{
		Sale: 20 * time.Second, Settle: 20 * time.Second, Control: 30 * time.Second, Refresh: 2 * time.Minute, Admin: 30 * time.Second,
	}
}

// Codes of this package's errors.
const (
	CodeRate  = "quota.rate"  // our share of the minute is spent
	CodeDay   = "quota.day"   // our share of the day is spent
	CodeMonth = "quota.month" // our share of the month is spent
	CodePause = "quota.pause" // the platform said "too many" a moment ago
)

// New makes a Meter. It panics where Clock is missing.
func New(d Deps) *Meter {
	if d.Clock == nil {
		panic("quota: Clock is needed")
	}
	if d.Store == nil {
		d.Store = &memory{documents: map[domain.InstitutionCode]document{}}
	}
	if d.Replica == "" {
		d.Replica = fmt.Sprintf("%016x", rand.Uint64())
	}
	if d.Jitter == nil {
		d.Jitter = rand.Float64
	}
	m := &Meter{d: d, limits: map[domain.InstitutionCode]Limits{}, gates: map[domain.InstitutionCode]*gate{}, patient: maxWait()}
	for code, l := range d.Limits {
		l = l.withDefaults()
		m.limits[code] = l
		m.gates[code] = &gate{
			code: code, l: l, shared: &shared{}, wake: make(chan struct{}), turn: make(chan struct{}, 1), time: keeper{clock: d.Clock, elapsed: d.Elapsed},
		}
	}
	m.book.init()
	return m
}

// NewMeter makes a Meter that believes the clock given. A nil store forgets everything with the process.
func NewMeter(clock domain.Clock, store Store, limits map[domain.InstitutionCode]Limits) *Meter {
	return New(Deps{Clock: clock, Store: store, Limits: limits})
}

// verdict is what a look at the gate says.
type verdict struct {
	pass  bool
	lease bool // nothing local is left: ask the others
	wait  time.Duration
	wake  <-chan struct{}
	err   error
}

// Enter waits for the call's turn, or refuses it: quota.rate when the turn does not come within the class's patience,
// quota.day and quota.month when their share is spent, quota.pause while the platform has had enough. Every Enter that
// returned nil must be followed by one Leave.
func (m *Meter) Enter(ctx context.Context, c Call) error {
	g, ok := m.gates[c.Institution]
	if !ok {
		return domain.Errorf(domain.Internal, domain.CodeInternal, "no limits for institution %s", c.Institution)
	}
	var waited time.Duration
	for {
		v := g.try(c)
		if v.lease {
			var err error
			if v, err = m.lease(ctx, g, c); err != nil {
				return err
			}
		}
		if v.err != nil || v.pass {
			return v.err
		}
		if waited+v.wait > m.patient[c.Class] {
			e := domain.Errorf(domain.Limited, CodeRate, "no call to the platform is free for another %s", v.wait.Round(time.Second))
			e.RetryAfter = v.wait
			return e
		}
		begin := m.reading()
		t := time.NewTimer(v.wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return context.Cause(ctx)
		case <-v.wake:
			t.Stop()
		case <-t.C:
		}
		waited += max(0, m.reading()-begin)
	}
}

// reading is the monotonic clock, or what stands for it.
func (m *Meter) reading() time.Duration {
	if m.d.Elapsed != nil {
		return m.d.Elapsed()
	}
	return time.Duration(m.d.Clock().UnixNano())
}

func lane(sales bool) int {
	if sales {
		return 1
	}
	return 0
}

// try takes a turn from what this process holds.
func (g *gate) try(c Call) verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, sales := g.time.now(), c.sales()
	if !sales {
		if to := later(g.shared.Pause.ClosedTo, g.closed); now.Before(to) {
			return verdict{err: paused(now, to)}
		}
	}
	if s := g.spent[lane(sales)]; s.err != nil && now.Before(s.until) {
		return verdict{err: s.err}
	}
	every := spacing(c)
	if every > 0 {
		if next := g.shared.Last[c.Method].Add(every); now.Before(next) {
			return verdict{wait: next.Sub(now), wake: g.wake}
		}
	}
	if most := g.concurrent(); g.running >= most && (!sales || g.running >= most+2) {
		return verdict{wait: time.Second, wake: g.wake}
	}
	if every == 0 && g.take(now, sales) {
		g.running++
		return verdict{pass: true}
	}
	if g.trading {
		return verdict{wait: time.Second, wake: g.wake}
	}
	if to := g.dry[lane(sales)]; now.Before(to) {
		return verdict{wait: to.Sub(now), wake: g.wake}
	}
	g.trading = true
	g.running++ // the turn is ours if the lease brings one
	return verdict{lease: true}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// concurrent is this process's part of the calls at once.
func (g *gate) concurrent() int { return max(g.l.Concurrent/max(len(g.shared.Replicas), 1), 1) }

// take spends one call of a lease. Sales may spend what was leased for others; others never what only sales may.
func (g *gate) take(now time.Time, sales bool) bool {
	if g.room[lane(sales)] <= 0 {
		return false
	}
	for i := range g.leases {
		if e := &g.leases[i]; e.left > 0 && now.Before(e.until) && (sales || !e.Sales) {
			e.left--
			e.last = g.stamp(now)
			return true
		}
	}
	return false
}

// stamp is the latest that a call made now can have been made at.
func (g *gate) stamp(now time.Time) time.Time {
	if g.time.doubt {
		return now
	}
	return now.Add(g.time.late())
}

// lease asks the other replicas, through the database, for a few calls, and takes one of them.
func (m *Meter) lease(ctx context.Context, g *gate, c Call) (verdict, error) {
	t := trade{want: max(g.l.PerMinute/20, 1), sales: c.sales(), key: c.Method, every: spacing(c)}
	if t.every > 0 {
		t.want = 1
	}
	d, err := m.exchange(ctx, g, t, nil)
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.changed()
	g.trading = false
	now := g.time.now()
	switch {
	case err != nil:
		g.running--
		if ctx.Err() != nil {
			return verdict{}, context.Cause(ctx)
		}
		return verdict{}, fmt.Errorf("lease calls to the platform: %w", err)
	case d.err != nil:
		g.running--
		if d.err.Code != CodePause {
			g.spent[lane(t.sales)] = spent{d.err, now.Add(5 * time.Second)}
		}
		return verdict{err: d.err}, nil
	case d.grant.Calls == 0:
		g.running--
		if t.every == 0 {
			g.dry[lane(t.sales)] = now.Add(d.wait)
		}
		return verdict{wait: d.wait, wake: g.wake}, nil
	}
	g.room[lane(t.sales)] = d.room
	g.leases = append(g.leases, lease{grant: d.grant, left: d.grant.Calls - 1, until: d.until, last: g.stamp(now)})
	return verdict{pass: true}, nil
}

// changed wakes everybody who waits.
func (g *gate) changed() {
	close(g.wake)
	g.wake = make(chan struct{})
}

// report is what the gate has to tell the others.
func (g *gate) report(t trade) (trade, []lease) {
	now := g.time.now()
	t.now, t.ahead, t.shift, t.strict = now, g.time.late(), g.shift, g.time.elapsed != nil
	t.doubt, t.doubted = g.time.doubt, g.doubted
	t.bytes, t.refusals, t.calm = g.bytes, g.refusals, g.calm
	g.doubted, g.shift, g.bytes, g.refusals, g.calm = false, 0, 0, nil, false
	var open, done []lease
	for _, e := range g.leases {
		if e.left > 0 && now.Before(e.until) {
			open = append(open, e)
			continue
		}
		done = append(done, e)
		t.settled = append(t.settled, settled{id: e.ID, spent: e.Calls - e.left, last: e.last})
	}
	g.leases = open
	return t, done
}

// takeBack puts a report that did not arrive back; it may have, and then counts twice, which costs calls and never makes any.
func (g *gate) takeBack(t trade, done []lease) {
	g.shift += t.shift
	g.doubted = g.doubted || t.doubted
	g.bytes += t.bytes
	g.refusals = append(t.refusals, g.refusals...)
	g.calm = g.calm || t.calm
	g.leases = append(done, g.leases...)
}

// exchange trades with the other replicas: one statement when nobody came between, three more each time somebody did.
func (m *Meter) exchange(ctx context.Context, g *gate, t trade, also func(*shared) error) (deal, error) {
	if err := m.first(ctx, g); err != nil {
		return deal{}, err
	}
	if err := g.takeTurn(ctx); err != nil {
		return deal{}, err
	}
	defer func() { <-g.turn }()
	g.mu.Lock()
	t, done := g.report(t)
	t.owner = m.d.Replica
	seen, version := g.shared, g.version
	g.mu.Unlock()
	d, next, version, err := m.swap(ctx, g, t, seen, version, also)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.takeBack(t, done)
		return deal{}, err
	}
	g.see(next, version)
	return d, nil
}

// takeTurn waits until no other exchange of this process is under way, so that only other replicas are competed with. A free
// turn is taken whatever the context says.
func (g *gate) takeTurn(ctx context.Context) error {
	select {
	case g.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case g.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// see takes over what the replicas know now, unless something newer is known already.
func (g *gate) see(next *shared, version int64) {
	if version <= g.version && g.known {
		return
	}
	g.shared, g.version, g.known, g.closed = next, version, true, time.Time{}
}

// attempts bounds how often one exchange is tried.
const attempts = 20

func (m *Meter) swap(ctx context.Context, g *gate, t trade, seen *shared, version int64, also func(*shared) error) (deal, *shared, int64, error) {
	for range attempts {
		next := seen.clone()
		d := next.trade(g.l, t)
		if also != nil {
			if err := also(next); err != nil {
				return deal{}, nil, 0, err
			}
		}
		raw, err := next.encode()
		if err != nil {
			return deal{}, nil, 0, err
		}
		swapped, err := m.d.Store.SwapShared(ctx, g.code, version, raw)
		if err != nil {
			return deal{}, nil, 0, err
		}
		if swapped {
			return d, next, version + 1, nil
		}
		if seen, version, err = m.read(ctx, g.code); err != nil {
			return deal{}, nil, 0, err
		}
	}
	return deal{}, nil, 0, domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "too many processes share one gate")
}

func (m *Meter) read(ctx context.Context, code domain.InstitutionCode) (*shared, int64, error) {
	raw, version, err := m.d.Store.Shared(ctx, code)
	if err != nil {
		return nil, 0, err
	}
	s, err := decodeShared(raw)
	if err != nil {
		return nil, 0, fmt.Errorf("what replicas share about %s: %w", code, err)
	}
	return s, version, nil
}

// first reads what the replicas know, once. Where they know nothing yet, the month begins with what the ledger holds.
func (m *Meter) first(ctx context.Context, g *gate) error {
	g.mu.Lock()
	known := g.known
	g.mu.Unlock()
	if known {
		return nil
	}
	s, version, err := m.read(ctx, g.code)
	if err != nil {
		return err
	}
	if version == 0 {
		if s, err = m.seed(ctx, g); err != nil {
			return err
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.see(s, version)
	g.time.begin(s.Seen)
	return nil
}

// seed makes the first shared document from the ledger.
func (m *Meter) seed(ctx context.Context, g *gate) (*shared, error) {
	now := m.d.Clock()
	local := now.In(g.l.Zone)
	from := time.Date(local.Year(), local.Month(), 1, 0, 0, 0, 0, g.l.Zone)
	counts, err := m.d.Store.Counts(ctx, g.code, Hour, from.Truncate(time.Hour), now.Add(time.Hour))
	if err != nil {
		return nil, fmt.Errorf("read this month's calls: %w", err)
	}
	s := &shared{}
	for _, c := range counts {
		local := c.Start.In(g.l.Zone)
		for _, key := range []string{local.Format(time.DateOnly), local.Format("2006-01")} {
			p := s.period(key)
			p.Calls += c.Calls
			p.Bytes += c.BytesIn + c.BytesOut
		}
	}
	return s, nil
}

// Load reads what the replicas know now, so that a restart forgets nothing and a quiet process learns what others used.
func (m *Meter) Load(ctx context.Context) error {
	for _, g := range m.gates {
		if err := m.first(ctx, g); err != nil {
			return fmt.Errorf("load the gate of %s: %w", g.code, err)
		}
		s, version, err := m.read(ctx, g.code)
		if err != nil {
			return fmt.Errorf("load the gate of %s: %w", g.code, err)
		}
		if version > 0 {
			g.mu.Lock()
			g.see(s, version)
			g.mu.Unlock()
		}
	}
	return nil
}

// Leave notes how a call ended. After a 509 or 429 the gate closes, in all replicas, for everything but sales until the
// next minute begins and 1 to 5 seconds more, twice as long for each further one in a row, up to five minutes; our rate
// goes down by a quarter and comes back slowly.
func (m *Meter) Leave(ctx context.Context, c Call, r Result) {
	g := m.gates[c.Institution]
	if g == nil {
		return
	}
	g.mu.Lock()
	now := g.time.now()
	g.running--
	g.bytes += r.BytesOut + r.BytesIn
	g.room[0] -= r.BytesOut + r.BytesIn
	g.room[1] -= r.BytesOut + r.BytesIn
	doubted := g.time.doubt
	if shift, jumped := g.time.witness(r.Date, r.Took); jumped {
		g.shift += shift
		g.doubted = g.doubted || doubted
		g.lapse() // leased by another time: no longer to be trusted
	}
	if r.Limited {
		g.refusals = append(g.refusals, refusal{retry: r.RetryAfter, jitter: m.d.Jitter()})
		g.closed = later(g.closed, now.Truncate(time.Minute).Add(time.Minute+time.Second))
	} else if r.Outcome != "unreachable" {
		g.calm = true
	}
	tell := r.Limited || (doubted && !g.time.doubt)
	g.changed()
	g.mu.Unlock()
	m.book.note(c, g.l, r, PurposeOf(ctx), now)
	if tell {
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_, _ = m.exchange(soon, g, trade{}, nil) // what is not told now goes with the next exchange; we keep to it at once
	}
}

// Flush writes what was counted since the last flush, returns what was leased and not spent in time, and looks at the
// alarms; what cannot be written is kept for the next one.
func (m *Meter) Flush(ctx context.Context) error {
	var failed error
	for _, g := range m.gates {
		if !g.pending() {
			continue
		}
		if _, err := m.exchange(ctx, g, trade{}, nil); err != nil {
			failed = errors.Join(failed, fmt.Errorf("return leased calls of %s: %w", g.code, err))
		}
	}
	return errors.Join(failed, m.book.flush(ctx, m.d.Store, m.limits))
}

// pending says whether the others should hear of something.
func (g *gate) pending() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.time.now()
	for _, e := range g.leases {
		if e.left == 0 || !now.Before(e.until) {
			return true
		}
	}
	return g.bytes > 0 || len(g.refusals) > 0
}

// Close gives back every lease and writes what was counted: call it once, when no call is made any more.
func (m *Meter) Close(ctx context.Context) error {
	for _, g := range m.gates {
		g.mu.Lock()
		g.lapse()
		g.mu.Unlock()
	}
	return m.Flush(ctx)
}

// lapse ends every lease: the next exchange gives back what is left of it.
func (g *gate) lapse() {
	for i := range g.leases {
		g.leases[i].until = time.Time{}
	}
}

// ForgetSpacing forgets when methods with a spacing of their own were last called: for a platform that has begun anew, as
// the demonstration's simulator does with each start.
func (m *Meter) ForgetSpacing(ctx context.Context) error {
	for _, g := range m.gates {
		if _, err := m.exchange(ctx, g, trade{}, func(s *shared) error {
			s.Last = nil
			return nil
		}); err != nil {
			return fmt.Errorf("forget the spacing of %s: %w", g.code, err)
		}
	}
	return nil
}

// Usage is what an institution has used and may use.
type Usage struct {
	Institution             domain.InstitutionCode
	Month                   string
	Calls, Bytes            int64 // this month, all replicas; what another one has leased counts as used
	MonthCalls, MonthBytes  int64
	Today, TodayBytes       int64
	DayCalls, DayBytes      int64     // 0: no limit of the day
	InLastMinute, PerMinute int       // all replicas; the rate is the one in force: learned, and raised in a peak window
	ForSales                int       // of PerMinute
	SalesShare              int       // percent of day and month kept for sales and settling
	ClosedUntil             time.Time // zero: open
	Unmetered               bool
	Replicas                int
}

// Usage says what an institution has used this month, today and this minute, as this process knows it.
func (m *Meter) Usage(code domain.InstitutionCode) (Usage, error) {
	g, ok := m.gates[code]
	if !ok {
		return Usage{}, unknown(code)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.time.now()
	local := now.In(g.l.Zone)
	day, month := g.shared.spent(local.Format(time.DateOnly)), g.shared.spent(local.Format("2006-01"))
	all, others := g.shared.allowed(g.l, now)
	u := Usage{
		Institution: code, Month: month.Key, Calls: month.Calls, Bytes: month.Bytes + g.bytes, MonthCalls: g.l.MonthCalls, MonthBytes: g.l.MonthBytes,
		Today: day.Calls, TodayBytes: day.Bytes + g.bytes, DayCalls: g.l.DayCalls, DayBytes: g.l.DayBytes,
		PerMinute: all, ForSales: all - others, SalesShare: g.l.SalesShare, Unmetered: g.l.Unmetered, Replicas: max(len(g.shared.Replicas), 1),
	}
	for _, e := range g.shared.Grants {
		if now.Sub(e.Until) < time.Minute {
			u.InLastMinute += e.Calls
		}
	}
	for _, e := range g.leases {
		u.InLastMinute -= e.left
		u.Calls -= int64(e.left)
		u.Today -= int64(e.left)
		if e.left < e.Calls && now.Sub(e.last) >= time.Minute {
			u.InLastMinute -= e.Calls - e.left
		}
	}
	if to := later(g.shared.Pause.ClosedTo, g.closed); now.Before(to) {
		u.ClosedUntil = to
	}
	return u, nil
}

func unknown(code domain.InstitutionCode) error {
	return domain.Errorf(domain.NotFound, "institution.unknown", "no institution %q", code)
}
