package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/freshness"
	"guichet/domain/quota"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

// catalogStore keeps one snapshot per institution in memory.
type catalogStore struct {
	mu       sync.Mutex
	states   map[domain.InstitutionCode]catalog.State
	snaps    map[domain.InstitutionCode]*catalog.Snapshot
	readings map[domain.InstitutionCode][]catalog.Reading
	seqs     map[domain.InstitutionCode]map[catalog.Key]int64 // at which a reading moved
	changes  map[domain.InstitutionCode][]catalog.ChangeLine
	hints    map[domain.InstitutionCode]int
	fail     error // of hints
}

func newCatalogStore() *catalogStore {
	return &catalogStore{
		states: map[domain.InstitutionCode]catalog.State{}, snaps: map[domain.InstitutionCode]*catalog.Snapshot{},
		readings: map[domain.InstitutionCode][]catalog.Reading{}, seqs: map[domain.InstitutionCode]map[catalog.Key]int64{},
		changes: map[domain.InstitutionCode][]catalog.ChangeLine{}, hints: map[domain.InstitutionCode]int{},
	}
}

func (s *catalogStore) ChangesAfter(_ context.Context, code domain.InstitutionCode, after catalog.Mark, upTo int64, limit int) ([]catalog.Step, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[[3]int64]*catalog.Step{}
	step := func(seq int64, p catalog.ProductID, perf catalog.PerformanceID) *catalog.Step {
		k := [3]int64{seq, int64(p), int64(perf)}
		if found[k] == nil {
			found[k] = &catalog.Step{Seq: seq, Product: p, Performance: perf}
		}
		return found[k]
	}
	for k, seq := range s.seqs[code] {
		st := step(seq, k.Product, k.Performance)
		st.Available, st.At = true, noon
	}
	for _, c := range s.changes[code] {
		st := step(c.Seq, c.Product, c.Performance)
		st.At = c.At
		if !slices.Contains(st.What, c.Sort) {
			st.What = append(st.What, c.Sort)
		}
	}
	list := []catalog.Step{}
	compare := func(a, b catalog.Step) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Product, b.Product), cmp.Compare(a.Performance, b.Performance))
	}
	for _, st := range found {
		from := catalog.Step{Seq: after.Seq, Product: after.Product, Performance: after.Performance}
		if st.Seq <= upTo && (after.Whole && st.Seq > after.Seq || !after.Whole && compare(*st, from) > 0) {
			list = append(list, *st)
		}
	}
	slices.SortFunc(list, compare)
	return list[:min(len(list), limit)], nil
}

func (s *catalogStore) ChangeHistory(_ context.Context, q catalog.ChangeQuery) ([]catalog.ChangeLine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []catalog.ChangeLine
	for _, c := range s.changes[q.Institution] {
		if (c.Seq < q.After.Seq || c.Seq == q.After.Seq && c.Line > q.After.Line) && (len(q.Sorts) == 0 || slices.Contains(q.Sorts, c.Sort)) &&
			(q.Product == 0 || q.Product == c.Product) && (q.From.IsZero() || !c.At.Before(q.From)) && (q.To.IsZero() || c.At.Before(q.To)) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b catalog.ChangeLine) int {
		return cmp.Or(cmp.Compare(b.Seq, a.Seq), cmp.Compare(a.Line, b.Line))
	})
	return list[:min(len(list), q.Limit)], nil
}

func (s *catalogStore) HintCatalog(_ context.Context, code domain.InstitutionCode, _ time.Time, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		s.hints[code]++
	}
	return s.fail
}

func (s *catalogStore) CatalogState(_ context.Context, code domain.InstitutionCode) (catalog.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.states[code]
	st.Institution = code
	return st, nil
}

func (s *catalogStore) UpdateCatalogState(_ context.Context, code domain.InstitutionCode, change func(*catalog.State) error) (catalog.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.states[code]
	if err := change(&st); err != nil {
		return st, err
	}
	s.states[code] = st
	return st, nil
}

func (s *catalogStore) ReplaceCatalog(_ context.Context, snap *catalog.Snapshot, st catalog.State, d catalog.Delta) (catalog.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := snap.Institution.Code
	old := s.states[code]
	st.Version, st.AvailabilitySeq, st.AvailabilityAt = old.Version+1, old.AvailabilitySeq+1, old.AvailabilityAt
	st.Summary, st.ChangesForgotten = catalog.Summarize(d.Changes), old.ChangesForgotten
	for i, c := range d.Changes {
		s.changes[code] = append(s.changes[code], catalog.ChangeLine{
			Change: c, Seq: st.AvailabilitySeq, Line: int64(i), Version: st.Version, At: snap.LoadedAt,
		})
	}
	s.states[code], s.snaps[code] = st, snap
	return st, nil
}

func (s *catalogStore) Snapshot(_ context.Context, code domain.InstitutionCode) (*catalog.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if snap := s.snaps[code]; snap != nil {
		return snap, nil
	}
	return nil, domain.Errorf(domain.NotFound, catalog.CodeCatalogUnknown, "none")
}

func (s *catalogStore) SaveAvailability(_ context.Context, code domain.InstitutionCode, rs []catalog.Reading, at time.Time) (catalog.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.states[code]
	if !at.IsZero() {
		st.AvailabilityAt = at
	}
	st.AvailabilitySeq++
	if s.seqs[code] == nil {
		s.seqs[code] = map[catalog.Key]int64{}
	}
	said := map[catalog.Key]catalog.Availability{}
	for _, r := range s.readings[code] {
		said[r.Key] = r.Availability
	}
	for _, r := range rs {
		old, now := said[r.Key], r.Availability
		old.AsOf, now.AsOf = time.Time{}, time.Time{}
		if old != now {
			s.seqs[code][r.Key] = st.AvailabilitySeq
		}
	}
	s.states[code], s.readings[code] = st, append(s.readings[code], rs...)
	return st, nil
}

func (s *catalogStore) Availability(_ context.Context, code domain.InstitutionCode, _ int64) ([]catalog.Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.readings[code]), nil
}

func (s *catalogStore) SavePoll(_ context.Context, code domain.InstitutionCode, p catalog.Poll) (catalog.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.states[code]
	st.AvailabilityAt, st.AvailabilitySeq = p.At, st.AvailabilitySeq+1
	s.states[code] = st
	return st, nil
}

func (s *catalogStore) Moves(context.Context, domain.InstitutionCode, int64) ([]catalog.Moved, error) {
	return nil, nil
}

// freshStore keeps what the freshness planner knows in memory.
type freshStore struct {
	mu     sync.Mutex
	states map[domain.InstitutionCode]freshness.State
	events map[domain.InstitutionCode][]freshness.Event
}

func (s *freshStore) Freshness(_ context.Context, code domain.InstitutionCode, _ int64) (freshness.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states[code], nil
}

func (s *freshStore) Shown(_ context.Context, code domain.InstitutionCode) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states[code].Shown, nil
}

func (s *freshStore) SaveFreshness(_ context.Context, code domain.InstitutionCode, st freshness.State, _ []string, _ freshness.Part) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.states == nil {
		s.states = map[domain.InstitutionCode]freshness.State{}
	}
	s.states[code] = st
	delete(s.events, code)
	return nil
}

func (s *freshStore) AddEvent(_ context.Context, code domain.InstitutionCode, _ time.Time, e freshness.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events == nil {
		s.events = map[domain.InstitutionCode][]freshness.Event{}
	}
	s.events[code] = append(s.events[code], e)
	return nil
}

func (s *freshStore) Events(_ context.Context, code domain.InstitutionCode, _ int) ([]freshness.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events[code]), nil
}

func (s *freshStore) Parts(context.Context, domain.InstitutionCode, time.Time, time.Time, func(freshness.Part) error) error {
	return nil
}

func (s *freshStore) PruneParts(context.Context, domain.InstitutionCode, time.Time, int64) (int64, error) {
	return 0, nil
}

// catalogPlatform answers from the test world.
type catalogPlatform struct {
	mu    sync.Mutex
	clock domain.Clock
	snaps map[domain.InstitutionCode]func() *catalog.Snapshot
	fail  error
	moved []catalog.Moved
	reads map[domain.InstitutionCode][]catalog.Reading // instead of the world's, where set
	seats []catalog.Seat
	asked int // for seats
}

func (p *catalogPlatform) Seats(context.Context, *catalog.Snapshot, catalog.PerformanceID) ([]catalog.Seat, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	return slices.Clone(p.seats), p.fail
}

func (p *catalogPlatform) snap(code domain.InstitutionCode) (*catalog.Snapshot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return nil, p.fail
	}
	return p.snaps[code](), nil
}

func (p *catalogPlatform) PointOfSales(_ context.Context, code domain.InstitutionCode) (domain.Institution, error) {
	s, err := p.snap(code)
	if err != nil {
		return domain.Institution{}, err
	}
	return s.Institution, nil
}

func (p *catalogPlatform) LastSetupUpdate(_ context.Context, code domain.InstitutionCode) (string, error) {
	s, err := p.snap(code)
	if err != nil {
		return "", err
	}
	return s.SetupStamp, nil
}

func (p *catalogPlatform) Catalog(_ context.Context, inst domain.Institution) (*catalog.Snapshot, error) {
	return p.snap(inst.Code)
}

func (p *catalogPlatform) UpdatedAvailabilities(context.Context, domain.Institution, []catalog.ProductID, time.Time) ([]catalog.Moved, error) {
	return p.moved, nil
}

func (p *catalogPlatform) Availability(_ context.Context, snap *catalog.Snapshot, _ []catalog.ProductID) ([]catalog.Reading, error) {
	code := snap.Institution.Code
	if rs, ok := p.reads[code]; ok {
		return rs, nil
	}
	return readings(code, p.clock()), nil
}

func (p *catalogPlatform) PerformanceAvailability(_ context.Context, snap *catalog.Snapshot, ids []catalog.PerformanceID) ([]catalog.Reading, error) {
	all, err := p.Availability(context.Background(), snap, nil)
	return slices.DeleteFunc(slices.Clone(all), func(r catalog.Reading) bool { return !slices.Contains(ids, r.Performance) }), err
}

// orderStore keeps orders in memory, with the rules of its port.
type orderStore struct {
	mu       sync.Mutex
	orders   map[sales.OrderID]sales.Order
	keys     map[string]sales.Key
	postings []sales.Posting
	baskets  map[sales.BasketID]sales.BasketClose
	fail     error // returned by every call, where set
}

func newOrderStore() *orderStore {
	return &orderStore{orders: map[sales.OrderID]sales.Order{}, keys: map[string]sales.Key{}}
}

func copyOrder(o sales.Order) sales.Order {
	o.Lines = slices.Clone(o.Lines)
	for i := range o.Lines {
		o.Lines[i].Places = slices.Clone(o.Lines[i].Places)
		o.Lines[i].Operations = slices.Clone(o.Lines[i].Operations)
	}
	o.Tickets, o.History, o.Refunds = slices.Clone(o.Tickets), slices.Clone(o.History), slices.Clone(o.Refunds)
	o.Tasks, o.Postings = nil, nil
	return o
}

func keyName(storefront, key string) string { return storefront + "\x00" + key }

func (s *orderStore) CreateOrder(_ context.Context, o sales.Order, key sales.Key) (sales.Order, sales.Key, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return sales.Order{}, sales.Key{}, false, s.fail
	}
	if old, ok := s.keys[keyName(key.Storefront, key.Key)]; ok {
		return copyOrder(s.orders[old.Order]), old, false, nil
	}
	o.Version = 1
	s.orders[o.ID], s.keys[keyName(key.Storefront, key.Key)] = copyOrder(o), key
	return copyOrder(o), key, true, nil
}

func (s *orderStore) BindKey(_ context.Context, key sales.Key) (sales.Key, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bind(key)
}

// bind wants the lock.
func (s *orderStore) bind(key sales.Key) (sales.Key, bool, error) {
	if old, ok := s.keys[keyName(key.Storefront, key.Key)]; ok {
		return old, false, nil
	}
	s.keys[keyName(key.Storefront, key.Key)] = key
	return key, true, nil
}

func (s *orderStore) UpdateOrderOnce(ctx context.Context, key sales.Key, change func(*sales.Order) error) (sales.Order, sales.Key, bool, error) {
	s.mu.Lock()
	old, bound := s.keys[keyName(key.Storefront, key.Key)]
	s.mu.Unlock()
	if bound {
		o, err := s.Order(ctx, old.Order)
		return o, old, false, err
	}
	o, err := s.UpdateOrder(ctx, key.Order, change)
	if err != nil {
		return sales.Order{}, sales.Key{}, false, err
	}
	_, _, err = s.BindKey(ctx, key)
	return o, key, true, err
}

func (s *orderStore) OrderByKey(_ context.Context, front, key string) (sales.Order, sales.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return sales.Order{}, sales.Key{}, s.fail
	}
	k, ok := s.keys[keyName(front, key)]
	if !ok {
		return sales.Order{}, sales.Key{}, domain.Errorf(domain.NotFound, sales.CodeUnknown, "none")
	}
	return copyOrder(s.orders[k.Order]), k, nil
}

func (s *orderStore) Order(_ context.Context, id sales.OrderID) (sales.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return sales.Order{}, s.fail
	}
	o, ok := s.orders[id]
	if !ok {
		return sales.Order{}, domain.Errorf(domain.NotFound, sales.CodeUnknown, "no order %s", id)
	}
	return copyOrder(o), nil
}

func (s *orderStore) UpdateOrder(_ context.Context, id sales.OrderID, change func(*sales.Order) error) (sales.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, ok := s.orders[id]
	if !ok {
		return sales.Order{}, domain.Errorf(domain.NotFound, sales.CodeUnknown, "no order %s", id)
	}
	o := copyOrder(stored)
	if err := change(&o); err != nil {
		return sales.Order{}, err
	}
	if o.Limit != nil && o.Limit.Amount < o.Claim().Amount {
		return sales.Order{}, domain.Errorf(domain.Conflict, sales.CodeAccountLimit, "no more may be owed")
	}
	if k := o.Bind; k != nil {
		if got, _, err := s.bind(*k); err != nil || !got.Same(*k) {
			return sales.Order{}, domain.Errorf(domain.Invalid, sales.CodeKeyReused, "reused")
		}
	}
	o.Limit, o.Bind = nil, nil
	s.postings = append(s.postings, o.Postings...)
	o.Version++
	s.orders[id] = copyOrder(o)
	return copyOrder(o), nil
}

func (s *orderStore) Orders(_ context.Context, q sales.Query) ([]sales.Order, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasPrefix(q.Page.Cursor, "bad") {
		return nil, "", domain.Errorf(domain.Invalid, domain.CodeRequest, "the cursor is not one of ours").WithField("?cursor", domain.CodeRequest, "no")
	}
	var list []sales.Order
	for _, o := range s.orders {
		if (q.Storefront != "" && o.Storefront != q.Storefront) || (q.Institutions != nil && !slices.Contains(q.Institutions, o.Institution)) ||
			(q.Reference != "" && o.Reference != q.Reference) || (q.Basket != "" && o.Basket != q.Basket) || (len(q.Statuses) > 0 && !slices.Contains(q.Statuses, o.Status)) ||
			(!q.From.IsZero() && o.CreatedAt.Before(q.From)) || (!q.To.IsZero() && !o.CreatedAt.Before(q.To)) ||
			(q.Performance != 0 && !slices.ContainsFunc(o.Lines, func(l sales.Line) bool { return l.Performance == q.Performance })) ||
			(q.PaymentReference != "" && o.PaymentReference != q.PaymentReference) ||
			(q.PlatformID != 0 && o.Platform.OrderID != q.PlatformID && o.Platform.FileID != q.PlatformID) ||
			(q.Text != "" && !strings.Contains(strings.ToLower(string(o.ID)+" "+o.Reference+" "+o.Buyer.Email+" "+o.Buyer.LastName), strings.ToLower(q.Text))) {
			continue
		}
		if q.Page.Cursor != "" && string(o.ID) >= q.Page.Cursor {
			continue
		}
		list = append(list, copyOrder(o))
	}
	slices.SortFunc(list, func(a, b sales.Order) int { return cmp.Compare(b.ID, a.ID) })
	next := ""
	if len(list) > q.Page.Limit {
		list = list[:q.Page.Limit]
		next = string(list[len(list)-1].ID)
	}
	return list, next, nil
}

func (s *orderStore) OrderByTicket(_ context.Context, ticket string) (sales.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if o.Ticket(ticket) != nil {
			return copyOrder(o), nil
		}
	}
	return sales.Order{}, domain.Errorf(domain.NotFound, sales.CodeTicketUnknown, "no ticket")
}

func (s *orderStore) DueOrders(context.Context, []sales.Status, time.Time, int) ([]sales.OrderID, error) {
	return nil, nil
}

func (s *orderStore) DueLooks(context.Context, domain.InstitutionCode, time.Time, int) ([]sales.DueLook, error) {
	return nil, nil
}

func (s *orderStore) TakeLook(context.Context, domain.InstitutionCode, domain.Day, int) (bool, error) {
	return false, nil
}

func (s *orderStore) BeginBasketClose(_ context.Context, c sales.BasketClose) (sales.BasketClose, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.baskets == nil {
		s.baskets = map[sales.BasketID]sales.BasketClose{}
	}
	if had, ok := s.baskets[c.Basket]; ok {
		return had, nil
	}
	s.baskets[c.Basket] = c
	return c, nil
}

func (s *orderStore) UpdateBasketClose(_ context.Context, id sales.BasketID, change func(*sales.BasketClose) error) (sales.BasketClose, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.baskets[id]
	err := change(&c)
	if err == nil {
		s.baskets[id] = c
	}
	return c, err
}

func (s *orderStore) DueBasketCloses(context.Context, time.Time, int) ([]sales.BasketID, error) {
	return nil, nil
}

func (s *orderStore) CountOrders(context.Context) ([]sales.Count, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[sales.Count]int64{}
	for _, o := range s.orders {
		n[sales.Count{Institution: o.Institution, Status: o.Status}]++
	}
	var out []sales.Count
	for c, k := range n {
		c.N = k
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b sales.Count) int { return cmp.Compare(a.Status, b.Status) })
	return out, nil
}

// ledgerStore keeps ledgers in memory: what orders posted, and what was posted by hand.
type ledgerStore struct {
	mu     sync.Mutex
	list   []account.Posting
	orders *orderStore
	taken  int // of the orders' postings
}

// ledger is every posting of a ledger, by number. The caller holds the lock.
func (l *ledgerStore) ledger(code domain.InstitutionCode, currency domain.Currency) []account.Posting {
	l.orders.mu.Lock()
	defer l.orders.mu.Unlock()
	for _, p := range l.orders.postings[l.taken:] {
		if entry, ok, err := account.Booked(account.Kind(p.Kind), p.Institution, "web", string(p.Order), p.Cause, p.Amount, p.At); err == nil && ok {
			l.add(entry)
		}
	}
	l.taken = len(l.orders.postings)
	var out []account.Posting
	for _, p := range l.list {
		if p.Institution == code && (p.Currency == currency || currency == "") {
			out = append(out, p)
		}
	}
	return out
}

func (l *ledgerStore) add(p account.Posting) account.Posting {
	for _, q := range l.list {
		if q.Institution == p.Institution && q.Currency == p.Currency {
			p.Number, p.Owed = q.Number, q.Owed
		}
	}
	p.Number, p.Owed, p.BookedAt = p.Number+1, p.Owed+p.Change(), p.At
	l.list = append(l.list, p)
	return p
}

func (l *ledgerStore) Book(_ context.Context, p account.Posting) (account.Posting, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range l.ledger(p.Institution, "") {
		if q.Kind == p.Kind && q.Cause == p.Cause {
			return q, false, nil
		}
	}
	if p.Order != "" && l.orders.orders[sales.OrderID(p.Order)].ID == "" {
		return account.Posting{}, false, domain.Errorf(domain.NotFound, sales.CodeUnknown, "there is no such order")
	}
	return l.add(p), true, nil
}

func (l *ledgerStore) Posting(_ context.Context, code domain.InstitutionCode, currency domain.Currency, number int64) (account.Posting, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if list := l.ledger(code, currency); number >= 1 && number <= int64(len(list)) {
		return list[number-1], nil
	}
	return account.Posting{}, domain.Errorf(domain.NotFound, account.CodeUnknown, "there is no such posting")
}

func (l *ledgerStore) Heads(_ context.Context, code domain.InstitutionCode) ([]account.Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.ledger(code, "")
	if len(list) == 0 {
		return nil, nil
	}
	last := list[len(list)-1]
	return []account.Head{{Currency: last.Currency, Postings: last.Number, Owed: last.Owed, BookedAt: last.BookedAt}}, nil
}

func (l *ledgerStore) OwedBefore(_ context.Context, code domain.InstitutionCode, currency domain.Currency, at time.Time) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	owed := int64(0)
	for _, p := range l.ledger(code, currency) {
		if p.BookedAt.Before(at) {
			owed = p.Owed
		}
	}
	return owed, nil
}

func (l *ledgerStore) Postings(_ context.Context, code domain.InstitutionCode, currency domain.Currency, from, to time.Time, after int64, limit int) ([]account.Posting, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []account.Posting
	for _, p := range l.ledger(code, currency) {
		if p.Number > after && !p.BookedAt.Before(from) && p.BookedAt.Before(to) && len(out) < limit {
			out = append(out, p)
		}
	}
	return out, nil
}

func (l *ledgerStore) PostingsOf(context.Context, string) ([]account.Posting, error) { return nil, nil }

func (l *ledgerStore) Sums(_ context.Context, code domain.InstitutionCode, currency domain.Currency) ([]account.Sum, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sums := map[account.Account]account.Sum{}
	for _, p := range l.ledger(code, currency) {
		d, c := sums[p.Debit], sums[p.Credit]
		d.Account, c.Account = p.Debit, p.Credit
		d.Debit += p.Thousandths
		c.Credit += p.Thousandths
		sums[p.Debit], sums[p.Credit] = d, c
	}
	return slices.SortedFunc(maps.Values(sums), func(a, b account.Sum) int { return cmp.Compare(a.Account, b.Account) }), nil
}

func (l *ledgerStore) RaiseAlarm(context.Context, domain.InstitutionCode, domain.Currency, int) (bool, error) {
	return false, nil
}

// orderPlatform sells whatever it is asked, unless a test says otherwise.
type orderPlatform struct {
	mu    sync.Mutex
	clock domain.Clock
	next  int64

	onHold    func(sales.Order, sales.Hold) (sales.Hold, error)
	onClose   func(sales.Order, sales.Outcome) (sales.Outcome, error)
	onRead    func(sales.Order) (sales.Outcome, error)
	onRefund  func(sales.Refund) (sales.RefundSeen, error)
	onRelease func(sales.Order) error
}

func (p *orderPlatform) Hold(_ context.Context, o sales.Order) (sales.Hold, error) {
	p.mu.Lock()
	p.next++
	number := p.next
	p.mu.Unlock()
	h := sales.Hold{Platform: sales.PlatformRef{OrderID: 1000000 + number, SecretID: "secret", FileID: 880000 + number}, ExpiresAt: p.clock().Add(15 * time.Minute)}
	for i, l := range o.Lines {
		sum, err := l.UnitPrice.Times(l.Quantity)
		if err != nil {
			return h, err
		}
		together := true
		hl := sales.HoldLine{UnitPrice: l.UnitPrice, Total: sum, Operations: []int64{int64(i) + 1}}
		for n := range l.Quantity {
			place := sales.HoldPlace{Movement: number*1000 + int64(i*100+n)}
			if l.Facts.Numbered {
				hl.Together, place.Seat = &together, sales.Seat{Block: "A", Row: "4", Number: strconv.Itoa(12 + n), Entrance: "North"}
			}
			hl.Places = append(hl.Places, place)
		}
		h.Lines = append(h.Lines, hl)
		if h.Total, err = h.Total.Add(sum); err != nil {
			return h, err
		}
	}
	if p.onHold != nil {
		return p.onHold(o, h)
	}
	return h, nil
}

// Add implements sales.Changer: as Hold, with numbers of its own.
func (p *orderPlatform) Add(ctx context.Context, o sales.Order, lines []sales.Line) (sales.Hold, error) {
	o.Lines = lines
	h, err := p.Hold(ctx, o)
	h.Platform = o.Platform
	return h, err
}

// Seat implements sales.Changer: every seat may be had but the one numbered 13, and none is given with the one numbered 17.
func (p *orderPlatform) Seat(_ context.Context, _ sales.Order, lines []sales.Line) ([]sales.HoldPlace, *sales.Refusal, error) {
	var out []sales.HoldPlace
	for _, l := range lines {
		for i, pl := range l.Places {
			id := l.Wish.Seats[i]
			if id == 17 {
				return nil, &sales.Refusal{Kind: domain.Conflict, Code: sales.CodeSeating, Detail: "the platform refuses"}, nil
			}
			if id == 13 {
				return nil, &sales.Refusal{Kind: domain.Conflict, Code: sales.CodeAvailability, Detail: "taken", Seats: []int64{id}}, nil
			}
			out = append(out, sales.HoldPlace{Movement: pl.Movement, Seat: sales.Seat{ID: id, Row: "Z"}})
		}
	}
	return out, nil, nil
}

// Drop implements sales.Changer.
func (p *orderPlatform) Drop(_ context.Context, o sales.Order, _ []int64) error {
	if p.onRelease != nil {
		return p.onRelease(o)
	}
	return nil
}

// Look implements sales.Changer: the order holds what its lines say.
func (p *orderPlatform) Look(_ context.Context, o sales.Order) (sales.Hold, sales.PlatformState, error) {
	h := sales.Hold{Platform: o.Platform, ExpiresAt: p.clock().Add(15 * time.Minute)}
	for _, l := range o.Lines {
		sum, err := l.UnitPrice.Times(len(l.Places))
		if err != nil {
			return h, "", err
		}
		hl := sales.HoldLine{UnitPrice: l.UnitPrice, Total: sum, Operations: l.Operations}
		for _, pl := range l.Places {
			hl.Places = append(hl.Places, sales.HoldPlace{Movement: pl.Movement, Seat: pl.Seat})
			h.Movements = append(h.Movements, pl.Movement)
		}
		h.Lines = append(h.Lines, hl)
		if h.Total, err = h.Total.Add(sum); err != nil {
			return h, "", err
		}
	}
	return h, sales.PlatformOpen, nil
}

func soldOutcome(o sales.Order) sales.Outcome {
	out := sales.Outcome{State: sales.PlatformClosed}
	for _, l := range o.Lines {
		for _, pl := range l.Places {
			out.Tickets = append(out.Tickets, sales.IssuedTicket{
				Movement: pl.Movement, PlatformTicket: pl.Movement + 5, Barcode: sales.Barcode("00" + strconv.FormatInt(pl.Movement+770000000000, 10)), State: "VALID",
			})
		}
	}
	return out
}

func (p *orderPlatform) Close(_ context.Context, o sales.Order) (sales.Outcome, error) {
	if p.onClose != nil {
		return p.onClose(o, soldOutcome(o))
	}
	return soldOutcome(o), nil
}

func (p *orderPlatform) Read(_ context.Context, o sales.Order) (sales.Outcome, error) {
	if p.onRead != nil {
		return p.onRead(o)
	}
	return sales.Outcome{State: sales.PlatformOpen}, nil
}

func (p *orderPlatform) Reread(ctx context.Context, o sales.Order) (sales.Outcome, error) {
	return p.Read(ctx, o)
}

func (p *orderPlatform) Release(_ context.Context, o sales.Order) error {
	if p.onRelease != nil {
		return p.onRelease(o)
	}
	return nil
}

type keyStore struct {
	mu   sync.Mutex
	keys []storefront.Key
}

func (s *keyStore) CreateKey(_ context.Context, k storefront.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, k)
	return nil
}

func (s *keyStore) KeyByPublicID(_ context.Context, id string) (storefront.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		if k.PublicID == id {
			return k, nil
		}
	}
	return storefront.Key{}, domain.Errorf(domain.NotFound, storefront.CodeKeyUnknown, "no such key")
}

func (s *keyStore) Keys(context.Context) ([]storefront.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.keys)
	slices.Reverse(out)
	return out, nil
}

func (s *keyStore) RevokeKey(_ context.Context, id string, at time.Time) (storefront.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.keys {
		if k := &s.keys[i]; k.ID == id || k.PublicID == id {
			if k.RevokedAt.IsZero() {
				k.RevokedAt = at
			}
			return *k, nil
		}
	}
	return storefront.Key{}, domain.Errorf(domain.NotFound, storefront.CodeKeyUnknown, "no such key")
}

type countStore struct {
	mu      sync.Mutex
	counts  []quota.Count
	calls   []quota.Single
	version map[domain.InstitutionCode]int64
	shared  map[domain.InstitutionCode][]byte
}

func newCountStore() *countStore {
	return &countStore{version: map[domain.InstitutionCode]int64{}, shared: map[domain.InstitutionCode][]byte{}}
}

func (s *countStore) Shared(_ context.Context, code domain.InstitutionCode) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shared[code], s.version[code], nil
}

func (s *countStore) SwapShared(_ context.Context, code domain.InstitutionCode, version int64, document []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version[code] != version {
		return false, nil
	}
	s.version[code], s.shared[code] = version+1, document
	return true, nil
}

func (s *countStore) AddCounts(_ context.Context, counts []quota.Count, calls []quota.Single) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts, s.calls = append(s.counts, counts...), append(s.calls, calls...)
	return nil
}

func (s *countStore) CallsFor(_ context.Context, order string) ([]quota.Single, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []quota.Single
	for _, c := range s.calls {
		if c.Purpose.Order == order {
			out = append(out, c)
		}
	}
	return out, nil
}

func (s *countStore) Callers(_ context.Context, code domain.InstitutionCode, by quota.By, from, to time.Time, most int) ([]quota.Caller, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sums := map[string]*quota.Caller{}
	for _, c := range s.calls {
		if c.Institution != code || c.At.Before(from) || !c.At.Before(to) {
			continue
		}
		name := map[quota.By]string{quota.ByKey: c.Purpose.Key, quota.ByJob: c.Purpose.Job, quota.ByOrder: c.Purpose.Order}[by]
		if sums[name] == nil {
			sums[name] = &quota.Caller{Name: name}
		}
		sum := sums[name]
		sum.Calls, sum.BytesOut, sum.BytesIn, sum.Millis = sum.Calls+1, sum.BytesOut+c.BytesOut, sum.BytesIn+c.BytesIn, sum.Millis+c.Took.Milliseconds()
		if c.Outcome != "ok" && c.Outcome != "in_progress" {
			sum.Errors++
		}
		if c.At.After(sum.Last) {
			sum.Last = c.At
		}
	}
	out := make([]quota.Caller, 0, len(sums))
	for _, c := range sums {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b quota.Caller) int { return cmp.Or(int(b.Calls-a.Calls), strings.Compare(a.Name, b.Name)) })
	return out[:min(most, len(out))], nil
}

func (s *countStore) Prune(context.Context, map[quota.Unit]time.Time, time.Time, int) (int64, error) {
	return 0, nil
}

func (s *countStore) Counts(_ context.Context, code domain.InstitutionCode, unit quota.Unit, from, to time.Time) ([]quota.Count, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []quota.Count
	for _, c := range s.counts {
		if (code == "" || c.Institution == code) && c.Unit == unit && !c.Start.Before(from) && c.Start.Before(to) {
			out = append(out, c)
		}
	}
	return out, nil
}

// textRenderer writes what a ticket says, so that a test can read it.
type textRenderer struct {
	fail    error
	folder  error // what is wrong with the folder of layouts
	drawn   int   // files that were written
	reloads int
}

func (tr *textRenderer) PDF(_ context.Context, w io.Writer, d delivery.Document) error {
	tr.drawn++
	if tr.fail != nil {
		return tr.fail
	}
	for _, p := range d.Pages {
		if _, err := fmt.Fprintf(w, "%%PDF %s %d/%d %s %s\n", d.Language, p.Number, p.Of, p.Title, p.Barcode); err != nil {
			return err
		}
	}
	return nil
}

func (tr *textRenderer) PNG(_ context.Context, w io.Writer, d delivery.Document, dpi int) error {
	tr.drawn++
	if d.Pages[0].Layout == "poster" {
		return domain.Errorf(domain.Invalid, delivery.CodeLayoutUnknown, "There is no layout %q.", "poster")
	}
	_, err := fmt.Fprintf(w, "PNG %d %s", dpi, d.Pages[0].Barcode)
	return err
}

// SVG implements delivery.Renderer.
func (tr *textRenderer) SVG(_ context.Context, w io.Writer, d delivery.Document) error {
	_, err := fmt.Fprintf(w, "<svg>%s %s</svg>", d.Language, d.Pages[0].Barcode)
	return err
}

// Thermal implements delivery.Renderer.
func (tr *textRenderer) Thermal(_ context.Context, w io.Writer, d delivery.Document, language delivery.PrinterLanguage, dpi int) error {
	if tr.fail != nil {
		return tr.fail
	}
	_, err := fmt.Fprintf(w, "%s %d %s %s %s", language, dpi, d.Language, d.Pages[0].Layout, d.Pages[0].Barcode)
	return err
}

// Barcode implements delivery.Renderer.
func (tr *textRenderer) Barcode(_ context.Context, w io.Writer, b delivery.Barcode) error {
	if err := b.Symbology.Carries(b.Payload); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "<svg>%s %s %d</svg>", b.Symbology, b.Payload, b.DPI)
	return err
}

// Digest implements delivery.Renderer.
func (tr *textRenderer) Digest(d delivery.Document) (string, error) {
	for _, p := range d.Pages {
		if p.Layout == "poster" {
			return "", domain.Errorf(domain.Invalid, delivery.CodeLayoutUnknown, "There is no layout %q.", p.Layout)
		}
	}
	return fmt.Sprint(d), nil
}

// Sheets implements delivery.Renderer.
func (tr *textRenderer) Sheets(d delivery.Document) (int, error) {
	if d.Pages[0].Layout == "voucher" {
		return 1, nil
	}
	return len(d.Pages), nil
}

// Layouts implements delivery.Layouts.
func (tr *textRenderer) Layouts() []delivery.Layout {
	return []delivery.Layout{
		{Name: "standard", About: "Print at home", Version: "2", Digest: "d1", Shipped: true, Admits: true, Width: 210, Height: 297},
		{Name: "venue", Digest: "d" + strconv.Itoa(2+tr.reloads), Order: true, Admits: true, Width: 80},
	}
}

// LayoutSchema implements delivery.Layouts.
func (tr *textRenderer) LayoutSchema() []byte { return []byte(`{"type":"object"}`) }

// CheckLayouts implements delivery.Layouts.
func (tr *textRenderer) CheckLayouts(context.Context) error { return tr.folder }

// ReloadLayouts implements delivery.Layouts.
func (tr *textRenderer) ReloadLayouts(_ context.Context, accept func([]delivery.Layout) error) error {
	if tr.folder != nil {
		return tr.folder
	}
	tr.reloads++
	return accept(tr.Layouts())
}

// Sample implements delivery.Layouts.
func (tr *textRenderer) Sample(s delivery.LayoutSample) delivery.Document {
	return delivery.Document{Language: s.Lang, Pages: []delivery.Page{{Layout: s.Layout, Title: "Sample", Barcode: "1234", Specimen: true}}}
}

type deliveryOrders struct{ *catalog.Service }

type fakeJobs struct{ ran []string }

func (j *fakeJobs) List(context.Context) ([]JobState, error) {
	return []JobState{{Name: "catalog.refresh", Queue: "refresh", Every: 10 * time.Minute, LastRun: noon.Add(-time.Minute), LastOutcome: "nothing changed", NextRun: noon.Add(9 * time.Minute)}}, nil
}

func (j *fakeJobs) Run(_ context.Context, name string) error {
	if name != "catalog.refresh" {
		return domain.Errorf(domain.NotFound, CodeJobUnknown, "no job %s", name)
	}
	j.ran = append(j.ran, name)
	return nil
}

type fakeHealth []Check

func (h fakeHealth) Ready(context.Context) []Check { return h }

// rig is a whole API on fakes at its outer edges, and real services between.
type rig struct {
	t        testing.TB
	now      *clock
	deps     Deps
	srv      *server
	handler  http.Handler
	orders   *orderStore
	platform *orderPlatform
	catalog  *catalogPlatform
	store    *catalogStore
	keys     *keyStore
	fresh    *freshness.Service
	jobs     *fakeJobs
	renderer *textRenderer
	doc      *docChecker
	docOnce  sync.Once
	log      *lockedBuffer
	tokens   map[string]string
}

// clock is moved by hand; every reading is a tick after the last, a millisecond unless frozen.
type clock struct {
	mu   sync.Mutex
	at   time.Time
	tick time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(c.tick)
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newRig(tb testing.TB, more ...func(*Deps)) *rig {
	tb.Helper()
	r := bareRig(tb, more...)
	r.load()
	return r
}

// load loads every catalog with its availability.
func (r *rig) load() {
	r.t.Helper()
	for _, code := range []domain.InstitutionCode{"play", "arena"} {
		if _, err := r.deps.Catalog.RefreshCatalog(r.t.Context(), code, true); err != nil {
			r.t.Fatal(err)
		}
		if _, err := r.deps.Catalog.RefreshAvailability(r.t.Context(), code); err != nil {
			r.t.Fatal(err)
		}
	}
}

// spend makes two calls to the platform, as its client would count them.
func (r *rig) spend() {
	r.t.Helper()
	for _, outcome := range []string{"ok", "limited"} {
		c := quota.Call{Institution: "play", Service: "catalogService", Method: "getPOSConfig", Class: quota.Refresh}
		if err := r.deps.Meter.Enter(r.t.Context(), c); err != nil {
			r.t.Fatal(err)
		}
		r.deps.Meter.Leave(r.t.Context(), c, quota.Result{Outcome: outcome, BytesOut: 100, BytesIn: 900, Took: 20 * time.Millisecond})
	}
}

// bareRig has loaded no catalog yet.
func bareRig(tb testing.TB, more ...func(*Deps)) *rig {
	tb.Helper()
	r := &rig{t: tb, now: &clock{at: noon, tick: time.Millisecond}, orders: newOrderStore(), keys: &keyStore{}, jobs: &fakeJobs{}, renderer: &textRenderer{}, log: &lockedBuffer{}, tokens: map[string]string{}}
	codes := []domain.InstitutionCode{"play", "arena"}
	var n int64
	var mu sync.Mutex
	ids := func(prefix string) string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprintf("%s_%026d", prefix, n)
	}
	log := slog.New(slog.NewJSONHandler(r.log, nil))
	r.catalog = &catalogPlatform{clock: r.now.Now, snaps: map[domain.InstitutionCode]func() *catalog.Snapshot{"play": theatre, "arena": arena}}
	r.store = newCatalogStore()
	cat := catalog.New(catalog.Deps{Store: r.store, Platform: r.catalog, Clock: r.now.Now, Institutions: codes})
	r.platform = &orderPlatform{clock: r.now.Now}
	sell := sales.New(sales.Deps{Store: r.orders, Platform: r.platform, Catalog: cat, Clock: r.now.Now, IDs: ids, Log: log})
	front := storefront.New(storefront.Deps{Store: r.keys, Clock: r.now.Now, IDs: ids, Institutions: codes})
	meter := quota.NewMeter(r.now.Now, newCountStore(), map[domain.InstitutionCode]quota.Limits{"play": {}, "arena": {Unmetered: true}})
	books := account.New(account.Deps{Store: &ledgerStore{orders: r.orders}, Institutions: cat, Clock: r.now.Now, Log: log, Limits: map[domain.InstitutionCode]account.Limit{"play": {Most: 100_000}}})
	r.fresh = freshness.NewService(freshness.Deps{
		Catalog: cat, Store: &freshStore{}, Clock: r.now.Now, IDs: ids, Log: log, Institutions: codes, Views: freshness.NewViews(),
		Budget: func(context.Context, domain.InstitutionCode) (freshness.Budget, error) {
			return freshness.Budget{Calls: 1000, Bytes: 1 << 30, ReserveCalls: 400, Until: noon.AddDate(0, 0, 10)}, nil
		},
		Alone: func(context.Context, string) (func(), bool, error) { return func() {}, true, nil },
	})
	compare := reconcile.New(reconcile.Deps{
		Store: &auditStore{}, Platform: struct{ reconcile.Platform }{}, Orders: r.orders, Ledger: books, Seller: sell, Clock: r.now.Now, IDs: ids, Log: log,
		Alone: func(context.Context, string) (func(), bool, error) { return func() {}, true, nil },
	})
	r.deps = Deps{
		Freshness: r.fresh, Views: r.fresh.Views,
		Catalog: cat, Sales: sell, Storefront: front, Delivery: delivery.New(delivery.Deps{Catalog: deliveryOrders{cat}, Renderer: r.renderer, Layouts: r.renderer, Prints: &printStore{}, Orders: r.orders, Exports: &exportShelf{}, Clock: r.now.Now, IDs: ids, Log: log}),
		Meter: meter, Jobs: r.jobs, Health: fakeHealth{{Name: "database", OK: true}}, Answers: keptAnswers{}, Account: books, Reconcile: compare, CountOrders: r.orders.CountOrders,
		Clock: r.now.Now, Log: log, IDs: ids, Version: "test", KeyRate: 1_000_000,
	}
	r.deps.Mails = newMails(&r.deps, r.orders)
	for _, m := range more {
		m(&r.deps)
	}
	srv, engine, err := build(r.deps)
	if err != nil {
		tb.Fatal(err)
	}
	r.srv, r.handler = srv, srv.front(engine)
	for name, scopes := range map[string][]storefront.Scope{
		"web": {storefront.ScopeCatalog, storefront.ScopeSell, storefront.ScopeDeliver}, "seller": {storefront.ScopeCatalog, storefront.ScopeSell},
		"other": {storefront.ScopeCatalog, storefront.ScopeSell, storefront.ScopeDeliver}, "money": {storefront.ScopeFinance}, "ops": {storefront.ScopeAdmin},
	} {
		r.key(name, storefront.NewKey{Storefront: name, Scopes: scopes})
	}
	r.key("bound", storefront.NewKey{Storefront: "bound", Scopes: []storefront.Scope{storefront.ScopeCatalog, storefront.ScopeSell}, Institutions: []domain.InstitutionCode{"arena"}})
	return r
}

// key makes a key and keeps its token under a name.
func (r *rig) key(name string, n storefront.NewKey) storefront.Key {
	r.t.Helper()
	k, token, err := r.deps.Storefront.Create(r.t.Context(), n)
	if err != nil {
		r.t.Fatal(err)
	}
	r.tokens[name] = token.Reveal()
	return k
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

type sent func(*http.Request)

func header(name, value string) sent { return func(r *http.Request) { r.Header.Set(name, value) } }

// do sends a request with the named key ("" sends none).
func (r *rig) do(key, method, target, body string, more ...sent) answer {
	r.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req := httptest.NewRequestWithContext(r.t.Context(), method, target, reader)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		token, ok := r.tokens[key]
		if !ok {
			r.t.Fatalf("no key %q", key)
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for _, m := range more {
		m(req)
	}
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, req)
	a := answer{status: rec.Code, header: rec.Header(), body: rec.Body.Bytes()}
	r.checkAgainstDocument(method, req.URL.Path, answer{status: a.status, header: a.header, body: plainly(r.t, a.header.Get("Content-Encoding"), a.body)})
	return a
}

var errBoom = errors.New("boom: the secret inner text")

// RefundsByHand implements sales.Refunder.
func (p *orderPlatform) RefundsByHand(code domain.InstitutionCode) bool { return code != "play" }

// ExchangesByHand implements sales.Refunder.
func (p *orderPlatform) ExchangesByHand(code domain.InstitutionCode) bool { return code != "play" }

// OpenRefund implements sales.Refunder.
func (p *orderPlatform) OpenRefund(_ context.Context, _ sales.Order, r sales.Refund, _ []int64) (sales.RefundSeen, error) {
	if p.onRefund != nil {
		return p.onRefund(r)
	}
	return sales.RefundSeen{State: sales.PlatformOpen, Platform: sales.PlatformRef{OrderID: 2000001, FileID: 880001}, Back: r.Quoted}, nil
}

// CloseRefund implements sales.Refunder.
func (p *orderPlatform) CloseRefund(context.Context, sales.Order, sales.Refund) error { return nil }

// DropRefund implements sales.Refunder.
func (p *orderPlatform) DropRefund(context.Context, sales.Order, sales.Refund, []int64) error {
	return nil
}

// ReadRefund implements sales.Refunder.
func (p *orderPlatform) ReadRefund(_ context.Context, _ sales.Order, r sales.Refund, _ []int64) (sales.RefundSeen, error) {
	return sales.RefundSeen{State: sales.PlatformClosed, Back: r.Quoted}, nil
}

// printStore is a delivery.Prints in memory.
type printStore struct {
	mu   sync.Mutex
	all  map[string][]delivery.Printed
	fail error
}

// Count implements delivery.Prints.
func (s *printStore) Count(_ context.Context, tickets []string, p delivery.Printed) ([]int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return nil, s.fail
	}
	if s.all == nil {
		s.all = map[string][]delivery.Printed{}
	}
	out := make([]int, len(tickets))
	for i, id := range tickets {
		p.Copy = len(s.all[id]) + 1
		out[i] = p.Copy
		s.all[id] = append(s.all[id], p)
	}
	return out, nil
}

// Last implements delivery.Prints.
func (s *printStore) Last(_ context.Context, tickets []string) ([]int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]int, len(tickets))
	for i, id := range tickets {
		out[i] = len(s.all[id])
	}
	return out, nil
}

// History implements delivery.Prints.
func (s *printStore) History(_ context.Context, ticket string, limit int) ([]delivery.Printed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.all[ticket])
	slices.Reverse(out)
	return out[:min(limit, len(out))], nil
}

// auditStore keeps the audit log only.
type auditStore struct {
	reconcile.Store
	mu      sync.Mutex
	entries []reconcile.Entry
}

// Record implements reconcile.Store.
func (s *auditStore) Record(_ context.Context, e reconcile.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append([]reconcile.Entry{e}, s.entries...)
	return nil
}

// Log implements reconcile.Store.
func (s *auditStore) Log(context.Context, string, domain.Page) ([]reconcile.Entry, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.entries), "", nil
}

// keptAnswers keeps one exchange of every order.
type keptAnswers struct{}

func (keptAnswers) Exchanges(_ context.Context, order string) ([]quota.Exchange, error) {
	return []quota.Exchange{{
		Order: order, At: time.Unix(1_790_000_000, 0), Call: "externalOrderService.closeOrder", Outcome: "ok",
		Request: []byte(`{"orderId":1}`), Answer: []byte(`{"statusCode":"success"}`),
	}}, nil
}
