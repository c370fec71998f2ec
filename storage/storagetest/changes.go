package storagetest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/catalog"
)

func changeTests() []test {
	return []test{
		{"changes come back newest first, filtered and in pages", changesComeBack},
		{"a reading that says the same keeps its sequence number", sameReadingKeepsItsNumber},
		{"polls are kept with their moves, and a gap between them is known", pollsAreKept},
		{"the feed merges catalog and availability, whole lines at a time", feedMerges},
		{"a delta from another version is kept as one line", deltaFromElsewhere},
		{"old changes are forgotten, and that is known", oldChangesForgotten},
		{"too many changes are forgotten", manyChangesForgotten},
		{"hints ask for one look at a time, well apart", hintsAreApart},
		{"a follower with any limits ends up knowing everything", followerKnowsEverything},
	}
}

// replace stores a new version with these changes, loaded at that moment.
func replace(t check, at time.Time, changes ...catalog.Change) catalog.State {
	t.Helper()
	state, err := t.db.Catalog().CatalogState(t.Context(), "opera")
	if err != nil {
		t.Fatal(err)
	}
	snap := snapshot("s")
	snap.LoadedAt = at
	state, err = t.db.Catalog().ReplaceCatalog(t.Context(), snap, state, catalog.Delta{From: state.Version, Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func history(t check, q catalog.ChangeQuery) []catalog.ChangeLine {
	t.Helper()
	q.Institution = "opera"
	if q.After.Seq == 0 {
		q.After.Seq = 1 << 60
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	lines, err := t.db.Catalog().ChangeHistory(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func changesComeBack(t check) {
	renamed := catalog.Change{
		Sort: catalog.ChangeOther, Product: 1, Code: "HAMLET", Members: []string{"description", "name"}, Before: "Hamlet", After: "Lear é",
	}
	moved := catalog.Change{Sort: catalog.ChangeMoved, Product: 1, Performance: 2, Code: "H1"}
	item := catalog.Change{Sort: catalog.ChangeRepriced, Product: 3, Item: 4, Code: "MUG"}
	replace(t, noon())
	replace(t, noon().Add(time.Hour), renamed, moved)
	state := replace(t, noon().Add(2*time.Hour), item)
	if state.Summary != "1 repriced" {
		t.Errorf("summary = %q", state.Summary)
	}
	all := history(t, catalog.ChangeQuery{})
	want := []catalog.ChangeLine{
		{Change: item, Seq: 3, Line: 0, Version: 3, At: noon().Add(2 * time.Hour)},
		{Change: renamed, Seq: 2, Line: 0, Version: 2, At: noon().Add(time.Hour)},
		{Change: moved, Seq: 2, Line: 1, Version: 2, At: noon().Add(time.Hour)},
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Fatalf("history (-want +got):\n%s", diff)
	}
	for name, c := range map[string]struct {
		q    catalog.ChangeQuery
		want []catalog.ChangeLine
	}{
		"sort":    {catalog.ChangeQuery{Sorts: []catalog.ChangeSort{catalog.ChangeMoved, catalog.ChangeGone}}, all[2:]},
		"product": {catalog.ChangeQuery{Product: 1}, all[1:]},
		"from":    {catalog.ChangeQuery{From: noon().Add(2 * time.Hour)}, all[:1]},
		"to":      {catalog.ChangeQuery{To: noon().Add(2 * time.Hour)}, all[1:]},
		"page":    {catalog.ChangeQuery{After: all[0], Limit: 1}, all[1:2]},
		"next":    {catalog.ChangeQuery{After: all[1], Limit: 9}, all[2:]},
		"last":    {catalog.ChangeQuery{After: all[2]}, nil},
	} {
		if diff := cmp.Diff(len(c.want), len(history(t, c.q))); diff != "" {
			t.Errorf("%s: -want +got lines\n%s", name, diff)
			continue
		}
		if diff := cmp.Diff(c.want, history(t, c.q)); len(c.want) > 0 && diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func sameReadingKeepsItsNumber(t check) {
	first := save(t, noon(), reading(1, 10, noon()), reading(2, 20, noon()))
	later := noon().Add(time.Minute)
	second := save(t, later, reading(1, 10, later), reading(2, 19, later))
	got, err := t.db.Catalog().Availability(t.Context(), "opera", first.AvailabilitySeq)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]catalog.Reading{reading(1, 10, later), reading(2, 19, later)}, got); diff != "" {
		t.Errorf("saved (-want +got):\n%s", diff)
	}
	if moved := movedAfter(t, first.AvailabilitySeq, second.AvailabilitySeq); !slices.Equal(moved, []catalog.PerformanceID{2}) {
		t.Errorf("moved: %v, want 2 alone", moved)
	}
	all, err := t.db.Catalog().Availability(t.Context(), "opera", 0)
	if err != nil || !all[0].AsOf.Equal(later) {
		t.Errorf("the reading that says the same is as of %s (%v), want %s", all[0].AsOf, err, later)
	}
	for name, change := range map[string]func(*catalog.Reading){
		"level":    func(r *catalog.Reading) { r.Level = catalog.LevelLimited },
		"counted":  func(r *catalog.Reading) { r.Counted = false },
		"platform": func(r *catalog.Reading) { r.PlatformLevel = "GREEN" },
	} {
		r := reading(1, 10, later)
		save(t, later, r)
		before := save(t, later)
		change(&r)
		now := save(t, later, r)
		if moved := movedAfter(t, before.AvailabilitySeq, now.AvailabilitySeq); !slices.Equal(moved, []catalog.PerformanceID{1}) {
			t.Errorf("%s: %v moved, want 1", name, moved)
		}
	}
}

// movedAfter lists the performances whose availability moved in between.
func movedAfter(t check, seq, upTo int64) (moved []catalog.PerformanceID) {
	t.Helper()
	for _, s := range after(t, catalog.Mark{Seq: seq, Whole: true}, upTo, 100) {
		moved = append(moved, s.Performance)
	}
	return moved
}

func pollsAreKept(t check) {
	poll := func(at, since time.Duration, moved ...catalog.Moved) catalog.State {
		t.Helper()
		st, err := t.db.Catalog().SavePoll(t.Context(), "opera", catalog.Poll{At: noon().Add(at), Since: noon().Add(since), Moved: moved})
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	moved := func(p catalog.ProductID, at time.Duration) catalog.Moved {
		return catalog.Moved{Product: p, At: noon().Add(at)}
	}
	first := poll(time.Hour, 0, moved(1, time.Minute), moved(2, 2*time.Minute), moved(2, time.Minute))
	if !first.AvailabilityAt.Equal(noon().Add(time.Hour)) || !first.AvailabilityFrom.Equal(noon()) {
		t.Errorf("the first poll: at %s from %s, want 13:00 from 12:00", first.AvailabilityAt, first.AvailabilityFrom)
	}
	second := poll(2*time.Hour, 59*time.Minute, moved(1, 90*time.Minute), moved(2, 0))
	if !second.AvailabilityFrom.Equal(noon()) || second.AvailabilitySeq <= first.AvailabilitySeq {
		t.Errorf("a poll that reaches back to the one before: from %s, sequence %d", second.AvailabilityFrom, second.AvailabilitySeq)
	}
	for seq, want := range map[int64][]catalog.Moved{
		0:                      {moved(1, 90*time.Minute), moved(2, 2*time.Minute)}, // the later counts
		first.AvailabilitySeq:  {moved(1, 90*time.Minute)},
		second.AvailabilitySeq: {},
	} {
		got, err := t.db.Catalog().Moves(t.Context(), "opera", seq)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("moves after %d (-want +got):\n%s", seq, diff)
		}
	}
	if third := poll(5*time.Hour, 4*time.Hour); !third.AvailabilityFrom.Equal(noon().Add(4 * time.Hour)) {
		t.Errorf("a poll that leaves a gap: from %s, want 16:00", third.AvailabilityFrom)
	}
	if st := save(t, time.Time{}, reading(1, 1, noon())); !st.AvailabilityFrom.Equal(noon().Add(4*time.Hour)) || !st.AvailabilityAt.Equal(noon().Add(5*time.Hour)) {
		t.Errorf("readings moved it to %s from %s", st.AvailabilityAt, st.AvailabilityFrom)
	}
}

func after(t check, m catalog.Mark, upTo int64, limit int) []catalog.Step {
	t.Helper()
	steps, err := t.db.Catalog().ChangesAfter(t.Context(), "opera", m, upTo, limit)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func feedMerges(t check) {
	at := noon().Add(time.Hour)
	cats := reading(1, 1, noon())
	cats.SeatCategory = 9
	save(t, noon(), reading(2, 5, noon()), reading(1, 4, noon()), cats)
	replace(t, at,
		catalog.Change{Sort: catalog.ChangeState, Product: 1, Performance: 2}, catalog.Change{Sort: catalog.ChangeMoved, Product: 1, Performance: 2},
		catalog.Change{Sort: catalog.ChangeOther, Product: 1}, catalog.Change{Sort: catalog.ChangeRepriced, Product: 1, Item: 3},
		catalog.Change{Sort: catalog.ChangeMore, More: 7})
	want := []catalog.Step{
		{Seq: 1, Product: 1, Performance: 1, Available: true, At: noon()},
		{Seq: 1, Product: 1, Performance: 2, Available: true, At: noon()},
		{Seq: 2, What: []catalog.ChangeSort{catalog.ChangeMore}, At: at},
		{Seq: 2, Product: 1, What: []catalog.ChangeSort{catalog.ChangeOther, catalog.ChangeRepriced}, At: at},
		{Seq: 2, Product: 1, Performance: 2, What: []catalog.ChangeSort{catalog.ChangeMoved, catalog.ChangeState}, At: at},
	}
	if diff := cmp.Diff(want, after(t, catalog.Mark{Whole: true}, 2, 100)); diff != "" {
		t.Errorf("feed (-want +got):\n%s", diff)
	}
	if got := after(t, catalog.Mark{Whole: true}, 1, 100); len(got) != 2 {
		t.Errorf("%d lines up to 1, want 2", len(got))
	}
	if diff := cmp.Diff(want[2:], after(t, catalog.Mark{Seq: 1, Whole: true}, 2, 100)); diff != "" {
		t.Errorf("after 1 (-want +got):\n%s", diff)
	}
	for limit := 1; limit <= len(want); limit++ {
		var got []catalog.Step
		for m := (catalog.Mark{Whole: true}); ; {
			page := after(t, m, 2, limit)
			if len(page) == 0 {
				break
			}
			last := page[len(page)-1]
			got, m = append(got, page...), catalog.Mark{Seq: last.Seq, Product: last.Product, Performance: last.Performance}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by %d (-want +got):\n%s", limit, diff)
		}
	}
}

func deltaFromElsewhere(t check) {
	replace(t, noon())
	_, err := t.db.Catalog().ReplaceCatalog(t.Context(), snapshot("s"), catalog.State{}, catalog.Delta{
		From: 7, Changes: []catalog.Change{{Sort: catalog.ChangeGone, Product: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := history(t, catalog.ChangeQuery{}); len(got) != 1 || got[0].Sort != catalog.ChangeMore {
		t.Errorf("kept %+v, want one line that says more", got)
	}
}

func oldChangesForgotten(t check) {
	gone := catalog.Change{Sort: catalog.ChangeGone, Product: 1}
	replace(t, noon())
	old := replace(t, noon(), gone)
	if state := replace(t, noon().Add(90*24*time.Hour), gone); state.ChangesForgotten != 0 || len(history(t, catalog.ChangeQuery{})) != 2 {
		t.Errorf("after 90 days %d lines are left, forgotten up to %d", len(history(t, catalog.ChangeQuery{})), state.ChangesForgotten)
	}
	state := replace(t, noon().Add(90*24*time.Hour+time.Second))
	if got := history(t, catalog.ChangeQuery{}); len(got) != 1 || state.ChangesForgotten != old.AvailabilitySeq {
		t.Errorf("later %d lines are left, forgotten up to %d, want 1 and %d", len(got), state.ChangesForgotten, old.AvailabilitySeq)
	}
}

// changesKept is how many lines of history the tests' databases keep.
const changesKept = 500

func manyChangesForgotten(t check) {
	var changes []catalog.Change
	for i := range changesKept / 10 {
		changes = append(changes, catalog.Change{Sort: catalog.ChangeState, Product: 1, Performance: catalog.PerformanceID(i + 1)})
	}
	for i := range 10 {
		if state := replace(t, noon().Add(time.Duration(i)*time.Hour), changes...); state.ChangesForgotten != 0 {
			t.Fatalf("forgot up to %d with %d lines", state.ChangesForgotten, (i+1)*len(changes))
		}
	}
	state := replace(t, noon().Add(10*time.Hour), changes[:1]...)
	if state.ChangesForgotten != 1 {
		t.Errorf("forgotten up to %d, want 1", state.ChangesForgotten)
	}
	if got := after(t, catalog.Mark{Whole: true}, 100, 1); len(got) != 1 || got[0].Seq != 2 {
		t.Errorf("the oldest line is %+v, want one of 2", got)
	}
}

func hintsAreApart(t check) {
	hint := func(at time.Time) {
		t.Helper()
		if err := t.db.Catalog().HintCatalog(t.Context(), "opera", at, 10*time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		at   time.Duration
		want int
	}{{0, 1}, {time.Second, 2}, {2 * time.Second, 2}, {9 * time.Minute, 2}, {10 * time.Minute, 3}, {11 * time.Minute, 3}, {40 * time.Minute, 4}} {
		if c.at == 10*time.Minute {
			c.at += time.Millisecond // the second look has begun
		}
		hint(noon().Add(c.at))
		if got := jobs(t); got != c.want {
			t.Errorf("after %s %d looks were asked for, want %d", c.at, got, c.want)
		}
	}
}

// stage is a platform whose catalog and availability a test changes, with replicas that sell from it.
type stage struct {
	now    atomic.Int64
	stamp  int
	snap   *catalog.Snapshot
	counts map[catalog.PerformanceID]int
}

func (s *stage) clock() time.Time { return time.UnixMilli(s.now.Load()).UTC() }

// PointOfSales implements catalog.Platform.
func (s *stage) PointOfSales(context.Context, domain.InstitutionCode) (domain.Institution, error) {
	return s.snap.Institution, nil
}

// LastSetupUpdate implements catalog.Platform.
func (s *stage) LastSetupUpdate(context.Context, domain.InstitutionCode) (string, error) {
	return strconv.Itoa(s.stamp), nil
}

// Catalog implements catalog.Platform.
func (s *stage) Catalog(context.Context, domain.Institution) (*catalog.Snapshot, error) {
	c := *s.snap
	c.Products, c.Performances = slices.Clone(c.Products), slices.Clone(c.Performances)
	return &c, nil
}

// UpdatedAvailabilities implements catalog.Platform: everything moved.
func (s *stage) UpdatedAvailabilities(_ context.Context, _ domain.Institution, ids []catalog.ProductID, _ time.Time) ([]catalog.Moved, error) {
	var out []catalog.Moved
	for _, id := range ids {
		out = append(out, catalog.Moved{Product: id})
	}
	return out, nil
}

// Availability implements catalog.Platform.
func (s *stage) Availability(_ context.Context, snap *catalog.Snapshot, _ []catalog.ProductID) ([]catalog.Reading, error) {
	var out []catalog.Reading
	for i := range snap.Performances {
		p := &snap.Performances[i]
		r := reading(p.ID, s.counts[p.ID], s.clock())
		r.Product = p.Product
		out = append(out, r)
	}
	return out, nil
}

// PerformanceAvailability implements catalog.Platform.
func (s *stage) PerformanceAvailability(ctx context.Context, snap *catalog.Snapshot, ids []catalog.PerformanceID) ([]catalog.Reading, error) {
	all, err := s.Availability(ctx, snap, nil)
	return slices.DeleteFunc(all, func(r catalog.Reading) bool { return !slices.Contains(ids, r.Performance) }), err
}

// Seats implements catalog.Platform.
func (s *stage) Seats(context.Context, *catalog.Snapshot, catalog.PerformanceID) ([]catalog.Seat, error) {
	return nil, nil
}

// thing is a product or performance, and truth what a reader of a view knows of it.
type thing struct {
	product     catalog.ProductID
	performance catalog.PerformanceID
}

func truth(v *catalog.View) map[thing]string {
	out := map[thing]string{}
	for i := range v.Products {
		out[thing{v.Products[i].ID, 0}] = v.Products[i].Code
	}
	for i := range v.Performances {
		p := &v.Performances[i]
		out[thing{p.Product, p.ID}] = fmt.Sprint(p.Start.Unix(), p.State, v.PerformanceAvailability(p).Count)
	}
	return out
}

func followerKnowsEverything(t check) {
	n := 0
	rapid.Check(t.T, func(rt *rapid.T) {
		n++
		code := domain.InstitutionCode(fmt.Sprintf("f%d", n))
		st := &stage{counts: map[catalog.PerformanceID]int{}, snap: &catalog.Snapshot{Institution: domain.Institution{Code: code, Currency: "EUR"}}}
		st.now.Store(noon().UnixMilli())
		for i := range 12 {
			id := catalog.PerformanceID(i + 1)
			st.snap.Performances = append(st.snap.Performances, catalog.Performance{ID: id, Product: catalog.ProductID(i%3 + 1), Start: noon().AddDate(0, 1, i)})
		}
		for i := range 3 {
			st.snap.Products = append(st.snap.Products, catalog.Product{ID: catalog.ProductID(i + 1)})
		}
		var replicas []*catalog.Service
		for range 2 {
			replicas = append(replicas, catalog.New(catalog.Deps{
				Store: t.db.Catalog(), Platform: st, Clock: st.clock, Institutions: []domain.InstitutionCode{code},
			}))
		}
		must := func(err error) {
			if err != nil {
				rt.Fatal(err)
			}
		}
		// The follower reads what a line names from the replica that told it.
		var mark catalog.Mark
		known := map[thing]string{}
		poll := func(s *catalog.Service, limit int) int {
			steps, next, err := s.Changes(t.Context(), code, mark, limit)
			must(err)
			mark = next
			v, err := s.View(code)
			if err != nil {
				return len(steps)
			}
			now := truth(v)
			for _, step := range steps {
				if step.Product == 0 {
					known = now
					continue
				}
				k := thing{step.Product, step.Performance}
				if now[k] == "" {
					delete(known, k)
				}
				if s, ok := now[k]; ok {
					known[k] = s
				}
			}
			return len(steps)
		}
		mark = replicas[0].Mark(code)
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			s := replicas[rapid.IntRange(0, 1).Draw(rt, "replica")]
			st.now.Add(61_000)
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0:
				st.stamp++
				i := rapid.IntRange(0, 11).Draw(rt, "performance")
				st.snap.Performances = slices.Clone(st.snap.Performances)
				st.snap.Performances[i].Start = st.snap.Performances[i].Start.Add(time.Second)
				st.snap.Products = slices.Clone(st.snap.Products)
				st.snap.Products[i%3].Code = strconv.Itoa(st.stamp)
				_, err := s.RefreshCatalog(t.Context(), code, false)
				must(err)
			case 1:
				if _, err := s.View(code); err != nil {
					continue
				}
				for _, id := range rapid.SliceOfN(rapid.IntRange(1, 12), 0, 6).Draw(rt, "sold") {
					st.counts[catalog.PerformanceID(id)]++
				}
				_, err := s.RefreshAvailability(t.Context(), code)
				must(err)
			case 2:
				must(s.Follow(t.Context()))
			default:
				poll(s, rapid.IntRange(1, 9).Draw(rt, "limit"))
			}
		}
		for _, s := range replicas {
			must(s.Follow(t.Context()))
		}
		for poll(replicas[n%2], rapid.IntRange(1, 9).Draw(rt, "limit")) > 0 {
			continue
		}
		v, err := replicas[0].View(code)
		if err != nil {
			return
		}
		if diff := cmp.Diff(truth(v), known); diff != "" {
			rt.Errorf("the follower (+) knows otherwise than the catalog (-):\n%s", diff)
		}
	})
}
