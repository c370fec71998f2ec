package api

import (
	"context"
	"strings"

	"guichet/domain/sales"
)

type amendRequest struct {
	Reference *string         `json:"reference,omitempty" maxLength:"200" doc:"the storefront's own number" example:"WEB-000124"`
	Buyer     *buyerDTO       `json:"buyer,omitempty" doc:"takes the place of the whole buyer"`
	Holders   []holderRequest `json:"holders,omitempty" nullable:"false" maxItems:"100" doc:"of the places named; an empty name takes one back"`
}

type amendOrderInput struct {
	ChangeOrderInput
	Body amendRequest
}

// amendOrder changes what concerns only us. Lines are not changed: hold anew, then release the old order.
func (s *server) amendOrder(ctx context.Context, in *amendOrderInput) (*orderOutput, error) {
	a := sales.Amendment{Key: in.Key, Reference: in.Body.Reference}
	if b := in.Body.Buyer; b != nil {
		a.Buyer = &sales.Buyer{Email: b.Email, FirstName: b.FirstName, LastName: b.LastName, Language: strings.ToLower(b.Language)}
	}
	for _, h := range in.Body.Holders {
		a.Holders = append(a.Holders, sales.Holder(h))
	}
	o, err := s.Sales.Amend(ctx, viewer(ctx), sales.OrderID(in.ID), a)
	return s.changed(ctx, &o, err, in.LanguageInput)
}
