package catalog

import (
	"maps"
	"slices"
	"sync"
	"time"

	"guichet/domain"
)

// View is a snapshot with the availability that lies over it, at one moment. It is immutable; share it freely.
type View struct {
	*Snapshot
	index     *Index
	spent     spent
	levels    map[Key]Availability
	shares    map[PerformanceID][]ContingentID // those that readings are of, by number
	confirmed time.Time                        // everything the platform did not report as moved is true as of then
	quietFrom time.Time                        // since when what it reports is without a gap; zero is since everything was read
	moves     map[ProductID]time.Time          // the last move it reported, where that was not followed by a reading at once
	latest    time.Time                        // the newest reading
	moments   func() []time.Time
}

// NewView lays readings over a snapshot and builds the snapshot's index, which takes a while: it is for those who prepare
// a view aside, not for those who read one. Confirmed is the moment up to which the platform reported every move.
func NewView(snap *Snapshot, readings []Reading, confirmed time.Time) *View {
	v := &View{Snapshot: snap, index: newIndex(snap), levels: make(map[Key]Availability, len(readings)), confirmed: confirmed}
	v.shares = map[PerformanceID][]ContingentID{}
	v.lay(readings)
	v.spent = v.spentAfter(nil, readings)
	v.moments = sync.OnceValue(v.findMoments)
	return v
}

// lay lays readings over a view that nobody has seen yet.
func (v *View) lay(readings []Reading) {
	for _, r := range readings {
		v.levels[r.Key] = r.Availability
		if r.AsOf.After(v.latest) {
			v.latest = r.AsOf
		}
		if r.Contingent == 0 {
			continue
		}
		list := v.shares[r.Performance]
		if at, there := slices.BinarySearch(list, r.Contingent); !there {
			v.shares[r.Performance] = slices.Insert(slices.Clone(list), at, r.Contingent)
		}
	}
}

// With returns a view with more readings laid over this one; the receiver is unchanged.
func (v *View) With(readings []Reading, confirmed time.Time) *View {
	n := &View{
		Snapshot: v.Snapshot, index: v.index, levels: v.levels, shares: v.shares, confirmed: confirmed, quietFrom: v.quietFrom,
		moves: v.moves, latest: v.latest,
	}
	if len(readings) > 0 {
		n.levels = make(map[Key]Availability, len(v.levels)+len(readings))
		maps.Copy(n.levels, v.levels)
		n.shares = maps.Clone(v.shares)
		n.lay(readings)
	}
	n.spent = n.spentAfter(v, readings)
	n.moments = sync.OnceValue(n.findMoments)
	return n
}

// Index is what the snapshot is searched by. (A snapshot's own Index is done once before it is shared; a view needs it no more.)
func (v *View) Index() *Index { return v.index }

// ConfirmedAt is the moment up to which the platform reported every move of availability; zero is never.
func (v *View) ConfirmedAt() time.Time { return v.confirmed }

// LatestAt is the moment of the newest thing known of availability: a reading, or a confirmation. Zero is nothing.
func (v *View) LatestAt() time.Time {
	if v.confirmed.After(v.latest) {
		return v.confirmed
	}
	return v.latest
}

// Moments are those as of which the availability of performances is known, each once, in order. The first call looks through
// everything that is known; who prepares a view makes it.
func (v *View) Moments() []time.Time { return v.moments() }

func (v *View) findMoments() []time.Time {
	seen := map[int64]time.Time{}
	for k, a := range v.levels {
		if k.Performance != 0 && k.Contingent == 0 {
			at := v.asOf(k, a.AsOf)
			seen[at.UnixMilli()] = at
		}
	}
	return slices.SortedFunc(maps.Values(seen), time.Time.Compare)
}

// Read is what was last read of exactly this key, as of the moment it was read; false where nothing ever was.
func (v *View) Read(k Key) (Availability, bool) {
	a, ok := v.levels[k]
	return a, ok
}

// Unread reports whether no availability was ever read.
func (v *View) Unread() bool { return len(v.levels) == 0 }

// polled adds to a view that nobody has seen yet what the platform reported as moved, and since when without a gap.
func (v *View) polled(from time.Time, moved []Moved) *View {
	v.quietFrom = from
	if len(moved) == 0 {
		return v
	}
	v.moves = maps.Clone(v.moves)
	if v.moves == nil {
		v.moves = make(map[ProductID]time.Time, len(moved))
	}
	for _, m := range moved {
		if m.At.After(v.moves[m.Product]) {
			v.moves[m.Product] = m.At
		}
	}
	return v
}

// asOf is until when a reading is known to be true: confirmed where the platform has reported every move since it was made,
// and none of its product.
func (v *View) asOf(k Key, read time.Time) time.Time {
	if !v.confirmed.After(read) || read.Before(v.quietFrom) || read.Before(v.moves[k.Product]) {
		return read
	}
	return v.confirmed
}

// Availability is what is known of exactly this key; an unknown level where nothing was ever read. AsOf is the later of
// when it was read and when the platform last confirmed that nothing of its product had moved since.
func (v *View) Availability(k Key) Availability {
	a, ok := v.levels[k]
	switch {
	case ok:
		a.AsOf = v.asOf(k, a.AsOf)
	case v.quietFrom.IsZero(): // everything was read, and nothing said of this
		a = Availability{Level: LevelUnknown, AsOf: v.confirmed}
	default:
		a.Level = LevelUnknown
	}
	return a
}

// PerformanceAvailability is the availability of a performance as a whole.
func (v *View) PerformanceAvailability(p *Performance) Availability {
	return v.Availability(Key{Product: p.Product, Performance: p.ID})
}

// CategoryAvailability is the availability of one seat category of a performance.
func (v *View) CategoryAvailability(p *Performance, id SeatCategoryID) Availability {
	return v.Availability(Key{Product: p.Product, Performance: p.ID, SeatCategory: id})
}

// ContingentAvailability is the availability of one share of a performance's places.
func (v *View) ContingentAvailability(p *Performance, id ContingentID) Availability {
	return v.Availability(Key{Product: p.Product, Performance: p.ID, Contingent: id})
}

// Contingents lists the shares of a performance's places that the platform has said something about, by number.
func (v *View) Contingents(p PerformanceID) []ContingentID { return v.shares[p] }

// ItemAvailability is the availability of an item; slot and day are 0 and "" for an untimed one.
func (v *View) ItemAvailability(it *Item, slot TimeslotID, day domain.Day) Availability {
	return v.Availability(Key{Product: it.Product, Item: it.ID, Timeslot: slot, Day: day})
}

// ProductAvailability is the best level among what of the product is still to come; AsOf is the oldest of what was
// looked at. A dated product with nothing to come is not_on_sale.
func (v *View) ProductAvailability(p *Product, now time.Time) Availability {
	if len(p.Performances) == 0 {
		if k := (Key{Product: p.ID}); v.has(k) {
			return v.Availability(k)
		}
		if len(p.Items) == 0 {
			return Availability{Level: LevelUnknown, AsOf: v.confirmed}
		}
		best := v.ItemAvailability(&p.Items[0], 0, "")
		for i := range p.Items[1:] {
			best = better(best, v.ItemAvailability(&p.Items[i+1], 0, ""))
		}
		return best
	}
	var best Availability
	for _, id := range p.Performances {
		perf := v.Performance(id)
		if perf == nil || perf.Over(now) {
			continue
		}
		a := v.PerformanceAvailability(perf)
		a.Count, a.Counted = 0, false // counts of different days do not add up to anything a buyer can use
		if best.Level == "" {
			best = a
			continue
		}
		best = better(best, a)
	}
	if best.Level == "" {
		return Availability{Level: LevelNotOnSale, AsOf: v.confirmed}
	}
	return best
}

func (v *View) has(k Key) bool {
	_, ok := v.levels[k]
	return ok
}

// order of goodness when several availabilities are seen as one.
var goodness = map[Level]int{LevelGood: 5, LevelLimited: 4, LevelUnknown: 3, LevelSoldOut: 2, LevelNotOnSale: 1}

func better(a, b Availability) Availability {
	oldest := a.AsOf
	if b.AsOf.Before(oldest) {
		oldest = b.AsOf
	}
	if goodness[b.Level] > goodness[a.Level] {
		a = b
	}
	a.AsOf = oldest
	return a
}

// Over reports whether the performance has ended: after its end, or its start where no end is known.
func (p *Performance) Over(now time.Time) bool {
	end := p.End
	if end.IsZero() {
		end = p.Start
	}
	return !end.IsZero() && now.After(end)
}
