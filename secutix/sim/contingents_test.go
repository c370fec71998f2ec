package sim

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// contingent is the number of a contingent, by its code.
func (d *desk) contingent(code string) int64 {
	d.t.Helper()
	c := d.in.contingentOf(code)
	if c == nil {
		d.t.Fatalf("no contingent %s", code)
	}
	return c.id
}

// stockAt is the stock a movement is taken from.
func (in *institution) stockAt(op *operation, m *movement) *pool {
	pl, err := in.stockOf(op, m)
	if err != nil {
		panic(err)
	}
	return pl
}

// smallWorld has one row of six seats, half of it the second choice's, a row of others, and ten places without numbers of which
// four are the first choice's and three the second's.
func smallWorld() World {
	w := GeneratedWorld("small", 3)
	w.Contingents = []Contingent{
		{Code: "ONE", Choice: 1, Name: Text{"en": "First"}},
		{Code: "TWO", Choice: 2, Name: Text{"en": "Second"}},
		{Code: "OTHER"},
	}
	w.PaymentMethods[0].ForReimbursement = true
	v := &w.Venues[0]
	v.Numbered = true
	v.Areas[0].Blocks = []Block{{Code: "F", Rows: 2, Seats: 6, FirstRow: "A"}}
	v.Areas[1].Blocks = []Block{{Code: "B", Capacity: 10}}
	v.Contingents = []Part{
		{Contingent: "TWO", Blocks: "F", Rows: "A", Places: 3},
		{Contingent: "OTHER", Area: "FRONT", Rows: "B"},
		{Contingent: "TWO", Category: "CAT2", Places: 3},
		{Contingent: "OTHER", Blocks: "B", Share: 30},
	}
	return w
}

// atSmall is a desk at smallWorld with the first of its performances.
func atSmall(t *testing.T) (*desk, *performance) {
	t.Helper()
	p := newPlatform(t, func(p *Platform) { p.Worlds = []World{smallWorld()} })
	d := at(t, p, "small")
	return d, d.next("P00001")
}

// from is a line that names a contingent.
func (d *desk) from(line object, contingent string) object {
	d.t.Helper()
	return with(line, "contingentId", d.contingent(contingent))
}

// shares counts movements by contingent.
func (d *desk) shares(moves []object) map[string]int {
	d.t.Helper()
	out := map[string]int{}
	for _, m := range moves {
		i := slices.IndexFunc(d.in.contingents, func(c *contingent) bool { return c.id == m.id("contingentId") })
		if i < 0 || m.str("contingent") != d.in.contingentName(d.in.contingents[i]) {
			d.t.Errorf("contingent %v %q", m["contingentId"], m.str("contingent"))
			continue
		}
		out[d.in.contingents[i].def.Code]++
	}
	return out
}

// stocks is what each contingent has of a performance by the control face: left, held, sold.
func (d *desk) stocks(perf *performance) map[string][3]int64 {
	d.t.Helper()
	_, o := control(d.t, d.p, http.MethodGet, "/stock?institution="+d.in.w.Code, "")
	out := map[string][3]int64{}
	for _, l := range o.list("list") {
		if l.id("id") != perf.id {
			continue
		}
		for _, c := range l.list("contingents") {
			out[c.str("code")] = [3]int64{c.id("left"), c.id("held"), c.id("sold")}
		}
	}
	return out
}

// seatsOf are row and number of movements, in their order.
func seatsOf(moves []object) string {
	out := make([]string, len(moves))
	for i, m := range moves {
		out[i] = m.str("row") + m.str("number")
	}
	return strings.Join(out, " ")
}

func TestWorld_WithoutContingents_HasTheSalesChannelsAlone(t *testing.T) {
	t.Parallel()
	d := at(t, newPlatform(t), "museum")
	o := d.create(d.simples(d.simple("LIVRE", "ADULTE", 1, nil))).get("orderUpdateData")
	m := o.list("movementDataUpdates")[0]
	if m.id("contingentId") != d.in.number(kindContingent, 1) || m.str("contingent") != d.in.w.SalesChannel.Code || len(d.in.contingents) != 1 {
		t.Errorf("%v", m)
	}
	if op := o.list("operationDataUpdates")[0]; op.id("contingentId") != m.id("contingentId") || op.str("contingent") != m.str("contingent") {
		t.Errorf("%v", op)
	}
}

func TestWorld_PartsThatContradict_AreNamed(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*World){
		`contingent "ONE" needs`:        func(w *World) { w.Contingents[1].Code = "ONE" },
		`contingent "" needs`:           func(w *World) { w.Contingents[1].Code = "" },
		"is the sales channel's":        func(w *World) { w.Contingents[0].Choice, w.Contingents[1].Choice = 0, 0 },
		"THREE: is unknown":             func(w *World) { w.Venues[0].Contingents[0].Contingent = "THREE" },
		`there is no "F-Z"`:             func(w *World) { w.Venues[0].Contingents[0].Blocks = "F-Z" },
		"names no places":               func(w *World) { w.Venues[0].Contingents[0].Rows = "C" },
		"2 seats of rows A are given":   func(w *World) { w.Venues[0].Contingents[0].Places = 8 },
		"3 seats of rows A-B are given": func(w *World) { w.Venues[0].Contingents[1].Rows = "A-B" },
		"a share up to 100":             func(w *World) { w.Venues[0].Contingents[3].Share = 101 },
		"or all":                        func(w *World) { w.Venues[0].Contingents[3].Places = 1 },
		"8 places of 10, 3 are given":   func(w *World) { w.Venues[0].Contingents[3].Share = 80 },
		"product P00001: contingent":    func(w *World) { w.Products[0].Contingents = []Part{{Contingent: "ONE", Area: "SIDE"}} },
		"product P00001: contingent TWO": func(w *World) {
			w.Products[0].Special = []Special{{Play: 1, Contingents: []Part{{Contingent: "TWO", Rows: "Z"}}}}
		},
	} {
		w := smallWorld()
		change(&w)
		if err := w.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
	}
	for want, parts := range map[string][]Part{
		"is unknown":                   {{Contingent: "X", Share: 10}},
		"is a share or a number":       {{Contingent: "RS"}},
		"too many are given already":   {{Contingent: "RS", Places: 10_000}},
		"a share or a number of place": {{Contingent: "RS", Share: 10, Rows: "A"}},
	} {
		w, err := ShippedWorld("museum")
		if err != nil {
			t.Fatal(err)
		}
		w.Contingents = []Contingent{{Code: "RS", Choice: 1}}
		for i := range w.Products {
			for j := range w.Products[i].Items {
				if w.Products[i].Items[j].Slots != nil {
					w.Products[i].Items[j].Contingents = parts
				}
			}
		}
		if err := w.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
	}
}

func TestWorld_PerformancesAreDividedTheirOwnWay_ElseTheProducts_ElseTheVenues(t *testing.T) {
	t.Parallel()
	w := smallWorld()
	w.Products[0].Contingents = []Part{{Contingent: "TWO", Category: "CAT2"}}
	w.Products[0].Special = []Special{{Play: 2, Contingents: []Part{{Contingent: "OTHER", Blocks: "F-B", Share: 50}}}}
	w.Products = append(w.Products, w.Products[0])
	w.Products[1].Code, w.Products[1].Contingents, w.Products[1].Special = "PLAIN", nil, nil
	p := newPlatform(t, func(p *Platform) { p.Worlds = []World{w} })
	d := at(t, p, "small")
	for perf, want := range map[*performance]map[string][3]int64{
		d.product("P00001").perfs[0]: {"ONE": {12}, "TWO": {10}},
		d.product("P00001").perfs[1]: {"ONE": {11}, "OTHER": {11}},
		d.product("PLAIN").perfs[0]:  {"ONE": {7}, "TWO": {6}, "OTHER": {9}},
	} {
		if diff := cmp.Diff(want, d.stocks(perf)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", perf.code(), diff)
		}
	}
	sound(t, p)
}

func TestAvailability_ByContingent_CountsWhatTheChannelMaySell(t *testing.T) {
	t.Parallel()
	d, perf := atSmall(t)
	ask := func(body object) object {
		maps.Copy(body, object{"pointOfSalesId": d.in.w.PointOfSales.ID, "performanceIds": []int64{perf.id}})
		one := d.must("availabilityService", "getPerformanceAvailability", maps.Clone(body)).list("performanceAvailabilityData")[0]
		event := d.must("availabilityService", "getEventAvailability", body).get("eventAvailabilityData").list("eventAvailabilities")[0]
		if other := event.list("performanceAvailabilities")[0]; other.id("quantity") != one.id("quantity") || event.id("quantity") != one.id("quantity") ||
			len(other.list("contingentAvailabilities")) != len(one.list("contingentAvailabilities")) {
			t.Errorf("the event says %v, the performance %v", event, one)
		}
		return one
	}
	lines := func(a object) map[int64]int64 {
		out := map[int64]int64{}
		for _, l := range a.list("contingentAvailabilities") {
			out[l.id("contingentId")+l.id("seatCategoryId")] = l.id("quantity")
		}
		return out
	}
	one, two, other := d.contingent("ONE"), d.contingent("TWO"), d.contingent("OTHER")
	front, back := category0(perf, "CAT1"), category0(perf, "CAT2")
	for name, tc := range map[string]struct {
		body  object
		total int64
		want  map[int64]int64
	}{
		"no filter":         {object{}, 13, map[int64]int64{}},
		"all":               {object{"contingentIds": []int64{-1}}, 13, map[int64]int64{one: 7, two: 6}},
		"one":               {object{"contingentIds": []int64{two}}, 6, map[int64]int64{two: 6}},
		"others":            {object{"contingentIds": []int64{other}}, 0, map[int64]int64{}},
		"others beside one": {object{"contingentIds": []int64{other, one}}, 7, map[int64]int64{one: 7}},
		"unknown":           {object{"contingentIds": []int64{7}}, 0, map[int64]int64{}},
		"by category too": {
			object{"contingentIds": []int64{-1}, "seatCategoryIds": []int64{-1}},
			13,
			map[int64]int64{one + front: 3, two + front: 3, one + back: 4, two + back: 3},
		},
		"one category": {object{"contingentIds": []int64{-1}, "seatCategoryIds": []int64{back}}, 7, map[int64]int64{one + back: 4, two + back: 3}},
	} {
		a := ask(tc.body)
		if diff := cmp.Diff(tc.want, lines(a)); diff != "" || a.id("quantity") != tc.total {
			t.Errorf("%s: %d, want %d (-want +got):\n%s", name, a.id("quantity"), tc.total, diff)
		}
	}
	blocks := ask(object{"seatCategoryIds": []int64{-1}}).list("areaBlockAvailabilities")
	if len(blocks) != 2 || blocks[0].id("quantity") != 6 || blocks[1].id("quantity") != 7 {
		t.Errorf("blocks: %v", blocks)
	}
	product := d.must("availabilityService", "getProductAvailability", object{
		"pointOfSalesId": d.in.w.PointOfSales.ID, "productIds": []int64{perf.product.id}, "contingentIds": []int64{two},
	}).list("productAvailabilityData")[0]
	if product.id("quantity") != 3*6 || len(product.list("contingentAvailabilities")) != 1 || product.list("contingentAvailabilities")[0].str("contingent") != "Second" {
		t.Errorf("product: %v", product)
	}
}

func TestSeatsAvailability_OfOthers_AreShownAndNotAvailable(t *testing.T) {
	t.Parallel()
	d, perf := atSmall(t)
	ask := func(ids ...int64) (out string) {
		body := object{"pointOfSalesId": d.in.w.PointOfSales.ID, "performanceId": perf.id}
		if ids != nil {
			body["contingentIds"] = ids
		}
		for _, s := range d.must("availabilityService", "getSeatsAvailability", body).list("seatAvailabilityData") {
			out += s.str("row") + s.str("number") + s.str("contingent")[:1] + map[any]string{true: "+", false: "-"}[s["available"]] + " "
		}
		return strings.TrimSpace(out)
	}
	const row, others = "A1F+ A2F+ A3F+ A4S+ A5S+ A6S+", "B1O- B2O- B3O- B4O- B5O- B6O-"
	for want, ids := range map[string][]int64{
		row + " " + others: {-1}, others: {d.contingent("OTHER")}, row[15:]: {d.contingent("TWO")}, "": {8},
	} {
		if got := ask(ids...); got != want {
			t.Errorf("%v: %q, want %q", ids, got, want)
		}
	}
	if got := ask(); got != row+" "+others {
		t.Errorf("no filter: %q", got)
	}
}

func TestHold_TakesTheFirstChoice_ThenTheNext_ThenOverTheBorder(t *testing.T) {
	t.Parallel()
	d, perf := atSmall(t)
	for _, tc := range []struct {
		n          int
		only       string
		seats      string
		want       map[string]int
		contiguous bool
	}{
		{n: 5, seats: "A1 A2 A3 A4 A5", want: map[string]int{"ONE": 3, "TWO": 2}, contiguous: true},
		{n: 3, seats: "A1 A2 A3", want: map[string]int{"ONE": 3}, contiguous: true},
		{n: 2, only: "TWO", seats: "A4 A5", want: map[string]int{"TWO": 2}, contiguous: true},
	} {
		line := d.line(perf, "CAT1", "FULL", tc.n)
		if tc.only != "" {
			line = d.from(line, tc.only)
		}
		u := d.create(d.entries(line)).get("orderUpdateData")
		moves, g := u.list("movementDataUpdates"), u.list("generatedContiguities")
		if seatsOf(moves) != tc.seats || len(g) != 1 || g[0]["contiguous"] != tc.contiguous || !maps.Equal(d.shares(moves), tc.want) {
			t.Errorf("%d of %q: %s of %v, %v", tc.n, tc.only, seatsOf(moves), d.shares(moves), g)
		}
		op := u.list("operationDataUpdates")[0]
		if whole := len(tc.want) == 1; whole != (op.id("contingentId") == moves[0].id("contingentId")) || whole != (op["contingent"] != nil) {
			t.Errorf("operation %v of %v", op, tc.want)
		}
		sound(t, d.p)
		if tc.n == 5 {
			d.must(orders, "abandonMovements", object{"orderId": u.id("orderId"), "movementIds": idsOf(moves)})
		}
	}
	// A6 alone is left.
	u := d.create(d.entries(d.line(perf, "CAT1", "FULL", 1))).get("orderUpdateData")
	if got := seatsOf(u.list("movementDataUpdates")); got != "A6" || d.shares(u.list("movementDataUpdates"))["TWO"] != 1 {
		t.Errorf("out of the first: %s", got)
	}
	d.refused(theFacade, "createOrUpdateOrder", d.entries(d.line(perf, "CAT1", "FULL", 1)), errAvailability)
	sound(t, d.p)
}

func idsOf(moves []object) []int64 {
	out := make([]int64, len(moves))
	for i, m := range moves {
		out[i] = m.id("movementId")
	}
	return out
}

func TestHold_SideBySide_ComesBeforeTheFirstChoice_AndASplitIsTold(t *testing.T) {
	t.Parallel()
	d, perf := atSmall(t)
	d.hold(d.entries(d.line(perf, "CAT1", "FULL", 1))) // the middle: A3
	if got := d.stocks(perf); got["ONE"] != [3]int64{6, 1, 0} {
		t.Fatalf("%v", got)
	}
	pair := d.create(d.entries(d.from(d.line(perf, "CAT1", "FULL", 1), "ONE"))).get("orderUpdateData") // A2 or A1: a single stays
	if len(pair.list("movementDataUpdates")) != 1 {
		t.Fatalf("%v", pair)
	}
	u := d.create(d.entries(d.line(perf, "CAT1", "FULL", 2))).get("orderUpdateData")
	if moves := u.list("movementDataUpdates"); d.shares(moves)["TWO"] != 2 || u.list("generatedContiguities")[0]["contiguous"] != true {
		t.Errorf("together: %v", moves)
	}
	u = d.create(d.entries(d.line(perf, "CAT1", "FULL", 2))).get("orderUpdateData")
	g := u.list("generatedContiguities")
	if got := d.shares(u.list("movementDataUpdates")); got["ONE"] != 1 || got["TWO"] != 1 || g[0]["contiguous"] != false || len(g[0].list("segments")) != 2 {
		t.Errorf("split: %v %v", got, g)
	}
	sound(t, d.p)
}

func TestHold_SplitStretchesThatMeet_AreOneSegment(t *testing.T) {
	t.Parallel()
	w := smallWorld()
	w.Venues[0].Contingents = []Part{{Contingent: "TWO", Blocks: "F", Rows: "A", Places: 3}}
	p := newPlatform(t, func(p *Platform) { p.Worlds = []World{w} })
	d := at(t, p, "small")
	perf := d.next("P00001")
	u := d.create(d.entries(d.line(perf, "CAT1", "FULL", 8))).get("orderUpdateData")
	g := u.list("generatedContiguities")
	if got := d.shares(u.list("movementDataUpdates")); got["ONE"] != 8 || len(g[0].list("segments")) != 2 {
		t.Errorf("the first choice alone: %v %v", got, g)
	}
	other := d.in.perfOf[perf.id+1]
	u = d.create(d.entries(d.line(other, "CAT1", "FULL", 10))).get("orderUpdateData")
	segments := u.list("generatedContiguities")[0].list("segments")
	// All of row B, A1 to A3 of the first choice and one beside it: two rows, two segments.
	if got := d.shares(u.list("movementDataUpdates")); got["ONE"] != 9 || got["TWO"] != 1 || len(segments) != 2 {
		t.Errorf("over the border: %v %v %s", got, segments, seatsOf(u.list("movementDataUpdates")))
	}
	sound(t, p)
}

func TestHold_SideBySideOverTheBorder_ComesBeforeASplitInTheFirstChoice(t *testing.T) {
	t.Parallel()
	w := smallWorld()
	w.Venues[0].Contingents = []Part{{Contingent: "TWO", Blocks: "F", Rows: "A", Places: 3}}
	p := newPlatform(t, func(p *Platform) { p.Worlds = []World{w} })
	d := at(t, p, "small")
	perf := d.next("P00001")
	d.hold(d.entries(d.line(perf, "CAT1", "FULL", 4))) // of row B: five places of the first choice are left, in two rows
	u := d.create(d.entries(d.line(perf, "CAT1", "FULL", 5))).get("orderUpdateData")
	g := u.list("generatedContiguities")
	if got := d.shares(u.list("movementDataUpdates")); got["ONE"]+got["TWO"] != 5 || got["TWO"] < 2 || g[0]["contiguous"] != true {
		t.Errorf("%v %v %s", got, g, seatsOf(u.list("movementDataUpdates")))
	}
	sound(t, p)
}

func TestHold_WithoutNumbers_GoesOverTheContingents(t *testing.T) {
	t.Parallel()
	d, perf := atSmall(t)
	u := d.create(d.entries(d.line(perf, "CAT2", "FULL", 6))).get("orderUpdateData")
	if got := d.shares(u.list("movementDataUpdates")); got["ONE"] != 4 || got["TWO"] != 2 || u.list("generatedContiguities")[0]["contiguous"] != true {
		t.Errorf("%v", got)
	}
	d.refused(theFacade, "createOrUpdateOrder", d.entries(d.line(perf, "CAT2", "FULL", 2)), errAvailability) // three of others are left
	d.refused(theFacade, "createOrUpdateOrder", d.entries(d.from(d.line(perf, "CAT2", "FULL", 1), "ONE")), errAvailability)
	d.hold(d.entries(d.from(d.line(perf, "CAT2", "FULL", 1), "TWO")))
	if got := d.stocks(perf); got["OTHER"][0] != 9 || got["ONE"] != [3]int64{3, 4, 0} || got["TWO"] != [3]int64{3, 3, 0} {
		t.Errorf("%v", got)
	}
	sound(t, d.p)
}

func TestHold_OfAContingent_UnknownOrOfOthers_IsRefused(t *testing.T) {
	t.Parallel()
	d, perf := atSmall(t)
	for id, want := range map[int64]string{4: errContingent, d.contingent("OTHER"): errNotOurs} {
		d.refused(theFacade, "createOrUpdateOrder", d.entries(with(d.line(perf, "CAT1", "FULL", 1), "contingentId", id)), want)
	}
	museum := at(t, newPlatform(t), "museum")
	museum.refused(theFacade, "createOrUpdateOrder", museum.simples(museum.simple("LIVRE", "ADULTE", 1, object{"contingentId": 4})), errContingent)
	museum.hold(museum.simples(museum.simple("LIVRE", "ADULTE", 1, object{"contingentId": museum.contingent("RS")})))
}

func TestHold_LinesOfTwoContingents_AreServedApart(t *testing.T) {
	t.Parallel()
	d, perf := atSmall(t)
	u := d.create(d.entries(d.from(d.line(perf, "CAT1", "FULL", 2), "TWO"), d.from(d.line(perf, "CAT1", "RED", 1), "ONE"))).get("orderUpdateData")
	ops, moves := u.list("operationDataUpdates"), u.list("movementDataUpdates")
	if ops[0].id("contingentId") != d.contingent("TWO") || ops[1].id("contingentId") != d.contingent("ONE") || !maps.Equal(d.shares(moves), map[string]int{"ONE": 1, "TWO": 2}) {
		t.Errorf("%v", u)
	}
	sound(t, d.p)
}

func TestPlaces_GoBackToTheirContingent(t *testing.T) {
	t.Parallel()
	d, perf := atSmall(t)
	fresh := d.stocks(perf)
	hold := func() object {
		return d.create(d.entries(d.from(d.line(perf, "CAT1", "FULL", 2), "TWO"), d.from(d.line(perf, "CAT2", "FULL", 2), "TWO"))).get("orderUpdateData")
	}
	sell := func() object {
		id := hold().id("orderId")
		d.must(orders, "closeOrder", d.closing(id, 140000))
		if got := d.stocks(perf); got["TWO"] != [3]int64{2, 0, 4} || got["ONE"] != fresh["ONE"] {
			t.Errorf("sold: %v", got)
		}
		return d.details(id)
	}
	for name, undo := range map[string]func(){
		"released": func() {
			u := hold()
			if got := d.stocks(perf)["TWO"]; got != [3]int64{2, 4, 0} {
				t.Errorf("held: %v", got)
			}
			d.must(orders, "abandonMovements", object{"orderId": u.id("orderId"), "movementIds": idsOf(u.list("movementDataUpdates"))})
		},
		"run out": func() { hold(); d.p.Clock.Advance(time.Hour) },
		"refunded": func() {
			sale := sell()
			body, list := d.refunding(sale), []object{}
			for _, op := range sale.list("operationDatas") {
				list = append(list, object{"operationId": op.id("operationId")})
			}
			back := d.must(theFacade, "createOrUpdateOrder", with(body, "refundOperations", list)).get("orderUpdateData")
			if got := d.shares(back.list("movementDataUpdates")); got["TWO"] != 4 {
				t.Errorf("the refund's places: %v", got)
			}
			if op := back.list("operationDataUpdates")[0]; op.id("contingentId") != d.contingent("TWO") {
				t.Errorf("the refund's line: %v", op)
			}
			d.must(orders, "closeOrder", object{"orderId": back.id("orderId"), "generateBarCodes": false})
		},
		"taken back by the house": func() {
			if code, o := control(t, d.p, http.MethodPost, "/orders/"+text(sell().id("orderId"))+"/cancel?institution=small", ""); code != http.StatusOK {
				t.Errorf("%d %v", code, o)
			}
		},
	} {
		undo()
		if diff := cmp.Diff(fresh, d.stocks(perf)); diff != "" {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
		sound(t, d.p)
	}
}

func TestOrder_EverywhereItIsShown_NamesTheSameContingent(t *testing.T) {
	t.Parallel()
	d, perf := atSmall(t)
	u := d.create(d.entries(d.line(perf, "CAT1", "FULL", 5))).get("orderUpdateData")
	id := u.id("orderId")
	want := map[int64]int64{}
	for _, m := range u.list("movementDataUpdates") {
		want[m.id("movementId")] = m.id("contingentId")
	}
	same := func(where string, moves []object) {
		got := map[int64]int64{}
		for _, m := range moves {
			got[m.id("movementId")] = m.id("contingentId")
		}
		if diff := cmp.Diff(want, got); diff != "" || d.shares(moves)["TWO"] != 2 {
			t.Errorf("%s (-held +shown):\n%s", where, diff)
		}
	}
	sold := d.must(orders, "closeOrder", d.closing(id, 200000)).get("orderData")
	same("closeOrder", sold.list("movementDatas"))
	same("getOrderDetails", d.details(id).list("movementDatas"))
	_, answer, err := d.send(address(orders, "getFileDetails"), object{"fileId": sold.list("operationDatas")[0].id("fileId")})
	if n := strings.Count(answer, text(d.contingent("TWO"))); n != 2 || err != nil {
		t.Errorf("getFileDetails names it %d times: %s", n, answer)
	}
	same("listTicketsByCriteria", d.must("externalOrderHistoryService", "listTicketsByCriteria", object{"ticketFilterCriteria": object{
		"startDate": "2026-01-01T00:00:00.000+00:00", "endDate": "2027-01-01T00:00:00.000+00:00",
	}}).list("ticketSummaries"))
}

func TestSeating_ChangesTheContingent_ButNeverToOthers(t *testing.T) {
	t.Parallel()
	d, perf := atSmall(t)
	u := d.create(d.entries(d.line(perf, "CAT1", "FULL", 2))).get("orderUpdateData")
	moves := u.list("movementDataUpdates")
	seat := func(row, seat int) int64 { return d.in.seatID(perf.product.venue.blocks[0], 6*row+seat-1) }
	body := func(to ...int64) object {
		list := []object{}
		for i, id := range to {
			list = append(list, object{"movementId": moves[i].id("movementId"), "physicalSeatId": id})
		}
		return object{"operationIds": []int64{moves[0].id("operationId")}, "seatingInformation": list}
	}
	d.refused("externalSeatingService", "doSeatingForOperations", body(seat(1, 1)), errNotOurs)
	got := d.must("externalSeatingService", "doSeatingForOperations", body(seat(0, 6))).list("movementsData")
	if got[0].id("contingentId") != d.contingent("TWO") || got[0].str("contingent") != "Second" {
		t.Errorf("moved: %v", got)
	}
	got = d.must("externalSeatingService", "doSeatingForOperations", body(moves[1].id("seatId"), seat(0, 6))).list("movementsData")
	if !maps.Equal(d.shares(got), map[string]int{"ONE": 1, "TWO": 1}) || got[0].id("contingentId") != d.contingent("ONE") {
		t.Errorf("swapped: %v", got)
	}
	sound(t, d.p)
	d.must(orders, "abandonMovements", object{"orderId": u.id("orderId"), "movementIds": idsOf(moves)})
	if s := d.stocks(perf); s["ONE"] != [3]int64{7, 0, 0} || s["TWO"] != [3]int64{6, 0, 0} {
		t.Errorf("given back: %v", s)
	}
	sound(t, d.p)
}

func TestSlots_AreDividedByShare(t *testing.T) {
	t.Parallel()
	w, err := ShippedWorld("museum")
	if err != nil {
		t.Fatal(err)
	}
	w.Contingents = []Contingent{{Code: "OWN", Choice: 2}, {Code: "DOOR"}, {Code: "FIRST", Choice: 1}}
	for i := range w.Products {
		if w.Products[i].Code == "BILLET" {
			it := &w.Products[i].Items[0]
			slots := *it.Slots
			slots.Quota, slots.Fill = 10, [2]int{}
			it.Slots, it.Contingents = &slots, []Part{{Contingent: "DOOR", Share: 30}, {Contingent: "FIRST", Places: 2}}
		}
	}
	p := newPlatform(t, func(p *Platform) { p.Worlds = []World{w} })
	d := at(t, p, "museum")
	visit := object{"timeslotId": d.slotAt(14, 0), "visitDate": "2026-11-24"}
	left := func(ids ...int64) (int64, map[int64]int64) {
		a := d.must("availabilityService", "getProductAvailability", object{
			"pointOfSalesId": d.in.w.PointOfSales.ID, "productIds": []int64{d.product("BILLET").id}, "contingentIds": ids,
		}).list("productAvailabilityData")[0]
		var sum int64
		for _, s := range a.list("itemAvailabilities") {
			sum += s.id("quantity")
		}
		if sum != a.id("quantity") {
			t.Errorf("the slots make %d of %d", sum, a.id("quantity"))
		}
		for _, s := range a.list("itemAvailabilities") {
			if s.id("timeslotId") == d.slotAt(14, 0) && strings.HasPrefix(s.str("date"), "2026-11-24") {
				out := map[int64]int64{}
				for _, l := range s.list("contingentAvailabilities") {
					out[l.id("contingentId")] = l.id("quantity")
				}
				return s.id("quantity"), out
			}
		}
		t.Fatal("no such slot")
		return 0, nil
	}
	if n, by := left(-1); n != 7 || !maps.Equal(by, map[int64]int64{d.contingent("OWN"): 5, d.contingent("FIRST"): 2}) {
		t.Errorf("%d %v", n, by)
	}
	if n, by := left(d.contingent("DOOR")); n != 0 || len(by) != 0 {
		t.Errorf("others: %d %v", n, by)
	}
	u := d.create(d.simples(d.simple("BILLET", "ADULTE", 4, visit))).get("orderUpdateData")
	if got := d.shares(u.list("movementDataUpdates")); got["FIRST"] != 2 || got["OWN"] != 2 {
		t.Errorf("%v", got)
	}
	d.refused(theFacade, "createOrUpdateOrder", d.simples(d.simple("BILLET", "ADULTE", 4, visit)), errAvailability)
	d.refused(theFacade, "createOrUpdateOrder", d.simples(d.from(d.simple("BILLET", "ADULTE", 1, visit), "DOOR")), errNotOurs)
	d.refused(theFacade, "createOrUpdateOrder", d.simples(d.from(d.simple("BILLET", "ADULTE", 1, visit), "FIRST")), errAvailability)
	sound(t, p)
	d.must(orders, "abandonMovements", object{"orderId": u.id("orderId"), "movementIds": idsOf(u.list("movementDataUpdates"))[1:]})
	if _, by := left(-1); !maps.Equal(by, map[int64]int64{d.contingent("OWN"): 5, d.contingent("FIRST"): 1}) {
		t.Errorf("given back: %v", by)
	}
	d.hold(d.simples(d.from(d.simple("BILLET", "ADULTE", 1, visit), "FIRST")))
	sound(t, p)
}

func TestControl_SellingFromAContingent_TouchesItAlone(t *testing.T) {
	t.Parallel()
	d, perf := atSmall(t)
	act := func(what, body string) int {
		code, _ := control(t, d.p, http.MethodPost, "/performances/"+text(perf.id)+"/"+what, body)
		return code
	}
	moved := func() int {
		return len(d.must("availabilityService", "getUpdatedAvailabilities", object{
			"pointOfSalesId": d.in.w.PointOfSales.ID, "productIds": []int64{perf.product.id}, "referenceDate": "2026-11-21T09:00:00.000Z",
		}).list("availabilityUpdateData"))
	}
	d.p.Clock.Advance(time.Minute)
	front := `{"seat_category":` + text(category0(perf, "CAT1")) + `,"quantity":2`
	if code := act("sell", front+`,"contingent":"OTHER"}`); code != http.StatusOK || d.stocks(perf)["OTHER"][0] != 7 || moved() != 0 {
		t.Errorf("others sell theirs: %d %v", code, d.stocks(perf))
	}
	if code := act("soldout", `{"contingent":"OTHER"}`); code != http.StatusOK || d.stocks(perf)["OTHER"][0] != 0 || moved() != 0 || d.left(perf, "CAT1") != 6 {
		t.Errorf("others sell out: %d %v", code, d.stocks(perf))
	}
	if code := act("sell", front+`,"contingent":"OTHER"}`); code != http.StatusUnprocessableEntity {
		t.Errorf("more than there is: %d", code)
	}
	if code := act("sell", front+`,"contingent":"THREE"}`); code != http.StatusUnprocessableEntity {
		t.Errorf("unknown: %d", code)
	}
	if code := act("sell", front+`}`); code != http.StatusOK || d.stocks(perf)["ONE"][0] != 5 || moved() != 1 {
		t.Errorf("the partner's: %d %v", code, d.stocks(perf))
	}
	if code := act("sell", front+`,"contingent":"TWO"}`); code != http.StatusOK || d.stocks(perf)["TWO"][0] != 4 {
		t.Errorf("the second choice: %d %v", code, d.stocks(perf))
	}
	if code := act("soldout", ""); code != http.StatusOK || d.stocks(perf)["TWO"][0] != 0 || d.left(perf, "CAT2") != 0 {
		t.Errorf("all: %d %v", code, d.stocks(perf))
	}
	sound(t, d.p)
}

func TestRestart_WithContingents_RemembersThem(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	start := func(p *Platform) { p.Journal, p.Worlds, p.Clock = journal, []World{smallWorld()}, NewClock(aDay) }
	p := newPlatform(t, start)
	d := at(t, p, "small")
	perf := d.next("P00001")
	id, total := d.hold(d.entries(d.line(perf, "CAT1", "FULL", 5), d.line(perf, "CAT2", "FULL", 5)))
	d.must(orders, "closeOrder", d.closing(id, total))
	control(t, p, http.MethodPost, "/performances/"+text(perf.id)+"/soldout", `{"contingent":"OTHER"}`)
	control(t, p, http.MethodPost, "/performances/"+text(perf.id)+"/sell", `{"seat_category":`+text(category0(perf, "CAT2"))+`,"quantity":1,"contingent":"TWO"}`)
	d.hold(d.entries(d.from(d.line(perf, "CAT2", "FULL", 1), "TWO")))
	again := newPlatform(t, start)
	sound(t, again)
	if diff := cmp.Diff(remembered(t, p), remembered(t, again)); diff != "" {
		t.Errorf("after a restart (-before +after):\n%.2000s", diff)
	}
	if diff := cmp.Diff(d.stocks(perf), at(t, again, "small").stocks(perf)); diff != "" || d.stocks(perf)["TWO"] != [3]int64{1, 1, 3} {
		t.Errorf("%v (-before +after):\n%s", d.stocks(perf), diff)
	}
}

func TestRestart_OfSeatsWrittenWithoutTheirContingent_FindsIt(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	start := func(p *Platform) { p.Journal, p.Worlds, p.Clock = journal, []World{smallWorld()}, NewClock(aDay) }
	p := newPlatform(t, start)
	d := at(t, p, "small")
	perf := d.next("P00001")
	d.hold(d.entries(d.line(perf, "CAT1", "FULL", 5)))
	before := d.stocks(perf)
	written, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.ReplaceAll(string(written), `,"contingent":1`, "")
	if plain == string(written) {
		t.Fatal("the journal names no contingent")
	}
	if err := os.WriteFile(journal, []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	again := newPlatform(t, start)
	sound(t, again)
	if diff := cmp.Diff(before, at(t, again, "small").stocks(perf)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

func TestCheck_NamesBrokenContingents(t *testing.T) {
	t.Parallel()
	for want, corrupt := range map[string]func(perf *performance, m *movement){
		"is in 2 contingents": func(perf *performance, _ *movement) { perf.pools[0].owner = nil },
		"is in 0 contingents": func(perf *performance, _ *movement) {
			perf.pools[1].owner = perf.pools[1].owner[:6:6]
			perf.pools[1].capacity = 0
		},
		"is contingent OTHER's and is in":      func(perf *performance, _ *movement) { perf.pools[0].markGone(7) },
		"is contingent TWO's and is in":        func(perf *performance, _ *movement) { perf.pools[0].taken[5] = 1 },
		"has 5 places, the world gives it 4":   func(perf *performance, _ *movement) { perf.pools[3].capacity++ },
		"the contingents have 11 of 10 places": func(perf *performance, _ *movement) { perf.pools[3].capacity++ },
		"1 elsewhere and 3 free, it has 3":     func(perf *performance, _ *movement) { perf.pools[1].elsewhere++ },
		"its place is contingent ONE's":        func(_ *performance, m *movement) { m.Contingent = 1 },
		"has 2 places, the world gives it 3":   func(perf *performance, _ *movement) { perf.pools[4].elsewhere++; perf.pools[4].capacity-- },
	} {
		d, perf := atSmall(t)
		id, total := d.hold(d.entries(d.line(perf, "CAT1", "FULL", 3)))
		d.must(orders, "closeOrder", d.closing(id, total))
		sound(t, d.p)
		corrupt(perf, d.in.orders[id].Operations[0].Movements[0])
		if err := d.p.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in: %v", want, err)
		}
	}
}

func TestShippedWorlds_AreSharedWithOthers(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	th, st := at(t, p, "theatre"), at(t, p, "stadium")
	perf := th.next("TARTUFFE")
	u := th.create(th.entries(th.from(th.line(perf, "CAT2", "PLEIN", 2), "PARTEN"))).get("orderUpdateData")
	for _, m := range u.list("movementDataUpdates") {
		if !strings.Contains("HI", m.str("row")) || m.str("contingent") != "Partenaires" {
			t.Errorf("%v", m)
		}
	}
	th.refused(theFacade, "createOrUpdateOrder", th.entries(th.from(th.line(perf, "CAT1", "PLEIN", 2), "CAISSE")), errNotOurs)
	match := st.next("H04")
	control(t, p, http.MethodPost, "/performances/"+text(match.id)+"/soldout", `{"contingent":"FREI"}`)
	u = st.create(st.entries(st.line(match, "STEH", "VOLL", 2))).get("orderUpdateData")
	if got := st.shares(u.list("movementDataUpdates")); got["SPONSOR"] != 2 {
		t.Errorf("%v", got)
	}
	for _, m := range u.list("movementDataUpdates") {
		if m.str("area") != "Süd, Stehplätze" {
			t.Errorf("%v", m)
		}
	}
	sound(t, p)
}
