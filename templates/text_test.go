package templates

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// usualLibrary are the embedded fonts.
var usualLibrary = sync.OnceValues(func() (library, error) { return loadLibrary(nil) })

func mustShaper(tb testing.TB) *shaper {
	tb.Helper()
	f, err := usualLibrary()
	if err != nil {
		tb.Fatal(err)
	}
	s := newShaper(f)
	s.begin("fr", ltr)
	return s
}

// eye is a line's text from left to right, one glyph's text after the other.
func eye(l line) string {
	var b strings.Builder
	for _, r := range l.runs {
		for _, g := range r.glyphs {
			b.WriteString(g.text)
		}
	}
	return b.String()
}

func TestShape_MixedDirections_StandInTheOrderOfTheEye(t *testing.T) {
	t.Parallel()
	s := mustShaper(t)
	for _, c := range []struct{ text, want string }{
		{"Müller Łukasz Ελένη Київ", "Müller Łukasz Ελένη Київ"},
		{"שלום", "םולש"},
		{"شورש", "שروش"},
		{"שורה 12", "12 הרוש"},
		{"Row 12 שלום 34 end", "Row 12 34 םולש end"},
		{"a שלום עולם b", "a םלוע םולש b"},
		{"גוש A12, מושב 7", "7 בשומ ,A12 שוג"},
		{"(שלום)", "(םולש)"},
		{"الأولاد", "دالوألا"},
	} {
		got := eye(s.whole(s.shape(c.text, false, natural, false)))
		// Brackets are mirrored by the glyph, so that the text of one turns round with its neighbours.
		if strings.Contains(c.text, "(") {
			got = strings.NewReplacer("(", ")", ")", "(").Replace(got)
		}
		if got != c.want {
			t.Errorf("%q stands as %q, want %q", c.text, got, c.want)
		}
	}
}

func TestShape_ArabicIsJoined(t *testing.T) {
	t.Parallel()
	s := mustShaper(t)
	word := s.whole(s.shape("مرحبا", false, natural, false))
	alone := s.whole(s.shape("ح", false, natural, false))
	for _, g := range word.runs[0].glyphs {
		if g.text == "ح" && g.id == alone.runs[0].glyphs[0].id {
			t.Error("a letter inside a word has the form it has alone")
		}
	}
}

func TestBreakLines_AnyText_LosesNothing(t *testing.T) {
	t.Parallel()
	s := mustShaper(t)
	letters := []rune("abc ÄÖß ﬁ  ,.-–’Łж אבג דה 123 والأ \u00ade\u0301")
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(rapid.SampledFrom(letters), 1, 80).Draw(t, "text"))
		width := rapid.Float64Range(1500, 20000).Draw(t, "width")
		p := s.shape(text, rapid.Bool().Draw(t, "bold"), natural, false)
		lines, cut := s.breakLines(p, width, false, 0)
		if cut {
			t.Fatal("cut without a limit")
		}
		bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		got := 0
		for _, l := range lines {
			got += utf8.RuneCountInString(bare(eye(l)))
			clusters := 0
			for _, r := range l.runs {
				clusters += len(r.glyphs)
			}
			if l.width > width+1 && clusters > 3 {
				t.Fatalf("a line of %v in %v: %q", l.width, width, eye(l))
			}
		}
		if want := utf8.RuneCountInString(bare(p.source)); got != want {
			t.Fatalf("%d of %d characters are printed of %q in %v", got, want, text, width)
		}
	})
}

func TestBreakLines_Thai_BreaksWhereASyllableBegins(t *testing.T) {
	t.Parallel()
	s := mustShaper(t)
	const text = "กรุณามาถึงก่อนเวลาแสดงอย่างน้อยสามสิบนาทีเพื่อเข้าชมได้ตรงเวลาและไม่พลาดโขน"
	p := s.shape(text, false, natural, false)
	if p.source != text {
		t.Errorf("the text has become %q", p.source)
	}
	lines, _ := s.breakLines(p, 12_000, true, 0)
	if len(lines) < 3 {
		t.Fatalf("%d lines", len(lines))
	}
	all := ""
	for i, l := range lines {
		if first := []rune(eye(l))[0]; i > 0 && !beginsSyllable(first) {
			t.Errorf("line %d begins with %c", i, first)
		}
		all += eye(l)
	}
	if all != text {
		t.Errorf("printed is %q", all)
	}
}

func TestBreakLines_East_KeepsPunctuationWithItsWord(t *testing.T) {
	t.Parallel()
	s := mustShaper(t)
	for width := 3000.0; width < 12_000; width += 500 {
		for _, text := range []string{"演出开始后，迟到观众须待幕间方可入场。场内（含走廊）禁止摄影、录音和录像。", "「深海の光」は、クラゲとプランクトンの（小さな）世界。ぜひご覧ください！"} {
			lines, _ := s.breakLines(s.shape(text, false, natural, false), width, true, 0)
			for i, l := range lines {
				r := []rune(eye(l))
				if i > 0 && strings.ContainsRune("，。、」）！", r[0]) || i < len(lines)-1 && strings.ContainsRune("（「", r[len(r)-1]) {
					t.Errorf("a line of %v is %q", width, string(r))
				}
			}
		}
	}
}

func TestBreakLines_SameTextTwice_BreaksAlike(t *testing.T) {
	t.Parallel()
	s := mustShaper(t)
	p := s.shape(termsFR, false, natural, false)
	first, _ := s.breakLines(p, 20000, false, 0)
	s.breakLines(p, 9000, false, 0)
	s.breakLines(p, 9000, true, 3)
	second, _ := s.breakLines(p, 20000, false, 0)
	if len(first) != len(second) {
		t.Fatalf("%d lines, then %d", len(first), len(second))
	}
	for i := range first {
		if first[i].width != second[i].width || eye(first[i]) != eye(second[i]) {
			t.Errorf("line %d: %q of %v, then %q of %v", i, eye(first[i]), first[i].width, eye(second[i]), second[i].width)
		}
	}
}

func TestSet_LongText_ShrinksBeforeItIsCut(t *testing.T) {
	t.Parallel()
	s := mustShaper(t)
	st := style{Size: 20, Min: 10, Lines: 2}
	if b := s.set("Kurz", st, 100, 30); b.size != 20 || len(b.lines) != 1 || b.cut {
		t.Errorf("short: %v pt, %d lines", b.size, len(b.lines))
	}
	if b := s.set(strings.Repeat("mittellang ", 6), st, 100, 30); b.size >= 20 || b.size < 10 || b.cut || len(b.lines) > 2 {
		t.Errorf("middling: %v pt, %d lines, cut %v", b.size, len(b.lines), b.cut)
	}
	b := s.set(strings.Repeat("lang ", 60), st, 100, 30)
	if b.size != 10 || !b.cut || len(b.lines) != 2 || !strings.HasSuffix(eye(b.lines[1]), "…") {
		t.Errorf("long: %v pt, %d lines, cut %v", b.size, len(b.lines), b.cut)
	}
	if b.width() > 100.01 {
		t.Errorf("cut to %v mm", b.width())
	}
	if b := s.set("Donaudampfschifffahrtsgesellschaftskapitänsmütze", style{Size: 20, Min: 10}, 40, 30); b.width() > 40.01 || b.cut {
		t.Errorf("a long word is %v mm wide, cut %v", b.width(), b.cut)
	}
	if b := s.set(strings.Repeat("x", 3*maxRunes), style{Size: 10, Min: 5}, 100, 50); !b.cut || b.height() > 50.01 {
		t.Errorf("endless: %v mm, cut %v", b.height(), b.cut)
	}
}

func TestSet_SharedText_IsTheSameWhenKept(t *testing.T) {
	t.Parallel()
	s := mustShaper(t)
	st := style{Size: 12, Min: 8, shared: true}
	first := s.set(termsFR, st, 80, 60)
	s.begin("he", rtl)
	s.set(termsFR, st, 80, 60)
	s.begin("fr", ltr)
	again := s.set(termsFR, st, 80, 60)
	if len(s.cache) != 0 || len(first.lines) != len(again.lines) || first.size != again.size {
		t.Errorf("kept %d lines of %v, made %d of %v", len(again.lines), again.size, len(first.lines), first.size)
	}
	for i := range 800 {
		s.set(strings.Repeat("x", i%97)+two(i), st, 80, 60)
	}
	if s.runes > maxKept || len(s.blocks) > maxCached {
		t.Errorf("%d runes and %d blocks are kept", s.runes, len(s.blocks))
	}
}

func TestGrouped_Payload_IsOneText(t *testing.T) {
	t.Parallel()
	s := mustShaper(t)
	l := s.whole(s.shape("123456789", false, ltr, false))
	g := l.grouped(4, 300, "123456789")
	if g.actual != "123456789" || g.width != l.width+600 || eye(g) != "123456789" {
		t.Errorf("got %q, %v wide instead of %v", g.actual, g.width, l.width+600)
	}
	if l.width != s.shape("123456789", false, ltr, false).width {
		t.Error("grouping spoils the line it was made of")
	}
}

// FuzzRender prints whatever a ticket may hold.
func FuzzRender(f *testing.F) {
	for _, s := range []string{
		"", "Müller", "שלום 12 abc", "مرحبا", "🎭👩‍👩‍👧‍👦", "a\u0301\u0301\u0301", "\u202e\u2066x", "\xff\xfe", "(\\)", "\u200f12\u200e", "لا", strings.Repeat("W", 300),
		"\u2028\u2029\u0085", "अनुच्छेद", "ภาษาไทย", "1\u0660-2", "\u00ad\u00ad",
	} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(7))
	}
	r := mustNew(f, Options{})
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		if len(text) > 3000 {
			return
		}
		d := specimen(t)
		if which%2 == 1 {
			d.Language = "ar"
		}
		p := &d.Pages[0]
		p.Title, p.Holder, p.Terms, p.Organiser, p.Category, p.Seat.Row, p.Venue.Name = text, text, text, text, text, text, text
		d.Title = text
		var a, b bytes.Buffer
		if err := r.PDF(t.Context(), &a, d); err != nil {
			t.Fatal(err)
		}
		if err := r.PDF(t.Context(), &b, d); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Error("two files of one document differ")
		}
		if which%8 == 7 {
			if err := r.PNG(t.Context(), io.Discard, d, 50); err != nil {
				t.Fatal(err)
			}
		}
	})
}
