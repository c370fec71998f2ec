package catalog_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

// wrong is one member that a quote must name.
type wrong struct{ pointer, code string }

func TestQuote_NamesEveryWrongMember(t *testing.T) {
	t.Parallel()
	seats := func(change func(*catalog.Want)) []catalog.Want {
		w := sample.Seats(2)
		change(&w)
		return []catalog.Want{w}
	}
	tour := func(change func(*catalog.Want)) []catalog.Want {
		w := sample.Tour(2)
		change(&w)
		return []catalog.Want{w}
	}
	tests := []struct {
		name  string
		wants []catalog.Want
		at    time.Time // zero: Now
		want  []wrong
	}{
		{name: "unknown performance", wants: seats(func(w *catalog.Want) { w.Performance = 9 }), want: []wrong{{"/items/0/performance", catalog.CodePerformanceUnknown}}},
		{name: "unknown item", wants: tour(func(w *catalog.Want) { w.Item = 9 }), want: []wrong{{"/items/0/item", catalog.CodeItemUnknown}}},
		{name: "neither", wants: tour(func(w *catalog.Want) { w.Item = 0 }), want: []wrong{{"/items/0/item", catalog.CodeItemUnknown}}},
		{name: "both", wants: seats(func(w *catalog.Want) { w.Item = sample.Programme }), want: []wrong{{"/items/0/item", catalog.CodeItemUnknown}}},
		{name: "unknown tariff", wants: seats(func(w *catalog.Want) { w.Tariff = 9 }), want: []wrong{{"/items/0/tariff", catalog.CodeTariff}}},
		{name: "unknown tariff of an item", wants: tour(func(w *catalog.Want) { w.Tariff = 9 }), want: []wrong{{"/items/0/tariff", catalog.CodeTariff}}},
		{name: "tariff without a price there", wants: seats(func(w *catalog.Want) { w.SeatCategory, w.Tariff = sample.Balcony, sample.Group; w.Quantity = 10 }), want: []wrong{{"/items/0/tariff", catalog.CodeTariff}}},
		{name: "item without that tariff", wants: tour(func(w *catalog.Want) { w.Tariff = sample.Group; w.Quantity = 10 }), want: []wrong{{"/items/0/tariff", catalog.CodeTariff}}},
		{name: "unknown category", wants: seats(func(w *catalog.Want) { w.SeatCategory = 9 }), want: []wrong{{"/items/0/seat_category", catalog.CodeSeatCategory}, {"/items/0/tariff", catalog.CodeTariff}}},
		{name: "category missing", wants: seats(func(w *catalog.Want) { w.SeatCategory = 0 }), want: []wrong{{"/items/0/seat_category", catalog.CodeSeatCategory}}},
		{name: "category of an item", wants: tour(func(w *catalog.Want) { w.SeatCategory = sample.Stalls }), want: []wrong{{"/items/0/seat_category", catalog.CodeSeatCategory}}},
		{name: "date of a performance", wants: seats(func(w *catalog.Want) { w.Day = "2026-11-22" }), want: []wrong{{"/items/0/date", catalog.CodeTimeslot}}},
		{name: "slot of a performance", wants: seats(func(w *catalog.Want) { w.Timeslot = sample.Morning }), want: []wrong{{"/items/0/date", catalog.CodeTimeslot}}},

		{name: "no date", wants: tour(func(w *catalog.Want) { w.Day = "" }), want: []wrong{{"/items/0/date", catalog.CodeTimeslot}}},
		{name: "no such day", wants: tour(func(w *catalog.Want) { w.Day = "2026-02-30" }), want: []wrong{{"/items/0/date", catalog.CodeTimeslot}}},
		{name: "day over", wants: tour(func(w *catalog.Want) { w.Day = "2026-11-20" }), want: []wrong{{"/items/0/date", catalog.CodeTimeslot}, {"/items/0/timeslot", catalog.CodeTimeslot}}},
		{name: "day over there, not yet in UTC", wants: tour(func(w *catalog.Want) { w.Timeslot = sample.Afternoon }), at: time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC), want: []wrong{{"/items/0/date", catalog.CodeTimeslot}, {"/items/0/timeslot", catalog.CodeTimeslot}}},
		{name: "no slot", wants: tour(func(w *catalog.Want) { w.Timeslot = 0 }), want: []wrong{{"/items/0/timeslot", catalog.CodeTimeslot}}},
		{name: "unknown slot", wants: tour(func(w *catalog.Want) { w.Timeslot = 9 }), want: []wrong{{"/items/0/timeslot", catalog.CodeTimeslot}}},
		{name: "slot not on that day", wants: tour(func(w *catalog.Want) { w.Day, w.Timeslot = "2026-12-01", sample.Afternoon }), want: []wrong{{"/items/0/timeslot", catalog.CodeTimeslot}}},
		{name: "slot over", wants: tour(func(w *catalog.Want) { w.Day = "2026-11-21" }), at: time.Date(2026, 11, 21, 10, 30, 1, 0, time.UTC), want: []wrong{{"/items/0/timeslot", catalog.CodeTimeslot}}},
		{name: "slot of goods", wants: []catalog.Want{{Item: sample.Programme, Tariff: sample.Full, Day: "2026-11-22", Timeslot: sample.Morning, Quantity: 1}}, want: []wrong{{"/items/0/timeslot", catalog.CodeTimeslot}}},

		{name: "nothing", wants: seats(func(w *catalog.Want) { w.Quantity = 0 }), want: []wrong{{"/items/0/quantity", "order.quantity"}}},
		{name: "below the price's bound", wants: seats(func(w *catalog.Want) { w.SeatCategory, w.Quantity = sample.Balcony, 1 }), want: []wrong{{"/items/0/quantity", "order.quantity"}}},
		{name: "above the price's bound", wants: tour(func(w *catalog.Want) { w.Quantity = 9 }), want: []wrong{{"/items/0/quantity", "order.quantity"}}},
		{name: "below the tariff's bound", wants: seats(func(w *catalog.Want) { w.Tariff, w.Quantity = sample.Group, 9 }), want: []wrong{{"/items/0/quantity", "order.quantity"}}},
		{name: "above the product's bound", wants: []catalog.Want{{Item: sample.Programme, Tariff: sample.Full, Quantity: 6}}, want: []wrong{{"/items/0/quantity", "order.quantity"}}},
		{name: "above the point of sales' bound", wants: seats(func(w *catalog.Want) { w.Quantity = 13 }), want: []wrong{{"/items/0/quantity", "order.quantity"}}},
		{name: "above it in two lines", wants: []catalog.Want{sample.Seats(7), {Performance: sample.Tonight, SeatCategory: sample.Balcony, Tariff: sample.Full, Quantity: 6}}, want: []wrong{{"/items/0/quantity", "order.quantity"}, {"/items/1/quantity", "order.quantity"}}},

		{name: "tariff alone that needs another", wants: seats(func(w *catalog.Want) { w.Tariff = sample.Child }), want: []wrong{{"/items/0/tariff", "order.tariff_requires"}}},
		{name: "all lines at once", wants: []catalog.Want{{Performance: 9, Tariff: 9}, sample.Seats(1), {Item: 9, Tariff: sample.Full, Quantity: 1}}, want: []wrong{{"/items/0/tariff", catalog.CodeTariff}, {"/items/0/performance", catalog.CodePerformanceUnknown}, {"/items/2/item", catalog.CodeItemUnknown}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at := tt.at
			if at.IsZero() {
				at = sample.Now()
			}
			q, err := sample.View().Quote(tt.wants, at)
			e := domain.AsError(err)
			if e == nil || e.Kind != domain.Invalid || e.Code != domain.CodeRequest {
				t.Fatalf("got %+v, %v", q, err)
			}
			var got []wrong
			for _, f := range e.Fields {
				got = append(got, wrong{f.Pointer, f.Code})
				if f.Detail == "" {
					t.Errorf("%s: no detail", f.Pointer)
				}
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(wrong{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestQuote_BoundsOfAnOrderCountAllItsLines(t *testing.T) {
	t.Parallel()
	v := sample.View()
	tonight := v.Performance(sample.Tonight)
	tonight.Prices = append(tonight.Prices, catalog.Price{SeatCategory: sample.Balcony, Tariff: sample.Group, Price: sample.Euros(2000)})
	group := func(cat catalog.SeatCategoryID, n int) catalog.Want {
		return catalog.Want{Performance: sample.Tonight, SeatCategory: cat, Tariff: sample.Group, Quantity: n}
	}
	if _, err := v.Quote([]catalog.Want{group(sample.Stalls, 6), group(sample.Balcony, 4)}, sample.Now()); err != nil {
		t.Errorf("a group of ten in two categories: %v", err)
	}
	if _, err := v.Quote([]catalog.Want{group(sample.Stalls, 5), group(sample.Balcony, 4)}, sample.Now()); err == nil {
		t.Error("a group of nine")
	}
	tomorrow := sample.Seats(12)
	tomorrow.Performance = sample.Tomorrow
	if _, err := v.Quote([]catalog.Want{sample.Seats(12), tomorrow}, sample.Now()); err != nil {
		t.Errorf("the bound is of one performance: %v", err)
	}
}

func TestQuote_RequiredTariffInTheSameOrderIsEnough(t *testing.T) {
	t.Parallel()
	child := sample.Seats(1)
	child.Tariff = sample.Child
	q, err := sample.View().Quote([]catalog.Want{child, sample.Seats(1)}, sample.Now())
	if err != nil || q.Total != sample.Euros(6300) {
		t.Errorf("%v, %v", q.Total, err)
	}
}

func TestQuote_PricesEveryLine(t *testing.T) {
	t.Parallel()
	q, err := sample.View().Quote([]catalog.Want{sample.Seats(2), sample.Tour(3), {Item: sample.Programme, Tariff: sample.Full, Quantity: 1}}, sample.Now())
	if err != nil {
		t.Fatal(err)
	}
	if q.Total != sample.Euros(2*4200+3*1500+800) || len(q.Lines) != 3 {
		t.Errorf("total %s of %d lines", q.Total, len(q.Lines))
	}
	if l := q.Lines[0]; l.Product != sample.Hamlet || l.Unit != sample.Euros(4200) || l.Facts.SeatCategoryCode != "CAT1" {
		t.Errorf("first line %+v", l)
	}
	if l := q.Lines[1]; l.Product != sample.Museum || l.Unit != sample.Euros(1500) || l.Facts.Slot != "10:30" {
		t.Errorf("second line %+v", l)
	}
}

func TestQuote_NotOnSaleIsAConflictAndOverIsGone(t *testing.T) {
	t.Parallel()
	v := sample.View()
	_, err := v.Quote([]catalog.Want{sample.Seats(1)}, sample.Now().AddDate(0, 0, 2))
	if e := domain.AsError(err); e == nil || e.Kind != domain.Gone || e.Code != catalog.CodePerformanceOver || e.Fields[0].Pointer != "/items/0/performance" {
		t.Errorf("over: %v", err)
	}
	v.Performance(sample.Tonight).SalePeriods = []catalog.SalePeriod{period(day, 2*day)}
	_, err = v.Quote([]catalog.Want{sample.Tour(1), sample.Seats(1)}, sample.Now())
	if e := domain.AsError(err); e == nil || e.Kind != domain.Conflict || e.Code != catalog.CodeNotOnSale || e.Fields[0].Pointer != "/items/1" {
		t.Errorf("not yet: %v", err)
	}
	wrong := sample.Seats(1)
	wrong.Tariff = 9
	if _, err = v.Quote([]catalog.Want{sample.Seats(1), wrong}, sample.Now()); domain.AsError(err).Kind != domain.Invalid {
		t.Errorf("what can never be sold comes first: %v", err)
	}
}

func TestQuote_SoldOutIsThePlatformsToSay(t *testing.T) {
	t.Parallel()
	if _, err := sample.View().Quote([]catalog.Want{sample.Seats(1)}, sample.Now()); err != nil {
		t.Errorf("the stalls are shown as sold out, and may be asked for: %v", err)
	}
}

func TestQuote_TooMuchMoneyIsRefused(t *testing.T) {
	t.Parallel()
	v := sample.View()
	v.Performance(sample.Tonight).Prices[0].Price = sample.Euros(1 << 62)
	_, err := v.Quote([]catalog.Want{sample.Seats(2)}, sample.Now())
	if e := domain.AsError(err); e == nil || e.Kind != domain.Invalid || e.Fields[0].Pointer != "/items/0/quantity" {
		t.Errorf("got %v", err)
	}
}
