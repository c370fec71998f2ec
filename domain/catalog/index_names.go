package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// names are the orders by name, each made when it is first asked for.
type names struct {
	mu   sync.Mutex
	kept map[string]*nameOrder
}

// maxOrders is how many orders by name are kept: readers' languages are few, but nobody is held to them.
const maxOrders = 64

// maxName is the most bytes of a name that its place in an order depends on, so that a cursor stays short.
const maxName = 120

// nameOrder is everything by name, as a reader of some languages sees the names.
type nameOrder struct {
	name     []string // by product, folded
	products []int32  // by name, then id
	place    []int32  // of each product in products
	perfs    []int32  // by the product's name, then start and id
}

// nameOrder is the order for a reader who prefers these languages, best first.
func (x *Index) nameOrder(langs []string) *nameOrder {
	chain := x.chain(langs)
	key := strings.Join(chain, ",")
	x.names.mu.Lock()
	defer x.names.mu.Unlock()
	if o := x.names.kept[key]; o != nil {
		return o
	}
	o := x.newNameOrder(chain)
	if x.names.kept == nil || len(x.names.kept) >= maxOrders {
		x.names.kept = map[string]*nameOrder{}
	}
	x.names.kept[key] = o
	return o
}

// chain is what counts of a reader's languages: those that the catalog has, each once, and then its main one.
func (x *Index) chain(langs []string) []string {
	var chain []string
	add := func(l string) {
		if x.langs[l] && !slices.Contains(chain, l) {
			chain = append(chain, l)
		}
	}
	for _, l := range append(slices.Clone(langs), x.snap.Institution.MainLanguage) {
		l = strings.ToLower(l)
		add(l)
		if base, _, ok := strings.Cut(l, "-"); ok {
			add(base)
		}
	}
	return chain
}

func (x *Index) newNameOrder(chain []string) *nameOrder {
	n := len(x.products)
	o := &nameOrder{name: make([]string, n), products: make([]int32, n), place: make([]int32, n)}
	for i := range n {
		p := &x.snap.Products[i]
		o.name[i], o.products[i] = sortName(p.Name.Or(p.Code, chain...)), small(i)
	}
	slices.SortFunc(o.products, func(a, b int32) int {
		return cmp.Or(cmp.Compare(o.name[a], o.name[b]), cmp.Compare(x.snap.Products[a].ID, x.snap.Products[b].ID))
	})
	from, same := make([]int32, n+1), make([]int32, n) // same: which different name a product has
	groups := int32(-1)
	for at, i := range o.products {
		o.place[i] = small(at)
		if at == 0 || o.name[i] != o.name[o.products[at-1]] {
			groups++
		}
		same[i] = groups
		from[groups+1] += small(len(x.of(i)))
	}
	for g := range n {
		from[g+1] += from[g]
	}
	o.perfs = make([]int32, len(x.perfsOf))
	for _, i := range x.byStart {
		if p := x.perfs[i].product; p >= 0 {
			o.perfs[from[same[p]]] = i
			from[same[p]]++
		}
	}
	return o
}

// sortName is what a name is sorted by. It has no character below a blank, so that names and what follows them in a position
// compare like the two apart.
func sortName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, foldKey(s))
	if len(s) <= maxName {
		return s
	}
	s = s[:maxName]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// sortStart writes a start (Unix milliseconds) so that it compares as text.
func sortStart(ms int64) string {
	const yearOne = 62_135_596_800_000
	return fmt.Sprintf("%015d", max(ms+yearOne, 0))
}
