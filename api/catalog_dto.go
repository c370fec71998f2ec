package api

import (
	"cmp"
	"slices"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/freshness"
)

type moneyDTO struct {
	Amount   int64  `json:"amount" doc:"minor units: 4200 EUR is 42.00 euros" example:"4200"`
	Currency string `json:"currency" doc:"ISO 4217" pattern:"^[A-Z]{3}$" example:"EUR"`
}

func toMoney(m domain.Money) moneyDTO {
	return moneyDTO{Amount: m.Amount, Currency: string(m.Currency)}
}

func moneyPtr(m domain.Money) *moneyDTO {
	d := toMoney(m)
	return &d
}

type availabilityDTO struct {
	Level         string    `json:"level" enum:"good,limited,sold_out,not_on_sale,unknown" doc:"how much is left; unknown never stops a sale"`
	Count         *int      `json:"count,omitempty" doc:"places left, where the platform counts"`
	PlatformLevel string    `json:"platform_level,omitempty" doc:"the platform's own word"`
	AsOf          time.Time `json:"as_of,omitzero" doc:"when this was true; absent where it was never read"`
	// Confidence is of performances and their parts alone: holds of other things teach nothing yet.
	Confidence *float64 `json:"confidence,omitempty" minimum:"0" maximum:"1" doc:"the measured chance, 0 to 1, that a hold on what this says succeeds, learned from how holds ended; 0 for what is sold out or not on sale; absent for things that are not performances"`
}

// said is what is left of a performance, or of a part of it, and how sure it is that it still sells.
func (sh *shelf) said(a catalog.Availability, p *catalog.Performance) availabilityDTO {
	d := toAvailability(a, sh.index.Location())
	sure := float64(sh.confidence(a, p)) / 100
	d.Confidence = &sure
	return d
}

// confidence is in percent.
func (sh *shelf) confidence(a catalog.Availability, p *catalog.Performance) int {
	return sh.table.Of(freshness.AnswerOf(a, p, sh.sureAt))
}

func toAvailability(a catalog.Availability, loc *time.Location) availabilityDTO {
	d := availabilityDTO{Level: string(a.Level), PlatformLevel: a.PlatformLevel, AsOf: in(a.AsOf, loc)}
	if a.Counted {
		d.Count = &a.Count
	}
	return d
}

// in puts a moment into the venue's zone; none stays none.
func in(t time.Time, loc *time.Location) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.In(loc)
}

type pointOfSalesDTO struct {
	ID        int64  `json:"id"`
	Code      string `json:"code,omitempty"`
	MaxPlaces int    `json:"max_places,omitempty" doc:"most places one order may take of one performance; absent: no limit known"`
	Test      bool   `json:"test" doc:"a test institution: its tickets are specimens"`
}

type institutionDTO struct {
	Code         string          `json:"code" example:"play"`
	Name         string          `json:"name"`
	TimeZone     string          `json:"time_zone" doc:"IANA" example:"Europe/Paris"`
	Currency     string          `json:"currency" example:"EUR"`
	MainLanguage string          `json:"main_language"`
	Languages    []string        `json:"languages" nullable:"false"`
	PointOfSales pointOfSalesDTO `json:"point_of_sales"`
	Catalog      catalogAgeDTO   `json:"catalog"`
}

type catalogAgeDTO struct {
	Version        int64     `json:"version"`
	LoadedAt       time.Time `json:"loaded_at"`
	AvailabilityAt time.Time `json:"availability_at,omitzero" doc:"every move of availability up to then is known; absent: never read"`
	Products       int       `json:"products"`
	Performances   int       `json:"performances"`
}

func (sh *shelf) institution(sp *speech) institutionDTO {
	v, loc := sh.view, sh.index.Location()
	i := v.Institution
	d := institutionDTO{
		Code: string(i.Code), Name: sp.say(i.Name, string(i.Code)), TimeZone: i.TimeZone, Currency: string(i.Currency),
		MainLanguage: i.MainLanguage, Languages: slices.Clone(i.Languages),
		PointOfSales: pointOfSalesDTO{ID: i.PointOfSales.ID, Code: i.PointOfSales.Code, MaxPlaces: i.PointOfSales.MaxPlaces, Test: i.PointOfSales.Test},
		Catalog: catalogAgeDTO{
			Version: v.Version, LoadedAt: in(v.LoadedAt, loc), AvailabilityAt: in(v.ConfirmedAt(), loc),
			Products: len(v.Products), Performances: len(v.Performances),
		},
	}
	if d.Languages == nil {
		d.Languages = []string{}
	}
	return d
}

type venueDTO struct {
	Code    string `json:"code"`
	Name    string `json:"name"`
	Space   string `json:"space,omitempty" doc:"the hall in the building"`
	Street  string `json:"street,omitempty"`
	Zip     string `json:"zip,omitempty"`
	Town    string `json:"town,omitempty"`
	Country string `json:"country,omitempty" doc:"ISO 3166 alpha-2"`
	Image   string `json:"image,omitempty"`
}

func toVenue(v *catalog.Venue, sp *speech, withSpace bool) venueDTO {
	d := venueDTO{
		Code: v.Code, Name: sp.say(v.Name, v.Code), Street: v.Street, Zip: v.Zip, Town: v.Town, Country: v.Country, Image: v.Image,
	}
	if withSpace {
		d.Space = sp.say(v.Space, v.SpaceCode)
	}
	return d
}

type productDTO struct {
	ID               string            `json:"id" example:"play-10300000000101"`
	Institution      string            `json:"institution" example:"play"`
	Code             string            `json:"code" example:"HAMLET"`
	Kind             string            `json:"kind" enum:"event,pass,service,goods,membership,season_ticket,package,transport,hospitality,other"`
	Season           string            `json:"season,omitempty" doc:"the season's code"`
	Name             string            `json:"name"`
	ShortName        string            `json:"short_name,omitempty"`
	Description      string            `json:"description,omitempty"`
	Images           map[string]string `json:"images" doc:"size (small, medium, large, xlarge, logo) to address"`
	Topics           []string          `json:"topics" nullable:"false"`
	Venues           []venueDTO        `json:"venues" nullable:"false" doc:"of the performances to come"`
	FirstStart       time.Time         `json:"first_start,omitzero" doc:"of the performances to come"`
	LastStart        time.Time         `json:"last_start,omitzero"`
	TimeZone         string            `json:"time_zone" example:"Europe/Paris"`
	FromPrice        *moneyDTO         `json:"from_price,omitempty" doc:"lowest price above zero; absent where there is none"`
	OnSale           bool              `json:"on_sale"`
	NotOnSaleBecause string            `json:"not_on_sale_because,omitempty" doc:"kind, state, additional_state, over, no_price, channel, not_yet or ended"`
	OnSaleFrom       time.Time         `json:"on_sale_from,omitzero"`
	OnSaleUntil      time.Time         `json:"on_sale_until,omitzero"`
	Availability     availabilityDTO   `json:"availability"`
	MinQuantity      int               `json:"min_quantity,omitempty" doc:"places per order; absent: no bound"`
	MaxQuantity      int               `json:"max_quantity,omitempty" doc:"places per order; absent: no bound"`
	DateRequired     bool              `json:"date_required,omitempty" doc:"an order of its items needs a date of visit"`
	Tariffs          []tariffDTO       `json:"tariffs,omitempty" nullable:"false" doc:"of an undated product's items"`
	Items            []itemDTO         `json:"items,omitempty" nullable:"false" doc:"what an undated product sells"`

	SubKind         string           `json:"sub_kind,omitempty" doc:"the platform's own finer word"`
	AdditionalState string           `json:"additional_state,omitempty" doc:"the platform's word, computed when the catalog was loaded (SOON_ON_SALE, ON_SALE …) or set by hand (SOLD_OUT, MOVED_OR_POSTPONED …)"`
	OtherSeasons    []string         `json:"other_seasons,omitempty" nullable:"false" doc:"codes of further seasons in which it stands"`
	NameAddOn       string           `json:"name_add_on,omitempty"`
	Activity        *activityDTO     `json:"activity,omitempty" doc:"what an event belongs to, over the seasons"`
	Language        string           `json:"language,omitempty" doc:"of the show"`
	MinimumAge      int              `json:"minimum_age,omitempty" doc:"years"`
	People          []string         `json:"people,omitempty" nullable:"false" doc:"names in the platform's free variables and of a match's opponents"`
	DetailURL       string           `json:"detail_url,omitempty"`
	VAT             *vatDTO          `json:"vat,omitempty"`
	Exchangeable    bool             `json:"exchangeable,omitempty"`
	WaitingList     bool             `json:"waiting_list,omitempty"`
	Guided          bool             `json:"guided,omitempty" doc:"of a pass"`
	Consecutive     string           `json:"consecutive,omitempty" doc:"of a pass, the platform's word"`
	CrossSells      []crossSellDTO   `json:"cross_sells,omitempty" nullable:"false" doc:"other products offered beside this one"`
	Membership      *membershipDTO   `json:"membership,omitempty" doc:"for how long a membership is good"`
	SeasonTicket    *seasonTicketDTO `json:"season_ticket,omitempty" doc:"what a season ticket is made of"`
	Package         *packageDTO      `json:"package,omitempty" doc:"what a package is made of"`
	SalePeriods     []salePeriodDTO  `json:"sale_periods,omitempty" nullable:"false" doc:"absent: always"`
	Raw             rawDTO           `json:"raw,omitempty" doc:"with ?include=raw: members that are not understood, as the platform sent them"`
}

type itemDTO struct {
	ID           string          `json:"id" example:"play-61001"`
	Code         string          `json:"code"`
	Name         string          `json:"name"`
	OnSale       bool            `json:"on_sale"`
	Tariffs      []string        `json:"tariffs" nullable:"false" doc:"ids; the product's tariffs say more"`
	Prices       []itemPriceDTO  `json:"prices" nullable:"false"`
	Timeslots    []timeslotDTO   `json:"timeslots,omitempty" nullable:"false" doc:"an order needs one of them where there are any"`
	Availability availabilityDTO `json:"availability"`

	NotOnSaleBecause string               `json:"not_on_sale_because,omitempty" doc:"as of a product"`
	OnSaleFrom       time.Time            `json:"on_sale_from,omitzero" doc:"when its sale opens next, or opened"`
	OnSaleUntil      time.Time            `json:"on_sale_until,omitzero"`
	Donation         *moneyDTO            `json:"donation,omitempty"`
	VoucherMinimum   *moneyDTO            `json:"voucher_minimum,omitempty"`
	Restricted       []restrictedPriceDTO `json:"restricted_prices,omitempty" nullable:"false" doc:"prices that the public cannot buy at"`
	Raw              rawDTO               `json:"raw,omitempty" doc:"with ?include=raw"`
}

type itemPriceDTO struct {
	Tariff      string   `json:"tariff"`
	Price       moneyDTO `json:"price" doc:"what the buyer pays, fees included"`
	Fees        moneyDTO `json:"fees"`
	MinQuantity int      `json:"min_quantity,omitempty"`
	MaxQuantity int      `json:"max_quantity,omitempty"`

	NotOnSaleBecause string          `json:"not_on_sale_because,omitempty" doc:"absent: as of what it is a price of"`
	OnSaleFrom       time.Time       `json:"on_sale_from,omitzero" doc:"when it will sell"`
	SalePeriods      []salePeriodDTO `json:"sale_periods,omitempty" nullable:"false" doc:"absent: the product's"`
}

type timeslotDTO struct {
	ID           string           `json:"id" example:"play-77"`
	From         string           `json:"from,omitempty" format:"date" doc:"first day; absent: open"`
	Until        string           `json:"until,omitempty" format:"date" doc:"last day; absent: open"`
	Time         string           `json:"time" doc:"local time of day" example:"10:30"`
	Minutes      int              `json:"minutes,omitempty" doc:"how long it lasts"`
	Name         string           `json:"name,omitempty"`
	Quota        int              `json:"quota,omitempty" doc:"places of the slot, where the platform says"`
	Start        time.Time        `json:"start,omitzero" doc:"on the day asked for with ?date="`
	Availability *availabilityDTO `json:"availability,omitempty" doc:"on the day asked for with ?date="`
}

type tariffDTO struct {
	ID          string   `json:"id" example:"play-601"`
	Code        string   `json:"code"`
	Name        string   `json:"name"`
	Kind        string   `json:"kind,omitempty" doc:"full, reduced or free; absent where unknown"`
	Requires    []string `json:"requires" nullable:"false" doc:"tariffs of which at least one place must be in the same order"`
	MinQuantity int      `json:"min_quantity,omitempty"`
	MaxQuantity int      `json:"max_quantity,omitempty"`
	Description string   `json:"description,omitempty"`
	Category    string   `json:"category,omitempty" doc:"the audience, in the platform's word: OCCASIONAL, SUBSCRIBER, MEMBER …"`
	Group       string   `json:"group,omitempty" doc:"the finer audience, in the platform's word: INDIVIDUAL, GROUP, PROMOTIONAL …"`
	NeedsProof  bool     `json:"needs_proof,omitempty" doc:"the buyer must show that the tariff is theirs"`
}

type seatCategoryDTO struct {
	ID           string          `json:"id" example:"play-1001"`
	Code         string          `json:"code"`
	Name         string          `json:"name"`
	Color        string          `json:"color,omitempty"`
	Availability availabilityDTO `json:"availability"`
}

type priceDTO struct {
	SeatCategory string   `json:"seat_category,omitempty" doc:"absent: every category, or a performance without any"`
	Tariff       string   `json:"tariff"`
	Price        moneyDTO `json:"price" doc:"what the buyer pays, fees included"`
	Fees         moneyDTO `json:"fees"`
	MinQuantity  int      `json:"min_quantity,omitempty"`
	MaxQuantity  int      `json:"max_quantity,omitempty"`

	Charges          []chargeDTO `json:"charges,omitempty" nullable:"false" doc:"what the fees are made of"`
	NotOnSaleBecause string      `json:"not_on_sale_because,omitempty" doc:"absent: as of what it is a price of"`
	OnSaleFrom       time.Time   `json:"on_sale_from,omitzero" doc:"when it will sell"`
}

type performanceDTO struct {
	ID               string            `json:"id" example:"play-10300000000201"`
	Product          string            `json:"product" example:"play-10300000000101"`
	Institution      string            `json:"institution"`
	Code             string            `json:"code,omitempty"`
	Name             string            `json:"name" doc:"the performance's own, or its product's"`
	Start            time.Time         `json:"start"`
	End              time.Time         `json:"end,omitzero"`
	TimeZone         string            `json:"time_zone" example:"Europe/Paris"`
	Venue            venueDTO          `json:"venue"`
	Numbered         bool              `json:"numbered"`
	OnSale           bool              `json:"on_sale"`
	NotOnSaleBecause string            `json:"not_on_sale_because,omitempty" doc:"kind, state, additional_state, over, no_price, channel, not_yet or ended"`
	OnSaleFrom       time.Time         `json:"on_sale_from,omitzero"`
	OnSaleUntil      time.Time         `json:"on_sale_until,omitzero"`
	MaxQuantity      int               `json:"max_quantity,omitempty" doc:"places per order; absent: no bound"`
	SeatCategories   []seatCategoryDTO `json:"seat_categories" nullable:"false"`
	Tariffs          []tariffDTO       `json:"tariffs" nullable:"false"`
	Prices           []priceDTO        `json:"prices" nullable:"false"`
	Availability     availabilityDTO   `json:"availability"`

	ShortName    string               `json:"short_name,omitempty"`
	NameAddOn    string               `json:"name_add_on,omitempty"`
	Description  string               `json:"description,omitempty"`
	Kind         string               `json:"kind,omitempty" doc:"the platform's word"`
	Type         string               `json:"type,omitempty" doc:"the platform's word"`
	Language     string               `json:"language,omitempty"`
	People       []string             `json:"people,omitempty" nullable:"false"`
	Image        string               `json:"image,omitempty"`
	Items        []string             `json:"items,omitempty" nullable:"false" doc:"items sold with it"`
	NamedTickets bool                 `json:"named_tickets,omitempty" doc:"every place needs a holder's name"`
	Contingents  []contingentDTO      `json:"contingents,omitempty" nullable:"false" doc:"what is left by share of the places, where the platform says"`
	Restricted   []restrictedPriceDTO `json:"restricted_prices,omitempty" nullable:"false" doc:"prices that the public cannot buy at"`
	SalePeriods  []salePeriodDTO      `json:"sale_periods,omitempty" nullable:"false" doc:"absent: the product's"`
	Raw          rawDTO               `json:"raw,omitempty" doc:"with ?include=raw: members that are not understood, as the platform sent them"`
}

func (sh *shelf) performance(p *catalog.Performance, sp *speech) performanceDTO {
	v, loc, code := sh.view, sh.index.Location(), sh.view.Institution.Code
	sell := v.SellablePerformance(p, 0, 0, sh.at)
	d := performanceDTO{
		ID: publicID(code, p.ID), Product: publicID(code, p.Product), Institution: string(code), Code: p.Code,
		Start: in(p.Start, loc), End: in(p.End, loc), TimeZone: v.Institution.TimeZone, Venue: toVenue(&p.Venue, sp, true),
		Numbered: p.Numbered, OnSale: sell.OnSale, NotOnSaleBecause: sell.Reason, OnSaleFrom: in(sell.From, loc),
		OnSaleUntil: in(sell.Until, loc), MaxQuantity: smallest(p.MaxPerOrder, v.Institution.PointOfSales.MaxPlaces),
		SeatCategories: make([]seatCategoryDTO, 0, len(p.SeatCategories)), Prices: make([]priceDTO, 0, len(p.Prices)),
		Availability: sh.said(v.PerformanceAvailability(p), p),
	}
	d.Name = sp.say(p.Name, "")
	if prod := v.Product(p.Product); prod != nil {
		d.MaxQuantity = smallest(d.MaxQuantity, prod.MaxQuantity)
		if d.Name == "" {
			d.Name = sp.say(prod.Name, prod.Code)
		}
	}
	d.ShortName, d.NameAddOn, d.Description = sp.say(p.ShortName, ""), sp.say(p.NameAddOn, ""), sp.say(p.Description, "")
	d.Kind, d.Type, d.Language, d.People, d.Image, d.NamedTickets = p.Kind, p.Type, p.Language, p.People, p.Image, p.NamedTickets
	d.Items, d.Contingents, d.Restricted, d.SalePeriods = publicIDs(sh, p.Items), sh.contingents(p), sh.restricted(p.Restricted), sh.periods(p.SalePeriods)
	for i := range p.SeatCategories {
		c := &p.SeatCategories[i]
		d.SeatCategories = append(d.SeatCategories, seatCategoryDTO{
			ID: publicID(code, c.ID), Code: c.Code, Name: sp.say(c.Name, c.Code), Color: c.Color,
			Availability: sh.said(v.CategoryAvailability(p, c.ID), p),
		})
	}
	var tariffs []catalog.TariffID
	for i := range p.Prices {
		pr := &p.Prices[i]
		row := priceDTO{Tariff: publicID(code, pr.Tariff), Price: toMoney(pr.Price), Fees: sh.fees(pr.Fees), MinQuantity: pr.Min, MaxQuantity: pr.Max}
		if pr.SeatCategory != 0 {
			row.SeatCategory = publicID(code, pr.SeatCategory)
		}
		row.Charges = sh.charges(pr.Charges)
		row.NotOnSaleBecause, row.OnSaleFrom = sh.unsold(v.SellablePerformance(p, pr.Tariff, pr.SeatCategory, sh.at), sell)
		d.Prices = append(d.Prices, row)
		tariffs = append(tariffs, pr.Tariff)
	}
	d.Tariffs = sh.tariffs(tariffs, sp)
	return d
}

// fees are written in the institution's currency even where there are none.
func (sh *shelf) fees(m domain.Money) moneyDTO {
	if m == (domain.Money{}) {
		m.Currency = sh.view.Institution.Currency
	}
	return toMoney(m)
}

// smallest is the tightest of the bounds given; 0 is none.
func smallest(bounds ...int) int {
	least := 0
	for _, b := range bounds {
		if b > 0 && (least == 0 || b < least) {
			least = b
		}
	}
	return least
}

// tariffs describes each tariff once, by rank.
func (sh *shelf) tariffs(ids []catalog.TariffID, sp *speech) []tariffDTO {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	list := make([]*catalog.Tariff, 0, len(ids))
	for _, id := range ids {
		if t := sh.view.Tariff(id); t != nil {
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b *catalog.Tariff) int { return cmp.Compare(a.Rank, b.Rank) })
	out, code := make([]tariffDTO, 0, len(list)), sh.view.Institution.Code
	for _, t := range list {
		d := tariffDTO{
			ID: publicID(code, t.ID), Code: t.Code, Name: sp.say(t.Name, t.Code), Kind: t.Kind, Requires: make([]string, 0, len(t.Requires)),
			MinQuantity: t.Min, MaxQuantity: t.Max, Description: sp.say(t.Description, ""), Category: t.Category, Group: t.Group, NeedsProof: t.NeedsProof,
		}
		for _, r := range t.Requires {
			d.Requires = append(d.Requires, publicID(code, r))
		}
		out = append(out, d)
	}
	return out
}

// product describes a product; day, where given, adds what is left of each timeslot on it.
func (sh *shelf) product(p *catalog.Product, sp *speech, day domain.Day) productDTO {
	v, loc, code := sh.view, sh.index.Location(), sh.view.Institution.Code
	sell := v.SellableProduct(p, sh.at)
	d := productDTO{
		ID: publicID(code, p.ID), Institution: string(code), Code: p.Code, Kind: string(p.Kind), Season: sh.season(p.Season),
		Name: sp.say(p.Name, p.Code), ShortName: sp.say(p.ShortName, ""), Description: sp.say(p.Description, ""),
		Images: p.Images, Topics: topicNames(p.Topics, sp), TimeZone: v.Institution.TimeZone, OnSale: sell.OnSale, NotOnSaleBecause: sell.Reason,
		OnSaleFrom: in(sell.From, loc), OnSaleUntil: in(sell.Until, loc), Availability: toAvailability(v.ProductAvailability(p, sh.at), loc),
		MinQuantity: p.MinQuantity, MaxQuantity: p.MaxQuantity, DateRequired: p.DateMandatory, Venues: []venueDTO{},
	}
	if d.Images == nil {
		d.Images = map[string]string{}
	}
	if from, ok := v.FromPrice(p, sh.at); ok {
		d.FromPrice = moneyPtr(from)
	}
	sh.dates(&d, p, sp)
	sh.describe(&d, p, sp)
	var tariffs []catalog.TariffID
	for i := range p.Items {
		d.Items = append(d.Items, sh.item(&p.Items[i], p, sp, day))
		for _, pr := range p.Items[i].Prices {
			tariffs = append(tariffs, pr.Tariff)
		}
	}
	d.Tariffs = sh.tariffs(tariffs, sp)
	return d
}

// topicNames are the topics' names, or their codes where they have none.
func topicNames(topics []catalog.Topic, sp *speech) []string {
	out := make([]string, len(topics))
	for i, t := range topics {
		out[i] = sp.say(t.Name, t.Code)
	}
	return out
}

func (sh *shelf) season(id catalog.SeasonID) string {
	for i := range sh.view.Seasons {
		if sh.view.Seasons[i].ID == id {
			return sh.view.Seasons[i].Code
		}
	}
	return ""
}

// dates adds what the performances to come say: first, last, and where.
func (sh *shelf) dates(d *productDTO, p *catalog.Product, sp *speech) {
	loc := sh.index.Location()
	var seen []string
	for _, id := range p.Performances {
		perf := sh.view.Performance(id)
		if perf == nil || perf.Over(sh.at) {
			continue
		}
		start := in(perf.Start, loc)
		if d.FirstStart.IsZero() || start.Before(d.FirstStart) {
			d.FirstStart = start
		}
		if start.After(d.LastStart) {
			d.LastStart = start
		}
		if !slices.Contains(seen, perf.Venue.Code) {
			seen = append(seen, perf.Venue.Code)
			d.Venues = append(d.Venues, toVenue(&perf.Venue, sp, false))
		}
	}
}

func (sh *shelf) item(it *catalog.Item, p *catalog.Product, sp *speech, day domain.Day) itemDTO {
	v, loc, code := sh.view, sh.index.Location(), sh.view.Institution.Code
	sell := v.SellableItem(it, 0, sh.at)
	d := itemDTO{
		ID: publicID(code, it.ID), Code: it.Code, Name: sp.say(it.Name, it.Code), OnSale: sell.OnSale,
		Tariffs: []string{}, Prices: make([]itemPriceDTO, 0, len(it.Prices)), Availability: toAvailability(v.ItemAvailability(it, 0, ""), loc),
		NotOnSaleBecause: sell.Reason, OnSaleFrom: in(sell.From, loc), OnSaleUntil: in(sell.Until, loc), Restricted: sh.restrictedItems(it.Restricted),
	}
	if it.Donation.Currency != "" {
		d.Donation = moneyPtr(it.Donation)
	}
	if it.VoucherMinimum.Currency != "" {
		d.VoucherMinimum = moneyPtr(it.VoucherMinimum)
	}
	for i := range it.Prices {
		pr := &it.Prices[i]
		id := publicID(code, pr.Tariff)
		if !slices.Contains(d.Tariffs, id) {
			d.Tariffs = append(d.Tariffs, id)
		}
		row := itemPriceDTO{Tariff: id, Price: toMoney(pr.Price), Fees: sh.fees(pr.Fees), MinQuantity: pr.Min, MaxQuantity: pr.Max, SalePeriods: sh.periods(pr.SalePeriods)}
		row.NotOnSaleBecause, row.OnSaleFrom = sh.unsold(v.SellableItem(it, pr.Tariff, sh.at), sell)
		d.Prices = append(d.Prices, row)
	}
	for _, id := range it.Timeslots {
		t := p.SlotOf(id)
		if t == nil || (day != "" && !t.Covers(day)) {
			continue
		}
		slot := timeslotDTO{ID: publicID(code, t.ID), From: string(t.From), Until: string(t.Until), Time: t.Time, Minutes: int(t.Duration / time.Minute), Name: sp.say(t.Name, ""), Quota: t.Quota}
		if day != "" {
			slot.Start = in(t.Start(day, loc), loc)
			a := toAvailability(v.ItemAvailability(it, t.ID, day), loc)
			slot.Availability = &a
		}
		d.Timeslots = append(d.Timeslots, slot)
	}
	return d
}

type facetsDTO struct {
	Kind   []facetDTO `json:"kind,omitempty" nullable:"false"`
	Topic  []facetDTO `json:"topic,omitempty" nullable:"false"`
	Venue  []facetDTO `json:"venue,omitempty" nullable:"false"`
	Month  []facetDTO `json:"month,omitempty" nullable:"false"`
	Town   []facetDTO `json:"town,omitempty" nullable:"false"`
	Season []facetDTO `json:"season,omitempty" nullable:"false"`
}

type facetDTO struct {
	Value string `json:"value"`
	Name  string `json:"name,omitempty" doc:"of a venue"`
	Count int    `json:"count"`
}

type productPageDTO struct {
	Items  []productDTO `json:"items" nullable:"false"`
	Next   *string      `json:"next" doc:"cursor of the next page; null at the end"`
	Facets *facetsDTO   `json:"facets,omitempty"`
}

type performancePageDTO struct {
	Items  []performanceDTO `json:"items" nullable:"false"`
	Next   *string          `json:"next" doc:"cursor of the next page; null at the end"`
	Facets *facetsDTO       `json:"facets,omitempty"`
}

type institutionPageDTO struct {
	Items []institutionDTO `json:"items" nullable:"false"`
	Next  *string          `json:"next" doc:"always null: there are few"`
}

type availabilityPageDTO struct {
	Items   []performanceAvailabilityDTO `json:"items" nullable:"false" doc:"in the order asked for"`
	Unknown []string                     `json:"unknown" nullable:"false" doc:"ids asked for that the catalog does not have (any more)"`
}

type performanceAvailabilityDTO struct {
	Contingents    []contingentDTO           `json:"contingents,omitempty" nullable:"false"`
	Performance    string                    `json:"performance"`
	Product        string                    `json:"product"`
	OnSale         bool                      `json:"on_sale"`
	Availability   availabilityDTO           `json:"availability"`
	SeatCategories []categoryAvailabilityDTO `json:"seat_categories" nullable:"false"`
}

type categoryAvailabilityDTO struct {
	ID           string          `json:"id"`
	Availability availabilityDTO `json:"availability"`
}
