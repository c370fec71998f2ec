package catalog

import (
	"slices"
	"time"

	"guichet/domain"
)

// Want is one line a buyer asks for.
type Want struct {
	Performance  PerformanceID // or
	Item         ItemID
	SeatCategory SeatCategoryID
	Tariff       TariffID
	Day          domain.Day
	Timeslot     TimeslotID
	Quantity     int
}

// Quote is what the catalog says of a set of wants: one line each, and the sum.
type Quote struct {
	Lines []QuoteLine
	Total domain.Money
}

// QuoteLine is one want, found in the catalog and priced.
type QuoteLine struct {
	Product ProductID
	Unit    domain.Money
	Facts   Facts
}

// Facts are the names and times of what a line sells, as they go on a ticket.
type Facts struct {
	ProductName, PerformanceName domain.Text
	ProductCode                  string
	Kind                         Kind
	Start, End                   time.Time // zero for undated things
	Day                          domain.Day
	Slot                         string // local "10:30" for timed entry
	TimeZone                     string
	Venue                        Venue
	Numbered                     bool
	SeatCategoryName             domain.Text
	SeatCategoryCode, Color      string
	TariffName                   domain.Text
	TariffCode                   string
	Image                        string // the picture nearest to the performance: its own, the product's, the venue's
}

// Period returns the sale period that makes something sellable now through the channel, for the tariff and category
// (0: not asked), or nil. A performance's periods replace its product's when it has any.
func period(periods []SalePeriod, channel int64, tariff TariffID, cat SeatCategoryID, now time.Time) *SalePeriod {
	for i := range periods {
		p := &periods[i]
		switch {
		case !p.SalePossible,
			p.Channel != 0 && channel != 0 && p.Channel != channel,
			!p.Start.IsZero() && now.Before(p.Start),
			!p.End.IsZero() && !now.Before(p.End),
			tariff != 0 && len(p.Tariffs) > 0 && !slices.Contains(p.Tariffs, tariff),
			cat != 0 && len(p.SeatCategories) > 0 && !slices.Contains(p.SeatCategories, cat):
			continue
		}
		return p
	}
	return nil
}
