package torture

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// What a storefront does with an order.
const (
	doHold            = "hold"
	doHoldTwice       = "hold twice at once"
	doAgain           = "repeat the hold"
	doClose           = "close"
	doCloseTwice      = "close twice at once"
	doCloseAndRelease = "close and release at once"
	doRelease         = "release"
	doExtend          = "extend"
	doExtendAndClose  = "extend and close at once"
	doCancel          = "cancel"
	doCancelTwice     = "cancel twice at once"
	doCancelOne       = "cancel a ticket"
	doAmend           = "change the buyer"
	doReprint         = "print anew" // the institution does, and an operator has us look
	doWait            = "wait"

	doChange            = "change the lines"
	doChangeTwice       = "change the lines in two ways at once"
	doChangeAndClose    = "change the lines and close at once"
	doChangeAndRelease  = "change the lines and release at once"
	doExchange          = "exchange"
	doExchangeTwice     = "exchange twice at once"
	doExchangeAndCancel = "exchange and cancel at once"
)

// How lines are changed. What cannot be done with the lines as they are is another place of the first one.
const (
	howMore   = "a place more"
	howFewer  = "a place fewer"
	howTariff = "another tariff"
	howAdd    = "a line more"
	howRemove = "a line fewer"
	howSeats  = "on chosen seats"
	howAreas  = "in an area, together"
)

// What goes wrong.
const (
	hitCut      = "cut"       // the connection ends
	hitHalf     = "half"      // the answer ends in the middle
	hitLate     = "late"      // the connection ends, and the request arrives when the storm is over
	hitRefuse   = "refuse"    // a gateway's page instead of an answer
	hitDelay    = "delay"     // it takes longer
	hitKill     = "kill"      // the service is killed
	hitKillLate = "kill late" // the service is killed, and its request arrives when the storm is over
	hitPause    = "pause"     // the service is stopped while time passes
	hitKillSim  = "kill sim"  // the platform is killed, and started again
	hitPauseSim = "pause sim" // the platform is stopped for a moment
	hitCutAll   = "cut all"   // every connection to the database ends
)

// Where something goes wrong.
const (
	atCall    = "call"    // the n-th call of orders to the platform
	atCommit  = "commit"  // the n-th commit of a change of orders, on PostgreSQL
	atRequest = "request" // some time after the n-th request of the storefront was sent
)

// hit is one thing that goes wrong.
type hit struct {
	where string
	n     int // counted from 1 over the schedule
	what  string
	after bool          // after the work was done, before the answer is given
	whose int           // which of two processes that serve is meant
	by    time.Duration // a delay, or how far the clocks move during a pause
}

func (h hit) String() string {
	when := "before"
	if h.after {
		when = "after"
	}
	return fmt.Sprintf("%s %s %s %d (%s)", h.what, when, h.where, h.n, h.by)
}

// step is one thing that a storefront does.
type step struct {
	buy     int // which order
	do      string
	n       int           // among those of its order; its keys have it
	by      time.Duration // wait: how far the clocks move
	hang    time.Duration // when the storefront hangs up on its first attempt; 0: it does not
	changes [2]change     // of lines, the second one where there are two at once
	swap    swap
}

// change is how lines are changed.
type change struct {
	how   string
	offer uint16 // what comes into it, index into what is on offer
	seats uint16 // where in the hall the chosen seats begin
	wrong bool   // another total is expected than it will be
}

// swap is what sold places are exchanged for.
type swap struct {
	offer uint16
	all   bool // all good tickets and not only one
	wrong bool // another difference is expected than it will be
}

// wish is where places are to be; the zero value leaves it to the house.
type wish struct {
	hall  bool // of the performance whose seats can be chosen
	seats bool // chosen ones
	first uint16
	areas bool // in an area, together
}

// buy is what is wanted together: an order, or a basket of one order at each house.
type buy struct {
	basket   bool
	house    int      // of the order, index into houses
	offers   []uint16 // index into what is on offer at each house, modulo its length
	quantity int
	wish     wish
}

// plan is a schedule: everything that is decided beforehand.
type plan struct {
	seed     uint64
	replicas int // processes that serve
	buys     []buy
	steps    []step
	hits     []hit
}

// Of every four blocks of seeds one is played with two processes that serve, where the database allows it.
const (
	seedBlock   = 64
	seedBlocks  = 4
	seedReplica = 1
)

// planOf derives the schedule of a seed. The database decides where connections to it can be cut, and how many processes serve.
func planOf(seed uint64, postgres bool) plan {
	rng := rand.New(rand.NewPCG(seed, 0x6775696368657421))
	p := plan{seed: seed, replicas: 1}
	if postgres && seed/seedBlock%seedBlocks == seedReplica {
		p.replicas = 2
	}
	near := some(rng) // those who choose seats choose near each other
	waiting := make([][]step, 1+rng.IntN(3))
	for i := range waiting {
		b := buy{basket: rng.IntN(4) == 0, quantity: 1 + rng.IntN(3), house: pick(rng, []int{4, 1})}
		for range houses {
			b.offers = append(b.offers, some(rng))
		}
		if !b.basket && b.house == 0 && rng.IntN(3) == 0 {
			b.wish = wish{hall: true, seats: rng.IntN(2) == 0, first: near + some(rng)%seatsNear, areas: rng.IntN(4) == 0}
		}
		p.buys = append(p.buys, b)
		waiting[i] = lifeOf(rng, i, &b, near)
	}
	for left := len(waiting); left > 0; { // interleave, each order's own steps in order
		i := rng.IntN(len(waiting))
		if len(waiting[i]) == 0 {
			continue
		}
		p.steps = append(p.steps, waiting[i][0])
		if waiting[i] = waiting[i][1:]; len(waiting[i]) == 0 {
			left--
		}
	}
	for range pick(rng, []int{1, 4, 3, 2}) {
		p.hits = append(p.hits, hitOf(rng, len(p.steps), postgres))
	}
	return p
}

// seatsNear is how many seats those who choose choose among.
const seatsNear = 6

// some is any index; whoever uses it takes it modulo a length.
func some(rng *rand.Rand) uint16 { return uint16(rng.IntN(1 << 16)) } //nolint:gosec // fits

// lifeOf is what a storefront does with one order or basket.
func lifeOf(rng *rand.Rand, n int, b *buy, near uint16) []step {
	var life []step
	add := func(do string) *step {
		s := step{buy: n, do: do, n: len(life)}
		if rng.IntN(6) == 0 {
			s.hang = time.Duration(200+rng.IntN(8000)) * time.Microsecond
		}
		life = append(life, s)
		return &life[len(life)-1]
	}
	add([]string{doHold, doHoldTwice}[pick(rng, []int{5, 1})])
	if rng.IntN(4) == 0 {
		add(doAgain)
	}
	if !b.basket && rng.IntN(5) == 0 {
		add([]string{doExtend, doAmend}[rng.IntN(2)])
	}
	if !b.basket && rng.IntN(3) == 0 {
		for range 1 + rng.IntN(2) {
			s := add([]string{doChange, doChangeTwice, doChangeAndClose, doChangeAndRelease}[pick(rng, []int{8, 2, 2, 1})])
			s.changes = [2]change{changeOf(rng, b, near), changeOf(rng, b, near)}
		}
	}
	if rng.IntN(6) == 0 {
		add(doWait).by = []time.Duration{time.Minute, 5 * time.Minute, 11 * time.Minute, 17 * time.Minute}[rng.IntN(4)]
	}
	ends := []string{doClose, doCloseTwice, doCloseAndRelease, doExtendAndClose, doRelease}
	weights := []int{9, 4, 2, 3, 2, 1}
	if b.basket {
		weights[3] = 0 // a basket is not extended
	}
	end := pick(rng, weights)
	if end == len(ends) { // the buyer walks away
		return life
	}
	add(ends[end])
	if rng.IntN(5) == 0 {
		add([]string{doClose, doAgain, doRelease}[rng.IntN(3)])
	}
	if rng.IntN(6) == 0 {
		add(doReprint)
	}
	if rng.IntN(5) == 0 {
		add([]string{doExchange, doExchangeTwice, doExchangeAndCancel}[pick(rng, []int{5, 1, 1})]).swap = swap{
			offer: some(rng), all: rng.IntN(2) == 0, wrong: rng.IntN(8) == 0,
		}
	}
	if rng.IntN(4) == 0 {
		add([]string{doCancel, doCancelTwice, doCancelOne}[rng.IntN(3)])
	}
	return life
}

// changeOf decides how lines are changed.
func changeOf(rng *rand.Rand, b *buy, near uint16) change {
	hows, weights := []string{howMore, howFewer, howTariff, howAdd, howRemove, howSeats, howAreas}, []int{4, 4, 2, 3, 2, 4, 1}
	if !b.wish.hall {
		weights[5], weights[6] = 0, 0
	}
	return change{how: hows[pick(rng, weights)], offer: some(rng), seats: near + some(rng)%seatsNear, wrong: rng.IntN(8) == 0}
}

// hitOf decides what goes wrong once.
func hitOf(rng *rand.Rand, steps int, postgres bool) hit {
	where := pick(rng, []int{7, 2, 0})
	if postgres {
		where = pick(rng, []int{5, 2, 4})
	}
	h := hit{after: rng.IntN(2) == 0, whose: rng.IntN(2)}
	switch where {
	case 0:
		h.where, h.n = atCall, 1+rng.IntN(3*steps)
		before := []string{hitCut, hitLate, hitRefuse, hitDelay, hitKill, hitKillLate, hitPause, hitKillSim, hitPauseSim}
		after := []string{hitCut, hitHalf, hitRefuse, hitDelay, hitKill, hitPause, hitKillSim}
		if h.what = before[pick(rng, []int{2, 2, 1, 1, 3, 3, 2, 2, 1})]; h.after {
			h.what = after[pick(rng, []int{4, 2, 2, 1, 5, 2, 2})]
		}
	case 1:
		h.where, h.n, h.after = atRequest, 1+rng.IntN(steps), false
		h.what = []string{hitKill, hitPause, hitKillSim}[pick(rng, []int{6, 1, 1})]
	case 2:
		h.where, h.n = atCommit, 1+rng.IntN(3*steps)
		h.what = []string{hitCut, hitCutAll, hitKill, hitDelay, hitPause}[pick(rng, []int{4, 3, 4, 1, 1})]
	}
	switch h.what {
	case hitPause:
		h.by = []time.Duration{20 * time.Second, 2 * time.Minute, 12 * time.Minute, 20 * time.Minute}[rng.IntN(4)]
	case hitDelay, hitPauseSim:
		h.by = time.Duration(5+rng.IntN(40)) * time.Millisecond
	default:
		if h.where == atRequest {
			h.by = time.Duration(rng.IntN(15_000)) * time.Microsecond
		}
	}
	return h
}

// pick returns an index, as often as its weight says.
func pick(rng *rand.Rand, weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := rng.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}
