package model

import (
	"cmp"
	"slices"

	"guichet/domain/catalog"
	"guichet/domain/freshness"
)

// oracle looks into the world.
type oracle struct {
	w     *world
	wrong []mistake
}

// mistake is a performance that shows what is gone.
type mistake struct {
	perf    int32
	refused float64 // buyers a minute who would be refused
}

func (o *oracle) viewed(int32, int, int)             {}
func (o *oracle) held(int32, int, int, int)          {}
func (o *oracle) refused(int32, int)                 {}
func (o *oracle) read(int32, []freshness.Stock, int) {}
func (o *oracle) polled(int, int, []catalog.Moved)   {}

func (o *oracle) decide(minute int, b freshness.Budget) asks {
	var out asks
	if b.Calls-b.ReserveCalls < 1 {
		return out
	}
	o.wrong = o.wrong[:0]
	for i := range o.w.perfs {
		p := &o.w.perfs[i]
		if p.onSale > minute || p.start <= minute {
			continue
		}
		if share := o.share(i); share > 0 {
			o.wrong = append(o.wrong, mistake{int32(i), share * p.rate(minute)})
		}
	}
	if len(o.wrong) == 0 {
		return out
	}
	slices.SortFunc(o.wrong, func(a, b mistake) int { return cmp.Or(cmp.Compare(b.refused, a.refused), cmp.Compare(a.perf, b.perf)) })
	list := make([]int32, min(200, len(o.wrong)))
	for k := range list {
		list[k] = o.wrong[k].perf
	}
	out.reads = [][]int32{list}
	return out
}

// share is the part of a performance's buyers that it now shows places to that are gone.
func (o *oracle) share(i int) float64 {
	p, s := &o.w.perfs[i], &o.w.shown[i]
	share, before := 0.0, 0.0
	for j := range p.cats {
		pull := p.pull[j] - before
		before = p.pull[j]
		least := 0.0
		for k, upTo := range orderSizes() {
			if n := k + 1; (s.read == 0 || s.counts[j] >= n) && p.cats[j].left < n {
				share += pull * (upTo - least)
			}
			least = upTo
		}
	}
	return share
}
