package recording_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/domain/catalog"
	"guichet/domain/freshness/recording"
)

func october(day, hour int) time.Time {
	return time.Date(2026, time.October, day, hour, 0, 0, 0, time.UTC)
}

// monthOf makes a recording of October from steps, as CSV without its heading.
func monthOf(t *testing.T, steps ...[]recording.Event) string {
	t.Helper()
	var file bytes.Buffer
	w := recording.NewWriter(&file, true)
	m := recording.NewMonth(october(1, 0), october(32, 0), w.Write)
	for _, events := range steps {
		if err := m.Add(events); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(file.String(), "\n"); rows != m.Rows() {
		t.Errorf("%d rows written, %d counted", rows, m.Rows())
	}
	return file.String()
}

func performance(at time.Time, id catalog.PerformanceID, onSale time.Time) recording.Event {
	return recording.Event{At: at, Kind: recording.Performance, Product: 3, Performance: id, Start: october(40, 19), OnSale: onSale}
}

func reading(at time.Time, n int) recording.Event {
	return recording.Event{At: at, Kind: recording.Reading, Performance: 7, Category: 2, Number: n}
}

func TestMonth_BeginsWithWhatWasKnownBefore_AndSaysOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	got := monthOf(t,
		[]recording.Event{
			performance(october(0, 20), 7, october(5, 8)), reading(october(0, 20), 14), reading(october(0, 21), 13),
			{At: october(0, 21), Kind: recording.Looks, Performance: 7, Number: 4},
		},
		[]recording.Event{
			{At: october(1, 2), Kind: recording.Hold, Performance: 7, Category: 2, Number: 2},
			reading(october(1, 1), 13),
			{At: october(1, 1), Kind: recording.Looks, Performance: 7, Number: 5},
			{At: october(1, 1), Kind: recording.Looks, Performance: 99, Number: 5}, // nobody knows it
		},
		[]recording.Event{performance(october(2, 0), 7, time.Time{}), performance(october(2, 0), 8, time.Time{}), reading(october(2, 0), 11)}, // whole again
		[]recording.Event{performance(october(2, 3), 7, october(6, 8)), {At: october(2, 2), Kind: recording.Looks, Performance: 8, Number: 1}},
		[]recording.Event{{At: october(1, 23), Kind: recording.Refusal, Performance: 7, Category: 2, Number: 1}}, // heard of late
		[]recording.Event{reading(october(32, 0), 1)},
	)
	want := `2026-10-01T00:00:00Z,performance,3,7,,,2026-11-09T19:00:00Z,2026-10-05T08:00:00Z
2026-10-01T00:00:00Z,reading,,7,2,13,,
2026-10-01T01:00:00Z,looks,,7,,5,,
2026-10-01T02:00:00Z,hold,,7,2,2,,
2026-10-01T02:00:00Z,performance,3,8,,,2026-11-09T19:00:00Z,
2026-10-02T00:00:00Z,reading,,7,2,11,,
2026-10-02T00:00:00Z,performance,3,7,,,2026-11-09T19:00:00Z,2026-10-06T08:00:00Z
2026-10-02T02:00:00Z,looks,,8,,1,,
2026-10-02T02:00:00Z,refusal,,7,2,1,,
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMonth_BegunMidway_BeginsWithItsFirstEvent(t *testing.T) {
	t.Parallel()
	got := monthOf(t, []recording.Event{performance(october(9, 5), 7, time.Time{}), reading(october(9, 5), 3)})
	if !strings.HasPrefix(got, "2026-10-09T05:00:00Z,performance,3,7,") || strings.Count(got, "\n") != 2 {
		t.Error(got)
	}
	if got := monthOf(t, []recording.Event{performance(october(0, 5), 7, time.Time{}), reading(october(0, 5), 3)}); got != "" {
		t.Errorf("nothing happened in the month, and yet: %s", got)
	}
}

func TestMonth_WhatCannotBeWritten_EndsIt(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	m := recording.NewMonth(october(1, 0), october(32, 0), func(recording.Event) error { return full })
	if err := m.Add([]recording.Event{performance(october(1, 0), 7, time.Time{}), reading(october(1, 0), 1)}); !errors.Is(err, full) {
		t.Error(err)
	}
}

func someEvent() *rapid.Generator[recording.Event] {
	return rapid.Custom(func(t *rapid.T) recording.Event {
		e := recording.Event{
			At:          october(rapid.IntRange(-1, 34).Draw(t, "day"), rapid.IntRange(0, 23).Draw(t, "hour")),
			Kind:        rapid.SampledFrom([]recording.Kind{recording.Performance, recording.Reading, recording.Looks, recording.Hold, recording.Refusal}).Draw(t, "kind"),
			Product:     catalog.ProductID(rapid.IntRange(0, 2).Draw(t, "product")),
			Performance: catalog.PerformanceID(rapid.IntRange(-1, 3).Draw(t, "performance")),
			Category:    catalog.SeatCategoryID(rapid.IntRange(-1, 120).Draw(t, "category")),
			Number:      rapid.SampledFrom([]int{-1, 0, 1, 5, 1_000_000, 1_000_001}).Draw(t, "number"),
			Start:       rapid.SampledFrom([]time.Time{{}, october(20, 1), october(40, 1)}).Draw(t, "start"),
			OnSale:      rapid.SampledFrom([]time.Time{{}, october(3, 1)}).Draw(t, "on_sale"),
		}
		if e.Kind == recording.Reading {
			e.Level = rapid.SampledFrom([]catalog.Level{"", catalog.LevelSoldOut, catalog.LevelUnknown}).Draw(t, "level")
		}
		return e
	})
}

// Whatever was kept, and in whatever order: what is written of it is a recording.
func TestMonth_IsAlwaysARecording(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var file bytes.Buffer
		w := recording.NewWriter(&file, false)
		m := recording.NewMonth(october(1, 0), october(32, 0), w.Write)
		for _, events := range rapid.SliceOfN(rapid.SliceOf(someEvent()), 1, 5).Draw(r, "steps") {
			raw, err := recording.Pack(events)
			if err != nil {
				r.Fatal(err)
			}
			back, err := recording.Unpack(raw)
			if err != nil {
				r.Fatal(err)
			}
			if len(back) != len(events) || len(back) > 0 && !cmp.Equal(events, back) {
				r.Fatal(cmp.Diff(events, back))
			}
			if err := m.Add(back); err != nil {
				r.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			r.Fatal(err)
		}
		n := 0
		err := recording.Read(&file, func(*recording.Event) error { n++; return nil })
		if m.Rows() > 0 && err != nil || n != m.Rows() {
			r.Fatalf("%d of %d rows are read: %v", n, m.Rows(), err)
		}
	})
}

func TestPack_WhatIsNoEvent_IsRefused(t *testing.T) {
	t.Parallel()
	for _, e := range []recording.Event{{Kind: "sale"}, {Kind: recording.Reading, Level: "few"}} {
		if _, err := recording.Pack([]recording.Event{e}); err == nil {
			t.Errorf("%+v was packed", e)
		}
	}
	if _, err := recording.Unpack([]byte("no pack")); err == nil {
		t.Error("anything was unpacked")
	}
}
