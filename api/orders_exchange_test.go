package api

import (
	"net/http"
	"strings"
	"testing"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

// swap asks for a place of another performance in place of an order's first ticket.
func (r *rig) swap(o orderDTO, replace ...string) answer {
	r.t.Helper()
	body := strings.NewReplacer(append(replace, "TICKET", o.Tickets[0].ID)...).Replace(`{"tickets":["TICKET"],"performance":"play-201","reason":"another day"}`)
	return r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/exchange", body)
}

func TestExchange_DryRunSaysTheDifferenceAndTheCallDoesIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.issued()
	body := `{"tickets":["` + o.Tickets[0].ID + `"],"performance":"play-201","expected_difference":{"amount":0,"currency":"EUR"}}`
	target := "/v1/orders/" + o.ID + "/exchange"
	dry := r.do("web", http.MethodPost, target+"?dry_run=true", body)
	e := decode[exchangeDTO](t, dry)
	if dry.status != http.StatusOK || !e.DryRun || e.NewOrder != nil || e.Order.State != "issued" || e.Price != e.AmountBack || e.Difference.Amount != 0 {
		t.Fatalf("%d %s", dry.status, dry.body)
	}
	for range 2 {
		a := r.do("web", http.MethodPost, target, body, header("Idempotency-Key", "swap"))
		e = decode[exchangeDTO](t, a)
		if a.status != http.StatusOK || e.NewOrder == nil || e.NewOrder.State != "issued" || e.NewOrder.Lines[0].Performance != "play-201" || e.NewOrder.Instead != o.ID {
			t.Fatalf("%d %s", a.status, a.body)
		}
		ref := e.Order.Refunds[0]
		if e.Order.State != "issued" || e.Order.Tickets[0].CancelledAt.IsZero() || !e.Order.Tickets[1].CancelledAt.IsZero() || ref.Exchange == nil || ref.Exchange.Order != e.NewOrder.ID {
			t.Fatalf("%s", a.body)
		}
		if e.NewOrder.Tickets[0].ID == o.Tickets[0].ID {
			t.Error("the same ticket")
		}
	}
}

func TestExchange_ByHand_IsATask(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	body := `{"institution":"arena","items":[{"performance":"arena-401","tariff":"arena-901","quantity":1}]}`
	o := decode[orderDTO](t, r.do("web", http.MethodPost, "/v1/orders", body, header("Idempotency-Key", "by-hand")))
	o = decode[orderDTO](t, r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", ""))
	a := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/exchange", `{"tickets":["`+o.Tickets[0].ID+`"],"performance":"arena-401"}`)
	e := decode[exchangeDTO](t, a)
	if a.status != http.StatusAccepted || !e.ByHand || e.NewOrder != nil || e.Order.State != "review" || e.Order.Refunds[0].Exchange.Performance != "arena-401" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func exchangeRefusals() []refusal {
	swap := func(replace ...string) func(*rig) answer {
		return func(r *rig) answer { return r.swap(r.issued(), replace...) }
	}
	return []refusal{
		{name: "exchanging for an unknown performance", do: swap("play-201", "play-9"), status: 422, code: domain.CodeRequest, pointer: "/performance", field: catalog.CodePerformanceUnknown},
		{name: "exchanging for another institution's performance", do: swap("play-201", "arena-401"), status: 422, code: domain.CodeRequest, pointer: "/performance", field: catalog.CodePerformanceUnknown},
		{name: "exchanging for an unknown tariff", do: swap(`"reason"`, `"tariff":"play-9","reason"`), status: 422, code: domain.CodeRequest, pointer: "/tariff", field: catalog.CodeTariff},
		{name: "exchanging another's ticket", do: swap("TICKET", "tkt_x"), status: 422, code: domain.CodeRequest, pointer: "/tickets/0", field: sales.CodeTicketUnknown},
		{name: "exchanging no ticket", do: swap(`"TICKET"`, ``), status: 422, code: domain.CodeRequest, pointer: "/tickets", field: domain.CodeRequest},
		{name: "exchanging at another difference", do: swap(`"reason"`, `"expected_difference":{"amount":-1,"currency":"EUR"},"reason"`), status: 409, code: sales.CodePriceChanged},
		{name: "exchanging what is only held", do: func(r *rig) answer {
			return r.do("web", http.MethodPost, "/v1/orders/"+r.held().ID+"/exchange", `{"tickets":["tkt_x"],"performance":"play-201"}`)
		}, status: 409, code: sales.CodeStatus},
		{name: "exchanging a scanned ticket", do: func(r *rig) answer {
			o := r.issued()
			r.platform.onRead = func(o sales.Order) (sales.Outcome, error) {
				out := soldOutcome(o)
				out.Tickets[0].State = "CONTROLLED"
				return out, nil
			}
			return r.swap(o)
		}, status: 409, code: sales.CodeTicketUsed, pointer: "/tickets/0", field: sales.CodeTicketUsed},
		{name: "exchanging for what is not left", do: func(r *rig) answer {
			o := r.issued()
			r.platform.onHold = func(sales.Order, sales.Hold) (sales.Hold, error) {
				return sales.Hold{}, domain.Errorf(domain.Conflict, sales.CodeAvailability, "nothing left")
			}
			return r.swap(o)
		}, status: 409, code: sales.CodeAvailability, pointer: "/performance", field: sales.CodeAvailability},
		{name: "exchanging in an unknown order", do: func(r *rig) answer {
			return r.do("web", http.MethodPost, "/v1/orders/ord_nothing/exchange", `{"tickets":["tkt_x"],"performance":"play-201"}`)
		}, status: 404, code: sales.CodeUnknown},
	}
}
