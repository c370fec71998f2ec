package api

import (
	"strconv"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// maxLinked is how many performances a JSON-LD or iCalendar answer describes; the first by start.
const maxLinked = 500

// The schema.org types that a product's page carries for search engines. https://schema.org/Event, /Product, /Offer.
type (
	linkedGraph struct {
		Context string `json:"@context"`
		Graph   []any  `json:"@graph"`
	}
	linkedEvent struct {
		Type        string        `json:"@type"`
		ID          string        `json:"@id"`
		Name        string        `json:"name"`
		Description string        `json:"description,omitempty"`
		Image       []string      `json:"image,omitempty"`
		Start       time.Time     `json:"startDate"`
		End         time.Time     `json:"endDate,omitzero"`
		Status      string        `json:"eventStatus"`
		Mode        string        `json:"eventAttendanceMode"`
		Language    string        `json:"inLanguage,omitempty"`
		Age         string        `json:"typicalAgeRange,omitempty"`
		URL         string        `json:"url,omitempty"`
		Location    linkedPlace   `json:"location"`
		Organizer   linkedName    `json:"organizer"`
		Performers  []linkedName  `json:"performer,omitempty"`
		Offers      []linkedOffer `json:"offers,omitempty"`
		Series      *linkedID     `json:"superEvent,omitempty"`
		Identifier  string        `json:"identifier"`
	}
	linkedProduct struct {
		Type        string        `json:"@type"`
		ID          string        `json:"@id"`
		Name        string        `json:"name"`
		Description string        `json:"description,omitempty"`
		Image       []string      `json:"image,omitempty"`
		URL         string        `json:"url,omitempty"`
		SKU         string        `json:"sku,omitempty"`
		Category    string        `json:"category,omitempty"`
		Brand       *linkedName   `json:"brand,omitempty"`
		Offers      []linkedOffer `json:"offers,omitempty"`
		// of an EventSeries
		Start     time.Time   `json:"startDate,omitzero"`
		End       time.Time   `json:"endDate,omitzero"`
		Organizer *linkedName `json:"organizer,omitempty"`
	}
	linkedPlace struct {
		Type    string         `json:"@type"`
		Name    string         `json:"name"`
		Address *linkedAddress `json:"address,omitempty"`
	}
	linkedAddress struct {
		Type    string `json:"@type"`
		Street  string `json:"streetAddress,omitempty"`
		Zip     string `json:"postalCode,omitempty"`
		Town    string `json:"addressLocality,omitempty"`
		Country string `json:"addressCountry,omitempty"`
	}
	linkedOffer struct {
		Type         string    `json:"@type"`
		Name         string    `json:"name,omitempty"`
		Price        string    `json:"price"`
		Currency     string    `json:"priceCurrency"`
		Availability string    `json:"availability,omitempty"`
		From         time.Time `json:"validFrom,omitzero"`
		Until        time.Time `json:"validThrough,omitzero"`
		URL          string    `json:"url,omitempty"`
		Category     string    `json:"category,omitempty"`
	}
	linkedName struct {
		Type string `json:"@type"`
		Name string `json:"name"`
	}
	linkedID struct {
		Type string `json:"@type"`
		ID   string `json:"@id"`
	}
)

const schemaOrg = "https://schema.org"

// linked describes a product for search engines: an event as a series of events with a place and offers, anything else as a
// product with offers.
func (sh *shelf) linked(p *catalog.Product, sp *speech) linkedGraph {
	v, loc, code := sh.view, sh.index.Location(), sh.view.Institution.Code
	house := linkedName{Type: "Organization", Name: sp.say(v.Institution.Name, string(code))}
	d := linkedProduct{
		Type: "Product", ID: "urn:guichet:" + publicID(code, p.ID), Name: sp.say(p.Name, p.Code), Description: sp.say(p.Description, ""),
		Image: linkedImages(p), URL: p.DetailURL, SKU: p.Code, Category: string(p.Kind), Brand: &house,
	}
	g := linkedGraph{Context: schemaOrg}
	if len(p.Performances) == 0 {
		for i := range p.Items {
			d.Offers = append(d.Offers, sh.linkedItem(p, &p.Items[i], sp)...)
		}
		g.Graph = append(g.Graph, d)
		return g
	}
	d.Type, d.SKU, d.Category, d.Brand, d.Organizer = "EventSeries", "", "", nil, &house
	var events []any
	for _, id := range p.Performances {
		perf := v.Performance(id)
		if perf == nil || perf.Over(sh.at) || len(events) == maxLinked {
			continue
		}
		e := sh.linkedEvent(p, perf, sp, house)
		e.Series = &linkedID{Type: "EventSeries", ID: d.ID}
		events = append(events, e)
		if d.Start.IsZero() {
			d.Start = in(perf.Start, loc)
		}
		d.End = in(perf.Start, loc)
	}
	g.Graph = append(append(g.Graph, d), events...)
	return g
}

func (sh *shelf) linkedEvent(p *catalog.Product, perf *catalog.Performance, sp *speech, house linkedName) linkedEvent {
	v, loc, code := sh.view, sh.index.Location(), sh.view.Institution.Code
	e := linkedEvent{
		Type: "Event", ID: "urn:guichet:" + publicID(code, perf.ID), Name: sp.say(perf.Name, ""), Description: sp.say(perf.Description, ""),
		Image: linkedImages(p), Start: in(perf.Start, loc), End: in(perf.End, loc), Status: schemaOrg + "/" + linkedStatus(p, perf),
		Mode: schemaOrg + "/OfflineEventAttendanceMode", Language: p.Language, URL: p.DetailURL, Organizer: house, Identifier: publicID(code, perf.ID),
		Location: linkedPlace{Type: "Place", Name: sp.say(perf.Venue.Name, perf.Venue.Code), Address: linkedAddressOf(&perf.Venue)},
	}
	if e.Name == "" {
		e.Name = sp.say(p.Name, p.Code)
	}
	if e.Description == "" {
		e.Description = sp.say(p.Description, "")
	}
	if perf.Image != "" {
		e.Image = append([]string{perf.Image}, e.Image...)
	}
	if p.MinimumAge > 0 {
		e.Age = strconv.Itoa(p.MinimumAge) + "-"
	}
	for _, name := range append(append([]string(nil), p.People...), perf.People...) {
		e.Performers = append(e.Performers, linkedName{Type: "PerformingGroup", Name: name})
	}
	for i := range perf.Prices {
		pr := &perf.Prices[i]
		a := v.PerformanceAvailability(perf)
		if pr.SeatCategory != 0 {
			a = v.CategoryAvailability(perf, pr.SeatCategory)
		}
		o := sh.offer(pr.Price, v.SellablePerformance(perf, pr.Tariff, pr.SeatCategory, sh.at), a.Level, p.DetailURL)
		o.Name = sh.tariffName(pr.Tariff, sp)
		for j := range perf.SeatCategories {
			if c := &perf.SeatCategories[j]; c.ID == pr.SeatCategory {
				o.Category = sp.say(c.Name, c.Code)
			}
		}
		e.Offers = append(e.Offers, o)
	}
	return e
}

func (sh *shelf) linkedItem(p *catalog.Product, it *catalog.Item, sp *speech) []linkedOffer {
	var out []linkedOffer
	for i := range it.Prices {
		pr := &it.Prices[i]
		o := sh.offer(pr.Price, sh.view.SellableItem(it, pr.Tariff, sh.at), sh.view.ItemAvailability(it, 0, "").Level, p.DetailURL)
		o.Name, o.Category = sh.tariffName(pr.Tariff, sp), sp.say(it.Name, it.Code)
		out = append(out, o)
	}
	return out
}

func (sh *shelf) tariffName(id catalog.TariffID, sp *speech) string {
	if t := sh.view.Tariff(id); t != nil {
		return sp.say(t.Name, t.Code)
	}
	return ""
}

func (sh *shelf) offer(price domain.Money, sell catalog.Sellability, level catalog.Level, url string) linkedOffer {
	loc := sh.index.Location()
	return linkedOffer{
		Type: "Offer", Price: price.Decimal(), Currency: string(price.Currency),
		Availability: schemaOrg + "/" + linkedAvailability(sell, level), From: in(sell.From, loc), Until: in(sell.Until, loc), URL: url,
	}
}

// linkedAvailability is schema.org's word for what we know; an unknown level never says that something is gone.
func linkedAvailability(sell catalog.Sellability, level catalog.Level) string {
	switch {
	case sell.Reason == catalog.ReasonNotYet:
		return "PreSale"
	case level == catalog.LevelSoldOut, sell.Reason == catalog.ReasonAdditionalState:
		return "SoldOut"
	case !sell.OnSale, level == catalog.LevelNotOnSale:
		return "OutOfStock"
	case level == catalog.LevelLimited:
		return "LimitedAvailability"
	default:
		return "InStock"
	}
}

// linkedStatus is schema.org's word for the platform's states.
func linkedStatus(p *catalog.Product, perf *catalog.Performance) string {
	switch {
	case canceled(perf.State), canceled(p.State), p.AdditionalState == "CANCELED":
		return "EventCancelled"
	case p.AdditionalState == "MOVED_OR_POSTPONED":
		return "EventPostponed"
	default:
		return "EventScheduled"
	}
}

// canceled reports whether the platform's word for a state says that a thing does not take place.
func canceled(state string) bool { return state == "CANCELED" || state == "CANCELED_CLOSED" }

func linkedAddressOf(v *catalog.Venue) *linkedAddress {
	if v.Street == "" && v.Zip == "" && v.Town == "" && v.Country == "" {
		return nil
	}
	return &linkedAddress{Type: "PostalAddress", Street: v.Street, Zip: v.Zip, Town: v.Town, Country: v.Country}
}

func linkedImages(p *catalog.Product) []string {
	var out []string
	for _, size := range []string{"xlarge", "large", "medium", "small"} {
		if p.Images[size] != "" {
			out = append(out, p.Images[size])
		}
	}
	return out
}
