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
	settle := func() string {
		t.Helper()
		b := r.do("ops", http.MethodPost, "/v1/admin/orders/"+o.ID+"/settle", "")
		if b.status != http.StatusOK {
			t.Fatalf("%d %s", b.status, b.body)
		}
		return decode[orderDTO](t, r.do("web", http.MethodGet, "/v1/orders/"+o.ID, "")).State
	}
	if state := settle(); state != "changing" { // it may arrive yet
		t.Errorf("%s while it may be on the wire", state)
	}
	r.now.advance(2 * time.Minute)
	settle()
	if d := decode[orderDTO](t, r.do("web", http.MethodGet, "/v1/orders/"+o.ID, "")); d.State != "held" || d.Lines[0].Quantity != 2 || d.Change.State != "refused" || d.Change.Refusal == nil {
		t.Errorf("%+v", d)
	}
}

func TestCreateOrder_ChosenSeatsAreShown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.post(orderBody(`"quantity":2`, `"quantity":2,"seats":["play-11","play-12"]`))
	d := decode[orderDTO](t, a)
	if a.status != http.StatusCreated || d.Lines[0].Places[0].Seat.ID != "play-11" || d.Lines[0].Places[1].Seat.ID != "play-12" {
		t.Errorf("%d %s", a.status, a.body)
	}
	body := strings.Replace(threeSeats, `"quantity":3`, `"quantity":3,"seats":["play-14","play-12","play-15"]`, 1)
	a = r.do("web", http.MethodPatch, "/v1/orders/"+d.ID, body)
	if n := decode[orderDTO](t, a); a.status != http.StatusOK || len(n.Lines[0].Places) != 3 || n.Lines[0].Places[0].ID != d.Lines[0].Places[0].ID {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func seatRefusals() []refusal {
	with := func(wish string) func(*rig) answer { return order(orderBody(`"quantity":2`, `"quantity":2,`+wish)) }
	return []refusal{
		{name: "a seat that is taken", do: with(`"seats":["play-11","play-13"]`), status: 409, code: sales.CodeAvailability, pointer: "/items/0/seats/1", field: sales.CodeAvailability},
		{name: "seats that are not given", do: with(`"seats":["play-11","play-17"]`), status: 409, code: sales.CodeSeating},
		{name: "fewer seats than places", do: with(`"seats":["play-11"]`), status: 422, code: domain.CodeRequest, pointer: "/items/0/seats", field: sales.CodeSeats},
		{name: "a seat twice", do: with(`"seats":["play-11","play-11"]`), status: 422, code: domain.CodeRequest, pointer: "/items/0/seats/1", field: sales.CodeSeats},
		{name: "another institution's seat", do: with(`"seats":["play-11","arena-12"]`), status: 422, code: domain.CodeRequest, pointer: "/items/0/seats/1", field: sales.CodeSeats},
		{name: "an area that is none", do: with(`"areas":["front"]`), status: 422, code: domain.CodeRequest, pointer: "/items/0/areas/0", field: sales.CodeSeats},
		{name: "seats and together", do: with(`"together":true,"seats":["play-11","play-12"]`), status: 422, code: domain.CodeRequest, pointer: "/items/0/seats", field: sales.CodeSeats},
		{name: "places apart", do: func(r *rig) answer {
			r.platform.onHold = func(_ sales.Order, h sales.Hold) (sales.Hold, error) {
				h.Lines[0].Together = new(bool)
				return h, nil
			}
			return with(`"together":true`)(r)
		}, status: 409, code: sales.CodeNotTogether},
		{name: "changing to a seat that is taken", do: func(r *rig) answer {
			return r.do("web", http.MethodPatch, "/v1/orders/"+r.held().ID, strings.Replace(threeSeats, `"quantity":3`, `"quantity":3,"seats":["play-11","play-13","play-14"]`, 1))
		}, status: 409, code: sales.CodeAvailability, pointer: "/items/0/seats/1", field: sales.CodeAvailability},
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
