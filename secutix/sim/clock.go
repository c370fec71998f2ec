package sim

import (
	"sync"
	"time"
)

// Clock is the platform's idea of now. It can be moved by hand, so that a demo or a test sees a
// hold expire without waiting. The zero value runs with real time. It is safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	frozen time.Time // not zero: the clock stands still here, plus offset
	offset time.Duration
}

// NewClock returns a clock that stands still at base until it is moved. With a zero base the clock
// runs with real time, which is what the zero Clock does too.
func NewClock(base time.Time) *Clock { return &Clock{frozen: base} }

// Now is the moment the platform believes in.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unmoved().Add(c.offset)
}

// Advance moves the clock by d; a negative d moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// Set moves the clock to t. A running clock goes on running from there.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = t.Sub(c.unmoved())
}

// Offset is how far the clock was moved from real time, or from its base when it stands still.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// both returns the moved and the unmoved moment. A caller in another process lives in the second,
// so a token may be fresh by either.
func (c *Clock) both() (moved, unmoved time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.unmoved()
	return u.Add(c.offset), u
}

// running says whether the clock follows real time.
func (c *Clock) running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frozen.IsZero()
}

func (c *Clock) unmoved() time.Time {
	if c.frozen.IsZero() {
		return time.Now().Round(0)
	}
	return c.frozen
}

// shift sets the offset, as a journal remembers it.
func (c *Clock) shift(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = offset
}
