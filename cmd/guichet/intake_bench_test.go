package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/storefront"
	"guichet/secutix/sim"
)

// intakeClients is how many storefronts, and how many clients of pgbench, ask at a time.
const intakeClients = 8

// BenchmarkIntake is durable order intake on PostgreSQL over HTTP, with a simulator that answers at once in the same process:
// holds and closes of one seat a second (calls/s; bar 400), against what pgbench commits with as many clients and as many rows
// written in each transaction as one call writes (x-of-pgbench; bar 0.25), in turns in the same run. Then half of that load,
// at even times: the 99th percentile of our own share of a call, which is all of it but the calls to the simulator
// (hold-own-p99-ms, close-own-p99-ms; bar 15), and of the whole from when it was due (hold-p99-ms, close-p99-ms).
func BenchmarkIntake(b *testing.B) {
	url, ok := places(b)["postgres"]
	if !ok {
		b.Fatal("GUICHET_TEST_POSTGRES is not set")
	}
	platform := &sim.Platform{Clock: sim.NewClock(time.Time{}), RatePerMinute: -1, CatalogSpacing: -1, HoldLifetime: time.Hour}
	var shares ownShares
	a := benchOver(b, url, platform, shares.transport(platform.Transport()))
	if _, err := a.catalog.RefreshCatalog(b.Context(), "stadium", true); err != nil {
		b.Fatal(err)
	}
	in := newIntake(b, a, shares.handler(a.api))
	db, err := sql.Open("pgx", url)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	in.sell(b, 50) // everything is prepared and warm
	before := written(b, db)
	in.sell(b, 100)
	rows := float64(written(b, db)-before) / 200
	var calls, took, commits float64
	for b.Loop() {
		commits += pgbench(b, db, url, int(rows+0.5))
		began := time.Now()
		in.sell(b, 300)
		calls, took = calls+600, took+time.Since(began).Seconds()
	}
	rate := calls / took
	shares.forget()
	holds, closes := in.evenly(b, rate/2, 5*time.Second)
	ownHolds, ownCloses := shares.all()
	b.ReportMetric(rate, "calls/s")
	b.ReportMetric(rows, "rows/call")
	b.ReportMetric(commits/float64(b.N), "pgbench-tps")
	b.ReportMetric(rate/(commits/float64(b.N)), "x-of-pgbench")
	b.ReportMetric(percentile(ownHolds, 99), "hold-own-p99-ms")
	b.ReportMetric(percentile(ownCloses, 99), "close-own-p99-ms")
	b.ReportMetric(percentile(holds, 99), "hold-p99-ms")
	b.ReportMetric(percentile(closes, 99), "close-p99-ms")
	b.ReportMetric(percentile(append(holds, closes...), 50), "p50-ms")
}

// intake sells seats over HTTP.
type intake struct {
	server *httptest.Server
	token  domain.Secret
	bodies [][]byte
	client *http.Client
	ids    domain.IDs
}

func newIntake(b *testing.B, a *app, handler http.Handler) *intake {
	b.Helper()
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	_, token, err := a.storefront.Create(b.Context(), storefront.NewKey{Storefront: "bench", Scopes: []storefront.Scope{storefront.ScopeSell, storefront.ScopeDeliver}})
	if err != nil {
		b.Fatal(err)
	}
	return &intake{
		server: server, token: token, bodies: seats(b, a), ids: domain.NewIDs(a.clock),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
}

// ownShares are the times that calls took without what the platform took of them.
type ownShares struct {
	mu            sync.Mutex
	holds, closes []float64 // milliseconds
}

type platformTime struct{}

// handler measures every call of another.
func (s *ownShares) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var platform atomic.Int64
		began := time.Now()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), platformTime{}, &platform)))
		own := float64((time.Since(began) - time.Duration(platform.Load())).Microseconds()) / 1000
		s.mu.Lock()
		defer s.mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "/close") {
			s.closes = append(s.closes, own)
		} else {
			s.holds = append(s.holds, own)
		}
	})
}

// transport adds what the platform takes to the call that waits for it.
func (s *ownShares) transport(platform http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		began := time.Now()
		res, err := platform.RoundTrip(r)
		if sum, ok := r.Context().Value(platformTime{}).(*atomic.Int64); ok {
			sum.Add(int64(time.Since(began)))
		}
		return res, err
	})
}

func (s *ownShares) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds, s.closes = nil, nil
}

func (s *ownShares) all() (holds, closes []float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holds, s.closes
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// seats are requests for one seat each, of every price that is on sale without conditions.
func seats(b *testing.B, a *app) [][]byte {
	b.Helper()
	v, err := a.catalog.View("stadium")
	if err != nil {
		b.Fatal(err)
	}
	var bodies [][]byte
	for i := range v.Performances {
		p := &v.Performances[i]
		for _, pr := range p.Prices {
			if t := v.Tariff(pr.Tariff); len(t.Requires) == 0 && t.Min <= 1 && pr.Min <= 1 && v.SellablePerformance(p, pr.Tariff, pr.SeatCategory, a.clock()).OnSale {
				bodies = append(bodies, fmt.Appendf(nil, `{"institution":"stadium","items":[{"performance":"stadium-%d","seat_category":"stadium-%d","tariff":"stadium-%d","quantity":1}]}`,
					p.ID, pr.SeatCategory, pr.Tariff))
			}
		}
	}
	if len(bodies) == 0 {
		b.Fatal("nothing is on sale")
	}
	return bodies
}

// post makes one call and returns the order's number.
func (in *intake) post(ctx context.Context, path string, body []byte, want int) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, in.server.URL+path, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+in.token.Reveal())
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", in.ids("key"))
	res, err := in.client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var o struct {
		ID   string `json:"id"`
		Code string `json:"code"`
	}
	if err := json.NewDecoder(res.Body).Decode(&o); err != nil {
		return "", err
	}
	if res.StatusCode != want {
		return "", fmt.Errorf("%s: %d %s", path, res.StatusCode, o.Code)
	}
	return o.ID, nil
}

// sell makes so many sales as fast as the clients can.
func (in *intake) sell(b *testing.B, n int) {
	b.Helper()
	jobs := make(chan int, n)
	for i := range n {
		jobs <- i
	}
	close(jobs)
	var wg sync.WaitGroup
	for range intakeClients {
		wg.Go(func() {
			for i := range jobs {
				id, err := in.post(b.Context(), "/v1/orders", in.bodies[i%len(in.bodies)], http.StatusCreated)
				if err == nil {
					_, err = in.post(b.Context(), "/v1/orders/"+id+"/close", []byte(`{}`), http.StatusOK)
				}
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// evenly makes calls at even times and returns how long each took from when it was due, in milliseconds.
func (in *intake) evenly(b *testing.B, rate float64, during time.Duration) (holds, closes []float64) {
	b.Helper()
	every := time.Duration(float64(2*time.Second) / rate) // a sale is two calls
	var mu sync.Mutex
	var wg sync.WaitGroup
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := range int(during / every) {
		due := <-tick.C
		wg.Go(func() {
			id, err := in.post(b.Context(), "/v1/orders", in.bodies[n%len(in.bodies)], http.StatusCreated)
			held := time.Now()
			if err == nil {
				_, err = in.post(b.Context(), "/v1/orders/"+id+"/close", []byte(`{}`), http.StatusOK)
			}
			if err != nil {
				b.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			holds = append(holds, float64(held.Sub(due).Microseconds())/1000)
			closes = append(closes, float64(time.Since(held).Microseconds())/1000)
		})
	}
	wg.Wait()
	return holds, closes
}

func percentile(list []float64, p int) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	return list[min(len(list)-1, len(list)*p/100)]
}

// written is how many rows the database has written so far. An idle backend of PostgreSQL tells its counts after up to ten
// seconds, so it is asked until it has said the same for longer.
func written(b *testing.B, db *sql.DB) int64 {
	b.Helper()
	var n, last int64
	for same := 0; same < 19; {
		time.Sleep(600 * time.Millisecond)
		if err := db.QueryRowContext(b.Context(), "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables").Scan(&n); err != nil {
			b.Fatal(err)
		}
		if same++; n != last {
			same = 0
		}
		last = n
	}
	return n
}

// pgbench is how many transactions a second PostgreSQL's own benchmark commits, each writing so many rows.
func pgbench(b *testing.B, db *sql.DB, url string, rows int) float64 {
	b.Helper()
	if _, err := db.ExecContext(b.Context(), "CREATE TABLE IF NOT EXISTS bench_rows (id BIGSERIAL PRIMARY KEY, body TEXT)"); err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "rows.sql")
	script := "BEGIN;\n" + strings.Repeat("INSERT INTO bench_rows (body) VALUES (repeat('x', 300));\n", rows) + "COMMIT;\n"
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		b.Fatal(err)
	}
	program := "pgbench"
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench"); len(found) > 0 {
		program = found[len(found)-1]
	}
	out, err := exec.CommandContext(b.Context(), program, "-n", "-M", "prepared", "-c", strconv.Itoa(intakeClients), "-j", "2", "-T", "3", "-f", file, url).CombinedOutput()
	if err != nil {
		b.Fatalf("pgbench (Debian's postgresql): %v\n%s", err, out)
	}
	_, after, _ := strings.Cut(string(out), "tps = ")
	text, _, _ := strings.Cut(after, " ")
	tps, err := strconv.ParseFloat(text, 64)
	if err != nil {
		b.Fatalf("pgbench said: %s", out)
	}
	return tps
}
