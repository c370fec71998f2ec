package quota_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/quota"
)

// beside is another replica's gate, on the same store and clock.
func (g *gate) beside(l quota.Limits) *gate {
	other := &gate{store: g.store}
	other.Meter = quota.New(quota.Deps{
		Clock: func() time.Time { return g.now }, Store: g.store, Limits: map[domain.InstitutionCode]quota.Limits{theatre: l}, Jitter: func() float64 { return 0.25 },
	})
	return other
}

// sales makes calls until none is free at once, and counts them.
func (g *gate) sales() (n int) {
	for g.do(call(quota.Sale), ok()) {
		n++
	}
	return n
}

func window(from, length time.Duration, rate int) quota.Peak {
	at := noon().Add(from)
	return quota.Peak{ID: "peak_" + at.Format("150405"), From: at, To: at.Add(length), PerMinute: rate, By: "key_1"}
}

func TestAddPeak_RaisesTheRateOfAllReplicasForItsTimeAndAfterARestart(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{PerMinute: 10, Agreed: 30})
	other := g.beside(quota.Limits{PerMinute: 10, Agreed: 30})
	if err := other.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := g.AddPeak(t.Context(), theatre, window(10*time.Minute, 10*time.Minute, 30)); err != nil {
		t.Fatal(err)
	}
	if n := g.sales(); n != 10 {
		t.Errorf("%d calls in the minute before", n)
	}
	g.now = noon().Add(10*time.Minute - time.Millisecond)
	if u, err := g.Usage(theatre); err != nil || u.PerMinute != 10 || u.ForSales != 3 {
		t.Errorf("a moment before: %+v, %v", u, err)
	}
	g.now = noon().Add(10 * time.Minute)
	if u, err := g.Usage(theatre); err != nil || u.PerMinute != 30 || u.ForSales != 9 {
		t.Errorf("as it begins: %+v, %v", u, err)
	}
	if n := other.sales(); n != 30 {
		t.Errorf("the other replica makes %d calls in a minute of the window", n)
	}
	g.now = noon().Add(15 * time.Minute)
	after := g.beside(quota.Limits{PerMinute: 10, Agreed: 30})
	if n := after.sales(); n != 30 {
		t.Errorf("one that begins in it makes %d calls", n)
	}
	g.now = noon().Add(20 * time.Minute)
	if n := g.sales(); n != 10 {
		t.Errorf("%d calls in the minute after", n)
	}
}

func TestAddPeak_RefusesWithTheNumbers(t *testing.T) {
	t.Parallel()
	configured := window(3*time.Hour, time.Hour, 20)
	configured.ID = ""
	for name, c := range map[string]struct {
		p             quota.Peak
		code, pointer string
		says          []string
	}{
		"no length":              {window(time.Hour, 0, 20), quota.CodePeakEmpty, "/to", nil},
		"ends before":            {window(time.Hour, -time.Minute, 20), quota.CodePeakEmpty, "/to", nil},
		"over":                   {window(-time.Hour, 59*time.Minute, 20), quota.CodePeakPast, "/to", []string{"2026-11-21T11:59:10Z", "2026-11-21T12:00:10Z"}},
		"over this moment":       {window(-time.Hour, time.Hour, 20), quota.CodePeakPast, "/to", nil},
		"above the agreed":       {window(time.Hour, time.Minute, 31), quota.CodePeakRate, "/per_minute", []string{"31", "30"}},
		"as usual":               {window(time.Hour, time.Minute, 10), quota.CodePeakRate, "/per_minute", []string{"10"}},
		"overlaps":               {window(2*time.Hour-time.Minute, 2*time.Minute, 20), quota.CodePeakOverlap, "/from", []string{"2026-11-21T14:00:10Z", "2026-11-21T14:30:10Z", "25"}},
		"within":                 {window(2*time.Hour+time.Minute, 2*time.Minute, 20), quota.CodePeakOverlap, "/from", nil},
		"overlaps configuration": {window(4*time.Hour-time.Second, time.Minute, 20), quota.CodePeakOverlap, "/from", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGate(quota.Limits{PerMinute: 10, Agreed: 30, Peaks: []quota.Peak{configured}})
			if _, err := g.AddPeak(t.Context(), theatre, window(2*time.Hour, 30*time.Minute, 25)); err != nil {
				t.Fatal(err)
			}
			_, err := g.AddPeak(t.Context(), theatre, c.p)
			e := domain.AsError(err)
			if e == nil || e.Code != quota.CodePeak || e.Kind != domain.Invalid || len(e.Fields) != 1 || e.Fields[0].Code != c.code || e.Fields[0].Pointer != c.pointer {
				t.Fatalf("%+v", e)
			}
			for _, text := range c.says {
				if !strings.Contains(e.Fields[0].Detail, text) {
					t.Errorf("%q does not say %s", e.Fields[0].Detail, text)
				}
			}
			if list, err := g.Peaks(t.Context(), theatre); err != nil || len(list) != 2 {
				t.Errorf("%d windows, %v", len(list), err)
			}
		})
	}
}

func TestAddPeak_TakesWhatTouchesAnotherOrHasBegun(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{PerMinute: 10, Agreed: 30})
	for _, p := range []quota.Peak{
		window(time.Hour, time.Hour, 30), window(2*time.Hour, time.Hour, 11), window(30*time.Minute, 30*time.Minute, 30), window(-time.Hour, time.Hour+time.Millisecond, 30),
	} {
		if _, err := g.AddPeak(t.Context(), theatre, p); err != nil {
			t.Error(err)
		}
	}
	list, err := g.Peaks(t.Context(), theatre)
	if err != nil || len(list) != 4 || !slices.IsSortedFunc(list, func(a, b quota.Peak) int { return a.From.Compare(b.From) }) {
		t.Errorf("%v, %v", list, err)
	}
}

func TestRemovePeak_EndsWhatRunsOnceAndSaysWho(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{PerMinute: 10, Agreed: 30})
	running, planned := window(-time.Minute, time.Hour, 30), window(2*time.Hour, time.Hour, 30)
	for _, p := range []quota.Peak{running, planned} {
		if _, err := g.AddPeak(t.Context(), theatre, p); err != nil {
			t.Fatal(err)
		}
	}
	g.now = g.now.Add(time.Minute)
	removed := g.now
	gone, err := g.RemovePeak(t.Context(), theatre, running.ID, "key_2")
	if err != nil || gone.RemovedBy != "key_2" || !gone.RemovedAt.Equal(removed) || gone.State(g.now) != "removed" || gone.By != "key_1" || !gone.MadeAt.Equal(noon()) {
		t.Errorf("%+v, %v", gone, err)
	}
	if u, _ := g.Usage(theatre); u.PerMinute != 10 {
		t.Errorf("%d calls a minute after it was removed", u.PerMinute)
	}
	g.now = g.now.Add(time.Minute)
	if again, err := g.RemovePeak(t.Context(), theatre, running.ID, "key_3"); err != nil || cmp.Diff(gone, again) != "" {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := g.AddPeak(t.Context(), theatre, window(5*time.Minute, 5*time.Minute, 20)); err != nil {
		t.Errorf("in the place of what was removed: %v", err)
	}
	if _, err := g.RemovePeak(t.Context(), theatre, planned.ID, "key_2"); err != nil {
		t.Error(err)
	}
	g.now = planned.From
	if u, _ := g.Usage(theatre); u.PerMinute != 10 {
		t.Errorf("%d calls a minute in a window removed before it began", u.PerMinute)
	}
	for _, id := range []string{"", "peak_nothing"} {
		if _, err := g.RemovePeak(t.Context(), theatre, id, "key_2"); !domain.HasCode(err, quota.CodePeakUnknown) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestPeaks_WhatIsOverIsShownForAMonthAndNoMoreThanTwenty(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{PerMinute: 10, Agreed: 30})
	for n := range 30 {
		if _, err := g.AddPeak(t.Context(), theatre, window(g.now.Sub(noon()), time.Second, 30)); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		g.now = g.now.Add(time.Second)
		if _, err := g.AddPeak(t.Context(), theatre, quota.Peak{ID: fmt.Sprint(n), From: g.now, To: g.now.Add(time.Second), PerMinute: 30}); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		if _, err := g.RemovePeak(t.Context(), theatre, fmt.Sprint(n), ""); err != nil {
			t.Fatal(err)
		}
	}
	list, err := g.Peaks(t.Context(), theatre)
	if err != nil || len(list) == 0 || len(list) > 21 {
		t.Fatalf("%d windows, %v", len(list), err)
	}
	if list[len(list)-1].ID != "29" {
		t.Errorf("the last was forgotten first: %+v", list[len(list)-1])
	}
	g.now = g.now.Add(31*24*time.Hour - 10*time.Second)
	if err := g.touch(); err != nil {
		t.Fatal(err)
	}
	if list, _ := g.Peaks(t.Context(), theatre); len(list) == 0 {
		t.Error("forgotten before the month was over")
	}
	g.now = g.now.Add(time.Minute)
	if err := g.touch(); err != nil {
		t.Fatal(err)
	}
	if list, _ := g.Peaks(t.Context(), theatre); len(list) != 0 {
		t.Errorf("%d windows are still shown", len(list))
	}
}

// touch makes a call.
func (g *gate) touch() error {
	if err := g.try(call(quota.Sale)); err != nil {
		return err
	}
	g.Leave(call(quota.Sale), ok())
	return nil
}

func TestPeaks_UnknownInstitution(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{})
	_, add := g.AddPeak(t.Context(), "elsewhere", window(time.Hour, time.Hour, 90))
	_, remove := g.RemovePeak(t.Context(), "elsewhere", "peak_1", "")
	_, list := g.Peaks(t.Context(), "elsewhere")
	for _, err := range []error{add, remove, list} {
		if !domain.HasCode(err, "institution.unknown") {
			t.Error(err)
		}
	}
}
