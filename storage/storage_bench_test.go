package storage_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/storage"
	"guichet/storage/storagetest"
)

// benchmark runs fn on a real file and on PostgreSQL, alone and by eight callers at once.
func benchmark(b *testing.B, prepare func(b *testing.B, db *storage.DB), fn func(b *testing.B, db *storage.DB, n int64)) {
	b.Helper()
	for _, p := range storagetest.Places(b) {
		for _, callers := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/callers=%d", p.Kind, callers), func(b *testing.B) {
				db := storagetest.OpenURL(b, p.URL(b))
				prepare(b, db)
				var n atomic.Int64
				work := make(chan struct{}, callers)
				done := make(chan struct{})
				b.ResetTimer()
				for range callers {
					go func() {
						defer func() { done <- struct{}{} }()
						for range work {
							fn(b, db, n.Add(1))
						}
					}()
				}
				for range b.N {
					work <- struct{}{}
				}
				close(work)
				for range callers {
					<-done
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
			})
		}
	}
}

// BenchmarkOneRowCommit is the yardstick: what one commit of one small row costs on this machine, without anything of ours.
func BenchmarkOneRowCommit(b *testing.B) {
	benchmark(b, func(b *testing.B, db *storage.DB) {
		b.Helper()
		if _, err := db.Pool().ExecContext(b.Context(), "CREATE TABLE yardstick (id BIGINT PRIMARY KEY, word TEXT NOT NULL)"); err != nil {
			b.Fatal(err)
		}
	}, func(b *testing.B, db *storage.DB, n int64) {
		b.Helper()
		if _, err := db.Pool().ExecContext(b.Context(), fmt.Sprintf("INSERT INTO yardstick VALUES (%d, 'one small row')", n)); err != nil {
			b.Error(err)
		}
	})
}

func benchOrder(n int64) (sales.Order, sales.Key) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Millisecond)
	id := sales.OrderID(fmt.Sprintf("ord_%012d", n))
	o := sales.Order{
		ID: id, Institution: "opera", Storefront: "kiosk", Reference: string(id), Status: sales.Holding, CreatedAt: at, UpdatedAt: at,
		NextCheckAt: at, Buyer: sales.Buyer{Email: "anna@example.org", FirstName: "Anna", LastName: "Muster"},
		Tasks: []domain.Task{{Kind: "sales.settle", Key: string(id), NotBefore: at.UnixMilli()}},
	}
	for i := range 2 {
		o.Lines = append(o.Lines, sales.Line{
			Product: 1, Performance: 2, SeatCategory: 3, Tariff: 4, Quantity: 2, UnitPrice: domain.Money{Amount: 4200, Currency: "EUR"},
			Places: []sales.Place{{ID: fmt.Sprintf("plc_%d_%d_1", n, i)}, {ID: fmt.Sprintf("plc_%d_%d_2", n, i)}},
			Facts: catalog.Facts{
				ProductName: domain.Text{"fr": "La Traviata", "de": "La Traviata"}, Kind: catalog.KindEvent, Start: at, TimeZone: "Europe/Paris",
				Venue: catalog.Venue{Code: "OP", Name: domain.Text{"fr": "Opéra"}, Town: "Paris"},
			},
		})
	}
	return o, sales.Key{Storefront: "kiosk", Key: string(id), Call: "hold", Digest: "d", At: at}
}

// BenchmarkCreateOrder stores a new order of four places with its idempotency key and one job.
func BenchmarkCreateOrder(b *testing.B) {
	benchmark(b, func(*testing.B, *storage.DB) {}, func(b *testing.B, db *storage.DB, n int64) {
		b.Helper()
		o, key := benchOrder(n)
		if _, _, created, err := db.Sales().CreateOrder(b.Context(), o, key); err != nil || !created {
			b.Errorf("created=%t, %v", created, err)
		}
	})
}

// BenchmarkUpdateOrder closes orders: status, four tickets with barcodes, a posting and a job, in turn with taking the
// tickets away again.
func BenchmarkUpdateOrder(b *testing.B) {
	const orders = 64
	benchmark(b, func(b *testing.B, db *storage.DB) {
		b.Helper()
		for n := range int64(orders) {
			o, key := benchOrder(n)
			if _, _, _, err := db.Sales().CreateOrder(b.Context(), o, key); err != nil {
				b.Fatal(err)
			}
		}
	}, func(b *testing.B, db *storage.DB, n int64) {
		b.Helper()
		o, _ := benchOrder(n % orders)
		_, err := db.Sales().UpdateOrder(b.Context(), o.ID, func(p *sales.Order) error {
			p.Status, p.Checks = sales.Issued, p.Checks+1
			p.Tasks = []domain.Task{{Kind: "delivery.mail", Key: string(p.ID)}}
			p.Postings = []sales.Posting{{Institution: p.Institution, Order: p.ID, Kind: sales.PostingFee, Cause: fmt.Sprint(n), Amount: p.Lines[0].UnitPrice, At: p.CreatedAt}}
			p.Tickets = nil
			for i := range 4 {
				p.Tickets = append(p.Tickets, sales.Ticket{ID: fmt.Sprintf("tkt_%d_%d", n, i), Barcode: sales.Barcode(fmt.Sprintf("%012d%d", n, i)), State: "VALID"})
			}
			return nil
		})
		if err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkLoadOrder reads one order by its id.
func BenchmarkLoadOrder(b *testing.B) {
	benchmark(b, func(b *testing.B, db *storage.DB) {
		b.Helper()
		o, key := benchOrder(1)
		if _, _, _, err := db.Sales().CreateOrder(b.Context(), o, key); err != nil {
			b.Fatal(err)
		}
	}, func(b *testing.B, db *storage.DB, _ int64) {
		b.Helper()
		if _, err := db.Sales().Order(b.Context(), "ord_000000000001"); err != nil {
			b.Error(err)
		}
	})
}
