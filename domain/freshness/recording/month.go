package recording

import (
	"cmp"
	"slices"
	"time"

	"guichet/domain/catalog"
)

// Month makes a recording of what was kept of a time: it leaves out what says nothing new, brings rows into order and begins
// with what was known before. Give it packs of events in order with Add; what it writes, Read accepts. It is not safe for
// concurrent use.
type Month struct {
	from, to time.Time
	write    func(Event) error

	known  map[catalog.PerformanceID]*lasting
	order  []catalog.PerformanceID
	before bool // something is known of the time before from
	began  bool
	last   time.Time
	rows   int
}

// lasting is what stays true of a performance until a row says otherwise.
type lasting struct {
	event    Event
	readings []Event // one of each category
}

// NewMonth writes the events in [from, to), which are not further apart than MostDays.
func NewMonth(from, to time.Time, write func(Event) error) *Month {
	return &Month{from: from, to: to, write: write, known: map[catalog.PerformanceID]*lasting{}}
}

// Rows is how many events were written.
func (m *Month) Rows() int { return m.rows }

// Add takes what one step kept, in any order. Errors: what write returns.
func (m *Month) Add(events []Event) error {
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(cmp.Compare(rank(a.Kind), rank(b.Kind)), a.At.Compare(b.At))
	})
	for _, e := range events {
		if err := m.add(e); err != nil {
			return err
		}
	}
	return nil
}

// rank puts performances before what happens to them.
func rank(k Kind) int {
	if k == Performance {
		return 0
	}
	return 1
}

func (m *Month) add(e Event) error {
	if e.At.Before(m.from) {
		m.before = true
	}
	if !e.At.Before(m.to) {
		return nil
	}
	if e.Kind == Performance {
		return m.performance(e)
	}
	l := m.known[e.Performance]
	if l == nil || !e.fits() || e.Kind != Looks && !l.category(e.Category) {
		return nil
	}
	if e.Kind == Reading && !l.read(e) || e.At.Before(m.from) {
		return nil
	}
	if err := m.begin(e.At); err != nil {
		return err
	}
	return m.put(e)
}

// fits reports whether Read takes the event's number, level and category.
func (e *Event) fits() bool {
	least := 1
	if e.Kind == Reading {
		least = 0
	}
	return e.Number >= least && e.Number <= mostNumber && e.Category >= 0 && e.Category <= 1<<53 && (e.Level == "" || e.Kind == Reading)
}

// category reports whether a category is known or may be added.
func (l *lasting) category(id catalog.SeatCategoryID) bool {
	if slices.ContainsFunc(l.readings, func(r Event) bool { return r.Category == id }) {
		return true
	}
	if len(l.readings) == mostCategories {
		return false
	}
	l.readings = append(l.readings, Event{Category: id}) // nothing was read of it yet
	return true
}

// read reports whether a reading says something new, and remembers it.
func (l *lasting) read(e Event) bool {
	for i := range l.readings {
		r := &l.readings[i]
		if r.Category != e.Category {
			continue
		}
		if r.Kind == Reading && r.Level == e.Level && r.Number == e.Number {
			return false
		}
		*r = e
	}
	return true
}

func (m *Month) performance(e Event) error {
	if e.Performance < 1 || e.Performance > 1<<53 || e.Product < 1 || e.Product > 1<<53 || !sound(e.Start) || !e.OnSale.IsZero() && !sound(e.OnSale) {
		return nil
	}
	l := m.known[e.Performance]
	switch {
	case l == nil && len(m.known) == MostPerformances:
		return nil
	case l == nil:
		l = &lasting{event: e}
		m.known[e.Performance] = l
		m.order = append(m.order, e.Performance)
	default:
		if e.OnSale.IsZero() { // since it is on sale, nothing says any more since when
			e.OnSale = l.event.OnSale
		}
		if e.Start.Equal(l.event.Start) && e.OnSale.Equal(l.event.OnSale) {
			return nil
		}
		l.event = e
	}
	if !m.began {
		return nil
	}
	return m.name(l)
}

// sound reports whether Read takes a time.
func sound(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 9998 }

// name writes a performance where the recording has come to.
func (m *Month) name(l *lasting) error {
	e := l.event
	e.At = m.last
	return m.put(e)
}

// begin writes what is known when the recording begins: at its from, or where nothing was kept so early, at its first event.
func (m *Month) begin(at time.Time) error {
	if m.began {
		return nil
	}
	m.began, m.last = true, at
	if m.before {
		m.last = m.from
	}
	for _, id := range m.order {
		l := m.known[id]
		if err := m.name(l); err != nil {
			return err
		}
		for _, r := range l.readings {
			if r.Kind != Reading || !r.At.Before(m.from) {
				continue
			}
			if err := m.put(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// put writes a row, not before the last one.
func (m *Month) put(e Event) error {
	if e.At.Before(m.last) {
		e.At = m.last
	}
	if m.rows == MostEvents {
		return nil
	}
	m.last = e.At
	m.rows++
	return m.write(e)
}
