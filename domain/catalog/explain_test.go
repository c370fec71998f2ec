package catalog_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet/domain/catalog"
	"guichet/domain/sample"
)

// anyPeriod is a sale period near now: any channel, any ends, relative or not, for some tariffs and categories.
func anyPeriod(t *rapid.T) catalog.SalePeriod {
	hours := rapid.IntRange(-48, 48)
	at := func(label string) time.Time {
		if rapid.IntRange(0, 3).Draw(t, label+" open") == 0 {
			return time.Time{}
		}
		return sample.Now().Add(time.Duration(hours.Draw(t, label)) * time.Hour)
	}
	p := catalog.SalePeriod{
		Start: at("start"), End: at("end"), Channel: rapid.SampledFrom([]int64{0, sample.Channel, sample.Channel + 1}).Draw(t, "channel"),
		SalePossible: rapid.IntRange(0, 4).Draw(t, "possible") > 0,
	}
	if rapid.Bool().Draw(t, "relative") {
		p.Relative, p.EndRelative = true, time.Duration(rapid.IntRange(0, 12).Draw(t, "before"))*time.Hour
	}
	if rapid.Bool().Draw(t, "for tariffs") {
		p.Tariffs = rapid.SliceOfN(rapid.SampledFrom([]catalog.TariffID{sample.Full, sample.Child, sample.Group}), 1, 2).Draw(t, "tariffs")
	}
	if rapid.Bool().Draw(t, "for categories") {
		p.SeatCategories = rapid.SliceOfN(rapid.SampledFrom([]catalog.SeatCategoryID{sample.Stalls, sample.Balcony}), 1, 1).Draw(t, "categories")
	}
	return p
}

func anyView(t *rapid.T) *catalog.View {
	s := sample.Snapshot()
	states := rapid.SampledFrom([]string{catalog.Running, catalog.Running, catalog.Running, "SUSPENDED"})
	for i := range s.Products {
		p := &s.Products[i]
		p.State = states.Draw(t, "state")
		p.AdditionalState = rapid.SampledFrom([]string{"", "", "ON_SALE", "SOLD_OUT"}).Draw(t, "additional")
		p.SalePeriods = rapid.SliceOfN(rapid.Custom(anyPeriod), 0, 3).Draw(t, "product periods")
		for j := range p.Items {
			for k := range p.Items[j].Prices {
				p.Items[j].Prices[k].SalePeriods = rapid.SliceOfN(rapid.Custom(anyPeriod), 0, 2).Draw(t, "item periods")
			}
		}
	}
	for i := range s.Performances {
		p := &s.Performances[i]
		p.State = states.Draw(t, "state")
		p.SalePeriods = rapid.SliceOfN(rapid.Custom(anyPeriod), 0, 3).Draw(t, "periods")
		p.Prices = p.Prices[:rapid.IntRange(0, len(p.Prices)).Draw(t, "prices")]
	}
	return catalog.NewView(s, sample.Readings(), sample.Now())
}

// sellsNaively says whether one price sells now, written from the rules and nothing else.
func sellsNaively(s *catalog.Snapshot, p *catalog.Performance, pr *catalog.Price, now time.Time) bool {
	prod := s.Product(p.Product)
	if prod.State != catalog.Running || prod.AdditionalState == "SOLD_OUT" || p.State != catalog.Running || now.After(p.End) {
		return false
	}
	periods := slices.Concat(p.SalePeriods)
	if len(periods) == 0 {
		periods = prod.SalePeriods
	}
	if len(periods) == 0 {
		return true
	}
	for _, sp := range periods {
		end := sp.End
		if relative := p.Start.Add(-sp.EndRelative); sp.Relative && (end.IsZero() || relative.Before(end)) {
			end = relative
		}
		opened, closed := !sp.Start.After(now), !end.IsZero() && !end.After(now)
		ours := sp.Channel == 0 || sp.Channel == sample.Channel
		tariff := len(sp.Tariffs) == 0 || slices.Contains(sp.Tariffs, pr.Tariff)
		cat := len(sp.SeatCategories) == 0 || slices.Contains(sp.SeatCategories, pr.SeatCategory)
		if sp.SalePossible && ours && tariff && cat && opened && !closed {
			return true
		}
	}
	return false
}

func TestSellability_IsWhatTheRulesSay_AndTheExplanationAgrees(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v, now := anyView(t), sample.Now()
		for i := range v.Performances {
			p := &v.Performances[i]
			any := false
			for j := range p.Prices {
				pr := &p.Prices[j]
				want := sellsNaively(v.Snapshot, p, pr, now)
				any = any || want
				if got := v.SellablePerformance(p, pr.Tariff, pr.SeatCategory, now); got.OnSale != want {
					t.Fatalf("price %d/%d of %d: %+v, want on sale %v", pr.SeatCategory, pr.Tariff, p.ID, got, want)
				}
			}
			got := v.SellablePerformance(p, 0, 0, now)
			if got.OnSale != any {
				t.Fatalf("performance %d: %+v, but a price of it sells: %v", p.ID, got, any)
			}
			e := v.ExplainPerformance(p, 0, 0, now)
			if e.Sellability != got {
				t.Fatalf("explained as %+v, judged as %+v", e.Sellability, got)
			}
			if broken := slices.ContainsFunc(e.Checks, func(c catalog.Check) bool { return !c.OK && c.Reason == got.Reason }); !got.OnSale && !broken &&
				!slices.ContainsFunc(e.Prices, func(pr catalog.ExplainedPrice) bool { return pr.Reason == got.Reason }) {
				t.Fatalf("%s is in no check and no price: %+v", got.Reason, e)
			}
			if !got.OnSale && got.Reason == catalog.ReasonNotYet {
				later := v.SellablePerformance(p, 0, 0, got.From)
				if !later.OnSale && later.Reason != catalog.ReasonOver {
					t.Fatalf("said to open at %s and does not: %+v", got.From, later)
				}
			}
		}
		for i := range v.Products {
			p := &v.Products[i]
			if e := v.ExplainProduct(p, now); e.Sellability != v.SellableProduct(p, now) {
				t.Fatalf("product %d: %+v", p.ID, e)
			}
			for j := range p.Items {
				if e := v.ExplainItem(&p.Items[j], 0, now); e.Sellability != v.SellableItem(&p.Items[j], 0, now) {
					t.Fatalf("item %d: %+v", p.Items[j].ID, e)
				}
			}
		}
	})
}

func TestExplain_SaysEveryRuleThatDoesNotHold(t *testing.T) {
	t.Parallel()
	s := sample.Snapshot()
	s.Product(sample.Hamlet).AdditionalState = "ONLY_AVAI_AT_BOXOFFICE"
	p := s.Performance(sample.Tonight)
	p.State, p.SalePeriods = "SUSPENDED", []catalog.SalePeriod{period(day, 2*day), period(-day, day, elsewhere)}
	p.Restricted = []catalog.Price{{SeatCategory: sample.Stalls, Tariff: sample.Full, Price: sample.Euros(3000), Level: 5}}
	e := catalog.NewView(s, sample.Readings(), sample.Now()).ExplainPerformance(p, sample.Full, sample.Stalls, sample.Now())
	var broken []string
	for _, c := range e.Checks {
		if !c.OK {
			broken = append(broken, c.Rule+" "+c.Reason+" "+c.Found)
		}
	}
	want := []string{
		"product.additional_state additional_state ONLY_AVAI_AT_BOXOFFICE", "performance.state state SUSPENDED", "sale_period not_yet ",
		"sale_period channel ",
	}
	if !slices.Equal(broken, want) {
		t.Errorf("checks %q", broken)
	}
	if e.Reason != catalog.ReasonAdditionalState || e.Availability.Level != catalog.LevelSoldOut || len(e.Prices) != 2 || !e.Prices[1].Restricted {
		t.Errorf("%+v", e)
	}
}

func TestSalePeriod_RelativeEndIsTheEarlierOfTheTwo(t *testing.T) {
	t.Parallel()
	start, end := sample.Now().Add(10*time.Hour), sample.Now().Add(9*time.Hour)
	for _, tt := range []struct {
		name  string
		p     catalog.SalePeriod
		start time.Time
		want  time.Time
	}{
		{"absolute", catalog.SalePeriod{End: end}, start, end},
		{"relative, open end", catalog.SalePeriod{Relative: true, EndRelative: time.Hour}, start, start.Add(-time.Hour)},
		{"relative is earlier", catalog.SalePeriod{End: end, Relative: true, EndRelative: 2 * time.Hour}, start, start.Add(-2 * time.Hour)},
		{"absolute is earlier", catalog.SalePeriod{End: end, Relative: true}, start, end},
		{"after the beginning", catalog.SalePeriod{Relative: true, EndRelative: -time.Hour}, start, start.Add(time.Hour)},
		{"nothing to be relative to", catalog.SalePeriod{End: end, Relative: true}, time.Time{}, end},
	} {
		if got := tt.p.EndFor(tt.start); !got.Equal(tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestSellableProduct_SpansWhatOfItSells(t *testing.T) {
	t.Parallel()
	s := sample.Snapshot()
	first, second := s.Performance(sample.Tonight), s.Performance(sample.Tomorrow)
	first.SalePeriods = []catalog.SalePeriod{period(-2*day, day, func(p *catalog.SalePeriod) { p.Relative = true })}
	second.SalePeriods = []catalog.SalePeriod{period(-3*day, 2*day)}
	got := s.SellableProduct(s.Product(sample.Hamlet), sample.Now())
	want := catalog.Sellability{OnSale: true, From: sample.Now().Add(-3 * day), Until: sample.Now().Add(2 * day)}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	second.SalePeriods, s.Product(sample.Hamlet).SalePeriods = nil, nil // always
	if got := s.SellableProduct(s.Product(sample.Hamlet), sample.Now()); !got.OnSale || !got.Until.IsZero() || !got.From.IsZero() {
		t.Errorf("one of them sells always, the product %+v", got)
	}
}
