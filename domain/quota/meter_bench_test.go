package quota_test

import (
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/quota"
)

// BenchmarkGate is a call's way through the gate: with a lease in hand, and with every lease got from a store in memory.
func BenchmarkGate(b *testing.B) {
	for name, rate := range map[string]int{"leases_of_3": 60, "leases_of_5000": 100_000} {
		b.Run(name, func(b *testing.B) {
			now, s := noon(), newStore()
			m := quota.New(quota.Deps{
				Clock: func() time.Time { return now }, Store: s,
				Limits: map[domain.InstitutionCode]quota.Limits{theatre: {PerMinute: rate, Unmetered: true}},
			})
			c, r := call(quota.Sale), ok()
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(2 * time.Minute / time.Duration(rate)) // half speed: nobody waits
				if err := m.Enter(b.Context(), c); err != nil {
					b.Fatal(err)
				}
				m.Leave(b.Context(), c, r)
			}
			b.ReportMetric(float64(s.trips)/float64(b.N), "trips/call")
		})
	}
}
