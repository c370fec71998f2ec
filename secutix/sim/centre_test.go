package sim

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pays is one payment by a method of the world, such as "CB".
func (d *desk) pays(method string, amount int64) object {
	d.t.Helper()
	for _, m := range d.in.w.PaymentMethods {
		if m.Code == method {
			return object{"amount": amount, "paymentMethodId": m.ID}
		}
	}
	d.t.Fatalf("no payment method %s", method)
	return nil
}

func paidBy(order int64, payments ...object) object {
	return object{"orderId": order, "isConvertedReservation": false, "createToken": false, "payments": payments, "maxWaitingTime": 0}
}

// transactions lists the numbers of the payment centre in an answer.
func transactions(o object) []int64 {
	var out []int64
	for _, pay := range o.list("paymentDetails") {
		if id := pay.get("epcTransactionData").id("transactionId"); id != 0 {
			out = append(out, id)
		}
	}
	return out
}

func statuses(o object) []string {
	var out []string
	for _, pay := range o.list("paymentDetails") {
		out = append(out, pay.str("paymentStatus"))
	}
	return out
}

func (d *desk) atCentre(transaction int64, what string, want int) {
	d.t.Helper()
	if status, o := control(d.t, d.p, "POST", "/payments/"+text(transaction)+"/"+what+"?institution="+d.in.w.Code, ""); status != want {
		d.t.Errorf("%s: %d %v, want %d", what, status, o, want)
	}
}

func (d *desk) balance() int64 {
	d.t.Helper()
	_, o := control(d.t, d.p, "GET", "/account?institution="+d.in.w.Code, "")
	return o.id("balance")
}

func (d *desk) differs(what string, got, want any) {
	d.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		d.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestCentre_ACard_ClosesTheOrderOnceItIsNotified(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	p := newPlatform(t, func(p *Platform) { p.Journal, p.TokenAge = journal, time.Hour })
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	before := d.left(perf, "CAT1")
	id, total := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 2)))
	body := paidBy(id, d.pays("CB", total-1000), d.pays("PENDING", 1000))
	body["purchasersInfo"] = []object{{"contactReference": d.in.w.Contacts[0]}}
	begun := d.must(theFacade, "createPaymentsAndCloseOrder", body)
	d.differs("begun", statuses(begun), []string{"IN_PROGRESS", "WAITING"})
	if got := begun.get("orderData").str("orderState"); got != statePaying || len(states(begun.get("orderData"))) != 0 {
		t.Errorf("begun: %v", begun)
	}
	tx := transactions(begun)
	if len(tx) != 1 {
		t.Fatalf("transactions: %v", tx)
	}

	// While the buyer is away nobody changes the order.
	more := d.entries(d.line(perf, "CAT1", "PLEIN", 1))
	more["orderId"] = id
	d.refused(theFacade, "createOrUpdateOrder", more, errPaying)
	d.refused(theFacade, "createPaymentsAndCloseOrder", body, errPaying)
	d.refused(orders, "closeOrder", d.closing(id, total), errPaying)
	movement := d.must(orders, "getOrderDetails", object{"orderId": id, "granularity": "MOVEMENTS"}).get("orderDetailsData").list("movementDatas")[0].id("movementId")
	d.refused(orders, "abandonMovements", object{"orderId": id, "movementIds": []int64{movement}}, errPaying)
	d.refused(orders, "notifyOrder", object{"orderId": id}, errPaymentState)
	d.refused(orders, "notifyOrder", object{"orderId": id, "transactionId": tx[0] + 1}, errTransaction)
	sound(t, p)

	// A restart forgets neither the wait nor the transaction.
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = newPlatform(t, func(p *Platform) { p.Journal, p.TokenAge = journal, time.Hour })
	d = at(t, p, "theatre")
	d.atCentre(tx[0], "authorize", http.StatusOK)
	d.atCentre(tx[0], "authorize", http.StatusUnprocessableEntity)
	d.atCentre(tx[0]+1, "authorize", http.StatusNotFound)
	d.atCentre(tx[0], "lose", http.StatusNotFound)
	done := d.must(orders, "notifyOrder", object{"orderId": id, "transactionId": tx[0]})
	d.differs("done", statuses(done), []string{"PAID", "PAID"})
	d.differs("tickets", states(done.get("orderData")), map[string]int{"VALID": 2})
	d.differs("notified again", d.must(orders, "notifyOrder", object{"orderId": id}), done)
	if o := d.details(id); o.str("orderState") != "CLOSED" || o.str("contactReference") != d.in.w.Contacts[0] || o.id("waitingAccountBalanceAmount") != 1000 {
		t.Errorf("closed: %v", o)
	}
	if got := d.balance(); got != 1000 {
		t.Errorf("the account stands at %d, want what was paid by it", got)
	}
	if got := d.left(perf, "CAT1"); got != before-2 {
		t.Errorf("%d left, want %d", got, before-2)
	}
	d.refused(orders, "reopenOrder", object{"orderId": id}, errClosed)
	sound(t, p)
}

func TestCentre_ACardThatFails_AbandonsTheOrder_WhichReopensWithItsPlaces(t *testing.T) {
	t.Parallel()
	for what, status := range map[string]string{"decline": "FAILED", "cancel": "CANCELLED_BY_USER"} {
		journal := filepath.Join(t.TempDir(), "journal")
		p := newPlatform(t, func(p *Platform) { p.Journal, p.TokenAge = journal, time.Hour })
		d := at(t, p, "theatre")
		perf := d.next("TARTUFFE")
		before := d.left(perf, "CAT1")
		id, total := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 3)))
		moves := d.must(orders, "getOrderDetails", object{"orderId": id, "granularity": "MOVEMENTS"}).get("orderDetailsData").list("movementDatas")
		d.must(orders, "abandonMovements", object{"orderId": id, "movementIds": []int64{moves[0].id("movementId")}})
		total = total / 3 * 2
		begun := d.must(theFacade, "createPaymentsAndCloseOrder", paidBy(id, d.pays("CB", total-500), d.pays("CASH", 500)))
		d.atCentre(transactions(begun)[0], what, http.StatusOK)
		failed := d.must(orders, "notifyOrder", object{"orderId": id})
		d.differs("failed", statuses(failed), []string{status, "ABANDONED"})
		if failed.get("orderData").str("orderState") != "ABANDONED" || d.left(perf, "CAT1") != before {
			t.Errorf("failed: %v", failed)
		}
		for _, pay := range failed.list("paymentDetails") {
			d.refused(paying, "cancelPayment", object{"paymentIds": []int64{pay.id("paymentId")}}, errPaymentState)
		}
		d.refused(orders, "closeOrder", d.closing(id, total), errAbandoned)
		sound(t, p)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}

		p = newPlatform(t, func(p *Platform) {
			p.Journal, p.TokenAge, p.Clock = journal, time.Hour, NewClock(aDay.Add(20*time.Minute))
		})
		d = at(t, p, "theatre")
		again := d.must(orders, "reopenOrder", object{"orderId": id}).get("orderDetailsData")
		var same []int64
		for _, m := range again.list("movementDatas") {
			same = append(same, m.id("seatId"))
		}
		d.differs("the places", same, []int64{moves[1].id("seatId"), moves[2].id("seatId")})
		if again.str("orderState") != "RUNNING" || again.str("expirationDate")[:16] != "2026-11-21T09:35" {
			t.Errorf("reopened: %v", again)
		}
		d.must(orders, "reopenOrder", object{"orderId": id}) // open already
		sound(t, p)
		d.must(orders, "closeOrder", d.closing(id, total))
		if got := d.left(perf, "CAT1"); got != before-2 {
			t.Errorf("%d left, want %d", got, before-2)
		}
		sound(t, p)
	}
}

func TestCentre_Reopen_NeedsThePlacesAndTheTime(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.TokenAge = 2 * time.Hour })
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	fail := func() int64 {
		t.Helper()
		id, total := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 2)))
		d.atCentre(transactions(d.must(theFacade, "createPaymentsAndCloseOrder", paidBy(id, d.pays("CB", total))))[0], "decline", http.StatusOK)
		d.must(orders, "notifyOrder", object{"orderId": id})
		return id
	}
	id := fail()
	taken, total := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 2))) // the same best places
	d.refused(orders, "reopenOrder", object{"orderId": id}, errAvailability)
	if d.details(id).str("orderState") != "ABANDONED" {
		t.Error("an order was reopened by half")
	}
	d.must(orders, "closeOrder", d.closing(taken, total))
	d.refused(orders, "reopenOrder", object{"orderId": 7}, errOrderUnknown)

	// Waiting does not outlive the hold, and a late word changes nothing.
	late, total := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 1)))
	tx := transactions(d.must(theFacade, "createPaymentsAndCloseOrder", paidBy(late, d.pays("CB", total))))[0]
	lapsed := fail()
	p.Clock.Advance(15 * time.Minute)
	d.atCentre(tx, "authorize", http.StatusUnprocessableEntity)
	d.refused(orders, "notifyOrder", object{"orderId": late}, errExpired)
	d.refused(orders, "reopenOrder", object{"orderId": late}, errExpired)
	d.differs("lapsed", statuses(d.must(paying, "checkPayment", object{"orderId": late})), []string{"ABANDONED"})
	p.Clock.Advance(45 * time.Minute)
	d.refused(orders, "reopenOrder", object{"orderId": lapsed}, errExpired)

	lost := fail()
	if status, o := control(t, p, "POST", "/performances/"+text(perf.id)+"/cancel", ""); status != http.StatusOK {
		t.Fatal(o)
	}
	d.refused(orders, "reopenOrder", object{"orderId": lost}, errCanceled)
	sound(t, p)
}

func TestCentre_AnAttemptGivenUp_LeavesTheOrderOpen(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id, total := d.hold(d.entries(d.line(d.next("TARTUFFE"), "CAT1", "PLEIN", 2)))
	split := paidBy(id, d.pays("CB", total-2000), d.pays("CB", 1000), d.pays("CASH", 1000))
	first := d.must(theFacade, "createPaymentsAndCloseOrder", split)
	if tx := transactions(first); len(tx) != 2 || tx[0] == tx[1] {
		t.Fatalf("transactions: %v", tx)
	}
	d.atCentre(transactions(first)[0], "authorize", http.StatusOK)
	d.refused(orders, "notifyOrder", object{"orderId": id}, errPaymentState) // the other card is under way
	d.must(orders, "reopenOrder", object{"orderId": id})
	second := d.must(theFacade, "createPaymentsAndCloseOrder", split)
	d.differs("second", statuses(second), []string{"ABANDONED", "ABANDONED", "ABANDONED", "IN_PROGRESS", "IN_PROGRESS", "WAITING"})
	d.atCentre(transactions(first)[1], "authorize", http.StatusUnprocessableEntity)
	third := second.list("paymentDetails")
	d.must(paying, "cancelPayment", object{"paymentIds": []int64{third[4].id("paymentId")}})
	now := d.must(paying, "checkPayment", object{"orderId": id})
	d.differs("given up", statuses(now)[3:], []string{"ABANDONED", "CANCELLED_BY_USER", "ABANDONED"})
	d.must(theFacade, "createPaymentsAndCloseOrder", paidBy(id, d.pays("CASH", total-1), d.pays("PENDING", 1)))
	if d.details(id).str("orderState") != "CLOSED" || d.balance() != 1 {
		t.Errorf("closed: %v, account %d", d.details(id), d.balance())
	}
	sound(t, p)
}

func TestCentre_WhatIsWrong_IsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	id, total := d.hold(d.entries(d.line(d.next("TARTUFFE"), "CAT1", "PLEIN", 2)))
	with := func(name string, v any) object {
		o := paidBy(id, d.pays("CB", total))
		o[name] = v
		return o
	}
	for name, c := range map[string]struct {
		body object
		want string
	}{
		"no payment":        {paidBy(id), errMissing},
		"too little":        {paidBy(id, d.pays("CB", total-1)), errAmount},
		"too much in two":   {paidBy(id, d.pays("CB", total), d.pays("CASH", 1)), errAmount},
		"a negative part":   {paidBy(id, d.pays("CB", total+1), d.pays("CASH", -1)), errAmount},
		"unknown method":    {paidBy(id, object{"amount": total, "paymentMethodId": 7}), errMethod},
		"for refunds only":  {paidBy(id, d.pays("AVOIR", total)), errMethod},
		"unknown payer":     {paidBy(id, object{"amount": total, "paymentMethodId": d.pays("CB", 1)["paymentMethodId"], "contactReference": "999999"}), errContact},
		"unknown buyer":     {with("purchasersInfo", []object{{"contactReference": "999999"}}), errContact},
		"unknown at widget": {with("paymentParams", object{"contactNumber": "999999"}), errContact},
		"another total":     {with("paymentParams", object{"totalAmount": total + 1}), errAmount},
		"another type":      {with("orderType", "REFUND_CLIENT"), errType},
		"unknown order":     {with("orderId", 5), errOrderUnknown},
		"unknown member":    {with("paymentMethod", 5), errUnknownMember},
	} {
		if o := d.call(theFacade, "createPaymentsAndCloseOrder", c.body); o.code() != c.want {
			t.Errorf("%s: %s %s, want %s", name, o.code(), o.str("statusDetail"), c.want)
		}
	}
	d.refused(orders, "closeOrder", object{"orderId": id, "generateBarCodes": true, "payments": []object{d.pays("CB", total)}}, errMethod)
	d.refused(paying, "checkPayment", object{"orderId": id, "payments": []object{d.pays("AVOIR", total)}}, errMethod)
	d.refused(orders, "notifyOrder", object{"orderId": id}, errTransaction)
	d.refused(orders, "notifyOrder", object{"orderId": 5}, errOrderUnknown)
	if got := d.must(paying, "checkPayment", object{"orderId": id}); len(got.list("paymentDetails")) != 0 || d.details(id).str("orderState") != "RUNNING" {
		t.Errorf("something was kept: %v", got)
	}
	sound(t, p)
}

// fileOfOrder reads the file of an order.
func (d *desk) fileOfOrder(id int64) object {
	d.t.Helper()
	file := d.details(id).list("operationDatas")[0].id("fileId")
	return d.must(orders, "getFileDetails", object{"fileId": file}).get("fileDetailsData")
}

func TestCentre_AFile_IsSettledAsFarAsItIsPaid(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	for want, part := range map[string]int64{"SOLDED": 0, "PART_SOLDED": 1000, "NOT_SOLDED": -1} {
		id, total := d.hold(d.entries(d.line(d.next("TARTUFFE"), "CAT1", "PLEIN", 1)))
		payments := []object{d.pays("CASH", total-part), d.pays("PENDING", part)}
		switch part {
		case 0:
			payments = payments[:1]
		case -1:
			payments = []object{d.pays("PENDING", total)}
		}
		d.must(theFacade, "createPaymentsAndCloseOrder", paidBy(id, payments...))
		if got := d.fileOfOrder(id).str("fileState"); got != want {
			t.Errorf("%d on the account: %s, want %s", part, got, want)
		}
	}
	sound(t, p)
}

func TestCentre_ARefund_GoesBackTheWayItMay(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	onAccount, total, sale := d.closedSale(perf, "CAT1", "PLEIN", 2)
	back, _ := d.hold(d.refunding(sale))
	d.refused(theFacade, "createPaymentsAndCloseOrder", paidBy(back, d.pays("CB", total)), errMethod) // it was paid by the account
	d.refused(theFacade, "createPaymentsAndCloseOrder", paidBy(back, d.pays("CASH", total)), errMethod)
	note := d.must(theFacade, "createPaymentsAndCloseOrder", paidBy(back, d.pays("AVOIR", total)))
	if pay := note.list("paymentDetails")[0]; pay.id("amount") != -total || pay.str("paymentStatus") != "PAID" || d.balance() != total {
		t.Errorf("credit note: %v, account %d", note, d.balance())
	}
	for _, order := range []int64{onAccount, back} {
		pay := d.must(paying, "checkPayment", object{"orderId": order}).list("paymentDetails")[0]
		d.refused(paying, "cancelPayment", object{"paymentIds": []int64{pay.id("paymentId")}}, errPaymentState)
	}

	byCard, total := d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", 1)))
	d.atCentre(transactions(d.must(theFacade, "createPaymentsAndCloseOrder", paidBy(byCard, d.pays("CB", total))))[0], "authorize", http.StatusOK)
	d.must(orders, "notifyOrder", object{"orderId": byCard})
	back, _ = d.hold(d.refunding(d.details(byCard)))
	given := d.must(theFacade, "createPaymentsAndCloseOrder", paidBy(back, d.pays("CB", -total)))
	d.differs("a card gets its money at once", statuses(given), []string{"PAID"})
	if given.get("orderData").str("orderState") != "CLOSED" || states(d.details(byCard))["CANCELLED"] != 1 {
		t.Errorf("refunded: %v", given)
	}
	sound(t, p)
}

func TestCancelPayment_OfSeveral_IsAllOrNone(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	d := at(t, p, "theatre")
	announce := func() (order, payment int64) {
		t.Helper()
		id, total := d.hold(d.entries(d.line(d.next("TARTUFFE"), "CAT1", "PLEIN", 1)))
		list := d.must(paying, "checkPayment", object{"orderId": id, "payments": []object{d.pays("CASH", total)}}).list("paymentDetails")
		return id, list[0].id("paymentId")
	}
	first, a := announce()
	second, b := announce()
	abandoned, c := announce()
	moves := d.must(orders, "getOrderDetails", object{"orderId": abandoned, "granularity": "MOVEMENTS"}).get("orderDetailsData").list("movementDatas")
	d.must(orders, "abandonMovements", object{"orderId": abandoned, "movementIds": []int64{moves[0].id("movementId")}})
	d.refused(paying, "cancelPayment", object{"paymentIds": []int64{a, c}}, errPaymentState)
	d.refused(paying, "cancelPayment", object{"paymentIds": []int64{a, 4}}, errPayment)
	d.refused(paying, "cancelPayment", object{"paymentIds": []int64{}}, errMissing)
	d.differs("refused", statuses(d.must(paying, "checkPayment", object{"orderId": first})), []string{"WAITING"})
	d.differs("abandoned", statuses(d.must(paying, "checkPayment", object{"orderId": abandoned})), []string{"ABANDONED"})
	d.must(paying, "cancelPayment", object{"paymentIds": []int64{a, b}})
	for _, id := range []int64{first, second} {
		d.differs("cancelled", statuses(d.must(paying, "checkPayment", object{"orderId": id})), []string{"CANCELLED_BY_USER"})
	}
	sound(t, p)
}

// The limit holds on every way to the account, and only there.
func TestAccountLimit_StandsOnEveryWay(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(p *Platform) { p.AccountLimit = 100_000 })
	d := at(t, p, "theatre")
	perf := d.next("TARTUFFE")
	hold := func(n int) (int64, int64) { t.Helper(); return d.hold(d.entries(d.line(perf, "CAT1", "PLEIN", n))) }
	full, one := hold(1)
	n := int(100_000 / one)
	waits, total := hold(n)
	tx := transactions(d.must(theFacade, "createPaymentsAndCloseOrder", paidBy(waits, d.pays("CB", 1), d.pays("PENDING", total-1))))[0]
	sold, soldTotal := hold(n)
	d.must(orders, "closeOrder", object{"orderId": sold, "generateBarCodes": true}) // now the account is full
	more, moreTotal := hold(n)
	d.refused(orders, "closeOrder", object{"orderId": more, "generateBarCodes": true}, errLimit)
	d.refused(orders, "closeOrder", d.closing(more, moreTotal), errLimit)
	d.refused(theFacade, "createPaymentsAndCloseOrder", paidBy(more, d.pays("PENDING", moreTotal)), errLimit)
	d.refused(theFacade, "createPaymentsAndCloseOrder", paidBy(more, d.pays("CB", 1), d.pays("PENDING", moreTotal-1)), errLimit)
	d.refused(paying, "checkPayment", object{"orderId": more, "payments": []object{d.pays("PENDING", moreTotal)}}, errLimit)
	d.atCentre(tx, "authorize", http.StatusOK)
	d.refused(orders, "notifyOrder", object{"orderId": waits}, errLimit) // its share of the account was taken meanwhile
	d.must(theFacade, "createPaymentsAndCloseOrder", paidBy(full, d.pays("CASH", one)))
	if d.balance() != soldTotal {
		t.Errorf("the account stands at %d", d.balance())
	}

	p.AccountLimit = 1 // what lowers the account is taken however full it is
	back, _ := d.hold(d.refunding(d.details(sold)))
	d.must(orders, "closeOrder", object{"orderId": back, "generateBarCodes": false})
	p.AccountLimit = 100_000
	d.must(orders, "notifyOrder", object{"orderId": waits})
	if d.balance() != total-1 {
		t.Errorf("the account stands at %d, want %d", d.balance(), total-1)
	}
	sound(t, p)
}
