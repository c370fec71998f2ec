package model

import (
	"math"
	"slices"
	"sort"
	"time"

	"guichet/domain/catalog"
	"guichet/domain/freshness"
	"guichet/domain/freshness/recording"
)

// Run is what is simulated.
type Run struct {
	Policy   Policy
	Venue    Venue
	Seed     uint64
	Calls    int64 // of the month; 0 is 10,000
	Bytes    int64 // of the month; 0 is 1 GB
	Orders   int   // that our buyers try in the month; 0 is 1,000
	Settings freshness.Settings
	// Record is told of the month in order, as a shop would see it: what Replay takes. Nil is nobody. An error ends nothing: the
	// month is played on, and the error is returned with it.
	Record func(recording.Event) error
}

// What a month costs besides refreshes, and how buyers behave. See docs/freshness.md.
const (
	looksPerTry  = 40.0 // looks at a performance for each attempt to buy
	callsHold    = 2    // createOrUpdateOrder, getOrderDetails
	callsClose   = 1
	callsRelease = 1
	callsRefused = 1
	abandoned    = 0.2 // of carts
	cartMinutes  = 15  // after which an abandoned cart is given back
	refunded     = 0.02
	alertShare   = 0.2 // of capacity: less is "limited"
	saleBytes    = 3500
	setupEvery   = 60 // minutes between getLastSetupUpdate
	setupBytes   = 900
	catalogBytes = 1_500_000 // daily, compressed
	minuteLimit  = 60        // calls
	perTry       = abandoned*(callsHold+callsRelease) + (1-abandoned)*(callsHold+callsClose)
	meanOrder    = 2.41
)

// Result is what a month came to.
type Result struct {
	Policy             Policy  `json:"policy"`
	Venue              Venue   `json:"venue"`
	Seed               uint64  `json:"seed"`
	Calls              int64   `json:"calls"`
	RefreshCalls       int64   `json:"refresh_calls"`
	SaleCalls          int64   `json:"sale_calls"`
	Polls              int64   `json:"polls"`
	Bytes              int64   `json:"bytes"`
	Views              int64   `json:"views"`
	Tries              int64   `json:"tries"`
	Sold               int64   `json:"sold"`
	StaleRefusals      int64   `json:"stale_refusals"`
	WrongSoldOut       int64   `json:"wrong_sold_out"`
	StaleLooks         int64   `json:"stale_looks"`          // looks at what a try would have been refused for
	WrongLooks         int64   `json:"wrong_sold_out_looks"` // looks at what was called sold out and was not
	ViewWeightedAge    float64 `json:"view_weighted_age_s"`
	LimitBreaches      int64   `json:"limit_breaches"`
	SalesRefusedBudget int64   `json:"sales_refused_for_budget"`
	OldestHours        float64 `json:"oldest_reading_h"` // that anything on sale had, at midnight
	Brier              float64 `json:"brier"`            // of confidence against how holds ended
	BrierConstant      float64 `json:"brier_constant"`   // the same of always saying the month's own share
	Performances       int     `json:"performances"`
	Calibration        []Bin   `json:"calibration,omitempty"`
}

// Bin is the holds for which about the same confidence was foretold.
type Bin struct {
	From  float64 `json:"from"`
	Holds int64   `json:"holds"`
	Said  float64 `json:"said"`
	Sold  float64 `json:"sold"`
}

// world is one month being simulated.
type world struct {
	Run
	perfs      []performance
	opens      []int // minutes in which products go on sale, in order
	moved      []int // minute in which our channel's stock of a product changed last
	shown      []shown
	policy     policy
	confidence freshness.Confidence
	others     weights
	places     float64 // wanted a minute, before the rhythm
	share      float64 // of buyers who are ours
	back       [][]giveBack
	minute     int
	used       int64 // calls of the period
	usedBytes  int64
	saleCalls  int64
	inMinute   int
	lastPoll   int
	told       []catalog.Moved
	begin, end int     // of the period
	days       float64 // that calls and orders are counted for
	lived      *lived  // what is replayed; nil is an invented month
	unwritten  error   // of Run.Record
	allowance  int64
	allowed    int64 // bytes
	r          Result
	ageSum     float64
	aged       int64
	said, sold [10]float64
	n          [10]int64
	square     float64
	stockBuf   []freshness.Stock
}

type shown struct {
	read, confirmed int // minutes; 0 never
	counts          []int
}

type giveBack struct {
	perf int32
	cat  int8
	n    int16
}

func (r Run) withDefaults() Run {
	if r.Calls == 0 {
		r.Calls = IncludedCalls
	}
	if r.Bytes == 0 {
		r.Bytes = IncludedBytes
	}
	if r.Orders == 0 {
		r.Orders = 1000
	}
	return r
}

// Month simulates one month, after a week that does not count. The same Run gives the same Result. Errors: a policy or
// venue that there is not.
func Month(run Run) (Result, error) {
	run = run.withDefaults()
	perfs, products, err := build(run.Venue, stream(run.Seed, 1))
	if err != nil {
		return Result{}, err
	}
	p, err := newPolicy(run.Policy, perfs, run.Settings)
	if err != nil {
		return Result{}, err
	}
	total := (warmDays + monthDays) * minutesADay
	w := &world{
		Run: run, perfs: perfs, moved: make([]int, products), shown: make([]shown, len(perfs)), policy: p, back: make([][]giveBack, total+1), days: monthDays,
		r: Result{Policy: run.Policy, Venue: run.Venue, Seed: run.Seed},
	}
	if o, ok := p.(*oracle); ok {
		o.w = w
	}
	w.opens = opens(perfs, products)
	w.past(stream(run.Seed, 2))
	w.share = w.ourShare()
	w.play(total)
	w.finish()
	return w.r, w.unwritten
}

// opens lists in order when each product goes on sale: with its first performance.
func opens(perfs []performance, products int) []int {
	first := make([]int, products)
	for i := range first {
		first[i] = math.MaxInt
	}
	for i := range perfs {
		p := &perfs[i]
		first[p.product] = min(first[p.product], p.onSale)
	}
	slices.Sort(first)
	return first
}

// past sells what was sold before the world began.
func (w *world) past(c chance) {
	for i := range w.perfs {
		p := &w.perfs[i]
		w.shown[i].counts = make([]int, len(p.cats))
		if p.onSale >= 0 {
			continue
		}
		places := 0.0
		for m := p.onSale; m < 0; m += 240 {
			places += p.rate(m) * 240
		}
		before := 0.0
		for j := range p.cats {
			want := places * (p.pull[j] - before) * c.lognormal(1, 0.15)
			before = p.pull[j]
			p.cats[j].left = max(0, p.cats[j].left-int(want))
		}
	}
}

// ourShare is chosen so that our buyers try as many orders as asked for, in the month as it is expected.
func (w *world) ourShare() float64 {
	places := 0.0
	const step = 30 // half the shortest rush
	for m := warmDays*minutesADay + step/2; m < (warmDays+monthDays)*minutesADay; m += step {
		f := rhythm(m) * step
		for i := range w.perfs {
			places += w.perfs[i].rate(m) * f
		}
	}
	return float64(w.Orders) / (places / meanOrder)
}

// play runs the minutes.
func (w *world) play(total int) {
	other, ours, order := stream(w.Seed, 3), stream(w.Seed, 4), stream(w.Seed, 5)
	for w.minute = 1; w.minute < total; w.minute++ {
		switch w.minute {
		case 1:
			w.period(0, warmDays*minutesADay, w.Calls*warmDays/monthDays, w.Bytes*warmDays/monthDays)
		case warmDays * minutesADay:
			w.period(w.minute, total, w.Calls, w.Bytes)
			w.recordStart()
			w.r = Result{Policy: w.Policy, Venue: w.Venue, Seed: w.Seed}
			w.ageSum, w.aged, w.square = 0, 0, 0
			w.said, w.sold, w.n = [10]float64{}, [10]float64{}, [10]int64{}
		}
		w.inMinute = 0
		w.weigh()
		w.contingents()
		w.upkeep()
		w.ask()
		places := w.places * rhythm(w.minute)
		w.sell(other, ours, order, places)
		if w.inMinute > minuteLimit {
			w.r.LimitBreaches++
		}
		if w.minute%minutesADay == 0 {
			w.oldest()
		}
	}
}

func (w *world) period(begin, end int, calls, bytes int64) {
	w.begin, w.end, w.allowance, w.allowed = begin, end, calls, bytes
	w.used, w.usedBytes, w.saleCalls = 0, 0, 0
}

// weigh renews how buyers spread over performances: each hour, and every ten minutes while a rush is on.
func (w *world) weigh() {
	if w.minute > 1 && w.minute%60 != 0 && (w.minute%10 != 0 || !w.rush()) {
		return
	}
	w.others.set(len(w.perfs), func(i int) float64 { return w.perfs[i].rate(w.minute) })
	w.places = w.others.total()
}

func (w *world) rush() bool {
	for i := range w.perfs {
		p := &w.perfs[i]
		if p.rush >= 0.1 && w.minute >= p.onSale && w.minute < p.onSale+12*60 {
			return true
		}
	}
	return false
}

// contingents gives back what was kept, when its hour has come.
func (w *world) contingents() {
	if w.minute%60 != 0 {
		return
	}
	for i := range w.perfs {
		p := &w.perfs[i]
		if p.released == 0 || p.released > w.minute {
			continue
		}
		p.released = 0
		for j := range p.cats {
			p.cats[j].left += p.cats[j].kept
		}
		w.moved[p.product] = w.minute
	}
}

// spend counts calls; the sales' own are always counted, whatever the budget.
func (w *world) spend(calls, bytes int64) {
	w.used += calls
	w.usedBytes += bytes
	w.r.Calls += calls
	w.r.Bytes += bytes
	w.inMinute += int(calls)
	if w.used > w.allowance || w.usedBytes > w.allowed {
		w.r.LimitBreaches += calls
	}
}

func (w *world) upkeep() {
	if w.used+2 > w.allowance {
		return
	}
	if w.minute%setupEvery == 0 {
		w.spend(1, setupBytes)
	}
	if w.minute%minutesADay == 4*60 {
		w.spend(2, catalogBytes)
	}
}

// budget is what every policy is told: what is left, and what sales and upkeep will need.
func (w *world) budget() freshness.Budget {
	gone, left := float64(w.minute-w.begin)/minutesADay, float64(w.end-w.minute)/minutesADay
	f := freshness.Forecast{PerDay: float64(w.Orders) * perTry / w.days}
	if w.announced(w.minute-minutesADay, w.end) {
		f.Announced = int64(math.Ceil(f.PerDay * (gone + left)))
	}
	upkeep := int64(left*24) + 2*int64(left+1) + 1
	return freshness.Budget{
		Calls: w.allowance - w.used, Bytes: w.allowed - w.usedBytes, Until: clockAt(w.end),
		ReserveCalls: f.Reserve(w.saleCalls, gone, left) + upkeep,
		ReserveBytes: f.Reserve(w.saleCalls, gone, left)*saleBytes + int64(left+1)*catalogBytes,
	}
}

// announced reports whether a product goes on sale in [from, to).
func (w *world) announced(from, to int) bool {
	i := sort.SearchInts(w.opens, from)
	return i < len(w.opens) && w.opens[i] < to
}

// ask lets the policy decide and carries out what it asks, as far as the month's calls go.
func (w *world) ask() {
	a := w.policy.decide(w.minute, w.budget())
	costs := w.Settings.Costs
	if costs == (freshness.Costs{}) {
		costs = freshness.DefaultCosts()
	}
	if a.poll && w.affords() {
		w.rememberAll()
		if w.lastPoll > 0 && w.minute-w.lastPoll < 1 {
			w.r.LimitBreaches++
		}
		w.told = w.told[:0]
		for p, at := range w.moved {
			if at >= a.since {
				w.told = append(w.told, catalog.Moved{Product: catalog.ProductID(p + 1), At: clockAt(at)})
			}
		}
		for i := range w.shown {
			s := &w.shown[i]
			if known := max(s.read, s.confirmed); s.read > 0 && known >= a.since && w.moved[w.perfs[i].product] < known {
				s.confirmed = w.minute
			}
		}
		w.lastPoll = w.minute
		w.spend(1, costs.Poll+costs.PollProduct*int64(len(w.moved)))
		w.r.RefreshCalls++
		w.r.Polls++
		w.policy.polled(w.minute, a.since, w.told)
	}
	for _, list := range a.reads {
		if !w.affords() || len(list) > 200 {
			w.r.LimitBreaches++
			continue
		}
		w.readAll(list, costs)
	}
}

func (w *world) affords() bool { return w.used < w.allowance && w.usedBytes < w.allowed }

// readAll is one detail call: the truth of this minute.
func (w *world) readAll(list []int32, costs freshness.Costs) {
	categories := 0
	for _, i := range list {
		w.remember(i)
		p, s := &w.perfs[i], &w.shown[i]
		if s.read == w.minute {
			w.r.LimitBreaches++
		}
		w.stockBuf = w.stockBuf[:0]
		for j := range p.cats {
			c := &p.cats[j]
			s.counts[j] = c.left
			w.record(recording.Reading, i, j, c.left)
			w.stockBuf = append(w.stockBuf, freshness.Stock{
				Category: catalog.SeatCategoryID(j + 1), Level: level(c.left, c.capacity), Count: c.left, Counted: true,
			})
		}
		categories += len(p.cats)
		s.read, s.confirmed = w.minute, w.minute
		w.policy.read(i, w.stockBuf, w.minute)
	}
	w.spend(1, costs.Call+costs.Performance*int64(len(list))+costs.Category*int64(categories))
	w.r.RefreshCalls++
}

func level(left, capacity int) catalog.Level {
	switch {
	case left <= 0:
		return catalog.LevelSoldOut
	case float64(left) <= alertShare*float64(capacity):
		return catalog.LevelLimited
	default:
		return catalog.LevelGood
	}
}

// buyer is everything chance decides about one, drawn before anything is known.
type buyer struct {
	perf                          int32
	cat, other, n                 int
	tries, leaves, refunds, later float64
}

// orderSizes are the shares of orders of at most 1, 2 … 6 places.
func orderSizes() [6]float64 { return [...]float64{0.2, 0.7, 0.8, 0.95, 0.98, 1} }

func (w *world) draw(c chance) buyer {
	i := w.others.pick(c.Float64())
	p := &w.perfs[i]
	a, b, q := c.Float64(), c.Float64(), c.Float64()
	out := buyer{perf: int32(i), tries: c.Float64(), leaves: c.Float64(), refunds: c.Float64(), later: c.Float64()} //nolint:gosec // numbers of an invented world
	for out.cat = 0; out.cat < len(p.pull)-1 && a >= p.pull[out.cat]; out.cat++ {
	}
	for out.other = 0; out.other < len(p.pull)-1 && b >= p.pull[out.other]; out.other++ {
	}
	for k, sum := range orderSizes() {
		if q < sum {
			out.n = k + 1
			break
		}
	}
	return out
}

// sell plays the minute: buyers of other channels, ours, and what is given back, in an order that chance decides.
func (w *world) sell(other, ours, order chance, places float64) {
	n := other.poisson(places / meanOrder * (1 - w.share))
	k := ours.poisson(places / meanOrder * w.share * looksPerTry)
	back := w.back[w.minute]
	for n+k+len(back) > 0 {
		switch x := order.IntN(n + k + len(back)); {
		case x < n:
			w.buyElsewhere(w.draw(other))
			n--
		case x < n+k:
			w.look(w.draw(ours))
			k--
		default:
			b := back[len(back)-1]
			back = back[:len(back)-1]
			w.perfs[b.perf].cats[b.cat].left += int(b.n)
			w.moved[w.perfs[b.perf].product] = w.minute
		}
	}
	w.back[w.minute] = nil
}

// buyElsewhere sees the truth.
func (w *world) buyElsewhere(b buyer) {
	p := &w.perfs[b.perf]
	cat := b.cat
	if p.cats[cat].left < b.n {
		cat = b.other
	}
	if p.cats[cat].left < b.n {
		return
	}
	w.take(b, cat)
}

// take moves places out of stock, and back again where the cart is abandoned or the sale refunded.
func (w *world) take(b buyer, cat int) (stays bool) {
	p := &w.perfs[b.perf]
	p.cats[cat].left -= b.n
	w.moved[p.product] = w.minute
	at := 0
	stays = b.leaves >= abandoned
	switch {
	case !stays:
		at = w.minute + cartMinutes
	case b.refunds < refunded:
		at = w.minute + 1 + int(b.later*20*minutesADay)
	}
	if at > 0 && at < len(w.back) && at < p.start {
		w.back[at] = append(w.back[at], giveBack{b.perf, int8(cat), int16(b.n)}) //nolint:gosec // an order has six places at most
	}
	return stays
}

// look is one of our visitors: they see what we show, and some try to buy what we show as available.
func (w *world) look(b buyer) {
	p, s := &w.perfs[b.perf], &w.shown[b.perf]
	w.r.Views++
	w.policy.viewed(b.perf, 1, w.minute)
	w.record(recording.Looks, b.perf, 0, 1)
	if s.read > 0 {
		w.ageSum += float64(w.minute-max(s.read, s.confirmed)) * 60
		w.aged++
	}
	shows := func(c int) bool { return s.read == 0 || s.counts[c] >= b.n }
	cat, wrong := b.cat, false
	if !shows(cat) {
		wrong, cat = p.cats[cat].left >= b.n, b.other
	}
	offered := shows(cat)
	if wrong {
		w.r.WrongLooks++
	}
	if offered && p.cats[cat].left < b.n {
		w.r.StaleLooks++
	}
	if b.tries >= 1/looksPerTry {
		return
	}
	w.r.Tries++
	if wrong {
		w.r.WrongSoldOut++
	}
	if offered {
		w.hold(b, cat)
	}
}

func (w *world) hold(b buyer, cat int) {
	p, s := &w.perfs[b.perf], &w.shown[b.perf]
	need := int64(callsHold + callsClose)
	if w.used+need > w.allowance {
		w.r.SalesRefusedBudget++
		return
	}
	sold := p.cats[cat].left >= b.n
	w.learn(p, s, cat, sold)
	if !sold {
		w.r.StaleRefusals++
		w.record(recording.Refusal, b.perf, cat, b.n)
		w.pay(callsRefused)
		w.policy.refused(b.perf, w.minute)
		return
	}
	w.record(recording.Hold, b.perf, cat, b.n)
	w.policy.held(b.perf, cat, b.n, w.minute)
	if !w.take(b, cat) {
		w.pay(callsHold + callsRelease)
		return
	}
	w.r.Sold++
	w.pay(callsHold + callsClose)
}

func (w *world) pay(calls int64) {
	w.saleCalls += calls
	w.r.SaleCalls += calls
	w.spend(calls, calls*saleBytes)
}

// learn foretells how the hold ends, then learns how it did.
func (w *world) learn(p *performance, s *shown, cat int, sold bool) {
	a := freshness.Answer{
		Level: level(s.counts[cat], p.cats[cat].capacity), Count: s.counts[cat], Counted: s.read > 0,
		Age: time.Duration(w.minute-max(s.read, s.confirmed)) * time.Minute, Until: time.Duration(p.start-w.minute) * time.Minute,
	}
	if s.read == 0 {
		a.Level = catalog.LevelUnknown
	}
	said, was := w.confidence.Of(a), 0.0
	if sold {
		was = 1
	}
	bin := min(9, int(said*10))
	w.n[bin]++
	w.said[bin] += said
	w.sold[bin] += was
	w.square += (said - was) * (said - was)
	w.confidence.Learn(a, sold)
}

// oldest looks at how old the oldest reading of anything on sale is.
func (w *world) oldest() {
	for i := range w.perfs {
		if p := &w.perfs[i]; p.onSale+minutesADay <= w.minute && w.minute < p.start {
			age := float64(w.minute-max(p.onSale, w.shown[i].read, w.shown[i].confirmed)) / 60
			w.r.OldestHours = max(w.r.OldestHours, age)
		}
	}
}

func (w *world) finish() {
	r := &w.r
	r.Performances = len(w.perfs)
	if w.aged > 0 {
		r.ViewWeightedAge = w.ageSum / float64(w.aged)
	}
	holds, sold := 0.0, 0.0
	for i, n := range w.n {
		if n > 0 {
			r.Calibration = append(r.Calibration, Bin{From: float64(i) / 10, Holds: n, Said: w.said[i] / float64(n), Sold: w.sold[i] / float64(n)})
		}
		holds += float64(n)
		sold += w.sold[i]
	}
	if holds > 0 {
		r.Brier = w.square / holds
		r.BrierConstant = sold / holds * (1 - sold/holds)
	}
}
