package sales_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

// forgetful is a catalog that sells for ever and does not say when a performance begins, so that what was sold counts.
type forgetful struct{ sales.Catalog }

func (forgetful) PerformanceStart(domain.InstitutionCode, catalog.PerformanceID) (time.Time, bool) {
	return time.Time{}, false
}

// newWatch makes a till whose orders are looked at three days and three hours before, at most so often a day.
func newWatch(tb failer, most int) *till {
	var h *till
	h = newTill(tb, func(d *sales.Deps) {
		d.Catalog, d.LookBefore = forgetful{quoter{sample.View(), sample.Now}}, []time.Duration{72 * time.Hour, 3 * time.Hour}
		d.Looks = func(context.Context, domain.InstitutionCode) (sales.LookBudget, error) {
			return sales.LookBudget{Day: domain.DayOf(h.clock()), Most: most}, nil
		}
	})
	return h
}

// sell sells two places of a performance that begins after the time given; zero is none. Late leaves the barcodes out.
func (h *till) sell(tb testing.TB, key string, begins time.Duration, isLate bool) sales.Order {
	tb.Helper()
	o := h.hold(tb, key)
	var err error
	if o, err = h.store.UpdateOrder(tb.Context(), o.ID, func(o *sales.Order) error {
		for i := range o.Lines {
			if o.Lines[i].Facts.Start = h.clock().Add(begins); begins == 0 {
				o.Lines[i].Facts.Start = time.Time{}
			}
		}
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	if isLate {
		h.platform.script = once("close", late)
	}
	if o, err = h.Close(tb.Context(), sample.Viewer(), o.ID, sales.Change{}); err != nil {
		tb.Fatal(err)
	}
	h.platform.script = nil
	return o
}

// run lets the sweeps work for a while, and returns how often the platform was asked in each day, the first one from now on.
func (h *till) run(tb testing.TB, lasting, step time.Duration) []int {
	tb.Helper()
	var days []int
	begun := h.clock()
	for h.clock().Sub(begun) < lasting {
		h.advance(step)
		before := len(h.platform.asked)
		if _, err := h.SettleDue(tb.Context()); err != nil {
			tb.Fatal(err)
		}
		if _, err := h.LookDue(tb.Context(), sample.Code); err != nil {
			tb.Fatal(err)
		}
		day := int((h.clock().Sub(begun) - 1) / (24 * time.Hour))
		for len(days) <= day {
			days = append(days, 0)
		}
		days[day] += len(h.platform.asked) - before
	}
	return days
}

func notes(o sales.Order) string {
	var out []string
	for _, s := range o.History {
		out = append(out, s.Note)
	}
	return strings.Join(out, " ")
}

func TestLook_BarcodeThatNeverComes_KeepsToItsBounds(t *testing.T) {
	t.Parallel()
	for _, begins := range []time.Duration{time.Hour, 20 * time.Hour, 50 * time.Hour, 10 * 24 * time.Hour, 60 * 24 * time.Hour, 0} {
		t.Run(begins.String(), func(t *testing.T) {
			t.Parallel()
			h := newWatch(t, 1000)
			o := h.sell(t, "k", begins, true)
			lasting := begins + 3*time.Hour
			if begins == 0 {
				lasting = 32 * 24 * time.Hour
			}
			days := h.run(t, lasting, 15*time.Second)
			total := 0
			for n, calls := range days {
				if total += calls; calls > 64 || n > 3 && begins-time.Duration(n+1)*24*time.Hour > 6*24*time.Hour && calls > 2 {
					t.Errorf("day %d: %d calls", n+1, calls)
				}
			}
			t.Logf("%d calls: %v", total, days)
			if most := 80 + len(days); total > most {
				t.Errorf("%d calls, at most %d", total, most)
			}
			o = h.store.must(t, o.ID)
			expect(t, o, sales.Review)
			if alarms := strings.Count(notes(o), "barcode_near"); (alarms == 1) != (begins != 0) {
				t.Errorf("%d alarms: %s", alarms, notes(o))
			}
		})
	}
}

func TestLook_BarcodeComesLate_IsTakenSoon(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ begins, ready, within time.Duration }{
		{10 * 24 * time.Hour, 3 * time.Minute, 2 * time.Minute},
		{10 * 24 * time.Hour, 3 * time.Hour, 65 * time.Minute},
		{10 * 24 * time.Hour, 10*24*time.Hour - 2*time.Hour, 25 * time.Minute},
		{10 * 24 * time.Hour, 10*24*time.Hour - 20*time.Minute, 6 * time.Minute},
	} {
		h := newWatch(t, 1000)
		o := h.sell(t, "k", c.begins, true)
		h.run(t, c.ready, 15*time.Second)
		h.platform.orders[1].ready = true
		h.run(t, c.within, 15*time.Second)
		o = h.store.must(t, o.ID)
		expect(t, o, sales.Issued)
		if len(o.Good()) != 2 || len(h.store.posted(o.ID)) != 1 {
			t.Errorf("%+v", o)
		}
	}
}

func TestLook_Month_StaysWithinTheDaysBudget(t *testing.T) {
	t.Parallel()
	const most, sold = 8, 150
	h := newWatch(t, most)
	total, worst, missing := 0, 0, 0
	for day := range 30 {
		for n := range sold / 30 {
			isLate := n%4 == 0
			h.sell(t, fmt.Sprintf("k%d-%d", day, n), time.Duration(n)*4*24*time.Hour+30*time.Hour, isLate)
			if isLate {
				missing++
			}
		}
		before := len(h.platform.asked)
		fast := h.platform.calls("read")
		h.run(t, 24*time.Hour, 15*time.Minute)
		looks := len(h.platform.asked) - before - (h.platform.calls("read") - fast)
		total, worst = total+looks, max(worst, looks)
		if looks > 2*most { // 24 hours of ours touch two days
			t.Errorf("day %d: %d looks", day+1, looks)
		}
	}
	reads := h.platform.calls("read")
	t.Logf("%d orders: %d looks, at most %d a day; %d reads just after the sale", sold, total, worst, reads)
	if total > 31*most || total < 18*most { // scarce, so all of it is used
		t.Errorf("%d looks in the month", total)
	}
	if reads > 5*missing {
		t.Errorf("%d reads just after the sale", reads)
	}
}

func TestLook_TooFewLooks_TheNearestPerformanceFirst(t *testing.T) {
	t.Parallel()
	h := newWatch(t, 2)
	for i, days := range []int{9, 5, 7, 6, 8} {
		h.sell(t, fmt.Sprint("k", i), time.Duration(days)*24*time.Hour, true)
	}
	for range 5 { // the first reads
		h.advance(time.Minute)
		if _, err := h.SettleDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.advance(30 * time.Hour)
	before := len(h.platform.asked)
	out, err := h.LookDue(t.Context(), sample.Code)
	if diff := cmp.Diff([]string{"look 2", "look 4"}, h.platform.asked[before:]); diff != "" || err != nil || out.Done != 2 || out.Left != 3 {
		t.Errorf("%+v, %v (-want +got):\n%s", out, err, diff)
	}
	h.advance(24 * time.Hour)
	if _, err := h.LookDue(t.Context(), sample.Code); err != nil || len(h.platform.asked) != before+4 {
		t.Errorf("the next day: %v, %v", h.platform.asked[before:], err)
	}
}

func TestLook_BeforeThePerformance_FindsWhatChanged(t *testing.T) {
	t.Parallel()
	h := newWatch(t, 1000)
	o := h.sell(t, "k", 10*24*time.Hour, false)
	if want := h.clock().Add(7 * 24 * time.Hour); !o.LookAt.Equal(want) {
		t.Errorf("looked at %s, want %s", o.LookAt, want)
	}
	h.platform.reprint(o.Tickets[0], "0042999")
	h.run(t, 7*24*time.Hour-time.Minute, 30*time.Minute)
	if n := h.platform.calls("look"); n != 1 && n != 0 {
		t.Errorf("asked %v", h.platform.asked)
	}
	h.run(t, time.Hour, time.Minute)
	if o = h.store.must(t, o.ID); o.Tickets[0].Barcode != "0042999" || !strings.Contains(notes(o), "reprinted") {
		t.Errorf("%+v", o.Tickets[0])
	}
	h.platform.orders[1].cancelled = map[int64]bool{o.Tickets[1].Movement: true}
	h.run(t, 5*24*time.Hour, time.Hour)
	if o = h.store.must(t, o.ID); o.Tickets[1].CancelledAt.IsZero() || !o.LookAt.IsZero() || h.platform.calls("look") < 2 {
		t.Errorf("%+v, asked %v", o, h.platform.asked)
	}
}

func TestLook_AfterDowntime_OneLookMakesUpForAllThatWereMissed(t *testing.T) {
	t.Parallel()
	h := newWatch(t, 1000)
	o := h.sell(t, "a", 10*24*time.Hour, false)
	over := h.sell(t, "b", 4*24*time.Hour, false)
	h.advance(10*24*time.Hour - time.Hour) // both times of a have passed, and b is over
	out, err := h.LookDue(t.Context(), sample.Code)
	if diff := cmp.Diff([]string{"look 1"}, h.platform.asked[4:]); diff != "" || err != nil || out.Done != 2 {
		t.Errorf("%+v, %v (-want +got):\n%s", out, err, diff)
	}
	for _, id := range []sales.OrderID{o.ID, over.ID} {
		if o := h.store.must(t, id); !o.LookAt.IsZero() {
			t.Errorf("%s is looked at again at %s", id, o.LookAt)
		}
	}
}

func TestLook_NoCallsLeft_StopsAndGoesOnLater(t *testing.T) {
	t.Parallel()
	for behaves, asks := range map[act]int{limited: 0, cutBefore: 3} {
		h := newWatch(t, 1000)
		for i := range 6 {
			h.sell(t, fmt.Sprint("k", i), 4*24*time.Hour, false)
		}
		h.advance(25 * time.Hour)
		h.platform.script = always("look", behaves)
		out, _ := h.LookDue(t.Context(), sample.Code)
		if n := h.platform.calls("look"); n != asks || out.Left != 6 {
			t.Errorf("%d looks, %+v", n, out)
		}
		h.platform.script = nil
		h.advance(time.Hour)
		if out, err := h.LookDue(t.Context(), sample.Code); err != nil || out.Done != 6 {
			t.Errorf("later: %+v, %v", out, err)
		}
	}
}

func TestLook_PerformanceMoved_IsLookedAtBeforeItsNewTime(t *testing.T) {
	t.Parallel()
	h := newTill(t, func(d *sales.Deps) { d.LookBefore = []time.Duration{3 * time.Hour} })
	o := h.hold(t, "k")
	o, err := h.Close(t.Context(), sample.Viewer(), o.ID, sales.Change{})
	if err != nil {
		t.Fatal(err)
	}
	start, ok := quoter{sample.View(), h.clock}.PerformanceStart(sample.Code, o.Lines[0].Performance)
	if !ok || !o.LookAt.Equal(start.Add(-3*time.Hour)) || !o.LookFor.Equal(start) {
		t.Errorf("looked at %s for %s, the catalog says %s", o.LookAt, o.LookFor, start)
	}
	if !slices.Contains(h.platform.asked, "close 1") {
		t.Error("not sold")
	}
}
