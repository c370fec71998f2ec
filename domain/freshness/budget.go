package freshness

import (
	"math"
	"time"
)

// Budget is what is left of the period at the moment of a decision, for everything that calls the platform.
type Budget struct {
	Calls, Bytes int64     // left of the period
	Until        time.Time // end of the period
	// ReserveCalls and ReserveBytes are kept for sales (see Forecast) and for other work: refreshes never touch them.
	ReserveCalls, ReserveBytes int64
}

// spendable is what refreshes may use now.
func (b Budget) spendable() (calls, bytes int64) {
	return max(0, b.Calls-b.ReserveCalls), max(0, b.Bytes-b.ReserveBytes)
}

// Forecast foretells the calls that sales need until the end of the period, from those already seen.
type Forecast struct {
	// PerDay is what is expected before anything was seen; it weighs as much as seven days seen.
	PerDay float64
	// Spread is the variance of a day's calls over their mean; 0 is 6: an order is several calls and orders come in bursts.
	Spread float64
	// Announced is how many calls the whole period is expected to need, while a sale is announced that has not opened yet or
	// opened less than a day ago (see Planner.Opens); 0 is none. Such a sale may bring in an hour what quiet days did not.
	Announced int64
}

const (
	priorDays     = 7.0
	defaultSpread = 6.0
	reserveSigmas = 2.0
	rushDays      = 4.0 // a rush sells as much as so many days, and may come on the last one
)

// Reserve is the number of calls to keep for sales: the expectation for the days left and two standard deviations of it,
// when the days seen brought so many calls, but for a rush not less than four days' worth until the last day, which gives it
// free hour by hour; and while a sale is announced not less than what is missing of the period's calls, with two standard
// deviations of that. It is 0 when no time is left.
func (f Forecast) Reserve(seen int64, daysSeen, daysLeft float64) int64 {
	if daysLeft <= 0 {
		return 0
	}
	spread := f.Spread
	if spread == 0 {
		spread = defaultSpread
	}
	daysSeen = max(0, daysSeen)
	perDay := (f.PerDay*priorDays + float64(seen)) / (priorDays + daysSeen)
	mean := perDay * daysLeft
	// the rate itself is known only as well as the days behind it
	variance := spread * mean * (1 + daysLeft/(priorDays+daysSeen))
	missing := float64(max(0, f.Announced-seen))
	missing += reserveSigmas * math.Sqrt(spread*missing)
	return int64(math.Ceil(max(mean+reserveSigmas*math.Sqrt(variance), perDay*(min(1, daysLeft)*rushDays), missing)))
}

// Costs are the wire bytes of calls, both ways, after compression.
type Costs struct {
	Poll        int64 // getUpdatedAvailabilities, plus PollProduct for each product asked for
	PollProduct int64
	Call        int64 // getEventAvailability without its content
	Performance int64 // of one performance in it
	Category    int64 // of one seat category of a performance
}

// DefaultCosts are assumed until calls were measured: gzip makes a seventh of the platform's JSON.
func DefaultCosts() Costs {
	return Costs{Poll: 900, PollProduct: 9, Call: 1200, Performance: 22, Category: 11}
}

func (c Costs) read(performances, categories int) int64 {
	return c.Call + c.Performance*int64(performances) + c.Category*int64(categories)
}
