package sim

import (
	"slices"
	"time"

	"guichet/secutix/s360"
)

// The levels of availability, proposed after the vendor's own shop.
const (
	levelGood       = "GOOD"
	levelLimited    = "LIMITED"
	levelSoldOut    = "SOLD_OUT"
	levelOffSale    = "OUTSIDE_SALE_PERIOD"
	levelNotVisible = "NOT_VISIBLE"
)

// slotDays is how many days ahead getProductAvailability tells time slots.
const slotDays = 42

// stock is what is left of something, and of how much.
type stock struct{ free, capacity int }

func (s stock) plus(p *pool, now time.Time) stock {
	if p.capacity < 0 {
		return stock{endless, endless}
	}
	return stock{s.free + p.free(now), s.capacity + p.capacity}
}

// level turns a share into a level; alert is the percentage left at which it becomes limited.
func (s stock) level(alert int) string {
	switch {
	case s.free <= 0:
		return levelSoldOut
	case s.free*100 <= s.capacity*alert:
		return levelLimited
	}
	return levelGood
}

// quantity is the count, or nothing when there is no end to it.
func (s stock) quantity() *s360.Int {
	if s.free >= endless {
		return nil
	}
	return integer(max(s.free, 0))
}

func (p *Platform) atPointOfSales(c *call, id s360.ID) *refusal {
	if int64(id) != c.in.w.PointOfSales.ID {
		return refuse("error.pointOfSales.unknown", "no point of sales %d", id)
	}
	return nil
}

func (p *Platform) getUpdatedAvailabilities(c *call) (any, *refusal) {
	var q s360.UpdatedAvailabilitiesRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if no := p.atPointOfSales(c, q.PointOfSalesID); no != nil {
		return nil, no
	}
	if q.ReferenceDate.IsZero() {
		return nil, refuse("error.parameter.missing", "referenceDate")
	}
	out := s360.UpdatedAvailabilitiesResult{Result: c.ok(), AvailabilityUpdateData: s360.List[s360.AvailabilityUpdate]{}}
	for _, id := range q.ProductIDs {
		pr := c.in.productOf[int64(id)]
		if pr == nil {
			continue
		}
		if at := c.in.lastMoved(pr, c.now); at.After(q.ReferenceDate.Time) {
			out.AvailabilityUpdateData = append(out.AvailabilityUpdateData, s360.AvailabilityUpdate{ProductID: id, LastUpdate: c.in.at(at)})
		}
	}
	return out, nil
}

// lastMoved is when the stock our channel sells from changed last, also by others giving theirs back.
func (in *institution) lastMoved(p *product, now time.Time) time.Time {
	last := p.stockAt
	each := func(pl *pool) {
		if pl.contingent.ours() && pl.awayUntil.After(last) && !pl.awayUntil.After(now) {
			last = pl.awayUntil
		}
	}
	for _, perf := range p.perfs {
		for _, pl := range perf.pools {
			each(pl)
		}
	}
	for _, it := range p.items {
		for _, pl := range it.pools {
			each(pl)
		}
	}
	return last
}

// breakdown is a filter on categories or contingents: none asked, all asked, or these.
type breakdown struct {
	asked bool
	all   bool
	ids   []s360.ID
}

func newBreakdown(ids s360.List[s360.ID]) breakdown {
	if len(ids) == 1 && ids[0] == s360.AllCategories {
		return breakdown{asked: true, all: true}
	}
	return breakdown{asked: len(ids) > 0, ids: ids}
}

// takes says whether the total counts this one.
func (b breakdown) takes(id int64) bool {
	return !b.asked || b.all || slices.Contains(b.ids, s360.ID(id))
}

func (p *Platform) getEventAvailability(c *call) (any, *refusal) {
	var q s360.EventAvailabilityRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if no := p.atPointOfSales(c, q.PointOfSalesID); no != nil {
		return nil, no
	}
	if len(q.PerformanceIDs) == 0 {
		return nil, refuse("error.parameter.missing", "performanceIds")
	}
	data := &s360.EventAvailabilityData{EventAvailabilities: s360.List[s360.EventAvailability]{}}
	place := map[int64]int{}
	total := map[int64]stock{}
	for _, id := range q.PerformanceIDs {
		perf := c.in.perfOf[int64(id)]
		if perf == nil || (len(q.EventIDs) > 0 && !slices.Contains(q.EventIDs, s360.ID(perf.product.id))) {
			continue
		}
		pid := perf.product.id
		if _, ok := place[pid]; !ok {
			place[pid] = len(data.EventAvailabilities)
			data.EventAvailabilities = append(data.EventAvailabilities, s360.EventAvailability{EventID: s360.ID(pid)})
		}
		e := &data.EventAvailabilities[place[pid]]
		a, s := c.in.availability(perf, c.now, newBreakdown(q.SeatCategoryIDs), newBreakdown(q.ContingentIDs), false)
		e.PerformanceAvailabilities = append(e.PerformanceAvailabilities, a)
		total[pid] = stock{total[pid].free + s.free, total[pid].capacity + s.capacity}
		e.Quantity, e.Level = total[pid].quantity(), total[pid].level(perf.product.alert())
	}
	return s360.EventAvailabilityResult{Result: c.ok(), EventAvailabilityData: data}, nil
}

func (p *product) alert() int {
	if p.def.AlertRatio == 0 {
		return 20
	}
	return p.def.AlertRatio
}

// counts gathers what our channel can sell of some pools.
type counts struct {
	total      stock
	categories map[*category]stock
	shares     map[share]stock
	blocks     []blockStock // in order
}

// share is what a contingent has in a seat category, or of all its places under nil.
type share struct {
	contingent *contingent
	category   *category
}

type blockStock struct {
	block *block
	stock
}

func (s stock) and(o stock) stock {
	if s.free >= endless || o.free >= endless {
		return stock{endless, endless}
	}
	return stock{s.free + o.free, s.capacity + o.capacity}
}

// count counts the places of a performance in these categories and these contingents of ours. Outside its sale period none is
// free.
func (in *institution) count(perf *performance, now time.Time, cats, conts breakdown) counts {
	n := counts{categories: map[*category]stock{}, shares: map[share]stock{}}
	open := perf.onSale(now)
	for _, pl := range in.poolsOf(perf) {
		cat := pl.block.area.category
		if !pl.contingent.ours() || !cats.takes(cat.id) || !conts.takes(pl.contingent.id) {
			continue
		}
		one := stock{}.plus(pl, now)
		if !open {
			one.free = 0
		}
		n.total, n.categories[cat] = n.total.and(one), n.categories[cat].and(one)
		for _, key := range []share{{pl.contingent, cat}, {pl.contingent, nil}} {
			n.shares[key] = n.shares[key].and(one)
		}
		if last := len(n.blocks) - 1; last >= 0 && n.blocks[last].block == pl.block {
			n.blocks[last].stock = n.blocks[last].and(one)
			continue
		}
		n.blocks = append(n.blocks, blockStock{pl.block, one})
	}
	return n
}

// availability tells what our channel can sell of a performance.
func (in *institution) availability(perf *performance, now time.Time, cats, conts breakdown, blocks bool) (s360.PerformanceAvailability, stock) {
	n, alert := in.count(perf, now, cats, conts), perf.product.alert()
	a := s360.PerformanceAvailability{PerformanceID: s360.ID(perf.id), Quota: integer(in.w.MaxSeats), Level: n.total.level(alert), Quantity: n.total.quantity()}
	if blocks {
		for _, b := range n.blocks {
			a.AreaBlockAvailabilities = append(a.AreaBlockAvailabilities, s360.AreaBlockAvailability{
				AreaID: s360.ID(b.block.area.id), BlockID: s360.ID(b.block.id), Level: b.level(alert), Quantity: b.quantity(),
			})
		}
	}
	if cats.asked {
		for _, c := range perf.product.venue.categories {
			if s, ok := n.categories[c]; ok {
				a.SeatCategoryAvailabilities = append(a.SeatCategoryAvailabilities, s360.SeatCategoryAvailability{
					SeatCategoryID: s360.ID(c.id), Level: s.level(alert), Quantity: s.quantity(),
				})
			}
		}
	}
	a.ContingentAvailabilities = in.contingentLines(conts, alert, func(c *contingent) stock { return n.shares[share{c, nil}] })
	if conts.asked && cats.asked {
		a.ContingentAvailabilities = in.bothWays(perf, n, conts)
	}
	switch {
	case perf.canceled:
		a.Level = levelNotVisible
	case !perf.onSale(now):
		a.Level = levelOffSale
	}
	return a, n.total
}

// contingentLines breaks down by our contingents that are asked for, the first choice first.
func (in *institution) contingentLines(conts breakdown, alert int, of func(*contingent) stock) s360.List[s360.ContingentAvailability] {
	var out s360.List[s360.ContingentAvailability]
	for _, c := range in.ours {
		if conts.asked && conts.takes(c.id) {
			s := of(c)
			out = append(out, s360.ContingentAvailability{ContingentID: s360.ID(c.id), Contingent: in.contingentName(c), Level: s.level(alert), Quantity: s.quantity()})
		}
	}
	return out
}

// bothWays breaks down by contingent and seat category, where both are asked for.
func (in *institution) bothWays(perf *performance, n counts, conts breakdown) s360.List[s360.ContingentAvailability] {
	var out s360.List[s360.ContingentAvailability]
	for _, cat := range perf.product.venue.categories {
		for _, line := range in.contingentLines(conts, perf.product.alert(), func(c *contingent) stock { return n.shares[share{c, cat}] }) {
			i := slices.IndexFunc(in.ours, func(c *contingent) bool { return s360.ID(c.id) == line.ContingentID })
			if _, ok := n.shares[share{in.ours[i], cat}]; ok {
				line.SeatCategoryID = s360.ID(cat.id)
				out = append(out, line)
			}
		}
	}
	return out
}

func (p *Platform) getPerformanceAvailability(c *call) (any, *refusal) {
	var q s360.PerformanceAvailabilityRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if no := p.atPointOfSales(c, q.PointOfSalesID); no != nil {
		return nil, no
	}
	if len(q.PerformanceIDs) == 0 {
		return nil, refuse("error.parameter.missing", "performanceIds")
	}
	out := s360.PerformanceAvailabilityResult{Result: c.ok(), PerformanceAvailabilityData: s360.List[s360.PerformanceAvailability]{}}
	cats := newBreakdown(q.SeatCategoryIDs)
	for _, id := range q.PerformanceIDs {
		if perf := c.in.perfOf[int64(id)]; perf != nil {
			a, _ := c.in.availability(perf, c.now, cats, newBreakdown(q.ContingentIDs), cats.asked)
			out.PerformanceAvailabilityData = append(out.PerformanceAvailabilityData, a)
		}
	}
	return out, nil
}

func (p *Platform) getProductAvailability(c *call) (any, *refusal) {
	var q s360.ProductAvailabilityRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if no := p.atPointOfSales(c, q.PointOfSalesID); no != nil {
		return nil, no
	}
	if len(q.ProductIDs) == 0 {
		return nil, refuse("error.parameter.missing", "productIds")
	}
	out := s360.ProductAvailabilityResult{Result: c.ok(), ProductAvailabilityData: s360.List[s360.ProductAvailability]{}}
	for _, id := range q.ProductIDs {
		if pr := c.in.productOf[int64(id)]; pr != nil {
			out.ProductAvailabilityData = append(out.ProductAvailabilityData, c.in.productAvailability(pr, c.now, newBreakdown(q.ContingentIDs)))
		}
	}
	return out, nil
}

func (in *institution) productAvailability(p *product, now time.Time, conts breakdown) s360.ProductAvailability {
	a := s360.ProductAvailability{ProductID: s360.ID(p.id)}
	var total stock
	shares := map[*contingent]stock{}
	for _, perf := range p.perfs {
		n := in.count(perf, now, breakdown{}, conts)
		total = total.and(n.total)
		for _, c := range in.ours {
			shares[c] = shares[c].and(n.shares[share{c, nil}])
		}
	}
	for _, it := range p.items {
		a.ItemAvailabilities = append(a.ItemAvailabilities, in.itemAvailability(it, now, conts, shares)...)
	}
	for _, c := range in.ours {
		if len(p.items) > 0 && conts.takes(c.id) {
			total = total.and(shares[c])
		}
	}
	a.Level, a.Quantity = total.level(p.alert()), total.quantity()
	a.ContingentAvailabilities = in.contingentLines(conts, p.alert(), func(c *contingent) stock { return shares[c] })
	if now.Before(p.saleOpens) {
		a.Level = levelOffSale
	}
	return a
}

// itemAvailability tells an item without slots in one line, else each slot of the coming days that has not begun. What it
// counts it adds to the shares.
func (in *institution) itemAvailability(it *item, now time.Time, conts breakdown, shares map[*contingent]stock) []s360.ItemAvailability {
	if it.def.Slots == nil && !it.dated() {
		line := s360.ItemAvailability{ItemID: s360.ID(it.id)}
		in.countItem(&line, it, slotKey{}, now, conts, shares)
		return []s360.ItemAvailability{line}
	}
	var out []s360.ItemAvailability
	today := now.In(in.zone)
	for d := range slotDays {
		day := time.Date(today.Year(), today.Month(), today.Day()+d, 0, 0, 0, 0, in.zone)
		if it.closedOn(day) {
			continue
		}
		if it.dated() {
			line := s360.ItemAvailability{ItemID: s360.ID(it.id), Date: in.at(day)}
			in.countItem(&line, it, slotKey{day: day.Format(time.DateOnly)}, now, conts, shares)
			out = append(out, line)
		}
		for _, sl := range it.slots {
			if !in.slotStart(sl, day).After(now) {
				continue
			}
			line := s360.ItemAvailability{ItemID: s360.ID(it.id), TimeslotID: s360.ID(sl.id), Date: in.at(day)}
			in.countItem(&line, it, slotKey{slot: sl.id, day: day.Format(time.DateOnly)}, now, conts, shares)
			out = append(out, line)
		}
	}
	return out
}

// countItem counts what our channel can sell of an item, or of it at one time slot.
func (in *institution) countItem(line *s360.ItemAvailability, it *item, key slotKey, now time.Time, conts breakdown, shares map[*contingent]stock) {
	var total stock
	own := map[*contingent]stock{}
	for _, pl := range in.poolsAt(it, key, in.ours) {
		if c := pl.contingent; conts.takes(c.id) {
			own[c] = stock{}.plus(pl, now)
			total, shares[c] = total.and(own[c]), shares[c].and(own[c])
		}
	}
	alert := it.product.alert()
	line.Level, line.Quantity = total.level(alert), total.quantity()
	line.ContingentAvailabilities = in.contingentLines(conts, alert, func(c *contingent) stock { return own[c] })
}

func (it *item) closedOn(day time.Time) bool {
	return it.def.Slots != nil && slices.Contains(it.def.Slots.Closed, weekdays[day.Weekday()])
}

func (in *institution) slotStart(s *slot, day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), s.hour, s.minute, 0, 0, in.zone)
}
