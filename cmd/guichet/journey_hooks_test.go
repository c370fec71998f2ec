package main

import (
	"strings"
	"testing"
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
