package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// openEnd is how the platform writes "no end".
func (in *institution) openEnd() s360.Date {
	return s360.At(time.Date(2999, 12, 31, 23, 59, 0, 0, in.zone))
}

// at writes a moment in the institution's zone, as answers do.
func (in *institution) at(t time.Time) s360.Date {
	if t.IsZero() {
		return s360.Date{}
	}
	return s360.At(t.In(in.zone))
}

// name writes a text in the institution's languages, the main one first.
func (in *institution) name(t Text) *s360.ExternalName {
	if len(t) == 0 {
		return nil
	}
	n := &s360.ExternalName{}
	for _, locale := range in.w.Languages {
		if v, ok := t[locale]; ok {
			n.Translations = append(n.Translations, s360.Translation{Locale: locale, Value: v})
		}
	}
	return n
}

// text is a name in the main language, else in any.
func (in *institution) text(t Text) string {
	for _, locale := range in.w.Languages {
		if v := t[locale]; v != "" {
			return v
		}
	}
	return ""
}

func amount(n int64) *s360.Amount { a := s360.Amount(n); return &a }
func integer(n int) *s360.Int     { i := s360.Int(n); return &i }
func boolean(b bool) *s360.Bool   { v := s360.Bool(b); return &v }

// raw encodes a small value for a member without a type.
func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}

func (p *Platform) isCatalogServiceAlive(c *call) (any, *refusal) {
	var q struct {
		RequestID s360.ID `json:"requestId"`
	}
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	return s360.WebMethodResult{Result: c.ok()}, nil
}

func (p *Platform) getLastSetupUpdate(c *call) (any, *refusal) {
	var q struct {
		RequestID s360.ID `json:"requestId"`
	}
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	return s360.LastSetupUpdateResult{Result: c.ok(), LastSetupUpdate: c.in.at(c.in.setupAt)}, nil
}

func (p *Platform) getPOSConfig(c *call) (any, *refusal) {
	var q struct {
		RequestID s360.ID `json:"requestId"`
	}
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	d := c.in.posConfig()
	d.OrderAbandonDelay = integer(int(p.holdLifetime() / time.Minute))
	if c.has(ForeignCurrency) {
		d.CurrencyCode, d.CurrencySymbol = foreignCurrency, foreignCurrency
		d.OrganizationCurrency, d.InstitutionCurrency = cash(foreignCurrency), cash(foreignCurrency)
		d.CatalogCurrencies = s360.List[s360.CurrencyCash]{*cash(foreignCurrency)}
	}
	return s360.POSConfigResult{Result: c.ok(), POSConfigData: d}, nil
}

// foreignCurrency is what a ForeignCurrency fault puts in the place of the institution's own.
const foreignCurrency = "USD"

func cash(currency string) *s360.CurrencyCash {
	return &s360.CurrencyCash{CurrencyCode: currency, FractionDigit: integer(2), MinAmount: amount(10), Symbol: currency}
}

func (in *institution) posConfig() *s360.POSConfigData {
	w := &in.w
	if in.recorded != nil && in.recorded.pos != nil {
		return in.recordedPOS()
	}
	d := &s360.POSConfigData{
		InstitCode: strings.ToUpper(w.Code), OrganizationID: s360.ID(in.number(kindSite, 900)), OrganizationCode: strings.ToUpper(w.Code),
		OrganizationName: in.name(w.Name), OrganizationTimeZone: w.TimeZone,
		PosID: s360.ID(w.PointOfSales.ID), PosCode: w.PointOfSales.Code, PosNumber: "90", PosType: "EXTERNAL", PosActivityState: s360.StateRunning,
		SalesChannelID: s360.ID(w.SalesChannel.ID), SalesChannelCode: w.SalesChannel.Code, SalesChannelActivityState: s360.StateRunning,
		VirtualOperatorName: w.Operator, TestInstitution: boolean(true),
		CurrencyCode: w.Currency, CurrencySymbol: w.Currency,
		InstitutionCurrency: cash(w.Currency), OrganizationCurrency: cash(w.Currency),
		CatalogCurrencies: s360.List[s360.CurrencyCash]{*cash(w.Currency)},
		MainLanguage:      w.Languages[0], LanguageList: strings.Join(w.Languages, ","),
		SeatSelectionMode: "AUTOMATIC", MaxSeatsPerPerformance: integer(w.MaxSeats),
		ContactLoginMode: "CONTACT_NUMBER",
		OrderOrigins:     s360.List[s360.OrderOrigin]{{IDCode: "WEB", ExternalName: s360.Named("en", "Web")}},
	}
	for _, c := range w.Charges {
		ch := in.charges[c.Code]
		d.Charges = append(d.Charges, s360.POSCharge{ID: s360.ID(ch.id), Code: c.Code, ExternalName: in.name(c.Name), Type: "TICKET"})
	}
	for i, m := range w.PaymentMethods {
		d.PaymentMethods = append(d.PaymentMethods, s360.PaymentMethod{
			ID: s360.ID(m.ID), Code: m.Code, ExternalName: in.name(m.Name), PaymentType: m.Type, Rank: s360.Int(i + 1),
			ForPayment: s360.Bool(m.ForPayment), ForReimbursement: s360.Bool(m.ForReimbursement),
		})
	}
	for _, f := range in.families() {
		d.ProductFamilies = append(d.ProductFamilies, s360.POSProductFamily{
			ID: s360.ID(in.number(kindFamily, int64(slices.Index(allFamilies(), f)+1))), ExternalName: s360.Named("en", f),
			ProductFamilyType: f, ContactRequired: f == familyMembership,
		})
	}
	d.PlaceAddressData = raw(map[string]string{
		"countryCode": w.Address.Country, "email": w.Address.Email, "firstAddressLine": w.Address.Street,
		"gpsLatitude": w.Address.Latitude, "gpsLongitude": w.Address.Longitude, "locality": w.Address.Town,
		"website": w.Address.Website, "zipCode": w.Address.Zip,
	})
	return d
}

func allFamilies() []string {
	return []string{familyEvent, familyPass, familyService, familyGoods, familyMembership, familySeasonTicket, familyPackage, familyTransport, familyHospitality}
}

// families lists the kinds of product the institution has.
func (in *institution) families() []string {
	var out []string
	for _, f := range allFamilies() {
		if slices.ContainsFunc(in.products, func(p *product) bool { return p.def.Family == f }) {
			out = append(out, f)
		}
	}
	return out
}

func (p *Platform) getCatalogDetailed(c *call) (any, *refusal) {
	var q s360.CatalogRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if q.Scope != "" && q.Scope != "EXTENDED" {
		return nil, refuse("error.parameter.invalid", "unknown scope %q", q.Scope)
	}
	view := catalogView{in: c.in, now: c.now, extended: q.Scope == "EXTENDED", product: q.ProductCode, season: q.SeasonCode, base: p.PublicURL}
	if !c.has(EmptyCatalog) && !c.has(OrphanPerformance) && !c.has(ForeignCurrency) {
		return later(view.kept().bytes), nil
	}
	data, err := view.fresh()
	if err != nil {
		return nil, p.broken(c, err)
	}
	switch {
	case c.has(EmptyCatalog):
		data = &s360.CatalogData{Seasons: s360.List[s360.Season]{}}
	case c.has(OrphanPerformance):
		orphan(data)
	case c.has(ForeignCurrency):
		foreignPrices(data)
	}
	return s360.CatalogResultDetailed{Result: c.ok(), CatalogData: data}, nil
}

// catalogView is the catalog as one question sees it.
type catalogView struct {
	in       *institution
	now      time.Time
	extended bool
	product  string
	season   string
	base     string // of picture addresses
}

// products lists what the question is about and is still to be seen.
func (v catalogView) products() []*product {
	if v.season != "" && v.season != v.in.seasonCode() {
		return nil
	}
	var out []*product
	for _, p := range v.in.products {
		if v.product != "" && v.product != p.def.Code {
			continue
		}
		if p.def.Family == familyEvent && len(v.performances(p)) == 0 {
			continue
		}
		out = append(out, p)
	}
	return out
}

// performances lists those that are not over; with the extended scope also those of the last month.
func (v catalogView) performances(p *product) []*performance {
	for i, perf := range p.perfs {
		if v.now.Before(perf.start) || (v.extended && v.now.Before(perf.end().AddDate(0, 1, 0))) {
			return p.perfs[i:]
		}
	}
	return nil
}

// head is the catalog without its products.
func (v catalogView) head(products []*product) *s360.CatalogData {
	d := &s360.CatalogData{Seasons: s360.List[s360.Season]{}}
	if v.season != "" && v.season != v.in.seasonCode() {
		return d
	}
	d.Seasons = append(d.Seasons, v.in.season())
	used := map[*venue]bool{}
	for _, p := range products {
		used[p.venue] = true
	}
	for i := range v.in.w.Venues {
		if ven := v.in.venues[v.in.w.Venues[i].Code]; used[ven] {
			d.PhysicalConfigurations = append(d.PhysicalConfigurations, v.in.physical(ven))
		}
	}
	return d
}

// fresh is the catalog to be altered.
func (v catalogView) fresh() (*s360.CatalogData, error) {
	if v.in.recorded != nil {
		return v.recordedCopy()
	}
	return v.data(), nil
}

// data is the catalog as objects, which may be those of a recording.
func (v catalogView) data() *s360.CatalogData {
	if v.in.recorded != nil {
		return v.recordedData()
	}
	products := v.products()
	d := v.head(products)
	for _, p := range products {
		w := v.productData(p)
		if w.Event != nil {
			for _, perf := range v.performances(p) {
				w.Event.Performances = append(w.Event.Performances, v.in.performance(perf))
			}
		}
		d.Seasons[0].Products = append(d.Seasons[0].Products, w)
	}
	return d
}

// seasonBounds are the first day of September before the base day and the last of August after all
// that is in sight.
func (in *institution) seasonBounds() (start, end time.Time) {
	year := in.base.Year()
	if in.base.Month() < time.September {
		year--
	}
	start = time.Date(year, time.September, 1, 0, 0, 0, 0, in.zone)
	end = time.Date(year+1, time.August, 31, 23, 59, 0, 0, in.zone)
	for end.Before(in.grownTo) {
		end = end.AddDate(1, 0, 0)
	}
	return start, end
}

// seasonOf is the season of an order line: in a recording that of the performance, else of the product.
func (in *institution) seasonOf(op *operation) string {
	if perf := in.perfOf[op.Performance]; perf != nil && perf.season != "" {
		return perf.season
	}
	if p := in.productOf[op.Product]; p != nil && p.season != "" {
		return p.season
	}
	return in.seasonCode()
}

// seasonCode is the institution's season; of a recording the first.
func (in *institution) seasonCode() string {
	if in.recorded != nil {
		return in.recorded.catalog.Seasons[0].Code
	}
	start, _ := in.seasonBounds()
	return fmt.Sprintf("%02d%02d", start.Year()%100, (start.Year()+1)%100)
}

func (in *institution) levelID(member bool) s360.ID {
	if member {
		return s360.ID(in.number(kindLevel, 2))
	}
	return s360.ID(in.number(kindLevel, 1))
}

func (in *institution) season() s360.Season {
	start, end := in.seasonBounds()
	code := in.seasonCode()
	s := s360.Season{
		ID: s360.ID(in.number(kindSeason, 1)), Code: code, State: s360.StateRunning, Start: in.at(start), End: in.at(end),
		ExternalName: in.name(seasonName(in.w.Languages, start.Year())),
		PriceLevels:  s360.List[s360.PriceLevel]{{ID: in.levelID(false), Code: "PUBLIC", MainCategory: "OCCASIONAL"}},
	}
	if in.w.MemberRebate > 0 {
		s.PriceLevels = append(s.PriceLevels, s360.PriceLevel{ID: in.levelID(true), Code: "MEMBER", MainCategory: "MEMBER"})
	}
	cat := s360.AudienceCategory{
		ID: s360.ID(in.number(kindAudience, 1)), Code: "IND", MainCategory: "OCCASIONAL", SecondaryCategory: "INDIVIDUAL",
		ExternalName: s360.Named(in.w.Languages[0], "Individual"),
	}
	for i, t := range in.tariffs {
		sub := s360.AudienceSubCategory{
			ID: s360.ID(t.id), Code: t.def.Code, ExternalName: in.name(t.def.Name), ExternalDescription: in.name(t.def.Text),
			AudienceCategoryID: cat.ID, AudienceCategoryKind: t.def.Kind, Rank: s360.Int(i + 1),
		}
		for _, r := range t.requires {
			sub.RequiredAudienceSubCategoryIDs = append(sub.RequiredAudienceSubCategoryIDs, s360.ID(r))
		}
		if t.def.Min > 0 {
			sub.MinQuantity = integer(t.def.Min)
		}
		cat.AudienceSubCategories = append(cat.AudienceSubCategories, sub)
	}
	s.AudienceCategories = s360.List[s360.AudienceCategory]{cat}
	s.Advantages = in.advantages()
	return s
}

func seasonName(languages []string, year int) Text {
	words := map[string]string{"fr": "Saison", "de": "Saison", "it": "Stagione", "en": "Season"}
	t := Text{}
	for _, l := range languages {
		t[l] = fmt.Sprintf("%s %d/%02d", cmpOr(words[l], "Season"), year, (year+1)%100)
	}
	return t
}

func (in *institution) physical(v *venue) s360.PhysicalConfiguration {
	a := v.def.Address
	kind := "UNNUMBERED"
	if v.def.Numbered {
		kind = "NUMBERED"
	}
	pc := s360.PhysicalConfiguration{
		ID: s360.ID(v.id), Code: v.def.Code, ExternalName: in.name(v.def.Name),
		SiteID: s360.ID(v.siteID), SiteCode: v.def.SiteCode, SiteExternalName: in.name(v.def.SiteName),
		SpaceID: s360.ID(v.spaceID), SpaceCode: v.def.Code, SpaceExternalName: in.name(v.def.Name),
		CountryCode: a.Country, Street: a.Street, Town: a.Town, Zipcode: a.Zip,
		FormattedAddress: a.Street + ", " + a.Zip + " " + a.Town,
		PhysicalGauge:    integer(v.capacity), SecurityGauge: integer(v.capacity), Kind: kind,
	}
	for _, ar := range v.areas {
		pc.Areas = append(pc.Areas, s360.Area{ID: s360.ID(ar.id), Code: ar.def.Code, Extra: s360.Members{"externalName": raw(in.name(ar.def.Name))}})
	}
	return pc
}

// productData is a product without its performances.
func (v catalogView) productData(p *product) s360.Product {
	in, def := v.in, p.def
	w := s360.Product{
		ID: s360.ID(p.id), SeasonID: s360.ID(in.number(kindSeason, 1)), Code: def.Code, ProductFamilyType: def.Family, ProductFamilySubType: def.SubFamily,
		AudienceType: "ALL", State: s360.StateRunning, ExternalName: in.name(def.Name), ExternalDescription: in.name(def.Text),
		VatCodeID: s360.ID(in.vatOf[def.VAT]), SalePeriods: in.salePeriods(p), AdditionalState: v.additionalState(p), CrossSellProductLinks: v.crossSell(p),
	}
	if len(def.Topics) > 0 {
		w.SubTopics = raw(in.topics(def.Topics))
	}
	if v.base != "" && def.Image != "" {
		large := v.base + "/" + in.w.Code + "/images/" + strings.ToLower(def.Code)
		w.SmallImageURL, w.MediumImageURL, w.LargeImageURL = large+"-small.jpg", large+"-small.jpg", large+".jpg"
		if def.Logo {
			w.Logo = large + "-small.png"
		}
	}
	if def.MinQuantity > 0 {
		w.MinQuantity = integer(def.MinQuantity)
	}
	if def.MaxQuantity > 0 {
		w.MaxQuantity = integer(def.MaxQuantity)
	}
	if v.composes(&w, p) {
		return w
	}
	switch def.Family {
	case familyEvent:
		w.Event = in.event(p)
	case familyPass:
		w.Pass = &s360.Pass{Consecutive: "INDIFFERENT", DateMandatory: s360.Bool(def.DateNeeded), Guided: def.Guided != nil, Items: in.items(p), Timeslots: in.timeslots(p)}
	case familyMembership:
		w.Membership = &s360.Membership{ValidityRule: "PERIOD", ValidityDuration: integer(def.ValidDays), ValidityDurationUnit: "DAY", Items: in.items(p)}
	case familyGoods:
		w.Goods = &s360.ItemProduct{Items: in.items(p)}
	default:
		w.Service = &s360.ItemProduct{Items: in.items(p)}
	}
	return w
}

// salePeriods gives one period for our sales channel and one, for another, that must not be taken.
func (in *institution) salePeriods(p *product) s360.List[s360.SalePeriod] {
	ours := s360.SalePeriod{
		Start: in.at(p.saleOpens), End: in.openEnd(), SalesChannelID: s360.ID(in.w.SalesChannel.ID), SalesChannelCode: in.w.SalesChannel.Code,
		SalePossible: true, Type: "STANDARD",
	}
	if p.def.SaleEnd != nil {
		ours.EndRelative = integer(*p.def.SaleEnd)
	}
	for _, t := range in.tariffs {
		if slices.Contains(p.def.SaleTariffs, t.def.Code) {
			ours.AudienceSubCatIDs = append(ours.AudienceSubCatIDs, s360.ID(t.id))
		}
	}
	desk := s360.SalePeriod{
		Start: in.at(p.saleOpens.AddDate(0, 0, -30)), End: in.openEnd(), SalesChannelID: s360.ID(in.w.SalesChannel.ID + 1), SalesChannelCode: "DESK",
		SalePossible: true, ReservationPossible: true, Type: "STANDARD",
	}
	return s360.List[s360.SalePeriod]{ours, desk}
}

func (in *institution) event(p *product) *s360.Event {
	def := p.def
	e := &s360.Event{
		ActivityID:   s360.ID(in.number(kindActivity, int64(textHash(def.Activity)%100_000))),
		ActivityCode: def.Activity, ActivityType: def.ActivityType,
		AlertRatio: s360.Decimal(strconv.Itoa(p.alert()) + ".000"),
	}
	if def.MinimumAge > 0 {
		e.MinimumAge = integer(def.MinimumAge)
	}
	return e
}

func (in *institution) performance(perf *performance) s360.Performance {
	p, ven := perf.product, perf.product.venue
	state := s360.StateRunning
	if perf.canceled {
		state = s360.StateCanceled
	}
	w := s360.Performance{
		ID: s360.ID(perf.id), Code: perf.code(), State: state, Start: in.at(perf.start), Duration: integer(p.def.Minutes * 60),
		PhysicalConfigurationID: s360.ID(ven.id), LogicalConfigurationID: s360.ID(ven.logicalID),
		SpaceID: s360.ID(ven.spaceID), SpaceCode: ven.def.Code, SiteCode: ven.def.SiteCode,
		SpaceExternalName: in.name(ven.def.Name), SiteExternalName: in.name(ven.def.SiteName),
		Location: in.location(ven), Numbered: boolean(ven.def.Numbered), MaxSeatsPerOrder: integer(in.w.MaxSeats),
		SeatSelectionMode: "AUTOMATIC",
	}
	if len(p.def.Opponent) > 0 {
		w.Match = raw(map[string]any{"opponent": in.name(p.def.Opponent)})
	}
	for _, c := range ven.categories {
		if p.grid[c.def.Code] == nil {
			continue
		}
		w.SeatCategories = append(w.SeatCategories, s360.SeatCategory{
			ID: s360.ID(c.id), Code: c.def.Code, ExternalName: in.name(c.def.Name), Rank: s360.Int(c.rank), BgColor: c.def.Color,
		})
		for _, t := range in.tariffs {
			w.Prices = append(w.Prices, in.prices(perf, c, t)...)
		}
	}
	return w
}

// prices gives the public price and, where there is one, the members' price, which nobody may choose
// without being one.
func (in *institution) prices(perf *performance, c *category, t *tariff) []s360.Price {
	public, ok := perf.price(c, t)
	if !ok {
		return nil
	}
	w := s360.Price{SeatCatID: s360.ID(c.id), AudSubCatID: s360.ID(t.id), PriceLevelID: in.levelID(false), Amount: amount(public)}
	if t.def.Min > 0 {
		w.MinQty = integer(t.def.Min)
	}
	for _, code := range perf.product.def.Charges {
		if ch := in.charges[code]; ch != nil && public > 0 {
			w.ChargesAmounts = append(w.ChargesAmounts, s360.ChargeAmount{ChargesID: s360.ID(ch.id), Component: code, Amount: amount(ch.def.Amount)})
		}
	}
	if in.w.MemberRebate == 0 || public == 0 {
		return []s360.Price{w}
	}
	member := w
	member.PriceLevelID, member.Amount = in.levelID(true), amount(rebated(public, in.w.MemberRebate))
	return []s360.Price{member, w}
}

// rebated takes a percentage off and keeps whole hundreds of thousandths.
func rebated(n int64, percent int) int64 { return n * int64(100-percent) / 100 / 100 * 100 }

func (in *institution) location(v *venue) *s360.Location {
	return &s360.Location{
		SiteID: s360.ID(v.siteID), SiteCode: v.def.SiteCode, SiteExternalName: in.name(v.def.SiteName),
		SpaceID: s360.ID(v.spaceID), SpaceCode: v.def.Code, SpaceName: in.name(v.def.Name),
		SiteAddress: &s360.SiteAddress{
			CountryCode: v.def.Address.Country, FirstAddressLine: v.def.Address.Street,
			Locality: v.def.Address.Town, ZipCode: v.def.Address.Zip,
		},
	}
}

func (in *institution) items(p *product) s360.List[s360.Item] {
	var out s360.List[s360.Item]
	for _, it := range p.items {
		w := s360.Item{ItemID: s360.ID(it.id), Code: it.def.Code, Rank: s360.Int(it.n), ExternalName: in.name(it.def.Name)}
		if it.def.Donation > 0 {
			w.DonationAmount = amount(it.def.Donation)
		}
		if it.def.VoucherMin > 0 {
			w.VoucherMinAmount = amount(it.def.VoucherMin)
		}
		for _, t := range in.tariffs {
			public, ok := it.price(t)
			if !ok {
				continue
			}
			w.ItemPrices = append(w.ItemPrices, s360.ItemPrice{Amount: amount(public), AudSubCatID: s360.ID(t.id), PriceLevelID: in.levelID(false)})
			if in.w.MemberRebate > 0 && public > 0 {
				w.ItemPrices = append(w.ItemPrices, s360.ItemPrice{
					Amount: amount(rebated(public, in.w.MemberRebate)), AudSubCatID: s360.ID(t.id), PriceLevelID: in.levelID(true),
				})
			}
		}
		for _, s := range it.slots {
			w.TimeslotIDs = append(w.TimeslotIDs, s360.ID(s.id))
		}
		out = append(out, w)
	}
	return out
}

func (in *institution) timeslots(p *product) s360.List[s360.Timeslot] {
	start, end := in.seasonBounds()
	var out s360.List[s360.Timeslot]
	for _, it := range p.items {
		for _, s := range it.slots {
			w := s360.Timeslot{
				ID: s360.ID(s.id), StartDate: in.at(start), EndDate: in.at(end), StartTime: fmt.Sprintf("%02d:%02d", s.hour, s.minute),
				Duration: integer(it.def.Slots.Every * 60), Quota: integer(it.def.Slots.Quota),
			}
			if g := p.def.Guided; g != nil {
				w.VisitLanguages, w.AllVisitThemes = raw(g.Languages), raw(in.topics(g.Themes))
			}
			out = append(out, w)
		}
	}
	return out
}

// orphan breaks a catalog: the first product loses what makes it a kind of product, and the second
// one's first performance plays in a place nobody describes, without prices.
func orphan(d *s360.CatalogData) {
	for i := range d.Seasons {
		products := d.Seasons[i].Products
		if len(products) == 0 {
			continue
		}
		for j := range products {
			if e := products[j].Event; j > 0 && e != nil && len(e.Performances) > 0 {
				e.Performances[0].PhysicalConfigurationID, e.Performances[0].Prices = 1, nil
				e.Performances[0].SeatCategories = nil
				break
			}
		}
		first := &products[0]
		first.Event, first.Pass, first.Service, first.Goods, first.Membership = nil, nil, nil, nil, nil
	}
}

// foreignPrices marks every price with a currency that is not the institution's.
func foreignPrices(d *s360.CatalogData) {
	mark := s360.Members{"currencyCode": raw(foreignCurrency)}
	for i := range d.Seasons {
		for j := range d.Seasons[i].Products {
			e := d.Seasons[i].Products[j].Event
			if e == nil {
				continue
			}
			for k := range e.Performances {
				for l := range e.Performances[k].Prices {
					e.Performances[k].Prices[l].Extra = maps.Clone(mark)
				}
			}
		}
	}
}
