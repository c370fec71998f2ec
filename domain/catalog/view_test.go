package catalog_test

import (
	"testing"
	"time"

	"guichet/domain/catalog"
	"guichet/domain/sample"
)

func TestView_AsOfIsTheLaterOfReadAndConfirmed(t *testing.T) {
	t.Parallel()
	read := sample.Now()
	tonight := sample.Snapshot().Performance(sample.Tonight)
	for _, tt := range []struct {
		name            string
		confirmed, want time.Time
	}{
		{"confirmed later", read.Add(time.Hour), read.Add(time.Hour)},
		{"confirmed before", read.Add(-time.Hour), read},
		{"never confirmed", time.Time{}, read},
	} {
		v := catalog.NewView(sample.Snapshot(), sample.Readings(), tt.confirmed)
		if got := v.PerformanceAvailability(tonight); !got.AsOf.Equal(tt.want) || got.Count != 14 {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if got := v.CategoryAvailability(tonight, 999); got.Level != catalog.LevelUnknown || !got.AsOf.Equal(tt.confirmed) {
			t.Errorf("%s: never read: %+v", tt.name, got)
		}
	}
}

func TestView_WithLaysOverAndLeavesTheFirst(t *testing.T) {
	t.Parallel()
	v := sample.View()
	p := v.Performance(sample.Tonight)
	key := catalog.Key{Product: sample.Hamlet, Performance: sample.Tonight}
	n := v.With([]catalog.Reading{{Key: key, Availability: catalog.Availability{Level: catalog.LevelSoldOut, AsOf: sample.Now().Add(time.Minute)}}}, sample.Now().Add(time.Minute))
	if got := n.PerformanceAvailability(p); got.Level != catalog.LevelSoldOut {
		t.Errorf("new view: %+v", got)
	}
	if got := n.CategoryAvailability(p, sample.Balcony); got.Level != catalog.LevelLimited || !got.AsOf.Equal(sample.Now().Add(time.Minute)) {
		t.Errorf("what was there: %+v", got)
	}
	if got := v.PerformanceAvailability(p); got.Level != catalog.LevelLimited || !v.ConfirmedAt().Equal(sample.Now()) {
		t.Errorf("first view: %+v", got)
	}
}

func TestProductAvailability_IsTheBestOfWhatIsToCome(t *testing.T) {
	t.Parallel()
	v := sample.View()
	got := v.ProductAvailability(v.Product(sample.Hamlet), sample.Now())
	if got.Level != catalog.LevelGood || got.Counted || got.Count != 0 {
		t.Errorf("play: %+v", got)
	}
	if got := v.ProductAvailability(v.Product(sample.Hamlet), sample.Now().AddDate(0, 0, 7)); got.Level != catalog.LevelNotOnSale {
		t.Errorf("over: %+v", got)
	}
	if got := v.ProductAvailability(v.Product(sample.Booklet), sample.Now()); got.Level != catalog.LevelGood {
		t.Errorf("item: %+v", got)
	}
	total := catalog.Reading{Key: catalog.Key{Product: sample.Museum}, Availability: catalog.Availability{Level: catalog.LevelSoldOut}}
	n := v.With([]catalog.Reading{total}, sample.Now())
	if got := n.ProductAvailability(n.Product(sample.Museum), sample.Now()); got.Level != catalog.LevelSoldOut || !got.AsOf.Equal(sample.Now()) {
		t.Errorf("the platform's own total: %+v", got)
	}
}

func TestOver_AfterTheEndOrTheStartWhereNoEndIsKnown(t *testing.T) {
	t.Parallel()
	p := sample.Performance(1, sample.Now())
	if p.Over(p.End) || !p.Over(p.End.Add(time.Second)) {
		t.Error("with an end")
	}
	p.End = time.Time{}
	if p.Over(p.Start) || !p.Over(p.Start.Add(time.Second)) {
		t.Error("without an end")
	}
	p.Start = time.Time{}
	if p.Over(sample.Now()) {
		t.Error("without a date")
	}
}

func TestTimeslot_StartsInTheVenuesZoneAndCoversItsDays(t *testing.T) {
	t.Parallel()
	loc := sample.Institution().Location()
	slot := catalog.Timeslot{From: "2026-11-01", Until: "2026-11-30", Time: "10:30"}
	if got := slot.Start("2026-11-22", loc); !got.Equal(time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)) {
		t.Errorf("start %s", got)
	}
	if got := (catalog.Timeslot{Time: "half past ten"}).Start("2026-11-22", loc); !got.IsZero() {
		t.Errorf("start %s", got)
	}
	if slot.Covers("2026-10-31") || !slot.Covers("2026-11-01") || !slot.Covers("2026-11-30") || slot.Covers("2026-12-01") {
		t.Error("days")
	}
	if !(catalog.Timeslot{}).Covers("2099-01-01") {
		t.Error("open range")
	}
}
