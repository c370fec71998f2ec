package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
	"guichet/secutix/s360"
	"guichet/secutix/sim"
)

func byOrder(i *InstitutionConfig) { i.Refunds = "order" }

// named is the only case of a kind.
func named(t *testing.T, cases map[string]reconcile.Case, kind reconcile.Kind) reconcile.Case {
	t.Helper()
	for _, c := range cases {
		if c.Kind == kind {
			return c
		}
	}
	t.Fatalf("no %s among %v", kind, slices.Collect(maps.Keys(cases)))
	return reconcile.Case{}
}

// unpaid sells two orders of which the second is not among the storefront's payments, and returns it with its case.
func (l *ledgers) unpaid() (sales.Order, reconcile.Case) {
	l.t.Helper()
	var sold []sales.Order
	for n := range 3 {
		sold = append(sold, l.sell(n))
		l.platform.Clock.Advance(time.Minute)
	}
	l.payments(sold, func(i int) bool { return i == 1 })
	l.platform.Clock.Advance(2 * time.Hour)
	_, cases := l.run()
	return sold[1], named(l.t, cases, reconcile.TicketNoPayment)
}

// outcomes are what came of a case's decisions, sorted by name: several may be of one millisecond.
func (l *ledgers) outcomes(c reconcile.Case) []string {
	l.t.Helper()
	list, _, err := l.a.db.Reconcile().Log(l.t.Context(), c.ID, domain.Page{})
	if err != nil {
		l.t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, strings.TrimSpace(e.Action+" "+e.Outcome))
	}
	slices.Sort(out)
	return out
}

// agree checks that our ledger and the platform's account of us are the same.
func (l *ledgers) agree() {
	l.t.Helper()
	standing, err := l.a.account.Standing(l.t.Context(), "theatre")
	if err != nil {
		l.t.Fatal(err)
	}
	owed, err := standing.Owed.Thousandths()
	if err != nil {
		l.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	l.control.ServeHTTP(w, httptest.NewRequestWithContext(l.t.Context(), "GET", "/account?institution=theatre", http.NoBody))
	if theirs := into[struct{ Balance int64 }](l.t, w.Body.Bytes()).Balance; owed != theirs {
		l.t.Errorf("we owe %d thousandths, the platform says %d", owed, theirs)
	}
	if err := l.platform.Check(); err != nil {
		l.t.Error(err)
	}
}

// A sale that nobody paid is undone from its case: once, however often it is decided, and the books agree with the platform.
func TestReconcile_Refund_OfAnUnpaidSale_IsMadeOnce(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedgers(t, database(t, t.TempDir()), byOrder)
			o, c := l.unpaid()
			l.decide(c, reconcile.Refund, 200)
			if o = l.order(string(o.ID)); o.Status != sales.Cancelled || len(o.Refunds) != 1 {
				t.Fatalf("the order is %s with %d refunds", o.Status, len(o.Refunds))
			}
			if c, err := l.a.db.Reconcile().Case(t.Context(), c.ID); err != nil || c.State != reconcile.Closed || c.Decision.Outcome != "done" {
				t.Errorf("case %+v, %v", c, err)
			}
			l.decide(c, reconcile.Refund, 409)
			if got := strings.Join(l.outcomes(c), ", "); got != "case.closed the difference is gone, case.refund, case.refund.outcome done" {
				t.Errorf("audit log: %s", got)
			}
			l.agree()
		})
	}
}

// A refund whose answer is lost is under way; deciding it again asks for nothing twice, and what came of it is told.
func TestReconcile_Refund_AnswerLost_IsUnderWayAndThenDone(t *testing.T) {
	t.Parallel()
	l := newLedgers(t, databases(t)["sqlite"](t, t.TempDir()), byOrder)
	first := l.sell(1)
	l.platform.Clock.Advance(time.Minute)
	second := l.sell(2)
	l.alter(second, func(o *sales.Order) { o.PaymentReference = first.PaymentReference })
	l.platform.Clock.Advance(time.Minute)
	at := l.platform.Clock.Now().Format(time.RFC3339)
	l.payments(nil, nil, fmt.Sprintf("theatre,a,%s,%s,EUR,%s\n", first.PaymentReference, first.Total.Decimal(), at),
		fmt.Sprintf("theatre,b,%s,%s,EUR,%s\n", first.PaymentReference, first.Total.Decimal(), at))
	l.platform.Clock.Advance(2 * time.Hour)
	_, cases := l.run()
	c := named(t, cases, reconcile.DoublePayment)
	l.platform.Fault("closeOrder", sim.Fault{Kind: sim.CutAfterCommit, Times: 1})
	l.decide(c, reconcile.Refund, 200)
	if o := l.order(string(second.ID)); o.Status != sales.Cancelling {
		t.Fatalf("the newer order is %s", o.Status)
	}
	l.decide(c, reconcile.Refund, 200) // to see how far it is
	l.decide(c, reconcile.Accept, 409)
	l.platform.Clock.Advance(5 * time.Minute)
	if _, err := l.a.sales.SettleDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o := l.order(string(second.ID)); o.Status != sales.Cancelled || len(o.Refunds) != 1 {
		t.Fatalf("the newer order is %s with %d refunds", o.Status, len(o.Refunds))
	}
	_, cases = l.run()
	if c = named(t, cases, reconcile.DoublePayment); c.State != reconcile.Decided || c.Decision.Outcome != "done" {
		t.Errorf("case %+v with %+v", c, c.Decision)
	}
	l.decide(c, reconcile.Refund, 409)
	if o := l.order(string(first.ID)); o.Status != sales.Issued {
		t.Errorf("the older order is %s", o.Status)
	}
	if got := strings.Join(l.outcomes(c), ", "); got != "case.refund, case.refund, case.refund.outcome done, case.refund.outcome under_way, case.refund.outcome under_way" {
		t.Errorf("audit log: %s", got)
	}
	l.agree()
}

// What was scanned at a gate is not undone, and what the institution undoes by hand waits for it.
func TestReconcile_Refund_ScannedOrByHand(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]struct {
		scanned        bool
		status         int
		outcome, state string
		change         func(*InstitutionConfig)
	}{
		"scanned": {scanned: true, status: 409, outcome: "ticket.used", state: "issued", change: byOrder},
		"by hand": {status: 200, outcome: "by_hand", state: "review", change: func(*InstitutionConfig) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedgers(t, databases(t)["sqlite"](t, t.TempDir()), what.change)
			o, c := l.unpaid()
			if what.scanned {
				_, err := l.a.institutions.Client("theatre").Control.BurnTicket(t.Context(), s360.ControlledTicketRequest{BarCodeOrTaxNumber: s360.Barcode(o.Tickets[0].Barcode)})
				if err != nil {
					t.Fatal(err)
				}
			}
			l.decide(c, reconcile.Refund, what.status)
			got, err := l.a.db.Reconcile().Case(t.Context(), c.ID)
			if err != nil || got.Decision == nil || got.Decision.Outcome != what.outcome {
				t.Errorf("case %+v with %+v, %v", got, got.Decision, err)
			}
			if o = l.order(string(o.ID)); string(o.Status) != what.state {
				t.Errorf("the order is %s, want %s", o.Status, what.state)
			}
			l.agree()
		})
	}
}

// A payment for nothing and the second payment of one sale have no sale to undo: the money is the storefront's.
func TestReconcile_Refund_NothingToUndo_IsRefused(t *testing.T) {
	t.Parallel()
	l := newLedgers(t, databases(t)["sqlite"](t, t.TempDir()), byOrder)
	o := l.sell(1)
	at := l.platform.Clock.Now().Format(time.RFC3339)
	for _, id := range []string{"a", "b"} {
		l.payments(nil, nil, fmt.Sprintf("theatre,%s,%s,%s,EUR,%s\n", id, o.PaymentReference, o.Total.Decimal(), at), fmt.Sprintf("theatre,nobody-%s,PSP-none-%s,1.00,EUR,%s\n", id, id, at))
	}
	l.platform.Clock.Advance(2 * time.Hour)
	_, cases := l.run()
	for _, c := range cases {
		l.decide(c, reconcile.Refund, 422)
		if got, err := l.a.db.Reconcile().Case(t.Context(), c.ID); err != nil || got.Decision.Outcome != reconcile.CodeCaseAction {
			t.Errorf("%s: %+v, %v", c.Kind, got.Decision, err)
		}
		l.decide(c, reconcile.AskStorefront, 200)
	}
	if o = l.order(string(o.ID)); len(cases) != 3 || o.Status != sales.Issued {
		t.Errorf("%d cases, the order is %s", len(cases), o.Status)
	}
}

// Paid, sold at the platform and lost here: it is taken over and undone, and both books show it.
func TestReconcile_Refund_OfASaleThatWeLost_TakesItOverFirst(t *testing.T) {
	t.Parallel()
	for kind := range map[reconcile.Kind]bool{reconcile.PlatformSold: true, reconcile.PaidNoTicket: true} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			l := newLedgers(t, databases(t)["sqlite"](t, t.TempDir()), byOrder)
			id := l.lost("PSP-lost")
			at := l.platform.Clock.Now().Format(time.RFC3339)
			l.payments(nil, nil, fmt.Sprintf("theatre,a,PSP-lost,%s,EUR,%s\n", l.order(id).Total.Decimal(), at))
			l.platform.Clock.Advance(2 * time.Hour)
			_, cases := l.run()
			l.decide(named(t, cases, kind), reconcile.Refund, 200)
			o := l.order(id)
			postings, err := l.a.account.PostingsOf(t.Context(), id)
			if err != nil || o.Status != sales.Cancelled || len(o.Tickets) != 2 || len(postings) != 2 {
				t.Errorf("the order is %s with %d tickets and %d postings, %v", o.Status, len(o.Tickets), len(postings), err)
			}
			if _, left := l.run(); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
			l.agree()
		})
	}
}
