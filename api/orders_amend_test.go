package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

func TestAmend_ChangesReferenceBuyerAndHolders(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.held()
	body := `{"reference":"WEB-2","buyer":{"email":"bob@example.org"},"holders":[{"place":"` + o.Lines[0].Places[0].ID + `","name":"Bob"}]}`
	a := r.do("web", http.MethodPatch, "/v1/orders/"+o.ID, body)
	if d := decode[orderDTO](t, a); a.status != http.StatusOK || d.Reference != "WEB-2" || d.Buyer.Email != "bob@example.org" || d.Lines[0].Places[0].Holder != "Bob" ||
		d.History[len(d.History)-1].Note != "amended" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAmend_ChangesLinesAndTheTotal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.held()
	body := `{"reference":"WEB-3","items":[{"performance":"play-201","seat_category":"play-1001","tariff":"play-601","quantity":3}],"expected_total":{"amount":12600,"currency":"EUR"}}`
	for range 2 {
		a := r.do("web", http.MethodPatch, "/v1/orders/"+o.ID, body, header("Idempotency-Key", "change"))
		d := decode[orderDTO](t, a)
		if a.status != http.StatusOK || d.State != "held" || d.Total.Amount != 12600 || d.Lines[0].Quantity != 3 || len(d.Lines[0].Places) != 3 || d.Reference != "WEB-3" ||
			d.Lines[0].Places[0].ID != o.Lines[0].Places[0].ID || d.Change == nil || d.Change.State != "done" || d.ExpectedTotal.Amount != 12600 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if n := len(decode[orderDTO](t, r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", "")).Tickets); n != 3 {
		t.Errorf("%d tickets", n)
	}
}

func TestAmend_NoAnswer_Is202AndSettled(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.held()
	r.platform.onHold = func(sales.Order, sales.Hold) (sales.Hold, error) {
		e := domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "no answer")
		e.Uncertain = true
		return sales.Hold{}, e
	}
	a := r.do("web", http.MethodPatch, "/v1/orders/"+o.ID, threeSeats)
	if d := decode[orderDTO](t, a); a.status != http.StatusAccepted || d.State != "changing" || d.Lines[0].Quantity != 2 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, call := range []string{"/close", "/extend", "/release"} {
		if b := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+call, ""); b.status != http.StatusConflict {
			t.Errorf("%s: %d %s", call, b.status, b.body)
		}
	}
	if b := r.do("ops", http.MethodPost, "/v1/admin/orders/"+o.ID+"/settle", ""); b.status != http.StatusOK {
		t.Fatalf("%d %s", b.status, b.body)
	}
	if d := decode[orderDTO](t, r.do("web", http.MethodGet, "/v1/orders/"+o.ID, "")); d.State != "held" || d.Lines[0].Quantity != 2 || d.Change.State != "refused" || d.Change.Refusal == nil {
		t.Errorf("%+v", d)
	}
}

// threeSeats changes an order to three seats.
const threeSeats = `{"items":[{"performance":"play-201","seat_category":"play-1001","tariff":"play-601","quantity":3}]}`

func amendRefusals() []refusal {
	patch := func(body string) func(*rig) answer {
		return func(r *rig) answer { return r.do("web", http.MethodPatch, "/v1/orders/"+r.held().ID, body) }
	}
	return []refusal{
		{name: "changing nothing", do: patch(`{}`), status: 422, code: domain.CodeRequest},
		{name: "changing to no items", do: patch(`{"items":[]}`), status: 422, code: domain.CodeRequest, pointer: "/items", field: domain.CodeRequest},
		{name: "changing to an unknown tariff", do: patch(strings.Replace(threeSeats, "play-601", "play-9", 1)), status: 422, code: domain.CodeRequest, pointer: "/items/0/tariff", field: catalog.CodeTariff},
		{name: "changing to another institution's tariff", do: patch(strings.Replace(threeSeats, "play-601", "arena-601", 1)), status: 422, code: domain.CodeRequest, pointer: "/items/0/tariff", field: catalog.CodeTariff},
		{name: "changing items and holders at once", do: patch(strings.Replace(threeSeats, `{"items"`, `{"holders":[{"place":"plc_x","name":"Bob"}],"items"`, 1)), status: 422, code: domain.CodeRequest, pointer: "/holders", field: sales.CodeHolders},
		{name: "expecting a total of no items", do: patch(`{"expected_total":{"amount":1,"currency":"EUR"}}`), status: 422, code: domain.CodeRequest, pointer: "/expected_total", field: domain.CodeRequest},
		{name: "changing to another total", do: patch(strings.Replace(threeSeats, `{"items"`, `{"expected_total":{"amount":1,"currency":"EUR"},"items"`, 1)), status: 409, code: sales.CodePriceChanged},
		{name: "changing to what is not left", do: func(r *rig) answer {
			o := r.held()
			r.platform.onHold = func(sales.Order, sales.Hold) (sales.Hold, error) {
				return sales.Hold{}, domain.Errorf(domain.Conflict, sales.CodeAvailability, "nothing left")
			}
			return r.do("web", http.MethodPatch, "/v1/orders/"+o.ID, threeSeats)
		}, status: 409, code: sales.CodeAvailability, pointer: "/items/0", field: sales.CodeAvailability},
		{name: "changing the lines of what is sold", do: func(r *rig) answer {
			return r.do("web", http.MethodPatch, "/v1/orders/"+r.issued().ID, threeSeats)
		}, status: 409, code: sales.CodeStatus},
		{name: "changing to another e-mail", do: patch(`{"buyer":{"email":"bob"}}`), status: 422, code: domain.CodeRequest, pointer: "/buyer/email", field: sales.CodeContact},
		{name: "changing another place's holder", do: patch(`{"holders":[{"place":"plc_x","name":"Bob"}]}`), status: 422, code: domain.CodeRequest, pointer: "/holders/0/place", field: sales.CodeHolders},
		{name: "changing to a long reference", do: patch(`{"reference":"` + strings.Repeat("x", 201) + `"}`), status: 422, code: domain.CodeRequest, pointer: "/reference", field: domain.CodeRequest},
		{name: "changing what is sold", do: func(r *rig) answer {
			return r.do("web", http.MethodPatch, "/v1/orders/"+r.issued().ID, `{"reference":"x"}`)
		}, status: 409, code: sales.CodeStatus},
		{name: "changing what has run out", do: func(r *rig) answer {
			o := r.held()
			r.now.advance(11 * time.Minute)
			return r.do("web", http.MethodPatch, "/v1/orders/"+o.ID, `{"reference":"x"}`)
		}, status: 410, code: sales.CodeHoldExpired},
		{name: "changing an unknown order", do: func(r *rig) answer {
			return r.do("web", http.MethodPatch, "/v1/orders/ord_nothing", `{"reference":"x"}`)
		}, status: 404, code: sales.CodeUnknown},
	}
}
