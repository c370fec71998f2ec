package sales_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain/sales"
	"guichet/domain/sample"
)

// reprint replaces the barcode of a ticket at the platform.
func (p *platform) reprint(t sales.Ticket, fresh sales.Barcode) {
	s := p.orders[1]
	if s.former == nil {
		s.former, s.fresh = map[int64][]sales.Barcode{}, map[int64]sales.Barcode{}
	}
	s.former[t.Movement] = append(s.former[t.Movement], t.Barcode)
	s.fresh[t.Movement] = fresh
}

func TestReread_PrintedAnew_TheNewBarcodeCounts(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	old := o.Tickets[0]
	for i, fresh := range []sales.Barcode{"0042111", "0042222"} {
		h.platform.reprint(h.store.must(t, o.ID).Tickets[0], fresh)
		h.advance(time.Hour)
		o = h.settle(t, o.ID)
		expect(t, o, sales.Issued)
		got := o.Tickets[0]
		if got.ID != old.ID || got.Barcode != fresh || len(got.Former) != i+1 || got.Former[0].Barcode != old.Barcode || !got.IssuedAt.Equal(h.clock()) {
			t.Errorf("ticket %+v", got)
		}
		if o.Tickets[1].Former != nil || o.History[len(o.History)-1].Note != "reprinted" {
			t.Errorf("%+v", o)
		}
	}
	before := h.store.must(t, o.ID)
	o = h.settle(t, o.ID)
	if diff := cmp.Diff(before.History, o.History); diff != "" || len(h.amounts(o.ID)) != 1 {
		t.Errorf("nothing happened, yet:\n%s", diff)
	}
}

func TestReread_UsedAtAGate_IsShown(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	h.platform.orders[1].states = map[int64]string{o.Tickets[1].Movement: "CONTROLLED"}
	if o = h.settle(t, o.ID); o.Tickets[1].State != "CONTROLLED" || o.Tickets[0].State != "VALID" {
		t.Errorf("%+v", o.Tickets)
	}
}

func TestReread_TakenBackByTheInstitution(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		places  int
		refunds bool
		want    sales.Status
		posted  []int64
	}{
		"all, with a refund":          {2, true, sales.Cancelled, []int64{8400, -8400}},
		"one, with a refund":          {1, true, sales.Issued, []int64{8400, -4200}},
		"all, and nobody is refunded": {2, false, sales.Cancelled, []int64{8400, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			o := h.issued(t)
			var movements []int64
			for _, tk := range o.Tickets[:c.places] {
				movements = append(movements, tk.Movement)
			}
			h.platform.takeBack(h.platform.orders[1], movements)
			if c.refunds {
				h.platform.refunds[77] = &undone{of: 1, movements: movements, state: sales.PlatformClosed}
			}
			for range 2 {
				o = h.settle(t, o.ID)
				expect(t, o, c.want)
			}
			if diff := cmp.Diff(c.posted, h.amounts(o.ID)); diff != "" {
				t.Errorf("posted (-want +got):\n%s", diff)
			}
			if len(o.Refunds) != 1 || !o.Refunds[0].ByOrganiser || len(o.Good()) != 2-c.places || o.History[len(o.History)-1].Note != "by_organiser" {
				t.Errorf("%+v", o)
			}
		})
	}
}

func TestReread_NotCalledClosedAnyMore_NeedsAPerson(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	h.platform.state = sales.PlatformDead
	expect(t, h.settle(t, o.ID), sales.Review)
}

func TestReread_HintedAt_OnceItIsNews(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	hint := func(file bool) bool {
		t.Helper()
		do, number := h.Hint, o.Platform.OrderID
		if file {
			do, number = h.HintFile, o.Platform.FileID
		}
		asked, err := do(t.Context(), sample.Code, number)
		if err != nil {
			t.Fatal(err)
		}
		return asked
	}
	if hint(false) {
		t.Error("the platform announces our own sale: that is no news")
	}
	if !hint(true) || hint(true) {
		t.Error("something followed the sale in its file: that is news, once")
	}
	h.platform.reprint(o.Tickets[0], "0042111")
	sweep := func() {
		t.Helper()
		h.advance(time.Minute)
		if _, err := h.SettleDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	reads := h.platform.calls("read")
	sweep()
	sweep()
	if got := h.store.must(t, o.ID); got.Tickets[0].Barcode != "0042111" || h.platform.calls("read") != reads+1 || !got.NextCheckAt.IsZero() {
		t.Errorf("%+v after %v", got.Tickets[0], h.platform.asked)
	}
	h.advance(2 * time.Hour)
	if !hint(false) {
		t.Error("a push long after the sale is news")
	}
	h.platform.script = always("read", cutBefore)
	for range 30 {
		sweep()
	}
	if got := h.store.must(t, o.ID); got.Status != sales.Issued || !got.NextCheckAt.IsZero() || strings.Count(strings.Join(h.platform.asked, " "), "failed") > 12 {
		t.Errorf("%s, next at %s: what cannot be read is left as it is after a while", got.Status, got.NextCheckAt)
	}
}
