package secutix_test

import (
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/secutix"
)

// What changes something is not sent for a step whose claim has run out; a look is, and so is what nobody claims.
func TestGate_ClaimHasRunOut_NothingIsChanged(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	s := secutix.Sales{Institutions: b.Institutions}
	o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 1))
	now := b.platform.Clock.Now()
	o.AskedUntil = now.Add(-time.Millisecond)
	asked := len(b.meter.calls)
	_, err := s.Hold(t.Context(), o)
	e := domain.AsError(err)
	if e == nil || e.Code != domain.CodePlatformUnreachable || e.Uncertain || len(b.meter.calls) != asked {
		t.Fatalf("%v, and %d calls", err, len(b.meter.calls)-asked)
	}
	o.AskedUntil = now
	h, err := s.Hold(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	o = held(o, h)
	o.AskedUntil = now.Add(-time.Millisecond)
	if _, err := s.Close(t.Context(), o); !domain.HasCode(err, domain.CodePlatformUnreachable) {
		t.Errorf("close: %v", err)
	}
	if got, err := s.Read(t.Context(), o); err != nil || got.State != sales.PlatformOpen {
		t.Errorf("read: %s, %v", got.State, err)
	}
	if err := s.Release(t.Context(), o); !domain.HasCode(err, domain.CodePlatformUnreachable) {
		t.Errorf("release: %v", err)
	}
	o.AskedUntil = time.Time{}
	if err := s.Release(t.Context(), o); err != nil {
		t.Errorf("release: %v", err)
	}
}

// A call that has waited too long for its turn gives it back, and is not sent.
func TestGate_ClaimRunsOutInTheQueue_NothingIsChanged(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	s := secutix.Sales{Institutions: b.Institutions}
	o := b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 1))
	o.AskedUntil = b.platform.Clock.Now().Add(time.Minute)
	b.meter.wait = func() { b.platform.Clock.Advance(2 * time.Minute) }
	left := len(b.meter.results)
	if _, err := s.Hold(t.Context(), o); !domain.HasCode(err, domain.CodePlatformUnreachable) {
		t.Fatal(err)
	}
	b.meter.wait = nil
	if n := len(b.meter.results) - left; n != 1 || b.meter.results[left].BytesOut != 0 {
		t.Errorf("%d turns ended, the last with %+v", n, b.meter.results[len(b.meter.results)-1])
	}
}
