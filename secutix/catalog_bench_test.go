package secutix

import (
	"fmt"
	"runtime"
	"testing"
	"time"

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

// BenchmarkSnapshotMemory takes over 20,000 performances of 2,000 plays with 12 prices each and names in three languages,
// and reports what the indexed snapshot keeps: with a play's prices the same for each of its performances, as they are in
// practice, and with no two price lists alike.
func BenchmarkSnapshotMemory(b *testing.B) {
	for name, differ := range map[string]int64{"same prices": 0, "all prices differ": 10} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				before := heap()
				m := newMapping(sample.Institution(), time.Minute)
				season := oneSeason().Seasons[0]
				season.AudienceCategories[0].AudienceSubCategories = s360.List[s360.AudienceSubCategory]{{ID: 601}, {ID: 602}, {ID: 603}}
				m.season(&season)
				for i := range 2_000 {
					m.product(aPlay(i, differ), 1)
				}
				s := m.finish(&s360.CatalogData{})
				s.Index()
				b.ReportMetric(float64(heap()-before)/1e6, "kept-MB")
				if len(s.Performances) != 20_000 || len(s.Performances[0].Prices) != 12 || len(s.Refused)+len(s.Impossible) != 0 {
					b.Fatalf("%d performances, %v, %v", len(s.Performances), s.Refused, s.Impossible)
				}
			}
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// aPlay is the i-th play with ten performances; the prices of each are so many thousandths more than those of the one
// before.
func aPlay(i int, differ int64) *s360.Product {
	named := func(what string) *s360.ExternalName {
		var n s360.ExternalName
		for _, locale := range []string{"fr", "de", "en"} {
			n.Translations = append(n.Translations, s360.Translation{Locale: locale, Value: fmt.Sprintf("%s %s %d", what, locale, i)})
		}
		return &n
	}
	p := event()
	p.ID, p.Code = s360.ID(10_310_000_000_000+i), fmt.Sprintf("PLAY%d", i)
	p.ExternalName, p.ExternalDescription = named("Une pièce"), named("Elle est longue et belle, et dès sept ans, toute la famille y va.")
	p.SalePeriods = s360.List[s360.SalePeriod]{{SalePossible: true, SalesChannelID: 400_100_210, Type: "STANDARD"}}
	for j := range 10 {
		perf := performance()
		perf.ID, perf.ExternalName, perf.SiteExternalName = s360.ID(10_320_000_000_000+10*i+j), p.ExternalName, named("Théâtre")
		for cat := range 4 {
			perf.SeatCategories = append(perf.SeatCategories, s360.SeatCategory{ID: s360.ID(cat + 1), Code: "CAT", ExternalName: named("Catégorie")})
			for tariff := range 3 {
				perf.Prices = append(perf.Prices, price(42_000+int64(10*i+j)*differ, func(p *s360.Price) {
					p.SeatCatID, p.AudSubCatID = s360.ID(cat+1), s360.ID(601+tariff)
					p.ChargesAmounts = s360.List[s360.ChargeAmount]{{ChargesID: 1101, Component: "FRAIS", Amount: amount(2_000)}}
				}))
			}
		}
		p.Event.Performances = append(p.Event.Performances, perf)
	}
	return &p
}
