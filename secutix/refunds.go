package secutix

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/secutix/s360"
)

// RefundsByHand implements sales.Refunder: an institution is undone by hand unless its settings say otherwise.
func (s Sales) RefundsByHand(code domain.InstitutionCode) bool {
	i := s.byCode[code]
	return i == nil || !i.RefundOrders
}

// ExchangesByHand implements sales.Refunder: sold places are exchanged by hand unless the institution's settings say otherwise.
func (s Sales) ExchangesByHand(code domain.InstitutionCode) bool {
	i := s.byCode[code]
	return i == nil || !i.ExchangeOrders
}

// OpenRefund implements sales.Refunder. S-360: ExternalOrderFacade.createOrUpdateOrder with orderType REFUND_CLIENT in the
// sale's file. No documentation shows the call; the shape is the client's proposal.
func (s Sales) OpenRefund(ctx context.Context, o sales.Order, r sales.Refund, movements []int64) (sales.RefundSeen, error) {
	ctx = forOrder(ctx, o)
	i, err := s.of(o.Institution)
	if err != nil {
		return sales.RefundSeen{}, err
	}
	pos, err := s.point(ctx, i)
	if err != nil {
		return sales.RefundSeen{}, certain(err)
	}
	client := i.client.WithClass(classSale)
	operations, err := refundOperations(ctx, client, o, movements)
	if err != nil {
		return sales.RefundSeen{}, certain(toError(err, i.Words...))
	}
	answer, err := client.OrderFacade.CreateOrUpdateOrder(ctx, s360.CreateOrUpdateOrderRequest{
		PointOfSalesID: s360.ID(pos.inst.PointOfSales.ID), FileID: s360.ID(o.Platform.FileID), OrderType: s360.OrderTypeRefundClient,
		PurchasersInfo: s360.List[s360.ContactData]{{ContactReference: i.contact(o)}}, ExternalReference: r.ID, RefundOperations: operations,
	})
	if err != nil {
		return sales.RefundSeen{}, toError(err, i.Words...)
	}
	d := answer.OrderUpdateData
	if d == nil || d.OrderID == 0 {
		return sales.RefundSeen{}, unclear("the platform's answer names no refund order")
	}
	var total int64
	for _, op := range d.OperationDataUpdates {
		if op.TotalAmount == nil {
			return sales.RefundSeen{}, unclear("the platform gave a refund without an amount")
		}
		total += int64(*op.TotalAmount)
	}
	back, err := refundAmount(total, pos.inst.Currency)
	if err != nil {
		return sales.RefundSeen{}, unclear("the platform gave a refund that cannot be written in the currency")
	}
	return sales.RefundSeen{
		State: sales.PlatformOpen, Back: back, Platform: sales.PlatformRef{OrderID: int64(d.OrderID), SecretID: d.OrderSecretID, FileID: o.Platform.FileID},
	}, nil
}

// unclear is an answer after which nobody knows what was done.
func unclear(text string) error {
	e := domain.Errorf(domain.Upstream, domain.CodePlatformAnswer, "%s", text)
	e.Uncertain = true
	return e
}

// refundAmount is what comes back, from the total of a refund order: S-360's sign is not known, so both are read.
func refundAmount(thousandths int64, currency domain.Currency) (domain.Money, error) {
	if thousandths < 0 {
		thousandths = -thousandths
	}
	return domain.MoneyFromThousandths(thousandths, currency)
}

// refundOperations groups the movements by the sold operation they belong to; it asks only where a line has several.
func refundOperations(ctx context.Context, client *s360.Client, o sales.Order, movements []int64) (s360.List[s360.RefundOperation], error) {
	of := map[int64]s360.ID{}
	sure := true
	for _, l := range o.Lines {
		for _, p := range l.Places {
			if len(l.Operations) == 1 {
				of[p.Movement] = s360.ID(l.Operations[0])
			} else if slices.Contains(movements, p.Movement) {
				sure = false
			}
		}
	}
	if !sure {
		answer, err := client.Orders.GetOrderDetails(ctx, s360.OrderDetailsRequest{OrderID: s360.ID(o.Platform.OrderID), Granularity: s360.GranularityMovements})
		if err != nil {
			return nil, err
		}
		if d := answer.OrderDetailsData; d != nil {
			for _, m := range d.MovementDatas {
				of[int64(m.MovementID)] = m.OperationID
			}
		}
	}
	var list s360.List[s360.RefundOperation]
	for _, m := range movements {
		at := slices.IndexFunc(list, func(r s360.RefundOperation) bool { return r.OperationID == of[m] })
		if at < 0 {
			at = len(list)
			list = append(list, s360.RefundOperation{OperationID: of[m]})
		}
		list[at].MovementIDs = append(list[at].MovementIDs, s360.ID(m))
	}
	return list, nil
}

// CloseRefund implements sales.Refunder. S-360: ExternalOrderService.closeOrder, with a payment on the pending account.
func (s Sales) CloseRefund(ctx context.Context, o sales.Order, r sales.Refund) error {
	ctx = forOrder(ctx, o)
	i, err := s.of(o.Institution)
	if err != nil {
		return err
	}
	pos, err := s.point(ctx, i)
	if err != nil {
		return certain(err)
	}
	o.Platform.OrderID, o.Total = r.Platform.OrderID, r.Quoted
	q, err := i.toClose(o, pos)
	if err != nil {
		return err
	}
	q.OrderType, q.GenerateBarCodes = s360.OrderTypeRefundClient, false
	answer, err := i.client.WithClass(classSale).Orders.CloseOrder(ctx, q)
	if err != nil {
		return toError(err, i.Words...)
	}
	if toState(answer.Issued.OrderState, sales.PlatformClosed) != sales.PlatformClosed {
		return unclear("the platform does not say that the refund is closed")
	}
	return nil
}

// DropRefund implements sales.Refunder. S-360: ExternalOrderService.abandonMovements.
func (s Sales) DropRefund(ctx context.Context, o sales.Order, r sales.Refund, movements []int64) error {
	o.Platform.OrderID = r.Platform.OrderID
	return s.Drop(ctx, o, movements)
}

// ReadRefund implements sales.Refunder. S-360: ExternalOrderService.getFileDetails, whose orders may come without their
// tickets; then getOrderDetails of the sale.
func (s Sales) ReadRefund(ctx context.Context, o sales.Order, r sales.Refund, movements []int64) (sales.RefundSeen, error) {
	ctx = forOrder(ctx, o)
	i, err := s.of(o.Institution)
	if err != nil {
		return sales.RefundSeen{}, err
	}
	pos, err := s.point(ctx, i)
	if err != nil {
		return sales.RefundSeen{}, err
	}
	client := i.client.WithClass(classSettle)
	answer, err := client.Orders.GetFileDetails(ctx, s360.FileDetailsRequest{FileID: s360.ID(o.Platform.FileID)})
	if err != nil {
		return sales.RefundSeen{}, toError(err, i.Words...)
	}
	file := refundFile{order: &o, refund: &r, movements: movements, currency: pos.inst.Currency, cancelled: map[int64]bool{}}
	for at := range answer.OrderDetailsDatas {
		file.look(&answer.OrderDetailsDatas[at])
	}
	if !file.told {
		sale, err := client.Orders.GetOrderDetails(ctx, s360.OrderDetailsRequest{OrderID: s360.ID(o.Platform.OrderID), Granularity: s360.GranularityTickets})
		if err != nil {
			return sales.RefundSeen{}, toError(err, i.Words...)
		}
		if sale.OrderDetailsData != nil {
			file.lookAtSale(sale.OrderDetailsData)
		}
	}
	return file.seen(), nil
}

// refundFile reads what a file says of one refund.
type refundFile struct {
	order     *sales.Order
	refund    *sales.Refund
	movements []int64
	currency  domain.Currency

	told      bool           // the sale came with its tickets
	cancelled map[int64]bool // movements whose last ticket is cancelled
	found     sales.RefundSeen
	back      int64 // thousandths, over all closed refund orders of these movements
}

func (f *refundFile) look(d *s360.OrderDetailsData) {
	switch {
	case int64(d.OrderID) == f.order.Platform.OrderID:
		f.lookAtSale(d)
	case strings.Contains(strings.ToUpper(d.OrderType), "REFUND") && f.mine(d):
		state := toState(d.OrderState, sales.PlatformOpen)
		total := orderTotal(d)
		if state == sales.PlatformClosed {
			f.back += max(total, -total)
		}
		if f.found.Platform.OrderID == 0 || state == sales.PlatformClosed || f.found.State == sales.PlatformDead {
			f.found.State, f.found.Platform = state, sales.PlatformRef{OrderID: int64(d.OrderID), SecretID: d.OrderSecretID, FileID: f.order.Platform.FileID}
			if back, err := refundAmount(total, f.currency); err == nil {
				f.found.Back = back
			}
		}
	}
}

func (f *refundFile) lookAtSale(d *s360.OrderDetailsData) {
	for _, m := range d.MovementDatas {
		if n := len(m.Tickets); n > 0 {
			f.told = true
			f.cancelled[int64(m.MovementID)] = strings.Contains(strings.ToUpper(m.Tickets[n-1].TicketState), "CANCEL")
		}
	}
}

// mine reports whether a refund order of the file is this refund's: by its number, by our reference, or by what it takes
// back where it is no other refund's of ours.
func (f *refundFile) mine(d *s360.OrderDetailsData) bool {
	if f.refund.Platform.OrderID != 0 && int64(d.OrderID) == f.refund.Platform.OrderID {
		return true
	}
	var reference string
	if raw, ok := d.Extra["externalReference"]; ok && json.Unmarshal(raw, &reference) == nil && reference == f.refund.ID {
		return true
	}
	if slices.ContainsFunc(f.order.Refunds, func(r sales.Refund) bool {
		return r.ID != f.refund.ID && (r.Platform.OrderID == int64(d.OrderID) || reference == r.ID)
	}) {
		return false
	}
	return slices.ContainsFunc(d.MovementDatas, func(m s360.MovementData) bool { return slices.Contains(f.movements, int64(m.MovementID)) })
}

// orderTotal is an order's amount in thousandths.
func orderTotal(d *s360.OrderDetailsData) int64 {
	if d.SaleAmount != nil && *d.SaleAmount != 0 {
		return int64(*d.SaleAmount)
	}
	var sum int64
	for _, op := range d.OperationDatas {
		if op.TotalAmount != nil {
			sum += int64(*op.TotalAmount)
		}
	}
	return sum
}

func (f *refundFile) seen() sales.RefundSeen {
	all := len(f.movements) > 0
	for _, m := range f.movements {
		all = all && f.cancelled[m]
	}
	switch {
	case all, f.found.State == sales.PlatformClosed && !f.refund.ByHand: // our own order is closed: what its tickets say may lag
		f.found.State = sales.PlatformClosed
		f.found.Back = f.refund.Quoted
		if back, err := refundAmount(f.back, f.currency); err == nil && f.back != 0 {
			f.found.Back = back
		}
	case f.found.Platform.OrderID == 0, f.found.State == sales.PlatformClosed: // by hand, and a ticket is still good: not the whole of it
		f.found.State = sales.PlatformDead
	}
	return f.found
}
