package sales_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/domain/sample"
)

func TestNotices_SayWhatTheInstitutionChanged(t *testing.T) {
	t.Parallel()
	o := sample.Held()
	start := o.Lines[0].Facts.Start
	for name, c := range map[string]struct {
		change func(*catalog.Performance)
		want   []sales.Notice
	}{
		"nothing":     {func(*catalog.Performance) {}, nil},
		"sold out":    {func(p *catalog.Performance) { p.State = "SUSPENDED" }, nil},
		"cancelled":   {func(p *catalog.Performance) { p.State = "CANCELED" }, []sales.Notice{{Kind: sales.NoticeCancelled}}},
		"rescheduled": {func(p *catalog.Performance) { p.Start = start.Add(time.Hour) }, []sales.Notice{{Kind: sales.NoticeRescheduled, Was: start, Now: start.Add(time.Hour)}}},
		"moved": {func(p *catalog.Performance) { p.Venue = catalog.Venue{Code: "PARK"} }, []sales.Notice{
			{Kind: sales.NoticeMoved, Place: catalog.Venue{Code: "PARK"}},
		}},
		"both": {func(p *catalog.Performance) { p.Start, p.Venue.SpaceCode = start.Add(time.Hour), "PETITE" }, []sales.Notice{
			{Kind: sales.NoticeRescheduled, Was: start, Now: start.Add(time.Hour)}, {Kind: sales.NoticeMoved, Place: func() catalog.Venue { v := sample.Venue(); v.SpaceCode = "PETITE"; return v }()},
		}},
	} {
		p := sample.Performance(sample.Tonight, start)
		c.change(&p)
		got := o.Notices(func(id catalog.PerformanceID) *catalog.Performance {
			if id != sample.Tonight {
				t.Errorf("asked for %d", id)
			}
			return &p
		})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := o.Notices(func(catalog.PerformanceID) *catalog.Performance { return nil }); got != nil {
		t.Errorf("gone from the catalog: %+v", got)
	}
}
