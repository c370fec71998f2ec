package secutix

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/secutix/s360"
)

// Catalog implements catalog.Platform.
type Catalog struct{ *Institutions }

var _ catalog.Platform = Catalog{}

// PointOfSales implements catalog.Platform. S-360: CatalogService.getPOSConfig.
func (c Catalog) PointOfSales(ctx context.Context, code domain.InstitutionCode) (domain.Institution, error) {
	return c.Prepare(ctx, code)
}

// LastSetupUpdate implements catalog.Platform. S-360: CatalogService.getLastSetupUpdate.
func (c Catalog) LastSetupUpdate(ctx context.Context, code domain.InstitutionCode) (string, error) {
	i, err := c.of(code)
	if err != nil {
		return "", err
	}
	answer, err := i.client.WithClass(classRefresh).Catalog.GetLastSetupUpdate(ctx)
	if err != nil {
		return "", toError(err)
	}
	return answer.Raw, nil
}

// Catalog implements catalog.Platform. S-360: CatalogService.getCatalogDetailed.
func (c Catalog) Catalog(ctx context.Context, inst domain.Institution) (*catalog.Snapshot, error) {
	i, err := c.of(inst.Code)
	if err != nil {
		return nil, err
	}
	answer, err := i.client.WithClass(classRefresh).Catalog.GetCatalogDetailed(ctx, s360.CatalogRequest{})
	if err != nil {
		return nil, toError(err)
	}
	if answer.CatalogData == nil {
		return nil, domain.Errorf(domain.Upstream, domain.CodePlatformAnswer, "the catalog of %s has no data", inst.Code)
	}
	return toSnapshot(inst, answer.CatalogData), nil
}

// toSnapshot takes over a whole catalog. What cannot be right is left out and noted in Refused; what makes the whole
// catalog impossible is left in, for Snapshot.Validate to refuse.
func toSnapshot(inst domain.Institution, d *s360.CatalogData) *catalog.Snapshot {
	m := mapping{
		snap:   &catalog.Snapshot{Institution: inst},
		places: map[s360.ID]*s360.PhysicalConfiguration{}, levels: map[s360.ID]string{}, seen: map[s360.ID]bool{},
		perfs: map[s360.ID]bool{},
	}
	for i := range d.PhysicalConfigurations {
		m.places[d.PhysicalConfigurations[i].ID] = &d.PhysicalConfigurations[i]
	}
	for i := range d.Seasons {
		m.season(&d.Seasons[i])
	}
	for i := range d.Seasons {
		for j := range d.Seasons[i].Products {
			m.product(&d.Seasons[i].Products[j], d.Seasons[i].ID)
		}
	}
	for i := range d.Products {
		m.product(&d.Products[i], d.Products[i].SeasonID)
	}
	return m.snap
}

// mapping is one catalog being taken over.
type mapping struct {
	snap   *catalog.Snapshot
	places map[s360.ID]*s360.PhysicalConfiguration
	levels map[s360.ID]string // price level to its main category
	seen   map[s360.ID]bool
	perfs  map[s360.ID]bool
}

func (m *mapping) refuse(r catalog.Refusal) { m.snap.Refused = append(m.snap.Refused, r) }

func (m *mapping) season(s *s360.Season) {
	m.snap.Seasons = append(m.snap.Seasons, catalog.Season{
		ID: catalog.SeasonID(s.ID), Code: s.Code, Name: toText(s.ExternalName), Start: toTime(s.Start), End: toTime(s.End),
	})
	for _, l := range s.PriceLevels {
		m.levels[l.ID] = l.MainCategory
	}
	for _, c := range s.AudienceCategories {
		for _, t := range c.AudienceSubCategories {
			m.snap.Tariffs = append(m.snap.Tariffs, catalog.Tariff{
				ID: catalog.TariffID(t.ID), Season: catalog.SeasonID(s.ID), Code: t.Code, Name: toText(t.ExternalName),
				Kind: strings.ToLower(t.AudienceCategoryKind), Requires: ids[catalog.TariffID](t.RequiredAudienceSubCategoryIDs),
				Min: number(t.MinQuantity), Max: number(t.MaxQuantity), Rank: int(t.Rank),
			})
		}
	}
}

// kinds are S-360's product families in our words.
var kinds = map[string]catalog.Kind{
	s360.FamilySingleEntry: catalog.KindEvent, s360.FamilyPass: catalog.KindPass, s360.FamilyService: catalog.KindService,
	s360.FamilyGoods: catalog.KindGoods, s360.FamilyMembership: catalog.KindMembership,
	s360.FamilySeasonTicket: catalog.KindSeasonTicket, s360.FamilyPackage: catalog.KindPackage,
	s360.FamilyTransport: catalog.KindTransport, s360.FamilyHospitality: catalog.KindHospitality,
}

func (m *mapping) product(p *s360.Product, season s360.ID) {
	if m.seen[p.ID] && p.ID != 0 {
		m.again(p)
		return
	}
	m.seen[p.ID] = true
	if p.ProductFamilyType == s360.FamilySingleEntry && p.Event == nil {
		m.snap.Impossible = append(m.snap.Impossible, fmt.Sprintf("product %d (%s) is sold by performance and belongs to no event", p.ID, p.Code))
	}
	kind, ok := kinds[p.ProductFamilyType]
	if !ok {
		kind = catalog.KindOther
	}
	out := catalog.Product{
		ID: catalog.ProductID(p.ID), Season: catalog.SeasonID(season), Code: p.Code, Kind: kind, State: running(p.State),
		AdditionalState: p.AdditionalState, Name: toText(p.ExternalName), ShortName: toText(p.ShortName),
		Description: toText(p.ExternalDescription), Images: images(p), Topics: topics(p),
		SalePeriods: toPeriods(p.SalePeriods), MinQuantity: number(p.MinQuantity), MaxQuantity: number(p.MaxQuantity),
	}
	switch {
	case p.Pass != nil:
		out.DateMandatory = bool(p.Pass.DateMandatory)
		out.Timeslots = toSlots(p.Pass.Timeslots)
		m.items(&out, p.Pass.Items)
	case p.Service != nil:
		m.items(&out, p.Service.Items)
	case p.Goods != nil:
		m.items(&out, p.Goods.Items)
	case p.Membership != nil:
		m.items(&out, p.Membership.Items)
	}
	m.snap.Products = append(m.snap.Products, out)
	if p.Event != nil {
		for i := range p.Event.Performances {
			m.performance(&p.Event.Performances[i], out.ID)
		}
	}
}

// again takes over a product that stands in a second season, as one product id can: its performances join those of the
// first; anything else of it is noted and left out.
func (m *mapping) again(p *s360.Product) {
	if p.Event == nil {
		m.refuse(catalog.Refusal{Product: catalog.ProductID(p.ID), Code: "product.twice", Detail: "stands in two seasons; the first is kept"})
		return
	}
	for i := range p.Event.Performances {
		if !m.perfs[p.Event.Performances[i].ID] {
			m.performance(&p.Event.Performances[i], catalog.ProductID(p.ID))
		}
	}
}

// running reads a state that may be missing: only objects that are running or suspended are exported at all.
func running(state string) string {
	if state == "" {
		return catalog.Running
	}
	return state
}

func images(p *s360.Product) map[string]string {
	out := map[string]string{}
	for size, address := range map[string]string{
		"small": p.SmallImageURL, "medium": p.MediumImageURL, "large": p.LargeImageURL, "xlarge": p.XLargeImageURL, "logo": p.Logo,
	} {
		if address != "" {
			out[size] = address
		}
	}
	return out
}

// topics reads what is known of subTopics: objects with a name or a code. Any other shape is no topics.
func topics(p *s360.Product) []catalog.Topic {
	var list s360.List[struct {
		Code         string             `json:"code"`
		ExternalName *s360.ExternalName `json:"externalName"`
	}]
	if len(p.SubTopics) == 0 || json.Unmarshal(p.SubTopics, &list) != nil {
		return nil
	}
	var out []catalog.Topic
	for _, t := range list {
		topic := catalog.Topic{Code: t.Code, Name: toText(t.ExternalName)}
		if topic.Code == "" {
			topic.Code = topic.Name.Or("")
		}
		if topic.Code != "" {
			out = append(out, topic)
		}
	}
	return out
}

func (m *mapping) items(out *catalog.Product, items []s360.Item) {
	for i := range items {
		it := &items[i]
		item := catalog.Item{
			ID: catalog.ItemID(it.ItemID), Product: out.ID, Code: it.Code, Name: toText(it.ExternalName),
			Timeslots: ids[catalog.TimeslotID](it.TimeslotIDs),
		}
		for _, slot := range toSlots(it.Timeslots) {
			if out.SlotOf(slot.ID) == nil {
				out.Timeslots = append(out.Timeslots, slot)
			}
			item.Timeslots = append(item.Timeslots, slot.ID)
		}
		best := map[s360.ID]int{}
		for j := range it.ItemPrices {
			pr := &it.ItemPrices[j]
			at := catalog.Refusal{Product: out.ID, Item: item.ID}
			price, ok := m.money(pr.Amount, pr.PriceLevelID, "", at)
			if !ok {
				continue
			}
			if _, twice := best[pr.AudSubCatID]; twice {
				continue // the first public price of a tariff stands
			}
			best[pr.AudSubCatID] = j
			item.Prices = append(item.Prices, catalog.ItemPrice{
				Tariff: catalog.TariffID(pr.AudSubCatID), Price: price, Fees: domain.Money{Currency: price.Currency},
				SalePeriods: toPeriods(pr.SalePeriods), Min: number(pr.MinQty), Max: number(pr.MaxQty),
			})
		}
		out.Items = append(out.Items, item)
	}
}

// money reads an amount at a price level that the public may buy at; ok=false is a price that is not ours to sell, noted
// where it should have been. A price that names a currency is taken over in that currency, for Validate to judge.
func (m *mapping) money(amount *s360.Amount, level s360.ID, currency domain.Currency, at catalog.Refusal) (domain.Money, bool) {
	if cat, known := m.levels[level]; level != 0 && known && cat != "" && cat != "OCCASIONAL" {
		return domain.Money{}, false // members, subscribers: needs a contact quality
	}
	if amount == nil {
		at.Code, at.Detail = "price.missing", "a price without an amount"
		m.refuse(at)
		return domain.Money{}, false
	}
	if currency == "" {
		currency = m.snap.Institution.Currency
	}
	price, err := domain.MoneyFromThousandths(int64(*amount), currency)
	if err != nil {
		at.Code, at.Detail = "price.fraction", err.Error()
		m.refuse(at)
		return domain.Money{}, false
	}
	if price.Amount < 0 {
		at.Code, at.Detail = "price.negative", "a price below zero: "+price.String()
		m.refuse(at)
		return domain.Money{}, false
	}
	return price, true
}

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
		ID: catalog.PerformanceID(p.ID), Product: product, Code: p.Code, State: running(p.State), Name: toText(p.ExternalName),
		Start: toTime(p.Start), Venue: m.venue(p), Numbered: p.Numbered != nil && bool(*p.Numbered),
		SalePeriods: toPeriods(p.SalePeriods), MaxPerOrder: number(p.MaxSeatsPerOrder), Image: p.Image,
	}
	if d := duration(p.Duration); d > 0 {
		out.End = out.Start.Add(d)
	}
	for _, c := range p.SeatCategories {
		out.SeatCategories = append(out.SeatCategories, catalog.SeatCategory{
			ID: catalog.SeatCategoryID(c.ID), Code: c.Code, Name: toText(c.ExternalName), Color: color(c.BgColor), Rank: int(c.Rank),
		})
	}
	m.prices(&out, p.Prices, at)
	m.snap.Performances = append(m.snap.Performances, out)
}

func (m *mapping) prices(out *catalog.Performance, prices []s360.Price, at catalog.Refusal) {
	type place struct {
		cat    catalog.SeatCategoryID
		tariff catalog.TariffID
	}
	first := map[place]domain.Money{}
	for i := range prices {
		pr := &prices[i]
		price, ok := m.money(pr.Amount, pr.PriceLevelID, currencyIn(pr.Extra), at)
		if !ok {
			continue
		}
		key := place{catalog.SeatCategoryID(pr.SeatCatID), catalog.TariffID(pr.AudSubCatID)}
		if had, twice := first[key]; twice {
			if had != price {
				r := at
				r.Code, r.Detail = "price.twice", "two public prices for one category and tariff; the first is kept"
				m.refuse(r)
			}
			continue
		}
		first[key] = price
		out.Prices = append(out.Prices, catalog.Price{
			SeatCategory: key.cat, Tariff: key.tariff, Price: price, Fees: m.fees(pr.ChargesAmounts, price, at),
			Min: number(pr.MinQty), Max: number(pr.MaxQty),
		})
	}
}

// fees sums the charges that a price includes; charges that do not divide, or are more than the price, are left out of the
// display, the price stands.
func (m *mapping) fees(charges []s360.ChargeAmount, price domain.Money, at catalog.Refusal) domain.Money {
	var sum int64
	for _, c := range charges {
		if c.Amount != nil {
			sum += int64(*c.Amount)
		}
	}
	fees, err := domain.MoneyFromThousandths(sum, price.Currency)
	if err != nil {
		at.Code, at.Detail = "fees.fraction", err.Error()
		m.refuse(at)
		return domain.Money{Currency: price.Currency}
	}
	if fees.Amount > price.Amount {
		at.Code, at.Detail = "fees.more", fmt.Sprintf("charges of %s in a price of %s", fees, price)
		m.refuse(at)
		return domain.Money{Currency: price.Currency}
	}
	return fees
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
		Code: p.SiteCode, SpaceCode: p.SpaceCode, Name: toText(p.SiteExternalName), Space: toText(p.SpaceExternalName),
		Image: p.VenueImage, PhysicalConfiguration: int64(p.PhysicalConfigurationID),
	}
	fill := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	name := func(to *domain.Text, from *s360.ExternalName) {
		if len(*to) == 0 {
			*to = toText(from)
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
	if c := m.places[p.PhysicalConfigurationID]; c != nil {
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

func toPeriods(in []s360.SalePeriod) []catalog.SalePeriod {
	var out []catalog.SalePeriod
	for _, p := range in {
		out = append(out, catalog.SalePeriod{
			Start: toTime(p.Start), End: toTime(p.End), Channel: int64(p.SalesChannelID), SalePossible: bool(p.SalePossible),
			Tariffs: ids[catalog.TariffID](p.AudienceSubCatIDs), SeatCategories: ids[catalog.SeatCategoryID](p.SeatCategoryIDs),
		})
	}
	return out
}

func toSlots(in []s360.Timeslot) []catalog.Timeslot {
	var out []catalog.Timeslot
	for _, t := range in {
		at := t.StartTime
		if len(at) > 5 {
			at = at[:5] // "10:30:00"
		}
		slot := catalog.Timeslot{ID: catalog.TimeslotID(t.ID), Time: at, Duration: duration(t.Duration)}
		if !t.StartDate.Unset() {
			slot.From = domain.DayOf(t.StartDate.Time) // in the offset the platform wrote it with: the venue's
		}
		if !t.EndDate.Unset() && !t.EndDate.Open() {
			slot.Until = domain.DayOf(t.EndDate.Time)
		}
		out = append(out, slot)
	}
	return out
}

// ids converts a list of the platform's numbers to a typed one.
func ids[T ~int64](in []s360.ID) []T {
	var out []T
	for _, id := range in {
		out = append(out, T(id))
	}
	return out
}

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

// Availability implements catalog.Platform: performances in batches through getEventAvailability with every seat category,
// undated products in batches through getProductAvailability. S-360: AvailabilityService.
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
		SeatCategoryIDs: s360.List[s360.ID]{s360.AllCategories},
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
		for _, it := range p.ItemAvailabilities {
			key := catalog.Key{Product: product, Item: catalog.ItemID(it.ItemID), Timeslot: catalog.TimeslotID(it.TimeslotID)}
			if !it.Date.Unset() {
				key.Day = domain.DayOf(it.Date.In(loc))
			}
			r.note(key, it.Level, it.Quantity, at)
		}
	}
	return nil
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
