package freshness

import (
	"math"
	"time"

	"guichet/domain/catalog"
)

// Decision is what to ask now, and when to decide again. Its slices belong to the planner until the next decision.
type Decision struct {
	Poll  bool                      // ask getUpdatedAvailabilities
	Since time.Time                 // its reference date
	Reads [][]catalog.PerformanceID // detail calls: the performances of each
	Next  time.Time                 // nothing is worth asking before then, unless something happens
	Bytes int64                     // what the calls are expected to cost
}

// Calls is how many calls the decision costs.
func (d Decision) Calls() int {
	if d.Poll {
		return 1 + len(d.Reads)
	}
	return len(d.Reads)
}

// hardFloor is the share of the floor at which a reading is due: the rest is for the minute that the call takes to come.
const hardFloor = 0.95

// moment is what a whole decision shares.
type moment struct {
	now           int64
	short, long   float64 // what turns a counter into views a second now
	prior         float64 // views a second assumed of each performance
	ready, afterH float64 // chance a second that a sold-out category comes back: early, later
}

func (p *Planner) moment(now int64) moment {
	s, l := p.weights(float64(now))
	m := moment{now: now, short: 1 / (s * shortLife), long: 1 / (l * longLife)}
	// the long memory says who is looked at, the short one how busy the hour is
	longRate, shortRate := p.allLong*m.long+firstPrior, p.allShort*m.short+firstPrior
	busy := min(8, max(0.05, shortRate/longRate))
	m.long *= busy
	m.prior = 0.1 * longRate * busy / float64(max(1, len(p.perfs)))
	m.ready, m.afterH = p.back[0].hits/p.back[0].seconds, p.back[1].hits/p.back[1].seconds
	return m
}

// views is how often a performance is looked at now, a second.
func (p *Planner) views(f *perf, m moment) float64 {
	near := 1.0 // what is near is looked at more, before anybody was seen to
	if d := f.start - m.now; d > 0 {
		near = 2 / (1 + float64(d)/(7*day))
	}
	return 0.5*(f.short*m.short+f.long*m.long) + m.prior*near
}

// parts are what a reading is worth now: buyers spared a refusal, and buyers wrongly told sold out (already weighed).
// Both are views a second, times how long what we say has been known, times the chance that it is wrong by now: the index
// whose policy spreads readings by the square root of how much they matter.
func (p *Planner) parts(f *perf, m moment) (scarce, back float64) {
	age := max(1, float64(m.now-max(f.read, f.confirmed)))
	on := 0
	for j := range f.stock {
		s := &f.stock[j]
		if s.off {
			continue
		}
		on++
		if s.out {
			rate := m.afterH
			if s.outAt > 0 && m.now-s.outAt < freshSoldOut {
				rate = m.ready
			}
			x := rate * age
			lasts := usualOrder / (max(s.fast, s.slow) + 1e-6) // what comes back is worth knowing of only where it stays a while
			back += x / (1 + x) * lasts / (lasts + worthKnowing)
			scarce -= s.flicker * shown / (shown + lasts) * shown / age
			continue
		}
		v := max(s.fast, s.slow)
		if !s.seen && f.onSale > 0 && m.now-f.onSale < dayOfSale {
			v = s.left / (12 * 3600)
		}
		gone := v * age
		room := max(0.5, s.left-usualOrder)
		z := 1.6 * (gone - room) / math.Sqrt(orderSpread*gone+0.25*gone*gone+0.05)
		scarce += 0.5*(1+z/math.Sqrt(1+z*z)) + min(0.5, age*unforeseen)
	}
	if on == 0 {
		return 0, 0
	}
	w := p.views(f, m) * age / float64(on)
	return max(0, scarce) * w, back * w * soldOutShare
}

func (p *Planner) value(f *perf, m moment) float64 {
	scarce, back := p.parts(f, m)
	return scarce + back
}

// readable reports whether a performance may be read now.
func (f *perf) readable(now int64) bool {
	return f.start > now && f.onSale <= now && now-max(f.asked, f.read) >= int64(minEvery/time.Second)
}

// Decide says what to ask now. It never spends more than the budget less its reserve, never asks again within a minute,
// never more a minute than the settings allow, and is the same for the same events.
func (p *Planner) Decide(now time.Time, b Budget) Decision {
	t := now.Unix()
	calls, bytes := b.spendable()
	left := b.Until.Sub(now).Seconds()
	d := Decision{Next: now.Add(minEvery)}
	if left <= 0 || calls < 1 || bytes < p.set.Costs.Call {
		p.now = t
		return d
	}
	if t < p.now { // a clock that went back earns nothing
		return d
	}
	p.now, p.paceCalls, p.paceBytes = t, float64(calls)/left, float64(bytes)/left
	if t-p.minute >= 60 {
		p.minute, p.inMinute = t, 0
	}
	may := min(int64(p.set.PerMinute-p.inMinute), calls)
	if may <= 0 {
		return d
	}
	if !p.nudged && p.scanned > 0 && t < p.scanned && t < p.nextSale {
		d.Next = time.Unix(min(p.scanned, p.nextSale), 0).UTC()
		return d
	}
	p.scan(now, t, int(may), bytes, &d)
	n := d.Calls()
	p.inMinute += n
	return d
}

// study learns from the moment what calls are worth and sets the price: the one at which the budget lasts, if what is left of
// the period is like what was.
func (p *Planner) study(t int64, best float64) {
	steep := 0.0 // how fast the worth grows, half of it
	for _, x := range p.top.heap {
		f := &p.perfs[x.perf]
		steep += x.value / max(1, float64(t-max(f.read, f.confirmed)))
	}
	thirst, calls := 0.0, 1.0
	if best > 0 && steep > 0 {
		all := 0.0
		for i := range p.goods {
			all += p.goods[i].sum
		}
		calls = max(1, 3*all/best-2) // what is on sale takes so many calls, where all are worth the same
		rate := calls * steep / best
		thirst = rate * rate * best
	}
	dt := 60.0
	if p.studied > 0 {
		dt = min(600, max(0, float64(t-p.studied)))
	}
	p.studied = t
	if dt > 0 {
		p.market.saw(thirst, min(calls, float64(p.set.PerMinute))/60, p.price, dt)
	}
	b := p.set.Costs.read(len(p.top.heap), 2*len(p.top.heap))
	p.price = p.market.price(1 / p.cost(b))
}

// cost is what a call takes of the allowance, in seconds of it: the scarcer of calls and bytes counts.
func (p *Planner) cost(bytes int64) float64 { return max(1/p.paceCalls, float64(bytes)/p.paceBytes) }

// threshold is what a call of the usual cost must be worth now.
func (p *Planner) threshold() float64 { return p.price }

func (p *Planner) scan(now time.Time, t int64, may int, bytes int64, d *Decision) {
	m := p.moment(t)
	p.nudged, p.nextSale = false, math.MaxInt64
	forced := p.weigh(m)
	p.reads, p.ids = p.reads[:0], p.ids[:0]
	if forced > 0 {
		p.take(now, m, &bytes, d)
	}
	best := p.top.worth(p, m.now)
	p.study(t, best)
	if may > len(d.Reads) {
		if p.poll(t, best, &bytes, d) {
			p.nudged = true // what moved may be worth a reading at once
		} else {
			best = p.buy(now, m, best, &bytes, d)
		}
	}
	p.scanned = t + p.wait(best)
	p.shortAtScan = p.allShort * m.short * shortLife
	d.Next = time.Unix(max(t+60, min(p.scanned, p.nextSale)), 0).UTC()
	if len(d.Reads) > 0 {
		p.scanned = t + 60
		d.Next = now.Add(minEvery)
	}
}

// wait is for how many seconds nothing can become worth a call, as far as is known: a value grows with the square of time.
func (p *Planner) wait(best float64) int64 {
	thr := p.threshold()
	switch {
	case thr <= 0 || best > 0.7*thr:
		return 60
	case best > 0.4*thr:
		return 120
	case best > 0.15*thr:
		return 180
	default:
		return 300
	}
}

// weigh values everything, keeps the most valuable and the oldest, and counts what must be read whatever it is worth.
func (p *Planner) weigh(m moment) (forced int) {
	p.top.reset(min(p.set.Batch, len(p.perfs)))
	p.old.reset(min(p.set.Batch, len(p.perfs)))
	hard := int64(p.set.Floor.Seconds() * hardFloor)
	soft := int64(p.set.Floor.Seconds() * softFloor)
	for i := range p.goods {
		p.goods[i].sum = 0
	}
	for i := range p.perfs {
		f := &p.perfs[i]
		if f.onSale > m.now {
			p.nextSale = min(p.nextSale, f.onSale)
			continue
		}
		if !f.readable(m.now) {
			continue
		}
		known := max(f.read, f.confirmed)
		age := m.now - known
		switch {
		case f.refused > f.read:
			forced++
			p.old.offer(1e15, int32(i))
		case age >= soft:
			if age >= hard {
				forced++
			}
			p.old.offer(float64(age), int32(i))
		}
		if f.read == 0 {
			continue
		}
		v := p.value(f, m)
		p.goods[f.product].sum += v
		p.top.offer(v, int32(i))
	}
	return forced
}

// take makes the calls for what must be read: refused, never read, as old as the floor. A call takes what will be due soon
// along, and the most valuable where it has room.
func (p *Planner) take(now time.Time, m moment, bytes *int64, d *Decision) {
	list := p.old.sorted()
	from := len(p.ids)
	for _, x := range list {
		if len(p.ids)-from == p.set.Batch {
			break
		}
		p.choose(now, m, x.perf, false)
	}
	p.fill(now, m, from)
	p.commit(from, bytes, d)
}

// worth is what a call for what is ranked is worth, without what this decision reads already.
func (r *ranking) worth(p *Planner, now int64) float64 {
	sum := 0.0
	for _, x := range r.heap {
		if p.perfs[x.perf].asked != now {
			sum += x.value
		}
	}
	return sum
}

// choose puts a performance into the call that is being made and remembers why.
func (p *Planner) choose(now time.Time, m moment, i int32, room bool) {
	f := &p.perfs[i]
	if f.asked == m.now {
		return
	}
	e := p.describe(f, m)
	e.Reason, e.DecidedAt, e.ReadAt = p.reason(f, m), now, f.last.ReadAt
	if room && (e.Reason == ReasonScarce || e.Reason == ReasonReturned) {
		e.Reason = ReasonRoom
	}
	f.last, f.asked = e, m.now
	p.goods[f.product].sum -= e.Value
	p.ids = append(p.ids, f.id)
}

// fill takes the most valuable along where a call has room.
func (p *Planner) fill(now time.Time, m moment, from int) {
	for _, x := range p.top.heap {
		if len(p.ids)-from >= p.set.Batch {
			return
		}
		if !p.dear() || x.value >= p.own() {
			p.choose(now, m, x.perf, true)
		}
	}
}

// commit ends the call that is being made: it is paid for, or undone when the bytes do not suffice.
func (p *Planner) commit(from int, bytes *int64, d *Decision) bool {
	n := len(p.ids) - from
	if n == 0 {
		return false
	}
	categories := 0
	for _, id := range p.ids[from:] {
		categories += max(1, len(p.perfs[p.at[id]].stock))
	}
	b := p.set.Costs.read(n, categories)
	if b > *bytes {
		p.ids = p.ids[:from]
		return false
	}
	*bytes -= b
	d.Bytes += b
	p.market.made++
	p.reads = append(p.reads, p.ids[from:len(p.ids):len(p.ids)])
	d.Reads = p.reads
	return true
}

// buy makes the call that is worth most, where it is worth its price; it returns what it is worth where it is not made.
func (p *Planner) buy(now time.Time, m moment, worth float64, bytes *int64, d *Decision) float64 {
	if worth <= 0 || worth < p.threshold() {
		return worth
	}
	room := 0.1 * p.threshold() / float64(p.set.Batch) // what is worth less comes along only because there is room
	from := len(p.ids)
	for i, x := range p.top.sorted() {
		if i > 0 && p.dear() && x.value < p.own() {
			break
		}
		p.choose(now, m, x.perf, x.value < room)
	}
	if !p.commit(from, bytes, d) {
		return worth
	}
	return 0
}

// dear reports whether bytes are so scarce that a performance must be worth its own.
func (p *Planner) dear() bool { return float64(p.thin())/p.paceBytes > 0.01/p.paceCalls }

// own is what a performance must be worth for its own bytes.
func (p *Planner) own() float64 { return p.threshold() * float64(p.thin()) / p.paceBytes * p.paceCalls }

func (p *Planner) thin() int64 { return p.set.Costs.Performance + 2*p.set.Costs.Category }

// poll reports whether asking which products moved is worth more than any call for readings: it confirms at once
// everything that did not move.
func (p *Planner) poll(t int64, best float64, bytes *int64, d *Decision) bool {
	if len(p.goods) < 2 || t-p.askedPoll < int64(minEvery/time.Second) {
		return false
	}
	b := p.set.Costs.Poll + p.set.Costs.PollProduct*int64(len(p.goods))
	if b > *bytes {
		return false
	}
	from, worth := max(p.lastPoll, t-pollBack), 0.0
	for i := range p.goods {
		g := &p.goods[i]
		quiet := math.Exp(-g.rate * float64(t-from))
		worth += g.sum * quiet
	}
	if worth <= best || worth < p.threshold() {
		return false
	}
	*bytes -= b
	d.Bytes += b
	p.market.made++
	p.askedPoll, d.Poll, d.Since = t, true, time.Unix(from, 0).UTC()
	return true
}
