package secutix

import (
	"context"
	"slices"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/secutix/s360"
)

// Add implements sales.Changer. S-360: ExternalOrderFacade.createOrUpdateOrder with the order's number, whose answer is a
// delta: what the order held before is left out of it here, in case an instance names it.
func (s Sales) Add(ctx context.Context, o sales.Order, lines []sales.Line) (sales.Hold, error) {
	ctx = forOrder(ctx, o)
	i, err := s.of(o.Institution)
	if err != nil {
		return sales.Hold{}, err
	}
	pos, err := s.point(ctx, i)
	if err != nil {
		return sales.Hold{}, certain(err)
	}
	held := o.Lines
	o.Lines = lines
	r := i.toCreate(o, pos)
	r.OrderID = s360.ID(o.Platform.OrderID)
	client := i.client.WithClass(classSale)
	answer, err := client.OrderFacade.CreateOrUpdateOrder(ctx, r)
	if err != nil {
		s.giveBackPart(ctx, client, answer.OrderUpdateData, sales.Movements(held)...)
		return sales.Hold{}, toError(err, i.Words...)
	}
	d := answer.OrderUpdateData
	switch {
	case d == nil:
		return sales.Hold{}, unclear("the platform's answer does not say what it added")
	case d.OrderID != 0 && int64(d.OrderID) != o.Platform.OrderID:
		return sales.Hold{}, unclear("the platform's answer is about another order")
	}
	return toAdded(o, held, pos.inst.Currency, d, visit{date: i.VisitDate, slot: i.VisitSlot}), nil
}

// toAdded compares what was added with what was asked. Where the platform put it into an operation that the order had, the
// operation's amount is that of all its places, and only the share of the new ones counts.
func toAdded(o sales.Order, held []sales.Line, currency domain.Currency, d *s360.OrderUpdateData, names visit) sales.Hold {
	known := sales.Movements(held)
	delta := *d
	delta.MovementDataUpdates = slices.DeleteFunc(slices.Clone(d.MovementDataUpdates), func(m s360.MovementData) bool {
		return slices.Contains(known, int64(m.MovementID))
	})
	h := toHold(o, currency, &delta, names)
	merged := func(id s360.ID) bool {
		return slices.ContainsFunc(held, func(l sales.Line) bool { return slices.Contains(l.Operations, int64(id)) })
	}
	if !slices.ContainsFunc(delta.OperationDataUpdates, func(op s360.OperationData) bool { return merged(op.OperationID) }) {
		return h
	}
	h.Total = domain.Money{Currency: currency}
	for _, l := range h.Lines {
		h.Total.Amount += l.Total.Amount
	}
	return h
}

// Drop implements sales.Changer. S-360: ExternalOrderService.abandonMovements.
func (s Sales) Drop(ctx context.Context, o sales.Order, movements []int64) error {
	ctx = forOrder(ctx, o)
	i, err := s.of(o.Institution)
	if err != nil {
		return err
	}
	if o.Platform.OrderID == 0 || len(movements) == 0 {
		return nil // nothing is held
	}
	r := s360.AbandonMovementsRequest{OrderID: s360.ID(o.Platform.OrderID)}
	for _, m := range movements {
		r.MovementIDs = append(r.MovementIDs, s360.ID(m))
	}
	if _, err := i.client.WithClass(classSale).Orders.AbandonMovements(ctx, r); err != nil {
		return toError(err, i.Words...)
	}
	return nil
}

// Look implements sales.Changer. S-360: ExternalOrderService.getOrderDetails with granularity MOVEMENTS.
func (s Sales) Look(ctx context.Context, o sales.Order) (sales.Hold, sales.PlatformState, error) {
	ctx = forOrder(ctx, o)
	i, err := s.of(o.Institution)
	if err != nil {
		return sales.Hold{}, "", err
	}
	pos, err := s.point(ctx, i)
	if err != nil {
		return sales.Hold{}, "", err
	}
	answer, err := i.client.WithClass(classSettle).Orders.GetOrderDetails(ctx, s360.OrderDetailsRequest{
		OrderID: s360.ID(o.Platform.OrderID), Granularity: s360.GranularityMovements,
	})
	if err != nil {
		return sales.Hold{}, "", toError(err, i.Words...)
	}
	d := answer.OrderDetailsData
	if d == nil {
		return sales.Hold{}, "", domain.Errorf(domain.Upstream, domain.CodePlatformAnswer, "the platform's answer has no order")
	}
	h := toSeen(o, pos.inst.Currency, d, visit{date: i.VisitDate, slot: i.VisitSlot})
	return h, toState(d.OrderState, sales.PlatformOpen), nil
}

// toSeen compares what an order holds with its lines. A place that is known finds its line by its movement, because answers of
// a read are not known to name the operation of each. An operation without a total counts its unit price as often as it has
// places; where one has neither, the order's own amount counts.
func toSeen(o sales.Order, currency domain.Currency, d *s360.OrderDetailsData, names visit) sales.Hold {
	u := &s360.OrderUpdateData{OrderID: s360.ID(o.Platform.OrderID), OrderSecretID: o.Platform.SecretID, MovementDataUpdates: d.MovementDatas}
	told := true
	for _, op := range d.OperationDatas {
		if op.TotalAmount == nil {
			var sum s360.Amount
			if op.UnitPrice != nil && op.Quantity != nil {
				sum = *op.UnitPrice * s360.Amount(*op.Quantity)
			} else {
				told = false
			}
			op.TotalAmount = &sum
		}
		u.OperationDataUpdates = append(u.OperationDataUpdates, op)
	}
	placed := map[int64]int{}
	for i, l := range o.Lines {
		for _, p := range l.Places {
			placed[p.Movement] = i
		}
	}
	h := mapHold(o, currency, u, names, placed)
	h.Platform.FileID = o.Platform.FileID
	h.ExpiresAt = toTime(d.ExpirationDate)
	if !told && d.SaleAmount != nil {
		var err error
		if h.Total, err = domain.MoneyFromThousandths(int64(*d.SaleAmount), currency); err != nil {
			h.Defect = &sales.Refusal{Kind: domain.Upstream, Code: sales.CodePriceFraction, Detail: "the platform asks for an amount that the currency cannot express"}
		}
	}
	for i := range h.Lines {
		if hl, l := &h.Lines[i], &o.Lines[i]; len(hl.Operations) == 0 && len(hl.Places) > 0 { // nothing says what it costs
			hl.UnitPrice, hl.Operations = l.UnitPrice, l.Operations
			hl.Total = domain.Money{Amount: l.UnitPrice.Amount * int64(len(hl.Places)), Currency: currency}
		}
	}
	return h
}
