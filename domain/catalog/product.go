package catalog

import (
	"time"

	"guichet/domain"
)

// Kind is what a product is; the field's words for S-360's product family types.
type Kind string

// The kinds. KindOther keeps families we do not know, so that a new one never breaks a load; they are not sellable.
const (
	KindEvent        Kind = "event"
	KindPass         Kind = "pass"
	KindService      Kind = "service"
	KindGoods        Kind = "goods"
	KindMembership   Kind = "membership"
	KindSeasonTicket Kind = "season_ticket"
	KindPackage      Kind = "package"
	KindTransport    Kind = "transport"
	KindHospitality  Kind = "hospitality"
	KindOther        Kind = "other"
)

// Kinds lists every kind in the order a reader expects them.
func Kinds() []Kind {
	return []Kind{
		KindEvent, KindPass, KindService, KindGoods, KindMembership, KindSeasonTicket, KindPackage, KindTransport,
		KindHospitality, KindOther,
	}
}

// Running is the platform's word for an object that is on sale; every other state is not.
const Running = "RUNNING"

// Season groups products; tariffs belong to one.
type Season struct {
	ID         SeasonID
	Code       string
	Name       domain.Text
	Start, End time.Time
}

// Tariff is who pays: adult, child, member.
type Tariff struct {
	ID                TariffID
	Season            SeasonID
	Code              string
	Name, Description domain.Text
	Kind              string // full, reduced, free or "" where unknown
	// Requires lists tariffs of which at least one place must be in the same order.
	Requires []TariffID
	Min, Max int // places per order; 0 is no bound
	Rank     int
	// Category is the audience the tariff belongs to (S-360's mainCategory: OCCASIONAL, SUBSCRIBER, MEMBER …), Group its
	// finer one (secondaryCategory: INDIVIDUAL, GROUP, PROMOTIONAL …); both in the platform's words, "" where not given.
	Category, Group string
	// NeedsProof: the buyer must show that the tariff is theirs (S-360: requireAttachment).
	NeedsProof   bool
	Exchangeable bool
}

// PriceLevel is a set of prices. Only those of category OCCASIONAL, or of none, are sold to the public.
type PriceLevel struct {
	ID       PriceLevelID
	Season   SeasonID
	Code     string
	Category string // the platform's word; "" is the public's
}

// Public reports whether anybody may buy at this level; the others need a contact quality or a season ticket.
func (l PriceLevel) Public() bool { return l.Category == "" || l.Category == "OCCASIONAL" }

// VATRate is a rate of value added tax.
type VATRate struct {
	ID      VATID
	Code    string
	Rate    int    // thousandths of a percent: 2100 is 2.1 %
	Country string // ISO 3166 alpha-2; "" where not given
}

// Topic is a word things are grouped under. A topic the platform gives no code for has its first name as Code.
type Topic struct {
	Code string
	Name domain.Text
}

// Advantage is a price reduction or promotion. Its access code is a secret of the institution and not kept.
type Advantage struct {
	ID                            AdvantageID
	Season                        SeasonID
	Code, State, Type, TargetType string // the platform's words; TargetType CODE needs an access code, CONTACT a contact
	Name, Description             domain.Text
	Start                         time.Time // zero is open
	NeedsContact, Exclusive, Auto bool
	MaxPerOrder                   int // 0 is no bound
	MaxPerPerformance             int
	Products                      []ProductID
}

// Charge is a fee inside a price.
type Charge struct {
	ID        ChargeID
	Component string // the platform's code, "" where not given
	Amount    domain.Money
}

// Product is one thing in the catalog: an event with its performances, or an undated product with its items.
type Product struct {
	ID                           ProductID
	Season                       SeasonID
	Code                         string
	Kind                         Kind
	State                        string // the platform's word; Running sells
	AdditionalState              string
	Name, ShortName, Description domain.Text
	Images                       map[string]string // size ("small", "medium", "large", "xlarge", "logo") to address
	Topics                       []Topic
	SalePeriods                  []SalePeriod
	MinQuantity, MaxQuantity     int // places per order; 0 is no bound
	Performances                 []PerformanceID
	Items                        []Item
	Timeslots                    []Timeslot
	DateMandatory                bool // an item of this product needs a day of visit

	// SubKind is the platform's own finer word (productFamilySubType), "" where not given.
	SubKind string
	// OtherSeasons are seasons beside Season in which the same product id stands.
	OtherSeasons []SeasonID
	// NameAddOn, Activity, Language, MinimumAge and People describe an event. People are the names that the platform's free
	// variables and the opponents of a match give, where they can be read.
	NameAddOn  domain.Text
	Activity   Activity
	Language   string // of the show, a language tag; "" where not given
	MinimumAge int    // years; 0 is none given
	People     []string
	DetailURL  string
	VAT        VATID
	// CrossSells are other products offered beside this one.
	CrossSells []CrossSell
	// Exchangeable and WaitingList are what the platform allows; Guided and Consecutive (the platform's word) describe a pass.
	Exchangeable, WaitingList, Guided bool
	Consecutive                       string
	// Exactly one of these is set for a product of that kind, and none for the others.
	Membership   *Membership
	SeasonTicket *SeasonTicket
	Package      *Package
	// Raw is a JSON object of the members that are not understood or of unknown shape, as the platform sent them; nil is none.
	Raw []byte
}

// Activity is what an event belongs to, over the seasons.
type Activity struct {
	Code, Type string
	Name       domain.Text
}

// CrossSell offers another product beside this one.
type CrossSell struct {
	ID                int64
	Type              string // the platform's word: UP_SELL …
	Name, Description domain.Text
	Target            ProductID
	Rank              int
	MinQuantity       int    // places of the base product from which it is offered; 0 is any
	QuantityType      string // the platform's word: FIXED …
	SameDate          bool   // the target is offered for the same date as the base
	Start, End        time.Time
}

// Membership is for how long a membership is good. The rule decides which members count.
type Membership struct {
	Rule              string    // the platform's word: PERIOD …
	Start, End        time.Time // of a fixed period; zero is open
	Duration          int       // of a rolling one, in Unit
	Unit              string    // the platform's word
	BuyerChoosesStart bool
}

// SeasonTicket is what a subscription is made of: lines that must be taken, and subjects to choose lines from.
type SeasonTicket struct {
	Championship, FixedSeat bool
	PriceType               string // the platform's word: PREDEFINED …
	Subjects                []Subject
	Lines                   []SeasonTicketLine
}

// Subject is a group of lines that a subscriber chooses from.
type Subject struct {
	Code     string
	Name     domain.Text
	Rank     int
	Min, Max int // events to choose; 0 is no bound
	Lines    []SeasonTicketLine
}

// SeasonTicketLine is one event of a season ticket. Performances are those the line names; empty is any of the product.
type SeasonTicketLine struct {
	ID              int64
	Product         ProductID
	Name            domain.Text // of the product as the line names it, which need not be in the catalog by itself
	Performances    []PerformanceID
	Mandatory       bool
	Multiple        string // the platform's word for taking several performances
	CategoryChanges bool   // the seat category may differ by event
}

// Package is several products sold as one.
type Package struct {
	Lines   []PackageLine
	Tariffs []TariffID // the tariffs it is sold at; empty is all
}

// PackageLine is one product of a package.
type PackageLine struct {
	ID, Parent   int64 // Parent 0 is a line of its own
	Product      ProductID
	Name         domain.Text
	Performances []PerformanceID
	Quantity     int
	Optional     bool
	Rank         int
	Tariff       TariffID // the tariff the line is sold at whatever the package's; 0 is the package's
}

// SalePeriod is when something sells, through which channel and for whom.
type SalePeriod struct {
	Start, End     time.Time // zero is open
	Channel        int64     // 0 is every channel
	SalePossible   bool
	Tariffs        []TariffID       // empty is all
	SeatCategories []SeatCategoryID // empty is all
	// EndRelative is how long before the beginning of what it sells the period ends, whichever of the two ends comes first;
	// it counts where Relative is set. An item without a beginning has no such end.
	EndRelative time.Duration
	Relative    bool
	Type        string // the platform's word: STANDARD …
	ChannelCode string
}

// EndFor is when the period ends for something that begins then (zero: it has no beginning); zero is open.
func (p SalePeriod) EndFor(start time.Time) time.Time {
	if !p.Relative || start.IsZero() {
		return p.End
	}
	if end := start.Add(-p.EndRelative); p.End.IsZero() || end.Before(p.End) {
		return end
	}
	return p.End
}

// Item is what an undated product sells.
type Item struct {
	ID        ItemID
	Product   ProductID
	Code      string
	Name      domain.Text
	Prices    []ItemPrice
	Timeslots []TimeslotID // the slots it may be sold for; empty is none needed
	Rank      int
	// Restricted are prices of levels that are not the public's.
	Restricted []ItemPrice
	// Donation and VoucherMinimum are amounts that the platform asks of such items; zero currency is none.
	Donation, VoucherMinimum domain.Money
	Raw                      []byte // as Product.Raw
}

// ItemPrice is what an item costs at a tariff. Price is what the buyer pays, fees included.
type ItemPrice struct {
	Tariff      TariffID
	Price, Fees domain.Money
	SalePeriods []SalePeriod
	Min, Max    int
	Level       PriceLevelID // 0 is none
}

// Timeslot is a time of day at which a pass admits, on each day of a range.
type Timeslot struct {
	ID       TimeslotID
	From     domain.Day // first day; empty is open
	Until    domain.Day // last day; empty is open
	Time     string     // local "10:30"
	Duration time.Duration
	Name     domain.Text
	Quota    int // places of the slot; 0 is not given
}

// Start is when the slot begins on a day in the venue's zone; zero for a day or time that cannot be read.
func (t Timeslot) Start(day domain.Day, loc *time.Location) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", string(day)+" "+t.Time, loc)
	if err != nil {
		return time.Time{}
	}
	return at
}

// Covers reports whether the slot exists on that day.
func (t Timeslot) Covers(day domain.Day) bool {
	return (t.From == "" || day >= t.From) && (t.Until == "" || day <= t.Until)
}
