package sim

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestSetup_Seasons_WithEmptyLists(t *testing.T) {
	t.Parallel()
	for code, p := range map[string]*Platform{"theatre": newPlatform(t), "big": generatedPlatform(t, WorldOptions{Code: "big", Products: 9, Performances: 30})} {
		o := at(t, p, code).must("setupService", "listSeasons", object{})
		seasons := o.list("seasons")
		if len(seasons) == 0 || seasons[0].id("id") == 0 || seasons[0]["products"] != nil {
			t.Fatalf("%s: %v", code, seasons)
		}
		for _, name := range []string{"priceLevels", "audienceCategories"} {
			if list, ok := seasons[0][name].([]any); !ok || len(list) != 0 {
				t.Errorf("%s: %s is %v", code, name, seasons[0][name])
			}
		}
	}
}

func TestSetup_SearchProducts_PagesHoldEveryProductOnce_AlsoWhatIsNotOnSale(t *testing.T) {
	t.Parallel()
	d := at(t, generatedPlatform(t, WorldOptions{Code: "big", Products: 230, Performances: 300}), "big")
	seen, states, last := map[int64]int{}, map[string]int{}, int64(0)
	pages := 0
	for from := 0; ; from += 100 {
		page := d.must("setupService", "searchProductsByCriteria", object{"searchProductsCriteria": object{}, "granularity": "COMPLETE", "minIndex": from, "nbMaxResults": 5_000}).list("products")
		pages++
		for _, w := range page {
			if w.id("id") < last {
				t.Error("not the oldest first")
			}
			last = w.id("id")
			seen[last]++
			states[w.str("state")]++
			for _, f := range w.get("event").list("performances") {
				if f["state"] != nil {
					t.Errorf("performance has the state %v", f["state"])
				}
			}
		}
		if len(page) < 100 {
			break
		}
	}
	if pages != 3 || len(seen) != 238+11 || states["PREPARING"] != 3 || states["VALIDATED"] != 2 {
		t.Errorf("%d pages, %d products, %v", pages, len(seen), states)
	}
	// The catalog keeps its states: nothing was taken from the recording.
	if f := d.catalog(object{}).Seasons[0].Products[0].Event.Performances[0]; f.State == "" {
		t.Error("the catalog lost a state")
	}
}

func TestSetup_SearchProducts_BySeasonAndFamily(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "museum")
	season := d.in.number(kindSeason, 1)
	find := func(criteria object) []object {
		return d.must("setupService", "searchProductsByCriteria", object{"searchProductsCriteria": criteria, "minIndex": 0, "nbMaxResults": 100}).list("products")
	}
	all, passes := find(object{"seasonIds": []int64{season}}), find(object{"productFamilyTypes": []string{"PASS"}})
	if len(all) != len(d.in.products)+1 || len(passes) == 0 || len(passes) >= len(all) || passes[0].str("productFamilyType") != "PASS" {
		t.Errorf("%d of all, %d passes", len(all), len(passes))
	}
	if none := find(object{"seasonIds": []int64{1}}); len(none) != 0 {
		t.Errorf("of no season: %d", len(none))
	}
	if o := d.call("setupService", "searchProductsByCriteria", object{"searchProductsCriteria": object{}, "minIndex": -1, "nbMaxResults": 1}); o.code() != errInvalid {
		t.Errorf("before the first: %v", o)
	}
	if page := d.must("setupService", "searchProductsByCriteria", object{"searchProductsCriteria": object{}, "minIndex": len(all) - 1, "nbMaxResults": 2}).list("products"); len(page) != 1 || page[0].str("state") != "PREPARING" {
		t.Errorf("last page %v", page)
	}
}

func TestSetup_ListsOfASeason(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	season := object{"seasonId": d.in.number(kindSeason, 1)}
	if got := d.must("setupService", "listAudienceSubCategories", season).list("audienceSubCategories"); len(got) != len(d.in.tariffs) || got[0].id("id") != d.in.tariffs[0].id {
		t.Errorf("tariffs %v", got)
	}
	if got := d.must("setupService", "listPriceLevels", season).list("priceLevels"); len(got) == 0 || got[0].str("code") != "PUBLIC" {
		t.Errorf("levels %v", got)
	}
	rates := d.must("setupService", "listVatCodes", object{}).list("vatCodes")
	if len(rates) != len(d.in.w.VAT) || rates[0].id("currentRate") != int64(d.in.w.VAT[rates[0].str("code")]) {
		t.Errorf("rates %v", rates)
	}
	activities := d.must("setupService", "listActivities", season).list("activities")
	hamlet := d.must("setupService", "getProductDetails", object{"productId": d.product("HAMLET").id}).get("product")
	found := false
	for _, a := range activities {
		found = found || a.id("id") == hamlet.get("event").id("activityId")
	}
	if !found || hamlet.str("code") != "HAMLET" || len(hamlet.get("event").list("performances")) == 0 {
		t.Errorf("activities %v of %v", activities, hamlet["event"])
	}
	for method, body := range map[string]object{"listPriceLevels": {"seasonId": 1}, "listActivities": {"seasonId": 1}, "getProductDetails": {"productId": 1}} {
		if o := d.call("setupService", method, body); o.code() != errSeason && o.code() != errProduct {
			t.Errorf("%s: %v", method, o)
		}
	}
	if o := d.call("setupService", "listPriceLevels", object{}); o.code() != errMissing {
		t.Errorf("no season: %v", o)
	}
}

func TestCatalog_AsText_IsXMLWithEveryProduct(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	text := d.must("catalogService", "getCatalog", object{}).str("catalogData")
	dec := xml.NewDecoder(strings.NewReader(text))
	products, open := 0, []string{}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if e.Name.Local == "products" && open[len(open)-1] == "seasons" {
				products++
			}
			open = append(open, e.Name.Local)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	if want := len(d.catalog(object{}).Seasons[0].Products); products != want || want == 0 {
		t.Errorf("%d products, want %d", products, want)
	}
	if one := d.must("catalogService", "getCatalog", object{"productCode": "HAMLET"}).str("catalogData"); strings.Count(one, "<code>HAMLET</code>") != 2 || strings.Contains(one, "<code>TARTUFFE</code>") {
		t.Error("productCode is not taken")
	}
}

func TestSeats_OneByOne_FollowHoldsAndSales(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	ask := func(more object) []object {
		body := object{"pointOfSalesId": d.in.w.PointOfSales.ID, "performanceId": perf.id}
		for k, v := range more {
			body[k] = v
		}
		return d.must("availabilityService", "getSeatsAvailability", body).list("seatAvailabilityData")
	}
	free := func(list []object) map[int64]bool {
		out := map[int64]bool{}
		for _, s := range list {
			if s["available"] == true {
				out[s.id("seatId")] = true
			}
		}
		return out
	}
	before := ask(nil)
	want := d.left(perf, "CAT1") + d.left(perf, "CAT2") + d.left(perf, "CAT3")
	if n := int64(len(free(before))); n != want || len(before) != perf.product.venue.capacity {
		t.Fatalf("%d free of %d seats, want %d of %d", n, len(before), want, perf.product.venue.capacity)
	}
	o := d.create(d.entries(d.line(perf, "CAT1", "PLEIN", 2))).get("orderUpdateData")
	after := free(ask(nil))
	for _, m := range o.list("movementDataUpdates") {
		if id := m.id("seatId"); after[id] || !free(before)[id] {
			t.Errorf("seat %d: free before %v, after %v", id, free(before)[id], after[id])
		}
	}
	if int64(len(after)) != want-2 {
		t.Errorf("%d free after a hold of 2, %d before", len(after), want)
	}
	one := ask(object{"seatCategoryIds": []int64{category0(perf, "CAT2")}})
	if int64(len(free(one))) != d.left(perf, "CAT2") || one[0].id("seatCategoryId") != category0(perf, "CAT2") || one[0].str("row") == "" {
		t.Errorf("one category: %d seats", len(one))
	}
	if none := ask(object{"contingentIds": []int64{1}}); len(none) != 0 {
		t.Errorf("another contingent: %d seats", len(none))
	}
	if all := ask(object{"contingentIds": []int64{-1}}); len(all) != len(before) {
		t.Errorf("every contingent: %d seats", len(all))
	}
	if no := d.call("availabilityService", "getSeatsAvailability", object{"pointOfSalesId": d.in.w.PointOfSales.ID, "performanceId": 1}); no.code() != errPerformance {
		t.Errorf("no performance: %v", no)
	}
	sound(t, p)
}

func TestThemeAndLanguage_OfThePassTimeslots(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "museum")
	pass := d.product("BILLET")
	slot := pass.items[0].slots[0].id
	list := d.must("availabilityService", "getAvailableThemeAndLanguage", object{"passId": pass.id, "timeslotIds": []int64{slot}}).list("listThemeAndLanguage")
	if len(list) != len(d.in.w.Languages) || list[0].id("timeslotId") != slot || list[0].str("languageCode") != d.in.w.Languages[0] {
		t.Errorf("%v", list)
	}
	if no := d.call("availabilityService", "getAvailableThemeAndLanguage", object{"passId": 1}); no.code() != errProduct {
		t.Errorf("no pass: %v", no)
	}
	if no := d.call("availabilityService", "getAvailableThemeAndLanguage", object{"passId": pass.id, "requestId": 4}); !strings.HasPrefix(no.code(), "error.parameter") {
		t.Errorf("a requestId: %v", no)
	}
}
