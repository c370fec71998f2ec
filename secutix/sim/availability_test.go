package sim

import (
	"testing"
	"time"
)

func TestAvailability_SeatCategoryFilter_NoneAllOrThese(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	ask := func(ids ...int64) object {
		body := object{"pointOfSalesId": d.in.w.PointOfSales.ID, "eventIds": []int64{perf.product.id}, "performanceIds": []int64{perf.id}}
		if ids != nil {
			body["seatCategoryIds"] = ids
		}
		e := d.must("availabilityService", "getEventAvailability", body).get("eventAvailabilityData").list("eventAvailabilities")
		if len(e) != 1 || e[0].id("eventId") != perf.product.id {
			t.Fatalf("events %v", e)
		}
		return e[0].list("performanceAvailabilities")[0]
	}
	total, all, one := ask(), ask(-1), ask(category0(perf, "CAT2"))
	if len(total.list("seatCategoryAvailabilities")) != 0 || total.id("quantity") == 0 {
		t.Errorf("empty filter: %v", total)
	}
	sum := int64(0)
	for _, c := range all.list("seatCategoryAvailabilities") {
		sum += c.id("quantity")
	}
	if len(all.list("seatCategoryAvailabilities")) != 3 || sum != total.id("quantity") {
		t.Errorf("all: %v, total %d", all, total.id("quantity"))
	}
	these := one.list("seatCategoryAvailabilities")
	if len(these) != 1 || these[0].id("quantity") != one.id("quantity") || one.id("quantity") != d.left(perf, "CAT2") {
		t.Errorf("one: %v", one)
	}
}

func TestAvailability_Levels(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	level := func(perf *performance) (string, int64) {
		a := d.must("availabilityService", "getPerformanceAvailability", object{"pointOfSalesId": d.in.w.PointOfSales.ID, "performanceIds": []int64{perf.id}}).list("performanceAvailabilityData")[0]
		return a.str("level"), a.id("quantity")
	}
	hamlet := d.product("HAMLET").perfs
	canceled := d.product("CERISAIE").perfs[0]
	control(t, p, "POST", "/performances/"+text(canceled.id)+"/cancel", "")
	for name, tc := range map[string]struct {
		perf *performance
		want string
		some bool
	}{
		"plenty":   {d.next("ANTIGONE"), levelGood, true},
		"few":      {hamlet[1], levelLimited, true},
		"none":     {hamlet[2], levelSoldOut, false},
		"not yet":  {d.product("MESSIE").perfs[0], levelOffSale, false},
		"canceled": {canceled, levelNotVisible, false},
	} {
		if got, n := level(tc.perf); got != tc.want || (n > 0) != tc.some {
			t.Errorf("%s: %s %d, want %s", name, got, n, tc.want)
		}
	}
}

func TestAvailability_Products_ByItemSlotAndDay(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "museum")
	ask := func(code string) object {
		return d.must("availabilityService", "getProductAvailability", object{
			"pointOfSalesId": d.in.w.PointOfSales.ID, "productIds": []int64{d.product(code).id},
		}).list("productAvailabilityData")[0]
	}
	if open := ask("PASS"); open["quantity"] != nil || open.str("level") != levelGood {
		t.Errorf("open pass: %v", open)
	}
	if book := ask("LIVRE"); book.id("quantity") != 120 {
		t.Errorf("book: %v", book)
	}
	slots := ask("BILLET").list("itemAvailabilities")
	mondays, soldOut, today := 0, 0, 0
	for _, s := range slots {
		day, err := time.Parse("2006-01-02T15:04:05.000-07:00", s.str("date"))
		if err != nil {
			t.Fatal(err)
		}
		if day.Weekday() == time.Monday {
			mondays++
		}
		if s.str("level") == levelSoldOut && day.Weekday() == time.Saturday {
			soldOut++
		}
		if day.Day() == 21 && day.Month() == time.November {
			today++
		}
	}
	// 09:00 UTC is 10:00 in Lyon: the slot of 10:00 has begun, 15 remain today.
	if mondays != 0 || soldOut == 0 || today != 15 || len(slots) != 15+35*16 {
		t.Errorf("mondays %d, sold out %d, today %d, all %d", mondays, soldOut, today, len(slots))
	}
}

func TestUpdatedAvailabilities_ListsOnlyWhatMovedSince(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	moved := func(since time.Time) []object {
		var ids []int64
		for _, pr := range d.in.products {
			ids = append(ids, pr.id)
		}
		return d.must("availabilityService", "getUpdatedAvailabilities", object{
			"pointOfSalesId": d.in.w.PointOfSales.ID, "productIds": ids, "referenceDate": since.UTC().Format("2006-01-02T15:04:05.000Z"),
		}).list("availabilityUpdateData")
	}
	p.Clock.Advance(time.Minute)
	if got := moved(aDay); len(got) != 0 {
		t.Errorf("nothing happened: %v", got)
	}
	perf := d.next("GODOT")
	d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 2)))
	if got := moved(aDay); len(got) != 1 || got[0].id("productId") != perf.product.id {
		t.Errorf("after a hold: %v", got)
	}
	p.Clock.Advance(time.Minute)
	if got := moved(aDay.Add(time.Minute)); len(got) != 0 {
		t.Errorf("after the hold was seen: %v", got)
	}
	p.Clock.Advance(time.Hour)
	got := moved(aDay.Add(time.Minute))
	if len(got) != 1 || got[0].str("lastUpdate") != "2026-11-21T10:16:00.000+01:00" {
		t.Errorf("after it ran out: %v", got)
	}
}
