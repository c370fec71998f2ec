package sales_test

import (
	"testing"
	"time"

	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestExtend_MovesOurExpiryUpToThePlatformsLessTheMargin(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	extend := func() (sales.Order, error) {
		return h.Extend(t.Context(), sample.Viewer(), o.ID, sales.Change{})
	}
	h.advance(2 * time.Minute)
	got, err := extend()
	if err != nil || !got.HoldExpiresAt.Equal(sample.Now().Add(12*time.Minute)) || !got.NextCheckAt.Equal(got.HoldExpiresAt) {
		t.Errorf("first: until %s, %v", got.HoldExpiresAt, err)
	}
	h.advance(7 * time.Minute)
	limit := sample.Now().Add(14 * time.Minute)
	if got, err = extend(); err != nil || !got.HoldExpiresAt.Equal(limit) {
		t.Errorf("second: until %s, %v", got.HoldExpiresAt, err)
	}
	h.advance(4 * time.Minute) // two minutes before the platform's end: the margin stays whole
	_, err = extend()
	code(t, err, sales.CodeHoldLimit)
	h.advance(time.Minute)
	_, err = extend()
	code(t, err, sales.CodeHoldExpired)
	if got := h.store.must(t, o.ID); !got.HoldExpiresAt.Equal(limit) {
		t.Errorf("until %s", got.HoldExpiresAt)
	}
}

func TestExtend_WithAKeyMovesOnce(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	var last sales.Order
	for range 2 {
		h.advance(time.Minute)
		var err error
		if last, err = h.Extend(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: "e"}); err != nil {
			t.Fatal(err)
		}
	}
	if !last.HoldExpiresAt.Equal(sample.Now().Add(11 * time.Minute)) {
		t.Errorf("until %s", last.HoldExpiresAt)
	}
}

func TestExtend_RefusedWithAKey_IsRefusedAgain(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.issued(t)
	for range 2 {
		_, err := h.Extend(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: "e"})
		code(t, err, sales.CodeStatus)
		text := "other"
		_, err = h.Amend(t.Context(), sample.Viewer(), o.ID, sales.Amendment{Key: "a", Reference: &text})
		code(t, err, sales.CodeStatus)
	}
}

func TestExtend_OnlyHeldOrders(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	if _, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{}); err != nil {
		t.Fatal(err)
	}
	_, err := h.Extend(t.Context(), sample.Viewer(), o.ID, sales.Change{})
	code(t, err, sales.CodeStatus)
}
