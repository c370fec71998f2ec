package sales_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// issued sells two places, or fails the test.
func (h *till) issued(tb testing.TB) sales.Order {
	tb.Helper()
	o := h.hold(tb, "k")
	o, err := h.Close(tb.Context(), sample.Viewer(), o.ID, sales.Change{})
	if err != nil || o.Status != sales.Issued {
		tb.Fatalf("close: %s, %v", o.Status, err)
	}
	return o
}

func (h *till) cancel(tb testing.TB, o sales.Order, r sales.CancelRequest) (sales.Order, error) {
	tb.Helper()
	_, o, err := h.Cancel(tb.Context(), sample.Viewer(), o.ID, r)
	return o, err
}

func (h *till) amounts(id sales.OrderID) []int64 {
	var out []int64
	for _, p := range h.store.posted(id) {
		out = append(out, p.Amount.Amount)
	}
	return out
}

func TestCancel_Whole_TakesEverythingBackAndPostsOnce(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	plan, o, err := h.Cancel(t.Context(), sample.Viewer(), o.ID, sales.CancelRequest{Key: "x", Reason: "ill"})
	if err != nil || plan.Back != sample.Euros(8400) || plan.Kept != sample.Euros(0) || len(plan.Tickets) != 2 {
		t.Fatalf("%+v, %v", plan, err)
	}
	expect(t, o, sales.Cancelled)
	if diff := cmp.Diff([]int64{8400, -8400}, h.amounts(o.ID)); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
	for _, tk := range o.Tickets {
		if tk.CancelledAt.IsZero() || tk.State != "CANCELLED" || tk.Barcode == "" {
			t.Errorf("ticket %+v", tk)
		}
	}
	_, again, err := h.Cancel(t.Context(), sample.Viewer(), o.ID, sales.CancelRequest{Key: "x", Reason: "ill"})
	if diff := cmp.Diff(o, again); diff != "" || err != nil {
		t.Errorf("the same key: %v\n%s", err, diff)
	}
	_, err = h.cancel(t, o, sales.CancelRequest{Key: "x", Reason: "well"})
	code(t, err, sales.CodeKeyReused)
	_, err = h.cancel(t, o, sales.CancelRequest{Key: "y"})
	code(t, err, sales.CodeStatus)
	if h.platform.calls("open refund") != 1 || h.platform.calls("pay refund") != 1 {
		t.Errorf("asked %v", h.platform.asked)
	}
}

func TestCancel_OneTicketThenTheOther(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	first, second := o.Tickets[0].ID, o.Tickets[1].ID
	o, err := h.cancel(t, o, sales.CancelRequest{Tickets: []string{first}})
	if err != nil || len(o.Good()) != 1 || o.Good()[0].ID != second {
		t.Fatalf("%v %+v", err, o.Tickets)
	}
	expect(t, o, sales.Issued)
	_, err = h.cancel(t, o, sales.CancelRequest{Tickets: []string{first}})
	code(t, err, sales.CodeTicketCancelled)
	if o, err = h.cancel(t, o, sales.CancelRequest{Tickets: []string{second}}); err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Cancelled)
	if diff := cmp.Diff([]int64{8400, -4200, -4200}, h.amounts(o.ID)); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
}

func TestCancel_DryRun_ChangesNothing(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	plan, now, err := h.QuoteCancel(t.Context(), sample.Viewer(), o.ID, sales.CancelRequest{Tickets: []string{o.Tickets[0].ID}})
	want := sales.Cancellation{Tickets: []string{o.Tickets[0].ID}, Back: sample.Euros(4200), Kept: sample.Euros(0)}
	if diff := cmp.Diff(want, plan); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(o, now); diff != "" || h.platform.calls("open refund") != 0 {
		t.Errorf("changed: %s", diff)
	}
}

func TestCancel_TariffThatNeedsAnother_GoesAlong(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	r := sample.HoldRequest("k")
	r.Expected = nil
	child := r.Wants[0]
	child.Tariff, child.Quantity = sample.Child, 1
	r.Wants = []catalog.Want{r.Wants[0], child}
	o, err := h.Hold(t.Context(), sample.Viewer(), r)
	if err != nil {
		t.Fatal(err)
	}
	if o, err = h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{}); err != nil {
		t.Fatal(err)
	}
	full := []string{o.Tickets[0].ID, o.Tickets[1].ID}
	plan, _, err := h.QuoteCancel(t.Context(), sample.Viewer(), o.ID, sales.CancelRequest{Tickets: full})
	if err != nil || !cmp.Equal(plan.Along, []string{o.Tickets[2].ID}) {
		t.Errorf("%+v, %v", plan, err)
	}
	_, err = h.cancel(t, o, sales.CancelRequest{Tickets: full})
	code(t, err, sales.CodeTariffRequires)
	if plan, _, err = h.QuoteCancel(t.Context(), sample.Viewer(), o.ID, sales.CancelRequest{Tickets: full[:1]}); err != nil || plan.Along != nil {
		t.Errorf("one full price is left: %+v, %v", plan, err)
	}
	if o, err = h.cancel(t, o, sales.CancelRequest{}); err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Cancelled)
}

func TestCancel_ScannedTicket_IsRefused(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	h.platform.orders[1].states = map[int64]string{o.Tickets[1].Movement: "CONTROLLED"}
	_, err := h.cancel(t, o, sales.CancelRequest{})
	code(t, err, sales.CodeTicketUsed)
	if e := domain.AsError(err); len(e.Fields) != 1 || e.Fields[0].Pointer != "/tickets/1" || e.State != "issued" {
		t.Errorf("%+v", e)
	}
	expect(t, h.store.must(t, o.ID), sales.Issued)
	if o, err = h.cancel(t, o, sales.CancelRequest{Tickets: []string{o.Tickets[0].ID}}); err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Issued)
}

func TestCancel_WrongRequests(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	other := sample.Euros(1)
	for name, c := range map[string]struct {
		r       sales.CancelRequest
		code    string
		pointer string
	}{
		"unknown ticket": {sales.CancelRequest{Tickets: []string{"tkt_x"}}, domain.CodeRequest, "/tickets/0"},
		"ticket twice":   {sales.CancelRequest{Tickets: []string{o.Tickets[0].ID, o.Tickets[0].ID}}, domain.CodeRequest, "/tickets/1"},
		"other currency": {sales.CancelRequest{Expected: &domain.Money{Amount: 1, Currency: "CHF"}}, domain.CodeRequest, "/expected_back"},
		"other amount":   {sales.CancelRequest{Expected: &other}, sales.CodePriceChanged, ""},
		"control":        {sales.CancelRequest{Reason: "a\nb"}, domain.CodeRequest, "/reason"},
	} {
		_, err := h.cancel(t, o, c.r)
		e := domain.AsError(err)
		if e == nil || e.Code != c.code || (c.pointer != "") != (len(e.Fields) == 1) || (c.pointer != "" && e.Fields[0].Pointer != c.pointer) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if h.platform.calls("open refund") != 0 || len(h.store.must(t, o.ID).Refunds) != 0 {
		t.Error("something was asked or stored")
	}
}

func TestCancel_IntentIsStoredBeforeThePlatformIsAsked(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	seen := map[string]sales.Status{}
	h.platform.during = func(call string) { seen[call] = h.store.must(t, o.ID).Status }
	if _, err := h.cancel(t, o, sales.CancelRequest{}); err != nil {
		t.Fatal(err)
	}
	want := map[string]sales.Status{"read": sales.Issued, "open refund": sales.Cancelling, "close refund": sales.Cancelling}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("status while the platform is asked (-want +got):\n%s", diff)
	}
}

func TestCancel_TheSameRequestTwiceAtOnce_BothAreAnsweredWithOneRefund(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"the other one is answered", "the other one gets no answer"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			o := h.issued(t)
			inner, reads := sales.Order{}, 0
			h.platform.during = func(call string) {
				if reads++; call != "read" || reads != 1 {
					return
				}
				if step == "the other one gets no answer" {
					h.platform.script = once("open refund", cutBefore)
				}
				var err error
				if inner, err = h.cancel(t, o, sales.CancelRequest{Key: "c"}); err != nil {
					t.Errorf("the other one: %v", err)
				}
			}
			outer, err := h.cancel(t, o, sales.CancelRequest{Key: "c"})
			if err != nil || outer.Status != inner.Status || len(outer.Refunds) != 1 || h.platform.calls("open refund") != 1 {
				t.Errorf("%s and %s, %v; asked %v", inner.Status, outer.Status, err, h.platform.asked)
			}
		})
	}
}

func TestCancel_AnswerLost_SettlesToOneRefund(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call string
		act  act
		want sales.Status
		pays int
	}{
		"opened, the answer lost":     {"open refund", cutAfter, sales.Cancelled, 1},
		"not opened, the answer lost": {"open refund", cutBefore, sales.Issued, 0},
		"closed, the answer lost":     {"close refund", cutAfter, sales.Cancelled, 1},
		"not closed, the answer lost": {"close refund", cutBefore, sales.Cancelled, 2},
		"close limited":               {"close refund", limited, sales.Cancelled, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			o := h.issued(t)
			h.platform.script = once(c.call, c.act)
			o, err := h.cancel(t, o, sales.CancelRequest{})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, o, sales.Cancelling)
			for range 4 {
				h.advance(time.Minute)
				if _, err := h.SettleDue(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			o = h.store.must(t, o.ID)
			expect(t, o, c.want)
			want := []int64{8400}
			if c.want == sales.Cancelled {
				want = append(want, -8400)
			}
			if diff := cmp.Diff(want, h.amounts(o.ID)); diff != "" || h.platform.calls("pay refund") != c.pays || h.platform.calls("open refund") != 1 {
				t.Errorf("posted %s; asked %v", diff, h.platform.asked)
			}
		})
	}
}

func TestCancel_ProcessDiesAndTheRequestArrivesLate_IsNotTakenAsNotDone(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	h.platform.script = once("open refund", cutBefore)
	o, err := h.cancel(t, o, sales.CancelRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a start and an operator, while it is on the wire
		if _, err := h.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		o = h.settle(t, o.ID)
		expect(t, o, sales.Cancelling)
	}
	r := o.Refunds[0]
	if _, err := h.platform.OpenRefund(t.Context(), o, r, movementsOf(o, r.Tickets)); err != nil { // it arrives
		t.Fatal(err)
	}
	h.sweep(t, 3*time.Minute)
	expect(t, h.store.must(t, o.ID), sales.Cancelled)
	if diff := cmp.Diff([]int64{8400, -8400}, h.amounts(o.ID)); diff != "" || h.platform.calls("open refund") != 2 {
		t.Errorf("posted %s; asked %v", diff, h.platform.asked)
	}
}

// opener is a platform after whose refund orders something happens before they are answered.
type opener struct {
	sales.Platform
	opened func()
}

func (p *opener) OpenRefund(ctx context.Context, o sales.Order, r sales.Refund, movements []int64) (sales.RefundSeen, error) {
	seen, err := p.Platform.OpenRefund(ctx, o, r, movements)
	p.opened()
	return seen, err
}

func TestCancel_SettledByAnotherWhileTheRefundOrderIsOpened_IsTheirsToClose(t *testing.T) {
	t.Parallel()
	p := &opener{}
	h := newTill(t, func(d *sales.Deps) { p.Platform, d.Platform = d.Platform, p })
	o := h.issued(t)
	h.platform.script = once("close refund", cutBefore) // theirs
	p.opened = func() {
		h.advance(5 * time.Minute) // a process that stood still
		if _, err := h.SettleDue(t.Context()); err != nil {
			t.Error(err)
		}
	}
	got, err := h.cancel(t, o, sales.CancelRequest{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Cancelling)
	if n := h.platform.calls("pay refund"); n != 1 {
		t.Errorf("closed %d times: %v", n, h.platform.asked)
	}
	h.sweep(t, 3*time.Minute)
	expect(t, h.store.must(t, o.ID), sales.Cancelled)
}

func movementsOf(o sales.Order, tickets []string) []int64 {
	var out []int64
	for _, id := range tickets {
		out = append(out, o.Ticket(id).Movement)
	}
	return out
}

func TestCancel_RefusedByThePlatform_LeavesTheTicketsGood(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{"open refund": domain.CodePlatformRefused, "close refund": sales.CodePayment} {
		h := newTill(t)
		o := h.issued(t)
		h.platform.script = once(call, refuses)
		o, err := h.cancel(t, o, sales.CancelRequest{Key: "x"})
		code(t, err, want)
		expect(t, o, sales.Issued)
		_, err = h.cancel(t, o, sales.CancelRequest{Key: "x"})
		code(t, err, want)
		if o = h.store.must(t, o.ID); len(o.Good()) != 2 || o.Refunds[0].State != sales.RefundRefused || h.platform.calls("open refund") != 1 ||
			(h.platform.calls("drop refund") == 1) != (call == "close refund") {
			t.Errorf("%+v", o.Refunds)
		}
		if o, err = h.cancel(t, o, sales.CancelRequest{Key: "y"}); err != nil {
			t.Fatal(err)
		}
		expect(t, o, sales.Cancelled)
	}
}

func TestCancel_TheRefundOrderLapsesBeforeItIsClosed_TheSameKeyAsksAgain(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	lapsed := false
	h.platform.during = func(call string) {
		if call != "close refund" || lapsed {
			return
		}
		lapsed = true
		h.platform.mu.Lock()
		defer h.platform.mu.Unlock()
		for _, u := range h.platform.refunds {
			u.state = sales.PlatformDead
		}
	}
	_, err := h.cancel(t, o, sales.CancelRequest{Key: "x"})
	code(t, err, domain.CodePlatformUnreachable)
	expect(t, h.store.must(t, o.ID), sales.Issued)
	if o, err = h.cancel(t, o, sales.CancelRequest{Key: "x"}); err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Cancelled)
	if got := h.amounts(o.ID); !cmp.Equal(got, []int64{8400, -8400}) {
		t.Errorf("posted %v", got)
	}
}

func TestCancel_RefusedForAPassingReason_TheSameKeyAsksAgain(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	h.platform.script = once("open refund", limited)
	o, err := h.cancel(t, o, sales.CancelRequest{Key: "x"})
	code(t, err, domain.CodePlatformLimited)
	expect(t, o, sales.Issued)
	if o, err = h.cancel(t, o, sales.CancelRequest{Key: "x"}); err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Cancelled)
}

func TestCancel_ThePlatformGivesBackLess_IsGivenUpAndSaid(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	h.platform.dearer = 300
	o, err := h.cancel(t, o, sales.CancelRequest{})
	code(t, err, sales.CodePriceChanged)
	if e := domain.AsError(err); *e.Expected != sample.Euros(8400) || *e.Actual != sample.Euros(8100) {
		t.Errorf("%+v", e)
	}
	expect(t, o, sales.Issued)
	if h.platform.calls("drop refund") != 1 || h.platform.calls("pay refund") != 0 || len(h.amounts(o.ID)) != 1 {
		t.Errorf("asked %v", h.platform.asked)
	}
}

func TestCancel_ByHand_WaitsForAPersonAndNoticesTheRefund(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.byHand = true
	o := h.issued(t)
	plan, o, err := h.Cancel(t.Context(), sample.Viewer(), o.ID, sales.CancelRequest{Tickets: []string{o.Tickets[0].ID}})
	if err != nil || !plan.ByHand {
		t.Fatalf("%+v, %v", plan, err)
	}
	expect(t, o, sales.Review)
	_, err = h.cancel(t, o, sales.CancelRequest{})
	code(t, err, sales.CodeReview)
	for range 300 { // a person takes their time
		h.advance(time.Hour)
		if _, err := h.SettleDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, h.store.must(t, o.ID), sales.Review)
	h.platform.takeBack(h.platform.orders[1], []int64{o.Tickets[0].Movement})
	h.platform.refunds[77] = &undone{of: 1, movements: []int64{o.Tickets[0].Movement}, state: sales.PlatformClosed}
	h.advance(time.Hour)
	if _, err := h.SettleDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	o = h.store.must(t, o.ID)
	expect(t, o, sales.Issued)
	if diff := cmp.Diff([]int64{8400, -4200}, h.amounts(o.ID)); diff != "" || len(o.Good()) != 1 || o.Refunds[0].Platform.OrderID != 77 {
		t.Errorf("%+v, posted (-want +got):\n%s", o.Refunds, diff)
	}
}

// An order's fees are an entry of their own, which a refund leaves standing, or gives back where the platform does.
func TestFees_AreAnEntryOfTheirOwn(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]struct {
		back    int64 // beyond the places
		refunds []sales.Posting
	}{
		"kept":                {0, []sales.Posting{{Kind: sales.PostingRefund, Amount: sample.Euros(-8400)}}},
		"given back":          {300, []sales.Posting{{Kind: sales.PostingRefund, Amount: sample.Euros(-8400)}, {Kind: sales.PostingFee, Amount: sample.Euros(-300)}}},
		"part of them":        {100, []sales.Posting{{Kind: sales.PostingRefund, Amount: sample.Euros(-8400)}, {Kind: sales.PostingFee, Amount: sample.Euros(-100)}}},
		"more than there are": {350, []sales.Posting{{Kind: sales.PostingRefund, Amount: sample.Euros(-8450)}, {Kind: sales.PostingFee, Amount: sample.Euros(-300)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			h.platform.byHand = true
			h.platform.change = func(x *sales.Hold) { x.Total.Amount += 300 }
			request := sample.HoldRequest("k")
			request.Expected = nil
			o, err := h.Hold(t.Context(), sample.Viewer(), request)
			if err != nil {
				t.Fatal(err)
			}
			if o, err = closeIt(t, h, o.ID); err != nil {
				t.Fatal(err)
			}
			plan, o, err := h.Cancel(t.Context(), sample.Viewer(), o.ID, sales.CancelRequest{Key: "x"})
			if err != nil || plan.Back != sample.Euros(8400) || plan.Kept != sample.Euros(300) {
				t.Fatalf("%+v, %v", plan, err)
			}
			s := h.platform.orders[o.Platform.OrderID]
			h.platform.dearer = -more.back
			h.platform.takeBack(s, s.movements)
			h.advance(2 * time.Hour)
			if _, err := h.Settle(t.Context(), o.ID, true); err != nil {
				t.Fatal(err)
			}
			expect(t, h.store.must(t, o.ID), sales.Cancelled)
			want := append([]sales.Posting{{Kind: sales.PostingClose, Amount: sample.Euros(8400)}, {Kind: sales.PostingFee, Amount: sample.Euros(300)}}, more.refunds...)
			var got []sales.Posting
			for _, p := range h.store.posted(o.ID) {
				got = append(got, sales.Posting{Kind: p.Kind, Amount: p.Amount})
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("postings (-want +got):\n%s", diff)
			}
		})
	}
}
