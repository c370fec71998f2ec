package secutix

import (
	"context"

	"guichet/domain"
	"guichet/domain/quota"
	"guichet/secutix/s360"
)

// Classes of calls, as the client carries them to the gate.
const (
	classSale    = string(quota.Sale)
	classSettle  = string(quota.Settle)
	classRefresh = string(quota.Refresh)
	classControl = string(quota.Control)
)

// Meter is what the border asks before, and tells after, every call.
type Meter interface {
	Enter(ctx context.Context, c quota.Call) error
	Leave(ctx context.Context, c quota.Call, r quota.Result)
}

// gate fits one institution's client to the meter.
type gate struct {
	meter Meter
	code  domain.InstitutionCode
}

func (g gate) call(c s360.Call) quota.Call {
	return quota.Call{Institution: g.code, Service: c.Service, Method: c.Method, Class: quota.Class(c.Class), Poll: c.Poll}
}

// Enter implements s360.Gate.
func (g gate) Enter(ctx context.Context, c s360.Call) error { return g.meter.Enter(ctx, g.call(c)) }

// Leave implements s360.Gate.
func (g gate) Leave(ctx context.Context, c s360.Call, o s360.Outcome) {
	g.meter.Leave(ctx, g.call(c), quota.Result{
		Outcome: outcome(o), Limited: o.Limited, RetryAfter: o.RetryAfter, BytesOut: o.BytesOut, BytesIn: o.BytesIn, Took: o.Duration, Date: o.Date,
	})
}

// outcome is one word for how a call ended.
func outcome(o s360.Outcome) string {
	switch {
	case o.Limited:
		return "limited"
	case o.Err != nil || o.Status == 0:
		return "unreachable"
	case o.Status == 401 || o.Status == 403:
		return "auth"
	case o.Status != 200:
		return "failed"
	case o.Code == s360.StatusSuccess:
		return "ok"
	case o.Code == s360.StatusInProgress:
		return "in_progress"
	case o.Code == "":
		return "unreadable"
	default:
		return "refused"
	}
}
