package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/freshness"
	"guichet/domain/quota"
	"guichet/domain/storefront"
	"guichet/secutix/sim"
)

// fresh is a server over a generated house whose freshness planner is stepped by hand.
type fresh struct {
	*app
	platform *sim.Platform
	key      string
}

const hall = domain.InstitutionCode("hall")

// newFresh makes one; change may alter its configuration. A second one over the same url is a restart or another replica.
func newFresh(t *testing.T, url string, platform *sim.Platform, change func(*Config)) *fresh {
	t.Helper()
	cfg := defaults()
	cfg.Database, cfg.AllowSimulator, cfg.KeyRate, cfg.LogLevel = domain.Secret(url), true, 100_000, "error"
	for _, i := range platform.Institutions() {
		if i.Code == string(hall) {
			cfg.Institutions = append(cfg.Institutions, InstitutionConfig{
				Code: i.Code, BaseURL: "http://127.0.0.1/" + i.Code, Operator: i.Operator, Partner: i.Partner, Secret: domain.Secret(i.Secret),
				PartnerContact: i.PartnerContact, PerMinute: 180, MonthCalls: 10_000,
			})
		}
	}
	if change != nil {
		change(&cfg)
	}
	a, err := build(t.Context(), cfg, options{
		transport: platform.Transport(), logTo: io.Discard,
		clock: func() time.Time { return platform.Clock.Now().UTC().Truncate(time.Millisecond) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := &fresh{app: a, platform: platform}
	_, key, err := a.storefront.Create(t.Context(), storefront.NewKey{Storefront: "shop", Scopes: []storefront.Scope{
		storefront.ScopeCatalog, storefront.ScopeSell, storefront.ScopeAdmin,
	}})
	if err != nil {
		t.Fatal(err)
	}
	f.key = key.Reveal()
	return f
}

func newHall(t *testing.T, performances int) *sim.Platform {
	t.Helper()
	p := &sim.Platform{Clock: sim.NewClock(time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)), RatePerMinute: -1, CatalogSpacing: -1}
	if err := p.AddWorld(sim.GeneratedWorld(string(hall), performances)); err != nil {
		t.Fatal(err)
	}
	return p
}

// get asks the API.
func (f *fresh) get(t *testing.T, path string) (int, string) {
	t.Helper()
	return f.send(t, http.MethodGet, path, "", "")
}

func (f *fresh) send(t *testing.T, method, path, idempotency, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+f.key)
	r.Header.Set("Accept-Encoding", "identity")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", idempotency)
	}
	w := httptest.NewRecorder()
	f.api.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// minute lets a minute pass and takes a step.
func (f *fresh) minute(t *testing.T) domain.Outcome {
	t.Helper()
	f.platform.Clock.Advance(time.Minute)
	out, err := f.refreshAvailability(t.Context(), string(hall), false)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// load brings the catalog.
func (f *fresh) load(t *testing.T) *catalog.View {
	t.Helper()
	if _, err := f.catalog.RefreshCatalog(t.Context(), hall, true); err != nil {
		t.Fatal(err)
	}
	v, err := f.catalog.View(hall)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// standings are all that the planner plans for, by performance.
func (f *fresh) standings(t *testing.T) (map[catalog.PerformanceID]freshness.Standing, freshness.Summary) {
	t.Helper()
	list, sum, err := f.freshness.List(t.Context(), hall, freshness.OrderStale, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	out := map[catalog.PerformanceID]freshness.Standing{}
	for _, s := range list {
		out[s.ID] = s
	}
	return out, sum
}

// used counts the calls of this month for availability, and all of them.
func (f *fresh) used(t *testing.T) (availability, all int64) {
	t.Helper()
	counts, err := f.meter.Counts(t.Context(), hall, quota.Day, f.clock().AddDate(0, 0, -40), f.clock().AddDate(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		all += c.Calls
		if c.Service == "availabilityService" {
			availability += c.Calls
		}
	}
	return availability, all
}

// sellElsewhere lets other people buy a place of a performance.
func (f *fresh) sellElsewhere(t *testing.T, id catalog.PerformanceID) {
	t.Helper()
	v, err := f.catalog.View(hall)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	f.platform.Control().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("/performances/%d/sell", id),
		strings.NewReader(fmt.Sprintf(`{"seat_category":%d,"quantity":1}`, v.Performance(id).SeatCategories[0].ID))))
	if w.Code != http.StatusOK && w.Code != http.StatusNoContent {
		t.Fatalf("sell elsewhere: %d %s", w.Code, w.Body)
	}
}

// pair picks two performances on sale that are alike: days ahead, of different products.
func pair(t *testing.T, f *fresh) (hot, cold catalog.PerformanceID) {
	t.Helper()
	st, _ := f.standings(t)
	v, err := f.catalog.View(hall)
	if err != nil {
		t.Fatal(err)
	}
	for i := range v.Performances {
		p := &v.Performances[i]
		s, ok := st[p.ID]
		if !ok || !s.OnSaleFrom.IsZero() || p.Start.Sub(f.clock()) < 60*time.Hour {
			continue
		}
		switch {
		case hot == 0:
			hot = p.ID
		case v.Performance(hot).Product != p.Product:
			return hot, p.ID
		}
	}
	t.Fatal("the house has no two performances on sale")
	return 0, 0
}

func TestJourney_WhatIsLookedAtIsConfirmedMoreOftenWithinTheBudget(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const floor = 2 * time.Hour
			f := newFresh(t, database(t, t.TempDir()), newHall(t, 400), func(c *Config) {
				c.FreshnessFloor, c.FreshnessBatch, c.Institutions[0].MonthCalls = floor, 50, 10_000
			})
			defer func() { _ = f.Close() }()
			f.load(t)
			f.minute(t)
			hot, cold := pair(t, f)
			reads := map[catalog.PerformanceID]int{}
			last := map[catalog.PerformanceID]time.Time{}
			oldest := time.Duration(0)
			for i := range 8 * 60 {
				if i%10 == 0 { // both move, so that only a reading says what is left
					f.sellElsewhere(t, hot)
					f.sellElsewhere(t, cold)
				}
				for range 3 {
					if code, body := f.get(t, fmt.Sprintf("/v1/availability?performances=hall-%d", hot)); code != 200 {
						t.Fatalf("%d %s", code, body)
					}
				}
				f.minute(t)
				st, _ := f.standings(t)
				for _, id := range []catalog.PerformanceID{hot, cold} {
					if at := st[id].ReadAt; at.After(last[id]) {
						reads[id], last[id] = reads[id]+1, at
					}
				}
				if i > 120 {
					for id, s := range st {
						if s.OnSaleFrom.IsZero() && s.ConfirmedAt.IsZero() {
							t.Fatalf("%d was never read", id)
						}
						oldest = max(oldest, f.clock().Sub(s.ConfirmedAt))
					}
				}
			}
			if reads[hot] < 3*reads[cold] || reads[cold] < 1 {
				t.Errorf("the hot one was read %d times, the cold one %d times", reads[hot], reads[cold])
			}
			if oldest > floor {
				t.Errorf("something on sale was %s old, the floor is %s", oldest, floor)
			}
			const aDay = 10_000 * 60 / 100 / 30 // an even share of what is not kept for sales; a rush may borrow two days' worth
			if avail, all := f.used(t); avail < 20 || avail > 3*aDay || all > 6000 {
				t.Errorf("%d calls for availability in eight hours, %d in all", avail, all)
			}
			if code, body := f.get(t, fmt.Sprintf("/v1/performances/hall-%d", hot)); code != 200 || !strings.Contains(body, `"as_of"`) {
				t.Errorf("%d %s", code, body)
			}
		})
	}
}

func TestJourney_NothingIsAskedBeyondTheShareOfTheMonth(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFresh(t, database(t, t.TempDir()), newHall(t, 200), func(c *Config) {
				c.FreshnessFloor, c.FreshnessBatch, c.Institutions[0].MonthCalls = 10*time.Minute, 5, 800
			})
			defer func() { _ = f.Close() }()
			f.load(t)
			for range 6 * 60 {
				f.platform.Clock.Advance(time.Minute)
				if _, err := f.freshness.Tick(t.Context(), hall); err != nil { // the planner stops before the gate does
					t.Fatal(err)
				}
			}
			if avail, all := f.used(t); all > 480 || avail < 100 || avail > 350 {
				t.Errorf("%d calls, %d of them for availability; 480 of 800 are not kept for sales", all, avail)
			}
		})
	}
}

func TestJourney_ARestartKeepsWhatThePlannerLearned(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, platform := database(t, t.TempDir()), newHall(t, 200)
			f := newFresh(t, url, platform, nil)
			f.load(t)
			f.minute(t)
			hot, _ := pair(t, f)
			for range 40 {
				f.get(t, fmt.Sprintf("/v1/performances/hall-%d", hot))
			}
			f.minute(t)
			for range 30 {
				f.freshness.Refused(hall, []freshness.Places{{Performance: hot, N: 1}})
			}
			f.minute(t)
			platform.Clock.Advance(30 * time.Second)
			before, _ := f.standings(t)
			sure := *f.freshness.Table(hall)
			if before[hot].Now.ViewsPerHour < 5 || before[hot].RefusedAt.IsZero() || sure == freshness.NewTable() {
				t.Fatalf("nothing was learned: %+v", before[hot])
			}
			f.freshness.Refused(hall, []freshness.Places{{Performance: hot, N: 1}}) // not yet written
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			f = newFresh(t, url, platform, nil)
			defer func() { _ = f.Close() }()
			after, _ := f.standings(t)
			if a, b := after[hot], before[hot]; a.Now.ViewsPerHour != b.Now.ViewsPerHour || !a.ReadAt.Equal(b.ReadAt) || !a.RefusedAt.Equal(b.RefusedAt) || a.Last.Reason != b.Last.Reason {
				t.Errorf("after the restart %+v, before it %+v", a, b)
			}
			if len(after) != len(before) || *f.freshness.Table(hall) != sure {
				t.Errorf("%d of %d performances, table the same: %t", len(after), len(before), *f.freshness.Table(hall) == sure)
			}
			f.minute(t)
			if again, _ := f.standings(t); !again[hot].RefusedAt.After(before[hot].RefusedAt) {
				t.Error("a refusal that was not yet taken was lost")
			}
		})
	}
}

func TestJourney_ReplicasTakeTurnsAndHearOfEachOther(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, platform := database(t, t.TempDir()), newHall(t, 200)
			a := newFresh(t, url, platform, nil)
			defer func() { _ = a.Close() }()
			a.load(t)
			a.minute(t)
			b := newFresh(t, url, platform, nil)
			defer func() { _ = b.Close() }()
			hot, _ := pair(t, a)
			for range 50 {
				b.get(t, fmt.Sprintf("/v1/performances/hall-%d", hot))
			}
			if err := b.freshness.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			a.minute(t)
			if st, _ := a.standings(t); st[hot].Now.ViewsPerHour < 5 {
				t.Errorf("looks at another replica came to %f an hour", st[hot].Now.ViewsPerHour)
			}
			for range 5 {
				a.minute(t)
				b.minute(t)
			}
			left, _ := a.standings(t)
			right, _ := b.standings(t)
			if l, r := left[hot], right[hot]; !l.ReadAt.Equal(r.ReadAt) || l.Now.ViewsPerHour != r.Now.ViewsPerHour {
				t.Errorf("one knows %+v, the other %+v", l, r)
			}
			release, ok, err := a.freshness.Alone(t.Context(), "freshness."+string(hall))
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			if out, err := b.freshness.Tick(context.WithoutCancel(t.Context()), hall); err != nil || out.Detail != "another replica is at it" {
				t.Errorf("a step while another is at it: %+v, %v", out, err)
			}
			release()
			if out, err := b.freshness.Tick(t.Context(), hall); err != nil || out.Detail == "another replica is at it" {
				t.Errorf("a step after the other has ended: %+v, %v", out, err)
			}
		})
	}
}

// A sale that is announced keeps free what the month's plan still misses, however quiet its days were.
func TestJourney_AnAnnouncedSaleKeepsWhatThePlanStillMisses(t *testing.T) {
	t.Parallel()
	reserve := func(opens int) int64 {
		platform := &sim.Platform{Clock: sim.NewClock(time.Date(2026, 10, 25, 9, 0, 0, 0, time.UTC)), RatePerMinute: -1, CatalogSpacing: -1}
		world := sim.GeneratedWorld(string(hall), 200)
		world.Products[0].SaleOpens = opens
		if err := platform.AddWorld(world); err != nil {
			t.Fatal(err)
		}
		f := newFresh(t, "sqlite:"+filepath.Join(t.TempDir(), "guichet.db"), platform, func(c *Config) {
			c.Institutions[0].PlannedOrders, c.Institutions[0].CallsPerOrder = 1800, 3
		})
		defer func() { _ = f.Close() }()
		f.load(t)
		f.minute(t)
		b, err := f.freshness.Budget(t.Context(), hall)
		if err != nil {
			t.Fatal(err)
		}
		return b.ReserveCalls
	}
	if quiet, soon, later := reserve(-30), reserve(1), reserve(12); quiet > 5000 || soon < 5400 || soon > 6500 || later != quiet {
		t.Errorf("%d calls are kept on the 25th, %d with a sale on the 26th, %d with one on the sixth of November", quiet, soon, later)
	}
}
