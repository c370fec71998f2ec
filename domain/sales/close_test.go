package sales_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestClose_SecondCloseAnswersWithTheSale(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	first, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: "c"})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"c", "", "d"} {
		again, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: key})
		if diff := cmp.Diff(first, again); err != nil || diff != "" {
			t.Errorf("key %q: %v (-first +again):\n%s", key, err, diff)
		}
	}
	if h.platform.calls("close") != 1 || len(h.store.posted(o.ID)) != 1 {
		t.Errorf("asked %v", h.platform.asked)
	}
}

func TestClose_Concurrent_OnePlatformClose(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	results := make(chan error, 16)
	for i := range 16 {
		go func() {
			got, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: fmt.Sprint("c", i%4)})
			if err == nil && got.Status != sales.Closing && !got.Status.Sold() {
				err = fmt.Errorf("status %s", got.Status)
			}
			results <- err
		}()
	}
	for range 16 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if h.platform.calls("close") != 1 {
		t.Errorf("asked %v", h.platform.asked)
	}
	expect(t, h.store.must(t, o.ID), sales.Issued)
}

func TestClose_CallerHangsUp_TheSaleIsNotLost(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	ctx, cancel := context.WithCancel(t.Context())
	h.platform.during = func(call string) {
		if call == "close" {
			cancel()
		}
	}
	got, err := h.Close(ctx, sample.Viewer(), o.ID, sales.Change{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Issued)
	expect(t, h.store.must(t, o.ID), sales.Issued)
}

func TestHold_CallerHangsUp_TheHoldIsKnown(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	ctx, cancel := context.WithCancel(t.Context())
	h.platform.during = func(string) { cancel() }
	o, err := h.Hold(ctx, sample.Viewer(), sample.HoldRequest("k"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, h.store.must(t, o.ID), sales.Held)
}

// stuck is a platform that answers only when its deadline has come.
type stuck struct{ *platform }

func (p stuck) Close(ctx context.Context, _ sales.Order) (sales.Outcome, error) {
	<-ctx.Done()
	return sales.Outcome{}, uncertain(context.Cause(ctx))
}

// punctual is a platform whose answer comes in the moment of the deadline.
type punctual struct{ *platform }

func (p punctual) Hold(ctx context.Context, o sales.Order) (sales.Hold, error) {
	h, err := p.platform.Hold(ctx, o)
	<-ctx.Done()
	return h, err
}

func TestClose_PlatformTakesTooLong_ComesBackClosing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTill(t)
		slow := sales.New(sales.Deps{
			Store: h.store, Platform: stuck{h.platform}, Catalog: h.Catalog, Clock: h.clock, IDs: h.IDs, Log: discard(),
		})
		o := h.hold(t, "k")
		begin := time.Now()
		got, err := slow.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, got, sales.Closing)
		if waited := time.Since(begin); waited != 90*time.Second {
			t.Errorf("waited %s", waited)
		}
	})
}

func TestHold_AnswerInTheLastMomentIsStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newTill(t)
		slow := sales.New(sales.Deps{
			Store: h.store, Platform: punctual{h.platform}, Catalog: h.Catalog, Clock: h.clock, IDs: h.IDs, Log: discard(),
		})
		o, err := slow.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, o, sales.Held)
	})
}

func TestClose_PaymentRefused_HoldsAgainAndMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.script = once("close", refuses)
	got, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: "c"})
	code(t, err, sales.CodePayment)
	expect(t, got, sales.Held)
	if got.Refusal == nil || got.Refusal.Code != sales.CodePayment || !got.NextCheckAt.Equal(got.HoldExpiresAt) {
		t.Errorf("order %+v", got)
	}
	if len(h.store.posted(o.ID)) != 0 {
		t.Error("posted")
	}
	again, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	if err != nil || again.Status != sales.Held {
		t.Errorf("replay of the hold: %s, %v", again.Status, err)
	}
	got, err = h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: "c"})
	if err != nil || got.Refusal != nil {
		t.Errorf("%v, %v", got.Refusal, err)
	}
	expect(t, got, sales.Issued)
	want := []string{"hold", "close 1", "read 1 open", "close 1"}
	if diff := cmp.Diff(want, h.platform.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestClose_RefusedAlthoughSold_IsTheSale(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.orders[1].state, h.platform.orders[1].ready = sales.PlatformClosed, true // the first close, whose answer was lost
	got, err := closeIt(t, h, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Issued)
}

func TestClose_PastOurHold_IsGoneWithoutAsking(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.advance(10 * time.Minute)
	_, err := closeIt(t, h, o.ID)
	if e := domain.AsError(err); e == nil || e.Kind != domain.Gone || e.Code != sales.CodeHoldExpired {
		t.Errorf("got %v", err)
	}
	if h.platform.calls("close") != 0 {
		t.Error("asked all the same")
	}
	if _, err := h.ExpireDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, h.store.must(t, o.ID), sales.Expired)
	_, err = closeIt(t, h, o.ID)
	code(t, err, sales.CodeHoldExpired)
}

func TestClose_PlatformLetItLapse_Expires(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.orders[1].state = sales.PlatformDead
	_, err := closeIt(t, h, o.ID)
	if e := domain.AsError(err); e == nil || e.Kind != domain.Gone || e.Code != sales.CodeHoldExpired {
		t.Errorf("got %v", err)
	}
	expect(t, h.store.must(t, o.ID), sales.Expired)
}

func TestClose_AnswerLost_SettlesToOneSale(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lost  act
		then  func(h *till)
		want  sales.Status
		asked []string
	}{
		{"it was closed", cutAfter, nil, sales.Issued, []string{"hold", "close 1", "read 1 closed"}},
		{"it was not", cutBefore, nil, sales.Issued, []string{"hold", "close 1", "read 1 open", "close 1"}},
		{"it was not, and lapsed", cutBefore, func(h *till) { h.advance(16 * time.Minute) }, sales.Expired, []string{"hold", "close 1", "read 1 dead"}},
		{"never asked", limited, nil, sales.Issued, []string{"hold", "read 1 open", "close 1"}},
		{"accepted without a word", silent, nil, sales.Issued, []string{"hold", "close 1", "read 1 closed"}},
		{"not, and then refused", cutBefore, func(h *till) { h.platform.script = once("close", refuses) }, sales.Held, []string{"hold", "close 1", "read 1 open", "close 1", "read 1 open"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			o := h.hold(t, "k")
			h.platform.script = once("close", tt.lost)
			got, err := closeIt(t, h, o.ID)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, got, sales.Closing)
			if again, err := closeIt(t, h, o.ID); err != nil || again.Status != sales.Closing {
				t.Errorf("close again: %s, %v", again.Status, err)
			}
			if tt.then != nil {
				tt.then(h)
			}
			h.advance(2 * time.Second)
			if _, err := h.SettleDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			got = h.store.must(t, o.ID)
			expect(t, got, tt.want)
			if diff := cmp.Diff(tt.asked, h.platform.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if n := len(h.store.posted(o.ID)); (n == 1) != got.Status.Sold() {
				t.Errorf("%d postings", n)
			}
		})
	}
}

func TestClose_BarcodesLater_StaysIssuingUntilTheyAreThere(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.script = once("close", late)
	got, err := closeIt(t, h, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Issuing)
	if len(h.store.posted(o.ID)) != 1 || got.NextCheckAt.IsZero() || len(got.Tickets) != 0 {
		t.Errorf("order %+v", got)
	}
	expect(t, h.settle(t, o.ID), sales.Issuing)
	h.platform.orders[1].ready = true
	got = h.settle(t, o.ID)
	expect(t, got, sales.Issued)
	if len(got.Tickets) != 2 || len(h.store.posted(o.ID)) != 1 || h.platform.calls("close") != 1 {
		t.Errorf("%d tickets, %d postings, %v", len(got.Tickets), len(h.store.posted(o.ID)), h.platform.asked)
	}
}

func TestClose_OneBarcodeOfTwo_IsKeptAndTheOtherWaitedFor(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.code = func(_, m int64) sales.Barcode {
		if m == 1002 {
			return ""
		}
		return "0001"
	}
	got, err := closeIt(t, h, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Issuing)
	first := got.Tickets[0]
	h.platform.code = func(_, m int64) sales.Barcode { return sales.Barcode(fmt.Sprintf("000%d", m-1000)) }
	got = h.settle(t, o.ID)
	expect(t, got, sales.Issued)
	if diff := cmp.Diff(first, got.Tickets[0]); diff != "" || got.Tickets[1].Barcode != "0002" {
		t.Errorf("tickets %+v\n%s", got.Tickets, diff)
	}
}

func TestClose_InvalidatedTicketIsNoTicket(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"INVALIDATED", "CANCELLED", "canceled"} {
		h := newTill(t)
		o := h.hold(t, "k")
		real := sales.New(sales.Deps{
			Store: h.store, Platform: restated{h.platform, state}, Catalog: h.Catalog, Clock: h.clock, IDs: h.IDs, Log: discard(),
		})
		got, err := real.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{})
		if err != nil || got.Status != sales.Issuing || len(got.Tickets) != 0 {
			t.Errorf("%s: %s, %d tickets, %v", state, got.Status, len(got.Tickets), err)
		}
	}
}

// restated is a platform whose tickets are all in one state.
type restated struct {
	*platform
	ticket string
}

func (p restated) Close(ctx context.Context, o sales.Order) (sales.Outcome, error) {
	out, err := p.platform.Close(ctx, o)
	for i := range out.Tickets {
		out.Tickets[i].State = p.ticket
	}
	return out, err
}

func TestClose_BarcodeOfAnotherOrder_GoesToReview(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.code = func(_, m int64) sales.Barcode { return sales.Barcode(fmt.Sprint(m % 1000)) }
	if o, err := closeIt(t, h, h.hold(t, "k1").ID); err != nil || o.Status != sales.Issued {
		t.Fatalf("first: %s, %v", o.Status, err)
	}
	o, err := closeIt(t, h, h.hold(t, "k2").ID)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Review)
	if last := o.History[len(o.History)-1]; last.Note != "duplicate" {
		t.Errorf("note %q", last.Note)
	}
	if diff := cmp.Diff([]int64{8400}, h.amounts(o.ID)); diff != "" || o.Claim().Amount != 0 {
		t.Errorf("%s claimed, posted (-want +got):\n%s", o.Claim(), diff)
	}
	_, err = closeIt(t, h, o.ID)
	code(t, err, sales.CodeReview)
	_, err = h.Decide(t.Context(), operator(), o.ID, sales.DecideRead, "ops", "") // nothing has changed there
	code(t, err, sales.CodeReview)
	h.platform.code = nil // the institution has printed it anew
	if o, err = h.Decide(t.Context(), operator(), o.ID, sales.DecideRead, "ops", "printed anew"); err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Issued)
	if diff := cmp.Diff([]int64{8400}, h.amounts(o.ID)); diff != "" || len(o.Tickets) != 2 {
		t.Errorf("%d tickets, posted (-want +got):\n%s", len(o.Tickets), diff)
	}
}

// What was adopted with another order's barcodes is owed all the same, once.
func TestAdopt_BarcodeOfAnotherOrder_BooksTheMoneyOnce(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.code = func(_, m int64) sales.Barcode { return sales.Barcode(fmt.Sprint(m % 1000)) }
	h.issued(t)
	o := h.hold(t, "k2")
	byAnother := o
	byAnother.AskedUntil = h.clock()
	if _, err := h.platform.Close(t.Context(), byAnother); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := h.Adopt(t.Context(), o.ID)
		code(t, err, sales.CodeReview)
		expect(t, h.store.must(t, o.ID), sales.Review)
		if diff := cmp.Diff([]int64{8400}, h.amounts(o.ID)); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
	}
}

func TestClose_PlatformsSaleAmountDiffers_IsNoted(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.orders[1].total = sample.Euros(9999)
	got, err := closeIt(t, h, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	if last := got.History[len(got.History)-1]; last.Status != sales.Issued || !strings.Contains(last.Note, "total_differs") {
		t.Errorf("last step %+v", last)
	}
	if p := h.store.posted(o.ID); len(p) != 1 || p[0].Amount != sample.Euros(8400) {
		t.Errorf("posted %+v", p)
	}
}

func TestClose_HoldersAndReferenceAreChecked(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	place := o.Lines[0].Places[0].ID
	long := strings.Repeat("x", 201)
	tests := map[string]struct {
		change sales.Change
		want   []string
	}{
		"unknown place": {sales.Change{Holders: []sales.Holder{{Place: "plc_x", Name: "A"}}}, []string{"/holders/0/place"}},
		"place twice":   {sales.Change{Holders: []sales.Holder{{Place: place, Name: "A"}, {Place: place, Name: "B"}}}, []string{"/holders/1/place"}},
		"long name":     {sales.Change{Holders: []sales.Holder{{Place: place, Name: long}}}, []string{"/holders/0/name"}},
		"control":       {sales.Change{Holders: []sales.Holder{{Place: place, Name: "A\x00"}}}, []string{"/holders/0/name"}},
		"control C1":    {sales.Change{Holders: []sales.Holder{{Place: place, Name: "A\u0085"}}}, []string{"/holders/0/name"}},
		"override":      {sales.Change{Holders: []sales.Holder{{Place: place, Name: "anna\u202Egpj"}}}, []string{"/holders/0/name"}},
		"reference":     {sales.Change{PaymentReference: long}, []string{"/payment_reference"}},
	}
	for name, tt := range tests {
		_, err := h.Close(t.Context(), sample.Viewer(), o.ID, tt.change)
		e := domain.AsError(err)
		if e == nil || e.Kind != domain.Invalid {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, f := range e.Fields {
			got = append(got, f.Pointer)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if h.platform.calls("close") != 0 {
		t.Error("closed all the same")
	}
}

func TestClose_ByStatus(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.script = once("hold", refuses)
	refused, _ := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("refused"))
	h.platform.script = once("hold", cutBefore)
	holding, _ := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("holding"))
	h.platform.script = nil
	released := h.hold(t, "released")
	if _, err := h.Release(t.Context(), sample.Viewer(), released.ID, sales.Change{}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []sales.OrderID{refused.ID, holding.ID, released.ID} {
		_, err := closeIt(t, h, id)
		code(t, err, sales.CodeStatus)
	}
	if h.platform.calls("close") != 0 {
		t.Error("asked all the same")
	}
}
