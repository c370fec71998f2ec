package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/quota"
	"guichet/domain/storefront"
	"guichet/secutix/sim"
)

// BenchmarkQuotaViews are the admin views over a ledger of ten million calls as production keeps it, through the service's
// own handler: 24 sorts of calls, hours and days of 13 months, minutes of 2 days, the last 50,000 single calls.
func BenchmarkQuotaViews(b *testing.B) {
	for kind, url := range places(b) {
		b.Run(kind, func(b *testing.B) {
			platform := &sim.Platform{Clock: sim.NewClock(time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC))}
			a := bench(b, url, platform)
			calls := fillLedger(b, a, "museum", platform.Clock.Now())
			_, token, err := a.storefront.Create(b.Context(), storefront.NewKey{Storefront: "ops", Scopes: []storefront.Scope{storefront.ScopeAdmin}})
			if err != nil {
				b.Fatal(err)
			}
			for name, target := range map[string]string{
				"month":   "/v1/admin/quota?institution=museum",
				"hours":   "/v1/admin/quota/usage?institution=museum&unit=hour&by=service&from=2026-10-29",
				"minutes": "/v1/admin/quota/usage?institution=museum&unit=minute",
				"callers": "/v1/admin/quota/callers?institution=museum&by=key&from=2026-11-22",
			} {
				b.Run(name, func(b *testing.B) {
					var took []time.Duration
					for b.Loop() {
						req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, target, nil)
						req.Header.Set("Authorization", "Bearer "+token.Reveal())
						rec := httptest.NewRecorder()
						began := time.Now()
						a.api.ServeHTTP(rec, req)
						took = append(took, time.Since(began))
						if rec.Code != http.StatusOK || rec.Body.Len() < 500 {
							b.Fatalf("%d %s", rec.Code, rec.Body)
						}
					}
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
					b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
					b.ReportMetric(float64(calls), "calls")
				})
			}
		})
	}
}

// fillLedger writes ten million calls, rolled up, and says how many they are.
func fillLedger(b *testing.B, a *app, code domain.InstitutionCode, now time.Time) (calls int64) {
	b.Helper()
	const sorts, hours = 24, 13 * 30 * 24
	const each = 10_000_000/(hours*sorts) + 1
	store := a.db.Quota()
	var batch []quota.Count
	write := func(ctx context.Context, singles []quota.Single) {
		if err := store.AddCounts(ctx, batch, singles); err != nil {
			b.Fatal(err)
		}
		batch = batch[:0]
	}
	add := func(unit quota.Unit, start time.Time, n int64) {
		for s := range sorts {
			batch = append(batch, quota.Count{
				Institution: code, Unit: unit, Start: start, Operator: "SHOP", Service: "service", Method: fmt.Sprintf("method%d", s/2),
				Class: []quota.Class{quota.Sale, quota.Refresh}[s/2%2], Outcome: []string{"ok", "refused"}[s%2], Calls: n, BytesOut: n, BytesIn: n, Millis: n,
			})
		}
		if len(batch) > 10_000 {
			write(b.Context(), nil)
		}
	}
	for h := range hours {
		at := now.Add(-time.Duration(h) * time.Hour).Truncate(time.Hour)
		add(quota.Hour, at, each)
		calls += each * sorts
		if h%24 == 0 {
			add(quota.Day, at.Truncate(24*time.Hour), each*24)
		}
		if h%(30*24) == 0 {
			add(quota.Month, time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC), each*24*30)
		}
	}
	for m := range 2 * 24 * 60 {
		add(quota.Minute, now.Add(-time.Duration(m)*time.Minute), 1)
	}
	var singles []quota.Single
	for n := range 50_000 {
		singles = append(singles, quota.Single{
			Institution: code, At: now.Add(-time.Duration(n) * 10 * time.Second), Operator: "SHOP", Service: "service", Method: "method", Class: quota.Sale,
			Purpose: quota.Purpose{Key: fmt.Sprintf("key_%d", n%40), Order: fmt.Sprintf("ord_%d", n/3)}, Outcome: "ok", BytesOut: 1, BytesIn: 1, Took: time.Millisecond,
		})
		if len(singles) == 5000 {
			write(b.Context(), singles)
			singles = nil
		}
	}
	write(b.Context(), nil)
	return calls
}
