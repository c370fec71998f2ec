package storage_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/storage/storagetest"
)

// What writes in one statement and what writes in a transaction meet on a database that has prepared none of them yet, which
// is where a process begins.
func TestWrites_OfEveryKindAtOnceOnAFreshDatabase_Return(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			for range 5 {
				db := storagetest.OpenURL(t, p.URL(t))
				for i := range 6 {
					createOrder(t, db, sales.OrderID(fmt.Sprint("ord_", i)))
				}
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				var wg sync.WaitGroup
				for i := range 6 {
					wg.Go(func() {
						if _, err := db.Quota().SwapShared(ctx, domain.InstitutionCode(fmt.Sprint("i", i)), 0, []byte("{}")); err != nil {
							t.Error(err)
						}
					})
					wg.Go(func() {
						if _, err := db.Leases().Acquire(ctx, fmt.Sprint("lease", i), "me", time.Minute); err != nil {
							t.Error(err)
						}
					})
					wg.Go(func() {
						if _, err := db.Sales().UpdateOrder(ctx, sales.OrderID(fmt.Sprint("ord_", i)), func(o *sales.Order) error { o.Status = sales.Held; return nil }); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				cancel()
				if t.Failed() {
					return
				}
			}
		})
	}
}
