package sim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// The business errors of the payment centre (proposed).
const (
	errPaying      = "error.order.state.payment"
	errTransaction = "error.payment.transaction.unknown"
)

// statePaying is what answers say of an open order whose buyer is at the payment centre (proposed).
const statePaying = "WAITING_PAYMENT"

// What a payment centre brings into an order's life.
const (
	doFail   = "fail"   // a payment failed: the order is abandoned and remembers its places
	doReopen = "reopen" // such an order got its places back
)

// byCentre says whether a payment goes through the payment centre: cards do, unless staff look at them.
func (m PaymentMethod) byCentre() bool {
	return strings.Contains(m.Type, "CARD") && !strings.Contains(m.Type, "MANUAL")
}

func (w World) method(id int64) (PaymentMethod, bool) {
	i := slices.IndexFunc(w.PaymentMethods, func(m PaymentMethod) bool { return m.ID == id })
	if i < 0 {
		return PaymentMethod{}, false
	}
	return w.PaymentMethods[i], true
}

// paying says whether the order's buyer is at the payment centre.
func (o *order) paying() bool { return o.State == stateRunning && len(o.Attempt) > 0 }

// shownState is the order's state as answers tell it.
func (o *order) shownState() string {
	if o.paying() {
		return statePaying
	}
	return o.State
}

// onAccount is what an order put on the pending account.
func (in *institution) onAccount(o *order) int64 {
	var sum int64
	for _, pay := range o.Payments {
		if pay.State == s360.PaymentPaid && pay.Method == in.w.pendingMethod() {
			sum += pay.Amount
		}
	}
	return sum
}

// post puts on the pending account what of a closed order was paid by it.
func (in *institution) post(o *order, at time.Time) {
	if !slices.ContainsFunc(o.Payments, func(pay payment) bool { return pay.State == s360.PaymentPaid && pay.Method == in.w.pendingMethod() }) {
		return
	}
	sum := in.onAccount(o)
	in.postings = append(in.postings, posting{Order: o.ID, At: at, Amount: sum, Method: in.w.pendingMethod()})
	in.balance += sum
}

// withinLimit refuses what would take the pending account over its limit. What lowers the account is always taken.
func (p *Platform) withinLimit(in *institution, payments []payment) *refusal {
	var sum int64
	for _, pay := range payments {
		if pay.Method == in.w.pendingMethod() {
			sum += pay.Amount
		}
	}
	if p.AccountLimit > 0 && sum > 0 && in.balance+sum > p.AccountLimit {
		return refuse(errLimit, "the pending account would pass its limit")
	}
	return nil
}

// createPaymentsAndCloseOrder pays by any method of the point of sales. With a card the order waits for the payment centre:
// it is closed, or abandoned, by notifyOrder.
func (p *Platform) createPaymentsAndCloseOrder(c *call) (any, *refusal) {
	var q s360.CreatePaymentsAndCloseOrderRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	o, no := c.in.openOrder(int64(q.OrderID))
	switch {
	case no != nil:
		return nil, no
	case len(q.Payments) == 0:
		return nil, refuse(errMissing, "payments")
	}
	if no := c.in.checkParams(q.PaymentParams, o); no != nil {
		return nil, no
	}
	contact, no := p.checkClose(c, o, s360.CloseOrderRequest{OrderType: q.OrderType, PurchasersInfo: q.PurchasersInfo, Payments: q.Payments}, true)
	if no != nil {
		return nil, no
	}
	made := c.in.announced(q.Payments, o, c.now)
	if !c.in.toCentre(made, o) {
		no = p.finish(c, o, paidOff(made), contact, true)
	} else {
		next := o.aside
		next.Payments, next.Attempt, next.Buyer = given(o.Payments, nil, s360.PaymentAbandoned), nil, contact
		for _, pay := range made {
			next.Attempt = append(next.Attempt, pay.ID)
		}
		if next.Payments = append(next.Payments, made...); len(next.Payments) > maxPayments {
			return nil, refuse(errLimitReached, "an order has at most %d payments", maxPayments)
		}
		_, no = p.setAside(c, o, next)
	}
	if no != nil {
		return nil, no
	}
	return s360.CreatePaymentsAndCloseOrderResult{
		OrderResult: c.orderOK(), PaymentDetails: c.in.paymentDetails(o), OrderData: c.in.details(o, s360.GranularityTickets, c.now),
	}, nil
}

// checkParams looks at what is said for the payment widget.
func (in *institution) checkParams(q *s360.PaymentParams, o *order) *refusal {
	switch {
	case q == nil:
		return nil
	case q.ContactNumber != "" && !in.knowsContact(q.ContactNumber):
		return refuse(errContact, "no contact %s", q.ContactNumber)
	case q.TotalAmount != 0 && int64(q.TotalAmount) != o.total():
		return refuse(errAmount, "totalAmount is %d, the order is %d", q.TotalAmount, o.total())
	}
	return nil
}

// toCentre hands the cards among the payments of a sale to the payment centre and says whether there were any. Each gets the
// number of a transaction. A card gets its money back without its holder.
func (in *institution) toCentre(made []payment, o *order) bool {
	last, any := in.lastTransaction, false
	for i := range made {
		if m, _ := in.w.method(made[i].Method); m.byCentre() && !isRefund(o.Type) {
			last++
			made[i].Transaction, made[i].State, any = last, s360.PaymentInProgress, true
		}
	}
	return any
}

// paidOff is the payments once they are made.
func paidOff(payments []payment) []payment {
	out := slices.Clone(payments)
	for i := range out {
		out[i].State = s360.PaymentPaid
	}
	return out
}

// given is the payments with those that are not decided, and are among ids unless ids is nil, given up.
func given(payments []payment, ids []int64, state string) []payment {
	out := slices.Clone(payments)
	for i, pay := range out {
		if pay.undecided() && (ids == nil || slices.Contains(ids, pay.ID)) {
			out[i].State = state
		}
	}
	return out
}

// undecided says whether a payment is neither made nor given up.
func (pay payment) undecided() bool {
	return pay.State == s360.PaymentWaiting || pay.State == s360.PaymentInProgress || pay.State == s360.PaymentAuthorized
}

// attempt lists the payments the order waits for.
func (o *order) attempt() []payment {
	var out []payment
	for _, pay := range o.Payments {
		if slices.Contains(o.Attempt, pay.ID) {
			out = append(out, pay)
		}
	}
	return out
}

// notifyOrder ends an attempt as the payment centre decided it. Told again, it answers how the order stands.
func (p *Platform) notifyOrder(c *call) (any, *refusal) {
	var q s360.NotifyOrderRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	o := c.in.orders[int64(q.OrderID)]
	ours := func(pay payment) bool {
		return pay.Transaction != 0 && (q.TransactionID == 0 || pay.Transaction == int64(q.TransactionID))
	}
	switch {
	case o == nil:
		return nil, refuse(errOrderUnknown, "no order %d", q.OrderID)
	case !slices.ContainsFunc(o.Payments, ours):
		return nil, refuse(errTransaction, "order %d has no such transaction", o.ID)
	case o.Lapsed:
		return nil, refuse(errExpired, "order %d has expired", o.ID)
	}
	if o.paying() {
		if no := p.decide(c, o); no != nil {
			return nil, no
		}
	}
	return s360.NotifyOrderResult{
		OrderResult: c.orderOK(), PaymentDetails: c.in.paymentDetails(o), OrderData: c.in.details(o, s360.GranularityTickets, c.now),
	}, nil
}

// decide closes or abandons an order whose payments are all decided.
func (p *Platform) decide(c *call, o *order) *refusal {
	list := o.attempt()
	is := func(state string) func(payment) bool { return func(pay payment) bool { return pay.State == state } }
	switch {
	case slices.ContainsFunc(list, is(s360.PaymentFailed)) || slices.ContainsFunc(list, is(s360.PaymentCancelledByUser)):
		ch := change{At: c.now, Do: doFail, ID: o.ID, Life: &lifeChange{Payments: given(o.Payments, nil, s360.PaymentAbandoned)}}
		if err := p.commit(c.in, ch); err != nil {
			return p.broken(c, err)
		}
		return nil
	case slices.ContainsFunc(list, is(s360.PaymentInProgress)):
		return refuse(errPaymentState, "the payment centre waits for the buyer")
	}
	if no := p.withinLimit(c.in, list); no != nil {
		return no
	}
	return p.finish(c, o, paidOff(list), o.Buyer, true)
}

// reopenOrder opens an order for another attempt to pay. An order that is open stays as it is.
func (p *Platform) reopenOrder(c *call) (any, *refusal) {
	var q s360.ReopenOrderRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	o := c.in.orders[int64(q.OrderID)]
	switch {
	case o != nil && o.paying():
		next := o.aside
		next.Payments, next.Attempt, next.Buyer = given(o.Payments, nil, s360.PaymentAbandoned), nil, ""
		if _, no := p.setAside(c, o, next); no != nil {
			return nil, no
		}
	case o != nil && len(o.Lost) > 0:
		if no := p.reopen(c, o); no != nil {
			return nil, no
		}
	default:
		var no *refusal
		if o, no = c.in.openOrder(int64(q.OrderID)); no != nil {
			return nil, no
		}
	}
	return s360.OrderDetailResult{OrderResult: c.orderOK(), OrderDetailsData: c.in.details(o, s360.GranularityMovements, c.now)}, nil
}

// reopen takes the places of an order whose payment failed again, all or none.
func (p *Platform) reopen(c *call, o *order) *refusal {
	end := o.Created.Add(p.maxLifetime())
	if !c.now.Before(end) {
		return refuse(errExpired, "order %d has expired", o.ID)
	}
	need := map[*pool]int{}
	for _, id := range o.Lost {
		at := c.in.moves[id]
		pl, err := c.in.stockOf(at.op, at.m)
		if err != nil {
			return p.broken(c, err)
		}
		perf := c.in.perfOf[at.op.Performance]
		need[pl]++
		switch {
		case perf != nil && perf.canceled:
			return refuse(errCanceled, "performance %d is canceled", perf.id)
		case perf != nil && !perf.onSale(c.now):
			return refuse(errSalePeriod, "performance %d is not on sale", perf.id)
		case pl.free(c.now) < need[pl] || at.m.Seat >= 0 && !pl.seatFree(at.m.Seat):
			return refuse(errAvailability, "the places of order %d are no longer there", o.ID)
		}
	}
	if until := c.now.Add(p.holdLifetime()); until.Before(end) {
		end = until
	}
	if err := p.commit(c.in, change{At: c.now, Do: doReopen, ID: o.ID, Until: end, Life: &lifeChange{}}); err != nil {
		return p.broken(c, err)
	}
	return nil
}

// applyFail abandons an order whose payment failed. It remembers the places it had, to be reopened.
func (in *institution) applyFail(o *order, c change) error {
	o.Lost = nil
	for _, op := range o.Operations {
		for _, m := range op.Movements {
			if m.Dropped {
				continue
			}
			if err := in.giveBack(op, m); err != nil {
				return fmt.Errorf("fail %d: %w", o.ID, err)
			}
			o.Lost = append(o.Lost, m.ID)
			in.stockMoved(op, c.At)
		}
	}
	o.Payments, o.Attempt, o.State = c.Life.Payments, nil, stateAbandoned
	delete(in.open, o.ID)
	return nil
}

// applyReopen gives an order the places back that it lost with its payment.
func (in *institution) applyReopen(o *order, c change) error {
	for _, id := range o.Lost {
		at, ok := in.moves[id]
		if !ok || at.order != o || !at.m.Dropped {
			return fmt.Errorf("reopen %d: movement %d is not lost", o.ID, id)
		}
		pl, err := in.stockOf(at.op, at.m)
		if err != nil {
			return fmt.Errorf("reopen %d: %w", o.ID, err)
		}
		if at.m.Seat >= 0 {
			if !pl.seatFree(at.m.Seat) {
				return fmt.Errorf("reopen %d: seat %d is taken", o.ID, at.m.Seat)
			}
			pl.taken[int32(at.m.Seat)] = id
		}
		pl.held++
		at.m.Dropped = false
		in.stockMoved(at.op, c.At)
	}
	o.Lost, o.State, o.Expires = nil, stateRunning, c.Until
	in.open[o.ID] = o
	return nil
}

// movePayment is the buyer at the payment centre: authorize, decline or cancel a transaction.
func (p *Platform) movePayment(r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	state, known := map[string]string{
		"authorize": s360.PaymentAuthorized, "decline": s360.PaymentFailed, "cancel": s360.PaymentCancelledByUser,
	}[r.PathValue("what")]
	if err != nil || !known {
		return nil, wrong(http.StatusNotFound, "a transaction's number, then authorize, decline or cancel")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	in, err := p.asked(r)
	if err != nil {
		return nil, err
	}
	o, i := in.transaction(id)
	if o == nil {
		return nil, wrong(http.StatusNotFound, "no transaction %d", id)
	}
	if !o.paying() || o.Payments[i].State != s360.PaymentInProgress {
		return nil, wrong(http.StatusUnprocessableEntity, "transaction %d is %s", id, o.Payments[i].State)
	}
	next := o.aside
	next.Payments = slices.Clone(o.Payments)
	next.Payments[i].State = state
	if err := p.commit(in, change{At: p.clock.Now(), Do: doAside, ID: o.ID, Life: &lifeChange{Aside: &next}}); err != nil {
		return nil, err
	}
	return map[string]any{"transaction": id, "order": o.ID, "status": state}, nil
}

// transaction finds the payment of a transaction.
func (in *institution) transaction(id int64) (*order, int) {
	for _, o := range in.orders {
		if i := slices.IndexFunc(o.Payments, func(pay payment) bool { return pay.Transaction == id }); id != 0 && i >= 0 {
			return o, i
		}
	}
	return nil, 0
}

// finish closes an order with these payments, which issues its tickets or takes back those it names.
func (p *Platform) finish(c *call, o *order, payments []payment, contact string, barcodes bool) *refusal {
	ch := change{
		At: c.now, Do: doClose, ID: o.ID, Amount: o.total(), Method: c.in.w.pendingMethod(), Contact: contact,
		Generated: barcodes, Tickets: c.in.tickets(o), Until: c.now.Add(p.BarcodeDelay), Life: &lifeChange{Payments: payments},
	}
	if c.has(LateBarcodes) {
		ch.Until = c.now.Add(orElse(c.fault.Late, 10*time.Second))
	}
	if err := p.commit(c.in, ch); err != nil {
		return p.broken(c, err)
	}
	return nil
}
