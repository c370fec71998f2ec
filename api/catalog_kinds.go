package api

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// What the kinds of products have beside what all have: contents, validity, offers, sale periods, and prices that are not
// the public's.

type activityDTO struct {
	Code string `json:"code,omitempty"`
	Type string `json:"type,omitempty" doc:"the platform's word"`
	Name string `json:"name,omitempty"`
}

type vatDTO struct {
	Code    string `json:"code"`
	Percent string `json:"percent" doc:"a decimal number" example:"2.1"`
	Country string `json:"country,omitempty" doc:"ISO 3166 alpha-2"`
}

type crossSellDTO struct {
	Type         string    `json:"type,omitempty" doc:"the platform's word: UP_SELL …"`
	Name         string    `json:"name,omitempty"`
	Description  string    `json:"description,omitempty"`
	Product      string    `json:"product" doc:"what is offered; it need not be in the catalog"`
	MinQuantity  int       `json:"min_quantity,omitempty" doc:"places of this product from which it is offered"`
	QuantityType string    `json:"quantity_type,omitempty" doc:"the platform's word: FIXED …"`
	SameDate     bool      `json:"same_date,omitempty" doc:"it is offered for the same date"`
	From         time.Time `json:"from,omitzero"`
	Until        time.Time `json:"until,omitzero"`
}

type membershipDTO struct {
	Rule              string    `json:"rule,omitempty" doc:"the platform's word: PERIOD …"`
	From              time.Time `json:"from,omitzero" doc:"of a fixed period; absent: open"`
	Until             time.Time `json:"until,omitzero"`
	Duration          int       `json:"duration,omitempty" doc:"of a rolling period, in unit"`
	Unit              string    `json:"unit,omitempty" doc:"the platform's word"`
	BuyerChoosesStart bool      `json:"buyer_chooses_start,omitempty"`
}

type seasonTicketDTO struct {
	Championship bool                  `json:"championship,omitempty"`
	FixedSeat    bool                  `json:"fixed_seat,omitempty" doc:"the same seat at every event"`
	PriceType    string                `json:"price_type,omitempty" doc:"the platform's word: PREDEFINED …"`
	Subjects     []subjectDTO          `json:"subjects" nullable:"false" doc:"groups of events to choose from"`
	Lines        []seasonTicketLineDTO `json:"lines" nullable:"false" doc:"events outside any group"`
}

type subjectDTO struct {
	Code  string                `json:"code,omitempty"`
	Name  string                `json:"name"`
	Min   int                   `json:"min,omitempty" doc:"events to choose at least"`
	Max   int                   `json:"max,omitempty" doc:"events to choose at most; absent: no bound"`
	Lines []seasonTicketLineDTO `json:"lines" nullable:"false"`
}

type seasonTicketLineDTO struct {
	Product         string   `json:"product" doc:"it need not be in the catalog by itself"`
	Name            string   `json:"name"`
	Performances    []string `json:"performances,omitempty" nullable:"false" doc:"absent: any of the product"`
	Mandatory       bool     `json:"mandatory,omitempty"`
	Multiple        string   `json:"multiple,omitempty" doc:"the platform's word for taking several performances"`
	CategoryChanges bool     `json:"category_changes,omitempty" doc:"the seat category may differ by event"`
}

type packageDTO struct {
	Tariffs []string         `json:"tariffs" nullable:"false" doc:"those it is sold at; empty: all"`
	Lines   []packageLineDTO `json:"lines" nullable:"false"`
}

type packageLineDTO struct {
	ID           string   `json:"id"`
	Parent       string   `json:"parent,omitempty" doc:"the line that this one belongs to"`
	Product      string   `json:"product"`
	Name         string   `json:"name"`
	Performances []string `json:"performances,omitempty" nullable:"false" doc:"absent: any of the product"`
	Quantity     int      `json:"quantity,omitempty"`
	Optional     bool     `json:"optional,omitempty"`
	Tariff       string   `json:"tariff,omitempty" doc:"sold at this tariff whatever the package's"`
}

type salePeriodDTO struct {
	From        time.Time `json:"from,omitzero" doc:"absent: open"`
	Until       time.Time `json:"until,omitzero" doc:"absent: open"`
	EndsBefore  *int      `json:"ends_before,omitempty" doc:"minutes before the beginning of what it sells, where that is earlier than until"`
	Channel     int64     `json:"channel,omitempty" doc:"the platform's number of a sales channel; absent: every one"`
	ChannelCode string    `json:"channel_code,omitempty"`
	Ours        bool      `json:"ours" doc:"it is for the channel we sell through, and sells"`
	Type        string    `json:"type,omitempty" doc:"the platform's word: STANDARD …"`
	Tariffs     []string  `json:"tariffs,omitempty" nullable:"false" doc:"absent: all"`
	Categories  []string  `json:"seat_categories,omitempty" nullable:"false" doc:"absent: all"`
}

type chargeDTO struct {
	ID     string   `json:"id"`
	Code   string   `json:"code,omitempty"`
	Amount moneyDTO `json:"amount"`
}

// restrictedPriceDTO is a price that the public cannot buy at.
type restrictedPriceDTO struct {
	SeatCategory string   `json:"seat_category,omitempty"`
	Tariff       string   `json:"tariff"`
	Level        string   `json:"level" doc:"code of its price level; the institution's reference says more"`
	Price        moneyDTO `json:"price"`
	Fees         moneyDTO `json:"fees"`
}

type contingentDTO struct {
	ID           string          `json:"id"`
	Availability availabilityDTO `json:"availability"`
}

// describe adds what only some kinds of products have.
func (sh *shelf) describe(d *productDTO, p *catalog.Product, sp *speech) {
	v, loc, code := sh.view, sh.index.Location(), sh.view.Institution.Code
	d.SubKind, d.AdditionalState, d.Language, d.MinimumAge, d.People, d.DetailURL = p.SubKind, p.AdditionalState, p.Language, p.MinimumAge, p.People, p.DetailURL
	d.NameAddOn, d.Exchangeable, d.WaitingList, d.Guided, d.Consecutive = sp.say(p.NameAddOn, ""), p.Exchangeable, p.WaitingList, p.Guided, p.Consecutive
	for _, id := range p.OtherSeasons {
		d.OtherSeasons = append(d.OtherSeasons, sh.season(id))
	}
	if a := &p.Activity; a.Code != "" || len(a.Name) > 0 {
		d.Activity = &activityDTO{Code: a.Code, Type: a.Type, Name: sp.say(a.Name, "")}
	}
	for i := range v.VAT {
		if r := &v.VAT[i]; p.VAT != 0 && r.ID == p.VAT {
			d.VAT = toVAT(r)
		}
	}
	for i := range p.CrossSells {
		c := &p.CrossSells[i]
		d.CrossSells = append(d.CrossSells, crossSellDTO{
			Type: c.Type, Name: sp.say(c.Name, ""), Description: sp.say(c.Description, ""), Product: publicID(code, c.Target),
			MinQuantity: c.MinQuantity, QuantityType: c.QuantityType, SameDate: c.SameDate, From: in(c.Start, loc), Until: in(c.End, loc),
		})
	}
	if m := p.Membership; m != nil {
		d.Membership = &membershipDTO{
			Rule: m.Rule, From: in(m.Start, loc), Until: in(m.End, loc), Duration: m.Duration, Unit: m.Unit, BuyerChoosesStart: m.BuyerChoosesStart,
		}
	}
	d.SeasonTicket, d.Package = sh.seasonTicket(p.SeasonTicket, sp), sh.pack(p.Package, sp)
	d.SalePeriods = sh.periods(p.SalePeriods)
}

func toVAT(r *catalog.VATRate) *vatDTO {
	percent := strings.TrimRight(strconv.Itoa(r.Rate/1000)+"."+("000" + strconv.Itoa(r.Rate%1000))[len(strconv.Itoa(r.Rate%1000)):], "0")
	return &vatDTO{Code: r.Code, Percent: strings.TrimSuffix(percent, "."), Country: r.Country}
}

func (sh *shelf) seasonTicket(t *catalog.SeasonTicket, sp *speech) *seasonTicketDTO {
	if t == nil {
		return nil
	}
	d := &seasonTicketDTO{
		Championship: t.Championship, FixedSeat: t.FixedSeat, PriceType: t.PriceType, Subjects: make([]subjectDTO, 0, len(t.Subjects)),
		Lines: sh.seasonTicketLines(t.Lines, sp),
	}
	for i := range t.Subjects {
		s := &t.Subjects[i]
		d.Subjects = append(d.Subjects, subjectDTO{
			Code: s.Code, Name: sp.say(s.Name, s.Code), Min: s.Min, Max: s.Max, Lines: sh.seasonTicketLines(s.Lines, sp),
		})
	}
	return d
}

func (sh *shelf) seasonTicketLines(lines []catalog.SeasonTicketLine, sp *speech) []seasonTicketLineDTO {
	out := make([]seasonTicketLineDTO, 0, len(lines))
	for i := range lines {
		l := &lines[i]
		out = append(out, seasonTicketLineDTO{
			Product: publicID(sh.view.Institution.Code, l.Product), Name: sh.nameOf(l.Product, l.Name, sp),
			Performances: publicIDs(sh, l.Performances), Mandatory: l.Mandatory, Multiple: l.Multiple, CategoryChanges: l.CategoryChanges,
		})
	}
	return out
}

func (sh *shelf) pack(p *catalog.Package, sp *speech) *packageDTO {
	if p == nil {
		return nil
	}
	code := sh.view.Institution.Code
	d := &packageDTO{Tariffs: publicIDs(sh, p.Tariffs), Lines: make([]packageLineDTO, 0, len(p.Lines))}
	if d.Tariffs == nil {
		d.Tariffs = []string{}
	}
	for i := range p.Lines {
		l := &p.Lines[i]
		line := packageLineDTO{
			ID: publicID(code, l.ID), Product: publicID(code, l.Product), Name: sh.nameOf(l.Product, l.Name, sp),
			Performances: publicIDs(sh, l.Performances), Quantity: l.Quantity, Optional: l.Optional,
		}
		if l.Parent != 0 {
			line.Parent = publicID(code, l.Parent)
		}
		if l.Tariff != 0 {
			line.Tariff = publicID(code, l.Tariff)
		}
		d.Lines = append(d.Lines, line)
	}
	return d
}

// nameOf is the name of a product that may not be in the catalog: the catalog's, or the one given.
func (sh *shelf) nameOf(id catalog.ProductID, given domain.Text, sp *speech) string {
	if p := sh.view.Product(id); p != nil {
		return sp.say(p.Name, p.Code)
	}
	return sp.say(given, "")
}

func publicIDs[T ~int64](sh *shelf, list []T) []string {
	var out []string
	for _, id := range list {
		out = append(out, publicID(sh.view.Institution.Code, id))
	}
	return out
}

func (sh *shelf) periods(list []catalog.SalePeriod) []salePeriodDTO {
	var out []salePeriodDTO
	loc, ours := sh.index.Location(), sh.view.Institution.PointOfSales.SalesChannelID
	for i := range list {
		p := &list[i]
		d := salePeriodDTO{
			From: in(p.Start, loc), Until: in(p.End, loc), Channel: p.Channel, ChannelCode: p.ChannelCode, Type: p.Type,
			Ours: p.SalePossible && (p.Channel == 0 || ours == 0 || p.Channel == ours), Tariffs: publicIDs(sh, p.Tariffs), Categories: publicIDs(sh, p.SeatCategories),
		}
		if p.Relative {
			minutes := int(p.EndRelative / time.Minute)
			d.EndsBefore = &minutes
		}
		out = append(out, d)
	}
	return out
}

func (sh *shelf) charges(list []catalog.Charge) []chargeDTO {
	var out []chargeDTO
	for _, c := range list {
		out = append(out, chargeDTO{ID: publicID(sh.view.Institution.Code, c.ID), Code: c.Component, Amount: toMoney(c.Amount)})
	}
	return out
}

// level is the code of a price level; its number where the catalog does not say.
func (sh *shelf) level(id catalog.PriceLevelID) string {
	for i := range sh.view.PriceLevels {
		if l := &sh.view.PriceLevels[i]; l.ID == id {
			return l.Code
		}
	}
	return strconv.FormatInt(int64(id), 10)
}

func (sh *shelf) restricted(list []catalog.Price) []restrictedPriceDTO {
	var out []restrictedPriceDTO
	for i := range list {
		pr := &list[i]
		d := restrictedPriceDTO{Tariff: publicID(sh.view.Institution.Code, pr.Tariff), Level: sh.level(pr.Level), Price: toMoney(pr.Price), Fees: sh.fees(pr.Fees)}
		if pr.SeatCategory != 0 {
			d.SeatCategory = publicID(sh.view.Institution.Code, pr.SeatCategory)
		}
		out = append(out, d)
	}
	return out
}

func (sh *shelf) restrictedItems(list []catalog.ItemPrice) []restrictedPriceDTO {
	var out []restrictedPriceDTO
	for i := range list {
		pr := &list[i]
		out = append(out, restrictedPriceDTO{
			Tariff: publicID(sh.view.Institution.Code, pr.Tariff), Level: sh.level(pr.Level), Price: toMoney(pr.Price), Fees: sh.fees(pr.Fees),
		})
	}
	return out
}

// contingents are what is left of a performance by share of the places, where the platform says.
func (sh *shelf) contingents(p *catalog.Performance) []contingentDTO {
	var out []contingentDTO
	for _, id := range sh.view.Contingents(p.ID) {
		out = append(out, contingentDTO{
			ID:           publicID(sh.view.Institution.Code, id),
			Availability: sh.said(sh.view.ContingentAvailability(p, id), p),
		})
	}
	return out
}

// unsold says why and when, of a price that does not sell though what it is a price of does, or does not for another reason.
func (sh *shelf) unsold(price, whole catalog.Sellability) (because string, from time.Time) {
	if price.OnSale || price == whole {
		return "", time.Time{}
	}
	if price.Reason == catalog.ReasonNotYet {
		from = in(price.From, sh.index.Location())
	}
	return price.Reason, from
}

// rawDTO is a JSON object as the platform sent it.
type rawDTO map[string]json.RawMessage

// raw reads it; nil where there is nothing to show.
func raw(b []byte) rawDTO {
	var d rawDTO
	if json.Unmarshal(b, &d) != nil {
		return nil
	}
	return d
}
