package freshness

import (
	"context"
	"fmt"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/freshness/recording"
)

// Part is what one step adds to the recording of what is lived: what its readings said that was new, and what happened.
// Undated products are not in it: a recording is of performances. It holds no personal data and no order.
type Part struct {
	At      time.Time // when the step kept it
	Version int64     // of the state that it was kept with
	Whole   bool      // it begins with all that is known: a recording may begin here
	Events  int       // how many
	Content []byte    // the events, packed
}

// How much is kept of what was lived: a whole month for some days after its end, of a busy institution less.
const (
	keepDays   = 35
	keepParts  = keepDays * 24 * time.Hour
	mostEvents = 5_000_000 // of an institution
	mostOfPart = 200_000   // of one step; what is more is left out
)

// diary gathers what a step saw until it is kept with the state.
type diary struct {
	events []recording.Event
	whole  bool
}

func (d *diary) add(e recording.Event) {
	if e.Performance > 0 && len(d.events) < mostOfPart {
		d.events = append(d.events, e)
	}
}

// part is what is kept of a step; one without events where it saw nothing.
func (d *diary) part(at time.Time, version int64) (Part, error) {
	if len(d.events) == 0 {
		return Part{}, nil
	}
	raw, err := recording.Pack(d.events)
	if err != nil {
		return Part{}, err
	}
	return Part{At: at, Version: version, Whole: d.whole, Events: len(d.events), Content: raw}, nil
}

// What a reading said, in one number: 0 is nothing yet, above it the places and one, below it a level without a number.
const (
	saidSoldOut int32 = -1 - iota
	saidLimited
	saidGood
	saidNotOnSale
	saidUnknown
	mostSaid = 1_000_000 // places
)

func saidOf(l Stock) int32 {
	switch {
	case l.Level == catalog.LevelNotOnSale:
		return saidNotOnSale
	case l.Counted:
		return 1 + int32(min(mostSaid, max(0, l.Count)))
	case l.Level == catalog.LevelSoldOut:
		return saidSoldOut
	case l.Level == catalog.LevelLimited:
		return saidLimited
	case l.Level == catalog.LevelGood:
		return saidGood
	default:
		return saidUnknown
	}
}

// readingOf is the event of what was said.
func readingOf(at time.Time, id catalog.PerformanceID, category catalog.SeatCategoryID, said int32) recording.Event {
	e := recording.Event{At: at, Kind: recording.Reading, Performance: id, Category: category}
	switch said {
	case saidSoldOut:
		e.Level = catalog.LevelSoldOut
	case saidLimited:
		e.Level = catalog.LevelLimited
	case saidGood:
		e.Level = catalog.LevelGood
	case saidNotOnSale:
		e.Level = catalog.LevelNotOnSale
	case saidUnknown:
		e.Level = catalog.LevelUnknown
	default:
		e.Number = int(said) - 1
	}
	return e
}

// paint begins the diary with all that is known, once a day: what was kept earlier may be gone by then.
func (m *mind) paint(now time.Time) {
	today := now.Unix() / int64(day)
	if m.painted == today {
		return
	}
	m.painted, m.diary.whole = today, true
	for i := range m.planner.perfs {
		f := &m.planner.perfs[i]
		if f.start <= now.Unix() {
			continue
		}
		m.diary.add(recording.Event{
			At: now, Kind: recording.Performance, Product: m.planner.goods[f.product].id, Performance: f.id, Start: time.Unix(f.start, 0).UTC(), OnSale: onSaleAt(f.onSale),
		})
		for _, s := range f.stock {
			if s.said != 0 {
				m.diary.add(readingOf(now, f.id, s.category, s.said))
			}
		}
	}
}

// put tells the planner of a performance, and the diary of what is new of it.
func (m *mind) put(p Performance, now time.Time) {
	e := recording.Event{At: now, Kind: recording.Performance, Product: p.Product, Performance: p.ID, Start: p.Start, OnSale: p.OnSale}
	i, known := m.planner.at[p.ID]
	if known {
		was := onSaleAt(m.planner.perfs[i].onSale)
		switch {
		case p.OnSale.IsZero() && was.After(now): // it has opened earlier than was said
			e.OnSale = now
		case p.OnSale.IsZero():
			e.OnSale = was
		}
		known = m.planner.perfs[i].start == p.Start.Unix() && e.OnSale.Unix() == was.Unix()
	}
	if !known {
		m.diary.add(e)
	}
	m.planner.Put(p)
}

// read tells the planner what was read, and the diary what is new of it.
func (m *mind) read(id catalog.PerformanceID, stocks []Stock, at time.Time) {
	for _, l := range stocks {
		if said := saidOf(l); m.planner.said(id, l.Category) != said {
			m.diary.add(readingOf(at, id, l.Category, said))
		}
	}
	m.planner.Read(id, stocks, at)
}

// said is what the last reading of a category said; 0 is nothing yet.
func (p *Planner) said(id catalog.PerformanceID, category catalog.SeatCategoryID) int32 {
	if i, ok := p.at[id]; ok {
		for _, s := range p.perfs[i].stock {
			if s.category == category {
				return s.said
			}
		}
	}
	return 0
}

// category is the one whose readings say what is left of a place: the performance as a whole, where the platform gives no
// categories.
func (p *Planner) category(l Places) catalog.SeatCategoryID {
	if p.said(l.Performance, l.Category) == 0 && p.said(l.Performance, 0) != 0 {
		return 0
	}
	return l.Category
}

// record writes into the diary what happened.
func (m *mind) record(kind recording.Kind, l Places, at time.Time) {
	if _, ok := m.planner.at[l.Performance]; !ok || l.N < 1 {
		return
	}
	e := recording.Event{At: at, Kind: kind, Performance: l.Performance, Number: min(l.N, mostSaid)}
	if kind != recording.Looks {
		e.Category = m.planner.category(l)
	}
	m.diary.add(e)
}

// Prune deletes what is too old, or too much, of what is kept of readings, looks, holds and refusals. It does one bounded step.
func (s *Service) Prune(ctx context.Context) (domain.Outcome, error) {
	out := domain.Outcome{}
	for _, code := range s.Institutions {
		n, err := s.Store.PruneParts(ctx, code, s.Clock().Add(-keepParts), mostEvents)
		out.Done += int(n)
		if err != nil {
			return out, fmt.Errorf("prune the recording of %s: %w", code, err)
		}
	}
	return out, nil
}

// Record writes what was lived at an institution in [from, to), at most recording.MostDays, in order: performances with what
// was known before, readings that said something new, looks, holds and refusals. It returns how many events there were.
// Errors: quota.recording, where nothing is kept of that time; of the store; what write returns.
func Record(ctx context.Context, store Store, code domain.InstitutionCode, from, to time.Time, write func(recording.Event) error) (int, error) {
	month := recording.NewMonth(from, to, write)
	err := store.Parts(ctx, code, from, to, func(p Part) error {
		events, err := recording.Unpack(p.Content)
		if err != nil {
			return err
		}
		return month.Add(events)
	})
	switch {
	case err != nil:
		return month.Rows(), fmt.Errorf("record %s: %w", code, err)
	case month.Rows() == 0:
		return 0, domain.Errorf(domain.NotFound, recording.CodeRecording, "nothing is kept of %s between %s and %s: what is lived is kept for %d days",
			code, from.Format(time.RFC3339), to.Format(time.RFC3339), keepDays)
	}
	return month.Rows(), nil
}
