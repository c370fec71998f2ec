package quota_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/quota"
)

func TestLease_IsOneRoundTripToTheDatabase(t *testing.T) {
	t.Parallel()
	for rate, per := range map[int]int{60: 3, 20: 1, 400: 20} {
		g := newGate(quota.Limits{PerMinute: rate, MonthCalls: 1_000_000, MonthBytes: 1 << 60})
		const leases = 50
		for n := range leases * per {
			if !g.do(call(quota.Sale), ok()) {
				t.Fatalf("rate %d: call %d", rate, n)
			}
			g.now = g.now.Add(2 * time.Minute / time.Duration(rate)) // half speed: nobody waits
		}
		if want := 1 + leases; g.store.trips != want { // once it is read what others know
			t.Errorf("rate %d: %d calls took %d round trips, want %d", rate, leases*per, g.store.trips, want)
		}
	}
}

func TestLease_ThatIsLostToAnotherReplicaTakesOneRoundMore(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{PerMinute: 20})
	other := g.beside(quota.Limits{PerMinute: 20})
	g.do(call(quota.Sale), ok())
	other.do(call(quota.Sale), ok()) // now g's version is old
	before := g.store.trips
	if !g.do(call(quota.Sale), ok()) || g.store.trips != before+3 {
		t.Errorf("%d round trips, want 3: tried, read, tried again", g.store.trips-before)
	}
}

func TestLease_ASpentMonthIsAskedForEveryFiveSecondsOnly(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{MonthCalls: 2, SalesShare: 100})
	for range 2 {
		if !g.do(call(quota.Sale), ok()) {
			t.Fatal("the month has two calls")
		}
	}
	g.do(call(quota.Sale), ok())
	before := g.store.trips
	for range 49 {
		g.now = g.now.Add(100 * time.Millisecond)
		if err := g.try(call(quota.Sale)); !domain.HasCode(err, quota.CodeMonth) {
			t.Fatal(err)
		}
	}
	if g.store.trips != before {
		t.Errorf("%d round trips for calls that cannot be made", g.store.trips-before)
	}
	g.now = g.now.Add(100 * time.Millisecond)
	if g.do(call(quota.Sale), ok()); g.store.trips != before+1 {
		t.Errorf("%d round trips after five seconds, want 1", g.store.trips-before)
	}
}

func TestLease_WhatIsNotSpentGoesBackAndLapsesAfterTenSeconds(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{PerMinute: 60, MonthCalls: 1000})
	other := g.beside(quota.Limits{PerMinute: 60, MonthCalls: 1000})
	g.do(call(quota.Sale), ok()) // one of three leased
	used := func(who *gate) int64 {
		t.Helper()
		if err := who.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		u, err := who.Usage(theatre)
		if err != nil {
			t.Fatal(err)
		}
		return u.Calls
	}
	if n := used(other); n != 3 {
		t.Errorf("%d calls are seen from beside, want the three leased", n)
	}
	trips := g.store.trips
	g.now = g.now.Add(10*time.Second - time.Millisecond)
	if !g.do(call(quota.Sale), ok()) || g.store.trips != trips {
		t.Error("the lease does not last ten seconds")
	}
	g.now = g.now.Add(time.Millisecond)
	if err := g.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := used(other); n != 2 {
		t.Errorf("%d calls are seen from beside after the lease lapsed, want the two made", n)
	}
}

func TestLease_IsGivenBackAfterADatabaseThatWasAway(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{PerMinute: 60, MonthCalls: 1000})
	g.do(call(quota.Sale), ok()) // one of three leased
	g.now = g.now.Add(10 * time.Second)
	g.store.lost = errors.New("database is down")
	if err := g.Flush(t.Context()); !errors.Is(err, g.store.lost) {
		t.Errorf("got %v", err)
	}
	g.store.lost = nil
	if err := g.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := g.beside(quota.Limits{PerMinute: 60, MonthCalls: 1000})
	if err := other.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if u, err := other.Usage(theatre); err != nil || u.Calls != 1 || u.Bytes != 1000 {
		t.Errorf("%d calls and %d bytes are seen from beside, want the one made; %v", u.Calls, u.Bytes, err)
	}
}

// What the replicas share stays small however many they are, and forgets no call of the minute.
func TestLease_ManySmallOnesArePackedAndNoCallIsForgotten(t *testing.T) {
	t.Parallel()
	l := quota.Limits{PerMinute: 120, MonthCalls: 1_000_000}
	g := newGate(l)
	most := 0
	for n := range 120 { // each replica makes one call of the six it leases, and ends
		one := g.beside(l)
		if !one.do(call(quota.Sale), ok()) {
			t.Fatalf("call %d", n)
		}
		if err := one.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		most = max(most, strings.Count(string(g.store.shared[theatre].content), `"until"`))
		g.now = g.now.Add(250 * time.Millisecond)
	}
	if most > 82 {
		t.Errorf("%d grants are shared at once", most)
	}
	began := noon()
	for g.now.Sub(began) < time.Minute-time.Millisecond {
		if g.beside(l).do(call(quota.Sale), ok()) {
			t.Fatalf("a call beyond 120 after %s", g.now.Sub(began))
		}
		g.now = g.now.Add(time.Second)
	}
	g.now = began.Add(time.Minute + 2*time.Second)
	if !g.beside(l).do(call(quota.Sale), ok()) {
		t.Error("no turn once the first calls are a minute and two seconds old")
	}
}

// stepping is a gate whose process has a monotonic clock and a wall clock that may be wrong.
type stepping struct {
	*quota.Meter
	store *store
	true  time.Time
	off   time.Duration
	took  time.Duration
}

func newStepping(s *store, at time.Time, off time.Duration, l quota.Limits) *stepping {
	p := &stepping{store: s, true: at, off: off, took: 50 * time.Millisecond}
	began := at
	p.Meter = quota.New(quota.Deps{
		Clock: func() time.Time { return p.true.Add(p.off) }, Elapsed: func() time.Duration { return p.true.Sub(began) }, Store: s,
		Limits: map[domain.InstitutionCode]quota.Limits{theatre: l}, Jitter: rand.New(rand.NewPCG(1, 1)).Float64,
	})
	return p
}

// sale makes a sale's call, if it gets its turn at once; the platform answers, or not.
func (p *stepping) sale(answered bool) error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := call(quota.Sale)
	if err := p.Enter(ctx, c); err != nil {
		return err
	}
	r := quota.Result{Outcome: "unreachable", Took: p.took}
	if answered {
		r.Outcome, r.Date = "ok", p.true.Truncate(time.Second) // told at once, and long on its way
	}
	p.true = p.true.Add(p.took)
	p.Leave(context.Background(), c, r)
	return nil
}

// A process that does not know the day but knows the month keeps to the month: its doubt about the one is none about the
// other.
func TestDoubt_OfTheDayIsNoneAboutTheMonth(t *testing.T) {
	t.Parallel()
	l := quota.Limits{PerMinute: 60, MonthCalls: 30, DayCalls: 10, SalesShare: 100}
	s, at := newStore(), time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	made := 0
	for n := range 20 { // each begins a day late by its own clock, makes calls, and ends without a word
		p := newStepping(s, at.Add(time.Duration(n)*6*time.Hour), -26*time.Hour, l)
		for range 5 {
			if p.sale(n%3 > 0) == nil {
				made++
			}
		}
	}
	if made > 30 || made < 20 {
		t.Errorf("%d calls in a month with 30", made)
	}
}

// Calls of processes that never learned the time are charged to the day that it turns out to be.
func TestDoubt_CallsThatNobodyAnsweredAreChargedToTheDayThatItIs(t *testing.T) {
	t.Parallel()
	l := quota.Limits{PerMinute: 60, MonthCalls: 1000, DayCalls: 10, SalesShare: 100}
	s, at := newStore(), time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	if err := newStepping(s, at, 0, l).sale(true); err != nil {
		t.Fatal(err)
	}
	at = at.AddDate(0, 0, 3) // nobody has called since
	for n := range 4 {
		p := newStepping(s, at.Add(time.Duration(n)*2*time.Minute), 40*24*time.Hour, l)
		if err := p.sale(false); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
	}
	p := newStepping(s, at.Add(10*time.Minute), 40*24*time.Hour, l)
	for range 2 { // the minute forgets them before it is known which day it is
		if err := p.sale(false); err != nil {
			t.Fatal(err)
		}
		p.true = p.true.Add(2 * time.Minute)
	}
	if err := p.sale(true); err != nil {
		t.Fatal(err)
	}
	if u, err := p.Usage(theatre); err != nil || u.Today != 7 {
		t.Errorf("%d calls are charged to the day, want the one that was answered and the six that were not; %v", u.Today, err)
	}
}

// What many answers leave possible is narrower than what one does, so that little of the minute is lost to not knowing it.
func TestTime_ManyAnswersTellItToHalfASecond(t *testing.T) {
	t.Parallel()
	l := quota.Limits{PerMinute: 60, MonthCalls: 1_000_000, MonthBytes: 1 << 60}
	p := newStepping(newStore(), time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC), time.Hour, l)
	for range 30 {
		if err := p.sale(true); err != nil {
			t.Fatal(err)
		}
		p.true = p.true.Add(2*time.Second + 130*time.Millisecond)
	}
	p.true = p.true.Add(2 * time.Minute)
	first := p.true
	for p.sale(true) == nil {
		p.true = p.true.Add(10 * time.Millisecond)
	}
	wait := time.Duration(0)
	for p.sale(true) != nil {
		p.true = p.true.Add(10 * time.Millisecond)
		wait = p.true.Sub(first)
	}
	if wait < time.Minute || wait > time.Minute+800*time.Millisecond {
		t.Errorf("the first call of a full minute comes back after %s", wait)
	}
}

// A slow answer tells the time badly: it neither ends a minute early nor holds the next one up for long.
func TestTime_SlowAnswersMakeNoCalls(t *testing.T) {
	t.Parallel()
	l := quota.Limits{PerMinute: 10, MonthCalls: 1_000_000, MonthBytes: 1 << 60}
	s, at := newStore(), time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	slow := newStepping(s, at, 0, l)
	slow.took = 25 * time.Second
	if err := slow.sale(true); err != nil {
		t.Fatal(err)
	}
	slow.took = 10 * time.Millisecond
	began := slow.true
	for range 9 {
		if err := slow.sale(false); err != nil {
			t.Fatal(err)
		}
	}
	quick := newStepping(s, slow.true, 0, l)
	var made int
	for quick.true.Sub(began) < time.Minute {
		if quick.sale(true) == nil {
			made++
		}
		quick.true = quick.true.Add(500 * time.Millisecond)
	}
	if made > 1 {
		t.Errorf("%d calls beside the nine of the same minute, with 10 allowed", made)
	}
}

// However many days wrong clocks have named, the month's count stays.
func TestDoubt_DaysThatWrongClocksNamedDoNotPushOutTheMonth(t *testing.T) {
	t.Parallel()
	l := quota.Limits{PerMinute: 600, MonthCalls: 10_000, SalesShare: 100}
	s, at := newStore(), time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	made := int64(0)
	for n := range 27 {
		p := newStepping(s, at.Add(time.Duration(n)*time.Minute), time.Duration(n-13)*24*time.Hour, l)
		if err := p.sale(true); err != nil {
			t.Fatal(err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		made++
		if u, err := p.Usage(theatre); err != nil || u.Calls < made || u.Today < made {
			t.Fatalf("%d and %d calls are known of %d, %v", u.Calls, u.Today, made, err)
		}
	}
}

// A process that begins after a spent month with a right clock may ask, and then knows that a new one has begun.
func TestDoubt_OfTheMonthDoesNotRefuseTheFirstCallOfANewOne(t *testing.T) {
	t.Parallel()
	l := quota.Limits{PerMinute: 600, MonthCalls: 20, SalesShare: 100}
	s, at := newStore(), time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	p, made := newStepping(s, at, 0, l), 0
	for p.sale(true) == nil {
		made++
	}
	if made != 17 { // three are set aside
		t.Errorf("%d calls in a month with 20", made)
	}
	next := newStepping(s, at.Add(13*time.Hour), 0, l)
	for n := range 5 {
		if err := next.sale(true); err != nil {
			t.Fatalf("call %d of December: %v", n+1, err)
		}
	}
}

func TestLedger_ForgetsSingleCallsThatCannotBeWrittenButNotTheirCounts(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{PerMinute: 1_000_000, Unmetered: true})
	const made = 21_000
	for n := range made {
		if !g.do(call(quota.Sale), ok()) {
			t.Fatalf("call %d", n)
		}
	}
	if err := g.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var counted int64
	for _, c := range g.store.counts {
		if c.Unit == quota.Month {
			counted += c.Calls
		}
	}
	if counted != made || len(g.store.calls) > 20_000 || len(g.store.calls) < 18_000 {
		t.Errorf("%d calls counted of %d, %d kept one by one", counted, made, len(g.store.calls))
	}
}

func TestLease_OfASpacedMethodIsOneCall(t *testing.T) {
	t.Parallel()
	g := newGate(quota.Limits{})
	other := g.beside(quota.Limits{})
	sp := quota.Spacings()[0]
	if !g.do(quota.Call{Institution: theatre, Service: sp.Service, Method: sp.Method, Class: quota.Refresh}, ok()) {
		t.Fatal("no turn")
	}
	if err := other.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if u, err := other.Usage(theatre); err != nil || u.Calls != 1 {
		t.Errorf("%d calls are taken from the others for one that is made, %v", u.Calls, err)
	}
}
