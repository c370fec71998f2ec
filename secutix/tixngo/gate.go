package tixngo

import (
	"context"
	"time"
)

// Gate decides when a call may be made and learns what it cost. Enter may wait; its error refuses the
// call. Leave is called exactly once for each call that entered. Implementations must be safe for
// concurrent use.
type Gate interface {
	Enter(ctx context.Context, c Call) error
	Leave(c Call, o Outcome)
}

// Call says what is about to be asked, and for whom.
type Call struct {
	Organizer string
	Operation Operation
	// Changing says that the call may change something at TIXNGO.
	Changing bool
}

// Outcome says how a call ended and what it moved.
type Outcome struct {
	// Status is the HTTP status, zero when there was no answer.
	Status int
	// Limited says that TIXNGO refused the call for its rate.
	Limited bool
	// BytesOut and BytesIn count heads and bodies as they travel, compressed.
	BytesOut, BytesIn int64
	Started           time.Time
	Duration          time.Duration
	// Err is set when the call failed.
	Err error
	// RetryAfter is how long TIXNGO asked us to wait, zero if it did not.
	RetryAfter time.Duration
}

// openGate lets everything pass.
type openGate struct{}

// Enter lets the call pass.
func (openGate) Enter(context.Context, Call) error { return nil }

// Leave does nothing.
func (openGate) Leave(Call, Outcome) {}
