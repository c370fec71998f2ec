package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"guichet/domain"
)

// The refresh rules that are the platform's, not ours to tune.
const (
	fullEvery       = 24 * time.Hour   // a full load at least daily
	refusedFor      = time.Hour        // a refused catalog is not loaded again for so long unless its stamp changes
	minAvailability = time.Minute      // getUpdatedAvailabilities at most once a minute
	hintSpacing     = 10 * time.Minute // a refresh because of a refused sale, at most so often
	overlap         = time.Minute      // ask a little further back than the last answer, against clocks that differ
)

// Deps is what a Service needs. All members are mandatory but Progress and AvailabilityEvery.
type Deps struct {
	Store        Store
	Platform     Platform
	Clock        domain.Clock
	Institutions []domain.InstitutionCode
	// AvailabilityEvery is how often availability is refreshed: 1 minute or more; 0 is hourly.
	AvailabilityEvery time.Duration
	// Progress is told what a long step is doing, for people who wait; nil is nobody.
	Progress func(code domain.InstitutionCode, what string)
}

// Service keeps one View per institution fresh. It is safe for concurrent use.
type Service struct {
	Deps
	views map[domain.InstitutionCode]*atomic.Pointer[View]
	seqs  map[domain.InstitutionCode]*atomic.Int64 // what the view holds at least
	mu    map[domain.InstitutionCode]*sync.Mutex   // one change of a view at a time
	// grown are products that a load brought new performances of: they are read once without having moved. Kept in memory
	// only; what a restart forgets is read when the platform reports a move.
	grown map[domain.InstitutionCode]map[ProductID]bool
	seats seatMaps

	preparing sync.Mutex // guards prepare
	prepare   []func(*View)
}

// New makes a Service. It panics on a missing dependency.
func New(d Deps) *Service {
	if d.Store == nil || d.Platform == nil || d.Clock == nil {
		panic("catalog: Store, Platform and Clock are needed")
	}
	if d.AvailabilityEvery == 0 {
		d.AvailabilityEvery = time.Hour
	}
	d.AvailabilityEvery = max(d.AvailabilityEvery, minAvailability)
	if d.Progress == nil {
		d.Progress = func(domain.InstitutionCode, string) {}
	}
	s := &Service{
		Deps: d, views: map[domain.InstitutionCode]*atomic.Pointer[View]{},
		seqs: map[domain.InstitutionCode]*atomic.Int64{}, mu: map[domain.InstitutionCode]*sync.Mutex{},
		grown: map[domain.InstitutionCode]map[ProductID]bool{},
	}
	for _, code := range d.Institutions {
		s.views[code], s.seqs[code], s.mu[code] = &atomic.Pointer[View]{}, &atomic.Int64{}, &sync.Mutex{}
	}
	return s
}

// Prepare adds somebody who gets each new view before it is shown, to prepare answers aside. It is called by whoever brings
// the view, one view of an institution at a time; the view before is shown meanwhile, and the next change waits.
func (s *Service) Prepare(prepare func(*View)) {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	s.prepare = append(s.prepare, prepare)
}

// show puts a view in the place of the one before; the caller has the institution's lock.
func (s *Service) show(code domain.InstitutionCode, v *View) {
	s.preparing.Lock()
	all := s.prepare
	s.preparing.Unlock()
	for _, prepare := range all {
		prepare(v)
	}
	s.views[code].Store(v)
}

// View is what an institution's catalog says now. Errors: institution.unknown; catalog.unknown while it has never been
// loaded. It never asks the platform or the database.
func (s *Service) View(code domain.InstitutionCode) (*View, error) {
	p, ok := s.views[code]
	if !ok {
		return nil, domain.Errorf(domain.NotFound, CodeInstitutionUnknown, "no institution %q", code)
	}
	v := p.Load()
	if v == nil {
		e := domain.Errorf(domain.Unavailable, CodeCatalogUnknown, "the catalog of %s has not been loaded yet", code)
		e.RetryAfter = 30 * time.Second
		return nil, e
	}
	return v, nil
}

// Loaded reports whether every institution has a catalog to serve.
func (s *Service) Loaded() bool {
	for _, p := range s.views {
		if p.Load() == nil {
			return false
		}
	}
	return true
}

// Quote finds, checks and prices wants in the institution's view.
func (s *Service) Quote(_ context.Context, code domain.InstitutionCode, wants []Want) (Quote, error) {
	v, err := s.View(code)
	if err != nil {
		return Quote{}, err
	}
	return v.Quote(wants, s.Clock())
}

// TariffRequires lists the tariffs of which one must stand in an order beside this one; none where it needs none or is not
// known.
func (s *Service) TariffRequires(code domain.InstitutionCode, id TariffID) []TariffID {
	v, err := s.View(code)
	if err != nil {
		return nil
	}
	t := v.Tariff(id)
	if t == nil {
		return nil
	}
	return slices.Clone(t.Requires)
}

// PerformanceStart is when a performance begins, as the catalog has it now; false where it does not know it, or when.
func (s *Service) PerformanceStart(code domain.InstitutionCode, id PerformanceID) (time.Time, bool) {
	v, err := s.View(code)
	if err != nil {
		return time.Time{}, false
	}
	p := v.Performance(id)
	if p == nil || p.Start.IsZero() {
		return time.Time{}, false
	}
	return p.Start, true
}

// Facts says what is printed of a want; ok is false where the catalog does not have it (any more).
func (s *Service) Facts(code domain.InstitutionCode, w Want) (Facts, bool) {
	v, err := s.View(code)
	if err != nil {
		return Facts{}, false
	}
	return v.Facts(w)
}

// Institution is the institution as the last loaded catalog knows it.
func (s *Service) Institution(code domain.InstitutionCode) (domain.Institution, error) {
	v, err := s.View(code)
	if err != nil {
		return domain.Institution{}, err
	}
	return v.Institution, nil
}

// State is how fresh the institution's catalog is.
func (s *Service) State(ctx context.Context, code domain.InstitutionCode) (State, error) {
	if _, ok := s.views[code]; !ok {
		return State{}, domain.Errorf(domain.NotFound, CodeInstitutionUnknown, "no institution %q", code)
	}
	return s.Store.CatalogState(ctx, code)
}

// Follow brings the views up to what the database holds: at start-up, and every few seconds where several replicas
// refresh for each other. It is cheap when nothing is new. It goes through every institution and returns the first error.
func (s *Service) Follow(ctx context.Context) error {
	var first error
	for _, code := range s.Institutions {
		if err := s.follow(ctx, code); err != nil && first == nil {
			first = fmt.Errorf("follow %s: %w", code, err)
		}
	}
	return first
}

func (s *Service) follow(ctx context.Context, code domain.InstitutionCode) error {
	s.mu[code].Lock()
	defer s.mu[code].Unlock()
	state, err := s.Store.CatalogState(ctx, code)
	if err != nil || state.Version == 0 {
		return err
	}
	v := s.views[code].Load()
	if v == nil || v.Version != state.Version {
		snap, err := s.Store.Snapshot(ctx, code)
		if domain.HasCode(err, CodeCatalogUnknown) {
			return nil // kept in a form this version cannot read: the next refresh loads it anew
		}
		if err != nil {
			return err
		}
		return s.lay(ctx, snap, state)
	}
	seen := s.seqs[code].Load()
	if seen == state.AvailabilitySeq {
		return nil
	}
	readings, moves, err := s.saved(ctx, code, seen)
	if err != nil {
		return err
	}
	s.show(code, v.With(readings, state.AvailabilityAt).polled(state.AvailabilityFrom, moves))
	s.seqs[code].Store(state.AvailabilitySeq)
	return nil
}

// lay makes a snapshot the view, with all that is known of availability over it; the caller has the lock.
func (s *Service) lay(ctx context.Context, snap *Snapshot, state State) error {
	code := state.Institution
	readings, moves, err := s.saved(ctx, code, 0)
	if err != nil {
		return err
	}
	s.show(code, NewView(snap, readings, state.AvailabilityAt).polled(state.AvailabilityFrom, moves))
	s.seqs[code].Store(state.AvailabilitySeq)
	return nil
}

// saved is what was saved of availability after a sequence number.
func (s *Service) saved(ctx context.Context, code domain.InstitutionCode, seq int64) ([]Reading, []Moved, error) {
	readings, err := s.Store.Availability(ctx, code, seq)
	if err != nil {
		return nil, nil, err
	}
	moves, err := s.Store.Moves(ctx, code, seq)
	return readings, moves, err
}

// RefreshCatalog asks whether the set-up has changed and loads the full catalog only then, or once a day, or when forced.
// A catalog that cannot be right is refused (catalog.refused), noted in the state, and the last good one keeps serving.
func (s *Service) RefreshCatalog(ctx context.Context, code domain.InstitutionCode, force bool) (domain.Outcome, error) {
	return s.refresh(ctx, code, force, false)
}

// AcceptCatalog loads the full catalog now, and takes it even where it is far smaller than the one before: for an operator
// who knows that the institution has less to sell. Everything else that is refused stays so.
func (s *Service) AcceptCatalog(ctx context.Context, code domain.InstitutionCode) (domain.Outcome, error) {
	return s.refresh(ctx, code, true, true)
}

func (s *Service) refresh(ctx context.Context, code domain.InstitutionCode, force, smaller bool) (domain.Outcome, error) {
	if _, ok := s.views[code]; !ok {
		return domain.Outcome{}, domain.Errorf(domain.NotFound, CodeInstitutionUnknown, "no institution %q", code)
	}
	if err := s.follow(ctx, code); err != nil {
		return domain.Outcome{}, err
	}
	out, err := s.refreshCatalog(ctx, code, force, smaller)
	if err != nil {
		s.noteFailure(ctx, code, err)
	}
	return out, err
}

func (s *Service) refreshCatalog(ctx context.Context, code domain.InstitutionCode, force, smaller bool) (domain.Outcome, error) {
	state, err := s.Store.CatalogState(ctx, code)
	if err != nil {
		return domain.Outcome{}, err
	}
	now := s.Clock()
	stamp, err := s.Platform.LastSetupUpdate(ctx, code)
	if err != nil {
		return domain.Outcome{}, err
	}
	current := s.views[code].Load()
	unchanged := current != nil && stamp == state.SetupStamp && now.Sub(state.LoadedAt) < fullEvery
	refused := stamp == state.RefusedStamp && state.RefusedAt.After(state.LoadedAt) && now.Sub(state.RefusedAt) < refusedFor
	if !force && (unchanged || refused) {
		_, err := s.Store.UpdateCatalogState(ctx, code, func(st *State) error { st.CheckedAt = now; return nil })
		return domain.Outcome{Detail: "nothing changed"}, err
	}
	s.Progress(code, "loading the catalog")
	inst, err := s.Platform.PointOfSales(ctx, code)
	if err != nil {
		return domain.Outcome{}, err
	}
	snap, err := s.Platform.Catalog(ctx, inst)
	if domain.HasCode(err, CodeCatalogRefused) {
		s.noteRefused(ctx, code, stamp, err) // it came whole and cannot be read: the same one again would be no better
	}
	if err != nil {
		return domain.Outcome{}, err
	}
	var previous *Snapshot
	if current = s.views[code].Load(); current != nil { // another replica may have been faster
		previous = current.Snapshot
	}
	snap.SetupStamp, snap.LoadedAt = stamp, s.Clock()
	err = snap.Validate(previous)
	if err == nil && previous != nil && !smaller {
		if what := snap.Smaller(previous); what != "" {
			err = domain.Errorf(domain.Upstream, CodeCatalogRefused, "%s", what)
		}
	}
	if err != nil {
		s.noteRefused(ctx, code, stamp, err)
		return domain.Outcome{}, err
	}
	snap.Index()
	state.SetupStamp, state.LoadedAt, state.CheckedAt = stamp, snap.LoadedAt, snap.LoadedAt
	state.RefusedAt, state.RefusedReason, state.RefusedStamp = time.Time{}, "", ""
	state.FailedAt, state.FailedReason = time.Time{}, ""
	delta := NewDelta(previous, snap)
	stored, err := s.Store.ReplaceCatalog(ctx, snap, state, delta)
	if err != nil {
		return domain.Outcome{}, err
	}
	snap.Version = stored.Version
	if err := s.swap(ctx, code, snap, stored); err != nil {
		return domain.Outcome{}, err
	}
	detail := fmt.Sprintf("%d products, %d performances", len(snap.Products), len(snap.Performances))
	if previous != nil {
		detail += "; " + Summarize(delta.Changes)
	}
	if len(snap.Refused) > 0 {
		detail += fmt.Sprintf(", %d things refused", len(snap.Refused))
	}
	s.Progress(code, detail)
	return domain.Outcome{Done: len(snap.Products), Detail: detail}, nil
}

func (s *Service) swap(ctx context.Context, code domain.InstitutionCode, snap *Snapshot, state State) error {
	s.mu[code].Lock()
	defer s.mu[code].Unlock()
	old := s.views[code].Load()
	if old != nil && old.Version >= snap.Version {
		return nil // another replica was newer
	}
	if old != nil {
		s.grown[code] = grownSince(old.Snapshot, snap, s.grown[code])
	}
	state.Institution = code
	return s.lay(ctx, snap, state)
}

func (s *Service) noteRefused(ctx context.Context, code domain.InstitutionCode, stamp string, cause error) {
	now := s.Clock()
	_, _ = s.Store.UpdateCatalogState(context.WithoutCancel(ctx), code, func(st *State) error {
		st.RefusedAt, st.RefusedReason, st.RefusedStamp = now, domain.AsError(cause).Detail, stamp
		return nil
	}) // the refusal itself is returned to the caller; a database that fails as well is seen by its own probes
}

func (s *Service) noteFailure(ctx context.Context, code domain.InstitutionCode, cause error) {
	e := domain.AsError(cause)
	if e.Code == CodeCatalogRefused || e.Code == domain.CodeStoreUnavailable {
		return
	}
	now := s.Clock()
	reason := e.Code
	if e.Detail != "" {
		reason += ": " + e.Detail
	}
	_, _ = s.Store.UpdateCatalogState(context.WithoutCancel(ctx), code, func(st *State) error {
		st.FailedAt, st.FailedReason = now, reason
		return nil
	})
}

// AvailabilityDue reports whether the institution's availability should be refreshed now: its turn has come, or (hint) a
// sale was refused that our figures allowed.
func (s *Service) AvailabilityDue(ctx context.Context, code domain.InstitutionCode, hint bool) (bool, error) {
	state, err := s.Store.CatalogState(ctx, code)
	if err != nil {
		return false, err
	}
	every := s.AvailabilityEvery
	if hint {
		every = min(every, hintSpacing)
	}
	return state.Version != 0 && s.Clock().Sub(state.AvailabilityAt) >= every, nil
}

// RefreshAvailability asks which products moved and reads those. The first time it reads everything. What was not
// reported as moved is confirmed as of the moment of asking. A failed read changes nothing, so the next pass asks again
// from the same point.
func (s *Service) RefreshAvailability(ctx context.Context, code domain.InstitutionCode) (domain.Outcome, error) {
	v, err := s.View(code)
	if err != nil {
		return domain.Outcome{}, err
	}
	state, err := s.Store.CatalogState(ctx, code)
	if err != nil {
		return domain.Outcome{}, err
	}
	now := s.Clock()
	if now.Sub(state.AvailabilityAt) < minAvailability {
		return domain.Outcome{Detail: "asked less than a minute ago"}, nil
	}
	on := v.stillToCome(now)
	if len(on) == 0 {
		return domain.Outcome{Detail: "nothing to come"}, nil
	}
	read := on
	if !state.AvailabilityAt.IsZero() {
		if read, err = s.moved(ctx, v, on, state.AvailabilityAt.Add(-overlap)); err != nil {
			s.noteFailure(ctx, code, err)
			return domain.Outcome{}, err
		}
	}
	var readings []Reading
	if len(read) > 0 {
		s.Progress(code, fmt.Sprintf("reading the availability of %d products", len(read)))
		if readings, err = s.Platform.Availability(ctx, v.Snapshot, read); err != nil {
			s.noteFailure(ctx, code, err)
			return domain.Outcome{}, err
		}
	}
	if _, err = s.Store.SaveAvailability(ctx, code, readings, now); err != nil {
		return domain.Outcome{}, err
	}
	s.settleGrown(code, read)
	return domain.Outcome{Done: len(read), Detail: fmt.Sprintf("%d of %d products moved, %d readings", len(read), len(on), len(readings))},
		s.follow(ctx, code)
}

// moved lists the products that the platform says moved, and those of which nothing was ever read (new in the catalog).
func (s *Service) moved(ctx context.Context, v *View, on []ProductID, since time.Time) ([]ProductID, error) {
	answer, err := s.Platform.UpdatedAvailabilities(ctx, v.Institution, on, since)
	if err != nil {
		return nil, err
	}
	known := make(map[ProductID]bool, len(on))
	for k := range v.levels {
		known[k.Product] = true
	}
	s.mu[v.Institution.Code].Lock()
	hit := maps.Clone(s.grown[v.Institution.Code])
	s.mu[v.Institution.Code].Unlock()
	if hit == nil {
		hit = make(map[ProductID]bool, len(answer))
	}
	for _, m := range answer {
		hit[m.Product] = true
	}
	var read []ProductID
	for _, id := range on {
		if hit[id] || !known[id] {
			read = append(read, id)
		}
	}
	return read, nil
}

// grownSince adds to the products already known to have grown those that have a performance which the old snapshot had not.
func grownSince(old, now *Snapshot, already map[ProductID]bool) map[ProductID]bool {
	out := maps.Clone(already)
	if out == nil {
		out = map[ProductID]bool{}
	}
	for i := range now.Performances {
		if p := &now.Performances[i]; old.Performance(p.ID) == nil {
			out[p.Product] = true
		}
	}
	return out
}

// settleGrown forgets products that were read.
func (s *Service) settleGrown(code domain.InstitutionCode, read []ProductID) {
	s.mu[code].Lock()
	defer s.mu[code].Unlock()
	for _, id := range read {
		delete(s.grown[code], id)
	}
}

// stillToCome lists the products that have something left to sell.
func (v *View) stillToCome(now time.Time) []ProductID {
	var ids []ProductID
	for i := range v.Products {
		p := &v.Products[i]
		live := len(p.Items) > 0
		for _, id := range p.Performances {
			if perf := v.Performance(id); perf != nil && !perf.Over(now) {
				live = true
				break
			}
		}
		if live {
			ids = append(ids, p.ID)
		}
	}
	return ids
}
