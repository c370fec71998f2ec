package torture

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// price is what a place of the line costs.
func (p *player) price(house int, l line) money {
	for _, o := range p.offers[house] {
		if o.same(l) {
			return o.price
		}
	}
	return money{}
}

// total is what the lines cost together.
func (p *player) total(house int, lines []line) money {
	var sum money
	for _, l := range lines {
		m := p.price(house, l)
		sum = money{sum.Amount + m.Amount*int64(l.Quantity), m.Currency}
	}
	return sum
}

// lines are those that the storefront was last told the order has, without a wish for their places.
func (p *purchase) lines() []line {
	out := slices.Clone(p.first)
	for _, t := range slices.Backward(p.told) {
		if o := t.a.order(); o.ID == p.id && len(o.Lines) > 0 {
			out = nil
			for _, l := range o.Lines {
				out = append(out, l.line)
			}
			break
		}
	}
	for i := range out {
		out[i].Seats, out[i].Areas, out[i].Together = nil, nil, false
	}
	return out
}

// mostPlaces of a line are asked for.
const mostPlaces = 5

// changed are the lines after a change.
func (p *player) changed(b *purchase, c change) []line {
	lines, on := b.lines(), p.offers[b.house]
	l := &lines[0]
	switch other := on[int(c.offer)%len(on)].line; {
	case c.how == howFewer && l.Quantity > 1:
		l.Quantity--
	case c.how == howRemove && len(lines) > 1:
		return lines[:len(lines)-1]
	case c.how == howTariff && p.another(b.house, *l) != l.Tariff:
		l.Tariff = p.another(b.house, *l)
	case c.how == howAdd && len(lines) < 3 && !slices.ContainsFunc(lines, other.same):
		other.Quantity = 1
		return append(lines, other)
	case c.how == howSeats && len(p.hall.seats[l.SeatCategory]) > mostPlaces && l.Performance == p.hall.performance:
		l.Seats = p.hall.choose(l.SeatCategory, c.seats, l.Quantity)
	case c.how == howAreas && l.Performance == p.hall.performance:
		l.Quantity, l.Areas, l.Together = l.Quantity+1, []string{p.hall.areas[l.SeatCategory]}, true
	case l.Quantity < mostPlaces:
		l.Quantity++
	default:
		l.Quantity--
	}
	return lines
}

// another is a tariff beside the line's for the same places, or the same one.
func (p *player) another(house int, l line) string {
	for _, o := range p.offers[house] {
		if o.Performance == l.Performance && o.SeatCategory == l.SeatCategory && o.Tariff != l.Tariff {
			return o.Tariff
		}
	}
	return l.Tariff
}

// changeLines plays a step that changes what an order has.
func (p *player) changeLines(ctx context.Context, st step, b *purchase) {
	ask := func(c change) request {
		lines := p.changed(b, c)
		total := p.total(b.house, lines)
		r := request{method: "PATCH", path: pathOrders + "/" + b.id, idempotency: fmt.Sprintf("%s-%d", b.reference, st.n), storm: true, hang: st.hang, lines: lines}
		if c.wrong {
			total.Amount++
			r.lines = nil // it must not be done
		}
		r.body = map[string]any{"items": lines, "expected_total": total}
		p.stage.say("to be: %v", lines)
		return r
	}
	first := ask(st.changes[0])
	switch st.do {
	case doChange:
		p.ask(ctx, b, first)
	case doChangeTwice:
		second := ask(st.changes[1])
		second.idempotency += "-other"
		p.ask(ctx, b, first, second)
	case doChangeAndClose:
		p.ask(ctx, b, first, b.change("close"))
	case doChangeAndRelease:
		p.ask(ctx, b, first, b.change("release"))
	}
}

// settleWait is how far time moves before the service may find out what became of a change without an answer.
const settleWait = 2 * time.Minute

// await has time pass while the storefront was told that the order is changing: it asks again before it closes.
func (p *player) await(ctx context.Context, b *purchase) {
	if last := len(b.told) - 1; last < 0 || b.basket || b.told[last].a.order().State != "changing" {
		return
	}
	if err := p.stage.pass(ctx, settleWait); err != nil {
		p.stage.say("moving time: %v", err)
		return
	}
	if err := p.runJob(ctx, "sales.settle_sweep"); err != nil {
		p.stage.say("%v", err)
		return
	}
	for pause := 2 * time.Millisecond; pause < 200*time.Millisecond; pause = pause * 3 / 2 {
		time.Sleep(pause)
		a, err := p.shop.persist(ctx, request{method: "GET", path: pathOrders + "/" + b.id})
		if err != nil || a.order().State != "changing" {
			return
		}
	}
}

// exchange plays a step that gives sold places up for others.
func (p *player) exchange(ctx context.Context, st step, b *purchase) {
	o := b.sold()
	house := slices.Index(houses[:], o.Institution)
	var tickets []string
	var back money
	for _, t := range o.Tickets {
		if t.CancelledAt.IsZero() && (st.swap.all || len(tickets) == 0) {
			tickets = append(tickets, t.ID)
			back.Amount += p.price(house, o.Lines[t.Item].line).Amount
		}
	}
	var to []offer
	for _, f := range p.offers[house] {
		if f.Performance != o.Lines[0].Performance {
			to = append(to, f)
		}
	}
	if len(tickets) == 0 || len(to) == 0 {
		return
	}
	f := to[int(st.swap.offer)%len(to)]
	difference := money{f.price.Amount*int64(len(tickets)) - back.Amount, f.price.Currency}
	if st.swap.wrong {
		difference.Amount++
	}
	r := request{method: "POST", path: pathOrders + "/" + o.ID + "/exchange", idempotency: fmt.Sprintf("%s-%d", b.reference, st.n), storm: true, hang: st.hang, body: map[string]any{
		"tickets": tickets, "performance": f.Performance, "seat_category": f.SeatCategory, "tariff": f.Tariff, "expected_difference": difference,
	}}
	switch st.do {
	case doExchange:
		p.ask(ctx, b, r)
	case doExchangeTwice: // two callers, each with a key of its own
		other := r
		other.idempotency += "-other"
		p.ask(ctx, b, r, other)
	case doExchangeAndCancel:
		p.ask(ctx, b, r, b.change("cancel"))
	}
}
