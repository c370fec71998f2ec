package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/driver"

	"guichet/domain"
	"guichet/domain/storefront"
	"guichet/secutix/s360"
	"guichet/secutix/sim"
)

// bench builds the whole service over the simulator in one process, without sockets to the platform.
func bench(tb testing.TB, url string, platform *sim.Platform, change ...func(*InstitutionConfig)) *app {
	tb.Helper()
	return benchOver(tb, url, platform, platform.Transport(), change...)
}

// benchOver is bench with another way to the platform.
func benchOver(tb testing.TB, url string, platform *sim.Platform, transport http.RoundTripper, change ...func(*InstitutionConfig)) *app {
	tb.Helper()
	cfg := defaults()
	cfg.Database, cfg.AllowSimulator, cfg.KeyRate, cfg.LogLevel = domain.Secret(url), true, 100_000, "error"
	for _, i := range platform.Institutions() {
		cfg.Institutions = append(cfg.Institutions, InstitutionConfig{
			Code: i.Code, BaseURL: "http://127.0.0.1/" + i.Code, Operator: i.Operator, Partner: i.Partner, Secret: domain.Secret(i.Secret),
			PartnerContact: i.PartnerContact, PerMinute: 100_000, Concurrent: 50, Unmetered: true,
		})
		for _, c := range change {
			c(&cfg.Institutions[len(cfg.Institutions)-1])
		}
	}
	a, err := build(tb.Context(), cfg, options{
		transport: transport, logTo: io.Discard,
		clock: func() time.Time { return platform.Clock.Now().UTC().Truncate(time.Millisecond) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = a.Close() })
	if _, err := a.db.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return a
}

// places opens each database for a benchmark.
func places(b *testing.B) map[string]string {
	b.Helper()
	out := map[string]string{"sqlite": "sqlite:" + filepath.Join(b.TempDir(), "guichet.db")}
	if base := os.Getenv("GUICHET_TEST_POSTGRES"); base != "" {
		db, err := sql.Open("pgx", base)
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		name := fmt.Sprintf("bench_%d", time.Now().UnixNano())
		if _, err := db.ExecContext(b.Context(), "CREATE DATABASE "+name); err != nil {
			b.Fatal(err)
		}
		out["postgres"] = withDatabase(b, base, name)
	}
	return out
}

// BenchmarkSale is a whole sale over HTTP, hold and close of one seat of a 40,000-seat stadium, from four storefronts at
// once; BenchmarkCommit beside it is what the same database commits, one small row at a time, from as many writers. A sale
// stores its intent and its answer twice: four commits, so a quarter of the commit rate is the ceiling.
func BenchmarkSale(b *testing.B) {
	for name, url := range places(b) {
		b.Run(name, func(b *testing.B) {
			platform := &sim.Platform{Clock: sim.NewClock(time.Time{}), RatePerMinute: -1, CatalogSpacing: -1, HoldLifetime: time.Hour}
			a := bench(b, url, platform)
			if _, err := a.catalog.RefreshCatalog(b.Context(), "stadium", true); err != nil {
				b.Fatal(err)
			}
			b.Run("commit", func(b *testing.B) { commits(b, url) })
			b.Run("sale", func(b *testing.B) { sellSeats(b, a) })
		})
	}
}

func commits(b *testing.B, url string) {
	b.Helper()
	open := func() (*sql.DB, error) { return sql.Open("pgx", url) }
	mark := "$1"
	if path, ok := bytes.CutPrefix([]byte(url), []byte("sqlite:")); ok {
		mark = "?"
		open = func() (*sql.DB, error) {
			db, err := driver.Open("file:" + string(path) + "?_pragma=busy_timeout(10000)&_pragma=synchronous(full)&_txlock=immediate")
			if err == nil {
				db.SetMaxOpenConns(1)
			}
			return db, err
		}
	}
	db, err := open()
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(b.Context(), "CREATE TABLE IF NOT EXISTS bench_commits (n BIGINT)"); err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := db.ExecContext(context.WithoutCancel(b.Context()), "INSERT INTO bench_commits VALUES ("+mark+")", 1); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

func sellSeats(b *testing.B, a *app) {
	b.Helper()
	server := httptest.NewServer(a.api)
	defer server.Close()
	_, token, err := a.storefront.Create(b.Context(), storefront.NewKey{Storefront: "bench", Scopes: []storefront.Scope{storefront.ScopeSell, storefront.ScopeDeliver}})
	if err != nil {
		b.Fatal(err)
	}
	bodies := seats(b, a)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	post := func(path, key string, body []byte) (string, int) {
		req, _ := http.NewRequest(http.MethodPost, server.URL+path, bytes.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+token.Reveal())
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
		res, err := client.Do(req)
		if err != nil {
			return err.Error(), 0
		}
		defer res.Body.Close()
		var o struct {
			ID    string `json:"id"`
			State string `json:"state"`
		}
		_ = json.NewDecoder(res.Body).Decode(&o)
		return o.ID, res.StatusCode
	}
	ids := domain.NewIDs(a.clock)
	b.SetParallelism(2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); n++ {
			id, status := post("/v1/orders", ids("key"), bodies[n%len(bodies)])
			if status != http.StatusCreated {
				b.Errorf("hold: %d %s", status, id)
				return
			}
			if _, status := post("/v1/orders/"+id+"/close", ids("key"), []byte(`{}`)); status != http.StatusOK {
				b.Errorf("close: %d", status)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sales/s")
}

// BenchmarkLoadCatalog loads a catalog of 1,000 performances from the simulator into the database and swaps it in; beside
// it, decoding the same bytes into nothing but maps.
func BenchmarkLoadCatalog(b *testing.B) {
	platform := &sim.Platform{Clock: sim.NewClock(time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)), RatePerMinute: -1, CatalogSpacing: -1}
	if err := platform.AddWorld(sim.GeneratedWorld("hall", 1000)); err != nil {
		b.Fatal(err)
	}
	var raw []byte
	for name, url := range places(b) {
		a := bench(b, url, platform)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				platform.Clock.Advance(11 * time.Minute)
				out, err := a.catalog.RefreshCatalog(b.Context(), "hall", true)
				if err != nil || out.Done == 0 {
					b.Fatal(out, err)
				}
			}
			v, err := a.catalog.View("hall")
			if err != nil || len(v.Performances) < 900 {
				b.Fatalf("%d performances, %v", len(v.Performances), err)
			}
		})
		if raw == nil {
			raw = catalogBytes(b, a, platform)
		}
	}
	b.Run("json only", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			var v any
			if err := json.Unmarshal(raw, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// catalogBytes is the same catalog as it stands on the wire.
func catalogBytes(b *testing.B, a *app, platform *sim.Platform) []byte {
	b.Helper()
	platform.Clock.Advance(11 * time.Minute)
	answer, err := a.institutions.Client("hall").Catalog.GetCatalogDetailed(b.Context(), s360.CatalogRequest{})
	if err != nil {
		b.Fatal(err)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		b.Fatal(err)
	}
	return raw
}
