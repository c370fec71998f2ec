package catalog

import (
	"math"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
)

// look is one run through one source: first everything is in, then what does not pass is taken out.
type look struct {
	Source
	x       *Index
	ask     *Ask
	terms   []term
	sale    *sale
	room    *room
	perfs   mask    // performances that pass
	list    []int32 // the same one after the other, once all is done
	score   []int32 // of each performance that passes, by the words or by confidence; nil where neither is asked
	undated mask    // undated products that pass; nil in a list of performances
	wording []int32 // the score of each undated product
	// Of products, by gather:
	dated mask    // with a performance that passes
	first []int64 // by product: what the order asks of its performances: first start, lowest price or best score
}

// newLook finds the performances that pass, and the products where those are listed.
func newLook(src Source, a *Ask, terms []term, now time.Time, products bool) *look {
	x := src.View.index
	l := &look{Source: src, x: x, ask: a, terms: terms, sale: x.saleAt(now), room: x.room()}
	l.perfs = l.sale.toCome.clone()
	l.common(l.perfs, func(g group) posted { return g.perfs }, l.sale.perfs, l.View.spent.perfs)
	if a.Product != 0 {
		l.onlyProduct()
	}
	if a.Venue != "" {
		x.placeSet[foldKey(a.Venue)].keepIn(l.perfs)
	}
	if a.Town != "" {
		x.townSet[foldKey(a.Town)].keepIn(l.perfs)
	}
	switch {
	case a.Numbered != nil && *a.Numbered:
		l.perfs.and(x.numbered)
	case a.Numbered != nil:
		l.perfs.andNot(x.numbered)
	}
	if a.From != "" || a.To != "" {
		l.onlyDays()
	}
	if a.PriceMax != nil {
		for i := range l.perfs.each {
			if p := x.perfs[i].price; p == noPrice || p > *a.PriceMax {
				l.perfs.unset(i)
			}
		}
	}
	if products {
		l.matchUndated()
	}
	l.list = l.perfs.members(l.room.perfs[:0])
	if len(terms) > 0 {
		l.onlyWords()
	}
	if a.Sort == SortConfidence {
		l.weighConfidence()
	}
	if products {
		l.gather()
	}
	return l
}

// weighConfidence scores what passes by how sure it is that it still sells.
func (l *look) weighConfidence() {
	l.score = make([]int32, len(l.x.perfs))
	if l.ask.Confidence == nil {
		return
	}
	for _, i := range l.list {
		l.score[i] = int32(l.ask.Confidence(l.View, &l.x.snap.Performances[i])) //nolint:gosec // 0 to 100
	}
}

// done gives back what was used; the look is of no use any more.
func (l *look) done() {
	l.room.perfs = l.list
	l.x.spare.Put(l.room)
}

// common takes out what does not pass a filter that products and performances share.
func (l *look) common(m mask, of func(group) posted, onSale, spent mask) {
	a := l.ask
	if a.OnSale || a.Available {
		m.and(onSale)
	}
	if a.Available {
		m.andNot(spent)
	}
	if len(a.Kinds) > 0 {
		some := newMask(len(m) * 64)
		for _, k := range a.Kinds {
			of(l.x.kinds[k]).addTo(some)
		}
		m.and(some)
	}
	if a.Topic != "" {
		of(l.x.topics[foldKey(a.Topic)]).keepIn(m)
	}
	if a.Season != "" {
		some := newMask(len(m) * 64)
		for _, id := range l.x.seasonsOf(a.Season) {
			of(l.x.seasons[id]).addTo(some)
		}
		m.and(some)
	}
}

// seasonsOf are the seasons of a code or, where no season has it, the one of an id.
func (x *Index) seasonsOf(asked string) []SeasonID {
	var ids []SeasonID
	key := foldKey(asked)
	for i := range x.snap.Seasons {
		if s := &x.snap.Seasons[i]; foldKey(s.Code) == key {
			ids = append(ids, s.ID)
		}
	}
	if len(ids) > 0 {
		return ids
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(asked, string(x.snap.Institution.Code)+"-"), 10, 64)
	if err != nil {
		return nil
	}
	return []SeasonID{SeasonID(n)}
}

func (l *look) onlyProduct() {
	at, ok := l.x.productAt[l.ask.Product]
	if !ok {
		clear(l.perfs)
		return
	}
	posted{list: l.x.of(at)}.keepIn(l.perfs)
}

// dayRange are the days asked for; a day that is none leaves nothing.
func (l *look) dayRange() (from, to int32) {
	from, to = 0, math.MaxInt32
	if l.ask.From != "" {
		from = dayOr(l.ask.From, math.MaxInt32)
	}
	if l.ask.To != "" {
		to = dayOr(l.ask.To, -1)
	}
	return from, to
}

func dayOr(d domain.Day, none int32) int32 {
	if n, ok := dayNumber(d); ok {
		return n
	}
	return none
}

func (l *look) onlyDays() {
	from, to := l.dayRange()
	if l.x.inOrder {
		days := newMask(len(l.x.perfs))
		days.fill(l.x.firstOn(int(from)), l.x.firstOn(int(to)+1))
		l.perfs.and(days)
		return
	}
	for i := range l.perfs.each {
		if d := l.x.perfs[i].day; d < from || d > to {
			l.perfs.unset(i)
		}
	}
}

// firstOn is the first performance on a day or later, where days rise with the starts.
func (x *Index) firstOn(day int) int {
	lo, hi := 0, len(x.perfs)
	for lo < hi {
		if mid := (lo + hi) / 2; int(x.perfs[mid].day) < day {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// onlyWords takes out what a word does not match, and scores the rest by the sum over the words of the best place each
// stands in.
func (l *look) onlyWords() {
	x := l.x
	if l.room.score == nil {
		l.room.score, l.room.scores = make([]int32, len(x.perfs)), make(scores, x.words.docs)
	}
	perfs, undated := l.list, l.undated.members(nil)
	l.score, l.wording = l.room.score, make([]int32, len(l.undated)*64)
	for _, i := range perfs {
		l.score[i] = 0
	}
	one := l.room.scores
	for _, t := range l.terms {
		if len(perfs)+len(undated) == 0 {
			break
		}
		one.clear()
		x.words.score(t, one)
		kept := perfs[:0]
		for _, i := range perfs {
			docs := &x.perfs[i].docs
			if best := max(one[docs[0]], one[docs[1]], one[docs[2]]); best > 0 {
				l.score[i] += int32(best)
				kept = append(kept, i)
			}
		}
		perfs = kept
		kept = undated[:0]
		for _, i := range undated {
			if best := one[x.products[i].doc]; best > 0 {
				l.wording[i] += int32(best)
				kept = append(kept, i)
			}
		}
		undated = kept
	}
	l.list = perfs
	l.perfs.only(perfs)
	l.undated.only(undated)
}

// matchUndated finds the undated products that pass. A venue, town or numbered place rules them out, for they have none. A
// range of days keeps what is bound to days that it meets: a timeslot in the range, or a date of the visitor's choice.
func (l *look) matchUndated() {
	a, x := l.ask, l.x
	if a.Venue != "" || a.Town != "" || (a.Numbered != nil && *a.Numbered) {
		l.undated = newMask(len(x.products))
		return
	}
	l.undated = x.undated.clone()
	l.common(l.undated, func(g group) posted { return g.products }, l.sale.products, l.View.spent.products)
	if a.Product != 0 {
		at, ok := x.productAt[a.Product]
		ok = ok && l.undated.has(at)
		clear(l.undated)
		if ok {
			l.undated.set(at)
		}
	}
	from, to := l.dayRange()
	for i := range l.undated.each {
		e := &x.products[i]
		if (a.PriceMax != nil && (e.price == noPrice || e.price > *a.PriceMax)) ||
			((a.From != "" || a.To != "") && !e.meets(from, to)) {
			l.undated.unset(i)
		}
	}
}

func (e *productEntry) meets(from, to int32) bool {
	if e.always {
		return from <= to && to >= 0
	}
	for _, s := range e.spans {
		if s.from <= to && s.until >= from {
			return true
		}
	}
	return false
}
