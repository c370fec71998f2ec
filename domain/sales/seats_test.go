package sales_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// choosing holds two places on chosen seats.
func choosing(key string, seats ...int64) sales.HoldRequest {
	r := sample.HoldRequest(key)
	r.Wishes = []sales.Wish{{Seats: seats}}
	return r
}

// on are the seats of an order's places.
func on(o sales.Order) []int64 {
	var ids []int64
	for _, l := range o.Lines {
		for _, p := range l.Places {
			ids = append(ids, p.Seat.ID)
		}
	}
	return slices.Sorted(slices.Values(ids))
}

func TestHold_ChosenSeats_AreHeld(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o, err := h.Hold(t.Context(), sample.Viewer(), choosing("k", 11, 12))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Held)
	if diff := cmp.Diff([]int64{11, 12}, on(o)); diff != "" || o.Lines[0].Together != nil {
		t.Errorf("seats (-want +got):\n%s", diff)
	}
	_, err = h.Hold(t.Context(), sample.Viewer(), choosing("k", 11, 13))
	code(t, err, sales.CodeKeyReused)
}

func TestHold_ChosenSeatsNotHad_NothingIsHeld(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		script func(string) act
		taken  []int64
		code   string
		fields []string
	}{
		{"a seat is taken", nil, []int64{12}, sales.CodeAvailability, []string{"/items/0/seats/1"}},
		{"the platform does not seat", once("seat", refuses), nil, sales.CodeSeating, nil},
		{"no answer", once("seat", cutAfter), nil, sales.CodeSeating, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			h.platform.script, h.platform.taken = tt.script, tt.taken
			for range 2 { // and on a replay
				o, err := h.Hold(t.Context(), sample.Viewer(), choosing("k", 11, 12))
				code(t, err, tt.code)
				expect(t, o, sales.Released)
				var fields []string
				for _, f := range domain.AsError(err).Fields {
					fields = append(fields, f.Pointer)
				}
				if diff := cmp.Diff(tt.fields, fields); diff != "" {
					t.Errorf("fields (-want +got):\n%s", diff)
				}
			}
			if s := h.platform.orders[1]; s.state != sales.PlatformDead || h.platform.calls("hold") != 1 {
				t.Errorf("%+v %v", s, h.platform.asked)
			}
		})
	}
}

func TestHold_Together_RefusesPlacesApart(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]*bool{"apart": new(bool), "not said": nil} {
		h := newTill(t)
		h.platform.change = func(x *sales.Hold) { x.Lines[0].Together = said }
		r := sample.HoldRequest("k")
		r.Wishes = []sales.Wish{{Together: true}}
		o, err := h.Hold(t.Context(), sample.Viewer(), r)
		if said == nil {
			if err != nil || o.Status != sales.Held {
				t.Errorf("%s: %s, %v", name, o.Status, err)
			}
			continue
		}
		code(t, err, sales.CodeNotTogether)
		expect(t, o, sales.Released)
	}
}

func TestHold_WishesThatCanNeverBeMet_AreNamed(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	two := []catalog.Want{sample.Seats(2), sample.Tour(1)}
	for pointer, wishes := range map[string][]sales.Wish{
		"/items/0/seats":   {{Seats: []int64{11}}},
		"/items/0/seats/1": {{Seats: []int64{11, 11}}},
		"/items/1":         {{}, {Areas: []catalog.AreaID{811}}},
	} {
		r := sample.HoldRequest("k")
		r.Wants, r.Wishes, r.Expected = two, wishes, nil
		_, err := h.Hold(t.Context(), sample.Viewer(), r)
		if e := domain.AsError(err); e == nil || e.Kind != domain.Invalid || len(e.Fields) != 1 || e.Fields[0].Pointer != pointer || e.Fields[0].Code != sales.CodeSeats {
			t.Errorf("%s: %+v", pointer, e)
		}
	}
	r := choosing("k", 11, 12)
	r.Wishes[0].Together = true
	_, err := h.Hold(t.Context(), sample.Viewer(), r)
	code(t, err, domain.CodeRequest)
	if len(h.store.orders) != 0 {
		t.Error("something was stored")
	}
}

// reseats changes an order to places on chosen seats.
func (h *till) reseats(tb testing.TB, id sales.OrderID, key string, seats ...int64) (sales.Order, error) {
	tb.Helper()
	return h.Amend(tb.Context(), sample.Viewer(), id, sales.Amendment{Key: key, Wants: []catalog.Want{sample.Seats(len(seats))}, Wishes: []sales.Wish{{Seats: seats}}})
}

func TestChange_Seats_MoveTheSamePlaces(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	before, err := h.Hold(t.Context(), sample.Viewer(), choosing("k", 11, 12))
	if err != nil {
		t.Fatal(err)
	}
	asked := len(h.platform.asked)
	o, err := h.reseats(t, before.ID, "a", 11, 14)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Held)
	h.agrees(t, o)
	if diff := cmp.Diff([]int64{11, 14}, on(o)); diff != "" || !slices.Equal(kept(o), kept(before)) {
		t.Errorf("seats (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"seat 1", "look 1 open"}, h.platform.asked[asked:]); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	o, err = h.reseats(t, before.ID, "b", 14, 15, 16) // one more
	if err != nil || !slices.Equal(on(o), []int64{14, 15, 16}) {
		t.Errorf("%v, %v", on(o), err)
	}
	h.agrees(t, o)
	o, err = h.reseats(t, before.ID, "c", 16) // those on other seats go
	if err != nil || !slices.Equal(on(o), []int64{16}) {
		t.Errorf("%v, %v", on(o), err)
	}
	h.agrees(t, o)
}

func TestChange_SeatTaken_LeavesTheHoldAsItWas(t *testing.T) {
	t.Parallel()
	for name, seats := range map[string][]int64{"moved": {11, 13}, "added": {11, 12, 13}} {
		h := newTill(t)
		h.platform.taken = []int64{13}
		before, err := h.Hold(t.Context(), sample.Viewer(), choosing("k", 11, 12))
		if err != nil {
			t.Fatal(err)
		}
		o, err := h.reseats(t, before.ID, "a", seats...)
		e := domain.AsError(err)
		if e == nil || e.Code != sales.CodeAvailability || len(e.Fields) != 1 || e.Fields[0].Pointer != map[string]string{"moved": "/items/0/seats/1", "added": "/items/0/seats/2"}[name] {
			t.Errorf("%s: %+v", name, e)
		}
		expect(t, o, sales.Held)
		h.agrees(t, o)
		if diff := cmp.Diff(before.Lines, o.Lines); diff != "" {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
	}
}

func TestChange_SeatingLost_ShowsTheSeatsAsTheyAre(t *testing.T) {
	t.Parallel()
	for act, want := range map[act][]int64{cutBefore: {11, 12}, cutAfter: {11, 14}} {
		h := newTill(t)
		o, err := h.Hold(t.Context(), sample.Viewer(), choosing("k", 11, 12))
		if err != nil {
			t.Fatal(err)
		}
		h.platform.script = once("seat", act)
		if o, err = h.reseats(t, o.ID, "a", 11, 14); err != nil {
			t.Fatal(err)
		}
		expect(t, o, sales.Changing)
		h.advance(2 * time.Minute)
		o = h.settle(t, o.ID)
		expect(t, o, sales.Held)
		h.agrees(t, o)
		if !slices.Equal(on(o), want) {
			t.Errorf("on %v, want %v", on(o), want)
		}
	}
}
