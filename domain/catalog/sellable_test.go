package catalog_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

const day = 24 * time.Hour

// period sells through our channel from now+from to now+until.
func period(from, until time.Duration, change ...func(*catalog.SalePeriod)) catalog.SalePeriod {
	p := catalog.SalePeriod{Start: sample.Now().Add(from), End: sample.Now().Add(until), Channel: sample.Channel, SalePossible: true}
	for _, c := range change {
		c(&p)
	}
	return p
}

func open(p *catalog.SalePeriod)      { p.Start, p.End = time.Time{}, time.Time{} }
func elsewhere(p *catalog.SalePeriod) { p.Channel = sample.Channel + 1 }
func anywhere(p *catalog.SalePeriod)  { p.Channel = 0 }
func closed(p *catalog.SalePeriod)    { p.SalePossible = false }

func only(tariffs ...catalog.TariffID) func(*catalog.SalePeriod) {
	return func(p *catalog.SalePeriod) { p.Tariffs = tariffs }
}

func in(cats ...catalog.SeatCategoryID) func(*catalog.SalePeriod) {
	return func(p *catalog.SalePeriod) { p.SeatCategories = cats }
}

func TestSellablePerformance_ByStatePeriodAndPrice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(s *catalog.Snapshot, p *catalog.Performance)
		periods []catalog.SalePeriod // of the performance; nil leaves the product's
		tariff  catalog.TariffID
		cat     catalog.SeatCategoryID
		reason  string // empty: on sale
	}{
		{name: "the product's period"},
		{name: "product suspended", change: func(s *catalog.Snapshot, _ *catalog.Performance) { s.Product(sample.Hamlet).State = "SUSPENDED" }, reason: "state"},
		{name: "performance suspended", change: func(_ *catalog.Snapshot, p *catalog.Performance) { p.State = "CANCELLED" }, reason: "state"},
		{name: "product gone", change: func(_ *catalog.Snapshot, p *catalog.Performance) { p.Product = 999 }, reason: "state"},
		{name: "family not known", change: func(s *catalog.Snapshot, _ *catalog.Performance) { s.Product(sample.Hamlet).Kind = catalog.KindOther }, reason: "kind"},
		{name: "over", change: func(_ *catalog.Snapshot, p *catalog.Performance) {
			p.Start, p.End = sample.Now().Add(-3*time.Hour), sample.Now().Add(-time.Second)
		}, reason: "over"},
		{name: "running now", change: func(_ *catalog.Snapshot, p *catalog.Performance) { p.Start = sample.Now().Add(-time.Hour) }},
		{name: "no price at all", change: func(_ *catalog.Snapshot, p *catalog.Performance) { p.Prices = nil }, reason: "no_price"},
		{name: "no price at the tariff", tariff: sample.Child, cat: sample.Balcony, reason: "no_price"},
		{name: "price for every category", change: func(_ *catalog.Snapshot, p *catalog.Performance) { p.Prices[1].SeatCategory = 0 }, tariff: sample.Child, cat: sample.Balcony},
		{name: "no periods anywhere", change: func(s *catalog.Snapshot, _ *catalog.Performance) { s.Product(sample.Hamlet).SalePeriods = nil }},

		{name: "own period replaces the product's", periods: []catalog.SalePeriod{period(day, 2*day)}, reason: "not_yet"},
		{name: "another channel never counts", periods: []catalog.SalePeriod{period(-day, day, elsewhere)}, reason: "channel"},
		{name: "every channel", periods: []catalog.SalePeriod{period(-day, day, anywhere)}},
		{name: "sale not possible", periods: []catalog.SalePeriod{period(-day, day, closed)}, reason: "channel"},
		{name: "open ends", periods: []catalog.SalePeriod{period(0, 0, open)}},
		{name: "begins now", periods: []catalog.SalePeriod{period(0, day)}},
		{name: "ends now", periods: []catalog.SalePeriod{period(-day, 0)}, reason: "ended"},
		{name: "ended, another opens", periods: []catalog.SalePeriod{period(-2*day, -day), period(day, 2*day)}, reason: "not_yet"},
		{name: "ended before one that is open", periods: []catalog.SalePeriod{period(-2*day, -day), period(-day, day)}},
		{name: "tariff allowed", periods: []catalog.SalePeriod{period(-day, day, only(sample.Full))}, tariff: sample.Full},
		{name: "tariff not allowed", periods: []catalog.SalePeriod{period(-day, day, only(sample.Full))}, tariff: sample.Child, cat: sample.Stalls, reason: "channel"},
		{name: "tariff not asked", periods: []catalog.SalePeriod{period(-day, day, only(sample.Full))}},
		{name: "category allowed", periods: []catalog.SalePeriod{period(-day, day, in(sample.Balcony))}, tariff: sample.Full, cat: sample.Balcony},
		{name: "category not allowed", periods: []catalog.SalePeriod{period(-day, day, in(sample.Balcony))}, tariff: sample.Full, cat: sample.Stalls, reason: "channel"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sample.Snapshot()
			p := s.Performance(sample.Tonight)
			p.SalePeriods = tt.periods
			if tt.change != nil {
				tt.change(s, p)
			}
			got := s.SellablePerformance(p, tt.tariff, tt.cat, sample.Now())
			if got.Reason != tt.reason || got.OnSale != (tt.reason == "") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestSellablePerformance_TellsWhenTheNextSaleOpens(t *testing.T) {
	t.Parallel()
	s := sample.Snapshot()
	p := s.Performance(sample.Tonight)
	p.SalePeriods = []catalog.SalePeriod{period(3*time.Hour, 4*time.Hour), period(time.Hour, 2*time.Hour), period(5*time.Hour, 6*time.Hour)}
	want := catalog.Sellability{Reason: "not_yet", From: sample.Now().Add(time.Hour), Until: sample.Now().Add(2 * time.Hour)}
	if diff := cmp.Diff(want, s.SellablePerformance(p, 0, 0, sample.Now())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSellableItem_ByStatePriceAndPeriod(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		product []catalog.SalePeriod
		full    []catalog.SalePeriod
		child   []catalog.SalePeriod
		state   string
		kind    catalog.Kind
		tariff  catalog.TariffID
		want    catalog.Sellability
	}{
		{name: "no periods", want: catalog.Sellability{OnSale: true}},
		{name: "suspended", state: "SUSPENDED", want: catalog.Sellability{Reason: "state"}},
		{name: "family not known", kind: catalog.KindOther, want: catalog.Sellability{Reason: "kind"}},
		{name: "no such price", tariff: sample.Group, want: catalog.Sellability{Reason: "no_price"}},
		{name: "price's period replaces the product's", product: []catalog.SalePeriod{period(-day, day)}, full: []catalog.SalePeriod{period(-2*day, -day)}, tariff: sample.Full, want: catalog.Sellability{Reason: "ended", From: sample.Now().Add(-2 * day), Until: sample.Now().Add(-day)}},
		{name: "one price on sale is enough", full: []catalog.SalePeriod{period(day, 2*day)}, child: []catalog.SalePeriod{period(-day, day)}, want: catalog.Sellability{OnSale: true, From: sample.Now().Add(-day), Until: sample.Now().Add(day)}},
		{name: "the earliest opening counts", full: []catalog.SalePeriod{period(day, 4*day)}, child: []catalog.SalePeriod{period(2*day, 4*day)}, want: catalog.Sellability{Reason: "not_yet", From: sample.Now().Add(day), Until: sample.Now().Add(4 * day)}},
		{name: "an opening before an end", full: []catalog.SalePeriod{period(-2*day, -day)}, child: []catalog.SalePeriod{period(2*day, 4*day)}, want: catalog.Sellability{Reason: "not_yet", From: sample.Now().Add(2 * day), Until: sample.Now().Add(4 * day)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sample.Snapshot()
			p := s.Product(sample.Museum)
			p.SalePeriods = tt.product
			p.Items[0].Prices[0].SalePeriods, p.Items[0].Prices[1].SalePeriods = tt.full, tt.child
			if tt.state != "" {
				p.State = tt.state
			}
			if tt.kind != "" {
				p.Kind = tt.kind
			}
			if diff := cmp.Diff(tt.want, s.SellableItem(s.Item(sample.Visit), tt.tariff, sample.Now())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSellableProduct_IsOnSaleWhenOneOfItsPartsIs(t *testing.T) {
	t.Parallel()
	s := sample.Snapshot()
	hamlet := s.Product(sample.Hamlet)
	if got := s.SellableProduct(hamlet, sample.Now()); !got.OnSale {
		t.Errorf("got %+v", got)
	}
	s.Performance(sample.Tonight).SalePeriods = []catalog.SalePeriod{period(2*day, 3*day)}
	s.Performance(sample.Tomorrow).SalePeriods = []catalog.SalePeriod{period(day, 3*day)}
	if got := s.SellableProduct(hamlet, sample.Now()); got.Reason != "not_yet" || !got.From.Equal(sample.Now().Add(day)) {
		t.Errorf("the earliest opening counts: %+v", got)
	}
	if got := s.SellableProduct(hamlet, sample.Now().AddDate(0, 0, 9)); got.OnSale || got.Reason != "over" {
		t.Errorf("after the last: %+v", got)
	}
	hamlet.State = "SUSPENDED"
	if got := s.SellableProduct(hamlet, sample.Now()); got.Reason != "state" {
		t.Errorf("suspended: %+v", got)
	}
	if got := s.SellableProduct(s.Product(sample.Booklet), sample.Now()); !got.OnSale {
		t.Errorf("goods: %+v", got)
	}
}

func TestFromPrice_IsTheLowestAboveZeroOfWhatIsToCome(t *testing.T) {
	t.Parallel()
	s := sample.Snapshot()
	s.Performance(sample.Past).Prices[0].Price = sample.Euros(1)
	if got, ok := s.FromPrice(s.Product(sample.Hamlet), sample.Now()); !ok || got != sample.Euros(2100) {
		t.Errorf("play: %v, %t", got, ok)
	}
	if got, ok := s.FromPrice(s.Product(sample.Museum), sample.Now()); !ok || got != sample.Euros(1500) {
		t.Errorf("free prices do not count: %v, %t", got, ok)
	}
	if _, ok := s.FromPrice(s.Product(sample.Hamlet), sample.Now().AddDate(1, 0, 0)); ok {
		t.Error("a price of nothing to come")
	}
}

func TestFacts_OfAPerformance(t *testing.T) {
	t.Parallel()
	s := sample.Snapshot()
	f, ok := s.Facts(sample.Seats(1))
	want := catalog.Facts{
		ProductName: s.Product(sample.Hamlet).Name, ProductCode: "HAMLET", Kind: catalog.KindEvent,
		Start: s.Performance(sample.Tonight).Start, End: s.Performance(sample.Tonight).End, TimeZone: "Europe/Paris", Venue: sample.Venue(),
		Numbered: true, SeatCategoryName: domain.Text{"fr": "Orchestre", "en": "Stalls"}, SeatCategoryCode: "CAT1", Color: "#8c1c2e",
		TariffName: domain.Text{"fr": "Plein tarif", "en": "Full price"}, TariffCode: "FULL", Image: "https://pictures.example/hamlet.jpg",
	}
	if diff := cmp.Diff(want, f); !ok || diff != "" {
		t.Errorf("%t (-want +got):\n%s", ok, diff)
	}
}

func TestFacts_OfATimedItem(t *testing.T) {
	t.Parallel()
	f, ok := sample.Snapshot().Facts(sample.Tour(1))
	if !ok || f.Slot != "10:30" || f.Day != "2026-11-22" || !f.Start.Equal(time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)) || f.Kind != catalog.KindPass {
		t.Errorf("%t %+v", ok, f)
	}
}

func TestFacts_PictureIsTheNearestThereIs(t *testing.T) {
	t.Parallel()
	s := sample.Snapshot()
	image := func() string { f, _ := s.Facts(sample.Seats(1)); return f.Image }
	s.Performance(sample.Tonight).Image = "own"
	if got := image(); got != "own" {
		t.Errorf("own: %q", got)
	}
	s.Performance(sample.Tonight).Image = ""
	s.Product(sample.Hamlet).Images["xlarge"] = "xlarge"
	if got := image(); got != "xlarge" {
		t.Errorf("product's largest: %q", got)
	}
	s.Product(sample.Hamlet).Images = nil
	if got := image(); got != sample.Venue().Image {
		t.Errorf("venue's: %q", got)
	}
}

func TestFacts_OfWhatIsGoneAreNone(t *testing.T) {
	t.Parallel()
	s := sample.Snapshot()
	for _, w := range []catalog.Want{{Performance: 9}, {Item: 9}, {}} {
		if f, ok := s.Facts(w); ok {
			t.Errorf("%+v: %+v", w, f)
		}
	}
	if f, ok := s.Facts(catalog.Want{Performance: sample.Tonight, SeatCategory: 9, Tariff: 9}); !ok || f.TariffCode != "" || f.SeatCategoryCode != "" {
		t.Errorf("tariff and category gone: %t %+v", ok, f)
	}
}
