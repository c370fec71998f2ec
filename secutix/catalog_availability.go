package secutix

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/secutix/s360"
)

// UpdatedAvailabilities implements catalog.Platform. S-360: AvailabilityService.getUpdatedAvailabilities.
func (c Catalog) UpdatedAvailabilities(ctx context.Context, inst domain.Institution, products []catalog.ProductID, since time.Time) ([]catalog.Moved, error) {
	i, err := c.of(inst.Code)
	if err != nil {
		return nil, err
	}
	answer, err := i.client.WithClass(classRefresh).Availability.GetUpdatedAvailabilities(ctx, s360.UpdatedAvailabilitiesRequest{
		PointOfSalesID: s360.ID(inst.PointOfSales.ID), ProductIDs: platformIDs(products), ReferenceDate: s360.Instant{Time: since},
	})
	if err != nil {
		return nil, toError(err)
	}
	out := make([]catalog.Moved, 0, len(answer.AvailabilityUpdateData))
	for _, u := range answer.AvailabilityUpdateData {
		out = append(out, catalog.Moved{Product: catalog.ProductID(u.ProductID), At: toTime(u.LastUpdate)})
	}
	return out, nil
}

func platformIDs[T ~int64](in []T) []s360.ID {
	out := make([]s360.ID, len(in))
	for i, id := range in {
		out[i] = s360.ID(id)
	}
	return out
}

// batch is how many performances or products are read in one call; larger lists are not known to be accepted.
const batch = 200

// Availability implements catalog.Platform: performances in batches through getEventAvailability with every seat category
// and contingent, undated products in batches through getProductAvailability. S-360: AvailabilityService.
func (c Catalog) Availability(ctx context.Context, snap *catalog.Snapshot, products []catalog.ProductID) ([]catalog.Reading, error) {
	i, err := c.of(snap.Institution.Code)
	if err != nil {
		return nil, err
	}
	r := availabilityReader{snap: snap, client: i.client.WithClass(classRefresh), clock: c.clock}
	now := c.clock()
	var undated []s360.ID
	for _, id := range products {
		p := snap.Product(id)
		if p == nil {
			continue
		}
		if len(p.Performances) == 0 {
			undated = append(undated, s360.ID(id))
			continue
		}
		for _, pid := range p.Performances {
			if perf := snap.Performance(pid); perf == nil || perf.Over(now) {
				continue
			}
			if err := r.add(ctx, s360.ID(id), s360.ID(pid)); err != nil {
				return nil, err
			}
		}
	}
	if err := r.flush(ctx); err != nil {
		return nil, err
	}
	for len(undated) > 0 {
		n := min(batch, len(undated))
		if err := r.undated(ctx, undated[:n]); err != nil {
			return nil, err
		}
		undated = undated[n:]
	}
	return r.out, nil
}

// PerformanceAvailability implements catalog.Platform: in batches through getEventAvailability, with every seat category and
// contingent. S-360: AvailabilityService.getEventAvailability.
func (c Catalog) PerformanceAvailability(ctx context.Context, snap *catalog.Snapshot, performances []catalog.PerformanceID) ([]catalog.Reading, error) {
	i, err := c.of(snap.Institution.Code)
	if err != nil {
		return nil, err
	}
	r := availabilityReader{snap: snap, client: i.client.WithClass(classRefresh), clock: c.clock}
	for part := range slices.Chunk(performances, batch) {
		part = slices.Clone(part)
		slices.SortFunc(part, func(a, b catalog.PerformanceID) int { // an event is named once
			return cmp.Or(cmp.Compare(productOf(snap, a), productOf(snap, b)), cmp.Compare(a, b))
		})
		for _, id := range part {
			if p := productOf(snap, id); p != 0 {
				if err := r.add(ctx, s360.ID(p), s360.ID(id)); err != nil {
					return nil, err
				}
			}
		}
		if err := r.flush(ctx); err != nil {
			return nil, err
		}
	}
	return r.out, nil
}

// productOf is the product of a performance; 0 where the snapshot does not have it.
func productOf(snap *catalog.Snapshot, id catalog.PerformanceID) catalog.ProductID {
	if p := snap.Performance(id); p != nil {
		return p.Product
	}
	return 0
}

// availabilityReader collects performances into batches and reads them.
type availabilityReader struct {
	snap         *catalog.Snapshot
	client       *s360.Client
	clock        domain.Clock
	events       []s360.ID
	performances []s360.ID
	out          []catalog.Reading
}

func (r *availabilityReader) add(ctx context.Context, event, performance s360.ID) error {
	if len(r.events) == 0 || r.events[len(r.events)-1] != event {
		r.events = append(r.events, event)
	}
	r.performances = append(r.performances, performance)
	if len(r.performances) < batch {
		return nil
	}
	return r.flush(ctx)
}

func (r *availabilityReader) flush(ctx context.Context) error {
	if len(r.performances) == 0 {
		return nil
	}
	at := r.clock()
	answer, err := r.client.Availability.GetEventAvailability(ctx, s360.EventAvailabilityRequest{
		PointOfSalesID: s360.ID(r.snap.Institution.PointOfSales.ID), EventIDs: r.events, PerformanceIDs: r.performances,
		SeatCategoryIDs: s360.List[s360.ID]{s360.AllCategories}, ContingentIDs: s360.List[s360.ID]{s360.AllCategories},
	})
	if err != nil {
		return toError(err)
	}
	r.events, r.performances = nil, nil
	if answer.EventAvailabilityData == nil {
		return nil
	}
	for _, e := range answer.EventAvailabilityData.EventAvailabilities {
		for _, p := range e.PerformanceAvailabilities {
			perf := r.snap.Performance(catalog.PerformanceID(p.PerformanceID))
			if perf == nil {
				continue
			}
			key := catalog.Key{Product: perf.Product, Performance: perf.ID}
			r.note(key, p.Level, p.Quantity, at)
			for _, cat := range p.SeatCategoryAvailabilities {
				key.SeatCategory = catalog.SeatCategoryID(cat.SeatCategoryID)
				r.note(key, cat.Level, cat.Quantity, at)
			}
			key.SeatCategory = 0
			r.contingents(key, p.ContingentAvailabilities, at)
		}
	}
	return nil
}

func (r *availabilityReader) undated(ctx context.Context, products []s360.ID) error {
	at := r.clock()
	answer, err := r.client.Availability.GetProductAvailability(ctx, s360.ProductAvailabilityRequest{
		PointOfSalesID: s360.ID(r.snap.Institution.PointOfSales.ID), ProductIDs: products,
	})
	if err != nil {
		return toError(err)
	}
	loc := r.snap.Institution.Location()
	for _, p := range answer.ProductAvailabilityData {
		product := catalog.ProductID(p.ProductID)
		r.note(catalog.Key{Product: product}, p.Level, p.Quantity, at)
		r.contingents(catalog.Key{Product: product}, p.ContingentAvailabilities, at)
		for _, it := range p.ItemAvailabilities {
			key := catalog.Key{Product: product, Item: catalog.ItemID(it.ItemID), Timeslot: catalog.TimeslotID(it.TimeslotID)}
			if !it.Date.Unset() {
				key.Day = domain.DayOf(it.Date.In(loc))
			}
			r.note(key, it.Level, it.Quantity, at)
			r.contingents(key, it.ContingentAvailabilities, at)
		}
	}
	return nil
}

// contingents keeps what is left by contingent of what key names, by category too where the answer says so.
func (r *availabilityReader) contingents(key catalog.Key, in []s360.ContingentAvailability, at time.Time) {
	for i := range in {
		c := &in[i]
		if c.ContingentID == 0 {
			continue // would pass for the total
		}
		key.SeatCategory, key.Contingent = catalog.SeatCategoryID(c.SeatCategoryID), catalog.ContingentID(c.ContingentID)
		r.note(key, c.Level, c.Quantity, at)
	}
}

// note keeps one reading.
func (r *availabilityReader) note(k catalog.Key, level string, quantity *s360.Int, at time.Time) {
	a := catalog.Availability{Level: toLevel(level, quantity), PlatformLevel: level, AsOf: at}
	if quantity != nil && *quantity >= 0 {
		a.Count, a.Counted = int(*quantity), true
	}
	r.out = append(r.out, catalog.Reading{Key: k, Availability: a})
}

// toLevel reads a level or a colour; the platform's list is not known, so what is not understood is unknown and never
// stops a sale. Without a word the number decides.
func toLevel(word string, quantity *s360.Int) catalog.Level {
	w := strings.ToUpper(word)
	has := func(words ...string) bool {
		for _, s := range words {
			if strings.Contains(w, s) {
				return true
			}
		}
		return false
	}
	switch {
	case has("SOLD", "NONE", "UNAVAILABLE", "NOT_AVAILABLE"), slices.Contains(strings.FieldsFunc(w, isBreak), "RED"):
		return catalog.LevelSoldOut
	case has("OUTSIDE", "NOT_VISIBLE", "NOT_ON_SALE", "CLOSED"):
		return catalog.LevelNotOnSale
	case has("LIMITED", "ORANGE", "YELLOW", "FEW"):
		return catalog.LevelLimited
	case has("GOOD", "GREEN", "AVAILABLE"):
		return catalog.LevelGood
	case w == "" && quantity != nil && *quantity == 0:
		return catalog.LevelSoldOut
	case w == "" && quantity != nil && *quantity > 0:
		return catalog.LevelGood
	default:
		return catalog.LevelUnknown
	}
}

// isBreak reports whether a character ends a word of a level: REDUCED_STOCK is not red.
func isBreak(r rune) bool { return r < 'A' || r > 'Z' }
