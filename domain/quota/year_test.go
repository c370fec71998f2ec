package quota_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/quota"
)

// world is a platform, a true time, and replicas whose wall clocks step.
type world struct {
	t        failer
	r        *rand.Rand
	l        quota.Limits
	store    *store
	true     time.Time
	replicas []*replica

	ours     []time.Time // in the last minute
	minute   time.Time   // the platform's own, fixed minute
	inMinute int
	others   int
	day      map[string]int64
	month    map[string]int64

	calm bool // calls end with an answer, soon

	calls, sales, refused, limited, slack, doubted int64
}

type failer interface {
	Fatalf(format string, args ...any)
}

// replica is a process: a monotonic clock that begins at its start, and a wall clock that is off by a step.
type replica struct {
	w     *world
	meter *quota.Meter
	began time.Time
	off   time.Duration
	heard bool // the platform's time
}

func (w *world) start(off time.Duration) *replica {
	w.slack += 2 * int64(max(w.l.PerMinute/20, 1)) // what the one before may have leaked, and what is charged twice
	p := &replica{w: w, began: w.true, off: off}
	p.meter = quota.New(quota.Deps{
		Clock: func() time.Time { return w.true.Add(p.off) }, Elapsed: func() time.Duration { return w.true.Sub(p.began) },
		Store: w.store, Limits: map[domain.InstitutionCode]quota.Limits{theatre: w.l}, Jitter: w.r.Float64,
	})
	return p
}

func newWorld(t failer, seed uint64, from time.Time, l quota.Limits, replicas int) *world {
	w := &world{
		t: t, r: rand.New(rand.NewPCG(seed, 5)), l: l, store: newStore(), true: from,
		day: map[string]int64{}, month: map[string]int64{},
	}
	for range replicas {
		w.replicas = append(w.replicas, w.start(0))
	}
	return w
}

func january() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// call makes a call if it gets its turn at once, and checks every limit by the true time.
func (w *world) call(p *replica, class quota.Class) (bool, error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := call(class)
	if err := p.meter.Enter(ctx, c); err != nil {
		return false, err
	}
	w.calls++
	for len(w.ours) > 0 && w.true.Sub(w.ours[0]) >= time.Minute {
		w.ours = w.ours[1:]
	}
	w.ours = append(w.ours, w.true)
	if len(w.ours) > w.l.PerMinute {
		w.t.Fatalf("%s: %d calls within a minute, %d are allowed", w.true, len(w.ours), w.l.PerMinute)
	}
	local := w.true.In(w.l.Zone)
	day, month := local.Format(time.DateOnly), local.Format("2006-01")
	w.day[day]++
	w.month[month]++
	if w.l.DayCalls > 0 && w.day[day] > w.l.DayCalls {
		w.t.Fatalf("%s: call %d of a day with %d", w.true, w.day[day], w.l.DayCalls)
	}
	if w.month[month] > w.l.MonthCalls {
		w.t.Fatalf("%s: call %d of a month with %d", w.true, w.month[month], w.l.MonthCalls)
	}
	if m := w.true.Truncate(time.Minute); !m.Equal(w.minute) {
		w.minute, w.inMinute, w.others = m, 0, 0
		if w.r.IntN(50) == 0 {
			w.others = w.r.IntN(220) // other tenants eat the minute
		}
	}
	w.inMinute++
	r := quota.Result{Outcome: "ok", BytesOut: 500, BytesIn: 5000}
	if w.inMinute+w.others > 180 {
		r.Outcome, r.Limited = "limited", true
		w.limited++
	}
	w.end(p, c, r)
	return true, nil
}

// end lets a call end: mostly with an answer at once, at times without the platform's time, after a while, or never, because
// the process is gone by then.
func (w *world) end(p *replica, c quota.Call, r quota.Result) {
	trouble := w.r.IntN(40)
	if w.calm {
		trouble = 3
	}
	switch trouble {
	case 0:
		w.crash(p)
		return
	case 1:
		r.Outcome, r.Date = "unreachable", time.Time{}
	case 2:
		w.answer(&r, 30*time.Second)
	default:
		w.answer(&r, 100*time.Millisecond)
	}
	p.meter.Leave(context.Background(), c, r)
	p.heard = p.heard || !r.Date.IsZero()
}

// answer lets the platform answer within a time, which it tells at some moment of it.
func (w *world) answer(r *quota.Result, within time.Duration) {
	there, back := time.Duration(w.r.Int64N(int64(within/2))), time.Duration(w.r.Int64N(int64(within/2)))
	r.Date = w.true.Add(there).Truncate(time.Second)
	r.Took = there + back
	w.true = w.true.Add(r.Took)
}

// crash begins a replica anew, with a clock that may be wrong.
func (w *world) crash(p *replica) {
	for i := range w.replicas {
		if w.replicas[i] == p {
			w.replicas[i] = w.start(w.wrong())
		}
	}
}

// wrong is by how much a wall clock is off.
func (w *world) wrong() time.Duration {
	steps := []time.Duration{0, 0, time.Second, -time.Second, time.Hour, -time.Hour, 26 * time.Hour, -26 * time.Hour, 31 * 24 * time.Hour, -31 * 24 * time.Hour}
	return steps[w.r.IntN(len(steps))]
}

// step moves a replica's wall clock, ends one or begins another.
func (w *world) step() {
	i := w.r.IntN(len(w.replicas))
	p := w.replicas[i]
	switch w.r.IntN(4) {
	case 0: // its wall clock steps, or is set right
		p.off = w.wrong()
	case 1: // it ends in order, and begins again
		if err := p.meter.Close(context.Background()); err != nil {
			w.t.Fatalf("close: %v", err)
		}
		w.crash(p)
	case 2:
		w.crash(p)
	default:
		if err := p.meter.Flush(context.Background()); err != nil {
			w.t.Fatalf("flush: %v", err)
		}
	}
}

// year runs random demand: mostly little, at times more than every limit.
func (w *world) year(days int) {
	end := w.true.AddDate(0, 0, days)
	for w.true.Before(end) {
		w.true = w.true.Add(time.Duration(w.r.ExpFloat64() * float64(40*time.Minute)))
		if w.r.IntN(20) == 0 {
			w.step()
		}
		n := w.r.IntN(8)
		if w.r.IntN(25) == 0 {
			n = 150 // a rush
		}
		for range n {
			w.true = w.true.Add(time.Duration(w.r.IntN(400)) * time.Millisecond)
			p := w.replicas[w.r.IntN(len(w.replicas))]
			if w.r.IntN(4) > 0 {
				_, _ = w.call(p, quota.Refresh)
				continue
			}
			w.sales++
			if ok, err := w.call(p, quota.Sale); !ok && !domain.HasCode(err, quota.CodeRate) && !isWait(err) {
				if !p.heard {
					w.doubted++ // it cannot know which month it is, and both it may be are spent
					continue
				}
				w.refusedSale(err)
			}
		}
	}
}

// isWait says that the sale would have had its turn after a wait: the test does not wait.
func isWait(err error) bool { return domain.AsError(err).Code == domain.CodeInternal }

// refusedSale checks that the budget was spent indeed, by the true time.
func (w *world) refusedSale(err error) {
	w.refused++
	local := w.true.In(w.l.Zone)
	day, month := w.day[local.Format(time.DateOnly)], w.month[local.Format("2006-01")]
	for _, at := range []time.Time{w.true.Add(-time.Hour), w.true.Add(-26 * time.Hour)} { // a replica that has just begun charges both
		day = max(day, w.day[at.In(w.l.Zone).Format(time.DateOnly)])
		month = max(month, w.month[at.In(w.l.Zone).Format("2006-01")])
	}
	leased := w.slack + max(w.l.MonthCalls/1000, 3) + int64(len(w.replicas)*2*max(w.l.PerMinute/20, 1))
	if month < w.l.MonthCalls-leased && (w.l.DayCalls == 0 || day < w.l.DayCalls-leased) {
		w.t.Fatalf("%s: a sale is refused with %d of the day and %d of the month used: %v", w.true, day, month, err)
	}
}

func paris(tb testing.TB) *time.Location {
	tb.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		tb.Fatal(err)
	}
	return zone
}

// years is how many years are lived: more in the soak.
func years(tb testing.TB) uint64 {
	tb.Helper()
	n := uint64(3)
	if text := os.Getenv("GUICHET_SOAK"); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 16); err != nil || n == 0 {
			tb.Fatalf("GUICHET_SOAK is %q, want a number of seeds", text)
		}
	}
	return n
}

func TestGate_AYearOfRandomDemandAndClockStepsStaysWithinEveryLimit(t *testing.T) {
	t.Parallel()
	zone := paris(t)
	for seed := range years(t) {
		w := newWorld(t, seed, january(), quota.Limits{PerMinute: 60, MonthCalls: 10_000, DayCalls: 1500, Zone: zone}, 1+int(seed%3))
		w.year(365)
		t.Logf("seed %d: %d calls, %d sales tried, %d refused for budget, %d in doubt of the month, %d refused by the platform, %d statements",
			seed, w.calls, w.sales, w.refused, w.doubted, w.limited, w.store.trips)
		if w.doubted > 0 {
			t.Errorf("seed %d: %d sales refused because the month was in doubt", seed, w.doubted)
		}
		if w.calls < 40_000 || w.limited == 0 {
			t.Errorf("seed %d: the year was too quiet to show anything: %d calls", seed, w.calls)
		}
	}
}

func TestGate_ClockStepsAndCrashesMakeNoCallInAnyMinuteDayOrMonthHoweverSmall(t *testing.T) {
	t.Parallel()
	zone := paris(t)
	rapid.Check(t, func(t *rapid.T) {
		l := quota.Limits{
			PerMinute: rapid.IntRange(2, 30).Draw(t, "rate"), MonthCalls: int64(rapid.IntRange(20, 300).Draw(t, "month")),
			DayCalls: int64(rapid.IntRange(0, 60).Draw(t, "day")), Zone: zone,
		}
		w := newWorld(t, rapid.Uint64().Draw(t, "seed"), january().AddDate(0, 0, 27), l, rapid.IntRange(1, 3).Draw(t, "replicas"))
		w.year(8) // over the end of a month
	})
}

func TestGate_ThreeReplicasHoldTheLimitsOfOneAtFullSpeed(t *testing.T) {
	t.Parallel()
	made := map[int]int64{}
	for _, n := range []int{1, 3} {
		w := newWorld(t, 1, january(), quota.Limits{PerMinute: 60, MonthCalls: 1_000_000, MonthBytes: 1 << 60, Zone: time.UTC}, n)
		w.minute, w.calm = w.true, true // nobody else calls
		for w.true.Before(time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC)) {
			w.true = w.true.Add(time.Duration(10+w.r.IntN(40)) * time.Millisecond)
			w.minute, w.inMinute, w.others = w.true.Truncate(time.Minute), 0, 0
			class := quota.Refresh
			if w.r.IntN(2) == 0 {
				class = quota.Sale
			}
			_, _ = w.call(w.replicas[w.r.IntN(n)], class)
		}
		made[n] = w.calls
		t.Logf("%d replicas made %d calls in an hour of %d, with %d statements", n, w.calls, 60*60, w.store.trips)
	}
	if made[1] < 3590 || made[3]*100 < made[1]*98 {
		t.Errorf("one made %d, three made %d of 3600", made[1], made[3])
	}
}
