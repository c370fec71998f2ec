package secutix

import (
	"encoding/json"
	"slices"
	"strings"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/secutix/s360"
)

// kinds are S-360's product families in our words.
var kinds = map[string]catalog.Kind{
	s360.FamilySingleEntry: catalog.KindEvent, s360.FamilyPass: catalog.KindPass, s360.FamilyService: catalog.KindService,
	s360.FamilyGoods: catalog.KindGoods, s360.FamilyMembership: catalog.KindMembership,
	s360.FamilySeasonTicket: catalog.KindSeasonTicket, s360.FamilyPackage: catalog.KindPackage,
	s360.FamilyTransport: catalog.KindTransport, s360.FamilyHospitality: catalog.KindHospitality,
}

func (m *mapping) product(p *s360.Product, season s360.ID) {
	if at, twice := m.seen[p.ID]; twice && p.ID != 0 {
		m.again(p, at, catalog.SeasonID(season))
		return
	}
	m.seen[p.ID] = len(m.snap.Products)
	if p.ProductFamilyType == s360.FamilySingleEntry && p.Event == nil {
		m.impossible("product %d (%s) is sold by performance and belongs to no event", p.ID, p.Code)
	}
	kind, ok := kinds[p.ProductFamilyType]
	if !ok {
		kind = catalog.KindOther
	}
	topics, topicsRead := m.topics(p)
	out := catalog.Product{
		ID: catalog.ProductID(p.ID), Season: catalog.SeasonID(season), Code: p.Code, Kind: kind, State: running(p.State),
		AdditionalState: p.AdditionalState, Name: m.text(p.ExternalName), ShortName: m.text(p.ShortName),
		Description: m.text(p.ExternalDescription), Images: images(p), Topics: topics,
		SalePeriods: m.periods(p.SalePeriods), MinQuantity: number(p.MinQuantity), MaxQuantity: number(p.MaxQuantity),
		SubKind: p.ProductFamilySubType, DetailURL: p.DetailURL, VAT: catalog.VATID(p.VatCodeID), CrossSells: m.crossSells(p),
		Exchangeable: bool(p.Exchangeable), WaitingList: bool(p.WaitingListAllowed), People: m.people(p.ComfortVariableValues, nil),
		Raw: productRaw(p, topicsRead),
	}
	m.ofKind(&out, p)
	m.snap.Products = append(m.snap.Products, out)
	if p.Event != nil {
		for i := range p.Event.Performances {
			m.performance(&p.Event.Performances[i], out.ID)
		}
	}
}

// ofKind takes over what only one kind has. Transport and hospitality have no known shape: their items are read where they
// look like those of the others, and all of it stays in Raw.
func (m *mapping) ofKind(out *catalog.Product, p *s360.Product) {
	if e := p.Event; e != nil {
		out.NameAddOn, out.Language, out.MinimumAge = m.text(e.NameAddOn), language(e.Language), number(e.MinimumAge)
		out.Activity = catalog.Activity{Code: e.ActivityCode, Type: e.ActivityType, Name: m.text(e.ActivityExternalName)}
	}
	switch {
	case p.Pass != nil:
		out.DateMandatory, out.Guided, out.Consecutive = bool(p.Pass.DateMandatory), bool(p.Pass.Guided), p.Pass.Consecutive
		out.Timeslots = m.slots(p.Pass.Timeslots)
		m.items(out, p.Pass.Items)
	case p.Service != nil:
		m.items(out, p.Service.Items)
	case p.Goods != nil:
		m.items(out, p.Goods.Items)
	case p.Membership != nil:
		out.Membership = membership(p.Membership)
		m.items(out, p.Membership.Items)
	case p.SeasonTicket != nil:
		out.SeasonTicket = m.seasonTicket(p.SeasonTicket)
		m.items(out, p.SeasonTicket.Items)
	case p.Pack != nil:
		out.Package = m.pack(p.Pack)
		m.items(out, p.Pack.Items)
	}
	for _, raw := range []json.RawMessage{p.Transport, p.Hospitality} {
		var like s360.ItemProduct
		if len(raw) > 0 && s360.Decode(raw, &like) == nil {
			m.items(out, like.Items)
		}
	}
}

// again takes over a product that stands in a second season, as one product id can: the season is noted, and its
// performances join those of the first; anything else of it is noted and left out.
func (m *mapping) again(p *s360.Product, at int, season catalog.SeasonID) {
	first := &m.snap.Products[at]
	if season != 0 && season != first.Season && !slices.Contains(first.OtherSeasons, season) {
		first.OtherSeasons = append(first.OtherSeasons, season)
	}
	if p.Event == nil {
		m.refuse(catalog.Refusal{Product: catalog.ProductID(p.ID), Code: "product.twice", Detail: "stands in two seasons; the first is kept"})
		return
	}
	for i := range p.Event.Performances {
		if !m.perfs[p.Event.Performances[i].ID] {
			m.performance(&p.Event.Performances[i], catalog.ProductID(p.ID))
		}
	}
}

// running reads a state that may be missing: only objects that are running or suspended are exported at all.
func running(state string) string {
	if state == "" {
		return catalog.Running
	}
	return state
}

func images(p *s360.Product) map[string]string {
	var out map[string]string
	for size, address := range map[string]string{
		"small": p.SmallImageURL, "medium": p.MediumImageURL, "large": p.LargeImageURL, "xlarge": p.XLargeImageURL, "logo": p.Logo,
	} {
		if address == "" {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[size] = address
	}
	return out
}

// topic is what is known of an element of subTopics.
type topic struct {
	ID           s360.ID            `json:"id"`
	Code         string             `json:"code"`
	ExternalName *s360.ExternalName `json:"externalName" alias:"name"`
	Extra        s360.Members       `json:"-"`
}

// topics reads what is known of subTopics: objects with a name or a code. Any other shape is no topics. It reports whether
// there was nothing else in it.
func (m *mapping) topics(p *s360.Product) (out []catalog.Topic, whole bool) {
	if len(p.SubTopics) == 0 {
		return nil, true
	}
	var list s360.List[topic]
	if s360.Decode(p.SubTopics, &list) != nil {
		return nil, false
	}
	whole = true
	for i := range list {
		t := catalog.Topic{Code: list[i].Code, Name: m.text(list[i].ExternalName)}
		if t.Code == "" {
			t.Code = t.Name.Or("")
		}
		if len(list[i].Extra) > 0 || t.Code == "" {
			whole = false
		}
		if t.Code != "" {
			out = append(out, t)
		}
	}
	return out, whole
}

func (m *mapping) crossSells(p *s360.Product) []catalog.CrossSell {
	var out []catalog.CrossSell
	for i := range p.CrossSellProductLinks {
		l := &p.CrossSellProductLinks[i]
		if l.TargetProductID == 0 {
			continue
		}
		out = append(out, catalog.CrossSell{
			ID: int64(l.ID), Type: l.Type, Name: m.text(l.ExternalName), Description: m.text(l.Description),
			Target: catalog.ProductID(l.TargetProductID), Rank: int(l.TargetProductRank), MinQuantity: number(l.BaseMinQuantity),
			QuantityType: l.TargetQuantityType, SameDate: bool(l.TargetSameDateAsBase), Start: toTime(l.Start), End: toTime(l.End),
		})
	}
	return out
}

func membership(m *s360.Membership) *catalog.Membership {
	return &catalog.Membership{
		Rule: m.ValidityRule, Start: toTime(m.ValidityStartDate), End: toTime(m.ValidityEndDate), Duration: number(m.ValidityDuration),
		Unit: m.ValidityDurationUnit, BuyerChoosesStart: bool(m.UserDefineStartValidity),
	}
}

func (m *mapping) seasonTicket(s *s360.SeasonTicket) *catalog.SeasonTicket {
	out := &catalog.SeasonTicket{
		Championship: bool(s.ChampionshipSeasonTicket), FixedSeat: bool(s.FixedSeat), PriceType: s.PriceType,
		Lines: m.seasonTicketLines(s.SeasonTicketLines),
	}
	for i := range s.SeasonTicketSubjects {
		t := &s.SeasonTicketSubjects[i]
		out.Subjects = append(out.Subjects, catalog.Subject{
			Code: t.Code, Name: m.text(t.ExternalName), Rank: int(t.Rank), Min: number(t.MinEvents), Max: number(t.MaxEvents),
			Lines: m.seasonTicketLines(t.SeasonTicketLines),
		})
	}
	return out
}

func (m *mapping) seasonTicketLines(in []s360.SeasonTicketLine) []catalog.SeasonTicketLine {
	var out []catalog.SeasonTicketLine
	for i := range in {
		l := &in[i]
		line := catalog.SeasonTicketLine{
			ID: int64(l.SeasonTicketLineID), Mandatory: bool(l.MandatoryEvent), Multiple: l.MultiplePerformances,
			CategoryChanges: bool(l.AllowSeatCatUpDownGrade),
		}
		line.Product, line.Name, line.Performances = m.nested(l.Product)
		out = append(out, line)
	}
	return out
}

func (m *mapping) pack(p *s360.Pack) *catalog.Package {
	out := &catalog.Package{Tariffs: ids[catalog.TariffID](p.LinkedAudienceSubCategoryIDs)}
	for i := range p.PackageLine {
		l := &p.PackageLine[i]
		line := catalog.PackageLine{
			ID: int64(l.PackageLineID), Parent: int64(l.ParentPackageLineID), Quantity: number(l.Quantity), Optional: bool(l.Optional),
			Rank: int(l.Rank), Tariff: catalog.TariffID(l.ForcedAudSubCatID),
		}
		line.Product, line.Name, line.Performances = m.nested(l.Product)
		out.Lines = append(out.Lines, line)
	}
	return out
}

// nested is a product inside a line. It is named there and not taken over: the catalog lists it on its own as well, or it is
// not sold on its own.
func (m *mapping) nested(p *s360.Product) (catalog.ProductID, domain.Text, []catalog.PerformanceID) {
	if p == nil {
		return 0, nil, nil
	}
	var perfs []catalog.PerformanceID
	if p.Event != nil {
		for i := range p.Event.Performances {
			if id := p.Event.Performances[i].ID; id != 0 {
				perfs = append(perfs, catalog.PerformanceID(id))
			}
		}
	}
	return catalog.ProductID(p.ID), m.text(p.ExternalName), perfs
}

// longestName is the most letters that a free variable has and still is a name.
const longestName = 120

// people are the names in the platform's free variables (any member whose value is text) and in a match's opponents (any
// member named after an opponent or a team). The shapes of both are not known: what cannot be read gives nothing.
func (m *mapping) people(variables, match json.RawMessage) []string {
	var out []string
	add := func(names []string) {
		for _, n := range names {
			if n = m.pool.word(strings.TrimSpace(n)); isName(n) && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	for _, v := range elements(variables) {
		for _, member := range []string{"textValue", "stringValue", "externalValue", "value", "text"} {
			if names := texts(v[member]); len(names) > 0 {
				add(names)
				break
			}
		}
	}
	for _, v := range elements(match) {
		for _, member := range sortedNames(v) {
			if low := strings.ToLower(member); strings.Contains(low, "opponent") || strings.Contains(low, "team") {
				add(texts(v[member]))
			}
		}
	}
	return shared(m.pool, out)
}

// isName reports whether a text may be somebody's name: it has a letter, is short, and is not an address or a flag.
func isName(s string) bool {
	switch low := strings.ToLower(s); {
	case s == "", len(s) > longestName, low == "true", low == "false", strings.Contains(s, "://"), strings.Contains(s, "@"):
		return false
	}
	return strings.IndexFunc(s, isLetter) >= 0
}
