package catalog

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"guichet/domain"
)

// named are products 1, 2, … of these names.
func named(names ...string) *View {
	s := &Snapshot{Institution: domain.Institution{Code: "play", TimeZone: "UTC", MainLanguage: "fr"}}
	for i, n := range names {
		s.Products = append(s.Products, Product{ID: ProductID(i + 1), Name: domain.Text{"fr": n}})
	}
	s.Index()
	return NewView(s, nil, browseNow)
}

func finds(v *View, words string) []ProductID {
	r := BrowseProducts([]Source{{View: v}}, Ask{Filter: Filter{Words: words}, Sort: SortRelevance, Limit: domain.MaxLimit}, browseNow)
	var ids []ProductID
	for _, f := range r.Found {
		ids = append(ids, f.Product.ID)
	}
	return ids
}

func TestSearch_FindsWhatPeopleType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, words string
		found       bool
	}{
		{"L'Opéra de quat'sous", "l'opera", true},
		{"Opéra de Lyon", "l'opéra de lyon", true}, // the article is not a word of its own
		{"Opéra de Lyon", "d'", true},              // unless it is all there is
		{"Carmen", "d'", false},
		{"Fuer Elise", "für", true},
		{"Öd", "oed", true},
		{"Live東京2026", "東京", true},
		{"Live東京2026", "live", true},
		{"Live東京2026", "2026", true},
		{"Rock2", "rockx", false},
		{"Die Zauberflöte", "zauberflote", true},
		{"Die Zauberflöte", "zauberfloete", true},
		{"Die Zauberfloete", "Zauberflöte", true},
		{"Große Straße", "grosse strasse", true},
		{"Ærø Ålborg", "aeroe aalborg", true},
		{"Ærø Ålborg", "aero alborg", true},
		{"Ёлка", "елка", true},
		{"Щелкунчик и Чайковский", "чаиковскии", true},
		{"Ἀθῆναι", "αθηναι", true},
		{"Οιδίπους", "ΟΙΔΙΠΟΥΣ", true},
		{"Οιδίπους", "οιδίπουσ", true},
		{"מִדְבָּר", "מדבר", true},
		{"أَلْفُ لَيْلَةٍ وَلَيْلَة", "الف ليله", true},
		{"مدرسة ٢٠٢٦", "مدرسه 2026", true},
		{"東京ドームシティ", "ドーム", true},
		{"東京ドームシティ", "どーむ", true}, // one sound, two scripts
		{"東京ドームシティ", "京", true},
		{"東京ドームシティ", "ィ", true},
		{"東京ドームシティ", "東ドーム", false},
		{"東京ドームシティ 2026", "２０２６ 東京", true},
		{"국립극장", "극장", true},
		{"กรุงเทพมหานคร", "เทพ", true},
		{"Nguyễn Huệ", "nguyen hue", true},
		{"नेपाल", "नेपाल", true},
		{"Hamlet", "hamelt", true},
		{"Hamlet", "hmlet", true},
		{"Hamlet", "jamlet", true},
		{"Hamlet", "hamlett", true},
		{"Hamlet", "hmlte", false},         // two errors are one too many for five letters
		{"Carmen", "xar", false},           // three letters are never guessed at
		{"Shakespeare", "shakspere", true}, // two of nine
		{"Shakespeare", "sahkesp", true},   // not typed to its end, and wrong already
		{"Saison 2026", "2025", false},
		{"Hamlet", "hamlet carmen", false},
		{"Hamlet", "?!", true}, // no word at all
		{"Cosi fan tutte", strings.Repeat("cosi ", 40), true},
	} {
		if got := finds(named(tt.name), tt.words); (len(got) == 1) != tt.found {
			t.Errorf("%q in %q: found %v", tt.words, tt.name, got)
		}
	}
}

func TestSearch_WholeBeforeBeginningAndNamesBeforeTheRest(t *testing.T) {
	t.Parallel()
	if got := finds(named("Norman", "Norma", "Carmen"), "norma"); !slices.Equal(got, []ProductID{2, 1}) {
		t.Errorf("%v", got)
	}
	if got := finds(named("A Normandie", "Norma"), "norma"); !slices.Equal(got, []ProductID{2, 1}) {
		t.Errorf("a beginning before the whole: %v", got)
	}
	if got := finds(named("Normandie", "Narma", "Norme"), "normq"); !slices.Equal(got, []ProductID{3}) {
		t.Errorf("one error found %v, and nothing with more is wanted", got)
	}
	if got := finds(named("Fidelio", "Fidel", "Fidelity"), "fidel"); !slices.Equal(got, []ProductID{2, 1, 3}) {
		t.Errorf("%v", got)
	}
	if got := finds(named("Hamlet", "Amleto"), "hamle"); !slices.Equal(got, []ProductID{1}) {
		t.Errorf("what begins so leaves no guess: %v", got)
	}
}

func TestSearch_LooksInEverythingThatTellsAPerformance(t *testing.T) {
	t.Parallel()
	tx := func(s string) domain.Text { return domain.Text{"en": s} }
	s := &Snapshot{
		Institution: domain.Institution{Code: "play", TimeZone: "UTC"},
		Products: []Product{{
			ID: 1, Code: "codeword", Name: tx("name"), ShortName: tx("short"), NameAddOn: tx("addon"), Description: tx("prose"), Activity: Activity{Name: tx("activity")},
			Topics: []Topic{{Code: "topicode", Name: tx("subject")}}, People: []string{"Ada Byron"}, Items: []Item{{ID: 1, Name: tx("goody")}},
		}},
		Performances: []Performance{
			{
				ID: 1, Product: 1, Start: browseNow.AddDate(0, 0, 1), Name: tx("premiere"), ShortName: tx("prem"), NameAddOn: tx("gala"), Description: tx("guests"),
				People: []string{"Noël"}, Venue: Venue{Name: tx("palace"), Space: tx("parterre"), Town: "Zürich"},
			},
			{ID: 2, Product: 1, Start: browseNow.AddDate(0, 0, 2), Name: tx("name")},
		},
	}
	s.Index()
	src := []Source{{View: NewView(s, nil, browseNow)}}
	for words, want := range map[string]int{
		"codeword name short addon prose activity topicode subject byron goody": 2,
		"premiere": 1, "prem": 1, "gala": 1, "guests": 1, "noel": 1, "palace": 1, "parterre": 1, "zurich": 1, "zuerich name premiere": 1,
	} {
		if got := BrowsePerformances(src, Ask{Filter: Filter{Words: words}}, browseNow).Total; got != want {
			t.Errorf("%q finds %d, want %d", words, got, want)
		}
	}
	if got := BrowseProducts(src, Ask{Filter: Filter{Words: "gala", From: "2026-09-03"}}, browseNow).Total; got != 0 {
		t.Error("the performance that says so is not asked for")
	}
}

// anyWord is a word of a few letters of some script, so that words come near to each other.
func anyWord(t *rapid.T, label string, from int) string {
	letters := rapid.SampledFrom([]string{"abé", "aß東京", "лён", "אבָג", "åöae"}).Draw(t, label+" script")
	return string(rapid.SliceOfN(rapid.SampledFrom([]rune(letters)), from, 11).Draw(t, label))
}

func TestSearch_EveryWordOfANameFindsIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return anyWord(t, "one", 1) + " " + anyWord(t, "two", 1) }), 1, 6).Draw(t, "names")
		v := named(names...)
		for i, n := range names {
			for w := range strings.FieldsSeq(n) {
				if Fold(w) == "" {
					continue // nothing but marks
				}
				for _, asked := range []string{w, strings.ToUpper(w), Fold(w), strings.ToUpper(n), string([]rune(w)[:1+rapid.IntRange(0, utf8.RuneCountInString(w)-1).Draw(t, "letters")])} {
					if !slices.Contains(finds(v, asked), ProductID(i+1)) && Fold(asked) != "" {
						t.Fatalf("%q does not find %q", asked, n)
					}
				}
			}
		}
	})
}

// distance counts the letters wrong, more, fewer or swapped between two words, by trying everything.
func distance(a, b []rune) int {
	switch {
	case len(a) == 0:
		return len(b)
	case len(b) == 0:
		return len(a)
	case a[0] == b[0]:
		return distance(a[1:], b[1:])
	}
	d := 1 + min(distance(a[1:], b[1:]), distance(a[1:], b), distance(a, b[1:]))
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		d = min(d, 1+distance(a[2:], b[2:]))
	}
	return d
}

func TestSearch_GuessesAreTheNearestWordsAndNoOthers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]rune("abcé"))
		word := rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(letters, 1, 9).Draw(t, "letters")) })
		b := newVocabularyBuilder()
		b.begin()
		stem := word.Draw(t, "stem") // many words begin alike, as they do
		for _, w := range rapid.SliceOfN(word, 0, 12).Draw(t, "words") {
			b.word([]byte(rapid.SampledFrom([]string{w, stem + w, stem}).Draw(t, "word")), 1)
		}
		v, asked := b.vocabulary(), rapid.OneOf(word, rapid.Just(stem), rapid.Just(stem+"b"), rapid.Just("c"+stem)).Draw(t, "asked")
		most := map[bool]int{true: 1, false: 0}[utf8.RuneCountInString(asked) >= 4]
		if utf8.RuneCountInString(asked) >= 8 {
			most = 2
		}
		want, prefix := map[string]int{}, false
		for _, part := range []bool{false, true} {
			if prefix = part; part && (len(want) > 0 || utf8.RuneCountInString(asked) < 5) {
				break
			}
			best := most
			for _, w := range v.words {
				d := distance([]rune(asked), []rune(w))
				for n := range []rune(w) {
					if part {
						d = min(d, distance([]rune(asked), []rune(w)[:n]))
					}
				}
				if d < best {
					clear(want)
					best = d
				}
				if d <= best && most > 0 {
					want[w] = d
				}
			}
		}
		got := map[string]int{}
		for _, g := range v.guesses(asked) {
			got[v.words[g.word]] = int(g.errors)
			if g.prefix && !prefix {
				t.Fatalf("%s is guessed by its beginning", v.words[g.word])
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%s: guessed %v, want %v of %v", asked, got, want, v.words)
		}
		for w, d := range want {
			if have, ok := got[w]; !ok || have != d {
				t.Fatalf("%s: guessed %v, want %v", asked, got, want)
			}
		}
	})
}

func TestFold_IsDoneOnce(t *testing.T) {
	t.Parallel()
	for r := range rune(0x30000) {
		if s := string(r); Fold(Fold(s)) != Fold(s) {
			t.Fatalf("%q folds to %q and that to %q", s, Fold(s), Fold(Fold(s)))
		}
	}
	for from, to := range map[string]string{"ﬁn": "fin", "ẞ": "ss", "Ǽ": "ae", "K": "k", "ＡＢ": "ab", "Ἀθῆναι": "αθηναι", "א\u05bc": "א", "٣": "3", "naïve—co‑op": "naive-co-op"} {
		if got := Fold(from); got != to {
			t.Errorf("%q folds to %q, want %q", from, got, to)
		}
	}
}
