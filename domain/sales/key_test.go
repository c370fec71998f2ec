package sales_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestKey_MissingMalformedAndReused(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	hold := func(key string, change func(*sales.HoldRequest)) error {
		r := sample.HoldRequest(key)
		if change != nil {
			change(&r)
		}
		_, err := h.Hold(t.Context(), sample.Viewer(), r)
		return err
	}
	code(t, hold("", nil), sales.CodeKeyMissing)
	for _, key := range []string{"with space", "tab\t", "é", strings.Repeat("k", 256)} {
		code(t, hold(key, nil), domain.CodeRequest)
	}
	o := h.hold(t, "k")
	for name, change := range map[string]func(*sales.HoldRequest){
		"quantity": func(r *sales.HoldRequest) { r.Wants[0].Quantity = 1 }, "reference": func(r *sales.HoldRequest) { r.Reference = "x" },
		"buyer": func(r *sales.HoldRequest) { r.Buyer.Email = "b@example.org" }, "total": func(r *sales.HoldRequest) { r.Expected = nil },
		"contact": func(r *sales.HoldRequest) { r.PurchaserContact = "1" }, "institution": func(r *sales.HoldRequest) { r.Institution = "x" },
	} {
		if err := hold("k", change); !domain.HasCode(err, sales.CodeKeyReused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := h.Release(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: "k"})
	code(t, err, sales.CodeKeyReused)
	if _, err = h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: "c", PaymentReference: "a"}); err != nil {
		t.Fatal(err)
	}
	_, err = h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{Key: "c", PaymentReference: "b"})
	code(t, err, sales.CodeKeyReused)
	code(t, hold("c", nil), sales.CodeKeyReused)
}

func TestKey_SameKeySameContentGivesTheSameOrderForEver(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	first := h.hold(t, "k")
	replay := func() sales.Order {
		t.Helper()
		o, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	if diff := cmp.Diff(first, replay()); diff != "" {
		t.Errorf("(-first +replay):\n%s", diff)
	}
	if _, err := h.Close(t.Context(), sample.Viewer(), first.ID, sales.Change{}); err != nil {
		t.Fatal(err)
	}
	h.advance(400 * 24 * time.Hour)
	if o := replay(); o.ID != first.ID || o.Status != sales.Issued {
		t.Errorf("after a year: %s %s", o.ID, o.Status)
	}
	other, err := h.Hold(t.Context(), sales.Viewer{Storefront: "other"}, sample.HoldRequest("k2"))
	if err == nil && other.ID == first.ID {
		t.Error("another storefront got the order")
	}
	if h.platform.calls("hold") > 2 {
		t.Errorf("held again: %v", h.platform.asked)
	}
}

func TestKey_FirstAttemptStillRunningIsInProgress(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.during = func(call string) {
		if call != "hold" {
			return
		}
		h.platform.during = nil
		_, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
		if e := domain.AsError(err); e == nil || e.Code != sales.CodeKeyInProgress || e.Kind != domain.Conflict || e.RetryAfter == 0 {
			t.Errorf("got %v", err)
		}
	}
	h.hold(t, "k")
	if h.platform.calls("hold") != 1 {
		t.Error("held twice")
	}
}

func TestHold_NoAnswer_ReplayGivesTheHoldingOrder(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	h.platform.script = once("hold", cutAfter)
	first, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, first, sales.Holding)
	again, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
	if err != nil || again.ID != first.ID || again.Status != sales.Holding {
		t.Errorf("%s, %v: nothing is running any more", again.Status, err)
	}
	if h.platform.calls("hold") != 1 {
		t.Error("held twice")
	}
}

func TestHold_CreateRace_OneWins(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	results := make(chan error, 8)
	for range 8 {
		go func() {
			_, err := h.Hold(t.Context(), sample.Viewer(), sample.HoldRequest("k"))
			results <- err
		}()
	}
	for range 8 {
		if err := <-results; err != nil && !domain.HasCode(err, sales.CodeKeyInProgress) {
			t.Error(err)
		}
	}
	if h.platform.calls("hold") != 1 || len(h.store.orders) != 1 {
		t.Errorf("%d holds, %d orders", h.platform.calls("hold"), len(h.store.orders))
	}
}
