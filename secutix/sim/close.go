package sim

import (
	"slices"
	"time"

	"guichet/secutix/s360"
)

func (p *Platform) abandonMovements(c *call) (any, *refusal) {
	var q s360.AbandonMovementsRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	o, no := c.in.openOrder(int64(q.OrderID))
	if no != nil {
		return nil, no
	}
	if len(q.MovementIDs) == 0 {
		return nil, refuse(errMissing, "movementIds")
	}
	ids := make([]int64, len(q.MovementIDs))
	for i, id := range q.MovementIDs {
		ids[i] = int64(id)
		if !o.holds(ids[i]) {
			return nil, refuse(errMovement, "order %d has no movement %d", o.ID, id)
		}
	}
	return p.drop(c, o, ids, nil)
}

// drop takes movements and fees off an open order and answers with what is gone and what is left of their lines.
func (p *Platform) drop(c *call, o *order, ids, fees []int64) (any, *refusal) {
	before := map[int64]int{}
	for _, op := range o.Operations {
		before[op.ID] = op.quantity()
	}
	ch := change{At: c.now, Do: doDrop, ID: o.ID, Movements: ids}
	if len(fees) > 0 {
		ch.Life = &lifeChange{Fees: fees}
	}
	if err := p.commit(c.in, ch); err != nil {
		return nil, p.broken(c, err)
	}
	d := &s360.OrderUpdateData{OrderID: s360.ID(o.ID), OrderSecretID: o.Secret, CatalogCurrency: cash(c.in.w.Currency), RemoveMovementIDs: wireIDs(ids)}
	for _, op := range o.Operations {
		switch {
		case op.quantity() == before[op.ID]:
		case op.quantity() == 0:
			d.RemoveOperationIDs = append(d.RemoveOperationIDs, s360.ID(op.ID))
		default:
			d.OperationDataUpdates = append(d.OperationDataUpdates, c.in.operationData(o, op))
		}
	}
	return s360.OrderUpdateResult{OrderResult: c.orderOK(), OrderUpdateData: d}, nil
}

// holds says whether the order still has a movement.
func (o *order) holds(id int64) bool {
	for _, op := range o.Operations {
		for _, m := range op.Movements {
			if m.ID == id {
				return !m.Dropped
			}
		}
		if slices.Contains(op.Back, id) {
			return true
		}
	}
	return false
}

func (p *Platform) closeOrder(c *call) (any, *refusal) {
	var q s360.CloseOrderRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	o, no := p.pay(c, q)
	if no != nil {
		return nil, no
	}
	return s360.CloseOrderResult{OrderResult: c.orderOK(), OrderData: c.in.details(o, s360.GranularityTickets, c.now)}, nil
}

// pay closes an open order, which issues its tickets or takes back those it names.
func (p *Platform) pay(c *call, q s360.CloseOrderRequest) (*order, *refusal) {
	o, no := c.in.openOrder(int64(q.OrderID))
	if no != nil {
		return nil, no
	}
	contact, no := p.checkClose(c, o, q, false)
	if no != nil {
		return nil, no
	}
	return o, p.finish(c, o, c.in.paid(q.Payments, o, c.now), contact, bool(q.GenerateBarCodes))
}

// checkClose looks at who pays, how and how much; anyMethod is as in checkPayments. It returns the contact the order ends with.
func (p *Platform) checkClose(c *call, o *order, q s360.CloseOrderRequest, anyMethod bool) (string, *refusal) {
	contact := o.Contact
	if q.PurchaserInfo != nil {
		contact = q.PurchaserInfo.ContactReference
	} else if len(q.PurchasersInfo) > 0 {
		contact = q.PurchasersInfo[0].ContactReference
	}
	switch {
	case q.OrderType != "" && q.OrderType != o.kind():
		return "", refuse(errType, "order %d is a %s, not a %s", o.ID, o.kind(), q.OrderType)
	case contact != "" && !c.in.knowsContact(contact):
		return "", refuse(errContact, "no contact %s", contact)
	case o.places() == 0:
		return "", refuse(errEmpty, "order %d is empty", o.ID)
	}
	if !isRefund(o.Type) {
		if no := c.in.checkRules(o.Operations); no != nil {
			return "", no
		}
	}
	return contact, p.checkPayments(c, q.Payments, o, anyMethod)
}

// checkPayments accepts no payments at all, which means the pending account, or payments that make up the total: by the pending
// account or, with anyMethod, by any method of the point of sales that is good for it. What a refund pays back may be written
// with either sign. The pending account keeps to its limit.
func (p *Platform) checkPayments(c *call, payments s360.List[s360.PaymentInfo], o *order, anyMethod bool) *refusal {
	total, refund := o.total(), isRefund(o.Type)
	if refund && !anyMethod && !c.in.w.pendingRefunds() {
		return refuse(errMethod, "the account takes no reimbursements")
	}
	if len(payments) == 0 {
		return p.withinLimit(c.in, c.in.paid(nil, o, c.now))
	}
	var sum int64
	for _, pay := range payments {
		if no := c.in.takes(pay, o, anyMethod); no != nil {
			return no
		}
		sum += int64(pay.Amount)
	}
	if sum != total && (!refund || sum != -total) {
		return refuse(errAmount, "the payments make %d, the order is %d", sum, total)
	}
	if slices.ContainsFunc(payments, func(pay s360.PaymentInfo) bool { return pay.Amount != 0 && (pay.Amount < 0) != (sum < 0) }) {
		return refuse(errAmount, "payments of both signs")
	}
	return p.withinLimit(c.in, c.in.announced(payments, o, c.now))
}

// takes says whether one payment may be made in this way and by this contact.
func (in *institution) takes(pay s360.PaymentInfo, o *order, anyMethod bool) *refusal {
	m, ok := in.w.method(int64(pay.PaymentMethodID))
	refund := isRefund(o.Type)
	switch {
	case !ok || !anyMethod && m.ID != in.w.pendingMethod():
		return refuse(errMethod, "payment method %d is not for this account", pay.PaymentMethodID)
	case anyMethod && (refund && !m.ForReimbursement || !refund && !m.ForPayment):
		return refuse(errMethod, "payment method %s is not for this direction", m.Code)
	case refund && m.byCentre() && in.filedOnAccount(o.File):
		return refuse(errMethod, "what was paid by the pending account goes to no card")
	case pay.ContactReference != "" && !in.knowsContact(pay.ContactReference):
		return refuse(errContact, "no contact %s", pay.ContactReference)
	}
	return nil
}

// filedOnAccount says whether a sale of the file was paid by the pending account.
func (in *institution) filedOnAccount(file int64) bool {
	return slices.ContainsFunc(in.files[file].Orders, func(id int64) bool { return in.onAccount(in.orders[id]) > 0 })
}

// tickets makes a ticket for every movement that is there.
func (in *institution) tickets(o *order) []issued {
	var out []issued
	last := max(in.lastTicket, in.number(kindTicket, 0))
	for _, op := range o.Operations {
		for _, m := range op.Movements {
			if m.Dropped {
				continue
			}
			last++
			out = append(out, issued{Movement: m.ID, Ticket: last, Barcode: in.barcode(last)})
		}
	}
	return out
}

func (p *Platform) getOrderDetails(c *call) (any, *refusal) {
	var q s360.OrderDetailsRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	o := c.in.orders[int64(q.OrderID)]
	if o == nil {
		return nil, refuse(errOrderUnknown, "no order %d", q.OrderID)
	}
	switch q.Granularity {
	case "":
		q.Granularity = s360.GranularityOperations
	case s360.GranularityOperations, s360.GranularityMovements, s360.GranularityTickets:
	default:
		return nil, refuse(errInvalid, "unknown granularity %q", q.Granularity)
	}
	return s360.OrderDetailResult{OrderResult: c.orderOK(), OrderDetailsData: c.in.details(o, q.Granularity, c.now)}, nil
}

// details is an order as it stands. Barcodes appear once they are ready and were asked for.
func (in *institution) details(o *order, granularity string, now time.Time) *s360.OrderDetailsData {
	y, m, day := o.Created.In(in.zone).Date()
	d := &s360.OrderDetailsData{
		OrderID: s360.ID(o.ID), OrderState: o.shownState(), OrderType: o.kind(), OrderSecretID: o.Secret, ContactReference: o.Contact,
		CreationDateTime: s360.At(o.Created.UTC()), ReferenceDate: s360.At(time.Date(y, m, day, 0, 0, 0, 0, in.zone).UTC()),
		ExpirationDate: s360.At(o.Expires.UTC()), SaleAmount: amount(o.total()), PreSaleAmount: amount(0),
		ReservationAmount: amount(0), OptionAmount: amount(0), WaitingAccountBalanceAmount: amount(in.onAccount(o)),
		CatalogCurrency: cash(in.w.Currency), OrderOriginator: "EXTERNAL_SALE",
		SalesChannelCode: in.w.SalesChannel.Code, SalesChannelName: in.text(in.w.SalesChannel.Name),
	}
	for _, op := range o.Operations {
		if op.quantity() == 0 || o.State == stateAbandoned {
			continue
		}
		d.OperationDatas = append(d.OperationDatas, in.operationData(o, op))
		if granularity == s360.GranularityOperations {
			continue
		}
		for _, m := range in.movementsOf(op) {
			w := in.movementData(op, m)
			if granularity == s360.GranularityTickets && o.State == stateClosed {
				w.Tickets = in.moves[m.ID].order.ticketData(m, now)
			}
			d.MovementDatas = append(d.MovementDatas, w)
		}
	}
	if o.State == stateAbandoned {
		d.SaleAmount = amount(0)
	}
	d.Shipments = in.shipmentOf(o)
	if o.External != "" {
		d.Extra = s360.Members{"externalReference": raw(o.External)}
	}
	return d
}

// ticketData lists the tickets a movement had, oldest first, the last one being the one that counts.
func (o *order) ticketData(m *movement, now time.Time) s360.List[s360.TicketData] {
	if now.Before(o.BarcodesAt) && len(m.Old) == 0 {
		return nil
	}
	var out s360.List[s360.TicketData]
	for i, t := range m.Old {
		old := s360.TicketData{TicketID: s360.ID(t.Ticket), TicketState: s360.TicketInvalidated}
		if o.Generated || i > 0 {
			old.Barcode = s360.Barcode(t.Barcode)
		}
		out = append(out, old)
	}
	t := s360.TicketData{TicketID: s360.ID(m.Ticket), TicketState: o.ticketState(m)}
	if o.Generated || len(m.Old) > 0 {
		t.Barcode = s360.Barcode(m.Barcode)
	}
	return append(out, t)
}

// ticketState is the state of the ticket a movement has now.
func (o *order) ticketState(m *movement) string {
	switch {
	case m.Cancelled != 0:
		return s360.TicketCancelled
	case m.admitted == m.Barcode && (o.Generated || len(m.Old) > 0):
		return s360.TicketControlled
	case o.Generated || len(m.Old) > 0:
		return s360.TicketValid
	}
	return s360.TicketNotPrinted
}
