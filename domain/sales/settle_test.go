package sales_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func closeIt(tb testing.TB, h *till, id sales.OrderID) (sales.Order, error) {
	tb.Helper()
	return h.Close(tb.Context(), sample.Viewer(), id, sales.Change{})
}

func TestSettle_HoldWithoutAnswer_BecomesOrphanedWhenItMustHaveLapsed(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.script = once("hold", cutAfter)
	o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Holding)
	if !o.NextCheckAt.Equal(h.now.Add(time.Hour)) {
		t.Errorf("next check %s", o.NextCheckAt)
	}
	h.advance(59 * time.Minute)
	expect(t, h.settle(t, o.ID), sales.Holding)
	h.advance(time.Minute)
	if out, err := h.SettleDue(t.Context()); err != nil || out.Done != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	got := h.store.must(t, o.ID)
	expect(t, got, sales.Orphaned)
	if !got.NextCheckAt.IsZero() || h.platform.calls("read") != 0 {
		t.Errorf("next check %s, asked %v", got.NextCheckAt, h.platform.asked)
	}
	again, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	if err != nil || again.Status != sales.Orphaned {
		t.Errorf("replay: %s, %v", again.Status, err)
	}
}

func TestSettle_NotDueOrKnownIsLeftAlone(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.script = once("close", cutBefore)
	if _, err := closeIt(t, h, o.ID); err != nil {
		t.Fatal(err)
	}
	before := h.store.must(t, o.ID)
	out, err := h.Settle(t.Context(), o.ID, false)
	if err != nil || out != (domain.Outcome{}) || h.store.must(t, o.ID).Version != before.Version {
		t.Errorf("not due: %+v, %v", out, err)
	}
	h.settle(t, o.ID)
	issued := h.store.must(t, o.ID)
	expect(t, issued, sales.Issued)
	if _, err := h.Settle(t.Context(), o.ID, false); err != nil || h.store.must(t, o.ID).Version != issued.Version {
		t.Errorf("a known outcome was touched: %v", err)
	}
	if _, err := h.Settle(t.Context(), "ord_x", true); !domain.HasCode(err, sales.CodeUnknown) {
		t.Errorf("unknown order: %v", err)
	}
}

func TestSettle_ClaimKeepsOthersAway(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.script = once("close", cutBefore)
	if _, err := closeIt(t, h, o.ID); err != nil {
		t.Fatal(err)
	}
	h.advance(2 * time.Second)
	h.platform.during = func(call string) {
		if call != "read" {
			return
		}
		if out, err := h.Settle(t.Context(), o.ID, false); err != nil || out != (domain.Outcome{}) {
			t.Errorf("a second settler: %+v, %v", out, err)
		}
	}
	if _, err := h.Settle(t.Context(), o.ID, false); err != nil {
		t.Fatal(err)
	}
	if h.platform.calls("read") != 1 {
		t.Errorf("asked %v", h.platform.asked)
	}
}

func TestSettle_CannotReadYet_WaitsLongerEachTime(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.script = func(call string) act {
		if call == "close" {
			return cutAfter
		}
		return cutBefore // no read succeeds
	}
	if _, err := closeIt(t, h, o.ID); err != nil {
		t.Fatal(err)
	}
	for _, want := range []time.Duration{5, 15, 30, 60, 60} {
		got := h.settle(t, o.ID)
		expect(t, got, sales.Closing)
		if wait := got.NextCheckAt.Sub(h.now); wait != want*time.Second {
			t.Errorf("waits %s, want %s", wait, want*time.Second)
		}
	}
	h.platform.script = nil
	expect(t, h.settle(t, o.ID), sales.Issued)
}

// TestSettle_TooManyReads: whatever keeps an order unknown, a person looks in the end; what the last read tells still counts.
func TestSettle_TooManyReads_GoesToReview(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		begin  func(h *till, id sales.OrderID)
		script func(call string) act
		last   func(h *till) // before the read that is one too many
		want   sales.Status
	}{
		{"closing, unreadable", closes(cutAfter), func(string) act { return cutBefore }, nil, sales.Review},
		{"closing, open for ever", closes(cutBefore), always("close", cutBefore), nil, sales.Review},
		{"closing, refused without a word", closes(cutBefore), always("close", limited), nil, sales.Review},
		{"releasing, open for ever", releases(cutBefore), always("release", refuses), nil, sales.Review},
		{"issuing, no barcode", closes(late), nil, nil, sales.Review},
		{"issuing, the barcode comes at last", closes(late), nil, func(h *till) { h.platform.orders[1].ready = true }, sales.Issued},
		{"closing, closed at last", closes(cutBefore), always("close", cutBefore), func(h *till) {
			h.platform.orders[1].state, h.platform.orders[1].ready = sales.PlatformClosed, true
		}, sales.Issued},
		{"closing, dead at last", closes(cutBefore), always("close", cutBefore), func(h *till) { h.platform.orders[1].state = sales.PlatformDead }, sales.Expired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			h.platform.lives = -1 // never lapses
			o := h.hold(t, "k")
			tt.begin(h, o.ID)
			h.platform.script = tt.script
			for n := range 120 {
				if _, err := h.Settle(t.Context(), o.ID, true); err != nil {
					t.Fatal(err)
				}
				if got := h.store.must(t, o.ID); !got.Status.Unknown() {
					t.Fatalf("%s after %d reads", got.Status, n+1)
				}
			}
			if tt.last != nil {
				tt.last(h)
			}
			got := h.settle(t, o.ID)
			expect(t, got, tt.want)
			if got.Status == sales.Review && (got.History[len(got.History)-1].Note != "too_many_reads" || !got.NextCheckAt.IsZero()) {
				t.Errorf("last step %+v, next check %s", got.History[len(got.History)-1], got.NextCheckAt)
			}
		})
	}
}

func closes(a act) func(*till, sales.OrderID) {
	return func(h *till, id sales.OrderID) {
		h.platform.script = always("close", a)
		_, _ = h.Close(h.context(), sample.Viewer(), id, sales.Change{})
	}
}

func releases(a act) func(*till, sales.OrderID) {
	return func(h *till, id sales.OrderID) {
		h.platform.script = always("release", a)
		_, _ = h.Release(h.context(), sample.Viewer(), id, sales.Change{})
	}
}

func TestSettle_ReadsThatContradictUsGoToReview(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		begin func(*till, sales.OrderID)
		says  sales.PlatformState
		note  string
	}{
		{"closed while releasing", releases(cutBefore), sales.PlatformClosed, "closed_while_releasing"},
		{"issuing, open again", closes(late), sales.PlatformOpen, "not_closed_any_more"},
		{"issuing, dead", closes(late), sales.PlatformDead, "not_closed_any_more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			o := h.hold(t, "k")
			tt.begin(h, o.ID)
			h.platform.state = tt.says
			got := h.settle(t, o.ID)
			expect(t, got, sales.Review)
			if last := got.History[len(got.History)-1]; last.Note != tt.note {
				t.Errorf("note %q", last.Note)
			}
		})
	}
}

func TestSettle_SoldAfterWeSawItEnd_GoesToReview(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.script = once("close", cutBefore)
	h.platform.during = func(call string) {
		if call != "close" {
			return
		}
		h.platform.during = nil
		h.platform.state = sales.PlatformDead
		h.settle(t, o.ID) // an operator forces it while the close is under way
		h.platform.state, h.platform.script = "", nil
	}
	got, err := closeIt(t, h, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Review)
	if last := got.History[len(got.History)-1]; last.Note != "sold_after_end" {
		t.Errorf("note %q", last.Note)
	}
}

func TestExpire_GivesBackWhatHasRunOut(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	young := h.hold(t, "k2")
	h.advance(5 * time.Minute)
	if _, err := h.Extend(t.Context(), sample.Viewer(), young.ID, sales.Change{}); err != nil {
		t.Fatal(err)
	}
	if out, err := h.Expire(t.Context(), o.ID); err != nil || out.Done != 0 {
		t.Errorf("too early: %+v, %v", out, err)
	}
	h.advance(5 * time.Minute)
	out, err := h.ExpireDue(t.Context())
	if err != nil || out.Done != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	expect(t, h.store.must(t, o.ID), sales.Expired)
	expect(t, h.store.must(t, young.ID), sales.Held)
	if !slices.Equal(h.platform.released, []int64{1001, 1002}) {
		t.Errorf("given back %v", h.platform.released)
	}
}

func TestExpire_NoAnswer_EndsExpiredAllTheSame(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.script = once("release", cutAfter)
	h.advance(10 * time.Minute)
	if _, err := h.Expire(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	expect(t, h.store.must(t, o.ID), sales.Releasing)
	expect(t, h.settle(t, o.ID), sales.Expired)
}

func TestRecover_SettlesWhatTheLastProcessLeft(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	open, sold, back, late := h.hold(t, "1"), h.hold(t, "2"), h.hold(t, "3"), h.hold(t, "4")
	closes(cutBefore)(h, open.ID)
	closes(cutAfter)(h, sold.ID)
	releases(cutBefore)(h, back.ID)
	closes(silent)(h, late.ID)
	h.platform.script = once("hold", cutAfter)
	holding, _ := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("5"))
	h.platform.script = nil
	out, err := h.Recover(t.Context()) // without waiting for any claim
	if err != nil || out.Done != 4 {
		t.Errorf("%+v, %v", out, err)
	}
	for id, want := range map[sales.OrderID]sales.Status{
		open.ID: sales.Issued, sold.ID: sales.Issued, back.ID: sales.Released, late.ID: sales.Issued, holding.ID: sales.Holding,
	} {
		expect(t, h.store.must(t, id), want)
	}
}

func TestRecover_AHoldThatRanOutMeanwhileIsClosedOnlyIfThePlatformStillHasIt(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	closes(cutBefore)(h, o.ID)
	h.platform.script = nil
	h.advance(24 * time.Hour)
	if _, err := h.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, h.store.must(t, o.ID), sales.Expired)
	if h.platform.calls("close") != 1 {
		t.Errorf("asked %v", h.platform.asked)
	}
}

func TestSweep_MoreIsDueThanOneBatch_EverythingIsLookedAtOnce(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	const many = 250
	for i := range many {
		h.hold(t, fmt.Sprintf("k%d", i))
	}
	h.advance(time.Hour)
	out, err := h.ExpireDue(t.Context())
	if err != nil || out.Done != many || h.platform.calls("release") != many {
		t.Errorf("%+v with %d releases, %v", out, h.platform.calls("release"), err)
	}
}

func TestSale_AnsweredAtOnce_AsksForNoJob(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	if o, err := closeIt(t, h, o.ID); err != nil || o.Status != sales.Issued {
		t.Fatal(o, err)
	}
	if len(h.store.tasks) != 0 {
		t.Errorf("jobs were asked for: %v", h.store.tasks)
	}
}

func TestSettleDue_OneThatFailsDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	a, b := h.hold(t, "a"), h.hold(t, "b")
	closes(cutAfter)(h, a.ID)
	closes(cutAfter)(h, b.ID)
	n := 0
	h.platform.script = func(call string) act {
		if n++; n == 1 {
			return cutBefore // the first read
		}
		return answers
	}
	h.advance(2 * time.Second)
	out, err := h.SettleDue(t.Context())
	if err != nil || out.Done != 1 || out.Left != 1 {
		t.Errorf("%+v, %v", out, err)
	}
}
