package freshness

import (
	"math"
	"testing"
)

// Half of the time is busy: the price is the one at which both halves together cost what is allowed.
func TestMarket_Price_CostsWhatIsAllowedOverTheDaysBehind(t *testing.T) {
	t.Parallel()
	var k market
	busy, quiet := math.Exp2(-20.5), math.Exp2(-30.5)
	for range 24 * 60 {
		k.saw(busy, 1, 0, 60)
		k.saw(quiet, 1, 0, 60)
	}
	for _, rate := range []float64{0.001, 0.01, 0.1} {
		price := k.price(rate)
		got := (math.Sqrt(busy/price) + math.Sqrt(quiet/price)) / 2
		if math.Abs(got/rate-1) > 0.01 {
			t.Errorf("at the price for %g calls a second %g are made", rate, got)
		}
	}
}

func TestMarket_RatesSaidTooMuch_PriceFalls(t *testing.T) {
	t.Parallel()
	var right, over market
	for i := range 24 * 60 {
		price := 1e-6
		right.saw(1e-6, 1, price, 60)
		over.saw(1e-6, 1, price, 60)
		right.made += 60
		if i%2 == 0 {
			over.made += 60
		}
	}
	if a, b := right.price(0.1), over.price(0.1); b > a/3 || b < a/5 {
		t.Errorf("half as many calls were made as meant: price %g, not a quarter of %g", b, a)
	}
}

func TestMarket_OneBusyHour_IsPaidByTheWholeMemory(t *testing.T) {
	t.Parallel()
	var k market
	for range 6 * 24 * 60 {
		k.saw(1e-9, 1.0/60, 0, 60)
	}
	before := k.price(0.002)
	for range 60 {
		k.saw(1e-2, 1.0/60, 0, 60)
	}
	if after := k.price(0.002); after < before || after > 1.2*before {
		t.Errorf("price %g after an hour of rush, %g before", after, before)
	}
}
