package api

import (
	"net/http"
	"strings"
	"testing"

	"guichet/domain"
	"guichet/domain/sales"
)

const arenaOrder = `{"institution":"arena","items":[{"performance":"arena-401","tariff":"arena-901","quantity":1}]}`

func (r *rig) postBasket(body string) answer {
	r.t.Helper()
	return r.do("web", http.MethodPost, "/v1/baskets", body, header("Idempotency-Key", "basket-"+r.t.Name()))
}

func bothInstitutions() string { return `{"orders":[` + orderBody() + `,` + arenaOrder + `]}` }

func TestBasket_OfTwoInstitutions_IsHeldReadAndSold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.postBasket(bothInstitutions())
	b := decode[basketDTO](t, a)
	if a.status != http.StatusCreated || b.State != "held" || len(b.Orders) != 2 || b.Orders[0].Basket != b.ID || b.Orders[1].Institution != "arena" ||
		a.header.Get("Location") != "/v1/baskets/"+b.ID {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if again := decode[basketDTO](t, r.postBasket(bothInstitutions())); again.ID != b.ID || again.Orders[0].ID != b.Orders[0].ID {
		t.Errorf("the same key: %+v", again)
	}
	a = r.do("web", http.MethodPost, "/v1/baskets/"+b.ID+"/close", `{"payment_reference":"P"}`)
	if got := decode[basketDTO](t, a); a.status != http.StatusOK || got.State != "issued" || got.Orders[1].PaymentReference != "P" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if got := decode[basketDTO](t, r.do("web", http.MethodGet, "/v1/baskets/"+b.ID, "")); got.State != "issued" {
		t.Errorf("%+v", got)
	}
}

func TestBasket_OneRefused_TheProblemNamesIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.platform.onHold = func(o sales.Order, h sales.Hold) (sales.Hold, error) {
		if o.Institution == "arena" {
			return sales.Hold{}, domain.Errorf(domain.Conflict, sales.CodeAvailability, "nothing left")
		}
		return h, nil
	}
	a := r.postBasket(bothInstitutions())
	p := decode[problemBody](t, a)
	if a.status != http.StatusConflict || p.Code != sales.CodeBasketNotHeld || len(p.Errors) != 1 || p.Errors[0].Pointer != "/orders/1" || p.Errors[0].Code != sales.CodeAvailability {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, o := range decode[orderPageDTO](t, r.do("web", http.MethodGet, "/v1/orders", "")).Items {
		if o.State != "released" && o.State != "refused" {
			t.Errorf("%s is %s", o.ID, o.State)
		}
	}
}

func TestBasket_OneCloseRefused_IsUndone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := decode[basketDTO](t, r.postBasket(bothInstitutions()))
	r.platform.onClose = func(o sales.Order, out sales.Outcome) (sales.Outcome, error) {
		if o.Institution == "arena" {
			return sales.Outcome{}, domain.Errorf(domain.Conflict, sales.CodePayment, "the account refuses")
		}
		return out, nil
	}
	a := r.do("web", http.MethodPost, "/v1/baskets/"+b.ID+"/close", "")
	if p := decode[problemBody](t, a); a.status != http.StatusConflict || p.Code != sales.CodeBasketNotClosed || p.State != "released" {
		t.Errorf("%d %s", a.status, a.body)
	}
	got := decode[basketDTO](t, r.do("web", http.MethodGet, "/v1/baskets/"+b.ID, ""))
	if got.Orders[0].State != "cancelled" || got.Orders[1].State != "released" {
		t.Errorf("%s and %s", got.Orders[0].State, got.Orders[1].State)
	}
}

func TestBasket_Released(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := decode[basketDTO](t, r.postBasket(bothInstitutions()))
	if a := r.do("web", http.MethodPost, "/v1/baskets/"+b.ID+"/release", ""); a.status != http.StatusOK || decode[basketDTO](t, a).State != "released" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func basketRefusals() []refusal {
	basket := func(body string) func(*rig) answer {
		return func(r *rig) answer { return r.postBasket(body) }
	}
	return []refusal{
		{name: "unknown basket", do: get("web", "/v1/baskets/bsk_nothing"), status: 404, code: sales.CodeBasketUnknown},
		{name: "another storefront's basket", do: func(r *rig) answer {
			b := decode[basketDTO](r.t, r.postBasket(bothInstitutions()))
			return r.do("other", "GET", "/v1/baskets/"+b.ID, "")
		}, status: 404, code: sales.CodeBasketUnknown},
		{name: "basket without a key", do: func(r *rig) answer { return r.do("web", "POST", "/v1/baskets", bothInstitutions()) }, status: 400, code: sales.CodeKeyMissing},
		{name: "basket of an institution twice", do: basket(`{"orders":[` + arenaOrder + `,` + arenaOrder + `]}`), status: 422, code: domain.CodeRequest, pointer: "/orders/1/institution", field: sales.CodeBasketOrders},
		{name: "basket of nothing", do: basket(`{"orders":[]}`), status: 422, code: domain.CodeRequest, pointer: "/orders", field: domain.CodeRequest},
		{name: "wrong tariff in a basket", do: basket(strings.Replace(bothInstitutions(), "arena-901", "arena-999", 1)), status: 422, code: domain.CodeRequest, pointer: "/orders/1/items/0/tariff", field: "order.tariff"},
		{name: "unknown institution in a basket", do: basket(strings.Replace(bothInstitutions(), `"arena"`, `"nowhere"`, 1)), status: 422, code: domain.CodeRequest, pointer: "/orders/1/institution", field: "institution.unknown"},
		{name: "basket that cannot be held", do: func(r *rig) answer {
			r.platform.onHold = func(sales.Order, sales.Hold) (sales.Hold, error) {
				return sales.Hold{}, domain.Errorf(domain.Conflict, sales.CodeAvailability, "nothing left")
			}
			return r.postBasket(bothInstitutions())
		}, status: 409, code: sales.CodeBasketNotHeld, pointer: "/orders/0", field: sales.CodeAvailability},
		{name: "closing a basket that was given back", do: func(r *rig) answer {
			b := decode[basketDTO](r.t, r.postBasket(bothInstitutions()))
			r.do("web", "POST", "/v1/baskets/"+b.ID+"/release", "")
			return r.do("web", "POST", "/v1/baskets/"+b.ID+"/close", "")
		}, status: 409, code: sales.CodeBasketNotClosed},
		{name: "releasing a basket that is sold", do: func(r *rig) answer {
			b := decode[basketDTO](r.t, r.postBasket(bothInstitutions()))
			r.do("web", "POST", "/v1/baskets/"+b.ID+"/close", "")
			return r.do("web", "POST", "/v1/baskets/"+b.ID+"/release", "")
		}, status: 409, code: sales.CodeStatus},
	}
}
