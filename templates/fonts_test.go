package templates

import (
	"io/fs"
	"slices"
	"testing"
)

func TestLibrary_EveryEmbeddedFont_CanBeRead(t *testing.T) {
	t.Parallel()
	l, err := loadLibrary()
	if err != nil {
		t.Fatal(err)
	}
	files, total := 0, int64(0)
	for _, f := range l {
		regular, err := f.regular()
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		files++
		if f.bold == nil {
			continue
		}
		bold, err := f.bold()
		if err != nil {
			t.Fatalf("%s bold: %v", f.name, err)
		}
		files++
		if !bold.bold || regular.bold {
			t.Errorf("%s: the weights are taken for each other", f.name)
		}
	}
	names, err := fs.Glob(assets, "fonts/*.ttf")
	if err != nil || len(names) != files {
		t.Errorf("%d files, %d of them are in a family (%v)", len(names), files, err)
	}
	for _, n := range names {
		info, err := fs.Stat(assets, n)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > 8_000_000 {
		t.Errorf("the fonts add %d bytes to the program", total)
	}
}

func TestShape_EveryScript_HasItsFamily(t *testing.T) {
	t.Parallel()
	s := mustShaper(t)
	for text, want := range map[string][]string{
		"Théâtre Ἀθῆναι Київ Łódź":      {"DejaVuSans-Bold"},
		"مُتْحَف، قاعة":                 {"NotoSansArabic-Bold"},
		"שָׁלוֹם":                       {"NotoSansHebrew-Bold"},
		"क्षत्रिय":                      {"NotoSansDevanagari-Bold"},
		"ปิ่นแก้ว":                      {"NotoSansThai-Bold"},
		"王小明":                           {"DroidSansFallback"},
		"ひらがなカタカナ漢字、「」。":                {"DroidSansFallback"},
		"뚝섬 한강":                         {"DroidSansFallback"},
		"🎭👩‍👩‍👧‍👦👍🏽":                    {"NotoEmoji"},
		"Row 12 王":                      {"DejaVuSans-Bold", "DroidSansFallback"},
		"e\u0301 क\u094D\u0937 ก\u0E48": {"DejaVuSans-Bold", "NotoSansDevanagari-Bold", "NotoSansThai-Bold"},
	} {
		l := s.whole(s.shape(text, true, ltr, false))
		var got []string
		for _, r := range l.runs {
			if n := len(got); n == 0 || got[n-1] != r.face.name {
				got = append(got, r.face.name)
			}
			if r.heavy != !r.face.bold {
				t.Errorf("%q in %s: heavy %v", text, r.face.name, r.heavy)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q is set in %v, want %v", text, got, want)
		}
	}
	if len(s.missing) > 0 {
		t.Errorf("no glyphs for %v", s.missing)
	}
}
