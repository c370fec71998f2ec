package secutix_test

import (
	"slices"
	"testing"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/secutix"
	"guichet/secutix/sim"
)

// holding holds places of a play and returns the order with its lines as sales would store them.
func (b *border) holding(tb testing.TB, o sales.Order) sales.Order {
	tb.Helper()
	h, err := secutix.Sales{Institutions: b.Institutions}.Hold(tb.Context(), o)
	if err != nil || h.Defect != nil {
		tb.Fatalf("%+v, %v", h.Defect, err)
	}
	o = held(o, h)
	for i := range o.Lines {
		o.Lines[i].Operations = h.Lines[i].Operations
	}
	return o
}

func TestChange_AddLookDrop(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	p := secutix.Sales{Institutions: b.Institutions}
	s := b.load(t, "theatre")
	o := b.holding(t, b.order(t, seats(t, s, "TARTUFFE", "CAT1", "PLEIN", 2)))
	more := b.order(t, seats(t, s, "TARTUFFE", "CAT1", "PLEIN", 1), seats(t, s, "TARTUFFE", "CAT2", "PLEIN", 2))
	added, err := p.Add(t.Context(), o, more.Lines)
	if err != nil || added.Defect != nil || len(added.Movements) != 3 {
		t.Fatalf("%+v, %v", added, err)
	}
	want := 3*o.Lines[0].UnitPrice.Amount + 2*more.Lines[1].UnitPrice.Amount
	if added.Total.Amount != want-2*o.Lines[0].UnitPrice.Amount {
		t.Errorf("what was added costs %s", added.Total)
	}
	if h, _, err := p.Look(t.Context(), o); err != nil || h.Defect == nil || len(h.Movements) != 5 {
		t.Errorf("a look that finds more than the lines: %+v, %v", h, err)
	}
	next := o
	next.Lines = slices.Clone(o.Lines)
	next.Lines[0].Quantity = 3
	next.Lines[0].Places = append(slices.Clone(o.Lines[0].Places), sales.Place{Movement: added.Lines[0].Places[0].Movement})
	next.Lines[0].Operations = append(slices.Clone(o.Lines[0].Operations), added.Lines[0].Operations...)
	next.Lines = append(next.Lines, more.Lines[1])
	for _, pl := range added.Lines[1].Places {
		next.Lines[1].Places = append(next.Lines[1].Places, sales.Place{Movement: pl.Movement})
	}
	h, state, err := p.Look(t.Context(), next)
	if err != nil || state != sales.PlatformOpen || h.Defect != nil || h.Total.Amount != want || h.ExpiresAt.IsZero() {
		t.Fatalf("%+v %s, %v, want %d", h, state, err, want)
	}
	if h.Lines[0].Total.Amount != 3*o.Lines[0].UnitPrice.Amount || h.Lines[0].UnitPrice != o.Lines[0].UnitPrice || h.Lines[0].Places[2].Seat.Row == "" {
		t.Errorf("line %+v", h.Lines[0])
	}
	if err := p.Drop(t.Context(), next, []int64{next.Lines[0].Places[0].Movement, next.Lines[1].Places[1].Movement}); err != nil {
		t.Fatal(err)
	}
	next.Lines[0].Quantity, next.Lines[0].Places = 2, next.Lines[0].Places[1:]
	next.Lines[1].Quantity, next.Lines[1].Places = 1, next.Lines[1].Places[:1]
	h, _, err = p.Look(t.Context(), next)
	if err != nil || h.Defect != nil || h.Total.Amount != want-o.Lines[0].UnitPrice.Amount-more.Lines[1].UnitPrice.Amount {
		t.Fatalf("%+v, %v", h, err)
	}
	next.Total = h.Total
	out, err := p.Close(t.Context(), next)
	if err != nil || len(out.Tickets) != 3 || *out.Total != h.Total {
		t.Errorf("close: %+v, %v", out, err)
	}
	if _, state, err := p.Look(t.Context(), next); err != nil || state != sales.PlatformClosed {
		t.Errorf("a look at a sold one: %s, %v", state, err)
	}
}

func TestChange_RefusedAdd_LeavesTheHoldAlone(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	p := secutix.Sales{Institutions: b.Institutions}
	s := b.load(t, "theatre")
	o := b.holding(t, b.order(t, seats(t, s, "TARTUFFE", "CAT1", "PLEIN", 2)))
	for _, tt := range []struct {
		fault     sim.Kind
		code      string
		uncertain bool
	}{
		{sim.SoldOutMeanwhile, sales.CodeAvailability, false},
		{sim.Limit509, domain.CodePlatformLimited, false},
		{sim.CutBeforeCommit, domain.CodePlatformUnreachable, true},
	} {
		b.platform.Fault("createOrUpdateOrder", sim.Fault{Kind: tt.fault})
		_, err := p.Add(t.Context(), o, o.Lines)
		if e := domain.AsError(err); e == nil || e.Code != tt.code || e.Uncertain != tt.uncertain {
			t.Errorf("%s: %+v", tt.fault, e)
		}
		if h, state, err := p.Look(t.Context(), o); err != nil || state != sales.PlatformOpen || h.Defect != nil || len(h.Movements) != 2 {
			t.Errorf("after %s: %+v %s, %v", tt.fault, h, state, err)
		}
	}
}
