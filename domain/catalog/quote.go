package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
)

// Want is one line a buyer asks for.
type Want struct {
	Performance  PerformanceID // or
	Item         ItemID
	SeatCategory SeatCategoryID
	Tariff       TariffID
	Day          domain.Day
	Timeslot     TimeslotID
	Quantity     int
}

// Quote is what the catalog says of a set of wants: one line each, and the sum.
type Quote struct {
	Lines []QuoteLine
	Total domain.Money
}

// QuoteLine is one want, found in the catalog and priced.
type QuoteLine struct {
	Product ProductID
	Unit    domain.Money
	Facts   Facts
}

// Facts are the names and times of what a line sells, as they go on a ticket.
type Facts struct {
	ProductName, PerformanceName domain.Text
	ProductCode                  string
	Kind                         Kind
	Start, End                   time.Time // zero for undated things
	Day                          domain.Day
	Slot                         string // local "10:30" for timed entry
	TimeZone                     string
	Venue                        Venue
	Numbered                     bool
	SeatCategoryName             domain.Text
	SeatCategoryCode, Color      string
	TariffName                   domain.Text
	TariffCode                   string
	Image                        string // the picture nearest to the performance: its own, the product's, the venue's
}

// Quote finds, checks and prices a set of wants. Everything wrong is reported together, each want by its pointer
// ("/items/0/tariff"): the error is a domain.Invalid order request, or a Conflict catalog.not_on_sale, or a Gone
// performance.over. Availability is not looked at.
func (v *View) Quote(wants []Want, now time.Time) (Quote, error) {
	q := Quote{Lines: make([]QuoteLine, len(wants))}
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the order cannot be sold as asked")
	var late *domain.Error
	tariffs := map[TariffID]bool{}
	sums := v.sum(wants)
	for i, w := range wants {
		at := "/items/" + strconv.Itoa(i)
		before := len(bad.Fields)
		line, sell := v.quoteLine(w, at, now, sums, bad)
		if len(bad.Fields) > before {
			continue
		}
		if !sell.OnSale && late == nil {
			late = notOnSale(sell, at)
		}
		tariffs[w.Tariff] = true
		q.Lines[i] = line
		sum, err := line.Unit.Times(w.Quantity)
		if err == nil {
			q.Total, err = q.Total.Add(sum)
		}
		if err != nil {
			bad.WithField(at+"/quantity", "order.quantity", "the amount is too large")
		}
	}
	for i, w := range wants {
		t := v.Tariff(w.Tariff)
		if t == nil || len(t.Requires) == 0 || slices.ContainsFunc(t.Requires, func(r TariffID) bool { return tariffs[r] }) {
			continue
		}
		bad.WithField("/items/"+strconv.Itoa(i)+"/tariff", "order.tariff_requires",
			"this tariff needs one of "+v.tariffNames(t.Requires)+" in the same order")
	}
	switch {
	case len(bad.Fields) > 0:
		return Quote{}, bad
	case late != nil:
		return Quote{}, late
	}
	return q, nil
}

func notOnSale(s Sellability, at string) *domain.Error {
	if s.Reason == ReasonOver {
		return domain.Errorf(domain.Gone, CodePerformanceOver, "the performance is over").
			WithField(at+"/performance", CodePerformanceOver, "the performance is over")
	}
	detail := map[string]string{
		ReasonKind:            "things of its kind are not sold here",
		ReasonState:           "it is not on sale at the institution",
		ReasonAdditionalState: "the institution has closed its sale",
		ReasonNotYet:          "its sale has not begun",
		ReasonEnded:           "its sale has ended",
		ReasonChannel:         "it is not sold through this point of sales",
		ReasonNoPrice:         "it has no price at this tariff",
	}[s.Reason]
	return domain.Errorf(domain.Conflict, CodeNotOnSale, "not on sale: %s", detail).WithField(at, CodeNotOnSale, detail)
}

func (s *Snapshot) tariffNames(ids []TariffID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = fmt.Sprintf("%s-%d", s.Institution.Code, id)
		if t := s.Tariff(id); t != nil {
			names[i] += " (" + t.Code + ")"
		}
	}
	return strings.Join(names, ", ")
}

func (v *View) quoteLine(w Want, at string, now time.Time, sums sums, bad *domain.Error) (QuoteLine, Sellability) {
	if v.Tariff(w.Tariff) == nil {
		bad.WithField(at+"/tariff", CodeTariff, "no such tariff at this institution")
	}
	if w.Performance != 0 {
		return v.quotePerformance(w, at, now, sums, bad)
	}
	return v.quoteItem(w, at, now, sums, bad)
}

func (v *View) quotePerformance(w Want, at string, now time.Time, sums sums, bad *domain.Error) (QuoteLine, Sellability) {
	p := v.Performance(w.Performance)
	if p == nil {
		bad.WithField(at+"/performance", CodePerformanceUnknown, "no such performance at this institution")
		return QuoteLine{}, Sellability{}
	}
	if w.SeatCategory == 0 && len(p.SeatCategories) > 0 {
		bad.WithField(at+"/seat_category", CodeSeatCategory, "a seat category is needed")
	}
	if w.SeatCategory != 0 && p.category(w.SeatCategory) == nil {
		bad.WithField(at+"/seat_category", CodeSeatCategory, "the performance has no such seat category")
	}
	if w.Item != 0 {
		bad.WithField(at+"/item", CodeItemUnknown, "a performance or an item, not both")
	}
	if w.Day != "" || w.Timeslot != 0 {
		bad.WithField(at+"/date", CodeTimeslot, "a performance has its own date; date and timeslot belong to items")
	}
	pr := v.price(p, w.Tariff, w.SeatCategory)
	if pr == nil && v.Tariff(w.Tariff) != nil {
		bad.WithField(at+"/tariff", CodeTariff, "this seat category has no price at this tariff")
	}
	if pr == nil {
		return QuoteLine{}, Sellability{}
	}
	n := sums.performances[p.ID]
	v.checkQuantity(w, at, sums, bad, v.Product(p.Product), bound{w.Quantity, pr.Min, pr.Max},
		bound{n, 0, p.MaxPerOrder}, bound{n, 0, v.Institution.PointOfSales.MaxPlaces})
	facts, _ := v.Facts(w)
	return QuoteLine{Product: p.Product, Unit: pr.Price, Facts: facts}, v.SellablePerformance(p, w.Tariff, w.SeatCategory, now)
}

func (v *View) quoteItem(w Want, at string, now time.Time, sums sums, bad *domain.Error) (QuoteLine, Sellability) {
	it := v.Item(w.Item)
	if it == nil {
		bad.WithField(at+"/item", CodeItemUnknown, "no such item at this institution")
		return QuoteLine{}, Sellability{}
	}
	prod := v.Product(it.Product)
	if w.SeatCategory != 0 {
		bad.WithField(at+"/seat_category", CodeSeatCategory, "an item has no seat category")
	}
	v.checkVisit(w, at, it, prod, now, bad)
	var pr *ItemPrice
	for i := range it.Prices {
		if it.Prices[i].Tariff == w.Tariff {
			pr = &it.Prices[i]
		}
	}
	if pr == nil {
		if v.Tariff(w.Tariff) != nil {
			bad.WithField(at+"/tariff", CodeTariff, "this item has no price at this tariff")
		}
		return QuoteLine{}, Sellability{}
	}
	v.checkQuantity(w, at, sums, bad, prod, bound{w.Quantity, pr.Min, pr.Max})
	facts, _ := v.Facts(w)
	return QuoteLine{Product: it.Product, Unit: pr.Price, Facts: facts}, v.SellableItem(it, w.Tariff, now)
}

// checkVisit checks day and timeslot of an item.
func (v *View) checkVisit(w Want, at string, it *Item, prod *Product, now time.Time, bad *domain.Error) {
	loc := v.Institution.Location()
	switch {
	case w.Day == "" && (prod.DateMandatory || len(it.Timeslots) > 0):
		bad.WithField(at+"/date", CodeTimeslot, "this item needs a date of visit")
		return
	case w.Day != "" && !w.Day.Valid():
		bad.WithField(at+"/date", CodeTimeslot, "not a calendar day (YYYY-MM-DD)")
		return
	case w.Day != "" && w.Day < domain.DayOf(now.In(loc)):
		bad.WithField(at+"/date", CodeTimeslot, "the day is over")
	}
	switch {
	case len(it.Timeslots) == 0 && w.Timeslot != 0:
		bad.WithField(at+"/timeslot", CodeTimeslot, "this item has no timeslots")
	case len(it.Timeslots) > 0 && !slices.Contains(it.Timeslots, w.Timeslot):
		bad.WithField(at+"/timeslot", CodeTimeslot, "this item needs one of its timeslots")
	case w.Timeslot != 0:
		slot := prod.SlotOf(w.Timeslot)
		if slot == nil || !slot.Covers(w.Day) {
			bad.WithField(at+"/timeslot", CodeTimeslot, "the slot does not exist on that day")
			return
		}
		if start := slot.Start(w.Day, loc); !start.IsZero() && now.After(start.Add(max(slot.Duration, 30*time.Minute))) {
			bad.WithField(at+"/timeslot", CodeTimeslot, "the slot is over")
		}
	}
}

// sums are the places that all wants of an order ask for, by what has a bound for the whole order.
type sums struct {
	performances map[PerformanceID]int
	products     map[ProductID]int
	tariffs      map[TariffID]int
}

func (s *Snapshot) sum(wants []Want) sums {
	n := sums{performances: map[PerformanceID]int{}, products: map[ProductID]int{}, tariffs: map[TariffID]int{}}
	for _, w := range wants {
		n.tariffs[w.Tariff] += w.Quantity
		if p := s.Performance(w.Performance); p != nil {
			n.performances[p.ID] += w.Quantity
			n.products[p.Product] += w.Quantity
		} else if it := s.Item(w.Item); it != nil {
			n.products[it.Product] += w.Quantity
		}
	}
	return n
}

// bound is a number of places and between what it must be; hi 0 is no bound.
type bound struct{ n, lo, hi int }

// checkQuantity checks a want against its price's bounds, and the order's sums against those of product, tariff and
// whatever else is given. The first that does not hold is reported.
func (v *View) checkQuantity(w Want, at string, sums sums, bad *domain.Error, prod *Product, own bound, more ...bound) {
	own.lo = max(own.lo, 1)
	bounds := append([]bound{own, {sums.products[prod.ID], prod.MinQuantity, prod.MaxQuantity}}, more...)
	if t := v.Tariff(w.Tariff); t != nil {
		bounds = append(bounds, bound{sums.tariffs[w.Tariff], t.Min, t.Max})
	}
	for _, b := range bounds {
		switch {
		case b.n < b.lo:
			bad.WithField(at+"/quantity", "order.quantity", fmt.Sprintf("at least %d", b.lo))
			return
		case b.hi > 0 && b.n > b.hi:
			bad.WithField(at+"/quantity", "order.quantity", fmt.Sprintf("at most %d", b.hi))
			return
		}
	}
}
