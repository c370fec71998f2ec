package quota

import (
	"context"
	"fmt"
	"sync"
	"time"

	"guichet/domain"
)

// Limits are one institution's, as configured. The zero value of a member takes its default.
type Limits struct {
	PerMinute  int   // calls a minute we allow ourselves; 0 is 60: the published 180 are shared with others, 90 were measured
	Reserve    int   // of PerMinute, kept for sales and settling; 0 is a third
	Concurrent int   // calls at once; 0 is 5
	MonthCalls int64 // 0 is 10,000
	MonthBytes int64 // both directions; 0 is 1 GB (10^9)
	SalesShare int   // percent of the month kept for sales and settling; 0 is 40
	Unmetered  bool  // a partner whose calls are not counted: no month, only the minute
}

// Spacing is the least time between two calls of a method: the platform's own rule.
type Spacing struct {
	Service, Method string
	Every           time.Duration
}

// Spacings are the published ones.
func Spacings() []Spacing {
	return []Spacing{
		{"catalogService", "getCatalogDetailed", 10 * time.Minute},
		{"availabilityService", "getUpdatedAvailabilities", time.Minute},
	}
}

// Meter is the one gate that every call passes. It is safe for concurrent use. The minute is kept per process; the month
// is counted in the database by all processes together, to within one flush.
type Meter struct {
	clock  domain.Clock
	store  Store
	limits map[domain.InstitutionCode]Limits

	mu    sync.Mutex
	gates map[domain.InstitutionCode]*gate
	dirty map[Count]*totals // by Count without its sums
}

type totals struct{ calls, out, in, millis int64 }

// gate is one institution's state.
type gate struct {
	stamps   []time.Time // of calls in the last minute, oldest first
	running  int
	closedTo time.Time // refused to everything but sales until then, after a 509
	refusals int       // in a row
	last     map[string]time.Time
	month    string // "2026-11", in the institution's own count
	calls    int64
	bytes    int64
	wake     chan struct{} // closed and replaced whenever something ends
}

// maxWait is how long a call of each class waits for its turn before it is refused with quota.rate.
var maxWait = map[Class]time.Duration{
	Sale: 20 * time.Second, Settle: 20 * time.Second, Control: 30 * time.Second, Refresh: 2 * time.Minute, Admin: 30 * time.Second,
}

// Codes of this package's errors.
const (
	CodeRate  = "quota.rate"  // our share of the minute is spent
	CodeMonth = "quota.month" // our share of the month is spent
	CodePause = "quota.pause" // the platform said "too many" a moment ago
)

// NewMeter makes a Meter for the institutions given.
func NewMeter(clock domain.Clock, store Store, limits map[domain.InstitutionCode]Limits) *Meter {
	m := &Meter{clock: clock, store: store, limits: map[domain.InstitutionCode]Limits{}, gates: map[domain.InstitutionCode]*gate{}, dirty: map[Count]*totals{}}
	for code, l := range limits {
		m.limits[code] = l.withDefaults()
		m.gates[code] = &gate{last: map[string]time.Time{}, wake: make(chan struct{})}
	}
	return m
}

func (l Limits) withDefaults() Limits {
	if l.PerMinute <= 0 {
		l.PerMinute = 60
	}
	if l.Reserve <= 0 || l.Reserve >= l.PerMinute {
		l.Reserve = l.PerMinute / 3
	}
	if l.Concurrent <= 0 {
		l.Concurrent = 5
	}
	if l.MonthCalls <= 0 {
		l.MonthCalls = 10_000
	}
	if l.MonthBytes <= 0 {
		l.MonthBytes = 1_000_000_000
	}
	if l.SalesShare <= 0 || l.SalesShare > 100 {
		l.SalesShare = 40
	}
	return l
}

// Load reads what this month has already cost, so that a restart does not forget it. Called again after a Flush, it takes
// over what other processes have used meanwhile.
func (m *Meter) Load(ctx context.Context) error {
	now := m.clock()
	from := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	counts, err := m.store.Counts(ctx, "", from, now.Add(time.Hour))
	if err != nil {
		return fmt.Errorf("load this month's calls: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, g := range m.gates {
		g.month, g.calls, g.bytes = now.Format("2006-01"), 0, 0
	}
	for _, c := range counts {
		if g := m.gates[c.Institution]; g != nil {
			g.calls += c.Calls
			g.bytes += c.BytesIn + c.BytesOut
		}
	}
	for k, t := range m.dirty { // made but not written yet
		if g := m.gates[k.Institution]; g != nil && !k.Hour.Before(from) {
			g.calls += t.calls
			g.bytes += t.in + t.out
		}
	}
	return nil
}

// Enter waits for the call's turn, or refuses it: quota.rate when the turn does not come within the class's patience,
// quota.month when the month's share is spent, quota.pause while the platform has had enough. Every Enter that returned
// nil must be followed by one Leave.
func (m *Meter) Enter(ctx context.Context, c Call) error {
	deadline := m.clock().Add(maxWait[c.Class])
	for {
		wait, wake, err := m.try(c)
		if err != nil || wait == 0 {
			return err
		}
		if m.clock().Add(wait).After(deadline) {
			e := domain.Errorf(domain.Limited, CodeRate, "no call to the platform is free for another %s", wait.Round(time.Second))
			e.RetryAfter = wait
			return e
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return context.Cause(ctx)
		case <-wake:
			t.Stop()
		case <-t.C:
		}
	}
}

// try takes a turn, or says how long to wait for one.
func (m *Meter) try(c Call) (time.Duration, <-chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, ok := m.gates[c.Institution]
	if !ok {
		return 0, nil, domain.Errorf(domain.Internal, domain.CodeInternal, "no limits for institution %s", c.Institution)
	}
	l, now := m.limits[c.Institution], m.clock()
	sales := c.Class == Sale || c.Class == Settle
	if err := g.checkMonth(l, now, sales); err != nil {
		return 0, nil, err
	}
	if now.Before(g.closedTo) && !sales {
		e := domain.Errorf(domain.Limited, CodePause, "the platform said too many calls; only sales go on until %s", g.closedTo.Format(time.TimeOnly))
		e.RetryAfter = g.closedTo.Sub(now)
		return 0, nil, e
	}
	for _, sp := range Spacings() {
		if sp.Service == c.Service && sp.Method == c.Method && !c.Poll {
			if next := g.last[c.Method].Add(sp.Every); now.Before(next) {
				return next.Sub(now), g.wake, nil
			}
		}
	}
	if g.running >= l.Concurrent && (!sales || g.running >= l.Concurrent+2) {
		return time.Second, g.wake, nil
	}
	g.forget(now)
	allowed := l.PerMinute
	if !sales {
		allowed -= l.Reserve
	}
	if len(g.stamps) >= allowed {
		// the turn comes when enough of the oldest are a minute old
		return max(g.stamps[len(g.stamps)-allowed].Add(time.Minute).Sub(now), time.Millisecond), g.wake, nil
	}
	g.stamps = append(g.stamps, now)
	g.last[c.Method] = now
	g.running++
	return 0, nil, nil
}

func (g *gate) forget(now time.Time) {
	i := 0
	for i < len(g.stamps) && now.Sub(g.stamps[i]) >= time.Minute {
		i++
	}
	g.stamps = append(g.stamps[:0], g.stamps[i:]...)
}

func (g *gate) checkMonth(l Limits, now time.Time, sales bool) error {
	if month := now.Format("2006-01"); g.month != month {
		g.month, g.calls, g.bytes = month, 0, 0
	}
	if l.Unmetered {
		return nil
	}
	calls, bytes := l.MonthCalls, l.MonthBytes
	if !sales {
		calls -= calls * int64(l.SalesShare) / 100
		bytes -= bytes * int64(l.SalesShare) / 100
	}
	if g.calls < calls && g.bytes < bytes {
		return nil
	}
	e := domain.Errorf(domain.Limited, CodeMonth, "this month's share of calls is spent (%d calls, %d bytes)", g.calls, g.bytes)
	e.RetryAfter = time.Hour
	return e
}

// Leave notes how a call ended. After a 509 or 429 the gate closes for everything but sales until the next minute begins,
// and twice as long for each further one in a row, up to five minutes.
func (m *Meter) Leave(c Call, r Result) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.gates[c.Institution]
	if g == nil {
		return
	}
	now := m.clock()
	g.running--
	g.calls++
	g.bytes += r.BytesOut + r.BytesIn
	if r.Limited {
		if g.refusals == 0 || !now.Before(g.closedTo) {
			g.refusals++ // calls that were on the wire together are refused once, not several times in a row
		}
		pause := now.Truncate(time.Minute).Add(time.Minute).Sub(now) + 2*time.Second
		for range g.refusals - 1 {
			pause = min(pause*2, 5*time.Minute)
		}
		g.closedTo = now.Add(max(pause, r.RetryAfter))
	} else {
		g.refusals = 0
	}
	close(g.wake)
	g.wake = make(chan struct{})
	k := Count{Institution: c.Institution, Hour: now.UTC().Truncate(time.Hour), Service: c.Service, Method: c.Method, Class: c.Class, Outcome: r.Outcome}
	t := m.dirty[k]
	if t == nil {
		t = &totals{}
		m.dirty[k] = t
	}
	t.calls++
	t.out += r.BytesOut
	t.in += r.BytesIn
	t.millis += r.Took.Milliseconds()
}

// Flush writes what was counted since the last flush; what cannot be written is kept for the next one.
func (m *Meter) Flush(ctx context.Context) error {
	m.mu.Lock()
	dirty := m.dirty
	m.dirty = map[Count]*totals{}
	m.mu.Unlock()
	if len(dirty) == 0 {
		return nil
	}
	counts := make([]Count, 0, len(dirty))
	for k, t := range dirty {
		k.Calls, k.BytesOut, k.BytesIn, k.Millis = t.calls, t.out, t.in, t.millis
		counts = append(counts, k)
	}
	err := m.store.AddCounts(ctx, counts)
	if err == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, t := range dirty {
		if now := m.dirty[k]; now != nil {
			now.calls, now.out, now.in, now.millis = now.calls+t.calls, now.out+t.out, now.in+t.in, now.millis+t.millis
		} else {
			m.dirty[k] = t
		}
	}
	return fmt.Errorf("write call counts: %w", err)
}

// Usage is what an institution has used and may use.
type Usage struct {
	Institution             domain.InstitutionCode
	Month                   string
	Calls, Bytes            int64
	MonthCalls, MonthBytes  int64
	InLastMinute, PerMinute int
	ClosedUntil             time.Time // zero: open
	Unmetered               bool
}

// Usage says what an institution has used this month and this minute.
func (m *Meter) Usage(code domain.InstitutionCode) (Usage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, ok := m.gates[code]
	if !ok {
		return Usage{}, domain.Errorf(domain.NotFound, "institution.unknown", "no institution %q", code)
	}
	l, now := m.limits[code], m.clock()
	_ = g.checkMonth(l, now, true) // for the month's roll-over
	g.forget(now)
	u := Usage{
		Institution: code, Month: g.month, Calls: g.calls, Bytes: g.bytes, MonthCalls: l.MonthCalls, MonthBytes: l.MonthBytes,
		InLastMinute: len(g.stamps), PerMinute: l.PerMinute, Unmetered: l.Unmetered,
	}
	if now.Before(g.closedTo) {
		u.ClosedUntil = g.closedTo
	}
	return u, nil
}

// Counts lists the stored counts of [from, to).
func (m *Meter) Counts(ctx context.Context, code domain.InstitutionCode, from, to time.Time) ([]Count, error) {
	if err := m.Flush(ctx); err != nil {
		return nil, err
	}
	return m.store.Counts(ctx, code, from, to)
}
