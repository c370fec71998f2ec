package domain_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet/domain"
)

func paris(tb testing.TB) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}

func TestDayOf_IsTheLocalDay(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, 10, 3, 22, 30, 0, 0, time.UTC) // half past midnight in Paris
	if got := domain.DayOf(late.In(paris(t))); got != "2026-10-04" {
		t.Errorf("got %s", got)
	}
	if got := domain.DayOf(late); got != "2026-10-03" {
		t.Errorf("got %s", got)
	}
}

func TestDay_ValidKnowsTheCalendar(t *testing.T) {
	t.Parallel()
	for d, want := range map[domain.Day]bool{
		"2026-10-04": true, "2028-02-29": true, "2026-02-29": false, "2026-13-01": false, "2026-1-1": false, "": false, "04.10.2026": false,
	} {
		if got := d.Valid(); got != want {
			t.Errorf("%q valid: %t", d, got)
		}
	}
}

func TestDay_StartIsMidnightThere(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 10, 3, 22, 0, 0, 0, time.UTC)
	if got := domain.Day("2026-10-04").Start(paris(t)); !got.Equal(want) {
		t.Errorf("got %s", got)
	}
	if got := domain.Day("nonsense").Start(paris(t)); !got.IsZero() {
		t.Errorf("got %s", got)
	}
}

func TestDay_NextCrossesMonthsYearsAndClockChanges(t *testing.T) {
	t.Parallel()
	for d, want := range map[domain.Day]domain.Day{
		"2026-10-24": "2026-10-25", "2026-10-25": "2026-10-26", "2026-12-31": "2027-01-01", "2028-02-28": "2028-02-29", "x": "",
	} {
		if got := d.Next(); got != want {
			t.Errorf("after %q comes %q, want %q", d, got, want)
		}
	}
}

func TestDay_NextIsAlwaysLater(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := domain.DayOf(time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "unix"), 0).UTC())
		n := d.Next()
		if n <= d || !n.Valid() || n.Start(time.UTC).Sub(d.Start(time.UTC)) != 24*time.Hour {
			t.Fatalf("after %s comes %s", d, n)
		}
	})
}
