package sim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"guichet/secutix/s360"
)

// The business errors of the set-up (proposed).
const (
	errSeason  = "error.season.unknown"
	errProduct = "error.product.unknown"
)

// maxPage is the most products of one page, whatever is asked.
const maxPage = 100

func setupService() service {
	return service{module: "tnseb", name: "setupService", soap: "SetupService", pkg: "com.secutix.service.realtime.catalog", versions: current(), gone: lastGone, methods: []method{
		{name: "listSeasons", do: (*Platform).listSeasons, request: s360.EmptyRequest{}, result: s360.SeasonsResult{}},
		{name: "searchProductsByCriteria", do: (*Platform).searchProductsByCriteria, request: s360.SearchProductsRequest{}, result: s360.ProductsResult{}},
		{name: "listAudienceSubCategories", do: (*Platform).listAudienceSubCategories, request: s360.SeasonRequest{}, result: s360.AudienceSubCategoriesResult{}},
		{name: "listPriceLevels", do: (*Platform).listPriceLevels, request: s360.SeasonRequest{}, result: s360.PriceLevelsResult{}},
		{name: "listVatCodes", do: (*Platform).listVatCodes, request: s360.EmptyRequest{}, result: s360.VATCodesResult{}},
		{name: "getProductDetails", do: (*Platform).getProductDetails, request: s360.ProductDetailsRequest{}, result: s360.ProductDetailsResult{}},
		{name: "listActivities", do: (*Platform).listActivities, request: s360.SeasonRequest{}, result: s360.ActivitiesResult{}},
	}}
}

// seasons are all the institution has, without their products.
func (in *institution) seasons() s360.List[s360.Season] {
	if in.recorded == nil {
		return s360.List[s360.Season]{in.season()}
	}
	out := slices.Clone(in.recorded.catalog.Seasons)
	for i := range out {
		out[i].Products = nil
	}
	return out
}

func (p *Platform) listSeasons(c *call) (any, *refusal) {
	if no := p.readNothing(c); no != nil {
		return nil, no
	}
	out := s360.SeasonsResult{Result: c.ok(), Seasons: s360.List[s360.Season]{}}
	for _, s := range c.in.seasons() {
		s.AudienceCategories, s.PriceLevels, s.Advantages = nil, nil, nil
		s.Extra = maps.Clone(s.Extra)
		if s.Extra == nil {
			s.Extra = s360.Members{}
		}
		for _, name := range []string{"priceLevels", "audienceCategories"} { // there, and always empty
			s.Extra[name] = json.RawMessage("[]")
		}
		out.Seasons = append(out.Seasons, s)
	}
	return out, nil
}

// readNothing reads a request that may hold a requestId and nothing else.
func (p *Platform) readNothing(c *call) *refusal {
	var q struct {
		RequestID s360.ID `json:"requestId"`
	}
	return p.read(c, &q)
}

// readSeason reads a request about one season and finds it.
func (p *Platform) readSeason(c *call) (s360.Season, *refusal) {
	var q s360.SeasonRequest
	if no := p.read(c, &q); no != nil {
		return s360.Season{}, no
	}
	if q.SeasonID == 0 {
		return s360.Season{}, refuse(errMissing, "seasonId")
	}
	for _, s := range c.in.seasons() {
		if s.ID == q.SeasonID {
			return s, nil
		}
	}
	return s360.Season{}, refuse(errSeason, "no season %d", q.SeasonID)
}

func (p *Platform) listAudienceSubCategories(c *call) (any, *refusal) {
	s, no := p.readSeason(c)
	if no != nil {
		return nil, no
	}
	out := s360.AudienceSubCategoriesResult{Result: c.ok(), AudienceSubCategories: s360.List[s360.AudienceSubCategory]{}}
	for _, cat := range s.AudienceCategories {
		out.AudienceSubCategories = append(out.AudienceSubCategories, cat.AudienceSubCategories...)
	}
	return out, nil
}

func (p *Platform) listPriceLevels(c *call) (any, *refusal) {
	s, no := p.readSeason(c)
	if no != nil {
		return nil, no
	}
	return s360.PriceLevelsResult{Result: c.ok(), PriceLevels: slices.Concat(s360.List[s360.PriceLevel]{}, s.PriceLevels)}, nil
}

func (p *Platform) listVatCodes(c *call) (any, *refusal) {
	if no := p.readNothing(c); no != nil {
		return nil, no
	}
	out := s360.VATCodesResult{Result: c.ok(), VATCodes: s360.List[s360.VATCode]{}}
	for _, code := range slices.Sorted(maps.Keys(c.in.vatOf)) {
		out.VATCodes = append(out.VATCodes, s360.VATCode{
			ID: s360.ID(c.in.vatOf[code]), Code: code, CurrentRate: s360.Int(c.in.w.VAT[code]), Country: c.in.w.Address.Country,
		})
	}
	return out, nil
}

// setupProduct is one product of the set-up that is made when it is asked for.
type setupProduct struct {
	id     int64
	season s360.ID
	family string
	make   func() s360.Product
}

// setupProducts lists everything that was entered, oldest first: by number.
func (c *call) setupProducts() []setupProduct {
	in := c.in
	var out []setupProduct
	add := func(w *s360.Product, season s360.ID) {
		if w.SeasonID != 0 {
			season = w.SeasonID
		}
		out = append(out, setupProduct{id: int64(w.ID), season: season, family: w.ProductFamilyType, make: func() s360.Product { return stateless(*w) }})
	}
	if r := in.recorded; r != nil {
		for i := range r.catalog.Seasons {
			for j := range r.catalog.Seasons[i].Products {
				add(&r.catalog.Seasons[i].Products[j], r.catalog.Seasons[i].ID)
			}
		}
		for j := range r.catalog.Products {
			add(&r.catalog.Products[j], 0)
		}
		for j := range r.unlisted {
			add(&r.unlisted[j], 0)
		}
	} else {
		v := catalogView{in: in, now: c.now}
		season := s360.ID(in.number(kindSeason, 1))
		for _, p := range in.products {
			out = append(out, setupProduct{id: p.id, season: season, family: p.def.Family, make: func() s360.Product {
				w := v.productData(p)
				if w.Event != nil {
					for _, perf := range p.perfs {
						w.Event.Performances = append(w.Event.Performances, in.performance(perf))
					}
				}
				return stateless(w)
			}})
		}
		add(in.unlisted(), season)
	}
	slices.SortStableFunc(out, func(a, b setupProduct) int { return cmp.Compare(a.id, b.id) })
	return out
}

// unlisted is a product that is still being prepared: the catalog does not have it.
func (in *institution) unlisted() *s360.Product {
	return &s360.Product{
		ID: s360.ID(in.number(kindProduct, 900_000)), SeasonID: s360.ID(in.number(kindSeason, 1)), Code: "PREP", ProductFamilyType: familyEvent,
		ProductFamilySubType: "SIMPLE_TICKET", State: s360.StatePreparing, ExternalName: s360.Named(in.w.Languages[0], "In preparation"),
		Event: &s360.Event{ActivityID: s360.ID(in.number(kindActivity, 1)), ActivityType: "OTHER"},
	}
}

// stateless takes the states off the performances: the set-up does not tell them.
func stateless(w s360.Product) s360.Product {
	if w.Event == nil {
		return w
	}
	event := *w.Event
	event.Performances = slices.Clone(event.Performances)
	for i := range event.Performances {
		event.Performances[i].State = ""
	}
	w.Event = &event
	return w
}

func (p *Platform) searchProductsByCriteria(c *call) (any, *refusal) {
	var q s360.SearchProductsRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	switch {
	case q.Granularity != "" && q.Granularity != s360.GranularityComplete:
		return nil, refuse(errInvalid, "unknown granularity %q", q.Granularity)
	case q.MinIndex < 0 || q.NbMaxResults < 0:
		return nil, refuse(errInvalid, "minIndex %d, nbMaxResults %d", q.MinIndex, q.NbMaxResults)
	}
	list := c.setupProducts()
	list = slices.DeleteFunc(list, func(w setupProduct) bool {
		return (len(q.Criteria.SeasonIDs) > 0 && !slices.Contains(q.Criteria.SeasonIDs, w.season)) ||
			(len(q.Criteria.ProductFamilyTypes) > 0 && !slices.Contains(q.Criteria.ProductFamilyTypes, w.family))
	})
	size := int64(q.NbMaxResults)
	if size == 0 || size > maxPage {
		size = maxPage
	}
	from := min(int64(q.MinIndex), int64(len(list)))
	out := s360.ProductsResult{Result: c.ok(), Products: s360.List[s360.Product]{}}
	for _, w := range list[from:min(from+size, int64(len(list)))] {
		out.Products = append(out.Products, w.make())
	}
	return out, nil
}

func (p *Platform) getProductDetails(c *call) (any, *refusal) {
	var q s360.ProductDetailsRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	if q.ProductID == 0 {
		return nil, refuse(errMissing, "productId")
	}
	for _, w := range c.setupProducts() {
		if w.id == int64(q.ProductID) {
			product := w.make()
			return s360.ProductDetailsResult{Result: c.ok(), Product: &product}, nil
		}
	}
	return nil, refuse(errProduct, "no product %d", q.ProductID)
}

func (p *Platform) listActivities(c *call) (any, *refusal) {
	s, no := p.readSeason(c)
	if no != nil {
		return nil, no
	}
	out := s360.ActivitiesResult{Result: c.ok(), Activities: s360.List[s360.Activity]{}}
	add := func(e *s360.Event) {
		if e != nil && !slices.ContainsFunc(out.Activities, func(a s360.Activity) bool { return a.ID == e.ActivityID }) {
			out.Activities = append(out.Activities, s360.Activity{ID: e.ActivityID, Code: e.ActivityCode, ActivityType: e.ActivityType, ExternalName: e.ActivityExternalName})
		}
	}
	if c.in.recorded == nil {
		for _, pr := range c.in.products {
			if pr.def.Family == familyEvent {
				add(c.in.event(pr))
			}
		}
		return out, nil
	}
	for i := range c.in.recorded.catalog.Seasons {
		for j := range c.in.recorded.catalog.Seasons[i].Products {
			if c.in.recorded.catalog.Seasons[i].ID == s.ID {
				add(c.in.recorded.catalog.Seasons[i].Products[j].Event)
			}
		}
	}
	return out, nil
}

// getCatalog is getCatalogDetailed's content as the text of an XML document (its shape is proposed: an element a member, a
// list as repeated elements).
func (p *Platform) getCatalog(c *call) (any, *refusal) {
	var q s360.CatalogTextRequest
	if no := p.read(c, &q); no != nil {
		return nil, no
	}
	view := catalogView{in: c.in, now: c.now, product: q.ProductCode, season: q.SeasonCode, base: p.PublicURL}
	return later(view.keptText().bytes), nil
}

// catalogText is the answer of getCatalog with the content of an answer of getCatalogDetailed.
func catalogText(detailed json.RawMessage) (json.RawMessage, error) {
	var w xmlWriter
	w.out.Grow(len(detailed) + len(detailed)/2)
	w.out.WriteString(xmlHead + "\n")
	for name, value := range members(detailed) {
		if string(name) == `"catalogData"` {
			w.plain("catalog", value)
		}
	}
	head, err := json.Marshal(s360.CatalogTextResult{Result: s360.Result{StatusCode: s360.StatusSuccess}, CatalogData: gap[1 : len(gap)-1]})
	if err != nil {
		return nil, err
	}
	before, after, _ := bytes.Cut(head, []byte(gap))
	return append(appendJSON(append(make([]byte, 0, w.out.Len()+w.out.Len()/64+len(head)), before...), w.out.Bytes()), after...), nil
}

// appendJSON writes a text that is valid UTF-8 as a JSON string, without escaping what XML is full of.
func appendJSON(b, text []byte) []byte {
	b = append(b, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < ' ':
			b = append(b, fmt.Sprintf(`\u%04x`, c)...)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// plain writes a value as one element, or one for each of a list, without types. A member whose name is none in XML is left out.
func (w *xmlWriter) plain(name string, v []byte) {
	if v[0] == '[' {
		for item := range items(v) {
			w.plain(name, item)
		}
		return
	}
	w.open(name)
	switch v[0] {
	case '{':
		for member, value := range members(v) {
			if member := jsonText(member); xmlName(member) {
				w.plain(member, value)
			}
		}
	case '"':
		w.text(jsonText(v))
	case 'n':
	default:
		w.out.Write(v)
	}
	w.close(name)
}
