package templates

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
)

func TestLibrary_EveryEmbeddedFont_CanBeRead(t *testing.T) {
	t.Parallel()
	l, err := loadLibrary(nil)
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

// fontFile is an embedded font as a file of an operator's folder.
func fontFile(t *testing.T, name string) *fstest.MapFile {
	t.Helper()
	b, err := assets.ReadFile("fonts/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: bytes.Clone(b)}
}

func TestFonts_OfAFolder_ComeBeforeTheEmbedded(t *testing.T) {
	t.Parallel()
	folder := fstest.MapFS{
		"a-serif.ttf": fontFile(t, "NotoSansHebrew-Bold.ttf"), "b.TTF": fontFile(t, "NotoSansHebrew-Regular.ttf"), "readme.txt": {Data: []byte("x")},
		"c.ttf": fontFile(t, "DejaVuSans.ttf"), "more/d.ttf": {Data: []byte("x")},
	}
	l, err := loadLibrary(folder)
	if err != nil {
		t.Fatal(err)
	}
	s := newShaper(l)
	s.begin("en", ltr)
	face := func(text string, bold bool) *typeface {
		return s.whole(s.shape(text, bold, natural, false)).runs[0].face
	}
	own, err := l[1].regular()
	if err != nil || !l[1].own || l[1].name != "Noto Sans Hebrew" || face("שלום", false) != own || face("שלום", true) == own {
		t.Errorf("Hebrew is set in %v, the folder has %v, %v", face("שלום", false).name, l[1], err)
	}
	if first, err := l[0].regular(); err != nil || face("Müller", false) != first {
		t.Error("the folder's fonts come before the first family for Latin")
	}
	fonts, err := Fonts(folder)
	want := []Font{
		{"DejaVuSans", true, false}, {"Noto Sans Hebrew", true, true}, {"DejaVu Sans", false, true}, {"NotoSansArabic", true, false},
	}
	if err != nil || !slices.Equal(fonts[:4], want) || len(fonts) != 9 {
		t.Errorf("got %v, %v", fonts, err)
	}
}

func TestFonts_ThatCannotBeUsed_AreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	good := func() *fstest.MapFile { return fontFile(t, "NotoSansThai-Regular.ttf") }
	table := func(f *fstest.MapFile, tag string) []byte {
		b, err := rawTable(f.Data, 0, tag)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	restricted, postScript, cut, noOutlines := good(), good(), good(), good()
	table(restricted, "OS/2")[9] = 2
	copy(postScript.Data[bytes.Index(postScript.Data, []byte("GDEF")):], "CFF ")
	cut.Data = cut.Data[:9000]
	copy(noOutlines.Data[bytes.Index(noOutlines.Data, []byte("glyf")):], "xxxx")
	_, err := New(Options{Fonts: fstest.MapFS{
		"1.ttf": restricted, "2.otf": postScript, "3.ttf": cut, "4.ttf": noOutlines, "5.ttf": good(), "6.ttf": good(), "7.ttc": {Data: []byte("ttcf")}, "8.ttf": {},
	}})
	var problems FontProblems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v", err)
	}
	got := map[string]error{}
	for _, p := range problems {
		got[p.File] = p.Err
	}
	for file, want := range map[string]error{"1.ttf": errFontLicence, "2.otf": errFontOutlines, "4.ttf": errNoTable, "6.ttf": errFontTwice, "7.ttc": errShortTable} {
		if !errors.Is(got[file], want) {
			t.Errorf("%s: %v, want %v", file, got[file], want)
		}
	}
	if len(got) != 7 || got["3.ttf"] == nil || got["8.ttf"] == nil || got["5.ttf"] != nil {
		t.Errorf("got %v", err)
	}
}

func TestPDF_MissingCharacters_AreTold(t *testing.T) {
	t.Parallel()
	var told []int
	r := mustNew(t, Options{Missing: func(n int) { told = append(told, n) }})
	mustPDF(t, r, theatre(t))
	d := theatre(t)
	d.Pages[0].Holder = "𓀀𓀁 𓀀"
	mustPDF(t, r, d)
	if !slices.Equal(told, []int{2}) {
		t.Errorf("got %v", told)
	}
}
