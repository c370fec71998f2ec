package sim

import (
	"cmp"
	"slices"
	"time"
)

// place is one place found for somebody: a seat, or any place of a block without numbers.
type place struct {
	block int
	seat  int // -1 without number
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
	pool   *pool
	tier   int // 0 in a preferred area
	row    int
	first  int // seat; -1 without numbers
	length int
	middle int // of the row, in half seats
}

// find looks for n places of a category, side by side if it can: in the preferred areas, then
// anywhere, then split. The segments list places that are side by side; more than one means split.
// No places at all come back when there are not enough.
func (s *seekers) find(pools []*pool, cat *category, n int, preferred []int64, now time.Time) [][]place {
	runs := s.runs(pools, cat, preferred, now)
	total := 0
	for _, r := range runs {
		total += r.length
	}
	if total < n {
		return nil
	}
	if first, r, ok := bestRun(runs, n); ok {
		return [][]place{s.occupy(r, first, n)}
	}
	slices.SortStableFunc(runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(a.tier, b.tier), cmp.Compare(b.length, a.length))
	})
	var out [][]place
	for _, r := range runs {
		k := min(n, r.length)
		out = append(out, s.occupy(r, r.first, k))
		if n -= k; n == 0 {
			break
		}
	}
	return out
}

func (s *seekers) occupy(r run, first, n int) []place {
	out := make([]place, n)
	for i := range out {
		seat := -1
		if r.first >= 0 {
			seat = first + i
		}
		s.take(r.pool, seat)
		out[i] = place{block: r.pool.block.index, seat: seat}
	}
	return out
}

func (s *seekers) runs(pools []*pool, cat *category, preferred []int64, now time.Time) []run {
	var out []run
	for _, p := range pools {
		if p.block.area.category != cat || s.free(p, now) <= 0 {
			continue
		}
		tier := 1
		if slices.Contains(preferred, p.block.area.id) {
			tier = 0
		}
		if !p.block.numbered() {
			out = append(out, run{pool: p, tier: tier, first: -1, length: s.free(p, now)})
			continue
		}
		for i, r := range p.block.rows {
			out = s.rowRuns(out, run{pool: p, tier: tier, row: i, middle: 2*r.first + r.seats - 1}, r)
		}
	}
	return out
}

func (s *seekers) rowRuns(out []run, at run, r row) []run {
	at.length = 0
	for seat := r.first; seat < r.first+r.seats; seat++ {
		if s.seatFree(at.pool, seat) {
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

// bestRun picks the nearest seats to the front and the middle that leave no single seat behind,
// preferred areas first.
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
