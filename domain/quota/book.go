package quota

import (
	"context"
	"fmt"
	"sync"
	"time"

	"guichet/domain"
)

// maxSingles bounds the single calls that wait to be written: beyond it the oldest are forgotten, their counts are not.
const maxSingles = 20_000

// book is the ledger's part in memory: what was counted and is not written yet.
type book struct {
	mu      sync.Mutex
	dirty   map[Count]*totals // by Count without its sums
	singles []Single
}

type totals struct{ calls, out, in, millis int64 }

func (b *book) init() { b.dirty = map[Count]*totals{} }

// starts are the beginnings of a moment's units. Days and months are the institution's own.
func starts(at time.Time, zone *time.Location) map[Unit]time.Time {
	local := at.In(zone)
	return map[Unit]time.Time{
		Minute: at.UTC().Truncate(time.Minute),
		Hour:   at.UTC().Truncate(time.Hour),
		Day:    time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone).UTC(),
		Month:  time.Date(local.Year(), local.Month(), 1, 0, 0, 0, 0, zone).UTC(),
	}
}

// note counts a call. Only its minute is kept until flush, which sums up the longer units.
func (b *book) note(c Call, l Limits, r Result, p Purpose, now time.Time) {
	k := Count{
		Institution: c.Institution, Unit: Minute, Start: now.UTC().Truncate(time.Minute), Operator: l.Operator,
		Service: c.Service, Method: c.Method, Class: c.Class, Outcome: r.Outcome,
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.dirty[k]
	if t == nil {
		t = &totals{}
		b.dirty[k] = t
	}
	t.add(totals{1, r.BytesOut, r.BytesIn, r.Took.Milliseconds()})
	if len(b.singles) >= maxSingles {
		b.singles = append(b.singles[:0], b.singles[maxSingles/10:]...)
	}
	b.singles = append(b.singles, Single{
		Institution: c.Institution, At: now.UTC(), Operator: l.Operator, Service: c.Service, Method: c.Method, Class: c.Class, Purpose: p,
		Outcome: r.Outcome, BytesOut: r.BytesOut, BytesIn: r.BytesIn, Took: r.Took,
	})
}

func (t *totals) add(o totals) {
	t.calls, t.out, t.in, t.millis = t.calls+o.calls, t.out+o.out, t.in+o.in, t.millis+o.millis
}

// flush writes the ledger; what cannot be written is kept.
func (b *book) flush(ctx context.Context, store Store, zones map[domain.InstitutionCode]Limits) error {
	b.mu.Lock()
	dirty, singles := b.dirty, b.singles
	b.dirty, b.singles = map[Count]*totals{}, nil
	b.mu.Unlock()
	if len(dirty) == 0 {
		return nil
	}
	sums := map[Count]*totals{}
	for k, t := range dirty {
		for unit, start := range starts(k.Start, zones[k.Institution].Zone) {
			k.Unit, k.Start = unit, start
			if sums[k] == nil {
				sums[k] = &totals{}
			}
			sums[k].add(*t)
		}
	}
	counts := make([]Count, 0, len(sums))
	for k, t := range sums {
		k.Calls, k.BytesOut, k.BytesIn, k.Millis = t.calls, t.out, t.in, t.millis
		counts = append(counts, k)
	}
	err := store.AddCounts(ctx, counts, singles)
	if err == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, t := range dirty {
		if now := b.dirty[k]; now != nil {
			now.add(*t)
		} else {
			b.dirty[k] = t
		}
	}
	b.singles = append(singles, b.singles...)
	if over := len(b.singles) - maxSingles; over > 0 {
		b.singles = b.singles[over:]
	}
	return fmt.Errorf("write call counts: %w", err)
}

// How long the ledger keeps what; months are kept for good.
const (
	keepMinutes = 2 * 24 * time.Hour
	keepSingles = 7 * 24 * time.Hour
	mostSingles = 50_000
)

// Prune deletes what the ledger no longer keeps, and says how much it was.
func (m *Meter) Prune(ctx context.Context) (domain.Outcome, error) {
	now := m.d.Clock()
	before := map[Unit]time.Time{Minute: now.Add(-keepMinutes), Hour: now.AddDate(0, -13, 0), Day: now.AddDate(-5, 0, 0)}
	n, err := m.d.Store.Prune(ctx, before, now.Add(-keepSingles), mostSingles)
	if err != nil {
		return domain.Outcome{}, fmt.Errorf("prune the ledger: %w", err)
	}
	return domain.Outcome{Done: int(n)}, nil
}

// Counts lists the counts of a unit that start in [from, to), with what this process has not written yet.
func (m *Meter) Counts(ctx context.Context, code domain.InstitutionCode, unit Unit, from, to time.Time) ([]Count, error) {
	if err := m.book.flush(ctx, m.d.Store, m.limits); err != nil {
		return nil, err
	}
	return m.d.Store.Counts(ctx, code, unit, from, to)
}

// CallsFor lists the logged calls for an order, oldest first: of the last week, or the last 50,000 calls.
func (m *Meter) CallsFor(ctx context.Context, order string) ([]Single, error) {
	if err := m.book.flush(ctx, m.d.Store, m.limits); err != nil {
		return nil, err
	}
	return m.d.Store.CallsFor(ctx, order)
}

// Callers sums an institution's logged calls that ended in [from, to) by what they were made for, those with the most calls
// first, at most so many. The log holds the last week, or the last 50,000 calls.
func (m *Meter) Callers(ctx context.Context, code domain.InstitutionCode, by By, from, to time.Time, most int) ([]Caller, error) {
	if err := m.book.flush(ctx, m.d.Store, m.limits); err != nil {
		return nil, err
	}
	return m.d.Store.Callers(ctx, code, by, from, to, most)
}
