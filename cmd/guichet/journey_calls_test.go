package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

// callsMade counts the platform's calls for an institution, by method.
func (s *stage) callsMade(t *testing.T, institution string) map[string]int {
	t.Helper()
	out := map[string]int{}
	counts := sub(s.control.must(t, "GET", "/calls?institution="+institution, nil, 200).json, "counts")
	for method := range counts {
		out[method] = int(num(counts, method))
	}
	return out
}

// since is what was called between two counts.
func since(before, after map[string]int) map[string]int {
	out := map[string]int{}
	for method, n := range after {
		if n > before[method] {
			out[method] = n - before[method]
		}
	}
	return out
}

// What a sold order costs stays: a call for the cart however many lines it has, one for the end of the hold, which the answer
// does not carry, one to close it, and none to ask how it ended when the answer said so. The ledger says the same, and for
// whom.
func TestJourney_ASoldOrderCostsThreeCallsHoweverManyLinesItHas(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, database)
			_, api := s.serve(t, "server")
			shop := newClient(api, s.key(t, "shop", "catalog,sell,deliver"))
			admin := newClient(api, s.key(t, "operator", "admin"))
			const orders = 12
			dated, _ := offers(t, shop, "museum")
			if len(dated) < 3 {
				t.Fatalf("%d offers", len(dated))
			}
			rng := rand.New(rand.NewPCG(1, 2))
			before := s.callsMade(t, "museum")
			for n := range orders {
				var lines []map[string]any
				for range 1 + n%3 {
					lines = append(lines, withQuantity(dated[rng.IntN(len(dated))], 1+n%2))
				}
				a, err := shop.do(t.Context(), "POST", "/v1/orders", map[string]any{
					"institution": "museum", "reference": fmt.Sprintf("WEB-%d", n), "items": lines, "buyer": map[string]any{"email": "ada@example.org"},
				}, "Idempotency-Key", fmt.Sprintf("cart-%d", n))
				if err != nil || a.status != 201 {
					t.Fatalf("hold: %d %s, %v", a.status, a.body, err)
				}
				order := a.json
				if a := shop.must(t, "POST", "/v1/orders/"+str(order, "id")+"/close", map[string]any{"payment_reference": "PAY"}, 200); str(a.json, "state") != "issued" {
					t.Fatalf("order %d is %s", n, str(a.json, "state"))
				}
				shop.must(t, "GET", "/v1/orders/"+str(order, "id")+"/tickets", nil, 200)
			}
			made := since(before, s.callsMade(t, "museum"))
			sale := map[string]int{"createOrUpdateOrder": made["createOrUpdateOrder"], "closeOrder": made["closeOrder"], "getOrderDetails": made["getOrderDetails"]}
			if want := map[string]int{"createOrUpdateOrder": orders, "closeOrder": orders, "getOrderDetails": orders}; !maps.Equal(sale, want) {
				t.Errorf("%d orders cost %v", orders, made)
			}
			for method, n := range made {
				most := 3 // what is read hourly may begin meanwhile
				if method == "listTicketsByCriteria" {
					most = 5 // and the night's reconciliation: a day of sales, of which one call lists six hours
				}
				if sale[method] == 0 && n > most {
					t.Errorf("%d calls of %s while selling", n, method)
				}
			}
			month := items(admin.must(t, "GET", "/v1/admin/quota?institution=museum", nil, 200).json, "months")[0]
			if num(month, "sold_orders") != orders || num(month, "calls_per_sold_order") != 3 {
				t.Errorf("the month: %v orders at %v calls", month["sold_orders"], month["calls_per_sold_order"])
			}
			callers := items(admin.must(t, "GET", "/v1/admin/quota/callers?institution=museum", nil, 200).json, "items")
			found := false
			for _, c := range callers {
				if str(c, "storefront") == "shop" {
					found = num(c, "calls") == 3*orders && num(c, "errors") == 0
				}
			}
			if !found {
				t.Errorf("the shop's calls: %v", callers)
			}

			// A catalog that has not changed costs one question.
			before = s.callsMade(t, "museum")
			admin.must(t, "POST", "/v1/admin/institutions/museum/refresh", nil, 200)
			made = since(before, s.callsMade(t, "museum"))
			if made["getLastSetupUpdate"] == 0 || made["getCatalogDetailed"]+made["getCatalog"]+made["getCatalogCompact"] != 0 {
				t.Errorf("a refresh of an unchanged catalog calls %v", made)
			}
		})
	}
}
