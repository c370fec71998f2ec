package api

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

// FuzzCreateOrder holds that no body brings the server down: every answer is a good one or a refusal of the caller's.
func FuzzCreateOrder(f *testing.F) {
	r := newRig(f)
	f.Add(orderBody())
	f.Add(orderBody(`:2}`, `:1e999}`))
	f.Add(`{"institution":"play","items":[{"item":"play-61001","tariff":"play-601","quantity":1,"date":"2026-10-04","timeslot":"play-77"}]}`)
	f.Add(`{"items":[{}],"institution":"\u0000","buyer":null,"expected_total":{"amount":-9223372036854775808,"currency":"EUR"}}`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, body string) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/orders", strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+r.tokens["web"])
		req.Header.Set("Idempotency-Key", "k"+tagOf([]byte(body)))
		rec := httptest.NewRecorder()
		r.handler.ServeHTTP(rec, req)
		if rec.Code >= http.StatusInternalServerError || (rec.Code >= http.StatusBadRequest && !json.Valid(rec.Body.Bytes())) {
			t.Errorf("%q: %d %s", body, rec.Code, rec.Body)
		}
		if err := checkerOf(t, r.srv).check(http.MethodPost, "/v1/orders", answer{status: rec.Code, header: rec.Header(), body: rec.Body.Bytes()}); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	})
}

func TestThrottle_EachKeyHasItsOwnRate(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(d *Deps) { d.KeyRate = 2 })
	r.now.tick = 0
	for i := range 4 {
		a := r.do("web", http.MethodGet, "/v1/institutions", "")
		if want := `"key";r=` + string(rune('3'-i)); a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("RateLimit"), want) || a.header.Get("RateLimit-Policy") != `"key";q=4;w=2` {
			t.Errorf("%d: %d %q %q", i, a.status, a.header.Get("RateLimit"), a.header.Get("RateLimit-Policy"))
		}
	}
	a := r.do("web", http.MethodGet, "/v1/institutions", "")
	if p := decode[problemBody](t, a); a.status != http.StatusTooManyRequests || p.Code != storefront.CodeKeyRate || a.header.Get("Retry-After") != "1" {
		t.Errorf("%d %s %v", a.status, a.body, a.header)
	}
	if a := r.do("other", http.MethodGet, "/v1/institutions", ""); a.status != http.StatusOK {
		t.Errorf("another key: %d", a.status)
	}
	r.now.advance(time.Second)
	if a := r.do("web", http.MethodGet, "/v1/institutions", ""); a.status != http.StatusOK {
		t.Errorf("a second later: %d", a.status)
	}
	r.now.advance(throttleIdle + time.Minute)
	r.do("other", http.MethodGet, "/v1/institutions", "")
	if n := len(r.srv.limits.buckets); n != 1 {
		t.Errorf("%d buckets are kept for one busy key", n)
	}
}

func TestRequestID_IsTakenOverOrMade(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for sent, kept := range map[string]bool{"abc-1.2:3": true, "": false, "with space": false, "nl\n": false, strings.Repeat("x", 128): true, strings.Repeat("x", 129): false, "é": false} {
		a := r.do("web", http.MethodGet, "/v1/institutions", "", header("X-Request-Id", sent))
		if got := a.header.Get("X-Request-Id"); (got == sent) != kept || got == "" {
			t.Errorf("%q became %q", sent, got)
		}
	}
}

func TestLog_OneLineARequestWithoutPersonalData(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do("web", http.MethodPost, "/v1/orders", orderBody(), header("Idempotency-Key", "k"), header("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
	r.do("web", http.MethodGet, "/v1/orders?reference=ada@example.org", "")
	r.do("ops", http.MethodGet, "/v1/admin/orders?q=Muster", "")
	r.do("web", http.MethodGet, "/v1/ada@example.org", "")
	log := r.log.String()
	for _, personal := range []string{"ada@", "Ada", "Muster", "WEB-1", r.tokens["web"][20:]} {
		if strings.Contains(log, personal) {
			t.Errorf("the log says %q:\n%s", personal, log)
		}
	}
	lines := strings.Split(strings.TrimSpace(log), "\n")
	if len(lines) != 4 {
		t.Errorf("%d lines:\n%s", len(lines), log)
	}
	var first map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"msg": "request", "method": "POST", "route": "/v1/orders", "status": 201.0, "storefront": "web", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"} {
		if first[key] != want {
			t.Errorf("%s is %v, want %v", key, first[key], want)
		}
	}
}

func TestInternal_IsLoggedOnceWithItsRequestID(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.orders.fail = errBoom
	a := r.do("web", http.MethodGet, "/v1/orders/ord_1", "", header("X-Request-Id", "look-for-me"))
	if a.status != http.StatusInternalServerError || strings.Contains(string(a.body), "boom") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if n := strings.Count(r.log.String(), "boom"); n != 1 || !strings.Contains(r.log.String(), `"request_id":"look-for-me"`) {
		t.Errorf("logged %d times:\n%s", n, r.log.String())
	}
}

func TestPanic_BecomesAProblem(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.platform.onHold = func(sales.Order, sales.Hold) (sales.Hold, error) { panic("out of paper") }
	a := r.post(orderBody())
	if a.status != http.StatusInternalServerError || decode[problemBody](t, a).Code != domain.CodeInternal || strings.Contains(string(a.body), "paper") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if !strings.Contains(r.log.String(), "out of paper") {
		t.Error("the panic is not in the log")
	}
}

func TestHead_IsAnsweredLikeGet(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	srv := httptest.NewServer(r.handler)
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, srv.URL+"/v1/performances/"+hamletFirst, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.tokens["web"])
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || res.ContentLength <= 0 || res.Header.Get("ETag") == "" {
		t.Errorf("%d %d %v", res.StatusCode, res.ContentLength, res.Header)
	}
}

func TestObserve_IsToldOfEveryRequest(t *testing.T) {
	t.Parallel()
	type seen struct {
		operation, method string
		status            int
	}
	var got []seen
	r := newRig(t, func(d *Deps) {
		d.Observe = func(operation, method string, status int, _ time.Duration) {
			got = append(got, seen{operation, method, status})
		}
	})
	r.do("web", http.MethodGet, "/v1/performances/"+hamletFirst, "")
	r.do("web", http.MethodGet, "/v1/tickets/tkt_x.pdf", "")
	r.do("web", http.MethodGet, "/nowhere", "")
	want := []seen{{"getPerformance", "GET", 200}, {"getTicketPDF", "GET", 404}, {"", "other", 404}}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestSecurityHeaders_AreOnEveryAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(d *Deps) { d.PublicURL = "https://tickets.example" })
	for _, target := range []string{"/v1/institutions", "/v1/orders", "/nowhere", "/docs", "/openapi.json"} {
		h := r.do("web", http.MethodGet, target, "").header
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: %v", target, h)
		}
		if target == "/v1/institutions" {
			continue // data that may not be taken for anything else
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("Referrer-Policy") == "" {
			t.Errorf("%s: %v", target, h)
		}
	}
}

func TestLog_TellsOfGoodReadsOfTheCatalogForDebuggingOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level  slog.Level
		target string
		want   bool
	}{
		{slog.LevelInfo, "/v1/performances/" + hamletFirst, false},
		{slog.LevelDebug, "/v1/performances/" + hamletFirst, true},
		{slog.LevelInfo, "/v1/performances/play-404", true},
		{slog.LevelInfo, "/v1/orders/ord_unknown", true},
	} {
		var out bytes.Buffer
		r := newRig(t, func(d *Deps) { d.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: c.level})) })
		r.do("web", http.MethodGet, c.target, "")
		if got := strings.Contains(out.String(), "msg=request"); got != c.want {
			t.Errorf("%s at %s: %q", c.target, c.level, out.String())
		}
	}
}

func TestNew_NamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	if _, err := New(Deps{}); err == nil || !strings.Contains(err.Error(), "Catalog") {
		t.Errorf("%v", err)
	}
	if h, err := New(newRig(t).deps); err != nil || h == nil {
		t.Errorf("%v", err)
	}
}

func TestOperator_ProbesAndNothingElse(t *testing.T) {
	t.Parallel()
	probe := func(d Deps, target string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		Operator(d).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
		return rec
	}
	well, ill := fakeHealth{{Name: "database", OK: true}}, fakeHealth{{Name: "database", OK: true}, {Name: "catalog", Detail: "play is not loaded"}}
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("calls 1\n")) })
	for _, c := range []struct {
		deps   Deps
		target string
		status int
		says   string
	}{
		{Deps{Version: "v1", Health: ill}, "/healthz", 200, `"v1"`},
		{Deps{Health: well}, "/readyz", 200, `"ok"`},
		{Deps{Health: ill}, "/readyz", 503, "play is not loaded"},
		{Deps{Metrics: metrics}, "/metrics", 200, "calls 1"},
		{Deps{}, "/metrics", 404, ""},
		{Deps{}, "/v1/products", 404, ""},
	} {
		if rec := probe(c.deps, c.target); rec.Code != c.status || !strings.Contains(rec.Body.String(), c.says) {
			t.Errorf("%s: %d %s", c.target, rec.Code, rec.Body)
		}
	}
}
