package model

import (
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/freshness/recording"
)

// Recorded is a month that was lived, ready to be replayed. What was left between two readings is taken to have gone evenly;
// a hold that was got and one that was refused are the truth of their minute.
type Recorded struct {
	perfs    []performance
	products int
	paths    [][]path // of each performance's categories
	happened []happened
	minutes  int
	tries    int
}

// path is what was left of a category, as far as was seen: minute by minute in order.
type path []seen

type seen struct{ minute, left int }

// at is what was left at the minute: between two sights in proportion, before the first and after the last the same as then.
func (p path) at(minute int) int {
	i := sort.Search(len(p), func(i int) bool { return p[i].minute > minute })
	switch {
	case len(p) == 0:
		return plenty
	case i == 0:
		return p[0].left
	case i == len(p):
		return p[i-1].left
	}
	a, b := p[i-1], p[i]
	return a.left + int(math.Round(float64((b.left-a.left)*(minute-a.minute))/float64(b.minute-a.minute)))
}

// happened is a look or a try.
type happened struct {
	minute int
	perf   int32
	cat    int16
	n      int32
	kind   recording.Kind
}

// What stands for a level without a number.
const (
	plenty = 60
	aFew   = 8
)

// Prepare reads a recording and makes it ready. Errors: quota.recording, where it is none, where nobody tried to buy anything
// or where it is shorter than a day: there is nothing to compare.
func Prepare(file io.Reader) (*Recorded, error) {
	r := &Recorded{}
	b := preparing{r: r, perfs: map[catalog.PerformanceID]int32{}, products: map[catalog.ProductID]int{}, cats: map[place]int16{}}
	err := recording.Read(file, func(e *recording.Event) error { b.add(e); return nil })
	if err != nil {
		return nil, err
	}
	for i := range r.perfs {
		p := &r.perfs[i]
		for _, path := range r.paths[i] {
			p.cats = append(p.cats, category{capacity: plenty, left: path.at(0)})
		}
	}
	switch {
	case r.tries == 0:
		return nil, domain.Errorf(domain.Invalid, recording.CodeRecording, "nobody tried to buy anything in it: there is nothing to compare")
	case r.minutes < minutesADay:
		return nil, domain.Errorf(domain.Invalid, recording.CodeRecording, "it is of %d minutes: less than a day says nothing", r.minutes)
	}
	return r, nil
}

type place struct {
	perf     int32
	category catalog.SeatCategoryID
}

type preparing struct {
	r        *Recorded
	perfs    map[catalog.PerformanceID]int32
	products map[catalog.ProductID]int
	cats     map[place]int16
	first    time.Time
}

func (b *preparing) add(e *recording.Event) {
	if b.first.IsZero() {
		b.first = e.At
	}
	minute := func(t time.Time) int { return int(min(math.MaxInt32, t.Sub(b.first).Minutes())) + 1 }
	now := minute(e.At)
	b.r.minutes = max(b.r.minutes, now)
	if e.Kind == recording.Performance {
		onSale := math.MinInt32
		if !e.OnSale.IsZero() {
			onSale = minute(e.OnSale)
		}
		b.performance(e, minute(e.Start), onSale)
		return
	}
	i := b.perfs[e.Performance]
	h := happened{minute: now, perf: i, n: int32(e.Number), kind: e.Kind} //nolint:gosec // a recording's numbers are bounded
	if e.Kind != recording.Looks {
		h.cat = b.category(i, e.Category)
	}
	switch e.Kind {
	case recording.Reading:
		b.saw(i, h.cat, seen{now, left(e)})
		return
	case recording.Refusal: // whatever was read before, so many were not left
		if was := b.last(i, h.cat); was >= e.Number {
			b.saw(i, h.cat, seen{now, e.Number - 1})
		}
		b.r.tries++
	case recording.Hold:
		b.r.tries++
	case recording.Looks, recording.Performance:
	}
	b.r.happened = append(b.r.happened, h)
}

func left(e *recording.Event) int {
	switch e.Level {
	case catalog.LevelSoldOut, catalog.LevelNotOnSale:
		return 0
	case catalog.LevelLimited:
		return aFew
	case catalog.LevelGood, catalog.LevelUnknown:
		return plenty
	}
	return e.Number
}

func (b *preparing) performance(e *recording.Event, start, onSale int) {
	if i, ok := b.perfs[e.Performance]; ok {
		b.r.perfs[i].start, b.r.perfs[i].onSale = start, onSale
		return
	}
	n, ok := b.products[e.Product]
	if !ok {
		n = len(b.products)
		b.products[e.Product] = n
		b.r.products++
	}
	b.perfs[e.Performance] = int32(len(b.r.perfs)) //nolint:gosec // a recording's performances are bounded
	b.r.perfs = append(b.r.perfs, performance{product: n, start: start, onSale: onSale})
	b.r.paths = append(b.r.paths, nil)
}

func (b *preparing) category(perf int32, c catalog.SeatCategoryID) int16 {
	k := place{perf, c}
	j, ok := b.cats[k]
	if !ok {
		j = int16(len(b.r.paths[perf])) //nolint:gosec // a recording's categories are bounded
		b.cats[k] = j
		b.r.paths[perf] = append(b.r.paths[perf], nil)
	}
	return j
}

func (b *preparing) last(perf int32, cat int16) int {
	p := b.r.paths[perf][cat]
	if len(p) == 0 {
		return plenty
	}
	return p[len(p)-1].left
}

func (b *preparing) saw(perf int32, cat int16, s seen) {
	p := &b.r.paths[perf][cat]
	n := len(*p)
	if n > 0 && (*p)[n-1].minute == s.minute || n > 1 && (*p)[n-1].left == s.left && (*p)[n-2].left == s.left {
		(*p)[n-1] = s // the same minute, or the same as twice before
		return
	}
	*p = append(*p, s)
}

// lived is a replay under way.
type lived struct {
	*Recorded
	next int // of happened
}

// Replay plays a recorded month against a policy. Calls and Bytes are those of the recording's whole time, Orders how many
// tries were expected in it (0: as many as there were); Venue and Seed do not matter. StaleRefusals counts tries, got or
// refused at the time, that the policy's readings would have let through and the platform would have refused, WrongSoldOut
// those that its readings would have turned away although they were got. Looks are only counted. Errors: a policy that there
// is not.
func Replay(run Run, rec *Recorded) (Result, error) {
	run = run.withDefaults()
	perfs := slices.Clone(rec.perfs)
	for i := range perfs {
		perfs[i].cats = slices.Clone(perfs[i].cats)
	}
	if run.Policy == Oracle {
		return Result{}, fmt.Errorf("policy %q knows invented months only", Oracle)
	}
	p, err := newPolicy(run.Policy, perfs, run.Settings)
	if err != nil {
		return Result{}, err
	}
	w := &world{
		Run: run, perfs: perfs, opens: opens(perfs, rec.products), moved: make([]int, rec.products), shown: make([]shown, len(perfs)), policy: p,
		days: float64(rec.minutes) / minutesADay, lived: &lived{Recorded: rec}, r: Result{Policy: run.Policy, Venue: run.Venue, Seed: run.Seed},
	}
	for i := range perfs {
		w.shown[i].counts = make([]int, len(perfs[i].cats))
	}
	w.period(0, rec.minutes+1, run.Calls, run.Bytes)
	for w.minute = 1; w.minute <= rec.minutes; w.minute++ {
		w.inMinute = 0
		w.upkeep()
		w.ask()
		w.relive()
		if w.inMinute > minuteLimit {
			w.r.LimitBreaches++
		}
		if w.minute%minutesADay == 0 {
			w.oldest()
		}
	}
	w.finish()
	return w.r, nil
}

// remember makes the truth about a performance that of the recorded minute.
func (w *world) remember(i int32) {
	if w.lived == nil {
		return
	}
	p := &w.perfs[i]
	for j, path := range w.lived.paths[i] {
		if n := path.at(w.minute); n != p.cats[j].left {
			p.cats[j].left = n
			w.moved[p.product] = w.minute
		}
	}
}

func (w *world) rememberAll() {
	if w.lived == nil {
		return
	}
	for i := range w.perfs {
		w.remember(int32(i))
	}
}

// recordStart records what is known when the month that counts begins.
func (w *world) recordStart() {
	if w.Record == nil {
		return
	}
	for i := range w.perfs {
		p, s := &w.perfs[i], &w.shown[i]
		if p.start <= w.minute {
			continue
		}
		w.write(recording.Event{
			At: clockAt(w.minute), Kind: recording.Performance, Product: catalog.ProductID(p.product + 1), Performance: catalog.PerformanceID(i + 1),
			Start: clockAt(p.start), OnSale: clockAt(p.onSale),
		})
		for j, n := range s.counts {
			if s.read > 0 {
				w.record(recording.Reading, int32(i), j, n)
			}
		}
	}
}

// record records what happened in the month that counts.
func (w *world) record(kind recording.Kind, perf int32, cat, n int) {
	if w.Record == nil || w.minute < warmDays*minutesADay {
		return
	}
	e := recording.Event{At: clockAt(w.minute), Kind: kind, Performance: catalog.PerformanceID(perf + 1), Number: n}
	if kind != recording.Looks {
		e.Category = catalog.SeatCategoryID(cat + 1)
	}
	w.write(e)
}

func (w *world) write(e recording.Event) {
	if err := w.Record(e); err != nil && w.unwritten == nil {
		w.unwritten = err
	}
}

// relive is the minute's looks and tries.
func (w *world) relive() {
	for ; w.lived.next < len(w.lived.happened) && w.lived.happened[w.lived.next].minute == w.minute; w.lived.next++ {
		h := w.lived.happened[w.lived.next]
		s := &w.shown[h.perf]
		if h.kind == recording.Looks {
			w.r.Views += int64(h.n)
			w.policy.viewed(h.perf, int(h.n), w.minute)
			if s.read > 0 {
				w.ageSum += float64(w.minute-max(s.read, s.confirmed)) * 60 * float64(h.n)
				w.aged += int64(h.n)
			}
			continue
		}
		w.r.Tries++
		w.retry(h, s.read == 0 || s.counts[h.cat] >= int(h.n))
	}
}

// retry is a try that was recorded, offered by what we show now or not.
func (w *world) retry(h happened, offered bool) {
	got := h.kind == recording.Hold
	switch {
	case !offered && got:
		w.r.WrongSoldOut++
	case !offered:
	case w.used+callsHold+callsClose > w.allowance:
		w.r.SalesRefusedBudget++
	case got:
		w.learn(&w.perfs[h.perf], &w.shown[h.perf], int(h.cat), true)
		w.policy.held(h.perf, int(h.cat), int(h.n), w.minute)
		w.r.Sold++
		w.pay(callsHold + callsClose)
	default:
		w.learn(&w.perfs[h.perf], &w.shown[h.perf], int(h.cat), false)
		w.r.StaleRefusals++
		w.pay(callsRefused)
		w.policy.refused(h.perf, w.minute)
	}
}
