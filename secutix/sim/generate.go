package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// WorldOptions says how large a generated world is.
type WorldOptions struct {
	Code         string // lower case; "" is "generated"
	Products     int    // 0 is one for every ten performances
	Performances int    // 0 is 2,000
	Seed         uint64 // decides names, prices and places; 0 is 1
}

// GenerateWorld makes a world of realistic size and texture: accents and three languages, sale periods that end in 2999, one
// product in two seasons, ids of 14 digits and of 9, codes that several things share, two price levels, charges inside
// prices, tariffs that require others, all nine kinds of product with what makes them sellable, matches, pictures, topics,
// advantages, links, additional states and sale periods of performances and channels. Performances begin the day after the base day and reach two years ahead, so that a
// third of them or so is always in sight. The same options and base day make the same world.
//
// [GeneratedWorld] is the plain one.
func GenerateWorld(o WorldOptions) World {
	if o.Code == "" {
		o.Code = "generated"
	}
	if o.Performances <= 0 {
		o.Performances = 2_000
	}
	if o.Products <= 0 {
		o.Products = max(o.Performances/10, 1)
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	label := strings.ToUpper(o.Code)
	return World{
		Code: o.Code, Operator: label + "_GUICHET", Partner: "Guichet", Secret: "generated-secret-" + o.Code, PartnerContact: "300",
		Contacts: []string{"40012"}, Name: Text{"fr": "Théâtres réunis " + label, "de": "Vereinigte Bühnen " + label, "en": "United Stages " + label},
		Currency: "CHF", TimeZone: "Europe/Zurich", Languages: []string{"fr", "de", "en"},
		PointOfSales: Coded{ID: 400_100_200, Code: "RESELL"}, SalesChannel: Coded{ID: 400_100_210, Code: "RS"},
		PaymentMethods: []PaymentMethod{
			{ID: 400_100_300, Code: "CASH", Type: "CASH", Name: Text{"fr": "Espèces"}, ForPayment: true, ForReimbursement: true},
			{ID: 400_100_301, Code: "PENDING", Type: pendingType, Name: Text{"fr": "Compte revendeur"}, ForPayment: true},
		},
		MaxSeats: 12, Address: Address{Street: "1, rue du Théâtre", Town: "Genève", Zip: "1204", Country: "CH"},
		VAT: map[string]int{}, Charges: []Charge{{Code: "FRAIS", Name: Text{"fr": "Frais de prévente"}, Amount: 2_000}},
		record: func(base time.Time) *recording { return generate(o, base) },
	}
}

// generator is the state of one generation.
type generator struct {
	o      WorldOptions
	base   time.Time
	places s360.List[s360.PhysicalConfiguration]
	open   s360.Date
}

// Numbers of generated things: the kind is part of the number, as in a real institution they never meet.
const (
	genSeason = iota
	genProduct
	genPerformance
	genPlace
	genLogical
	genCategory
	genSite
	genArea
	genItem
)

func genID(kind, n int) s360.ID { return s360.ID(10_300_000_000_001 + kind*10_000_000_000 + n) }

// Old things have short numbers.
const (
	genAudience = 501_000_001
	genTariff   = 601_000_001 // FULL, RED, CHILD, FAMILY
	genLevel    = 701_000_001 // PUBLIC, MEMBER
	genVAT      = 801_000_001
	genActivity = 901_000_001
	genCharge   = 110_100_001
)

func generate(o WorldOptions, base time.Time) *recording {
	g := &generator{o: o, base: base, open: s360.At(time.Date(2999, 12, 31, 23, 59, 0, 0, base.Location()))}
	for i := range max(o.Products/40, 3) {
		g.places = append(g.places, g.place(i))
	}
	year := base.Year()
	if base.Month() < time.September {
		year--
	}
	seasons := s360.List[s360.Season]{g.season(0, year), g.season(1, year+1)}
	first := 0
	for i := range o.Products {
		n := (i+1)*o.Performances/o.Products - first
		p := g.product(i, first, n)
		first += n
		switch {
		case i == 0 && n > 1: // the first is in both seasons, each with performances of its own
			again := g.product(i, 0, n)
			half := n / 2
			p.Event.Performances, again.Event.Performances = p.Event.Performances[:half], again.Event.Performances[half:]
			again.SeasonID = seasons[1].ID
			seasons[1].Products = append(seasons[1].Products, again)
			seasons[0].Products = append(seasons[0].Products, p)
		case i%5 == 4:
			p.SeasonID, p.Code = seasons[1].ID, seasons[0].Products[0].Code[:1]+p.Code[1:]
			seasons[1].Products = append(seasons[1].Products, p)
		default:
			seasons[0].Products = append(seasons[0].Products, p)
		}
	}
	events := seasons[0].Products
	for i := range 3 {
		seasons[0].Products = append(seasons[0].Products, g.goods(i))
	}
	for n := range g.genKinds() {
		seasons[0].Products = append(seasons[0].Products, g.others(n, events)...)
	}
	for i := range seasons {
		seasons[i].Advantages = g.advantages(events)
	}
	r := &recording{charges: map[string]int64{"FRAIS": genCharge}, catalog: &s360.CatalogData{Seasons: seasons, PhysicalConfigurations: g.places}}
	for i := range 5 {
		p := g.product(o.Products+i, 0, 0)
		p.State = []string{s360.StatePreparing, s360.StateValidated}[i%2]
		r.unlisted = append(r.unlisted, p)
	}
	return r
}

// chance is a number below n that follows from the seed and what it is for.
func (g *generator) chance(n int, of ...uint64) int {
	return int(mix(append(of, g.o.Seed)...) % uint64(n))
}

func texts(fr, de, en string) *s360.ExternalName {
	return &s360.ExternalName{Translations: s360.List[s360.Translation]{{Locale: "fr", Value: fr}, {Locale: "de", Value: de}, {Locale: "en", Value: en}}}
}

func (g *generator) season(i, year int) s360.Season {
	loc := g.base.Location()
	label := fmt.Sprintf("%d/%02d", year, (year+1)%100)
	s := s360.Season{
		ID: genID(genSeason, i), Code: fmt.Sprintf("%02d%02d", year%100, (year+1)%100), State: s360.StateRunning,
		Start: s360.At(time.Date(year, time.September, 1, 0, 0, 0, 0, loc)), End: s360.At(time.Date(year+1+i, time.August, 31, 23, 59, 0, 0, loc)),
		ExternalName: texts("Saison "+label, "Spielzeit "+label, "Season "+label),
		PriceLevels: s360.List[s360.PriceLevel]{
			{ID: genLevel, Code: "PUBLIC", MainCategory: "OCCASIONAL"}, {ID: genLevel + 1, Code: "AMIS", MainCategory: "MEMBER"},
		},
	}
	four := s360.Int(4)
	s.AudienceCategories = s360.List[s360.AudienceCategory]{{
		ID: genAudience, Code: "IND", MainCategory: "OCCASIONAL", SecondaryCategory: "INDIVIDUAL", ExternalName: texts("Visiteurs seuls", "Einzelpersonen", "Individuals"),
		AudienceSubCategories: s360.List[s360.AudienceSubCategory]{
			{ID: genTariff, Code: "PLEIN", ExternalName: texts("Plein tarif", "Normalpreis", "Full price"), AudienceCategoryID: genAudience, AudienceCategoryKind: "FULL", Rank: 1},
			{
				ID: genTariff + 1, Code: "REDUIT", ExternalName: texts("Réduit – étudiants, AVS", "Ermässigt – Studierende, AHV", "Reduced"),
				AudienceCategoryID: genAudience, AudienceCategoryKind: "REDUCED", Rank: 2,
			},
			{
				ID: genTariff + 2, Code: "ENFANT", ExternalName: texts("Enfant accompagné", "Kind in Begleitung", "Accompanied child"), AudienceCategoryID: genAudience,
				AudienceCategoryKind: "REDUCED", RequiredAudienceSubCategoryIDs: s360.List[s360.ID]{genTariff, genTariff + 1}, Rank: 3,
			},
			{
				ID: genTariff + 3, Code: "FAMILLE", ExternalName: texts("Famille, dès 4", "Familie, ab 4", "Family, from 4"), AudienceCategoryID: genAudience,
				AudienceCategoryKind: "REDUCED", MinQuantity: &four, Rank: 4,
			},
		},
	}}
	return s
}

var genTowns = []string{"Genève", "Zürich", "Neuchâtel", "Fribourg", "Bâle", "Sion", "Lausanne"}

func (g *generator) place(i int) s360.PhysicalConfiguration {
	town := genTowns[i%len(genTowns)]
	gauge := 80 + 20*g.chance(60, 1, uint64(i))
	name := texts("Salle "+strconv.Itoa(i+1)+" de "+town, "Saal "+strconv.Itoa(i+1)+" in "+town, "Hall "+strconv.Itoa(i+1)+" in "+town)
	return s360.PhysicalConfiguration{
		ID: genID(genPlace, i), Code: fmt.Sprintf("PC%d", i+1), ExternalName: name,
		SiteID: genID(genSite, i%len(genTowns)), SiteCode: fmt.Sprintf("SITE%d", i%len(genTowns)), SiteExternalName: texts("Théâtre de "+town, "Theater "+town, town+" Theatre"),
		SpaceID: genID(genSite, 1000+i), SpaceCode: "GRANDE", SpaceExternalName: name, // the code is shared
		CountryCode: "CH", Street: "1, rue de l'Hôtel-de-Ville", Town: town, Zipcode: strconv.Itoa(1200 + i%700),
		PhysicalGauge: integer(gauge), SecurityGauge: integer(gauge), Kind: "NUMBERED",
		Areas: s360.List[s360.Area]{{ID: genID(genArea, 2*i), Code: "PARTERRE"}, {ID: genID(genArea, 2*i+1), Code: "BALCON"}},
	}
}

var (
	genNouns = []string{"La Traversée", "L'Été", "Éclats", "Le Naufragé", "Les Sœurs", "Contes d'hiver", "Où es-tu", "La Forêt", "Ça ira", "Noël à"}
	genWords = []string{"des âmes", "du Rhône", "sans façon", "de Genève", "à minuit", "d'Éléonore", "aux étoiles", "en ré mineur", "de l'île", "retrouvé"}
)

func (g *generator) product(i, first, n int) s360.Product {
	name := genNouns[g.chance(len(genNouns), 2, uint64(i))] + " " + genWords[g.chance(len(genWords), 3, uint64(i))]
	number := strconv.Itoa(i + 1)
	pc := &g.places[i%len(g.places)]
	p := s360.Product{
		ID: genID(genProduct, i), SeasonID: genID(genSeason, 0), Code: "S" + number, ProductFamilyType: s360.FamilySingleEntry,
		ProductFamilySubType: "SIMPLE_TICKET", AudienceType: "ALL", State: s360.StateRunning,
		ExternalName:        texts(name, name+" («"+number+"»)", name+" (no. "+number+")"),
		ExternalDescription: texts("« "+name+" » : une soirée à ne pas manquer, dès 7 ans.", "Ein Abend, den man nicht versäumen darf – für alle ab 7.", "An evening not to be missed."),
		VatCodeID:           s360.ID(genVAT + i%2), SalePeriods: g.salePeriods(),
		Event: &s360.Event{
			ActivityID: s360.ID(genActivity + i%6), ActivityCode: "ACT" + strconv.Itoa(i%6), ActivityType: "LIVE_SPECT", AlertRatio: "20.000",
		},
	}
	for k := range n {
		p.Event.Performances = append(p.Event.Performances, g.performance(i, first+k, k, pc))
	}
	g.texture(&p, i)
	return p
}

func (g *generator) salePeriods() s360.List[s360.SalePeriod] {
	from := s360.At(g.base.AddDate(0, 0, -60).Add(10 * time.Hour))
	return s360.List[s360.SalePeriod]{
		{Start: from, End: g.open, SalesChannelID: 400_100_210, SalesChannelCode: "RS", SalePossible: true, Type: "STANDARD"},
		{Start: from, End: g.open, SalesChannelID: 400_100_211, SalesChannelCode: "DESK", SalePossible: true, ReservationPossible: true, Type: "STANDARD"},
	}
}

// performance makes the k-th of product i, the n-th of all.
func (g *generator) performance(i, n, k int, pc *s360.PhysicalConfiguration) s360.Performance {
	day := 1 + (i*13+k*3)%700
	hour := []int{11, 14, 17, 19, 20}[g.chance(5, 4, uint64(n))]
	start := time.Date(g.base.Year(), g.base.Month(), g.base.Day()+day, hour, 30, 0, 0, g.base.Location())
	w := s360.Performance{
		ID: genID(genPerformance, n), Code: "S" + strconv.Itoa(i+1), State: s360.StateRunning, Start: s360.At(start), Duration: integer(5400 + 900*(i%5)),
		PhysicalConfigurationID: pc.ID, LogicalConfigurationID: genID(genLogical, i%len(g.places)), RateTypeCode: "STD",
		SpaceID: pc.SpaceID, SpaceCode: pc.SpaceCode, SiteCode: pc.SiteCode,
		Numbered: boolean(i%4 != 3), MaxSeatsPerOrder: integer(12), SeatSelectionMode: "AUTOMATIC",
	}
	switch {
	case n%97 == 96:
		w.State = s360.StateSuspended
	case n%211 == 210:
		w.State = s360.StateCanceled
	}
	top := int64(30_000 + 1_000*g.chance(90, 5, uint64(i)))
	for c := range 2 + i%4/3 {
		id := genID(genCategory, (i%len(g.places))*10+c)
		w.SeatCategories = append(w.SeatCategories, s360.SeatCategory{
			ID: id, Code: "CAT" + strconv.Itoa(c+1), ExternalName: texts(strconv.Itoa(c+1)+"ᵉ catégorie", strconv.Itoa(c+1)+". Kategorie", "Category "+strconv.Itoa(c+1)),
			Rank: s360.Int(c + 1), BgColor: "#336699",
		})
		for t, percent := range []int64{100, 75, 50, 60} {
			pr := s360.Price{
				SeatCatID: id, AudSubCatID: s360.ID(genTariff + t), PriceLevelID: genLevel, Amount: amount(top*percent/100/500*500 + 2_000),
				ChargesAmounts: s360.List[s360.ChargeAmount]{{ChargesID: genCharge, Component: "FRAIS", Amount: amount(2_000)}},
			}
			w.Prices = append(w.Prices, pr)
			if t == 0 {
				pr.PriceLevelID, pr.Amount = genLevel+1, amount(top*90/100/500*500+2_000)
				w.Prices = append(w.Prices, pr)
			}
		}
		top = top * 70 / 100
	}
	return w
}

// goods is a product without performances.
func (g *generator) goods(i int) s360.Product {
	name := texts("Programme n° "+strconv.Itoa(i+1), "Programmheft "+strconv.Itoa(i+1), "Programme "+strconv.Itoa(i+1))
	return s360.Product{
		ID: genID(genProduct, 9_000_000+i), SeasonID: genID(genSeason, 0), Code: "PROG" + strconv.Itoa(i+1), ProductFamilyType: s360.FamilyGoods, State: s360.StateRunning,
		AudienceType: "ALL", ExternalName: name, VatCodeID: genVAT, SalePeriods: g.salePeriods(),
		Goods: &s360.ItemProduct{Items: s360.List[s360.Item]{{
			ItemID: genID(genItem, i), Code: "PROG", Rank: 1, ExternalName: name,
			ItemPrices: s360.List[s360.ItemPrice]{{Amount: amount(int64(8_000 + 1_000*i)), AudSubCatID: genTariff, PriceLevelID: genLevel}},
		}}},
	}
}
