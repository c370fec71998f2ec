package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
	"guichet/domain/storefront"
	"guichet/secutix/s360"
	"guichet/secutix/sim"
)

// ledgers is a service over a simulator in one process, and a storefront that sells through it.
type ledgers struct {
	t        *testing.T
	a        *app
	platform *sim.Platform
	keys     map[string]string
	body     string // of an order
	control  http.Handler
}

func newLedgers(t *testing.T, url string, change ...func(*InstitutionConfig)) *ledgers {
	t.Helper()
	p := &sim.Platform{Clock: sim.NewClock(time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)), RatePerMinute: -1, CatalogSpacing: -1, HoldLifetime: time.Hour}
	l := &ledgers{t: t, a: bench(t, url, p, change...), platform: p, keys: map[string]string{}, control: p.Control()}
	if _, err := l.a.catalog.RefreshCatalog(t.Context(), "theatre", true); err != nil {
		t.Fatal(err)
	}
	for name, scope := range map[string]storefront.Scope{"shop": storefront.ScopeSell, "ops": storefront.ScopeAdmin} {
		_, token, err := l.a.storefront.Create(t.Context(), storefront.NewKey{Storefront: name, Scopes: []storefront.Scope{scope}})
		if err != nil {
			t.Fatal(err)
		}
		l.keys[name] = token.Reveal()
	}
	v, err := l.a.catalog.View("theatre")
	if err != nil {
		t.Fatal(err)
	}
	for i := range v.Performances {
		perf := &v.Performances[i]
		for _, pr := range perf.Prices {
			if tariff := v.Tariff(pr.Tariff); l.body == "" && len(tariff.Requires) == 0 && tariff.Min <= 1 && pr.Min <= 1 && pr.Price.Amount > 0 &&
				v.SellablePerformance(perf, pr.Tariff, pr.SeatCategory, l.a.clock()).OnSale {
				l.body = fmt.Sprintf(`{"institution":"theatre","items":[{"performance":"theatre-%d","seat_category":"theatre-%d","tariff":"theatre-%d","quantity":2}]}`,
					perf.ID, pr.SeatCategory, pr.Tariff)
			}
		}
	}
	if l.body == "" {
		t.Fatal("nothing is on sale")
	}
	return l
}

// call asks the API as a storefront or operator.
func (l *ledgers) call(who, method, path, body string, want int, headers ...string) []byte {
	l.t.Helper()
	req := httptest.NewRequestWithContext(l.t.Context(), method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+l.keys[who])
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	l.a.api.ServeHTTP(w, req)
	if w.Code != want {
		l.t.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, want)
	}
	return w.Body.Bytes()
}

func into[T any](t *testing.T, raw []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return v
}

// hold holds two places and returns the order's id.
func (l *ledgers) hold(n int) string {
	l.t.Helper()
	return into[struct{ ID string }](l.t, l.call("shop", "POST", "/v1/orders", l.body, 201, "Idempotency-Key", fmt.Sprintf("hold-%d", n))).ID
}

// sell sells two places, paid under a reference of the order's own.
func (l *ledgers) sell(n int) sales.Order {
	l.t.Helper()
	id := l.hold(n)
	l.call("shop", "POST", "/v1/orders/"+id+"/close", `{"payment_reference":"PSP-`+id+`"}`, 200)
	return l.order(id)
}

func (l *ledgers) order(id string) sales.Order {
	l.t.Helper()
	o, err := l.a.db.Sales().Order(l.t.Context(), sales.OrderID(id))
	if err != nil {
		l.t.Fatal(err)
	}
	return o
}

// alter writes into our own books what nobody did.
func (l *ledgers) alter(o sales.Order, change func(*sales.Order)) {
	l.t.Helper()
	_, err := l.a.db.Sales().UpdateOrder(l.t.Context(), o.ID, func(o *sales.Order) error { change(o); return nil })
	if err != nil {
		l.t.Fatal(err)
	}
}

// steer does something at the platform behind our back.
func (l *ledgers) steer(format string, args ...any) {
	l.t.Helper()
	w := httptest.NewRecorder()
	l.control.ServeHTTP(w, httptest.NewRequestWithContext(l.t.Context(), "POST", fmt.Sprintf(format, args...)+"?institution=theatre", http.NoBody))
	if w.Code != 200 {
		l.t.Fatalf("simulator: %d %s", w.Code, w.Body)
	}
}

// run reconciles the last day and returns the run and the cases that are not closed, by kind and subject.
func (l *ledgers) run() (run reconcile.Run, cases map[string]reconcile.Case) {
	l.t.Helper()
	r := into[struct{ ID string }](l.t, l.call("ops", "POST", "/v1/admin/reconciliations", `{"institution":"theatre"}`, 202))
	for {
		if _, err := l.a.reconcile.Work(l.t.Context(), r.ID); err != nil {
			l.t.Fatal(err)
		}
		var err error
		if run, err = l.a.db.Reconcile().Run(l.t.Context(), r.ID); err != nil {
			l.t.Fatal(err)
		}
		if run.State == reconcile.RunDone {
			return run, l.open()
		}
	}
}

func (l *ledgers) open() map[string]reconcile.Case {
	l.t.Helper()
	list, _, err := l.a.db.Reconcile().Cases(l.t.Context(), reconcile.CaseQuery{States: []reconcile.State{reconcile.Open, reconcile.Decided}, Page: domain.Page{Limit: 200}})
	if err != nil {
		l.t.Fatal(err)
	}
	out := map[string]reconcile.Case{}
	for _, c := range list {
		out[string(c.Kind)+" "+c.Subject.String()] = c
	}
	if len(out) != len(list) {
		l.t.Errorf("%d cases of %d kinds and subjects", len(list), len(out))
	}
	return out
}

func (l *ledgers) decide(c reconcile.Case, action reconcile.Action, want int) {
	l.t.Helper()
	l.call("ops", "POST", "/v1/admin/cases/"+c.ID+"/decide", fmt.Sprintf(`{"action":%q,"reason":"as agreed"}`, action), want)
}

// payments reports a payment of every sold order but those left out, with lines put behind.
func (l *ledgers) payments(sold []sales.Order, leave func(i int) bool, more ...string) {
	l.t.Helper()
	var b strings.Builder
	b.WriteString("institution,payment_id,payment_reference,amount,currency,paid_at\n")
	for i, o := range sold {
		if !leave(i) {
			fmt.Fprintf(&b, "theatre,pay-%d,%s,%s,%s,%s\n", i, o.PaymentReference, o.Total.Decimal(), o.Total.Currency, o.CreatedAt.Format(time.RFC3339))
		}
	}
	b.WriteString(strings.Join(more, ""))
	l.call("shop", "POST", "/v1/payments/import", b.String(), 200, "Content-Type", "text/csv")
}

// Differences of every kind are planted among sales that agree; all are found, none is invented, none twice; what is put
// right closes by itself.
func TestReconcile_PlantedDifferences_AreAllFoundAndNoOther(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedgers(t, database(t, t.TempDir()))
			var sold []sales.Order
			for n := range 14 {
				sold = append(sold, l.sell(n))
				l.platform.Clock.Advance(time.Minute)
			}
			want := l.plant(sold)
			l.platform.Clock.Advance(2 * time.Hour)

			run, cases := l.run()
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(cases))); diff != "" {
				t.Fatalf("cases (-planted +found):\n%s", diff)
			}
			if run.Opened != len(want) || run.Seen != 0 || run.Closed != 0 || run.Orders != 15 || run.Unnumbered {
				t.Errorf("run = %+v", run)
			}
			again, cases := l.run()
			if again.Opened != 0 || len(cases) != len(want) || again.Closed != 0 {
				t.Errorf("again: %+v, %d cases", again, len(cases))
			}
			l.putRight(sold, cases)
			last, cases := l.run()
			left := slices.Sorted(maps.Keys(cases))
			if last.Opened != 0 || len(left) != 4 {
				t.Errorf("after: %+v, left %v", last, left)
			}
			for _, k := range left {
				if cases[k].State != reconcile.Decided {
					t.Errorf("%s is %s", k, cases[k].State)
				}
			}
			if err := l.platform.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

// plant makes one difference of each kind and returns their names, sorted.
func (l *ledgers) plant(sold []sales.Order) []string {
	l.t.Helper()
	var want []string
	add := func(kind reconcile.Kind, subject string) { want = append(want, string(kind)+" "+subject) }
	order := func(i int) string { return "order " + string(sold[i].ID) }

	id := l.lost("")
	add(reconcile.PlatformSold, "order "+id)

	// Our books name another order of the platform: ours is unknown there, and theirs here.
	l.alter(sold[0], func(o *sales.Order) { o.Platform.OrderID += 900_000 })
	add(reconcile.NotAtPlatform, order(0))
	add(reconcile.PlatformUnknown, fmt.Sprintf("platform order %d", sold[0].Platform.OrderID))

	_, _, err := l.a.account.Post(l.t.Context(), account.Request{
		Institution: "theatre", Kind: account.Correction, Key: "slip", Amount: domain.Money{Amount: 100, Currency: sold[1].Total.Currency}, Debit: account.Differences,
		Credit: account.Pending, Order: string(sold[1].ID), By: "a test", Reason: "a slip",
	})
	if err != nil {
		l.t.Fatal(err)
	}
	add(reconcile.AmountDiffers, order(1))

	l.alter(sold[2], func(o *sales.Order) { o.Tickets[0].Movement += 900_000 })
	add(reconcile.TicketMissing, order(2))
	l.steer("/orders/%d/cancel", sold[3].Platform.OrderID)
	add(reconcile.TicketCancelled, order(3))
	l.steer("/orders/%d/reprint", sold[4].Platform.OrderID)
	add(reconcile.BarcodeChanged, order(4))

	at := sold[13].CreatedAt.Add(time.Minute).Format(time.RFC3339)
	line := func(id, reference string, amount domain.Money) string {
		return fmt.Sprintf("theatre,%s,%s,%s,%s,%s\n", id, reference, amount.Decimal(), amount.Currency, at)
	}
	less := domain.Money{Amount: sold[6].Total.Amount - 1, Currency: sold[6].Total.Currency}
	l.payments(sold, func(i int) bool { return i == 5 || i == 6 }, line("unknown", "PSP-nobody", sold[5].Total), line("less", sold[6].PaymentReference, less),
		line("twice", sold[7].PaymentReference, sold[7].Total))
	add(reconcile.TicketNoPayment, order(5))
	byID := map[string]string{}
	list, err := l.a.db.Reconcile().Payments(l.t.Context(), "theatre", sold[0].CreatedAt.Add(-time.Hour), sold[13].CreatedAt.Add(time.Hour), "", 100)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, p := range list {
		byID[p.PaymentID] = p.ID
	}
	add(reconcile.PaidNoTicket, "payment "+byID["unknown"])
	add(reconcile.PaymentDiffers, "payment "+byID["less"])
	add(reconcile.DoublePayment, "payment "+byID["twice"])
	slices.Sort(want)
	return want
}

// lost sells an order at the platform that we give up: our close went out by another hand while the hold ran out here.
func (l *ledgers) lost(reference string) string {
	l.t.Helper()
	id := l.hold(100)
	held := l.order(id)
	l.alter(held, func(o *sales.Order) { o.PaymentReference = reference })
	client := l.a.institutions.Client("theatre")
	pos, err := client.Catalog.GetPOSConfig(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	method := pos.POSConfigData.PaymentMethods[slices.IndexFunc(pos.POSConfigData.PaymentMethods, func(m s360.PaymentMethod) bool {
		return strings.Contains(strings.ToUpper(m.Code+m.PaymentType), "PENDING") || strings.Contains(strings.ToUpper(m.Code+m.PaymentType), "WAIT")
	})]
	thousandths, err := held.Total.Thousandths()
	if err != nil {
		l.t.Fatal(err)
	}
	_, err = client.Orders.CloseOrder(l.t.Context(), s360.CloseOrderRequest{
		OrderID: s360.ID(held.Platform.OrderID), OrderType: s360.OrderTypeSale, GenerateBarCodes: true,
		Payments:      s360.List[s360.PaymentInfo]{{Amount: s360.Amount(thousandths), PaymentMethodID: method.ID}},
		PurchaserInfo: &s360.ContactData{ContactReference: l.a.cfg.Institutions[slices.Index(l.a.cfg.codes(), "theatre")].PartnerContact},
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.call("shop", "POST", "/v1/orders/"+id+"/release", "", 202)
	if o := l.order(id); o.Status != sales.Review {
		l.t.Fatalf("the order is %s, want review", o.Status)
	}
	return id
}

// putRight decides what can be decided and mends the rest by hand; four cases stay as they are, decided.
func (l *ledgers) putRight(sold []sales.Order, cases map[string]reconcile.Case) {
	l.t.Helper()
	for name, c := range cases {
		switch c.Kind {
		case reconcile.PlatformSold:
			l.decide(c, reconcile.Adopt, 200)
			o := l.order(c.Subject.Order)
			postings, err := l.a.account.PostingsOf(l.t.Context(), string(o.ID))
			if o.Status != sales.Issued || len(o.Tickets) != 2 || err != nil || len(postings) != 1 {
				l.t.Errorf("adopted: %s with %d tickets and %d postings (%v)", o.Status, len(o.Tickets), len(postings), err)
			}
			l.decide(c, reconcile.Adopt, 409)
		case reconcile.AmountDiffers:
			l.decide(c, reconcile.Correct, 200)
		case reconcile.BarcodeChanged:
			l.decide(c, reconcile.Renew, 200)
		case reconcile.NotAtPlatform:
			l.alter(sold[0], func(o *sales.Order) { o.Platform.OrderID -= 900_000 })
		case reconcile.TicketMissing:
			l.alter(sold[2], func(o *sales.Order) { o.Tickets[0].Movement -= 900_000 })
		case reconcile.TicketNoPayment:
			l.payments(sold, func(i int) bool { return i != 5 })
		case reconcile.PlatformUnknown: // gone with the other side of it
		case reconcile.PaidNoTicket, reconcile.PaymentDiffers, reconcile.DoublePayment, reconcile.TicketCancelled:
			l.decide(c, reconcile.Accept, 200)
		}
		if c.Kind.Actions()[0].Ours() {
			if now, err := l.a.db.Reconcile().Case(l.t.Context(), c.ID); err != nil || now.State != reconcile.Closed || now.Decision.Outcome != "done" {
				l.t.Errorf("%s is %s with %+v (%v)", name, now.State, now.Decision, err)
			}
		}
	}
}

// A run that may make few calls stops, and goes on where it stopped until it has found the same.
func TestReconcile_FewCallsAtATime_FindTheSame(t *testing.T) {
	t.Parallel()
	l := newLedgers(t, databases(t)["sqlite"](t, t.TempDir()))
	var sold []sales.Order
	for n := range 8 {
		sold = append(sold, l.sell(n))
		l.platform.Clock.Advance(time.Minute)
		l.steer("/orders/%d/reprint", sold[n].Platform.OrderID)
	}
	l.platform.Clock.Advance(2 * time.Hour)
	r, err := l.a.reconcile.Start(t.Context(), "theatre", sold[0].CreatedAt.Add(-time.Minute), sold[7].CreatedAt.Add(time.Minute), "test")
	if err != nil {
		t.Fatal(err)
	}
	l.a.reconcile.Calls = 3
	steps := 0
	for ; r.State != reconcile.RunDone && steps < 20; steps++ {
		if _, err := l.a.reconcile.Work(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		if r, err = l.a.db.Reconcile().Run(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		if r.State == reconcile.RunPaused && r.Error != "calls_used_up" {
			t.Errorf("paused for %s", r.Error)
		}
	}
	if cases := l.open(); len(cases) != 8 || steps < 4 || r.Calls > 3*steps {
		t.Errorf("%d cases after %d steps and %d calls", len(cases), steps, r.Calls)
	}
}

// The platform away leaves a run where it is; nothing is decided from silence.
func TestReconcile_PlatformAway_OpensNoCase(t *testing.T) {
	t.Parallel()
	l := newLedgers(t, databases(t)["sqlite"](t, t.TempDir()))
	o := l.sell(1)
	l.steer("/orders/%d/reprint", o.Platform.OrderID)
	l.platform.Clock.Advance(2 * time.Hour)
	r, err := l.a.reconcile.Start(t.Context(), "theatre", time.Time{}, time.Time{}, "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"listTicketsByCriteria", "getOrderDetails"} {
		for _, kind := range []sim.Kind{sim.CutBeforeCommit, sim.Garbage, sim.Error500} {
			l.platform.Fault(method, sim.Fault{Kind: kind, Times: 20})
			if _, err := l.a.reconcile.Work(t.Context(), r.ID); err == nil {
				t.Errorf("%s %s: no error", method, kind)
			}
			l.platform.ClearFaults()
			if cases := l.open(); len(cases) != 0 {
				t.Errorf("%s %s: %d cases", method, kind, len(cases))
			}
		}
	}
	if _, err := l.a.reconcile.Work(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if cases := l.open(); len(cases) != 1 {
		t.Errorf("%d cases, want 1", len(cases))
	}
}
