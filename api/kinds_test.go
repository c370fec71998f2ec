package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// everything is the theatre with one product of every kind, and every member that a product or performance can have.
func everything() *catalog.Snapshot {
	s := theatre()
	s.Seasons = append(s.Seasons, catalog.Season{ID: 2, Code: "2728", Name: named("Saison 27/28", "Season 27/28"), Start: noon, End: noon.AddDate(1, 0, 0)})
	s.PriceLevels = []catalog.PriceLevel{{ID: 51, Season: 1, Code: "PUB", Category: "OCCASIONAL"}, {ID: 52, Season: 1, Code: "MEMB", Category: "MEMBER"}}
	s.VAT = []catalog.VATRate{{ID: 9, Code: "V21", Rate: 2100, Country: "FR"}, {ID: 10, Code: "V20", Rate: 20_000}, {ID: 11, Code: "V0"}, {ID: 12, Code: "V5", Rate: 5_050}}
	s.Halls = []catalog.Configuration{{ID: 70, Code: "BIG", Name: named("Grande salle", "Big hall"), Gauge: 900, Areas: []catalog.Area{{ID: 701, Code: "ORCH"}}}}
	s.Advantages = []catalog.Advantage{{ID: 81, Season: 1, Code: "DUO", Name: named("Duo", "Duo"), State: "RUNNING", TargetType: "CODE", MaxPerOrder: 2, Products: []catalog.ProductID{101}}}
	s.Raw = []byte(`{"groupCriterions":[{"id":1}]}`)
	s.Tariffs[1].Category, s.Tariffs[1].Group, s.Tariffs[1].NeedsProof = "OCCASIONAL", "PROMOTIONAL", true
	s.Tariffs[1].Description = named("Moins de 12 ans", "Under 12")
	hamlet := &s.Products[0]
	hamlet.OtherSeasons, hamlet.VAT, hamlet.Language, hamlet.MinimumAge, hamlet.People = []catalog.SeasonID{2}, 9, "fr", 12, []string{"Zoé Müller", "محمد"}
	hamlet.Activity, hamlet.NameAddOn = catalog.Activity{Code: "TH", Type: "LIVE_SPECT", Name: named("Théâtre", "Theatre")}, named("avec entracte", "with an interval")
	hamlet.AdditionalState, hamlet.SubKind, hamlet.DetailURL = "ON_SALE", "SIMPLE_TICKET", "https://theatre.example/hamlet"
	hamlet.CrossSells = []catalog.CrossSell{{ID: 1, Type: "UP_SELL", Name: named("Une tasse ?", "A mug?"), Target: 104, MinQuantity: 2, SameDate: true, Start: noon}}
	hamlet.SalePeriods = []catalog.SalePeriod{
		{Start: noon.AddDate(0, -1, 0), Channel: 3, ChannelCode: "WEB", SalePossible: true, Relative: true, EndRelative: 90 * time.Minute, Type: "STANDARD"},
		{Start: noon, Channel: 4, ChannelCode: "BOX", SalePossible: true, Tariffs: []catalog.TariffID{602}, SeatCategories: []catalog.SeatCategoryID{1001}},
	}
	hamlet.Raw = []byte(`{"futureMember":{"a":[1,2]}}`)
	first := &s.Performances[0]
	first.ShortName, first.Description, first.Kind, first.Language, first.NamedTickets = named("Hamlet 1", "Hamlet 1"), named("Avec débat", "With a debate"), "PREMIERE", "fr", true
	first.People, first.Image, first.Items, first.Venue.PhysicalConfiguration = []string{"Ada Muster"}, "https://img.example/first.jpg", []catalog.ItemID{61002}, 70
	first.Prices[0].Charges, first.Prices[0].Level = []catalog.Charge{{ID: 5, Component: "PRESALE", Amount: eur(200)}}, 51
	first.Restricted = []catalog.Price{{SeatCategory: 1001, Tariff: 601, Level: 52, Price: eur(3500), Fees: eur(200)}}
	first.Raw = []byte(`{"match":{"home":"?"}}`)
	items := func(product catalog.ProductID, id catalog.ItemID, name string) []catalog.Item {
		return []catalog.Item{{ID: id, Product: product, Code: "I", Name: domain.Text{"fr": name}, Prices: []catalog.ItemPrice{{Tariff: 601, Price: eur(2500)}}}}
	}
	card := catalog.Product{
		ID: 110, Season: 1, Code: "CARD", Kind: catalog.KindMembership, State: catalog.Running, Name: named("Carte d'ami", "Friend's card"), Items: items(110, 61010, "Carte"),
		Membership: &catalog.Membership{Rule: "PERIOD", Start: noon, End: noon.AddDate(1, 0, 0), BuyerChoosesStart: true},
	}
	card.Items[0].Donation, card.Items[0].Raw = eur(500), []byte(`{"x":1}`)
	card.Items[0].Restricted = []catalog.ItemPrice{{Tariff: 602, Level: 52, Price: eur(1000)}}
	card.Items[0].Prices[0].SalePeriods = []catalog.SalePeriod{{Start: noon.AddDate(0, 1, 0), SalePossible: true}}
	s.Products = append(s.Products, card,
		catalog.Product{
			ID: 111, Season: 1, Code: "ABO", Kind: catalog.KindSeasonTicket, State: catalog.Running, Name: named("Abonnement", "Season ticket"),
			SeasonTicket: &catalog.SeasonTicket{
				FixedSeat: true, PriceType: "PREDEFINED", Lines: []catalog.SeasonTicketLine{{ID: 1, Product: 101, Mandatory: true, Performances: []catalog.PerformanceID{201}}},
				Subjects: []catalog.Subject{{Code: "CHOICE", Name: named("Au choix", "To choose"), Min: 1, Max: 2, Lines: []catalog.SeasonTicketLine{
					{ID: 2, Product: 102}, {ID: 3, Product: 199, Name: named("Hors catalogue", "Not in the catalog"), CategoryChanges: true},
				}}},
			},
		},
		catalog.Product{
			ID: 112, Season: 1, Code: "PACK", Kind: catalog.KindPackage, State: catalog.Running, Name: named("Forfait famille", "Family package"),
			Package: &catalog.Package{Tariffs: []catalog.TariffID{601}, Lines: []catalog.PackageLine{
				{ID: 1, Product: 101, Quantity: 2}, {ID: 2, Parent: 1, Product: 104, Quantity: 1, Optional: true, Tariff: 602},
			}},
		},
		catalog.Product{ID: 113, Season: 1, Code: "PARK", Kind: catalog.KindService, State: catalog.Running, Name: named("Parking", "Parking"), Items: items(113, 61013, "Place")},
		catalog.Product{ID: 114, Season: 1, Code: "BUS", Kind: catalog.KindTransport, State: catalog.Running, Name: named("Navette", "Shuttle"), Items: items(114, 61014, "Aller")},
		catalog.Product{ID: 115, Season: 1, Code: "VIP", Kind: catalog.KindHospitality, State: catalog.Running, Name: named("Loge", "Box"), Items: items(115, 61015, "Loge")},
		catalog.Product{ID: 116, Season: 1, Code: "NEW", Kind: catalog.KindOther, State: catalog.Running, Name: named("Inconnu", "Unknown")},
		catalog.Product{ID: 117, Season: 1, Code: "SOLD", Kind: catalog.KindGoods, State: catalog.Running, AdditionalState: "SOLD_OUT", Name: named("Affiche", "Poster"), Items: items(117, 61017, "Affiche")},
	)
	return s
}

func everythingRig(t *testing.T) *rig {
	t.Helper()
	r := bareRig(t)
	r.now.tick = 0
	r.now.at = noon
	r.catalog.snaps["play"] = everything
	r.load()
	return r
}

func TestGolden_EveryKindOfProduct(t *testing.T) {
	t.Parallel()
	r := everythingRig(t)
	for name, id := range map[string]string{
		"event": hamlet, "pass": pass, "goods": mug, "membership": "play-110", "season_ticket": "play-111", "package": "play-112",
		"service": "play-113", "transport": "play-114", "hospitality": "play-115", "other": "play-116", "sold_out_by_hand": "play-117",
	} {
		golden(t, "kind_"+name, r.do("web", http.MethodGet, "/v1/products/"+id+"?lang=en", ""))
	}
	golden(t, "kind_performance", r.do("web", http.MethodGet, "/v1/performances/"+hamletFirst+"?lang=en", ""))
	golden(t, "reference", r.do("web", http.MethodGet, "/v1/institutions/play/reference?lang=en", ""))
	golden(t, "reference_raw", r.do("ops", http.MethodGet, "/v1/institutions/play/reference?include=raw&lang=fr", ""))
	golden(t, "kind_membership_raw", r.do("ops", http.MethodGet, "/v1/products/play-110?include=raw", ""))
	golden(t, "kind_event_raw", r.do("ops", http.MethodGet, "/v1/products/"+hamlet+"?include=raw", ""))
	golden(t, "kind_performance_raw", r.do("ops", http.MethodGet, "/v1/performances/"+hamletFirst+"?include=raw", ""))
}

func TestRaw_IsForOperatorsOnly(t *testing.T) {
	t.Parallel()
	r := everythingRig(t)
	for _, target := range []string{"/v1/products/" + hamlet, "/v1/performances/" + hamletFirst, "/v1/institutions/play/reference"} {
		if a := r.do("web", http.MethodGet, target+"?include=raw", ""); a.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
		if a := r.do("ops", http.MethodGet, target+"?include=cooked", ""); a.status != http.StatusUnprocessableEntity || !strings.Contains(string(a.body), "?include") {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
		if a := r.do("web", http.MethodGet, target, ""); a.status != http.StatusOK || strings.Contains(string(a.body), `"raw"`) {
			t.Errorf("%s: %d shows raw members unasked", target, a.status)
		}
	}
}

func TestGolden_Explain(t *testing.T) {
	t.Parallel()
	r := everythingRig(t)
	for name, target := range map[string]string{
		"product": hamlet, "performance": hamletLate + "?tariff=play-601&seat_category=play-1001", "performance_when_open": hamletLate + "?at=2026-10-02",
		"item": "play-61010", "kind": "play-111",
	} {
		golden(t, "explain_"+name, r.do("ops", http.MethodGet, "/v1/admin/explain/"+target, ""))
	}
}

func TestExplain_RefusesWhatItCannotJudge(t *testing.T) {
	t.Parallel()
	r := everythingRig(t)
	for target, want := range map[string]struct {
		status int
		names  string
	}{
		"play-999":                   {http.StatusNotFound, "product.unknown"},
		"play-105":                   {http.StatusNotFound, "price.fraction"},
		"nowhere-1":                  {http.StatusNotFound, "product.unknown"},
		hamlet + "?at=tomorrow":      {http.StatusUnprocessableEntity, "?at"},
		hamlet + "?tariff=arena-901": {http.StatusUnprocessableEntity, "?tariff"},
		hamlet + "?tariff=play-999":  {http.StatusUnprocessableEntity, "?tariff"},
		hamlet + "?seat_category=x":  {http.StatusUnprocessableEntity, "?seat_category"},
		hamlet + "?seat_categories=": {http.StatusUnprocessableEntity, "?seat_categories"},
	} {
		a := r.do("ops", http.MethodGet, "/v1/admin/explain/"+target, "")
		if a.status != want.status || !strings.Contains(string(a.body), want.names) {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	if a := r.do("web", http.MethodGet, "/v1/admin/explain/"+hamlet, ""); a.status != http.StatusForbidden {
		t.Errorf("a storefront's key: %d", a.status)
	}
}
