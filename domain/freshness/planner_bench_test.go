package freshness_test

import (
	"testing"
	"time"

	"guichet/domain/catalog"
	"guichet/domain/freshness"
)

var began = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// crowd is a planner of n performances, ten to a product, that were read over the last day and are looked at.
func crowd(n, categories int) *freshness.Planner {
	p := freshness.New(freshness.Settings{})
	for i := range n {
		p.Put(freshness.Performance{ID: catalog.PerformanceID(i + 1), Product: catalog.ProductID(i/10 + 1), Start: began.Add(time.Duration(i+100) * 10 * time.Minute)})
	}
	levels := make([]freshness.Stock, categories)
	for pass := range 2 {
		at := began.Add(time.Duration(pass-2) * 3 * time.Hour)
		for i := range n {
			for c := range levels {
				levels[c] = freshness.Stock{Category: catalog.SeatCategoryID(c + 1), Level: catalog.LevelGood, Count: 40 + (i*7+c)%200 - pass*(i%9), Counted: true}
			}
			p.Read(catalog.PerformanceID(i+1), levels, at)
			if i%3 == 0 {
				p.Viewed(catalog.PerformanceID(i+1), 1+i%4, at.Add(time.Hour))
			}
		}
	}
	return p
}

// A decision for 20,000 performances of four categories: the bar is 5 ms.
func BenchmarkDecide20000(b *testing.B) {
	p := crowd(20_000, 4)
	budget := freshness.Budget{Calls: 1_000_000, Bytes: 1 << 40, Until: began.Add(30 * 24 * time.Hour)}
	now := began
	p.Decide(now, budget)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Minute)
		p.Refused(1, now) // so that every decision looks at everything
		p.Decide(now, budget)
	}
}
