package freshness

import (
	"math"
	"time"

	"guichet/domain/catalog"
)

// Confidence is the measured chance that what an availability answer says still sells, learned from how holds ended: by
// level, age of the answer and nearness of the date. Cells with little behind them lean on coarser ones. It keeps a fixed
// number of cells and forgets with a half-life of as many holds as Memory. The zero value is ready; it is not safe for
// concurrent use.
type Confidence struct {
	cells [bands][ages][nears]tally
	ages  [bands][ages]tally
	bands [bands]tally
	all   tally
}

type tally struct{ sold, holds float64 }

const (
	bands, ages, nears = 4, 6, 4
	// Memory is after how many further holds in its cell a hold counts half.
	Memory   = 2000
	lean     = 12.0 // holds that a coarser cell is worth in a finer one
	lastFew  = 10   // a limited level with so few places is a band of its own
	firstAll = 0.95 // before any hold was seen
)

// Answer is what a buyer was told.
type Answer struct {
	Level   catalog.Level
	Count   int
	Counted bool
	Age     time.Duration // of what the answer says
	Until   time.Duration // to the performance's start
}

// ageLimits are where the next age begins.
func ageLimits() [ages - 1]time.Duration {
	return [...]time.Duration{2 * time.Minute, 10 * time.Minute, 30 * time.Minute, 2 * time.Hour, 8 * time.Hour}
}

// nearLimits are from where on a performance is not so near.
func nearLimits() [nears - 1]time.Duration {
	return [...]time.Duration{24 * time.Hour, 4 * 24 * time.Hour, 21 * 24 * time.Hour}
}

func (a Answer) cell() (band, age, near int) {
	switch a.Level {
	case catalog.LevelGood:
		band = 0
	case catalog.LevelLimited:
		band = 1
		if a.Counted && a.Count <= lastFew {
			band = 2
		}
	default:
		band = 3
	}
	for _, limit := range ageLimits() {
		if a.Age >= limit {
			age++
		}
	}
	for _, limit := range nearLimits() {
		if a.Until >= limit {
			near++
		}
	}
	return band, age, near
}

// Learn is told how a hold ended for a buyer who was told so: sold, or refused because nothing was left. A hold that failed
// for any other reason teaches nothing.
func (c *Confidence) Learn(a Answer, sold bool) {
	b, g, n := a.cell()
	for _, t := range []*tally{&c.cells[b][g][n], &c.ages[b][g], &c.bands[b], &c.all} {
		keep := math.Exp2(-1.0 / Memory)
		t.sold, t.holds = t.sold*keep, t.holds*keep+1
		if sold {
			t.sold++
		}
	}
}

// Of is the chance, 0 to 1, that a hold on what the answer says succeeds; 0 for what is sold out or not on sale.
func (c *Confidence) Of(a Answer) float64 {
	if a.nothing() {
		return 0
	}
	return c.of(a.cell())
}

// nothing reports whether the answer says that nothing can be had.
func (a Answer) nothing() bool {
	return a.Level == catalog.LevelSoldOut || a.Level == catalog.LevelNotOnSale
}

func (c *Confidence) of(b, g, n int) float64 {
	p := c.all.over(firstAll)
	p = c.bands[b].over(p)
	p = c.ages[b][g].over(p)
	return c.cells[b][g][n].over(p)
}

// Holds is how many holds are behind an answer's own cell.
func (c *Confidence) Holds(a Answer) float64 {
	b, g, n := a.cell()
	return c.cells[b][g][n].holds
}

func (t tally) over(coarser float64) float64 { return (t.sold + lean*coarser) / (t.holds + lean) }
