package quota

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"guichet/domain"
)

// Report is an institution's month: what it has cost, what it will cost, and what that means.
type Report struct {
	Usage
	From, Until    time.Time // the month, in the institution's zone
	Today          Sum
	PlanToday      int64 // calls that today may use so that the rest of the month has as many a day
	Month          Sum
	Excluded       Sum // calls that the platform does not count: an unmetered partner's
	ByOperator     []Part
	ByService      []Part
	ByClass        []Part
	Errors         []Part // by outcome, without "ok" and "in_progress"
	Days           []DayCost
	Forecast       Forecast // of calls
	ForecastBytes  Forecast
	Alarm          Alarm // Percent 0 and Forecast false: none
	Pack           Bill  // by the forecast
	PackLow        Bill  // by its lower end
	PackHigh       Bill  // by its upper end
	SoldOrders     int64 // this month, by the platform's answers to closeOrder
	CallsPerSold   float64
	Peaks          []Peak // that run or are still to come
	StandardBreaks bool   // by the forecast the standard offer does not do
}

// Sum is what calls cost together.
type Sum struct {
	Calls, BytesOut, BytesIn, Millis int64
}

func (s *Sum) add(c Count) {
	s.Calls, s.BytesOut, s.BytesIn, s.Millis = s.Calls+c.Calls, s.BytesOut+c.BytesOut, s.BytesIn+c.BytesIn, s.Millis+c.Millis
}

// Part is a share of a month: of an operator, a service with its method, a class or an outcome.
type Part struct {
	Name string
	Sum
}

// DayCost is one day of the month.
type DayCost struct {
	Day time.Time
	Sum
}

// Bill is what a month costs with the Performance Pack.
type Bill struct {
	Calls, Bytes           int64        // expected
	CallBlocks, DataBlocks int64        // started blocks of 1,000 calls and of one GB beyond what is included
	Cost                   domain.Money // zero: the prices are not configured
}

// Included in a month, with the pack and without.
const (
	includedCalls = 10_000
	callBlock     = 1_000
)

// Bill is what so many calls and bytes cost: every started block counts.
func (l Limits) Bill(calls, bytes int64) Bill {
	l = l.withDefaults()
	b := Bill{Calls: calls, Bytes: bytes, CallBlocks: blocks(calls-includedCalls, callBlock), DataBlocks: blocks(bytes-l.Gigabyte, l.Gigabyte)}
	c, d := l.Pack.CallBlock, l.Pack.DataBlock
	if c.Currency != "" && c.Currency == d.Currency {
		b.Cost = domain.Money{Amount: c.Amount*b.CallBlocks + d.Amount*b.DataBlocks, Currency: c.Currency}
	}
	return b
}

func blocks(over, size int64) int64 {
	if over <= 0 {
		return 0
	}
	return (over + size - 1) / size
}

// Report reads an institution's month from the ledger.
func (m *Meter) Report(ctx context.Context, code domain.InstitutionCode) (Report, error) {
	u, err := m.Usage(code)
	if err != nil {
		return Report{}, err
	}
	g := m.gates[code]
	if err := m.book.flush(ctx, m.d.Store, m.limits); err != nil {
		return Report{}, err
	}
	g.mu.Lock()
	now := g.time.now()
	peaks := slices.DeleteFunc(slices.Concat(g.l.Peaks, g.shared.Peaks), func(p Peak) bool { return !p.end().After(now) })
	g.mu.Unlock()
	local := now.In(g.l.Zone)
	from := time.Date(local.Year(), local.Month(), 1, 0, 0, 0, 0, g.l.Zone)
	r := Report{Usage: u, From: from, Until: from.AddDate(0, 1, 0), Peaks: peaks}
	days, err := m.d.Store.Counts(ctx, code, Day, from.AddDate(0, 0, -history).UTC(), r.Until.UTC())
	if err != nil {
		return Report{}, err
	}
	r.fill(g.l, now, days)
	return r, nil
}

// RunsOut is when the month's calls or bytes are used up, by the forecast; zero is not in this month.
func (r *Report) RunsOut() time.Time {
	calls, bytes := r.Forecast.RunsOut, r.ForecastBytes.RunsOut
	if r.Unmetered {
		return time.Time{}
	}
	if calls.IsZero() || (!bytes.IsZero() && bytes.Before(calls)) {
		return bytes
	}
	return calls
}

// fill sums the days up.
func (r *Report) fill(l Limits, now time.Time, counts []Count) {
	operators, services, classes, errs, byDay := parts{}, parts{}, parts{}, parts{}, map[time.Time]*Sum{}
	var saleCalls int64
	today := starts(now, l.Zone)[Day]
	for _, c := range counts {
		if byDay[c.Start] == nil {
			byDay[c.Start] = &Sum{}
		}
		byDay[c.Start].add(c)
		if c.Start.Before(r.From) {
			continue
		}
		r.Month.add(c)
		if c.Start.Equal(today) {
			r.Today.add(c)
		}
		operators.add(c.Operator, c)
		services.add(c.Service+"."+c.Method, c)
		classes.add(string(c.Class), c)
		if c.Failed() {
			errs.add(c.Outcome, c)
		}
		if c.Class == Sale || c.Class == Settle {
			saleCalls += c.Calls
		}
		if c.Method == "closeOrder" && c.Outcome == "ok" {
			r.SoldOrders += c.Calls
		}
	}
	r.ByOperator, r.ByService, r.ByClass, r.Errors = operators.list(), services.list(), classes.list(), errs.list()
	if r.SoldOrders > 0 {
		r.CallsPerSold = float64(saleCalls) / float64(r.SoldOrders)
	}
	if l.Unmetered {
		r.Excluded = r.Month
	}
	calls, bytes := map[time.Time]float64{}, map[time.Time]float64{}
	for day, s := range byDay {
		calls[day], bytes[day] = float64(s.Calls), float64(s.BytesIn+s.BytesOut)
		if !day.Before(r.From) {
			r.Days = append(r.Days, DayCost{day, *s})
		}
	}
	slices.SortFunc(r.Days, func(a, b DayCost) int { return a.Day.Compare(b.Day) })
	left := int64(math.Round(r.Until.Sub(today).Hours() / 24))
	r.PlanToday = max(0, l.MonthCalls-(r.Month.Calls-r.Today.Calls)) / max(left, 1)
	r.Forecast = forecast(calls, l.MonthCalls, r.From, r.Until, now, l.Zone)
	r.ForecastBytes = forecast(bytes, l.MonthBytes, r.From, r.Until, now, l.Zone)
	if l.Unmetered {
		r.Pack, r.PackLow, r.PackHigh = l.Bill(0, 0), l.Bill(0, 0), l.Bill(0, 0)
		return
	}
	r.Pack = l.Bill(r.Forecast.Expected, r.ForecastBytes.Expected)
	r.PackLow, r.PackHigh = l.Bill(r.Forecast.Low, r.ForecastBytes.Low), l.Bill(r.Forecast.High, r.ForecastBytes.High)
	r.StandardBreaks = r.Forecast.Expected > l.MonthCalls || r.ForecastBytes.Expected > l.MonthBytes
	r.Alarm = l.alarm(r)
}

// parts are sums by name.
type parts map[string]*Sum

func (p parts) add(name string, c Count) {
	if p[name] == nil {
		p[name] = &Sum{}
	}
	p[name].add(c)
}

// list is the costliest first.
func (p parts) list() []Part {
	out := make([]Part, 0, len(p))
	for name, s := range p {
		out = append(out, Part{name, *s})
	}
	slices.SortFunc(out, func(a, b Part) int { return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Name, b.Name)) })
	return out
}
