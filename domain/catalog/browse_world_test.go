package catalog_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/catalog"
)

// written is a text with what it is folded to, said by hand.
type written struct{ text, folded string }

// The words of the worlds below. No two are within two edits of each other, nor of each other's beginnings.
var (
	titles = []written{
		{"Été", "ete"},
		{"Straßenfest", "strassenfest"},
		{"Œdipe", "oedipe"},
		{"שָׁלוֹם", "שלומ"},
		{"أَلْف ليلة", "الف ليله"},
		{"Ναβουχοδονόσορ", "ναβουχοδονοσορ"},
		{"Ёлка", "елка"},
		{"Carmina", "carmina"},
		{"Zauberwald", "zauberwald"},
		{"HAMLET", "hamlet"},
		{"Łódź", "lodz"},
	}
	places = []written{{"Grand Théâtre", "grand theatre"}, {"Opéra", "opera"}, {"", ""}}
	towns  = []written{{"Saint-Étienne", "saint-etienne"}, {"Lyon", "lyon"}, {"", ""}}
	topics = []catalog.Topic{
		{Code: "DRAMA", Name: domain.Text{"fr": "Théâtre", "en": "Drama"}},
		{Code: "Música", Name: domain.Text{"es": "Música", "fr": "Musique"}},
		{Code: "kids", Name: domain.Text{"fr": "Drama"}},
	}
	people = []string{"Ada Byron", "Noël Quint"}
)

// zones are places whose clocks are changed, with moments near a change; St. John's once set its clock back over midnight.
var zones = []struct {
	name string
	near time.Time
}{
	{"Europe/Paris", time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)},
	{"Europe/Paris", time.Date(2027, 3, 28, 0, 30, 0, 0, time.UTC)},
	{"America/New_York", time.Date(2026, 11, 1, 5, 30, 0, 0, time.UTC)},
	{"America/New_York", time.Date(2027, 3, 14, 6, 30, 0, 0, time.UTC)},
	{"Asia/Kathmandu", time.Date(2026, 12, 31, 18, 0, 0, 0, time.UTC)},
	{"America/St_Johns", time.Date(2010, 11, 7, 2, 31, 0, 0, time.UTC)},
}

func oneOf[T any](t *rapid.T, label string, all ...T) T { return rapid.SampledFrom(all).Draw(t, label) }

// chance is true once in n.
func chance(t *rapid.T, label string, n int) bool { return rapid.IntRange(1, n).Draw(t, label) == 1 }

func title(t *rapid.T) domain.Text {
	text := domain.Text{}
	for _, lang := range []string{"fr", "en", "ar"} {
		if rapid.Bool().Draw(t, lang) {
			text[lang] = oneOf(t, "title", titles...).text
			if chance(t, "two titles", 3) {
				text[lang] += " " + oneOf(t, "title", titles...).text
			}
		}
	}
	return text
}

func moment(t *rapid.T, near time.Time, hours int) time.Time {
	return near.Add(time.Duration(rapid.IntRange(-hours*4, hours*4).Draw(t, "quarters")) * 15 * time.Minute)
}

func salePeriods(t *rapid.T, near time.Time) []catalog.SalePeriod {
	list := make([]catalog.SalePeriod, rapid.IntRange(0, 2).Draw(t, "periods"))
	for i := range list {
		p := &list[i]
		p.SalePossible, p.Channel = !chance(t, "impossible", 5), oneOf[int64](t, "channel", 0, 0, 9, 8)
		if rapid.Bool().Draw(t, "starts") {
			p.Start = moment(t, near, 40)
		}
		if rapid.Bool().Draw(t, "ends") {
			p.End = moment(t, near, 40)
		}
		if chance(t, "relative", 3) {
			p.Relative, p.EndRelative = true, time.Duration(rapid.IntRange(0, 20).Draw(t, "before"))*time.Hour
		}
		if chance(t, "for a tariff", 4) {
			p.Tariffs = []catalog.TariffID{oneOf[catalog.TariffID](t, "tariff", 1, 2)}
		}
	}
	return list
}

func euros(t *rapid.T) domain.Money {
	return domain.Money{Amount: oneOf[int64](t, "amount", 0, 500, 1000, 2000, 2000), Currency: "EUR"}
}

// world is any small catalog around a moment, with something said of what is left.
func world(t *rapid.T, code domain.InstitutionCode) (v *catalog.View, near time.Time) {
	z := rapid.SampledFrom(zones).Draw(t, "zone")
	near = z.near
	s := &catalog.Snapshot{
		Institution: domain.Institution{
			Code: code, TimeZone: z.name, MainLanguage: "fr", Currency: "EUR", PointOfSales: domain.PointOfSales{SalesChannelID: 9},
		},
		Seasons: []catalog.Season{{ID: 1, Code: "2526"}, {ID: 2, Code: "2627", Name: domain.Text{"fr": "Saison"}}, {ID: 2627, Code: "2"}, {ID: 7, Code: "sept"}},
	}
	if rapid.Bool().Draw(t, "loaded") {
		s.LoadedAt = moment(t, near, 40)
	}
	states := []string{catalog.Running, catalog.Running, catalog.Running, "SUSPENDED"}
	for i := range rapid.IntRange(0, 7).Draw(t, "products") {
		p := catalog.Product{
			ID: catalog.ProductID(i + 1), Code: oneOf(t, "code", "AA", "BB", "CC"), Kind: oneOf(t, "kind", catalog.KindEvent, catalog.KindPass, catalog.KindGoods, catalog.KindPackage),
			State: oneOf(t, "state", states...), Season: oneOf[catalog.SeasonID](t, "season", 1, 2, 2627, 7, 99),
			Name: title(t), Topics: slices.Clone(rapid.SampledFrom([][]catalog.Topic{nil, topics[:1], topics[:2], topics[1:], topics}).Draw(t, "topics")),
			SalePeriods: salePeriods(t, near), DateMandatory: rapid.Bool().Draw(t, "mandatory"),
		}
		if chance(t, "two seasons", 2) {
			p.OtherSeasons = []catalog.SeasonID{oneOf[catalog.SeasonID](t, "other season", 1, 2)}
		}
		if rapid.Bool().Draw(t, "described") {
			p.Description, p.People = title(t), []string{oneOf(t, "person", people...)}
		}
		for j := range rapid.IntRange(0, 2).Draw(t, "items") {
			it := catalog.Item{ID: catalog.ItemID(10*i + j + 1), Product: p.ID, Name: title(t)}
			for range rapid.IntRange(0, 2).Draw(t, "prices") {
				it.Prices = append(it.Prices, catalog.ItemPrice{Tariff: oneOf[catalog.TariffID](t, "tariff", 1, 2), Price: euros(t), SalePeriods: salePeriods(t, near)})
			}
			p.Items = append(p.Items, it)
		}
		for range rapid.IntRange(0, 2).Draw(t, "slots") {
			slot := catalog.Timeslot{Time: "10:30"}
			if rapid.Bool().Draw(t, "from") {
				slot.From = domain.DayOf(moment(t, near, 60))
			}
			if rapid.Bool().Draw(t, "until") {
				slot.Until = domain.DayOf(moment(t, near, 60))
			}
			p.Timeslots = append(p.Timeslots, slot)
		}
		s.Products = append(s.Products, p)
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "performances") {
		if len(s.Products) == 0 {
			break
		}
		s.Performances = append(s.Performances, performance(t, catalog.PerformanceID(i+1), s, near))
	}
	s.Index()
	v = catalog.NewView(s, readings(t, s), near)
	if rapid.Bool().Draw(t, "more readings") {
		v = v.With(readings(t, s), near)
	}
	return v, near
}

func performance(t *rapid.T, id catalog.PerformanceID, s *catalog.Snapshot, near time.Time) catalog.Performance {
	prod := &s.Products[rapid.IntRange(0, len(s.Products)-1).Draw(t, "of")]
	place := oneOf(t, "place", places...)
	p := catalog.Performance{
		ID: id, Product: prod.ID, State: oneOf(t, "state", catalog.Running, catalog.Running, "CANCELLED"), Start: moment(t, near, 30),
		Numbered: rapid.Bool().Draw(t, "numbered"), SalePeriods: salePeriods(t, near), Name: prod.Name,
		Venue: catalog.Venue{Code: place.text, Name: domain.Text{"fr": place.text}, Town: oneOf(t, "town", towns...).text},
	}
	if rapid.Bool().Draw(t, "end") {
		p.End = p.Start.Add(2 * time.Hour)
	}
	if rapid.Bool().Draw(t, "own name") {
		p.Name, p.People = title(t), []string{oneOf(t, "person", people...)}
	}
	for range rapid.IntRange(0, 3).Draw(t, "prices") {
		p.Prices = append(p.Prices, catalog.Price{Tariff: oneOf[catalog.TariffID](t, "tariff", 1, 2), Price: euros(t)})
	}
	return p
}

func readings(t *rapid.T, s *catalog.Snapshot) []catalog.Reading {
	var out []catalog.Reading
	level := func() catalog.Availability {
		return catalog.Availability{Level: oneOf(t, "level", catalog.LevelGood, catalog.LevelSoldOut, catalog.LevelNotOnSale, catalog.LevelUnknown)}
	}
	for i := range s.Performances {
		if chance(t, "read", 2) {
			p := &s.Performances[i]
			out = append(out, catalog.Reading{Key: catalog.Key{Product: p.Product, Performance: p.ID}, Availability: level()},
				catalog.Reading{Key: catalog.Key{Product: p.Product, Performance: p.ID, SeatCategory: 5}, Availability: level()})
		}
	}
	for i := range s.Products {
		p := &s.Products[i]
		for j := range p.Items {
			if chance(t, "read", 2) {
				out = append(out, catalog.Reading{Key: catalog.Key{Product: p.ID, Item: p.Items[j].ID}, Availability: level()})
			}
		}
	}
	return out
}

// asks is any question to such a world.
func asks(t *rapid.T, near time.Time) catalog.Ask {
	a := catalog.Ask{Sort: oneOf(t, "sort", append(catalog.Sorts(), "")...), Limit: rapid.IntRange(1, 6).Draw(t, "limit"), Facets: catalog.FacetsAll(), Confidence: sure}
	a.Languages = rapid.SampledFrom([][]string{nil, {"en"}, {"ar", "en"}, {"en-gb", "xx"}, {"fr"}}).Draw(t, "languages")
	if chance(t, "kinds", 3) {
		a.Kinds = rapid.SampledFrom([][]catalog.Kind{{catalog.KindEvent}, {catalog.KindPass, catalog.KindGoods}, {catalog.KindTransport}}).Draw(t, "kinds")
	}
	if chance(t, "words", 3) {
		a.Words = oneOf(t, "words", "ete", "É", "strassen", "Straßenfest", "oedi", "שלום", "الف", "ΝΑΒΟΥ", "елка", "carm", "ZAUBERWALD", "lod ha", "hamlet opera", "lyon", "grand theatre",
			"byron", "noe", "drama", "aa", "musique ham", "théâtre théâtre")
	}
	if chance(t, "topic", 4) {
		a.Topic = oneOf(t, "topic", "drama", "DRAMA", "musica", "Théatre", "nothing")
	}
	if chance(t, "venue", 4) {
		a.Venue = oneOf(t, "venue", "opera", "GRAND théâtre", "nowhere")
	}
	if chance(t, "town", 4) {
		a.Town = oneOf(t, "town", "SAINT-ETIENNE", "lyon", "nowhere")
	}
	if chance(t, "season", 4) {
		a.Season = oneOf(t, "season", "2526", "SEPT", "2627", "2", "7", "99", "one-7", "nothing")
	}
	if chance(t, "product", 6) {
		a.Product = catalog.ProductID(rapid.IntRange(1, 9).Draw(t, "product"))
	}
	if chance(t, "from", 4) {
		a.From = domain.DayOf(moment(t, near, 50))
	}
	if chance(t, "to", 4) {
		a.To = domain.DayOf(moment(t, near, 50))
	}
	if chance(t, "numbered", 4) {
		a.Numbered = new(bool)
		*a.Numbered = rapid.Bool().Draw(t, "with numbers")
	}
	a.OnSale, a.Available = chance(t, "on sale", 4), chance(t, "available", 4)
	if chance(t, "price", 4) {
		most := oneOf[int64](t, "most", 0, 400, 1000, 5000)
		a.PriceMax = &most
	}
	return a
}

// sure is a confidence in which many tie.
func sure(_ *catalog.View, p *catalog.Performance) int { return int(p.ID*7) % 4 }
