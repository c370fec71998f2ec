package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// purchase is what a storefront knows of one order it wants.
type purchase struct {
	reference string
	body      map[string]any
	id        string // our number, once told

	mu     sync.Mutex
	asked  []request
	told   []told
	orders []order // what the service has of it in the end
}

// told is one definite answer about an order.
type told struct {
	r     request
	a     answer
	state string
}

func (p *purchase) remember(r request, a answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := told{r: r, a: a, state: a.order().State}
	if id := a.order().ID; id != "" {
		p.id = id
	}
	p.told = append(p.told, t)
}

// wasTold says whether the storefront was told that the order is in the state.
func (p *purchase) wasTold(state string) bool {
	return slices.ContainsFunc(p.told, func(t told) bool { return t.state == state })
}

// wanted says whether the storefront asked for the change.
func (p *purchase) wanted(change string) bool {
	return slices.ContainsFunc(p.asked, func(r request) bool { return strings.HasSuffix(r.path, "/"+change) })
}

// ticket is a ticket that the storefront was told of, or empty.
func (p *purchase) ticket() string {
	for _, t := range p.told {
		if tickets := t.a.order().Tickets; len(tickets) > 0 {
			return tickets[0].ID
		}
	}
	return ""
}

// refusedForGood says whether the hold was refused for a reason that does not pass.
func (p *purchase) refusedForGood() bool {
	return slices.ContainsFunc(p.told, func(t told) bool { return t.r.path == "/v1/orders" && strings.HasPrefix(t.a.code(), "order.") })
}

// mayAskAgain says whether the request was refused in the end for a reason that passes: the same key then asks anew.
func (p *purchase) mayAskAgain(t told) bool {
	return slices.ContainsFunc(p.orders, func(o order) bool {
		switch {
		case t.r.path == "/v1/orders":
			return o.State == "refused" && !strings.HasPrefix(o.Refusal.Code, "order.")
		case strings.HasSuffix(t.r.path, "/cancel"):
			return o.State == "issued" && t.a.status != http.StatusOK
		}
		return false
	})
}

// player plays schedules on one stage.
type player struct {
	stage  *stage
	shop   *storefront
	offers []offer
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
	}}
	for p.offers == nil { // the first catalog comes a moment after the start
		if p.offers, err = p.shop.offers(ctx); err != nil {
			select {
			case <-ctx.Done():
				return nil, errors.Join(context.Cause(ctx), err)
			case <-time.After(20 * time.Millisecond):
			}
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
		o := p.offers[b.offer%len(p.offers)]
		line := map[string]any{"quantity": b.quantity}
		for k, v := range o.line {
			line[k] = v
		}
		ref := fmt.Sprintf("T%d-%d", pl.seed, i)
		out = append(out, &purchase{reference: ref, body: map[string]any{
			"institution": world, "reference": ref, "items": []any{line},
			"expected_total": map[string]any{"amount": o.price * int64(b.quantity), "currency": o.cur},
		}})
	}
	s.cable.storm(pl.hits)
	if s.wire != nil {
		s.wire.storm(pl.hits)
	}
	p.shop.storm(pl.hits)
	for _, h := range pl.hits {
		s.say("plan: %s", h)
	}
	for _, st := range pl.steps {
		s.say("step: %s of %s", st.do, out[st.buy].reference)
		p.do(ctx, st, out[st.buy])
	}
	return out
}

// do plays one step. What is not answered is found out later.
func (p *player) do(ctx context.Context, st step, b *purchase) {
	hold := request{method: "POST", path: "/v1/orders", idempotency: b.reference, body: b.body, hang: st.hang, storm: true}
	change := func(what string) request {
		r := request{method: "POST", path: "/v1/orders/" + b.id + "/" + what, idempotency: b.reference + "-" + what, hang: st.hang, storm: true}
		if what == "close" {
			r.body = map[string]any{"payment_reference": "PAY-" + b.reference}
		}
		if what == "cancel" {
			r.body = map[string]any{"reason": "torture"}
		}
		return r
	}
	switch st.do {
	case doHold, doAgain:
		p.ask(ctx, b, hold)
		return
	case doHoldTwice:
		p.ask(ctx, b, hold, hold)
		return
	case doWait:
		if err := p.stage.move(ctx, st.by); err != nil {
			p.stage.say("moving time: %v", err)
		}
		return
	}
	if b.id == "" {
		return // the hold was refused, or is not known
	}
	switch st.do {
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
		if ticket := b.ticket(); ticket != "" {
			r := change("cancel")
			r.body = map[string]any{"tickets": []string{ticket}}
			p.ask(ctx, b, r)
		}
	}
}

// ask sends requests at once and waits for definite answers.
func (p *player) ask(ctx context.Context, b *purchase, requests ...request) {
	var wg sync.WaitGroup
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

// find reads the orders of a purchase as the operator sees them.
func (p *player) find(ctx context.Context, b *purchase) ([]order, error) {
	a, err := p.shop.persist(ctx, request{method: "GET", path: "/v1/admin/orders?reference=" + url.QueryEscape(b.reference), key: p.shop.admin})
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
		for _, b := range purchases {
			var err error
			if b.orders, err = p.find(ctx, b); err != nil {
				return err
			}
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
	p.stage.mu.Lock()
	control := p.stage.simReady.Control
	p.stage.mu.Unlock()
	if err := p.stage.ensureSim(ctx); err != nil {
		return err
	}
	if err := get(ctx, control+"/state", &state); err != nil {
		return err
	}
	if by := next.Upkeep.NextCheckAt.Sub(state.Now) + time.Millisecond; by > 0 {
		if err := p.stage.move(ctx, by.Round(time.Millisecond)); err != nil {
			return err
		}
	}
	job := "sales.settle_sweep"
	if next.State == "held" {
		job = "sales.release_sweep"
	}
	a, err := p.shop.persist(ctx, request{method: "POST", path: "/v1/admin/jobs/" + job + "/run", key: p.shop.admin})
	if err != nil || a.status >= http.StatusBadRequest {
		return errors.Join(fmt.Errorf("run %s: %d %s", job, a.status, a.body), err)
	}
	return p.looked(ctx, next, job)
}

// looked waits until the service has looked at the order: it claims it, and then stores what it found.
func (p *player) looked(ctx context.Context, before order, job string) error {
	wait, cancel := context.WithTimeout(ctx, jobPatience)
	defer cancel()
	for pause, quiet := 2*time.Millisecond, 0; wait.Err() == nil && quiet < 8; pause = min(pause*3/2, 40*time.Millisecond) {
		time.Sleep(pause)
		a, err := p.shop.send(ctx, request{method: "GET", path: "/v1/admin/orders/" + before.ID, key: p.shop.admin}, 0)
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
