package model

import (
	"fmt"
	"math"
	"slices"
	"time"

	"guichet/domain/catalog"
	"guichet/domain/freshness"
)

// Policy names a way to spend the calls.
type Policy string

// The policies. Planner is package freshness. Even reads everything in turn, evenly over the month. Tiers reads what starts
// within 30 days four times as often as what starts within 90, and that twice as often as the rest. Moved asks which
// products moved and reads those, as often as the calls allow.
const (
	Planner Policy = "planner"
	Even    Policy = "even"
	Tiers   Policy = "tiers"
	Moved   Policy = "moved"
)

// Oracle knows the truth and reads, at most once a minute, exactly what is wrongly shown as available: about the
// least that can be refused.
// It exists in invented months only, and Policies does not list it.
const Oracle Policy = "oracle"

// Policies lists those that could be used.
func Policies() []Policy { return []Policy{Planner, Even, Tiers, Moved} }

// asks is what a policy wants to ask in a minute.
type asks struct {
	poll  bool
	since int
	reads [][]int32
}

// policy is told what a shop can know, never the truth.
type policy interface {
	viewed(perf int32, n, minute int)
	held(perf int32, cat, n, minute int)
	refused(perf int32, minute int)
	read(perf int32, stock []freshness.Stock, minute int)
	polled(minute, since int, moved []catalog.Moved)
	decide(minute int, b freshness.Budget) asks
}

func newPolicy(name Policy, perfs []performance, set freshness.Settings) (policy, error) {
	t := turns{perfs: perfs, last: make([]int, len(perfs)), batch: set.Batch}
	if t.batch == 0 {
		t.batch = 200
	}
	switch name {
	case Oracle:
		return &oracle{}, nil
	case Planner:
		return newPlanning(perfs, set), nil
	case Even:
		return &even{turns: t}, nil
	case Tiers:
		return &tiers{turns: t}, nil
	case Moved:
		return &movers{turns: t}, nil
	}
	return nil, fmt.Errorf("policy %q is none of planner, even, tiers, moved, oracle", name)
}

var worldBegan = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a Monday; never changed

func clockAt(minute int) time.Time { return worldBegan.Add(time.Duration(minute) * time.Minute) }

// planning is the planner as the product runs it.
type planning struct {
	p *freshness.Planner
}

func newPlanning(perfs []performance, set freshness.Settings) *planning {
	a := &planning{p: freshness.New(set)}
	for i := range perfs {
		f := &perfs[i]
		a.p.Put(freshness.Performance{
			ID: catalog.PerformanceID(i + 1), Product: catalog.ProductID(f.product + 1), Start: clockAt(f.start), OnSale: clockAt(f.onSale),
		})
	}
	return a
}

func (a *planning) viewed(perf int32, n, minute int) {
	a.p.Viewed(catalog.PerformanceID(perf+1), n, clockAt(minute))
}

func (a *planning) held(perf int32, cat, n, minute int) {
	a.p.Sold(catalog.PerformanceID(perf+1), catalog.SeatCategoryID(cat+1), n, clockAt(minute))
}

func (a *planning) refused(perf int32, minute int) {
	a.p.Refused(catalog.PerformanceID(perf+1), clockAt(minute))
}

func (a *planning) read(perf int32, stock []freshness.Stock, minute int) {
	a.p.Read(catalog.PerformanceID(perf+1), stock, clockAt(minute))
}

func (a *planning) polled(minute, since int, moved []catalog.Moved) {
	a.p.Polled(clockAt(minute), clockAt(since), moved)
}

func (a *planning) decide(minute int, b freshness.Budget) asks {
	d := a.p.Decide(clockAt(minute), b)
	out := asks{poll: d.Poll}
	if d.Poll {
		out.since = int(d.Since.Sub(worldBegan).Minutes())
	}
	for _, ids := range d.Reads {
		list := make([]int32, len(ids))
		for i, id := range ids {
			list[i] = int32(id) - 1 //nolint:gosec // numbers of an invented world
		}
		out.reads = append(out.reads, list)
	}
	return out
}

// turns reads whatever was read longest ago.
type turns struct {
	perfs  []performance
	last   []int
	batch  int
	credit float64
	order  []int32
}

func (t *turns) viewed(int32, int, int)             {}
func (t *turns) held(int32, int, int, int)          {}
func (t *turns) refused(int32, int)                 {}
func (t *turns) read(int32, []freshness.Stock, int) {}
func (t *turns) polled(int, int, []catalog.Moved)   {}
func (t *turns) onSale(i, minute int) bool {
	return t.perfs[i].onSale <= minute && minute < t.perfs[i].start
}

func (t *turns) within(i, minute, from, to int) bool {
	d := t.perfs[i].start - minute
	return t.onSale(i, minute) && d >= from && d < to
}

// pace is how many calls a minute the budget allows until its end.
func pace(minute int, b freshness.Budget) float64 {
	left := b.Until.Sub(clockAt(minute)).Minutes()
	return float64(max(0, b.Calls-b.ReserveCalls)) / max(1, left)
}

// oldest takes those of the span that were read longest ago, a call full.
func (t *turns) oldest(minute, from, to int) []int32 {
	t.order = t.order[:0]
	for i := range t.perfs {
		if t.within(i, minute, from, to) && (t.last[i] == 0 || t.last[i] < minute) {
			t.order = append(t.order, int32(i))
		}
	}
	slices.SortStableFunc(t.order, func(a, b int32) int { return t.last[a] - t.last[b] })
	out := slices.Clone(t.order[:min(t.batch, len(t.order))])
	for _, i := range out {
		t.last[i] = minute
	}
	return out
}

const ever = math.MaxInt

type even struct{ turns }

func (e *even) decide(minute int, b freshness.Budget) asks {
	e.credit = min(e.credit+pace(minute, b), 5)
	var out asks
	for e.credit >= 1 {
		list := e.oldest(minute, 0, ever)
		if len(list) == 0 {
			return out
		}
		e.credit--
		out.reads = append(out.reads, list)
	}
	return out
}

type tiers struct {
	turns
	own [3]float64
}

func (t *tiers) decide(minute int, b freshness.Budget) asks {
	edges := []int{0, 30 * minutesADay, 90 * minutesADay, ever}
	var need [3]float64
	var n [3]int
	for i := range t.perfs {
		for k := range n {
			if t.within(i, minute, edges[k], edges[k+1]) {
				n[k]++
			}
		}
	}
	sum := 0.0
	for k := range n {
		need[k] = math.Ceil(float64(n[k])/float64(t.batch)) / []float64{1, 4, 8}[k]
		sum += need[k]
	}
	var out asks
	if sum == 0 {
		return out
	}
	for k := range n {
		t.own[k] = min(t.own[k]+pace(minute, b)*need[k]/sum, 5)
		for t.own[k] >= 1 && n[k] > 0 {
			list := t.oldest(minute, edges[k], edges[k+1])
			if len(list) == 0 {
				break
			}
			t.own[k]--
			out.reads = append(out.reads, list)
		}
	}
	return out
}

// movers polls and reads what moved when the calls saved suffice for what the last round cost.
type movers struct {
	turns
	cost  float64
	hit   []bool
	poll  bool
	asked int
}

func (m *movers) polled(minute, _ int, moved []catalog.Moved) {
	m.hit, m.asked = m.hit[:0], minute
	for _, x := range moved {
		p := int(x.Product) - 1
		for len(m.hit) <= p {
			m.hit = append(m.hit, false)
		}
		m.hit[p] = true
	}
	m.poll = true
}

func (m *movers) decide(minute int, b freshness.Budget) asks {
	m.credit = min(m.credit+pace(minute, b), 2+m.cost)
	var out asks
	if m.poll {
		m.poll = false
		var list []int32
		for i := range m.perfs {
			if m.onSale(i, minute) && (m.last[i] == 0 || (m.perfs[i].product < len(m.hit) && m.hit[m.perfs[i].product])) {
				list, m.last[i] = append(list, int32(i)), minute
			}
		}
		for part := range slices.Chunk(list, m.batch) {
			out.reads = append(out.reads, part)
		}
		m.cost = 1 + float64(len(out.reads))
		m.credit -= m.cost
		return out
	}
	out.poll, out.since = m.credit >= max(1, m.cost), m.asked
	return out
}
