package secutix

import (
	"fmt"
	"testing"

	"guichet/domain/sample"
	"guichet/secutix/s360"
)

// BenchmarkToSnapshot takes over a catalog of 1,000 performances with four prices each.
func BenchmarkToSnapshot(b *testing.B) {
	d := oneSeason()
	for i := range 10 {
		p := event()
		p.ID, p.Code = s360.ID(1000+i), fmt.Sprintf("PLAY%d", i)
		for j := range 100 {
			perf := performance()
			perf.ID = s360.ID(100_000 + 100*i + j)
			for cat := range 4 {
				perf.SeatCategories = append(perf.SeatCategories, s360.SeatCategory{ID: s360.ID(cat + 1), Code: "CAT"})
				perf.Prices = append(perf.Prices, price(42_000, func(p *s360.Price) { p.SeatCatID = s360.ID(cat + 1) }))
			}
			p.Event.Performances = append(p.Event.Performances, perf)
		}
		d.Seasons[0].Products = append(d.Seasons[0].Products, p)
	}
	b.ReportAllocs()
	for b.Loop() {
		if s := toSnapshot(sample.Institution(), d); len(s.Performances) != 1000 || len(s.Refused) != 0 {
			b.Fatalf("%d performances, refused %v", len(s.Performances), s.Refused)
		}
	}
}
