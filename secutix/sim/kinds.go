package sim

import (
	"fmt"
	"slices"
	"time"

	"guichet/secutix/s360"
)

// The kinds that are shown and not sold: no page says what the members of their operations are.
const (
	familySeasonTicket = "SEASONTICKET"
	familyPackage      = "PACKAGE"
	familyTransport    = "TRANSPORT"
	familyHospitality  = "HOSPITALITY"
)

// errKind refuses what cannot be bought because nobody knows how (proposed).
const errKind = "error.product.kind"

// notSold says how the platform would sell a kind that the simulator does not.
func notSold(family string) (string, bool) {
	switch family {
	case familySeasonTicket, familyPackage:
		return "composedProductOperations", true
	case familyTransport:
		return "transportProductOperations", true
	case familyHospitality:
		return "an operation that no page names", true
	}
	return "", false
}

// LineRule is a product inside a season ticket or a package.
type LineRule struct {
	Product  string `json:"product"`  // code
	Subject  string `json:"subject"`  // season ticket: code of the group it is chosen from; empty is none
	Must     bool   `json:"must"`     // season ticket: nobody leaves it out
	Quantity int    `json:"quantity"` // package; 0 is 1
	Optional bool   `json:"optional"` // package
	Tariff   string `json:"tariff"`   // package: code of the only one it is given at
}

// SubjectRule is a group of events a subscriber chooses from.
type SubjectRule struct {
	Code string `json:"code"`
	Name Text   `json:"name"`
	Min  int    `json:"min"`
	Max  int    `json:"max"`
}

// AdvantageRule is a reduction or a promotion code that is shown; prices do not follow it.
type AdvantageRule struct {
	Code       string   `json:"code"`
	Name       Text     `json:"name"`
	AccessCode string   `json:"access_code"` // what a buyer enters; empty is for the contacts that have it
	MaxOrder   int      `json:"max_order"`   // most in one order; 0 is no rule
	Products   []string `json:"products"`    // codes
}

// GuidedRule makes a pass a guided visit.
type GuidedRule struct {
	Languages []string `json:"languages"`
	Themes    []Coded  `json:"themes"`
}

// checkKinds names what contradicts in products made of others.
func (w World) checkKinds() (errs []error) {
	products, tariffs := map[string]bool{}, map[string]bool{}
	for _, p := range w.Products {
		products[p.Code] = true
	}
	for _, t := range w.Tariffs {
		tariffs[t.Code] = true
	}
	for _, p := range w.Products {
		bad := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("product %s: %w", p.Code, fmt.Errorf(format, args...)))
		}
		composed := p.Family == familySeasonTicket || p.Family == familyPackage
		if !slices.Contains(allFamilies(), p.Family) {
			bad("unknown family %q", p.Family)
		}
		if composed != (len(p.Lines) > 0) {
			bad("season tickets and packages have lines, others none")
		}
		for _, l := range p.Lines {
			if !products[l.Product] || l.Product == p.Code {
				bad("a line has unknown product %q", l.Product)
			}
			if l.Tariff != "" && !tariffs[l.Tariff] {
				bad("a line has unknown tariff %q", l.Tariff)
			}
			if l.Subject != "" && !slices.ContainsFunc(p.Subjects, func(s SubjectRule) bool { return s.Code == l.Subject }) {
				bad("a line has unknown subject %q", l.Subject)
			}
		}
		for _, code := range p.CrossSell {
			if !products[code] {
				bad("sells unknown product %q beside it", code)
			}
		}
	}
	for _, a := range w.Advantages {
		for _, code := range a.Products {
			if !products[code] {
				errs = append(errs, fmt.Errorf("advantage %s: unknown product %q", a.Code, code))
			}
		}
	}
	return errs
}

// seasonTicket is what the catalog says of a subscription.
func (v catalogView) seasonTicket(p *product) *s360.SeasonTicket {
	st := &s360.SeasonTicket{
		ChampionshipSeasonTicket: s360.Bool(p.def.Championship), FixedSeat: s360.Bool(p.def.FixedSeat), TicketPrintingMode: "SINGLE", PriceType: "PREDEFINED",
		Items: v.in.items(p),
	}
	for i, s := range p.def.Subjects {
		w := s360.SeasonTicketSubject{Code: s.Code, Rank: s360.Int(i + 1), MinEvents: integer(s.Min), ExternalName: v.in.name(s.Name)}
		if s.Max > 0 {
			w.MaxEvents = integer(s.Max)
		}
		st.SeasonTicketSubjects = append(st.SeasonTicketSubjects, w)
	}
	for i, l := range p.def.Lines {
		inner := v.nested(l.Product)
		if inner == nil {
			continue
		}
		line := s360.SeasonTicketLine{SeasonTicketLineID: s360.ID(v.in.lineID(p, i)), MandatoryEvent: s360.Bool(l.Must), MultiplePerformances: "NO", Product: inner}
		at := slices.IndexFunc(p.def.Subjects, func(s SubjectRule) bool { return s.Code == l.Subject })
		if at < 0 {
			st.SeasonTicketLines = append(st.SeasonTicketLines, line)
			continue
		}
		s := &st.SeasonTicketSubjects[at]
		s.SeasonTicketLines = append(s.SeasonTicketLines, line)
	}
	return st
}

// pack is what the catalog says of a package.
func (v catalogView) pack(p *product) *s360.Pack {
	out := &s360.Pack{TicketPrintingMode: "SINGLE", Items: v.in.items(p)}
	for _, t := range v.in.tariffs {
		if len(p.items) > 0 {
			if _, ok := p.items[0].price(t); ok {
				out.LinkedAudienceSubCategoryIDs = append(out.LinkedAudienceSubCategoryIDs, s360.ID(t.id))
			}
		}
	}
	for i, l := range p.def.Lines {
		inner := v.nested(l.Product)
		if inner == nil {
			continue
		}
		line := s360.PackageLine{
			PackageLineID: s360.ID(v.in.lineID(p, i)), Quantity: integer(max(l.Quantity, 1)), Optional: s360.Bool(l.Optional), Rank: s360.Int(i + 1), Product: inner,
		}
		for _, t := range v.in.tariffs {
			if t.def.Code == l.Tariff {
				line.ForcedAudSubCatID = s360.ID(t.id)
			}
		}
		out.PackageLine = append(out.PackageLine, line)
	}
	return out
}

// lineID numbers the lines of a product, and from 500 on what is sold beside it.
func (in *institution) lineID(p *product, i int) int64 {
	return in.number(kindLine, int64(p.n)*1000+int64(i+1))
}

// nested is a product as it stands in another: what it is, and when. An event of which nothing is in sight is left out (nil), as
// the catalog leaves it out.
func (v catalogView) nested(code string) *s360.Product {
	i := slices.IndexFunc(v.in.products, func(p *product) bool { return p.def.Code == code })
	if i < 0 {
		return nil // refused by the world's check
	}
	p := v.in.products[i]
	w := &s360.Product{ID: s360.ID(p.id), Code: p.def.Code, ProductFamilyType: p.def.Family, ProductFamilySubType: p.def.SubFamily, ExternalName: v.in.name(p.def.Name)}
	if p.def.Family != familyEvent {
		return w
	}
	w.Event = &s360.Event{}
	for _, perf := range v.performances(p) {
		w.Event.Performances = append(w.Event.Performances, s360.Performance{ID: s360.ID(perf.id), Code: perf.code(), Start: v.in.at(perf.start)})
	}
	if len(w.Event.Performances) == 0 {
		return nil
	}
	return w
}

// crossSell lists what is offered beside a product.
func (v catalogView) crossSell(p *product) s360.List[s360.CrossSellProductLink] {
	var out s360.List[s360.CrossSellProductLink]
	for i, code := range p.def.CrossSell {
		at := slices.IndexFunc(v.in.products, func(o *product) bool { return o.def.Code == code })
		if at < 0 {
			continue // refused by the world's check
		}
		out = append(out, s360.CrossSellProductLink{
			ID: s360.ID(v.in.lineID(p, 500+i)), Type: "UP_SELL", ExternalName: v.in.name(v.in.products[at].def.Name), BaseMinQuantity: integer(1),
			TargetProductID: s360.ID(v.in.products[at].id), TargetProductRank: s360.Int(i + 1), TargetQuantityType: "FIXED", Start: v.in.at(p.saleOpens), End: v.in.openEnd(),
		})
	}
	return out
}

// topics are the sub-topics of a product (their members are proposed).
func (in *institution) topics(list []Coded) []map[string]any {
	var out []map[string]any
	for _, t := range list {
		out = append(out, map[string]any{"id": t.ID, "code": t.Code, "externalName": in.name(t.Name)})
	}
	return out
}

// advantages are what the season shows of reductions.
func (in *institution) advantages() s360.List[s360.Advantage] {
	var out s360.List[s360.Advantage]
	start, _ := in.seasonBounds()
	for i, a := range in.w.Advantages {
		w := s360.Advantage{
			ID: s360.ID(in.number(kindLine, int64(900_000+i))), Code: a.Code, State: s360.StateRunning, AdvantageTargetType: "CONTACT", AccessCode: a.AccessCode,
			ExternalName: in.name(a.Name), Start: in.at(start), MandatoryContact: s360.Bool(a.AccessCode == ""),
		}
		if a.AccessCode != "" {
			w.AdvantageTargetType = "CODE"
		}
		if a.MaxOrder > 0 {
			w.MaxOrderQuantity = integer(a.MaxOrder)
		}
		for _, p := range in.products {
			if slices.Contains(a.Products, p.def.Code) {
				w.Products = append(w.Products, s360.AdvantageProduct{ID: s360.ID(p.id), Code: p.def.Code})
			}
		}
		out = append(out, w)
	}
	return out
}

// additionalState is what the world says by hand of a product, else what follows from its sale where the world shows that.
// Stock does not count.
func (v catalogView) additionalState(p *product) string {
	switch {
	case p.def.AdditionalState != "":
		return p.def.AdditionalState
	case !v.in.w.AdditionalStates:
		return ""
	case v.now.Before(p.saleOpens):
		return "SOON_ON_SALE"
	}
	return "ON_SALE"
}

// opensNext is when the next product goes on sale, which some worlds show; zero is never.
func (v catalogView) opensNext() time.Time {
	var next time.Time
	if !v.in.w.AdditionalStates {
		return next
	}
	for _, p := range v.in.products {
		if v.now.Before(p.saleOpens) && (next.IsZero() || p.saleOpens.Before(next)) {
			next = p.saleOpens
		}
	}
	return next
}

// composes puts what makes a product its kind into it; false is a kind that is made elsewhere.
func (v catalogView) composes(w *s360.Product, p *product) bool {
	items := func() map[string]any { return map[string]any{"items": v.in.items(p)} } // proposed: the shape of both is not known
	switch p.def.Family {
	case familySeasonTicket:
		w.SeasonTicket = v.seasonTicket(p)
	case familyPackage:
		w.Pack = v.pack(p)
	case familyTransport:
		w.Transport = raw(items())
	case familyHospitality:
		w.Hospitality = raw(items())
	default:
		return false
	}
	return true
}
