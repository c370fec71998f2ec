package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestJourney_ChangedSeatedExchangedAndCancelledInPart_BooksAndPlatformAgree(t *testing.T) {
	t.Parallel()
	for kind, database := range databases(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			changed(t, newStage(t, database, "--world", "theatre"))
		})
	}
}

// changed holds three places, changes what and where they are, sells them, exchanges one for another performance and takes
// another one back.
func changed(t *testing.T, s *stage) {
	t.Helper()
	raw, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.config, strings.Replace(string(raw), "  - code: theatre\n", "  - code: theatre\n    refunds: order\n    exchanges: order\n", 1))
	_, api := s.serve(t, "change")
	shop, ops := newClient(api, s.key(t, "web", "catalog,sell,deliver")), newClient(api, s.key(t, "ops", "admin"))
	dated, _ := offers(t, shop, "theatre")
	full := dated[0]
	at := slices.IndexFunc(dated, func(o offer) bool { return sameSeats(o, full) && o.line["tariff"] != full.line["tariff"] })
	other := slices.IndexFunc(dated, func(o offer) bool {
		return o.line["performance"] != full.line["performance"] && o.line["seat_category"] == full.line["seat_category"] && o.line["tariff"] == full.line["tariff"]
	})
	if at < 0 || other < 0 {
		t.Fatal("the theatre sells too little")
	}
	child := dated[at]
	total := func(a, b int64) map[string]any {
		return map[string]any{"amount": full.price*a + child.price*b, "currency": full.currency}
	}
	hold := func(key string, line map[string]any) answer {
		t.Helper()
		a, err := shop.do(t.Context(), "POST", "/v1/orders", map[string]any{"institution": "theatre", "items": []any{line}}, "Idempotency-Key", key)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	held := hold("one", withQuantity(full, 3))
	if held.status != 201 {
		t.Fatalf("%d %s", held.status, held.body)
	}
	order := "/v1/orders/" + str(held.json, "id")

	// One more; then two on chosen seats and one at another tariff.
	four := shop.must(t, "PATCH", order, map[string]any{"items": []any{withQuantity(full, 4)}, "expected_total": total(4, 0)}, 200).json
	if len(items(items(four, "lines")[0], "places")) != 4 || str(four, "state") != "held" {
		t.Fatalf("four: %v", four)
	}
	free := freeSeats(t, shop, full)
	two := withQuantity(full, 2)
	two["seats"] = free[len(free)-2:]
	mixed := []any{two, withQuantity(child, 1)}
	o := shop.must(t, "PATCH", order, map[string]any{"items": mixed, "expected_total": total(2, 1)}, 200).json
	for _, p := range items(items(o, "lines")[0], "places") {
		if id := str(sub(p, "seat"), "id"); !slices.Contains(free[len(free)-2:], id) {
			t.Errorf("on seat %s, chosen were %v", id, two["seats"])
		}
	}
	if p := shop.must(t, "PATCH", order, map[string]any{"items": []any{withQuantity(full, 1)}, "expected_total": total(0, 1)}, 409).json; str(p, "code") != "order.price_changed" || str(p, "state") != "held" {
		t.Errorf("another total: %v", p)
	}
	if a := hold("two", two); a.status != 409 || str(a.json, "code") != "order.availability" || len(items(a.json, "errors")) != 2 {
		t.Errorf("seats of somebody else: %d %s", a.status, a.body)
	}
	sold := shop.must(t, "POST", order+"/close", map[string]any{"payment_reference": "PAY-1"}, 200).json
	tickets := items(sold, "tickets")
	if got := sub(sold, "total"); len(tickets) != 3 || num(got, "amount") != full.price*2+child.price {
		t.Fatalf("%d tickets for %v", len(tickets), got)
	}

	// One of them for another evening, at the difference that was said.
	swap := map[string]any{"tickets": []string{str(tickets[0], "id")}, "performance": dated[other].line["performance"]}
	swap["expected_difference"] = shop.must(t, "POST", order+"/exchange?dry_run=true", swap, 200).json["difference"]
	e := shop.must(t, "POST", order+"/exchange", swap, 200).json
	if str(sub(e, "new_order"), "state") != "issued" || str(sub(e, "order"), "state") != "issued" ||
		num(sub(sub(e, "new_order"), "platform"), "file_id") != num(sub(sold, "platform"), "file_id") {
		t.Errorf("exchange: %v", e)
	}
	if p := shop.must(t, "POST", order+"/exchange", swap, 409).json; str(p, "code") != "ticket.cancelled" {
		t.Errorf("exchanged twice: %v", p)
	}

	// Another one is taken back; the last one stays good.
	if c := shop.must(t, "POST", order+"/cancel", map[string]any{"tickets": []string{str(tickets[1], "id")}}, 200).json; str(sub(c, "order"), "state") != "issued" {
		t.Errorf("cancelled in part: %v", c)
	}
	good := 0
	for _, tk := range items(shop.must(t, "GET", order+"/tickets", nil, 200).json, "items") {
		if str(tk, "cancelled_at") == "" {
			good++
		}
	}
	if good != 1 {
		t.Errorf("%d good tickets are left of three", good)
	}
	s.agrees(t, ops, dated[other].price+child.price)
}

func sameSeats(a, b offer) bool {
	return a.line["performance"] == b.line["performance"] && a.line["seat_category"] == b.line["seat_category"]
}

// freeSeats are the ids of the seats that an offer can be on.
func freeSeats(t *testing.T, c *client, o offer) []string {
	t.Helper()
	var free []string
	for _, b := range items(c.must(t, "GET", "/v1/performances/"+str(o.line, "performance")+"/seats", nil, 200).json, "blocks") {
		for _, row := range items(b, "rows") {
			for _, seat := range items(row, "seats") {
				if seat["free"] == true && seat["seat_category"] == o.line["seat_category"] {
					free = append(free, str(seat, "id"))
				}
			}
		}
	}
	return free
}

// agrees checks that the theatre's account says the same here and there, and is what was sold, and that the platform's promises
// hold.
func (s *stage) agrees(t *testing.T, ops *client, sold int64) {
	t.Helper()
	for _, b := range items(ops.must(t, "GET", "/v1/admin/pending-account", nil, 200).json, "items") {
		ours, platform := num(sub(b, "balance"), "amount"), num(s.control.must(t, "GET", "/account?institution="+str(b, "institution"), nil, 200).json, "balance")
		if str(b, "institution") == "theatre" && (ours != sold || ours*10 != platform) {
			t.Errorf("our book says %d, the platform %d thousandths, and %d was sold", ours, platform, sold)
		}
	}
	if check := s.control.must(t, "GET", "/check", nil, 200); check.json["ok"] != true {
		t.Errorf("the platform's promises are broken: %v", check.json["broken"])
	}
}
