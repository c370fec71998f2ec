package s360

import (
	"context"
	"time"
)

// Gate decides when a call may be made and learns what it cost. Enter may wait;
// its error refuses the call. Leave is called exactly once for each call that
// entered. Implementations must be safe for concurrent use.
type Gate interface {
	Enter(ctx context.Context, c Call) error
	Leave(ctx context.Context, c Call, o Outcome)
}

// Call says what is about to be asked, and for whom.
type Call struct {
	Institution string
	Service     string
	Method      string
	// Class is the client's class, such as ClassSale; it may be empty.
	Class string
	// Changing says that the call may change something at the platform.
	Changing bool
	// Poll says that the call asks again for work that is in progress, so that
	// spacing rules of the method do not apply.
	Poll bool
}

// Outcome says how a call ended and what it moved.
type Outcome struct {
	// Status is the HTTP status, zero when there was no answer.
	Status int
	// Code is the answer's own status, such as "success", or an error code.
	Code string
	// Limited says that the platform refused the call for its rate (509, 429).
	Limited bool
	// BytesOut and BytesIn count heads and bodies as they travel, compressed.
	BytesOut, BytesIn int64
	// Started is when the call was let through.
	Started  time.Time
	Duration time.Duration
	// Err is set when there was no whole answer.
	Err error
	// RetryAfter is how long the platform asked us to wait, zero if it did not.
	RetryAfter time.Duration
	// Date is the platform's own time of the answer, to the second; zero when
	// there was none.
	Date time.Time
}

// Exchange is one call as it was asked and answered. The bodies are not
// compressed and may be empty.
type Exchange struct {
	Call
	Outcome
	Request, Answer []byte
}

// openGate lets everything pass.
type openGate struct{}

// Enter lets the call pass.
func (openGate) Enter(context.Context, Call) error { return nil }

// Leave does nothing.
func (openGate) Leave(context.Context, Call, Outcome) {}
