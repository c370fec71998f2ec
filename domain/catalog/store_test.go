package catalog_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

// store is an honest catalog.Store in memory, shared by as many services as a test has replicas.
type store struct {
	mu       sync.Mutex
	states   map[domain.InstitutionCode]catalog.State
	snaps    map[domain.InstitutionCode]catalog.Snapshot
	readings map[domain.InstitutionCode][]kept
	moves    map[domain.InstitutionCode][]catalog.Moved
	deltas   []catalog.Delta
	fail     error // answer of every call while set
}

type kept struct {
	catalog.Reading
	seq int64
}

func newStore() *store {
	return &store{
		states: map[domain.InstitutionCode]catalog.State{}, snaps: map[domain.InstitutionCode]catalog.Snapshot{},
		readings: map[domain.InstitutionCode][]kept{}, moves: map[domain.InstitutionCode][]catalog.Moved{},
	}
}

func (s *store) state(code domain.InstitutionCode) catalog.State {
	st := s.states[code]
	st.Institution = code
	return st
}

func (s *store) CatalogState(_ context.Context, code domain.InstitutionCode) (catalog.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state(code), s.fail
}

func (s *store) UpdateCatalogState(_ context.Context, code domain.InstitutionCode, change func(*catalog.State) error) (catalog.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state(code)
	if s.fail != nil {
		return st, s.fail
	}
	if err := change(&st); err != nil {
		return st, err
	}
	s.states[code] = st
	return st, nil
}

func (s *store) ReplaceCatalog(_ context.Context, snap *catalog.Snapshot, state catalog.State, d catalog.Delta) (catalog.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return state, s.fail
	}
	code := snap.Institution.Code
	old := s.states[code]
	state.Version, state.AvailabilityAt, state.AvailabilitySeq = old.Version+1, old.AvailabilityAt, old.AvailabilitySeq+1
	s.deltas = append(s.deltas, d)
	c := *snap
	c.Version = state.Version
	s.snaps[code], s.states[code] = c, state
	return state, nil
}

func (s *store) Snapshot(_ context.Context, code domain.InstitutionCode) (*catalog.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.snaps[code]
	if !ok {
		return nil, domain.Errorf(domain.NotFound, catalog.CodeCatalogUnknown, "none")
	}
	c.Products, c.Performances = slices.Clone(c.Products), slices.Clone(c.Performances)
	return &c, s.fail
}

func (s *store) SaveAvailability(_ context.Context, code domain.InstitutionCode, readings []catalog.Reading, at time.Time) (catalog.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state(code)
	if s.fail != nil {
		return st, s.fail
	}
	st.AvailabilitySeq++
	if !at.IsZero() {
		st.AvailabilityAt = at
	}
	for _, r := range readings {
		s.readings[code] = append(s.readings[code], kept{Reading: r, seq: st.AvailabilitySeq})
	}
	s.states[code] = st
	return st, nil
}

func (s *store) Availability(_ context.Context, code domain.InstitutionCode, seq int64) ([]catalog.Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []catalog.Reading
	for _, k := range s.readings[code] {
		if k.seq > seq {
			out = append(out, k.Reading)
		}
	}
	return out, s.fail
}

func (s *store) SavePoll(_ context.Context, code domain.InstitutionCode, p catalog.Poll) (catalog.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state(code)
	if s.fail != nil {
		return st, s.fail
	}
	st.AvailabilitySeq++
	if st.AvailabilityAt.IsZero() || p.Since.After(st.AvailabilityAt) {
		st.AvailabilityFrom = p.Since
	}
	st.AvailabilityAt = p.At
	s.moves[code] = append(s.moves[code], p.Moved...)
	s.states[code] = st
	return st, nil
}

func (s *store) Moves(_ context.Context, code domain.InstitutionCode, _ int64) ([]catalog.Moved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.moves[code]), s.fail
}

func (s *store) ChangesAfter(context.Context, domain.InstitutionCode, catalog.Mark, int64, int) ([]catalog.Step, error) {
	return nil, s.fail
}

func (s *store) ChangeHistory(context.Context, catalog.ChangeQuery) ([]catalog.ChangeLine, error) {
	return nil, s.fail
}

func (s *store) HintCatalog(context.Context, domain.InstitutionCode, time.Time, time.Duration) error {
	return s.fail
}

// platform is a scripted catalog.Platform: what it answers is set by the test, what it was asked is counted.
type platform struct {
	stamp string
	snap  func() *catalog.Snapshot
	moved []catalog.Moved
	level catalog.Level
	fail  error

	stamps, loads, asked int
	since                []time.Time
	read                 [][]catalog.ProductID
	performances         [][]catalog.PerformanceID
	clock                domain.Clock
	seats                func(context.Context) ([]catalog.Seat, error)
}

func (p *platform) Seats(ctx context.Context, _ *catalog.Snapshot, _ catalog.PerformanceID) ([]catalog.Seat, error) {
	return p.seats(ctx)
}

func (p *platform) PointOfSales(context.Context, domain.InstitutionCode) (domain.Institution, error) {
	return sample.Institution(), p.fail
}

func (p *platform) LastSetupUpdate(context.Context, domain.InstitutionCode) (string, error) {
	p.stamps++
	return p.stamp, p.fail
}

func (p *platform) Catalog(context.Context, domain.Institution) (*catalog.Snapshot, error) {
	p.loads++
	if p.fail != nil {
		return nil, p.fail
	}
	return p.snap(), nil
}

func (p *platform) UpdatedAvailabilities(_ context.Context, _ domain.Institution, _ []catalog.ProductID, since time.Time) ([]catalog.Moved, error) {
	p.asked++
	p.since = append(p.since, since)
	return p.moved, p.fail
}

func (p *platform) Availability(_ context.Context, snap *catalog.Snapshot, products []catalog.ProductID) ([]catalog.Reading, error) {
	p.read = append(p.read, slices.Clone(products))
	if p.fail != nil {
		return nil, p.fail
	}
	var out []catalog.Reading
	for _, id := range products {
		prod := snap.Product(id)
		for _, perf := range prod.Performances {
			out = append(out, catalog.Reading{Key: catalog.Key{Product: id, Performance: perf}, Availability: catalog.Availability{Level: p.level}})
		}
		for _, it := range prod.Items {
			out = append(out, catalog.Reading{Key: catalog.Key{Product: id, Item: it.ID}, Availability: catalog.Availability{Level: p.level}})
		}
	}
	return out, nil
}

func (p *platform) PerformanceAvailability(_ context.Context, snap *catalog.Snapshot, ids []catalog.PerformanceID) ([]catalog.Reading, error) {
	p.performances = append(p.performances, slices.Clone(ids))
	if p.fail != nil {
		return nil, p.fail
	}
	var out []catalog.Reading
	for _, id := range ids {
		out = append(out, catalog.Reading{
			Key: catalog.Key{Product: snap.Performance(id).Product, Performance: id}, Availability: catalog.Availability{Level: p.level, AsOf: p.clock()},
		})
	}
	return out, nil
}

// house is a service with its store, its platform and a clock that moves by hand.
type house struct {
	*catalog.Service
	store    *store
	platform *platform
	now      time.Time
}

func newHouse(tb testing.TB, shared ...*store) *house {
	tb.Helper()
	h := &house{store: newStore(), now: sample.Now(), platform: &platform{stamp: "a", snap: fresh, level: catalog.LevelGood}}
	if len(shared) > 0 {
		h.store = shared[0]
	}
	h.Service = catalog.New(catalog.Deps{
		Store: h.store, Platform: h.platform, Clock: func() time.Time { return h.now }, Institutions: []domain.InstitutionCode{sample.Code},
	})
	h.platform.clock = h.Clock
	return h
}

// fresh is the catalog as the platform gives it: without version, stamp and time of loading.
func fresh() *catalog.Snapshot {
	s := sample.Snapshot()
	s.Version, s.SetupStamp, s.LoadedAt = 0, "", time.Time{}
	return s
}

func (h *house) refresh(tb testing.TB, force bool) domain.Outcome {
	tb.Helper()
	out, err := h.RefreshCatalog(tb.Context(), sample.Code, force)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func (h *house) availability(tb testing.TB) domain.Outcome {
	tb.Helper()
	out, err := h.RefreshAvailability(tb.Context(), sample.Code)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func (h *house) state(tb testing.TB) catalog.State {
	tb.Helper()
	st, err := h.State(tb.Context(), sample.Code)
	if err != nil {
		tb.Fatal(err)
	}
	return st
}
