package catalog

import (
	"slices"
	"time"
)

// NextChange is the first moment after now at which something that is on sale may not be any more, or the reverse: a sale
// period opens or ends, or a performance is over. Until then every judgement of this view stays as it is; zero is for
// ever. New availability makes a new view, and is therefore not waited for.
func (v *View) NextChange(now time.Time) time.Time {
	list := v.index.turns
	if i := after(list, now); i < len(list) {
		return list[i].at
	}
	return time.Time{}
}

// turn is a moment at which the judgement of something may become another one.
type turn struct {
	at time.Time
	// of is a performance, or a product as its complement (^product): what is sold of it without sale periods of its own.
	of int32
}

// after is the place of the first turn after a moment.
func after(list []turn, now time.Time) int {
	i, _ := slices.BinarySearchFunc(list, now, func(t turn, now time.Time) int {
		if t.at.After(now) {
			return 1
		}
		return -1
	})
	return i
}

// turnsOf lists the moments at which a judgement of what the snapshot sells may turn, in order. It lists both ends of every
// sale period, also of those that count for nobody: a moment too many costs a look, one too few a wrong answer.
func turnsOf(s *Snapshot) []turn {
	var list []turn
	note := func(at time.Time, of int32) {
		if !at.IsZero() {
			list = append(list, turn{at, of})
		}
	}
	places := make(map[ProductID]int32, len(s.Products))
	for i := range s.Products {
		p, of := &s.Products[i], ^small(i)
		places[p.ID] = small(i)
		for j := range p.SalePeriods {
			note(p.SalePeriods[j].Start, of)
			note(p.SalePeriods[j].End, of)
		}
		for j := range p.Items {
			for k := range p.Items[j].Prices {
				for _, sp := range p.Items[j].Prices[k].SalePeriods {
					note(sp.Start, of)
					note(sp.End, of)
				}
			}
		}
	}
	for i := range s.Performances {
		p, of := &s.Performances[i], small(i)
		note(p.overFrom(), of)
		for j := range p.SalePeriods {
			note(p.SalePeriods[j].Start, of)
			note(p.SalePeriods[j].EndFor(p.Start), of)
		}
		at, ok := places[p.Product]
		if len(p.SalePeriods) > 0 || !ok {
			continue
		}
		for j := range s.Products[at].SalePeriods {
			if sp := &s.Products[at].SalePeriods[j]; sp.Relative {
				note(sp.EndFor(p.Start), of)
			}
		}
	}
	slices.SortFunc(list, func(a, b turn) int { return a.at.Compare(b.at) })
	return slices.Clip(list)
}

// overFrom is the first moment at which Over holds; zero is never.
func (p *Performance) overFrom() time.Time {
	end := p.End
	if end.IsZero() {
		end = p.Start
	}
	if end.IsZero() {
		return time.Time{}
	}
	return end.Add(1)
}

// sale is what is on sale from one turn to the next. It is immutable.
type sale struct {
	from, until time.Time // until zero is for ever
	toCome      mask      // performances that are not over
	perfs       mask      // performances on sale
	products    mask      // undated products on sale
	before      *sale     // the one before, for those who still look at a moment of then
}

func (s *sale) holds(now time.Time) bool {
	return s != nil && !now.Before(s.from) && (s.until.IsZero() || now.Before(s.until))
}

// saleAt is what is on sale at a moment. Going on from the last one judges only what may have turned since.
func (x *Index) saleAt(now time.Time) *sale {
	last := x.sale.Load()
	switch {
	case last.holds(now):
		return last
	case last != nil && last.before.holds(now):
		return last.before
	}
	next := &sale{from: now}
	at := after(x.turns, now)
	if at < len(x.turns) {
		next.until = x.turns[at].at
	}
	if last == nil || now.Before(last.from) {
		next.toCome, next.perfs, next.products = newMask(len(x.perfs)), newMask(len(x.perfs)), newMask(len(x.products))
		for i := range x.perfs {
			x.judgePerformance(next, small(i), now)
		}
		for i := range x.undated.each {
			x.judgeProduct(next, i, now)
		}
		if last == nil {
			x.sale.CompareAndSwap(nil, next)
		}
		return next
	}
	next.toCome, next.perfs, next.products = last.toCome.clone(), last.perfs.clone(), last.products.clone()
	for _, t := range x.turns[after(x.turns, last.from):at] {
		if t.of >= 0 {
			x.judgePerformance(next, t.of, now)
		} else {
			x.judgeProduct(next, ^t.of, now)
		}
	}
	next.before = &sale{from: last.from, until: last.until, toCome: last.toCome, perfs: last.perfs, products: last.products}
	x.sale.CompareAndSwap(last, next) // when somebody was faster, theirs serves as well
	return next
}

func (x *Index) judgePerformance(s *sale, i int32, now time.Time) {
	p := &x.snap.Performances[i]
	s.toCome.put(i, x.perfs[i].product >= 0 && !p.Over(now))
	s.perfs.put(i, x.snap.SellablePerformance(p, 0, 0, now).OnSale)
}

// judgeProduct judges an undated product, or the performances of a dated one that follow its sale periods.
func (x *Index) judgeProduct(s *sale, i int32, now time.Time) {
	if x.undated.has(i) {
		s.products.put(i, x.snap.SellableProduct(&x.snap.Products[i], now).OnSale)
		return
	}
	for _, at := range x.of(i) {
		if len(x.snap.Performances[at].SalePeriods) == 0 {
			x.judgePerformance(s, at, now)
		}
	}
}

// spent is what the readings of a view say is sold out or not on sale: performances, and undated products.
type spent struct{ perfs, products mask }

// spentAfter judges what readings speak of, and takes the rest over from the view before (nil: none).
func (v *View) spentAfter(before *View, readings []Reading) spent {
	x := v.index
	var s spent
	if before == nil {
		s = spent{newMask(len(x.perfs)), newMask(len(x.products))}
	} else {
		s = spent{before.spent.perfs.clone(), before.spent.products.clone()}
	}
	gone := func(a Availability) bool { return a.Level == LevelSoldOut || a.Level == LevelNotOnSale }
	for i := range readings {
		k := &readings[i].Key
		if at, ok := x.performances[k.Performance]; ok {
			s.perfs.put(at, gone(v.PerformanceAvailability(&x.snap.Performances[at])))
		} else if at, ok := x.productAt[k.Product]; ok && x.undated.has(at) {
			s.products.put(at, gone(v.ProductAvailability(&x.snap.Products[at], v.confirmed)))
		}
	}
	return s
}
