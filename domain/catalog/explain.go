package catalog

import (
	"slices"
	"time"

	"guichet/domain"
)

// Explanation says of one thing why it is or is not on sale at a moment: the rules as they were applied, all of them, and
// the judgement of each part. Its judgement is the one that Sellable… gives, for it comes of the same rules.
type Explanation struct {
	Sellability
	Checks       []Check
	Prices       []ExplainedPrice // of a performance or an item
	Parts        []ExplainedPart  // of a product: its performances and items
	Availability Availability
}

// ExplainedPrice is the judgement of one price: of a seat category at a tariff.
type ExplainedPrice struct {
	Sellability
	SeatCategory SeatCategoryID
	Tariff       TariffID
	Price        domain.Money
	Level        PriceLevelID
	// Restricted: a price of a level that is not the public's, and therefore never sold.
	Restricted bool
}

// ExplainedPart is the judgement of one performance or item of a product; the other of the two ids is 0.
type ExplainedPart struct {
	Sellability
	Performance  PerformanceID
	Item         ItemID
	Start        time.Time
	Availability Availability
}

// ExplainPerformance explains a performance, for a tariff and category (0: any).
func (v *View) ExplainPerformance(p *Performance, tariff TariffID, cat SeatCategoryID, now time.Time) Explanation {
	j := &judge{trace: true}
	e := Explanation{Sellability: v.judgePerformance(j, p, tariff, cat, now), Availability: v.PerformanceAvailability(p)}
	e.Checks = j.checks
	if cat != 0 {
		e.Availability = v.CategoryAvailability(p, cat)
	}
	wanted := func(pr *Price) bool {
		return (tariff == 0 || pr.Tariff == tariff) && (cat == 0 || pr.SeatCategory == cat || pr.SeatCategory == 0)
	}
	for i := range p.Prices {
		if pr := &p.Prices[i]; wanted(pr) {
			e.Prices = append(e.Prices, ExplainedPrice{
				Sellability: v.SellablePerformance(p, pr.Tariff, pr.SeatCategory, now), SeatCategory: pr.SeatCategory, Tariff: pr.Tariff,
				Price: pr.Price, Level: pr.Level,
			})
		}
	}
	for i := range p.Restricted {
		if pr := &p.Restricted[i]; wanted(pr) {
			e.Prices = append(e.Prices, restrictedPrice(pr.SeatCategory, pr.Tariff, pr.Price, pr.Level))
		}
	}
	return e
}

func restrictedPrice(cat SeatCategoryID, tariff TariffID, price domain.Money, level PriceLevelID) ExplainedPrice {
	return ExplainedPrice{
		Sellability: Sellability{Reason: ReasonNoPrice}, SeatCategory: cat, Tariff: tariff, Price: price, Level: level, Restricted: true,
	}
}

// ExplainItem explains an item, for a tariff (0: any).
func (v *View) ExplainItem(it *Item, tariff TariffID, now time.Time) Explanation {
	j := &judge{trace: true}
	e := Explanation{Sellability: v.judgeItem(j, it, tariff, now), Availability: v.ItemAvailability(it, 0, "")}
	e.Checks = j.checks
	for i := range it.Prices {
		if pr := &it.Prices[i]; tariff == 0 || pr.Tariff == tariff {
			e.Prices = append(e.Prices, ExplainedPrice{
				Sellability: v.SellableItem(it, pr.Tariff, now), Tariff: pr.Tariff, Price: pr.Price, Level: pr.Level,
			})
		}
	}
	for i := range it.Restricted {
		if pr := &it.Restricted[i]; tariff == 0 || pr.Tariff == tariff {
			e.Prices = append(e.Prices, restrictedPrice(0, pr.Tariff, pr.Price, pr.Level))
		}
	}
	return e
}

// ExplainProduct explains a product and judges its performances, by start, and items.
func (v *View) ExplainProduct(p *Product, now time.Time) Explanation {
	j := &judge{trace: true}
	j.product(p)
	e := Explanation{Sellability: v.SellableProduct(p, now), Checks: j.checks, Availability: v.ProductAvailability(p, now)}
	for _, id := range p.Performances {
		if perf := v.Performance(id); perf != nil {
			e.Parts = append(e.Parts, ExplainedPart{
				Sellability: v.SellablePerformance(perf, 0, 0, now), Performance: id, Start: perf.Start,
				Availability: v.PerformanceAvailability(perf),
			})
		}
	}
	for i := range p.Items {
		it := &p.Items[i]
		e.Parts = append(e.Parts, ExplainedPart{
			Sellability: v.SellableItem(it, 0, now), Item: it.ID, Availability: v.ItemAvailability(it, 0, ""),
		})
	}
	return e
}

// RefusedOf lists what of a product, performance or item could not be taken over from the platform's catalog (0: none).
func (s *Snapshot) RefusedOf(product ProductID, performance PerformanceID, item ItemID) []Refusal {
	var out []Refusal
	for _, r := range s.Refused {
		if (product != 0 && r.Product == product) || (performance != 0 && r.Performance == performance) || (item != 0 && r.Item == item) {
			out = append(out, r)
		}
	}
	return slices.Clip(out)
}
