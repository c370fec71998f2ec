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

func TestHold_Defect_GivesEverythingBackAndKeepsTheReason(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*sales.Hold)
		back   []int64
	}{
		{"a place is missing", func(h *sales.Hold) {
			h.Lines[0].Places, h.Movements = h.Lines[0].Places[:1], h.Movements[:1]
		}, []int64{1001}},
		{"a place more than asked", func(h *sales.Hold) { h.Movements = append(h.Movements, 1009) }, []int64{1001, 1002, 1009}},
		{"no place found its line", func(h *sales.Hold) { h.Lines[0].Places = nil }, []int64{1001, 1002}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			h.platform.change = func(x *sales.Hold) {
				tt.change(x)
				x.Defect = &sales.Refusal{Kind: domain.Conflict, Code: sales.CodeAvailability, Detail: "the platform reserved something else"}
			}
			o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
			code(t, err, sales.CodeAvailability)
			expect(t, o, sales.Released)
			if diff := cmp.Diff(tt.back, h.platform.released); diff != "" {
				t.Errorf("given back (-want +got):\n%s", diff)
			}
			_, err = h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
			code(t, err, sales.CodeAvailability)
		})
	}
}

func TestHold_PlatformOrderOfAnotherOrder_GoesToReview(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.hold(t, "k1")
	h.platform.change = func(x *sales.Hold) { x.Platform.OrderID = 1 }
	o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k2"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Review)
}

func TestHold_DefectivePlatformOrderOfAnotherOrder_GoesToReview(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.hold(t, "k1")
	h.platform.change = func(x *sales.Hold) { x.Platform.OrderID, x.Total = 1, sample.Euros(1) }
	o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k2"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Review)
	if h.platform.calls("release") != 0 {
		t.Error("the other order's places were given back")
	}
}

// hangsUp is a store whose caller hangs up while the intent is stored.
type hangsUp struct {
	sales.Store
	hangUp context.CancelFunc
}

func (s *hangsUp) CreateOrder(ctx context.Context, o sales.Order, k sales.Key) (sales.Order, sales.Key, bool, error) {
	o, k, created, err := s.Store.CreateOrder(ctx, o, k)
	if s.hangUp(); ctx.Err() != nil {
		return sales.Order{}, sales.Key{}, false, ctx.Err() // stored, and nobody knows
	}
	return o, k, created, err
}

func (s *hangsUp) UpdateOrder(ctx context.Context, id sales.OrderID, change func(*sales.Order) error) (sales.Order, error) {
	o, err := s.Store.UpdateOrder(ctx, id, change)
	if s.hangUp(); ctx.Err() != nil {
		return sales.Order{}, ctx.Err()
	}
	return o, err
}

func TestHold_StorefrontHangsUpWhileTheIntentIsStored_IsHeldAllTheSame(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	ctx, hangUp := context.WithCancel(t.Context())
	h.Store = &hangsUp{Store: h.Store, hangUp: hangUp}
	_, _ = h.Hold(ctx, sample.Viewer(), sample.HoldRequest("k"))
	o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Held)
	if n := h.platform.calls("hold"); n != 1 {
		t.Errorf("the platform was asked %d times", n)
	}
}

func TestLaterCalls_StorefrontHangsUpWhileTheIntentIsStored_AreDoneAllTheSame(t *testing.T) {
	t.Parallel()
	for call, tt := range map[string]struct {
		do   func(*till, context.Context, sales.OrderID)
		sold bool
		want sales.Status
	}{
		"close": {want: sales.Issued, do: func(h *till, ctx context.Context, id sales.OrderID) {
			_, _ = h.Close(ctx, sample.Viewer(), id, sales.Change{})
		}},
		"release": {want: sales.Released, do: func(h *till, ctx context.Context, id sales.OrderID) {
			_, _ = h.Release(ctx, sample.Viewer(), id, sales.Change{})
		}},
		"cancel": {sold: true, want: sales.Cancelled, do: func(h *till, ctx context.Context, id sales.OrderID) {
			_, _, _ = h.Cancel(ctx, sample.Viewer(), id, sales.CancelRequest{})
		}},
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			o := h.hold(t, "k")
			if tt.sold {
				if _, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{}); err != nil {
					t.Fatal(err)
				}
			}
			ctx, hangUp := context.WithCancel(t.Context())
			h.Store = &hangsUp{Store: h.Store, hangUp: hangUp}
			tt.do(h, ctx, o.ID)
			expect(t, h.store.must(t, o.ID), tt.want)
		})
	}
}

// refusedFor makes the first n holds fail before the platform could do anything.
func refusedFor(n int, e *domain.Error) func(string) act {
	return func(call string) act {
		if call == "hold" && n > 0 {
			n--
			return refuses
		}
		return answers
	}
}

func TestHold_RefusedForAPassingReason_TheSameKeyAsksAgain(t *testing.T) {
	t.Parallel()
	for _, e := range []*domain.Error{
		domain.Errorf(domain.Limited, "quota.rate", "no calls left this minute"),
		domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "the platform was not asked in time"),
		domain.Errorf(domain.Unavailable, domain.CodePlatformAuth, "the platform refuses our credentials"),
	} {
		t.Run(e.Code, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			h.platform.script, h.platform.refuse = refusedFor(4, e), e
			var first sales.Order
			for i := range 4 {
				o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
				code(t, err, e.Code)
				expect(t, o, sales.Refused)
				if i == 0 {
					first = o
				}
				h.advance(time.Minute)
			}
			o := h.hold(t, "k")
			if o.ID != first.ID || o.Refusal != nil || len(h.store.all()) != 1 || h.platform.calls("hold") != 5 {
				t.Errorf("%+v after %v", o, h.platform.asked)
			}
			var history []sales.Status
			for _, s := range o.History {
				history = append(history, s.Status)
			}
			want := []sales.Status{sales.Holding, sales.Refused, sales.Holding, sales.Held}
			if diff := cmp.Diff(want, history); diff != "" {
				t.Errorf("history keeps the first of a row (-want +got):\n%s", diff)
			}
			h.hold(t, "k")
			if h.platform.calls("hold") != 5 {
				t.Error("held twice")
			}
		})
	}
}

func TestHold_AskedAgain_OneOfManyAsks(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	e := domain.Errorf(domain.Limited, "quota.rate", "no calls left this minute")
	h.platform.script, h.platform.refuse = refusedFor(1, e), e
	_, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	code(t, err, "quota.rate")
	inside := 0
	h.platform.during = func(call string) {
		if call != "hold" || inside > 0 {
			return
		}
		inside++
		_, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
		code(t, err, sales.CodeKeyInProgress)
	}
	h.advance(3 * time.Hour) // what counts is when it was asked last, not when the order was made
	h.hold(t, "k")
	if inside != 1 || h.platform.calls("hold") != 2 {
		t.Errorf("asked %v", h.platform.asked)
	}
}

func TestHold_AskedAgainWithoutAnswer_LapsesFromThenOn(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	e := domain.Errorf(domain.Limited, "quota.rate", "no calls left this minute")
	h.platform.script, h.platform.refuse = refusedFor(1, e), e
	_, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	code(t, err, "quota.rate")
	h.advance(3 * time.Hour)
	h.platform.script = once("hold", cutAfter)
	o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Holding)
	expect(t, h.settle(t, o.ID), sales.Holding)
	h.advance(time.Hour)
	expect(t, h.settle(t, o.ID), sales.Orphaned)
}

func TestHold_AskedAgain_ForWhatIsNotOnSaleAnyMore_AsksNothing(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	e := domain.Errorf(domain.Limited, "quota.rate", "no calls left this minute")
	h.platform.script, h.platform.refuse = refusedFor(1, e), e
	_, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	code(t, err, "quota.rate")
	h.advance(48 * time.Hour) // the performance is over
	h.platform.script = nil
	if _, err = h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k")); err == nil || h.platform.calls("hold") != 1 {
		t.Errorf("%v, asked %v", err, h.platform.asked)
	}
	expect(t, h.store.all()[0], sales.Refused)
}
