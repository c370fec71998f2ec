package quota_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/quota"
)

// month is a synthetic history: a weekly rhythm, a slow trend, days that follow the one before, and scatter.
func month(r *rand.Rand) func(day time.Time) int64 {
	level, trend, carry := 100+r.Float64()*300, (r.Float64()-0.5)*0.006, 0.0
	var weekly [7]float64
	for i := range weekly {
		weekly[i] = 0.6 + 0.8*r.Float64()
	}
	n := 0.0
	return func(day time.Time) int64 {
		n++
		carry = 0.3*carry + r.NormFloat64()*0.15
		mean := level * (1 + trend*n) * weekly[day.Weekday()] * math.Exp(carry)
		return int64(math.Max(0, mean+r.NormFloat64()*math.Sqrt(mean)))
	}
}

func TestForecast_TheRangeHoldsAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	const worlds = 400
	held, middle := 0, 0.0
	for n := range worlds {
		s := newStore()
		draw := month(r)
		end := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
		now := time.Date(2026, 11, 4+n%25, 0, 0, 0, 0, time.UTC)
		var total int64
		for day := time.Date(2026, 10, 4, 0, 0, 0, 0, time.UTC); day.Before(end); day = day.AddDate(0, 0, 1) {
			calls := draw(day)
			if day.Month() == time.November {
				total += calls
			}
			if !day.Before(now) {
				continue
			}
			c := quota.Count{Institution: theatre, Unit: quota.Day, Start: day, Service: "s", Method: "m", Outcome: "ok", Calls: calls}
			if err := s.AddCounts(t.Context(), []quota.Count{c}, nil); err != nil {
				t.Fatal(err)
			}
		}
		m := quota.NewMeter(func() time.Time { return now }, s, map[domain.InstitutionCode]quota.Limits{theatre: {}})
		rep, err := m.Report(t.Context(), theatre)
		if err != nil {
			t.Fatal(err)
		}
		f := rep.Forecast
		if f.Low > f.Expected || f.Expected > f.High {
			t.Fatalf("%+v", f)
		}
		if f.Low <= total && total <= f.High {
			held++
		}
		middle += math.Abs(float64(f.Expected-total)) / float64(total)
	}
	share := 100 * float64(held) / worlds
	t.Logf("the truth lay in the range in %.1f percent of %d months; the middle was off by %.1f percent in the mean", share, worlds, 100*middle/worlds)
	if share < 75 || share > 92 || middle/worlds > 0.08 {
		t.Errorf("the range says 80 percent and holds in %.1f", share)
	}
}

func TestReport_SumsTheMonthAndSaysWhatItCosts(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{
		PerMinute: 1000, MonthCalls: 100, Operator: "SHOP", Zone: paris(t),
		Pack: quota.Pack{CallBlock: domain.Money{Amount: 1250, Currency: "EUR"}, DataBlock: domain.Money{Amount: 300, Currency: "EUR"}},
	})
	sold := quota.Call{Institution: theatre, Service: "externalOrderService", Method: "closeOrder", Class: quota.Sale}
	for range 4 {
		g.do(call(quota.Sale), ok())
		g.do(sold, ok())
	}
	g.do(call(quota.Refresh), quota.Result{Outcome: "unreachable", BytesOut: 100})
	r, err := g.Report(t.Context(), theatre)
	if err != nil {
		t.Fatal(err)
	}
	if r.Month.Calls != 9 || r.Today.Calls != 9 || r.SoldOrders != 4 || r.CallsPerSold != 2 || r.PlanToday != 10 {
		t.Errorf("month %d, today %d, sold %d at %.1f calls, plan %d", r.Month.Calls, r.Today.Calls, r.SoldOrders, r.CallsPerSold, r.PlanToday)
	}
	if len(r.ByOperator) != 1 || r.ByOperator[0].Name != "SHOP" || r.ByOperator[0].Calls != 9 || len(r.ByService) != 2 || len(r.Errors) != 1 || r.Errors[0].Name != "unreachable" {
		t.Errorf("%+v %+v %+v", r.ByOperator, r.ByService, r.Errors)
	}
}

func TestBill_EveryStartedBlockCounts(t *testing.T) {
	t.Parallel()
	l := quota.Limits{Pack: quota.Pack{CallBlock: domain.Money{Amount: 1250, Currency: "EUR"}, DataBlock: domain.Money{Amount: 300, Currency: "EUR"}}}
	for _, c := range []struct{ calls, bytes, callBlocks, dataBlocks, cost int64 }{
		{10_000, 1_000_000_000, 0, 0, 0}, {10_001, 1_000_000_000, 1, 0, 1250}, {11_000, 1_000_000_001, 1, 1, 1550}, {11_001, 2_000_000_001, 2, 2, 3100},
	} {
		b := l.Bill(c.calls, c.bytes)
		if b.CallBlocks != c.callBlocks || b.DataBlocks != c.dataBlocks || b.Cost.Amount != c.cost || b.Cost.Currency != "EUR" {
			t.Errorf("%d calls, %d bytes: %+v", c.calls, c.bytes, b)
		}
	}
	if b := (quota.Limits{}).Bill(20_000, 0); b.CallBlocks != 10 || b.Cost.Currency != "" {
		t.Errorf("without prices: %+v", b)
	}
}

func TestWatch_EachAlarmIsToldOnceByAllReplicas(t *testing.T) {
	t.Parallel()
	s, now := newStore(), noon()
	var told []quota.Alarm
	replica := func() *quota.Meter {
		return quota.New(quota.Deps{
			Clock: func() time.Time { return now }, Store: s, Limits: map[domain.InstitutionCode]quota.Limits{theatre: {PerMinute: 39, MonthCalls: 100}}, // one call a lease
			Alarm: func(a quota.Alarm) { told = append(told, a) },
		})
	}
	one, two := replica(), replica()
	for n := range 100 {
		now = now.Add(3 * time.Second)
		if err := one.Enter(t.Context(), call(quota.Sale)); err != nil {
			t.Fatal(err)
		}
		one.Leave(context.Background(), call(quota.Sale), ok())
		if n%10 == 9 {
			for _, m := range []*quota.Meter{one, two} {
				if err := m.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := m.Load(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := m.Watch(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	var lines []int
	for _, a := range told {
		lines = append(lines, a.Percent)
	}
	if len(lines) != 3 || lines[0] != 50 || lines[1] != 80 || lines[2] != 95 {
		t.Errorf("told %v", lines)
	}
}

func TestPeak_RaisesTheRateBetweenTwoInstantsAndIsRefusedOtherwise(t *testing.T) {
	t.Parallel()
	peak := quota.Peak{From: noon().Add(time.Hour), To: noon().Add(2 * time.Hour), PerMinute: 18}
	l := quota.Limits{PerMinute: 9, Agreed: 18, Peaks: []quota.Peak{peak}}
	for at, want := range map[time.Time]int{noon(): 9, peak.From: 18, peak.To.Add(-time.Second): 18, peak.To: 9} {
		g := newGate(l)
		g.now = at
		made := 0
		for g.do(call(quota.Sale), ok()) {
			made++
		}
		if made != want {
			t.Errorf("%s: %d calls, want %d", at, made, want)
		}
	}
	for name, p := range map[string]quota.Peak{
		"overlaps": {From: peak.From.Add(time.Minute), To: peak.To.Add(time.Hour), PerMinute: 18}, "above": {From: peak.To, To: peak.To.Add(time.Hour), PerMinute: 19},
		"backwards": {From: peak.To.Add(time.Hour), To: peak.To, PerMinute: 18}, "lower": {From: peak.To, To: peak.To.Add(time.Hour), PerMinute: 9},
	} {
		bad := l
		bad.Peaks = []quota.Peak{peak, p}
		if err := bad.CheckPeaks(); !domain.HasCode(err, quota.CodePeak) || len(domain.AsError(err).Fields) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := l.CheckPeaks(); err != nil {
		t.Error(err)
	}
}

func TestCheckPlan_MoreSalesThanCallsIsRefusedWithTheNumbers(t *testing.T) {
	t.Parallel()
	l := quota.Limits{} // 4,000 of 10,000 are kept for sales
	if err := l.CheckPlan(800, 5); err != nil {
		t.Error(err)
	}
	err := l.CheckPlan(801, 5)
	if e := domain.AsError(err); e == nil || e.Detail != "801 orders at 5 calls each are more than the 4000 calls kept for sales (40 percent of 10000): at most 800 orders can be sold" {
		t.Errorf("%v", err)
	}
	if err := l.CheckPlan(math.MaxInt64, 5); err == nil {
		t.Error("a plan beyond all numbers")
	}
	if err := (quota.Limits{Unmetered: true}).CheckPlan(1_000_000, 5); err != nil {
		t.Error(err)
	}
}

func TestRate_GoesDownByAQuarterAndComesBackWhenQuiet(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{PerMinute: 80})
	rate := func() int {
		u, err := g.Usage(theatre)
		if err != nil {
			t.Fatal(err)
		}
		return u.PerMinute
	}
	for _, want := range []int{60, 45, 34} {
		g.do(call(quota.Refresh), quota.Result{Outcome: "limited", Limited: true})
		if got := rate(); got != want {
			t.Fatalf("rate %d, want %d", got, want)
		}
		g.now = g.now.Add(6 * time.Minute)
	}
	for range 20 { // a replica that hears of nobody's refusals for hours
		g.now = g.now.Add(11 * time.Minute)
		g.do(call(quota.Refresh), ok())
	}
	if got := rate(); got != 80 {
		t.Errorf("rate %d after a quiet time, want 80", got)
	}
	for range 60 {
		g.do(call(quota.Sale), quota.Result{Outcome: "limited", Limited: true})
		g.now = g.now.Add(6 * time.Minute)
	}
	if got := rate(); got != 8 {
		t.Errorf("rate %d after many refusals, want the bound of 8", got)
	}
}

func TestForecast_SaysWhenTheMonthRunsOut(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		a, b      int // whole days with calls each
		each      int64
		today     int64
		now, want time.Time
	}{
		"400 a day":            {1, 20, 400, 0, day(21), day(26)},
		"in the middle of one": {1, 20, 400, 200, day(21).Add(12 * time.Hour), day(26)},
		"not this month":       {1, 20, 300, 0, day(21), time.Time{}},
		"today":                {1, 20, 499, 0, day(21), day(21).Add(24 * time.Hour * 20 / 499)},
		"already":              {1, 20, 500, 0, day(21), day(21)},
		"from this day alone":  {0, -1, 0, 500, day(1).Add(12 * time.Hour), day(11)},
		"the first day, never": {0, -1, 0, 100, day(1).Add(12 * time.Hour), time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore()
			add := func(at time.Time, calls int64) {
				counts := []quota.Count{{Institution: theatre, Unit: quota.Day, Start: at, Service: "s", Method: "m", Outcome: "ok", Calls: calls}}
				if err := s.AddCounts(t.Context(), counts, nil); err != nil {
					t.Fatal(err)
				}
			}
			for d := c.a; d <= c.b; d++ {
				add(day(d), c.each)
			}
			if c.today > 0 {
				add(day(c.now.Day()), c.today)
			}
			for unmetered, want := range map[bool]time.Time{false: c.want, true: {}} {
				m := quota.NewMeter(func() time.Time { return c.now }, s, map[domain.InstitutionCode]quota.Limits{theatre: {Unmetered: unmetered}})
				r, err := m.Report(t.Context(), theatre)
				if got := r.RunsOut(); err != nil || got.Sub(want).Abs() > time.Second {
					t.Errorf("unmetered %t: %s, want %s, %v", unmetered, got, want, err)
				}
			}
		})
	}
}
