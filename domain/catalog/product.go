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
	ID     TariffID
	Season SeasonID
	Code   string
	Name   domain.Text
	Kind   string // full, reduced, free or "" where unknown
	// Requires lists tariffs of which at least one place must be in the same order.
	Requires []TariffID
	Min, Max int // places per order; 0 is no bound
	Rank     int
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
	Topics                       []string
	SalePeriods                  []SalePeriod
	MinQuantity, MaxQuantity     int // places per order; 0 is no bound
	Performances                 []PerformanceID
	Items                        []Item
	Timeslots                    []Timeslot
	DateMandatory                bool // an item of this product needs a day of visit
}

// SalePeriod is when something sells, through which channel and for whom.
type SalePeriod struct {
	Start, End     time.Time // zero is open
	Channel        int64     // 0 is every channel
	SalePossible   bool
	Tariffs        []TariffID       // empty is all
	SeatCategories []SeatCategoryID // empty is all
}

// Item is what an undated product sells.
type Item struct {
	ID        ItemID
	Product   ProductID
	Code      string
	Name      domain.Text
	Prices    []ItemPrice
	Timeslots []TimeslotID // the slots it may be sold for; empty is none needed
}

// ItemPrice is what an item costs at a tariff. Price is what the buyer pays, fees included.
type ItemPrice struct {
	Tariff      TariffID
	Price, Fees domain.Money
	SalePeriods []SalePeriod
	Min, Max    int
}

// Timeslot is a time of day at which a pass admits, on each day of a range.
type Timeslot struct {
	ID       TimeslotID
	From     domain.Day // first day; empty is open
	Until    domain.Day // last day; empty is open
	Time     string     // local "10:30"
	Duration time.Duration
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
