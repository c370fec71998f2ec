package freshness

import "math"

// market remembers what calls would have been bought at any price in the days behind, so that the price can be the one at
// which they cost what is allowed. The worth of a call grows with the square of the time since the last (parts), so a moment
// says at which rate calls would be made at any price: the root of its thirst over the price, bounded by how often may be asked.
type market struct {
	bins [thirsts]float64 // seconds, faded, by the logarithm of thirst
	most float64          // calls a second at most, the mean of the seconds
	all  float64          // seconds, faded
	// made are the calls that were bought, meant those that the rates of their moments and the price then made expect, both
	// faded: what the rates do not know of (worth that grows otherwise, calls that share performances) shows in their ratio.
	made, meant float64
}

const (
	thirsts    = 80
	leastLog   = -56.0
	marketLife = 7 * day // seconds of memory
	someCalls  = 20      // calls that were made before the ratio of made to meant says much
)

// saw adds dt seconds in which a call would have been made at the rate root(thirst/price), and at most so often.
func (k *market) saw(thirst, most, price, dt float64) {
	fade := math.Exp(-dt / marketLife)
	k.made *= fade
	k.meant *= fade
	if price > 0 {
		k.meant += dt * min(most, math.Sqrt(thirst/price))
	}
	for i := range k.bins {
		k.bins[i] *= fade
	}
	i := 0
	if thirst > 0 {
		i = int(min(thirsts-1, max(0, math.Log2(thirst)-leastLog)))
	}
	k.bins[i] += dt
	k.all = k.all*fade + dt
	k.most += (most - k.most) * dt / k.all
}

// price is what a call must be worth for so many calls a second to be made.
func (k *market) price(rate float64) float64 {
	rate /= (k.made + someCalls) / (k.meant + someCalls)
	low, high := leastLog, leastLog+thirsts
	for range 24 {
		mid := (low + high) / 2
		if k.rate(mid) > rate {
			low = mid
		} else {
			high = mid
		}
	}
	return math.Exp2(high)
}

func (k *market) rate(logPrice float64) float64 {
	sum := 0.0
	for i, s := range k.bins {
		if s > 0 {
			sum += s * min(k.most, math.Exp2((leastLog+float64(i)+0.5-logPrice)/2))
		}
	}
	return sum / k.all
}
