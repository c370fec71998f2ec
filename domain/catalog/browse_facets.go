package catalog

import (
	"cmp"
	"slices"

	"guichet/domain"
)

// counter counts matches by the values of facets, over all sources.
type counter struct {
	counts map[Facet]map[string]*FacetCount
}

func newCounter(facets []Facet) *counter {
	c := &counter{}
	for _, f := range facets {
		if c.counts == nil {
			c.counts = map[Facet]map[string]*FacetCount{}
		}
		c.counts[f] = map[string]*FacetCount{}
	}
	return c
}

// add counts; what has no value of a facet is not counted by it.
func (c *counter) add(f Facet, value string, name domain.Text, n int) {
	if n == 0 || value == "" {
		return
	}
	fc := c.counts[f][value]
	if fc == nil {
		fc = &FacetCount{Value: value, Name: name}
		c.counts[f][value] = fc
	}
	fc.N += n
}

// addAll adds what was counted of each value.
func (c *counter) addAll(f Facet, v *values, n []int) {
	for i := range n {
		c.add(f, v.value[i], v.name[i], n[i])
	}
}

func (c *counter) result() map[Facet][]FacetCount {
	if c.counts == nil {
		return nil
	}
	out := make(map[Facet][]FacetCount, len(c.counts))
	for f, counts := range c.counts {
		list := make([]FacetCount, 0, len(counts))
		for _, fc := range counts {
			list = append(list, *fc)
		}
		slices.SortFunc(list, func(a, b FacetCount) int {
			if f == FacetMonth {
				return cmp.Compare(a.Value, b.Value)
			}
			return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value))
		})
		out[f] = list
	}
	return out
}

// countPerformances counts the performances that pass, each once per value that it has.
func (l *look) countPerformances(c *counter) int {
	if c.counts == nil {
		return l.perfs.count()
	}
	x := l.x
	products, venues, months := make([]int, len(x.products)), make([]int, len(x.venues)), make([]int, len(x.months.value))
	perfs := l.list
	for _, i := range perfs {
		e := &x.perfs[i]
		products[e.product]++
		venues[e.venue]++
		months[e.month]++
	}
	l.countByVenue(c, venues)
	if c.counts[FacetMonth] != nil {
		c.addAll(FacetMonth, &x.months, months)
	}
	l.countByProduct(c, products)
	return len(perfs)
}

func (l *look) countByVenue(c *counter, venues []int) {
	x := l.x
	places, towns := make([]int, len(x.places.value)), make([]int, len(x.towns.value))
	for i, n := range venues {
		places[x.venues[i].place] += n
		towns[x.venues[i].town] += n
	}
	if c.counts[FacetVenue] != nil {
		c.addAll(FacetVenue, &x.places, places)
	}
	if c.counts[FacetTown] != nil {
		c.addAll(FacetTown, &x.towns, towns)
	}
}

// countProducts counts the products that pass, each once per value that it or a performance that passes has.
func (l *look) countProducts(c *counter) int {
	dated, undated := l.dated.members(nil), l.undated.members(nil)
	if c.counts == nil {
		return len(dated) + len(undated)
	}
	x := l.x
	places, towns, months := newDistinct(&x.places), newDistinct(&x.towns), newDistinct(&x.months)
	products := make([]int, len(x.products))
	for _, p := range dated {
		products[p] = 1
		for _, i := range x.of(p) {
			if !l.perfs.has(i) {
				continue
			}
			e := &x.perfs[i]
			places.see(x.venues[e.venue].place, p)
			towns.see(x.venues[e.venue].town, p)
			months.see(e.month, p)
		}
	}
	for _, p := range undated {
		products[p] = 1
	}
	for f, d := range map[Facet]*distinct{FacetVenue: places, FacetTown: towns, FacetMonth: months} {
		if c.counts[f] != nil {
			c.addAll(f, d.of, d.n)
		}
	}
	l.countByProduct(c, products)
	return len(dated) + len(undated)
}

// distinct counts products by value, each product once however often it is seen in a row.
type distinct struct {
	of   *values
	n    []int
	last []int32 // the product that had the value last, from 1
}

func newDistinct(of *values) *distinct {
	return &distinct{of: of, n: make([]int, len(of.value)), last: make([]int32, len(of.value))}
}

func (d *distinct) see(value, product int32) {
	if d.last[value] != product+1 {
		d.last[value] = product + 1
		d.n[value]++
	}
}

// countByProduct counts by the facets that products have, each product as often as is said.
func (l *look) countByProduct(c *counter, times []int) {
	x := l.x
	topics, kinds, seasons := make([]int, len(x.topicValues.value)), map[Kind]int{}, make([]int, len(x.snap.Seasons))
	for i, n := range times {
		if n == 0 {
			continue
		}
		e := &x.products[i]
		kinds[x.snap.Products[i].Kind] += n
		for _, t := range e.topics {
			topics[t] += n
		}
		for _, s := range e.seasons {
			seasons[s] += n
		}
	}
	if c.counts[FacetTopic] != nil {
		c.addAll(FacetTopic, &x.topicValues, topics)
	}
	if c.counts[FacetKind] != nil {
		for k, n := range kinds {
			c.add(FacetKind, string(k), nil, n)
		}
	}
	if c.counts[FacetSeason] != nil {
		for i, n := range seasons {
			c.add(FacetSeason, x.snap.Seasons[i].Code, x.snap.Seasons[i].Name, n)
		}
	}
}
