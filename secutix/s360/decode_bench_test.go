package s360

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// venue builds a catalog of 100 products with 10 performances each, of 5 seat
// categories and 12 tariffs.
func venue() CatalogResultDetailed {
	opening := time.Date(2026, 9, 1, 20, 0, 0, 0, time.FixedZone("", 2*3600))
	season := Season{ID: 10300000000001, Code: "2627", State: StateRunning, Start: At(opening), End: At(opening.AddDate(1, 0, 0))}
	for p := range 100 {
		product := Product{
			ID: ID(10300000001000 + p), Code: fmt.Sprintf("P%d", p), ProductFamilyType: FamilySingleEntry, State: StateRunning,
			ExternalName:        Named("fr", fmt.Sprintf("Spectacle numéro %d", p)),
			ExternalDescription: Named("fr", fmt.Sprintf("%0500d", p)),
			SalePeriods:         List[SalePeriod]{{Start: At(opening), End: At(opening), SalesChannelID: 400100210, SalePossible: true, Type: "STANDARD"}},
			Event:               &Event{ActivityID: 901, AlertRatio: "20.000"},
			Extra:               Members{"newMember": json.RawMessage(`{"deep":[1,2,3]}`)},
		}
		for n := range 10 {
			product.Event.Performances = append(product.Event.Performances, performance(p*10+n, opening.AddDate(0, 0, p+n)))
		}
		season.Products = append(season.Products, product)
	}
	return CatalogResultDetailed{Result: Result{StatusCode: StatusSuccess}, CatalogData: &CatalogData{Seasons: List[Season]{season}}}
}

func performance(n int, start time.Time) Performance {
	f := Performance{
		ID: ID(10300000100000 + n), Code: fmt.Sprintf("F%d", n), State: StateRunning, Start: At(start),
		Duration: new(Int(7200)), Numbered: new(Bool(true)), SiteCode: "MAIN", SpaceCode: "GRANDE",
	}
	for c := range 5 {
		category := ID(1001 + c)
		f.SeatCategories = append(f.SeatCategories, SeatCategory{ID: category, Code: fmt.Sprintf("C%d", c), ExternalName: Named("fr", "Catégorie")})
		for a := range 12 {
			f.Prices = append(f.Prices, Price{
				SeatCatID: category, AudSubCatID: ID(601 + a), PriceLevelID: 701, Amount: new(Amount(1000 * (c + a + 1))),
				ChargesAmounts: List[ChargeAmount]{{ChargesID: 1101, Component: "FRAIS", Amount: new(Amount(2000))}},
			})
		}
	}
	return f
}

// BenchmarkDecodeCatalog decodes a catalog of 1,000 performances and 60,000
// prices, the way the client does and the way encoding/json does.
func BenchmarkDecodeCatalog(b *testing.B) {
	body, err := json.Marshal(venue())
	if err != nil {
		b.Fatal(err)
	}
	for name, decode := range map[string]func([]byte, any) error{"Decode": Decode, "json": json.Unmarshal} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				var r CatalogResultDetailed
				if err := decode(body, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncodeCatalog encodes the same catalog, as the simulator does.
func BenchmarkEncodeCatalog(b *testing.B) {
	r := venue()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(r); err != nil {
			b.Fatal(err)
		}
	}
}

func TestDecodeCatalog_VenueSurvivesTheWire(t *testing.T) {
	t.Parallel()
	body := mustJSON(venue())
	var r CatalogResultDetailed
	if err := Decode(body, &r); err != nil {
		t.Fatal(err)
	}
	if again := mustJSON(r); string(again) != string(body) {
		t.Error("the catalog read is not the catalog written")
	}
}
