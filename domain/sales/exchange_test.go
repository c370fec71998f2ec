package sales_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// swap asks for places in the balcony instead of the first n tickets.
func swap(o sales.Order, n int) sales.ExchangeRequest {
	r := sales.ExchangeRequest{Target: sales.Target{Performance: sample.Tonight, SeatCategory: sample.Balcony}}
	for _, t := range o.Tickets[:n] {
		r.Tickets = append(r.Tickets, t.ID)
	}
	return r
}

// sellTwo holds and closes two places.
func (h *till) sellTwo(tb testing.TB, key string) sales.Order {
	tb.Helper()
	o, err := h.Close(tb.Context(), sample.Viewer(), h.hold(tb, key).ID, sales.Change{PaymentReference: "PAY-1"})
	if err != nil || o.Status != sales.Issued {
		tb.Fatalf("%s, %v", o.Status, err)
	}
	return o
}

// admits checks that the buyer has at least as many good tickets as were exchanged, whatever has become of it.
func (h *till) admits(tb testing.TB, id sales.OrderID, n int) {
	tb.Helper()
	good := 0
	for _, o := range h.store.all() {
		if o.ID == id || o.Instead == id {
			for _, t := range o.Good() {
				if !h.platform.orders[o.Platform.OrderID].cancelled[t.Movement] {
					good++
				}
			}
		}
	}
	if good < n {
		tb.Errorf("%d good tickets, want at least %d", good, n)
	}
}

func TestExchange_SellsTheNewBeforeItTakesTheOldBack(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.sellTwo(t, "k")
	h.platform.during = func(string) { h.admits(t, o.ID, 2) }
	asked := len(h.platform.asked)
	difference := sample.Euros(2*2800 - 2*4200)
	r := swap(o, 2)
	r.Key, r.Expected = "x", &difference
	for range 2 { // the same key exchanges once
		e, old, err := h.Exchange(t.Context(), sample.Viewer(), o.ID, r)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, old, sales.Cancelled)
		expect(t, *e.New, sales.Issued)
		if e.Difference() != difference || e.New.Instead != o.ID || e.New.Platform.FileID != o.Platform.FileID || e.New.PaymentReference != "PAY-1" || e.New.Lines[0].SeatCategory != sample.Balcony {
			t.Errorf("%+v", e)
		}
		if ref := old.Refunds[0]; ref.Replacement != e.New.ID || !ref.Replaced || ref.State != sales.RefundDone {
			t.Errorf("refund %+v", ref)
		}
		want := []string{"read 1 closed", "hold", "close 2", "open refund 1", "pay refund 3"}
		if diff := cmp.Diff(want, h.platform.asked[asked:]); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if p := h.store.posted(o.ID); len(p) != 2 || p[1].Amount != sample.Euros(-8400) {
			t.Errorf("posted %+v", p)
		}
		if p := h.store.posted(e.New.ID); len(p) != 1 || p[0].Amount != sample.Euros(5600) {
			t.Errorf("posted %+v", p)
		}
	}
}

func TestExchange_TwiceAtOnceWithOneKey_AnswersBothAlike(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.sellTwo(t, "k")
	r := swap(o, 2)
	r.Key = "x"
	var second sales.Exchange
	var again error
	begun := false
	h.platform.during = func(call string) { // the same request comes again while the first one holds
		if call == "hold" && !begun {
			begun = true
			second, _, again = h.Exchange(t.Context(), sample.Viewer(), o.ID, r)
		}
	}
	first, old, err := h.Exchange(t.Context(), sample.Viewer(), o.ID, r)
	if err != nil || again != nil {
		t.Fatalf("%v, %v", err, again)
	}
	expect(t, old, sales.Cancelled)
	if first.New == nil || second.New == nil || first.New.ID != second.New.ID || len(old.Refunds) != 1 {
		t.Errorf("%+v and %+v", first.New, second.New)
	}
	for _, n := range h.store.all() {
		if n.Instead == o.ID && n.ID != first.New.ID {
			expect(t, n, sales.Released)
		}
	}
}

func TestQuoteExchange_ChangesNothing(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.sellTwo(t, "k")
	e, _, err := h.QuoteExchange(t.Context(), sample.Viewer(), o.ID, swap(o, 2))
	if err != nil || e.Price != sample.Euros(5600) || e.Back != sample.Euros(8400) || e.Difference() != sample.Euros(-2800) || e.New != nil || e.ByHand {
		t.Errorf("%+v, %v", e, err)
	}
	if len(h.store.all()) != 1 || h.platform.calls("hold") != 1 || h.store.must(t, o.ID).Status != sales.Issued {
		t.Errorf("%v", h.platform.asked)
	}
}

func TestExchange_ByHand_WaitsForAPersonAndSellsNothing(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.exchangesByHand = true
	o := h.sellTwo(t, "k")
	r := swap(o, 2)
	e, old, err := h.Exchange(t.Context(), sample.Viewer(), o.ID, r)
	if err != nil || !e.ByHand || e.New != nil {
		t.Fatalf("%+v, %v", e, err)
	}
	expect(t, old, sales.Review)
	if ref := old.Refunds[0]; !ref.ByHand || ref.Target == nil || *ref.Target != r.Target || h.platform.calls("hold") != 1 {
		t.Errorf("%+v %v", ref, h.platform.asked)
	}
	if old, err = h.Decide(t.Context(), sample.Viewer(), o.ID, sales.DecideNotRefunded, "ops", "no"); err != nil || old.Status != sales.Issued || len(old.Good()) != 2 {
		t.Errorf("%s, %v", old.Status, err)
	}
}

func TestExchange_RefundsByHand_NewTicketsAtOnceAndATaskForAPerson(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.byHand = true
	o := h.sellTwo(t, "k")
	e, old, err := h.Exchange(t.Context(), sample.Viewer(), o.ID, swap(o, 2))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, *e.New, sales.Issued)
	expect(t, old, sales.Review)
	if old, err = h.Decide(t.Context(), sample.Viewer(), o.ID, sales.DecideRefunded, "ops", "done"); err != nil || old.Status != sales.Cancelled {
		t.Errorf("%s, %v", old.Status, err)
	}
}

func TestExchange_Refused_LeavesTheOldTicketsGood(t *testing.T) {
	t.Parallel()
	one := sample.Euros(1)
	tests := []struct {
		name   string
		script func(string) act
		change func(h *till, r *sales.ExchangeRequest)
		code   string
	}{
		{"nothing left", once("hold", refuses), nil, sales.CodeAvailability},
		{"no answer to the hold", once("hold", cutAfter), nil, domain.CodePlatformUnreachable},
		{"the new places are not sold", once("close", refuses), nil, sales.CodePayment},
		{"another difference", nil, func(_ *till, r *sales.ExchangeRequest) { r.Expected = &one }, sales.CodePriceChanged},
		{"no tickets", nil, func(_ *till, r *sales.ExchangeRequest) { r.Tickets = nil }, domain.CodeRequest},
		{"another's ticket", nil, func(_ *till, r *sales.ExchangeRequest) { r.Tickets = []string{"tkt_x"} }, domain.CodeRequest},
		{"no such performance", nil, func(_ *till, r *sales.ExchangeRequest) { r.Target.Performance = 9 }, domain.CodeRequest},
		{"a scanned ticket", nil, func(h *till, _ *sales.ExchangeRequest) {
			s := h.platform.orders[1]
			s.states = map[int64]string{s.movements[0]: "CONTROLLED"}
		}, sales.CodeTicketUsed},
		{"a cancelled ticket", nil, func(h *till, _ *sales.ExchangeRequest) {
			s := h.platform.orders[1]
			s.cancelled = map[int64]bool{s.movements[0]: true}
		}, sales.CodeTicketCancelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			o := h.sellTwo(t, "k")
			h.platform.script = tt.script
			r := swap(o, 2)
			if tt.change != nil {
				tt.change(h, &r)
			}
			_, _, err := h.Exchange(t.Context(), sample.Viewer(), o.ID, r)
			code(t, err, tt.code)
			old := h.store.must(t, o.ID)
			expect(t, old, sales.Issued)
			if len(old.Good()) != 2 || len(h.platform.refunds) != 0 {
				t.Errorf("%+v %v", old.Tickets, h.platform.asked)
			}
			for _, n := range h.store.all() {
				if n.Instead != "" && (n.Status == sales.Held || n.Status.Sold()) {
					t.Errorf("the new order is %s", n.Status)
				}
			}
		})
	}
}

func TestExchange_AnswerLost_EndsWithTheNewTicketsOrTheOld(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		call string
		act  act
	}{
		{"close", cutBefore},
		{"close", cutAfter},
		{"close", late},
		{"open refund", cutBefore},
		{"open refund", cutAfter},
		{"open refund", limited},
		{"close refund", cutBefore},
		{"close refund", cutAfter},
	} {
		h := newTill(t)
		o := h.sellTwo(t, "k")
		h.platform.script = once(tt.call, tt.act)
		e, old, err := h.Exchange(t.Context(), sample.Viewer(), o.ID, swap(o, 2))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, old, sales.Cancelling)
		h.admits(t, o.ID, 2)
		for range 6 {
			h.platform.orders[2].ready = true
			h.advance(3 * time.Minute)
			h.admits(t, o.ID, 2)
			if _, err := h.SettleDue(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		expect(t, h.store.must(t, o.ID), sales.Cancelled)
		expect(t, h.store.must(t, e.New.ID), sales.Issued)
		h.admits(t, o.ID, 2)
	}
}

func TestExchange_RefundRefused_LiesBeforeAPerson(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"open refund", "close refund"} {
		h := newTill(t)
		o := h.sellTwo(t, "k")
		h.platform.script = once(call, refuses)
		_, old, err := h.Exchange(t.Context(), sample.Viewer(), o.ID, swap(o, 2))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, old, sales.Review)
		if !old.Refunds[0].ByHand || old.NextCheckAt.IsZero() {
			t.Errorf("%+v", old.Refunds)
		}
	}
}

func TestExchange_TheNewTicketsAreCancelledBeforeTheOldOnesAreTakenBack_NothingIsLeft(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.sellTwo(t, "k")
	h.platform.script = once("close", cutAfter)
	e, old, err := h.Exchange(t.Context(), sample.Viewer(), o.ID, swap(o, 2))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, old, sales.Cancelling)
	expect(t, h.settle(t, e.New.ID), sales.Issued)
	if _, _, err := h.Cancel(t.Context(), sample.Viewer(), e.New.ID, sales.CancelRequest{}); err != nil {
		t.Fatal(err)
	}
	h.sweep(t, 3*time.Minute)
	for _, id := range []sales.OrderID{o.ID, e.New.ID} {
		expect(t, h.store.must(t, id), sales.Cancelled)
		if got := h.amounts(id); len(got) != 2 || got[0] != -got[1] {
			t.Errorf("posted %v", got)
		}
	}
}

func TestExchange_RefundOrderLapsed_IsAskedForAgain(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.sellTwo(t, "k")
	lapsed := false
	h.platform.during = func(call string) {
		if call == "close refund" && !lapsed {
			lapsed = true
			for _, u := range h.platform.refunds {
				u.state = sales.PlatformDead
			}
		}
	}
	_, old, err := h.Exchange(t.Context(), sample.Viewer(), o.ID, swap(o, 2))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, old, sales.Cancelling)
	h.advance(3 * time.Minute)
	if _, err := h.SettleDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, h.store.must(t, o.ID), sales.Cancelled)
	h.admits(t, o.ID, 2)
	if n := h.platform.calls("open refund"); n != 2 {
		t.Errorf("%d refund orders were opened", n)
	}
}

func TestExchange_CrashBeforeTheClose_TheOldTicketsStay(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.sellTwo(t, "k")
	h.platform.during = func(call string) { // the database goes away as the new places are to be sold
		if call == "close" {
			h.store.mu.Lock()
			h.store.fail = domain.Errorf(domain.Unavailable, "store.unavailable", "gone")
			h.store.mu.Unlock()
		}
	}
	h.platform.script = once("close", cutBefore)
	_, _, err := h.Exchange(t.Context(), sample.Viewer(), o.ID, swap(o, 2))
	if err == nil {
		t.Fatal("no error")
	}
	h.store.fail, h.platform.during = nil, nil
	for range 6 {
		h.advance(3 * time.Minute)
		if _, err := h.SettleDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.admits(t, o.ID, 2)
	}
	if old := h.store.must(t, o.ID); old.Status != sales.Issued && old.Status != sales.Cancelled {
		t.Errorf("%s: %v", old.Status, old.History)
	}
}
