package freshness

import (
	"cmp"
	"context"
	"slices"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// By is which call confirmed something last.
type By string

// The calls.
const (
	ByRead By = "read" // getEventAvailability or getProductAvailability
	ByPoll By = "poll" // getUpdatedAvailabilities: it did not move
)

// Standing is how fresh one performance is, why, and what comes next.
type Standing struct {
	ID          catalog.PerformanceID // negative: an undated product's (Undated)
	Product     catalog.ProductID
	ConfirmedAt time.Time // zero is never
	By          By        // "" is never
	ReadAt      time.Time // zero is never
	RefusedAt   time.Time // a hold was refused that our figures allowed; zero is never
	Last        Explanation
	Now         Explanation
	DueBy       time.Time // the floor has it read by then; zero: it may be read at once
	Ahead       int       // how many are worth more; those of one batch come with the same call
	OnSaleFrom  time.Time // zero: on sale
}

// Order says in which order standings are listed.
type Order string

// The orders.
const (
	OrderStale  Order = "stale"  // longest unconfirmed first
	OrderViewed Order = "viewed" // most looked at first
	OrderNext   Order = "next"   // worth most first: what the next call is for
)

// Summary is an institution's planner as a whole.
type Summary struct {
	Performances int // planned for, undated products included
	Unread       int
	Budget       Budget    // of the last decision
	Spendable    int64     // calls of it that refreshes may use
	DecidedAt    time.Time // zero is never
	NextAt       time.Time // nothing is worth a call before, unless something happens
	Price        float64   // what a call must be worth now, in the planner's units
	Settings     Settings  // with the costs that were measured
	SavedAt      time.Time
	Off          bool
}

// Explain says how fresh a performance (or, by Undated, a product) is. Errors: institution.unknown; freshness.unplanned for
// one that is not on sale, over or unknown.
func (s *Service) Explain(ctx context.Context, code domain.InstitutionCode, id catalog.PerformanceID) (Standing, error) {
	m, err := s.mind(code)
	if err != nil {
		return Standing{}, err
	}
	if err := s.load(ctx, code, m); err != nil {
		return Standing{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.planner.at[id]
	if !ok {
		return Standing{}, domain.Errorf(domain.NotFound, CodeUnplanned, "nothing is planned for it: it is not on sale, or over, or was never seen")
	}
	now := s.Clock()
	st := m.planner.standing(&m.planner.perfs[i], now)
	at := m.planner.moment(now.Unix())
	for j := range m.planner.perfs {
		if f := &m.planner.perfs[j]; f.onSale <= now.Unix() && m.planner.value(f, at) > st.Now.Value {
			st.Ahead++
		}
	}
	return st, nil
}

// CodeUnplanned is the error of a performance that the planner does not plan for.
const CodeUnplanned = "freshness.unplanned"

// List lists the standings of what is on sale, at most limit, with the planner as a whole. Errors: institution.unknown.
func (s *Service) List(ctx context.Context, code domain.InstitutionCode, order Order, limit int) ([]Standing, Summary, error) {
	m, err := s.mind(code)
	if err != nil {
		return nil, Summary{}, err
	}
	if err := s.load(ctx, code, m); err != nil {
		return nil, Summary{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := s.Clock()
	p := m.planner
	calls, _ := m.budget.spendable()
	sum := Summary{
		Performances: len(p.perfs), Budget: m.budget, Spendable: calls, DecidedAt: m.decided, NextAt: m.next, Price: p.price, Settings: p.set, Off: s.Off,
	}
	all := make([]Standing, 0, len(p.perfs))
	for i := range p.perfs {
		f := &p.perfs[i]
		if f.read == 0 {
			sum.Unread++
		}
		if f.onSale <= now.Unix() {
			all = append(all, p.standing(f, now))
		}
	}
	slices.SortFunc(all, func(a, b Standing) int { return cmp.Or(cmp.Compare(b.Now.Value, a.Now.Value), cmp.Compare(a.ID, b.ID)) })
	for i := range all {
		all[i].Ahead = i
	}
	switch order {
	case OrderStale:
		slices.SortStableFunc(all, func(a, b Standing) int { return a.ConfirmedAt.Compare(b.ConfirmedAt) })
	case OrderViewed:
		slices.SortStableFunc(all, func(a, b Standing) int { return cmp.Compare(b.Now.ViewsPerHour, a.Now.ViewsPerHour) })
	case OrderNext:
	}
	return all[:min(len(all), max(limit, 0))], sum, nil
}

// standing is how fresh one performance is.
func (p *Planner) standing(f *perf, now time.Time) Standing {
	last, current, _ := p.Explain(f.id, now)
	st := Standing{ID: f.id, Product: p.goods[f.product].id, Last: last, Now: current}
	known := max(f.read, f.confirmed)
	if known > 0 {
		st.ConfirmedAt, st.By = time.Unix(known, 0).UTC(), ByRead
		if f.confirmed > f.read {
			st.By = ByPoll
		}
		st.DueBy = st.ConfirmedAt.Add(time.Duration(float64(p.set.Floor) * hardFloor))
	}
	if f.read > 0 {
		st.ReadAt = time.Unix(f.read, 0).UTC()
	}
	if f.refused > 0 {
		st.RefusedAt = time.Unix(f.refused, 0).UTC()
		if f.refused > f.read {
			st.DueBy = time.Time{}
		}
	}
	if f.onSale > now.Unix() {
		st.OnSaleFrom = time.Unix(f.onSale, 0).UTC()
		st.DueBy = st.OnSaleFrom
	}
	return st
}
