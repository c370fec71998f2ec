package storagetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"guichet/domain"
	"guichet/domain/sales"
)

// errClosure is what a refusing closure returns.
var errClosure = errors.New("the closure refuses")

// noon is the moment that tests count from.
func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

func eur(amount int64) domain.Money { return domain.Money{Amount: amount, Currency: "EUR"} }

// order makes the nth order, held, created n milliseconds after noon.
func order(n int) sales.Order {
	at := noon().Add(time.Duration(n) * time.Millisecond)
	return sales.Order{
		ID: sales.OrderID(fmt.Sprintf("ord_%04d", n)), Institution: "opera", Storefront: "kiosk", Reference: fmt.Sprintf("R-%d", n),
		Status: sales.Held, CreatedAt: at, UpdatedAt: at, NextCheckAt: at.Add(time.Hour),
		Platform: sales.PlatformRef{OrderID: 1000 + int64(n), SecretID: "s", FileID: 5000 + int64(n)},
		Total:    eur(4200),
		Buyer:    sales.Buyer{Email: "Anna@Example.org", FirstName: "Élodie", LastName: "GARÇON"},
		History:  []sales.Step{{Status: sales.Held, At: at}},
	}
}

// key is the nth idempotency key.
func key(n int) sales.Key {
	return sales.Key{Storefront: "kiosk", Key: fmt.Sprintf("k-%d", n), Call: "hold", Digest: "d", At: noon()}
}

// create stores the order under a key of its own.
func create(t check, o sales.Order) sales.Order {
	t.Helper()
	stored, _, created, err := t.db.Sales().CreateOrder(t.Context(), o, sales.Key{
		Storefront: o.Storefront, Key: "key of " + string(o.ID), Call: "hold", Digest: "d", At: o.CreatedAt,
	})
	if err != nil || !created {
		t.Fatalf("create order %s: created=%t, %v", o.ID, created, err)
	}
	return stored
}

func load(t check, id sales.OrderID) sales.Order {
	t.Helper()
	o, err := t.db.Sales().Order(t.Context(), id)
	if err != nil {
		t.Fatalf("load order %s: %v", id, err)
	}
	return o
}

// jobs counts the jobs that were asked for.
func jobs(t check) int {
	t.Helper()
	client, err := river.NewClient(t.db.River(), &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.JobList(t.Context(), river.NewJobListParams().First(1000))
	if err != nil {
		t.Fatalf("list jobs: %v", err)
	}
	return len(list.Jobs)
}

func wantCode(tb testing.TB, err error, kind domain.Kind, code string) {
	tb.Helper()
	if e := domain.AsError(err); err == nil || e.Kind != kind || e.Code != code {
		tb.Errorf("error = %v, want %s %s", err, kind, code)
	}
}

func ids(orders []sales.Order) []sales.OrderID {
	out := make([]sales.OrderID, len(orders))
	for i, o := range orders {
		out[i] = o.ID
	}
	return out
}
