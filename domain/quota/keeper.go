package quota

import (
	"time"

	"guichet/domain"
)

// keeper tells one institution's gate the time, so that no step of the machine's clock makes calls out of nothing.
//
// Between answers time is carried by the monotonic clock: a step of the wall clock changes nothing. Each answer brings the
// platform's own time; where it disagrees, the median of the three witnesses holds. A process that has just begun knows
// only its wall clock and when a replica was last seen, and may trust neither: until the platform has spoken, minutes are
// counted by the earlier one and calls are charged to the days and months of both.
//
// Without a monotonic clock (tests, the demonstration's movable clock) the clock given is believed, and never goes back.
type keeper struct {
	clock   domain.Clock
	elapsed func() time.Duration // nil: believe the clock

	at    time.Time     // the time at mark; without elapsed: the latest seen
	mark  time.Duration // reading of elapsed
	ahead time.Duration // the true time may be that much later
	begun bool
	doubt bool // the platform has not spoken yet
	first bool // and nobody else ever has: there is no earliest time
}

// tolerance is how far two clocks may differ before it matters: the platform's is told in whole seconds.
const tolerance = 2 * time.Second

// now is the time, at the earliest.
func (k *keeper) now() time.Time {
	if k.elapsed == nil {
		if t := k.clock(); t.After(k.at) {
			k.at = t
		}
		return k.at
	}
	if !k.begun {
		return k.clock()
	}
	return k.at.Add(k.elapsed() - k.mark)
}

// begin starts the keeper, knowing when the gate was last used (zero: never). Later calls change nothing.
func (k *keeper) begin(seen time.Time) {
	if k.begun {
		return
	}
	k.begun = true
	if k.elapsed == nil {
		if seen.After(k.at) {
			k.at = seen
		}
		return
	}
	k.at, k.mark, k.doubt = k.clock(), k.elapsed(), true
	if k.first = seen.IsZero(); k.first {
		return
	}
	k.ahead = k.at.Sub(seen)
	if k.ahead > 0 {
		k.at = seen
	}
	k.ahead = k.ahead.Abs()
}

// witness takes the platform's time of an answer that has just come, and returns how far the gate's time went on: calls
// that were counted by the earlier time count that much longer.
func (k *keeper) witness(platform time.Time) time.Duration {
	if k.elapsed == nil || platform.IsZero() || !k.begun {
		return 0
	}
	now := k.now()
	if !k.doubt && platform.Sub(now).Abs() <= tolerance {
		return 0
	}
	right := later(now, platform) // where nothing else is known the platform is right: its clock ends its months
	switch {
	case k.first:
		right = platform
	case !k.doubt:
		right = median(now, k.clock(), platform)
	}
	k.doubt, k.first, k.ahead = false, false, 0
	k.at, k.mark = right, k.elapsed()
	return max(0, right.Sub(now))
}

func median(a, b, c time.Time) time.Time {
	if b.Before(a) {
		a, b = b, a
	}
	switch {
	case c.Before(a):
		return a
	case c.After(b):
		return b
	}
	return c
}
