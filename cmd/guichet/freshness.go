package main

import (
	"context"
	"sync"
	"time"

	"guichet/domain"
	"guichet/domain/freshness"
	"guichet/domain/quota"
	"guichet/domain/sales"
)

func newFreshness(a *app, ids domain.IDs) *freshness.Service {
	p := &purse{meter: a.meter, clock: a.clock, of: map[domain.InstitutionCode]*InstitutionConfig{}, seen: map[domain.InstitutionCode]spending{}}
	for i := range a.cfg.Institutions {
		p.of[domain.InstitutionCode(a.cfg.Institutions[i].Code)] = &a.cfg.Institutions[i]
	}
	process := ids("rep")
	s := freshness.NewService(freshness.Deps{
		Catalog: a.catalog, Store: a.db.Freshness(), Clock: a.clock, IDs: ids, Log: a.log, Institutions: a.cfg.codes(), Views: a.views,
		Settings: freshness.Settings{Floor: a.cfg.FreshnessFloor, Batch: a.cfg.FreshnessBatch}, Off: a.cfg.Freshness == freshnessMoved,
		Budget: p.budget,
		Alone:  a.alone(func() string { return process }),
	})
	p.opens = s.Opens
	a.purse = p
	return s
}

// watchOrders tells the planner what happens to holds.
func (a *app) watchOrders(before sales.Status, o sales.Order) {
	switch {
	case o.Status == sales.Held && before == sales.Holding:
		a.freshness.Held(o.Institution, placesOf(&o))
	case o.Status == sales.Refused && o.Refusal != nil && o.Refusal.Code == sales.CodeAvailability:
		a.freshness.Refused(o.Institution, placesOf(&o))
	case (o.Status == sales.Released || o.Status == sales.Expired) && o.WasHeld():
		a.freshness.GivenBack(o.Institution, placesOf(&o))
	}
}

// placesOf are an order's places, as the planner names them.
func placesOf(o *sales.Order) []freshness.Places {
	var out []freshness.Places
	for _, l := range o.Lines {
		id := l.Performance
		if id == 0 {
			id = freshness.Undated(l.Product)
		}
		out = append(out, freshness.Places{Performance: id, Category: l.SeatCategory, N: l.Quantity})
	}
	return out
}

// purse says what refreshes may spend: what the gate has left of the month, less what it keeps for sales, what sales will
// need by their forecast, and what else is asked regularly. It is safe for concurrent use.
type purse struct {
	meter *quota.Meter
	clock domain.Clock
	of    map[domain.InstitutionCode]*InstitutionConfig
	opens func(code domain.InstitutionCode, from, to time.Time) bool // whether something goes on sale then

	mu   sync.Mutex
	seen map[domain.InstitutionCode]spending
}

// spending is what was seen of an institution's calls.
type spending struct {
	at           time.Time
	days         float64 // that were seen
	sales, other int64   // calls in them: for sales and settling; for anything but these and availability
	month        int64   // of sales, those of the present month
}

const (
	lookBack   = 28 * 24 * time.Hour
	spendEvery = 10 * time.Minute // how often the ledger is read
	// freeRate is what an unmetered partner's refreshes may take a minute: nothing else bounds them.
	freeRate = 10
)

func (p *purse) budget(ctx context.Context, code domain.InstitutionCode) (freshness.Budget, error) {
	u, err := p.meter.Usage(code)
	if err != nil {
		return freshness.Budget{}, err
	}
	now := p.clock()
	s, err := p.spending(ctx, code, now)
	if err != nil {
		return freshness.Budget{}, err
	}
	inst := p.of[code]
	until := monthEnd(now, inst.limits().Zone)
	left := until.Sub(now)
	switch {
	case now.Before(u.ClosedUntil): // nothing can be asked
		return freshness.Budget{Until: until}, nil
	case u.Unmetered:
		return freshness.Budget{Calls: freeRate * (int64(left/time.Minute) + 1), Bytes: 1 << 50, Until: until}, nil
	}
	days := left.Hours() / 24
	forecast := freshness.Forecast{PerDay: float64(inst.PlannedOrders*inst.CallsPerOrder) / 30}
	if p.opens(code, now.AddDate(0, 0, -1), until) { // what the month's plan still misses may come at once
		forecast.Announced = s.sales - s.month + inst.PlannedOrders*inst.CallsPerOrder
	}
	share := int64(u.SalesShare)
	b := freshness.Budget{
		Calls: u.MonthCalls - u.Calls, Bytes: u.MonthBytes - u.Bytes, Until: until, ReserveBytes: u.MonthBytes * share / 100,
		ReserveCalls: max(u.MonthCalls*share/100, forecast.Reserve(s.sales, s.days, days)) + int64(float64(s.other)/max(s.days, 1)*days),
	}
	if u.DayCalls > 0 { // no more than every day to come may take, and nothing once this one has
		day := u.DayCalls * (100 - share) / 100
		most := int64(float64(day) * days)
		if u.Today >= day {
			most = 0
		}
		b.Calls = min(b.Calls, b.ReserveCalls+most)
	}
	return b, nil
}

// monthEnd is when the institution's month is over.
func monthEnd(now time.Time, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	local := now.In(zone)
	return time.Date(local.Year(), local.Month()+1, 1, 0, 0, 0, 0, zone)
}

// monthBegin is when the institution's month began.
func monthBegin(now time.Time, zone *time.Location) time.Time {
	return monthEnd(now, zone).AddDate(0, -1, 0)
}

// spending reads the ledger now and then.
func (p *purse) spending(ctx context.Context, code domain.InstitutionCode, now time.Time) (spending, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.seen[code]; now.Sub(s.at) < spendEvery && !now.Before(s.at) {
		return s, nil
	}
	month := monthBegin(now, p.of[code].limits().Zone)
	from := now.Add(-lookBack)
	if month.Before(from) {
		from = month
	}
	counts, err := p.meter.Counts(ctx, code, quota.Day, from, now)
	if err != nil {
		return spending{}, err
	}
	s := spending{at: now}
	first := now
	for _, c := range counts {
		if c.Start.Before(first) {
			first = c.Start
		}
		switch {
		case c.Class == quota.Sale || c.Class == quota.Settle:
			s.sales += c.Calls
			if !c.Start.Before(month) {
				s.month += c.Calls
			}
		case c.Service != "availabilityService" || c.Class != quota.Refresh:
			s.other += c.Calls
		}
	}
	s.days = now.Sub(first).Hours() / 24
	p.seen[code] = s
	return s, nil
}
