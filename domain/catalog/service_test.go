package catalog_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

func TestNew_MissingDependencyPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	catalog.New(catalog.Deps{})
}

func TestView_BeforeTheFirstLoadIsUnavailable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, err := h.View(sample.Code)
	if e := domain.AsError(err); e.Kind != domain.Unavailable || e.Code != catalog.CodeCatalogUnknown || e.RetryAfter == 0 {
		t.Errorf("got %v", err)
	}
	if h.Loaded() {
		t.Error("loaded")
	}
	if _, ok := h.Facts(sample.Code, sample.Seats(1)); ok {
		t.Error("facts of nothing")
	}
	if _, err := h.Quote(t.Context(), sample.Code, []catalog.Want{sample.Seats(1)}); !domain.HasCode(err, catalog.CodeCatalogUnknown) {
		t.Errorf("quote: %v", err)
	}
	if _, err := h.Institution(sample.Code); !domain.HasCode(err, catalog.CodeCatalogUnknown) {
		t.Errorf("institution: %v", err)
	}
}

func TestService_UnknownInstitutionIsRefusedEverywhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, view := h.View("nowhere")
	_, state := h.State(t.Context(), "nowhere")
	_, refresh := h.RefreshCatalog(t.Context(), "nowhere", true)
	_, availability := h.RefreshAvailability(t.Context(), "nowhere")
	for name, err := range map[string]error{"view": view, "state": state, "refresh": refresh, "availability": availability} {
		if !domain.HasCode(err, catalog.CodeInstitutionUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefreshCatalog_FirstLoadServes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	out := h.refresh(t, false)
	if out.Done != 3 || h.platform.loads != 1 || !h.Loaded() {
		t.Errorf("%+v after %d loads", out, h.platform.loads)
	}
	v, err := h.View(sample.Code)
	if err != nil || v.Version != 1 || v.SetupStamp != "a" || !v.LoadedAt.Equal(h.now) {
		t.Errorf("version %d, stamp %q, loaded %s, %v", v.Version, v.SetupStamp, v.LoadedAt, err)
	}
	want := catalog.State{Institution: sample.Code, Version: 1, SetupStamp: "a", LoadedAt: h.now, CheckedAt: h.now, AvailabilitySeq: 1}
	if diff := cmp.Diff(want, h.state(t)); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
}

func TestRefreshCatalog_UnchangedStampLoadsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.now = h.now.Add(time.Hour)
	h.refresh(t, false)
	if h.platform.loads != 1 || h.platform.stamps != 2 {
		t.Errorf("%d loads, %d stamps", h.platform.loads, h.platform.stamps)
	}
	if st := h.state(t); !st.CheckedAt.Equal(h.now) || st.Version != 1 {
		t.Errorf("checked at %s, version %d", st.CheckedAt, st.Version)
	}
}

func TestRefreshCatalog_LoadsOnChangeDailyAndWhenForced(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct {
		do    func(*house)
		force bool
	}{
		"changed": {do: func(h *house) { h.platform.stamp = "b" }},
		"daily":   {do: func(h *house) { h.now = h.now.Add(24 * time.Hour) }},
		"forced":  {do: func(*house) {}, force: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.refresh(t, false)
			change.do(h)
			h.refresh(t, change.force)
			if v, err := h.View(sample.Code); err != nil || h.platform.loads != 2 || v.Version != 2 {
				t.Errorf("%d loads, version %d, %v", h.platform.loads, v.Version, err)
			}
		})
	}
}

func TestRefreshCatalog_RefusedKeepsTheOldOneServing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.platform.stamp = "b"
	h.platform.snap = func() *catalog.Snapshot { s := fresh(); s.Products, s.Performances = nil, nil; return s }
	h.now = h.now.Add(5 * time.Minute)
	if _, err := h.RefreshCatalog(t.Context(), sample.Code, false); !domain.HasCode(err, catalog.CodeCatalogRefused) {
		t.Fatalf("got %v", err)
	}
	v, err := h.View(sample.Code)
	if err != nil || v.Version != 1 || len(v.Products) != 3 {
		t.Errorf("version %d, %d products, %v", v.Version, len(v.Products), err)
	}
	st := h.state(t)
	if !st.RefusedAt.Equal(h.now) || st.RefusedStamp != "b" || st.RefusedReason == "" || !st.FailedAt.IsZero() || st.SetupStamp != "a" {
		t.Errorf("state %+v", st)
	}

	h.now = h.now.Add(30 * time.Minute)
	h.refresh(t, false)
	if h.platform.loads != 2 {
		t.Errorf("the same stamp was loaded again within the hour")
	}
	h.platform.stamp, h.platform.snap = "c", fresh
	h.refresh(t, false)
	if st := h.state(t); h.platform.loads != 3 || st.Version != 2 || !st.RefusedAt.IsZero() || st.RefusedReason != "" || st.RefusedStamp != "" {
		t.Errorf("another stamp: %d loads, %+v", h.platform.loads, st)
	}
}

func TestRefreshCatalog_RefusedIsTriedAgainAfterAnHour(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.platform.stamp = "b"
	h.now = h.now.Add(time.Minute)
	h.platform.snap = func() *catalog.Snapshot { s := fresh(); s.Products, s.Performances = nil, nil; return s }
	_, _ = h.RefreshCatalog(t.Context(), sample.Code, false) // refused: the test before this one
	h.platform.snap = fresh
	h.now = h.now.Add(time.Hour - time.Second)
	h.refresh(t, false)
	if h.platform.loads != 2 {
		t.Errorf("%d loads within the hour", h.platform.loads)
	}
	h.now = h.now.Add(time.Second)
	h.refresh(t, false)
	if h.platform.loads != 3 {
		t.Errorf("%d loads", h.platform.loads)
	}
}

func TestRefreshCatalog_FailureIsNotedAndTheNextLoadClearsIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.now = h.now.Add(time.Hour)
	h.platform.fail = domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "the platform does not answer")
	if _, err := h.RefreshCatalog(t.Context(), sample.Code, false); !domain.HasCode(err, domain.CodePlatformUnreachable) {
		t.Fatalf("got %v", err)
	}
	st := h.state(t)
	if !st.FailedAt.Equal(h.now) || st.FailedReason != "platform.unreachable: the platform does not answer" {
		t.Errorf("state %+v", st)
	}
	if _, err := h.View(sample.Code); err != nil {
		t.Errorf("nothing serves: %v", err)
	}
	h.platform.fail = nil
	h.refresh(t, true)
	if st := h.state(t); !st.FailedAt.IsZero() || st.FailedReason != "" {
		t.Errorf("state %+v", st)
	}
}

func TestRefreshAvailability_ReadsEverythingFirstThenWhatMoved(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.availability(t)
	h.platform.moved = []catalog.Moved{{Product: sample.Museum}, {Product: 999}}
	h.now = h.now.Add(time.Hour)
	h.availability(t)
	h.platform.moved = nil
	h.now = h.now.Add(time.Hour)
	out := h.availability(t)

	want := [][]catalog.ProductID{{sample.Hamlet, sample.Museum, sample.Booklet}, {sample.Museum}}
	if diff := cmp.Diff(want, h.platform.read); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	if h.platform.asked != 2 || out.Done != 0 {
		t.Errorf("asked %d times, %+v", h.platform.asked, out)
	}
	if want := sample.Now().Add(-time.Minute); !h.platform.since[0].Equal(want) {
		t.Errorf("asked since %s, want a minute of overlap: %s", h.platform.since[0], want)
	}
	if v, err := h.View(sample.Code); err != nil || !v.ConfirmedAt().Equal(h.now) {
		t.Errorf("confirmed at %s, %v", v.ConfirmedAt(), err)
	}
}

func TestRefreshAvailability_ReadsNewProductsThatNeverMoved(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	small := func() *catalog.Snapshot { s := fresh(); s.Products = s.Products[:2]; s.Index(); return s }
	h.platform.snap = small
	h.refresh(t, false)
	h.availability(t)
	h.platform.snap, h.platform.stamp = fresh, "b"
	h.now = h.now.Add(time.Hour)
	h.refresh(t, false)
	h.availability(t)
	if got := h.platform.read[len(h.platform.read)-1]; !cmp.Equal(got, []catalog.ProductID{sample.Booklet}) {
		t.Errorf("read %v", got)
	}
}

func TestRefreshAvailability_ProductsThatAreOverAreNotRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.now = sample.Now().AddDate(0, 0, 5) // after the last performance
	h.availability(t)
	if got := h.platform.read[0]; !cmp.Equal(got, []catalog.ProductID{sample.Museum, sample.Booklet}) {
		t.Errorf("read %v", got)
	}
}

func TestRefreshAvailability_FailedReadLeavesTheMomentAndIsNoted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.availability(t)
	before := h.state(t).AvailabilityAt
	h.now = h.now.Add(time.Hour)
	h.platform.fail = domain.Errorf(domain.Limited, domain.CodePlatformLimited, "too many")
	if _, err := h.RefreshAvailability(t.Context(), sample.Code); !domain.HasCode(err, domain.CodePlatformLimited) {
		t.Fatalf("got %v", err)
	}
	st := h.state(t)
	if !st.AvailabilityAt.Equal(before) || !st.FailedAt.Equal(h.now) {
		t.Errorf("state %+v", st)
	}
	h.platform.fail = nil
	h.availability(t)
	if since := h.platform.since; !since[len(since)-1].Equal(before.Add(-time.Minute)) {
		t.Errorf("asked again since %s", since[len(since)-1])
	}
}

func TestRefreshAvailability_NeverTwiceWithinAMinute(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.availability(t)
	h.now = h.now.Add(time.Minute - time.Millisecond)
	h.availability(t)
	if h.platform.asked != 0 || len(h.platform.read) != 1 {
		t.Errorf("asked %d times, read %d times", h.platform.asked, len(h.platform.read))
	}
	h.now = h.now.Add(time.Millisecond)
	h.availability(t)
	if h.platform.asked != 1 {
		t.Errorf("asked %d times after the minute", h.platform.asked)
	}
}

func TestAvailabilityDue_ByItsTurnOrSoonerAfterARefusedSale(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	due := func(hint bool) bool {
		t.Helper()
		d, err := h.AvailabilityDue(t.Context(), sample.Code, hint)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if due(true) {
		t.Error("due without a catalog")
	}
	h.refresh(t, false)
	if !due(false) {
		t.Error("not due although never read")
	}
	h.availability(t)
	for _, tt := range []struct {
		after      time.Duration
		turn, hint bool
	}{{9 * time.Minute, false, false}, {10 * time.Minute, false, true}, {59 * time.Minute, false, true}, {time.Hour, true, true}} {
		h.now = sample.Now().Add(tt.after)
		if due(false) != tt.turn || due(true) != tt.hint {
			t.Errorf("after %s: turn %t, hint %t", tt.after, due(false), due(true))
		}
	}
}

func TestFollow_TakesOverAnotherReplicasCatalogAndReadings(t *testing.T) {
	t.Parallel()
	a := newHouse(t)
	b := newHouse(t, a.store)
	follow := func() *catalog.View {
		t.Helper()
		if err := b.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		v, _ := b.View(sample.Code)
		return v
	}
	if v := follow(); v != nil {
		t.Fatal("a catalog out of nothing")
	}
	a.refresh(t, false)
	first := follow()
	if first == nil || first.Version != 1 || first.Performance(sample.Tonight) == nil {
		t.Fatal("the catalog was not taken over")
	}
	if same := follow(); same != first {
		t.Error("a new view although nothing is new")
	}
	a.availability(t)
	v := follow()
	if got := v.PerformanceAvailability(v.Performance(sample.Tonight)); got.Level != catalog.LevelGood || !v.ConfirmedAt().Equal(a.now) {
		t.Errorf("availability %+v, confirmed %s", got, v.ConfirmedAt())
	}
	if first.PerformanceAvailability(first.Performance(sample.Tonight)).Level != catalog.LevelUnknown {
		t.Error("the view before has changed")
	}
	a.platform.stamp = "b"
	a.refresh(t, false)
	v = follow()
	if got := v.PerformanceAvailability(v.Performance(sample.Tonight)); v.Version != 2 || got.Level != catalog.LevelGood {
		t.Errorf("version %d, availability %+v", v.Version, got)
	}
	if b.platform.loads+b.platform.stamps+len(b.platform.read) != 0 {
		t.Error("the follower asked the platform")
	}
}

func TestRefreshCatalog_KeepsTheReadingsThatWereThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.platform.level = catalog.LevelLimited
	h.availability(t)
	h.now = h.now.Add(time.Hour)
	h.refresh(t, true)
	v, err := h.View(sample.Code)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.PerformanceAvailability(v.Performance(sample.Tonight)); got.Level != catalog.LevelLimited {
		t.Errorf("availability %+v", got)
	}
}

func TestRefreshCatalog_DatabaseDownIsNotNotedAsAFailureOfThePlatform(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.store.fail = domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "down")
	if _, err := h.RefreshCatalog(t.Context(), sample.Code, true); !domain.HasCode(err, domain.CodeStoreUnavailable) {
		t.Errorf("got %v", err)
	}
	h.store.fail = nil
	if st := h.state(t); !st.FailedAt.IsZero() || h.platform.loads != 1 {
		t.Errorf("%d loads, %+v", h.platform.loads, st)
	}
}

func TestAcceptCatalog_TakesASmallerOne_AndNothingElseThatIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.platform.stamp = "b"
	h.now = h.now.Add(time.Minute)
	h.platform.snap = func() *catalog.Snapshot { s := fresh(); s.Products, s.Performances = nil, nil; return s }
	if _, err := h.RefreshCatalog(t.Context(), sample.Code, true); !domain.HasCode(err, catalog.CodeCatalogRefused) {
		t.Fatalf("forced alone: %v", err)
	}
	if _, err := h.AcceptCatalog(t.Context(), sample.Code); err != nil {
		t.Fatalf("accepted: %v", err)
	}
	if v, err := h.View(sample.Code); err != nil || len(v.Products) != 0 || v.Version != 2 {
		t.Errorf("it does not serve: %v", err)
	}
	h.platform.snap = func() *catalog.Snapshot {
		s := fresh()
		s.Impossible = []string{"a performance of no product"}
		return s
	}
	if _, err := h.AcceptCatalog(t.Context(), sample.Code); !domain.HasCode(err, catalog.CodeCatalogRefused) {
		t.Errorf("an impossible one: %v", err)
	}
}
