package main

import (
	"strings"
	"testing"
)

// priced is the first price of a performance, in minor units.
func priced(t *testing.T, c *client, id string) int64 {
	t.Helper()
	p := c.must(t, "GET", "/v1/performances/"+id, nil, 200).json
	for _, price := range items(p, "prices") {
		return num(sub(price, "price"), "amount")
	}
	t.Fatalf("%s has no price", id)
	return 0
}

func TestJourney_PushedProduct_IsServedWithoutWaitingForTheJob(t *testing.T) {
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
	before := priced(t, shop, id)
	since := str(shop.must(t, "GET", "/v1/changes?institution=theatre", nil, 200).json, "next")

	hook := api + "/v1/hooks/s360/theatre/"
	s.control.must(t, "POST", "/webhooks", map[string]any{"institution": "theatre", "kind": "inventory", "url": hook + token, "minutes": 1}, 200)
	s.control.must(t, "POST", "/performances/"+strings.TrimPrefix(id, "theatre-")+"/price?institution=theatre", map[string]any{"delta": 1000}, 200)
	if a := s.control.must(t, "POST", "/webhooks/flush", nil, 200); num(a.json, "accepted") != 1 {
		t.Fatalf("the push was not taken: %s", a.body)
	}
	eventually(t, 60, "the new price is served", func() bool { return priced(t, shop, id) == before+100 })
	moved := ""
	for _, line := range items(shop.must(t, "GET", "/v1/changes?institution=theatre&since="+since, nil, 200).json, "items") {
		if str(line, "performance") == id {
			moved = string(mustJSON(t, line["what"]))
		}
	}
	if !strings.Contains(moved, "repriced") {
		t.Errorf("the feed tells %s of it, want repriced", moved)
	}

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
