package quota

import (
	"context"
	"time"

	"guichet/domain"
)

// Class is what a call is for; it decides who gives way to whom.
type Class string

// The classes, the most important first.
const (
	Sale    Class = "sale"    // a buyer is waiting
	Settle  Class = "settle"  // money may be at stake, nobody is waiting
	Control Class = "control" // access control
	Refresh Class = "refresh" // catalog and availability
	Admin   Class = "admin"   // an operator asked
)

// Call is one call to the platform, before it is made.
type Call struct {
	Institution     domain.InstitutionCode
	Service, Method string
	Class           Class
	Poll            bool // asks again for work in progress: the method's spacing does not apply
}

// Result is how a call ended.
type Result struct {
	Outcome           string // "ok", "refused", "limited", "unreachable", "answer", "auth" …
	Limited           bool   // the platform said "too many" (509, 429)
	RetryAfter        time.Duration
	BytesOut, BytesIn int64
	Took              time.Duration
}

// Count is how many calls of a sort were made in an hour.
type Count struct {
	Institution       domain.InstitutionCode
	Hour              time.Time // UTC, start of the hour
	Service, Method   string
	Class             Class
	Outcome           string
	Calls             int64
	BytesOut, BytesIn int64
	Millis            int64 // summed duration
}

// Store keeps counts. Implementations are safe for concurrent use, also by several processes.
type Store interface {
	// AddCounts adds to the stored counts (same key: summed), in one transaction.
	AddCounts(ctx context.Context, counts []Count) error
	// Counts lists the counts of [from, to), oldest hour first; an empty code is every institution.
	Counts(ctx context.Context, code domain.InstitutionCode, from, to time.Time) ([]Count, error)
}
