package secutix_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/secutix"
	"guichet/secutix/sim"
)

// free lists free seats of an order's first line.
func (b *border) free(tb testing.TB, o sales.Order) []catalog.Seat {
	tb.Helper()
	all, err := secutix.Catalog{Institutions: b.Institutions}.Seats(tb.Context(), b.load(tb, "theatre"), o.Lines[0].Performance)
	if err != nil {
		tb.Fatal(err)
	}
	return slices.DeleteFunc(all, func(s catalog.Seat) bool { return !s.Free || s.SeatCategory != o.Lines[0].SeatCategory })
}

// wishing gives the first line's places the seats asked for, as they are held.
func wishing(o sales.Order, seats ...int64) []sales.Line {
	l := o.Lines[0]
	l.Wish.Seats = seats
	return []sales.Line{l}
}

func seatIDs(places []sales.HoldPlace) []int64 {
	var ids []int64
	for _, p := range places {
		ids = append(ids, p.Seat.ID)
	}
	return slices.Sorted(slices.Values(ids))
}

func TestSeat_PutsPlacesOnChosenSeats(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	p := secutix.Sales{Institutions: b.Institutions}
	o := b.holding(t, b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 2)))
	free := b.free(t, o)
	want := []int64{free[0].ID, free[len(free)-1].ID}
	slices.Sort(want)
	moved, refusal, err := p.Seat(t.Context(), o, wishing(o, want...))
	if err != nil || refusal != nil {
		t.Fatalf("%+v, %v", refusal, err)
	}
	if diff := cmp.Diff(want, seatIDs(moved)); diff != "" || moved[0].Seat.Row == "" {
		t.Errorf("seats (-want +got):\n%s", diff)
	}
	h, _, err := p.Look(t.Context(), o)
	if err != nil || h.Defect != nil {
		t.Fatalf("%+v, %v", h.Defect, err)
	}
	if diff := cmp.Diff(want, seatIDs(h.Lines[0].Places)); diff != "" {
		t.Errorf("a look (-want +got):\n%s", diff)
	}
}

func TestSeat_TakenSeat_IsNamedAndNothingMoves(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	p := secutix.Sales{Institutions: b.Institutions}
	want := seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 2)
	other := b.holding(t, b.order(t, want))
	o := b.holding(t, b.order(t, want))
	taken := other.Lines[0].Places[0].Seat.ID
	_, refusal, err := p.Seat(t.Context(), o, wishing(o, b.free(t, o)[0].ID, taken))
	if err != nil || refusal == nil || refusal.Code != sales.CodeAvailability || !slices.Equal(refusal.Seats, []int64{taken}) {
		t.Errorf("%+v, %v", refusal, err)
	}
	_, refusal, err = p.Seat(t.Context(), o, wishing(o, o.Lines[0].Places[0].Seat.ID, 999))
	if err != nil || refusal == nil || refusal.Code != sales.CodeAvailability || !slices.Equal(refusal.Seats, []int64{999}) {
		t.Errorf("a seat that is none: %+v, %v", refusal, err)
	}
	h, _, err := p.Look(t.Context(), o)
	if err != nil || h.Lines[0].Places[0].Seat != o.Lines[0].Places[0].Seat || h.Lines[0].Places[1].Seat != o.Lines[0].Places[1].Seat {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestSeat_FaultsKeepTheirCertainty(t *testing.T) {
	t.Parallel()
	for fault, want := range map[sim.Kind]string{
		sim.Limit509: sales.CodeSeating, sim.CutBeforeCommit: domain.CodePlatformUnreachable, sim.CutAfterCommit: "",
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBorder(t)
				p := secutix.Sales{Institutions: b.Institutions}
				o := b.holding(t, b.order(t, seats(t, b.load(t, "theatre"), "TARTUFFE", "CAT1", "PLEIN", 1)))
				seat := b.free(t, o)[0].ID
				b.platform.Fault("doSeatingForOperations", sim.Fault{Kind: fault})
				moved, refusal, err := p.Seat(t.Context(), o, wishing(o, seat))
				switch {
				case err != nil:
					if e := domain.AsError(err); e.Code != want || !e.Uncertain {
						t.Errorf("%+v", e)
					}
				case refusal != nil:
					if refusal.Code != want {
						t.Errorf("%+v", refusal)
					}
				case want != "" || !slices.Equal(seatIDs(moved), []int64{seat}):
					t.Errorf("moved %+v", moved)
				}
			})
		})
	}
}

func TestHold_PreferredAreasComeFirst(t *testing.T) {
	t.Parallel()
	b := newBorder(t)
	s := b.load(t, "theatre")
	for range 2 {
		o := b.order(t, seats(t, s, "TARTUFFE", "CAT1", "PLEIN", 1), seats(t, s, "TARTUFFE", "CAT2", "PLEIN", 1))
		for _, seat := range b.free(t, o) {
			o.Lines[0].Wish.Areas = []catalog.AreaID{seat.Area} // the last one's: not where the platform begins
		}
		held := b.holding(t, o)
		all, err := secutix.Catalog{Institutions: b.Institutions}.Seats(t.Context(), s, o.Lines[0].Performance)
		if err != nil {
			t.Fatal(err)
		}
		for _, seat := range all {
			if seat.ID == held.Lines[0].Places[0].Seat.ID && seat.Area != o.Lines[0].Wish.Areas[0] {
				t.Errorf("in area %d, not %v", seat.Area, o.Lines[0].Wish.Areas)
			}
		}
	}
}
