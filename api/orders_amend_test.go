package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet/domain"
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

func amendRefusals() []refusal {
	patch := func(body string) func(*rig) answer {
		return func(r *rig) answer { return r.do("web", http.MethodPatch, "/v1/orders/"+r.held().ID, body) }
	}
	return []refusal{
		{name: "changing nothing", do: patch(`{}`), status: 422, code: domain.CodeRequest},
		{name: "changing the items", do: patch(`{"items":[]}`), status: 422, code: domain.CodeRequest, pointer: "/items", field: CodeRequestUnknownMember},
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
