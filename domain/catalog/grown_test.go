package catalog_test

import (
	"slices"
	"testing"
	"time"

	"guichet/domain/catalog"
	"guichet/domain/sample"
)

func TestRefreshAvailability_ReadsAProductOnceThatGotNewPerformances(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.refresh(t, false)
	h.availability(t)
	h.platform.snap, h.platform.stamp = func() *catalog.Snapshot {
		s := fresh()
		s.Performances = append(s.Performances, sample.Performance(99_001, h.now.AddDate(0, 1, 0)))
		s.Index()
		return s
	}, "b"
	h.now = h.now.Add(time.Hour)
	h.refresh(t, false)
	before := len(h.platform.read)
	h.availability(t)
	if got := h.platform.read[before:]; len(got) != 1 || !slices.Equal(got[0], []catalog.ProductID{sample.Hamlet}) {
		t.Errorf("read %v, want the grown product", got)
	}
	h.now = h.now.Add(time.Hour)
	before = len(h.platform.read)
	h.availability(t)
	if got := h.platform.read[before:]; len(got) != 0 {
		t.Errorf("read %v again although nothing moved", got)
	}
}
