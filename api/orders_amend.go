package api

import (
	"context"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
)

type amendRequest struct {
	Reference     *string            `json:"reference,omitempty" maxLength:"200" doc:"the storefront's own number" example:"WEB-000124"`
	Buyer         *buyerDTO          `json:"buyer,omitempty" doc:"takes the place of the whole buyer"`
	Holders       []holderRequest    `json:"holders,omitempty" nullable:"false" maxItems:"100" doc:"of the places named; an empty name takes one back; not together with items"`
	Items         []orderItemRequest `json:"items,omitempty" nullable:"false" minItems:"1" maxItems:"20" doc:"all that the order is to hold, in place of what it does; what stands in both keeps its places"`
	ExpectedTotal *moneyDTO          `json:"expected_total,omitempty" doc:"with items: refuse with order.price_changed if all of it costs another amount"`
}

// changeDTO is the last change of an order's lines.
type changeDTO struct {
	ID      string      `json:"id" example:"chg_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	State   string      `json:"state" enum:"asked,added,done,refused" doc:"asked, added: under way. refused: the lines are as before"`
	Refusal *refusalDTO `json:"refusal,omitempty" doc:"why it was not done; or, where it is done, that the total is not the expected one"`
	AskedAt time.Time   `json:"asked_at"`
	EndedAt time.Time   `json:"ended_at,omitzero"`
}

func toChange(c *sales.LineChange, loc *time.Location) *changeDTO {
	if c == nil {
		return nil
	}
	return &changeDTO{ID: c.ID, State: string(c.State), Refusal: toRefusal(c.Refusal), AskedAt: in(c.AskedAt, loc), EndedAt: in(c.EndedAt, loc)}
}

type amendOrderInput struct {
	ChangeOrderInput
	Body amendRequest
}

// amendOrder changes a held order. 202: the platform did not answer a change of lines; it is settled in the background.
func (s *server) amendOrder(ctx context.Context, in *amendOrderInput) (*orderOutput, error) {
	v, id := viewer(ctx), sales.OrderID(in.ID)
	a := sales.Amendment{Key: in.Key, Reference: in.Body.Reference}
	if b := in.Body.Buyer; b != nil {
		a.Buyer = &sales.Buyer{Email: b.Email, FirstName: b.FirstName, LastName: b.LastName, Language: strings.ToLower(b.Language)}
	}
	for _, h := range in.Body.Holders {
		a.Holders = append(a.Holders, sales.Holder(h))
	}
	if m := in.Body.ExpectedTotal; m != nil {
		a.Expected = &domain.Money{Amount: m.Amount, Currency: domain.Currency(m.Currency)}
	}
	if in.Body.Items != nil {
		o, err := s.Sales.Order(ctx, v, id)
		if err != nil {
			return nil, err
		}
		bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the order cannot be changed as asked")
		if a.Wants, a.Wishes = toWants(o.Institution, in.Body.Items, bad); len(bad.Fields) > 0 {
			return nil, bad
		}
	}
	o, err := s.Sales.Amend(ctx, v, id, a)
	return s.changed(ctx, &o, err, in.LanguageInput)
}
