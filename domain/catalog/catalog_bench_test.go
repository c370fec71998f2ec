package catalog_test

import (
	"testing"
	"time"

	"guichet/domain/catalog"
	"guichet/domain/sample"
)

// BenchmarkQuote prices an order of three lines in a catalog of 20,000 performances.
func BenchmarkQuote(b *testing.B) {
	v := catalog.NewView(sample.Many(20_000), nil, sample.Now())
	p := &v.Performances[10_000]
	wants := []catalog.Want{
		{Performance: p.ID, SeatCategory: sample.Stalls, Tariff: sample.Full, Quantity: 2},
		{Performance: p.ID, SeatCategory: sample.Stalls, Tariff: sample.Child, Quantity: 2},
		{Performance: p.ID, SeatCategory: sample.Balcony, Tariff: sample.Full, Quantity: 2},
	}
	for _, pr := range v.Products {
		v.Product(pr.ID).SalePeriods = nil
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Quote(wants, sample.Now()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWith lays 300 new readings over a view that has one for each of 20,000 performances.
func BenchmarkWith(b *testing.B) {
	s := sample.Many(20_000)
	readings := make([]catalog.Reading, len(s.Performances))
	for i := range s.Performances {
		p := &s.Performances[i]
		readings[i] = catalog.Reading{
			Key:          catalog.Key{Product: p.Product, Performance: p.ID},
			Availability: catalog.Availability{Level: catalog.LevelGood, Count: 100, Counted: true, AsOf: sample.Now()},
		}
	}
	v := catalog.NewView(s, readings, sample.Now())
	b.ReportAllocs()
	for b.Loop() {
		if n := v.With(readings[:300], sample.Now().Add(time.Minute)); n == v {
			b.Fatal("the same view")
		}
	}
}

// BenchmarkValidate checks and indexes a catalog of 20,000 performances.
func BenchmarkValidate(b *testing.B) {
	s := sample.Many(20_000)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Validate(s); err != nil {
			b.Fatal(err)
		}
		s.Index()
	}
}
