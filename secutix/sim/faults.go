package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Kind names a way in which the platform misbehaves.
type Kind string

// The kinds of fault. "Commit" is the moment a changing call takes effect.
const (
	CutBeforeCommit   Kind = "cut_before_commit"  // the connection drops, nothing was done
	CutAfterCommit    Kind = "cut_after_commit"   // the connection drops, the work was done
	HalfBody          Kind = "half_body"          // the work was done, the answer stops half way
	Slow              Kind = "slow"               // the answer comes after Delay
	InProgress        Kind = "in_progress"        // "in_progress" and a requestId; the result is fetched with it
	Limit509          Kind = "limit_509"          // refused as over the rate, nothing was done
	Garbage           Kind = "garbage"            // HTTP 200 with an HTML page, nothing was done
	Error500          Kind = "error_500"          // HTTP 500 with text, nothing was done
	SoldOutMeanwhile  Kind = "sold_out_meanwhile" // others take what is asked for, for Late (0: one hold lifetime)
	PriceMoved        Kind = "price_moved"        // what is asked for costs Amount more from now on (0: 1000)
	LateBarcodes      Kind = "late_barcodes"      // the close has no barcodes; they are readable after Late (0: 10 s)
	EmptyCatalog      Kind = "empty_catalog"      // a catalog without seasons
	OrphanPerformance Kind = "orphan_performance" // a catalog product that has lost its event, and one with a performance nobody sells
	ForeignCurrency   Kind = "foreign_currency"   // catalog prices, POS config or an order's head in another currency
)

var kinds = []Kind{
	CutBeforeCommit, CutAfterCommit, HalfBody, Slow, InProgress, Limit509, Garbage, Error500,
	SoldOutMeanwhile, PriceMoved, LateBarcodes, EmptyCatalog, OrphanPerformance, ForeignCurrency,
}

// Fault is one misbehaviour to be put in the way of a method's calls.
type Fault struct {
	Kind        Kind
	Institution string        // "" is all of them
	Service     string        // "" is any; "externalOrderService"
	Times       int           // how often; 0 is once, or without end when Probability is set
	Probability float64       // chance per matching call; 0 is always
	After       int           // matching calls that pass first
	Delay       time.Duration // waited before the work, whatever the kind
	Amount      int64         // PriceMoved: thousandths added to the price
	Late        time.Duration // LateBarcodes, SoldOutMeanwhile: how long it lasts
}

// check says what is wrong with f, if anything.
func (f Fault) check() error {
	switch {
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("kind: there is no fault %q", f.Kind)
	case f.Probability < 0 || f.Probability > 1:
		return fmt.Errorf("probability: %v is not between 0 and 1", f.Probability)
	case f.Kind == Slow && f.Delay == 0:
		return errors.New("delay: slow needs one")
	}
	for _, n := range []struct {
		name string
		is   int64
	}{{"times", int64(f.Times)}, {"after", int64(f.After)}, {"delay", int64(f.Delay)}, {"late", int64(f.Late)}, {"amount", f.Amount}} {
		if n.is < 0 {
			return fmt.Errorf("%s: never negative", n.name)
		}
	}
	return nil
}

// armed is a fault with its count.
type armed struct {
	method string
	Fault
	id    uint64
	seen  int // matching calls so far
	fired int
}

func (a *armed) spent() bool {
	switch {
	case a.Times > 0:
		return a.fired >= a.Times
	case a.Probability > 0:
		return false
	default:
		return a.fired >= 1
	}
}

// faultList holds what is armed. The order of arming is the order of trial; one fault at most meets
// a call.
type faultList struct {
	armed []*armed
	next  uint64
}

func (l *faultList) arm(method string, f Fault) {
	l.next++
	l.armed = append(l.armed, &armed{method: method, Fault: f, id: l.next})
}

// meet returns the fault for this call, or nil. Chance depends only on the seed, the fault and how
// many calls it has seen, so the same calls meet the same faults.
func (l *faultList) meet(seed uint64, institution, service, method string) *Fault {
	for _, a := range l.armed {
		if a.spent() || (a.method != method && a.method != "*") ||
			(a.Institution != "" && a.Institution != institution) ||
			(a.Service != "" && a.Service != service) {
			continue
		}
		a.seen++
		if a.seen <= a.After {
			continue
		}
		if a.Probability > 0 && chance(seed, a.id, uint64(a.seen)) >= a.Probability {
			continue
		}
		a.fired++
		f := a.Fault
		return &f
	}
	return nil
}

// chance is a number in [0, 1) that depends on its arguments alone.
func chance(parts ...uint64) float64 {
	return float64(mix(parts...)>>11) / (1 << 53)
}

// mix hashes its arguments (splitmix64 steps), the one source of the simulator's variety.
func mix(parts ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, p := range parts {
		h += p + 0x9e3779b97f4a7c15
		h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9
		h = (h ^ (h >> 27)) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}
