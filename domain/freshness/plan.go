package freshness

import (
	"math"
	"time"

	"guichet/domain"
)

// CodePlan is the error of a plan that cannot be kept; its detail has the numbers.
const CodePlan = "quota.plan"

// Plan is a month as an operator imagines it. The zero value of Floor, CallsPerOrder and PollEvery is 24 hours, 3 calls and
// no fixed polls.
type Plan struct {
	Calls         int64 // of the month
	Orders        int64
	CallsPerOrder float64
	Performances  int // on sale
	Floor         time.Duration
	PollEvery     time.Duration // of getUpdatedAvailabilities; 0 leaves polls to the planner
	Pack          bool          // more calls than Calls may be bought, in blocks of 1,000
}

// Planned is what a plan comes to, in calls of a month of 30 days.
type Planned struct {
	Calls       int64         `json:"calls"`
	SaleCalls   int64         `json:"sale_calls"`
	SaleReserve int64         `json:"sale_reserve"` // expectation and two standard deviations
	PollCalls   int64         `json:"poll_calls"`
	FloorCalls  int64         `json:"floor_calls"`
	UpkeepCalls int64         `json:"upkeep_calls"` // getLastSetupUpdate hourly, the catalog daily
	FreeCalls   int64         `json:"free_calls"`   // left for readings where they matter
	CallBlocks  int64         `json:"call_blocks"`  // of the pack, beyond 10,000 calls
	Every       time.Duration `json:"every_ns"`     // mean time between those readings; 0 where there are none
}

const (
	planDays   = 30
	planUpkeep = planDays*24 + planDays*2
	included   = 10_000
)

// Check counts a plan, or refuses one that cannot be kept: quota.plan, with the numbers.
func (w Plan) Check() (Planned, error) {
	if w.CallsPerOrder == 0 {
		w.CallsPerOrder = 3
	}
	if w.Floor == 0 {
		w.Floor = 24 * time.Hour
	}
	refuse := func(format string, args ...any) (Planned, error) {
		return Planned{}, domain.Errorf(domain.Invalid, CodePlan, format, args...)
	}
	switch {
	case w.Calls < 1 || w.Orders < 0 || w.Performances < 0 || w.CallsPerOrder < 1 || w.Floor < time.Minute:
		return refuse("calls, orders, performances, calls an order (1 or more) and floor (a minute or more) cannot be so small")
	case w.Calls > 1_000_000_000 || w.Orders > 100_000_000 || w.Performances > 10_000_000 || w.CallsPerOrder > 1000:
		return refuse("no month has so many calls, orders or performances")
	case w.PollEvery != 0 && w.PollEvery < minEvery:
		return refuse("a poll every %s is more often than the platform allows: once in %s", w.PollEvery, minEvery)
	}
	month := planDays * 24 * time.Hour
	s := Planned{Calls: w.Calls, UpkeepCalls: planUpkeep, SaleCalls: int64(math.Ceil(float64(w.Orders) * w.CallsPerOrder))}
	s.SaleReserve = Forecast{PerDay: float64(s.SaleCalls) / planDays}.Reserve(0, 0, planDays)
	if w.PollEvery > 0 {
		s.PollCalls = int64(month / w.PollEvery)
	}
	calls := (w.Performances + 199) / 200
	s.FloorCalls = int64(math.Ceil(float64(calls) * float64(month) / float64(w.Floor)))
	need := s.SaleReserve + s.UpkeepCalls + s.PollCalls + s.FloorCalls
	if need > w.Calls && !w.Pack {
		return refuse("%d orders need %d calls, up to %d with their reserve; upkeep %d, polls %d and the floor of %s for %d performances %d: %d in all, %d more than the month's %d",
			w.Orders, s.SaleCalls, s.SaleReserve, s.UpkeepCalls, s.PollCalls, w.Floor, w.Performances, s.FloorCalls, need, need-w.Calls, w.Calls)
	}
	s.Calls = max(w.Calls, need)
	s.CallBlocks = max(0, s.Calls-included+999) / 1000
	s.FreeCalls = s.Calls - need
	if s.FreeCalls > 0 {
		s.Every = month / time.Duration(s.FreeCalls)
	}
	return s, nil
}
