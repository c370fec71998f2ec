package main

import (
	"context"
	"math"

	"guichet/domain"
	"guichet/domain/sales"
)

// The looks at sold orders that an institution's day may have, where the configuration does not say.
const (
	looksPerDay          = 100
	looksPerDayUnmetered = 10_000
)

// looks says how many looks at sold orders the institution's day may have: so many as configured, and not more than an even
// share of what the month leaves beside the calls kept for sales and for what else is asked regularly.
func (a *app) looks(ctx context.Context, code domain.InstitutionCode) (sales.LookBudget, error) {
	inst := a.purse.of[code]
	now := a.clock()
	out := sales.LookBudget{Day: domain.DayOf(now.In(inst.limits().Zone)), Most: inst.looksPerDay()}
	if inst.Unmetered || out.Most == 0 {
		return out, nil
	}
	b, err := a.purse.budget(ctx, code)
	if err != nil {
		return sales.LookBudget{}, err
	}
	days := max(b.Until.Sub(now).Hours()/24, 1)
	left := math.Ceil(float64(max(b.Calls-b.ReserveCalls, 0)) / days)
	if b.Bytes <= b.ReserveBytes {
		left = 0
	}
	out.Most = min(out.Most, int(left))
	return out, nil
}

// looksPerDay is the configured number, with its default.
func (i *InstitutionConfig) looksPerDay() int {
	switch {
	case i.LooksPerDay != 0:
		return max(i.LooksPerDay, 0)
	case i.Unmetered:
		return looksPerDayUnmetered
	}
	return looksPerDay
}
