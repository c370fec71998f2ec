package api

import (
	"context"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
)

type explainInput struct {
	ID           string `path:"id" doc:"id of a product, performance or item" example:"play-10300000000201"`
	At           string `query:"at" maxLength:"40" doc:"the moment to judge, RFC 3339 or a local day; default: now"`
	Tariff       string `query:"tariff" maxLength:"100" doc:"id of a tariff: judge this one alone"`
	SeatCategory string `query:"seat_category" maxLength:"100" doc:"id of a seat category: judge this one alone"`
}

// Judgement says whether something is on sale.
type Judgement struct {
	OnSale           bool      `json:"on_sale"`
	NotOnSaleBecause string    `json:"not_on_sale_because,omitempty" doc:"kind, state, additional_state, over, no_price, channel, not_yet or ended"`
	OnSaleFrom       time.Time `json:"on_sale_from,omitzero" doc:"start of the period that sells, will sell next or sold last"`
	OnSaleUntil      time.Time `json:"on_sale_until,omitzero"`
}

type explainedDTO struct {
	Judgement
	ID           string              `json:"id"`
	What         string              `json:"what" enum:"product,performance,item"`
	Name         string              `json:"name"`
	At           time.Time           `json:"at" doc:"the moment judged"`
	Checks       []ruleDTO           `json:"checks" nullable:"false" doc:"every rule as it was applied; those of sale periods need one that holds, the others all"`
	Prices       []explainedPriceDTO `json:"prices,omitempty" nullable:"false"`
	Parts        []explainedPartDTO  `json:"parts,omitempty" nullable:"false" doc:"performances and items of a product"`
	Availability availabilityDTO     `json:"availability"`
	Refused      []refusedDTO        `json:"refused,omitempty" nullable:"false" doc:"what of it could not be taken over from the platform's catalog"`
}

type ruleDTO struct {
	Rule   string    `json:"rule" doc:"product.kind, product.state, product.additional_state, performance.state, performance.over, price or sale_period"`
	OK     bool      `json:"ok"`
	Reason string    `json:"reason,omitempty"`
	Found  string    `json:"found,omitempty" doc:"what the catalog says"`
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until,omitzero"`
}

type explainedPriceDTO struct {
	Judgement
	SeatCategory string   `json:"seat_category,omitempty"`
	Tariff       string   `json:"tariff"`
	TariffName   string   `json:"tariff_name,omitempty"`
	Level        string   `json:"level,omitempty" doc:"code of the price level"`
	Restricted   bool     `json:"restricted,omitempty" doc:"a price of a level that the public cannot buy at"`
	Price        moneyDTO `json:"price"`
}

type explainedPartDTO struct {
	Judgement
	Performance  string          `json:"performance,omitempty"`
	Item         string          `json:"item,omitempty"`
	Start        time.Time       `json:"start,omitzero"`
	Availability availabilityDTO `json:"availability"`
}

type explainOutput struct{ Body explainPageDTO }

type explainPageDTO struct {
	Items []explainedDTO `json:"items" nullable:"false" doc:"one for each thing that has the id: the platform numbers products, performances and items apart"`
	Next  *string        `json:"next" doc:"always null"`
}

func (s *server) adminExplain(ctx context.Context, in *explainInput) (*explainOutput, error) {
	cl := callOf(ctx)
	sh, id, err := s.shelfOf(cl, in.ID, catalog.CodeProductUnknown)
	if err != nil {
		return nil, err
	}
	e := explainer{sh: sh, sp: sh.speech(nil), at: s.Clock()}
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong")
	if in.At != "" {
		at, ok := parseMoment(in.At, sh.index.Location(), false)
		if !ok {
			bad.WithField("?at", domain.CodeRequest, "an RFC 3339 time or a calendar day")
		}
		e.at = at
	}
	e.tariff = catalog.TariffID(e.own(bad, "tariff", in.Tariff))
	e.cat = catalog.SeatCategoryID(e.own(bad, "seat_category", in.SeatCategory))
	if e.tariff != 0 && sh.view.Tariff(e.tariff) == nil {
		bad.WithField("?tariff", catalog.CodeTariff, "no such tariff at this institution")
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	out := &explainOutput{Body: explainPageDTO{Items: []explainedDTO{}}}
	if p := sh.view.Product(catalog.ProductID(id)); p != nil {
		out.Body.Items = append(out.Body.Items, e.product(p))
	}
	if p := sh.view.Performance(catalog.PerformanceID(id)); p != nil {
		out.Body.Items = append(out.Body.Items, e.performance(p))
	}
	if it := sh.view.Item(catalog.ItemID(id)); it != nil {
		out.Body.Items = append(out.Body.Items, e.item(it))
	}
	if len(out.Body.Items) == 0 {
		if refused := sh.view.RefusedOf(catalog.ProductID(id), catalog.PerformanceID(id), catalog.ItemID(id)); len(refused) > 0 {
			return nil, domain.Errorf(domain.NotFound, catalog.CodeProductUnknown, "%s was not taken over from the platform's catalog: %s (%s)",
				cut(in.ID), refused[0].Code, refused[0].Detail)
		}
		return nil, notFound(catalog.CodeProductUnknown, in.ID)
	}
	return out, nil
}

// explainer writes explanations of one institution's things.
type explainer struct {
	sh     *shelf
	sp     *speech
	at     time.Time
	tariff catalog.TariffID
	cat    catalog.SeatCategoryID
}

// own reads an id of the same institution; 0 where none was given.
func (e *explainer) own(bad *domain.Error, name, s string) int64 {
	if s == "" {
		return 0
	}
	code, id, ok := parseID(s)
	if !ok || code != e.sh.view.Institution.Code {
		bad.WithField("?"+name, domain.CodeRequest, "an id of the same institution")
		return 0
	}
	return id
}

func (e *explainer) sellability(s catalog.Sellability) Judgement {
	loc := e.sh.index.Location()
	return Judgement{OnSale: s.OnSale, NotOnSaleBecause: s.Reason, OnSaleFrom: in(s.From, loc), OnSaleUntil: in(s.Until, loc)}
}

func (e *explainer) common(what, id, name string, x *catalog.Explanation) explainedDTO {
	loc, code := e.sh.index.Location(), e.sh.view.Institution.Code
	d := explainedDTO{
		Judgement: e.sellability(x.Sellability), ID: id, What: what, Name: name, At: in(e.at, loc), Checks: make([]ruleDTO, 0, len(x.Checks)),
		Availability: toAvailability(x.Availability, loc),
	}
	for _, c := range x.Checks {
		d.Checks = append(d.Checks, ruleDTO{Rule: c.Rule, OK: c.OK, Reason: c.Reason, Found: c.Found, From: in(c.From, loc), Until: in(c.Until, loc)})
	}
	for i := range x.Prices {
		pr := &x.Prices[i]
		row := explainedPriceDTO{Judgement: e.sellability(pr.Sellability), Tariff: publicID(code, pr.Tariff), Restricted: pr.Restricted, Price: toMoney(pr.Price)}
		if pr.SeatCategory != 0 {
			row.SeatCategory = publicID(code, pr.SeatCategory)
		}
		if t := e.sh.view.Tariff(pr.Tariff); t != nil {
			row.TariffName = e.sp.say(t.Name, t.Code)
		}
		if pr.Level != 0 {
			row.Level = e.sh.level(pr.Level)
		}
		d.Prices = append(d.Prices, row)
	}
	for i := range x.Parts {
		part := &x.Parts[i]
		row := explainedPartDTO{Judgement: e.sellability(part.Sellability), Start: in(part.Start, loc), Availability: toAvailability(part.Availability, loc)}
		if part.Performance != 0 {
			row.Performance = publicID(code, part.Performance)
		} else {
			row.Item = publicID(code, part.Item)
		}
		d.Parts = append(d.Parts, row)
	}
	return d
}

func (e *explainer) refused(list []catalog.Refusal) []refusedDTO {
	var out []refusedDTO
	for i := range list {
		out = append(out, toRefused(e.sh.view.Institution.Code, list[i]))
	}
	return out
}

func (e *explainer) product(p *catalog.Product) explainedDTO {
	x := e.sh.view.ExplainProduct(p, e.at)
	d := e.common("product", publicID(e.sh.view.Institution.Code, p.ID), e.sp.say(p.Name, p.Code), &x)
	d.Refused = e.refused(e.sh.view.RefusedOf(p.ID, 0, 0))
	return d
}

func (e *explainer) performance(p *catalog.Performance) explainedDTO {
	x := e.sh.view.ExplainPerformance(p, e.tariff, e.cat, e.at)
	name := e.sp.say(p.Name, "")
	if prod := e.sh.view.Product(p.Product); name == "" && prod != nil {
		name = e.sp.say(prod.Name, prod.Code)
	}
	d := e.common("performance", publicID(e.sh.view.Institution.Code, p.ID), name, &x)
	d.Refused = e.refused(e.sh.view.RefusedOf(0, p.ID, 0))
	return d
}

func (e *explainer) item(it *catalog.Item) explainedDTO {
	x := e.sh.view.ExplainItem(it, e.tariff, e.at)
	d := e.common("item", publicID(e.sh.view.Institution.Code, it.ID), e.sp.say(it.Name, it.Code), &x)
	d.Refused = e.refused(e.sh.view.RefusedOf(0, 0, it.ID))
	return d
}
