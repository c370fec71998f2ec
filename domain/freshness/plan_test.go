package freshness_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/freshness"
)

func TestPlan_CannotBeKept_IsRefusedWithTheNumbers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plan freshness.Plan
		says []string
	}{
		"more sales than calls": {freshness.Plan{Calls: 10_000, Orders: 4000}, []string{"4000 orders need 12000 calls", "the month's 10000"}},
		"a poll a minute":       {freshness.Plan{Calls: 10_000, PollEvery: time.Minute}, []string{"polls 43200"}},
		"a poll too often":      {freshness.Plan{Calls: 10_000, PollEvery: 30 * time.Second}, []string{"30s", "1m0s"}},
		"a floor too low":       {freshness.Plan{Calls: 10_000, Performances: 4000, Floor: time.Hour}, []string{"14400"}},
		"no calls":              {freshness.Plan{}, []string{"calls"}},
		"absurd":                {freshness.Plan{Calls: 1 << 60}, []string{"no month"}},
	} {
		_, err := c.plan.Check()
		if !domain.HasCode(err, freshness.CodePlan) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, s := range c.says {
			if !strings.Contains(domain.AsError(err).Detail, s) {
				t.Errorf("%s: %q does not say %q", name, domain.AsError(err).Detail, s)
			}
		}
	}
}

func TestPlan_Kept_AddsUp(t *testing.T) {
	t.Parallel()
	s, err := freshness.Plan{Calls: 10_000, Orders: 1000, Performances: 500, PollEvery: time.Hour}.Check()
	if err != nil {
		t.Fatal(err)
	}
	if s.SaleCalls != 3000 || s.PollCalls != 720 || s.FloorCalls != 90 || s.CallBlocks != 0 {
		t.Errorf("%+v", s)
	}
	if sum := s.SaleReserve + s.PollCalls + s.FloorCalls + s.UpkeepCalls + s.FreeCalls; sum != 10_000 {
		t.Errorf("the parts are %d calls", sum)
	}
	s, err = freshness.Plan{Calls: 10_000, Orders: 4000, Pack: true}.Check()
	if err != nil || s.Calls <= 12_000 || s.CallBlocks != (s.Calls-10_000+999)/1000 {
		t.Errorf("with the pack: %+v, %v", s, err)
	}
}

// The reserve is to hold in about 97 of 100 months; that is measured with sales that come in bursts.
func TestForecast_Reserve_HoldsInNearlyEveryMonth(t *testing.T) {
	t.Parallel()
	c := rand.New(rand.NewPCG(1, 2))
	const months = 2000
	held := 0
	for range months {
		rate := 20 + 200*c.Float64()
		draw := func() (calls int64) { // orders of three calls, a few together
			for x := c.ExpFloat64() / (rate / 6); x < 1; x += c.ExpFloat64() / (rate / 6) {
				calls += 3 * int64(1+c.IntN(3))
			}
			return calls
		}
		var seen, need int64
		for range 10 {
			seen += draw()
		}
		for range 20 {
			need += draw()
		}
		if need <= (freshness.Forecast{PerDay: rate}).Reserve(seen, 10, 20) {
			held++
		}
	}
	if share := float64(held) / months; share < 0.95 {
		t.Errorf("the reserve held in %.1f %% of months", share*100)
	}
	if r := (freshness.Forecast{PerDay: 100}).Reserve(500, 30, 0); r != 0 {
		t.Errorf("%d calls reserved for no time", r)
	}
}

func TestConfidence_LearnsByLevelAgeAndNearness(t *testing.T) {
	t.Parallel()
	var c freshness.Confidence
	fresh := freshness.Answer{Level: catalog.LevelGood, Age: time.Minute, Until: 48 * time.Hour}
	old := freshness.Answer{Level: catalog.LevelLimited, Age: 5 * time.Hour, Until: 2 * time.Hour}
	if p := c.Of(fresh); p < 0.9 || p >= 1 {
		t.Errorf("%.3f before anything was learned", p)
	}
	for i := range 400 {
		c.Learn(fresh, true)
		c.Learn(old, i%2 == 0)
	}
	if p := c.Of(fresh); p < 0.98 || p > 1 {
		t.Errorf("%.3f for what always sold", p)
	}
	if p := c.Of(old); p < 0.45 || p > 0.56 {
		t.Errorf("%.3f for what sold half the time", p)
	}
	near := old
	near.Until = 30 * 24 * time.Hour // never seen: leans on the same level and age
	if p := c.Of(near); p < 0.45 || p > 0.7 || c.Holds(near) != 0 {
		t.Errorf("%.3f for the neighbour of what sold half the time", p)
	}
	for _, l := range []catalog.Level{catalog.LevelSoldOut, catalog.LevelNotOnSale} {
		if p := c.Of(freshness.Answer{Level: l}); p != 0 {
			t.Errorf("%s sells with chance %.3f", l, p)
		}
	}
}

func TestConfidence_Forgets(t *testing.T) {
	t.Parallel()
	var c freshness.Confidence
	a := freshness.Answer{Level: catalog.LevelLimited, Age: time.Hour}
	for range 5000 {
		c.Learn(a, false)
	}
	for range 3 * freshness.Memory {
		c.Learn(a, true)
	}
	if p := c.Of(a); p < 0.8 {
		t.Errorf("%.3f after three half-lives of success", p)
	}
}

// A sale that is announced keeps what the month was expected to need, however quiet the days before it were.
func TestForecast_SaleAnnounced_KeepsWhatTheMonthStillMisses(t *testing.T) {
	t.Parallel()
	quiet := freshness.Forecast{PerDay: 100}
	told := freshness.Forecast{PerDay: 100, Announced: 3000}
	if a, b := quiet.Reserve(1000, 28, 2), told.Reserve(1000, 28, 2); a >= 1000 || b < 2000 || b > 2500 {
		t.Errorf("%d kept without, %d with a sale to come", a, b)
	}
	if a, b := quiet.Reserve(3100, 28, 2), told.Reserve(3100, 28, 2); a != b {
		t.Errorf("%d and %d kept though nothing is missing", a, b)
	}
	if r := told.Reserve(0, 30, 0); r != 0 {
		t.Errorf("%d kept when the period is over", r)
	}
}

func TestOpens_OnlyTheFirstPerformanceOfAProductOpensItsSale(t *testing.T) {
	t.Parallel()
	p := freshness.New(freshness.Settings{})
	put := func(id catalog.PerformanceID, product catalog.ProductID, onSale time.Time) {
		p.Put(freshness.Performance{ID: id, Product: product, Start: began.AddDate(0, 3, 0), OnSale: onSale})
	}
	put(1, 1, time.Time{})
	put(2, 1, began.AddDate(0, 0, 5)) // more of what is on sale
	put(3, 2, began.AddDate(0, 0, 8))
	put(4, 2, began.AddDate(0, 0, 12))
	for _, c := range []struct {
		from, to int
		want     bool
	}{{0, 8, false}, {0, 9, true}, {8, 9, true}, {9, 30, false}} {
		if got := p.Opens(began.AddDate(0, 0, c.from), began.AddDate(0, 0, c.to)); got != c.want {
			t.Errorf("a sale opens between day %d and %d: %v", c.from, c.to, got)
		}
	}
}
