package templates

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet/domain/delivery"
	"guichet/domain/sales"
)

func pages(tb testing.TB) *Pages {
	tb.Helper()
	p, err := NewPages()
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// shownOrder has a good ticket, one taken back, one with a new code, and every notice.
func shownOrder(languages ...string) delivery.OrderPage {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	start := time.Date(2026, 10, 3, 20, 0, 0, 0, zone)
	pg := delivery.Page{
		Organiser: "Théâtre du Lac", Kind: "event", Title: "Hamlet <Act & Fool>", Start: start, Zone: "Europe/Paris", Numbered: true,
		Venue: delivery.Venue{Name: "Grand Théâtre", Street: "1, quai du Lac", Zip: "69000", Town: "Lyon", Country: "FR"}, Of: 3,
	}
	ticket := func(n int, id, code string, state delivery.TicketState) delivery.ShownTicket {
		t := delivery.ShownTicket{Page: pg, State: state}
		t.TicketID, t.Number, t.Barcode, t.Symbology, t.Holder, t.Seat.Row = id, n, code, delivery.QR, "عمر Muster", "D"
		return t
	}
	return delivery.OrderPage{
		Languages: languages, Address: "/t/TOKEN", Organiser: "Théâtre du Lac", Order: "ord_1", Reference: "WEB-1", Printable: true, Dated: true, Specimen: true,
		Shows: []delivery.Show{{
			Page: pg, Pending: 2,
			Notices: []delivery.ShownNotice{
				{Kind: sales.NoticeCancelled},
				{Kind: sales.NoticeRescheduled, Was: start, Now: start.Add(time.Hour)},
				{Kind: sales.NoticeMoved, Place: delivery.Venue{Name: "Parc", Town: "Lyon"}},
			},
			Tickets: []delivery.ShownTicket{
				ticket(1, "tkt_1", "00420042004200420042", delivery.TicketGood), ticket(2, "tkt_2", "", delivery.TicketTakenBack),
				ticket(3, "tkt_3", "00420042004200420043", delivery.TicketReplaced),
			},
		}},
	}
}

func orderHTML(tb testing.TB, o delivery.OrderPage) string {
	tb.Helper()
	var b bytes.Buffer
	if err := pages(tb).OrderPage(&b, o); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func TestPages_EveryLanguageHasEveryWordAndItsGaps(t *testing.T) {
	t.Parallel()
	p := pages(t)
	gap := regexp.MustCompile(`\{[a-z]+\}`)
	for tag, l := range p.locales {
		s := p.speaker([]string{tag})
		if base, _, _ := strings.Cut(tag, "-"); s.tag != l.tag || (base != "en" && s.own["good"] == p.words["en"]["good"]) {
			t.Errorf("%s speaks %s", tag, s.tag)
		}
	}
	for tag, own := range p.words {
		if p.locales[tag] == nil {
			t.Errorf("%s has words and no locale", tag)
		}
		if len(own) != len(p.words["en"]) {
			t.Errorf("%s has %d words, English %d", tag, len(own), len(p.words["en"]))
		}
		for key, word := range own {
			want := map[string]bool{}
			for _, g := range gap.FindAllString(p.words["en"][key], -1) {
				want[g] = true
			}
			for _, g := range gap.FindAllString(word, -1) {
				if !want[g] {
					t.Errorf("%s %s: %s is no gap of it", tag, key, g)
				}
				delete(want, g)
			}
			if len(want) > 0 || strings.TrimSpace(word) == "" {
				t.Errorf("%s %s: %q lacks %v", tag, key, word, want)
			}
		}
	}
}

func TestPages_TheFirstLanguageWithWordsIsSpoken(t *testing.T) {
	t.Parallel()
	p := pages(t)
	for want, asked := range map[string][]string{
		"de-ch": {"de-CH", "fr"}, "fr": {"sv", "fr", "en"}, "pt-br": {"pt-BR"}, "zh-hant": {"zh-TW"}, "en": {"sv", "da"}, "en-us": {"en-US", "de"}, "ar": {"ar-EG"},
	} {
		if got := p.speaker(asked).tag; got != want {
			t.Errorf("%v: %s, want %s", asked, got, want)
		}
	}
}

func TestOrderPage_IsWellFormedEscapedAndAlone(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "de", "ar", "he", "ja"} {
		page := orderHTML(t, shownOrder(lang))
		body := page[strings.Index(page, "<body>") : strings.Index(page, "</body>")+len("</body>")]
		d := xml.NewDecoder(strings.NewReader(strings.ReplaceAll(body, "<br>", "<br/>")))
		d.Entity = xml.HTMLEntity
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", lang, err, body)
			}
		}
		for _, never := range []string{"<script", "http:", "https:", "//", "<img", "@import", "url(", "<Act"} {
			if strings.Contains(page, never) {
				t.Errorf("%s: the page has %s", lang, never)
			}
		}
	}
}

func TestOrderPage_ShowsStatesNoticesAndFiles(t *testing.T) {
	t.Parallel()
	page := orderHTML(t, shownOrder("en"))
	for _, want := range []string{
		`lang="en" dir="ltr"`, "Hamlet &lt;Act &amp; Fool&gt;", "Saturday 3 October 2026", "20:00 CEST", "Grand Théâtre", "69000 Lyon, FR",
		"Cancelled by the organiser.", "New time: Saturday 3 October 2026, 21:00 CEST. It was Saturday 3 October 2026, 20:00 CEST.", "New venue: Parc, Lyon.",
		"Tickets still being issued: 2.", `href="/t/TOKEN/tickets.pdf"`, `href="/t/TOKEN/calendar.ics"`, `href="/t/TOKEN/tkt_1.pdf"`, `href="/t/TOKEN/tkt_3.pdf"`,
		`aria-label="Barcode of ticket 1 of 3"`, "<bdi>عمر Muster</bdi>", `class="state taken_back"`, "Specimen", "Reference WEB-1", "noindex", "no-referrer",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	if n := strings.Count(page, "<svg"); n != 2 {
		t.Errorf("%d barcodes, want one for each ticket that admits somebody", n)
	}
	if strings.Contains(page, "/tkt_2.pdf") {
		t.Error("a file is offered of a ticket that was taken back")
	}
	if page := orderHTML(t, shownOrder("ar")); !strings.Contains(page, `lang="ar" dir="rtl"`) {
		t.Error("Arabic does not run from right to left")
	}
}

func TestOrderPage_BarcodesAreTheSymbolsModules(t *testing.T) {
	t.Parallel()
	for _, kind := range delivery.Symbologies() {
		s, err := encode(kind, "00420042004200420042")
		if err != nil {
			t.Fatal(err)
		}
		v := s.view("")
		got := make([]bool, len(s.dark))
		top := s.quiet
		if s.linear {
			top = 0
		}
		for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v(\d+)h-(\d+)z`).FindAllStringSubmatch(v.Path, -1) {
			for y := range asInt(t, m[4]) {
				for x := range asInt(t, m[3]) {
					got[(asInt(t, m[2])-top+y)*s.w+asInt(t, m[1])-s.quiet+x] = true
				}
			}
		}
		for i := range got {
			if got[i] != s.dark[i] {
				t.Errorf("%s: module %d is %v", kind, i, got[i])
				break
			}
		}
	}
}

func TestSorryPage_SaysWhatToDoInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	p := pages(t)
	for _, why := range []delivery.Sorry{delivery.SorryUnknown, delivery.SorryExpired, delivery.SorryBusy, delivery.SorryTrouble} {
		var b bytes.Buffer
		if err := p.SorryPage(&b, why, []string{"de-AT"}); err != nil {
			t.Fatal(err)
		}
		if own := p.words["de"]; !strings.Contains(b.String(), own[string(why)+"_title"]) || !strings.Contains(b.String(), own[string(why)+"_text"]) {
			t.Errorf("%s: %s", why, &b)
		}
	}
}

func TestPagePolicy_AllowsTheStyleAndNothingElse(t *testing.T) {
	t.Parallel()
	p := pages(t)
	page := orderHTML(t, shownOrder("en"))
	style := page[strings.Index(page, "<style>")+len("<style>") : strings.Index(page, "</style>")]
	if style != pageStyle {
		t.Error("the style is not written as it is, so that its digest is another")
	}
	if !strings.HasPrefix(p.PagePolicy(), "default-src 'none'; style-src 'sha256-") || strings.Contains(p.PagePolicy(), "unsafe") {
		t.Error(p.PagePolicy())
	}
}

func asInt(tb testing.TB, s string) int {
	tb.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
