package secutix

import (
	"context"
	"time"

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

// gate fits one institution's client to the meter, and keeps back what must not be sent any more.
type gate struct {
	meter Meter
	code  domain.InstitutionCode
	clock domain.Clock
}

func (g gate) call(c s360.Call) quota.Call {
	return quota.Call{Institution: g.code, Service: c.Service, Method: c.Method, Class: quota.Class(c.Class), Poll: c.Poll}
}

// Enter implements s360.Gate. A call that changes something is refused, unsent, once the claim of the order's step has run out by
// the clock: a machine that stood still, whose timers may not know, does nothing that somebody else has taken over.
func (g gate) Enter(ctx context.Context, c s360.Call) error {
	if g.late(ctx, c) {
		return errLate()
	}
	if err := g.meter.Enter(ctx, g.call(c)); err != nil {
		return err
	}
	if g.late(ctx, c) { // it waited for its turn
		g.Leave(ctx, c, s360.Outcome{})
		return errLate()
	}
	return nil
}

// late reports whether a call would change something for a step that is not ours any more.
func (g gate) late(ctx context.Context, c s360.Call) bool {
	until, _ := ctx.Value(claimKey{}).(time.Time)
	return c.Changing && !until.IsZero() && g.clock().After(until)
}

func errLate() error {
	return domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "the platform was not asked in time")
}

// claimKey is where the context carries until when an order's step may change something.
type claimKey struct{}

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
