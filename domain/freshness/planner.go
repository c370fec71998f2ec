package freshness

import (
	"math"
	"slices"
	"time"

	"guichet/domain/catalog"
)

// Performance is what the planner must know of one before it plans for it.
type Performance struct {
	ID      catalog.PerformanceID
	Product catalog.ProductID
	Start   time.Time
	OnSale  time.Time // when it goes or went on sale; zero is long ago
}

// Stock is what was read of one seat category of a performance.
type Stock struct {
	Category catalog.SeatCategoryID // 0 is the performance as a whole, where it has no categories
	Level    catalog.Level
	Count    int
	Counted  bool
}

// Planner decides what to ask next. It keeps a fixed amount for each performance and nothing that grows with time. It is not
// safe for concurrent use: its owner serialises.
type Planner struct {
	set   Settings
	perfs []perf
	at    map[catalog.PerformanceID]int32
	goods []product
	prod  map[catalog.ProductID]int32

	epoch                float64 // seconds at which a new event weighs 1 in the counters
	allShort, allLong    float64
	lastPoll, askedPoll  int64
	now, scanned         int64
	nudged               bool
	price                float64 // of one call's worth of allowance, in index units; 0 is not known yet
	market               market
	studied              int64
	minute               int64 // start of the minute that calls are counted in
	inMinute             int
	nextSale             int64
	shortAtScan          float64
	back                 [2]pool // how often sold-out categories come back: soon after selling out, later
	top, old             ranking
	reads                [][]catalog.PerformanceID
	ids                  []catalog.PerformanceID
	paceCalls, paceBytes float64
}

type pool struct{ hits, seconds float64 }

type product struct {
	id    catalog.ProductID
	moved int64   // when the last poll said it moved; 0 is not
	rate  float64 // polls that said so, a second
	sum   float64 // of the scan
}

type perf struct {
	id                              catalog.PerformanceID
	product                         int32
	start, onSale                   int64
	read, confirmed, refused, asked int64 // asked: last put into a decision
	short, long                     float64
	stock                           []stock
	last                            Explanation
}

type stock struct {
	category     catalog.SeatCategoryID
	left         float64 // places, less what we sold since
	fast, slow   float64 // places a second
	out          bool
	outAt        int64
	flicker      float64 // share of readings that found places just come back, while it was sold out
	counted, off bool    // off: not on sale
	seen         bool    // two readings, so the velocity is measured
	said         int32   // by the last reading; see saidOf
}

// New makes a planner that knows of no performance yet.
func New(s Settings) *Planner {
	return &Planner{
		set: s.withDefaults(), at: map[catalog.PerformanceID]int32{}, prod: map[catalog.ProductID]int32{},
		back: [2]pool{{1, 2 * 3600}, {1, 48 * 3600}},
	}
}

// Len is how many performances are planned for.
func (p *Planner) Len() int { return len(p.perfs) }

// Put adds a performance, or changes when it starts or goes on sale.
func (p *Planner) Put(f Performance) {
	var onSale int64
	if !f.OnSale.IsZero() {
		onSale = f.OnSale.Unix()
	}
	if i, ok := p.at[f.ID]; ok {
		p.perfs[i].start, p.perfs[i].onSale = f.Start.Unix(), onSale
		p.nudged = true
		return
	}
	n, ok := p.prod[f.Product]
	if !ok {
		n = int32(len(p.goods)) //nolint:gosec // products are counted in thousands
		p.prod[f.Product] = n
		p.goods = append(p.goods, product{id: f.Product, rate: 1.0 / 3600})
	}
	p.at[f.ID] = int32(len(p.perfs)) //nolint:gosec // performances are counted in thousands
	p.perfs = append(p.perfs, perf{id: f.ID, product: n, start: f.Start.Unix(), onSale: onSale})
	p.nudged = true
}

// Opens reports whether a product goes on sale in [from, to): with the first of its performances that are planned for. One
// whose performance says nothing about when is on sale already.
func (p *Planner) Opens(from, to time.Time) bool {
	first := make([]int64, len(p.goods))
	for i := range first {
		first[i] = math.MaxInt64
	}
	for i := range p.perfs {
		f := &p.perfs[i]
		first[f.product] = min(first[f.product], f.onSale)
	}
	return slices.ContainsFunc(first, func(t int64) bool { return t >= from.Unix() && t < to.Unix() })
}

// Drop forgets a performance. Its product is kept: products are few.
func (p *Planner) Drop(id catalog.PerformanceID) {
	i, ok := p.at[id]
	if !ok {
		return
	}
	last := len(p.perfs) - 1
	p.perfs[i] = p.perfs[last]
	p.at[p.perfs[i].id] = i
	p.perfs[last] = perf{}
	p.perfs = p.perfs[:last]
	delete(p.at, id)
}

// Viewed is told of n looks at a performance.
func (p *Planner) Viewed(id catalog.PerformanceID, n int, at time.Time) {
	i, ok := p.at[id]
	if !ok {
		return
	}
	s, l := p.weights(float64(at.Unix()))
	f := float64(n)
	p.perfs[i].short += f * s
	p.perfs[i].long += f * l
	p.allShort += f * s
	p.allLong += f * l
	if p.allShort/s > 2*p.shortAtScan+8 {
		p.nudged = true
	}
}

// weights are what an event at the time weighs in the counters: counters are kept in units of the epoch, so that nothing
// has to be decayed one by one.
func (p *Planner) weights(at float64) (short, long float64) {
	if p.epoch == 0 {
		p.epoch = at
	}
	if (at-p.epoch)/shortLife > rebaseAfter {
		p.rebase(at)
	}
	d := at - p.epoch
	return math.Exp(d / shortLife), math.Exp(d / longLife)
}

func (p *Planner) rebase(at float64) {
	d := at - p.epoch
	s, l := math.Exp(-d/shortLife), math.Exp(-d/longLife)
	for i := range p.perfs {
		p.perfs[i].short *= s
		p.perfs[i].long *= l
	}
	p.allShort *= s
	p.allLong *= l
	p.epoch = at
}

// Sold is told that we sold (or hold) n places; a negative n gives them back.
func (p *Planner) Sold(id catalog.PerformanceID, cat catalog.SeatCategoryID, n int, _ time.Time) {
	i, ok := p.at[id]
	if !ok {
		return
	}
	for j := range p.perfs[i].stock {
		if s := &p.perfs[i].stock[j]; s.category == cat {
			s.left -= float64(n)
		}
	}
}

// Refused is told that a hold was refused although our figures allowed it.
func (p *Planner) Refused(id catalog.PerformanceID, at time.Time) {
	if i, ok := p.at[id]; ok {
		p.perfs[i].refused = at.Unix()
		p.nudged = true
	}
}

// Polled is told what getUpdatedAvailabilities said at the time: these products moved since the reference date, and when
// last; the others did not. What was known as of the reference date or later and did not move after, is confirmed as of now.
func (p *Planner) Polled(at, since time.Time, moved []catalog.Moved) {
	t, from, before := at.Unix(), since.Unix(), p.lastPoll
	for i := range p.goods {
		p.goods[i].moved = 0
	}
	for _, m := range moved {
		if n, ok := p.prod[m.Product]; ok {
			p.goods[n].moved = m.At.Unix()
		}
	}
	if dt := float64(t - max(before, from)); dt > 0 {
		w := 1 - math.Exp(-dt/pollLife)
		for i := range p.goods {
			g, hit := &p.goods[i], 0.0
			if g.moved > 0 {
				hit = 1 / dt
			}
			g.rate += w * (hit - g.rate)
		}
	}
	for i := range p.perfs {
		f := &p.perfs[i]
		known := max(f.read, f.confirmed)
		if f.read > 0 && known >= from && p.goods[f.product].moved < known && f.refused <= f.read {
			f.confirmed = max(f.confirmed, t)
		}
	}
	p.lastPoll = t
}

// Read is told what the platform said is left of a performance.
func (p *Planner) Read(id catalog.PerformanceID, levels []Stock, at time.Time) {
	i, ok := p.at[id]
	if !ok {
		return
	}
	f := &p.perfs[i]
	t := at.Unix()
	for _, l := range levels {
		p.note(f, l, t)
	}
	f.read, f.confirmed = t, t
	f.last.ReadAt = at
}

func (p *Planner) note(f *perf, l Stock, t int64) {
	j := 0
	for j < len(f.stock) && f.stock[j].category != l.Category {
		j++
	}
	fresh := j == len(f.stock)
	if fresh {
		f.stock = append(f.stock, stock{category: l.Category})
	}
	s := &f.stock[j]
	out := l.Level == catalog.LevelSoldOut
	s.off = l.Level == catalog.LevelNotOnSale
	left := float64(l.Count)
	switch {
	case l.Counted:
	case out:
		left = 0
	case l.Level == catalog.LevelLimited:
		left = assumedFew
	default:
		left = assumedGood
	}
	if dt := float64(t - f.read); !fresh && f.read > 0 && dt > 0 {
		if s.out {
			k := &p.back[1]
			if s.outAt > 0 && t-s.outAt < freshSoldOut {
				k = &p.back[0]
			}
			k.seconds += min(dt, day)
			hit := 0.0
			if !out {
				k.hits++
				hit = 1
			}
			s.flicker += flickers * (hit - s.flicker)
		}
		if l.Counted && s.counted && (!s.out || !out) {
			gone := max(0, s.left-left) / dt
			s.fast += (1 - math.Exp(-dt/fastLife)) * (gone - s.fast)
			s.slow += (1 - math.Exp(-dt/slowLife)) * (gone - s.slow)
			s.seen = true
		}
	}
	if out && !s.out && !fresh {
		s.outAt = t
	}
	s.left, s.out, s.counted, s.said = left, out, l.Counted, saidOf(l)
}
