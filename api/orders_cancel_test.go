package api

import (
	"net/http"
	"strings"
	"testing"

	"guichet/domain"
	"guichet/domain/sales"
)

// byHand is a sold order of an institution that undoes sales by hand, and what asking to cancel it was answered.
func (r *rig) byHand() (orderDTO, answer) {
	r.t.Helper()
	body := `{"institution":"arena","items":[{"performance":"arena-401","tariff":"arena-901","quantity":1}]}`
	o := decode[orderDTO](r.t, r.do("web", http.MethodPost, "/v1/orders", body, header("Idempotency-Key", "by-hand")))
	r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", "")
	return o, r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/cancel", "{}", header("Idempotency-Key", "undo"))
}

func TestCancel_DryRunSaysWhatItDoesAndTheCallDoesIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.issued()
	target := "/v1/orders/" + o.ID + "/cancel"
	body := `{"tickets":["` + o.Tickets[0].ID + `"],"reason":"ill"}`
	dry := r.do("web", http.MethodPost, target+"?dry_run=true", body)
	c := decode[cancellationDTO](t, dry)
	if dry.status != http.StatusOK || !c.DryRun || c.AmountBack != (moneyDTO{4200, "EUR"}) || len(c.MustGoAlong) != 0 || c.Order.State != "issued" || len(c.Order.Refunds) != 0 {
		t.Fatalf("%d %s", dry.status, dry.body)
	}
	a := r.do("web", http.MethodPost, target, body)
	c = decode[cancellationDTO](t, a)
	if a.status != http.StatusOK || c.DryRun || c.Order.State != "issued" || len(c.Order.Refunds) != 1 || c.Order.Refunds[0].State != "done" || c.Order.Tickets[0].CancelledAt.IsZero() {
		t.Fatalf("%d %s", a.status, a.body)
	}
	a = r.do("web", http.MethodPost, target, "")
	if c = decode[cancellationDTO](t, a); a.status != http.StatusOK || c.Order.State != "cancelled" || c.AmountBack != (moneyDTO{4200, "EUR"}) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a = r.do("web", http.MethodPost, target, ""); a.status != http.StatusConflict || decode[problemBody](t, a).State != "cancelled" {
		t.Errorf("cancelled twice: %d %s", a.status, a.body)
	}
}

func TestCancel_ByHand_IsAPersonsDecision(t *testing.T) {
	t.Parallel()
	for decision, state := range map[string]string{"refunded": "cancelled", "not_refunded": "issued"} {
		r := newRig(t)
		o, a := r.byHand()
		if c := decode[cancellationDTO](t, a); a.status != http.StatusAccepted || !c.ByHand || c.Order.State != "review" || c.Order.Refunds[0].State != "asked" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		a = r.do("ops", http.MethodPost, "/v1/admin/orders/"+o.ID+"/decide", `{"decision":"`+decision+`","reason":"the box office says so"}`)
		if d := decode[orderDTO](t, a); a.status != http.StatusOK || d.State != state || !strings.Contains(d.History[len(d.History)-1].Note, "the box office says so") {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

func cancelRefusals() []refusal {
	cancel := func(r *rig, id, body string, more ...sent) answer {
		return r.do("web", http.MethodPost, "/v1/orders/"+id+"/cancel", body, more...)
	}
	return []refusal{
		{name: "cancelling what is only held", do: func(r *rig) answer { return cancel(r, r.held().ID, "") }, status: 409, code: sales.CodeStatus},
		{name: "cancelling an unknown order", do: func(r *rig) answer { return cancel(r, "ord_nothing", "") }, status: 404, code: sales.CodeUnknown},
		{name: "cancelling another order's ticket", do: func(r *rig) answer { return cancel(r, r.issued().ID, `{"tickets":["tkt_nothing"]}`) }, status: 422, code: domain.CodeRequest, pointer: "/tickets/0", field: sales.CodeTicketUnknown},
		{name: "cancelling a ticket twice", do: func(r *rig) answer {
			o := r.issued()
			body := `{"tickets":["` + o.Tickets[0].ID + `"]}`
			cancel(r, o.ID, body)
			return cancel(r, o.ID, body)
		}, status: 409, code: sales.CodeTicketCancelled, pointer: "/tickets/0", field: sales.CodeTicketCancelled},
		{name: "cancelling a scanned ticket", do: func(r *rig) answer {
			o := r.issued()
			r.platform.onRead = func(o sales.Order) (sales.Outcome, error) {
				out := soldOutcome(o)
				out.Tickets[0].State = "CONTROLLED"
				return out, nil
			}
			return cancel(r, o.ID, "")
		}, status: 409, code: sales.CodeTicketUsed, pointer: "/tickets/0", field: sales.CodeTicketUsed},
		{name: "cancelling for another amount", do: func(r *rig) answer {
			return cancel(r, r.issued().ID, `{"expected_back":{"amount":1,"currency":"EUR"}}`)
		}, status: 409, code: sales.CodePriceChanged},
		{name: "cancelling for another currency", do: func(r *rig) answer {
			return cancel(r, r.issued().ID, `{"expected_back":{"amount":8400,"currency":"CHF"}}`)
		}, status: 422, code: domain.CodeRequest, pointer: "/expected_back", field: sales.CodeCurrency},
		{name: "cancelling while a person undoes it", do: func(r *rig) answer { o, _ := r.byHand(); return cancel(r, o.ID, "") }, status: 409, code: sales.CodeReview},
		{name: "cancelling what the institution keeps", do: func(r *rig) answer {
			o, _ := r.byHand()
			r.do("ops", http.MethodPost, "/v1/admin/orders/"+o.ID+"/decide", `{"decision":"not_refunded","reason":"no"}`)
			return cancel(r, o.ID, "{}", header("Idempotency-Key", "undo"))
		}, status: 409, code: sales.CodeRefundDenied},
		{name: "the key of a cancellation with another body", do: func(r *rig) answer {
			o := r.issued()
			cancel(r, o.ID, `{"reason":"a"}`, header("Idempotency-Key", "undo"))
			return cancel(r, o.ID, `{"reason":"b"}`, header("Idempotency-Key", "undo"))
		}, status: 422, code: sales.CodeKeyReused},
		{name: "the platform takes nothing back", do: func(r *rig) answer {
			r.platform.onRefund = func(sales.Refund) (sales.RefundSeen, error) {
				return sales.RefundSeen{}, domain.Errorf(domain.Conflict, domain.CodePlatformRefused, "no")
			}
			return cancel(r, r.issued().ID, "")
		}, status: 409, code: domain.CodePlatformRefused},
		{name: "admin: deciding what is in no review", do: func(r *rig) answer {
			return r.do("ops", "POST", "/v1/admin/orders/"+r.held().ID+"/decide", `{"decision":"read","reason":"x"}`)
		}, status: 409, code: sales.CodeStatus},
		{name: "admin: deciding without a reason", do: func(r *rig) answer {
			return r.do("ops", "POST", "/v1/admin/orders/"+r.held().ID+"/decide", `{"decision":"read"}`)
		}, status: 422, code: domain.CodeRequest, pointer: "/reason", field: CodeRequestRequired},
		{name: "admin: deciding something else", do: func(r *rig) answer {
			return r.do("ops", "POST", "/v1/admin/orders/"+r.held().ID+"/decide", `{"decision":"forget","reason":"x"}`)
		}, status: 422, code: domain.CodeRequest, pointer: "/decision", field: domain.CodeRequest},
		{name: "deciding as a storefront", do: func(r *rig) answer {
			return r.do("web", "POST", "/v1/admin/orders/"+r.held().ID+"/decide", `{"decision":"read","reason":"x"}`)
		}, status: 403, code: "key.scope"},
	}
}
