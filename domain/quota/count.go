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
	Control Class = "control" // access control, and whether what was sold is still there
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

// sales says whether a call may use what is kept for sales.
func (c Call) sales() bool { return c.Class == Sale || c.Class == Settle }

// Result is how a call ended.
type Result struct {
	Outcome           string // "ok", "refused", "limited", "unreachable", "answer", "auth" …
	Limited           bool   // the platform said "too many" (509, 429)
	RetryAfter        time.Duration
	BytesOut, BytesIn int64
	Took              time.Duration
	Date              time.Time // the platform's own time, to the second; zero where there was no answer
}

// Purpose is what calls are made for, carried by the context.
type Purpose struct {
	Order string // an order's id; empty for none
	Job   string // a background job's name; empty for none
	Key   string // id of the key whose request it was; empty for none
}

type purposeKey struct{}

// ForOrder returns a context whose calls are made for an order.
func ForOrder(ctx context.Context, id string) context.Context {
	p := PurposeOf(ctx)
	p.Order = id
	return context.WithValue(ctx, purposeKey{}, p)
}

// ForJob returns a context whose calls are made for a background job.
func ForJob(ctx context.Context, name string) context.Context {
	p := PurposeOf(ctx)
	p.Job = name
	return context.WithValue(ctx, purposeKey{}, p)
}

// ForKey returns a context whose calls are made for a key's request.
func ForKey(ctx context.Context, id string) context.Context {
	p := PurposeOf(ctx)
	p.Key = id
	return context.WithValue(ctx, purposeKey{}, p)
}

// PurposeOf is what the context's calls are made for.
func PurposeOf(ctx context.Context) Purpose {
	p, _ := ctx.Value(purposeKey{}).(Purpose)
	return p
}

// Unit is the length of time that counts are summed over.
type Unit string

// The units, with how long their counts are kept.
const (
	Minute Unit = "minute" // 2 days
	Hour   Unit = "hour"   // 13 months
	Day    Unit = "day"    // 5 years; the institution's own days
	Month  Unit = "month"  // for good; the institution's own months
)

// Count is how many calls of a sort were made in a unit of time.
type Count struct {
	Institution       domain.InstitutionCode
	Unit              Unit
	Start             time.Time // UTC, start of the unit
	Operator          string    // the virtual operator
	Service, Method   string
	Class             Class
	Outcome           string
	Calls             int64
	BytesOut, BytesIn int64
	Millis            int64 // summed duration
}

// Failed says that the calls brought no answer that could be used. "in_progress" is such an answer.
func (c Count) Failed() bool { return c.Outcome != "ok" && c.Outcome != "in_progress" }

// Single is one call that was made.
type Single struct {
	Institution       domain.InstitutionCode
	At                time.Time // when it ended, UTC
	Operator          string
	Service, Method   string
	Class             Class
	Purpose           Purpose
	Outcome           string
	BytesOut, BytesIn int64
	Took              time.Duration
}

// By says what the callers of calls are told apart by.
type By string

// What callers are told apart by.
const (
	ByKey   By = "key"   // the key whose request it was
	ByJob   By = "job"   // the background job
	ByOrder By = "order" // the order
)

// Caller is what calls of the log were made for, together.
type Caller struct {
	Name string // a key's id, a job's name or an order's id; empty: for none
	Sum
	Errors int64 // of Calls: neither "ok" nor "in_progress"
	Last   time.Time
}

// Store keeps what replicas share and what was counted. Implementations are safe for concurrent use, also by several
// processes.
type Store interface {
	// Shared reads the document that an institution's replicas share, and its version; version 0 is none yet.
	Shared(ctx context.Context, code domain.InstitutionCode) (document []byte, version int64, err error)
	// SwapShared replaces the document if its version is still the one given, in one statement, and says whether it was.
	SwapShared(ctx context.Context, code domain.InstitutionCode, version int64, document []byte) (swapped bool, err error)

	// AddCounts adds to the stored counts (same key: summed) and to the log of single calls, in one transaction.
	AddCounts(ctx context.Context, counts []Count, calls []Single) error
	// Counts lists the counts of a unit that start in [from, to), oldest first; an empty code is every institution.
	Counts(ctx context.Context, code domain.InstitutionCode, unit Unit, from, to time.Time) ([]Count, error)
	// CallsFor lists the logged calls for an order, oldest first.
	CallsFor(ctx context.Context, order string) ([]Single, error)
	// Callers sums the logged calls of an institution that ended in [from, to) by what they were made for, those with the most
	// calls first, at most so many.
	Callers(ctx context.Context, code domain.InstitutionCode, by By, from, to time.Time, most int) ([]Caller, error)
	// Prune deletes the counts of each unit that start before its time, and the logged calls from before a time or beyond
	// a number, the oldest first.
	Prune(ctx context.Context, before map[Unit]time.Time, calls time.Time, most int) (deleted int64, err error)
}
