package catalog_test

import (
	"testing"
	"time"

	"guichet/domain/catalog"
	"guichet/domain/sample"
)

func TestNextChange_IsTheNextMomentAtWhichAnySaleTurns(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return sample.Now().Add(time.Duration(h) * time.Hour) }
	s := sample.Snapshot()
	s.Products = s.Products[:1]
	s.Products[0].SalePeriods = []catalog.SalePeriod{{Start: at(-5), End: at(60), SalePossible: true, Relative: true, EndRelative: 2 * time.Hour}}
	s.Performances = []catalog.Performance{sample.Performance(1, at(10)), sample.Performance(2, at(20))}
	s.Performances[1].SalePeriods = []catalog.SalePeriod{{Start: at(3), SalePossible: true}}
	s.Index()
	v := catalog.NewView(s, nil, sample.Now())
	over := func(h int) time.Time { return at(h).Add(1) } // after the end, not at it
	now := at(-6)
	for _, want := range []time.Time{at(-5), at(3), at(8), over(12), over(22), at(60), {}} {
		got := v.NextChange(now)
		if !got.Equal(want) {
			t.Errorf("after %s comes %s, want %s", now, got, want)
		}
		if !want.IsZero() && !v.NextChange(want.Add(-1)).Equal(want) {
			t.Errorf("just before %s comes %s", want, v.NextChange(want.Add(-1)))
		}
		now = want
	}
}
