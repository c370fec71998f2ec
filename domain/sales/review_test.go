package sales_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain/sales"
)

func operator() sales.Viewer { return sales.Viewer{Everything: true} }

func TestDecide_ByReading_TakesWhatThePlatformHas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state sales.PlatformState
		want  sales.Status
	}{
		"sold": {sales.PlatformClosed, sales.Issued}, "given up": {sales.PlatformDead, sales.Released}, "open": {sales.PlatformOpen, sales.Held},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			o := inStatus(t, h, sales.Review)
			h.platform.orders[1].state, h.platform.orders[1].ready = c.state, true
			o, err := h.Decide(t.Context(), operator(), o.ID, sales.DecideRead, "ops", "called them")
			if err != nil {
				t.Fatal(err)
			}
			expect(t, o, c.want)
			if note := o.History[len(o.History)-1].Note; note != "decided read by ops: called them" {
				t.Errorf("history says %q", note)
			}
			if n := len(h.store.posted(o.ID)); (n == 1) != (c.want == sales.Issued) {
				t.Errorf("%d postings", n)
			}
			h.advance(time.Hour)
			_, _ = h.ExpireDue(t.Context())
			if c.want == sales.Held {
				expect(t, h.store.must(t, o.ID), sales.Expired)
			}
		})
	}
}

func TestDecide_SoldTwiceOver_IsPostedOnce(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	h.store.mu.Lock()
	o.Status = sales.Review
	h.store.orders[o.ID] = o
	h.store.mu.Unlock()
	o, err := h.Decide(t.Context(), operator(), o.ID, sales.DecideRead, "ops", "")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Issued)
	if diff := cmp.Diff([]int64{8400}, h.amounts(o.ID)); diff != "" || len(o.Tickets) != 2 {
		t.Errorf("%d tickets, posted (-want +got):\n%s", len(o.Tickets), diff)
	}
}

func TestDecide_Refund(t *testing.T) {
	t.Parallel()
	for decision, want := range map[sales.Decision]sales.Status{sales.DecideRefunded: sales.Cancelled, sales.DecideNotRefunded: sales.Issued} {
		h := newTill(t)
		h.platform.byHand = true
		o, err := h.cancel(t, h.issued(t), sales.CancelRequest{Key: "x"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.Decide(t.Context(), operator(), o.ID, sales.DecideRead, "ops", "")
		code(t, err, sales.CodeStatus)
		if o, err = h.Decide(t.Context(), operator(), o.ID, decision, "ops", "as agreed"); err != nil {
			t.Fatal(err)
		}
		expect(t, o, want)
		if note := o.History[len(o.History)-1].Note; !strings.Contains(note, string(decision)+" by ops: as agreed") {
			t.Errorf("history says %q", note)
		}
		_, err = h.Decide(t.Context(), operator(), o.ID, decision, "ops", "again")
		code(t, err, sales.CodeStatus)
		_, err = h.cancel(t, o, sales.CancelRequest{Key: "x"})
		if decision == sales.DecideNotRefunded {
			code(t, err, sales.CodeRefundDenied)
		} else if err != nil {
			t.Error(err)
		}
	}
}

func TestDecide_OnlyInReview_AndOnlyWhoSeesIt(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	_, err := h.Decide(t.Context(), operator(), o.ID, sales.DecideRead, "ops", "")
	code(t, err, sales.CodeStatus)
	_, err = h.Decide(t.Context(), sales.Viewer{Storefront: "other"}, o.ID, sales.DecideRead, "x", "")
	code(t, err, sales.CodeUnknown)
}

func TestDecide_SoldAndNotClosedAnyMore_StaysWithThePerson(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	h.store.mu.Lock()
	o.Status = sales.Review
	h.store.orders[o.ID] = o
	h.store.mu.Unlock()
	h.platform.state = sales.PlatformDead
	_, err := h.Decide(t.Context(), operator(), o.ID, sales.DecideRead, "ops", "")
	code(t, err, sales.CodeReview)
	expect(t, h.store.must(t, o.ID), sales.Review)
}
