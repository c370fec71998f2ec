package sim

import (
	"cmp"
	"slices"
	"time"
)

// place is one place found for somebody: a seat, or any place of a block without numbers.
type place struct {
	pool *pool
	seat int // -1 without number
}

// wish is what somebody wants of a performance.
type wish struct {
	cat       *category
	n         int
	preferred []int64       // areas
	from      []*contingent // the first choice first
}

// rank is the place of a pool in the order of choice: preferred areas first, then contingents.
func (w wish) rank(p *pool) int {
	rank := slices.Index(w.from, p.contingent)
	if !slices.Contains(w.preferred, p.block.area.id) {
		rank += len(w.from)
	}
	return rank
}

// seekers keeps what an order call has found so far, before anything is written, so that two lines
// of one call never get the same seat.
type seekers struct {
	seats  map[*pool]map[int]bool
	counts map[*pool]int
}

func newSeekers() *seekers {
	return &seekers{seats: map[*pool]map[int]bool{}, counts: map[*pool]int{}}
}

func (s *seekers) free(p *pool, now time.Time) int { return p.free(now) - s.counts[p] }

func (s *seekers) seatFree(p *pool, seat int) bool { return p.seatFree(seat) && !s.seats[p][seat] }

func (s *seekers) take(p *pool, seat int) {
	s.counts[p]++
	if seat < 0 {
		return
	}
	if s.seats[p] == nil {
		s.seats[p] = map[int]bool{}
	}
	s.seats[p][seat] = true
}

// run is a stretch of free seats in one row, or free places of a block without numbers.
type run struct {
	pools  []*pool // of one block: one contingent's, or those of all when they sit side by side
	tier   int     // 0 is the first choice
	row    int
	first  int // seat; -1 without numbers
	length int
	middle int // of the row, in half seats
}

// find looks for n places of a category, side by side if it can: in the preferred areas, then anywhere, each time in the first
// contingent and then in the next; then over the border between contingents; then split, the first contingent being emptied
// first. The segments list places that are side by side; more than one means split. No places at all come back when there are
// not enough.
func (s *seekers) find(pools []*pool, w wish, now time.Time) [][]place {
	var alone, blocks [][]*pool
	for _, p := range pools {
		if p.block.area.category != w.cat || !slices.Contains(w.from, p.contingent) || s.free(p, now) <= 0 {
			continue
		}
		alone = append(alone, []*pool{p})
		if last := len(blocks) - 1; last >= 0 && blocks[last][0].block == p.block {
			blocks[last] = append(blocks[last], p)
			continue
		}
		blocks = append(blocks, []*pool{p})
	}
	runs := s.runs(alone, w, now)
	total := 0
	for _, r := range runs {
		total += r.length
	}
	if total < w.n {
		return nil
	}
	if first, r, ok := bestRun(runs, w.n); ok {
		return [][]place{s.occupy(r, first, w.n, now)}
	}
	if first, r, ok := bestRun(s.runs(blocks, w, now), w.n); ok {
		return [][]place{s.occupy(r, first, w.n, now)}
	}
	return s.split(runs, w, now)
}

// split takes the longest stretches of each choice in turn.
func (s *seekers) split(runs []run, w wish, now time.Time) [][]place {
	slices.SortStableFunc(runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(a.tier, b.tier), cmp.Compare(b.length, a.length))
	})
	n := w.n
	var out [][]place
	for _, r := range runs {
		k := min(n, r.length)
		out = append(out, s.occupy(r, r.first, k, now))
		if n -= k; n == 0 {
			break
		}
	}
	return joined(out)
}

// entries takes n of an item, the first choice first; none when there are not enough.
func (s *seekers) entries(pools []*pool, n int, now time.Time) []place {
	left := 0
	for _, p := range pools {
		left += max(s.free(p, now), 0)
	}
	if left < n {
		return nil
	}
	var out []place
	for _, p := range pools {
		for len(out) < n && s.free(p, now) > 0 {
			s.take(p, -1)
			out = append(out, place{pool: p, seat: -1})
		}
	}
	return out
}

// joined puts together what turns out to be side by side: stretches of two contingents that meet.
func joined(sides [][]place) [][]place {
	for i := range sides {
		for j := range sides {
			if i != j && beside(sides[i], sides[j]) {
				sides[i] = append(sides[i], sides[j]...)
				return joined(slices.Delete(sides, j, j+1))
			}
		}
	}
	return sides
}

// beside says whether b goes on where a ends. Places of a block without numbers are together.
func beside(a, b []place) bool {
	last, next := a[len(a)-1], b[0]
	if last.pool.block != next.pool.block {
		return false
	}
	return last.seat < 0 || (next.seat == last.seat+1 && last.pool.block.rowOf(last.seat).first == last.pool.block.rowOf(next.seat).first)
}

// occupy takes n places of a run, in a block without numbers the first choice first.
func (s *seekers) occupy(r run, first, n int, now time.Time) []place {
	out := make([]place, n)
	for i := range out {
		out[i] = place{pool: r.pools[0], seat: -1}
		if r.first >= 0 {
			out[i].seat = first + i
		}
		for _, p := range r.pools {
			if (r.first < 0 && s.free(p, now) > 0) || (r.first >= 0 && s.seatFree(p, out[i].seat)) {
				out[i].pool = p
				break
			}
		}
		s.take(out[i].pool, out[i].seat)
	}
	return out
}

// runs lists the stretches of each group of pools.
func (s *seekers) runs(groups [][]*pool, w wish, now time.Time) []run {
	var out []run
	for _, pools := range groups {
		slices.SortStableFunc(pools, func(a, b *pool) int { return cmp.Compare(w.rank(a), w.rank(b)) })
		at := run{pools: pools, tier: w.rank(pools[0]), first: -1}
		if b := pools[0].block; b.numbered() {
			for i, r := range b.rows {
				at.row, at.middle = i, 2*r.first+r.seats-1
				out = s.rowRuns(out, at, r)
			}
			continue
		}
		for _, p := range pools {
			at.length += s.free(p, now)
		}
		out = append(out, at)
	}
	return out
}

func (s *seekers) rowRuns(out []run, at run, r row) []run {
	at.length = 0
	for seat := r.first; seat < r.first+r.seats; seat++ {
		if s.anyFree(at.pools, seat) {
			if at.length == 0 {
				at.first = seat
			}
			at.length++
			continue
		}
		if at.length > 0 {
			out = append(out, at)
			at.length = 0
		}
	}
	if at.length > 0 {
		out = append(out, at)
	}
	return out
}

func (s *seekers) anyFree(pools []*pool, seat int) bool {
	for _, p := range pools {
		if s.seatFree(p, seat) {
			return true
		}
	}
	return false
}

// bestRun picks the nearest seats to the front and the middle that leave no single seat behind,
// the first choice first.
func bestRun(runs []run, n int) (first int, best run, ok bool) {
	bestScore := 0
	for _, r := range runs {
		if r.length < n {
			continue
		}
		at, score := placeIn(r, n)
		score += r.tier * 1_000_000
		if !ok || score < bestScore {
			first, best, bestScore, ok = at, r, score, true
		}
	}
	return first, best, ok
}

// placeIn finds the best position for n seats in a run, with what it costs.
func placeIn(r run, n int) (first, score int) {
	if r.first < 0 {
		return -1, -r.length // the emptier block
	}
	bestScore := -1
	for at := r.first; at+n <= r.first+r.length; at++ {
		off := 2*at + n - 1 - r.middle
		s := max(off, -off) + 4*r.row
		if before := at - r.first; before == 1 {
			s += 50
		}
		if after := r.first + r.length - at - n; after == 1 {
			s += 50
		}
		if bestScore < 0 || s < bestScore {
			first, bestScore = at, s
		}
	}
	return first, bestScore
}
