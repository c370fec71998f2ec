package sample

import (
	"fmt"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// Code is the institution's.
const Code domain.InstitutionCode = "play"

// The platform's numbers of what the catalog has.
const (
	Season catalog.SeasonID = 11

	Hamlet  catalog.ProductID = 101 // a play
	Museum  catalog.ProductID = 102 // a dated pass with timeslots
	Booklet catalog.ProductID = 103 // goods

	Tonight  catalog.PerformanceID = 201 // of Hamlet, at 20:00 today
	Tomorrow catalog.PerformanceID = 202
	Past     catalog.PerformanceID = 203 // yesterday's

	Stalls  catalog.SeatCategoryID = 1001
	Balcony catalog.SeatCategoryID = 1002

	Full  catalog.TariffID = 601
	Child catalog.TariffID = 602 // needs a Full in the same order
	Group catalog.TariffID = 603 // from 10 places

	Visit     catalog.ItemID     = 301 // of Museum
	Programme catalog.ItemID     = 302 // of Booklet
	Morning   catalog.TimeslotID = 77  // 10:30 for an hour
	Afternoon catalog.TimeslotID = 78  // 15:00, only until the end of November
)

// Channel is the sales channel of the institution's point of sales.
const Channel int64 = 900

// Now is the moment around which everything stands: Saturday 21 November 2026, 9:00 UTC, 10:00 in Paris.
func Now() time.Time { return time.Date(2026, time.November, 21, 9, 0, 0, 0, time.UTC) }

// Clock stands still at Now.
func Clock() domain.Clock { return Now }

// Institution is the theatre.
func Institution() domain.Institution {
	return domain.Institution{
		Code: Code, Name: domain.Text{"fr": "Grand Théâtre", "en": "Grand Theatre"}, TimeZone: "Europe/Paris", Currency: "EUR",
		MainLanguage: "fr", Languages: []string{"fr", "en"},
		PointOfSales: domain.PointOfSales{ID: 400, Code: "RESELL", SalesChannelID: Channel, MaxPlaces: 12},
	}
}

// Euros is an amount in euros and cents.
func Euros(cents int64) domain.Money { return domain.Money{Amount: cents, Currency: "EUR"} }

// Venue is where the play is.
func Venue() catalog.Venue {
	return catalog.Venue{
		Code: "GT", SpaceCode: "GRANDE", Name: domain.Text{"fr": "Grand Théâtre"}, Space: domain.Text{"fr": "Grande salle", "en": "Main house"},
		Street: "4 place du Théâtre", Zip: "75002", Town: "Paris", Country: "FR", Image: "https://pictures.example/venue.jpg",
	}
}

// Snapshot is the theatre's catalog, indexed, as version 1.
func Snapshot() *catalog.Snapshot {
	now := Now()
	s := &catalog.Snapshot{
		Institution: Institution(), Version: 1, SetupStamp: "stamp-1", LoadedAt: now.Add(-time.Hour),
		Seasons: []catalog.Season{{ID: Season, Code: "2627", Name: domain.Text{"fr": "Saison 26/27"}, Start: now.AddDate(0, -3, 0), End: now.AddDate(0, 7, 0)}},
		Tariffs: []catalog.Tariff{
			{ID: Full, Season: Season, Code: "FULL", Name: domain.Text{"fr": "Plein tarif", "en": "Full price"}, Kind: "full", Rank: 1},
			{ID: Child, Season: Season, Code: "CHILD", Name: domain.Text{"fr": "Enfant", "en": "Child"}, Kind: "reduced", Requires: []catalog.TariffID{Full}, Rank: 2},
			{ID: Group, Season: Season, Code: "GROUP", Name: domain.Text{"fr": "Groupe", "en": "Group"}, Kind: "reduced", Min: 10, Rank: 3},
		},
		Products: []catalog.Product{
			{
				ID: Hamlet, Season: Season, Code: "HAMLET", Kind: catalog.KindEvent, State: catalog.Running,
				Name: domain.Text{"fr": "Hamlet", "en": "Hamlet"}, Images: map[string]string{"large": "https://pictures.example/hamlet.jpg"},
				Topics:      []catalog.Topic{{Code: "Drama"}},
				SalePeriods: []catalog.SalePeriod{{Start: now.AddDate(0, -1, 0), End: now.AddDate(0, 1, 0), Channel: Channel, SalePossible: true}},
			},
			museum(),
			{
				ID: Booklet, Season: Season, Code: "BOOK", Kind: catalog.KindGoods, State: catalog.Running, Name: domain.Text{"fr": "Programme"},
				MaxQuantity: 5,
				Items: []catalog.Item{{
					ID: Programme, Product: Booklet, Code: "PROG", Name: domain.Text{"fr": "Programme de salle"},
					Prices: []catalog.ItemPrice{{Tariff: Full, Price: Euros(800), Fees: Euros(0)}},
				}},
			},
		},
		Performances: []catalog.Performance{
			Performance(Tonight, time.Date(2026, time.November, 21, 19, 0, 0, 0, time.UTC)),
			Performance(Tomorrow, time.Date(2026, time.November, 22, 14, 0, 0, 0, time.UTC)),
			Performance(Past, time.Date(2026, time.November, 20, 19, 0, 0, 0, time.UTC)),
		},
	}
	s.Index()
	return s
}

func museum() catalog.Product {
	return catalog.Product{
		ID: Museum, Season: Season, Code: "VISIT", Kind: catalog.KindPass, State: catalog.Running,
		Name: domain.Text{"fr": "Visite des coulisses", "en": "Backstage tour"}, DateMandatory: true,
		Timeslots: []catalog.Timeslot{
			{ID: Morning, Time: "10:30", Duration: time.Hour},
			{ID: Afternoon, From: "2026-11-01", Until: "2026-11-30", Time: "15:00"},
		},
		Items: []catalog.Item{{
			ID: Visit, Product: Museum, Code: "TOUR", Name: domain.Text{"fr": "Visite guidée"}, Timeslots: []catalog.TimeslotID{Morning, Afternoon},
			Prices: []catalog.ItemPrice{
				{Tariff: Full, Price: Euros(1500), Fees: Euros(0), Max: 8},
				{Tariff: Child, Price: Euros(0), Fees: Euros(0)},
			},
		}},
	}
}

// Performance is one of Hamlet's, two hours long, with two seat categories and three tariffs.
func Performance(id catalog.PerformanceID, start time.Time) catalog.Performance {
	return catalog.Performance{
		ID: id, Product: Hamlet, Code: fmt.Sprintf("HAMLET-%d", id), State: catalog.Running, Start: start, End: start.Add(2 * time.Hour),
		Venue: Venue(), Numbered: true, MaxPerOrder: 15,
		SeatCategories: []catalog.SeatCategory{
			{ID: Stalls, Code: "CAT1", Name: domain.Text{"fr": "Orchestre", "en": "Stalls"}, Color: "#8c1c2e", Rank: 1},
			{ID: Balcony, Code: "CAT2", Name: domain.Text{"fr": "Balcon"}, Color: "#c98a2b", Rank: 2},
		},
		Prices: []catalog.Price{
			{SeatCategory: Stalls, Tariff: Full, Price: Euros(4200), Fees: Euros(200)},
			{SeatCategory: Stalls, Tariff: Child, Price: Euros(2100), Fees: Euros(200)},
			{SeatCategory: Stalls, Tariff: Group, Price: Euros(3500), Fees: Euros(200), Max: 40},
			{SeatCategory: Balcony, Tariff: Full, Price: Euros(2800), Fees: Euros(200), Min: 2},
		},
	}
}

// Readings are availabilities of everything to come, read at Now.
func Readings() []catalog.Reading {
	at := func(k catalog.Key, level catalog.Level, n int) catalog.Reading {
		return catalog.Reading{Key: k, Availability: catalog.Availability{Level: level, Count: n, Counted: true, PlatformLevel: string(level), AsOf: Now()}}
	}
	return []catalog.Reading{
		at(catalog.Key{Product: Hamlet, Performance: Tonight}, catalog.LevelLimited, 14),
		at(catalog.Key{Product: Hamlet, Performance: Tonight, SeatCategory: Stalls}, catalog.LevelSoldOut, 0),
		at(catalog.Key{Product: Hamlet, Performance: Tonight, SeatCategory: Balcony}, catalog.LevelLimited, 14),
		at(catalog.Key{Product: Hamlet, Performance: Tomorrow}, catalog.LevelGood, 400),
		at(catalog.Key{Product: Museum, Item: Visit, Timeslot: Morning, Day: "2026-11-22"}, catalog.LevelGood, 20),
		at(catalog.Key{Product: Booklet, Item: Programme}, catalog.LevelGood, 500),
	}
}

// View is the catalog with its availability, confirmed at Now.
func View() *catalog.View { return catalog.NewView(Snapshot(), Readings(), Now()) }

// Seats asks for places of tonight's play in the stalls at full price.
func Seats(n int) catalog.Want {
	return catalog.Want{Performance: Tonight, SeatCategory: Stalls, Tariff: Full, Quantity: n}
}

// Tour asks for places of tomorrow morning's tour at full price.
func Tour(n int) catalog.Want {
	return catalog.Want{Item: Visit, Tariff: Full, Day: "2026-11-22", Timeslot: Morning, Quantity: n}
}

// Many is a catalog of n performances of n/100 plays (one at least), one a day for each, with two categories and three
// tariffs; for benchmarks.
func Many(n int) *catalog.Snapshot {
	s := Snapshot()
	s.Products, s.Performances = nil, nil
	plays := max(n/100, 1)
	for i := range plays {
		p := Snapshot().Products[0]
		p.ID, p.Code = catalog.ProductID(10_000+i), fmt.Sprintf("PLAY%d", i)
		s.Products = append(s.Products, p)
	}
	for i := range n {
		p := Performance(catalog.PerformanceID(100_000+i), Now().AddDate(0, 0, 1+i/plays))
		p.Product = catalog.ProductID(10_000 + i%plays)
		s.Performances = append(s.Performances, p)
	}
	s.Index()
	return s
}
