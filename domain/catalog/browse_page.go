package catalog

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// gather finds the products whose performances pass, and what the order asks of these performances.
func (l *look) gather() {
	x := l.x
	l.dated, l.first = newMask(len(x.products)), make([]int64, len(x.products))
	perfs := l.list // by start
	switch l.ask.Sort {
	case SortStart:
		for _, i := range slices.Backward(perfs) {
			e := &x.perfs[i]
			l.dated.set(e.product)
			l.first[e.product] = e.start
		}
	case SortPrice:
		for _, i := range perfs {
			e := &x.perfs[i]
			if l.dated.has(e.product) {
				l.first[e.product] = lowest(l.first[e.product], e.price)
				continue
			}
			l.dated.set(e.product)
			l.first[e.product] = e.price
		}
	case SortRelevance, SortConfidence:
		for _, i := range perfs {
			p := x.perfs[i].product
			l.dated.set(p)
			l.first[p] = max(l.first[p], int64(l.score[i]))
		}
	default:
		for _, i := range perfs {
			l.dated.set(x.perfs[i].product)
		}
	}
}

// number is where a product that passes stands before its name is looked at.
func (l *look) number(i int32) int64 {
	dated := l.dated.has(i)
	switch l.ask.Sort {
	case SortStart:
		if !dated {
			return math.MaxInt64
		}
		return l.first[i]
	case SortPrice:
		if !dated {
			return l.x.products[i].price
		}
		return lowest(l.first[i], l.x.products[i].price)
	case SortConfidence:
		if !dated {
			return 1
		}
		return -l.first[i]
	case SortRelevance:
		if !dated {
			return -int64(l.wording[i])
		}
		return -l.first[i]
	default:
		return 0
	}
}

// key is where something stands in an order: by a number that depends on what is asked, then by its place in an order that
// does not.
type key struct {
	number int64
	place  int32
}

func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.number, o.number), cmp.Compare(k.place, o.place))
}

// least keeps the n least keys of many.
type least struct {
	n    int
	keys []key
	full bool // keys[n-1] bounds what may still come in
}

func (f *least) add(k key) {
	if f.full && k.compare(f.keys[f.n-1]) > 0 {
		return
	}
	f.keys = append(f.keys, k)
	if len(f.keys) >= 4*f.n {
		f.cut()
	}
}

func (f *least) cut() {
	slices.SortFunc(f.keys, key.compare)
	if len(f.keys) >= f.n {
		f.keys, f.full = f.keys[:f.n], true
	}
}

// placeAfter is the place of the first entry of an order of n that comes after the position asked to go on from; at gives an
// entry's position, of which the number is left to the caller.
func (l *look) placeAfter(n int, at func(int) Position) int {
	if l.ask.After == nil {
		return 0
	}
	return sort.Search(n, func(i int) bool { return at(i).compare(*l.ask.After) > 0 })
}

// leastAfter are the n least keys after the position asked to go on from; place is the first place after it among those that
// have its number.
func (l *look) leastAfter(n, place int, all func(func(key))) []key {
	f := least{n: n}
	all(func(k key) {
		if a := l.ask.After; a != nil && (k.number < a.Number || (k.number == a.Number && int(k.place) < place)) {
			return
		}
		f.add(k)
	})
	f.cut()
	return f.keys
}

// pageOfProducts are the first n products after the position asked to go on from.
func (l *look) pageOfProducts(n int) []Found {
	o := l.x.nameOrder(l.ask.Languages)
	position := func(i int32, number int64) Position {
		return Position{Number: number, Text: o.name[i], Institution: l.View.Institution.Code, ID: int64(l.x.snap.Products[i].ID)}
	}
	var found []Found
	add := func(i int32) {
		found = append(found, Found{Source: l.Source, Product: &l.x.snap.Products[i], Position: position(i, l.number(i))})
	}
	if s := l.ask.Sort; s == SortName || s == sortAlike {
		from := l.placeAfter(len(o.products), func(at int) Position { return position(o.products[at], 0) })
		for _, i := range o.products[from:] {
			if l.dated.has(i) || l.undated.has(i) {
				if add(i); len(found) == n {
					break
				}
			}
		}
		return found
	}
	from := l.placeAfter(len(o.products), func(at int) Position { return position(o.products[at], l.ask.After.Number) })
	for _, k := range l.leastAfter(n, from, func(yield func(key)) {
		for _, i := range l.dated.members(nil) {
			yield(key{l.number(i), o.place[i]})
		}
		for _, i := range l.undated.members(nil) {
			yield(key{l.number(i), o.place[i]})
		}
	}) {
		add(o.products[k.place])
	}
	return found
}

// pageOfPerformances are the first n performances after the position asked to go on from.
func (l *look) pageOfPerformances(n int) []Found {
	order, position := l.order()
	var found []Found
	add := func(i int32) {
		found = append(found, Found{
			Source: l.Source, Product: &l.x.snap.Products[l.x.perfs[i].product], Performance: &l.x.snap.Performances[i], Position: position(i),
		})
	}
	if l.ask.Sort != SortRelevance && l.ask.Sort != SortConfidence {
		from := l.placeAfter(len(order), func(at int) Position { return position(order[at]) })
		for _, i := range order[from:] {
			if l.perfs.has(i) {
				if add(i); len(found) == n {
					break
				}
			}
		}
		return found
	}
	from := l.placeAfter(len(order), func(at int) Position {
		p := position(order[at])
		p.Number = l.ask.After.Number
		return p
	})
	for _, k := range l.leastAfter(n, from, func(yield func(key)) {
		for _, i := range l.list {
			yield(key{-int64(l.score[i]), l.x.startAt[i]})
		}
	}) {
		add(order[k.place])
	}
	return found
}

// order is the order in which performances are asked for, or in which those stand that match words alike, and the position
// of one in it.
func (l *look) order() ([]int32, func(int32) Position) {
	x, inst := l.x, l.View.Institution.Code
	of := func(i int32, number int64, text string) Position {
		return Position{Number: number, Text: text, Institution: inst, ID: int64(x.snap.Performances[i].ID)}
	}
	switch l.ask.Sort {
	case SortName:
		o := x.nameOrder(l.ask.Languages)
		return o.perfs, func(i int32) Position {
			return of(i, 0, o.name[x.perfs[i].product]+"\x00"+sortStart(x.perfs[i].start))
		}
	case SortPrice:
		return x.byPrice, func(i int32) Position { return of(i, x.perfs[i].price, sortStart(x.perfs[i].start)) }
	case SortRelevance, SortConfidence:
		return x.byStart, func(i int32) Position {
			if l.score == nil {
				return of(i, 0, sortStart(x.perfs[i].start))
			}
			return of(i, -int64(l.score[i]), sortStart(x.perfs[i].start))
		}
	default:
		return x.byStart, func(i int32) Position { return of(i, x.perfs[i].start, "") }
	}
}
