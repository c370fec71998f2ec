package catalog

import (
	"cmp"
	"slices"
	"time"

	"guichet/domain"
)

// Sort says in which order a list comes.
type Sort string

// The orders. Things that tie stand by name or start, then by institution and id, so that every order is total.
const (
	SortStart     Sort = "start"     // what comes next first; undated things last, by name
	SortName      Sort = "name"      // as the reader's languages have it, accents and case ignored
	SortPrice     Sort = "price"     // lowest price first; things without a price last
	SortRelevance Sort = "relevance" // best match of the words first; only of use with Words
	// SortConfidence is what most surely still sells first, by Ask.Confidence; undated things last.
	SortConfidence Sort = "confidence"
)

// Sorts lists every order.
func Sorts() []Sort { return []Sort{SortStart, SortName, SortPrice, SortRelevance, SortConfidence} }

// Facet is a member by which matches are counted.
type Facet string

// The facets. FacetMonth counts by local month of start ("2026-10"), FacetVenue and FacetSeason by code.
const (
	FacetKind   Facet = "kind"
	FacetTopic  Facet = "topic"
	FacetVenue  Facet = "venue"
	FacetTown   Facet = "town"
	FacetMonth  Facet = "month"
	FacetSeason Facet = "season"
)

// FacetsAll lists every facet.
func FacetsAll() []Facet {
	return []Facet{FacetKind, FacetTopic, FacetVenue, FacetTown, FacetMonth, FacetSeason}
}

// Filter says what is looked for. Empty members do not restrict. A dated product matches when one of its performances to
// come meets everything that is asked, the words too.
type Filter struct {
	Kinds []Kind
	// Words must all match: the product, its venue or what the performance says beyond its product, in any language; accents
	// and case are ignored. A word matches whole or as the beginning of one; one that nothing begins with may have a letter
	// wrong from 4 letters on, two from 8. At most MaxWords are looked at.
	Words     string
	Topic     string // its code or its name in any language; accents and case ignored
	Venue     string // code; accents and case ignored
	Town      string // accents and case ignored
	Season    string // its code, case ignored, or its id, with or without the institution's code ("play-11")
	Product   ProductID
	From, To  domain.Day // local days of the venue, both included
	Numbered  *bool      // places have numbers; undated things have none
	OnSale    bool       // now
	Available bool       // on sale now and not known to be sold out
	// PriceMax is in minor units of the institution's currency. It is held against the lowest price above zero, or zero where
	// all prices are.
	PriceMax *int64
}

// Ask is a filter with an order and a place to go on from.
type Ask struct {
	Filter
	Sort      Sort      // empty is SortStart
	Languages []string  // the reader's, best first: names are sorted as they are read
	After     *Position // nil begins
	Limit     int       // 1 to domain.MaxLimit; others are brought into that range
	Facets    []Facet
	// Confidence is how sure it is that a performance still sells, 0 to 100, for SortConfidence; nil is 0 of all.
	Confidence func(*View, *Performance) int
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
	Name  domain.Text // of a venue, topic or season
	N     int
}

// Result is one page of matches. Next is the position to go on after, nil at the end. Total counts all matches.
type Result struct {
	Found  []Found
	Next   *Position
	Total  int
	Facets map[Facet][]FacetCount
}

// BrowseProducts lists the products of the sources that pass. A dated product with nothing left to come is not listed.
func BrowseProducts(sources []Source, a Ask, now time.Time) Result {
	return browse(sources, a, now, true)
}

// BrowsePerformances lists the performances of the sources that pass and are not over.
func BrowsePerformances(sources []Source, a Ask, now time.Time) Result {
	return browse(sources, a, now, false)
}

// browse looks through each source and puts their pages together.
func browse(sources []Source, a Ask, now time.Time, products bool) Result {
	limit := min(max(a.Limit, 1), domain.MaxLimit)
	if a.Sort == "" {
		a.Sort = SortStart
	}
	words := terms(a.Words)
	if a.Sort == SortRelevance && len(words) == 0 {
		a.Sort = sortAlike
	}
	var r Result
	c := newCounter(a.Facets)
	for _, src := range sources {
		l := newLook(src, &a, words, now, products)
		count, page := l.countPerformances, l.pageOfPerformances
		if products {
			count, page = l.countProducts, l.pageOfProducts
		}
		r.Total += count(c)
		r.Found = append(r.Found, page(limit+1)...) // one more says whether more follow
		l.done()
	}
	if len(sources) > 1 {
		slices.SortFunc(r.Found, func(a, b Found) int { return a.Position.compare(b.Position) })
	}
	if len(r.Found) > limit {
		clear(r.Found[limit:])
		r.Found = r.Found[:limit]
		next := r.Found[limit-1].Position
		r.Next = &next
	}
	r.Facets = c.result()
	return r
}

// sortAlike is the order of relevance where nothing was searched for: products by name, performances by start.
const sortAlike Sort = "alike"
