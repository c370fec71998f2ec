package secutix

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/domain/catalog"
	"guichet/secutix/s360"
)

// TestPool_GivesBackWhatIsEqualAndOnlyOnce draws lists from few values, so that many are alike.
func TestPool_GivesBackWhatIsEqualAndOnlyOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPool()
		few := func(label string) int64 { return rapid.Int64Range(-1, 1).Draw(t, label) }
		kept := map[string]*catalog.SalePeriod{}
		for range rapid.IntRange(1, 20).Draw(t, "lists") {
			var list []catalog.SalePeriod
			for range rapid.IntRange(0, 2).Draw(t, "periods") {
				list = append(list, catalog.SalePeriod{
					Start: time.Unix(few("start"), few("nanos")+1).UTC(), Channel: few("channel"), SalePossible: few("sale") > 0,
					Tariffs:     shared(p, []catalog.TariffID{catalog.TariffID(few("tariff"))}[:rapid.IntRange(0, 1).Draw(t, "tariffs")]),
					EndRelative: time.Duration(few("relative")), Type: []string{"", "A", "AB"}[few("type")+1], ChannelCode: []string{"", "B", "A"}[few("code")+1],
				})
			}
			got := shared(p, list)
			if diff := cmp.Diff(list, got); diff != "" {
				t.Fatalf("another list came out (-in +out):\n%s", diff)
			}
			if len(got) == 0 {
				continue
			}
			list[0].Channel = 99 // the caller's list stays the caller's
			if got[0].Channel == 99 {
				t.Fatal("the list that was given is the one that is kept")
			}
			word := cmp.Diff([]catalog.SalePeriod(nil), got)
			if first, ok := kept[word]; ok && first != &got[0] {
				t.Fatal("equal lists are kept twice")
			}
			kept[word] = &got[0]
		}
	})
}

func TestPool_TextsAreTheOnesThatWereGiven(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPool()
		for range rapid.IntRange(1, 20).Draw(t, "texts") {
			n := &s360.ExternalName{}
			for range rapid.IntRange(0, 3).Draw(t, "translations") {
				n.Translations = append(n.Translations, s360.Translation{
					Locale: rapid.SampledFrom([]string{"fr", "FR_fr", "ar", ""}).Draw(t, "locale"),
					Value:  rapid.SampledFrom([]string{"", " ", "a", "ab", "fra", "مسرح"}).Draw(t, "value"),
				})
			}
			if diff := cmp.Diff(toText(n), p.text(n)); diff != "" {
				t.Fatalf("(-alone +pooled):\n%s", diff)
			}
		}
	})
	p := newPool()
	one, two := p.text(s360.Named("fr", "a")), p.text(s360.Named("fr", "a"))
	one["probe"] = "1"
	if two["probe"] == "" {
		t.Error("equal texts are kept twice")
	}
	if p.text(nil) != nil || p.text(&s360.ExternalName{}) != nil {
		t.Error("no text is a text")
	}
}
