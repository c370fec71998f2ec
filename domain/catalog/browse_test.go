package catalog

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/domain"
)

// browseNow is when the tests look.
var browseNow = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

// big is a catalog of products with performances each, over a year, in two venues.
func big(tb testing.TB, products, performances int) Source {
	tb.Helper()
	s := &Snapshot{Institution: domain.Institution{Code: "play", TimeZone: "Europe/Paris", Currency: "EUR", MainLanguage: "fr"}}
	words := strings.Fields("Hamlet Été Théâtre Noël Carmen Cirque Opéra Ballet Médée Électre Candide Faust Norma Tosca")
	for i := range products {
		s.Products = append(s.Products, Product{
			ID: ProductID(i + 1), Code: fmt.Sprintf("P%04d", i), Kind: KindEvent, State: Running, Topics: []Topic{{Code: words[i%len(words)]}},
			Name:        domain.Text{"fr": fmt.Sprintf("%s et %s %d", words[i%len(words)], words[i/3%len(words)], i), "en": fmt.Sprintf("Show %d", i)},
			Description: domain.Text{"fr": strings.Join(words, " ") + " spectacle en trois actes avec orchestre et chœur"},
		})
	}
	for i := range performances {
		venue := Venue{Code: fmt.Sprintf("V%d", i%2), Name: domain.Text{"fr": fmt.Sprintf("Salle %d", i%2)}, Town: []string{"Lyon", "Saint-Étienne"}[i%2]}
		s.Performances = append(s.Performances, Performance{
			ID: PerformanceID(i + 1), Product: ProductID(i%products + 1), State: Running, Start: browseNow.Add(time.Duration(i*26-200) * time.Minute), Venue: venue,
			Prices: []Price{{Tariff: 1, Price: domain.Money{Amount: int64(1000 + i%70*100), Currency: "EUR"}}},
		})
	}
	s.Index()
	return Source{View: NewView(s, nil, browseNow)}
}

func TestFold_IgnoresCaseAndAccents(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Été": "ete", "E\u0301te\u0301": "ete", "STRASSE Straße": "strasse strasse", "Œuvre": "oeuvre", "ÆØÅ": "aeoa", "Łódź": "lodz", "İstanbul": "istanbul",
		"Ğ ş Č ř ž": "g s c r z", "Αθήνα": "αθηνα", "Ёлка": "елка", "plain 12": "plain 12", "": "", "東京": "東京",
	} {
		if got := Fold(in); got != want {
			t.Errorf("%q folds to %q, want %q", in, got, want)
		}
		if again := Fold(Fold(in)); again != Fold(in) {
			t.Errorf("%q folds twice to %q", in, again)
		}
	}
}

func TestBrowse_PagesGiveEverythingOnceInOrder(t *testing.T) {
	t.Parallel()
	src := big(t, 40, 500)
	for _, sort := range Sorts() {
		for name, browse := range map[string]func([]Source, Ask, time.Time) Result{"products": BrowseProducts, "performances": BrowsePerformances} {
			ask := Ask{Filter: Filter{Words: "e"}, Sort: sort, Limit: 7}
			seen := map[int64]bool{}
			var last *Position
			total := 0
			for {
				r := browse([]Source{src}, ask, browseNow)
				if total == 0 {
					total = r.Total
				}
				for _, f := range r.Found {
					if seen[f.Position.ID] {
						t.Fatalf("%s by %s: %d comes twice", name, sort, f.Position.ID)
					}
					if last != nil && f.Position.compare(*last) <= 0 {
						t.Fatalf("%s by %s: %+v after %+v", name, sort, f.Position, *last)
					}
					seen[f.Position.ID] = true
					last = &f.Position
				}
				if r.Next == nil {
					break
				}
				ask.After = r.Next
			}
			if len(seen) != total || total == 0 {
				t.Errorf("%s by %s: %d of %d", name, sort, len(seen), total)
			}
		}
	}
}

func TestBrowse_WhatIsOverIsNotListed(t *testing.T) {
	t.Parallel()
	src := big(t, 40, 500)
	want := 0
	for i := range src.View.Performances {
		if !src.View.Performances[i].Over(browseNow) {
			want++
		}
	}
	if got := BrowsePerformances([]Source{src}, Ask{Limit: 1}, browseNow).Total; got != want || want == 500 {
		t.Errorf("%d, want %d", got, want)
	}
	if got := BrowseProducts([]Source{src}, Ask{Limit: 1}, browseNow.AddDate(2, 0, 0)).Total; got != 0 {
		t.Errorf("%d products after their last performance", got)
	}
}

func TestBrowse_ProductMatchesByOnePerformanceThatMeetsEverything(t *testing.T) {
	t.Parallel()
	s := &Snapshot{
		Institution: domain.Institution{Code: "play", TimeZone: "Europe/Paris", MainLanguage: "fr"}, Products: []Product{{ID: 1, Kind: KindEvent, State: Running}},
		Performances: []Performance{
			{ID: 1, Product: 1, State: Running, Start: browseNow.Add(24 * time.Hour), Venue: Venue{Town: "Lyon"}, Prices: []Price{{Price: domain.Money{Amount: 5000, Currency: "EUR"}}}},
			{ID: 2, Product: 1, State: Running, Start: browseNow.Add(48 * time.Hour), Venue: Venue{Town: "Paris"}, Prices: []Price{{Price: domain.Money{Amount: 1000, Currency: "EUR"}}}},
		},
	}
	s.Index()
	src := []Source{{View: NewView(s, nil, browseNow)}}
	cheap := int64(2000)
	if n := BrowseProducts(src, Ask{Filter: Filter{Town: "lyon", PriceMax: &cheap}}, browseNow).Total; n != 0 {
		t.Error("one performance is in Lyon and another is cheap; neither is both")
	}
	if n := BrowseProducts(src, Ask{Filter: Filter{Town: "PARIS", PriceMax: &cheap, From: "2026-09-03", To: "2026-09-03"}}, browseNow).Total; n != 1 {
		t.Error("the second performance meets everything")
	}
}

func TestBrowse_RelevancePrefersNamesAndWholeWords(t *testing.T) {
	t.Parallel()
	s := &Snapshot{Institution: domain.Institution{Code: "play", TimeZone: "UTC"}, Products: []Product{
		{ID: 1, Name: domain.Text{"fr": "Carmencita"}}, {ID: 2, Name: domain.Text{"fr": "Concert"}, Description: domain.Text{"fr": "airs de Carmen"}}, {ID: 3, Name: domain.Text{"fr": "Carmen"}},
	}}
	s.Index()
	r := BrowseProducts([]Source{{View: NewView(s, nil, browseNow)}}, Ask{Filter: Filter{Words: "CARMEN"}, Sort: SortRelevance, Limit: 10}, browseNow)
	var got []ProductID
	for _, f := range r.Found {
		got = append(got, f.Product.ID)
	}
	if !slices.Equal(got, []ProductID{3, 1, 2}) {
		t.Errorf("order %v", got)
	}
}

func TestBrowse_FacetsCountEveryMatchOnce(t *testing.T) {
	t.Parallel()
	src := big(t, 40, 500)
	r := BrowseProducts([]Source{src}, Ask{Limit: 1, Facets: FacetsAll()}, browseNow)
	if got := r.Facets[FacetKind]; len(got) != 1 || got[0].N != r.Total {
		t.Errorf("kinds: %+v of %d", got, r.Total)
	}
	for _, f := range r.Facets[FacetVenue] {
		if f.N > r.Total || f.Name.Or("") == "" {
			t.Errorf("venue %+v of %d", f, r.Total)
		}
	}
	sum := 0
	for _, f := range BrowsePerformances([]Source{src}, Ask{Limit: 1, Facets: []Facet{FacetMonth}}, browseNow).Facets[FacetMonth] {
		sum += f.N
	}
	if total := BrowsePerformances([]Source{src}, Ask{Limit: 1}, browseNow).Total; sum != total {
		t.Errorf("months sum to %d of %d", sum, total)
	}
}

func TestBrowse_ManyReadersOfOneIndex(t *testing.T) {
	t.Parallel()
	src := big(t, 40, 500)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, sort := range Sorts() {
				BrowseProducts([]Source{src}, Ask{Filter: Filter{Words: "ham", Available: true}, Sort: sort, Facets: FacetsAll()}, browseNow)
			}
		})
	}
	wg.Wait()
}
