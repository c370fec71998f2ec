package freshness

import (
	"time"

	"guichet/domain/catalog"
)

// Reason says why a performance was read.
type Reason string

// The reasons. A call that has room takes others along: those are read for ReasonRoom.
const (
	ReasonNever    Reason = "never_read" // it is on sale and nothing was ever read of it
	ReasonRefused  Reason = "refused"    // a hold was refused that our figures allowed
	ReasonFloor    Reason = "floor"      // its last reading was as old as the floor allows
	ReasonScarce   Reason = "scarce"     // looked at, and what we say may have sold out since
	ReasonReturned Reason = "returned"   // looked at, and what we call sold out may be back
	ReasonRoom     Reason = "room"       // the call was made for others and had room
)

// Explanation is why a performance was read when it was, in the planner's own figures at the moment of deciding.
type Explanation struct {
	Performance   catalog.PerformanceID
	Reason        Reason // "" is never decided yet
	DecidedAt     time.Time
	ReadAt        time.Time     // zero is never
	Age           time.Duration // of what was known, at the decision; 0 where nothing was
	ViewsPerHour  float64
	PlacesPerHour float64 // how fast it sells, all categories together
	Left          float64 // places believed left in the scarcest category that sells; -1 where none does
	Value         float64 // what the reading was worth, in the planner's units
	Price         float64 // what a whole call cost in the same units
}

// Explain says why the performance was read last, and what the planner believes of it now; false for one it does not know.
// Now has the same members for this moment: its Reason is what would speak for reading it.
func (p *Planner) Explain(id catalog.PerformanceID, now time.Time) (last, current Explanation, ok bool) {
	i, found := p.at[id]
	if !found {
		return Explanation{}, Explanation{}, false
	}
	last = p.perfs[i].last
	last.Performance = id
	m := p.moment(now.Unix())
	current = p.describe(&p.perfs[i], m)
	current.Reason = p.reason(&p.perfs[i], m)
	current.DecidedAt, current.ReadAt, current.Price = now, last.ReadAt, p.price
	return last, current, true
}

// describe fills in the figures of one performance.
func (p *Planner) describe(f *perf, m moment) Explanation {
	e := Explanation{Performance: f.id, Left: -1, ViewsPerHour: p.views(f, m) * 3600, Value: p.value(f, m), Price: p.price}
	if known := max(f.read, f.confirmed); known > 0 {
		e.Age = time.Duration(m.now-known) * time.Second
	}
	for j := range f.stock {
		s := &f.stock[j]
		if s.off {
			continue
		}
		e.PlacesPerHour += max(s.fast, s.slow) * 3600
		if !s.out && (e.Left < 0 || s.left < e.Left) {
			e.Left = max(0, s.left)
		}
	}
	return e
}

// reason is what speaks most for reading the performance now.
func (p *Planner) reason(f *perf, m moment) Reason {
	switch {
	case f.read == 0:
		return ReasonNever
	case f.refused > f.read:
		return ReasonRefused
	case m.now-max(f.read, f.confirmed) >= int64(p.set.Floor.Seconds()*hardFloor):
		return ReasonFloor
	}
	scarce, back := p.parts(f, m)
	if back > scarce {
		return ReasonReturned
	}
	return ReasonScarce
}
