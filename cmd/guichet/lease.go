package main

import (
	"context"
	"log/slog"
	"time"
)

// stepLease is how long a step that one process takes at a time may last: a job's own bound, and a little. So long after the
// death of who took it, it is free.
const stepLease = jobTimeout + 30*time.Second

// alone gives the right to a step by its name: to one owner at a time, in this process and all others on the database. Without
// it release is nil.
func (a *app) alone(owner func() string) func(ctx context.Context, name string) (release func(), got bool, err error) {
	leases := a.db.Leases()
	return func(ctx context.Context, name string) (func(), bool, error) {
		owner := owner()
		got, err := leases.Acquire(ctx, name, owner, stepLease)
		if err != nil || !got {
			return nil, false, err
		}
		return func() {
			if err := leases.Release(context.WithoutCancel(ctx), name, owner); err != nil {
				a.log.LogAttrs(ctx, slog.LevelWarn, "a lease could not be given back", slog.String("lease", name), slog.String("error", err.Error()))
			}
		}, true, nil
	}
}
