package freshness

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

// shop is a catalog whose platform answers what the test says.
type shop struct {
	now    time.Time
	view   *catalog.View
	silent bool // it answers nothing of what is asked
	fail   error
	whole  int
	read   [][]catalog.PerformanceID
	goods  [][]catalog.ProductID
	polls  []time.Time
	moved  []catalog.Moved
}

func newShop() *shop {
	now := sample.Now()
	return &shop{now: now, view: catalog.NewView(sample.Snapshot(), sample.Readings(), time.Time{})}
}

func (s *shop) clock() time.Time { return s.now }

func (s *shop) View(domain.InstitutionCode) (*catalog.View, error) { return s.view, nil }

func (s *shop) RefreshAvailability(context.Context, domain.InstitutionCode) (domain.Outcome, error) {
	s.whole++
	if !s.silent {
		s.view = catalog.NewView(s.view.Snapshot, sample.Readings(), s.now)
	}
	return domain.Outcome{Done: 1}, s.fail
}

func (s *shop) Poll(ctx context.Context, _ domain.InstitutionCode, since time.Time) (catalog.Poll, error) {
	s.polls = append(s.polls, since)
	Spend(ctx, 500)
	return catalog.Poll{At: s.now, Since: since, Moved: s.moved}, s.fail
}

func (s *shop) Read(ctx context.Context, _ domain.InstitutionCode, ids []catalog.PerformanceID, undated []catalog.ProductID) ([]catalog.Reading, error) {
	s.read, s.goods = append(s.read, slices.Clone(ids)), append(s.goods, slices.Clone(undated))
	Spend(ctx, 400)
	if s.fail != nil {
		return nil, s.fail
	}
	if s.silent {
		return nil, nil
	}
	var out []catalog.Reading
	for _, id := range ids {
		p := s.view.Performance(id)
		out = append(out, catalog.Reading{
			Key: catalog.Key{Product: p.Product, Performance: id}, Availability: catalog.Availability{Level: catalog.LevelGood, AsOf: s.now},
		})
	}
	s.view = s.view.With(out, s.view.ConfirmedAt())
	return out, nil
}

// cellar keeps states and events in memory.
type cellar struct {
	mu     sync.Mutex
	state  State
	events []Event
	parts  []Part
	fail   error
	torn   error // of saving only
}

func (c *cellar) Freshness(_ context.Context, _ domain.InstitutionCode, known int64) (State, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.state
	if st.Version == known {
		st.Content = nil
	}
	return st, c.fail
}

func (c *cellar) Shown(context.Context, domain.InstitutionCode) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Shown, c.fail
}

func (c *cellar) SaveFreshness(_ context.Context, _ domain.InstitutionCode, s State, taken []string, part Part) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return c.fail
	}
	if c.torn != nil {
		return c.torn
	}
	if s.Version != c.state.Version+1 {
		return domain.Errorf(domain.Conflict, CodeStale, "stale")
	}
	c.state = s
	if part.Events > 0 {
		c.parts = append(c.parts, part)
	}
	c.events = slices.DeleteFunc(c.events, func(e Event) bool { return slices.Contains(taken, e.ID) })
	return nil
}

func (c *cellar) AddEvent(_ context.Context, _ domain.InstitutionCode, _ time.Time, e Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail == nil {
		c.events = append(c.events, e)
	}
	return c.fail
}

func (c *cellar) Events(_ context.Context, _ domain.InstitutionCode, limit int) ([]Event, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events[:min(limit, len(c.events))]), c.fail
}

func (c *cellar) Parts(_ context.Context, _ domain.InstitutionCode, from, to time.Time, each func(Part) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := 0
	for i, p := range c.parts {
		if p.Whole && !p.At.After(from) {
			first = i
		}
	}
	for _, p := range c.parts[first:] {
		if !p.At.Before(to) {
			break
		}
		if err := each(p); err != nil {
			return err
		}
	}
	return c.fail
}

func (c *cellar) PruneParts(_ context.Context, _ domain.InstitutionCode, before time.Time, _ int64) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.parts)
	c.parts = slices.DeleteFunc(c.parts, func(p Part) bool { return p.At.Before(before) })
	return int64(n - len(c.parts)), c.fail
}

// newDriver is a service over a shop.
func newDriver(t *testing.T, s *shop, c *cellar, change func(*Deps)) *Service {
	t.Helper()
	n := 0
	d := Deps{
		Catalog: s, Store: c, Clock: s.clock, Log: slog.New(slog.DiscardHandler), Institutions: []domain.InstitutionCode{sample.Code}, Views: NewViews(),
		IDs: func(prefix string) string { n++; return prefix + "_" + strconv.Itoa(n) },
		Budget: func(context.Context, domain.InstitutionCode) (Budget, error) {
			return Budget{Calls: 1000, Bytes: 1 << 30, Until: s.now.Add(48 * time.Hour)}, nil
		},
		Alone: func(context.Context, string) (func(), bool, error) { return func() {}, true, nil },
	}
	if change != nil {
		change(&d)
	}
	return NewService(d)
}

func tick(t *testing.T, s *Service, shop *shop, after time.Duration) domain.Outcome {
	t.Helper()
	shop.now = shop.now.Add(after)
	out, err := s.Tick(t.Context(), sample.Code)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTick_ReadsEverythingAtOnceWhereNothingIsKnown(t *testing.T) {
	t.Parallel()
	sh := newShop()
	sh.view = catalog.NewView(sh.view.Snapshot, nil, time.Time{})
	sh.silent = true
	s := newDriver(t, sh, &cellar{}, nil)
	for range 10 {
		tick(t, s, sh, time.Minute)
	}
	if sh.whole != 1 {
		t.Errorf("a platform that says nothing was asked for everything %d times in ten minutes", sh.whole)
	}
	sh.silent = false
	tick(t, s, sh, 7*time.Hour)
	list, sum, err := s.List(t.Context(), sample.Code, OrderStale, 100)
	if err != nil || sh.whole != 2 || sum.Unread != 0 || len(list) == 0 {
		t.Fatalf("asked for everything %d times, %d unread of %d, %v", sh.whole, sum.Unread, len(list), err)
	}
}

func TestTick_WhatThePlatformDoesNotAnswerIsNotAskedAgainAtOnce(t *testing.T) {
	t.Parallel()
	sh := newShop()
	sh.silent = true
	s := newDriver(t, sh, &cellar{}, nil)
	for range 30 {
		tick(t, s, sh, time.Minute)
	}
	asked := 0
	for _, ids := range sh.goods {
		asked += len(ids)
	}
	if asked == 0 || asked > 30 {
		t.Errorf("undated products were asked for %d times in half an hour", asked)
	}
	if _, sum, err := s.List(t.Context(), sample.Code, OrderStale, 0); err != nil || sum.Unread != 0 {
		t.Errorf("%d unread, %v", sum.Unread, err)
	}
}

func TestTick_ReadsWhatWasRefusedInTheNextStepAndSaysWhy(t *testing.T) {
	t.Parallel()
	sh := newShop()
	s := newDriver(t, sh, &cellar{}, nil)
	tick(t, s, sh, 2*time.Minute)
	sh.read = nil
	sh.now = sh.now.Add(2 * time.Minute)
	s.Refused(sample.Code, []Places{{Performance: sample.Tonight, Category: sample.Stalls, N: 2}})
	tick(t, s, sh, time.Second)
	if len(sh.read) == 0 || !slices.Contains(sh.read[0], sample.Tonight) {
		t.Fatalf("read %v", sh.read)
	}
	st, err := s.Explain(t.Context(), sample.Code, sample.Tonight)
	if err != nil || st.Last.Reason != ReasonRefused || !st.ReadAt.Equal(sh.now.Truncate(time.Second)) || st.By != ByRead {
		t.Errorf("%+v, %v", st, err)
	}
	if _, err := s.Explain(t.Context(), sample.Code, 999_999); !domain.HasCode(err, CodeUnplanned) {
		t.Errorf("what is not planned for: %v", err)
	}
	if _, err := s.Explain(t.Context(), "nowhere", 1); !domain.HasCode(err, catalog.CodeInstitutionUnknown) {
		t.Errorf("an institution that is none: %v", err)
	}
}

func TestHooks_LearnFromHoldsAndCountPlaces(t *testing.T) {
	t.Parallel()
	sh := newShop()
	s := newDriver(t, sh, &cellar{}, nil)
	tick(t, s, sh, 2*time.Minute)
	m := s.minds[sample.Code]
	left := func() float64 {
		i := m.planner.at[sample.Tonight]
		for _, k := range m.planner.perfs[i].stock {
			if k.category == sample.Balcony {
				return k.left
			}
		}
		t.Fatal("no stock of the balcony")
		return 0
	}
	before, holds := left(), m.confidence.all.holds
	line := []Places{{Performance: sample.Tonight, Category: sample.Balcony, N: 3}}
	sh.fail = domain.Errorf(domain.Limited, domain.CodePlatformLimited, "too many") // nothing is read meanwhile
	step := func() {
		t.Helper()
		sh.now = sh.now.Add(time.Second)
		if _, err := s.Tick(t.Context(), sample.Code); err != nil && !domain.HasCode(err, domain.CodePlatformLimited) {
			t.Fatal(err)
		}
	}
	s.Held(sample.Code, line)
	step()
	if left() != before-3 || m.confidence.all.holds <= holds || m.confidence.all.sold == 0 {
		t.Errorf("after a hold of three: %f left of %f, %+v", left(), before, m.confidence.all)
	}
	s.GivenBack(sample.Code, line)
	step()
	if left() != before || line[0].N != 3 {
		t.Errorf("after they were given back: %f left of %f; the caller's line says %d", left(), before, line[0].N)
	}
	sold, all := m.confidence.all.sold, m.confidence.all.holds
	s.Refused(sample.Code, line)
	step()
	if m.confidence.all.holds <= all || m.confidence.all.sold > sold {
		t.Errorf("after a refusal: %+v", m.confidence.all)
	}
	all = m.confidence.all.holds
	s.Refused(sample.Code, append(line, Places{Performance: sample.Tonight, Category: sample.Stalls, N: 1}))
	step()
	if m.confidence.all.holds != all {
		t.Error("a refusal of several lines says nothing of any one of them, and something was learned")
	}
}

func TestViews_AreCountedForThePlannerAcrossCatalogs(t *testing.T) {
	t.Parallel()
	sh := newShop()
	v := NewViews()
	s := newDriver(t, sh, &cellar{}, func(d *Deps) { d.Views = v })
	old := v.Counters(sh.view.Snapshot)
	if v.Counters(sh.view.Snapshot) != old {
		t.Error("a snapshot has two counters")
	}
	old.Look(sample.Tonight)
	old.Look(12345) // not in the catalog
	v.Counters(sample.Snapshot()).Look(sample.Tonight)
	old.Look(sample.Tonight) // who found the counters of the catalog gone by
	v.Counters(sample.Snapshot()).Look(Undated(sample.Booklet))
	if diff := cmp.Diff(map[catalog.PerformanceID]int{sample.Tonight: 3, Undated(sample.Booklet): 1}, v.roll(sample.Code)); diff != "" {
		t.Errorf("looks (-want +got):\n%s", diff)
	}
	if got := v.roll(sample.Code); len(got) != 0 {
		t.Errorf("counted twice: %v", got)
	}
	var none *Views
	none.Counters(sh.view.Snapshot).Look(sample.Tonight)
	v.Counters(sh.view.Snapshot).Look(sample.Tonight)
	tick(t, s, sh, time.Minute)
	if m := s.minds[sample.Code]; m.planner.perfs[m.planner.at[sample.Tonight]].short == 0 {
		t.Error("the planner has not heard of the look")
	}
}

func TestState_ARestartKnowsWhatWasKnown(t *testing.T) {
	t.Parallel()
	sh, c := newShop(), &cellar{}
	s := newDriver(t, sh, c, nil)
	sh.moved = []catalog.Moved{{Product: sample.Hamlet, At: sh.now}}
	for i := range 20 {
		s.Views.Counters(sh.view.Snapshot).Look(sample.Tonight)
		s.Held(sample.Code, []Places{{Performance: sample.Tonight, Category: sample.Balcony, N: 1}})
		if i%3 == 0 {
			s.Refused(sample.Code, []Places{{Performance: sample.Tonight, Category: sample.Stalls, N: 1}})
		}
		tick(t, s, sh, 90*time.Second)
	}
	m := s.minds[sample.Code]
	if err := s.save(t.Context(), sample.Code, m, nil); err != nil {
		t.Fatal(err)
	}
	again := newDriver(t, sh, c, nil)
	if err := again.load(t.Context(), sample.Code, again.minds[sample.Code]); err != nil {
		t.Fatal(err)
	}
	n := again.minds[sample.Code]
	seen := cmp.FilterPath(func(p cmp.Path) bool {
		switch p.Last().String() {
		case ".at", ".prod", // the same, by the same names, where the lists are the same
			".top", ".old", ".reads", ".ids", ".shortAtScan", ".scanned", ".nextSale", ".minute", ".inMinute", ".nudged", ".sum": // of one decision
			return true
		}
		return false
	}, cmp.Ignore())
	if diff := cmp.Diff(m.planner, n.planner, seen, cmp.AllowUnexported(Planner{}, market{}, perf{}, product{}, stock{}, pool{})); diff != "" {
		t.Errorf("the planner (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(m.confidence, n.confidence, cmp.AllowUnexported(Confidence{}, tally{})); diff != "" {
		t.Errorf("the confidence (-before +after):\n%s", diff)
	}
	if n.costs != m.costs || n.costs.read == 0 || *n.table.Load() != *m.table.Load() {
		t.Errorf("costs %+v and %+v", m.costs, n.costs)
	}
}

func TestState_ThatCannotBeReadBeginsAnew(t *testing.T) {
	t.Parallel()
	sh, c := newShop(), &cellar{state: State{Version: 7, Content: []byte("not a memory")}}
	s := newDriver(t, sh, c, nil)
	tick(t, s, sh, time.Minute)
	tick(t, s, sh, time.Minute)
	if c.state.Version <= 7 || s.minds[sample.Code].planner.Len() == 0 {
		t.Errorf("version %d, %d performances", c.state.Version, s.minds[sample.Code].planner.Len())
	}
}

func TestTick_WhatHappenedIsNotLostWhereTheDatabaseFails(t *testing.T) {
	t.Parallel()
	sh, c := newShop(), &cellar{}
	s := newDriver(t, sh, c, nil)
	tick(t, s, sh, 2*time.Minute)
	c.fail = domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "away")
	s.Held(sample.Code, []Places{{Performance: sample.Tonight, Category: sample.Balcony, N: 1}})
	s.Views.Counters(sh.view.Snapshot).Look(sample.Tonight)
	if err := s.Flush(t.Context()); err == nil {
		t.Fatal("a flush into nothing is none")
	}
	c.fail = nil
	before := s.minds[sample.Code].confidence.all.holds
	tick(t, s, sh, time.Minute)
	m := s.minds[sample.Code]
	if m.confidence.all.holds <= before || m.planner.perfs[m.planner.at[sample.Tonight]].short == 0 {
		t.Error("what happened while the database was away is lost")
	}
}

func TestTick_AnotherProcessThatWasFasterWins(t *testing.T) {
	t.Parallel()
	sh, c := newShop(), &cellar{}
	a, b := newDriver(t, sh, c, nil), newDriver(t, sh, c, nil)
	tick(t, a, sh, 2*time.Minute)
	b.Held(sample.Code, []Places{{Performance: sample.Tonight, N: 1}})
	tick(t, b, sh, 2*time.Minute)
	stale := a.minds[sample.Code]
	if err := a.save(t.Context(), sample.Code, stale, nil); !domain.HasCode(err, CodeStale) {
		t.Fatalf("a save over another's: %v", err)
	}
	tick(t, a, sh, 2*time.Minute)
	if stale.version != c.state.Version {
		t.Errorf("at version %d, kept is %d", stale.version, c.state.Version)
	}
}

func TestTick_OffAsksNothingAndLearns(t *testing.T) {
	t.Parallel()
	sh := newShop()
	s := newDriver(t, sh, &cellar{}, func(d *Deps) { d.Off = true })
	s.Held(sample.Code, []Places{{Performance: sample.Tonight, Category: sample.Balcony, N: 1}})
	for range 5 {
		tick(t, s, sh, time.Hour)
	}
	if len(sh.read)+len(sh.polls)+sh.whole != 0 || s.minds[sample.Code].confidence.all.holds == 0 {
		t.Errorf("%d reads, %d polls, %+v", len(sh.read), len(sh.polls), s.minds[sample.Code].confidence.all)
	}
}

func TestTable_ShowsWhatWasLearnedInPercent(t *testing.T) {
	t.Parallel()
	var c Confidence
	good := Answer{Level: catalog.LevelGood, Age: time.Minute, Until: time.Hour}
	table := NewTable()
	if got := table.Of(good); got != 95 {
		t.Errorf("before any hold %d", got)
	}
	for range 200 {
		c.Learn(good, false)
	}
	table = c.Table()
	if got := table.Of(good); got > 20 || float64(got)/100-c.Of(good) > 0.005 {
		t.Errorf("after 200 refusals %d, not shown %f", got, c.Of(good))
	}
	if got := table.Of(Answer{Level: catalog.LevelSoldOut}); got != 0 {
		t.Errorf("sold out %d", got)
	}
}

func BenchmarkLook(b *testing.B) {
	s := sample.Many(20_000)
	c := NewViews().Counters(s)
	ids := make([]catalog.PerformanceID, len(s.Performances))
	for i := range s.Performances {
		ids[i] = s.Performances[i].ID
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			c.Look(ids[i*7919%len(ids)])
		}
	})
}

// BenchmarkKeep is one step's worth of writing down and reading back what is known of 20,000 performances.
func BenchmarkKeep(b *testing.B) {
	s := sample.Many(20_000)
	m := &mind{}
	m.forget(Settings{}.withDefaults())
	now := sample.Now()
	for i := range s.Performances {
		p := &s.Performances[i]
		m.planner.Put(Performance{ID: p.ID, Product: p.Product, Start: now.AddDate(0, 0, 30)})
		m.planner.Read(p.ID, []Stock{{1, catalog.LevelGood, 40, true}, {2, catalog.LevelLimited, i % 9, true}, {3, catalog.LevelGood, 3, true}, {4, catalog.LevelSoldOut, 0, true}}, now)
		m.planner.Viewed(p.ID, i%7, now)
	}
	b.ReportAllocs()
	for b.Loop() {
		raw, err := m.remember()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(raw)), "bytes")
		if err := m.recall(raw, Settings{}); err != nil {
			b.Fatal(err)
		}
	}
}
