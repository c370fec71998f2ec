package freshness

import (
	"context"
	"sync/atomic"
)

// Tab sums the wire bytes of the calls made under a context.
type Tab struct{ calls, bytes atomic.Int64 }

type tabKey struct{}

// withTab returns a context whose calls are put on the tab.
func withTab(ctx context.Context) (context.Context, *Tab) {
	t := &Tab{}
	return context.WithValue(ctx, tabKey{}, t), t
}

// Spend is told of a call made under the context and of its bytes in both directions. Without a tab it does nothing.
func Spend(ctx context.Context, bytes int64) {
	if t, ok := ctx.Value(tabKey{}).(*Tab); ok {
		t.calls.Add(1)
		t.bytes.Add(bytes)
	}
}

// measuredCosts are what calls cost as a share of what the settings say; 0 is not measured yet.
type measuredCosts struct{ read, poll float64 }

const (
	costWeight = 0.2 // of one call in what calls cost
	leastShare = 0.05
	mostShare  = 50.0
)

// learn takes over what a call cost against what the settings expected of it.
func learn(share *float64, bytes, expected int64) {
	if bytes <= 0 || expected <= 0 {
		return
	}
	seen := min(mostShare, max(leastShare, float64(bytes)/float64(expected)))
	if *share == 0 {
		*share = seen
		return
	}
	*share += costWeight * (seen - *share)
}

// of scales costs to what was measured.
func (m measuredCosts) of(c Costs) Costs {
	scale := func(n int64, share float64) int64 {
		if share == 0 {
			return n
		}
		return max(1, int64(float64(n)*share))
	}
	return Costs{
		Poll: scale(c.Poll, m.poll), PollProduct: scale(c.PollProduct, m.poll),
		Call: scale(c.Call, m.read), Performance: scale(c.Performance, m.read), Category: scale(c.Category, m.read),
	}
}

// SetCosts changes what calls are believed to cost.
func (p *Planner) SetCosts(c Costs) { p.set.Costs = c }

// stocks is how many categories the performances are known to have together, at least one each.
func (p *Planner) stocks(ids []int32) (n int) {
	for _, i := range ids {
		n += max(1, len(p.perfs[i].stock))
	}
	return n
}
