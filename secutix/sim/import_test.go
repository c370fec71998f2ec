package sim

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/secutix/s360"
)

// smallRecording is a catalog with a place, two seasons, an event and a pass.
const smallRecording = `{"physicalConfigurations":[{"id":11,"physicalGauge":400}],"seasons":[
 {"id":1,"code":"2526","audienceCategories":[{"id":2,"audienceSubCategories":[{"id":3,"code":"FULL"}]}],"priceLevels":[{"id":4,"code":"PUBLIC","mainCategory":"OCCASIONAL"}],
  "products":[{"id":20,"code":"X","productFamilyType":"SINGLE_ENTRY","event":{"performances":[
   {"id":21,"start":"2026-12-03T20:00:00+01:00","physicalConfigurationId":11,"seatCategories":[{"id":5,"code":"CAT1"}],"prices":[{"seatCatId":5,"audSubCatId":3,"priceLevelId":4,"amount":30000}]}]}}]},
 {"id":6,"code":"2627","priceLevels":[{"id":7,"code":"PUBLIC"}],
  "products":[{"id":20,"code":"X","productFamilyType":"SINGLE_ENTRY","event":{"performances":[
   {"id":22,"start":"2026-12-04T20:00:00+01:00","physicalConfigurationId":11,"seatCategories":[{"id":5,"code":"CAT1"}],"prices":[{"seatCatId":5,"audSubCatId":3,"priceLevelId":4,"amount":30000}]}]}},
   {"id":30,"code":"P","productFamilyType":"PASS","pass":{"items":[{"itemId":31,"itemPrices":[{"audSubCatId":3,"amount":5000}],"timeslotIds":[32]}],"timeslots":[{"id":32,"startTime":"10:00"}]}},
   {"id":40,"code":"ST","productFamilyType":"SEASONTICKET","seasonTicket":{"items":[{"itemId":41,"itemPrices":[{"audSubCatId":3,"amount":90000}]}]}}]}]}`

func TestImportWorld_BrokenFile_IsRefusedWithThePlace(t *testing.T) {
	t.Parallel()
	if _, err := ImportWorld("x", []byte(smallRecording), nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, with, want string }{
		"another tariff":       {`"audSubCatId":3,"priceLevelId":4`, `"audSubCatId":99,"priceLevelId":4`, "seasons[0].products[0].event.performances[0].prices[0]: audSubCatId 99 leads nowhere"},
		"another level":        {`"priceLevelId":4`, `"priceLevelId":98`, "performances[0].prices[0]: priceLevelId 98"},
		"another category":     {`"seatCatId":5`, `"seatCatId":97`, "performances[0].prices[0]: seatCatId 97"},
		"another place":        {`"physicalConfigurationId":11`, `"physicalConfigurationId":96`, "seasons[0].products[0].event.performances[0]: physicalConfigurationId 96"},
		"another slot":         {`"timeslotIds":[32]`, `"timeslotIds":[95]`, "seasons[1].products[1]: items[0]: timeslotIds 95"},
		"tariff of an item":    {`{"audSubCatId":3,"amount":5000}`, `{"audSubCatId":94,"amount":5000}`, "items[0].itemPrices[0]: audSubCatId 94"},
		"season twice":         {`{"id":6,`, `{"id":1,`, "seasons[1]: the id 1 stands twice"},
		"product twice":        {`{"id":30,`, `{"id":20,`, "seasons[1].products[1]: the id 20 stands twice"},
		"performance twice":    {`{"id":22,`, `{"id":21,`, ""}, // in two seasons of one product: allowed
		"item twice":           {`"itemId":41`, `"itemId":31`, "seasons[1].products[2]: items[0]: the id 31 stands in seasons[1].products[1]"},
		"no id":                {`{"id":21,`, `{`, "seasons[0].products[0].event.performances[0]: 0 is not an id"},
		"a negative id":        {`{"id":30,`, `{"id":-30,`, "seasons[1].products[1]: -30 is not an id"},
		"more than the id has": {`{"id":30,`, `{"id":90071992547409930,`, "is not an id"},
		"an id that is a word": {`{"id":30,`, `{"id":"thirty",`, "seasons[1].products[1].id"},
		"a stray comma":        {`"code":"ST",`, `"code":"ST",,`, "line 9, column 25"},
	} {
		_, err := ImportWorld("x", []byte(strings.Replace(smallRecording, c.old, c.with, 1)), nil)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	for n := 1; n < len(smallRecording); n += 37 {
		if _, err := ImportWorld("x", []byte(smallRecording[:n]), nil); err == nil || !strings.Contains(err.Error(), "line") {
			t.Errorf("cut after %d: %v", n, err)
		}
	}
}

func TestImported_OrderLines_CarryTheCatalogsSeason(t *testing.T) {
	t.Parallel()
	p, d := imported(t, "")
	for id, want := range map[int]string{21: "2526", 22: "2627"} {
		o := d.create(d.entries(object{"performanceId": id, "seatCategoryId": 5, "audienceSubCategoryId": 3, "quantity": 1}))
		if got := o.get("orderUpdateData").list("operationDataUpdates"); o.code() != "success" || got[0].str("season") != want {
			t.Errorf("performance %d: %v", id, o)
		}
	}
	o := d.create(object{"pointOfSalesId": d.in.w.PointOfSales.ID, "simpleProductOperations": []object{{"itemId": 41, "audienceSubCategoryId": 3, "quantity": 1}}})
	if o.code() != errKind || !strings.Contains(o.str("statusDetail"), "composedProductOperations") {
		t.Errorf("season ticket: %v", o)
	}
	sound(t, p)
}

func imported(t *testing.T, journal string) (*Platform, *desk) {
	t.Helper()
	w, err := ImportWorld("real", []byte(smallRecording), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1, CatalogSpacing: -1, Journal: journal, Worlds: []World{w}}
	return p, at(t, startedPlatform(t, p), "real")
}

// The process dies without closing its journal; the next one has the same state, and so has a third.
func TestImported_KilledAndStartedAgain_HasTheSameState(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	p, d := imported(t, journal)
	line := func(n int) object {
		return object{"performanceId": 21, "seatCategoryId": 5, "audienceSubCategoryId": 3, "quantity": n}
	}
	id, total := d.hold(d.entries(line(3)))
	d.must("externalOrderService", "closeOrder", d.closing(id, total))
	open, _ := d.hold(d.entries(line(2)))
	pass := d.create(object{"pointOfSalesId": d.in.w.PointOfSales.ID, "simpleProductOperations": []object{
		{"itemId": 31, "audienceSubCategoryId": 3, "quantity": 2, "timeslotId": 32, "visitDate": "2026-12-05"},
	}})
	if pass.code() != "success" {
		t.Fatal(pass)
	}
	control(t, p, "POST", "/performances/22/price", `{"delta":1500}`)
	control(t, p, "POST", "/performances/21/cancel", "")
	state := func(p *Platform, d *desk) string {
		sound(t, p)
		catalog, err := json.Marshal(d.catalog(object{}))
		if err != nil {
			t.Fatal(err)
		}
		return remembered(t, p) + string(catalog) + fmt.Sprint(d.details(id), d.details(open))
	}
	want := state(p, d)
	for range 2 {
		p, d = imported(t, journal)
		if diff := cmp.Diff(want, state(p, d)); diff != "" {
			t.Errorf("-before +after\n%s", diff)
		}
	}
}

// arena is a recorded stadium of 60,000 seats in two categories, with 40 matches.
func arena(tb testing.TB) World {
	tb.Helper()
	d := &s360.CatalogData{PhysicalConfigurations: s360.List[s360.PhysicalConfiguration]{{ID: 11, PhysicalGauge: integer(60_000)}}}
	season := s360.Season{ID: 1, Code: "2627"}
	for i := range 40 {
		f := s360.Performance{ID: s360.ID(1000 + i), Start: s360.At(aDay.AddDate(0, 0, i+1)), Numbered: boolean(true), PhysicalConfigurationID: 11}
		for c := range 2 {
			f.SeatCategories = append(f.SeatCategories, s360.SeatCategory{ID: s360.ID(5 + c), Code: "C" + text(int64(c))})
			f.Prices = append(f.Prices, s360.Price{SeatCatID: s360.ID(5 + c), AudSubCatID: 3, Amount: amount(40_000)})
		}
		season.Products = append(season.Products, s360.Product{
			ID: s360.ID(100 + i), Code: "M" + text(int64(i)), ProductFamilyType: s360.FamilySingleEntry, Event: &s360.Event{Performances: s360.List[s360.Performance]{f}},
		})
	}
	d.Seasons = s360.List[s360.Season]{season}
	raw, err := json.Marshal(d)
	if err != nil {
		tb.Fatal(err)
	}
	w, err := ImportWorld("arena", raw, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// Seats are ranges, and what others bought is a bit a seat.
func TestImported_SixtyThousandSeats_CostFewBytes(t *testing.T) {
	t.Parallel()
	p := &Platform{Clock: NewClock(aDay), RatePerMinute: -1, CatalogSpacing: -1, Worlds: []World{arena(t)}}
	k := at(t, startedPlatform(t, p), "arena")
	seats, pools, bits, rows := 0, 0, 0, 0
	for _, perf := range k.in.perfOf {
		for _, pl := range k.in.poolsOf(perf) {
			seats, pools, bits = seats+pl.capacity, pools+1, bits+8*len(pl.gone)
		}
		rows = len(perf.product.venue.blocks[0].rows) * len(perf.product.venue.blocks)
	}
	if seats != 40*60_000 || bits > 40*60_000/8*2 || rows > 60_000/inventedRow+60 || k.in.perfOf[1000].product.venue != k.in.perfOf[1039].product.venue {
		t.Errorf("%d seats in %d pools with %d bytes of bits, %d rows", seats, pools, bits, rows)
	}
	o := k.create(k.entries(object{"performanceId": 1000, "seatCategoryId": 6, "audienceSubCategoryId": 3, "quantity": 4}))
	if o.code() != "success" {
		t.Error(o)
	}
	ids := map[int64]bool{}
	for _, s := range k.must("availabilityService", "getSeatsAvailability", object{"pointOfSalesId": k.in.w.PointOfSales.ID, "performanceId": 1000}).list("seatAvailabilityData") {
		ids[s.id("seatId")] = true
	}
	if len(ids) != 60_000 {
		t.Errorf("%d seat ids", len(ids))
	}
	sound(t, p)
}

// BenchmarkStadiumMemory says what the stock of 60,000 seats at 40 matches costs.
func BenchmarkStadiumMemory(b *testing.B) {
	for b.Loop() {
		in, err := grow(arena(b), 1, 1, aDay)
		if err != nil {
			b.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for _, perf := range in.perfOf {
			in.poolsOf(perf)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
		runtime.KeepAlive(in)
	}
}
