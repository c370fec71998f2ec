package sim

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

//go:embed worlds/*.json
var worldFiles embed.FS

// Text is a translated name: language code to value.
type Text map[string]string

// World is one institution as written by hand: who it is, what it sells, at which prices and when.
// Dates are rules relative to the simulator's base day, so a world never grows old. Amounts are in
// thousandths of the currency unit.
type World struct {
	Code           string          `json:"code"`     // lower case; path prefix and host label
	Operator       string          `json:"operator"` // the account we call with
	Partner        string          `json:"partner"`
	Secret         string          `json:"secret"`
	PartnerContact string          `json:"partner_contact"` // contact number the pending account belongs to
	Contacts       []string        `json:"contacts"`        // further contact numbers the institution knows
	Name           Text            `json:"name"`
	Currency       string          `json:"currency"`
	TimeZone       string          `json:"time_zone"`
	Languages      []string        `json:"languages"` // the first is the main one
	PointOfSales   Coded           `json:"point_of_sales"`
	SalesChannel   Coded           `json:"sales_channel"`
	PaymentMethods []PaymentMethod `json:"payment_methods"`
	MaxSeats       int             `json:"max_seats"` // per performance in one order; 0 is no limit
	Address        Address         `json:"address"`
	VAT            map[string]int  `json:"vat"`     // code to rate, 5500 is 5.5 %
	Charges        []Charge        `json:"charges"` // per ticket, contained in the prices
	Tariffs        []Tariff        `json:"tariffs"`
	Contingents    []Contingent    `json:"contingents"`   // none is one, the sales channel's
	MemberRebate   int             `json:"member_rebate"` // percent taken off by the MEMBER price level; 0 has no such level
	Venues         []Venue         `json:"venues"`
	Grids          map[string]Grid `json:"grids"`
	Products       []ProductRule   `json:"products"`
	Advantages     []AdvantageRule `json:"advantages"`

	// AdditionalStates makes the catalog say whether each product is on sale, as an option of the point of sales does.
	AdditionalStates bool `json:"additional_states"`

	// record makes the catalog of a world that is not written as rules, for a base day.
	record func(base time.Time) *recording
}

// Coded is a thing with a number and a code.
type Coded struct {
	ID   int64  `json:"id"`
	Code string `json:"code"`
	Name Text   `json:"name"`
}

// PaymentMethod is one entry of the point of sales' list. The type PENDING_ACCOUNT marks the one a
// partner pays with.
type PaymentMethod struct {
	ID               int64  `json:"id"`
	Code             string `json:"code"`
	Type             string `json:"type"`
	Name             Text   `json:"name"`
	ForPayment       bool   `json:"for_payment"`
	ForReimbursement bool   `json:"for_reimbursement"`
}

// pendingType is the paymentType of the account a partner pays with.
const pendingType = "WAITING_ACCOUNT"

// Address is a postal address with its place on the map.
type Address struct {
	Street    string `json:"street"`
	Town      string `json:"town"`
	Zip       string `json:"zip"`
	Country   string `json:"country"`
	Latitude  string `json:"latitude"`
	Longitude string `json:"longitude"`
	Email     string `json:"email"`
	Website   string `json:"website"`
}

// Charge is a fee per ticket that the prices contain.
type Charge struct {
	Code   string `json:"code"`
	Name   Text   `json:"name"`
	Amount int64  `json:"amount"`
}

// Tariff says who pays: an audience sub-category.
type Tariff struct {
	Code     string   `json:"code"`
	Name     Text     `json:"name"`
	Text     Text     `json:"text"`
	Kind     string   `json:"kind"`     // FULL, REDUCED, FREE
	Requires []string `json:"requires"` // one of these must be in the same order, for the same event or product
	Min      int      `json:"min"`      // fewest of it per performance or item in one order; 0 is no rule
}

// Venue is a space with its seats: one physical and one logical configuration.
type Venue struct {
	Code       string         `json:"code"` // space code
	Name       Text           `json:"name"`
	SiteCode   string         `json:"site_code"`
	SiteName   Text           `json:"site_name"`
	Address    Address        `json:"address"`
	Numbered   bool           `json:"numbered"`
	Categories []SeatCategory `json:"categories"`
	Areas      []Area         `json:"areas"`

	// Contingents divide the places; what no part gives away is the first contingent's.
	Contingents []Part `json:"contingents"`
}

// SeatCategory is a price zone.
type SeatCategory struct {
	Code  string `json:"code"`
	Name  Text   `json:"name"`
	Color string `json:"color"`
}

// Area is a part of a venue in one seat category, made of blocks.
type Area struct {
	Code     string  `json:"code"`
	Name     Text    `json:"name"`
	Category string  `json:"category"`
	Blocks   []Block `json:"blocks"`
}

// Block is a part of an area, entered by one gate: rows of seats, or a number of places without
// numbers. Count above 1 stands for that many equal blocks with rising codes.
type Block struct {
	Code     string   `json:"code"`
	Count    int      `json:"count"`
	Gates    []string `json:"gates"` // one per equal block, in turn
	Rows     int      `json:"rows"`
	Seats    int      `json:"seats"`     // per row
	FirstRow string   `json:"first_row"` // "A" or "1"
	Capacity int      `json:"capacity"`  // without numbers
}

// Grid holds prices: seat category code, then tariff code. Products without seats use the category "".
type Grid map[string]map[string]int64

// ProductRule is a product and when it is on.
type ProductRule struct {
	Code         string     `json:"code"`
	Family       string     `json:"family"`    // SINGLE_ENTRY, PASS, SERVICE, GOODS, MEMBERSHIP, SEASONTICKET, PACKAGE, TRANSPORT, HOSPITALITY
	SubFamily    string     `json:"subfamily"` // SIMPLE_TICKET and so on
	Name         Text       `json:"name"`
	Text         Text       `json:"text"`
	VAT          string     `json:"vat"`
	Image        string     `json:"image"` // motif of the drawn picture
	MinQuantity  int        `json:"min_quantity"`
	MaxQuantity  int        `json:"max_quantity"`
	SaleOpens    int        `json:"sale_opens"`    // days from the base day, negative is before
	SaleTariffs  []string   `json:"sale_tariffs"`  // on sale in our channel; empty is all
	Activity     string     `json:"activity"`      // code
	ActivityType string     `json:"activity_type"` // LIVE_SPECT, SPORT, OTHER
	MinimumAge   int        `json:"minimum_age"`
	Venue        string     `json:"venue"`
	Grid         string     `json:"grid"`
	Minutes      int        `json:"minutes"`
	AlertRatio   int        `json:"alert_ratio"` // percent left at which the level turns to limited; 0 is 20
	RepeatWeeks  int        `json:"repeat_weeks"`
	Plays        []string   `json:"plays"`        // "1 tue 20:00": week of the repeat, day, time
	ClockChange  string     `json:"clock_change"` // a performance at this time on the day summer time changes, if near
	Fill         [2]int     `json:"fill"`         // percent sold elsewhere, from and to
	Special      []Special  `json:"special"`
	Opponent     Text       `json:"opponent"` // sports
	Charges      []string   `json:"charges"`  // charge codes contained in every price that is not free
	Items        []ItemRule `json:"items"`
	DateNeeded   bool       `json:"date_needed"` // PASS: a visit date must be given
	ValidDays    int        `json:"valid_days"`  // MEMBERSHIP: days from the sale

	// Contingents divide its performances otherwise than their venue.
	Contingents []Part `json:"contingents"`

	// Count replaces Plays for generated worlds: that many performances, one every hour from the next
	// day on.
	Count int `json:"count"`

	Lines           []LineRule    `json:"lines"`    // SEASONTICKET, PACKAGE: what it is made of
	Subjects        []SubjectRule `json:"subjects"` // SEASONTICKET: groups to choose from
	FixedSeat       bool          `json:"fixed_seat"`
	Championship    bool          `json:"championship"`
	Guided          *GuidedRule   `json:"guided"`           // PASS
	AdditionalState string        `json:"additional_state"` // said by hand: SOLD_OUT, MOVED_OR_POSTPONED, …
	SaleEnd         *int          `json:"sale_end"`         // sale ends that long after a performance begins, in a unit that is not known
	Topics          []Coded       `json:"topics"`           // what it is about
	CrossSell       []string      `json:"cross_sell"`       // codes of products offered beside it
	Logo            bool          `json:"logo"`
}

// Special sets one performance apart, counted from 1 in order of time.
type Special struct {
	Play int `json:"play"`
	Fill int `json:"fill"`

	// Contingents divide it otherwise than its product.
	Contingents []Part `json:"contingents"`
}

// ItemRule is a sellable item of a product without performances.
type ItemRule struct {
	Code       string           `json:"code"`
	Name       Text             `json:"name"`
	Price      map[string]int64 `json:"price"` // tariff code to amount
	Stock      int              `json:"stock"` // 0 is without end
	Slots      *SlotRule        `json:"slots"`
	Donation   int64            `json:"donation"`    // MEMBERSHIP: the part of the price that is given
	VoucherMin int64            `json:"voucher_min"` // MEMBERSHIP: least amount of the voucher that it is

	// Contingents divide its stock, or the quota of each time slot.
	Contingents []Part `json:"contingents"`
}

// SlotRule lays out the time slots of a day.
type SlotRule struct {
	From    string   `json:"from"`
	To      string   `json:"to"`
	Every   int      `json:"every"` // minutes
	Quota   int      `json:"quota"`
	Closed  []string `json:"closed"`   // weekdays without slots
	SoldOut string   `json:"sold_out"` // "sat 11:00"
	Fill    [2]int   `json:"fill"`
}

// ParseWorld reads a world written in JSON. Unknown members are refused.
func ParseWorld(data []byte) (World, error) {
	var w World
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return World{}, fmt.Errorf("read world: %w", err)
	}
	if err := w.check(); err != nil {
		return World{}, fmt.Errorf("world %s: %w", w.Code, err)
	}
	return w, nil
}

// ShippedNames are the worlds that come with the simulator, in a fixed order.
func ShippedNames() []string { return []string{"museum", "theatre", "stadium"} }

// ShippedWorld returns one of the worlds of ShippedNames.
func ShippedWorld(name string) (World, error) {
	data, err := worldFiles.ReadFile("worlds/" + name + ".json")
	if err != nil {
		return World{}, fmt.Errorf("world %s: %w", name, err)
	}
	return ParseWorld(data)
}

// shippedWorlds are the three that come with the simulator, in a fixed order.
func shippedWorlds() ([]World, error) {
	var out []World
	for _, name := range ShippedNames() {
		w, err := ShippedWorld(name)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// check names every contradiction in the world.
func (w World) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if w.Code == "" || w.Code != strings.ToLower(w.Code) || strings.ContainsAny(w.Code, "/. ") {
		bad("code %q is not a lower-case word", w.Code)
	}
	if w.Operator == "" || w.Secret == "" || w.PartnerContact == "" || w.Currency == "" || len(w.Languages) == 0 {
		bad("operator, secret, partner_contact, currency and languages are needed")
	}
	if w.record != nil {
		return errors.Join(errs...)
	}
	tariffs := map[string]bool{}
	for _, t := range w.Tariffs {
		tariffs[t.Code] = true
	}
	for _, t := range w.Tariffs {
		for _, r := range t.Requires {
			if !tariffs[r] {
				bad("tariff %s requires unknown tariff %s", t.Code, r)
			}
		}
	}
	categories := map[string]bool{}
	venues := map[string]bool{}
	for _, v := range w.Venues {
		venues[v.Code] = true
		own := map[string]bool{}
		for _, c := range v.Categories {
			own[c.Code], categories[c.Code] = true, true
		}
		for _, a := range v.Areas {
			if !own[a.Category] {
				bad("area %s has unknown category %s", a.Code, a.Category)
			}
		}
	}
	for name, g := range w.Grids {
		for c, row := range g {
			if !categories[c] {
				bad("grid %s has unknown category %s", name, c)
			}
			for t := range row {
				if !tariffs[t] {
					bad("grid %s has unknown tariff %s", name, t)
				}
			}
		}
	}
	for _, p := range w.Products {
		errs = append(errs, w.checkProduct(p, venues, tariffs)...)
	}
	if len(errs) == 0 {
		errs = append(errs, w.checkContingents()...)
	}
	errs = append(errs, w.checkKinds()...)
	if w.pendingMethod() == 0 {
		bad("no payment method of type %s", pendingType)
	}
	return errors.Join(errs...)
}

func (w World) checkProduct(p ProductRule, venues, tariffs map[string]bool) (errs []error) {
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("product %s: %w", p.Code, fmt.Errorf(format, args...)))
	}
	if len(p.Code) > 8 {
		bad("code is longer than 8")
	}
	if _, ok := w.VAT[p.VAT]; !ok {
		bad("unknown vat %q", p.VAT)
	}
	if p.Family == familyEvent {
		if !venues[p.Venue] {
			bad("unknown venue %q", p.Venue)
		}
		if w.Grids[p.Grid] == nil {
			bad("unknown grid %q", p.Grid)
		}
		if len(p.Items) > 0 {
			bad("an event has no items")
		}
	} else if len(p.Items) == 0 {
		bad("has no items")
	}
	for _, it := range p.Items {
		for t := range it.Price {
			if !tariffs[t] {
				bad("item %s has unknown tariff %s", it.Code, t)
			}
		}
	}
	return errs
}

func (w World) pendingMethod() int64 {
	for _, m := range w.PaymentMethods {
		if m.Type == pendingType && m.ForPayment {
			return m.ID
		}
	}
	return 0
}

// The product families the simulator sells.
const (
	familyEvent      = "SINGLE_ENTRY"
	familyPass       = "PASS"
	familyService    = "SERVICE"
	familyGoods      = "GOODS"
	familyMembership = "MEMBERSHIP"
)

// GeneratedWorld makes a world with that many performances, 50 to a product, in one hall of 200
// seats without numbers. It is for benchmarks and for tests of size.
func GeneratedWorld(code string, performances int) World {
	label := strings.ToUpper(code)
	w := World{
		Code: code, Operator: label + "_GUICHET", Partner: "Guichet", Secret: "generated-secret-" + code,
		PartnerContact: "300", Contacts: []string{"40012"},
		Name: Text{"en": "Generated " + code}, Currency: "EUR", TimeZone: "Europe/Paris", Languages: []string{"en", "fr"},
		PointOfSales: Coded{ID: 900100, Code: "RESELL"}, SalesChannel: Coded{ID: 900110, Code: "RS"},
		PaymentMethods: []PaymentMethod{{ID: 900120, Code: "PENDING", Type: pendingType, Name: Text{"en": "Reseller account"}, ForPayment: true}},
		MaxSeats:       10,
		VAT:            map[string]int{"STD": 20000},
		Tariffs: []Tariff{
			{Code: "FULL", Name: Text{"en": "Full price", "fr": "Plein tarif"}, Kind: "FULL"},
			{Code: "RED", Name: Text{"en": "Reduced", "fr": "Réduit"}, Kind: "REDUCED"},
		},
		Venues: []Venue{{
			Code: "HALL", Name: Text{"en": "Hall"}, SiteCode: "MAIN", SiteName: Text{"en": "Main site"},
			Address:    Address{Street: "1 Main Street", Town: "Lyon", Zip: "69001", Country: "FR"},
			Categories: []SeatCategory{{Code: "CAT1", Name: Text{"en": "Category 1"}}, {Code: "CAT2", Name: Text{"en": "Category 2"}}},
			Areas: []Area{
				{Code: "FRONT", Name: Text{"en": "Front"}, Category: "CAT1", Blocks: []Block{{Code: "F", Capacity: 100}}},
				{Code: "BACK", Name: Text{"en": "Back"}, Category: "CAT2", Blocks: []Block{{Code: "B", Capacity: 100}}},
			},
		}},
		Grids: map[string]Grid{"G": {"CAT1": {"FULL": 40000, "RED": 25000}, "CAT2": {"FULL": 30000, "RED": 18000}}},
	}
	for n := 0; performances > 0; n++ {
		count := min(performances, 50)
		performances -= count
		w.Products = append(w.Products, ProductRule{
			Code: fmt.Sprintf("P%05d", n+1), Family: familyEvent, SubFamily: "SIMPLE_TICKET",
			Name: Text{"en": fmt.Sprintf("Event %d", n+1), "fr": fmt.Sprintf("Spectacle %d", n+1)},
			Text: Text{"en": "A generated event."}, VAT: "STD", SaleOpens: -30, Activity: "GEN", ActivityType: "OTHER",
			Venue: "HALL", Grid: "G", Minutes: 90, Count: count,
		})
	}
	return w
}
