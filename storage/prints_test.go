package storage_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
	"guichet/domain/sample"
	"guichet/storage"
	"guichet/storage/storagetest"
)

// everywhere runs a test on each database.
func everywhere(t *testing.T, test func(t *testing.T, db *storage.DB)) {
	t.Helper()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			test(t, p.Open(t))
		})
	}
}

func TestAudit_LineAboutNoCaseIsListedWithTheOthers(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *storage.DB) {
		t.Helper()
		want := reconcile.Entry{ID: "aud_1", At: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), Actor: "ops (key_1)", Action: "layouts.reload", Subject: "layouts", Outcome: "1 new"}
		if err := db.Reconcile().Record(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, _, err := db.Reconcile().Log(t.Context(), "layouts", domain.Page{Limit: 10})
		if diff := cmp.Diff([]reconcile.Entry{want}, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

// withTickets has the sample order's tickets, whose rows prints are counted under.
func withTickets(t *testing.T, db *storage.DB) *storage.Prints {
	t.Helper()
	o := sample.Issued()
	if _, _, _, err := db.Sales().CreateOrder(t.Context(), o, sales.Key{Storefront: o.Storefront, Key: "k", Call: "hold", Digest: "d", Order: o.ID, At: o.CreatedAt}); err != nil {
		t.Fatal(err)
	}
	return db.Prints()
}

func TestPrints_EveryPrintOfATicketHasANumberOfItsOwn(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *storage.DB) {
		t.Helper()
		p := withTickets(t, db)
		at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := map[int]int{}
		for n := range 8 {
			wg.Go(func() {
				got, err := p.Count(t.Context(), []string{"tkt_2", "tkt_1"}, delivery.Printed{At: at, Storefront: "shop" + strconv.Itoa(n), Key: "key_1", Format: delivery.FormatFGL})
				if err != nil || len(got) != 2 || got[0] != got[1] {
					t.Errorf("%v, %v", got, err)
					return
				}
				mu.Lock()
				seen[got[0]]++
				mu.Unlock()
			})
		}
		wg.Wait()
		for n := 1; n <= 8; n++ {
			if seen[n] != 1 {
				t.Errorf("number %d was given %d times", n, seen[n])
			}
		}
		last, err := p.Last(t.Context(), []string{"tkt_1", "tkt_none", "tkt_2"})
		if diff := cmp.Diff([]int{8, 0, 8}, last); diff != "" || err != nil {
			t.Error(diff, err)
		}
		list, err := p.History(t.Context(), "tkt_1", 3)
		if err != nil || len(list) != 3 || list[0].Copy != 8 || list[2].Copy != 6 || !list[0].At.Equal(at) || list[0].Format != delivery.FormatFGL || list[0].Key != "key_1" {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestPrints_OnlyTheLastAreRemembered_AllAreCounted(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *storage.DB) {
		t.Helper()
		p := withTickets(t, db)
		for range delivery.PrintsKept + 5 {
			if _, err := p.Count(context.WithoutCancel(t.Context()), []string{"tkt_1"}, delivery.Printed{Storefront: "shop", Format: delivery.FormatPDF}); err != nil {
				t.Fatal(err)
			}
		}
		list, err := p.History(t.Context(), "tkt_1", 1000)
		if err != nil || len(list) != delivery.PrintsKept || list[0].Copy != delivery.PrintsKept+5 {
			t.Errorf("%d, %v", len(list), err)
		}
	})
}
