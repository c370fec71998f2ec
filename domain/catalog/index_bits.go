package catalog

import (
	"math/bits"
	"slices"
)

// mask is a set of numbers from 0 up, one bit each.
type mask []uint64

func newMask(n int) mask { return make(mask, (n+63)/64) }

func (m mask) has(i int32) bool { return m[i>>6]&(1<<(i&63)) != 0 }
func (m mask) set(i int32)      { m[i>>6] |= 1 << (i & 63) }
func (m mask) unset(i int32)    { m[i>>6] &^= 1 << (i & 63) }

// put sets or unsets a number.
func (m mask) put(i int32, in bool) {
	if in {
		m.set(i)
	} else {
		m.unset(i)
	}
}

func (m mask) clone() mask { return append(make(mask, 0, len(m)), m...) }

func (m mask) and(o mask) {
	for i := range m {
		m[i] &= o[i]
	}
}

func (m mask) or(o mask) {
	for i := range m {
		m[i] |= o[i]
	}
}

func (m mask) andNot(o mask) {
	for i := range m {
		m[i] &^= o[i]
	}
}

// fill sets the numbers from lo to below hi.
func (m mask) fill(lo, hi int) {
	for ; lo < hi && lo&63 != 0; lo++ {
		m[lo>>6] |= 1 << (lo & 63)
	}
	for ; lo+64 <= hi; lo += 64 {
		m[lo>>6] = ^uint64(0)
	}
	for ; lo < hi; lo++ {
		m[lo>>6] |= 1 << (lo & 63)
	}
}

func (m mask) count() int {
	n := 0
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

// each yields the numbers in order.
func (m mask) each(yield func(int32) bool) {
	for i, w := range m {
		for ; w != 0; w &= w - 1 {
			if !yield(small(i<<6 + bits.TrailingZeros64(w))) {
				return
			}
		}
	}
}

// members lists the numbers in order, after what is in the list.
func (m mask) members(list []int32) []int32 {
	list = slices.Grow(list, m.count())
	for i, w := range m {
		for ; w != 0; w &= w - 1 {
			list = append(list, small(i<<6+bits.TrailingZeros64(w)))
		}
	}
	return list
}

// only leaves nothing but the numbers listed.
func (m mask) only(list []int32) {
	clear(m)
	for _, i := range list {
		m.set(i)
	}
}

// posted is a set that never changes, kept in whichever form is smaller: the numbers in order, or a mask.
type posted struct {
	list []int32
	all  mask // nil: list counts
}

// post keeps a set of numbers below n; the list is in order, each once.
func post(list []int32, n int) posted {
	if len(list)*32 < n {
		return posted{list: list}
	}
	all := newMask(n)
	for _, i := range list {
		all.set(i)
	}
	return posted{all: all}
}

// addTo sets everything of the set in m.
func (p posted) addTo(m mask) {
	if p.all != nil {
		m.or(p.all)
		return
	}
	for _, i := range p.list {
		m.set(i)
	}
}

// keepIn unsets everything in m that is not of the set.
func (p posted) keepIn(m mask) {
	if p.all != nil {
		m.and(p.all)
		return
	}
	kept := newMask(len(m) * 64)
	for _, i := range p.list {
		if m.has(i) {
			kept.set(i)
		}
	}
	copy(m, kept)
}

// small narrows a count of things in one catalog, of which there are far fewer than 2^31.
func small(n int) int32 { return int32(n) } //nolint:gosec // G115: see above
