package storagetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
)

func reconcileTests() []test {
	return []test{
		{"a payment is kept once, also by many at once", paymentOnce},
		{"a difference is one case until it is closed", caseOnce},
		{"a decision and its log line are stored together", decisionLogged},
		{"runs come back as they were, the last first", runsComeBack},
		{"the first night that was asked for is remembered", firstNight},
		{"orders are found by their payment reference", foundByReference},
	}
}

func report(id, reference string, amount int64) reconcile.Payment {
	return reconcile.Payment{
		ID: "pay_" + id, Storefront: "kiosk", PaymentID: id, Reference: reference, Institution: "opera", Amount: eur(amount), PaidAt: noon(), ImportedAt: noon(),
	}
}

func paymentOnce(t check) {
	store := t.db.Reconcile()
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := map[reconcile.Kept]int{}
	for n := range 10 {
		wg.Go(func() {
			p := report("1", "r", 4200)
			p.ID = fmt.Sprint("pay_by_", n) // none of those below
			kept, err := store.KeepPayments(t.Context(), []reconcile.Payment{p})
			if err != nil || len(kept) != 1 {
				t.Errorf("kept %v, %v", kept, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			made[kept[0]]++
		})
	}
	wg.Wait()
	if made[reconcile.KeptNew] != 1 || made[reconcile.KeptBefore] != 9 {
		t.Errorf("kept %v, want new once", made)
	}
	kept, err := store.KeepPayments(t.Context(), []reconcile.Payment{report("1", "r", 4201), report("2", "r", 100)})
	if diff := cmp.Diff([]reconcile.Kept{reconcile.KeptOther, reconcile.KeptNew}, kept); diff != "" || err != nil {
		t.Errorf("kept (-want +got):\n%s%v", diff, err)
	}
	list, err := store.PaymentsOf(t.Context(), "kiosk", "r")
	if err != nil || len(list) != 2 || list[0].Amount.Amount+list[1].Amount.Amount != 4300 {
		t.Errorf("payments of the reference: %+v, %v", list, err)
	}
	covered, err := store.Covered(t.Context(), "opera")
	if diff := cmp.Diff(map[string]reconcile.Span{"kiosk": {From: noon(), To: noon()}}, covered); diff != "" || err != nil {
		t.Errorf("covered (-want +got):\n%s%v", diff, err)
	}
}

func difference(amount string) reconcile.Difference {
	return reconcile.Difference{
		Kind: reconcile.AmountDiffers, Subject: reconcile.Subject{Order: "ord_1"}, Storefront: "kiosk",
		Facts: []reconcile.Fact{{Side: "ours", Name: "amount", Value: amount}}, Context: []reconcile.Fact{{Side: "ours", Name: "status", Value: "issued"}},
	}
}

func newCase(id, run string, d reconcile.Difference) reconcile.Case {
	return reconcile.Case{ID: id, Institution: "opera", Difference: d, State: reconcile.Open, Proposed: reconcile.Correct, OpenedAt: noon(), SeenAt: noon(), Run: run}
}

func caseOnce(t check) {
	store := t.db.Reconcile()
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for n := range 8 {
		wg.Go(func() {
			_, opened, err := store.KeepCase(t.Context(), newCase(fmt.Sprint("cas_", n), "rec_1", difference("42.00 EUR")))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if opened {
				made++
			}
		})
	}
	wg.Wait()
	if made != 1 {
		t.Errorf("the same difference made %d cases", made)
	}
	if _, opened, err := store.KeepCase(t.Context(), newCase("cas_other", "rec_1", difference("41.00 EUR"))); err != nil || !opened {
		t.Errorf("another difference: opened=%t, %v", opened, err)
	}
	seen, opened, err := store.KeepCase(t.Context(), newCase("cas_x", "rec_2", difference("42.00 EUR")))
	if err != nil || opened || seen.Run != "rec_2" {
		t.Errorf("seen again: %+v, opened=%t, %v", seen, opened, err)
	}
	left, err := store.CasesToLookAt(t.Context(), "opera", "rec_2", 10)
	if err != nil || len(left) != 1 || left[0].ID != "cas_other" {
		t.Errorf("left to look at: %+v, %v", left, err)
	}
	_, err = store.UpdateCase(t.Context(), seen.ID, func(c *reconcile.Case) (*reconcile.Entry, error) {
		c.State, c.ClosedAt = reconcile.Closed, noon().Add(time.Hour)
		return &reconcile.Entry{ID: "aud_1", At: noon(), Action: "case.closed", Subject: c.ID}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, opened, err := store.KeepCase(t.Context(), newCase("cas_new", "rec_3", difference("42.00 EUR"))); err != nil || !opened {
		t.Errorf("after it was closed: opened=%t, %v", opened, err)
	}
	counts, err := store.CountCases(t.Context())
	if diff := cmp.Diff([]reconcile.Count{{Institution: "opera", State: reconcile.Open, N: 2}}, counts); diff != "" || err != nil {
		t.Errorf("counts (-want +got):\n%s%v", diff, err)
	}
}

func decisionLogged(t check) {
	store := t.db.Reconcile()
	want := newCase("cas_1", "rec_1", difference("42.00 EUR"))
	if _, _, err := store.KeepCase(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	_, err := store.UpdateCase(t.Context(), "cas_1", func(c *reconcile.Case) (*reconcile.Entry, error) {
		c.State = reconcile.Decided
		return nil, errClosure
	})
	if err == nil {
		t.Error("the closure's error is lost")
	}
	if got, err := store.Case(t.Context(), "cas_1"); err != nil || !cmp.Equal(want, got) {
		t.Errorf("case (-want +got):\n%s%v", cmp.Diff(want, got), err)
	}
	entry := reconcile.Entry{ID: "aud_1", At: noon(), Actor: "ops", Action: "case.accept", Subject: "cas_1", Reason: "why"}
	want.State, want.Decision = reconcile.Decided, &reconcile.Decision{Action: reconcile.Accept, Reason: "why", By: "ops", At: noon()}
	got, err := store.UpdateCase(t.Context(), "cas_1", func(c *reconcile.Case) (*reconcile.Entry, error) {
		c.State, c.Decision = want.State, want.Decision
		return &entry, nil
	})
	if err != nil || !cmp.Equal(want, got) {
		t.Errorf("decided (-want +got):\n%s%v", cmp.Diff(want, got), err)
	}
	log, next, err := store.Log(t.Context(), "cas_1", domain.Page{})
	if diff := cmp.Diff([]reconcile.Entry{entry}, log); diff != "" || next != "" || err != nil {
		t.Errorf("log (-want +got):\n%s%v", diff, err)
	}
	_, err = store.Case(t.Context(), "cas_no")
	wantCode(t, err, domain.NotFound, reconcile.CodeCaseUnknown)
}

func runsComeBack(t check) {
	store := t.db.Reconcile()
	var want []reconcile.Run
	for n := range 5 {
		r := reconcile.Run{
			ID: fmt.Sprint("rec_", n), Institution: "opera", From: noon(), To: noon().Add(time.Hour), At: noon(), State: reconcile.RunWaiting,
			StartedAt: noon().Add(time.Duration(n) * time.Minute),
		}
		if err := store.CreateRun(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		r.State, r.Calls, r.Unnumbered, r.EndedAt = reconcile.RunDone, n, true, noon().Add(2*time.Hour)
		if err := store.SaveRun(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		want = append([]reconcile.Run{r}, want...)
	}
	if n := jobs(t); n != 5 {
		t.Errorf("%d jobs were asked for, want 5", n)
	}
	var got []reconcile.Run
	for page := (domain.Page{Limit: 2}); ; {
		list, next, err := store.Runs(t.Context(), []domain.InstitutionCode{"opera"}, page)
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, list...); next == "" {
			break
		}
		page.Cursor = next
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	last, ok, err := store.LastRun(t.Context(), "opera", true)
	if err != nil || !ok || last.ID != "rec_4" {
		t.Errorf("last = %+v, %t, %v", last, ok, err)
	}
	if _, ok, err := store.LastRun(t.Context(), "opera", false); ok || err != nil {
		t.Errorf("an unfinished one: %t, %v", ok, err)
	}
}

func firstNight(t check) {
	store := t.db.Reconcile()
	for n := range 3 {
		since, err := store.NightsSince(t.Context(), "opera", noon().AddDate(0, 0, n))
		if err != nil || !since.Equal(noon()) {
			t.Errorf("since %s, %v", since, err)
		}
	}
	if since, err := store.NightsSince(t.Context(), "play", noon().AddDate(0, 0, 1)); err != nil || !since.Equal(noon().AddDate(0, 0, 1)) {
		t.Errorf("another institution's: %s, %v", since, err)
	}
}

func foundByReference(t check) {
	for n := range 3 {
		o := order(n)
		o.PaymentReference = fmt.Sprint("PSP-", n%2)
		create(t, o)
	}
	list, _, err := t.db.Sales().Orders(t.Context(), sales.Query{Storefront: "kiosk", PaymentReference: "PSP-0"})
	if diff := cmp.Diff([]sales.OrderID{"ord_0002", "ord_0000"}, ids(list)); diff != "" || err != nil {
		t.Errorf("orders (-want +got):\n%s%v", diff, err)
	}
}
