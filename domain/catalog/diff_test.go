package catalog_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sample"
)

// fill gives every member of a value something, so that a change of any of them can be seen.
func fill(v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("fr"), reflect.ValueOf("mot"))
	case reflect.String:
		v.SetString("mot")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(7)
	default:
		v.SetInt(7)
	}
}

// full is a catalog of one product with an item and a performance, with every member set.
func full() *catalog.Snapshot {
	s := &catalog.Snapshot{Impossible: nil}
	for _, name := range []string{"Institution", "Seasons", "Tariffs", "PriceLevels", "VAT", "Advantages", "Halls", "Raw", "Products", "Performances"} {
		fill(reflect.ValueOf(s).Elem().FieldByName(name))
	}
	s.Institution.MainLanguage = "fr"
	s.Products[0].ID, s.Products[0].Items[0].ID = 1, 3
	s.Performances[0].Product, s.Performances[0].ID = 1, 2
	s.Index()
	return s
}

// leaves calls visit with every place below a value that holds a value of its own, and lists once as a whole.
func leaves(v reflect.Value, at string, visit func(at string, change func())) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		visit(at, func() { v.Set(reflect.ValueOf(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))) })
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				leaves(v.Field(i), at+"."+f.Name, visit)
			}
		}
	case reflect.Pointer:
		leaves(v.Elem(), at, visit)
	case reflect.Slice:
		leaves(v.Index(0), at, visit)
		visit(at+".less", func() { v.Set(v.Slice(0, 0)) })
	case reflect.Map:
		visit(at+".other", func() { v.SetMapIndex(reflect.ValueOf("fr"), reflect.ValueOf("autre")) })
		visit(at+".more", func() { v.SetMapIndex(reflect.ValueOf("en"), reflect.ValueOf("word")) })
	case reflect.String:
		visit(at, func() { v.SetString("autre") })
	case reflect.Bool:
		visit(at, func() { v.SetBool(false) })
	case reflect.Uint8:
		visit(at, func() { v.SetUint(8) })
	default:
		visit(at, func() { v.SetInt(8) })
	}
}

// sortOf is what a change of that member should come out as, "" for one that is derived or an identity.
func sortOf(at string) catalog.ChangeSort {
	under := func(list ...string) bool {
		return slices.ContainsFunc(list, func(p string) bool { return at == p || strings.HasPrefix(at, p+".") })
	}
	switch {
	case under("product.Performances", "product.Items.less", "product.Items.ID", "product.Items.Product", "product.ID",
		"performance.ID", "performance.Product"):
		return ""
	case under("product.State", "product.AdditionalState", "performance.State"):
		return catalog.ChangeState
	case under("product.Items.Prices", "product.Items.Restricted", "performance.Prices", "performance.Restricted"):
		return catalog.ChangeRepriced
	case under("performance.Start", "performance.End", "performance.Venue.Code", "performance.Venue.SpaceCode", "performance.Venue.Street",
		"performance.Venue.Zip", "performance.Venue.Town", "performance.Venue.Country"):
		return catalog.ChangeMoved
	}
	return catalog.ChangeOther
}

func TestDiff_EveryMemberCounts_AndOnlyOnce(t *testing.T) {
	t.Parallel()
	seen := 0
	walk := func(s *catalog.Snapshot, visit func(at string, change func())) {
		leaves(reflect.ValueOf(&s.Products[0]).Elem(), "product", visit)
		leaves(reflect.ValueOf(&s.Performances[0]).Elem(), "performance", visit)
		for _, name := range []string{"Institution", "Seasons", "Tariffs", "PriceLevels", "VAT", "Advantages", "Halls", "Raw"} {
			leaves(reflect.ValueOf(s).Elem().FieldByName(name), "reference."+name, visit)
		}
	}
	var places []string
	walk(full(), func(at string, _ func()) { places = append(places, at) })
	for n, at := range places {
		want := sortOf(at)
		if want == "" {
			continue
		}
		now, i := full(), 0
		walk(now, func(_ string, change func()) {
			if i == n {
				change()
			}
			i++
		})
		if now.Institution.MainLanguage != "fr" && !strings.HasPrefix(at, "reference.Institution.MainLanguage") {
			t.Fatalf("%s changed the language", at)
		}
		got := catalog.Diff(full(), now)
		if len(got) != 1 || got[0].Sort != want {
			t.Errorf("%s: changes = %+v, want one of sort %s", at, got, want)
			continue
		}
		c := got[0]
		item, performance := strings.HasPrefix(at, "product.Items"), strings.HasPrefix(at, "performance")
		if (c.Item == 3) != item || (c.Performance == 2) != performance || (c.Product == 0) != strings.HasPrefix(at, "reference") {
			t.Errorf("%s: is said of %+v", at, c)
		}
		if (want == catalog.ChangeOther) != (len(c.Members) == 1) {
			t.Errorf("%s: members = %v", at, c.Members)
		}
		seen++
	}
	if seen < 200 {
		t.Errorf("only %d members were changed", seen)
	}
}

func TestDiff_OfTheSame_IsEmpty(t *testing.T) {
	t.Parallel()
	a, b := full(), full()
	b.Version, b.SetupStamp, b.LoadedAt = 9, "other", sample.Now()
	b.Refused = []catalog.Refusal{{Code: "price.fraction"}}
	if got := catalog.Diff(a, b); len(got) != 0 {
		t.Errorf("changes = %+v, want none", got)
	}
	x, y := sample.Snapshot(), sample.Snapshot()
	y.Performances[0].Start = y.Performances[0].Start.In(time.FixedZone("", 3600))
	slices.Reverse(y.Performances[0].Prices)
	slices.Reverse(y.Products)
	y.Products[0].OtherSeasons, y.Products[0].Raw = []catalog.SeasonID{}, []byte{}
	if got := catalog.Diff(x, y); len(got) != 0 {
		t.Errorf("changes of a reordered catalog = %+v, want none", got)
	}
}

func TestDiff_SaysInShortWhatItWasAndIs(t *testing.T) {
	t.Parallel()
	old, now := sample.Snapshot(), sample.Snapshot()
	now.Products[0].Name = domain.Text{"fr": "Le roi Lear", "en": "Hamlet"}
	now.Products[1].Items[0].Prices[0].Price.Amount = 1700
	now.Products[2].AdditionalState = "SOLD_OUT"
	now.Performances[0].Venue.SpaceCode = "PETITE"
	now.Performances = now.Performances[:2]
	now.Index()
	got := catalog.Diff(old, now)
	gone, moved := old.Performances[2], now.Performances[0]
	want := []catalog.Change{
		{Sort: catalog.ChangeOther, Product: sample.Hamlet, Code: "HAMLET", Members: []string{"name"}, Before: "Hamlet", After: "Le roi Lear"},
		{Sort: catalog.ChangeGone, Product: sample.Hamlet, Performance: gone.ID, Code: gone.Code, Before: "2026-11-22T14:00:00Z to 2026-11-22T16:00:00Z GT/GRANDE"},
		{
			Sort: catalog.ChangeMoved, Product: sample.Hamlet, Performance: moved.ID, Code: moved.Code,
			Before: "2026-11-20T19:00:00Z to 2026-11-20T21:00:00Z GT/GRANDE", After: "2026-11-20T19:00:00Z to 2026-11-20T21:00:00Z GT/PETITE",
		},
		{Sort: catalog.ChangeRepriced, Product: sample.Museum, Item: sample.Visit, Code: "TOUR", Before: "0.00 to 15.00 EUR, 2 prices", After: "0.00 to 17.00 EUR, 2 prices"},
		{Sort: catalog.ChangeState, Product: sample.Booklet, Code: "BOOK", Before: "RUNNING", After: "RUNNING, SOLD_OUT"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if s, want := catalog.Summarize(got), "1 gone, 1 moved, 1 repriced, 1 in another state, 1 changed"; s != want {
		t.Errorf("summary = %q, want %q", s, want)
	}
	if s := catalog.Summarize(nil); s != "nothing changed" {
		t.Errorf("summary of nothing = %q", s)
	}
}

func TestDiff_TextsAreBounded(t *testing.T) {
	t.Parallel()
	old, now := sample.Snapshot(), sample.Snapshot()
	now.Products[0].Name = domain.Text{"fr": strings.Repeat("é", 5000)}
	now.Products[0].Code = strings.Repeat("x", 5000)
	for _, c := range catalog.Diff(old, now) {
		if len(c.After) > catalog.MaxChangeText || len(c.Code) > catalog.MaxChangeText || !strings.HasSuffix(c.After, "…") {
			t.Errorf("change has %d and %d bytes", len(c.After), len(c.Code))
		}
	}
}

// TestDiff_AnyMutations_AreAllFoundAndNothingElse changes random things of a catalog in known ways.
func TestDiff_AnyMutations_AreAllFoundAndNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		old, now := sample.Many(300), sample.Many(300)
		want := map[string]bool{}
		note := func(sort catalog.ChangeSort, p catalog.ProductID, perf catalog.PerformanceID) {
			want[fmt.Sprint(sort, p, perf)] = true
		}
		var gone []catalog.PerformanceID
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, 299), 0, 40, rapid.ID).Draw(t, "performances") {
			p := &now.Performances[i]
			switch rapid.IntRange(0, 5).Draw(t, "how") {
			case 0:
				p.Start = p.Start.Add(time.Minute)
				note(catalog.ChangeMoved, p.Product, p.ID)
			case 1:
				p.Prices = slices.Clone(p.Prices)
				p.Prices[rapid.IntRange(0, len(p.Prices)-1).Draw(t, "price")].Price.Amount++
				note(catalog.ChangeRepriced, p.Product, p.ID)
			case 2:
				p.State = "CANCELLED"
				p.MaxPerOrder++
				note(catalog.ChangeState, p.Product, p.ID)
				note(catalog.ChangeOther, p.Product, p.ID)
			case 3:
				gone = append(gone, p.ID)
				note(catalog.ChangeGone, p.Product, p.ID)
			case 4:
				note(catalog.ChangeGone, p.Product, p.ID)
				p.Product = 10_000 + (p.Product-10_000+1)%3
				note(catalog.ChangeAdded, p.Product, p.ID)
			case 5:
				more := *p
				more.ID += 1_000_000
				now.Performances = append(now.Performances, more)
				note(catalog.ChangeAdded, more.Product, more.ID)
			}
		}
		now.Performances = slices.DeleteFunc(now.Performances, func(p catalog.Performance) bool { return slices.Contains(gone, p.ID) })
		if rapid.Bool().Draw(t, "product gone") {
			note(catalog.ChangeGone, 10_002, 0)
			now.Products = now.Products[:2]
		}
		now.Index()
		got := map[string]bool{}
		for _, c := range catalog.Diff(old, now) {
			k := fmt.Sprint(c.Sort, c.Product, c.Performance)
			if got[k] {
				t.Errorf("%s stands twice", k)
			}
			got[k] = true
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func TestDelta_ManyChanges_AreBoundedAndCounted(t *testing.T) {
	t.Parallel()
	old, now := sample.Many(6000), sample.Many(6000)
	for i := range now.Performances {
		now.Performances[i].State = "CANCELLED"
	}
	d := catalog.NewDelta(old, now)
	last := d.Changes[len(d.Changes)-1]
	if len(d.Changes) != catalog.MaxChanges+1 || last.Sort != catalog.ChangeMore || last.More != 1000 || d.From != old.Version {
		t.Errorf("%d changes from %d, the last %+v", len(d.Changes), d.From, last)
	}
	first := catalog.NewDelta(nil, now)
	if len(first.Changes) != 1 || first.Changes[0].Sort != catalog.ChangeMore || first.Changes[0].More != 6060 || first.From != 0 {
		t.Errorf("first catalog = %+v", first)
	}
}

func BenchmarkDiff20000(b *testing.B) {
	old, now := sample.Many(20_000), sample.Many(20_000)
	for i := range now.Performances {
		p := &now.Performances[i]
		for len(p.Prices) < 12 {
			for _, s := range []*catalog.Performance{&old.Performances[i], p} {
				s.Prices = append(slices.Clone(s.Prices), catalog.Price{SeatCategory: sample.Balcony, Tariff: catalog.TariffID(700 + len(s.Prices)), Price: sample.Euros(100)})
			}
		}
		if i%10 == 0 {
			p.Prices[0].Price.Amount++
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		if n := len(catalog.Diff(old, now)); n != 2000 {
			b.Fatalf("%d changes", n)
		}
	}
}
