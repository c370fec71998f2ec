package secutix

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/secutix/s360"
)

func (m *mapping) performance(p *s360.Performance, product catalog.ProductID) {
	at := catalog.Refusal{Product: product, Performance: catalog.PerformanceID(p.ID)}
	if p.Start.Unset() || p.Start.Open() {
		at.Code, at.Detail = "performance.start", "a performance without a date"
		m.refuse(at)
		return
	}
	if m.perfs[p.ID] && p.ID != 0 {
		at.Code, at.Detail = "performance.twice", "stands in two products; the first is kept"
		m.refuse(at)
		return
	}
	m.perfs[p.ID] = true
	out := catalog.Performance{
		ID: catalog.PerformanceID(p.ID), Product: product, Code: p.Code, State: running(p.State), Name: m.text(p.ExternalName),
		Start: toTime(p.Start), Venue: m.venue(p), Numbered: p.Numbered != nil && bool(*p.Numbered),
		SalePeriods: m.periods(p.SalePeriods), MaxPerOrder: number(p.MaxSeatsPerOrder), Image: m.pool.word(p.Image),
		ShortName: m.text(p.ExternalShortName), NameAddOn: m.text(p.NameAddOn), Description: m.text(p.ExternalDescription),
		Kind: p.Kind, Type: p.PerformanceType, Language: language(p.VisitLanguageCode), People: m.people(p.ComfortVariableValues, p.Match),
		Items: shared(m.pool, ids[catalog.ItemID](p.ItemIDs)), LogicalConfiguration: int64(p.LogicalConfigurationID),
		NamedTickets: bool(p.ForceNominativeTickets), Isolated: bool(p.AlwaysAllowIsolatedSeats), Raw: shared(m.pool, performanceRaw(p)),
	}
	if d := duration(p.Duration); d > 0 {
		out.End = out.Start.Add(d)
	}
	out.SeatCategories = m.categories(p.SeatCategories)
	m.takePrices(&out, p.Prices, at)
	m.snap.Performances = append(m.snap.Performances, out)
}

func (m *mapping) categories(in []s360.SeatCategory) []catalog.SeatCategory {
	out := make([]catalog.SeatCategory, 0, len(in))
	for i := range in {
		c := &in[i]
		out = append(out, catalog.SeatCategory{
			ID: catalog.SeatCategoryID(c.ID), Code: c.Code, Name: m.text(c.ExternalName), Color: m.pool.word(color(c.BgColor)), Rank: int(c.Rank),
		})
	}
	return shared(m.pool, out)
}

// public reports whether anybody may buy at a level; one that no season names is taken for public.
func (m *mapping) public(level s360.ID) bool { return m.levels[level].Public() }

// takePrices sorts prices into those that anybody pays and those of other levels.
func (m *mapping) takePrices(out *catalog.Performance, prices []s360.Price, at catalog.Refusal) {
	m.prices, m.others = m.prices[:0], m.others[:0]
	for i := range prices {
		pr := &prices[i]
		m.refersTo(out, pr)
		open := m.public(pr.PriceLevelID)
		price, ok := m.money(pr.Amount, currencyIn(pr.Extra), open, at)
		if !ok {
			continue
		}
		charges, fees := m.charges(pr.ChargesAmounts, price, open, at)
		p := catalog.Price{
			SeatCategory: catalog.SeatCategoryID(pr.SeatCatID), Tariff: catalog.TariffID(pr.AudSubCatID), Price: price, Fees: fees,
			Min: number(pr.MinQty), Max: number(pr.MaxQty), Level: catalog.PriceLevelID(pr.PriceLevelID), Charges: charges,
		}
		if !open {
			m.others = append(m.others, p)
			continue
		}
		if had := sameSeat(m.prices, &p); had == nil {
			m.prices = append(m.prices, p)
		} else if had.Price != p.Price {
			r := at
			r.Code, r.Detail = "price.twice", "two public prices for one category and tariff; the first is kept"
			m.refuse(r)
		}
	}
	out.Prices, out.Restricted = shared(m.pool, m.prices), shared(m.pool, m.others)
}

// sameSeat is the price already taken for that category and tariff, or nil.
func sameSeat(taken []catalog.Price, p *catalog.Price) *catalog.Price {
	for i := range taken {
		if taken[i].SeatCategory == p.SeatCategory && taken[i].Tariff == p.Tariff {
			return &taken[i]
		}
	}
	return nil
}

// refersTo checks that a price is of a category of its performance, where it has any, and of a tariff of some season.
func (m *mapping) refersTo(out *catalog.Performance, pr *s360.Price) {
	m.knows(pr.AudSubCatID, "performance", int64(out.ID))
	if pr.SeatCatID == 0 || len(out.SeatCategories) == 0 {
		return
	}
	for i := range out.SeatCategories {
		if out.SeatCategories[i].ID == catalog.SeatCategoryID(pr.SeatCatID) {
			return
		}
	}
	m.dangles("performance %d has a price of seat category %d, which it does not have", out.ID, pr.SeatCatID)
}

// knows checks that a tariff is one of a season's.
func (m *mapping) knows(tariff s360.ID, what string, id int64) {
	if tariff != 0 && len(m.tariffs) > 0 && !m.tariffs[tariff] {
		m.dangles("%s %d has a price of tariff %d, which no season has", what, id, tariff)
	}
}

// money reads an amount; ok=false is a price that cannot be right. One that anybody would pay is noted where it should have
// been. A price that names a currency is taken over in that currency, for Validate to judge.
func (m *mapping) money(amount *s360.Amount, currency domain.Currency, open bool, at catalog.Refusal) (domain.Money, bool) {
	no := func(code, detail string) (domain.Money, bool) {
		if at.Code, at.Detail = code, detail; open {
			m.refuse(at)
		}
		return domain.Money{}, false
	}
	if amount == nil {
		return no("price.missing", "a price without an amount")
	}
	if currency == "" {
		currency = m.snap.Institution.Currency
	}
	price, err := domain.MoneyFromThousandths(int64(*amount), currency)
	if err != nil {
		return no("price.fraction", err.Error())
	}
	if price.Amount < 0 {
		return no("price.negative", "a price below zero: "+price.String())
	}
	return price, true
}

// charges takes over what a price includes, and its sum. Charges that do not divide, are below zero or are more than the
// price, are left out of the display; the price stands.
func (m *mapping) charges(in []s360.ChargeAmount, price domain.Money, open bool, at catalog.Refusal) ([]catalog.Charge, domain.Money) {
	none := domain.Money{Currency: price.Currency}
	no := func(code, detail string) ([]catalog.Charge, domain.Money) {
		if at.Code, at.Detail = code, detail; open {
			m.refuse(at)
		}
		return nil, none
	}
	var thousandths int64
	for i := range in {
		if in[i].Amount == nil {
			continue
		}
		n := int64(*in[i].Amount)
		if n > math.MaxInt64/2 || n < math.MinInt64/2 || thousandths > math.MaxInt64/2 || thousandths < math.MinInt64/2 {
			return no("fees.more", "charges beyond all measure")
		}
		thousandths += n
	}
	fees, err := domain.MoneyFromThousandths(thousandths, price.Currency)
	if err != nil {
		return no("fees.fraction", err.Error())
	}
	if fees.Amount > price.Amount {
		return no("fees.more", fmt.Sprintf("charges of %s in a price of %s", fees, price))
	}
	var out []catalog.Charge
	for i := range in {
		if in[i].Amount == nil {
			continue
		}
		amount, err := domain.MoneyFromThousandths(int64(*in[i].Amount), price.Currency)
		if err != nil {
			return nil, fees // the sum divides, its parts do not
		}
		out = append(out, catalog.Charge{ID: catalog.ChargeID(in[i].ChargesID), Component: in[i].Component, Amount: amount})
	}
	return shared(m.pool, out), fees
}

// currencyIn reads a currency that a price names by itself; none is known to, but one that does must not be ignored.
func currencyIn(extra s360.Members) domain.Currency {
	for _, name := range []string{"currencyCode", "currency"} {
		var code string
		if raw, ok := extra[name]; ok && json.Unmarshal(raw, &code) == nil && code != "" {
			return domain.Currency(strings.ToUpper(code))
		}
	}
	return ""
}

// venue reads the place from the performance, and what it does not say from its physical configuration.
func (m *mapping) venue(p *s360.Performance) catalog.Venue {
	v := catalog.Venue{
		Code: p.SiteCode, SpaceCode: p.SpaceCode, Name: m.text(p.SiteExternalName), Space: m.text(p.SpaceExternalName),
		Image: m.pool.word(p.VenueImage), PhysicalConfiguration: int64(p.PhysicalConfigurationID),
	}
	fill := func(to *string, from string) {
		if *to == "" {
			*to = m.pool.word(from)
		}
	}
	name := func(to *domain.Text, from *s360.ExternalName) {
		if len(*to) == 0 {
			*to = m.text(from)
		}
	}
	if l := p.Location; l != nil {
		fill(&v.Code, l.SiteCode)
		fill(&v.SpaceCode, l.SpaceCode)
		name(&v.Name, l.SiteExternalName)
		name(&v.Space, l.SpaceName)
		fill(&v.Town, l.Town)
		if a := l.SiteAddress; a != nil {
			fill(&v.Street, a.FirstAddressLine)
			fill(&v.Zip, a.ZipCode)
			fill(&v.Town, a.Locality)
			fill(&v.Country, a.CountryCode)
		}
	}
	if c := m.halls[p.PhysicalConfigurationID]; c != nil {
		fill(&v.Code, c.SiteCode)
		fill(&v.SpaceCode, c.SpaceCode)
		name(&v.Name, c.SiteExternalName)
		name(&v.Space, c.SpaceExternalName)
		fill(&v.Street, c.Street)
		fill(&v.Zip, c.Zipcode)
		fill(&v.Town, c.Town)
		fill(&v.Country, c.CountryCode)
	}
	return v
}

// duration reads a length whose unit is not known: seconds above 600, minutes below. It is for display only.
func duration(n *s360.Int) time.Duration {
	switch {
	case n == nil || *n <= 0 || *n > 1_000_000:
		return 0
	case *n > 600:
		return time.Duration(*n) * time.Second
	default:
		return time.Duration(*n) * time.Minute
	}
}

// color accepts "#rrggbb" with or without the sign.
func color(s string) string {
	s = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "#")
	if len(s) != 6 || strings.Trim(s, "0123456789abcdef") != "" {
		return ""
	}
	return "#" + s
}

// toTime is UTC; dates that mean "no end" or "not given" are zero.
func toTime(d s360.Date) time.Time {
	if d.Unset() || d.Open() {
		return time.Time{}
	}
	return d.UTC()
}

// furthest is the longest that a sale period may end before or after a beginning; more is no relative end.
const furthest = 2 * 366 * 24 * time.Hour

func (m *mapping) periods(in []s360.SalePeriod) []catalog.SalePeriod {
	var out []catalog.SalePeriod
	for i := range in {
		p := &in[i]
		period := catalog.SalePeriod{
			Start: toTime(p.Start), End: toTime(p.End), Channel: int64(p.SalesChannelID), SalePossible: bool(p.SalePossible),
			Tariffs:        shared(m.pool, ids[catalog.TariffID](p.AudienceSubCatIDs)),
			SeatCategories: shared(m.pool, ids[catalog.SeatCategoryID](p.SeatCategoryIDs)),
			Type:           p.Type, ChannelCode: p.SalesChannelCode,
		}
		if n := p.EndRelative; n != nil && m.unit > 0 && int64(*n) <= int64(furthest/m.unit) && int64(*n) >= -int64(furthest/m.unit) {
			period.EndRelative, period.Relative = time.Duration(*n)*m.unit, true
		}
		out = append(out, period)
	}
	return shared(m.pool, out)
}

// ids converts a list of the platform's numbers to a typed one.
func ids[T ~int64](in []s360.ID) []T {
	var out []T
	for _, id := range in {
		out = append(out, T(id))
	}
	return out
}
