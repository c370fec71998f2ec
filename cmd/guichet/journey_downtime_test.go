package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJourney_KilledWithOrdersInFlight_SettledAfterTheDowntime(t *testing.T) {
	t.Parallel()
	for kind, database := range databases(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			downtime(t, newStage(t, database, "--world", "theatre"))
		})
	}
}

// downtime leaves orders at every step without an answer, kills the service, lets two hours pass and starts it again.
func downtime(t *testing.T, s *stage) {
	t.Helper()
	raw, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.config, strings.Replace(string(raw), "  - code: theatre\n", "  - code: theatre\n    refunds: order\n    exchanges: order\n", 1))
	clock := filepath.Join(s.dir, "clock")
	write(t, clock, "0s\n")
	server, api := s.serve(t, "before", "--clock-file", clock)
	key, admin := s.key(t, "web", "catalog,sell,deliver"), s.key(t, "ops", "admin")
	shop := newClient(api, key)
	dated, _ := offers(t, shop, "theatre")
	full := dated[len(dated)-1]
	other := slices.IndexFunc(dated, func(o offer) bool {
		return o.line["performance"] != full.line["performance"] && o.line["seat_category"] == full.line["seat_category"] && o.line["tariff"] == full.line["tariff"]
	})
	if other < 0 {
		t.Fatal("the theatre sells too little")
	}
	hold := func(key string, status int) string {
		t.Helper()
		a, err := shop.do(t.Context(), "POST", "/v1/orders", map[string]any{"institution": "theatre", "items": []any{withQuantity(full, 1)}}, "Idempotency-Key", key)
		if err != nil || a.status != status {
			t.Fatalf("%s: %v %d %s", key, err, a.status, a.body)
		}
		return str(a.json, "id")
	}
	fault := func(method, kind string, times int) {
		t.Helper()
		s.control.must(t, "POST", "/faults", map[string]any{"method": method, "kind": kind, "times": times, "institution": "theatre"}, 200)
	}
	ids := map[string]string{}
	for _, name := range []string{"left", "sold", "unsold", "more", "back", "late", "undone", "swapped"} {
		ids[name] = hold(name, 201)
	}
	order := func(name string) string { return "/v1/orders/" + ids[name] }

	// What was sold is taken back, and exchanged; the answer to the last call does not come.
	shop.must(t, "POST", order("undone")+"/close", map[string]any{}, 200)
	ticket := str(items(shop.must(t, "POST", order("swapped")+"/close", map[string]any{}, 200).json, "tickets")[0], "id")
	fault("closeOrder", "cut_after_commit", 1)
	e := shop.must(t, "POST", order("swapped")+"/exchange", map[string]any{"tickets": []string{ticket}, "performance": dated[other].line["performance"]}, 202).json
	ids["new"] = str(sub(e, "new_order"), "id")
	fault("closeOrder", "cut_after_commit", 1)
	shop.must(t, "POST", order("undone")+"/cancel", map[string]any{}, 202)

	// From now on nothing can be read either.
	fault("getOrderDetails", "cut_before_commit", 10_000)
	fault("getFileDetails", "cut_before_commit", 10_000)
	fault("closeOrder", "cut_after_commit", 1)
	shop.must(t, "POST", order("sold")+"/close", map[string]any{}, 202)
	fault("closeOrder", "cut_before_commit", 1)
	shop.must(t, "POST", order("unsold")+"/close", map[string]any{}, 202)
	fault("closeOrder", "late_barcodes", 1)
	shop.must(t, "POST", order("late")+"/close", map[string]any{}, 202)
	fault("createOrUpdateOrder", "cut_after_commit", 1)
	shop.must(t, "PATCH", order("more"), map[string]any{"items": []any{withQuantity(full, 2)}}, 202)
	fault("abandonMovements", "cut_before_commit", 1)
	shop.must(t, "POST", order("back")+"/release", map[string]any{}, 202)
	fault("createOrUpdateOrder", "cut_after_commit", 1)
	ids["lost"] = hold("lost", 202)

	server.kill(t)
	s.control.must(t, "DELETE", "/faults", nil, 200)
	s.control.must(t, "POST", "/clock", map[string]any{"advance": "2h"}, 200)
	write(t, clock, "2h\n")
	_, api = s.serve(t, "after", "--clock-file", clock)
	shop, ops := newClient(api, key), newClient(api, admin)

	want := map[string]string{
		"left": "expired", "sold": "issued", "unsold": "expired", "more": "expired", "back": "released", "late": "issued",
		"undone": "cancelled", "swapped": "cancelled", "new": "issued", "lost": "orphaned",
	}
	got := map[string]string{}
	eventually(t, 120, "every order is at its end", func() bool {
		for name := range want {
			got[name] = str(ops.must(t, "GET", "/v1/admin/orders/"+ids[name], nil, 200).json, "state")
		}
		return !slices.ContainsFunc(slices.Collect(maps.Values(got)), func(state string) bool {
			return state == "held" || strings.HasSuffix(state, "ing")
		})
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{"sold", "late", "new"} {
		if n := len(items(shop.must(t, "GET", order(name)+"/tickets", nil, 200).json, "items")); n != 1 {
			t.Errorf("%s has %d tickets", name, n)
		}
	}
	s.agrees(t, ops, 2*full.price+dated[other].price)
}
