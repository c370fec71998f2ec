package freshness

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/freshness/recording"
	"guichet/domain/sample"
)

// recorded is what was lived in a time, as CSV without its heading.
func recorded(t *testing.T, c *cellar, from, to time.Time) string {
	t.Helper()
	var file strings.Builder
	w := recording.NewWriter(&file, true)
	if _, err := Record(t.Context(), c, sample.Code, from, to, w.Write); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

func at(day, hour, minute int) time.Time {
	return time.Date(2026, time.November, day, hour, minute, 0, 0, time.UTC)
}

// balcony is a reading of what is left of tonight's balcony.
func balcony(sh *shop, n int) {
	key := catalog.Key{Product: sample.Hamlet, Performance: sample.Tonight}
	whole := catalog.Reading{Key: key, Availability: catalog.Availability{Level: catalog.LevelLimited, Count: n, Counted: true, AsOf: sh.now}}
	part := whole
	part.Key.SeatCategory = sample.Balcony
	sh.view = sh.view.With([]catalog.Reading{whole, part}, sh.view.ConfirmedAt())
}

func TestRecord_WhatWasLived_AcrossARestartAndAMidnight(t *testing.T) {
	t.Parallel()
	sh, c := newShop(), &cellar{}
	sh.view = catalog.NewView(sample.Snapshot(), sample.Readings(), time.Time{})
	off := func(d *Deps) { d.Off = true }
	s := newDriver(t, sh, c, off)
	tick(t, s, sh, time.Minute)
	tick(t, s, sh, time.Minute)
	one := func(cat catalog.SeatCategoryID, n int) Places {
		return Places{Performance: sample.Tonight, Category: cat, N: n}
	}
	s.Held(sample.Code, []Places{one(sample.Balcony, 2), {Performance: Undated(sample.Booklet), N: 1}})
	s.Held(sample.Code, []Places{{Performance: sample.Tomorrow, Category: sample.Stalls, N: 4}}) // it is read as a whole
	s.Refused(sample.Code, []Places{one(sample.Balcony, 3)})
	s.Refused(sample.Code, []Places{one(sample.Stalls, 1)})                          // was shown as sold out
	s.Refused(sample.Code, []Places{one(sample.Balcony, 1), one(sample.Balcony, 1)}) // which of them?
	s.Refused(sample.Code, []Places{one(sample.Balcony, 15)})                        // more than was shown
	s.GivenBack(sample.Code, []Places{one(sample.Balcony, 2)})
	s.Views.Counters(sh.view.Snapshot).Look(sample.Tonight)
	s.Views.Counters(sh.view.Snapshot).Look(sample.Tonight)
	tick(t, s, sh, time.Minute)
	balcony(sh, 9)
	tick(t, s, sh, time.Minute)
	balcony(sh, 9)
	s = newDriver(t, sh, c, off) // a restart
	s.Views.Counters(sh.view.Snapshot).Look(sample.Tonight)
	tick(t, s, sh, time.Minute)
	s.Views.Counters(sh.view.Snapshot).Look(sample.Tomorrow)
	tick(t, s, sh, 15*time.Hour)
	want := `2026-11-21T09:00:00Z,performance,101,201,,,2026-11-21T19:00:00Z,2026-10-21T09:00:00Z
2026-11-21T09:00:00Z,performance,101,202,,,2026-11-22T14:00:00Z,2026-10-21T09:00:00Z
2026-11-21T09:00:00Z,reading,,201,1001,0,,
2026-11-21T09:00:00Z,reading,,201,1002,14,,
2026-11-21T09:00:00Z,reading,,202,0,400,,
2026-11-21T09:03:00Z,looks,,201,,2,,
2026-11-21T09:03:00Z,hold,,201,1002,2,,
2026-11-21T09:03:00Z,hold,,202,0,4,,
2026-11-21T09:03:00Z,refusal,,201,1002,3,,
2026-11-21T09:03:00Z,reading,,201,1002,9,,
2026-11-21T09:05:00Z,looks,,201,,1,,
2026-11-22T00:05:00Z,looks,,202,,1,,
`
	if diff := cmp.Diff(want, recorded(t, c, at(1, 0, 0), at(30, 0, 0))); diff != "" {
		t.Errorf("the month (-want +got):\n%s", diff)
	}
	later := `2026-11-21T09:05:00Z,performance,101,201,,,2026-11-21T19:00:00Z,2026-10-21T09:00:00Z
2026-11-21T09:05:00Z,reading,,201,1001,0,,
2026-11-21T09:05:00Z,reading,,201,1002,9,,
2026-11-21T09:05:00Z,performance,101,202,,,2026-11-22T14:00:00Z,2026-10-21T09:00:00Z
2026-11-21T09:05:00Z,reading,,202,0,400,,
2026-11-21T09:05:00Z,looks,,201,,1,,
`
	if diff := cmp.Diff(later, recorded(t, c, at(21, 9, 5), at(22, 0, 0))); diff != "" {
		t.Errorf("from the restart on (-want +got):\n%s", diff)
	}
	tomorrow := `2026-11-22T00:05:00Z,performance,101,202,,,2026-11-22T14:00:00Z,2026-10-21T09:00:00Z
2026-11-22T00:05:00Z,reading,,202,0,400,,
2026-11-22T00:05:00Z,looks,,202,,1,,
`
	c.parts = c.parts[len(c.parts)-1:] // what is older was pruned
	if diff := cmp.Diff(tomorrow, recorded(t, c, at(22, 0, 0), at(23, 0, 0))); diff != "" {
		t.Errorf("a day begins with all that is known (-want +got):\n%s", diff)
	}
	if _, err := Record(t.Context(), c, sample.Code, at(1, 0, 0), at(2, 0, 0), func(recording.Event) error { return nil }); !domain.HasCode(err, recording.CodeRecording) {
		t.Errorf("a time of which nothing is kept: %v", err)
	}
}

func TestRecord_AStepThatWasNotKept_IsRecordedOnce(t *testing.T) {
	t.Parallel()
	sh, c := newShop(), &cellar{}
	s := newDriver(t, sh, c, func(d *Deps) { d.Off = true })
	tick(t, s, sh, time.Minute)
	s.Held(sample.Code, []Places{{Performance: sample.Tonight, Category: sample.Balcony, N: 2}})
	balcony(sh, 5)
	c.torn = errors.New("the database is away")
	if _, err := s.Tick(t.Context(), sample.Code); !errors.Is(err, c.torn) {
		t.Fatal(err)
	}
	c.torn = nil
	tick(t, s, sh, time.Minute)
	tick(t, s, sh, time.Minute)
	got := recorded(t, c, at(1, 0, 0), at(30, 0, 0))
	if strings.Count(got, ",hold,") != 1 || strings.Count(got, ",reading,,201,1002,5,,") != 1 {
		t.Error(got)
	}
}

func TestDiary_RemembersSinceWhenItIsOnSale(t *testing.T) {
	t.Parallel()
	m := &mind{}
	m.forget(Settings{})
	put := func(id catalog.PerformanceID, onSale, now time.Time, start time.Time) (got []recording.Event) {
		t.Helper()
		m.diary = diary{}
		m.put(Performance{ID: id, Product: 1, Start: start, OnSale: onSale}, now)
		return m.diary.events
	}
	open, start := at(5, 8, 0), at(25, 19, 0)
	if got := put(1, open, at(1, 0, 0), start); len(got) != 1 || !got[0].OnSale.Equal(open) {
		t.Errorf("announced: %+v", got)
	}
	if got := put(1, open, at(2, 0, 0), start); got != nil {
		t.Errorf("nothing new: %+v", got)
	}
	if got := put(1, time.Time{}, open.Add(time.Minute), start); got != nil {
		t.Errorf("opened as announced: %+v", got)
	}
	put(2, open, at(1, 0, 0), start)
	if got := put(2, time.Time{}, at(4, 0, 0), start); len(got) != 1 || !got[0].OnSale.Equal(at(4, 0, 0)) {
		t.Errorf("opened earlier: %+v", got)
	}
	if got := put(2, time.Time{}, at(4, 1, 0), start.Add(time.Hour)); len(got) != 1 || !got[0].Start.Equal(start.Add(time.Hour)) {
		t.Errorf("moved: %+v", got)
	}
}

func TestPrune_ForgetsWhatIsTooOld(t *testing.T) {
	t.Parallel()
	sh, c := newShop(), &cellar{}
	s := newDriver(t, sh, c, func(d *Deps) { d.Off = true })
	tick(t, s, sh, time.Minute)
	old := len(c.parts)
	for _, after := range []time.Duration{34 * 24 * time.Hour, 48 * time.Hour} {
		sh.now = sh.now.Add(after)
		if out, err := s.Prune(t.Context()); err != nil || (out.Done == old) != (after == 48*time.Hour) || old == 0 {
			t.Errorf("after %s more: %+v, %v", after, out, err)
		}
	}
	c.fail = domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "away")
	if _, err := s.Prune(t.Context()); !domain.HasCode(err, domain.CodeStoreUnavailable) {
		t.Error(err)
	}
}
