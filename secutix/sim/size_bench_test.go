package sim

import (
	"fmt"
	"testing"
)

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p := &Platform{Clock: NewClock(aDay)}
		if err := p.Start(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCatalog(b *testing.B) {
	for _, n := range []int{1_000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := &Platform{Clock: NewClock(aDay)}
			if err := p.AddWorld(GeneratedWorld("big", n)); err != nil {
				b.Fatal(err)
			}
			if err := p.Start(); err != nil {
				b.Fatal(err)
			}
			sv, _ := serviceOf("tnseb", "catalogService")
			rt, _ := sv.method("getCatalogDetailed")
			for b.Loop() {
				c := &call{in: p.byCode["big"], now: aDay, body: []byte(`{}`)}
				result, no := rt.do(p, c)
				w, err := encode(rt, c, result, no)
				if err != nil {
					b.Fatal(err)
				}
				body, err := w.later()
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(body))/1e6, "MB")
			}
		})
	}
}
