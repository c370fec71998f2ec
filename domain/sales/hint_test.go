package sales_test

import (
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestHint_OnlyOurOrdersThatLackAnAnswerAreSettledSoon(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	hint := func(want bool) {
		t.Helper()
		tasks := len(h.store.tasks)
		got, err := h.Hint(t.Context(), sample.Code, o.Platform.OrderID)
		if err != nil || got != want || (len(h.store.tasks) > tasks) != want {
			t.Errorf("hint = %t, %v with %d new tasks, want %t", got, err, len(h.store.tasks)-tasks, want)
		}
	}
	hint(false) // held: nothing is open
	h.platform.script = once("close", late)
	if _, err := closeIt(t, h, o.ID); err != nil {
		t.Fatal(err)
	}
	far := h.clock().Add(time.Hour)
	if _, err := h.store.UpdateOrder(t.Context(), o.ID, func(o *sales.Order) error { o.NextCheckAt = far; return nil }); err != nil {
		t.Fatal(err)
	}
	h.advance(time.Minute)
	for name, try := range map[string]func() (bool, error){
		"other order":       func() (bool, error) { return h.Hint(t.Context(), sample.Code, 999) },
		"file":              func() (bool, error) { return h.Hint(t.Context(), sample.Code, o.Platform.FileID) },
		"other institution": func() (bool, error) { return h.Hint(t.Context(), "museum", o.Platform.OrderID) },
	} {
		if got, err := try(); got || err != nil {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
	hint(true)
	if due := h.store.must(t, o.ID).NextCheckAt; due.After(h.clock()) {
		t.Errorf("it is due at %s, now is %s", due, h.clock())
	}
	last := h.store.tasks[len(h.store.tasks)-1]
	if last.Kind != sales.TaskSettle || last.Key != string(o.ID) {
		t.Errorf("asked for %+v", last)
	}
	hint(false) // it is due already
	h.platform.orders[1].ready = true
	if _, err := h.Settle(t.Context(), o.ID, false); err != nil {
		t.Fatal(err)
	}
	expect(t, h.store.must(t, o.ID), sales.Issued)
	hint(false)
}

func TestHint_WhoeverIsAtIt_IsLeftTime(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.script = once("close", late)
	if _, err := closeIt(t, h, o.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.UpdateOrder(t.Context(), o.ID, func(o *sales.Order) error { o.NextCheckAt = h.clock().Add(time.Hour); return nil }); err != nil {
		t.Fatal(err)
	}
	if ok, err := h.Hint(t.Context(), sample.Code, o.Platform.OrderID); !ok || err != nil {
		t.Fatalf("hint = %t, %v", ok, err)
	}
	got := h.store.must(t, o.ID)
	if wait := got.NextCheckAt.Sub(got.UpdatedAt); wait < 10*time.Second || wait > 20*time.Second {
		t.Errorf("it is settled %s after its last change", wait)
	}
	h.store.fail = domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "away")
	if _, err := h.Hint(t.Context(), sample.Code, o.Platform.OrderID); !domain.HasCode(err, domain.CodeStoreUnavailable) {
		t.Errorf("without a store: %v", err)
	}
}
