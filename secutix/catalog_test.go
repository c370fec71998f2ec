package secutix

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
	"guichet/secutix/s360"
)

func TestToLevel_ReadsWordsColoursAndNumbers(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]catalog.Level{
		"GOOD": catalog.LevelGood, "green": catalog.LevelGood, "AVAILABLE": catalog.LevelGood,
		"LIMITED": catalog.LevelLimited, "Orange": catalog.LevelLimited, "YELLOW": catalog.LevelLimited, "FEW_LEFT": catalog.LevelLimited, "LIMITED_AVAILABILITY": catalog.LevelLimited,
		"SOLD_OUT": catalog.LevelSoldOut, "RED": catalog.LevelSoldOut, "CODE_RED": catalog.LevelSoldOut, "NONE": catalog.LevelSoldOut, "UNAVAILABLE": catalog.LevelSoldOut, "NOT_AVAILABLE": catalog.LevelSoldOut,
		"OUTSIDE_SALE_PERIOD": catalog.LevelNotOnSale, "NOT_VISIBLE": catalog.LevelNotOnSale, "CLOSED": catalog.LevelNotOnSale,
		"PURPLE": catalog.LevelUnknown, "REDUCED_STOCK": catalog.LevelUnknown, "": catalog.LevelUnknown,
	} {
		if got := toLevel(word, nil); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
	for n, want := range map[int64]catalog.Level{0: catalog.LevelSoldOut, 1: catalog.LevelGood, -1: catalog.LevelUnknown} {
		if got := toLevel("", whole(n)); got != want {
			t.Errorf("%d left: %s", n, got)
		}
	}
	if got := toLevel("GOOD", whole(0)); got != catalog.LevelGood {
		t.Errorf("the word goes before the number: %s", got)
	}
}

// oneSeason is a catalog of one season with one tariff, its price levels, and the products given.
func oneSeason(products ...s360.Product) *s360.CatalogData {
	return &s360.CatalogData{Seasons: s360.List[s360.Season]{{
		ID: 1, Products: products,
		PriceLevels:        s360.List[s360.PriceLevel]{{ID: 70, MainCategory: "OCCASIONAL"}, {ID: 71, MainCategory: "MEMBER"}},
		AudienceCategories: s360.List[s360.AudienceCategory]{{AudienceSubCategories: s360.List[s360.AudienceSubCategory]{{ID: 601, Code: "FULL"}}}},
	}}}
}

func event(perfs ...s360.Performance) s360.Product {
	return s360.Product{ID: 101, Code: "HAMLET", ProductFamilyType: s360.FamilySingleEntry, Event: &s360.Event{Performances: perfs}}
}

func performance(prices ...s360.Price) s360.Performance {
	return s360.Performance{ID: 201, Start: s360.At(sample.Now()), Prices: prices}
}

func price(n int64, change ...func(*s360.Price)) s360.Price {
	p := s360.Price{AudSubCatID: 601, Amount: amount(n)}
	for _, c := range change {
		c(&p)
	}
	return p
}

func TestToSnapshot_OnePriceThatCannotBeRightDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	level := func(id int64) func(*s360.Price) { return func(p *s360.Price) { p.PriceLevelID = s360.ID(id) } }
	charges := func(n int64) func(*s360.Price) {
		return func(p *s360.Price) { p.ChargesAmounts = s360.List[s360.ChargeAmount]{{Amount: amount(n)}} }
	}
	type row struct{ Price, Fees int64 }
	tests := []struct {
		name    string
		price   []s360.Price
		want    []row
		refused []string
	}{
		{"without a level", []s360.Price{price(42_000)}, []row{{4200, 0}}, nil},
		{"occasional level", []s360.Price{price(42_000, level(70))}, []row{{4200, 0}}, nil},
		{"unknown level", []s360.Price{price(42_000, level(99))}, []row{{4200, 0}}, nil},
		{"members' level", []s360.Price{price(42_000, level(71))}, nil, nil},
		{"charges inside", []s360.Price{price(42_000, charges(2000))}, []row{{4200, 200}}, nil},
		{"charges in parts of a cent", []s360.Price{price(42_000, charges(2005))}, []row{{4200, 0}}, []string{"fees.fraction"}},
		{"charges above the price", []s360.Price{price(0, charges(2000))}, []row{{0, 0}}, []string{"fees.more"}},
		{"a fraction beside a good one", []s360.Price{price(42_335), price(30_000, func(p *s360.Price) { p.SeatCatID = 5 })}, []row{{3000, 0}}, []string{"price.fraction"}},
		{"no amount", []s360.Price{price(0, func(p *s360.Price) { p.Amount = nil })}, nil, []string{"price.missing"}},
		{"below zero", []s360.Price{price(-1000), price(30_000, func(p *s360.Price) { p.SeatCatID = 5 })}, []row{{3000, 0}}, []string{"price.negative"}},
		{"the same twice", []s360.Price{price(42_000), price(42_000)}, []row{{4200, 0}}, nil},
		{"two for one place", []s360.Price{price(42_000), price(43_000)}, []row{{4200, 0}}, []string{"price.twice"}},
	}
	for _, tt := range tests {
		s := toSnapshot(sample.Institution(), oneSeason(event(performance(tt.price...))))
		var got []row
		for _, p := range s.Performances[0].Prices {
			got = append(got, row{p.Price.Amount, p.Fees.Amount})
		}
		var refused []string
		for _, r := range s.Refused {
			refused = append(refused, r.Code)
			if r.Performance != 201 || r.Product != 101 || r.Detail == "" {
				t.Errorf("%s: refusal %+v", tt.name, r)
			}
		}
		if diff := cmp.Diff(tt.want, got) + cmp.Diff(tt.refused, refused); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if err := s.Validate(nil); err != nil {
			t.Errorf("%s: the whole catalog is refused: %v", tt.name, err)
		}
	}
}

func TestToSnapshot_ForeignCurrencyIsLeftForValidate(t *testing.T) {
	t.Parallel()
	foreign := price(42_000, func(p *s360.Price) { p.Extra = s360.Members{"currencyCode": []byte(`"chf"`)} })
	s := toSnapshot(sample.Institution(), oneSeason(event(performance(foreign))))
	if err := s.Validate(nil); !domain.HasCode(err, catalog.CodeCatalogRefused) {
		t.Errorf("got %v", err)
	}
}

func TestToSnapshot_WhatStandsOddlyInACatalog(t *testing.T) {
	t.Parallel()
	dateless := performance(price(1000))
	dateless.Start = s360.Date{}
	endless := performance(price(1000))
	endless.ID, endless.Start = 202, s360.At(time.Date(2999, 12, 31, 0, 0, 0, 0, time.UTC))
	good := performance(price(1000))
	good.ID, good.Duration = 203, whole(120)
	d := oneSeason(event(dateless, endless, good), s360.Product{ID: 102, Code: "NEW", ProductFamilyType: "TIME_TRAVEL"})
	next := performance(price(1000))
	next.ID = 204
	d.Seasons = append(d.Seasons, s360.Season{ID: 2, Products: s360.List[s360.Product]{event(good, next), {ID: 102, Code: "NEW", ProductFamilyType: "TIME_TRAVEL"}}})
	s := toSnapshot(sample.Institution(), d)
	s.Index()
	if err := s.Validate(nil); err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, r := range s.Refused {
		codes = append(codes, r.Code)
	}
	if diff := cmp.Diff([]string{"performance.start", "performance.start", "product.twice"}, codes); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if p := s.Performance(203); p == nil || p.End.Sub(p.Start) != 2*time.Hour || p.State != catalog.Running {
		t.Errorf("performance %+v", p)
	}
	if p := s.Product(101); len(p.Performances) != 2 || len(s.Products) != 2 {
		t.Errorf("a product of two seasons has the performances %v, want those of both", p.Performances)
	}
	if p := s.Product(102); p == nil || p.Kind != catalog.KindOther {
		t.Errorf("an unknown family: %+v", p)
	}
}

func TestToSnapshot_SamePerformanceInTwoProductsIsKeptOnce(t *testing.T) {
	t.Parallel()
	other := event(performance(price(1000)))
	other.ID, other.Code = 102, "PACK"
	s := toSnapshot(sample.Institution(), oneSeason(event(performance(price(1000))), other))
	if err := s.Validate(nil); err != nil {
		t.Fatal(err)
	}
	if len(s.Performances) != 1 || s.Performances[0].Product != 101 || len(s.Refused) != 1 || s.Refused[0].Code != "performance.twice" {
		t.Errorf("%d performances, refused %+v", len(s.Performances), s.Refused)
	}
}

func TestToSnapshot_ProductTwiceInOneSeasonHasNoOtherSeason(t *testing.T) {
	t.Parallel()
	later := performance(price(1000))
	later.ID = 202
	s := toSnapshot(sample.Institution(), oneSeason(event(performance(price(1000))), event(later)))
	if len(s.Products) != 1 || len(s.Products[0].OtherSeasons) != 0 || len(s.Performances) != 2 {
		t.Errorf("%d performances, other seasons %v", len(s.Performances), s.Products[0].OtherSeasons)
	}
}

func TestToTime_NoEndAndNotGivenAreZeroAndAllElseIsUTC(t *testing.T) {
	t.Parallel()
	paris := sample.Institution().Location()
	if got := toTime(s360.At(time.Date(2026, 11, 21, 20, 0, 0, 0, paris))); !got.Equal(time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)) || got.Location() != time.UTC {
		t.Errorf("got %s", got)
	}
	for _, d := range []s360.Date{{}, s360.At(time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)), s360.At(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC))} {
		if got := toTime(d); !got.IsZero() {
			t.Errorf("%s became %s", d, got)
		}
	}
}

func TestColorAndDuration_AreReadLeniently(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"#8C1C2E": "#8c1c2e", "8c1c2e": "#8c1c2e", " #8c1c2e ": "#8c1c2e", "red": "", "#8c1": "", "": "", "#8c1c2g": ""} {
		if got := color(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	for in, want := range map[int64]time.Duration{0: 0, -5: 0, 90: 90 * time.Minute, 600: 600 * time.Minute, 7200: 2 * time.Hour, 2_000_000: 0} {
		if got := duration(whole(in)); got != want {
			t.Errorf("%d: %s", in, got)
		}
	}
	if duration(nil) != 0 {
		t.Error("no duration")
	}
}
