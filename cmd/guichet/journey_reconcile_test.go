package main

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3/driver"
)

// age makes an order an hour older than it is.
func (s *stage) age(t *testing.T, id string) {
	t.Helper()
	url := ""
	for _, v := range s.env {
		if after, ok := strings.CutPrefix(v, "GUICHET_DATABASE="); ok {
			url = after
		}
	}
	statement := "UPDATE orders SET created_at = created_at - INTERVAL '1 hour' WHERE id = '" + id + "'"
	db, err := sql.Open("pgx", url)
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		statement = "UPDATE orders SET created_at = strftime('%Y-%m-%d %H:%M:%f', created_at, '-1 hour') WHERE id = '" + id + "'"
		db, err = driver.Open("file:" + path + "?_pragma=busy_timeout(10000)")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// A ticket printed anew behind our back is found by the running service, decided over HTTP, and taken over.
func TestJourney_ReprintedTicket_IsACaseAndRenewed(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, database)
			_, api := s.serve(t, "server")
			shop, admin := newClient(api, s.key(t, "shop", "catalog,sell,deliver")), newClient(api, s.key(t, "operator", "admin"))
			dated, _ := offers(t, shop, "theatre")
			if len(dated) == 0 {
				t.Fatal("nothing is on sale")
			}
			body := map[string]any{"institution": "theatre", "items": []map[string]any{withQuantity(dated[0], 1)}}
			a, err := shop.do(t.Context(), "POST", "/v1/orders", body, "Idempotency-Key", "one")
			if err != nil || a.status != 201 {
				t.Fatalf("hold: %v %d %s", err, a.status, a.body)
			}
			held, id := a.json, str(a.json, "id")
			before := items(shop.must(t, "POST", "/v1/orders/"+id+"/close", map[string]any{"payment_reference": "PSP-1"}, 200).json, "tickets")
			s.control.must(t, "POST", fmt.Sprintf("/orders/%d/reprint?institution=theatre", num(sub(held, "platform"), "order_id")), nil, 200)
			s.age(t, id) // a reconciliation ends a quarter of an hour ago
			run := str(admin.must(t, "POST", "/v1/admin/reconciliations", map[string]any{"institution": "theatre"}, 202).json, "id")
			eventually(t, 60, "the reconciliation is done", func() bool {
				return str(admin.must(t, "GET", "/v1/admin/reconciliations/"+run, nil, 200).json, "state") == "done"
			})
			cases := items(admin.must(t, "GET", "/v1/admin/cases?state=open", nil, 200).json, "items")
			if len(cases) != 1 || str(cases[0], "kind") != "barcode_changed" || str(cases[0], "order") != id {
				t.Fatalf("cases: %v", cases)
			}
			decided := admin.must(t, "POST", "/v1/admin/cases/"+str(cases[0], "id")+"/decide", map[string]any{"action": "renew", "reason": "printed at the desk"}, 200).json
			if str(decided, "state") != "closed" || str(sub(decided, "decision"), "outcome") != "done" {
				t.Errorf("decided: %v", decided)
			}
			after := items(shop.must(t, "GET", "/v1/orders/"+id+"/tickets", nil, 200).json, "items")
			if len(after) != 1 || str(after[0], "id") != str(before[0], "id") || str(after[0], "barcode") == str(before[0], "barcode") {
				t.Errorf("tickets before %v, after %v", before, after)
			}
		})
	}
}
