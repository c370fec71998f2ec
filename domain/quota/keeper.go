package quota

import (
	"time"

	"guichet/domain"
)

// keeper tells one institution's gate between which two moments the true time lies, so that no step of the machine's clock
// makes calls out of nothing. What is counted is stamped with the later one, what is counted anew is judged by the earlier.
//
// The true time is the platform's. Between answers it is carried by the monotonic clock: a step of the wall clock changes
// nothing. Each answer brings the platform's own time, in whole seconds; what many of them leave possible is narrower than
// what one does. Where an answer contradicts what was known, the median of the three witnesses holds. A process that has
// just begun knows only its wall clock and when a replica was last seen, and may trust neither: until the platform has
// spoken, minutes are counted by the earlier one and calls are charged to the days and months of both.
//
// Without a monotonic clock (tests, the demonstration's movable clock) the clock given is believed, and never goes back.
type keeper struct {
	clock   domain.Clock
	elapsed func() time.Duration // nil: believe the clock

	at     time.Time     // the earliest that it was at mark; without elapsed: the latest seen
	mark   time.Duration // reading of elapsed
	width  time.Duration // how much later it may have been
	begun  bool
	doubt  bool          // the platform has not spoken yet
	first  bool          // and nobody else ever has: there is no earliest time
	ahead  time.Duration // of the wall clock over elapsed, as of the last answer
	steady time.Duration // reading of elapsed from which on durations by the wall clock are believed again
}

const (
	// told is how long the platform may tell the same second: a whole one, and half a one late.
	told = 1500 * time.Millisecond
	// drift is the part by which a monotonic clock may be wrong.
	drift = 10_000
	// longest bounds how long an answer may have been on its way.
	longest = 2 * time.Minute
	// jolt is a change of the wall clock against the monotonic one that is a step.
	jolt = 100 * time.Millisecond
	// tolerance is how far the wall clock may be off when it is believed against the platform.
	tolerance = 2 * time.Second
)

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
	since := k.elapsed() - k.mark
	return k.at.Add(since - since/drift)
}

// late is how much later than now it may be.
func (k *keeper) late() time.Duration {
	if k.elapsed == nil || !k.begun {
		return 0
	}
	return k.width + 2*(k.elapsed()-k.mark)/drift
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
	k.ahead = time.Duration(k.at.UnixNano()) - k.mark
	if k.first = seen.IsZero(); k.first {
		return
	}
	off := k.at.Sub(seen)
	if off > 0 {
		k.at = seen
	}
	k.width = off.Abs()
}

// witness takes the platform's time of an answer that has just come and how long it took. Where that contradicts what had
// seemed possible it says by how much the gate's time went on: calls that were counted by the earlier time count that much
// longer. Only the end of a doubt turns time back: nobody else has counted by it.
func (k *keeper) witness(platform time.Time, took time.Duration) (shift time.Duration, jumped bool) {
	if k.elapsed == nil || platform.IsZero() || !k.begun {
		return 0, false
	}
	now, late := k.now(), k.late()
	least, most := platform, platform.Add(told+k.believe(took))
	meet, end := later(now, least), now.Add(late)
	if most.Before(end) {
		end = most
	}
	if !k.doubt && !end.Before(meet) { // both are possible
		k.set(meet, end.Sub(meet))
		return 0, false
	}
	doubt, right, width := k.doubt, later(now, least), most.Sub(least)
	switch {
	case k.first:
		right = least
	case !doubt:
		switch right = median(now, k.clock(), least); {
		case right.Equal(now):
			return 0, false
		case !right.Equal(least):
			width = tolerance
		}
	}
	k.doubt, k.first = false, false
	k.set(right, width)
	shift = right.Add(width).Sub(now)
	if !doubt {
		shift = max(0, shift-late) // what it counted was stamped so late
	}
	return shift, true
}

func (k *keeper) set(at time.Time, width time.Duration) {
	k.at, k.width, k.mark = at, width, k.elapsed()
}

// believe is how long an answer took at most. It was measured by the wall clock: while that was stepping, nothing is known.
func (k *keeper) believe(took time.Duration) time.Duration {
	mark := k.elapsed()
	if ahead := time.Duration(k.clock().UnixNano()) - mark; (ahead - k.ahead).Abs() > jolt {
		k.ahead, k.steady = ahead, mark+longest
	}
	if mark < k.steady || took < 0 || took > longest {
		return longest
	}
	return took
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
