package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/secutix/s360"
)

// recording is a catalog in the platform's own words, instead of rules: loaded from a real institution or generated.
type recording struct {
	catalog  *s360.CatalogData
	pos      *s360.POSConfigData // nil: invented
	unlisted []s360.Product      // not RUNNING: known to SetupService alone
	charges  map[string]int64    // ids of the world's charges
}

// The figures invented for a recording that does not say them.
const (
	inventedVAT   = 5500 // thousandths of a percent
	inventedGauge = 200  // places of a space without a gauge
	inventedRow   = 20   // seats
	inventedFill  = 85   // percent sold elsewhere at most
)

// ImportWorld makes a world of an answer of getCatalogDetailed recorded at a real institution, and optionally of its
// getPOSConfig (nil: invented). A broken file is refused with the places that are: where it is cut, ids that are none or stand
// twice, references that lead nowhere. Either may be the whole answer or its data alone, in any of the forms the platform writes. The
// catalog is served as it was recorded; stock, account and secrets are invented. An empty code becomes the institution's own,
// else "imported". What was recorded is sellable at the dates it carries: the clock must stand before them.
func ImportWorld(code string, catalog, pos []byte) (World, error) {
	var c struct {
		CatalogData *s360.CatalogData `json:"catalogData"`
	}
	if err := decodeEither(catalog, &c, func() bool { return c.CatalogData != nil }, &c.CatalogData); err != nil {
		return World{}, fmt.Errorf("import the catalog: %w", err)
	}
	if len(c.CatalogData.Seasons) == 0 {
		return World{}, errors.New("import the catalog: it has no seasons")
	}
	if err := checkRecorded(c.CatalogData); err != nil {
		return World{}, fmt.Errorf("import the catalog: %w", err)
	}
	r := recording{catalog: c.CatalogData}
	if len(pos) > 0 {
		var q struct {
			POSConfigData *s360.POSConfigData `json:"posConfigData"`
		}
		if err := decodeEither(pos, &q, func() bool { return q.POSConfigData != nil }, &q.POSConfigData); err != nil {
			return World{}, fmt.Errorf("import the point of sales: %w", err)
		}
		r.pos = q.POSConfigData
	}
	w := recordedWorld(code, &r)
	w.record = func(time.Time) *recording { return &r }
	if err := w.check(); err != nil {
		return World{}, fmt.Errorf("import: %w", err)
	}
	return w, nil
}

// decodeEither reads a whole answer, or its data alone.
func decodeEither[D any](raw []byte, answer any, found func() bool, data **D) error {
	if err := wholeJSON(raw); err != nil {
		return err
	}
	if err := s360.Decode(raw, answer); err != nil {
		return err
	}
	if found() {
		return nil
	}
	*data = new(D)
	return s360.Decode(raw, *data)
}

// recordedWorld derives who the institution is.
func recordedWorld(code string, r *recording) World {
	pos := r.pos
	if pos == nil {
		pos = &s360.POSConfigData{}
	}
	code = strings.ToLower(cmpOr(cmpOr(code, pos.InstitCode), "imported"))
	label := strings.ToUpper(code)
	channel := r.channel()
	if pos.SalesChannelID != 0 {
		channel = Coded{ID: int64(pos.SalesChannelID), Code: pos.SalesChannelCode}
	}
	w := World{
		Code: code, Operator: label + "_GUICHET", Partner: "Guichet", Secret: "recorded-secret-" + code, PartnerContact: "300",
		Contacts: []string{"40012"}, Name: Text{"en": "Recorded " + code}, Currency: cmpOr(pos.CurrencyCode, "EUR"),
		TimeZone: cmpOr(pos.OrganizationTimeZone, "Europe/Paris"), Languages: r.languages(pos.MainLanguage),
		PointOfSales: Coded{ID: orElseID(pos.PosID, 400_100_200), Code: cmpOr(pos.PosCode, "RESELL")}, SalesChannel: channel,
		MaxSeats: 10, VAT: map[string]int{},
	}
	if pos.MaxSeatsPerPerformance != nil {
		w.MaxSeats = max(int(*pos.MaxSeatsPerPerformance), 0)
	}
	for _, m := range pos.PaymentMethods {
		w.PaymentMethods = append(w.PaymentMethods, PaymentMethod{
			ID: int64(m.ID), Code: m.Code, Type: m.PaymentType, Name: textOf(m.ExternalName),
			ForPayment: bool(m.ForPayment), ForReimbursement: bool(m.ForReimbursement),
		})
	}
	if w.pendingMethod() == 0 {
		w.PaymentMethods = append(w.PaymentMethods, PaymentMethod{ID: 900_120, Code: "PENDING", Type: pendingType, Name: Text{w.Languages[0]: "Reseller account"}, ForPayment: true})
	}
	r.charges = map[string]int64{}
	for _, ch := range pos.Charges {
		r.charges[ch.Code] = int64(ch.ID)
		w.Charges = append(w.Charges, Charge{Code: ch.Code, Name: textOf(ch.ExternalName)})
	}
	return w
}

func orElseID(id s360.ID, or int64) int64 {
	if id == 0 {
		return or
	}
	return int64(id)
}

// everyProduct visits the products of all seasons and those outside one, in order.
func (r *recording) everyProduct(visit func(*s360.Product)) {
	for i := range r.catalog.Seasons {
		for j := range r.catalog.Seasons[i].Products {
			visit(&r.catalog.Seasons[i].Products[j])
		}
	}
	for j := range r.catalog.Products {
		visit(&r.catalog.Products[j])
	}
}

// channel is the sales channel most products may be sold in.
func (r *recording) channel() Coded {
	count := map[s360.ID]int{}
	best, most := Coded{ID: 900_110, Code: "RS"}, 0
	r.everyProduct(func(p *s360.Product) {
		for _, sp := range p.SalePeriods {
			if !sp.SalePossible || sp.SalesChannelID == 0 {
				continue
			}
			if count[sp.SalesChannelID]++; count[sp.SalesChannelID] > most {
				best, most = Coded{ID: int64(sp.SalesChannelID), Code: sp.SalesChannelCode}, count[sp.SalesChannelID]
			}
		}
	})
	return best
}

// languages are those of the catalog's names, the main one first.
func (r *recording) languages(main string) []string {
	count := map[string]int{}
	r.everyProduct(func(p *s360.Product) {
		for l := range textOf(p.ExternalName) {
			count[l]++
		}
	})
	out := slices.Sorted(maps.Keys(count))
	slices.SortStableFunc(out, func(a, b string) int {
		if (a == main) != (b == main) {
			return map[bool]int{true: -1, false: 1}[a == main]
		}
		return count[b] - count[a]
	})
	if len(out) == 0 {
		return []string{cmpOr(main, "en")}
	}
	return out
}

func textOf(n *s360.ExternalName) Text {
	if n == nil {
		return nil
	}
	t := Text{}
	for _, tr := range n.Translations {
		if tr.Value != "" {
			t[tr.Locale] = tr.Value
		}
	}
	return t
}

// growRecorded turns a recording into objects that can be sold: the ids are the recording's, the stock is invented.
func (in *institution) growRecorded(r *recording) {
	in.recorded = r
	g := &recordedGrower{in: in, places: map[int64]*s360.PhysicalConfiguration{}, codes: map[string]int64{}, venues: map[string]*venue{}}
	for i := range r.catalog.PhysicalConfigurations {
		g.places[int64(r.catalog.PhysicalConfigurations[i].ID)] = &r.catalog.PhysicalConfigurations[i]
	}
	in.w.VAT = map[string]int{}
	for i := range in.w.Charges {
		c := &in.w.Charges[i]
		in.charges[c.Code] = &charge{id: r.charges[c.Code], def: c}
	}
	for i := range r.catalog.Seasons {
		s := &r.catalog.Seasons[i]
		for _, c := range s.AudienceCategories {
			for _, t := range c.AudienceSubCategories {
				g.tariff(t)
			}
		}
		g.levels = append(g.levels, s.PriceLevels...)
	}
	for i := range r.catalog.Seasons {
		g.season = r.catalog.Seasons[i].Code
		for j := range r.catalog.Seasons[i].Products {
			g.product(&r.catalog.Seasons[i].Products[j])
		}
	}
	g.season = ""
	for j := range r.catalog.Products {
		g.product(&r.catalog.Products[j])
	}
	for _, t := range in.tariffs {
		t.def.Requires = nil
		for _, id := range t.requires {
			if other := in.tariffByID[id]; other != nil {
				t.def.Requires = append(t.def.Requires, other.def.Code)
			}
		}
	}
}

type recordedGrower struct {
	in     *institution
	season string // code of the one being grown
	places map[int64]*s360.PhysicalConfiguration
	codes  map[string]int64 // tariff code to tariff: items look prices up by code
	levels []s360.PriceLevel
	venues map[string]*venue
}

func (g *recordedGrower) tariff(t s360.AudienceSubCategory) *tariff {
	if old := g.in.tariffByID[int64(t.ID)]; old != nil {
		return old
	}
	code := cmpOr(t.Code, strconv.FormatInt(int64(t.ID), 10))
	if _, taken := g.codes[code]; taken {
		code += "-" + strconv.FormatInt(int64(t.ID), 10)
	}
	g.codes[code] = int64(t.ID)
	out := &tariff{id: int64(t.ID), def: &Tariff{Code: code, Name: textOf(t.ExternalName), Kind: t.AudienceCategoryKind}}
	if t.MinQuantity != nil {
		out.def.Min = int(*t.MinQuantity)
	}
	for _, id := range t.RequiredAudienceSubCategoryIDs {
		out.requires = append(out.requires, int64(id))
	}
	g.in.tariffs = append(g.in.tariffs, out)
	g.in.tariffByID[out.id] = out
	return out
}

// public says whether anybody may choose a price of that level.
func (g *recordedGrower) public(level s360.ID) bool {
	i := slices.IndexFunc(g.levels, func(l s360.PriceLevel) bool { return l.ID == level })
	return level == 0 || i >= 0 && (g.levels[i].MainCategory == "OCCASIONAL" || g.levels[i].MainCategory == "")
}

// product grows one product. A product that is in two seasons is one, with the performances of both.
func (g *recordedGrower) product(w *s360.Product) {
	in := g.in
	p := in.productOf[int64(w.ID)]
	if p == nil {
		def := &ProductRule{
			Code: w.Code, Family: w.ProductFamilyType, SubFamily: w.ProductFamilySubType, Name: textOf(w.ExternalName),
			VAT: g.vat(w.VatCodeID), Fill: [2]int{0, inventedFill},
		}
		if w.MinQuantity != nil {
			def.MinQuantity = int(*w.MinQuantity)
		}
		if w.MaxQuantity != nil {
			def.MaxQuantity = int(*w.MaxQuantity)
		}
		if w.Pass != nil && len(w.Pass.Timeslots) == 0 {
			def.DateNeeded = bool(w.Pass.DateMandatory) && !slices.ContainsFunc(w.Pass.Items, func(it s360.Item) bool { return len(it.TimeslotIDs)+len(it.Timeslots) > 0 })
		}
		p = &product{id: int64(w.ID), n: len(in.products) + 1, def: def, saleOpens: g.opens(w), stockAt: in.base, season: g.season}
		in.products = append(in.products, p)
		in.productOf[p.id] = p
	}
	if w.Event != nil {
		g.event(p, w)
	}
	for _, items := range itemsOf(w) {
		g.item(p, w, items)
	}
}

// vat names the rate of a product; what it is, the catalog does not say.
func (g *recordedGrower) vat(id s360.ID) string {
	code := "V" + strconv.FormatInt(int64(id), 10)
	g.in.w.VAT[code], g.in.vatOf[code] = inventedVAT, int64(id)
	return code
}

// opens is when our channel begins to sell: the first period of the product, else of a performance.
func (g *recordedGrower) opens(w *s360.Product) time.Time {
	periods := slices.Clone(w.SalePeriods)
	if len(periods) == 0 && w.Event != nil {
		for i := range w.Event.Performances {
			periods = append(periods, w.Event.Performances[i].SalePeriods...)
		}
	}
	var first time.Time
	found := false
	for _, sp := range periods {
		if !sp.SalePossible || int64(sp.SalesChannelID) != g.in.w.SalesChannel.ID {
			continue
		}
		if !found || sp.Start.Before(first) {
			first, found = sp.Start.Time, true
		}
	}
	if !found && len(periods) > 0 {
		return time.Date(2999, 1, 1, 0, 0, 0, 0, g.in.zone) // sold elsewhere only
	}
	return first
}

func (g *recordedGrower) event(p *product, w *s360.Product) {
	if f, err := strconv.ParseFloat(string(w.Event.AlertRatio), 64); err == nil && f >= 1 && f <= 100 {
		p.def.AlertRatio = int(f)
	}
	if p.venue == nil {
		p.venue = g.venue(w)
	}
	for i := range w.Event.Performances {
		wp := &w.Event.Performances[i]
		if g.in.perfOf[int64(wp.ID)] != nil {
			continue
		}
		perf := &performance{
			id: int64(wp.ID), n: len(p.perfs) + 1, product: p, start: wp.Start.Time,
			canceled: wp.State == s360.StateCanceled, suspended: wp.State != "" && wp.State != s360.StateRunning,
			amounts: g.amounts(p.venue, wp), season: g.season,
		}
		if wp.Duration != nil && p.def.Minutes == 0 {
			p.def.Minutes = int(*wp.Duration) / 60
		}
		p.perfs = append(p.perfs, perf)
		g.in.perfOf[perf.id] = perf
	}
	slices.SortStableFunc(p.perfs, func(a, b *performance) int { return a.start.Compare(b.start) })
}

// priceKey is what a price is for: a seat category and a tariff.
type priceKey struct{ category, tariff int64 }

// amounts are the prices anybody may choose, the first of each kind.
func (g *recordedGrower) amounts(v *venue, perf *s360.Performance) map[priceKey]int64 {
	out := make(map[priceKey]int64, len(perf.Prices))
	for i := range perf.Prices {
		pr := &perf.Prices[i]
		if pr.Amount == nil || !g.public(pr.PriceLevelID) {
			continue
		}
		g.tariff(s360.AudienceSubCategory{ID: pr.AudSubCatID})
		for _, c := range v.categories {
			key := priceKey{c.id, int64(pr.AudSubCatID)}
			if _, ok := out[key]; !ok && g.prices(pr, perf, c.id) {
				out[key] = int64(*pr.Amount)
			}
		}
	}
	return out
}

// prices says whether a price is for that seat category: its own, the institution's behind it, or all when it names none.
func (g *recordedGrower) prices(pr *s360.Price, perf *s360.Performance, category int64) bool {
	if pr.SeatCatID != 0 {
		return int64(pr.SeatCatID) == category
	}
	i := slices.IndexFunc(perf.SeatCategories, func(c s360.SeatCategory) bool { return int64(c.ID) == category })
	if i < 0 {
		return len(perf.SeatCategories) == 0
	}
	return pr.InstitutionSeatCatID == 0 || perf.SeatCategories[i].InstitutionCategoryID == pr.InstitutionSeatCatID
}

// venue invents the places of a product: a block for each seat category any of its performances has, which share the gauge.
func (g *recordedGrower) venue(w *s360.Product) *venue {
	var cats []*category
	numbered := false
	var place int64
	var first *s360.Performance
	for i := range w.Event.Performances {
		perf := &w.Event.Performances[i]
		if first == nil {
			first, place = perf, int64(perf.PhysicalConfigurationID)
		}
		numbered = numbered || perf.Numbered != nil && bool(*perf.Numbered)
		for _, c := range perf.SeatCategories {
			if !slices.ContainsFunc(cats, func(o *category) bool { return o.id == int64(c.ID) }) {
				cats = append(cats, &category{id: int64(c.ID), rank: int(c.Rank), def: &SeatCategory{Code: c.Code, Name: textOf(c.ExternalName), Color: c.BgColor}})
			}
		}
	}
	if len(cats) == 0 {
		cats = []*category{{def: &SeatCategory{}}} // priced without a category
	}
	ids := []int64{place}
	for _, c := range cats {
		ids = append(ids, c.id)
	}
	key := fmt.Sprint(ids, numbered)
	if v := g.venues[key]; v != nil {
		return v
	}
	v := g.place(place, first, numbered)
	v.categories = cats
	g.fill(v)
	g.venues[key] = v
	return v
}

// place describes where a performance is.
func (g *recordedGrower) place(id int64, first *s360.Performance, numbered bool) *venue {
	n := int64(len(g.venues) + 1)
	v := &venue{id: id, capacity: inventedGauge, def: &Venue{Numbered: numbered}}
	if first != nil {
		v.logicalID, v.spaceID = int64(first.LogicalConfigurationID), int64(first.SpaceID)
		v.def.Code, v.def.SiteCode = first.SpaceCode, first.SiteCode
		v.def.Name, v.def.SiteName = textOf(first.SpaceExternalName), textOf(first.SiteExternalName)
	}
	if pc := g.places[id]; pc != nil {
		v.siteID, v.spaceID = int64(pc.SiteID), int64(pc.SpaceID)
		v.def.Code, v.def.SiteCode = cmpOr(pc.SpaceCode, v.def.Code), cmpOr(pc.SiteCode, v.def.SiteCode)
		v.def.Address = Address{Street: pc.Street, Town: pc.Town, Zip: pc.Zipcode, Country: pc.CountryCode}
		if pc.PhysicalGauge != nil && *pc.PhysicalGauge > 0 {
			v.capacity = min(int(*pc.PhysicalGauge), maxGauge)
		}
		for _, a := range pc.Areas {
			v.areas = append(v.areas, &area{id: int64(a.ID), def: &Area{Code: a.Code, Name: Text{g.in.w.Languages[0]: a.Code}}})
		}
	}
	if len(v.areas) == 0 {
		v.areas = []*area{{id: g.in.number(kindArea, n*1000+1), def: &Area{Code: "HALL", Name: Text{g.in.w.Languages[0]: "Hall"}}}}
	}
	return v
}

// maxGauge is the most places of a recorded space, maxBlock the most of one block: seat numbers leave room for as many. A larger
// share of a category is cut into blocks of bigBlock.
const (
	maxGauge = 400_000
	maxBlock = 10_000
	bigBlock = 1_000
)

// fill gives each category its share of the gauge, in one block or in many, in the recorded areas in turn.
func (g *recordedGrower) fill(v *venue) {
	share := max(v.capacity/len(v.categories), 1)
	v.capacity = 0
	for i, c := range v.categories {
		in := *v.areas[i%len(v.areas)]
		in.category = c
		if share <= maxBlock {
			g.block(v, &in, share)
			continue
		}
		for left := share; left > 0; left -= bigBlock {
			g.block(v, &in, min(left, bigBlock))
		}
	}
	v.division = g.in.undivided(v)
}

func (g *recordedGrower) block(v *venue, in *area, size int) {
	n, i := int64(len(g.venues)+1), len(v.blocks)
	b := &block{id: g.in.number(kindBlock, n*1000+int64(i+1)), index: i, code: strconv.Itoa(i + 1), area: in, capacity: size}
	if v.def.Numbered {
		for at := 0; at < size; at += inventedRow {
			b.rows = append(b.rows, row{label: strconv.Itoa(len(b.rows) + 1), first: at, seats: min(inventedRow, size-at)})
		}
	}
	v.capacity += size
	v.blocks = append(v.blocks, b)
}

// itemsOf lists the items of a product, whatever its kind. Those of some kinds are refused when they are ordered.
func itemsOf(w *s360.Product) []s360.List[s360.Item] {
	var out []s360.List[s360.Item]
	if w.Pass != nil {
		out = append(out, w.Pass.Items)
	}
	if w.Service != nil {
		out = append(out, w.Service.Items)
	}
	if w.Goods != nil {
		out = append(out, w.Goods.Items)
	}
	if w.Membership != nil {
		out = append(out, w.Membership.Items)
	}
	if w.SeasonTicket != nil {
		out = append(out, w.SeasonTicket.Items)
	}
	if w.Pack != nil {
		out = append(out, w.Pack.Items)
	}
	for _, kind := range []json.RawMessage{w.Transport, w.Hospitality} {
		var of struct {
			Items s360.List[s360.Item] `json:"items"`
		}
		if kind != nil && s360.Decode(kind, &of) == nil { // another shape has none that we can read
			out = append(out, of.Items)
		}
	}
	return out
}

func (g *recordedGrower) item(p *product, w *s360.Product, items s360.List[s360.Item]) {
	for i := range items {
		wi := &items[i]
		if g.in.itemOf[int64(wi.ItemID)] != nil {
			continue
		}
		it := &item{
			id: int64(wi.ItemID), n: len(p.items) + 1, product: p, pools: map[slotKey]*pool{},
			def: &ItemRule{Code: wi.Code, Name: textOf(wi.ExternalName), Price: map[string]int64{}},
		}
		for _, pr := range wi.ItemPrices {
			t := g.tariff(s360.AudienceSubCategory{ID: pr.AudSubCatID})
			if _, ok := it.def.Price[t.def.Code]; !ok && pr.Amount != nil && g.public(pr.PriceLevelID) {
				it.def.Price[t.def.Code] = int64(*pr.Amount)
			}
		}
		slots := wi.Timeslots
		if w.Pass != nil {
			slots = slices.Concat(slots, w.Pass.Timeslots)
		}
		g.slots(it, wi.TimeslotIDs, slots)
		p.items = append(p.items, it)
		g.in.itemOf[it.id] = it
	}
}

// slots gives an item the time slots it names, as far as their beginning can be read.
func (g *recordedGrower) slots(it *item, ids s360.List[s360.ID], slots s360.List[s360.Timeslot]) {
	for _, sl := range slots {
		at, err := parseTime(sl.StartTime)
		if err != nil || g.in.slotOf[int64(sl.ID)] != nil || (len(ids) > 0 && !slices.Contains(ids, sl.ID)) {
			continue
		}
		if it.def.Slots == nil {
			it.def.Slots = &SlotRule{Every: 30, Quota: 50, Fill: [2]int{0, inventedFill}}
		}
		if sl.Quota != nil && *sl.Quota > 0 {
			it.def.Slots.Quota = int(*sl.Quota)
		}
		s := &slot{id: int64(sl.ID), item: it, hour: at / 60, minute: at % 60}
		it.slots = append(it.slots, s)
		g.in.slotOf[s.id] = s
	}
}

// recordedData is the recording as one question sees it, with what happened to prices and performances since. It shares
// what did not change with the recording: nothing of it may be altered.
func (v catalogView) recordedData() *s360.CatalogData {
	d := *v.in.recorded.catalog
	d.Seasons = s360.List[s360.Season]{}
	for _, s := range v.in.recorded.catalog.Seasons {
		if v.season != "" && v.season != s.Code {
			continue
		}
		s.Products = v.recordedProducts(s.Products)
		d.Seasons = append(d.Seasons, s)
	}
	if v.season != "" {
		d.Products = nil
	}
	d.Products = v.recordedProducts(d.Products)
	return &d
}

func (v catalogView) recordedProducts(list s360.List[s360.Product]) s360.List[s360.Product] {
	out := make(s360.List[s360.Product], 0, len(list))
	for _, w := range list {
		if v.product != "" && v.product != w.Code {
			continue
		}
		if w.Event != nil && slices.ContainsFunc(w.Event.Performances, v.in.touched) {
			event := *w.Event
			event.Performances = slices.Clone(event.Performances)
			for i := range event.Performances {
				v.in.touch(&event.Performances[i])
			}
			w.Event = &event
		}
		out = append(out, w)
	}
	return out
}

// touched says whether something happened to the performance since it was recorded.
func (in *institution) touched(w s360.Performance) bool {
	perf := in.perfOf[int64(w.ID)]
	return perf != nil && (perf.moved != 0 || (perf.canceled && w.State != s360.StateCanceled))
}

// touch writes what happened into a performance of its own.
func (in *institution) touch(w *s360.Performance) {
	if !in.touched(*w) {
		return
	}
	perf := in.perfOf[int64(w.ID)]
	if perf.canceled {
		w.State = s360.StateCanceled
	}
	w.Prices = slices.Clone(w.Prices)
	for i, pr := range w.Prices {
		if pr.Amount != nil && *pr.Amount > 0 {
			w.Prices[i].Amount = amount(int64(*pr.Amount) + perf.moved)
		}
	}
}

// recordedCopy is recordedData that may be altered.
func (v catalogView) recordedCopy() (*s360.CatalogData, error) {
	b, err := json.Marshal(v.recordedData())
	if err != nil {
		return nil, err
	}
	var d s360.CatalogData
	return &d, s360.Decode(b, &d)
}

// recordedPOS is the recorded point of sales, with the account that was added where none was recorded.
func (in *institution) recordedPOS() *s360.POSConfigData {
	d := *in.recorded.pos
	d.PosID = s360.ID(in.w.PointOfSales.ID)
	d.PaymentMethods = slices.Clone(d.PaymentMethods)
	for _, m := range in.w.PaymentMethods[len(d.PaymentMethods):] {
		d.PaymentMethods = append(d.PaymentMethods, s360.PaymentMethod{
			ID: s360.ID(m.ID), Code: m.Code, ExternalName: in.name(m.Name), PaymentType: m.Type, ForPayment: s360.Bool(m.ForPayment),
		})
	}
	return &d
}
