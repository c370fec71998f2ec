package api

import (
	"context"
	"net/http"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
)

type cancelRequest struct {
	Tickets      []string  `json:"tickets,omitempty" nullable:"false" maxItems:"100" doc:"ids of the tickets to take back; absent or empty: every good one" example:"[\"tkt_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A\"]"`
	Reason       string    `json:"reason,omitempty" maxLength:"200" doc:"the storefront's own; kept with the refund" example:"ill"`
	ExpectedBack *moneyDTO `json:"expected_back,omitempty" doc:"refuse with order.price_changed if another amount comes back"`
}

// cancellationDTO is what a cancellation does, or would do, and the order.
type cancellationDTO struct {
	DryRun      bool     `json:"dry_run" doc:"true: nothing was changed"`
	Tickets     []string `json:"tickets" nullable:"false" doc:"ids of what is taken back"`
	MustGoAlong []string `json:"must_go_along" nullable:"false" doc:"ids of other tickets whose tariff needs one of these; they must be cancelled with them"`
	AmountBack  moneyDTO `json:"amount_back" doc:"what comes back to the pending account"`
	FeesKept    moneyDTO `json:"fees_kept" doc:"the order's fees that do not come back, once nothing else of it is left"`
	ByHand      bool     `json:"by_hand" doc:"the institution undoes it by hand: the order stays in review until it has"`
	Order       orderDTO `json:"order" doc:"as it is now"`
}

type refundDTO struct {
	ID         string      `json:"id" example:"rfd_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	State      string      `json:"state" enum:"asked,done,refused" doc:"asked: under way"`
	Tickets    []string    `json:"tickets" nullable:"false"`
	Reason     string      `json:"reason,omitempty"`
	Quoted     moneyDTO    `json:"quoted" doc:"what should come back"`
	AmountBack *moneyDTO   `json:"amount_back,omitempty" doc:"what came back; absent until it is done"`
	ByHand     bool        `json:"by_hand" doc:"a person undoes it at the institution"`
	Organiser  bool        `json:"by_organiser" doc:"the institution took them back by itself"`
	Exchange   *targetDTO  `json:"exchange,omitempty" doc:"what they are exchanged for"`
	Platform   platformDTO `json:"platform" doc:"how S-360 names the refund order; empty until it is known"`
	Refusal    *refusalDTO `json:"refusal,omitempty" doc:"why it was not done; the tickets are good"`
	AskedAt    time.Time   `json:"asked_at"`
	EndedAt    time.Time   `json:"ended_at,omitzero"`
}

func toRefund(code domain.InstitutionCode, r *sales.Refund, loc *time.Location) refundDTO {
	d := refundDTO{
		ID: r.ID, State: string(r.State), Tickets: r.Tickets, Reason: r.Reason, Quoted: toMoney(r.Quoted), AmountBack: moneyOrNil(r.Back),
		ByHand: r.ByHand, Organiser: r.ByOrganiser, Exchange: toTarget(code, r), Platform: platformDTO{OrderID: r.Platform.OrderID, FileID: r.Platform.FileID}, Refusal: toRefusal(r.Refusal),
		AskedAt: in(r.AskedAt, loc), EndedAt: in(r.EndedAt, loc),
	}
	return d
}

func toRefusal(r *sales.Refusal) *refusalDTO {
	if r == nil {
		return nil
	}
	d := &refusalDTO{Code: r.Code, Detail: r.Detail}
	if r.Actual != nil {
		d.ActualTotal = moneyPtr(*r.Actual)
	}
	return d
}

type cancelOrderInput struct {
	ChangeOrderInput
	DryRun bool `query:"dry_run" doc:"true: say what would come back and what must go along, and change nothing"`
	Body   *cancelRequest
}

type cancelOutput struct {
	Status int
	Body   cancellationDTO `nameHint:"Cancellation"`
}

func (s *server) cancelOrder(ctx context.Context, in *cancelOrderInput) (*cancelOutput, error) {
	r := sales.CancelRequest{Key: in.Key}
	if in.Body != nil {
		r.Tickets, r.Reason = in.Body.Tickets, in.Body.Reason
		if in.Body.ExpectedBack != nil {
			r.Expected = &domain.Money{Amount: in.Body.ExpectedBack.Amount, Currency: domain.Currency(in.Body.ExpectedBack.Currency)}
		}
	}
	do := s.Sales.Cancel
	if in.DryRun {
		do = s.Sales.QuoteCancel
	}
	c, o, err := do(ctx, viewer(ctx), sales.OrderID(in.ID), r)
	if err != nil {
		return nil, err
	}
	out := &cancelOutput{Status: http.StatusOK}
	if !in.DryRun {
		out.Status = statusOf(&o)
	}
	out.Body = cancellationDTO{
		DryRun: in.DryRun, Tickets: orEmpty(c.Tickets), MustGoAlong: orEmpty(c.Along), AmountBack: toMoney(c.Back), FeesKept: toMoney(c.Kept),
		ByHand: c.ByHand, Order: s.order(ctx, &o, s.langOf(in.Lang, in.Accept, o.Institution)),
	}
	return out, nil
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

type decideInput struct {
	OrderInput
	Body struct {
		Decision string `json:"decision" enum:"read,refunded,not_refunded" doc:"read: take what the platform says now. refunded, not_refunded: the refund that was asked for was, or will not be, made by hand"`
		Reason   string `json:"reason" minLength:"1" maxLength:"200" doc:"kept in the history with who decided; no personal data" example:"confirmed by phone with the box office"`
	} `nameHint:"Decision"`
}

func (s *server) adminDecide(ctx context.Context, in *decideInput) (*adminOrderOutput, error) {
	o, err := s.Sales.Decide(ctx, viewer(ctx), sales.OrderID(in.ID), sales.Decision(in.Body.Decision), callOf(ctx).key.Storefront, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	d := s.order(ctx, &o, s.langOf(in.Lang, in.Accept, o.Institution))
	d.Upkeep = s.upkeep(&o)
	return &adminOrderOutput{Body: d}, nil
}
