package delivery_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// orderBook has sample orders by id.
type orderBook struct {
	orders map[sales.OrderID]sales.Order
	read   int
}

func newOrderBook(n int) *orderBook {
	b := &orderBook{orders: map[sales.OrderID]sales.Order{}}
	for i := range n {
		o := sample.Issued()
		o.ID = sales.OrderID(fmt.Sprintf("ord_%04d", i))
		for j := range o.Tickets {
			o.Tickets[j].ID = fmt.Sprintf("tkt_%04d_%d", i, j)
		}
		b.orders[o.ID] = o
	}
	return b
}

func (b *orderBook) ids() []sales.OrderID {
	var out []sales.OrderID
	for id := range b.orders {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// Order implements delivery.Orders.
func (b *orderBook) Order(_ context.Context, id sales.OrderID) (sales.Order, error) {
	b.read++
	o, ok := b.orders[id]
	if !ok {
		return o, domain.Errorf(domain.NotFound, sales.CodeUnknown, "none")
	}
	return o, nil
}

// errKilled is what a process that is killed does not live to see.
var errKilled = errors.New("killed")

// exportStore keeps one export; after the given number of pieces it dies, with the claim held.
type exportStore struct {
	e     delivery.Export
	until time.Time
	parts []delivery.ExportPart
	dies  int // after so many pieces; 0: never
	away  int // which piece is not taken, once; 0: none
	dead  bool
}

func (s *exportStore) CreateExport(_ context.Context, e delivery.Export) error { s.e = e; return nil }

func (s *exportStore) Export(context.Context, string) (delivery.Export, error) { return s.e, nil }

func (s *exportStore) ClaimExport(_ context.Context, _, claim string, now, until time.Time) (delivery.Export, bool, error) {
	if !s.e.FinishedAt.IsZero() || now.Before(s.until) {
		return delivery.Export{}, false, nil
	}
	s.e.Claim, s.until = claim, until
	return s.e, true, nil
}

func (s *exportStore) SaveExport(_ context.Context, e delivery.Export, part *delivery.ExportPart, until time.Time) error {
	if s.dead {
		return errKilled
	}
	if e.Claim != s.e.Claim {
		return domain.Errorf(domain.Conflict, delivery.CodeExportClaim, "another")
	}
	if part != nil && s.dies > 0 && len(s.parts) == s.dies {
		s.dead = true
		return errKilled
	}
	if s.away > 0 && part != nil {
		if s.away--; s.away == 0 {
			return domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "away")
		}
	}
	if e.State == delivery.ExportFailed {
		s.parts = nil
	}
	if part != nil {
		if part.Number > len(s.parts) {
			return fmt.Errorf("piece %d after %d", part.Number, len(s.parts))
		}
		if s.parts = s.parts[:part.Number]; part.Start != int64(len(s.file())) {
			return fmt.Errorf("piece %d at %d after %d bytes", part.Number, part.Start, len(s.file()))
		}
		s.parts = append(s.parts, *part)
	}
	s.e, s.until = e, until
	return nil
}

func (s *exportStore) ExportEntries(context.Context, string) ([]delivery.ZipEntry, error) {
	var out []delivery.ZipEntry
	for _, p := range s.parts {
		out = append(out, p.Entries...)
	}
	return out, nil
}

func (s *exportStore) ExportPart(_ context.Context, _ string, at int64) (delivery.ExportPart, error) {
	for _, p := range s.parts {
		if at < p.Start+int64(len(p.Content)) {
			return p, nil
		}
	}
	return delivery.ExportPart{}, io.ErrUnexpectedEOF
}

func (s *exportStore) OpenExports(context.Context, time.Time, int) ([]string, error) {
	if s.e.FinishedAt.IsZero() {
		return []string{s.e.ID}, nil
	}
	return nil, nil
}

func (s *exportStore) DropExports(_ context.Context, before time.Time, _ int) (int, error) {
	if s.e.CreatedAt.Before(before) {
		s.e, s.parts = delivery.Export{FinishedAt: before}, nil
		return 1, nil
	}
	return 0, nil
}

func (s *exportStore) file() []byte {
	var out []byte
	for _, p := range s.parts {
		out = append(out, p.Content...)
	}
	return out
}

// bulky prints tickets of 200 kB each, ticket after ticket.
type bulky struct{ printer }

// PDF implements delivery.Renderer.
func (b *bulky) PDF(_ context.Context, w io.Writer, d delivery.Document) error {
	for i, p := range d.Pages {
		if _, err := io.WriteString(w, p.TicketID+" "+p.Barcode+strings.Repeat(".", 200_000)); err != nil {
			return err
		}
		if told, ok := w.(delivery.Drawing); ok {
			told.Drawn(i + 1)
		}
	}
	return nil
}

// works is a service that makes exports, and its clock.
func works(book *orderBook, store *exportStore, change ...func(*delivery.Deps)) (*delivery.Service, *time.Time) {
	now, n := sample.Now(), 0
	return service(append([]func(*delivery.Deps){func(d *delivery.Deps) {
		d.Renderer, d.Orders, d.Exports, d.Log = &bulky{}, book, store, slog.New(slog.DiscardHandler)
		d.Clock = func() time.Time { return now }
		d.IDs = func(prefix string) string { n++; return fmt.Sprintf("%s_%d", prefix, n) }
	}}, change...)...), &now
}

func unzip(t *testing.T, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		out[f.Name] = string(content)
	}
	return out
}

func TestExport_KilledInTheMiddle_GoesOnWhereItStoodAndGivesTheSameFile(t *testing.T) {
	t.Parallel()
	for _, format := range delivery.BulkFormats() {
		book := newOrderBook(20)
		var whole bytes.Buffer
		s, _ := works(book, nil)
		if err := s.WriteBulk(t.Context(), &whole, delivery.Bulk{Format: format}, book.ids()); err != nil {
			t.Fatal(err)
		}
		for dies := 1; dies < 7; dies += 2 {
			store := &exportStore{dies: dies}
			s, now := works(book, store)
			if _, err := s.StartExport(t.Context(), delivery.Export{ID: "exp_1", Bulk: delivery.Bulk{Format: format}, Orders: book.ids(), Total: 40}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.MakeExport(t.Context(), "exp_1"); !errors.Is(err, errKilled) {
				t.Fatalf("%s: %v", format, err)
			}
			store.dead, store.dies = false, 0
			if out, err := s.MakeExport(t.Context(), "exp_1"); err != nil || out.Done != 0 || store.e.State == delivery.ExportDone {
				t.Errorf("%s: somebody else works while the claim holds: %+v, %v", format, out, err)
			}
			stood := store.e.Done
			*now = now.Add(delivery.ClaimFor)
			book.read = 0
			if _, err := s.SweepExports(t.Context()); err != nil {
				t.Fatal(err)
			}
			if store.e.State != delivery.ExportDone || store.e.Done != 40 || stood == 0 || !bytes.Equal(store.file(), whole.Bytes()) {
				t.Errorf("%s after %d pieces: %s, %d of 40 after %d, %d bytes of %d", format, dies, store.e.State, store.e.Done, stood, len(store.file()), whole.Len())
			}
			if format == delivery.BulkZIP && book.read >= 20 {
				t.Errorf("a ZIP was printed from the beginning: %d orders", book.read)
			}
		}
		if format == delivery.BulkZIP {
			if files := unzip(t, whole.Bytes()); len(files) != 40 || !strings.HasPrefix(files["tkt_0007_1.pdf"], "tkt_0007_1 ") {
				t.Errorf("%d files", len(files))
			}
		}
	}
}

func TestExport_ATicketThatChangesMeanwhile_BeginsAPDFAnew(t *testing.T) {
	t.Parallel()
	book := newOrderBook(20)
	store := &exportStore{dies: 3}
	s, now := works(book, store)
	_, err := s.StartExport(t.Context(), delivery.Export{ID: "exp_1", Bulk: delivery.Bulk{Format: delivery.BulkPDF}, Orders: book.ids(), Total: 40})
	if _, again := s.MakeExport(t.Context(), "exp_1"); err != nil || !errors.Is(again, errKilled) {
		t.Fatal(err, again)
	}
	o := book.orders["ord_0000"]
	o.Tickets = slices.Clone(o.Tickets)
	o.Tickets[0].Barcode = "0099"
	book.orders["ord_0000"] = o
	store.dead, store.dies, *now = false, 0, now.Add(delivery.ClaimFor)
	if _, err := s.MakeExport(t.Context(), "exp_1"); err != nil || store.e.State != delivery.ExportDone || !bytes.HasPrefix(store.file(), []byte("tkt_0000_0 0099")) {
		t.Errorf("%v, %s, %.30s", err, store.e.State, store.file())
	}
}

func TestExport_WhatIsNotGoodIsLeftOut_NothingGoodFails(t *testing.T) {
	t.Parallel()
	book := newOrderBook(3)
	taken := book.orders["ord_0001"]
	taken.Tickets = slices.Clone(taken.Tickets)
	taken.Tickets[0].CancelledAt = sample.Now()
	book.orders["ord_0001"] = taken
	held := sample.Held()
	held.ID = "ord_0002"
	book.orders[held.ID] = held
	s, _ := works(book, nil)
	var out bytes.Buffer
	if err := s.WriteBulk(t.Context(), &out, delivery.Bulk{Format: delivery.BulkZIP, Performance: sample.Tonight}, book.ids()); err != nil {
		t.Fatal(err)
	}
	if files := unzip(t, out.Bytes()); len(files) != 3 || files["tkt_0001_0.pdf"] != "" || files["tkt_0001_1.pdf"] == "" {
		t.Errorf("%d files", len(files))
	}
	for _, format := range delivery.BulkFormats() {
		for _, b := range []delivery.Bulk{{Format: format, Performance: sample.Tonight + 1}, {Format: format}} {
			ids := book.ids()
			if b.Performance == 0 {
				ids = ids[2:]
			}
			out.Reset()
			if err := s.WriteBulk(t.Context(), &out, b, ids); !domain.HasCode(err, delivery.CodeExportEmpty) || out.Len() != 0 {
				t.Errorf("%+v: %v, %d bytes", b, err, out.Len())
			}
			store := &exportStore{}
			s, _ := works(book, store)
			_, err := s.StartExport(t.Context(), delivery.Export{ID: "exp_1", Bulk: b, Orders: ids})
			if _, made := s.MakeExport(t.Context(), "exp_1"); err != nil || made != nil || store.e.State != delivery.ExportFailed || store.e.Failure != delivery.CodeExportEmpty {
				t.Errorf("%v, %v, %+v", err, made, store.e)
			}
			if _, err := s.OpenExport(t.Context(), &store.e); !domain.HasCode(err, delivery.CodeExportFailed) {
				t.Errorf("open: %v", err)
			}
		}
	}
}

func TestExport_ADatabaseThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	book := newOrderBook(2)
	delete(book.orders, "ord_0001")
	store := &exportStore{}
	s, _ := works(book, store, func(d *delivery.Deps) { d.Orders = awayOrders{} })
	_, err := s.StartExport(t.Context(), delivery.Export{ID: "exp_1", Bulk: delivery.Bulk{Format: delivery.BulkZIP}, Orders: []sales.OrderID{"ord_0000"}, Total: 2})
	if _, made := s.MakeExport(t.Context(), "exp_1"); err != nil || !domain.HasCode(made, domain.CodeStoreUnavailable) || store.e.State == delivery.ExportFailed {
		t.Errorf("%v, %v, %s", err, made, store.e.State)
	}
}

func TestExport_APieceThatIsNotTakenIsMadeAgain(t *testing.T) {
	t.Parallel()
	for _, format := range delivery.BulkFormats() {
		book := newOrderBook(20)
		var whole bytes.Buffer
		s, _ := works(book, nil)
		if err := s.WriteBulk(t.Context(), &whole, delivery.Bulk{Format: format}, book.ids()); err != nil {
			t.Fatal(err)
		}
		for away := 1; away < 4; away++ {
			store := &exportStore{away: away}
			s, _ := works(book, store)
			_, err := s.StartExport(t.Context(), delivery.Export{ID: "exp_1", Bulk: delivery.Bulk{Format: format}, Orders: book.ids(), Total: 40})
			if _, made := s.MakeExport(t.Context(), "exp_1"); err != nil || !domain.HasCode(made, domain.CodeStoreUnavailable) {
				t.Fatal(err, made)
			}
			if _, err := s.MakeExport(t.Context(), "exp_1"); err != nil || store.e.State != delivery.ExportDone || store.e.Done != 40 || !bytes.Equal(store.file(), whole.Bytes()) {
				t.Errorf("%s, piece %d: %v, %s, %d tickets, %d bytes of %d", format, away, err, store.e.State, store.e.Done, len(store.file()), whole.Len())
			}
		}
	}
}

func TestExport_TicketsThatChangeBetweenTwoRuns_BeginItAnew_AfterTheLastItIsStale(t *testing.T) {
	t.Parallel()
	for _, format := range delivery.BulkFormats() {
		book := newOrderBook(20)
		store := &exportStore{dies: 3}
		s, now := works(book, store)
		_, err := s.StartExport(t.Context(), delivery.Export{ID: "exp_1", Bulk: delivery.Bulk{Format: format}, Orders: book.ids(), Total: 40})
		if _, died := s.MakeExport(t.Context(), "exp_1"); err != nil || !errors.Is(died, errKilled) {
			t.Fatal(err, died)
		}
		o := book.orders["ord_0000"]
		o.Tickets = slices.Clone(o.Tickets)
		o.Tickets[0].CancelledAt = sample.Now()
		book.orders["ord_0000"] = o
		store.dead, store.dies, *now = false, 0, now.Add(delivery.ClaimFor)
		store.e.Changes++
		if _, err := s.MakeExport(t.Context(), "exp_1"); err != nil || store.e.State != delivery.ExportDone || store.e.Done != 39 || bytes.Contains(store.file(), []byte("tkt_0000_0")) {
			t.Errorf("%s: %v, %s, %d tickets", format, err, store.e.State, store.e.Done)
		}
		if _, err := s.OpenExport(t.Context(), &store.e); err != nil {
			t.Errorf("%s: what was printed after the change is good: %v", format, err)
		}
		store.e.Changes++
		if _, err := s.OpenExport(t.Context(), &store.e); !domain.HasCode(err, delivery.CodeExportStale) {
			t.Errorf("%s: after another one: %v", format, err)
		}
	}
}

// awayOrders is a database that does not answer.
type awayOrders struct{}

// Order implements delivery.Orders.
func (awayOrders) Order(context.Context, sales.OrderID) (sales.Order, error) {
	return sales.Order{}, domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "away")
}

func TestExportFile_IsReadFromAnywhere_AndGoneAfterADay(t *testing.T) {
	t.Parallel()
	book := newOrderBook(20)
	store := &exportStore{}
	s, now := works(book, store)
	_, err := s.StartExport(t.Context(), delivery.Export{ID: "exp_1", Bulk: delivery.Bulk{Format: delivery.BulkPDF}, Orders: book.ids(), Total: 40})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.OpenExport(t.Context(), &store.e); !domain.HasCode(err, delivery.CodeExportNotReady) {
		t.Errorf("before it is made: %v", err)
	}
	if _, err := s.MakeExport(t.Context(), "exp_1"); err != nil {
		t.Fatal(err)
	}
	f, err := s.OpenExport(t.Context(), &store.e)
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(f, store.file()); err != nil {
		t.Error(err)
	}
	*now = now.Add(delivery.ExportKept + time.Second)
	if _, err := s.OpenExport(t.Context(), &store.e); !domain.HasCode(err, delivery.CodeExportGone) {
		t.Errorf("a day later: %v", err)
	}
	if out, err := s.SweepExports(t.Context()); err != nil || out.Done != 1 || len(store.parts) != 0 {
		t.Errorf("%+v, %v, %d pieces", out, err, len(store.parts))
	}
}

func TestExport_OneThatTakesLongTakesTurns(t *testing.T) {
	t.Parallel()
	book := newOrderBook(20)
	store := &exportStore{}
	var s *delivery.Service
	s, now := works(book, store)
	s.Clock = func() time.Time { *now = now.Add(time.Second); return *now }
	_, err := s.StartExport(t.Context(), delivery.Export{ID: "exp_1", Bulk: delivery.Bulk{Format: delivery.BulkZIP}, Orders: append(book.ids(), book.ids()...), Total: 80})
	runs := 0
	for ; err == nil && store.e.State != delivery.ExportDone && runs < 10; runs++ {
		_, err = s.MakeExport(t.Context(), "exp_1")
	}
	if err != nil || runs < 2 || store.e.State != delivery.ExportDone {
		t.Errorf("%d runs, %s, %v", runs, store.e.State, err)
	}
}
