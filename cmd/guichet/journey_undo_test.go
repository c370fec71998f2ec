package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestJourney_UndoneAndSoldTogether_BooksAndPlatformAgree(t *testing.T) {
	t.Parallel()
	for kind, database := range databases(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			undone(t, newStage(t, database))
		})
	}
}

// undone sells at two institutions, one that lets us undo sales and one that undoes them by hand, and undoes everything but
// one order.
func undone(t *testing.T, s *stage) {
	t.Helper()
	raw, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.config, strings.Replace(string(raw), "  - code: theatre\n", "  - code: theatre\n    refunds: order\n", 1))
	_, api := s.serve(t, "undo")
	shop, ops := newClient(api, s.key(t, "web", "catalog,sell,deliver")), newClient(api, s.key(t, "ops", "admin"))
	line := func(code string) map[string]any {
		dated, _ := offers(t, shop, code)
		return withQuantity(dated[0], 2)
	}
	hold := func(path, key string, body map[string]any) map[string]any {
		t.Helper()
		a, err := shop.do(t.Context(), "POST", path, body, "Idempotency-Key", key)
		if err != nil || a.status != 201 {
			t.Fatalf("%s: %v %d %s", path, err, a.status, a.body)
		}
		return a.json
	}
	theatre := map[string]any{"institution": "theatre", "items": []any{line("theatre")}}
	stadium := map[string]any{"institution": "stadium", "items": []any{line("stadium")}}

	// One ticket, and then the rest, by refund orders of our own.
	id := str(hold("/v1/orders", "one", theatre), "id")
	sold := shop.must(t, "POST", "/v1/orders/"+id+"/close", map[string]any{}, 200).json
	first := map[string]any{"tickets": []string{str(items(sold, "tickets")[0], "id")}}
	shop.must(t, "POST", "/v1/orders/"+id+"/cancel?dry_run=true", first, 200)
	if c := shop.must(t, "POST", "/v1/orders/"+id+"/cancel", first, 200).json; str(sub(c, "order"), "state") != "issued" {
		t.Errorf("after one ticket: %v", c)
	}
	if p := shop.must(t, "POST", "/v1/orders/"+id+"/cancel", first, 409).json; str(p, "code") != "ticket.cancelled" || str(p, "state") != "issued" {
		t.Errorf("cancelled twice: %v", p)
	}
	if c := shop.must(t, "POST", "/v1/orders/"+id+"/cancel", map[string]any{}, 200).json; str(sub(c, "order"), "state") != "cancelled" {
		t.Errorf("after the rest: %v", c)
	}

	// Both institutions together; then the second one's order, by hand.
	basket := str(hold("/v1/baskets", "both", map[string]any{"orders": []any{theatre, stadium}}), "id")
	both := shop.must(t, "POST", "/v1/baskets/"+basket+"/close", map[string]any{}, 200).json
	second := items(both, "orders")[1]
	if c := shop.must(t, "POST", "/v1/orders/"+str(second, "id")+"/cancel", map[string]any{}, 202).json; str(sub(c, "order"), "state") != "review" {
		t.Errorf("by hand: %v", c)
	}
	s.control.must(t, "POST", fmt.Sprintf("/orders/%d/cancel?institution=stadium", num(sub(second, "platform"), "order_id")), nil, 200)
	if c := ops.must(t, "POST", "/v1/admin/orders/"+str(second, "id")+"/settle", nil, 200).json; str(sub(c, "order"), "state") != "cancelled" {
		t.Errorf("the institution took it back: %v", c)
	}

	// What the desk prints anew is noticed.
	kept := items(both, "orders")[0]
	s.control.must(t, "POST", fmt.Sprintf("/orders/%d/reprint?institution=theatre", num(sub(kept, "platform"), "order_id")), nil, 200)
	ops.must(t, "POST", "/v1/admin/orders/"+str(kept, "id")+"/settle", nil, 200)
	for i, tk := range items(shop.must(t, "GET", "/v1/orders/"+str(kept, "id")+"/tickets", nil, 200).json, "items") {
		if num(tk, "reprints") != 1 || str(tk, "barcode") == str(items(kept, "tickets")[i], "barcode") {
			t.Errorf("ticket %d: %v", i, tk)
		}
	}

	for _, b := range items(ops.must(t, "GET", "/v1/admin/pending-account", nil, 200).json, "items") {
		platform := num(s.control.must(t, "GET", "/account?institution="+str(b, "institution"), nil, 200).json, "balance")
		if ours := num(sub(b, "balance"), "amount") * 10; ours != platform {
			t.Errorf("%s: our book says %d thousandths, the platform %d", str(b, "institution"), ours, platform)
		}
	}
	if check := s.control.must(t, "GET", "/check", nil, 200); check.json["ok"] != true {
		t.Errorf("the platform's promises are broken: %v", check.json["broken"])
	}
}
