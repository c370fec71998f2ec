package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sales"
)

func TestHold_Replay_GivesTheSameOrderAndSaysSo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, second := r.post(orderBody()), r.post(orderBody())
	if first.status != http.StatusCreated || first.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("first: %d, replayed %q", first.status, first.header.Get("Idempotency-Replayed"))
	}
	if second.status != http.StatusCreated || second.header.Get("Idempotency-Replayed") != "true" || second.header.Get("Location") != first.header.Get("Location") {
		t.Errorf("second: %d %v", second.status, second.header)
	}
	if diff := cmp.Diff(string(first.body), string(second.body)); diff != "" {
		t.Errorf("the answers differ:\n%s", diff)
	}
	if n := r.platform.next; n != 1 {
		t.Errorf("the platform was asked to hold %d times", n)
	}
}

func TestHold_Replay_RefusalStaysTheSame(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := platformSays(domain.Conflict, sales.CodeAvailability)(r)
	r.platform.onHold = nil // there would be places now
	second := r.post(orderBody())
	a, b := decode[problemBody](t, first), decode[problemBody](t, second)
	a.Request, b.Request = "", ""
	if diff := cmp.Diff(a, b); diff != "" || second.status != http.StatusConflict || second.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("%d %v\n%s", second.status, second.header, diff)
	}
}

func TestHold_RefusedForAPassingReason_TheSameKeyBuysLater(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := platformSays(domain.Limited, domain.CodePlatformLimited)(r)
	r.platform.onHold = nil
	second := r.post(orderBody())
	if first.status != http.StatusTooManyRequests || first.header.Get("Retry-After") == "" || second.status != http.StatusCreated {
		t.Fatalf("%d %s, then %d %s", first.status, first.body, second.status, second.body)
	}
	if n := len(decode[orderPageDTO](t, r.do("web", http.MethodGet, "/v1/orders", "")).Items); n != 1 {
		t.Errorf("%d orders under one key", n)
	}
}

func TestHold_PriceChanged_SaysBothTotals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.platform.onHold = func(_ sales.Order, h sales.Hold) (sales.Hold, error) { h.Total.Amount += 100; return h, nil }
	a := r.post(orderBody(`"buyer"`, `"expected_total":{"amount":8400,"currency":"EUR"},"buyer"`))
	p := decode[problemBody](t, a)
	if a.status != http.StatusConflict || p.Code != sales.CodePriceChanged || p.Expected == nil || p.Actual == nil ||
		*p.Expected != (moneyDTO{8400, "EUR"}) || *p.Actual != (moneyDTO{8500, "EUR"}) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if o := decode[orderPageDTO](t, r.do("web", http.MethodGet, "/v1/orders", "")).Items[0]; o.State != string(sales.Released) {
		t.Errorf("the hold was not given back: %s", o.State)
	}
}

func TestMisuse_TheProblemSaysWhereTheOrderStands(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, call, code, state string
		status                    int
	}{
		"close after release":  {"release", "close", sales.CodeStatus, "released", http.StatusConflict},
		"release after close":  {"close", "release", sales.CodeStatus, "issued", http.StatusConflict},
		"extend after close":   {"close", "extend", sales.CodeStatus, "issued", http.StatusConflict},
		"extend after release": {"release", "extend", sales.CodeStatus, "released", http.StatusConflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			o := r.held()
			if a := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/"+c.before, ""); a.status != http.StatusOK {
				t.Fatalf("%d %s", a.status, a.body)
			}
			a := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/"+c.call, "")
			if p := decode[problemBody](t, a); a.status != c.status || p.Code != c.code || p.State != c.state {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	t.Run("two bodies under one key", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.held()
		a := r.post(orderBody(`:2}`, `:1}`))
		if p := decode[problemBody](t, a); a.status != http.StatusUnprocessableEntity || p.Code != sales.CodeKeyReused || p.State != "held" {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	t.Run("a total that moved", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.platform.onHold = func(_ sales.Order, h sales.Hold) (sales.Hold, error) { h.Total.Amount += 100; return h, nil }
		a := r.post(orderBody(`"buyer"`, `"expected_total":{"amount":8400,"currency":"EUR"},"buyer"`))
		if p := decode[problemBody](t, a); p.Code != sales.CodePriceChanged || p.State != "released" {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

func TestClose_Twice_AnswersTheSame(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	closes := 0
	r.platform.onClose = func(_ sales.Order, out sales.Outcome) (sales.Outcome, error) { closes++; return out, nil }
	o := r.held()
	first := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", `{"payment_reference":"P1"}`, header("Idempotency-Key", "c1"))
	again := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", `{"payment_reference":"P1"}`, header("Idempotency-Key", "c1"))
	keyless := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", "")
	for _, a := range []answer{again, keyless} {
		if diff := cmp.Diff(string(first.body), string(a.body)); diff != "" || a.status != http.StatusOK {
			t.Errorf("%d differs:\n%s", a.status, diff)
		}
	}
	if closes != 1 {
		t.Errorf("closed %d times", closes)
	}
}

func TestClose_BarcodeLate_IsAcceptedAndStaysIssuing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.platform.onClose = func(_ sales.Order, out sales.Outcome) (sales.Outcome, error) {
		out.Tickets[1].Barcode = ""
		return out, nil
	}
	a := r.do("web", http.MethodPost, "/v1/orders/"+r.held().ID+"/close", "")
	o := decode[orderDTO](t, a)
	if a.status != http.StatusAccepted || o.State != "issuing" || len(o.Tickets) != 1 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestRelease_AnswerLost_IsAccepted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.platform.onRelease = func(sales.Order) error {
		e := domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "no answer")
		e.Uncertain = true
		return e
	}
	o := r.held()
	if a := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/release", "{}"); a.status != http.StatusAccepted || decode[orderDTO](t, a).State != "releasing" {
		t.Errorf("%d %s", a.status, a.body)
	}
	r.platform.onRead = func(sales.Order) (sales.Outcome, error) { return sales.Outcome{State: sales.PlatformDead}, nil }
	if a := r.do("ops", http.MethodPost, "/v1/admin/orders/"+o.ID+"/settle", ""); a.status != http.StatusOK || !strings.Contains(string(a.body), `"state":"released"`) {
		t.Errorf("settle: %d %s", a.status, a.body)
	}
}

func TestBarcodes_OnlyWithScopeDeliver(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	body := `{"institution":"arena","items":[{"performance":"arena-401","tariff":"arena-901","quantity":1}]}`
	a := r.do("seller", http.MethodPost, "/v1/orders", body, header("Idempotency-Key", "k"))
	o := decode[orderDTO](t, a)
	closed := r.do("seller", http.MethodPost, "/v1/orders/"+o.ID+"/close", "")
	ticket := decode[orderDTO](t, closed).Tickets[0].ID
	for _, target := range []string{"/v1/orders/" + o.ID, "/v1/orders/" + o.ID + "/tickets", "/v1/tickets/" + ticket, "/v1/orders"} {
		if a := r.do("seller", http.MethodGet, target, ""); a.status != http.StatusOK || strings.Contains(string(a.body), "barcode") {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	for _, target := range []string{"/v1/admin/orders", "/v1/admin/orders/" + o.ID} {
		if a := r.do("ops", http.MethodGet, target, ""); a.status != http.StatusOK || strings.Contains(string(a.body), "barcode") {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	if a := r.do("ops", http.MethodGet, "/v1/tickets/"+ticket, ""); !strings.Contains(string(a.body), "barcode") {
		t.Errorf("an operator's key has every scope: %s", a.body)
	}
}

func TestOrders_ListIsTheStorefrontsOwnAndPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	want := map[string]bool{}
	for _, k := range []string{"a", "b", "c"} {
		want[r.held(header("Idempotency-Key", k)).ID] = true
	}
	r.do("other", http.MethodPost, "/v1/orders", orderBody(), header("Idempotency-Key", "x"))
	target := "/v1/orders?limit=2&institution=play&state=held,closing&from=2026-09-01&to=2026-09-01"
	for range 3 {
		a := r.do("web", http.MethodGet, target, "")
		page := decode[orderPageDTO](t, a)
		for _, o := range page.Items {
			if !want[o.ID] {
				t.Errorf("%s is not expected (again)", o.ID)
			}
			delete(want, o.ID)
		}
		if page.Next == nil {
			break
		}
		target = strings.TrimPrefix(strings.SplitN(a.header.Get("Link"), ">", 2)[0], "<")
	}
	if len(want) != 0 {
		t.Errorf("not listed: %v", want)
	}
	if got := decode[orderPageDTO](t, r.do("web", http.MethodGet, "/v1/orders?to=2026-08-31", "")); len(got.Items) != 0 {
		t.Errorf("%d orders before there were any", len(got.Items))
	}
	if got := decode[orderPageDTO](t, r.do("ops", http.MethodGet, "/v1/admin/orders?platform_id=1000002", "")); len(got.Items) != 1 {
		t.Errorf("%d orders of one platform number", len(got.Items))
	}
	if got := decode[orderPageDTO](t, r.do("ops", http.MethodGet, "/v1/orders", "")); len(got.Items) != 0 {
		t.Errorf("%d orders of an operator's own storefront", len(got.Items))
	}
}

func TestExtend_MovesTheExpiry(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.held()
	r.now.advance(3 * time.Minute)
	a := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/extend", "")
	if got := decode[orderDTO](t, a); a.status != http.StatusOK || !got.HoldExpiresAt.After(o.HoldExpiresAt) || got.HoldExpiresAt.After(got.PlatformExpiresAt) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestKeys_ALostTokenIsNowhere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.do("ops", http.MethodPost, "/v1/admin/keys", `{"storefront":"shop","scopes":["catalog"],"institutions":["arena"]}`)
	made := decode[madeKeyDTO](t, a)
	r.tokens["shop"] = made.Token
	if a := r.do("shop", http.MethodGet, "/v1/institutions", ""); a.status != http.StatusOK || strings.Contains(string(a.body), `"play"`) || !strings.Contains(string(a.body), `"arena"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	secret := made.Token[strings.LastIndex(made.Token, "_")+1:]
	if a := r.do("ops", http.MethodGet, "/v1/admin/keys", ""); a.status != http.StatusOK || strings.Contains(string(a.body), secret) || !strings.Contains(string(a.body), made.Key.ID) {
		t.Errorf("the list of keys: %d", a.status)
	}
	if strings.Contains(r.log.String(), secret) {
		t.Error("the token is in the log")
	}
}
