package sales_test

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/sales"
)

// store is an honest sales.Store in memory: it copies, counts versions, keeps keys and barcodes unique, runs every closure
// twice and complains of one that is not pure, and answers no caller whose context has ended.
type store struct {
	tb       failer
	mu       sync.Mutex
	orders   map[sales.OrderID]sales.Order
	keys     map[[2]string]sales.Key
	postings []sales.Posting
	tasks    []domain.Task
	baskets  map[sales.BasketID]sales.BasketClose
	looks    map[string]int
	fail     error             // answer of every change while set
	stored   func(sales.Order) // is told of every change, under the lock
}

// failer is what of a test the store needs; rapid has its own.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

func newStore(tb failer) *store {
	return &store{tb: tb, orders: map[sales.OrderID]sales.Order{}, keys: map[[2]string]sales.Key{}, baskets: map[sales.BasketID]sales.BasketClose{}, looks: map[string]int{}}
}

func unknown(id any) error {
	return domain.Errorf(domain.NotFound, sales.CodeUnknown, "no order %v", id)
}

// clone copies an order without what is not part of the row.
func (s *store) clone(o sales.Order) sales.Order {
	s.tb.Helper()
	o.Tasks, o.Postings, o.Bind = nil, nil, nil
	b, err := json.Marshal(o)
	if err != nil {
		s.tb.Fatalf("copy order: %v", err)
	}
	var c sales.Order
	if err := json.Unmarshal(b, &c); err != nil {
		s.tb.Fatalf("copy order: %v", err)
	}
	return c
}

func (s *store) CreateOrder(ctx context.Context, o sales.Order, key sales.Key) (sales.Order, sales.Key, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmp.Or(s.fail, ctx.Err()); err != nil {
		return sales.Order{}, sales.Key{}, false, err
	}
	at := [2]string{key.Storefront, key.Key}
	if k, ok := s.keys[at]; ok {
		return s.clone(s.orders[k.Order]), k, false, nil
	}
	s.keys[at] = key
	s.tasks = append(s.tasks, o.Tasks...)
	o = s.clone(o)
	o.Version = 1
	s.orders[o.ID] = o
	return s.clone(o), key, true, nil
}

func (s *store) BindKey(ctx context.Context, key sales.Key) (sales.Key, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmp.Or(s.fail, ctx.Err()); err != nil {
		return sales.Key{}, false, err
	}
	k, created := s.bind(key)
	return k, created, nil
}

// bind wants the lock.
func (s *store) bind(key sales.Key) (stored sales.Key, created bool) {
	at := [2]string{key.Storefront, key.Key}
	if k, ok := s.keys[at]; ok {
		return k, false
	}
	s.keys[at] = key
	return key, true
}

func (s *store) OrderByKey(ctx context.Context, storefront, key string) (sales.Order, sales.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.keys[[2]string{storefront, key}]
	if !ok {
		return sales.Order{}, sales.Key{}, cmp.Or(ctx.Err(), unknown(key))
	}
	return s.clone(s.orders[k.Order]), k, ctx.Err()
}

func (s *store) Order(ctx context.Context, id sales.OrderID) (sales.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.orders[id]
	if !ok {
		return sales.Order{}, unknown(id)
	}
	return s.clone(o), ctx.Err()
}

func (s *store) UpdateOrder(ctx context.Context, id sales.OrderID, change func(*sales.Order) error) (sales.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmp.Or(s.fail, ctx.Err()); err != nil {
		return sales.Order{}, err
	}
	old, ok := s.orders[id]
	if !ok {
		return sales.Order{}, unknown(id)
	}
	first, second := s.clone(old), s.clone(old)
	_ = change(&first) // a stale version: the second run counts
	if err := change(&second); err != nil {
		return sales.Order{}, err
	}
	if diff := gocmp.Diff(first, second); diff != "" {
		s.tb.Errorf("the closure is not pure (-first +second):\n%s", diff)
	}
	if s.duplicate(&second) {
		return sales.Order{}, domain.Errorf(domain.Conflict, sales.CodeDuplicate, "another order has it")
	}
	if second.Bind != nil {
		if k, _ := s.bind(*second.Bind); !k.Same(*second.Bind) {
			return sales.Order{}, domain.Errorf(domain.Invalid, sales.CodeKeyReused, "bound to another request")
		}
	}
	s.tasks = append(s.tasks, second.Tasks...)
	for _, p := range second.Postings {
		if slices.ContainsFunc(s.postings, func(q sales.Posting) bool { return q.Order == p.Order && q.Kind == p.Kind && q.Cause == p.Cause }) {
			s.tb.Errorf("posted twice: %+v", p)
		}
		s.postings = append(s.postings, p)
	}
	second = s.clone(second)
	second.Version = old.Version + 1
	s.orders[id] = second
	if s.stored != nil {
		s.stored(s.clone(second))
	}
	return s.clone(second), nil
}

func (s *store) UpdateOrderOnce(ctx context.Context, key sales.Key, change func(*sales.Order) error) (sales.Order, sales.Key, bool, error) {
	s.mu.Lock()
	at := [2]string{key.Storefront, key.Key}
	k, bound := s.keys[at]
	s.mu.Unlock()
	if bound {
		o, err := s.Order(ctx, k.Order)
		return o, k, false, err
	}
	o, err := s.UpdateOrder(ctx, key.Order, change)
	if err != nil {
		return sales.Order{}, sales.Key{}, false, err
	}
	_, _, err = s.BindKey(ctx, key)
	return o, key, true, err
}

// duplicate reports a platform order or a barcode that another order of the institution has, or a barcode twice in this.
func (s *store) duplicate(o *sales.Order) bool {
	seen := map[sales.Barcode]bool{}
	for _, t := range o.Tickets {
		if seen[t.Barcode] {
			return true
		}
		seen[t.Barcode] = true
	}
	for _, other := range s.orders {
		if other.ID == o.ID || other.Institution != o.Institution {
			continue
		}
		if o.Platform.OrderID != 0 && other.Platform.OrderID == o.Platform.OrderID {
			return true
		}
		if slices.ContainsFunc(other.Tickets, func(t sales.Ticket) bool { return seen[t.Barcode] }) {
			return true
		}
	}
	return false
}

func (s *store) Orders(ctx context.Context, q sales.Query) ([]sales.Order, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []sales.Order
	for _, o := range s.orders {
		if (q.Storefront == "" || o.Storefront == q.Storefront) &&
			(q.Institutions == nil || slices.Contains(q.Institutions, o.Institution)) &&
			(q.Reference == "" || o.Reference == q.Reference) && (q.Basket == "" || o.Basket == q.Basket) && (len(q.Statuses) == 0 || slices.Contains(q.Statuses, o.Status)) {
			out = append(out, s.clone(o))
		}
	}
	slices.SortFunc(out, func(a, b sales.Order) int { return strings.Compare(string(b.ID), string(a.ID)) })
	return out, "", ctx.Err()
}

func (s *store) OrderByTicket(ctx context.Context, ticket string) (sales.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if o.Ticket(ticket) != nil {
			return s.clone(o), ctx.Err()
		}
	}
	return sales.Order{}, domain.Errorf(domain.NotFound, sales.CodeTicketUnknown, "no ticket %s", ticket)
}

func (s *store) DueOrders(ctx context.Context, statuses []sales.Status, before time.Time, limit int) ([]sales.OrderID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []sales.Order
	for _, o := range s.orders {
		if slices.Contains(statuses, o.Status) && !o.NextCheckAt.After(before) && ((o.Status != sales.Review && o.Status != sales.Issued && o.Status != sales.Issuing) || !o.NextCheckAt.IsZero()) {
			due = append(due, o)
		}
	}
	slices.SortFunc(due, func(a, b sales.Order) int {
		return cmp.Or(a.NextCheckAt.Compare(b.NextCheckAt), strings.Compare(string(a.ID), string(b.ID)))
	})
	var ids []sales.OrderID
	for _, o := range due[:min(limit, len(due))] {
		ids = append(ids, o.ID)
	}
	return ids, ctx.Err()
}

func (s *store) DueLooks(ctx context.Context, code domain.InstitutionCode, before time.Time, limit int) ([]sales.DueLook, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []sales.Order
	for _, o := range s.orders {
		if o.Institution == code && o.Status.Sold() && !o.LookAt.IsZero() && !o.LookAt.After(before) {
			due = append(due, o)
		}
	}
	slices.SortFunc(due, func(a, b sales.Order) int {
		if a.LookFor.IsZero() != b.LookFor.IsZero() {
			return b.LookFor.Compare(a.LookFor) // none comes last
		}
		return cmp.Or(a.LookFor.Compare(b.LookFor), a.LookAt.Compare(b.LookAt), strings.Compare(string(a.ID), string(b.ID)))
	})
	var ids []sales.DueLook
	for _, o := range due[:min(limit, len(due))] {
		ids = append(ids, sales.DueLook{Order: o.ID, Status: o.Status, For: o.LookFor})
	}
	return ids, ctx.Err()
}

func (s *store) TakeLook(_ context.Context, code domain.InstitutionCode, day domain.Day, most int) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := string(code) + string(day)
	if s.looks[at] >= most {
		return false, nil
	}
	s.looks[at]++
	return true, nil
}

func (s *store) BeginBasketClose(_ context.Context, c sales.BasketClose) (sales.BasketClose, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if had, ok := s.baskets[c.Basket]; ok {
		return had, nil
	}
	s.baskets[c.Basket] = c
	return c, nil
}

func (s *store) UpdateBasketClose(_ context.Context, id sales.BasketID, change func(*sales.BasketClose) error) (sales.BasketClose, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.baskets[id]
	if !ok {
		return c, domain.Errorf(domain.NotFound, sales.CodeBasketUnknown, "no basket %s", id)
	}
	if err := change(&c); err != nil {
		return sales.BasketClose{}, err
	}
	s.baskets[id] = c
	return c, nil
}

func (s *store) DueBasketCloses(_ context.Context, before time.Time, limit int) ([]sales.BasketID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []sales.BasketID
	for _, id := range slices.Sorted(maps.Keys(s.baskets)) {
		if c := s.baskets[id]; c.Phase != sales.BasketSold && c.Phase != sales.BasketUndone && !c.NextAt.After(before) && len(ids) < limit {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (s *store) CountOrders(context.Context) ([]sales.Count, error) {
	return nil, nil
}

// all lists every order by id.
func (s *store) all() []sales.Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []sales.Order
	for _, o := range s.orders {
		out = append(out, s.clone(o))
	}
	slices.SortFunc(out, func(a, b sales.Order) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

// must loads an order.
func (s *store) must(tb testing.TB, id sales.OrderID) sales.Order {
	tb.Helper()
	o, err := s.Order(context.WithoutCancel(tb.Context()), id)
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

func (s *store) posted(id sales.OrderID) []sales.Posting {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []sales.Posting
	for _, p := range s.postings {
		if p.Order == id {
			out = append(out, p)
		}
	}
	return out
}
