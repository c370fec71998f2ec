package catalog

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"

	"guichet/domain"
)

// Sort says in which order a list comes.
type Sort string

// The orders. Things that tie stand by institution and id, so that every order is total.
const (
	SortStart     Sort = "start"     // what comes next first; undated things last, by name
	SortName      Sort = "name"      // in the first language wanted, accents and case ignored
	SortPrice     Sort = "price"     // lowest price first; things without a price last
	SortRelevance Sort = "relevance" // best match of the words first; only of use with Words
)

// Sorts lists every order.
func Sorts() []Sort { return []Sort{SortStart, SortName, SortPrice, SortRelevance} }

// Facet is a member by which matches are counted.
type Facet string

// The facets. FacetMonth counts by local month of start ("2026-10"), FacetVenue by the venue's code.
const (
	FacetKind  Facet = "kind"
	FacetTopic Facet = "topic"
	FacetVenue Facet = "venue"
	FacetMonth Facet = "month"
)

// FacetsAll lists every facet.
func FacetsAll() []Facet { return []Facet{FacetKind, FacetTopic, FacetVenue, FacetMonth} }

// Filter says what is looked for. Empty members do not restrict. A dated product matches when one of its performances to
// come meets Venue, Town, From, To, Available and PriceMax together.
type Filter struct {
	Kinds     []Kind
	Words     string // every word must begin a word of the texts, in any language; accents and case are ignored
	Topic     string // its code or its name in any language; accents and case ignored
	Venue     string // code; case ignored
	Town      string // accents and case ignored
	Product   ProductID
	From, To  domain.Day // local days of the venue, both included
	Available bool       // on sale now and not known to be sold out
	PriceMax  *int64     // minor units of the institution's currency
}

// Ask is a filter with an order and a place to go on from.
type Ask struct {
	Filter
	Sort      Sort      // empty is SortStart
	Languages []string  // for SortName, best first
	After     *Position // nil begins
	Limit     int       // 1 to domain.MaxLimit; others are brought into that range
	Facets    []Facet
}

// Position is where in an order a thing stands. It holds values and not places, so it stays good when a catalog is
// refreshed.
type Position struct {
	Number      int64
	Text        string
	Institution domain.InstitutionCode
	ID          int64
}

func (p Position) compare(o Position) int {
	return cmp.Or(cmp.Compare(p.Number, o.Number), cmp.Compare(p.Text, o.Text),
		cmp.Compare(p.Institution, o.Institution), cmp.Compare(p.ID, o.ID))
}

// Source is one institution's catalog to look through.
type Source struct {
	View *View
}

// Found is one match. Performance is nil in a list of products.
type Found struct {
	Source      Source
	Product     *Product
	Performance *Performance
	Position    Position
}

// FacetCount is how many matches have a value of a facet.
type FacetCount struct {
	Value string
	Name  domain.Text // of a venue or topic
	N     int
}

// Result is one page of matches. Next is the position to go on after, nil at the end. Total counts all matches.
type Result struct {
	Found  []Found
	Next   *Position
	Total  int
	Facets map[Facet][]FacetCount
}

// Index is what a snapshot is searched by: folded words, local days and lowest prices. It is immutable; share it freely.
// It is built once per snapshot, because building it costs some tens of milliseconds for 20,000 performances.
type Index struct {
	Snapshot *Snapshot
	loc      *time.Location
	products []productEntry
	perfs    []performanceEntry // in the snapshot's order: by start, then id
	venues   []venueEntry
	words    []string // sorted
	postings [][]posting
	langs    map[string]bool
	changes  []time.Time // when judgements may turn
}

type productEntry struct {
	perfs  []int32 // indexes of perfs, by start
	topics []string
}

type performanceEntry struct {
	product int32
	venue   int32
	day     domain.Day
	price   int64 // lowest; -1 where there is none
}

type venueEntry struct {
	venue      Venue
	code, town string
}

// posting says that a word stands in something.
type posting struct {
	kind   postingKind
	id     int32
	weight int32
}

type postingKind uint8

const (
	ofProduct postingKind = iota
	ofVenue
	ofPerformance
)

// Weights of a word by where it stands.
const (
	weightName  = 8
	weightOther = 3
	weightLong  = 1
)

// newIndex builds the index of a snapshot, on which Index must have been called.
func newIndex(s *Snapshot) *Index {
	x := &Index{
		Snapshot: s, loc: s.Institution.Location(), products: make([]productEntry, len(s.Products)),
		perfs: make([]performanceEntry, len(s.Performances)), langs: map[string]bool{}, changes: changesOf(s),
	}
	x.note(s.Institution.Name)
	b := &indexBuilder{x: x, words: map[string]map[posting]int32{}, venues: map[venueKey]int32{}}
	at := make(map[ProductID]int32, len(s.Products))
	for i := range s.Products {
		at[s.Products[i].ID] = int32(i)
		b.product(int32(i), &s.Products[i])
	}
	for i := range s.Performances {
		b.performance(int32(i), &s.Performances[i], at)
	}
	for i := range s.Tariffs {
		x.note(s.Tariffs[i].Name)
	}
	b.finish()
	return x
}

// Location is the institution's time zone.
func (x *Index) Location() *time.Location { return x.loc }

// Speaks reports whether any text of the catalog is in that language (lower-case tag).
func (x *Index) Speaks(lang string) bool { return x.langs[lang] }

func (x *Index) note(t domain.Text) {
	for l := range t {
		x.langs[l] = true
	}
}

type venueKey struct{ code, name, town string }

type indexBuilder struct {
	x      *Index
	words  map[string]map[posting]int32 // posting without weight to weight
	venues map[venueKey]int32
}

func (b *indexBuilder) add(kind postingKind, id, weight int32, texts ...string) {
	for _, t := range texts {
		for _, w := range splitWords(t) {
			m := b.words[w]
			if m == nil {
				m = map[posting]int32{}
				b.words[w] = m
			}
			k := posting{kind: kind, id: id}
			m[k] = max(m[k], weight)
		}
	}
}

func (b *indexBuilder) addText(kind postingKind, id, weight int32, t domain.Text) {
	b.x.note(t)
	for _, s := range t {
		b.add(kind, id, weight, s)
	}
}

func (b *indexBuilder) product(i int32, p *Product) {
	b.addText(ofProduct, i, weightName, p.Name)
	b.addText(ofProduct, i, weightName, p.ShortName)
	b.addText(ofProduct, i, weightLong, p.Description)
	b.add(ofProduct, i, weightOther, p.Code)
	for j := range p.Topics {
		b.add(ofProduct, i, weightOther, p.Topics[j].Code)
		b.addText(ofProduct, i, weightOther, p.Topics[j].Name)
	}
	for j := range p.Items {
		b.addText(ofProduct, i, weightOther, p.Items[j].Name)
	}
	for j := range p.Topics {
		t := &p.Topics[j]
		b.x.products[i].topics = append(b.x.products[i].topics, Fold(t.Code))
		for _, name := range t.Name {
			b.x.products[i].topics = append(b.x.products[i].topics, Fold(name))
		}
	}
}

func (b *indexBuilder) performance(i int32, p *Performance, at map[ProductID]int32) {
	e := &b.x.perfs[i]
	prod, ok := at[p.Product]
	if !ok {
		prod = -1 // Validate refuses such a catalog; it is found under no product
	}
	e.product, e.venue, e.day, e.price = prod, b.venue(p.Venue), domain.DayOf(p.Start.In(b.x.loc)), -1
	for j := range p.Prices {
		if a := p.Prices[j].Price.Amount; e.price < 0 || a < e.price {
			e.price = a
		}
	}
	b.x.note(p.Name)
	for j := range p.SeatCategories {
		b.x.note(p.SeatCategories[j].Name)
	}
	if prod < 0 {
		return
	}
	b.x.products[prod].perfs = append(b.x.products[prod].perfs, i)
	name := b.x.Snapshot.Products[prod].Name
	for l, s := range p.Name {
		if s != name[l] {
			b.add(ofPerformance, i, weightName, s)
		}
	}
}

func (b *indexBuilder) venue(v Venue) int32 {
	k := venueKey{v.Code + "\x00" + v.SpaceCode, v.Name.Or(""), v.Town}
	if i, ok := b.venues[k]; ok {
		return i
	}
	i := int32(len(b.x.venues)) //nolint:gosec // G115: far fewer than 2^31
	b.venues[k] = i
	b.x.venues = append(b.x.venues, venueEntry{venue: v, code: Fold(v.Code), town: Fold(v.Town)})
	b.addText(ofVenue, i, weightOther, v.Name)
	b.addText(ofVenue, i, weightOther, v.Space)
	b.add(ofVenue, i, weightOther, v.Town)
	return i
}

func (b *indexBuilder) finish() {
	x := b.x
	x.words = make([]string, 0, len(b.words))
	for w := range b.words {
		x.words = append(x.words, w)
	}
	sort.Strings(x.words)
	x.postings = make([][]posting, len(x.words))
	for i, w := range x.words {
		list := make([]posting, 0, len(b.words[w]))
		for k, weight := range b.words[w] {
			k.weight = weight
			list = append(list, k)
		}
		x.postings[i] = list
	}
}

// scores are how well things match the words; nil slices where no words were given.
type scores struct {
	own     []int32 // products by their own texts, -1 no match
	product []int32 // products by their own, their venues' and their performances' texts
	perf    []int32
}

// search scores everything by the words. A product's or performance's score is the sum over the words of the best place
// each stands in; a word matched whole counts double.
func (x *Index) search(words []string) scores {
	s := scores{own: zeroes(len(x.products)), product: zeroes(len(x.products)), perf: zeroes(len(x.perfs))}
	for _, w := range words {
		own, venue, perf := make([]int32, len(x.products)), make([]int32, len(x.venues)), make([]int32, len(x.perfs))
		i, _ := slices.BinarySearch(x.words, w)
		for ; i < len(x.words) && strings.HasPrefix(x.words[i], w); i++ {
			times := int32(1)
			if x.words[i] == w {
				times = 2
			}
			for _, p := range x.postings[i] {
				target := own
				switch p.kind {
				case ofVenue:
					target = venue
				case ofPerformance:
					target = perf
				case ofProduct:
				}
				target[p.id] = max(target[p.id], p.weight*times)
			}
		}
		wide := slices.Clone(own)
		for i := range x.perfs {
			e := &x.perfs[i]
			perf[i] = max(perf[i], venue[e.venue])
			if e.product >= 0 {
				wide[e.product] = max(wide[e.product], perf[i])
				perf[i] = max(perf[i], own[e.product])
			}
		}
		addScore(s.own, own)
		addScore(s.product, wide)
		addScore(s.perf, perf)
	}
	return s
}

func zeroes(n int) []int32 { return make([]int32, n) }

// addScore adds one word's scores; a word that does not match rules the thing out for good.
func addScore(sum, word []int32) {
	for i := range sum {
		if word[i] == 0 || sum[i] < 0 {
			sum[i] = -1
			continue
		}
		sum[i] += word[i]
	}
}

// look is one run through one source.
type look struct {
	Source
	f      *Ask
	now    time.Time
	scores *scores
	topic  string
	venue  string
	town   string
}

func newLook(src Source, a *Ask, now time.Time, words []string) *look {
	l := &look{Source: src, f: a, now: now, topic: Fold(a.Topic), venue: Fold(a.Venue), town: Fold(a.Town)}
	if len(words) > 0 {
		s := src.View.index.search(words)
		l.scores = &s
	}
	return l
}

// productPasses judges what does not depend on a performance.
func (l *look) productPasses(i int32) bool {
	p := &l.View.Products[i]
	switch {
	case l.f.Product != 0 && p.ID != l.f.Product:
		return false
	case len(l.f.Kinds) > 0 && !slices.Contains(l.f.Kinds, p.Kind):
		return false
	case l.topic != "" && !slices.Contains(l.View.index.products[i].topics, l.topic):
		return false
	}
	return true
}

// performancePasses judges a performance that is still to come, but for its product.
func (l *look) performancePasses(i int32) bool {
	p, e := &l.View.Performances[i], &l.View.index.perfs[i]
	switch {
	case p.Over(l.now):
		return false
	case l.f.From != "" && e.day < l.f.From, l.f.To != "" && e.day > l.f.To:
		return false
	case l.venue != "" && l.View.index.venues[e.venue].code != l.venue:
		return false
	case l.town != "" && l.View.index.venues[e.venue].town != l.town:
		return false
	case l.f.PriceMax != nil && (e.price < 0 || e.price > *l.f.PriceMax):
		return false
	case l.f.Available && !l.performanceAvailable(p):
		return false
	}
	return true
}

func (l *look) performanceAvailable(p *Performance) bool {
	if a := l.View.PerformanceAvailability(p); a.Level == LevelSoldOut || a.Level == LevelNotOnSale {
		return false
	}
	return l.View.SellablePerformance(p, 0, 0, l.now).OnSale
}

// undatedPasses judges a product without performances. Venue and town rule it out, for it has none. A day filter keeps
// what is bound to days that it meets: an item with a timeslot in the range, or a product whose date is the visitor's
// choice.
func (l *look) undatedPasses(p *Product) bool {
	switch {
	case l.venue != "" || l.town != "":
		return false
	case (l.f.From != "" || l.f.To != "") && !l.meetsDays(p):
		return false
	case l.f.PriceMax != nil && !l.itemUnder(p, *l.f.PriceMax):
		return false
	case l.f.Available:
		a := l.View.ProductAvailability(p, l.now)
		return a.Level != LevelSoldOut && a.Level != LevelNotOnSale && l.View.SellableProduct(p, l.now).OnSale
	}
	return true
}

func (l *look) meetsDays(p *Product) bool {
	for i := range p.Timeslots {
		t := &p.Timeslots[i]
		if (l.f.To == "" || t.From == "" || t.From <= l.f.To) && (l.f.From == "" || t.Until == "" || t.Until >= l.f.From) {
			return true
		}
	}
	return len(p.Timeslots) == 0 && p.DateMandatory
}

func (l *look) itemUnder(p *Product, most int64) bool {
	for i := range p.Items {
		for j := range p.Items[i].Prices {
			if p.Items[i].Prices[j].Price.Amount <= most {
				return true
			}
		}
	}
	return false
}

// BrowseProducts lists the products of the sources that pass. A dated product with nothing left to come is not listed.
func BrowseProducts(sources []Source, a Ask, now time.Time) Result {
	words := splitWords(a.Words)
	c := newCollector(&a)
	for _, src := range sources {
		l := newLook(src, &a, now, words)
		for i := range src.View.Products {
			l.collectProduct(c, int32(i))
		}
	}
	return c.result()
}

func (l *look) collectProduct(c *collector, i int32) {
	p := &l.View.Products[i]
	if !l.productPasses(i) || (l.scores != nil && l.scores.product[i] < 0) {
		return
	}
	entry := &l.View.index.products[i]
	var passing []int32
	if len(entry.perfs) == 0 {
		if !l.undatedPasses(p) {
			return
		}
	} else {
		needAll := len(c.facets) > 0 || c.ask.Sort == SortPrice
		for _, at := range entry.perfs {
			if !l.performancePasses(at) {
				continue
			}
			passing = append(passing, at)
			if !needAll {
				break // the first by start says when, and no more is asked
			}
		}
		if len(passing) == 0 {
			return
		}
	}
	c.count(l, p, passing)
	c.add(Found{Source: l.Source, Product: p, Position: l.productPosition(p, i, passing)})
}

func (l *look) productPosition(p *Product, i int32, passing []int32) Position {
	pos := Position{Institution: l.View.Institution.Code, ID: int64(p.ID)}
	switch l.f.Sort {
	case SortName:
		pos.Text = Fold(p.Name.Or(p.Code, l.languages()...))
	case SortPrice:
		pos.Number = l.lowest(p, passing)
	case SortRelevance:
		if l.scores != nil {
			pos.Number = -int64(l.scores.product[i])
		}
		pos.Text = Fold(p.Name.Or(p.Code, l.languages()...))
	default:
		if len(passing) > 0 {
			pos.Number = l.View.Performances[passing[0]].Start.UnixMilli()
		} else {
			pos.Number, pos.Text = math.MaxInt64, Fold(p.Name.Or(p.Code, l.languages()...))
		}
	}
	return pos
}

func (l *look) lowest(p *Product, passing []int32) int64 {
	low := int64(math.MaxInt64)
	for _, at := range passing {
		if a := l.View.index.perfs[at].price; a >= 0 {
			low = min(low, a)
		}
	}
	for i := range p.Items {
		for j := range p.Items[i].Prices {
			low = min(low, p.Items[i].Prices[j].Price.Amount)
		}
	}
	return low
}

func (l *look) languages() []string {
	return append(slices.Clone(l.f.Languages), l.View.Institution.MainLanguage)
}

// BrowsePerformances lists the performances of the sources that pass and are not over.
func BrowsePerformances(sources []Source, a Ask, now time.Time) Result {
	words := splitWords(a.Words)
	c := newCollector(&a)
	for _, src := range sources {
		l := newLook(src, &a, now, words)
		passes := make([]bool, len(src.View.Products))
		names := make([]string, len(src.View.Products))
		for i := range passes {
			passes[i] = l.productPasses(int32(i))
			if a.Sort == SortName {
				p := &src.View.Products[i]
				names[i] = Fold(p.Name.Or(p.Code, l.languages()...))
			}
		}
		for i := range src.View.Performances {
			l.collectPerformance(c, int32(i), passes, names)
		}
	}
	return c.result()
}

func (l *look) collectPerformance(c *collector, i int32, passes []bool, names []string) {
	e := &l.View.index.perfs[i]
	if e.product < 0 || !passes[e.product] || (l.scores != nil && l.scores.perf[i] < 0) || !l.performancePasses(i) {
		return
	}
	p := &l.View.Performances[i]
	pos := Position{Number: p.Start.UnixMilli(), Institution: l.View.Institution.Code, ID: int64(p.ID)}
	switch {
	case l.f.Sort == SortName:
		pos.Text, pos.Number = names[e.product], 0
	case l.f.Sort == SortPrice && e.price < 0:
		pos.Number = math.MaxInt64
	case l.f.Sort == SortPrice:
		pos.Number = e.price
	case l.f.Sort == SortRelevance && l.scores != nil:
		pos.Number = -int64(l.scores.perf[i])
	}
	prod := &l.View.Products[e.product]
	c.count(l, prod, []int32{i})
	c.add(Found{Source: l.Source, Product: prod, Performance: p, Position: pos})
}

// collector keeps the first matches after a position, and counts.
type collector struct {
	ask    *Ask
	limit  int
	total  int
	found  []Found
	facets map[Facet]map[string]*FacetCount
}

func newCollector(a *Ask) *collector {
	c := &collector{ask: a, limit: min(max(a.Limit, 1), domain.MaxLimit), facets: map[Facet]map[string]*FacetCount{}}
	if a.Sort == "" {
		a.Sort = SortStart
	}
	for _, f := range a.Facets {
		c.facets[f] = map[string]*FacetCount{}
	}
	return c
}

func (c *collector) add(f Found) {
	c.total++
	if c.ask.After != nil && f.Position.compare(*c.ask.After) <= 0 {
		return
	}
	c.found = append(c.found, f)
	if len(c.found) >= 8*(c.limit+1) {
		c.trim()
	}
}

// trim keeps the first limit+1: enough for a page and for knowing whether more follow.
func (c *collector) trim() {
	slices.SortFunc(c.found, func(a, b Found) int { return a.Position.compare(b.Position) })
	if len(c.found) > c.limit+1 {
		clear(c.found[c.limit+1:])
		c.found = c.found[:c.limit+1]
	}
}

// count counts a match once per value that it has.
func (c *collector) count(l *look, p *Product, perfs []int32) {
	for f, counts := range c.facets {
		switch f {
		case FacetKind:
			bump(counts, string(p.Kind), nil)
		case FacetTopic:
			var seen []string
			for j := range p.Topics {
				if t := &p.Topics[j]; !slices.Contains(seen, t.Code) {
					seen = append(seen, t.Code)
					bump(counts, t.Code, t.Name)
				}
			}
		case FacetVenue:
			var seen []string
			for _, i := range perfs {
				v := &l.View.index.venues[l.View.index.perfs[i].venue].venue
				if !slices.Contains(seen, v.Code) {
					seen = append(seen, v.Code)
					bump(counts, v.Code, v.Name)
				}
			}
		case FacetMonth:
			var seen []string
			for _, i := range perfs {
				month := string(l.View.index.perfs[i].day[:7])
				if !slices.Contains(seen, month) {
					seen = append(seen, month)
					bump(counts, month, nil)
				}
			}
		}
	}
}

func bump(m map[string]*FacetCount, value string, name domain.Text) {
	fc := m[value]
	if fc == nil {
		fc = &FacetCount{Value: value, Name: name}
		m[value] = fc
	}
	fc.N++
}

func (c *collector) result() Result {
	c.trim()
	r := Result{Found: c.found, Total: c.total}
	if len(r.Found) > c.limit {
		r.Found = r.Found[:c.limit]
		next := r.Found[c.limit-1].Position
		r.Next = &next
	}
	if len(c.facets) == 0 {
		return r
	}
	r.Facets = make(map[Facet][]FacetCount, len(c.facets))
	for f, counts := range c.facets {
		list := make([]FacetCount, 0, len(counts))
		for _, fc := range counts {
			list = append(list, *fc)
		}
		slices.SortFunc(list, func(a, b FacetCount) int {
			if f == FacetMonth {
				return cmp.Compare(a.Value, b.Value)
			}
			return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value))
		})
		r.Facets[f] = list
	}
	return r
}

// foldings are the letters that lower-casing leaves and that a person types without their marks.
const foldings = "àaáaâaãaäaåaāaăaąaçcćcĉcċcčcďdđdðdèeéeêeëeēeĕeėeęeěeĝgğgġgģgĥhħhìiíiîiïiĩiīiĭiįiıiĵjķkĺlļlľlłlñnńnņnňn" +
	"òoóoôoõoöoøoōoŏoőoŕrŗrřrśsŝsşsšsșsţtťtŧtțtùuúuûuüuũuūuŭuůuűuųuŵwýyÿyŷyźzżzžz" +
	"άαέεήηίιϊιΐιόούυϋυΰυώωςσйиёе"

// foldTable maps each of them; it is built once and never changed.
var foldTable = func() map[rune]rune {
	m := map[rune]rune{}
	runes := []rune(foldings)
	for i := 0; i+1 < len(runes); i += 2 {
		m[runes[i]] = runes[i+1]
	}
	return m
}()

// Fold writes text as it is compared in searches: lower case, without accents, "ß" as "ss" and ligatures written out.
func Fold(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		r = unicode.ToLower(r)
		if to, ok := foldTable[r]; ok {
			r = to
		}
		switch {
		case r == 'ß':
			b.WriteString("ss")
		case r == 'æ':
			b.WriteString("ae")
		case r == 'œ':
			b.WriteString("oe")
		case r == 'þ':
			b.WriteString("th")
		case unicode.Is(unicode.Mn, r): // a mark of its own, as in decomposed text
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isPlain reports whether folding would change nothing.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || (c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return true
}

// splitWords folds text and cuts it into words of letters and digits.
func splitWords(s string) []string {
	return strings.FieldsFunc(Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
