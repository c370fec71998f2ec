package quota

import "guichet/domain"

// Pack is what the platform asks for calls and data beyond what a month includes. A zero price is not known.
type Pack struct {
	CallBlock domain.Money // per started 1,000 calls
	DataBlock domain.Money // per started GB
}

// CheckPlan refuses more sales a month than the calls kept for them allow. Zeros plan nothing.
func (l Limits) CheckPlan(orders, callsPerOrder int64) error {
	l = l.withDefaults()
	if orders < 0 || callsPerOrder < 0 {
		return domain.Errorf(domain.Invalid, domain.CodeRequest, "orders and calls per order cannot be negative")
	}
	if l.Unmetered || orders == 0 || callsPerOrder == 0 {
		return nil
	}
	kept := l.MonthCalls * int64(l.SalesShare) / 100
	if orders > l.MonthCalls/callsPerOrder || orders*callsPerOrder > kept {
		return domain.Errorf(domain.Invalid, domain.CodeRequest,
			"%d orders at %d calls each are more than the %d calls kept for sales (%d percent of %d): at most %d orders can be sold",
			orders, callsPerOrder, kept, l.SalesShare, l.MonthCalls, kept/callsPerOrder)
	}
	return nil
}
