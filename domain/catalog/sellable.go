package catalog

import (
	"slices"
	"time"

	"guichet/domain"
)

// Why something is not on sale, in the order in which it is looked at.
const (
	// ReasonKind: the product is of a family that this program does not sell.
	ReasonKind = "kind"
	// ReasonState: the institution has not set it running, or has suspended or cancelled it.
	ReasonState = "state"
	// ReasonAdditionalState: the institution says by hand that it is sold out, or sold at its box office only.
	ReasonAdditionalState = "additional_state"
	// ReasonOver: it has taken place.
	ReasonOver = "over"
	// ReasonNoPrice: the public has no price for it.
	ReasonNoPrice = "no_price"
	// ReasonChannel: no sale period is for our sales channel, this tariff and this seat category.
	ReasonChannel = "channel"
	// ReasonNotYet: a sale period opens later.
	ReasonNotYet = "not_yet"
	// ReasonEnded: the last sale period has ended.
	ReasonEnded = "ended"
)

// Sellability says whether something is on sale now, and when it will be or was.
type Sellability struct {
	OnSale bool
	Reason string    // why not, one of the reasons above; empty when on sale
	From   time.Time // start of the period that sells or will sell next; zero is open
	Until  time.Time // its end; zero is open
}

// or takes the better of two judgements of parts of one thing: what is on sale, then what opens first, then what ended
// last, then what was judged first.
func (s Sellability) or(o Sellability) Sellability {
	a, b := s.rank(), o.rank()
	switch {
	case b > a,
		a == b && s.Reason == ReasonNotYet && o.From.Before(s.From),
		a == b && s.Reason == ReasonEnded && o.Until.After(s.Until):
		return o
	default:
		return s
	}
}

// with is or, but that two things on sale are on sale from the earlier beginning to the later end.
func (s Sellability) with(o Sellability) Sellability {
	if !s.OnSale || !o.OnSale {
		return s.or(o)
	}
	if o.From.Before(s.From) {
		s.From = o.From // open (zero) is the earliest
	}
	if o.Until.IsZero() || (!s.Until.IsZero() && o.Until.After(s.Until)) {
		s.Until = o.Until
	}
	return s
}

func (s Sellability) rank() int {
	switch {
	case s.OnSale:
		return 4
	case s.Reason == ReasonNotYet:
		return 3
	case s.Reason == ReasonEnded:
		return 2
	case s.Reason != "":
		return 1
	default: // nothing was judged
		return 0
	}
}

// Check is one rule as it was applied, for people who ask why.
type Check struct {
	Rule   string // "product.kind", "product.state", "product.additional_state", "performance.state", "performance.over", "price", "sale_period"
	OK     bool
	Reason string    // why the rule does not hold, one of the reasons above; empty where it does
	Found  string    // what the catalog says, in the platform's words where it has any
	From   time.Time // of a sale period
	Until  time.Time
}

// judge applies rules. Without trace it stops at the first that does not hold; with it, it goes through all and keeps them.
type judge struct {
	trace   bool
	checks  []Check
	verdict Sellability // the first rule that did not hold
}

// rule notes one rule and reports whether to go on.
func (j *judge) rule(rule string, ok bool, reason, found string) bool {
	if j.trace {
		c := Check{Rule: rule, OK: ok, Found: found}
		if !ok {
			c.Reason = reason
		}
		j.checks = append(j.checks, c)
	}
	if !ok && j.verdict.Reason == "" {
		j.verdict.Reason = reason
	}
	return ok || j.trace
}

// sold are the families that an order can be made of.
func (k Kind) sold() bool {
	switch k {
	case KindEvent, KindPass, KindService, KindGoods, KindMembership:
		return true
	case KindSeasonTicket, KindPackage, KindTransport, KindHospitality, KindOther:
	}
	return false
}

// stops reports whether the institution's own word on a product stops its sale. The words the platform computes do not:
// they were true when the catalog was loaded, and the same rules are applied here now. That the words set by hand stop a
// sale is our choice; what the platform does with an order then is not known.
func stops(additional string) bool {
	return additional == "SOLD_OUT" || additional == "ONLY_AVAI_AT_BOXOFFICE"
}

// product applies what holds for a whole product.
func (j *judge) product(p *Product) bool {
	if p == nil {
		return j.rule("product.state", false, ReasonState, "gone")
	}
	return j.rule("product.kind", p.Kind.sold(), ReasonKind, string(p.Kind)) &&
		j.rule("product.state", p.State == Running, ReasonState, p.State) &&
		j.rule("product.additional_state", !stops(p.AdditionalState), ReasonAdditionalState, p.AdditionalState)
}

// asked is what sale periods are judged for.
type asked struct {
	channel int64
	start   time.Time // of the performance; zero: nothing to be relative to
	tariff  TariffID
	cat     SeatCategoryID
	now     time.Time
}

// judgePeriod says what one period means for what is asked.
func (a asked) judgePeriod(p *SalePeriod) Sellability {
	end := p.EndFor(a.start)
	switch {
	case !p.SalePossible, p.Channel != 0 && a.channel != 0 && p.Channel != a.channel,
		a.tariff != 0 && len(p.Tariffs) > 0 && !slices.Contains(p.Tariffs, a.tariff),
		a.cat != 0 && len(p.SeatCategories) > 0 && !slices.Contains(p.SeatCategories, a.cat),
		!end.IsZero() && !end.After(p.Start): // it never opens
		return Sellability{Reason: ReasonChannel}
	case !end.IsZero() && !a.now.Before(end):
		return Sellability{Reason: ReasonEnded, From: p.Start, Until: end}
	case !p.Start.IsZero() && a.now.Before(p.Start):
		return Sellability{Reason: ReasonNotYet, From: p.Start, Until: end}
	default:
		return Sellability{OnSale: true, From: p.Start, Until: end}
	}
}

// periods judges sale periods. A period of another channel never counts; of those that count, the first that is open now
// wins, then the one that opens next, then the one that ended last. Without any period a thing is on sale.
func (j *judge) periods(periods []SalePeriod, a asked) Sellability {
	if len(periods) == 0 {
		j.rule("sale_period", true, "", "none: always")
		return Sellability{OnSale: true}
	}
	best := Sellability{}
	for i := range periods {
		got := a.judgePeriod(&periods[i])
		if j.trace {
			p := &periods[i]
			j.checks = append(j.checks, Check{
				Rule: "sale_period", OK: got.OnSale, Reason: got.Reason, Found: p.ChannelCode, From: p.Start, Until: p.EndFor(a.start),
			})
		}
		if best = best.or(got); best.OnSale && !j.trace {
			break
		}
	}
	return best
}

// SellablePerformance judges a performance, for a tariff and category (0: any), by the platform's states, the sale periods
// and the prices. Availability is not asked: the platform decides that when the order is made. A performance's own sale
// periods replace its product's.
func (s *Snapshot) SellablePerformance(p *Performance, tariff TariffID, cat SeatCategoryID, now time.Time) Sellability {
	return s.judgePerformance(&judge{}, p, tariff, cat, now)
}

func (s *Snapshot) judgePerformance(j *judge, p *Performance, tariff TariffID, cat SeatCategoryID, now time.Time) Sellability {
	prod := s.Product(p.Product)
	goOn := j.product(prod) &&
		j.rule("performance.state", p.State == Running, ReasonState, p.State) &&
		j.rule("performance.over", !p.Over(now), ReasonOver, "") &&
		j.rule("price", s.price(p, tariff, cat) != nil, ReasonNoPrice, "")
	if !goOn || prod == nil {
		return j.verdict
	}
	periods := p.SalePeriods
	if len(periods) == 0 {
		periods = prod.SalePeriods
	}
	a := asked{channel: s.Institution.PointOfSales.SalesChannelID, start: p.Start, tariff: tariff, cat: cat, now: now}
	best := Sellability{}
	switch {
	case tariff != 0 && cat != 0, !restricted(periods):
		best = j.periods(periods, a)
	case j.trace:
		j.periods(periods, a)
		fallthrough
	default: // the best of what has a price
		for i := range p.Prices {
			pr := &p.Prices[i]
			if (tariff != 0 && pr.Tariff != tariff) || (cat != 0 && pr.SeatCategory != cat && pr.SeatCategory != 0) {
				continue
			}
			a.tariff, a.cat = pr.Tariff, pr.SeatCategory
			if best = best.or((&judge{}).periods(periods, a)); best.OnSale {
				break
			}
		}
	}
	if j.verdict.Reason != "" {
		return j.verdict
	}
	return best
}

// restricted reports whether a period is for some tariffs or categories only.
func restricted(periods []SalePeriod) bool {
	for i := range periods {
		if len(periods[i].Tariffs) > 0 || len(periods[i].SeatCategories) > 0 {
			return true
		}
	}
	return false
}

// SellableItem judges an item for a tariff (0: any), as SellablePerformance does. A price's own sale periods replace the
// product's.
func (s *Snapshot) SellableItem(it *Item, tariff TariffID, now time.Time) Sellability {
	return s.judgeItem(&judge{}, it, tariff, now)
}

func (s *Snapshot) judgeItem(j *judge, it *Item, tariff TariffID, now time.Time) Sellability {
	prod := s.Product(it.Product)
	if goOn := j.product(prod) && j.rule("price", it.sellsAt(tariff), ReasonNoPrice, ""); !goOn || prod == nil {
		return j.verdict
	}
	a := asked{channel: s.Institution.PointOfSales.SalesChannelID, now: now}
	best := Sellability{}
	for i := range it.Prices {
		pr := &it.Prices[i]
		if tariff != 0 && pr.Tariff != tariff {
			continue
		}
		periods := pr.SalePeriods
		if len(periods) == 0 {
			periods = prod.SalePeriods
		}
		a.tariff = pr.Tariff
		if best = best.or(j.periods(periods, a)); best.OnSale && !j.trace {
			break
		}
	}
	if j.verdict.Reason != "" {
		return j.verdict
	}
	return best
}

// sellsAt reports whether the item has a price at the tariff (0: any).
func (it *Item) sellsAt(tariff TariffID) bool {
	return slices.ContainsFunc(it.Prices, func(p ItemPrice) bool { return tariff == 0 || p.Tariff == tariff })
}

// SellableProduct judges a product: on sale when one of its performances to come or one of its items is, from when the
// first of those began until when the last will end.
func (s *Snapshot) SellableProduct(p *Product, now time.Time) Sellability {
	j := &judge{}
	if !j.product(p) {
		return j.verdict
	}
	best, over := Sellability{}, false
	for _, id := range p.Performances {
		perf := s.Performance(id)
		if perf == nil {
			continue
		}
		if perf.Over(now) {
			over = true
			continue
		}
		best = best.with(s.SellablePerformance(perf, 0, 0, now))
	}
	for i := range p.Items {
		best = best.with(s.SellableItem(&p.Items[i], 0, now))
	}
	switch {
	case best.rank() > 0:
		return best
	case over:
		return Sellability{Reason: ReasonOver}
	default:
		return Sellability{Reason: ReasonNoPrice}
	}
}

// price finds the price of a tariff in a category; 0 is any. A price without a category serves every category.
func (s *Snapshot) price(p *Performance, tariff TariffID, cat SeatCategoryID) *Price {
	for i := range p.Prices {
		pr := &p.Prices[i]
		if (tariff == 0 || pr.Tariff == tariff) && (cat == 0 || pr.SeatCategory == cat || pr.SeatCategory == 0) {
			return pr
		}
	}
	return nil
}

// PriceOf is the price of a performance's category at a tariff, or nil.
func (s *Snapshot) PriceOf(p *Performance, tariff TariffID, cat SeatCategoryID) *Price {
	return s.price(p, tariff, cat)
}

// FromPrice is the lowest price above zero at which a product sells, or ok=false. Free and refused prices do not count.
func (s *Snapshot) FromPrice(p *Product, now time.Time) (price domain.Money, ok bool) {
	take := func(m domain.Money) {
		if m.Amount > 0 && (!ok || m.Amount < price.Amount) {
			price, ok = m, true
		}
	}
	for _, id := range p.Performances {
		perf := s.Performance(id)
		if perf == nil || perf.Over(now) {
			continue
		}
		for _, pr := range perf.Prices {
			take(pr.Price)
		}
	}
	for _, it := range p.Items {
		for _, pr := range it.Prices {
			take(pr.Price)
		}
	}
	return price, ok
}

// category finds a seat category of the performance, or nil.
func (p *Performance) category(id SeatCategoryID) *SeatCategory {
	for i := range p.SeatCategories {
		if p.SeatCategories[i].ID == id {
			return &p.SeatCategories[i]
		}
	}
	return nil
}

// SlotOf finds a product's timeslot, or nil.
func (p *Product) SlotOf(id TimeslotID) *Timeslot {
	for i := range p.Timeslots {
		if p.Timeslots[i].ID == id {
			return &p.Timeslots[i]
		}
	}
	return nil
}
