package catalog_test

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/catalog"
)

// naive answers questions by looking at every object, written from the rules and sharing nothing with the index.
type naive struct {
	v   *catalog.View
	a   catalog.Ask
	now time.Time
	loc *time.Location
}

// plainly folds what stands in the worlds.
func plainly(s string) string {
	s = strings.ToLower(s)
	for _, p := range slices.Concat(titles, places, towns, []written{{"Théâtre", "theatre"}, {"Música", "musica"}, {"Noël Quint", "noel quint"}, {"GRAND théâtre", "grand theatre"}, {"É", "e"}, {"שלום", "שלומ"}}) {
		s = strings.ReplaceAll(s, strings.ToLower(p.text), p.folded)
	}
	return s
}

func plainWords(s string) []string {
	return strings.FieldsFunc(plainly(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func (n naive) over(p *catalog.Performance) bool {
	if p.End.IsZero() {
		return p.Start.Before(n.now)
	}
	return p.End.Before(n.now)
}

// open reports whether one of the periods lets the tariff be sold now.
func (n naive) open(periods []catalog.SalePeriod, start time.Time, tariff catalog.TariffID) bool {
	for _, p := range periods {
		end := p.End
		if p.Relative && !start.IsZero() {
			if rel := start.Add(-p.EndRelative); end.IsZero() || rel.Before(end) {
				end = rel
			}
		}
		if p.SalePossible && (p.Channel == 0 || p.Channel == 9) && (len(p.Tariffs) == 0 || slices.Contains(p.Tariffs, tariff)) &&
			(p.Start.IsZero() || !p.Start.After(n.now)) && (end.IsZero() || end.After(n.now)) {
			return true
		}
	}
	return len(periods) == 0
}

func firstOf(lists ...[]catalog.SalePeriod) []catalog.SalePeriod {
	for _, l := range lists {
		if len(l) > 0 {
			return l
		}
	}
	return nil
}

func runs(p *catalog.Product) bool { return p.State == "RUNNING" && p.Kind != catalog.KindPackage }

func (n naive) performanceSells(prod *catalog.Product, p *catalog.Performance) bool {
	if !runs(prod) || p.State != "RUNNING" || n.over(p) {
		return false
	}
	for _, pr := range p.Prices {
		if n.open(firstOf(p.SalePeriods, prod.SalePeriods), p.Start, pr.Tariff) {
			return true
		}
	}
	return false
}

func (n naive) undatedSells(p *catalog.Product) bool {
	for _, it := range p.Items {
		for _, pr := range it.Prices {
			if runs(p) && n.open(firstOf(pr.SalePeriods, p.SalePeriods), time.Time{}, pr.Tariff) {
				return true
			}
		}
	}
	return false
}

func gone(l catalog.Level) bool { return l == catalog.LevelSoldOut || l == catalog.LevelNotOnSale }

// cheapest is the lowest amount above zero, or zero where all are; none is as good as infinite.
func cheapest(amounts []int64) int64 {
	best := int64(math.MaxInt64)
	for _, a := range amounts {
		if a > 0 {
			best = min(best, a)
		}
	}
	if best == math.MaxInt64 && len(amounts) > 0 {
		return 0
	}
	return best
}

func performanceAmounts(p *catalog.Performance) (amounts []int64) {
	for _, pr := range p.Prices {
		amounts = append(amounts, pr.Price.Amount)
	}
	return amounts
}

func itemAmounts(p *catalog.Product) (amounts []int64) {
	for _, it := range p.Items {
		for _, pr := range it.Prices {
			amounts = append(amounts, pr.Price.Amount)
		}
	}
	return amounts
}

func (n naive) seasons(p *catalog.Product) (codes []string, match bool) {
	s := n.v.Snapshot
	asked := strings.ToLower(n.a.Season)
	isCode := slices.ContainsFunc(s.Seasons, func(s catalog.Season) bool { return s.Code == asked })
	for _, id := range slices.Compact(append([]catalog.SeasonID{p.Season}, p.OtherSeasons...)) {
		code := ""
		for _, season := range s.Seasons {
			if season.ID == id {
				code = season.Code
				codes = append(codes, code)
			}
		}
		number := fmt.Sprint(int64(id))
		match = match || (isCode && code == asked) || (!isCode && (number == asked || string(s.Institution.Code)+"-"+number == asked))
	}
	return codes, match
}

func (n naive) common(p *catalog.Product) bool {
	topic := n.a.Topic == ""
	for _, t := range p.Topics {
		topic = topic || plainly(t.Code) == plainly(n.a.Topic)
		for _, name := range t.Name {
			topic = topic || plainly(name) == plainly(n.a.Topic)
		}
	}
	_, season := n.seasons(p)
	return topic && (n.a.Season == "" || season) && (len(n.a.Kinds) == 0 || slices.Contains(n.a.Kinds, p.Kind)) &&
		(n.a.Product == 0 || n.a.Product == p.ID)
}

func (n naive) performancePasses(prod *catalog.Product, p *catalog.Performance) bool {
	day := domain.Day(p.Start.In(n.loc).Format("2006-01-02"))
	sells := n.performanceSells(prod, p)
	left := !gone(n.v.Availability(catalog.Key{Product: prod.ID, Performance: p.ID}).Level)
	low := cheapest(performanceAmounts(p))
	return n.common(prod) && !n.over(p) && (n.a.Venue == "" || plainly(n.a.Venue) == plainly(p.Venue.Code)) &&
		(n.a.Town == "" || plainly(n.a.Town) == plainly(p.Venue.Town)) && (n.a.From == "" || day >= n.a.From) && (n.a.To == "" || day <= n.a.To) &&
		(n.a.Numbered == nil || *n.a.Numbered == p.Numbered) && (!n.a.OnSale || sells) && (!n.a.Available || (sells && left)) &&
		(n.a.PriceMax == nil || (low != math.MaxInt64 && low <= *n.a.PriceMax))
}

func (n naive) undatedPasses(p *catalog.Product) bool {
	if !n.common(p) || n.a.Venue != "" || n.a.Town != "" || (n.a.Numbered != nil && *n.a.Numbered) {
		return false
	}
	if n.a.From != "" || n.a.To != "" {
		from, to := n.a.From, n.a.To
		if to == "" {
			to = "9999-12-31"
		}
		meets := from <= to && len(p.Timeslots) == 0 && p.DateMandatory
		for _, t := range p.Timeslots {
			meets = meets || ((t.From == "" || t.From <= to) && (t.Until == "" || t.Until >= from))
		}
		if !meets {
			return false
		}
	}
	best, read := false, len(p.Items) == 0
	for _, it := range p.Items {
		level := n.v.Availability(catalog.Key{Product: p.ID, Item: it.ID}).Level
		best, read = best || !gone(level), true
	}
	left := best || !read || len(p.Items) == 0
	low := cheapest(itemAmounts(p))
	sells := n.undatedSells(p)
	return (!n.a.OnSale || sells) && (!n.a.Available || (sells && left)) && (n.a.PriceMax == nil || (low != math.MaxInt64 && low <= *n.a.PriceMax))
}

type placed struct {
	weight int
	texts  []string
}

func every(ts ...domain.Text) (out []string) {
	for _, t := range ts {
		for _, s := range t {
			out = append(out, s)
		}
	}
	return out
}

// score is how well texts match the words: the sum of the best of each, whole counting 8 and a beginning 4; 0 is a word missing.
func (n naive) score(texts []placed) int {
	words := plainWords(n.a.Words)
	slices.Sort(words)
	sum := 0
	for _, w := range slices.Compact(words) {
		best := 0
		for _, p := range texts {
			for _, t := range p.texts {
				for _, have := range plainWords(t) {
					switch {
					case have == w:
						best = max(best, 8*p.weight)
					case strings.HasPrefix(have, w):
						best = max(best, 4*p.weight)
					}
				}
			}
		}
		if best == 0 {
			return 0
		}
		sum += best
	}
	return sum
}

func productTexts(p *catalog.Product) []placed {
	out := []placed{{8, every(p.Name, p.ShortName)}, {6, p.People}, {6, every(p.NameAddOn)}, {3, []string{p.Code}}, {3, every(p.Activity.Name)}, {1, every(p.Description)}}
	for _, t := range p.Topics {
		out = append(out, placed{3, append(every(t.Name), t.Code)})
	}
	for _, it := range p.Items {
		out = append(out, placed{3, every(it.Name)})
	}
	return out
}

func performanceTexts(prod *catalog.Product, p *catalog.Performance) []placed {
	return append(productTexts(prod), placed{8, every(p.Name, p.ShortName)}, placed{6, p.People}, placed{6, every(p.NameAddOn)}, placed{1, every(p.Description)},
		placed{3, append(every(p.Venue.Name, p.Venue.Space), p.Venue.Town)})
}

// row is a match as it stands in the order: keys compare one after the other.
type row struct {
	number int64
	name   string
	start  int64
	inst   domain.InstitutionCode
	id     int64
	values map[catalog.Facet]map[string]bool
}

func (n naive) name(p *catalog.Product) string {
	for _, l := range append(slices.Clone(n.a.Languages), "fr") {
		base, _, _ := strings.Cut(l, "-")
		for _, l := range []string{l, base} {
			if p.Name[l] != "" {
				return plainly(p.Name[l])
			}
		}
	}
	for _, l := range []string{"ar", "en", "fr"} {
		if p.Name[l] != "" {
			return plainly(p.Name[l])
		}
	}
	return plainly(p.Code)
}

func (n naive) valuesOf(prod *catalog.Product, perfs []*catalog.Performance) map[catalog.Facet]map[string]bool {
	v := map[catalog.Facet]map[string]bool{}
	for _, f := range catalog.FacetsAll() {
		v[f] = map[string]bool{}
	}
	v[catalog.FacetKind][string(prod.Kind)] = true
	for _, t := range prod.Topics {
		v[catalog.FacetTopic][t.Code] = true
	}
	codes, _ := n.seasons(prod)
	for _, c := range codes {
		v[catalog.FacetSeason][c] = true
	}
	for _, p := range perfs {
		v[catalog.FacetVenue][p.Venue.Code], v[catalog.FacetTown][p.Venue.Town] = true, true
		v[catalog.FacetMonth][p.Start.In(n.loc).Format("2006-01")] = true
	}
	return v
}

func (n naive) performances() []row {
	var rows []row
	for i := range n.v.Performances {
		p := &n.v.Performances[i]
		prod := n.v.Product(p.Product)
		score := n.score(performanceTexts(prod, p))
		if !n.performancePasses(prod, p) || (n.a.Words != "" && score == 0) {
			continue
		}
		r := row{start: p.Start.UnixMilli(), inst: n.v.Institution.Code, id: int64(p.ID), values: n.valuesOf(prod, []*catalog.Performance{p})}
		switch n.a.Sort {
		case catalog.SortName:
			r.name = n.name(prod)
		case catalog.SortPrice:
			r.number = cheapest(performanceAmounts(p))
		case catalog.SortConfidence:
			r.number = -int64(n.a.Confidence(n.v, p))
		case catalog.SortRelevance:
			r.number = -int64(score)
		}
		rows = append(rows, r)
	}
	return rows
}

func (n naive) products() []row {
	var rows []row
	for i := range n.v.Products {
		p := &n.v.Products[i]
		var perfs []*catalog.Performance
		dated, score, first, amounts := false, 0, int64(math.MaxInt64), itemAmounts(p)
		for j := range n.v.Performances {
			perf := &n.v.Performances[j]
			if perf.Product != p.ID {
				continue
			}
			dated = true
			got := n.score(performanceTexts(p, perf))
			if !n.performancePasses(p, perf) || (n.a.Words != "" && got == 0) {
				continue
			}
			perfs = append(perfs, perf)
			score, first = max(score, got), min(first, perf.Start.UnixMilli())
			amounts = append(amounts, performanceAmounts(perf)...)
		}
		if !dated {
			score = n.score(productTexts(p))
		}
		if (dated && len(perfs) == 0) || (!dated && (!n.undatedPasses(p) || (n.a.Words != "" && score == 0))) {
			continue
		}
		r := row{name: n.name(p), inst: n.v.Institution.Code, id: int64(p.ID), values: n.valuesOf(p, perfs)}
		switch n.a.Sort {
		case catalog.SortPrice:
			r.number = cheapest(amounts)
		case catalog.SortConfidence:
			r.number = 1
			for _, perf := range perfs {
				r.number = min(r.number, -int64(n.a.Confidence(n.v, perf)))
			}
		case catalog.SortRelevance:
			r.number = -int64(score)
		case catalog.SortStart, "":
			r.number = first
		}
		rows = append(rows, r)
	}
	return rows
}

func ordered(rows []row) []row {
	sort.Slice(rows, func(i, j int) bool {
		a, b := rows[i], rows[j]
		switch {
		case a.number != b.number:
			return a.number < b.number
		case a.name != b.name:
			return a.name < b.name
		case a.start != b.start:
			return a.start < b.start
		case a.inst != b.inst:
			return a.inst < b.inst
		}
		return a.id < b.id
	})
	return rows
}

func ids(rows []row) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%s-%d", r.inst, r.id))
	}
	return out
}

func counts(rows []row) map[catalog.Facet]map[string]int {
	out := map[catalog.Facet]map[string]int{}
	for _, f := range catalog.FacetsAll() {
		out[f] = map[string]int{}
		for _, r := range rows {
			for v := range r.values[f] {
				if v == "" {
					continue
				}
				out[f][v]++
			}
		}
	}
	return out
}

// pages goes through all pages of a list, and says whether each was as full as it had to be.
func pages(t *rapid.T, list func([]catalog.Source, catalog.Ask, time.Time) catalog.Result, sources []catalog.Source, a catalog.Ask, now time.Time) []string {
	out := []string{}
	for {
		r := list(sources, a, now)
		for _, f := range r.Found {
			id := int64(f.Product.ID)
			if f.Performance != nil {
				id = int64(f.Performance.ID)
			}
			out = append(out, fmt.Sprintf("%s-%d", f.Source.View.Institution.Code, id))
		}
		if r.Next == nil {
			return out
		}
		if len(r.Found) != a.Limit || len(out) > 1000 {
			t.Fatalf("a page of %d with limit %d", len(r.Found), a.Limit)
		}
		a.After = r.Next
	}
}

func TestBrowse_IsWhatLookingAtEverythingFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		one, near := world(t, "one")
		sources, views := []catalog.Source{{View: one}}, []*catalog.View{one}
		if rapid.Bool().Draw(t, "two institutions") {
			two, _ := world(t, "two")
			sources, views = append(sources, catalog.Source{View: two}), append(views, two)
		}
		for range 12 {
			a, now := asks(t, near), moment(t, near, 30)
			var perfs, prods []row
			for _, v := range views {
				n := naive{v: v, a: a, now: now, loc: v.Institution.Location()}
				perfs, prods = append(perfs, n.performances()...), append(prods, n.products()...)
			}
			for _, c := range []struct {
				what string
				list func([]catalog.Source, catalog.Ask, time.Time) catalog.Result
				want []row
			}{{"performances", catalog.BrowsePerformances, ordered(perfs)}, {"products", catalog.BrowseProducts, ordered(prods)}} {
				if diff := cmp.Diff(ids(c.want), pages(t, c.list, sources, a, now)); diff != "" {
					t.Fatalf("%s for %+v at %s: -want +got\n%s", c.what, a, now, diff)
				}
				r := c.list(sources, a, now)
				got := map[catalog.Facet]map[string]int{}
				for _, f := range catalog.FacetsAll() {
					got[f] = map[string]int{}
					for _, fc := range r.Facets[f] {
						got[f][fc.Value] += fc.N
					}
				}
				if diff := cmp.Diff(counts(c.want), got); diff != "" || r.Total != len(c.want) {
					t.Fatalf("%s for %+v: %d of %d; facets -want +got\n%s", c.what, a, r.Total, len(c.want), diff)
				}
			}
		}
	})
}
