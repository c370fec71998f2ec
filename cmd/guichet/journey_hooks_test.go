package main

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"guichet/domain"
)

func TestJourney_PushedProduct_AsksForALook(t *testing.T) {
	t.Parallel()
	for kind, database := range databases(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			pushed(t, newStage(t, database))
		})
	}
}

func pushed(t *testing.T, s *stage) {
	t.Helper()
	const token = "hook-token-of-the-theatre"
	s.env = append(s.env, "GUICHET_WEBHOOK_TOKEN_THEATRE="+token)
	server, api := s.serve(t, "pushed")
	shop := newClient(api, s.key(t, "web", "catalog"))
	list := items(shop.must(t, "GET", "/v1/performances?institution=theatre&limit=50", nil, 200).json, "items")
	id := ""
	for _, p := range list {
		if len(items(p, "prices")) > 0 {
			id = str(p, "id")
			break
		}
	}
	if id == "" {
		t.Fatalf("no performance with a price among %d", len(list))
	}
	hook := api + "/v1/hooks/s360/theatre/"
	s.control.must(t, "POST", "/webhooks", map[string]any{"institution": "theatre", "kind": "inventory", "url": hook + token, "minutes": 1}, 200)
	s.control.must(t, "POST", "/performances/"+strings.TrimPrefix(id, "theatre-")+"/price", map[string]any{"delta": 1000}, 200)
	if a := s.control.must(t, "POST", "/webhooks/flush", nil, 200); num(a.json, "accepted") != 1 {
		t.Fatalf("the push was not taken: %s", a.body)
	}
	admin := newClient(api, s.key(t, "ops", "admin"))
	eventually(t, 30, "a look waits until a catalog may be asked for again", func() bool {
		for _, j := range items(admin.must(t, "GET", "/v1/admin/jobs", nil, 200).json, "items") {
			if str(j, "name") == "catalog.hint" {
				return num(j, "waiting") == 1
			}
		}
		return false
	})

	// What is not ours or not understood is taken and dropped; a wrong token finds nothing.
	outside := newClient(api, "")
	for _, body := range []any{
		map[string]any{"orderDetailsData": map[string]any{"orderId": 4711, "orderState": "CLOSED", "contact": "somebody"}}, map[string]any{"what": "else"},
	} {
		outside.must(t, "POST", "/v1/hooks/s360/theatre/"+token, body, 200)
	}
	outside.must(t, "POST", "/v1/hooks/s360/theatre/"+token+"x", map[string]any{}, 404)
	outside.must(t, "POST", "/v1/hooks/s360/museum/"+token, map[string]any{}, 404)
	server.stop(t)
	log := server.log.String()
	if strings.Contains(log, token) || strings.Contains(log, "somebody") {
		t.Error("the log shows the token, or what was pushed")
	}
}

// A price that the institution changes and pushes is what a storefront reads seconds later: hint, question, catalog, swap,
// on the service as it runs. Its clock stands a quarter of an hour ahead, because a catalog may be asked for once in ten
// minutes only.
func TestJourney_PushedPrice_IsServed(t *testing.T) {
	t.Parallel()
	for kind, database := range databases(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			pushedPrice(t, newStage(t, database))
		})
	}
}

func pushedPrice(t *testing.T, s *stage) {
	t.Helper()
	const token = "hook-token-of-the-theatre"
	s.env = append(s.env, "GUICHET_WEBHOOK_TOKEN_THEATRE="+token)
	cfg, err := loadConfig("", s.env)
	if err != nil {
		t.Fatal(err)
	}
	var ahead atomic.Int64
	a, err := build(t.Context(), cfg, options{logTo: t.Output(), clock: func() time.Time { return domain.SystemClock().Add(time.Duration(ahead.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	l, err := listen(t.Context(), "127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx, l, func() error { return nil }) }()
	defer func() {
		stop()
		if err := errors.Join(<-ended, a.Close()); err != nil {
			t.Error(err)
		}
	}()
	api := "http://" + l.api.Addr().String()
	shop := newClient(api, s.key(t, "web", "catalog"))
	id, before := "", int64(0)
	eventually(t, 60, "a performance with a price is served", func() bool {
		got, err := shop.do(t.Context(), "GET", "/v1/performances?institution=theatre&limit=50", nil)
		if err != nil || got.status != 200 {
			return false
		}
		for _, p := range items(got.json, "items") {
			if prices := items(p, "prices"); len(prices) > 0 {
				id, before = str(p, "id"), amount(prices[0])
				return true
			}
		}
		return false
	})

	since := str(shop.must(t, "GET", "/v1/changes?institution=theatre", nil, 200).json, "next")
	ahead.Store(int64(15 * time.Minute))
	s.control.must(t, "POST", "/clock", map[string]any{"advance": "15m"}, 200)
	hook := api + "/v1/hooks/s360/theatre/" + token
	s.control.must(t, "POST", "/webhooks", map[string]any{"institution": "theatre", "kind": "inventory", "url": hook, "minutes": 1}, 200)
	s.control.must(t, "POST", "/performances/"+strings.TrimPrefix(id, "theatre-")+"/price", map[string]any{"delta": 1000}, 200)
	if got := s.control.must(t, "POST", "/webhooks/flush", nil, 200); num(got.json, "accepted") != 1 {
		t.Fatalf("the push was not taken: %s", got.body)
	}
	eventually(t, 60, "the new price is served", func() bool {
		got := shop.must(t, "GET", "/v1/performances/"+id, nil, 200)
		return amount(items(got.json, "prices")[0]) == before+100 // thousandths to cents
	})
	moved := shop.must(t, "GET", "/v1/changes?institution=theatre&since="+since, nil, 200)
	if !strings.Contains(string(moved.body), id) {
		t.Errorf("the feed of changes does not have it: %s", moved.body)
	}
}

// amount is the price of a price row, in cents.
func amount(row map[string]any) int64 {
	price, _ := row["price"].(map[string]any)
	return num(price, "amount")
}
