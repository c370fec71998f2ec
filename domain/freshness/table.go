package freshness

import (
	"math"
	"slices"
	"time"

	"guichet/domain/catalog"
)

// Table is a Confidence as it is shown: percents, which change only when what was learned moves by one. The zero value says
// 0 of everything; NewTable's is for before anything was learned. It is a value: copies may be shared and compared.
type Table [bands][ages][nears]uint8

// NewTable is what is shown before any hold was seen.
func NewTable() Table { return new(Confidence).Table() }

// Table is what was learned so far, as it is shown.
func (c *Confidence) Table() Table {
	var t Table
	for b := range t {
		for g := range t[b] {
			for n := range t[b][g] {
				t[b][g][n] = uint8(math.Round(100 * c.of(b, g, n)))
			}
		}
	}
	return t
}

// Of is the chance in percent that a hold on what the answer says succeeds; 0 for what is sold out or not on sale.
func (t *Table) Of(a Answer) int {
	if a.nothing() {
		return 0
	}
	b, g, n := a.cell()
	return int(t[b][g][n])
}

// Step is how often what a table says of an unchanged reading may change: ages are taken by whole steps, so that the same
// answer stays the same for a while, on every replica.
const Step = time.Minute

// AtStep is the moment by which ages are judged at a time: the end of its step, so that an age is never made younger.
func AtStep(now time.Time) time.Time { return now.Truncate(Step).Add(Step) }

// Turns is when what a table says of a view changes next although nothing new is known: an answer passes into the next age, or
// a performance into the next nearness, both as AtStep judges them. It is zero where nothing does any more.
func Turns(v *catalog.View, now time.Time) time.Time {
	at := AtStep(now)
	var next time.Time
	offer := func(t time.Time) {
		if t.After(at) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, m := range v.Moments() {
		for _, limit := range ageLimits() {
			offer(m.Add(limit))
		}
	}
	for _, limit := range nearLimits() { // a day before, it comes nearer
		i, _ := slices.BinarySearchFunc(v.Performances, at.Add(limit), func(p catalog.Performance, t time.Time) int {
			if p.Start.Before(t) {
				return -1
			}
			return 1
		})
		if i < len(v.Performances) {
			offer(v.Performances[i].Start.Add(-limit).Add(time.Nanosecond))
		}
	}
	if next.IsZero() {
		return next
	}
	return next.Add(Step - 1).Truncate(Step).Add(-Step)
}
