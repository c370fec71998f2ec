package sim

import (
	"slices"
	"time"

	"guichet/secutix/s360"
)

// maxPayments bounds the payments an order remembers.
const maxPayments = 50

func paymentService() service {
	return service{module: "tnseb", name: "externalPaymentService", soap: "ExternalPaymentService", pkg: "com.secutix.service.realtime.externalpayment", versions: current(), gone: lastGone, methods: []method{
		{name: "checkPayment", do: (*Platform).checkPayment, request: s360.CheckPaymentRequest{}, result: s360.PaymentDetailResult{}},
		{name: "cancelPayment", do: (*Platform).cancelPayment, request: s360.CancelPaymentRequest{}, result: s360.WebMethodResult{}},
	}}
}

// paid lists the payments a close makes: those given, or one by the pending account.
func (in *institution) paid(given s360.List[s360.PaymentInfo], o *order, now time.Time) []payment {
	if len(given) == 0 {
		return []payment{{ID: in.nextPayment(), Amount: o.total(), Method: in.w.pendingMethod(), Contact: in.w.PartnerContact, State: s360.PaymentPaid, At: now}}
	}
	return paidOff(in.announced(given, o, now))
}

// announced gives payments their numbers, and those of a refund the sign of a refund.
func (in *institution) announced(given s360.List[s360.PaymentInfo], o *order, now time.Time) []payment {
	var sum int64
	for _, g := range given {
		sum += int64(g.Amount)
	}
	sign := int64(1)
	if sum == -o.total() {
		sign = -1
	}
	first := in.nextPayment()
	out := make([]payment, len(given))
	for i, g := range given {
		out[i] = payment{
			ID: first + int64(i), Amount: sign * int64(g.Amount), Method: int64(g.PaymentMethodID),
			Contact: cmpOr(g.ContactReference, in.w.PartnerContact), Name: g.PaymentIdentifier, State: s360.PaymentWaiting, At: now,
		}
	}
	return out
}

// checkPayment announces payments of an open order, which wait for its close, and tells how all its payments stand.
func (p *Platform) checkPayment(c *call) (any, *refusal) {
	var q s360.CheckPaymentRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	o := c.in.orders[int64(q.OrderID)]
	if o == nil {
		return nil, refuse(errOrderUnknown, "no order %d", q.OrderID)
	}
	if len(q.Payments) > 0 && o.State == stateRunning && !o.paying() {
		if no := p.checkPayments(c, q.Payments, o, true); no != nil {
			return nil, no
		}
		next := o.aside
		next.Payments = slices.DeleteFunc(slices.Clone(o.Payments), func(pay payment) bool { return pay.State == s360.PaymentWaiting })
		next.Payments = append(next.Payments, c.in.announced(q.Payments, o, c.now)...)
		if len(next.Payments) > maxPayments {
			return nil, refuse(errLimitReached, "an order has at most %d payments", maxPayments)
		}
		if _, no := p.setAside(c, o, next); no != nil {
			return nil, no
		}
	}
	return s360.PaymentDetailResult{Result: c.ok(), PaymentDetails: c.in.paymentDetails(o)}, nil
}

func (in *institution) paymentDetails(o *order) s360.List[s360.PaymentDetail] {
	var out s360.List[s360.PaymentDetail]
	for _, pay := range o.Payments {
		w := s360.PaymentDetail{
			PaymentID: s360.ID(pay.ID), Amount: s360.Amount(pay.Amount), PaymentIdentifier: pay.Name, PaymentDate: s360.At(pay.At.UTC()),
			PaymentStatus: pay.State, ContactNumber: pay.Contact, CatalogCurrency: cash(in.w.Currency),
		}
		if pay.undecided() && o.State == stateAbandoned {
			w.PaymentStatus = s360.PaymentAbandoned
		}
		m, _ := in.w.method(pay.Method)
		w.PaymentMethod = m.Code
		if pay.Transaction != 0 {
			w.EPCTransactionData = &s360.EPCTransactionData{TransactionID: s360.ID(pay.Transaction), PaymentTypes: s360.List[string]{m.Type}}
		}
		out = append(out, w)
	}
	return out
}

// cancelPayment gives payments up that are not made; with one of those an order waits for, the whole attempt. One that is made
// stays, and is undone by a refund only. All are given up or none.
func (p *Platform) cancelPayment(c *call) (any, *refusal) {
	var q s360.CancelPaymentRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if len(q.PaymentIDs) == 0 {
		return nil, refuse(errMissing, "paymentIds")
	}
	ids := make([]int64, len(q.PaymentIDs))
	var touched []*order
	for i, id := range q.PaymentIDs {
		ids[i] = int64(id)
		o, pay := c.in.paymentOf(ids[i])
		switch {
		case o == nil:
			return nil, refuse(errPayment, "no payment %d", id)
		case !pay.undecided() || o.State != stateRunning:
			return nil, refuse(errPaymentState, "payment %d is %s, its order %s", id, pay.State, o.State)
		}
		if !slices.Contains(touched, o) {
			touched = append(touched, o)
		}
	}
	for _, o := range touched {
		next := o.aside
		next.Payments = given(o.Payments, ids, s360.PaymentCancelledByUser)
		if slices.ContainsFunc(o.Attempt, func(id int64) bool { return slices.Contains(ids, id) }) {
			next.Payments, next.Attempt, next.Buyer = given(next.Payments, o.Attempt, s360.PaymentAbandoned), nil, ""
		}
		if _, no := p.setAside(c, o, next); no != nil {
			return nil, no
		}
	}
	return s360.WebMethodResult{Result: c.ok()}, nil
}

func (in *institution) paymentOf(id int64) (*order, payment) {
	for _, o := range in.orders {
		if i := slices.IndexFunc(o.Payments, func(pay payment) bool { return pay.ID == id }); i >= 0 {
			return o, o.Payments[i]
		}
	}
	return nil, payment{}
}
