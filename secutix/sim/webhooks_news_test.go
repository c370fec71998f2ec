package sim

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/secutix/s360"
)

func TestWebhook_AbandonedOrder_CarriesItsLinesSoThatFiltersMeetIt(t *testing.T) {
	t.Parallel()
	p, r, other := newPlatform(t), newReceiver(t), newReceiver(t)
	d := at(t, p, "theatre")
	filter := func(code string) string { return "OrderDetailsData.OperationDatas(*).ProductCode=" + code }
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": r.URL, "filter": filter("GODOT"), "granularity": "MOVEMENTS"})
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": other.URL, "filter": filter("CARMEN")})
	lapsed, _ := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 2)))
	given, _ := d.hold(d.entries(d.line(d.next("GODOT"), "CAT1", "PLEIN", 1)))
	var places []int64
	for _, m := range d.details(given).list("movementDatas") {
		places = append(places, m.id("movementId"))
	}
	d.must(orders, "abandonMovements", object{"orderId": given, "movementIds": places})
	advance(t, p, "1h")
	got := map[int64]object{}
	for _, body := range r.take() {
		o := parsed(t, body).get("orderDetailsData")
		got[o.id("orderId")] = o
	}
	for id, n := range map[int64]int64{lapsed: 2, given: 1} {
		o := got[id]
		lines := o.list("operationDatas")
		if o.str("orderState") != "ABANDONED" || o.id("saleAmount") != 0 || len(lines) != 1 || lines[0].id("quantity") != n || lines[0].str("productCode") != "GODOT" ||
			len(o.list("movementDatas")) != int(n) {
			t.Errorf("%d: %v", id, o)
		}
	}
	if n := len(other.take()); n != 0 {
		t.Errorf("%d posts of another product", n)
	}
	if lines := d.details(lapsed).list("operationDatas"); len(lines) != 0 {
		t.Errorf("getOrderDetails has %v", lines)
	}
	sound(t, p)
}

func TestWebhook_Inventory_IsGetProductDetailsWithEveryMember(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	d := at(t, p, "theatre")
	subscribed(t, p, object{"institution": "theatre", "kind": "inventory", "url": r.URL})
	perf := d.next("GODOT")
	control(t, p, "POST", "/performances/"+text(perf.id)+"/price", `{"delta":1000}`)
	advance(t, p, "15m")
	bodies := r.take()
	if len(bodies) != 1 {
		t.Fatalf("%d posts", len(bodies))
	}
	var list []object
	var typed []s360.Product
	if err := json.Unmarshal([]byte(bodies[0]), &list); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(bodies[0]), &typed); err != nil || len(typed) != 1 {
		t.Fatalf("%d products: %v", len(typed), err)
	}
	for _, absent := range []string{"prevSeasonProductId", "logo", "pass", "goods", "remark", "media"} {
		if v, there := list[0][absent]; !there || v != nil {
			t.Errorf("%s is %v, there: %t", absent, v, there)
		}
	}
	first := list[0].get("event").list("performances")[0]
	if first["start"] != float64(perf.start.UnixMilli()) || first["state"] != nil || first["spaceId"] != nil || len(first["seatCategories"].([]any)) != 0 {
		t.Errorf("performance %v", first)
	}
	want := d.must("setupService", "getProductDetails", object{"productId": perf.product.id}).get("product")
	asked := want.get("event").list("performances")[0].list("prices")
	prices := first.list("prices")
	if len(prices) != len(asked) || prices[0]["seatCatId"] != nil || prices[0].id("institutionSeatCatId") != asked[0].id("seatCatId") || prices[0].id("amount") != asked[0].id("amount") {
		t.Errorf("price %v, want %v", prices[0], asked[0])
	}
	if typed[0].ID != s360.ID(perf.product.id) || typed[0].State != "RUNNING" || typed[0].SeasonID == 0 || typed[0].InternalName == nil ||
		len(typed[0].Event.Performances) != len(want.get("event").list("performances")) || !typed[0].SalePeriods[0].End.Open() {
		t.Errorf("%+v", typed[0])
	}
}

func TestWebhook_Inventory_TellsPerformancesThatComeIntoSight_AlsoAfterARestart(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	p := newPlatform(t, func(p *Platform) { p.Journal = filepath.Join(t.TempDir(), "journal") })
	id := subscribed(t, p, object{"institution": "theatre", "kind": "inventory", "url": r.URL, "minutes": 1440, "bucket": 100})
	in := at(t, p, "theatre").in
	had := map[string]int{}
	for _, pr := range in.products {
		had[pr.def.Code] = len(pr.perfs)
	}
	r.answer(503)
	advance(t, p, "168h")
	var want []string
	for _, pr := range in.products {
		if len(pr.perfs) > had[pr.def.Code] {
			want = append(want, text(pr.id))
		}
	}
	waiting := func() (keys []string) {
		for _, item := range at(t, p, "theatre").in.hooks.find(id).queue {
			keys = append(keys, item.key)
		}
		slices.Sort(keys)
		return keys
	}
	if len(want) == 0 || !slices.Equal(waiting(), want) {
		t.Fatalf("waiting %v, want %v", waiting(), want)
	}
	before := remembered(t, p)
	tried := len(r.take())
	if code, o := control(t, p, "POST", "/restart", `{"memory":true}`); code != 200 {
		t.Fatal(code, o)
	}
	if remembered(t, p) != before || !slices.Equal(waiting(), want) {
		t.Errorf("after the restart %v", waiting())
	}
	if tried < 2 {
		t.Errorf("%d runs in a week of new performances", tried)
	}
	sound(t, p)
}

func TestWebhook_Stock_IsNoNewsOfTheInventory(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	d := at(t, p, "theatre")
	subscribed(t, p, object{"institution": "theatre", "kind": "inventory", "url": r.URL})
	d.sold(1)
	control(t, p, "POST", "/performances/"+text(d.next("GODOT").id)+"/soldout", "")
	advance(t, p, "15m")
	if got := r.take(); len(got) != 0 {
		t.Errorf("%d posts", len(got))
	}
	control(t, p, "POST", "/performances/"+text(d.next("GODOT").id)+"/cancel", "")
	advance(t, p, "15m")
	if got := r.take(); len(got) != 1 {
		t.Errorf("%d posts of what was called off", len(got))
	}
}

func TestWebhook_Scope_ChoosesTicketsByCodeAndTime(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	godot, carmen := d.next("GODOT"), d.next("CARMEN")
	at := godot.start.In(d.in.zone)
	rs := map[string]*receiver{}
	want := map[string]int{
		"": 3, "GODOT": 2, "THEA": 2, "OPER": 1, godot.code(): 2, "GODOT;" + at.Format(scopeLayout): 2, "GODOT;" + at.Add(time.Hour).Format(scopeLayout): 0,
	}
	for scope := range want {
		rs[scope] = newReceiver(t)
		subscribed(t, p, object{"institution": "theatre", "kind": "access_control", "url": rs[scope].URL, "scope": scope})
	}
	d.sold(2)
	id, total := d.hold(d.entries(d.line(carmen, "CAT2", "PLEIN", 1)))
	d.must(orders, "closeOrder", d.closing(id, total))
	advance(t, p, "15m")
	for scope, n := range want {
		if got := len(rs[scope].take()); got != n {
			t.Errorf("%q: %d tickets, want %d", scope, got, n)
		}
	}
	for scope, status := range map[string]int{"NOWHERE": 422, ";21/11/2026 20:00": 400, "GODOT;2026-11-21 20:00": 400, "GODOT;31/02/2026 20:00": 400} {
		b := `{"institution":"theatre","kind":"access_control","url":"http://127.0.0.1:9/","scope":"` + scope + `"}`
		if code, o := control(t, p, "POST", "/webhooks", b); code != status || !strings.HasPrefix(o.str("error"), "scope: ") {
			t.Errorf("%s: %d %v", scope, code, o)
		}
	}
	sound(t, p)
}

func TestWebhook_RefundInAnotherOrder_TellsTheTicketsOfTheSale(t *testing.T) {
	t.Parallel()
	p, tickets, done := newPlatform(t), newReceiver(t), newReceiver(t)
	d := at(t, p, "theatre")
	sale, _, was := d.closedSale(d.next("GODOT"), "CAT1", "PLEIN", 2)
	subscribed(t, p, object{"institution": "theatre", "kind": "access_control", "url": tickets.URL})
	subscribed(t, p, object{"institution": "theatre", "kind": "order", "url": done.URL})
	gone := was.list("movementDatas")[0]
	refund, total := d.hold(d.refunding(was, gone.id("movementId")))
	body := d.closing(refund, -total)
	body["orderType"] = "REFUND_CLIENT"
	d.must(orders, "closeOrder", body)
	advance(t, p, "15m")
	got := tickets.take()
	if len(got) != 1 || !strings.Contains(got[0], `"ticketState":"CANCELLED"`) || !strings.Contains(got[0], `"cancellationCause":"REFUND"`) ||
		!strings.Contains(got[0], gone.list("tickets")[0].str("barcode")) || !strings.Contains(got[0], `"orderId":`+text(sale)) {
		t.Errorf("tickets: %v", got)
	}
	if got := done.take(); len(got) != 1 || parsed(t, got[0]).get("orderDetailsData").id("orderId") != refund {
		t.Errorf("orders: %v", got)
	}
	if code, o := control(t, p, "POST", "/orders/"+text(sale)+"/reprint?institution=theatre", ""); code != 200 {
		t.Fatal(code, o)
	}
	advance(t, p, "15m")
	if got := tickets.take(); len(got) != 2 {
		t.Errorf("reprinted: %v", got)
	}
	if got := done.take(); len(got) != 0 {
		t.Errorf("a sale from before the subscription is told: %v", got)
	}
	sound(t, p)
}

func TestWebhook_ContactDetails_AreThoseAskedFor(t *testing.T) {
	t.Parallel()
	p, r := newPlatform(t), newReceiver(t)
	d := at(t, p, "theatre")
	subscribed(t, p, object{"institution": "theatre", "kind": "contact", "url": r.URL, "details": "AUTHORIZATIONS, COM_MEANS"})
	d.save("", object{"individualFirstname": "Ada", "individualLastname": "Muster", "email": "ada@example.org"})
	advance(t, p, "15m")
	got := r.take()
	if len(got) != 1 || strings.Contains(got[0], "Muster") || !strings.Contains(got[0], `"authorizations":[`) || !strings.Contains(got[0], "ada@example.org") {
		t.Errorf("%v", got)
	}
	for _, b := range []string{`"kind":"contact","details":"GENERAL,SHOES"`, `"kind":"order","details":"GENERAL"`} {
		if code, o := control(t, p, "POST", "/webhooks", `{"institution":"theatre","url":"http://127.0.0.1:9/",`+b+`}`); code != 400 || !strings.HasPrefix(o.str("error"), "details: ") {
			t.Errorf("%s: %d %v", b, code, o)
		}
	}
}
