package freshness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/freshness/recording"
)

// Deps is what a Service needs. All members are mandatory but Settings, Off and Views.
type Deps struct {
	Catalog      Catalog
	Store        Store
	Clock        domain.Clock
	IDs          domain.IDs
	Log          *slog.Logger
	Institutions []domain.InstitutionCode
	Settings     Settings
	// Off lets the Service learn and explain but ask nothing: somebody else refreshes.
	Off bool
	// Budget is what is left for everything that calls the platform, and what of it refreshes may not touch.
	Budget func(ctx context.Context, code domain.InstitutionCode) (Budget, error)
	// Alone takes a name for this process alone, among all that share the database; ok is false where another has it. Call
	// release when done; a process that dies loses the name after a while.
	Alone func(ctx context.Context, name string) (release func(), ok bool, err error)
	Views *Views // nil counts none
}

// Service drives each institution's availability by a Planner. What it knows is kept in the database after each step that
// changed it, so a restart forgets nothing and any replica may take the next step: whoever does is alone at it, and takes
// over what the last one kept. It is safe for concurrent use, also by several processes.
type Service struct {
	Deps
	minds map[domain.InstitutionCode]*mind
	seen  recorder
}

// mind is what a process knows of one institution.
type mind struct {
	busy sync.Mutex // held by who takes a step
	mu   sync.Mutex // guards everything below but the table

	version    int64
	planner    *Planner
	confidence *Confidence
	costs      measuredCosts
	diary      diary // since what is known was kept last
	painted    int64 // the day, since 1970, on which all that is known was last written into the diary
	tableAt    time.Time
	snap       *catalog.Snapshot // that the planner was told of
	judged     time.Time         // when what is on sale was last judged
	view       *catalog.View     // whose readings the planner was told of
	whole      time.Time         // when everything was read at once
	budget     Budget
	decided    time.Time
	next       time.Time

	table atomic.Pointer[Table]
}

// What the service does how often.
const (
	judgeEvery = 10 * time.Minute // what is on sale
	tableEvery = 10 * time.Minute // what is shown of confidence: each change makes catalog answers new
	wholeEvery = 6 * time.Hour    // reading everything at once, where nothing is known
	maxEvents  = 500
)

// NewService makes a Service. It panics on a missing dependency.
func NewService(d Deps) *Service {
	if d.Catalog == nil || d.Store == nil || d.Clock == nil || d.IDs == nil || d.Log == nil || d.Budget == nil || d.Alone == nil {
		panic("freshness: Catalog, Store, Clock, IDs, Log, Budget and Alone are needed")
	}
	d.Settings = d.Settings.withDefaults()
	s := &Service{Deps: d, minds: map[domain.InstitutionCode]*mind{}}
	for _, code := range d.Institutions {
		m := &mind{}
		m.forget(d.Settings)
		t := NewTable()
		m.table.Store(&t)
		s.minds[code] = m
	}
	return s
}

// forget makes the mind know nothing.
func (m *mind) forget(set Settings) {
	m.planner, m.confidence, m.costs, m.tableAt = New(set), &Confidence{}, measuredCosts{}, time.Time{}
	m.snap, m.view = nil, nil
	m.diary, m.painted = diary{}, 0
}

func (s *Service) mind(code domain.InstitutionCode) (*mind, error) {
	m, ok := s.minds[code]
	if !ok {
		return nil, domain.Errorf(domain.NotFound, catalog.CodeInstitutionUnknown, "no institution %q", code)
	}
	return m, nil
}

// Table is the institution's confidence as it is shown now. The same pointer is the same table; do not change it.
func (s *Service) Table(code domain.InstitutionCode) *Table {
	m := s.minds[code]
	if m == nil {
		return &Table{}
	}
	return m.table.Load()
}

// Opens reports whether a product of the institution goes on sale in [from, to), as far as the planner was told.
func (s *Service) Opens(code domain.InstitutionCode, from, to time.Time) bool {
	m := s.minds[code]
	if m == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.planner.Opens(from, to)
}

// Held is told of places that a hold has taken for a buyer.
func (s *Service) Held(code domain.InstitutionCode, lines []Places) {
	h := Happened{Sold: lines}
	for _, l := range lines {
		if a, ok := s.told(code, l); ok {
			h.Holds = append(h.Holds, Ended{a, true})
		}
	}
	s.seen.add(code, h)
}

// Refused is told of places that the platform would not give, for there are none. Of several it is not known which were
// wanting: all are read again, and nothing is learned.
func (s *Service) Refused(code domain.InstitutionCode, lines []Places) {
	var h Happened
	for _, l := range lines {
		h.Refused = append(h.Refused, l.Performance)
		if a, ok := s.told(code, l); ok && len(lines) == 1 {
			h.Holds = append(h.Holds, Ended{a, false})
			if a.allows(l.N) {
				h.Stale = append(h.Stale, l)
			}
		}
	}
	s.seen.add(code, h)
}

// GivenBack is told of held places that are free again.
func (s *Service) GivenBack(code domain.InstitutionCode, lines []Places) {
	back := slices.Clone(lines)
	for i := range back {
		back[i].N = -back[i].N
	}
	s.seen.add(code, Happened{Sold: back})
}

// told is what a buyer of these places was told; false where that says nothing of a performance.
func (s *Service) told(code domain.InstitutionCode, l Places) (Answer, bool) {
	v, err := s.Catalog.View(code)
	if err != nil {
		return Answer{}, false
	}
	p := v.Performance(l.Performance)
	if p == nil {
		return Answer{}, false
	}
	a := v.CategoryAvailability(p, l.Category)
	if l.Category == 0 || a.Level == catalog.LevelUnknown {
		a = v.PerformanceAvailability(p)
	}
	return AnswerOf(a, p, s.Clock()), true
}

// allows reports whether a buyer who was told the answer may expect so many places.
func (a Answer) allows(n int) bool {
	if a.Counted {
		return a.Count >= n
	}
	return a.Level != catalog.LevelSoldOut && a.Level != catalog.LevelNotOnSale
}

// AnswerOf is what an availability says to a buyer at a time.
func AnswerOf(a catalog.Availability, p *catalog.Performance, now time.Time) Answer {
	return Answer{Level: a.Level, Count: a.Count, Counted: a.Counted, Age: max(0, now.Sub(a.AsOf)), Until: p.Start.Sub(now)}
}

// Flush writes what happened here for whoever takes the next step. Call it every few seconds, and before the end.
func (s *Service) Flush(ctx context.Context) error {
	var errs []error
	for _, code := range s.Institutions {
		errs = append(errs, s.flush(ctx, code))
	}
	return errors.Join(errs...)
}

func (s *Service) flush(ctx context.Context, code domain.InstitutionCode) error {
	h := s.seen.take(code)
	h.add(Happened{Looks: s.Views.roll(code)})
	if h.empty() {
		return nil
	}
	h.At = s.Clock()
	raw, err := h.encode()
	if err != nil {
		return err
	}
	if err := s.Store.AddEvent(ctx, code, h.At, Event{ID: s.IDs("fev"), Content: raw}); err != nil {
		s.seen.add(code, h)
		return fmt.Errorf("write what happened at %s: %w", code, err)
	}
	return nil
}

// Follow takes over the tables that other replicas have made. Call it now and then.
func (s *Service) Follow(ctx context.Context) error {
	var errs []error
	for code, m := range s.minds {
		raw, err := s.Store.Shown(ctx, code)
		if err != nil {
			errs = append(errs, fmt.Errorf("read the confidence of %s: %w", code, err))
			continue
		}
		m.show(raw)
	}
	return errors.Join(errs...)
}

// show takes over a table; one that cannot be read is as if there were none.
func (m *mind) show(raw []byte) {
	var t Table
	if len(raw) == 0 || json.Unmarshal(raw, &t) != nil || t == *m.table.Load() {
		return
	}
	m.table.Store(&t)
}

// Tick takes one step for an institution: it takes over what happened, decides what to ask now, asks it and keeps what came
// of it. It does nothing where somebody else is at it. Errors: institution.unknown, catalog.unknown, quota.* and platform.*
// of the calls; what was learned before such an error is kept.
func (s *Service) Tick(ctx context.Context, code domain.InstitutionCode) (domain.Outcome, error) {
	m, err := s.mind(code)
	if err != nil {
		return domain.Outcome{}, err
	}
	if !m.busy.TryLock() {
		return domain.Outcome{Detail: "already at it"}, nil
	}
	defer m.busy.Unlock()
	release, ok, err := s.Alone(ctx, "freshness."+string(code))
	if err != nil || !ok {
		return domain.Outcome{Detail: "another replica is at it"}, err
	}
	defer release()
	if err := s.flush(ctx, code); err != nil {
		return domain.Outcome{}, err
	}
	return s.step(ctx, code, m)
}

func (s *Service) step(ctx context.Context, code domain.InstitutionCode, m *mind) (domain.Outcome, error) {
	if err := s.load(ctx, code, m); err != nil {
		return domain.Outcome{}, err
	}
	v, err := s.Catalog.View(code)
	if err != nil {
		return domain.Outcome{Detail: "no catalog yet"}, nil //nolint:nilerr // the job that loads it says why
	}
	events, err := s.Store.Events(ctx, code, maxEvents)
	if err != nil {
		return domain.Outcome{}, err
	}
	taken := s.take(ctx, m, v, events)
	out, asked, err := s.ask(ctx, code, m, v)
	if len(taken) > 0 || asked || m.wrote() {
		err = errors.Join(err, s.save(ctx, code, m, taken))
	}
	return out, err
}

// wrote reports whether anything is in the diary.
func (m *mind) wrote() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.diary.events) > 0
}

// take tells the planner of the catalog and of what happened, and returns the events that are done with.
func (s *Service) take(ctx context.Context, m *mind, v *catalog.View, events []Event) (taken []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.paint(s.Clock())
	m.follow(v, s.Clock())
	for _, e := range events {
		taken = append(taken, e.ID)
		h, err := decodeHappened(e.Content)
		if err != nil {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "an event of the freshness planner cannot be read", slog.String("event", e.ID), slog.Any("error", err))
			continue
		}
		m.happened(h)
	}
	return taken
}

// ask decides, makes the calls and tells the planner of their answers; asked is whether any call was decided on.
func (s *Service) ask(ctx context.Context, code domain.InstitutionCode, m *mind, v *catalog.View) (out domain.Outcome, asked bool, err error) {
	b, err := s.Budget(ctx, code)
	if err != nil {
		return out, false, err
	}
	now := s.Clock()
	if !s.Off && m.nothingKnown(v, b, s.Settings.Batch, now) {
		out, err = s.Catalog.RefreshAvailability(ctx, code)
		m.readWhole(s.Catalog, code, now)
		return out, true, err
	}
	m.mu.Lock()
	m.budget, m.decided = b, now
	if s.Off {
		m.mu.Unlock()
		return domain.Outcome{Detail: "off: what is asked is not the planner's"}, false, nil
	}
	d := m.planner.Decide(now, b)
	m.next = d.Next
	reads := make([][]catalog.PerformanceID, len(d.Reads))
	for i, ids := range d.Reads {
		reads[i] = slices.Clone(ids)
	}
	m.mu.Unlock()
	if d.Calls() == 0 {
		return domain.Outcome{Detail: "nothing is worth a call until " + d.Next.Format(time.TimeOnly)}, false, nil
	}
	if d.Poll {
		if err := s.poll(ctx, code, m, d.Since); err != nil {
			return out, true, err
		}
		out.Detail = "asked what moved"
	}
	for _, ids := range reads {
		if err := s.read(ctx, code, m, ids); err != nil {
			return out, true, err
		}
		out.Done += len(ids)
		out.Detail = fmt.Sprintf("read %d performances", out.Done)
	}
	return out, true, nil
}

func (s *Service) poll(ctx context.Context, code domain.InstitutionCode, m *mind, since time.Time) error {
	ctx, tab := withTab(ctx)
	p, err := s.Catalog.Poll(ctx, code, since)
	if err != nil {
		return err
	}
	v, err := s.Catalog.View(code)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.planner.Polled(p.At, p.Since, p.Moved)
	m.follow(v, p.At)
	c := s.Settings.Costs
	learn(&m.costs.poll, tab.bytes.Load(), c.Poll*max(1, tab.calls.Load())+c.PollProduct*int64(len(m.planner.goods)))
	m.planner.SetCosts(m.costs.of(c))
	return nil
}

func (s *Service) read(ctx context.Context, code domain.InstitutionCode, m *mind, ids []catalog.PerformanceID) error {
	var dated []catalog.PerformanceID
	var undated []catalog.ProductID
	for _, id := range ids {
		if id < 0 {
			undated = append(undated, catalog.ProductID(-id))
		} else {
			dated = append(dated, id)
		}
	}
	ctx, tab := withTab(ctx)
	at := s.Clock()
	if _, err := s.Catalog.Read(ctx, code, dated, undated); err != nil {
		return err
	}
	v, err := s.Catalog.View(code)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follow(v, at)
	m.answered(v, ids, at)
	var there []int32
	for _, id := range ids {
		if i, ok := m.planner.at[id]; ok {
			there = append(there, i)
		}
	}
	c := s.Settings.Costs
	one := Costs{Call: c.Call * max(1, tab.calls.Load()), Performance: c.Performance, Category: c.Category}
	learn(&m.costs.read, tab.bytes.Load(), one.read(len(there), m.planner.stocks(there)))
	m.planner.SetCosts(m.costs.of(c))
	return nil
}

// save keeps the mind under its next version, and lets go of the events that it has taken.
func (s *Service) save(ctx context.Context, code domain.InstitutionCode, m *mind, taken []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := s.Clock()
	shown := m.table.Load()
	if t := m.confidence.Table(); t != *shown && now.Sub(m.tableAt) >= tableEvery {
		shown, m.tableAt = &t, now
	}
	raw, err := m.remember()
	if err != nil {
		return err
	}
	table, err := json.Marshal(shown)
	if err != nil {
		return err
	}
	next := State{Version: m.version + 1, SavedAt: now, Content: raw, Shown: table}
	part, err := m.diary.part(now, next.Version)
	if err != nil {
		return err
	}
	if err := s.Store.SaveFreshness(ctx, code, next, taken, part); err != nil {
		m.version = -1 // what is known here and there differs: it is read anew
		return fmt.Errorf("keep the freshness of %s: %w", code, err)
	}
	m.version, m.diary = next.Version, diary{}
	m.table.Store(shown)
	return nil
}

// load takes over what another process kept since.
func (s *Service) load(ctx context.Context, code domain.InstitutionCode, m *mind) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	st, err := s.Store.Freshness(ctx, code, m.version)
	if err != nil || st.Version == m.version {
		return err
	}
	m.forget(s.Settings)
	m.version = st.Version
	if st.Version == 0 {
		return nil
	}
	if err := m.recall(st.Content, s.Settings); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "the planner's memory cannot be read; it begins anew", slog.String("institution", string(code)), slog.Any("error", err))
		m.forget(s.Settings)
		return nil
	}
	m.planner.SetCosts(m.costs.of(s.Settings.Costs))
	m.show(st.Shown)
	return nil
}

// nothingKnown reports whether everything should be read at once: nothing ever was, and the budget bears it.
func (m *mind) nothingKnown(v *catalog.View, b Budget, batch int, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls, _ := b.spendable()
	return v.Unread() && m.planner.Len() > 0 && now.Sub(m.whole) >= wholeEvery && calls >= 4*int64(2+m.planner.Len()/batch)
}

// readWhole tells the planner that everything was asked for.
func (m *mind) readWhole(c Catalog, code domain.InstitutionCode, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.whole = at
	v, err := c.View(code)
	if err != nil || v.Unread() {
		return
	}
	m.follow(v, at)
	ids := make([]catalog.PerformanceID, 0, len(m.planner.perfs))
	for i := range m.planner.perfs {
		ids = append(ids, m.planner.perfs[i].id)
	}
	m.answered(v, ids, at)
}

// happened tells the planner and the confidence what a replica saw.
func (m *mind) happened(h Happened) {
	ids := make([]catalog.PerformanceID, 0, len(h.Looks))
	for id := range h.Looks {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		m.planner.Viewed(id, h.Looks[id], h.At)
		m.record(recording.Looks, Places{Performance: id, N: h.Looks[id]}, h.At)
	}
	for _, p := range h.Sold {
		m.planner.Sold(p.Performance, p.Category, p.N, h.At)
		m.record(recording.Hold, p, h.At)
	}
	for _, id := range h.Refused {
		m.planner.Refused(id, h.At)
	}
	for _, p := range h.Stale {
		m.record(recording.Refusal, p, h.At)
	}
	for _, e := range h.Holds {
		m.confidence.Learn(e.Answer, e.Sold)
	}
}

// follow tells the planner what is for sale, and of readings that it was not told of.
func (m *mind) follow(v *catalog.View, now time.Time) {
	if v.Snapshot != m.snap || now.Sub(m.judged) >= judgeEvery {
		m.judge(v, now)
	}
	if v == m.view {
		return
	}
	m.view = v
	for i := range m.planner.perfs {
		f := &m.planner.perfs[i]
		p := v.Performance(f.id)
		if p == nil {
			continue
		}
		if a, ok := v.Read(catalog.Key{Product: p.Product, Performance: p.ID}); ok && a.AsOf.Unix() > f.read {
			m.read(f.id, stocksOf(v, p), a.AsOf)
		}
	}
}

// answered tells the planner that these were asked for at the time: those of which nothing came are known to say nothing.
func (m *mind) answered(v *catalog.View, ids []catalog.PerformanceID, at time.Time) {
	for _, id := range ids {
		i, ok := m.planner.at[id]
		if !ok || m.planner.perfs[i].read >= at.Unix() {
			continue
		}
		var stock []Stock
		if p := v.Product(catalog.ProductID(-id)); id < 0 && p != nil {
			a := v.ProductAvailability(p, at)
			stock = []Stock{{Level: a.Level, Count: a.Count, Counted: a.Counted}}
		}
		m.read(id, stock, at)
	}
}

// stocksOf is what was read of a performance: by category, or as a whole where the platform gives no categories.
func stocksOf(v *catalog.View, p *catalog.Performance) []Stock {
	var out []Stock
	for i := range p.SeatCategories {
		id := p.SeatCategories[i].ID
		if a, ok := v.Read(catalog.Key{Product: p.Product, Performance: p.ID, SeatCategory: id}); ok {
			out = append(out, Stock{id, a.Level, a.Count, a.Counted})
		}
	}
	if a, ok := v.Read(catalog.Key{Product: p.Product, Performance: p.ID}); ok && len(out) == 0 {
		out = append(out, Stock{0, a.Level, a.Count, a.Counted})
	}
	return out
}

// judge tells the planner what is on sale, or will be, and lets go of the rest.
func (m *mind) judge(v *catalog.View, now time.Time) {
	m.snap, m.judged = v.Snapshot, now
	there := make(map[catalog.PerformanceID]bool, m.planner.Len())
	put := func(p Performance, s catalog.Sellability) {
		if !s.OnSale && !s.From.After(now) || !p.Start.After(now) {
			return
		}
		there[p.ID], p.OnSale = true, s.From
		m.put(p, now)
	}
	for i := range v.Performances {
		p := &v.Performances[i]
		put(Performance{ID: p.ID, Product: p.Product, Start: p.Start}, v.SellablePerformance(p, 0, 0, now))
	}
	for i := range v.Products {
		if p := &v.Products[i]; len(p.Performances) == 0 && len(p.Items) > 0 {
			put(Performance{ID: Undated(p.ID), Product: p.ID, Start: farAway()}, v.SellableProduct(p, now))
		}
	}
	var gone []catalog.PerformanceID
	for i := range m.planner.perfs {
		if id := m.planner.perfs[i].id; !there[id] {
			gone = append(gone, id)
		}
	}
	for _, id := range gone {
		m.planner.Drop(id)
	}
}

// farAway is when undated things start.
func farAway() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }
