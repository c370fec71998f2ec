package storagetest

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/sales"
)

func accountTests() []test {
	return []test{
		{"a ledger's postings follow from each other whatever is posted", ledgerChains},
		{"a cause is posted once, also by many at once", causePostedOnce},
		{"a posting that is none changes nothing", badPosting},
		{"closes begun at once never go beyond the limit", limitHolds},
		{"a close given up gives its claim back", claimGivenBack},
		{"a limit refuses and leaves everything as it was", limitRefuses},
		{"an alarm line is told once, and again after it was left", alarmOnce},
		{"a posting of an unknown order is refused", postingOfNoOrder},
	}
}

// owed is what is owed to an institution over all its ledgers: thousandths.
func owed(t check, code domain.InstitutionCode) int64 {
	t.Helper()
	heads, err := t.db.Account().Heads(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	sum := int64(0)
	for _, h := range heads {
		sum += h.Owed
	}
	return sum
}

func payment(cause string, thousandths int64, at time.Time) account.Posting {
	return account.Posting{
		Institution: "opera", Currency: "EUR", Kind: account.Payment, Cause: cause, Debit: account.Pending, Credit: account.Bank,
		Thousandths: thousandths, By: "key_1", Reason: "transfer", At: at,
	}
}

// ledgerChains posts at random what orders and people post, and compares the ledger with a sum made beside it.
func ledgerChains(t check) {
	for n := range 5 {
		create(t, order(n))
	}
	store, cause := t.db.Account(), 0
	days := [2]time.Time{noon().AddDate(0, 0, -400), noon().AddDate(0, 0, 400)}
	model := map[domain.Currency]int64{}
	rapid.Check(t, func(r *rapid.T) {
		cause++
		kind := rapid.SampledFrom([]account.Kind{account.Close, account.Refund, account.Fee, account.Payment}).Draw(r, "kind")
		currency := rapid.SampledFrom([]domain.Currency{"EUR", "JPY", "TND"}).Draw(r, "currency")
		least := int64(0)
		if kind == account.Refund || kind == account.Fee { // fees are given back, too
			least = -1_000_000
		}
		money := domain.Money{Amount: rapid.Int64Range(least, 1_000_000).Draw(r, "amount"), Currency: currency}
		at := noon().Add(time.Duration(rapid.Int64Range(-1e6, 1e6).Draw(r, "ms")) * time.Millisecond)
		thousandths, err := money.Thousandths()
		if err != nil {
			r.Fatal(err)
		}
		if kind == account.Payment {
			p := payment(strconv.Itoa(cause), thousandths, at)
			p.Currency = currency
			if _, _, err := store.Book(t.Context(), p); (err == nil) != (thousandths > 0) {
				r.Fatalf("payment of %d: %v", thousandths, err)
			}
		} else {
			id := sales.OrderID(fmt.Sprintf("ord_%04d", rapid.IntRange(0, 4).Draw(r, "order")))
			_, err := t.db.Sales().UpdateOrder(t.Context(), id, func(o *sales.Order) error {
				o.Postings = []sales.Posting{{Institution: "opera", Order: o.ID, Kind: string(kind), Cause: strconv.Itoa(cause), Amount: money, At: at}}
				return nil
			})
			if err != nil {
				r.Fatal(err)
			}
		}
		if kind == account.Refund || kind == account.Payment {
			model[currency] -= max(thousandths, -thousandths)
		} else {
			model[currency] += thousandths
		}
	})
	for currency, want := range model {
		list, err := store.Postings(t.Context(), "opera", currency, days[0], days[1], 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		last, total := account.Posting{}, int64(0)
		for _, p := range list {
			if p.Number != last.Number+1 || p.Owed != last.Owed+p.Change() || p.BookedAt.Before(last.BookedAt) || p.Check() != nil {
				t.Fatalf("%+v does not follow %+v", p, last)
			}
			if before, err := store.OwedBefore(t.Context(), "opera", currency, p.BookedAt); err != nil || (p.BookedAt.After(last.BookedAt) && before != last.Owed) {
				t.Fatalf("before %+v %d was owed, want %d (%v)", p, before, last.Owed, err)
			}
			last = p
		}
		if last.Owed != want {
			t.Errorf("%d thousandths of %s are owed, want %d", last.Owed, currency, want)
		}
		accounts, err := store.Sums(t.Context(), "opera", currency)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range accounts {
			total += s.Debit - s.Credit
			if s.Account == account.Pending && s.Credit-s.Debit != want {
				t.Errorf("the pending account of %s stands at %d, want %d", currency, s.Credit-s.Debit, want)
			}
		}
		if total != 0 {
			t.Errorf("the ledger of %s does not balance: %d", currency, total)
		}
	}
}

func causePostedOnce(t check) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 12 {
		wg.Go(func() {
			p, created, err := t.db.Account().Book(t.Context(), payment("transfer 1", 100, noon()))
			if err != nil || p.Number != 1 {
				t.Errorf("posting %+v, %v", p, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if created {
				made++
			}
		})
	}
	wg.Wait()
	if made != 1 || owed(t, "opera") != -100 {
		t.Errorf("posted %d times, %d owed, want once and -100", made, owed(t, "opera"))
	}
	o := create(t, order(1))
	twice := func() error {
		_, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(o *sales.Order) error {
			o.Postings = []sales.Posting{
				{Institution: "opera", Order: o.ID, Kind: "refund", Cause: "refund 9", Amount: eur(100), At: noon()},
				{Institution: "opera", Order: o.ID, Kind: "fee", Cause: "refund 9", Amount: eur(5), At: noon()},
			}
			return nil
		})
		return err
	}
	if err := twice(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, twice(), domain.Conflict, sales.CodeDuplicate)
	if sum := owed(t, "opera"); sum != -100-1000+50 {
		t.Errorf("%d thousandths are owed, want -1050", sum)
	}
	list, err := t.db.Account().PostingsOf(t.Context(), string(o.ID))
	if err != nil || len(list) != 2 || list[1].Kind != account.Fee || list[1].Debit != "fees:kiosk" {
		t.Errorf("postings of the order: %+v, %v", list, err)
	}
}

func badPosting(t check) {
	for _, change := range []func(*account.Posting){
		func(p *account.Posting) { p.Thousandths = 0 }, func(p *account.Posting) { p.Thousandths = -1 },
		func(p *account.Posting) { p.Thousandths = account.MaxThousandths + 1 }, func(p *account.Posting) { p.Credit = p.Debit },
		func(p *account.Posting) { p.Debit = "cash" }, func(p *account.Posting) { p.Cause = "" }, func(p *account.Posting) { p.Currency = "" },
	} {
		p := payment("x", 100, noon())
		change(&p)
		_, _, err := t.db.Account().Book(t.Context(), p)
		wantCode(t, err, domain.Invalid, account.CodePosting)
	}
	if sum := owed(t, "opera"); sum != 0 {
		t.Errorf("%d thousandths are owed, want none", sum)
	}
	_, err := t.db.Account().Posting(t.Context(), "opera", "EUR", 1)
	wantCode(t, err, domain.NotFound, account.CodeUnknown)
}

func postingOfNoOrder(t check) {
	p := payment("x", 100, noon())
	p.Order = "ord_none"
	_, _, err := t.db.Account().Book(t.Context(), p)
	wantCode(t, err, domain.NotFound, sales.CodeUnknown)
}

// begin begins a close of an order within a limit.
func begin(t check, id sales.OrderID, limit domain.Money) error {
	t.Helper()
	_, err := t.db.Sales().UpdateOrder(t.Context(), id, func(o *sales.Order) error {
		o.Status, o.Limit = sales.Closing, &limit
		o.History = append(o.History, sales.Step{Status: sales.Closing, At: noon()})
		return nil
	})
	return err
}

// end ends a close: sold, or back to held.
func end(t check, id sales.OrderID, sold bool) {
	t.Helper()
	_, err := t.db.Sales().UpdateOrder(t.Context(), id, func(o *sales.Order) error {
		o.Status = sales.Held
		if sold {
			o.Status = sales.Issued
			o.Postings = []sales.Posting{{Institution: o.Institution, Order: o.ID, Kind: "close", Amount: o.Total, At: noon()}}
		}
		o.History = append(o.History, sales.Step{Status: o.Status, At: noon()})
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func head(t check) account.Head {
	t.Helper()
	heads, err := t.db.Account().Heads(t.Context(), "opera")
	if err != nil || len(heads) != 1 {
		t.Fatalf("ledgers %v, %v", heads, err)
	}
	return heads[0]
}

// limitHolds lets 40 orders of 42 euros close at once where 10 may be owed; every third is given up again and may make room.
func limitHolds(t check) {
	limit := eur(10 * 4200)
	for n := range 40 {
		create(t, order(n))
	}
	var wg sync.WaitGroup
	for n := range 40 {
		wg.Go(func() {
			id := sales.OrderID(fmt.Sprintf("ord_%04d", n))
			switch err := begin(t, id, limit); {
			case err == nil:
				end(t, id, n%3 != 0)
			case !domain.HasCode(err, sales.CodeAccountLimit):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if h := head(t); h.Owed > 10*42_000 || h.Claimed != 0 || h.Owed == 0 {
		t.Errorf("%d owed and %d claimed, want at most 420000 and none", h.Owed, h.Claimed)
	}
	for n := range 40 { // what is left is sold one by one, to the last cent
		id := sales.OrderID(fmt.Sprintf("ord_%04d", n))
		if load(t, id).Status == sales.Held && begin(t, id, limit) == nil {
			end(t, id, true)
		}
	}
	if h := head(t); h.Owed != 10*42_000 {
		t.Errorf("%d owed, want 420000", h.Owed)
	}
}

func claimGivenBack(t check) {
	limit := eur(4200)
	create(t, order(1))
	create(t, order(2))
	if err := begin(t, "ord_0001", limit); err != nil {
		t.Fatal(err)
	}
	if h := head(t); h.Claimed != 42_000 || h.Owed != 0 {
		t.Errorf("%d claimed and %d owed while closing", h.Claimed, h.Owed)
	}
	wantCode(t, begin(t, "ord_0002", limit), domain.Conflict, sales.CodeAccountLimit)
	end(t, "ord_0001", false)
	if err := begin(t, "ord_0002", limit); err != nil {
		t.Errorf("after the other was given up: %v", err)
	}
	end(t, "ord_0002", true)
	if h := head(t); h.Claimed != 0 || h.Owed != 42_000 || h.Postings != 1 {
		t.Errorf("after the sale: %+v", h)
	}
	wantCode(t, begin(t, "ord_0001", limit), domain.Conflict, sales.CodeAccountLimit)
	if _, _, err := t.db.Account().Book(t.Context(), payment("paid", 42_000, noon())); err != nil {
		t.Fatal(err)
	}
	if err := begin(t, "ord_0001", limit); err != nil {
		t.Errorf("after we paid: %v", err)
	}
}

func limitRefuses(t check) {
	o := create(t, order(1))
	_, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(p *sales.Order) error {
		change(p)
		p.Status, p.Postings = sales.Closing, nil
		limit := eur(4199)
		p.Limit = &limit
		p.History = append(p.History, sales.Step{Status: sales.Closing, At: noon()})
		return nil
	})
	wantCode(t, err, domain.Conflict, sales.CodeAccountLimit)
	wantUntouched(t, o)
	if err := begin(t, o.ID, eur(4200)); err != nil {
		t.Errorf("to the cent: %v", err)
	}
}

func alarmOnce(t check) {
	store := t.db.Account()
	if _, _, err := store.Book(t.Context(), payment("x", 1, noon())); err != nil {
		t.Fatal(err)
	}
	var got []bool
	for _, line := range []int{0, 80, 80, 95, 80, 0, 80} {
		fresh, err := store.RaiseAlarm(t.Context(), "opera", "EUR", line)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fresh)
	}
	if diff := cmp.Diff([]bool{false, true, false, true, false, false, true}, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
