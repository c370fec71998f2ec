package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// purchase is what a storefront knows of one order or basket it wants.
type purchase struct {
	reference string
	basket    bool
	orderRefs []string // of its orders; a basket's have a letter more
	body      map[string]any
	house     int    // of the order
	first     []line // that the order is held with
	id        string // our number of the order or basket, once told
	reprinted bool   // tickets were printed anew by the institution

	mu     sync.Mutex
	groups int // requests sent at once
	asked  []request
	told   []told
	orders []order // what the service has of it in the end
}

// told is one definite answer.
type told struct {
	r request
	a answer
}

func (p *purchase) remember(r request, a answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case r.path == pathOrders && a.order().ID != "":
		p.id = a.order().ID
	case r.path == pathBaskets && len(a.basket().Orders) > 0:
		p.id = a.basket().ID
	}
	p.told = append(p.told, told{r: r, a: a})
}

// wasTold says whether the storefront was told that the order is in the state.
func (p *purchase) wasTold(id, state string) bool {
	return slices.ContainsFunc(p.told, func(t told) bool {
		return slices.ContainsFunc(t.a.orders(), func(o order) bool { return o.ID == id && o.State == state })
	})
}

// toldSold says whether the storefront was told that the whole basket is sold.
func (p *purchase) toldSold() bool {
	return p.basket && slices.ContainsFunc(p.told, func(t told) bool { return t.a.basket().State == "issued" && len(t.a.basket().Orders) > 0 })
}

// wanted says whether the storefront asked for a change of the order or basket.
func (p *purchase) wanted(id, change string) bool {
	return slices.ContainsFunc(p.asked, func(r request) bool { return strings.HasSuffix(r.path, "/"+id+"/"+change) })
}

// sold is the last that the storefront was told of an order of it that is issued, or an empty one.
func (p *purchase) sold() order {
	for _, t := range slices.Backward(p.told) {
		for _, o := range t.a.orders() {
			if o.State == "issued" {
				return o
			}
		}
	}
	return order{}
}

const (
	pathOrders  = "/v1/orders"
	pathBaskets = "/v1/baskets"
)

// refusedForGood says whether the hold was refused for a reason that does not pass.
func (p *purchase) refusedForGood() bool {
	return slices.ContainsFunc(p.told, func(t told) bool { return t.r.path == pathOrders && strings.HasPrefix(t.a.code(), "order.") })
}

// mayAskAgain says whether the request was refused in the end for a reason that passes: the same key then asks anew.
func (p *purchase) mayAskAgain(t told) bool {
	return slices.ContainsFunc(p.orders, func(o order) bool {
		switch {
		case t.r.path == pathOrders, t.r.path == pathBaskets:
			return o.State == "refused" && !strings.HasPrefix(o.Refusal.Code, "order.")
		case strings.HasSuffix(t.r.path, "/cancel"), strings.HasSuffix(t.r.path, "/exchange"):
			return o.State == "issued" && t.a.status != http.StatusOK
		}
		return false
	})
}

// player plays schedules on one stage.
type player struct {
	stage  *stage
	shop   *storefront
	offers [][]offer // of each house
	hall   hall      // of the first one
	inHall []offer   // of the hall
}

func newPlayer(ctx context.Context, s *stage) (*player, error) {
	sell, err := s.run(ctx, "keys", "create", "--storefront", "torture", "--scopes", "catalog,sell,deliver")
	if err != nil {
		return nil, err
	}
	admin, err := s.run(ctx, "keys", "create", "--storefront", "operator", "--scopes", "admin")
	if err != nil {
		return nil, err
	}
	p := &player{stage: s, shop: &storefront{
		stage: s, sell: sell, admin: admin, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
		rng: rand.New(rand.NewPCG(0, 1)),
	}}
	for len(p.offers) < len(houses) { // the first catalog comes a moment after the start
		offers, err := p.shop.offers(ctx, houses[len(p.offers)])
		if err == nil {
			p.offers = append(p.offers, offers)
			continue
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	if p.hall, err = p.shop.hall(ctx, p.offers[0]); err != nil {
		return nil, err
	}
	for _, o := range p.offers[0] {
		if o.Performance == p.hall.performance && len(p.hall.seats[o.SeatCategory]) > 0 {
			p.inHall = append(p.inHall, o)
		}
	}
	return p, nil
}

// result is what came of a schedule.
type result struct {
	broken        []string
	trace         []string
	sold, settled int
	kills         int
}

// play plays one schedule: the storm, the calm, the settling and the check.
func (p *player) play(ctx context.Context, pl plan) (result, error) {
	s := p.stage
	s.told()
	s.serve(pl.replicas)
	killed := s.kills
	purchases := p.storm(ctx, pl)
	p.shop.calm()
	s.cable.calm(ctx)
	if s.wire != nil {
		s.wire.storm(nil)
	}
	c := &check{player: p, purchases: purchases}
	err := c.run(ctx)
	r := result{broken: c.broken, trace: s.told(), sold: c.sold, settled: c.settled, kills: s.kills - killed}
	if err != nil {
		r.broken = append(r.broken, "the service cannot be brought back to order: "+err.Error())
	}
	return r, ctx.Err()
}

// storm plays the steps while things go wrong.
func (p *player) storm(ctx context.Context, pl plan) []*purchase {
	s := p.stage
	var out []*purchase
	for i, b := range pl.buys {
		out = append(out, p.purchase(b, fmt.Sprintf("T%d-%d", pl.seed, i)))
	}
	s.cable.storm(pl.hits)
	if s.wire != nil {
		s.wire.storm(pl.hits)
	}
	p.shop.storm(pl)
	for _, h := range pl.hits {
		s.say("plan: %s", h)
	}
	for _, st := range pl.steps {
		s.say("step: %s of %s", st.do, out[st.buy].reference)
		p.do(ctx, st, out[st.buy])
	}
	return out
}

// purchase writes down what is asked for.
func (p *player) purchase(b buy, reference string) *purchase {
	ask := func(house int, ref string) (map[string]any, []line) {
		l := p.offers[house][int(b.offers[house])%len(p.offers[house])].line
		if b.wish.hall {
			l = p.inHall[int(b.offers[house])%len(p.inHall)].line
		}
		l.Quantity = b.quantity
		switch {
		case b.wish.seats:
			l.Seats = p.hall.choose(l.SeatCategory, b.wish.first, l.Quantity)
		case b.wish.areas:
			l.Areas, l.Together = []string{p.hall.areas[l.SeatCategory]}, true
		}
		lines := []line{l}
		return map[string]any{"institution": houses[house], "reference": ref, "items": lines, "expected_total": p.total(house, lines)}, lines
	}
	if !b.basket {
		out := &purchase{reference: reference, orderRefs: []string{reference}, house: b.house}
		out.body, out.first = ask(b.house, reference)
		return out
	}
	out := &purchase{reference: reference, basket: true}
	var orders []any
	for house := range houses {
		ref := fmt.Sprintf("%s%c", reference, 'a'+house)
		out.orderRefs = append(out.orderRefs, ref)
		body, _ := ask(house, ref)
		orders = append(orders, body)
	}
	out.body = map[string]any{"orders": orders}
	return out
}

// hold is the request that makes the order or basket.
func (p *purchase) hold() request {
	path := pathOrders
	if p.basket {
		path = pathBaskets
	}
	return request{method: "POST", path: path, idempotency: p.reference, body: p.body, storm: true, lines: p.first}
}

// change is a request that changes the order or basket; a basket's orders are cancelled one by one.
func (p *purchase) change(what string) request {
	r := request{method: "POST", path: pathOrders + "/" + p.id + "/" + what, idempotency: p.reference + "-" + what, storm: true}
	if p.basket {
		r.path, r.idempotency = pathBaskets+"/"+p.id+"/"+what, "" // a basket's changes have no key
	}
	switch what {
	case "close":
		r.body = map[string]any{"payment_reference": "PAY-" + p.reference}
	case "cancel":
		r.path, r.idempotency = pathOrders+"/"+p.sold().ID+"/cancel", p.reference+"-cancel"
		r.body = map[string]any{"reason": "torture"}
	}
	return r
}

// do plays one step. What is not answered is found out later.
func (p *player) do(ctx context.Context, st step, b *purchase) {
	hung := func(r request) request {
		r.hang = st.hang
		return r
	}
	hold, change := hung(b.hold()), func(what string) request { return hung(b.change(what)) }
	switch st.do {
	case doHold, doAgain:
		p.ask(ctx, b, hold)
		return
	case doHoldTwice:
		p.ask(ctx, b, hold, hold)
		return
	case doWait:
		if err := p.stage.pass(ctx, st.by); err != nil {
			p.stage.say("moving time: %v", err)
		}
		return
	}
	if b.id == "" {
		return // the hold was refused, or is not known
	}
	switch st.do {
	case doCancel, doCancelTwice, doCancelOne, doReprint, doExchange, doExchangeTwice, doExchangeAndCancel:
		if b.sold().ID == "" {
			return // nothing of it was sold
		}
	default:
		p.await(ctx, b)
	}
	switch st.do {
	case doChange, doChangeTwice, doChangeAndClose, doChangeAndRelease:
		p.changeLines(ctx, st, b)
	case doExchange, doExchangeTwice, doExchangeAndCancel:
		p.exchange(ctx, st, b)
	case doClose:
		p.ask(ctx, b, change("close"))
	case doCloseTwice:
		p.ask(ctx, b, change("close"), change("close"))
	case doCloseAndRelease:
		p.ask(ctx, b, change("close"), change("release"))
	case doExtendAndClose:
		p.ask(ctx, b, change("extend"), change("close"))
	case doRelease:
		p.ask(ctx, b, change("release"))
	case doExtend:
		p.ask(ctx, b, change("extend"))
	case doCancel:
		p.ask(ctx, b, change("cancel"))
	case doCancelTwice: // two callers, each with a key of its own
		other := change("cancel")
		other.idempotency += "-other"
		p.ask(ctx, b, change("cancel"), other)
	case doCancelOne:
		if tickets := b.sold().Tickets; len(tickets) > 0 {
			r := change("cancel")
			r.body = map[string]any{"tickets": []string{tickets[0].ID}}
			p.ask(ctx, b, r)
		}
	case doAmend:
		p.ask(ctx, b, hung(request{
			method: "PATCH", path: pathOrders + "/" + b.id, idempotency: b.reference + "-amend", storm: true,
			body: map[string]any{"buyer": map[string]any{"last_name": amendedName(b)}},
		}))
	case doReprint:
		p.reprint(ctx, b)
	}
}

// amendedName is the name that a changed buyer has.
func amendedName(b *purchase) string { return "Of " + b.reference }

// reprint has the institution print the tickets of a sold order anew, and an operator look at it.
func (p *player) reprint(ctx context.Context, b *purchase) {
	o := b.sold()
	if err := p.stage.ensureSim(ctx); err != nil {
		p.stage.say("start the platform: %v", err)
		return
	}
	if err := post(ctx, fmt.Sprintf("%s/orders/%d/reprint?institution=%s", p.stage.control(), o.Platform.OrderID, o.Institution), nil); err != nil {
		p.stage.say("print anew: %v", err) // nothing good is left of it
		return
	}
	b.reprinted = true
	p.look(ctx, o.ID)
}

// look has the service look at an order as an operator does.
func (p *player) look(ctx context.Context, id string) {
	if _, err := p.shop.persist(ctx, request{method: "POST", path: "/v1/admin/orders/" + id + "/settle", key: p.shop.admin, storm: true}); err != nil {
		p.stage.say("look at %s: %v", id, err)
	}
}

// ask sends requests at once and waits for definite answers.
func (p *player) ask(ctx context.Context, b *purchase, requests ...request) {
	var wg sync.WaitGroup
	b.groups++
	for i := range requests {
		requests[i].group = b.groups
	}
	b.asked = append(b.asked, requests...)
	for _, r := range requests {
		wg.Go(func() {
			a, err := p.shop.persist(ctx, r)
			if err != nil {
				p.stage.say("%s %s: given up: %v", r.method, r.path, err)
				return
			}
			b.remember(r, a)
		})
	}
	wg.Wait()
}

// find reads the orders of a reference as the operator sees them.
func (p *player) find(ctx context.Context, reference string) ([]order, error) {
	a, err := p.shop.persist(ctx, request{method: "GET", path: "/v1/admin/orders?reference=" + url.QueryEscape(reference), key: p.shop.admin})
	if err != nil {
		return nil, err
	}
	var page struct {
		Items []order `json:"items"`
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("list orders: %d %s", a.status, a.body)
	}
	return page.Items, json.Unmarshal(a.body, &page)
}

// unsettled are the states that an order must not stay in.
var unsettled = []string{"holding", "held", "changing", "releasing", "closing", "issuing", "cancelling"}

const (
	settleRounds = 40
	jobPatience  = 5 * time.Second
)

// settle moves time on and lets the service's own jobs run until every order has come to its end.
func (p *player) settle(ctx context.Context, purchases []*purchase) error {
	for range settleRounds {
		var open []order
		if err := p.readAll(ctx, purchases); err != nil {
			return err
		}
		for _, b := range purchases {
			for _, o := range b.orders {
				if slices.Contains(unsettled, o.State) {
					open = append(open, o)
				}
			}
		}
		if len(open) == 0 {
			return nil
		}
		if err := p.advance(ctx, open); err != nil {
			return err
		}
	}
	return errors.New("orders do not come to an end")
}

// readAll reads what the service has of every purchase.
func (p *player) readAll(ctx context.Context, purchases []*purchase) error {
	for _, b := range purchases {
		b.orders = nil
		for _, ref := range b.orderRefs {
			found, err := p.find(ctx, ref)
			if err != nil {
				return err
			}
			b.orders = append(b.orders, found...)
		}
	}
	return nil
}

// runJob has the service run a job now.
func (p *player) runJob(ctx context.Context, job string) error {
	a, err := p.shop.persist(ctx, request{method: "POST", path: "/v1/admin/jobs/" + job + "/run", key: p.shop.admin})
	if err != nil || a.status >= http.StatusBadRequest {
		return errors.Join(fmt.Errorf("run %s: %d %s", job, a.status, a.body), err)
	}
	return nil
}

// advance moves time to when the first of the orders is due, and has the service's sweeps look at it.
func (p *player) advance(ctx context.Context, open []order) error {
	next := open[0]
	for _, o := range open {
		if o.Upkeep.NextCheckAt.Before(next.Upkeep.NextCheckAt) {
			next = o
		}
	}
	var state struct {
		Now time.Time `json:"now"`
	}
	if err := p.stage.ensureSim(ctx); err != nil {
		return err
	}
	if err := get(ctx, p.stage.control()+"/state", &state); err != nil {
		return err
	}
	if by := next.Upkeep.NextCheckAt.Sub(state.Now) + time.Millisecond; by > 0 {
		if err := p.stage.pass(ctx, by.Round(time.Millisecond)); err != nil {
			return err
		}
	}
	job := "sales.settle_sweep"
	if next.State == "held" {
		job = "sales.release_sweep"
	}
	if err := p.runJob(ctx, job); err != nil {
		return err
	}
	return p.looked(ctx, next, job)
}

// looked waits until the service has looked at the order: it claims it, and then stores what it found.
func (p *player) looked(ctx context.Context, before order, job string) error {
	wait, cancel := context.WithTimeout(ctx, jobPatience)
	defer cancel()
	for pause, quiet := 2*time.Millisecond, 0; wait.Err() == nil && quiet < 25; pause = min(pause*3/2, 40*time.Millisecond) {
		time.Sleep(pause)
		a, err := p.shop.send(ctx, request{method: "GET", path: "/v1/admin/orders/" + before.ID, key: p.shop.admin}, p.shop.whom(), 0)
		if err != nil {
			return nil // the next round asks again, of a service that is started first
		}
		switch now := a.order(); {
		case now.Upkeep.Version >= before.Upkeep.Version+2, !slices.Contains(unsettled, now.State):
			return nil
		case now.Upkeep.Version > before.Upkeep.Version:
			quiet++ // claimed; what is found may be that nothing has changed
		}
	}
	p.stage.say("%s: %s is as it was", job, before.ID)
	return nil
}
