package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/storefront"
)

// Sizes of the big world: a year of a large house.
const (
	bigProducts     = 400
	bigPerformances = 20_000
	bigVenues       = 12
)

func said(fr, en, de string) domain.Text { return domain.Text{"fr": fr, "en": en, "de": de} }

// bigTheatre is a catalog of 20,000 performances to come with 12 prices each, every text in three languages. Each call
// makes another one with the same content.
func bigTheatre(stamp string) *catalog.Snapshot {
	s := &catalog.Snapshot{
		Institution: domain.Institution{
			Code: "play", Name: said("Théâtre du Lac", "Lake Theatre", "Seetheater"), TimeZone: "Europe/Paris", Currency: "EUR", MainLanguage: "fr",
			Languages: []string{"fr", "en", "de"}, PointOfSales: domain.PointOfSales{ID: 7, Code: "WEB", SalesChannelID: 3, MaxPlaces: 10},
		},
		SetupStamp: stamp, Seasons: []catalog.Season{{ID: 1, Code: "2627", Name: said("Saison 26/27", "Season 26/27", "Spielzeit 26/27")}},
	}
	for i, name := range []domain.Text{said("Plein tarif", "Full price", "Normalpreis"), said("Enfant", "Child", "Kind"), said("Étudiant", "Student", "Studierende"), said("Senior", "Senior", "Senioren")} {
		s.Tariffs = append(s.Tariffs, catalog.Tariff{ID: catalog.TariffID(601 + i), Season: 1, Code: "T" + strconv.Itoa(i), Name: name, Kind: "full", Rank: i})
	}
	venues := make([]catalog.Venue, bigVenues)
	for i := range venues {
		venues[i] = catalog.Venue{
			Code: fmt.Sprintf("V%02d", i), SpaceCode: "BIG", Name: said(fmt.Sprintf("Grand Théâtre %d", i), fmt.Sprintf("Grand Theatre %d", i), fmt.Sprintf("Großes Haus %d", i)),
			Space: said("Grande salle", "Big hall", "Großer Saal"), Street: "1, quai du Lac", Zip: "69000", Town: []string{"Lyon", "Villeurbanne", "Bron"}[i%3], Country: "FR",
		}
	}
	var cats []catalog.SeatCategory
	var prices []catalog.Price
	for c := range 3 {
		id := catalog.SeatCategoryID(1001 + c)
		cats = append(cats, catalog.SeatCategory{ID: id, Code: fmt.Sprintf("CAT%d", c+1), Name: said(fmt.Sprintf("Catégorie %d", c+1), fmt.Sprintf("Category %d", c+1), fmt.Sprintf("Kategorie %d", c+1)), Color: "#cc3333", Rank: c})
		for i, t := range s.Tariffs {
			prices = append(prices, catalog.Price{SeatCategory: id, Tariff: t.ID, Price: eur(int64(6000 - 1000*c - 700*i)), Fees: eur(200), Max: 8})
		}
	}
	words := []string{"Hamlet", "Zoé", "Carmen", "Tempête", "Phèdre", "Médée", "Faust", "Traviata", "Sylvia", "Orphée", "Norma", "Electre", "Aïda", "Giselle", "Antigone", "Tosca"}
	for i := range bigProducts {
		a, b := words[i%len(words)], words[(i/len(words)+i)%len(words)]
		s.Products = append(s.Products, catalog.Product{
			ID: catalog.ProductID(10_000 + i), Season: 1, Code: fmt.Sprintf("PLAY%d", i), Kind: catalog.KindEvent, State: catalog.Running,
			Name:        said(fmt.Sprintf("%s et %s %d", a, b, i), fmt.Sprintf("%s and %s %d", a, b, i), fmt.Sprintf("%s und %s %d", a, b, i)),
			Description: said("Une tragédie en cinq actes, donnée avec deux entractes.", "A tragedy in five acts, given with two breaks.", "Eine Tragödie in fünf Akten, mit zwei Pausen."),
			Images:      map[string]string{"large": fmt.Sprintf("https://img.example/%d.jpg", i)}, Topics: []catalog.Topic{{Code: []string{"Drama", "Comedy", "Opera", "Dance"}[i%4]}}, MinQuantity: 1, MaxQuantity: 8,
		})
	}
	for i := range bigPerformances {
		start := noon.AddDate(0, 0, 1+i/56).Add(time.Duration(i%12) * time.Hour)
		own := slices.Clone(prices)
		for j := range own {
			own[j].Price.Amount += int64(i % 90 * 10)
		}
		s.Performances = append(s.Performances, catalog.Performance{
			ID: catalog.PerformanceID(100_000 + i), Product: catalog.ProductID(10_000 + i%bigProducts), Code: fmt.Sprintf("P%d", i), State: catalog.Running,
			Start: start, End: start.Add(3 * time.Hour), Venue: venues[i%bigVenues], Numbered: true, SeatCategories: cats, Prices: own,
		})
	}
	return s
}

// bigReadings is what is left of it: counts that differ by round, so that every round moves something everywhere.
func bigReadings(at time.Time, round int) []catalog.Reading {
	rs := make([]catalog.Reading, 0, 4*bigPerformances)
	for i := range bigPerformances {
		k := catalog.Key{Product: catalog.ProductID(10_000 + i%bigProducts), Performance: catalog.PerformanceID(100_000 + i)}
		left := func(n int) catalog.Availability {
			return catalog.Availability{Level: []catalog.Level{catalog.LevelGood, catalog.LevelLimited, catalog.LevelSoldOut}[n%3], Count: n, Counted: true, PlatformLevel: "GREEN", AsOf: at}
		}
		rs = append(rs, catalog.Reading{Key: k, Availability: left(300 + round + i%50)})
		for c := range 3 {
			k.SeatCategory = catalog.SeatCategoryID(1001 + c)
			rs = append(rs, catalog.Reading{Key: k, Availability: left(100 + round + i%50)})
		}
	}
	return rs
}

func bigID(i int) string { return "play-" + strconv.Itoa(100_000+i%bigPerformances) }

// newBigRig is an API with the big world loaded, a key "web" kept as a replica keeps it, and a log that nobody reads.
func newBigRig(tb testing.TB, more ...func(*Deps)) *rig {
	tb.Helper()
	r := bareRig(tb, append([]func(*Deps){quiet, func(d *Deps) { d.IDs = domain.NewIDs(d.Clock) }}, more...)...)
	r.now.tick = 0
	snap := bigTheatre("s1")
	r.catalog.snaps["play"] = func() *catalog.Snapshot { return snap }
	r.catalog.reads = map[domain.InstitutionCode][]catalog.Reading{"play": bigReadings(noon, 0)}
	r.load()
	return r
}

// shopKey is a key that may read the big world only.
func (r *rig) shopKey() {
	r.t.Helper()
	r.key("shop", storefront.NewKey{Storefront: "shop", Scopes: []storefront.Scope{storefront.ScopeCatalog}, Institutions: []domain.InstitutionCode{"play"}})
}

func TestBigWorld_IsServedWhole(t *testing.T) {
	t.Parallel()
	r := newBigRig(t)
	d := decode[institutionDTO](t, r.do("web", http.MethodGet, "/v1/institutions/play", ""))
	if d.Catalog.Performances != bigPerformances || d.Catalog.Products != bigProducts {
		t.Errorf("%+v", d.Catalog)
	}
	for _, i := range []int{0, 7777, bigPerformances - 1} {
		p := decode[performanceDTO](t, r.do("web", http.MethodGet, "/v1/performances/"+bigID(i), ""))
		if p.ID != bigID(i) || len(p.Prices) != 12 || len(p.SeatCategories) != 3 || len(p.Tariffs) != 4 || !p.OnSale || *p.Availability.Count != 300+i%50 {
			t.Errorf("%d: %+v", i, p)
		}
	}
}
