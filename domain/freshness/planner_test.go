package freshness_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/domain/catalog"
	"guichet/domain/freshness"
)

const month = 30 * 24 * time.Hour

func good(n int) []freshness.Stock {
	return []freshness.Stock{{Category: 1, Level: catalog.LevelGood, Count: n, Counted: true}}
}

func soldOut() []freshness.Stock {
	return []freshness.Stock{{Category: 1, Level: catalog.LevelSoldOut, Counted: true}}
}

// hall is a planner of n performances of as many products, on sale and starting in sixty days.
func hall(n int, s freshness.Settings) *freshness.Planner {
	p := freshness.New(s)
	for i := range n {
		p.Put(freshness.Performance{ID: catalog.PerformanceID(i + 1), Product: catalog.ProductID(i + 1), Start: began.Add(60 * 24 * time.Hour)})
	}
	return p
}

func ample() freshness.Budget {
	return freshness.Budget{Calls: 6000, Bytes: 1e9, Until: began.Add(month)}
}

func ids(d freshness.Decision) []catalog.PerformanceID {
	var out []catalog.PerformanceID
	for _, r := range d.Reads {
		out = append(out, r...)
	}
	return out
}

// Whatever happens, a decision stays within the budget less its reserve, the minute and the platform's spacing.
func TestDecide_AnyEvents_StaysWithinEveryLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 450).Draw(t, "performances")
		set := freshness.Settings{Floor: time.Duration(rapid.IntRange(1, 48).Draw(t, "floor")) * time.Hour, PerMinute: rapid.IntRange(1, 5).Draw(t, "a minute")}
		p := hall(n, set)
		b := freshness.Budget{
			Calls: int64(rapid.IntRange(0, 60).Draw(t, "calls")), Bytes: int64(rapid.IntRange(0, 400_000).Draw(t, "bytes")),
			ReserveCalls: int64(rapid.IntRange(0, 20).Draw(t, "reserve")), ReserveBytes: 10_000, Until: began.Add(48 * time.Hour),
		}
		now, last := began, map[catalog.PerformanceID]time.Time{}
		var polled, minute time.Time
		inMinute := 0
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(-30, 4000).Draw(t, "seconds")) * time.Second)
			id := catalog.PerformanceID(rapid.IntRange(1, n).Draw(t, "performance"))
			switch rapid.IntRange(0, 3).Draw(t, "event") {
			case 0:
				p.Viewed(id, 3, now)
			case 1:
				p.Refused(id, now)
			case 2:
				p.Sold(id, 1, 2, now)
			}
			d := p.Decide(now, b)
			if int64(d.Calls()) > max(0, b.Calls-b.ReserveCalls) || (d.Calls() > 0 && d.Bytes > b.Bytes-b.ReserveBytes) {
				t.Fatalf("%d calls and %d bytes of a budget of %+v", d.Calls(), d.Bytes, b)
			}
			if d.Poll {
				if now.Sub(polled) < time.Minute {
					t.Fatalf("polls %s apart", now.Sub(polled))
				}
				polled = now
				p.Polled(now, d.Since, []catalog.Moved{{Product: catalog.ProductID(id), At: now}})
			}
			if now.Sub(minute) >= time.Minute {
				minute, inMinute = now, 0
			}
			if inMinute += d.Calls(); inMinute > set.PerMinute {
				t.Fatalf("%d calls in a minute of %d", inMinute, set.PerMinute)
			}
			for _, r := range d.Reads {
				if len(r) > 200 {
					t.Fatalf("%d performances in a call", len(r))
				}
				for _, i := range r {
					if was, ok := last[i]; ok && now.Sub(was) < time.Minute {
						t.Fatalf("performance %d read again after %s", i, now.Sub(was))
					}
					last[i] = now
					p.Read(i, good(10), now)
				}
			}
			b.Calls -= int64(d.Calls())
			b.Bytes -= d.Bytes
		}
	})
}

// run lets a planner work for so long, minute by minute, and returns the oldest that any reading became and the calls made.
func run(p *freshness.Planner, n int, calls int64, long time.Duration, each func(now time.Time)) (oldest time.Duration, made int64) {
	last := make([]time.Time, n+1)
	for i := range last {
		last[i] = began
	}
	for now := began; now.Before(began.Add(long)); now = now.Add(time.Minute) {
		if each != nil {
			each(now)
		}
		d := p.Decide(now, freshness.Budget{Calls: calls - made, Bytes: 1e9, Until: began.Add(long)})
		made += int64(d.Calls())
		if d.Poll {
			p.Polled(now, d.Since, nil)
		}
		for _, id := range ids(d) {
			p.Read(id, good(500), now)
			last[id] = now
		}
		for _, at := range last[1:] {
			oldest = max(oldest, now.Sub(at))
		}
	}
	return oldest, made
}

func TestDecide_BudgetAllowsIt_KeepsTheFloor(t *testing.T) {
	t.Parallel()
	for _, floor := range []time.Duration{2 * time.Hour, 6 * time.Hour, 24 * time.Hour} {
		p := hall(1000, freshness.Settings{Floor: floor})
		// one performance takes nearly every look; the others must not be forgotten for it, nor counted as read by a poll
		oldest, _ := run(p, 1000, 2000, 5*24*time.Hour, func(now time.Time) { p.Viewed(7, 2, now) })
		_ = oldest
		for i := 1; i <= 1000; i++ {
			_, now, ok := p.Explain(catalog.PerformanceID(i), began.Add(5*24*time.Hour))
			if !ok || now.Age > floor {
				t.Fatalf("floor %s: performance %d is %s old", floor, i, now.Age)
			}
		}
	}
}

func TestDecide_SpendsWhatItMay_NotMore(t *testing.T) {
	t.Parallel()
	p := hall(300, freshness.Settings{})
	_, made := run(p, 300, 1000, 5*24*time.Hour, func(now time.Time) {
		if h := now.Hour(); h > 8 && h < 23 {
			p.Viewed(catalog.PerformanceID(1+now.Minute()%40), 1, now)
		}
	})
	if made > 1000 || made < 700 {
		t.Errorf("%d of 1000 calls made", made)
	}
}

func TestDecide_SameEvents_SameDecisions(t *testing.T) {
	t.Parallel()
	play := func() (out [][]catalog.PerformanceID) {
		p := hall(350, freshness.Settings{})
		for m := range 600 {
			now := began.Add(time.Duration(m) * time.Minute)
			p.Viewed(catalog.PerformanceID(1+m*m%350), 1+m%3, now)
			d := p.Decide(now, ample())
			for _, id := range ids(d) {
				p.Read(id, good(300-m/4), now)
			}
			out = append(out, ids(d))
		}
		return out
	}
	if diff := cmp.Diff(play(), play()); diff != "" {
		t.Error(diff)
	}
}

func TestDecide_NoBudgetOrPeriodOver_AsksNothing(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]freshness.Budget{
		"nothing left":      {Calls: 0, Bytes: 1e9, Until: began.Add(month)},
		"all reserved":      {Calls: 500, ReserveCalls: 500, Bytes: 1e9, Until: began.Add(month)},
		"no bytes":          {Calls: 500, Bytes: 1000, Until: began.Add(month)},
		"bytes reserved":    {Calls: 500, Bytes: 1e6, ReserveBytes: 1e6, Until: began.Add(month)},
		"the month is over": {Calls: 500, Bytes: 1e9, Until: began},
	} {
		p := hall(10, freshness.Settings{})
		p.Refused(1, began)
		if d := p.Decide(began, b); d.Calls() != 0 {
			t.Errorf("%s: %d calls", name, d.Calls())
		}
	}
}

func TestDecide_ClockGoesBack_AsksNothingTwice(t *testing.T) {
	t.Parallel()
	p := hall(10, freshness.Settings{})
	if d := p.Decide(began, ample()); d.Calls() != 1 {
		t.Fatalf("%d calls for what was never read", d.Calls())
	}
	for back := range 5 {
		if d := p.Decide(began.Add(-time.Duration(back+1)*time.Hour), ample()); d.Calls() != 0 {
			t.Errorf("%d calls after the clock went back", d.Calls())
		}
	}
}

func TestDecide_NotOnSaleOrStarted_IsNotRead(t *testing.T) {
	t.Parallel()
	p := freshness.New(freshness.Settings{})
	p.Put(freshness.Performance{ID: 1, Product: 1, Start: began.Add(-time.Minute)})
	p.Put(freshness.Performance{ID: 2, Product: 1, Start: began.Add(time.Hour), OnSale: began.Add(10 * time.Minute)})
	if d := p.Decide(began, ample()); d.Calls() != 0 {
		t.Errorf("read %v", ids(d))
	}
	d := p.Decide(began.Add(10*time.Minute), ample())
	if diff := cmp.Diff([]catalog.PerformanceID{2}, ids(d)); diff != "" {
		t.Error(diff)
	}
}

func TestDecide_ManyQuietProducts_PollsInsteadOfReading(t *testing.T) {
	t.Parallel()
	const n = 4000
	p := hall(n, freshness.Settings{Floor: 48 * time.Hour})
	polls, reads := 0, 0
	for m := range 24 * 60 {
		now := began.Add(time.Duration(m) * time.Minute)
		for k := range 5 {
			p.Viewed(catalog.PerformanceID(1+(m*31+k*811)%n), 1, now)
		}
		d := p.Decide(now, freshness.Budget{Calls: 10_000, Bytes: 1e9, Until: began.Add(month)})
		if d.Poll {
			polls++
			p.Polled(now, d.Since, nil)
		}
		reads += len(d.Reads)
		for _, id := range ids(d) {
			p.Read(id, good(100), now)
		}
	}
	if polls < 50 || polls < reads {
		t.Errorf("%d polls and %d readings of a catalog where nothing moves", polls, reads)
	}
}

// settled is a planner of one performance that was read and has a price for a call.
func settled(levels []freshness.Stock) (*freshness.Planner, time.Time) {
	p := hall(1, freshness.Settings{})
	now := began
	p.Decide(now, ample())
	p.Read(1, levels, now)
	return p, now
}

func TestExplain_NamesTheTrueReason(t *testing.T) {
	t.Parallel()
	t.Run("never read", func(t *testing.T) {
		t.Parallel()
		p := hall(3, freshness.Settings{})
		p.Decide(began, ample())
		last, _, ok := p.Explain(2, began)
		if !ok || last.Reason != freshness.ReasonNever || !last.DecidedAt.Equal(began) {
			t.Errorf("%+v", last)
		}
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		p, now := settled(good(50))
		p.Refused(1, now.Add(2*time.Minute))
		if d := p.Decide(now.Add(3*time.Minute), ample()); d.Calls() != 1 {
			t.Fatalf("%d calls after a refusal", d.Calls())
		}
		if last, _, _ := p.Explain(1, now); last.Reason != freshness.ReasonRefused || last.Age != 3*time.Minute {
			t.Errorf("%+v", last)
		}
	})
	t.Run("floor", func(t *testing.T) {
		t.Parallel()
		p, now := settled([]freshness.Stock{{Category: 1, Level: catalog.LevelNotOnSale}})
		p.Decide(now.Add(10*time.Hour), ample())
		if last, _, _ := p.Explain(1, now); last.Reason != freshness.ReasonNever {
			t.Errorf("read after 10 hours although nothing sells: %+v", last)
		}
		p.Decide(now.Add(23*time.Hour), ample())
		if last, _, _ := p.Explain(1, now); last.Reason != freshness.ReasonFloor {
			t.Errorf("%+v", last)
		}
	})
	t.Run("scarce", func(t *testing.T) {
		t.Parallel()
		p, now := settled(good(50))
		p.Read(1, good(4), now.Add(5*time.Minute))
		p.Viewed(1, 30, now.Add(6*time.Minute))
		p.Decide(now.Add(7*time.Minute), ample())
		_, current, _ := p.Explain(1, now.Add(9*time.Minute))
		if current.Reason != freshness.ReasonScarce || current.Left != 4 || current.PlacesPerHour < 100 {
			t.Errorf("%+v", current)
		}
	})
	t.Run("returned", func(t *testing.T) {
		t.Parallel()
		p, now := settled(soldOut())
		p.Viewed(1, 30, now.Add(time.Minute))
		_, current, _ := p.Explain(1, now.Add(9*time.Minute))
		if current.Reason != freshness.ReasonReturned || current.Left != -1 {
			t.Errorf("%+v", current)
		}
	})
	t.Run("room", func(t *testing.T) {
		t.Parallel()
		p := hall(150, freshness.Settings{})
		for _, id := range ids(p.Decide(began, ample())) {
			p.Read(id, good(400), began)
		}
		p.Refused(9, began.Add(2*time.Minute))
		d := p.Decide(began.Add(3*time.Minute), ample())
		if len(ids(d)) != 150 {
			t.Fatalf("%d performances in the call", len(ids(d)))
		}
		if last, _, _ := p.Explain(10, began); last.Reason != freshness.ReasonRoom {
			t.Errorf("%+v", last)
		}
		if last, _, _ := p.Explain(9, began); last.Reason != freshness.ReasonRefused {
			t.Errorf("%+v", last)
		}
	})
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		if _, _, ok := hall(1, freshness.Settings{}).Explain(2, began); ok {
			t.Error("explains what it does not know")
		}
	})
}

// A hot, scarce performance is read more often than one that nobody looks at.
func TestDecide_LookedAtAndScarce_IsReadMoreOften(t *testing.T) {
	t.Parallel()
	p := hall(400, freshness.Settings{Batch: 20})
	reads := make([]int, 401)
	left := 400
	for m := range 24 * 60 {
		now := began.Add(time.Duration(m) * time.Minute)
		p.Viewed(7, 1, now)
		if m%10 == 0 {
			p.Viewed(catalog.PerformanceID(100+m%200), 1, now)
		}
		if m%3 == 0 && left > 5 {
			left--
		}
		d := p.Decide(now, ample())
		if d.Poll {
			p.Polled(now, d.Since, []catalog.Moved{{Product: 7, At: now}})
		}
		for _, id := range ids(d) {
			reads[id]++
			if id == 7 {
				p.Read(id, good(left), now)
				continue
			}
			p.Read(id, good(300), now)
		}
	}
	if reads[7] < 5*max(1, reads[300]) {
		t.Errorf("read %d times, one that nobody looks at %d times", reads[7], reads[300])
	}
}

func TestDecide_Settled_AllocatesNothing(t *testing.T) { //nolint:paralleltest // allocations are counted for the whole process
	p := crowd(2000, 4)
	now := began
	budget := freshness.Budget{Calls: 1_000_000, Bytes: 1 << 40, Until: began.Add(month)}
	step := func() {
		now = now.Add(time.Minute)
		p.Viewed(catalog.PerformanceID(1+now.Minute()), 1, now)
		p.Refused(1, now)
		d := p.Decide(now, budget)
		for _, r := range d.Reads {
			for _, id := range r {
				p.Read(id, nil, now)
			}
		}
	}
	for range 3000 { // two days, over several renewals of the counters
		step()
	}
	if n := testing.AllocsPerRun(500, step); n > 0 {
		t.Errorf("%.1f allocations a decision", n)
	}
}

func TestDrop_ForgetsOnlyThatOne(t *testing.T) {
	t.Parallel()
	p := hall(5, freshness.Settings{})
	p.Drop(2)
	p.Drop(2)
	p.Drop(99)
	if p.Len() != 4 {
		t.Fatalf("%d left", p.Len())
	}
	d := p.Decide(began, ample())
	got := map[catalog.PerformanceID]bool{}
	for _, id := range ids(d) {
		got[id] = true
	}
	if diff := cmp.Diff(map[catalog.PerformanceID]bool{1: true, 3: true, 4: true, 5: true}, got); diff != "" {
		t.Error(diff)
	}
	if _, _, ok := p.Explain(5, began); !ok {
		t.Error("the one that took its place is lost")
	}
}
