package catalog

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"time"

	"guichet/domain"
)

// indexBuilder makes an Index; what it keeps besides is given up with it.
type indexBuilder struct {
	*Index
	words    *vocabularyBuilder
	venueOf  map[venueKey]int32
	topicOf  values
	kinds    map[Kind][]int32
	topics   map[string][]int32
	seasons  map[SeasonID][]int32
	places   map[string][]int32
	towns    map[string][]int32
	docOf    map[docKey]int32
	seed     maphash.Seed
	lastDay  civil
	daysTold bool
}

type venueKey struct{ code, space, name, spaceName, town string }

// docKey tells what performances of a product say beyond it.
type docKey struct {
	product int32
	texts   uint64
}

// newIndex builds the index of a snapshot, on which Index must have been called.
func newIndex(s *Snapshot) *Index {
	b := &indexBuilder{
		Index: &Index{
			snap: s, loc: s.Institution.Location(), langs: map[string]bool{},
			products: make([]productEntry, len(s.Products)), perfs: make([]performanceEntry, len(s.Performances)),
			productAt: make(map[ProductID]int32, len(s.Products)), performances: make(map[PerformanceID]int32, len(s.Performances)),
			undated: newMask(len(s.Products)), numbered: newMask(len(s.Performances)), inOrder: true,
		},
		words: newVocabularyBuilder(), venueOf: map[venueKey]int32{}, kinds: map[Kind][]int32{}, topics: map[string][]int32{},
		seasons: map[SeasonID][]int32{}, places: map[string][]int32{}, towns: map[string][]int32{}, docOf: map[docKey]int32{},
		seed: maphash.MakeSeed(),
	}
	b.note(s.Institution.Name)
	for i := range s.Tariffs {
		b.note(s.Tariffs[i].Name)
	}
	seasonAt := make(map[SeasonID]int32, len(s.Seasons))
	for i := range s.Seasons {
		seasonAt[s.Seasons[i].ID] = small(i)
	}
	for i := range s.Products {
		b.product(small(i), &s.Products[i], seasonAt)
	}
	for i := range s.Performances {
		b.performance(small(i), &s.Performances[i])
	}
	b.finish()
	return b.Index
}

func (b *indexBuilder) note(texts ...domain.Text) {
	for _, t := range texts {
		for l := range t {
			b.langs[l] = true
		}
	}
}

func (b *indexBuilder) text(weight int32, texts ...domain.Text) {
	b.note(texts...)
	for _, t := range texts {
		for _, s := range t {
			b.words.add(weight, s)
		}
	}
}

func (b *indexBuilder) product(i int32, p *Product, seasonAt map[SeasonID]int32) {
	e := &b.products[i]
	b.productAt[p.ID] = i
	b.kinds[p.Kind] = append(b.kinds[p.Kind], i)
	for _, id := range append([]SeasonID{p.Season}, p.OtherSeasons...) {
		join(b.seasons, id, i)
		if at, ok := seasonAt[id]; ok && !slices.Contains(e.seasons, at) {
			e.seasons = append(e.seasons, at)
		}
	}
	e.price = noPrice
	for j := range p.Items {
		for k := range p.Items[j].Prices {
			e.price = lowest(e.price, p.Items[j].Prices[k].Price.Amount)
		}
	}
	for j := range p.Topics {
		t := &p.Topics[j]
		if at := b.topicOf.of(t.Code, t.Code, t.Name); !slices.Contains(e.topics, at) {
			e.topics = append(e.topics, at)
		}
		join(b.topics, foldKey(t.Code), i)
		for _, name := range t.Name {
			join(b.topics, foldKey(name), i)
		}
	}
	b.days(e, p)
	b.productWords(e, p)
}

// join adds a number, which is never lower than those before, to a list of which it may be the last already.
func join[K comparable](m map[K][]int32, k K, i int32) {
	if list := m[k]; len(list) == 0 || list[len(list)-1] != i {
		m[k] = append(list, i)
	}
}

// days notes on which days an undated product is good.
func (b *indexBuilder) days(e *productEntry, p *Product) {
	e.always = len(p.Timeslots) == 0 && p.DateMandatory
	for i := range p.Timeslots {
		t := &p.Timeslots[i]
		s := span{from: 0, until: 1<<31 - 1}
		if t.From != "" {
			s.from, _ = dayNumber(t.From)
		}
		if n, ok := dayNumber(t.Until); ok {
			s.until = n
		}
		if !slices.Contains(e.spans, s) {
			e.spans = append(e.spans, s)
		}
	}
}

func (b *indexBuilder) productWords(e *productEntry, p *Product) {
	e.doc = uint32(b.words.begin()) //nolint:gosec // G115: counts from 0
	b.text(weightName, p.Name, p.ShortName)
	b.text(weightWho, p.NameAddOn)
	b.words.add(weightWho, p.People...)
	b.words.add(weightOther, p.Code)
	b.text(weightOther, p.Activity.Name)
	for j := range p.Topics {
		b.words.add(weightOther, p.Topics[j].Code)
		b.text(weightOther, p.Topics[j].Name)
	}
	for j := range p.Items {
		b.text(weightOther, p.Items[j].Name)
	}
	b.text(weightLong, p.Description)
}

func (b *indexBuilder) performance(i int32, p *Performance) {
	e := &b.perfs[i]
	b.performances[p.ID] = i
	e.start, e.price, e.product = p.Start.UnixMilli(), noPrice, -1
	if at, ok := b.productAt[p.Product]; ok {
		e.product = at
	}
	for j := range p.Prices {
		e.price = lowest(e.price, p.Prices[j].Price.Amount)
	}
	b.day(e, p.Start)
	e.venue = b.venue(&p.Venue)
	join(b.places, foldKey(p.Venue.Code), i)
	join(b.towns, foldKey(p.Venue.Town), i)
	b.numbered.put(i, p.Numbered)
	b.note(p.Name)
	for j := range p.SeatCategories {
		b.note(p.SeatCategories[j].Name)
	}
	if e.product < 0 {
		return
	}
	general := b.products[e.product].doc
	e.docs = [3]uint32{general, b.venues[e.venue].doc, general}
	if doc := b.performanceWords(e.product, p); doc >= 0 {
		e.docs[2] = uint32(doc)
	}
}

type civil struct {
	year  int
	month time.Month
	day   int
}

// day notes the local day and month of a start.
func (b *indexBuilder) day(e *performanceEntry, start time.Time) {
	var c civil
	c.year, c.month, c.day = start.In(b.loc).Date()
	e.day = small(c.year*10_000 + int(c.month)*100 + c.day)
	if b.daysTold {
		last := b.lastDay
		b.inOrder = b.inOrder && e.day >= small(last.year*10_000+int(last.month)*100+last.day)
	}
	month := fmt.Sprintf("%04d-%02d", c.year, int(c.month))
	e.month = b.months.of(month, month, nil)
	b.lastDay, b.daysTold = c, true
}

func (b *indexBuilder) venue(v *Venue) int32 {
	k := venueKey{v.Code, v.SpaceCode, v.Name.Or(""), v.Space.Or(""), v.Town}
	if i, ok := b.venueOf[k]; ok {
		return i
	}
	i := small(len(b.venues))
	b.venueOf[k] = i
	e := venueEntry{
		place: b.Index.places.of(v.Code, v.Code, v.Name), town: b.Index.towns.of(foldKey(v.Town), v.Town, nil),
		doc: uint32(b.words.begin()), //nolint:gosec // G115: counts from 0
	}
	b.text(weightOther, v.Name, v.Space)
	b.words.add(weightOther, v.Town)
	b.venues = append(b.venues, e)
	return i
}

// performanceWords takes what a performance says beyond its product, and says in which document; -1 is nothing. Performances
// of a product that say the same share one.
func (b *indexBuilder) performanceWords(product int32, p *Performance) int32 {
	prod := &b.snap.Products[product]
	fields := [...]struct {
		own, general domain.Text
		weight       int32
	}{
		{p.Name, prod.Name, weightName},
		{p.ShortName, prod.ShortName, weightName},
		{p.NameAddOn, prod.NameAddOn, weightWho},
		{p.Description, prod.Description, weightLong},
	}
	k, said := docKey{product: product}, false
	for n, f := range fields {
		if len(f.own) == 0 || maps.Equal(f.own, f.general) {
			continue
		}
		said = true
		for l, s := range f.own {
			k.texts += maphash.Comparable(b.seed, [3]string{string(rune('0' + n)), l, s})
		}
	}
	if !slices.Equal(p.People, prod.People) {
		for _, s := range p.People {
			said = true
			k.texts += maphash.Comparable(b.seed, [2]string{"people", s})
		}
	}
	if !said {
		return -1
	}
	if doc, ok := b.docOf[k]; ok {
		return doc
	}
	doc := b.words.begin()
	b.docOf[k] = doc
	for _, f := range fields {
		b.text(f.weight, f.own)
	}
	b.words.add(weightWho, p.People...)
	return doc
}

func (b *indexBuilder) finish() {
	x := b.Index
	x.perfsFrom = make([]int32, len(x.products)+1)
	for i := range x.perfs {
		if p := x.perfs[i].product; p >= 0 {
			x.perfsFrom[p+1]++
		}
	}
	for i := range x.products {
		if x.perfsFrom[i+1] == 0 {
			x.undated.set(small(i))
		}
		x.perfsFrom[i+1] += x.perfsFrom[i]
	}
	x.perfsOf = make([]int32, x.perfsFrom[len(x.products)])
	next := slices.Clone(x.perfsFrom)
	for i := range x.perfs {
		if p := x.perfs[i].product; p >= 0 {
			x.perfsOf[next[p]] = small(i)
			next[p]++
		}
	}
	x.kinds, x.topics, x.seasons = groups(x, b.kinds), groups(x, b.topics), groups(x, b.seasons)
	x.placeSet, x.townSet = postAll(b.places, len(x.perfs)), postAll(b.towns, len(x.perfs))
	x.topicValues = b.topicOf
	x.sortStarts()
	x.words = b.words.vocabulary()
	x.turns = turnsOf(b.snap)
	if !b.snap.LoadedAt.IsZero() {
		x.saleAt(b.snap.LoadedAt)
	}
}

func postAll(lists map[string][]int32, n int) map[string]posted {
	out := make(map[string]posted, len(lists))
	for k, list := range lists {
		out[k] = post(slices.Clip(list), n)
	}
	return out
}

func groups[K comparable](x *Index, lists map[K][]int32) map[K]group {
	out := make(map[K]group, len(lists))
	for k, list := range lists {
		var perfs []int32
		for _, p := range list {
			perfs = append(perfs, x.of(p)...)
		}
		slices.Sort(perfs)
		out[k] = group{products: post(slices.Clip(list), len(x.products)), perfs: post(perfs, len(x.perfs))}
	}
	return out
}
