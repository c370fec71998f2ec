package freshness

import (
	"sync"
	"sync/atomic"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Undated is how a product without performances is planned for: like one performance, far away. The platform's ids are
// positive, so the two never meet.
func Undated(id catalog.ProductID) catalog.PerformanceID { return catalog.PerformanceID(-id) }

// Views counts looks at what is for sale, for who looks and for the planner. It is safe for concurrent use; a look is one
// map look-up and one atomic addition.
type Views struct {
	mu   sync.Mutex
	of   map[domain.InstitutionCode]*Counters
	left []*Counters // of catalogs gone by: those who found them may still be counting
}

// Counters are the looks at one snapshot's things. A nil one counts nothing.
type Counters struct {
	snap *catalog.Snapshot
	at   map[catalog.PerformanceID]*atomic.Uint32
}

// NewViews makes a Views that has counted nothing.
func NewViews() *Views { return &Views{of: map[domain.InstitutionCode]*Counters{}} }

// Counters are those of a snapshot. Keep them for as long as the snapshot is served: the first call for one costs as much
// as it has performances. A nil Views has none.
func (v *Views) Counters(snap *catalog.Snapshot) *Counters {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	code := snap.Institution.Code
	old := v.of[code]
	if old != nil && old.snap == snap {
		return old
	}
	c := &Counters{snap: snap, at: make(map[catalog.PerformanceID]*atomic.Uint32, len(snap.Performances))}
	n := make([]atomic.Uint32, len(snap.Performances)+len(snap.Products))
	for i := range snap.Performances {
		c.at[snap.Performances[i].ID], n = &n[0], n[1:]
	}
	for i := range snap.Products {
		if p := &snap.Products[i]; len(p.Performances) == 0 {
			c.at[Undated(p.ID)], n = &n[0], n[1:]
		}
	}
	v.of[code] = c
	if old != nil {
		v.left = append(v.left, old)
	}
	return c
}

// Look counts one look at a performance or, by Undated, a product; what the snapshot does not have is not counted.
func (c *Counters) Look(id catalog.PerformanceID) {
	if c == nil {
		return
	}
	if n := c.at[id]; n != nil {
		n.Add(1)
	}
}

// take moves what was counted since the last take into looks.
func (c *Counters) take(looks map[catalog.PerformanceID]int) {
	for id, n := range c.at {
		if n.Load() != 0 {
			looks[id] += int(n.Swap(0))
		}
	}
}

// roll takes an institution's looks since the last roll. Counters of a catalog gone by are looked at twice more.
func (v *Views) roll(code domain.InstitutionCode) map[catalog.PerformanceID]int {
	looks := map[catalog.PerformanceID]int{}
	if v == nil {
		return looks
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if c := v.of[code]; c != nil {
		c.take(looks)
	}
	kept := v.left[:0]
	for _, c := range v.left {
		if c.snap.Institution.Code != code {
			kept = append(kept, c)
			continue
		}
		c.take(looks)
	}
	clear(v.left[len(kept):])
	v.left = kept
	return looks
}
