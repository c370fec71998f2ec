package sim

import (
	"fmt"
	"slices"
)

// doSell is others buying some places for good; doSoldOut is its whole.
const doSell = "sell"

// applySell gives Amount places of a category to others, those that a buyer of the contingent, or of the partner's, would be
// given.
func (in *institution) applySell(c change) error {
	perf := in.perfOf[c.ID]
	if perf == nil {
		return fmt.Errorf("sell: unknown performance %d", c.ID)
	}
	cat := perf.category(c.Category)
	if cat == nil {
		return fmt.Errorf("sell: performance %d has no seat category %d", c.ID, c.Category)
	}
	found := newSeekers().find(in.poolsOf(perf), wish{cat: cat, n: int(c.Amount), from: in.sellers(c.Contingent)}, c.At)
	if found == nil {
		return fmt.Errorf("sell: fewer than %d places left", c.Amount)
	}
	for _, side := range found {
		for _, at := range side {
			if at.seat >= 0 {
				at.pool.markGone(at.seat)
			}
			at.pool.elsewhere++
			if at.pool.contingent.ours() {
				perf.product.stockAt = c.At
			}
		}
	}
	return nil
}

// maySell says whether others can buy what a change says.
func (in *institution) maySell(perf *performance, c change) bool {
	cat, from := perf.category(c.Category), in.sellers(c.Contingent)
	left := int64(0)
	for _, pl := range in.poolsOf(perf) {
		if pl.block.area.category == cat && slices.Contains(from, pl.contingent) {
			left += int64(max(0, pl.free(c.At)))
		}
	}
	return cat != nil && left >= c.Amount
}
