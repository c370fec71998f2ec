package api

import (
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

// noon is when the tests take place.
var noon = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)

// Ids of the theatre's things, as they stand in its catalog.
const (
	hamlet      = "play-101"
	hamletFirst = "play-201"
	hamletLate  = "play-202"
	hamletOver  = "play-203"
	zoe         = "play-102"
	zoeOnly     = "play-204"
	pass        = "play-103"
	passItem    = "play-61001"
	mug         = "play-104"
	mugItem     = "play-61002"
	gameOnly    = "arena-401"
)

func eur(amount int64) domain.Money { return domain.Money{Amount: amount, Currency: "EUR"} }

func named(fr, en string) domain.Text { return domain.Text{"fr": fr, "en": en} }

// theatre is a small catalog with everything that the API shows: two plays, a museum pass with timeslots, goods.
func theatre() *catalog.Snapshot {
	inst := domain.Institution{
		Code: "play", Name: named("Théâtre du Lac", "Lake Theatre"), TimeZone: "Europe/Paris", Currency: "EUR", MainLanguage: "fr",
		Languages: []string{"fr", "en"}, PointOfSales: domain.PointOfSales{ID: 7, Code: "WEB", SalesChannelID: 3, MaxPlaces: 10},
	}
	main := catalog.Venue{Code: "MAIN", SpaceCode: "BIG", Name: named("Grand Théâtre", "Grand Theatre"), Space: named("Grande salle", "Big hall"), Street: "1, quai du Lac", Zip: "69000", Town: "Lyon", Country: "FR"}
	small := catalog.Venue{Code: "STUDIO", Name: named("Studio", "Studio"), Town: "Villeurbanne", Country: "FR"}
	cats := []catalog.SeatCategory{
		{ID: 1001, Code: "CAT1", Name: named("Catégorie 1", "Category 1"), Color: "#cc3333", Rank: 1},
		{ID: 1002, Code: "CAT2", Name: named("Catégorie 2", "Category 2"), Rank: 2},
	}
	prices := []catalog.Price{
		{SeatCategory: 1001, Tariff: 601, Price: eur(4200), Fees: eur(200)},
		{SeatCategory: 1001, Tariff: 602, Price: eur(2100), Fees: eur(200)},
		{SeatCategory: 1002, Tariff: 601, Price: eur(3000), Fees: eur(200), Max: 4},
	}
	day := func(m time.Month, d, h int) time.Time { return time.Date(2026, m, d, h, 0, 0, 0, time.UTC) }
	return &catalog.Snapshot{
		Institution: inst, SetupStamp: "s1",
		Seasons: []catalog.Season{{ID: 1, Code: "2627", Name: named("Saison 26/27", "Season 26/27")}},
		Tariffs: []catalog.Tariff{
			{ID: 601, Season: 1, Code: "FULL", Name: named("Plein tarif", "Full price"), Kind: "full", Rank: 1},
			{ID: 602, Season: 1, Code: "CHILD", Name: named("Enfant", "Child"), Kind: "reduced", Requires: []catalog.TariffID{601}, Rank: 2, Max: 3},
		},
		Products: []catalog.Product{
			{
				ID: 101, Season: 1, Code: "HAMLET", Kind: catalog.KindEvent, State: catalog.Running, Name: named("Hamlet", "Hamlet"),
				ShortName: named("Hamlet", ""), Description: named("Une tragédie <de Shakespeare>.", "A tragedy <by Shakespeare>."),
				Images: map[string]string{"large": "https://img.example/hamlet.jpg"}, Topics: []catalog.Topic{{Code: "Drama"}}, MinQuantity: 1, MaxQuantity: 8,
			},
			{ID: 102, Season: 1, Code: "ZOE", Kind: catalog.KindEvent, State: catalog.Running, Name: named("Zoé à l'été", "Zoe in Summer"), Topics: []catalog.Topic{{Code: "Comedy"}, {Code: "Drama"}}},
			{
				ID: 103, Season: 1, Code: "PASS", Kind: catalog.KindPass, State: catalog.Running, Name: named("Billet musée", "Museum ticket"), DateMandatory: true,
				Items:     []catalog.Item{{ID: 61001, Product: 103, Code: "VISIT", Name: named("Visite", "Visit"), Timeslots: []catalog.TimeslotID{77}, Prices: []catalog.ItemPrice{{Tariff: 601, Price: eur(1500)}}}},
				Timeslots: []catalog.Timeslot{{ID: 77, From: "2026-09-01", Until: "2026-12-31", Time: "10:30", Duration: 90 * time.Minute}},
			},
			{
				ID: 104, Season: 1, Code: "MUG", Kind: catalog.KindGoods, State: catalog.Running, Name: domain.Text{"fr": "Tasse"},
				Items: []catalog.Item{{ID: 61002, Product: 104, Code: "MUG", Name: domain.Text{"fr": "Tasse"}, Prices: []catalog.ItemPrice{{Tariff: 601, Price: eur(900)}}}},
			},
		},
		Performances: []catalog.Performance{
			{ID: 201, Product: 101, Code: "H1", State: catalog.Running, Start: day(10, 3, 18), End: day(10, 3, 21), Venue: main, Numbered: true, SeatCategories: cats, Prices: prices},
			{
				ID: 202, Product: 101, Code: "H2", State: catalog.Running, Start: day(11, 24, 19), Venue: main, Numbered: true, SeatCategories: cats, Prices: prices,
				SalePeriods: []catalog.SalePeriod{{Start: day(10, 1, 8), SalePossible: true}},
			},
			{ID: 203, Product: 101, Code: "H0", State: catalog.Running, Start: day(8, 1, 18), Venue: main, Numbered: true, SeatCategories: cats, Prices: prices},
			{
				ID: 204, Product: 102, Code: "Z1", State: catalog.Running, Name: named("Première", "Opening night"), Start: day(9, 30, 22), Venue: small,
				Prices: []catalog.Price{{Tariff: 601, Price: eur(1200)}},
			},
		},
		Refused: []catalog.Refusal{{Product: 105, Code: "price.fraction", Detail: "a price is no whole cent"}},
	}
}

// arena is the other institution: one game in dollars.
func arena() *catalog.Snapshot {
	inst := domain.Institution{
		Code: "arena", Name: domain.Text{"en": "Arena"}, TimeZone: "America/New_York", Currency: "USD", MainLanguage: "en", Languages: []string{"en"},
		PointOfSales: domain.PointOfSales{ID: 8, SalesChannelID: 3, Test: true},
	}
	return &catalog.Snapshot{
		Institution: inst, SetupStamp: "s1",
		Tariffs:  []catalog.Tariff{{ID: 901, Code: "ADULT", Name: domain.Text{"en": "Adult"}, Kind: "full"}},
		Products: []catalog.Product{{ID: 301, Code: "GAME", Kind: catalog.KindEvent, State: catalog.Running, Name: domain.Text{"en": "Home game"}}},
		Performances: []catalog.Performance{{
			ID: 401, Product: 301, Code: "G1", State: catalog.Running, Start: time.Date(2026, 10, 3, 23, 30, 0, 0, time.UTC),
			Venue:  catalog.Venue{Code: "BOWL", Name: domain.Text{"en": "Bowl"}, Town: "Albany", Country: "US"},
			Prices: []catalog.Price{{Tariff: 901, Price: domain.Money{Amount: 5000, Currency: "USD"}, Fees: domain.Money{Amount: 500, Currency: "USD"}}},
		}},
	}
}

// readings is what is left of it.
func readings(code domain.InstitutionCode, at time.Time) []catalog.Reading {
	if code != "play" {
		return nil
	}
	counted := func(l catalog.Level, n int, word string) catalog.Availability {
		return catalog.Availability{Level: l, Count: n, Counted: true, PlatformLevel: word, AsOf: at}
	}
	return []catalog.Reading{
		{Key: catalog.Key{Product: 101, Performance: 201}, Availability: counted(catalog.LevelLimited, 14, "ORANGE")},
		{Key: catalog.Key{Product: 101, Performance: 201, SeatCategory: 1001}, Availability: counted(catalog.LevelLimited, 14, "ORANGE")},
		{Key: catalog.Key{Product: 101, Performance: 201, SeatCategory: 1002}, Availability: counted(catalog.LevelSoldOut, 0, "RED")},
		{Key: catalog.Key{Product: 101, Performance: 202}, Availability: catalog.Availability{Level: catalog.LevelGood, PlatformLevel: "GREEN", AsOf: at}},
		{Key: catalog.Key{Product: 102, Performance: 204}, Availability: counted(catalog.LevelSoldOut, 0, "RED")},
		{Key: catalog.Key{Product: 103, Item: 61001, Timeslot: 77, Day: "2026-10-04"}, Availability: counted(catalog.LevelGood, 40, "GREEN")},
		{Key: catalog.Key{Product: 103}, Availability: catalog.Availability{Level: catalog.LevelGood, PlatformLevel: "GREEN", AsOf: at}},
	}
}
