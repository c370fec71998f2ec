package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

const (
	rushClients = 1000
	rushSeats   = 100
)

func TestJourney_ThousandClientsForTheLastHundredSeats_ExactlyHundredSold(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rush(t, newStage(t, database, "--world", "stadium"))
		})
	}
}

// rush lets every client want one of the last seats at the same time. Clients lose patience, hang up and ask again with the
// same key; one that is told that nothing is left goes home.
func rush(t *testing.T, s *stage) {
	t.Helper()
	_, api := s.serve(t, "server")
	key := s.key(t, "shop", "catalog,sell,deliver")
	o := s.almostSoldOut(t, newClient(api, key))
	c := &client{base: api, key: key, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 200}}}
	var mu sync.Mutex
	sold, ends := map[string]int{}, map[string]int{}
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for n := range rushClients {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(7, uint64(n)))
			<-begin
			id, end, err := fight(t.Context(), c, o, n, rng)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("client %d: %v", n, err)
			}
			ends[end]++
			if id != "" {
				sold[id]++
			}
		})
	}
	close(begin)
	wg.Wait()
	if len(sold) != rushSeats || ends["issued"] != rushSeats || ends["order.availability"] != rushClients-rushSeats {
		t.Errorf("%d orders sold, clients ended with %v; want %d issued and all others order.availability", len(sold), ends, rushSeats)
	}
	s.rushBooks(t, newClient(api, s.key(t, "operator", "admin")), c)
}

// almostSoldOut has others buy all but the last hundred seats of a category, and returns what is left to buy.
func (s *stage) almostSoldOut(t *testing.T, c *client) offer {
	t.Helper()
	dated, _ := offers(t, c, "stadium")
	for _, p := range s.control.must(t, "GET", "/stock?institution=stadium", nil, 200).list {
		perf, _ := p.(map[string]any)
		for _, cat := range items(perf, "categories") {
			for _, o := range dated {
				if o.line["performance"] != fmt.Sprintf("stadium-%d", num(perf, "id")) || o.line["seat_category"] != fmt.Sprintf("stadium-%d", num(cat, "id")) ||
					str(cat, "code") != "FAMILIE" { // its places are all in our contingent
					continue
				}
				s.control.must(t, "POST", fmt.Sprintf("/performances/%d/sell", num(perf, "id")),
					map[string]any{"seat_category": num(cat, "id"), "quantity": num(cat, "left") - rushSeats}, 200)
				return o
			}
		}
	}
	t.Fatal("nothing is on offer in the category")
	return offer{}
}

// fight is one client: it ends with an issued order, or with the code of its refusal.
func fight(ctx context.Context, c *client, o offer, n int, rng *rand.Rand) (id, end string, err error) {
	body := map[string]any{"institution": "stadium", "reference": fmt.Sprintf("RUSH-%d", n), "items": []map[string]any{withQuantity(o, 1)}}
	a, err := insist(ctx, c, rng, "/v1/orders", fmt.Sprintf("rush-%d", n), body)
	switch {
	case err != nil:
		return "", "", err
	case a.status == http.StatusConflict:
		return "", str(a.json, "code"), nil
	case a.status != http.StatusCreated:
		return "", "", fmt.Errorf("hold: %d %s", a.status, a.body)
	}
	id = str(a.json, "id")
	for range 600 {
		if a, err = insist(ctx, c, rng, "/v1/orders/"+id+"/close", fmt.Sprintf("rush-%d-close", n), map[string]any{"payment_reference": fmt.Sprintf("PAY-%d", n)}); err != nil {
			return id, "", err
		}
		if state := str(a.json, "state"); a.status == http.StatusOK && state == "issued" {
			return id, state, nil
		}
		if a.status != http.StatusAccepted {
			return id, str(a.json, "code"), fmt.Errorf("close %s: %d %s", id, a.status, a.body)
		}
		time.Sleep(100 * time.Millisecond) // being closed by an earlier attempt of ours
	}
	return id, "", fmt.Errorf("%s is not issued: %s", id, a.body)
}

// insist sends a request until it is answered for good. The first attempts may lose patience within some milliseconds.
func insist(ctx context.Context, c *client, rng *rand.Rand, path, key string, body any) (answer, error) {
	var last string
	for try := range 600 {
		attempt, cancel := ctx, context.CancelFunc(func() {})
		if try < 3 && rng.IntN(2) == 0 {
			attempt, cancel = context.WithTimeout(ctx, time.Duration(1+rng.IntN(200))*time.Millisecond)
		}
		a, err := c.do(attempt, "POST", path, body, "Idempotency-Key", key)
		cancel()
		switch {
		case err != nil:
			last = err.Error()
		case a.status == http.StatusTooManyRequests, a.status == http.StatusServiceUnavailable, str(a.json, "code") == "key.in_progress":
			last = string(a.body)
			time.Sleep(time.Duration(50+rng.IntN(100)) * time.Millisecond) // as Retry-After asks, a little less patiently
		default:
			return a, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return answer{}, fmt.Errorf("%s: no answer for good: %s", path, last)
}

// rushBooks compares our orders with the platform's after the rush.
func (s *stage) rushBooks(t *testing.T, admin, c *client) {
	t.Helper()
	barcodes := map[string]bool{}
	issued := 0
	for _, o := range orders(t, admin) {
		switch str(o, "state") {
		case "issued":
			issued++
			for _, tk := range items(c.must(t, "GET", "/v1/orders/"+str(o, "id")+"/tickets", nil, 200).json, "items") {
				barcodes[str(tk, "barcode")] = true
			}
		case "refused":
			if code := str(sub(o, "refusal"), "code"); code != "order.availability" {
				t.Errorf("%s was refused with %s", str(o, "id"), code)
			}
		default:
			t.Errorf("%s is %s", str(o, "id"), str(o, "state"))
		}
	}
	tickets := s.control.must(t, "GET", "/tickets?institution=stadium", nil, 200).list
	if issued != rushSeats || len(barcodes) != rushSeats || len(tickets) != rushSeats {
		t.Errorf("%d orders issued with %d barcodes, %d tickets at the platform; want %d of each", issued, len(barcodes), len(tickets), rushSeats)
	}
	for _, tk := range tickets {
		if m, _ := tk.(map[string]any); !barcodes[str(m, "barcode")] {
			t.Error("a ticket of the platform is nobody's")
		}
	}
	if check := s.control.must(t, "GET", "/check", nil, 200); check.json["ok"] != true {
		t.Errorf("the platform's promises are broken: %v", check.json["broken"])
	}
}
