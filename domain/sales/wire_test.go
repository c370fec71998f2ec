package sales_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain/sales"
)

func TestSettle_CloseOnTheWire_IsReadButNotSentAgain(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	looked := false
	h.platform.during = func(call string) {
		if call != "close" || looked {
			return
		}
		looked = true
		h.advance(20 * time.Second) // long enough for somebody else to look
		if _, err := h.Settle(t.Context(), o.ID, false); err != nil {
			t.Error(err)
		}
		got := h.store.must(t, o.ID)
		expect(t, got, sales.Closing)
		if !got.NextCheckAt.Equal(got.AskedUntil) {
			t.Errorf("looked at next at %s, want %s when the first sender must have come back", got.NextCheckAt, got.AskedUntil)
		}
	}
	got, err := closeIt(t, h, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Issued)
	if diff := cmp.Diff([]string{"hold", "read 1 open", "close 1"}, h.platform.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestSettle_SenderDied_SoldIsFoundEarlyAndOpenIsSentAgainLate(t *testing.T) {
	t.Parallel()
	for _, sold := range []bool{true, false} {
		h := newTill(t)
		o := h.hold(t, "k")
		h.platform.during = func(call string) {
			if call != "close" {
				return
			}
			h.platform.during = nil
			if sold {
				h.platform.orders[1].state, h.platform.orders[1].ready = sales.PlatformClosed, true
			}
			panic("killed")
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the sender lived")
				}
			}()
			_, _ = closeIt(t, h, o.ID)
		}()
		h.advance(16 * time.Second)
		if _, err := h.SettleDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		if sold {
			expect(t, h.store.must(t, o.ID), sales.Issued)
			continue
		}
		expect(t, h.store.must(t, o.ID), sales.Closing)
		if n := h.platform.calls("close"); n != 0 {
			t.Errorf("%d closes while the first may be on the wire", n)
		}
		h.advance(75 * time.Second)
		if _, err := h.SettleDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		expect(t, h.store.must(t, o.ID), sales.Issued)
	}
}
