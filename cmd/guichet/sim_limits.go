package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"guichet/secutix/sim"
)

// simLimits are the flags that say how much the simulator takes.
type simLimits struct {
	sim.Limits
	skew time.Duration
}

func (l *simLimits) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&l.OtherTenants, "other-tenants", 0, "calls other partners make in a mean minute of the same rate")
	f.IntVar(&l.Status, "limit-status", 0, "HTTP status over a rate: 509 or 429 (default 509)")
	f.BoolVar(&l.RetryAfter, "retry-after", false, "send Retry-After with a refusal")
	f.StringVar(&l.Body, "limit-body", "", "body of a refusal: html, json or empty (default html)")
	f.DurationVar(&l.PollSpacing, "poll-spacing", 0, "least time between two calls of an availability method or exportList (default none)")
	f.IntVar(&l.MonthlyCalls, "monthly-calls", 0, "calls an institution takes a month (0: no limit)")
	f.Int64Var(&l.MonthlyBytes, "monthly-bytes", 0, "bytes an institution takes and answers a month (0: no limit)")
	f.BoolVar(&l.MonthlyPlain, "monthly-plain", false, "count the month's bytes before compression, not on the wire")
	f.IntVar(&l.MonthlyStatus, "monthly-status", 0, "HTTP status when the month is spent: 403, 429, 503 or 509 (default 509)")
	f.DurationVar(&l.skew, "skew", 0, "how far the platform's clock is off for its callers")
}

// deliver sends webhooks as time passes, until stop.
func (s *simulator) deliver(ctx context.Context, log *slog.Logger) {
	ctx, s.halt = context.WithCancel(ctx)
	s.halted = make(chan struct{})
	go func() {
		defer close(s.halted)
		if err := s.platform.Run(ctx); err != nil {
			log.Error("simulator", "error", err)
		}
	}()
}
