package domain

import "time"

// Clock tells the time. Every service takes one, so that tests and the demo's movable clock decide what "now" is.
type Clock func() time.Time

// SystemClock is the machine's clock in UTC at millisecond resolution, which is what both databases keep.
func SystemClock() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// NewElapsed returns the machine's monotonic clock: how long ago NewElapsed was called. No step of the machine's time
// changes it.
func NewElapsed() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}
