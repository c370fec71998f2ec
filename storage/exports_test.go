package storage_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/sample"
	"guichet/storage"
)

func TestExports_AreClaimedByOne_KeptInPiecesAndDeleted(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *storage.DB) {
		t.Helper()
		x, ctx := db.Exports(), t.Context()
		at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		want := delivery.Export{
			ID: "exp_1", Storefront: "shop", State: delivery.ExportWaiting, Total: 4, CreatedAt: at, Institutions: []domain.InstitutionCode{"play"},
			Bulk:   delivery.Bulk{Format: delivery.BulkZIP, Layout: "four", Lang: "fr", Performance: 7},
			Orders: []sales.OrderID{"ord_1", "ord_2"},
		}
		if err := x.CreateExport(ctx, want); err != nil {
			t.Fatal(err)
		}
		shown, err := x.Export(ctx, "exp_1")
		without := want
		without.Orders = nil
		if diff := cmp.Diff(without, shown); diff != "" || err != nil {
			t.Fatal(diff, err)
		}
		if _, err := x.Export(ctx, "exp_2"); !domain.HasCode(err, delivery.CodeExportUnknown) {
			t.Errorf("unknown: %v", err)
		}
		e, ok, err := x.ClaimExport(ctx, "exp_1", "clm_1", at, at.Add(time.Minute))
		want.Claim = "clm_1"
		if diff := cmp.Diff(want, e); diff != "" || !ok || err != nil {
			t.Fatal(diff, ok, err)
		}
		if _, ok, err := x.ClaimExport(ctx, "exp_1", "clm_2", at.Add(59*time.Second), at.Add(time.Hour)); ok || err != nil {
			t.Errorf("claimed twice: %v", err)
		}
		e.State, e.Done, e.Next, e.Size, e.Parts, e.Digest = delivery.ExportRunning, 2, 1, 3, 1, "d"
		part := delivery.ExportPart{Content: []byte("abc"), Entries: []delivery.ZipEntry{{Name: "a.pdf", Size: 3, Tickets: 2}}}
		if err := x.SaveExport(ctx, e, &part, at.Add(2*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if open, err := x.OpenExports(ctx, at.Add(time.Minute), 9); len(open) != 0 || err != nil {
			t.Errorf("a piece does not renew the claim: %v, %v", open, err)
		}
		if open, err := x.OpenExports(ctx, at.Add(2*time.Minute), 9); len(open) != 1 || err != nil {
			t.Errorf("left ones: %v, %v", open, err)
		}
		second, ok, err := x.ClaimExport(ctx, "exp_1", "clm_2", at.Add(2*time.Minute), at.Add(3*time.Minute))
		if !ok || err != nil || second.Done != 2 || second.Next != 1 || second.Size != 3 || second.Parts != 1 || second.Digest != "d" {
			t.Errorf("taken over: %+v, %v, %v", second, ok, err)
		}
		if err := x.SaveExport(ctx, e, &delivery.ExportPart{Number: 1, Start: 3, Content: []byte("lost")}, at.Add(time.Hour)); !domain.HasCode(err, delivery.CodeExportClaim) {
			t.Errorf("whoever lost the claim still writes: %v", err)
		}
		second.State, second.Size, second.Parts, second.FinishedAt = delivery.ExportDone, 5, 2, at.Add(3*time.Minute)
		if err := x.SaveExport(ctx, second, &delivery.ExportPart{Number: 1, Start: 3, Content: []byte("de")}, at); err != nil {
			t.Fatal(err)
		}
		for from, want := range map[int64]string{0: "abc", 2: "abc", 3: "de", 4: "de"} {
			p, err := x.ExportPart(ctx, "exp_1", from)
			if err != nil || !bytes.Equal(p.Content, []byte(want)) {
				t.Errorf("byte %d: %q, %v", from, p.Content, err)
			}
		}
		if _, err := x.ExportPart(ctx, "exp_1", 5); !domain.HasCode(err, delivery.CodeExportUnknown) {
			t.Errorf("after the end: %v", err)
		}
		if list, err := x.ExportEntries(ctx, "exp_1"); !cmp.Equal(part.Entries, list) || err != nil {
			t.Errorf("%+v, %v", list, err)
		}
		if _, ok, _ := x.ClaimExport(ctx, "exp_1", "clm_3", at.Add(time.Hour), at.Add(2*time.Hour)); ok {
			t.Error("one that is done was claimed")
		}
		if n, err := x.DropExports(ctx, at, 9); n != 0 || err != nil {
			t.Errorf("%d deleted too early, %v", n, err)
		}
		if n, err := x.DropExports(ctx, at.Add(time.Second), 9); n != 1 || err != nil {
			t.Errorf("%d deleted, %v", n, err)
		}
		if _, err := x.ExportPart(ctx, "exp_1", 0); !domain.HasCode(err, delivery.CodeExportUnknown) {
			t.Errorf("its pieces stay: %v", err)
		}
	})
}

func TestExports_APieceTakesThePlaceOfThoseFromItsNumberOn_AFailureOfAll(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *storage.DB) {
		t.Helper()
		x, ctx := db.Exports(), t.Context()
		at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		if err := x.CreateExport(ctx, delivery.Export{ID: "exp_1", State: delivery.ExportWaiting, CreatedAt: at}); err != nil {
			t.Fatal(err)
		}
		e, _, err := x.ClaimExport(ctx, "exp_1", "clm_1", at, at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []delivery.ExportPart{
			{Content: []byte("ab")}, {Number: 1, Start: 2, Content: []byte("cd")}, {Number: 2, Start: 4, Content: []byte("ef")}, {Number: 1, Start: 2, Content: []byte("x")},
		} {
			if err := x.SaveExport(ctx, e, &part, at); err != nil {
				t.Fatal(err)
			}
		}
		first, err := x.ExportPart(ctx, "exp_1", 1)
		second, again := x.ExportPart(ctx, "exp_1", 2)
		if err != nil || again != nil || string(first.Content) != "ab" || string(second.Content) != "x" {
			t.Errorf("%q %v, %q %v", first.Content, err, second.Content, again)
		}
		if _, err := x.ExportPart(ctx, "exp_1", 4); !domain.HasCode(err, delivery.CodeExportUnknown) {
			t.Errorf("a later piece stays: %v", err)
		}
		e.State, e.FinishedAt = delivery.ExportFailed, at
		if err := x.SaveExport(ctx, e, nil, at); err != nil {
			t.Fatal(err)
		}
		if _, err := x.ExportPart(ctx, "exp_1", 0); !domain.HasCode(err, delivery.CodeExportUnknown) {
			t.Errorf("pieces of a failed one stay: %v", err)
		}
	})
}

func TestExports_CountTheChangesOfTheirOrdersTickets(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, db *storage.DB) {
		t.Helper()
		ctx, at := t.Context(), time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		o := sample.Issued()
		key := sales.Key{Storefront: o.Storefront, Key: "k", Call: "hold", Digest: "d", Order: o.ID, At: at}
		if _, _, _, err := db.Sales().CreateOrder(ctx, o, key); err != nil {
			t.Fatal(err)
		}
		for id, orders := range map[string][]sales.OrderID{"exp_its": {"ord_1", o.ID}, "exp_other": {"ord_1"}} {
			if err := db.Exports().CreateExport(ctx, delivery.Export{ID: id, State: delivery.ExportWaiting, CreatedAt: at, Orders: orders}); err != nil {
				t.Fatal(err)
			}
		}
		e, _, err := db.Exports().ClaimExport(ctx, "exp_its", "clm_1", at, at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		counts := func(want int64) {
			t.Helper()
			its, err := db.Exports().Export(ctx, "exp_its")
			other, again := db.Exports().Export(ctx, "exp_other")
			if err != nil || again != nil || its.Changes != want || other.Changes != 0 {
				t.Errorf("%v %v, counted %d and %d, want %d and 0", err, again, its.Changes, other.Changes, want)
			}
		}
		for i, change := range []func(*sales.Order){
			func(o *sales.Order) { o.Buyer.LastName = "Another" },
			func(o *sales.Order) { o.Tickets[0].Barcode = "0099" },
			func(o *sales.Order) { o.Tickets[0].CancelledAt = at },
		} {
			_, err := db.Sales().UpdateOrder(ctx, o.ID, func(o *sales.Order) error {
				o.Tickets = slices.Clone(o.Tickets)
				change(o)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			counts(int64(i))
		}
		e.State, e.Printed, e.FinishedAt = delivery.ExportDone, 1, at
		if err := db.Exports().SaveExport(ctx, e, nil, at); err != nil { // whoever prints has read another count
			t.Fatal(err)
		}
		counts(2)
		if e, err = db.Exports().Export(ctx, "exp_its"); err != nil || !e.Stale() {
			t.Errorf("%+v, %v", e, err)
		}
		if n, err := db.Exports().DropExports(ctx, at.Add(time.Second), 9); n != 2 || err != nil {
			t.Errorf("%d deleted, %v", n, err)
		}
	})
}
