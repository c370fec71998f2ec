package secutix

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/sample"
	"guichet/secutix/s360"
)

// asked is an order of these lines.
func asked(lines ...sales.Line) sales.Order {
	return sales.Order{ID: "ord_1", Institution: "theatre", Lines: lines}
}

func seats(tariff catalog.TariffID, category catalog.SeatCategoryID, n int) sales.Line {
	return sales.Line{Performance: 201, Tariff: tariff, SeatCategory: category, Quantity: n, UnitPrice: sample.Euros(4200)}
}

func tour(slot catalog.TimeslotID, n int) sales.Line {
	return sales.Line{Item: 301, Tariff: 601, Day: "2026-11-22", Timeslot: slot, Quantity: n}
}

func categorised(m s360.MovementData, category s360.ID) s360.MovementData {
	m.SeatCategoryID = category
	return m
}

func amount(n int64) *s360.Amount { a := s360.Amount(n); return &a }

func whole(n int64) *s360.Int { i := s360.Int(n); return &i }

// op is an operation of performance 201 with so many places at 42.00.
func op(id, tariff, category, n int64, change ...func(*s360.OperationData)) s360.OperationData {
	o := s360.OperationData{
		OperationID: s360.ID(id), FileID: 88, PerformanceID: 201, AudienceSubCategoryID: s360.ID(tariff), SeatCategoryID: s360.ID(category),
		Quantity: whole(n), TotalAmount: amount(n * 42_000), CatalogCurrency: &s360.CurrencyCash{CurrencyCode: "EUR"},
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

func mv(id, operation int64) s360.MovementData {
	return s360.MovementData{MovementID: s360.ID(id), OperationID: s360.ID(operation), Row: "D", Number: "12"}
}

func update(ops []s360.OperationData, moves ...s360.MovementData) *s360.OrderUpdateData {
	return &s360.OrderUpdateData{OrderID: 1000001, OrderSecretID: "sec", OperationDataUpdates: ops, MovementDataUpdates: moves}
}

func take(o sales.Order, d *s360.OrderUpdateData) sales.Hold {
	return toHold(o, "EUR", d, visit{date: s360.DefaultVisitDateMember, slot: s360.DefaultTimeslotMember})
}

// placed lists the movements of each line.
func placed(h sales.Hold) [][]int64 {
	out := make([][]int64, len(h.Lines))
	for i, l := range h.Lines {
		for _, p := range l.Places {
			out[i] = append(out[i], p.Movement)
		}
	}
	return out
}

func TestToHold_TakesOverWhatWasAsked(t *testing.T) {
	t.Parallel()
	h := take(asked(seats(601, 1001, 2)), update([]s360.OperationData{op(5001, 601, 1001, 2)}, mv(7001, 5001), mv(7002, 5001)))
	want := sales.Hold{
		Platform: sales.PlatformRef{OrderID: 1000001, SecretID: "sec", FileID: 88}, Total: sample.Euros(8400), Movements: []int64{7001, 7002},
		Lines: []sales.HoldLine{{
			UnitPrice: sample.Euros(4200), Total: sample.Euros(8400), Operations: []int64{5001},
			Places: []sales.HoldPlace{{Movement: 7001, Seat: sales.Seat{Row: "D", Number: "12"}}, {Movement: 7002, Seat: sales.Seat{Row: "D", Number: "12"}}},
		}},
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestToHold_MovementsFindTheirLineByWhatTheyAre(t *testing.T) {
	t.Parallel()
	slot := func(n int64) func(*s360.OperationData) {
		return func(o *s360.OperationData) {
			o.PerformanceID, o.SeatCategoryID, o.ItemID = 0, 0, 301
			raw, _ := json.Marshal(n)
			o.Extra = s360.Members{s360.DefaultTimeslotMember: raw, s360.DefaultVisitDateMember: json.RawMessage(`"2026-11-22T00:00:00.000+01:00"`)}
		}
	}
	silent := func(o *s360.OperationData) { o.AudienceSubCategoryID, o.SeatCategoryID = 0, 0 }
	tests := []struct {
		name  string
		lines []sales.Line
		data  *s360.OrderUpdateData
		want  [][]int64
	}{
		{
			"two tariffs, answered the other way round",
			[]sales.Line{seats(601, 1001, 1), seats(602, 1001, 2)},
			update([]s360.OperationData{op(2, 602, 1001, 2), op(1, 601, 1001, 1)}, mv(22, 2), mv(11, 1), mv(21, 2)),
			[][]int64{{11}, {22, 21}},
		},
		{
			"two categories",
			[]sales.Line{seats(601, 1001, 1), seats(601, 1002, 1)},
			update([]s360.OperationData{op(2, 601, 1002, 1), op(1, 601, 1001, 1)}, mv(21, 2), mv(11, 1)),
			[][]int64{{11}, {21}},
		},
		{
			"category on the movement only",
			[]sales.Line{seats(601, 1001, 1), seats(601, 1002, 1)},
			update([]s360.OperationData{op(1, 601, 0, 2)}, categorised(mv(12, 1), 1002), categorised(mv(11, 1), 1001)),
			[][]int64{{11}, {12}},
		},
		{
			"one line in two operations",
			[]sales.Line{seats(601, 1001, 3)},
			update([]s360.OperationData{op(1, 601, 1001, 2), op(2, 601, 1001, 1)}, mv(11, 1), mv(12, 1), mv(21, 2)),
			[][]int64{{11, 12, 21}},
		},
		{
			"nothing said but the performance",
			[]sales.Line{seats(601, 1001, 1), seats(602, 1001, 2)},
			update([]s360.OperationData{op(1, 0, 0, 3, silent)}, mv(11, 1), mv(12, 1), mv(13, 1)),
			[][]int64{{11}, {12, 13}},
		},
		{
			"two slots of one item",
			[]sales.Line{tour(77, 1), tour(78, 1)},
			update([]s360.OperationData{op(2, 601, 0, 1, slot(78)), op(1, 601, 0, 1, slot(77))}, mv(21, 2), mv(11, 1)),
			[][]int64{{11}, {21}},
		},
		{
			"a seat and an item",
			[]sales.Line{tour(77, 1), seats(601, 1001, 1)},
			update([]s360.OperationData{op(2, 601, 1001, 1), op(1, 601, 0, 1, slot(77))}, mv(21, 2), mv(11, 1)),
			[][]int64{{11}, {21}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := take(asked(tt.lines...), tt.data)
			if h.Defect != nil {
				t.Fatalf("defect %+v", h.Defect)
			}
			if diff := cmp.Diff(tt.want, placed(h)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var sum domain.Money
			for _, l := range h.Lines {
				sum, _ = sum.Add(l.Total)
			}
			if sum != h.Total {
				t.Errorf("the lines cost %s, the order %s", sum, h.Total)
			}
		})
	}
}

func TestToHold_VisitMembersHaveTheNamesConfigured(t *testing.T) {
	t.Parallel()
	named := func(slot string) func(*s360.OperationData) {
		return func(o *s360.OperationData) {
			o.PerformanceID, o.ItemID = 0, 301
			o.Extra = s360.Members{"creneau": json.RawMessage(slot), "jour": json.RawMessage(`"2026-11-22"`)}
		}
	}
	h := toHold(asked(tour(77, 1), tour(78, 1)), "EUR",
		update([]s360.OperationData{op(2, 601, 0, 1, named("78")), op(1, 601, 0, 1, named(`"77"`))}, mv(21, 2), mv(11, 1)),
		visit{date: "jour", slot: "creneau"})
	if diff := cmp.Diff([][]int64{{11}, {21}}, placed(h)); diff != "" || h.Defect != nil {
		t.Errorf("defect %+v (-want +got):\n%s", h.Defect, diff)
	}
}

func TestToHold_WhatCannotBeSoldIsADefect(t *testing.T) {
	t.Parallel()
	two := asked(seats(601, 1001, 2))
	pair := []s360.OperationData{op(1, 601, 1001, 2)}
	changed := func(c func(*s360.OperationData)) []s360.OperationData {
		return []s360.OperationData{op(1, 601, 1001, 2, c)}
	}
	tests := []struct {
		name  string
		order sales.Order
		data  *s360.OrderUpdateData
		code  string
		held  []int64
	}{
		{"a place missing", two, update(pair, mv(11, 1)), sales.CodeAvailability, []int64{11}},
		{"no places", two, update(pair), sales.CodeAvailability, nil},
		{"nothing at all", two, update(nil), sales.CodeAvailability, nil},
		{"a place more", two, update(pair, mv(11, 1), mv(12, 1), mv(13, 1)), sales.CodeAvailability, []int64{11, 12, 13}},
		{"the same place twice", two, update(pair, mv(11, 1), mv(11, 1)), domain.CodePlatformAnswer, []int64{11, 11}},
		{"a place without a number", two, update(pair, mv(11, 1), mv(0, 1)), domain.CodePlatformAnswer, []int64{11, 0}},
		{"a place of no operation", two, update(pair, mv(11, 1), mv(12, 9)), domain.CodePlatformAnswer, []int64{11, 12}},
		{"another performance", two, update(changed(func(o *s360.OperationData) { o.PerformanceID = 202 }), mv(11, 1), mv(12, 1)), domain.CodePlatformAnswer, []int64{11, 12}},
		{"another tariff", two, update(changed(func(o *s360.OperationData) { o.AudienceSubCategoryID = 602 }), mv(11, 1), mv(12, 1)), domain.CodePlatformAnswer, []int64{11, 12}},
		{"another category", two, update(changed(func(o *s360.OperationData) { o.SeatCategoryID = 1002 }), mv(11, 1), mv(12, 1)), domain.CodePlatformAnswer, []int64{11, 12}},
		{"foreign currency", two, update(changed(func(o *s360.OperationData) { o.CatalogCurrency.CurrencyCode = "CHF" }), mv(11, 1), mv(12, 1)), sales.CodeCurrency, []int64{11, 12}},
		{"no amount", two, update(changed(func(o *s360.OperationData) { o.TotalAmount = nil }), mv(11, 1), mv(12, 1)), domain.CodePlatformAnswer, []int64{11, 12}},
		{"an amount in parts of a cent", two, update(changed(func(o *s360.OperationData) { o.TotalAmount = amount(84_005) }), mv(11, 1), mv(12, 1)), sales.CodePriceFraction, []int64{11, 12}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := take(tt.order, tt.data)
			if h.Defect == nil || h.Defect.Code != tt.code || h.Defect.Detail == "" {
				t.Errorf("defect %+v", h.Defect)
			}
			if diff := cmp.Diff(tt.held, h.Movements); diff != "" || len(h.Lines) != len(tt.order.Lines) {
				t.Errorf("%d lines; held (-want +got):\n%s", len(h.Lines), diff)
			}
		})
	}
}

func TestToHold_CurrencyInSmallLettersIsTheSame(t *testing.T) {
	t.Parallel()
	o := op(1, 601, 1001, 1, func(o *s360.OperationData) { o.CatalogCurrency.CurrencyCode = "eur" })
	if h := take(asked(seats(601, 1001, 1)), update([]s360.OperationData{o}, mv(11, 1))); h.Defect != nil {
		t.Errorf("defect %+v", h.Defect)
	}
}

func TestToHold_TotalSumsEveryOperationWhateverItsKind(t *testing.T) {
	t.Parallel()
	fee := s360.OperationData{OperationID: 9, Kind: "OVERHEAD", TotalAmount: amount(1500)}
	h := take(asked(seats(601, 1001, 2)), update([]s360.OperationData{op(1, 601, 1001, 2), fee}, mv(11, 1), mv(12, 1)))
	if h.Defect != nil || h.Total != sample.Euros(8550) || h.Lines[0].Total != sample.Euros(8400) {
		t.Errorf("total %s, line %s, defect %+v", h.Total, h.Lines[0].Total, h.Defect)
	}
}

func TestToHold_PriceThatDoesNotDivideKeepsTheSumExact(t *testing.T) {
	t.Parallel()
	three := op(1, 601, 1001, 3, func(o *s360.OperationData) { o.TotalAmount = amount(100_000) })
	h := take(asked(seats(601, 1001, 3)), update([]s360.OperationData{three}, mv(11, 1), mv(12, 1), mv(13, 1)))
	if h.Defect != nil || h.Total != sample.Euros(10_000) || h.Lines[0].Total != sample.Euros(10_000) || h.Lines[0].UnitPrice != sample.Euros(4200) {
		t.Errorf("total %s, line %+v, defect %+v", h.Total, h.Lines[0], h.Defect)
	}
}

func TestToHold_TogetherIsWhatThePlatformSays(t *testing.T) {
	t.Parallel()
	yes, no := s360.Bool(true), s360.Bool(false)
	segment := func(ids ...s360.ID) s360.ContiguitySegment { return s360.ContiguitySegment{MovementIDs: ids} }
	isTrue, isFalse := true, false
	tests := []struct {
		name string
		say  s360.List[s360.ContiguityData]
		want *bool
	}{
		{"nothing", nil, nil},
		{"yes", s360.List[s360.ContiguityData]{{PerformanceID: 201, SeatCategoryID: 1001, Contiguous: &yes}}, &isTrue},
		{"no", s360.List[s360.ContiguityData]{{PerformanceID: 201, Contiguous: &no}}, &isFalse},
		{"one segment", s360.List[s360.ContiguityData]{{PerformanceID: 201, Contiguous: &no, Segments: s360.List[s360.ContiguitySegment]{segment(11, 12)}}}, &isTrue},
		{"two segments", s360.List[s360.ContiguityData]{{PerformanceID: 201, Segments: s360.List[s360.ContiguitySegment]{segment(11), segment(12)}}}, &isFalse},
		{"of another performance", s360.List[s360.ContiguityData]{{PerformanceID: 202, Contiguous: &yes}}, nil},
		{"of another category", s360.List[s360.ContiguityData]{{PerformanceID: 201, SeatCategoryID: 1002, Contiguous: &yes}}, nil},
	}
	for _, tt := range tests {
		d := update([]s360.OperationData{op(1, 601, 1001, 2)}, mv(11, 1), mv(12, 1))
		d.GeneratedContiguities = tt.say
		if diff := cmp.Diff(tt.want, take(asked(seats(601, 1001, 2)), d).Lines[0].Together); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestToOutcome_ReadsStateTicketsAndAmount(t *testing.T) {
	t.Parallel()
	issued := s360.Issued{OrderState: "CLOSED", Tickets: []s360.IssuedTicket{
		{MovementID: 11, TicketID: 9, State: "VALID", Barcode: "0042"}, {TicketID: 10, Barcode: "0043"}, // of no known place
	}}
	total := sample.Euros(8400)
	want := sales.Outcome{
		State: sales.PlatformClosed, Total: &total,
		Tickets: []sales.IssuedTicket{{Movement: 11, PlatformTicket: 9, State: "VALID", Barcode: "0042"}},
	}
	got := toOutcome("EUR", issued, &s360.OrderDetailsData{SaleAmount: amount(84_000)}, sales.PlatformOpen)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := toOutcome("EUR", issued, &s360.OrderDetailsData{SaleAmount: amount(84_001)}, sales.PlatformOpen); got.Total != nil {
		t.Errorf("an amount that cannot be written is none: %v", got.Total)
	}
	if got := toOutcome("EUR", s360.Issued{}, nil, sales.PlatformClosed); got.State != sales.PlatformClosed || got.Total != nil {
		t.Errorf("an empty answer: %+v", got)
	}
}

func TestToState_OnlyClosedIsSold(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]sales.PlatformState{
		"CLOSED": sales.PlatformClosed, "closed": sales.PlatformClosed, "ABANDONED": sales.PlatformDead, "ABANDONNED": sales.PlatformDead,
		"CANCELLED": sales.PlatformDead, "Canceled": sales.PlatformDead, "RUNNING": sales.PlatformOpen, "NOT_CLOSED": sales.PlatformOpen,
		"SOMETHING_NEW": sales.PlatformOpen,
	} {
		if got := toState(state, sales.PlatformDead); got != want {
			t.Errorf("%s: %s", state, got)
		}
	}
	if toState("", sales.PlatformClosed) != sales.PlatformClosed || toState("", sales.PlatformOpen) != sales.PlatformOpen {
		t.Error("a missing state is what the call says")
	}
}
