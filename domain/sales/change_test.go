package sales_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// children wants places at the child's tariff beside full ones.
func children(full, child int) []catalog.Want {
	c := sample.Seats(child)
	c.Tariff = sample.Child
	return []catalog.Want{sample.Seats(full), c}
}

// relines changes the lines of an order.
func (h *till) relines(tb testing.TB, id sales.OrderID, key string, wants []catalog.Want, expected ...int64) (sales.Order, error) {
	tb.Helper()
	a := sales.Amendment{Key: key, Wants: wants}
	if len(expected) > 0 {
		m := sample.Euros(expected[0])
		a.Expected = &m
	}
	return h.Amend(tb.Context(), sample.Viewer(), id, a)
}

// kept are the ids of an order's places.
func kept(o sales.Order) []string {
	var ids []string
	for _, l := range o.Lines {
		for _, p := range l.Places {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// agrees checks that an order has the places that the platform holds, and its total.
func (h *till) agrees(tb testing.TB, o sales.Order) {
	tb.Helper()
	s := h.platform.orders[o.Platform.OrderID]
	var ours []int64
	for _, l := range o.Lines {
		if len(l.Places) != l.Quantity {
			tb.Errorf("%d places for a quantity of %d", len(l.Places), l.Quantity)
		}
		for _, p := range l.Places {
			ours = append(ours, p.Movement)
			if s.lines[p.Movement].Tariff != l.Tariff {
				tb.Errorf("place %d is of another line", p.Movement)
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(s.movements)), slices.Sorted(slices.Values(ours))); diff != "" {
		tb.Errorf("places (-platform +ours):\n%s", diff)
	}
	if o.Total != s.total {
		tb.Errorf("total %s, the platform says %s", o.Total, s.total)
	}
}

func TestChange_Lines_KeepsWhatStaysAndMovesThePrice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		wants []catalog.Want
		total int64
		stay  int
		calls []string
	}{
		{"more of the same", []catalog.Want{sample.Seats(3)}, 12600, 2, []string{"add 1", "look 1 open"}},
		{"fewer of the same", []catalog.Want{sample.Seats(1)}, 4200, 1, []string{"drop 1", "look 1 open"}},
		{"another tariff beside", children(2, 1), 10500, 2, []string{"add 1", "look 1 open"}},
		{"one of another tariff instead", children(1, 1), 6300, 1, []string{"add 1", "drop 1", "look 1 open"}},
		{"something else altogether", []catalog.Want{sample.Tour(2)}, 3000, 0, []string{"add 1", "drop 1", "look 1 open"}},
		{"the same in other words", []catalog.Want{sample.Seats(2)}, 8400, 2, []string{"look 1 open"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			before := h.hold(t, "k")
			asked := len(h.platform.asked)
			for range 2 { // the same key is not done again
				o, err := h.relines(t, before.ID, "a", tt.wants, tt.total)
				if err != nil {
					t.Fatal(err)
				}
				expect(t, o, sales.Held)
				h.agrees(t, o)
				if o.Total != sample.Euros(tt.total) || o.Change == nil || o.Change.State != sales.ChangeDone || !o.HoldExpiresAt.Equal(before.HoldExpiresAt) {
					t.Errorf("%+v", o)
				}
				stay := 0
				for _, id := range kept(o) {
					if slices.Contains(kept(before), id) {
						stay++
					}
				}
				if stay != tt.stay {
					t.Errorf("%d places stayed, want %d", stay, tt.stay)
				}
				if diff := cmp.Diff(tt.calls, h.platform.asked[asked:]); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			}
			o, err := h.Close(t.Context(), sample.Viewer(), before.ID, sales.Change{})
			if err != nil || o.Status != sales.Issued || len(o.Tickets) != o.Places() {
				t.Errorf("close: %s with %d tickets, %v", o.Status, len(o.Tickets), err)
			}
			if p := h.store.posted(o.ID); len(p) != 1 || p[0].Amount != sample.Euros(tt.total) {
				t.Errorf("posted %+v", p)
			}
		})
	}
}

func TestChange_FewerPlaces_NamedOnesStay(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	last := o.Lines[0].Places[1].ID
	if _, err := h.Amend(t.Context(), sample.Viewer(), o.ID, sales.Amendment{Holders: []sales.Holder{{Place: last, Name: "Bob"}}}); err != nil {
		t.Fatal(err)
	}
	got, err := h.relines(t, o.ID, "", []catalog.Want{sample.Seats(1)})
	if err != nil || len(got.Lines[0].Places) != 1 || got.Lines[0].Places[0].ID != last || got.Lines[0].Places[0].Holder != "Bob" {
		t.Errorf("%+v, %v", got.Lines, err)
	}
}

func TestChange_Refused_LeavesTheHoldAsItWas(t *testing.T) {
	t.Parallel()
	text := "WEB-2"
	tests := []struct {
		name   string
		script func(string) act
		wants  []catalog.Want
		total  int64
		code   string
		drops  int
	}{
		{"nothing left", once("add", refuses), children(2, 1), 10500, sales.CodeAvailability, 0},
		{"a limit", once("add", limited), children(2, 1), 10500, domain.CodePlatformLimited, 0},
		{"another total", nil, children(2, 1), 9999, sales.CodePriceChanged, 1},
		{"another total for fewer", nil, []catalog.Want{sample.Seats(1)}, 9999, sales.CodePriceChanged, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			before := h.hold(t, "k")
			h.platform.script = tt.script
			m := sample.Euros(tt.total)
			a := sales.Amendment{Key: "a", Wants: tt.wants, Expected: &m, Reference: &text}
			o, err := h.Amend(t.Context(), sample.Viewer(), before.ID, a)
			code(t, err, tt.code)
			if e := domain.AsError(err); e.State != string(sales.Held) {
				t.Errorf("the refusal says %q", e.State)
			}
			expect(t, o, sales.Held)
			h.agrees(t, o)
			if diff := cmp.Diff(before.Lines, o.Lines); diff != "" || o.Reference != before.Reference || o.Total != before.Total {
				t.Errorf("lines (-before +after):\n%s", diff)
			}
			if n := h.platform.calls("drop"); n != tt.drops {
				t.Errorf("%d drops: %v", n, h.platform.asked)
			}
			asked := len(h.platform.asked)
			o, err = h.Amend(t.Context(), sample.Viewer(), before.ID, a)
			if tt.code == domain.CodePlatformLimited { // it passes: the same key asks again
				if err != nil || o.Total != m || o.Reference != text {
					t.Errorf("%+v, %v", o, err)
				}
				return
			}
			code(t, err, tt.code)
			if len(h.platform.asked) != asked {
				t.Errorf("asked again: %v", h.platform.asked)
			}
		})
	}
}

func TestChange_AnswerLost_EndsInAKnownState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		call string
		act  act
		done bool
	}{
		{"adding, not done", "add", cutBefore, false},
		{"adding, done", "add", cutAfter, false},
		{"giving back, not done", "drop", cutBefore, true},
		{"giving back, done", "drop", cutAfter, true},
		{"looking", "read", cutBefore, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newTill(t)
			before := h.hold(t, "k")
			h.platform.script = once(tt.call, tt.act)
			o, err := h.relines(t, before.ID, "a", children(1, 1), 6300)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, o, sales.Changing)
			if diff := cmp.Diff(before.Lines, o.Lines); diff != "" {
				t.Errorf("the order shows what is not certain (-before +now):\n%s", diff)
			}
			h.advance(20 * time.Second) // nobody looks while the call may be on the wire
			if _, err := h.Settle(t.Context(), o.ID, false); err != nil || h.store.must(t, o.ID).Status != sales.Changing {
				t.Errorf("settled too early: %v", err)
			}
			h.advance(90 * time.Second)
			if _, err := h.SettleDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			o = h.store.must(t, o.ID)
			expect(t, o, sales.Held)
			h.agrees(t, o)
			want := before.Total
			if tt.done {
				want = sample.Euros(6300)
			}
			if o.Total != want {
				t.Errorf("total %s, want %s", o.Total, want)
			}
			_, err = h.relines(t, before.ID, "a", children(1, 1), 6300)
			if err != nil {
				t.Errorf("the same key afterwards: %v", err)
			}
			if o = h.store.must(t, o.ID); o.Total != sample.Euros(6300) {
				t.Errorf("the same key did not ask again for what was undone: %s", o.Total)
			}
			h.agrees(t, o)
		})
	}
}

func TestChange_IntentIsStoredBeforeThePlatformIsAsked(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	seen := map[string]sales.ChangeState{}
	h.platform.during = func(call string) {
		now := h.store.must(t, o.ID)
		if now.Status != sales.Changing {
			t.Errorf("%s while %s", call, now.Status)
			return
		}
		seen[call] = now.Change.State
	}
	if _, err := h.relines(t, o.ID, "", children(1, 1)); err != nil {
		t.Fatal(err)
	}
	want := map[string]sales.ChangeState{"add": sales.ChangeAsked, "drop": sales.ChangeAdded, "read": sales.ChangeAdded}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChange_EndedWhileItIsOnTheWire_AnswersTheOrderAndKeepsNoPlace(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.during = func(call string) {
		if call != "add" {
			return
		}
		h.platform.during = nil
		h.advance(2 * time.Minute) // longer than a call may take
		if out, err := h.Settle(t.Context(), o.ID, true); err != nil || out.Done != 1 {
			t.Errorf("%+v, %v", out, err)
		}
	}
	got, err := h.relines(t, o.ID, "a", children(2, 1))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Held)
	h.agrees(t, got)
}

func TestChange_CrashBeforeAnotherTotalIsRefused_LeavesTheHoldAsItWas(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.store.stored = func(o sales.Order) { // the database goes away once the intent is stored
		if o.Status == sales.Changing {
			h.store.fail = domain.Errorf(domain.Unavailable, "store.unavailable", "gone")
		}
	}
	other := sample.Euros(1)
	if _, err := h.Amend(t.Context(), sample.Viewer(), o.ID, sales.Amendment{Wants: children(1, 0)[:1], Expected: &other}); err == nil {
		t.Fatal("no error")
	}
	h.store.fail, h.store.stored = nil, nil
	h.advance(2 * time.Minute)
	if _, err := h.SettleDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := h.store.must(t, o.ID)
	expect(t, got, sales.Held)
	h.agrees(t, got)
	if got.Places() != o.Places() {
		t.Errorf("%d places are left of %d", got.Places(), o.Places())
	}
}

func TestRecover_AChangeMayStillArrive_WaitsUntilItCannot(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.script = once("add", cutBefore)
	got, err := h.relines(t, o.ID, "a", children(2, 1))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Changing)
	asked := len(h.platform.asked)
	if _, err := h.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, h.store.must(t, o.ID), sales.Changing)
	if len(h.platform.asked) != asked {
		t.Errorf("asked %v", h.platform.asked[asked:])
	}
	h.advance(2 * time.Minute)
	if _, err := h.SettleDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	got = h.store.must(t, o.ID)
	expect(t, got, sales.Held)
	h.agrees(t, got)
}

func TestChange_ALookThatComesBackLate_ChangesNothingOfWhatCameAfter(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.script = once("read", cutBefore)
	got, err := h.relines(t, o.ID, "a", children(2, 1))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Changing)
	h.advance(2 * time.Minute)
	h.platform.during = func(call string) {
		if call != "read" {
			return
		}
		h.platform.during = nil
		h.advance(2 * time.Minute) // it stands still, and somebody else looks
		expect(t, h.settle(t, o.ID), sales.Held)
		if sold, err := closeIt(t, h, o.ID); err != nil || sold.Status != sales.Issued {
			t.Errorf("%s, %v", sold.Status, err)
		}
	}
	expect(t, h.settle(t, o.ID), sales.Issued)
}

// adder is a platform after whose additions something happens before they are answered.
type adder struct {
	sales.Platform
	added func()
}

func (p *adder) Add(ctx context.Context, o sales.Order, lines []sales.Line) (sales.Hold, error) {
	hold, err := p.Platform.Add(ctx, o, lines)
	p.added()
	return hold, err
}

func TestChange_TakenOverWhileItsAnswerIsOnTheWay_GoesNoFurther(t *testing.T) {
	t.Parallel()
	p := &adder{}
	h := newTill(t, func(d *sales.Deps) { p.Platform, d.Platform = d.Platform, p })
	o := h.hold(t, "k")
	p.added = func() {
		h.advance(2 * time.Minute) // it stands still, and somebody else takes it over
		h.platform.script = once("drop", cutBefore)
		if _, err := h.SettleDue(t.Context()); err != nil {
			t.Error(err)
		}
	}
	got, err := h.relines(t, o.ID, "a", children(2, 1))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Changing)
	h.sweep(t, 4*time.Minute)
	got = h.store.must(t, o.ID)
	expect(t, got, sales.Held)
	h.agrees(t, got)
	if got.Places() != o.Places() {
		t.Errorf("%d places, want %d as before", got.Places(), o.Places())
	}
}

func TestChange_PlatformHoldsSomethingElse_IsGivenBackWhole(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.seen = func(x *sales.Hold) {
		x.Defect = &sales.Refusal{Kind: domain.Upstream, Code: domain.CodePlatformAnswer, Detail: "a place of no line"}
	}
	got, err := h.relines(t, o.ID, "a", children(2, 1))
	code(t, err, domain.CodePlatformAnswer)
	expect(t, got, sales.Released)
	if s := h.platform.orders[1]; s.state != sales.PlatformDead {
		t.Errorf("the platform still holds it: %+v", s)
	}
	_, err = h.relines(t, o.ID, "a", children(2, 1))
	code(t, err, domain.CodePlatformAnswer)
}

func TestChange_HoldLapsedAtThePlatform_Expires(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.orders[1].state = sales.PlatformDead
	got, err := h.relines(t, o.ID, "a", children(2, 1))
	code(t, err, sales.CodeHoldExpired)
	expect(t, got, sales.Expired)
}

func TestChange_OrderSoldUnderIt_LiesBeforeAPerson(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.orders[1].state = sales.PlatformClosed
	got, err := h.relines(t, o.ID, "a", []catalog.Want{sample.Seats(3)})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, sales.Review)
	if got.Claim() != got.Total {
		t.Errorf("what may be owed is %s", got.Claim())
	}
}

func TestChange_AnotherTotalAtTheEnd_IsSaid(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.seen = func(x *sales.Hold) { x.Total = sample.Euros(x.Total.Amount + 100) }
	got, err := h.relines(t, o.ID, "a", children(2, 1), 10500)
	e := domain.AsError(err)
	if e == nil || e.Code != sales.CodePriceChanged || e.Expected == nil || *e.Expected != sample.Euros(10500) || e.Actual == nil || *e.Actual != sample.Euros(10600) {
		t.Errorf("%+v", e)
	}
	expect(t, got, sales.Held)
	if got.Total != sample.Euros(10600) || got.Places() != 3 {
		t.Errorf("%+v", got)
	}
}

func TestChange_WrongRequests_ChangeNothing(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	asked, version := len(h.platform.asked), o.Version
	unknown, francs := sample.Seats(1), domain.Money{Amount: 1, Currency: "CHF"}
	unknown.Tariff = 9
	for pointer, a := range map[string]sales.Amendment{
		"/items":                   {Wants: []catalog.Want{}},
		"/items/1":                 {Wants: []catalog.Want{sample.Seats(1), sample.Seats(2)}},
		"/items/0/quantity":        {Wants: []catalog.Want{sample.Seats(0)}},
		"/items/0/tariff":          {Wants: []catalog.Want{unknown}},
		"/holders":                 {Wants: []catalog.Want{sample.Seats(1)}, Holders: []sales.Holder{{Place: o.Lines[0].Places[0].ID, Name: "Bob"}}},
		"/expected_total":          {Expected: &o.Total},
		"/expected_total/currency": {Wants: []catalog.Want{sample.Seats(1)}, Expected: &francs},
	} {
		_, err := h.Amend(t.Context(), sample.Viewer(), o.ID, a)
		if e := domain.AsError(err); e == nil || e.Kind != domain.Invalid || len(e.Fields) == 0 || e.Fields[0].Pointer != pointer {
			t.Errorf("%q: %+v", pointer, e)
		}
	}
	if got := h.store.must(t, o.ID); got.Version != version || len(h.platform.asked) != asked {
		t.Errorf("%+v %v", got, h.platform.asked)
	}
	if _, err := h.relines(t, o.ID, "a", []catalog.Want{sample.Seats(1)}); err != nil {
		t.Fatal(err)
	}
	_, err := h.relines(t, o.ID, "a", []catalog.Want{sample.Seats(2)})
	code(t, err, sales.CodeKeyReused)
	h.advance(11 * time.Minute)
	_, err = h.relines(t, o.ID, "", []catalog.Want{sample.Seats(2)})
	code(t, err, sales.CodeHoldExpired)
}

func TestChange_AnEarlierKeyIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	for key, n := range []int{3, 1} {
		if _, err := h.relines(t, o.ID, string(rune('a'+key)), []catalog.Want{sample.Seats(n)}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.relines(t, o.ID, "a", []catalog.Want{sample.Seats(3)})
	if err != nil || got.Places() != 1 {
		t.Errorf("%d places, %v", got.Places(), err)
	}
}

func TestChange_AnEarlierKeyThatWasRefusedIsRefusedAgain(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	_, err := h.relines(t, o.ID, "a", []catalog.Want{sample.Seats(3)}, 1)
	code(t, err, sales.CodePriceChanged)
	if _, err := h.relines(t, o.ID, "b", []catalog.Want{sample.Seats(1)}); err != nil {
		t.Fatal(err)
	}
	_, err = h.relines(t, o.ID, "a", []catalog.Want{sample.Seats(3)}, 1)
	code(t, err, sales.CodePriceChanged)
	o = h.store.must(t, o.ID)
	if e := domain.AsError(err); e.Expected == nil || e.Actual == nil || o.Places() != 1 {
		t.Errorf("%+v, %d places", e, o.Places())
	}
}

// meanwhile is a catalog in which something happens while it is asked.
type meanwhile struct {
	sales.Catalog
	do func()
}

func (m *meanwhile) Quote(ctx context.Context, code domain.InstitutionCode, wants []catalog.Want) (catalog.Quote, error) {
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return m.Catalog.Quote(ctx, code, wants)
}

func TestChange_TwiceAtOnceWithOneKey_IsDoneOnceAndAnsweredAlike(t *testing.T) {
	t.Parallel()
	for a, want := range map[act]sales.Status{answers: sales.Held, cutBefore: sales.Changing} {
		m := &meanwhile{}
		h := newTill(t, func(d *sales.Deps) { m.Catalog, d.Catalog = d.Catalog, m })
		o := h.hold(t, "k")
		h.platform.script = once("add", a)
		m.do = func() { // the same request comes again, and is the faster one
			if got, err := h.relines(t, o.ID, "a", []catalog.Want{sample.Seats(3)}); err != nil || got.Status != want {
				t.Errorf("%s, %v", got.Status, err)
			}
		}
		got, err := h.relines(t, o.ID, "a", []catalog.Want{sample.Seats(3)})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, got, want)
		if n := h.platform.calls("add"); n != 1 {
			t.Errorf("added %d times", n)
		}
	}
}

func TestChange_UnreadableForTooLong_APersonLetsItGoOn(t *testing.T) {
	t.Parallel()
	h := newTill(t)
	o := h.hold(t, "k")
	h.platform.script = once("add", cutAfter)
	if _, err := h.relines(t, o.ID, "a", children(2, 1)); err != nil {
		t.Fatal(err)
	}
	h.platform.script = always("read", cutBefore)
	for range 130 {
		o = h.settle(t, o.ID)
	}
	expect(t, o, sales.Review)
	h.platform.script = nil
	h.platform.orders[1].expires = time.Time{}
	o, err := h.Decide(t.Context(), sample.Viewer(), o.ID, sales.DecideRead, "ops", "readable again")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, o, sales.Held)
	h.agrees(t, o)
}
