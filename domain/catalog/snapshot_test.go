package catalog_test

import (
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

func TestValidate_RefusesWhatCannotBeRight(t *testing.T) {
	t.Parallel()
	francs := domain.Money{Amount: 100, Currency: "CHF"}
	tests := []struct {
		name   string
		change func(s *catalog.Snapshot)
		why    string
	}{
		{"product without id", func(s *catalog.Snapshot) { s.Products[1].ID = 0 }, "no id or stands twice"},
		{"product twice", func(s *catalog.Snapshot) { s.Products[1].ID = sample.Hamlet }, "no id or stands twice"},
		{"performance without id", func(s *catalog.Snapshot) { s.Performances[0].ID = 0 }, "no id or stands twice"},
		{"performance twice", func(s *catalog.Snapshot) { s.Performances[0].ID = s.Performances[1].ID }, "no id or stands twice"},
		{"performance of no product", func(s *catalog.Snapshot) { s.Performances[0].Product = 999 }, "belongs to no product"},
		{"price in another currency", func(s *catalog.Snapshot) { s.Performances[0].Prices[0].Price = francs }, "sells in EUR"},
		{"item in another currency", func(s *catalog.Snapshot) { s.Products[1].Items[0].Prices[0].Price = francs }, "sells in EUR"},
		{"price too large", func(s *catalog.Snapshot) { s.Performances[0].Prices[0].Price = sample.Euros(catalog.MaxAmount + 1) }, "too large"},
		{"item too large", func(s *catalog.Snapshot) {
			s.Products[1].Items[0].Prices[0].Price = sample.Euros(catalog.MaxAmount + 1)
		}, "too large"},
		{"restricted price too large", func(s *catalog.Snapshot) {
			s.Performances[0].Restricted = []catalog.Price{{Tariff: sample.Full, Price: sample.Euros(catalog.MaxAmount + 1)}}
		}, "too large"},
		{"restricted item price in another currency", func(s *catalog.Snapshot) {
			s.Products[1].Items[0].Restricted = []catalog.ItemPrice{{Tariff: sample.Full, Price: francs}}
		}, "sells in EUR"},
		{"negative price", func(s *catalog.Snapshot) { s.Performances[0].Prices[0].Price = sample.Euros(-1) }, "negative"},
		{"fees above the price", func(s *catalog.Snapshot) { s.Performances[0].Prices[0].Fees = sample.Euros(4201) }, "more than the price"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sample.Snapshot()
			tt.change(s)
			e := domain.AsError(s.Validate(nil))
			if e == nil || e.Code != catalog.CodeCatalogRefused || e.Kind != domain.Upstream || !strings.Contains(e.Detail, tt.why) {
				t.Errorf("got %v", e)
			}
		})
	}
}

func TestSmaller_NamesACatalogThatShrankTooMuch(t *testing.T) {
	t.Parallel()
	products := func(n int) *catalog.Snapshot {
		s := &catalog.Snapshot{Institution: sample.Institution()}
		for i := range n {
			s.Products = append(s.Products, catalog.Product{ID: catalog.ProductID(i + 1)})
		}
		return s
	}
	for _, tt := range []struct {
		had, has int
		refused  bool
	}{{1, 0, true}, {0, 0, false}, {20, 3, true}, {20, 4, false}, {19, 1, true}, {19, 2, false}, {10, 1, true}, {9, 1, false}, {1000, 199, true}, {1000, 5000, false}} {
		if what := products(tt.has).Smaller(products(tt.had)); (what != "") != tt.refused {
			t.Errorf("%d where there were %d: %q", tt.has, tt.had, what)
		}
	}
	// performances: those that are still to come a day after the new load count
	for _, tt := range []struct {
		had, has int
		days     int // from the old load to the new one
		refused  bool
	}{{100, 19, 0, true}, {100, 20, 0, false}, {100, 0, 0, true}, {100, 1, 95, false}, {9, 0, 0, false}, {10, 1, 0, true}} {
		had, has := sample.Many(tt.had), sample.Many(tt.had) // one a day
		has.Performances = has.Performances[:tt.has]
		had.LoadedAt = sample.Now().Add(-25 * time.Hour)
		has.LoadedAt = had.LoadedAt.AddDate(0, 0, tt.days)
		if what := has.Smaller(had); (what != "") != tt.refused {
			t.Errorf("%d performances where there were %d, %d days later: %q", tt.has, tt.had, tt.days, what)
		}
	}
	swiss := products(3)
	swiss.Institution.Currency = "CHF"
	if err := swiss.Validate(products(3)); !domain.HasCode(err, catalog.CodeCatalogRefused) {
		t.Errorf("another currency than before: %v", err)
	}
}

func TestIndex_SortsByStartAndFindsEverything(t *testing.T) {
	t.Parallel()
	s := sample.Snapshot()
	var order []catalog.PerformanceID
	for _, p := range s.Performances {
		order = append(order, p.ID)
	}
	if len(order) != 3 || order[0] != sample.Past || order[1] != sample.Tonight || order[2] != sample.Tomorrow {
		t.Errorf("order %v", order)
	}
	s.Index() // once more changes nothing
	if got := s.Product(sample.Hamlet).Performances; len(got) != 3 {
		t.Errorf("performances of the play: %v", got)
	}
	if s.Item(sample.Visit) == nil || s.Tariff(sample.Child) == nil || s.Performance(sample.Tomorrow).ID != sample.Tomorrow {
		t.Error("something cannot be found")
	}
	if s.Product(1) != nil || s.Item(1) != nil || s.Tariff(1) != nil || s.Performance(1) != nil {
		t.Error("something was found that is not there")
	}
}
