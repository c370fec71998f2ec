package catalog_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

// without is a view of the same catalog as a refresh may find it: some products are gone with their performances.
func without(v *catalog.View, gone map[catalog.ProductID]bool) *catalog.View {
	s := *v.Snapshot
	s.Products = slices.DeleteFunc(slices.Clone(s.Products), func(p catalog.Product) bool { return gone[p.ID] })
	s.Performances = slices.DeleteFunc(slices.Clone(s.Performances), func(p catalog.Performance) bool { return gone[p.Product] })
	s.Index()
	return catalog.NewView(&s, nil, v.ConfirmedAt())
}

func TestBrowse_RefreshBetweenPagesLosesNothingThatStaysAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		whole, near := world(t, "one")
		some := func(label string) map[catalog.ProductID]bool {
			out := map[catalog.ProductID]bool{}
			for _, p := range whole.Products {
				out[p.ID] = chance(t, label, 4)
			}
			return out
		}
		before, after := some("not there yet"), some("gone")
		views := []*catalog.View{without(whole, before), without(whole, after)}
		for range 6 {
			a, now := asks(t, near), moment(t, near, 30)
			a.Limit, a.Available = rapid.IntRange(1, 3).Draw(t, "limit"), false
			if catalog.CountWords(a.Words) > 1 {
				a.Words = "ha" // what is too short to be guessed at finds the same in both
			}
			for what, list := range map[string]func([]catalog.Source, catalog.Ask, time.Time) catalog.Result{
				"products": catalog.BrowseProducts, "performances": catalog.BrowsePerformances,
			} {
				seen, of := map[string]int{}, a
				for i := 0; ; i++ {
					v := views[min(i, 1)]
					r := list([]catalog.Source{{View: v}}, of, now)
					for _, f := range r.Found {
						seen[key(f)]++
					}
					if of.After = r.Next; of.After == nil {
						break
					}
				}
				stayed := func(id catalog.ProductID) bool { return !before[id] && !after[id] }
				all := list([]catalog.Source{{View: views[0]}}, all(a), now)
				for _, f := range all.Found {
					if k := key(f); stayed(f.Product.ID) && seen[k] != 1 {
						t.Fatalf("%s %s came %d times: %+v", what, k, seen[k], a)
					}
				}
				for k, n := range seen {
					if n > 1 {
						t.Fatalf("%s %s came %d times: %+v", what, k, n, a)
					}
				}
			}
		}
	})
}

func all(a catalog.Ask) catalog.Ask {
	a.Limit = domain.MaxLimit
	return a
}

func key(f catalog.Found) string {
	if f.Performance != nil {
		return fmt.Sprintf("%d/%d", f.Product.ID, f.Performance.ID)
	}
	return fmt.Sprint(f.Product.ID)
}

func TestBrowse_DaysAreThoseOfThePlaceAlsoWhenClocksChange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		zone   string
		starts []string // local, with offset
		day    domain.Day
		want   []int64 // places in starts, from 1
	}{
		{"Europe/Paris", []string{"2026-10-24T23:59:59+02:00", "2026-10-25T00:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T23:59:59+01:00", "2026-10-26T00:00:00+01:00"}, "2026-10-25", []int64{2, 3, 4, 5}},
		{"Europe/Paris", []string{"2027-03-27T23:30:00+01:00", "2027-03-28T00:30:00+01:00", "2027-03-28T03:00:00+02:00", "2027-03-28T23:30:00+02:00", "2027-03-29T00:00:00+02:00"}, "2027-03-28", []int64{2, 3, 4}},
		{"America/New_York", []string{"2026-10-31T23:59:00-04:00", "2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00", "2026-11-01T23:30:00-05:00", "2026-11-02T00:00:00-05:00"}, "2026-11-01", []int64{2, 3, 4}},
		{"America/New_York", []string{"2027-03-14T00:00:00-05:00", "2027-03-14T03:00:00-04:00", "2027-03-14T23:59:59-04:00", "2027-03-15T00:00:00-04:00"}, "2027-03-14", []int64{1, 2, 3}},
		{"Asia/Kathmandu", []string{"2026-12-31T23:59:00+05:45", "2027-01-01T00:00:00+05:45", "2027-01-01T05:44:00+05:45", "2027-01-01T23:59:00+05:45", "2027-01-02T00:00:00+05:45"}, "2027-01-01", []int64{2, 3, 4}},
		// a clock set back from one minute past midnight into the day before
		{"America/St_Johns", []string{"2010-11-06T23:30:00-02:30", "2010-11-07T00:00:30-02:30", "2010-11-06T23:30:00-03:30", "2010-11-07T00:30:00-03:30"}, "2010-11-06", []int64{1, 3}},
		{"America/St_Johns", []string{"2010-11-06T23:30:00-02:30", "2010-11-07T00:00:30-02:30", "2010-11-06T23:30:00-03:30", "2010-11-07T00:30:00-03:30"}, "2010-11-07", []int64{2, 4}},
	} {
		s := &catalog.Snapshot{Institution: domain.Institution{Code: "one", TimeZone: tt.zone}, Products: []catalog.Product{{ID: 1, Kind: catalog.KindEvent}}}
		for i, text := range tt.starts {
			start, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			s.Performances = append(s.Performances, catalog.Performance{ID: catalog.PerformanceID(i + 1), Product: 1, Start: start.UTC()})
		}
		s.Index()
		r := catalog.BrowsePerformances([]catalog.Source{{View: catalog.NewView(s, nil, time.Time{})}},
			catalog.Ask{Filter: catalog.Filter{From: tt.day, To: tt.day}, Limit: 50}, time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC))
		var got []int64
		for _, f := range r.Found {
			got = append(got, int64(f.Performance.ID))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s on %s: %v, want %v", tt.zone, tt.day, got, tt.want)
		}
	}
}

func TestBrowse_ProductOfTwoSeasonsIsFoundInBoth(t *testing.T) {
	t.Parallel()
	s := &catalog.Snapshot{
		Institution: domain.Institution{Code: "play", TimeZone: "UTC"}, Seasons: []catalog.Season{{ID: 11, Code: "2526"}, {ID: 12, Code: "2627"}, {ID: 2526, Code: "x"}},
		Products: []catalog.Product{{ID: 1, Season: 11, OtherSeasons: []catalog.SeasonID{12}}, {ID: 2, Season: 12}, {ID: 3, Season: 2526}},
	}
	s.Index()
	src := []catalog.Source{{View: catalog.NewView(s, nil, time.Time{})}}
	for season, want := range map[string]int{"2526": 1, "2627": 2, "11": 1, "12": 2, "play-12": 2, "X": 1, "other-12": 0, "13": 0, "": 3} {
		r := catalog.BrowseProducts(src, catalog.Ask{Filter: catalog.Filter{Season: season}, Facets: []catalog.Facet{catalog.FacetSeason}}, time.Time{})
		if r.Total != want {
			t.Errorf("season %q: %d, want %d", season, r.Total, want)
		}
		for _, f := range r.Facets[catalog.FacetSeason] {
			if season == "" && f.Value == "2627" && f.N != 2 {
				t.Errorf("2627 counts %d", f.N)
			}
		}
	}
}

func TestBrowse_CursorOfALongNameStaysShort(t *testing.T) {
	t.Parallel()
	long := ""
	for range 400 {
		long += "été "
	}
	s := &catalog.Snapshot{Institution: domain.Institution{Code: "play", TimeZone: "UTC", MainLanguage: "fr"}}
	for id := range catalog.ProductID(3) {
		s.Products = append(s.Products, catalog.Product{ID: id + 1, Name: domain.Text{"fr": fmt.Sprint(long, id)}})
	}
	s.Index()
	a := catalog.Ask{Sort: catalog.SortName, Limit: 1}
	for id := range catalog.ProductID(3) {
		r := catalog.BrowseProducts([]catalog.Source{{View: catalog.NewView(s, nil, time.Time{})}}, a, time.Time{})
		if len(r.Found) != 1 || r.Found[0].Product.ID != id+1 || (r.Next != nil && len(r.Next.Text) > 200) {
			t.Fatalf("page %d: %+v", id+1, r)
		}
		a.After = r.Next
	}
}

func TestBrowse_AvailableFollowsEveryReading(t *testing.T) {
	t.Parallel()
	perf := catalog.Key{Product: sample.Hamlet, Performance: sample.Tonight}
	item := catalog.Key{Product: sample.Booklet, Item: sample.Programme}
	v := sample.View()
	for i, step := range []struct {
		key                    catalog.Key
		level                  catalog.Level
		performances, products int
	}{
		{perf, catalog.LevelGood, 2, 3},
		{perf, catalog.LevelSoldOut, 1, 3},
		{item, catalog.LevelSoldOut, 1, 2},
		{perf, catalog.LevelLimited, 2, 2},
		{catalog.Key{Product: sample.Hamlet, Performance: sample.Tonight, SeatCategory: sample.Balcony}, catalog.LevelSoldOut, 2, 2},
		{item, catalog.LevelUnknown, 2, 3},
		{perf, catalog.LevelNotOnSale, 1, 3},
	} {
		at := sample.Now().Add(time.Duration(i) * time.Minute)
		v = v.With([]catalog.Reading{{Key: step.key, Availability: catalog.Availability{Level: step.level, AsOf: at}}}, at)
		src, a := []catalog.Source{{View: v}}, catalog.Ask{Filter: catalog.Filter{Available: true}}
		if perfs, prods := catalog.BrowsePerformances(src, a, at).Total, catalog.BrowseProducts(src, a, at).Total; perfs != step.performances || prods != step.products {
			t.Errorf("step %d: %d performances and %d products are available, want %d and %d", i, perfs, prods, step.performances, step.products)
		}
	}
}
