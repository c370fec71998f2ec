package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
)

// A hundred orders are closed at once, on two replicas where the database takes two, against a limit of fifty: exactly what
// fits is sold, each other hold lives on with a clean refusal, and closes once we have paid.
func TestJourney_AccountLimit_ExactlyWhatFitsIsSold(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, database)
			replicas := 1 // one server per SQLite file
			if name == "postgres" {
				replicas = 2
			}
			s.limited(t, replicas)
		})
	}
}

const limitedHolds, limitFits = 100, 50

func (s *stage) limited(t *testing.T, replicas int) {
	t.Helper()
	first, api := s.serve(t, "first")
	key, admin := s.key(t, "shop", "catalog,sell,deliver"), s.key(t, "operator", "admin,finance")
	o := s.almostSoldOut(t, newClient(api, key))
	first.stop(t)
	raw, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	limit := fmt.Sprintf("  - code: stadium\n    account_limit: %d\n", limitFits*o.price)
	write(t, s.config, strings.Replace(string(raw), "  - code: stadium\n", limit, 1))
	var shops, ops []*client
	for n := range replicas {
		_, api := s.serve(t, fmt.Sprint("replica-", n))
		shops, ops = append(shops, newClient(api, key)), append(ops, newClient(api, admin))
	}
	var ids []string
	for n := range limitedHolds {
		body := map[string]any{"institution": "stadium", "items": []map[string]any{withQuantity(o, 1)}}
		a, err := shops[n%replicas].do(t.Context(), "POST", "/v1/orders", body, "Idempotency-Key", fmt.Sprintf("limit-%d", n))
		if err != nil || a.status != http.StatusCreated {
			t.Fatalf("hold %d: %d %s, %v", n, a.status, a.body, err)
		}
		ids = append(ids, str(a.json, "id"))
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	ends, refused := map[string]int{}, ""
	begin := make(chan struct{})
	for n, id := range ids {
		wg.Go(func() {
			<-begin
			a, err := shops[n%replicas].do(t.Context(), "POST", "/v1/orders/"+id+"/close", map[string]any{"payment_reference": id})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			end := fmt.Sprint(a.status, " ", str(a.json, "state"), " ", str(a.json, "code"))
			if ends[end]++; a.status == http.StatusConflict {
				refused = id
			}
		})
	}
	close(begin)
	wg.Wait()
	if ends["200 issued "] != limitFits || ends["409 held account.limit"] != limitedHolds-limitFits {
		t.Fatalf("the closes ended with %v", ends)
	}
	s.limitReached(t, ops[0], limitFits*o.price)

	again := func(status int) {
		t.Helper()
		shops[replicas-1].must(t, "POST", "/v1/orders/"+refused+"/close", map[string]any{"payment_reference": refused}, status)
	}
	again(http.StatusConflict)
	paid := map[string]any{"kind": "payment", "amount": map[string]any{"amount": o.price, "currency": o.currency}, "reason": "a transfer"}
	if a, err := ops[0].do(t.Context(), "POST", "/v1/admin/account/stadium/postings", paid, "Idempotency-Key", "transfer"); err != nil || a.status != http.StatusCreated {
		t.Fatalf("payment: %d %s, %v", a.status, a.body, err)
	}
	again(http.StatusOK)
	s.limitReached(t, ops[0], limitFits*o.price)
}

// limitReached checks that what is owed is the limit, and that nothing may be sold beyond it.
func (s *stage) limitReached(t *testing.T, admin *client, limit int64) {
	t.Helper()
	seen := false
	for _, st := range items(admin.must(t, "GET", "/v1/admin/pending-account", nil, 200).json, "items") {
		if str(st, "institution") != "stadium" {
			continue
		}
		seen = true
		if num(sub(st, "balance"), "amount") != limit || num(sub(st, "left"), "amount") != 0 {
			t.Errorf("we stand at %v, want %d owed and none left", st, limit)
		}
	}
	if !seen {
		t.Error("the stadium's account is not listed")
	}
	if check := s.control.must(t, "GET", "/check", nil, 200); check.json["ok"] != true {
		t.Errorf("the platform's promises are broken: %v", check.json["broken"])
	}
}
