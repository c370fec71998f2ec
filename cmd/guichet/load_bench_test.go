package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path"
	"path/filepath"
	"runtime"
	runtimemetrics "runtime/metrics"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/quota"
	"guichet/secutix"
	"guichet/secutix/sim"
	"guichet/storage"
)

// recordedPlatform answers every method with what the simulator said to it once, so that the simulator's own memory is gone
// when something is measured.
type recordedPlatform struct {
	settings secutix.Settings
	answers  map[string][]byte // method to the compressed answer
	catalog  []byte            // the catalog's answer as it is without compression; nil when not needed any more
}

// RoundTrip implements http.RoundTripper.
func (r *recordedPlatform) RoundTrip(q *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, q.Body)
	header := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Request: q,
		Body: io.NopCloser(bytes.NewReader(r.answers[path.Base(q.URL.Path)])), ContentLength: -1,
	}, nil
}

// record asks a simulator with 2,000 products and 20,000 performances in three languages, some 11 prices each: an answer of
// 60 MB.
func record(b *testing.B) *recordedPlatform {
	b.Helper()
	p := &sim.Platform{
		RatePerMinute: -1, CatalogSpacing: -1,
		Worlds: []sim.World{sim.GenerateWorld(sim.WorldOptions{Code: "big", Products: 2_000, Performances: 20_000, Seed: 7})},
	}
	card := p.Institutions()[0]
	r := &recordedPlatform{
		answers: map[string][]byte{},
		settings: secutix.Settings{
			Code: "big", BaseURL: "http://sim/big", Operator: card.Operator, Partner: card.Partner, Secret: domain.Secret(card.Secret),
			PartnerContact: card.PartnerContact, PendingMethod: card.PendingMethodCode,
		},
	}
	service := loadService(b, r.settings, keeping{p.Transport(), r.answers}, nil)
	if _, err := service.RefreshCatalog(b.Context(), "big", true); err != nil {
		b.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(r.answers["getCatalogDetailed"]))
	if err != nil {
		b.Fatal(err)
	}
	if r.catalog, err = io.ReadAll(z); err != nil {
		b.Fatal(err)
	}
	if err := p.Close(); err != nil {
		b.Fatal(err)
	}
	return r
}

// keeping keeps every answer that passes.
type keeping struct {
	http.RoundTripper
	answers map[string][]byte
}

// RoundTrip implements http.RoundTripper.
func (k keeping) RoundTrip(q *http.Request) (*http.Response, error) {
	res, err := k.RoundTripper.RoundTrip(q)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	if res.Header.Get("Content-Encoding") != "gzip" {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(body); err != nil {
			return nil, err
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
		body = b.Bytes()
	}
	k.answers[path.Base(q.URL.Path)] = body
	return res, nil
}

// loadService is the catalog over a transport, with the store that a benchmark measures (nil: one of its own).
func loadService(b *testing.B, s secutix.Settings, transport http.RoundTripper, store catalog.Store) *catalog.Service {
	b.Helper()
	if store == nil {
		store = openStore(b, "sqlite:"+filepath.Join(b.TempDir(), "guichet.db")).Catalog()
	}
	clock := func() time.Time { return time.Now().UTC() }
	in, err := secutix.New([]secutix.Settings{s}, secutix.Options{
		Transport: transport, Meter: unmetered{}, Clock: clock, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	return catalog.New(catalog.Deps{
		Store: store, Platform: secutix.Catalog{Institutions: in}, Clock: clock, Institutions: in.Codes(),
	})
}

func openStore(b *testing.B, url string) *storage.DB {
	b.Helper()
	db, err := storage.Open(b.Context(), storage.Options{URL: url, Logger: slog.New(slog.DiscardHandler), Clock: func() time.Time { return time.Now().UTC() }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	if _, err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return db
}

// heapPeak samples the heap every millisecond until it is stopped, which returns the most it was, in bytes.
func heapPeak() (stop func() float64) {
	done, peak := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []runtimemetrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		most := uint64(0)
		for {
			runtimemetrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-done:
				peak <- most
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 { close(done); return float64(<-peak) }
}

func heapNow() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkCatalog60MB measures, beside each other in one run: an answer of 60 MB from the first byte to the served
// snapshot (x-of-any: against encoding/json reading the same bytes into any; bar 4), the most memory that the heap takes
// meanwhile with the snapshot before it still serving (x-of-size; bar 6), what a served snapshot keeps (served-MB; bar
// 400), and the start with a stored snapshot (start-s; bar 1).
func BenchmarkCatalog60MB(b *testing.B) {
	r := record(b)
	size := float64(len(r.catalog))
	url := "sqlite:" + filepath.Join(b.TempDir(), "guichet.db")
	db := openStore(b, url)
	var whole, generic, peak, served, start float64
	for b.Loop() {
		began := time.Now()
		var v any
		if err := json.Unmarshal(r.catalog, &v); err != nil {
			b.Fatal(err)
		}
		generic += time.Since(began).Seconds()
		v = nil
		answers, empty := &recordedPlatform{settings: r.settings, answers: r.answers}, heapNow()
		service := loadService(b, r.settings, answers, db.Catalog())
		refresh := func() {
			if out, err := service.RefreshCatalog(b.Context(), "big", true); err != nil || out.Done < 2_000 {
				b.Fatal(out, err)
			}
		}
		refresh()
		kept := heapNow() - empty
		stop := heapPeak()
		began = time.Now()
		refresh()
		whole += time.Since(began).Seconds()
		peak += stop() - empty
		served += kept
		view, err := service.View("big")
		if err != nil || len(view.Performances) != 20_000 {
			b.Fatalf("%d performances, %v", len(view.Performances), err)
		}
		began = time.Now()
		again := loadService(b, r.settings, answers, openStore(b, url).Catalog())
		if err := again.Follow(b.Context()); err != nil {
			b.Fatal(err)
		}
		if view, err = again.View("big"); err != nil || view.Performance(view.Performances[10_000].ID) == nil {
			b.Fatal(err)
		}
		start += time.Since(began).Seconds()
	}
	n := float64(b.N)
	b.ReportMetric(size/1e6, "answer-MB")
	b.ReportMetric(generic/n, "any-s")
	b.ReportMetric(whole/n, "refresh-s")
	b.ReportMetric(whole/generic, "x-of-any")
	b.ReportMetric(peak/n/1e6, "peak-MB")
	b.ReportMetric(peak/n/size, "x-of-size")
	b.ReportMetric(served/n/1e6, "served-MB")
	b.ReportMetric(start/n, "start-s")
}

// unmetered lets every call pass.
type unmetered struct{}

func (unmetered) Enter(context.Context, quota.Call) error         { return nil }
func (unmetered) Leave(context.Context, quota.Call, quota.Result) {}
