package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

// city is a catalog of 20,000 performances of 1,500 products in 40 venues and 20 towns over two years, with 30,000 words in
// three languages, and its words, the frequent ones first.
func city(tb testing.TB) (s *catalog.Snapshot, words []string) {
	tb.Helper()
	r := rand.New(rand.NewPCG(7, 20_000))
	words = invented(r, 30_000)
	often := rand.NewZipf(r, 1.1, 20, uint64(len(words)-1))
	text := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = words[often.Uint64()]
		}
		return strings.Join(list, " ")
	}
	texts := func(n int) domain.Text { return domain.Text{"fr": text(n), "en": text(n), "de": text(n)} }
	s = sample.Snapshot()
	s.Products, s.Performances, s.LoadedAt = nil, nil, sample.Now().Add(-time.Hour)
	s.Seasons = []catalog.Season{{ID: 1, Code: "2526"}, {ID: 2, Code: "2627"}, {ID: 3, Code: "2728"}}
	for i := range 1500 {
		topic := fmt.Sprintf("T%d", i%30)
		s.Products = append(s.Products, catalog.Product{
			ID: catalog.ProductID(i + 1), Code: fmt.Sprintf("P%d", i), Kind: catalog.Kinds()[i%7/6*i%5], State: catalog.Running, Season: catalog.SeasonID(1 + i%3),
			Name: texts(2 + i%3), ShortName: texts(1), Description: texts(80), Topics: []catalog.Topic{{Code: topic, Name: domain.Text{"fr": topic}}},
			People:      []string{words[r.IntN(len(words))], words[r.IntN(len(words))]},
			SalePeriods: []catalog.SalePeriod{{Start: sample.Now().Add(time.Duration(r.IntN(2000)-1800) * time.Hour), SalePossible: true, Relative: true, EndRelative: time.Hour}},
		})
	}
	venues := make([]catalog.Venue, 40)
	for i := range venues {
		venues[i] = catalog.Venue{Code: fmt.Sprintf("V%d", i), Name: texts(2), Space: texts(1), Town: words[100+i/2]}
	}
	for i := range 20_000 {
		p := sample.Performance(catalog.PerformanceID(i+1), sample.Now().Add(time.Duration(r.IntN(2*365*24)-24)*time.Hour))
		prod := &s.Products[r.IntN(len(s.Products))]
		p.Product, p.Name, p.Venue, p.Numbered = prod.ID, prod.Name, venues[r.IntN(len(venues))], r.IntN(3) > 0
		if i%4 == 0 {
			p.Name = texts(3) // a guest, a premiere
		}
		for j := range p.Prices {
			p.Prices[j].Price.Amount = int64(500 + 50*r.IntN(200))
		}
		s.Performances = append(s.Performances, p)
	}
	s.Index()
	return s, words
}

// invented makes words of syllables, each once.
func invented(r *rand.Rand, n int) []string {
	syllables := strings.Fields("ba bel bro ca char cou da den do fa fé fleu ga gra ha hiv ja jeu la lam li lou ma mé mor na nel noi o pa per pla que ra rez ri sa sel " +
		"ser ta té tri va ver vol za zi der schen ung keit ing tion ment eur age ist")
	seen, words := map[string]bool{}, make([]string, 0, n)
	for len(words) < n {
		w := ""
		for range 2 + r.IntN(4) {
			w += syllables[r.IntN(len(syllables))]
		}
		if !seen[w] {
			seen[w] = true
			words = append(words, w)
		}
	}
	return words
}

// cityView is the city with something left of nine performances in ten.
func cityView(tb testing.TB) ([]catalog.Source, []string) {
	tb.Helper()
	s, words := city(tb)
	var readings []catalog.Reading
	for i := range s.Performances {
		a := catalog.Availability{Level: catalog.LevelGood, AsOf: sample.Now()}
		if i%10 == 0 {
			a.Level = catalog.LevelSoldOut
		}
		readings = append(readings, catalog.Reading{Key: catalog.Key{Product: s.Performances[i].Product, Performance: s.Performances[i].ID}, Availability: a})
	}
	return []catalog.Source{{View: catalog.NewView(s, readings, sample.Now())}}, words
}

// spent is the processor time that the program has used, which other programs on a busy machine do not add to.
func spent(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// record asks different questions one after the other and reports how long single ones took.
func record(b *testing.B, asks []catalog.Ask, list func([]catalog.Source, catalog.Ask, time.Time) catalog.Result, sources []catalog.Source) {
	b.Helper()
	var took, used []time.Duration
	found, i := 0, 0
	for b.Loop() {
		at, cpu := time.Now(), spent(b)
		r := list(sources, asks[i%len(asks)], sample.Now())
		used, took = append(used, spent(b)-cpu), append(took, time.Since(at))
		found += len(r.Found)
		i++
	}
	if found == 0 {
		b.Fatal("nothing was ever found")
	}
	for name, list := range map[string][]time.Duration{"": took, "cpu-": used} {
		slices.Sort(list)
		b.ReportMetric(float64(list[len(list)/2].Nanoseconds())/1000, name+"p50-µs")
		b.ReportMetric(float64(list[len(list)*99/100].Nanoseconds())/1000, name+"p99-µs")
		b.ReportMetric(float64(list[len(list)-1].Nanoseconds())/1000, name+"max-µs")
	}
	b.ReportMetric(float64(found)/float64(i), "found/op")
}

// typed are searches as people type them: one to three words that stand in the catalog, whole, begun, or with an error.
func typed(r *rand.Rand, words []string, misspelt int) string {
	var out []string
	for range 1 + r.IntN(3) {
		w := []rune(words[int(float64(len(words)-1)*r.Float64()*r.Float64()*r.Float64())])
		switch n := r.IntN(100); {
		case n < misspelt && len(w) > 5:
			at := 1 + r.IntN(len(w)-3)
			switch r.IntN(4) {
			case 0:
				w = slices.Delete(w, at, at+1)
			case 1:
				w[at], w[at+1] = w[at+1], w[at]
			case 2:
				w[at] = 'x'
			default:
				w = slices.Insert(w, at, 'y')
			}
		case n < misspelt+40 && len(w) > 4:
			w = w[:3+r.IntN(len(w)-3)]
		}
		out = append(out, string(w))
	}
	return strings.Join(out, " ")
}

// BenchmarkFind asks 4,000 different questions of each sort of a catalog of 20,000 performances, pages of 50.
func BenchmarkFind(b *testing.B) {
	sources, words := cityView(b)
	r := rand.New(rand.NewPCG(1, 2))
	sorts := []catalog.Sort{catalog.SortStart, catalog.SortName, catalog.SortPrice}
	make4000 := func(one func(i int, a *catalog.Ask)) []catalog.Ask {
		asks := make([]catalog.Ask, 4000)
		for i := range asks {
			asks[i] = catalog.Ask{Sort: sorts[i%len(sorts)], Languages: []string{[]string{"fr", "en", "de"}[i%3]}, Limit: 50}
			one(i, &asks[i])
		}
		return asks
	}
	twoFilters := func(_ int, a *catalog.Ask) {
		for range 2 {
			switch r.IntN(6) {
			case 0:
				a.Venue = fmt.Sprintf("v%d", r.IntN(40))
			case 1:
				a.Topic = fmt.Sprintf("t%d", r.IntN(30))
			case 2:
				a.From = domain.DayOf(sample.Now().AddDate(0, 0, r.IntN(600)))
				a.To = domain.DayOf(sample.Now().AddDate(0, 0, 600+r.IntN(100)))
			case 3:
				most := int64(500 + r.IntN(5000))
				a.PriceMax = &most
			case 4:
				a.Season = []string{"2526", "2627", "2728"}[r.IntN(3)]
			default:
				a.Town = words[100+r.IntN(20)]
			}
		}
	}
	kinds := map[string][]catalog.Ask{
		"filters": make4000(twoFilters),
		"later pages": make4000(func(i int, a *catalog.Ask) {
			twoFilters(i, a)
			a.After = &catalog.Position{Number: int64(r.IntN(5000)), Text: words[r.IntN(len(words))], Institution: sample.Code, ID: 1}
			if a.Sort == catalog.SortStart {
				a.After.Number = sample.Now().AddDate(0, 0, r.IntN(300)).UnixMilli()
			}
		}),
		"facets":               make4000(func(i int, a *catalog.Ask) { twoFilters(i, a); a.Facets = catalog.FacetsAll() }),
		"facets of everything": make4000(func(_ int, a *catalog.Ask) { a.Facets = catalog.FacetsAll() }),
		"available":            make4000(func(i int, a *catalog.Ask) { twoFilters(i, a); a.Available = true }),
		"words":                make4000(func(_ int, a *catalog.Ask) { a.Sort, a.Words = catalog.SortRelevance, typed(r, words, 0) }),
		"words misspelt": make4000(func(_ int, a *catalog.Ask) {
			a.Sort, a.Words = catalog.SortRelevance, typed(r, words, 100)
		}),
		"words mixed": make4000(func(_ int, a *catalog.Ask) {
			a.Sort, a.Words = catalog.SortRelevance, typed(r, words, 25)
		}),
		"words of one letter": make4000(func(_ int, a *catalog.Ask) { // 100 characters
			a.Sort = catalog.SortRelevance
			for _, l := range r.Perm(26)[:catalog.MaxWords] {
				a.Words += string(rune('a'+l)) + " "
			}
		}),
		"words all misspelt": make4000(func(i int, a *catalog.Ask) { // 100 characters, which nevertheless find something
			a.Sort = catalog.SortRelevance
			said := strings.Fields(sources[0].View.Products[i%1500].Description["fr"])
			for _, at := range r.Perm(len(said)) {
				if w := []rune(said[at]); len(w) > 7 && len(a.Words)+len(w) < 100 {
					w[2], w[5] = 'x', 'q'
					a.Words += string(w) + " "
				}
			}
		}),
	}
	for _, name := range []string{"filters", "later pages", "facets", "facets of everything", "available", "words", "words misspelt", "words mixed", "words of one letter", "words all misspelt"} {
		b.Run("performances/"+name, func(b *testing.B) { record(b, kinds[name], catalog.BrowsePerformances, sources) })
		b.Run("products/"+name, func(b *testing.B) { record(b, kinds[name], catalog.BrowseProducts, sources) })
	}
}

// BenchmarkIndex builds the index of 20,000 performances.
func BenchmarkIndex(b *testing.B) {
	s, _ := city(b)
	held := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := held()
	v := catalog.NewView(s, nil, sample.Now())
	kept := held() - before
	b.ReportAllocs()
	cpu, n := spent(b), 0
	for b.Loop() {
		v = catalog.NewView(s, nil, sample.Now())
		n++
	}
	b.ReportMetric(kept/1e6, "kept-MB")
	b.ReportMetric(float64((spent(b)-cpu).Milliseconds())/float64(n), "cpu-ms/op")
	if v.Index() == nil {
		b.Fatal("no index")
	}
}

// BenchmarkNextSale goes on from one moment at which sales turn to the next.
func BenchmarkNextSale(b *testing.B) {
	sources, _ := cityView(b)
	now := sample.Now()
	for b.Loop() {
		if now = sources[0].View.NextChange(now); now.IsZero() {
			now = sample.Now()
		}
		catalog.BrowsePerformances(sources, catalog.Ask{Filter: catalog.Filter{OnSale: true}, Limit: 1}, now)
	}
}
