package api

import (
	"context"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

type adminOrdersInput struct {
	ListOrdersInput
	Q          string `query:"q" maxLength:"200" doc:"part of id, reference, e-mail or names; case is ignored"`
	Storefront string `query:"storefront" maxLength:"64" doc:"name"`
	// Performance is a performance's id; its institution is the one asked for.
	Performance string `query:"performance" maxLength:"100" doc:"id: orders that have a ticket for it; notices[] says what became of the performance since" example:"play-10300000000201"`
	PlatformID  int64  `query:"platform_id" minimum:"1" doc:"S-360's order or file number"`
}

func (s *server) adminOrders(ctx context.Context, in *adminOrdersInput) (*orderPageOutput, error) {
	q, err := s.orderQuery(ctx, &in.ListOrdersInput)
	if err != nil {
		return nil, err
	}
	if in.Performance != "" {
		code, id, ok := parseID(in.Performance)
		if !ok || s.shelves[code] == nil || (in.Institution != "" && in.Institution != string(code)) {
			return nil, domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong").
				WithField("?performance", domain.CodeRequest, "the id of a performance, of the institution asked for")
		}
		if err := mustSee(callOf(ctx).key, code); err != nil {
			return nil, err
		}
		q.Institutions, q.Performance = []domain.InstitutionCode{code}, catalog.PerformanceID(id)
	}
	q.Text, q.Storefront, q.PlatformID = in.Q, in.Storefront, in.PlatformID
	orders, next, err := s.Sales.Orders(ctx, viewer(ctx), q)
	if err != nil {
		return nil, err
	}
	out := s.orderPage(ctx, orders, next, in.LanguageInput)
	for i := range orders {
		out.Body.Items[i].Upkeep = s.upkeep(&orders[i])
	}
	return out, nil
}

func (s *server) upkeep(o *sales.Order) *orderUpkeep {
	return &orderUpkeep{QuotedTotal: moneyOrNil(o.Quoted), NextCheckAt: in(o.NextCheckAt, s.location(o.Institution)), Checks: o.Checks, Version: o.Version}
}

type adminOrderOutput struct{ Body orderDTO }

func (s *server) adminOrder(ctx context.Context, in *OrderInput) (*adminOrderOutput, error) {
	o, err := s.Sales.Order(ctx, viewer(ctx), sales.OrderID(in.ID))
	if err != nil {
		return nil, err
	}
	d := s.order(ctx, &o, s.langOf(in.Lang, in.Accept, o.Institution))
	d.Upkeep = s.upkeep(&o)
	return &adminOrderOutput{Body: d}, nil
}

type settleOutput struct {
	Body struct {
		Outcome outcomeDTO `json:"outcome"`
		Order   orderDTO   `json:"order" doc:"as it is now"`
	} `nameHint:"Settled"`
}

func (s *server) adminSettle(ctx context.Context, in *OrderInput) (*settleOutput, error) {
	v, id := viewer(ctx), sales.OrderID(in.ID)
	if _, err := s.Sales.Order(ctx, v, id); err != nil {
		return nil, err
	}
	done, err := s.Sales.Settle(ctx, id, true)
	if err != nil {
		return nil, err
	}
	o, err := s.Sales.Order(ctx, v, id)
	if err != nil {
		return nil, err
	}
	out := &settleOutput{}
	out.Body.Outcome, out.Body.Order = outcomeDTO(done), s.order(ctx, &o, s.langOf(in.Lang, in.Accept, o.Institution))
	out.Body.Order.Upkeep = s.upkeep(&o)
	return out, nil
}

type orderCountDTO struct {
	Institution string `json:"institution"`
	State       string `json:"state"`
	Orders      int64  `json:"orders"`
}

type orderCountOutput struct {
	Body struct {
		Items []orderCountDTO `json:"items" nullable:"false"`
		Next  *string         `json:"next" doc:"always null"`
	} `nameHint:"OrderCountPage"`
}

func (s *server) adminCounts(ctx context.Context, _ *struct{}) (*orderCountOutput, error) {
	counts, err := s.CountOrders(ctx)
	if err != nil {
		return nil, err
	}
	out := &orderCountOutput{}
	out.Body.Items = make([]orderCountDTO, 0, len(counts))
	for _, c := range counts {
		out.Body.Items = append(out.Body.Items, orderCountDTO{Institution: string(c.Institution), State: string(c.Status), Orders: c.N})
	}
	return out, nil
}
