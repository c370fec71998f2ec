package sales_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
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

// standsStill is a platform before whose calls something happens once.
type standsStill struct {
	sales.Platform
	before string
	happen func()
}

func (p *standsStill) once(call string) {
	if call == p.before {
		p.before = ""
		p.happen()
	}
}

func (p *standsStill) Hold(ctx context.Context, o sales.Order) (sales.Hold, error) {
	p.once("hold")
	return p.Platform.Hold(ctx, o)
}

func (p *standsStill) Add(ctx context.Context, o sales.Order, lines []sales.Line) (sales.Hold, error) {
	p.once("add")
	return p.Platform.Add(ctx, o, lines)
}

func (p *standsStill) Close(ctx context.Context, o sales.Order) (sales.Outcome, error) {
	p.once("close")
	return p.Platform.Close(ctx, o)
}

func (p *standsStill) OpenRefund(ctx context.Context, o sales.Order, r sales.Refund, movements []int64) (sales.RefundSeen, error) {
	p.once("open refund")
	return p.Platform.OpenRefund(ctx, o, r, movements)
}

func (p *standsStill) CloseRefund(ctx context.Context, o sales.Order, r sales.Refund) error {
	p.once("close refund")
	return p.Platform.CloseRefund(ctx, o, r)
}

// A process that stands still between its intent and its call does nothing that somebody else has settled meanwhile.
func TestClaim_RunOutBeforeTheCall_TheCallIsNotMadeAndWhoSettledIsRight(t *testing.T) {
	t.Parallel()
	for call, after := range map[string]time.Duration{
		"hold": 2 * time.Hour, "add": 2 * time.Minute, "close": 2 * time.Minute, "open refund": 2 * time.Minute, "close refund": 2 * time.Minute,
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			p := &standsStill{before: call}
			h := newTill(t, func(d *sales.Deps) { p.Platform, d.Platform = d.Platform, p })
			asked := 0
			p.happen = func() {
				h.advance(after)
				if _, err := h.SettleDue(t.Context()); err != nil {
					t.Error(err)
				}
				asked = len(h.platform.asked)
			}
			o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
			switch call {
			case "hold":
				code(t, err, domain.CodePlatformUnreachable)
			case "add":
				_, _ = h.relines(t, o.ID, "a", children(2, 1))
			default:
				if o, err = closeIt(t, h, o.ID); err == nil && call != "close" {
					_, _, _ = h.Cancel(t.Context(), sample.Viewer(), o.ID, sales.CancelRequest{Key: "c"})
				}
			}
			if asked == 0 && call != "hold" || len(h.platform.asked) != asked {
				t.Errorf("asked %v, %d of them before it came back", h.platform.asked, asked)
			}
		})
	}
}
