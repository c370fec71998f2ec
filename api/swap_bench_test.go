package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// timed is one read: when it began and how long it took.
type timed struct {
	at   time.Duration
	took time.Duration
}

// underLoad reads from several connections at once until ctx ends, single performances and pages in turn, and returns
// what each read took. A read that fails ends the benchmark.
func underLoad(ctx context.Context, b *testing.B, addr, token string, began time.Time) (reads []timed) {
	b.Helper()
	const readers = 4
	var mu sync.Mutex
	var wg sync.WaitGroup
	for n := range readers {
		w := dialWire(b, addr)
		wg.Go(func() {
			var own []timed
			for i := n; ctx.Err() == nil; i += readers {
				target := "/v1/performances/" + bigID(i*7919)
				if i%50 == 0 {
					target = fmt.Sprintf("/v1/performances?venue=V%02d&sort=price&limit=20", i/50%12)
				}
				request, start := requestBytes(target, token), time.Now()
				status, size, _, err := w.ask(request)
				if err != nil || status != http.StatusOK || size < 1000 {
					b.Errorf("%s: %d, %d bytes, %v", target, status, size, err)
					return
				}
				own = append(own, timed{start.Sub(began), time.Since(start)})
			}
			mu.Lock()
			defer mu.Unlock()
			reads = append(reads, own...)
		})
	}
	wg.Wait()
	return reads
}

func p99(reads []timed) time.Duration {
	took := make([]time.Duration, len(reads))
	for i := range reads {
		took[i] = reads[i].took
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// longestSlow is the longest time for which the 99th percentile, in windows of 100 ms, was above twice the quiet one.
func longestSlow(reads []timed, quiet time.Duration) time.Duration {
	const window = 100 * time.Millisecond
	by := map[int][]timed{}
	last := 0
	for _, r := range reads {
		w := int(r.at / window)
		by[w], last = append(by[w], r), max(last, w)
	}
	longest, run := 0, 0
	for w := range last + 1 {
		if run++; len(by[w]) > 0 && p99(by[w]) <= 2*quiet {
			run = 0
		}
		longest = max(longest, run)
	}
	return time.Duration(longest) * window
}

// BenchmarkSwap reads at full load while the view of 20,000 performances is swapped, once or again and again, by new
// availability of everything or by a whole new catalog, and reports the 99th percentile beside the one without swaps, and for how long
// it was more than twice that.
func BenchmarkSwap(b *testing.B) {
	const lasts = 3 * time.Second
	for _, how := range []struct {
		name  string
		every time.Duration
		swap  func(b *testing.B, r *rig, round int)
	}{
		{"availability-once", time.Hour, swapAvailability},
		{"catalog-once", time.Hour, swapCatalog},
		{"availability-every-200ms", 200 * time.Millisecond, swapAvailability},
		{"catalog-every-1s", time.Second, swapCatalog},
		{"catalog-every-200ms", 200 * time.Millisecond, swapCatalog},
	} {
		b.Run(how.name, func(b *testing.B) {
			r := newBigRig(b)
			r.shopKey()
			r.warm(bigPerformances, http.StatusOK, func(i int) string { return "/v1/performances/" + bigID(i) })
			srv := httptest.NewServer(r.handler)
			defer srv.Close()
			addr := strings.TrimPrefix(srv.URL, "http://")
			round := 0
			for b.Loop() {
				ctx, cancel := context.WithTimeout(b.Context(), lasts)
				calm := p99(underLoad(ctx, b, addr, r.tokens["shop"], time.Now()))
				cancel()
				ctx, cancel = context.WithTimeout(b.Context(), lasts)
				var wg sync.WaitGroup
				swaps := 0
				wg.Go(func() {
					tick := time.NewTicker(how.every)
					defer tick.Stop()
					for ctx.Err() == nil {
						round++
						how.swap(b, r, round)
						swaps++
						select {
						case <-tick.C:
						case <-ctx.Done():
						}
					}
				})
				reads := underLoad(ctx, b, addr, r.tokens["shop"], time.Now())
				wg.Wait()
				cancel()
				b.ReportMetric(float64(calm.Microseconds()), "calm-p99-µs")
				b.ReportMetric(float64(p99(reads).Microseconds()), "p99-µs")
				b.ReportMetric(float64(p99(reads))/float64(calm), "of-calm")
				b.ReportMetric(longestSlow(reads, calm).Seconds(), "s-above-double")
				b.ReportMetric(float64(len(reads))/lasts.Seconds(), "reads/s")
				b.ReportMetric(float64(swaps), "swaps")
			}
		})
	}
}

func swapAvailability(b *testing.B, r *rig, round int) {
	b.Helper()
	r.now.advance(time.Minute)
	r.catalog.reads = map[domain.InstitutionCode][]catalog.Reading{"play": bigReadings(r.now.Now(), round)}
	if _, err := r.deps.Catalog.RefreshAvailability(b.Context(), "play"); err != nil {
		b.Error(err)
	}
}

func swapCatalog(b *testing.B, r *rig, round int) {
	b.Helper()
	snap := bigTheatre(fmt.Sprint("s", round))
	r.catalog.mu.Lock()
	r.catalog.snaps["play"] = func() *catalog.Snapshot { return snap }
	r.catalog.mu.Unlock()
	if _, err := r.deps.Catalog.RefreshCatalog(b.Context(), "play", true); err != nil {
		b.Error(err)
	}
}
