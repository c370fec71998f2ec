package catalog_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

// tonight is what the house says of one performance.
func (h *house) tonight(t *testing.T) catalog.Availability {
	t.Helper()
	v, err := h.View(sample.Code)
	if err != nil {
		t.Fatal(err)
	}
	return v.PerformanceAvailability(v.Performance(sample.Tonight))
}

func TestRead_ReadsWhatIsNamedAndNothingElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	got, err := h.Read(t.Context(), sample.Code, []catalog.PerformanceID{sample.Tonight, 999_999}, []catalog.ProductID{sample.Booklet})
	if err != nil || len(got) != 2 {
		t.Fatalf("%d readings, %v", len(got), err)
	}
	if diff := cmp.Diff([][]catalog.PerformanceID{{sample.Tonight}}, h.platform.performances); diff != "" {
		t.Errorf("performances (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]catalog.ProductID{{sample.Booklet}}, h.platform.read); diff != "" {
		t.Errorf("products (-want +got):\n%s", diff)
	}
	if a := h.tonight(t); a.Level != catalog.LevelGood || !a.AsOf.Equal(h.now) {
		t.Errorf("tonight %+v", a)
	}
	if st := h.state(t); !st.AvailabilityAt.IsZero() {
		t.Errorf("a reading confirmed everything as of %s", st.AvailabilityAt)
	}
}

func TestRead_FailedChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.platform.fail = domain.Errorf(domain.Limited, domain.CodePlatformLimited, "too many")
	if _, err := h.Read(t.Context(), sample.Code, []catalog.PerformanceID{sample.Tonight}, nil); !domain.HasCode(err, domain.CodePlatformLimited) {
		t.Errorf("error %v", err)
	}
	if a := h.tonight(t); a.Level != catalog.LevelUnknown {
		t.Errorf("tonight %+v", a)
	}
}

func TestPoll_ConfirmsWhatDidNotMoveSinceItWasRead(t *testing.T) {
	t.Parallel()
	start := sample.Now()
	for _, tt := range []struct {
		name  string
		since time.Duration // after the reading
		moved time.Duration // 0: it did not
		want  time.Duration // as of, after the reading
	}{
		{"did not move", -time.Minute, 0, 10 * time.Minute},
		{"moved after it was read", -time.Minute, 5 * time.Minute, 0},
		{"moved well before it was read", -10 * time.Minute, -5 * time.Minute, 10 * time.Minute},
		{"moved just before it was read, or just after: clocks differ", -10 * time.Minute, -30 * time.Second, 0},
		{"the poll does not reach back to the reading", time.Minute, 0, 0},
	} {
		h := newHouse(t)
		h.refresh(t, false)
		if _, err := h.Read(t.Context(), sample.Code, []catalog.PerformanceID{sample.Tonight}, nil); err != nil {
			t.Fatal(err)
		}
		if tt.moved != 0 {
			h.platform.moved = []catalog.Moved{{Product: sample.Hamlet, At: start.Add(tt.moved)}}
		}
		h.now = start.Add(10 * time.Minute)
		if _, err := h.Poll(t.Context(), sample.Code, start.Add(tt.since)); err != nil {
			t.Fatal(err)
		}
		if got := h.tonight(t).AsOf; !got.Equal(start.Add(tt.want)) {
			t.Errorf("%s: as of %s after the reading, want %s", tt.name, got.Sub(start), tt.want)
		}
	}
}

func TestPoll_AReadingAfterTheMoveIsConfirmedByTheNext(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.platform.moved = []catalog.Moved{{Product: sample.Hamlet}} // the platform did not say when
	poll := func(since time.Time) {
		t.Helper()
		if _, err := h.Poll(t.Context(), sample.Code, since); err != nil {
			t.Fatal(err)
		}
	}
	poll(h.now.Add(-time.Minute))
	if _, err := h.Read(t.Context(), sample.Code, []catalog.PerformanceID{sample.Tonight}, nil); err != nil {
		t.Fatal(err)
	}
	before := h.now
	h.platform.moved, h.now = nil, h.now.Add(time.Hour)
	poll(before)
	if got := h.tonight(t).AsOf; !got.Equal(h.now) {
		t.Errorf("as of %s, want %s", got, h.now)
	}
	h.platform.fail = domain.Errorf(domain.Limited, domain.CodePlatformLimited, "too many")
	h.now = h.now.Add(time.Hour)
	if _, err := h.Poll(t.Context(), sample.Code, before); err == nil {
		t.Error("a poll that failed is none")
	}
	if got := h.tonight(t).AsOf; !got.Equal(h.now.Add(-time.Hour)) {
		t.Errorf("a failed poll confirmed: %s", got)
	}
}
