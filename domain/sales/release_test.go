package sales_test

import (
	"testing"
	"time"

	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestRelease_GivesBackOnceAndAnswersTheSameAgain(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	for range 3 {
		got, err := h.Release(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: "r"})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, got, sales.Released)
	}
	if h.platform.calls("release") != 1 {
		t.Errorf("asked %v", h.platform.asked)
	}
	_, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{})
	code(t, err, sales.CodeStatus)
}

func TestRelease_NoAnswer_IsSettledByReading(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		script act
		reads  int
		again  int // releases
	}{
		"done": {cutAfter, 1, 1}, "not done": {cutBefore, 1, 2}, "refused for an unknown reason": {refuses, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			o := h.hold(t, "k")
			h.platform.script = once("release", tt.script)
			got, err := h.Release(t.Context(), sample.Viewer(), o.ID, sales.Change{})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, got, sales.Releasing)
			expect(t, h.settle(t, o.ID), sales.Released)
			if h.platform.calls("read") != tt.reads || h.platform.calls("release") != tt.again {
				t.Errorf("asked %v", h.platform.asked)
			}
		})
	}
}

func TestRelease_WhatThePlatformLetLapseIsReleased(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.advance(16 * time.Minute)
	got, err := h.Release(t.Context(), sample.Viewer(), o.ID, sales.Change{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Released)
}

func TestRelease_OfWhatThePlatformSoldGoesToReview(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.orders[1].state, h.platform.orders[1].ready = sales.PlatformClosed, true // a close that came late
	got, err := h.Release(t.Context(), sample.Viewer(), o.ID, sales.Change{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Review)
}

func TestRelease_ByStatus(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.script = once("hold", refuses)
	refused, _ := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("refused"))
	got, err := h.Release(t.Context(), sample.Viewer(), refused.ID, sales.Change{})
	if err != nil || got.Status != sales.Refused {
		t.Errorf("refused: %s, %v", got.Status, err)
	}

	h.platform.script = once("hold", cutAfter)
	holding, _ := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("holding"))
	_, err = h.Release(t.Context(), sample.Viewer(), holding.ID, sales.Change{})
	code(t, err, sales.CodeStatus) // what it holds cannot be named, so it cannot be given back
	expect(t, h.store.must(t, holding.ID), sales.Holding)

	h.advance(time.Hour)
	expect(t, h.settle(t, holding.ID), sales.Orphaned)
	got, err = h.Release(t.Context(), sample.Viewer(), holding.ID, sales.Change{})
	if err != nil || got.Status != sales.Orphaned {
		t.Errorf("orphaned: %s, %v", got.Status, err)
	}

	o := h.hold(t, "issued")
	if _, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{}); err != nil {
		t.Fatal(err)
	}
	_, err = h.Release(t.Context(), sample.Viewer(), o.ID, sales.Change{})
	code(t, err, sales.CodeStatus)
}
