package sim

import (
	"fmt"
	"strconv"
	"time"

	"guichet/secutix/s360"
)

// genOther is the first number of generated products without performances, genLine of the lines and links in products.
const (
	genOther = 9_100_000
	genLine  = 5_000_000
)

// genKinds are how many of each other kind a generated world has: one for every 400 events and at least one.
func (g *generator) genKinds() int { return max(g.o.Products/400, 1) }

// other is the frame of a generated product that is not an event: the n-th of its kind.
func (g *generator) other(kind, n int, family, subFamily, fr, de, en string) s360.Product {
	number := strconv.Itoa(n + 1)
	i := genOther + 100_000*kind + n
	p := s360.Product{
		ID: genID(genProduct, i), SeasonID: genID(genSeason, 0), Code: fmt.Sprintf("%c%d", "VHJABMFCKTLX"[kind], n+1), ProductFamilyType: family, ProductFamilySubType: subFamily,
		AudienceType: "ALL", State: s360.StateRunning, ExternalName: texts(fr+" "+number, de+" "+number, en+" "+number),
		ExternalDescription: texts(fr+" : à offrir, ou à garder.", de+": zum Verschenken oder Behalten.", en+": to give, or to keep."),
		VatCodeID:           genVAT, SalePeriods: g.salePeriods(),
	}
	g.pictures(&p, i)
	return p
}

// pictures are addresses that look like an institution's own.
func (g *generator) pictures(p *s360.Product, i int) {
	base := "https://images." + g.o.Code + ".example/" + strconv.Itoa(i)
	p.Logo, p.SmallImageURL, p.LargeImageURL = base+"-logo.png", base+"-s.jpg", base+".jpg"
}

// items are n items with a price for each of the first tariffs, and one of the members' level.
func (g *generator) items(kind, of, n int, fr, de, en string, price int64) s360.List[s360.Item] {
	var out s360.List[s360.Item]
	for i := range n {
		it := s360.Item{
			ItemID: genID(genItem, genOther+100_000*kind+10*of+i), Code: "I" + strconv.Itoa(i+1), Rank: s360.Int(i + 1),
			ExternalName: texts(fr+" "+strconv.Itoa(i+1), de+" "+strconv.Itoa(i+1), en+" "+strconv.Itoa(i+1)),
		}
		full := price - int64(i)*price/4/500*500
		for t, percent := range []int64{100, 75} {
			it.ItemPrices = append(it.ItemPrices, s360.ItemPrice{Amount: amount(full * percent / 100 / 500 * 500), AudSubCatID: s360.ID(genTariff + t), PriceLevelID: genLevel})
		}
		it.ItemPrices = append(it.ItemPrices, s360.ItemPrice{Amount: amount(full * 90 / 100 / 500 * 500), AudSubCatID: genTariff, PriceLevelID: genLevel + 1})
		out = append(out, it)
	}
	return out
}

// others are the n-th of every kind but events and goods; events are what season tickets and packages are made of.
func (g *generator) others(n int, events []s360.Product) s360.List[s360.Product] {
	var out s360.List[s360.Product]
	add := func(p s360.Product, fill func(*s360.Product)) { fill(&p); out = append(out, p) }

	add(g.other(0, n, s360.FamilyPass, "TIMESLOT_PASS", "Visite à l'heure", "Besuch zur Stunde", "Timed visit"), func(p *s360.Product) {
		p.Pass = g.timed(0, n, false)
	})
	add(g.other(1, n, s360.FamilyPass, "TIMESLOT_PASS", "Visite guidée", "Führung", "Guided tour"), func(p *s360.Product) {
		p.Pass = g.timed(1, n, true)
	})
	add(g.other(2, n, s360.FamilyPass, "DATED_PASS", "Billet du jour", "Tageskarte", "Day ticket"), func(p *s360.Product) {
		p.Pass = &s360.Pass{Consecutive: "INDIFFERENT", DateMandatory: true, Items: g.items(2, n, 2, "Journée", "Tag", "Day", 24_000)}
	})
	add(g.other(3, n, s360.FamilyPass, "PASS", "Billet libre", "Freie Karte", "Open ticket"), func(p *s360.Product) {
		p.Pass = &s360.Pass{Consecutive: "INDIFFERENT", Items: g.items(3, n, 1, "Entrée", "Eintritt", "Entry", 26_000)}
	})
	add(g.other(4, n, s360.FamilyService, "SERVICE", "Vestiaire", "Garderobe", "Cloakroom"), func(p *s360.Product) {
		p.Service = &s360.ItemProduct{Items: g.items(4, n, 1, "Cintre", "Bügel", "Hanger", 3_000)}
	})
	add(g.other(5, n, s360.FamilyMembership, "MEMBERSHIP", "Amis", "Freunde", "Friends"), func(p *s360.Product) { p.Membership = g.membership(n) })
	add(g.other(6, n, s360.FamilySeasonTicket, "SEASONTICKET", "Abonnement fixe", "Festabonnement", "Fixed subscription"), func(p *s360.Product) {
		p.SeasonTicket = g.seasonTicket(6, n, events, true)
	})
	add(g.other(7, n, s360.FamilySeasonTicket, "SEASONTICKET", "Abonnement à la carte", "Wahlabonnement", "Subscription of your choice"), func(p *s360.Product) {
		p.SeasonTicket = g.seasonTicket(7, n, events, false)
	})
	add(g.other(8, n, s360.FamilyPackage, "PACKAGE", "Forfait", "Paket", "Package"), func(p *s360.Product) { p.Pack = g.pack(n, events) })
	add(g.other(9, n, s360.FamilyTransport, "TRANSPORT", "Navette", "Bus", "Shuttle"), func(p *s360.Product) {
		p.Transport = raw(map[string]any{"items": g.items(9, n, 1, "Aller-retour", "Retourfahrt", "Return", 8_000)})
	})
	add(g.other(10, n, s360.FamilyHospitality, "HOSPITALITY", "Loge", "Loge", "Box"), func(p *s360.Product) {
		p.Hospitality = raw(map[string]any{"items": g.items(10, n, 2, "Place en loge", "Platz in der Loge", "Seat in the box", 280_000)})
	})
	return out
}

// timed is a visit by time slot, guided in some languages on some themes or not.
func (g *generator) timed(kind, n int, guided bool) *s360.Pass {
	p := &s360.Pass{Consecutive: "INDIFFERENT", DateMandatory: true, Guided: s360.Bool(guided), Items: g.items(kind, n, 1, "Entrée", "Eintritt", "Entry", 22_000)}
	for i := range 12 {
		slot := s360.Timeslot{
			ID: genID(genItem, genLine+100_000*kind+100*n+i), StartDate: s360.At(g.base), EndDate: s360.At(g.base.AddDate(2, 0, 0)),
			StartTime: fmt.Sprintf("%02d:%02d", 10+i/2, 30*(i%2)), Duration: integer(1800), Quota: integer(40 - 20*kind),
		}
		if guided {
			slot.VisitLanguages = raw([]string{"fr", "de", "en"})
			slot.AllVisitThemes = raw([]map[string]any{{"id": 1_300_001, "code": "COULISS", "externalName": texts("Coulisses", "Hinter den Kulissen", "Backstage")}})
		}
		p.Timeslots = append(p.Timeslots, slot)
		p.Items[0].TimeslotIDs = append(p.Items[0].TimeslotIDs, slot.ID)
	}
	return p
}

// membership is a friendship for a period, an act of giving and a voucher.
func (g *generator) membership(n int) *s360.Membership {
	m := &s360.Membership{
		ValidityRule: "PERIOD", ValidityStartDate: s360.At(g.base), ValidityEndDate: s360.At(g.base.AddDate(1, 0, 0)), ValidityDuration: integer(365), ValidityDurationUnit: "DAY",
		Items: g.items(5, n, 3, "Formule", "Stufe", "Level", 60_000),
	}
	m.Items[1].DonationAmount, m.Items[2].VoucherMinAmount = amount(20_000), amount(10_000)
	return m
}

// inner is an event as it stands in another product.
func inner(p *s360.Product) *s360.Product {
	out := &s360.Product{ID: p.ID, Code: p.Code, ProductFamilyType: p.ProductFamilyType, ProductFamilySubType: p.ProductFamilySubType, ExternalName: p.ExternalName, Event: &s360.Event{}}
	for i := range p.Event.Performances {
		f := &p.Event.Performances[i]
		out.Event.Performances = append(out.Event.Performances, s360.Performance{ID: f.ID, Code: f.Code, Start: f.Start})
	}
	return out
}

// some picks up to k events, from another place for every n.
func (g *generator) some(n, k int, events []s360.Product) []*s360.Product {
	var out []*s360.Product
	for i := 0; i < len(events) && len(out) < k; i++ {
		if p := &events[(n*37+i)%len(events)]; len(p.Event.Performances) > 0 {
			out = append(out, inner(p))
		}
	}
	return out
}

func (g *generator) seasonTicket(kind, n int, events []s360.Product, fixed bool) *s360.SeasonTicket {
	st := &s360.SeasonTicket{
		FixedSeat: s360.Bool(fixed), ChampionshipSeasonTicket: s360.Bool(fixed && n%2 == 1), TicketPrintingMode: "SINGLE", PriceType: "PREDEFINED",
		Items: g.items(kind, n, 2, "Catégorie", "Kategorie", "Category", 180_000),
	}
	var lines s360.List[s360.SeasonTicketLine]
	for i, p := range g.some(n, 6, events) {
		lines = append(lines, s360.SeasonTicketLine{
			SeasonTicketLineID: genID(genItem, genLine+1_000_000+100_000*kind+100*n+i), MandatoryEvent: s360.Bool(fixed), MultiplePerformances: "NO", Product: p,
		})
	}
	if fixed {
		st.SeasonTicketLines = lines
		return st
	}
	half := (len(lines) + 1) / 2
	for i, part := range []s360.List[s360.SeasonTicketLine]{lines[:half], lines[half:]} {
		if len(part) > 0 {
			st.SeasonTicketSubjects = append(st.SeasonTicketSubjects, s360.SeasonTicketSubject{
				Code: "GR" + strconv.Itoa(i+1), Rank: s360.Int(i + 1), MinEvents: integer(1), MaxEvents: integer(len(part)),
				ExternalName: texts("Groupe "+strconv.Itoa(i+1), "Gruppe "+strconv.Itoa(i+1), "Group "+strconv.Itoa(i+1)), SeasonTicketLines: part,
			})
		}
	}
	return st
}

func (g *generator) pack(n int, events []s360.Product) *s360.Pack {
	p := &s360.Pack{TicketPrintingMode: "SINGLE", LinkedAudienceSubCategoryIDs: s360.List[s360.ID]{genTariff, genTariff + 1}, Items: g.items(8, n, 1, "Forfait", "Paket", "Package", 95_000)}
	for i, of := range g.some(n+3, 2, events) {
		p.PackageLine = append(p.PackageLine, s360.PackageLine{
			PackageLineID: genID(genItem, genLine+3_000_000+100*n+i), Quantity: integer(1 + i), Optional: i > 0, Rank: s360.Int(i + 1), ForcedAudSubCatID: genTariff, Product: of,
		})
	}
	return p
}

// texture gives an event what some events have: topics, something to buy beside it, an additional state, periods of its own.
func (g *generator) texture(p *s360.Product, i int) {
	topic := []struct{ code, fr, de, en string }{{"THEATRE", "Théâtre", "Theater", "Theatre"}, {"OPERA", "Opéra", "Oper", "Opera"}, {"DANSE", "Danse", "Tanz", "Dance"}, {"SPORT", "Sport", "Sport", "Sport"}}[i%4]
	p.SubTopics = raw([]map[string]any{{"id": 1_200_001 + i%4, "code": topic.code, "externalName": texts(topic.fr, topic.de, topic.en)}})
	g.pictures(p, i)
	if i%10 == 2 {
		p.CrossSellProductLinks = s360.List[s360.CrossSellProductLink]{{
			ID: genID(genItem, genLine+4_000_000+i), Type: "UP_SELL", ExternalName: texts("Le programme", "Das Programmheft", "The programme"), BaseMinQuantity: integer(1),
			TargetProductID: genID(genProduct, 9_000_000), TargetProductRank: 1, TargetQuantityType: "FIXED", Start: p.SalePeriods[0].Start, End: g.open,
		}}
	}
	switch i % 40 {
	case 11:
		p.AdditionalState = "SOLD_OUT"
	case 17:
		p.AdditionalState = "MOVED_OR_POSTPONED"
	case 23:
		p.AdditionalState = "SOON_ON_SALE"
		for k := range p.SalePeriods {
			p.SalePeriods[k].Start = s360.At(g.base.AddDate(0, 0, 20).Add(10 * time.Hour))
		}
	case 29:
		zero := s360.Int(0)
		p.SalePeriods[0].EndRelative = &zero // until it begins
	case 31:
		p.SalePeriods[0].AudienceSubCatIDs = s360.List[s360.ID]{genTariff, genTariff + 1}
	}
	for k := range p.Event.Performances {
		f := &p.Event.Performances[k]
		if i%7 == 3 {
			f.Match = raw(map[string]any{"opponent": texts("Étoile du Lac", "Stern am See", "Lake Star")})
		}
		if i%20 == 5 && k == 0 {
			f.SalePeriods = s360.List[s360.SalePeriod]{p.SalePeriods[0]} // a performance's own come before the product's
		}
	}
	if i%7 == 3 {
		p.Event.ActivityType, p.Event.CompetitionTypeID = "SPORT", 1_400_001
	}
}

// advantages are a promotion code and a reduction for some contacts.
func (g *generator) advantages(events []s360.Product) s360.List[s360.Advantage] {
	var out s360.List[s360.Advantage]
	for i := range 2 {
		a := s360.Advantage{
			ID: s360.ID(1_500_001 + i), Code: "AVANT" + strconv.Itoa(i+1), State: s360.StateRunning, AdvantageTargetType: "CODE", AccessCode: "RIDEAU",
			ExternalName: texts("Offre de bienvenue", "Willkommensangebot", "Welcome offer"), Start: s360.At(g.base.AddDate(0, 0, -30)), MaxOrderQuantity: integer(4),
		}
		if i == 1 {
			a.AdvantageTargetType, a.AccessCode, a.MandatoryContact = "CONTACT", "", true
		}
		for k := range min(3, len(events)) {
			a.Products = append(a.Products, s360.AdvantageProduct{ID: events[k].ID, Code: events[k].Code})
		}
		out = append(out, a)
	}
	return out
}
