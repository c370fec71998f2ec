package sim

import (
	"fmt"
	"time"
)

// doSell is others buying some places for good; doSoldOut is its whole.
const doSell = "sell"

// applySell gives Amount places of a category to others, those that a buyer would be given.
func (in *institution) applySell(c change) error {
	perf := in.perfOf[c.ID]
	if perf == nil {
		return fmt.Errorf("sell: unknown performance %d", c.ID)
	}
	cat := perf.category(c.Category)
	if cat == nil {
		return fmt.Errorf("sell: performance %d has no seat category %d", c.ID, c.Category)
	}
	pools := in.poolsOf(perf)
	found := newSeekers().find(pools, cat, int(c.Amount), nil, c.At)
	if found == nil {
		return fmt.Errorf("sell: fewer than %d places left", c.Amount)
	}
	for _, side := range found {
		for _, at := range side {
			pl := pools[at.block]
			if at.seat >= 0 {
				pl.markGone(at.seat)
			}
			pl.elsewhere++
		}
	}
	perf.product.stockAt = c.At
	return nil
}

// maySell says whether others can buy n places of a category now.
func (in *institution) maySell(perf *performance, category, n int64, now time.Time) bool {
	cat := perf.category(category)
	left := int64(0)
	for _, pl := range in.poolsOf(perf) {
		if pl.block.area.category == cat {
			left += int64(max(0, pl.free(now)))
		}
	}
	return cat != nil && left >= n
}
