package api

import (
	"context"
	"net/http"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

type exchangeRequest struct {
	Tickets            []string  `json:"tickets" nullable:"false" minItems:"1" maxItems:"100" doc:"ids of the tickets to give up" example:"[\"tkt_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A\"]"`
	Performance        string    `json:"performance" doc:"id of the performance to go to instead" example:"play-10300000000202"`
	SeatCategory       string    `json:"seat_category,omitempty" doc:"id; absent: each ticket's own" example:"play-1001"`
	Tariff             string    `json:"tariff,omitempty" doc:"id; absent: each ticket's own" example:"play-601"`
	Reason             string    `json:"reason,omitempty" maxLength:"200" doc:"the storefront's own; kept with the refund" example:"another day"`
	ExpectedDifference *moneyDTO `json:"expected_difference,omitempty" doc:"refuse with order.price_changed if the new places less what comes back are another amount; below zero: more comes back"`
}

// exchangeDTO is what an exchange does, or would do, and both orders.
type exchangeDTO struct {
	DryRun      bool      `json:"dry_run" doc:"true: nothing was changed"`
	Tickets     []string  `json:"tickets" nullable:"false" doc:"ids of what is given up"`
	MustGoAlong []string  `json:"must_go_along" nullable:"false" doc:"ids of other tickets whose tariff needs one of these; they must be exchanged with them"`
	AmountBack  moneyDTO  `json:"amount_back" doc:"what comes back for them"`
	FeesKept    moneyDTO  `json:"fees_kept" doc:"the order's fees that do not come back, once nothing else of it is left"`
	Price       moneyDTO  `json:"price" doc:"of the new places; with dry_run, and where it is done by hand, the catalog's"`
	Difference  moneyDTO  `json:"difference" doc:"price less amount_back; below zero: more comes back"`
	ByHand      bool      `json:"by_hand" doc:"the institution exchanges by hand: nothing is sold here, and the order stays in review until it has"`
	Order       orderDTO  `json:"order" doc:"the old one, as it is now"`
	NewOrder    *orderDTO `json:"new_order,omitempty" doc:"the one of the new places; absent with dry_run, and where it is done by hand"`
}

// targetDTO is what tickets are exchanged for.
type targetDTO struct {
	Performance  string `json:"performance"`
	SeatCategory string `json:"seat_category,omitempty" doc:"absent: each ticket's own"`
	Tariff       string `json:"tariff,omitempty" doc:"absent: each ticket's own"`
	Order        string `json:"order,omitempty" doc:"id of the order that sells it; absent: by hand"`
}

func toTarget(code domain.InstitutionCode, r *sales.Refund) *targetDTO {
	if r.Target == nil {
		return nil
	}
	d := &targetDTO{Performance: publicID(code, r.Target.Performance), Order: string(r.Replacement)}
	if r.Target.SeatCategory != 0 {
		d.SeatCategory = publicID(code, r.Target.SeatCategory)
	}
	if r.Target.Tariff != 0 {
		d.Tariff = publicID(code, r.Target.Tariff)
	}
	return d
}

type exchangeOrderInput struct {
	ChangeOrderInput
	DryRun bool `query:"dry_run" doc:"true: say what it would cost and what must go along, and change nothing"`
	Body   exchangeRequest
}

type exchangeOutput struct {
	Status int
	Body   exchangeDTO `nameHint:"Exchange"`
}

// exchangeOrder gives tickets up for others. 202: it is not at its end, or lies before a person.
func (s *server) exchangeOrder(ctx context.Context, in *exchangeOrderInput) (*exchangeOutput, error) {
	v, id := viewer(ctx), sales.OrderID(in.ID)
	o, err := s.Sales.Order(ctx, v, id)
	if err != nil {
		return nil, err
	}
	r, err := toExchange(o.Institution, &in.Body)
	if err != nil {
		return nil, err
	}
	r.Key = in.Key
	do := s.Sales.Exchange
	if in.DryRun {
		do = s.Sales.QuoteExchange
	}
	e, o, err := do(ctx, v, id, r)
	if err != nil {
		return nil, err
	}
	out := &exchangeOutput{Status: http.StatusOK}
	if !in.DryRun {
		out.Status = statusOf(&o)
	}
	langs := s.langOf(in.Lang, in.Accept, o.Institution)
	out.Body = exchangeDTO{
		DryRun: in.DryRun, Tickets: orEmpty(e.Tickets), MustGoAlong: orEmpty(e.Along), AmountBack: toMoney(e.Back), FeesKept: toMoney(e.Kept),
		Price: toMoney(e.Price), Difference: toMoney(e.Difference()), ByHand: e.ByHand, Order: s.order(ctx, &o, langs),
	}
	if e.New != nil {
		d := s.order(ctx, e.New, langs)
		out.Body.NewOrder = &d
	}
	return out, nil
}

// toExchange reads the ids of an exchange; every wrong one is reported.
func toExchange(code domain.InstitutionCode, b *exchangeRequest) (sales.ExchangeRequest, error) {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the tickets cannot be exchanged as asked")
	read := func(member, value, unknown string) int64 {
		if value == "" && member != "performance" {
			return 0
		}
		of, n, ok := parseID(value)
		if !ok || of != code {
			bad.WithField("/"+member, unknown, "no such id at this institution")
			return 0
		}
		return n
	}
	r := sales.ExchangeRequest{Tickets: b.Tickets, Reason: b.Reason, Target: sales.Target{
		Performance:  catalog.PerformanceID(read("performance", b.Performance, catalog.CodePerformanceUnknown)),
		SeatCategory: catalog.SeatCategoryID(read("seat_category", b.SeatCategory, catalog.CodeSeatCategory)),
		Tariff:       catalog.TariffID(read("tariff", b.Tariff, catalog.CodeTariff)),
	}}
	if m := b.ExpectedDifference; m != nil {
		r.Expected = &domain.Money{Amount: m.Amount, Currency: domain.Currency(m.Currency)}
	}
	if len(bad.Fields) > 0 {
		return r, bad
	}
	return r, nil
}
