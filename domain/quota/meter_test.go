package quota_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/quota"
)

const theatre domain.InstitutionCode = "theatre"

// store keeps counts in memory, summed by key as a database does.
type store struct {
	mu     sync.Mutex
	counts map[quota.Count]quota.Count // by the count without its sums
	calls  []quota.Single
	shared map[domain.InstitutionCode]document
	trips  int   // statements of the shared gate
	fail   error // of the ledger
	lost   error // of the shared gate
}

type document struct {
	version int64
	content []byte
}

func (s *store) Shared(_ context.Context, code domain.InstitutionCode) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trips++
	return s.shared[code].content, s.shared[code].version, s.lost
}

func (s *store) SwapShared(_ context.Context, code domain.InstitutionCode, version int64, content []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trips++
	if s.lost != nil || s.shared[code].version != version {
		return false, s.lost
	}
	s.shared[code] = document{version + 1, content}
	return true, nil
}

func (s *store) CallsFor(_ context.Context, order string) ([]quota.Single, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []quota.Single
	for _, c := range s.calls {
		if c.Purpose.Order == order {
			out = append(out, c)
		}
	}
	return out, s.fail
}

func (s *store) Callers(context.Context, domain.InstitutionCode, quota.By, time.Time, time.Time, int) ([]quota.Caller, error) {
	return []quota.Caller{}, s.fail
}

func (s *store) Prune(context.Context, map[quota.Unit]time.Time, time.Time, int) (int64, error) {
	return 0, s.fail
}

func key(c quota.Count) quota.Count {
	c.Calls, c.BytesIn, c.BytesOut, c.Millis = 0, 0, 0, 0
	return c
}

func (s *store) AddCounts(_ context.Context, counts []quota.Count, calls []quota.Single) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	for _, c := range counts {
		had := s.counts[key(c)]
		c.Calls, c.BytesIn, c.BytesOut, c.Millis = c.Calls+had.Calls, c.BytesIn+had.BytesIn, c.BytesOut+had.BytesOut, c.Millis+had.Millis
		s.counts[key(c)] = c
	}
	s.calls = append(s.calls, calls...)
	return nil
}

func (s *store) Counts(_ context.Context, code domain.InstitutionCode, unit quota.Unit, from, to time.Time) ([]quota.Count, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []quota.Count
	for _, c := range s.counts {
		if (code == "" || c.Institution == code) && c.Unit == unit && !c.Start.Before(from) && c.Start.Before(to) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b quota.Count) int { return a.Start.Compare(b.Start) })
	return out, s.fail
}

func newStore() *store {
	return &store{counts: map[quota.Count]quota.Count{}, shared: map[domain.InstitutionCode]document{}}
}

// gate is a meter for one institution on a clock that moves by hand.
type gate struct {
	*quota.Meter
	store *store
	now   time.Time
}

func noon() time.Time { return time.Date(2026, time.November, 21, 12, 0, 10, 0, time.UTC) }

func newGate(l quota.Limits) *gate {
	g := &gate{store: newStore(), now: noon()}
	g.Meter = quota.New(quota.Deps{
		Clock: func() time.Time { return g.now }, Store: g.store, Limits: map[domain.InstitutionCode]quota.Limits{theatre: l},
		Jitter: func() float64 { return 0.25 }, // two seconds
	})
	return g
}

// Leave ends a call that was for nothing in particular.
func (g *gate) Leave(c quota.Call, r quota.Result) { g.Meter.Leave(context.Background(), c, r) }

func call(class quota.Class) quota.Call {
	return quota.Call{Institution: theatre, Service: "externalOrderService", Method: "getOrderDetails", Class: class}
}

// now says whether a call gets its turn at once; it does not wait, because its context has ended.
func (g *gate) try(c quota.Call) error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return g.Enter(ctx, c)
}

// do makes a call that takes no time, and says whether it got its turn.
func (g *gate) do(c quota.Call, r quota.Result) bool {
	if g.try(c) != nil {
		return false
	}
	g.Leave(c, r)
	return true
}

func ok() quota.Result {
	return quota.Result{Outcome: "ok", BytesOut: 100, BytesIn: 900, Took: 20 * time.Millisecond}
}

func TestEnter_KeepsTheRateAndTheReserveForSales(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{PerMinute: 9}) // a third, 3, is for sales
	for n := range 6 {
		if !g.do(call(quota.Refresh), ok()) {
			t.Fatalf("refresh %d", n)
		}
	}
	for _, class := range []quota.Class{quota.Refresh, quota.Control, quota.Admin} {
		if g.do(call(class), ok()) {
			t.Errorf("%s took from the reserve", class)
		}
	}
	for _, class := range []quota.Class{quota.Sale, quota.Settle, quota.Sale} {
		if !g.do(call(class), ok()) {
			t.Errorf("%s got no turn from the reserve", class)
		}
	}
	if g.do(call(quota.Sale), ok()) {
		t.Error("a tenth call in the minute")
	}
	g.now = g.now.Add(time.Minute - time.Millisecond)
	if g.do(call(quota.Sale), ok()) {
		t.Error("a tenth call a moment before the minute is over")
	}
	g.now = g.now.Add(time.Millisecond)
	if !g.do(call(quota.Refresh), ok()) {
		t.Error("no turn in the next minute")
	}
}

func TestEnter_DefaultsAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{})
	refresh, sale := 0, 0
	for g.do(call(quota.Refresh), ok()) {
		refresh++
	}
	for g.do(call(quota.Sale), ok()) {
		sale++
	}
	if refresh != 40 || sale != 20 {
		t.Errorf("%d refreshes, then %d sales", refresh, sale)
	}
	u, err := g.Usage(theatre)
	want := quota.Usage{
		Institution: theatre, Month: "2026-11", Calls: 60, Bytes: 60_000, MonthCalls: 10_000, MonthBytes: 1_000_000_000, InLastMinute: 60, PerMinute: 60,
		Today: 60, TodayBytes: 60_000, ForSales: 20, SalesShare: 40, Replicas: 1,
	}
	if diff := cmp.Diff(want, u); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestEnter_NeverMoreThanTheRateInAnyMinute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.IntRange(1, 12).Draw(t, "rate")
		g := newGate(quota.Limits{PerMinute: rate, Reserve: rapid.IntRange(0, 12).Draw(t, "reserve")})
		var made []time.Time
		for range rapid.IntRange(1, 120).Draw(t, "calls") {
			g.now = g.now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "ms")) * time.Millisecond)
			class := rapid.SampledFrom([]quota.Class{quota.Sale, quota.Settle, quota.Refresh, quota.Admin}).Draw(t, "class")
			if g.do(call(class), ok()) {
				made = append(made, g.now)
			}
		}
		if len(made) == 0 {
			t.Fatal("nothing ever passed")
		}
		for i := range made {
			if i >= rate && made[i].Sub(made[i-rate]) < time.Minute {
				t.Fatalf("%d calls within %s", rate+1, made[i].Sub(made[i-rate]))
			}
		}
	})
}

func TestEnter_SalesAlwaysHaveTheirReserve(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.IntRange(2, 30).Draw(t, "rate")
		reserve := rapid.IntRange(1, rate-1).Draw(t, "reserve")
		g := newGate(quota.Limits{PerMinute: rate, Reserve: reserve})
		for range rapid.IntRange(0, 100).Draw(t, "refreshes") {
			g.now = g.now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond)
			g.do(call(quota.Refresh), ok())
		}
		for n := range reserve {
			if !g.do(call(quota.Sale), ok()) {
				t.Fatalf("sale %d of %d", n+1, reserve)
			}
		}
	})
}

func TestEnter_WaitsForItsTurnWithinItsPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := quota.NewMeter(time.Now, newStore(), map[domain.InstitutionCode]quota.Limits{theatre: {PerMinute: 2, Reserve: 1}})
		enter := func(class quota.Class) (time.Duration, error) {
			begin := time.Now()
			err := m.Enter(t.Context(), call(class))
			if err == nil {
				m.Leave(t.Context(), call(class), ok())
			}
			return time.Since(begin), err
		}
		if waited, err := enter(quota.Refresh); err != nil || waited != 0 {
			t.Fatalf("first: %s, %v", waited, err)
		}
		time.Sleep(45 * time.Second)
		if waited, err := enter(quota.Refresh); err != nil || waited != 15*time.Second {
			t.Errorf("refresh is patient: %s, %v", waited, err)
		}
		if waited, err := enter(quota.Sale); err != nil || waited != 0 {
			t.Errorf("a sale has its reserve: %s, %v", waited, err)
		}
		time.Sleep(10 * time.Second)
		waited, err := enter(quota.Sale)
		if e := domain.AsError(err); e == nil || e.Code != quota.CodeRate || e.Kind != domain.Limited || e.RetryAfter != 50*time.Second || waited != 0 {
			t.Errorf("a buyer is not kept waiting for a minute: %s, %v", waited, err)
		}
		time.Sleep(31 * time.Second)
		if waited, err := enter(quota.Sale); err != nil || waited != 19*time.Second {
			t.Errorf("but for 19 seconds: %s, %v", waited, err)
		}
	})
}

func TestEnter_CallerThatGoesAwayTakesNoTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := quota.NewMeter(time.Now, newStore(), map[domain.InstitutionCode]quota.Limits{theatre: {PerMinute: 1}})
		if err := m.Enter(t.Context(), call(quota.Refresh)); err != nil {
			t.Fatal(err)
		}
		m.Leave(t.Context(), call(quota.Refresh), ok())
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Second, func() { cancel(gone) })
		begin := time.Now()
		if err := m.Enter(ctx, call(quota.Refresh)); !errors.Is(err, gone) || time.Since(begin) != 5*time.Second {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
		time.Sleep(55 * time.Second)
		if err := m.Enter(t.Context(), call(quota.Refresh)); err != nil {
			t.Error(err)
		}
	})
}

func TestEnter_SoManyAtOnceAndTwoMoreForSales(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{Concurrent: 2})
	for range 2 {
		if err := g.try(call(quota.Refresh)); err != nil {
			t.Fatal(err)
		}
	}
	if g.try(call(quota.Refresh)) == nil {
		t.Error("a third at once")
	}
	for range 2 {
		if err := g.try(call(quota.Sale)); err != nil {
			t.Error(err)
		}
	}
	if g.try(call(quota.Sale)) == nil {
		t.Error("a third sale beyond the bound")
	}
	for range 3 {
		g.Leave(call(quota.Sale), ok())
	}
	if err := g.try(call(quota.Refresh)); err != nil {
		t.Errorf("after some ended: %v", err)
	}
}

func TestEnter_OneThatEndsWakesOneThatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := quota.NewMeter(time.Now, newStore(), map[domain.InstitutionCode]quota.Limits{theatre: {Concurrent: 1}})
		if err := m.Enter(t.Context(), call(quota.Refresh)); err != nil {
			t.Fatal(err)
		}
		begin, turn := time.Now(), make(chan time.Duration)
		go func() {
			if err := m.Enter(t.Context(), call(quota.Refresh)); err != nil {
				t.Error(err)
			}
			turn <- time.Since(begin)
		}()
		time.Sleep(300 * time.Millisecond)
		m.Leave(t.Context(), call(quota.Refresh), ok())
		if got := <-turn; got != 300*time.Millisecond {
			t.Errorf("turn after %s", got)
		}
	})
}

func TestEnter_SpacesWhatThePlatformSpaces(t *testing.T) {
	t.Parallel()
	for _, sp := range quota.Spacings() {
		g := newGate(quota.Limits{})
		c := quota.Call{Institution: theatre, Service: sp.Service, Method: sp.Method, Class: quota.Refresh}
		poll := c
		poll.Poll = true
		if !g.do(c, ok()) {
			t.Fatalf("%s: first", sp.Method)
		}
		g.now = g.now.Add(time.Second)
		if !g.do(poll, ok()) {
			t.Errorf("%s: a poll waits", sp.Method)
		}
		if g.do(c, ok()) {
			t.Errorf("%s: again at once", sp.Method)
		}
		other := c
		other.Method = "isCatalogServiceAlive"
		if !g.do(other, ok()) {
			t.Errorf("%s: another method waits too", sp.Method)
		}
		g.now = g.now.Add(sp.Every)
		if !g.do(c, ok()) {
			t.Errorf("%s: after its time", sp.Method)
		}
	}
}

func TestLeave_TooManyClosesForAllButSalesUntilTheNextMinute(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{}) // ten seconds into the minute
	if !g.do(call(quota.Refresh), quota.Result{Outcome: "limited", Limited: true}) {
		t.Fatal("first")
	}
	err := g.try(call(quota.Refresh))
	if e := domain.AsError(err); e == nil || e.Code != quota.CodePause || e.Kind != domain.Limited || e.RetryAfter != 52*time.Second {
		t.Errorf("refresh: %v, again in %s", err, e.RetryAfter)
	}
	for _, class := range []quota.Class{quota.Sale, quota.Settle} {
		if !g.do(call(class), ok()) {
			t.Errorf("%s stands before a closed gate", class)
		}
	}
	if u, err := g.Usage(theatre); err != nil || !u.ClosedUntil.Equal(noon().Add(52*time.Second)) {
		t.Errorf("closed until %s, %v", u.ClosedUntil, err)
	}
	g.now = g.now.Add(52 * time.Second)
	if !g.do(call(quota.Refresh), ok()) {
		t.Error("closed in the next minute")
	}
	if u, _ := g.Usage(theatre); !u.ClosedUntil.IsZero() {
		t.Errorf("still closed until %s", u.ClosedUntil)
	}
}

func TestLeave_EachFurtherRefusalDoublesThePauseUpToFiveMinutes(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{})
	g.now = noon().Truncate(time.Minute) // every pause begins at 62 seconds
	for n, want := range []time.Duration{62, 124, 248, 300, 300} {
		if !g.do(call(quota.Refresh), quota.Result{Limited: true}) {
			t.Fatalf("refusal %d got no turn", n+1)
		}
		u, _ := g.Usage(theatre)
		if got := u.ClosedUntil.Sub(g.now); got != want*time.Second {
			t.Errorf("refusal %d: closed for %s, want %s", n+1, got, want*time.Second)
		}
		g.now = u.ClosedUntil.Truncate(time.Minute).Add(time.Minute)
	}
	g.do(call(quota.Refresh), ok())
	g.do(call(quota.Refresh), quota.Result{Limited: true})
	if u, _ := g.Usage(theatre); u.ClosedUntil.Sub(g.now) != 62*time.Second {
		t.Errorf("after a success: closed for %s", u.ClosedUntil.Sub(g.now))
	}
}

func TestLeave_CallsRefusedTogetherCountOnce(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{})
	g.now = noon().Truncate(time.Minute)
	for range 4 { // all on the wire when the platform had enough
		if err := g.try(call(quota.Sale)); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		g.Leave(call(quota.Sale), quota.Result{Limited: true})
	}
	if u, _ := g.Usage(theatre); u.ClosedUntil.Sub(g.now) != 62*time.Second {
		t.Errorf("closed for %s, want 62 s", u.ClosedUntil.Sub(g.now))
	}
}

func TestLeave_PlatformsOwnWordOnTheWaitCounts(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{})
	g.do(call(quota.Refresh), quota.Result{Limited: true, RetryAfter: 7 * time.Minute})
	if u, _ := g.Usage(theatre); u.ClosedUntil.Sub(g.now) != 7*time.Minute {
		t.Errorf("closed for %s", u.ClosedUntil.Sub(g.now))
	}
}

func TestEnter_MonthsShareOfSalesIsKept(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]quota.Limits{
		"calls": {MonthCalls: 10, PerMinute: 1000}, "bytes": {MonthBytes: 10_000, PerMinute: 1000},
	} {
		g := newGate(l)
		refresh, sale := 0, 0
		for g.do(call(quota.Refresh), ok()) {
			refresh++
		}
		err := g.try(call(quota.Refresh))
		if e := domain.AsError(err); e == nil || e.Code != quota.CodeMonth || e.Kind != domain.Limited || e.RetryAfter == 0 {
			t.Errorf("%s: %v", name, err)
		}
		for g.do(call(quota.Sale), ok()) {
			sale++
		}
		if refresh != 6 || sale != 4 {
			t.Errorf("%s: %d refreshes, then %d sales", name, refresh, sale)
		}
		g.now = time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC)
		if !g.do(call(quota.Refresh), ok()) {
			t.Errorf("%s: the next month begins spent", name)
		}
	}
}

func TestEnter_UnmeteredHasNoMonth(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{MonthCalls: 1, PerMinute: 1000, Unmetered: true})
	for range 5 {
		if !g.do(call(quota.Refresh), ok()) {
			t.Fatal("refused")
		}
	}
}

func TestEnter_InstitutionWithoutLimitsIsRefused(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{})
	c := call(quota.Sale)
	c.Institution = "elsewhere"
	if err := g.try(c); !domain.HasCode(err, domain.CodeInternal) {
		t.Errorf("enter: %v", err)
	}
	g.Leave(c, ok()) // changes nothing, breaks nothing
	if _, err := g.Usage("elsewhere"); !domain.HasCode(err, "institution.unknown") {
		t.Errorf("usage: %v", err)
	}
}

func TestFlush_SumsByHourCallAndOutcome(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{})
	g.do(call(quota.Sale), ok())
	g.do(call(quota.Sale), ok())
	g.do(call(quota.Settle), quota.Result{Outcome: "refused", BytesOut: 1, BytesIn: 2, Took: 3 * time.Millisecond})
	g.now = g.now.Add(time.Hour)
	g.do(call(quota.Sale), ok())
	got, err := g.Counts(t.Context(), theatre, quota.Hour, noon().Add(-time.Hour), noon().Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	at := func(hour int, class quota.Class, outcome string, calls, out, in, ms int64) quota.Count {
		return quota.Count{
			Institution: theatre, Unit: quota.Hour, Start: time.Date(2026, 11, 21, hour, 0, 0, 0, time.UTC), Service: "externalOrderService", Method: "getOrderDetails",
			Class: class, Outcome: outcome, Calls: calls, BytesOut: out, BytesIn: in, Millis: ms,
		}
	}
	slices.SortFunc(got, func(a, b quota.Count) int { return int(b.Calls*10 + b.Millis - a.Calls*10 - a.Millis) })
	want := []quota.Count{at(12, quota.Sale, "ok", 2, 200, 1800, 40), at(13, quota.Sale, "ok", 1, 100, 900, 20), at(12, quota.Settle, "refused", 1, 1, 2, 3)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := g.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, _ := g.Counts(t.Context(), "", quota.Hour, noon().Add(-time.Hour), noon().Add(2*time.Hour)); len(again) != 3 {
		t.Errorf("flushing again changed the counts: %v", again)
	}
}

func TestFlush_WhatCannotBeWrittenIsKept(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{})
	g.do(call(quota.Sale), ok())
	g.store.fail = errors.New("database is down")
	if err := g.Flush(t.Context()); !errors.Is(err, g.store.fail) {
		t.Errorf("got %v", err)
	}
	if _, err := g.Counts(t.Context(), "", quota.Hour, noon(), noon()); err == nil {
		t.Error("counts without what could not be written")
	}
	g.do(call(quota.Sale), ok())
	g.do(call(quota.Admin), ok())
	g.store.fail = nil
	var sum int64
	got, err := g.Counts(t.Context(), "", quota.Hour, noon().Add(-time.Hour), noon().Add(time.Hour))
	for _, c := range got {
		sum += c.Calls
	}
	if err != nil || sum != 3 || len(got) != 2 {
		t.Errorf("%d calls in %d counts, %v", sum, len(got), err)
	}
}

func TestLoad_RestartDoesNotForgetTheMonth(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{MonthCalls: 10, PerMinute: 1000})
	for range 5 {
		g.do(call(quota.Refresh), ok())
	}
	old := quota.Count{Institution: theatre, Unit: quota.Hour, Start: noon().AddDate(0, -1, 0).Truncate(time.Hour), Calls: 1000}
	foreign := quota.Count{Institution: "elsewhere", Unit: quota.Hour, Start: noon().Truncate(time.Hour), Calls: 1000}
	if err := errors.Join(g.Close(t.Context()), g.store.AddCounts(t.Context(), []quota.Count{old, foreign}, nil)); err != nil {
		t.Fatal(err)
	}
	after := &gate{store: g.store, now: g.now.Add(time.Minute)}
	after.Meter = quota.NewMeter(func() time.Time { return after.now }, after.store, map[domain.InstitutionCode]quota.Limits{theatre: {MonthCalls: 10, PerMinute: 1000}})
	if err := after.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if u, err := after.Usage(theatre); err != nil || u.Calls != 5 || u.Bytes != 5000 || u.Month != "2026-11" {
		t.Errorf("%+v, %v", u, err)
	}
	if !after.do(call(quota.Refresh), ok()) || after.do(call(quota.Refresh), ok()) {
		t.Error("the sixth passes, the seventh does not")
	}
}

func TestLoad_AgainTakesOverWhatOthersUsedAndForgetsNothingOfOurs(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{})
	g.do(call(quota.Sale), ok())
	if err := g.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := &gate{store: g.store, now: g.now}
	other.Meter = quota.NewMeter(func() time.Time { return other.now }, g.store, map[domain.InstitutionCode]quota.Limits{theatre: {}})
	for range 7 {
		if !other.do(call(quota.Refresh), ok()) {
			t.Fatal("the other replica got no turn")
		}
	}
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.do(call(quota.Sale), ok()) // not written yet
	if err := g.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if u, err := g.Usage(theatre); err != nil || u.Calls != 9 || u.Bytes != 9000 {
		t.Errorf("%d calls, %d bytes, %v", u.Calls, u.Bytes, err)
	}
	g.store.lost = errors.New("database is down")
	if err := g.Load(t.Context()); !errors.Is(err, g.store.lost) {
		t.Errorf("got %v", err)
	}
	if u, _ := g.Usage(theatre); u.Calls != 9 {
		t.Errorf("a load that failed left %d calls", u.Calls)
	}
}

func TestMeter_ManyAtOnce(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{PerMinute: 500, Concurrent: 500})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 4 {
				if err := g.Enter(t.Context(), call(quota.Sale)); err != nil {
					t.Error(err)
					return
				}
				g.Leave(call(quota.Sale), ok())
				if err := g.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var sum int64
	for _, c := range g.store.counts {
		if c.Unit == quota.Month {
			sum += c.Calls
		}
	}
	if u, err := g.Usage(theatre); err != nil || u.Calls != 200 || sum != 200 {
		t.Errorf("%d used, %d written, %v", u.Calls, sum, err)
	}
}
