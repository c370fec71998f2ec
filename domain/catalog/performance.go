package catalog

import (
	"time"

	"guichet/domain"
)

// Performance is one dated, admissible thing of an event.
type Performance struct {
	ID             PerformanceID
	Product        ProductID
	Code           string
	State          string // the platform's word; Running sells
	Name           domain.Text
	Start          time.Time // UTC; the venue's zone is Institution.TimeZone
	End            time.Time // zero where the platform gives no duration
	Venue          Venue
	Numbered       bool
	SeatCategories []SeatCategory
	Prices         []Price
	SalePeriods    []SalePeriod // when present they replace the product's
	MaxPerOrder    int          // 0 is no bound
	Image          string       // address of the performance's own picture

	ShortName, NameAddOn, Description domain.Text
	Kind, Type                        string   // the platform's words; "" where not given
	Language                          string   // of the visit or show, a language tag; "" where not given
	People                            []string // as Product.People
	Items                             []ItemID // items sold with it
	LogicalConfiguration              int64    // which places belong to which seat category and contingent; 0 is not given
	// NamedTickets: every place needs a holder's name. Isolated: single places may be left over between sold ones.
	NamedTickets, Isolated bool
	// Restricted are prices of levels that are not the public's.
	Restricted []Price
	Raw        []byte // as Product.Raw
}

// Venue is where it takes place. The site is the building, the space the hall in it.
type Venue struct {
	Code, SpaceCode       string
	Name, Space           domain.Text
	Street, Zip, Town     string
	Country               string // ISO 3166 alpha-2
	Image                 string // address of the venue's picture
	PhysicalConfiguration int64
}

// Configuration is a hall as it is set up: its parts, which an order may prefer, and how many places it may hold.
type Configuration struct {
	ID    int64 // Venue.PhysicalConfiguration
	Code  string
	Name  domain.Text
	Kind  string // the platform's word
	Gauge int    // 0 is not given
	Areas []Area
}

// Area is a part of a hall.
type Area struct {
	ID   AreaID
	Code string
}

// SeatCategory is a price zone of a performance.
type SeatCategory struct {
	ID    SeatCategoryID
	Code  string
	Name  domain.Text
	Color string // "#rrggbb" or empty
	Rank  int
}

// Price is what a place costs: seat category by tariff. Price is what the buyer pays, fees included.
type Price struct {
	SeatCategory SeatCategoryID // 0 is a performance without categories
	Tariff       TariffID
	Price, Fees  domain.Money
	Min, Max     int
	Level        PriceLevelID // 0 is none
	Charges      []Charge     // what Fees is the sum of
}
