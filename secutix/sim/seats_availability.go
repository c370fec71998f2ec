package sim

import (
	"slices"
	"strconv"

	"guichet/secutix/s360"
)

// getSeatsAvailability lists the seats of one performance. A block without numbers has none to list. The seats of a contingent
// that is not the sales channel's are not available.
func (p *Platform) getSeatsAvailability(c *call) (any, *refusal) {
	var q s360.SeatsAvailabilityRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if no := p.atPointOfSales(c, q.PointOfSalesID); no != nil {
		return nil, no
	}
	if q.PerformanceID == 0 {
		return nil, refuse(errMissing, "performanceId")
	}
	perf := c.in.perfOf[int64(q.PerformanceID)]
	if perf == nil {
		return nil, refuse(errPerformance, "no performance %d", q.PerformanceID)
	}
	out := s360.SeatsAvailabilityResult{Result: c.ok(), SeatAvailabilityData: s360.List[s360.SeatAvailability]{}}
	cats, conts := newBreakdown(q.SeatCategoryIDs), newBreakdown(q.ContingentIDs)
	pools, first := c.in.poolsOf(perf), perf.division().first
	for i, b := range perf.product.venue.blocks {
		if !cats.takes(b.area.category.id) || (len(q.AreaIDs) > 0 && !slices.Contains(q.AreaIDs, s360.ID(b.area.id))) {
			continue
		}
		for _, r := range b.rows {
			for seat := r.first; seat < r.first+r.seats; seat++ {
				j := slices.IndexFunc(pools[first[i]:first[i+1]], func(pl *pool) bool { return pl.owns(seat) })
				if j >= 0 && conts.takes(pools[first[i]+j].contingent.id) {
					out.SeatAvailabilityData = append(out.SeatAvailabilityData, c.seat(perf, pools[first[i]+j], r, seat))
				}
			}
		}
	}
	return out, nil
}

// seat describes one seat of a performance.
func (c *call) seat(perf *performance, pl *pool, r row, seat int) s360.SeatAvailability {
	b, id := pl.block, s360.ID(c.in.seatID(pl.block, seat))
	open := pl.contingent.ours() && perf.onSale(c.now) && !c.now.Before(pl.awayUntil)
	return s360.SeatAvailability{
		SeatID: id, PhysicalSeatID: id, PerformanceID: s360.ID(perf.id), SeatCategoryID: s360.ID(b.area.category.id),
		ContingentID: s360.ID(pl.contingent.id), Contingent: c.in.contingentName(pl.contingent), AreaID: s360.ID(b.area.id),
		Area: c.in.text(b.area.def.Name), BlockID: s360.ID(b.id), Block: b.code,
		Row: r.label, Number: strconv.Itoa(seat - r.first + 1), Available: s360.Bool(open && pl.seatFree(seat)),
	}
}

// getAvailableThemeAndLanguage offers each time slot in every language and on every theme of a guided visit, else in the
// languages of the institution on one theme: nothing more is known.
func (p *Platform) getAvailableThemeAndLanguage(c *call) (any, *refusal) {
	var q s360.ThemeAndLanguageRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if q.PassID == 0 {
		return nil, refuse(errMissing, "passId")
	}
	pass := c.in.productOf[int64(q.PassID)]
	if pass == nil || pass.def.Family != familyPass {
		return nil, refuse(errProduct, "no pass %d", q.PassID)
	}
	out := s360.ThemeAndLanguageResult{Result: c.ok(), List: s360.List[s360.ThemeAndLanguage]{}}
	for _, it := range pass.items {
		for _, sl := range it.slots {
			if len(q.TimeslotIDs) > 0 && !slices.Contains(q.TimeslotIDs, s360.ID(sl.id)) {
				continue
			}
			languages, themes := c.in.w.Languages, []Coded{{ID: c.in.number(kindActivity, 1)}}
			if g := pass.def.Guided; g != nil {
				languages, themes = g.Languages, g.Themes
			}
			for _, language := range languages {
				for _, theme := range themes {
					out.List = append(out.List, s360.ThemeAndLanguage{LanguageCode: language, ThemeID: s360.ID(theme.ID), TimeslotID: s360.ID(sl.id)})
				}
			}
		}
	}
	return out, nil
}
