package sim

import (
	"maps"
	"testing"
	"time"

	"guichet/secutix/s360"
)

// simple is one simpleProductOperation.
func (d *desk) simple(code, tariff string, n int, visit object) object {
	d.t.Helper()
	o := object{"itemId": d.product(code).items[0].id, "audienceSubCategoryId": d.tariff(tariff), "quantity": n}
	maps.Copy(o, visit)
	return o
}

func (d *desk) simples(ops ...object) object {
	return object{
		"pointOfSalesId": d.in.w.PointOfSales.ID, "simpleProductOperations": ops,
		"purchasersInfo": []object{{"contactReference": d.in.w.PartnerContact}},
	}
}

// slotAt is the timeslotId of a time of day.
func (d *desk) slotAt(hour, minute int) int64 {
	d.t.Helper()
	for _, s := range d.product("BILLET").items[0].slots {
		if s.hour == hour && s.minute == minute {
			return s.id
		}
	}
	d.t.Fatalf("no slot at %d:%02d", hour, minute)
	return 0
}

func with(o object, name string, v any) object {
	o = maps.Clone(o)
	o[name] = v
	return o
}

func TestCreate_WhatMayNotBeSold_IsRefusedAndHoldsNothing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	th, mu := at(t, p, "theatre"), at(t, p, "museum")
	tartuffe, hamlet := th.next("TARTUFFE"), th.product("HAMLET").perfs
	one := th.entries(th.line(tartuffe, "CAT1", "PLEIN", 1))
	past := th.next("PRINCE")
	p.Clock.Set(past.start)
	canceled := th.product("LAC").perfs[1]
	control(t, p, "POST", "/performances/"+text(canceled.id)+"/cancel", "")

	for name, tc := range map[string]struct {
		d    *desk
		body object
		want string
	}{
		"sold out":              {th, th.entries(th.line(hamlet[2], "CAT1", "PLEIN", 1)), errAvailability},
		"one line of two":       {th, th.entries(th.line(tartuffe, "CAT1", "PLEIN", 1), th.line(hamlet[2], "CAT1", "PLEIN", 1)), errAvailability},
		"too many":              {th, th.entries(th.line(tartuffe, "CAT1", "PLEIN", 13)), errMaxSeats},
		"too many in two lines": {th, th.entries(th.line(tartuffe, "CAT1", "PLEIN", 7), th.line(tartuffe, "CAT2", "PLEIN", 6)), errMaxSeats},
		"none":                  {th, th.entries(th.line(tartuffe, "CAT1", "PLEIN", 0)), errQuantity},
		"child alone":           {th, th.entries(th.line(tartuffe, "CAT1", "ENFANT", 1)), errRequired},
		"adult elsewhere":       {th, th.entries(th.line(tartuffe, "CAT1", "ENFANT", 1), th.line(th.next("GODOT"), "CAT1", "PLEIN", 1)), errRequired},
		"small group":           {th, th.entries(th.line(tartuffe, "CAT1", "GROUPE", 9)), errQuantity},
		"no such price":         {th, th.entries(th.line(tartuffe, "CAT3", "PMR", 1)), errPrice},
		"no such category":      {th, th.entries(with(th.line(tartuffe, "CAT1", "PLEIN", 1), "seatCategoryId", 7)), errPrice},
		"no such performance":   {th, th.entries(with(th.line(tartuffe, "CAT1", "PLEIN", 1), "performanceId", 7)), errPerformance},
		"already begun":         {th, th.entries(th.line(past, "CAT1", "PLEIN", 1)), errSalePeriod},
		"not on sale yet":       {th, th.entries(th.line(th.product("MESSIE").perfs[0], "CAT1", "PLEIN", 1)), errSalePeriod},
		"canceled":              {th, th.entries(th.line(canceled, "CAT1", "PLEIN", 1)), errCanceled},
		"unknown contact":       {th, with(one, "purchasersInfo", []object{{"contactReference": "999"}}), errContact},
		"unknown outlet":        {th, with(one, "pointOfSalesId", 1), "error.pointOfSales.unknown"},
		"a refund":              {th, with(one, "orderType", "REFUND_CLIENT"), errType},
		"unknown order":         {th, with(one, "orderId", 5), errOrderUnknown},
		"nothing asked":         {th, object{"pointOfSalesId": th.in.w.PointOfSales.ID}, errMissing},
		"misspelt":              {th, with(one, "preferredAreas", []int{1}), errUnknownMember},
		"no date":               {mu, mu.simples(mu.simple("BILLET", "ADULTE", 1, object{"timeslotId": mu.slotAt(14, 0)})), errVisitDate},
		"no slot":               {mu, mu.simples(mu.simple("BILLET", "ADULTE", 1, object{"visitDate": "2026-11-24"})), errTimeslot},
		"a Monday":              {mu, mu.simples(mu.simple("BILLET", "ADULTE", 1, object{"timeslotId": mu.slotAt(14, 0), "visitDate": "2026-11-23"})), errVisitDate},
		"this morning":          {mu, mu.simples(mu.simple("BILLET", "ADULTE", 1, object{"timeslotId": mu.slotAt(10, 0), "visitDate": "2026-11-21"})), errVisitDate},
		"sold-out slot":         {mu, mu.simples(mu.simple("BILLET", "ADULTE", 1, object{"timeslotId": mu.slotAt(11, 0), "visitDate": "2026-11-28"})), errAvailability},
		"date for a book":       {mu, mu.simples(mu.simple("LIVRE", "ADULTE", 1, object{"visitDate": "2026-11-24"})), errTimeslot},
		"too many books":        {mu, mu.simples(mu.simple("LIVRE", "ADULTE", 6, nil)), errQuantity},
		"odd member":            {mu, mu.simples(mu.simple("LIVRE", "ADULTE", 1, object{"date": "2026-11-24"})), errUnknownMember},
		"member without name":   {mu, with(mu.simples(mu.simple("AMIS", "ADULTE", 1, nil)), "purchasersInfo", nil), errContactNeeded},
	} {
		if o := tc.d.create(tc.body); o.code() != tc.want || o["expectedException"] != true || o["orderUpdateData"] != nil {
			t.Errorf("%s: %v, want %s", name, o, tc.want)
		}
	}
	if n := len(th.in.orders) + len(mu.in.orders); n != 0 {
		t.Errorf("%d orders were made", n)
	}
	sound(t, p)
}

func TestCreate_SeatsOfOneCall_AreSideBySide(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("ANTIGONE")
	u := d.create(d.entries(d.line(perf, "CAT1", "PLEIN", 2), d.line(perf, "CAT1", "JEUNE", 1))).get("orderUpdateData")
	g := u.list("generatedContiguities")
	if len(g) != 1 || g[0]["contiguous"] != true || len(g[0].list("segments")) != 1 {
		t.Fatalf("contiguities %v", g)
	}
	row, block := "", ""
	var numbers []string
	for _, m := range u.list("movementDataUpdates") {
		if row != "" && (m.str("row") != row || m.str("block") != block) {
			t.Errorf("split over rows: %v", m)
		}
		row, block = m.str("row"), m.str("block")
		numbers = append(numbers, m.str("number"))
	}
	var a, b, c int
	for i, to := range []*int{&a, &b, &c} {
		*to = atoi(t, numbers[i])
	}
	if b != a+1 || c != b+1 {
		t.Errorf("numbers %v", numbers)
	}
	if u.get("catalogCurrency").str("currencyCode") != "EUR" || u.id("orderId") < 1e13 {
		t.Errorf("head %v", u)
	}
}

func TestCreate_TwoAttributionsOfOneCall_NeverGetTheSamePlace(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	body := d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 2))
	ops, _ := body["singleEntryAttributionOperations"].([]object)
	body["singleEntryAttributionOperations"] = append(ops, ops[0])
	seats := map[int64]bool{}
	for _, m := range d.create(body).get("orderUpdateData").list("movementDataUpdates") {
		seats[m.id("seatId")] = true
	}
	if len(seats) != 4 {
		t.Errorf("%d seats for 4 places", len(seats))
	}
	sound(t, p)

	museum := at(t, p, "museum")
	book := museum.simple("LIVRE", "ADULTE", 5, nil)
	for range 23 {
		museum.hold(museum.simples(book))
	}
	if o := museum.create(museum.simples(museum.simple("LIVRE", "ADULTE", 3, nil), museum.simple("LIVRE", "ADULTE", 3, nil))); o.code() == "success" {
		t.Errorf("six of five left: %v", o)
	}
	sound(t, p)
}

func TestCreate_NearlyFull_SaysThatSeatsAreSplit(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.product("HAMLET").perfs[1] // 93 % gone
	want := int(min(d.left(perf, "CAT3"), 12))
	u := d.create(d.entries(d.line(perf, "CAT3", "PLEIN", want))).get("orderUpdateData")
	g := u.list("generatedContiguities")
	n := 0
	for _, s := range g[0].list("segments") {
		n += len(s["movementIds"].([]any))
	}
	if g[0]["contiguous"] != false || len(g[0].list("segments")) < 2 || n != want {
		t.Errorf("contiguities %v", g)
	}
	sound(t, p)
}

func TestCreate_PreferredArea_ComesFirst(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "stadium")
	perf := d.next("H04")
	body := func(area int64) object {
		b := d.entries(d.line(perf, "STEH", "VOLL", 2))
		b["singleEntryAttributionOperations"].([]object)[0]["preferedAreas"] = []int64{area}
		return b
	}
	for _, a := range perf.product.venue.areas[3:] {
		for _, m := range d.create(body(a.id)).get("orderUpdateData").list("movementDataUpdates") {
			if m.id("areaId") != a.id || m.str("type") != "AREA" || m["seatId"] != nil || m.str("entrance") == "" {
				t.Errorf("asked for %d, got %v", a.id, m)
			}
		}
	}
	elsewhere := d.create(body(1))
	if elsewhere.code() != "success" {
		t.Errorf("an unknown preference refuses the sale: %v", elsewhere)
	}
	sound(t, p)
}

func TestCreate_BothKindsAndACharge_InOneOrder(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "museum")
	body := d.entries(d.line(d.next("COULEUR"), "UNIQUE", "ADULTE", 2))
	body["simpleProductOperations"] = []object{
		d.simple("BILLET", "ADULTE", 2, object{"timeslotId": d.slotAt(14, 30), "visitDate": "2026-11-24"}),
		d.simple("AUDIO", "ADULTE", 2, nil), d.simple("LIVRE", "ADULTE", 1, nil), d.simple("AMIS", "ADULTE", 1, nil),
	}
	o := d.create(body)
	if o.code() != "success" {
		t.Fatal(o)
	}
	u := o.get("orderUpdateData")
	if len(u.list("operationDataUpdates")) != 5 || len(u.list("movementDataUpdates")) != 8 {
		t.Errorf("operations %d, movements %d", len(u.list("operationDataUpdates")), len(u.list("movementDataUpdates")))
	}
	slot := u.list("operationDataUpdates")[1]
	if slot.id("timeslotId") != d.slotAt(14, 30) || slot.str("visitDate") != "2026-11-24" {
		t.Errorf("the slot is not told back: %v", slot)
	}
	if from := u.list("movementDataUpdates")[2].str("startValidityDate"); from != "2026-11-24T14:30:00.000+01:00" {
		t.Errorf("valid from %s", from)
	}
	const want = 2*12000 + 2*14000 + 2*5000 + 39000 + 45000
	if got := d.details(u.id("orderId")).id("saleAmount"); got != want {
		t.Errorf("amount %d, want %d", got, want)
	}
	d.must("externalOrderService", "closeOrder", d.closing(u.id("orderId"), want))
	sound(t, p)

	th := at(t, p, "theatre")
	fee := th.entries(th.line(th.next("GODOT"), "CAT1", "PLEIN", 1))
	fee["chargeOperations"] = []object{{"chargeId": th.in.charges["FRAIS"].id, "amount": 3500}}
	id, total := th.hold(fee)
	if total != 42335+3500 {
		t.Errorf("with a charge: %d", total)
	}
	th.must("externalOrderService", "closeOrder", th.closing(id, total))
	sound(t, p)
}

func TestCreate_VisitDateAsAMoment_IsTheDayAtTheMuseum(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "museum")
	slot := object{"timeslotId": d.slotAt(14, 30), "visitDate": "2026-11-23T23:00:00.000Z"}
	u := d.create(d.simples(d.simple("BILLET", "ADULTE", 1, slot))).get("orderUpdateData")
	if got := u.list("operationDataUpdates")[0].str("visitDate"); got != "2026-11-24" {
		t.Errorf("day %q", got)
	}
}

func TestCreate_AddingToAnOrder_RestartsItsTimeUpToTheMost(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.MaxLifetime = 40 * time.Minute })
	d := at(t, p, "theatre")
	perf := d.next("GODOT")
	body := d.entries(d.line(perf, "CAT1", "PLEIN", 1))
	id, _ := d.hold(body)
	for i, want := range []time.Duration{25, 35, 40} {
		p.Clock.Advance(10 * time.Minute)
		u := d.create(with(body, "orderId", id)).get("orderUpdateData")
		if len(u.list("operationDataUpdates")) != 1 || u.id("orderId") != id {
			t.Errorf("not a delta: %v", u)
		}
		got := d.in.orders[id].Expires.Sub(aDay)
		if got != want*time.Minute {
			t.Errorf("after %d: ends after %s, want %dm", i, got, want)
		}
	}
	p.Clock.Advance(10 * time.Minute)
	if o := d.create(with(body, "orderId", id)); o.code() != errExpired {
		t.Errorf("past the most: %v", o)
	}
	sound(t, p)
}

func TestCreate_MemberPrice_IsNeverTaken(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("GODOT")
	if _, total := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 1))); total != 42335 {
		t.Errorf("total %d", total)
	}
	member := false
	for _, price := range d.in.performance(perf).Prices {
		member = member || price.PriceLevelID == d.in.levelID(true) && int64(*price.Amount) < 42335
	}
	if !member {
		t.Error("the catalog has no member price to be mistaken for it")
	}
}

func TestClose_WrongPaymentsAndStates_AreRefusedAndLeaveTheOrderOpen(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id, total := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 2)))
	pay := func(method, amount int64) object {
		return with(d.closing(id, total), "payments", []object{{"amount": amount, "paymentMethodId": method}})
	}
	methods := d.in.w.PaymentMethods
	for name, tc := range map[string]struct {
		body object
		want string
	}{
		"card":            {pay(methods[0].ID, total), errMethod},
		"cash":            {pay(methods[1].ID, total), errMethod},
		"unknown method":  {pay(5, total), errMethod},
		"too little":      {pay(d.in.w.pendingMethod(), total-1), errAmount},
		"too much":        {pay(d.in.w.pendingMethod(), total+1), errAmount},
		"unknown contact": {with(d.closing(id, total), "purchaserInfo", object{"contactReference": "999"}), errContact},
		"unknown order":   {with(d.closing(id, total), "orderId", 5), errOrderUnknown},
		"not a sale":      {with(d.closing(id, total), "orderType", "RESERVATION"), errType},
	} {
		if o := d.call("externalOrderService", "closeOrder", tc.body); o.code() != tc.want || o["expectedException"] != true {
			t.Errorf("%s: %v, want %s", name, o, tc.want)
		}
	}
	if got := d.details(id).str("orderState"); got != "RUNNING" {
		t.Errorf("state %s", got)
	}
	sound(t, p)

	d.must("externalOrderService", "closeOrder", d.closing(id, total))
	if o := d.call("externalOrderService", "closeOrder", d.closing(id, total)); o.code() != errClosed {
		t.Errorf("twice: %v", o)
	}
	if o := d.call("externalOrderService", "abandonMovements", object{"orderId": id, "movementIds": []int64{d.in.orders[id].Operations[0].Movements[0].ID}}); o.code() != errClosed {
		t.Errorf("abandon after close: %v", o)
	}
	sound(t, p)
}

func TestClose_WithoutPayments_GoesToThePendingAccount(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.AccountLimit = 100_000 })
	d := at(t, p, "theatre")
	body := d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 2))
	id, total := d.hold(body)
	d.must("externalOrderService", "closeOrder", object{"orderId": id})
	if len(d.in.postings) != 1 || d.in.postings[0].Amount != total || d.in.postings[0].Method != d.in.w.pendingMethod() {
		t.Errorf("postings %v", d.in.postings)
	}
	for _, m := range d.details(id).list("movementDatas") {
		if ticket := m.list("tickets")[0]; ticket.str("ticketState") != s360.TicketNotPrinted || ticket["barcode"] != nil {
			t.Errorf("barcodes that were not asked for: %v", ticket)
		}
	}
	id, total = d.hold(body)
	if o := d.call("externalOrderService", "closeOrder", d.closing(id, total)); o.code() != errLimit {
		t.Errorf("past the limit: %v", o)
	}
	sound(t, p)
}

func TestAbandon_GivesPlacesBackAndEndsAnEmptyOrder(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("GODOT")
	before := d.left(perf, "CAT1")
	id, _ := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 3), d.line(perf, "CAT1", "JEUNE", 1)))
	var ids []int64
	for _, m := range d.details(id).list("movementDatas") {
		ids = append(ids, m.id("movementId"))
	}
	drop := func(ids ...int64) object {
		return d.call("externalOrderService", "abandonMovements", object{"orderId": id, "movementIds": ids})
	}
	first := drop(ids[0], ids[3]).get("orderUpdateData")
	if len(first["removeMovementIds"].([]any)) != 2 || len(first["removeOperationIds"].([]any)) != 1 || first.list("operationDataUpdates")[0].id("totalAmount") != 2*42335 {
		t.Errorf("first: %v", first)
	}
	if o := drop(ids[0]); o.code() != errMovement {
		t.Errorf("twice: %v", o)
	}
	if got := d.left(perf, "CAT1"); got != before-2 {
		t.Errorf("left %d, want %d", got, before-2)
	}
	drop(ids[1], ids[2])
	if got := d.details(id); got.str("orderState") != "ABANDONED" || got.id("saleAmount") != 0 || d.left(perf, "CAT1") != before {
		t.Errorf("all given back: %v", got)
	}
	if o := d.call("externalOrderService", "closeOrder", object{"orderId": id}); o.code() != errAbandoned {
		t.Errorf("close: %v", o)
	}
	sound(t, p)
}

func TestClose_NothingButAFee_IsEmpty(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id, _ := d.hold(object{"pointOfSalesId": d.in.w.PointOfSales.ID, "chargeOperations": []object{{"chargeId": d.in.charges["FRAIS"].id}}})
	if o := d.call("externalOrderService", "closeOrder", object{"orderId": id}); o.code() != errEmpty {
		t.Errorf("close: %v", o)
	}
	p.Clock.Advance(time.Hour)
	if got := d.details(id).str("orderState"); got != "ABANDONED" {
		t.Errorf("state %s", got)
	}
	sound(t, p)
}

func TestClose_TheAdultGivenBack_LeavesTheChildRefused(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	id, _ := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 1), d.line(perf, "CAT1", "ENFANT", 1)))
	adult := d.details(id).list("movementDatas")[0].id("movementId")
	d.must("externalOrderService", "abandonMovements", object{"orderId": id, "movementIds": []int64{adult}})
	if o := d.call("externalOrderService", "closeOrder", object{"orderId": id}); o.code() != errRequired {
		t.Errorf("close: %v", o)
	}
}

func TestDetails_Granularity_EachAddsToTheOneBefore(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id, total := d.hold(with(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 2)), "externalReference", "ord_1"))
	d.must("externalOrderService", "closeOrder", d.closing(id, total))
	get := func(g string) object {
		return d.call("externalOrderService", "getOrderDetails", object{"orderId": id, "granularity": g}).get("orderDetailsData")
	}
	operations, movements, tickets := get("OPERATIONS"), get("MOVEMENTS"), get("TICKETS")
	if len(operations.list("operationDatas")) != 1 || operations["movementDatas"] != nil || operations.str("externalReference") != "ord_1" {
		t.Errorf("OPERATIONS: %v", operations)
	}
	if len(movements.list("movementDatas")) != 2 || movements.list("movementDatas")[0]["tickets"] != nil {
		t.Errorf("MOVEMENTS: %v", movements)
	}
	if len(tickets.list("movementDatas")[1].list("tickets")) != 1 || tickets.str("referenceDate") != "2026-11-20T23:00:00.000+00:00" {
		t.Errorf("TICKETS: %v", tickets)
	}
	if o := d.call("externalOrderService", "getOrderDetails", object{"orderId": id, "granularity": "SEATS"}); o.code() != errInvalid {
		t.Errorf("SEATS: %v", o)
	}
}

func TestStock_TheLastPlaceIsSoldOnce(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "museum")
	book := d.simples(d.simple("LIVRE", "ADULTE", 5, nil))
	for range 24 {
		d.hold(book)
	}
	if o := d.create(d.simples(d.simple("LIVRE", "ADULTE", 1, nil))); o.code() != errAvailability {
		t.Errorf("the 121st: %v", o)
	}
	sound(t, p)
}
