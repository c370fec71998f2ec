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

// lastMoved is when the product's stock changed last, also by others giving theirs back.
func (in *institution) lastMoved(p *product, now time.Time) time.Time {
	last := p.stockAt
	each := func(pl *pool) {
		if pl != nil && pl.awayUntil.After(last) && !pl.awayUntil.After(now) {
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

// availability tells what is left of a performance. Outside its sale period the count is none.
func (in *institution) availability(perf *performance, now time.Time, cats, conts breakdown, blocks bool) (s360.PerformanceAvailability, stock) {
	var total stock
	byCategory := map[*category]stock{}
	a := s360.PerformanceAvailability{PerformanceID: s360.ID(perf.id), Quota: integer(in.w.MaxSeats)}
	alert := perf.product.alert()
	open := perf.onSale(now)
	for _, pl := range in.poolsOf(perf) {
		cat := pl.block.area.category
		if !cats.takes(cat.id) || !conts.takes(in.contingentID()) {
			continue
		}
		one := stock{}.plus(pl, now)
		if !open {
			one.free = 0
		}
		total = stock{total.free + one.free, total.capacity + one.capacity}
		byCategory[cat] = stock{byCategory[cat].free + one.free, byCategory[cat].capacity + one.capacity}
		if blocks {
			a.AreaBlockAvailabilities = append(a.AreaBlockAvailabilities, s360.AreaBlockAvailability{
				AreaID: s360.ID(pl.block.area.id), BlockID: s360.ID(pl.block.id), Level: one.level(alert), Quantity: one.quantity(),
			})
		}
	}
	if cats.asked {
		for _, c := range perf.product.venue.categories {
			if s, ok := byCategory[c]; ok {
				a.SeatCategoryAvailabilities = append(a.SeatCategoryAvailabilities, s360.SeatCategoryAvailability{
					SeatCategoryID: s360.ID(c.id), Level: s.level(alert), Quantity: s.quantity(),
				})
			}
		}
	}
	if conts.asked && conts.takes(in.contingentID()) {
		a.ContingentAvailabilities = s360.List[s360.ContingentAvailability]{
			{ContingentID: s360.ID(in.contingentID()), Level: total.level(alert), Quantity: total.quantity()},
		}
	}
	a.Level, a.Quantity = total.level(alert), total.quantity()
	switch {
	case perf.canceled:
		a.Level = levelNotVisible
	case !open:
		a.Level = levelOffSale
	}
	return a, total
}

// contingentID is the one share of places our channel sells from.
func (in *institution) contingentID() int64 { return in.number(kindContingent, 1) }

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
			out.ProductAvailabilityData = append(out.ProductAvailabilityData, c.in.productAvailability(pr, c.now))
		}
	}
	return out, nil
}

func (in *institution) productAvailability(p *product, now time.Time) s360.ProductAvailability {
	a := s360.ProductAvailability{ProductID: s360.ID(p.id)}
	var total stock
	for _, perf := range p.perfs {
		_, s := in.availability(perf, now, breakdown{}, breakdown{}, false)
		total = stock{total.free + s.free, total.capacity + s.capacity}
	}
	for _, it := range p.items {
		lines, s := in.itemAvailability(it, now)
		a.ItemAvailabilities = append(a.ItemAvailabilities, lines...)
		if s.free >= endless {
			total = s
		} else {
			total = stock{total.free + s.free, total.capacity + s.capacity}
		}
	}
	a.Level, a.Quantity = total.level(p.alert()), total.quantity()
	if now.Before(p.saleOpens) {
		a.Level = levelOffSale
	}
	return a
}

// itemAvailability tells an item without slots in one line, else each slot of the coming days that
// has not begun.
func (in *institution) itemAvailability(it *item, now time.Time) ([]s360.ItemAvailability, stock) {
	alert := it.product.alert()
	if it.def.Slots == nil {
		s := stock{}.plus(in.poolOf(it, slotKey{}), now)
		return []s360.ItemAvailability{{ItemID: s360.ID(it.id), Level: s.level(alert), Quantity: s.quantity()}}, s
	}
	var out []s360.ItemAvailability
	var total stock
	today := now.In(in.zone)
	for d := range slotDays {
		day := time.Date(today.Year(), today.Month(), today.Day()+d, 0, 0, 0, 0, in.zone)
		if it.closedOn(day) {
			continue
		}
		for _, sl := range it.slots {
			if !in.slotStart(sl, day).After(now) {
				continue
			}
			s := stock{}.plus(in.poolOf(it, slotKey{slot: sl.id, day: day.Format(time.DateOnly)}), now)
			total = stock{total.free + s.free, total.capacity + s.capacity}
			out = append(out, s360.ItemAvailability{
				ItemID: s360.ID(it.id), TimeslotID: s360.ID(sl.id), Date: in.at(day), Level: s.level(alert), Quantity: s.quantity(),
			})
		}
	}
	return out, total
}

func (it *item) closedOn(day time.Time) bool {
	return it.def.Slots != nil && slices.Contains(it.def.Slots.Closed, weekdays[day.Weekday()])
}

func (in *institution) slotStart(s *slot, day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), s.hour, s.minute, 0, 0, in.zone)
}
