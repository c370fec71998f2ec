package storage_test

import (
	"fmt"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/quota"
	"guichet/storage/storagetest"
)

// BenchmarkQuotaMonth is the admin month view over a ledger of ten million calls, rolled up as production keeps them: hours of
// 13 months, minutes of 2 days, days and months, each for 12 sorts of calls.
func BenchmarkQuotaMonth(b *testing.B) {
	for _, place := range storagetest.Places(b) {
		b.Run(place.Kind, func(b *testing.B) {
			db := place.Open(b)
			now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
			const sorts, months = 12, 13
			hours := months * 30 * 24
			each := int64(10_000_000 / (hours * sorts))
			var batch []quota.Count
			var calls int64
			add := func(unit quota.Unit, start time.Time, n int64) {
				for s := range sorts {
					batch = append(batch, quota.Count{
						Institution: "opera", Unit: unit, Start: start, Operator: "SHOP", Service: "service", Method: fmt.Sprintf("method%d", s), Class: quota.Refresh,
						Outcome: "ok", Calls: n, BytesOut: n, BytesIn: n, Millis: n,
					})
				}
				if len(batch) > 20_000 {
					if err := db.Quota().AddCounts(b.Context(), batch, nil); err != nil {
						b.Fatal(err)
					}
					batch = batch[:0]
				}
			}
			for h := range hours {
				at := now.Add(-time.Duration(h) * time.Hour)
				add(quota.Hour, at, each)
				calls += each * sorts
				if h%24 == 0 {
					add(quota.Day, at.Truncate(24*time.Hour), each*24)
				}
				if h%(24*30) == 0 {
					add(quota.Month, time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC), each*24*30)
				}
			}
			for m := range 2 * 24 * 60 {
				add(quota.Minute, now.Add(-time.Duration(m)*time.Minute), max(each/60, 1))
			}
			if err := db.Quota().AddCounts(b.Context(), batch, nil); err != nil {
				b.Fatal(err)
			}
			meter := quota.NewMeter(func() time.Time { return now }, db.Quota(), map[domain.InstitutionCode]quota.Limits{"opera": {}})
			b.ReportAllocs()
			for b.Loop() {
				if r, err := meter.Report(b.Context(), "opera"); err != nil || r.Month.Calls == 0 {
					b.Fatalf("%d calls, %v", r.Month.Calls, err)
				}
			}
			b.ReportMetric(float64(calls), "calls")
		})
	}
}

// BenchmarkQuotaLease is one lease through the database, and a call through the gate with the leases it needs.
func BenchmarkQuotaLease(b *testing.B) {
	for _, place := range storagetest.Places(b) {
		b.Run(place.Kind, func(b *testing.B) {
			db := place.Open(b)
			now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
			meter := quota.NewMeter(func() time.Time { return now }, db.Quota(), map[domain.InstitutionCode]quota.Limits{"opera": {PerMinute: 180, Unmetered: true}})
			c := quota.Call{Institution: "opera", Service: "s", Method: "m", Class: quota.Sale}
			for b.Loop() {
				now = now.Add(time.Second)
				if err := meter.Enter(b.Context(), c); err != nil {
					b.Fatal(err)
				}
				meter.Leave(b.Context(), c, quota.Result{Outcome: "ok"})
			}
		})
	}
}
