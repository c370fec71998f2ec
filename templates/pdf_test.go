package templates

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
)

func TestPDF_SameDocument_SameBytes(t *testing.T) {
	t.Parallel()
	a, docs := mustNew(t, Options{}), samples(t)
	b, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs { // whatever was printed before
		mustPDF(t, b, d)
	}
	for name, d := range docs {
		first := mustPDF(t, a, d)
		if !bytes.Equal(first, mustPDF(t, b, d)) || !bytes.Equal(first, mustPDF(t, a, d)) {
			t.Errorf("%s: two files of one document differ", name)
		}
	}
	first := mustPDF(t, a, docs["theatre"])
	for i := range 20 {
		if !bytes.Equal(first, mustPDF(t, a, docs["theatre"])) {
			t.Fatalf("file %d differs", i)
		}
	}
}

func TestPDF_ManyAtOnce_SameBytes(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	docs := samples(t)
	want := make(map[string][]byte)
	for name, d := range docs {
		want[name] = mustPDF(t, r, d)
	}
	var wg sync.WaitGroup
	for range 4 {
		for name, d := range docs {
			wg.Go(func() {
				var b bytes.Buffer
				if err := r.PDF(t.Context(), &b, d); err != nil {
					t.Error(err)
				}
				if !bytes.Equal(b.Bytes(), want[name]) {
					t.Errorf("%s: another file when others are printed at the same time", name)
				}
			})
		}
	}
	wg.Wait()
}

func TestPDF_Samples_AreValidFiles(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for name, d := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := tool(t, "qpdf", "--check", mustFile(t, "ticket.pdf", mustPDF(t, r, d)))
			if !strings.Contains(out, "No syntax or stream encoding errors found") {
				t.Error(out)
			}
		})
	}
}

func TestPDF_PrintedText_IsFound(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	docs := samples(t)
	for name, want := range map[string][]string{
		"theatre": {
			"Théâtre des Tilleuls", "Billet 1 sur 2", "Le Malade imaginaire, comédie-ballet en trois actes de Molière et Charpentier",
			"Première · avec l’ensemble baroque", "Samedi 13 mars 2027", "20h30 – 23h05 CET", "Grande salle", "14, rue des Lices",
			"69002 Lyon, France", "Parterre", "Côté jardin", "112", "Porte 3", "Carré d’or", "Plein tarif", "1\u202f249,50 €",
			"Žofie Dvořáková-Müller", "003100427719500018843276", "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXKE", "LV-2027-004711", "1043387",
			"François Lefèvre", "boucle magnétique", "Vendu par Billets Lumière · Émis le 20/11/2026",
		},
		"museum": {
			"Sonntag, 4. Juli 2027", "10:30 – 11:00 Uhr CEST", "Einlasszeit", "Ermäßigt", "9,50 €", "Jürgen Groß", "Ticket 3 von 4",
			"0000123456789012345678901234", "Bitte zeigen Sie diesen Code am Eingang.",
		},
		"stadium": {
			"Puchar Ligi, ćwierćfinał", "Sobota, 22 maja 2027", "godz. 18:00 CEST", "Miejsca nienumerowane", "D12", "Brama 4",
			"65,00 zł", "Łukasz Święcicki", "OTI7781203355020270522",
		},
		"hebrew": {
			"תיאטרון הגפן", "חלום ליל קיץ", "Shakespeare", "2027", "יום חמישי", "באוגוסט", "שורה", "12", "שלום כהן", "בעל הכרטיס",
			"0012345678901234", "הכרטיס מיועד לאדם אחד", "6100001", "20:00 – 22:15 IDT",
		},
		"arabic": {
			"دار النخيل للموسيقى", "مرحبا بالربيع", "الخميس", "مارس", "الطابق الأرضي", "مريم الهاشمي", "350.00 AED",
			"TKT7F3A99C2000123", "التذكرة صالحة لشخص واحد", "UTC+4",
		},
		"english": {"Sunday 28 March 2027", "19:30 – 22:10 BST", "Niamh O’Sullivan", "£42.50"},
		"russian": {"Щелкунчик, балет-феерия в двух действиях", "Вторник, 28 декабря 2027", "Ольга Ёлкина", "12 500,00 KZT"},
		"hindi": {
			"अभिज्ञान शाकुंतलम् (कालिदास)", "शनिवार, 6 फ़रवरी 2027", "श्रीमती ऋतु क्षत्रिय", "₹1,25,000.00", "प्रस्तुति आरम्भ होने के बाद प्रवेश नहीं दिया जाएगा।", "पंक्ति",
		},
		"thai": {"รามเกียรติ์ ตอนศึกกุมภกรรณและพิธีโมกขศักดิ์", "วันเสาร์ที่ 20 พฤศจิกายน พ.ศ. 2570", "ณัฐพงษ์ ปิ่นแก้ว", "฿2,500.00", "ที่นั่ง", "กรุงเทพมหานคร"},
		"chinese": {
			"昆曲《牡丹亭》（全本）——纪念汤显祖诞", "2027年5月2日 星期日", "王小明", "欧阳娜娜", "¥680.00", "演出开始后，迟到观众须待幕间方可入场。", "请在入口处出示此码。",
		},
		"japanese": {"特別展「深海の光」―クラゲとプランクト", "2027年8月7日（土）", "齋藤 ゆり子", "¥2,400", "入場時間", "指定の時間内にご入場ください。"},
		"korean":   {"판소리 춘향가 완창 무대", "2027년 4월 17일 토요일", "오후 7:30 – 오후 10:00 KST", "김뚝섬", "₩55,000", "VIP석"},
		"specimen": {"SPÉCIMEN", "Spécimen – ne donne pas droit à l’entrée"},
		"pass":     {"Ετήσια κάρτα", "Ισχύει χωρίς ημερομηνία", "Ελένη Παπαδοπούλου", "45,00 €", "4711000815"},
		"crowded":  {"aB3dE5gH7jK9mN1pQ3sT5vW7yZaB3dE5gH7jK9mN1pQ3sT5vW7yZaB3dE5gH7jK9", "Saturday 13 March 2027"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := textOf(t, mustPDF(t, r, docs[name]))
			for _, w := range want {
				if !strings.Contains(got, flat(w)) {
					t.Errorf("%q is not found in\n%s", w, got)
				}
			}
		})
	}
}

func TestPDF_Names_AreFoundAsWritten(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	for _, name := range []string{
		"Müller", "Łukasz", "Ελένη", "Київ", "Zażółć gęślą jaźń", "Ὀδυσσεύς", "ﬁne ﬃ office", "Nguyễn Thị Ánh", "Iñtërnâtiônàlizætiøn",
		"Μπάμπης & Σία", "O’Brien-Ñandú", "e\u0301le\u0300ve", `(\) <</Title (x)>> %`, "{title} {word.row}", "a) Tj ET (b",
	} {
		d := theatre(t)
		d.Pages[0].Holder = name
		got := textOf(t, mustPDF(t, r, d))
		composed := strings.NewReplacer("e\u0301", "é", "e\u0300", "è").Replace(name)
		if !strings.Contains(got, flat(name)) && !strings.Contains(got, flat(composed)) {
			t.Errorf("%q is not found in\n%s", name, got)
		}
	}
	for _, name := range []string{"שלום", "مرحبا", "בן־גוריון", "الأولاد", "יָפֶה", "مُحَمَّد", "مُتْحَف", "لَا إِلٰه"} {
		d := hebrew(t)
		d.Pages[0].Holder = name
		if got := textOf(t, mustPDF(t, r, d)); !strings.Contains(got, name) {
			t.Errorf("%q is not found in\n%s", name, got)
		}
	}
}

func TestPDF_ControlCharacters_AreLeftOut(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	d := theatre(t)
	d.Pages[0].Holder = "Anna\x00\x07\x1b[31m\u202eBerg\r\n\u2066Lund\xff"
	d.Title = "a\x00(\\)\u202eb"
	pdf := mustPDF(t, r, d)
	if got := textOf(t, pdf); !strings.Contains(got, "Anna[31mBerg Lund\uFFFD") {
		t.Errorf("got\n%s", got)
	}
	tool(t, "qpdf", "--check", mustFile(t, "ticket.pdf", pdf))
}

func TestPDF_UnknownCharacter_IsReplacedAndReported(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := mustNew(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	d := theatre(t)
	p := &d.Pages[0]
	p.Title, p.Holder = "Nuit 𓂀 blanche 𓂁", "𓀀𓀁𓀂"
	for range 2 { // what is kept from the first time must not hide it the second time
		log.Reset()
		pdf := mustPDF(t, r, d)
		if got := textOf(t, pdf); !strings.Contains(got, "Nuit 𓂀 blanche 𓂁") || !strings.Contains(got, "𓀀𓀁𓀂") {
			t.Errorf("the text of what cannot be shown is lost:\n%s", got)
		}
		for _, want := range []string{"U+13080", "U+13081", "U+13000"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%s is not reported in %s", want, log.String())
			}
		}
		for _, never := range []string{"𓀁", "Nuit", "𓂀"} {
			if strings.Contains(log.String(), never) {
				t.Errorf("the log quotes the ticket: %s", log.String())
			}
		}
	}
	work := r.worker(pick(r.locales, "fr"))
	l := work.whole(work.shape("𓀀", true, natural, false))
	if want, _ := work.weights[1][0].NominalGlyph(replacement); len(l.runs) != 1 || l.runs[0].glyphs[0].id != uint32(want) || want == 0 {
		t.Error("an unknown character is not drawn as the replacement")
	}
}

func TestPDF_Metadata_SaysTitleLanguageAndProducer(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	d := hebrew(t)
	d.Title = `Ticket (\) „Übung“ 🎭`
	f := mustFile(t, "ticket.pdf", mustPDF(t, r, d))
	info := tool(t, "pdfinfo", f)
	for _, want := range []string{d.Title, "Guichet", "595.28 x 841.89 pts (A4)", "Pages:           1"} {
		if !strings.Contains(info, want) {
			t.Errorf("%q is not in\n%s", want, info)
		}
	}
	if all := tool(t, "qpdf", "--json", f); !strings.Contains(all, `"/Lang": "u:he"`) || !strings.Contains(all, "/R2L") {
		t.Error("the catalog does not say language and direction")
	}
}

func TestPDF_NoPages_IsRefused(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	if err := r.PDF(t.Context(), io.Discard, delivery.Document{}); !domain.HasCode(err, domain.CodeRequest) {
		t.Errorf("got %v", err)
	}
	if err := r.PNG(t.Context(), io.Discard, delivery.Document{}, 100); !domain.HasCode(err, domain.CodeRequest) {
		t.Errorf("got %v", err)
	}
}

func TestPDF_CancelledContext_Stops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := mustNew(t, Options{})
	if err := r.PDF(ctx, io.Discard, theatre(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("PDF: got %v", err)
	}
	if err := r.PNG(ctx, io.Discard, theatre(t), 72); !errors.Is(err, context.Canceled) {
		t.Errorf("PNG: got %v", err)
	}
}

// brokenWriter fails after some bytes.
type brokenWriter struct{ left int }

var errBroken = errors.New("broken")

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, errBroken
	}
	return len(b), nil
}

func TestRender_WriterFails_ErrorIsReturned(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	d := theatre(t)
	for n := 0; n < len(mustPDF(t, r, d)); n += 5000 {
		if err := r.PDF(t.Context(), &brokenWriter{n}, d); !errors.Is(err, errBroken) {
			t.Errorf("PDF, %d bytes: got %v", n, err)
		}
	}
	for n := 0; n < len(mustPNG(t, r, d, 36)); n += 20000 {
		if err := r.PNG(t.Context(), &brokenWriter{n}, d, 36); !errors.Is(err, errBroken) {
			t.Errorf("PNG, %d bytes: got %v", n, err)
		}
	}
}

// pageClock is a context that counts the bytes written whenever it is asked, which PDF does before it encodes a
// barcode and before it draws a page.
type pageClock struct {
	context.Context
	out  *bytes.Buffer
	seen []int
}

func (c *pageClock) Err() error {
	c.seen = append(c.seen, c.out.Len())
	return nil
}

func TestPDF_LongFile_IsWrittenWhileDrawn(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	var out bytes.Buffer
	clock := &pageClock{Context: t.Context(), out: &out}
	if err := r.PDF(clock, &out, many(theatre(t), 240)); err != nil {
		t.Fatal(err)
	}
	const buffered = 64 << 10
	perPage := (clock.seen[480] - clock.seen[360]) / 120
	if perPage < 1000 || perPage > 4000 {
		t.Errorf("%d bytes a page", perPage)
	}
	if clock.seen[360] < 120*perPage-buffered {
		t.Errorf("after 120 pages only %d bytes are written", clock.seen[750])
	}
	if got := textOf(t, out.Bytes()); strings.Count(got, "Le Malade imaginaire") != 240 || !strings.Contains(got, "Billet 240 sur 240") ||
		strings.Count(got, "Une boucle magnétique") != 240 { // which pages share
		t.Error("not every page is there")
	}
}

func TestPDF_Zone_FollowsTheVenue(t *testing.T) {
	t.Parallel()
	r := mustNew(t, Options{})
	d := theatre(t)
	p := &d.Pages[0]
	// The same moment in another zone is printed as the venue's clocks show it.
	p.Start, p.End = p.Start.UTC(), p.End.In(mustZone(t, "America/New_York"))
	if got := textOf(t, mustPDF(t, r, d)); !strings.Contains(got, "20h30 – 23h05 CET") {
		t.Errorf("got\n%s", got)
	}
	p.Start, p.End = time.Date(2027, 7, 3, 18, 0, 0, 0, time.UTC), time.Date(2027, 7, 5, 9, 0, 0, 0, time.UTC)
	if got := textOf(t, mustPDF(t, r, d)); !strings.Contains(got, "20h00 CEST, jusqu’au 05/07/2027") {
		t.Errorf("got\n%s", got)
	}
}
