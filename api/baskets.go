package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"guichet/domain"
	"guichet/domain/sales"
)

type basketRequest struct {
	Orders []orderRequest `json:"orders" nullable:"false" minItems:"1" maxItems:"10" doc:"one an institution; all are held, or none"`
}

type closeBasketRequest struct {
	PaymentReference string `json:"payment_reference,omitempty" maxLength:"200" doc:"the storefront's own proof of payment; kept with every order" example:"PSP-77812"`
}

type basketDTO struct {
	ID     string     `json:"id" example:"bsk_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	State  string     `json:"state" enum:"holding,held,released,closing,issued,partial,review" doc:"what its orders come to; closing: something is on its way; partial: some of it is sold and some is not"`
	Orders []orderDTO `json:"orders" nullable:"false" doc:"as asked"`
}

type createBasketInput struct {
	LanguageInput
	Key  string `header:"Idempotency-Key" doc:"1 to 255 visible ASCII characters; the same key with the same body gives the same basket for ever" example:"7d1f0f52-8d0c-4d39-9a86-0f5cf6a5d1a0"`
	Body basketRequest
}

type createdBasket struct {
	Status   int
	Location string    `header:"Location" doc:"/v1/baskets/ and the id"`
	Body     basketDTO `nameHint:"Basket"`
}

// BasketInput names a basket.
type BasketInput struct {
	LanguageInput
	ID string `path:"id" doc:"id of the basket" example:"bsk_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
}

type closeBasketInput struct {
	BasketInput
	Body *closeBasketRequest
}

type basketOutput struct {
	Status int
	Body   basketDTO `nameHint:"Basket"`
}

func (s *server) basket(ctx context.Context, b *sales.Basket, l LanguageInput) basketDTO {
	d := basketDTO{ID: string(b.ID), State: string(b.State()), Orders: make([]orderDTO, 0, len(b.Orders))}
	for i := range b.Orders {
		d.Orders = append(d.Orders, s.order(ctx, &b.Orders[i], s.langOf(l.Lang, l.Accept, b.Orders[i].Institution)))
	}
	return d
}

func (s *server) createBasket(ctx context.Context, in *createBasketInput) (*createdBasket, error) {
	r := sales.BasketRequest{Key: in.Key}
	for n := range in.Body.Orders {
		h, err := s.toHold(ctx, &in.Body.Orders[n])
		if err != nil {
			return nil, inOrder(err, n)
		}
		r.Orders = append(r.Orders, h)
	}
	b, err := s.Sales.HoldBasket(ctx, viewer(ctx), r)
	if err != nil {
		return nil, err
	}
	return &createdBasket{Status: http.StatusCreated, Location: "/v1/baskets/" + string(b.ID), Body: s.basket(ctx, &b, in.LanguageInput)}, nil
}

// inOrder points an error about one order's members into the basket.
func inOrder(err error, n int) error {
	e := *domain.AsError(err)
	e.Fields = slices.Clone(e.Fields)
	for i := range e.Fields {
		e.Fields[i].Pointer = "/orders/" + strconv.Itoa(n) + e.Fields[i].Pointer
	}
	return &e
}

func (s *server) getBasket(ctx context.Context, in *BasketInput) (*basketOutput, error) {
	b, err := s.Sales.Basket(ctx, viewer(ctx), sales.BasketID(in.ID))
	return s.basketAnswer(ctx, &b, err, in.LanguageInput)
}

func (s *server) releaseBasket(ctx context.Context, in *BasketInput) (*basketOutput, error) {
	b, err := s.Sales.ReleaseBasket(ctx, viewer(ctx), sales.BasketID(in.ID))
	return s.basketAnswer(ctx, &b, err, in.LanguageInput)
}

func (s *server) closeBasket(ctx context.Context, in *closeBasketInput) (*basketOutput, error) {
	reference := ""
	if in.Body != nil {
		reference = in.Body.PaymentReference
	}
	b, err := s.Sales.CloseBasket(ctx, viewer(ctx), sales.BasketID(in.ID), reference)
	return s.basketAnswer(ctx, &b, err, in.LanguageInput)
}

func (s *server) basketAnswer(ctx context.Context, b *sales.Basket, err error, l LanguageInput) (*basketOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &basketOutput{Status: http.StatusOK, Body: s.basket(ctx, b, l)}
	if callOf(ctx).route.method != http.MethodGet {
		if state := b.State(); state == sales.BasketClosing || state == sales.BasketReview {
			out.Status = http.StatusAccepted
		}
	}
	return out, nil
}
