package model

import (
	"math"
	"math/rand/v2"
	"sort"
)

// chance draws; every kind of event has its own stream, so that what one policy causes moves no other policy's chance.
type chance struct{ *rand.Rand }

func stream(seed, n uint64) chance { return chance{rand.New(rand.NewPCG(seed, n))} }

// poisson draws how many happen where mean are expected.
func (c chance) poisson(mean float64) int {
	if mean <= 0 {
		return 0
	}
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*c.NormFloat64())))
	}
	limit, p, n := math.Exp(-mean), 1.0, 0
	for {
		p *= c.Float64()
		if p <= limit {
			return n
		}
		n++
	}
}

// lognormal draws with the median and the spread of the logarithm given.
func (c chance) lognormal(median, sigma float64) float64 {
	return median * math.Exp(sigma*c.NormFloat64())
}

// weights pick one of many in proportion.
type weights struct{ sum []float64 }

func (w *weights) set(n int, of func(i int) float64) {
	w.sum = w.sum[:0]
	total := 0.0
	for i := range n {
		total += of(i)
		w.sum = append(w.sum, total)
	}
}

func (w *weights) total() float64 {
	if len(w.sum) == 0 {
		return 0
	}
	return w.sum[len(w.sum)-1]
}

func (w *weights) pick(u float64) int {
	x := u * w.total()
	return min(sort.SearchFloat64s(w.sum, x), len(w.sum)-1)
}
