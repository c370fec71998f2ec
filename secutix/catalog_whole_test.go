package secutix_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/secutix"
	"guichet/secutix/sim"
)

// wire is a catalog with one play of one performance and one item; the words in it are replaced in pairs.
func wire(replace ...string) string {
	const whole = `{"statusCode":"success","catalogData":{"seasons":[{"id":1,"code":"2627",
"audienceCategories":[{"id":501,"code":"IND","audienceSubCategories":[{"id":601,"code":"FULL"}]}],
"products":[{"id":101,"code":"HAMLET","productFamilyType":"SINGLE_ENTRY","event":{"performances":[
{"id":201,"start":"2026-11-21T20:00:00.000+01:00","seatCategories":[{"id":1001}],
"salePeriods":[{"salePossible":true,"endRelative":2}],"prices":[{"seatCatId":1001,"audSubCatId":601,"amount":42000}]}]}},
{"id":102,"code":"BOOK","productFamilyType":"GOODS","goods":{"items":[{"itemId":301,"itemPrices":[{"audSubCatId":601,"amount":8000}]}]}}]}]}}`
	return strings.NewReplacer(replace...).Replace(whole)
}

func TestCatalog_WhatCannotBeReadOrBeRightIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	good := wire()
	deep := `"id":201,"x":` + strings.Repeat("[", 300) + strings.Repeat("]", 300)
	for name, tt := range map[string]struct{ wire, why string }{
		"cut in half":                 {good[:len(good)/2], "cut off"},
		"cut at its last byte":        {good[:len(good)-1], "cut off"},
		"not JSON":                    {strings.Replace(good, `"id":201,`, `"id":201,,`, 1), "not JSON"},
		"nested too deeply":           {wire(`"id":201`, deep), "nested more than 256 deep"},
		"member twice":                {wire(`"amount":42000`, `"amount":42000,"amount":1000`), "performances[0].prices[0].amount: stands twice"},
		"products twice":              {wire(`"code":"2627",`, `"code":"2627","products":[],`), "seasons[0].products: stands twice"},
		"unknown member twice":        {wire(`"code":"HAMLET",`, `"code":"HAMLET","new":1,"new":2,`), "products[0].new: stands twice"},
		"member twice in a soft one":  {wire(`"id":201,`, `"id":201,"location":{"siteCode":"A","siteCode":"B"},`), "location.siteCode: stands twice"},
		"an endless name":             {wire(`"code":"HAMLET",`, `"code":"HAMLET","`+strings.Repeat("é", 5000)+`":1,"`+strings.Repeat("é", 5000)+`":2,`), "…"},
		"no data":                     {`{"statusCode":"success"}`, "no data"},
		"another shape":               {wire(`"id":201`, `"id":{}`), "performances[0].id"},
		"price of a strange category": {wire(`"seatCatId":1001`, `"seatCatId":1009`), "seat category 1009"},
		"price of a strange tariff":   {wire(`"audSubCatId":601,"amount":42000`, `"audSubCatId":609,"amount":42000`), "performance 201 has a price of tariff 609"},
		"item of a strange tariff":    {wire(`"audSubCatId":601,"amount":8000`, `"audSubCatId":609,"amount":8000`), "item 301 has a price of tariff 609"},
		"event without an event":      {wire(`"event":{`, `"other":{`), "belongs to no event"},
		"price too large":             {wire(`"amount":42000`, `"amount":9000000000000000`), "too large"},
		"item too large":              {wire(`"amount":8000`, `"amount":9000000000000000`), "too large"},
		"price in francs":             {wire(`"amount":42000`, `"amount":42000,"currencyCode":"CHF"`), "a price is in CHF"},
		"item in francs":              {wire(`"amount":8000`, `"amount":8000,"currency":"chf"`), "a price is in CHF"},
	} {
		snap, err := theatre(t, answers{"getCatalogDetailed": tt.wire, "listVatCodes": vatCodes}).Catalog(t.Context(), theatreInstitution())
		if err == nil {
			err = snap.Validate(nil)
		}
		if e := domain.AsError(err); err == nil || e.Code != catalog.CodeCatalogRefused || !strings.Contains(e.Detail, tt.why) || len(e.Detail) > 500 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCatalog_WhatOnlyLooksOddIsTaken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][]string{
		"as it is":                {},
		"no tariffs at all":       {`"audienceSubCategories":[{"id":601,"code":"FULL"}]`, `"audienceSubCategories":[]`},
		"no categories at all":    {`"seatCategories":[{"id":1001}]`, `"seatCategories":[]`},
		"a place in a list":       {`"id":201,`, `"id":201,"location":[{"siteCode":"A"}],`},
		"the same name elsewhere": {`"code":"HAMLET",`, `"code":"HAMLET","new":{"id":1},"old":{"id":1},`},
	} {
		body := wire(change...)
		snap, err := theatre(t, answers{"getCatalogDetailed": body, "listVatCodes": vatCodes}).Catalog(t.Context(), theatreInstitution())
		if err != nil || snap.Validate(nil) != nil || len(snap.Performances) != 1 || len(snap.Performances[0].Prices) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCatalog_VATIsAskedOnceAndAFailureIsOnlyNoted(t *testing.T) {
	t.Parallel()
	says := answers{"getCatalogDetailed": wire()}
	c := theatre(t, says)
	load := func() *catalog.Snapshot {
		t.Helper()
		snap, err := c.Catalog(t.Context(), theatreInstitution())
		if err != nil {
			t.Fatal(err)
		}
		return snap
	}
	unread := func(s *catalog.Snapshot) bool {
		return slices.ContainsFunc(s.Refused, func(r catalog.Refusal) bool { return r.Code == "vat.unread" && r.Detail != "" })
	}
	if s := load(); len(s.VAT) != 0 || !unread(s) {
		t.Errorf("never read: %+v, %+v", s.VAT, s.Refused)
	}
	says["listVatCodes"] = vatCodes
	want := catalog.VATRate{ID: 801, Code: "TVA21", Rate: 2100, Country: "FR"}
	if s := load(); !slices.Equal(s.VAT, []catalog.VATRate{want}) || unread(s) {
		t.Errorf("read: %+v, %+v", s.VAT, s.Refused)
	}
	delete(says, "listVatCodes")
	if s := load(); !slices.Equal(s.VAT, []catalog.VATRate{want}) || !unread(s) {
		t.Errorf("the rates of before: %+v, %+v", s.VAT, s.Refused)
	}
	b := newBorder(t)
	b.load(t, "museum")
	n := 0
	for _, call := range b.meter.calls {
		if call.Method == "listVatCodes" {
			n++
			if call.Class != "refresh" {
				t.Errorf("asked as %s", call.Class)
			}
		}
	}
	if n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestCatalog_UnitOfRelativeEndsIsConfigured(t *testing.T) {
	t.Parallel()
	for unit, want := range map[string]time.Duration{"": 2 * time.Minute, "minutes": 2 * time.Minute, "hours": 2 * time.Hour, "days": 48 * time.Hour, "ignore": 0} {
		c := theatre(t, answers{"getCatalogDetailed": wire(), "listVatCodes": vatCodes}, func(s *secutix.Settings) { s.SalePeriodRelativeUnit = unit })
		snap, err := c.Catalog(t.Context(), theatreInstitution())
		if err != nil {
			t.Fatal(err)
		}
		if p := snap.Performances[0].SalePeriods[0]; p.EndRelative != want || p.Relative != (unit != "ignore") {
			t.Errorf("%q: %+v", unit, p)
		}
	}
	for _, beyond := range []string{"1054081", "-9000000000000000000", "9000000000000000000"} { // two years of minutes and more
		snap, err := theatre(t, answers{"getCatalogDetailed": wire(`"endRelative":2`, `"endRelative":`+beyond), "listVatCodes": vatCodes}).Catalog(t.Context(), theatreInstitution())
		if err != nil || snap.Performances[0].SalePeriods[0].Relative {
			t.Errorf("%s: %v", beyond, err)
		}
	}
	_, err := secutix.New([]secutix.Settings{{Code: "theatre", BaseURL: "http://sim", Operator: "O", Secret: "s", SalePeriodRelativeUnit: "weeks"}}, secutix.Options{Clock: base})
	if err == nil || !strings.Contains(err.Error(), "weeks") {
		t.Errorf("an unknown unit: %v", err)
	}
}

func TestCatalog_EqualThingsAreKeptOnce(t *testing.T) {
	t.Parallel()
	s := newBorder(t, func(p *sim.Platform, _ *[]secutix.Settings) {}).load(t, "theatre")
	lists := map[*catalog.Price]bool{}
	n := 0
	for i := range s.Performances {
		if len(s.Performances[i].Prices) > 0 {
			lists[&s.Performances[i].Prices[0]] = true
			n++
		}
	}
	if len(lists)*2 > n {
		t.Errorf("%d price lists for %d performances", len(lists), n)
	}
}

func TestAvailability_ReadsContingentsWithoutAnotherCall(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	snap := b.load(t, "theatre")
	var event *catalog.Product
	for i := range snap.Products {
		if p := &snap.Products[i]; p.Kind == catalog.KindEvent && len(p.Performances) > 0 && !snap.Performance(p.Performances[0]).Over(base()) {
			event = p
			break
		}
	}
	b.meter.calls = nil
	readings, err := secutix.Catalog{Institutions: b.Institutions}.Availability(t.Context(), snap, []catalog.ProductID{event.ID})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.meter.calls) != 1 {
		t.Errorf("%d calls", len(b.meter.calls))
	}
	type of struct {
		performance catalog.PerformanceID
		category    catalog.SeatCategoryID
	}
	parts, wholes := map[of]int{}, map[of]int{}
	seen := map[catalog.Key]bool{}
	for _, r := range readings {
		if seen[r.Key] {
			t.Errorf("%+v is read twice", r.Key)
		}
		seen[r.Key] = true
		switch k := (of{r.Performance, r.SeatCategory}); {
		case r.Contingent != 0:
			parts[k] += r.Count
		case r.Counted && r.SeatCategory != 0:
			wholes[k] = r.Count
		}
	}
	if len(wholes) == 0 || !maps.Equal(parts, wholes) {
		t.Errorf("what is left by contingent is not what is left:\n%v\n%v", parts, wholes)
	}
}

func TestAvailability_ContingentsOfItemsAreReadWhereTheyAreGiven(t *testing.T) {
	t.Parallel()
	c := theatre(t, answers{
		"getCatalogDetailed": wire(), "listVatCodes": vatCodes,
		"getProductAvailability": `{"statusCode":"success","productAvailabilityData":[{"productId":102,"level":"GOOD","contingentAvailabilities":[{"contingentId":5,"quantity":3},{"quantity":9}],
"itemAvailabilities":[{"itemId":301,"timeslotId":7,"date":"2026-11-22T00:00:00.000+01:00","quantity":4,"contingentAvailabilities":{"contingentId":6,"quantity":"2"}}]}]}`,
	})
	snap, err := c.Catalog(t.Context(), theatreInstitution())
	if err != nil {
		t.Fatal(err)
	}
	snap.Index()
	readings, err := c.Availability(t.Context(), snap, []catalog.ProductID{102})
	if err != nil {
		t.Fatal(err)
	}
	got := map[catalog.Key]int{}
	for _, r := range readings {
		got[r.Key] = r.Count
	}
	slot := catalog.Key{Product: 102, Item: 301, Timeslot: 7, Day: "2026-11-22"}
	share := slot
	share.Contingent = 6
	if want := map[catalog.Key]int{{Product: 102}: 0, {Product: 102, Contingent: 5}: 3, slot: 4, share: 2}; !maps.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}
