package freshness

import "time"

// Settings are what an operator may choose, and the platform's own rules. The zero value of a member takes its default.
type Settings struct {
	Floor     time.Duration // everything on sale is read, or confirmed as unmoved, at least so often; 0 is 24 hours
	Batch     int           // performances in one call; 0 is 200, the most that is known to be accepted
	PerMinute int           // refresh calls a minute; 0 is 10
	Costs     Costs         // the zero value is DefaultCosts
}

// The platform's rule: an availability is asked for at most once a minute.
const minEvery = time.Minute

// What the planner assumes of buyers; none of it decides how much is spent, only on what.
const (
	orderSpread  = 3.0              // variance of places sold over their mean: orders are of several places
	usualOrder   = 1.5              // a buyer needs more than so many places
	soldOutShare = 0.3              // a buyer wrongly told sold out against one refused at the hold
	shortLife    = 30 * 60.0        // seconds in which a view's weight in the short memory falls to 1/e
	longLife     = 36 * 60 * 60.0   // the same in the long memory
	pollLife     = 2 * 60 * 60.0    // seconds of memory of how often a product moves
	pollBack     = 3600             // seconds that a poll looks back at most
	fastLife     = 8 * 60.0         // seconds of memory of the velocity lately
	slowLife     = 18 * 60 * 60.0   // and over the day
	freshSoldOut = 60 * 60          // seconds after selling out in which abandoned carts come back
	dayOfSale    = 2 * 60 * 60      // seconds after going on sale in which nothing is known of the velocity
	worthKnowing = 10 * 60.0        // seconds that returned places should last for it to matter that they are back
	shown        = 60.0             // seconds for which a reading is shown at least
	flickers     = 0.15             // weight of one reading in how often places flicker back
	unforeseen   = 1 / (20 * day)   // chance a second that what is left changes for a reason nobody could foresee
	assumedGood  = 60.0             // places assumed where the platform gives a level without a number
	assumedFew   = 8.0              // the same of a limited level
	softFloor    = 0.7              // share of the floor after which a reading for the floor takes others along
	day          = 24 * 60 * 60.0   // seconds
	rebaseAfter  = 40.0             // memory lives after which the counters are scaled anew
	firstPrior   = 1.0 / (4 * 3600) // views a second assumed of everything on sale together, before any was seen
)

func (s Settings) withDefaults() Settings {
	if s.Floor <= 0 {
		s.Floor = 24 * time.Hour
	}
	if s.Batch <= 0 {
		s.Batch = 200
	}
	if s.PerMinute <= 0 {
		s.PerMinute = 10
	}
	if s.Costs == (Costs{}) {
		s.Costs = DefaultCosts()
	}
	return s
}
