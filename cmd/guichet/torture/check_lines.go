package torture

import (
	"net/http"
	"slices"
	"strings"
)

// requested are the order's lines as they are asked for.
func (o order) requested() []line {
	var out []line
	for _, l := range o.Lines {
		out = append(out, l.line)
	}
	return out
}

// lines checks that an order has the lines that the storefront was last told it has; of what got no answer, before or after.
func (c *check) lines(b *purchase) {
	if b.basket {
		return
	}
	may := b.mayHave()
	for _, o := range b.own() {
		for i, l := range o.Lines {
			if len(l.Places) != l.Quantity && o.State != "refused" && o.State != "orphaned" {
				c.fail("%s: line %d of %s has %d places for %d", b.reference, i, o.ID, len(l.Places), l.Quantity)
			}
		}
		if !slices.ContainsFunc(may, o.has) {
			c.fail("%s: %s has the lines %v, and the storefront was told %v", b.reference, o.ID, o.Lines, may)
		}
	}
}

// mayHave are the lines that the order may have after all that was asked and told.
func (p *purchase) mayHave() [][]line {
	first := slices.Clone(p.first)
	if p.toldStatus(p.reference) != http.StatusCreated { // whatever was held then may be elsewhere
		for i := range first {
			first[i].Seats = nil
		}
	}
	may := [][]line{first}
	for group := 1; group <= p.groups; group++ {
		var done, open [][]line
		for _, r := range p.asked {
			if r.group != group || r.lines == nil || r.path == pathOrders {
				continue
			}
			switch came := p.came(r); {
			case came.status == http.StatusOK && came.order().State != "changing":
				done = append(done, r.lines)
			case came.code() == "":
				open = append(open, r.lines)
			}
		}
		if len(done) > 0 {
			may = nil
		}
		may = append(append(may, done...), open...)
	}
	return may
}

// came is the definite answer to a request; an empty one where there is none.
func (p *purchase) came(r request) answer {
	for _, t := range p.told {
		if t.r.path == r.path && t.r.idempotency == r.idempotency {
			return t.a
		}
	}
	return answer{}
}

// has says whether the order has the lines, on the seats that were chosen.
func (o order) has(lines []line) bool {
	if len(lines) != len(o.Lines) {
		return false
	}
	for _, want := range lines {
		at := slices.IndexFunc(o.Lines, func(l placedLine) bool { return l.same(want) && l.Quantity == want.Quantity })
		if at < 0 {
			return false
		}
		for _, p := range o.Lines[at].Places {
			if len(want.Seats) > 0 && !slices.Contains(want.Seats, p.Seat.ID) {
				return false
			}
		}
	}
	return true
}

// exchanges checks that every exchange is done on both sides or on neither: the new places are sold where the old tickets are
// taken back, and nowhere else, and no ticket is missing in between.
func (c *check) exchanges(b *purchase) {
	for _, n := range b.orders {
		if n.Instead == "" || n.State != "issued" && n.State != "cancelled" {
			continue
		}
		if !slices.ContainsFunc(b.orders, func(o order) bool { return o.ID == n.Instead && o.exchangedFor(n.ID) }) {
			c.fail("%s: %s was sold in place of tickets of %s, and they are as good as before", b.reference, n.ID, n.Instead)
		}
		if b.allRefused(n.Instead, "exchange") {
			c.fail("%s: the storefront was told that nothing of %s is exchanged, and %s is %s", b.reference, n.Instead, n.ID, n.State)
		}
	}
	for _, o := range b.orders {
		c.exchanged(b, o)
	}
	for _, t := range b.told {
		if all := t.a.orders(); strings.HasSuffix(t.r.path, "/exchange") && len(all) == 2 && t.a.status == http.StatusOK && all[1].State == "issued" &&
			!slices.ContainsFunc(b.orders, func(o order) bool { return o.ID == all[0].ID && o.exchangedFor(all[1].ID) }) {
			c.fail("%s: the storefront was told that %s takes the place of tickets of %s, and it does not", b.reference, all[1].ID, all[0].ID)
		}
	}
}

// exchangedFor says whether tickets of the order were taken back for those of another one.
func (o order) exchangedFor(id string) bool {
	for _, r := range o.Refunds {
		if r.Exchange.Order == id && r.State == "done" {
			return true
		}
	}
	return false
}

// allRefused says whether a change of an order was asked for, and every answer was a refusal.
func (p *purchase) allRefused(id, change string) bool {
	asked := false
	for _, r := range p.asked {
		if r.path == pathOrders+"/"+id+"/"+change {
			if asked = true; p.came(r).code() == "" {
				return false
			}
		}
	}
	return asked
}

// exchanged checks what was taken back of one order: each ticket once, and for new ones where that was the reason.
func (c *check) exchanged(b *purchase, o order) {
	back := map[string]bool{}
	for _, r := range o.Refunds {
		if r.State != "done" {
			if r.State != "refused" {
				c.fail("%s: %s of %s is %q in the end", b.reference, r.ID, o.ID, r.State)
			}
			continue
		}
		for _, t := range r.Tickets {
			if back[t] {
				c.fail("%s: ticket %s of %s was taken back twice", b.reference, t, o.ID)
			}
			back[t] = true
		}
		if r.Exchange.Order == "" {
			continue
		}
		at := slices.IndexFunc(b.orders, func(n order) bool { return n.ID == r.Exchange.Order && n.Instead == o.ID })
		if at < 0 || len(b.orders[at].Tickets) != len(r.Tickets) || b.orders[at].State != "issued" && b.orders[at].State != "cancelled" {
			c.fail("%s: %d tickets of %s were taken back for %s, which does not have as many: paid tickets are lost", b.reference, len(r.Tickets), o.ID, r.Exchange.Order)
		}
	}
	for _, t := range o.Tickets {
		if back[t.ID] == t.CancelledAt.IsZero() {
			c.fail("%s: ticket %s of %s was taken back: %t, and it is cancelled: %t", b.reference, t.ID, o.ID, back[t.ID], !t.CancelledAt.IsZero())
		}
	}
}
