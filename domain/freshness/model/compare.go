package model

import (
	"context"
	"slices"
	"sync"
)

// Cost is what the month's calls and bytes come to beyond what is included, in started blocks.
type Cost struct {
	CallBlocks int64    `json:"call_blocks"` // of 1,000 calls
	DataBlocks int64    `json:"data_blocks"` // of 1 GB (10^9 bytes)
	Amount     *float64 `json:"amount"`      // null while the prices of blocks are not known
}

// Included is what the platform's standard offer holds in a month.
const (
	IncludedCalls = 10_000
	IncludedBytes = 1_000_000_000
	blockCalls    = 1000
	blockBytes    = 1_000_000_000
)

// CostOf counts started blocks; a price below 0 is not known.
func CostOf(calls, bytes int64, callBlock, dataBlock float64) Cost {
	started := func(n, block int64) int64 { return (max(0, n) + block - 1) / block }
	c := Cost{CallBlocks: started(calls-IncludedCalls, blockCalls), DataBlocks: started(bytes-IncludedBytes, blockBytes)}
	if (callBlock >= 0 || c.CallBlocks == 0) && (dataBlock >= 0 || c.DataBlocks == 0) {
		sum := float64(c.CallBlocks)*max(0, callBlock) + float64(c.DataBlocks)*max(0, dataBlock)
		c.Amount = &sum
	}
	return c
}

// Months simulates n months of seeds run.Seed, run.Seed+1 …, at most so many at once, and returns them in that order.
func Months(ctx context.Context, run Run, n, atOnce int) ([]Result, error) {
	out, errs := make([]Result, n), make([]error, n)
	turn := make(chan struct{}, max(1, atOnce))
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			if errs[i] = ctx.Err(); errs[i] != nil {
				return
			}
			r := run
			r.Seed += uint64(i) //nolint:gosec // a count of months
			out[i], errs[i] = Month(r)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Sum is several months of one policy and venue.
type Sum struct {
	Policy          Policy  `json:"policy"`
	Venue           Venue   `json:"venue"`
	Months          int     `json:"months"`
	Performances    int     `json:"performances"`
	Calls           int64   `json:"calls"` // of an average month, as the members below
	SaleCalls       int64   `json:"sale_calls"`
	Polls           int64   `json:"polls"`
	Bytes           int64   `json:"bytes"`
	Views           int64   `json:"views"`
	Tries           int64   `json:"tries"`
	StaleRefusals   float64 `json:"stale_refusals"`
	WrongSoldOut    float64 `json:"wrong_sold_out"`
	StaleLooks      float64 `json:"stale_looks"`
	WrongLooks      float64 `json:"wrong_sold_out_looks"`
	ViewWeightedAge float64 `json:"view_weighted_age_s"`
	LimitBreaches   int64   `json:"limit_breaches"` // of all months together, as the next
	RefusedBudget   int64   `json:"sales_refused_for_budget"`
	OldestHours     float64 `json:"oldest_reading_h"` // of all months
	Brier           float64 `json:"brier"`
	BrierConstant   float64 `json:"brier_constant"`
	Calibration     []Bin   `json:"calibration,omitempty"` // of all months
	Cost            Cost    `json:"cost"`                  // of the average month
}

// Add sums months up. It is the zero Sum for none.
func Add(months []Result, callBlock, dataBlock float64) Sum {
	var s Sum
	var bins [10]Bin
	for i := range months {
		r := &months[i]
		s.Policy, s.Venue, s.Performances = r.Policy, r.Venue, r.Performances
		s.Months++
		s.Calls += r.Calls
		s.SaleCalls += r.SaleCalls
		s.Polls += r.Polls
		s.Bytes += r.Bytes
		s.Views += r.Views
		s.Tries += r.Tries
		s.StaleRefusals += float64(r.StaleRefusals)
		s.WrongSoldOut += float64(r.WrongSoldOut)
		s.StaleLooks += float64(r.StaleLooks)
		s.WrongLooks += float64(r.WrongLooks)
		s.ViewWeightedAge += r.ViewWeightedAge
		s.LimitBreaches += r.LimitBreaches
		s.RefusedBudget += r.SalesRefusedBudget
		s.OldestHours = max(s.OldestHours, r.OldestHours)
		s.Brier += r.Brier
		s.BrierConstant += r.BrierConstant
		for _, b := range r.Calibration {
			k := &bins[min(9, int(b.From*10+0.5))]
			k.From = b.From
			k.Said += b.Said * float64(b.Holds)
			k.Sold += b.Sold * float64(b.Holds)
			k.Holds += b.Holds
		}
	}
	if s.Months == 0 {
		return s
	}
	n, f := int64(s.Months), float64(s.Months)
	s.Calls, s.SaleCalls, s.Polls, s.Bytes, s.Views, s.Tries = s.Calls/n, s.SaleCalls/n, s.Polls/n, s.Bytes/n, s.Views/n, s.Tries/n
	s.StaleRefusals, s.WrongSoldOut, s.StaleLooks, s.WrongLooks = s.StaleRefusals/f, s.WrongSoldOut/f, s.StaleLooks/f, s.WrongLooks/f
	s.ViewWeightedAge, s.Brier, s.BrierConstant = s.ViewWeightedAge/f, s.Brier/f, s.BrierConstant/f
	for _, b := range bins {
		if b.Holds > 0 {
			b.Said, b.Sold = b.Said/float64(b.Holds), b.Sold/float64(b.Holds)
			s.Calibration = append(s.Calibration, b)
		}
	}
	s.Cost = CostOf(s.Calls, s.Bytes, callBlock, dataBlock)
	return s
}

// Versus compares one policy with another over the same months.
type Versus struct {
	Venue         Venue   `json:"venue"`
	Against       Policy  `json:"against"`
	Refusals      float64 `json:"stale_refusals_ratio"`        // of all months together; 0 where the other had none
	MedianRefused float64 `json:"stale_refusals_ratio_median"` // of the months' own ratios, where the other had any
	Looks         float64 `json:"stale_looks_ratio"`           // of all months together
	MedianLooks   float64 `json:"stale_looks_ratio_median"`
	WorseRefusals int     `json:"months_with_more_stale_refusals"`
	WorseLooks    int     `json:"months_with_more_stale_looks"`
}

// Compare sets months of one policy against the same seeds' months of another.
func Compare(ours, other []Result) Versus {
	var v Versus
	var a, b, c, d float64
	var refused, looks []float64
	for i := range min(len(ours), len(other)) {
		x, y := &ours[i], &other[i]
		v.Venue, v.Against = x.Venue, y.Policy
		a, b = a+float64(x.StaleRefusals), b+float64(y.StaleRefusals)
		c, d = c+float64(x.StaleLooks), d+float64(y.StaleLooks)
		if x.StaleRefusals > y.StaleRefusals {
			v.WorseRefusals++
		}
		if x.StaleLooks > y.StaleLooks {
			v.WorseLooks++
		}
		if y.StaleRefusals > 0 {
			refused = append(refused, float64(x.StaleRefusals)/float64(y.StaleRefusals))
		}
		if y.StaleLooks > 0 {
			looks = append(looks, float64(x.StaleLooks)/float64(y.StaleLooks))
		}
	}
	if b > 0 {
		v.Refusals = a / b
	}
	if d > 0 {
		v.Looks = c / d
	}
	if len(refused) > 0 {
		v.MedianRefused = median(refused)
	}
	if len(looks) > 0 {
		v.MedianLooks = median(looks)
	}
	return v
}

// median of at least one; it sorts what it is given.
func median(list []float64) float64 {
	slices.Sort(list)
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
}
