package sample

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

// Outbox is a delivery.MailStore in memory; Version counts every stored change. The zero value is ready. It is safe for
// concurrent use.
type Outbox struct {
	mu    sync.Mutex
	mails map[delivery.MailID]delivery.Mail
	keys  map[string]sales.Key
	Tasks []delivery.MailID                         // that were asked for, in order
	Moved []delivery.MovedLine                      // what the institution changed, in order
	Sold  map[catalog.PerformanceID][]sales.OrderID // by id
	mark  *delivery.MailMark
}

// MailMark implements delivery.ChangedStore.
func (b *Outbox) MailMark(context.Context, domain.InstitutionCode) (delivery.MailMark, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.mark == nil {
		return delivery.MailMark{}, false, nil
	}
	return *b.mark, true, nil
}

// SaveMailMark implements delivery.ChangedStore.
func (b *Outbox) SaveMailMark(_ context.Context, _ domain.InstitutionCode, mark delivery.MailMark) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mark = &mark
	return nil
}

// NextMoved implements delivery.ChangedStore.
func (b *Outbox) NextMoved(_ context.Context, _ domain.InstitutionCode, after delivery.MailMark, upTo int64) (delivery.MovedLine, bool, error) {
	for _, l := range b.Moved {
		if l.Seq <= upTo && (l.Seq > after.Seq || l.Seq == after.Seq && l.Line > after.Line) {
			return l, true, nil
		}
	}
	return delivery.MovedLine{}, false, nil
}

// TicketOrders implements delivery.ChangedStore.
func (b *Outbox) TicketOrders(_ context.Context, _ domain.InstitutionCode, id catalog.PerformanceID, after sales.OrderID, limit int) ([]sales.OrderID, error) {
	var ids []sales.OrderID
	for _, o := range b.Sold[id] {
		if o > after && len(ids) < limit {
			ids = append(ids, o)
		}
	}
	return ids, nil
}

// QueueMail implements delivery.MailStore.
func (b *Outbox) QueueMail(_ context.Context, m delivery.Mail, key *sales.Key) (delivery.Mail, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.mails == nil {
		b.mails, b.keys = map[delivery.MailID]delivery.Mail{}, map[string]sales.Key{}
	}
	if key != nil {
		if k, ok := b.keys[key.Storefront+" "+key.Key]; ok && !k.Same(*key) {
			return delivery.Mail{}, false, domain.Errorf(domain.Invalid, sales.CodeKeyReused, "used")
		}
		b.keys[key.Storefront+" "+key.Key] = *key
	}
	if stored, ok := b.mails[m.ID]; ok {
		return stored, false, nil
	}
	m.Version = 1
	b.mails[m.ID] = m
	b.Tasks = append(b.Tasks, m.ID)
	return m, true, nil
}

// Mail implements delivery.MailStore.
func (b *Outbox) Mail(_ context.Context, id delivery.MailID) (delivery.Mail, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.mails[id]
	if !ok {
		return m, domain.Errorf(domain.NotFound, delivery.CodeMailUnknown, "no mail %s", id)
	}
	return m, nil
}

// UpdateMail implements delivery.MailStore.
func (b *Outbox) UpdateMail(_ context.Context, id delivery.MailID, change func(*delivery.Mail) error) (delivery.Mail, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.mails[id]
	if !ok {
		return m, domain.Errorf(domain.NotFound, delivery.CodeMailUnknown, "no mail %s", id)
	}
	if err := change(&m); err != nil {
		return m, err
	}
	m.Version++
	b.mails[id] = m
	return m, nil
}

// DueMails implements delivery.MailStore.
func (b *Outbox) DueMails(_ context.Context, now time.Time, limit int) ([]delivery.MailID, error) {
	list := b.list(func(m *delivery.Mail) bool { return m.Due(now) }, func(x, y delivery.Mail) int { return x.NextAt.Compare(y.NextAt) })
	var ids []delivery.MailID
	for _, m := range list[:min(len(list), limit)] {
		ids = append(ids, m.ID)
	}
	return ids, nil
}

// CountMails implements delivery.MailStore by institution and status, in no order.
func (b *Outbox) CountMails(_ context.Context, ended time.Time) ([]delivery.MailCount, error) {
	counts := map[delivery.MailCount]delivery.MailCount{}
	for _, m := range b.list(func(m *delivery.Mail) bool {
		return m.EndedAt.IsZero() && m.SentAt.IsZero() || !m.EndedAt.Before(ended)
	}, func(x, y delivery.Mail) int { return x.QueuedAt.Compare(y.QueuedAt) }) {
		key := delivery.MailCount{Institution: m.Institution, Status: m.Status}
		c, ok := counts[key]
		if !ok {
			c = key
			c.Oldest = m.QueuedAt
		}
		c.N++
		counts[key] = c
	}
	return slices.Collect(maps.Values(counts)), nil
}

// Mails implements delivery.MailStore; it knows no pages.
func (b *Outbox) Mails(_ context.Context, q delivery.MailQuery) ([]delivery.Mail, string, error) {
	list := b.list(func(m *delivery.Mail) bool {
		return (q.Order == "" || m.Order == q.Order) && (q.Institutions == nil || slices.Contains(q.Institutions, m.Institution)) &&
			(len(q.Statuses) == 0 || slices.Contains(q.Statuses, m.Status))
	}, func(x, y delivery.Mail) int { return y.QueuedAt.Compare(x.QueuedAt) })
	return list, "", nil
}

func (b *Outbox) list(keep func(*delivery.Mail) bool, order func(x, y delivery.Mail) int) []delivery.Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []delivery.Mail
	for _, m := range b.mails {
		if keep(&m) {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(x, y delivery.Mail) int { return cmp.Or(order(x, y), cmp.Compare(x.ID, y.ID)) })
	return list
}
