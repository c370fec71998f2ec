package catalog

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"guichet/domain"
)

// Index is what a snapshot is searched by: sets of products and performances by what they have in common, orders, and
// words. It is immutable to those who read it; share it freely. A View brings it along, built aside.
//
// Products and performances are called by their places in the snapshot; performances stand there by start.
type Index struct {
	snap  *Snapshot
	loc   *time.Location
	langs map[string]bool

	products     []productEntry
	perfs        []performanceEntry
	productAt    map[ProductID]int32
	performances map[PerformanceID]int32
	perfsFrom    []int32 // where a product's performances begin in perfsOf
	perfsOf      []int32
	undated      mask // products without performances

	venues      []venueEntry
	places      values // venues' codes
	towns       values
	months      values
	topicValues values
	kinds       map[Kind]group
	topics      map[string]group // by code and name in any language, folded
	seasons     map[SeasonID]group
	// placeSet, townSet and numbered are performances; towns are folded.
	placeSet map[string]posted
	townSet  map[string]posted
	numbered mask
	inOrder  bool // days rise with the starts: not where a clock was set back over midnight

	byStart []int32 // performances by start, then id
	startAt []int32 // the place of each in byStart
	byPrice []int32 // by price, then start and id
	names   names
	words   vocabulary

	turns []turn // when judgements may turn
	sale  atomic.Pointer[sale]
	spare sync.Pool // of *room
}

// room is what one run through the index writes to; it is used again.
type room struct {
	perfs  []int32
	score  []int32
	scores scores
}

func (x *Index) room() *room {
	if r, ok := x.spare.Get().(*room); ok {
		return r
	}
	return &room{}
}

// productEntry is what is compared of a product.
type productEntry struct {
	price   int64 // lowest of its items; noPrice where there is none
	spans   []span
	always  bool    // undated, and good on every day that a visitor chooses
	topics  []int32 // places in topicValues
	seasons []int32 // places in the snapshot's seasons
	doc     uint32
}

// span is a range of days on which something undated is good, both included.
type span struct{ from, until int32 }

// performanceEntry is what is compared of a performance.
type performanceEntry struct {
	start   int64 // Unix milliseconds
	price   int64 // lowest; noPrice where there is none
	product int32 // -1 where it belongs to none, which Validate refuses: it is never found
	venue   int32
	month   int32
	day     int32 // as dayNumber
	// docs are what is searched of it: its product, its venue and its own words; the product again where it has none.
	docs [3]uint32
}

type venueEntry struct {
	place, town int32
	doc         uint32
}

// noPrice is the price of what has none: it comes last.
const noPrice = math.MaxInt64

// group is what products have in common: the products and their performances.
type group struct{ products, perfs posted }

// values are the different values of something, as they are shown.
type values struct {
	at    map[string]int32
	value []string
	name  []domain.Text
}

func (v *values) of(key, value string, name domain.Text) int32 {
	i, ok := v.at[key]
	if !ok {
		i = small(len(v.value))
		if v.at == nil {
			v.at = map[string]int32{}
		}
		v.at[key] = i
		v.value, v.name = append(v.value, value), append(v.name, name)
	}
	return i
}

// Location is the institution's time zone.
func (x *Index) Location() *time.Location { return x.loc }

// Speaks reports whether any text of the catalog is in that language (lower-case tag).
func (x *Index) Speaks(lang string) bool { return x.langs[lang] }

// of lists a product's performances by start.
func (x *Index) of(product int32) []int32 {
	return x.perfsOf[x.perfsFrom[product]:x.perfsFrom[product+1]]
}

// dayNumber writes a calendar day as a number that compares like it; ok is false for anything else.
func dayNumber(d domain.Day) (n int32, ok bool) {
	if len(d) != len(time.DateOnly) || !d.Valid() {
		return 0, false
	}
	y, _ := strconv.Atoi(string(d[:4]))
	m, _ := strconv.Atoi(string(d[5:7]))
	day, _ := strconv.Atoi(string(d[8:]))
	return small(y*10_000 + m*100 + day), true
}

// lowest is the lowest price above zero, or zero where all are: that children are free does not make a thing free.
func lowest(low, amount int64) int64 {
	if amount != noPrice && (low == noPrice || (amount > 0 && (low == 0 || amount < low))) {
		return amount
	}
	return low
}

// sortStarts fills byStart, startAt and byPrice.
func (x *Index) sortStarts() {
	n := len(x.perfs)
	x.byStart, x.startAt = make([]int32, n), make([]int32, n)
	for i := range n {
		x.byStart[i] = small(i)
	}
	id := func(i int32) PerformanceID { return x.snap.Performances[i].ID }
	byStart := func(a, b int32) int {
		return cmp.Or(cmp.Compare(x.perfs[a].start, x.perfs[b].start), cmp.Compare(id(a), id(b)))
	}
	if !slices.IsSortedFunc(x.byStart, byStart) {
		slices.SortFunc(x.byStart, byStart)
	}
	for at, i := range x.byStart {
		x.startAt[i] = small(at)
	}
	x.byPrice = slices.Clone(x.byStart)
	slices.SortStableFunc(x.byPrice, func(a, b int32) int { return cmp.Compare(x.perfs[a].price, x.perfs[b].price) })
}
